// SPDX-License-Identifier: GPL-2.0-only
/*
 * revoke.c - guest memory that the accelerator may not reach any more
 *
 * VFIO takes memory away by .dma_unmap, and calls it with a lock held that it also takes inside the
 * locks that vfio_pin_pages() and vfio_unpin_pages() need. So revoking takes dma.lock only, under
 * which nothing of VFIO's is called: it removes the mappings from hardware at once, and leaves
 * unpinning to helpers, for which it waits (unpin.c).
 */
#include "vgpu/dma.h"
#include "vgpu/revoke.h"
#include "vgpu/vgpu.h"

#define HW_BATCH	8u	/* ranges in an operation of hardware's */

/* Have hardware forget runs that are in no tree any more. */
static void tessera_revoke_forget(struct tessera_vgpu *vgpu, const struct list_head *list)
{
	struct tessera_hw *hw = vgpu->accel->hw;
	struct tessera_hw_range r[HW_BATCH];
	struct tessera_run *run;
	u64 va, bytes;
	u32 n = 0, ctx;
	int ret = 0;

	if (list_empty(list))
		return;
	list_for_each_entry(run, list, node) {
		ctx = vgpu->part.first_ctx + run->ctx;
		va = (u64)run->vpn << PAGE_SHIFT;
		bytes = (u64)run->pages << PAGE_SHIFT;
		if (n && r[n - 1].ctx == ctx && r[n - 1].va + r[n - 1].bytes == va) {
			r[n - 1].bytes += bytes;
			continue;
		}
		if (n == HW_BATCH) {
			ret = hw->ops->unmap(hw, vgpu->epoch, r, n);
			if (ret && ret != -ENOENT)
				break;
			n = 0;
		}
		r[n++] = (struct tessera_hw_range){ .ctx = ctx, .va = va, .bytes = bytes };
	}
	if (!ret || ret == -ENOENT)
		ret = hw->ops->unmap(hw, vgpu->epoch, r, n);
	/* -ENOENT: the context is destroyed, but tessera_dma_drop_ctx() has not got to it yet. */
	if (ret && ret != -EIO && ret != -ENOENT) {
		/* Never seen; but memory that hardware may reach is not given back. */
		tessera_accel_dead(vgpu->accel);
		tessera_accel_wait_reset(vgpu->accel);
	}
}

/**
 * tessera_revoke_guest() - give up guest memory that VFIO takes away (.dma_unmap)
 * @vdev: the vGPU
 * @iova: guest address
 * @length: bytes
 *
 * When it returns hardware reaches nothing of the range any more; see the head of this file.
 *
 * Context: may sleep; a lock of VFIO's is held.
 */
void tessera_revoke_guest(struct vfio_device *vdev, u64 iova, u64 length)
{
	struct tessera_vgpu *vgpu = container_of(vdev, struct tessera_vgpu, vdev);
	struct tessera_runs *runs = &vgpu->dma.runs;
	unsigned long first, last;
	u64 end, before;
	LIST_HEAD(list);
	bool more;

	if (!length)
		return;
	if (check_add_overflow(iova, length - 1, &end))
		end = U64_MAX;
	first = PHYS_PFN(iova);
	last = PHYS_PFN(end);

	mutex_lock(&vgpu->dma.lock);
	tessera_pins_hold(vgpu, first, last);
	before = runs->pages;
	do {
		more = tessera_runs_take_guest(runs, first, last, &list);
		tessera_revoke_forget(vgpu, &list);
		tessera_dma_put_list(vgpu, &list);
		cond_resched();
	} while (more);
	atomic64_add(before - runs->pages, &vgpu->stats.revoked_pages);
	mutex_unlock(&vgpu->dma.lock);
	if (tessera_unpin_wait(vgpu))
		return;
	mutex_lock(&vgpu->dma.lock);
	tessera_hold_on(&vgpu->dma.pins.hold);
	mutex_unlock(&vgpu->dma.lock);
}

static void tessera_revoke_ctx(struct tessera_vgpu *vgpu, u32 ctx)
{
	LIST_HEAD(list);
	bool more;

	do {
		mutex_lock(&vgpu->dma.lock);
		more = tessera_runs_take_va(&vgpu->dma.runs, ctx, 0, ULONG_MAX, &list);
		tessera_revoke_forget(vgpu, &list);
		tessera_dma_put_list(vgpu, &list);
		mutex_unlock(&vgpu->dma.lock);
		tessera_unpin_run(vgpu);
		cond_resched();
	} while (more);
}

/**
 * tessera_revoke_all() - unmap all guest memory when bus mastering is turned off
 * @vgpu: the vGPU
 *
 * When it returns hardware reaches nothing of the guest's memory any more.
 *
 * Context: may sleep.
 */
void tessera_revoke_all(struct tessera_vgpu *vgpu)
{
	u32 ctx;

	tessera_vgpu_lock_to_undo(vgpu);
	for (ctx = 0; ctx < vgpu->part.num_ctx; ctx++)
		tessera_revoke_ctx(vgpu, ctx);
	mutex_unlock(&vgpu->lock);
}
