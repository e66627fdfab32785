// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_drm_queue.c - queues: creation, destruction and statistics
 *
 * A queue has a ring, which engines can only read, and a page with its control block and its
 * fence value, which they write. Both are mapped in the context's own address space, so a
 * user's batch may write that page too: its contents decide nothing but when this queue's own
 * fences signal and interrupt, and what QUEUE_QUERY says of it.
 */
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include <drm/drm_ioctl.h>
#include <drm/drm_print.h>

#include "tessera_drm_drv.h"

/*
 * Fences hold a reference to their queue, which contains their lock, and other drivers may
 * keep a fence for as long as they like. So a queue holds a reference to the module, but for the
 * driver's own, whose fences nobody else has.
 */
static void tdrm_queue_release(struct kref *ref)
{
	struct tdrm_queue *q = container_of(ref, struct tdrm_queue, ref);
	bool own = q->own;

	tdrm_ctx_put(q->ctx);
	kfree_rcu(q, rcu);
	if (!own)
		module_put(THIS_MODULE);
}

/**
 * tdrm_queue_put() - drop a reference
 * @q: queue. Before its last is dropped the device has destroyed it, and tdrm_queues_finish() has
 *     freed its memory
 *
 * Context: any.
 */
void tdrm_queue_put(struct tdrm_queue *q)
{
	kref_put(&q->ref, tdrm_queue_release);
}

/**
 * tdrm_queue_lookup() - look up a queue of a file
 * @tf: file
 * @id: as user space names it
 *
 * Context: process; does not sleep.
 * Return: the queue with a reference, or NULL.
 */
struct tdrm_queue *tdrm_queue_lookup(struct tdrm_file *tf, u32 id)
{
	struct tdrm_queue *q;

	xa_lock(&tf->queues);
	q = xa_load(&tf->queues, id);
	if (q)
		kref_get(&q->ref);
	xa_unlock(&tf->queues);
	return q;
}

/* Engine time as the control block says; it never goes back */
static u64 tdrm_queue_busy_ns(struct tdrm_queue *q)
{
	struct tdrm_queue_page *page;
	unsigned long flags;
	u64 busy;

	spin_lock_irqsave(&q->lock, flags);
	page = rcu_dereference_protected(q->page, lockdep_is_held(&q->lock));
	if (page)
		q->busy_ns = max(q->busy_ns, le64_to_cpu(READ_ONCE(page->cb.busy_ns)));
	busy = q->busy_ns;
	spin_unlock_irqrestore(&q->lock, flags);
	return busy;
}

/* ------------------------------------------------------- device's side -- */

static int tdrm_queue_admin(struct tdrm_queue *q, u8 opcode)
{
	struct tdrm_device *tdev = q->tdev;
	struct tdrm_admin_req *req;
	int ret;

	req = tdrm_admin_get(tdev, opcode);
	req->cmd.queue.slot = cpu_to_le32(q->slot);
	if (opcode == T1_ADMIN_QUEUE_CREATE) {
		u64 window = TDRM_WINDOW_VA((u64)q->slot);

		req->cmd.ctx = cpu_to_le32(q->ctx->hw_id);
		req->cmd.queue.engine = cpu_to_le32(q->engine);
		req->cmd.queue.ring_va = cpu_to_le64(window);
		req->cmd.queue.cb_va = cpu_to_le64(window + TDRM_WINDOW_PAGE);
		req->cmd.queue.ring_log2 = cpu_to_le32(TDRM_RING_LOG2);
		req->cmd.queue.vector = cpu_to_le32(1 + q->slot);
	}
	ret = tdrm_admin_run(tdev, req);
	tdrm_admin_put(tdev, req);
	return ret;
}

/**
 * tdrm_queue_hw_reset() - stop the running command of a queue, and empty its ring
 * @q: queue of a banned context, so that no work follows
 *
 * Context: may sleep; takes reset_sem for reading, and slot_lock; allocates nothing.
 * Return: 0, also if the queue is not the device's any more; or what tdrm_admin_run() returned.
 */
int tdrm_queue_hw_reset(struct tdrm_queue *q)
{
	struct tdrm_device *tdev = q->tdev;
	int ret = 0;

	down_read(&tdev->reset_sem);
	mutex_lock(&tdev->slot_lock);
	/* The queue may have been destroyed since the lookup, and its slot reused */
	if (!q->ctx->lost && rcu_access_pointer(tdev->queues[q->slot]) == q)
		ret = tdrm_queue_admin(q, T1_ADMIN_QUEUE_RESET);
	mutex_unlock(&tdev->slot_lock);
	up_read(&tdev->reset_sem);
	return ret;
}

