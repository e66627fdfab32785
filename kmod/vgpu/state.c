// SPDX-License-Identifier: GPL-2.0-only
/*
 * state.c - the walk over what every model's vGPU has
 *
 * Every value that is loaded is checked against the vGPU that it is for. What does not exist
 * (a queue that is not live) is not in the stream.
 */
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif
#include "vgpu/state.h"
#include "vgpu/stream.h"

/**
 * tessera_state_power_on() - put what every model has into its power-on form
 * @state: the state of a vGPU that is off; its caller fills in configuration space
 *
 * Time goes on: no reset sets it back.
 *
 * Context: any; nobody else uses the state, or all that could hold its locks out.
 */
void tessera_state_power_on(struct tessera_vgpu_state *state)
{
	state->phase = TESSERA_VGPU_OFF;
	memset(state->config, 0, sizeof(state->config));
	memset(state->msix_table, 0, sizeof(state->msix_table));
	memset(state->ctx, 0, sizeof(state->ctx));
	memset(state->queue, 0, sizeof(state->queue));
}

#define TESSERA_STATE_PAGE_BYTES	4096u
#define TESSERA_STATE_HUGE_PAGES	512u
#define TESSERA_STATE_MSIX_ENTRY	16u

static void tessera_state_walk_config(struct tessera_vgpu_state *state,
				      const struct tessera_state_limits *limits,
				      struct tessera_stream *s)
{
	u32 i;

	tessera_stream_bytes(s, "config", state->config, sizeof(state->config));
	for (i = 0; i < sizeof(state->config); i++)
		tessera_stream_check(s, "config: a bit that the guest cannot change",
				     !((state->config[i] ^ limits->config[i]) &
				       (u8)~limits->config_writable[i]));
	tessera_stream_bytes(s, "msix_table", state->msix_table,
			     limits->num_vectors * TESSERA_STATE_MSIX_ENTRY);
}

static void tessera_state_walk_queue(struct tessera_vgpu_state *state,
				     const struct tessera_state_limits *limits, u32 slot,
				     struct tessera_stream *s)
{
	struct tessera_queue_state *q = &state->queue[slot];

	tessera_stream_bool(s, "queue.live", &q->live);
	if (!q->live)
		return;
	tessera_stream_u32(s, "queue.vector", &q->vector);
	tessera_stream_check(s, "queue.vector", q->vector < limits->num_vectors);
	tessera_stream_u32(s, "queue.ctx", &q->desc.ctx);
	tessera_stream_check(s, "queue.ctx",
			     q->desc.ctx < limits->num_ctx && state->ctx[q->desc.ctx].live);
	tessera_stream_u32(s, "queue.engine", &q->desc.engine);
	tessera_stream_check(s, "queue.engine", q->desc.engine < limits->num_engines);
	tessera_stream_u64(s, "queue.ring_va", &q->desc.ring_va);
	tessera_stream_u64(s, "queue.state_va", &q->desc.state_va);
	tessera_stream_u32(s, "queue.ring_log2", &q->desc.ring_log2);
}

static bool tessera_state_mapping_ok(const struct tessera_vgpu_state *state,
				     const struct tessera_state_limits *limits,
				     const struct tessera_mapping *m,
				     const struct tessera_mapping *before, u32 va_bits)
{
	u64 va_end = 1ull << va_bits;
	u64 bytes = m->pages * TESSERA_STATE_PAGE_BYTES;
	u64 align = m->huge ? TESSERA_STATE_HUGE_PAGES * TESSERA_STATE_PAGE_BYTES :
			      TESSERA_STATE_PAGE_BYTES;

	if (m->ctx >= limits->num_ctx || !state->ctx[m->ctx].live || !m->pages ||
	    m->pages > va_end / TESSERA_STATE_PAGE_BYTES || m->va > va_end - bytes ||
	    (m->va | m->iova | bytes) & (align - 1) || m->iova + bytes < m->iova || !m->prot ||
	    m->prot & ~(TESSERA_HW_READ | TESSERA_HW_WRITE))
		return false;
	/* In order, and no page twice. */
	return !before->pages || m->ctx > before->ctx ||
	       (m->ctx == before->ctx &&
		m->va >= before->va + before->pages * TESSERA_STATE_PAGE_BYTES);
}

static void tessera_state_walk_mappings(const struct tessera_vgpu_state *state,
					const struct tessera_state_limits *limits,
					struct tessera_mappings *mappings, u32 va_bits,
					struct tessera_stream *s)
{
	struct tessera_mapping m = {}, before = {};
	u32 i, num = mappings->num;

	tessera_stream_u32(s, "mappings", &num);
	for (i = 0; i < num && !s->why; i++) {
		if (!s->loading)
			mappings->get(mappings->priv, i, &m);
		tessera_stream_u32(s, "mapping.ctx", &m.ctx);
		tessera_stream_u64(s, "mapping.va", &m.va);
		tessera_stream_u64(s, "mapping.iova", &m.iova);
		tessera_stream_u64(s, "mapping.pages", &m.pages);
		tessera_stream_u32(s, "mapping.prot", &m.prot);
		tessera_stream_bool(s, "mapping.huge", &m.huge);
		tessera_stream_check(s, "mapping",
				     tessera_state_mapping_ok(state, limits, &m, &before,
							      va_bits));
		if (s->loading && !s->why)
			tessera_stream_check(s, "a mapping of memory that the guest does not have",
					     mappings->put(mappings->priv, &m));
		before = m;
	}
}

static bool tessera_state_any_live(const struct tessera_vgpu_state *state,
				   const struct tessera_state_limits *limits)
{
	u32 i;

	for (i = 0; i < limits->num_ctx; i++) {
		if (state->ctx[i].live)
			return true;
	}
	return false;
}

/**
 * tessera_state_walk() - save the common part of a vGPU's state, or load and check it
 * @state: the state; while loading, zero but for what the walk puts there
 * @limits: the vGPU
 * @mappings: its guest memory
 * @va_bits: of a context's virtual addresses, below 64
 * @s: the stream, with the reason in @s->why if it is refused
 *
 * Context: any; @state is a copy that nobody else uses: saving writes to it too.
 */
void tessera_state_walk(struct tessera_vgpu_state *state,
			const struct tessera_state_limits *limits,
			struct tessera_mappings *mappings, u32 va_bits, struct tessera_stream *s)
{
	u32 i;

	tessera_stream_same(s, "num_ctx", limits->num_ctx);
	tessera_stream_same(s, "num_slots", limits->num_slots);
	tessera_stream_same(s, "num_vectors", limits->num_vectors);
	tessera_stream_same(s, "num_engines", limits->num_engines);
	tessera_stream_same(s, "vram_bytes", limits->vram_bytes);
	tessera_state_walk_config(state, limits, s);
	tessera_stream_u32(s, "phase", &state->phase);
	tessera_stream_check(s, "phase",
			     state->phase == TESSERA_VGPU_OFF ||
			     state->phase == TESSERA_VGPU_READY ||
			     state->phase == TESSERA_VGPU_FATAL);
	tessera_stream_u64(s, "time_offset_ns", &state->time_offset_ns);
	for (i = 0; i < limits->num_ctx; i++)
		tessera_stream_bool(s, "ctx.live", &state->ctx[i].live);
	tessera_stream_check(s, "a context of a vGPU that is not enabled",
			     state->phase == TESSERA_VGPU_READY ||
			     !tessera_state_any_live(state, limits));
	for (i = 0; i < limits->num_slots; i++)
		tessera_state_walk_queue(state, limits, i, s);
	tessera_state_walk_mappings(state, limits, mappings, va_bits, s);
}
