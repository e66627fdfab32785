/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dma.h - guest memory that the accelerator can reach
 */
#ifndef TESSERA_VGPU_DMA_H
#define TESSERA_VGPU_DMA_H

#include <linux/list.h>
#include <linux/mutex.h>
#include "tessera.h"
#include "accel/hw.h"
#include "vgpu/pins.h"
#include "vgpu/runs.h"
#include "vgpu/state.h"
#include "vgpu/unpin.h"

#define TESSERA_HUGE_PAGE_SIZE	(2u << 20)

/**
 * struct tessera_vgpu_dma - a vGPU's mappings of guest memory
 * @lock: protects @runs and @pins; never held over VFIO calls
 * @runs: what is mapped where
 * @pins: the pages that are pinned for it
 * @unpin: those that are to be unpinned
 * @extents: extents of the mapping at work; under vgpu->lock
 * @unwanted: how many wait for vgpu->lock to undo what is mapped
 */
struct tessera_vgpu_dma {
	struct mutex lock;		/* see above */
	struct tessera_runs runs;
	struct tessera_pins pins;
	struct tessera_unpin unpin;
	struct tessera_extent *extents;
	atomic_t unwanted;
};

int tessera_dma_module_init(void);
void tessera_dma_module_exit(void);
int tessera_dma_init(struct tessera_vgpu *vgpu);
void tessera_dma_fini(struct tessera_vgpu *vgpu);
int tessera_dma_rw(struct tessera_vgpu *vgpu, u64 iova, void *buf, size_t len, bool write);
int tessera_dma_map(struct tessera_vgpu *vgpu, u32 ctx, u64 va, u64 *addrs, u32 n, bool huge,
		    u32 prot);
int tessera_dma_unmap(struct tessera_vgpu *vgpu, u32 ctx, u64 va, u64 bytes);
void tessera_dma_drop_ctx(struct tessera_vgpu *vgpu, u32 ctx);
struct tessera_mapping *tessera_dma_get_runs(struct tessera_vgpu *vgpu, u32 *num);
void tessera_dma_close(struct tessera_vgpu *vgpu);
void tessera_dma_put_list(struct tessera_vgpu *vgpu, struct list_head *list);

#endif /* TESSERA_VGPU_DMA_H */
