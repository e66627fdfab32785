// SPDX-License-Identifier: GPL-2.0-only
/* harness.c - a machine around the device core, for its unit tests */
#include <stdlib.h>

#include "harness.h"

struct machine m;

static void set_up(unsigned int i)
{
	machine_init();
}

int machine_run(const struct ktap_test *tests, unsigned int num, int argc, char **argv)
{
	return ktap_run_each(tests, num, set_up, machine_free, argc, argv);
}

/* ------------------------------------------------------------- the machine -- */

static uint64_t host_now(void *opaque)
{
	return m.now;
}

static void host_set_timer(void *opaque, uint64_t deadline)
{
	m.timer = deadline;
}

static bool host_dma_ok(uint64_t bus, uint64_t len)
{
	if (bus >= SYS_BASE && bus < SYS_BASE + SYS_SIZE && len <= SYS_BASE + SYS_SIZE - bus)
		return true;
	m.dma_refused++;
	return false;
}

static bool host_dma_read(void *opaque, uint64_t bus, void *buf, uint64_t len)
{
	if (!host_dma_ok(bus, len))
		return false;
	memcpy(buf, m.sys + (bus - SYS_BASE), len);
	return true;
}

static bool host_dma_write(void *opaque, uint64_t bus, const void *buf, uint64_t len)
{
	if (m.reenter) {
		wr(T1_DB_OFF(0), 1);
		wr(T1_REG_CTRL, T1_CTRL_RESET);
		CHECK_EQ(rd(T1_REG_MAGIC), 0);
	}
	if (!host_dma_ok(bus, len))
		return false;
	memcpy(m.sys + (bus - SYS_BASE), buf, len);
	return true;
}

static void host_vram_dirty(void *opaque, uint64_t offset, uint64_t len)
{
	CHECK(offset < VRAM_SIZE && len <= VRAM_SIZE - offset);
}

static void host_irq(void *opaque, unsigned int vector)
{
	if (vector < T1_MAX_VECTORS)
		m.irqs[vector]++;
	else
		FAIL("no vector %u", vector);
}

static void host_guest_error(void *opaque, const char *fmt, va_list args)
{
	char text[200];

	CHECK(vsnprintf(text, sizeof(text), fmt, args) > 0);
	m.guest_errors++;
}

/* With TRACE in the environment. */
static void __attribute__((format(printf, 1, 2))) tell(const char *fmt, ...)
{
	va_list args;

	if (!getenv("TRACE"))
		return;
	printf("# %llu: ", (unsigned long long)m.now);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}

static void host_trace_admin(void *opaque, unsigned int cid, unsigned int opcode, uint32_t ctx,
			     unsigned int status)
{
	tell("admin: cid %u opcode %u ctx %u status %u", cid, opcode, ctx, status);
}

static void host_trace_start(void *opaque, unsigned int engine, unsigned int slot,
			     unsigned int opcode, uint64_t cost_ns)
{
	tell("start: engine %u slot %u opcode %u cost_ns %llu", engine, slot, opcode,
	     (unsigned long long)cost_ns);
}

static void host_trace_end(void *opaque, unsigned int engine, unsigned int slot,
			   unsigned int opcode, unsigned int fault)
{
	tell("end: engine %u slot %u opcode %u fault %u", engine, slot, opcode, fault);
}

static void host_trace_runlist(void *opaque, unsigned int engine, uint64_t contexts,
			       unsigned int token, uint64_t switch_ns)
{
	tell("runlist: engine %u contexts %llu token %u switch_ns %llu", engine,
	     (unsigned long long)contexts, token, (unsigned long long)switch_ns);
}

static void host_trace_event(void *opaque, unsigned int type, unsigned int engine, uint32_t ctx,
			     uint32_t detail)
{
	tell("event: type %u engine %u ctx %u detail %u", type, engine, ctx, detail);
}

