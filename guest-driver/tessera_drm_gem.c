// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_drm_gem.c - buffer objects in VRAM and in system memory
 *
 * An object is zeroed and has all its memory from the start: VRAM is one piece; system memory is
 * a shmem object whose pages are allocated and mapped for the device at once, so that running out
 * of memory fails here and not in the middle of a job.
 *
 * PRIME: system memory is shared like any shmem object. VRAM has no struct pages and lies
 * in a BAR that other devices may not be able to reach, so only this device, which finds its
 * own object behind it, can import such a dma-buf; others get EOPNOTSUPP. A foreign dma-buf
 * is treated as system memory, and mapped by its exporter.
 *
 * Where DMA goes through bounce buffers, as in a guest whose memory is encrypted, neither the
 * device nor the CPU would see what the other has written to memory mapped for longer than a
 * transfer. There system memory is coherent memory instead: it belongs to this device, so it
 * is shared only as VRAM is, and foreign dma-bufs are refused.
 *
 * When the device has gone, what belonged to it can't be reached any more. Programs that have it
 * mapped must not die of that: they find pages of no meaning there.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/sched/signal.h>

#include <drm/drm_ioctl.h>
#include <drm/drm_print.h>
#include <drm/drm_utils.h>

#include "tessera_compat.h"
#include "tessera_drm_drv.h"

/* Keeps the allocation of one object's page pointers reasonable */
#define TDRM_BO_MAX_SIZE	(256ull << 30)

#ifdef TESSERA_HAVE_IMPORT_NS_WORD
MODULE_IMPORT_NS(DMA_BUF);
#else
MODULE_IMPORT_NS("DMA_BUF");
#endif

/* ------------------------------------------------ memory of the device -- */

/* Called when another device attaches to the dma-buf */
static int tdrm_private_pin(struct drm_gem_object *obj)
{
	return -EOPNOTSUPP;
}

static struct sg_table *tdrm_private_get_sg_table(struct drm_gem_object *obj)
{
	return ERR_PTR(-EOPNOTSUPP);
}

/* In place of what a device that has gone had: one page of the object's own for all of it */
static vm_fault_t tdrm_fault_dummy(struct vm_fault *vmf, struct tdrm_bo *bo)
{
	struct page *page = READ_ONCE(bo->dummy), *other;

	if (!page) {
		page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
		if (!page)
			return VM_FAULT_OOM;
		other = cmpxchg(&bo->dummy, NULL, page);
		if (other) {
			__free_page(page);
			page = other;
		}
	}
	return vmf_insert_pfn(vmf->vma, vmf->address, page_to_pfn(page));
}

