// SPDX-License-Identifier: GPL-2.0-only
/*
 * t1_hw.c - drives the T1 accelerator for the mediator
 *
 * Admin queue, event ring, runlists and interrupts, as uapi/t1_hw.h has them.
 *
 * Locks: t1->event_lock is held while events are handed on, and so is outside of
 * every lock of the mediator's that an event handler takes. t1->admin_lock is a leaf.
 */
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include "accel/hw.h"

#define T1_ADMIN_ENTRIES	128u
#define T1_ADMIN_INFLIGHT	64u	/* fewer than the rings hold: neither can overflow */
#define T1_EVENT_ENTRIES	1024u
#define T1_ADMIN_TIMEOUT	(5 * HZ)
#define T1_RESET_TIMEOUT_MS	1000
#define T1_DRAIN_ROUNDS		16u	/* rings full of events handled in one go */

/* Commands that one caller waits for together. Protected by admin_lock. */
struct t1_batch {
	struct completion done;
	unsigned int pending;
	bool lost;
};

struct t1_slot_irq {
	struct t1 *t1;
	u32 slot;
	char name[40];
};

struct t1 {
	struct tessera_hw hw;
	void __iomem *regs;
	struct t1_slot_irq *slot_irqs;
	char irq_name[40];
	unsigned int slot_irqs_set;
	bool control_irq_set;

	/* protects the admin rings and everything down to cid_wait */
	spinlock_t admin_lock;
	struct t1_admin_cmd *asq;
	struct t1_admin_cpl *acq;
	dma_addr_t asq_dma, acq_dma;
	u32 asq_tail, acq_head;
	u16 acq_phase;
	bool alive;		/* commands are accepted */
	bool out_of_service;	/* not alive, quiet, and no reset is under way */
	bool dead_told;		/* client->dead() was called for this epoch */
	struct tessera_admin_req *inflight[T1_ADMIN_INFLIGHT];
	DECLARE_BITMAP(cid_used, T1_ADMIN_INFLIGHT);
	wait_queue_head_t cid_wait;	/* a cid was freed, or alive changed */
	wait_queue_head_t epoch_wait;	/* be.epoch changed */

	/* protects the event ring; held while an event is handed on */
	spinlock_t event_lock;
	struct t1_event *evq;
	dma_addr_t evq_dma;
	u32 evq_head;
	u16 evq_phase;
};

static struct t1 *to_t1(struct tessera_hw *hw)
{
	return container_of(hw, struct t1, hw);
}

static u32 t1_read(struct t1 *t1, u32 reg)
{
	return readl(t1->regs + reg);
}

static void t1_write(struct t1 *t1, u32 reg, u32 value)
{
	writel(value, t1->regs + reg);
}

/* The low word first: it latches the high one. */
static u64 t1_read64(struct t1 *t1, u32 reg)
{
	return lo_hi_readq(t1->regs + reg);
}

static void t1_write64(struct t1 *t1, u32 reg, u64 value)
{
	lo_hi_writeq(value, t1->regs + reg);
}

/* ------------------------------------------------------------- events -- */

/*
 * Hand on all events that are there. Moving HEAD may let the device write more that it
 * had kept back, so look again until the ring stays empty.
 */
