// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_heap.c - the priority queue against a plain list
 */
#include "ktap.h"
#include "sim_engine.h"

#define NUM	300

static struct tessera_sched_heap heap;
static struct tessera_sched_heap_node node[NUM];
static u64 since[NUM];
static bool in[NUM];
static u64 order;

static void insert(unsigned int i, u64 key)
{
	tessera_sched_heap_insert(&heap, &node[i], key);
	in[i] = true;
	since[i] = order++;
}

static void take(unsigned int i)
{
	tessera_sched_heap_remove(&heap, &node[i]);
	in[i] = false;
}

static struct tessera_sched_heap_node *lowest(u64 base)
{
	unsigned int i;
	int low = -1;

	for (i = 0; i < NUM; i++) {
		if (!in[i])
			continue;
		if (low < 0 || node[i].key - base < node[low].key - base ||
		    (node[i].key == node[low].key && since[i] < since[low]))
			low = i;
	}
	return low < 0 ? NULL : &node[low];
}

/* Random insertions and removals, with equal keys and keys that wrap. */
static void against_list(void)
{
	static const u64 base[] = { 0, 1000, 0ull - 500, 1ull << 63 };
	unsigned int b, i, step;
	u64 random = 42;

	for (b = 0; b < 4; b++) {
		for (step = 0; step < 40000; step++) {
			i = sim_random_below(&random, NUM);
			if (in[i])
				take(i);
			else if (sim_random_below(&random, 3))
				insert(i, base[b] + sim_random_below(&random, 1000));
			else if (tessera_sched_heap_first(&heap))
				take(tessera_sched_heap_first(&heap) - node);
			CHECK(tessera_sched_heap_first(&heap) == lowest(base[b]));
		}
		for (i = 0; i < NUM; i++) {
			if (in[i])
				take(i);
		}
		CHECK(!tessera_sched_heap_first(&heap));
	}
}

static void first_come_first_served(void)
{
	unsigned int i;

	for (i = 0; i < NUM; i++)
		insert(i, 7);
	for (i = 0; i < NUM; i++) {
		CHECK(tessera_sched_heap_first(&heap) == &node[i]);
		take(i);
	}
}

static const struct ktap_test tests[] = {
	{ "against_list", against_list },
	{ "first_come_first_served", first_come_first_served },
};

KTAP_MAIN(tests)
