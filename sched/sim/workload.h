/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * workload.h - what several vGPUs do, read from a file: one form for the simulator and for
 * the players of the virtual bench
 *
 * Documentation/workloads.rst describes the file.
 */
#ifndef TESSERA_WORKLOAD_H
#define TESSERA_WORKLOAD_H

#include "sim_loads.h"

#define WORKLOAD_MAX_CLIENTS	16384
#define WORKLOAD_MAX_ACCELERATORS 1024
#define WORKLOAD_NAME		40
#define WORKLOAD_WHY		200	/* room for what is wrong */
#define WORKLOAD_ANY		UINT32_MAX	/* accelerator: in turn */

enum workload_engine { WORKLOAD_COMPUTE, WORKLOAD_COPY, WORKLOAD_NUM_ENGINES };

extern const char *const workload_engine_names[WORKLOAD_NUM_ENGINES];

/**
 * struct workload_client - one vGPU's load on one engine
 * @name: the vGPU's; the same name on two engines is one vGPU
 * @vgpu: number of the vGPU among all; workload_check() tells
 * @accelerator: on which it is; players have one only. WORKLOAD_ANY until workload_check()
 * @engine: whose work it is
 * @fixed_share_inv: most instances of its type: type=V4 gives 4
 * @weight: TESSERA_SCHED_WEIGHT_*
 * @reservation: percent of engine time
 * @limit: percent of engine time; 0: none
 * @elastic_cap: percent of engine time; 0: none
 * @slice_request_ns: 0: the common slice
 * @source: its batches; a player copies it before it takes from it
 */
struct workload_client {
	char name[WORKLOAD_NAME];
	u32 vgpu;
	u32 accelerator;
	enum workload_engine engine;
	u32 fixed_share_inv;
	u32 weight;
	u32 reservation;
	u32 limit;
	u32 elastic_cap;
	u64 slice_request_ns;
	struct sim_source source;
};

/**
 * struct workload - a file, with what the command line has overruled
 * @name: of the file, without directory and ending
 * @about: one line for people
 * @policy: name of a policy
 * @preemption: at batch boundaries or strict
 * @timeslice_ns: 0: the default
 * @averaging: into how many slices a debt is spread
 * @preempt_timeout_ns: how long an engine may take to switch
 * @switch_ns: modelled cost of a world switch
 * @tile_ns: granularity of strict preemption
 * @warmup_ns: run before anything is measured
 * @measure_ns: measured after that, at least
 * @seed: of all random loads
 * @accelerators: how many
 * @clients: the loads
 * @num_clients: how many
 * @num_vgpus: how many vGPUs these are; workload_check() tells
 */
struct workload {
	char name[WORKLOAD_NAME];
	char about[160];
	char policy[WORKLOAD_NAME];
	enum sim_preemption preemption;
	u64 timeslice_ns;
	u32 averaging;
	u64 preempt_timeout_ns;
	u64 switch_ns;
	u64 tile_ns;
	u64 warmup_ns;
	u64 measure_ns;
	u64 seed;
	u32 accelerators;
	struct workload_client *clients;
	u32 num_clients;
	u32 num_vgpus;
};

/* The defaults, and no client. */
void workload_init(struct workload *w);
void workload_free(struct workload *w);

/*
 * Each returns 0, or -1 with a line in @why (room: WORKLOAD_WHY) that says what is wrong, and in
 * which line of the file; then only workload_free() makes sense. workload_set() takes one line of
 * the file: from the command line, after the file.
 */
int workload_read(struct workload *w, const char *path, char *why);
int workload_set(struct workload *w, const char *line, char *why);
/*
 * After all lines: a trace gives the loads `trace` their batches, and adds a client for each vGPU
 * and engine that has none. Its times count from its earliest line.
 */
int workload_read_trace(struct workload *w, const char *path, char *why);
/*
 * After the last line: what only the whole can tell, such as reservations over 100 %. Places vGPUs
 * on accelerators, and gives each load its seed.
 */
int workload_check(struct workload *w, char *why);

/* For readers: name it "a" after "b/a.workload". */
void workload_name_after(struct workload *w, const char *path);
/* For readers: a new client, of default settings and without a name; NULL with a line in @why. */
struct workload_client *workload_add_client(struct workload *w, char *why);

/* The slice in force, with the default for the number of vGPUs on an accelerator. */
u64 workload_timeslice_ns(const struct workload *w, u32 accelerator);

#endif /* TESSERA_WORKLOAD_H */
