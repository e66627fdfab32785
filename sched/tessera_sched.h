/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tessera_sched.h - who has the engine next, and for how long
 *
 * The scheduler of one engine, as pure C: no kernel call, no allocation, no lock, no
 * clock of its own (time is always passed in). The mediator's dispatcher
 * drives it in the kernel; tests and the simulator drive the same objects in user
 * space. A caller keeps one lock for each engine and holds it around every call.
 *
 * The caller's side of the protocol, for each engine:
 *
 *	pick()		at the end of a slice, or when another call returns
 *			true: the decision names the next vGPU (or none) and its slice.
 *			The caller then has the hardware switch runlists; until it has, the
 *			previous vGPU goes on running and being charged. Where it names the
 *			current vGPU again, its slice is renewed (or goes on) as pick()
 *			returns: nothing need be switched, and switched() does no harm.
 *	charge()	with the engine time that the current vGPU has used since the last charge,
 *			from the hardware's counters, at every event, before the call that
 *			the event leads to.
 *	switched()	when the hardware has switched: the picked slice begins, the
 *			previous one ends and its overshoot becomes known.
 *
 * A pick() that is not followed by switched() is replaced by the next pick(). While the hardware
 * switches replace() may do so for one that is urgent; if the hardware has switched to the first
 * one before it heard of the second, that is switched_to().
 *
 * Under a policy that lends (fixed_share), a turn whose owner has no work may be lent to a
 * vGPU with an elastic cap. Then the decision names the borrower, and current_entity is
 * the borrower while its runlist is in force: all that a caller sees is more decisions and
 * switches than there are turns. What was lent is taken back as any slice is ended: a call
 * returns true, or the time in the decision is over; then pick(), and a switch.
 */
#ifndef TESSERA_SCHED_H
#define TESSERA_SCHED_H

#ifdef __KERNEL__
#include <linux/stddef.h>
#include <linux/types.h>
#include <linux/errno.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef int32_t s32;
typedef uint64_t u64;
typedef int64_t s64;
#endif

#define TESSERA_SCHED_SLICE_MIN_NS	1000000ull	/* 1 ms */
#define TESSERA_SCHED_SLICE_MAX_NS	30000000ull	/* 30 ms */
#define TESSERA_SCHED_SLICE_FEW_NS	2000000ull	/* default for up to 8 vGPUs */
#define TESSERA_SCHED_SLICE_MANY_NS	1000000ull	/* default above */
#define TESSERA_SCHED_FEW_VGPUS		8
#define TESSERA_SCHED_AVERAGING_MIN	1
#define TESSERA_SCHED_AVERAGING_MAX	60
#define TESSERA_SCHED_AVERAGING_DEFAULT	33
#define TESSERA_SCHED_WEIGHT_MIN	1
#define TESSERA_SCHED_WEIGHT_MAX	10000
#define TESSERA_SCHED_WEIGHT_DEFAULT	100
#define TESSERA_SCHED_PPM		1000000u	/* the whole engine */

struct tessera_sched;
struct tessera_sched_entity;

/* private to sched/: a node and the root of a priority queue, see tessera_sched_heap.h */
struct tessera_sched_heap_node {
	struct tessera_sched_heap_node *child, *next, *prev;
	u64 key;
	u64 seq;
};

struct tessera_sched_heap {
	struct tessera_sched_heap_node *root;
	u64 seq;
};

/**
 * struct tessera_sched_decision - what pick() decided
 * @entity: whose runlist is to be in force; NULL: an empty one
 * @slice_ns: how long from switched() on; 0: until something changes (no timer needed)
 */
struct tessera_sched_decision {
	struct tessera_sched_entity *entity;
	u64 slice_ns;
};

/**
 * struct tessera_sched_config - settings of a scheduler, may change while it runs
 * @timeslice_ns: TESSERA_SCHED_SLICE_MIN_NS .. _MAX_NS, or 0 for the default, which
 *                depends on the number of vGPUs
 * @averaging: into how many slices a debt is spread
 */
