// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_elastic.c - elastic caps: who may use what others leave, and what that costs them
 */
#include "loads.h"
#include "rules.h"

#define SECOND		1000000000ull
#define ALL		TESSERA_SCHED_PPM

static void set_cap(unsigned int i, u32 ppm)
{
	bool resched, changed = ppm != e[i].elastic_cap_ppm;

	CHECK_EQ(tessera_sched_set_elastic_cap(&s, &e[i], ppm, now, &resched), 0);
	CHECK_EQ(resched, changed && s.num_with_work > 0);
}

static void elastic_ranges(void)
{
	bool resched = true;

	set_up("fixed_share", 2, 0);
	CHECK(tessera_sched_set_elastic_cap(&s, &e[0], 249999, now, &resched) == -EINVAL);
	CHECK(!resched);
	CHECK(tessera_sched_set_elastic_cap(&s, &e[0], 1, now, &resched) == -EINVAL);
	CHECK(tessera_sched_set_elastic_cap(&s, &e[0], ALL + 1, now, &resched) == -EINVAL);
	CHECK_EQ(e[0].elastic_cap_ppm, 0);
	set_cap(0, 250000);
	CHECK_EQ(e[0].elastic_cap_ppm, 250000);
	set_cap(0, ALL);
	set_cap(0, 0);
	tessera_sched_remove(&s, &e[0], now);
	CHECK(tessera_sched_set_elastic_cap(&s, &e[0], ALL, now, &resched) == -EINVAL);
	tessera_sched_entity_init(&e[2], "third", 3);
	tessera_sched_add(&s, &e[2], now);
	set_cap(2, 333333);
}

/* V4s of which @n run and the first @busy have work: what the first gets in a second, in ppm. */
static u64 share_of_first(const char *name, unsigned int n, unsigned int busy, u32 cap)
{
	u64 start;

	set_up(name, n, busy);
	set_cap(0, cap);
	rotate(100 * MS, 0);
	start = now;
	remember();
	rotate(1000 * MS, 0);
	return got(0) * ALL / (now - start);
}

/* Without a cap nobody gets more than its share; with one, as much as that. */
static void elastic_shares(void)
{
	unsigned int n;

	for (n = 1; n <= 4; n++) {
		CHECK_ABOUT(share_of_first("fixed_share", n, 1, 0), 250000, 2500);
		CHECK_ABOUT(share_of_first("fixed_share", n, 1, 250000), 250000, 2500);
		CHECK_ABOUT(share_of_first("fixed_share", n, 1, 300000), 300000, 3000);
		CHECK_ABOUT(share_of_first("fixed_share", n, 1, 500000), 500000, 5000);
		CHECK_ABOUT(share_of_first("fixed_share", n, 1, 900000), 900000, 9000);
		CHECK_ABOUT(share_of_first("fixed_share", n, 1, ALL), ALL, 100);
		CHECK_EQ(s.num_running, n);
	}
	/* Nothing is left: nobody gets more. Half is left: no more than that. */
	CHECK_ABOUT(share_of_first("fixed_share", 4, 4, ALL), 250000, 2500);
	CHECK_ABOUT(share_of_first("fixed_share", 4, 3, ALL), 500000, 5000);
	CHECK_ABOUT(got(1) * ALL / 1000 / MS, 250000, 2500);
	CHECK_ABOUT(got(2) * ALL / 1000 / MS, 250000, 2500);
	/* Policies that do not lend: it says nothing. */
	CHECK_ABOUT(share_of_first("equal_share", 4, 1, ALL), 250000, 2500);
	CHECK_ABOUT(share_of_first("best_effort", 4, 2, ALL), 500000, 5000);
}

