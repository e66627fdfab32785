// SPDX-License-Identifier: GPL-2.0-only
/*
 * region.c - the vGPU's BARs and config space as user space reaches them
 *
 * read() and write() of any size and alignment on every region, and mmap() of what needs no
 * check: the vGPU's own doorbell pages and its VRAM. Mappings fault in, so that they can
 * be taken away while the device is in reset.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "tessera.h"
#include "tessera_compat.h"

#define REGION_OFFSET_MASK	((1ull << TESSERA_REGION_SHIFT) - 1)
#define FAULT_AROUND_PAGES	512ul	/* VRAM pages mapped at a fault */

/**
 * tessera_region_size() - size of a VFIO region
 * @vgpu: the vGPU
 * @index: VFIO_PCI_*_REGION_INDEX
 *
 * Return: bytes; 0 where there is no such region.
 */
u64 tessera_region_size(const struct tessera_vgpu *vgpu, unsigned int index)
{
	switch (index) {
	case VFIO_PCI_BAR0_REGION_INDEX:
		return T1_BAR_REGS_SIZE;
	case VFIO_PCI_BAR2_REGION_INDEX:
		return vgpu->vram_bytes;
	case VFIO_PCI_BAR4_REGION_INDEX:
		return TESSERA_BAR_MSIX_SIZE;
	case VFIO_PCI_CONFIG_REGION_INDEX:
		return TESSERA_CONFIG_SIZE;
	default:
		return 0;
	}
}

/* -------------------------------------------------- read and write -- */

/* A register access is one of 4 aligned bytes; every other reads zero or is dropped. */
static bool is_register(u64 off, size_t len)
{
	return len == 4 && !(off & 3);
}

static void bar0_read(struct tessera_vgpu *vgpu, u64 off, void *buf, size_t len)
{
	u32 value;

	memset(buf, 0, len);
	if (is_register(off, len) && off < T1_PAGE_SIZE) {
		atomic64_inc(&vgpu->stats.trapped_registers);
		value = t1_regs_read(vgpu, off);
		memcpy(buf, &value, sizeof(value));
	}
}

static void bar0_write(struct tessera_vgpu *vgpu, u64 off, const void *buf, size_t len)
{
	struct tessera_hw *hw = vgpu->accel->hw;
	u32 value;
	u64 slot;

	if (!is_register(off, len))
		return;
	memcpy(&value, buf, sizeof(value));
	if (off < T1_PAGE_SIZE) {
		atomic64_inc(&vgpu->stats.trapped_registers);
		t1_regs_write(vgpu, off, value);
		return;
	}
	slot = off / T1_PAGE_SIZE - 1;
	if (slot < vgpu->num_slots && off % T1_PAGE_SIZE == T1_DB_TAIL) {
		atomic64_inc(&vgpu->stats.trapped_doorbells);
		hw->ops->doorbell(hw, vgpu->first_slot + slot, value);
	}
}

/*
 * How much of what is left of an access to do at once: registers one by one, memory in
 * pieces of a page. What one instruction can access stays one access.
 */
static size_t access_size(unsigned int index, u64 off, size_t left, size_t total)
{
	if (index != VFIO_PCI_BAR0_REGION_INDEX)
		return min_t(size_t, left, PAGE_SIZE - (off & ~PAGE_MASK));
	if (total <= 8)
		return total;
	return min_t(size_t, left, 4 - (off & 3));
}

static void region_read(struct tessera_vgpu *vgpu, unsigned int index, u64 off, void *buf,
			size_t len)
{
	switch (index) {
	case VFIO_PCI_BAR0_REGION_INDEX:
		bar0_read(vgpu, off, buf, len);
		break;
	case VFIO_PCI_BAR2_REGION_INDEX:
		down_read(&vgpu->accel->bar_sem);
		memcpy_fromio(buf, vgpu->accel->hw->vram + vgpu->vram_base + off, len);
		up_read(&vgpu->accel->bar_sem);
		break;
	case VFIO_PCI_BAR4_REGION_INDEX:
		mutex_lock(&vgpu->irq_mutex);
		memcpy(buf, vgpu->msix_table + off, len);
		mutex_unlock(&vgpu->irq_mutex);
		break;
	case VFIO_PCI_CONFIG_REGION_INDEX:
		tessera_config_read(vgpu, off, buf, len);
		break;
	}
}