static vm_fault_t tdrm_private_fault(struct vm_fault *vmf)
{
	struct drm_gem_object *obj = vmf->vma->vm_private_data;
	pgoff_t page = vmf->pgoff - drm_vma_node_start(&obj->vma_node);
	struct tdrm_device *tdev = to_tdrm(obj->dev);
	struct tdrm_bo *bo = to_tdrm_bo(obj);
	unsigned long pfn;
	vm_fault_t ret;
	int idx;

	if (page >= obj->size >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;
	if (!drm_dev_enter(obj->dev, &idx))
		return tdrm_fault_dummy(vmf, bo);
	if (bo->is_vram)
		pfn = PHYS_PFN(tdev->vram_start + bo->vram.start) + page;
	else
		pfn = page_to_pfn(bo->shmem.pages[page]);
	ret = vmf_insert_pfn(vmf->vma, vmf->address, pfn);
	drm_dev_exit(idx);
	return ret;
}

static const struct vm_operations_struct tdrm_private_vm_ops = {
	.fault = tdrm_private_fault,
	.open = drm_gem_vm_open,
	.close = drm_gem_vm_close,
};

/* The object's last mapping has gone */
static void tdrm_private_release(struct tdrm_bo *bo)
{
	if (bo->dummy)
		__free_page(bo->dummy);
	drm_gem_object_release(&bo->shmem.base);
	kfree(bo);
}

/* ---------------------------------------------------------------- VRAM -- */

static void tdrm_vram_free(struct drm_gem_object *obj)
{
	struct tdrm_device *tdev = to_tdrm(obj->dev);
	struct tdrm_bo *bo = to_tdrm_bo(obj);

	mutex_lock(&tdev->mem_lock);
	tdev->vram_free += bo->vram.size;
	drm_mm_remove_node(&bo->vram);
	mutex_unlock(&tdev->mem_lock);
	tdrm_give(bo->holder, TDRM_VRAM, obj->size);
	tdrm_holder_put(bo->holder);
	tdrm_private_release(bo);
}

static const struct drm_gem_object_funcs tdrm_vram_funcs = {
	.free = tdrm_vram_free,
	.pin = tdrm_private_pin,
	.get_sg_table = tdrm_private_get_sg_table,
	.vm_ops = &tdrm_private_vm_ops,
};

static struct drm_gem_object *tdrm_vram_create(struct tdrm_device *tdev,
					       struct tdrm_holder *holder, u64 size)
{
	struct tdrm_bo *bo;
	int ret;

	if (size > tdev->vram_bytes)
		return ERR_PTR(-ENOSPC);
	bo = kzalloc(sizeof(*bo), GFP_KERNEL_ACCOUNT);
	if (!bo)
		return ERR_PTR(-ENOMEM);
	bo->is_vram = true;
	bo->shmem.base.funcs = &tdrm_vram_funcs;
	ret = tdrm_take(holder, TDRM_VRAM, size);
	if (ret) {
		kfree(bo);
		return ERR_PTR(ret);
	}

	mutex_lock(&tdev->mem_lock);
	ret = drm_mm_insert_node_generic(&tdev->vram_mm, &bo->vram, size,
					 size >= SZ_2M ? SZ_2M : SZ_4K, 0, DRM_MM_INSERT_BEST);
	if (!ret)
		tdev->vram_free -= size;
	mutex_unlock(&tdev->mem_lock);
	if (ret) {
		tdrm_give(holder, TDRM_VRAM, size);
		kfree(bo);
		return ERR_PTR(ret);
	}
	bo->holder = tdrm_holder_ref(holder);

	drm_gem_private_object_init(&tdev->drm, &bo->shmem.base, size);
	ret = tdrm_clear(tdev, bo->vram.start, size);
	if (ret) {
		drm_gem_object_put(&bo->shmem.base);
		return ERR_PTR(ret);
	}
	return &bo->shmem.base;
}

/* ------------------------------------------------------- system memory -- */

/* Up to the first segment that has no page yet */
static void tdrm_coherent_free_pages(struct tdrm_device *tdev, struct sg_table *sgt)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_dma_sg(sgt, sg, i) {
		if (!sg_page(sg))
			break;
		dma_free_pages(tdev->drm.dev, PAGE_SIZE, sg_page(sg), sg_dma_address(sg),
			       DMA_BIDIRECTIONAL);
		cond_resched();
	}
}

/* Unmap an object from the device; coherent memory is freed */
static void tdrm_sysmem_unmap(struct tdrm_device *tdev, struct tdrm_bo *bo)
{
	lockdep_assert_held(&tdev->mem_lock);
	if (!bo->sgt || bo->shmem.base.import_attach)
		return;
	list_del(&bo->dma_link);
	if (bo->is_coherent)
		tdrm_coherent_free_pages(tdev, bo->sgt);
	else
		dma_unmap_sgtable(tdev->drm.dev, bo->sgt, DMA_BIDIRECTIONAL, 0);
	sg_free_table(bo->sgt);
	kfree(bo->sgt);
	bo->sgt = NULL;
}

static void tdrm_sysmem_free(struct drm_gem_object *obj)
{
	struct tdrm_device *tdev = to_tdrm(obj->dev);
	struct tdrm_bo *bo = to_tdrm_bo(obj);

	mutex_lock(&tdev->mem_lock);
	tdrm_sysmem_unmap(tdev, bo);
	mutex_unlock(&tdev->mem_lock);
	/* Balances the pin at creation; the pages are freed with the object */
	if (!obj->import_attach && bo->shmem.pages)
		drm_gem_shmem_unpin(&bo->shmem);
	drm_gem_shmem_free(&bo->shmem);
}

