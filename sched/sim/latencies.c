// SPDX-License-Identifier: GPL-2.0-only
/*
 * latencies.c - percentiles of any number of times in bounded memory
 */
#include <stdlib.h>

#include "latencies.h"

#define BITS		10
#define STEPS		(1u << BITS)		/* buckets for each power of two */
#define NUM_BUCKETS	((64 - BITS + 1) * STEPS)

static unsigned int bucket_of(u64 ns)
{
	unsigned int shift;

	if (ns < STEPS)
		return ns;
	shift = 63 - __builtin_clzll(ns) - BITS;
	return shift * STEPS + (ns >> shift);
}

/* The greatest time that is counted there. */
static u64 top_of(unsigned int bucket)
{
	unsigned int shift = bucket < 2 * STEPS ? 0 : bucket / STEPS - 1;

	return ((u64)(bucket - shift * STEPS + 1) << shift) - 1;
}

static void count_them(struct latencies *l)
{
	u64 *counts = calloc(NUM_BUCKETS, sizeof(*counts)), i;

	if (!counts)
		abort();
	for (i = 0; i < l->num; i++)
		counts[bucket_of(l->values[i])]++;
	free(l->values);
	l->values = counts;
	l->counted = true;
}

void latencies_add(struct latencies *l, u64 ns)
{
	if (ns > l->most)
		l->most = ns;
	if (!l->counted && l->num == LATENCIES_EXACT)
		count_them(l);
	if (l->counted) {
		l->values[bucket_of(ns)]++;
		l->num++;
		return;
	}
	/* Rooms are powers of two. */
	if (!(l->num & (l->num - 1))) {
		l->values = realloc(l->values, (l->num ? 2 * l->num : 1) * sizeof(*l->values));
		if (!l->values)
			abort();
	}
	l->values[l->num++] = ns;
}

void latencies_free(struct latencies *l)
{
	free(l->values);
	*l = (struct latencies){ };
}

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

void latencies_sort(struct latencies *l)
{
	if (!l->counted && l->num)
		qsort(l->values, l->num, sizeof(*l->values), by_value);
}

u64 latencies_percentile(const struct latencies *l, unsigned int per_mille)
{
	u64 rank = l->num / 1000 * per_mille + (l->num % 1000 * per_mille + 999) / 1000, below = 0;
	unsigned int i;

	if (!l->counted)
		return l->values[rank - 1];
	for (i = 0; below + l->values[i] < rank; i++)
		below += l->values[i];
	return top_of(i) < l->most ? top_of(i) : l->most;
}
