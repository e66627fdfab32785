// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest.c - guest memory, interrupts and engines as the checker's files reach them
 *
 * In place of vgpu/dma.c, vgpu/irq.c, vgpu/worker.c, vgpu/guilt.c and dispatch/. Bytes that have
 * been read are changed at once, as a hostile guest would change them: what is read a second time
 * is something else.
 */
#include "bench.h"

static struct t1_vgpu_state *t1_state(void)
{
	return &to_t1_vgpu(&bench.vgpu)->state;
}

/* A register that is read or written as by an instruction. */
u32 guest_read(u32 reg)
{
	return t1_regs_read(&bench.vgpu, reg, 4);
}

void guest_write(u32 reg, u32 value)
{
	bool was = guest_read(T1_REG_STATUS) == T1_STATUS_READY;

	t1_regs_write(&bench.vgpu, reg, 4, value);
	if (!was && guest_read(T1_REG_STATUS) == T1_STATUS_READY)
		guest_enabled();
}

/* The rings are new. */
void guest_enabled(void)
{
	bench.fetched = 0;
	bench.completed = 0;
	bench.events = 0;
	bench.busy = false;
}

/* A context of the guest's faults: an event of the hardware's, in a hard interrupt. */
void guest_fault(u64 arg)
{
	struct tessera_vgpu *vgpu = &bench.vgpu;
	struct tessera_hw_event ev = {
		.type = TESSERA_HW_FAULT,
		.engine = arg & 1,
		.fault = 1 + (arg >> 1) % T1_FAULT_ENGINE_RESET,
		.slot = vgpu->part.first_slot + ((arg >> 8) & 0xff) % (vgpu->part.num_slots + 1),
		.ctx = vgpu->part.first_ctx + ((arg >> 16) & 0xff) % vgpu->part.num_ctx,
		.time_ns = arg,
		.busy_ns = arg,
		.switch_ns = arg,
		.token = arg,
		.addr = arg,
	};

	if (!(bench.live & BIT_ULL(ev.ctx)))
		return;
	kernel_spin_lock(&bench.t1.event_lock);
	tessera_vgpu_model(vgpu)->event(vgpu, &ev);
	kernel_spin_unlock(&bench.t1.event_lock);
}

/* -------------------------------------------------------- guest memory -- */

static bool refused(void)
{
	static const u32 regs[] = { T1_REG_ASQ_TAIL, T1_REG_ACQ_HEAD, T1_REG_EVQ_HEAD };
	enum ambush what = bench.ambush;

	if (!what || --bench.ambush_in)
		return false;
	bench.ambush = AMBUSH_NONE;
	if (what == AMBUSH_REGISTER)
		t1_regs_write(&bench.vgpu, regs[bench.ambush_arg % ARRAY_SIZE(regs)], 4,
			      bench.ambush_arg >> 8);
	else if (what == AMBUSH_FAULT)
		guest_fault(bench.ambush_arg);
	else if (what == AMBUSH_LOSS)
		hw_lose();
	return what == AMBUSH_REFUSE;
}

static void check_fetch(u64 iova, size_t len)
{
	const struct tessera_ring *asq = &t1_state()->asq;
	u32 at = bench.fetched & (asq->size - 1);

	REQUIRE(iova == guest_read(T1_REG_ASQ_BASE_LO) +
			((u64)guest_read(T1_REG_ASQ_BASE_HI) << 32) + (u64)at * sizeof(bench.cmd) &&
		len == sizeof(bench.cmd), "%#llx", (unsigned long long)iova);
}

static void check_list(u64 iova, size_t len)
{
	const struct t1_admin_cmd *cmd = &bench.cmd;

	REQUIRE(cmd->opcode == T1_ADMIN_MAP && !(le32_to_cpu(cmd->flags) & T1_MAP_CONTIG),
		"read for opcode %u", cmd->opcode);
	REQUIRE(!bench.list_read, "the list is read twice");
	REQUIRE(iova == le64_to_cpu(cmd->map.list) && len == le32_to_cpu(cmd->map.npages) * 8ull &&
		len <= sizeof(bench.list), "%#llx", (unsigned long long)iova);
}

static void note_read(const void *buf, size_t len)
{
	if (!bench.busy) {
		memcpy(&bench.cmd, buf, len);
		bench.busy = true;
		bench.list_read = false;
		bench.told = false;
		bench.fetched++;
	} else {
		memcpy(bench.list, buf, len);
		bench.list_read = true;
	}
}

