/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * workload.h - what several vGPUs do, read from a file: one form for the simulator and for
 * the players of the virtual bench
 *
 * Documentation/workloads.rst describes the file.
 */
#ifndef TESSERA_WORKLOAD_H
#define TESSERA_WORKLOAD_H

#include <stdio.h>

#include "sim_loads.h"

#define WORKLOAD_MAX_CLIENTS	16384
#define WORKLOAD_NAME		40

enum workload_engine { WORKLOAD_COMPUTE, WORKLOAD_COPY, WORKLOAD_NUM_ENGINES };

/**
 * struct workload_client - one vGPU's load on one engine
 * @name: the vGPU's; the same name on two engines is one vGPU
 * @accelerator: on which it is; players have one only
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
 * @preempt_timeout_ns: patience with a batch that does not end
 * @switch_ns: modelled cost of a world switch
 * @tile_ns: granularity of strict preemption
 * @warmup_ns: run before anything is measured
 * @measure_ns: measured after that, at least
 * @seed: of all random loads
 * @accelerators: how many
 * @clients: the loads
 * @num_clients: how many
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
};

/* The defaults, and no client. */
void workload_init(struct workload *w);
void workload_free(struct workload *w);

/*
 * Each returns 0, or -1 with a line in @why[200] that says what is wrong (and in which line of
 * the file). workload_set() takes one line of the file: from the command line, after
 * the file.
 */
int workload_read(struct workload *w, const char *path, char *why);
int workload_set(struct workload *w, const char *line, char *why);
/* A trace (sim_trace_read()) adds a client for each vGPU in it. */
int workload_read_trace(struct workload *w, const char *path, char *why);
/* After the last line: what only the whole can tell, such as reservations over 100 %. */
int workload_check(const struct workload *w, char *why);

#endif /* TESSERA_WORKLOAD_H */
