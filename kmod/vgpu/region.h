/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * region.h - a vGPU's BARs and config space as user space reaches them
 */
#ifndef TESSERA_VGPU_REGION_H
#define TESSERA_VGPU_REGION_H

#include <linux/vfio.h>
#include "tessera.h"

#define TESSERA_REGION_SHIFT	40	/* a region's index above, the offset in it below */

int tessera_region_module_init(void);
void tessera_region_module_exit(void);
int tessera_region_init(struct tessera_vgpu *vgpu);
void tessera_region_fini(struct tessera_vgpu *vgpu);
u64 tessera_region_size(const struct tessera_vgpu *vgpu, unsigned int index);
bool tessera_region_mappable(const struct tessera_vgpu *vgpu, unsigned int index, u64 *first,
			     u64 *bytes);
ssize_t tessera_region_read(struct vfio_device *vdev, char __user *buf, size_t count,
			    loff_t *ppos);
ssize_t tessera_region_write(struct vfio_device *vdev, const char __user *buf, size_t count,
			     loff_t *ppos);
int tessera_region_mmap(struct vfio_device *vdev, struct vm_area_struct *vma);
void tessera_region_zap(struct tessera_vgpu *vgpu);
void tessera_region_decode(struct tessera_vgpu *vgpu);
void tessera_region_reset(struct tessera_vgpu *vgpu);

#endif /* TESSERA_VGPU_REGION_H */
