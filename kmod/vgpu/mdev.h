/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mdev.h - types of vGPU, and their creation
 */
#ifndef TESSERA_VGPU_MDEV_H
#define TESSERA_VGPU_MDEV_H

#include "tessera.h"

extern struct mdev_driver tessera_mdev_driver;

int tessera_mdev_register(struct tessera_accel *accel);
void tessera_mdev_unregister(struct tessera_accel *accel);

#endif /* TESSERA_VGPU_MDEV_H */
