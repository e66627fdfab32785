// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_drm_vm.c - contexts and their address spaces
 *
 * The device keeps the page tables; a binding is a range of addresses that was mapped by MAP
 * commands. Bindings hold references to their objects, and a binding is freed only after the
 * device has acknowledged its UNMAP, the end of its context, or a reset. So nothing that user
 * space does to its own rings and fences can let the device reach freed memory.
 *
 * The number of bindings, and of the page tables that they need, is charged to the process: see
 * DOC: shares.
 */
#include <linux/scatterlist.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_print.h>

#include "tessera_drm_drv.h"

/* Runs of at least this many pages are worth a command of their own */
#define TDRM_CONTIG_MIN_PAGES	64u

struct tdrm_binding {
	struct drm_mm_node node;
	struct drm_gem_object *obj;
	bool huge;		/* 2 MiB pages wherever the range contains one */
};

/* ------------------------------------------------------------ contexts -- */

static void tdrm_ctx_release(struct kref *ref)
{
	struct tdrm_ctx *ctx = container_of(ref, struct tdrm_ctx, ref);

	kfree_rcu(ctx, rcu);
}

/**
 * tdrm_ctx_put() - drop a reference
 * @ctx: context. Before its last is dropped tdrm_ctx_close() has freed the hardware context and
 *       the bindings
 *
 * Context: any.
 */
void tdrm_ctx_put(struct tdrm_ctx *ctx)
{
	kref_put(&ctx->ref, tdrm_ctx_release);
}

/**
 * tdrm_ctx_lookup() - look up a context of a file
 * @tf: file
 * @id: as user space names it
 *
 * Context: process; does not sleep.
 * Return: the context with a reference, or NULL.
 */
struct tdrm_ctx *tdrm_ctx_lookup(struct tdrm_file *tf, u32 id)
{
	struct tdrm_ctx *ctx;

	xa_lock(&tf->ctxs);
	ctx = xa_load(&tf->ctxs, id);
	if (ctx)
		kref_get(&ctx->ref);
	xa_unlock(&tf->ctxs);
	return ctx;
}

/**
 * tdrm_ctx_busy_ns() - return the engine time that a context has used
 * @ctx: context; reset_sem is held, for reading at least
 * @engine: T1_ENGINE_*
 *
 * The device counts it where no batch can write, and while a command runs.
 *
 * Context: any, but interrupts; takes busy_lock.
 * Return: engine time in ns; it never goes back. Of a lost context what was last read.
 */
u64 tdrm_ctx_busy_ns(struct tdrm_ctx *ctx, u32 engine)
{
	struct tdrm_device *tdev = ctx->tdev;
	u32 reg = T1_REG_CTX_BUSY(engine, ctx->hw_id);
	u64 busy;

	lockdep_assert_held(&tdev->reset_sem);
	spin_lock(&tdev->busy_lock);
	if (!ctx->lost) {
		busy = tdrm_read(tdev, reg);
		busy |= (u64)tdrm_read(tdev, reg + 4) << 32;
		/* All ones: the function has left the bus */
		if (busy != U64_MAX)
			ctx->busy_ns[engine] = max(ctx->busy_ns[engine], busy);
	}
	busy = ctx->busy_ns[engine];
	spin_unlock(&tdev->busy_lock);
	return busy;
}

