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
 * A *timeout*: a batch has had its engine for job_timeout_ms. A vGPU has an engine only for a
 * share of the time, so this is engine time, not the clock's. Nothing that is asked here can be
 * forged by a batch, which may write all that its context can reach, the control block and fence
 * value of its own queue included:
 *
 * - Of each context the device counts the engine time in a register.
 * - That an engine has gone on to another ring entry is told by an interrupt. Only a FENCE in a
 *   ring sends one, and rings are written by this driver alone. A process can at most keep
 *   back its own interrupts.
 *
 * One watchdog looks at both several times in job_timeout_ms. It asks for an interrupt at the
 * next FENCE of every queue with jobs, so the entry that runs sends one at its end. Engines serve
 * queues round robin, an entry at a time. So if there was none since last time, what contexts have
 * used of the engine since was all used by a single entry; and a context that has used
 * job_timeout_ms of it is the guilty one, whoever is waiting behind it. A context that is kept
 * waiting uses nothing. If the engine is never given to this function there is nobody to blame.
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
 * @engine: the engine whose oldest job ran for too long: the error in its fence is -ETIME;
 *          T1_NUM_ENGINES: there is none. In all other fences the error is -EIO
 *
 * Context: may sleep; allocates nothing.
 */
void tdrm_ctx_cancel_jobs(struct tdrm_ctx *ctx, u32 engine)
{
	struct tdrm_queue *q;
	u32 slot = 0;

	while ((q = tdrm_next_queue(ctx->tdev, &slot, ctx))) {
		tdrm_queue_cancel(q, q->engine == engine ? -ETIME : -EIO, -EIO);
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
	tdrm_ctx_cancel_jobs(ctx, T1_NUM_ENGINES);
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

/* Ban a context whose batch has had an engine for too long, and stop all its queues */
static void tdrm_timeout(struct tdrm_ctx *ctx, u32 engine)
{
	struct tdrm_device *tdev = ctx->tdev;
	struct tdrm_queue *q;
	u32 slot = 0;

	dev_notice_ratelimited(tdev->drm.dev,
			       "context %u of %s[%d]: a batch on engine %u timed out\n",
			       ctx->hw_id, ctx->comm, ctx->pid, engine);
	tdrm_ctx_ban(ctx, DRM_TESSERA_QUEUE_TIMEOUT);
	while ((q = tdrm_next_queue(tdev, &slot, ctx))) {
		/* A failure has asked for a device reset, which stops the queue as well */
		tdrm_queue_hw_reset(q);
		tdrm_queue_put(q);
	}
	tdrm_ctx_cancel_jobs(ctx, engine);
}

/*
 * The context that has used the engine for the timeout since it last moved, with a reference;
 * or NULL. If it has moved now all are looked at from here on.
 */
static struct tdrm_ctx *tdrm_find_guilty(struct tdrm_device *tdev, u32 engine, bool moved)
{
	u64 timeout_ns = (u64)max(READ_ONCE(tdrm_job_timeout_ms), 1u) * NSEC_PER_MSEC;
	struct tdrm_ctx *ctx, *guilty = NULL;
	u32 id = 0;
	u64 busy;

	down_read(&tdev->reset_sem);
	while ((ctx = tdrm_next_ctx(tdev, &id))) {
		busy = tdrm_ctx_busy_ns(ctx, engine);
		if (moved) {
			ctx->base_ns[engine] = busy;
		} else if (!guilty && busy - ctx->base_ns[engine] >= timeout_ns &&
			   READ_ONCE(ctx->state) == DRM_TESSERA_QUEUE_OK) {
			guilty = ctx;
			continue;
		}
		tdrm_ctx_put(ctx);
	}
	up_read(&tdev->reset_sem);
	return guilty;
}

static void tdrm_watchdog(struct work_struct *work)
{
	struct tdrm_device *tdev = container_of(work, struct tdrm_device, watchdog.work);
	bool moved[T1_NUM_ENGINES], active[T1_NUM_ENGINES] = {};
	bool signalling = dma_fence_begin_signalling();
	struct tdrm_queue *q;
	struct tdrm_ctx *ctx;
	bool again = false;
	u32 slot = 0, e;

	/* Before new interrupts are asked for: they count for the next time */
	for (e = 0; e < T1_NUM_ENGINES; e++)
		moved[e] = xchg(&tdev->engines[e].moved, false) || !tdev->engines[e].watched;
	while ((q = tdrm_next_queue(tdev, &slot, NULL))) {
		/* Jobs that nobody waits for end without an interrupt: this frees them */
		tdrm_queue_reap(q);
		if (tdrm_queue_watch(q))
			active[q->engine] = true;
		tdrm_queue_put(q);
	}
	for (e = 0; e < T1_NUM_ENGINES; e++) {
		tdev->engines[e].watched = active[e];
		if (!active[e])
			continue;
		again = true;
		ctx = tdrm_find_guilty(tdev, e, moved[e]);
		if (!ctx)
			continue;
		tdrm_timeout(ctx, e);
		tdrm_ctx_put(ctx);
		tdev->engines[e].watched = false;
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
		tdrm_ctx_cancel_jobs(ctx, T1_NUM_ENGINES);
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
	spin_lock_init(&tdev->busy_lock);
	spin_lock_init(&tdev->id_lock);
	INIT_WORK(&tdev->reset_work, tdrm_reset_work);
	INIT_DELAYED_WORK(&tdev->watchdog, tdrm_watchdog);
}
