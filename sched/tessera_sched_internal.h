/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tessera_sched_internal.h - between the scheduler's core and its policies
 *
 * The core keeps entities, slices, debts and accounts and picks the entity whose virtual
 * time is lowest. A policy says who competes (struct tessera_sched_policy.work_conserving)
 * and how fast the virtual time of each one goes (weight).
 */
#ifndef TESSERA_SCHED_INTERNAL_H
#define TESSERA_SCHED_INTERNAL_H

#include "tessera_sched.h"
#include "tessera_sched_heap.h"

#ifdef __KERNEL__
#include <linux/math64.h>
#else
static inline u64 div_u64_rem(u64 dividend, u32 divisor, u32 *remainder)
{
	*remainder = dividend % divisor;
	return dividend / divisor;
}

static inline u64 div_u64(u64 dividend, u32 divisor)
{
	return dividend / divisor;
}
#endif

/* Overshoot beyond this is forgiven: no preemption timeout allows as much. */
#define TESSERA_SCHED_DEBT_MAX_NS	20000000000ull

/* A single charge beyond this (18 minutes) is a broken counter; products stay below 2^63. */
#define TESSERA_SCHED_CHARGE_MAX_NS	(1ull << 40)

/* What the idle entity may have been charged beyond its due: see tessera_sched_charge_idle(). */
#define TESSERA_SCHED_IDLE_LEAD_MAX_NS	100000000ll

/* A change of settings keeps a lead or a lag of up to this. */
#define TESSERA_SCHED_LEAD_MAX_NS	(2 * TESSERA_SCHED_DEBT_MAX_NS)

/* Waiting for the clock of a limit or a cap for less is not worth a timer. */
#define TESSERA_SCHED_WAIT_MIN_NS	50000ull

/**
 * struct tessera_sched_policy_ops - what a policy tells the core
 * @unit: the weight whose virtual time goes as fast as the clock
 * @weight: @e's share, relative to others', 1 to 2^24; called with any entity that was
 *          added, running or not
 * @idle_weight: share that is owed to nobody, as above; 0: none. Optional
 * @due_ppm: see tessera_sched_due_ppm(); called for running entities only
 * @queue: put @e, which competes, among those that wait. This and what follows is for a
 *         policy with an order of its own; by default those that wait are in the scheduler's
 *         heap by virtual time. A policy that has it has @clock as well
 * @unqueue: take it out again; by default from the heap
 * @any: tell whether anyone waits. By default, whether the heap is not empty
 * @pick_waiting: of those that wait, the one to run next; NULL: none. It may draw lots: it is
 *                asked once for each decision. By default the first of the heap
 * @urgent: of those that wait, the one that is to run even before one that has less than its
 *          reservation, unless that is late; NULL: none. Optional
 * @select: @h, which competes and whose slice is over, or one of those that wait (there
 *          is one). By default the one further behind
 * @join: @e begins to compete, or goes on to, and is to be given a position (not queued yet).
 *        By default its virtual time, and no less than the clock. @keep: it competed before, and
 *        keeps its position however far behind that is
 * @leave: @e, if it had joined, no longer competes
 * @advanced: @e, if it has joined, has gone forward by @virtual
 * @clock: the virtual time at which one without claims or debts would be; by default the
 *         lowest of those that compete
 * @start: @e runs from now on (e->running). Optional
 * @stop: @e no longer runs. Optional
 * @init: the policy is put in force: prepare s->priv. Each entity's priv is zero then, and nobody
 *        has joined, but some may run. Optional
 *
 * All are called with the caller's lock held, and do not sleep. From @queue to @init they may
 * change what is the policy's own: its heaps, priv, joined, and in join() the virtual time. What
 * weight() gives may change only by tessera_sched_set_weight() and _set_policy(), what
 * idle_weight() gives also by start and stop.
 */
struct tessera_sched_policy_ops {
	u32 unit;
	u32 (*weight)(const struct tessera_sched *s, const struct tessera_sched_entity *e);
	u32 (*idle_weight)(const struct tessera_sched *s);
	u32 (*due_ppm)(const struct tessera_sched *s, const struct tessera_sched_entity *e);

