// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_shares.c - what busy vGPUs get of a modelled engine, against what they are owed
 */
#include <stdlib.h>

#include "ktap.h"
#include "loads.h"
#include "tessera_sched_internal.h"

#define MAX_VGPUS	16
#define MS		1000000ull
#define SECOND		1000000000ull

static struct sim_engine m;
static struct sim_client c[MAX_VGPUS];
static struct load_busy busy[MAX_VGPUS];
static u64 window_ns, got_ns[MAX_VGPUS], window_switch_ns, window_busy_ns;

static void set_up(const struct tessera_sched_policy *policy, unsigned int n, u32 inv, u64 batch_ns)
{
	unsigned int i;

	sim_init(&m, policy, 7);
	for (i = 0; i < n; i++) {
		busy[i] = (struct load_busy){ .length_ns = batch_ns, .random = i + 1 };
		sim_client_init(&m, &c[i], "busy", inv, &load_busy, &busy[i]);
		sim_client_start(&m, &c[i]);
	}
}

static void tear_down(unsigned int n)
{
	while (n)
		sim_client_exit(&m, &c[--n]);
}

static u64 turns;

static void count_turn(struct sim_engine *e, struct sim_client *which)
{
	turns += which == &c[0];
}

static void until_turn(void)
{
	u64 before = turns, end = m.now_ns + 2 * SECOND;

	m.switched = count_turn;
	while (turns == before && sim_step(&m, end))
		;
	CHECK_MSG(turns != before, "no turn of vGPU 0 in two seconds");
}

/*
 * Measure for @ns and then until client 0 has its next turn, from one such turn on:
 * of a window that cuts a round in two, each one's part of a slice would be measured.
 */
static void measure(unsigned int n, u64 ns)
{
	u64 start, switch_ns, busy_ns;
	unsigned int i;

	until_turn();
	start = m.now_ns;
	switch_ns = m.switch_total_ns;
	busy_ns = m.busy_total_ns;
	for (i = 0; i < n; i++)
		got_ns[i] = c[i].busy_ns;
	sim_run(&m, start + ns);
	until_turn();
	for (i = 0; i < n; i++)
		got_ns[i] = c[i].busy_ns - got_ns[i];
	window_ns = m.now_ns - start;
	window_switch_ns = m.switch_total_ns - switch_ns;
	window_busy_ns = m.busy_total_ns - busy_ns;
}

/* |got - due| <= due * ppm */
static void check_share(const char *what, unsigned int i, u64 due_ns, u64 ppm)
{
	u64 off = got_ns[i] > due_ns ? got_ns[i] - due_ns : due_ns - got_ns[i];

	CHECK_MSG(off * 1000000 <= due_ns * ppm,
		  "%s, %s: vGPU %u got %" PRIu64 " of %" PRIu64 " ns (%.3f %%)", what,
		  m.rl.sched.policy->name, i, got_ns[i], due_ns,
		  100.0 * ((double)got_ns[i] - (double)due_ns) / (double)due_ns);
}

static const u64 batches[] = { 50000, 200000, 777777, 3000000 };

static void equal(const struct tessera_sched_policy *policy, unsigned int n, u64 batch_ns,
		  enum sim_preemption preemption, u64 late_ns)
{
	char what[80];
	unsigned int i;

	snprintf(what, sizeof(what), "%u x %u us, %s, late %u us", n, (u32)(batch_ns / 1000),
		 preemption == SIM_STRICT ? "strict" : "batch", (u32)(late_ns / 1000));
	set_up(policy, n, n, batch_ns);
	m.preemption = preemption;
	m.timer_late_ns = late_ns;
	sim_run(&m, SECOND / 10);
	measure(n, SECOND);
	/* 0.5 %; where batches are long and can't be cut, a batch and a debt. */
	for (i = 0; i < n; i++) {
		u64 due = (window_ns - window_switch_ns) / n, ppm = 5000;

		if (preemption == SIM_BATCH && batch_ns > 500000)
			ppm = (batch_ns + 2 * MS) * 1000000 / due;
		check_share(what, i, due, ppm);
	}
	tear_down(n);
}

