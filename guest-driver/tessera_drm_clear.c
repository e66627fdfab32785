// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_drm_clear.c - clearing the VRAM of which a buffer object is made
 */

/**
 * DOC: clearing
 *
 * VRAM keeps what its last owner wrote, so it is cleared before anybody has a handle, a mapping or
 * a dma-buf of the new object. An engine does that: the CPU would store eight bytes at a time, and
 * where a hypervisor does not map the BAR but traps each access (as QEMU does with x-no-mmap),
 * 4 MiB are half a million traps.
 *
 * The driver has a context and a queue of its own for that. They are made when they are first
 * needed, belong to no file, so that no process can have them do or write anything, are charged
 * to nobody, and go as soon as contexts or queue slots have run out.
 *
 * The caller waits. If the job fails, as in an engine reset or a reset of the device, the object
 * is not made (EIO). Whatever ends the wait early, a fatal signal included, also ends the context:
 * from then on nothing of the job can be written to VRAM that may be another's.
 *
 * The CPU does it
 *
 * - if there is little to clear, which takes less than asking an engine;
 * - if no context, queue slot or memory is free for the driver;
 * - if the engine has not done it in time: others keep it, or this function is not given it.
 */
#include <linux/completion.h>
#include <linux/dma-fence.h>
#include <linux/io.h>
#include <linux/sched/signal.h>

#include "tessera_drm_drv.h"

/* Less than this the CPU clears */
#define TDRM_CLEAR_BY_ENGINE	SZ_64K
/* Bytes that the CPU clears between two checks for signals and rescheduling */
#define TDRM_CLEAR_CHUNK	SZ_1M
/* How long a piece may take an engine */
#define TDRM_CLEAR_TIMEOUT	HZ
/* Where the driver's context has what is to be cleared, a piece at a time */
#define TDRM_CLEAR_VA		BIT_ULL(40)
#define TDRM_CLEAR_PIECE	T1_MAX_BYTES

static int tdrm_clear_by_cpu(struct tdrm_device *tdev, u64 start, u64 size)
{
	u64 done;

	for (done = 0; done < size; done += sizeof(u64)) {
		/* In words: memset_io() may go byte by byte. */
		__raw_writeq(0, tdev->vram + start + done);
		if (IS_ALIGNED(done, TDRM_CLEAR_CHUNK)) {
			if (fatal_signal_pending(current))
				return -EINTR;
			cond_resched();
		}
	}
	/* Flush the write-combining buffers before the object can be used */
	wmb();
	return 0;
}

struct tdrm_clear_wait {
	struct dma_fence_cb cb;
	struct completion done;
};

static void tdrm_clear_done(struct dma_fence *fence, struct dma_fence_cb *cb)
{
	complete(&container_of(cb, struct tdrm_clear_wait, cb)->done);
}

static int tdrm_clear_wait(struct dma_fence *fence)
{
	struct tdrm_clear_wait wait;
	long left = 1;

	init_completion(&wait.done);
	if (!dma_fence_add_callback(fence, &wait.cb, tdrm_clear_done)) {
		left = wait_for_completion_killable_timeout(&wait.done, TDRM_CLEAR_TIMEOUT);
		/* Waits for a callback that is running */
		dma_fence_remove_callback(fence, &wait.cb);
	}
	if (!dma_fence_is_signaled(fence))
		return left ? -EINTR : -ETIME;
	return min(dma_fence_get_status(fence), 0);
}

static int tdrm_clear_piece(struct tdrm_device *tdev, u64 start, u64 size)
{
	struct tdrm_clear *clear = &tdev->clear;
	/* Such that 2 MiB pages can be used */
	u64 va = TDRM_CLEAR_VA + (start & (SZ_2M - 1));
	struct dma_fence *fence;
	int ret;

	ret = tdrm_map_vram(clear->ctx, va, start, size, T1_MAP_WRITE);
	if (ret)
		return ret;
	fence = tdrm_queue_fill(clear->q, va, size);
	if (IS_ERR(fence))
		return PTR_ERR(fence);
	ret = tdrm_clear_wait(fence);
	dma_fence_put(fence);
	if (ret)
		return ret;
	return tdrm_unmap(clear->ctx, va, size);
}

