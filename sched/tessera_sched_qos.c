// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_sched_qos.c - reservations and limits, in policies that are work-conserving
 *
 * Each is a clock in real time that goes forward with the engine time used, divided by
 * the share (A. Gulati, A. Merchant, P. Varman: mClock, OSDI 2010). An entity
 * whose reservation clock is behind real time has received less than its reservation and runs
 * first. One whose limit clock is ahead has exceeded its limit and waits until then. The policy
 * chooses among the rest. All time used counts on all clocks.
 */
#include "tessera_sched_internal.h"

/* A reservation that could not be met for this long is made up for, not more. */
#define RESERVE_WINDOW_NS	100000000ull

/* A limited vGPU may go on by so much sooner after a pause; at least two slices. */
#define LIMIT_WINDOW_NS		20000000ull

/* Time for which one that was held back had to wait for its turn is not lost to it, up to this. */
#define LIMIT_WAIT_NS		1000000000ull

/* No clock is further ahead than this, 1000 s: a share of 1 % pays for a batch of 10 s. */
#define TAG_LEAD_MAX_NS		1000000000000ull

#define WAIT_MIN_NS		TESSERA_SCHED_WAIT_MIN_NS

static struct tessera_sched_entity *tessera_sched_qos_entity_of(struct tessera_sched_heap_node *n)
{
	return n ? container_of(n, struct tessera_sched_entity, qos_node) : NULL;
}

/**
 * tessera_sched_tag_advance() - move the clock of a share forward by engine time used
 * @tag_ns: where the clock was
 * @held_ns: the engine time, below 2^44
 * @ppm: the share, 1 to a million
 * @credit_ns: by how much the clock may have been behind when that time began
 * @now_ns: the time until which it was used
 *
 * Context: any.
 * Return: where the clock is now, in ns: at most TAG_LEAD_MAX_NS past @now_ns.
 */
u64 tessera_sched_tag_advance(u64 tag_ns, u64 held_ns, u32 ppm, u64 credit_ns, u64 now_ns)
{
	u64 floor = now_ns > held_ns + credit_ns ? now_ns - held_ns - credit_ns : 0;

	if (tag_ns < floor)
		tag_ns = floor;
	tag_ns += div_u64(held_ns * TESSERA_SCHED_PPM, ppm);
	return tag_ns < now_ns + TAG_LEAD_MAX_NS ? tag_ns : now_ns + TAG_LEAD_MAX_NS;
}

/**
 * tessera_sched_tag_scale() - change the share of a clock: what was had beyond it still counts
 * @tag_ns: where the clock was
 * @old_ppm: the share so far; 0: there was none, and the clock stood
 * @ppm: the share from now on, to a million; 0: none, the clock stands
 * @now_ns: the time
 *
 * Context: any.
 * Return: where the clock is now, in ns.
 */
u64 tessera_sched_tag_scale(u64 tag_ns, u32 old_ppm, u32 ppm, u64 now_ns)
{
	u64 lead = tag_ns > now_ns ? tag_ns - now_ns : 0;

	if (!old_ppm)
		return now_ns + lead;
	if (!ppm || !lead)
		return tag_ns;
	if (lead > TAG_LEAD_MAX_NS)
		lead = TAG_LEAD_MAX_NS;
	lead = div_u64(lead * old_ppm, ppm);
	return now_ns + (lead < TAG_LEAD_MAX_NS ? lead : TAG_LEAD_MAX_NS);
}

/**
 * tessera_sched_limit_credit_ns() - return how far the clock of an upper bound may be behind
 * @s: the scheduler
 * @e: an entity in @s
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: two slices of @e in ns, at least LIMIT_WINDOW_NS.
 */
u64 tessera_sched_limit_credit_ns(const struct tessera_sched *s,
				  const struct tessera_sched_entity *e)
{
	u64 slices = 2 * tessera_sched_slice_ns(s, e);

	return slices > LIMIT_WINDOW_NS ? slices : LIMIT_WINDOW_NS;
}

