// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_sched_eevdf.c - earliest eligible virtual deadline first: the order of policies that
 * divide time by weight among those with work
 *
 * One that has had no more than the average (is not ahead of the weighted mean of virtual times)
 * is eligible; of those, the one whose deadline is first is next. A deadline is one slice after the
 * virtual time at which it was set. So whatever the weights are, a heavy one does not wait
 * for a convoy of light ones, nor is anybody more than a slice ahead of its due.
 *
 * I. Stoica, H. Abdel-Wahab: Earliest Eligible Virtual Deadline First, 1995.
 */
#include "tessera_sched_internal.h"

/**
 * struct tessera_eevdf - the policy's own, of a scheduler
 * @eligible: those that wait and are eligible, by deadline; the others are in the common heap
 * @base: @sum is of weight * (vtime - this)
 * @sum: over those that have joined
 * @weight: of those, in all
 */
struct tessera_eevdf {
	struct tessera_sched_heap eligible;
	u64 base;
	s64 sum;
	u64 weight;
};

/**
 * struct tessera_eevdf_entity - the policy's own, of an entity
 * @deadline: in virtual time
 * @eligible: it is in the heap of those
 */
struct tessera_eevdf_entity {
	u64 deadline;
	u32 eligible;
};

/* By this, in virtual time, the deadline of one that is to be served at once is before others'. */
#define AT_ONCE			(1ull << 54)

_Static_assert(sizeof(struct tessera_eevdf) <= sizeof(((struct tessera_sched *)0)->priv),
	       "priv");
_Static_assert(sizeof(struct tessera_eevdf_entity) <=
	       sizeof(((struct tessera_sched_entity *)0)->priv), "priv");

static struct tessera_eevdf *tessera_eevdf_of(const struct tessera_sched *s)
{
	return (struct tessera_eevdf *)s->priv;
}

static struct tessera_eevdf_entity *
tessera_eevdf_of_entity(const struct tessera_sched_entity *e)
{
	return (struct tessera_eevdf_entity *)e->priv;
}

static void tessera_eevdf_init(struct tessera_sched *s)
{
	*tessera_eevdf_of(s) = (struct tessera_eevdf){ .base = s->vclock };
}

/*
 * The mean, from the sum of weight * (vtime - base). A position ahead of it by a second of
 * engine time adds 10^11 to the sum, whatever the weight: no overflow with 10^7 vGPUs.
 */
static u64 tessera_eevdf_average(const struct tessera_sched *s)
{
	const struct tessera_eevdf *d = tessera_eevdf_of(s);

	if (!d->weight)
		return s->vclock;
	if (d->sum < 0)
		return d->base - div_u64(-d->sum, (u32)d->weight);
	return d->base + div_u64(d->sum, (u32)d->weight);
}

static u64 tessera_eevdf_clock(struct tessera_sched *s)
{
	struct tessera_eevdf *d = tessera_eevdf_of(s);
	u64 mean = tessera_eevdf_average(s);

	/* Keeps the sum near zero. */
	d->sum -= (s64)(mean - d->base) * (s64)d->weight;
	d->base = mean;
	return mean;
}

static u64 tessera_eevdf_next(const struct tessera_sched *s,
			      const struct tessera_sched_entity *e)
{
	u64 slice = tessera_sched_slice_ns(s, e);
	u32 rem = 0;

	return e->vtime + tessera_sched_to_virtual(s, slice, e->weight, &rem);
}

static void tessera_eevdf_join(struct tessera_sched *s, struct tessera_sched_entity *e,
			       bool keep)
{
	struct tessera_eevdf *d = tessera_eevdf_of(s);
	u64 mean = tessera_eevdf_clock(s);

	if (e->joined)
		return;
	if (!keep && tessera_sched_behind(e->vtime, mean))
		e->vtime = mean;
	tessera_eevdf_of_entity(e)->deadline =
		s->policy->wake_first && !keep ? e->vtime - AT_ONCE : tessera_eevdf_next(s, e);
	d->sum += (s64)(e->vtime - d->base) * e->weight;
	d->weight += e->weight;
	e->joined = true;
}

static void tessera_eevdf_leave(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	struct tessera_eevdf *d = tessera_eevdf_of(s);

	if (!e->joined)
		return;
	d->sum -= (s64)(e->vtime - d->base) * e->weight;
	d->weight -= e->weight;
	e->joined = false;
}

static void tessera_eevdf_advanced(struct tessera_sched *s, struct tessera_sched_entity *e,
				   u64 virtual)
{
	struct tessera_eevdf_entity *de = tessera_eevdf_of_entity(e);

	if (!e->joined || !virtual)
		return;
	tessera_eevdf_of(s)->sum += (s64)virtual * e->weight;
	if (!tessera_sched_behind(e->vtime, de->deadline))
		de->deadline = tessera_eevdf_next(s, e);
}

