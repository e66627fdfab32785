/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw.h - the lower seam: what the mediator wants of an accelerator
 *
 * Contexts, mappings, queues, runlists, counters and resets, in the mediator's own words. No
 * command, register or structure of a particular accelerator appears here: those stay with
 * the backend that implements struct tessera_hw_ops. What hardware reports comes back
 * through struct tessera_hw_client. Numbers of contexts and slots and offsets into device
 * memory are physical ones.
 *
 * Hardware may lack what enum tessera_hw_feature lists. Documentation/porting.rst has the
 * fallback for each; accel/soft.h is the one for engines.
 */
#ifndef TESSERA_ACCEL_HW_H
#define TESSERA_ACCEL_HW_H

#include <linux/pci.h>
#include "accel/hw_types.h"

struct tessera_accel;
struct tessera_hw;

/**
 * enum tessera_hw_feature - what hardware may have, a bit each in struct tessera_hw.features
 * @TESSERA_HW_DOORBELL_LATCH: a doorbell rung off the runlist is kept: guests may map it
 * @TESSERA_HW_STRICT_PREEMPT: running work can be stopped inside a ring entry
 * @TESSERA_HW_CONTEXTS: it keeps several contexts apart by itself
 * @TESSERA_HW_PAGE_TABLES: a context reaches only what was mapped for it
 * @TESSERA_HW_COUNTERS: it counts the engines' busy time
 * @TESSERA_HW_EVENTS: it reports switches, idle engines and pending work
 * @TESSERA_HW_ATOMIC_SWITCH: a world switch is begun without sleeping
 * @TESSERA_HW_ENGINE_RESET: an engine can be reset without its neighbours
 * @TESSERA_HW_TABLE_PARTS: contexts can't use up the page tables of those with another part
 */
enum tessera_hw_feature {
	TESSERA_HW_DOORBELL_LATCH	= BIT(0),
	TESSERA_HW_STRICT_PREEMPT	= BIT(1),
	TESSERA_HW_CONTEXTS		= BIT(2),
	TESSERA_HW_PAGE_TABLES		= BIT(3),
	TESSERA_HW_COUNTERS		= BIT(4),
	TESSERA_HW_EVENTS		= BIT(5),
	TESSERA_HW_ATOMIC_SWITCH	= BIT(6),
	TESSERA_HW_ENGINE_RESET		= BIT(7),
	TESSERA_HW_TABLE_PARTS		= BIT(8),
};

/**
 * struct tessera_hw_client - what a backend calls; @accel is struct tessera_hw.accel
 * @event: an event came in. Interrupts are off; must not sleep.
 * @slot_irq: a queue slot wants its vGPU interrupted. Interrupts are off; must not sleep.
 * @dead: the device stopped answering. Called once until reset() has run, and never before
 *        start() has returned; interrupts may be off; must not sleep.
 */
struct tessera_hw_client {
	void (*event)(struct tessera_accel *accel, const struct tessera_hw_event *ev);
	void (*slot_irq)(struct tessera_accel *accel, u32 slot);
	void (*dead)(struct tessera_accel *accel);
};

/**
 * struct tessera_hw_engine - an engine, as the backend states it
 * @name: in sysfs, debugfs, messages: one word
 * @kind: what it does, for people
 */
struct tessera_hw_engine {
	const char *name;
	const char *kind;
};

/**
 * struct tessera_hw - an accelerator as the mediator sees it
 * @ops: its backend
 * @client: the mediator
 * @accel: the first argument of what @client offers
 * @pdev: its PCI function
 * @features: enum tessera_hw_feature
 * @num_engines: how many, at most TESSERA_MAX_ENGINES
 * @engine: what they are called
 * @num_slots: queue slots; 0: none
 * @num_contexts: contexts, at most TESSERA_MAX_CONTEXTS; what is not in hardware counts as well
 * @vram_bytes: device memory that can be given out; 0: none
 * @vram_align: least alignment of a vGPU's part of it, a power of 2
 * @vram: kernel mapping of the device memory, write-combining
 * @vram_phys: CPU physical address of the device memory
 * @doorbell_phys: CPU physical address of slot 0's doorbell page; that of slot n is n pages on
 * @preempt_timeout_us: default time that an engine may take to switch
 * @epoch: counts device resets. What was set up in one epoch is gone in the next.
 */
struct tessera_hw {
	const struct tessera_hw_ops *ops;
	const struct tessera_hw_client *client;
	struct tessera_accel *accel;
	struct pci_dev *pdev;
	unsigned long features;
	u32 num_engines;
	const struct tessera_hw_engine *engine;
	u32 num_slots;
	u32 num_contexts;
	u64 vram_bytes;
	u64 vram_align;
	void __iomem *vram;
	phys_addr_t vram_phys;
	phys_addr_t doorbell_phys;
	u32 preempt_timeout_us;
	u32 epoch;
};

