// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera-event.c - the event queue: what the device says unasked
 *
 * Events go through a backlog into the ring in memory, so that none is lost or
 * reordered while the ring is full. The backlog is bounded: past EVENT_GATE
 * everything that could make more events stands still until the driver reads.
 */
#include <string.h>

#include "tessera-internal.h"

/**
 * event_flush() - move events from the backlog to the ring, as far as it has room
 * @core: the accelerator
 */
void event_flush(struct tessera_core *core)
{
	struct bus_ring *ring = &core->evq;
	struct tessera_event *ev;
	bool any = false;
	uint64_t at;

	while (core->backlog_count && core_ready(core)) {
		if (((ring->tail + 1) & (ring->size - 1)) == ring->head)
			break;
		ev = &core->backlog[core->backlog_first];
		ev->phase = ring->phase;
		at = ring->base + (uint64_t)ring->tail * sizeof(*ev);
		/* The phase goes last: it is what the driver polls. */
		if (!core->ops->dma_write(core->opaque, at, ev,
					  offsetof(struct tessera_event, phase))) {
			core_fatal(core, "event queue not reachable");
			return;
		}
		__atomic_thread_fence(__ATOMIC_RELEASE);
		if (!core->ops->dma_write(core->opaque,
					  at + offsetof(struct tessera_event, phase),
					  &ev->phase, sizeof(ev->phase))) {
			core_fatal(core, "event queue not reachable");
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
		core->ops->irq(core->opaque, TESSERA_VECTOR_CONTROL);
}

/**
 * event_post() - report something
 * @core: the accelerator
 * @type: TESSERA_EV_*
 * @engine: that it is about
 * @ctx: or TESSERA_NO_CONTEXT
 * @slot: of a fault
 * @fault: TESSERA_FAULT_*
 * @addr: of a fault
 * @t: device time of the event
 */
void event_post(struct tessera_core *core, unsigned int type, unsigned int engine,
		uint32_t ctx, uint32_t slot, uint32_t fault, uint64_t addr, uint64_t t)
{
	const struct engine *e = &core->engines[engine];
	struct tessera_event *ev;

	if (!core_ready(core))
		return;
	if (core->backlog_count == EVENT_BACKLOG) {
		core_fatal(core, "event backlog overrun");
		return;
	}
	ev = &core->backlog[(core->backlog_first + core->backlog_count) % EVENT_BACKLOG];
	*ev = (struct tessera_event){
		.type = type,
		.engine = engine,
		.ctx = ctx,
		.slot = slot,
		.fault = fault,
		.token = e->token,
		.time_ns = t,
		.busy_ns = engine_busy(core, engine, t),
		.addr = addr,
		.switch_ns = engine_switch_ns(core, engine, t),
	};
	core->backlog_count++;
	trace(core, TESSERA_TRACE_EVENT, type, engine, ctx, fault ? fault : e->token);
	event_flush(core);
}
