// SPDX-License-Identifier: GPL-2.0-only
/*
 * t1.c - a minimal driver for a T1 function over a vdev
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "t1.h"

#define RING_BYTES	(1024 * 64)	/* room for the largest ring of any kind */
#define QUEUE_VA(slot)	(0x7f0000000000ull + ((uint64_t)(slot) << 24))

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

void sleep_us(unsigned int us)
{
	struct timespec ts = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&ts, NULL);
}

int t1_prepare(struct t1 *t, struct vdev *v)
{
	int err;

	/* as pci_enable_device() and pci_set_master() do */
	vdev_cfg_write(v, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	t->v = v;
	t->caps = vdev_reg(v, T1_REG_CAPS);
	t->num_slots = vdev_reg(v, T1_REG_NUM_SLOTS);
	t->num_contexts = vdev_reg(v, T1_REG_NUM_CONTEXTS);
	t->num_vectors = vdev_reg(v, T1_REG_NUM_VECTORS);
	t->vram_bytes = vdev_reg64(v, T1_REG_VRAM_SIZE_LO);
	if (!t->asq_entries)
		t->asq_entries = 64;
	if (!t->acq_entries)
		t->acq_entries = 64;
	if (!t->evq_entries)
		t->evq_entries = 64;
	if (!t->ring_mem.cpu) {
		err = vdev_mem_alloc(v, 3 * RING_BYTES, 4096, &t->ring_mem);
		if (err)
			return err;
		err = vdev_mem_alloc(v, 2 * 4096, 4096, &t->list_mem);
		if (err)
			return err;
	}
	t->asq = t->ring_mem.cpu;
	t->asq_bus = t->ring_mem.iova;
	t->acq = (void *)((char *)t->ring_mem.cpu + RING_BYTES);
	t->acq_bus = t->ring_mem.iova + RING_BYTES;
	t->evq = (void *)((char *)t->ring_mem.cpu + 2 * RING_BYTES);
	t->evq_bus = t->ring_mem.iova + 2 * RING_BYTES;
	return 0;
}

void t1_program_rings(struct t1 *t)
{
	memset(t->ring_mem.cpu, 0, t->ring_mem.bytes);
	t->asq_tail = 0;
	t->acq_head = 0;
	t->evq_head = 0;
	t->acq_phase = 1;
	t->evq_phase = 1;
	vdev_reg_write64(t->v, T1_REG_ASQ_BASE_LO, t->asq_bus);
	vdev_reg_write(t->v, T1_REG_ASQ_SIZE, t->asq_entries);
	vdev_reg_write64(t->v, T1_REG_ACQ_BASE_LO, t->acq_bus);
	vdev_reg_write(t->v, T1_REG_ACQ_SIZE, t->acq_entries);
	vdev_reg_write64(t->v, T1_REG_EVQ_BASE_LO, t->evq_bus);
	vdev_reg_write(t->v, T1_REG_EVQ_SIZE, t->evq_entries);
}

int t1_enable(struct t1 *t)
{
	uint64_t end = now_ns() + T1_TIMEOUT_MS * 1000000ull;
	uint32_t status;

	vdev_reg_write(t->v, T1_REG_CTRL, T1_CTRL_ENABLE);
	do {
		status = vdev_reg(t->v, T1_REG_STATUS);
		if (status & T1_STATUS_FATAL)
			return -EIO;
		if (status & T1_STATUS_READY)
			return 0;
		sleep_us(100);
	} while (now_ns() < end);
	return -ETIMEDOUT;
}

void t1_disable(struct t1 *t)
{
	vdev_reg_write(t->v, T1_REG_CTRL, 0);
}

int t1_ctrl_reset(struct t1 *t)
{
	uint64_t end = now_ns() + T1_TIMEOUT_MS * 1000000ull;

	vdev_reg_write(t->v, T1_REG_CTRL, T1_CTRL_RESET);
	do {
		if (!(vdev_reg(t->v, T1_REG_CTRL) & T1_CTRL_RESET))
			return 0;
		sleep_us(100);
	} while (now_ns() < end);
	return -ETIMEDOUT;
}

int t1_start(struct t1 *t, struct vdev *v)
{
	int err;

	err = t1_prepare(t, v);
	if (err)
		return err;
	t1_program_rings(t);
	return t1_enable(t);
}

void t1_admin_push(struct t1 *t, const struct t1_admin_cmd *cmd)
{
	memcpy((void *)&t->asq[t->asq_tail], cmd, sizeof(*cmd));
	t->asq_tail = (t->asq_tail + 1) % t->asq_entries;
}

void t1_admin_ring(struct t1 *t)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	vdev_reg_write(t->v, T1_REG_ASQ_TAIL, t->asq_tail);
}

