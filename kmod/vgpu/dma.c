// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma.c - guest memory that the accelerator can reach
 *
 * A MAP command of the guest pins its pages, maps them for DMA and has hardware map the result.
 * Each page is then found in two indexes: by context and virtual address (for UNMAP), and by
 * guest address (for VFIO taking memory away).
 *
 * VFIO's .dma_unmap comes with a lock held that VFIO also takes inside the locks that
 * vfio_pin_pages() and vfio_unpin_pages() need. So revoking takes dma.lock only, under which
 * nothing of VFIO's is called: it removes the mappings from hardware at once, and leaves
 * unpinning to a work item, for which it waits. The wait is bounded: the work item may itself
 * be waiting for a lock that VFIO holds. VFIO calls back while pages remain pinned and warns
 * after ten calls, so the worker pins nothing in a revoked range for a while.
 *
 * The order is always: out of hardware, acknowledged; out of the IOMMU; unpinned. After a device
 * reset hardware has forgotten all mappings, which counts as acknowledged.
 */
#include <linux/iommu.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include "vgpu/config.h"
#include "vgpu/dma.h"
#include "vgpu/frames.h"
#include "vgpu/vgpu.h"

#define HUGE_PAGES		(TESSERA_HUGE_PAGE_SIZE / PAGE_SIZE)
#define REVOKE_BATCH		8u
#define REVOKE_HOLD		msecs_to_jiffies(50)
#define REVOKE_WAIT		msecs_to_jiffies(250)
#define PIN_TRIES		3

static unsigned int tessera_dma_pin_limit_mb = 1024;
module_param_named(pin_limit_mb, tessera_dma_pin_limit_mb, uint, 0644);
MODULE_PARM_DESC(pin_limit_mb, "Guest memory that a vGPU may have mapped at once, MiB (default 1024)");

/**
 * struct tessera_page - a page of guest memory mapped into a context
 * @next: another mapping of the same guest page
 * @node: in a list of pages on their way out
 * @iova: guest address
 * @frame: the host page
 * @vpn: virtual page number in the context
 * @ctx: the context
 * @prot: TESSERA_HW_READ, _WRITE
 * @huge: part of a 2 MiB page, which is unmapped as a whole
 */
struct tessera_page {
	struct tessera_page *next;
	struct list_head node;
	u64 iova;
	struct tessera_frame *frame;
	unsigned long vpn;
	u32 ctx;
	u8 prot;
	bool huge;
};

static struct kmem_cache *tessera_page_cache;

/**
 * tessera_dma_module_init() - prepare at module load
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int tessera_dma_module_init(void)
{
	int ret;

	tessera_page_cache = KMEM_CACHE(tessera_page, 0);
	if (!tessera_page_cache)
		return -ENOMEM;
	ret = tessera_frame_module_init();
	if (ret)
		kmem_cache_destroy(tessera_page_cache);
	return ret;
}

/**
 * tessera_dma_module_exit() - undo tessera_dma_module_init()
 *
 * Context: may sleep; no vGPU is left.
 */
void tessera_dma_module_exit(void)
{
	tessera_frame_module_exit();
	kmem_cache_destroy(tessera_page_cache);
}

/**
 * tessera_dma_rw() - read or write guest memory as the device that the guest sees would
 * @vgpu: the vGPU
 * @iova: guest address
 * @buf: where to or from
 * @len: bytes
 * @write: write guest memory
 *
 * Context: may sleep; neither dma.lock nor config_lock is held.
 * Return: 0, or an errno if it can't be reached, be it for lack of bus mastering.
 */
int tessera_dma_rw(struct tessera_vgpu *vgpu, u64 iova, void *buf, size_t len, bool write)
{
	if (!tessera_config_bus_master(vgpu))
		return -EACCES;
	return vfio_dma_rw(&vgpu->vdev, iova, buf, len, write);
}

/* --------------------------------------------------------- the indexes -- */

