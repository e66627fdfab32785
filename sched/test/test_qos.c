// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_qos.c - reservations, limits, and the deadline policy, through the interface
 */
#include "rules.h"

static void qos_ranges(void)
{
	bool resched;

	set_up("best_effort", 2, 2);
	CHECK(tessera_sched_set_qos(&s, &e[0], 1000001, 0, now, &resched) == -EINVAL);
	CHECK(tessera_sched_set_qos(&s, &e[0], 0, 1000001, now, &resched) == -EINVAL);
	CHECK(tessera_sched_set_qos(&s, &e[0], 300000, 299999, now, &resched) == -EINVAL);
	CHECK(!resched);
	CHECK_EQ(tessera_sched_set_qos(&s, &e[0], 600000, 600000, now, &resched), 0);
	CHECK(tessera_sched_set_qos(&s, &e[1], 400001, 0, now, &resched) == -ENOSPC);
	CHECK_EQ(tessera_sched_set_qos(&s, &e[1], 400000, 0, now, &resched), 0);
	CHECK_EQ(tessera_sched_set_qos(&s, &e[1], 0, 0, now, &resched), 0);
	CHECK_EQ(tessera_sched_set_qos(&s, &e[1], 400000, 0, now, &resched), 0);
	/* One that goes gives its reservation back. */
	tessera_sched_remove(&s, &e[0], now);
	CHECK_EQ(tessera_sched_set_qos(&s, &e[1], 1000000, 0, now, &resched), 0);
	CHECK(tessera_sched_set_qos(&s, &e[0], 0, 0, now, &resched) == -EINVAL);
	CHECK(tessera_sched_set_slice_request(&s, &e[1], MS - 1) == -EINVAL);
	CHECK(tessera_sched_set_slice_request(&s, &e[1], 30 * MS + 1) == -EINVAL);
	CHECK_EQ(tessera_sched_set_slice_request(&s, &e[1], 30 * MS), 0);
	CHECK_EQ(tessera_sched_set_slice_request(&s, &e[1], 0), 0);
}

static void set_qos(unsigned int i, u32 reservation, u32 limit)
{
	bool resched;

	CHECK_EQ(tessera_sched_set_qos(&s, &e[i], reservation, limit, now, &resched), 0);
}

/* A limit holds on an engine that nobody else wants, and among others. */
static void limit_holds(void)
{
	static const char *const names[] = { "best_effort", "deadline" };
	unsigned int n, i;
	u64 start;

	for (n = 0; n < 2; n++) {
		set_up(names[n], 3, 1);
		CHECK(pick_switch() == &e[0]);
		CHECK_EQ(d.slice_ns, 0);
		set_qos(0, 0, 300000);
		CHECK(pick() == &e[0]);
		CHECK_EQ(d.slice_ns, 2 * MS);
		used(2 * MS);
		CHECK(!pick_switch());
		CHECK(e[0].throttled);
		CHECK(d.slice_ns > 0 && d.slice_ns < 7 * MS);
		remember();
		start = now;
		rotate(1000 * MS, 0);
		CHECK_ABOUT(got(0), (now - start) * 3 / 10, 5 * MS);

		/* Going to sleep does not get round it. */
		remember();
		start = now;
		for (i = 0; i < 2000; i++) {
			tessera_sched_sleep(&s, &e[0], now);
			tessera_sched_wake(&s, &e[0], now);
			rotate(100 * US, 0);
		}
		CHECK_ABOUT(got(0), (now - start) * 3 / 10, (now - start) / 100 + 5 * MS);

		/* Nor does work of others, who get the rest. */
		tessera_sched_wake(&s, &e[1], now);
		remember();
		start = now;
		rotate(1000 * MS, 0);
		CHECK_ABOUT(got(0), (now - start) * 3 / 10, 8 * MS);
		CHECK_ABOUT(got(1), (now - start) * 7 / 10, 8 * MS);

		/* Without it, all is as before. */
		set_qos(0, 0, 0);
		CHECK(!e[0].throttled);
		remember();
		start = now;
		rotate(1000 * MS, 0);
		CHECK_ABOUT(got(0), (now - start) / 2, 4 * MS);
	}
}

