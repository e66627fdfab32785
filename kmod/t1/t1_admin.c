// SPDX-License-Identifier: GPL-2.0-only
/*
 * t1_admin.c - the guest's admin queue: copied once, checked once, translated, done
 *
 * A write of the tail register kicks the vGPU's worker, which copies each 64-byte command
 * out of guest memory once and never looks at it there again. A command for hardware is built
 * anew from values that were checked; context, slot and vector numbers are moved by the vGPU's
 * first ones, VRAM addresses by its partition's offset. What the hardware checks by
 * itself (alignment of a ring, whether a context exists) is left to it.
 *
 * Backpressure is the hardware's: no command is fetched without room for its completion.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include "t1/t1.h"
#include "trace.h"
#include "vgpu/context.h"

#define BURST	64u	/* commands until others may run */

static bool t1_admin_is_zero(const void *p, size_t len)
{
	return !memchr_inv(p, 0, len);
}

/* ------------------------------------------------- contexts and queues -- */

static int t1_admin_ctx_destroy(struct tessera_vgpu *vgpu, u32 ctx)
{
	int ret = tessera_ctx_destroy(vgpu, ctx);

	if (!ret)
		t1_events_drop(vgpu, ctx);
	return ret;
}

static int t1_admin_queue_create(struct tessera_vgpu *vgpu, const struct t1_admin_cmd *cmd)
{
	u32 slot = le32_to_cpu(cmd->queue.slot);
	u32 vector = le32_to_cpu(cmd->queue.vector);
	struct tessera_hw_queue desc = {
		.ctx = le32_to_cpu(cmd->ctx),
		.engine = le32_to_cpu(cmd->queue.engine),
		.ring_va = le64_to_cpu(cmd->queue.ring_va),
		.state_va = le64_to_cpu(cmd->queue.cb_va),
		.ring_log2 = le32_to_cpu(cmd->queue.ring_log2),
	};

	if (slot >= vgpu->part.num_slots || vector >= vgpu->num_vectors || cmd->queue.rsvd4)
		return T1_ST_INVALID_FIELD;
	return tessera_queue_create(vgpu, slot, vector, &desc);
}

/* QUEUE_DESTROY and QUEUE_RESET name a slot and nothing else. */
static int t1_admin_queue_op(struct tessera_vgpu *vgpu, const struct t1_admin_cmd *cmd)
{
	u32 slot = le32_to_cpu(cmd->queue.slot);

	if (slot >= vgpu->part.num_slots ||
	    !t1_admin_is_zero(cmd->raw + sizeof(cmd->queue.slot),
			      sizeof(cmd->raw) - sizeof(cmd->queue.slot)))
		return T1_ST_INVALID_FIELD;
	if (cmd->opcode == T1_ADMIN_QUEUE_DESTROY)
		return tessera_queue_destroy(vgpu, slot);
	return tessera_queue_reset(vgpu, slot);
}

/* -------------------------------------------------- identify and fault -- */

static u16 t1_admin_identify(struct tessera_vgpu *vgpu, u64 addr)
{
	struct t1_identify *id;
	u16 status = T1_ST_OK;

	if (addr & (T1_PAGE_SIZE - 1))
		return T1_ST_INVALID_FIELD;
	id = kmemdup(t1_hw_identify(vgpu->accel->hw), sizeof(*id), GFP_KERNEL);
	if (!id)
		return T1_ST_INTERNAL;
	id->version = cpu_to_le32(T1_HW_VERSION);
	id->caps = cpu_to_le32(t1_regs_caps(vgpu));
	id->num_slots = cpu_to_le32(vgpu->part.num_slots);
	id->num_contexts = cpu_to_le32(vgpu->part.num_ctx);
	id->num_vectors = cpu_to_le32(vgpu->num_vectors);
	id->vram_bytes = cpu_to_le64(vgpu->part.vram_bytes);
	if (tessera_dma_rw(vgpu, addr, id, sizeof(*id), true))
		status = T1_ST_BAD_ADDRESS;
	kfree(id);
	return status;
}

