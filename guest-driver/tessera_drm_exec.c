// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_drm_exec.c - jobs: from the ioctl through the ring to the fence
 */

/**
 * DOC: submission
 *
 * A job is a BATCH entry in the ring for each of its batches, each followed by a FENCE. The
 * last FENCE writes the job's number on its queue and may interrupt. Those before it write
 * the previous job's number, which is there already, only so that the device can interrupt at
 * the end of every batch. A job's fence has signalled once the number in memory has
 * reached the job's own.
 *
 * Ring space is reserved in the ioctl, which blocks for it; after that nothing can fail.
 * A job whose in-fences have signalled, or belong to earlier jobs of its own queue, goes
 * into the ring at once. Any other waits in the queue's list, as do all jobs after it, until
 * callbacks have counted its fences down and a worker emits it.
 *
 * The device interrupts only if somebody asked for it: by enabling signalling of a fence, or
 * the watchdog, a few times in job_timeout_ms. cb.event names the earliest such ring entry, or
 * one out of reach. So a pipeline that is filled without waiting costs next to none. Ended jobs
 * are freed in interrupts, at the next submission, and by the watchdog at the latest.
 */

/**
 * DOC: why not drm_gpu_scheduler
 *
 * drm_gpu_scheduler arbitrates between entities that share a ring. Here every queue has a
 * ring of its own in the device, which takes turns between them, so a scheduler would have
 * one entity each and nothing to decide. What it offers besides does not fit:
 *
 * - It learns of a job's end by a callback on the hardware fence, which enables signalling:
 *   an interrupt for every job. Here there is one only where somebody waits.
 * - It submits from a thread or worker. Here a job without unsignalled fences is in the ring
 *   when the ioctl returns, without a context switch.
 * - Its timeout is a job's, by the clock. On a vGPU the clock also runs while other vGPUs
 *   have the engine, so what counts is engine time, and the guilty one is the context that
 *   has had it (see DOC: recovery).
 * - Its recovery stops the scheduler and resubmits or frees jobs. Here a context that fails
 *   is ended with all its jobs, and nothing is ever resubmitted.
 * - Its interface differs between the kernels served: 6.1 has a thread for each scheduler
 *   (64 for the queues of one device), 6.12 a workqueue, and drm_sched_init() and
 *   drm_sched_job_init() take other arguments.
 *
 * What remains, the dependencies, are the dozen lines of tdrm_job_arm_deps() and
 * tdrm_emit_work().
 */
#include <linux/dma-fence-chain.h>
#include <linux/dma-fence-unwrap.h>
#include <linux/dma-resv.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/uaccess.h>

#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_syncobj.h>

#include "tessera_drm_drv.h"

/* How many fences of a chain are checked for being our own queue's; see DOC */
#define TDRM_UNWRAP_MAX	64

#define TDRM_JOB_MAX_ENTRIES	(2 * DRM_TESSERA_EXEC_MAX_BATCHES)

static struct tdrm_job *to_tdrm_job(struct dma_fence *fence)
{
	return container_of(fence, struct tdrm_job, fence);
}

/* -------------------------------------------------------------- fences -- */

static const char *tdrm_fence_driver_name(struct dma_fence *fence)
{
	return "tessera_drm";
}

static const char *tdrm_fence_timeline_name(struct dma_fence *fence)
{
	return to_tdrm_job(fence)->q->engine == T1_ENGINE_COMPUTE ? "compute" : "copy";
}

static u64 tdrm_seqno(const struct tdrm_queue_page *page)
{
	u64 seqno = le64_to_cpu(READ_ONCE(page->seqno));

	/* What the device wrote before its fence is read after it */
	dma_rmb();
	return seqno;
}

static bool tdrm_fence_signaled(struct dma_fence *fence)
{
	struct tdrm_job *job = to_tdrm_job(fence);
	struct tdrm_queue_page *page;
	bool done;

	rcu_read_lock();
	page = rcu_dereference(job->q->page);
	done = page && READ_ONCE(job->emitted) && tdrm_seqno(page) >= fence->seqno;
	rcu_read_unlock();
	return done;
}

