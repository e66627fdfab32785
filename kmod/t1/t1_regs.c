// SPDX-License-Identifier: GPL-2.0-only
/*
 * t1_regs.c - the vGPU's control page
 *
 * The hardware's registers, less the privileged ones, with the hardware's rules for enabling,
 * disabling and resetting. Register writes that a guest makes often (ring tails and heads) take
 * no lock and leave the work to the vGPU's worker.
 */
#include "tessera.h"

#define RING_ENTRIES_MIN	2u
#define RING_ENTRIES_MAX	1024u

static bool ready(struct tessera_vgpu *vgpu)
{
	return READ_ONCE(vgpu->status) & T1_STATUS_READY;
}

static u32 read_time(struct tessera_vgpu *vgpu)
{
	u64 now = vgpu->accel->hw->ops->time_ns(vgpu->accel->hw);

	WRITE_ONCE(vgpu->latch_time_hi, upper_32_bits(now));
	return lower_32_bits(now);
}

/**
 * t1_regs_read() - the guest reads a register
 * @vgpu: the vGPU
 * @reg: offset into the control page, a multiple of 4
 *
 * Context: may sleep.
 */
u32 t1_regs_read(struct tessera_vgpu *vgpu, u32 reg)
{
	const struct tessera_vgpu_regs *regs = &vgpu->regs;

	switch (reg) {
	case T1_REG_MAGIC:
		return T1_MAGIC;
	case T1_REG_VERSION:
		return T1_HW_VERSION;
	case T1_REG_CAPS:
		return vgpu->accel->hw->caps & ~T1_CAP_SCHED;
	case T1_REG_STATUS:
		return READ_ONCE(vgpu->status);
	case T1_REG_CTRL:
		return READ_ONCE(vgpu->enabled) ? T1_CTRL_ENABLE : 0;
	case T1_REG_NUM_SLOTS:
		return vgpu->num_slots;
	case T1_REG_NUM_CONTEXTS:
		return vgpu->num_ctx;
	case T1_REG_NUM_VECTORS:
		return tessera_vgpu_num_vectors(vgpu);
	case T1_REG_VRAM_SIZE_LO:
		return lower_32_bits(vgpu->vram_bytes);
	case T1_REG_VRAM_SIZE_HI:
		return upper_32_bits(vgpu->vram_bytes);
	case T1_REG_TIME_LO:
		return read_time(vgpu);
	case T1_REG_TIME_HI:
		return READ_ONCE(vgpu->latch_time_hi);
	case T1_REG_ASQ_BASE_LO:
		return lower_32_bits(regs->asq_base);
	case T1_REG_ASQ_BASE_HI:
		return upper_32_bits(regs->asq_base);
	case T1_REG_ASQ_SIZE:
		return regs->asq_size;
	case T1_REG_ACQ_BASE_LO:
		return lower_32_bits(regs->acq_base);
	case T1_REG_ACQ_BASE_HI:
		return upper_32_bits(regs->acq_base);
	case T1_REG_ACQ_SIZE:
		return regs->acq_size;
	case T1_REG_EVQ_BASE_LO:
		return lower_32_bits(regs->evq_base);
	case T1_REG_EVQ_BASE_HI:
		return upper_32_bits(regs->evq_base);
	case T1_REG_EVQ_SIZE:
		return regs->evq_size;
	default:
		return 0;
	}
}

/* ------------------------------------------------- enable and disable -- */

static bool ring_ok(u64 base, u32 size)
{
	return size >= RING_ENTRIES_MIN && size <= RING_ENTRIES_MAX && is_power_of_2(size) &&
	       !(base & (T1_PAGE_SIZE - 1)) &&
	       base <= U64_MAX - RING_ENTRIES_MAX * sizeof(struct t1_admin_cmd);
}

static void ring_start(struct tessera_ring *ring, u64 base, u32 size)
{
	ring->base = base;
	ring->size = size;
	ring->index = 0;
	ring->phase = 1;
}

