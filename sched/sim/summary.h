/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * summary.h - figures of a run from its slices and jobs, whoever ran it
 *
 * The simulator and the bench's players tell this the same two things: who had which engine
 * from when to when, and when each job came and ended. It chooses the measured window, and
 * prints the JSON that Documentation/workloads.rst describes.
 */
#ifndef TESSERA_SUMMARY_H
#define TESSERA_SUMMARY_H

#include <stdio.h>

#include "workload.h"

enum summary_state { SUMMARY_RUN, SUMMARY_SWITCH, SUMMARY_IDLE };

/**
 * struct summary_slice - one holder of an engine from its switch-in to its end
 * @begin_ns: device time
 * @end_ns: device time
 * @busy_ns: SUMMARY_RUN: of that, in work
 * @state: what the engine did; SUMMARY_IDLE: no runlist in force
 * @client: SUMMARY_RUN: whose runlist was in force
 * @accelerator: of that engine
 * @engine: which
 */
struct summary_slice {
	u64 begin_ns, end_ns, busy_ns;
	enum summary_state state;
	u32 client;
	u32 accelerator;
	enum workload_engine engine;
};

/**
 * struct summary_job - a job
 * @arrival_ns: when its doorbell rang, device time
 * @done_ns: when it was done, or lost; 0: it was pending at the end
 * @length_ns: engine time it takes; SIM_NEVER: no end
 * @client: whose
 * @lost: to an engine reset, or to a context that was lost
 */
struct summary_job {
	u64 arrival_ns, done_ns, length_ns;
	u32 client;
	bool lost;
};

struct summary;

/**
 * summary_new() - begin
 * @w: the workload as it is run; kept until summary_free()
 * @source: "simulator", "vfio" or "guests"
 * @start_ns: device time at which the warm-up began
 *
 * Return: to be given to summary_free().
 */
struct summary *summary_new(const struct workload *w, const char *source, u64 start_ns);
void summary_free(struct summary *s);

/* summary_print_slices() will be called: keep them all. Before the first one. */
void summary_keep_slices(struct summary *s);

/*
 * In the order of time for each engine; jobs in any order, best as they end. Memory is saved if
 * the slices of the reference's engine are told first: see summary_reference().
 */
void summary_slice(struct summary *s, const struct summary_slice *slice);
void summary_job(struct summary *s, const struct summary_job *job);
/* What the mediator or the model counted, for the JSON. */
void summary_client(struct summary *s, u32 client, u64 overshoot_ns, u64 slices, u64 resets);

/* The client whose switches begin and end the window, or -1. */
int summary_reference(const struct workload *w);

/* A run has to go on for this long after its start, so that the window can end with a round. */
u64 summary_run_ns(const struct workload *w);

/* Choose the window; then print. */
void summary_finish(struct summary *s);
void summary_print(const struct summary *s, FILE *f);
void summary_print_slices(const struct summary *s, FILE *f);
void summary_print_jobs(const struct summary *s, FILE *f);

#endif /* TESSERA_SUMMARY_H */
