// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_drm_admin.c - the admin queue: commands that are run and waited for
 *
 * Each command in flight owns a page of DMA memory for its list or result. So a reset needs
 * no memory to end the fences it ends, and a device that answers late can write nowhere
 * else: once a command has timed out, no page is used for another until the device has been
 * reset.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/iopoll.h>

#include <drm/drm_print.h>

#include "tessera_drm_drv.h"

/* A reset is instant on the device; a mediator may have to unpin gigabytes first. */
#define TDRM_RESET_TIMEOUT_US	(5 * USEC_PER_SEC)

static int tdrm_admin_errno(u16 status)
{
	switch (status) {
	case T1_ST_OK:
		return 0;
	case T1_ST_INVALID_OPCODE:
	case T1_ST_INVALID_FIELD:
		return -EINVAL;
	case T1_ST_NOT_FOUND:
		return -ENOENT;
	case T1_ST_EXISTS:
		return -EEXIST;
	case T1_ST_NO_RESOURCE:
		return -ENOMEM;
	case T1_ST_BAD_ADDRESS:
		return -EFAULT;
	default:
		return -EIO;
	}
}

/**
 * tdrm_admin_alloc() - allocate rings and request pages
 * @tdev: device
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM; tdrm_admin_free() undoes it in both cases.
 */
int tdrm_admin_alloc(struct tdrm_device *tdev)
{
	struct device *dev = tdev->drm.dev;
	struct tdrm_admin *admin = &tdev->admin;
	u32 i;

	spin_lock_init(&admin->lock);
	admin->dead = true;
	admin->asq = dma_alloc_coherent(dev, T1_PAGE_SIZE, &admin->asq_dma, GFP_KERNEL);
	admin->acq = dma_alloc_coherent(dev, T1_PAGE_SIZE, &admin->acq_dma, GFP_KERNEL);
	admin->evq = dma_alloc_coherent(dev, T1_PAGE_SIZE, &admin->evq_dma, GFP_KERNEL);
	admin->bufs = dma_alloc_coherent(dev, TDRM_ADMIN_REQS * T1_PAGE_SIZE,
					 &admin->bufs_dma, GFP_KERNEL);
	if (!admin->asq || !admin->acq || !admin->evq || !admin->bufs)
		return -ENOMEM;

	for (i = 0; i < TDRM_ADMIN_REQS; i++) {
		admin->req[i].buf = admin->bufs + i * T1_PAGE_SIZE;
		admin->req[i].buf_dma = admin->bufs_dma + i * T1_PAGE_SIZE;
		init_completion(&admin->req[i].done);
	}
	return 0;
}

/**
 * tdrm_admin_free() - free what tdrm_admin_alloc() allocated
 * @tdev: device, stopped
 *
 * Context: may sleep.
 */
void tdrm_admin_free(struct tdrm_device *tdev)
{
	struct device *dev = tdev->drm.dev;
	struct tdrm_admin *admin = &tdev->admin;

	if (admin->bufs)
		dma_free_coherent(dev, TDRM_ADMIN_REQS * T1_PAGE_SIZE, admin->bufs,
				  admin->bufs_dma);
	if (admin->evq)
		dma_free_coherent(dev, T1_PAGE_SIZE, admin->evq, admin->evq_dma);
	if (admin->acq)
		dma_free_coherent(dev, T1_PAGE_SIZE, admin->acq, admin->acq_dma);
	if (admin->asq)
		dma_free_coherent(dev, T1_PAGE_SIZE, admin->asq, admin->asq_dma);
	admin->bufs = NULL;
	admin->evq = NULL;
	admin->acq = NULL;
	admin->asq = NULL;
}

/**
 * tdrm_admin_reset() - reset the device
 * @tdev: device
 *
 * A device that was reset has no contexts or queues and does no DMA.
 *
 * Context: may sleep.
 * Return: 0, or -ETIMEDOUT if the device does not come back within 5 s.
 */
int tdrm_admin_reset(struct tdrm_device *tdev)
{
	u32 ctrl;

	tdrm_write(tdev, T1_REG_CTRL, T1_CTRL_RESET);
	/* A function that has left the bus reads all ones: bit 1 stays set, as it should */
	return read_poll_timeout(tdrm_read, ctrl, !(ctrl & T1_CTRL_RESET), 20,
				 TDRM_RESET_TIMEOUT_US, false, tdev, T1_REG_CTRL);
}

static void tdrm_write_base(struct tdrm_device *tdev, u32 reg, dma_addr_t base)
{
	tdrm_write(tdev, reg, lower_32_bits(base));
	tdrm_write(tdev, reg + 4, upper_32_bits(base));
}

/**
 * tdrm_admin_start() - give a device that was reset its rings, and enable it
 * @tdev: device; nobody else is using its admin queue
 *
 * Context: may sleep.
 * Return: 0, -EIO if the device refuses the rings, or -ETIMEDOUT after 5 s without an answer.
 */
