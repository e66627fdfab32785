// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy_deadline.c - eligible virtual deadline first (EEVDF)
 *
 * As best_effort, only vGPUs with work compete, at their weights. One that has had no more than
 * the average (is not ahead of the weighted mean of virtual times) is eligible; of
 * those, the one whose deadline is first is next. A deadline is one requested slice after
 * the virtual time at which it was set, so one that asks for shorter slices is served
 * sooner, and as much. One that wakes has its deadline at once: a short, sparse job does not
 * wait for the hogs' turns; if it comes too often, it is no longer eligible.
 *
 * Strong: short latency for sparse jobs, at the same long-run shares.
 * Weak: hogs wait less evenly; a job still waits for the slice that it finds running.
 *
 * I. Stoica, H. Abdel-Wahab: Earliest Eligible Virtual Deadline First, 1995.
 */
#include "tessera_sched_internal.h"

/**
 * struct tessera_deadline - the policy's own, of a scheduler
 * @eligible: those that wait and are eligible, by deadline; the others are in the common heap
 * @base: @sum is of weight * (vtime - this)
 * @sum: over those that have joined
 * @weight: of those, in all
 */
struct tessera_deadline {
	struct tessera_sched_heap eligible;
	u64 base;
	s64 sum;
	u64 weight;
};

/**
 * struct tessera_deadline_entity - the policy's own, of an entity
 * @deadline: in virtual time
 * @eligible: it is in the heap of those
 */
struct tessera_deadline_entity {
	u64 deadline;
	u32 eligible;
};

_Static_assert(sizeof(struct tessera_deadline) <= sizeof(((struct tessera_sched *)0)->priv),
	       "priv");
_Static_assert(sizeof(struct tessera_deadline_entity) <=
	       sizeof(((struct tessera_sched_entity *)0)->priv), "priv");

static struct tessera_deadline *tessera_deadline_of(const struct tessera_sched *s)
{
	return (struct tessera_deadline *)s->priv;
}

static struct tessera_deadline_entity *
tessera_deadline_of_entity(const struct tessera_sched_entity *e)
{
	return (struct tessera_deadline_entity *)e->priv;
}

static void tessera_deadline_init(struct tessera_sched *s)
{
	*tessera_deadline_of(s) = (struct tessera_deadline){ .base = s->vclock };
}

/*
 * The mean, from the sum of weight * (vtime - base). A position ahead of it by a second of
 * engine time adds 10^11 to the sum, whatever the weight: no overflow with 10^7 vGPUs.
 */
static u64 tessera_deadline_average(const struct tessera_sched *s)
{
	const struct tessera_deadline *d = tessera_deadline_of(s);

	if (!d->weight)
		return s->vclock;
	if (d->sum < 0)
		return d->base - div_u64(-d->sum, (u32)d->weight);
	return d->base + div_u64(d->sum, (u32)d->weight);
}

static u64 tessera_deadline_clock(struct tessera_sched *s)
{
	struct tessera_deadline *d = tessera_deadline_of(s);
	u64 mean = tessera_deadline_average(s);

	/* Keeps the sum near zero. */
	d->sum -= (s64)(mean - d->base) * (s64)d->weight;
	d->base = mean;
	return mean;
}

static u64 tessera_deadline_next(const struct tessera_sched *s,
				 const struct tessera_sched_entity *e)
{
	u64 slice = tessera_sched_slice_ns(s, e);
	u32 rem = 0;

	return e->vtime + tessera_sched_to_virtual(s, slice, e->weight, &rem);
}

static void tessera_deadline_join(struct tessera_sched *s, struct tessera_sched_entity *e,
				  bool keep)
{
	struct tessera_deadline *d = tessera_deadline_of(s);
	u64 mean = tessera_deadline_clock(s);

	if (e->joined)
		return;
	if (!keep && tessera_sched_behind(e->vtime, mean))
		e->vtime = mean;
	tessera_deadline_of_entity(e)->deadline = keep ? tessera_deadline_next(s, e) : e->vtime;
	d->sum += (s64)(e->vtime - d->base) * e->weight;
	d->weight += e->weight;
	e->joined = true;
}

static void tessera_deadline_leave(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	struct tessera_deadline *d = tessera_deadline_of(s);

	if (!e->joined)
		return;
	d->sum -= (s64)(e->vtime - d->base) * e->weight;
	d->weight -= e->weight;
	e->joined = false;
}

