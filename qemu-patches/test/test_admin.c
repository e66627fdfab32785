// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_admin.c - registers, admin queue, page tables, event ring, faults, resets
 */
#include <stdlib.h>

#include "harness.h"

#define COMPUTE		T1_ENGINE_COMPUTE
#define COPY		T1_ENGINE_COPY
#define RW		(T1_MAP_READ | T1_MAP_WRITE)
#define HUGE		T1_MAP_HUGE
#define VRAM		T1_MAP_VRAM
#define VA_END		(1ull << T1_VA_BITS)

static void registers(void)
{
	uint64_t off;

	CHECK_EQ(rd(T1_REG_MAGIC), T1_MAGIC);
	CHECK_EQ(rd(T1_REG_VERSION), T1_HW_VERSION);
	CHECK_EQ(rd(T1_REG_CAPS), T1_CAP_SCHED | T1_CAP_STRICT_PREEMPT | T1_CAP_DB_LATCH |
		 T1_CAP_HANG | T1_CAP_CTX_BUSY | T1_CAP_TABLE_PARTS);
	CHECK_EQ(rd(T1_REG_NUM_SLOTS), 64);
	CHECK_EQ(rd(T1_REG_NUM_CONTEXTS), 64);
	CHECK_EQ(rd(T1_REG_NUM_VECTORS), 65);
	CHECK_EQ(rd64(T1_REG_VRAM_SIZE_LO), VRAM_SIZE);
	CHECK_EQ(rd64(T1_REG_TIME_LO), m.now);
	/* a counter is latched whole by its low word */
	m.now = 0xffffffffull;
	CHECK_EQ(rd(T1_REG_TIME_LO), 0xffffffff);
	m.now++;
	CHECK_EQ(rd(T1_REG_TIME_HI), 0);
	CHECK_EQ(rd64(T1_REG_TIME_LO), 0x100000000ull);
	/* only whole registers */
	for (off = 0; off < 8; off++) {
		CHECK_EQ(t1_core_read(m.core, off, 1), 0);
		CHECK_EQ(t1_core_read(m.core, off, 2), 0);
		CHECK_EQ(t1_core_read(m.core, off, 8), 0);
		if (off & 3)
			CHECK_EQ(t1_core_read(m.core, off, 4), 0);
	}
	t1_core_write(m.core, T1_REG_CTRL, 0, 2);
	t1_core_write(m.core, T1_REG_CTRL, 0, 8);
	CHECK_EQ(rd(T1_REG_STATUS), T1_STATUS_READY);
	/* doorbells read as zero; there are 64 */
	CHECK_EQ(rd(T1_DB_OFF(0)), 0);
	wr(T1_DB_OFF(64), 1);
	wr(T1_DB_OFF(0) + 4, 1);
	CHECK_EQ(m.guest_errors, 2);
	wr(T1_DB_OFF(63), 1);
	CHECK_EQ(m.guest_errors, 3);
	/* ring registers: locked while enabled */
	wr(T1_REG_ASQ_SIZE, 4);
	CHECK_EQ(rd(T1_REG_ASQ_SIZE), 16);
	CHECK_EQ(rd64(T1_REG_EVQ_BASE_LO), EVQ_BUS);
	wr(T1_REG_CTRL, 0);
	CHECK_EQ(rd(T1_REG_STATUS), 0);
	wr(T1_REG_ASQ_SIZE, 4);
	CHECK_EQ(rd(T1_REG_ASQ_SIZE), 4);
}

static void bad_rings_are_fatal(void)
{
	static const struct {
		unsigned int reg;
		uint32_t val;
	} bad[] = {
		{ T1_REG_ASQ_SIZE, 0 }, { T1_REG_ASQ_SIZE, 1 },
		{ T1_REG_ACQ_SIZE, 3 }, { T1_REG_EVQ_SIZE, 2048 },
		{ T1_REG_EVQ_SIZE, 0x80000000 }, { T1_REG_ASQ_BASE_LO, 0x10 },
		{ T1_REG_ACQ_BASE_LO, 0x800 }, { T1_REG_EVQ_BASE_LO, 1 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		wr(T1_REG_CTRL, T1_CTRL_RESET);
		CHECK_EQ(rd(T1_REG_CTRL), 0);
		machine_enable();
		wr(T1_REG_CTRL, 0);
		wr(bad[i].reg, bad[i].val);
		wr(T1_REG_CTRL, T1_CTRL_ENABLE);
		CHECK_EQ(rd(T1_REG_STATUS), T1_STATUS_FATAL);
		wr(T1_REG_ASQ_TAIL, 1);
		CHECK_EQ(rd(T1_REG_STATUS), T1_STATUS_FATAL);
	}
}

static void unreachable_rings_are_fatal(void)
{
	static const unsigned int base[] = {
		T1_REG_ASQ_BASE_HI, T1_REG_ACQ_BASE_HI, T1_REG_EVQ_BASE_HI,
	};
	struct t1_admin_cmd cmd;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		wr(T1_REG_CTRL, T1_CTRL_RESET);
		machine_enable();
		wr(T1_REG_CTRL, 0);
		wr(base[i], 0xffffffff);
		wr(T1_REG_CTRL, T1_CTRL_ENABLE);
		CHECK_EQ(rd(T1_REG_STATUS), T1_STATUS_READY);
		if (i < 2) {
			cmd = acmd(T1_ADMIN_CTX_CREATE, 0);
			admin_put(&cmd);
			admin_ring();
		} else {
			ctx_new(0);
			queue_new(0, 0, COMPUTE);
			push(0, c_hang(0, 0));
			doorbell(0, 1000);
			CHECK_EQ(m.timer, T1_NEVER);
			/* what ran is dropped */
			CHECK_EQ(rd(T1_ENGINE_BASE(0) + T1_ENG_STATUS), 0);
			CHECK_EQ(rd(T1_ENGINE_BASE(0) + T1_ENG_PENDING_LO), 0);
		}
		CHECK_EQ(rd(T1_REG_STATUS), T1_STATUS_FATAL);
		/* clearing ENABLE is the way out */
		wr(T1_REG_CTRL, 0);
		machine_enable();
		ctx_new(0);
	}
}