	void (*queue)(struct tessera_sched *s, struct tessera_sched_entity *e);
	void (*unqueue)(struct tessera_sched *s, struct tessera_sched_entity *e);
	bool (*any)(const struct tessera_sched *s);
	struct tessera_sched_entity *(*pick_waiting)(struct tessera_sched *s);
	struct tessera_sched_entity *(*urgent)(struct tessera_sched *s);
	struct tessera_sched_entity *(*select)(struct tessera_sched *s,
					       struct tessera_sched_entity *h);
	void (*join)(struct tessera_sched *s, struct tessera_sched_entity *e, bool keep);
	void (*leave)(struct tessera_sched *s, struct tessera_sched_entity *e);
	void (*advanced)(struct tessera_sched *s, struct tessera_sched_entity *e, u64 virtual);
	u64 (*clock)(struct tessera_sched *s);
	void (*start)(struct tessera_sched *s, struct tessera_sched_entity *e);
	void (*stop)(struct tessera_sched *s, struct tessera_sched_entity *e);
	void (*init)(struct tessera_sched *s);
};

/* Of two virtual times, whether @a is the earlier: they wrap. */
static inline bool tessera_sched_behind(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

static inline struct tessera_sched_entity *
tessera_sched_entity_of(struct tessera_sched_heap_node *n)
{
	return n ? container_of(n, struct tessera_sched_entity, node) : NULL;
}

/* The slice that @e asks for, where the policy lets it, else the one in force. */
static inline u64 tessera_sched_slice_ns(const struct tessera_sched *s,
					 const struct tessera_sched_entity *e)
{
	if (s->policy->slice_requests && e->slice_request_ns)
		return e->slice_request_ns;
	return tessera_sched_timeslice_ns(s);
}

/* Without work for longer, a vGPU is not expected back. */
#define TESSERA_SCHED_THINK_MAX_NS	10000000u
#define TESSERA_SCHED_THINK_UNKNOWN	(~0u)

/* Why one was chosen: a later one goes before an earlier one. */
enum tessera_sched_reason {
	TESSERA_SCHED_BY_ORDER,
	TESSERA_SCHED_BY_RESERVATION,
	TESSERA_SCHED_BY_WAKE,		/* the policy's urgent() */
	TESSERA_SCHED_BY_LATENCY,	/* low latency, within its budget */
};

/* tessera_sched_eevdf.c: needs own_positions, heeds slice_requests and wake_first */
extern const struct tessera_sched_policy_ops tessera_sched_eevdf_ops;

/* tessera_sched_account.c */
u64 tessera_sched_to_virtual(const struct tessera_sched *s, u64 ns, u32 weight, u32 *rem);
u32 tessera_sched_weight_of(const struct tessera_sched *s,
			    const struct tessera_sched_entity *e);
u64 tessera_sched_to_ns(const struct tessera_sched *s, u64 virtual, u32 weight, u64 most);
s64 tessera_sched_lead_ns(const struct tessera_sched *s,
			  const struct tessera_sched_entity *e, u32 weight, u64 clock);
void tessera_sched_advance(struct tessera_sched *s, struct tessera_sched_entity *e, u64 ns);
bool tessera_sched_any_waiting(const struct tessera_sched *s);
struct tessera_sched_entity *tessera_sched_pick_waiting(struct tessera_sched *s);
bool tessera_sched_wants(const struct tessera_sched *s, const struct tessera_sched_entity *e);
bool tessera_sched_competes(const struct tessera_sched *s,
			    const struct tessera_sched_entity *e);
u32 tessera_sched_num_wanting(const struct tessera_sched *s);
u64 tessera_sched_clock(struct tessera_sched *s);
void tessera_sched_update_vclock(struct tessera_sched *s);
void tessera_sched_queue(struct tessera_sched *s, struct tessera_sched_entity *e);
void tessera_sched_unqueue(struct tessera_sched *s, struct tessera_sched_entity *e);
void tessera_sched_join(struct tessera_sched *s, struct tessera_sched_entity *e);
void tessera_sched_rejoin(struct tessera_sched *s, struct tessera_sched_entity *e);
void tessera_sched_leave(struct tessera_sched *s, struct tessera_sched_entity *e);
bool tessera_sched_is_switching(const struct tessera_sched *s);
void tessera_sched_charge_slice(struct tessera_sched *s, struct tessera_sched_entity *e,
				u64 ns);
u64 tessera_sched_slice_left(const struct tessera_sched_entity *e);
void tessera_sched_account(struct tessera_sched *s, u64 now_ns, u64 busy_ns, bool counted);

/* tessera_sched_latency.c */
void tessera_sched_latency_queued(struct tessera_sched *s, struct tessera_sched_entity *e);
void tessera_sched_latency_unqueued(struct tessera_sched *s, struct tessera_sched_entity *e);
void tessera_sched_latency_charge(struct tessera_sched *s, struct tessera_sched_entity *e, u64 ns,
				  u64 now_ns);
u64 tessera_sched_latency_budget_ns(const struct tessera_sched *s,
				    const struct tessera_sched_entity *e);
struct tessera_sched_entity *tessera_sched_latency_first(const struct tessera_sched *s);

/* tessera_sched_expect.c */
void tessera_sched_expect_woken(struct tessera_sched_entity *e, u64 now_ns);
bool tessera_sched_expect(struct tessera_sched *s, struct tessera_sched_entity *e, u64 now_ns);
void tessera_sched_expect_vain(struct tessera_sched *s, struct tessera_sched_entity *e, u64 now_ns);

/* tessera_sched_elastic.c */
void tessera_sched_elastic_update(struct tessera_sched *s, struct tessera_sched_entity *e);
void tessera_sched_elastic_charge(struct tessera_sched *s, struct tessera_sched_entity *e, u64 ns,
				  u64 now_ns);
void tessera_sched_elastic_owes(struct tessera_sched *s, struct tessera_sched_entity *e, u64 ns,
				u64 now_ns);
void tessera_sched_elastic_lost(struct tessera_sched *s, u64 ns, u64 now_ns);
struct tessera_sched_entity *tessera_sched_elastic_lend(struct tessera_sched *s,
							struct tessera_sched_entity *turn,
							u64 now_ns, u64 *slice_ns);
bool tessera_sched_elastic_need_pick(const struct tessera_sched *s);

/* tessera_sched_qos.c */
u64 tessera_sched_tag_advance(u64 tag_ns, u64 held_ns, u32 ppm, u64 credit_ns, u64 now_ns);
u64 tessera_sched_tag_scale(u64 tag_ns, u32 old_ppm, u32 ppm, u64 now_ns);
u64 tessera_sched_limit_credit_ns(const struct tessera_sched *s,
				  const struct tessera_sched_entity *e);
void tessera_sched_qos_charge(struct tessera_sched *s, struct tessera_sched_entity *e, u64 held_ns,
			      u64 over_ns, u64 now_ns);
void tessera_sched_qos_woken(const struct tessera_sched *s, struct tessera_sched_entity *e,
			     u64 now_ns);
void tessera_sched_qos_queued(struct tessera_sched *s, struct tessera_sched_entity *e);
void tessera_sched_qos_unqueued(struct tessera_sched *s, struct tessera_sched_entity *e);
bool tessera_sched_qos_throttle(struct tessera_sched *s, struct tessera_sched_entity *e,
				u64 now_ns);
void tessera_sched_qos_unthrottle(struct tessera_sched *s, struct tessera_sched_entity *e);
struct tessera_sched_entity *tessera_sched_qos_release(struct tessera_sched *s, u64 now_ns);
u64 tessera_sched_qos_wait_ns(const struct tessera_sched *s, u64 now_ns);
struct tessera_sched_entity *tessera_sched_qos_behind(const struct tessera_sched *s,
						      struct tessera_sched_entity *h, u64 now_ns);
bool tessera_sched_qos_late(const struct tessera_sched_entity *e, u64 now_ns);

#define TESSERA_SCHED_POLICY(name) extern const struct tessera_sched_policy tessera_sched_##name;
#include "policies.h"
#undef TESSERA_SCHED_POLICY
extern const struct tessera_sched_policy tessera_sched_strict_priority;	/* sched/example/ */

#endif /* TESSERA_SCHED_INTERNAL_H */