static void tessera_deadline_advanced(struct tessera_sched *s, struct tessera_sched_entity *e,
				      u64 virtual)
{
	struct tessera_deadline_entity *de = tessera_deadline_of_entity(e);

	if (!e->joined || !virtual)
		return;
	tessera_deadline_of(s)->sum += (s64)virtual * e->weight;
	if (!tessera_sched_behind(e->vtime, de->deadline))
		de->deadline = tessera_deadline_next(s, e);
}

static bool tessera_deadline_is_eligible(const struct tessera_sched *s,
					 const struct tessera_sched_entity *e)
{
	return !tessera_sched_behind(tessera_deadline_average(s), e->vtime);
}

static void tessera_deadline_queue(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	struct tessera_deadline_entity *de = tessera_deadline_of_entity(e);

	de->eligible = tessera_deadline_is_eligible(s, e);
	if (de->eligible)
		tessera_sched_heap_insert(&tessera_deadline_of(s)->eligible, &e->node,
					  de->deadline);
	else
		tessera_sched_heap_insert(&s->heap, &e->node, e->vtime);
}

static void tessera_deadline_unqueue(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	struct tessera_sched_heap *heap = &s->heap;

	if (tessera_deadline_of_entity(e)->eligible)
		heap = &tessera_deadline_of(s)->eligible;
	tessera_sched_heap_remove(heap, &e->node);
}

/* The first of those that are eligible, or NULL. */
static struct tessera_sched_entity *tessera_deadline_first(const struct tessera_sched *s)
{
	struct tessera_sched_heap *eligible = &tessera_deadline_of(s)->eligible;

	return tessera_sched_entity_of(tessera_sched_heap_first(eligible));
}

static bool tessera_deadline_any(const struct tessera_sched *s)
{
	return tessera_sched_heap_first(&s->heap) || tessera_deadline_first(s);
}

/* Once eligible, one stays so until it is served, even if the mean falls as others leave. */
static struct tessera_sched_entity *tessera_deadline_pick_waiting(struct tessera_sched *s)
{
	struct tessera_sched_entity *e;

	for (;;) {
		e = tessera_sched_entity_of(tessera_sched_heap_first(&s->heap));
		if (!e || !tessera_deadline_is_eligible(s, e))
			break;
		tessera_deadline_unqueue(s, e);
		tessera_deadline_queue(s, e);
	}
	if (tessera_deadline_first(s))
		e = tessera_deadline_first(s);
	return e;
}

static struct tessera_sched_entity *tessera_deadline_select(struct tessera_sched *s,
							    struct tessera_sched_entity *h)
{
	struct tessera_sched_entity *e = tessera_deadline_pick_waiting(s);
	const struct tessera_deadline_entity *dh = tessera_deadline_of_entity(h);
	const struct tessera_deadline_entity *de = tessera_deadline_of_entity(e);
	bool eligible = tessera_deadline_is_eligible(s, h);

	if (eligible != de->eligible)
		return eligible ? h : e;
	if (eligible)
		return tessera_sched_behind(dh->deadline, de->deadline) ? h : e;
	return tessera_sched_behind(h->vtime, e->vtime) ? h : e;
}

static u32 tessera_deadline_weight(const struct tessera_sched *s,
				   const struct tessera_sched_entity *e)
{
	return e->weight;
}

static u32 tessera_deadline_due_ppm(const struct tessera_sched *s,
				    const struct tessera_sched_entity *e)
{
	return div_u64((u64)e->weight * TESSERA_SCHED_PPM, (u32)s->weight_sum);
}

static const struct tessera_sched_policy_ops tessera_deadline_ops = {
	.unit = TESSERA_SCHED_WEIGHT_DEFAULT,
	.weight = tessera_deadline_weight,
	.due_ppm = tessera_deadline_due_ppm,
	.queue = tessera_deadline_queue,
	.unqueue = tessera_deadline_unqueue,
	.pick_waiting = tessera_deadline_pick_waiting,
	.select = tessera_deadline_select,
	.join = tessera_deadline_join,
	.leave = tessera_deadline_leave,
	.advanced = tessera_deadline_advanced,
	.clock = tessera_deadline_clock,
	.any = tessera_deadline_any,
	.init = tessera_deadline_init,
};

const struct tessera_sched_policy tessera_sched_deadline = {
	.name = "deadline",
	.work_conserving = true,
	.proportional = true,
	.slice_requests = true,
	.own_positions = true,
	.ops = &tessera_deadline_ops,
};
