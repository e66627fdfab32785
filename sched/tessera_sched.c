// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_sched.c - the core: accounts, slices, debts, and who is next
 *
 * DOC: how time is divided
 *
 * Each entity has a virtual time, which goes forward as the entity holds the engine: at
 * the clock's speed divided by its weight. The one that is furthest behind is next, so
 * in the long run each gets time in proportion to its weight. What tells one policy
 * from another is who competes and what the weights are:
 *
 *   work-conserving	entities with work compete, charged for the engine time that the
 *			hardware has counted
 *   otherwise		running entities compete, with work or not, charged for their turns
 *			by the clock (and by the counters for what runs past the end); an
 *			idle entity may stand for the time that is owed to nobody
 *
 * vclock follows the lowest virtual time of those that compete and never goes back. An
 * entity that begins to compete starts there (one that begins to run, half a slice
 * ahead) or, if it is further ahead, where it was: so nobody saves up time by sleeping,
 * loses a debt by it, or locks others out.
 *
 * Debt. A slice ends when the hardware can preempt, which may be long after it was
 * over. Time used in the slice goes to the virtual time, time past it to the debt, so
 * that at any moment
 *
 *	virtual time * weight + debt = time held
 *
 * and paying back is moving an amount from the debt to the virtual time: at the end of
 * a slice all whole slices of the debt (those turns will be skipped, because the
 * others are now behind), at the beginning of one a part of the rest, by which the slice
 * is shorter. Hence shares are exact to within one slice and one debt, which
 * is less than a slice.
 *
 * Switching. Time between the end of a slice and switched() is charged to no vGPU.
 *
 * Loans. Where the policy lends, a borrower may run in the holder's turn: see
 * tessera_sched_elastic.c. The turn is charged as if its owner did.
 *
 * The engine's holder is not in the heap; one that was picked stays in it until the
 * hardware has switched, so that a pick can be replaced without a trace.
 *
 * DOC: the states of an engine
 *
 *   holder		whose turn it is, or the idle entity; NULL: nobody's
 *   borrower		who has the holder's turn on loan, until loan_end_ns at the latest (then
 *			it is asked again who may borrow); NULL: nobody
 *   current_entity	whose runlist is in force: the borrower, else the holder; NULL if that is
 *			the idle entity, or nobody
 *   next_valid		a pick() waits for switched(). What will be holder and borrower then are
 *			next and next_borrower, and next may be the holder, whose turn goes on
 *			with another runlist
 *   provisional_ns	what the current turn was charged by the clock, before the counter was
 *			seen: charge() takes it off what it charges
 *
 * An engine without a holder is parked, one with a borrower on loan, any other running; each
 * of these is also switching while next_valid. "Change" is start, stop, wake, or sleep.
 *
 *   state	event		action
 *
 *   parked	charge()	to nobody
 *		a change	true if anyone who runs has work
 *		pick()		switching
 *   running	charge()	to the holder's slice; work past its end to its debt
 *		start(), wake()	true if the slice is over or had no end, the holder does not
 *				compete, or its turn can be lent now
 *		sleep()		work-conserving: true if others have work and the slice is over or
 *				the holder no longer competes; else its runlist stays in force.
 *				Otherwise: true if its turn can be lent now
 *		stop()		true if it is the holder's; else as wake()
 *		pick()		running on in the same slice or a new one, or switching
 *   on loan	charge()	the turn to its owner, by the clock. Work past its end, and all time
 *				that the owner waits, is lost: unsold time or the borrower's debt
 *				pays for it
 *		start(), wake()	true if it is the owner's, or as when running
 *		sleep()		true if it is the borrower's and another may borrow
 *		stop()		true if it is the owner's or the borrower's
 *		pick()		on loan still, or switching, be it to the owner's own runlist
 *   switching	charge()	work as before; the rest of the time to nobody, but where the same
 *				turn goes on
 *		a change	true if next is nobody or does not compete, if its slice was to have
 *				no end and now must, or as on loan, of next and next_borrower
 *		pick()		replaces the decision; if that is for what is in force, as before
 *		switched()	parked, running or on loan, with a new slice unless the turn goes on
 *
 * switched() is ignored unless switching. True: the caller should pick(). A decision for the
 * runlist that is in force already, but in another turn, needs no hardware: pick() then does
 * what switched() would. remove() is stop(), after which nothing here points to the entity;
 * set_policy() ends loans and turns of the idle entity.
 */
#include "tessera_sched_internal.h"

/* Longest turn of the idle entity: running vGPUs get no turn meanwhile. */
#define IDLE_SLICE_MAX_NS	64000000ull

/* Nobody is ahead for longer. */
#define IDLE_GO_BACK_MAX_NS	(2 * TESSERA_SCHED_LEAD_MAX_NS)

/* By how much one that was held back by a limit may be behind. */
#define RELEASE_LAG_MAX_NS	100000000ull

#define behind(a, b)		tessera_sched_behind(a, b)
#define to_virtual(...)		tessera_sched_to_virtual(__VA_ARGS__)

/* ------------------------------------------------------------------ slices -- */

/* How long @e has the engine before others are looked at; if it asks for more it may go on. */
static u64 tessera_sched_grant_ns(const struct tessera_sched *s,
				  const struct tessera_sched_entity *e)
{
	u64 slice = tessera_sched_slice_ns(s, e), common = tessera_sched_timeslice_ns(s);

	return slice < common ? slice : common;
}

