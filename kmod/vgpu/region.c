// SPDX-License-Identifier: GPL-2.0-only
/*
 * region.c - the vGPU's BARs and config space as user space reaches them
 *
 * read() and write() of any size and alignment on every region, and mmap() of what needs no
 * check: the vGPU's own doorbell pages and its VRAM. Mappings fault in, so that they can
 * be taken away while the device is in reset, or while the guest has turned memory space off: then
 * BARs read as ones, and nothing is written.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "tessera_compat.h"
#include "vgpu/config.h"
#include "vgpu/region.h"
#include "vgpu/revoke.h"
#include "vgpu/vgpu.h"

#define REGION_OFFSET_MASK	((1ull << TESSERA_REGION_SHIFT) - 1)
#define FAULT_AROUND_PAGES	512ul	/* VRAM pages mapped at a fault */

static const struct tessera_region_desc *tessera_region_desc(const struct tessera_vgpu *vgpu,
							     unsigned int index)
{
	static const struct tessera_region_desc none;

	return index < TESSERA_NUM_BARS ? &tessera_vgpu_model(vgpu)->regions[index] : &none;
}

/**
 * tessera_region_size() - return the size of a VFIO region
 * @vgpu: the vGPU
 * @index: VFIO_PCI_*_REGION_INDEX
 *
 * Context: any.
 * Return: bytes; 0 where there is no such region.
 */
u64 tessera_region_size(const struct tessera_vgpu *vgpu, unsigned int index)
{
	if (index == VFIO_PCI_CONFIG_REGION_INDEX)
		return TESSERA_CONFIG_SIZE;
	return index < TESSERA_NUM_BARS ? tessera_vgpu_bar_bytes(vgpu, index) : 0;
}

/**
 * tessera_region_mappable() - find out what of a region user space may map
 * @vgpu: the vGPU
 * @index: VFIO_PCI_*_REGION_INDEX
 * @first: where that begins
 * @bytes: how much it is
 *
 * Doorbell pages may be mapped only where the hardware latches a doorbell that is rung while its
 * vGPU does not have the engine; elsewhere each is trapped.
 *
 * Context: any.
 * Return: false if everything is trapped.
 */
bool tessera_region_mappable(const struct tessera_vgpu *vgpu, unsigned int index, u64 *first,
			     u64 *bytes)
{
	const struct tessera_region_desc *region = tessera_region_desc(vgpu, index);

	*first = 0;
	*bytes = 0;
	if (region->kind == TESSERA_REGION_VRAM) {
		*bytes = vgpu->part.vram_bytes;
	} else if (region->kind == TESSERA_REGION_REGS && region->doorbells &&
		   tessera_hw_has(vgpu->accel->hw, TESSERA_HW_DOORBELL_LATCH)) {
		*first = region->doorbells;
		*bytes = (u64)vgpu->part.num_slots * PAGE_SIZE;
	}
	return *bytes;
}

/* -------------------------------------------------- read and write -- */

/*
 * How much of what is left of an access to do at once: registers one by one, memory in
 * pieces of a page. What one instruction can access stays one access.
 */
static size_t tessera_region_access_size(const struct tessera_region_desc *region, u64 off,
					 size_t left, size_t total)
{
	if (region->kind != TESSERA_REGION_REGS)
		return min_t(size_t, left, PAGE_SIZE - (off & ~PAGE_MASK));
	if (total <= 8)
		return total;
	return min_t(size_t, left, 4 - (off & 3));
}