int t1_admin_pop(struct t1 *t, struct t1_admin_cpl *cpl, unsigned int timeout_ms)
{
	volatile struct t1_admin_cpl *c = &t->acq[t->acq_head];
	uint64_t end = now_ns() + timeout_ms * 1000000ull;

	while (__atomic_load_n(&c->phase, __ATOMIC_ACQUIRE) != t->acq_phase) {
		if (now_ns() >= end)
			return -ETIMEDOUT;
		sleep_us(50);
	}
	memcpy(cpl, (void *)c, sizeof(*cpl));
	t->acq_head++;
	if (t->acq_head == t->acq_entries) {
		t->acq_head = 0;
		t->acq_phase ^= 1;
	}
	vdev_reg_write(t->v, T1_REG_ACQ_HEAD, t->acq_head);
	return 0;
}

int t1_admin(struct t1 *t, struct t1_admin_cmd *cmd)
{
	struct t1_admin_cpl cpl;
	int err;

	cmd->cid = t->next_cid++;
	t1_admin_push(t, cmd);
	t1_admin_ring(t);
	err = t1_admin_pop(t, &cpl, T1_TIMEOUT_MS);
	if (err)
		return err;
	return cpl.cid == cmd->cid ? cpl.status : -EBADMSG;
}

int t1_event(struct t1 *t, struct t1_event *ev, unsigned int timeout_ms)
{
	volatile struct t1_event *e = &t->evq[t->evq_head];
	uint64_t end = now_ns() + timeout_ms * 1000000ull;

	while (__atomic_load_n(&e->phase, __ATOMIC_ACQUIRE) != t->evq_phase) {
		if (now_ns() >= end)
			return -ETIMEDOUT;
		sleep_us(100);
	}
	memcpy(ev, (void *)e, sizeof(*ev));
	t->evq_head++;
	if (t->evq_head == t->evq_entries) {
		t->evq_head = 0;
		t->evq_phase ^= 1;
	}
	vdev_reg_write(t->v, T1_REG_EVQ_HEAD, t->evq_head);
	return 0;
}

int t1_ctx_create(struct t1 *t, uint32_t ctx)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_CTX_CREATE, .ctx = ctx };

	return t1_admin(t, &c);
}

int t1_ctx_destroy(struct t1 *t, uint32_t ctx)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_CTX_DESTROY, .ctx = ctx };

	return t1_admin(t, &c);
}

int t1_map(struct t1 *t, uint32_t ctx, uint64_t va, uint64_t first, uint32_t npages, uint32_t flags)
{
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_MAP,
		.ctx = ctx,
		.flags = flags | T1_MAP_CONTIG,
		.map = { .va = va, .npages = npages, .list = first },
	};

	return t1_admin(t, &c);
}

int t1_map_list(struct t1 *t, uint32_t ctx, uint64_t va, const uint64_t *addrs, uint32_t npages,
		uint32_t flags)
{
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_MAP,
		.ctx = ctx,
		.flags = flags,
		.map = { .va = va, .npages = npages, .list = t->list_mem.iova },
	};

	memcpy(t->list_mem.cpu, addrs, npages * sizeof(*addrs));
	return t1_admin(t, &c);
}

int t1_map_mem(struct t1 *t, uint32_t ctx, uint64_t va, const struct vdev_mem *m)
{
	uint64_t pages = m->bytes / 4096, done = 0;
	int ret;

	while (done < pages) {
		uint64_t n = pages - done;

		if (n > T1_MAP_MAX_PAGES)
			n = T1_MAP_MAX_PAGES;
		ret = t1_map(t, ctx, va + done * 4096, m->iova + done * 4096, n,
			     T1_MAP_READ | T1_MAP_WRITE);
		if (ret)
			return ret;
		done += n;
	}
	return 0;
}

int t1_unmap(struct t1 *t, uint32_t ctx, uint64_t va, uint32_t npages, uint32_t flags)
{
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_UNMAP,
		.ctx = ctx,
		.flags = flags,
		.map = { .va = va, .npages = npages },
	};

	return t1_admin(t, &c);
}

