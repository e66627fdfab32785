// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_rules.c - each rule of the scheduler by itself, through its interface
 */
#include "rules.h"

static void policies_by_name(void)
{
	CHECK(!strcmp(tessera_sched_policies[0]->name, "best_effort"));
	CHECK(policy("best_effort") && policy("best_effort")->work_conserving);
	CHECK(policy("equal_share") && !policy("equal_share")->work_conserving);
	CHECK(policy("fixed_share") && !policy("fixed_share")->work_conserving);
	CHECK(!policy(""));
	CHECK(!policy("best"));
	CHECK(!policy("best_effort2"));
}

static void settings_ranges(void)
{
	struct tessera_sched_config c = { 0, 33 };
	bool resched = true;

	set_up("best_effort", 1, 0);
	CHECK_EQ(tessera_sched_set_config(&s, &c), 0);
	c.timeslice_ns = MS - 1;
	CHECK(tessera_sched_set_config(&s, &c) == -EINVAL);
	c.timeslice_ns = 30 * MS + 1;
	CHECK(tessera_sched_set_config(&s, &c) == -EINVAL);
	c.timeslice_ns = 30 * MS;
	CHECK_EQ(tessera_sched_set_config(&s, &c), 0);
	CHECK_EQ(tessera_sched_timeslice_ns(&s), 30 * MS);
	c.averaging = 0;
	CHECK(tessera_sched_set_config(&s, &c) == -EINVAL);
	c.averaging = 61;
	CHECK(tessera_sched_set_config(&s, &c) == -EINVAL);
	c.averaging = 60;
	CHECK_EQ(tessera_sched_set_config(&s, &c), 0);
	CHECK_EQ(s.config.averaging, 60);
	CHECK(tessera_sched_set_weight(&s, &e[0], 0) == -EINVAL);
	CHECK(tessera_sched_set_weight(&s, &e[0], 10001) == -EINVAL);
	CHECK_EQ(e[0].weight, 100);
	CHECK_EQ(tessera_sched_set_weight(&s, &e[0], 10000), 0);
	CHECK_EQ(e[0].weight, 10000);
	CHECK(tessera_sched_set_policy(&s, NULL, now, &resched) == -EINVAL);
	CHECK(!resched);
	CHECK_EQ(tessera_sched_set_policy(&s, s.policy, now, &resched), 0);
	CHECK(!resched);
}

/* 2 ms for up to 8 running vGPUs, 1 ms above. */
static void slice_default(void)
{
	unsigned int i;

	set_up("best_effort", 8, 0);
	CHECK_EQ(tessera_sched_timeslice_ns(&s), 2 * MS);
	for (i = 8; i < 10; i++) {
		tessera_sched_entity_init(&e[i], "e", 16);
		tessera_sched_add(&s, &e[i], now);
		CHECK_EQ(tessera_sched_timeslice_ns(&s), (i == 8 ? 2 : 1) * MS);
		tessera_sched_start(&s, &e[i], now);
		CHECK_EQ(tessera_sched_timeslice_ns(&s), MS);
	}
	CHECK_EQ(s.num_entities, 10);
	CHECK_EQ(s.num_running, 10);
	tessera_sched_stop(&s, &e[0], now);
	CHECK_EQ(tessera_sched_timeslice_ns(&s), MS);
	tessera_sched_stop(&s, &e[1], now);
	CHECK_EQ(tessera_sched_timeslice_ns(&s), 2 * MS);
}

/* Nobody has work: an empty runlist and no timer, in every policy; then on in fairness. */
static void nothing_to_do(void)
{
	const struct tessera_sched_policy *const *p;

	for (p = tessera_sched_policies; *p; p++) {
		set_up((*p)->name, 3, 0);
		CHECK(!pick());
		CHECK_EQ(d.slice_ns, 0);
		tessera_sched_switched(&s, now);
		CHECK(!s.current_entity);
		now += 3600 * 1000 * MS;
		CHECK(!pick());
		CHECK_EQ(d.slice_ns, 0);
		tessera_sched_switched(&s, now);

		CHECK(tessera_sched_wake(&s, &e[1], now));
		rotate(6 * MS, 0);
		CHECK(e[1].used_ns > 0);
		tessera_sched_sleep(&s, &e[1], now);
		CHECK_EQ(s.num_with_work, 0);
		now += 5 * MS;
		CHECK(!pick_switch());
		CHECK_EQ(d.slice_ns, 0);

		tessera_sched_wake(&s, &e[0], now);
		tessera_sched_wake(&s, &e[1], now);
		tessera_sched_wake(&s, &e[2], now);
		remember();
		rotate(600 * MS, 0);
		CHECK(got(0) > 100 * MS);
		if (!(*p)->proportional)
			continue;
		CHECK_ABOUT(got(0), got(1), 4 * MS);
		CHECK_ABOUT(got(0), got(2), 4 * MS);
	}
}

static void calls_twice(void)
{
	set_up("best_effort", 2, 1);
	CHECK(!tessera_sched_start(&s, &e[0], now));
	CHECK(!tessera_sched_wake(&s, &e[0], now));
	CHECK_EQ(s.num_running, 2);
	CHECK_EQ(s.num_with_work, 1);
	tessera_sched_sleep(&s, &e[0], now);
	CHECK(!tessera_sched_sleep(&s, &e[0], now));
	CHECK_EQ(s.num_with_work, 0);
	tessera_sched_stop(&s, &e[0], now);
	CHECK(!tessera_sched_stop(&s, &e[0], now));
	CHECK_EQ(s.num_running, 1);
	/* Work that came before the start counts from the start. */
	CHECK(!tessera_sched_wake(&s, &e[0], now));
	CHECK_EQ(s.num_with_work, 0);
	CHECK(!pick());
	CHECK(tessera_sched_start(&s, &e[0], now));
	CHECK_EQ(s.num_with_work, 1);
	CHECK(pick() == &e[0]);
	tessera_sched_remove(&s, &e[0], now);
	CHECK(!tessera_sched_remove(&s, &e[0], now));
	CHECK_EQ(s.num_entities, 1);
	/* Out of the scheduler it can do nothing. */
	CHECK(!tessera_sched_start(&s, &e[0], now));
	CHECK(!tessera_sched_wake(&s, &e[0], now));
	CHECK_EQ(s.num_running, 1);
}