static void tessera_region_do_read(struct tessera_vgpu *vgpu, unsigned int index, u64 off,
				   void *buf, size_t len)
{
	struct tessera_vgpu_state *state = vgpu->state;
	struct tessera_accel *accel = vgpu->accel;
	u64 value;

	if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
		tessera_config_read(vgpu, off, buf, len);
		return;
	}
	if (!tessera_config_memory(vgpu)) {
		memset(buf, 0xff, len);
		return;
	}
	switch (tessera_region_desc(vgpu, index)->kind) {
	case TESSERA_REGION_NONE:
		break;
	case TESSERA_REGION_REGS:
		value = tessera_vgpu_model(vgpu)->read(vgpu, off, len);
		memcpy(buf, &value, len);
		break;
	case TESSERA_REGION_VRAM:
		down_read(&accel->bar_sem);
		memcpy_fromio(buf, accel->hw->vram + vgpu->part.vram_base + off, len);
		up_read(&accel->bar_sem);
		break;
	case TESSERA_REGION_MSIX:
		memset(buf, 0, len);
		if (off >= sizeof(state->msix_table))
			break;
		mutex_lock(&vgpu->irq.mutex);
		memcpy(buf, state->msix_table + off, min(len, sizeof(state->msix_table) - off));
		mutex_unlock(&vgpu->irq.mutex);
		break;
	}
}

static void tessera_region_msix_write(struct tessera_vgpu *vgpu, u64 off, const u8 *buf, size_t len)
{
	u64 table_end = (u64)vgpu->num_vectors * PCI_MSIX_ENTRY_SIZE;

	if (off >= table_end)
		return;
	mutex_lock(&vgpu->irq.mutex);
	memcpy(vgpu->state->msix_table + off, buf, min_t(u64, len, table_end - off));
	mutex_unlock(&vgpu->irq.mutex);
}

static void tessera_region_config_write(struct tessera_vgpu *vgpu, u64 off, const void *buf,
					size_t len)
{
	unsigned int asked = tessera_config_write(vgpu, off, buf, len);

	if (asked & TESSERA_CONFIG_FLR) {
		tessera_region_reset(vgpu);
		return;
	}
	if (asked & TESSERA_CONFIG_MEMORY)
		tessera_region_decode(vgpu);
	if (asked & TESSERA_CONFIG_MASTER_OFF)
		tessera_revoke_all(vgpu);
}

static void tessera_region_do_write(struct tessera_vgpu *vgpu, unsigned int index, u64 off,
				    const void *buf, size_t len)
{
	struct tessera_accel *accel = vgpu->accel;
	u64 value = 0;

	if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
		tessera_region_config_write(vgpu, off, buf, len);
		return;
	}
	if (!tessera_config_memory(vgpu))
		return;
	switch (tessera_region_desc(vgpu, index)->kind) {
	case TESSERA_REGION_NONE:
		break;
	case TESSERA_REGION_REGS:
		memcpy(&value, buf, len);
		tessera_vgpu_model(vgpu)->write(vgpu, off, len, value);
		break;
	case TESSERA_REGION_VRAM:
		down_read(&accel->bar_sem);
		memcpy_toio(accel->hw->vram + vgpu->part.vram_base + off, buf, len);
		up_read(&accel->bar_sem);
		break;
	case TESSERA_REGION_MSIX:
		tessera_region_msix_write(vgpu, off, buf, len);
		break;
	}
}

/* Where an access begins, and how much of it there is. */
static ssize_t tessera_region_bounds(struct tessera_vgpu *vgpu, size_t count, loff_t pos,
				     unsigned int *index, u64 *off)
{
	u64 size;

	if (pos < 0)
		return -EINVAL;
	*index = pos >> TESSERA_REGION_SHIFT;
	*off = pos & REGION_OFFSET_MASK;
	size = tessera_region_size(vgpu, *index);
	if (*off >= size)
		return -EINVAL;
	return min_t(u64, count, size - *off);
}

/**
 * tessera_region_read() - serve the VFIO device's read()
 * @vdev: the vGPU
 * @buf: where to
 * @count: bytes
 * @ppos: region and offset
 *
 * Context: may sleep; no lock is held.
 * Return: bytes read up to the region's end; -EINVAL past it, -EFAULT, -ENOMEM.
 */
