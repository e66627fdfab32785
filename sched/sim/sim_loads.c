// SPDX-License-Identifier: GPL-2.0-only
/*
 * sim_loads.c - synthetic loads and traces
 */
#include <inttypes.h>
#include <string.h>

#include "sim_loads.h"

const char *const sim_load_names[SIM_NUM_LOADS] = {
	[SIM_HOG] = "hog",
	[SIM_FRAMES] = "frames",
	[SIM_POISSON] = "poisson",
	[SIM_BURSTY] = "bursty",
	[SIM_ADVERSARY] = "adversary",
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

static bool closed_next(struct sim_client *c, u64 after_ns, struct sim_job *job)
{
	struct sim_source *src = c->load_data;

	job->arrival_ns = after_ns;
	job->length_ns = length(src);
	if (src->kind == SIM_ADVERSARY && src->burst && ++src->given % src->burst == 0)
		job->length_ns *= src->burst;
	return true;
}

static bool open_next(struct sim_client *c, u64 after_ns, struct sim_job *job)
{
	struct sim_source *src = c->load_data;

	if (src->kind == SIM_TRACE) {
		if (src->given == src->trace_num)
			return false;
		*job = src->trace[src->given++];
		return true;
	}
	if (!src->started)
		src->due_ns = after_ns;
	job->length_ns = length(src);
	if (src->kind == SIM_POISSON) {
		job->arrival_ns = after_ns + exponential(&src->random, src->period_ns);
	} else {
		u64 burst = src->kind == SIM_BURSTY && src->burst ? src->burst : 1;

		if (src->started && src->given % burst == 0)
			src->due_ns += src->period_ns;
		job->arrival_ns = src->due_ns;
		src->given++;
	}
	src->started = true;
	return true;
}

static const struct sim_load closed = { .next = closed_next };
static const struct sim_load open_loop = { .next = open_next, .open = true };

const struct sim_load *sim_load_of(const struct sim_source *src)
{
	return src->kind == SIM_HOG || src->kind == SIM_ADVERSARY ? &closed : &open_loop;
}

int sim_trace_read(FILE *f, struct sim_trace_row *row, unsigned long *line_no)
{
	char line[160], rest;
	int got;

	while (fgets(line, sizeof(line), f)) {
		++*line_no;
		if (line[0] == '#' || line[0] == '\n' || !strncmp(line, "time_ns,", 8))
			continue;
		rest = '\n';
		got = sscanf(line, "%" SCNu64 ",%39[^,\n],%" SCNu64 "%c", &row->time_ns, row->vgpu,
			     &row->length_ns, &rest);
		if (line[0] < '0' || line[0] > '9' || got < 3 || (rest != '\n' && rest != '\r'))
			return -1;
		return 1;
	}
	return 0;
}
