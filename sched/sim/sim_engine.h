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
 *        one when it is done (@after_ns: its end).
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
 * struct sim_engine - the model
 * @rl: the dispatcher; its preempt_timeout_ns is the user's to set
 * @preemption: where a batch can be stopped
 * @switch_ns: cost of switching to another runlist
 * @tile_ns: granularity of strict preemption
 * @reset_ns: cost of an engine reset
 * @timer_late_ns: a slice's timer is late by up to this
 * @job_done: called for each batch done, if set
 * @job_lost: called for each batch lost with its context, if set
 * @held: called when the runlist is taken away, if set: it was @c's (NULL: empty) from @since_ns
 *        until now, in which the engine was busy for @busy_ns
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
	void (*held)(struct sim_engine *m, struct sim_client *c, u64 since_ns, u64 busy_ns);
	void (*switched)(struct sim_engine *m, struct sim_client *c);
	void *data;

	/* private: the model's, to be read */
	u64 now_ns;
	u64 busy_total_ns, switch_total_ns;
	u64 idle_with_work_ns;	/* engine idle while someone has work */
	u64 decisions, switches;

	/* the engine */
	struct tessera_sched_heap arrivals;
	enum sim_phase phase;
	struct sim_client *on_engine;	/* whose runlist is in force */
	bool idle_reported;
	u64 engine_due_ns;		/* batch, tile, switch or reset ends */
	u64 counted_ns;			/* until when */
	u64 held_since_ns, held_busy_ns;	/* on_engine; and busy_total_ns then */
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
void sim_set_policy(struct sim_engine *m, const struct tessera_sched_policy *policy);
void sim_repick(struct sim_engine *m);		/* as if a call had returned true */

/* Process the next event; false if there is none until @until_ns, which is then the time. */
bool sim_step(struct sim_engine *m, u64 until_ns);
void sim_run(struct sim_engine *m, u64 until_ns);
/* No more will be run: call held() for who has the engine. */
void sim_end(struct sim_engine *m);

#endif /* TESSERA_SIM_ENGINE_H */