/* Have the device interrupt at this ring entry, unless it will at an earlier one */
static void tdrm_want_irq(struct tdrm_queue *q, struct tdrm_queue_page *page, u32 idx)
{
	lockdep_assert_held(&q->lock);
	if (q->event_armed && (s32)(idx - q->event_idx) >= 0)
		return;
	q->event_armed = true;
	q->event_idx = idx;
	WRITE_ONCE(page->cb.event, cpu_to_le32(idx));
	/* The device must see it before the fence value is read once more */
	mb();
}

/* The first FENCE of a job in the ring: between its batches, or at its end */
static u32 tdrm_first_fence(const struct tdrm_job *job)
{
	return job->fence_idx - 2 * (job->num_batches - 1);
}

static bool tdrm_fence_enable_signaling(struct dma_fence *fence)
{
	struct tdrm_job *job = to_tdrm_job(fence);
	struct tdrm_queue *q = job->q;
	struct tdrm_queue_page *page;

	lockdep_assert_held(&q->lock);
	page = rcu_dereference_protected(q->page, lockdep_is_held(&q->lock));
	if (!page)
		return false;
	job->want_irq = true;
	if (!job->emitted)
		return true;
	tdrm_want_irq(q, page, job->fence_idx);
	return tdrm_seqno(page) < fence->seqno;
}

static void tdrm_fence_release(struct dma_fence *fence)
{
	struct tdrm_job *job = to_tdrm_job(fence);
	struct tdrm_queue *q = job->q;

	dma_fence_free(fence);
	tdrm_queue_put(q);
}

static const struct dma_fence_ops tdrm_fence_ops = {
	.get_driver_name = tdrm_fence_driver_name,
	.get_timeline_name = tdrm_fence_timeline_name,
	.enable_signaling = tdrm_fence_enable_signaling,
	.signaled = tdrm_fence_signaled,
	.release = tdrm_fence_release,
};

/* ---------------------------------------------------------------- ring -- */

static struct t1_cmd *tdrm_ring_next(struct tdrm_queue *q)
{
	return &q->ring[q->tail++ % TDRM_RING_ENTRIES];
}

static void tdrm_ring_batch(struct tdrm_queue *q, const struct drm_tessera_batch *batch)
{
	struct t1_cmd cmd = {
		.opcode = T1_OP_BATCH,
		.batch.va = cpu_to_le64(batch->va),
		.batch.count = cpu_to_le32(batch->count),
	};

	*tdrm_ring_next(q) = cmd;
}

static void tdrm_ring_fill(struct tdrm_queue *q, u64 va, u64 bytes)
{
	struct t1_cmd cmd = {
		.opcode = T1_OP_FILL,
		.copy.dst = cpu_to_le64(va),
		.copy.bytes = cpu_to_le64(bytes),
	};

	*tdrm_ring_next(q) = cmd;
}

static void tdrm_ring_fence(struct tdrm_queue *q, u64 value)
{
	struct t1_cmd cmd = {
		.opcode = T1_OP_FENCE,
		.flags = cpu_to_le16(T1_FENCE_IRQ),
		.sync.va = cpu_to_le64(TDRM_WINDOW_VA((u64)q->slot) + TDRM_WINDOW_PAGE +
				       offsetof(struct tdrm_queue_page, seqno)),
		.sync.value = cpu_to_le64(value),
	};

	*tdrm_ring_next(q) = cmd;
}

/* Write a job into the ring, where its entries have been reserved, and ring the doorbell */
static void tdrm_emit(struct tdrm_queue *q, struct tdrm_job *job)
{
	struct tdrm_queue_page *page;
	u32 i;

	lockdep_assert_held(&q->lock);
	page = rcu_dereference_protected(q->page, lockdep_is_held(&q->lock));
	for (i = 0; i < job->num_batches; i++) {
		if (i)
			tdrm_ring_fence(q, job->fence.seqno - 1);
		if (job->fill_bytes)
			tdrm_ring_fill(q, job->fill_va, job->fill_bytes);
		else
			tdrm_ring_batch(q, &job->batches[i]);
	}
	job->fence_idx = q->tail;
	tdrm_ring_fence(q, job->fence.seqno);
	WRITE_ONCE(job->emitted, true);
	list_add_tail(&job->link, &q->running);
	if (job->want_irq)
		tdrm_want_irq(q, page, job->fence_idx);
	else if (!q->event_armed)
		WRITE_ONCE(page->cb.event, cpu_to_le32(TDRM_EVENT_NEVER(q->tail)));
	tdrm_watchdog_kick(q->tdev);

	/* Entries in memory and batches in write-combining buffers come before the doorbell */
	wmb();
	writel(q->tail, q->tdev->regs + T1_DB_OFF(q->slot) + T1_DB_TAIL);
}

