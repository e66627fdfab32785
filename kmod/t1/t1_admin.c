// SPDX-License-Identifier: GPL-2.0-only
/*
 * t1_admin.c - the guest's admin queue: copied once, checked once, translated, done
 *
 * A write of the tail register queues the vGPU's worker, which copies each 64-byte command
 * out of guest memory once and never looks at it there again. A command for hardware is built
 * anew from values that were checked; context, slot and vector numbers are moved by the vGPU's
 * first ones, VRAM addresses by its partition's offset. What the hardware checks by
 * itself (alignment of a ring, whether a context exists) is left to it.
 *
 * Backpressure is the hardware's: no command is fetched without room for its completion.
 */
#include <linux/slab.h>
#include "tessera.h"
#include "trace.h"

#define BURST	64u	/* commands until others may run */

static struct tessera_vgpu *work_to_vgpu(struct work_struct *work)
{
	return container_of(work, struct tessera_vgpu, work);
}

/**
 * tessera_admin_exec() - run commands in hardware for a vGPU
 * @vgpu: the vGPU, with its lock or its dma.lock held
 * @reqs: the commands, with physical numbers
 * @n: how many
 *
 * Context: may sleep.
 * Return: 0; each has its status. -EIO: the device has been reset and has forgotten everything
 * of this vGPU's.
 */
int tessera_admin_exec(struct tessera_vgpu *vgpu, struct tessera_admin_req *reqs, unsigned int n)
{
	struct tessera_hw *hw = vgpu->accel->hw;

	return hw->ops->admin(hw, vgpu->epoch, reqs, n);
}

static u16 exec_one(struct tessera_vgpu *vgpu, struct tessera_admin_req *req)
{
	if (tessera_admin_exec(vgpu, req, 1))
		return T1_ST_INTERNAL;
	return req->status;
}

static __le32 phys_ctx(const struct tessera_vgpu *vgpu, u32 ctx)
{
	return cpu_to_le32(vgpu->first_ctx + ctx);
}

static __le32 phys_slot(const struct tessera_vgpu *vgpu, u32 slot)
{
	return cpu_to_le32(vgpu->first_slot + slot);
}

/* ------------------------------------------------------------ contexts -- */

static u16 ctx_create(struct tessera_vgpu *vgpu, u32 ctx)
{
	struct tessera_admin_req req = {
		.cmd.opcode = T1_ADMIN_CTX_CREATE,
		.cmd.ctx = phys_ctx(vgpu, ctx),
	};
	u16 status = exec_one(vgpu, &req);

	if (!status)
		vgpu->ctx[ctx].live = true;
	return status;
}

static void forget_queue(struct tessera_vgpu *vgpu, u32 slot)
{
	tessera_irq_unroute(vgpu, slot);
	vgpu->queue[slot].live = false;
}

/* The hardware has destroyed it: so do we. */
static void forget_ctx(struct tessera_vgpu *vgpu, u32 ctx)
{
	u32 slot;

	for (slot = 0; slot < vgpu->num_slots; slot++) {
		if (vgpu->queue[slot].live && vgpu->queue[slot].ctx == ctx)
			forget_queue(vgpu, slot);
	}
	tessera_dma_drop_ctx(vgpu, ctx);
	t1_events_drop(vgpu, ctx);
	vgpu->ctx[ctx].live = false;
}

static u16 ctx_destroy(struct tessera_vgpu *vgpu, u32 ctx)
{
	struct tessera_admin_req req = {
		.cmd.opcode = T1_ADMIN_CTX_DESTROY,
		.cmd.ctx = phys_ctx(vgpu, ctx),
	};
	u16 status = exec_one(vgpu, &req);

	if (!status)
		forget_ctx(vgpu, ctx);
	return status;
}

/**
 * t1_admin_destroy_all() - destroy all contexts, with their queues and mappings
 * @vgpu: the vGPU, with its lock held
 *
 * When it returns nothing of the vGPU's runs, and hardware reaches none of its memory.
 *
 * Context: may sleep.
 */
void t1_admin_destroy_all(struct tessera_vgpu *vgpu)
{
	struct tessera_admin_req reqs[8];
	u32 ctx, done, n = 0;

	lockdep_assert_held(&vgpu->lock);
	for (ctx = 0; ctx < vgpu->num_ctx; ctx++) {
		if (vgpu->ctx[ctx].live) {
			reqs[n++] = (struct tessera_admin_req) {
				.cmd.opcode = T1_ADMIN_CTX_DESTROY,
				.cmd.ctx = phys_ctx(vgpu, ctx),
			};
		}
		if (n == ARRAY_SIZE(reqs) || (n && ctx == vgpu->num_ctx - 1)) {
			/* Refused or lost: either way the context is not there any more. */
			tessera_admin_exec(vgpu, reqs, n);
			for (done = 0; done < n; done++)
				forget_ctx(vgpu, le32_to_cpu(reqs[done].cmd.ctx) -
						 vgpu->first_ctx);
			n = 0;
		}
	}
}

