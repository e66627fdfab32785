// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy_equal_share.c - 1/N for each of the N running vGPUs
 *
 * Every running vGPU competes, with work or without, at the same weight, and is charged
 * for its turn by the clock: a turn in which it has no work stays idle and counts as had.
 * When a vGPU starts or stops, the share of all changes at once.
 *
 * Strong: what a vGPU gets does not depend on what the others do with theirs.
 * Weak: an idle vGPU's time is lost, and so is the time of switching to it; shares
 * shrink as vGPUs start.
 */
#include "tessera_sched_internal.h"

static u32 tessera_equal_share_weight(const struct tessera_sched *s,
				      const struct tessera_sched_entity *e)
{
	return 1;
}

static u32 tessera_equal_share_due_ppm(const struct tessera_sched *s,
				       const struct tessera_sched_entity *e)
{
	return div_u64(TESSERA_SCHED_PPM, s->num_running);
}

static const struct tessera_sched_policy_ops tessera_equal_share_ops = {
	.unit = 1,
	.weight = tessera_equal_share_weight,
	.due_ppm = tessera_equal_share_due_ppm,
};

const struct tessera_sched_policy tessera_sched_equal_share = {
	.name = "equal_share",
	.work_conserving = false,
	.proportional = true,
	.ops = &tessera_equal_share_ops,
};