static void enable_locked(struct tessera_vgpu *vgpu)
{
	const struct tessera_vgpu_regs *regs = &vgpu->regs;

	lockdep_assert_held(&vgpu->lock);
	WRITE_ONCE(vgpu->enabled, true);
	if (!ring_ok(regs->asq_base, regs->asq_size) || !ring_ok(regs->acq_base, regs->acq_size) ||
	    !ring_ok(regs->evq_base, regs->evq_size)) {
		tessera_vgpu_fatal(vgpu, "a ring's address or size is not valid");
		return;
	}
	ring_start(&vgpu->asq, regs->asq_base, regs->asq_size);
	ring_start(&vgpu->acq, regs->acq_base, regs->acq_size);
	ring_start(&vgpu->evq, regs->evq_base, regs->evq_size);
	WRITE_ONCE(vgpu->asq_tail, 0);
	WRITE_ONCE(vgpu->acq_head, 0);
	WRITE_ONCE(vgpu->evq_head, 0);
	vgpu->epoch = READ_ONCE(vgpu->accel->hw->epoch);
	tessera_dispatcher_start(vgpu);
	WRITE_ONCE(vgpu->status, T1_STATUS_READY);
}

/* Nothing of the guest's is left in hardware, and it competes for no engine. */
static void teardown_locked(struct tessera_vgpu *vgpu)
{
	lockdep_assert_held(&vgpu->lock);
	WRITE_ONCE(vgpu->status, vgpu->status & ~T1_STATUS_READY);
	t1_admin_destroy_all(vgpu);
	tessera_dispatcher_stop(vgpu);
	t1_events_drop(vgpu, TESSERA_CTX_ALL);
}

/**
 * tessera_vgpu_disable_locked() - clear ENABLE: all contexts, queues and work are dropped
 * @vgpu: the vGPU, with its lock held
 *
 * Context: may sleep.
 */
void tessera_vgpu_disable_locked(struct tessera_vgpu *vgpu)
{
	lockdep_assert_held(&vgpu->lock);
	if (!vgpu->enabled)
		return;
	teardown_locked(vgpu);
	WRITE_ONCE(vgpu->status, 0);
	WRITE_ONCE(vgpu->enabled, false);
}

/**
 * tessera_vgpu_fatal() - the vGPU can't go on until the guest resets it
 * @vgpu: the vGPU, with its lock held
 * @why: for the log
 *
 * Context: may sleep.
 */
void tessera_vgpu_fatal(struct tessera_vgpu *vgpu, const char *why)
{
	lockdep_assert_held(&vgpu->lock);
	pr_notice_ratelimited("tessera: vGPU %s: %s\n", vgpu->name, why);
	teardown_locked(vgpu);
	WRITE_ONCE(vgpu->status, T1_STATUS_FATAL);
}

static void reset_registers_locked(struct tessera_vgpu *vgpu)
{
	tessera_vgpu_disable_locked(vgpu);
	memset(&vgpu->regs, 0, sizeof(vgpu->regs));
	WRITE_ONCE(vgpu->latch_time_hi, 0);
	atomic64_inc(&vgpu->stats.resets);
}

/**
 * tessera_vgpu_reset() - function reset: all but the VRAM is as after power-on
 * @vgpu: the vGPU
 *
 * Context: may sleep.
 */
void tessera_vgpu_reset(struct tessera_vgpu *vgpu)
{
	mutex_lock(&vgpu->lock);
	reset_registers_locked(vgpu);
	mutex_unlock(&vgpu->lock);
	tessera_config_reset(vgpu);
}

/**
 * tessera_vgpu_lost() - the device was reset: have the vGPU's worker tell the guest
 * @vgpu: the vGPU
 *
 * Context: any. The worker compares epochs.
 */
void tessera_vgpu_lost(struct tessera_vgpu *vgpu)
{
	queue_work(vgpu->wq, &vgpu->work);
}

/* -------------------------------------------------------------- writes -- */

