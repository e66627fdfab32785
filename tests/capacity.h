/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capacity.h - what is left of a T1 as vGPUs of mixed types are made: asked of the mediator by
 * tests/vfio/test_many.c, of the simulated accelerator by sched/test/test_fleet.c
 */
#ifndef TESSERA_TESTS_CAPACITY_H
#define TESSERA_TESTS_CAPACITY_H

#define CAPACITY_TYPES	5u
#define CAPACITY_STEPS	5u

static const char *const capacity_types[CAPACITY_TYPES] = { "V1", "V2", "V4", "V8", "V16" };

/* What is made at each step, as a number in capacity_types. */
static const unsigned int capacity_order[CAPACITY_STEPS] = { 1, 2, 3, 4, 4 };

/* How many of each type could still be made, before the first step and after each. */
static const unsigned int capacity_left[CAPACITY_STEPS + 1][CAPACITY_TYPES] = {
	{ 1, 2, 4, 8, 16 },	/* empty */
	{ 0, 1, 2, 4, 8 },	/* V2 */
	{ 0, 0, 1, 2, 4 },	/* V2 V4 */
	{ 0, 0, 0, 1, 2 },	/* V2 V4 V8 */
	{ 0, 0, 0, 0, 1 },	/* V2 V4 V8 V16 */
	{ 0, 0, 0, 0, 0 },	/* V2 V4 V8 V16 V16 */
};

#endif /* TESSERA_TESTS_CAPACITY_H */
