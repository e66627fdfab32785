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
#include <linux/slab.h>
#include "accel/soft.h"
#include "edu/edu.h"
#include "vgpu/context.h"
#include "vgpu/vgpu.h"

enum edu_dma_step {
	EDU_DMA_NONE,
	EDU_DMA_ASKED,	/* the worker is to begin it */
	EDU_DMA_QUEUED,	/* the engine has it */
	EDU_DMA_DONE,	/* the worker is to end it */
};

/**
 * struct edu_vgpu - what the model adds to a vGPU
 * @state: what the guest can observe
 * @vgpu: the vGPU
 * @regs_lock: mutex inside of vgpu->lock and the engines' step: registers and @step
 * @step: how far the DMA is
 * @page: what it copies
 */
struct edu_vgpu {
	struct edu_state state;
	struct tessera_vgpu *vgpu;
	struct mutex regs_lock;	/* see above */
	enum edu_dma_step step;
	u8 page[EDU_BUF_SIZE];
};

static struct edu_vgpu *to_edu_vgpu(struct tessera_vgpu *vgpu)
{
	return vgpu->model;
}

static void edu_model_raise(struct edu_vgpu *ev, u32 value)
{
	lockdep_assert_held(&ev->regs_lock);
	ev->state.irq_status |= value;
	if (ev->state.irq_status)
		tessera_irq_signal(ev->vgpu, 0);
}

/* ---------------------------------------------------- on the engines -- */

static void edu_model_run_factorial(struct edu_vgpu *ev)
{
	struct edu_state *state = &ev->state;
	u32 value = state->factorial;

	if (edu_hw_factorial(ev->vgpu->accel->hw, &value))
		return;
	mutex_lock(&ev->regs_lock);
	state->factorial = value;
	state->status &= ~EDU_STATUS_COMPUTING;
	if (state->status & EDU_STATUS_IRQ)
		edu_model_raise(ev, EDU_IRQ_FACTORIAL);
	mutex_unlock(&ev->regs_lock);
}

static void edu_model_run_dma(struct edu_vgpu *ev)
{
	struct edu_state *state = &ev->state;
	bool to_ram = state->dma_cmd & EDU_DMA_TO_RAM;
	u64 buf = to_ram ? state->dma_src : state->dma_dst;

	if (edu_hw_dma(ev->vgpu->accel->hw, ev->page, buf - EDU_BUF, state->dma_count, to_ram))
		return;
	mutex_lock(&ev->regs_lock);
	ev->step = EDU_DMA_DONE;
	mutex_unlock(&ev->regs_lock);
	tessera_vgpu_kick(ev->vgpu);
}

/* Operands stand still while an operation is under way: see the writes of registers. */
static void edu_model_run(void *priv, u32 engine)
{
	struct edu_vgpu *ev = priv;

	if (engine == EDU_ENGINE_FACTORIAL)
		edu_model_run_factorial(ev);
	else
		edu_model_run_dma(ev);
}

/* ------------------------------------------------------ carrying DMA -- */

/* As the device checks it; what it logs of a guest's error is told of that guest. */
static bool edu_model_dma_ok(struct edu_vgpu *ev)
{
	struct edu_state *state = &ev->state;
	u64 buf = state->dma_cmd & EDU_DMA_TO_RAM ? state->dma_src : state->dma_dst;

	if (buf >= EDU_BUF && buf <= EDU_BUF + EDU_BUF_SIZE &&
	    state->dma_count <= EDU_BUF + EDU_BUF_SIZE - buf)
		return state->dma_count;
	dev_notice_ratelimited(ev->vgpu->vdev.dev, "DMA of %llu bytes at %#llx is not inside the buffer of vGPU %s.\n",
			       state->dma_count, buf, ev->vgpu->name);
	return false;
}

static bool edu_model_copy(struct edu_vgpu *ev)
{
	struct edu_state *state = &ev->state;
	bool to_ram = state->dma_cmd & EDU_DMA_TO_RAM;
	u64 addr = to_ram ? state->dma_dst : state->dma_src;
	int ret;

	addr &= DMA_BIT_MASK(EDU_DMA_BITS);
	ret = tessera_dma_rw(ev->vgpu, addr, ev->page, state->dma_count, to_ram);
	if (ret)
		dev_notice_ratelimited(ev->vgpu->vdev.dev, "DMA of vGPU %s at %#llx is not in memory that it can reach (%d).\n",
				       ev->vgpu->name, addr, ret);
	return !ret;
}