/* 2 to 16 alike over a second, whatever the batch, the preemption and the timer do. */
static void shares_equal(void)
{
	const struct tessera_sched_policy *const *p;
	unsigned int n, b;

	for (p = tessera_sched_policies; *p; p++)
		for (n = 2; (*p)->proportional && n <= MAX_VGPUS; n *= 2)
			for (b = 0; b < 4; b++) {
				equal(*p, n, batches[b], SIM_BATCH, 0);
				equal(*p, n, batches[b], SIM_STRICT, 0);
				equal(*p, n, batches[b], SIM_BATCH, 30000);
				equal(*p, n, batches[b], SIM_STRICT, 30000);
			}
}

/* A share of the wall clock stays exact, switching included, while some time is unsold. */
static void shares_fixed(void)
{
	static const u32 mixed[] = { 2, 8, 16, 16 };
	unsigned int n, i, strict;

	for (strict = 0; strict < 2; strict++) {
		for (n = 1; n < 8; n++) {
			set_up(&tessera_sched_fixed_share, n, 8, 200000);
			m.preemption = strict ? SIM_STRICT : SIM_BATCH;
			sim_run(&m, SECOND / 10);
			measure(n, SECOND);
			for (i = 0; i < n; i++)
				check_share("n of 8", i, window_ns / 8, 5000);
			tear_down(n);
		}
		set_up(&tessera_sched_fixed_share, 0, 1, 0);
		m.preemption = strict ? SIM_STRICT : SIM_BATCH;
		for (i = 0; i < 4; i++) {
			busy[i] = (struct load_busy){ .length_ns = 130000, .random = i };
			sim_client_init(&m, &c[i], "mixed", mixed[i], &load_busy, &busy[i]);
			sim_client_start(&m, &c[i]);
		}
		sim_run(&m, SECOND / 10);
		measure(4, 2 * SECOND);
		for (i = 0; i < 4; i++)
			check_share("mixed", i, window_ns / mixed[i],
				    /* a slice and a debt: their periods differ */
				    4000000 * mixed[i] / (window_ns / 1000000));
		tear_down(4);
	}
}

/* More switching than unsold time for long: afterwards nobody gets more than is owed. */
static void shares_fixed_after_dear_switches(void)
{
	unsigned int i;

	set_up(&tessera_sched_fixed_share, 7, 8, 200000);
	m.switch_ns = 800000;
	sim_run(&m, 20 * SECOND);
	for (i = 0; i < 7; i++)
		CHECK(c[i].busy_ns < m.now_ns / 9);
	m.switch_ns = 1000;
	sim_run(&m, 21 * SECOND);
	measure(7, SECOND);
	for (i = 0; i < 7; i++)
		check_share("then", i, window_ns / 8, 5000);
	tear_down(7);
}

static void shares_weighted(void)
{
	static const u32 weight[] = { 10, 20, 50, 100, 100, 150, 250, 320 };
	unsigned int i;

	set_up(&tessera_sched_best_effort, 8, 8, 300000);
	for (i = 0; i < 8; i++)
		tessera_sched_set_weight(&m.rl.sched, &c[i].run.sched, weight[i]);
	sim_run(&m, SECOND);
	measure(8, 20 * SECOND);
	for (i = 0; i < 8; i++)
		check_share("weighted", i, window_busy_ns * weight[i] / 1000, 10000);
	tear_down(8);
}

/* One with long batches, seven with short ones: 1 % strict, 2 % at batch ends over 5 s. */
static void shares_adversary(void)
{
	const struct tessera_sched_policy *const *p;
	unsigned int n, i, strict;

	for (p = tessera_sched_policies; *p; p++) {
		if (!(*p)->proportional)
			continue;
		for (n = 2; n <= 8; n += 6) {
			for (strict = 0; strict < 2; strict++) {
				set_up(*p, n, n, 200000);
				busy[n - 1].length_ns = 20 * MS;
				m.preemption = strict ? SIM_STRICT : SIM_BATCH;
				sim_run(&m, SECOND);
				measure(n, strict ? SECOND : 5 * SECOND);
				for (i = 0; i < n; i++)
					check_share(strict ? "strict" : "batch", i,
						    (window_ns - window_switch_ns) / n,
						    strict ? 10000 : 20000);
				tear_down(n);
			}
		}
	}
}

