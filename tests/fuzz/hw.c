// SPDX-License-Identifier: GPL-2.0-only
/*
 * hw.c - the hardware under the vGPU: the lower seam, then a T1's admin queue
 *
 * Each verb is first held against the command that the vGPU has in hand, then handed on to the
 * T1's own (t1_verbs.c), whose commands arrive here again, in t1_hw_admin().
 */
#include "bench.h"

static const struct tessera_part *part(void)
{
	return &bench.vgpu.part;
}

u64 hw_own_contexts(void)
{
	return (part()->num_ctx < 64 ? BIT_ULL(part()->num_ctx) - 1 : ~0ull) << part()->first_ctx;
}

static bool own_context(u32 ctx)
{
	return ctx - part()->first_ctx < part()->num_ctx;
}

static bool own_slot(u32 slot)
{
	return slot - part()->first_slot < part()->num_slots;
}

static bool own_vram(u64 addr, u64 bytes)
{
	return addr >= part()->vram_base && bytes <= part()->vram_bytes &&
	       addr - part()->vram_base <= part()->vram_bytes - bytes;
}

/* The device is lost, reset, and has forgotten all. */
void hw_lose(void)
{
	bench.t1.hw.epoch++;
	bench.live = 0;
	memset(bench.queues, 0, sizeof(bench.queues));
	bench.lose = false;
}

/* --------------------------------------------------------- the lower seam -- */

/* A verb is called: for the command in hand, of @opcode. */
static void in_hand(u8 opcode)
{
	kernel_might_sleep("a verb");
	lockdep_assert_held(&bench.vgpu.lock);
	REQUIRE(bench.busy && bench.cmd.opcode == opcode, "a verb of opcode %u for %u", opcode,
		bench.cmd.opcode);
	REQUIRE(le32_to_cpu(bench.cmd.ctx) < part()->num_ctx && !bench.cmd.rsvd0 &&
		!bench.cmd.rsvd1, "context %u", bench.cmd.ctx);
}

static u32 phys_ctx(void)
{
	return part()->first_ctx + le32_to_cpu(bench.cmd.ctx);
}

static int ctx_create(struct tessera_hw *hw, u32 epoch, u32 ctx, u32 first, u32 num)
{
	in_hand(T1_ADMIN_CTX_CREATE);
	REQUIRE(ctx == phys_ctx(), "context %u", ctx);
	REQUIRE(first == part()->first_ctx && num == part()->num_ctx, "part %u, %u", first, num);
	return t1_hw_ctx_create(hw, epoch, ctx, first, num);
}

static int ctx_destroy(struct tessera_hw *hw, u32 epoch, u64 contexts)
{
	kernel_might_sleep("a verb");
	lockdep_assert_held(&bench.vgpu.lock);
	REQUIRE(contexts && !(contexts & ~hw_own_contexts()), "contexts %#llx",
		(unsigned long long)contexts);
	if (bench.vgpu.state->phase == TESSERA_VGPU_READY) {
		in_hand(T1_ADMIN_CTX_DESTROY);
		REQUIRE(contexts == BIT_ULL(phys_ctx()), "contexts %#llx",
			(unsigned long long)contexts);
	}
	return t1_hw_ctx_destroy(hw, epoch, contexts);
}

/* Page @i of the command's list, as the hardware has to be told. */
static u64 list_page(u32 flags, u64 size, u64 i)
{
	u64 addr = flags & T1_MAP_CONTIG ? le64_to_cpu(bench.cmd.map.list) + i * size :
		   le64_to_cpu(bench.list[i]);

	return flags & T1_MAP_VRAM ? part()->vram_base + addr : addr;
}

static void check_extents(u64 first, const struct tessera_extent *x, u32 n, u32 flags, u64 size)
{
	u64 page = first, at;
	u32 i;

	for (i = 0; i < n; i++) {
		REQUIRE(x[i].bytes && IS_ALIGNED(x[i].bytes | x[i].addr, PAGE_SIZE), "%#llx",
			(unsigned long long)x[i].addr);
		if (flags & T1_MAP_VRAM)
			REQUIRE(own_vram(x[i].addr, x[i].bytes), "VRAM %#llx",
				(unsigned long long)x[i].addr);
		for (at = 0; at < x[i].bytes; at += size, page++) {
			REQUIRE(page < le32_to_cpu(bench.cmd.map.npages), "page %llu",
				(unsigned long long)page);
			REQUIRE(x[i].addr + at == list_page(flags, size, page), "%#llx",
				(unsigned long long)x[i].addr);
		}
	}
}