/* What the next slice is shortened by: a part of the debt, at most half of the slice. */
static u64 tessera_sched_repayment(const struct tessera_sched *s,
				   const struct tessera_sched_entity *e)
{
	u64 part = div_u64(e->debt_ns + s->config.averaging - 1, s->config.averaging);
	u64 half = tessera_sched_grant_ns(s, e) / 2;

	return part < half ? part : half;
}

/*
 * The idle entity's turn lasts until someone else is owed one: that saves switches and
 * makes periods even.
 */
static u64 tessera_sched_idle_slice_ns(struct tessera_sched *s)
{
	struct tessera_sched_entity *low, *h = s->holder;
	u64 ns = 0, least = tessera_sched_timeslice_ns(s) / 4;
	bool queued = s->idle.queued;

	tessera_sched_unqueue(s, &s->idle);
	low = tessera_sched_pick_waiting(s);
	if (queued)
		tessera_sched_queue(s, &s->idle);
	if (h && h != &s->idle && tessera_sched_competes(s, h) &&
	    (!low || behind(h->vtime, low->vtime)))
		low = h;
	if (low && behind(s->idle.vtime, low->vtime))
		ns = tessera_sched_to_ns(s, low->vtime - s->idle.vtime, s->idle_weight,
					 IDLE_SLICE_MAX_NS);
	return ns > least ? ns : least;
}

/* Without a competitor or a limit there is no need of a timer. */
static bool tessera_sched_is_endless(const struct tessera_sched *s,
				     const struct tessera_sched_entity *e)
{
	return tessera_sched_num_wanting(s) <= 1 && e != &s->idle &&
	       !(e->limit_ppm && s->policy->work_conserving);
}

/* 0 for one that has no competitor: its slice lasts until it gets one. */
static u64 tessera_sched_slice_for(struct tessera_sched *s, const struct tessera_sched_entity *e)
{
	u64 slice;

	if (e == &s->idle)
		return tessera_sched_idle_slice_ns(s);
	if (tessera_sched_is_endless(s, e))
		return 0;
	if (e->chosen_by == TESSERA_SCHED_BY_LATENCY) {
		slice = tessera_sched_latency_budget_ns(s, e);
		return slice > TESSERA_SCHED_WAIT_MIN_NS ? slice : TESSERA_SCHED_WAIT_MIN_NS;
	}
	return tessera_sched_grant_ns(s, e) - tessera_sched_repayment(s, e);
}

/* What remains to be paid is less than a slice: see the top of this file. */
static void tessera_sched_skip_turns(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	u32 slice = tessera_sched_slice_ns(s, e);
	u32 rest;

	if (e->debt_ns <= slice)
		return;
	div_u64_rem(e->debt_ns, slice, &rest);
	tessera_sched_charge_slice(s, e, e->debt_ns - rest);
	e->debt_ns = rest;
}

static void tessera_sched_begin_slice(struct tessera_sched *s, struct tessera_sched_entity *e,
				      u64 slice_ns, u64 now_ns)
{
	u64 pay;

	s->slice_start_ns = now_ns;
	e->slice_used_ns = 0;
	e->slice_granted_ns = slice_ns;
	if (e == &s->idle)
		return;
	e->slices++;
	e->fresh = false;
	if (!slice_ns) {
		e->chosen_by = TESSERA_SCHED_BY_ORDER;	/* nobody else wanted it */
		return;
	}
	if (e->chosen_by == TESSERA_SCHED_BY_LATENCY)
		return;
	pay = tessera_sched_repayment(s, e);
	e->debt_ns -= pay;
	tessera_sched_advance(s, e, pay);
}

/* From here on, what the holder of an endless slice uses is past its slice. */
static void tessera_sched_end_endless(struct tessera_sched_entity *e)
{
	e->slice_granted_ns = e->slice_used_ns ? e->slice_used_ns : 1;
}

static u64 tessera_sched_elapsed(const struct tessera_sched *s, u64 now_ns)
{
	return now_ns > s->slice_start_ns ? now_ns - s->slice_start_ns : 0;
}

/* A timer may come a little early; another one for the rest would only cost. */
static bool tessera_sched_slice_over(const struct tessera_sched *s, u64 now_ns)
{
	const struct tessera_sched_entity *h = s->holder;
	u64 granted = h->slice_granted_ns;

	if (!granted)
		return false;
	return h->slice_used_ns >= granted ||
	       tessera_sched_elapsed(s, now_ns) >= granted - granted / 16;
}

/*
 * The holder had no competitor and its slice no end, and now there is one: it has
 * the slice that it would have had, counted from its start.
 */
static void tessera_sched_limit_holder(struct tessera_sched *s, u64 now_ns)
{
	struct tessera_sched_entity *h = s->holder;
	u64 slice, had;

	if (!h || h == &s->idle || h->slice_granted_ns || !tessera_sched_competes(s, h))
		return;
	/* Otherwise a charge that comes too late would count as had against the newcomer. */
	if (s->policy->work_conserving && now_ns > s->accounted_ns &&
	    !tessera_sched_is_switching(s)) {
		u64 passed = now_ns - s->accounted_ns;

		tessera_sched_account(s, now_ns, passed + s->provisional_ns, false);
	}
	slice = tessera_sched_grant_ns(s, h);
	had = tessera_sched_elapsed(s, now_ns);
	h->slice_granted_ns = slice;
	h->slice_used_ns = had < slice ? had : slice;
}

/* -------------------------------------------------------- who competes -- */

