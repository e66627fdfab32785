// SPDX-License-Identifier: GPL-2.0-only
/*
 * unpin.c - guest pages on their way back to VFIO
 *
 * VFIO calls .dma_unmap with a lock held, D. vfio_unpin_pages() takes another, L. A thread of the
 * process that unmaps memory holds L, and then waits for D while it holds it. So who has been
 * called can't unpin by itself: helpers do that, and it waits for them. It goes on waiting as long
 * as any of them gets on. If none does, such a second thread is waiting for D, and all of them for
 * L: only to return helps. VFIO then looks again, and calls again while it finds pages pinned. At
 * the twelfth call for the same memory it gives up, with a BUG.
 *
 * Each run of neighbouring pages costs a call, and each call is a turn at L, for which VFIO's
 * threads queue as well. Where turns are handed on in strict order a helper gets one between two
 * calls of the same thread. So a stall makes all of them, as many turns, and who has been
 * called returns when they are in line, however long that takes them. A kernel whose mutexes
 * spin gives each of them many turns instead of one, and the fewer there are the faster.
 *
 * What is waited for is what was there when the wait began: of two batches one grows, while the
 * other is waited for. A guest that goes on mapping and unmapping keeps nobody waiting.
 */
#include <linux/slab.h>
#include <linux/vfio.h>
#include "vgpu/unpin.h"
#include "vgpu/vgpu.h"

#define TESSERA_UNPIN_HELPERS	256u
/* A helper that is in line, and may run, gets on within this time */
#define STALL			(msecs_to_jiffies(5) + 1)
/* The next helper that was asked for is in line within so many of them, on the slowest machine */
#define STALLS_MAX		1000u

static struct kmem_cache *tessera_unpin_cache;

/**
 * tessera_unpin_module_init() - prepare at module load
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int tessera_unpin_module_init(void)
{
	tessera_unpin_cache = KMEM_CACHE(tessera_pin_block, SLAB_ACCOUNT);
	return tessera_unpin_cache ? 0 : -ENOMEM;
}

/**
 * tessera_unpin_module_exit() - undo tessera_unpin_module_init()
 *
 * Context: may sleep; no block is left.
 */
void tessera_unpin_module_exit(void)
{
	kmem_cache_destroy(tessera_unpin_cache);
}

/**
 * tessera_unpin_new_block() - make a block with no page pinned
 * @index: guest page number of its first page, divided by TESSERA_PIN_BLOCK
 *
 * tessera_unpin_add() frees it, when it is gone.
 *
 * Context: may sleep.
 * Return: the block, or NULL if there is no memory for it.
 */
struct tessera_pin_block *tessera_unpin_new_block(unsigned long index)
{
	struct tessera_pin_block *block = kmem_cache_zalloc(tessera_unpin_cache, GFP_KERNEL);

	if (!block)
		return NULL;
	block->index = index;
	INIT_LIST_HEAD(&block->node);
	return block;
}

/**
 * tessera_unpin_add() - have pages unpinned
 * @vgpu: the vGPU, with dma.lock held
 * @block: the block they are in
 * @pages: which, a bit each; neither hardware nor the IOMMU know them any more
 * @gone: nobody else knows the block any more: it is freed
 *
 * tessera_unpin_run() or tessera_unpin_wait() follows, after dma.lock was released.
 *
 * Context: may sleep.
 */
void tessera_unpin_add(struct tessera_vgpu *vgpu, struct tessera_pin_block *block, u64 pages,
		       bool gone)
{
	struct tessera_unpin *u = &vgpu->dma.unpin;
	bool listed;

	lockdep_assert_held(&vgpu->dma.lock);
	spin_lock(&u->lock);
	if (!block->unpin && pages) {
		list_add_tail(&block->node, &u->list);
		block->batch = u->batch;
		u->waiting[u->batch]++;
	}
	block->unpin |= pages;
	block->gone = gone;
	listed = block->unpin;
	spin_unlock(&u->lock);
	if (gone && !listed)
		kmem_cache_free(tessera_unpin_cache, block);
}

/**
 * tessera_unpin_expect() - have the batch that grows wait for a command that is pinning
 * @vgpu: the vGPU
 *
 * Context: any but interrupts.
 * Return: the batch, for tessera_unpin_done().
 */
