// SPDX-License-Identifier: GPL-2.0-only
/*
 * t1_state.c - the walk over all that the guest of a T1 vGPU can observe
 *
 * One walk saves and loads, so that no field can be in one and not in the other. A ring's address
 * and size are those of the registers, which can't change while it is in use.
 */
#ifdef __KERNEL__
#include <asm/byteorder.h>
#include <linux/string.h>
#else
#include <string.h>
#endif
#include "t1/t1_state.h"
#include "vgpu/stream.h"

#define T1_STATE_MAGIC		0x31535654u	/* "TVS1" */
#define T1_STATE_MAJOR		1u
#define T1_STATE_MINOR		1u	/* 1: latch_busy_hi */
#define T1_RING_ENTRIES_MIN	2u
#define T1_RING_ENTRIES_MAX	1024u

/**
 * t1_state_power_on() - put what a T1 adds to a vGPU's state into its power-on form
 * @state: the state of a vGPU that is off; the common part stays
 *
 * Context: any; nobody else uses the state.
 */
void t1_state_power_on(struct t1_vgpu_state *state)
{
	const size_t common = sizeof(state->common);

	memset((u8 *)state + common, 0, sizeof(*state) - common);
}

/**
 * t1_state_ring_ok() - tell whether a ring's registers are valid
 * @base: its address
 * @size: its entries
 *
 * Context: any.
 * Return: true if a T1 would take them.
 */
bool t1_state_ring_ok(u64 base, u32 size)
{
	return size >= T1_RING_ENTRIES_MIN && size <= T1_RING_ENTRIES_MAX &&
	       !(size & (size - 1)) && !(base & (T1_PAGE_SIZE - 1)) &&
	       base <= ~0ull - T1_RING_ENTRIES_MAX * sizeof(struct t1_admin_cmd);
}

/* @other: the guest's side of it, a register. */
static void t1_state_walk_ring(struct tessera_ring *ring, u64 base, u32 size, u32 *other,
			       const char *name, struct tessera_stream *s)
{
	bool phase = ring->phase;

	tessera_stream_check(s, name, t1_state_ring_ok(base, size));
	if (s->why)
		return;
	ring->base = base;
	ring->size = size;
	tessera_stream_u32(s, name, &ring->index);
	tessera_stream_check(s, name, ring->index < size);
	tessera_stream_bool(s, name, &phase);
	ring->phase = phase;
	tessera_stream_u32(s, name, other);
	tessera_stream_check(s, name, *other < size);
}

static void t1_state_walk_event(struct t1_event *ev, const struct tessera_state_limits *limits,
				struct tessera_stream *s)
{
	u16 engine = le16_to_cpu(ev->engine);
	u32 ctx = le32_to_cpu(ev->ctx), slot = le32_to_cpu(ev->slot);
	u32 fault = le32_to_cpu(ev->fault);
	u64 time_ns = le64_to_cpu(ev->time_ns), addr = le64_to_cpu(ev->addr);

	tessera_stream_u16(s, "event.engine", &engine);
	tessera_stream_check(s, "event.engine", engine < limits->num_engines);
	tessera_stream_u32(s, "event.ctx", &ctx);
	tessera_stream_check(s, "event.ctx", ctx < limits->num_ctx);
	tessera_stream_u32(s, "event.slot", &slot);
	tessera_stream_check(s, "event.slot", slot < limits->num_slots);
	tessera_stream_u32(s, "event.fault", &fault);
	tessera_stream_check(s, "event.fault", fault && fault <= T1_FAULT_ENGINE_RESET);
	tessera_stream_u64(s, "event.time_ns", &time_ns);
	tessera_stream_u64(s, "event.addr", &addr);
	if (!s->loading)
		return;
	*ev = (struct t1_event){
		.type = cpu_to_le16(T1_EV_FAULT),
		.engine = cpu_to_le16(engine),
		.ctx = cpu_to_le32(ctx),
		.slot = cpu_to_le32(slot),
		.fault = cpu_to_le32(fault),
		.time_ns = cpu_to_le64(time_ns),
		.addr = cpu_to_le64(addr),
	};
}

static void t1_state_walk_events(struct t1_vgpu_events *q,
				 const struct tessera_state_limits *limits,
				 struct tessera_stream *s)
{
	u32 i;

	tessera_stream_u32(s, "events", &q->count);
	tessera_stream_check(s, "events", q->count <= T1_EVENTS_MAX);
	for (i = 0; i < q->count && !s->why; i++)
		t1_state_walk_event(&q->fifo[(q->first + i) % T1_EVENTS_MAX], limits, s);
}