static void edu_model_end_dma(struct edu_vgpu *ev)
{
	mutex_lock(&ev->regs_lock);
	ev->step = EDU_DMA_NONE;
	ev->state.dma_cmd &= ~EDU_DMA_RUN;
	if (ev->state.dma_cmd & EDU_DMA_IRQ)
		edu_model_raise(ev, EDU_IRQ_DMA);
	mutex_unlock(&ev->regs_lock);
}

static void edu_model_begin_dma(struct edu_vgpu *ev)
{
	bool to_ram = ev->state.dma_cmd & EDU_DMA_TO_RAM;

	if (!edu_model_dma_ok(ev) || (!to_ram && !edu_model_copy(ev))) {
		edu_model_end_dma(ev);
		return;
	}
	mutex_lock(&ev->regs_lock);
	ev->step = EDU_DMA_QUEUED;
	mutex_unlock(&ev->regs_lock);
	tessera_soft_ring(ev->vgpu->accel->hw, EDU_ENGINE_DMA, ev->vgpu->part.first_ctx);
}

static void edu_model_work(struct tessera_vgpu *vgpu)
{
	struct edu_vgpu *ev = to_edu_vgpu(vgpu);
	enum edu_dma_step step;

	mutex_lock(&vgpu->lock);
	if (vgpu->state->phase == TESSERA_VGPU_READY) {
		mutex_lock(&ev->regs_lock);
		step = ev->step;
		mutex_unlock(&ev->regs_lock);
		if (tessera_vgpu_lost(vgpu)) {
			tessera_vgpu_fatal(vgpu,
					   "lost its operations when the accelerator was reset");
		} else if (step == EDU_DMA_ASKED) {
			edu_model_begin_dma(ev);
		} else if (step == EDU_DMA_DONE) {
			if (ev->state.dma_cmd & EDU_DMA_TO_RAM)
				edu_model_copy(ev);
			edu_model_end_dma(ev);
		}
	}
	mutex_unlock(&vgpu->lock);
}

/* ---------------------------------------------------------- registers -- */

/* There is no register to enable it: the first operation does. */
static bool edu_model_ready(struct tessera_vgpu *vgpu)
{
	lockdep_assert_held(&vgpu->lock);
	if (vgpu->state->phase == TESSERA_VGPU_OFF) {
		edu_hw_set_run(vgpu->accel->hw, vgpu->part.first_ctx, edu_model_run,
			       to_edu_vgpu(vgpu));
		tessera_vgpu_enable(vgpu);
		if (tessera_ctx_create(vgpu, 0))
			tessera_vgpu_fatal(vgpu, "finds the accelerator out of service");
	}
	return vgpu->state->phase == TESSERA_VGPU_READY;
}

/* A register that may start an operation; vgpu->lock is held. */
static void edu_model_write_start(struct tessera_vgpu *vgpu, u64 off, u64 value)
{
	struct edu_vgpu *ev = to_edu_vgpu(vgpu);
	struct edu_state *state = &ev->state;
	bool ring = false, kick = false;

	mutex_lock(&ev->regs_lock);
	if (off == EDU_FACTORIAL && !(state->status & EDU_STATUS_COMPUTING)) {
		state->factorial = value;
		state->status |= EDU_STATUS_COMPUTING;
		ring = true;
	} else if (off == EDU_DMA_CMD && value & EDU_DMA_RUN && !(state->dma_cmd & EDU_DMA_RUN)) {
		state->dma_cmd = value;
		ev->step = EDU_DMA_ASKED;
		kick = true;
	}
	mutex_unlock(&ev->regs_lock);
	if (ring)
		tessera_soft_ring(vgpu->accel->hw, EDU_ENGINE_FACTORIAL, vgpu->part.first_ctx);
	if (kick)
		tessera_vgpu_kick(vgpu);
}

static void edu_model_write_reg(struct edu_vgpu *ev, u64 off, u64 value)
{
	struct edu_state *state = &ev->state;
	bool running;

	mutex_lock(&ev->regs_lock);
	running = state->dma_cmd & EDU_DMA_RUN;
	if (off == EDU_LIVENESS)
		state->liveness = ~value;
	else if (off == EDU_STATUS)
		state->status = (state->status & ~EDU_STATUS_IRQ) | (value & EDU_STATUS_IRQ);
	else if (off == EDU_IRQ_RAISE)
		edu_model_raise(ev, value);
	else if (off == EDU_IRQ_ACK)
		state->irq_status &= ~value;
	else if (off == EDU_DMA_SRC && !running)
		state->dma_src = value;
	else if (off == EDU_DMA_DST && !running)
		state->dma_dst = value;
	else if (off == EDU_DMA_COUNT && !running)
		state->dma_count = value;
	mutex_unlock(&ev->regs_lock);
}

