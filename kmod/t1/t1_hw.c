// SPDX-License-Identifier: GPL-2.0-only
/*
 * t1_hw.c - the physical T1: its life, interrupts, resets and engines
 */
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/slab.h>
#include "accel/inject.h"
#include "t1/t1_device.h"

#define T1_RESET_TIMEOUT_MS	1000
#define T1_PREEMPT_TIMEOUT_US	10000u

/* --------------------------------------------------------- interrupts -- */

static irqreturn_t t1_hw_control_irq(int irq, void *data)
{
	struct t1 *t1 = data;

	t1_hw_drain_events(&t1->hw);
	t1_hw_admin_complete(t1);
	return IRQ_HANDLED;
}

static irqreturn_t t1_hw_slot_irq(int irq, void *data)
{
	struct t1_slot_irq *s = data;

	s->t1->hw.client->slot_irq(s->t1->hw.accel, s->slot);
	return IRQ_HANDLED;
}

static void t1_hw_free_irqs(struct t1 *t1)
{
	struct pci_dev *pdev = t1->hw.pdev;

	while (t1->slot_irqs_set) {
		t1->slot_irqs_set--;
		free_irq(t1->slot_irqs[t1->slot_irqs_set].irq,
			 &t1->slot_irqs[t1->slot_irqs_set]);
	}
	if (t1->control_irq_set)
		free_irq(pci_irq_vector(pdev, 0), t1);
	t1->control_irq_set = false;
	pci_free_irq_vectors(pdev);
}

static int t1_hw_request_irqs(struct t1 *t1)
{
	struct pci_dev *pdev = t1->hw.pdev;
	unsigned int want = 1 + t1->hw.num_slots;
	u32 slot;
	int ret;

	ret = pci_alloc_irq_vectors(pdev, want, want, PCI_IRQ_MSIX);
	if (ret < 0) {
		pci_err(pdev, "Cannot allocate %u MSI-X vectors (%d).\n", want, ret);
		return ret;
	}
	snprintf(t1->irq_name, sizeof(t1->irq_name), "tessera-%s", pci_name(pdev));
	ret = request_irq(pci_irq_vector(pdev, 0), t1_hw_control_irq, 0, t1->irq_name, t1);
	if (ret)
		goto err_free;
	t1->control_irq_set = true;
	for (slot = 0; slot < t1->hw.num_slots; slot++) {
		struct t1_slot_irq *s = &t1->slot_irqs[slot];

		s->t1 = t1;
		s->slot = slot;
		snprintf(s->name, sizeof(s->name), "tessera-%s-q%u", pci_name(pdev), slot);
		s->irq = pci_irq_vector(pdev, 1 + slot);
		ret = request_irq(s->irq, t1_hw_slot_irq, 0, s->name, s);
		if (ret)
			goto err_free;
		t1->slot_irqs_set++;
	}
	return 0;

err_free:
	pci_err(pdev, "Cannot request an interrupt (%d).\n", ret);
	t1_hw_free_irqs(t1);
	return ret;
}

/* --------------------------------------------------- reset and enable -- */

static int t1_hw_wait_register_reset(struct t1 *t1)
{
	u32 ctrl;

	t1_hw_write(t1, T1_REG_CTRL, T1_CTRL_RESET);
	return read_poll_timeout(t1_hw_read, ctrl, !ctrl, 1000, T1_RESET_TIMEOUT_MS * 1000, false,
				 t1, T1_REG_CTRL);
}

/* Function reset from the outside, for a device whose registers don't help any more. */
static int t1_hw_flr(struct t1 *t1)
{
	struct pci_dev *pdev = t1->hw.pdev;
	int ret;

	ret = pcie_flr(pdev);
	if (ret)
		return ret;
	pci_restore_state(pdev);
	pci_save_state(pdev);
	if (t1_hw_read(t1, T1_REG_MAGIC) != T1_MAGIC)
		return -EIO;
	return t1_hw_wait_register_reset(t1);
}

