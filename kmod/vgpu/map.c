// SPDX-License-Identifier: GPL-2.0-only
/*
 * map.c - extents into a vGPU's contexts in hardware, be they of guest memory or of VRAM
 */
#include "vgpu/map.h"
#include "vgpu/vgpu.h"

/**
 * tessera_map_extents() - have hardware map extents into a context
 * @vgpu: the vGPU, with its lock held
 * @ctx: its number, below part.num_ctx
 * @va: virtual address of the first, page aligned
 * @x: the extents
 * @n: how many
 * @prot: as for struct tessera_hw_ops
 *
 * Context: may sleep.
 * Return: 0 or the hardware's errno; -ENOSPC where the vGPU's part of page tables is used up.
 */
int tessera_map_extents(struct tessera_vgpu *vgpu, u32 ctx, u64 va, const struct tessera_extent *x,
			u32 n, u32 prot)
{
	struct tessera_hw *hw = vgpu->accel->hw;
	int ret;

	lockdep_assert_held(&vgpu->lock);
	ret = hw->ops->map(hw, vgpu->epoch, vgpu->part.first_ctx + ctx, va, x, n, prot);
	if (ret == -ENOSPC)
		tessera_vgpu_notice(vgpu, "The guest needs more page tables than the vGPU's part; a MAP is refused.\n");
	return ret;
}
