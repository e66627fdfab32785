// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera-event.c - the event queue
 *
 * Events go through a backlog into the ring in memory, so that none is lost or
 * reordered while the ring is full. The backlog is bounded: past EVENT_GATE everything
 * that could produce more events stops until the driver reads some.
 */
#include <string.h>

#include "tessera-internal.h"

/**
 * t1_event_flush() - move events from the backlog to the ring while it has room
 * @core: the accelerator
 */
void t1_event_flush(struct t1_core *core)
{
	struct bus_ring *ring = &core->evq;
	struct t1_event *ev;
	bool any = false;
	uint64_t at;

	while (core->backlog_count && core_ready(core)) {
		if (((ring->tail + 1) & (ring->size - 1)) == ring->head)
			break;
		ev = &core->backlog[core->backlog_first];
		ev->phase = ring->phase;
		at = ring->base + (uint64_t)ring->tail * sizeof(*ev);
		/* The phase is written last: it is what the driver polls. */
		if (!core->ops->dma_write(core->opaque, at, ev,
					  offsetof(struct t1_event, phase))) {
			t1_core_fatal(core, "event queue not reachable");
			return;
		}
		__atomic_thread_fence(__ATOMIC_RELEASE);
		if (!core->ops->dma_write(core->opaque,
					  at + offsetof(struct t1_event, phase),
					  &ev->phase, sizeof(ev->phase))) {
			t1_core_fatal(core, "event queue not reachable");
			return;
		}
		core->backlog_first = (core->backlog_first + 1) % EVENT_BACKLOG;
		core->backlog_count--;
		ring->tail = (ring->tail + 1) & (ring->size - 1);
		if (!ring->tail)
			ring->phase ^= 1;
		any = true;
	}
	if (any)
		core->ops->irq(core->opaque, T1_VECTOR_CONTROL);
}

/**
 * t1_event_post() - post an event
 * @core: the accelerator
 * @type: T1_EV_*
 * @engine: engine that the event is about
 * @ctx: context, or T1_NO_CONTEXT
 * @slot: queue slot of a fault, else 0
 * @fault: T1_FAULT_*
 * @addr: virtual address of a fault, else 0
 * @t: device time of the event
 */
void t1_event_post(struct t1_core *core, unsigned int type, unsigned int engine,
		   uint32_t ctx, uint32_t slot, uint32_t fault, uint64_t addr, uint64_t t)
{
	const struct engine *e = &core->engines[engine];
	struct t1_event *ev;

	if (!core_ready(core))
		return;
	if (core->backlog_count == EVENT_BACKLOG) {
		t1_core_fatal(core, "event backlog overrun");
		return;
	}
	ev = &core->backlog[(core->backlog_first + core->backlog_count) % EVENT_BACKLOG];
	*ev = (struct t1_event){
		.type = type,
		.engine = engine,
		.ctx = ctx,
		.slot = slot,
		.fault = fault,
		.token = e->token,
		.time_ns = t,
		.busy_ns = t1_engine_busy(core, engine, t),
		.addr = addr,
		.switch_ns = t1_engine_switch_ns(core, engine, t),
	};
	core->backlog_count++;
	core->ops->trace_event(core->opaque, type, engine, ctx, fault ? fault : e->token);
	t1_event_flush(core);
}