/* @e begins to compete, or goes on after its slice. */
static void tessera_sched_enter(struct tessera_sched *s, struct tessera_sched_entity *e, u64 now_ns)
{
	if (e->queued || e == s->holder || !tessera_sched_wants(s, e))
		return;
	tessera_sched_limit_holder(s, now_ns);
	if (tessera_sched_qos_throttle(s, e, now_ns)) {
		tessera_sched_leave(s, e);
		return;
	}
	tessera_sched_join(s, e);
	tessera_sched_queue(s, e);
}

/* @e no longer competes. */
static void tessera_sched_retire(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	tessera_sched_unqueue(s, e);
	tessera_sched_leave(s, e);
	tessera_sched_qos_unthrottle(s, e);
}

/*
 * Those whose limit allows more time again. They did not sleep: each is where it was, behind the
 * others, and so has its turn at once if its limit is less than its share.
 */
static void tessera_sched_release(struct tessera_sched *s, u64 now_ns)
{
	struct tessera_sched_entity *e;

	while ((e = tessera_sched_qos_release(s, now_ns))) {
		u64 least = tessera_sched_clock(s);
		u32 rem = 0;

		least -= to_virtual(s, RELEASE_LAG_MAX_NS, tessera_sched_weight_of(s, e), &rem);
		if (behind(e->vtime, least))
			e->vtime = least;
		tessera_sched_rejoin(s, e);
		if (e != s->holder && !tessera_sched_qos_throttle(s, e, now_ns)) {
			tessera_sched_limit_holder(s, now_ns);
			tessera_sched_queue(s, e);
		} else if (e->throttled) {
			tessera_sched_leave(s, e);
		}
	}
}

/* Put @e, which is not queued, as far ahead as that is now, at @weight. */
static void tessera_sched_set_lead(struct tessera_sched *s, struct tessera_sched_entity *e,
				   u32 weight, u64 clock, s64 ns)
{
	e->vtime_rem = 0;
	if (ns < 0)
		e->vtime = clock - to_virtual(s, -ns, weight, &e->vtime_rem);
	else
		e->vtime = clock + to_virtual(s, ns, weight, &e->vtime_rem);
}

/* Take @e, not queued, back by its share of @ns, but not behind the others. */
static void tessera_sched_go_back(struct tessera_sched *s, struct tessera_sched_entity *e, u64 ns,
				  u32 ppm)
{
	u32 weight = tessera_sched_weight_of(s, e);
	s64 lead = weight ? tessera_sched_lead_ns(s, e, weight, s->vclock) : 0;
	u64 share;

	if (lead <= 0)
		return;
	if (ns > IDLE_GO_BACK_MAX_NS)
		ns = IDLE_GO_BACK_MAX_NS;
	share = div_u64(ns * ppm, TESSERA_SCHED_PPM);
	tessera_sched_set_lead(s, e, weight, s->vclock, (u64)lead > share ? lead - (s64)share : 0);
}

/* The idle entity's weight follows who runs; what it is ahead, in time, stays. */
static void tessera_sched_update_idle(struct tessera_sched *s, u64 now_ns)
{
	u32 weight = s->policy->ops->idle_weight ? s->policy->ops->idle_weight(s) : 0;
	s64 lead = tessera_sched_lead_ns(s, &s->idle, s->idle_weight, s->vclock);

	tessera_sched_unqueue(s, &s->idle);
	if (weight && weight != s->idle_weight) {
		if (lead > TESSERA_SCHED_IDLE_LEAD_MAX_NS)
			lead = TESSERA_SCHED_IDLE_LEAD_MAX_NS;
		tessera_sched_set_lead(s, &s->idle, weight, s->vclock, lead);
	}
	s->idle_weight = weight;
	tessera_sched_enter(s, &s->idle, now_ns);
}

static void tessera_sched_count(struct tessera_sched *s, const struct tessera_sched_entity *e,
				int sign)
{
	s->num_running += sign;
	s->num_with_work += e->has_work ? sign : 0;
	s->weight_sum += sign * (s64)e->weight;
}

/*
 * The one furthest behind. The holder, at the end of its slice, must be behind by more than
 * half a slice to have another one: else a slice that ended a little early would be
 * followed by a second one of the same entity.
 */
static struct tessera_sched_entity *tessera_sched_select_in_order(struct tessera_sched *s,
								  struct tessera_sched_entity *h)
{
	struct tessera_sched_entity *low = tessera_sched_pick_waiting(s);
	u64 half = tessera_sched_timeslice_ns(s) / 2;
	u32 rem = 0;

	if (!h || !low)
		return h ? h : low;
	if (s->policy->ops->select)
		return s->policy->ops->select(s, h);
	if (behind(h->vtime + to_virtual(s, half, tessera_sched_weight_of(s, h), &rem), low->vtime))
		return h;
	return low;
}

/*
 * Nobody had work, under a policy that keeps turns, and @e has. All turns have gone on meanwhile as
 * if they had been had, so that @e is no longer ahead by what its share of that time was. If it is
 * not ahead at all it is next: an idle engine serves at once.
 */
static void tessera_sched_unpark(struct tessera_sched *s, struct tessera_sched_entity *e,
				 u64 now_ns)
{
	struct tessera_sched_entity *h = s->holder;
	u64 idle_ns = now_ns > s->parked_since_ns ? now_ns - s->parked_since_ns : 0;
	bool queued = s->idle.queued;

	s->parked_since_ns = 0;
	s->parked_ns += idle_ns;
	tessera_sched_unqueue(s, &s->idle);
	tessera_sched_go_back(s, &s->idle, idle_ns, TESSERA_SCHED_PPM);
	if (queued)
		tessera_sched_queue(s, &s->idle);
	if (h == e)
		s->slice_start_ns += idle_ns;	/* its turn stood still */
	else if (h && h->slice_granted_ns)
		tessera_sched_end_endless(h);
	s->prompt = e;
}

