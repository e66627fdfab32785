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
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/lockdep.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include "t1/t1.h"

#define T1_ADMIN_ENTRIES	128u
#define T1_ADMIN_INFLIGHT	64u	/* fewer than the rings hold: neither can overflow */
#define T1_EVENT_ENTRIES	1024u
#define T1_ADMIN_TIMEOUT	(5 * HZ)
#define T1_RESET_TIMEOUT_MS	1000
#define T1_BATCH		8u	/* commands that go at once */
#define T1_PREEMPT_TIMEOUT_US	10000u
#define T1_DRAIN_ROUNDS		16u	/* rings full of events handled in one go */

/* An admin command on its way: @cmd in, @status out. */
struct t1_req {
	struct t1_admin_cmd cmd;
	u16 status;
	struct t1_batch *batch;
};

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

/* A page for the hardware to read a list of a context's from, or to write a fault of it to. */
struct t1_ctx {
	void *page;
	dma_addr_t dma;
};

struct t1 {
	struct tessera_hw hw;
	struct t1_identify *identify;
	struct t1_ctx ctx[T1_MAX_CONTEXTS];
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
	struct t1_req *inflight[T1_ADMIN_INFLIGHT];
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

static u32 t1_hw_read(struct t1 *t1, u32 reg)
{
	return readl(t1->regs + reg);
}

static void t1_hw_write(struct t1 *t1, u32 reg, u32 value)
{
	writel(value, t1->regs + reg);
}

/* The low word first: it latches the high one. */
static u64 t1_hw_read64(struct t1 *t1, u32 reg)
{
	return lo_hi_readq(t1->regs + reg);
}

static void t1_hw_write64(struct t1 *t1, u32 reg, u64 value)
{
	lo_hi_writeq(value, t1->regs + reg);
}

/* ------------------------------------------------------------- events -- */

/* Put an event into the mediator's words. False: it is one that this driver does not know. */
static bool t1_hw_event(const struct t1_event *raw, struct tessera_hw_event *ev)
{
	*ev = (struct tessera_hw_event){
		.engine = le16_to_cpu(raw->engine),
		.ctx = le32_to_cpu(raw->ctx),
		.slot = le32_to_cpu(raw->slot),
		.fault = le32_to_cpu(raw->fault),
		.token = le32_to_cpu(raw->token),
		.time_ns = le64_to_cpu(raw->time_ns),
		.busy_ns = le64_to_cpu(raw->busy_ns),
		.switch_ns = le64_to_cpu(raw->switch_ns),
		.addr = le64_to_cpu(raw->addr),
	};
	switch (le16_to_cpu(raw->type)) {
	case T1_EV_FAULT:
		ev->type = TESSERA_HW_FAULT;
		break;
	case T1_EV_RUNLIST_SWITCHED:
		ev->type = TESSERA_HW_SWITCHED;
		break;
	case T1_EV_RUNLIST_IDLE:
		ev->type = TESSERA_HW_IDLE;
		break;
	case T1_EV_CTX_PENDING:
		ev->type = TESSERA_HW_PENDING;
		break;
	case T1_EV_ENGINE_RESET:
		ev->type = TESSERA_HW_RESET_DONE;
		break;
	default:
		return false;
	}
	return ev->engine < T1_NUM_ENGINES;
}

/*
 * Hand on all events that are there. Moving HEAD may let the device write more that it
 * had kept back, so look again until the ring stays empty.
 */
static void t1_hw_drain_events_locked(struct t1 *t1)
{
	struct tessera_hw_event ev;
	struct t1_event *raw;
	unsigned int round;
	bool moved = true;
	bool known;

	lockdep_assert_held(&t1->event_lock);
	/* After that many others have to run; for what comes later there is an interrupt. */
	for (round = 0; moved && round < T1_DRAIN_ROUNDS; round++) {
		moved = false;
		for (;;) {
			raw = &t1->evq[t1->evq_head];
			if (le16_to_cpu(READ_ONCE(raw->phase)) != t1->evq_phase)
				break;
			dma_rmb();	/* the entry is complete once its phase is */
			known = t1_hw_event(raw, &ev);
			if (++t1->evq_head == T1_EVENT_ENTRIES) {
				t1->evq_head = 0;
				t1->evq_phase ^= 1;
			}
			moved = true;
			if (known)
				t1->hw.client->event(t1->hw.accel, &ev);
		}
		if (moved)
			t1_hw_write(t1, T1_REG_EVQ_HEAD, t1->evq_head);
	}
}

static void t1_hw_drain_events(struct tessera_hw *hw)
{
	struct t1 *t1 = to_t1(hw);
	unsigned long flags;

	spin_lock_irqsave(&t1->event_lock, flags);
	t1_hw_drain_events_locked(t1);
	spin_unlock_irqrestore(&t1->event_lock, flags);
}

/* -------------------------------------------------------- admin queue -- */

static bool t1_hw_admin_next(struct t1 *t1, struct t1_admin_cpl *cpl)
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
		t1_hw_write(t1, T1_REG_ACQ_HEAD, t1->acq_head);
		found = true;
	}
	spin_unlock_irqrestore(&t1->admin_lock, flags);
	return found;
}

