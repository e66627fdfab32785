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
 * unpinning to a work item, for which it waits. The wait is bounded, so that
 * VFIO can drop its lock should the work item be held up by it; VFIO calls again as long as
 * a page is pinned. As it takes offence at being called ten times, the worker does
 * not pin anything in a revoked range for a while.
 *
 * Guests may map a page as often as they like, in several vGPUs too, but the DMA API allows few
 * mappings of one page at a time: so a host page is mapped for DMA once, and counted (frames).
 *
 * The order is always: out of hardware, acknowledged; out of the IOMMU; unpinned. After a device
 * reset hardware has forgotten all mappings, which counts as acknowledged.
 */
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include "tessera.h"

#define HUGE_PAGES		(T1_HUGE_PAGE_SIZE / T1_PAGE_SIZE)
#define REVOKE_BATCH		8u
#define REVOKE_HOLD		msecs_to_jiffies(50)
#define REVOKE_PATIENCE		msecs_to_jiffies(250)
#define PIN_TRIES		3

static unsigned int pin_limit_mb = 1024;
module_param(pin_limit_mb, uint, 0644);
MODULE_PARM_DESC(pin_limit_mb, "Guest memory that a vGPU may have mapped at once, MiB (default 1024)");

/**
 * struct tessera_page - a page of guest memory mapped into a context
 * @next: another mapping of the same guest page
 * @node: in a list of pages on their way out
 * @iova: guest address
 * @frame: the host page
 * @vpn: virtual page number in the context
 * @ctx: the context
 * @huge: part of a 2 MiB page, which is unmapped as a whole
 */
struct tessera_page {
	struct tessera_page *next;
	struct list_head node;
	u64 iova;
	struct tessera_frame *frame;
	unsigned long vpn;
	u32 ctx;
	bool huge;
};

/**
 * struct tessera_frame - a page of the host, mapped for DMA
 * @dma: bus address
 * @pfn: host page number
 * @users: pages that stand for it
 */
struct tessera_frame {
	dma_addr_t dma;
	unsigned long pfn;
	unsigned long users;
};

static struct kmem_cache *page_cache, *frame_cache;

/**
 * tessera_dma_module_init() - at module load
 */
int tessera_dma_module_init(void)
{
	page_cache = KMEM_CACHE(tessera_page, 0);
	frame_cache = KMEM_CACHE(tessera_frame, 0);
	if (page_cache && frame_cache)
		return 0;
	tessera_dma_module_exit();
	return -ENOMEM;
}

/**
 * tessera_dma_module_exit() - at module unload
 */