static int tessera_dma_index_add(struct tessera_vgpu *vgpu, struct tessera_page *page)
{
	struct xarray *pages = &vgpu->dma.by_va[page->ctx];
	int ret;

	lockdep_assert_held(&vgpu->dma.lock);
	ret = xa_err(xa_store(pages, page->vpn, page, GFP_KERNEL));
	if (ret)
		return ret;
	page->next = xa_load(&vgpu->dma.by_iova, PHYS_PFN(page->iova));
	ret = xa_err(xa_store(&vgpu->dma.by_iova, PHYS_PFN(page->iova), page, GFP_KERNEL));
	if (ret) {
		xa_erase(pages, page->vpn);
		return ret;
	}
	vgpu->dma.nr_pages++;
	return 0;
}

static void tessera_dma_index_remove(struct tessera_vgpu *vgpu, struct tessera_page *page)
{
	unsigned long pfn = PHYS_PFN(page->iova);
	struct tessera_page *at;

	lockdep_assert_held(&vgpu->dma.lock);
	xa_erase(&vgpu->dma.by_va[page->ctx], page->vpn);
	at = xa_load(&vgpu->dma.by_iova, pfn);
	if (at == page) {
		/* Replacing an entry needs no memory. */
		if (page->next)
			xa_store(&vgpu->dma.by_iova, pfn, page->next, GFP_KERNEL);
		else
			xa_erase(&vgpu->dma.by_iova, pfn);
	} else {
		while (at->next != page)
			at = at->next;
		at->next = page->next;
	}
	vgpu->dma.nr_pages--;
}

/* Take a range of virtual pages out of the indexes and append them to @out. */
static void tessera_dma_take_range(struct tessera_vgpu *vgpu, u32 ctx, unsigned long first,
				   unsigned long last, struct list_head *out)
{
	struct tessera_page *page;
	unsigned long vpn;

	xa_for_each_range(&vgpu->dma.by_va[ctx], vpn, page, first, last) {
		tessera_dma_index_remove(vgpu, page);
		list_add_tail(&page->node, out);
	}
}

/* ------------------------------------------------------------- releasing -- */

static void tessera_dma_put_frames(struct tessera_vgpu *vgpu, struct list_head *pages)
{
	struct tessera_page *page;

	list_for_each_entry(page, pages, node)
		tessera_frame_put(vgpu->accel, page->frame);
}

/* Unpin and free what neither hardware nor IOMMU know any more. Not under dma.lock. */
static void tessera_dma_unpin_list(struct tessera_vgpu *vgpu, struct list_head *pages)
{
	struct tessera_page *page, *tmp;
	u64 start = 0;
	int run = 0;

	list_for_each_entry_safe(page, tmp, pages, node) {
		if (run && (page->iova != start + (u64)run * PAGE_SIZE ||
			    run == VFIO_PIN_PAGES_MAX_ENTRIES)) {
			vfio_unpin_pages(&vgpu->vdev, start, run);
			run = 0;
			cond_resched();
		}
		if (!run)
			start = page->iova;
		run++;
		list_del(&page->node);
		kmem_cache_free(tessera_page_cache, page);
	}
	if (run)
		vfio_unpin_pages(&vgpu->vdev, start, run);
}

static void tessera_dma_unpin_work(struct work_struct *work)
{
	struct tessera_vgpu *vgpu = container_of(work, struct tessera_vgpu, dma.unpin_work);
	LIST_HEAD(pages);

	mutex_lock(&vgpu->dma.lock);
	WRITE_ONCE(vgpu->dma.unpin_busy, true);
	smp_wmb();	/* busy before the list is seen empty: tessera_dma_idle() */
	list_splice_init(&vgpu->dma.unpin_list, &pages);
	mutex_unlock(&vgpu->dma.lock);

	tessera_dma_unpin_list(vgpu, &pages);

	mutex_lock(&vgpu->dma.lock);
	WRITE_ONCE(vgpu->dma.unpin_busy, false);
	mutex_unlock(&vgpu->dma.lock);
	wake_up_all(&vgpu->dma.idle_wait);
}