static void check_completion(u32 off, const void *buf)
{
	const struct t1_admin_cpl *cpl = buf;
	u32 size = t1_state()->acq.size;

	if (off) {
		u16 phase;

		memcpy(&phase, buf, sizeof(phase));
		REQUIRE(phase == !((bench.completed / size) & 1), "phase %u", phase);
		bench.completed++;
		bench.busy = false;
		return;
	}
	REQUIRE(cpl->cid == bench.cmd.cid && !cpl->result && !cpl->rsvd0 && !cpl->rsvd1 &&
		le16_to_cpu(cpl->status) <= T1_ST_INTERNAL, "cid %u", cpl->cid);
	REQUIRE(le16_to_cpu(cpl->asq_head) == (bench.fetched & (t1_state()->asq.size - 1)),
		"%u", cpl->asq_head);
}

static void check_event(u32 off, const void *buf)
{
	const struct tessera_part *part = &bench.vgpu.part;
	const struct t1_event *ev = buf;

	if (off) {
		u16 phase;

		memcpy(&phase, buf, sizeof(phase));
		REQUIRE(phase == !((bench.events / t1_state()->evq.size) & 1), "phase %u", phase);
		bench.events++;
		return;
	}
	REQUIRE(ev->type == T1_EV_FAULT && ev->engine < T1_NUM_ENGINES &&
		ev->ctx < part->num_ctx && ev->slot < part->num_slots && ev->fault &&
		!ev->token && !ev->busy_ns && !ev->switch_ns &&
		!memchr_inv(ev->rsvd1, 0, sizeof(ev->rsvd1)), "ctx %u slot %u", ev->ctx, ev->slot);
}

static void check_result(u64 iova, const void *buf, size_t len)
{
	const struct tessera_part *part = &bench.vgpu.part;

	REQUIRE(iova == le64_to_cpu(bench.cmd.addr), "%#llx",
		(unsigned long long)iova);
	if (bench.cmd.opcode == T1_ADMIN_IDENTIFY) {
		const struct t1_identify *id = buf;

		REQUIRE(len == sizeof(*id) && id->num_slots == part->num_slots &&
			id->num_contexts == part->num_ctx && id->vram_bytes == part->vram_bytes &&
			!(id->caps & ~T1_GUEST_CAPS), "caps %#x", id->caps);
	} else {
		const struct t1_fault *fault = buf, *told;
		u32 slot;

		REQUIRE(bench.cmd.opcode == T1_ADMIN_FAULT_QUERY && len == sizeof(*fault),
			"opcode %u", bench.cmd.opcode);
		told = bench.t1.ctx[part->first_ctx + bench.cmd.ctx].page;
		slot = told->slot - part->first_slot;
		REQUIRE(fault->slot == (told->fault && slot < part->num_slots ? slot : 0),
			"slot %u", fault->slot);
		bench.told = fault->fault;
	}
}

/* Which entry of a ring of the guest's is written, and whether it is its phase. */
static bool ring_entry(const struct tessera_ring *ring, u32 n, u32 size, u64 iova, size_t len,
		       u32 *off)
{
	u64 at = ring->base + (u64)(n & (ring->size - 1)) * size;

	*off = iova - at;
	return (iova == at && len == size - 2) || (iova == at + size - 2 && len == 2);
}

static void check_write(u64 iova, const void *buf, size_t len)
{
	u32 off;

	if (!bench.busy) {
		REQUIRE(ring_entry(&t1_state()->evq, bench.events, sizeof(struct t1_event), iova,
				   len, &off), "%#llx", (unsigned long long)iova);
		check_event(off, buf);
	} else if (ring_entry(&t1_state()->acq, bench.completed, sizeof(struct t1_admin_cpl), iova,
			      len, &off)) {
		check_completion(off, buf);
	} else {
		check_result(iova, buf, len);
	}
}

int tessera_dma_rw(struct tessera_vgpu *vgpu, u64 iova, void *buf, size_t len, bool write)
{
	u64 off = iova - GUEST_BASE;
	bool no = refused();
	size_t i;

	kernel_might_sleep("tessera_dma_rw");
	lockdep_assert_held(&vgpu->lock);
	REQUIRE(vgpu->state->phase == TESSERA_VGPU_READY, "a vGPU that is off uses memory");
	if (write)
		check_write(iova, buf, len);
	else if (bench.busy)
		check_list(iova, len);
	else
		check_fetch(iova, len);
	if (!tessera_config_bus_master(vgpu))
		return -EACCES;
	if (no || iova < GUEST_BASE || off > GUEST_SIZE || len > GUEST_SIZE - off)
		return -EFAULT;
	if (write) {
		memcpy(bench.mem + off, buf, len);
		return 0;
	}
	memcpy(buf, bench.mem + off, len);
	note_read(buf, len);
	for (i = 0; i < len; i++)
		bench.mem[off + i] ^= 0xa5;
	return 0;
}

