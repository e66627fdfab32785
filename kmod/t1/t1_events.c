// SPDX-License-Identifier: GPL-2.0-only
/*
 * t1_events.c - fault events, from the hardware's ring to the guest's
 *
 * Hardware events arrive in hard interrupt context, where guest memory can't be written: they
 * wait in a fifo for the vGPU's worker, which writes them as the guest's ring has room. The
 * fifo is bounded. A guest that lets contexts fault on and on without ever reading its ring
 * finds, beyond that bound, only each context's latest fault: nothing else is ever lost.
 */
#include "tessera.h"
#include "trace.h"

static struct t1_event *entry(struct tessera_vgpu_events *q, u32 i)
{
	return &q->fifo[(q->first + i) % TESSERA_EVENTS_MAX];
}

/* Where to put an event of @ctx: at the end, or, where room is short, over its last one. */
static struct t1_event *make_room(struct tessera_vgpu *vgpu, u32 ctx)
{
	struct tessera_vgpu_events *q = &vgpu->events;
	u32 i;

	if (q->count >= TESSERA_EVENTS_MAX - T1_MAX_CONTEXTS) {
		for (i = q->count; i-- > 0;) {
			if (le32_to_cpu(entry(q, i)->ctx) == ctx) {
				q->merged++;
				return entry(q, i);
			}
		}
	}
	return entry(q, q->count++);
}

/**
 * t1_events_push() - a context of this vGPU has faulted
 * @vgpu: the vGPU
 * @ev: the hardware's event
 *
 * Context: hard interrupt.
 */
void t1_events_push(struct tessera_vgpu *vgpu, const struct tessera_hw_event *ev)
{
	u32 ctx = ev->ctx - vgpu->first_ctx;
	u32 slot = ev->slot - vgpu->first_slot;
	struct t1_event *out;
	unsigned long flags;

	trace_tessera_fault(&vgpu->accel->pdev->dev, vgpu->name, ev->engine, ev->time_ns, ctx,
			    slot, ev->fault, ev->addr);
	atomic64_inc(&vgpu->stats.faults);
	spin_lock_irqsave(&vgpu->events.lock, flags);
	out = make_room(vgpu, ctx);
	*out = (struct t1_event) {
		.type = cpu_to_le16(T1_EV_FAULT),
		.engine = cpu_to_le16(ev->engine),
		.ctx = cpu_to_le32(ctx),
		.slot = cpu_to_le32(slot < vgpu->num_slots ? slot : 0),
		.fault = cpu_to_le32(ev->fault),
		.time_ns = cpu_to_le64(ev->time_ns),
		.addr = cpu_to_le64(ev->addr),
	};
	spin_unlock_irqrestore(&vgpu->events.lock, flags);
	queue_work(vgpu->wq, &vgpu->work);
}

/**
 * t1_events_drop() - forget what the guest has not been told yet
 * @vgpu: the vGPU
 * @ctx: of this context of the vGPU, which is gone; or TESSERA_CTX_ALL
 */
void t1_events_drop(struct tessera_vgpu *vgpu, u32 ctx)
{
	struct tessera_vgpu_events *q = &vgpu->events;
	u32 i, kept = 0;

	spin_lock_irq(&q->lock);
	for (i = 0; i < q->count; i++) {
		if (ctx != TESSERA_CTX_ALL && le32_to_cpu(entry(q, i)->ctx) != ctx)
			*entry(q, kept++) = *entry(q, i);
	}
	q->count = kept;
	spin_unlock_irq(&q->lock);
}

static bool next_event(struct tessera_vgpu *vgpu, struct t1_event *ev)
{
	struct tessera_vgpu_events *q = &vgpu->events;
	bool found;

	spin_lock_irq(&q->lock);
	found = q->count;
	if (found) {
		*ev = *entry(q, 0);
		q->first = (q->first + 1) % TESSERA_EVENTS_MAX;
		q->count--;
	}
	spin_unlock_irq(&q->lock);
	return found;
}

/**
 * t1_events_deliver() - write to the guest's event ring what it has room for
 * @vgpu: the vGPU, ready, with its lock held
 * @posted: set if something was written
 *
 * Context: may sleep.
 * Return: 0, or an errno if the ring can't be reached.
 */
int t1_events_deliver(struct tessera_vgpu *vgpu, bool *posted)
{
	struct tessera_ring *ring = &vgpu->evq;
	struct t1_event ev;
	int ret;

	lockdep_assert_held(&vgpu->lock);
	while (((ring->index + 1) & (ring->size - 1)) !=
	       (READ_ONCE(vgpu->evq_head) & (ring->size - 1))) {
		if (!next_event(vgpu, &ev))
			break;
		ret = tessera_ring_write(vgpu, ring, &ev, sizeof(ev), &ev.phase);
		if (ret)
			return ret;
		atomic64_inc(&vgpu->stats.events);
		*posted = true;
	}
	return 0;
}