/* --------------------------------------------------------------- pinning -- */

static void tessera_dma_unpin_iovas(struct tessera_vgpu *vgpu, const u64 *iovas, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		vfio_unpin_pages(&vgpu->vdev, iovas[i], 1);
}

/* Pin guest pages, each run of neighbours at once. Not under dma.lock. */
static int tessera_dma_pin_iovas(struct tessera_vgpu *vgpu, const u64 *iovas, u32 n, int prot,
				 struct page **pages)
{
	u32 done = 0, run;
	int ret;

	while (done < n) {
		for (run = 1; done + run < n; run++) {
			if (iovas[done + run] != iovas[done] + (u64)run * PAGE_SIZE)
				break;
		}
		ret = vfio_pin_pages(&vgpu->vdev, iovas[done], run, prot, pages + done);
		if (ret > 0)
			done += ret;
		if (ret != run) {
			tessera_dma_unpin_iovas(vgpu, iovas, done);
			return ret < 0 ? ret : -EFAULT;
		}
	}
	return 0;
}

/*
 * The guest may write to a page that it gave for reading only: so pin it for writing, lest the
 * write go to a copy. Memory that is read-only for the guest too is pinned as such.
 */
static int tessera_dma_pin_chunk(struct tessera_vgpu *vgpu, u32 n, bool write)
{
	struct tessera_vgpu_dma *dma = &vgpu->dma;
	int ret;

	ret = tessera_dma_pin_iovas(vgpu, dma->iovas, n, IOMMU_READ | IOMMU_WRITE, dma->pages);
	if (ret == -EPERM && !write)
		ret = tessera_dma_pin_iovas(vgpu, dma->iovas, n, IOMMU_READ, dma->pages);
	return ret;
}

/* Wait while VFIO takes these pages away. True if they may be pinned; pinning is set then. */
static bool tessera_dma_begin_pinning(struct tessera_vgpu *vgpu, u32 n, u64 *seq)
{
	struct tessera_vgpu_dma *dma = &vgpu->dma;
	long wait = 0;
	u32 i;

	mutex_lock(&dma->lock);
	if (time_before(jiffies, dma->hold_until)) {
		for (i = 0; i < n; i++) {
			if (dma->iovas[i] >= dma->hold_start && dma->iovas[i] <= dma->hold_last) {
				wait = dma->hold_until - jiffies;
				break;
			}
		}
	}
	if (wait <= 0) {
		WRITE_ONCE(dma->pinning, true);
		*seq = dma->unmap_seq;
	}
	mutex_unlock(&dma->lock);
	if (wait > 0)
		schedule_timeout_uninterruptible(wait);
	return wait <= 0;
}

static void tessera_dma_end_pinning(struct tessera_vgpu *vgpu)
{
	mutex_lock(&vgpu->dma.lock);
	WRITE_ONCE(vgpu->dma.pinning, false);
	mutex_unlock(&vgpu->dma.lock);
	wake_up_all(&vgpu->dma.idle_wait);
}

/* --------------------------------------------------------------- mapping -- */

/* What is mapped at once: up to TESSERA_MAX_EXTENTS pages of 4 KiB, or one of 2 MiB. */
struct tessera_chunk {
	u32 ctx;
	u32 prot;		/* TESSERA_HW_READ, _WRITE, _WHOLE */
	unsigned long vpn;
	u32 n;			/* pages of 4 KiB */
};

/* Have hardware map a chunk whose pages are in @pages, in order. */
static int tessera_dma_hw_map(struct tessera_vgpu *vgpu, const struct tessera_chunk *c,
			      struct list_head *pages)
{
	struct tessera_hw *hw = vgpu->accel->hw;
	struct tessera_page *page;
	u32 n = 0;