/* Emit the jobs that nothing blocks any longer, in order */
static void tdrm_emit_waiting(struct tdrm_queue *q)
{
	struct tdrm_job *job;

	lockdep_assert_held(&q->lock);
	while ((job = list_first_entry_or_null(&q->waiting, struct tdrm_job, link))) {
		if (atomic_read(&job->blockers))
			break;
		list_del(&job->link);
		tdrm_emit(q, job);
	}
}

/**
 * tdrm_emit_work() - emit jobs whose fences have signalled
 * @work: the queue's emit_work; owns a reference to the queue
 *
 * Context: workqueue; allocates nothing.
 */
void tdrm_emit_work(struct work_struct *work)
{
	struct tdrm_queue *q = container_of(work, struct tdrm_queue, emit_work);
	bool signalling = dma_fence_begin_signalling();

	spin_lock_irq(&q->lock);
	/* Jobs of a queue that is ending are left to tdrm_queue_cancel() */
	if (!q->closed && READ_ONCE(q->ctx->state) == DRM_TESSERA_QUEUE_OK)
		tdrm_emit_waiting(q);
	spin_unlock_irq(&q->lock);
	dma_fence_end_signalling(signalling);
	tdrm_queue_put(q);
}

/* Any context; the job is on its queue's list, or still owned by the ioctl */
static void tdrm_job_unblock(struct tdrm_job *job)
{
	struct tdrm_queue *q = job->q;

	if (!atomic_dec_and_test(&job->blockers))
		return;
	kref_get(&q->ref);
	if (!queue_work(q->tdev->wq, &q->emit_work))
		tdrm_queue_put(q);
}

static void tdrm_dep_callback(struct dma_fence *fence, struct dma_fence_cb *cb)
{
	tdrm_job_unblock(container_of(cb, struct tdrm_dep, cb)->job);
}

/* The job is on no list. The caller holds no lock that a fence's callback may need */
static void tdrm_job_drop_deps(struct tdrm_job *job)
{
	u32 i;

	for (i = 0; i < job->num_deps; i++) {
		/* Waits for a callback that is running */
		dma_fence_remove_callback(job->deps[i].fence, &job->deps[i].cb);
		dma_fence_put(job->deps[i].fence);
	}
	job->num_deps = 0;
	kvfree(job->deps);
	job->deps = NULL;
}

/* ------------------------------------------------------- ends of jobs -- */

static void tdrm_job_end(struct tdrm_queue *q, struct tdrm_job *job, int error,
			 struct list_head *ended)
{
	lockdep_assert_held(&q->lock);
	/* A poll of the fence may have ended it already */
	if (!test_bit(DMA_FENCE_FLAG_SIGNALED_BIT, &job->fence.flags)) {
		if (error)
			dma_fence_set_error(&job->fence, error);
		dma_fence_signal_locked(&job->fence);
	}
	q->reserved -= job->entries;
	q->completed++;
	list_move_tail(&job->link, ended);
}

static void tdrm_reap_locked(struct tdrm_queue *q, struct list_head *ended)
{
	struct tdrm_queue_page *page;
	struct tdrm_job *job, *next;
	u64 seqno;

	lockdep_assert_held(&q->lock);
	page = rcu_dereference_protected(q->page, lockdep_is_held(&q->lock));
	if (!page || list_empty(&q->running))
		return;
again:
	seqno = tdrm_seqno(page);
	list_for_each_entry_safe(job, next, &q->running, link) {
		if (job->fence.seqno > seqno)
			break;
		if (q->event_armed && (s32)(job->fence_idx - q->event_idx) >= 0)
			q->event_armed = false;
		tdrm_job_end(q, job, 0, ended);
	}
	if (q->event_armed || list_empty(&q->running))
		return;
	/* Arm the next job that is waited for; it may have ended in between */
	list_for_each_entry(job, &q->running, link) {
		if (!job->want_irq)
			continue;
		tdrm_want_irq(q, page, job->fence_idx);
		if (tdrm_seqno(page) >= job->fence.seqno)
			goto again;
		return;
	}
	WRITE_ONCE(page->cb.event, cpu_to_le32(TDRM_EVENT_NEVER(q->tail)));
}