/* What a caller sees: the borrower in the decision, the owner's turn back when it wakes. */
static void elastic_owner_comes_back(void)
{
	u64 debt;

	set_up("fixed_share", 4, 2);		/* nothing is unsold */
	set_cap(1, ALL);
	CHECK(pick_switch() == &e[0]);
	used(500 * US);
	/* Its work is done: the rest of its turn is lent. */
	CHECK(tessera_sched_sleep(&s, &e[0], now));
	CHECK(pick_switch() == &e[1]);
	CHECK(s.current_entity == &e[1] && s.holder == &e[0]);
	CHECK_EQ(d.slice_ns, 1500 * US);
	used(600 * US);
	CHECK_EQ(e[1].used_ns, 600 * US);
	CHECK_EQ(e[0].used_ns, 500 * US);
	/* One without a cap that wakes has no part in it. */
	CHECK(!tessera_sched_wake(&s, &e[2], now));

	/* The owner is back: what is left is its own, however long the borrower takes to go. */
	CHECK(tessera_sched_wake(&s, &e[0], now));
	CHECK(pick() == &e[0]);
	CHECK_EQ(d.slice_ns, 900 * US);
	CHECK(s.current_entity == &e[1]);
	debt = e[1].debt_ns;
	used(700 * US);
	CHECK(pick() == &e[0]);
	CHECK_EQ(d.slice_ns, 900 * US);
	pass(20 * US, 0);
	tessera_sched_switched(&s, now);
	CHECK(s.current_entity == &e[0] && s.holder == &e[0]);
	/* The borrower pays for what it used, and nobody for the switch. */
	CHECK_EQ(e[1].debt_ns - debt, 700 * US);
	CHECK_EQ(e[1].overshoot_ns, 700 * US);
	CHECK_EQ(e[0].slices, 1);
	used(700 * US);
	CHECK(pick() == &e[0]);
	CHECK_EQ(d.slice_ns, 200 * US);
	CHECK_EQ(e[0].debt_ns, 0);
}

/* What is left of a turn is not worth a switch to another runlist, but goes on with the same. */
static void elastic_small_rest(void)
{
	struct tessera_sched_config config = { 1 * MS, 33 };

	set_up("fixed_share", 4, 2);
	CHECK_EQ(tessera_sched_set_config(&s, &config), 0);
	set_cap(1, ALL);
	set_cap(2, ALL);
	CHECK(pick_switch() == &e[0]);
	used(920 * US);
	tessera_sched_sleep(&s, &e[0], now);
	CHECK(pick_switch() == &e[0]);
	CHECK_EQ(d.slice_ns, 80 * US);

	while (s.holder == &e[0] || s.current_entity != &e[1]) {
		used(d.slice_ns);
		pick_switch();
	}
	CHECK(s.holder == &e[1]);
	used(920 * US);
	tessera_sched_wake(&s, &e[2], now);
	tessera_sched_sleep(&s, &e[1], now);
	CHECK(pick() == &e[1]);

	set_up("fixed_share", 2, 2);
	CHECK_EQ(tessera_sched_set_config(&s, &config), 0);
	set_cap(1, ALL);
	do {
		used(d.slice_ns);
		pick_switch();
	} while (s.holder != &s.idle);
	CHECK(s.current_entity == &e[1]);
	s.idle.slice_granted_ns = 1 * MS + 80 * US;
	used(1 * MS);
	CHECK(pick() == &e[1]);
	CHECK_EQ(d.slice_ns, 80 * US);
}

/* The owner is back while the hardware still switches to the borrower. */
static void elastic_owner_back_in_switch(void)
{
	set_up("fixed_share", 4, 2);
	set_cap(1, ALL);
	CHECK(pick_switch() == &e[0]);
	used(1 * MS);
	CHECK(tessera_sched_sleep(&s, &e[0], now));
	CHECK(pick() == &e[1]);
	pass(10 * US, 0);			/* of its turn: it had no work */
	CHECK(tessera_sched_wake(&s, &e[0], now));
	pass(10 * US, 0);
	CHECK_EQ(e[1].debt_ns, 0);		/* nor of the turn */
	tessera_sched_switched(&s, now);
	CHECK(s.current_entity == &e[1]);
	CHECK(pick() == &e[0]);
	CHECK_EQ(d.slice_ns, 990 * US);
	used(10 * US);
	pass(20 * US, 0);
	tessera_sched_switched(&s, now);
	CHECK(pick() == &e[0]);
	CHECK_EQ(d.slice_ns, 990 * US);
	/* Asleep and awake again before anything was switched: nothing need be. */
	CHECK(tessera_sched_sleep(&s, &e[0], now));
	CHECK(pick() == &e[1]);
	CHECK(tessera_sched_wake(&s, &e[0], now));
	CHECK(pick() == &e[0]);
	CHECK(!s.next_valid);
	CHECK(!tessera_sched_sleep(&s, &e[1], now));
}

