/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * frames.h - pages of the host that are mapped for DMA
 */
#ifndef TESSERA_VGPU_FRAMES_H
#define TESSERA_VGPU_FRAMES_H

#include <linux/types.h>
#include "tessera.h"

struct page;

int tessera_frames_module_init(void);
void tessera_frames_module_exit(void);
int tessera_frames_get(struct tessera_accel *accel, struct page *const *pages, u32 n,
		       dma_addr_t *dma);
void tessera_frames_put(struct tessera_accel *accel, const unsigned long *pfns, u32 n);

#endif /* TESSERA_VGPU_FRAMES_H */
