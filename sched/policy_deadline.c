// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy_deadline.c - eligible virtual deadline first (EEVDF)
 *
 * As best_effort, only vGPUs with work compete, at their weights. Who has had no more than
 * the average (is not ahead of the weighted mean of virtual times) is eligible; of
 * those, the one whose deadline is first is next. A deadline is one requested slice after
 * the virtual time at which it was set, so who asks for shorter slices is served
 * sooner, and as much. One that wakes has its deadline at once: a short, sparse job does not
 * wait for the hogs' turns; if it comes too often, it is no longer eligible.
 *
 * Strong: short latency for sparse jobs, at the same long-run shares.
 * Weak: hogs wait less evenly; a job still waits for the slice that it finds running.
 *
 * I. Stoica, H. Abdel-Wahab: Earliest Eligible Virtual Deadline First, 1995.
 */
#include "tessera_sched_internal.h"

/*
 * The mean, from the sum of weight * (vtime - base). A position ahead of it by a second of
 * engine time adds 10^11 to the sum, whatever the weight: no overflow with 10^7 vGPUs.
 */
static u64 average(const struct tessera_sched *s)
{
	s64 sum = s->average_sum;

	if (!s->average_weight)
		return s->vclock;
	if (sum < 0)
		return s->average_base - div_u64(-sum, (u32)s->average_weight);
	return s->average_base + div_u64(sum, (u32)s->average_weight);
}

static u64 deadline_clock(struct tessera_sched *s)
{
	u64 mean = average(s);

	/* Keeps the sum near zero. */
	s->average_sum -= (s64)(mean - s->average_base) * (s64)s->average_weight;
	s->average_base = mean;
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

	if (e->averaged)
		return;
	if (tessera_sched_behind(e->vtime, mean))
		e->vtime = mean;
	e->deadline = e->vtime;
	s->average_sum += (s64)(e->vtime - s->average_base) * e->weight;
	s->average_weight += e->weight;
	e->averaged = true;
}

static void deadline_leave(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	if (!e->averaged)
		return;
	s->average_sum -= (s64)(e->vtime - s->average_base) * e->weight;
	s->average_weight -= e->weight;
	e->averaged = false;
}

static void deadline_advanced(struct tessera_sched *s, struct tessera_sched_entity *e, u64 virtual)
{
	if (!e->averaged)
		return;
	s->average_sum += (s64)virtual * e->weight;
	if (!tessera_sched_behind(e->vtime, e->deadline))
		e->deadline = deadline_of(s, e);
}

static bool is_eligible(const struct tessera_sched *s, const struct tessera_sched_entity *e)
{
	return !tessera_sched_behind(average(s), e->vtime);
}

static void deadline_queue(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	e->eligible = is_eligible(s, e);
	if (e->eligible)
		tessera_sched_heap_insert(&s->eligible, &e->node, e->deadline);
	else
		tessera_sched_heap_insert(&s->heap, &e->node, e->vtime);
}

static void deadline_unqueue(struct tessera_sched *s, struct tessera_sched_entity *e)
{
	tessera_sched_heap_remove(e->eligible ? &s->eligible : &s->heap, &e->node);
}

/* Once eligible, one stays so until it is served, even if the mean falls as others leave. */
static struct tessera_sched_entity *deadline_first(struct tessera_sched *s)
{
	struct tessera_sched_entity *e;

	for (;;) {
		e = tessera_sched_entity_of(tessera_sched_heap_first(&s->heap));
		if (!e || !is_eligible(s, e))
			break;
		deadline_unqueue(s, e);
		deadline_queue(s, e);
	}
	if (tessera_sched_heap_first(&s->eligible))
		e = tessera_sched_entity_of(tessera_sched_heap_first(&s->eligible));
	return e;
}

static struct tessera_sched_entity *deadline_select(struct tessera_sched *s,
						    struct tessera_sched_entity *h)
{
	struct tessera_sched_entity *e = deadline_first(s);
	bool eligible = is_eligible(s, h);

	if (eligible != e->eligible)
		return eligible ? h : e;
	if (eligible)
		return tessera_sched_behind(h->deadline, e->deadline) ? h : e;
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
	.first = deadline_first,
	.select = deadline_select,
	.join = deadline_join,
	.leave = deadline_leave,
	.advanced = deadline_advanced,
	.clock = deadline_clock,
};

const struct tessera_sched_policy tessera_sched_deadline = {
	.name = "deadline",
	.work_conserving = true,
	.ops = &deadline_ops,
};
