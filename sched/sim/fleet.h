/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fleet.h - vGPUs that arrive, are placed on one of many accelerators, and leave
 *
 * Between two changes on an accelerator each of its vGPUs has engine time at the rate that the
 * scheduling policy owes it: nothing is simulated below that. What fits on an accelerator is
 * decided by the mediator's own source, kmod/accel/pool.c. Documentation/fleet.rst describes
 * the model, the input and the output.
 */
#ifndef TESSERA_FLEET_H
#define TESSERA_FLEET_H

#include <stdio.h>

#include "accel/pool.h"
#include "accel/sizes.h"
#include "tessera_sched.h"
#include "tessera_sched_heap.h"

#define FLEET_MAX_ACCELERATORS	65536u
#define FLEET_MAX_VGPUS		1000000u	/* arrivals */
#define FLEET_MAX_MS		(1ull << 40)	/* 34 years: no product below exceeds 64 bits */
#define FLEET_WHY		200		/* room for what is wrong */
#define FLEET_MAX_ON_ONE	(1u << (TESSERA_NUM_TYPES - 1))

/* What vGPUs have parts of; each is a pool. */
enum fleet_resource { FLEET_VRAM, FLEET_SLOTS, FLEET_CONTEXTS, FLEET_NUM_RESOURCES };

enum fleet_placement {
	FLEET_FIRST_FIT,	/* the first accelerator that can take it */
	FLEET_BEST_FIT,		/* of these, the one with the least VRAM left */
	FLEET_SPREAD,		/* the one with the fewest vGPUs */
	FLEET_BY_SHARE,		/* the one with the least share promised */
	FLEET_NUM_PLACEMENTS
};

/* Why a vGPU was not placed. */
enum fleet_refusal {
	FLEET_FULL,		/* the fleet has less left than it takes */
	FLEET_FRAGMENTED,	/* it has that much, but no accelerator has it in one piece */
	FLEET_RESERVED,		/* some have, but too much of their engine time is reserved */
	FLEET_NUM_REFUSALS
};

extern const char *const fleet_placement_names[FLEET_NUM_PLACEMENTS];
extern const char *const fleet_refusal_names[FLEET_NUM_REFUSALS];

/**
 * struct fleet_arrival - a vGPU as it is asked for
 * @time_ms: when; in the list, never before the one before
 * @duration_ms: how long it stays, at least 1
 * @load_ppm: part of an engine that it uses when nothing holds it back
 * @share_ppm: part that it is promised: declared, or its type's
 * @reservation_ppm: the same if it was declared, otherwise 0
 * @weight: TESSERA_SCHED_WEIGHT_*
 * @type: 0: V1, 1: V2, 2: V4, ...
 */
struct fleet_arrival {
	u64 time_ms, duration_ms;
	u32 load_ppm, share_ppm, reservation_ppm;
	u32 weight;
	u32 type;
};

/* Read from a file, or generated; fleet_input.c. */
struct fleet_arrivals {
	struct fleet_arrival *list;
	u32 num;
};

/*
 * Read a CSV, or make one up as @text says and write it. 0, or -1 with a line in @why (room:
 * FLEET_WHY) that says what is wrong, and in which line of the file. A @path of "-" is the standard
 * input. After fleet_read() fleet_arrivals_free() is needed, whatever came of it.
 */
int fleet_read(struct fleet_arrivals *a, const char *path, char *why);
int fleet_generate(const char *text, FILE *to, char *why);
void fleet_arrivals_free(struct fleet_arrivals *a);

/**
 * struct fleet_config - what is the same under every placement
 * @num_accelerators: in the fleet
 * @policy: of every accelerator: one of fleet_knows_policy()
 * @timeslice_ns: 0: the default for the number of vGPUs
 * @switch_ns: cost of a world switch
 * @tolerance_percent: how much less than promised still is no miss
 * @begin_ms: utilisation and fragmentation are measured from here
 * @end_ms: to here; 0: until the last one that arrived would leave
 */
struct fleet_config {
	u32 num_accelerators;
	const struct tessera_sched_policy *policy;
	u64 timeslice_ns, switch_ns;
	u32 tolerance_percent;
	u64 begin_ms, end_ms;
};

/**
 * struct fleet_vgpu - what became of an arrival
 * @asked: the arrival
 * @accelerator: where it was placed, or -1
 * @refusal: if it was not
 * @first: of each resource, the first unit of its part
 * @rate_ppm: part of the engine that it has now
 * @got: engine time that it had until the accelerator's last change, in ppm * ms
 * @node: in the queue of those that will leave
 */