/* Time without work for anybody, of which @e has had its part. */
static void tessera_sched_catch_up(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	u64 idle_ns = s->parked_ns - e->parked_ns;
	bool queued = e->queued;

	e->parked_ns = s->parked_ns;
	if (!idle_ns)
		return;
	tessera_sched_unqueue(s, e);
	tessera_sched_go_back(s, e, idle_ns, s->policy->ops->due_ppm(s, e));
	if (queued)
		tessera_sched_queue(s, e);
}

/* Whether one waits that goes before @e, which has been chosen. */
static bool tessera_sched_is_outranked(struct tessera_sched *s,
				       const struct tessera_sched_entity *e, u64 now_ns)
{
	struct tessera_sched_entity *urgent = tessera_sched_latency_first(s);

	if (e->chosen_by == TESSERA_SCHED_BY_RESERVATION && tessera_sched_qos_late(e, now_ns))
		return false;
	return urgent && urgent != e && e->chosen_by < TESSERA_SCHED_BY_LATENCY;
}

/* ... or, while it is only waited for, would have been chosen in its place; NULL: nobody. */
static struct tessera_sched_entity *tessera_sched_outdone_by(struct tessera_sched *s,
							     const struct tessera_sched_entity *e,
							     u64 now_ns)
{
	struct tessera_sched_entity *urgent = NULL;

	if (tessera_sched_is_outranked(s, e, now_ns))
		return tessera_sched_latency_first(s);
	if (e->chosen_by == TESSERA_SCHED_BY_RESERVATION && tessera_sched_qos_late(e, now_ns))
		return NULL;
	if (s->policy->ops->urgent && e->chosen_by < TESSERA_SCHED_BY_WAKE)
		urgent = s->policy->ops->urgent(s);
	return urgent != e ? urgent : NULL;
}

/* Whether something has happened that only a pick() can answer. */
static bool tessera_sched_need_pick(struct tessera_sched *s, u64 now_ns)
{
	/* An endless slice without a timer is about to begin, and has a competitor now. */
	if (s->next_valid && s->next && !s->next_slice_ns && !tessera_sched_is_endless(s, s->next))
		return true;
	if (!s->num_with_work)
		return false;
	if (s->policy->lends && tessera_sched_elastic_need_pick(s))
		return true;
	if (s->next_valid)
		return !s->next || !tessera_sched_competes(s, s->next) ||
		       tessera_sched_outdone_by(s, s->next, now_ns);
	if (!s->holder || !tessera_sched_competes(s, s->holder) ||
	    tessera_sched_is_outranked(s, s->holder, now_ns))
		return true;
	return tessera_sched_any_waiting(s) && tessera_sched_slice_over(s, now_ns);
}

/* ------------------------------------------------------------- work state -- */

/**
 * tessera_sched_start() - start a vGPU: it runs, and is owed a share from now on
 * @s: the scheduler
 * @e: an entity in @s
 * @now_ns: the time
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: true if pick() should be called now.
 */
bool tessera_sched_start(struct tessera_sched *s, struct tessera_sched_entity *e, u64 now_ns)
{
	bool unlimited;

	if (!e->added || e->running)
		return false;
	tessera_sched_account(s, now_ns, 0, false);
	unlimited = s->holder && !s->holder->slice_granted_ns;
	e->running = true;
	if (e->has_work && s->parked_since_ns)
		tessera_sched_unpark(s, e, now_ns);
	if (!s->num_with_work && !e->has_work && !s->parked_since_ns)
		s->parked_since_ns = now_ns;
	e->parked_ns = s->parked_ns;
	tessera_sched_count(s, e, 1);
	if (s->policy->ops->start)
		s->policy->ops->start(s, e);
	/* In the middle of the others, who are up to a slice ahead: so neither side gains. */
	if (!s->policy->own_positions && !behind(s->vclock, e->vtime))
		tessera_sched_set_lead(s, e, tessera_sched_weight_of(s, e), s->vclock,
				       tessera_sched_timeslice_ns(s) / 2);
	tessera_sched_qos_woken(s, e, now_ns);
	tessera_sched_elastic_update(s, e);
	tessera_sched_enter(s, e, now_ns);
	tessera_sched_update_idle(s, now_ns);
	if (unlimited && s->holder->slice_granted_ns)
		return true;	/* see tessera_sched_wake() */
	return tessera_sched_need_pick(s, now_ns);
}

/**
 * tessera_sched_stop() - stop a vGPU: it no longer runs, and is owed nothing
 * @s: the scheduler
 * @e: an entity in @s
 * @now_ns: the time
 *
 * If it holds the engine it goes on being charged until the hardware has switched.
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: true if pick() should be called now.
 */
bool tessera_sched_stop(struct tessera_sched *s, struct tessera_sched_entity *e, u64 now_ns)
{
	if (!e->added || !e->running)
		return false;
	tessera_sched_account(s, now_ns, 0, false);
	e->expected = false;
	if (s->prompt == e)
		s->prompt = NULL;
	tessera_sched_retire(s, e);
	e->running = false;
	tessera_sched_count(s, e, -1);
	if (s->policy->ops->stop)
		s->policy->ops->stop(s, e);
	tessera_sched_elastic_update(s, e);
	tessera_sched_update_idle(s, now_ns);
	tessera_sched_update_vclock(s);
	if (s->next_valid ? s->next == e || s->next_borrower == e :
			    s->holder == e || s->borrower == e)
		return true;
	return tessera_sched_need_pick(s, now_ns);
}