	list_for_each_entry(page, pages, node)
		n = tessera_extent_append(vgpu->dma.extents, n, page->frame->dma, PAGE_SIZE);
	return hw->ops->map(hw, vgpu->epoch, vgpu->part.first_ctx + c->ctx,
			    (u64)c->vpn << PAGE_SHIFT, vgpu->dma.extents, n, c->prot);
}

/* Map pinned pages for DMA and enter them in the indexes. */
static int tessera_dma_enter_chunk(struct tessera_vgpu *vgpu, const struct tessera_chunk *c,
				   struct list_head *pages)
{
	struct tessera_page *page;
	u32 i;

	for (i = 0; i < c->n; i++) {
		page = kmem_cache_alloc(tessera_page_cache, GFP_KERNEL);
		if (!page)
			return -ENOSPC;
		page->iova = vgpu->dma.iovas[i];
		page->vpn = c->vpn + i;
		page->ctx = c->ctx;
		page->prot = c->prot & (TESSERA_HW_READ | TESSERA_HW_WRITE);
		page->huge = c->prot & TESSERA_HW_WHOLE;
		page->frame = tessera_frame_get(vgpu->accel, vgpu->dma.pages[i]);
		if (!page->frame)
			goto err_free;
		if (tessera_dma_index_add(vgpu, page))
			goto err_frame;
		list_add_tail(&page->node, pages);
	}
	return 0;

err_frame:
	tessera_frame_put(vgpu->accel, page->frame);
err_free:
	kmem_cache_free(tessera_page_cache, page);
	return -ENOSPC;
}

/*
 * Pages are pinned: enter and map them, unless VFIO has revoked something meanwhile (*again). On
 * failure the pages stay pinned.
 */
static int tessera_dma_map_pinned(struct tessera_vgpu *vgpu, const struct tessera_chunk *c,
				  u64 seq, bool *again)
{
	struct tessera_page *page, *tmp;
	LIST_HEAD(pages);
	int ret;

	mutex_lock(&vgpu->dma.lock);
	*again = vgpu->dma.unmap_seq != seq;
	if (*again) {
		mutex_unlock(&vgpu->dma.lock);
		return -EFAULT;
	}
	ret = tessera_dma_enter_chunk(vgpu, c, &pages);
	if (!ret)
		ret = tessera_dma_hw_map(vgpu, c, &pages);
	if (ret) {
		tessera_dma_put_frames(vgpu, &pages);
		list_for_each_entry_safe(page, tmp, &pages, node) {
			tessera_dma_index_remove(vgpu, page);
			kmem_cache_free(tessera_page_cache, page);
		}
	}
	mutex_unlock(&vgpu->dma.lock);
	return ret;
}

/* vgpu->dma.iovas has the guest addresses. */
static int tessera_dma_map_chunk(struct tessera_vgpu *vgpu, const struct tessera_chunk *c)
{
	int ret = -EFAULT;
	unsigned int tries;
	bool again = true;
	u64 seq;

	for (tries = 0; again && tries < PIN_TRIES; tries++) {
		if (!tessera_dma_begin_pinning(vgpu, c->n, &seq))
			continue;
		if (tessera_dma_pin_chunk(vgpu, c->n, c->prot & TESSERA_HW_WRITE)) {
			tessera_dma_end_pinning(vgpu);
			return -EFAULT;
		}
		ret = tessera_dma_map_pinned(vgpu, c, seq, &again);
		if (ret)
			tessera_dma_unpin_iovas(vgpu, vgpu->dma.iovas, c->n);
		tessera_dma_end_pinning(vgpu);
	}
	return ret;
}

static bool tessera_dma_any_mapped(struct tessera_vgpu *vgpu, u32 ctx, unsigned long vpn, u64 n)
{
	unsigned long at = vpn;
	bool found;

	mutex_lock(&vgpu->dma.lock);
	found = xa_find(&vgpu->dma.by_va[ctx], &at, vpn + n - 1, XA_PRESENT);
	mutex_unlock(&vgpu->dma.lock);
	return found;
}