static int tdrm_slot_alloc(struct tdrm_device *tdev)
{
	u32 slot;

	spin_lock(&tdev->id_lock);
	slot = find_first_zero_bit(tdev->slot_ids, tdev->num_slots);
	if (slot < tdev->num_slots)
		__set_bit(slot, tdev->slot_ids);
	spin_unlock(&tdev->id_lock);
	return slot < tdev->num_slots ? slot : -ENOSPC;
}

/* Take a slot, map ring and page, create the queue, and let interrupts find it */
static int tdrm_queue_hw_create(struct tdrm_queue *q)
{
	struct tdrm_device *tdev = q->tdev;
	int slot, ret = -EIO;
	u64 window;

	/*
	 * In three steps, since mapping takes reset_sem by itself. A reset in between gives
	 * the slot to others, but loses the context as well.
	 */
	down_read(&tdev->reset_sem);
	slot = q->ctx->lost ? -EIO : tdrm_slot_alloc(tdev);
	up_read(&tdev->reset_sem);
	if (slot < 0)
		return slot;
	q->slot = slot;
	window = TDRM_WINDOW_VA((u64)slot);

	ret = tdrm_map_contig(q->ctx, window, q->ring_dma,
			      TDRM_RING_BYTES / T1_PAGE_SIZE, T1_MAP_READ);
	if (!ret)
		ret = tdrm_map_contig(q->ctx, window + TDRM_WINDOW_PAGE, q->page_dma, 1,
				      T1_MAP_READ | T1_MAP_WRITE);

	down_read(&tdev->reset_sem);
	if (!ret)
		ret = q->ctx->lost ? -EIO : tdrm_queue_admin(q, T1_ADMIN_QUEUE_CREATE);
	if (!ret) {
		spin_lock(&tdev->id_lock);
		rcu_assign_pointer(tdev->queues[slot], q);
		spin_unlock(&tdev->id_lock);
	}
	up_read(&tdev->reset_sem);
	if (!ret)
		return 0;

	tdrm_unmap(q->ctx, window, TDRM_WINDOW_SIZE);
	down_read(&tdev->reset_sem);
	if (!q->ctx->lost) {
		spin_lock(&tdev->id_lock);
		__clear_bit(slot, tdev->slot_ids);
		spin_unlock(&tdev->id_lock);
	}
	up_read(&tdev->reset_sem);
	return ret;
}

/* ctx->lock is held; the context is not closed */
static void tdrm_queue_hw_destroy(struct tdrm_queue *q)
{
	struct tdrm_device *tdev = q->tdev;
	int ret = 0;

	lockdep_assert_held(&q->ctx->lock);
	down_read(&tdev->reset_sem);
	if (!q->ctx->lost)
		ret = tdrm_queue_admin(q, T1_ADMIN_QUEUE_DESTROY);
	up_read(&tdev->reset_sem);
	if (ret)
		tdrm_reset_after(tdev, "QUEUE_DESTROY", ret);

	tdrm_unmap(q->ctx, TDRM_WINDOW_VA((u64)q->slot), TDRM_WINDOW_SIZE);

	down_read(&tdev->reset_sem);
	if (!q->ctx->lost) {
		mutex_lock(&tdev->slot_lock);
		spin_lock(&tdev->id_lock);
		RCU_INIT_POINTER(tdev->queues[q->slot], NULL);
		__clear_bit(q->slot, tdev->slot_ids);
		spin_unlock(&tdev->id_lock);
		mutex_unlock(&tdev->slot_lock);
	}
	up_read(&tdev->reset_sem);
}

/* -------------------------------------------------------------- memory -- */

static int tdrm_queue_alloc_dma(struct tdrm_queue *q)
{
	struct tdrm_device *tdev = q->tdev;
	struct device *dev = tdev->drm.dev;
	struct tdrm_queue_page *page;

	q->ring = dma_alloc_coherent(dev, TDRM_RING_BYTES, &q->ring_dma, GFP_KERNEL);
	if (!q->ring)
		return -ENOMEM;
	page = dma_alloc_coherent(dev, T1_PAGE_SIZE, &q->page_dma, GFP_KERNEL);
	if (!page) {
		dma_free_coherent(dev, TDRM_RING_BYTES, q->ring, q->ring_dma);
		return -ENOMEM;
	}
	/* No interrupt is wanted yet */
	page->cb.event = cpu_to_le32(TDRM_EVENT_NEVER(0));
	RCU_INIT_POINTER(q->page, page);

	mutex_lock(&tdev->mem_lock);
	list_add(&q->dma_link, &tdev->dma_queues);
	mutex_unlock(&tdev->mem_lock);
	return 0;
}

