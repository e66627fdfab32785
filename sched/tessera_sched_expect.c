// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_sched_expect.c - whose work will come again before it is worth a switch
 *
 * A program that waits for each job before it submits the next is without work for a moment after
 * each. Were the engine taken from it each time, it would have a job in each of its turns, a
 * small part of its share. So the engine is kept for it, within its slice, if its past says that
 * it will be back soon: sooner than a quarter of what its work lasts, or than switching there and
 * back takes. That time is charged to it as if it had worked. It is kept for twice as long as it
 * takes in the mean; those that do not come back cost everybody no more than 2 % of time, and one
 * that did not is not expected the next times, twice as many after each.
 */
#include "tessera_sched_internal.h"

#define JOB_MAX_NS		1000000000ull

/* Time lost for those that did not come back: a part of all, and how much of it at once. */
#define VAIN_PART		50
#define VAIN_WINDOW_NS		20000000ull
#define BACKOFF_MAX		127

/**
 * tessera_sched_expect_woken() - learn for how long a vGPU was without work
 * @e: an entity that has work again
 * @now_ns: the time
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_expect_woken(struct tessera_sched_entity *e, u64 now_ns)
{
	u64 thought = now_ns > e->slept_ns ? now_ns - e->slept_ns : 0;

	if (e->expected)
		e->expect_backoff /= 2;
	if (thought > TESSERA_SCHED_THINK_MAX_NS)
		thought = TESSERA_SCHED_THINK_MAX_NS;
	/* A longer one counts for more: where they differ it does not wait for its jobs. */
	if (!e->slept_ns)
		e->think_ns = TESSERA_SCHED_THINK_UNKNOWN;
	else if (e->think_ns == TESSERA_SCHED_THINK_UNKNOWN)
		e->think_ns = thought;
	else if (thought > e->think_ns)
		e->think_ns += (thought - e->think_ns) / 2;
	else
		e->think_ns -= (e->think_ns - thought) / 8;
	e->woken_ns = now_ns;
	e->woken_used_ns = e->used_ns;
}

/**
 * tessera_sched_expect() - tell whether a vGPU that has no more work will be back soon
 * @s: the scheduler
 * @e: an entity in @s, the holder of a slice that is not over
 * @now_ns: the time
 *
 * It also learns how long its work has lasted. If it will be, the time until which to wait for it
 * is in @s->expect_until_ns.
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: true if the engine is to be kept for it.
 */
bool tessera_sched_expect(struct tessera_sched *s, struct tessera_sched_entity *e, u64 now_ns)
{
	u64 worth, job;

	job = e->used_ns - e->woken_used_ns;
	if (job > JOB_MAX_NS)
		job = JOB_MAX_NS;
	if (!e->job_ns)
		e->job_ns = job;
	e->job_ns = e->job_ns - e->job_ns / 8 + job / 8;
	e->slept_ns = now_ns;
	worth = e->job_ns / 4 > 2 * s->switch_cost_ns ? e->job_ns / 4 : 2 * s->switch_cost_ns;
	if (worth > TESSERA_SCHED_THINK_MAX_NS / 2)
		worth = TESSERA_SCHED_THINK_MAX_NS / 2;
	if (e->think_ns > worth || s->vain_tag_ns > now_ns + VAIN_WINDOW_NS)
		return false;
	if (e->expect_skip) {
		e->expect_skip--;
		return false;
	}
	s->expect_until_ns = now_ns + 2 * e->think_ns + 1000;
	return true;
}

/**
 * tessera_sched_expect_vain() - note that a vGPU was expected in vain
 * @s: the scheduler
 * @e: the entity, which did not come back in time
 * @now_ns: the time
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_expect_vain(struct tessera_sched *s, struct tessera_sched_entity *e, u64 now_ns)
{
	u64 lost = now_ns > e->slept_ns ? now_ns - e->slept_ns : 0;

	if (s->vain_tag_ns < now_ns)
		s->vain_tag_ns = now_ns;
	s->vain_tag_ns += lost * VAIN_PART;
	e->expect_backoff = e->expect_backoff < BACKOFF_MAX / 2 ? 2 * e->expect_backoff + 1 :
								    BACKOFF_MAX;
	e->expect_skip = e->expect_backoff;
}
