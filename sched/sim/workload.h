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
#define WORKLOAD_MAX_CHANGES	65536
#define WORKLOAD_MAX_DEPTH	64
#define WORKLOAD_MAX_ACCELERATORS 1024
#define WORKLOAD_NAME		40
#define WORKLOAD_WHY		200	/* room for what is wrong */
#define WORKLOAD_ANY		UINT32_MAX	/* accelerator: in turn */

enum workload_engine { WORKLOAD_COMPUTE, WORKLOAD_COPY, WORKLOAD_NUM_ENGINES };

/* How much a vGPU's latency matters. */
enum workload_latency { WORKLOAD_NORMAL, WORKLOAD_LOW, WORKLOAD_NUM_LATENCIES };

extern const char *const workload_engine_names[WORKLOAD_NUM_ENGINES];
extern const char *const workload_latency_names[WORKLOAD_NUM_LATENCIES];

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
 * @latency: its class
 * @start_ns: when the vGPU is started, from the beginning of the run
 * @stop_ns: when it is stopped for good; 0: never
 * @on_ns: while it is started, it runs for so long, ...
 * @off_ns: ... and is stopped for so long, and again; 0: it just runs
 * @deadline_ns: from the arrival of a job (pipeline: of a request) until it should be done; 0: any
 *               time will do
 * @copy_in_ns: pipeline: engine time of the copy before @source's @length_ns; 0: none
 * @copy_back_ns: pipeline: of the copy after it; 0: none
 * @depth: pipeline: requests in flight
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
	enum workload_latency latency;
	u64 start_ns, stop_ns;
	u64 on_ns, off_ns;
	u64 deadline_ns;
	u64 copy_in_ns, copy_back_ns;
	u32 depth;
	struct sim_source source;
};

/* Whether the vGPU runs all the time. */
static inline bool workload_stays(const struct workload_client *c)
{
	return !c->start_ns && !c->stop_ns && !c->off_ns;
}

enum workload_setting {
	WORKLOAD_POLICY,
	WORKLOAD_TIMESLICE,
	WORKLOAD_AVERAGING,
	WORKLOAD_WEIGHT,
	WORKLOAD_RESERVATION,
	WORKLOAD_LIMIT,
	WORKLOAD_ELASTIC_CAP,
	WORKLOAD_SLICE_REQUEST,
	WORKLOAD_LATENCY,
};

/**
 * struct workload_change - a setting that is written in mid-run
 * @at_ns: when, from the beginning of the run
 * @every_ns: again every so often; 0: once
 * @what: which
 * @policy: of WORKLOAD_POLICY
 * @value: of all others, in the units of struct workload and struct workload_client
 * @name: whose it is, from WORKLOAD_WEIGHT on
 * @vgpu: its number; workload_check() tells
 * @accelerator: where that is; likewise
 */
struct workload_change {
	u64 at_ns, every_ns;
	enum workload_setting what;
	const struct tessera_sched_policy *policy;
	u64 value;
	char name[WORKLOAD_NAME];
	u32 vgpu;
	u32 accelerator;
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
 * @changes: settings written in mid-run
 * @num_changes: how many
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
	struct workload_change *changes;
	u32 num_changes;
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

/* For readers: say what is wrong; -1. */
int __attribute__((format(printf, 2, 3))) workload_wrong(char *why, const char *format, ...);
/* For readers: name it "a" after "b/a.workload". */
void workload_name_after(struct workload *w, const char *path);
/* For readers: 0 and what a name stands for, or -1 and a line in @why. */
int workload_one_of(const char *key, const char *text, const char *const *names, u32 num,
		    u32 *which, char *why);
int workload_type(const char *text, u32 *fixed_share_inv, char *why);
/* For readers: a new client, of default settings and without a name; NULL with a line in @why. */
struct workload_client *workload_add_client(struct workload *w, char *why);

/* The slice in force, with the default for the number of vGPUs on an accelerator. */
u64 workload_timeslice_ns(const struct workload *w, u32 accelerator);

#endif /* TESSERA_WORKLOAD_H */