static void best_effort_takes_turns(void)
{
	unsigned int i;

	set_up("best_effort", 4, 3);
	for (i = 0; i < 30; i++) {
		CHECK(pick_switch() == &e[i % 3]);
		CHECK_EQ(d.slice_ns, 2 * MS);
		used(2 * MS);
	}
	CHECK_EQ(e[0].slices, 10);
	CHECK_EQ(e[3].slices, 0);
	CHECK_EQ(e[0].debt_ns, 0);
	CHECK_EQ(e[0].overshoot_ns, 0);
}

/* What one does not use goes to the next at once. */
static void best_effort_conserves_work(void)
{
	set_up("best_effort", 3, 2);
	CHECK(pick_switch() == &e[0]);
	used(300 * US);
	CHECK(tessera_sched_sleep(&s, &e[0], now));
	CHECK(pick_switch() == &e[1]);
	CHECK_EQ(d.slice_ns, 0);
	used(300 * US);
	/* The last one keeps the engine, and comes back to it without a switch. */
	CHECK(!tessera_sched_sleep(&s, &e[1], now));
	CHECK(s.current_entity == &e[1]);
	CHECK(!tessera_sched_wake(&s, &e[1], now));
	CHECK(!tessera_sched_sleep(&s, &e[1], now));
	/* Whoever comes then has it at once. */
	CHECK(tessera_sched_wake(&s, &e[2], now));
	CHECK(pick() == &e[2]);
	/* The sleeper is back before that: it is as if it had never gone. */
	tessera_sched_wake(&s, &e[1], now);
	tessera_sched_switched(&s, now);
	CHECK(s.current_entity == &e[2]);
	used(2 * MS);
	CHECK(pick() == &e[1]);

	/* The same, before anything was picked. */
	set_up("best_effort", 2, 1);
	CHECK(pick_switch() == &e[0]);
	used(1 * MS);
	CHECK(!tessera_sched_sleep(&s, &e[0], now));
	CHECK(tessera_sched_wake(&s, &e[1], now));
	CHECK(tessera_sched_wake(&s, &e[0], now));
	CHECK(pick() == &e[1]);
	CHECK_EQ(d.slice_ns, 2 * MS);
}

/* Alone, a slice has no end; a second one gives it one. */
static void endless_slice(void)
{
	const struct tessera_sched_policy *const *p;

	for (p = tessera_sched_policies; *p; p++) {
		set_up((*p)->name, 1, 1);
		if (!strcmp((*p)->name, "fixed_share"))
			continue;	/* there, the idle entity competes */
		CHECK(pick_switch() == &e[0]);
		CHECK_EQ(d.slice_ns, 0);
		used(500 * US);
		tessera_sched_entity_init(&e[1], "e", 4);
		tessera_sched_add(&s, &e[1], now);
		tessera_sched_wake(&s, &e[1], now);
		CHECK(tessera_sched_start(&s, &e[1], now));
		CHECK(pick() == &e[0]);
		CHECK_EQ(d.slice_ns, 1500 * US);
		used(1500 * US);
		CHECK(pick_switch() == &e[1]);
		CHECK_EQ(d.slice_ns, 2 * MS);

		/* The other way round: had its slice long ago. */
		used(2 * MS);
		tessera_sched_stop(&s, &e[0], now);
		CHECK(pick() == &e[1]);
		CHECK_EQ(d.slice_ns, 0);
		used(500 * MS);
		CHECK(tessera_sched_start(&s, &e[0], now));
		CHECK(pick_switch() == &e[0]);
		CHECK_EQ(e[1].debt_ns, 0);
	}
}

/* A slice that has no end is on its way to the hardware, and somebody comes. */
static void wake_before_endless_slice(void)
{
	set_up("best_effort", 2, 1);
	CHECK(pick() == &e[0]);
	CHECK_EQ(d.slice_ns, 0);
	CHECK(tessera_sched_wake(&s, &e[1], now));
	tessera_sched_switched(&s, now);
	CHECK(pick() == &e[0]);
	CHECK_EQ(d.slice_ns, 2 * MS);

	set_up("equal_share", 1, 1);
	CHECK(pick() == &e[0]);
	CHECK_EQ(d.slice_ns, 0);
	tessera_sched_sleep(&s, &e[0], now);
	tessera_sched_entity_init(&e[1], "e", 4);
	tessera_sched_add(&s, &e[1], now);
	CHECK(tessera_sched_start(&s, &e[1], now));
}

