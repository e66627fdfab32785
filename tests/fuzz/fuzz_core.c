// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_core.c - a driver does to the T1's device core what the input says
 *
 * Around the core is a machine with 256 KiB of system memory and 4 MiB of VRAM. What contexts may
 * reach is computed anew after each command that changes it: system memory is checked where the
 * core calls for it; pages of VRAM that no context has mapped are poisoned for AddressSanitizer,
 * and a write to one has to be to a page that may be written.
 */
#include <inttypes.h>
#include <sanitizer/asan_interface.h>

#include "input.h"
#include "tessera-internal.h"

#define MAX_STEPS	200u
#define MAX_TIMERS	400u	/* that expire in one step */

#define PAGE		4096u
#define SYS_BASE	0x10000000ull
#define SYS_PAGES	64u
#define SYS_SIZE	(SYS_PAGES * PAGE)
#define VRAM_SIZE	(4u << 20)
#define VRAM_PAGES	(VRAM_SIZE / PAGE)

/* Where a context that was set up sees both, and the pages of system memory with a use. */
#define VA_SYS		0x10000000ull
#define VA_VRAM		0x10100000ull
#define ASQ_BUS		SYS_BASE
#define ACQ_BUS		(SYS_BASE + PAGE)
#define EVQ_BUS		(SYS_BASE + 2 * PAGE)
#define LIST_BUS	(SYS_BASE + 3 * PAGE)
#define RESULT_BUS	(SYS_BASE + 4 * PAGE)
#define RING_PAGE(slot)	(8u + 2 * (slot))	/* then its control block */
#define FIRST_FREE	24u
#define NUM_QUEUES	6u	/* that get work */
#define RING_LOG2	5u

/* What may be done to a page. */
struct page_use {
	bool read, write;
};

struct machine {
	struct t1_core *core;
	struct input in;
	uint64_t now, timer;
	uint32_t asq_size, acq_size, evq_size;
	uint32_t asq_tail;
	uint32_t tails[NUM_SLOTS];
	struct page_use sys[SYS_PAGES], vram[VRAM_PAGES];
	uint64_t num_pages;		/* mapped in all contexts, by their commands */
	struct t1_admin_cmd cmd;	/* in hand */
	bool have_cmd;
	bool setting_up;		/* commands are known to be good */
	unsigned int refuse_dma;	/* the nth from now; 0: none */
	bool reenter;			/* DMA to registers */
};

static struct machine m;
static uint8_t sys[SYS_SIZE];
static uint8_t vram[VRAM_SIZE] __attribute__((aligned(4096)));
static bool vram_touched[VRAM_PAGES], vram_poisoned[VRAM_PAGES];

static struct input *in(void)
{
	return &m.in;
}

static void wr(uint64_t off, uint32_t val)
{
	t1_core_write(m.core, off, val, 4);
}

static uint32_t rd(uint64_t off)
{
	return t1_core_read(m.core, off, 4);
}

/* ---------------------------------------------------- what may be reached -- */

static bool use_page(void *arg, uint64_t va, uint64_t addr, uint32_t flags, bool huge)
{
	uint64_t size = huge ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE, at;
	uint64_t *num = arg;
	struct page_use *use;

	REQUIRE(va < 1ull << T1_VA_BITS && size <= (1ull << T1_VA_BITS) - va, "va %#" PRIx64, va);
	if (flags & T1_MAP_VRAM)
		REQUIRE(addr < VRAM_SIZE && size <= VRAM_SIZE - addr, "VRAM %#" PRIx64, addr);
	*num += 1;
	for (at = addr; at - addr < size; at += PAGE) {
		if (flags & T1_MAP_VRAM)
			use = &m.vram[at / PAGE];
		else if (at - SYS_BASE < SYS_SIZE)
			use = &m.sys[(at - SYS_BASE) / PAGE];
		else
			continue;
		use->read |= flags & T1_MAP_READ;
		use->write |= flags & T1_MAP_WRITE;
	}
	return true;
}

static void poison_page(unsigned int page, bool poison)
{
	if (vram_poisoned[page] == poison)
		return;
	if (poison)
		ASAN_POISON_MEMORY_REGION(vram + page * PAGE, PAGE);
	else
		ASAN_UNPOISON_MEMORY_REGION(vram + page * PAGE, PAGE);
	vram_poisoned[page] = poison;
}

/* Contexts have other mappings than before. */
static void find_uses(void)
{
	uint64_t num = 0;
	unsigned int i;

	memset(m.sys, 0, sizeof(m.sys));
	memset(m.vram, 0, sizeof(m.vram));
	for (i = 0; i < NUM_CONTEXTS; i++) {
		if (m.core->ctxs[i].used)
			t1_mmu_walk(&m.core->ctxs[i].mmu, use_page, &num);
		else
			REQUIRE(!m.core->ctxs[i].mmu.root, "context %u", i);
	}
	m.num_pages = num;
	for (i = 0; i < VRAM_PAGES; i++)
		poison_page(i, !m.vram[i].read && !m.vram[i].write);
}

