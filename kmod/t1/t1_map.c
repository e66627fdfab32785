// SPDX-License-Identifier: GPL-2.0-only
/*
 * t1_map.c - MAP and UNMAP: from the T1's lists of pages to the mediator's mappings
 *
 * A list is copied out of guest memory once. What is checked here is what the hardware would
 * refuse; whose memory it is, vgpu/dma.c and vgpu/vram.c find out.
 */
#include "t1/t1.h"
#include "vgpu/vram.h"

static u64 t1_map_page_bytes(u32 flags)
{
	return flags & T1_MAP_HUGE ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE;
}

static bool t1_map_range_ok(const struct t1_admin_cmd *cmd, u32 flags)
{
	u64 size = t1_map_page_bytes(flags);
	u64 va = le64_to_cpu(cmd->map.va);
	u64 end, va_end = 1ull << T1_VA_BITS;
	u32 npages = le32_to_cpu(cmd->map.npages);

	return npages && !(va & (size - 1)) &&
	       !check_add_overflow(va, npages * size, &end) && end <= va_end &&
	       !cmd->map.rsvd2 && !cmd->map.rsvd3[0] && !cmd->map.rsvd3[1];
}

/* Copy the guest's list of addresses, or make one, and check each. */
static u16 t1_map_get_list(struct tessera_vgpu *vgpu, u32 flags, u32 npages, u64 list)
{
	__le64 *guest_list = to_t1_vgpu(vgpu)->guest_list;
	u64 size = t1_map_page_bytes(flags);
	u64 *addrs = to_t1_vgpu(vgpu)->addrs;
	u64 end;
	u32 i;

	if (flags & T1_MAP_CONTIG) {
		if (list & (size - 1))
			return T1_ST_INVALID_FIELD;
		if (check_add_overflow(list, npages * size, &end))
			return T1_ST_BAD_ADDRESS;
		for (i = 0; i < npages; i++)
			addrs[i] = list + i * size;
		return T1_ST_OK;
	}
	if (list & (T1_PAGE_SIZE - 1))
		return T1_ST_INVALID_FIELD;
	if (tessera_dma_rw(vgpu, list, guest_list, npages * sizeof(*guest_list), false))
		return T1_ST_BAD_ADDRESS;
	for (i = 0; i < npages; i++) {
		addrs[i] = le64_to_cpu(guest_list[i]);
		if (addrs[i] & (size - 1))
			return T1_ST_INVALID_FIELD;
		if (addrs[i] > U64_MAX - size)
			return T1_ST_BAD_ADDRESS;
	}
	return T1_ST_OK;
}

/**
 * t1_map() - serve a MAP command
 * @vgpu: the vGPU, with its lock held
 * @cmd: our copy of the command, whose context and flags have been checked
 *
 * Context: may sleep.
 * Return: T1_ST_* or an errno
 */
int t1_map(struct tessera_vgpu *vgpu, const struct t1_admin_cmd *cmd)
{
	u64 *addrs = to_t1_vgpu(vgpu)->addrs;
	u32 flags = le32_to_cpu(cmd->flags);
	u32 ctx = le32_to_cpu(cmd->ctx);
	u32 npages = le32_to_cpu(cmd->map.npages);
	u64 va = le64_to_cpu(cmd->map.va);
	bool huge = flags & T1_MAP_HUGE;
	u32 prot = 0;
	u16 status;
	int ret;

	if (!t1_map_range_ok(cmd, flags) || npages > T1_MAP_MAX_PAGES ||
	    !(flags & (T1_MAP_READ | T1_MAP_WRITE)))
		return T1_ST_INVALID_FIELD;
	if (!vgpu->state->ctx[ctx].live)
		return T1_ST_NOT_FOUND;
	status = t1_map_get_list(vgpu, flags, npages, le64_to_cpu(cmd->map.list));
	if (status)
		return status;

	if (flags & T1_MAP_READ)
		prot |= TESSERA_HW_READ;
	if (flags & T1_MAP_WRITE)
		prot |= TESSERA_HW_WRITE;
	if (flags & T1_MAP_VRAM)
		ret = tessera_vram_map(vgpu, ctx, va, addrs, npages, t1_map_page_bytes(flags),
				       huge ? prot | TESSERA_HW_WHOLE : prot);
	else
		ret = tessera_dma_map(vgpu, ctx, va, addrs, npages, huge, prot);
	if (!ret)
		atomic64_inc(&vgpu->stats.maps);
	return ret;
}

/**
 * t1_unmap() - serve an UNMAP command
 * @vgpu: the vGPU, with its lock held
 * @cmd: our copy of the command, whose context and flags have been checked
 *
 * Context: may sleep.
 * Return: T1_ST_* or an errno
 */
int t1_unmap(struct tessera_vgpu *vgpu, const struct t1_admin_cmd *cmd)
{
	u64 npages = le32_to_cpu(cmd->map.npages);
	u32 flags = le32_to_cpu(cmd->flags);
	u32 ctx = le32_to_cpu(cmd->ctx);
	int ret;

	if (!t1_map_range_ok(cmd, flags) || cmd->map.list)
		return T1_ST_INVALID_FIELD;
	if (!vgpu->state->ctx[ctx].live)
		return T1_ST_NOT_FOUND;
	ret = tessera_dma_unmap(vgpu, ctx, le64_to_cpu(cmd->map.va),
				npages * t1_map_page_bytes(flags));
	if (!ret)
		atomic64_inc(&vgpu->stats.unmaps);
	return ret;
}
