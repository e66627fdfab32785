/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state.h - everything about a vGPU that its guest can observe
 *
 * Nothing else is: no lock, no handle of the host's, no scratch. A model puts what it adds
 * into a structure that begins with this one, and walks over all of it (walk_state()) to save
 * it or to load it. What the guest has in memory (VRAM, its own pages) is apart.
 */
#ifndef TESSERA_VGPU_STATE_H
#define TESSERA_VGPU_STATE_H

#ifdef __KERNEL__
#include <linux/types.h>
#include "accel/hw.h"
#endif

#define TESSERA_CONFIG_SIZE	4096u
#define TESSERA_BAR_MSIX_SIZE	4096u
#define TESSERA_MSIX_PBA_OFF	2048u

enum tessera_vgpu_phase {
	TESSERA_VGPU_OFF,	/* the guest has not enabled it */
	TESSERA_VGPU_READY,	/* it competes for the engines */
	TESSERA_VGPU_STOPPING,	/* on its way from there; never while the lock is free */
	TESSERA_VGPU_FATAL,	/* the guest has to reset it */
};

/**
 * struct tessera_ctx_state - a context of the vGPU
 * @live: the guest has created it
 */
struct tessera_ctx_state {
	bool live;
};

/**
 * struct tessera_queue_state - a queue of the vGPU
 * @live: the guest has created it
 * @vector: where its interrupts go
 * @desc: what it was created with, in the vGPU's own numbers
 */
struct tessera_queue_state {
	bool live;
	u32 vector;
	struct tessera_hw_queue desc;
};

/**
 * struct tessera_vgpu_state - what every model has
 * @config: configuration space
 * @msix_table: as last written; user space emulates what it does
 * @phase: enum tessera_vgpu_phase; written under vgpu->lock, read without
 * @ctx: contexts
 * @queue: queues, by slot
 */
struct tessera_vgpu_state {
	u8 config[TESSERA_CONFIG_SIZE];
	u8 msix_table[TESSERA_MSIX_PBA_OFF];
	u32 phase;
	struct tessera_ctx_state ctx[TESSERA_MAX_CONTEXTS];
	struct tessera_queue_state queue[TESSERA_MAX_SLOTS];
};

#endif /* TESSERA_VGPU_STATE_H */