static bool tessera_eevdf_is_eligible(const struct tessera_sched *s,
				      const struct tessera_sched_entity *e)
{
	return !tessera_sched_behind(tessera_eevdf_average(s), e->vtime);
}

static void tessera_eevdf_queue(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	struct tessera_eevdf_entity *de = tessera_eevdf_of_entity(e);

	de->eligible = tessera_eevdf_is_eligible(s, e);
	if (de->eligible)
		tessera_sched_heap_insert(&tessera_eevdf_of(s)->eligible, &e->node,
					  de->deadline);
	else
		tessera_sched_heap_insert(&s->heap, &e->node, e->vtime);
}

static void tessera_eevdf_unqueue(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	struct tessera_sched_heap *heap = &s->heap;

	if (tessera_eevdf_of_entity(e)->eligible)
		heap = &tessera_eevdf_of(s)->eligible;
	tessera_sched_heap_remove(heap, &e->node);
}

/* The first of those that are eligible, or NULL. */
static struct tessera_sched_entity *tessera_eevdf_first(const struct tessera_sched *s)
{
	struct tessera_sched_heap *eligible = &tessera_eevdf_of(s)->eligible;

	return tessera_sched_entity_of(tessera_sched_heap_first(eligible));
}

static bool tessera_eevdf_any(const struct tessera_sched *s)
{
	return tessera_sched_heap_first(&s->heap) || tessera_eevdf_first(s);
}

/* Once eligible, one stays so until it is served, even if the mean falls as others leave. */
static struct tessera_sched_entity *tessera_eevdf_pick_waiting(struct tessera_sched *s)
{
	struct tessera_sched_entity *e;

	for (;;) {
		e = tessera_sched_entity_of(tessera_sched_heap_first(&s->heap));
		if (!e || !tessera_eevdf_is_eligible(s, e))
			break;
		tessera_eevdf_unqueue(s, e);
		tessera_eevdf_queue(s, e);
	}
	if (tessera_eevdf_first(s))
		e = tessera_eevdf_first(s);
	return e;
}

static struct tessera_sched_entity *tessera_eevdf_select(struct tessera_sched *s,
							 struct tessera_sched_entity *h)
{
	struct tessera_sched_entity *e = tessera_eevdf_pick_waiting(s);
	const struct tessera_eevdf_entity *dh = tessera_eevdf_of_entity(h);
	const struct tessera_eevdf_entity *de = tessera_eevdf_of_entity(e);
	bool eligible = tessera_eevdf_is_eligible(s, h);

	/* It has asked for more than the common slice at once; those that wake go before it. */
	if (s->policy->slice_requests && h->slice_request_ns > tessera_sched_timeslice_ns(s) &&
	    h->used_ns - h->turn_used_ns < h->slice_request_ns - h->slice_request_ns / 16)
		return h;
	if (eligible != de->eligible)
		return eligible ? h : e;
	if (eligible)
		return tessera_sched_behind(dh->deadline, de->deadline) ? h : e;
	return tessera_sched_behind(h->vtime, e->vtime) ? h : e;
}

/* Of those that are to be served at once, and eligible, the one that has waited longest. */
static struct tessera_sched_entity *tessera_eevdf_urgent(struct tessera_sched *s)
{
	const struct tessera_eevdf_entity *de;
	struct tessera_sched_entity *e;

	if (!s->policy->wake_first)
		return NULL;
	e = tessera_eevdf_pick_waiting(s);
	if (!e)
		return NULL;
	de = tessera_eevdf_of_entity(e);
	if (!de->eligible || !tessera_sched_behind(de->deadline, e->vtime - AT_ONCE / 2))
		return NULL;
	return e;
}

static u32 tessera_eevdf_weight(const struct tessera_sched *s, const struct tessera_sched_entity *e)
{
	return e->weight;
}

static u32 tessera_eevdf_due_ppm(const struct tessera_sched *s,
				 const struct tessera_sched_entity *e)
{
	/* The sum fits: a weight has 14 bits. */
	return div_u64((u64)e->weight * TESSERA_SCHED_PPM, (u32)s->weight_sum);
}

const struct tessera_sched_policy_ops tessera_sched_eevdf_ops = {
	.unit = TESSERA_SCHED_WEIGHT_DEFAULT,
	.weight = tessera_eevdf_weight,
	.due_ppm = tessera_eevdf_due_ppm,
	.queue = tessera_eevdf_queue,
	.unqueue = tessera_eevdf_unqueue,
	.pick_waiting = tessera_eevdf_pick_waiting,
	.urgent = tessera_eevdf_urgent,
	.select = tessera_eevdf_select,
	.join = tessera_eevdf_join,
	.leave = tessera_eevdf_leave,
	.advanced = tessera_eevdf_advanced,
	.clock = tessera_eevdf_clock,
	.any = tessera_eevdf_any,
	.init = tessera_eevdf_init,
};