/* What QUEUE_CREATE takes. */
static bool t1_state_queue_ok(const struct tessera_hw_queue *q)
{
	u64 va_end = 1ull << T1_VA_BITS;

	return q->ring_log2 >= T1_RING_MIN_LOG2 && q->ring_log2 <= T1_RING_MAX_LOG2 &&
	       !(q->ring_va & (T1_PAGE_SIZE - 1)) &&
	       q->ring_va <= va_end - (sizeof(struct t1_cmd) << q->ring_log2) &&
	       !(q->state_va & (sizeof(struct t1_queue_cb) - 1)) && q->state_va < va_end;
}

static void t1_state_walk_queues(const struct tessera_vgpu_state *common,
				 const struct tessera_state_limits *limits,
				 struct tessera_stream *s)
{
	u32 i;

	for (i = 0; i < limits->num_slots; i++) {
		if (common->queue[i].live)
			tessera_stream_check(s, "queue.ring",
					     t1_state_queue_ok(&common->queue[i].desc));
	}
}

static void t1_state_walk_busy(struct t1_vgpu_state *state,
			       const struct tessera_state_limits *limits,
			       struct tessera_stream *s)
{
	u32 e, ctx;

	for (e = 0; e < T1_NUM_ENGINES; e++) {
		for (ctx = 0; ctx < limits->num_ctx; ctx++)
			tessera_stream_u32(s, "latch_busy_hi", &state->latch_busy_hi[e][ctx]);
	}
}

static void t1_state_walk_fields(struct t1_vgpu_state *state,
				 const struct tessera_state_limits *limits,
				 struct tessera_mappings *mappings, struct tessera_stream *s)
{
	struct t1_vgpu_regs *regs = &state->regs;
	u16 minor = T1_STATE_MINOR;

	tessera_stream_same(s, "magic", T1_STATE_MAGIC);
	tessera_stream_same(s, "version", T1_STATE_MAJOR);
	tessera_stream_u16(s, "minor version", &minor);
	tessera_stream_check(s, "minor version", minor <= T1_STATE_MINOR);
	tessera_state_walk(&state->common, limits, mappings, T1_VA_BITS, s);
	t1_state_walk_queues(&state->common, limits, s);
	tessera_stream_u64(s, "asq_base", &regs->asq_base);
	tessera_stream_u64(s, "acq_base", &regs->acq_base);
	tessera_stream_u64(s, "evq_base", &regs->evq_base);
	tessera_stream_u32(s, "asq_size", &regs->asq_size);
	tessera_stream_u32(s, "acq_size", &regs->acq_size);
	tessera_stream_u32(s, "evq_size", &regs->evq_size);
	tessera_stream_u32(s, "latch_time_hi", &state->latch_time_hi);
	if (minor >= 1)
		t1_state_walk_busy(state, limits, s);
	if (state->common.phase == TESSERA_VGPU_READY) {
		t1_state_walk_ring(&state->asq, regs->asq_base, regs->asq_size, &state->asq_tail,
				   "asq", s);
		t1_state_walk_ring(&state->acq, regs->acq_base, regs->acq_size, &state->acq_head,
				   "acq", s);
		t1_state_walk_ring(&state->evq, regs->evq_base, regs->evq_size, &state->evq_head,
				   "evq", s);
		t1_state_walk_events(&state->events, limits, s);
	}
	tessera_stream_end(s);
}

/**
 * t1_state_walk() - save the state of a T1 vGPU, or load and check it
 * @state: the state. While loading its contents do not matter before; after a stream that was
 *         refused it is as after power-on
 * @limits: the vGPU
 * @mappings: its guest memory
 * @s: the stream; @s->why tells why it was refused, or that there was no room
 *
 * Context: any; @state is a copy that nobody else uses: saving writes to it too.
 */
void t1_state_walk(struct t1_vgpu_state *state, const struct tessera_state_limits *limits,
		   struct tessera_mappings *mappings, struct tessera_stream *s)
{
	if (s->loading)
		memset(state, 0, sizeof(*state));
	t1_state_walk_fields(state, limits, mappings, s);
	if (s->loading && s->why) {
		tessera_state_power_on(&state->common);
		state->common.time_offset_ns = 0;
		t1_state_power_on(state);
		memcpy(state->common.config, limits->config, sizeof(state->common.config));
	}
}