/* -------------------------------------------------------------- queues -- */

static u16 queue_create(struct tessera_vgpu *vgpu, const struct t1_admin_cmd *cmd)
{
	u32 ctx = le32_to_cpu(cmd->ctx);
	u32 slot = le32_to_cpu(cmd->queue.slot);
	u32 vector = le32_to_cpu(cmd->queue.vector);
	struct tessera_admin_req req = {
		.cmd.opcode = T1_ADMIN_QUEUE_CREATE,
		.cmd.ctx = phys_ctx(vgpu, ctx),
		.cmd.queue.slot = phys_slot(vgpu, slot),
		.cmd.queue.engine = cmd->queue.engine,
		.cmd.queue.ring_va = cmd->queue.ring_va,
		.cmd.queue.cb_va = cmd->queue.cb_va,
		.cmd.queue.ring_log2 = cmd->queue.ring_log2,
		/* Each slot has a hardware vector of its own, after the control vector. */
		.cmd.queue.vector = cpu_to_le32(1 + vgpu->first_slot + slot),
		.cmd.queue.rsvd4 = cmd->queue.rsvd4,
	};
	bool was_live;
	u16 status;

	if (slot >= vgpu->num_slots || vector >= tessera_vgpu_num_vectors(vgpu))
		return T1_ST_INVALID_FIELD;
	was_live = vgpu->queue[slot].live;
	/* The first interrupt may come before the completion. */
	if (!was_live)
		tessera_irq_route(vgpu, slot, vector);
	status = exec_one(vgpu, &req);
	if (!status) {
		vgpu->queue[slot].live = true;
		vgpu->queue[slot].ctx = ctx;
		vgpu->queue[slot].vector = vector;
	} else if (!was_live) {
		tessera_irq_unroute(vgpu, slot);
	}
	return status;
}

static bool is_zero(const void *p, size_t len)
{
	return !memchr_inv(p, 0, len);
}

/* QUEUE_DESTROY and QUEUE_RESET name a slot and nothing else. */
static u16 queue_op(struct tessera_vgpu *vgpu, const struct t1_admin_cmd *cmd)
{
	u32 slot = le32_to_cpu(cmd->queue.slot);
	struct tessera_admin_req req = {
		.cmd.opcode = cmd->opcode,
		.cmd.queue.slot = phys_slot(vgpu, slot),
	};
	u16 status;

	if (slot >= vgpu->num_slots ||
	    !is_zero(cmd->raw + sizeof(cmd->queue.slot),
		     sizeof(cmd->raw) - sizeof(cmd->queue.slot)))
		return T1_ST_INVALID_FIELD;
	status = exec_one(vgpu, &req);
	if (!status && cmd->opcode == T1_ADMIN_QUEUE_DESTROY)
		forget_queue(vgpu, slot);
	return status;
}

/* -------------------------------------------------- identify and fault -- */

static u16 identify(struct tessera_vgpu *vgpu, u64 addr)
{
	struct t1_identify *id;
	u16 status = T1_ST_OK;

	if (addr & (T1_PAGE_SIZE - 1))
		return T1_ST_INVALID_FIELD;
	id = kmemdup(vgpu->accel->hw->identify, sizeof(*id), GFP_KERNEL);
	if (!id)
		return T1_ST_INTERNAL;
	id->version = cpu_to_le32(T1_HW_VERSION);
	id->caps = cpu_to_le32(vgpu->accel->hw->caps & ~T1_CAP_SCHED);
	id->num_slots = cpu_to_le32(vgpu->num_slots);
	id->num_contexts = cpu_to_le32(vgpu->num_ctx);
	id->num_vectors = cpu_to_le32(tessera_vgpu_num_vectors(vgpu));
	id->vram_bytes = cpu_to_le64(vgpu->vram_bytes);
	if (tessera_dma_rw(vgpu, addr, id, sizeof(*id), true))
		status = T1_ST_BAD_ADDRESS;
	kfree(id);
	return status;
}

