// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera-cmd.c - engine commands: check, price, carry out
 *
 * A command is checked once, when it is fetched into the device; everything after
 * that works on the device's own copy. Its effect takes place whole, at its end.
 */
#include <string.h>

#include "tessera-internal.h"

#define VA_END			(1ull << TESSERA_VA_BITS)

static unsigned int check_word(uint64_t va)
{
	if (va & 7)
		return TESSERA_FAULT_MISALIGNED;
	return va > VA_END - 8 ? TESSERA_FAULT_UNMAPPED : TESSERA_FAULT_NONE;
}

static unsigned int check_range(uint64_t va, uint64_t bytes)
{
	if (va >= VA_END || bytes > VA_END - va)
		return TESSERA_FAULT_UNMAPPED;
	return TESSERA_FAULT_NONE;
}

static unsigned int check_copy(const struct tessera_cmd *cmd)
{
	unsigned int fault;

	if (cmd->sub || cmd->flags || !is_zero(cmd->copy.pad, sizeof(cmd->copy.pad)) ||
	    !cmd->copy.bytes || cmd->copy.bytes > TESSERA_MAX_BYTES)
		return TESSERA_FAULT_BAD_COMMAND;
	if (cmd->opcode == TESSERA_OP_FILL) {
		if (cmd->copy.src || cmd->copy.bytes & 3)
			return TESSERA_FAULT_BAD_COMMAND;
		if (cmd->copy.dst & 3)
			return TESSERA_FAULT_MISALIGNED;
	} else {
		if (cmd->copy.pattern)
			return TESSERA_FAULT_BAD_COMMAND;
		fault = check_range(cmd->copy.src, cmd->copy.bytes);
		if (fault)
			return fault;
	}
	return check_range(cmd->copy.dst, cmd->copy.bytes);
}

/**
 * cmd_check() - check every field of a command that needs no memory access
 * @core: the accelerator
 * @cmd: the device's own copy
 * @engine: that is to run it
 * @in_batch: it comes out of a batch buffer
 *
 * Return: TESSERA_FAULT_NONE, _BAD_COMMAND, _MISALIGNED or _UNMAPPED.
 */
unsigned int cmd_check(const struct tessera_core *core, const struct tessera_cmd *cmd,
		       unsigned int engine, bool in_batch)
{
	if (cmd->rsvd)
		return TESSERA_FAULT_BAD_COMMAND;

	switch (cmd->opcode) {
	case TESSERA_OP_NOP:
		if (cmd->sub || cmd->flags || !is_zero(cmd->raw, sizeof(cmd->raw)))
			return TESSERA_FAULT_BAD_COMMAND;
		return TESSERA_FAULT_NONE;
	case TESSERA_OP_FENCE:
		if (cmd->sub || cmd->flags & ~TESSERA_FENCE_IRQ || (cmd->flags && in_batch) ||
		    !is_zero(cmd->sync.pad, sizeof(cmd->sync.pad)))
			return TESSERA_FAULT_BAD_COMMAND;
		return check_word(cmd->sync.va);
	case TESSERA_OP_SEM_WAIT:
		if (in_batch || cmd->flags ||
		    (cmd->sub != TESSERA_SEM_GE && cmd->sub != TESSERA_SEM_EQ) ||
		    !is_zero(cmd->sync.pad, sizeof(cmd->sync.pad)))
			return TESSERA_FAULT_BAD_COMMAND;
		return check_word(cmd->sync.va);
	case TESSERA_OP_TIMESTAMP:
		if (cmd->sub || cmd->flags || cmd->sync.value ||
		    !is_zero(cmd->sync.pad, sizeof(cmd->sync.pad)))
			return TESSERA_FAULT_BAD_COMMAND;
		return check_word(cmd->sync.va);
	case TESSERA_OP_BATCH:
		if (in_batch || cmd->sub || cmd->flags || !cmd->batch.count ||
		    cmd->batch.count > TESSERA_MAX_BATCH ||
		    !is_zero(cmd->batch.pad, sizeof(cmd->batch.pad)))
			return TESSERA_FAULT_BAD_COMMAND;
		if (cmd->batch.va & (sizeof(*cmd) - 1))
			return TESSERA_FAULT_MISALIGNED;
		return check_range(cmd->batch.va, (uint64_t)cmd->batch.count * sizeof(*cmd));
	case TESSERA_OP_COPY:
	case TESSERA_OP_FILL:
		return check_copy(cmd);
	case TESSERA_OP_HANG:
		if (!core->config.hang || cmd->sub || cmd->flags & ~TESSERA_HANG_NO_PREEMPT ||
		    !is_zero(cmd->hang.pad, sizeof(cmd->hang.pad)))
			return TESSERA_FAULT_BAD_COMMAND;
		return TESSERA_FAULT_NONE;
	default:
		if (engine != TESSERA_ENGINE_COMPUTE)
			return TESSERA_FAULT_BAD_COMMAND;
		return tessera_tensor_check(cmd);
	}
}