/* Fences read the page under RCU: a grace period must pass before it is freed */
static void tdrm_queue_take_page(struct tdrm_queue *q)
{
	lockdep_assert_held(&q->tdev->mem_lock);
	/* Keep the final busy time while it can still be read */
	tdrm_queue_busy_ns(q);
	spin_lock_irq(&q->lock);
	q->old_page = rcu_dereference_protected(q->page, lockdep_is_held(&q->lock));
	RCU_INIT_POINTER(q->page, NULL);
	spin_unlock_irq(&q->lock);
}

static void tdrm_queue_free_dma(struct tdrm_queue *q)
{
	struct device *dev = q->tdev->drm.dev;

	lockdep_assert_held(&q->tdev->mem_lock);
	if (!q->old_page)
		return;
	list_del(&q->dma_link);
	dma_free_coherent(dev, T1_PAGE_SIZE, q->old_page, q->page_dma);
	dma_free_coherent(dev, TDRM_RING_BYTES, q->ring, q->ring_dma);
	q->old_page = NULL;
	q->ring = NULL;
}

/**
 * tdrm_queues_free_dma() - free the DMA memory of the queues of a device being removed
 * @tdev: device, stopped; all its contexts are lost and their jobs ended
 *
 * The queues themselves are freed when their files are closed.
 *
 * Context: may sleep; takes mem_lock.
 */
void tdrm_queues_free_dma(struct tdrm_device *tdev)
{
	struct tdrm_queue *q, *next;

	mutex_lock(&tdev->mem_lock);
	list_for_each_entry(q, &tdev->dma_queues, dma_link)
		tdrm_queue_take_page(q);
	synchronize_rcu();
	list_for_each_entry_safe(q, next, &tdev->dma_queues, dma_link)
		tdrm_queue_free_dma(q);
	mutex_unlock(&tdev->mem_lock);
}

/**
 * tdrm_queue_stop() - refuse further jobs, and wake callers waiting to submit one
 * @q: queue
 *
 * Context: process; does not sleep.
 */
void tdrm_queue_stop(struct tdrm_queue *q)
{
	spin_lock_irq(&q->lock);
	q->closed = true;
	spin_unlock_irq(&q->lock);
	wake_up_all(&q->wait);
}

/**
 * tdrm_queues_finish() - free what queues own, and drop their file's references
 * @tdev: device
 * @queues: list, by close_link, of queues that the device has destroyed; their jobs have
 *          ended and they are in no table. The list is undefined afterwards
 *
 * Context: may sleep; takes mem_lock.
 */
void tdrm_queues_finish(struct tdrm_device *tdev, struct list_head *queues)
{
	struct tdrm_queue *q, *next;

	mutex_lock(&tdev->mem_lock);
	list_for_each_entry(q, queues, close_link)
		tdrm_queue_take_page(q);
	synchronize_rcu();
	list_for_each_entry(q, queues, close_link)
		tdrm_queue_free_dma(q);
	mutex_unlock(&tdev->mem_lock);

	list_for_each_entry_safe(q, next, queues, close_link) {
		/* The worker finds no jobs, but it holds a reference: the file must wait */
		flush_work(&q->emit_work);
		tdrm_queue_put(q);
	}
}

static void tdrm_queue_finish(struct tdrm_queue *q)
{
	LIST_HEAD(queues);

	list_add(&q->close_link, &queues);
	tdrm_queues_finish(q->tdev, &queues);
}

/* -------------------------------------------------------------- ioctls -- */

/**
 * tdrm_queue_create() - create a queue, and put it into its file's table
 * @tf: file
 * @ctx: its context; a reference to it is consumed
 * @engine: T1_ENGINE_*
 * @id: set to the queue's id in the table
 *
 * Context: may sleep; takes the context's lock.
 * Return: 0; -ENOSPC, -ENOMEM; -ENOENT if the context is closed, -EIO if it has failed.
 */