/* Throttled: whoever else has work has the engine at once, and it is not forgotten. */
static void limit_and_wakes(void)
{
	bool resched;

	set_up("best_effort", 2, 1);
	set_qos(0, 0, 100000);
	CHECK(pick_switch() == &e[0]);
	used(2 * MS);
	CHECK(!pick_switch());
	CHECK(tessera_sched_wake(&s, &e[1], now));
	CHECK(pick_switch() == &e[1]);
	/* Not an endless slice: the other one will be back. */
	CHECK_EQ(d.slice_ns, 2 * MS);
	tessera_sched_sleep(&s, &e[1], now);
	CHECK(!pick_switch());
	CHECK(d.slice_ns > 10 * MS);
	now += d.slice_ns;
	CHECK(pick_switch() == &e[0]);

	/* Asleep and awake again before its time has come. */
	used(2 * MS);
	CHECK(!pick_switch());
	tessera_sched_sleep(&s, &e[0], now);
	CHECK_EQ(s.num_throttled, 0);
	CHECK(!pick());
	CHECK_EQ(d.slice_ns, 0);
	tessera_sched_switched(&s, now);
	CHECK(tessera_sched_wake(&s, &e[0], now));
	CHECK(!pick_switch());
	CHECK(d.slice_ns > 10 * MS);
	/* Gone while it waits, and put under a policy that knows no limits. */
	CHECK_EQ(tessera_sched_set_policy(&s, policy("equal_share"), now, &resched), 0);
	CHECK_EQ(s.num_throttled, 0);
	rotate(10 * MS, 0);
	CHECK_EQ(tessera_sched_set_policy(&s, policy("best_effort"), now, &resched), 0);
	rotate(30 * MS, 0);
	tessera_sched_remove(&s, &e[0], now);
	CHECK_EQ(s.num_throttled, 0);
	CHECK(!pick_switch());
	CHECK_EQ(d.slice_ns, 0);
}

/* What is too little to wait for, and what is too much. */
static void limit_extremes(void)
{
	set_up("best_effort", 1, 1);
	set_qos(0, 0, 990000);
	CHECK(pick_switch() == &e[0]);
	used(2 * MS);
	CHECK(pick() == &e[0]);			/* for 20 us nobody is sent away */
	used(2 * MS);
	used(2 * MS);
	CHECK(!pick());

	/* A batch of minutes, at a thousandth of the engine: a day to wait, cut to 1000 s. */
	set_up("best_effort", 1, 1);
	set_qos(0, 0, 1000);
	CHECK(pick_switch() == &e[0]);
	used(100000 * MS);
	CHECK(!pick_switch());
	CHECK_EQ(d.slice_ns, 1000000 * MS);
}

/* A reservation holds whatever the weights say; they divide the rest. */
static void reservation_holds(void)
{
	static const char *const names[] = { "best_effort", "deadline" };
	unsigned int n, i;
	u64 start;

	for (n = 0; n < 2; n++) {
		set_up(names[n], 4, 4);
		tessera_sched_set_weight(&s, &e[0], 1);
		set_qos(0, 400000, 0);
		set_qos(1, 300000, 0);
		start = now;
		rotate(1000 * MS, 0);
		CHECK_ABOUT(e[0].used_ns, (now - start) * 4 / 10, 8 * MS);
		CHECK_ABOUT(e[1].used_ns, (now - start) * 3 / 10, 8 * MS);
		CHECK_ABOUT(e[2].used_ns, e[3].used_ns, 4 * MS);

		/* It is a lower bound, not an upper one. */
		tessera_sched_set_weight(&s, &e[0], 10000);
		remember();
		start = now;
		rotate(1000 * MS, 0);
		CHECK(got(0) > (now - start) * 65 / 100);
		CHECK(got(1) >= (now - start) * 29 / 100);

		/* Taken away: nothing is to be waited off. */
		tessera_sched_set_weight(&s, &e[0], 100);
		rotate(20000 * MS, 0);
		set_qos(0, 0, 0);
		set_qos(1, 0, 0);
		remember();
		start = now;
		rotate(400 * MS, 0);
		for (i = 0; i < 4; i++)
			CHECK_ABOUT(got(i), (now - start) / 4, 8 * MS);

		/* Nothing is saved up in sleep. */
		set_qos(0, 500000, 0);
		tessera_sched_sleep(&s, &e[0], now);
		rotate(5000 * MS, 0);
		tessera_sched_wake(&s, &e[0], now);
		remember();
		start = now;
		rotate(200 * MS, 0);
		CHECK_ABOUT(got(0), (now - start) / 2, 8 * MS);
	}
}

