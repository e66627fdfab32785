/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * context.h - a vGPU's contexts and queues in hardware, in the vGPU's own numbers
 */
#ifndef TESSERA_VGPU_CONTEXT_H
#define TESSERA_VGPU_CONTEXT_H

#include "tessera.h"
#include "accel/hw.h"

int tessera_ctx_create(struct tessera_vgpu *vgpu, u32 ctx);
int tessera_ctx_destroy(struct tessera_vgpu *vgpu, u32 ctx);
void tessera_ctx_destroy_all(struct tessera_vgpu *vgpu);
int tessera_queue_create(struct tessera_vgpu *vgpu, u32 slot, u32 vector,
			 const struct tessera_hw_queue *desc);
int tessera_queue_destroy(struct tessera_vgpu *vgpu, u32 slot);
int tessera_queue_reset(struct tessera_vgpu *vgpu, u32 slot);
void tessera_queue_doorbell(struct tessera_vgpu *vgpu, u32 slot, u32 value);

#endif /* TESSERA_VGPU_CONTEXT_H */