ssize_t tessera_region_read(struct vfio_device *vdev, char __user *buf, size_t count,
			    loff_t *ppos)
{
	struct tessera_vgpu *vgpu = container_of(vdev, struct tessera_vgpu, vdev);
	unsigned int index;
	ssize_t ret, done = 0;
	void *bounce;
	size_t len;
	u64 off;

	ret = tessera_region_bounds(vgpu, count, *ppos, &index, &off);
	if (ret <= 0)
		return ret;
	count = ret;
	bounce = (void *)__get_free_page(GFP_KERNEL);
	if (!bounce)
		return -ENOMEM;
	while (done < count) {
		len = tessera_region_access_size(tessera_region_desc(vgpu, index), off + done,
						 count - done, count);
		tessera_region_do_read(vgpu, index, off + done, bounce, len);
		if (copy_to_user(buf + done, bounce, len)) {
			done = done ?: -EFAULT;
			break;
		}
		done += len;
	}
	free_page((unsigned long)bounce);
	if (done > 0)
		*ppos += done;
	return done;
}

/**
 * tessera_region_write() - serve the VFIO device's write()
 * @vdev: the vGPU
 * @buf: where from
 * @count: bytes
 * @ppos: region and offset
 *
 * Context: may sleep; no lock is held.
 * Return: bytes written up to the region's end; -EINVAL past it, -EFAULT, -ENOMEM.
 */
ssize_t tessera_region_write(struct vfio_device *vdev, const char __user *buf, size_t count,
			     loff_t *ppos)
{
	struct tessera_vgpu *vgpu = container_of(vdev, struct tessera_vgpu, vdev);
	unsigned int index;
	ssize_t ret, done = 0;
	void *bounce;
	size_t len;
	u64 off;

	ret = tessera_region_bounds(vgpu, count, *ppos, &index, &off);
	if (ret <= 0)
		return ret;
	count = ret;
	bounce = (void *)__get_free_page(GFP_KERNEL);
	if (!bounce)
		return -ENOMEM;
	while (done < count) {
		len = tessera_region_access_size(tessera_region_desc(vgpu, index), off + done,
						 count - done, count);
		if (copy_from_user(bounce, buf + done, len)) {
			done = done ?: -EFAULT;
			break;
		}
		tessera_region_do_write(vgpu, index, off + done, bounce, len);
		done += len;
	}
	free_page((unsigned long)bounce);
	if (done > 0)
		*ppos += done;
	return done;
}

/* --------------------------------------------------------------- mmap -- */

/* Where a page of a mapping is, as CPU page number; @pgoff counts from the region's start. */
static unsigned long tessera_region_pfn(const struct tessera_vgpu *vgpu, unsigned int index,
					unsigned long pgoff)
{
	const struct tessera_region_desc *region = tessera_region_desc(vgpu, index);
	const struct tessera_hw *hw = vgpu->accel->hw;

	if (region->kind == TESSERA_REGION_VRAM)
		return PHYS_PFN(hw->vram_phys + vgpu->part.vram_base) + pgoff;
	return PHYS_PFN(hw->doorbell_phys) + vgpu->part.first_slot + pgoff -
	       PHYS_PFN(region->doorbells);
}

static vm_fault_t tessera_region_insert(struct vm_area_struct *vma, unsigned long address)
{
	struct tessera_vgpu *vgpu = vma->vm_private_data;
	unsigned int index = vma->vm_pgoff >> (TESSERA_REGION_SHIFT - PAGE_SHIFT);
	unsigned long page, first, last, pfn;
	vm_fault_t ret;

	pfn = tessera_region_pfn(vgpu, index, vma->vm_pgoff & (REGION_OFFSET_MASK >> PAGE_SHIFT));
	page = (address - vma->vm_start) >> PAGE_SHIFT;
	ret = vmf_insert_pfn(vma, address, pfn + page);
	if (ret != VM_FAULT_NOPAGE || tessera_region_desc(vgpu, index)->kind != TESSERA_REGION_VRAM)
		return ret;
	first = round_down(page, FAULT_AROUND_PAGES);
	last = min(first + FAULT_AROUND_PAGES, vma_pages(vma));
	for (; first < last; first++) {
		if (vmf_insert_pfn(vma, vma->vm_start + first * PAGE_SIZE, pfn + first) !=
		    VM_FAULT_NOPAGE)
			break;
	}
	return ret;
}