/* The rings are empty and the device is in its power-on state. */
static int t1_hw_enable(struct t1 *t1)
{
	unsigned long flags;
	u32 status;

	spin_lock_irqsave(&t1->event_lock, flags);
	memset(t1->evq, 0, T1_EVENT_ENTRIES * sizeof(*t1->evq));
	t1->evq_head = 0;
	t1->evq_phase = 1;
	spin_unlock_irqrestore(&t1->event_lock, flags);

	spin_lock_irqsave(&t1->admin_lock, flags);
	memset(t1->acq, 0, T1_ADMIN_ENTRIES * sizeof(*t1->acq));
	t1->asq_tail = 0;
	t1->acq_head = 0;
	t1->acq_phase = 1;
	spin_unlock_irqrestore(&t1->admin_lock, flags);

	t1_hw_write64(t1, T1_REG_ASQ_BASE_LO, t1->asq_dma);
	t1_hw_write(t1, T1_REG_ASQ_SIZE, T1_ADMIN_ENTRIES);
	t1_hw_write64(t1, T1_REG_ACQ_BASE_LO, t1->acq_dma);
	t1_hw_write(t1, T1_REG_ACQ_SIZE, T1_ADMIN_ENTRIES);
	t1_hw_write64(t1, T1_REG_EVQ_BASE_LO, t1->evq_dma);
	t1_hw_write(t1, T1_REG_EVQ_SIZE, T1_EVENT_ENTRIES);
	t1_hw_write(t1, T1_REG_SCHED_CTRL, T1_SCHED_EXPLICIT);
	t1_hw_write(t1, T1_REG_CTRL, T1_CTRL_ENABLE);
	status = t1_hw_read(t1, T1_REG_STATUS);
	if (status != T1_STATUS_READY) {
		pci_err(t1->hw.pdev, "The accelerator cannot be enabled: status 0x%x.\n", status);
		return -EIO;
	}
	return 0;
}

/* From now on nobody is served; the next epoch begins when the device is quiet. */
static void t1_hw_halt(struct t1 *t1)
{
	unsigned long flags;

	spin_lock_irqsave(&t1->admin_lock, flags);
	t1->dead_told = true;	/* no call for what is being done already */
	WRITE_ONCE(t1->out_of_service, false);
	spin_unlock_irqrestore(&t1->admin_lock, flags);
	t1_hw_declare_dead(t1);
}

static void t1_hw_new_epoch(struct t1 *t1, bool alive)
{
	unsigned long flags;

	spin_lock_irqsave(&t1->admin_lock, flags);
	WRITE_ONCE(t1->hw.epoch, t1->hw.epoch + 1);
	t1->alive = alive;
	WRITE_ONCE(t1->out_of_service, !alive);
	t1->dead_told = !alive;
	spin_unlock_irqrestore(&t1->admin_lock, flags);
	wake_up_all(&t1->epoch_wait);
}

static int t1_hw_restart(struct t1 *t1)
{
	struct pci_dev *pdev = t1->hw.pdev;
	int ret;

	pci_set_master(pdev);
	ret = t1_hw_wait_register_reset(t1);
	if (ret) {
		pci_warn(pdev, "The register reset timed out: trying a function level reset.\n");
		ret = t1_hw_flr(t1);
	}
	return ret ?: t1_hw_enable(t1);
}

static int t1_hw_reset(struct tessera_hw *hw)
{
	struct t1 *t1 = to_t1(hw);
	int ret;

	t1_hw_halt(t1);
	/* One that is gone from the bus answers nothing, and may take a minute for it. */
	ret = pci_channel_offline(hw->pdev) ? -ENODEV : t1_hw_restart(t1);
	if (ret) {
		pci_clear_master(hw->pdev);
		pci_err(hw->pdev, "The accelerator cannot be reset (%d): it is out of service.\n",
			ret);
	}
	t1_hw_new_epoch(t1, !ret);
	return ret;
}

