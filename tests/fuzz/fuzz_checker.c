// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_checker.c - a guest does to its vGPU's registers and admin queue what the input says
 *
 * An input is the vGPU's shape, the sizes of its rings, then steps. Commands are valid but for
 * what the input changes, so that most of them get as far as the hardware.
 */
#include "bench.h"

#define MAX_STEPS	256u

struct guest {
	struct input in;
	u32 asq_size, acq_size, evq_size;
	u32 asq_tail;
};

static struct guest guest;

static struct input *in(void)
{
	return &guest.in;
}

/* ------------------------------------------------------------ commands -- */

static u32 any_ctx(void)
{
	return input_around(in(), min(bench.vgpu.part.num_ctx, 3u));
}

static u64 any_va(u64 size)
{
	switch (input_below(in(), 16)) {
	case 15:
		return (1ull << T1_VA_BITS) - size * input_below(in(), 4);
	case 14:
		return input_u64(in());
	case 13:
		return -size * input_below(in(), 3);
	default:
		return size * input_u8(in());
	}
}

static u64 any_memory(u64 size, bool vram)
{
	u64 vram_bytes = bench.vgpu.part.vram_bytes;

	switch (input_below(in(), 16)) {
	case 15:
		return vram_bytes - size * input_below(in(), 3);
	case 14:
		return input_u64(in());
	case 13:
		return -size * input_below(in(), 3);
	default:
		if (vram)
			return size * input_u8(in()) % vram_bytes;
		return GUEST_BASE + size * input_u8(in());
	}
}

static u64 any_address(u64 usual)
{
	switch (input_below(in(), 16)) {
	case 15:
		return input_u64(in());
	case 14:
		return GUEST_BASE + GUEST_SIZE - input_u8(in());
	case 13:
		return ~0ull << 12;
	default:
		return usual;
	}
}

static void build_map(struct t1_admin_cmd *cmd)
{
	u32 flags = input_u8(in()) & T1_MAP_FLAGS;
	u64 size = flags & T1_MAP_HUGE ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE;
	bool vram = flags & T1_MAP_VRAM;
	u32 npages = input_rarely(in(), 16) ? input_around(in(), 513) : 1 + input_around(in(), 8);
	__le64 *list = (__le64 *)(bench.mem + (GUEST_LIST - GUEST_BASE));
	u32 i;

	cmd->flags = flags;
	cmd->map.npages = npages;
	cmd->map.va = any_va(size);
	if (flags & T1_MAP_CONTIG) {
		cmd->map.list = any_memory(size, vram);
		return;
	}
	for (i = 0; i < min(npages, 8u); i++)
		list[i] = any_memory(size, vram);
	/* The rest, if it is read at all, are pages that follow each other. */
	for (i = max(i, 1u); i < T1_MAP_MAX_PAGES; i++)
		list[i] = list[i - 1] + size;
	cmd->map.list = any_address(GUEST_LIST);
}

static void build_unmap(struct t1_admin_cmd *cmd)
{
	cmd->flags = input_u8(in()) & T1_MAP_HUGE;
	cmd->map.va = any_va(cmd->flags ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE);
	cmd->map.npages = 1 + input_around(in(), 8);
}

static void build_queue(struct t1_admin_cmd *cmd)
{
	cmd->queue.slot = input_around(in(), bench.vgpu.part.num_slots);
	if (cmd->opcode != T1_ADMIN_QUEUE_CREATE)
		return;
	cmd->queue.engine = input_around(in(), T1_NUM_ENGINES);
	cmd->queue.vector = input_around(in(), bench.vgpu.num_vectors);
	cmd->queue.ring_log2 = T1_RING_MIN_LOG2 + input_around(in(), 12);
	cmd->queue.ring_va = any_va(T1_PAGE_SIZE);
	cmd->queue.cb_va = any_va(sizeof(struct t1_queue_cb));
}

static void build_command(struct t1_admin_cmd *cmd)
{
	u8 change;

	memset(cmd, 0, sizeof(*cmd));
	cmd->opcode = 1 + input_below(in(), T1_ADMIN_FAULT_QUERY);
	cmd->cid = input_u8(in());
	cmd->ctx = any_ctx();
	switch (cmd->opcode) {
	case T1_ADMIN_MAP:
		build_map(cmd);
		break;
	case T1_ADMIN_UNMAP:
		build_unmap(cmd);
		break;
	case T1_ADMIN_QUEUE_CREATE:
	case T1_ADMIN_QUEUE_DESTROY:
	case T1_ADMIN_QUEUE_RESET:
		build_queue(cmd);
		break;
	case T1_ADMIN_FAULT_QUERY:
		cmd->flags = input_u8(in()) & T1_FAULT_QUERY_CLEAR;
		fallthrough;
	case T1_ADMIN_IDENTIFY:
		cmd->addr = any_address(GUEST_RESULT);
	}
	/* One byte of it is something else now and then. */
	change = input_u8(in());
	if (change >= 0xc0)
		((u8 *)cmd)[change & 63] ^= input_u8(in());
}