/* Free ended jobs, without the queue's lock. Context: any */
static void tdrm_put_ended(struct tdrm_queue *q, struct list_head *ended)
{
	struct tdrm_job *job, *next;
	u32 i;

	if (list_empty(ended))
		return;
	if (wq_has_sleeper(&q->wait))
		wake_up_all(&q->wait);
	list_for_each_entry_safe(job, next, ended, link) {
		/* It was emitted, so its callbacks have run */
		for (i = 0; i < job->num_deps; i++)
			dma_fence_put(job->deps[i].fence);
		kvfree(job->deps);
		dma_fence_put(&job->fence);
	}
}

/**
 * tdrm_queue_reap() - take ended jobs off a queue, and signal their fences
 * @q: queue
 *
 * Context: any; takes tdrm_queue.lock.
 */
void tdrm_queue_reap(struct tdrm_queue *q)
{
	unsigned long flags;
	LIST_HEAD(ended);

	spin_lock_irqsave(&q->lock, flags);
	tdrm_reap_locked(q, &ended);
	spin_unlock_irqrestore(&q->lock, flags);
	tdrm_put_ended(q, &ended);
}

/**
 * tdrm_queue_interrupt() - serve a queue's interrupt
 * @q: queue; one of the FENCEs in its ring has been retired
 *
 * Context: interrupt; takes tdrm_queue.lock.
 */
void tdrm_queue_interrupt(struct tdrm_queue *q)
{
	unsigned long flags;
	LIST_HEAD(ended);

	WRITE_ONCE(q->tdev->engines[q->engine].moved, true);
	spin_lock_irqsave(&q->lock, flags);
	/* It may have been asked for between two batches of a job that has not ended */
	q->event_armed = false;
	tdrm_reap_locked(q, &ended);
	spin_unlock_irqrestore(&q->lock, flags);
	tdrm_put_ended(q, &ended);
}

/**
 * tdrm_queue_watch() - ask for an interrupt at the next FENCE in a queue's ring
 * @q: queue
 *
 * Context: any; takes tdrm_queue.lock.
 * Return: false if it has no jobs in its ring.
 */
bool tdrm_queue_watch(struct tdrm_queue *q)
{
	struct tdrm_queue_page *page;
	struct tdrm_job *job;
	unsigned long flags;
	bool any;

	spin_lock_irqsave(&q->lock, flags);
	job = list_first_entry_or_null(&q->running, struct tdrm_job, link);
	page = rcu_dereference_protected(q->page, lockdep_is_held(&q->lock));
	any = job && page;
	if (any)
		tdrm_want_irq(q, page, tdrm_first_fence(job));
	spin_unlock_irqrestore(&q->lock, flags);
	return any;
}

/**
 * tdrm_queue_cancel() - end all jobs of a queue that accepts no new ones
 * @q: queue, stopped, or of a banned context
 * @first_error: error for the oldest job in the ring, negative
 * @error: error for all other jobs, negative
 *
 * Jobs that the device has completed end without an error.
 *
 * Context: may sleep; allocates nothing.
 */
void tdrm_queue_cancel(struct tdrm_queue *q, int first_error, int error)
{
	struct tdrm_job *job, *next;
	LIST_HEAD(ended);

	spin_lock_irq(&q->lock);
	tdrm_reap_locked(q, &ended);
	list_for_each_entry_safe(job, next, &q->running, link) {
		tdrm_job_end(q, job, first_error, &ended);
		first_error = error;
	}
	list_for_each_entry_safe(job, next, &q->waiting, link)
		tdrm_job_end(q, job, error, &ended);
	q->event_armed = false;
	spin_unlock_irq(&q->lock);

	list_for_each_entry(job, &ended, link)
		tdrm_job_drop_deps(job);
	/* Also wakes callers that wait for ring space and have no job here yet */
	wake_up_all(&q->wait);
	tdrm_put_ended(q, &ended);
}

/* ---------------------------------------------------------- submission -- */

