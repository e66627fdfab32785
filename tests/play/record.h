/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record.h - which vGPU had which engine during a run: the mediator's world switches
 */
#ifndef TESSERA_PLAY_RECORD_H
#define TESSERA_PLAY_RECORD_H

#include "vgpus.h"

/**
 * struct record_point - an engine's counters at the begin or end of a recording
 * @time_ns: device time
 * @busy_ns: of the engine, since its reset
 * @switch_ns: likewise
 * @in_force: whose runlist is; empty: nobody's
 */
struct record_point {
	u64 time_ns, busy_ns, switch_ns;
	char in_force[MDEV_UUID_LEN];
};

/* A recording under way or done */
struct record {
	const struct vgpus *g;
	struct record_point begin[WORKLOAD_NUM_ENGINES], end[WORKLOAD_NUM_ENGINES];
};

/*
 * Each returns 0, or -1 having said on stderr what is wrong. The recording is a tracefs
 * instance of its own, with a buffer that has to be big enough: a lost event is an error.
 */
int record_start(struct record *r, const struct vgpus *g);
int record_stop(struct record *r);
/* The slices from @start_ns (device time) on, to @s; after record_stop(). */
int record_slices(const struct record *r, u64 start_ns, struct summary *s);

/* Device time, as the mediator reads it now; 0 if it can't be read. */
u64 record_time_ns(void);

#endif /* TESSERA_PLAY_RECORD_H */
