// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_drm_reset.c - faults, job timeouts, and resets of the whole function
 */

/**
 * DOC: recovery
 *
 * Three things end a context before its owner does. Each ends it for good (the remedy is a
 * new context) and puts an error into the fences of all its unfinished jobs:
 *
 * A *fault*: the device has stopped the context. The event names the context; FAULT_QUERY
 * gives the place inside the batch. An engine reset by the host arrives as a fault, too.
 *
 * A *timeout*: one watchdog checks all queues several times in job_timeout_ms. A queue is
 * stuck if it has had a job in its ring for job_timeout_ms of wall time in which neither the
 * fence value nor the control block's head nor its busy time has changed. The device writes
 * the latter two at every FENCE in the ring, and the ring has one after each batch. So the
 * limit applies to a batch, not to a job or a queue, and a vGPU that gets a sixteenth of an
 * engine still makes progress at every batch. If several queues of an engine are stuck, the
 * one that has been stuck longest is taken to be holding the engine, since all others have
 * made progress after it; it loses its context, and the timeouts of the rest start again. A
 * single batch may need more than job_timeout_ms merely because the engine is shared; the
 * module parameter is there for that.
 *
 * A *device reset*: requested when the admin queue does not answer, by user space (FLR), or
 * for system sleep. All contexts are lost. Buffer objects are kept.
 *
 * All of this ends fences, so none of it allocates memory or takes a lock under which others
 * allocate.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>

#include <drm/drm_print.h>

#include "tessera_drm_drv.h"

/* The next queue, of one context or of all, with a reference */
static struct tdrm_queue *tdrm_next_queue(struct tdrm_device *tdev, u32 *slot,
					  struct tdrm_ctx *ctx)
{
	struct tdrm_queue *q;

	rcu_read_lock();
	for (; *slot < tdev->num_slots; (*slot)++) {
		q = rcu_dereference(tdev->queues[*slot]);
		if (q && (!ctx || q->ctx == ctx) && kref_get_unless_zero(&q->ref)) {
			rcu_read_unlock();
			(*slot)++;
			return q;
		}
	}
	rcu_read_unlock();
	return NULL;
}

static struct tdrm_ctx *tdrm_next_ctx(struct tdrm_device *tdev, u32 *id)
{
	struct tdrm_ctx *ctx;

	rcu_read_lock();
	for (; *id < tdev->num_contexts; (*id)++) {
		ctx = rcu_dereference(tdev->ctxs[*id]);
		if (ctx && kref_get_unless_zero(&ctx->ref)) {
			rcu_read_unlock();
			(*id)++;
			return ctx;
		}
	}
	rcu_read_unlock();
	return NULL;
}

/**
 * tdrm_ctx_ban() - end a context, so that EXEC is refused
 * @ctx: context
 * @state: why: any DRM_TESSERA_QUEUE_* other than OK. The first call's is kept
 *
 * The jobs' fences are left to tdrm_ctx_cancel_jobs().
 *
 * Context: any; takes tdrm_ctx.ban_lock.
 */
void tdrm_ctx_ban(struct tdrm_ctx *ctx, u32 state)
{
	unsigned long flags;

	spin_lock_irqsave(&ctx->ban_lock, flags);
	if (ctx->state == DRM_TESSERA_QUEUE_OK)
		WRITE_ONCE(ctx->state, state);
	spin_unlock_irqrestore(&ctx->ban_lock, flags);
}

/**
 * tdrm_ctx_cancel_jobs() - end all jobs of a banned context
 * @ctx: context
 * @guilty: the queue whose oldest job is to blame, or NULL
 * @guilty_error: error for that job's fence, negative
 * @error: error for all other fences, negative
 *
 * Context: may sleep; allocates nothing.
 */
void tdrm_ctx_cancel_jobs(struct tdrm_ctx *ctx, struct tdrm_queue *guilty,
			  int guilty_error, int error)
{
	struct tdrm_queue *q;
	u32 slot = 0;

	while ((q = tdrm_next_queue(ctx->tdev, &slot, ctx))) {
		tdrm_queue_cancel(q, q == guilty ? guilty_error : error, error);
		tdrm_queue_put(q);
	}
}

/* -------------------------------------------------------------- faults -- */

/**
 * tdrm_fault_work() - query a context's fault, ban the context, and end its jobs
 * @work: the context's fault_work; owns a reference to the context
 *
 * Context: workqueue; takes reset_sem for reading; allocates nothing.
 */