/* Idle neighbours: time is lost where the policy says so, and only there. */
static void shares_with_idle_neighbours(void)
{
	const struct tessera_sched_policy *const *p;
	unsigned int i;

	for (p = tessera_sched_policies; *p; p++) {
		if (!(*p)->proportional)
			continue;
		set_up(*p, 2, 4, 200000);
		for (i = 2; i < 4; i++) {
			tessera_sched_entity_init(&c[i].run.sched, "idle", 4);
			tessera_sched_add(&m.rl.sched, &c[i].run.sched, m.now_ns);
			tessera_sched_start(&m.rl.sched, &c[i].run.sched, m.now_ns);
		}
		sim_run(&m, SECOND / 10);
		measure(2, SECOND);
		for (i = 0; i < 2; i++)
			check_share("two of four idle", i,
				    (window_ns - window_switch_ns) /
				    ((*p)->work_conserving ? 2 : 4), 5000);
		for (i = 2; i < 4; i++)
			tessera_sched_remove(&m.rl.sched, &c[i].run.sched, m.now_ns);
		tear_down(2);
	}
}

/* One stops: the rest is divided anew, or is not. */
static void shares_when_one_stops(void)
{
	const struct tessera_sched_policy *const *p;
	unsigned int i;
	u64 due;

	for (p = tessera_sched_policies; *p; p++) {
		if (!(*p)->proportional)
			continue;
		set_up(*p, 3, 4, 250000);
		sim_run(&m, SECOND / 3);
		sim_client_stop(&m, &c[2]);
		measure(2, SECOND);
		due = (window_ns - window_switch_ns) / 2;
		if (*p == &tessera_sched_fixed_share)
			due = window_ns / 4;
		for (i = 0; i < 2; i++)
			check_share("one stopped", i, due, 5000);
		sim_client_start(&m, &c[2]);
		measure(3, SECOND);
		due = (window_ns - window_switch_ns) / 3;
		if (*p == &tessera_sched_fixed_share)
			due = window_ns / 4;
		for (i = 0; i < 3; i++)
			check_share("started again", i, due, 5000);
		tear_down(3);
	}
}

/* A load of frames or requests: one every so often, its length alike. */
struct load_sparse {
	u64 period_ns;
	u64 length_ns;
	u64 random;
};

static bool load_sparse_next(struct sim_client *which, u64 after_ns, struct sim_job *job)
{
	struct load_sparse *l = which->load_data;

	job->arrival_ns = after_ns + l->period_ns / 2 + sim_random_below(&l->random, l->period_ns);
	job->length_ns = l->length_ns;
	return true;
}

static const struct sim_load load_sparse = { .next = load_sparse_next, .open = true };

static u64 latency[20000];
static unsigned int num_latency;

static void note_latency(struct sim_engine *e, struct sim_client *which, const struct sim_job *job)
{
	if (which == &c[7] && num_latency < 20000)
		latency[num_latency++] = e->now_ns - job->arrival_ns;
}

static int compare(const void *a, const void *b)
{
	return *(const u64 *)a < *(const u64 *)b ? -1 : *(const u64 *)a > *(const u64 *)b;
}

/* The 99th percentile of a victim's latency beside seven hogs with batches of 20 ms. */
static u64 victim_p99(const struct tessera_sched_policy *policy)
{
	struct load_sparse victim = { .period_ns = 25 * MS, .length_ns = 500000, .random = 9 };
	u64 due;

	set_up(policy, 7, 8, 20 * MS);
	m.preemption = SIM_STRICT;
	m.job_done = note_latency;
	num_latency = 0;
	sim_client_init(&m, &c[7], "victim", 8, &load_sparse, &victim);
	sim_client_start(&m, &c[7]);
	sim_run(&m, 100 * SECOND);
	due = m.now_ns / victim.period_ns * victim.length_ns;
	CHECK_MSG(c[7].busy_ns >= due * 98 / 100, "the victim got %" PRIu64 " of %" PRIu64,
		  c[7].busy_ns, due);
	tear_down(8);
	qsort(latency, num_latency, sizeof(latency[0]), compare);
	return latency[num_latency * 99 / 100];
}

