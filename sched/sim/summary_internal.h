/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * summary_internal.h - what summary.c has measured, for summary_print.c
 */
#ifndef TESSERA_SUMMARY_INTERNAL_H
#define TESSERA_SUMMARY_INTERNAL_H

#include "latencies.h"
#include "summary.h"

enum { SUMMARY_ALIGNED, SUMMARY_BY_CLOCK, SUMMARY_NUM_WINDOWS };

struct engine_time {
	u64 busy_ns, switch_ns, work_ns, switches;
};

/* @endless: jobs without an end in it; @stopped_ns: for how long of it the vGPU did not run */
struct client_time {
	u64 got_ns, switch_ns, demand_ns, endless, stopped_ns;
};

struct window {
	u64 begin_ns, end_ns;		/* SIM_NEVER: not known yet */
	struct client_time *clients;
	struct engine_time *engines;
};

/* Of the whole run, or after the warm-up; @requests are those of a pipeline. */
struct client_count {
	u64 overshoot_ns, slices, resets;
	u64 jobs, jobs_lost, jobs_dropped, jobs_late, requests;
	struct latencies latency, request;
};

struct summary {
	const struct workload *w;
	const char *source;
	u64 warm_ns;			/* the end of the warm-up */
	u64 end_ns;			/* of the run */
	int reference;
	struct window windows[SUMMARY_NUM_WINDOWS];
	struct client_count *clients;

	bool live, keep_slices, keep_jobs;
	struct summary_slice *slices;
	size_t num_slices;
	size_t *last_slice;		/* kept, by engine */
	struct summary_job *jobs;
	size_t num_jobs;
};

static inline u32 summary_engine(u32 accelerator, enum workload_engine engine)
{
	return accelerator * WORKLOAD_NUM_ENGINES + engine;
}

static inline u32 summary_num_engines(const struct summary *s)
{
	return summary_engine(s->w->accelerators, 0);
}

static inline u32 summary_engine_of(const struct summary *s, u32 client)
{
	const struct workload_client *c = &s->w->clients[client];

	return summary_engine(c->accelerator, c->engine);
}

/* The one that is measured. */
static inline const struct window *summary_window(const struct summary *s)
{
	return &s->windows[s->windows[SUMMARY_ALIGNED].end_ns != SIM_NEVER ? SUMMARY_ALIGNED :
									     SUMMARY_BY_CLOCK];
}

#endif /* TESSERA_SUMMARY_INTERNAL_H */