/**
 * tessera_sched_wake() - note that a vGPU has work for this engine
 * @s: the scheduler
 * @e: an entity in @s
 * @now_ns: the time
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: true if pick() should be called now.
 */
bool tessera_sched_wake(struct tessera_sched *s, struct tessera_sched_entity *e, u64 now_ns)
{
	struct tessera_sched_entity *h = s->holder;
	bool unlimited = h && h != &s->idle && !h->slice_granted_ns;

	if (!e->added || e->has_work)
		return false;
	e->has_work = true;
	if (!e->running)
		return false;
	if (s->parked_since_ns)
		tessera_sched_unpark(s, e, now_ns);
	if (!s->policy->work_conserving)
		tessera_sched_catch_up(s, e);
	s->num_with_work++;
	e->fresh = true;
	tessera_sched_expect_woken(e, now_ns);
	if (e->expected) {
		e->expected = false;
		return true;	/* its slice goes on, and needs a timer */
	}
	tessera_sched_qos_woken(s, e, now_ns);
	tessera_sched_elastic_update(s, e);
	tessera_sched_enter(s, e, now_ns);

	if (h == e && s->policy->work_conserving) {
		/* It kept the engine because nobody else wanted it: what it slept is not had. */
		tessera_sched_join(s, e);
		if (!tessera_sched_any_waiting(s) && !s->next_valid) {
			tessera_sched_begin_slice(s, e, tessera_sched_slice_for(s, e), now_ns);
			if (tessera_sched_qos_throttle(s, e, now_ns))
				tessera_sched_leave(s, e);
			if (e->slice_granted_ns)
				return true;
		} else if (unlimited) {
			tessera_sched_end_endless(e);
		}
	}
	/* The holder's slice has an end now, which needs a timer. */
	if (unlimited && h->slice_granted_ns)
		return true;
	return tessera_sched_need_pick(s, now_ns);
}

/**
 * tessera_sched_sleep() - note that a vGPU has no more work for this engine
 * @s: the scheduler
 * @e: an entity in @s
 * @now_ns: the time
 *
 * Where nobody else has work, the engine stays as it is: the vGPU may come back to
 * it without a switch. Where others have, it may be kept for one that will be back soon.
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: true if pick() should be called now.
 */
bool tessera_sched_sleep(struct tessera_sched *s, struct tessera_sched_entity *e, u64 now_ns)
{
	bool soon;

	if (!e->added || !e->has_work)
		return false;
	e->has_work = false;
	if (!e->running)
		return false;
	s->num_with_work--;
	tessera_sched_elastic_update(s, e);
	soon = tessera_sched_expect(s, e, now_ns);
	if (!s->policy->work_conserving)
		return !s->num_with_work ||
		       (s->policy->lends && tessera_sched_elastic_need_pick(s));
	if (soon && e == s->holder && !s->next_valid && s->num_with_work && !e->throttled &&
	    (tessera_sched_slice_left(e) > e->think_ns ||
	     tessera_sched_select_in_order(s, e) == e)) {
		e->expected = true;
		return true;
	}
	tessera_sched_retire(s, e);
	tessera_sched_update_vclock(s);
	return tessera_sched_need_pick(s, now_ns);
}

/* ------------------------------------------------------- charge, pick, switch -- */

/**
 * tessera_sched_charge() - charge engine time to the current vGPU
 * @s: the scheduler
 * @ns: engine time used since the last charge, from the hardware's counters
 * @now_ns: the time until which @ns was counted
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_charge(struct tessera_sched *s, u64 ns, u64 now_ns)
{
	if (ns > TESSERA_SCHED_CHARGE_MAX_NS)
		ns = TESSERA_SCHED_CHARGE_MAX_NS;
	if (s->current_entity) {
		s->current_entity->used_ns += ns;
		if (s->current_entity->elastic_cap_ppm)
			tessera_sched_elastic_charge(s, s->current_entity, ns, now_ns);
		tessera_sched_latency_charge(s, s->current_entity, ns, now_ns);
	}
	tessera_sched_account(s, now_ns, ns, true);
}

/**
 * tessera_sched_charge_switch() - note what the switch that is being made has cost
 * @s: the scheduler
 * @ns: time that the engine has spent on it, from the hardware's counters
 *
 * Context: the engine's lock is held; does not sleep. Before tessera_sched_switched().
 */
void tessera_sched_charge_switch(struct tessera_sched *s, u64 ns)
{
	s->switching_ns = ns < TESSERA_SCHED_CHARGE_MAX_NS ? ns : TESSERA_SCHED_CHARGE_MAX_NS;
}

/*
 * Under a policy that is work-conserving a switch is charged to the one that comes: how often that
 * is, is up to it. One that has cut another's slice short pays for the way back as well.
 */
static void tessera_sched_pay_switch(struct tessera_sched *s, struct tessera_sched_entity *e,
				     bool cut, u64 now_ns)
{
	u64 ns = s->switching_ns;

	s->switching_ns = 0;
	if (!ns)
		return;
	if (!s->switch_cost_ns)
		s->switch_cost_ns = ns;
	s->switch_cost_ns = s->switch_cost_ns - s->switch_cost_ns / 8 + ns / 8;
	if (!e || e == &s->idle)
		return;
	e->switch_ns += ns;
	if (!s->policy->work_conserving)
		return;
	if (s->switch_paid)
		ns = 0;
	if (cut)
		ns *= 2;
	s->switch_paid = cut;
	tessera_sched_advance(s, e, ns);
	tessera_sched_latency_charge(s, e, ns, now_ns);
}

