/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dma.h - guest memory that the accelerator can reach
 */
#ifndef TESSERA_VGPU_DMA_H
#define TESSERA_VGPU_DMA_H

#include <linux/mutex.h>
#include <linux/vfio.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include "tessera.h"
#include "accel/hw.h"
#include "vgpu/state.h"

#define TESSERA_HUGE_PAGE_SIZE	(2u << 20)

/**
 * struct tessera_vgpu_dma - a vGPU's mappings of guest memory
 * @lock: protects everything here; never held over VFIO calls
 * @by_iova: struct tessera_page by guest page number, linked where there are several
 * @by_va: struct tessera_page of each context by virtual page number
 * @nr_pages: pages pinned, mapped for DMA, and in the two indexes
 * @unmap_seq: counts .dma_unmap calls
 * @hold_start: guest addresses that VFIO is taking away: first ...
 * @hold_last: ... and last byte
 * @hold_until: until when (jiffies) none of them is pinned again
 * @pinning: the worker may have pages pinned that are in no index yet
 * @idle_wait: woken when @pinning ends or @unpin_list has been worked off
 * @unpin_list: pages that hardware does not reach any more, to be unpinned by @unpin_work
 * @unpin_work: does that outside of VFIO's locks
 * @unpin_busy: @unpin_work has taken pages off the list and not finished with them
 * @iovas: guest addresses of one mapping at work; under vgpu->lock
 * @pages: its pages, likewise
 * @extents: its extents, likewise
 */
struct tessera_vgpu_dma {
	struct mutex lock;		/* see above */
	struct xarray by_iova;
	struct xarray by_va[TESSERA_MAX_CONTEXTS];
	u64 nr_pages;
	u64 unmap_seq;
	u64 hold_start, hold_last;
	unsigned long hold_until;
	bool pinning;
	wait_queue_head_t idle_wait;
	struct list_head unpin_list;
	struct work_struct unpin_work;
	bool unpin_busy;
	u64 *iovas;
	struct page **pages;
	struct tessera_extent *extents;
};

int tessera_dma_module_init(void);
void tessera_dma_module_exit(void);
int tessera_dma_init(struct tessera_vgpu *vgpu);
void tessera_dma_fini(struct tessera_vgpu *vgpu);
int tessera_dma_rw(struct tessera_vgpu *vgpu, u64 iova, void *buf, size_t len, bool write);
void tessera_dma_master_off(struct tessera_vgpu *vgpu);
int tessera_dma_map(struct tessera_vgpu *vgpu, u32 ctx, u64 va, u64 *addrs, u32 n, bool huge,
		    u32 prot);
int tessera_dma_unmap(struct tessera_vgpu *vgpu, u32 ctx, u64 va, u64 bytes);
void tessera_dma_drop_ctx(struct tessera_vgpu *vgpu, u32 ctx);
struct tessera_mapping *tessera_dma_get_runs(struct tessera_vgpu *vgpu, u32 *num);
void tessera_dma_flush(struct tessera_vgpu *vgpu);
void tessera_dma_revoke(struct vfio_device *vdev, u64 iova, u64 length);

#endif /* TESSERA_VGPU_DMA_H */