static void wake_says_when(void)
{
	set_up("best_effort", 4, 0);
	CHECK(tessera_sched_wake(&s, &e[0], now));	/* nobody has the engine */
	CHECK(pick_switch() == &e[0]);
	CHECK(tessera_sched_wake(&s, &e[1], now));	/* its slice needs a timer now */
	CHECK(pick() == &e[0]);
	used(100 * US);
	CHECK(!tessera_sched_wake(&s, &e[2], now));	/* in the middle of a slice */
	used(2 * MS);
	CHECK(tessera_sched_wake(&s, &e[3], now));	/* the slice is over */
	CHECK(pick() == &e[1]);
	tessera_sched_sleep(&s, &e[2], now);
	CHECK(!tessera_sched_wake(&s, &e[2], now));	/* a switch is under way */
	tessera_sched_switched(&s, now);
	CHECK(s.current_entity == &e[1]);

	/* The one that is being switched to has gone: somebody else. */
	used(2 * MS);
	CHECK(pick() == &e[3]);
	CHECK(tessera_sched_sleep(&s, &e[3], now));
	CHECK(pick_switch() == &e[2]);
}

/* A sleeper has saved nothing up, whoever has worked meanwhile. */
static void sleep_saves_nothing(void)
{
	set_up("best_effort", 3, 2);
	rotate(10000 * MS, 0);
	CHECK_ABOUT(e[0].used_ns, e[1].used_ns, 2 * MS);
	tessera_sched_wake(&s, &e[2], now);
	remember();
	rotate(300 * MS, 0);
	CHECK_ABOUT(got(0), 100 * MS, 3 * MS);
	CHECK_ABOUT(got(1), 100 * MS, 3 * MS);
	CHECK_ABOUT(got(2), 100 * MS, 3 * MS);
}

/* Going to sleep for a moment does not wipe out what one is ahead. */
static void sleep_loses_nothing(void)
{
	unsigned int i;

	set_up("best_effort", 2, 2);
	for (i = 0; i < 500; i++) {
		pick_switch();
		if (s.current_entity == &e[0]) {
			used(2 * MS);
			tessera_sched_sleep(&s, &e[0], now);
			now += 1;
			tessera_sched_wake(&s, &e[0], now);
		} else {
			used(2 * MS);
		}
	}
	CHECK_ABOUT(e[0].used_ns, e[1].used_ns, 4 * MS);
}

/* One that is new gets its share from now on, not what others had before. */
static void newcomer_locks_nobody_out(void)
{
	const struct tessera_sched_policy *const *p;
	unsigned int i;

	for (p = tessera_sched_policies; *p; p++) {
		if (!(*p)->proportional)
			continue;
		set_up((*p)->name, 3, 3);
		rotate(5000 * MS, 0);
		tessera_sched_entity_init(&e[3], "new", 4);
		tessera_sched_add(&s, &e[3], now);
		tessera_sched_wake(&s, &e[3], now);
		tessera_sched_start(&s, &e[3], now);
		remember();
		before[3] = 0;
		rotate(400 * MS, 0);
		for (i = 0; i < 4; i++)
			CHECK_ABOUT(got(i), 100 * MS, 3 * MS);
		tessera_sched_stop(&s, &e[3], now);
		tessera_sched_stop(&s, &e[2], now);
		remember();
		rotate(400 * MS, 0);
		CHECK_EQ(got(3), 0);
		CHECK_EQ(got(2), 0);
		CHECK_ABOUT(got(0), strcmp((*p)->name, "fixed_share") ? 200 * MS : 100 * MS,
			    3 * MS);
		CHECK_ABOUT(got(0), got(1), 3 * MS);
	}
}

/* Nor does a row of new ones, each of which is owed next to nothing. */
static void newcomers_in_a_row(void)
{
	unsigned int i;
	u64 start;

	set_up("best_effort", 1, 1);
	start = now;
	for (i = 0; i < 50; i++) {
		tessera_sched_entity_init(&e[1], "new", 4);
		tessera_sched_add(&s, &e[1], now);
		tessera_sched_set_weight(&s, &e[1], 1);
		tessera_sched_wake(&s, &e[1], now);
		tessera_sched_start(&s, &e[1], now);
		rotate(20 * MS, 0);
		tessera_sched_remove(&s, &e[1], now);
	}
	CHECK(e[0].used_ns >= (now - start) * 97 / 100);
}

static void weights_divide(void)
{
	set_up("best_effort", 3, 3);
	tessera_sched_set_weight(&s, &e[0], 100);
	tessera_sched_set_weight(&s, &e[1], 300);
	tessera_sched_set_weight(&s, &e[2], 600);
	CHECK_EQ(tessera_sched_due_ppm(&s, &e[0]), 100000);
	CHECK_EQ(tessera_sched_due_ppm(&s, &e[1]), 300000);
	CHECK_EQ(tessera_sched_due_ppm(&s, &e[2]), 600000);
	rotate(1000 * MS, 0);
	CHECK_ABOUT(e[0].used_ns, 100 * MS, 3 * MS);
	CHECK_ABOUT(e[1].used_ns, 300 * MS, 3 * MS);
	CHECK_ABOUT(e[2].used_ns, 600 * MS, 3 * MS);

	/* A weight counts from its change on, however extreme. */
	tessera_sched_set_weight(&s, &e[0], 10000);
	tessera_sched_set_weight(&s, &e[1], 1);
	tessera_sched_set_weight(&s, &e[2], 10000);
	remember();
	rotate(1000 * MS, 0);
	CHECK_ABOUT(got(0), got(2), 4 * MS);
	CHECK(got(1) <= 4 * MS);
	tessera_sched_set_weight(&s, &e[0], 100);
	tessera_sched_set_weight(&s, &e[1], 100);
	tessera_sched_set_weight(&s, &e[2], 100);
	remember();
	rotate(300 * MS, 0);
	CHECK_ABOUT(got(0), 100 * MS, 5 * MS);
	CHECK_ABOUT(got(1), 100 * MS, 5 * MS);
	tessera_sched_stop(&s, &e[1], now);
	CHECK_EQ(tessera_sched_due_ppm(&s, &e[1]), 0);
	CHECK_EQ(tessera_sched_due_ppm(&s, &e[0]), 500000);
}

