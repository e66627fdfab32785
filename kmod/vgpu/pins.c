// SPDX-License-Identifier: GPL-2.0-only
/*
 * pins.c - guest pages that are pinned and mapped for DMA, each once
 *
 * A page has as many users as there are mappings of it. The first pins it and maps it for DMA, the
 * last takes it out of the IOMMU and hands it to unpin.c.
 *
 * VFIO is called without dma.lock, so a command comes in three steps:
 *
 *   tessera_pins_begin()   finds out which of its pages have no users, and pins those
 *   tessera_pins_enter()   under dma.lock: makes it a user of all of them
 *   tessera_pins_end()     unpins what was not entered
 *
 * When VFIO takes memory away in between, it may be a page of the command's: it must not enter
 * then, and begins again. For a while nothing of that memory is pinned: see hold.c.
 */
#include <linux/iommu.h>
#include <linux/slab.h>
#include <linux/vfio.h>
#include "accel/inject.h"
#include "vgpu/frames.h"
#include "vgpu/pins.h"
#include "vgpu/unpin.h"
#include "vgpu/vgpu.h"

#define HOLD_TRIES	3

/* Neighbours come together: @last is the block that was used before. */
static struct tessera_pin_block *tessera_pins_find(struct tessera_pins *pins,
						   struct tessera_pin_block *last,
						   unsigned long gpn)
{
	unsigned long index = gpn / TESSERA_PIN_BLOCK;

	return last && last->index == index ? last : xa_load(&pins->blocks, index);
}

static struct tessera_pin_block *tessera_pins_new(struct tessera_vgpu *vgpu, unsigned long gpn)
{
	struct tessera_pin_block *block = tessera_unpin_new_block(gpn / TESSERA_PIN_BLOCK);

	if (!block)
		return NULL;
	if (!xa_err(xa_store(&vgpu->dma.pins.blocks, block->index, block, GFP_KERNEL)))
		return block;
	tessera_unpin_add(vgpu, block, 0, true);
	return NULL;
}

/* Have pages of a block unpinned, and free it if there is nothing more in it. */
static void tessera_pins_release(struct tessera_vgpu *vgpu, struct tessera_pin_block *block,
				 u64 unpin)
{
	bool gone = !block->in_use && !block->fresh;

	if (gone)
		xa_erase(&vgpu->dma.pins.blocks, block->index);
	if (gone || unpin)
		tessera_unpin_add(vgpu, block, unpin, gone);
}

/* ------------------------------------------------------------- pinning -- */

/* The next pages from @at on that the command pins and that follow each other: how many. */
static u32 tessera_pins_span(const struct tessera_pins *pins, u32 *at)
{
	u32 i = find_next_bit(pins->fresh, pins->num, *at), n;

	*at = i;
	if (i >= pins->num)
		return 0;
	for (n = 1; i + n < pins->num && test_bit(i + n, pins->fresh); n++) {
		if (pins->iovas[i + n] != pins->iovas[i] + (u64)n * PAGE_SIZE)
			break;
	}
	return n;
}

/* Unpin those below @end again, which nobody knows yet. */
static void tessera_pins_cancel(struct tessera_vgpu *vgpu, u32 end)
{
	struct tessera_pins *pins = &vgpu->dma.pins;
	u32 at, n;

	for (at = 0; (n = tessera_pins_span(pins, &at)) && at < end; at += n)
		vfio_unpin_pages(&vgpu->vdev, pins->iovas[at], n);
}

static int tessera_pins_pin(struct tessera_vgpu *vgpu, int prot)
{
	struct tessera_pins *pins = &vgpu->dma.pins;
	u32 at, n;
	int ret;

	for (at = 0; (n = tessera_pins_span(pins, &at)); at += n) {
		ret = tessera_inject_fault() ? -ENOMEM :
		      vfio_pin_pages(&vgpu->vdev, pins->iovas[at], n, prot, pins->pages + at);
		if (ret != n) {
			/* VFIO's own calls pin all, or none */
			tessera_pins_cancel(vgpu, at);
			return ret < 0 ? ret : -EFAULT;
		}
		cond_resched();
	}
	return 0;
}

/*
 * The guest may write to a page that it gave for reading only: so pin it for writing, lest the
 * write go to a copy. Memory that is read-only for the guest too is pinned as such.
 */