struct fleet_vgpu {
	const struct fleet_arrival *asked;
	s32 accelerator;
	enum fleet_refusal refusal;
	u32 first[FLEET_NUM_RESOURCES];
	u32 rate_ppm;
	u64 got;
	struct tessera_sched_heap_node node;
};

/**
 * struct fleet_accelerator - one of the fleet
 * @fits: how many vGPUs of each type it could still take, as far as parts go
 * @num: vGPUs on it
 * @reserved_ppm: sum of their reservations
 * @promised_ppm: sum of their shares
 * @rate_ppm: sum of their rates
 * @pools: what is left
 * @vgpus: those on it, @num of them
 * @since_ms: of the last change
 * @used: integral over time, in ppm * ms, of the rate
 * @in_use_ms: time with a vGPU on it
 * @free: integral over time of the units of VRAM left
 * @unusable: of those, in pieces too small for a type
 */
struct fleet_accelerator {
	u32 fits[TESSERA_NUM_TYPES];
	u32 num;
	u32 reserved_ppm, promised_ppm, rate_ppm;
	struct tessera_pool pools[FLEET_NUM_RESOURCES];
	struct fleet_vgpu *vgpus[FLEET_MAX_ON_ONE];
	u64 since_ms;
	u64 used, in_use_ms, free, unusable[TESSERA_NUM_TYPES];
};

/**
 * struct fleet - a run
 * @config: as it was given, with the end of the measurement
 * @placement: of this run
 * @arrivals: all
 * @vgpus: what became of each of them
 * @next: the next arrival
 * @accelerators: the fleet
 * @leaving: vGPUs by the time at which they will leave
 * @now_ms: the time
 * @in_use: accelerators with a vGPU on them
 * @in_use_max: the most there were
 * @free: units of VRAM left on all of them
 */
struct fleet {
	struct fleet_config config;
	enum fleet_placement placement;
	const struct fleet_arrivals *arrivals;
	struct fleet_vgpu *vgpus;
	u32 next;
	struct fleet_accelerator *accelerators;
	struct tessera_sched_heap leaving;
	u64 now_ms;
	u32 in_use, in_use_max;
	u32 free;
};

/* When a measurement ends. */
u64 fleet_end_ms(const struct fleet_config *config, const struct fleet_arrivals *arrivals);

/* fleet_run.c: make a run, take it from change to change, free it. */
void fleet_init(struct fleet *f, const struct fleet_config *config, enum fleet_placement placement,
		const struct fleet_arrivals *arrivals);
bool fleet_step(struct fleet *f);	/* an arrival or a departure; false: there is no more */
void fleet_finish(struct fleet *f);	/* after the last step: integrals are those of the window */
void fleet_free(struct fleet *f);

/* VRAM that a type takes, in units. */
static inline u32 fleet_type_units(u32 type)
{
	return TESSERA_VRAM_UNITS >> type;
}

/* Engine time that a vGPU was promised, in ppm * ms: its share, but no more than its load. */
u64 fleet_promised(const struct fleet_vgpu *v);
/* How much less it had, likewise. */
u64 fleet_lacks(const struct fleet_vgpu *v);
/* Whether that is more than the tolerance. */
bool fleet_missed(const struct fleet *f, const struct fleet_vgpu *v);

/* ------------------------------------------- fleet_share.c: what a policy owes to each -- */

bool fleet_knows_policy(const struct tessera_sched_policy *policy);

/**
 * struct fleet_claim - a vGPU on an accelerator, to the policy; in ppm of an engine
 * @demand_ppm: its load
 * @floor_ppm: its reservation
 * @type_ppm: its type's share
 * @weight: TESSERA_SCHED_WEIGHT_*
 */
struct fleet_claim {
	u32 demand_ppm, floor_ppm, type_ppm;
	u32 weight;
};

/**
 * fleet_share() - tell the rates at which vGPUs on one accelerator have engine time
 * @config: the policy, the slice and the cost of a switch
 * @claims: the vGPUs
 * @num: how many, at most FLEET_MAX_ON_ONE
 * @rates_ppm: the rates; together at most TESSERA_SCHED_PPM
 */
void fleet_share(const struct fleet_config *config, const struct fleet_claim *claims, u32 num,
		 u32 *rates_ppm);

#endif /* TESSERA_FLEET_H */