/* Each of N has its turn, work or not, and the runlist is in force for it to use. */
static void equal_share_keeps_idle_turns(void)
{
	unsigned int i;

	set_up("equal_share", 4, 1);
	for (i = 0; i < 40; i++) {
		CHECK(pick_switch() == &e[i % 4]);
		CHECK_EQ(d.slice_ns, 2 * MS);
		if (i % 4) {
			pass(2 * MS, 0);
		} else {
			/* Idle or busy in it: the turn counts. */
			pass(1 * MS, 0);
			used(1 * MS);
		}
	}
	CHECK_EQ(e[0].used_ns, 10 * MS);
	CHECK_EQ(e[1].used_ns, 0);

	/* Going to sleep and waking change nothing about whose turn it is. */
	CHECK(pick_switch() == &e[0]);
	CHECK(!tessera_sched_wake(&s, &e[1], now));
	CHECK(!tessera_sched_sleep(&s, &e[0], now));
	pass(1 * MS, 0);
	CHECK(pick() == &e[0]);
	CHECK_EQ(d.slice_ns, 1 * MS);
	CHECK(!tessera_sched_wake(&s, &e[0], now));
	used(1 * MS);
	CHECK(pick_switch() == &e[1]);
}

static void equal_share_follows_number(void)
{
	set_up("equal_share", 4, 4);
	CHECK_EQ(tessera_sched_due_ppm(&s, &e[0]), 250000);
	rotate(401 * MS, 0);
	CHECK_ABOUT(e[0].used_ns, 100 * MS, 2 * MS);
	tessera_sched_sleep(&s, &e[3], now);	/* only idle: still 1/4 */
	CHECK_EQ(tessera_sched_due_ppm(&s, &e[0]), 250000);
	remember();
	rotate(400 * MS, 0);
	CHECK_ABOUT(got(0), 100 * MS, 2 * MS);
	tessera_sched_stop(&s, &e[3], now);	/* stopped: 1/3 */
	CHECK_EQ(tessera_sched_due_ppm(&s, &e[0]), 333333);
	remember();
	rotate(300 * MS, 0);
	CHECK_ABOUT(got(0), 100 * MS, 2 * MS);
	CHECK_ABOUT(got(1), 100 * MS, 2 * MS);
	CHECK_ABOUT(got(2), 100 * MS, 2 * MS);
}

/* A quarter each, and what is not sold is nobody's. */
static void fixed_share_is_fixed(void)
{
	u64 start;

	set_up("fixed_share", 2, 2);
	CHECK_EQ(tessera_sched_due_ppm(&s, &e[0]), 250000);
	start = now;
	rotate(1000 * MS, 0);
	CHECK_ABOUT(e[0].used_ns, (now - start) / 4, 2 * MS);
	CHECK_ABOUT(e[1].used_ns, (now - start) / 4, 2 * MS);
	tessera_sched_stop(&s, &e[1], now);
	remember();
	start = now;
	rotate(1000 * MS, 0);
	CHECK_ABOUT(got(0), (now - start) / 4, 2 * MS);
	CHECK_EQ(got(1), 0);

	/* Three thirds leave nothing, however they are rounded. */
	set_up("fixed_share", 0, 0);
	tessera_sched_entity_init(&e[0], "e", 3);
	tessera_sched_entity_init(&e[1], "e", 3);
	tessera_sched_entity_init(&e[2], "e", 3);
	for (start = 0; start < 3; start++) {
		tessera_sched_add(&s, &e[start], now);
		tessera_sched_start(&s, &e[start], now);
		tessera_sched_wake(&s, &e[start], now);
	}
	CHECK_EQ(s.idle_weight, 0);
	CHECK_EQ(tessera_sched_due_ppm(&s, &e[0]), 333333);
	rotate(300 * MS, 0);
	CHECK_ABOUT(e[0].used_ns, 100 * MS, 2 * MS);
	CHECK_ABOUT(e[1].used_ns, 100 * MS, 2 * MS);

	/* More than there is: all are cut alike. */
	set_up("fixed_share", 8, 8);
	CHECK_EQ(tessera_sched_due_ppm(&s, &e[0]), 125000);
	rotate(800 * MS, 0);
	CHECK_ABOUT(e[7].used_ns, 100 * MS, 2 * MS);
}

static void fixed_share_mixed_types(void)
{
	static const u32 inv[] = { 2, 4, 8, 16 };
	unsigned int i;
	u64 start;

	set_up("fixed_share", 0, 0);
	for (i = 0; i < 4; i++) {
		tessera_sched_entity_init(&e[i], "e", inv[i]);
		tessera_sched_add(&s, &e[i], now);
		tessera_sched_start(&s, &e[i], now);
		tessera_sched_wake(&s, &e[i], now);
	}
	start = now;
	rotate(2000 * MS, 0);
	for (i = 0; i < 4; i++)
		CHECK_ABOUT(e[i].used_ns, (now - start) / inv[i], 2 * MS);
}