static struct tdrm_job *tdrm_job_alloc(struct tdrm_queue *q, u32 num_batches,
				       u32 max_deps)
{
	struct tdrm_job *job;

	job = kzalloc(struct_size(job, batches, num_batches), GFP_KERNEL_ACCOUNT);
	if (!job)
		return NULL;
	if (max_deps) {
		job->deps = kvmalloc_array(max_deps, sizeof(*job->deps), GFP_KERNEL_ACCOUNT);
		if (!job->deps) {
			kfree(job);
			return NULL;
		}
	}
	kref_get(&q->ref);
	job->q = q;
	job->num_batches = num_batches;
	job->entries = 2 * num_batches;
	INIT_LIST_HEAD(&job->link);
	atomic_set(&job->blockers, 1);
	return job;
}

/* Only before the job's fence has been initialised */
static void tdrm_job_free(struct tdrm_job *job)
{
	u32 i;

	for (i = 0; i < job->num_deps; i++)
		dma_fence_put(job->deps[i].fence);
	kvfree(job->deps);
	tdrm_queue_put(job->q);
	kfree(job);
}

static bool tdrm_is_of_queue(struct dma_fence *fence, struct tdrm_queue *q)
{
	return fence->ops == &tdrm_fence_ops && to_tdrm_job(fence)->q == q;
}

/* Must the queue wait for a fence, or is the order in the ring enough? */
static bool tdrm_must_wait(struct tdrm_queue *q, struct dma_fence *head)
{
	struct dma_fence_unwrap iter;
	struct dma_fence *fence;
	u32 n = 0;

	if (dma_fence_is_signaled(head))
		return false;
	dma_fence_unwrap_for_each(fence, &iter, head) {
		if (++n > TDRM_UNWRAP_MAX ||
		    !(tdrm_is_of_queue(fence, q) || dma_fence_is_signaled(fence))) {
			dma_fence_put(iter.chain);
			return true;
		}
	}
	return false;
}

/* Consumes the reference */
static void tdrm_job_add_dep(struct tdrm_job *job, struct dma_fence *fence)
{
	if (tdrm_must_wait(job->q, fence))
		job->deps[job->num_deps++].fence = fence;
	else
		dma_fence_put(fence);
}

/* From here on callbacks may use the job */
static void tdrm_job_arm_deps(struct tdrm_job *job)
{
	u32 i, n = 0;

	for (i = 0; i < job->num_deps; i++) {
		struct dma_fence *fence = job->deps[i].fence;
		struct tdrm_dep *dep = &job->deps[n];

		dep->fence = fence;
		dep->job = job;
		atomic_inc(&job->blockers);
		if (dma_fence_add_callback(fence, &dep->cb, tdrm_dep_callback)) {
			/* Signalled by now. The count stays above zero: one is ours */
			atomic_dec(&job->blockers);
			dma_fence_put(fence);
		} else {
			n++;
		}
	}
	job->num_deps = n;
}

static int tdrm_queue_error(struct tdrm_queue *q)
{
	if (READ_ONCE(q->ctx->state) != DRM_TESSERA_QUEUE_OK)
		return -EIO;
	return READ_ONCE(q->closed) ? -ENOENT : 0;
}

/* Ask for an interrupt at a job whose end frees a good part of a full ring */
static void tdrm_want_space(struct tdrm_queue *q)
{
	struct tdrm_queue_page *page;
	struct tdrm_job *job;
	u32 freed = 0;

	lockdep_assert_held(&q->lock);
	page = rcu_dereference_protected(q->page, lockdep_is_held(&q->lock));
	list_for_each_entry(job, &q->running, link) {
		freed += job->entries;
		if (freed >= TDRM_JOB_MAX_ENTRIES || list_is_last(&job->link, &q->running)) {
			job->want_irq = true;
			tdrm_want_irq(q, page, job->fence_idx);
			return;
		}
	}
	job = list_first_entry_or_null(&q->waiting, struct tdrm_job, link);
	if (job)
		job->want_irq = true;
}