static u16 hw_fault_query(struct tessera_vgpu *vgpu, u32 ctx, u32 flags)
{
	struct tessera_admin_req req = {
		.cmd.opcode = T1_ADMIN_FAULT_QUERY,
		.cmd.ctx = phys_ctx(vgpu, ctx),
		.cmd.flags = cpu_to_le32(flags),
		.cmd.addr = cpu_to_le64(vgpu->list_dma),
	};

	return exec_one(vgpu, &req);
}

/* A fault is cleared only once the guest has got it. */
static u16 fault_query(struct tessera_vgpu *vgpu, u32 ctx, u32 flags, u64 addr)
{
	struct t1_fault fault;
	u16 status;
	u32 slot;

	if (addr & (sizeof(fault) - 1))
		return T1_ST_INVALID_FIELD;
	status = hw_fault_query(vgpu, ctx, 0);
	if (status)
		return status;
	memcpy(&fault, vgpu->list, sizeof(fault));
	slot = le32_to_cpu(fault.slot) - vgpu->first_slot;
	fault.slot = cpu_to_le32(fault.fault && slot < vgpu->num_slots ? slot : 0);
	if (tessera_dma_rw(vgpu, addr, &fault, sizeof(fault), true))
		return T1_ST_BAD_ADDRESS;
	if (flags & T1_FAULT_QUERY_CLEAR)
		status = hw_fault_query(vgpu, ctx, flags);
	return status;
}

/* ------------------------------------------------------------ mappings -- */

static bool map_range_ok(const struct t1_admin_cmd *cmd, u32 flags)
{
	u64 size = flags & T1_MAP_HUGE ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE;
	u64 va = le64_to_cpu(cmd->map.va);
	u64 end, va_end = 1ull << T1_VA_BITS;
	u32 npages = le32_to_cpu(cmd->map.npages);

	return npages && !(va & (size - 1)) &&
	       !check_add_overflow(va, npages * size, &end) && end <= va_end &&
	       !cmd->map.rsvd2 && is_zero(cmd->map.rsvd3, sizeof(cmd->map.rsvd3));
}

/*
 * Addresses of VRAM: checked to lie in the partition, then moved to where that is. A list goes
 * to a page of ours, so that hardware sees what was checked.
 */
static u16 vram_map(struct tessera_vgpu *vgpu, const struct t1_admin_cmd *cmd, u32 flags)
{
	u64 size = flags & T1_MAP_HUGE ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE;
	u32 i, npages = le32_to_cpu(cmd->map.npages);
	u64 addr, list = le64_to_cpu(cmd->map.list);
	__le64 *out = vgpu->list;
	struct tessera_admin_req req = {
		.cmd.opcode = T1_ADMIN_MAP,
		.cmd.ctx = phys_ctx(vgpu, le32_to_cpu(cmd->ctx)),
		.cmd.flags = cpu_to_le32(flags),
		.cmd.map.va = cmd->map.va,
		.cmd.map.npages = cmd->map.npages,
		.cmd.map.list = cpu_to_le64(vgpu->list_dma),
	};

	/* A page larger than the whole partition fits nowhere in it. */
	if (size > vgpu->vram_bytes)
		return T1_ST_BAD_ADDRESS;
	if (flags & T1_MAP_CONTIG) {
		if (list & (size - 1))
			return T1_ST_INVALID_FIELD;
		if (list > vgpu->vram_bytes || npages * size > vgpu->vram_bytes - list)
			return T1_ST_BAD_ADDRESS;
		req.cmd.map.list = cpu_to_le64(vgpu->vram_base + list);
		return exec_one(vgpu, &req);
	}
	if (list & (T1_PAGE_SIZE - 1))
		return T1_ST_INVALID_FIELD;
	if (tessera_dma_rw(vgpu, list, vgpu->guest_list, npages * sizeof(__le64), false))
		return T1_ST_BAD_ADDRESS;
	for (i = 0; i < npages; i++) {
		addr = le64_to_cpu(vgpu->guest_list[i]);
		if (addr & (size - 1))
			return T1_ST_INVALID_FIELD;
		if (addr > vgpu->vram_bytes - size)
			return T1_ST_BAD_ADDRESS;
		out[i] = cpu_to_le64(vgpu->vram_base + addr);
	}
	return exec_one(vgpu, &req);
}