static void t1_drain_events_locked(struct t1 *t1)
{
	struct tessera_hw_event ev;
	struct t1_event *raw;
	unsigned int round;
	bool moved = true;

	lockdep_assert_held(&t1->event_lock);
	/* After that many others have to run; for what comes later there is an interrupt. */
	for (round = 0; moved && round < T1_DRAIN_ROUNDS; round++) {
		moved = false;
		for (;;) {
			raw = &t1->evq[t1->evq_head];
			if (le16_to_cpu(READ_ONCE(raw->phase)) != t1->evq_phase)
				break;
			dma_rmb();	/* the entry is complete once its phase is */
			ev.type = le16_to_cpu(raw->type);
			ev.engine = le16_to_cpu(raw->engine);
			ev.ctx = le32_to_cpu(raw->ctx);
			ev.slot = le32_to_cpu(raw->slot);
			ev.fault = le32_to_cpu(raw->fault);
			ev.token = le32_to_cpu(raw->token);
			ev.time_ns = le64_to_cpu(raw->time_ns);
			ev.busy_ns = le64_to_cpu(raw->busy_ns);
			ev.switch_ns = le64_to_cpu(raw->switch_ns);
			ev.addr = le64_to_cpu(raw->addr);
			if (++t1->evq_head == T1_EVENT_ENTRIES) {
				t1->evq_head = 0;
				t1->evq_phase ^= 1;
			}
			moved = true;
			if (ev.engine < T1_NUM_ENGINES)
				t1->hw.client->event(&t1->hw, &ev);
		}
		if (moved)
			t1_write(t1, T1_REG_EVQ_HEAD, t1->evq_head);
	}
}

static void t1_drain_events(struct tessera_hw *hw)
{
	struct t1 *t1 = to_t1(hw);
	unsigned long flags;

	spin_lock_irqsave(&t1->event_lock, flags);
	t1_drain_events_locked(t1);
	spin_unlock_irqrestore(&t1->event_lock, flags);
}

/* -------------------------------------------------------- admin queue -- */

static bool t1_admin_next(struct t1 *t1, struct t1_admin_cpl *cpl)
{
	struct t1_admin_cpl *raw;
	bool found = false;
	unsigned long flags;

	spin_lock_irqsave(&t1->admin_lock, flags);
	raw = &t1->acq[t1->acq_head];
	if (le16_to_cpu(READ_ONCE(raw->phase)) == t1->acq_phase) {
		dma_rmb();	/* the entry is complete once its phase is */
		*cpl = *raw;
		if (++t1->acq_head == T1_ADMIN_ENTRIES) {
			t1->acq_head = 0;
			t1->acq_phase ^= 1;
		}
		t1_write(t1, T1_REG_ACQ_HEAD, t1->acq_head);
		found = true;
	}
	spin_unlock_irqrestore(&t1->admin_lock, flags);
	return found;
}

/* Give a command back to its caller. */
static void t1_admin_finish(struct t1 *t1, unsigned int cid, u16 status, u32 result)
{
	struct tessera_admin_req *req = t1->inflight[cid];
	struct t1_batch *batch = req->batch;

	lockdep_assert_held(&t1->admin_lock);
	req->status = status;
	req->result = result;
	t1->inflight[cid] = NULL;
	__clear_bit(cid, t1->cid_used);
	if (--batch->pending == 0)
		complete(&batch->done);
	wake_up(&t1->cid_wait);
}

/*
 * A completion is given back only after every event that the device reported before it:
 * when a context's destruction completes, no event of it is still to come.
 */
static void t1_admin_complete(struct t1 *t1)
{
	struct t1_admin_cpl cpl;
	unsigned long flags;
	unsigned int cid;

	while (t1_admin_next(t1, &cpl)) {
		t1_drain_events(&t1->hw);
		cid = le16_to_cpu(cpl.cid);
		spin_lock_irqsave(&t1->admin_lock, flags);
		if (cid < T1_ADMIN_INFLIGHT && t1->inflight[cid])
			t1_admin_finish(t1, cid, le16_to_cpu(cpl.status),
					le32_to_cpu(cpl.result));
		spin_unlock_irqrestore(&t1->admin_lock, flags);
	}
}

/* The device does not answer: fail what waits, and have the mediator reset it. */
static void t1_declare_dead(struct t1 *t1)
{
	unsigned long flags;
	unsigned int cid;
	bool tell;

	spin_lock_irqsave(&t1->admin_lock, flags);
	t1->alive = false;
	tell = !t1->dead_told;
	t1->dead_told = true;
	for (cid = 0; cid < T1_ADMIN_INFLIGHT; cid++) {
		struct t1_batch *batch;

		if (!t1->inflight[cid])
			continue;
		batch = t1->inflight[cid]->batch;
		batch->lost = true;
		t1_admin_finish(t1, cid, T1_ST_INTERNAL, 0);
	}
	wake_up(&t1->cid_wait);
	spin_unlock_irqrestore(&t1->admin_lock, flags);
	if (tell)
		t1->hw.client->dead(&t1->hw);
}