static vm_fault_t tessera_region_fault(struct vm_fault *vmf)
{
	struct tessera_vgpu *vgpu = vmf->vma->vm_private_data;
	struct tessera_accel *accel = vgpu->accel;
	vm_fault_t ret = VM_FAULT_NOPAGE;

	/* A reset can last: who is killed meanwhile need not wait for its end. */
	if (down_read_killable(&vgpu->map_sem))
		return ret;
	if (!tessera_config_memory(vgpu)) {
		ret = vmf_insert_pfn(vmf->vma, vmf->address,
				     page_to_pfn(virt_to_page(vgpu->ones)));
	} else if (!down_read_killable(&accel->bar_sem)) {
		ret = tessera_region_insert(vmf->vma, vmf->address);
		up_read(&accel->bar_sem);
	}
	up_read(&vgpu->map_sem);
	return ret;
}

static const struct vm_operations_struct tessera_region_vm_ops = {
	.fault = tessera_region_fault,
};

/*
 * Where all VFIO devices share one inode, have this vGPU's mappings listed at one of our own, so
 * that they can be found. mmap() has counted this one as a writer at the old place already.
 */
static int tessera_region_own_mapping(struct tessera_vgpu *vgpu, struct vm_area_struct *vma)
{
#ifndef TESSERA_HAVE_VFIO_DEVICE_INODE
	struct address_space *mapping = vgpu->inode->i_mapping;
	struct file *file = vma->vm_file;
	int ret;

	if (file->f_mapping != mapping) {
		ret = mapping_map_writable(mapping);
		if (ret)
			return ret;
		mapping_unmap_writable(file->f_mapping);
		file->f_mapping = mapping;
	}
#endif
	return 0;
}

/**
 * tessera_region_mmap() - serve the VFIO device's mmap()
 * @vdev: the vGPU
 * @vma: what to map, with mmap_lock held
 *
 * Context: may sleep.
 * Return: 0; -EINVAL for what can't be mapped.
 */
int tessera_region_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	struct tessera_vgpu *vgpu = container_of(vdev, struct tessera_vgpu, vdev);
	unsigned int index = vma->vm_pgoff >> (TESSERA_REGION_SHIFT - PAGE_SHIFT);
	u64 first = vma->vm_pgoff & (REGION_OFFSET_MASK >> PAGE_SHIFT);
	u64 from, bytes;

	if (!tessera_region_mappable(vgpu, index, &from, &bytes))
		return -EINVAL;
	from = PHYS_PFN(from);
	if (!(vma->vm_flags & VM_SHARED) || first < from || first >= from + PHYS_PFN(bytes) ||
	    vma_pages(vma) > from + PHYS_PFN(bytes) - first)
		return -EINVAL;

	if (tessera_region_desc(vgpu, index)->kind == TESSERA_REGION_VRAM)
		vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	else
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	vma->vm_private_data = vgpu;
	vma->vm_ops = &tessera_region_vm_ops;
#ifdef TESSERA_HAVE_VM_FLAGS_SET
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
#else
	vma->vm_flags |= VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;
#endif
	return tessera_region_own_mapping(vgpu, vma);
}

static void tessera_region_unmap(struct tessera_vgpu *vgpu)
{
#ifdef TESSERA_HAVE_VFIO_DEVICE_INODE
	unmap_mapping_range(vgpu->vdev.inode->i_mapping, 0, 0, true);
#else
	unmap_mapping_range(vgpu->inode->i_mapping, 0, 0, true);
#endif
}

/**
 * tessera_region_zap() - take user space's mappings of the BARs away; they fault in again
 * @vgpu: the vGPU
 *
 * Context: bar_sem held for writing, which keeps them from coming back at once.
 */
