/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * map.h - extents into a vGPU's contexts in hardware
 */
#ifndef TESSERA_MAP_H
#define TESSERA_MAP_H

#include "accel/hw.h"

struct tessera_vgpu;

int tessera_map_extents(struct tessera_vgpu *vgpu, u32 ctx, u64 va, const struct tessera_extent *x,
			u32 n, u32 prot);

#endif