int tdrm_queue_create(struct tdrm_file *tf, struct tdrm_ctx *ctx, u32 engine, u32 *id)
{
	struct tdrm_queue *q;
	int ret;

	ret = tdrm_take(tf->holder, TDRM_SLOTS, 1);
	if (ret) {
		tdrm_ctx_put(ctx);
		return ret;
	}
	q = kzalloc(sizeof(*q), GFP_KERNEL_ACCOUNT);
	if (!q) {
		tdrm_ctx_put(ctx);
		ret = -ENOMEM;
		goto give;
	}
	q->own = !tf->holder;
	if (!q->own)
		__module_get(THIS_MODULE);
	kref_init(&q->ref);
	q->tdev = ctx->tdev;
	q->ctx = ctx;
	q->engine = engine;
	mutex_init(&q->submit_lock);
	init_waitqueue_head(&q->wait);
	spin_lock_init(&q->lock);
	INIT_LIST_HEAD(&q->running);
	INIT_LIST_HEAD(&q->waiting);
	INIT_WORK(&q->emit_work, tdrm_emit_work);
	q->fence_context = dma_fence_context_alloc(1);
	ret = tdrm_queue_alloc_dma(q);
	if (ret) {
		tdrm_queue_put(q);
		goto give;
	}
	mutex_lock(&ctx->lock);
	if (ctx->closed)
		ret = -ENOENT;
	else if (READ_ONCE(ctx->state) != DRM_TESSERA_QUEUE_OK)
		ret = -EIO;
	else
		ret = tdrm_queue_hw_create(q);
	if (ret) {
		mutex_unlock(&ctx->lock);
		tdrm_queue_finish(q);
		goto give;
	}
	ret = xa_alloc(&tf->queues, id, q, xa_limit_31b, GFP_KERNEL_ACCOUNT);
	if (ret) {
		tdrm_queue_stop(q);
		tdrm_queue_hw_destroy(q);
		mutex_unlock(&ctx->lock);
		tdrm_queue_finish(q);
		goto give;
	}
	mutex_unlock(&ctx->lock);
	return 0;

give:
	tdrm_give(tf->holder, TDRM_SLOTS, 1);
	return ret;
}

/**
 * tdrm_ioctl_queue_create() - handle DRM_IOCTL_TESSERA_QUEUE_CREATE
 * @drm: device
 * @data: struct drm_tessera_queue_create
 * @file: caller's
 *
 * Context: may sleep; takes the context's lock.
 * Return: 0; -EINVAL, -ENOENT, -ENOSPC, -ENOMEM; -EIO if the context has failed, -ENODEV.
 */
int tdrm_ioctl_queue_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct tdrm_file *tf = file->driver_priv;
	struct drm_tessera_queue_create *args = data;
	struct tdrm_ctx *ctx;
	int idx, ret = -ENOENT;

	if (args->flags || args->engine >= T1_NUM_ENGINES)
		return -EINVAL;
	if (!drm_dev_enter(drm, &idx))
		return -ENODEV;
	tdrm_clear_yield(to_tdrm(drm));
	ctx = tdrm_ctx_lookup(tf, args->ctx_id);
	if (ctx)
		ret = tdrm_queue_create(tf, ctx, args->engine, &args->queue_id);
	drm_dev_exit(idx);
	return ret;
}

/**
 * tdrm_ioctl_queue_destroy() - handle DRM_IOCTL_TESSERA_QUEUE_DESTROY
 * @drm: device
 * @data: struct drm_tessera_queue_destroy
 * @file: caller's
 *
 * Context: may sleep; takes the context's lock.
 * Return: 0; -EINVAL, -ENOENT.
 */
int tdrm_ioctl_queue_destroy(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct tdrm_file *tf = file->driver_priv;
	struct drm_tessera_queue_destroy *args = data;
	struct tdrm_queue *q;
	struct tdrm_ctx *ctx;

	if (args->pad)
		return -EINVAL;
	/* Whoever takes a queue out of the table has to finish it */
	q = xa_erase(&tf->queues, args->queue_id);
	if (!q)
		return -ENOENT;
	ctx = q->ctx;
	tdrm_queue_stop(q);
	mutex_lock(&ctx->lock);
	/* If the context was closed first, the hardware queue is gone already */
	if (!ctx->closed)
		tdrm_queue_hw_destroy(q);
	mutex_unlock(&ctx->lock);
	tdrm_queue_cancel(q, -ECANCELED, -ECANCELED);
	tdrm_queue_finish(q);
	tdrm_give(tf->holder, TDRM_SLOTS, 1);
	return 0;
}

/**
 * tdrm_ioctl_queue_query() - handle DRM_IOCTL_TESSERA_QUEUE_QUERY
 * @drm: device
 * @data: struct drm_tessera_queue_query
 * @file: caller's
 *
 * Context: may sleep.
 * Return: 0 or -ENOENT.
 */
int tdrm_ioctl_queue_query(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct tdrm_file *tf = file->driver_priv;
	struct drm_tessera_queue_query *args = data;
	struct tdrm_queue *q;

	q = tdrm_queue_lookup(tf, args->queue_id);
	if (!q)
		return -ENOENT;
	/* Jobs that nobody waits for end without an interrupt */
	tdrm_queue_reap(q);

	/* Pairs with the release in tdrm_fault_work() */
	args->state = smp_load_acquire(&q->ctx->state);
	args->fault = q->ctx->fault;
	args->fault_batch_index = q->ctx->fault_batch_index;
	args->fault_addr = q->ctx->fault_addr;
	args->busy_ns = tdrm_queue_busy_ns(q);
	spin_lock_irq(&q->lock);
	args->submitted = q->submitted;
	args->completed = q->completed;
	spin_unlock_irq(&q->lock);
	tdrm_queue_put(q);
	return 0;
}
