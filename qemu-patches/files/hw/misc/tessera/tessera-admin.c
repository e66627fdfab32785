// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera-admin.c - the admin queue: contexts, mappings, queues
 *
 * A command is copied out of memory once, checked once, then executed, in no modelled time.
 * No command is fetched unless there is room for its completion.
 */
#include <string.h>

#include "tessera-internal.h"

#define VA_END			(1ull << T1_VA_BITS)

static unsigned int admin_identify(struct t1_core *core,
				   const struct t1_admin_cmd *cmd)
{
	const struct t1_config *config = &core->config;
	const struct t1_identify id = {
		.magic = T1_MAGIC,
		.version = T1_HW_VERSION,
		.caps = T1_CAP_SCHED | T1_CAP_STRICT_PREEMPT | T1_CAP_DB_LATCH |
			T1_CAP_CTX_BUSY | T1_CAP_TABLE_PARTS |
			(config->hang ? T1_CAP_HANG : 0),
		.num_engines = NUM_ENGINES,
		.num_slots = NUM_SLOTS,
		.num_contexts = NUM_CONTEXTS,
		.num_vectors = NUM_VECTORS,
		.map_max_pages = T1_MAP_MAX_PAGES,
		.vram_bytes = config->vram_bytes,
		.clock_mhz = config->clock_mhz,
		.f32_macs_per_clock = core->rates.f32_macs_per_clock,
		.i8_macs_per_clock = core->rates.i8_macs_per_clock,
		.vram_mb_per_s = config->vram_mb_per_s,
		.dma_mb_per_s = config->dma_mb_per_s,
		.switch_ns = config->switch_ns,
		.tile_ns = config->tile_ns,
		.model = "Tessera T1",
	};

	if (cmd->addr & (T1_PAGE_SIZE - 1))
		return T1_ST_INVALID_FIELD;
	if (!core->ops->dma_write(core->opaque, cmd->addr, &id, sizeof(id)))
		return T1_ST_BAD_ADDRESS;
	return T1_ST_OK;
}

static unsigned int admin_ctx_create(struct t1_core *core, struct ctx *ctx,
				     const struct t1_admin_cmd *cmd)
{
	uint32_t first = cmd->part.first, num = cmd->part.num;

	if (!is_zero(cmd->part.rsvd5, sizeof(cmd->part.rsvd5)) ||
	    (num ? !t1_mmu_part_ok(cmd->ctx, first, num) : first != 0))
		return T1_ST_INVALID_FIELD;
	if (ctx->used)
		return T1_ST_EXISTS;
	memset(ctx, 0, sizeof(*ctx));
	ctx->used = true;
	ctx->mmu.part_first = first;
	ctx->mmu.part_num = num ? num : NUM_CONTEXTS;
	return T1_ST_OK;
}

/* Read or compute the addresses of a MAP, and check each. */
static unsigned int map_addrs(struct t1_core *core, const struct t1_admin_cmd *cmd,
			      uint64_t size, uint64_t *addrs)
{
	uint32_t npages = cmd->map.npages;
	uint64_t limit = UINT64_MAX - size + 1;
	unsigned int i;

	if (cmd->flags & T1_MAP_VRAM)
		limit = core->config.vram_bytes - size;
	if (cmd->flags & T1_MAP_CONTIG) {
		if (cmd->map.list & (size - 1))
			return T1_ST_INVALID_FIELD;
		if (cmd->map.list > limit || (npages - 1) * size > limit - cmd->map.list)
			return T1_ST_BAD_ADDRESS;
		for (i = 0; i < npages; i++)
			addrs[i] = cmd->map.list + i * size;
		return T1_ST_OK;
	}
	if (cmd->map.list & (T1_PAGE_SIZE - 1))
		return T1_ST_INVALID_FIELD;
	if (!core->ops->dma_read(core->opaque, cmd->map.list, addrs, npages * sizeof(*addrs)))
		return T1_ST_BAD_ADDRESS;
	for (i = 0; i < npages; i++) {
		if (addrs[i] & (size - 1))
			return T1_ST_INVALID_FIELD;
		if (addrs[i] > limit)
			return T1_ST_BAD_ADDRESS;
	}
	return T1_ST_OK;
}