static int map(struct tessera_hw *hw, u32 epoch, u32 ctx, u64 va, const struct tessera_extent *x,
	       u32 n, u32 prot)
{
	u32 flags = le32_to_cpu(bench.cmd.flags);
	u64 size = flags & T1_MAP_HUGE ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE;
	u64 off = va - le64_to_cpu(bench.cmd.map.va);

	in_hand(T1_ADMIN_MAP);
	REQUIRE(ctx == phys_ctx() && n && n <= TESSERA_MAX_EXTENTS, "context %u", ctx);
	REQUIRE(!(flags & ~T1_MAP_FLAGS) && bench.list_read == !(flags & T1_MAP_CONTIG),
		"flags %#x", flags);
	REQUIRE(!(prot & TESSERA_HW_READ) == !(flags & T1_MAP_READ) &&
		!(prot & TESSERA_HW_WRITE) == !(flags & T1_MAP_WRITE) &&
		!(prot & TESSERA_HW_VRAM) == !(flags & T1_MAP_VRAM) &&
		!(prot & TESSERA_HW_WHOLE) == !(flags & T1_MAP_HUGE), "prot %#x", prot);
	REQUIRE(IS_ALIGNED(va, size) && IS_ALIGNED(off, size), "va %#llx", (unsigned long long)va);
	check_extents(off / size, x, n, flags, size);
	return t1_hw_map(hw, epoch, ctx, va, x, n, prot);
}

static int unmap(struct tessera_hw *hw, u32 epoch, const struct tessera_hw_range *r, u32 n)
{
	u64 size = le32_to_cpu(bench.cmd.flags) & T1_MAP_HUGE ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE;

	in_hand(T1_ADMIN_UNMAP);
	REQUIRE(n == 1 && r->ctx == phys_ctx() && r->va == le64_to_cpu(bench.cmd.map.va) &&
		r->bytes == le32_to_cpu(bench.cmd.map.npages) * size, "va %#llx",
		(unsigned long long)r->va);
	return t1_hw_unmap(hw, epoch, r, n);
}

static int queue_create(struct tessera_hw *hw, u32 epoch, u32 slot,
			const struct tessera_hw_queue *q)
{
	in_hand(T1_ADMIN_QUEUE_CREATE);
	REQUIRE(own_slot(slot) && slot == part()->first_slot + le32_to_cpu(bench.cmd.queue.slot),
		"slot %u", slot);
	REQUIRE(q->ctx == phys_ctx() && q->engine == le32_to_cpu(bench.cmd.queue.engine) &&
		q->ring_va == le64_to_cpu(bench.cmd.queue.ring_va) &&
		q->state_va == le64_to_cpu(bench.cmd.queue.cb_va) &&
		q->ring_log2 == le32_to_cpu(bench.cmd.queue.ring_log2), "slot %u", slot);
	REQUIRE(bench.routed[slot - part()->first_slot], "an interrupt could be lost");
	return t1_hw_queue_create(hw, epoch, slot, q);
}

static void check_queue_op(u8 opcode, u32 slot)
{
	in_hand(opcode);
	REQUIRE(own_slot(slot) && slot == part()->first_slot + le32_to_cpu(bench.cmd.queue.slot),
		"slot %u", slot);
}

static int queue_destroy(struct tessera_hw *hw, u32 epoch, u32 slot)
{
	check_queue_op(T1_ADMIN_QUEUE_DESTROY, slot);
	return t1_hw_queue_destroy(hw, epoch, slot);
}

static int queue_reset(struct tessera_hw *hw, u32 epoch, u32 slot)
{
	check_queue_op(T1_ADMIN_QUEUE_RESET, slot);
	return t1_hw_queue_reset(hw, epoch, slot);
}

static void doorbell(struct tessera_hw *hw, u32 slot, u32 value)
{
	REQUIRE(own_slot(slot) && bench.doorbell >= 0 &&
		slot == part()->first_slot + bench.doorbell, "slot %u", slot);
}

static u64 time_ns(struct tessera_hw *hw)
{
	return 0xffffffffull + bench.fetched;
}

