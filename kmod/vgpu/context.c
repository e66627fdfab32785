// SPDX-License-Identifier: GPL-2.0-only
/*
 * context.c - a vGPU's contexts and queues in hardware, in the vGPU's own numbers
 *
 * Numbers have been checked by the model that calls; what exists and what hardware refuses is
 * left to the hardware, whose errno is passed on. All are called with vgpu->lock held.
 */
#include "vgpu/context.h"
#include "vgpu/vgpu.h"

static u32 tessera_ctx_phys(const struct tessera_vgpu *vgpu, u32 ctx)
{
	return vgpu->part.first_ctx + ctx;
}

static u32 tessera_queue_phys(const struct tessera_vgpu *vgpu, u32 slot)
{
	return vgpu->part.first_slot + slot;
}

/* ------------------------------------------------------------ contexts -- */

/**
 * tessera_ctx_create() - make a context in hardware
 * @vgpu: the vGPU, with its lock held
 * @ctx: its number, below part.num_ctx
 *
 * Context: may sleep.
 * Return: 0 or the hardware's errno.
 */
int tessera_ctx_create(struct tessera_vgpu *vgpu, u32 ctx)
{
	struct tessera_hw *hw = vgpu->accel->hw;
	int ret;

	lockdep_assert_held(&vgpu->lock);
	ret = hw->ops->ctx_create(hw, vgpu->epoch, tessera_ctx_phys(vgpu, ctx),
				  vgpu->part.first_ctx, vgpu->part.num_ctx);
	if (!ret)
		WRITE_ONCE(vgpu->state->ctx[ctx].live, true);
	return ret;
}

static void tessera_queue_forget(struct tessera_vgpu *vgpu, u32 slot)
{
	tessera_irq_unroute(vgpu, slot);
	WRITE_ONCE(vgpu->state->queue[slot].live, false);
}

/* The hardware has destroyed it: so do we. */
static void tessera_ctx_forget(struct tessera_vgpu *vgpu, u32 ctx)
{
	u32 slot;

	for (slot = 0; slot < vgpu->part.num_slots; slot++) {
		if (vgpu->state->queue[slot].live && vgpu->state->queue[slot].desc.ctx == ctx)
			tessera_queue_forget(vgpu, slot);
	}
	tessera_dma_drop_ctx(vgpu, ctx);
	WRITE_ONCE(vgpu->state->ctx[ctx].live, false);
}

/**
 * tessera_ctx_destroy() - destroy a context with its queues and mappings
 * @vgpu: the vGPU, with its lock held
 * @ctx: its number, below part.num_ctx
 *
 * Context: may sleep.
 * Return: 0 or the hardware's errno.
 */
int tessera_ctx_destroy(struct tessera_vgpu *vgpu, u32 ctx)
{
	struct tessera_hw *hw = vgpu->accel->hw;
	int ret;

	lockdep_assert_held(&vgpu->lock);
	ret = hw->ops->ctx_destroy(hw, vgpu->epoch, BIT_ULL(tessera_ctx_phys(vgpu, ctx)));
	if (!ret)
		tessera_ctx_forget(vgpu, ctx);
	return ret;
}

/**
 * tessera_ctx_destroy_all() - destroy all contexts with their queues and mappings
 * @vgpu: the vGPU, with its lock held
 *
 * When it returns nothing of the vGPU's runs, and hardware reaches none of its memory.
 *
 * Context: may sleep.
 */
void tessera_ctx_destroy_all(struct tessera_vgpu *vgpu)
{
	struct tessera_hw *hw = vgpu->accel->hw;
	u64 contexts = 0;
	u32 ctx;

	lockdep_assert_held(&vgpu->lock);
	for (ctx = 0; ctx < vgpu->part.num_ctx; ctx++) {
		if (vgpu->state->ctx[ctx].live)
			contexts |= BIT_ULL(tessera_ctx_phys(vgpu, ctx));
	}
	if (!contexts)
		return;
	/* Refused or lost: either way they are not there any more. */
	hw->ops->ctx_destroy(hw, vgpu->epoch, contexts);
	for (ctx = 0; ctx < vgpu->part.num_ctx; ctx++) {
		if (vgpu->state->ctx[ctx].live)
			tessera_ctx_forget(vgpu, ctx);
	}
}

/* -------------------------------------------------------------- queues -- */

/**
 * tessera_queue_create() - make a queue in hardware
 * @vgpu: the vGPU, with its lock held
 * @slot: its slot, below part.num_slots
 * @vector: where its interrupts go, below num_vectors
 * @desc: the queue, its context in the vGPU's numbers
 *
 * Context: may sleep.
 * Return: 0 or the hardware's errno.
 */
int tessera_queue_create(struct tessera_vgpu *vgpu, u32 slot, u32 vector,
			 const struct tessera_hw_queue *desc)
{
	struct tessera_queue_state *queue = &vgpu->state->queue[slot];
	struct tessera_hw *hw = vgpu->accel->hw;
	struct tessera_hw_queue phys = *desc;
	bool was_live = queue->live;
	int ret;

	lockdep_assert_held(&vgpu->lock);
	phys.ctx = tessera_ctx_phys(vgpu, desc->ctx);
	/* The first interrupt may come before the answer. */
	if (!was_live)
		tessera_irq_route(vgpu, slot, vector);
	ret = hw->ops->queue_create(hw, vgpu->epoch, tessera_queue_phys(vgpu, slot), &phys);
	if (!ret) {
		WRITE_ONCE(queue->live, true);
		queue->vector = vector;
		queue->desc = *desc;
	} else if (!was_live) {
		tessera_irq_unroute(vgpu, slot);
	}
	return ret;
}

/**
 * tessera_queue_destroy() - destroy a queue
 * @vgpu: the vGPU, with its lock held
 * @slot: its slot, below part.num_slots
 *
 * Context: may sleep.
 * Return: 0 or the hardware's errno.
 */
int tessera_queue_destroy(struct tessera_vgpu *vgpu, u32 slot)
{
	struct tessera_hw *hw = vgpu->accel->hw;
	int ret;

	lockdep_assert_held(&vgpu->lock);
	ret = hw->ops->queue_destroy(hw, vgpu->epoch, tessera_queue_phys(vgpu, slot));
	if (!ret)
		tessera_queue_forget(vgpu, slot);
	return ret;
}

/**
 * tessera_queue_reset() - empty a queue
 * @vgpu: the vGPU, with its lock held
 * @slot: its slot, below part.num_slots
 *
 * Context: may sleep.
 * Return: 0 or the hardware's errno.
 */
int tessera_queue_reset(struct tessera_vgpu *vgpu, u32 slot)
{
	struct tessera_hw *hw = vgpu->accel->hw;

	lockdep_assert_held(&vgpu->lock);
	return hw->ops->queue_reset(hw, vgpu->epoch, tessera_queue_phys(vgpu, slot));
}

/**
 * tessera_queue_doorbell() - ring a queue's doorbell for a guest that was trapped
 * @vgpu: the vGPU
 * @slot: its slot, below part.num_slots
 * @value: what the guest has written
 *
 * Context: any.
 */
void tessera_queue_doorbell(struct tessera_vgpu *vgpu, u32 slot, u32 value)
{
	struct tessera_hw *hw = vgpu->accel->hw;

	atomic64_inc(&vgpu->stats.trapped_doorbells);
	hw->ops->doorbell(hw, tessera_queue_phys(vgpu, slot), value);
}
