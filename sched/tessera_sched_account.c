// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_sched_account.c - virtual time, who competes, and what is charged to whom
 */
#include "tessera_sched_internal.h"

/* Of the idle entity's lead, as much is left for switching when it pays for losses by loans. */
#define LOSS_LEAD_MAX_NS	(TESSERA_SCHED_IDLE_LEAD_MAX_NS / 2)

/* Sleepers are pulled along before they are so far behind that they seem ahead. */
#define REBASE_DISTANCE		(1ull << 60)

/* ------------------------------------------------------------ virtual time -- */

#define behind(a, b)		tessera_sched_behind(a, b)
#define to_virtual(...)		tessera_sched_to_virtual(__VA_ARGS__)

/**
 * tessera_sched_weight_of() - return the weight of an entity, or of the idle one
 * @s: the scheduler
 * @e: an entity in @s, or its idle entity
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: as the policy sees it; 0 for the idle entity where nothing is unsold.
 */
u32 tessera_sched_weight_of(const struct tessera_sched *s,
			    const struct tessera_sched_entity *e)
{
	return e == &s->idle ? s->idle_weight : s->policy->ops->weight(s, e);
}

/**
 * tessera_sched_to_virtual() - convert engine time into virtual time
 * @s: the scheduler; its policy's unit is the weight at which both go equally fast
 * @ns: engine time in ns, at most 2^40
 * @weight: 1 to 2^24
 * @rem: what the last division by @weight left, 0 at first; becomes what this one leaves, so that
 *       nothing is lost
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: the virtual time.
 */
u64 tessera_sched_to_virtual(const struct tessera_sched *s, u64 ns, u32 weight, u32 *rem)
{
	u32 unit = s->policy->ops->unit, r;
	u64 q = div_u64_rem(ns, weight, &r);

	return q * unit + div_u64_rem((u64)r * unit + *rem, weight, rem);
}

/**
 * tessera_sched_to_ns() - convert virtual time into engine time
 * @s: the scheduler
 * @virtual: the virtual time
 * @weight: 0 to 2^24
 * @most: the greatest result
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: engine time in ns, at most @most.
 */
u64 tessera_sched_to_ns(const struct tessera_sched *s, u64 virtual, u32 weight, u64 most)
{
	u32 unit = s->policy->ops->unit, r;
	u64 q = div_u64_rem(virtual, unit, &r);

	if (weight && q > div_u64(most, weight))
		return most;
	q = q * weight + div_u64((u64)r * weight, unit);
	return q < most ? q : most;
}

/**
 * tessera_sched_lead_ns() - return by how much engine time an entity is ahead
 * @s: the scheduler
 * @e: an entity in @s, or its idle entity
 * @weight: its weight
 * @clock: the virtual time that is compared with
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: ns, to a limit of 40 s; negative: it is behind.
 */
s64 tessera_sched_lead_ns(const struct tessera_sched *s,
			  const struct tessera_sched_entity *e, u32 weight, u64 clock)
{
	u64 most = TESSERA_SCHED_LEAD_MAX_NS;

	if (behind(e->vtime, clock))
		return -(s64)tessera_sched_to_ns(s, clock - e->vtime, weight, most);
	return tessera_sched_to_ns(s, e->vtime - clock, weight, most);
}

/**
 * tessera_sched_advance() - move an entity forward by engine time
 * @s: the scheduler
 * @e: an entity in @s, not queued, or its idle entity
 * @ns: the engine time
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_advance(struct tessera_sched *s, struct tessera_sched_entity *e, u64 ns)
{
	u64 virtual = to_virtual(s, ns, tessera_sched_weight_of(s, e), &e->vtime_rem);

	e->vtime += virtual;
	if (s->policy->ops->advanced)
		s->policy->ops->advanced(s, e, virtual);
}

/**
 * tessera_sched_any_waiting() - tell whether anybody waits for the engine
 * @s: the scheduler
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: true if so.
 */
bool tessera_sched_any_waiting(const struct tessera_sched *s)
{
	if (s->policy->ops->any)
		return s->policy->ops->any(s);
	return tessera_sched_heap_first(&s->heap);
}

/**
 * tessera_sched_pick_waiting() - return who is next of those that wait
 * @s: the scheduler
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: the entity, or NULL.
 */
struct tessera_sched_entity *tessera_sched_pick_waiting(struct tessera_sched *s)
{
	if (s->policy->ops->pick_waiting)
		return s->policy->ops->pick_waiting(s);
	return tessera_sched_entity_of(tessera_sched_heap_first(&s->heap));
}