/* Pages are inserted by number, which the kernel forbids for copy-on-write mappings */
static bool tdrm_is_cow(struct vm_area_struct *vma)
{
	return (vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

/*
 * Not the shmem helper's handler: that counts pages from the start of the VMA, which is no
 * longer the start of the object after a partial munmap().
 */
static vm_fault_t tdrm_sysmem_fault(struct vm_fault *vmf)
{
	struct drm_gem_object *obj = vmf->vma->vm_private_data;
	struct tdrm_bo *bo = to_tdrm_bo(obj);
	pgoff_t page = vmf->pgoff - drm_vma_node_start(&obj->vma_node);

	if (page >= obj->size >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;
	return vmf_insert_pfn(vmf->vma, vmf->address, page_to_pfn(bo->shmem.pages[page]));
}

static const struct vm_operations_struct tdrm_sysmem_vm_ops = {
	.fault = tdrm_sysmem_fault,
	.open = drm_gem_vm_open,
	.close = drm_gem_vm_close,
};

static void tdrm_vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
#ifdef TESSERA_HAVE_VM_FLAGS_SET
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
#endif
}

/* The mapping becomes the exporter's, with its file and its operations */
static int tdrm_import_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	int ret;

	vma->vm_private_data = NULL;
	vma->vm_ops = NULL;
	/* Not every exporter sets it, and drm_gem_mmap() insists */
	tdrm_vm_flags_set(vma, VM_DONTEXPAND);
	ret = dma_buf_mmap(obj->dma_buf, vma, 0);
	/* On success drm_gem_mmap() leaves the mapping a reference, which it does not need */
	if (!ret)
		drm_gem_object_put(obj);
	return ret;
}

/* Used for mappings through a dma-buf as well. Pages are pinned for the object's life */
static int tdrm_sysmem_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	if (tdrm_is_cow(vma))
		return -EINVAL;
	if (obj->import_attach)
		return tdrm_import_mmap(obj, vma);
	tdrm_vm_flags_set(vma, VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	return 0;
}

/*
 * For an importing device. DRM's core does not pass on how long a segment that device can
 * take, so segments are kept to the default of the DMA API (dma_get_max_seg_size()), which
 * every device can take.
 */
static struct sg_table *tdrm_sysmem_get_sg_table(struct drm_gem_object *obj)
{
	struct sg_table *sgt = kzalloc(sizeof(*sgt), GFP_KERNEL);
	int ret;

	if (!sgt)
		return ERR_PTR(-ENOMEM);
	ret = sg_alloc_table_from_pages_segment(sgt, to_drm_gem_shmem_obj(obj)->pages,
						obj->size >> PAGE_SHIFT, 0, obj->size, SZ_64K,
						GFP_KERNEL);
	if (ret) {
		kfree(sgt);
		return ERR_PTR(ret);
	}
	return sgt;
}

static const struct drm_gem_object_funcs tdrm_sysmem_funcs = {
	.free = tdrm_sysmem_free,
	.print_info = drm_gem_shmem_object_print_info,
	.pin = drm_gem_shmem_object_pin,
	.unpin = drm_gem_shmem_object_unpin,
	.get_sg_table = tdrm_sysmem_get_sg_table,
	.vmap = drm_gem_shmem_object_vmap,
	.vunmap = drm_gem_shmem_object_vunmap,
	.mmap = tdrm_sysmem_mmap,
	.vm_ops = &tdrm_sysmem_vm_ops,
};

/**
 * tdrm_gem_create_object() - allocate an object for the shmem helper
 * @drm: device
 * @size: unused: the helper keeps it
 *
 * Context: may sleep.
 * Return: the GEM base of a struct tdrm_bo, or ERR_PTR(-ENOMEM).
 */
struct drm_gem_object *tdrm_gem_create_object(struct drm_device *drm, size_t size)
{
	struct tdrm_bo *bo = kzalloc(sizeof(*bo), GFP_KERNEL_ACCOUNT);

	if (!bo)
		return ERR_PTR(-ENOMEM);
	bo->shmem.base.funcs = &tdrm_sysmem_funcs;
	return &bo->shmem.base;
}

static struct drm_gem_object *tdrm_sysmem_create(struct tdrm_device *tdev, u64 size)
{
	struct drm_gem_shmem_object *shmem;
	struct sg_table *sgt;
	struct tdrm_bo *bo;
	int ret;

	if (size > min_t(u64, (u64)totalram_pages() << PAGE_SHIFT, TDRM_BO_MAX_SIZE))
		return ERR_PTR(-ENOMEM);
	shmem = drm_gem_shmem_create(&tdev->drm, size);
	/* So says shmem where it has no memory for an inode; here it means VRAM */
	if (shmem == ERR_PTR(-ENOSPC))
		return ERR_PTR(-ENOMEM);
	if (IS_ERR(shmem))
		return ERR_CAST(shmem);
	bo = to_tdrm_bo(&shmem->base);

	ret = drm_gem_shmem_pin(shmem);
	if (ret)
		goto put;
	sgt = drm_gem_shmem_get_sg_table(shmem);
	if (IS_ERR(sgt)) {
		ret = PTR_ERR(sgt);
		goto put;
	}
	ret = dma_map_sgtable(tdev->drm.dev, sgt, DMA_BIDIRECTIONAL, 0);
	if (ret) {
		sg_free_table(sgt);
		kfree(sgt);
		goto put;
	}
	mutex_lock(&tdev->mem_lock);
	bo->sgt = sgt;
	list_add(&bo->dma_link, &tdev->dma_bos);
	mutex_unlock(&tdev->mem_lock);
	return &shmem->base;

put:
	drm_gem_object_put(&shmem->base);
	return ERR_PTR(ret);
}

static void tdrm_coherent_free(struct drm_gem_object *obj)
{
	struct tdrm_device *tdev = to_tdrm(obj->dev);
	struct tdrm_bo *bo = to_tdrm_bo(obj);
	struct sg_table *sgt;

	mutex_lock(&tdev->mem_lock);
	sgt = bo->sgt;
	if (sgt)
		list_del(&bo->dma_link);
	mutex_unlock(&tdev->mem_lock);
	/* There may be many pages: nobody waits for the lock meanwhile */
	if (sgt) {
		tdrm_coherent_free_pages(tdev, sgt);
		sg_free_table(sgt);
		kfree(sgt);
	}
	kvfree(bo->shmem.pages);
	tdrm_private_release(bo);
}

static const struct drm_gem_object_funcs tdrm_coherent_funcs = {
	.free = tdrm_coherent_free,
	.pin = tdrm_private_pin,
	.get_sg_table = tdrm_private_get_sg_table,
	.vm_ops = &tdrm_private_vm_ops,
};

/* One page after the other, so that it need not be in one piece */
static struct sg_table *tdrm_coherent_alloc_pages(struct tdrm_device *tdev, struct page **pages,
						  u64 num)
{
	struct sg_table *sgt = kzalloc(sizeof(*sgt), GFP_KERNEL_ACCOUNT);
	struct scatterlist *sg;
	dma_addr_t addr;
	unsigned int i;
	int ret;

	if (!sgt)
		return ERR_PTR(-ENOMEM);
	ret = sg_alloc_table(sgt, num, GFP_KERNEL_ACCOUNT);
	if (ret)
		goto free_sgt;
	for_each_sgtable_sg(sgt, sg, i) {
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			goto free_pages;
		}
		pages[i] = dma_alloc_pages(tdev->drm.dev, PAGE_SIZE, &addr, DMA_BIDIRECTIONAL,
					   GFP_KERNEL_ACCOUNT | __GFP_ZERO);
		if (!pages[i]) {
			ret = -ENOMEM;
			goto free_pages;
		}
		sg_set_page(sg, pages[i], PAGE_SIZE, 0);
		sg_dma_address(sg) = addr;
		sg_dma_len(sg) = PAGE_SIZE;
		cond_resched();
	}
	return sgt;

free_pages:
	tdrm_coherent_free_pages(tdev, sgt);
	sg_free_table(sgt);
free_sgt:
	kfree(sgt);
	return ERR_PTR(ret);
}