static void identify(void)
{
	struct t1_admin_cmd cmd = acmd(T1_ADMIN_IDENTIFY, 0);
	struct t1_identify id;

	cmd.addr = SYS_BASE + SYS_FREE;
	memset(sys_at(SYS_VA(0)), 0xff, sizeof(id));
	CHECK_EQ(admin(&cmd), T1_ST_OK);
	memcpy(&id, sys_at(SYS_VA(0)), sizeof(id));
	CHECK_EQ(id.magic, T1_MAGIC);
	CHECK_EQ(id.num_engines, 2);
	CHECK_EQ(id.vram_bytes, VRAM_SIZE);
	CHECK_EQ(id.clock_mhz, 500);
	CHECK_EQ(id.f32_macs_per_clock, 32);
	CHECK_EQ(id.i8_macs_per_clock, 128);
	CHECK_EQ(id.switch_ns, SWITCH_NS);
	CHECK_EQ(id.map_max_pages, 512);
	CHECK(!strcmp(id.model, "Tessera T1"));
	CHECK_EQ(id.rsvd1[sizeof(id.rsvd1) - 1], 0);
	cmd.addr += 64;
	CHECK_EQ(admin(&cmd), T1_ST_INVALID_FIELD);
	cmd.addr = 0x1000;
	CHECK_EQ(admin(&cmd), T1_ST_BAD_ADDRESS);
}

/* Each rule of an admin command broken once. */
static void admin_refusals(void)
{
	struct t1_admin_cmd good, cmd;
	unsigned int i;

	CHECK_EQ(admin_simple(0, 0), T1_ST_INVALID_OPCODE);
	CHECK_EQ(admin_simple(0x0a, 0), T1_ST_INVALID_OPCODE);
	CHECK_EQ(admin_simple(0xff, 0), T1_ST_INVALID_OPCODE);
	CHECK_EQ(admin_simple(T1_ADMIN_CTX_CREATE, 64), T1_ST_INVALID_FIELD);
	CHECK_EQ(admin_simple(T1_ADMIN_CTX_CREATE, -1u), T1_ST_INVALID_FIELD);
	CHECK_EQ(admin_simple(T1_ADMIN_CTX_DESTROY, 1), T1_ST_NOT_FOUND);
	ctx_new(63);
	CHECK_EQ(admin_simple(T1_ADMIN_CTX_CREATE, 63), T1_ST_EXISTS);

	good = acmd(T1_ADMIN_CTX_CREATE, 1);
#define REFUSED(change, status) \
	do { \
		cmd = good; \
		change; \
		CHECK_EQ(admin(&cmd), status); \
	} while (0)
	REFUSED(cmd.rsvd0 = 1, T1_ST_INVALID_FIELD);
	REFUSED(cmd.rsvd1 = 1, T1_ST_INVALID_FIELD);
	REFUSED(cmd.flags = 1, T1_ST_INVALID_FIELD);
	REFUSED(cmd.addr = 0x1000, T1_ST_INVALID_FIELD);
	for (i = 0; i < 40; i++)
		REFUSED(cmd.raw[i] = 1, T1_ST_INVALID_FIELD);

	good = queue_cmd(63, 2, COMPUTE);
	REFUSED(cmd.queue.slot = 64, T1_ST_INVALID_FIELD);
	REFUSED(cmd.queue.engine = 2, T1_ST_INVALID_FIELD);
	REFUSED(cmd.queue.ring_log2 = 1, T1_ST_INVALID_FIELD);
	REFUSED(cmd.queue.ring_log2 = 13, T1_ST_INVALID_FIELD);
	REFUSED(cmd.queue.ring_log2 = -1, T1_ST_INVALID_FIELD);
	REFUSED(cmd.queue.vector = 65, T1_ST_INVALID_FIELD);
	REFUSED(cmd.queue.rsvd4 = 1, T1_ST_INVALID_FIELD);
	REFUSED(cmd.queue.ring_va += 64, T1_ST_INVALID_FIELD);
	REFUSED(cmd.queue.ring_va = VA_END, T1_ST_INVALID_FIELD);
	REFUSED(cmd.queue.ring_va = -4096ull, T1_ST_INVALID_FIELD);
	REFUSED((cmd.queue.ring_va = VA_END - 4096, cmd.queue.ring_log2 = 12),
		T1_ST_INVALID_FIELD);
	REFUSED(cmd.queue.cb_va += 8, T1_ST_INVALID_FIELD);
	REFUSED(cmd.queue.cb_va = VA_END, T1_ST_INVALID_FIELD);
	REFUSED(cmd.ctx = 5, T1_ST_NOT_FOUND);
	CHECK_EQ(admin(&good), T1_ST_OK);
	CHECK_EQ(admin(&good), T1_ST_EXISTS);
	CHECK_EQ(queue_op(T1_ADMIN_QUEUE_DESTROY, 3), T1_ST_NOT_FOUND);
	CHECK_EQ(queue_op(T1_ADMIN_QUEUE_RESET, 3), T1_ST_NOT_FOUND);
	CHECK_EQ(queue_op(T1_ADMIN_QUEUE_DESTROY, 64), T1_ST_INVALID_FIELD);
	good.opcode = T1_ADMIN_QUEUE_DESTROY;
	CHECK_EQ(admin(&good), T1_ST_INVALID_FIELD);
	CHECK_EQ(queue_op(T1_ADMIN_QUEUE_DESTROY, 2), T1_ST_OK);

	good = acmd(T1_ADMIN_FAULT_QUERY, 63);
	good.addr = RESULT_BUS;
	REFUSED(cmd.addr += 8, T1_ST_INVALID_FIELD);
	REFUSED(cmd.addr = 0, T1_ST_BAD_ADDRESS);
	REFUSED(cmd.flags = 2, T1_ST_INVALID_FIELD);
	REFUSED(cmd.ctx = 5, T1_ST_NOT_FOUND);
	CHECK_EQ(admin(&good), T1_ST_OK);

	good = acmd(T1_ADMIN_MAP, 63);
	good.flags = RW | T1_MAP_CONTIG;
	good.map.va = 0x1000;
	good.map.npages = 2;
	good.map.list = SYS_BASE;
	REFUSED(cmd.flags = T1_MAP_CONTIG, T1_ST_INVALID_FIELD);
	REFUSED(cmd.flags |= 0x20, T1_ST_INVALID_FIELD);
	REFUSED(cmd.map.npages = 0, T1_ST_INVALID_FIELD);
	REFUSED(cmd.map.npages = 513, T1_ST_INVALID_FIELD);
	REFUSED(cmd.map.npages = -1, T1_ST_INVALID_FIELD);
	REFUSED(cmd.map.va = 0x800, T1_ST_INVALID_FIELD);
	REFUSED(cmd.map.va = VA_END, T1_ST_INVALID_FIELD);
	REFUSED(cmd.map.va = VA_END - 4096, T1_ST_INVALID_FIELD);
	REFUSED(cmd.map.va = -4096ull, T1_ST_INVALID_FIELD);
	REFUSED(cmd.map.rsvd2 = 1, T1_ST_INVALID_FIELD);
	REFUSED(cmd.map.rsvd3[1] = 1, T1_ST_INVALID_FIELD);
	REFUSED(cmd.map.list = 0x800, T1_ST_INVALID_FIELD);
	REFUSED(cmd.map.list = -4096ull, T1_ST_BAD_ADDRESS);
	REFUSED(cmd.flags |= HUGE, T1_ST_INVALID_FIELD);
	REFUSED((cmd.flags |= HUGE, cmd.map.va = 2 << 20, cmd.map.list = 0x1000),
		T1_ST_INVALID_FIELD);
	REFUSED((cmd.flags |= VRAM, cmd.map.list = VRAM_SIZE - 4096),
		T1_ST_BAD_ADDRESS);
	REFUSED((cmd.flags |= VRAM, cmd.map.list = VRAM_SIZE), T1_ST_BAD_ADDRESS);
	REFUSED((cmd.flags |= VRAM, cmd.map.list = -4096ull), T1_ST_BAD_ADDRESS);
	REFUSED(cmd.ctx = 5, T1_ST_NOT_FOUND);
	CHECK_EQ(admin(&good), T1_ST_OK);

	good = acmd(T1_ADMIN_UNMAP, 63);
	good.map.va = 0x1000;
	good.map.npages = 2;
	REFUSED(cmd.flags = RW, T1_ST_INVALID_FIELD);
	REFUSED(cmd.map.list = 0x1000, T1_ST_INVALID_FIELD);
	REFUSED(cmd.map.npages = 0, T1_ST_INVALID_FIELD);
	REFUSED(cmd.map.va = 0x800, T1_ST_INVALID_FIELD);
	REFUSED(cmd.map.va = VA_END - 4096, T1_ST_INVALID_FIELD);
	REFUSED((cmd.flags = HUGE, cmd.map.va = 0, cmd.map.npages = -1),
		T1_ST_INVALID_FIELD);
	REFUSED(cmd.ctx = 5, T1_ST_NOT_FOUND);
	CHECK_EQ(admin(&good), T1_ST_OK);
#undef REFUSED
}