static bool is_mapped(uint64_t bus, uint64_t len, bool write)
{
	uint64_t page;

	if (bus - SYS_BASE >= SYS_SIZE || len > SYS_SIZE - (bus - SYS_BASE))
		return false;
	for (page = (bus - SYS_BASE) / PAGE; page <= (bus - SYS_BASE + len - 1) / PAGE; page++) {
		if (!(write ? m.sys[page].write : m.sys[page].read))
			return false;
	}
	return true;
}

/* Outside of memory there is nothing to reach; but without a mapping there is no reason to try. */
static bool is_elsewhere(uint64_t bus, uint64_t len)
{
	unsigned int i;

	for (i = 0; i < NUM_CONTEXTS; i++) {
		if (m.core->ctxs[i].used && m.core->ctxs[i].mmu.root)
			return bus < SYS_BASE || bus >= SYS_BASE + SYS_SIZE ||
			       len > SYS_SIZE - (bus - SYS_BASE);
	}
	return false;
}

/* ---------------------------------------------------------- the host's side -- */

static uint64_t host_now(void *opaque)
{
	return m.now;
}

static void host_set_timer(void *opaque, uint64_t deadline)
{
	m.timer = deadline;
}

static bool ring_slot(const struct bus_ring *ring, uint32_t at, uint64_t entry, uint64_t body,
		      uint64_t bus, uint64_t len)
{
	uint64_t slot = ring->base + at * entry;

	return core_ready(m.core) && ((bus == slot && len == body) ||
				      (bus == slot + body && len == entry - body));
}

/* By the core itself, for a command or a completion. */
static bool is_admin_read(uint64_t bus, uint64_t len)
{
	const struct bus_ring *asq = &m.core->asq;

	if (ring_slot(asq, asq->head, sizeof(m.cmd), sizeof(m.cmd), bus, len))
		return true;
	return m.have_cmd && m.cmd.opcode == T1_ADMIN_MAP && !(m.cmd.flags & T1_MAP_CONTIG) &&
	       bus == m.cmd.map.list && len == m.cmd.map.npages * 8ull &&
	       m.cmd.map.npages <= T1_MAP_MAX_PAGES;
}

static bool is_admin_write(uint64_t bus, uint64_t len)
{
	const struct bus_ring *acq = &m.core->acq, *evq = &m.core->evq;

	if (ring_slot(acq, acq->tail, sizeof(struct t1_admin_cpl), 14, bus, len) ||
	    ring_slot(evq, evq->tail, sizeof(struct t1_event), 62, bus, len))
		return true;
	return m.have_cmd && bus == m.cmd.addr &&
	       ((m.cmd.opcode == T1_ADMIN_IDENTIFY && len == sizeof(struct t1_identify)) ||
		(m.cmd.opcode == T1_ADMIN_FAULT_QUERY && len == sizeof(struct t1_fault)));
}

static bool host_dma_ok(uint64_t bus, uint64_t len)
{
	if (m.refuse_dma && !--m.refuse_dma)
		return false;
	return bus >= SYS_BASE && bus - SYS_BASE < SYS_SIZE && len <= SYS_SIZE - (bus - SYS_BASE);
}

static bool host_dma_read(void *opaque, uint64_t bus, void *buf, uint64_t len)
{
	REQUIRE(len, "nothing is read");
	REQUIRE(is_mapped(bus, len, false) || is_admin_read(bus, len) ||
		is_elsewhere(bus, len), "%#" PRIx64 ", %" PRIu64, bus, len);
	if (!host_dma_ok(bus, len))
		return false;
	memcpy(buf, sys + (bus - SYS_BASE), len);
	if (core_ready(m.core) && len == sizeof(m.cmd) &&
	    bus == m.core->asq.base + m.core->asq.head * sizeof(m.cmd)) {
		memcpy(&m.cmd, buf, sizeof(m.cmd));
		m.have_cmd = true;
	}
	return true;
}

static bool host_dma_write(void *opaque, uint64_t bus, const void *buf, uint64_t len)
{
	REQUIRE(len, "nothing is written");
	if (m.reenter) {
		wr(T1_DB_OFF(0), 1);
		wr(T1_REG_CTRL, T1_CTRL_RESET);
		REQUIRE(!rd(T1_REG_MAGIC), "the core is entered twice");
	}
	REQUIRE(is_mapped(bus, len, true) || is_admin_write(bus, len) ||
		is_elsewhere(bus, len), "%#" PRIx64 ", %" PRIu64, bus, len);
	if (!host_dma_ok(bus, len))
		return false;
	memcpy(sys + (bus - SYS_BASE), buf, len);
	return true;
}