static void host_trace_doorbell(void *opaque, unsigned int slot, uint32_t tail, uint32_t head)
{
	tell("doorbell: slot %u tail %u head %u", slot, tail, head);
}

static void host_trace_reset(void *opaque, unsigned int engine, uint32_t ctx)
{
	tell("reset: engine %u ctx %u", engine, ctx);
}

const struct t1_host_ops machine_ops = {
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

const struct t1_config machine_config = {
	.vram_bytes = VRAM_SIZE,
	.switch_ns = SWITCH_NS,
	.tile_ns = TILE_NS,
	.reset_ns = RESET_NS,
	.cmd_ns = CMD_NS,
	.clock_mhz = 500,
	.vram_mb_per_s = 64000,
	.dma_mb_per_s = 8000,
	.hang = true,
};

static void *must(void *p)
{
	if (!p) {
		printf("Bail out! out of memory\n");
		exit(1);
	}
	return p;
}

void machine_enable(void)
{
	m.asq_tail = 0;
	m.acq_head = 0;
	m.evq_head = 0;
	m.acq_phase = 1;
	m.evq_phase = 1;
	memset(m.tails, 0, sizeof(m.tails));
	memset(m.sys, 0, RINGS);
	wr(T1_REG_ASQ_BASE_LO, ASQ_BUS);
	wr(T1_REG_ASQ_BASE_HI, ASQ_BUS >> 32);
	wr(T1_REG_ASQ_SIZE, m.asq_size);
	wr(T1_REG_ACQ_BASE_LO, ACQ_BUS);
	wr(T1_REG_ACQ_BASE_HI, ACQ_BUS >> 32);
	wr(T1_REG_ACQ_SIZE, m.acq_size);
	wr(T1_REG_EVQ_BASE_LO, EVQ_BUS);
	wr(T1_REG_EVQ_BASE_HI, EVQ_BUS >> 32);
	wr(T1_REG_EVQ_SIZE, m.evq_size);
	wr(T1_REG_CTRL, T1_CTRL_ENABLE);
	CHECK_EQ(rd(T1_REG_STATUS), T1_STATUS_READY);
}

void machine_init_rings(uint32_t asq, uint32_t acq, uint32_t evq)
{
	machine_free();
	memset(&m, 0, sizeof(m));
	m.now = 1000000;
	m.timer = T1_NEVER;
	m.asq_size = asq;
	m.acq_size = acq;
	m.evq_size = evq;
	m.sys = must(calloc(1, SYS_SIZE));
	m.vram = must(calloc(1, VRAM_SIZE));
	m.core = must(t1_core_new(&machine_config, &machine_ops, NULL, m.vram));
	machine_enable();
}

void machine_init(void)
{
	machine_init_rings(16, 16, 64);
}

void machine_free(void)
{
	t1_core_free(m.core);
	free(m.sys);
	free(m.vram);
	m.core = NULL;
	m.sys = NULL;
	m.vram = NULL;
}

void machine_replace_core(void)
{
	const char *why = "";
	uint8_t *buf;
	size_t len;

	buf = must(t1_core_save(m.core, &len));
	t1_core_free(m.core);
	m.timer = T1_NEVER;
	m.core = must(t1_core_new(&machine_config, &machine_ops, NULL, m.vram));
	if (!t1_core_load(m.core, buf, len, &why))
		FAIL("own state refused: %s", why);
	free(buf);
}

/* -------------------------------------------------------------------- time -- */

void run_to(uint64_t t)
{
	while (m.timer <= t) {
		if (m.timer + m.timer_late > m.now)
			m.now = m.timer + m.timer_late;
		m.timer = T1_NEVER;
		t1_core_run(m.core);
	}
	if (t > m.now)
		m.now = t;
}

void run_for(uint64_t ns)
{
	run_to(m.now + ns);
}

void jump_to(uint64_t t)
{
	m.now = t;
}

void run_idle(void)
{
	unsigned int i;

	for (i = 0; m.timer != T1_NEVER; i++) {
		if (i == 1000000) {
			FAIL("does not come to rest");
			return;
		}
		run_to(m.timer);
	}
}

/* --------------------------------------------------------------- registers -- */

uint32_t rd(uint64_t off)
{
	return t1_core_read(m.core, off, 4);
}

uint64_t rd64(uint64_t off)
{
	uint64_t lo = rd(off);

	return lo | (uint64_t)rd(off + 4) << 32;
}

void wr(uint64_t off, uint32_t val)
{
	t1_core_write(m.core, off, val, 4);
}

void doorbell(unsigned int slot, uint32_t tail)
{
	wr(T1_DB_OFF(slot) + T1_DB_TAIL, tail);
}

uint64_t busy(unsigned int e)
{
	return rd64(T1_ENGINE_BASE(e) + T1_ENG_BUSY_NS_LO);
}

uint64_t ctx_busy(unsigned int e, unsigned int ctx)
{
	return rd64(T1_REG_CTX_BUSY(e, ctx));
}

uint64_t switch_ns(unsigned int e)
{
	busy(e);	/* latches it */
	return rd64(T1_ENGINE_BASE(e) + T1_ENG_SWITCH_NS_LO);
}

void runlist(unsigned int e, uint64_t contexts, uint32_t mode_and_token)
{
	wr(T1_ENGINE_BASE(e) + T1_ENG_RUNLIST_LO, contexts);
	wr(T1_ENGINE_BASE(e) + T1_ENG_RUNLIST_HI, contexts >> 32);
	wr(T1_ENGINE_BASE(e) + T1_ENG_RUNLIST_SUBMIT, mode_and_token);
}

/* ------------------------------------------------------------- admin queue -- */

struct t1_admin_cmd acmd(unsigned int opcode, uint32_t ctx)
{
	return (struct t1_admin_cmd){ .opcode = opcode, .cid = ++m.cid, .ctx = ctx };
}

void admin_put(const struct t1_admin_cmd *cmd)
{
	memcpy(m.sys + (ASQ_BUS - SYS_BASE) + m.asq_tail * sizeof(*cmd), cmd, sizeof(*cmd));
	m.asq_tail = (m.asq_tail + 1) % m.asq_size;
}

void admin_ring(void)
{
	wr(T1_REG_ASQ_TAIL, m.asq_tail);
}

bool admin_get(struct t1_admin_cpl *cpl)
{
	memcpy(cpl, m.sys + (ACQ_BUS - SYS_BASE) + m.acq_head * sizeof(*cpl), sizeof(*cpl));
	if (cpl->phase != m.acq_phase)
		return false;
	m.acq_head = (m.acq_head + 1) % m.acq_size;
	if (!m.acq_head)
		m.acq_phase ^= 1;
	wr(T1_REG_ACQ_HEAD, m.acq_head);
	return true;
}

unsigned int admin(const struct t1_admin_cmd *cmd)
{
	struct t1_admin_cpl cpl = { 0 };

	admin_put(cmd);
	admin_ring();
	CHECK(admin_get(&cpl));
	CHECK_EQ(cpl.cid, cmd->cid);
	CHECK_EQ(cpl.asq_head, m.asq_tail);
	CHECK_EQ(cpl.result, 0);
	return cpl.status;
}

unsigned int admin_simple(unsigned int opcode, uint32_t ctx)
{
	struct t1_admin_cmd cmd = acmd(opcode, ctx);

	return admin(&cmd);
}

unsigned int map_contig(uint32_t ctx, uint64_t va, uint64_t addr, uint32_t npages,
			uint32_t flags)
{
	struct t1_admin_cmd cmd = acmd(T1_ADMIN_MAP, ctx);

	cmd.flags = flags | T1_MAP_CONTIG;
	cmd.map.va = va;
	cmd.map.npages = npages;
	cmd.map.list = addr;
	return admin(&cmd);
}

unsigned int unmap(uint32_t ctx, uint64_t va, uint32_t npages, uint32_t flags)
{
	struct t1_admin_cmd cmd = acmd(T1_ADMIN_UNMAP, ctx);

	cmd.flags = flags;
	cmd.map.va = va;
	cmd.map.npages = npages;
	return admin(&cmd);
}

void ctx_new(uint32_t ctx)
{
	const uint32_t rw = T1_MAP_READ | T1_MAP_WRITE;

	CHECK_EQ(admin_simple(T1_ADMIN_CTX_CREATE, ctx), T1_ST_OK);
	CHECK_EQ(map_contig(ctx, VA_SYS, SYS_BASE, 512, rw), 0);
	CHECK_EQ(map_contig(ctx, VA_SYS + (2u << 20), SYS_BASE + (2u << 20), 512, rw), 0);
	CHECK_EQ(map_contig(ctx, VA_VRAM, 0, VRAM_SIZE >> 21,
			    rw | T1_MAP_VRAM | T1_MAP_HUGE), 0);
}

uint64_t ring_va(unsigned int slot)
{
	return VA_SYS + RINGS + (slot % NUM_RINGS) * 0x2000;
}

uint64_t cb_va(unsigned int slot)
{
	return ring_va(slot) + 0x1000;
}

struct t1_admin_cmd queue_cmd(uint32_t ctx, unsigned int slot, unsigned int engine)
{
	struct t1_admin_cmd cmd = acmd(T1_ADMIN_QUEUE_CREATE, ctx);

	cmd.queue.slot = slot;
	cmd.queue.engine = engine;
	cmd.queue.ring_va = ring_va(slot);
	cmd.queue.cb_va = cb_va(slot);
	cmd.queue.ring_log2 = RING_LOG2;
	cmd.queue.vector = slot + 1;
	return cmd;
}

void queue_new(uint32_t ctx, unsigned int slot, unsigned int engine)
{
	struct t1_admin_cmd cmd = queue_cmd(ctx, slot, engine);

	memset(sys_at(ring_va(slot)), 0, 0x2000);
	m.tails[slot] = 0;
	CHECK_EQ(admin(&cmd), T1_ST_OK);
}

unsigned int queue_op(unsigned int opcode, unsigned int slot)
{
	struct t1_admin_cmd cmd = acmd(opcode, 0);

	cmd.queue.slot = slot;
	if (slot < T1_MAX_SLOTS)
		m.tails[slot] = 0;
	return admin(&cmd);
}

struct t1_fault fault_query(uint32_t ctx, uint32_t flags)
{
	struct t1_admin_cmd cmd = acmd(T1_ADMIN_FAULT_QUERY, ctx);
	struct t1_fault fault;

	cmd.flags = flags;
	cmd.addr = RESULT_BUS;
	memset(m.sys + (RESULT_BUS - SYS_BASE), 0xff, sizeof(fault));
	CHECK_EQ(admin(&cmd), T1_ST_OK);
	memcpy(&fault, m.sys + (RESULT_BUS - SYS_BASE), sizeof(fault));
	return fault;
}

/* ------------------------------------------------------------------ events -- */

bool event_get(struct t1_event *ev)
{
	memcpy(ev, m.sys + (EVQ_BUS - SYS_BASE) + m.evq_head * sizeof(*ev), sizeof(*ev));
	if (ev->phase != m.evq_phase)
		return false;
	m.evq_head = (m.evq_head + 1) % m.evq_size;
	if (!m.evq_head)
		m.evq_phase ^= 1;
	wr(T1_REG_EVQ_HEAD, m.evq_head);
	return true;
}

struct t1_event event_expect(unsigned int type)
{
	struct t1_event ev = { 0 };

	if (!event_get(&ev))
		FAIL("no event where type %u is due", type);
	else if (ev.type != type)
		FAIL("event type %u where %u is due", ev.type, type);
	return ev;
}

void event_none(void)
{
	struct t1_event ev;

	if (event_get(&ev))
		FAIL("event type %u where none is due", ev.type);
}

/* ------------------------------------------------------------------ memory -- */

uint8_t *sys_at(uint64_t va)
{
	return m.sys + (va - VA_SYS);
}

uint8_t *vram_at(uint64_t va)
{
	return m.vram + (va - VA_VRAM);
}

uint64_t sys64(uint64_t va)
{
	uint64_t val;

	memcpy(&val, sys_at(va), sizeof(val));
	return val;
}

void set_sys64(uint64_t va, uint64_t val)
{
	memcpy(sys_at(va), &val, sizeof(val));
}

struct t1_queue_cb *cb_of(unsigned int slot)
{
	return (struct t1_queue_cb *)sys_at(cb_va(slot));
}

/* ---------------------------------------------------------------- commands -- */

struct t1_cmd c_nop(void)
{
	return (struct t1_cmd){ .opcode = T1_OP_NOP };
}

struct t1_cmd c_fence(uint64_t va, uint64_t value, unsigned int flags)
{
	return (struct t1_cmd){ .opcode = T1_OP_FENCE, .flags = flags,
				     .sync = { .va = va, .value = value } };
}

struct t1_cmd c_sem(uint64_t va, uint64_t value, unsigned int sub)
{
	return (struct t1_cmd){ .opcode = T1_OP_SEM_WAIT, .sub = sub,
				     .sync = { .va = va, .value = value } };
}

struct t1_cmd c_time(uint64_t va)
{
	return (struct t1_cmd){ .opcode = T1_OP_TIMESTAMP, .sync = { .va = va } };
}

struct t1_cmd c_batch(uint64_t va, uint32_t count)
{
	return (struct t1_cmd){ .opcode = T1_OP_BATCH,
				     .batch = { .va = va, .count = count } };
}

struct t1_cmd c_copy(uint64_t dst, uint64_t src, uint64_t bytes)
{
	return (struct t1_cmd){ .opcode = T1_OP_COPY,
				     .copy = { .dst = dst, .src = src, .bytes = bytes } };
}

struct t1_cmd c_fill(uint64_t dst, uint32_t pattern, uint64_t bytes)
{
	return (struct t1_cmd){ .opcode = T1_OP_FILL,
				     .copy = { .dst = dst, .pattern = pattern,
					       .bytes = bytes } };
}

struct t1_cmd c_hang(uint64_t ns, unsigned int flags)
{
	return (struct t1_cmd){ .opcode = T1_OP_HANG, .flags = flags,
				     .hang = { .ns = ns } };
}

void put(unsigned int slot, struct t1_cmd cmd)
{
	uint32_t at = m.tails[slot]++ & ((1u << RING_LOG2) - 1);

	memcpy(sys_at(ring_va(slot)) + at * sizeof(cmd), &cmd, sizeof(cmd));
}

void kick(unsigned int slot)
{
	doorbell(slot, m.tails[slot]);
}

void push(unsigned int slot, struct t1_cmd cmd)
{
	put(slot, cmd);
	kick(slot);
}

/* ------------------------------------------------------------------ random -- */

static uint64_t rnd_state;

void rnd_seed(uint64_t seed)
{
	rnd_state = seed;
}

/* splitmix64: the constants of its author, Vigna, in the public domain */
uint64_t rnd(void)
{
	uint64_t z = rnd_state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

uint32_t rnd_below(uint32_t n)
{
	return rnd() % n;
}

/* ------------------------------------------------------------------ states -- */

/* The offset of two consecutive words in a state. */
size_t find_words(const uint8_t *a, size_t len, uint64_t w0, uint64_t w1)
{
	const uint64_t words[2] = { w0, w1 };
	size_t at;

	for (at = 0; at + sizeof(words) <= len; at += 4) {
		if (!memcmp(a + at, words, sizeof(words)))
			return at;
	}
	FAIL("no such words in the state");
	return 0;
}