/* Give a command back to its caller. */
static void t1_hw_admin_finish(struct t1 *t1, unsigned int cid, u16 status)
{
	struct t1_req *req = t1->inflight[cid];
	struct t1_batch *batch = req->batch;

	lockdep_assert_held(&t1->admin_lock);
	req->status = status;
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
static void t1_hw_admin_complete(struct t1 *t1)
{
	struct t1_admin_cpl cpl;
	unsigned long flags;
	unsigned int cid;

	while (t1_hw_admin_next(t1, &cpl)) {
		t1_hw_drain_events(&t1->hw);
		cid = le16_to_cpu(cpl.cid);
		spin_lock_irqsave(&t1->admin_lock, flags);
		if (cid < T1_ADMIN_INFLIGHT && t1->inflight[cid])
			t1_hw_admin_finish(t1, cid, le16_to_cpu(cpl.status));
		spin_unlock_irqrestore(&t1->admin_lock, flags);
	}
}

/* The device does not answer: fail what waits, and have the mediator reset it. */
static void t1_hw_declare_dead(struct t1 *t1)
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
		t1_hw_admin_finish(t1, cid, T1_ST_INTERNAL);
	}
	wake_up(&t1->cid_wait);
	spin_unlock_irqrestore(&t1->admin_lock, flags);
	if (tell)
		t1->hw.client->dead(t1->hw.accel);
}

/* Queue as many commands as fit. Returns how many, or -EIO. */
static int t1_hw_admin_queue(struct t1 *t1, u32 epoch, struct t1_req *reqs,
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
		t1_hw_write(t1, T1_REG_ASQ_TAIL, t1->asq_tail);
	}
	return queued;
}

/* Another attempt to queue is worth while. */
static bool t1_hw_admin_room(struct t1 *t1)
{
	return !READ_ONCE(t1->alive) || !bitmap_full(t1->cid_used, T1_ADMIN_INFLIGHT);
}

static void t1_hw_admin_wait(struct t1 *t1, struct t1_batch *batch)
{
	if (wait_for_completion_timeout(&batch->done, T1_ADMIN_TIMEOUT))
		return;
	t1_hw_admin_complete(t1);	/* only an interrupt may have been lost */
	if (!try_wait_for_completion(&batch->done))
		t1_hw_declare_dead(t1);
}

/*
 * Run commands in order and wait for all. 0: each has its status. -EIO: the device was lost, or
 * the epoch is past; it reaches nothing of that epoch any more.
 */
static int t1_hw_admin(struct t1 *t1, u32 epoch, struct t1_req *reqs, unsigned int n)
{
	struct t1_batch batch = { .pending = 0 };
	struct tessera_hw *hw = &t1->hw;
	unsigned int sent = 0;
	unsigned long flags;
	int ret = 0;

	might_sleep();
	tessera_reset_might_wait();
	init_completion(&batch.done);
	while (sent < n && ret >= 0) {
		spin_lock_irqsave(&t1->admin_lock, flags);
		ret = t1_hw_admin_queue(t1, epoch, reqs + sent, n - sent, &batch);
		spin_unlock_irqrestore(&t1->admin_lock, flags);
		if (ret > 0) {
			sent += ret;
			t1_hw_admin_wait(t1, &batch);
			if (batch.lost)
				ret = -EIO;
		} else if (!ret &&
			   !wait_event_timeout(t1->cid_wait, t1_hw_admin_room(t1), T1_ADMIN_TIMEOUT)) {
			t1_hw_declare_dead(t1);
		}
	}
	if (ret >= 0)
		return 0;

	/* Not before the reset is it certain that the device reaches nothing any more. */
	wait_event(t1->epoch_wait,
		   READ_ONCE(hw->epoch) != epoch || READ_ONCE(t1->out_of_service));
	return -EIO;
}

