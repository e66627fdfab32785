/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * irq.h - interrupts of a vGPU
 */
#ifndef TESSERA_VGPU_IRQ_H
#define TESSERA_VGPU_IRQ_H

#include <linux/hrtimer.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include "tessera.h"
#include "accel/hw.h"

struct tessera_trigger;

#define TESSERA_MAX_VECTORS	(TESSERA_MAX_SLOTS + 1u)

/**
 * struct tessera_irq_budget - what a vGPU's interrupts may cost the host
 * @lock: protects all here; taken in interrupts
 * @begin_ns: when the present window began
 * @count: interrupts in it
 * @used_ns: time that they took
 * @masked: queue slots, a bit each, whose interrupts wait for the end of the window
 * @timer: that end
 */
struct tessera_irq_budget {
	spinlock_t lock;	/* see above */
	u64 begin_ns;
	u32 count;
	u64 used_ns;
	u64 masked;
	struct hrtimer timer;
};

/**
 * struct tessera_vgpu_irq - where a vGPU's interrupts go
 * @msix: the eventfd of each vector; under RCU, as the two below
 * @err_trigger: signalled when the device was lost
 * @req_trigger: signalled when the device is to be given back
 * @mutex: one change of eventfds at a time; protects the MSI-X table in the vGPU's state
 * @route: the vector of each queue slot; written under vgpu->lock
 * @budget: of the queue slots' interrupts
 */
struct tessera_vgpu_irq {
	struct tessera_trigger __rcu *msix[TESSERA_MAX_VECTORS];
	struct tessera_trigger __rcu *err_trigger;
	struct tessera_trigger __rcu *req_trigger;
	struct mutex mutex;	/* see above */
	u32 route[TESSERA_MAX_SLOTS];
	struct tessera_irq_budget budget;
};

void tessera_irq_init(struct tessera_vgpu *vgpu);
void tessera_irq_fini(struct tessera_vgpu *vgpu);
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