static unsigned int admin_map(struct t1_core *core, struct ctx *ctx,
			      const struct t1_admin_cmd *cmd)
{
	uint64_t size = cmd->flags & T1_MAP_HUGE ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE;
	uint64_t addrs[T1_MAP_MAX_PAGES];
	unsigned int status;

	if (!(cmd->flags & (T1_MAP_READ | T1_MAP_WRITE)) ||
	    !cmd->map.npages || cmd->map.npages > T1_MAP_MAX_PAGES ||
	    cmd->map.va & (size - 1) || cmd->map.va >= VA_END ||
	    cmd->map.npages * size > VA_END - cmd->map.va ||
	    cmd->map.rsvd2 || !is_zero(cmd->map.rsvd3, sizeof(cmd->map.rsvd3)))
		return T1_ST_INVALID_FIELD;
	if (!ctx->used)
		return T1_ST_NOT_FOUND;
	status = map_addrs(core, cmd, size, addrs);
	if (status)
		return status;
	return t1_mmu_map(core, &ctx->mmu, cmd->map.va, addrs, cmd->map.npages, cmd->flags);
}

static unsigned int admin_unmap(struct t1_core *core, struct ctx *ctx,
				const struct t1_admin_cmd *cmd)
{
	uint64_t size = cmd->flags & T1_MAP_HUGE ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE;

	if (!cmd->map.npages || cmd->map.va & (size - 1) || cmd->map.va >= VA_END ||
	    cmd->map.npages * size > VA_END - cmd->map.va ||
	    cmd->map.list || cmd->map.rsvd2 ||
	    !is_zero(cmd->map.rsvd3, sizeof(cmd->map.rsvd3)))
		return T1_ST_INVALID_FIELD;
	if (!ctx->used)
		return T1_ST_NOT_FOUND;
	t1_ctx_drop_fetched(core, ctx);
	return t1_mmu_unmap(&ctx->mmu, cmd->map.va, cmd->map.npages * size);
}

static unsigned int admin_queue_create(struct t1_core *core,
				       const struct t1_admin_cmd *cmd)
{
	struct queue *q;
	uint64_t bytes;

	if (cmd->queue.slot >= NUM_SLOTS || cmd->queue.engine >= NUM_ENGINES ||
	    cmd->queue.ring_log2 < T1_RING_MIN_LOG2 ||
	    cmd->queue.ring_log2 > T1_RING_MAX_LOG2 ||
	    cmd->queue.vector >= NUM_VECTORS || cmd->queue.rsvd4)
		return T1_ST_INVALID_FIELD;
	bytes = sizeof(struct t1_cmd) << cmd->queue.ring_log2;
	if (cmd->queue.ring_va & (T1_PAGE_SIZE - 1) || cmd->queue.ring_va >= VA_END ||
	    bytes > VA_END - cmd->queue.ring_va ||
	    cmd->queue.cb_va & (sizeof(struct t1_queue_cb) - 1) ||
	    cmd->queue.cb_va >= VA_END)
		return T1_ST_INVALID_FIELD;
	if (!core->ctxs[cmd->ctx].used)
		return T1_ST_NOT_FOUND;
	q = &core->queues[cmd->queue.slot];
	if (q->used)
		return T1_ST_EXISTS;
	memset(q, 0, sizeof(*q));
	q->used = true;
	q->ctx = cmd->ctx;
	q->engine = cmd->queue.engine;
	q->ring_va = cmd->queue.ring_va;
	q->cb_va = cmd->queue.cb_va;
	q->ring_log2 = cmd->queue.ring_log2;
	q->vector = cmd->queue.vector;
	return T1_ST_OK;
}

/* A command that names a queue and nothing else. */
static unsigned int named_queue(struct t1_core *core, const struct t1_admin_cmd *cmd,
				struct queue **q)
{
	if (cmd->queue.slot >= NUM_SLOTS ||
	    !is_zero(cmd->raw + sizeof(cmd->queue.slot),
		     sizeof(cmd->raw) - sizeof(cmd->queue.slot)))
		return T1_ST_INVALID_FIELD;
	*q = &core->queues[cmd->queue.slot];
	return (*q)->used ? T1_ST_OK : T1_ST_NOT_FOUND;
}

static unsigned int admin_fault_query(struct t1_core *core, struct ctx *ctx,
				      const struct t1_admin_cmd *cmd)
{
	if (cmd->addr & (sizeof(ctx->fault) - 1))
		return T1_ST_INVALID_FIELD;
	if (!ctx->used)
		return T1_ST_NOT_FOUND;
	if (!core->ops->dma_write(core->opaque, cmd->addr, &ctx->fault, sizeof(ctx->fault)))
		return T1_ST_BAD_ADDRESS;
	if (cmd->flags & T1_FAULT_QUERY_CLEAR)
		t1_ctx_clear_fault(core, ctx);
	return T1_ST_OK;
}

static uint32_t flags_of(unsigned int opcode)
{
	switch (opcode) {
	case T1_ADMIN_MAP:
		return T1_MAP_FLAGS;
	case T1_ADMIN_UNMAP:
		return T1_MAP_HUGE;
	case T1_ADMIN_FAULT_QUERY:
		return T1_FAULT_QUERY_CLEAR;
	default:
		return 0;
	}
}

