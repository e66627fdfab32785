// SPDX-License-Identifier: GPL-2.0-only
/*
 * frames.c - pages of the host that are mapped for DMA, each once
 *
 * Guests may map a page as often as they like, in several vGPUs too, but the DMA API allows few
 * mappings of one page at a time: so a host page is mapped for DMA once, and its users are
 * counted.
 */
#include <linux/dma-mapping.h>
#include <linux/slab.h>
#include "accel/accel.h"
#include "vgpu/frames.h"

static struct kmem_cache *tessera_frame_cache;

/**
 * tessera_frame_module_init() - prepare at module load
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int tessera_frame_module_init(void)
{
	tessera_frame_cache = KMEM_CACHE(tessera_frame, 0);
	return tessera_frame_cache ? 0 : -ENOMEM;
}

/**
 * tessera_frame_module_exit() - undo tessera_frame_module_init()
 *
 * Context: may sleep; no frame is left.
 */
void tessera_frame_module_exit(void)
{
	kmem_cache_destroy(tessera_frame_cache);
}

/* Other mappings of the page are not ours: cache lines are not synchronised for them. */
static struct tessera_frame *tessera_frame_new(struct tessera_accel *accel, struct page *page)
{
	struct device *dev = &accel->pdev->dev;
	struct tessera_frame *frame;

	frame = kmem_cache_alloc(tessera_frame_cache, GFP_KERNEL);
	if (!frame)
		return NULL;
	frame->pfn = page_to_pfn(page);
	frame->users = 0;
	frame->dma = dma_map_page_attrs(dev, page, 0, PAGE_SIZE, DMA_BIDIRECTIONAL,
					DMA_ATTR_SKIP_CPU_SYNC);
	if (dma_mapping_error(dev, frame->dma))
		goto err_free;
	if (xa_err(xa_store(&accel->frames, frame->pfn, frame, GFP_KERNEL)))
		goto err_unmap;
	return frame;

err_unmap:
	dma_unmap_page_attrs(dev, frame->dma, PAGE_SIZE, DMA_BIDIRECTIONAL,
			     DMA_ATTR_SKIP_CPU_SYNC);
err_free:
	kmem_cache_free(tessera_frame_cache, frame);
	return NULL;
}

/**
 * tessera_frame_get() - map a page for DMA, or count another user of it
 * @accel: the accelerator
 * @page: the page, pinned as long as the frame is used
 *
 * Context: may sleep.
 * Return: the frame, or NULL if memory or bus addresses are short.
 */
struct tessera_frame *tessera_frame_get(struct tessera_accel *accel, struct page *page)
{
	struct tessera_frame *frame;

	mutex_lock(&accel->frames_lock);
	frame = xa_load(&accel->frames, page_to_pfn(page));
	if (!frame)
		frame = tessera_frame_new(accel, page);
	if (frame)
		frame->users++;
	mutex_unlock(&accel->frames_lock);
	return frame;
}

/**
 * tessera_frame_put() - give up a frame; the last user's takes the mapping away
 * @accel: the accelerator
 * @frame: what tessera_frame_get() returned; hardware does not reach it any more
 *
 * Context: may sleep.
 */
void tessera_frame_put(struct tessera_accel *accel, struct tessera_frame *frame)
{
	mutex_lock(&accel->frames_lock);
	if (!--frame->users) {
		xa_erase(&accel->frames, frame->pfn);
		dma_unmap_page_attrs(&accel->pdev->dev, frame->dma, PAGE_SIZE,
				     DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC);
		kmem_cache_free(tessera_frame_cache, frame);
	}
	mutex_unlock(&accel->frames_lock);
}
