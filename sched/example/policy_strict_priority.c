// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy_strict_priority.c - the highest weight first: an example of a policy
 *
 * Documentation/policies.rst walks through this file. Only vGPUs with work compete. The one
 * with the highest weight is next; those of the same weight take turns, a slice each.
 *
 * Strong: no one of lower weight makes an urgent vGPU wait for longer than the slice that it
 *         finds running.
 * Weak: a vGPU that always has work starves all below it, forever. A reservation for those, or a
 *       limit for it, is the cure: the core sees to both before it asks the policy.
 */
#include "tessera_sched_internal.h"

/* Those that wait are ordered by this, lowest first; equal ones by when they began to wait. */
static u64 tessera_priority_rank(const struct tessera_sched_entity *e)
{
	return TESSERA_SCHED_WEIGHT_MAX - e->weight;
}

static void tessera_priority_queue(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	tessera_sched_heap_insert(&s->heap, &e->node, tessera_priority_rank(e));
}

/* At the end of @h's slice: whoever waits is next, unless @h is more urgent. */
static struct tessera_sched_entity *tessera_priority_select(struct tessera_sched *s,
							    struct tessera_sched_entity *h)
{
	struct tessera_sched_entity *e;

	e = tessera_sched_entity_of(tessera_sched_heap_first(&s->heap));
	return tessera_priority_rank(h) < tessera_priority_rank(e) ? h : e;
}

/*
 * Virtual time decides nothing here, but the core goes on counting in it, and a policy that
 * is put in force later takes each one's lead from it. So nobody is ahead: the clock is
 * where the one is that runs.
 */
static u64 tessera_priority_clock(struct tessera_sched *s)
{
	return s->holder ? s->holder->vtime : s->vclock;
}

/* All at the same speed. */
static u32 tessera_priority_weight(const struct tessera_sched *s,
				   const struct tessera_sched_entity *e)
{
	return 1;
}

/* If all were busy, those of the highest weight would have everything, in equal parts. */
static u32 tessera_priority_due_ppm(const struct tessera_sched *s,
				    const struct tessera_sched_entity *e)
{
	const struct tessera_sched_entity *i;
	u32 equals = 0;

	for (i = s->members; i; i = i->member_next) {
		if (!i->running)
			continue;
		if (i->weight > e->weight)
			return 0;
		equals += i->weight == e->weight;
	}
	return div_u64(TESSERA_SCHED_PPM, equals);
}

static const struct tessera_sched_policy_ops tessera_priority_ops = {
	.unit = 1,
	.weight = tessera_priority_weight,
	.due_ppm = tessera_priority_due_ppm,
	.queue = tessera_priority_queue,
	.select = tessera_priority_select,
	.clock = tessera_priority_clock,
};

const struct tessera_sched_policy tessera_sched_strict_priority = {
	.name = "strict_priority",
	.work_conserving = true,
	.slice_requests = true,
	.ops = &tessera_priority_ops,
};