/**
 * tessera_sched_wants() - tell whether an entity is to have its turn, if its limit lets it
 * @s: the scheduler
 * @e: an entity in @s, or its idle entity
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: true if so.
 */
bool tessera_sched_wants(const struct tessera_sched *s, const struct tessera_sched_entity *e)
{
	if (e == &s->idle)
		return s->idle_weight && s->num_running;
	return e->running && (e->has_work || e->expected || !s->policy->work_conserving);
}

/**
 * tessera_sched_competes() - tell whether an entity is to have its turn
 * @s: the scheduler
 * @e: an entity in @s, or its idle entity
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: true if so.
 */
bool tessera_sched_competes(const struct tessera_sched *s,
			    const struct tessera_sched_entity *e)
{
	return tessera_sched_wants(s, e) && !e->throttled;
}

/**
 * tessera_sched_num_wanting() - count those that want their turn, held back by a limit or not
 * @s: the scheduler
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: how many they are.
 */
u32 tessera_sched_num_wanting(const struct tessera_sched *s)
{
	if (s->policy->work_conserving)
		return s->num_with_work + (s->holder && s->holder->expected);
	return s->num_running + tessera_sched_competes(s, &s->idle);
}

/**
 * tessera_sched_clock() - return the virtual time that leads and lags are measured from
 * @s: the scheduler
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: the virtual time.
 */
u64 tessera_sched_clock(struct tessera_sched *s)
{
	return s->policy->ops->clock ? s->policy->ops->clock(s) : s->vclock;
}

/**
 * tessera_sched_update_vclock() - bring the clock up to those that compete
 * @s: the scheduler
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_update_vclock(struct tessera_sched *s)
{
	struct tessera_sched_entity *e, *low;
	u64 clock = tessera_sched_clock(s);

	if (!s->policy->ops->clock) {
		low = tessera_sched_pick_waiting(s);
		if (s->holder && tessera_sched_competes(s, s->holder) &&
		    (!low || behind(s->holder->vtime, low->vtime)))
			low = s->holder;
		if (low)
			clock = low->vtime;
	}
	if (behind(s->vclock, clock))
		s->vclock = clock;

	if (s->vclock - s->vclock_rebased < REBASE_DISTANCE)
		return;
	/* Once in years: so it may take its time. */
	s->vclock_rebased = s->vclock;
	for (e = s->members; e; e = e->member_next) {
		if (!e->joined && behind(e->vtime, s->vclock))
			e->vtime = s->vclock;
	}
}

/* ---------------------------------------------------------------- accounts -- */

/**
 * tessera_sched_queue() - put an entity among those that wait
 * @s: the scheduler
 * @e: an entity in @s that competes, or its idle entity
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_queue(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	if (s->policy->ops->queue)
		s->policy->ops->queue(s, e);
	else
		tessera_sched_heap_insert(&s->heap, &e->node, e->vtime);
	e->queued = true;
	tessera_sched_qos_queued(s, e);
	tessera_sched_latency_queued(s, e);
}

/**
 * tessera_sched_unqueue() - take an entity out of those that wait
 * @s: the scheduler
 * @e: an entity in @s, or its idle entity; nothing is done for one that is not there
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_unqueue(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	if (!e->queued)
		return;
	if (s->policy->ops->unqueue)
		s->policy->ops->unqueue(s, e);
	else
		tessera_sched_heap_remove(&s->heap, &e->node);
	e->queued = false;
	tessera_sched_qos_unqueued(s, e);
	tessera_sched_latency_unqueued(s, e);
}

/**
 * tessera_sched_join() - let an entity begin to compete: not behind those who do
 * @s: the scheduler
 * @e: an entity in @s, not queued, or its idle entity
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_join(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	if (s->policy->ops->join)
		s->policy->ops->join(s, e, false);
	else if (behind(e->vtime, s->vclock))
		e->vtime = s->vclock;
}

/**
 * tessera_sched_rejoin() - let an entity go on competing, under another policy or at another weight
 * @s: the scheduler
 * @e: an entity in @s, not queued
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_rejoin(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	if (s->policy->ops->join)
		s->policy->ops->join(s, e, true);
}

/**
 * tessera_sched_leave() - let an entity compete no longer
 * @s: the scheduler
 * @e: an entity in @s, not queued
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_leave(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	if (s->policy->ops->leave)
		s->policy->ops->leave(s, e);
}

/**
 * tessera_sched_is_switching() - tell whether another turn is waited for
 * @s: the scheduler
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: true if so.
 */
