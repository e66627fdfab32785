/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * accel.h - an accelerator that is shared, and the order of all locks
 *
 * Locks, outermost first. A holder of one takes only those below it.
 *
 *   vgpu->guilt.stop           mutex: a stop by quarantine, or its end
 *   vgpu->lock                 mutex: what the guest has set up, and its changes in hardware. The
 *                              worker holds it while guest memory comes, which is up to the owner:
 *                              only the owner's own doings wait for it, no file and no other vGPU
 *   (VFIO's own, mmap_lock)    taken by vfio_pin_pages(), vfio_unpin_pages() and vfio_dma_rw();
 *                              VFIO calls .dma_unmap with the first of them held
 *   vgpu->map_sem              rwsem: held for reading, pages of its BARs may be mapped
 *   vgpu->dma.lock             mutex: mappings of guest memory. Nothing of VFIO's is called
 *                              under it, nor is user memory touched: see vgpu/revoke.c
 *   tessera_reset_map          no lock: the wait of a lost operation for the reset, as lockdep
 *                              sees it. It ends with the epoch, which takes all below
 *   accel->lock                mutex: pools, list of vGPUs, settings of the scheduler
 *   accel->bar_sem             rwsem: held for reading, BAR pages may be mapped; for writing, not
 *   accel->frames_lock         mutex: host pages mapped for DMA. No memory is allocated under it
 *   vgpu->config_lock          mutex: configuration space
 *   vgpu->irq.mutex            mutex: one change of eventfds at a time
 *   a software engine's step   mutex: one load or operation (accel/soft.h); a reset waits for it
 *   the model's register lock  mutex: where operations end in a software engine's worker
 *   the backend's event lock   spinlock, interrupts: events are handed on under it
 *   dispatcher->lock           spinlock, interrupts: an engine's account, and its entities
 *   the model's event lock     spinlock, interrupts: events on their way to the guest
 *   vgpu->irq.budget.lock      spinlock, interrupts: what a vGPU's interrupts cost
 *   vgpu->guilt.lock           spinlock, interrupts: offences
 *   the backend's command lock spinlock, interrupts; or a software engine's lock
 *   vgpu->dma.unpin.lock       spinlock: pages that are to be unpinned
 *   worker->lock               spinlock, interrupts: whether there is work, and who would do it
 *
 * A worker's end is waited for with none of these held.
 *
 * Which vGPU a context or a slot belongs to, and the eventfds, interrupts read under RCU.
 */
#ifndef TESSERA_ACCEL_H
#define TESSERA_ACCEL_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/mdev.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/rwsem.h>
#include <linux/workqueue.h>
#include "tessera.h"
#include "accel/hw.h"
#include "accel/pool.h"
#include "accel/sizes.h"

/**
 * struct tessera_type - a size of vGPU
 * @mdev: for the mdev core
 * @div: 1/div of the accelerator
 * @vram_units: VRAM it takes, in units of accel->vram_unit
 * @num_slots: queue slots it takes
 * @num_contexts: contexts it takes
 * @sysfs_name: "V4"
 * @pretty_name: for people
 */
struct tessera_type {
	struct mdev_type mdev;
	u32 div;
	u32 vram_units;
	u32 num_slots;
	u32 num_contexts;
	char sysfs_name[8];
	char pretty_name[40];
};

/**
 * struct tessera_accel - a mediated accelerator
 * @pdev: its PCI function
 * @kind: what kind it is
 * @hw: its hardware
 * @mdev: for the mdev core
 * @types: sizes that this accelerator offers
 * @type_ptrs: the same for the mdev core
 * @num_types: how many
 * @lock: protects the pools, the list of vGPUs, @suspended and the scheduler's settings
 * @vram: VRAM left, in units
 * @vram_unit: bytes in a unit
 * @slots_left: queue slots left
 * @contexts_left: contexts left
 * @vgpus: all
 * @suspended: the host sleeps
 * @owner: the vGPU of each context; read under RCU
 * @slots: the vGPU that each queue slot's interrupts go to; read under RCU
 * @dispatchers: one for each engine
 * @preempt_strict: preemption mode; read without a lock
 * @preempt_timeout_us: how long an engine may take to switch; read without a lock
 * @frames_lock: protects @frames
 * @frames: struct tessera_frames in rising order
 * @bar_sem: held for reading to map BAR pages into user space, for writing to keep them out
 * @reset_work: resets the device after it stopped answering
 * @reset_hold: for so long (jiffies) it is to stand still first, for a reset by the PCI core
 * @reset_held: it does
 * @reset_released: it may go on
 * @reset_overdue: it has gone on before that
 * @debugfs: its directory
 * @stats_group: statistics that each of its vGPUs has in sysfs
 */
struct tessera_accel {
	struct pci_dev *pdev;
	const struct tessera_kind *kind;
	struct tessera_hw *hw;
	struct mdev_parent mdev;
	struct tessera_type types[TESSERA_NUM_TYPES];
	struct mdev_type *type_ptrs[TESSERA_NUM_TYPES];
	unsigned int num_types;

	struct mutex lock;	/* see above */
	struct tessera_pool vram;
	u64 vram_unit;
	struct tessera_pool slots_left;
	struct tessera_pool contexts_left;
	struct list_head vgpus;
	bool suspended;

	struct tessera_vgpu __rcu *owner[TESSERA_MAX_CONTEXTS];
	struct tessera_vgpu __rcu *slots[TESSERA_MAX_SLOTS];

	struct tessera_dispatcher *dispatchers;
	bool preempt_strict;
	u32 preempt_timeout_us;

	struct mutex frames_lock;	/* see above */
	struct rb_root frames;

	struct rw_semaphore bar_sem;
	struct work_struct reset_work;
	unsigned long reset_hold;
	struct completion reset_held, reset_released;
	bool reset_overdue;
	struct dentry *debugfs;
	const struct attribute_group *stats_group;
};

void tessera_accel_dead(struct tessera_accel *accel);
void tessera_accel_wait_reset(struct tessera_accel *accel);
void tessera_reset_might_wait(void);
void tessera_reset_begin(void);
void tessera_reset_end(void);

#endif /* TESSERA_ACCEL_H */
