// SPDX-License-Identifier: GPL-2.0-only
/*
 * sim_loads.c - synthetic loads and traces
 */
#include "sim_loads.h"

const char *const sim_load_names[SIM_NUM_LOADS] = {
	[SIM_HOG] = "hog",
	[SIM_FRAMES] = "frames",
	[SIM_POISSON] = "poisson",
	[SIM_BURSTY] = "bursty",
	[SIM_ADVERSARY] = "adversary",
	[SIM_HANG] = "hang",
	[SIM_LOOP] = "loop",
	[SIM_PIPELINE] = "pipeline",
	[SIM_IDLE] = "idle",
	[SIM_TRACE] = "trace",
};

/*
 * An exponential variate of mean @mean by comparisons of integers alone (J. von Neumann,
 * 1951), so that it is the same on every machine: the length of a run of falling numbers
 * decides whether its first one is taken as the fraction.
 */
static u64 exponential(u64 *random, u64 mean)
{
	u64 whole = 0, first, last, next;
	unsigned int run;

	for (;;) {
		first = sim_random(random) >> 32;
		last = first;
		for (run = 1; ; run++) {
			next = sim_random(random) >> 32;
			if (next >= last)
				break;
			last = next;
		}
		if (run % 2)
			return whole * mean + mean / 1024 * (first >> 10) / 4096;
		whole++;
	}
}

static u64 length(struct sim_source *src)
{
	return src->length_ns + sim_random_below(&src->random, src->spread_ns + 1);
}

/* The next of a period, or of a burst in it. */
static u64 next_due(struct sim_source *src)
{
	u64 burst = src->kind == SIM_BURSTY && src->burst ? src->burst : 1;

	if (src->given % burst == 0) {
		src->due_ns += src->given ? src->period_ns : 0;
		/* Of one period alone: the clock that a program wakes by is right. */
		src->late_ns = src->jitter_ns ?
			       sim_random_below(&src->random, src->jitter_ns + 1) : 0;
	}
	return src->due_ns + src->late_ns;
}

/* Whether the next batch waits for the end of those before, as it begins a burst. */
static bool begins_burst(const struct sim_source *src)
{
	return !src->burst || src->given % src->burst == 0;
}

static u64 think(struct sim_source *src)
{
	if (!src->given || !begins_burst(src))
		return 0;
	return src->think_ns + sim_random_below(&src->random, src->think_spread_ns + 1);
}

static bool trace_next(struct sim_source *src, struct sim_job *job)
{
	if (src->given == src->trace_num)
		return false;
	*job = src->trace[src->given];
	job->arrival_ns += src->due_ns;
	if (!job->length_ns) {
		src->kind = SIM_HOG;
		job->length_ns = src->length_ns;
	}
	return true;
}

bool sim_source_next(struct sim_source *src, u64 after_ns, struct sim_job *job)
{
	bool more = true;

	if (!src->started) {
		after_ns += src->delay_ns;
		src->due_ns = after_ns;
		src->started = true;
	}
	job->arrival_ns = after_ns;
	switch (src->kind) {
	case SIM_POISSON:
		job->arrival_ns += exponential(&src->random, src->period_ns);
		job->length_ns = length(src);
		break;
	case SIM_FRAMES:
	case SIM_BURSTY:
		job->arrival_ns = next_due(src);
		job->length_ns = length(src);
		break;
	case SIM_LOOP:
		job->arrival_ns += think(src);
		job->length_ns = length(src);
		break;
	case SIM_HANG:
		job->length_ns = SIM_NEVER;
		more = !src->given;
		break;
	case SIM_TRACE:
		more = trace_next(src, job);
		break;
	case SIM_ADVERSARY:
		job->length_ns = length(src);
		if (src->burst && (src->given + 1) % src->burst == 0)
			job->length_ns *= src->burst;
		break;
	case SIM_HOG:
		job->length_ns = length(src);
		break;
	case SIM_PIPELINE:
	case SIM_IDLE:
	case SIM_NUM_LOADS:
		return false;
	}
	src->given += more;
	return more;
}

static bool load_next(struct sim_client *c, u64 after_ns, struct sim_job *job)
{
	bool more = sim_source_next(c->load_data, after_ns, job);

	c->load = sim_load_of(c->load_data);
	return more;
}

static const struct sim_load closed = { .next = load_next };
static const struct sim_load open_loop = { .next = load_next, .open = true };

const struct sim_load *sim_load_of(const struct sim_source *src)
{
	if (src->kind == SIM_LOOP)
		return begins_burst(src) ? &closed : &open_loop;
	return sim_source_greedy(src) || src->kind == SIM_HANG ? &closed : &open_loop;
}
