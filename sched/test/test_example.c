// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_example.c - the example of a policy in sched/example/ does what it says
 */
#include "loads.h"
#include "rules.h"

/* @n started vGPUs with work, the weight of each 100 times its number. */
static void set_up_priority(unsigned int n)
{
	unsigned int i;

	now = 1000 * MS;
	tessera_sched_init(&s, &tessera_sched_strict_priority);
	for (i = 0; i < n; i++) {
		tessera_sched_entity_init(&e[i], "e", 4);
		tessera_sched_add(&s, &e[i], now);
		CHECK_EQ(tessera_sched_set_weight(&s, &e[i], 100 + 100 * i), 0);
		tessera_sched_start(&s, &e[i], now);
		tessera_sched_wake(&s, &e[i], now);
	}
}

static void highest_first(void)
{
	set_up_priority(3);
	CHECK(pick_switch() == &e[2]);
	used(2 * MS);
	CHECK(pick_switch() == &e[2]);
	used(1 * MS);
	tessera_sched_sleep(&s, &e[2], now);
	CHECK(pick_switch() == &e[1]);
	/* Back: it has the engine at the end of the slice. */
	CHECK(!tessera_sched_wake(&s, &e[2], now));
	CHECK(pick() == &e[1]);
	used(2 * MS);
	CHECK(pick_switch() == &e[2]);
	rotate(1000 * MS, 0);
	CHECK_EQ(e[0].used_ns, 0);
	CHECK_EQ(tessera_sched_due_ppm(&s, &e[0]), 0);
	CHECK_EQ(tessera_sched_due_ppm(&s, &e[2]), 1000000);
}

static void equals_take_turns(void)
{
	unsigned int i;

	set_up_priority(3);
	CHECK_EQ(tessera_sched_set_weight(&s, &e[1], 300), 0);
	rotate(1000 * MS, 0);
	CHECK_EQ(e[0].used_ns, 0);
	CHECK_ABOUT(e[1].used_ns, 500 * MS, 2 * MS);
	CHECK_ABOUT(e[2].used_ns, 500 * MS, 2 * MS);
	CHECK_EQ(tessera_sched_due_ppm(&s, &e[1]), 500000);
	/* A debt is paid as under any policy, by shorter slices. */
	rotate(1000 * MS, 330 * US);
	CHECK(e[1].debt_ns && e[2].debt_ns);
	for (i = 0; i < 2; i++) {
		used(d.slice_ns);
		pick_switch();
		CHECK(d.slice_ns < 2 * MS && d.slice_ns >= 1 * MS);
	}
}

/* The cure for starvation is the core's: it asks the policy after reservations and limits. */
static void reservation_and_limit(void)
{
	bool resched;

	set_up_priority(3);
	CHECK_EQ(tessera_sched_set_qos(&s, &e[0], 100000, 0, now, &resched), 0);
	CHECK_EQ(tessera_sched_set_qos(&s, &e[2], 0, 600000, now, &resched), 0);
	rotate(1000 * MS, 0);
	CHECK_ABOUT(e[0].used_ns, 100 * MS, 4 * MS);
	CHECK_ABOUT(e[1].used_ns, 300 * MS, 16 * MS);
	CHECK_ABOUT(e[2].used_ns, 600 * MS, 14 * MS);
}

/* Put in force while vGPUs run, and taken out of it: nobody is locked out afterwards. */
static void to_and_fro(void)
{
	const struct tessera_sched_policy *const *p;
	unsigned int i;
	bool resched;

	for (p = tessera_sched_policies; *p; p++) {
		if (!(*p)->proportional)
			continue;
		set_up((*p)->name, 4, 4);
		rotate(100 * MS, 0);
		CHECK_EQ(tessera_sched_set_policy(&s, &tessera_sched_strict_priority, now,
						  &resched), 0);
		tessera_sched_set_weight(&s, &e[3], 101);
		rotate(100 * MS, 0);
		remember();
		rotate(5000 * MS, 0);
		CHECK_ABOUT(got(3), 5000 * MS, 2 * MS);
		tessera_sched_set_weight(&s, &e[3], 100);
		CHECK_EQ(tessera_sched_set_policy(&s, *p, now, &resched), 0);
		remember();
		rotate(800 * MS, 0);
		for (i = 0; i < 4; i++)
			CHECK_ABOUT(got(i), 200 * MS, 6 * MS);
	}
}

/* On the modelled engine: an urgent sparse job beside two hogs. */
static void modelled(void)
{
	static struct load_busy hogs[2] = { { 200000, 0, 1 }, { 200000, 0, 2 } };
	static struct load_pauses sparse = { 300000, 0, 20 * MS, 3 };
	static struct sim_client c[3];
	static struct sim_engine m;
	unsigned int i;

	sim_init(&m, &tessera_sched_strict_priority, 1);
	for (i = 0; i < 3; i++) {
		sim_client_init(&m, &c[i], "c", 4, i < 2 ? &load_busy : &load_pauses,
				i < 2 ? (void *)&hogs[i] : &sparse);
		tessera_sched_set_weight(&m.rl.sched, &c[i].run.sched, i < 2 ? 100 : 200);
		sim_client_start(&m, &c[i]);
	}
	sim_run(&m, 5000 * MS);
	CHECK(c[2].jobs_done > 50);
	/* A slice, a batch, a switch. */
	CHECK(c[2].wait_max_ns <= 2 * MS + 200 * US + 20 * US);
	CHECK_ABOUT(c[0].busy_ns, c[1].busy_ns, 3 * MS);
	CHECK_EQ(m.idle_with_work_ns, 0);
	for (i = 0; i < 3; i++)
		sim_client_exit(&m, &c[i]);
}

static const struct ktap_test tests[] = {
	{ "highest_first", highest_first },
	{ "equals_take_turns", equals_take_turns },
	{ "reservation_and_limit", reservation_and_limit },
	{ "to_and_fro", to_and_fro },
	{ "modelled", modelled },
};

KTAP_MAIN(tests)
