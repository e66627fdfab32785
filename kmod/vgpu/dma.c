// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma.c - guest memory that the accelerator can reach
 *
 * A MAP command of the guest pins its pages and maps them for DMA (pins.c), is entered as runs of
 * pages that follow each other (runs.c), and has hardware map the result.
 *
 * The order is always: out of hardware, acknowledged; out of the IOMMU; unpinned. After a device
 * reset hardware has forgotten all mappings, which counts as acknowledged.
 *
 * A guest can have as many runs as pin_limit_mb allows it pages. So they are worked off in batches,
 * between which dma.lock is released. What an UNMAP or the end of a context has not got to yet is
 * out of hardware already; vgpu->lock keeps its addresses from being mapped again.
 */
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include "vgpu/config.h"
#include "vgpu/dma.h"
#include "vgpu/frames.h"
#include "vgpu/map.h"
#include "vgpu/vgpu.h"

#define HUGE_PAGES		(TESSERA_HUGE_PAGE_SIZE / PAGE_SIZE)
#define MAP_TRIES		3

static unsigned int tessera_dma_pin_limit_mb = 1024;
module_param_named(pin_limit_mb, tessera_dma_pin_limit_mb, uint, 0644);
MODULE_PARM_DESC(pin_limit_mb, "Guest memory that a vGPU may have mapped at once, MiB (default 1024)");

/**
 * tessera_dma_module_init() - prepare at module load
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int tessera_dma_module_init(void)
{
	int ret;

	ret = tessera_frames_module_init();
	if (ret)
		return ret;
	ret = tessera_runs_module_init();
	if (ret)
		goto err_frames;
	ret = tessera_unpin_module_init();
	if (ret)
		goto err_runs;
	return 0;

err_runs:
	tessera_runs_module_exit();
err_frames:
	tessera_frames_module_exit();
	return ret;
}

/**
 * tessera_dma_module_exit() - undo tessera_dma_module_init()
 *
 * Context: may sleep; no vGPU is left.
 */