/* -------------------------------------------- contexts, memory, queues -- */

static const struct {
	u16 status;
	int err;
} t1_statuses[] = {
	{ T1_ST_OK, 0 },
	{ T1_ST_INVALID_OPCODE, -EOPNOTSUPP },
	{ T1_ST_INVALID_FIELD, -EINVAL },
	{ T1_ST_NOT_FOUND, -ENOENT },
	{ T1_ST_EXISTS, -EEXIST },
	{ T1_ST_NO_RESOURCE, -ENOSPC },
	{ T1_ST_BAD_ADDRESS, -EFAULT },
};

static int t1_hw_errno(u16 status)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(t1_statuses); i++) {
		if (t1_statuses[i].status == status)
			return t1_statuses[i].err;
	}
	return -EREMOTEIO;
}

/**
 * t1_status() - translate an errno of the mediator's into a status that the T1 would give
 * @err: 0 or an errno
 *
 * Return: T1_ST_*
 */
u32 t1_status(int err)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(t1_statuses); i++) {
		if (t1_statuses[i].err == err)
			return t1_statuses[i].status;
	}
	return T1_ST_INTERNAL;
}

static int t1_hw_admin_one(struct t1 *t1, u32 epoch, struct t1_req *req)
{
	int ret = t1_hw_admin(t1, epoch, req, 1);

	return ret ?: t1_hw_errno(req->status);
}

static void t1_hw_ctx_free(struct t1 *t1, u32 ctx)
{
	struct t1_ctx *c = &t1->ctx[ctx];

	if (c->page)
		dma_free_coherent(&t1->hw.pdev->dev, PAGE_SIZE, c->page, c->dma);
	c->page = NULL;
}

static int t1_hw_ctx_create(struct tessera_hw *hw, u32 epoch, u32 ctx)
{
	struct t1 *t1 = to_t1(hw);
	struct t1_req req = {
		.cmd.opcode = T1_ADMIN_CTX_CREATE,
		.cmd.ctx = cpu_to_le32(ctx),
	};
	bool had_page = t1->ctx[ctx].page;
	int ret;

	if (!had_page)
		t1->ctx[ctx].page = dma_alloc_coherent(&hw->pdev->dev, PAGE_SIZE,
						       &t1->ctx[ctx].dma, GFP_KERNEL);
	if (!t1->ctx[ctx].page)
		return -ENOSPC;
	ret = t1_hw_admin_one(t1, epoch, &req);
	if (ret && !had_page)
		t1_hw_ctx_free(t1, ctx);
	return ret;
}

static int t1_hw_ctx_destroy(struct tessera_hw *hw, u32 epoch, u64 contexts)
{
	struct t1 *t1 = to_t1(hw);
	struct t1_req reqs[T1_BATCH];
	u64 left = contexts;
	unsigned int n, i;
	int ret = 0, err;
	u32 ctx;

	while (left) {
		for (n = 0; left && n < T1_BATCH; n++) {
			ctx = __ffs64(left);
			left &= left - 1;
			reqs[n] = (struct t1_req){
				.cmd.opcode = T1_ADMIN_CTX_DESTROY,
				.cmd.ctx = cpu_to_le32(ctx),
			};
		}
		err = t1_hw_admin(t1, epoch, reqs, n);
		for (i = 0; i < n; i++) {
			ret = ret ?: err ?: t1_hw_errno(reqs[i].status);
			/* Refused or lost: either way it is not there any more. */
			t1_hw_ctx_free(t1, le32_to_cpu(reqs[i].cmd.ctx));
		}
	}
	return ret;
}