/* Whether a context can read, and write, the 8 bytes at an address. */
static unsigned int access_of(uint64_t va)
{
	unsigned int can = 0;
	struct t1_event ev;

	queue_op(T1_ADMIN_QUEUE_RESET, 15);
	push(15, c_copy(SYS_VA(0), va, 8));
	run_idle();
	if (event_get(&ev)) {
		CHECK_EQ(ev.addr, va);
		CHECK(ev.fault == T1_FAULT_UNMAPPED || ev.fault == T1_FAULT_PERMISSION);
		fault_query(0, T1_FAULT_QUERY_CLEAR);
		queue_op(T1_ADMIN_QUEUE_RESET, 15);
	} else {
		can |= T1_MAP_READ;
	}
	push(15, c_copy(va, SYS_VA(0), 8));
	run_idle();
	if (event_get(&ev)) {
		CHECK_EQ(ev.addr, va);
		fault_query(0, T1_FAULT_QUERY_CLEAR);
	} else {
		can |= T1_MAP_WRITE;
	}
	return can;
}

static void mappings(void)
{
	const uint64_t base = 0x7ffff000000ull;
	struct t1_admin_cmd cmd;
	unsigned int i;

	ctx_new(0);
	queue_new(0, 15, COPY);
	CHECK_EQ(map_contig(0, base, 0x1000, 1, T1_MAP_READ | VRAM), 0);
	CHECK_EQ(map_contig(0, base + 0x1000, 0x2000, 1, T1_MAP_WRITE | VRAM), 0);
	CHECK_EQ(access_of(base), T1_MAP_READ);
	CHECK_EQ(access_of(base + 0x1000), T1_MAP_WRITE);
	CHECK_EQ(access_of(base + 0x2000), 0);
	CHECK_EQ(access_of(base - 8), 0);
	/* 4 KiB in the way of 2 MiB and the other way round */
	CHECK_EQ(map_contig(0, base, 0x200000, 1, RW | VRAM | HUGE), T1_ST_EXISTS);
	CHECK_EQ(map_contig(0, base + (2 << 20), 0x200000, 1, RW | VRAM | HUGE), 0);
	CHECK_EQ(map_contig(0, base + (2 << 20) + 0x3000, 0, 1, RW | VRAM),
		 T1_ST_EXISTS);
	/* whole or not at all, here across two tables, the last page in the way */
	CHECK_EQ(map_contig(0, base + (2 << 20) - 0x5000, 0, 6, RW | VRAM),
		 T1_ST_EXISTS);
	for (i = 1; i <= 5; i++)
		CHECK_EQ(access_of(base + (2 << 20) - i * 0x1000), 0);
	/* no splitting; whole pages yes, whatever the size given */
	CHECK_EQ(unmap(0, base + (2 << 20), 1, 0), T1_ST_INVALID_FIELD);
	CHECK_EQ(unmap(0, base + (2 << 20) + 0x1000, 511, 0), T1_ST_INVALID_FIELD);
	CHECK_EQ(unmap(0, base, 513, 0), T1_ST_INVALID_FIELD);
	CHECK_EQ(access_of(base), T1_MAP_READ);
	CHECK_EQ(access_of(base + (4 << 20) - 8), RW);
	CHECK_EQ(unmap(0, base, 1024, 0), T1_ST_OK);
	CHECK_EQ(access_of(base), 0);
	CHECK_EQ(access_of(base + (2 << 20)), 0);
	/* what is not mapped may be unmapped, be it all there is */
	CHECK_EQ(unmap(0, base, 1024, 0), T1_ST_OK);
	CHECK_EQ(unmap(0, 0x100000000ull, 0xffff0000, 0), T1_ST_OK);

	/* a list of pages, not in order, some from either side of a table's end */
	cmd = acmd(T1_ADMIN_MAP, 0);
	cmd.flags = RW | VRAM;
	cmd.map.va = base + (2 << 20) - 0x2000;
	cmd.map.npages = 4;
	cmd.map.list = LIST_BUS;
	for (i = 0; i < 4; i++) {
		uint64_t page = (7 - 2 * i) * 0x1000;

		memcpy(m.sys + (LIST_BUS - SYS_BASE) + i * 8, &page, 8);
		memset(m.vram + page, 0x10 + i, 0x1000);
	}
	CHECK_EQ(admin(&cmd), 0);
	queue_op(T1_ADMIN_QUEUE_RESET, 15);
	push(15, c_copy(SYS_VA(0x8000), cmd.map.va + 1, 0x3ffe));
	run_idle();
	event_none();
	for (i = 0; i < 4; i++) {
		CHECK_EQ(*sys_at(SYS_VA(0x8000) + i * 0x1000), 0x10 + i);
		CHECK_EQ(*sys_at(SYS_VA(0x8000) + i * 0x1000 + 0xffd), 0x10 + i);
	}
	/* a list that holds nonsense, or is nowhere */
	cmd.map.va = 0x100000;
	set_sys64(VA_SYS + (LIST_BUS - SYS_BASE) + 24, 0x1234);
	CHECK_EQ(admin(&cmd), T1_ST_INVALID_FIELD);
	set_sys64(VA_SYS + (LIST_BUS - SYS_BASE) + 24, VRAM_SIZE);
	CHECK_EQ(admin(&cmd), T1_ST_BAD_ADDRESS);
	cmd.map.list = 0x1000;
	CHECK_EQ(admin(&cmd), T1_ST_BAD_ADDRESS);
	cmd.map.list = LIST_BUS + 8;
	CHECK_EQ(admin(&cmd), T1_ST_INVALID_FIELD);
	CHECK_EQ(access_of(0x100000), 0);
	/* pages with adjacent addresses are not adjacent if only one of them is VRAM */
	CHECK_EQ(map_contig(0, 0x200000, 0x1000, 1, RW | VRAM), 0);
	CHECK_EQ(map_contig(0, 0x201000, 0x2000, 1, RW), 0);
	CHECK_EQ(queue_op(T1_ADMIN_QUEUE_RESET, 15), 0);
	push(15, c_copy(SYS_VA(0), 0x200000, 0x2000));
	run_idle();
	CHECK_EQ(event_expect(T1_EV_FAULT).addr, 0x201000);
	CHECK_EQ(fault_query(0, T1_FAULT_QUERY_CLEAR).fault, T1_FAULT_BUS_ERROR);
	/* the last page there is */
	CHECK_EQ(map_contig(0, VA_END - 4096, 0, 1, RW | VRAM), 0);
	CHECK_EQ(access_of(VA_END - 8), RW);
	CHECK_EQ(unmap(0, VA_END - 4096, 1, 0), 0);
}