static struct drm_gem_object *tdrm_coherent_create(struct tdrm_device *tdev, u64 size)
{
	struct sg_table *sgt;
	struct tdrm_bo *bo;
	int ret = -ENOMEM;

	if (size > min_t(u64, (u64)totalram_pages() << PAGE_SHIFT, TDRM_BO_MAX_SIZE))
		return ERR_PTR(-ENOMEM);
	bo = kzalloc(sizeof(*bo), GFP_KERNEL_ACCOUNT);
	if (!bo)
		return ERR_PTR(-ENOMEM);
	bo->is_coherent = true;
	bo->shmem.base.funcs = &tdrm_coherent_funcs;
	bo->shmem.pages = kvcalloc(size >> PAGE_SHIFT, sizeof(*bo->shmem.pages),
				   GFP_KERNEL_ACCOUNT);
	if (!bo->shmem.pages)
		goto free;
	sgt = tdrm_coherent_alloc_pages(tdev, bo->shmem.pages, size >> PAGE_SHIFT);
	if (IS_ERR(sgt)) {
		ret = PTR_ERR(sgt);
		goto free;
	}
	drm_gem_private_object_init(&tdev->drm, &bo->shmem.base, size);
	mutex_lock(&tdev->mem_lock);
	bo->sgt = sgt;
	list_add(&bo->dma_link, &tdev->dma_bos);
	mutex_unlock(&tdev->mem_lock);
	return &bo->shmem.base;

free:
	kvfree(bo->shmem.pages);
	kfree(bo);
	return ERR_PTR(ret);
}

