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

/* The whole engine, in units of the weights. */
#define FIXED_ONE	(1u << 24)

/* Below 1/1024 it is what rounding of 1/3 and the like leaves, not unsold time. */
#define FIXED_IDLE_MIN	(FIXED_ONE >> 10)

/**
 * struct tessera_fixed_share - the policy's own, of a scheduler
 * @sold: the weights of those running, in all
 */
struct tessera_fixed_share {
	u64 sold;
};

_Static_assert(sizeof(struct tessera_fixed_share) <= sizeof(((struct tessera_sched *)0)->priv),
	       "priv");

static struct tessera_fixed_share *tessera_fixed_share_of(const struct tessera_sched *s)
{
	return (struct tessera_fixed_share *)s->priv;
}

static u32 tessera_fixed_share_weight(const struct tessera_sched *s,
				      const struct tessera_sched_entity *e)
{
	return FIXED_ONE / e->fixed_share_inv;
}

static void tessera_fixed_share_start(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	tessera_fixed_share_of(s)->sold += tessera_fixed_share_weight(s, e);
}

static void tessera_fixed_share_stop(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	tessera_fixed_share_of(s)->sold -= tessera_fixed_share_weight(s, e);
}

static void tessera_fixed_share_init(struct tessera_sched *s)
{
	struct tessera_sched_entity *e;

	*tessera_fixed_share_of(s) = (struct tessera_fixed_share){ .sold = 0 };
	for (e = s->members; e; e = e->member_next) {
		if (e->running)
			tessera_fixed_share_start(s, e);
	}
}

static u32 tessera_fixed_share_idle_weight(const struct tessera_sched *s)
{
	u64 sold = tessera_fixed_share_of(s)->sold;

	return sold > FIXED_ONE - FIXED_IDLE_MIN ? 0 : FIXED_ONE - (u32)sold;
}

static u32 tessera_fixed_share_due_ppm(const struct tessera_sched *s,
				       const struct tessera_sched_entity *e)
{
	u64 sold = tessera_fixed_share_of(s)->sold;
	u64 weight = tessera_fixed_share_weight(s, e);

	/* More running than the types allow: all shrink alike. The sum has 24 + 16 bits. */
	if (sold > FIXED_ONE)
		return div_u64(weight * TESSERA_SCHED_PPM >> 10, (u32)(sold >> 10));
	return div_u64(TESSERA_SCHED_PPM, e->fixed_share_inv);
}

static const struct tessera_sched_policy_ops tessera_fixed_share_ops = {
	.unit = FIXED_ONE,
	.weight = tessera_fixed_share_weight,
	.idle_weight = tessera_fixed_share_idle_weight,
	.due_ppm = tessera_fixed_share_due_ppm,
	.start = tessera_fixed_share_start,
	.stop = tessera_fixed_share_stop,
	.init = tessera_fixed_share_init,
};

const struct tessera_sched_policy tessera_sched_fixed_share = {
	.name = "fixed_share",
	.work_conserving = false,
	.proportional = true,
	.lends = true,
	.ops = &tessera_fixed_share_ops,
};