static void isolation(void)
{
	ctx_new(0);
	CHECK_EQ(admin_simple(T1_ADMIN_CTX_CREATE, 1), 0);
	queue_new(1, 1, COPY);
	/* the ring of context 1 is mapped in context 0 only */
	push(1, c_nop());
	run_idle();
	CHECK_EQ(event_expect(T1_EV_FAULT).ctx, 1);
	CHECK_EQ(fault_query(1, 0).fault, T1_FAULT_UNMAPPED);
	CHECK_EQ(fault_query(1, 0).addr, ring_va(1));
	CHECK_EQ(fault_query(0, 0).fault, T1_FAULT_NONE);
}

/* Enough page tables for 64 contexts of 1 GiB in 4 KiB pages, and an end to them. */
static void page_table_budget(void)
{
	const unsigned int chunks = (1u << 30) / (2u << 20);
	unsigned int ctx, i, status = 0;
	uint64_t va;

	for (ctx = 0; ctx < 64; ctx++) {
		CHECK_EQ(admin_simple(T1_ADMIN_CTX_CREATE, ctx), 0);
		for (i = 0; i < chunks && !status; i++)
			status = map_contig(ctx, 0x1234567000ull + i * (2ull << 20), 0, 512,
					    RW | VRAM);
		CHECK_EQ(status, T1_ST_OK);
	}
	/* scattered pages take a table each, and more */
	for (va = 0; !status && va < VA_END; va += 1ull << 30)
		status = map_contig(0, va + (1ull << 45), 0, 1, RW | VRAM);
	CHECK_EQ(status, T1_ST_NO_RESOURCE);
	/* what is given back is there again */
	CHECK_EQ(admin_simple(T1_ADMIN_CTX_DESTROY, 63), 0);
	CHECK_EQ(map_contig(0, 1ull << 46, 0, 1, RW | VRAM), 0);
	for (i = 0; i < 1000; i++) {
		CHECK_EQ(map_contig(1, 1ull << 46, 0, 512, RW | VRAM), 0);
		CHECK_EQ(unmap(1, 1ull << 46, 512, 0), 0);
	}
}

/* A MAP that fails gives back the tables that it had made, on either side of a border. */
static void failed_map_leaves_no_tables(void)
{
	unsigned int side, i, status = 0;
	uint64_t va = 1ull << 40;

	CHECK_EQ(admin_simple(T1_ADMIN_CTX_CREATE, 0), 0);
	for (side = 0; side < 2; side++) {
		/* more often than there are tables, never twice at one border */
		for (i = 0; i < 35000 && !status; i++, va += 4ull << 20) {
			status = map_contig(0, va - side * 4096, 0, 1, RW | VRAM);
			CHECK_EQ(map_contig(0, va - 4096, 0, 2, RW | VRAM), T1_ST_EXISTS);
			CHECK_EQ(unmap(0, va - side * 4096, 1, 0), 0);
		}
	}
	CHECK_EQ(status, T1_ST_OK);
}