/* A turn whose owner has no work is lent as it begins, and passes as if it were used. */
static void elastic_whole_turns(void)
{
	unsigned int i, turns[4] = { 0 };

	set_up("fixed_share", 4, 2);
	set_cap(1, ALL);
	for (i = 0; i < 40; i++) {
		CHECK(pick_switch() == (s.holder == &e[0] ? &e[0] : &e[1]));
		CHECK_EQ(d.slice_ns, 2 * MS);
		turns[s.holder - e]++;
		used(2 * MS);
	}
	for (i = 0; i < 4; i++)
		CHECK_EQ(turns[i], 10);
	CHECK_EQ(e[1].debt_ns, 0);

	/* The end of the turn is the end of the loan; the rest is overshoot, and no time unsold. */
	do {
		pick_switch();
		used(s.holder == &e[2] ? 5 * MS + 300 * US : d.slice_ns);
	} while (s.holder != &e[2]);
	CHECK_EQ(e[1].overshoot_ns, 3 * MS + 300 * US);
	CHECK_EQ(e[1].debt_ns, 3 * MS + 300 * US);
	rotate(400 * MS, 0);
	CHECK(e[1].debt_ns < 2 * MS);

	/* With unsold time, that pays. */
	set_up("fixed_share", 3, 2);
	set_cap(1, ALL);
	do {
		pick_switch();
		used(s.holder == &e[2] ? 5 * MS + 300 * US : d.slice_ns);
	} while (s.holder != &e[2]);
	CHECK_EQ(e[1].overshoot_ns, 3 * MS + 300 * US);
	CHECK_EQ(e[1].debt_ns, 0);
	/* As far as it has any to give. */
	used(200 * MS);
	CHECK(e[1].debt_ns >= 150 * MS && e[1].debt_ns < 190 * MS);
}

/* Two that may borrow take turns, a slice each. */
static void elastic_turns(void)
{
	struct tessera_sched_entity *was;
	unsigned int i;

	set_up("fixed_share", 2, 2);		/* the idle entity's turns are 4 ms long */
	set_cap(0, ALL);
	set_cap(1, ALL);
	rotate(100 * MS, 0);
	remember();
	rotate(400 * MS, 0);
	CHECK_ABOUT(got(0), 200 * MS, 3 * MS);
	CHECK_ABOUT(got(1), 200 * MS, 3 * MS);
	for (i = 0; i < 1000; i++) {
		was = s.holder == &s.idle ? s.current_entity : NULL;
		used(d.slice_ns);
		pick_switch();
		CHECK(s.current_entity && d.slice_ns <= 2 * MS);
		CHECK(s.current_entity != was || s.holder != &s.idle);
	}
}

static void check_had_each(u64 start, u64 a, u64 b, u64 c, u64 off)
{
	CHECK_ABOUT(got(0) * ALL / (now - start), a, off);
	CHECK_ABOUT(got(1) * ALL / (now - start), b, off);
	CHECK_ABOUT(got(2) * ALL / (now - start), c, off);
}

