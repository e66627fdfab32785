/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * feed.h - a client's batches, all of them taken from its source before the run, so that
 * playing them costs the machine as little as can be
 */
#ifndef TESSERA_PLAY_FEED_H
#define TESSERA_PLAY_FEED_H

#include "workload.h"

#define FEED_MAX_JOBS	(1u << 20)
#define FEED_READY	SIM_NEVER
#define FEED_WITH	(SIM_NEVER - 1)
#define FEED_THINK	(1ull << 63)

/**
 * struct feed_job - a batch
 * @arrival_ns: when to ring its doorbell, from the start of the run; FEED_READY: in a closed
 *              loop, with the doorbell of the one before, to arrive when that one is done;
 *              FEED_WITH: likewise, to arrive along with it; FEED_THINK and a think time: so long
 *              after the end of those before
 * @length_ns: engine time that it takes; SIM_NEVER: it does not end
 */
struct feed_job {
	u64 arrival_ns;
	u64 length_ns;
};

/**
 * struct feed - a client's batches
 * @jobs: in the order of arrival
 * @num: how many
 */
struct feed {
	struct feed_job *jobs;
	u32 num;
};

/*
 * All that can matter within @run_ns from the start: what arrives until then, or in a closed
 * loop what could be done until then. 0, or -1 without memory or where there are too many.
 */
int feed_make(struct feed *f, const struct workload_client *client, u64 run_ns);
void feed_free(struct feed *f);

#endif /* TESSERA_PLAY_FEED_H */