static void completion_ring_full(void)
{
	struct t1_admin_cmd cmd;
	struct t1_admin_cpl cpl;
	unsigned int i;

	machine_init_rings(16, 4, 64);
	for (i = 0; i < 10; i++) {
		cmd = acmd(T1_ADMIN_CTX_CREATE, i);
		cmd.cid = 100 + i;
		admin_put(&cmd);
	}
	admin_ring();
	/* three fit; then each place given back lets one more through */
	CHECK_EQ(m.irqs[0], 1);
	for (i = 0; i < 10; i++) {
		CHECK(admin_get(&cpl));
		CHECK_EQ(cpl.cid, 100 + i);
		CHECK_EQ(cpl.status, T1_ST_OK);
		CHECK_EQ(cpl.asq_head, i + 1);
	}
	CHECK(!admin_get(&cpl));
	CHECK_EQ(m.irqs[0], 8);
	/* a head that claims what was never written is dropped */
	wr(T1_REG_ACQ_HEAD, (m.acq_head + 1) % 4);
	wr(T1_REG_ACQ_HEAD, 4);
	wr(T1_REG_ASQ_TAIL, 16);
	CHECK_EQ(m.guest_errors, 3);
	CHECK_EQ(admin_simple(T1_ADMIN_CTX_CREATE, 20), T1_ST_OK);
}

static void event_ring_full(void)
{
	struct t1_event ev;
	uint32_t next[2] = { 0, 0 };
	unsigned int i, got = 0, e;
	uint64_t last = 0;

	machine_init_rings(16, 16, 4);
	wr(T1_REG_SCHED_CTRL, T1_SCHED_EXPLICIT);
	for (i = 0; i < 300; i++) {
		runlist(i & 1, 0, T1_RL_PREEMPT_BATCH | i);
		run_for(10);
	}
	CHECK_EQ(m.irqs[0], 3);
	for (; event_get(&ev); got++) {
		e = ev.engine;
		/* in turn a switch and an idle for each token, in order of time */
		CHECK_EQ(ev.type, next[e] & 1 ? T1_EV_RUNLIST_IDLE :
						T1_EV_RUNLIST_SWITCHED);
		CHECK_EQ(ev.token, (next[e] / 2) * 2 + e);
		CHECK(ev.time_ns >= last);
		last = ev.time_ns;
		next[e]++;
	}
	CHECK_EQ(got, 600);
	CHECK_EQ(m.irqs[0], 600);
}

/* Past the gate nothing that could make an event moves; then all goes on. */
static void event_backlog_full(void)
{
	struct t1_admin_cmd cmd;
	struct t1_admin_cpl cpl;
	struct t1_event ev;
	unsigned int i, got = 0, faults = 0, switched = 0, ctx;
	uint32_t last = 0;

	machine_init_rings(16, 16, 2);
	for (ctx = 0; ctx < 12; ctx++) {
		ctx_new(ctx);
		queue_new(ctx, ctx, ctx & 1);
	}
	wr(T1_REG_SCHED_CTRL, T1_SCHED_EXPLICIT);
	for (i = 1; i <= 5000; i++)
		runlist(COMPUTE, 0, T1_RL_PREEMPT_BATCH | i);
	CHECK_EQ(rd(T1_ENGINE_BASE(0) + T1_ENG_STATUS),
		 T1_ENG_STATUS_SWITCHING);
	/* faults and edges that come by doorbell all the same are kept too */
	for (ctx = 0; ctx < 12; ctx++) {
		doorbell(ctx, 1);
		doorbell(ctx, 10000);
		doorbell(ctx, 20000);
	}
	wr(T1_ENGINE_BASE(1) + T1_ENG_RESET, 1);
	run_for(1000000);
	cmd = acmd(T1_ADMIN_CTX_DESTROY, 3);
	admin_put(&cmd);
	admin_ring();
	CHECK(!admin_get(&cpl));
	CHECK_EQ(m.timer, T1_NEVER);
	CHECK_EQ(rd(T1_REG_STATUS), T1_STATUS_READY);
	for (; event_get(&ev); got++) {
		run_for(1);
		if (ev.type == T1_EV_RUNLIST_SWITCHED) {
			CHECK(ev.token > last);
			last = ev.token;
			switched++;
		}
		faults += ev.type == T1_EV_FAULT;
	}
	run_idle();
	while (event_get(&ev))
		switched += ev.type == T1_EV_RUNLIST_SWITCHED;
	CHECK_EQ(faults, 12);
	CHECK_EQ(last, 5000);	/* the last submit of all is in force */
	CHECK(switched > 400 && switched < 5000);
	CHECK(admin_get(&cpl));
	CHECK_EQ(cpl.status, T1_ST_OK);
}

/* Give one bad command to a fresh queue; the context must stop with this fault. */
static void expect_fault(struct t1_cmd cmd, unsigned int engine, unsigned int fault,
			 uint64_t addr)
{
	struct t1_fault f;
	struct t1_event ev;
	uint64_t t;

	queue_new(0, 4, engine);
	queue_new(1, 5, engine);
	put(4, c_nop());
	push(4, cmd);
	run_idle();
	ev = event_expect(T1_EV_FAULT);
	CHECK_EQ(ev.fault, fault);
	CHECK_EQ(ev.addr, addr);
	CHECK_EQ(ev.ctx, 0);
	CHECK_EQ(ev.slot, 4);
	CHECK_EQ(ev.engine, engine);
	f = fault_query(0, 0);
	CHECK_EQ(f.fault, fault);
	CHECK_EQ(f.engine, engine);
	CHECK_EQ(f.slot, 4);
	CHECK_EQ(f.opcode, cmd.opcode);
	CHECK_EQ(f.entry, 1);
	CHECK_EQ(f.batch_index, 0xffffffff);
	CHECK_EQ(f.addr, addr);
	CHECK_EQ(f.time_ns, ev.time_ns);
	/* the context is stopped, the device is not */
	push(4, c_nop());
	t = m.now;
	push(5, c_time(SYS_VA(0)));
	run_idle();
	CHECK_EQ(sys64(SYS_VA(0)), t + CMD_NS);
	event_none();
	CHECK_EQ(queue_op(T1_ADMIN_QUEUE_DESTROY, 4), 0);
	CHECK_EQ(queue_op(T1_ADMIN_QUEUE_DESTROY, 5), 0);
	fault_query(0, T1_FAULT_QUERY_CLEAR);
}

