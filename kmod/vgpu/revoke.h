/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * revoke.h - guest memory that the accelerator may not reach any more
 */
#ifndef TESSERA_VGPU_REVOKE_H
#define TESSERA_VGPU_REVOKE_H

#include <linux/vfio.h>
#include "tessera.h"

void tessera_revoke_guest(struct vfio_device *vdev, u64 iova, u64 length);
void tessera_revoke_all(struct tessera_vgpu *vgpu);

#endif /* TESSERA_VGPU_REVOKE_H */
