/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sim_run_internal.h - a run on one line of time, for the parts of it
 */
#ifndef TESSERA_SIM_RUN_INTERNAL_H
#define TESSERA_SIM_RUN_INTERNAL_H

#include "summary.h"

struct pipeline;
struct run;

/**
 * struct timer - something that is to happen at a time, besides what engines do
 * @node: by time
 * @fire: what; the timer is not set any more
 * @queued: it is set
 */
struct timer {
	struct tessera_sched_heap_node node;
	void (*fire)(struct run *r, struct timer *t);
	bool queued;
};

/**
 * struct vgpu - a vGPU on one engine
 * @client: first: it is what the model gives back
 * @source: its load there
 * @load: number of that, or of its load on the other engine
 */
struct vgpu {
	struct sim_client client;
	struct sim_source source;
	u32 load;
};

/**
 * struct lane - one engine
 * @engine: the model; its data is the lane
 * @r: what it belongs to
 * @which: engine of the accelerator
 * @vgpus: those of the accelerator, with work here or not
 */
struct lane {
	struct sim_engine engine;
	struct run *r;
	enum workload_engine which;
	struct vgpu *vgpus;
};

/**
 * struct run - what goes along one line of time: one engine, or both of an accelerator
 * @w: the workload
 * @summary: what is told
 * @accelerator: of the workload's
 * @lanes: the engines, @num_lanes
 * @num_lanes: 1 or 2
 * @num_vgpus: of the accelerator
 * @now_ns: all that was due until then has happened
 * @timers: those that are set
 * @edge: a window begins or ends now
 * @starts: of each vGPU that does not run all the time, its starts and stops
 * @changes: settings that are written in mid-run
 * @num_changes: how many
 * @pipelines: of each vGPU, or NULL
 */
struct run {
	const struct workload *w;
	struct summary *summary;
	u32 accelerator;
	struct lane lanes[WORKLOAD_NUM_ENGINES];
	u32 num_lanes;
	u32 num_vgpus;
	u64 now_ns;
	struct tessera_sched_heap timers;
	bool edge;
	struct start *starts;
	struct change *changes;
	u32 num_changes;
	struct pipeline **pipelines;
};

void timer_set(struct run *r, struct timer *t, u64 at_ns);
void timer_cancel(struct run *r, struct timer *t);

/* The vGPU's first load: what it says of the vGPU holds on both engines. */
const struct workload_client *run_client(const struct run *r, u32 vgpu);
/* Has the vGPU a load on this engine? */
bool run_has_load(const struct lane *lane, u32 vgpu);

/* sim_events.c: settings, starts and stops. All vGPUs are there already. */
void events_begin(struct run *r);
void events_end(struct run *r);

/* sim_pipeline.c; of the vGPU's jobs on an engine, the first of those submitted is meant. */
void pipelines_begin(struct run *r);
void pipelines_end(struct run *r);
void pipeline_start(struct run *r, u32 vgpu);
void pipeline_stop(struct run *r, u32 vgpu, enum summary_fate fate);
void pipeline_job_done(struct run *r, u32 vgpu, enum workload_engine engine);

#endif /* TESSERA_SIM_RUN_INTERNAL_H */
