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

#define TESSERA_SCHED_PPM		1000000u

/* The whole engine, in units of the weights of fixed_share. */
#define TESSERA_SCHED_FIXED_ONE		(1u << 24)

/*
 * Overshoot beyond this is forgiven: an engine reset ends any longer one anyway, and
 * nobody should be locked out for longer than it takes a user to wonder why.
 */
#define TESSERA_SCHED_DEBT_MAX_NS	1000000000ull

/**
 * struct tessera_sched_policy_ops - what a policy tells the core
 * @unit: the weight whose virtual time goes as fast as the clock
 * @weight: @e's share, relative to others', 1 to 2^24; called with any entity that was
 *          added, running or not
 * @idle_weight: share that is owed to nobody, as above; 0: none. Optional
 * @due_ppm: see tessera_sched_due_ppm(); called for running entities only
 *
 * All are called with the caller's lock held, and must neither sleep nor change anything.
 * What weight() gives may change only by tessera_sched_set_weight() and _set_policy(),
 * what idle_weight() gives also by start and stop.
 */
struct tessera_sched_policy_ops {
	u32 unit;
	u32 (*weight)(const struct tessera_sched *s, const struct tessera_sched_entity *e);
	u32 (*idle_weight)(const struct tessera_sched *s);
	u32 (*due_ppm)(const struct tessera_sched *s, const struct tessera_sched_entity *e);
};

extern const struct tessera_sched_policy tessera_sched_best_effort;
extern const struct tessera_sched_policy tessera_sched_equal_share;
extern const struct tessera_sched_policy tessera_sched_fixed_share;

#endif /* TESSERA_SCHED_INTERNAL_H */