static void command_faults(void)
{
	const unsigned int bad = T1_FAULT_BAD_COMMAND;
	struct t1_cmd cmd;
	unsigned int op, i;

	ctx_new(0);
	ctx_new(1);
	for (op = 0; op < 256; op++) {
		cmd = (struct t1_cmd){ .opcode = op };
		if (op > T1_OP_REQUANT ||
		    (op > T1_OP_FILL && op < T1_OP_GEMM && op != T1_OP_HANG))
			expect_fault(cmd, COMPUTE, bad, 0);
		if (op >= T1_OP_GEMM)
			expect_fault(cmd, COPY, bad, 0);
	}
	/* a good one on the wrong engine */
	cmd = (struct t1_cmd){ .opcode = T1_OP_ACT };
	cmd.act.x = VA_VRAM;
	cmd.act.out = VA_VRAM;
	cmd.act.count = 4;
	expect_fault(cmd, COPY, bad, 0);
	queue_new(0, 4, COMPUTE);
	push(4, cmd);
	run_idle();
	event_none();
	CHECK_EQ(queue_op(T1_ADMIN_QUEUE_DESTROY, 4), 0);
	/* each byte that must be zero */
	for (i = 0; i < sizeof(cmd.raw); i++) {
		cmd = c_nop();
		cmd.raw[i] = 1;
		expect_fault(cmd, COPY, bad, 0);
	}
#define BAD(make, change, fault, addr) \
	do { \
		cmd = make; \
		change; \
		expect_fault(cmd, COPY, fault, addr); \
	} while (0)
#define WRONG(make, fault, addr) expect_fault(make, COPY, fault, addr)
	BAD(c_nop(), cmd.rsvd = 1, bad, 0);
	BAD(c_nop(), cmd.flags = 1, bad, 0);
	BAD(c_nop(), cmd.sub = 1, bad, 0);
	WRONG(c_fence(SYS_VA(0), 1, 2), bad, 0);
	BAD(c_fence(SYS_VA(0), 1, 0), cmd.sub = 1, bad, 0);
	BAD(c_fence(SYS_VA(0), 1, 0), cmd.sync.pad[39] = 1, bad, 0);
	WRONG(c_fence(SYS_VA(4), 1, 0), T1_FAULT_MISALIGNED, 0);
	WRONG(c_fence(VA_END, 1, 0), T1_FAULT_UNMAPPED, 0);
	WRONG(c_fence(0x8000, 1, 0), T1_FAULT_UNMAPPED, 0x8000);
	WRONG(c_sem(SYS_VA(0), 0, 2), bad, 0);
	BAD(c_sem(SYS_VA(0), 0, 0), cmd.flags = 1, bad, 0);
	WRONG(c_sem(0x8000, 0, 0), T1_FAULT_UNMAPPED, 0x8000);
	BAD(c_time(SYS_VA(0)), cmd.sync.value = 1, bad, 0);
	WRONG(c_time(SYS_VA(1)), T1_FAULT_MISALIGNED, 0);
	WRONG(c_batch(SYS_VA(0), 0), bad, 0);
	WRONG(c_batch(SYS_VA(0), T1_MAX_BATCH + 1), bad, 0);
	WRONG(c_batch(SYS_VA(32), 1), T1_FAULT_MISALIGNED, 0);
	WRONG(c_batch(VA_END - 64, 2), T1_FAULT_UNMAPPED, 0);
	WRONG(c_copy(SYS_VA(0), SYS_VA(64), 0), bad, 0);
	WRONG(c_copy(SYS_VA(0), SYS_VA(64), T1_MAX_BYTES + 1), bad, 0);
	BAD(c_copy(SYS_VA(0), SYS_VA(64), 8), cmd.copy.pattern = 1, bad, 0);
	BAD(c_copy(SYS_VA(0), SYS_VA(64), 8), cmd.copy.pad[0] = 1, bad, 0);
	WRONG(c_copy(VA_END - 4, SYS_VA(64), 8), T1_FAULT_UNMAPPED, 0);
	WRONG(c_copy(SYS_VA(0), -8ull, 16), T1_FAULT_UNMAPPED, 0);
	WRONG(c_copy(SYS_VA(0), VA_SYS + SYS_SIZE - 4, 8), T1_FAULT_UNMAPPED,
	      VA_SYS + SYS_SIZE);
	WRONG(c_copy(VA_VRAM + VRAM_SIZE - 4, SYS_VA(0), 8), T1_FAULT_UNMAPPED,
	      VA_VRAM + VRAM_SIZE);
	WRONG(c_fill(SYS_VA(0), 1, 6), bad, 0);
	WRONG(c_fill(SYS_VA(2), 1, 8), T1_FAULT_MISALIGNED, 0);
	BAD(c_fill(SYS_VA(0), 1, 8), cmd.copy.src = 1, bad, 0);
	WRONG(c_hang(1, 2), bad, 0);
	BAD(c_hang(1, 0), cmd.hang.pad[47] = 1, bad, 0);
	/* mapped, but not for this; mapped to where nothing answers */
	CHECK_EQ(map_contig(0, 0x8000, 0, 1, T1_MAP_READ | VRAM), 0);
	CHECK_EQ(map_contig(0, 0x9000, 0, 1, T1_MAP_WRITE | VRAM), 0);
	CHECK_EQ(map_contig(0, 0xa000, 0x1000, 1, RW), 0);
	WRONG(c_fence(0x8008, 1, 0), T1_FAULT_PERMISSION, 0x8008);
	WRONG(c_sem(0x9008, 1, 0), T1_FAULT_PERMISSION, 0x9008);
	WRONG(c_fill(0x8000, 1, 4), T1_FAULT_PERMISSION, 0x8000);
	WRONG(c_copy(SYS_VA(0), 0x9000, 4), T1_FAULT_PERMISSION, 0x9000);
	WRONG(c_fence(0xa000, 1, 0), T1_FAULT_BUS_ERROR, 0xa000);
	WRONG(c_copy(SYS_VA(0), 0xa001, 4), T1_FAULT_BUS_ERROR, 0xa001);
	WRONG(c_copy(0xa001, SYS_VA(0), 4), T1_FAULT_BUS_ERROR, 0xa001);
	WRONG(c_copy(0xa001, VA_VRAM, 4), T1_FAULT_BUS_ERROR, 0xa001);
	WRONG(c_copy(VA_VRAM, 0xa001, 4), T1_FAULT_BUS_ERROR, 0xa001);
	WRONG(c_fill(0xa004, 1, 4), T1_FAULT_BUS_ERROR, 0xa004);
#undef WRONG
#undef BAD
}

