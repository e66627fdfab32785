/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * save.h - a vGPU's state as bytes
 */
#ifndef TESSERA_VGPU_SAVE_H
#define TESSERA_VGPU_SAVE_H

#include "tessera.h"

void tessera_save_add(struct tessera_vgpu *vgpu);
void tessera_save_remove(struct tessera_vgpu *vgpu);

#endif /* TESSERA_VGPU_SAVE_H */
