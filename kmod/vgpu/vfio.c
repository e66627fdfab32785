// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio.c - the vGPU as a VFIO device: its life, and its ioctls
 */
#include <linux/eventfd.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "tessera.h"
#include "tessera_compat.h"

static struct tessera_vgpu *to_vgpu(struct vfio_device *vdev)
{
	return container_of(vdev, struct tessera_vgpu, vdev);
}

/* In words: memset_io() may go byte by byte, and 256 MiB of those take a while. */
static void zero_words(void __iomem *at, u64 bytes)
{
	u64 off;

	for (off = 0; off < bytes; off += sizeof(u64))
		__raw_writeq(0, at + off);
}

/**
 * tessera_vgpu_clear_vram() - zero a vGPU's VRAM partition
 * @vgpu: nobody else uses it
 *
 * Context: may sleep.
 */
void tessera_vgpu_clear_vram(struct tessera_vgpu *vgpu)
{
	void __iomem *vram = vgpu->accel->hw->vram + vgpu->vram_base;
	u64 at, step = SZ_1M;

	down_read(&vgpu->accel->bar_sem);
	for (at = 0; at < vgpu->vram_bytes; at += step) {
		zero_words(vram + at, min(step, vgpu->vram_bytes - at));
		cond_resched();
	}
	wmb();	/* out of the write-combining buffers before anyone else looks */
	up_read(&vgpu->accel->bar_sem);
}

/* --------------------------------------------------------------- life -- */

static void tessera_vgpu_free(struct tessera_vgpu *vgpu)
{
	struct device *dev = &vgpu->accel->pdev->dev;

	if (vgpu->list)
		dma_free_coherent(dev, PAGE_SIZE, vgpu->list, vgpu->list_dma);
	if (vgpu->wq)
		destroy_workqueue(vgpu->wq);
	tessera_region_fini(vgpu);
	tessera_dma_fini(vgpu);
	kfree(vgpu->pages);
	kfree(vgpu->iovas);
	kfree(vgpu->guest_list);
	kfree(vgpu->msix_table);
	kfree(vgpu->config);
}

static int tessera_vgpu_init(struct vfio_device *vdev)
{
	struct tessera_vgpu *vgpu = to_vgpu(vdev);
	struct mdev_device *mdev = to_mdev_device(vdev->dev);
	u32 i;

	vgpu->accel = dev_get_drvdata(vdev->dev->parent);
	vgpu->mdev = mdev;
	snprintf(vgpu->name, sizeof(vgpu->name), "%pUl", &mdev->uuid);
	mutex_init(&vgpu->config_lock);
	mutex_init(&vgpu->lock);
	mutex_init(&vgpu->irq_mutex);
	spin_lock_init(&vgpu->irq_lock);
	spin_lock_init(&vgpu->events.lock);
	INIT_WORK(&vgpu->work, t1_admin_work);
	for (i = 0; i < T1_MAX_CONTEXTS; i++)
		xa_init(&vgpu->ctx[i].pages);
	tessera_dma_init(vgpu);

	vgpu->config = kzalloc(TESSERA_CONFIG_SIZE, GFP_KERNEL);
	vgpu->msix_table = kzalloc(TESSERA_BAR_MSIX_SIZE, GFP_KERNEL);
	vgpu->guest_list = kzalloc(PAGE_SIZE, GFP_KERNEL);
	vgpu->pages = kcalloc(T1_MAP_MAX_PAGES, sizeof(*vgpu->pages), GFP_KERNEL);
	vgpu->iovas = kcalloc(T1_MAP_MAX_PAGES, sizeof(*vgpu->iovas), GFP_KERNEL);
	vgpu->list = dma_alloc_coherent(&vgpu->accel->pdev->dev, PAGE_SIZE,
					&vgpu->list_dma, GFP_KERNEL);
	vgpu->wq = alloc_ordered_workqueue("tessera-%.8s", 0, vgpu->name);
	if (!vgpu->config || !vgpu->msix_table || !vgpu->guest_list || !vgpu->pages ||
	    !vgpu->iovas || !vgpu->list || !vgpu->wq || tessera_region_init(vgpu)) {
		tessera_vgpu_free(vgpu);
		return -ENOMEM;
	}
	return 0;
}

static void tessera_vgpu_release(struct vfio_device *vdev)
{
	tessera_vgpu_free(to_vgpu(vdev));
#ifdef TESSERA_HAVE_VFIO_FREE_DEVICE
	vfio_free_device(vdev);
#endif
}

static int tessera_vgpu_open(struct vfio_device *vdev)
{
	struct tessera_vgpu *vgpu = to_vgpu(vdev);

	mutex_lock(&vgpu->lock);
	tessera_config_reset(vgpu);
	WRITE_ONCE(vgpu->open, true);
	mutex_unlock(&vgpu->lock);
	return 0;
}

/* The next owner finds nothing: no context, no interrupt, no byte of VRAM. */
static void tessera_vgpu_close(struct vfio_device *vdev)
{
	struct tessera_vgpu *vgpu = to_vgpu(vdev);

	tessera_vgpu_reset(vgpu);
	cancel_work_sync(&vgpu->work);
	tessera_irq_release(vgpu);
	tessera_dma_flush(vgpu);
	memset(vgpu->msix_table, 0, TESSERA_BAR_MSIX_SIZE);
	tessera_vgpu_clear_vram(vgpu);
	WRITE_ONCE(vgpu->open, false);
}