static void host_vram_dirty(void *opaque, uint64_t offset, uint64_t len)
{
	uint64_t page;

	REQUIRE(len && offset < VRAM_SIZE && len <= VRAM_SIZE - offset, "%#" PRIx64, offset);
	for (page = offset / PAGE; page <= (offset + len - 1) / PAGE; page++) {
		REQUIRE(m.vram[page].write, "page %" PRIu64 " is written", page);
		vram_touched[page] = true;
	}
}

static void host_irq(void *opaque, unsigned int vector)
{
	REQUIRE(vector < NUM_VECTORS, "vector %u", vector);
}

static void host_guest_error(void *opaque, const char *fmt, va_list args)
{
	char text[200];

	REQUIRE(vsnprintf(text, sizeof(text), fmt, args) > 0, "%s", fmt);
}

/* What a MAP has mapped is what its list says, and no more. */
static void check_mapped(const struct t1_admin_cmd *cmd, uint64_t before)
{
	uint64_t size = cmd->flags & T1_MAP_HUGE ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE, i;
	struct mmu_run run;
	uint64_t addr;

	REQUIRE(m.num_pages == before + cmd->map.npages, "%" PRIu64 " pages", m.num_pages);
	for (i = 0; i < cmd->map.npages; i++) {
		REQUIRE(!t1_mmu_translate(&m.core->ctxs[cmd->ctx].mmu, cmd->map.va + i * size, size,
					  cmd->flags & (MMU_READ | MMU_WRITE), &run),
			"page %" PRIu64, i);
		REQUIRE(run.vram == !!(cmd->flags & T1_MAP_VRAM) && run.len == size,
			"page %" PRIu64, i);
		if (cmd->flags & T1_MAP_CONTIG)
			addr = cmd->map.list + i * size;
		else
			memcpy(&addr, sys + (cmd->map.list - SYS_BASE) + i * 8, sizeof(addr));
		REQUIRE(run.addr == addr, "%#" PRIx64, run.addr);
	}
}

static void check_unmapped(const struct t1_admin_cmd *cmd)
{
	uint64_t size = cmd->flags & T1_MAP_HUGE ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE, i;
	struct mmu_run run;

	for (i = 0; i < cmd->map.npages && i < 4096; i++)
		REQUIRE(t1_mmu_translate(&m.core->ctxs[cmd->ctx].mmu, cmd->map.va + i * size, size,
					 0, &run), "page %" PRIu64, i);
}

static void host_trace_admin(void *opaque, unsigned int cid, unsigned int opcode, uint32_t ctx,
			     unsigned int status)
{
	uint64_t before = m.num_pages;

	REQUIRE(m.have_cmd && m.cmd.cid == cid && m.cmd.opcode == opcode, "opcode %u", opcode);
	REQUIRE(status < T1_ST_INTERNAL, "status %u", status);
	m.have_cmd = false;
	if (m.setting_up || (opcode != T1_ADMIN_MAP && opcode != T1_ADMIN_UNMAP &&
			     opcode != T1_ADMIN_CTX_DESTROY))
		return;
	find_uses();
	if (status)
		REQUIRE(m.num_pages == before, "%" PRIu64 " pages", m.num_pages);
	else if (opcode == T1_ADMIN_MAP)
		check_mapped(&m.cmd, before);
	else if (opcode == T1_ADMIN_UNMAP)
		check_unmapped(&m.cmd);
}

static void host_trace_start(void *opaque, unsigned int engine, unsigned int slot,
			     unsigned int opcode, uint64_t cost_ns)
{
	REQUIRE(engine < NUM_ENGINES && slot < NUM_SLOTS && cost_ns, "slot %u", slot);
	REQUIRE(m.core->queues[slot].used && m.core->queues[slot].engine == engine &&
		!m.core->ctxs[m.core->queues[slot].ctx].faulted &&
		(m.core->queues[slot].in_batch ||
		 t1_engine_on_runlist(m.core, engine, m.core->queues[slot].ctx)), "slot %u", slot);
}

static void host_trace_end(void *opaque, unsigned int engine, unsigned int slot,
			   unsigned int opcode, unsigned int fault)
{
	REQUIRE(fault <= T1_FAULT_ENGINE_RESET, "fault %u", fault);
}

static void host_trace_runlist(void *opaque, unsigned int engine, uint64_t contexts,
			       unsigned int token, uint64_t switch_ns)
{
}

static void host_trace_event(void *opaque, unsigned int type, unsigned int engine, uint32_t ctx,
			     uint32_t detail)
{
	REQUIRE(engine < NUM_ENGINES && (ctx < NUM_CONTEXTS || ctx == T1_NO_CONTEXT), "%u", ctx);
}

static void host_trace_doorbell(void *opaque, unsigned int slot, uint32_t tail, uint32_t head)
{
	REQUIRE(slot < NUM_SLOTS, "slot %u", slot);
}

static void host_trace_reset(void *opaque, unsigned int engine, uint32_t ctx)
{
}

