/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * owner.h - a process that has a vGPU open and does everything with it that takes a while
 *
 * An honest driver and an honest monitor in one. Nothing is allowed to go wrong but by what others
 * do to the process. It notes what it is doing, in memory that others may share, so that after
 * its end it is known where that found it.
 */
#ifndef TESSERA_TEST_OWNER_H
#define TESSERA_TEST_OWNER_H

#include <stdbool.h>
#include <stdint.h>

#include "../vfio/t1.h"

enum call {
	CALL_NONE,
	CALL_OPEN,
	CALL_PROBE,	/* what a driver does from its first register to its first queue */
	CALL_MAP,	/* the admin command */
	CALL_WORK,
	CALL_DMA_UNMAP,	/* VFIO_IOMMU_UNMAP_DMA, of what is mapped for the accelerator */
	CALL_DMA_MAP,	/* VFIO_IOMMU_MAP_DMA */
	CALL_RESET,	/* VFIO_DEVICE_RESET, with work and a MAP under way */
	CALL_FLR,	/* the same by a write to config space */
	CALL_CLOSE,
	NUM_CALLS
};

extern const char *const call_names[];

/**
 * struct notes - what an owner notes
 * @call: what it is doing
 * @begun: how many calls it has begun
 * @usual_ns: how long each takes
 * @resets: resets of either kind that it has been through
 * @doomed: somebody takes the vGPU away, so that calls may fail: then wait to be killed
 */
struct notes {
	int call;
	uint64_t begun;
	uint64_t usual_ns[NUM_CALLS];
	uint64_t resets;
	int doomed;
};

/**
 * struct owner - an owner
 * @notes: what it notes
 * @uuid: the vGPU
 * @seed: of rand_r()
 * @v: the vGPU, open
 * @t: its driver
 * @q: a queue, in a context of its own, for each engine
 * @mem: mapped in VFIO; for the accelerator by owner_work()
 */
struct owner {
	struct notes *notes;
	const char *uuid;
	unsigned int seed;
	struct vdev v;
	struct t1 t;
	struct t1_queue q[T1_NUM_ENGINES];
	struct vdev_mem mem;
};

/* Notes that processes share which are forked from now on, or NULL. */
struct notes *notes_alloc(void);

/* Steps of a life. What is not as it should be ends the process, and it says what. */
void owner_open(struct owner *o);
void owner_probe(struct owner *o);
void owner_work(struct owner *o);
void owner_reset(struct owner *o, enum call how);
void owner_close(struct owner *o);

/* All of them, with more of some call than of others, or CALL_NONE. */
void owner_live(struct owner *o, enum call often);

#endif