/**
 * struct tessera_hw_ops - a kind of accelerator, for the mediator
 * @name: for messages
 * @alloc: check that @pdev is such a device and find out its sizes. Nothing of it runs, and
 *         no callback is made. Sleeps. ERR_PTR, with a line in the log.
 * @free: undo @alloc. Sleeps.
 * @start: reset and enable it. Sleeps. An errno with a line in the log: nothing runs, and
 *         nothing is called any more.
 * @stop: undo @start: nothing reaches memory any more, and no callback runs, when it returns.
 *        Sleeps.
 * @reset: reset the device and enable it again; starts a new epoch. Sleeps. After an error
 *         the device is cut off from the bus for good.
 * @quiesce: stop the device, for host suspend or a reset by the PCI core; @reset starts it again,
 *           and until then what was asked of it waits. Sleeps.
 * @ctx_create: make a context. It is one of @num contexts from @first on, which together may use
 *              up what the hardware has for so many of them.
 * @ctx_destroy: destroy each of a mask of contexts with its queues and mappings. What runs is
 *               aborted. All events of theirs have been handed on when it returns.
 * @map: map extents, in order, from @va on. Takes effect whole or not at all.
 * @unmap: unmap ranges. Nothing reaches their memory any more when it returns 0.
 * @queue_create: make a queue in a slot.
 * @queue_destroy: destroy it; what runs is aborted.
 * @queue_reset: empty it; what runs is aborted.
 * @doorbell: ring a slot's doorbell; any context.
 * @slot_irq_mask: hold a slot's interrupts back, or let them come again: one, if there were any
 *                 meanwhile. Calls come in pairs; any context.
 * @runlist_submit: make @contexts (a bit each) the engine's runlist; reported by
 *                  TESSERA_HW_SWITCHED with @token, never from within the call. Any context.
 * @engine_reset: abort what runs on an engine; any context.
 * @engine_switching: a submitted runlist is not in force yet; any context.
 * @engine_counters: read the counters; @switches and @switch_ns only where @all; any context.
 * @time_ns: device time; any context.
 * @drain_events: hand on all events now; any context, but not from within an event.
 *
 * From @ctx_create to @queue_reset: they sleep, and return an errno: -EINVAL for a value the
 * hardware refuses, -ENOENT for a context or slot that is not there, -EEXIST for one in use or
 * a page mapped already, -ENOSPC where it runs out of something, -ENOMEM where the host does,
 * -EFAULT for memory that it can't reach, -EREMOTEIO or -EOPNOTSUPP where it breaks its own rules.
 * -EIO: the device was lost, or @epoch is past: it has then forgotten all of that epoch and reaches
 * none of its memory any more. Those that a backend's feature bits rule out may be NULL.
 */
struct tessera_hw_ops {
	const char *name;
	struct tessera_hw *(*alloc)(struct pci_dev *pdev);
	void (*free)(struct tessera_hw *hw);
	int (*start)(struct tessera_hw *hw);
	void (*stop)(struct tessera_hw *hw);
	int (*reset)(struct tessera_hw *hw);
	void (*quiesce)(struct tessera_hw *hw);

	int (*ctx_create)(struct tessera_hw *hw, u32 epoch, u32 ctx, u32 first, u32 num);
	int (*ctx_destroy)(struct tessera_hw *hw, u32 epoch, u64 contexts);
	int (*map)(struct tessera_hw *hw, u32 epoch, u32 ctx, u64 va,
		   const struct tessera_extent *x, u32 n, u32 prot);
	int (*unmap)(struct tessera_hw *hw, u32 epoch, const struct tessera_hw_range *r, u32 n);
	int (*queue_create)(struct tessera_hw *hw, u32 epoch, u32 slot,
			    const struct tessera_hw_queue *q);
	int (*queue_destroy)(struct tessera_hw *hw, u32 epoch, u32 slot);
	int (*queue_reset)(struct tessera_hw *hw, u32 epoch, u32 slot);
	void (*doorbell)(struct tessera_hw *hw, u32 slot, u32 value);
	void (*slot_irq_mask)(struct tessera_hw *hw, u32 slot, bool mask);

	void (*runlist_submit)(struct tessera_hw *hw, u32 engine, u64 contexts, u32 token,
			       bool strict);
	void (*engine_reset)(struct tessera_hw *hw, u32 engine);
	bool (*engine_switching)(struct tessera_hw *hw, u32 engine);
	void (*engine_counters)(struct tessera_hw *hw, u32 engine, bool all,
				struct tessera_hw_counters *c);
	u64 (*time_ns)(struct tessera_hw *hw);
	void (*drain_events)(struct tessera_hw *hw);
};

static inline bool tessera_hw_has(const struct tessera_hw *hw, enum tessera_hw_feature feature)
{
	return hw->features & feature;
}

#endif /* TESSERA_ACCEL_HW_H */