/* The T1's own, past the seam: from any of its registers that are the vGPU's. */
u64 t1_hw_ctx_busy_ns(struct tessera_hw *hw, u32 engine, u32 ctx)
{
	REQUIRE(engine < T1_NUM_ENGINES && own_context(ctx) &&
		bench.vgpu.state->ctx[ctx - part()->first_ctx].live, "engine %u, context %u",
		engine, ctx);
	return (u64)(1 + ctx) << 32 | (engine << 16 | bench.fetched);
}

const struct tessera_hw_ops hw_ops = {
	.name = "mock",
	.ctx_create = ctx_create,
	.ctx_destroy = ctx_destroy,
	.map = map,
	.unmap = unmap,
	.queue_create = queue_create,
	.queue_destroy = queue_destroy,
	.queue_reset = queue_reset,
	.doorbell = doorbell,
	.time_ns = time_ns,
};

/* t1_model.c names the T1's own, which is not used. */
const struct tessera_hw_ops t1_hw_ops;

/* ------------------------------------------------------- the admin queue -- */

static void check_map(const struct t1_admin_cmd *cmd)
{
	u64 size = cmd->flags & T1_MAP_HUGE ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE;
	const __le64 *list = bench.t1.ctx[cmd->ctx].page;
	u64 addr;
	u32 i;

	REQUIRE(cmd->map.npages && cmd->map.npages <= T1_MAP_MAX_PAGES, "%u pages",
		cmd->map.npages);
	REQUIRE(!(cmd->map.va & (size - 1)) &&
		cmd->map.va + cmd->map.npages * size <= 1ull << T1_VA_BITS, "va %#llx",
		(unsigned long long)cmd->map.va);
	if (!(cmd->flags & T1_MAP_CONTIG))
		REQUIRE(cmd->map.list == bench.t1.ctx[cmd->ctx].dma, "a foreign list");
	for (i = 0; i < cmd->map.npages; i++) {
		addr = cmd->flags & T1_MAP_CONTIG ? cmd->map.list + i * size : list[i];
		if (cmd->flags & T1_MAP_VRAM)
			REQUIRE(own_vram(addr, size), "VRAM %#llx", (unsigned long long)addr);
		else
			REQUIRE(addr <= GUEST_PINNABLE - size, "bus %#llx",
				(unsigned long long)addr);
	}
}

static void check_unmap(const struct t1_admin_cmd *cmd)
{
	u64 size = cmd->flags & T1_MAP_HUGE ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE;
	u64 wanted = bench.cmd.flags & T1_MAP_HUGE ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE;
	u64 bytes = cmd->map.npages * size;

	REQUIRE(bytes && bytes == bench.cmd.map.npages * wanted && cmd->map.va == bench.cmd.map.va,
		"va %#llx", (unsigned long long)cmd->map.va);
	REQUIRE(!(cmd->map.va & (size - 1)) && bytes <= 1ull << T1_VA_BITS &&
		cmd->map.va <= (1ull << T1_VA_BITS) - bytes, "va %#llx",
		(unsigned long long)cmd->map.va);
}

/* The fault of a context: some slot of the device's, not always one of the vGPU's. */
static void tell_fault(u32 ctx)
{
	struct t1_fault *fault = bench.t1.ctx[ctx].page;

	memset(fault, bench.fetched, sizeof(*fault));
	fault->fault = bench.fetched % (T1_FAULT_ENGINE_RESET + 1);
	fault->slot = bench.fetched % T1_MAX_SLOTS;
}

static u16 run_ctx(const struct t1_admin_cmd *cmd)
{
	u64 bit = BIT_ULL(cmd->ctx);
	u32 i;

	if (cmd->opcode == T1_ADMIN_CTX_CREATE) {
		REQUIRE(cmd->part.first == part()->first_ctx && cmd->part.num == part()->num_ctx,
			"part %u, %u", cmd->part.first, cmd->part.num);
		if (bench.live & bit)
			return T1_ST_EXISTS;
		if (bench.status)
			return bench.status;
		bench.live |= bit;
		return T1_ST_OK;
	}
	if (!(bench.live & bit))
		return T1_ST_NOT_FOUND;
	switch (cmd->opcode) {
	case T1_ADMIN_CTX_DESTROY:
		bench.live &= ~bit;
		for (i = 0; i < T1_MAX_SLOTS; i++) {
			if (bench.queues[i] == 1 + cmd->ctx)
				bench.queues[i] = 0;
		}
		return T1_ST_OK;
	case T1_ADMIN_MAP:
		check_map(cmd);
		return bench.status;
	case T1_ADMIN_FAULT_QUERY:
		REQUIRE(cmd->addr == bench.t1.ctx[cmd->ctx].dma, "a foreign page");
		REQUIRE(!(cmd->flags & T1_FAULT_QUERY_CLEAR) || bench.told,
			"a fault of which the guest has not been told is cleared");
		if (!bench.status)
			tell_fault(cmd->ctx);
		return bench.status;
	case T1_ADMIN_UNMAP:
		check_unmap(cmd);
		return bench.status;
	default:
		REQUIRE(false, "opcode %u", cmd->opcode);
		return T1_ST_INVALID_OPCODE;
	}
}