/* What is lent is divided by fixed shares, up to each one's cap. */
static void elastic_divides(void)
{
	u64 start;

	/* Of four V4s one has no cap and one no work. */
	set_up("fixed_share", 4, 3);
	set_cap(1, ALL);
	set_cap(2, ALL);
	rotate(1000 * MS, 0);
	remember();
	start = now;
	rotate(2000 * MS, 0);
	check_had_each(start, 250000, 375000, 375000, 1500);

	set_cap(1, 300000);
	rotate(1000 * MS, 0);
	remember();
	start = now;
	rotate(2000 * MS, 0);
	check_had_each(start, 250000, 300000, 450000, 3000);

	/* One that slept has saved nothing up, though the others have had much. */
	set_cap(1, ALL);
	tessera_sched_sleep(&s, &e[1], now);
	rotate(10000 * MS, 0);
	tessera_sched_wake(&s, &e[1], now);
	rotate(10 * MS, 0);
	remember();
	start = now;
	rotate(200 * MS, 0);
	check_had_each(start, 250000, 375000, 375000, 20000);

	/* A V2 and a V8: 0.5 + 0.3 and 0.125 + 0.075. */
	set_up("fixed_share", 0, 0);
	tessera_sched_entity_init(&e[0], "V2", 2);
	tessera_sched_entity_init(&e[1], "V8", 8);
	tessera_sched_add(&s, &e[0], now);
	tessera_sched_add(&s, &e[1], now);
	set_cap(0, ALL);
	set_cap(1, ALL);
	tessera_sched_start(&s, &e[0], now);
	tessera_sched_start(&s, &e[1], now);
	tessera_sched_wake(&s, &e[0], now);
	tessera_sched_wake(&s, &e[1], now);
	remember();
	start = now;
	rotate(4000 * MS, 0);
	check_had_each(start, 800000, 200000, 0, 3000);
}

/* The cap used up: an empty runlist until it is not, which the timer tells. */
static void elastic_cap_ends(void)
{
	unsigned int i;
	u64 wait;

	set_up("fixed_share", 1, 1);
	set_cap(0, 500000);
	rotate(200 * MS, 0);
	pick_switch();
	while (s.current_entity) {
		used(d.slice_ns);
		pick_switch();
	}
	CHECK(s.holder == &s.idle);
	CHECK(d.slice_ns > 0);
	wait = d.slice_ns;
	CHECK(e[0].elastic_tag_ns >= now + wait);
	now = e[0].elastic_tag_ns - 60 * US;
	pick_switch();
	if (s.holder == &s.idle) {
		CHECK(!d.entity);
		CHECK_EQ(d.slice_ns, 60 * US);
		now += 60 * US;
		CHECK(pick_switch() == &e[0]);
		CHECK(s.holder == &s.idle);
	}
	/* Its cap is taken away, and so is the loan. */
	for (i = 0; i < 100 && (s.holder != &s.idle || !s.current_entity); i++) {
		pass(d.slice_ns, s.current_entity ? d.slice_ns : 0);
		pick_switch();
	}
	CHECK(s.holder == &s.idle && s.current_entity == &e[0]);
	set_cap(0, 0);
	CHECK(!pick_switch());
	remember();
	rotate(400 * MS, 0);
	CHECK_ABOUT(got(0), 100 * MS, 3 * MS);
}

/* Sleeping saves nothing up beyond the window, and own turns count. */
static void elastic_window(void)
{
	u64 start;

	set_up("fixed_share", 1, 0);
	set_cap(0, 300000);
	now += 100 * SECOND;
	tessera_sched_wake(&s, &e[0], now);
	start = now;
	while (now < start + 100 * MS) {
		rotate(100 * US, 0);
		/* 20 ms of the clock, a loan that has begun, and a turn of its own after that. */
		CHECK(e[0].used_ns <= (now - start + 20 * MS) * 3 / 10 + 4 * MS);
	}
	CHECK(e[0].used_ns >= 30 * MS);
}

