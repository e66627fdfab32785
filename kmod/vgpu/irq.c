// SPDX-License-Identifier: GPL-2.0-only
/*
 * irq.c - from the hardware's vector to the guest's
 *
 * A queue slot's hardware vector arrives here in hard interrupt context and signals the
 * eventfd of the vector that the guest named at the queue's creation; KVM injects from
 * there. Vector 0 (completions and events) is signalled by the mediator itself.
 */
#include <linux/eventfd.h>
#include "tessera.h"
#include "tessera_compat.h"

static void signal_eventfd(struct eventfd_ctx *trigger)
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
	spin_lock_irqsave(&vgpu->irq_lock, flags);
	if (vgpu->msix[vector])
		signal_eventfd(vgpu->msix[vector]);
	spin_unlock_irqrestore(&vgpu->irq_lock, flags);
}

/**
 * tessera_irq_slot() - a queue slot's hardware vector fired
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

static void set_route(struct tessera_vgpu *vgpu, u32 slot, struct tessera_vgpu *to, u32 vector)
{
	struct tessera_slot *s = &vgpu->accel->slots[vgpu->first_slot + slot];

	spin_lock_irq(&s->lock);
	s->vgpu = to;
	s->vector = vector;
	spin_unlock_irq(&s->lock);
}

/**
 * tessera_irq_route() - a queue was created: its interrupts go to this vector
 * @vgpu: the vGPU
 * @slot: its queue slot
 * @vector: its vector, in range
 */
void tessera_irq_route(struct tessera_vgpu *vgpu, u32 slot, u32 vector)
{
	set_route(vgpu, slot, vgpu, vector);
}

/**
 * tessera_irq_unroute() - a queue is gone: its interrupts go nowhere
 * @vgpu: the vGPU
 * @slot: its queue slot
 */
void tessera_irq_unroute(struct tessera_vgpu *vgpu, u32 slot)
{
	set_route(vgpu, slot, NULL, 0);
}

/**
 * tessera_irq_request() - ask user space to let the device go
 * @vgpu: the vGPU
 *
 * Return: false if it has not said how it wants to be asked.
 */
bool tessera_irq_request(struct tessera_vgpu *vgpu)
{
	bool asked;

	spin_lock_irq(&vgpu->irq_lock);
	asked = vgpu->req_trigger;
	if (asked)
		signal_eventfd(vgpu->req_trigger);
	spin_unlock_irq(&vgpu->irq_lock);
	return asked;
}

/**
 * tessera_irq_count() - interrupts of a VFIO index
 * @vgpu: the vGPU
 * @index: VFIO_PCI_*_IRQ_INDEX
 *
 * Return: how many, or -EINVAL.
 */
int tessera_irq_count(const struct tessera_vgpu *vgpu, unsigned int index)
{
	switch (index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
	case VFIO_PCI_MSI_IRQ_INDEX:
		return 0;
	case VFIO_PCI_MSIX_IRQ_INDEX:
		return tessera_vgpu_num_vectors(vgpu);
	case VFIO_PCI_ERR_IRQ_INDEX:
	case VFIO_PCI_REQ_IRQ_INDEX:
		return 1;
	default:
		return -EINVAL;
	}
}

static struct eventfd_ctx **trigger_of(struct tessera_vgpu *vgpu, u32 index, u32 i)
{
	switch (index) {
	case VFIO_PCI_MSIX_IRQ_INDEX:
		return &vgpu->msix[i];
	case VFIO_PCI_ERR_IRQ_INDEX:
		return &vgpu->err_trigger;
	default:
		return &vgpu->req_trigger;
	}
}

/* Exchange an eventfd; the old one is let go. */
static void set_trigger(struct tessera_vgpu *vgpu, struct eventfd_ctx **where,
			struct eventfd_ctx *trigger)
{
	struct eventfd_ctx *old;

	spin_lock_irq(&vgpu->irq_lock);
	old = *where;
	*where = trigger;
	spin_unlock_irq(&vgpu->irq_lock);
	if (old)
		eventfd_ctx_put(old);
}

static void fire(struct tessera_vgpu *vgpu, u32 index, u32 i)
{
	struct eventfd_ctx **where = trigger_of(vgpu, index, i);

	spin_lock_irq(&vgpu->irq_lock);
	if (*where)
		signal_eventfd(*where);
	spin_unlock_irq(&vgpu->irq_lock);
}

static int set_eventfd(struct tessera_vgpu *vgpu, u32 index, u32 i, s32 fd)
{
	struct eventfd_ctx *trigger = NULL;

	if (fd < -1)
		return -EINVAL;
	if (fd >= 0) {
		trigger = eventfd_ctx_fdget(fd);
		if (IS_ERR(trigger))
			return PTR_ERR(trigger);
	}
	set_trigger(vgpu, trigger_of(vgpu, index, i), trigger);
	return 0;
}

/**
 * tessera_irq_set() - VFIO_DEVICE_SET_IRQS, after VFIO has checked it
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

	/* Masking is done by MSI-X's own table, which user space emulates. */
	if ((flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) != VFIO_IRQ_SET_ACTION_TRIGGER)
		return -ENOTTY;

	mutex_lock(&vgpu->irq_mutex);
	if (type == VFIO_IRQ_SET_DATA_NONE && !count) {
		for (i = 0; i < total; i++)
			set_trigger(vgpu, trigger_of(vgpu, index, i), NULL);
	}
	for (i = 0; i < count && !ret; i++) {
		switch (type) {
		case VFIO_IRQ_SET_DATA_NONE:
			fire(vgpu, index, start + i);
			break;
		case VFIO_IRQ_SET_DATA_BOOL:
			if (((u8 *)data)[i])
				fire(vgpu, index, start + i);
			break;
		case VFIO_IRQ_SET_DATA_EVENTFD:
			ret = set_eventfd(vgpu, index, start + i, ((s32 *)data)[i]);
			break;
		default:
			ret = -EINVAL;
		}
	}
	mutex_unlock(&vgpu->irq_mutex);
	return ret;
}

/**
 * tessera_irq_release() - the user has closed the device: let go of all eventfds
 * @vgpu: the vGPU
 *
 * Context: may sleep.
 */
void tessera_irq_release(struct tessera_vgpu *vgpu)
{
	u32 i;

	mutex_lock(&vgpu->irq_mutex);
	for (i = 0; i < tessera_vgpu_num_vectors(vgpu); i++)
		set_trigger(vgpu, &vgpu->msix[i], NULL);
	set_trigger(vgpu, &vgpu->err_trigger, NULL);
	set_trigger(vgpu, &vgpu->req_trigger, NULL);
	mutex_unlock(&vgpu->irq_mutex);
}
