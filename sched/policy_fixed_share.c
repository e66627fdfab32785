// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy_fixed_share.c - 1/(most instances of its type), whoever else runs
 *
 * Every running vGPU competes, with work or without, at the weight that its type was
 * sold with, and so does an idle entity for the time that nobody has bought. Turns are
 * charged by the clock as in equal_share; switching and every other time in which no
 * vGPU held the engine is charged to the idle entity, so that shares of the wall clock
 * stay exact as long as there is unsold time to switch in.
 *
 * A vGPU with an elastic cap may borrow unsold time and turns without work, see
 * tessera_sched_elastic.c; without, it never gets more than its share.
 *
 * Strong: a share is the same today and tomorrow, however many vGPUs run.
 * Weak: unsold time is not used but by those with a cap; with all of it sold, each loses its
 * part of the switching.
 */
#include "tessera_sched_internal.h"

/* Below 1/1024 it is what rounding of 1/3 and the like leaves, not unsold time. */
#define FIXED_IDLE_MIN	(TESSERA_SCHED_FIXED_ONE >> 10)

static u32 tessera_fixed_share_weight(const struct tessera_sched *s,
				      const struct tessera_sched_entity *e)
{
	return e->fixed_weight;
}

static u32 tessera_fixed_share_idle_weight(const struct tessera_sched *s)
{
	if (s->fixed_sum > TESSERA_SCHED_FIXED_ONE - FIXED_IDLE_MIN)
		return 0;
	return TESSERA_SCHED_FIXED_ONE - (u32)s->fixed_sum;
}

static u32 tessera_fixed_share_due_ppm(const struct tessera_sched *s,
				       const struct tessera_sched_entity *e)
{
	/* More running than the types allow: all shrink alike. The sum has 24 + 16 bits. */
	if (s->fixed_sum > TESSERA_SCHED_FIXED_ONE)
		return div_u64((u64)e->fixed_weight * TESSERA_SCHED_PPM >> 10,
			       (u32)(s->fixed_sum >> 10));
	return div_u64(TESSERA_SCHED_PPM, e->fixed_share_inv);
}

static const struct tessera_sched_policy_ops tessera_fixed_share_ops = {
	.unit = TESSERA_SCHED_FIXED_ONE,
	.weight = tessera_fixed_share_weight,
	.idle_weight = tessera_fixed_share_idle_weight,
	.due_ppm = tessera_fixed_share_due_ppm,
};

const struct tessera_sched_policy tessera_sched_fixed_share = {
	.name = "fixed_share",
	.work_conserving = false,
	.proportional = true,
	.lends = true,
	.ops = &tessera_fixed_share_ops,
};