static int tdrm_ctx_hw_create(struct tdrm_ctx *ctx)
{
	struct tdrm_device *tdev = ctx->tdev;
	struct tdrm_admin_req *req;
	u32 id;
	int ret;

	/* Everything else is lost in a reset; only a new context is worth waiting for its end */
	down_read(&tdev->reset_sem);
	while (tdev->in_reset) {
		up_read(&tdev->reset_sem);
		ret = wait_event_interruptible(tdev->reset_wait, !READ_ONCE(tdev->in_reset));
		if (ret)
			return ret;
		down_read(&tdev->reset_sem);
	}
	spin_lock(&tdev->id_lock);
	id = find_first_zero_bit(tdev->ctx_ids, tdev->num_contexts);
	if (id < tdev->num_contexts)
		__set_bit(id, tdev->ctx_ids);
	spin_unlock(&tdev->id_lock);
	if (id >= tdev->num_contexts) {
		up_read(&tdev->reset_sem);
		return -ENOSPC;
	}

	req = tdrm_admin_get(tdev, T1_ADMIN_CTX_CREATE);
	req->cmd.ctx = cpu_to_le32(id);
	ret = tdrm_admin_run(tdev, req);
	tdrm_admin_put(tdev, req);

	spin_lock(&tdev->id_lock);
	if (ret) {
		__clear_bit(id, tdev->ctx_ids);
	} else {
		ctx->hw_id = id;
		rcu_assign_pointer(tdev->ctxs[id], ctx);
	}
	spin_unlock(&tdev->id_lock);
	up_read(&tdev->reset_sem);
	return ret;
}

/* Take a context and its queues out of the tables. reset_sem is held */
static void tdrm_ctx_unpublish(struct tdrm_ctx *ctx)
{
	struct tdrm_device *tdev = ctx->tdev;
	struct tdrm_queue *q;
	u32 i;

	if (ctx->lost)
		return;
	mutex_lock(&tdev->slot_lock);
	spin_lock(&tdev->id_lock);
	RCU_INIT_POINTER(tdev->ctxs[ctx->hw_id], NULL);
	__clear_bit(ctx->hw_id, tdev->ctx_ids);
	for (i = 0; i < T1_MAX_SLOTS; i++) {
		q = rcu_dereference_protected(tdev->queues[i], lockdep_is_held(&tdev->id_lock));
		if (!q || q->ctx != ctx)
			continue;
		RCU_INIT_POINTER(tdev->queues[i], NULL);
		__clear_bit(i, tdev->slot_ids);
	}
	spin_unlock(&tdev->id_lock);
	mutex_unlock(&tdev->slot_lock);
	/* From here on its number may be another's */
	spin_lock(&tdev->busy_lock);
	ctx->lost = true;
	spin_unlock(&tdev->busy_lock);
}

static void tdrm_ctx_hw_destroy(struct tdrm_ctx *ctx)
{
	struct tdrm_device *tdev = ctx->tdev;
	struct tdrm_admin_req *req;
	int ret = 0;
	u32 e;

	down_read(&tdev->reset_sem);
	/* For the file's statistics: the device will not know for longer */
	for (e = 0; e < T1_NUM_ENGINES; e++)
		tdrm_ctx_busy_ns(ctx, e);
	if (!ctx->lost) {
		req = tdrm_admin_get(tdev, T1_ADMIN_CTX_DESTROY);
		req->cmd.ctx = cpu_to_le32(ctx->hw_id);
		ret = tdrm_admin_run(tdev, req);
		tdrm_admin_put(tdev, req);
		if (!ret)
			tdrm_ctx_unpublish(ctx);
	}
	up_read(&tdev->reset_sem);
	/* A device that keeps the context must be reset before the memory is freed */
	if (ret)
		tdrm_reset_after(tdev, "CTX_DESTROY", ret);
}

/*
 * How many page tables the device needs for a binding beside those that it needs for the
 * context's others, in a moment. Tables are for 2 MiB (not where there is a 2 MiB page), 1 GiB and
 * 512 GiB; a binding can share only the first and the last of each kind, with its neighbours.
 */