/* A fault is cleared only once the guest has got it. */
static int t1_admin_fault_query(struct tessera_vgpu *vgpu, u32 ctx, u32 flags, u64 addr)
{
	u32 slot, phys = vgpu->part.first_ctx + ctx;
	struct tessera_hw *hw = vgpu->accel->hw;
	struct t1_fault fault;
	int ret;

	if (addr & (sizeof(fault) - 1))
		return T1_ST_INVALID_FIELD;
	ret = t1_hw_fault_query(hw, vgpu->epoch, phys, 0, &fault);
	if (ret)
		return ret;
	slot = le32_to_cpu(fault.slot) - vgpu->part.first_slot;
	fault.slot = cpu_to_le32(fault.fault && slot < vgpu->part.num_slots ? slot : 0);
	if (tessera_dma_rw(vgpu, addr, &fault, sizeof(fault), true))
		return T1_ST_BAD_ADDRESS;
	/* One that the context has come to have since the answer is for the next query. */
	if (fault.fault && flags & T1_FAULT_QUERY_CLEAR)
		ret = t1_hw_fault_query(hw, vgpu->epoch, phys, flags, &fault);
	return ret;
}

/* ----------------------------------------------------- a command's way -- */

static u32 t1_admin_flags_of(u8 opcode)
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

/* @cmd is our copy. T1_ST_* or an errno. */
static int t1_admin_run(struct tessera_vgpu *vgpu, const struct t1_admin_cmd *cmd)
{
	bool has_addr = cmd->opcode == T1_ADMIN_IDENTIFY ||
			cmd->opcode == T1_ADMIN_FAULT_QUERY;
	u64 addr = le64_to_cpu(cmd->addr);
	u32 flags = le32_to_cpu(cmd->flags);
	u32 ctx = le32_to_cpu(cmd->ctx);

	if (cmd->opcode < T1_ADMIN_IDENTIFY || cmd->opcode > T1_ADMIN_FAULT_QUERY)
		return T1_ST_INVALID_OPCODE;
	if (cmd->rsvd0 || cmd->rsvd1 || ctx >= vgpu->part.num_ctx ||
	    flags & ~t1_admin_flags_of(cmd->opcode) || (addr && !has_addr))
		return T1_ST_INVALID_FIELD;

	switch (cmd->opcode) {
	case T1_ADMIN_MAP:
		return t1_map(vgpu, cmd);
	case T1_ADMIN_UNMAP:
		return t1_unmap(vgpu, cmd);
	case T1_ADMIN_QUEUE_CREATE:
		return t1_admin_queue_create(vgpu, cmd);
	case T1_ADMIN_QUEUE_DESTROY:
	case T1_ADMIN_QUEUE_RESET:
		return t1_admin_queue_op(vgpu, cmd);
	}

	if (!t1_admin_is_zero(cmd->raw, sizeof(cmd->raw)))
		return T1_ST_INVALID_FIELD;
	switch (cmd->opcode) {
	case T1_ADMIN_IDENTIFY:
		return t1_admin_identify(vgpu, addr);
	case T1_ADMIN_CTX_CREATE:
		return tessera_ctx_create(vgpu, ctx);
	case T1_ADMIN_CTX_DESTROY:
		return t1_admin_ctx_destroy(vgpu, ctx);
	default:
		return t1_admin_fault_query(vgpu, ctx, flags, addr);
	}
}

/* Only what is beyond its own part is the guest's fault: not that the host is short of memory. */
static u16 t1_admin_status(struct tessera_vgpu *vgpu, u32 ctx, int ret)
{
	if (ret == -ENOSPC)
		tessera_guilt_limit(vgpu, ctx);
	return ret < 0 ? t1_status(ret) : ret;
}

static bool t1_admin_have_command(struct tessera_vgpu *vgpu)
{
	const struct t1_vgpu_state *state = &to_t1_vgpu(vgpu)->state;

	return state->asq.index != (READ_ONCE(state->asq_tail) & (state->asq.size - 1)) &&
	       tessera_ring_has_room(&state->acq, READ_ONCE(state->acq_head));
}

