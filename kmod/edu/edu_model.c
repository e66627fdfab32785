// SPDX-License-Identifier: GPL-2.0-only
/*
 * edu_model.c - a vGPU of an edu is an edu, with MSI and without INTx
 *
 * An operation that a guest starts waits until its vGPU has the engine. DMA is carried: the vGPU's
 * worker copies guest memory to or from a page of the mediator, and the device sees only that, so
 * no guest's memory holds an engine up. What the device would refuse does not reach it. The
 * vGPU competes from its first operation to its reset.
 */
#include <linux/dma-mapping.h>
#include <linux/sched/signal.h>
#include "edu/edu.h"
#include "vgpu/context.h"
#include "vgpu/vgpu.h"

enum edu_dma_step {
	EDU_DMA_NONE,
	EDU_DMA_ASKED,	/* the worker is to begin it */
	EDU_DMA_QUEUED,	/* the engine has it */
	EDU_DMA_DONE,	/* the worker is to end it */
};

/* As they are read: edu_model_reg() has their offsets. */
struct edu_regs {
	u64 liveness, factorial, status, irq_status;
	u64 dma_src, dma_dst, dma_count, dma_cmd;
};

/**
 * struct edu_vgpu - the model's part of a vGPU
 * @common: what the guest can observe of every model; must be first
 * @regs: what it can observe of this one; the buffer at EDU_BUF is the hardware's
 * @lock: mutex: registers
 * @step: how far the DMA is; moved on by whoever the step before waits for
 * @page: what it copies
 */
struct edu_vgpu {
	struct tessera_vgpu_state common;
	struct edu_regs regs;
	struct mutex lock;	/* see above */
	enum edu_dma_step step;
	u8 page[EDU_BUF_SIZE];
};

static struct edu_vgpu *to_edu_vgpu(const struct tessera_vgpu *vgpu)
{
	return container_of(vgpu->state, struct edu_vgpu, common);
}

static void edu_model_raise(struct tessera_vgpu *vgpu, u32 value)
{
	struct edu_vgpu *ev = to_edu_vgpu(vgpu);

	lockdep_assert_held(&ev->lock);
	ev->regs.irq_status |= value;
	if (ev->regs.irq_status)
		tessera_irq_signal(vgpu, 0);
}

/* Operands stand still while an operation is under way: see the writes of registers. */
static void edu_model_run_factorial(void *priv)
{
	struct tessera_vgpu *vgpu = priv;
	struct edu_vgpu *ev = to_edu_vgpu(vgpu);
	struct edu_regs *regs = &ev->regs;
	u32 value = regs->factorial;

	if (edu_hw_factorial(vgpu->accel->hw, &value))
		return;
	mutex_lock(&ev->lock);
	regs->factorial = value;
	regs->status &= ~(u64)EDU_STATUS_COMPUTING;
	if (regs->status & EDU_STATUS_IRQ)
		edu_model_raise(vgpu, EDU_IRQ_FACTORIAL);
	mutex_unlock(&ev->lock);
}

static void edu_model_run_dma(void *priv)
{
	struct tessera_vgpu *vgpu = priv;
	struct edu_vgpu *ev = to_edu_vgpu(vgpu);
	struct edu_regs *regs = &ev->regs;
	bool to_ram = regs->dma_cmd & EDU_DMA_TO_RAM;
	u64 buf = to_ram ? regs->dma_src : regs->dma_dst;

	if (edu_hw_dma(vgpu->accel->hw, ev->page, buf - EDU_BUF, regs->dma_count, to_ram))
		return;
	WRITE_ONCE(ev->step, EDU_DMA_DONE);
	tessera_vgpu_kick(vgpu);
}

/* As the device checks it. Where it would log a guest's error, the vGPU is named. */
static bool edu_model_dma_ok(struct tessera_vgpu *vgpu)
{
	struct edu_regs *regs = &to_edu_vgpu(vgpu)->regs;
	u64 buf = regs->dma_cmd & EDU_DMA_TO_RAM ? regs->dma_src : regs->dma_dst;

	if (buf >= EDU_BUF && buf <= EDU_BUF + EDU_BUF_SIZE &&
	    regs->dma_count <= EDU_BUF + EDU_BUF_SIZE - buf)
		return regs->dma_count;
	tessera_vgpu_notice(vgpu, "DMA of %llu bytes at %#llx is not inside the buffer of vGPU %s.\n",
			    regs->dma_count, buf, vgpu->name);
	return false;
}