struct tessera_sched_config {
	u64 timeslice_ns;
	u32 averaging;
};

/**
 * struct tessera_sched_entity - a vGPU on one engine
 *
 * Embedded in the caller's own structure. The first part is the caller's to read.
 *
 * @name: for traces; the caller's storage
 * @weight: share among those that compete (best_effort)
 * @fixed_share_inv: the type's largest number of instances: fixed_share owes 1/this
 * @running: between start() and stop()
 * @has_work: between wake() and sleep()
 * @used_ns: engine time charged, ever
 * @debt_ns: overshoot not paid back yet
 * @overshoot_ns: overshoot, ever
 * @slices: slices begun, ever
 * @reservation_ppm: least share while it has work, in work-conserving policies; 0: none
 * @limit_ppm: greatest share, in work-conserving policies; 0: none
 * @slice_request_ns: slice it asks for under deadline; 0: the common one
 * @elastic_cap_ppm: share up to which it may use what others leave, its own included, under
 *                   a policy that lends; 0: it may not
 * @low_latency: one that wakes within its budget has the engine at once, in work-conserving
 *               policies
 * @switch_ns: time that switching to it took, ever, by the hardware's counter
 * @kept_ns: time for which the engine was kept for it without work, ever
 * @throttled: has work and has reached its limit
 */
struct tessera_sched_entity {
	const char *name;
	u32 weight;
	u32 fixed_share_inv;
	bool running;
	bool has_work;
	u64 used_ns;
	u64 debt_ns;
	u64 overshoot_ns;
	u64 slices;
	u32 reservation_ppm;
	u32 limit_ppm;
	u64 slice_request_ns;
	u32 elastic_cap_ppm;
	bool low_latency;
	u64 switch_ns;
	u64 kept_ns;
	bool throttled;

	/* private: to sched/ */
	u64 vtime;			/* position in the policy's own virtual time */
	u32 vtime_rem;			/* what the last division left */
	u64 slice_granted_ns;		/* 0: until someone else competes */
	u64 slice_used_ns;
	struct tessera_sched_entity *member_next, *member_prev;
	struct tessera_sched_heap_node node;
	bool added;
	bool queued;
	bool reserved;			/* in the heap of those with a reservation */
	u8 chosen_by;			/* why it has its slice: enum tessera_sched_reason */
	bool fresh;			/* has not had the engine since it woke */
	bool urgent;			/* in the heap of those that are to run at once */
	bool expected;			/* holds the engine without work, which is to come soon */
	bool joined;			/* a policy with join() has given it a position */
	u64 priv[2];			/* the policy's own */
	u64 reserve_tag_ns;		/* until when its reservation is fulfilled */
	u64 limit_tag_ns;		/* until when its limit is used up */
	u64 released_ns;		/* when its limit let it go on; 0: it has run since */
	u64 limit_wait_ns;		/* how long it had to wait then */
	u64 latency_tag_ns;		/* until when its budget for low latency is used up */
	u64 woken_ns;			/* when it had work last */
	u64 slept_ns;			/* when its work ran out last */
	u64 woken_used_ns;		/* used_ns then */
	u64 turn_used_ns;		/* used_ns when its runlist came into force last */
	u32 job_ns;			/* how long its work lasts, in the mean */
	u32 think_ns;			/* how long it is without, rather longer than the mean */
	u8 expect_skip;			/* so many times it is not expected back */
	u8 expect_backoff;		/* ... nor after the next time in vain */
	u64 parked_ns;			/* the scheduler's, when it had work last */
	u64 elastic_tag_ns;		/* until when its elastic cap is used up */
	u64 elastic_vtime;		/* virtual time of what it has borrowed */
	bool may_borrow;		/* in a heap of those that do */
	bool capped;			/* in the one of those that wait for elastic_tag_ns */
	struct tessera_sched_heap_node qos_node;	/* by one of the tags: it is in one heap */
	struct tessera_sched_heap_node urgent_node;
};