/**
 * cmd_preemptible() - whether strict preemption can stop a command
 * @cmd: checked
 */
bool cmd_preemptible(const struct tessera_cmd *cmd)
{
	return cmd->opcode != TESSERA_OP_HANG || !(cmd->flags & TESSERA_HANG_NO_PREEMPT);
}

/**
 * cmd_cost() - engine time that a command takes
 * @core: the accelerator
 * @ctx: whose command it is
 * @cmd: checked
 *
 * Return: ns, not zero; TESSERA_NEVER for one that does not end.
 */
uint64_t cmd_cost(const struct tessera_core *core, const struct ctx *ctx,
		  const struct tessera_cmd *cmd)
{
	uint64_t cost = 0, rate;

	switch (cmd->opcode) {
	case TESSERA_OP_NOP:
	case TESSERA_OP_FENCE:
	case TESSERA_OP_SEM_WAIT:
	case TESSERA_OP_TIMESTAMP:
	case TESSERA_OP_BATCH:
		break;
	case TESSERA_OP_COPY:
	case TESSERA_OP_FILL:
		rate = core->config.vram_mb_per_s;
		if (mmu_any_system(&ctx->mmu, cmd->copy.dst, cmd->copy.bytes) ||
		    (cmd->opcode == TESSERA_OP_COPY &&
		     mmu_any_system(&ctx->mmu, cmd->copy.src, cmd->copy.bytes)))
			rate = core->config.dma_mb_per_s;
		/* 10^6 bytes a second are 1000 ns a byte */
		cost = (cmd->copy.bytes * 1000 + rate - 1) / rate;
		break;
	case TESSERA_OP_HANG:
		if (!cmd->hang.ns)
			return TESSERA_NEVER;
		cost = cmd->hang.ns;
		break;
	default:
		cost = tessera_tensor_cost_ns(cmd, &core->rates);
		break;
	}
	return sat_add(cost, core->config.cmd_ns);
}

static unsigned int exec_copy(struct tessera_core *core, struct ctx *ctx,
			      const struct tessera_cmd *cmd, uint64_t *fault_va)
{
	uint64_t dst = cmd->copy.dst, src = cmd->copy.src, left = cmd->copy.bytes;
	struct mmu_run from, to;
	unsigned int fault;
	uint64_t n;

	/* Whole or not at all, as far as the page tables can tell. */
	fault = mmu_probe(&ctx->mmu, src, left, MMU_READ, fault_va);
	if (fault)
		return fault;
	fault = mmu_probe(&ctx->mmu, dst, left, MMU_WRITE, fault_va);
	if (fault)
		return fault;

	for (; left; left -= n, src += n, dst += n) {
		mmu_translate(&ctx->mmu, src, left, MMU_READ, &from);
		mmu_translate(&ctx->mmu, dst, left, MMU_WRITE, &to);
		n = from.len < to.len ? from.len : to.len;
		if (from.vram && to.vram) {
			memmove(core->vram + to.addr, core->vram + from.addr, n);
		} else if (from.vram) {
			if (!core->ops->dma_write(core->opaque, to.addr,
						  core->vram + from.addr, n))
				goto bad_dst;
			continue;
		} else if (to.vram) {
			if (!core->ops->dma_read(core->opaque, from.addr,
						 core->vram + to.addr, n))
				goto bad_src;
		} else {
			if (n > sizeof(core->bounce))
				n = sizeof(core->bounce);
			if (!core->ops->dma_read(core->opaque, from.addr, core->bounce, n))
				goto bad_src;
			if (!core->ops->dma_write(core->opaque, to.addr, core->bounce, n))
				goto bad_dst;
			continue;
		}
		core->ops->vram_dirty(core->opaque, to.addr, n);
	}
	return TESSERA_FAULT_NONE;

bad_src:
	*fault_va = src;
	return TESSERA_FAULT_BUS_ERROR;
bad_dst:
	*fault_va = dst;
	return TESSERA_FAULT_BUS_ERROR;
}

static unsigned int exec_fill(struct tessera_core *core, struct ctx *ctx,
			      const struct tessera_cmd *cmd, uint64_t *fault_va)
{
	uint64_t dst = cmd->copy.dst, left = cmd->copy.bytes, n, i;
	uint32_t pattern = cmd->copy.pattern;
	unsigned int fault;

	fault = mmu_probe(&ctx->mmu, dst, left, MMU_WRITE, fault_va);
	if (fault)
		return fault;

	n = left < sizeof(core->bounce) ? left : sizeof(core->bounce);
	for (i = 0; i < n; i += sizeof(pattern))
		memcpy(core->bounce + i, &pattern, sizeof(pattern));
	for (; left; left -= n, dst += n) {
		n = left < sizeof(core->bounce) ? left : sizeof(core->bounce);
		fault = mmu_write(core, &ctx->mmu, dst, core->bounce, n, fault_va);
		if (fault)
			return fault;
	}
	return TESSERA_FAULT_NONE;
}

