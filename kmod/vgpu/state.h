/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state.h - everything about a vGPU that its guest can observe
 *
 * Nothing else is: no lock, no handle of the host's, no scratch. A model puts what it adds
 * into a structure that begins with this one, and walks over all of it (walk_state()) to save
 * it or to load it. What the guest has in memory (VRAM, its own pages) is apart, and so is what the
 * hardware keeps: queues' heads and tails, doorbells, the command in hand, faults, busy counters
 * and mappings of VRAM. A vGPU that is to move needs verbs of the backend that save and restore a
 * context with these. Statistics are not carried, by decision: they are the host's, and stay where
 * they were counted.
 */
#ifndef TESSERA_VGPU_STATE_H
#define TESSERA_VGPU_STATE_H

#include "accel/hw_types.h"

struct tessera_stream;

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
 * @live: the guest has created it; written under vgpu->lock, counted without
 */
struct tessera_ctx_state {
	bool live;
};

/**
 * struct tessera_queue_state - a queue of the vGPU
 * @live: the guest has created it; written under vgpu->lock, counted without
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
 * @time_offset_ns: from the accelerator's time to the guest's; outlives resets, not the owner
 * @ctx: contexts
 * @queue: queues, by slot
 */
struct tessera_vgpu_state {
	u8 config[TESSERA_CONFIG_SIZE];
	u8 msix_table[TESSERA_MSIX_PBA_OFF];
	u32 phase;
	u64 time_offset_ns;
	struct tessera_ctx_state ctx[TESSERA_MAX_CONTEXTS];
	struct tessera_queue_state queue[TESSERA_MAX_SLOTS];
};

/**
 * struct tessera_mapping - guest memory mapped into a context
 * @ctx: the context
 * @va: virtual address
 * @iova: guest address
 * @pages: pages of 4 KiB, which follow each other in both
 * @prot: TESSERA_HW_READ, _WRITE
 * @huge: pages of 2 MiB, which are unmapped as a whole
 */
struct tessera_mapping {
	u32 ctx;
	u64 va;
	u64 iova;
	u64 pages;
	u32 prot;
	bool huge;
};

/**
 * struct tessera_mappings - where a walker gets the mappings from, or puts them
 * @num: how many there are
 * @get: the mapping of an index below @num; in rising order of context and address
 * @put: take a mapping that has been checked; false if that can't be done. What follows may be
 *       refused yet: whoever loads then drops what was put.
 * @priv: for both
 */
struct tessera_mappings {
	u32 num;
	void (*get)(void *priv, u32 i, struct tessera_mapping *m);
	bool (*put)(void *priv, const struct tessera_mapping *m);
	void *priv;
};

/**
 * struct tessera_state_limits - the vGPU that a state belongs to
 * @num_ctx: contexts
 * @num_slots: queue slots
 * @num_vectors: interrupt vectors
 * @num_engines: engines
 * @vram_bytes: device memory
 * @config: configuration space at power-on
 * @config_writable: the bits of it that a guest can change
 */
struct tessera_state_limits {
	u32 num_ctx;
	u32 num_slots;
	u32 num_vectors;
	u32 num_engines;
	u64 vram_bytes;
	const u8 *config;
	const u8 *config_writable;
};

void tessera_state_power_on(struct tessera_vgpu_state *state);
void tessera_state_walk(struct tessera_vgpu_state *state,
			const struct tessera_state_limits *limits,
			struct tessera_mappings *mappings, u32 va_bits, struct tessera_stream *s);

#endif /* TESSERA_VGPU_STATE_H */