static int tessera_dma_check_limit(struct tessera_vgpu *vgpu, u64 pages)
{
	unsigned int mb = READ_ONCE(tessera_dma_pin_limit_mb);

	if (READ_ONCE(vgpu->dma.nr_pages) + pages <= (u64)mb << (20 - PAGE_SHIFT))
		return 0;
	dev_notice_ratelimited(vgpu->vdev.dev, "The guest maps more than the %u MiB that pin_limit_mb allows.\n",
			       mb);
	return -ENOSPC;
}

/**
 * tessera_dma_map() - map pages of guest memory into a context
 * @vgpu: the vGPU, with its lock held
 * @ctx: a live context of it
 * @va: virtual address; it and the range's end have been checked
 * @addrs: guest addresses of the pages, in order, aligned to their size
 * @n: how many, at most TESSERA_MAX_EXTENTS
 * @huge: they are pages of 2 MiB, which are unmapped as a whole
 * @prot: TESSERA_HW_READ, _WRITE
 *
 * Takes effect whole or not at all.
 *
 * Context: may sleep.
 * Return: 0; -EEXIST for a page mapped already, -ENOSPC beyond the limit, -EFAULT for memory
 * that the guest does not have, or the hardware's errno.
 */
int tessera_dma_map(struct tessera_vgpu *vgpu, u32 ctx, u64 va, u64 *addrs, u32 n, bool huge,
		    u32 prot)
{
	u64 total = (u64)n * (huge ? HUGE_PAGES : 1);
	struct tessera_chunk c = { .ctx = ctx, .prot = prot, .vpn = va >> PAGE_SHIFT };
	u32 i, k;
	int ret;

	lockdep_assert_held(&vgpu->lock);
	if (tessera_dma_any_mapped(vgpu, ctx, c.vpn, total))
		return -EEXIST;
	ret = tessera_dma_check_limit(vgpu, total);
	if (ret)
		return ret;

	if (!huge) {
		c.n = n;
		memcpy(vgpu->dma.iovas, addrs, n * sizeof(*addrs));
		return tessera_dma_map_chunk(vgpu, &c);
	}
	c.prot |= TESSERA_HW_WHOLE;
	c.n = HUGE_PAGES;
	for (i = 0; i < n; i++) {
		for (k = 0; k < HUGE_PAGES; k++)
			vgpu->dma.iovas[k] = addrs[i] + (u64)k * PAGE_SIZE;
		ret = tessera_dma_map_chunk(vgpu, &c);
		if (ret) {
			if (i)
				tessera_dma_unmap(vgpu, ctx, va, (u64)i * TESSERA_HUGE_PAGE_SIZE);
			return ret;
		}
		c.vpn += HUGE_PAGES;
		cond_resched();
	}
	return 0;
}

/* A 2 MiB page may be in hardware as 512 small ones: it can't be split all the same. */
static bool tessera_dma_splits_huge(struct tessera_vgpu *vgpu, u32 ctx, unsigned long vpn)
{
	struct tessera_page *page = xa_load(&vgpu->dma.by_va[ctx], vpn);

	return page && page->huge && vpn % HUGE_PAGES;
}

/**
 * tessera_dma_unmap() - unmap a range of a context, of system memory or VRAM
 * @vgpu: the vGPU, with its lock held
 * @ctx: a live context of it
 * @va: virtual address; it and the range's end have been checked
 * @bytes: size of the range
 *
 * Context: may sleep.
 * Return: 0; -EINVAL if a 2 MiB page would be split, or the hardware's errno.
 */