/*
 * A fence in the ring: control block, value, then the interrupt if the driver wants
 * one. The barrier pairs with the driver's between its write of the event index and
 * its second look at the fence: one of the two sees the other's.
 */
static unsigned int exec_fence(struct tessera_core *core, struct queue *q, struct ctx *ctx,
			       uint64_t *fault_va)
{
	const struct tessera_cmd *cmd = &q->cmd;
	uint64_t value = cmd->sync.value;
	unsigned int fault;
	uint32_t event;

	if (!q->in_batch) {
		fault = queue_cb_write(core, q, q->head + 1, fault_va);
		if (fault)
			return fault;
		__atomic_thread_fence(__ATOMIC_RELEASE);
	}
	fault = mmu_write(core, &ctx->mmu, cmd->sync.va, &value, sizeof(value), fault_va);
	if (fault || !(cmd->flags & TESSERA_FENCE_IRQ))
		return fault;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	fault = mmu_read(core, &ctx->mmu,
			 q->cb_va + offsetof(struct tessera_queue_cb, event),
			 &event, sizeof(event), fault_va);
	if (!fault && (int32_t)(q->head - event) >= 0)
		core->ops->irq(core->opaque, q->vector);
	return fault;
}

/**
 * cmd_sem_test() - look at the memory that a SEM_WAIT in hand waits for
 * @core: the accelerator
 * @q: its queue
 * @satisfied: whether it may go on
 * @fault_va: address at fault
 *
 * Return: TESSERA_FAULT_*.
 */
unsigned int cmd_sem_test(struct tessera_core *core, struct queue *q, bool *satisfied,
			  uint64_t *fault_va)
{
	const struct tessera_cmd *cmd = &q->cmd;
	unsigned int fault;
	uint64_t value;

	fault = mmu_read(core, &core->ctxs[q->ctx].mmu, cmd->sync.va, &value, sizeof(value),
			 fault_va);
	if (fault)
		return fault;
	if (cmd->sub == TESSERA_SEM_EQ)
		*satisfied = value == cmd->sync.value;
	else
		*satisfied = (int64_t)(value - cmd->sync.value) >= 0;
	return TESSERA_FAULT_NONE;
}

struct tensor_target {
	struct tessera_core *core;
	struct ctx *ctx;
};

static unsigned int tensor_read(void *opaque, uint64_t va, void *buf, uint64_t len,
				uint64_t *fault_va)
{
	struct tensor_target *t = opaque;

	return mmu_read(t->core, &t->ctx->mmu, va, buf, len, fault_va);
}

static unsigned int tensor_write(void *opaque, uint64_t va, const void *buf, uint64_t len,
				 uint64_t *fault_va)
{
	struct tensor_target *t = opaque;

	return mmu_write(t->core, &t->ctx->mmu, va, buf, len, fault_va);
}

/**
 * cmd_exec() - carry out the command in hand of a queue
 * @core: the accelerator
 * @q: the queue
 * @t: device time, the end of the command
 * @fault_va: address at fault, set only with a fault that has one
 *
 * Return: TESSERA_FAULT_*.
 */
unsigned int cmd_exec(struct tessera_core *core, struct queue *q, uint64_t t,
		      uint64_t *fault_va)
{
	struct ctx *ctx = &core->ctxs[q->ctx];
	const struct tessera_cmd *cmd = &q->cmd;

	switch (cmd->opcode) {
	case TESSERA_OP_NOP:
	case TESSERA_OP_SEM_WAIT:
	case TESSERA_OP_BATCH:
	case TESSERA_OP_HANG:
		return TESSERA_FAULT_NONE;
	case TESSERA_OP_FENCE:
		return exec_fence(core, q, ctx, fault_va);
	case TESSERA_OP_TIMESTAMP:
		return mmu_write(core, &ctx->mmu, cmd->sync.va, &t, sizeof(t), fault_va);
	case TESSERA_OP_COPY:
		return exec_copy(core, ctx, cmd, fault_va);
	case TESSERA_OP_FILL:
		return exec_fill(core, ctx, cmd, fault_va);
	default: {
		struct tensor_target target = { core, ctx };
		const struct tessera_mem mem = {
			.opaque = &target,
			.read = tensor_read,
			.write = tensor_write,
		};

		return tessera_tensor_exec(cmd, &mem, fault_va);
	}
	}
}