u8 tessera_unpin_expect(struct tessera_vgpu *vgpu)
{
	struct tessera_unpin *u = &vgpu->dma.unpin;
	u8 batch;

	spin_lock(&u->lock);
	batch = u->batch;
	u->waiting[batch]++;
	spin_unlock(&u->lock);
	return batch;
}

static void tessera_unpin_finish(struct tessera_unpin *u, u8 batch, u32 n)
{
	spin_lock(&u->lock);
	/* Under the lock: once it is released nothing of the vGPU is touched any more */
	WRITE_ONCE(u->waiting[batch], u->waiting[batch] - n);
	if (!u->waiting[batch])
		wake_up_all(&u->wait);
	spin_unlock(&u->lock);
}

/**
 * tessera_unpin_done() - a part of a batch is finished
 * @vgpu: the vGPU
 * @batch: the batch
 *
 * Context: any but interrupts.
 */
void tessera_unpin_done(struct tessera_vgpu *vgpu, u8 batch)
{
	tessera_unpin_finish(&vgpu->dma.unpin, batch, 1);
}

/* Pages that follow each other, and how many parts of each batch they are. */
struct tessera_unpin_call {
	unsigned long gpn;
	u32 pages;
	u32 parts[2];
};

/* Take the first block's first pages, and those of the next blocks that follow them. */
static void tessera_unpin_take(struct tessera_unpin *u, struct tessera_unpin_call *call)
{
	struct tessera_pin_block *block;
	u32 first, n;
	u64 rest;

	spin_lock(&u->lock);
	for (;;) {
		block = list_first_entry_or_null(&u->list, struct tessera_pin_block, node);
		if (!block)
			break;
		rest = block->unpin;
		n = tessera_pin_block_span(&rest, &first);
		if (!call->pages)
			call->gpn = block->index * TESSERA_PIN_BLOCK + first;
		else if (block->index * TESSERA_PIN_BLOCK + first != call->gpn + call->pages ||
			 call->pages + n > VFIO_PIN_PAGES_MAX_ENTRIES)
			break;
		call->pages += n;
		call->parts[block->batch]++;
		block->unpin = rest;
		if (rest) {
			/* A part of its own, for another helper */
			u->waiting[block->batch]++;
			break;
		}
		list_del_init(&block->node);
		/* On the list nobody else knows one that is gone. */
		if (block->gone)
			kmem_cache_free(tessera_unpin_cache, block);
	}
	spin_unlock(&u->lock);
}

/* Unpin as much as a call can. False if there is none. */
static bool tessera_unpin_some(struct tessera_vgpu *vgpu)
{
	struct tessera_unpin *u = &vgpu->dma.unpin;
	struct tessera_unpin_call call = {};
	u8 batch;

	tessera_unpin_take(u, &call);
	if (!call.pages)
		return false;
	atomic_inc(&u->in_line);
	vfio_unpin_pages(&vgpu->vdev, PFN_PHYS(call.gpn), call.pages);
	atomic_inc(&u->calls);
	atomic_dec(&u->in_line);
	for (batch = 0; batch < ARRAY_SIZE(call.parts); batch++) {
		if (call.parts[batch])
			tessera_unpin_finish(u, batch, call.parts[batch]);
	}
	return true;
}

/**
 * tessera_unpin_run() - unpin what there is
 * @vgpu: the vGPU, which is open
 *
 * Context: may sleep; neither dma.lock nor a lock of VFIO's is held.
 */
void tessera_unpin_run(struct tessera_vgpu *vgpu)
{
	while (tessera_unpin_some(vgpu))
		cond_resched();
}

static void tessera_unpin_work(struct work_struct *work)
{
	tessera_unpin_run(container_of(work, struct tessera_unpin_helper, work)->vgpu);
}

/* Whether each helper is in line with something to unpin, or there is no more for it. */
static bool tessera_unpin_in_line(struct tessera_unpin *u)
{
	bool taken;

	spin_lock(&u->lock);
	taken = list_empty(&u->list);
	spin_unlock(&u->lock);
	return taken || atomic_read(&u->in_line) >= u->num_helpers;
}

static void tessera_unpin_help(struct tessera_unpin *u)
{
	u32 i;

	for (i = 0; i < u->num_helpers; i++)
		queue_work(u->wq, &u->helpers[i].work);
}