/* One extent is told by its address, several by a list of pages. */
static int t1_hw_map(struct tessera_hw *hw, u32 epoch, u32 ctx, u64 va,
		  const struct tessera_extent *x, u32 n, u32 prot)
{
	struct t1 *t1 = to_t1(hw);
	struct t1_req req = {
		.cmd.opcode = T1_ADMIN_MAP,
		.cmd.ctx = cpu_to_le32(ctx),
		.cmd.map.va = cpu_to_le64(va),
	};
	u64 align = va, size = T1_PAGE_SIZE, at;
	__le64 *list = t1->ctx[ctx].page;
	u32 flags = 0, pages = 0, i;

	if (!list)
		return -ENOENT;
	for (i = 0; i < n; i++)
		align |= x[i].addr | x[i].bytes;
	if (prot & TESSERA_HW_WHOLE && IS_ALIGNED(align, T1_HUGE_PAGE_SIZE)) {
		flags |= T1_MAP_HUGE;
		size = T1_HUGE_PAGE_SIZE;
	}
	if (prot & TESSERA_HW_READ)
		flags |= T1_MAP_READ;
	if (prot & TESSERA_HW_WRITE)
		flags |= T1_MAP_WRITE;
	if (prot & TESSERA_HW_VRAM)
		flags |= T1_MAP_VRAM;

	if (n == 1) {
		flags |= T1_MAP_CONTIG;
		pages = x->bytes / size;
		req.cmd.map.list = cpu_to_le64(x->addr);
	} else {
		for (i = 0; i < n; i++) {
			for (at = 0; at < x[i].bytes && pages < T1_MAP_MAX_PAGES; at += size)
				list[pages++] = cpu_to_le64(x[i].addr + at);
		}
		req.cmd.map.list = cpu_to_le64(t1->ctx[ctx].dma);
	}
	req.cmd.flags = cpu_to_le32(flags);
	req.cmd.map.npages = cpu_to_le32(pages);
	return t1_hw_admin_one(t1, epoch, &req);
}

/* In pages of 2 MiB where that is the same: only so can a large range be told. */
static void t1_hw_unmap_req(struct t1_req *req, const struct tessera_hw_range *r)
{
	bool huge = IS_ALIGNED(r->va | r->bytes, T1_HUGE_PAGE_SIZE);

	*req = (struct t1_req){
		.cmd.opcode = T1_ADMIN_UNMAP,
		.cmd.ctx = cpu_to_le32(r->ctx),
		.cmd.flags = cpu_to_le32(huge ? T1_MAP_HUGE : 0),
		.cmd.map.va = cpu_to_le64(r->va),
		.cmd.map.npages = cpu_to_le32(r->bytes >> (huge ? T1_HUGE_PAGE_SHIFT :
								  T1_PAGE_SHIFT)),
	};
}

static int t1_hw_unmap(struct tessera_hw *hw, u32 epoch, const struct tessera_hw_range *r, u32 n)
{
	struct t1 *t1 = to_t1(hw);
	struct t1_req reqs[T1_BATCH];
	unsigned int i, k, num;
	int ret = 0, err;

	for (i = 0; i < n; i += num) {
		num = min(n - i, T1_BATCH);
		for (k = 0; k < num; k++)
			t1_hw_unmap_req(&reqs[k], &r[i + k]);
		err = t1_hw_admin(t1, epoch, reqs, num);
		if (err)
			return err;
		for (k = 0; k < num; k++)
			ret = ret ?: t1_hw_errno(reqs[k].status);
	}
	return ret;
}

static int t1_hw_queue_create(struct tessera_hw *hw, u32 epoch, u32 slot,
			   const struct tessera_hw_queue *q)
{
	struct t1_req req = {
		.cmd.opcode = T1_ADMIN_QUEUE_CREATE,
		.cmd.ctx = cpu_to_le32(q->ctx),
		.cmd.queue.slot = cpu_to_le32(slot),
		.cmd.queue.engine = cpu_to_le32(q->engine),
		.cmd.queue.ring_va = cpu_to_le64(q->ring_va),
		.cmd.queue.cb_va = cpu_to_le64(q->state_va),
		.cmd.queue.ring_log2 = cpu_to_le32(q->ring_log2),
		/* Each slot has a vector of its own, after the control vector. */
		.cmd.queue.vector = cpu_to_le32(1 + slot),
	};

	return t1_hw_admin_one(to_t1(hw), epoch, &req);
}