static void msix_table_write(struct tessera_vgpu *vgpu, u64 off, const u8 *buf, size_t len)
{
	u64 table_end = (u64)tessera_vgpu_num_vectors(vgpu) * 16;

	if (off >= table_end)
		return;
	mutex_lock(&vgpu->irq_mutex);
	memcpy(vgpu->msix_table + off, buf, min_t(u64, len, table_end - off));
	mutex_unlock(&vgpu->irq_mutex);
}

static void region_write(struct tessera_vgpu *vgpu, unsigned int index, u64 off,
			 const void *buf, size_t len)
{
	unsigned int asked;

	switch (index) {
	case VFIO_PCI_BAR0_REGION_INDEX:
		bar0_write(vgpu, off, buf, len);
		break;
	case VFIO_PCI_BAR2_REGION_INDEX:
		down_read(&vgpu->accel->bar_sem);
		memcpy_toio(vgpu->accel->hw->vram + vgpu->vram_base + off, buf, len);
		up_read(&vgpu->accel->bar_sem);
		break;
	case VFIO_PCI_BAR4_REGION_INDEX:
		msix_table_write(vgpu, off, buf, len);
		break;
	case VFIO_PCI_CONFIG_REGION_INDEX:
		asked = tessera_config_write(vgpu, off, buf, len);
		if (asked & TESSERA_CONFIG_FLR)
			tessera_vgpu_reset(vgpu);
		else if (asked & TESSERA_CONFIG_MASTER_OFF)
			tessera_dma_master_off(vgpu);
		break;
	}
}

/* Where an access begins, and how much of it there is. */
static ssize_t region_bounds(struct tessera_vgpu *vgpu, size_t count, loff_t pos,
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
 * tessera_region_read() - the VFIO device's read()
 * @vdev: the vGPU
 * @buf: where to
 * @count: bytes
 * @ppos: region and offset
 *
 * Return: bytes read up to the region's end; -EINVAL past it, -EFAULT.
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

	ret = region_bounds(vgpu, count, *ppos, &index, &off);
	if (ret <= 0)
		return ret;
	count = ret;
	bounce = (void *)__get_free_page(GFP_KERNEL);
	if (!bounce)
		return -ENOMEM;
	while (done < count) {
		len = access_size(index, off + done, count - done, count);
		region_read(vgpu, index, off + done, bounce, len);
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
 * tessera_region_write() - the VFIO device's write()
 * @vdev: the vGPU
 * @buf: where from
 * @count: bytes
 * @ppos: region and offset
 *
 * Return: bytes written up to the region's end; -EINVAL past it, -EFAULT.
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

	ret = region_bounds(vgpu, count, *ppos, &index, &off);
	if (ret <= 0)
		return ret;
	count = ret;
	bounce = (void *)__get_free_page(GFP_KERNEL);
	if (!bounce)
		return -ENOMEM;
	while (done < count) {
		len = access_size(index, off + done, count - done, count);
		if (copy_from_user(bounce, buf + done, len)) {
			done = done ?: -EFAULT;
			break;
		}
		region_write(vgpu, index, off + done, bounce, len);
		done += len;
	}
	free_page((unsigned long)bounce);
	if (done > 0)
		*ppos += done;
	return done;
}

/* --------------------------------------------------------------- mmap -- */

static vm_fault_t tessera_region_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct tessera_vgpu *vgpu = vma->vm_private_data;
	struct tessera_accel *accel = vgpu->accel;
	unsigned int index = vma->vm_pgoff >> (TESSERA_REGION_SHIFT - PAGE_SHIFT);
	unsigned long page, first, last, pgoff, pfn;
	vm_fault_t ret;

	pgoff = vma->vm_pgoff & (REGION_OFFSET_MASK >> PAGE_SHIFT);
	if (index == VFIO_PCI_BAR0_REGION_INDEX)
		pfn = PHYS_PFN(accel->hw->regs_phys) + vgpu->first_slot + pgoff;
	else
		pfn = PHYS_PFN(accel->hw->vram_phys + vgpu->vram_base) + pgoff;
	page = (vmf->address - vma->vm_start) >> PAGE_SHIFT;

	down_read(&accel->bar_sem);
	ret = vmf_insert_pfn(vma, vmf->address, pfn + page);
	if (ret == VM_FAULT_NOPAGE && index == VFIO_PCI_BAR2_REGION_INDEX) {
		first = round_down(page, FAULT_AROUND_PAGES);
		last = min(first + FAULT_AROUND_PAGES, vma_pages(vma));
		for (; first < last; first++) {
			if (vmf_insert_pfn(vma, vma->vm_start + first * PAGE_SIZE, pfn + first) !=
			    VM_FAULT_NOPAGE)
				break;
		}
	}
	up_read(&accel->bar_sem);
	return ret;
}

