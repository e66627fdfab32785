// SPDX-License-Identifier: GPL-2.0-only
/*
 * t1_events.c - fault events, from the hardware's ring to the guest's
 *
 * Hardware events arrive in hard interrupt context, where guest memory can't be written: they
 * wait in a fifo for the vGPU's worker, which writes them as the guest's ring has room. The
 * fifo is bounded. A guest that lets contexts fault on and on without ever reading its ring
 * finds, beyond that bound, only each context's latest fault: nothing else is ever lost.
 */
#include "t1/t1.h"
#include "trace.h"

static struct t1_event *t1_events_entry(struct t1_vgpu_events *q, u32 i)
{
	return &q->fifo[(q->first + i) % T1_EVENTS_MAX];
}

/* Where to put an event of @ctx: at the end, or, where room is short, over its last one. */
static struct t1_event *t1_events_make_room(struct tessera_vgpu *vgpu, u32 ctx)
{
	struct t1_vgpu_events *q = &to_t1_vgpu(vgpu)->state.events;
	u32 i;

	if (q->count >= T1_EVENTS_MAX - TESSERA_MAX_CONTEXTS) {
		for (i = q->count; i-- > 0;) {
			if (le32_to_cpu(t1_events_entry(q, i)->ctx) == ctx)
				return t1_events_entry(q, i);
		}
	}
	return t1_events_entry(q, q->count++);
}

/**
 * t1_events_push() - keep a fault for the guest
 * @vgpu: the vGPU
 * @ev: the fault, with the hardware's numbers
 *
 * Context: hard interrupt.
 */
void t1_events_push(struct tessera_vgpu *vgpu, const struct tessera_hw_event *ev)
{
	u32 ctx = ev->ctx - vgpu->part.first_ctx;
	u32 slot = ev->slot - vgpu->part.first_slot;
	struct t1_vgpu *t1v = to_t1_vgpu(vgpu);
	struct t1_event *out;
	unsigned long flags;

	trace_tessera_fault(&vgpu->accel->pdev->dev, vgpu->name,
			    vgpu->accel->hw->engine[ev->engine].name, ev->time_ns, ctx, slot,
			    ev->fault, ev->addr);
	atomic64_inc(&vgpu->stats.faults);
	spin_lock_irqsave(&t1v->events_lock, flags);
	out = t1_events_make_room(vgpu, ctx);
	*out = (struct t1_event) {
		.type = cpu_to_le16(T1_EV_FAULT),
		.engine = cpu_to_le16(ev->engine),
		.ctx = cpu_to_le32(ctx),
		.slot = cpu_to_le32(slot < vgpu->part.num_slots ? slot : 0),
		.fault = cpu_to_le32(ev->fault),
		.time_ns = cpu_to_le64(tessera_vgpu_time_ns(vgpu, ev->time_ns)),
		.addr = cpu_to_le64(ev->addr),
	};
	spin_unlock_irqrestore(&t1v->events_lock, flags);
	tessera_vgpu_kick(vgpu);
}

/**
 * t1_events_drop() - forget what the guest has not been told yet
 * @vgpu: the vGPU
 * @ctx: of this context of the vGPU, which is gone; or T1_CTX_ALL
 *
 * Context: process; takes events_lock.
 */
void t1_events_drop(struct tessera_vgpu *vgpu, u32 ctx)
{
	struct t1_vgpu *t1v = to_t1_vgpu(vgpu);
	struct t1_vgpu_events *q = &t1v->state.events;
	u32 i, kept = 0;

	spin_lock_irq(&t1v->events_lock);
	for (i = 0; i < q->count; i++) {
		if (ctx != T1_CTX_ALL && le32_to_cpu(t1_events_entry(q, i)->ctx) != ctx)
			*t1_events_entry(q, kept++) = *t1_events_entry(q, i);
	}
	q->count = kept;
	spin_unlock_irq(&t1v->events_lock);
}

static bool t1_events_next(struct tessera_vgpu *vgpu, struct t1_event *ev)
{
	struct t1_vgpu *t1v = to_t1_vgpu(vgpu);
	struct t1_vgpu_events *q = &t1v->state.events;
	bool found;

	spin_lock_irq(&t1v->events_lock);
	found = q->count;
	if (found) {
		*ev = *t1_events_entry(q, 0);
		q->first = (q->first + 1) % T1_EVENTS_MAX;
		q->count--;
	}
	spin_unlock_irq(&t1v->events_lock);
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
	struct t1_vgpu_state *state = &to_t1_vgpu(vgpu)->state;
	struct t1_event ev;
	int ret;

	lockdep_assert_held(&vgpu->lock);
	while (tessera_ring_has_room(&state->evq, READ_ONCE(state->evq_head))) {
		if (!t1_events_next(vgpu, &ev))
			break;
		ret = tessera_ring_write(vgpu, &state->evq, &ev, sizeof(ev), &ev.phase);
		if (ret)
			return ret;
		atomic64_inc(&vgpu->stats.events);
		*posted = true;
	}
	return 0;
}