/**
 * tdrm_gem_import_sg_table() - make an object of a foreign dma-buf
 * @drm: device
 * @attach: the device's attachment
 * @sgt: its memory
 *
 * Context: may sleep.
 * Return: the object, -ENOMEM, or -EOPNOTSUPP, with a line in the log, where DMA would go through
 * bounce buffers.
 */
struct drm_gem_object *tdrm_gem_import_sg_table(struct drm_device *drm,
						struct dma_buf_attachment *attach,
						struct sg_table *sgt)
{
	if (to_tdrm(drm)->bounces) {
		dev_notice_ratelimited(drm->dev,
				       "a dma-buf of %s is refused: DMA goes through bounce buffers\n",
				       attach->dmabuf->exp_name);
		return ERR_PTR(-EOPNOTSUPP);
	}
	return drm_gem_shmem_prime_import_sg_table(drm, attach, sgt);
}

/**
 * tdrm_gem_unmap_all() - unmap all system memory from a device that is being removed
 * @tdev: device, stopped; nothing new can be mapped
 *
 * Objects that are still open stay valid for the CPU.
 *
 * Context: may sleep; takes mem_lock.
 */
void tdrm_gem_unmap_all(struct tdrm_device *tdev)
{
	struct tdrm_bo *bo, *next;

	mutex_lock(&tdev->mem_lock);
	list_for_each_entry_safe(bo, next, &tdev->dma_bos, dma_link) {
		tdrm_sysmem_unmap(tdev, bo);
		cond_resched();
	}
	mutex_unlock(&tdev->mem_lock);
}

/* ---------------------------------------------------------------- mmap -- */

/*
 * The PRIME helper calls this, with the dma-buf's file in the VMA, to map memory of the device
 * through a dma-buf. Such a mapping would outlive the device, since drm_dev_unplug() finds only
 * the mappings of DRM files. So such memory can be mapped only by its handle.
 */
static int tdrm_mmap(struct file *filp, struct vm_area_struct *vma)
{
	if (vma->vm_file != filp)
		return -EOPNOTSUPP;
	if (tdrm_is_cow(vma))
		return -EINVAL;
	return drm_gem_mmap(filp, vma);
}