/*
 * What a vGPU had by its reservation counts in full, and so does what it took from others by an
 * overshoot. What its weight gave it, or because nobody else had work, counts for two
 * slices at most: the reservation holds as soon as it is needed.
 */
static void tessera_sched_qos_charge_reservation(struct tessera_sched *s,
						 struct tessera_sched_entity *e, u64 held_ns,
						 u64 over_ns, u64 now_ns)
{
	u64 slices = 2 * tessera_sched_slice_ns(s, e), most, tag;

	tag = tessera_sched_tag_advance(e->reserve_tag_ns, held_ns - over_ns, e->reservation_ppm,
					RESERVE_WINDOW_NS, now_ns);
	most = now_ns + div_u64(slices * TESSERA_SCHED_PPM, e->reservation_ppm);
	if (e->chosen_by != TESSERA_SCHED_BY_RESERVATION && tag > most)
		tag = e->reserve_tag_ns <= most ? most :
		      e->reserve_tag_ns < tag ? e->reserve_tag_ns : tag;
	e->reserve_tag_ns = tessera_sched_tag_advance(tag, over_ns, e->reservation_ppm,
						      RESERVE_WINDOW_NS, now_ns);
}

/**
 * tessera_sched_qos_charge() - count engine time on a vGPU's reservation and limit
 * @s: the scheduler
 * @e: an entity in @s, not queued
 * @held_ns: the engine time
 * @over_ns: of that, overshoot
 * @now_ns: the time until which it was used
 *
 * Nothing is counted under a policy that is not work-conserving.
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_qos_charge(struct tessera_sched *s, struct tessera_sched_entity *e, u64 held_ns,
			      u64 over_ns, u64 now_ns)
{
	u64 credit;

	if (!s->policy->work_conserving || !held_ns)
		return;
	if (e->reservation_ppm)
		tessera_sched_qos_charge_reservation(s, e, held_ns, over_ns, now_ns);
	if (!e->limit_ppm)
		return;
	if (e->released_ns) {
		e->limit_wait_ns = now_ns > e->released_ns ? now_ns - e->released_ns : 0;
		if (e->limit_wait_ns > LIMIT_WAIT_NS)
			e->limit_wait_ns = LIMIT_WAIT_NS;
		e->released_ns = 0;
	}
	credit = tessera_sched_limit_credit_ns(s, e) + e->limit_wait_ns;
	e->limit_tag_ns = tessera_sched_tag_advance(e->limit_tag_ns, held_ns, e->limit_ppm, credit,
						    now_ns);
}

/**
 * tessera_sched_qos_woken() - count time without work as had: a reservation saves nothing up, and
 *                             a limit not more than its credit
 * @s: the scheduler
 * @e: an entity in @s that is neither throttled nor among those that wait with a reservation
 * @now_ns: the time
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_qos_woken(const struct tessera_sched *s, struct tessera_sched_entity *e,
			     u64 now_ns)
{
	u64 credit;

	if (e->reserve_tag_ns < now_ns)
		e->reserve_tag_ns = now_ns;
	if (!e->limit_ppm)
		return;
	credit = tessera_sched_limit_credit_ns(s, e);
	if (e->limit_tag_ns + credit < now_ns)
		e->limit_tag_ns = now_ns - credit;
}

/**
 * tessera_sched_qos_queued() - put a vGPU among those that wait with a reservation
 * @s: the scheduler
 * @e: an entity in @s that has just been queued
 *
 * Nothing is done without a reservation, or under a policy that is not work-conserving.
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_qos_queued(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	if (!e->reservation_ppm || !s->policy->work_conserving)
		return;
	tessera_sched_heap_insert(&s->reserved, &e->qos_node, e->reserve_tag_ns);
	e->reserved = true;
}

/**
 * tessera_sched_qos_unqueued() - take a vGPU out of those that wait with a reservation
 * @s: the scheduler
 * @e: an entity in @s; nothing is done for one that is not there
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_qos_unqueued(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	if (!e->reserved)
		return;
	tessera_sched_heap_remove(&s->reserved, &e->qos_node);
	e->reserved = false;
}

/**
 * tessera_sched_qos_throttle() - tell whether a vGPU has reached its limit, and throttle it if so
 * @s: the scheduler
 * @e: an entity in @s, not queued
 * @now_ns: the time
 *
 * It stays throttled until tessera_sched_qos_release() or tessera_sched_qos_unthrottle().
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: true if it is throttled.
 */
