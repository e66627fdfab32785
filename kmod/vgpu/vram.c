// SPDX-License-Identifier: GPL-2.0-only
/*
 * vram.c - a vGPU's part of the device memory: the one place that knows where it is
 */
#include <linux/io.h>
#include <linux/sizes.h>
#include "vgpu/map.h"
#include "vgpu/vgpu.h"
#include "vgpu/vram.h"

/**
 * tessera_vram_translate() - find out where a piece of a vGPU's VRAM is
 * @vgpu: the vGPU
 * @addr: offset into its VRAM
 * @bytes: size of the piece
 * @phys: its offset into the device memory
 *
 * Context: any.
 * Return: 0, or -EFAULT if not all of it is the vGPU's.
 */
int tessera_vram_translate(const struct tessera_vgpu *vgpu, u64 addr, u64 bytes, u64 *phys)
{
	if (bytes > vgpu->part.vram_bytes || addr > vgpu->part.vram_bytes - bytes)
		return -EFAULT;
	*phys = vgpu->part.vram_base + addr;
	return 0;
}

/**
 * tessera_vram_map() - map pages of a vGPU's VRAM into a context
 * @vgpu: the vGPU, with its lock held
 * @ctx: a live context of it
 * @va: virtual address; it and the range's end have been checked
 * @addrs: the pages, in order: offsets into its VRAM, aligned to @page_bytes
 * @n: how many, at most TESSERA_MAX_EXTENTS
 * @page_bytes: size of each
 * @prot: TESSERA_HW_READ, _WRITE; _WHOLE for pages of 2 MiB
 *
 * Context: may sleep.
 * Return: 0, -EFAULT for an address that is not in its VRAM, or the hardware's errno.
 */
int tessera_vram_map(struct tessera_vgpu *vgpu, u32 ctx, u64 va, const u64 *addrs, u32 n,
		     u64 page_bytes, u32 prot)
{
	struct tessera_extent *x = vgpu->dma.extents;
	u32 i, used = 0;
	u64 phys;
	int ret;

	lockdep_assert_held(&vgpu->lock);
	for (i = 0; i < n; i++) {
		ret = tessera_vram_translate(vgpu, addrs[i], page_bytes, &phys);
		if (ret)
			return ret;
		used = tessera_extent_append(x, used, phys, page_bytes);
	}
	return tessera_map_extents(vgpu, ctx, va, x, used, prot | TESSERA_HW_VRAM);
}

/* In words: memset_io() may go byte by byte, and 256 MiB of those take a while. */
static void tessera_vram_zero(void __iomem *at, u64 bytes)
{
	u64 off;

	for (off = 0; off < bytes; off += sizeof(u64))
		__raw_writeq(0, at + off);
}

/**
 * tessera_vram_clear() - zero a vGPU's part of the device memory
 * @vgpu: nobody else uses it
 *
 * Context: may sleep.
 */
void tessera_vram_clear(struct tessera_vgpu *vgpu)
{
	void __iomem *vram = vgpu->accel->hw->vram + vgpu->part.vram_base;
	u64 at, step = SZ_1M;

	down_read(&vgpu->accel->bar_sem);
	for (at = 0; at < vgpu->part.vram_bytes; at += step) {
		tessera_vram_zero(vram + at, min(step, vgpu->part.vram_bytes - at));
		cond_resched();
	}
	wmb();	/* out of the write-combining buffers before anyone else looks */
	up_read(&vgpu->accel->bar_sem);
}