/* A reservation above the share by weight is taken first; weights divide the rest. */
static void weights_divide_the_rest(void)
{
	static const char *const names[] = { "best_effort", "deadline" };
	unsigned int n;
	u64 start;

	for (n = 0; n < 2; n++) {
		set_up(names[n], 4, 4);
		set_qos(0, 400000, 0);
		set_qos(3, 0, 100000);
		tessera_sched_set_weight(&s, &e[2], 300);
		rotate(1000 * MS, 0);
		remember();
		start = now;
		rotate(4000 * MS, 0);
		CHECK_ABOUT(got(0), (now - start) * 40 / 100, 8 * MS);
		CHECK_ABOUT(got(1), (now - start) * 125 / 1000, 16 * MS);
		CHECK_ABOUT(got(2), (now - start) * 375 / 1000, 16 * MS);
		CHECK_ABOUT(got(3), (now - start) * 10 / 100, 8 * MS);
	}
}

/* Of two that have had too little the one that has had least, be it the holder. */
static void reservation_order(void)
{
	set_up("best_effort", 3, 3);
	set_qos(0, 400000, 0);
	set_qos(1, 400000, 0);
	CHECK(pick_switch() == &e[0]);
	used(2 * MS);
	now += 20 * MS;
	tessera_sched_charge(&s, 0, now);
	e[0].reserve_tag_ns = now - 2 * MS;	/* e[1]'s is 22 ms ago */
	CHECK(pick_switch() == &e[1]);
	used(2 * MS);
	now += 20 * MS;
	e[1].reserve_tag_ns = now - 30 * MS;	/* e[0]'s is 24 ms ago */
	CHECK(pick() == &e[1]);
}

/* What a vGPU had while nobody else wanted it does not count against its reservation. */
static void reservation_after_plenty(void)
{
	static const char *const names[] = { "best_effort", "deadline" };
	unsigned int n, i;
	u64 start;

	for (n = 0; n < 2; n++) {
		set_up(names[n], 9, 1);
		set_qos(0, 400000, 0);
		rotate(10000 * MS, 0);
		for (i = 1; i < 9; i++)
			tessera_sched_wake(&s, &e[i], now);
		remember();
		start = now;
		rotate(50 * MS, 0);
		CHECK_ABOUT(got(0), (now - start) * 4 / 10, 5 * MS);

		/* But what it took from others does: 400 ms are a second of the clock. */
		while (pick_switch() != &e[0])
			used(d.slice_ns);
		used(d.slice_ns + 400 * MS);
		CHECK_EQ(e[0].debt_ns, 400 * MS);
		remember();
		start = now;
		rotate(800 * MS, 0);
		CHECK_MSG(got(0) < (now - start) * 2 / 10, "%" PRIu64, got(0));
	}
}

