/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * irq.h - interrupts of a vGPU
 */
#ifndef TESSERA_VGPU_IRQ_H
#define TESSERA_VGPU_IRQ_H

#include <linux/mutex.h>
#include "tessera.h"
#include "accel/hw.h"

struct tessera_trigger;

#define TESSERA_MAX_VECTORS	(TESSERA_MAX_SLOTS + 1u)

/**
 * struct tessera_vgpu_irq - where a vGPU's interrupts go
 * @msix: the eventfd of each vector; under RCU, as the two below
 * @err_trigger: signalled when the device was lost
 * @req_trigger: signalled when the device is to be given back
 * @mutex: one change of eventfds at a time; protects the MSI-X table in the vGPU's state
 * @route: the vector of each queue slot; written under vgpu->lock
 */
struct tessera_vgpu_irq {
	struct tessera_trigger __rcu *msix[TESSERA_MAX_VECTORS];
	struct tessera_trigger __rcu *err_trigger;
	struct tessera_trigger __rcu *req_trigger;
	struct mutex mutex;	/* see above */
	u32 route[TESSERA_MAX_SLOTS];
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
void tessera_irq_module_exit(void);

#endif /* TESSERA_VGPU_IRQ_H */
