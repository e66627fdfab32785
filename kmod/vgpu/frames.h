/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * frames.h - pages of the host that are mapped for DMA
 */
#ifndef TESSERA_VGPU_FRAMES_H
#define TESSERA_VGPU_FRAMES_H

#include <linux/types.h>
#include "tessera.h"

struct page;

/**
 * struct tessera_frame - a page of the host, mapped for DMA
 * @dma: bus address
 * @pfn: host page number
 * @users: pages of guests that stand for it
 */
struct tessera_frame {
	dma_addr_t dma;
	unsigned long pfn;
	unsigned long users;
};

int tessera_frame_module_init(void);
void tessera_frame_module_exit(void);
struct tessera_frame *tessera_frame_get(struct tessera_accel *accel, struct page *page);
void tessera_frame_put(struct tessera_accel *accel, struct tessera_frame *frame);

#endif /* TESSERA_VGPU_FRAMES_H */
