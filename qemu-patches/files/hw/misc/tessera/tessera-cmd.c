// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera-cmd.c - engine commands: check, price, carry out
 *
 * A command is checked once, when it is fetched into the device; everything after
 * that works on the device's own copy. Most take effect whole, at their end. One that is much
 * work for the host takes effect in steps, the last of them at its end.
 */
#include <string.h>

#include "tessera-internal.h"

#define VA_END			(1ull << T1_VA_BITS)

/* What a COPY or FILL moves in a step: a byte counts as a multiply-add. */
#define STEP_BYTES		T1_STEP_WORK
/* What it moves at a time, through the scratch */
#define BOUNCE_BYTES		(64u << 10)

static unsigned int check_word(uint64_t va)
{
	if (va & 7)
		return T1_FAULT_MISALIGNED;
	return va > VA_END - 8 ? T1_FAULT_UNMAPPED : T1_FAULT_NONE;
}

static unsigned int check_range(uint64_t va, uint64_t bytes)
{
	if (va >= VA_END || bytes > VA_END - va)
		return T1_FAULT_UNMAPPED;
	return T1_FAULT_NONE;
}

static unsigned int check_copy(const struct t1_cmd *cmd)
{
	unsigned int fault;

	if (cmd->sub || cmd->flags || !is_zero(cmd->copy.pad, sizeof(cmd->copy.pad)) ||
	    !cmd->copy.bytes || cmd->copy.bytes > T1_MAX_BYTES)
		return T1_FAULT_BAD_COMMAND;
	if (cmd->opcode == T1_OP_FILL) {
		if (cmd->copy.src || cmd->copy.bytes & 3)
			return T1_FAULT_BAD_COMMAND;
		if (cmd->copy.dst & 3)
			return T1_FAULT_MISALIGNED;
	} else {
		if (cmd->copy.pattern)
			return T1_FAULT_BAD_COMMAND;
		fault = check_range(cmd->copy.src, cmd->copy.bytes);
		if (fault)
			return fault;
	}
	return check_range(cmd->copy.dst, cmd->copy.bytes);
}

/**
 * t1_cmd_check() - check every field of a command that needs no memory access
 * @core: the accelerator
 * @cmd: the device's own copy
 * @engine: engine that will run it
 * @in_batch: whether it comes from a batch buffer
 *
 * Return: T1_FAULT_NONE, _BAD_COMMAND, _MISALIGNED or _UNMAPPED.
 */
unsigned int t1_cmd_check(const struct t1_core *core, const struct t1_cmd *cmd,
			  unsigned int engine, bool in_batch)
{
	if (cmd->rsvd)
		return T1_FAULT_BAD_COMMAND;

	switch (cmd->opcode) {
	case T1_OP_NOP:
		if (cmd->sub || cmd->flags || !is_zero(cmd->raw, sizeof(cmd->raw)))
			return T1_FAULT_BAD_COMMAND;
		return T1_FAULT_NONE;
	case T1_OP_FENCE:
		if (cmd->sub || cmd->flags & ~T1_FENCE_IRQ || (cmd->flags && in_batch) ||
		    !is_zero(cmd->sync.pad, sizeof(cmd->sync.pad)))
			return T1_FAULT_BAD_COMMAND;
		return check_word(cmd->sync.va);
	case T1_OP_SEM_WAIT:
		if (in_batch || cmd->flags ||
		    (cmd->sub != T1_SEM_GE && cmd->sub != T1_SEM_EQ) ||
		    !is_zero(cmd->sync.pad, sizeof(cmd->sync.pad)))
			return T1_FAULT_BAD_COMMAND;
		return check_word(cmd->sync.va);
	case T1_OP_TIMESTAMP:
		if (cmd->sub || cmd->flags || cmd->sync.value ||
		    !is_zero(cmd->sync.pad, sizeof(cmd->sync.pad)))
			return T1_FAULT_BAD_COMMAND;
		return check_word(cmd->sync.va);
	case T1_OP_BATCH:
		if (in_batch || cmd->sub || cmd->flags || !cmd->batch.count ||
		    cmd->batch.count > T1_MAX_BATCH ||
		    !is_zero(cmd->batch.pad, sizeof(cmd->batch.pad)))
			return T1_FAULT_BAD_COMMAND;
		if (cmd->batch.va & (sizeof(*cmd) - 1))
			return T1_FAULT_MISALIGNED;
		return check_range(cmd->batch.va, (uint64_t)cmd->batch.count * sizeof(*cmd));
	case T1_OP_COPY:
	case T1_OP_FILL:
		return check_copy(cmd);
	case T1_OP_HANG:
		if (!core->config.hang || cmd->sub || cmd->flags & ~T1_HANG_NO_PREEMPT ||
		    !is_zero(cmd->hang.pad, sizeof(cmd->hang.pad)))
			return T1_FAULT_BAD_COMMAND;
		return T1_FAULT_NONE;
	default:
		if (engine != T1_ENGINE_COMPUTE)
			return T1_FAULT_BAD_COMMAND;
		return t1_tensor_check(cmd);
	}
}