static const struct t1_host_ops ops = {
	.now = host_now,
	.set_timer = host_set_timer,
	.dma_read = host_dma_read,
	.dma_write = host_dma_write,
	.vram_dirty = host_vram_dirty,
	.irq = host_irq,
	.guest_error = host_guest_error,
	.trace_admin = host_trace_admin,
	.trace_start = host_trace_start,
	.trace_end = host_trace_end,
	.trace_runlist = host_trace_runlist,
	.trace_event = host_trace_event,
	.trace_doorbell = host_trace_doorbell,
	.trace_reset = host_trace_reset,
};

static const struct t1_config config = {
	.vram_bytes = VRAM_SIZE,
	.switch_ns = 5000,
	.tile_ns = 10000,
	.reset_ns = 100000,
	.cmd_ns = 200,
	.clock_mhz = 500,
	.vram_mb_per_s = 64000,
	.dma_mb_per_s = 8000,
	.hang = true,
};

/* ------------------------------------------------------------- a driver -- */

static void enable(void)
{
	wr(T1_REG_CTRL, T1_CTRL_RESET);
	find_uses();
	memset(m.tails, 0, sizeof(m.tails));
	m.asq_tail = 0;
	m.have_cmd = false;
	wr(T1_REG_ASQ_BASE_LO, ASQ_BUS);
	wr(T1_REG_ASQ_SIZE, m.asq_size);
	wr(T1_REG_ACQ_BASE_LO, ACQ_BUS);
	wr(T1_REG_ACQ_SIZE, m.acq_size);
	wr(T1_REG_EVQ_BASE_LO, EVQ_BUS);
	wr(T1_REG_EVQ_SIZE, m.evq_size);
	wr(T1_REG_CTRL, T1_CTRL_ENABLE);
}

static void admin(const struct t1_admin_cmd *cmd)
{
	memcpy(sys + (ASQ_BUS - SYS_BASE) + m.asq_tail * sizeof(*cmd), cmd, sizeof(*cmd));
	m.asq_tail = (m.asq_tail + 1) % m.asq_size;
	wr(T1_REG_ASQ_TAIL, m.asq_tail);
	wr(T1_REG_ACQ_HEAD, m.core->acq.tail);
}

static void make_context(uint32_t ctx, uint32_t access)
{
	struct t1_admin_cmd cmd = {
		.opcode = T1_ADMIN_CTX_CREATE, .ctx = ctx, .part = { .first = ctx & ~3u, .num = 4 },
	};

	admin(&cmd);
	cmd = (struct t1_admin_cmd){
		.opcode = T1_ADMIN_MAP, .ctx = ctx, .flags = access | T1_MAP_CONTIG,
		.map = { .va = VA_SYS, .npages = SYS_PAGES, .list = SYS_BASE },
	};
	admin(&cmd);
	cmd.flags |= T1_MAP_VRAM;
	cmd.map.va = VA_VRAM;
	cmd.map.npages = 64;
	cmd.map.list = 0;
	admin(&cmd);
}

static void make_queue(uint32_t slot, uint32_t ctx, uint32_t engine)
{
	struct t1_admin_cmd cmd = {
		.opcode = T1_ADMIN_QUEUE_CREATE, .ctx = ctx,
		.queue = {
			.slot = slot, .engine = engine, .ring_log2 = RING_LOG2,
			.ring_va = VA_SYS + RING_PAGE(slot) * PAGE,
			.cb_va = VA_SYS + (RING_PAGE(slot) + 1) * PAGE, .vector = slot + 1,
		},
	};

	m.tails[slot] = 0;
	admin(&cmd);
}

static void put(uint32_t slot, const struct t1_cmd *cmd)
{
	uint32_t at = m.tails[slot]++ & ((1u << RING_LOG2) - 1);

	memcpy(sys + RING_PAGE(slot) * PAGE + at * sizeof(*cmd), cmd, sizeof(*cmd));
}

static void run_to(uint64_t t)
{
	unsigned int n;

	for (n = 0; n < MAX_TIMERS && m.timer <= t; n++) {
		if (m.timer > m.now)
			m.now = m.timer;
		m.timer = T1_NEVER;
		t1_core_run(m.core);
	}
	if (t > m.now)
		m.now = t;
}

/* Between two steps. */
static void check_core(void)
{
	const struct queue *q;
	unsigned int i;

	REQUIRE(m.core->backlog_count <= EVENT_BACKLOG, "%u events", m.core->backlog_count);
	for (i = 0; i < NUM_SLOTS; i++) {
		q = &m.core->queues[i];
		if (q->used)
			REQUIRE(q->ctx < NUM_CONTEXTS && m.core->ctxs[q->ctx].used &&
				q->engine < NUM_ENGINES && core_ready(m.core), "slot %u", i);
	}
}

/* ---------------------------------------------------------------- steps -- */

