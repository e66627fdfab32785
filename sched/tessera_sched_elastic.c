// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_sched_elastic.c - who may use what others leave, under a policy that lends
 *
 * A turn stays its owner's, and is charged to it, but while the owner has no work (or the turn
 * is the idle entity's) it is lent to a borrower: one that has work and an elastic cap, which
 * is a clock as those of tessera_sched_qos.c. It goes forward with all engine time that the
 * vGPU uses, its own turns included, divided by the cap; while it is in the future the vGPU
 * has its own turns only. What is lent is divided among those that may borrow in
 * proportion to their fixed shares: each has a virtual time that goes forward with what it
 * borrows, and the one furthest behind is next, for a slice, or as much of one as is left of
 * the turn.
 *
 * An owner that wakes has its turn back at once. Until the hardware has switched, the turn's time
 * stands still; what the borrower uses meanwhile, or past the turn's end, is overshoot. Unsold time
 * pays for that while there is some. What it can't pay is a debt as any other, which the
 * borrower's own turns pay, and it may not borrow until they can have done so. So no one
 * else's share depends on what is lent.
 */
#include "tessera_sched_internal.h"

#define SECOND_NS		1000000000ull

/* A loan for less is not worth a switch. */
#define LOAN_MIN_NS	100000ull

static struct tessera_sched_entity *
tessera_sched_elastic_first(const struct tessera_sched_heap *heap)
{
	struct tessera_sched_heap_node *n = tessera_sched_heap_first(heap);

	return n ? container_of(n, struct tessera_sched_entity, qos_node) : NULL;
}

/* In a policy that lends. */
static bool tessera_sched_elastic_is_lendable(const struct tessera_sched *s,
					      const struct tessera_sched_entity *turn)
{
	return turn == &s->idle || !turn->has_work;
}

static void tessera_sched_elastic_unqueue(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	tessera_sched_heap_remove(e->capped ? &s->capped : &s->borrowers, &e->qos_node);
	e->capped = false;
}

/* Among those that may borrow, and no further behind than who did last. */
static void tessera_sched_elastic_queue(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	if (tessera_sched_behind(e->elastic_vtime, s->elastic_vclock))
		e->elastic_vtime = s->elastic_vclock;
	tessera_sched_heap_insert(&s->borrowers, &e->qos_node, e->elastic_vtime);
}

/**
 * tessera_sched_elastic_update() - enter a vGPU among those that may borrow, or take it out
 * @s: the scheduler
 * @e: an entity in @s; its state, cap or clock, or the policy, has changed
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_elastic_update(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	if (e->may_borrow)
		tessera_sched_elastic_unqueue(s, e);
	e->may_borrow = s->policy->lends && e->elastic_cap_ppm && e->running && e->has_work;
	if (e->may_borrow)
		tessera_sched_elastic_queue(s, e);
}

static void tessera_sched_elastic_advance(struct tessera_sched *s, struct tessera_sched_entity *e,
					  u64 ns, u32 ppm, u64 now_ns)
{
	e->elastic_tag_ns = tessera_sched_tag_advance(e->elastic_tag_ns, ns, ppm,
						      tessera_sched_limit_credit_ns(s, e), now_ns);
	tessera_sched_elastic_update(s, e);
}

/**
 * tessera_sched_elastic_charge() - count engine time against a vGPU's elastic cap
 * @s: the scheduler
 * @e: an entity in @s
 * @ns: engine time that it has used, whoever's turn it was
 * @now_ns: the time until which @ns was counted
 *
 * Nothing is counted without a cap, or under a policy that does not lend.
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_elastic_charge(struct tessera_sched *s, struct tessera_sched_entity *e, u64 ns,
				  u64 now_ns)
{
	if (!s->policy->lends || !e->elastic_cap_ppm || !ns)
		return;
	if (e == s->borrower)
		e->elastic_vtime += ns * e->fixed_share_inv;
	tessera_sched_elastic_advance(s, e, ns, e->elastic_cap_ppm, now_ns);
}

/**
 * tessera_sched_elastic_owes() - keep a vGPU from borrowing until its turns can have paid a debt
 * @s: the scheduler
 * @e: an entity in @s
 * @ns: engine time that it owes to the others
 * @now_ns: the time
 *
 * Nothing is done without a cap, or under a policy that does not lend.
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_elastic_owes(struct tessera_sched *s, struct tessera_sched_entity *e, u64 ns,
				u64 now_ns)
{
	if (s->policy->lends && e->elastic_cap_ppm && ns)
		tessera_sched_elastic_advance(s, e, ns, TESSERA_SCHED_PPM / e->fixed_share_inv,
					      now_ns);
}

/**
 * tessera_sched_elastic_lost() - note what a loan has cost all
 * @s: the scheduler
 * @ns: time that was nobody's while an owner waited to have its turn back
 * @now_ns: the time
 *
 * Where that comes to more than a slice in a second owners' turns are not lent for a while.
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_elastic_lost(struct tessera_sched *s, u64 ns, u64 now_ns)
{
	u64 parts = div_u64(SECOND_NS, (u32)tessera_sched_timeslice_ns(s));

	if (!ns)
		return;
	if (s->loss_tag_ns < now_ns)
		s->loss_tag_ns = now_ns;
	if (ns > SECOND_NS)
		ns = SECOND_NS;
	s->loss_tag_ns += ns * parts;
}

/*
 * Whether it is worth while to lend a turn of @owner: for longer than switching there and back
 * takes, if it is away for as long as it was in the mean.
 */