bool tessera_sched_qos_throttle(struct tessera_sched *s, struct tessera_sched_entity *e,
				u64 now_ns)
{
	if (e->throttled)
		return true;
	if (!e->limit_ppm || !s->policy->work_conserving)
		return false;
	if (e->limit_tag_ns < now_ns + WAIT_MIN_NS)
		return false;
	tessera_sched_heap_insert(&s->throttled, &e->qos_node, e->limit_tag_ns);
	e->throttled = true;
	e->released_ns = 0;
	e->limit_wait_ns = 0;
	s->num_throttled++;
	return true;
}

/**
 * tessera_sched_qos_unthrottle() - end the throttling of a vGPU, if it is throttled
 * @s: the scheduler
 * @e: an entity in @s
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_qos_unthrottle(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	if (!e->throttled)
		return;
	tessera_sched_heap_remove(&s->throttled, &e->qos_node);
	e->throttled = false;
	s->num_throttled--;
}

/**
 * tessera_sched_qos_release() - take out the next one whose limit allows more time again
 * @s: the scheduler
 * @now_ns: the time
 *
 * One that has used more since it was throttled will be throttled again, until a later time.
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: the entity, which is no longer throttled, for the caller to enter; NULL: none.
 */
struct tessera_sched_entity *tessera_sched_qos_release(struct tessera_sched *s, u64 now_ns)
{
	struct tessera_sched_heap_node *n = tessera_sched_heap_first(&s->throttled);
	struct tessera_sched_entity *e = tessera_sched_qos_entity_of(n);

	if (!n || n->key > now_ns)
		return NULL;
	tessera_sched_qos_unthrottle(s, e);
	e->released_ns = now_ns;
	return e;
}

/**
 * tessera_sched_qos_wait_ns() - return how long it is until a limit allows more time again
 * @s: the scheduler
 * @now_ns: the time
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: ns, at least TESSERA_SCHED_WAIT_MIN_NS; 0 if nobody is throttled.
 */
u64 tessera_sched_qos_wait_ns(const struct tessera_sched *s, u64 now_ns)
{
	struct tessera_sched_heap_node *n = tessera_sched_heap_first(&s->throttled);

	if (!n)
		return 0;
	return n->key > now_ns + WAIT_MIN_NS ? n->key - now_ns : WAIT_MIN_NS;
}

/**
 * tessera_sched_qos_behind() - find the one that is furthest behind its reservation
 * @s: the scheduler
 * @h: the holder, if it competes, or NULL: it is considered besides those that wait
 * @now_ns: the time
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: the entity; NULL: all have had what is reserved for them.
 */
struct tessera_sched_entity *tessera_sched_qos_behind(const struct tessera_sched *s,
						      struct tessera_sched_entity *h, u64 now_ns)
{
	struct tessera_sched_heap_node *n = tessera_sched_heap_first(&s->reserved);
	struct tessera_sched_entity *e = tessera_sched_qos_entity_of(n);

	if (h && h->reservation_ppm && s->policy->work_conserving &&
	    (!e || h->reserve_tag_ns < e->reserve_tag_ns))
		e = h;
	return e && e->reserve_tag_ns <= now_ns ? e : NULL;
}

/**
 * tessera_sched_qos_late() - tell whether a reservation may not wait for those that are urgent
 * @e: an entity that is behind its reservation
 * @now_ns: the time
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: true if it is behind by more than half of what is made up for.
 */
bool tessera_sched_qos_late(const struct tessera_sched_entity *e, u64 now_ns)
{
	return e->reserve_tag_ns + RESERVE_WINDOW_NS / 2 < now_ns;
}
