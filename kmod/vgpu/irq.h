/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * irq.h - interrupts of a vGPU
 */
#ifndef TESSERA_VGPU_IRQ_H
#define TESSERA_VGPU_IRQ_H

#include <linux/mutex.h>
#include <linux/spinlock.h>
#include "tessera.h"
#include "accel/hw.h"

struct eventfd_ctx;

#define TESSERA_MAX_VECTORS	(TESSERA_MAX_SLOTS + 1u)

/**
 * struct tessera_vgpu_irq - where a vGPU's interrupts go
 * @lock: protects the eventfds; taken in hard interrupts
 * @msix: the eventfd of each vector
 * @err_trigger: signalled when the device was lost
 * @req_trigger: signalled when the device is to be given back
 * @mutex: one change at a time; protects the MSI-X table in the vGPU's state
 */
struct tessera_vgpu_irq {
	spinlock_t lock;	/* see above */
	struct eventfd_ctx *msix[TESSERA_MAX_VECTORS];
	struct eventfd_ctx *err_trigger;
	struct eventfd_ctx *req_trigger;
	struct mutex mutex;	/* see above */
};

void tessera_irq_init(struct tessera_vgpu *vgpu);
int tessera_irq_count(const struct tessera_vgpu *vgpu, unsigned int index);
int tessera_irq_set(struct tessera_vgpu *vgpu, u32 index, u32 start, u32 count, u32 flags,
		    void *data);
void tessera_irq_release(struct tessera_vgpu *vgpu);
void tessera_irq_signal(struct tessera_vgpu *vgpu, u32 vector);
void tessera_irq_route(struct tessera_vgpu *vgpu, u32 slot, u32 vector);
void tessera_irq_unroute(struct tessera_vgpu *vgpu, u32 slot);
void tessera_irq_slot(struct tessera_accel *accel, u32 slot);
void tessera_irq_error(struct tessera_vgpu *vgpu);
bool tessera_irq_request(struct tessera_vgpu *vgpu);

#endif /* TESSERA_VGPU_IRQ_H */