static const struct vm_operations_struct tessera_region_vm_ops = {
	.fault = tessera_region_fault,
};

/*
 * Where all VFIO devices share one inode, have this vGPU's mappings listed at one of our own, so
 * that they can be found. mmap() has counted this one as a writer at the old place already.
 */
static int own_mapping(struct tessera_vgpu *vgpu, struct vm_area_struct *vma)
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
 * tessera_region_mmap() - the VFIO device's mmap()
 * @vdev: the vGPU
 * @vma: what to map, with mmap_lock held
 *
 * Return: 0; -EINVAL for what can't be mapped.
 */
int tessera_region_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	struct tessera_vgpu *vgpu = container_of(vdev, struct tessera_vgpu, vdev);
	unsigned int index = vma->vm_pgoff >> (TESSERA_REGION_SHIFT - PAGE_SHIFT);
	u64 first = vma->vm_pgoff & (REGION_OFFSET_MASK >> PAGE_SHIFT);
	u64 from, to;

	switch (index) {
	case VFIO_PCI_BAR0_REGION_INDEX:
		from = PHYS_PFN(T1_DB_OFF(0));
		to = PHYS_PFN(T1_DB_OFF(vgpu->num_slots));
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
		break;
	case VFIO_PCI_BAR2_REGION_INDEX:
		from = 0;
		to = PHYS_PFN(vgpu->vram_bytes);
		vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
		break;
	default:
		return -EINVAL;
	}
	if (!(vma->vm_flags & VM_SHARED) || first < from || first >= to ||
	    vma_pages(vma) > to - first)
		return -EINVAL;

	vma->vm_private_data = vgpu;
	vma->vm_ops = &tessera_region_vm_ops;
#ifdef TESSERA_HAVE_VM_FLAGS_SET
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
#else
	vma->vm_flags |= VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;
#endif
	return own_mapping(vgpu, vma);
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
#ifdef TESSERA_HAVE_VFIO_DEVICE_INODE
	unmap_mapping_range(vgpu->vdev.inode->i_mapping, 0, 0, true);
#else
	unmap_mapping_range(vgpu->inode->i_mapping, 0, 0, true);
#endif
}

#ifdef TESSERA_HAVE_VFIO_DEVICE_INODE
int tessera_region_init(struct tessera_vgpu *vgpu)
{
	return 0;
}

void tessera_region_fini(struct tessera_vgpu *vgpu)
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
 * of our own would keep the module loaded for ever; it goes after the last vGPU.
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

int tessera_region_init(struct tessera_vgpu *vgpu)
{
	struct inode *inode = alloc_anon_inode(tessera_mnt->mnt_sb);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	vgpu->inode = inode;
	return 0;
}

void tessera_region_fini(struct tessera_vgpu *vgpu)
{
	iput(vgpu->inode);
}

int tessera_region_module_init(void)
{
	tessera_mnt = kern_mount(&tessera_fs);
	return PTR_ERR_OR_ZERO(tessera_mnt);
}

void tessera_region_module_exit(void)
{
	kern_unmount(tessera_mnt);
}
#endif
