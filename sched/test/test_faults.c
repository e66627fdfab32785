// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_faults.c - what schedulers have been seen to do wrong, and what is right
 *
 * The workloads are those of sched/test/faults; each says there what is right.
 */
#include "runs.h"

#define US	1000ull

/* @file, with a policy and other settings, NULL at the end. */
static void play(const char *file, const char *policy, const char *const *settings)
{
	char line[80];

	load_file(path_of("sched/test/faults", file));
	snprintf(line, sizeof(line), "policy %s", policy);
	set(line);
	for (; settings && *settings; settings++)
		set(*settings);
	run_it(false);
}

/* The number after @key of the vGPU of that name, on compute. */
static u64 figure(const char *name, const char *key)
{
	char text[64];
	const char *p = json;

	snprintf(text, sizeof(text), "{\"name\": \"%s\", ", name);
	p = strstr(p, text);
	CHECK_MSG(p, "no %s in %.200s", name, json);
	snprintf(text, sizeof(text), "\"%s\": ", key);
	p = p ? strstr(p, text) : NULL;
	CHECK_MSG(p, "no %s of %s", key, name);
	return p ? strtoull(p + strlen(text), NULL, 10) : 0;
}

/* What it got, in millionths of the window. */
static u64 share(const char *name)
{
	return figure(name, "got_ns") * 1000000 / number("window_ns", 0);
}

static void check_between(const char *what, u64 value, u64 least, u64 most, int line)
{
	CHECK_MSG(value >= least && value <= most, "line %d: %s is %" PRIu64, line, what, value);
}

static void check_share(const char *name, u64 least, u64 most, int line)
{
	check_between(name, share(name), least, most, line);
}

#define CHECK_SHARE(name, least, most)	check_share(name, least, most, __LINE__)
#define CHECK_AT_MOST(what, most)	check_between(#what, what, 0, most, __LINE__)

static const char *const by_demand[] = { "best_effort", "deadline", NULL };
static const char *const switches[] = {
	"switch_us 5", "switch_us 20", "switch_us 100", "switch_us 500", NULL
};

/* A cap costs nobody anything, least of all who has it. */
static void caps(void)
{
	static const char *const names[] = { "owner", "b", "c0", "c1" };
	const char *const *s;
	u64 without[4];
	unsigned int i;

	for (s = switches; *s; s++) {
		play("elastic-owner", "fixed_share",
		     (const char *[]){ *s, "measure_ms 4000", "at_ms 0 vgpu name=b,elastic_cap=0",
				       "at_ms 0 vgpu name=c0,elastic_cap=0",
				       "at_ms 0 vgpu name=c1,elastic_cap=0", NULL });
		for (i = 0; i < 4; i++)
			without[i] = share(names[i]);
		play("elastic-owner", "fixed_share",
		     (const char *[]){ *s, "measure_ms 4000", NULL });
		for (i = 0; i < 4; i++)
			CHECK_SHARE(names[i], without[i] * 98 / 100, 1000000ul);
	}
}

/* A program that has the engine switched all the time pays for it. */
static void switching(void)
{
	const char *const *p, *const *s;

	for (p = by_demand; *p; p++) {
		for (s = switches; *s; s++) {
			play("switching", *p, (const char *[]){ *s, "measure_ms 1000", NULL });
			CHECK_SHARE("busy", !strcmp(*s, "switch_us 500") ? 190000ul : 235000ul,
				    1000000ul);
		}
	}
}

static void small_reservations(void)
{
	static const char *const slices[] = {
		"timeslice_us 1000", "timeslice_us 2000", "timeslice_us 8000", "timeslice_us 30000"
	};
	const char *const *p;
	unsigned int i;

	for (p = by_demand; *p; p++) {
		for (i = 0; i < 4; i++) {
			play("reservation-1-percent", *p,
			     (const char *[]){ slices[i], "measure_ms 15000", NULL });
			CHECK_SHARE("small0", 9500ul, 12000ul);
			CHECK_SHARE("small9", 9500ul, 12000ul);
			CHECK_SHARE("heavy", 880000ul, 905000ul);
		}
	}
}

/* A program that waits for its jobs has five sixths of its share, beside batches of any length. */
static void synchronous(void)
{
	static const char *const files[] = { "synchronous", "synchronous-long" };
	static const char *const modes[] = { "preemption strict", "preemption batch" };
	const char *const *p;
	unsigned int f, i;

	for (p = by_demand; *p; p++) {
		for (f = 0; f < 2; f++) {
			for (i = 0; i < 2; i++) {
				play(files[f], *p,
				     (const char *[]){ modes[i], "preempt_timeout_us 100000",
						       "measure_ms 3000", NULL });
				CHECK_SHARE("sync", 400000ul, 500000ul);
				CHECK_SHARE("hog", 480000ul, 530000ul);
			}
		}
	}
}