static int t1_hw_queue_destroy(struct tessera_hw *hw, u32 epoch, u32 slot)
{
	struct t1_req req = {
		.cmd.opcode = T1_ADMIN_QUEUE_DESTROY,
		.cmd.queue.slot = cpu_to_le32(slot),
	};

	return t1_hw_admin_one(to_t1(hw), epoch, &req);
}

static int t1_hw_queue_reset(struct tessera_hw *hw, u32 epoch, u32 slot)
{
	struct t1_req req = {
		.cmd.opcode = T1_ADMIN_QUEUE_RESET,
		.cmd.queue.slot = cpu_to_le32(slot),
	};

	return t1_hw_admin_one(to_t1(hw), epoch, &req);
}

/**
 * t1_hw_fault_query() - ask a T1 why a context has stopped
 * @hw: the accelerator, a T1
 * @epoch: as for struct tessera_hw_ops
 * @ctx: the context; one operation of it at a time
 * @flags: T1_FAULT_QUERY_*
 * @fault: the answer
 *
 * Context: may sleep.
 * Return: 0 or an errno, as for struct tessera_hw_ops.
 */
int t1_hw_fault_query(struct tessera_hw *hw, u32 epoch, u32 ctx, u32 flags,
		      struct t1_fault *fault)
{
	struct t1 *t1 = to_t1(hw);
	struct t1_req req = {
		.cmd.opcode = T1_ADMIN_FAULT_QUERY,
		.cmd.ctx = cpu_to_le32(ctx),
		.cmd.flags = cpu_to_le32(flags),
		.cmd.addr = cpu_to_le64(t1->ctx[ctx].dma),
	};
	int ret;

	if (!t1->ctx[ctx].page)
		return -ENOENT;
	ret = t1_hw_admin_one(t1, epoch, &req);
	if (!ret)
		memcpy(fault, t1->ctx[ctx].page, sizeof(*fault));
	return ret;
}

/**
 * t1_hw_identify() - return what a T1 says about itself
 * @hw: the accelerator, a T1
 */
const struct t1_identify *t1_hw_identify(const struct tessera_hw *hw)
{
	return container_of(hw, struct t1, hw)->identify;
}

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
		free_irq(pci_irq_vector(pdev, 1 + t1->slot_irqs_set),
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
		ret = request_irq(pci_irq_vector(pdev, 1 + slot), t1_hw_slot_irq, 0, s->name, s);
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

static int t1_hw_reset(struct tessera_hw *hw)
{
	struct t1 *t1 = to_t1(hw);
	int ret;

	t1_hw_halt(t1);
	pci_set_master(hw->pdev);
	ret = t1_hw_wait_register_reset(t1);
	if (ret) {
		pci_warn(hw->pdev, "The register reset timed out: trying a function level reset.\n");
		ret = t1_hw_flr(t1);
	}
	if (!ret)
		ret = t1_hw_enable(t1);
	if (ret) {
		pci_clear_master(hw->pdev);
		pci_err(hw->pdev, "The accelerator cannot be reset (%d) and is out of service.\n", ret);
	}
	t1_hw_new_epoch(t1, !ret);
	return ret;
}

static void t1_hw_quiesce(struct tessera_hw *hw)
{
	struct t1 *t1 = to_t1(hw);

	t1_hw_halt(t1);
	if (t1_hw_wait_register_reset(t1))
		pci_warn(hw->pdev, "The accelerator does not stop and is cut off from the bus.\n");
	pci_clear_master(hw->pdev);
	t1_hw_new_epoch(t1, false);
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

static void t1_hw_doorbell(struct tessera_hw *hw, u32 slot, u32 tail)
{
	t1_hw_write(to_t1(hw), T1_DB_OFF(slot) + T1_DB_TAIL, tail);
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

	dma = dma_map_single(dev, t1->identify, sizeof(*t1->identify), DMA_FROM_DEVICE);
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
	.runlist_submit = t1_hw_runlist_submit,
	.engine_reset = t1_hw_engine_reset,
	.engine_switching = t1_hw_engine_switching,
	.engine_counters = t1_hw_engine_counters,
	.time_ns = t1_hw_time_ns,
	.drain_events = t1_hw_drain_events,
};