void tdrm_fault_work(struct work_struct *work)
{
	struct tdrm_ctx *ctx = container_of(work, struct tdrm_ctx, fault_work);
	struct tdrm_device *tdev = ctx->tdev;
	u32 fault, batch_index = U32_MAX;
	struct tdrm_admin_req *req;
	struct t1_event ev;
	bool first = false;
	bool signalling;
	u64 addr;

	signalling = dma_fence_begin_signalling();
	spin_lock_irq(&ctx->ban_lock);
	ev = ctx->fault_event;
	spin_unlock_irq(&ctx->ban_lock);
	fault = le32_to_cpu(ev.fault);
	addr = le64_to_cpu(ev.addr);

	down_read(&tdev->reset_sem);
	if (!ctx->lost) {
		const struct t1_fault *info;

		req = tdrm_admin_get(tdev, T1_ADMIN_FAULT_QUERY);
		info = req->buf;
		req->cmd.ctx = cpu_to_le32(ctx->hw_id);
		req->cmd.addr = cpu_to_le64(req->buf_dma);
		if (!tdrm_admin_run(tdev, req) && info->fault) {
			fault = le32_to_cpu(info->fault);
			batch_index = le32_to_cpu(info->batch_index);
			addr = le64_to_cpu(info->addr);
		}
		tdrm_admin_put(tdev, req);
	}
	up_read(&tdev->reset_sem);

	spin_lock_irq(&ctx->ban_lock);
	if (ctx->state == DRM_TESSERA_QUEUE_OK) {
		ctx->fault = fault;
		ctx->fault_batch_index = batch_index;
		ctx->fault_addr = addr;
		/* Pairs with the acquire in QUEUE_QUERY */
		smp_store_release(&ctx->state, fault == T1_FAULT_ENGINE_RESET ?
				  DRM_TESSERA_QUEUE_RESET : DRM_TESSERA_QUEUE_FAULT);
		first = true;
	}
	spin_unlock_irq(&ctx->ban_lock);
	tdrm_ctx_cancel_jobs(ctx, NULL, 0, -EIO);
	dma_fence_end_signalling(signalling);

	if (first)
		dev_notice_ratelimited(tdev->drm.dev,
				       "context %u of %s[%d]: fault %u at va 0x%llx, engine %u, slot %u, command %d of its batch\n",
				       ctx->hw_id, ctx->comm, ctx->pid, fault, addr,
				       le16_to_cpu(ev.engine), le32_to_cpu(ev.slot),
				       (int)batch_index);
	tdrm_ctx_put(ctx);
}

/* ------------------------------------------------------------ timeouts -- */

static unsigned long tdrm_watchdog_period(void)
{
	u32 ms = max(READ_ONCE(tdrm_job_timeout_ms), 1u);

	return msecs_to_jiffies(clamp(ms / 4, 1u, 2500u)) + 1;
}

/**
 * tdrm_queue_touch() - note that a queue is making progress
 * @q: queue
 *
 * Context: any; tdrm_queue.lock is held.
 */
void tdrm_queue_touch(struct tdrm_queue *q)
{
	struct tdrm_queue_page *page;
	struct tdrm_job *job;

	lockdep_assert_held(&q->lock);
	job = list_first_entry_or_null(&q->running, struct tdrm_job, link);
	page = rcu_dereference_protected(q->page, lockdep_is_held(&q->lock));
	if (!job || !page)
		return;
	q->seen_seqno = job->fence.seqno;
	q->seen_head = le32_to_cpu(READ_ONCE(page->cb.head));
	q->seen_busy_ns = le64_to_cpu(READ_ONCE(page->cb.busy_ns));
	q->moved = ktime_get_ns();
}

/* Does the queue have jobs in its ring; and if so, when did it last make progress? */
static bool tdrm_queue_moved(struct tdrm_queue *q, u64 *moved)
{
	struct tdrm_queue_page *page;
	struct tdrm_job *job;
	unsigned long flags;
	bool any;

	spin_lock_irqsave(&q->lock, flags);
	job = list_first_entry_or_null(&q->running, struct tdrm_job, link);
	page = rcu_dereference_protected(q->page, lockdep_is_held(&q->lock));
	any = job && page;
	if (any) {
		if (job->fence.seqno != q->seen_seqno ||
		    le32_to_cpu(READ_ONCE(page->cb.head)) != q->seen_head ||
		    le64_to_cpu(READ_ONCE(page->cb.busy_ns)) != q->seen_busy_ns)
			tdrm_queue_touch(q);
		*moved = q->moved;
	}
	spin_unlock_irqrestore(&q->lock, flags);
	return any;
}

static void tdrm_restart_clocks(struct tdrm_device *tdev, u32 engine)
{
	struct tdrm_queue *q;
	u32 slot = 0;

	while ((q = tdrm_next_queue(tdev, &slot, NULL))) {
		spin_lock_irq(&q->lock);
		if (q->engine == engine)
			q->moved = ktime_get_ns();
		spin_unlock_irq(&q->lock);
		tdrm_queue_put(q);
	}
}