static void t1_hw_quiesce(struct tessera_hw *hw)
{
	struct t1 *t1 = to_t1(hw);

	t1_hw_halt(t1);
	if (!pci_channel_offline(hw->pdev) && t1_hw_wait_register_reset(t1))
		pci_warn(hw->pdev, "The accelerator does not stop and is cut off from the bus.\n");
	pci_clear_master(hw->pdev);
}

/* ------------------------------------------------------------ engines -- */

static void t1_hw_runlist_submit(struct tessera_hw *hw, u32 engine, u64 contexts, u32 token,
				 bool strict)
{
	struct t1 *t1 = to_t1(hw);
	u32 base = T1_ENGINE_BASE(engine);

	t1_hw_write64(t1, base + T1_ENG_RUNLIST_LO, contexts);
	t1_hw_write(t1, base + T1_ENG_RUNLIST_SUBMIT,
		    (token & T1_RL_TOKEN_MASK) |
		    (strict ? T1_RL_PREEMPT_STRICT : T1_RL_PREEMPT_BATCH));
}

static void t1_hw_engine_reset(struct tessera_hw *hw, u32 engine)
{
	t1_hw_write(to_t1(hw), T1_ENGINE_BASE(engine) + T1_ENG_RESET, 1);
}

static bool t1_hw_engine_switching(struct tessera_hw *hw, u32 engine)
{
	return t1_hw_read(to_t1(hw), T1_ENGINE_BASE(engine) + T1_ENG_STATUS) &
	       T1_ENG_STATUS_SWITCHING;
}

static void t1_hw_engine_counters(struct tessera_hw *hw, u32 engine, bool all,
				  struct tessera_hw_counters *c)
{
	struct t1 *t1 = to_t1(hw);
	u32 base = T1_ENGINE_BASE(engine);

	c->busy_ns = t1_hw_read64(t1, base + T1_ENG_BUSY_NS_LO);
	c->time_ns = t1_hw_read64(t1, base + T1_ENG_TIME_LO);
	if (all) {
		c->switch_ns = t1_hw_read64(t1, base + T1_ENG_SWITCH_NS_LO);
		c->switches = t1_hw_read(t1, base + T1_ENG_SWITCHES);
	}
}

static u64 t1_hw_time_ns(struct tessera_hw *hw)
{
	return t1_hw_read64(to_t1(hw), T1_REG_TIME_LO);
}

/**
 * t1_hw_ctx_busy_ns() - read the engine time that a context has used
 * @hw: the accelerator, a T1
 * @engine: T1_ENGINE_*
 * @ctx: context
 *
 * Context: process; does not sleep.
 * Return: ns since the context was created, with those of a command that runs.
 */
u64 t1_hw_ctx_busy_ns(struct tessera_hw *hw, u32 engine, u32 ctx)
{
	struct t1 *t1 = to_t1(hw);
	u64 busy;

	spin_lock(&t1->busy_lock);
	busy = t1_hw_read64(t1, T1_REG_CTX_BUSY(engine, ctx));
	spin_unlock(&t1->busy_lock);
	return busy;
}

static void t1_hw_doorbell(struct tessera_hw *hw, u32 slot, u32 tail)
{
	t1_hw_write(to_t1(hw), T1_DB_OFF(slot) + T1_DB_TAIL, tail);
}

/* What comes meanwhile the interrupt core keeps, or the device, by the MSI-X table's mask. */
static void t1_hw_slot_irq_mask(struct tessera_hw *hw, u32 slot, bool mask)
{
	/* pci_irq_vector() may sleep */
	int irq = to_t1(hw)->slot_irqs[slot].irq;

	if (mask)
		disable_irq_nosync(irq);
	else
		enable_irq(irq);
}

/* -------------------------------------------------- create and destroy -- */

