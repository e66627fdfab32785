/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * t1_device.h - the physical T1, as the files of its backend share it
 *
 * t1_hw.c: its life, interrupts and engines; t1_rings.c: admin queue and events; t1_verbs.c:
 * what the mediator wants of it that is an admin command.
 *
 * Locks: event_lock is held while events are handed on, and so is outside of every lock of the
 * mediator's that an event handler takes. admin_lock and busy_lock
 * are leaves.
 */
#ifndef TESSERA_T1_DEVICE_H
#define TESSERA_T1_DEVICE_H

#include <linux/completion.h>
#include <linux/io.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/wait.h>
#include "t1/t1.h"

#define T1_ADMIN_ENTRIES	128u
#define T1_ADMIN_INFLIGHT	64u	/* fewer than the rings hold: neither can overflow */
#define T1_EVENT_ENTRIES	1024u

/* An admin command on its way: @cmd in, @status out. */
struct t1_req {
	struct t1_admin_cmd cmd;
	u16 status;
	struct t1_batch *batch;
};

/* Commands that one caller waits for together. Protected by admin_lock. */
struct t1_batch {
	struct completion done;
	unsigned int pending;
	bool lost;
};

struct t1_slot_irq {
	struct t1 *t1;
	u32 slot;
	int irq;
	char name[40];
};

/* A page for the hardware to read a list of a context's from, or to write a fault of it to. */
struct t1_ctx {
	void *page;
	dma_addr_t dma;
};

struct t1 {
	struct tessera_hw hw;
	struct t1_identify *identify;
	struct t1_ctx ctx[T1_MAX_CONTEXTS];
	void __iomem *regs;
	struct t1_slot_irq *slot_irqs;
	char irq_name[40];
	unsigned int slot_irqs_set;
	bool control_irq_set;

	/* protects the admin rings and everything down to cid_wait */
	spinlock_t admin_lock;
	struct t1_admin_cmd *asq;
	struct t1_admin_cpl *acq;
	dma_addr_t asq_dma, acq_dma;
	u32 asq_tail, acq_head;
	u16 acq_phase;
	bool alive;		/* commands are accepted */
	bool out_of_service;	/* not alive, quiet, and no reset is under way */
	bool dead_told;		/* client->dead() was called for this epoch */
	struct t1_req *inflight[T1_ADMIN_INFLIGHT];
	DECLARE_BITMAP(cid_used, T1_ADMIN_INFLIGHT);
	wait_queue_head_t cid_wait;	/* a cid was freed, or alive changed */
	wait_queue_head_t epoch_wait;	/* hw.epoch changed */

	/* protects the event ring; held while an event is handed on */
	spinlock_t event_lock;
	struct t1_event *evq;
	dma_addr_t evq_dma;
	u32 evq_head;
	u16 evq_phase;

	/* the busy time's high word is that of the low word last read; a leaf */
	spinlock_t busy_lock;
};

static inline struct t1 *to_t1(struct tessera_hw *hw)
{
	return container_of(hw, struct t1, hw);
}

static inline u32 t1_hw_read(struct t1 *t1, u32 reg)
{
	return readl(t1->regs + reg);
}

static inline void t1_hw_write(struct t1 *t1, u32 reg, u32 value)
{
	writel(value, t1->regs + reg);
}

/* The low word first: it latches the high one. */
static inline u64 t1_hw_read64(struct t1 *t1, u32 reg)
{
	return lo_hi_readq(t1->regs + reg);
}

static inline void t1_hw_write64(struct t1 *t1, u32 reg, u64 value)
{
	lo_hi_writeq(value, t1->regs + reg);
}

/* t1_rings.c */
void t1_hw_drain_events(struct tessera_hw *hw);
int t1_hw_admin(struct t1 *t1, u32 epoch, struct t1_req *reqs, unsigned int n);
void t1_hw_admin_complete(struct t1 *t1);
void t1_hw_declare_dead(struct t1 *t1);

/* t1_verbs.c */
int t1_hw_errno(u16 status);
int t1_hw_admin_one(struct t1 *t1, u32 epoch, struct t1_req *req);
void t1_hw_ctx_free(struct t1 *t1, u32 ctx);
int t1_hw_ctx_create(struct tessera_hw *hw, u32 epoch, u32 ctx, u32 first, u32 num);
int t1_hw_ctx_destroy(struct tessera_hw *hw, u32 epoch, u64 contexts);
int t1_hw_map(struct tessera_hw *hw, u32 epoch, u32 ctx, u64 va,
	      const struct tessera_extent *x, u32 n, u32 prot);
int t1_hw_unmap(struct tessera_hw *hw, u32 epoch, const struct tessera_hw_range *r, u32 n);
int t1_hw_queue_create(struct tessera_hw *hw, u32 epoch, u32 slot,
		       const struct tessera_hw_queue *q);
int t1_hw_queue_destroy(struct tessera_hw *hw, u32 epoch, u32 slot);
int t1_hw_queue_reset(struct tessera_hw *hw, u32 epoch, u32 slot);

#endif /* TESSERA_T1_DEVICE_H */