bool tessera_sched_is_switching(const struct tessera_sched *s)
{
	return s->next_valid && s->next != s->holder;
}

/**
 * tessera_sched_charge_slice() - charge engine time in a slice to its holder
 * @s: the scheduler
 * @e: the holder
 * @ns: the engine time
 *
 * What a reservation gives beyond the share by weight is not charged against that:
 * else a vGPU would have to wait it off when its reservation is taken away.
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_charge_slice(struct tessera_sched *s, struct tessera_sched_entity *e,
				u64 ns)
{
	u64 lead = 2 * tessera_sched_slice_ns(s, e);
	u32 rem = 0;

	if (e->chosen_by == TESSERA_SCHED_BY_RESERVATION &&
	    behind(s->vclock + to_virtual(s, lead, tessera_sched_weight_of(s, e), &rem), e->vtime))
		return;
	tessera_sched_advance(s, e, ns);
}

static void tessera_sched_add_debt(struct tessera_sched_entity *e, u64 ns)
{
	e->debt_ns += ns;
	if (e->debt_ns > TESSERA_SCHED_DEBT_MAX_NS)
		e->debt_ns = TESSERA_SCHED_DEBT_MAX_NS;
}

/**
 * tessera_sched_slice_left() - return what is left of a slice
 * @e: its holder
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: ns.
 */
u64 tessera_sched_slice_left(const struct tessera_sched_entity *e)
{
	return e->slice_granted_ns > e->slice_used_ns ? e->slice_granted_ns - e->slice_used_ns : 0;
}

/*
 * @ns more of @e's slice have passed, @busy_ns of them in work. Returns what is not to
 * be charged to it: that the caller was late to end an idle turn is no fault of its holder.
 */
static u64 tessera_sched_charge_holder(struct tessera_sched *s, struct tessera_sched_entity *e,
				       u64 ns, u64 busy_ns)
{
	u64 room = tessera_sched_slice_left(e), over;

	e->slice_used_ns += ns;
	if (!e->slice_granted_ns || ns <= room) {
		tessera_sched_charge_slice(s, e, ns);
		return 0;
	}
	tessera_sched_charge_slice(s, e, room);
	over = ns - room < busy_ns ? ns - room : busy_ns;
	e->overshoot_ns += over;
	tessera_sched_add_debt(e, over);
	return ns - room - over;
}

/*
 * Time that no vGPU held. Where there is more of it than is owed to nobody, the idle entity
 * would get ever further ahead, and then, when there is less, the vGPUs more than they are
 * owed until it is caught up: so its lead is limited.
 */
static void tessera_sched_charge_idle(struct tessera_sched *s, u64 ns)
{
	struct tessera_sched_entity *e = &s->idle;
	bool queued = e->queued;
	u32 rem = 0;
	u64 most;

	if (!ns || !tessera_sched_competes(s, e))
		return;
	tessera_sched_unqueue(s, e);
	tessera_sched_advance(s, e, ns);
	most = s->vclock + to_virtual(s, TESSERA_SCHED_IDLE_LEAD_MAX_NS, s->idle_weight, &rem);
	if (behind(most, e->vtime))
		e->vtime = most;
	if (queued)
		tessera_sched_queue(s, e);
}

/* Unsold time pays for @ns, as far as it can without being late for all. Returns the rest. */
static u64 tessera_sched_pay_unsold(const struct tessera_sched *s, u64 ns)
{
	s64 lead = tessera_sched_lead_ns(s, &s->idle, s->idle_weight, s->vclock);
	u64 unsold = 0;

	if (tessera_sched_competes(s, &s->idle) && lead < LOSS_LEAD_MAX_NS)
		unsold = LOSS_LEAD_MAX_NS - lead;
	return ns > unsold ? ns - unsold : 0;
}

/*
 * A turn was lent to @b: it has used @used_ns of others' time, and @lost_ns were nobody's while
 * they waited. What unsold time does not pay of the first is @b's debt. The second all lose alike:
 * so there may be little of it, see tessera_sched_elastic_lost(). Returns what unsold time has not
 * paid.
 */