void tessera_dma_module_exit(void)
{
	kmem_cache_destroy(frame_cache);
	kmem_cache_destroy(page_cache);
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

/* -------------------------------------------------------------- frames -- */

/* Other mappings of the page are none of ours: cache lines are not synchronised for them. */
static struct tessera_frame *frame_new(struct tessera_accel *accel, struct page *page)
{
	struct device *dev = &accel->pdev->dev;
	struct tessera_frame *frame;

	frame = kmem_cache_alloc(frame_cache, GFP_KERNEL);
	if (!frame)
		return NULL;
	frame->pfn = page_to_pfn(page);
	frame->users = 0;
	frame->dma = dma_map_page_attrs(dev, page, 0, PAGE_SIZE, DMA_BIDIRECTIONAL,
					DMA_ATTR_SKIP_CPU_SYNC);
	if (dma_mapping_error(dev, frame->dma))
		goto err_free;
	if (xa_err(xa_store(&accel->frames, frame->pfn, frame, GFP_KERNEL)))
		goto err_unmap;
	return frame;

err_unmap:
	dma_unmap_page_attrs(dev, frame->dma, PAGE_SIZE, DMA_BIDIRECTIONAL,
			     DMA_ATTR_SKIP_CPU_SYNC);
err_free:
	kmem_cache_free(frame_cache, frame);
	return NULL;
}

static struct tessera_frame *frame_get(struct tessera_accel *accel, struct page *page)
{
	struct tessera_frame *frame;

	mutex_lock(&accel->frames_lock);
	frame = xa_load(&accel->frames, page_to_pfn(page));
	if (!frame)
		frame = frame_new(accel, page);
	if (frame)
		frame->users++;
	mutex_unlock(&accel->frames_lock);
	return frame;
}

static void frame_put(struct tessera_accel *accel, struct tessera_frame *frame)
{
	mutex_lock(&accel->frames_lock);
	if (!--frame->users) {
		xa_erase(&accel->frames, frame->pfn);
		dma_unmap_page_attrs(&accel->pdev->dev, frame->dma, PAGE_SIZE,
				     DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC);
		kmem_cache_free(frame_cache, frame);
	}
	mutex_unlock(&accel->frames_lock);
}

/* --------------------------------------------------------- the indexes -- */

static int index_add(struct tessera_vgpu *vgpu, struct tessera_page *page)
{
	struct xarray *pages = &vgpu->ctx[page->ctx].pages;
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

static void index_remove(struct tessera_vgpu *vgpu, struct tessera_page *page)
{
	unsigned long pfn = PHYS_PFN(page->iova);
	struct tessera_page *at;

	lockdep_assert_held(&vgpu->dma.lock);
	xa_erase(&vgpu->ctx[page->ctx].pages, page->vpn);
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
static void take_range(struct tessera_vgpu *vgpu, u32 ctx, unsigned long first,
		       unsigned long last, struct list_head *out)
{
	struct tessera_page *page;
	unsigned long vpn;

	xa_for_each_range(&vgpu->ctx[ctx].pages, vpn, page, first, last) {
		index_remove(vgpu, page);
		list_add_tail(&page->node, out);
	}
}

/* ------------------------------------------------------------- letting go -- */

static void dma_unmap_list(struct tessera_vgpu *vgpu, struct list_head *pages)
{
	struct tessera_page *page;

	list_for_each_entry(page, pages, node)
		frame_put(vgpu->accel, page->frame);
}

/* Unpin and free what neither hardware nor IOMMU know any more. Not under dma.lock. */
static void unpin_list(struct tessera_vgpu *vgpu, struct list_head *pages)
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
		kmem_cache_free(page_cache, page);
	}
	if (run)
		vfio_unpin_pages(&vgpu->vdev, start, run);
}

static void unpin_work(struct work_struct *work)
{
	struct tessera_vgpu *vgpu = container_of(work, struct tessera_vgpu, dma.unpin_work);
	LIST_HEAD(pages);

	mutex_lock(&vgpu->dma.lock);
	WRITE_ONCE(vgpu->dma.unpin_busy, true);
	smp_wmb();	/* busy before the list is seen empty: dma_idle() */
	list_splice_init(&vgpu->dma.unpin_list, &pages);
	mutex_unlock(&vgpu->dma.lock);

	unpin_list(vgpu, &pages);

	mutex_lock(&vgpu->dma.lock);
	WRITE_ONCE(vgpu->dma.unpin_busy, false);
	mutex_unlock(&vgpu->dma.lock);
	wake_up_all(&vgpu->dma.idle_wait);
}

/* --------------------------------------------------------------- pinning -- */

static void unpin_iovas(struct tessera_vgpu *vgpu, const u64 *iovas, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		vfio_unpin_pages(&vgpu->vdev, iovas[i], 1);
}

/* Pin guest pages, each run of neighbours at once. Not under dma.lock. */
static int pin_iovas(struct tessera_vgpu *vgpu, const u64 *iovas, u32 n, int prot,
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
			unpin_iovas(vgpu, iovas, done);
			return ret < 0 ? ret : -EFAULT;
		}
	}
	return 0;
}

/*
 * The guest may write to a page that it gave for reading only: so pin it for writing, lest the
 * write go to a copy. Memory that is read-only for the guest too is pinned as such.
 */
static int pin_chunk(struct tessera_vgpu *vgpu, u32 n, bool write)
{
	int ret;

	ret = pin_iovas(vgpu, vgpu->iovas, n, IOMMU_READ | IOMMU_WRITE, vgpu->pages);
	if (ret == -EPERM && !write)
		ret = pin_iovas(vgpu, vgpu->iovas, n, IOMMU_READ, vgpu->pages);
	return ret;
}