static void tdrm_clear_stop(struct tdrm_device *tdev)
{
	struct tdrm_clear *clear = &tdev->clear;

	lockdep_assert_held(&clear->lock);
	if (clear->q)
		tdrm_queue_put(clear->q);
	if (clear->ctx)
		tdrm_ctx_close(&clear->tf, clear->ctx);
	clear->q = NULL;
	clear->ctx = NULL;
}

static int tdrm_clear_start(struct tdrm_device *tdev)
{
	struct tdrm_clear *clear = &tdev->clear;
	struct tdrm_ctx *ctx;
	u32 id;
	int ret;

	lockdep_assert_held(&clear->lock);
	if (clear->q && READ_ONCE(clear->ctx->state) == DRM_TESSERA_QUEUE_OK)
		return 0;
	/* It was lost, in a reset of the device */
	tdrm_clear_stop(tdev);
	ctx = tdrm_ctx_create(tdev, &clear->tf);
	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	clear->ctx = ctx;
	kref_get(&ctx->ref);
	ret = tdrm_queue_create(&clear->tf, ctx, T1_ENGINE_COPY, &id);
	if (ret)
		return ret;
	clear->q = tdrm_queue_lookup(&clear->tf, id);
	return 0;
}

static int tdrm_clear_by_engine(struct tdrm_device *tdev, u64 start, u64 size)
{
	struct tdrm_clear *clear = &tdev->clear;
	u64 n;
	int ret;

	if (mutex_lock_killable(&clear->lock))
		return -EINTR;
	ret = tdrm_clear_start(tdev);
	for (; size && !ret; start += n, size -= n) {
		n = min_t(u64, size, TDRM_CLEAR_PIECE);
		ret = tdrm_clear_piece(tdev, start, n);
	}
	/* After this the device can't reach the VRAM any more, whatever it was doing */
	if (ret)
		tdrm_clear_stop(tdev);
	mutex_unlock(&clear->lock);
	return ret;
}

/**
 * tdrm_clear() - clear VRAM; see DOC: clearing
 * @tdev: device
 * @start: VRAM address, a multiple of 4 KiB; nobody else uses the range
 * @size: bytes, likewise
 *
 * Context: may sleep; no lock is held.
 * Return: 0, and all of it is zero; -EIO if the engine or the device has failed; -EINTR if the
 * caller is being killed; -ERESTARTSYS if a signal ends the wait for the end of a reset; or what
 * tdrm_admin_run() returned.
 */
int tdrm_clear(struct tdrm_device *tdev, u64 start, u64 size)
{
	int ret;

	if (size < TDRM_CLEAR_BY_ENGINE)
		return tdrm_clear_by_cpu(tdev, start, size);
	ret = tdrm_clear_by_engine(tdev, start, size);
	if (ret == -ENOSPC || ret == -ENOMEM || ret == -ETIME)
		return tdrm_clear_by_cpu(tdev, start, size);
	return ret;
}

/**
 * tdrm_clear_yield() - give up the driver's context and queue if there are no others left
 * @tdev: device, of which the caller is about to use one more of either
 *
 * Context: may sleep; no lock is held.
 */
void tdrm_clear_yield(struct tdrm_device *tdev)
{
	bool full;

	spin_lock(&tdev->id_lock);
	full = bitmap_full(tdev->ctx_ids, tdev->num_contexts) ||
	       bitmap_full(tdev->slot_ids, tdev->num_slots);
	spin_unlock(&tdev->id_lock);
	if (!full || mutex_lock_killable(&tdev->clear.lock))
		return;
	tdrm_clear_stop(tdev);
	mutex_unlock(&tdev->clear.lock);
}

/**
 * tdrm_clear_init() - initialise what clears a device's VRAM
 * @tdev: device
 *
 * Context: any; nobody else uses @tdev yet.
 */
void tdrm_clear_init(struct tdrm_device *tdev)
{
	mutex_init(&tdev->clear.lock);
	tdrm_file_init(&tdev->clear.tf);
}

/**
 * tdrm_clear_fini() - free the driver's context and queue
 * @tdev: device, stopped for good; nothing is created any more
 *
 * Context: may sleep; neither reset_lock nor reset_sem is held.
 */
void tdrm_clear_fini(struct tdrm_device *tdev)
{
	mutex_lock(&tdev->clear.lock);
	tdrm_clear_stop(tdev);
	mutex_unlock(&tdev->clear.lock);
	xa_destroy(&tdev->clear.tf.queues);
	xa_destroy(&tdev->clear.tf.ctxs);
}