static u16 map(struct tessera_vgpu *vgpu, const struct t1_admin_cmd *cmd)
{
	u32 flags = le32_to_cpu(cmd->flags);
	u32 ctx = le32_to_cpu(cmd->ctx);
	u32 npages = le32_to_cpu(cmd->map.npages);
	u16 status;

	if (!map_range_ok(cmd, flags) || npages > T1_MAP_MAX_PAGES ||
	    !(flags & (T1_MAP_READ | T1_MAP_WRITE)))
		return T1_ST_INVALID_FIELD;
	if (!vgpu->ctx[ctx].live)
		return T1_ST_NOT_FOUND;
	if (flags & T1_MAP_VRAM)
		status = vram_map(vgpu, cmd, flags);
	else
		status = tessera_dma_map(vgpu, ctx, flags, le64_to_cpu(cmd->map.va), npages,
					 le64_to_cpu(cmd->map.list));
	if (!status)
		atomic64_inc(&vgpu->stats.maps);
	return status;
}

static u16 unmap(struct tessera_vgpu *vgpu, const struct t1_admin_cmd *cmd)
{
	u32 flags = le32_to_cpu(cmd->flags);
	u32 ctx = le32_to_cpu(cmd->ctx);
	u16 status;

	if (!map_range_ok(cmd, flags) || cmd->map.list)
		return T1_ST_INVALID_FIELD;
	if (!vgpu->ctx[ctx].live)
		return T1_ST_NOT_FOUND;
	status = tessera_dma_unmap(vgpu, ctx, flags & T1_MAP_HUGE,
				   le64_to_cpu(cmd->map.va), le32_to_cpu(cmd->map.npages));
	if (!status)
		atomic64_inc(&vgpu->stats.unmaps);
	return status;
}

/* ----------------------------------------------------- a command's way -- */

static u32 flags_of(u8 opcode)
{
	switch (opcode) {
	case T1_ADMIN_MAP:
		return T1_MAP_FLAGS;
	case T1_ADMIN_UNMAP:
		return T1_MAP_HUGE;
	case T1_ADMIN_FAULT_QUERY:
		return T1_FAULT_QUERY_CLEAR;
	default:
		return 0;
	}
}

/* @cmd is our copy. */
static u16 run_command(struct tessera_vgpu *vgpu, const struct t1_admin_cmd *cmd)
{
	bool has_addr = cmd->opcode == T1_ADMIN_IDENTIFY ||
			cmd->opcode == T1_ADMIN_FAULT_QUERY;
	u64 addr = le64_to_cpu(cmd->addr);
	u32 flags = le32_to_cpu(cmd->flags);
	u32 ctx = le32_to_cpu(cmd->ctx);

	if (cmd->opcode < T1_ADMIN_IDENTIFY || cmd->opcode > T1_ADMIN_FAULT_QUERY)
		return T1_ST_INVALID_OPCODE;
	if (cmd->rsvd0 || cmd->rsvd1 || ctx >= vgpu->num_ctx || flags & ~flags_of(cmd->opcode) ||
	    (addr && !has_addr))
		return T1_ST_INVALID_FIELD;

	switch (cmd->opcode) {
	case T1_ADMIN_MAP:
		return map(vgpu, cmd);
	case T1_ADMIN_UNMAP:
		return unmap(vgpu, cmd);
	case T1_ADMIN_QUEUE_CREATE:
		return queue_create(vgpu, cmd);
	case T1_ADMIN_QUEUE_DESTROY:
	case T1_ADMIN_QUEUE_RESET:
		return queue_op(vgpu, cmd);
	}

	if (!is_zero(cmd->raw, sizeof(cmd->raw)))
		return T1_ST_INVALID_FIELD;
	switch (cmd->opcode) {
	case T1_ADMIN_IDENTIFY:
		return identify(vgpu, addr);
	case T1_ADMIN_CTX_CREATE:
		return ctx_create(vgpu, ctx);
	case T1_ADMIN_CTX_DESTROY:
		return ctx_destroy(vgpu, ctx);
	default:
		return fault_query(vgpu, ctx, flags, addr);
	}
}

/**
 * tessera_ring_write() - write the next entry of a ring in guest memory
 * @vgpu: the vGPU, with its lock held
 * @ring: the ring, which has room
 * @entry: the entry
 * @size: its size
 * @phase: its phase field, the last two bytes of it; filled in here
 *
 * The phase goes last: it is what the guest polls.
 *
 * Context: may sleep.
 * Return: 0 or an errno if guest memory can't be reached.
 */