struct tessera_sched_policy_ops;

/**
 * struct tessera_sched_policy - a policy: one file in sched/
 * @name: as sysfs shows it
 * @work_conserving: a slice without work goes to the next at once
 * @proportional: busy entities converge to shares in proportion to their weights, as the policy
 *                sees these: tests rely on it
 * @slice_requests: it honours @slice_request_ns
 * @wake_first: one that wakes is next, if it has had no more than its share
 * @lends: turns without work are lent to those with an elastic cap; only for a policy that is
 *         not work-conserving
 * @own_positions: it gives those that begin to compete a position in virtual time itself
 * @ops: its callbacks
 *
 * The callbacks are defined by sched/tessera_sched_internal.h.
 */
struct tessera_sched_policy {
	const char *name;
	bool work_conserving;
	bool proportional;
	bool slice_requests;
	bool wake_first;
	bool lends;
	bool own_positions;
	const struct tessera_sched_policy_ops *ops;
};

/* NULL-terminated, the default first. */
extern const struct tessera_sched_policy *const tessera_sched_policies[];

const struct tessera_sched_policy *tessera_sched_policy_find(const char *name);

/**
 * struct tessera_sched - the scheduler of one engine
 * @policy: in force
 * @config: in force
 * @current_entity: whose runlist is in force: the owner of the slice that runs, or who
 *                  has borrowed it; NULL: nobody's
 * @num_entities: added
 * @num_running: of those, running
 * @num_with_work: of those running, with work
 * @switch_cost_ns: what a switch costs, in the mean of the last few, by the hardware's counter
 */
struct tessera_sched {
	const struct tessera_sched_policy *policy;
	struct tessera_sched_config config;
	struct tessera_sched_entity *current_entity;
	u32 num_entities;
	u32 num_running;
	u32 num_with_work;
	u64 switch_cost_ns;

	/* private: to sched/ */
	struct tessera_sched_entity *members;	/* all that were added */
	struct tessera_sched_heap heap;		/* those that compete, but the holder, by vtime */
	struct tessera_sched_entity idle;	/* stands for time owed to nobody (fixed_share) */
	struct tessera_sched_entity *holder;	/* whose slice runs, or &idle; NULL: parked */
	struct tessera_sched_entity *next;	/* picked, not switched to yet */
	struct tessera_sched_entity *borrower;	/* who has the holder's turn on loan */
	struct tessera_sched_entity *next_borrower;	/* who is to have next's */
	u64 loan_end_ns;
	u64 loss_tag_ns;		/* until when what loans may cost all is used up */
	u64 parked_since_ns;		/* nobody has had work, under a policy that keeps turns */
	u64 parked_ns;			/* such time until then, ever */
	struct tessera_sched_entity *prompt;	/* whose work has ended it, and who is next */
	u64 next_slice_ns;
	bool next_valid;
	u64 slice_start_ns;
	u64 accounted_ns;	/* until when time was accounted for */
	u64 provisional_ns;	/* charged by the clock, no counter seen yet */
	u64 vclock;		/* no one who competes is behind this */
	u64 vclock_rebased;
	u64 weight_sum;		/* of those running */
	u32 idle_weight;
	u64 reservation_sum_ppm;	/* of all that were added */
	u32 num_throttled;
	u64 switching_ns;		/* what the next switch has cost */
	bool switch_paid;		/* ... and that has been charged already */
	u64 expect_until_ns;		/* for how long the holder is expected to have work again */
	u64 vain_tag_ns;		/* until when expecting in vain is used up */
	struct tessera_sched_heap urgent;	/* queued, to run at once, by when they woke */
	struct tessera_sched_heap reserved;	/* queued, with a reservation, by its tag */
	struct tessera_sched_heap throttled;	/* by the time when they may go on */
	struct tessera_sched_heap borrowers;	/* have work and an elastic cap, by elastic_vtime */
	struct tessera_sched_heap capped;	/* those whose cap is used up, by its tag */
	u64 elastic_vclock;
	u64 priv[6];			/* the policy's own */
};