/* Reserve entries of the ring for a job; interruptible */
static int tdrm_reserve(struct tdrm_queue *q, u32 entries)
{
	LIST_HEAD(ended);
	bool full;
	int ret;

	for (;;) {
		spin_lock_irq(&q->lock);
		tdrm_reap_locked(q, &ended);
		if (q->reserved + entries > TDRM_RING_ENTRIES && q->page) {
			tdrm_want_space(q);
			tdrm_reap_locked(q, &ended);
		}
		ret = tdrm_queue_error(q);
		full = q->reserved + entries > TDRM_RING_ENTRIES;
		if (!ret && !full)
			q->reserved += entries;
		spin_unlock_irq(&q->lock);
		tdrm_put_ended(q, &ended);
		if (ret || !full)
			return ret;
		INIT_LIST_HEAD(&ended);
		ret = wait_event_interruptible(q->wait, tdrm_queue_error(q) ||
					       READ_ONCE(q->reserved) + entries <=
					       TDRM_RING_ENTRIES);
		if (ret)
			return ret;
	}
}

static void tdrm_unreserve(struct tdrm_queue *q, u32 entries)
{
	spin_lock_irq(&q->lock);
	q->reserved -= entries;
	spin_unlock_irq(&q->lock);
}

/* Put a job on its queue, and into the ring if nothing blocks it; fails if the queue ended */
static int tdrm_job_push(struct tdrm_job *job)
{
	struct tdrm_queue *q = job->q;
	bool waits;
	int ret;

	spin_lock_irq(&q->lock);
	ret = tdrm_queue_error(q);
	if (ret) {
		spin_unlock_irq(&q->lock);
		return ret;
	}
	dma_fence_init(&job->fence, &tdrm_fence_ops, &q->lock, q->fence_context, ++q->seqno);
	/* The list's reference is the first, this is the caller's */
	dma_fence_get(&job->fence);
	q->submitted++;
	waits = !list_empty(&q->waiting) || atomic_read(&job->blockers) > 1;
	if (waits) {
		list_add_tail(&job->link, &q->waiting);
	} else {
		atomic_set(&job->blockers, 0);
		tdrm_emit(q, job);
	}
	spin_unlock_irq(&q->lock);
	if (waits)
		tdrm_job_unblock(job);
	return 0;
}

/**
 * tdrm_queue_fill() - submit a job that zeroes memory
 * @q: queue of the driver's own, which has room in its ring
 * @va: virtual address, a multiple of 4
 * @bytes: how much, a multiple of 4, at most T1_MAX_BYTES
 *
 * Context: may sleep; takes the queue's submit_lock.
 * Return: the job's fence with a reference; or an ERR_PTR: -ENOMEM, -EIO if the queue has failed.
 */
struct dma_fence *tdrm_queue_fill(struct tdrm_queue *q, u64 va, u64 bytes)
{
	struct tdrm_job *job = tdrm_job_alloc(q, 1, 0);
	int ret;

	if (!job)
		return ERR_PTR(-ENOMEM);
	job->fill_va = va;
	job->fill_bytes = bytes;
	mutex_lock(&q->submit_lock);
	ret = tdrm_reserve(q, job->entries);
	if (!ret) {
		ret = tdrm_job_push(job);
		if (ret)
			tdrm_unreserve(q, job->entries);
	}
	mutex_unlock(&q->submit_lock);
	if (ret) {
		tdrm_job_free(job);
		return ERR_PTR(ret);
	}
	return &job->fence;
}

struct tdrm_out {
	struct drm_syncobj *syncobj;
	struct dma_fence_chain *chain;
	u64 point;
};

/* What an EXEC has looked up, to be released in any case */
struct tdrm_submit {
	struct tdrm_out *outs;
	u32 num_outs;
	struct drm_gem_object **objs;
	u32 num_objs;
};

static int tdrm_get_batches(struct tdrm_job *job, u64 ptr)
{
	u32 i;

	if (copy_from_user(job->batches, u64_to_user_ptr(ptr),
			   job->num_batches * sizeof(job->batches[0])))
		return -EFAULT;
	for (i = 0; i < job->num_batches; i++) {
		const struct drm_tessera_batch *batch = &job->batches[i];

		if (batch->pad || !batch->count || batch->count > T1_MAX_BATCH ||
		    batch->va % sizeof(struct t1_cmd))
			return -EINVAL;
	}
	return 0;
}

static struct drm_tessera_sync *tdrm_copy_syncs(u64 ptr, u32 num)
{
	struct drm_tessera_sync *syncs;
	u32 i;

	syncs = memdup_user(u64_to_user_ptr(ptr), num * sizeof(*syncs));
	if (IS_ERR(syncs))
		return syncs;
	for (i = 0; i < num; i++) {
		if (syncs[i].pad) {
			kfree(syncs);
			return ERR_PTR(-EINVAL);
		}
	}
	return syncs;
}