int t1_fault_query(struct t1 *t, uint32_t ctx, uint32_t flags, struct t1_fault *f)
{
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_FAULT_QUERY,
		.ctx = ctx,
		.flags = flags,
		.addr = t->list_mem.iova + 4096,
	};
	int ret;

	memset((char *)t->list_mem.cpu + 4096, 0xee, sizeof(*f));
	ret = t1_admin(t, &c);
	if (!ret)
		memcpy(f, (char *)t->list_mem.cpu + 4096, sizeof(*f));
	return ret;
}

int t1_queue_create(struct t1 *t, struct t1_queue *q, uint32_t ctx, uint32_t slot, uint32_t engine,
		    uint32_t log2, uint32_t vector)
{
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_QUEUE_CREATE,
		.ctx = ctx,
		.queue = {
			.slot = slot,
			.engine = engine,
			.ring_log2 = log2,
			.vector = vector,
		},
	};
	size_t ring_bytes = ((sizeof(struct t1_cmd) << log2) + 4095) & ~4095ul;
	int ret;

	memset(q, 0, sizeof(*q));
	q->t = t;
	q->ctx = ctx;
	q->slot = slot;
	q->engine = engine;
	q->log2 = log2;
	q->vector = vector;
	ret = vdev_mem_alloc(t->v, ring_bytes + 4096, 4096, &q->mem);
	if (ret)
		return ret;
	q->ring = q->mem.cpu;
	q->ring_va = QUEUE_VA(slot);
	q->cb = (void *)((char *)q->mem.cpu + ring_bytes);
	q->cb_va = q->ring_va + ring_bytes;
	q->fence = (void *)((char *)q->cb + 64);
	q->fence_va = q->cb_va + 64;
	q->scratch = (uint8_t *)q->cb + 128;
	q->scratch_va = q->cb_va + 128;
	q->doorbell = vdev_direct(t->v, VFIO_PCI_BAR0_REGION_INDEX, T1_DB_OFF(slot), 4);
	ret = t1_map_mem(t, ctx, q->ring_va, &q->mem);
	if (ret)
		return ret;
	c.queue.ring_va = q->ring_va;
	c.queue.cb_va = q->cb_va;
	return t1_admin(t, &c);
}

int t1_queue_simple(struct t1 *t, struct t1_queue *q, uint32_t n, uint32_t engine)
{
	int ret = t1_ctx_create(t, n);

	return ret ? ret : t1_queue_create(t, q, n, n, engine, 8, T1_VECTOR_CONTROL);
}

int t1_queue_destroy(struct t1 *t, uint32_t slot)
{
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_QUEUE_DESTROY,
		.queue = { .slot = slot },
	};

	return t1_admin(t, &c);
}

int t1_queue_reset(struct t1_queue *q)
{
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_QUEUE_RESET,
		.queue = { .slot = q->slot },
	};
	int ret = t1_admin(q->t, &c);

	if (!ret)
		q->tail = 0;
	return ret;
}

void t1_push(struct t1_queue *q, const struct t1_cmd *cmd)
{
	memcpy((void *)&q->ring[q->tail & ((1u << q->log2) - 1)], cmd, sizeof(*cmd));
	q->tail++;
}

void t1_kick(struct t1_queue *q)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	*q->doorbell = q->tail;
}

uint64_t t1_fence(struct t1_queue *q, uint32_t flags)
{
	struct t1_cmd c = {
		.opcode = T1_OP_FENCE,
		.flags = flags,
		.sync = { .va = q->fence_va, .value = ++q->seq },
	};

	t1_push(q, &c);
	return q->seq;
}

int t1_wait_ms(struct t1_queue *q, uint64_t seq, unsigned int timeout_ms)
{
	uint64_t end = now_ns() + timeout_ms * 1000000ull;

	while ((int64_t)(__atomic_load_n(q->fence, __ATOMIC_ACQUIRE) - seq) < 0) {
		if (now_ns() >= end)
			return -ETIMEDOUT;
		sleep_us(50);
	}
	return 0;
}

int t1_wait(struct t1_queue *q, uint64_t seq)
{
	return t1_wait_ms(q, seq, T1_TIMEOUT_MS);
}

int t1_run(struct t1_queue *q, const struct t1_cmd *cmd)
{
	uint64_t seq;

	t1_push(q, cmd);
	seq = t1_fence(q, 0);
	t1_kick(q);
	return t1_wait(q, seq);
}