static bool tessera_sched_elastic_is_worth(const struct tessera_sched *s,
					   const struct tessera_sched_entity *owner, u64 now_ns)
{
	u64 least = 2 * s->switch_cost_ns, most = TESSERA_SCHED_THINK_MAX_NS * 3 / 4;

	if (owner == &s->idle)
		return true;
	return s->loss_tag_ns < now_ns + SECOND_NS / 2 &&
	       owner->think_ns >= (least < most ? least : most);
}

static bool tessera_sched_elastic_is_due(const struct tessera_sched_entity *e, u64 now_ns)
{
	return e->elastic_tag_ns < now_ns + TESSERA_SCHED_WAIT_MIN_NS;
}

/* The next one to borrow; NULL: none may now. */
static struct tessera_sched_entity *tessera_sched_elastic_next_borrower(struct tessera_sched *s,
									u64 now_ns)
{
	struct tessera_sched_entity *e;

	while ((e = tessera_sched_elastic_first(&s->capped)) &&
	       tessera_sched_elastic_is_due(e, now_ns)) {
		tessera_sched_elastic_unqueue(s, e);
		tessera_sched_elastic_queue(s, e);
	}
	while ((e = tessera_sched_elastic_first(&s->borrowers)) &&
	       !tessera_sched_elastic_is_due(e, now_ns)) {
		tessera_sched_elastic_unqueue(s, e);
		e->capped = true;
		tessera_sched_heap_insert(&s->capped, &e->qos_node, e->elastic_tag_ns);
	}
	if (e && tessera_sched_behind(s->elastic_vclock, e->elastic_vtime))
		s->elastic_vclock = e->elastic_vtime;
	return e;
}

/**
 * tessera_sched_elastic_lend() - find who is to have a turn on loan
 * @s: the scheduler, whose policy lends
 * @turn: whose turn it is or will be; may be the idle entity
 * @now_ns: the time
 * @slice_ns: how long the turn lasts from @now_ns on, 0: without end; becomes how long until this
 *            is to be asked again
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: the borrower; NULL: nobody, as for a turn without end or whose owner has work.
 */
struct tessera_sched_entity *tessera_sched_elastic_lend(struct tessera_sched *s,
							struct tessera_sched_entity *turn,
							u64 now_ns, u64 *slice_ns)
{
	struct tessera_sched_entity *b = s->borrower, *e;

	if (!tessera_sched_elastic_is_lendable(s, turn) || !*slice_ns ||
	    !tessera_sched_elastic_is_worth(s, turn, now_ns))
		return NULL;
	if (turn != s->holder || !b || !b->may_borrow || s->loan_end_ns < now_ns + LOAN_MIN_NS) {
		b = tessera_sched_elastic_next_borrower(s, now_ns);
		if (!b) {
			e = tessera_sched_elastic_first(&s->capped);
			if (e && e->elastic_tag_ns - now_ns < *slice_ns)
				*slice_ns = e->elastic_tag_ns - now_ns;
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

/**
 * tessera_sched_elastic_need_pick() - tell whether a loan is to be ended, or one may be due
 * @s: the scheduler, whose policy lends
 *
 * For those whose cap was used up at the last decision there is a timer.
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: true if pick() should be called now.
 */
bool tessera_sched_elastic_need_pick(const struct tessera_sched *s)
{
	const struct tessera_sched_entity *turn = s->next_valid ? s->next : s->holder;
	const struct tessera_sched_entity *b = s->next_valid ? s->next_borrower : s->borrower;

	if (!turn)
		return false;
	if (!tessera_sched_elastic_is_lendable(s, turn))
		return b;
	return !(b && b->may_borrow) && tessera_sched_elastic_first(&s->borrowers);
}

/**
 * tessera_sched_set_elastic_cap() - change how far a vGPU may use what others leave, from now on
 * @s: the scheduler
 * @e: an entity in @s
 * @cap_ppm: share of the engine, its own turns included, at least its fixed share, to a
 *           million; 0: none of what others leave
 * @now_ns: the time
 * @resched: true if pick() should be called now
 *
 * It counts under policies that lend: fixed_share.
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: 0, or -EINVAL out of range.
 */
int tessera_sched_set_elastic_cap(struct tessera_sched *s, struct tessera_sched_entity *e,
				  u32 cap_ppm, u64 now_ns, bool *resched)
{
	*resched = false;
	if (!e->added || cap_ppm > TESSERA_SCHED_PPM ||
	    (cap_ppm && cap_ppm < TESSERA_SCHED_PPM / e->fixed_share_inv))
		return -EINVAL;
	if (cap_ppm == e->elastic_cap_ppm)
		return 0;
	e->elastic_tag_ns = tessera_sched_tag_scale(e->elastic_tag_ns, e->elastic_cap_ppm, cap_ppm,
						    now_ns);
	e->elastic_cap_ppm = cap_ppm;
	tessera_sched_elastic_update(s, e);
	*resched = s->num_with_work > 0;
	return 0;
}