static int tdrm_get_in_syncs(struct tdrm_job *job, struct drm_file *file, u64 ptr, u32 num)
{
	struct drm_tessera_sync *syncs;
	struct dma_fence *fence;
	int ret = 0;
	u32 i;

	if (!num)
		return 0;
	syncs = tdrm_copy_syncs(ptr, num);
	if (IS_ERR(syncs))
		return PTR_ERR(syncs);
	for (i = 0; i < num && !ret; i++) {
		ret = drm_syncobj_find_fence(file, syncs[i].handle, syncs[i].point, 0, &fence);
		if (!ret)
			tdrm_job_add_dep(job, fence);
	}
	kfree(syncs);
	return ret;
}

static int tdrm_get_out_syncs(struct tdrm_submit *sub, struct drm_file *file, u64 ptr,
			      u32 num)
{
	struct drm_tessera_sync *syncs;
	int ret = 0;
	u32 i;

	if (!num)
		return 0;
	syncs = tdrm_copy_syncs(ptr, num);
	if (IS_ERR(syncs))
		return PTR_ERR(syncs);
	sub->outs = kcalloc(num, sizeof(*sub->outs), GFP_KERNEL_ACCOUNT);
	if (!sub->outs)
		ret = -ENOMEM;
	for (i = 0; i < num && !ret; i++) {
		struct tdrm_out *out = &sub->outs[i];

		sub->num_outs++;
		out->point = syncs[i].point;
		out->syncobj = drm_syncobj_find(file, syncs[i].handle);
		if (!out->syncobj) {
			ret = -ENOENT;
		} else if (out->point) {
			out->chain = dma_fence_chain_alloc();
			if (!out->chain)
				ret = -ENOMEM;
		}
	}
	kfree(syncs);
	return ret;
}

static int tdrm_cmp_objs(const void *a, const void *b)
{
	const struct drm_gem_object *x = *(struct drm_gem_object * const *)a;
	const struct drm_gem_object *y = *(struct drm_gem_object * const *)b;

	return x < y ? -1 : x > y;
}

/* Each object once, whatever the user wrote: a reservation can't be locked twice */
static int tdrm_get_bos(struct tdrm_submit *sub, struct drm_file *file, u64 ptr, u32 num)
{
	u32 i, n = 0;
	int ret;

	if (!num)
		return 0;
	ret = drm_gem_objects_lookup(file, u64_to_user_ptr(ptr), num, &sub->objs);
	if (sub->objs)
		sub->num_objs = num;
	if (ret)
		return ret;
	sort(sub->objs, num, sizeof(sub->objs[0]), tdrm_cmp_objs, NULL);
	for (i = 0; i < num; i++) {
		if (i && sub->objs[i] == sub->objs[n - 1])
			drm_gem_object_put(sub->objs[i]);
		else
			sub->objs[n++] = sub->objs[i];
	}
	sub->num_objs = n;
	return 0;
}

static void tdrm_submit_put(struct tdrm_submit *sub)
{
	u32 i;

	for (i = 0; i < sub->num_outs; i++) {
		dma_fence_chain_free(sub->outs[i].chain);
		if (sub->outs[i].syncobj)
			drm_syncobj_put(sub->outs[i].syncobj);
	}
	kfree(sub->outs);
	/* After a failed lookup some are NULL */
	for (i = 0; i < sub->num_objs; i++)
		drm_gem_object_put(sub->objs[i]);
	kvfree(sub->objs);
}

/* The reservations are locked: make room for our fence, and depend on those in place */
static int tdrm_get_implicit(struct tdrm_submit *sub, struct tdrm_job *job)
{
	struct dma_fence *fence;
	int ret;
	u32 i;

	for (i = 0; i < sub->num_objs; i++) {
		struct dma_resv *resv = sub->objs[i]->resv;

		ret = dma_resv_reserve_fences(resv, 1);
		if (ret)
			return ret;
		ret = dma_resv_get_singleton(resv, DMA_RESV_USAGE_READ, &fence);
		if (ret)
			return ret;
		if (fence)
			tdrm_job_add_dep(job, fence);
	}
	return 0;
}