/* What is sold to those that run, whichever policy saw them start and stop. */
static void fixed_share_put_in_force(void)
{
	bool resched;
	int round;

	set_up("deadline", 6, 6);
	for (round = 0; round < 2; round++) {
		tessera_sched_stop(&s, &e[4], now);
		tessera_sched_stop(&s, &e[5], now);
		CHECK_EQ(tessera_sched_set_policy(&s, policy("fixed_share"), now, &resched), 0);
		CHECK_EQ(tessera_sched_due_ppm(&s, &e[0]), 250000);
		CHECK_EQ(s.idle_weight, 0);
		tessera_sched_stop(&s, &e[3], now);
		CHECK(s.idle_weight);
		tessera_sched_start(&s, &e[3], now);
		tessera_sched_start(&s, &e[4], now);
		tessera_sched_start(&s, &e[5], now);
		CHECK_EQ(tessera_sched_due_ppm(&s, &e[0]), 1000000 / 6);
		CHECK_EQ(tessera_sched_set_policy(&s, policy("best_effort"), now, &resched), 0);
	}
}

/* Time of switching is charged to no vGPU; in fixed_share it is unsold time. */
static void switching_is_nobodys(void)
{
	const struct tessera_sched_policy *const *p;
	u64 start, vtime;
	unsigned int i;

	for (p = tessera_sched_policies; *p; p++) {
		set_up((*p)->name, 2, 2);
		while (pick_switch() != &e[0])
			pass(d.slice_ns, 0);	/* unsold time may come first */
		used(2 * MS);
		vtime = e[0].vtime;
		CHECK(pick() == &e[1]);
		pass(700 * US, 0);
		tessera_sched_switched(&s, now);
		CHECK_EQ(e[0].vtime, vtime);
		CHECK_EQ(e[0].debt_ns, 0);
		CHECK_EQ(e[0].overshoot_ns, 0);

		/* A quarter of the wall although one in eight ns is spent in switching. */
		start = now;
		remember();
		for (i = 0; i < 2000; i++) {
			if (s.current_entity)
				used(d.slice_ns);
			else
				pass(d.slice_ns, 0);
			pick();
			pass(250 * US, 0);
			tessera_sched_switched(&s, now);
		}
		CHECK_ABOUT(got(0), got(1), 2 * MS);
		if (!strcmp((*p)->name, "fixed_share"))
			CHECK_ABOUT(got(0), (now - start) / 4, 4 * MS);
	}
}

/* The arithmetic of the debt, step by step. */
static void debt_shortens_slices(void)
{
	u64 debt = 660 * US, slices = 0;

	set_up("best_effort", 2, 2);
	CHECK(pick_switch() == &e[0]);
	used(2 * MS);
	CHECK(pick() == &e[1]);
	used(debt);				/* preemption is late */
	tessera_sched_switched(&s, now);
	CHECK_EQ(e[0].overshoot_ns, debt);
	CHECK_EQ(e[0].debt_ns, debt);
	used(2 * MS);
	CHECK(pick_switch() == &e[0]);
	CHECK_EQ(d.slice_ns, 2 * MS - 20 * US);
	CHECK_EQ(e[0].debt_ns, 640 * US);

	/* It falls with every slice, and in the end to nothing. */
	while (e[0].debt_ns && slices++ < 2000) {
		u64 left = e[0].debt_ns, part = (left + 32) / 33;

		used(d.slice_ns);
		CHECK(pick_switch() == &e[1]);
		used(d.slice_ns);
		CHECK(pick_switch() == &e[0]);
		CHECK_EQ(d.slice_ns, 2 * MS - part);
		CHECK_EQ(e[0].debt_ns, left - part);
	}
	CHECK_EQ(e[0].debt_ns, 0);
	used(d.slice_ns);
	/* Then both have had the same. */
	CHECK_ABOUT(e[0].used_ns, e[1].used_ns, 2 * MS);
	CHECK_EQ(e[0].overshoot_ns, debt);
}

/* Never below half of the slice; the rest is carried. */
static void debt_floor(void)
{
	struct tessera_sched_config c = { 0, 1 };

	set_up("best_effort", 2, 2);
	tessera_sched_set_config(&s, &c);
	CHECK(pick_switch() == &e[0]);
	used(2 * MS);
	CHECK(pick() == &e[1]);
	used(1900 * US);
	tessera_sched_switched(&s, now);
	CHECK_EQ(e[0].debt_ns, 1900 * US);
	used(2 * MS);
	CHECK(pick_switch() == &e[0]);
	CHECK_EQ(d.slice_ns, 1 * MS);
	CHECK_EQ(e[0].debt_ns, 900 * US);
	used(1 * MS);
	CHECK(pick_switch() == &e[1]);
	used(2 * MS);
	CHECK(pick_switch() == &e[0]);
	CHECK_EQ(d.slice_ns, 1100 * US);
	CHECK_EQ(e[0].debt_ns, 0);
}

/* More than a slice: the others have theirs first; what remains is less than a slice. */
static void debt_skips_turns(void)
{
	const struct tessera_sched_policy *const *p;
	unsigned int i;

	for (p = tessera_sched_policies; *p; p++) {
		if (!(*p)->proportional)
			continue;
		set_up((*p)->name, 3, 3);
		rotate(2 * MS, 0);
		CHECK(s.current_entity == &e[0]);
		CHECK(pick() == &e[1]);
		used(7 * MS);
		tessera_sched_switched(&s, now);
		CHECK_EQ(e[0].overshoot_ns, 7 * MS);
		CHECK_EQ(e[0].debt_ns, 1 * MS);
		for (i = 0; i < 100 && s.current_entity != &e[0]; i++) {
			pass(d.slice_ns, s.current_entity ? d.slice_ns : 0);
			pick_switch();
		}
		/* It had 9 ms, of which 1 ms are still owed: the others 8 ms each. */
		CHECK_EQ(e[1].used_ns, 8 * MS);
		CHECK_EQ(e[2].used_ns, 8 * MS);
	}
}