static u16 run_queue(const struct t1_admin_cmd *cmd)
{
	u32 slot = cmd->queue.slot;

	REQUIRE(own_slot(slot), "slot %u", slot);
	if (cmd->opcode != T1_ADMIN_QUEUE_CREATE) {
		if (!bench.queues[slot])
			return T1_ST_NOT_FOUND;
		if (cmd->opcode == T1_ADMIN_QUEUE_DESTROY)
			bench.queues[slot] = 0;
		return T1_ST_OK;
	}
	REQUIRE(cmd->queue.vector == 1 + slot, "vector %u", cmd->queue.vector);
	if (cmd->queue.engine >= T1_NUM_ENGINES || cmd->queue.ring_log2 < T1_RING_MIN_LOG2 ||
	    cmd->queue.ring_log2 > T1_RING_MAX_LOG2 || cmd->queue.ring_va & (T1_PAGE_SIZE - 1) ||
	    cmd->queue.ring_va > (1ull << T1_VA_BITS) - (64ull << cmd->queue.ring_log2) ||
	    cmd->queue.cb_va & 63 || cmd->queue.cb_va >= 1ull << T1_VA_BITS)
		return T1_ST_INVALID_FIELD;
	if (!(bench.live & BIT_ULL(cmd->ctx)))
		return T1_ST_NOT_FOUND;
	if (bench.queues[slot])
		return T1_ST_EXISTS;
	if (!bench.status)
		bench.queues[slot] = 1 + cmd->ctx;
	return bench.status;
}

int t1_hw_admin(struct t1 *t1, u32 epoch, struct t1_req *reqs, unsigned int n)
{
	const struct t1_admin_cmd *cmd;
	unsigned int i;

	kernel_might_sleep("t1_hw_admin");
	if (bench.lose)
		hw_lose();
	if (epoch != t1->hw.epoch)
		return -EIO;
	for (i = 0; i < n; i++) {
		cmd = &reqs[i].cmd;
		REQUIRE(!cmd->rsvd0 && !cmd->rsvd1, "opcode %u", cmd->opcode);
		switch (cmd->opcode) {
		case T1_ADMIN_QUEUE_DESTROY:
		case T1_ADMIN_QUEUE_RESET:
			reqs[i].status = run_queue(cmd);
			break;
		case T1_ADMIN_QUEUE_CREATE:
			REQUIRE(own_context(cmd->ctx), "context %u", cmd->ctx);
			reqs[i].status = run_queue(cmd);
			break;
		default:
			REQUIRE(own_context(cmd->ctx), "context %u", cmd->ctx);
			reqs[i].status = run_ctx(cmd);
		}
	}
	/* For one command only, and never twice for what the hardware always can do. */
	bench.status = T1_ST_OK;
	return 0;
}

void hw_init(void)
{
	static const struct tessera_hw_engine engines[] = { { "compute", "" }, { "copy", "" } };

	bench.t1.hw = (struct tessera_hw){
		.ops = &hw_ops,
		.accel = &bench.accel,
		.pdev = &bench.pdev,
		.features = TESSERA_HW_TABLE_PARTS,
		.num_engines = T1_NUM_ENGINES,
		.engine = engines,
		.num_slots = T1_MAX_SLOTS,
		.num_contexts = T1_MAX_CONTEXTS,
		.epoch = 1,
	};
	bench.identify = (struct t1_identify){
		.magic = T1_MAGIC,
		.caps = T1_CAP_SCHED | T1_CAP_STRICT_PREEMPT | T1_CAP_DB_LATCH | T1_CAP_HANG |
			T1_CAP_CTX_BUSY | T1_CAP_TABLE_PARTS,
		.num_slots = T1_MAX_SLOTS,
		.num_contexts = T1_MAX_CONTEXTS,
		.vram_bytes = 1ull << 30,
	};
	bench.t1.identify = &bench.identify;
}