static u64 tdrm_binding_tables(struct tdrm_ctx *ctx, struct tdrm_binding *b)
{
	static const u32 shifts[] = { T1_HUGE_PAGE_SHIFT, 30, 39 };
	struct drm_mm_node *prev = list_prev_entry(&b->node, node_list);
	struct drm_mm_node *next = list_next_entry(&b->node, node_list);
	u64 start = b->node.start, end = start + b->node.size;
	u64 first, last, whole, n = 0;
	u32 i;

	lockdep_assert_held(&ctx->lock);
	for (i = 0; i < ARRAY_SIZE(shifts); i++) {
		first = start >> shifts[i];
		last = (end - 1) >> shifts[i];
		n += last - first + 1;
		if (prev != &ctx->vas.head_node &&
		    (prev->start + prev->size - 1) >> shifts[i] == first) {
			n--;
			first++;
		}
		if (next != &ctx->vas.head_node && next->start >> shifts[i] == last &&
		    first <= last)
			n--;
	}
	if (b->huge) {
		whole = round_down(end, SZ_2M) - min(round_down(end, SZ_2M),
						     round_up(start, SZ_2M));
		n -= whole >> T1_HUGE_PAGE_SHIFT;
	}
	return n;
}

static int tdrm_binding_charge(struct tdrm_file *tf, struct tdrm_ctx *ctx, struct tdrm_binding *b)
{
	u64 tables = tdrm_binding_tables(ctx, b);
	int ret;

	ret = tdrm_take(tf->holder, TDRM_BINDINGS, 1);
	if (ret)
		return ret;
	ret = tdrm_take(tf->holder, TDRM_TABLES, tables);
	if (ret) {
		tdrm_give(tf->holder, TDRM_BINDINGS, 1);
		return ret;
	}
	ctx->num_bindings++;
	ctx->num_tables += tables;
	return 0;
}

static void tdrm_binding_uncharge(struct tdrm_file *tf, struct tdrm_ctx *ctx,
				  struct tdrm_binding *b)
{
	u64 tables = tdrm_binding_tables(ctx, b);

	tdrm_give(tf->holder, TDRM_BINDINGS, 1);
	tdrm_give(tf->holder, TDRM_TABLES, tables);
	ctx->num_bindings--;
	ctx->num_tables -= tables;
}

static void tdrm_binding_free(struct tdrm_binding *b)
{
	drm_mm_remove_node(&b->node);
	drm_gem_object_put(b->obj);
	kfree(b);
}

/**
 * tdrm_ctx_close() - end a context, with its queues and bindings
 * @tf: its file
 * @ctx: context, no longer in the file's table; its reference is consumed
 *
 * Works after the device has been removed as well.
 *
 * Context: may sleep; takes the context's lock; neither reset_lock nor reset_sem is held.
 */
void tdrm_ctx_close(struct tdrm_file *tf, struct tdrm_ctx *ctx)
{
	struct drm_mm_node *node, *next;
	struct tdrm_queue *q;
	LIST_HEAD(queues);
	u32 e, num_queues = 0;
	unsigned long id;

	/* No new queue or binding from here on; this waits for a queue being destroyed */
	mutex_lock(&ctx->lock);
	ctx->closed = true;
	/* Whoever takes a queue out of the table has to finish it */
	xa_lock(&tf->queues);
	xa_for_each(&tf->queues, id, q) {
		if (q->ctx == ctx) {
			__xa_erase(&tf->queues, id);
			list_add(&q->close_link, &queues);
			num_queues++;
		}
	}
	xa_unlock(&tf->queues);
	list_for_each_entry(q, &queues, close_link)
		tdrm_queue_stop(q);
	tdrm_ctx_hw_destroy(ctx);
	mutex_unlock(&ctx->lock);

	list_for_each_entry(q, &queues, close_link)
		tdrm_queue_cancel(q, -ECANCELED, -ECANCELED);
	/* An interrupt may still be looking at the context */
	synchronize_rcu();
	if (cancel_work_sync(&ctx->fault_work))
		tdrm_ctx_put(ctx);
	tdrm_queues_finish(ctx->tdev, &queues);

	mutex_lock(&tf->stats_lock);
	list_del(&ctx->stats_link);
	for (e = 0; e < T1_NUM_ENGINES; e++)
		tf->busy_ns[e] += ctx->busy_ns[e];
	mutex_unlock(&tf->stats_lock);

	/* There may be many. Nobody else uses them any more: the context is closed */
	drm_mm_for_each_node_safe(node, next, &ctx->vas) {
		tdrm_binding_free(container_of(node, struct tdrm_binding, node));
		cond_resched();
	}
	drm_mm_takedown(&ctx->vas);
	tdrm_give(tf->holder, TDRM_SLOTS, num_queues);
	tdrm_give(tf->holder, TDRM_BINDINGS, ctx->num_bindings);
	tdrm_give(tf->holder, TDRM_TABLES, ctx->num_tables);
	tdrm_give(tf->holder, TDRM_CONTEXTS, 1);
	tdrm_ctx_put(ctx);
}