/* Ban the context of a stuck queue, and stop all its queues */
static void tdrm_timeout(struct tdrm_queue *guilty)
{
	struct tdrm_ctx *ctx = guilty->ctx;
	struct tdrm_device *tdev = ctx->tdev;
	struct tdrm_queue *q;
	u32 slot = 0;

	dev_notice_ratelimited(tdev->drm.dev,
			       "context %u of %s[%d]: a job on engine %u, slot %u timed out\n",
			       ctx->hw_id, ctx->comm, ctx->pid, guilty->engine, guilty->slot);
	tdrm_ctx_ban(ctx, DRM_TESSERA_QUEUE_TIMEOUT);
	while ((q = tdrm_next_queue(tdev, &slot, ctx))) {
		/* A failure has asked for a device reset, which stops the queue as well */
		tdrm_queue_hw_reset(q);
		tdrm_queue_put(q);
	}
	tdrm_ctx_cancel_jobs(ctx, guilty, -ETIME, -EIO);
	tdrm_restart_clocks(tdev, guilty->engine);
}

static void tdrm_watchdog(struct work_struct *work)
{
	struct tdrm_device *tdev = container_of(work, struct tdrm_device, watchdog.work);
	u64 timeout_ns = (u64)max(READ_ONCE(tdrm_job_timeout_ms), 1u) * NSEC_PER_MSEC;
	struct tdrm_queue *stuck[T1_NUM_ENGINES] = {};
	u64 moved, since[T1_NUM_ENGINES] = {};
	bool signalling = dma_fence_begin_signalling();
	struct tdrm_queue *q;
	bool again = false;
	u32 slot = 0, e;

	while ((q = tdrm_next_queue(tdev, &slot, NULL))) {
		/* Jobs that nobody waits for end without an interrupt: this frees them */
		tdrm_queue_reap(q);
		if (tdrm_queue_moved(q, &moved)) {
			again = true;
			e = q->engine;
			if (ktime_get_ns() >= moved + timeout_ns &&
			    (!stuck[e] || moved < since[e])) {
				swap(stuck[e], q);
				since[e] = moved;
			}
		}
		if (q)
			tdrm_queue_put(q);
	}
	for (e = 0; e < T1_NUM_ENGINES; e++) {
		if (stuck[e]) {
			tdrm_timeout(stuck[e]);
			tdrm_queue_put(stuck[e]);
		}
	}
	dma_fence_end_signalling(signalling);
	if (again)
		queue_delayed_work(tdev->wq, &tdev->watchdog, tdrm_watchdog_period());
}

/**
 * tdrm_watchdog_kick() - run the watchdog within one period
 * @tdev: device
 *
 * Context: any; cheap if it is scheduled already.
 */
void tdrm_watchdog_kick(struct tdrm_device *tdev)
{
	queue_delayed_work(tdev->wq, &tdev->watchdog, tdrm_watchdog_period());
}

/* -------------------------------------------------------------- resets -- */

/**
 * tdrm_device_stop() - ban all contexts, reset the device, and end all jobs
 * @tdev: device
 *
 * When this returns the device does no DMA, either because the reset succeeded or because
 * bus mastering is off, and all fences have signalled. tdrm_device_forget() must follow.
 *
 * Context: may sleep; reset_lock is held; allocates nothing.
 */
void tdrm_device_stop(struct tdrm_device *tdev)
{
	bool signalling = dma_fence_begin_signalling();
	struct tdrm_ctx *ctx;
	u32 id;

	lockdep_assert_held(&tdev->reset_lock);
	tdrm_admin_fail(tdev);
	for (id = 0; (ctx = tdrm_next_ctx(tdev, &id)); tdrm_ctx_put(ctx))
		tdrm_ctx_ban(ctx, DRM_TESSERA_QUEUE_RESET);
	if (!tdev->wedged && tdrm_admin_reset(tdev)) {
		tdev->wedged = true;
		pci_clear_master(tdev->pdev);
		if (!tdev->gone)
			drm_err(&tdev->drm, "device reset timed out, disabling the device\n");
	}
	for (id = 0; (ctx = tdrm_next_ctx(tdev, &id)); tdrm_ctx_put(ctx))
		tdrm_ctx_cancel_jobs(ctx, NULL, 0, -EIO);
	dma_fence_end_signalling(signalling);
}

/**
 * tdrm_device_forget() - mark all contexts lost, and free their numbers and queue slots
 * @tdev: device, stopped
 *
 * Context: process; reset_lock is held, and reset_sem for writing; allocates nothing.
 */