const struct file_operations tdrm_fops = {
	.owner = THIS_MODULE,
	.open = drm_open,
	.release = drm_release,
	.unlocked_ioctl = drm_ioctl,
	.compat_ioctl = drm_compat_ioctl,
	.poll = drm_poll,
	.read = drm_read,
	.llseek = noop_llseek,
	.mmap = tdrm_mmap,
	.show_fdinfo = tdrm_show_fdinfo,
#ifdef FOP_UNSIGNED_OFFSET
	.fop_flags = FOP_UNSIGNED_OFFSET,
#endif
};

/* -------------------------------------------------------------- ioctls -- */

/**
 * tdrm_ioctl_bo_create() - handle DRM_IOCTL_TESSERA_BO_CREATE
 * @drm: device
 * @data: struct drm_tessera_bo_create
 * @file: caller's
 *
 * Context: may sleep; takes mem_lock.
 * Return: 0; -EINVAL, -ENOSPC, -ENOMEM, -ENODEV; -EINTR if the caller is being killed; what
 * tdrm_clear() returned.
 */
int tdrm_ioctl_bo_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct tdrm_device *tdev = to_tdrm(drm);
	struct tdrm_file *tf = file->driver_priv;
	struct drm_tessera_bo_create *args = data;
	struct drm_gem_object *obj;
	u64 size;
	int idx, ret;

	if ((args->flags & ~DRM_TESSERA_BO_FLAGS) || !args->size ||
	    args->size > U64_MAX - T1_PAGE_SIZE)
		return -EINVAL;
	size = round_up(args->size, T1_PAGE_SIZE);

	if (!drm_dev_enter(drm, &idx))
		return -ENODEV;
	if (args->flags & DRM_TESSERA_BO_VRAM)
		obj = tdrm_vram_create(tdev, tf->holder, size);
	else if (tdev->bounces)
		obj = tdrm_coherent_create(tdev, size);
	else
		obj = tdrm_sysmem_create(tdev, size);
	drm_dev_exit(idx);
	if (IS_ERR(obj))
		return PTR_ERR(obj);

	ret = drm_gem_handle_create(file, obj, &args->handle);
	drm_gem_object_put(obj);
	if (!ret)
		args->size = size;
	return ret;
}

/**
 * tdrm_ioctl_bo_mmap_offset() - handle DRM_IOCTL_TESSERA_BO_MMAP_OFFSET
 * @drm: device
 * @data: struct drm_tessera_bo_mmap_offset
 * @file: caller's
 *
 * Context: may sleep.
 * Return: 0; -EINVAL, -ENOENT; -ENOSPC if no offset is free.
 */
int tdrm_ioctl_bo_mmap_offset(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_tessera_bo_mmap_offset *args = data;
	struct drm_gem_object *obj;
	int ret;

	if (args->pad)
		return -EINVAL;
	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;
	ret = drm_gem_create_mmap_offset(obj);
	if (!ret)
		args->offset = drm_vma_node_offset_addr(&obj->vma_node);
	drm_gem_object_put(obj);
	return ret;
}

/**
 * tdrm_ioctl_bo_wait() - handle DRM_IOCTL_TESSERA_BO_WAIT
 * @drm: device
 * @data: struct drm_tessera_bo_wait
 * @file: caller's
 *
 * Context: may sleep.
 * Return: 0; -EINVAL, -ENOENT; -EBUSY if in use and the timeout has passed already; -ETIME;
 * -ERESTARTSYS.
 */
int tdrm_ioctl_bo_wait(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_tessera_bo_wait *args = data;
	struct drm_gem_object *obj;
	long timeout, left;
	int ret = 0;

	if (args->pad)
		return -EINVAL;
	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;

	timeout = drm_timeout_abs_to_jiffies(args->timeout_ns);
	if (dma_resv_test_signaled(obj->resv, DMA_RESV_USAGE_READ)) {
		ret = 0;
	} else if (!timeout) {
		ret = -EBUSY;
	} else {
		left = dma_resv_wait_timeout(obj->resv, DMA_RESV_USAGE_READ, true, timeout);
		if (left < 0)
			ret = left;
		else if (!left)
			ret = -ETIME;
	}
	drm_gem_object_put(obj);
	return ret;
}