static void batch_faults(void)
{
	const struct t1_cmd bad[] = {
		c_batch(SYS_VA(0), 1), c_sem(SYS_VA(0), 0, 0),
		c_fence(SYS_VA(0), 1, T1_FENCE_IRQ), { .opcode = 0xff },
	};
	struct t1_cmd nop = c_nop();
	struct t1_fault f;
	unsigned int i;

	ctx_new(0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		queue_new(0, 0, COMPUTE);
		memset(sys_at(SYS_VA(0x1000)), 0, 0x1000);
		memcpy(sys_at(SYS_VA(0x1000)), &nop, sizeof(nop));
		memcpy(sys_at(SYS_VA(0x1000) + 40 * 64), &bad[i], sizeof(bad[i]));
		put(0, c_nop());
		push(0, c_batch(SYS_VA(0x1000), 64));
		run_idle();
		event_expect(T1_EV_FAULT);
		f = fault_query(0, T1_FAULT_QUERY_CLEAR);
		CHECK_EQ(f.fault, T1_FAULT_BAD_COMMAND);
		CHECK_EQ(f.entry, 1);
		CHECK_EQ(f.batch_index, 40);
		CHECK_EQ(f.opcode, bad[i].opcode);
		CHECK_EQ(queue_op(T1_ADMIN_QUEUE_DESTROY, 0), 0);
	}
	/* a batch that runs out of mapped memory faults where it does */
	queue_new(0, 0, COMPUTE);
	push(0, c_batch(VA_SYS + SYS_SIZE - 128, 64));
	run_idle();
	f = fault_query(0, T1_FAULT_QUERY_CLEAR);
	CHECK_EQ(f.fault, T1_FAULT_UNMAPPED);
	CHECK_EQ(f.addr, VA_SYS + SYS_SIZE);
	CHECK_EQ(f.batch_index, 2);
}

static void bad_doorbell(void)
{
	struct t1_fault f;

	ctx_new(0);
	queue_new(0, 0, COMPUTE);
	doorbell(0, (1 << RING_LOG2) + 1);
	CHECK_EQ(event_expect(T1_EV_FAULT).fault, T1_FAULT_BAD_DOORBELL);
	doorbell(0, 1000);
	event_none();
	f = fault_query(0, T1_FAULT_QUERY_CLEAR);
	CHECK_EQ(f.fault, T1_FAULT_BAD_DOORBELL);
	CHECK_EQ(queue_op(T1_ADMIN_QUEUE_RESET, 0), 0);
	/* a full ring is fine, an older tail is ignored */
	memset(sys_at(ring_va(0)), 0, 64 << RING_LOG2);
	doorbell(0, 1 << RING_LOG2);
	doorbell(0, 3);
	run_idle();
	event_none();
	CHECK_EQ(cb_of(0)->head, 1 << RING_LOG2);
	/* one behind what is retired is as far ahead as can be */
	doorbell(0, (1 << RING_LOG2) - 1);
	CHECK_EQ(event_expect(T1_EV_FAULT).fault, T1_FAULT_BAD_DOORBELL);
}

/* An UNMAP that has completed ends all access, also of a command that runs. */
static void unmap_under_way(void)
{
	ctx_new(0);
	queue_new(0, 0, COPY);
	push(0, c_fill(VA_VRAM, ~0u, 4 << 20));
	run_for(1000);
	CHECK_EQ(unmap(0, VA_VRAM + (2 << 20), 1, HUGE), 0);
	run_idle();
	CHECK_EQ(event_expect(T1_EV_FAULT).addr, VA_VRAM + (2 << 20));
	CHECK_EQ(*vram_at(VA_VRAM), 0);
	fault_query(0, T1_FAULT_QUERY_CLEAR);
	CHECK_EQ(queue_op(T1_ADMIN_QUEUE_RESET, 0), 0);
	/* commands fetched ahead go with their pages too */
	put(0, c_hang(1000, 0));
	put(0, c_nop());
	kick(0);
	run_for(100);
	CHECK_EQ(unmap(0, ring_va(0), 1, 0), 0);
	run_idle();
	CHECK_EQ(event_expect(T1_EV_FAULT).addr, ring_va(0) + 64);
}

static void control_block_faults(void)
{
	struct t1_admin_cmd cmd;

	ctx_new(0);
	cmd = queue_cmd(0, 0, COMPUTE);
	cmd.queue.cb_va = 0x8000;
	CHECK_EQ(admin(&cmd), 0);
	push(0, c_fence(SYS_VA(0), 1, 0));
	run_idle();
	CHECK_EQ(event_expect(T1_EV_FAULT).addr, 0x8000);
	CHECK_EQ(sys64(SYS_VA(0)), 0);
	fault_query(0, T1_FAULT_QUERY_CLEAR);
	CHECK_EQ(queue_op(T1_ADMIN_QUEUE_RESET, 0), 0);
	push(0, c_nop());
	run_idle();
	CHECK_EQ(event_expect(T1_EV_FAULT).addr, 0x8000);
	CHECK_EQ(fault_query(0, T1_FAULT_QUERY_CLEAR).entry, 0);
	CHECK_EQ(queue_op(T1_ADMIN_QUEUE_RESET, 0), 0);
	/* writable but not readable: the event index */
	CHECK_EQ(map_contig(0, 0x8000, 0, 1, T1_MAP_WRITE | VRAM), 0);
	push(0, c_fence(SYS_VA(0), 1, 0));
	run_idle();
	event_none();
	push(0, c_fence(SYS_VA(0), 1, T1_FENCE_IRQ));
	run_idle();
	CHECK_EQ(event_expect(T1_EV_FAULT).addr, 0x8000 + 32);
}

