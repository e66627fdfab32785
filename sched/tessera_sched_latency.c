// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_sched_latency.c - low latency, in policies that are work-conserving
 *
 * One of low latency that wakes has the engine at once, by the preemption in force, in the middle
 * of another's slice. It can starve nobody by that: it has a budget, its share by weight of each
 * period, and what it uses counts on it as do the switches that it causes, there and back. Over
 * the budget it competes as everybody else. All that it uses counts in its virtual time as well,
 * so that it has no more in the long run. Of several the one that woke first is next.
 */
#include "tessera_sched_internal.h"

/* A budget is this part of time, by weight: so nobody waits for those of low latency for longer. */
#define LATENCY_PERIOD_NS	20000000ull

static u32 tessera_sched_latency_ppm(const struct tessera_sched *s,
				     const struct tessera_sched_entity *e)
{
	u32 ppm = e->running ? s->policy->ops->due_ppm(s, e) : 0;

	return ppm ? ppm : 1;
}

/**
 * tessera_sched_latency_charge() - count time against a vGPU's budget for low latency
 * @s: the scheduler
 * @e: an entity in @s, not queued
 * @ns: engine time that it has used, or caused
 * @now_ns: the time until which it was used
 *
 * Nothing is counted for one that is not of low latency.
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_latency_charge(struct tessera_sched *s, struct tessera_sched_entity *e, u64 ns,
				  u64 now_ns)
{
	if (e->low_latency && ns)
		e->latency_tag_ns =
			tessera_sched_tag_advance(e->latency_tag_ns, ns,
						  tessera_sched_latency_ppm(s, e),
						  LATENCY_PERIOD_NS, now_ns);
}

/**
 * tessera_sched_latency_budget_ns() - return what is left of a vGPU's budget for low latency
 * @s: the scheduler
 * @e: an entity in @s
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: engine time in ns; 0: it is used up, or @e is not of low latency.
 */
u64 tessera_sched_latency_budget_ns(const struct tessera_sched *s,
				    const struct tessera_sched_entity *e)
{
	u64 now = s->accounted_ns, left;

	if (!e->low_latency || e->latency_tag_ns >= now)
		return 0;
	left = now - e->latency_tag_ns;
	if (left > LATENCY_PERIOD_NS)
		left = LATENCY_PERIOD_NS;
	return div_u64(left * tessera_sched_latency_ppm(s, e), TESSERA_SCHED_PPM);
}

/**
 * tessera_sched_latency_queued() - put a vGPU among those that are to run at once
 * @s: the scheduler
 * @e: an entity in @s that has just been queued
 *
 * Nothing is done for one that has run since it woke, beyond its budget, or under a policy that is
 * not work-conserving.
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_latency_queued(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	if (!s->policy->work_conserving || !e->fresh || !tessera_sched_latency_budget_ns(s, e))
		return;
	tessera_sched_heap_insert(&s->urgent, &e->urgent_node, e->woken_ns);
	e->urgent = true;
}

/**
 * tessera_sched_latency_unqueued() - take a vGPU out of those that are to run at once
 * @s: the scheduler
 * @e: an entity in @s; nothing is done for one that is not there
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_latency_unqueued(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	if (!e->urgent)
		return;
	tessera_sched_heap_remove(&s->urgent, &e->urgent_node);
	e->urgent = false;
}

/**
 * tessera_sched_latency_first() - find the one that is to run at once
 * @s: the scheduler
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: of those that wait the one that woke first; NULL: none.
 */
struct tessera_sched_entity *tessera_sched_latency_first(const struct tessera_sched *s)
{
	struct tessera_sched_heap_node *n = tessera_sched_heap_first(&s->urgent);

	return n ? container_of(n, struct tessera_sched_entity, urgent_node) : NULL;
}

/**
 * tessera_sched_set_low_latency() - change a vGPU's class, from the next time it waits
 * @s: the scheduler
 * @e: an entity in @s
 * @low: it is to have the engine at once when it wakes
 * @now_ns: the time
 *
 * It counts under policies that are work-conserving.
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: 0, or -EINVAL if @e is in no scheduler.
 */
int tessera_sched_set_low_latency(struct tessera_sched *s, struct tessera_sched_entity *e, bool low,
				  u64 now_ns)
{
	if (!e->added)
		return -EINVAL;
	if (low == e->low_latency)
		return 0;
	/* Its budget begins with nothing: so switching to and fro gains nothing. */
	e->latency_tag_ns = e->latency_tag_ns > now_ns ? e->latency_tag_ns : now_ns;
	e->low_latency = low;
	if (!low)
		tessera_sched_latency_unqueued(s, e);
	return 0;
}