/**
 * t1_cmd_preemptible() - check whether strict preemption can stop a command
 * @cmd: checked command
 *
 * Return: true if it can.
 */
bool t1_cmd_preemptible(const struct t1_cmd *cmd)
{
	return cmd->opcode != T1_OP_HANG || !(cmd->flags & T1_HANG_NO_PREEMPT);
}

/**
 * t1_cmd_cost() - compute the engine time that a command takes
 * @core: the accelerator
 * @ctx: the context that it belongs to
 * @cmd: checked command
 *
 * Return: time in ns, not zero; T1_NEVER for a command that does not end.
 */
uint64_t t1_cmd_cost(const struct t1_core *core, const struct ctx *ctx,
		     const struct t1_cmd *cmd)
{
	uint64_t cost = 0, rate;

	switch (cmd->opcode) {
	case T1_OP_NOP:
	case T1_OP_FENCE:
	case T1_OP_SEM_WAIT:
	case T1_OP_TIMESTAMP:
	case T1_OP_BATCH:
		break;
	case T1_OP_COPY:
	case T1_OP_FILL:
		rate = core->config.vram_mb_per_s;
		if (t1_mmu_any_system(&ctx->mmu, cmd->copy.dst, cmd->copy.bytes) ||
		    (cmd->opcode == T1_OP_COPY &&
		     t1_mmu_any_system(&ctx->mmu, cmd->copy.src, cmd->copy.bytes)))
			rate = core->config.dma_mb_per_s;
		/* 10^6 bytes a second are 1000 ns a byte */
		cost = (cmd->copy.bytes * 1000 + rate - 1) / rate;
		break;
	case T1_OP_HANG:
		if (!cmd->hang.ns)
			return T1_NEVER;
		cost = cmd->hang.ns;
		break;
	default:
		cost = t1_tensor_cost_ns(cmd, &core->rates);
		break;
	}
	return sat_add(cost, core->config.cmd_ns);
}

/**
 * t1_cmd_steps() - say into how many steps a command is divided
 * @cmd: checked command
 *
 * Return: the steps.
 */
struct t1_steps t1_cmd_steps(const struct t1_cmd *cmd)
{
	uint64_t bytes = cmd->copy.bytes;

	switch (cmd->opcode) {
	case T1_OP_NOP:
	case T1_OP_FENCE:
	case T1_OP_SEM_WAIT:
	case T1_OP_TIMESTAMP:
	case T1_OP_BATCH:
	case T1_OP_HANG:
		return (struct t1_steps){ .num = 1, .work = T1_WORK_ACCESS };
	case T1_OP_COPY:
	case T1_OP_FILL:
		return (struct t1_steps){
			.num = (bytes + STEP_BYTES - 1) / STEP_BYTES,
			.work = bytes < STEP_BYTES ? bytes : STEP_BYTES,
		};
	default:
		return t1_tensor_steps(cmd);
	}
}