/* A slice, a switch, a tile and its own time at most under deadline; many under the others. */
static void noisy_neighbour(void)
{
	u64 p99 = victim_p99(&tessera_sched_deadline);
	u64 best_effort = victim_p99(&tessera_sched_best_effort);

	printf("# victim's p99: deadline %" PRIu64 " ns, best_effort %" PRIu64 " ns\n", p99,
	       best_effort);
	CHECK(p99 <= 2 * MS + 20000 + 10000 + 500000);
	CHECK(p99 < best_effort);
}

/* Limits and reservations on a modelled engine, with batches that can't be cut. */
static void shares_by_qos(void)
{
	static const struct tessera_sched_policy *const policies[] = {
		&tessera_sched_best_effort, &tessera_sched_deadline,
	};
	unsigned int p;
	bool repick;
	u64 start, got;

	for (p = 0; p < 2; p++) {
		set_up(policies[p], 4, 4, 700000);
		CHECK_EQ(tessera_sched_set_qos(&m.rl.sched, &c[0].run.sched, 500000, 0, 0,
					       &repick),
			 0);
		CHECK_EQ(tessera_sched_set_qos(&m.rl.sched, &c[1].run.sched, 0, 50000, 0, &repick),
			 0);
		sim_run(&m, SECOND);
		start = m.now_ns;
		got_ns[0] = c[0].busy_ns;
		got_ns[1] = c[1].busy_ns;
		sim_run(&m, 5 * SECOND);
		got_ns[0] = c[0].busy_ns - got_ns[0];
		got_ns[1] = c[1].busy_ns - got_ns[1];
		check_share("reserved", 0, (m.now_ns - start) / 2, 10000);
		check_share("limited", 1, (m.now_ns - start) / 20, 20000);

		/* Alone, the limit still holds, and the engine is idle for the rest. */
		sim_client_stop(&m, &c[0]);
		sim_client_stop(&m, &c[2]);
		sim_client_stop(&m, &c[3]);
		start = m.now_ns;
		got = c[1].busy_ns;
		sim_run(&m, start + 5 * SECOND);
		got_ns[1] = c[1].busy_ns - got;
		check_share("limited and alone", 1, 5 * SECOND / 20, 20000);
		tear_down(4);
	}
}

/* Busy plus switching is all of the time while anyone has work. */
static void utilisation(void)
{
	set_up(&tessera_sched_best_effort, 4, 4, 200000);
	sim_run(&m, SECOND);
	CHECK_EQ(m.idle_with_work_ns, 0);
	measure(4, SECOND);
	CHECK_EQ(window_busy_ns + window_switch_ns, window_ns);
	tear_down(4);

	/* One alone has no switch at all. */
	set_up(&tessera_sched_best_effort, 1, 4, 200000);
	sim_run(&m, SECOND);
	CHECK_EQ(m.switches, 1);
	CHECK(m.decisions <= 2);
	CHECK(c[0].busy_ns >= SECOND - MS);
	tear_down(1);
}

static const struct ktap_test tests[] = {
	{ "shares_equal", shares_equal },
	{ "shares_fixed", shares_fixed },
	{ "shares_fixed_after_dear_switches", shares_fixed_after_dear_switches },
	{ "shares_weighted", shares_weighted },
	{ "shares_adversary", shares_adversary },
	{ "shares_with_idle_neighbours", shares_with_idle_neighbours },
	{ "shares_when_one_stops", shares_when_one_stops },
	{ "shares_by_qos", shares_by_qos },
	{ "noisy_neighbour", noisy_neighbour },
	{ "utilisation", utilisation },
};

KTAP_MAIN(tests)