static int t1_hw_check_version(struct t1 *t1)
{
	struct pci_dev *pdev = t1->hw.pdev;
	u32 magic = t1_hw_read(t1, T1_REG_MAGIC);
	u32 version = t1_hw_read(t1, T1_REG_VERSION);

	if (magic != T1_MAGIC) {
		pci_err(pdev, "Not a T1: unexpected magic 0x%08x.\n", magic);
		return -ENODEV;
	}
	if (version >> 16 != T1_HW_VERSION_MAJOR) {
		pci_err(pdev, "The T1 has interface version %u.%u; this driver knows %u.x.\n",
			version >> 16, version & 0xffff, T1_HW_VERSION_MAJOR);
		return -ENODEV;
	}
	return 0;
}

static const struct tessera_hw_engine t1_engines[T1_NUM_ENGINES] = {
	[T1_ENGINE_COMPUTE] = { "compute", "matrix and vector operations" },
	[T1_ENGINE_COPY] = { "copy", "copies between system memory and VRAM" },
};

static unsigned long t1_hw_features(u32 caps)
{
	unsigned long features = TESSERA_HW_CONTEXTS | TESSERA_HW_PAGE_TABLES |
				 TESSERA_HW_COUNTERS | TESSERA_HW_EVENTS |
				 TESSERA_HW_ATOMIC_SWITCH | TESSERA_HW_ENGINE_RESET;

	if (caps & T1_CAP_STRICT_PREEMPT)
		features |= TESSERA_HW_STRICT_PREEMPT;
	if (caps & T1_CAP_DB_LATCH)
		features |= TESSERA_HW_DOORBELL_LATCH;
	if (caps & T1_CAP_TABLE_PARTS)
		features |= TESSERA_HW_TABLE_PARTS;
	return features;
}

static int t1_hw_read_sizes(struct t1 *t1)
{
	struct tessera_hw *hw = &t1->hw;
	struct pci_dev *pdev = hw->pdev;
	u32 caps = t1_hw_read(t1, T1_REG_CAPS);

	hw->features = t1_hw_features(caps);
	hw->num_engines = T1_NUM_ENGINES;
	hw->engine = t1_engines;
	hw->num_slots = t1_hw_read(t1, T1_REG_NUM_SLOTS);
	hw->num_contexts = t1_hw_read(t1, T1_REG_NUM_CONTEXTS);
	hw->vram_bytes = t1_hw_read64(t1, T1_REG_VRAM_SIZE_LO);
	hw->vram_align = T1_HUGE_PAGE_SIZE;
	hw->preempt_timeout_us = T1_PREEMPT_TIMEOUT_US;
	if (!(caps & T1_CAP_SCHED)) {
		pci_err(pdev, "The T1 has no scheduling registers: it may be a vGPU itself.\n");
		return -ENODEV;
	}
	if (!hw->num_slots || hw->num_slots > T1_MAX_SLOTS ||
	    !hw->num_contexts || hw->num_contexts > T1_MAX_CONTEXTS ||
	    !hw->vram_bytes || hw->vram_bytes > pci_resource_len(pdev, T1_BAR_VRAM) ||
	    t1_hw_read(t1, T1_REG_NUM_VECTORS) < 1 + hw->num_slots ||
	    pci_resource_len(pdev, T1_BAR_REGS) < T1_DB_OFF(hw->num_slots)) {
		pci_err(pdev, "The T1 reports sizes that do not fit: %u slots, %u contexts, %llu bytes of VRAM.\n",
			hw->num_slots, hw->num_contexts, hw->vram_bytes);
		return -ENODEV;
	}
	return 0;
}

