/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tessera_runlist.h - turns the scheduler's decisions for one engine into runlists
 *
 * Pure C, as the scheduler: no lock, no clock, no allocation of its own. The mediator's dispatcher
 * drives it in the kernel, the simulator and the tests in user space. A caller keeps one lock for
 * each engine and holds it around every call; what it hands over is what hardware reports, and
 * what is to be done comes back through struct tessera_runlist_ops.
 */
#ifndef TESSERA_RUNLIST_H
#define TESSERA_RUNLIST_H

#include "tessera_sched.h"

struct tessera_runlist;

/**
 * struct tessera_runlist_entity - a vGPU on one engine
 * @sched: what the scheduler knows of it
 * @busy_ns: engine time it has used, by the hardware's counter
 * @resets: engine resets it was guilty of
 */
struct tessera_runlist_entity {
	struct tessera_sched_entity sched;
	u64 busy_ns;
	u64 resets;
};

enum tessera_runlist_event_type {
	TESSERA_RUNLIST_SWITCHED,	/* the runlist of @token is in force */
	TESSERA_RUNLIST_IDLE,		/* nothing on the runlist of @token has work */
	TESSERA_RUNLIST_PENDING,	/* a context of @entity has work */
	TESSERA_RUNLIST_RESET_DONE,	/* an engine reset is over; @entity lost its work */
};

/**
 * struct tessera_runlist_event - something that the hardware reports about the engine
 * @type: what
 * @entity: whom it is about, or NULL
 * @token: of the runlist in force when it happened
 * @ctx: context that has work
 * @time_ns: device time at which it happened
 * @busy_ns: the engine's busy counter at that time
 * @switch_ns: the engine's switch counter at that time
 */
struct tessera_runlist_event {
	enum tessera_runlist_event_type type;
	struct tessera_runlist_entity *entity;
	u16 token;
	u32 ctx;
	u64 time_ns;
	u64 busy_ns;
	u64 switch_ns;
};

enum tessera_runlist_note_type {
	TESSERA_RUNLIST_NOTE_ENQUEUE,	/* @entity has work: @ctx, @busy_ns */
	TESSERA_RUNLIST_NOTE_PICK,	/* the scheduler's decision: @value is the slice in ns */
	TESSERA_RUNLIST_NOTE_PREEMPT,	/* @entity is to leave: @token, @strict */
	TESSERA_RUNLIST_NOTE_OVERSHOOT,	/* @entity, on its way out, used @value ns past its slice */
	TESSERA_RUNLIST_NOTE_SWITCH,	/* @entity is in force after @from: @token, both counters */
	TESSERA_RUNLIST_NOTE_IDLE,	/* @entity has no work: @token, @busy_ns */
	TESSERA_RUNLIST_NOTE_RESET,	/* @entity did not leave: engine reset, after @value */
	TESSERA_RUNLIST_NOTE_DOWN,	/* the device is reset, after @value engine resets */
	TESSERA_RUNLIST_NOTE_RESET_DONE,	/* @entity lost its work to an engine reset */
	TESSERA_RUNLIST_NOTE_START,	/* @entity competes from now on */
	TESSERA_RUNLIST_NOTE_STOP,	/* @entity does not compete any more */
};

/**
 * struct tessera_runlist_note - what has been done, for traces and logs; the time is now_ns
 * @type: what
 * @entity: whom it is about, or NULL
 * @from: who had the engine before
 * @token: of the runlist that the note is about
 * @ctx: context that has work
 * @strict: preemption is inside a batch
 * @value: see enum tessera_runlist_note_type
 * @busy_ns: the engine's busy counter, made to run on over device resets
 * @switch_ns: the engine's switch counter, likewise
 */
struct tessera_runlist_note {
	enum tessera_runlist_note_type type;
	struct tessera_runlist_entity *entity;
	struct tessera_runlist_entity *from;
	u16 token;
	u32 ctx;
	bool strict;
	u64 value;
	u64 busy_ns;
	u64 switch_ns;
};

#define TESSERA_RUNLIST_NO_TIMEOUT	(~0ull)

/**
 * struct tessera_runlist_ops - what is to be done, and asked
 * @submit: have the hardware switch to an entity's runlist, or to an empty one (NULL). What comes
 *          of it is reported by an event, never from within the call. The same token may come
 *          twice, for another preemption mode
 * @arm_slice: call tessera_runlist_timer() @ns after @rl->now_ns; 0: no timer is wanted
 * @arm_timeout: call it @ns from this moment; TESSERA_RUNLIST_NO_TIMEOUT: no timer is wanted
 * @engine_reset: abort what runs on the engine; the runlist that waits then comes into force
 * @engine_switching: a submitted runlist is not in force yet
 * @device_dead: the engine can't be brought back: have the device reset
 * @counters: read the engine's busy counter, and the device's time
 * @note: tell what has been done; optional
 */