/* Queue as many commands as fit. Returns how many, or -EIO. */
static int t1_admin_queue(struct t1 *t1, u32 epoch, struct tessera_admin_req *reqs,
			  unsigned int n, struct t1_batch *batch)
{
	unsigned int queued = 0, cid;

	lockdep_assert_held(&t1->admin_lock);
	if (!t1->alive || t1->hw.epoch != epoch)
		return -EIO;
	while (queued < n) {
		cid = find_first_zero_bit(t1->cid_used, T1_ADMIN_INFLIGHT);
		if (cid >= T1_ADMIN_INFLIGHT)
			break;
		__set_bit(cid, t1->cid_used);
		reqs[queued].batch = batch;
		reqs[queued].cmd.cid = cpu_to_le16(cid);
		t1->inflight[cid] = &reqs[queued];
		t1->asq[t1->asq_tail] = reqs[queued].cmd;
		t1->asq_tail = (t1->asq_tail + 1) % T1_ADMIN_ENTRIES;
		batch->pending++;
		queued++;
	}
	if (queued) {
		reinit_completion(&batch->done);
		dma_wmb();	/* the entries before the tail */
		t1_write(t1, T1_REG_ASQ_TAIL, t1->asq_tail);
	}
	return queued;
}

/* Another attempt to queue is worth while. */
static bool t1_admin_room(struct t1 *t1)
{
	return !READ_ONCE(t1->alive) || !bitmap_full(t1->cid_used, T1_ADMIN_INFLIGHT);
}

static void t1_admin_wait(struct t1 *t1, struct t1_batch *batch)
{
	if (wait_for_completion_timeout(&batch->done, T1_ADMIN_TIMEOUT))
		return;
	t1_admin_complete(t1);	/* only an interrupt may have been lost */
	if (!try_wait_for_completion(&batch->done))
		t1_declare_dead(t1);
}

static int t1_admin(struct tessera_hw *hw, u32 epoch,
		    struct tessera_admin_req *reqs, unsigned int n)
{
	struct t1 *t1 = to_t1(hw);
	struct t1_batch batch = { .pending = 0 };
	unsigned int sent = 0;
	unsigned long flags;
	int ret = 0;

	might_sleep();
	init_completion(&batch.done);
	while (sent < n && ret >= 0) {
		spin_lock_irqsave(&t1->admin_lock, flags);
		ret = t1_admin_queue(t1, epoch, reqs + sent, n - sent, &batch);
		spin_unlock_irqrestore(&t1->admin_lock, flags);
		if (ret > 0) {
			sent += ret;
			t1_admin_wait(t1, &batch);
			if (batch.lost)
				ret = -EIO;
		} else if (!ret &&
			   !wait_event_timeout(t1->cid_wait, t1_admin_room(t1), T1_ADMIN_TIMEOUT)) {
			t1_declare_dead(t1);
		}
	}
	if (ret >= 0)
		return 0;

	/* Not before the reset is it certain that the device reaches nothing any more. */
	wait_event(t1->epoch_wait,
		   READ_ONCE(hw->epoch) != epoch || READ_ONCE(t1->out_of_service));
	return -EIO;
}

/* --------------------------------------------------------- interrupts -- */

static irqreturn_t t1_control_irq(int irq, void *data)
{
	struct t1 *t1 = data;

	t1_drain_events(&t1->hw);
	t1_admin_complete(t1);
	return IRQ_HANDLED;
}

static irqreturn_t t1_slot_irq(int irq, void *data)
{
	struct t1_slot_irq *s = data;

	s->t1->hw.client->slot_irq(&s->t1->hw, s->slot);
	return IRQ_HANDLED;
}