static unsigned int admin_cmd(struct t1_core *core, const struct t1_admin_cmd *cmd)
{
	bool has_addr = cmd->opcode == T1_ADMIN_IDENTIFY ||
			cmd->opcode == T1_ADMIN_FAULT_QUERY;
	unsigned int status;
	struct queue *q;
	struct ctx *ctx;

	if (cmd->opcode < T1_ADMIN_IDENTIFY || cmd->opcode > T1_ADMIN_FAULT_QUERY)
		return T1_ST_INVALID_OPCODE;
	if (cmd->rsvd0 || cmd->rsvd1 || cmd->ctx >= NUM_CONTEXTS ||
	    cmd->flags & ~flags_of(cmd->opcode) || (cmd->addr && !has_addr))
		return T1_ST_INVALID_FIELD;
	ctx = &core->ctxs[cmd->ctx];

	switch (cmd->opcode) {
	case T1_ADMIN_CTX_CREATE:
		return admin_ctx_create(core, ctx, cmd);
	case T1_ADMIN_MAP:
		return admin_map(core, ctx, cmd);
	case T1_ADMIN_UNMAP:
		return admin_unmap(core, ctx, cmd);
	case T1_ADMIN_QUEUE_CREATE:
		return admin_queue_create(core, cmd);
	case T1_ADMIN_QUEUE_DESTROY:
		status = named_queue(core, cmd, &q);
		if (!status)
			t1_queue_destroy(core, q);
		return status;
	case T1_ADMIN_QUEUE_RESET:
		status = named_queue(core, cmd, &q);
		if (!status)
			t1_queue_reset(core, q);
		return status;
	}

	if (!is_zero(cmd->raw, sizeof(cmd->raw)))
		return T1_ST_INVALID_FIELD;
	switch (cmd->opcode) {
	case T1_ADMIN_IDENTIFY:
		return admin_identify(core, cmd);
	case T1_ADMIN_CTX_DESTROY:
		if (!ctx->used)
			return T1_ST_NOT_FOUND;
		t1_ctx_destroy(core, ctx);
		return T1_ST_OK;
	case T1_ADMIN_FAULT_QUERY:
		return admin_fault_query(core, ctx, cmd);
	default:
		return T1_ST_INTERNAL;
	}
}

static bool complete(struct t1_core *core, uint16_t cid, unsigned int status)
{
	const unsigned int before_phase = offsetof(struct t1_admin_cpl, phase);
	struct bus_ring *ring = &core->acq;
	uint64_t at = ring->base + (uint64_t)ring->tail * sizeof(struct t1_admin_cpl);
	const struct t1_admin_cpl cpl = {
		.asq_head = core->asq.head,
		.cid = cid,
		.status = status,
		.phase = ring->phase,
	};

	/* The phase is written last: it is what the driver polls. */
	if (!core->ops->dma_write(core->opaque, at, &cpl, before_phase))
		goto lost;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	if (!core->ops->dma_write(core->opaque, at + before_phase, &cpl.phase,
				  sizeof(cpl.phase)))
		goto lost;
	ring->tail = (ring->tail + 1) & (ring->size - 1);
	if (!ring->tail)
		ring->phase ^= 1;
	return true;

lost:
	t1_core_fatal(core, "DMA to the admin completion queue failed");
	return false;
}

/**
 * t1_admin_run() - serve the admin queue while there is room for completions
 * @core: the accelerator, up to the present
 */
void t1_admin_run(struct t1_core *core)
{
	struct bus_ring *asq = &core->asq, *acq = &core->acq;
	struct t1_admin_cmd cmd;
	unsigned int status;
	bool any = false;
	uint64_t at;

	while (core_ready(core) && !core_stalled(core) && asq->head != asq->tail &&
	       ((acq->tail + 1) & (acq->size - 1)) != acq->head) {
		at = asq->base + (uint64_t)asq->head * sizeof(cmd);
		if (!core->ops->dma_read(core->opaque, at, &cmd, sizeof(cmd))) {
			t1_core_fatal(core, "DMA from the admin submission queue failed");
			break;
		}
		asq->head = (asq->head + 1) & (asq->size - 1);
		status = admin_cmd(core, &cmd);
		core->ops->trace_admin(core->opaque, cmd.cid, cmd.opcode, cmd.ctx, status);
		if (status)
			t1_guest_error(core, "admin command 0x%02x on context %u failed: status %u",
				       cmd.opcode, cmd.ctx, status);
		if (!complete(core, cmd.cid, status))
			break;
		any = true;
	}
	if (any)
		core->ops->irq(core->opaque, T1_VECTOR_CONTROL);
}