/* Wait for a batch that grows no more, as long as helpers get on. */
static bool tessera_unpin_wait_batch(struct tessera_unpin *u, u8 batch)
{
	int calls, in_line = 0, stalls = 0;

	if (!READ_ONCE(u->waiting[batch]))
		return true;
	tessera_unpin_help(u);
	/* Let the others get in line before we return to it ourselves. */
	while (stalls < STALLS_MAX) {
		calls = atomic_read(&u->calls);
		if (wait_event_timeout(u->wait, !READ_ONCE(u->waiting[batch]), STALL)) {
			u->num_helpers = 1;
			return true;
		}
		if (atomic_read(&u->calls) != calls) {
			stalls = 0;
			continue;
		}
		if (!stalls++) {
			u->num_helpers = TESSERA_UNPIN_HELPERS;
			tessera_unpin_help(u);
		} else if (tessera_unpin_in_line(u)) {
			break;
		} else if (atomic_read(&u->in_line) > in_line) {
			in_line = atomic_read(&u->in_line);
			stalls = 1;
		}
	}
	return false;
}

/**
 * tessera_unpin_wait() - have helpers unpin what there is, and wait as long as they get on
 * @vgpu: the vGPU, in its .dma_unmap
 *
 * Context: may sleep; a lock of VFIO's is held, dma.lock is not.
 * Return: false if there is some left, for which VFIO will call again.
 */
bool tessera_unpin_wait(struct tessera_vgpu *vgpu)
{
	struct tessera_unpin *u = &vgpu->dma.unpin;
	u8 batch;

	/* What a call that returned too early has left: this one may be for the same memory. */
	batch = !READ_ONCE(u->batch);
	if (!tessera_unpin_wait_batch(u, batch))
		return false;
	spin_lock(&u->lock);
	batch = u->batch;
	u->batch = !batch;
	spin_unlock(&u->lock);
	return tessera_unpin_wait_batch(u, batch);
}

static bool tessera_unpin_idle(struct tessera_unpin *u)
{
	return !READ_ONCE(u->waiting[0]) && !READ_ONCE(u->waiting[1]);
}

/**
 * tessera_unpin_flush() - wait until everything is unpinned
 * @vgpu: the vGPU, which still is open
 *
 * Context: may sleep; neither dma.lock nor a lock of VFIO's is held.
 */
void tessera_unpin_flush(struct tessera_vgpu *vgpu)
{
	tessera_unpin_run(vgpu);
	wait_event(vgpu->dma.unpin.wait, tessera_unpin_idle(&vgpu->dma.unpin));
}

/**
 * tessera_unpin_init() - prepare for a vGPU that has nothing pinned
 * @vgpu: the vGPU
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int tessera_unpin_init(struct tessera_vgpu *vgpu)
{
	struct tessera_unpin *u = &vgpu->dma.unpin;
	u32 i;

	spin_lock_init(&u->lock);
	INIT_LIST_HEAD(&u->list);
	init_waitqueue_head(&u->wait);
	u->num_helpers = 1;
	u->helpers = kvcalloc(TESSERA_UNPIN_HELPERS, sizeof(*u->helpers), GFP_KERNEL);
	if (!u->helpers)
		return -ENOMEM;
	for (i = 0; i < TESSERA_UNPIN_HELPERS; i++) {
		u->helpers[i].vgpu = vgpu;
		INIT_WORK(&u->helpers[i].work, tessera_unpin_work);
	}
	/*
	 * One for each vGPU: whoever blocks all of its helpers blocks nobody else's. A helper at
	 * work that is asked for again counts twice.
	 */
	u->wq = alloc_workqueue("tessera-unpin-%.8s", WQ_UNBOUND, 2 * TESSERA_UNPIN_HELPERS,
				vgpu->name);
	if (u->wq)
		return 0;
	kvfree(u->helpers);
	return -ENOMEM;
}

/**
 * tessera_unpin_fini() - undo tessera_unpin_init()
 * @vgpu: the vGPU, closed
 *
 * Context: may sleep.
 */
void tessera_unpin_fini(struct tessera_vgpu *vgpu)
{
	destroy_workqueue(vgpu->dma.unpin.wq);
	kvfree(vgpu->dma.unpin.helpers);
}