/* ------------------------------------------------------------ mappings -- */

int tessera_dma_init(struct tessera_vgpu *vgpu)
{
	mutex_init(&vgpu->dma.lock);
	vgpu->dma.extents = kcalloc(TESSERA_MAX_EXTENTS, sizeof(*vgpu->dma.extents), GFP_KERNEL);
	return vgpu->dma.extents ? 0 : -ENOMEM;
}

void tessera_dma_fini(struct tessera_vgpu *vgpu)
{
	kfree(vgpu->dma.extents);
}

void tessera_dma_close(struct tessera_vgpu *vgpu)
{
	kernel_might_sleep("tessera_dma_close");
}

void tessera_dma_drop_ctx(struct tessera_vgpu *vgpu, u32 ctx)
{
	lockdep_assert_held(&vgpu->lock);
	REQUIRE(ctx < vgpu->part.num_ctx, "context %u", ctx);
}

int tessera_dma_map(struct tessera_vgpu *vgpu, u32 ctx, u64 va, u64 *addrs, u32 n, bool huge,
		    u32 prot)
{
	u64 size = huge ? TESSERA_HUGE_PAGE_SIZE : PAGE_SIZE;
	u32 i, used = 0;
	int ret = 0;

	lockdep_assert_held(&vgpu->lock);
	REQUIRE(ctx < vgpu->part.num_ctx && n && n <= TESSERA_MAX_EXTENTS, "context %u, %u pages",
		ctx, n);
	REQUIRE(!(prot & ~(TESSERA_HW_READ | TESSERA_HW_WRITE)), "prot %#x", prot);
	for (i = 0; i < n; i++) {
		REQUIRE(IS_ALIGNED(addrs[i], size) && addrs[i] + size > addrs[i], "%#llx",
			(unsigned long long)addrs[i]);
		if (addrs[i] >= GUEST_PINNABLE)
			return -EFAULT;
	}
	for (i = 0; i < n && !huge; i++)
		used = tessera_extent_append(vgpu->dma.extents, used, addrs[i], size);
	if (!huge)
		return hw_ops.map(vgpu->accel->hw, vgpu->epoch, vgpu->part.first_ctx + ctx, va,
				  vgpu->dma.extents, used, prot);
	for (i = 0; i < n && !ret; i++) {
		tessera_extent_append(vgpu->dma.extents, 0, addrs[i], size);
		ret = hw_ops.map(vgpu->accel->hw, vgpu->epoch, vgpu->part.first_ctx + ctx,
				 va + i * size, vgpu->dma.extents, 1, prot | TESSERA_HW_WHOLE);
	}
	return ret;
}

int tessera_dma_unmap(struct tessera_vgpu *vgpu, u32 ctx, u64 va, u64 bytes)
{
	struct tessera_hw_range range = {
		.ctx = vgpu->part.first_ctx + ctx, .va = va, .bytes = bytes,
	};

	lockdep_assert_held(&vgpu->lock);
	return hw_ops.unmap(vgpu->accel->hw, vgpu->epoch, &range, 1);
}

/* ---------------------------------------------------------- interrupts -- */

void tessera_irq_init(struct tessera_vgpu *vgpu)
{
	mutex_init(&vgpu->irq.mutex);
}

void tessera_irq_release(struct tessera_vgpu *vgpu)
{
	kernel_might_sleep("tessera_irq_release");
}

void tessera_irq_signal(struct tessera_vgpu *vgpu, u32 vector)
{
	REQUIRE(vector == T1_VECTOR_CONTROL, "vector %u", vector);
}

void tessera_irq_route(struct tessera_vgpu *vgpu, u32 slot, u32 vector)
{
	lockdep_assert_held(&vgpu->lock);
	REQUIRE(slot < vgpu->part.num_slots && vector < vgpu->num_vectors, "slot %u, vector %u",
		slot, vector);
	REQUIRE(bench.busy && vector == le32_to_cpu(bench.cmd.queue.vector), "vector %u", vector);
	bench.routed[slot] = true;
}