/* Whoever has part in a loan goes, stops, or sleeps; or the policy does. */
static void elastic_comings_and_goings(void)
{
	struct tessera_sched_entity *who;
	unsigned int n, i;
	bool resched;
	u64 vtime;

	for (n = 0; n < 10; n++) {
		set_up("fixed_share", 4, 2);
		set_cap(1, ALL);
		set_cap(3, ALL);
		CHECK(pick_switch() == &e[0]);
		used(500 * US);
		tessera_sched_sleep(&s, &e[0], now);
		CHECK(pick_switch() == &e[1]);
		used(100 * US);
		switch (n) {
		case 0:
			CHECK(tessera_sched_remove(&s, &e[0], now));
			CHECK(s.current_entity == &e[1]);
			used(100 * US);
			CHECK_EQ(e[1].used_ns, 200 * US);
			break;
		case 1:
			CHECK(tessera_sched_remove(&s, &e[1], now));
			CHECK(!s.current_entity);
			CHECK(!pick());
			break;
		case 2:
			CHECK(tessera_sched_stop(&s, &e[0], now));
			break;
		case 3:
			CHECK(tessera_sched_stop(&s, &e[1], now));
			CHECK(s.current_entity == &e[1]);
			break;
		case 4:
			/* Nobody has work: turns stand still, and it may come back. */
			CHECK(tessera_sched_sleep(&s, &e[1], now));
			CHECK(!pick());
			CHECK(tessera_sched_wake(&s, &e[1], now));
			CHECK(pick() == &e[1]);
			break;
		case 5:
			CHECK(!tessera_sched_wake(&s, &e[3], now));
			CHECK(tessera_sched_sleep(&s, &e[1], now));
			CHECK(pick() == &e[3]);
			CHECK(tessera_sched_remove(&s, &e[3], now));
			break;
		case 6:
		case 7:
		case 8:
			if (n == 7)
				tessera_sched_wake(&s, &e[0], now);
			if (n == 8)
				used(1400 * US);
			who = pick();
			CHECK(who == (n == 7 ? &e[0] : &e[1]));
			CHECK_EQ(tessera_sched_set_policy(&s, policy("best_effort"), now,
							  &resched), 0);
			CHECK(resched);
			CHECK(!s.borrowers.root && !s.capped.root);
			/* The owner pays for no more than its turn. */
			vtime = e[0].vtime;
			used(300 * US);
			CHECK_EQ(e[0].vtime, vtime);
			rotate(10 * MS, 0);
			CHECK(e[1].used_ns >= 3 * MS);
			CHECK_EQ(tessera_sched_set_policy(&s, policy("fixed_share"), now,
							  &resched), 0);
			break;
		}
		if (n == 9) {
			/* The owner of a turn that is about to be lent. */
			tessera_sched_wake(&s, &e[0], now);
			CHECK(pick_switch() == &e[0]);
			CHECK(tessera_sched_sleep(&s, &e[0], now));
			CHECK(pick() == &e[1]);
			CHECK(tessera_sched_remove(&s, &e[0], now));
			tessera_sched_switched(&s, now);
			CHECK(s.current_entity == &e[1]);
		}
		/* Whatever it was, all goes on, and everyone has its quarter at least. */
		for (i = 0; i < 4; i++) {
			tessera_sched_add(&s, &e[i], now);
			tessera_sched_start(&s, &e[i], now);
			tessera_sched_wake(&s, &e[i], now);
		}
		rotate(100 * MS, 0);
		remember();
		rotate(400 * MS, 0);
		for (i = 0; i < 4; i++)
			CHECK_ABOUT(got(i), 100 * MS, 2 * MS);
		for (i = 0; i < 4; i++)
			tessera_sched_remove(&s, &e[i], now);
		CHECK(!s.borrowers.root && !s.capped.root);
		CHECK(!s.holder && !s.borrower && !s.current_entity);
	}
}

static struct sim_engine m;
static struct sim_client c[5];
static struct load_busy busy[5];
static u64 had[5], window_ns, window_switch_ns;

/* Five of a type of which there are @inv at most, all busy; nobody runs yet. */
static void model(u32 inv, u64 batch_ns, enum sim_preemption preemption)
{
	unsigned int i;

	sim_init(&m, &tessera_sched_fixed_share, 7);
	m.preemption = preemption;
	for (i = 0; i < 5; i++) {
		busy[i] = (struct load_busy){ .length_ns = batch_ns, .random = i + 1 };
		sim_client_init(&m, &c[i], "busy", inv, &load_busy, &busy[i]);
	}
}

static void start_client(unsigned int i, u32 cap_ppm)
{
	bool repick;

	CHECK_EQ(tessera_sched_set_elastic_cap(&m.rl.sched, &c[i].run.sched, cap_ppm, m.now_ns,
					       &repick),
		 0);
	sim_client_start(&m, &c[i]);
}