/* The next in order, unless somebody is urgent, or has had less than is reserved for it. */
static struct tessera_sched_entity *tessera_sched_select_next(struct tessera_sched *s, u64 now_ns)
{
	struct tessera_sched_entity *h = s->holder, *reserved, *e = NULL;
	u8 reason = TESSERA_SCHED_BY_LATENCY;

	if (h && !tessera_sched_competes(s, h))
		h = NULL;
	reserved = tessera_sched_qos_behind(s, h, now_ns);
	if (!reserved || !tessera_sched_qos_late(reserved, now_ns)) {
		e = tessera_sched_latency_first(s);
		if (!e && s->policy->ops->urgent) {
			e = s->policy->ops->urgent(s);
			reason = TESSERA_SCHED_BY_WAKE;
		}
	}
	if (!e && reserved) {
		e = reserved;
		reason = TESSERA_SCHED_BY_RESERVATION;
	}
	if (!e) {
		e = tessera_sched_select_in_order(s, h);
		reason = TESSERA_SCHED_BY_ORDER;
	}
	if (e)
		e->chosen_by = reason;
	return e;
}

/* Whether @e, for whom alone the engine would be idle, is not ahead of its share. */
static bool tessera_sched_is_prompt(const struct tessera_sched *s,
				    const struct tessera_sched_entity *e)
{
	return e->has_work && tessera_sched_competes(s, e) && !behind(s->vclock, e->vtime);
}

/* It was expected to have work again, and another is to have the engine. */
static void tessera_sched_disappointed(struct tessera_sched *s, struct tessera_sched_entity *h)
{
	h->expected = false;
	tessera_sched_retire(s, h);
	tessera_sched_update_vclock(s);
}

/* The entity whose runlist is to be in force in a turn of @e, lent to @b or not (NULL). */
static struct tessera_sched_entity *tessera_sched_runner(struct tessera_sched *s,
							 struct tessera_sched_entity *e,
							 struct tessera_sched_entity *b)
{
	return b ? b : e == &s->idle ? NULL : e;
}

/**
 * tessera_sched_pick() - decide who has the engine next, and for how long
 * @s: the scheduler
 * @now_ns: the time
 * @d: the decision; an empty runlist without a timer if nobody has work
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_pick(struct tessera_sched *s, u64 now_ns, struct tessera_sched_decision *d)
{
	struct tessera_sched_entity *h = s->holder, *e, *b = NULL;
	bool keep;

	tessera_sched_account(s, now_ns, 0, false);
	tessera_sched_release(s, now_ns);
	if (h && h != &s->idle && !tessera_sched_is_endless(s, h))
		tessera_sched_limit_holder(s, now_ns);
	if (h && h->expected && (!s->num_with_work || now_ns >= s->expect_until_ns)) {
		tessera_sched_expect_vain(s, h, now_ns);
		tessera_sched_disappointed(s, h);
	}
	keep = h && tessera_sched_competes(s, h) && !tessera_sched_slice_over(s, now_ns) &&
	       !tessera_sched_is_outranked(s, h, now_ns);
	if (h && h != &s->idle && !keep) {
		tessera_sched_skip_turns(s, h);
		if (tessera_sched_wants(s, h) && tessera_sched_qos_throttle(s, h, now_ns))
			tessera_sched_leave(s, h);
	}
	if (!s->num_with_work)
		e = NULL;
	else if (s->prompt && tessera_sched_is_prompt(s, s->prompt))
		e = s->prompt;
	else
		e = keep ? h : tessera_sched_select_next(s, now_ns);
	s->prompt = NULL;
	if (!s->num_with_work && !s->policy->work_conserving && !s->parked_since_ns)
		s->parked_since_ns = now_ns;

	if (e && e == h) {
		s->next = NULL;
		s->next_valid = false;
		if (tessera_sched_is_endless(s, h)) {
			if (h->slice_granted_ns)
				tessera_sched_begin_slice(s, h, 0, now_ns);
			d->slice_ns = 0;
		} else if (keep) {
			d->slice_ns = h->slice_granted_ns - tessera_sched_elapsed(s, now_ns);
		} else {
			d->slice_ns = tessera_sched_slice_for(s, h);
			tessera_sched_begin_slice(s, h, d->slice_ns, now_ns);
		}
		if (h->expected && d->slice_ns > s->expect_until_ns - now_ns)
			d->slice_ns = s->expect_until_ns - now_ns;
	} else {
		if (h && h->expected)
			tessera_sched_disappointed(s, h);
		if (h && h != &s->idle && !h->slice_granted_ns)
			tessera_sched_end_endless(h);
		s->next = e;
		s->next_slice_ns = e ? tessera_sched_slice_for(s, e) :
				       tessera_sched_qos_wait_ns(s, now_ns);
		s->next_valid = true;
		d->slice_ns = s->next_slice_ns;
	}
	if (e && s->policy->lends)
		b = tessera_sched_elastic_lend(s, e, now_ns, &d->slice_ns);
	d->entity = tessera_sched_runner(s, e, b);
	if (!s->next_valid && d->entity != s->current_entity) {
		s->next = h;		/* its turn goes on with another runlist */
		s->next_slice_ns = d->slice_ns;
		s->next_valid = true;
	}
	s->next_borrower = s->next_valid ? b : NULL;
	if (s->next_valid && d->entity && d->entity == s->current_entity)
		tessera_sched_switched(s, now_ns);	/* another turn, with the same runlist */
}