static uint64_t any_va(void)
{
	switch (input_below(in(), 16)) {
	case 15:
		return input_u64(in());
	case 14:
		return (1ull << T1_VA_BITS) - input_below(in(), 129);
	case 13:
		return VA_SYS + SYS_SIZE - input_u8(in());
	case 12:
		return VA_VRAM + 64 * PAGE - input_u8(in());
	case 6 ... 11:
		return VA_SYS + FIRST_FREE * PAGE + 64ull * input_u8(in());
	default:
		return VA_VRAM + 256ull * input_u8(in()) + input_rarely(in(), 8);
	}
}

static uint32_t any_dim(void)
{
	return 1 + input_around(in(), 24);
}

static void build_map(struct t1_admin_cmd *cmd)
{
	uint32_t i, flags = input_u8(in()) & T1_MAP_FLAGS;
	uint64_t size = flags & T1_MAP_HUGE ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE, addr;
	uint64_t limit = flags & T1_MAP_VRAM ? VRAM_SIZE : SYS_SIZE;

	cmd->flags = flags;
	cmd->map.va = input_rarely(in(), 4) ? any_va() & -size : size * input_u8(in());
	cmd->map.npages = 1 + input_around(in(), 6);
	if (input_rarely(in(), 8))
		cmd->map.npages = input_around(in(), T1_MAP_MAX_PAGES + 1) * 2;
	if (flags & T1_MAP_CONTIG) {
		cmd->map.list = size * input_around(in(), limit / size);
		if (!(flags & T1_MAP_VRAM))
			cmd->map.list += SYS_BASE;
		return;
	}
	for (i = 0; i < T1_MAP_MAX_PAGES; i++) {
		if (i < 6)
			addr = size * input_around(in(), limit / size) +
			       (flags & T1_MAP_VRAM ? 0 : SYS_BASE);
		else
			addr += size;
		memcpy(sys + (LIST_BUS - SYS_BASE) + i * 8, &addr, sizeof(addr));
	}
	cmd->map.list = input_rarely(in(), 16) ? input_u64(in()) : LIST_BUS;
}

static void build_queue(struct t1_admin_cmd *cmd)
{
	cmd->queue.slot = input_around(in(), NUM_QUEUES);
	if (cmd->opcode != T1_ADMIN_QUEUE_CREATE)
		return;
	cmd->queue.engine = input_around(in(), NUM_ENGINES);
	cmd->queue.vector = input_around(in(), NUM_VECTORS);
	cmd->queue.ring_log2 = RING_LOG2;
	cmd->queue.ring_va = VA_SYS + RING_PAGE(cmd->queue.slot % NUM_QUEUES) * PAGE;
	cmd->queue.cb_va = cmd->queue.ring_va + PAGE;
	if (input_rarely(in(), 4)) {
		cmd->queue.ring_log2 = input_u8(in()) % 16;
		cmd->queue.ring_va = any_va() & -(uint64_t)PAGE;
		cmd->queue.cb_va = any_va() & -64ull;
	}
}

static void step_admin(void)
{
	struct t1_admin_cmd cmd = { .opcode = 1 + input_below(in(), T1_ADMIN_FAULT_QUERY) };
	uint8_t change;

	cmd.cid = input_u8(in());
	cmd.ctx = input_around(in(), 3);
	switch (cmd.opcode) {
	case T1_ADMIN_MAP:
		build_map(&cmd);
		break;
	case T1_ADMIN_UNMAP:
		cmd.flags = input_u8(in()) & T1_MAP_HUGE;
		cmd.map.va = (input_below(in(), 2) ? VA_VRAM : 0) +
			     (uint64_t)input_u8(in()) * (cmd.flags ? T1_HUGE_PAGE_SIZE : PAGE);
		cmd.map.npages = input_around(in(), 80);
		break;
	case T1_ADMIN_QUEUE_CREATE:
	case T1_ADMIN_QUEUE_DESTROY:
	case T1_ADMIN_QUEUE_RESET:
		build_queue(&cmd);
		if (cmd.queue.slot < NUM_SLOTS)
			m.tails[cmd.queue.slot] = 0;
		break;
	case T1_ADMIN_FAULT_QUERY:
		cmd.flags = input_u8(in()) & T1_FAULT_QUERY_CLEAR;
		fallthrough;
	case T1_ADMIN_IDENTIFY:
		cmd.addr = input_rarely(in(), 8) ? input_u64(in()) : RESULT_BUS;
	}
	change = input_u8(in());
	if (change >= 0xc0)
		((uint8_t *)&cmd)[change & 63] ^= input_u8(in());
	admin(&cmd);
}

/* An operand that is mapped, or any address. */
static uint64_t any_operand(void)
{
	uint8_t v = input_u8(in());

	if (v >= 0xf0)
		return any_va();
	return (v & 1 ? VA_VRAM : VA_SYS + FIRST_FREE * PAGE) + 512ull * (v >> 1);
}

