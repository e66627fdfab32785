/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * latencies.h - percentiles of any number of times in bounded memory
 *
 * Up to LATENCIES_EXACT of them are kept as they are. When there are more they are counted in
 * buckets: of 1 ns up to 2^11 ns, above that 2^10 for each power of two, so that a percentile is
 * too high by less than one in 1024. The greatest is always exact.
 */
#ifndef TESSERA_LATENCIES_H
#define TESSERA_LATENCIES_H

#include "tessera_sched.h"

#define LATENCIES_EXACT	65536u

/**
 * struct latencies - some times; all zero: none yet
 * @num: how many
 * @most: the greatest
 * @values: they, or the buckets' counts
 * @counted: it is those
 */
struct latencies {
	u64 num;
	u64 most;
	u64 *values;
	bool counted;
};

void latencies_add(struct latencies *l, u64 ns);
void latencies_free(struct latencies *l);
/* After the last one, before the first question. */
void latencies_sort(struct latencies *l);
/* The least that so many per mille of all do not exceed; there has to be one. */
u64 latencies_percentile(const struct latencies *l, unsigned int per_mille);

#endif /* TESSERA_LATENCIES_H */