static void write_ctrl(struct tessera_vgpu *vgpu, u32 value)
{
	mutex_lock(&vgpu->lock);
	if (value & T1_CTRL_RESET)
		reset_registers_locked(vgpu);
	else if (value & T1_CTRL_ENABLE && !vgpu->enabled)
		enable_locked(vgpu);
	else if (!(value & T1_CTRL_ENABLE))
		tessera_vgpu_disable_locked(vgpu);
	mutex_unlock(&vgpu->lock);
}

static void set_lo(u64 *reg, u32 value)
{
	*reg = (*reg & ~(u64)U32_MAX) | value;
}

static void set_hi(u64 *reg, u32 value)
{
	*reg = (*reg & U32_MAX) | (u64)value << 32;
}

/* Ring set-up: only while the vGPU is not enabled. */
static void write_ring_register(struct tessera_vgpu *vgpu, u32 reg, u32 value)
{
	struct tessera_vgpu_regs *regs = &vgpu->regs;

	mutex_lock(&vgpu->lock);
	if (vgpu->enabled)
		goto out;
	switch (reg) {
	case T1_REG_ASQ_BASE_LO:
		set_lo(&regs->asq_base, value);
		break;
	case T1_REG_ASQ_BASE_HI:
		set_hi(&regs->asq_base, value);
		break;
	case T1_REG_ASQ_SIZE:
		regs->asq_size = value;
		break;
	case T1_REG_ACQ_BASE_LO:
		set_lo(&regs->acq_base, value);
		break;
	case T1_REG_ACQ_BASE_HI:
		set_hi(&regs->acq_base, value);
		break;
	case T1_REG_ACQ_SIZE:
		regs->acq_size = value;
		break;
	case T1_REG_EVQ_BASE_LO:
		set_lo(&regs->evq_base, value);
		break;
	case T1_REG_EVQ_BASE_HI:
		set_hi(&regs->evq_base, value);
		break;
	case T1_REG_EVQ_SIZE:
		regs->evq_size = value;
		break;
	}
out:
	mutex_unlock(&vgpu->lock);
}

/*
 * Without the lock: a ring's geometry can't change while the vGPU is ready, and an index that
 * was checked against an older one is cut to size where it is used.
 */
static void write_tail(struct tessera_vgpu *vgpu, u32 value)
{
	if (!ready(vgpu) || value >= READ_ONCE(vgpu->asq.size))
		return;
	WRITE_ONCE(vgpu->asq_tail, value);
	queue_work(vgpu->wq, &vgpu->work);
}

/* A head can't pass what has been written. */
static void write_head(struct tessera_vgpu *vgpu, const struct tessera_ring *ring, u32 *head,
		       u32 value)
{
	u32 mask = READ_ONCE(ring->size) - 1;
	u32 was = READ_ONCE(*head);

	if (!ready(vgpu) || value > mask ||
	    ((value - was) & mask) > ((READ_ONCE(ring->index) - was) & mask))
		return;
	WRITE_ONCE(*head, value);
	queue_work(vgpu->wq, &vgpu->work);
}

/**
 * t1_regs_write() - the guest writes a register
 * @vgpu: the vGPU
 * @reg: offset into the control page, a multiple of 4
 * @value: what it writes
 *
 * Context: may sleep.
 */
void t1_regs_write(struct tessera_vgpu *vgpu, u32 reg, u32 value)
{
	switch (reg) {
	case T1_REG_CTRL:
		write_ctrl(vgpu, value);
		break;
	case T1_REG_ASQ_TAIL:
		write_tail(vgpu, value);
		break;
	case T1_REG_ACQ_HEAD:
		write_head(vgpu, &vgpu->acq, &vgpu->acq_head, value);
		break;
	case T1_REG_EVQ_HEAD:
		write_head(vgpu, &vgpu->evq, &vgpu->evq_head, value);
		break;
	default:
		write_ring_register(vgpu, reg, value);
	}
}