void tessera_region_zap(struct tessera_vgpu *vgpu)
{
	lockdep_assert_held_write(&vgpu->accel->bar_sem);
	tessera_region_unmap(vgpu);
}

/**
 * tessera_region_decode() - have mappings of the BARs fault in by the command register of now
 * @vgpu: the vGPU
 *
 * Context: may sleep; takes map_sem for writing.
 */
void tessera_region_decode(struct tessera_vgpu *vgpu)
{
	down_write(&vgpu->map_sem);
	tessera_region_unmap(vgpu);
	/* What a program has written there itself since the last time */
	memset(vgpu->ones, 0xff, PAGE_SIZE);
	up_write(&vgpu->map_sem);
}

/**
 * tessera_region_reset() - reset the function, which does not answer at its BARs then
 * @vgpu: the vGPU
 *
 * Context: may sleep.
 */
void tessera_region_reset(struct tessera_vgpu *vgpu)
{
	tessera_vgpu_reset(vgpu);
	tessera_region_decode(vgpu);
}

#ifdef TESSERA_HAVE_VFIO_DEVICE_INODE
static int tessera_region_get_inode(struct tessera_vgpu *vgpu)
{
	return 0;
}

static void tessera_region_put_inode(struct tessera_vgpu *vgpu)
{
}

int tessera_region_module_init(void)
{
	return 0;
}

void tessera_region_module_exit(void)
{
}
#else
/*
 * A file system with nothing in it but an inode for each vGPU. It has no owner, since the mount
 * of our own would keep the module loaded forever; it goes after the last vGPU.
 */
static struct vfsmount *tessera_mnt;

static int tessera_init_fs_context(struct fs_context *fc)
{
	return init_pseudo(fc, 0x54534131) ? 0 : -ENOMEM;
}

static struct file_system_type tessera_fs = {
	.name = "tessera",
	.init_fs_context = tessera_init_fs_context,
	.kill_sb = kill_anon_super,
};

static int tessera_region_get_inode(struct tessera_vgpu *vgpu)
{
	struct inode *inode = alloc_anon_inode(tessera_mnt->mnt_sb);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	vgpu->inode = inode;
	return 0;
}

static void tessera_region_put_inode(struct tessera_vgpu *vgpu)
{
	iput(vgpu->inode);
}

/**
 * tessera_region_module_init() - prepare at module load, before the first vGPU
 *
 * Context: may sleep.
 * Return: 0, or the errno of kern_mount().
 */
int tessera_region_module_init(void)
{
	tessera_mnt = kern_mount(&tessera_fs);
	return PTR_ERR_OR_ZERO(tessera_mnt);
}

/**
 * tessera_region_module_exit() - clean up at module unload, after the last vGPU
 *
 * Context: may sleep.
 */
void tessera_region_module_exit(void)
{
	kern_unmount(tessera_mnt);
}
#endif

/**
 * tessera_region_init() - prepare a vGPU's mappings
 * @vgpu: the vGPU
 *
 * Where VFIO's devices have no inode each, it gets one of its own.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int tessera_region_init(struct tessera_vgpu *vgpu)
{
	int ret;

	init_rwsem(&vgpu->map_sem);
	vgpu->ones = (void *)__get_free_page(GFP_KERNEL);
	if (!vgpu->ones)
		return -ENOMEM;
	memset(vgpu->ones, 0xff, PAGE_SIZE);
	ret = tessera_region_get_inode(vgpu);
	if (ret)
		free_page((unsigned long)vgpu->ones);
	return ret;
}

/**
 * tessera_region_fini() - undo tessera_region_init()
 * @vgpu: the vGPU, of which nothing is mapped any more
 *
 * Context: may sleep.
 */
void tessera_region_fini(struct tessera_vgpu *vgpu)
{
	tessera_region_put_inode(vgpu);
	free_page((unsigned long)vgpu->ones);
}
