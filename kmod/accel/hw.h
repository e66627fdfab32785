/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw.h - between the mediator and one kind of accelerator
 *
 * Everything the mediator wants from hardware goes through struct tessera_hw_ops;
 * everything hardware tells it comes back through struct tessera_hw_client. The
 * numbers of contexts, slots and vectors and the VRAM offsets here are the physical ones.
 */
#ifndef TESSERA_ACCEL_HW_H
#define TESSERA_ACCEL_HW_H

#include <linux/io.h>
#include <linux/pci.h>
#include <linux/types.h>
#include "t1_hw.h"

struct tessera_hw;
struct tessera_hw_ops;

/**
 * struct tessera_hw_event - an entry of the hardware's event ring, in CPU byte order
 * @type: T1_EV_*
 * @engine: T1_ENGINE_*, checked to be below T1_NUM_ENGINES
 * @ctx: physical context, or T1_NO_CONTEXT
 * @slot: physical queue slot of a fault
 * @fault: T1_FAULT_*
 * @token: of the runlist in force
 * @time_ns: device time of the event
 * @busy_ns: the engine's busy counter at that time
 * @switch_ns: the engine's switch counter at that time
 * @addr: virtual address of a fault
 */
struct tessera_hw_event {
	u16 type;
	u16 engine;
	u32 ctx;
	u32 slot;
	u32 fault;
	u32 token;
	u64 time_ns;
	u64 busy_ns;
	u64 switch_ns;
	u64 addr;
};

/**
 * struct tessera_hw_counters - counters of an engine, read together
 * @time_ns: device time at which @busy_ns was latched
 * @busy_ns: time in which a command ran
 * @switch_ns: time spent in switching runlists
 * @switches: runlists switched in, modulo 2^32
 */
struct tessera_hw_counters {
	u64 time_ns;
	u64 busy_ns;
	u64 switch_ns;
	u32 switches;
};

/**
 * struct tessera_admin_req - an admin command on its way
 * @cmd: in; physical numbers and addresses
 * @status: out; T1_ST_*
 * @result: out
 * @batch: the backend's own
 */
struct tessera_admin_req {
	struct t1_admin_cmd cmd;
	u16 status;
	u32 result;
	void *batch;
};

/**
 * struct tessera_hw_client - what a backend calls
 * @event: an event came in. Interrupts are off; must not sleep.
 * @slot_irq: a queue slot's vector fired. Interrupts are off; must not sleep.
 * @dead: the device stopped answering. Called once until reset() has run; interrupts
 *        may be off; must not sleep.
 */
struct tessera_hw_client {
	void (*event)(struct tessera_hw *hw, const struct tessera_hw_event *ev);
	void (*slot_irq)(struct tessera_hw *hw, u32 slot);
	void (*dead)(struct tessera_hw *hw);
};

/**
 * struct tessera_hw - an accelerator as the mediator sees it
 * @ops: of its kind
 * @client: the mediator
 * @pdev: its PCI function
 * @num_slots: queue slots; slot s has interrupt vector 1 + s
 * @num_contexts: contexts
 * @vram_bytes: device memory
 * @caps: T1_CAP_*
 * @identify: what the hardware says about itself
 * @vram: kernel mapping of the device memory, write-combining
 * @vram_phys: CPU physical address of the device memory
 * @regs_phys: CPU physical address of BAR0
 * @epoch: counts device resets. What was set up in one epoch is gone in the next.
 */
struct tessera_hw {
	const struct tessera_hw_ops *ops;
	const struct tessera_hw_client *client;
	struct pci_dev *pdev;
	u32 num_slots;
	u32 num_contexts;
	u64 vram_bytes;
	u32 caps;
	struct t1_identify *identify;
	void __iomem *vram;
	phys_addr_t vram_phys;
	phys_addr_t regs_phys;
	u32 epoch;
};

/**
 * struct tessera_hw_ops - a kind of accelerator
 * @name: for messages
 * @create: map, check the version, reset and enable. Sleeps. ERR_PTR with a line in the log.
 * @destroy: undo @create: nothing reaches memory any more when it returns. Sleeps.
 * @admin: run @n commands in order and wait for all. Sleeps. 0: each has its status.
 *         -EIO: the device was lost (or @epoch is past): when this returns it has
 *         forgotten all of that epoch and reaches none of its memory any more.
 * @reset: reset the device and enable it again; starts a new epoch. Sleeps. After an error
 *         the device is cut off from the bus for good.
 * @quiesce: host suspend: stop the device. Sleeps.
 * @runlist_submit: make @contexts (a bit each) the engine's runlist; any context.
 * @engine_reset: abort what runs on an engine; any context.
 * @engine_switching: a submitted runlist is not in force yet; any context.
 * @engine_counters: read the counters; @switches too only where @all; any context.
 * @time_ns: device time; any context.
 * @drain_events: hand on all events now; any context, but not from within an event.
 * @doorbell: write a slot's doorbell; any context.
 */
struct tessera_hw_ops {
	const char *name;
	struct tessera_hw *(*create)(struct pci_dev *pdev,
				     const struct tessera_hw_client *client);
	void (*destroy)(struct tessera_hw *hw);
	int (*admin)(struct tessera_hw *hw, u32 epoch,
		     struct tessera_admin_req *reqs, unsigned int n);
	int (*reset)(struct tessera_hw *hw);
	void (*quiesce)(struct tessera_hw *hw);
	void (*runlist_submit)(struct tessera_hw *hw, u32 engine, u64 contexts,
			       u32 token, u32 mode);
	void (*engine_reset)(struct tessera_hw *hw, u32 engine);
	bool (*engine_switching)(struct tessera_hw *hw, u32 engine);
	void (*engine_counters)(struct tessera_hw *hw, u32 engine, bool all,
				struct tessera_hw_counters *c);
	u64 (*time_ns)(struct tessera_hw *hw);
	void (*drain_events)(struct tessera_hw *hw);
	void (*doorbell)(struct tessera_hw *hw, u32 slot, u32 tail);
};

extern const struct tessera_hw_ops t1_hw_ops;

#endif /* TESSERA_ACCEL_HW_H */
