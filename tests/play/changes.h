/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * changes.h - settings that a workload writes in mid-run, in the host's sysfs
 */
#ifndef TESSERA_PLAY_CHANGES_H
#define TESSERA_PLAY_CHANGES_H

#include "vgpus.h"

/**
 * struct changes - those of a run
 * @g: the vGPUs
 * @next_ns: when each is due, from the start of the run; SIM_NEVER: no more
 */
struct changes {
	const struct vgpus *g;
	u64 *next_ns;
};

/* Each int is 0, or -1 having said on stderr what is wrong. */
int changes_init(struct changes *c, const struct vgpus *g);
void changes_free(struct changes *c);
/* When the next is due, from the start of the run; SIM_NEVER: none. */
u64 changes_next_ns(const struct changes *c);
/* Make those that are due until @until_ns. */
int changes_make(struct changes *c, u64 until_ns);

#endif /* TESSERA_PLAY_CHANGES_H */