int tessera_ring_write(struct tessera_vgpu *vgpu, struct tessera_ring *ring, void *entry,
		       u32 size, __le16 *phase)
{
	u64 at = ring->base + (u64)ring->index * size;
	u32 body = size - sizeof(*phase);
	u32 next = (ring->index + 1) & (ring->size - 1);
	int ret;

	lockdep_assert_held(&vgpu->lock);
	*phase = cpu_to_le16(ring->phase);
	ret = tessera_dma_rw(vgpu, at, entry, body, true);
	if (ret)
		return ret;
	if (!next)
		ring->phase ^= 1;
	/* The guest may write HEAD as soon as it sees the phase. */
	WRITE_ONCE(ring->index, next);
	smp_wmb();	/* pairs with the guest's barrier between phase and entry */
	return tessera_dma_rw(vgpu, at + body, phase, sizeof(*phase), true);
}

static bool have_command(struct tessera_vgpu *vgpu)
{
	u32 acq_mask = vgpu->acq.size - 1;
	u32 asq_mask = vgpu->asq.size - 1;

	return vgpu->asq.index != (READ_ONCE(vgpu->asq_tail) & asq_mask) &&
	       ((vgpu->acq.index + 1) & acq_mask) != (READ_ONCE(vgpu->acq_head) & acq_mask);
}

/* One command from fetch to completion. An errno: a ring can't be reached. */
static int serve_command(struct tessera_vgpu *vgpu)
{
	u64 at = vgpu->asq.base + (u64)vgpu->asq.index * sizeof(struct t1_admin_cmd);
	struct t1_admin_cmd cmd;
	struct t1_admin_cpl cpl = {};
	u16 status;
	int ret;

	ret = tessera_dma_rw(vgpu, at, &cmd, sizeof(cmd), false);
	if (ret)
		return ret;
	vgpu->asq.index = (vgpu->asq.index + 1) & (vgpu->asq.size - 1);
	status = run_command(vgpu, &cmd);
	trace_tessera_admin(&vgpu->accel->pdev->dev, vgpu->name, cmd.opcode,
			    le32_to_cpu(cmd.ctx), status);
	atomic64_inc(&vgpu->stats.admin_commands);
	if (status)
		atomic64_inc(&vgpu->stats.admin_errors);
	cpl.asq_head = cpu_to_le16(vgpu->asq.index);
	cpl.cid = cmd.cid;
	cpl.status = cpu_to_le16(status);
	return tessera_ring_write(vgpu, &vgpu->acq, &cpl, sizeof(cpl), &cpl.phase);
}

/*
 * The device was reset under the vGPU: all it had is gone. Each context that was there gets a
 * fault event, then the guest finds STATUS FATAL and has to reset.
 */
static void tell_lost(struct tessera_vgpu *vgpu, bool *posted)
{
	struct tessera_hw_event ev = {
		.type = T1_EV_FAULT,
		.fault = T1_FAULT_ENGINE_RESET,
		.slot = vgpu->first_slot,
		.time_ns = vgpu->accel->hw->ops->time_ns(vgpu->accel->hw),
	};
	u32 ctx;

	for (ctx = 0; ctx < vgpu->num_ctx; ctx++) {
		if (!vgpu->ctx[ctx].live)
			continue;
		ev.ctx = vgpu->first_ctx + ctx;
		t1_events_push(vgpu, &ev);
	}
	t1_events_deliver(vgpu, posted);
	tessera_vgpu_fatal(vgpu, "lost its contexts to a device reset");
	*posted = true;
}

/**
 * t1_admin_work() - a vGPU's worker: events to the guest, commands from the guest
 * @work: vgpu->work
 */
void t1_admin_work(struct work_struct *work)
{
	struct tessera_vgpu *vgpu = work_to_vgpu(work);
	unsigned int served = 0;
	bool posted = false;
	int ret = 0;

	for (;;) {
		bool more = false;

		mutex_lock(&vgpu->lock);
		if (vgpu->status & T1_STATUS_READY) {
			if (vgpu->epoch != READ_ONCE(vgpu->accel->hw->epoch)) {
				tell_lost(vgpu, &posted);
			} else {
				ret = t1_events_deliver(vgpu, &posted);
				if (!ret && have_command(vgpu)) {
					ret = serve_command(vgpu);
					posted = true;
					served++;
				}
				if (ret)
					tessera_vgpu_fatal(vgpu, "a ring can't be reached");
				more = !ret && have_command(vgpu);
			}
		}
		mutex_unlock(&vgpu->lock);
		if (posted && (!more || served % 16 == 0)) {
			tessera_irq_signal(vgpu, T1_VECTOR_CONTROL);
			posted = false;
		}
		if (!more)
			return;
		if (served >= BURST) {
			queue_work(vgpu->wq, &vgpu->work);
			if (posted)
				tessera_irq_signal(vgpu, T1_VECTOR_CONTROL);
			return;
		}
		cond_resched();
	}
}
