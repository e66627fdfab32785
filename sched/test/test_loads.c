// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_loads.c - the simulator's loads, and the model itself
 */
#include <stdlib.h>

#include "ktap.h"
#include "sim_loads.h"
#include "tessera_sched_internal.h"

static struct sim_client c;
static struct sim_job job;

static void load(struct sim_source *src)
{
	c.load_data = src;
	c.load = sim_load_of(src);
}

static void frames(void)
{
	struct sim_source src = { .kind = SIM_FRAMES, .period_ns = 1000, .length_ns = 7 };
	u64 i, after = 500;

	load(&src);
	CHECK(c.load->open);
	for (i = 0; i < 10; i++) {
		CHECK(c.load->next(&c, after, &job));
		CHECK_EQ(job.arrival_ns, 500 + 1000 * i);
		CHECK_EQ(job.length_ns, 7);
		after = job.arrival_ns;
	}
}

static void bursty(void)
{
	struct sim_source src = { .kind = SIM_BURSTY, .period_ns = 1000, .burst = 3 };
	u64 i;

	load(&src);
	CHECK(c.load->open);
	for (i = 0; i < 9; i++) {
		CHECK(c.load->next(&c, 0, &job));
		CHECK_EQ(job.arrival_ns, 1000 * (i / 3));
	}
}

static void adversary(void)
{
	struct sim_source src = { .kind = SIM_ADVERSARY, .length_ns = 10, .burst = 5 };
	u64 i;

	load(&src);
	CHECK(!c.load->open);
	for (i = 1; i <= 20; i++) {
		CHECK(c.load->next(&c, 42, &job));
		CHECK_EQ(job.arrival_ns, 42);
		CHECK_EQ(job.length_ns, i % 5 ? 10 : 50);
	}
}

/* A period late now and then, never early, and none later than that; a burst as a whole. */
static void jitter(void)
{
	struct sim_source src = { .kind = SIM_BURSTY, .period_ns = 1000, .burst = 3,
				  .jitter_ns = 100 };
	u64 i, late, first = 0, sum = 0, least = SIM_NEVER, most = 0;

	load(&src);
	for (i = 0; i < 3000; i++) {
		CHECK(c.load->next(&c, 0, &job));
		late = job.arrival_ns - 1000 * (i / 3);
		if (i % 3)
			CHECK_EQ(late, first);
		first = late;
		least = late < least ? late : least;
		most = late > most ? late : most;
		sum += late;
	}
	CHECK_EQ(least, 0);
	CHECK_EQ(most, 100);
	CHECK_MSG(sum > 48 * 3000 && sum < 52 * 3000, "%" PRIu64, sum);
}

/* A batch, its end, a think time, and again; a burst comes at once, its end is the last one's. */
static void loop(void)
{
	struct sim_source src = { .kind = SIM_LOOP, .length_ns = 7, .think_ns = 1000,
				  .delay_ns = 30, .burst = 1 };
	struct sim_source burst = { .kind = SIM_LOOP, .length_ns = 7, .think_ns = 1000,
				    .think_spread_ns = 10, .burst = 3 };
	u64 i, think, sum = 0;

	load(&src);
	CHECK(!c.load->open);
	CHECK(c.load->next(&c, 500, &job));
	CHECK_EQ(job.arrival_ns, 530);
	CHECK_EQ(job.length_ns, 7);
	CHECK(!c.load->open);
	CHECK(c.load->next(&c, 600, &job));
	CHECK_EQ(job.arrival_ns, 1600);
	/* Started again it does not think first. */
	sim_source_restart(&src);
	CHECK(c.load->next(&c, 7000, &job));
	CHECK_EQ(job.arrival_ns, 7030);

	load(&burst);
	for (i = 0; i < 300; i++) {
		CHECK(!c.load->open);
		CHECK(c.load->next(&c, 5000, &job));
		think = job.arrival_ns - 5000;
		CHECK(i ? think >= 1000 && think <= 1010 : !think);
		sum += think;
		CHECK(c.load->open);
		CHECK(c.load->next(&c, job.arrival_ns, &job));
		CHECK(c.load->open);
		CHECK(c.load->next(&c, job.arrival_ns, &job));
		CHECK_EQ(job.arrival_ns, 5000 + think);
	}
	CHECK_MSG(sum > 299 * 1004 && sum < 299 * 1006, "%" PRIu64, sum);
}