/**
 * tessera_sched_switched() - note that the hardware has put the last decision in force
 * @s: the scheduler
 * @now_ns: device time at which it did
 *
 * The previous vGPU must have been charged to its end before.
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_switched(struct tessera_sched *s, u64 now_ns)
{
	struct tessera_sched_entity *old = s->holder, *e = s->next;
	u64 slice = s->next_slice_ns;
	bool cut;

	if (!s->next_valid)
		return;
	tessera_sched_account(s, now_ns, 0, false);
	if (now_ns > s->accounted_ns)
		s->accounted_ns = now_ns;
	s->provisional_ns = 0;
	s->next_valid = false;
	s->next = NULL;
	s->borrower = s->next_borrower;
	s->next_borrower = NULL;
	s->current_entity = tessera_sched_runner(s, e, s->borrower);
	if (e && e == old)
		return;		/* the turn goes on with another runlist */
	cut = e && e->chosen_by == TESSERA_SCHED_BY_LATENCY && old && old != &s->idle &&
	      tessera_sched_competes(s, old) && !tessera_sched_slice_over(s, now_ns);
	s->holder = NULL;
	if (old && old != &s->idle)
		tessera_sched_skip_turns(s, old);
	if (old)
		tessera_sched_enter(s, old, now_ns);
	if (e) {
		tessera_sched_unqueue(s, e);
		tessera_sched_pay_switch(s, e, cut, now_ns);
		e->turn_used_ns = e->used_ns;
		s->holder = e;
		/* Someone may have come while the hardware switched. */
		if (!slice && e != &s->idle && tessera_sched_competes(s, e) &&
		    tessera_sched_any_waiting(s))
			slice = tessera_sched_slice_for(s, e);
		tessera_sched_begin_slice(s, e, slice, now_ns);
	}
	tessera_sched_update_vclock(s);
}

/**
 * tessera_sched_replace() - decide anew, for one that is urgent, while the hardware switches
 * @s: the scheduler
 * @now_ns: the time
 * @d: the decision, if there is one
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: true if the one that was picked last is to be replaced.
 */
bool tessera_sched_replace(struct tessera_sched *s, u64 now_ns, struct tessera_sched_decision *d)
{
	struct tessera_sched_entity *e;

	if (!s->policy->work_conserving || !s->next_valid || !s->next || s->next == s->holder)
		return false;
	e = tessera_sched_outdone_by(s, s->next, now_ns);
	if (!e)
		return false;
	e->chosen_by = e->urgent ? TESSERA_SCHED_BY_LATENCY : TESSERA_SCHED_BY_WAKE;
	s->next = e;
	s->next_slice_ns = tessera_sched_slice_for(s, e);
	*d = (struct tessera_sched_decision){ .entity = e, .slice_ns = s->next_slice_ns };
	return true;
}

/**
 * tessera_sched_switched_to() - note that the hardware has put a replaced decision in force
 * @s: the scheduler
 * @e: whose runlist is in force; NULL: of one that has been removed, or an empty one
 * @now_ns: device time at which it was
 *
 * What replaced it is still waited for.
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_switched_to(struct tessera_sched *s, struct tessera_sched_entity *e, u64 now_ns)
{
	struct tessera_sched_entity *next = s->next;
	u64 slice = s->next_slice_ns;

	if (!s->next_valid)
		return;
	s->next = e;
	s->next_slice_ns = e ? tessera_sched_slice_ns(s, e) : 0;
	tessera_sched_switched(s, now_ns);
	s->next = next;
	s->next_slice_ns = slice;
	s->next_valid = true;
}

/* ---------------------------------------------------------------- settings -- */

/*
 * The virtual time from which all that compete are together as far ahead as behind, in engine time.
 * Leads and lags that are measured from there are the same at whatever weights.
 */
static u64 tessera_sched_mean(const struct tessera_sched *s)
{
	struct tessera_sched_entity *e;
	u32 weights = 0, weight, rem = 0;
	s64 sum = 0;

	for (e = s->members; e; e = e->member_next) {
		if (!tessera_sched_wants(s, e))
			continue;
		weight = tessera_sched_weight_of(s, e);
		weights += weight;
		sum += tessera_sched_lead_ns(s, e, weight, s->vclock);
	}
	if (!weights)
		return s->vclock;
	if (sum < 0)
		return s->vclock - to_virtual(s, -sum, weights, &rem);
	return s->vclock + to_virtual(s, sum, weights, &rem);
}

/**
 * tessera_sched_set_policy() - put another policy in force
 * @s: the scheduler
 * @policy: one of tessera_sched_policies[]
 * @now_ns: the time
 * @resched: true if pick() should be called now
 *
 * An entity that was ahead of the others, or behind them, stays so by the same engine time, debts
 * stay, the running slice goes on.
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: 0, or -EINVAL without a policy.
 */
