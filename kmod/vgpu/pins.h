/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pins.h - guest pages that are pinned and mapped for DMA, each once
 */
#ifndef TESSERA_VGPU_PINS_H
#define TESSERA_VGPU_PINS_H

#include <linux/bitmap.h>
#include <linux/types.h>
#include <linux/xarray.h>
#include "accel/hw_types.h"
#include "tessera.h"
#include "vgpu/hold.h"

/**
 * struct tessera_pins - a vGPU's pinned pages, and those of the command at work
 * @blocks: struct tessera_pin_block by guest page number
 * @hold: what is not to be pinned for a while
 * @pinned: pages that have users
 * @short_of: as many could not be pinned ...
 * @short_until: ... and are not tried again until then (jiffies)
 * @num: pages of the command at work that are in @iovas; 0: there is none
 * @hit: VFIO has taken some of them away since
 * @hit_batch: the batch that waits for the command then
 * @entered: they have users
 * @iovas: their guest addresses; under vgpu->lock, like all below
 * @fresh: those that the command pins: the others are pinned already
 * @pages: what @fresh ones are pinned as
 * @dma: scratch: their bus addresses
 */
struct tessera_pins {
	struct xarray blocks;
	struct tessera_hold hold;
	u64 pinned;
	u64 short_of;
	unsigned long short_until;
	u32 num;
	bool hit;
	u8 hit_batch;
	bool entered;
	u64 *iovas;
	DECLARE_BITMAP(fresh, TESSERA_MAX_EXTENTS);
	struct page **pages;
	dma_addr_t *dma;
};

int tessera_pins_init(struct tessera_vgpu *vgpu);
void tessera_pins_fini(struct tessera_vgpu *vgpu);
int tessera_pins_begin(struct tessera_vgpu *vgpu, u32 n, bool write);
int tessera_pins_enter(struct tessera_vgpu *vgpu, struct tessera_extent *x);
void tessera_pins_end(struct tessera_vgpu *vgpu);
void tessera_pins_put(struct tessera_vgpu *vgpu, unsigned long gpn, u32 n);
void tessera_pins_forget(struct tessera_vgpu *vgpu);
void tessera_pins_hold(struct tessera_vgpu *vgpu, unsigned long first, unsigned long last);

#endif /* TESSERA_VGPU_PINS_H */
