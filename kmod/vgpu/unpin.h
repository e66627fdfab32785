/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * unpin.h - guest pages on their way back to VFIO
 */
#ifndef TESSERA_VGPU_UNPIN_H
#define TESSERA_VGPU_UNPIN_H

#include <linux/bitops.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "tessera.h"

#define TESSERA_PIN_BLOCK	64u	/* pages; a bit each in a u64 */

/**
 * struct tessera_pin_block - neighbouring guest pages, some of them pinned
 * @index: guest page number of the first, divided by TESSERA_PIN_BLOCK
 * @in_use: how many have users
 * @fresh: those that the command at work pins; under dma.lock, like all above and below
 * @users: mappings of each
 * @pfn: host page number of each that has users
 * @dma: its bus address
 * @node: in struct tessera_unpin.list while @unpin is not 0; under its lock, like all below
 * @unpin: pages that are to be unpinned
 * @batch: the batch it was put on the list with
 * @gone: nobody else knows the block any more
 */
struct tessera_pin_block {
	unsigned long index;
	u32 in_use;
	u64 fresh;
	u32 users[TESSERA_PIN_BLOCK];
	unsigned long pfn[TESSERA_PIN_BLOCK];
	dma_addr_t dma[TESSERA_PIN_BLOCK];

	struct list_head node;
	u64 unpin;
	u8 batch;
	bool gone;
};

/**
 * struct tessera_unpin_helper - a thread's worth of unpinning
 * @work: on struct tessera_unpin.wq
 * @vgpu: for which vGPU
 */
struct tessera_unpin_helper {
	struct work_struct work;
	struct tessera_vgpu *vgpu;
};

/**
 * struct tessera_unpin - pages of a vGPU that are to be unpinned
 * @lock: protects all up to @batch; innermost
 * @list: blocks with such pages
 * @waiting: what is not finished of either batch: parts of blocks, and a command that is pinning
 * @batch: the batch that grows
 * @calls: to vfio_unpin_pages() that have returned
 * @in_line: calls that have not
 * @wait: woken when a batch is finished
 * @wq: where helpers run
 * @helpers: TESSERA_UNPIN_HELPERS of them
 * @num_helpers: how many of them it took last
 */
struct tessera_unpin {
	spinlock_t lock;	/* see above */
	struct list_head list;
	unsigned long waiting[2];
	u8 batch;
	atomic_t calls;
	atomic_t in_line;
	wait_queue_head_t wait;
	struct workqueue_struct *wq;
	struct tessera_unpin_helper *helpers;
	u32 num_helpers;
};

/**
 * tessera_pin_block_span() - take the lowest pages that follow each other out of a set
 * @pages: a bit for each page of a block; not 0
 * @first: gets the number of the first of them
 *
 * Context: any.
 * Return: how many they are.
 */
static inline u32 tessera_pin_block_span(u64 *pages, u32 *first)
{
	u64 gaps;
	u32 n;

	*first = __ffs64(*pages);
	gaps = ~(*pages >> *first);
	n = gaps ? __ffs64(gaps) : TESSERA_PIN_BLOCK;
	*pages &= ~GENMASK_ULL(*first + n - 1, *first);
	return n;
}

int tessera_unpin_module_init(void);
void tessera_unpin_module_exit(void);
int tessera_unpin_init(struct tessera_vgpu *vgpu);
void tessera_unpin_fini(struct tessera_vgpu *vgpu);
struct tessera_pin_block *tessera_unpin_new_block(unsigned long index);
void tessera_unpin_add(struct tessera_vgpu *vgpu, struct tessera_pin_block *block, u64 pages,
		       bool gone);
u8 tessera_unpin_expect(struct tessera_vgpu *vgpu);
void tessera_unpin_done(struct tessera_vgpu *vgpu, u8 batch);
void tessera_unpin_run(struct tessera_vgpu *vgpu);
bool tessera_unpin_wait(struct tessera_vgpu *vgpu);
void tessera_unpin_flush(struct tessera_vgpu *vgpu);

#endif /* TESSERA_VGPU_UNPIN_H */
