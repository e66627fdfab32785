// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy_best_effort.c - share by demand
 *
 * Only vGPUs with work compete; among them engine time is divided by weight, and what
 * one does not use goes to the others at once. A vGPU is charged for the time it used
 * the engine, so an idle one pays nothing and, waking, is served next, but has not
 * saved anything up.
 *
 * Strong: the engine is never idle while anyone has work.
 * Weak: no one is owed anything in particular; a vGPU's share and latency depend on
 * how many others are busy.
 */
#include "tessera_sched_internal.h"

static u32 tessera_best_effort_weight(const struct tessera_sched *s,
				      const struct tessera_sched_entity *e)
{
	return e->weight;
}

static u32 tessera_best_effort_due_ppm(const struct tessera_sched *s,
				       const struct tessera_sched_entity *e)
{
	/* The sum fits: a weight has 14 bits. */
	return div_u64((u64)e->weight * TESSERA_SCHED_PPM, (u32)s->weight_sum);
}

static const struct tessera_sched_policy_ops tessera_best_effort_ops = {
	.unit = TESSERA_SCHED_WEIGHT_DEFAULT,
	.weight = tessera_best_effort_weight,
	.due_ppm = tessera_best_effort_due_ppm,
};

const struct tessera_sched_policy tessera_sched_best_effort = {
	.name = "best_effort",
	.work_conserving = true,
	.proportional = true,
	.ops = &tessera_best_effort_ops,
};
