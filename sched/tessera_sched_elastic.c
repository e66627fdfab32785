// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_sched_elastic.c - who may use what others leave, under a policy that lends
 *
 * A slot stays its owner's, and is charged to it, but while the owner has no work (or the slot
 * is the idle entity's) it is lent to a borrower: one that has work and an elastic cap, which
 * is a clock as those of tessera_sched_qos.c. It goes forward with all engine time that the
 * vGPU uses, its own slots included, divided by the cap; while it is in the future the vGPU
 * has its own slots only. Of those that may borrow, the one whose clock is furthest behind is
 * next, for a slice, or as much of one as is left of the slot.
 *
 * An owner that wakes has its slot back at once. Until the hardware has switched, the slot's time
 * stands still; what the borrower uses meanwhile, or past the slot's end, is overshoot. Unsold time
 * pays for that while there is some. What it can't pay is a debt as any other, which the
 * borrower's own slots pay, and it may not borrow until they can have done so. So no one
 * else's share depends on what is lent.
 */
#include "tessera_sched_internal.h"

/* A loan for less is not worth a switch. */
#define LOAN_MIN_NS	100000ull

static struct tessera_sched_entity *first_borrower(const struct tessera_sched *s)
{
	struct tessera_sched_heap_node *n = tessera_sched_heap_first(&s->borrowers);

	return n ? (struct tessera_sched_entity *)
			((char *)n - offsetof(struct tessera_sched_entity, qos_node)) : NULL;
}

/* In a policy that lends. */
static bool lendable(const struct tessera_sched *s, const struct tessera_sched_entity *slot)
{
	return slot == &s->idle || !slot->has_work;
}

/* @e's state, cap or clock, or the policy, has changed. */
void tessera_sched_elastic_update(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	if (e->may_borrow)
		tessera_sched_heap_remove(&s->borrowers, &e->qos_node);
	e->may_borrow = s->policy->ops->lends && e->elastic_cap_ppm && e->running && e->has_work;
	if (e->may_borrow)
		tessera_sched_heap_insert(&s->borrowers, &e->qos_node, e->elastic_tag_ns);
}

/*
 * @e has used @ns of engine time until @now_ns, whoever's slot it was: @ppm is its cap. Or it
 * owes @ns to the others: @ppm is its fixed share, from which it pays.
 */
void tessera_sched_elastic_charge(struct tessera_sched *s, struct tessera_sched_entity *e, u64 ns,
				  u32 ppm, u64 now_ns)
{
	if (!s->policy->ops->lends || !e->elastic_cap_ppm || !ns)
		return;
	e->elastic_tag_ns = tessera_sched_tag_advance(e->elastic_tag_ns, ns, ppm,
						      tessera_sched_limit_credit_ns(s, e), now_ns);
	tessera_sched_elastic_update(s, e);
}

/*
 * Who is to have @slot on loan; NULL: nobody. *@slice_ns is how long the slot lasts from
 * @now_ns on, and becomes how long until this is to be asked again.
 */
struct tessera_sched_entity *tessera_sched_elastic_lend(struct tessera_sched *s,
							struct tessera_sched_entity *slot,
							u64 now_ns, u64 *slice_ns)
{
	struct tessera_sched_entity *b = s->borrower;
	u64 wait;

	if (!lendable(s, slot) || !*slice_ns)
		return NULL;
	if (slot != s->holder || !b || !b->may_borrow || s->loan_end_ns < now_ns + LOAN_MIN_NS) {
		b = first_borrower(s);
		if (!b)
			return NULL;
		/* Further ahead than a clock can be: the device's time was reset. */
		if (b->elastic_tag_ns >= now_ns + TESSERA_SCHED_WAIT_MIN_NS &&
		    b->elastic_tag_ns < now_ns + 2 * TESSERA_SCHED_TAG_LEAD_MAX_NS) {
			wait = b->elastic_tag_ns - now_ns;
			if (wait < *slice_ns)
				*slice_ns = wait;
			return NULL;
		}
		if (b != s->current_entity && *slice_ns < LOAN_MIN_NS)
			return NULL;
		s->loan_end_ns = now_ns + tessera_sched_timeslice_ns(s);
	}
	if (s->loan_end_ns - now_ns < *slice_ns)
		*slice_ns = s->loan_end_ns - now_ns;
	return b;
}

/* Whether a loan is to be ended, or one may be due, that was not when the last was decided. */
bool tessera_sched_elastic_need_pick(const struct tessera_sched *s)
{
	const struct tessera_sched_entity *slot = s->next_valid ? s->next : s->holder;
	const struct tessera_sched_entity *b = s->next_valid ? s->next_borrower : s->borrower;

	if (!slot)
		return false;
	if (!lendable(s, slot))
		return b;
	return !(b && b->may_borrow) && first_borrower(s);
}

/**
 * tessera_sched_set_elastic_cap - change how far a vGPU may use what others leave, from now on
 * @s: the scheduler
 * @e: an entity in @s
 * @cap_ppm: share of the engine, its own slots included, at least its fixed share, to a
 *           million; 0: none of what others leave
 * @now_ns: the time
 * @resched: true if pick() should be called now
 *
 * It counts under policies that lend: fixed_share.
 *
 * Return: 0, or -EINVAL out of range.
 */
int tessera_sched_set_elastic_cap(struct tessera_sched *s, struct tessera_sched_entity *e,
				  u32 cap_ppm, u64 now_ns, bool *resched)
{
	*resched = false;
	if (!e->added || cap_ppm > TESSERA_SCHED_PPM ||
	    (cap_ppm && cap_ppm < TESSERA_SCHED_PPM / e->fixed_share_inv))
		return -EINVAL;
	e->elastic_cap_ppm = cap_ppm;
	e->elastic_tag_ns = now_ns;
	tessera_sched_elastic_update(s, e);
	*resched = s->num_with_work > 0;
	return 0;
}