static int t1_hw_read_identity(struct t1 *t1)
{
	struct device *dev = &t1->hw.pdev->dev;
	struct t1_req req = { .cmd.opcode = T1_ADMIN_IDENTIFY };
	dma_addr_t dma;
	int ret;

	dma = tessera_inject_fault() ? DMA_MAPPING_ERROR :
	      dma_map_single(dev, t1->identify, sizeof(*t1->identify), DMA_FROM_DEVICE);
	if (dma_mapping_error(dev, dma))
		return -ENOMEM;
	req.cmd.addr = cpu_to_le64(dma);
	ret = t1_hw_admin_one(t1, t1->hw.epoch, &req);
	dma_unmap_single(dev, dma, sizeof(*t1->identify), DMA_FROM_DEVICE);
	if (ret)
		dev_err(dev, "The T1 does not answer IDENTIFY (%d).\n", ret);
	return ret;
}

static void t1_hw_free_rings(struct t1 *t1)
{
	struct device *dev = &t1->hw.pdev->dev;

	if (t1->asq)
		dma_free_coherent(dev, T1_ADMIN_ENTRIES * sizeof(*t1->asq), t1->asq, t1->asq_dma);
	if (t1->acq)
		dma_free_coherent(dev, T1_ADMIN_ENTRIES * sizeof(*t1->acq), t1->acq, t1->acq_dma);
	if (t1->evq)
		dma_free_coherent(dev, T1_EVENT_ENTRIES * sizeof(*t1->evq), t1->evq, t1->evq_dma);
}

static int t1_hw_alloc_rings(struct t1 *t1)
{
	struct device *dev = &t1->hw.pdev->dev;

	t1->asq = dma_alloc_coherent(dev, T1_ADMIN_ENTRIES * sizeof(*t1->asq), &t1->asq_dma,
				     GFP_KERNEL);
	t1->acq = dma_alloc_coherent(dev, T1_ADMIN_ENTRIES * sizeof(*t1->acq), &t1->acq_dma,
				     GFP_KERNEL);
	t1->evq = dma_alloc_coherent(dev, T1_EVENT_ENTRIES * sizeof(*t1->evq), &t1->evq_dma,
				     GFP_KERNEL);
	if (t1->asq && t1->acq && t1->evq)
		return 0;
	t1_hw_free_rings(t1);
	return -ENOMEM;
}

static void t1_hw_iounmap(struct t1 *t1)
{
	if (t1->hw.vram)
		iounmap(t1->hw.vram);
	if (t1->regs)
		iounmap(t1->regs);
}

static int t1_hw_ioremap(struct t1 *t1)
{
	struct pci_dev *pdev = t1->hw.pdev;

	t1->hw.doorbell_phys = pci_resource_start(pdev, T1_BAR_REGS) + T1_DB_OFF(0);
	t1->hw.vram_phys = pci_resource_start(pdev, T1_BAR_VRAM);
	t1->regs = ioremap(pci_resource_start(pdev, T1_BAR_REGS),
			   pci_resource_len(pdev, T1_BAR_REGS));
	t1->hw.vram = ioremap_wc(t1->hw.vram_phys, pci_resource_len(pdev, T1_BAR_VRAM));
	if (t1->regs && t1->hw.vram)
		return 0;
	t1_hw_iounmap(t1);
	return -ENOMEM;
}

static void t1_hw_free(struct tessera_hw *hw)
{
	struct t1 *t1 = to_t1(hw);
	u32 ctx;

	for (ctx = 0; ctx < T1_MAX_CONTEXTS; ctx++)
		t1_hw_ctx_free(t1, ctx);
	t1_hw_free_rings(t1);
	t1_hw_iounmap(t1);
	kfree(t1->slot_irqs);
	kfree(t1->identify);
	kfree(t1);
}

static struct tessera_hw *t1_hw_alloc(struct pci_dev *pdev)
{
	struct t1 *t1;
	int ret;