int tessera_sched_set_policy(struct tessera_sched *s, const struct tessera_sched_policy *policy,
			     u64 now_ns, bool *resched)
{
	const struct tessera_sched_policy *old = s->policy;
	struct tessera_sched_entity *e;
	u64 clock, low;

	*resched = false;
	if (!policy)
		return -EINVAL;
	if (policy == old)
		return 0;
	tessera_sched_account(s, now_ns, 0, false);
	if (now_ns > s->accounted_ns)
		s->accounted_ns = now_ns;	/* how time was charged so far ends here */
	clock = old->proportional ? tessera_sched_mean(s) : tessera_sched_clock(s);
	tessera_sched_unqueue(s, &s->idle);
	for (e = s->members; e; e = e->member_next) {
		e->expected = false;
		tessera_sched_retire(s, e);
	}
	for (e = s->members; e; e = e->member_next) {
		s64 lead;

		s->policy = old;
		lead = tessera_sched_lead_ns(s, e, tessera_sched_weight_of(s, e), clock);
		if (lead < 0 && (!old->proportional || !tessera_sched_wants(s, e)))
			lead = 0;	/* it was not owed any */
		s->policy = policy;
		tessera_sched_set_lead(s, e, tessera_sched_weight_of(s, e), s->vclock, lead);
	}
	s->policy = policy;
	/* No one who competes is behind the clock, which never goes back: so all are moved. */
	low = s->vclock;
	for (e = s->members; e; e = e->member_next) {
		if (tessera_sched_wants(s, e) && behind(e->vtime, low))
			low = e->vtime;
	}
	for (e = s->members; e; e = e->member_next)
		e->vtime += s->vclock - low;
	for (e = s->members; e; e = e->member_next) {
		e->priv[0] = 0;
		e->priv[1] = 0;
	}
	if (policy->ops->init)
		policy->ops->init(s);
	s->idle.vtime = s->vclock;
	s->idle.vtime_rem = 0;
	s->idle_weight = 0;
	s->parked_since_ns = 0;
	s->prompt = NULL;
	if (s->holder == &s->idle || s->borrower)
		s->holder = NULL;
	if (s->next_valid && (s->next == &s->idle || s->next_borrower)) {
		s->next = s->next_borrower;
		s->next_slice_ns = tessera_sched_timeslice_ns(s);
		s->next_borrower = NULL;
	}
	for (e = s->members; e; e = e->member_next) {
		if (tessera_sched_wants(s, e))
			tessera_sched_rejoin(s, e);
		tessera_sched_elastic_update(s, e);
		/* Where no reservation holds none was owed. */
		if (!old->work_conserving)
			tessera_sched_qos_woken(s, e, now_ns);
		tessera_sched_enter(s, e, now_ns);
	}
	tessera_sched_update_idle(s, now_ns);
	tessera_sched_update_vclock(s);
	*resched = true;
	return 0;
}

/**
 * tessera_sched_set_weight() - change a vGPU's weight, from now on
 * @s: the scheduler
 * @e: an entity in @s
 * @weight: TESSERA_SCHED_WEIGHT_MIN to _MAX
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: 0, or -EINVAL if @weight is out of range.
 */
int tessera_sched_set_weight(struct tessera_sched *s, struct tessera_sched_entity *e, u32 weight)
{
	bool queued = e->queued, joined = e->joined;
	u64 clock;
	s64 lead;

	if (weight < TESSERA_SCHED_WEIGHT_MIN || weight > TESSERA_SCHED_WEIGHT_MAX)
		return -EINVAL;
	if (weight == e->weight)
		return 0;
	if (!e->added) {
		e->weight = weight;
		return 0;
	}
	clock = tessera_sched_clock(s);
	tessera_sched_unqueue(s, e);
	tessera_sched_leave(s, e);
	lead = tessera_sched_lead_ns(s, e, tessera_sched_weight_of(s, e), clock);
	if (e->running)
		s->weight_sum += (s64)weight - e->weight;
	e->weight = weight;
	tessera_sched_set_lead(s, e, tessera_sched_weight_of(s, e), clock, lead);
	if (joined)
		tessera_sched_rejoin(s, e);
	if (queued)
		tessera_sched_queue(s, e);
	return 0;
}

/**
 * tessera_sched_set_qos() - change a vGPU's reservation and limit, from now on
 * @s: the scheduler
 * @e: an entity in @s
 * @reservation_ppm: least share of the engine while it has work, 0 to a million
 * @limit_ppm: greatest share, at least @reservation_ppm; 0: none
 * @now_ns: the time
 * @resched: true if pick() should be called now
 *
 * They hold under policies that are work-conserving. What was had beyond them counts as before.
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: 0, -EINVAL out of range, or -ENOSPC if more than the whole engine were reserved.
 */
int tessera_sched_set_qos(struct tessera_sched *s, struct tessera_sched_entity *e,
			  u32 reservation_ppm, u32 limit_ppm, u64 now_ns, bool *resched)
{
	*resched = false;
	if (!e->added || reservation_ppm > TESSERA_SCHED_PPM || limit_ppm > TESSERA_SCHED_PPM ||
	    (limit_ppm && limit_ppm < reservation_ppm))
		return -EINVAL;
	if (s->reservation_sum_ppm - e->reservation_ppm + reservation_ppm > TESSERA_SCHED_PPM)
		return -ENOSPC;
	if (reservation_ppm == e->reservation_ppm && limit_ppm == e->limit_ppm)
		return 0;
	tessera_sched_account(s, now_ns, 0, false);
	tessera_sched_unqueue(s, e);
	s->reservation_sum_ppm += (s64)reservation_ppm - e->reservation_ppm;
	e->reserve_tag_ns = tessera_sched_tag_scale(e->reserve_tag_ns, e->reservation_ppm,
						    reservation_ppm, now_ns);
	e->limit_tag_ns = tessera_sched_tag_scale(e->limit_tag_ns, e->limit_ppm, limit_ppm, now_ns);
	if (limit_ppm != e->limit_ppm) {
		e->released_ns = 0;
		e->limit_wait_ns = 0;
	}
	e->reservation_ppm = reservation_ppm;
	e->limit_ppm = limit_ppm;
	tessera_sched_qos_unthrottle(s, e);
	if (e == s->holder && tessera_sched_competes(s, e))
		tessera_sched_join(s, e);
	tessera_sched_enter(s, e, now_ns);
	*resched = s->num_with_work > 0;
	return 0;
}
