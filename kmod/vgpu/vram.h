/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vram.h - a vGPU's part of the device memory
 */
#ifndef TESSERA_VGPU_VRAM_H
#define TESSERA_VGPU_VRAM_H

#include "tessera.h"

int tessera_vram_translate(const struct tessera_vgpu *vgpu, u64 addr, u64 bytes, u64 *phys);
int tessera_vram_map(struct tessera_vgpu *vgpu, u32 ctx, u64 va, const u64 *addrs, u32 n,
		     u64 page_bytes, u32 prot);
void tessera_vram_clear(struct tessera_vgpu *vgpu);

#endif /* TESSERA_VGPU_VRAM_H */
