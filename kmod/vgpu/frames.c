// SPDX-License-Identifier: GPL-2.0-only
/*
 * frames.c - pages of the host that are mapped for DMA, each once
 *
 * A process can have a page of its own at many guest addresses, and in several vGPUs. The DMA API
 * warns of more than eight mappings of one page (CONFIG_DMA_API_DEBUG), so a host page is mapped
 * for DMA once, and its users are counted.
 *
 * Pages are mapped one by one, neighbours too: they are released one by one, and a mapping can only
 * be undone as a whole. What else there is to do for a page is shared by 64 of them.
 *
 * All vGPUs share the groups, and their lock. Memory for a group is its owner's affair, who may
 * have to wait long for it, as over a cgroup's memory.high: so it is allocated without the lock.
 */
#include <linux/dma-mapping.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include "accel/accel.h"
#include "accel/inject.h"
#include "vgpu/frames.h"

#define FRAMES		64u	/* in a group */

/**
 * struct tessera_frames - neighbouring pages of the host, aligned to FRAMES
 * @node: in accel->frames
 * @first: host page number of the first
 * @in_use: how many of them are mapped for DMA
 * @users: pages of guests that stand for each
 * @dma: bus address of each that is mapped
 */
struct tessera_frames {
	struct rb_node node;
	unsigned long first;
	u32 in_use;
	u32 users[FRAMES];
	dma_addr_t dma[FRAMES];
};

static struct kmem_cache *tessera_frames_cache;

/**
 * tessera_frames_module_init() - prepare at module load
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int tessera_frames_module_init(void)
{
	tessera_frames_cache = KMEM_CACHE(tessera_frames, SLAB_ACCOUNT);
	return tessera_frames_cache ? 0 : -ENOMEM;
}

/**
 * tessera_frames_module_exit() - undo tessera_frames_module_init()
 *
 * Context: may sleep; no frame is left.
 */
void tessera_frames_module_exit(void)
{
	kmem_cache_destroy(tessera_frames_cache);
}

static int tessera_frames_compare(const void *key, const struct rb_node *node)
{
	const struct tessera_frames *f = rb_entry(node, struct tessera_frames, node);
	unsigned long first = round_down(*(const unsigned long *)key, FRAMES);

	return first < f->first ? -1 : first > f->first;
}

static bool tessera_frames_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct tessera_frames, node)->first <
	       rb_entry(b, struct tessera_frames, node)->first;
}

/* The group of a page. @last is the one that was used before: neighbours come together. */
static struct tessera_frames *tessera_frames_find(struct tessera_accel *accel,
						  struct tessera_frames *last, unsigned long pfn)
{
	struct rb_node *node;

	if (last && last->first == round_down(pfn, FRAMES))
		return last;
	node = rb_find(&pfn, &accel->frames, tessera_frames_compare);
	return rb_entry_safe(node, struct tessera_frames, node);
}

/* Have @spare be the group of a page, if there is one. */
static struct tessera_frames *tessera_frames_new(struct tessera_accel *accel,
						 struct tessera_frames **spare, unsigned long pfn)
{
	struct tessera_frames *f = *spare;

	if (!f)
		return NULL;
	*spare = NULL;
	f->first = round_down(pfn, FRAMES);
	rb_add(&f->node, &accel->frames, tessera_frames_less);
	return f;
}

static void tessera_frames_drop_unused(struct tessera_accel *accel, struct tessera_frames *f)
{
	if (f->in_use)
		return;
	rb_erase(&f->node, &accel->frames);
	kmem_cache_free(tessera_frames_cache, f);
}

/*
 * Map pages until bus addresses or the spare group are used up: how many are mapped. Other
 * mappings of the pages are not ours: cache lines are not synchronised for them.
 */
static u32 tessera_frames_map(struct tessera_accel *accel, struct page *const *pages, u32 n,
			      dma_addr_t *dma, struct tessera_frames **spare)
{
	struct device *dev = &accel->pdev->dev;
	struct tessera_frames *f = NULL;
	unsigned long pfn;
	u32 i, k;

	lockdep_assert_held(&accel->frames_lock);
	for (i = 0; i < n; i++) {
		pfn = page_to_pfn(pages[i]);
		k = pfn % FRAMES;
		f = tessera_frames_find(accel, f, pfn) ?: tessera_frames_new(accel, spare, pfn);
		if (!f)
			return i;
		if (!f->users[k]) {
			f->dma[k] = tessera_inject_fault() ? DMA_MAPPING_ERROR :
				    dma_map_page_attrs(dev, pages[i], 0, PAGE_SIZE,
						       DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC);
			if (dma_mapping_error(dev, f->dma[k])) {
				tessera_frames_drop_unused(accel, f);
				return i;
			}
			f->in_use++;
		}
		f->users[k]++;
		dma[i] = f->dma[k];
	}
	return n;
}

static void tessera_frames_unmap(struct tessera_accel *accel, const unsigned long *pfns, u32 n)
{
	struct device *dev = &accel->pdev->dev;
	struct tessera_frames *f = NULL;
	u32 i, k;

	lockdep_assert_held(&accel->frames_lock);
	for (i = 0; i < n; i++) {
		k = pfns[i] % FRAMES;
		f = tessera_frames_find(accel, f, pfns[i]);
		if (--f->users[k])
			continue;
		dma_unmap_page_attrs(dev, f->dma[k], PAGE_SIZE, DMA_BIDIRECTIONAL,
				     DMA_ATTR_SKIP_CPU_SYNC);
		if (!--f->in_use) {
			tessera_frames_drop_unused(accel, f);
			f = NULL;
		}
	}
}

/**
 * tessera_frames_get() - map pages for DMA, or count another user of them
 * @accel: the accelerator
 * @pages: the pages, pinned until tessera_frames_put()
 * @n: how many
 * @dma: gets the bus address of each
 *
 * Takes effect whole or not at all.
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM if memory or bus addresses are short.
 */
int tessera_frames_get(struct tessera_accel *accel, struct page *const *pages, u32 n,
		       dma_addr_t *dma)
{
	struct tessera_frames *spare = NULL;
	u32 done = 0, part, got;
	unsigned long pfn;

	/* A part at a time: other vGPUs wait for the lock. */
	while (done < n) {
		part = min(n - done, FRAMES);
		spare = spare ?: kmem_cache_zalloc(tessera_frames_cache, GFP_KERNEL);
		if (!spare)
			break;
		mutex_lock(&accel->frames_lock);
		got = tessera_frames_map(accel, pages + done, part, dma + done, &spare);
		mutex_unlock(&accel->frames_lock);
		done += got;
		/* For want of a spare it stops later than at its first page, and with none left. */
		if (got < part && (spare || !got))
			break;
	}
	if (spare)
		kmem_cache_free(tessera_frames_cache, spare);
	if (done == n)
		return 0;
	while (done--) {
		pfn = page_to_pfn(pages[done]);
		tessera_frames_put(accel, &pfn, 1);
	}
	return -ENOMEM;
}

/**
 * tessera_frames_put() - give up pages; the last user's takes the mapping away
 * @accel: the accelerator
 * @pfns: host page numbers of what tessera_frames_get() has mapped, and hardware does not reach
 *        any more
 * @n: how many
 *
 * Context: may sleep.
 */
void tessera_frames_put(struct tessera_accel *accel, const unsigned long *pfns, u32 n)
{
	u32 done, part;

	for (done = 0; done < n; done += part) {
		part = min(n - done, FRAMES);
		mutex_lock(&accel->frames_lock);
		tessera_frames_unmap(accel, pfns + done, part);
		mutex_unlock(&accel->frames_lock);
	}
}