/* Mean, and part above twice the mean (exp(-2) = 13.53 %), of what is between arrivals. */
static void poisson(void)
{
	struct sim_source src = { .kind = SIM_POISSON, .period_ns = 1000000, .random = 3 };
	u64 i, after = 0, gap, above = 0;

	load(&src);
	for (i = 0; i < 100000; i++) {
		CHECK(c.load->next(&c, after, &job));
		gap = job.arrival_ns - after;
		above += gap > 2000000;
		after = job.arrival_ns;
	}
	CHECK_MSG(after > 99000000000 && after < 101000000000, "%" PRIu64, after);
	CHECK_MSG(above > 13200 && above < 13870, "%" PRIu64, above);
}

/* One batch without end, and none after it, however often it is asked for. */
static void hang(void)
{
	struct sim_source src = { .kind = SIM_HANG, .delay_ns = 70 };

	load(&src);
	CHECK(!c.load->open);
	CHECK(c.load->next(&c, 5, &job));
	CHECK_EQ(job.arrival_ns, 75);
	CHECK_EQ(job.length_ns, SIM_NEVER);
	CHECK(!c.load->next(&c, 100, &job));
	CHECK(!c.load->next(&c, 100, &job));
}

/* The delay comes once; in a trace it moves all. */
static void delay(void)
{
	static struct sim_job rows[] = { { 3, 1 }, { 7, 2 }, { 8, 0 } };
	struct sim_source src = { .kind = SIM_TRACE, .delay_ns = 100, .length_ns = 9,
				  .trace = rows, .trace_num = 3 };
	struct sim_source hog = { .kind = SIM_HOG, .delay_ns = 100, .length_ns = 9 };

	load(&hog);
	CHECK(c.load->next(&c, 1000, &job));
	CHECK_EQ(job.arrival_ns, 1100);
	CHECK(c.load->next(&c, 1109, &job));
	CHECK_EQ(job.arrival_ns, 1109);

	load(&src);
	CHECK(c.load->next(&c, 1000, &job));
	CHECK_EQ(job.arrival_ns, 1103);
	CHECK(c.load->next(&c, 1103, &job));
	CHECK_EQ(job.arrival_ns, 1107);
	CHECK_EQ(job.length_ns, 2);
	CHECK(c.load->open);
	/* Its tail is a hog's. */
	CHECK(c.load->next(&c, 1107, &job));
	CHECK_EQ(job.arrival_ns, 1108);
	CHECK_EQ(job.length_ns, 9);
	CHECK(!c.load->open);
	CHECK(c.load->next(&c, 2000, &job));
	CHECK_EQ(job.arrival_ns, 2000);
}

/* By hand: two batches beside one, batch preemption, a switch of 20 us, a slice of 2 ms. */
static void model(void)
{
	static struct sim_job jobs[2][2] = {
		{ { 99000, 3000000 }, { 199000, 1000000 } },
		{ { 149000, 500000 } },
	};
	struct sim_source src[2] = {
		{ .kind = SIM_TRACE, .trace = jobs[0], .trace_num = 2 },
		{ .kind = SIM_TRACE, .trace = jobs[1], .trace_num = 1 },
	};
	struct sim_client client[2];
	struct sim_engine m;
	unsigned int i;

	sim_init(&m, &tessera_sched_best_effort, 1);
	for (i = 0; i < 2; i++) {
		sim_client_init(&m, &client[i], "traced", 2, sim_load_of(&src[i]), &src[i]);
		sim_client_start(&m, &client[i]);
	}
	/* 0 runs from 120 us to 3.12 ms, past its slice; 1 from 3.14 to 3.64 ms; then 0 to 4.66. */
	sim_run(&m, 3120000);
	CHECK_EQ(client[0].jobs_done, 1);
	sim_run(&m, 3639999);
	CHECK_EQ(client[0].run.sched.overshoot_ns, 1000000);
	CHECK_EQ(client[1].jobs_done, 0);
	sim_run(&m, 3640000);
	CHECK_EQ(client[1].jobs_done, 1);
	CHECK_EQ(client[1].wait_max_ns, 3140000 - 150000);
	sim_run(&m, 4659999);
	CHECK_EQ(client[0].jobs_done, 1);
	sim_run(&m, 4660000);
	CHECK_EQ(client[0].jobs_done, 2);
	CHECK_EQ(m.busy_total_ns, 4500000);
	CHECK_EQ(m.switch_total_ns, 60000);
	sim_run(&m, 10000000);
	CHECK_EQ(m.switches, 3);
	sim_client_exit(&m, &client[0]);
	sim_client_exit(&m, &client[1]);
}

static const struct ktap_test tests[] = {
	{ "frames", frames },
	{ "bursty", bursty },
	{ "adversary", adversary },
	{ "jitter", jitter },
	{ "loop", loop },
	{ "poisson", poisson },
	{ "hang", hang },
	{ "delay", delay },
	{ "model", model },
};

KTAP_MAIN(tests)