/* ------------------------------------------------------- map and unmap -- */

/* A lost context takes no commands: the owner must learn that with -EIO */
static int tdrm_map_run(struct tdrm_ctx *ctx, u64 va, u64 addr, u32 npages, u32 flags,
			const dma_addr_t *list)
{
	struct tdrm_device *tdev = ctx->tdev;
	struct tdrm_admin_req *req;
	__le64 *entries;
	int ret = -EIO;
	u32 i;

	down_read(&tdev->reset_sem);
	if (!ctx->lost) {
		req = tdrm_admin_get(tdev, T1_ADMIN_MAP);
		req->cmd.ctx = cpu_to_le32(ctx->hw_id);
		req->cmd.flags = cpu_to_le32(flags);
		req->cmd.map.va = cpu_to_le64(va);
		req->cmd.map.npages = cpu_to_le32(npages);
		if (flags & T1_MAP_CONTIG) {
			req->cmd.map.list = cpu_to_le64(addr);
		} else {
			entries = req->buf;
			for (i = 0; i < npages; i++)
				entries[i] = cpu_to_le64(list[i]);
			req->cmd.map.list = cpu_to_le64(req->buf_dma);
		}
		ret = tdrm_admin_run(tdev, req);
		tdrm_admin_put(tdev, req);
	}
	up_read(&tdev->reset_sem);
	return ret;
}

/**
 * tdrm_map_contig() - map contiguous pages
 * @ctx: context
 * @va: virtual address, aligned to the page size
 * @addr: bus address, or VRAM address with T1_MAP_VRAM; likewise
 * @npages: number of pages, 1 .. T1_MAP_MAX_PAGES
 * @flags: T1_MAP_* except CONTIG; the page size is 2 MiB with HUGE, otherwise 4 KiB
 *
 * Context: may sleep; takes reset_sem for reading.
 * Return: 0; -EIO if the context is lost; or what tdrm_admin_run() returned.
 */
int tdrm_map_contig(struct tdrm_ctx *ctx, u64 va, u64 addr, u32 npages, u32 flags)
{
	return tdrm_map_run(ctx, va, addr, npages, flags | T1_MAP_CONTIG, NULL);
}

/**
 * tdrm_unmap() - unmap a range, resetting the device if it does not comply
 * @ctx: context
 * @va: virtual address, a multiple of 4 KiB
 * @size: bytes, likewise
 *
 * When this returns, successful or not, the device can no longer reach the range's memory.
 *
 * Context: may sleep; takes reset_sem for reading; reset_lock is not held.
 * Return: 0, also if the context is lost, or -EIO if the device had to be reset.
 */
int tdrm_unmap(struct tdrm_ctx *ctx, u64 va, u64 size)
{
	struct tdrm_device *tdev = ctx->tdev;
	u64 left = size >> T1_PAGE_SHIFT, n;
	struct tdrm_admin_req *req;
	int ret = 0;

	down_read(&tdev->reset_sem);
	while (!ret && left && !ctx->lost) {
		/* In pieces that a 32-bit count holds and that split no 2 MiB page */
		n = min_t(u64, left, BIT_ULL(31) - ((va >> T1_PAGE_SHIFT) & 511));
		req = tdrm_admin_get(tdev, T1_ADMIN_UNMAP);
		req->cmd.ctx = cpu_to_le32(ctx->hw_id);
		req->cmd.map.va = cpu_to_le64(va);
		req->cmd.map.npages = cpu_to_le32(n);
		ret = tdrm_admin_run(tdev, req);
		tdrm_admin_put(tdev, req);
		va += n << T1_PAGE_SHIFT;
		left -= n;
	}
	up_read(&tdev->reset_sem);
	if (!ret)
		return 0;

	tdrm_reset_after(tdev, "UNMAP", ret);
	return -EIO;
}