/* Into the next entries of the ring, @n times. */
static void put_command(const struct t1_admin_cmd *cmd, u32 n)
{
	for (; n; n--) {
		memcpy(bench.mem + guest.asq_tail * sizeof(*cmd), cmd, sizeof(*cmd));
		guest.asq_tail = (guest.asq_tail + 1) % guest.asq_size;
	}
}

/* --------------------------------------------------------------- steps -- */

/* What the guest can read, it consumes. */
static void consume(void)
{
	guest_write(T1_REG_ACQ_HEAD, bench.completed % guest.acq_size);
	guest_write(T1_REG_EVQ_HEAD, bench.events % guest.evq_size);
}

static void set_up(void)
{
	u16 command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

	tessera_config_write(&bench.vgpu, PCI_COMMAND, &command, sizeof(command));
	guest_write(T1_REG_CTRL, 0);
	guest_write(T1_REG_ASQ_BASE_LO, GUEST_ASQ);
	guest_write(T1_REG_ASQ_SIZE, guest.asq_size);
	guest_write(T1_REG_ACQ_BASE_LO, GUEST_ACQ);
	guest_write(T1_REG_ACQ_SIZE, guest.acq_size);
	guest_write(T1_REG_EVQ_BASE_LO, GUEST_EVQ);
	guest_write(T1_REG_EVQ_SIZE, guest.evq_size);
	guest_write(T1_REG_CTRL, T1_CTRL_ENABLE);
	guest.asq_tail = 0;
}

/* With the contexts that most commands name. */
static void set_up_contexts(void)
{
	struct t1_admin_cmd cmd = { .opcode = T1_ADMIN_CTX_CREATE };

	for (cmd.ctx = 0; cmd.ctx < min(bench.vgpu.part.num_ctx, 2u); cmd.ctx++) {
		put_command(&cmd, 1);
		guest_write(T1_REG_ASQ_TAIL, guest.asq_tail);
		guest_work();
		consume();
	}
}

static void step_command(bool ring)
{
	struct t1_admin_cmd cmd;

	build_command(&cmd);
	put_command(&cmd, 1);
	if (ring)
		guest_write(T1_REG_ASQ_TAIL, guest.asq_tail);
}

/* The ring full of one command. */
static void step_flood(void)
{
	struct t1_admin_cmd cmd;

	build_command(&cmd);
	put_command(&cmd, guest.asq_size - 1);
	guest_write(T1_REG_ASQ_TAIL, guest.asq_tail);
}

static u32 any_register(void)
{
	u8 v = input_u8(in());

	return v == 0xff ? input_u32(in()) : v < 0x80 ? v & ~3u : T1_DB_OFF(v & 0x7f);
}

static void step_write(void)
{
	u32 off = any_register(), len = 4;
	u64 value = input_below(in(), 2) ? input_around(in(), guest.asq_size) : input_u64(in());

	if (input_rarely(in(), 16))
		len = 1 + input_below(in(), 8);
	if (off >= T1_DB_OFF(0) && off % T1_PAGE_SIZE == T1_DB_TAIL)
		bench.doorbell = off / T1_PAGE_SIZE - 1;
	if (len == 4)
		guest_write(off, value);
	else
		t1_regs_write(&bench.vgpu, off, len, value);
	bench.doorbell = -1;
}

/* The busy time of a context, which the guest may have created or not. */
static u32 any_busy_register(void)
{
	u32 ctx = input_rarely(in(), 8) ? input_u8(in()) % T1_MAX_CONTEXTS :
		  any_ctx() % T1_MAX_CONTEXTS;

	return T1_REG_CTX_BUSY(input_below(in(), T1_NUM_ENGINES), ctx);
}

/* The low half, then the high one; what the vGPU does not have reads zero. */
static void step_read_busy(void)
{
	u32 off = any_busy_register(), ctx = (off - T1_REG_CTX_BUSY(0, 0)) / 8 % T1_MAX_CONTEXTS;
	u64 v = guest_read(off);

	v |= (u64)guest_read(off + 4) << 32;
	if (ctx < bench.vgpu.part.num_ctx && bench.vgpu.state->ctx[ctx].live)
		REQUIRE(v >> 32 == 1 + bench.vgpu.part.first_ctx + ctx, "%#x reads %#llx", off,
			(unsigned long long)v);
	else
		REQUIRE(!v, "%#x reads %#llx", off, (unsigned long long)v);
}