static u64 tessera_sched_charge_loss(struct tessera_sched *s, struct tessera_sched_entity *b,
				     u64 used_ns, u64 lost_ns, u64 now_ns)
{
	u64 rest = tessera_sched_pay_unsold(s, used_ns + lost_ns);
	u64 debt = rest < used_ns ? rest : used_ns;

	tessera_sched_add_debt(b, debt);
	tessera_sched_elastic_owes(s, b, debt, now_ns);
	tessera_sched_elastic_lost(s, rest - debt, now_ns);
	return rest;
}

/*
 * The borrower has worked for @busy_ns of the @passed_ns. The turn's time stands still while its
 * owner waits to have it back: that is lost, as what the borrower uses past the turn's end is.
 */
static void tessera_sched_charge_loan(struct tessera_sched *s, u64 passed_ns, u64 busy_ns,
				      bool counted, u64 now_ns)
{
	struct tessera_sched_entity *h = s->holder;
	u64 lent = 0, over, used;

	busy_ns = busy_ns > s->provisional_ns ? busy_ns - s->provisional_ns : 0;
	over = busy_ns;
	if (h != &s->idle && h->has_work && !tessera_sched_is_switching(s)) {
		s->slice_start_ns += passed_ns;
		if (over < passed_ns)
			over = passed_ns;
	} else if (h == &s->idle || (h->running && !tessera_sched_is_switching(s))) {
		lent = tessera_sched_slice_left(h);
		if (lent > passed_ns)
			lent = passed_ns;
		h->slice_used_ns += passed_ns;
		over = busy_ns > lent ? busy_ns - lent : 0;
	}
	s->provisional_ns = counted ? 0 : s->provisional_ns + lent;
	used = busy_ns < over ? busy_ns : over;
	s->borrower->overshoot_ns += used;
	if (h != &s->idle) {
		tessera_sched_advance(s, h, lent);
		passed_ns -= lent;
	}
	over = tessera_sched_charge_loss(s, s->borrower, used, over - used, now_ns);
	tessera_sched_charge_idle(s, passed_ns > over ? passed_ns - over : 0);
	tessera_sched_update_vclock(s);
}

/**
 * tessera_sched_account() - bring accounts up to date
 * @s: the scheduler
 * @now_ns: the time
 * @busy_ns: engine time that the holder has used since the last counted time
 * @counted: @busy_ns is from the hardware's counter; otherwise only what the clock says is charged,
 *           and kept in mind as provisional_ns until the counter is seen
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_account(struct tessera_sched *s, u64 now_ns, u64 busy_ns, bool counted)
{
	struct tessera_sched_entity *h = s->holder;
	bool parked = s->next_valid ? !s->next : !h;
	u64 passed, busy, held, over;

	if (!counted && !busy_ns && s->policy->work_conserving)
		return;		/* the clock alone says nothing */
	passed = now_ns > s->accounted_ns ? now_ns - s->accounted_ns : 0;
	s->accounted_ns += passed;
	if (passed > TESSERA_SCHED_CHARGE_MAX_NS)
		passed = TESSERA_SCHED_CHARGE_MAX_NS;
	if (parked)
		passed = 0;	/* nobody's time, even where a runlist stays in force */
	if (h && s->borrower) {
		tessera_sched_charge_loan(s, passed, busy_ns, counted, now_ns);
		return;
	}
	if (!h || h == &s->idle) {
		if (h)
			h->slice_used_ns += passed;
		tessera_sched_charge_idle(s, passed);
		tessera_sched_update_vclock(s);
		return;
	}

	busy = busy_ns > s->provisional_ns ? busy_ns - s->provisional_ns : 0;
	held = busy;
	if (s->next_valid && s->next_borrower && s->next == h && h->has_work) {
		/* Its turn was about to be lent, and it will have to wait to have it back. */
		u64 lost = passed > held ? passed - held : 0;

		s->slice_start_ns += lost;
		passed -= tessera_sched_charge_loss(s, s->next_borrower, 0, lost, now_ns);
	} else if ((!s->policy->work_conserving || h->expected) &&
		   !tessera_sched_is_switching(s) && h->running && held < passed) {
		if (s->policy->work_conserving)
			h->kept_ns += passed - held;
		held = passed;
	}
	if (counted)
		s->provisional_ns = 0;
	else
		s->provisional_ns += held;

	over = h->overshoot_ns;
	tessera_sched_charge_idle(s, (passed > held ? passed - held : 0) +
				  tessera_sched_charge_holder(s, h, held, busy));
	tessera_sched_qos_charge(s, h, held, h->overshoot_ns - over, now_ns);
	tessera_sched_update_vclock(s);
}