	if (pci_resource_len(pdev, T1_BAR_REGS) < T1_BAR_REGS_SIZE ||
	    !pci_resource_len(pdev, T1_BAR_VRAM)) {
		pci_err(pdev, "BAR0 or BAR2 is missing or too small for a T1.\n");
		return ERR_PTR(-ENODEV);
	}
	t1 = kzalloc(sizeof(*t1), GFP_KERNEL);
	if (!t1)
		return ERR_PTR(-ENOMEM);
	t1->hw.ops = &t1_hw_ops;
	t1->hw.pdev = pdev;
	t1->hw.epoch = 1;
	spin_lock_init(&t1->admin_lock);
	spin_lock_init(&t1->event_lock);
	spin_lock_init(&t1->busy_lock);
	init_waitqueue_head(&t1->cid_wait);
	init_waitqueue_head(&t1->epoch_wait);

	ret = -ENOMEM;
	t1->identify = kzalloc(sizeof(*t1->identify), GFP_KERNEL);
	t1->slot_irqs = kcalloc(T1_MAX_SLOTS, sizeof(*t1->slot_irqs), GFP_KERNEL);
	if (!t1->identify || !t1->slot_irqs)
		goto err_free;
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret) {
		pci_err(pdev, "The T1 cannot address memory here (%d).\n", ret);
		goto err_free;
	}
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);
	ret = t1_hw_ioremap(t1);
	if (ret)
		goto err_free;
	ret = t1_hw_check_version(t1);
	if (ret)
		goto err_unmap;
	ret = t1_hw_read_sizes(t1);
	if (ret)
		goto err_unmap;
	ret = t1_hw_alloc_rings(t1);
	if (ret)
		goto err_unmap;
	return &t1->hw;

err_unmap:
	t1_hw_iounmap(t1);
err_free:
	kfree(t1->slot_irqs);
	kfree(t1->identify);
	kfree(t1);
	return ERR_PTR(ret);
}

static int t1_hw_start(struct tessera_hw *hw)
{
	struct pci_dev *pdev = hw->pdev;
	struct t1 *t1 = to_t1(hw);
	int ret;

	pci_save_state(pdev);
	ret = t1_hw_wait_register_reset(t1);
	if (ret) {
		pci_err(pdev, "The T1 does not come out of reset.\n");
		return ret;
	}
	pci_set_master(pdev);
	ret = t1_hw_request_irqs(t1);
	if (ret)
		goto err_master;
	pci_save_state(pdev);
	ret = t1_hw_enable(t1);
	if (ret)
		goto err_irqs;
	/* One that does not answer here is not reset, so nobody waits for that, nor hears of it. */
	t1->dead_told = true;
	t1->out_of_service = true;
	t1->alive = true;
	ret = t1_hw_read_identity(t1);
	if (ret)
		goto err_irqs;
	t1->out_of_service = false;
	t1->dead_told = false;
	return 0;

err_irqs:
	t1_hw_wait_register_reset(t1);
	t1_hw_free_irqs(t1);
err_master:
	pci_clear_master(pdev);
	return ret;
}

static void t1_hw_stop(struct tessera_hw *hw)
{
	t1_hw_quiesce(hw);
	t1_hw_free_irqs(to_t1(hw));
}

const struct tessera_hw_ops t1_hw_ops = {
	.name = "T1",
	.alloc = t1_hw_alloc,
	.free = t1_hw_free,
	.start = t1_hw_start,
	.stop = t1_hw_stop,
	.reset = t1_hw_reset,
	.quiesce = t1_hw_quiesce,
	.ctx_create = t1_hw_ctx_create,
	.ctx_destroy = t1_hw_ctx_destroy,
	.map = t1_hw_map,
	.unmap = t1_hw_unmap,
	.queue_create = t1_hw_queue_create,
	.queue_destroy = t1_hw_queue_destroy,
	.queue_reset = t1_hw_queue_reset,
	.doorbell = t1_hw_doorbell,
	.slot_irq_mask = t1_hw_slot_irq_mask,
	.runlist_submit = t1_hw_runlist_submit,
	.engine_reset = t1_hw_engine_reset,
	.engine_switching = t1_hw_engine_switching,
	.engine_counters = t1_hw_engine_counters,
	.time_ns = t1_hw_time_ns,
	.drain_events = t1_hw_drain_events,
};