int tdrm_admin_start(struct tdrm_device *tdev)
{
	struct tdrm_admin *admin = &tdev->admin;
	u32 i, status;
	int ret;

	memset(admin->asq, 0, T1_PAGE_SIZE);
	memset(admin->acq, 0, T1_PAGE_SIZE);
	memset(admin->evq, 0, T1_PAGE_SIZE);
	for (i = 0; i < TDRM_ADMIN_REQS; i++) {
		admin->req[i].busy = false;
		admin->req[i].pending = false;
	}
	sema_init(&admin->slots, TDRM_ADMIN_REQS);
	admin->asq_tail = 0;
	admin->acq_head = 0;
	admin->evq_head = 0;
	admin->acq_phase = 1;
	admin->evq_phase = 1;

	tdrm_write_base(tdev, T1_REG_ASQ_BASE_LO, admin->asq_dma);
	tdrm_write(tdev, T1_REG_ASQ_SIZE, TDRM_ASQ_ENTRIES);
	tdrm_write_base(tdev, T1_REG_ACQ_BASE_LO, admin->acq_dma);
	tdrm_write(tdev, T1_REG_ACQ_SIZE, TDRM_ACQ_ENTRIES);
	tdrm_write_base(tdev, T1_REG_EVQ_BASE_LO, admin->evq_dma);
	tdrm_write(tdev, T1_REG_EVQ_SIZE, TDRM_EVQ_ENTRIES);
	tdrm_write(tdev, T1_REG_CTRL, T1_CTRL_ENABLE);

	ret = read_poll_timeout(tdrm_read, status,
				status & (T1_STATUS_READY | T1_STATUS_FATAL), 20,
				TDRM_RESET_TIMEOUT_US, false, tdev, T1_REG_STATUS);
	if (ret)
		return ret;
	if (status & T1_STATUS_FATAL)
		return -EIO;

	spin_lock_irq(&admin->lock);
	admin->dead = false;
	spin_unlock_irq(&admin->lock);
	return 0;
}

/**
 * tdrm_admin_fail() - refuse further commands, and end those in flight
 * @tdev: device
 *
 * Callers waiting for a command get -EIO.
 *
 * Context: any; takes tdrm_admin.lock.
 */
void tdrm_admin_fail(struct tdrm_device *tdev)
{
	struct tdrm_admin *admin = &tdev->admin;
	unsigned long flags;
	u32 i;

	spin_lock_irqsave(&admin->lock, flags);
	admin->dead = true;
	for (i = 0; i < TDRM_ADMIN_REQS; i++) {
		struct tdrm_admin_req *req = &admin->req[i];

		if (!req->pending)
			continue;
		req->pending = false;
		req->status = T1_ST_INTERNAL;
		complete(&req->done);
	}
	spin_unlock_irqrestore(&admin->lock, flags);
}

/**
 * tdrm_admin_completions() - process the entries of the admin completion ring
 * @tdev: device
 *
 * Context: any; takes tdrm_admin.lock. Called from the interrupt of the control vector.
 */
void tdrm_admin_completions(struct tdrm_device *tdev)
{
	struct tdrm_admin *admin = &tdev->admin;
	unsigned long flags;
	u32 taken = 0;

	spin_lock_irqsave(&admin->lock, flags);
	while (!admin->dead && taken < TDRM_ACQ_ENTRIES) {
		struct t1_admin_cpl *cpl = &admin->acq[admin->acq_head];
		u16 cid;

		if (le16_to_cpu(READ_ONCE(cpl->phase)) != admin->acq_phase)
			break;
		/* The rest of an entry is written before its phase */
		dma_rmb();
		cid = le16_to_cpu(cpl->cid);
		if (cid < TDRM_ADMIN_REQS && admin->req[cid].pending) {
			admin->req[cid].pending = false;
			admin->req[cid].status = le16_to_cpu(cpl->status);
			complete(&admin->req[cid].done);
		}
		if (++admin->acq_head == TDRM_ACQ_ENTRIES) {
			admin->acq_head = 0;
			admin->acq_phase ^= 1;
		}
		taken++;
	}
	if (taken)
		tdrm_write(tdev, T1_REG_ACQ_HEAD, admin->acq_head);
	spin_unlock_irqrestore(&admin->lock, flags);
}

/**
 * tdrm_admin_get() - take a request whose command is zero apart from its opcode and its id
 * @tdev: device; reset_sem is held, for reading at least, until tdrm_admin_put()
 * @opcode: T1_ADMIN_*
 *
 * Context: sleeps while all requests are taken; allocates nothing.
 * Return: the request.
 */
struct tdrm_admin_req *tdrm_admin_get(struct tdrm_device *tdev, u8 opcode)
{
	struct tdrm_admin *admin = &tdev->admin;
	struct tdrm_admin_req *req = NULL;
	u32 i;

	lockdep_assert_held(&tdev->reset_sem);
	down(&admin->slots);
	spin_lock_irq(&admin->lock);
	for (i = 0; i < TDRM_ADMIN_REQS; i++) {
		if (!admin->req[i].busy) {
			req = &admin->req[i];
			req->busy = true;
			break;
		}
	}
	spin_unlock_irq(&admin->lock);
	memset(&req->cmd, 0, sizeof(req->cmd));
	req->cmd.opcode = opcode;
	req->cmd.cid = cpu_to_le16(req - admin->req);
	return req;
}