static bool edu_model_copy(struct tessera_vgpu *vgpu, bool to_ram)
{
	struct edu_vgpu *ev = to_edu_vgpu(vgpu);
	struct edu_regs *regs = &ev->regs;
	u64 addr = (to_ram ? regs->dma_dst : regs->dma_src) & DMA_BIT_MASK(EDU_DMA_BITS);
	int ret = tessera_dma_rw(vgpu, addr, ev->page, regs->dma_count, to_ram);

	/* An owner that ends takes its memory with it. */
	if (ret && !fatal_signal_pending(current))
		tessera_vgpu_notice(vgpu, "DMA of vGPU %s at %#llx is not in memory that it can reach (%d).\n",
				    vgpu->name, addr, ret);
	return !ret;
}

static void edu_model_end_dma(struct tessera_vgpu *vgpu)
{
	struct edu_vgpu *ev = to_edu_vgpu(vgpu);
	struct edu_regs *regs = &ev->regs;

	WRITE_ONCE(ev->step, EDU_DMA_NONE);
	mutex_lock(&ev->lock);
	regs->dma_cmd &= ~(u64)EDU_DMA_RUN;
	if (regs->dma_cmd & EDU_DMA_IRQ)
		edu_model_raise(vgpu, EDU_IRQ_DMA);
	mutex_unlock(&ev->lock);
}

static void edu_model_work(struct tessera_vgpu *vgpu)
{
	struct edu_vgpu *ev = to_edu_vgpu(vgpu);
	enum edu_dma_step step;
	const char *lost;
	bool to_ram;

	mutex_lock(&vgpu->lock);
	step = READ_ONCE(ev->step);
	to_ram = ev->regs.dma_cmd & EDU_DMA_TO_RAM;
	if (vgpu->state->phase != TESSERA_VGPU_READY)
		goto unlock;
	lost = tessera_vgpu_lost(vgpu);
	if (lost) {
		tessera_vgpu_fatal(vgpu, lost);
	} else if (step == EDU_DMA_ASKED && edu_model_dma_ok(vgpu) &&
		   (to_ram || edu_model_copy(vgpu, false))) {
		WRITE_ONCE(ev->step, EDU_DMA_QUEUED);
		tessera_soft_ring(vgpu->accel->hw, EDU_ENGINE_DMA, vgpu->part.first_ctx,
				  edu_model_run_dma, vgpu);
	} else if (step == EDU_DMA_ASKED || step == EDU_DMA_DONE) {
		if (step == EDU_DMA_DONE && to_ram)
			edu_model_copy(vgpu, true);
		edu_model_end_dma(vgpu);
	}
unlock:
	mutex_unlock(&vgpu->lock);
}

static u64 *edu_model_reg(struct edu_regs *regs, u64 off)
{
	switch (off) {
	case EDU_LIVENESS:
		return &regs->liveness;
	case EDU_FACTORIAL:
		return &regs->factorial;
	case EDU_STATUS:
		return &regs->status;
	case EDU_IRQ_STATUS:
		return &regs->irq_status;
	case EDU_DMA_SRC:
		return &regs->dma_src;
	case EDU_DMA_DST:
		return &regs->dma_dst;
	case EDU_DMA_COUNT:
		return &regs->dma_count;
	case EDU_DMA_CMD:
		return &regs->dma_cmd;
	}
	return NULL;
}

/* Accesses of 4 bytes, or of 8 where registers have 64 bits. */
static bool edu_model_access_ok(u64 off, unsigned int len)
{
	return IS_ALIGNED(off, len) && (len == 4 || (len == 8 && off >= EDU_DMA_SRC));
}

static u64 edu_model_read(struct tessera_vgpu *vgpu, u64 off, unsigned int len)
{
	struct edu_vgpu *ev = to_edu_vgpu(vgpu);
	u64 value = ~0ull, *reg = edu_model_reg(&ev->regs, off);

	/* What the bus refuses reads as 0, what the device does not know as ones. */
	if ((len != 4 && len != 8) || !IS_ALIGNED(off, len))
		return 0;
	if (off == EDU_ID && len == 4)
		return EDU_ID_VALUE;
	mutex_lock(&ev->lock);
	if (reg && edu_model_access_ok(off, len))
		value = *reg;
	mutex_unlock(&ev->lock);
	return value;
}

