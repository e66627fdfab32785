/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sim_engine.h - a discrete-event model of one engine and its dispatcher
 *
 * The engine does what Documentation/hardware.rst says of the T1's: it runs batches of the
 * client whose runlist is in force, is preempted at the end of a batch or of a tile, takes time
 * to switch, and reports each of these as an event. The dispatcher is the mediator's own state
 * machine, struct tessera_runlist. Only what software itself costs is not modelled.
 */
#ifndef TESSERA_SIM_ENGINE_H
#define TESSERA_SIM_ENGINE_H

#include "tessera_runlist.h"
#include "tessera_sched.h"
#include "tessera_sched_heap.h"

#define SIM_NEVER	UINT64_MAX
#define SIM_START_NS	1000ull		/* the time when a model is made */

enum sim_preemption { SIM_BATCH, SIM_STRICT };

struct sim_client;

/**
 * struct sim_job - a batch
 * @arrival_ns: when its doorbell rings
 * @length_ns: engine time it takes, at least 1; SIM_NEVER: it never ends, and nothing preempts it
 */
struct sim_job {
	u64 arrival_ns;
	u64 length_ns;
};

/**
 * struct sim_load - where a client's batches come from
 * @next: the batch after the last one given; false: no more. Called at a start (@after_ns: then),
 *        and in an open loop when the last batch arrives (@after_ns: its arrival), in a closed
 *        one when all are done (@after_ns: the last one's end).
 * @open: batches arrive whether or not the ones before are done
 */
struct sim_load {
	bool (*next)(struct sim_client *c, u64 after_ns, struct sim_job *job);
	bool open;
};

/**
 * struct sim_client - a vGPU and what it does
 *
 * @run: what the dispatcher knows of it
 * @load: where its batches come from
 * @load_data: for @load
 */
struct sim_client {
	struct tessera_runlist_entity run;
	const struct sim_load *load;
	void *load_data;

	/* private: the model's, to be read */
	bool running;
	u64 busy_ns;		/* engine time had */
	u64 jobs_done;
	u64 waiting_since_ns;	/* has had work and not the engine since; SIM_NEVER: not so */
	u64 wait_max_ns;

	struct sim_job next_job;	/* arrives when node is due */
	struct tessera_sched_heap_node node;
	bool node_queued;
	struct sim_job *jobs;		/* ring of those that have arrived */
	u32 jobs_first, jobs_num, jobs_room;
	u64 left_ns;			/* of the first one */
};

enum sim_phase { SIM_READY, SIM_SWITCHING, SIM_RESETTING };

/**
 * struct sim_slice - time in which one client's runlist was in force, or was being switched to
 * @client: whose; NULL: an empty one
 * @switching: it was not in force yet
 * @rest: sim_cut() has reported an earlier part of it
 * @cut: it goes on
 * @begin_ns: since when; until now
 * @busy_ns: of that, in work
 * @work_ns: of that, with work for anybody, or switching
 */
struct sim_slice {
	struct sim_client *client;
	bool switching;
	bool rest;
	bool cut;
	u64 begin_ns;
	u64 busy_ns;
	u64 work_ns;
};

/**
 * struct sim_engine - the model
 * @rl: the dispatcher; its preempt_timeout_ns is the user's to set
 * @preemption: where a batch can be stopped
 * @switch_ns: cost of switching to another runlist
 * @tile_ns: granularity of strict preemption
 * @reset_ns: cost of an engine reset
 * @timer_late_ns: a slice's timer is late by up to this
 * @job_done: called for each batch done, if set
 * @job_lost: called for each batch lost with its context, if set; its client does not run any
 *            more if that was stopped
 * @slice: called at the end of each slice and of each switch, if set: they follow one another
 * @switched: called when a runlist comes into force, if set (@c: NULL for an empty one)
 * @data: for these
 */
struct sim_engine {
	struct tessera_runlist rl;
	enum sim_preemption preemption;
	u64 switch_ns;
	u64 tile_ns;
	u64 reset_ns;
	u64 timer_late_ns;
	void (*job_done)(struct sim_engine *m, struct sim_client *c, const struct sim_job *job);
	void (*job_lost)(struct sim_engine *m, struct sim_client *c, const struct sim_job *job);
	void (*slice)(struct sim_engine *m, const struct sim_slice *slice);
	void (*switched)(struct sim_engine *m, struct sim_client *c);
	void *data;

	/* private: the model's, to be read */
	u64 now_ns;
	u64 busy_total_ns, switch_total_ns;
	u64 work_total_ns;	/* someone has work, or a switch is under way */
	u64 idle_with_work_ns;	/* engine idle while someone has work */
	u64 decisions, switches;

	/* the engine */
	struct tessera_sched_heap arrivals;
	enum sim_phase phase;
	struct sim_client *on_engine;	/* whose runlist is in force */
	bool idle_reported;
	u64 engine_due_ns;		/* batch, tile, switch or reset ends */
	u64 counted_ns;			/* until when */
	u64 slice_begin_ns, slice_busy_ns, slice_work_ns;	/* and the totals then */
	bool slice_rest;
	u64 num_with_work;

	/* what the dispatcher has asked for */
	struct sim_client *target;	/* submitted */
	u64 timer_due_ns;
	u64 random;
};

/* A fast generator, the same numbers on every machine (splitmix64). */
static inline u64 sim_random(u64 *state)
{
	u64 z = (*state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static inline u64 sim_random_below(u64 *state, u64 bound)
{
	return bound ? sim_random(state) % bound : 0;
}

void sim_init(struct sim_engine *m, const struct tessera_sched_policy *policy, u64 seed);
void sim_client_init(struct sim_engine *m, struct sim_client *c, const char *name,
		     u32 fixed_share_inv, const struct sim_load *load, void *load_data);
void sim_client_start(struct sim_engine *m, struct sim_client *c);
void sim_client_stop(struct sim_engine *m, struct sim_client *c);	/* its batches are lost */
void sim_client_exit(struct sim_engine *m, struct sim_client *c);
/* A batch from outside of its load: it arrives at @now_ns, to which no event may be late. */
void sim_client_submit(struct sim_engine *m, struct sim_client *c, const struct sim_job *job,
		       u64 now_ns);
void sim_charge(struct sim_engine *m);	/* accounts are current; then settings may be written */
void sim_set_policy(struct sim_engine *m, const struct tessera_sched_policy *policy);
void sim_repick(struct sim_engine *m);		/* as if a call had returned true */

/* When the next event is; SIM_NEVER: there is none. */
u64 sim_next_ns(const struct sim_engine *m);
/* Process the next event; false if there is none until @until_ns, which is then the time. */
bool sim_step(struct sim_engine *m, u64 until_ns);
void sim_run(struct sim_engine *m, u64 until_ns);
/* Call slice() with what there is of the slice or switch until @now_ns: no event may be late. */
void sim_cut(struct sim_engine *m, u64 now_ns);

#endif /* TESSERA_SIM_ENGINE_H */
