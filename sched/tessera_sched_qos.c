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

/*
 * A reservation that could not be met for this long is made up for, not more. Nor does
 * time that a vGPU had beyond its reservation, by its weight, count against it for longer.
 */
#define RESERVE_WINDOW_NS	100000000ull

/*
 * Time that a limited vGPU had to wait for its turn is not lost to it, up to this; that is
 * also how much sooner it may go on after a pause. At least two slices.
 */
#define LIMIT_WINDOW_NS		20000000ull

/* No clock is further ahead than this: see TESSERA_SCHED_DEBT_MAX_NS. */
#define TAG_LEAD_MAX_NS		10000000000ull

#define WAIT_MIN_NS		TESSERA_SCHED_WAIT_MIN_NS

static struct tessera_sched_entity *tessera_sched_qos_entity_of(struct tessera_sched_heap_node *n)
{
	return n ? container_of(n, struct tessera_sched_entity, qos_node) : NULL;
}

/* @tag after @held_ns until @now_ns, at @ppm of the engine; at least @credit_ns ago before. */
u64 tessera_sched_tag_advance(u64 tag_ns, u64 held_ns, u32 ppm, u64 credit_ns, u64 now_ns)
{
	u64 floor = now_ns > held_ns + credit_ns ? now_ns - held_ns - credit_ns : 0;

	/* Further ahead than it can be: the device's time was reset. */
	if (tag_ns >= now_ns + 2 * TAG_LEAD_MAX_NS)
		tag_ns = now_ns;
	if (tag_ns < floor)
		tag_ns = floor;
	tag_ns += div_u64(held_ns * TESSERA_SCHED_PPM, ppm);
	return tag_ns < now_ns + TAG_LEAD_MAX_NS ? tag_ns : now_ns + TAG_LEAD_MAX_NS;
}

/* By how much a clock that sets an upper bound may be in the past: see LIMIT_WINDOW_NS. */
u64 tessera_sched_limit_credit_ns(const struct tessera_sched *s,
				  const struct tessera_sched_entity *e)
{
	u64 slices = 2 * tessera_sched_slice_ns(s, e);

	return slices > LIMIT_WINDOW_NS ? slices : LIMIT_WINDOW_NS;
}

static void tessera_sched_qos_charge_reservation(struct tessera_sched_entity *e, u64 held_ns,
						 u64 over_ns, u64 now_ns)
{
	u64 most = now_ns + RESERVE_WINDOW_NS, tag;

	tag = tessera_sched_tag_advance(e->reserve_tag_ns, held_ns - over_ns, e->reservation_ppm,
					RESERVE_WINDOW_NS, now_ns);
	if (tag > most)
		tag = e->reserve_tag_ns <= most ? most :
		      e->reserve_tag_ns < tag ? e->reserve_tag_ns : tag;
	/* What it took from others is its to pay, however much it is. */
	e->reserve_tag_ns = tessera_sched_tag_advance(tag, over_ns, e->reservation_ppm,
						      RESERVE_WINDOW_NS, now_ns);
}

/* @e has used @held_ns of engine time until @now_ns, of which @over_ns are overshoot. */
void tessera_sched_qos_charge(struct tessera_sched *s, struct tessera_sched_entity *e, u64 held_ns,
			      u64 over_ns, u64 now_ns)
{
	if (!s->policy->work_conserving || !held_ns)
		return;
	if (e->reservation_ppm)
		tessera_sched_qos_charge_reservation(e, held_ns, over_ns, now_ns);
	if (e->limit_ppm)
		e->limit_tag_ns = tessera_sched_tag_advance(e->limit_tag_ns, held_ns, e->limit_ppm,
							    tessera_sched_limit_credit_ns(s, e),
							    now_ns);
}

/* Time without work counts as had: a reservation saves nothing up. */
void tessera_sched_qos_woken(struct tessera_sched_entity *e, u64 now_ns)
{
	if (e->reserve_tag_ns < now_ns)
		e->reserve_tag_ns = now_ns;
}

/* @e waits for the engine. */
void tessera_sched_qos_queued(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	if (!e->reservation_ppm || !s->policy->work_conserving)
		return;
	tessera_sched_heap_insert(&s->reserved, &e->qos_node, e->reserve_tag_ns);
	e->reserved = true;
}

void tessera_sched_qos_unqueued(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	if (!e->reserved)
		return;
	tessera_sched_heap_remove(&s->reserved, &e->qos_node);
	e->reserved = false;
}

/* Whether @e, which is not queued, has reached its limit: if so it is kept until release(). */
bool tessera_sched_qos_throttle(struct tessera_sched *s, struct tessera_sched_entity *e,
				u64 now_ns)
{
	if (e->throttled)
		return true;
	if (!e->limit_ppm || !s->policy->work_conserving)
		return false;
	/*
	 * Further ahead than a clock can be: the device's time was reset. Where release() lets
	 * one go for that, this must not keep it: they would be at it forever.
	 */
	if (e->limit_tag_ns >= now_ns + 2 * TAG_LEAD_MAX_NS)
		e->limit_tag_ns = now_ns;
	if (e->limit_tag_ns < now_ns + WAIT_MIN_NS)
		return false;
	tessera_sched_heap_insert(&s->throttled, &e->qos_node, e->limit_tag_ns);
	e->throttled = true;
	s->num_throttled++;
	return true;
}

void tessera_sched_qos_unthrottle(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	if (!e->throttled)
		return;
	tessera_sched_heap_remove(&s->throttled, &e->qos_node);
	e->throttled = false;
	s->num_throttled--;
}

/*
 * The next one that may go on, which is no longer throttled then; NULL: none. One that
 * has used more since it was throttled will be throttled again, until a later time.
 */
struct tessera_sched_entity *tessera_sched_qos_release(struct tessera_sched *s, u64 now_ns)
{
	struct tessera_sched_heap_node *n = tessera_sched_heap_first(&s->throttled);
	struct tessera_sched_entity *e = tessera_sched_qos_entity_of(n);

	if (!n || (n->key > now_ns && n->key < now_ns + 2 * TAG_LEAD_MAX_NS))
		return NULL;
	tessera_sched_qos_unthrottle(s, e);
	return e;
}

/* How long until one may go on; 0: there is none. */
u64 tessera_sched_qos_wait_ns(const struct tessera_sched *s, u64 now_ns)
{
	struct tessera_sched_heap_node *n = tessera_sched_heap_first(&s->throttled);

	if (!n)
		return 0;
	return n->key > now_ns + WAIT_MIN_NS ? n->key - now_ns : WAIT_MIN_NS;
}

/* The one that is furthest behind its reservation, @h included (may be NULL); NULL: none is. */
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