/* There is no register to enable it: the first operation does. */
static bool edu_model_ready(struct tessera_vgpu *vgpu)
{
	if (vgpu->state->phase == TESSERA_VGPU_OFF) {
		tessera_vgpu_enable(vgpu);
		if (vgpu->state->phase == TESSERA_VGPU_READY && tessera_ctx_create(vgpu, 0))
			tessera_vgpu_fatal(vgpu, "finds the accelerator out of service");
	}
	return vgpu->state->phase == TESSERA_VGPU_READY;
}

static void edu_model_start(struct tessera_vgpu *vgpu, u64 off, u64 value)
{
	struct edu_vgpu *ev = to_edu_vgpu(vgpu);
	struct edu_regs *regs = &ev->regs;

	mutex_lock(&vgpu->lock);
	if (!edu_model_ready(vgpu))
		goto unlock;
	mutex_lock(&ev->lock);
	if (off == EDU_FACTORIAL && !(regs->status & EDU_STATUS_COMPUTING)) {
		regs->factorial = value;
		regs->status |= EDU_STATUS_COMPUTING;
		tessera_soft_ring(vgpu->accel->hw, EDU_ENGINE_FACTORIAL, vgpu->part.first_ctx,
				  edu_model_run_factorial, vgpu);
	} else if (off == EDU_DMA_CMD && value & EDU_DMA_RUN && !(regs->dma_cmd & EDU_DMA_RUN)) {
		regs->dma_cmd = value;
		WRITE_ONCE(ev->step, EDU_DMA_ASKED);
		tessera_vgpu_kick(vgpu);
	}
	mutex_unlock(&ev->lock);
unlock:
	mutex_unlock(&vgpu->lock);
}

static void edu_model_set(struct tessera_vgpu *vgpu, u64 off, u64 value)
{
	struct edu_vgpu *ev = to_edu_vgpu(vgpu);
	struct edu_regs *regs = &ev->regs;

	mutex_lock(&ev->lock);
	if (off == EDU_LIVENESS)
		regs->liveness = (u32)~value;
	else if (off == EDU_STATUS)
		regs->status = (regs->status & EDU_STATUS_COMPUTING) | (value & EDU_STATUS_IRQ);
	else if (off == EDU_IRQ_RAISE)
		edu_model_raise(vgpu, value);
	else if (off == EDU_IRQ_ACK)
		regs->irq_status &= ~value;
	else if ((off == EDU_DMA_SRC || off == EDU_DMA_DST || off == EDU_DMA_COUNT) &&
		 !(regs->dma_cmd & EDU_DMA_RUN))
		*edu_model_reg(regs, off) = value;
	mutex_unlock(&ev->lock);
}

static void edu_model_write(struct tessera_vgpu *vgpu, u64 off, unsigned int len, u64 value)
{
	if (!edu_model_access_ok(off, len))
		return;
	if (off == EDU_FACTORIAL || off == EDU_DMA_CMD)
		edu_model_start(vgpu, off, value);
	else
		edu_model_set(vgpu, off, value);
}

static void edu_model_forget(struct tessera_vgpu *vgpu)
{
	WRITE_ONCE(to_edu_vgpu(vgpu)->step, EDU_DMA_NONE);
}

static void edu_model_power_on(struct tessera_vgpu *vgpu)
{
	struct edu_vgpu *ev = to_edu_vgpu(vgpu);

	mutex_lock(&ev->lock);
	memset(&ev->regs, 0, sizeof(ev->regs));
	mutex_unlock(&ev->lock);
}

static int edu_model_init(struct tessera_vgpu *vgpu)
{
	mutex_init(&to_edu_vgpu(vgpu)->lock);
	vgpu->num_vectors = 1;
	return 0;
}

static const struct tessera_model_ops edu_model_ops = {
	.class_revision = EDU_PCI_CLASS_REVISION,
	.vgpu_bytes = sizeof(struct edu_vgpu),
	.regions[0] = {
		.kind = TESSERA_REGION_REGS,
		.bytes = EDU_BAR_SIZE,
		.flags = PCI_BASE_ADDRESS_MEM_TYPE_32,
	},
	.init = edu_model_init,
	.read = edu_model_read,
	.write = edu_model_write,
	.work = edu_model_work,
	.forget = edu_model_forget,
	.power_on = edu_model_power_on,
};

const struct tessera_kind edu_kind = {
	.name = "edu",
	.vendor = EDU_PCI_VENDOR_ID,
	.device = EDU_PCI_DEVICE_ID,
	.hw = &edu_hw_ops,
	.model = &edu_model_ops,
};