void tdrm_device_forget(struct tdrm_device *tdev)
{
	struct tdrm_ctx *ctx;
	u32 i;

	lockdep_assert_held_write(&tdev->reset_sem);
	spin_lock(&tdev->id_lock);
	for (i = 0; i < T1_MAX_CONTEXTS; i++) {
		ctx = rcu_dereference_protected(tdev->ctxs[i], lockdep_is_held(&tdev->id_lock));
		if (ctx) {
			/* Once more, for a context created while the others were being banned */
			tdrm_ctx_ban(ctx, DRM_TESSERA_QUEUE_RESET);
			ctx->lost = true;
		}
		RCU_INIT_POINTER(tdev->ctxs[i], NULL);
	}
	for (i = 0; i < T1_MAX_SLOTS; i++)
		RCU_INIT_POINTER(tdev->queues[i], NULL);
	bitmap_zero(tdev->ctx_ids, T1_MAX_CONTEXTS);
	bitmap_zero(tdev->slot_ids, T1_MAX_SLOTS);
	spin_unlock(&tdev->id_lock);
}

/**
 * tdrm_device_restart() - start a device that was stopped
 * @tdev: device
 *
 * Context: may sleep; reset_lock is held, and reset_sem for writing.
 * Return: 0; -EIO if it does not start now, as a vGPU in quarantine, or is wedged; -ETIMEDOUT,
 * after which it is wedged.
 */
int tdrm_device_restart(struct tdrm_device *tdev)
{
	int ret;

	if (tdev->wedged)
		return -EIO;
	ret = tdrm_admin_start(tdev);
	if (ret == -EIO) {
		dev_notice_ratelimited(tdev->drm.dev,
				       "the device does not start now: the next new context tries again\n");
	} else if (ret) {
		tdev->wedged = true;
		pci_clear_master(tdev->pdev);
		drm_err(&tdev->drm, "restart after reset failed: %d, disabling the device\n", ret);
	}
	return ret;
}

static void tdrm_reset_work(struct work_struct *work)
{
	struct tdrm_device *tdev = container_of(work, struct tdrm_device, reset_work);

	mutex_lock(&tdev->reset_lock);
	/* Another reset may have come first */
	if (READ_ONCE(tdev->admin.dead) && !tdev->wedged && !tdev->gone) {
		tdrm_device_stop(tdev);
		down_write(&tdev->reset_sem);
		tdrm_device_forget(tdev);
		if (!tdrm_device_restart(tdev))
			drm_notice(&tdev->drm, "device was reset, all contexts are lost\n");
		up_write(&tdev->reset_sem);
	}
	mutex_unlock(&tdev->reset_lock);
}

/**
 * tdrm_reset_request() - request a device reset
 * @tdev: device whose admin queue has been failed; nothing is done for one that is going away
 *
 * Context: any.
 */
void tdrm_reset_request(struct tdrm_device *tdev)
{
	if (!READ_ONCE(tdev->gone))
		queue_work(tdev->wq, &tdev->reset_work);
}

static void tdrm_reset_wait(struct tdrm_device *tdev)
{
	flush_work(&tdev->reset_work);
	/* A reset from elsewhere, or removal */
	mutex_lock(&tdev->reset_lock);
	mutex_unlock(&tdev->reset_lock);
}

/**
 * tdrm_reset_retry() - reset a device once more that did not start after its last reset
 * @tdev: device
 *
 * Context: may sleep; neither reset_lock nor reset_sem is held.
 */
void tdrm_reset_retry(struct tdrm_device *tdev)
{
	/* The end of a reset from elsewhere is waited for where a signal can end that */
	if (READ_ONCE(tdev->admin.dead) && !READ_ONCE(tdev->in_reset)) {
		tdrm_reset_request(tdev);
		tdrm_reset_wait(tdev);
	}
}

/**
 * tdrm_reset_after() - reset the device after a command that must not fail has failed
 * @tdev: device
 * @what: name of the command
 * @err: its errno
 *
 * When this returns the device has been reset, or its bus mastering is off: it does no DMA
 * for what came before.
 *
 * Context: may sleep; neither reset_lock nor reset_sem is held.
 */
void tdrm_reset_after(struct tdrm_device *tdev, const char *what, int err)
{
	if (!READ_ONCE(tdev->admin.dead)) {
		drm_err(&tdev->drm, "%s failed: %d, resetting the device\n", what, err);
		tdrm_admin_fail(tdev);
		tdrm_reset_request(tdev);
	}
	tdrm_reset_wait(tdev);
}

/**
 * tdrm_reset_init() - initialise a device's recovery state
 * @tdev: device
 *
 * Context: any; nobody else uses @tdev yet.
 */
void tdrm_reset_init(struct tdrm_device *tdev)
{
	mutex_init(&tdev->reset_lock);
	init_rwsem(&tdev->reset_sem);
	init_waitqueue_head(&tdev->reset_wait);
	mutex_init(&tdev->slot_lock);
	spin_lock_init(&tdev->id_lock);
	INIT_WORK(&tdev->reset_work, tdrm_reset_work);
	INIT_DELAYED_WORK(&tdev->watchdog, tdrm_watchdog);
}
