// SPDX-License-Identifier: GPL-2.0-only
/*
 * irq.c - from the hardware's vector to the guest's
 *
 * A queue slot's hardware vector arrives here in hard interrupt context and signals the
 * eventfd of the vector that the guest named at the queue's creation; KVM injects from
 * there. Vector 0 (completions and events) is signalled by the mediator itself.
 *
 * Interrupts take no lock: routes and eventfds are read under RCU.
 */
#include <linux/eventfd.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include "tessera_compat.h"
#include "vgpu/irq.h"
#include "vgpu/vgpu.h"

/**
 * struct tessera_trigger - an eventfd that interrupts go to
 * @ctx: the eventfd
 * @rcu: it is released when no interrupt can be about to signal it
 */
#include "vgpu/config.h"
struct tessera_trigger {
	struct eventfd_ctx *ctx;
	struct rcu_head rcu;
};

/**
 * tessera_irq_init() - prepare a vGPU that has no eventfds yet
 * @vgpu: the vGPU
 *
 * Context: any; nobody else uses the vGPU yet.
 */
void tessera_irq_init(struct tessera_vgpu *vgpu)
{
	mutex_init(&vgpu->irq.mutex);
}

static bool tessera_irq_trigger(struct tessera_trigger __rcu **where)
{
	struct tessera_trigger *trigger;

	rcu_read_lock();
	trigger = rcu_dereference(*where);
	if (trigger) {
#ifdef TESSERA_HAVE_EVENTFD_SIGNAL_ONE_ARG
		eventfd_signal(trigger->ctx);
#else
		eventfd_signal(trigger->ctx, 1);
#endif
	}
	rcu_read_unlock();
	return trigger;
}

/**
 * tessera_irq_signal() - send a vGPU's interrupt
 * @vgpu: the vGPU
 * @vector: its vector, in range
 *
 * Context: any.
 */
void tessera_irq_signal(struct tessera_vgpu *vgpu, u32 vector)
{
	atomic64_inc(&vgpu->stats.interrupts);
	tessera_irq_trigger(&vgpu->irq.msix[vector]);
}

/* ------------------------------------------------- routes of queue slots -- */

/**
 * tessera_irq_slot() - pass on the interrupt of a queue slot
 * @accel: the accelerator
 * @slot: physical slot
 *
 * Context: hard interrupt.
 */
void tessera_irq_slot(struct tessera_accel *accel, u32 slot)
{
	struct tessera_vgpu *vgpu;

	rcu_read_lock();
	vgpu = rcu_dereference(accel->slots[slot]);
	if (vgpu)
		tessera_irq_signal(vgpu, READ_ONCE(vgpu->irq.route[slot - vgpu->part.first_slot]));
	rcu_read_unlock();
}

/**
 * tessera_irq_route() - send a queue's interrupts to a vector
 * @vgpu: the vGPU, with its lock held
 * @slot: its queue slot
 * @vector: its vector, in range
 *
 * Context: the vGPU's lock is held.
 */
void tessera_irq_route(struct tessera_vgpu *vgpu, u32 slot, u32 vector)
{
	lockdep_assert_held(&vgpu->lock);
	WRITE_ONCE(vgpu->irq.route[slot], vector);
	rcu_assign_pointer(vgpu->accel->slots[vgpu->part.first_slot + slot], vgpu);
}

/**
 * tessera_irq_unroute() - send a queue's interrupts nowhere
 * @vgpu: the vGPU, with its lock held
 * @slot: its queue slot
 *
 * An interrupt may be on its way still: the vGPU stays until a grace period has passed.
 *
 * Context: the vGPU's lock is held.
 */
void tessera_irq_unroute(struct tessera_vgpu *vgpu, u32 slot)
{
	lockdep_assert_held(&vgpu->lock);
	RCU_INIT_POINTER(vgpu->accel->slots[vgpu->part.first_slot + slot], NULL);
}

/* --------------------------------------------------- what user space sets -- */

/**
 * tessera_irq_error() - tell user space that the device has lost what it held
 * @vgpu: the vGPU
 *
 * Context: may sleep.
 */
void tessera_irq_error(struct tessera_vgpu *vgpu)
{
	tessera_irq_trigger(&vgpu->irq.err_trigger);
}

/**
 * tessera_irq_request() - ask user space to release the device
 * @vgpu: the vGPU
 *
 * Context: any.
 * Return: false if it has not said how it wants to be asked.
 */
bool tessera_irq_request(struct tessera_vgpu *vgpu)
{
	return tessera_irq_trigger(&vgpu->irq.req_trigger);
}

/**
 * tessera_irq_count() - count the interrupts of a VFIO index
 * @vgpu: the vGPU
 * @index: VFIO_PCI_*_IRQ_INDEX
 *
 * Context: any.
 * Return: how many, or -EINVAL.
 */
int tessera_irq_count(const struct tessera_vgpu *vgpu, unsigned int index)
{
	bool pcie = tessera_vgpu_model(vgpu)->pcie;

	switch (index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
		return 0;
	case VFIO_PCI_MSI_IRQ_INDEX:
		return pcie ? 0 : vgpu->num_vectors;
	case VFIO_PCI_MSIX_IRQ_INDEX:
		return pcie ? vgpu->num_vectors : 0;
	case VFIO_PCI_ERR_IRQ_INDEX:
 * An interrupt is a write to memory, which a function does only while it is a bus master. Without,
 * it is dropped: PCI leaves open whether a device keeps one for later, and this one does not.
 *
	case VFIO_PCI_REQ_IRQ_INDEX:
		return 1;
	default:
		return -EINVAL;
	if (!tessera_config_bus_master(vgpu))
		return;
	}
}