/* One slice, one switch, and one batch or tile, whoever has a reservation. */
static void one_that_wakes(void)
{
	static const char *const reservations[] = {
		"at_ms 0 vgpu name=reserved,reservation=0",
		"at_ms 0 vgpu name=reserved,reservation=30",
		"at_ms 0 vgpu name=reserved,reservation=50",
		"at_ms 0 vgpu name=reserved,reservation=70"
	};
	unsigned int i;

	for (i = 0; i < 4; i++) {
		play("deadline-reservation", "deadline",
		     (const char *[]){ reservations[i], "measure_ms 10000", NULL });
		CHECK_AT_MOST(figure("victim", "p99"), 2550 * US);
	}
	play("deadline-batches", "deadline", (const char *[]){ "measure_ms 10000", NULL });
	CHECK_AT_MOST(figure("victim", "p99"), 22550 * US);
	play("deadline-batches", "deadline",
	     (const char *[]){ "preemption strict", "tile_us 20000", "measure_ms 10000", NULL });
	CHECK_AT_MOST(figure("victim", "p99"), 22550 * US);
	play("long-request", "deadline", (const char *[]){ "measure_ms 10000", NULL });
	CHECK_AT_MOST(figure("neighbour", "p50"), 2550 * US);
	CHECK_AT_MOST(figure("neighbour", "p99"), 5000 * US);
}

static void limits(void)
{
	const char *const *p;

	for (p = by_demand; *p; p++) {
		play("limit-sleeps", *p, NULL);
		CHECK_SHARE("limited", 49000ul, 51000ul);
		play("limit-written-again", *p, (const char *[]){ "measure_ms 4000", NULL });
		CHECK_SHARE("limited", 98000ul, 101000ul);
		play("limit-long-batches", *p, NULL);
		CHECK_AT_MOST(share("limited"), 10200);
	}
	play("limit-deadline", "deadline", NULL);
	CHECK_SHARE("limited", 78500ul, 81500ul);
}

/* Nobody else has work: a job and two switches. */
static void idle_accelerator(void)
{
	const struct tessera_sched_policy *const *p;

	for (p = tessera_sched_policies; *p; p++) {
		play("idle-accelerator", (*p)->name, NULL);
		CHECK_AT_MOST(figure("user", "max"), 60 * US);
		play("alone-v16", (*p)->name, NULL);
		CHECK_AT_MOST(figure("user", "max"), 60 * US);
	}
}

static void settings(void)
{
	char name[16];
	unsigned int i;

	play("policies-toggled", "deadline", (const char *[]){ "measure_ms 4000", NULL });
	for (i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "hog%u", i);
		CHECK_SHARE(name, 121000ul, 129000ul);
	}
	play("long-timeout", "best_effort", NULL);
	CHECK_SHARE("long", 490000ul, 510000ul);
	play("reservation-after-alone", "best_effort", NULL);
	CHECK_SHARE("reserved", 350000ul, 450000ul);
}

/* Coming and going wins nothing. */
static void starts_and_stops(void)
{
	const struct tessera_sched_policy *const *p;

	for (p = tessera_sched_policies; *p; p++) {
		play("start-stop-batch", (*p)->name, NULL);
		CHECK_AT_MOST(figure("toggle", "got_ns"), figure("busy0", "got_ns") * 101 / 100);
		play("start-stop-turns", (*p)->name, NULL);
		CHECK_AT_MOST(figure("toggle", "got_ns"), figure("busy0", "got_ns") * 101 / 100);
		play("start-stop-fast", (*p)->name, NULL);
		CHECK_AT_MOST(figure("toggle", "got_ns"), figure("busy0", "got_ns") * 101 / 100);
	}
}

static const struct ktap_test tests[] = {
	{ "caps", caps },
	{ "switching", switching },
	{ "small_reservations", small_reservations },
	{ "synchronous", synchronous },
	{ "one_that_wakes", one_that_wakes },
	{ "limits", limits },
	{ "idle_accelerator", idle_accelerator },
	{ "settings", settings },
	{ "starts_and_stops", starts_and_stops },
};

KTAP_MAIN(tests)