/* A value that is there already changes nothing, and another keeps what was had beyond the old. */
static void settings_keep_clocks(void)
{
	static const char *const names[] = { "best_effort", "deadline" };
	static const u32 limits[] = { 100000, 0, 200000 };
	unsigned int n, i;
	u64 start;

	for (n = 0; n < 2; n++) {
		set_up(names[n], 2, 2);
		set_qos(0, 0, 100000);
		rotate(100 * MS, 0);
		remember();
		start = now;
		for (i = 0; i < 1000; i++) {
			set_qos(0, 0, 100000);
			rotate(MS, 0);
		}
		CHECK_ABOUT(got(0), (now - start) / 10, 4 * MS);

		/* Another limit, or for a moment none, between two slices. */
		remember();
		start = now;
		for (i = 0; i < 1000; i++) {
			set_qos(0, 0, limits[i % 3]);
			set_qos(0, 0, 100000);
			rotate(MS, 0);
		}
		CHECK_ABOUT(got(0), (now - start) / 10, 4 * MS);

		set_up(names[n], 4, 4);
		set_qos(0, 400000, 0);
		rotate(100 * MS, 0);
		remember();
		start = now;
		for (i = 0; i < 1000; i++) {
			set_qos(0, i % 2 ? 400000 : 500000, 0);
			set_qos(0, 400000, 0);
			rotate(MS, 0);
		}
		CHECK_ABOUT(got(0), (now - start) * 4 / 10, 6 * MS);
	}
}

/* A slice may be seconds of a small reservation's clock. */
static void small_reservation(void)
{
	static const char *const names[] = { "best_effort", "deadline" };
	unsigned int n, i;
	u64 start, slice;

	for (n = 0; n < 2; n++) {
		for (slice = MS; slice <= 30 * MS; slice = slice < 2 * MS ? 30 * MS : slice + MS) {
			struct tessera_sched_config config = { slice, 33 };

			set_up(names[n], 11, 11);
			CHECK_EQ(tessera_sched_set_config(&s, &config), 0);
			CHECK_EQ(tessera_sched_set_weight(&s, &e[10], 10000), 0);
			for (i = 0; i < 10; i++) {
				CHECK_EQ(tessera_sched_set_weight(&s, &e[i], 1), 0);
				set_qos(i, 10000, 0);
			}
			rotate(6000 * MS, 0);
			remember();
			start = now;
			rotate(30000 * MS, 0);
			for (i = 0; i < 10; i++)
				CHECK_ABOUT(got(i), (now - start) / 100, 30 * MS);
		}
	}
}

/* The longest batch that a timeout allows: a limit and a share hold all the same. */
static void long_batches_are_paid(void)
{
	u64 start;

	set_up("best_effort", 2, 2);
	set_qos(0, 0, 10000);
	rotate(10 * MS, 0);
	while (pick_switch() != &e[0])
		used(d.slice_ns);
	start = now;
	remember();
	used(10000 * MS);
	rotate(900000 * MS, 0);
	CHECK_EQ(got(0), 10000 * MS);

	set_up("best_effort", 2, 2);
	start = now;
	remember();
	while (now - start < 1000000 * MS) {
		if (pick_switch() == &e[0])
			used(10000 * MS);
		else
			used(d.slice_ns);
	}
	CHECK_ABOUT(got(0), (now - start) / 2, 10000 * MS);
}

/* What could not be given is made up for, but not forever. */
static void reservation_window(void)
{
	u64 start;

	set_up("best_effort", 3, 3);
	set_qos(0, 500000, 0);
	rotate(100 * MS, 0);
	while (s.current_entity != &e[1]) {
		used(d.slice_ns);
		pick_switch();
	}
	used(10000 * MS);
	tessera_sched_sleep(&s, &e[1], now);
	remember();
	start = now;
	rotate(1000 * MS, 0);
	CHECK(got(0) >= (now - start) / 2);
	CHECK(got(0) <= (now - start) / 2 + 60 * MS);
}

/* One that has had more than the mean is not served before those who have had less. */
static void deadline_eligible_first(void)
{
	set_up("deadline", 2, 2);
	CHECK(pick_switch() == &e[0]);
	used(1900 * US);
	tessera_sched_sleep(&s, &e[0], now);
	tessera_sched_wake(&s, &e[0], now);
	CHECK(pick() == &e[1]);
}