static void tessera_vgpu_request(struct vfio_device *vdev, unsigned int count)
{
	struct tessera_vgpu *vgpu = to_vgpu(vdev);

	if (!tessera_irq_request(vgpu) && count == 0)
		dev_notice(vdev->dev, "is to be removed, but its user can't be asked to let go\n");
}

/* ------------------------------------------------------------- ioctls -- */

static int get_info(struct vfio_device_info __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info = {};

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = VFIO_PCI_NUM_REGIONS;
	info.num_irqs = VFIO_PCI_NUM_IRQS;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

/* BAR0: only the vGPU's own doorbell pages may be mapped, the control page is trapped. */
static int add_sparse_bar0(struct tessera_vgpu *vgpu, struct vfio_info_cap *caps)
{
	struct vfio_region_info_cap_sparse_mmap *sparse;
	size_t size = struct_size(sparse, areas, 1);
	int ret;

	sparse = kzalloc(size, GFP_KERNEL);
	if (!sparse)
		return -ENOMEM;
	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->header.version = 1;
	sparse->nr_areas = 1;
	sparse->areas[0].offset = T1_DB_OFF(0);
	sparse->areas[0].size = (u64)vgpu->num_slots * T1_PAGE_SIZE;
	ret = vfio_info_add_capability(caps, &sparse->header, size);
	kfree(sparse);
	return ret;
}

static int get_region_info(struct tessera_vgpu *vgpu, struct vfio_region_info __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_region_info, offset);
	struct vfio_info_cap caps = {};
	struct vfio_region_info info;
	int ret = 0;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz || info.index >= VFIO_PCI_NUM_REGIONS)
		return -EINVAL;
	info.cap_offset = 0;
	info.offset = (u64)info.index << TESSERA_REGION_SHIFT;
	info.size = tessera_region_size(vgpu, info.index);
	info.flags = info.size ? VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE : 0;
	if (info.index == VFIO_PCI_BAR0_REGION_INDEX) {
		info.flags |= VFIO_REGION_INFO_FLAG_MMAP;
		ret = add_sparse_bar0(vgpu, &caps);
	} else if (info.index == VFIO_PCI_BAR2_REGION_INDEX) {
		info.flags |= VFIO_REGION_INFO_FLAG_MMAP;
	}
	if (ret)
		return ret;
	if (caps.size) {
		info.flags |= VFIO_REGION_INFO_FLAG_CAPS;
		if (info.argsz < sizeof(info) + caps.size) {
			info.argsz = sizeof(info) + caps.size;
		} else {
			vfio_info_cap_shift(&caps, sizeof(info));
			if (copy_to_user((void __user *)arg + sizeof(info), caps.buf, caps.size))
				ret = -EFAULT;
			info.cap_offset = sizeof(info);
		}
		kfree(caps.buf);
	}
	if (!ret && copy_to_user(arg, &info, minsz))
		ret = -EFAULT;
	return ret;
}

static int get_irq_info(struct tessera_vgpu *vgpu, struct vfio_irq_info __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_irq_info, count);
	struct vfio_irq_info info;
	int count;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	count = tessera_irq_count(vgpu, info.index);
	if (count < 0)
		return count;
	info.count = count;
	info.flags = count ? VFIO_IRQ_INFO_EVENTFD : 0;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static int set_irqs(struct tessera_vgpu *vgpu, struct vfio_irq_set __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_irq_set, count);
	struct vfio_irq_set hdr;
	size_t data_size = 0;
	void *data = NULL;
	int count, ret;

	if (copy_from_user(&hdr, arg, minsz))
		return -EFAULT;
	count = tessera_irq_count(vgpu, hdr.index);
	if (count < 0)
		return count;
	ret = vfio_set_irqs_validate_and_prepare(&hdr, count, VFIO_PCI_NUM_IRQS, &data_size);
	if (ret)
		return ret;
	if (data_size) {
		data = memdup_user((void __user *)arg + minsz, data_size);
		if (IS_ERR(data))
			return PTR_ERR(data);
	}
	ret = tessera_irq_set(vgpu, hdr.index, hdr.start, hdr.count, hdr.flags, data);
	kfree(data);
	return ret;
}

static long tessera_vgpu_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	struct tessera_vgpu *vgpu = to_vgpu(vdev);
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return get_info(uarg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return get_region_info(vgpu, uarg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return get_irq_info(vgpu, uarg);
	case VFIO_DEVICE_SET_IRQS:
		return set_irqs(vgpu, uarg);
	case VFIO_DEVICE_RESET:
		tessera_vgpu_reset(vgpu);
		return 0;
	default:
		return -ENOTTY;
	}
}

const struct vfio_device_ops tessera_vgpu_vfio_ops = {
	.name = "tessera",
	.init = tessera_vgpu_init,
	.release = tessera_vgpu_release,
#ifdef TESSERA_HAVE_VFIO_IOMMUFD_OPS
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
#endif
	.open_device = tessera_vgpu_open,
	.close_device = tessera_vgpu_close,
	.read = tessera_region_read,
	.write = tessera_region_write,
	.mmap = tessera_region_mmap,
	.ioctl = tessera_vgpu_ioctl,
	.request = tessera_vgpu_request,
	.dma_unmap = tessera_dma_revoke,
};
