/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rules.h - a scheduler, some vGPUs, and time, for tests of single rules
 */
#ifndef TESSERA_SCHED_TEST_RULES_H
#define TESSERA_SCHED_TEST_RULES_H

#include "ktap.h"
#include "tessera_sched_internal.h"

#define US		1000ull
#define MS		1000000ull
#define NUM		12

static struct tessera_sched s;
static struct tessera_sched_entity e[NUM];
static struct tessera_sched_decision d;
static u64 now;

static inline const struct tessera_sched_policy *policy(const char *name)
{
	return tessera_sched_policy_find(name);
}

/* @n started vGPUs, of which the first @busy have work. */
static inline void set_up(const char *name, unsigned int n, unsigned int busy)
{
	unsigned int i;

	now = 1000 * MS;
	tessera_sched_init(&s, policy(name));
	for (i = 0; i < n; i++) {
		tessera_sched_entity_init(&e[i], "e", 4);
		tessera_sched_add(&s, &e[i], now);
		tessera_sched_start(&s, &e[i], now);
	}
	for (i = 0; i < busy; i++)
		tessera_sched_wake(&s, &e[i], now);
}

static inline void pass(u64 ns, u64 used_ns)
{
	now += ns;
	tessera_sched_charge(&s, used_ns, now);
}

static inline void used(u64 ns)
{
	pass(ns, ns);
}

static inline struct tessera_sched_entity *pick(void)
{
	tessera_sched_pick(&s, now, &d);
	return d.entity;
}

static inline struct tessera_sched_entity *pick_switch(void)
{
	pick();
	tessera_sched_switched(&s, now);
	return d.entity;
}

/* Let slices go by for @ns; the holder is busy if it has work, and late by @late ns. */
static inline void rotate(u64 ns, u64 late)
{
	u64 end = now + ns, slice, picks = 0;

	while (now < end) {
		if (++picks > 1000000) {
			CHECK_MSG(false, "a million picks in %" PRIu64 " ns", ns);
			return;
		}
		pick();
		slice = d.slice_ns;
		tessera_sched_switched(&s, now);
		if (!slice)
			slice = MS;
		if (s.current_entity && s.current_entity->has_work)
			used(slice + late);
		else
			pass(slice, 0);
	}
}

static u64 before[NUM];

static inline void remember(void)
{
	unsigned int i;

	for (i = 0; i < NUM; i++)
		before[i] = e[i].used_ns;
}

static inline u64 got(unsigned int i)
{
	return e[i].used_ns - before[i];
}

static inline void check_about(u64 value, u64 expected, u64 off, int line)
{
	CHECK_MSG(value + off >= expected && value <= expected + off,
		  "line %d: %" PRIu64 ", expected %" PRIu64 " to within %" PRIu64, line, value,
		  expected, off);
}

#define CHECK_ABOUT(value, expected, off)	check_about(value, expected, off, __LINE__)

#endif /* TESSERA_SCHED_TEST_RULES_H */