int tessera_dma_unmap(struct tessera_vgpu *vgpu, u32 ctx, u64 va, u64 bytes)
{
	struct tessera_hw *hw = vgpu->accel->hw;
	unsigned long first = va >> PAGE_SHIFT;
	unsigned long end = first + (bytes >> PAGE_SHIFT);
	struct tessera_hw_range range = {
		.ctx = vgpu->part.first_ctx + ctx,
		.va = va,
		.bytes = bytes,
	};
	LIST_HEAD(pages);
	int ret;

	lockdep_assert_held(&vgpu->lock);
	mutex_lock(&vgpu->dma.lock);
	if (tessera_dma_splits_huge(vgpu, ctx, first) || tessera_dma_splits_huge(vgpu, ctx, end))
		ret = -EINVAL;
	else
		ret = hw->ops->unmap(hw, vgpu->epoch, &range, 1);
	if (!ret) {
		tessera_dma_take_range(vgpu, ctx, first, end - 1, &pages);
		tessera_dma_put_frames(vgpu, &pages);
	}
	mutex_unlock(&vgpu->dma.lock);
	tessera_dma_unpin_list(vgpu, &pages);
	return ret;
}

/**
 * tessera_dma_drop_ctx() - release the pages of a context that hardware has destroyed
 * @vgpu: the vGPU, with its lock held
 * @ctx: the context
 *
 * Context: may sleep.
 */
void tessera_dma_drop_ctx(struct tessera_vgpu *vgpu, u32 ctx)
{
	LIST_HEAD(pages);

	lockdep_assert_held(&vgpu->lock);
	mutex_lock(&vgpu->dma.lock);
	tessera_dma_take_range(vgpu, ctx, 0, ULONG_MAX, &pages);
	tessera_dma_put_frames(vgpu, &pages);
	mutex_unlock(&vgpu->dma.lock);
	tessera_dma_unpin_list(vgpu, &pages);
}

/* ---------------------------------------------------------------- saving -- */

static bool tessera_dma_follows(const struct tessera_mapping *m, const struct tessera_page *page)
{
	return page->ctx == m->ctx && page->prot == m->prot && page->huge == m->huge &&
	       (u64)page->vpn << PAGE_SHIFT == m->va + (m->pages << PAGE_SHIFT) &&
	       page->iova == m->iova + (m->pages << PAGE_SHIFT);
}

/* Put pages together into runs; without room for them, count them. */
static u32 tessera_dma_find_runs(struct tessera_vgpu *vgpu, struct tessera_mapping *runs)
{
	struct tessera_mapping m = {};
	struct tessera_page *page;
	unsigned long vpn;
	u32 ctx, n = 0;

	for (ctx = 0; ctx < vgpu->part.num_ctx; ctx++) {
		xa_for_each(&vgpu->dma.by_va[ctx], vpn, page) {
			if (n && tessera_dma_follows(&m, page)) {
				m.pages++;
			} else {
				m = (struct tessera_mapping){
					.ctx = ctx,
					.va = (u64)vpn << PAGE_SHIFT,
					.iova = page->iova,
					.pages = 1,
					.prot = page->prot,
					.huge = page->huge,
				};
				n++;
			}
			if (runs)
				runs[n - 1] = m;
		}
	}
	return n;
}

/**
 * tessera_dma_get_runs() - tell which guest memory is mapped
 * @vgpu: the vGPU, with its lock held
 * @num: gets the number of runs
 *
 * A run is as long as it can be. They are in rising order of context and virtual address.
 *
 * Context: may sleep.
 * Return: the runs, for the caller to kvfree(), or NULL if there is no memory for them.
 */
struct tessera_mapping *tessera_dma_get_runs(struct tessera_vgpu *vgpu, u32 *num)
{
	struct tessera_mapping *runs;

	lockdep_assert_held(&vgpu->lock);
	mutex_lock(&vgpu->dma.lock);
	*num = tessera_dma_find_runs(vgpu, NULL);
	runs = kvcalloc(*num + 1, sizeof(*runs), GFP_KERNEL);
	if (runs)
		tessera_dma_find_runs(vgpu, runs);
	mutex_unlock(&vgpu->dma.lock);
	return runs;
}

/* -------------------------------------------------------------- revoking -- */

