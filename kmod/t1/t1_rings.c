// SPDX-License-Identifier: GPL-2.0-only
/*
 * t1_rings.c - the physical T1's admin queue and event ring
 */
#include <linux/bitmap.h>
#include <linux/dma-mapping.h>
#include "t1/t1_device.h"

#define T1_ADMIN_TIMEOUT	(5 * HZ)
#define T1_DRAIN_ROUNDS		16u	/* rings full of events handled in one go */

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

/**
 * t1_hw_drain_events() - hand on all events that are there
 * @hw: the accelerator, a T1
 *
 * Context: any, but not from within an event.
 */
void t1_hw_drain_events(struct tessera_hw *hw)
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

/**
 * t1_hw_admin_complete() - give the commands that are done back to their callers
 * @t1: the device
 *
 * A completion is given back only after every event that the device reported before it:
 * when a context's destruction completes, no event of it is still to come.
 *
 * Context: any, but not from within an event.
 */
void t1_hw_admin_complete(struct t1 *t1)
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

/**
 * t1_hw_declare_dead() - fail all that waits for a device that does not answer, and have it reset
 * @t1: the device
 *
 * Context: any.
 */
void t1_hw_declare_dead(struct t1 *t1)
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

/**
 * t1_hw_admin() - run commands in order and wait for all
 * @t1: the device
 * @epoch: in which they are meant
 * @reqs: the commands
 * @n: how many
 *
 * Context: may sleep; may wait for a reset.
 * Return: 0: each has its status. -EIO: the device was lost, or the epoch is past; it reaches
 * nothing of that epoch any more.
 */
int t1_hw_admin(struct t1 *t1, u32 epoch, struct t1_req *reqs, unsigned int n)
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
		} else if (!ret && !wait_event_timeout(t1->cid_wait, t1_hw_admin_room(t1),
						       T1_ADMIN_TIMEOUT)) {
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