static void debt_skips_no_turn_alone(void)
{
	set_up("best_effort", 2, 2);
	CHECK(pick_switch() == &e[0]);
	used(2 * MS);
	CHECK(pick() == &e[1]);
	used(20 * MS);
	tessera_sched_switched(&s, now);
	used(1 * MS);
	CHECK(tessera_sched_sleep(&s, &e[1], now));
	CHECK(pick_switch() == &e[0]);
	CHECK_EQ(d.slice_ns, 0);
	/* The debt is as it was, and limited in any case. */
	used(1000 * MS);
	CHECK(tessera_sched_wake(&s, &e[1], now));
	CHECK(pick() == &e[1]);
	used(100000 * MS);
	tessera_sched_switched(&s, now);
	remember();
	rotate(21000 * MS, 0);
	CHECK(got(1) >= 19900 * MS);
	CHECK(got(0) > 0);
}

/* An idle turn that ends late is no overshoot. */
static void late_timer_of_idle_turn(void)
{
	unsigned int i;
	u64 start;

	set_up("equal_share", 2, 1);
	CHECK(pick_switch() == &e[0]);
	used(2 * MS);
	CHECK(pick_switch() == &e[1]);
	pass(3 * MS, 0);
	CHECK(pick_switch() == &e[0]);
	CHECK_EQ(e[1].overshoot_ns, 0);
	CHECK_EQ(e[1].debt_ns, 0);
	/* One that begins to work in time that is over pays for that. */
	used(2 * MS);
	CHECK(pick_switch() == &e[1]);
	pass(2 * MS, 0);
	CHECK(pick() == &e[0]);
	pass(500 * US, 400 * US);
	tessera_sched_switched(&s, now);
	CHECK_EQ(e[1].overshoot_ns, 400 * US);
	CHECK_EQ(e[1].debt_ns, 400 * US);

	/* In fixed_share it comes out of the unsold time. */
	set_up("fixed_share", 2, 1);
	start = now;
	for (i = 0; i < 1000; i++) {
		pick_switch();
		if (s.current_entity == &e[1])
			pass(d.slice_ns + MS, 0);
		else
			pass(d.slice_ns, s.current_entity ? d.slice_ns : 0);
	}
	CHECK_ABOUT(e[0].used_ns, (now - start) / 4, 4 * MS);
}

/* A pick that is replaced leaves no trace, and in a slice none is cut. */
static void pick_again(void)
{
	struct tessera_sched_decision first;
	u64 vtime[3];
	unsigned int i;

	set_up("best_effort", 3, 3);
	CHECK(pick_switch() == &e[0]);
	used(500 * US);
	CHECK(pick() == &e[0]);
	CHECK_EQ(d.slice_ns, 1500 * US);
	tessera_sched_switched(&s, now);	/* does no harm */
	CHECK_EQ(e[0].slices, 1);
	used(1500 * US);
	pick();
	first = d;
	for (i = 0; i < 3; i++)
		vtime[i] = e[i].vtime;
	for (i = 0; i < 10; i++) {
		CHECK(pick() == first.entity);
		CHECK_EQ(d.slice_ns, first.slice_ns);
	}
	for (i = 0; i < 3; i++)
		CHECK_EQ(e[i].vtime, vtime[i]);
	tessera_sched_switched(&s, now);
	CHECK_EQ(e[1].slices, 1);
	tessera_sched_switched(&s, now);
	CHECK_EQ(e[1].slices, 1);
	/* A little early is at the end. */
	used(1990 * US);
	CHECK(pick() == &e[2]);
}

static void remove_current_and_picked(void)
{
	const struct tessera_sched_policy *const *p;
	struct tessera_sched_entity *gone;

	for (p = tessera_sched_policies; *p; p++) {
		set_up((*p)->name, 4, 4);
		rotate(20 * MS, 300 * US);
		gone = s.current_entity ? s.current_entity : &e[0];
		CHECK(tessera_sched_remove(&s, gone, now) || !s.current_entity);
		CHECK(!s.current_entity);
		CHECK(!gone->queued && !gone->running);
		CHECK(s.holder != gone && s.next != gone);
		memset(gone, 0x5a, sizeof(*gone));
		tessera_sched_charge(&s, MS, now);
		rotate(20 * MS, 0);
		used(d.slice_ns);
		while (!(gone = pick())) {
			tessera_sched_switched(&s, now);
			pass(d.slice_ns, 0);
		}
		CHECK(tessera_sched_remove(&s, gone, now));
		CHECK(s.holder != gone && s.next != gone && s.members != gone);
		memset(gone, 0x5a, sizeof(*gone));
		tessera_sched_switched(&s, now);
		rotate(20 * MS, 0);
		CHECK_EQ(s.num_entities, 2);
		CHECK_EQ(s.num_running, 2);
		CHECK_EQ(s.num_with_work, 2);
	}
}

/* The stopped one goes on being charged until the hardware has switched. */
static void stop_current(void)
{
	set_up("best_effort", 2, 2);
	CHECK(pick_switch() == &e[0]);
	used(100 * US);
	CHECK(tessera_sched_stop(&s, &e[0], now));
	CHECK(pick() == &e[1]);
	used(400 * US);
	CHECK_EQ(e[0].used_ns, 500 * US);
	tessera_sched_switched(&s, now);
	CHECK(s.current_entity == &e[1]);
	CHECK(tessera_sched_stop(&s, &e[1], now));
	CHECK(!pick());
	CHECK_EQ(d.slice_ns, 0);
	/* Stopped while it was being switched to. */
	tessera_sched_switched(&s, now);
	tessera_sched_start(&s, &e[0], now);
	CHECK(pick() == &e[0]);
	CHECK(tessera_sched_stop(&s, &e[0], now));
	CHECK(!pick());

	/* Alone: its endless slice ends with the pick. */
	set_up("best_effort", 1, 1);
	CHECK(pick_switch() == &e[0]);
	used(3 * MS);
	CHECK(tessera_sched_stop(&s, &e[0], now));
	CHECK(!pick());
	used(400 * US);
	tessera_sched_switched(&s, now);
	CHECK_EQ(e[0].overshoot_ns, 400 * US);
}