/* Take all mappings of guest addresses out of the indexes; of a 2 MiB page all, or none. */
static void tessera_dma_take_iovas(struct tessera_vgpu *vgpu, unsigned long first,
				   unsigned long last, struct list_head *out)
{
	struct tessera_page *page;
	unsigned long pfn, vpn;

	xa_for_each_range(&vgpu->dma.by_iova, pfn, page, first, last) {
		while (page) {
			vpn = page->vpn;
			if (page->huge) {
				vpn = round_down(vpn, HUGE_PAGES);
				tessera_dma_take_range(vgpu, page->ctx, vpn,
						       vpn + HUGE_PAGES - 1, out);
			} else {
				tessera_dma_take_range(vgpu, page->ctx, vpn, vpn, out);
			}
			page = xa_load(&vgpu->dma.by_iova, pfn);
		}
	}
}

/* Have hardware forget pages that are out of the indexes already. */
static void tessera_dma_hw_forget(struct tessera_vgpu *vgpu, struct list_head *pages)
{
	struct tessera_hw *hw = vgpu->accel->hw;
	struct tessera_hw_range r[REVOKE_BATCH];
	struct tessera_page *page;
	u64 va;
	u32 n = 0, ctx;
	int ret = 0;

	list_for_each_entry(page, pages, node) {
		ctx = vgpu->part.first_ctx + page->ctx;
		va = (u64)page->vpn << PAGE_SHIFT;
		if (n && r[n - 1].ctx == ctx && r[n - 1].va + r[n - 1].bytes == va) {
			r[n - 1].bytes += PAGE_SIZE;
			continue;
		}
		if (n == REVOKE_BATCH) {
			ret = hw->ops->unmap(hw, vgpu->epoch, r, n);
			if (ret)
				break;
			n = 0;
		}
		r[n++] = (struct tessera_hw_range){ .ctx = ctx, .va = va, .bytes = PAGE_SIZE };
	}
	if (!ret)
		ret = hw->ops->unmap(hw, vgpu->epoch, r, n);
	if (ret && ret != -EIO) {
		/* Never seen; but memory that hardware may reach is not given back. */
		tessera_accel_dead(vgpu->accel);
		tessera_accel_wait_reset(vgpu->accel);
	}
}

/**
 * tessera_dma_master_off() - unmap all guest memory when bus mastering is turned off
 * @vgpu: the vGPU
 *
 * When it returns hardware reaches nothing of the guest's memory any more.
 *
 * Context: may sleep.
 */
void tessera_dma_master_off(struct tessera_vgpu *vgpu)
{
	LIST_HEAD(pages);
	u32 ctx;

	mutex_lock(&vgpu->lock);
	mutex_lock(&vgpu->dma.lock);
	for (ctx = 0; ctx < vgpu->part.num_ctx; ctx++)
		tessera_dma_take_range(vgpu, ctx, 0, ULONG_MAX, &pages);
	if (!list_empty(&pages)) {
		tessera_dma_hw_forget(vgpu, &pages);
		tessera_dma_put_frames(vgpu, &pages);
	}
	mutex_unlock(&vgpu->dma.lock);
	tessera_dma_unpin_list(vgpu, &pages);
	mutex_unlock(&vgpu->lock);
}

/* Called while about to sleep, so without the mutex: a list is taken only after busy is set. */
static bool tessera_dma_idle(struct tessera_vgpu *vgpu)
{
	struct tessera_vgpu_dma *dma = &vgpu->dma;

	if (!list_empty_careful(&dma->unpin_list))
		return false;
	smp_rmb();	/* pairs with the one in tessera_dma_unpin_work() */
	return !READ_ONCE(dma->unpin_busy) && !READ_ONCE(dma->pinning);
}

/**
 * tessera_dma_revoke() - give up guest memory that VFIO takes away (.dma_unmap)
 * @vdev: the vGPU
 * @iova: guest address
 * @length: bytes
 *
 * When it returns hardware reaches nothing of the range any more; see the head of this file.
 *
 * Context: may sleep; a lock of VFIO's is held.
 */
