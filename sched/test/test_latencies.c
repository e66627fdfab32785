// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_latencies.c - percentiles: exact for few, within one in 1024 for many
 */
#include <stdlib.h>

#include "ktap.h"
#include "latencies.h"
#include "sim_engine.h"

static const unsigned int points[] = { 1, 10, 50, 500, 900, 990, 999, 1000 };

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* @num times of any magnitude, against a sorted list of them. */
static void compare(u64 num, unsigned int most_bits, u64 seed)
{
	u64 *all = calloc(num, sizeof(*all)), i, right, got;
	struct latencies l = { };
	unsigned int k;

	if (!all)
		abort();
	for (i = 0; i < num; i++) {
		all[i] = sim_random(&seed) >> (64 - 1 - sim_random_below(&seed, most_bits));
		latencies_add(&l, all[i]);
	}
	latencies_sort(&l);
	qsort(all, num, sizeof(*all), by_value);
	CHECK_EQ(l.num, num);
	for (k = 0; k < sizeof(points) / sizeof(points[0]); k++) {
		right = all[(num * points[k] + 999) / 1000 - 1];
		got = latencies_percentile(&l, points[k]);
		if (num <= LATENCIES_EXACT)
			CHECK_EQ(got, right);
		else
			CHECK_MSG(got >= right && got - right <= right / 1024, "%u: %" PRIu64
				  " instead of %" PRIu64, points[k], got, right);
	}
	CHECK_EQ(latencies_percentile(&l, 1000), all[num - 1]);
	latencies_free(&l);
	free(all);
}

static void exact(void)
{
	u64 num;

	for (num = 1; num < 70; num++)
		compare(num, 64, num);
	compare(LATENCIES_EXACT, 64, 1);
}

static void counted(void)
{
	unsigned int bits;

	for (bits = 1; bits <= 64; bits += 3)
		compare(LATENCIES_EXACT + 1, bits, bits);
	compare(300000, 40, 7);
}

/* The buckets' edges: below 2^11 each value has one of its own. */
static void edges(void)
{
	static const u64 values[] = {
		0, 1, 1023, 1024, 1025, 2047, 2048, 2049, 4095, 4096, 1ull << 40,
		(1ull << 40) + 1, UINT64_MAX - 1, UINT64_MAX
	};
	struct latencies l;
	size_t i;
	u64 k, got;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		l = (struct latencies){ };
		for (k = 0; k < LATENCIES_EXACT; k++)
			latencies_add(&l, values[i]);
		latencies_add(&l, UINT64_MAX);
		got = latencies_percentile(&l, 500);
		CHECK_MSG(got >= values[i] && got - values[i] <= values[i] / 1024 &&
			  (values[i] >= 2048 || got == values[i]), "%" PRIu64 " for %" PRIu64, got,
			  values[i]);
		latencies_free(&l);
	}
}

static const struct ktap_test tests[] = {
	{ "exact", exact },
	{ "counted", counted },
	{ "edges", edges },
};

KTAP_MAIN(tests)
