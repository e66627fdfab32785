/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vgpus.h - the vGPUs of a workload on the accelerator under tessera.ko, and its settings
 */
#ifndef TESSERA_PLAY_VGPUS_H
#define TESSERA_PLAY_VGPUS_H

#include "../vfio/mdev.h"
#include "summary.h"

#define VGPUS_MAX	16
#define VGPUS_NONE	SUMMARY_NOBODY

/**
 * struct vgpus - a workload's
 * @w: the workload
 * @num: how many vGPUs
 * @v: each one's UUID, its type, and for each engine which client of the workload is its
 *     load, or VGPUS_NONE
 */
struct vgpus {
	const struct workload *w;
	unsigned int num;
	struct {
		char uuid[MDEV_UUID_LEN];
		char type[8];
		u32 client[WORKLOAD_NUM_ENGINES];
	} v[VGPUS_MAX];
};

/*
 * Each returns 0, or -1 having said on stderr what is wrong.
 *
 * vgpus_plan() only gives them UUIDs and types: one that is in its place in two workloads and of
 * the same type has the same UUID. vgpus_make() removes whatever vGPUs there are and makes these,
 * in the workload's order. vgpus_set() sets what the workload says of the accelerator and of each.
 */
int vgpus_plan(struct vgpus *g, const struct workload *w);
int vgpus_make(const struct vgpus *g);
int vgpus_set(const struct vgpus *g);
/* What the workload writes in mid-run; likewise. */
int vgpus_change(const struct vgpus *g, const struct workload_change *change);
/* What the mediator has counted, to @s; while they exist. */
int vgpus_count(const struct vgpus *g, struct summary *s);
int vgpus_remove(const struct vgpus *g);

/*
 * The client that is the load of the vGPU @uuid on @engine, or if it has none there the one that
 * it has; VGPUS_NONE: no such vGPU.
 */
u32 vgpus_client(const struct vgpus *g, const char *uuid, enum workload_engine engine);

#endif /* TESSERA_PLAY_VGPUS_H */