/* To and fro between policies: nobody is locked out, debts stay, leads stay bounded. */
static void policy_changes(void)
{
	const struct tessera_sched_policy *const *p, *const *q;
	u64 debt, start;
	bool resched;
	unsigned int i;

	for (p = tessera_sched_policies; *p; p++) {
		if (!(*p)->proportional)
			continue;
		for (q = tessera_sched_policies; *q; q++) {
			if (!(*q)->proportional)
				continue;
			if (p == q)
				continue;
			set_up((*p)->name, 4, 4);
			tessera_sched_set_weight(&s, &e[3], 10000);
			rotate(1000 * MS, 300 * US);
			debt = e[0].debt_ns;
			resched = false;
			CHECK_EQ(tessera_sched_set_policy(&s, *q, now, &resched), 0);
			CHECK(resched);
			CHECK_EQ(e[0].debt_ns, debt);
			tessera_sched_set_weight(&s, &e[3], 100);
			start = now;
			remember();
			rotate(400 * MS, 0);
			for (i = 0; i < 4; i++)
				CHECK_ABOUT(got(i), (now - start) / 4, 6 * MS);
		}
	}
}

/* What passed under the old policy is not charged as a turn under the new. */
static void policy_change_while_asleep(void)
{
	bool resched;
	u64 lead;

	set_up("best_effort", 2, 2);
	CHECK(pick_switch() == &e[0]);
	used(200 * US);
	tessera_sched_sleep(&s, &e[1], now);
	tessera_sched_sleep(&s, &e[0], now);
	now += 1500 * US;
	CHECK_EQ(tessera_sched_set_policy(&s, policy("equal_share"), now, &resched), 0);
	lead = e[0].vtime;
	tessera_sched_charge(&s, 0, now);
	CHECK_EQ(e[0].vtime, lead);
}

/* While nobody has work and a runlist stays in force, time is nobody's: not unsold time either. */
static void parked_time_is_nobodys(void)
{
	static const char *const names[] = { "equal_share", "fixed_share" };
	bool resched;
	unsigned int n, i;

	for (n = 0; n < 2; n++) {
		set_up(names[n], 3, 3);
		rotate(60 * MS, 0);
		for (i = 0; i < 3; i++)
			tessera_sched_sleep(&s, &e[i], now);
		pick();
		CHECK(!d.entity);
		pass(200 * MS, 0);
		tessera_sched_set_policy(&s, policy("fixed_share"), now, &resched);
		pick();
		CHECK(!d.entity);
		pass(200 * MS, 0);
		for (i = 0; i < 3; i++)
			tessera_sched_wake(&s, &e[i], now);
		remember();
		rotate(120 * MS, 0);
		for (i = 0; i < 3; i++)
			CHECK_ABOUT(got(i), 30 * MS, 3 * MS);
	}
}

static void config_changes(void)
{
	struct tessera_sched_config c = { 30 * MS, 60 };

	set_up("best_effort", 2, 2);
	tessera_sched_set_config(&s, &c);
	CHECK(pick_switch() == &e[0]);
	CHECK_EQ(d.slice_ns, 30 * MS);
	used(30 * MS);
	CHECK(pick() == &e[1]);
	used(25 * MS);
	tessera_sched_switched(&s, now);
	CHECK_EQ(e[0].debt_ns, 25 * MS);
	c.timeslice_ns = MS;
	tessera_sched_set_config(&s, &c);
	used(30 * MS);
	rotate(500 * MS, 0);
	CHECK(e[0].debt_ns < MS);
	CHECK_ABOUT(e[0].used_ns, e[1].used_ns, 3 * MS);
}

/* A caller that charges late, after the wake: the newcomer must not profit for long. */
static void charge_comes_late(void)
{
	u64 start;

	set_up("best_effort", 2, 1);
	CHECK(pick_switch() == &e[0]);
	now += 100000 * MS;
	CHECK(tessera_sched_wake(&s, &e[1], now));
	tessera_sched_charge(&s, 100000 * MS, now);
	CHECK(pick_switch() == &e[1]);
	CHECK_EQ(e[0].used_ns, 100000 * MS);
	CHECK_EQ(e[0].debt_ns, 0);
	CHECK_EQ(e[0].overshoot_ns, 0);
	remember();
	rotate(200 * MS, 0);
	CHECK_ABOUT(got(0), 100 * MS, 3 * MS);

	/* Nor is time from before the switch charged to the one switched to. */
	set_up("best_effort", 2, 1);
	CHECK(pick() == &e[0]);
	now += 1 * MS;
	tessera_sched_switched(&s, now);
	start = e[0].vtime;
	now += 100 * US;
	CHECK(tessera_sched_wake(&s, &e[1], now));
	CHECK_EQ(e[0].vtime - start, 100 * US);

	/* The same by the clock: it is not charged twice. */
	set_up("equal_share", 2, 2);
	CHECK(pick_switch() == &e[0]);
	now += 2 * MS;
	CHECK(pick() == &e[1]);
	tessera_sched_charge(&s, 2 * MS + 100 * US, now + 100 * US);
	CHECK_EQ(e[0].overshoot_ns, 100 * US);

	/* What was never charged is not taken from the next one's charges. */
	set_up("equal_share", 2, 2);
	CHECK(pick_switch() == &e[0]);
	now += 2 * MS;
	CHECK(pick_switch() == &e[1]);
	now += 2 * MS;
	CHECK(pick() == &e[0]);
	tessera_sched_charge(&s, 2 * MS + 500 * US, now + 500 * US);
	CHECK_EQ(e[1].overshoot_ns, 500 * US);
}