static void t1_free_irqs(struct t1 *t1)
{
	struct pci_dev *pdev = t1->hw.pdev;

	while (t1->slot_irqs_set) {
		t1->slot_irqs_set--;
		free_irq(pci_irq_vector(pdev, 1 + t1->slot_irqs_set),
			 &t1->slot_irqs[t1->slot_irqs_set]);
	}
	if (t1->control_irq_set)
		free_irq(pci_irq_vector(pdev, 0), t1);
	t1->control_irq_set = false;
	pci_free_irq_vectors(pdev);
}

static int t1_request_irqs(struct t1 *t1)
{
	struct pci_dev *pdev = t1->hw.pdev;
	unsigned int want = 1 + t1->hw.num_slots;
	u32 slot;
	int ret;

	ret = pci_alloc_irq_vectors(pdev, want, want, PCI_IRQ_MSIX);
	if (ret < 0) {
		pci_err(pdev, "needs %u MSI-X vectors, and they can't be had (%d)\n", want, ret);
		return ret;
	}
	snprintf(t1->irq_name, sizeof(t1->irq_name), "tessera-%s", pci_name(pdev));
	ret = request_irq(pci_irq_vector(pdev, 0), t1_control_irq, 0, t1->irq_name, t1);
	if (ret)
		goto err_free;
	t1->control_irq_set = true;
	for (slot = 0; slot < t1->hw.num_slots; slot++) {
		struct t1_slot_irq *s = &t1->slot_irqs[slot];

		s->t1 = t1;
		s->slot = slot;
		snprintf(s->name, sizeof(s->name), "tessera-%s-q%u", pci_name(pdev), slot);
		ret = request_irq(pci_irq_vector(pdev, 1 + slot), t1_slot_irq, 0, s->name, s);
		if (ret)
			goto err_free;
		t1->slot_irqs_set++;
	}
	return 0;

err_free:
	pci_err(pdev, "can't request an interrupt (%d)\n", ret);
	t1_free_irqs(t1);
	return ret;
}

/* --------------------------------------------------- reset and enable -- */

static int t1_wait_register_reset(struct t1 *t1)
{
	unsigned int waited_ms = 0;

	t1_write(t1, T1_REG_CTRL, T1_CTRL_RESET);
	while (t1_read(t1, T1_REG_CTRL)) {
		if (waited_ms++ >= T1_RESET_TIMEOUT_MS)
			return -ETIMEDOUT;
		usleep_range(1000, 1200);
	}
	return 0;
}

/* Function reset from the outside, for a device whose registers don't help any more. */
static int t1_flr(struct t1 *t1)
{
	struct pci_dev *pdev = t1->hw.pdev;
	int ret;

	ret = pcie_flr(pdev);
	if (ret)
		return ret;
	pci_restore_state(pdev);
	pci_save_state(pdev);
	if (t1_read(t1, T1_REG_MAGIC) != T1_MAGIC)
		return -EIO;
	return t1_wait_register_reset(t1);
}

/* The rings are empty and the device is in its power-on state. */
static int t1_enable(struct t1 *t1)
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

	t1_write64(t1, T1_REG_ASQ_BASE_LO, t1->asq_dma);
	t1_write(t1, T1_REG_ASQ_SIZE, T1_ADMIN_ENTRIES);
	t1_write64(t1, T1_REG_ACQ_BASE_LO, t1->acq_dma);
	t1_write(t1, T1_REG_ACQ_SIZE, T1_ADMIN_ENTRIES);
	t1_write64(t1, T1_REG_EVQ_BASE_LO, t1->evq_dma);
	t1_write(t1, T1_REG_EVQ_SIZE, T1_EVENT_ENTRIES);
	t1_write(t1, T1_REG_SCHED_CTRL, T1_SCHED_EXPLICIT);
	t1_write(t1, T1_REG_CTRL, T1_CTRL_ENABLE);
	status = t1_read(t1, T1_REG_STATUS);
	if (status != T1_STATUS_READY) {
		pci_err(t1->hw.pdev, "does not come up: status %#x\n", status);
		return -EIO;
	}
	return 0;
}