/* Accesses of 4 bytes, or of 8 where registers have 64 bits. */
static bool edu_model_access_ok(u64 off, unsigned int len)
{
	return IS_ALIGNED(off, len) && (len == 4 || (len == 8 && off >= EDU_WIDE));
}

static void edu_model_write(struct tessera_vgpu *vgpu, u64 off, unsigned int len, u64 value)
{
	if (!edu_model_access_ok(off, len))
		return;
	if (off != EDU_FACTORIAL && off != EDU_DMA_CMD) {
		edu_model_write_reg(to_edu_vgpu(vgpu), off, value);
		return;
	}
	mutex_lock(&vgpu->lock);
	if (edu_model_ready(vgpu))
		edu_model_write_start(vgpu, off, value);
	mutex_unlock(&vgpu->lock);
}

static u64 edu_model_read(struct tessera_vgpu *vgpu, u64 off, unsigned int len)
{
	struct edu_vgpu *ev = to_edu_vgpu(vgpu);
	struct edu_state *state = &ev->state;
	u64 value = ~0ull;

	/* What the bus refuses reads as 0, what the device does not know as ones. */
	if ((len != 4 && len != 8) || !IS_ALIGNED(off, len))
		return 0;
	if (!edu_model_access_ok(off, len))
		return value;
	mutex_lock(&ev->regs_lock);
	if (off == EDU_ID)
		value = EDU_ID_VALUE;
	else if (off == EDU_LIVENESS)
		value = state->liveness;
	else if (off == EDU_FACTORIAL)
		value = state->factorial;
	else if (off == EDU_STATUS)
		value = state->status;
	else if (off == EDU_IRQ_STATUS)
		value = state->irq_status;
	else if (off == EDU_DMA_SRC)
		value = state->dma_src;
	else if (off == EDU_DMA_DST)
		value = state->dma_dst;
	else if (off == EDU_DMA_COUNT)
		value = state->dma_count;
	else if (off == EDU_DMA_CMD)
		value = state->dma_cmd;
	mutex_unlock(&ev->regs_lock);
	return value;
}

/* ---------------------------------------------------------- life -- */

/* Faults, the only events that a model gets, do not come of this hardware. */
static void edu_model_event(struct tessera_vgpu *vgpu, const struct tessera_hw_event *event)
{
}

static void edu_model_forget(struct tessera_vgpu *vgpu)
{
	struct edu_vgpu *ev = to_edu_vgpu(vgpu);

	mutex_lock(&ev->regs_lock);
	ev->step = EDU_DMA_NONE;
	mutex_unlock(&ev->regs_lock);
}

static void edu_model_power_on(struct tessera_vgpu *vgpu)
{
	struct edu_vgpu *ev = to_edu_vgpu(vgpu);
	struct edu_state *state = &ev->state;

	mutex_lock(&ev->regs_lock);
	state->liveness = 0;
	state->factorial = 0;
	state->status = 0;
	state->irq_status = 0;
	state->dma_src = 0;
	state->dma_dst = 0;
	state->dma_count = 0;
	state->dma_cmd = 0;
	memset(ev->page, 0, sizeof(ev->page));
	mutex_unlock(&ev->regs_lock);
}

static int edu_model_init(struct tessera_vgpu *vgpu)
{
	struct edu_vgpu *ev = kvzalloc(sizeof(*ev), GFP_KERNEL);

	if (!ev)
		return -ENOMEM;
	mutex_init(&ev->regs_lock);
	ev->vgpu = vgpu;
	vgpu->model = ev;
	vgpu->state = &ev->state.common;
	vgpu->num_vectors = 1;
	return 0;
}

static void edu_model_fini(struct tessera_vgpu *vgpu)
{
	kvfree(to_edu_vgpu(vgpu));
}

static const struct tessera_model_ops edu_model_ops = {
	.vendor = EDU_PCI_VENDOR_ID,
	.device = EDU_PCI_DEVICE_ID,
	.class_revision = EDU_PCI_CLASS_REVISION,
	.regions[0] = {
		.kind = TESSERA_REGION_REGS,
		.bytes = EDU_BAR_SIZE,
		.flags = PCI_BASE_ADDRESS_MEM_TYPE_32,
	},
	.init = edu_model_init,
	.fini = edu_model_fini,
	.read = edu_model_read,
	.write = edu_model_write,
	.work = edu_model_work,
	.event = edu_model_event,
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