/* One command from fetch to completion. An errno: a ring can't be reached. */
static int t1_admin_serve(struct tessera_vgpu *vgpu)
{
	struct t1_vgpu_state *state = &to_t1_vgpu(vgpu)->state;
	struct t1_admin_cpl cpl = {};
	struct t1_admin_cmd cmd;
	u16 status;
	int ret;

	ret = tessera_ring_read(vgpu, &state->asq, &cmd, sizeof(cmd));
	if (ret)
		return ret;
	status = t1_admin_status(vgpu, le32_to_cpu(cmd.ctx), t1_admin_run(vgpu, &cmd));
	trace_tessera_admin(&vgpu->accel->pdev->dev, vgpu->name, cmd.opcode,
			    le32_to_cpu(cmd.ctx), status);
	atomic64_inc(&vgpu->stats.admin_commands);
	if (status)
		atomic64_inc(&vgpu->stats.admin_errors);
	cpl.asq_head = cpu_to_le16(state->asq.index);
	cpl.cid = cmd.cid;
	cpl.status = cpu_to_le16(status);
	return tessera_ring_write(vgpu, &state->acq, &cpl, sizeof(cpl), &cpl.phase);
}

/*
 * The device was reset under the vGPU, or is not for it any more: all it had is gone. Each context
 * that was there gets a fault event, then the guest finds STATUS FATAL and has to reset.
 */
static void t1_admin_tell_lost(struct tessera_vgpu *vgpu, const char *why, bool *posted)
{
	struct tessera_hw *hw = vgpu->accel->hw;
	struct tessera_hw_event ev = {
		.type = TESSERA_HW_FAULT,
		.fault = T1_FAULT_ENGINE_RESET,
		.slot = vgpu->part.first_slot,
		.time_ns = hw->ops->time_ns(hw),
	};
	u32 ctx;

	for (ctx = 0; ctx < vgpu->part.num_ctx; ctx++) {
		if (!vgpu->state->ctx[ctx].live)
			continue;
		ev.ctx = vgpu->part.first_ctx + ctx;
		t1_events_push(vgpu, &ev);
	}
	t1_events_deliver(vgpu, posted);
	tessera_vgpu_fatal(vgpu, why);
	*posted = true;
}

/* What an engine was reset for, the hardware keeps until the guest clears the fault. */
static void t1_admin_name_offence(struct tessera_vgpu *vgpu)
{
	u32 ctx = tessera_guilt_unnamed(vgpu);
	struct t1_fault fault;

	if (ctx >= vgpu->part.num_ctx || !vgpu->state->ctx[ctx].live ||
	    t1_hw_fault_query(vgpu->accel->hw, vgpu->epoch, vgpu->part.first_ctx + ctx, 0, &fault))
		return;
	tessera_guilt_name(vgpu, ctx, le32_to_cpu(fault.opcode));
}

/* One step of the worker's. True: there is more to do. Nothing is for an owner that ends. */
static bool t1_admin_step(struct tessera_vgpu *vgpu, unsigned int *served, bool *posted)
{
	const char *lost;
	int ret;

	lockdep_assert_held(&vgpu->lock);
	if (vgpu->state->phase != TESSERA_VGPU_READY || fatal_signal_pending(current))
		return false;
	t1_admin_name_offence(vgpu);
	lost = tessera_vgpu_lost(vgpu);
	if (lost) {
		t1_admin_tell_lost(vgpu, lost, posted);
		return false;
	}
	ret = t1_events_deliver(vgpu, posted);
	if (!ret && t1_admin_have_command(vgpu)) {
		ret = t1_admin_serve(vgpu);
		*posted = true;
		(*served)++;
	}
	if (ret && !fatal_signal_pending(current))
		tessera_vgpu_fatal(vgpu, "has a ring that cannot be reached");
	return !ret && t1_admin_have_command(vgpu);
}

/**
 * t1_admin_work() - carry events to the guest, and serve its commands
 * @vgpu: the vGPU
 *
 * Context: the vGPU's worker.
 */
void t1_admin_work(struct tessera_vgpu *vgpu)
{
	unsigned int served = 0;
	bool posted = false;
	bool more;

	do {
		mutex_lock(&vgpu->lock);
		more = t1_admin_step(vgpu, &served, &posted);
		mutex_unlock(&vgpu->lock);
		if (more && served >= BURST) {
			tessera_vgpu_kick(vgpu);
			more = false;
		}
		if (posted && (!more || served % 16 == 0)) {
			tessera_irq_signal(vgpu, T1_VECTOR_CONTROL);
			posted = false;
		}
		cond_resched();
	} while (more);
}
