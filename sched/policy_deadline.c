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
 * struct deadline - the policy's own, of a scheduler
 * @eligible: those that wait and are eligible, by deadline; the others are in the common heap
 * @base: @sum is of weight * (vtime - this)
 * @sum: over those that have joined
 * @weight: of those, in all
 */
struct deadline {
	struct tessera_sched_heap eligible;
	u64 base;
	s64 sum;
	u64 weight;
};

/**
 * struct deadline_entity - the policy's own, of an entity
 * @deadline: in virtual time
 * @eligible: it is in the heap of those
 */
struct deadline_entity {
	u64 deadline;
	u32 eligible;
};

_Static_assert(sizeof(struct deadline) <= sizeof(((struct tessera_sched *)0)->priv), "priv");
_Static_assert(sizeof(struct deadline_entity) <= sizeof(((struct tessera_sched_entity *)0)->priv),
	       "priv");

static struct deadline *of(const struct tessera_sched *s)
{
	return (struct deadline *)s->priv;
}

static struct deadline_entity *of_entity(const struct tessera_sched_entity *e)
{
	return (struct deadline_entity *)e->priv;
}

static void deadline_init(struct tessera_sched *s)
{
	*of(s) = (struct deadline){ .base = s->vclock };
}

/*
 * The mean, from the sum of weight * (vtime - base). A position ahead of it by a second of
 * engine time adds 10^11 to the sum, whatever the weight: no overflow with 10^7 vGPUs.
 */
static u64 average(const struct tessera_sched *s)
{
	const struct deadline *d = of(s);

	if (!d->weight)
		return s->vclock;
	if (d->sum < 0)
		return d->base - div_u64(-d->sum, (u32)d->weight);
	return d->base + div_u64(d->sum, (u32)d->weight);
}

static u64 deadline_clock(struct tessera_sched *s)
{
	struct deadline *d = of(s);
	u64 mean = average(s);

	/* Keeps the sum near zero. */
	d->sum -= (s64)(mean - d->base) * (s64)d->weight;
	d->base = mean;
	return mean;
}

static u64 deadline_of(const struct tessera_sched *s, const struct tessera_sched_entity *e)
{
	u64 slice = tessera_sched_slice_ns(s, e);
	u32 rem = 0;

	return e->vtime + tessera_sched_to_virtual(s, slice, e->weight, &rem);
}

static void deadline_join(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	u64 mean = deadline_clock(s);

	if (e->joined)
		return;
	if (tessera_sched_behind(e->vtime, mean))
		e->vtime = mean;
	of_entity(e)->deadline = e->vtime;
	of(s)->sum += (s64)(e->vtime - of(s)->base) * e->weight;
	of(s)->weight += e->weight;
	e->joined = true;
}

static void deadline_leave(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	if (!e->joined)
		return;
	of(s)->sum -= (s64)(e->vtime - of(s)->base) * e->weight;
	of(s)->weight -= e->weight;
	e->joined = false;
}

static void deadline_advanced(struct tessera_sched *s, struct tessera_sched_entity *e, u64 virtual)
{
	if (!e->joined)
		return;
	of(s)->sum += (s64)virtual * e->weight;
	if (!tessera_sched_behind(e->vtime, of_entity(e)->deadline))
		of_entity(e)->deadline = deadline_of(s, e);
}

static bool is_eligible(const struct tessera_sched *s, const struct tessera_sched_entity *e)
{
	return !tessera_sched_behind(average(s), e->vtime);
}

static void deadline_queue(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	of_entity(e)->eligible = is_eligible(s, e);
	if (of_entity(e)->eligible)
		tessera_sched_heap_insert(&of(s)->eligible, &e->node, of_entity(e)->deadline);
	else
		tessera_sched_heap_insert(&s->heap, &e->node, e->vtime);
}

static void deadline_unqueue(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	tessera_sched_heap_remove(of_entity(e)->eligible ? &of(s)->eligible : &s->heap, &e->node);
}

static bool deadline_any(const struct tessera_sched *s)
{
	return tessera_sched_heap_first(&s->heap) || tessera_sched_heap_first(&of(s)->eligible);
}

/* Once eligible, one stays so until it is served, even if the mean falls as others leave. */
static struct tessera_sched_entity *deadline_pick_waiting(struct tessera_sched *s)
{
	struct tessera_sched_entity *e;

	for (;;) {
		e = tessera_sched_entity_of(tessera_sched_heap_first(&s->heap));
		if (!e || !is_eligible(s, e))
			break;
		deadline_unqueue(s, e);
		deadline_queue(s, e);
	}
	if (tessera_sched_heap_first(&of(s)->eligible))
		e = tessera_sched_entity_of(tessera_sched_heap_first(&of(s)->eligible));
	return e;
}

static struct tessera_sched_entity *deadline_select(struct tessera_sched *s,
						    struct tessera_sched_entity *h)
{
	struct tessera_sched_entity *e = deadline_pick_waiting(s);
	bool eligible = is_eligible(s, h);

	if (eligible != of_entity(e)->eligible)
		return eligible ? h : e;
	if (eligible)
		return tessera_sched_behind(of_entity(h)->deadline, of_entity(e)->deadline) ? h : e;
	return tessera_sched_behind(h->vtime, e->vtime) ? h : e;
}

static u32 deadline_weight(const struct tessera_sched *s, const struct tessera_sched_entity *e)
{
	return e->weight;
}

static u32 deadline_due_ppm(const struct tessera_sched *s, const struct tessera_sched_entity *e)
{
	return div_u64((u64)e->weight * TESSERA_SCHED_PPM, (u32)s->weight_sum);
}

static const struct tessera_sched_policy_ops deadline_ops = {
	.unit = TESSERA_SCHED_WEIGHT_DEFAULT,
	.weight = deadline_weight,
	.due_ppm = deadline_due_ppm,
	.queue = deadline_queue,
	.unqueue = deadline_unqueue,
	.pick_waiting = deadline_pick_waiting,
	.select = deadline_select,
	.join = deadline_join,
	.leave = deadline_leave,
	.advanced = deadline_advanced,
	.clock = deadline_clock,
	.any = deadline_any,
	.init = deadline_init,
};

const struct tessera_sched_policy tessera_sched_deadline = {
	.name = "deadline",
	.work_conserving = true,
	.proportional = true,
	.slice_requests = true,
	.own_positions = true,
	.ops = &deadline_ops,
};
