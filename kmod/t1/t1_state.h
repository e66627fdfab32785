/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * t1_state.h - everything about a T1 vGPU that its guest can observe
 */
#ifndef TESSERA_T1_STATE_H
#define TESSERA_T1_STATE_H

#include "t1_hw.h"
#include "vgpu/ring.h"
#include "vgpu/state.h"

#define T1_EVENTS_MAX	256u	/* fault events kept for a guest that does not read */

/* The control page's registers that keep what was written. */
struct t1_vgpu_regs {
	u64 asq_base, acq_base, evq_base;
	u32 asq_size, acq_size, evq_size;
};

/* Fault events on their way to the guest. */
struct t1_vgpu_events {
	struct t1_event fifo[T1_EVENTS_MAX];
	u32 first, count;
};

/**
 * struct t1_vgpu_state - the state of a T1 vGPU
 * @common: what every vGPU has
 * @regs: ring registers; under vgpu->lock
 * @asq: admin submission ring, as far as it has been read; under vgpu->lock
 * @acq: admin completion ring, as far as it has been written; likewise
 * @evq: event ring; likewise
 * @asq_tail: register; written by traps without a lock, as the following are: one word each,
 *            read by the worker, which every write of them starts
 * @acq_head: register
 * @evq_head: register
 * @latch_time_hi: the half of the time register that was latched when the other was read
 * @latch_busy_hi: likewise of the contexts' busy times
 * @events: under t1_vgpu.events_lock
 */
struct t1_vgpu_state {
	struct tessera_vgpu_state common;
	struct t1_vgpu_regs regs;
	struct tessera_ring asq, acq, evq;
	u32 asq_tail, acq_head, evq_head;
	u32 latch_time_hi;
	u32 latch_busy_hi[T1_NUM_ENGINES][T1_MAX_CONTEXTS];
	struct t1_vgpu_events events;
};

void t1_state_power_on(struct t1_vgpu_state *state);
bool t1_state_ring_ok(u64 base, u32 size);
void t1_state_walk(struct t1_vgpu_state *state, const struct tessera_state_limits *limits,
		   struct tessera_mappings *mappings, struct tessera_stream *s);

#endif /* TESSERA_T1_STATE_H */