/**
 * tdrm_admin_put() - give a request back
 * @tdev: device
 * @req: from tdrm_admin_get()
 *
 * Context: process; does not sleep.
 */
void tdrm_admin_put(struct tdrm_device *tdev, struct tdrm_admin_req *req)
{
	struct tdrm_admin *admin = &tdev->admin;

	spin_lock_irq(&admin->lock);
	req->busy = false;
	spin_unlock_irq(&admin->lock);
	up(&admin->slots);
}

/**
 * tdrm_admin_run() - run a command and wait for its completion
 * @tdev: device
 * @req: from tdrm_admin_get(), with the command filled in
 *
 * If a command is not answered within admin_timeout_ms, the device is taken out of use and
 * a reset of it is requested.
 *
 * Context: may sleep; allocates nothing.
 * Return: 0; -EINVAL, -ENOENT, -EEXIST, -ENOMEM or -EFAULT by the command's status; -EIO by any
 * other, and if the device is being reset or does not answer.
 */
int tdrm_admin_run(struct tdrm_device *tdev, struct tdrm_admin_req *req)
{
	struct tdrm_admin *admin = &tdev->admin;
	unsigned long timeout = msecs_to_jiffies(max(READ_ONCE(tdrm_admin_timeout_ms), 10u));

	spin_lock_irq(&admin->lock);
	if (admin->dead) {
		spin_unlock_irq(&admin->lock);
		return -EIO;
	}
	reinit_completion(&req->done);
	req->pending = true;
	admin->asq[admin->asq_tail] = req->cmd;
	admin->asq_tail = (admin->asq_tail + 1) % TDRM_ASQ_ENTRIES;
	/* writel() orders the entry and the list before the doorbell */
	tdrm_write(tdev, T1_REG_ASQ_TAIL, admin->asq_tail);
	spin_unlock_irq(&admin->lock);

	if (!wait_for_completion_timeout(&req->done, timeout)) {
		/* A lost interrupt is worth a message, but not a reset */
		tdrm_admin_completions(tdev);
		if (completion_done(&req->done)) {
			drm_warn_once(&tdev->drm, "lost the interrupt of an admin completion\n");
		} else {
			drm_err(&tdev->drm, "admin command 0x%02x timed out after %u ms, status 0x%x\n",
				req->cmd.opcode, jiffies_to_msecs(timeout),
				tdrm_read(tdev, T1_REG_STATUS));
			tdrm_admin_fail(tdev);
			tdrm_reset_request(tdev);
		}
	}
	return tdrm_admin_errno(READ_ONCE(req->status));
}

/**
 * tdrm_admin_identify() - run IDENTIFY, and check the answer against the registers
 * @tdev: device, started
 *
 * Context: may sleep; takes reset_sem for reading.
 * Return: 0; -EIO, with a message, if the answer contradicts the registers; or what
 * tdrm_admin_run() returned.
 */
int tdrm_admin_identify(struct tdrm_device *tdev)
{
	struct tdrm_admin_req *req;
	struct t1_identify *id;
	int ret;

	down_read(&tdev->reset_sem);
	req = tdrm_admin_get(tdev, T1_ADMIN_IDENTIFY);
	req->cmd.addr = cpu_to_le64(req->buf_dma);
	ret = tdrm_admin_run(tdev, req);
	id = req->buf;
	if (ret) {
		drm_err(&tdev->drm, "IDENTIFY failed: %d\n", ret);
	} else if (le32_to_cpu(id->magic) != T1_MAGIC ||
		   le32_to_cpu(id->version) != tdev->hw_version ||
		   le32_to_cpu(id->caps) != tdev->caps ||
		   le32_to_cpu(id->num_slots) != tdev->num_slots ||
		   le32_to_cpu(id->num_contexts) != tdev->num_contexts ||
		   le32_to_cpu(id->num_vectors) != tdev->num_vectors ||
		   le64_to_cpu(id->vram_bytes) != tdev->vram_bytes ||
		   le32_to_cpu(id->map_max_pages) < T1_MAP_MAX_PAGES ||
		   le32_to_cpu(id->num_engines) < T1_NUM_ENGINES) {
		drm_err(&tdev->drm, "IDENTIFY contradicts the registers\n");
		ret = -EIO;
	} else {
		tdev->clock_mhz = le32_to_cpu(id->clock_mhz);
		tdev->f32_macs_per_clock = le32_to_cpu(id->f32_macs_per_clock);
		tdev->i8_macs_per_clock = le32_to_cpu(id->i8_macs_per_clock);
		tdev->vram_mb_per_s = le32_to_cpu(id->vram_mb_per_s);
		tdev->dma_mb_per_s = le32_to_cpu(id->dma_mb_per_s);
		strscpy(tdev->model, id->model, sizeof(tdev->model));
	}
	tdrm_admin_put(tdev, req);
	up_read(&tdev->reset_sem);
	return ret;
}