/* All three have had as much, or time was at least given out. */
static void check_thirds(const struct tessera_sched_policy *policy)
{
	CHECK(got(0) + got(1) + got(2) > 150 * MS);
	if (!policy->proportional)
		return;
	CHECK(got(0) > 50 * MS);
	CHECK_ABOUT(got(0), got(1), 5 * MS);
	CHECK_ABOUT(got(0), got(2), 5 * MS);
}

static void clocks_misbehave(void)
{
	const struct tessera_sched_policy *const *p;
	unsigned int i;

	for (p = tessera_sched_policies; *p; p++) {
		/* Stands still: what was counted ends slices. */
		set_up((*p)->name, 3, 3);
		for (i = 0; i < 300; i++) {
			pick_switch();
			tessera_sched_charge(&s, 2 * MS, now);
		}
		if ((*p)->work_conserving && (*p)->proportional) {
			CHECK_EQ(e[0].used_ns, 200 * MS);
			CHECK_EQ(e[1].used_ns, 200 * MS);
		}
		/* Goes back a little. */
		rotate(20 * MS, 0);
		now -= 50 * US;
		remember();
		rotate(300 * MS, 0);
		check_thirds(*p);
		/* Jumps by a century. */
		now += 100ull * 365 * 86400 * 1000 * MS;
		remember();
		rotate(300 * MS, 0);
		check_thirds(*p);
		/* More counted than passed, and nothing counted. */
		for (i = 0; i < 10; i++)
			tessera_sched_charge(&s, 0, now);
		pick_switch();
		tessera_sched_charge(&s, UINT64_MAX, now);
		pass(MS, 3 * MS);
		rotate(70000 * MS, 0);
		remember();
		rotate(300 * MS, 0);
		check_thirds(*p);
	}
}

/* Virtual time wraps while one works at the lowest weight, and another sleeps all along. */
static void virtual_time_wraps(void)
{
	u64 start, i, wrapped = 0;

	set_up("best_effort", 3, 1);
	tessera_sched_set_weight(&s, &e[0], 1);
	CHECK(pick_switch() == &e[0]);
	for (i = 0; i < 300000; i++) {
		start = s.vclock;
		now += 1ull << 40;
		tessera_sched_charge(&s, 1ull << 40, now);
		CHECK((s64)(s.vclock - start) >= 0);
		wrapped += s.vclock < start;
	}
	CHECK(wrapped >= 1);
	tessera_sched_set_weight(&s, &e[0], 100);
	tessera_sched_wake(&s, &e[1], now);
	tessera_sched_wake(&s, &e[2], now);
	remember();
	rotate(300 * MS, 0);
	CHECK_ABOUT(got(0), 100 * MS, 3 * MS);
	CHECK_ABOUT(got(1), 100 * MS, 3 * MS);
	CHECK_ABOUT(got(2), 100 * MS, 3 * MS);
}

static const struct ktap_test tests[] = {
	{ "policies_by_name", policies_by_name },
	{ "settings_ranges", settings_ranges },
	{ "slice_default", slice_default },
	{ "nothing_to_do", nothing_to_do },
	{ "calls_twice", calls_twice },
	{ "best_effort_takes_turns", best_effort_takes_turns },
	{ "best_effort_conserves_work", best_effort_conserves_work },
	{ "endless_slice", endless_slice },
	{ "wake_before_endless_slice", wake_before_endless_slice },
	{ "wake_says_when", wake_says_when },
	{ "sleep_saves_nothing", sleep_saves_nothing },
	{ "sleep_loses_nothing", sleep_loses_nothing },
	{ "newcomer_locks_nobody_out", newcomer_locks_nobody_out },
	{ "newcomers_in_a_row", newcomers_in_a_row },
	{ "weights_divide", weights_divide },
	{ "equal_share_keeps_idle_turns", equal_share_keeps_idle_turns },
	{ "equal_share_follows_number", equal_share_follows_number },
	{ "fixed_share_is_fixed", fixed_share_is_fixed },
	{ "fixed_share_mixed_types", fixed_share_mixed_types },
	{ "fixed_share_put_in_force", fixed_share_put_in_force },
	{ "switching_is_nobodys", switching_is_nobodys },
	{ "debt_shortens_slices", debt_shortens_slices },
	{ "debt_floor", debt_floor },
	{ "debt_skips_turns", debt_skips_turns },
	{ "debt_skips_no_turn_alone", debt_skips_no_turn_alone },
	{ "late_timer_of_idle_turn", late_timer_of_idle_turn },
	{ "pick_again", pick_again },
	{ "remove_current_and_picked", remove_current_and_picked },
	{ "stop_current", stop_current },
	{ "policy_changes", policy_changes },
	{ "policy_change_while_asleep", policy_change_while_asleep },
	{ "parked_time_is_nobodys", parked_time_is_nobodys },
	{ "config_changes", config_changes },
	{ "charge_comes_late", charge_comes_late },
	{ "clocks_misbehave", clocks_misbehave },
	{ "virtual_time_wraps", virtual_time_wraps },
};

KTAP_MAIN(tests)