void tessera_irq_unroute(struct tessera_vgpu *vgpu, u32 slot)
{
	lockdep_assert_held(&vgpu->lock);
	REQUIRE(slot < vgpu->part.num_slots, "slot %u", slot);
	bench.routed[slot] = false;
}

/* -------------------------------------------------------------- worker -- */

void tessera_worker_init(struct tessera_worker *worker,
			 void (*work)(struct tessera_worker *worker),
			 void (*orphaned)(struct tessera_worker *worker))
{
	spin_lock_init(&worker->lock);
	worker->work = work;
	worker->orphaned = orphaned;
}

int tessera_worker_start(struct tessera_worker *worker, const char *name)
{
	kernel_might_sleep("tessera_worker_start");
	REQUIRE(!kernel_locks && !worker->alive, "%s has a worker", name);
	worker->kicked = false;
	worker->alive = true;
	return 0;
}

void tessera_worker_stop(struct tessera_worker *worker)
{
	REQUIRE(!kernel_locks, "%u locks are held", kernel_locks);
	worker->alive = false;
}

void tessera_worker_kick(struct tessera_worker *worker)
{
	kernel_spin_lock(&worker->lock);
	worker->kicked |= worker->alive;
	kernel_spin_unlock(&worker->lock);
}

bool tessera_worker_alive(struct tessera_worker *worker)
{
	return worker->alive;
}

/* The worker's turn, if it was kicked. */
void guest_work(void)
{
	struct tessera_worker *worker = &bench.vgpu.worker;

	if (!worker->alive || !worker->kicked)
		return;
	worker->kicked = false;
	worker->work(worker);
}

/* The owner ends: the worker does nothing more, whatever is asked for. Or there is a new one. */
void guest_orphan(void)
{
	struct tessera_worker *worker = &bench.vgpu.worker;
	u32 fetched = bench.fetched;

	if (!worker->alive) {
		tessera_vgpu_reset(&bench.vgpu);
		tessera_worker_start(worker, bench.vgpu.name);
		return;
	}
	kernel_fatal_signal = true;
	tessera_worker_kick(worker);
	guest_work();
	kernel_fatal_signal = false;
	REQUIRE(bench.fetched == fetched, "a command is served for an owner that ends");
	worker->alive = false;
	worker->orphaned(worker);
	REQUIRE(guest_read(T1_REG_STATUS) != T1_STATUS_READY, "ready without a worker");
}

/* --------------------------------------------------------------- guilt -- */

void tessera_guilt_limit(struct tessera_vgpu *vgpu, u32 ctx)
{
	REQUIRE(bench.busy && ctx == le32_to_cpu(bench.cmd.ctx), "context %u", ctx);
}

u32 tessera_guilt_unnamed(struct tessera_vgpu *vgpu)
{
	return bench.unnamed;
}

void tessera_guilt_name(struct tessera_vgpu *vgpu, u32 ctx, u32 command)
{
	const struct t1_fault *fault = bench.t1.ctx[vgpu->part.first_ctx + ctx].page;

	REQUIRE(ctx == bench.unnamed && command == le32_to_cpu(fault->opcode),
		"context %u, command %#x", ctx, command);
	bench.unnamed = TESSERA_GUILT_NOTHING;
}

bool tessera_guilt_admit(struct tessera_vgpu *vgpu)
{
	if (vgpu->guilt.quarantined)
		return false;
	vgpu->guilt.condemned = false;
	return true;
}

/* As an operator does; briefly: it is over before the worker has seen it. */
void guest_quarantine(bool on, bool briefly)
{
	WRITE_ONCE(bench.vgpu.guilt.quarantined, on && !briefly);
	if (on)
		WRITE_ONCE(bench.vgpu.guilt.condemned, true);
	tessera_vgpu_kick(&bench.vgpu);
	if (!on)
		return;
	guest_work();
	REQUIRE(!tessera_worker_alive(&bench.vgpu.worker) ||
		guest_read(T1_REG_STATUS) != T1_STATUS_READY, "ready after a quarantine");
}

/* ------------------------------------------------------------- engines -- */

void tessera_dispatcher_start(struct tessera_accel *accel, struct tessera_dispatch_entity *ents)
{
	REQUIRE(!bench.running, "started twice");
	bench.running = true;
}

/* A vGPU that never was READY is stopped as well, to no effect. */
void tessera_dispatcher_stop(struct tessera_accel *accel, struct tessera_dispatch_entity *ents)
{
	bench.running = false;
}