/* From now on nobody is served; the next epoch begins when the device is quiet. */
static void t1_stop(struct t1 *t1)
{
	unsigned long flags;

	spin_lock_irqsave(&t1->admin_lock, flags);
	t1->dead_told = true;	/* no call for what is being done already */
	WRITE_ONCE(t1->out_of_service, false);
	spin_unlock_irqrestore(&t1->admin_lock, flags);
	t1_declare_dead(t1);
}

static void t1_new_epoch(struct t1 *t1, bool alive)
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

static int t1_reset(struct tessera_hw *hw)
{
	struct t1 *t1 = to_t1(hw);
	int ret;

	t1_stop(t1);
	pci_set_master(hw->pdev);
	ret = t1_wait_register_reset(t1);
	if (ret) {
		pci_warn(hw->pdev, "register reset timed out, trying a function level reset\n");
		ret = t1_flr(t1);
	}
	if (!ret)
		ret = t1_enable(t1);
	if (ret) {
		pci_clear_master(hw->pdev);
		pci_err(hw->pdev, "can't be reset (%d): out of service\n", ret);
	}
	t1_new_epoch(t1, !ret);
	return ret;
}

static void t1_quiesce(struct tessera_hw *hw)
{
	struct t1 *t1 = to_t1(hw);

	t1_stop(t1);
	if (t1_wait_register_reset(t1))
		pci_warn(hw->pdev, "does not stop, cutting it off the bus\n");
	pci_clear_master(hw->pdev);
	t1_new_epoch(t1, false);
}

/* ------------------------------------------------------------ engines -- */

static void t1_runlist_submit(struct tessera_hw *hw, u32 engine, u64 contexts,
			      u32 token, u32 mode)
{
	struct t1 *t1 = to_t1(hw);
	u32 base = T1_ENGINE_BASE(engine);

	t1_write64(t1, base + T1_ENG_RUNLIST_LO, contexts);
	t1_write(t1, base + T1_ENG_RUNLIST_SUBMIT, (token & T1_RL_TOKEN_MASK) | mode);
}

static void t1_engine_reset(struct tessera_hw *hw, u32 engine)
{
	t1_write(to_t1(hw), T1_ENGINE_BASE(engine) + T1_ENG_RESET, 1);
}

static bool t1_engine_switching(struct tessera_hw *hw, u32 engine)
{
	return t1_read(to_t1(hw), T1_ENGINE_BASE(engine) + T1_ENG_STATUS) &
	       T1_ENG_STATUS_SWITCHING;
}

static void t1_engine_counters(struct tessera_hw *hw, u32 engine, bool all,
			       struct tessera_hw_counters *c)
{
	struct t1 *t1 = to_t1(hw);
	u32 base = T1_ENGINE_BASE(engine);

	c->busy_ns = t1_read64(t1, base + T1_ENG_BUSY_NS_LO);
	c->time_ns = t1_read64(t1, base + T1_ENG_TIME_LO);
	if (all) {
		c->switch_ns = t1_read64(t1, base + T1_ENG_SWITCH_NS_LO);
		c->switches = t1_read(t1, base + T1_ENG_SWITCHES);
	}
}

static u64 t1_time_ns(struct tessera_hw *hw)
{
	return t1_read64(to_t1(hw), T1_REG_TIME_LO);
}

static void t1_doorbell(struct tessera_hw *hw, u32 slot, u32 tail)
{
	t1_write(to_t1(hw), T1_DB_OFF(slot) + T1_DB_TAIL, tail);
}

/* -------------------------------------------------- create and destroy -- */