/* Step @step moves @left bytes from @at on. */
static void copy_part(const struct t1_cmd *cmd, uint32_t step, uint64_t *at, uint64_t *left)
{
	*at = (uint64_t)step * STEP_BYTES;
	*left = cmd->copy.bytes - *at < STEP_BYTES ? cmd->copy.bytes - *at : STEP_BYTES;
}

static unsigned int exec_copy(struct t1_core *core, struct ctx *ctx, const struct t1_cmd *cmd,
			      uint32_t step, uint64_t *fault_va)
{
	uint64_t dst, src, left, at, n;
	struct mmu_run from, to;
	unsigned int fault;

	copy_part(cmd, step, &at, &left);
	dst = cmd->copy.dst + at;
	src = cmd->copy.src + at;
	/* All of a step or nothing, as far as the page tables are concerned. */
	fault = t1_mmu_probe(&ctx->mmu, src, left, MMU_READ, fault_va);
	if (fault)
		return fault;
	fault = t1_mmu_probe(&ctx->mmu, dst, left, MMU_WRITE, fault_va);
	if (fault)
		return fault;

	for (; left; left -= n, src += n, dst += n) {
		t1_mmu_translate(&ctx->mmu, src, left, MMU_READ, &from);
		t1_mmu_translate(&ctx->mmu, dst, left, MMU_WRITE, &to);
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
			if (n > BOUNCE_BYTES)
				n = BOUNCE_BYTES;
			if (!core->ops->dma_read(core->opaque, from.addr, core->scratch, n))
				goto bad_src;
			if (!core->ops->dma_write(core->opaque, to.addr, core->scratch, n))
				goto bad_dst;
			continue;
		}
		core->ops->vram_dirty(core->opaque, to.addr, n);
	}
	return T1_FAULT_NONE;

bad_src:
	*fault_va = src;
	return T1_FAULT_BUS_ERROR;
bad_dst:
	*fault_va = dst;
	return T1_FAULT_BUS_ERROR;
}

static unsigned int exec_fill(struct t1_core *core, struct ctx *ctx, const struct t1_cmd *cmd,
			      uint32_t step, uint64_t *fault_va)
{
	uint32_t pattern = cmd->copy.pattern;
	uint64_t dst, left, at, n, i;
	unsigned int fault;

	copy_part(cmd, step, &at, &left);
	dst = cmd->copy.dst + at;
	fault = t1_mmu_probe(&ctx->mmu, dst, left, MMU_WRITE, fault_va);
	if (fault)
		return fault;

	n = left < BOUNCE_BYTES ? left : BOUNCE_BYTES;
	for (i = 0; i < n; i += sizeof(pattern))
		memcpy(core->scratch + i, &pattern, sizeof(pattern));
	for (; left; left -= n, dst += n) {
		n = left < BOUNCE_BYTES ? left : BOUNCE_BYTES;
		fault = t1_mmu_write(core, &ctx->mmu, dst, core->scratch, n, fault_va);
		if (fault)
			return fault;
	}
	return T1_FAULT_NONE;
}

/*
 * A fence in the ring: control block, value, then the interrupt if the driver wants
 * one. The barrier pairs with the driver's, between its write of the event index and its
 * second read of the fence: at least one of the two sees the other's write.
 */