void tessera_dma_revoke(struct vfio_device *vdev, u64 iova, u64 length)
{
	struct tessera_vgpu *vgpu = container_of(vdev, struct tessera_vgpu, vdev);
	struct tessera_vgpu_dma *dma = &vgpu->dma;
	LIST_HEAD(pages);
	u64 last, before;

	if (!length)
		return;
	if (check_add_overflow(iova, length - 1, &last))
		last = U64_MAX;

	mutex_lock(&dma->lock);
	dma->unmap_seq++;
	if (time_before(jiffies, dma->hold_until)) {
		dma->hold_start = min(dma->hold_start, iova);
		dma->hold_last = max(dma->hold_last, last);
	} else {
		dma->hold_start = iova;
		dma->hold_last = last;
	}
	dma->hold_until = jiffies + REVOKE_HOLD;

	before = dma->nr_pages;
	tessera_dma_take_iovas(vgpu, PHYS_PFN(iova), PHYS_PFN(last), &pages);
	if (!list_empty(&pages)) {
		atomic64_add(before - dma->nr_pages, &vgpu->stats.revoked_pages);
		tessera_dma_hw_forget(vgpu, &pages);
		tessera_dma_put_frames(vgpu, &pages);
		list_splice_tail(&pages, &dma->unpin_list);
		queue_work(system_unbound_wq, &dma->unpin_work);
	}
	mutex_unlock(&dma->lock);
	wait_event_timeout(dma->idle_wait, tessera_dma_idle(vgpu), REVOKE_WAIT);
}

/* ------------------------------------------------------------------ life -- */

/**
 * tessera_dma_init() - prepare a vGPU that has nothing mapped
 * @vgpu: the vGPU
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int tessera_dma_init(struct tessera_vgpu *vgpu)
{
	struct tessera_vgpu_dma *dma = &vgpu->dma;
	u32 i;

	mutex_init(&dma->lock);
	xa_init(&dma->by_iova);
	for (i = 0; i < TESSERA_MAX_CONTEXTS; i++)
		xa_init(&dma->by_va[i]);
	init_waitqueue_head(&dma->idle_wait);
	INIT_LIST_HEAD(&dma->unpin_list);
	INIT_WORK(&dma->unpin_work, tessera_dma_unpin_work);
	dma->hold_until = jiffies;
	dma->iovas = kcalloc(TESSERA_MAX_EXTENTS, sizeof(*dma->iovas), GFP_KERNEL);
	dma->pages = kcalloc(TESSERA_MAX_EXTENTS, sizeof(*dma->pages), GFP_KERNEL);
	dma->extents = kcalloc(TESSERA_MAX_EXTENTS, sizeof(*dma->extents), GFP_KERNEL);
	if (dma->iovas && dma->pages && dma->extents)
		return 0;
	tessera_dma_fini(vgpu);
	return -ENOMEM;
}

/**
 * tessera_dma_flush() - wait until everything released is unpinned
 * @vgpu: the vGPU, which still is open
 *
 * Context: may sleep; dma.lock is not held.
 */
void tessera_dma_flush(struct tessera_vgpu *vgpu)
{
	flush_work(&vgpu->dma.unpin_work);
}

/**
 * tessera_dma_fini() - undo tessera_dma_init()
 * @vgpu: the vGPU, all of whose contexts are gone
 *
 * Context: may sleep; nobody else uses the vGPU.
 */
void tessera_dma_fini(struct tessera_vgpu *vgpu)
{
	struct tessera_vgpu_dma *dma = &vgpu->dma;
	u32 i;

	for (i = 0; i < TESSERA_MAX_CONTEXTS; i++)
		xa_destroy(&dma->by_va[i]);
	xa_destroy(&dma->by_iova);
	kfree(dma->extents);
	kfree(dma->pages);
	kfree(dma->iovas);
}