static int t1_check_version(struct t1 *t1)
{
	struct pci_dev *pdev = t1->hw.pdev;
	u32 magic = t1_read(t1, T1_REG_MAGIC);
	u32 version = t1_read(t1, T1_REG_VERSION);

	if (magic != T1_MAGIC) {
		pci_err(pdev, "is no T1: magic %#x\n", magic);
		return -ENODEV;
	}
	if (version >> 16 != T1_HW_VERSION_MAJOR) {
		pci_err(pdev, "has interface version %u.%u, this driver knows %u.x\n",
			version >> 16, version & 0xffff, T1_HW_VERSION_MAJOR);
		return -ENODEV;
	}
	return 0;
}

static int t1_read_sizes(struct t1 *t1)
{
	struct tessera_hw *hw = &t1->hw;
	struct pci_dev *pdev = hw->pdev;

	hw->caps = t1_read(t1, T1_REG_CAPS);
	hw->num_slots = t1_read(t1, T1_REG_NUM_SLOTS);
	hw->num_contexts = t1_read(t1, T1_REG_NUM_CONTEXTS);
	hw->vram_bytes = t1_read64(t1, T1_REG_VRAM_SIZE_LO);
	if (!(hw->caps & T1_CAP_SCHED)) {
		pci_err(pdev, "has no scheduling registers (itself a vGPU?)\n");
		return -ENODEV;
	}
	if (!hw->num_slots || hw->num_slots > T1_MAX_SLOTS ||
	    !hw->num_contexts || hw->num_contexts > T1_MAX_CONTEXTS ||
	    !hw->vram_bytes || hw->vram_bytes > pci_resource_len(pdev, T1_BAR_VRAM) ||
	    t1_read(t1, T1_REG_NUM_VECTORS) < 1 + hw->num_slots ||
	    pci_resource_len(pdev, T1_BAR_REGS) < T1_DB_OFF(hw->num_slots)) {
		pci_err(pdev, "has sizes that don't fit: %u slots, %u contexts, %llu bytes VRAM\n",
			hw->num_slots, hw->num_contexts, hw->vram_bytes);
		return -ENODEV;
	}
	return 0;
}

static int t1_identify(struct t1 *t1)
{
	struct device *dev = &t1->hw.pdev->dev;
	struct tessera_admin_req req = { .cmd.opcode = T1_ADMIN_IDENTIFY };
	dma_addr_t dma;
	int ret;

	dma = dma_map_single(dev, t1->hw.identify, sizeof(*t1->hw.identify), DMA_FROM_DEVICE);
	if (dma_mapping_error(dev, dma))
		return -ENOMEM;
	req.cmd.addr = cpu_to_le64(dma);
	ret = t1_admin(&t1->hw, t1->hw.epoch, &req, 1);
	dma_unmap_single(dev, dma, sizeof(*t1->hw.identify), DMA_FROM_DEVICE);
	if (!ret && req.status)
		ret = -EIO;
	if (ret)
		dev_err(dev, "does not identify itself (%d)\n", ret);
	return ret;
}

static void t1_free_rings(struct t1 *t1)
{
	struct device *dev = &t1->hw.pdev->dev;

	if (t1->asq)
		dma_free_coherent(dev, T1_ADMIN_ENTRIES * sizeof(*t1->asq), t1->asq, t1->asq_dma);
	if (t1->acq)
		dma_free_coherent(dev, T1_ADMIN_ENTRIES * sizeof(*t1->acq), t1->acq, t1->acq_dma);
	if (t1->evq)
		dma_free_coherent(dev, T1_EVENT_ENTRIES * sizeof(*t1->evq), t1->evq, t1->evq_dma);
}

static int t1_alloc_rings(struct t1 *t1)
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
	t1_free_rings(t1);
	return -ENOMEM;
}

static void t1_unmap(struct t1 *t1)
{
	if (t1->hw.vram)
		iounmap(t1->hw.vram);
	if (t1->regs)
		iounmap(t1->regs);
}