static void build_matrices(struct t1_cmd *cmd)
{
	uint32_t m = any_dim(), n = any_dim(), ld = any_dim() + 24;

	switch (cmd->opcode) {
	case T1_OP_GEMM:
		cmd->gemm.a = any_operand();
		cmd->gemm.b = any_operand();
		cmd->gemm.c = any_operand();
		cmd->gemm.m = m;
		cmd->gemm.n = n;
		cmd->gemm.k = any_dim();
		cmd->gemm.lda = ld;
		cmd->gemm.ldb = ld;
		cmd->gemm.ldc = ld;
		break;
	case T1_OP_SOFTMAX:
		cmd->softmax.in = any_operand();
		cmd->softmax.out = any_operand();
		cmd->softmax.m = m;
		cmd->softmax.n = n;
		if (cmd->flags) {
			cmd->softmax.labels = any_operand();
			cmd->softmax.loss = cmd->flags & T1_SOFTMAX_LOSS ? any_operand() : 0;
			cmd->softmax.scale = cmd->flags & T1_SOFTMAX_GRAD ? 0x3f000000 : 0;
		}
		break;
	case T1_OP_BIAS:
		cmd->bias.in = any_operand();
		cmd->bias.bias = any_operand();
		cmd->bias.out = any_operand();
		cmd->bias.m = m;
		cmd->bias.n = n;
		cmd->bias.ld_in = ld;
		cmd->bias.ld_out = ld;
		break;
	default:
		cmd->reduce.in = any_operand();
		cmd->reduce.out = any_operand();
		cmd->reduce.m = m;
		cmd->reduce.n = n;
		cmd->reduce.ld_in = ld;
		cmd->reduce.axis = 1 - input_rarely(in(), 3);
	}
}

static void build_convolution(struct t1_cmd *cmd)
{
	cmd->conv.in = any_operand();
	cmd->conv.weights = any_operand();
	cmd->conv.out = any_operand();
	cmd->conv.n = 1 + input_below(in(), 3);
	cmd->conv.h = any_dim();
	cmd->conv.w = any_dim();
	cmd->conv.cin = 1 + input_below(in(), 4);
	cmd->conv.cout = 1 + input_below(in(), 4);
	cmd->conv.kh = 1 + input_below(in(), 4);
	cmd->conv.kw = 1 + input_below(in(), 4);
	cmd->conv.stride = 1 + input_below(in(), 4);
	cmd->conv.padding = input_below(in(), 4);
}

static void build_vectors(struct t1_cmd *cmd)
{
	uint32_t count = 1 + input_around(in(), 300);

	if (cmd->opcode == T1_OP_REQUANT) {
		cmd->requant.in = any_operand();
		cmd->requant.out = any_operand();
		cmd->requant.count = count;
		cmd->requant.scale = 0x3f000000;
		return;
	}
	/* ELTWISE and ACT are alike but for alpha. */
	cmd->elt.a = any_operand();
	cmd->elt.b = input_below(in(), 2) ? any_operand() : 0;
	cmd->elt.out = any_operand();
	cmd->elt.count = count;
	if (cmd->opcode == T1_OP_ELTWISE && cmd->sub < T1_ELT_MAX)
		cmd->elt.alpha = 0x3f800000;
}

static void build_tensor(struct t1_cmd *cmd)
{
	cmd->flags = input_rarely(in(), 2) ? input_below(in(), 16) : 0;
	switch (cmd->opcode) {
	case T1_OP_CONV2D:
		build_convolution(cmd);
		break;
	case T1_OP_ELTWISE:
	case T1_OP_ACT:
	case T1_OP_REQUANT:
		cmd->sub = input_below(in(), 6);
		build_vectors(cmd);
		break;
	case T1_OP_REDUCE:
		cmd->sub = input_below(in(), 5);
		fallthrough;
	default:
		build_matrices(cmd);
	}
}

static void build_cmd(struct t1_cmd *cmd)
{
	static const uint8_t opcodes[] = {
		T1_OP_NOP, T1_OP_FENCE, T1_OP_FENCE, T1_OP_SEM_WAIT, T1_OP_TIMESTAMP, T1_OP_BATCH,
		T1_OP_COPY, T1_OP_COPY, T1_OP_FILL, T1_OP_HANG, T1_OP_GEMM, T1_OP_CONV2D,
		T1_OP_ELTWISE, T1_OP_BIAS, T1_OP_ACT, T1_OP_SOFTMAX, T1_OP_REDUCE, T1_OP_REQUANT,
	};
	uint8_t change;

	memset(cmd, 0, sizeof(*cmd));
	cmd->opcode = opcodes[input_below(in(), sizeof(opcodes))];
	switch (cmd->opcode) {
	case T1_OP_NOP:
		break;
	case T1_OP_FENCE:
	case T1_OP_SEM_WAIT:
		cmd->sync.va = any_va() & -8ull;
		cmd->sync.value = input_below(in(), 4);
		if (cmd->opcode == T1_OP_FENCE)
			cmd->flags = input_below(in(), 2);
		else
			cmd->sub = input_below(in(), 2);
		break;
	case T1_OP_TIMESTAMP:
		cmd->sync.va = any_va() & -8ull;
		break;
	case T1_OP_BATCH:
		cmd->batch.va = any_va() & -64ull;
		cmd->batch.count = input_around(in(), 8);
		break;
	case T1_OP_COPY:
		cmd->copy.src = any_va();
		fallthrough;
	case T1_OP_FILL:
		cmd->copy.dst = any_va();
		cmd->copy.bytes = input_around(in(), 256) << input_below(in(), 12);
		if (cmd->opcode == T1_OP_FILL)
			cmd->copy.pattern = input_u8(in()) * 0x01010101u;
		break;
	case T1_OP_HANG:
		cmd->flags = input_below(in(), 2);
		cmd->hang.ns = input_below(in(), 4) * 25000;
		break;
	default:
		build_tensor(cmd);
	}
	change = input_u8(in());
	if (change >= 0xe0)
		((uint8_t *)cmd)[(change & 31) * 2] ^= input_u8(in());
}