static int tessera_pins_pin_fresh(struct tessera_vgpu *vgpu, bool write)
{
	struct tessera_pins *pins = &vgpu->dma.pins;
	u64 total = READ_ONCE(pins->pinned) + bitmap_weight(pins->fresh, pins->num);
	int ret;

	/* VFIO has a line in the log for every time: so a guest that tries and tries is refused. */
	if (total >= pins->short_of && time_before(jiffies, pins->short_until))
		return -ENOSPC;
	ret = tessera_pins_pin(vgpu, IOMMU_READ | IOMMU_WRITE);
	if (ret == -EPERM && !write)
		ret = tessera_pins_pin(vgpu, IOMMU_READ);
	if (!ret)
		return 0;
	if (ret != -ENOMEM)
		return -EFAULT;
	pins->short_of = total;
	pins->short_until = jiffies + HZ;
	tessera_vgpu_notice(vgpu,
			    "Guest memory cannot be pinned: RLIMIT_MEMLOCK of the vGPU's user allows no more, or memory is short.\n");
	return -ENOSPC;
}

/*
 * Wait while VFIO takes any of the pages away. False if it lasts, or the owner ends. dma.lock is
 * held if true.
 */
static bool tessera_pins_wait_hold(struct tessera_vgpu *vgpu, u32 n)
{
	struct tessera_pins *pins = &vgpu->dma.pins;
	unsigned int tries;
	long left;

	for (tries = 0; tries < HOLD_TRIES; tries++) {
		mutex_lock(&vgpu->dma.lock);
		left = tessera_hold_left(&pins->hold, pins->iovas, n);
		if (!left) {
			pins->num = n;
			return true;
		}
		mutex_unlock(&vgpu->dma.lock);
		schedule_timeout_killable(left);
	}
	return false;
}

/* Mark the pages that have no users. In a list that names a page twice, it is marked once. */
static int tessera_pins_mark_fresh(struct tessera_vgpu *vgpu)
{
	struct tessera_pins *pins = &vgpu->dma.pins;
	struct tessera_pin_block *block = NULL;
	unsigned long gpn;
	u32 i, k;

	bitmap_zero(pins->fresh, pins->num);
	for (i = 0; i < pins->num; i++) {
		gpn = PHYS_PFN(pins->iovas[i]);
		k = gpn % TESSERA_PIN_BLOCK;
		block = tessera_pins_find(pins, block, gpn) ?: tessera_pins_new(vgpu, gpn);
		if (!block)
			return -ENOMEM;
		if (block->users[k] || block->fresh & BIT_ULL(k))
			continue;
		block->fresh |= BIT_ULL(k);
		__set_bit(i, pins->fresh);
	}
	return 0;
}

/**
 * tessera_pins_begin() - pin the pages of a command that have no users yet
 * @vgpu: the vGPU, with its lock held; the guest addresses are in dma.pins.iovas
 * @n: how many they are, at most TESSERA_MAX_EXTENTS
 * @write: the command needs to write to them
 *
 * tessera_pins_end() follows, unless it failed.
 *
 * Context: may sleep; dma.lock is not held.
 * Return: 0; -ENOMEM if memory is short, -ENOSPC beyond the user's limit, as far as that can be
 * told from the other, -EFAULT for memory that the guest does not have.
 */
int tessera_pins_begin(struct tessera_vgpu *vgpu, u32 n, bool write)
{
	struct tessera_pins *pins = &vgpu->dma.pins;
	int ret;

	lockdep_assert_held(&vgpu->lock);
	if (!tessera_pins_wait_hold(vgpu, n))
		return -EFAULT;
	ret = tessera_pins_mark_fresh(vgpu);
	mutex_unlock(&vgpu->dma.lock);
	if (!ret)
		ret = tessera_pins_pin_fresh(vgpu, write);
	if (ret) {
		pins->entered = true;	/* so there is nothing to cancel */
		tessera_pins_end(vgpu);
	}
	return ret;
}

/*
 * VFIO has taken away some of the pages since they were looked at: of those that the command pins,
 * or of others. The others may have gone with the rest of a 2 MiB page.
 */