/* Wait while VFIO takes these pages away. True if they may be pinned; pinning is set then. */
static bool begin_pinning(struct tessera_vgpu *vgpu, u32 n, u64 *seq)
{
	struct tessera_vgpu_dma *dma = &vgpu->dma;
	long wait = 0;
	u32 i;

	mutex_lock(&dma->lock);
	if (time_before(jiffies, dma->hold_until)) {
		for (i = 0; i < n; i++) {
			if (vgpu->iovas[i] >= dma->hold_start && vgpu->iovas[i] <= dma->hold_last) {
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

static void end_pinning(struct tessera_vgpu *vgpu)
{
	mutex_lock(&vgpu->dma.lock);
	WRITE_ONCE(vgpu->dma.pinning, false);
	mutex_unlock(&vgpu->dma.lock);
	wake_up_all(&vgpu->dma.idle_wait);
}

/* --------------------------------------------------------------- mapping -- */

/* What is mapped as one command: up to 512 pages of 4 KiB, or one of 2 MiB. */
struct chunk {
	u32 ctx;
	u32 flags;		/* T1_MAP_READ, _WRITE, _HUGE */
	unsigned long vpn;
	u32 n;			/* pages of 4 KiB */
};

/* Have hardware map a chunk whose pages are in @pages, in order. */
static u16 hw_map(struct tessera_vgpu *vgpu, const struct chunk *c, struct list_head *pages)
{
	dma_addr_t first = list_first_entry(pages, struct tessera_page, node)->frame->dma;
	struct tessera_admin_req req = {
		.cmd.opcode = T1_ADMIN_MAP,
		.cmd.ctx = cpu_to_le32(vgpu->first_ctx + c->ctx),
		.cmd.map.va = cpu_to_le64((u64)c->vpn << T1_PAGE_SHIFT),
	};
	u32 flags = c->flags & (T1_MAP_READ | T1_MAP_WRITE);
	u32 n = c->n, i = 0;
	__le64 *list = vgpu->list;
	struct tessera_page *page;
	u64 addr = first;
	bool contig = true;

	list_for_each_entry(page, pages, node) {
		contig = contig && page->frame->dma == first + (u64)i * PAGE_SIZE;
		list[i++] = cpu_to_le64(page->frame->dma);
	}
	if (contig) {
		flags |= T1_MAP_CONTIG;
		if (c->flags & T1_MAP_HUGE && IS_ALIGNED(first, T1_HUGE_PAGE_SIZE)) {
			flags |= T1_MAP_HUGE;
			n = 1;
		}
	} else {
		addr = vgpu->list_dma;
	}
	req.cmd.flags = cpu_to_le32(flags);
	req.cmd.map.npages = cpu_to_le32(n);
	req.cmd.map.list = cpu_to_le64(addr);
	if (tessera_admin_exec(vgpu, &req, 1))
		return T1_ST_INTERNAL;
	return req.status;
}

/* Map pinned pages for DMA and enter them in the indexes. */
static u16 enter_chunk(struct tessera_vgpu *vgpu, const struct chunk *c, struct list_head *pages)
{
	struct tessera_page *page;
	u32 i;

	for (i = 0; i < c->n; i++) {
		page = kmem_cache_alloc(page_cache, GFP_KERNEL);
		if (!page)
			return T1_ST_NO_RESOURCE;
		page->iova = vgpu->iovas[i];
		page->vpn = c->vpn + i;
		page->ctx = c->ctx;
		page->huge = c->flags & T1_MAP_HUGE;
		page->frame = frame_get(vgpu->accel, vgpu->pages[i]);
		if (!page->frame)
			goto err_free;
		if (index_add(vgpu, page))
			goto err_frame;
		list_add_tail(&page->node, pages);
	}
	return T1_ST_OK;

err_frame:
	frame_put(vgpu->accel, page->frame);
err_free:
	kmem_cache_free(page_cache, page);
	return T1_ST_NO_RESOURCE;
}

/*
 * Pages are pinned: enter and map them, unless VFIO has revoked something meanwhile (*again). On
 * failure the pages stay pinned.
 */
static u16 map_pinned(struct tessera_vgpu *vgpu, const struct chunk *c, u64 seq, bool *again)
{
	struct tessera_page *page, *tmp;
	LIST_HEAD(pages);
	u16 status;

	mutex_lock(&vgpu->dma.lock);
	*again = vgpu->dma.unmap_seq != seq;
	if (*again) {
		mutex_unlock(&vgpu->dma.lock);
		return T1_ST_BAD_ADDRESS;
	}
	status = enter_chunk(vgpu, c, &pages);
	if (!status)
		status = hw_map(vgpu, c, &pages);
	if (status) {
		dma_unmap_list(vgpu, &pages);
		list_for_each_entry_safe(page, tmp, &pages, node) {
			index_remove(vgpu, page);
			kmem_cache_free(page_cache, page);
		}
	}
	mutex_unlock(&vgpu->dma.lock);
	return status;
}

/* vgpu->iovas has the guest addresses. */
static u16 map_chunk(struct tessera_vgpu *vgpu, const struct chunk *c)
{
	u16 status = T1_ST_BAD_ADDRESS;
	unsigned int tries;
	bool again = true;
	u64 seq;

	for (tries = 0; again && tries < PIN_TRIES; tries++) {
		if (!begin_pinning(vgpu, c->n, &seq))
			continue;
		if (pin_chunk(vgpu, c->n, c->flags & T1_MAP_WRITE)) {
			end_pinning(vgpu);
			return T1_ST_BAD_ADDRESS;
		}
		status = map_pinned(vgpu, c, seq, &again);
		if (status)
			unpin_iovas(vgpu, vgpu->iovas, c->n);
		end_pinning(vgpu);
	}
	return status;
}

static bool any_mapped(struct tessera_vgpu *vgpu, u32 ctx, unsigned long vpn, u64 n)
{
	unsigned long at = vpn;
	bool found;

	mutex_lock(&vgpu->dma.lock);
	found = xa_find(&vgpu->ctx[ctx].pages, &at, vpn + n - 1, XA_PRESENT);
	mutex_unlock(&vgpu->dma.lock);
	return found;
}

/* Copy the guest's list of addresses, or make one, and check each. */
static u16 get_addresses(struct tessera_vgpu *vgpu, u32 flags, u64 size, u32 npages, u64 list)
{
	u64 addr;
	u32 i;

	if (flags & T1_MAP_CONTIG) {
		if (list & (size - 1))
			return T1_ST_INVALID_FIELD;
		if (check_add_overflow(list, npages * size, &addr))
			return T1_ST_BAD_ADDRESS;
		for (i = 0; i < npages; i++)
			vgpu->guest_list[i] = cpu_to_le64(list + i * size);
		return T1_ST_OK;
	}
	if (list & (T1_PAGE_SIZE - 1))
		return T1_ST_INVALID_FIELD;
	if (tessera_dma_rw(vgpu, list, vgpu->guest_list, npages * sizeof(__le64), false))
		return T1_ST_BAD_ADDRESS;
	for (i = 0; i < npages; i++) {
		addr = le64_to_cpu(vgpu->guest_list[i]);
		if (addr & (size - 1))
			return T1_ST_INVALID_FIELD;
		if (addr > U64_MAX - size)
			return T1_ST_BAD_ADDRESS;
	}
	return T1_ST_OK;
}

/**
 * tessera_dma_map() - the guest maps system memory
 * @vgpu: the vGPU, with its lock held
 * @ctx: a live context of it
 * @flags: T1_MAP_*, without _VRAM
 * @va: virtual address; it and the range's end have been checked
 * @npages: 1 .. T1_MAP_MAX_PAGES
 * @list: guest address of the list, or with CONTIG of the first page
 *
 * Takes effect whole or not at all.
 *
 * Context: may sleep.
 * Return: T1_ST_*
 */
u16 tessera_dma_map(struct tessera_vgpu *vgpu, u32 ctx, u32 flags, u64 va, u32 npages, u64 list)
{
	bool huge = flags & T1_MAP_HUGE;
	u64 size = huge ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE;
	u64 limit = (u64)READ_ONCE(pin_limit_mb) << (20 - T1_PAGE_SHIFT);
	u64 total = npages * (size / T1_PAGE_SIZE);
	struct chunk c = { .ctx = ctx, .flags = flags, .vpn = va >> T1_PAGE_SHIFT };
	u32 i, k;
	u16 status;

	lockdep_assert_held(&vgpu->lock);
	status = get_addresses(vgpu, flags, size, npages, list);
	if (status)
		return status;
	if (any_mapped(vgpu, ctx, c.vpn, total))
		return T1_ST_EXISTS;
	if (READ_ONCE(vgpu->dma.nr_pages) + total > limit) {
		pr_notice_ratelimited("tessera: vGPU %s: guest maps more than the %u MiB that pin_limit_mb allows\n",
				      vgpu->name, READ_ONCE(pin_limit_mb));
		return T1_ST_NO_RESOURCE;
	}

	if (!huge) {
		c.n = npages;
		for (i = 0; i < npages; i++)
			vgpu->iovas[i] = le64_to_cpu(vgpu->guest_list[i]);
		return map_chunk(vgpu, &c);
	}
	c.n = HUGE_PAGES;
	for (i = 0; i < npages; i++) {
		for (k = 0; k < HUGE_PAGES; k++)
			vgpu->iovas[k] = le64_to_cpu(vgpu->guest_list[i]) + (u64)k * PAGE_SIZE;
		status = map_chunk(vgpu, &c);
		if (status) {
			if (i)
				tessera_dma_unmap(vgpu, ctx, true, va, i);
			return status;
		}
		c.vpn += HUGE_PAGES;
		cond_resched();
	}
	return T1_ST_OK;
}

/* A 2 MiB page may be in hardware as 512 small ones: it can't be split all the same. */
static bool splits_huge(struct tessera_vgpu *vgpu, u32 ctx, unsigned long vpn)
{
	struct tessera_page *page = xa_load(&vgpu->ctx[ctx].pages, vpn);

	return page && page->huge && vpn % HUGE_PAGES;
}

/**
 * tessera_dma_unmap() - the guest unmaps a range, of system memory or VRAM
 * @vgpu: the vGPU, with its lock held
 * @ctx: a live context of it
 * @huge: @npages counts pages of 2 MiB
 * @va: virtual address; it and the range's end have been checked
 * @npages: pages
 *
 * Context: may sleep.
 * Return: T1_ST_*
 */
u16 tessera_dma_unmap(struct tessera_vgpu *vgpu, u32 ctx, bool huge, u64 va, u32 npages)
{
	unsigned long first = va >> T1_PAGE_SHIFT;
	unsigned long end = first + (u64)npages * (huge ? HUGE_PAGES : 1);
	struct tessera_admin_req req = {
		.cmd.opcode = T1_ADMIN_UNMAP,
		.cmd.ctx = cpu_to_le32(vgpu->first_ctx + ctx),
		.cmd.flags = cpu_to_le32(huge ? T1_MAP_HUGE : 0),
		.cmd.map.va = cpu_to_le64(va),
		.cmd.map.npages = cpu_to_le32(npages),
	};
	LIST_HEAD(pages);
	u16 status;

	lockdep_assert_held(&vgpu->lock);
	mutex_lock(&vgpu->dma.lock);
	if (splits_huge(vgpu, ctx, first) || splits_huge(vgpu, ctx, end))
		status = T1_ST_INVALID_FIELD;
	else if (tessera_admin_exec(vgpu, &req, 1))
		status = T1_ST_INTERNAL;
	else
		status = req.status;
	if (!status) {
		take_range(vgpu, ctx, first, end - 1, &pages);
		dma_unmap_list(vgpu, &pages);
	}
	mutex_unlock(&vgpu->dma.lock);
	unpin_list(vgpu, &pages);
	return status;
}

/**
 * tessera_dma_drop_ctx() - hardware has destroyed a context: let go of its pages
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
	take_range(vgpu, ctx, 0, ULONG_MAX, &pages);
	dma_unmap_list(vgpu, &pages);
	mutex_unlock(&vgpu->dma.lock);
	unpin_list(vgpu, &pages);
}

/* -------------------------------------------------------------- revoking -- */

/* Take all mappings of guest addresses out of the indexes; of a 2 MiB page all, or none. */
static void take_iovas(struct tessera_vgpu *vgpu, unsigned long first, unsigned long last,
		       struct list_head *out)
{
	struct tessera_page *page;
	unsigned long pfn, vpn;

	xa_for_each_range(&vgpu->dma.by_iova, pfn, page, first, last) {
		while (page) {
			vpn = page->vpn;
			if (page->huge) {
				vpn = round_down(vpn, HUGE_PAGES);
				take_range(vgpu, page->ctx, vpn, vpn + HUGE_PAGES - 1, out);
			} else {
				take_range(vgpu, page->ctx, vpn, vpn, out);
			}
			page = xa_load(&vgpu->dma.by_iova, pfn);
		}
	}
}

/* Have hardware forget pages that are out of the indexes already. */
static void hw_forget(struct tessera_vgpu *vgpu, struct list_head *pages)
{
	struct tessera_admin_req reqs[REVOKE_BATCH];
	struct tessera_page *page;
	unsigned long next_vpn = 0;
	u32 next_ctx = 0, npages = 0, n = 0, i;
	bool failed = false;

	list_for_each_entry(page, pages, node) {
		if (!npages || page->ctx != next_ctx || page->vpn != next_vpn) {
			if (n == REVOKE_BATCH) {
				if (tessera_admin_exec(vgpu, reqs, n))
					return;
				for (i = 0; i < n; i++)
					failed |= reqs[i].status;
				n = 0;
			}
			npages = 0;
			reqs[n++] = (struct tessera_admin_req) {
				.cmd.opcode = T1_ADMIN_UNMAP,
				.cmd.ctx = cpu_to_le32(vgpu->first_ctx + page->ctx),
				.cmd.map.va = cpu_to_le64((u64)page->vpn << T1_PAGE_SHIFT),
			};
		}
		npages++;
		reqs[n - 1].cmd.map.npages = cpu_to_le32(npages);
		next_ctx = page->ctx;
		next_vpn = page->vpn + 1;
	}
	if (n && tessera_admin_exec(vgpu, reqs, n))
		return;
	for (i = 0; i < n; i++)
		failed |= reqs[i].status;
	if (failed) {
		/* Never seen; but memory that hardware may reach is not given back. */
		tessera_accel_dead(vgpu->accel);
		flush_work(&vgpu->accel->reset_work);
	}
}

/**
 * tessera_dma_master_off() - the guest has turned bus mastering off
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
	for (ctx = 0; ctx < vgpu->num_ctx; ctx++)
		take_range(vgpu, ctx, 0, ULONG_MAX, &pages);
	if (!list_empty(&pages)) {
		hw_forget(vgpu, &pages);
		dma_unmap_list(vgpu, &pages);
	}
	mutex_unlock(&vgpu->dma.lock);
	unpin_list(vgpu, &pages);
	mutex_unlock(&vgpu->lock);
}

/* Called while about to sleep, so without the mutex: a list is taken only after busy is set. */
static bool dma_idle(struct tessera_vgpu *vgpu)
{
	struct tessera_vgpu_dma *dma = &vgpu->dma;

	if (!list_empty_careful(&dma->unpin_list))
		return false;
	smp_rmb();	/* pairs with the one in unpin_work() */
	return !READ_ONCE(dma->unpin_busy) && !READ_ONCE(dma->pinning);
}

/**
 * tessera_dma_revoke() - VFIO takes guest memory away (.dma_unmap)
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
	take_iovas(vgpu, PHYS_PFN(iova), PHYS_PFN(last), &pages);
	if (!list_empty(&pages)) {
		atomic64_add(before - dma->nr_pages, &vgpu->stats.revoked_pages);
		hw_forget(vgpu, &pages);
		dma_unmap_list(vgpu, &pages);
		list_splice_tail(&pages, &dma->unpin_list);
		queue_work(system_unbound_wq, &dma->unpin_work);
	}
	mutex_unlock(&dma->lock);
	wait_event_timeout(dma->idle_wait, dma_idle(vgpu), REVOKE_PATIENCE);
}

/* ------------------------------------------------------------------ life -- */

/**
 * tessera_dma_init() - nothing is mapped
 * @vgpu: the vGPU
 */
void tessera_dma_init(struct tessera_vgpu *vgpu)
{
	mutex_init(&vgpu->dma.lock);
	xa_init(&vgpu->dma.by_iova);
	init_waitqueue_head(&vgpu->dma.idle_wait);
	INIT_LIST_HEAD(&vgpu->dma.unpin_list);
	INIT_WORK(&vgpu->dma.unpin_work, unpin_work);
	vgpu->dma.hold_until = jiffies;
}

/**
 * tessera_dma_flush() - wait until everything let go of is unpinned
 * @vgpu: the vGPU, which still is open
 */
void tessera_dma_flush(struct tessera_vgpu *vgpu)
{
	flush_work(&vgpu->dma.unpin_work);
}

/**
 * tessera_dma_fini() - the vGPU goes; all its contexts are gone
 * @vgpu: the vGPU
 */
void tessera_dma_fini(struct tessera_vgpu *vgpu)
{
	u32 i;

	for (i = 0; i < T1_MAX_CONTEXTS; i++)
		xa_destroy(&vgpu->ctx[i].pages);
	xa_destroy(&vgpu->dma.by_iova);
}