static void step_push(bool kick)
{
	uint32_t slot = input_below(in(), NUM_QUEUES);
	struct t1_cmd cmd;

	build_cmd(&cmd);
	put(slot, &cmd);
	if (kick)
		wr(T1_DB_OFF(slot) + T1_DB_TAIL, m.tails[slot]);
}

/* Commands that a BATCH may find. */
static void step_batch(void)
{
	uint32_t i, at = FIRST_FREE * PAGE + 64 * input_u8(in());
	struct t1_cmd cmd;

	for (i = input_below(in(), 4); i; i--, at += sizeof(cmd)) {
		build_cmd(&cmd);
		memcpy(sys + at, &cmd, sizeof(cmd));
	}
}

static void step_write(void)
{
	uint8_t v = input_u8(in());
	uint32_t off = v == 0xff ? input_u32(in()) : v < 0x40 ? v * 4u :
		       v < 0xa0 ? T1_REG_PRIV_FIRST + (v - 0x40) * 4u : T1_DB_OFF(v & 0x3f);

	t1_core_write(m.core, off, input_below(in(), 2) ? input_around(in(), 64) : input_u32(in()),
		      input_rarely(in(), 16) ? input_u8(in()) : 4);
}

static void step_read(void)
{
	uint32_t off = input_rarely(in(), 4) ? input_u32(in()) : input_u8(in()) * 16u;

	off += 4 * input_below(in(), 4);
	t1_core_read(m.core, off, input_rarely(in(), 8) ? input_u8(in()) : 4);
}

static void step_runlist(void)
{
	uint32_t base = T1_ENGINE_BASE(input_below(in(), NUM_ENGINES));

	wr(T1_REG_SCHED_CTRL, input_rarely(in(), 8) ? 0 : T1_SCHED_EXPLICIT);
	wr(base + T1_ENG_RUNLIST_LO, input_u8(in()));
	wr(base + T1_ENG_RUNLIST_SUBMIT, input_u8(in()) | (uint32_t)input_below(in(), 4) << 16);
}

/* Events and completions are consumed. */
static void step_consume(void)
{
	wr(T1_REG_ACQ_HEAD, m.core->acq.tail);
	wr(T1_REG_EVQ_HEAD, m.core->evq.tail);
}

/* ----------------------------------------------------- saved and loaded -- */

static uint8_t *save(size_t *len)
{
	uint8_t *buf = t1_core_save(m.core, len);

	REQUIRE(buf, "the state cannot be saved");
	return buf;
}

static struct t1_core *new_core(void)
{
	struct t1_core *core = t1_core_new(&config, &ops, NULL, vram);

	REQUIRE(core, "no core");
	return core;
}

/* Into another core, which goes on in its place. */
static void replace_core(void)
{
	size_t len, again_len;
	const char *why = "";
	uint8_t *buf = save(&len), *again;

	t1_core_free(m.core);
	m.timer = T1_NEVER;
	m.core = new_core();
	REQUIRE(t1_core_load(m.core, buf, len, &why), "own state refused: %s", why);
	again = save(&again_len);
	REQUIRE(again_len == len && !memcmp(buf, again, len), "saved differently, %zu bytes", len);
	free(buf);
	free(again);
}

/* A stream that somebody has changed: it is refused, or it gives a core like any other. */
static void load_changed(void)
{
	uint32_t i, n = 1 + input_below(in(), 4);
	const char *why = NULL;
	size_t len, at;
	uint8_t *buf = save(&len);

	for (i = 0; i < n; i++) {
		at = (input_u8(in()) | input_u8(in()) << 8 | input_below(in(), 2) << 16) % len;
		buf[at] ^= input_u8(in());
	}
	if (input_rarely(in(), 8))
		len -= input_u8(in()) % len;
	m.timer = T1_NEVER;
	if (!t1_core_load(m.core, buf, len, &why))
		REQUIRE(why && !rd(T1_REG_STATUS), "refused, but status %#x", rd(T1_REG_STATUS));
	free(buf);
	find_uses();
}