/* A walk over the DMA segments of system memory, from an offset on */
struct tdrm_cursor {
	struct scatterlist *sg;
	u64 skip;		/* into *sg */
};

static void tdrm_cursor_init(struct tdrm_cursor *cur, struct sg_table *sgt, u64 offset)
{
	struct scatterlist *sg;
	unsigned int i;

	cur->sg = NULL;
	for_each_sgtable_dma_sg(sgt, sg, i) {
		if (offset < sg_dma_len(sg)) {
			cur->sg = sg;
			cur->skip = offset;
			return;
		}
		offset -= sg_dma_len(sg);
	}
}

static void tdrm_cursor_advance(struct tdrm_cursor *cur, u64 bytes)
{
	cur->skip += bytes;
	if (cur->skip >= sg_dma_len(cur->sg)) {
		cur->skip = 0;
		cur->sg = sg_next(cur->sg);
	}
}

/* How many pages of a run, and of which size, one CONTIG command can map */
static u32 tdrm_contig_pages(u64 va, u64 addr, u64 run, u32 *flags)
{
	u64 to_huge;

	*flags &= ~T1_MAP_HUGE;
	if (!((va | addr) & (SZ_2M - 1)) && run >= SZ_2M) {
		*flags |= T1_MAP_HUGE;
		return min_t(u64, run >> T1_HUGE_PAGE_SHIFT, T1_MAP_MAX_PAGES);
	}
	/* Stop where 2 MiB pages can begin */
	to_huge = SZ_2M - (va & (SZ_2M - 1));
	if (!((va ^ addr) & (SZ_2M - 1)) && run >= to_huge + SZ_2M)
		run = min(run, to_huge);
	return min_t(u64, run >> T1_PAGE_SHIFT, T1_MAP_MAX_PAGES);
}

/**
 * tdrm_map_vram() - map a piece of VRAM
 * @ctx: context
 * @va: virtual address, a multiple of 4 KiB
 * @addr: VRAM address, likewise
 * @size: bytes, likewise
 * @flags: T1_MAP_READ, _WRITE
 *
 * If it fails, part of it may have been mapped.
 *
 * Context: may sleep; takes reset_sem for reading.
 * Return: 0; -EINTR if the caller is being killed; or what tdrm_map_contig() returned.
 */
int tdrm_map_vram(struct tdrm_ctx *ctx, u64 va, u64 addr, u64 size, u32 flags)
{
	u64 bytes;
	u32 n;
	int ret;

	flags |= T1_MAP_VRAM;
	while (size) {
		if (fatal_signal_pending(current))
			return -EINTR;
		n = tdrm_contig_pages(va, addr, size, &flags);
		bytes = (u64)n << (flags & T1_MAP_HUGE ? T1_HUGE_PAGE_SHIFT :
				   T1_PAGE_SHIFT);
		ret = tdrm_map_contig(ctx, va, addr, n, flags);
		if (ret)
			return ret;
		va += bytes;
		addr += bytes;
		size -= bytes;
	}
	return 0;
}