static void measure(u64 ns)
{
	unsigned int i;

	sim_run(&m, m.now_ns + SECOND / 2);
	window_ns = m.now_ns;
	window_switch_ns = m.switch_total_ns;
	for (i = 0; i < 5; i++)
		had[i] = c[i].busy_ns;
	sim_run(&m, m.now_ns + ns);
	window_ns = m.now_ns - window_ns;
	window_switch_ns = m.switch_total_ns - window_switch_ns;
	for (i = 0; i < 5; i++)
		had[i] = c[i].busy_ns - had[i];
}

static void tear_down(void)
{
	unsigned int i;

	for (i = 0; i < 5; i++)
		sim_client_exit(&m, &c[i]);
}

static void check_had(unsigned int i, u64 due_ns, int line)
{
	check_about(had[i], due_ns, due_ns * 5 / 1000, line);
}

/* Within 0.5 %. */
#define CHECK_HAD(i, due_ns)	check_had(i, due_ns, __LINE__)

/* An always busy vGPU beside borrowers: within 0.5 % of its share over a second. */
static void elastic_cheats_nobody(void)
{
	static const u64 batches[] = { 50000, 200000, 777777, 20 * MS };
	unsigned int b, n, i, strict;

	for (strict = 0; strict < 2; strict++) {
		for (b = 0; b < (strict ? 4 : 2); b++) {
			for (n = 1; n <= 3; n++) {
				/* Unsold time: shares of the wall clock. */
				model(5, batches[b], strict ? SIM_STRICT : SIM_BATCH);
				start_client(0, 0);
				for (i = 1; i <= n; i++)
					start_client(i, ALL);
				measure(SECOND);
				CHECK_HAD(0, window_ns / 5);
				for (i = 1; i <= n; i++)
					CHECK(had[i] >= window_ns / 5 * 995 / 1000);
				/* And nothing of it is wasted. */
				CHECK_EQ(m.idle_with_work_ns, 0);
				tear_down();
			}
		}
		/* Long batches of borrowers that can't be cut are paid by their own turns. */
		if (!strict) {
			model(5, 200000, SIM_BATCH);
			busy[1].length_ns = 20 * MS;
			start_client(0, 0);
			start_client(1, 500000);
			start_client(2, 0);
			measure(10 * SECOND);
			CHECK_HAD(0, window_ns / 5);
			CHECK_HAD(2, window_ns / 5);
			CHECK(had[1] >= window_ns / 5 && had[1] <= window_ns / 2);
			tear_down();

			/* Nothing is unsold that could pay for them, and two have no work. */
			model(4, 200000, SIM_BATCH);
			sim_client_exit(&m, &c[4]);
			busy[1].length_ns = 20 * MS;
			start_client(0, 0);
			start_client(1, ALL);
			for (i = 2; i < 4; i++)
				tessera_sched_start(&m.rl.sched, &c[i].run.sched, m.now_ns);
			measure(10 * SECOND);
			CHECK_HAD(0, (window_ns - window_switch_ns) / 4);
			CHECK(had[1] >= (window_ns - window_switch_ns) / 4);
			for (i = 2; i < 4; i++)
				tessera_sched_stop(&m.rl.sched, &c[i].run.sched, m.now_ns);
			tear_down();
		}
	}
}

/* Frames or requests: one every so often, of the same length. */
struct load_sparse {
	u64 period_ns;
	u64 length_ns;
	u64 random;
	u64 arrived_ns;
};

static bool load_sparse_next(struct sim_client *which, u64 after_ns, struct sim_job *job)
{
	struct load_sparse *l = which->load_data;

	job->arrival_ns = after_ns + l->period_ns / 2 + sim_random_below(&l->random, l->period_ns);
	job->length_ns = l->length_ns;
	l->arrived_ns += l->length_ns;
	return true;
}

static const struct sim_load load_sparse = { .next = load_sparse_next, .open = true };

