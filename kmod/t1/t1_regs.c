// SPDX-License-Identifier: GPL-2.0-only
/*
 * t1_regs.c - the vGPU's control page
 *
 * The hardware's registers, less the privileged ones, with the hardware's rules for enabling,
 * disabling and resetting. Register writes that a guest makes often (ring tails and heads) take
 * no lock and leave the work to the vGPU's worker.
 */
#include "t1/t1.h"
#include "vgpu/context.h"

/* From an engine's first busy time to the next engine's */
#define T1_BUSY_ENGINE	(T1_REG_CTX_BUSY(1, 0) - T1_REG_CTX_BUSY(0, 0))

static u32 t1_regs_status(struct tessera_vgpu *vgpu)
{
	switch (tessera_vgpu_phase(vgpu)) {
	case TESSERA_VGPU_READY:
		return T1_STATUS_READY;
	case TESSERA_VGPU_FATAL:
		return T1_STATUS_FATAL;
	default:
		return 0;
	}
}

static bool t1_regs_ready(struct tessera_vgpu *vgpu)
{
	return tessera_vgpu_phase(vgpu) == TESSERA_VGPU_READY;
}

/**
 * t1_regs_caps() - return the capabilities that a guest hears of
 * @vgpu: the vGPU
 *
 * Context: any.
 * Return: T1_CAP_*
 */
u32 t1_regs_caps(const struct tessera_vgpu *vgpu)
{
	return le32_to_cpu(t1_hw_identify(vgpu->accel->hw)->caps) & T1_GUEST_CAPS;
}

static u32 t1_regs_read_time(struct tessera_vgpu *vgpu)
{
	struct tessera_hw *hw = vgpu->accel->hw;
	u64 now;

	/* While the device is in reset its registers read as anything. */
	down_read(&vgpu->accel->bar_sem);
	now = tessera_vgpu_time_ns(vgpu, hw->ops->time_ns(hw));
	up_read(&vgpu->accel->bar_sem);
	WRITE_ONCE(to_t1_vgpu(vgpu)->state.latch_time_hi, upper_32_bits(now));
	return lower_32_bits(now);
}

/* A context that the guest has not created has used nothing */
static u32 t1_regs_read_busy(struct tessera_vgpu *vgpu, u32 off)
{
	struct t1_vgpu_state *state = &to_t1_vgpu(vgpu)->state;
	u32 engine = off / T1_BUSY_ENGINE, ctx = off % T1_BUSY_ENGINE / sizeof(u64);
	u64 busy = 0;

	if (engine >= T1_NUM_ENGINES || ctx >= vgpu->part.num_ctx)
		return 0;
	if (off & 4)
		return READ_ONCE(state->latch_busy_hi[engine][ctx]);
	if (READ_ONCE(state->common.ctx[ctx].live))
		busy = t1_hw_ctx_busy_ns(vgpu->accel->hw, engine, vgpu->part.first_ctx + ctx);
	WRITE_ONCE(state->latch_busy_hi[engine][ctx], upper_32_bits(busy));
	return lower_32_bits(busy);
}

