// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_drm_irq.c - interrupts: admin completions, fault events, fences
 *
 * Vector 0 is the control vector, and the queue in slot s has vector 1 + s. None is shared: an
 * interrupt tells the watchdog which engine has moved. Without a vector a slot is not used.
 */
#include <linux/interrupt.h>

#include <drm/drm_print.h>

#include "tessera_drm_drv.h"

static void tdrm_event_fault(struct tdrm_device *tdev, const struct t1_event *ev)
{
	u32 id = le32_to_cpu(ev->ctx);
	struct tdrm_ctx *ctx;

	if (id >= tdev->num_contexts)
		return;
	rcu_read_lock();
	ctx = rcu_dereference(tdev->ctxs[id]);
	if (ctx && kref_get_unless_zero(&ctx->ref)) {
		spin_lock(&ctx->ban_lock);
		ctx->fault_event = *ev;
		spin_unlock(&ctx->ban_lock);
		if (!queue_work(tdev->wq, &ctx->fault_work))
			tdrm_ctx_put(ctx);
	}
	rcu_read_unlock();
}

/* Take the events that are there; true: work was lost to a reset, be it of more than an engine */
static bool tdrm_events(struct tdrm_device *tdev)
{
	struct tdrm_admin *admin = &tdev->admin;
	unsigned long flags;
	bool reset = false;
	u32 taken = 0;

	spin_lock_irqsave(&admin->lock, flags);
	while (!admin->dead && taken < TDRM_EVQ_ENTRIES) {
		struct t1_event *ev = &admin->evq[admin->evq_head];

		if (le16_to_cpu(READ_ONCE(ev->phase)) != admin->evq_phase)
			break;
		/* The rest of an event is written before its phase */
		dma_rmb();
		/* The other types are for the owner of the privileged registers */
		if (le16_to_cpu(ev->type) == T1_EV_FAULT)
			tdrm_event_fault(tdev, ev);
		reset |= le32_to_cpu(ev->fault) == T1_FAULT_ENGINE_RESET;
		if (++admin->evq_head == TDRM_EVQ_ENTRIES) {
			admin->evq_head = 0;
			admin->evq_phase ^= 1;
		}
		taken++;
	}
	if (taken)
		tdrm_write(tdev, T1_REG_EVQ_HEAD, admin->evq_head);
	spin_unlock_irqrestore(&admin->lock, flags);
	return reset;
}

/*
 * The host can take all away, as where it has to reset the accelerator. Each context gets a fault
 * event, the status becomes FATAL, and an interrupt follows, which may find nothing new any more.
 */
static void tdrm_check_lost(struct tdrm_device *tdev)
{
	if (READ_ONCE(tdev->admin.dead) ||
	    !(tdrm_read(tdev, T1_REG_STATUS) & T1_STATUS_FATAL))
		return;
	tdrm_admin_fail(tdev);
	tdrm_reset_request(tdev);
}

static irqreturn_t tdrm_control_irq(int irq, void *data)
{
	struct tdrm_device *tdev = ((struct tdrm_vector *)data)->tdev;
	struct tdrm_admin *admin = &tdev->admin;
	u32 acq_head = READ_ONCE(admin->acq_head), evq_head = READ_ONCE(admin->evq_head);
	bool reset;

	tdrm_admin_completions(tdev);
	reset = tdrm_events(tdev);
	if (reset || (acq_head == READ_ONCE(admin->acq_head) &&
		      evq_head == READ_ONCE(admin->evq_head)))
		tdrm_check_lost(tdev);
	return IRQ_HANDLED;
}

static irqreturn_t tdrm_queue_irq(int irq, void *data)
{
	struct tdrm_vector *vec = data;
	struct tdrm_queue *q;

	/* A queue is freed a grace period after it has left the table */
	rcu_read_lock();
	q = rcu_dereference(vec->tdev->queues[vec->index - 1]);
	if (q)
		tdrm_queue_interrupt(q);
	rcu_read_unlock();
	return IRQ_HANDLED;
}

/**
 * tdrm_irq_init() - allocate the vectors and request them
 * @tdev: device, disabled
 *
 * Context: may sleep.
 * Return: 0, or an errno with nothing left allocated; -ENOSPC if there are not two vectors.
 */
int tdrm_irq_init(struct tdrm_device *tdev)
{
	unsigned int i;
	int ret;

	ret = pci_alloc_irq_vectors(tdev->pdev, 2, tdev->num_vectors, PCI_IRQ_MSIX);
	if (ret < 0) {
		drm_err(&tdev->drm, "cannot allocate two MSI-X vectors: %d\n", ret);
		return ret;
	}
	tdev->nvec = ret;

	for (i = 0; i < tdev->nvec; i++) {
		struct tdrm_vector *vec = &tdev->vectors[i];

		vec->tdev = tdev;
		vec->index = i;
		if (i == T1_VECTOR_CONTROL)
			snprintf(vec->name, sizeof(vec->name), "tessera-control");
		else
			snprintf(vec->name, sizeof(vec->name), "tessera-queue%u", i - 1);
		ret = request_irq(pci_irq_vector(tdev->pdev, i),
				  i == T1_VECTOR_CONTROL ? tdrm_control_irq :
				  tdrm_queue_irq, 0, vec->name, vec);
		if (ret) {
			drm_err(&tdev->drm, "cannot request vector %u: %d\n", i, ret);
			tdrm_irq_fini(tdev);
			return ret;
		}
		vec->requested = true;
	}
	return 0;
}

/**
 * tdrm_irq_fini() - free the vectors
 * @tdev: device
 *
 * No handler is running when this returns.
 *
 * Context: may sleep.
 */
void tdrm_irq_fini(struct tdrm_device *tdev)
{
	unsigned int i;

	for (i = 0; i < tdev->nvec; i++) {
		if (tdev->vectors[i].requested)
			free_irq(pci_irq_vector(tdev->pdev, i), &tdev->vectors[i]);
		tdev->vectors[i].requested = false;
	}
	if (tdev->nvec)
		pci_free_irq_vectors(tdev->pdev);
	tdev->nvec = 0;
}