static void step_read(void)
{
	u32 off = any_register();
	u64 v;

	v = t1_regs_read(&bench.vgpu, off, input_rarely(in(), 16) ? 1 + input_below(in(), 8) : 4);
	REQUIRE(v <= U32_MAX, "%#x reads %#llx", off, (unsigned long long)v);
	if (off == T1_REG_CAPS)
		REQUIRE(!(v & ~T1_GUEST_CAPS), "%#llx", (unsigned long long)v);
}

/* Configuration space, and what region.c does of it. */
static void step_config(void)
{
	u32 at = input_rarely(in(), 4) ? 0x60 + PCI_EXP_DEVCTL : PCI_COMMAND;
	u16 value = input_u8(in()) | input_u8(in()) << 8;
	unsigned int asked = tessera_config_write(&bench.vgpu, at, &value, sizeof(value));

	if (asked & TESSERA_CONFIG_FLR)
		tessera_vgpu_reset(&bench.vgpu);
}

static void step_ambush(void)
{
	static const enum ambush what[] = {
		AMBUSH_REGISTER, AMBUSH_REGISTER, AMBUSH_FAULT, AMBUSH_REFUSE, AMBUSH_LOSS,
	};

	bench.ambush = what[input_below(in(), ARRAY_SIZE(what))];
	bench.ambush_in = 1 + input_below(in(), 16);
	bench.ambush_arg = input_u32(in());
}

static void step_faults(void)
{
	u32 n = input_rarely(in(), 8) ? 300 : 1, arg = input_u32(in());

	for (; n; n--)
		guest_fault(arg + (n << 16));
}

/* What becomes of the device, of the owner, and what the operator thinks of the vGPU. */
static void step_host(void)
{
	u8 v = input_u8(in());

	switch (v) {
	case 0xf8 ... 0xff:
		guest_orphan();
		break;
	case 0xf0 ... 0xf7:
		guest_quarantine(v & 1, v & 2);
		break;
	case 0xe0 ... 0xef:
		/* An engine was reset for one of its contexts, there or not. */
		bench.unnamed = any_ctx();
		tessera_vgpu_kick(&bench.vgpu);
		break;
	default:
		if (v & 1)
			hw_lose();
		else
			bench.lose = true;
	}
}

/* Nothing is owed for what is not READY. */
static void settle(void)
{
	if (guest_read(T1_REG_STATUS) != T1_STATUS_READY)
		bench.busy = false;
	bench_check();
}

static void step(void)
{
	switch (input_below(in(), 20)) {
	case 0 ... 4:
		step_command(true);
		guest_work();
		consume();
		break;
	case 5:
		step_command(true);
		break;
	case 6:
		step_command(false);
		break;
	case 7:
		step_flood();
		break;
	case 8:
		guest_work();
		bench_check_state();
		break;
	case 9:
		consume();
		break;
	case 10:
		step_write();
		break;
	case 11:
		if (input_rarely(in(), 4))
			step_read_busy();
		else
			step_read();
		break;
	case 12:
		step_config();
		break;
	case 13:
		step_ambush();
		break;
	case 14:
		step_faults();
		break;
	case 15:
		bench.status = input_below(in(), 16);
		break;
	case 16:
		step_host();
		break;
	case 17:
		kernel_fail_allocation = 1 + input_below(in(), 3);
		break;
	case 18:
		set_up();
		set_up_contexts();
		break;
	case 19:
		input_bytes(in(), bench.mem + input_below(in(), 16) * 64, 64);
		break;
	}
	settle();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u32 i;

	guest = (struct guest){ .in = { data, size } };
	kernel_fail_allocation = size ? data[0] >> 5 : 0;
	i = input_u8(in());
	guest.asq_size = 2u << input_below(in(), 8);
	guest.acq_size = 2u << input_below(in(), 8);
	guest.evq_size = 2u << input_below(in(), 6);
	if (!bench_init(i)) {
		REQUIRE(!kernel_allocations, "%u allocations are left", kernel_allocations);
		return 0;
	}
	kernel_fail_allocation = 0;
	set_up();
	set_up_contexts();
	for (i = 0; i < MAX_STEPS && in()->left; i++)
		step();
	guest_work();
	settle();
	if (bench.vgpu.part.vram_bytes <= SZ_1M) {
		static u8 vram[5 << 20];

		bench.t1.hw.vram = vram;
		tessera_vgpu_close(&bench.vgpu);
	}
	bench_fini();
	return 0;
}