static unsigned int exec_fence(struct t1_core *core, struct queue *q, struct ctx *ctx,
			       uint64_t *fault_va)
{
	const struct t1_cmd *cmd = &q->cmd;
	uint64_t value = cmd->sync.value;
	unsigned int fault;
	uint32_t event;

	if (!q->in_batch) {
		fault = t1_queue_cb_write(core, q, q->head + 1, fault_va);
		if (fault)
			return fault;
		__atomic_thread_fence(__ATOMIC_RELEASE);
	}
	fault = t1_mmu_write(core, &ctx->mmu, cmd->sync.va, &value, sizeof(value), fault_va);
	if (fault || !(cmd->flags & T1_FENCE_IRQ))
		return fault;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	fault = t1_mmu_read(core, &ctx->mmu,
			    q->cb_va + offsetof(struct t1_queue_cb, event),
			    &event, sizeof(event), fault_va);
	if (!fault && (int32_t)(q->head - event) >= 0)
		core->ops->irq(core->opaque, q->vector);
	return fault;
}

/**
 * t1_cmd_sem_test() - test the semaphore of a SEM_WAIT in hand
 * @core: the accelerator
 * @q: its queue
 * @satisfied: set to whether the queue may go on
 * @fault_va: address at fault
 *
 * Return: T1_FAULT_*.
 */
unsigned int t1_cmd_sem_test(struct t1_core *core, struct queue *q, bool *satisfied,
			     uint64_t *fault_va)
{
	const struct t1_cmd *cmd = &q->cmd;
	unsigned int fault;
	uint64_t value;

	fault = t1_mmu_read(core, &core->ctxs[q->ctx].mmu, cmd->sync.va, &value, sizeof(value),
			    fault_va);
	if (fault)
		return fault;
	if (cmd->sub == T1_SEM_EQ)
		*satisfied = value == cmd->sync.value;
	else
		*satisfied = (int64_t)(value - cmd->sync.value) >= 0;
	return T1_FAULT_NONE;
}

struct tensor_target {
	struct t1_core *core;
	struct ctx *ctx;
};

static unsigned int tensor_read(void *opaque, uint64_t va, void *buf, uint64_t len,
				uint64_t *fault_va)
{
	struct tensor_target *t = opaque;

	return t1_mmu_read(t->core, &t->ctx->mmu, va, buf, len, fault_va);
}

static unsigned int tensor_write(void *opaque, uint64_t va, const void *buf, uint64_t len,
				 uint64_t *fault_va)
{
	struct tensor_target *t = opaque;

	return t1_mmu_write(t->core, &t->ctx->mmu, va, buf, len, fault_va);
}

/**
 * t1_cmd_step() - execute the next step of the command in hand of a queue
 * @core: the accelerator
 * @q: the queue
 * @t: device time, the end of the command if it is the last step
 * @fault_va: address at fault, set only for faults that have one
 *
 * Return: T1_FAULT_*.
 */
unsigned int t1_cmd_step(struct t1_core *core, struct queue *q, uint64_t t,
			 uint64_t *fault_va)
{
	struct ctx *ctx = &core->ctxs[q->ctx];
	const struct t1_cmd *cmd = &q->cmd;

	core->work += t1_cmd_steps(cmd).work;
	switch (cmd->opcode) {
	case T1_OP_NOP:
	case T1_OP_SEM_WAIT:
	case T1_OP_BATCH:
	case T1_OP_HANG:
		return T1_FAULT_NONE;
	case T1_OP_FENCE:
		return exec_fence(core, q, ctx, fault_va);
	case T1_OP_TIMESTAMP:
		return t1_mmu_write(core, &ctx->mmu, cmd->sync.va, &t, sizeof(t), fault_va);
	case T1_OP_COPY:
		return exec_copy(core, ctx, cmd, q->step, fault_va);
	case T1_OP_FILL:
		return exec_fill(core, ctx, cmd, q->step, fault_va);
	default: {
		struct tensor_target target = { core, ctx };
		const struct t1_mem mem = {
			.opaque = &target,
			.scratch = core->scratch,
			.partial = core->partial[queue_slot(core, q)],
			.read = tensor_read,
			.write = tensor_write,
		};

		return t1_tensor_step(cmd, q->step, &mem, fault_va);
	}
	}
}
