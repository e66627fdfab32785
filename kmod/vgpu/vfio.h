/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio.h - the vGPU as a VFIO device
 */
#ifndef TESSERA_VGPU_VFIO_H
#define TESSERA_VGPU_VFIO_H

#include <linux/vfio.h>

extern const struct vfio_device_ops tessera_vfio_ops;

#endif /* TESSERA_VGPU_VFIO_H */