/* One that wakes is next, ahead of hogs that have waited longer. */
static void deadline_serves_sparse_first(void)
{
	unsigned int i;

	set_up("deadline", 8, 7);
	rotate(100 * MS, 0);
	for (i = 0; i < 50; i++) {
		tessera_sched_wake(&s, &e[7], now);
		used(d.slice_ns);
		CHECK(pick_switch() == &e[7]);
		used(300 * US);
		tessera_sched_sleep(&s, &e[7], now);
		rotate(20 * MS, 0);
	}
	/* The hogs among themselves are served as ever. */
	remember();
	rotate(700 * MS, 0);
	for (i = 0; i < 7; i++)
		CHECK_ABOUT(got(i), 100 * MS, 4 * MS);
}

/* Waking often does not make the share larger. */
static void deadline_is_fair(void)
{
	unsigned int i;
	u64 start;

	set_up("deadline", 4, 4);
	start = now;
	for (i = 0; i < 2000; i++) {
		pick_switch();
		used(d.slice_ns);
		if (s.current_entity == &e[0]) {
			tessera_sched_sleep(&s, &e[0], now);
			tessera_sched_wake(&s, &e[0], now);
		}
	}
	for (i = 0; i < 4; i++)
		CHECK_ABOUT(e[i].used_ns, (now - start) / 4, 5 * MS);

	/* Nor does asking for short slices, or for long ones. */
	tessera_sched_set_slice_request(&s, &e[1], 1 * MS);
	tessera_sched_set_slice_request(&s, &e[2], 30 * MS);
	remember();
	start = now;
	rotate(4000 * MS, 0);
	for (i = 0; i < 4; i++)
		CHECK_ABOUT(got(i), (now - start) / 4, 30 * MS);
	/* A long one is had at once, unless somebody wakes: then it ends at that slice's end. */
	for (i = 0; i < 2; i++) {
		while (pick_switch() != &e[2])
			used(d.slice_ns);
		start = now;
		tessera_sched_sleep(&s, &e[3], now);
		do {
			CHECK(d.slice_ns <= 2 * MS);
			used(d.slice_ns);
			if (i && now - start == 8 * MS)
				tessera_sched_wake(&s, &e[3], now);
		} while (pick_switch() == &e[2]);
		CHECK_ABOUT(now - start, i ? 8 * MS : 30 * MS, 2 * MS);
		CHECK(!i || s.current_entity == &e[3]);
	}
}

/* Under a policy where it does not hold, a reservation is owed nothing that comes later. */
static void reservation_after_fixed_share(void)
{
	static const char *const names[] = { "best_effort", "deadline" };
	bool resched;
	unsigned int n;

	for (n = 0; n < 2; n++) {
		set_up("fixed_share", 2, 2);
		set_qos(0, 800000, 0);
		rotate(1000 * MS, 0);
		CHECK_EQ(tessera_sched_set_policy(&s, policy(names[n]), now, &resched), 0);
		remember();
		rotate(100 * MS, 0);
		CHECK_ABOUT(got(0), 80 * MS, 6 * MS);
		CHECK_ABOUT(got(1), 20 * MS, 6 * MS);
	}
}

static const struct ktap_test tests[] = {
	{ "qos_ranges", qos_ranges },
	{ "limit_holds", limit_holds },
	{ "limit_and_wakes", limit_and_wakes },
	{ "limit_extremes", limit_extremes },
	{ "reservation_holds", reservation_holds },
	{ "weights_divide_the_rest", weights_divide_the_rest },
	{ "reservation_order", reservation_order },
	{ "reservation_after_plenty", reservation_after_plenty },
	{ "settings_keep_clocks", settings_keep_clocks },
	{ "small_reservation", small_reservation },
	{ "long_batches_are_paid", long_batches_are_paid },
	{ "reservation_window", reservation_window },
	{ "reservation_after_fixed_share", reservation_after_fixed_share },
	{ "deadline_eligible_first", deadline_eligible_first },
	{ "deadline_serves_sparse_first", deadline_serves_sparse_first },
	{ "deadline_is_fair", deadline_is_fair },
};

KTAP_MAIN(tests)