static u32 t1_regs_read_control(struct tessera_vgpu *vgpu, u32 reg)
{
	const struct t1_vgpu_state *state = &to_t1_vgpu(vgpu)->state;
	const struct t1_vgpu_regs *regs = &state->regs;

	if (reg >= T1_REG_CTX_BUSY(0, 0))
		return t1_regs_read_busy(vgpu, reg - T1_REG_CTX_BUSY(0, 0));
	switch (reg) {
	case T1_REG_MAGIC:
		return T1_MAGIC;
	case T1_REG_VERSION:
		return T1_HW_VERSION;
	case T1_REG_CAPS:
		return t1_regs_caps(vgpu);
	case T1_REG_STATUS:
		return t1_regs_status(vgpu);
	case T1_REG_CTRL:
		return tessera_vgpu_phase(vgpu) == TESSERA_VGPU_OFF ? 0 : T1_CTRL_ENABLE;
	case T1_REG_NUM_SLOTS:
		return vgpu->part.num_slots;
	case T1_REG_NUM_CONTEXTS:
		return vgpu->part.num_ctx;
	case T1_REG_NUM_VECTORS:
		return vgpu->num_vectors;
	case T1_REG_VRAM_SIZE_LO:
		return lower_32_bits(vgpu->part.vram_bytes);
	case T1_REG_VRAM_SIZE_HI:
		return upper_32_bits(vgpu->part.vram_bytes);
	case T1_REG_TIME_LO:
		return t1_regs_read_time(vgpu);
	case T1_REG_TIME_HI:
		return READ_ONCE(state->latch_time_hi);
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

static void t1_regs_enable(struct tessera_vgpu *vgpu)
{
	struct t1_vgpu_state *state = &to_t1_vgpu(vgpu)->state;
	const struct t1_vgpu_regs *regs = &state->regs;

	lockdep_assert_held(&vgpu->lock);
	if (!t1_state_ring_ok(regs->asq_base, regs->asq_size) ||
	    !t1_state_ring_ok(regs->acq_base, regs->acq_size) ||
	    !t1_state_ring_ok(regs->evq_base, regs->evq_size)) {
		tessera_vgpu_fatal(vgpu, "was enabled with an invalid address or size of a ring");
		return;
	}
	tessera_ring_start(&state->asq, regs->asq_base, regs->asq_size);
	tessera_ring_start(&state->acq, regs->acq_base, regs->acq_size);
	tessera_ring_start(&state->evq, regs->evq_base, regs->evq_size);
	WRITE_ONCE(state->asq_tail, 0);
	WRITE_ONCE(state->acq_head, 0);
	WRITE_ONCE(state->evq_head, 0);
	tessera_vgpu_enable(vgpu);
}

/**
 * t1_regs_power_on() - put the registers into their power-on state
 * @vgpu: the vGPU, off, with its lock held
 *
 * Context: the vGPU's lock is held; takes events_lock.
 */
void t1_regs_power_on(struct tessera_vgpu *vgpu)
{
	struct t1_vgpu *t1v = to_t1_vgpu(vgpu);

	lockdep_assert_held(&vgpu->lock);
	spin_lock_irq(&t1v->events_lock);
	t1_state_power_on(&t1v->state);
	spin_unlock_irq(&t1v->events_lock);
}

/* -------------------------------------------------------------- writes -- */

static void t1_regs_write_ctrl(struct tessera_vgpu *vgpu, u32 value)
{
	if (value & T1_CTRL_RESET || !(value & T1_CTRL_ENABLE))
		tessera_vgpu_lock_to_undo(vgpu);
	else
		mutex_lock(&vgpu->lock);
	if (value & T1_CTRL_RESET)
		tessera_vgpu_power_on(vgpu);
	else if (!(value & T1_CTRL_ENABLE))
		tessera_vgpu_disable(vgpu);
	else if (vgpu->state->phase == TESSERA_VGPU_OFF)
		t1_regs_enable(vgpu);
	mutex_unlock(&vgpu->lock);
}

static void t1_regs_set_lo(u64 *reg, u32 value)
{
	*reg = (*reg & ~(u64)U32_MAX) | value;
}

static void t1_regs_set_hi(u64 *reg, u32 value)
{
	*reg = (*reg & U32_MAX) | (u64)value << 32;
}

/* Ring set-up: only while the vGPU is not enabled. */
static void t1_regs_write_ring(struct tessera_vgpu *vgpu, u32 reg, u32 value)
{
	struct t1_vgpu_regs *regs = &to_t1_vgpu(vgpu)->state.regs;

	mutex_lock(&vgpu->lock);
	if (vgpu->state->phase != TESSERA_VGPU_OFF)
		goto out;
	switch (reg) {
	case T1_REG_ASQ_BASE_LO:
		t1_regs_set_lo(&regs->asq_base, value);
		break;
	case T1_REG_ASQ_BASE_HI:
		t1_regs_set_hi(&regs->asq_base, value);
		break;
	case T1_REG_ASQ_SIZE:
		regs->asq_size = value;
		break;
	case T1_REG_ACQ_BASE_LO:
		t1_regs_set_lo(&regs->acq_base, value);
		break;
	case T1_REG_ACQ_BASE_HI:
		t1_regs_set_hi(&regs->acq_base, value);
		break;
	case T1_REG_ACQ_SIZE:
		regs->acq_size = value;
		break;
	case T1_REG_EVQ_BASE_LO:
		t1_regs_set_lo(&regs->evq_base, value);
		break;
	case T1_REG_EVQ_BASE_HI:
		t1_regs_set_hi(&regs->evq_base, value);
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
static void t1_regs_write_tail(struct tessera_vgpu *vgpu, u32 value)
{
	struct t1_vgpu_state *state = &to_t1_vgpu(vgpu)->state;

	if (!t1_regs_ready(vgpu) || value >= READ_ONCE(state->asq.size))
		return;
	WRITE_ONCE(state->asq_tail, value);
	tessera_vgpu_kick(vgpu);
}

/* A head can't pass what has been written. */
static void t1_regs_write_head(struct tessera_vgpu *vgpu, const struct tessera_ring *ring,
			       u32 *head, u32 value)
{
	u32 mask = READ_ONCE(ring->size) - 1;
	u32 was = READ_ONCE(*head);

	if (!t1_regs_ready(vgpu) || value > mask ||
	    ((value - was) & mask) > ((READ_ONCE(ring->index) - was) & mask))
		return;
	WRITE_ONCE(*head, value);
	tessera_vgpu_kick(vgpu);
}

static void t1_regs_write_control(struct tessera_vgpu *vgpu, u32 reg, u32 value)
{
	struct t1_vgpu_state *state = &to_t1_vgpu(vgpu)->state;

	switch (reg) {
	case T1_REG_CTRL:
		t1_regs_write_ctrl(vgpu, value);
		break;
	case T1_REG_ASQ_TAIL:
		t1_regs_write_tail(vgpu, value);
		break;
	case T1_REG_ACQ_HEAD:
		t1_regs_write_head(vgpu, &state->acq, &state->acq_head, value);
		break;
	case T1_REG_EVQ_HEAD:
		t1_regs_write_head(vgpu, &state->evq, &state->evq_head, value);
		break;
	default:
		t1_regs_write_ring(vgpu, reg, value);
	}
}

/* ----------------------------------------------------------- the BAR -- */

/* A register access is one of 4 aligned bytes; every other reads zero or is dropped. */
static bool t1_regs_is_register(u64 off, unsigned int len)
{
	return len == 4 && !(off & 3);
}

/**
 * t1_regs_read() - serve a read of BAR0
 * @vgpu: the vGPU
 * @off: offset into the BAR
 * @len: bytes
 *
 * Context: may sleep.
 * Return: the value; zero for what is no readable register.
 */
u64 t1_regs_read(struct tessera_vgpu *vgpu, u64 off, unsigned int len)
{
	if (!t1_regs_is_register(off, len) || off >= T1_DB_OFF(0))
		return 0;
	atomic64_inc(&vgpu->stats.trapped_registers);
	return t1_regs_read_control(vgpu, off);
}

/**
 * t1_regs_write() - serve a write to BAR0
 * @vgpu: the vGPU
 * @off: offset into the BAR
 * @len: bytes; what is no writable register drops the write
 * @value: what is written
 *
 * Context: may sleep.
 */
void t1_regs_write(struct tessera_vgpu *vgpu, u64 off, unsigned int len, u64 value)
{
	u64 slot;

	if (!t1_regs_is_register(off, len))
		return;
	if (off < T1_DB_OFF(0)) {
		atomic64_inc(&vgpu->stats.trapped_registers);
		t1_regs_write_control(vgpu, off, value);
		return;
	}
	slot = off / T1_PAGE_SIZE - 1;
	if (slot < vgpu->part.num_slots && off % T1_PAGE_SIZE == T1_DB_TAIL)
		tessera_queue_doorbell(vgpu, slot, value);
}
