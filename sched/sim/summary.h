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

#define SUMMARY_NOBODY	UINT32_MAX

enum summary_state { SUMMARY_RUN, SUMMARY_SWITCH, SUMMARY_IDLE };

/**
 * struct summary_slice - one holder of an engine from its switch-in to its end, or a switch
 * @begin_ns: device time
 * @end_ns: device time
 * @busy_ns: SUMMARY_RUN: of that, in work
 * @work_ns: live: of that, with work for anybody, or switching
 * @state: what the engine did; SUMMARY_IDLE: no runlist in force
 * @client: SUMMARY_RUN: whose runlist was in force; SUMMARY_SWITCH: whose came into force, or
 *          SUMMARY_NOBODY for an empty one
 * @accelerator: of that engine
 * @engine: which
 * @rest: live: goes on from the one before on this engine, which was cut
 * @cut: live: its end is not its own, but one of a window's
 */
struct summary_slice {
	u64 begin_ns, end_ns, busy_ns, work_ns;
	enum summary_state state;
	u32 client;
	u32 accelerator;
	enum workload_engine engine;
	bool rest, cut;
};

/* SUMMARY_LOST: to an engine reset, with its context; SUMMARY_DROPPED: its vGPU was stopped */
enum summary_fate { SUMMARY_DONE, SUMMARY_LOST, SUMMARY_DROPPED };

/**
 * struct summary_job - a job
 * @arrival_ns: when its doorbell rang, device time
 * @done_ns: when it ended in one way or another; 0: it was pending at the end
 * @length_ns: engine time it takes; SIM_NEVER: no end
 * @client: whose
 * @fate: what became of it
 */
struct summary_job {
	u64 arrival_ns, done_ns, length_ns;
	u32 client;
	enum summary_fate fate;
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

/*
 * summary_print_slices(), or _jobs(), will be called: keep them all. Before the first one. Of
 * a recording all is kept anyhow.
 */
void summary_keep_slices(struct summary *s);
void summary_keep_jobs(struct summary *s);

/*
 * Told as it happens: then memory is bounded. Before the first one. An engine that is not simulated
 * along with the reference's comes after it: see summary_reference(). Whoever tells live cuts
 * slices where a window begins or ends, so that no figure rests on a guess of what was before and
 * after: at summary_next_edge_ns(), and whenever summary_switched() is true.
 */
void summary_live(struct summary *s);
/* The first known begin or end of a window after @after_ns; SIM_NEVER: none is known. */
u64 summary_next_edge_ns(const struct summary *s, u64 after_ns);
/* @client's runlist has come into force on an engine; true: a window begins or ends here. */
bool summary_switched(struct summary *s, u32 client, u32 accelerator, enum workload_engine engine,
		      u64 now_ns);

/* In the order of time for each engine; jobs in the order of time for each client. */
void summary_slice(struct summary *s, const struct summary_slice *slice);
void summary_job(struct summary *s, const struct summary_job *job);
/*
 * A request of the pipeline whose load on the compute engine is @job->client, from its arrival to
 * its end; @job->length_ns does not matter.
 */
void summary_request(struct summary *s, const struct summary_job *job);
/* The vGPU of @client did not run. */
void summary_stopped(struct summary *s, u32 client, u64 begin_ns, u64 end_ns);
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