/* ------------------------------------------------------------------ all -- */

static void set_up(void)
{
	uint8_t what = input_u8(in());

	m.setting_up = true;
	enable();
	make_context(0, T1_MAP_READ | T1_MAP_WRITE);
	make_context(1, what & 1 ? T1_MAP_READ : T1_MAP_READ | T1_MAP_WRITE);
	make_queue(0, 0, T1_ENGINE_COMPUTE);
	make_queue(1, 0, T1_ENGINE_COPY);
	make_queue(2, 1, T1_ENGINE_COMPUTE);
	if (what & 2)
		make_queue(3, 1, T1_ENGINE_COPY);
	m.setting_up = false;
	find_uses();
}

static void step(void)
{
	switch (input_below(in(), 24)) {
	case 0 ... 6:
		step_push(true);
		break;
	case 7:
		step_push(false);
		break;
	case 8:
		step_batch();
		break;
	case 9 ... 11:
		step_admin();
		break;
	case 12:
		step_write();
		break;
	case 13:
		step_read();
		break;
	case 14 ... 15:
		run_to(m.now + ((uint64_t)input_u8(in()) << input_below(in(), 16)));
		break;
	case 16:
		m.now += (uint64_t)input_u8(in()) << 14;	/* a late host */
		break;
	case 17:
		step_runlist();
		break;
	case 18:
		wr(T1_ENGINE_BASE(input_below(in(), NUM_ENGINES)) + T1_ENG_RESET, 1);
		break;
	case 19:
		step_consume();
		break;
	case 20:
		replace_core();
		break;
	case 21:
		load_changed();
		break;
	case 22:
		m.refuse_dma = 1 + input_below(in(), 8);
		break;
	case 23:
		if (input_below(in(), 2))
			set_up();
		else
			input_bytes(in(), sys + input_u8(in()) * 1024u, 64);
		break;
	}
	/* Work that was dropped took its mappings along. */
	if (!core_ready(m.core)) {
		m.have_cmd = false;
		if (m.num_pages)
			find_uses();
	}
	check_core();
}

/* Whatever happened: after a reset it works. */
static void check_works(void)
{
	const struct t1_cmd copy = {
		.opcode = T1_OP_COPY,
		.copy = { .dst = VA_VRAM, .src = VA_SYS + FIRST_FREE * PAGE, .bytes = 64 },
	};
	const struct t1_cmd fence = {
		.opcode = T1_OP_FENCE,
		.sync = { .va = VA_SYS + (FIRST_FREE + 1) * PAGE, .value = 0x1122334455667788 },
	};
	uint64_t value;

	m.refuse_dma = 0;
	m.asq_size = 16;
	m.acq_size = 16;
	m.evq_size = 16;
	m.setting_up = true;
	enable();
	REQUIRE(rd(T1_REG_STATUS) == T1_STATUS_READY, "status %#x", rd(T1_REG_STATUS));
	make_context(0, T1_MAP_READ | T1_MAP_WRITE);
	make_queue(0, 0, T1_ENGINE_COPY);
	m.setting_up = false;
	find_uses();
	memset(sys + FIRST_FREE * PAGE, 0x5a, PAGE);
	put(0, &copy);
	put(0, &fence);
	wr(T1_DB_OFF(0) + T1_DB_TAIL, m.tails[0]);
	run_to(m.now + 1000000);
	memcpy(&value, sys + (FIRST_FREE + 1) * PAGE, sizeof(value));
	REQUIRE(value == fence.sync.value && vram[0] == 0x5a && vram[63] == 0x5a,
		"fence %#" PRIx64, value);
}

static void clear_machine(const uint8_t *data, size_t size)
{
	unsigned int i;

	m = (struct machine){ .in = { data, size }, .now = 1000000, .timer = T1_NEVER };
	memset(sys, 0, sizeof(sys));
	for (i = 0; i < VRAM_PAGES; i++) {
		poison_page(i, false);
		if (vram_touched[i])
			memset(vram + i * PAGE, 0, PAGE);
	}
	memset(vram_touched, 0, sizeof(vram_touched));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int i;

	clear_machine(data, size);
	m.core = new_core();
	m.asq_size = 2u << input_below(in(), 5);
	m.acq_size = 2u << input_below(in(), 7);
	m.evq_size = 2u << input_below(in(), 6);
	m.reenter = input_below(in(), 2);
	set_up();
	for (i = 0; i < MAX_STEPS && in()->left; i++)
		step();
	replace_core();
	if (m.reenter) {
		t1_core_reset(m.core);
		REQUIRE(!rd(T1_REG_STATUS), "status %#x", rd(T1_REG_STATUS));
	}
	check_works();
	t1_core_free(m.core);
	return 0;
}
