// SPDX-License-Identifier: GPL-2.0-only
/*
 * irq.c - from the hardware's vector to the guest's
 *
 * A queue slot's hardware vector arrives here in hard interrupt context and signals the
 * eventfd of the vector that the guest named at the queue's creation; KVM injects from
 * there. Vector 0 (completions and events) is signalled by the mediator itself.
 *
 * Routes and eventfds are read under RCU: interrupts take no lock but that of the vGPU's budget.
 *
 * A guest can ask for an interrupt after every command, which is a million in a second, each in
 * hard interrupt context and with whatever its process has put behind the eventfd. So each vGPU
 * has a budget for a window of a millisecond, in interrupts and in time, of which a smaller vGPU
 * has less. What exceeds it is masked at the accelerator until a timer ends the window. Nothing is
 * lost: the accelerator keeps one interrupt pending for each slot. A window in which too much time
 * went lasts until that is made up for, so the share of a CPU holds on average however long one
 * interrupt takes.
 */
#include <linux/eventfd.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include "tessera_compat.h"
#include "vgpu/config.h"
#include "vgpu/irq.h"
#include "vgpu/vgpu.h"

#define TESSERA_IRQ_WINDOW_NS		NSEC_PER_MSEC
#define TESSERA_IRQ_WINDOW_MAX_NS	(100 * NSEC_PER_MSEC)
/* Of a V1 in a window; of a V<N> an N-th */
#define TESSERA_IRQ_COUNT		256u
#define TESSERA_IRQ_USED_NS		(400 * NSEC_PER_USEC)

/**
 * struct tessera_trigger - an eventfd that interrupts go to
 * @ctx: the eventfd
 * @rcu: it is released when no interrupt can be about to signal it
 */
struct tessera_trigger {
	struct eventfd_ctx *ctx;
	struct rcu_head rcu;
};

/* -------------------------------------------------------------- budget -- */

static void tessera_irq_unmask(struct tessera_vgpu *vgpu)
{
	struct tessera_irq_budget *b = &vgpu->irq.budget;
	struct tessera_hw *hw = vgpu->accel->hw;
	unsigned long flags;
	u32 slot;

	spin_lock_irqsave(&b->lock, flags);
	b->begin_ns = ktime_get_mono_fast_ns();
	b->count = 0;
	b->used_ns = 0;
	while (b->masked) {
		slot = __ffs64(b->masked);
		b->masked &= b->masked - 1;
		hw->ops->slot_irq_mask(hw, vgpu->part.first_slot + slot, false);
	}
	spin_unlock_irqrestore(&b->lock, flags);
}

static enum hrtimer_restart tessera_irq_window_end(struct hrtimer *timer)
{
	tessera_irq_unmask(container_of(timer, struct tessera_vgpu, irq.budget.timer));
	return HRTIMER_NORESTART;
}

/* How much of the window is left, or of the time in which what was used is the vGPU's share. */
static u64 tessera_irq_window_left(const struct tessera_irq_budget *b, u64 used_limit, u64 now)
{
	u64 length = max_t(u64, TESSERA_IRQ_WINDOW_NS,
			   div64_u64(b->used_ns * TESSERA_IRQ_WINDOW_NS, used_limit));

	length = min_t(u64, length, TESSERA_IRQ_WINDOW_MAX_NS);
	return length - min(length, now - b->begin_ns);
}

/* The interrupt of a slot has been passed on, from @from_ns until now. */
static void tessera_irq_spend(struct tessera_vgpu *vgpu, u32 slot, u64 from_ns)
{
	struct tessera_irq_budget *b = &vgpu->irq.budget;
	u64 used_limit = TESSERA_IRQ_USED_NS / vgpu->type->div;
	struct tessera_hw *hw = vgpu->accel->hw;
	u64 now = ktime_get_mono_fast_ns();

	spin_lock(&b->lock);
	if (!b->masked && now - b->begin_ns >= TESSERA_IRQ_WINDOW_NS) {
		b->begin_ns = from_ns;
		b->count = 0;
		b->used_ns = 0;
	}
	b->count++;
	b->used_ns += now - from_ns;
	if ((b->count >= TESSERA_IRQ_COUNT / vgpu->type->div || b->used_ns >= used_limit) &&
	    !(b->masked & BIT_ULL(slot))) {
		if (!b->masked) {
			atomic64_inc(&vgpu->stats.moderated);
			tessera_guilt_flood(vgpu);
			hrtimer_start(&b->timer,
				      ns_to_ktime(tessera_irq_window_left(b, used_limit, now)),
				      HRTIMER_MODE_REL);
		}
		b->masked |= BIT_ULL(slot);
		hw->ops->slot_irq_mask(hw, vgpu->part.first_slot + slot, true);
	}
	spin_unlock(&b->lock);
}

/**
 * tessera_irq_init() - prepare a vGPU that has no eventfds yet
 * @vgpu: the vGPU
 *
 * Context: any; nobody else uses the vGPU yet.
 */
void tessera_irq_init(struct tessera_vgpu *vgpu)
{
	struct tessera_irq_budget *b = &vgpu->irq.budget;

	mutex_init(&vgpu->irq.mutex);
	spin_lock_init(&b->lock);
#ifdef TESSERA_HAVE_HRTIMER_SETUP
	hrtimer_setup(&b->timer, tessera_irq_window_end, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
#else
	hrtimer_init(&b->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	b->timer.function = tessera_irq_window_end;
#endif
}

/**
 * tessera_irq_fini() - unmask what is masked
 * @vgpu: the vGPU, closed, of which no interrupt comes any more
 *
 * Context: may sleep.
 */
void tessera_irq_fini(struct tessera_vgpu *vgpu)
{
	hrtimer_cancel(&vgpu->irq.budget.timer);
	tessera_irq_unmask(vgpu);
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
 * An interrupt is a write to memory, which a function does only while it is a bus master. Without,
 * it is dropped: PCI leaves open whether a device keeps one for later, and this one does not.
 *
 * Context: any.
 */
void tessera_irq_signal(struct tessera_vgpu *vgpu, u32 vector)
{
	if (!tessera_config_bus_master(vgpu))
		return;
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
	u64 from_ns = ktime_get_mono_fast_ns();
	struct tessera_vgpu *vgpu;

	rcu_read_lock();
	vgpu = rcu_dereference(accel->slots[slot]);
	if (vgpu) {
		slot -= vgpu->part.first_slot;
		tessera_irq_signal(vgpu, READ_ONCE(vgpu->irq.route[slot]));
		tessera_irq_spend(vgpu, slot, from_ns);
	}
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
	case VFIO_PCI_REQ_IRQ_INDEX:
		return 1;
	default:
		return -EINVAL;
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