/* Set-up. No other call may be running. */
void tessera_sched_init(struct tessera_sched *s, const struct tessera_sched_policy *policy);
void tessera_sched_entity_init(struct tessera_sched_entity *e, const char *name,
			       u32 fixed_share_inv);
void tessera_sched_add(struct tessera_sched *s, struct tessera_sched_entity *e, u64 now_ns);

/*
 * After remove() nothing in the scheduler points to the entity. These, and the four
 * below, return true when the caller should pick() now.
 */
bool tessera_sched_remove(struct tessera_sched *s, struct tessera_sched_entity *e, u64 now_ns);
bool tessera_sched_start(struct tessera_sched *s, struct tessera_sched_entity *e, u64 now_ns);
bool tessera_sched_stop(struct tessera_sched *s, struct tessera_sched_entity *e, u64 now_ns);
bool tessera_sched_wake(struct tessera_sched *s, struct tessera_sched_entity *e, u64 now_ns);
bool tessera_sched_sleep(struct tessera_sched *s, struct tessera_sched_entity *e, u64 now_ns);

/* The engine's current vGPU has used @ns of engine time since the last charge. */
void tessera_sched_charge(struct tessera_sched *s, u64 ns, u64 now_ns);
/* The switch that is being made has cost @ns, by the hardware's counter; before switched(). */
void tessera_sched_charge_switch(struct tessera_sched *s, u64 ns);
void tessera_sched_pick(struct tessera_sched *s, u64 now_ns, struct tessera_sched_decision *d);
void tessera_sched_switched(struct tessera_sched *s, u64 now_ns);

/* For one that is urgent, in place of another that was picked: false, if there is none. */
bool tessera_sched_replace(struct tessera_sched *s, u64 now_ns, struct tessera_sched_decision *d);
/* The hardware has switched to @e, which was replaced; who replaced it is still to come. */
void tessera_sched_switched_to(struct tessera_sched *s, struct tessera_sched_entity *e, u64 now_ns);

/* Settings, at any time; -EINVAL out of range. True in *resched: the caller should pick() now. */
int tessera_sched_set_policy(struct tessera_sched *s, const struct tessera_sched_policy *policy,
			     u64 now_ns, bool *resched);
int tessera_sched_set_config(struct tessera_sched *s, const struct tessera_sched_config *config);
int tessera_sched_set_weight(struct tessera_sched *s, struct tessera_sched_entity *e, u32 weight);
int tessera_sched_set_qos(struct tessera_sched *s, struct tessera_sched_entity *e,
			  u32 reservation_ppm, u32 limit_ppm, u64 now_ns, bool *resched);
int tessera_sched_set_slice_request(struct tessera_sched *s, struct tessera_sched_entity *e,
				    u64 slice_ns);
int tessera_sched_set_low_latency(struct tessera_sched *s, struct tessera_sched_entity *e, bool low,
				  u64 now_ns);
int tessera_sched_set_elastic_cap(struct tessera_sched *s, struct tessera_sched_entity *e,
				  u32 cap_ppm, u64 now_ns, bool *resched);

/**
 * tessera_sched_timeslice_ns() - return the slice in force
 * @s: the scheduler
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: the configured slice, or the default for the number of running vGPUs, in ns.
 */
static inline u64 tessera_sched_timeslice_ns(const struct tessera_sched *s)
{
	if (s->config.timeslice_ns)
		return s->config.timeslice_ns;
	return s->num_running <= TESSERA_SCHED_FEW_VGPUS ? TESSERA_SCHED_SLICE_FEW_NS :
							   TESSERA_SCHED_SLICE_MANY_NS;
}

/* Share of engine time that @e is owed now if all running vGPUs are busy, in parts per million. */
u32 tessera_sched_due_ppm(const struct tessera_sched *s, const struct tessera_sched_entity *e);

#endif /* TESSERA_SCHED_H */