static int tdrm_map_sysmem(struct tdrm_ctx *ctx, u64 va, struct sg_table *sgt, u64 offset,
			   u64 size, u32 flags)
{
	struct tdrm_cursor cur;
	dma_addr_t *list, addr;
	u64 run, bytes;
	int ret = 0;
	u32 n;

	list = kmalloc_array(T1_MAP_MAX_PAGES, sizeof(*list), GFP_KERNEL);
	if (!list)
		return -ENOMEM;

	tdrm_cursor_init(&cur, sgt, offset);
	while (size && !ret) {
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		/* A foreign exporter may give less than the object's size, or unaligned pieces */
		if (!cur.sg) {
			ret = -EFAULT;
			break;
		}
		addr = sg_dma_address(cur.sg) + cur.skip;
		run = min_t(u64, sg_dma_len(cur.sg) - cur.skip, size);
		if ((addr | run) & (T1_PAGE_SIZE - 1)) {
			ret = -EFAULT;
			break;
		}
		n = tdrm_contig_pages(va, addr, run, &flags);
		if ((flags & T1_MAP_HUGE) || n >= TDRM_CONTIG_MIN_PAGES) {
			ret = tdrm_map_contig(ctx, va, addr, n, flags);
			bytes = (u64)n << (flags & T1_MAP_HUGE ? T1_HUGE_PAGE_SHIFT :
					   T1_PAGE_SHIFT);
			tdrm_cursor_advance(&cur, bytes);
		} else {
			/* Scattered: page by page, until the list is full */
			for (n = 0, bytes = 0; n < T1_MAP_MAX_PAGES && bytes < size; n++) {
				if (!cur.sg)
					break;
				list[n] = sg_dma_address(cur.sg) + cur.skip;
				if (list[n] & (T1_PAGE_SIZE - 1) ||
				    sg_dma_len(cur.sg) - cur.skip < T1_PAGE_SIZE)
					break;
				tdrm_cursor_advance(&cur, T1_PAGE_SIZE);
				bytes += T1_PAGE_SIZE;
			}
			ret = tdrm_map_run(ctx, va, 0, n, flags, list);
		}
		va += bytes;
		size -= bytes;
	}
	kfree(list);
	return ret;
}

/* -------------------------------------------------------------- ioctls -- */

/**
 * tdrm_ctx_create() - create a context, in no table yet
 * @tdev: device
 * @tf: file that will own it
 *
 * Context: may sleep; waits for the end of a reset of the PCI function.
 * Return: the context, for tdrm_ctx_close(); or an ERR_PTR: -ENOSPC, -ENOMEM, -EIO; -ERESTARTSYS
 * if a signal ends that wait.
 */
struct tdrm_ctx *tdrm_ctx_create(struct tdrm_device *tdev, struct tdrm_file *tf)
{
	struct tdrm_ctx *ctx;
	int ret;

	tdrm_reset_retry(tdev);
	ret = tdrm_take(tf->holder, TDRM_CONTEXTS, 1);
	if (ret)
		return ERR_PTR(ret);
	ctx = kzalloc(sizeof(*ctx), GFP_KERNEL_ACCOUNT);
	if (!ctx) {
		ret = -ENOMEM;
		goto give;
	}
	kref_init(&ctx->ref);
	ctx->tdev = tdev;
	mutex_init(&ctx->lock);
	spin_lock_init(&ctx->ban_lock);
	INIT_WORK(&ctx->fault_work, tdrm_fault_work);
	ctx->fault_batch_index = U32_MAX;
	if (tf->holder) {
		get_task_comm(ctx->comm, current);
		ctx->pid = task_tgid_nr(current);
	} else {
		strscpy(ctx->comm, "tessera_drm", sizeof(ctx->comm));
	}
	drm_mm_init(&ctx->vas, TDRM_VA_START, TDRM_VA_END - TDRM_VA_START);

	ret = tdrm_ctx_hw_create(ctx);
	if (ret) {
		drm_mm_takedown(&ctx->vas);
		tdrm_ctx_put(ctx);
		goto give;
	}
	mutex_lock(&tf->stats_lock);
	list_add(&ctx->stats_link, &tf->stats);
	mutex_unlock(&tf->stats_lock);
	return ctx;

give:
	tdrm_give(tf->holder, TDRM_CONTEXTS, 1);
	return ERR_PTR(ret);
}