static bool tessera_pins_lost(struct tessera_pins *pins)
{
	struct tessera_pin_block *block = NULL;
	u32 i, k;

	if (pins->hit)
		return true;
	for (i = 0; i < pins->num; i++) {
		k = PHYS_PFN(pins->iovas[i]) % TESSERA_PIN_BLOCK;
		block = tessera_pins_find(pins, block, PHYS_PFN(pins->iovas[i]));
		if (!block || (!block->users[k] && !(block->fresh & BIT_ULL(k))))
			return true;
	}
	return false;
}

/**
 * tessera_pins_enter() - become a user of all pages of a command
 * @vgpu: the vGPU, with its lock and dma.lock held
 * @x: gets where they are, in order; room for TESSERA_MAX_EXTENTS
 *
 * Context: may sleep.
 * Return: the number of extents; -EAGAIN if VFIO has taken some of them away meanwhile, -ENOMEM if
 * memory or bus addresses are short.
 */
int tessera_pins_enter(struct tessera_vgpu *vgpu, struct tessera_extent *x)
{
	struct tessera_pins *pins = &vgpu->dma.pins;
	struct tessera_pin_block *block = NULL;
	u32 i, k, n = 0;

	lockdep_assert_held(&vgpu->dma.lock);
	if (tessera_pins_lost(pins))
		return -EAGAIN;
	for (i = 0; (k = tessera_pins_span(pins, &i)); i += k) {
		if (tessera_frames_get(vgpu->accel, pins->pages + i, k, pins->dma + i))
			goto err_frames;
	}
	for (i = 0; i < pins->num; i++) {
		k = PHYS_PFN(pins->iovas[i]) % TESSERA_PIN_BLOCK;
		block = tessera_pins_find(pins, block, PHYS_PFN(pins->iovas[i]));
		if (test_bit(i, pins->fresh)) {
			block->pfn[k] = page_to_pfn(pins->pages[i]);
			block->dma[k] = pins->dma[i];
		}
	}
	block = NULL;
	for (i = 0; i < pins->num; i++) {
		k = PHYS_PFN(pins->iovas[i]) % TESSERA_PIN_BLOCK;
		block = tessera_pins_find(pins, block, PHYS_PFN(pins->iovas[i]));
		if (!block->users[k]++) {
			block->in_use++;
			WRITE_ONCE(pins->pinned, pins->pinned + 1);
		}
		n = tessera_extent_append(x, n, block->dma[k], PAGE_SIZE);
	}
	pins->entered = true;
	return n;

err_frames:
	while (i--) {
		unsigned long pfn;

		if (!test_bit(i, pins->fresh))
			continue;
		pfn = page_to_pfn(pins->pages[i]);
		tessera_frames_put(vgpu->accel, &pfn, 1);
	}
	return -ENOMEM;
}

/**
 * tessera_pins_end() - end what tessera_pins_begin() has begun
 * @vgpu: the vGPU, with its lock held
 *
 * Pages that were not entered are unpinned.
 *
 * Context: may sleep; dma.lock is not held.
 */
void tessera_pins_end(struct tessera_vgpu *vgpu)
{
	struct tessera_pins *pins = &vgpu->dma.pins;
	struct tessera_pin_block *block = NULL;
	unsigned long gpn;
	u32 i;

	lockdep_assert_held(&vgpu->lock);
	if (!pins->entered)
		tessera_pins_cancel(vgpu, pins->num);
	mutex_lock(&vgpu->dma.lock);
	for_each_set_bit(i, pins->fresh, pins->num) {
		gpn = PHYS_PFN(pins->iovas[i]);
		block = tessera_pins_find(pins, block, gpn);
		block->fresh &= ~BIT_ULL(gpn % TESSERA_PIN_BLOCK);
		if (block->fresh)
			continue;
		tessera_pins_release(vgpu, block, 0);
		block = NULL;
	}
	if (pins->hit)
		tessera_unpin_done(vgpu, pins->hit_batch);
	pins->hit = false;
	pins->entered = false;
	pins->num = 0;
	mutex_unlock(&vgpu->dma.lock);
}

/* ----------------------------------------------------------- releasing -- */

static void tessera_pins_put_frames(struct tessera_vgpu *vgpu,
				    const struct tessera_pin_block *block, u64 pages)
{
	u32 first, n;

	while (pages) {
		n = tessera_pin_block_span(&pages, &first);
		tessera_frames_put(vgpu->accel, block->pfn + first, n);
	}
}