static int t1_map(struct t1 *t1)
{
	struct pci_dev *pdev = t1->hw.pdev;

	t1->hw.regs_phys = pci_resource_start(pdev, T1_BAR_REGS);
	t1->hw.vram_phys = pci_resource_start(pdev, T1_BAR_VRAM);
	t1->regs = ioremap(t1->hw.regs_phys, pci_resource_len(pdev, T1_BAR_REGS));
	t1->hw.vram = ioremap_wc(t1->hw.vram_phys, pci_resource_len(pdev, T1_BAR_VRAM));
	if (t1->regs && t1->hw.vram)
		return 0;
	t1_unmap(t1);
	return -ENOMEM;
}

static struct tessera_hw *t1_create(struct pci_dev *pdev,
				    const struct tessera_hw_client *client)
{
	struct t1 *t1;
	int ret;

	if (pci_resource_len(pdev, T1_BAR_REGS) < T1_BAR_REGS_SIZE ||
	    !pci_resource_len(pdev, T1_BAR_VRAM)) {
		pci_err(pdev, "lacks a BAR that a T1 has\n");
		return ERR_PTR(-ENODEV);
	}
	t1 = kzalloc(sizeof(*t1), GFP_KERNEL);
	if (!t1)
		return ERR_PTR(-ENOMEM);
	t1->hw.ops = &t1_hw_ops;
	t1->hw.client = client;
	t1->hw.pdev = pdev;
	t1->hw.epoch = 1;
	spin_lock_init(&t1->admin_lock);
	spin_lock_init(&t1->event_lock);
	init_waitqueue_head(&t1->cid_wait);
	init_waitqueue_head(&t1->epoch_wait);

	ret = -ENOMEM;
	t1->hw.identify = kzalloc(sizeof(*t1->hw.identify), GFP_KERNEL);
	t1->slot_irqs = kcalloc(T1_MAX_SLOTS, sizeof(*t1->slot_irqs), GFP_KERNEL);
	if (!t1->hw.identify || !t1->slot_irqs)
		goto err_free;
	ret = t1_map(t1);
	if (ret)
		goto err_free;
	ret = t1_check_version(t1);
	if (ret)
		goto err_unmap;
	ret = t1_read_sizes(t1);
	if (ret)
		goto err_unmap;
	ret = t1_alloc_rings(t1);
	if (ret)
		goto err_unmap;
	pci_save_state(pdev);
	ret = t1_wait_register_reset(t1);
	if (ret) {
		pci_err(pdev, "does not come out of reset\n");
		goto err_rings;
	}
	pci_set_master(pdev);
	ret = t1_request_irqs(t1);
	if (ret)
		goto err_master;
	pci_save_state(pdev);
	ret = t1_enable(t1);
	if (ret)
		goto err_irqs;
	t1->alive = true;
	ret = t1_identify(t1);
	if (ret)
		goto err_irqs;
	return &t1->hw;

err_irqs:
	t1_wait_register_reset(t1);
	t1_free_irqs(t1);
err_master:
	pci_clear_master(pdev);
err_rings:
	t1_free_rings(t1);
err_unmap:
	t1_unmap(t1);
err_free:
	kfree(t1->slot_irqs);
	kfree(t1->hw.identify);
	kfree(t1);
	return ERR_PTR(ret);
}

static void t1_destroy(struct tessera_hw *hw)
{
	struct t1 *t1 = to_t1(hw);

	t1_quiesce(hw);
	t1_free_irqs(t1);
	t1_free_rings(t1);
	t1_unmap(t1);
	kfree(t1->slot_irqs);
	kfree(t1->hw.identify);
	kfree(t1);
}

const struct tessera_hw_ops t1_hw_ops = {
	.name = "T1",
	.create = t1_create,
	.destroy = t1_destroy,
	.admin = t1_admin,
	.reset = t1_reset,
	.quiesce = t1_quiesce,
	.runlist_submit = t1_runlist_submit,
	.engine_reset = t1_engine_reset,
	.engine_switching = t1_engine_switching,
	.engine_counters = t1_engine_counters,
	.time_ns = t1_time_ns,
	.drain_events = t1_drain_events,
	.doorbell = t1_doorbell,
};
