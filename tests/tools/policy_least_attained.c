// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy_least_attained.c - whoever has had least is next: a policy for a test
 *
 * Only vGPUs with work compete. The one that has used the least engine time since it was made is
 * next, whatever the weights say and however long it has slept.
 *
 * Strong: new and rare vGPUs are served at once.
 * Weak: one that has slept for an hour locks out all others until it has caught up.
 */
#include "tessera_sched_internal.h"

static void tessera_least_attained_queue(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	tessera_sched_heap_insert(&s->heap, &e->node, e->used_ns);
}

static struct tessera_sched_entity *tessera_least_attained_select(struct tessera_sched *s,
								  struct tessera_sched_entity *h)
{
	struct tessera_sched_entity *e;

	e = tessera_sched_entity_of(tessera_sched_heap_first(&s->heap));
	return h->used_ns < e->used_ns ? h : e;
}

/* Virtual time decides nothing here: nobody is ahead. */
static u64 tessera_least_attained_clock(struct tessera_sched *s)
{
	return s->holder ? s->holder->vtime : s->vclock;
}

static u32 tessera_least_attained_weight(const struct tessera_sched *s,
					 const struct tessera_sched_entity *e)
{
	return 1;
}

static u32 tessera_least_attained_due_ppm(const struct tessera_sched *s,
					  const struct tessera_sched_entity *e)
{
	return div_u64(TESSERA_SCHED_PPM, s->num_running);
}

static const struct tessera_sched_policy_ops tessera_least_attained_ops = {
	.unit = 1,
	.weight = tessera_least_attained_weight,
	.due_ppm = tessera_least_attained_due_ppm,
	.queue = tessera_least_attained_queue,
	.select = tessera_least_attained_select,
	.clock = tessera_least_attained_clock,
};

const struct tessera_sched_policy tessera_sched_least_attained = {
	.name = "least_attained",
	.work_conserving = true,
	.ops = &tessera_least_attained_ops,
};