void tessera_dma_module_exit(void)
{
	tessera_unpin_module_exit();
	tessera_runs_module_exit();
	tessera_frames_module_exit();
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

/* ----------------------------------------------------------- releasing -- */

/**
 * tessera_dma_put_list() - stop being a user of the pages of runs, and free the runs
 * @vgpu: the vGPU, with dma.lock held
 * @list: runs that are in no tree, and that hardware has unmapped
 *
 * Context: may sleep.
 */
void tessera_dma_put_list(struct tessera_vgpu *vgpu, struct list_head *list)
{
	struct tessera_run *run, *tmp;

	lockdep_assert_held(&vgpu->dma.lock);
	list_for_each_entry_safe(run, tmp, list, node) {
		tessera_pins_put(vgpu, run->gpn, run->pages);
		list_del(&run->node);
		tessera_runs_free(run);
	}
}

/* Release what is mapped in a range of a context, and what hardware has unmapped. */
static void tessera_dma_release(struct tessera_vgpu *vgpu, u32 ctx, unsigned long first,
				unsigned long last)
{
	LIST_HEAD(list);
	bool more;

	do {
		mutex_lock(&vgpu->dma.lock);
		more = tessera_runs_take_va(&vgpu->dma.runs, ctx, first, last, &list);
		tessera_dma_put_list(vgpu, &list);
		mutex_unlock(&vgpu->dma.lock);
		tessera_unpin_run(vgpu);
		cond_resched();
	} while (more);
}

/* ------------------------------------------------------------- mapping -- */

/* What is mapped at once: up to TESSERA_MAX_EXTENTS pages of 4 KiB, or one of 2 MiB. */
struct tessera_chunk {
	u32 ctx;
	u32 prot;		/* TESSERA_HW_READ, _WRITE, _WHOLE */
	unsigned long vpn;
	u32 n;			/* pages of 4 KiB */
};

/* Take runs of a chunk out again; they are users of no page. */
static void tessera_dma_remove_runs(struct tessera_vgpu *vgpu, const struct tessera_chunk *c)
{
	struct tessera_runs *runs = &vgpu->dma.runs;
	struct tessera_run *run;

	while ((run = tessera_runs_find_va(runs, c->ctx, c->vpn, c->vpn + c->n - 1))) {
		tessera_runs_unlink(runs, run);
		tessera_runs_free(run);
	}
}

static int tessera_dma_add_runs(struct tessera_vgpu *vgpu, const struct tessera_chunk *c)
{
	const u64 *iovas = vgpu->dma.pins.iovas;
	struct tessera_run desc = {
		.ctx = c->ctx,
		.prot = c->prot & (TESSERA_HW_READ | TESSERA_HW_WRITE),
		.huge = c->prot & TESSERA_HW_WHOLE,
	};
	u32 i, n;

	for (i = 0; i < c->n; i += n) {
		for (n = 1; i + n < c->n; n++) {
			if (iovas[i + n] != iovas[i] + (u64)n * PAGE_SIZE)
				break;
		}
		desc.vpn = c->vpn + i;
		desc.gpn = PHYS_PFN(iovas[i]);
		desc.pages = n;
		if (tessera_runs_add(&vgpu->dma.runs, &desc)) {
			tessera_dma_remove_runs(vgpu, c);
			return -ENOMEM;
		}
	}
	return 0;
}

/* The pages of a chunk are pinned: enter and map them. */
static int tessera_dma_map_pinned(struct tessera_vgpu *vgpu, const struct tessera_chunk *c)
{
	const u64 *iovas = vgpu->dma.pins.iovas;
	int num, ret;
	u32 i;

	lockdep_assert_held(&vgpu->dma.lock);
	ret = tessera_dma_add_runs(vgpu, c);
	if (ret)
		return ret;
	num = tessera_pins_enter(vgpu, vgpu->dma.extents);
	if (num < 0) {
		ret = num;
		goto err_runs;
	}
	ret = tessera_map_extents(vgpu, c->ctx, (u64)c->vpn << PAGE_SHIFT, vgpu->dma.extents, num,
				  c->prot);
	if (!ret)
		return 0;
	for (i = 0; i < c->n; i++)
		tessera_pins_put(vgpu, PHYS_PFN(iovas[i]), 1);
err_runs:
	tessera_dma_remove_runs(vgpu, c);
	return ret;
}

/* The guest addresses are in dma.pins.iovas. */
static int tessera_dma_map_chunk(struct tessera_vgpu *vgpu, const struct tessera_chunk *c)
{
	unsigned int tries;
	int ret = -EAGAIN;

	for (tries = 0; ret == -EAGAIN && tries < MAP_TRIES; tries++) {
		ret = tessera_pins_begin(vgpu, c->n, c->prot & TESSERA_HW_WRITE);
		if (ret)
			break;
		mutex_lock(&vgpu->dma.lock);
		ret = tessera_dma_map_pinned(vgpu, c);
		mutex_unlock(&vgpu->dma.lock);
		tessera_pins_end(vgpu);
	}
	if (ret)
		tessera_unpin_run(vgpu);
	return ret == -EAGAIN ? -EFAULT : ret;
}

static bool tessera_dma_any_mapped(struct tessera_vgpu *vgpu, u32 ctx, unsigned long vpn, u64 n)
{
	bool found;

	mutex_lock(&vgpu->dma.lock);
	found = tessera_runs_find_va(&vgpu->dma.runs, ctx, vpn, vpn + n - 1);
	mutex_unlock(&vgpu->dma.lock);
	return found;
}

static int tessera_dma_check_limit(struct tessera_vgpu *vgpu, u64 pages)
{
	unsigned int mb = READ_ONCE(tessera_dma_pin_limit_mb);

	if (READ_ONCE(vgpu->dma.runs.pages) + pages <= (u64)mb << (20 - PAGE_SHIFT))
		return 0;
	tessera_vgpu_notice(vgpu, "The guest maps more than the %u MiB that pin_limit_mb allows.\n",
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
 * Return: 0; -EEXIST for a page mapped already, -ENOSPC beyond the limit, be it that of the vGPU's
 * user, -ENOMEM if memory is short, -EFAULT for memory that the guest does not have or if all is to
 * be undone, or the hardware's errno.
 */
int tessera_dma_map(struct tessera_vgpu *vgpu, u32 ctx, u64 va, u64 *addrs, u32 n, bool huge,
		    u32 prot)
{
	u64 total = (u64)n * (huge ? HUGE_PAGES : 1);
	struct tessera_chunk c = { .ctx = ctx, .prot = prot, .vpn = va >> PAGE_SHIFT };
	u64 *iovas = vgpu->dma.pins.iovas;
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
		memcpy(iovas, addrs, n * sizeof(*addrs));
		return tessera_dma_map_chunk(vgpu, &c);
	}
	c.prot |= TESSERA_HW_WHOLE;
	c.n = HUGE_PAGES;
	for (i = 0; i < n; i++) {
		for (k = 0; k < HUGE_PAGES; k++)
			iovas[k] = addrs[i] + (u64)k * PAGE_SIZE;
		ret = atomic_read(&vgpu->dma.unwanted) ? -EFAULT : tessera_dma_map_chunk(vgpu, &c);
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

/*
 * Let no run of a context cross the page @vpn. One of 2 MiB may be in hardware as 512 small ones:
 * it can't be split all the same.
 */
static int tessera_dma_split(struct tessera_vgpu *vgpu, u32 ctx, unsigned long vpn)
{
	struct tessera_runs *runs = &vgpu->dma.runs;
	struct tessera_run *run = tessera_runs_find_va(runs, ctx, vpn, vpn);

	if (!run || run->vpn == vpn)
		return 0;
	if (run->huge)
		return -EINVAL;
	return tessera_runs_split(runs, run, vpn - run->vpn, GFP_KERNEL) ? 0 : -ENOMEM;
}

/**
 * tessera_dma_unmap() - unmap a range of a context, of system memory or VRAM
 * @vgpu: the vGPU, with its lock held
 * @ctx: a live context of it
 * @va: virtual address; it and the range's end have been checked
 * @bytes: size of the range
 *
 * Context: may sleep.
 * Return: 0; -EINVAL if a 2 MiB page would be split, -ENOMEM if memory is short, or the hardware's
 * errno.
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
	int ret;

	lockdep_assert_held(&vgpu->lock);
	mutex_lock(&vgpu->dma.lock);
	ret = tessera_dma_split(vgpu, ctx, first) ?: tessera_dma_split(vgpu, ctx, end);
	mutex_unlock(&vgpu->dma.lock);
	if (!ret)
		ret = hw->ops->unmap(hw, vgpu->epoch, &range, 1);
	if (!ret)
		tessera_dma_release(vgpu, ctx, first, end - 1);
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
	lockdep_assert_held(&vgpu->lock);
	tessera_dma_release(vgpu, ctx, 0, ULONG_MAX);
}

/* -------------------------------------------------------------- saving -- */

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
	*num = tessera_runs_join(&vgpu->dma.runs, NULL);
	runs = kvcalloc(*num + 1, sizeof(*runs), GFP_KERNEL);
	if (runs)
		tessera_runs_join(&vgpu->dma.runs, runs);
	mutex_unlock(&vgpu->dma.lock);
	return runs;
}

/* ---------------------------------------------------------------- life -- */

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
	int ret;

	mutex_init(&dma->lock);
	tessera_runs_init(&dma->runs);
	ret = tessera_unpin_init(vgpu);
	if (ret)
		return ret;
	ret = tessera_pins_init(vgpu);
	if (ret)
		goto err;
	dma->extents = kcalloc(TESSERA_MAX_EXTENTS, sizeof(*dma->extents), GFP_KERNEL);
	if (dma->extents)
		return 0;
	ret = -ENOMEM;
err:
	tessera_pins_fini(vgpu);
	tessera_unpin_fini(vgpu);
	return ret;
}

/**
 * tessera_dma_close() - wait until everything released is unpinned, for the next owner to begin
 * @vgpu: the vGPU, which VFIO still takes for open, without a context
 *
 * Context: may sleep; dma.lock is not held.
 */
void tessera_dma_close(struct tessera_vgpu *vgpu)
{
	tessera_unpin_flush(vgpu);
	tessera_pins_forget(vgpu);
}

/**
 * tessera_dma_fini() - undo tessera_dma_init()
 * @vgpu: the vGPU, all of whose contexts are gone
 *
 * Context: may sleep; nobody else uses the vGPU.
 */
void tessera_dma_fini(struct tessera_vgpu *vgpu)
{
	kfree(vgpu->dma.extents);
	tessera_pins_fini(vgpu);
	tessera_unpin_fini(vgpu);
}
