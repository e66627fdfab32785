/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * t1.h - a minimal driver for a T1 function over a vdev
 *
 * It does what the test asks, right or wrong: nothing is checked before it reaches the
 * device, so that tests can do things in any order. Calls that wait give up after
 * T1_TIMEOUT_MS and return -ETIMEDOUT. A positive result is a T1_ST_*.
 */
#ifndef TESSERA_TEST_T1_H
#define TESSERA_TEST_T1_H

#include <stdbool.h>
#include <stdint.h>

#include "../../uapi/t1_hw.h"
#include "vdev.h"

#define T1_TIMEOUT_MS	10000

/**
 * struct t1 - a T1 function and its rings
 * @v: the device below it
 * @num_slots: @num_contexts, @num_vectors, @vram_bytes, @caps: as its registers say
 * @asq: admin submission ring; likewise @acq, @evq
 * @asq_entries: set before t1_start() for other than the default; likewise the others
 * @asq_tail: next entry to be written
 * @acq_head: next entry to be read, with the phase that makes it valid; likewise @evq_head
 */
struct t1 {
	struct vdev *v;
	uint32_t num_slots, num_contexts, num_vectors, caps;
	uint64_t vram_bytes;
	struct vdev_mem ring_mem;
	volatile struct t1_admin_cmd *asq;
	volatile struct t1_admin_cpl *acq;
	volatile struct t1_event *evq;
	uint64_t asq_bus, acq_bus, evq_bus;
	uint32_t asq_entries, acq_entries, evq_entries;
	uint32_t asq_tail;
	uint32_t acq_head, acq_phase;
	uint32_t evq_head, evq_phase;
	uint16_t next_cid;
	struct vdev_mem list_mem;
};

/**
 * struct t1_queue - a queue with its ring, control block and fence word
 * @fence: the word that t1_fence() has written; @fence_va: where the device sees it
 * @scratch: the rest of the control block's page, @scratch_va: where the device sees it
 * @tail: free-running index of the next entry
 * @seq: last fence value asked for
 */
struct t1_queue {
	struct t1 *t;
	uint32_t ctx, slot, engine, log2, vector;
	struct vdev_mem mem;
	volatile struct t1_cmd *ring;
	volatile struct t1_queue_cb *cb;
	volatile uint64_t *fence;
	uint8_t *scratch;
	uint64_t ring_va, cb_va, fence_va, scratch_va;
	volatile uint32_t *doorbell;
	uint32_t tail;
	uint64_t seq;
};

uint64_t now_ns(void);
void sleep_us(unsigned int us);

/* Read the facts, set up rings (allocating on the first call), enable. */
int t1_start(struct t1 *t, struct vdev *v);
/* The same in steps: allocate and fill in; write the ring registers; set ENABLE and wait. */
int t1_prepare(struct t1 *t, struct vdev *v);
void t1_program_rings(struct t1 *t);
int t1_enable(struct t1 *t);
void t1_disable(struct t1 *t);
/* RESET by the control register; waits until it reads as zero again. */
int t1_ctrl_reset(struct t1 *t);

/* Put a command into the ring without ringing; ring; take a completion. */
void t1_admin_push(struct t1 *t, const struct t1_admin_cmd *cmd);
void t1_admin_ring(struct t1 *t);
int t1_admin_pop(struct t1 *t, struct t1_admin_cpl *cpl, unsigned int timeout_ms);
/* All of it for one command, whose cid is filled in: the completion's status. */
int t1_admin(struct t1 *t, struct t1_admin_cmd *cmd);

/* Next event: 0, or -ETIMEDOUT. */
int t1_event(struct t1 *t, struct t1_event *ev, unsigned int timeout_ms);

int t1_ctx_create(struct t1 *t, uint32_t ctx);
int t1_ctx_destroy(struct t1 *t, uint32_t ctx);
/* @first: bus or VRAM address of the first page, the rest follow (CONTIG is added) */
int t1_map(struct t1 *t, uint32_t ctx, uint64_t va, uint64_t first, uint32_t npages,
	   uint32_t flags);
/* @addrs: one for each page */
int t1_map_list(struct t1 *t, uint32_t ctx, uint64_t va, const uint64_t *addrs, uint32_t npages,
		uint32_t flags);
/* Any size: as many commands as it takes. Readable and writable. */
int t1_map_mem(struct t1 *t, uint32_t ctx, uint64_t va, const struct vdev_mem *m);
int t1_unmap(struct t1 *t, uint32_t ctx, uint64_t va, uint32_t npages, uint32_t flags);
int t1_fault_query(struct t1 *t, uint32_t ctx, uint32_t flags, struct t1_fault *f);

/* A queue of 2^log2 entries in memory of its own, mapped high in the context. */
int t1_queue_create(struct t1 *t, struct t1_queue *q, uint32_t ctx, uint32_t slot, uint32_t engine,
		    uint32_t log2, uint32_t vector);
/* Context and queue in one, number @n of both, no interrupt wanted. */
int t1_queue_simple(struct t1 *t, struct t1_queue *q, uint32_t n, uint32_t engine);
int t1_queue_destroy(struct t1 *t, uint32_t slot);
int t1_queue_reset(struct t1_queue *q);

/* Put a command into the ring; tell the device; put a fence; wait for it. */
void t1_push(struct t1_queue *q, const struct t1_cmd *cmd);
void t1_kick(struct t1_queue *q);
uint64_t t1_fence(struct t1_queue *q, uint32_t flags);
int t1_wait_ms(struct t1_queue *q, uint64_t seq, unsigned int timeout_ms);
int t1_wait(struct t1_queue *q, uint64_t seq);
/* Push, fence, kick and wait. */
int t1_run(struct t1_queue *q, const struct t1_cmd *cmd);

#endif