/* Make the job's fence visible in its buffers and out-syncs */
static void tdrm_publish(struct tdrm_submit *sub, struct dma_fence *fence)
{
	u32 i;

	for (i = 0; i < sub->num_objs; i++)
		dma_resv_add_fence(sub->objs[i]->resv, fence, DMA_RESV_USAGE_WRITE);
	for (i = 0; i < sub->num_outs; i++) {
		struct tdrm_out *out = &sub->outs[i];

		if (out->chain) {
			drm_syncobj_add_point(out->syncobj, out->chain, fence, out->point);
			out->chain = NULL;
		} else {
			drm_syncobj_replace_fence(out->syncobj, fence);
		}
	}
}

/* Consumes the job */
static int tdrm_submit(struct tdrm_submit *sub, struct tdrm_job *job)
{
	struct tdrm_queue *q = job->q;
	struct ww_acquire_ctx ww;
	u32 entries = job->entries;
	bool pushed = false;
	int ret;

	ret = mutex_lock_interruptible(&q->submit_lock);
	if (ret)
		goto free;
	ret = tdrm_reserve(q, entries);
	if (ret)
		goto unlock;
	if (sub->num_objs) {
		ret = drm_gem_lock_reservations(sub->objs, sub->num_objs, &ww);
		if (ret)
			goto unreserve;
		ret = tdrm_get_implicit(sub, job);
	}
	if (!ret) {
		tdrm_job_arm_deps(job);
		ret = tdrm_job_push(job);
		pushed = !ret;
		if (pushed)
			tdrm_publish(sub, &job->fence);
		else
			tdrm_job_drop_deps(job);
	}
	if (sub->num_objs)
		drm_gem_unlock_reservations(sub->objs, sub->num_objs, &ww);
unreserve:
	if (!pushed)
		tdrm_unreserve(q, entries);
unlock:
	mutex_unlock(&q->submit_lock);
free:
	if (pushed)
		dma_fence_put(&job->fence);
	else
		tdrm_job_free(job);
	return ret;
}

/**
 * tdrm_ioctl_exec() - handle DRM_IOCTL_TESSERA_EXEC
 * @drm: device
 * @data: struct drm_tessera_exec
 * @file: caller's
 *
 * Context: may sleep; takes the queue's submit_lock and the reservations of the objects named.
 * Return: 0; -EINVAL, also for an in-sync that has no fence; -ENOENT, -EFAULT, -ENOMEM;
 * -EIO if the queue has failed; -EINTR or -ERESTARTSYS if a signal came; -ENODEV.
 */
int tdrm_ioctl_exec(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct tdrm_file *tf = file->driver_priv;
	struct drm_tessera_exec *args = data;
	struct tdrm_submit sub = {};
	struct tdrm_queue *q;
	struct tdrm_job *job;
	int idx, ret;

	if (args->flags || !args->num_batches ||
	    args->num_batches > DRM_TESSERA_EXEC_MAX_BATCHES ||
	    args->num_in_syncs > DRM_TESSERA_EXEC_MAX_SYNCS ||
	    args->num_out_syncs > DRM_TESSERA_EXEC_MAX_SYNCS ||
	    args->num_bos > DRM_TESSERA_EXEC_MAX_BOS)
		return -EINVAL;
	if (!drm_dev_enter(drm, &idx))
		return -ENODEV;
	q = tdrm_queue_lookup(tf, args->queue_id);
	if (!q) {
		ret = -ENOENT;
		goto exit;
	}
	ret = tdrm_queue_error(q);
	if (ret)
		goto put;
	job = tdrm_job_alloc(q, args->num_batches, args->num_in_syncs + args->num_bos);
	if (!job) {
		ret = -ENOMEM;
		goto put;
	}
	ret = tdrm_get_batches(job, args->batches);
	if (!ret)
		ret = tdrm_get_in_syncs(job, file, args->in_syncs, args->num_in_syncs);
	if (!ret)
		ret = tdrm_get_out_syncs(&sub, file, args->out_syncs, args->num_out_syncs);
	if (!ret)
		ret = tdrm_get_bos(&sub, file, args->bos, args->num_bos);
	if (ret)
		tdrm_job_free(job);
	else
		ret = tdrm_submit(&sub, job);
	tdrm_submit_put(&sub);
put:
	tdrm_queue_put(q);
exit:
	drm_dev_exit(idx);
	return ret;
}