/**
 * tdrm_ioctl_ctx_create() - handle DRM_IOCTL_TESSERA_CTX_CREATE
 * @drm: device
 * @data: struct drm_tessera_ctx_create
 * @file: caller's
 *
 * Context: may sleep; waits for the end of a reset of the PCI function.
 * Return: 0; -EINVAL, -ENOSPC, -ENOMEM, -EIO, -ENODEV; -ERESTARTSYS if a signal ends that wait.
 */
int tdrm_ioctl_ctx_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct tdrm_device *tdev = to_tdrm(drm);
	struct tdrm_file *tf = file->driver_priv;
	struct drm_tessera_ctx_create *args = data;
	struct tdrm_ctx *ctx;
	int idx, ret;

	if (args->flags)
		return -EINVAL;
	if (!drm_dev_enter(drm, &idx))
		return -ENODEV;
	tdrm_clear_yield(tdev);
	ctx = tdrm_ctx_create(tdev, tf);
	if (IS_ERR(ctx)) {
		ret = PTR_ERR(ctx);
		goto exit;
	}
	ret = xa_alloc(&tf->ctxs, &args->ctx_id, ctx, xa_limit_31b, GFP_KERNEL_ACCOUNT);
	if (ret)
		tdrm_ctx_close(tf, ctx);
exit:
	drm_dev_exit(idx);
	return ret;
}

/**
 * tdrm_ioctl_ctx_destroy() - handle DRM_IOCTL_TESSERA_CTX_DESTROY
 * @drm: device
 * @data: struct drm_tessera_ctx_destroy
 * @file: caller's
 *
 * Context: may sleep.
 * Return: 0; -EINVAL, -ENOENT.
 */
int tdrm_ioctl_ctx_destroy(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct tdrm_file *tf = file->driver_priv;
	struct drm_tessera_ctx_destroy *args = data;
	struct tdrm_ctx *ctx;

	if (args->pad)
		return -EINVAL;
	ctx = xa_erase(&tf->ctxs, args->ctx_id);
	if (!ctx)
		return -ENOENT;
	tdrm_ctx_close(tf, ctx);
	return 0;
}

/* Is the range page-aligned, and within the addresses that users may bind? */
static bool tdrm_va_range_ok(u64 va, u64 size)
{
	return size && !((va | size) & (T1_PAGE_SIZE - 1)) && va >= TDRM_VA_START &&
	       va < TDRM_VA_END && size <= TDRM_VA_END - va;
}

/**
 * tdrm_ioctl_bind() - handle DRM_IOCTL_TESSERA_BIND
 * @drm: device
 * @data: struct drm_tessera_bind
 * @file: caller's
 *
 * Context: may sleep; takes the context's lock.
 * Return: 0; -EINVAL, -ENOENT, -EEXIST; -ENOSPC if the process has its share of bindings or page
 * tables, see DOC: shares; -ENOMEM, also if the device is out of page tables
 * or the vGPU has reached its limit of pinned pages; -EFAULT for memory that the device can't
 * reach, or a foreign dma-buf that is too short or has unaligned pieces; -EIO if the context is
 * lost; -EINTR if the caller is being killed; -ENODEV.
 */