/**
 * tessera_pins_put() - stop being a user of pages that follow each other
 * @vgpu: the vGPU, with dma.lock held
 * @gpn: guest page number of the first
 * @n: how many
 *
 * Hardware does not reach them any more by the mapping that was their user. tessera_unpin_run() or
 * tessera_unpin_wait() follows, after dma.lock was released.
 *
 * Context: may sleep.
 */
void tessera_pins_put(struct tessera_vgpu *vgpu, unsigned long gpn, u32 n)
{
	struct tessera_pins *pins = &vgpu->dma.pins;
	struct tessera_pin_block *block;
	u32 first, end, k;
	u64 pages;

	lockdep_assert_held(&vgpu->dma.lock);
	for (; n; gpn += end - first, n -= end - first) {
		first = gpn % TESSERA_PIN_BLOCK;
		end = min(first + n, TESSERA_PIN_BLOCK);
		block = tessera_pins_find(pins, NULL, gpn);
		pages = 0;
		for (k = first; k < end; k++) {
			if (--block->users[k])
				continue;
			block->in_use--;
			WRITE_ONCE(pins->pinned, pins->pinned - 1);
			pages |= BIT_ULL(k);
		}
		tessera_pins_put_frames(vgpu, block, pages);
		tessera_pins_release(vgpu, block, pages);
	}
}

/**
 * tessera_pins_hold() - pin nothing in a range for a while, and tell the command at work
 * @vgpu: the vGPU, with dma.lock held
 * @first: first guest page number ...
 * @last: ... and last
 *
 * Context: dma.lock is held.
 */
void tessera_pins_hold(struct tessera_vgpu *vgpu, unsigned long first, unsigned long last)
{
	struct tessera_pins *pins = &vgpu->dma.pins;

	lockdep_assert_held(&vgpu->dma.lock);
	tessera_hold_call(&pins->hold, first, last);
	if (!pins->hit && tessera_hold_any(pins->iovas, pins->num, first, last)) {
		pins->hit = true;
		pins->hit_batch = tessera_unpin_expect(vgpu);
	}
}

/* ---------------------------------------------------------------- life -- */

/**
 * tessera_pins_forget() - forget what an owner's memory has to wait for: the next one has its own
 * @vgpu: the vGPU, closed: nothing is pinned, and its worker is gone
 *
 * An unmapping may still be under way in VFIO, and the next owner use the same container. Before
 * that one can pin anything VFIO takes the lock twice for it that the unmapping waits for.
 *
 * Context: may sleep; takes dma.lock.
 */
void tessera_pins_forget(struct tessera_vgpu *vgpu)
{
	struct tessera_pins *pins = &vgpu->dma.pins;

	mutex_lock(&vgpu->dma.lock);
	tessera_hold_init(&pins->hold);
	mutex_unlock(&vgpu->dma.lock);
	pins->short_until = jiffies;
}

/**
 * tessera_pins_init() - prepare for a vGPU that has nothing pinned
 * @vgpu: the vGPU
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM; tessera_pins_fini() is to be called in either case.
 */
int tessera_pins_init(struct tessera_vgpu *vgpu)
{
	struct tessera_pins *pins = &vgpu->dma.pins;

	xa_init_flags(&pins->blocks, XA_FLAGS_ACCOUNT);
	tessera_hold_init(&pins->hold);
	pins->short_until = jiffies;
	pins->iovas = kcalloc(TESSERA_MAX_EXTENTS, sizeof(*pins->iovas), GFP_KERNEL);
	pins->pages = kcalloc(TESSERA_MAX_EXTENTS, sizeof(*pins->pages), GFP_KERNEL);
	pins->dma = kcalloc(TESSERA_MAX_EXTENTS, sizeof(*pins->dma), GFP_KERNEL);
	return pins->iovas && pins->pages && pins->dma ? 0 : -ENOMEM;
}

/**
 * tessera_pins_fini() - undo tessera_pins_init()
 * @vgpu: the vGPU, all of whose contexts are gone
 *
 * Context: may sleep; nobody else uses the vGPU.
 */
void tessera_pins_fini(struct tessera_vgpu *vgpu)
{
	struct tessera_pins *pins = &vgpu->dma.pins;

	xa_destroy(&pins->blocks);
	kfree(pins->dma);
	kfree(pins->pages);
	kfree(pins->iovas);
}
