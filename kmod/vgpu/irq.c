// SPDX-License-Identifier: GPL-2.0-only
/*
 * irq.c - from the hardware's vector to the guest's
 *
 * A queue slot's hardware vector arrives here in hard interrupt context and signals the
 * eventfd of the vector that the guest named at the queue's creation; KVM injects from
 * there. Vector 0 (completions and events) is signalled by the mediator itself.
 */
#include <linux/eventfd.h>
#include "tessera_compat.h"
#include "vgpu/irq.h"
#include "vgpu/vgpu.h"

/**
 * tessera_irq_init() - prepare the locks
 * @vgpu: the vGPU
 */
void tessera_irq_init(struct tessera_vgpu *vgpu)
{
	spin_lock_init(&vgpu->irq.lock);
	mutex_init(&vgpu->irq.mutex);
}

static void tessera_irq_eventfd(struct eventfd_ctx *trigger)
{
#ifdef TESSERA_HAVE_EVENTFD_SIGNAL_ONE_ARG
	eventfd_signal(trigger);
#else
	eventfd_signal(trigger, 1);
#endif
}

/**
 * tessera_irq_signal() - send a vGPU's interrupt
 * @vgpu: the vGPU
 * @vector: its MSI-X vector, in range
 *
 * Context: any.
 */
void tessera_irq_signal(struct tessera_vgpu *vgpu, u32 vector)
{
	unsigned long flags;

	atomic64_inc(&vgpu->stats.interrupts);
	spin_lock_irqsave(&vgpu->irq.lock, flags);
	if (vgpu->irq.msix[vector])
		tessera_irq_eventfd(vgpu->irq.msix[vector]);
	spin_unlock_irqrestore(&vgpu->irq.lock, flags);
}

/**
 * tessera_irq_slot() - pass on the interrupt of a queue slot
 * @accel: the accelerator
 * @slot: physical slot
 *
 * Context: hard interrupt.
 */
void tessera_irq_slot(struct tessera_accel *accel, u32 slot)
{
	struct tessera_slot *s = &accel->slots[slot];
	unsigned long flags;

	spin_lock_irqsave(&s->lock, flags);
	if (s->vgpu)
		tessera_irq_signal(s->vgpu, s->vector);
	spin_unlock_irqrestore(&s->lock, flags);
}

static void tessera_irq_set_route(struct tessera_vgpu *vgpu, u32 slot, struct tessera_vgpu *to,
				  u32 vector)
{
	struct tessera_slot *s = &vgpu->accel->slots[vgpu->part.first_slot + slot];

	spin_lock_irq(&s->lock);
	s->vgpu = to;
	s->vector = vector;
	spin_unlock_irq(&s->lock);
}

/**
 * tessera_irq_route() - send a queue's interrupts to a vector
 * @vgpu: the vGPU
 * @slot: its queue slot
 * @vector: its vector, in range
 */
void tessera_irq_route(struct tessera_vgpu *vgpu, u32 slot, u32 vector)
{
	tessera_irq_set_route(vgpu, slot, vgpu, vector);
}

/**
 * tessera_irq_unroute() - send a queue's interrupts nowhere
 * @vgpu: the vGPU
 * @slot: its queue slot
 */
void tessera_irq_unroute(struct tessera_vgpu *vgpu, u32 slot)
{
	tessera_irq_set_route(vgpu, slot, NULL, 0);
}

static bool tessera_irq_notify(struct tessera_vgpu *vgpu, struct eventfd_ctx **trigger)
{
	bool notified;

	spin_lock_irq(&vgpu->irq.lock);
	notified = *trigger;
	if (notified)
		tessera_irq_eventfd(*trigger);
	spin_unlock_irq(&vgpu->irq.lock);
	return notified;
}

/**
 * tessera_irq_error() - tell user space that the device has lost what it held
 * @vgpu: the vGPU
 *
 * Context: may sleep.
 */
void tessera_irq_error(struct tessera_vgpu *vgpu)
{
	tessera_irq_notify(vgpu, &vgpu->irq.err_trigger);
}

/**
 * tessera_irq_request() - ask user space to release the device
 * @vgpu: the vGPU
 *
 * Return: false if it has not said how it wants to be asked.
 */
bool tessera_irq_request(struct tessera_vgpu *vgpu)
{
	return tessera_irq_notify(vgpu, &vgpu->irq.req_trigger);
}

/**
 * tessera_irq_count() - count the interrupts of a VFIO index
 * @vgpu: the vGPU
 * @index: VFIO_PCI_*_IRQ_INDEX
 *
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
	case VFIO_PCI_REQ_IRQ_INDEX:
		return 1;
	default:
		return -EINVAL;
	}
}

static struct eventfd_ctx **tessera_irq_trigger_of(struct tessera_vgpu *vgpu, u32 index, u32 i)
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

/* Exchange an eventfd; the old one is released. */
static void tessera_irq_set_trigger(struct tessera_vgpu *vgpu, struct eventfd_ctx **where,
			struct eventfd_ctx *trigger)
{
	struct eventfd_ctx *old;

	spin_lock_irq(&vgpu->irq.lock);
	old = *where;
	*where = trigger;
	spin_unlock_irq(&vgpu->irq.lock);
	if (old)
		eventfd_ctx_put(old);
}

static void tessera_irq_fire(struct tessera_vgpu *vgpu, u32 index, u32 i)
{
	struct eventfd_ctx **where = tessera_irq_trigger_of(vgpu, index, i);

	spin_lock_irq(&vgpu->irq.lock);
	if (*where)
		tessera_irq_eventfd(*where);
	spin_unlock_irq(&vgpu->irq.lock);
}

static int tessera_irq_set_eventfd(struct tessera_vgpu *vgpu, u32 index, u32 i, s32 fd)
{
	struct eventfd_ctx *trigger = NULL;

	if (fd < -1)
		return -EINVAL;
	if (fd >= 0) {
		trigger = eventfd_ctx_fdget(fd);
		if (IS_ERR(trigger))
			return PTR_ERR(trigger);
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
			tessera_irq_fire(vgpu, index, start + i);
			break;
		case VFIO_IRQ_SET_DATA_BOOL:
			if (((u8 *)data)[i])
				tessera_irq_fire(vgpu, index, start + i);
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