static void hang_needs_its_property(void)
{
	struct t1_config config = machine_config;

	config.hang = false;
	t1_core_free(m.core);
	m.core = t1_core_new(&config, &machine_ops, NULL, m.vram);
	m.timer = T1_NEVER;
	machine_enable();
	CHECK_EQ(rd(T1_REG_CAPS) & T1_CAP_HANG, 0);
	ctx_new(0);
	queue_new(0, 0, COMPUTE);
	push(0, c_hang(1, 0));
	CHECK_EQ(event_expect(T1_EV_FAULT).fault, T1_FAULT_BAD_COMMAND);
}

/* After a reset a device can't be distinguished from a new one. */
static void reset_is_power_on(void)
{
	unsigned int how, i;
	uint8_t *fresh, *now;
	size_t fresh_len, now_len;

	for (how = 0; how < 2; how++) {
		t1_core_free(m.core);
		m.core = t1_core_new(&machine_config, &machine_ops, NULL, m.vram);
		m.timer = T1_NEVER;
		fresh = t1_core_save(m.core, &fresh_len);
		machine_enable();
		for (i = 0; i < 8; i++) {
			ctx_new(i);
			queue_new(i, i, i & 1);
			push(i, c_hang(0, i & 2 ? T1_HANG_NO_PREEMPT : 0));
		}
		wr(T1_REG_SCHED_CTRL, T1_SCHED_EXPLICIT);
		runlist(COMPUTE, 0xff00ff00ff00ff00ull, T1_RL_PREEMPT_STRICT | 3);
		doorbell(4, 10000);
		set_sys64(SYS_VA(0), 0);
		run_for(0x180000000ull);
		busy(COMPUTE);
		busy(COPY);
		ctx_busy(COPY, 1);
		rd64(T1_REG_TIME_LO);
		*vram_at(VA_VRAM) = 0x77;
		if (how)
			t1_core_reset(m.core);
		else
			wr(T1_REG_CTRL, T1_CTRL_RESET | T1_CTRL_ENABLE);
		CHECK_EQ(m.timer, T1_NEVER);
		now = t1_core_save(m.core, &now_len);
		CHECK_EQ(now_len, fresh_len);
		CHECK(now_len == fresh_len && !memcmp(fresh, now, now_len));
		CHECK_EQ(*vram_at(VA_VRAM), 0x77);
		free(fresh);
		free(now);
		machine_enable();
		ctx_new(0);
		queue_new(0, 0, COMPUTE);
		push(0, c_nop());
		run_idle();
		CHECK_EQ(busy(COMPUTE), CMD_NS);
	}
}

static void disable_drops_all_work(void)
{
	ctx_new(0);
	queue_new(0, 0, COMPUTE);
	queue_new(0, 1, COPY);
	push(0, c_hang(0, T1_HANG_NO_PREEMPT));
	push(1, c_sem(SYS_VA(0), 1, 0));
	run_for(5000);
	wr(T1_REG_CTRL, 0);
	CHECK_EQ(m.timer, T1_NEVER);
	CHECK_EQ(busy(COMPUTE), 5000);
	run_for(1000000);
	machine_enable();
	CHECK_EQ(busy(COMPUTE), 5000);
	CHECK_EQ(rd(T1_ENGINE_BASE(0) + T1_ENG_STATUS), 0);
	ctx_new(0);
	queue_new(0, 0, COMPUTE);
	push(0, c_time(SYS_VA(0)));
	run_idle();
	CHECK_EQ(sys64(SYS_VA(0)), m.now);
}

/* The guest may aim the device's writes at the device. */
static void own_registers_as_memory(void)
{
	ctx_new(0);
	queue_new(0, 0, COMPUTE);
	m.reenter = true;
	push(0, c_fence(SYS_VA(0), 5, 0));
	run_idle();
	m.reenter = false;
	CHECK_EQ(sys64(SYS_VA(0)), 5);
	CHECK_EQ(rd(T1_REG_STATUS), T1_STATUS_READY);
	CHECK(m.guest_errors > 0);
}

static void config_is_checked(void)
{
	struct t1_config config = machine_config;

	config.tile_ns = 0;
	CHECK(!t1_core_new(&config, &machine_ops, NULL, m.vram));
	config = machine_config;
	config.cmd_ns = 0;
	CHECK(!t1_core_new(&config, &machine_ops, NULL, m.vram));
	config = machine_config;
	config.vram_bytes = 4096;
	CHECK(!t1_core_new(&config, &machine_ops, NULL, m.vram));
	config = machine_config;
	config.dma_mb_per_s = 0;
	CHECK(!t1_core_new(&config, &machine_ops, NULL, m.vram));
}

#define TEST(name) { #name, name }

static const struct ktap_test tests[] = {
	TEST(registers),
	TEST(bad_rings_are_fatal),
	TEST(unreachable_rings_are_fatal),
	TEST(identify),
	TEST(admin_refusals),
	TEST(mappings),
	TEST(isolation),
	TEST(page_table_budget),
	TEST(failed_map_leaves_no_tables),
	TEST(completion_ring_full),
	TEST(event_ring_full),
	TEST(event_backlog_full),
	TEST(command_faults),
	TEST(batch_faults),
	TEST(bad_doorbell),
	TEST(unmap_under_way),
	TEST(control_block_faults),
	TEST(hang_needs_its_property),
	TEST(reset_is_power_on),
	TEST(disable_drops_all_work),
	TEST(own_registers_as_memory),
	TEST(config_is_checked),
};

int main(int argc, char **argv)
{
	return machine_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