/* One whose work comes and goes has what it asks for, up to its share. */
static void elastic_sparse_owner(void)
{
	static const u64 periods[] = { 100000, 1 * MS, 5 * MS, 20 * MS };
	struct load_sparse l;
	unsigned int p, percent;

	for (p = 0; p < 4; p++) {
		for (percent = 5; percent <= 30; percent += 6) {
			l = (struct load_sparse){
				.period_ns = periods[p],
				.length_ns = periods[p] * percent / 100,
				.random = 3,
			};
			model(4, 3 * MS, SIM_STRICT);
			c[0].load = &load_sparse;
			c[0].load_data = &l;
			start_client(0, 0);
			start_client(1, ALL);
			start_client(2, ALL);
			measure(SECOND);
			if (percent < 25)
				CHECK_ABOUT(c[0].busy_ns, l.arrived_ns, 12 * MS);
			else
				CHECK_HAD(0, window_ns / 4);
			/* A turn is not lent where its owner will be back too soon. */
			CHECK_MSG(m.idle_with_work_ns <= 2 * MS, "%" PRIu64, m.idle_with_work_ns);
			CHECK(had[1] >= window_ns / 4 && had[2] >= window_ns / 4);
			tear_down();
		}
	}
}

/* One without a cap beside loans that are called back all the time, with no time unsold. */
static u64 beside_a_nervous_owner(u32 cap_ppm, u64 period_ns)
{
	struct load_sparse l = {
		.period_ns = period_ns,
		.length_ns = period_ns / 5,
		.random = 3,
	};

	model(4, 200000, SIM_STRICT);
	sim_client_exit(&m, &c[4]);
	c[2].load = &load_sparse;
	c[2].load_data = &l;
	start_client(0, 0);
	start_client(1, cap_ppm);
	start_client(2, 0);
	start_client(3, 0);
	measure(4 * SECOND);
	CHECK(had[2] >= window_ns / 5 * 99 / 100);
	tear_down();
	return had[0];
}

static void elastic_nervous_owner(void)
{
	static const u64 periods[] = { 100000, 300000, 1 * MS };
	unsigned int p;

	for (p = 0; p < 3; p++) {
		u64 without = beside_a_nervous_owner(0, periods[p]);

		CHECK_ABOUT(without, window_ns / 4, window_ns / 4 / 100);
		CHECK_ABOUT(beside_a_nervous_owner(ALL, periods[p]), without, without * 5 / 1000);
	}
}

/* A cap holds: batches, long or short, cut or not. */
static void elastic_cap_holds(void)
{
	static const u64 batches[] = { 50000, 777777, 20 * MS };
	unsigned int b, strict;

	for (strict = 0; strict < 2; strict++) {
		for (b = 0; b < 3; b++) {
			model(5, batches[b], strict ? SIM_STRICT : SIM_BATCH);
			start_client(0, 350000);
			start_client(1, 600000);
			measure(5 * SECOND);
			CHECK(had[0] <= window_ns * 357 / 1000 && had[0] >= window_ns * 33 / 100);
			CHECK(had[1] <= window_ns * 612 / 1000 && had[1] >= window_ns * 56 / 100);
			tear_down();
		}
	}
}

/* Alone it keeps its runlist in force through all turns: not one switch. */
static void elastic_saves_switches(void)
{
	model(5, 200000, SIM_STRICT);
	start_client(0, ALL);
	measure(SECOND);
	CHECK_EQ(window_switch_ns, 0);
	CHECK_EQ(had[0], window_ns);
	tear_down();
}

static const struct ktap_test tests[] = {
	{ "elastic_ranges", elastic_ranges },
	{ "elastic_shares", elastic_shares },
	{ "elastic_owner_comes_back", elastic_owner_comes_back },
	{ "elastic_small_rest", elastic_small_rest },
	{ "elastic_owner_back_in_switch", elastic_owner_back_in_switch },
	{ "elastic_whole_turns", elastic_whole_turns },
	{ "elastic_turns", elastic_turns },
	{ "elastic_divides", elastic_divides },
	{ "elastic_cap_ends", elastic_cap_ends },
	{ "elastic_window", elastic_window },
	{ "elastic_comings_and_goings", elastic_comings_and_goings },
	{ "elastic_cheats_nobody", elastic_cheats_nobody },
	{ "elastic_sparse_owner", elastic_sparse_owner },
	{ "elastic_nervous_owner", elastic_nervous_owner },
	{ "elastic_cap_holds", elastic_cap_holds },
	{ "elastic_saves_switches", elastic_saves_switches },
};

KTAP_MAIN(tests)