static struct tessera_trigger __rcu **tessera_irq_trigger_of(struct tessera_vgpu *vgpu, u32 index,
							     u32 i)
{
	switch (index) {
	case VFIO_PCI_MSI_IRQ_INDEX:
	case VFIO_PCI_MSIX_IRQ_INDEX:
		return &vgpu->irq.msix[i];
	case VFIO_PCI_ERR_IRQ_INDEX:
		return &vgpu->irq.err_trigger;
	default:
		return &vgpu->irq.req_trigger;
	}
}

static void tessera_irq_free_trigger(struct rcu_head *rcu)
{
	struct tessera_trigger *trigger = container_of(rcu, struct tessera_trigger, rcu);

	eventfd_ctx_put(trigger->ctx);
	kfree(trigger);
}

/* Exchange an eventfd; the old one is released after a grace period. */
static void tessera_irq_set_trigger(struct tessera_vgpu *vgpu,
				    struct tessera_trigger __rcu **where,
				    struct tessera_trigger *trigger)
{
	struct tessera_trigger *old;

	old = rcu_replace_pointer(*where, trigger, lockdep_is_held(&vgpu->irq.mutex));
	if (old)
		call_rcu(&old->rcu, tessera_irq_free_trigger);
}

static int tessera_irq_set_eventfd(struct tessera_vgpu *vgpu, u32 index, u32 i, s32 fd)
{
	struct tessera_trigger *trigger = NULL;
	int ret;

	if (fd < -1)
		return -EINVAL;
	if (fd >= 0) {
		trigger = kzalloc(sizeof(*trigger), GFP_KERNEL_ACCOUNT);
		if (!trigger)
			return -ENOMEM;
		trigger->ctx = eventfd_ctx_fdget(fd);
		if (IS_ERR(trigger->ctx)) {
			ret = PTR_ERR(trigger->ctx);
			kfree(trigger);
			return ret;
		}
	}
	tessera_irq_set_trigger(vgpu, tessera_irq_trigger_of(vgpu, index, i), trigger);
	return 0;
}

/**
 * tessera_irq_set() - serve VFIO_DEVICE_SET_IRQS, after VFIO has checked it
 * @vgpu: the vGPU
 * @index: VFIO_PCI_*_IRQ_INDEX
 * @start: first interrupt
 * @count: how many; all inside the index
 * @flags: VFIO_IRQ_SET_*
 * @data: as the flags say, or NULL
 *
 * Context: may sleep.
 * Return: 0 or an errno; interrupts before the one at fault have been set.
 */
int tessera_irq_set(struct tessera_vgpu *vgpu, u32 index, u32 start, u32 count, u32 flags,
		    void *data)
{
	u32 total = tessera_irq_count(vgpu, index);
	u32 type = flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	int ret = 0;
	u32 i;

	/* User space emulates MSI-X's table and MSI's capability, and masks by those. */
	if ((flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) != VFIO_IRQ_SET_ACTION_TRIGGER)
		return -ENOTTY;

	mutex_lock(&vgpu->irq.mutex);
	if (type == VFIO_IRQ_SET_DATA_NONE && !count) {
		for (i = 0; i < total; i++)
			tessera_irq_set_trigger(vgpu, tessera_irq_trigger_of(vgpu, index, i), NULL);
	}
	for (i = 0; i < count && !ret; i++) {
		switch (type) {
		case VFIO_IRQ_SET_DATA_NONE:
			tessera_irq_trigger(tessera_irq_trigger_of(vgpu, index, start + i));
			break;
		case VFIO_IRQ_SET_DATA_BOOL:
			if (((u8 *)data)[i])
				tessera_irq_trigger(tessera_irq_trigger_of(vgpu, index, start + i));
			break;
		case VFIO_IRQ_SET_DATA_EVENTFD:
			ret = tessera_irq_set_eventfd(vgpu, index, start + i, ((s32 *)data)[i]);
			break;
		default:
			ret = -EINVAL;
		}
	}
	mutex_unlock(&vgpu->irq.mutex);
	return ret;
}

/**
 * tessera_irq_release() - release all eventfds
 * @vgpu: the vGPU
 *
 * Context: may sleep.
 */
void tessera_irq_release(struct tessera_vgpu *vgpu)
{
	u32 i;

	mutex_lock(&vgpu->irq.mutex);
	for (i = 0; i < vgpu->num_vectors; i++)
		tessera_irq_set_trigger(vgpu, &vgpu->irq.msix[i], NULL);
	tessera_irq_set_trigger(vgpu, &vgpu->irq.err_trigger, NULL);
	tessera_irq_set_trigger(vgpu, &vgpu->irq.req_trigger, NULL);
	mutex_unlock(&vgpu->irq.mutex);
}

/**
 * tessera_irq_module_exit() - wait until the last eventfd is released
 *
 * Context: may sleep; no vGPU is left.
 */
void tessera_irq_module_exit(void)
{
	rcu_barrier();
}