struct tessera_runlist_ops {
	void (*submit)(struct tessera_runlist *rl, struct tessera_runlist_entity *entity, u16 token,
		       bool strict);
	void (*arm_slice)(struct tessera_runlist *rl, u64 ns);
	void (*arm_timeout)(struct tessera_runlist *rl, u64 ns);
	void (*engine_reset)(struct tessera_runlist *rl);
	bool (*engine_switching)(struct tessera_runlist *rl);
	void (*device_dead)(struct tessera_runlist *rl);
	void (*counters)(struct tessera_runlist *rl, u64 *busy_ns, u64 *time_ns);
	void (*note)(struct tessera_runlist *rl, const struct tessera_runlist_note *note);
};

/**
 * struct tessera_runlist - the runlists of one engine
 * @ops: the hardware
 * @sched: the scheduler
 * @strict: preempt inside a batch; the caller's to set
 * @no_reset: the engine can't be reset, only waited for; the caller's to set
 * @preempt_timeout_ns: how long the engine may take to switch; 0: as long as it likes; the caller's
 *                      to set
 * @down: the device is being reset, or gone
 * @now_ns: latest time seen: never goes back, not even over a device reset
 * @in_force: whose runlist the engine has; NULL: nobody's that is still there
 * @waiting: another was submitted and is not in force yet
 * @gone_busy_ns: engine time used by entities that have been removed
 * @switches: runlists that have come into force
 */
struct tessera_runlist {
	const struct tessera_runlist_ops *ops;
	struct tessera_sched sched;
	bool strict;
	bool no_reset;
	u64 preempt_timeout_ns;

	bool down;
	u64 now_ns;
	struct tessera_runlist_entity *in_force;
	bool waiting;
	u64 gone_busy_ns;
	u64 switches;

	/* private: */
	u64 time_base_ns;		/* to be added to the device's own time */
	u64 last_busy_ns;		/* counter up to which has been charged */
	u64 last_switch_ns;		/* the other counter, in the last event */
	u64 switched_ns;		/* ... and when a runlist came into force last */
	u64 busy_base_ns;		/* to be added to the counters in notes */
	u64 switch_base_ns;
	bool loaded;			/* the engine's runlist is not empty */
	u16 token;			/* of the last submit */
	u16 in_force_token;		/* of the runlist in force */
	bool repick;			/* pick again as soon as the one that waits is in force */
	struct tessera_runlist_entity *next;	/* whose runlist waits */
	bool next_void;			/* ... and it has stopped since */
	struct tessera_runlist_entity *replaced;	/* whose runlist waited before */
	bool has_replaced;		/* ... and may come into force, or be that already */
	u64 slice_ns;			/* of the last pick */
	u64 overshoot_ns;		/* in_force's when the next was submitted */
	unsigned int reset_tries;	/* engine resets without a switch */
	unsigned int event_tries;	/* waits for the event of one that was seen */
};

void tessera_runlist_init(struct tessera_runlist *rl, const struct tessera_runlist_ops *ops,
			  const struct tessera_sched_policy *policy);
void tessera_runlist_entity_init(struct tessera_runlist_entity *entity, const char *name,
				 u32 fixed_share_inv);

/* The counters are to be current: tessera_runlist_charge() comes before each of these. */
void tessera_runlist_add(struct tessera_runlist *rl, struct tessera_runlist_entity *entity);
void tessera_runlist_remove(struct tessera_runlist *rl, struct tessera_runlist_entity *entity);
void tessera_runlist_start(struct tessera_runlist *rl, struct tessera_runlist_entity *entity);
void tessera_runlist_stop(struct tessera_runlist *rl, struct tessera_runlist_entity *entity);
void tessera_runlist_wake(struct tessera_runlist *rl, struct tessera_runlist_entity *entity,
			  u32 ctx);
void tessera_runlist_pick(struct tessera_runlist *rl);

void tessera_runlist_charge(struct tessera_runlist *rl, u64 busy_ns, u64 device_ns);
void tessera_runlist_event(struct tessera_runlist *rl, const struct tessera_runlist_event *ev);
void tessera_runlist_timer(struct tessera_runlist *rl);
void tessera_runlist_resubmit(struct tessera_runlist *rl);
u64 tessera_runlist_timeout_ns(const struct tessera_runlist *rl);
u16 tessera_runlist_token(const struct tessera_runlist *rl);
u64 tessera_runlist_time_ns(const struct tessera_runlist *rl, u64 device_ns);
void tessera_runlist_down(struct tessera_runlist *rl);
void tessera_runlist_up(struct tessera_runlist *rl, u64 device_ns);

#endif /* TESSERA_RUNLIST_H */
