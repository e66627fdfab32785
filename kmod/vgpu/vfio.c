// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio.c - the vGPU as a VFIO device
 */
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "tessera_compat.h"
#include "vgpu/region.h"
#include "vgpu/revoke.h"
#include "vgpu/vfio.h"
#include "vgpu/vgpu.h"

static struct tessera_vgpu *tessera_vfio_to_vgpu(struct vfio_device *vdev)
{
	return container_of(vdev, struct tessera_vgpu, vdev);
}

/* --------------------------------------------------------------- life -- */

static int tessera_vfio_init(struct vfio_device *vdev)
{
	struct tessera_vgpu *vgpu = tessera_vfio_to_vgpu(vdev);
	int ret;

	vgpu->accel = dev_get_drvdata(vdev->dev->parent);
	vgpu->mdev = to_mdev_device(vdev->dev);
	vgpu->type = container_of(vgpu->mdev->type, struct tessera_type, mdev);
	snprintf(vgpu->name, sizeof(vgpu->name), "%pUl", &vgpu->mdev->uuid);
	tessera_guilt_init(vgpu);
	ret = tessera_vgpu_init(vgpu);
	if (ret)
		return ret;
	ret = tessera_region_init(vgpu);
	if (ret)
		tessera_vgpu_fini(vgpu);
	return ret;
}

static void tessera_vfio_release(struct vfio_device *vdev)
{
	struct tessera_vgpu *vgpu = tessera_vfio_to_vgpu(vdev);

	tessera_region_fini(vgpu);
	tessera_vgpu_fini(vgpu);
#ifdef TESSERA_HAVE_VFIO_FREE_DEVICE
	vfio_free_device(vdev);
#endif
}

static int tessera_vfio_open(struct vfio_device *vdev)
{
	struct tessera_vgpu *vgpu = tessera_vfio_to_vgpu(vdev);
	int ret;

	tessera_guilt_opened(vgpu);
	ret = tessera_vgpu_open(vgpu);
	if (ret)
		tessera_guilt_closed(vgpu);
	return ret;
}

static void tessera_vfio_close(struct vfio_device *vdev)
{
	struct tessera_vgpu *vgpu = tessera_vfio_to_vgpu(vdev);

	tessera_vgpu_close(vgpu);
	tessera_region_decode(vgpu);
	tessera_guilt_closed(vgpu);
}

static void tessera_vfio_request(struct vfio_device *vdev, unsigned int count)
{
	struct tessera_vgpu *vgpu = tessera_vfio_to_vgpu(vdev);

	if (!tessera_irq_request(vgpu) && count == 0)
		dev_notice(vdev->dev, "The vGPU is to be removed, but its user has not said how to be asked to release it.\n");
}

/* ------------------------------------------------------------- ioctls -- */

static int tessera_vfio_get_info(struct vfio_device_info __user *arg)
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

/* Only the vGPU's own doorbell pages may be mapped of a BAR whose registers are trapped. */
static int tessera_vfio_add_sparse(u64 first, u64 bytes, struct vfio_info_cap *caps)
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
	sparse->areas[0].offset = first;
	sparse->areas[0].size = bytes;
	ret = vfio_info_add_capability(caps, &sparse->header, size);
	kfree(sparse);
	return ret;
}

static int tessera_vfio_get_region_info(struct tessera_vgpu *vgpu,
					struct vfio_region_info __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_region_info, offset);
	struct vfio_info_cap caps = {};
	struct vfio_region_info info;
	u64 first, bytes;
	int ret = 0;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz || info.index >= VFIO_PCI_NUM_REGIONS)
		return -EINVAL;
	info.cap_offset = 0;
	info.offset = (u64)info.index << TESSERA_REGION_SHIFT;
	info.size = tessera_region_size(vgpu, info.index);
	info.flags = info.size ? VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE : 0;
	if (tessera_region_mappable(vgpu, info.index, &first, &bytes)) {
		info.flags |= VFIO_REGION_INFO_FLAG_MMAP;
		if (bytes != info.size)
			ret = tessera_vfio_add_sparse(first, bytes, &caps);
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

static int tessera_vfio_get_irq_info(struct tessera_vgpu *vgpu, struct vfio_irq_info __user *arg)
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

static int tessera_vfio_set_irqs(struct tessera_vgpu *vgpu, struct vfio_irq_set __user *arg)
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

static long tessera_vfio_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	struct tessera_vgpu *vgpu = tessera_vfio_to_vgpu(vdev);
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return tessera_vfio_get_info(uarg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return tessera_vfio_get_region_info(vgpu, uarg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return tessera_vfio_get_irq_info(vgpu, uarg);
	case VFIO_DEVICE_SET_IRQS:
		return tessera_vfio_set_irqs(vgpu, uarg);
	case VFIO_DEVICE_RESET:
		tessera_region_reset(vgpu);
		return 0;
	default:
		return -ENOTTY;
	}
}

const struct vfio_device_ops tessera_vfio_ops = {
	.name = "tessera",
	.init = tessera_vfio_init,
	.release = tessera_vfio_release,
#ifdef TESSERA_HAVE_VFIO_IOMMUFD_OPS
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
#endif
	.open_device = tessera_vfio_open,
	.close_device = tessera_vfio_close,
	.read = tessera_region_read,
	.write = tessera_region_write,
	.mmap = tessera_region_mmap,
	.ioctl = tessera_vfio_ioctl,
	.request = tessera_vfio_request,
	.dma_unmap = tessera_revoke_guest,
};