int tdrm_ioctl_bind(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct tdrm_file *tf = file->driver_priv;
	struct drm_tessera_bind *args = data;
	struct drm_gem_object *obj;
	struct tdrm_binding *b;
	struct tdrm_ctx *ctx;
	struct sg_table *sgt;
	struct tdrm_bo *bo;
	u32 flags;
	int idx, ret;

	if (args->pad || (args->offset & (T1_PAGE_SIZE - 1)) ||
	    (args->flags & ~(DRM_TESSERA_BIND_READ | DRM_TESSERA_BIND_WRITE)) ||
	    !(args->flags & DRM_TESSERA_BIND_READ) || !tdrm_va_range_ok(args->va, args->size))
		return -EINVAL;
	if (!drm_dev_enter(drm, &idx))
		return -ENODEV;

	ctx = tdrm_ctx_lookup(tf, args->ctx_id);
	obj = drm_gem_object_lookup(file, args->handle);
	if (!ctx || !obj) {
		ret = -ENOENT;
		goto put;
	}
	if (args->offset > obj->size || args->size > obj->size - args->offset) {
		ret = -EINVAL;
		goto put;
	}
	b = kzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);
	if (!b) {
		ret = -ENOMEM;
		goto put;
	}
	b->obj = obj;
	b->node.start = args->va;
	b->node.size = args->size;

	mutex_lock(&ctx->lock);
	if (ctx->closed) {
		ret = -ENOENT;
		goto unlock;
	}
	ret = drm_mm_reserve_node(&ctx->vas, &b->node);
	if (ret) {
		ret = -EEXIST;
		goto unlock;
	}
	bo = to_tdrm_bo(obj);
	b->huge = bo->is_vram && !((args->va ^ (bo->vram.start + args->offset)) & (SZ_2M - 1));
	ret = tdrm_binding_charge(tf, ctx, b);
	if (ret) {
		drm_mm_remove_node(&b->node);
		goto unlock;
	}
	flags = T1_MAP_READ | (args->flags & DRM_TESSERA_BIND_WRITE ? T1_MAP_WRITE : 0);
	if (bo->is_vram) {
		ret = tdrm_map_vram(ctx, args->va, bo->vram.start + args->offset, args->size,
				    flags);
	} else {
		sgt = obj->import_attach ? bo->shmem.sgt : bo->sgt;
		ret = tdrm_map_sysmem(ctx, args->va, sgt, args->offset, args->size, flags);
	}
	if (ret) {
		/* Some of the commands may have succeeded */
		tdrm_unmap(ctx, args->va, args->size);
		tdrm_binding_uncharge(tf, ctx, b);
		drm_mm_remove_node(&b->node);
		goto unlock;
	}
	mutex_unlock(&ctx->lock);
	tdrm_ctx_put(ctx);
	drm_dev_exit(idx);
	return 0;

unlock:
	mutex_unlock(&ctx->lock);
	kfree(b);
put:
	if (obj)
		drm_gem_object_put(obj);
	if (ctx)
		tdrm_ctx_put(ctx);
	drm_dev_exit(idx);
	return ret;
}

/**
 * tdrm_ioctl_unbind() - handle DRM_IOCTL_TESSERA_UNBIND
 * @drm: device
 * @data: struct drm_tessera_unbind
 * @file: caller's
 *
 * Context: may sleep; takes the context's lock.
 * Return: 0, also if the context was lost; -EINVAL, -ENOENT, -ENODEV.
 */
int tdrm_ioctl_unbind(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct tdrm_file *tf = file->driver_priv;
	struct drm_tessera_unbind *args = data;
	struct tdrm_binding *b = NULL;
	struct drm_mm_node *node;
	struct tdrm_ctx *ctx;
	int idx, ret = -ENOENT;

	if (args->pad || !tdrm_va_range_ok(args->va, args->size))
		return -EINVAL;
	if (!drm_dev_enter(drm, &idx))
		return -ENODEV;
	ctx = tdrm_ctx_lookup(tf, args->ctx_id);
	if (!ctx)
		goto exit;

	mutex_lock(&ctx->lock);
	if (ctx->closed)
		goto unlock;
	node = __drm_mm_interval_first(&ctx->vas, args->va, args->va + args->size - 1);
	/* The lookup returns the head node if nothing was found */
	if (node != &ctx->vas.head_node && node->start == args->va && node->size == args->size) {
		b = container_of(node, struct tdrm_binding, node);
		tdrm_unmap(ctx, args->va, args->size);
		tdrm_binding_uncharge(tf, ctx, b);
		tdrm_binding_free(b);
		ret = 0;
	}
unlock:
	mutex_unlock(&ctx->lock);
	tdrm_ctx_put(ctx);
exit:
	drm_dev_exit(idx);
	return ret;
}
