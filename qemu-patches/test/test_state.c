// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_state.c - saving and loading, and what hostile input can't do
 *
 * The first half runs one random history straight through and again with the core
 * replaced by its saved state at random points: every event, counter and byte of
 * memory must come out the same. The second half feeds the device noise: registers,
 * admin commands, rings, state streams. There the sanitizers are the judges.
 */
#include <stdlib.h>

#include "harness.h"

#define COMPUTE		T1_ENGINE_COMPUTE
#define COPY		T1_ENGINE_COPY
#define CONTEXTS	5u
#define SLOTS		12u

static void hash(uint64_t *h, const void *p, size_t len)
{
	const uint8_t *b = p;

	while (len--)
		*h = (*h ^ *b++) * 0x100000001b3ull;
}

static void hash64(uint64_t *h, uint64_t v)
{
	hash(h, &v, sizeof(v));
}

static struct t1_cmd random_gemm(void)
{
	struct t1_cmd cmd = { .opcode = T1_OP_GEMM };

	cmd.gemm.a = VA_VRAM + rnd_below(64) * 4096;
	cmd.gemm.b = VA_VRAM + 0x100000 + rnd_below(64) * 4096;
	cmd.gemm.c = VA_VRAM + 0x200000 + rnd_below(64) * 4096;
	cmd.gemm.m = 1 + rnd_below(40);
	cmd.gemm.n = 1 + rnd_below(40);
	cmd.gemm.k = 1 + rnd_below(40);
	cmd.gemm.lda = cmd.gemm.k;
	cmd.gemm.ldb = cmd.gemm.n;
	cmd.gemm.ldc = cmd.gemm.n;
	return cmd;
}

/* Several steps, the first without unfinished results between them. */
static struct t1_cmd random_steps(void)
{
	struct t1_cmd cmd = { .opcode = T1_OP_ACT, .sub = T1_ACT_RELU };

	if (rnd_below(2)) {
		cmd.act.x = VA_VRAM + rnd_below(64) * 4096;
		cmd.act.out = VA_VRAM + 0x300000 + rnd_below(64) * 4096;
		cmd.act.count = 200000 + rnd_below(200000);
		return cmd;
	}
	cmd = (struct t1_cmd){ .opcode = T1_OP_REDUCE, .sub = T1_REDUCE_SUM };
	cmd.reduce.in = VA_VRAM + rnd_below(64) * 4096;
	cmd.reduce.out = VA_VRAM + 0x200000 + rnd_below(64) * 4096;
	cmd.reduce.m = 300;
	cmd.reduce.n = 500 + rnd_below(1000);
	cmd.reduce.ld_in = cmd.reduce.n;
	return cmd;
}

/* Mostly sane; in_batch: such as a batch may hold. */
static struct t1_cmd random_cmd(unsigned int engine, bool in_batch)
{
	uint64_t va = SYS_VA(8 * rnd_below(64));

	switch (rnd_below(in_batch ? 8 : 11)) {
	case 0:
		return c_nop();
	case 1:
	case 2:
		return c_fence(va, rnd_below(100), in_batch ? 0 : rnd_below(2));
	case 3:
		return c_time(SYS_VA(0x1000 + 8 * rnd_below(64)));
	case 4:
		return c_copy(VA_VRAM + rnd_below(1 << 20), VA_VRAM + rnd_below(1 << 20),
			      1 + rnd_below(100000));
	case 5:
		return c_fill(SYS_VA(0x4000 + 4 * rnd_below(1024)), rnd(), 4 + 4 * rnd_below(1000));
	case 6:
		return c_hang(rnd_below(60000), 0);
	case 7:
		if (engine != COMPUTE)
			return c_nop();
		return rnd_below(4) ? random_gemm() : random_steps();
	case 8:
		return c_batch(SYS_VA(0x8000 + 0x1000 * rnd_below(8)), 1 + rnd_below(60));
	case 9:
		return c_sem(va, rnd_below(50), rnd_below(2));
	default:
		switch (rnd_below(12)) {
		case 0:
			return (struct t1_cmd){ .opcode = 0x80 };
		case 1:
			return c_fence(0x1234567000ull, 1, 0);
		case 2:
			return c_hang(0, T1_HANG_NO_PREEMPT);
		default:
			return c_nop();
		}
	}
}

static void history_step(uint64_t *h)
{
	unsigned int slot = rnd_below(SLOTS), engine = slot & 1, i, n;
	struct t1_event ev;
	struct t1_fault f;

	switch (rnd_below(16)) {
	default:
		n = 1 + rnd_below(6);
		for (i = 0; i < n && m.tails[slot] - cb_of(slot)->head < 60; i++)
			put(slot, random_cmd(engine, false));
		kick(slot);
		break;
	case 0:
	case 1:
	case 2:
		runlist(rnd_below(2), rnd_below(1 << CONTEXTS),
			rnd_below(3) << 16 | rnd_below(65536));
		break;
	case 3:
		set_sys64(SYS_VA(8 * rnd_below(64)), rnd_below(100));
		break;
	case 4:
		f = fault_query(rnd_below(CONTEXTS), T1_FAULT_QUERY_CLEAR);
		hash(h, &f, sizeof(f));
		break;
	case 5:
		hash64(h, queue_op(T1_ADMIN_QUEUE_RESET, slot));
		cb_of(slot)->head = 0;
		break;
	case 6:
		if (!rnd_below(8))
			wr(T1_ENGINE_BASE(rnd_below(2)) + T1_ENG_RESET, 1);
		break;
	case 7:
		if (!rnd_below(20))
			wr(T1_REG_SCHED_CTRL, rnd_below(4) ? 1 : 0);
		break;
	case 8:
		hash64(h, unmap(slot % CONTEXTS, VA_VRAM + (6 << 20), 1, T1_MAP_HUGE));
		break;
	case 9:
		hash64(h, map_contig(slot % CONTEXTS, VA_VRAM + (6 << 20), 0, 1,
				     T1_MAP_READ | T1_MAP_VRAM | T1_MAP_HUGE));
		break;
	}
	run_for(rnd_below(40000));
	/* Not every event is read at once: the backlog is part of the state. */
	while (rnd_below(3) && event_get(&ev))
		hash(h, &ev, sizeof(ev));
	for (i = 0; i < 2; i++) {
		hash64(h, busy(i));
		hash64(h, switch_ns(i));
		hash64(h, ctx_busy(i, slot % CONTEXTS));
		hash64(h, rd64(T1_ENGINE_BASE(i) + T1_ENG_PENDING_LO));
		hash64(h, rd(T1_ENGINE_BASE(i) + T1_ENG_STATUS));
	}
}

/* A history of random things, its outcome in one number. */
static uint64_t history(uint64_t seed, bool replace)
{
	uint64_t h = 0xcbf29ce484222325ull, points;
	unsigned int i, j;

	machine_init_rings(16, 16, 8);
	rnd_seed(seed);
	points = seed;
	for (i = 0; i < VRAM_SIZE / 4; i++) {
		float v = (int)rnd_below(16) - 8;

		memcpy(m.vram + 4 * i, &v, 4);
	}
	for (i = 0; i < CONTEXTS; i++)
		ctx_new(i);
	for (i = 0; i < SLOTS; i++)
		queue_new(i % CONTEXTS, i, i & 1);
	for (i = 0; i < 8; i++) {
		for (j = 0; j < 60; j++) {
			struct t1_cmd cmd = random_cmd(COPY, true);

			memcpy(sys_at(SYS_VA(0x8000 + 0x1000 * i)) + 64 * j, &cmd, 64);
		}
	}
	wr(T1_REG_SCHED_CTRL, T1_SCHED_EXPLICIT);
	for (i = 0; i < 1500; i++) {
		history_step(&h);
		points = points * 6364136223846793005ull + 1442695040888963407ull;
		if (replace && (points >> 60) < 6)
			machine_replace_core();
	}
	hash(&h, m.sys, SYS_SIZE);
	hash(&h, m.vram, VRAM_SIZE);
	for (i = 0; i < T1_MAX_VECTORS; i++)
		hash64(&h, m.irqs[i]);
	hash64(&h, m.timer);
	return h;
}

static void same_after_save_and_load(void)
{
	uint64_t seed, plain, first = 0;

	for (seed = 1; seed <= 12; seed++) {
		plain = history(seed, false);
		CHECK_EQ(history(seed, true), plain);
		CHECK(plain != first);
		first = plain;
	}
}

static void same_twice(void)
{
	CHECK_EQ(history(99, false), history(99, false));
}

/* A state with something of everything in it. */
static uint8_t *rich_state(size_t *len)
{
	unsigned int i;

	machine_init_rings(16, 16, 2);
	for (i = 0; i < CONTEXTS; i++)
		ctx_new(i);
	for (i = 0; i < SLOTS; i++)
		queue_new(i % CONTEXTS, i, i & 1);
	set_sys64(SYS_VA(0x8000), 0);
	for (i = 0; i < 40; i++) {
		struct t1_cmd cmd = c_hang(5000, 0);

		memcpy(sys_at(SYS_VA(0x8000)) + 64 * i, &cmd, 64);
	}
	put(0, c_batch(SYS_VA(0x8000), 40));
	push(0, c_nop());
	push(1, c_hang(0, 0));
	push(2, c_sem(SYS_VA(0), 1, 0));
	push(3, c_sem(SYS_VA(0), 1, 0));
	push(4, (struct t1_cmd){ .opcode = 0x99 });
	wr(T1_REG_SCHED_CTRL, T1_SCHED_EXPLICIT);
	runlist(COMPUTE, 0x1f, T1_RL_PREEMPT_STRICT | 9);
	runlist(COPY, 0x1f, T1_RL_PREEMPT_BATCH | 9);
	run_for(33333);
	runlist(COPY, 0, T1_RL_PREEMPT_BATCH | 10);
	return t1_core_save(m.core, len);
}

/* Drive whatever state the core is in, and then that it can still be reset to sanity. */
static void still_alive(void)
{
	struct t1_event ev;
	unsigned int i;

	for (i = 0; i < 70; i++) {
		wr(T1_DB_OFF(i % 64), rnd_below(100));
		if (i < 4)
			runlist(i & 1, ~0ull, rnd_below(3) << 16);
		busy(i & 1);
		ctx_busy(i & 1, i % 64);
	}
	for (i = 0; i < 50 && m.timer != T1_NEVER; i++)
		run_for(rnd_below(2000000));
	wr(T1_REG_EVQ_HEAD, rnd_below(2));
	wr(T1_REG_CTRL, T1_CTRL_RESET);
	CHECK_EQ(m.timer, T1_NEVER);
	machine_enable();
	ctx_new(0);
	queue_new(0, 0, COMPUTE);
	push(0, c_time(SYS_VA(0)));
	run_idle();
	CHECK_EQ(sys64(SYS_VA(0)), m.now);
	CHECK(!event_get(&ev));
}

static void own_state_is_stable(void)
{
	const char *why = "";
	uint8_t *a, *b;
	size_t la, lb;

	a = rich_state(&la);
	CHECK(t1_core_load(m.core, a, la, &why));
	b = t1_core_save(m.core, &lb);
	CHECK_EQ(la, lb);
	CHECK(la == lb && !memcmp(a, b, la));
	free(a);
	free(b);
}

static void truncated_state(void)
{
	const char *why = "";
	uint8_t *a, *copy;
	size_t len, n;

	a = rich_state(&len);
	for (n = 0; n < len; n += 1 + n / 50) {
		/* a copy of exactly that size, so that reading past it is seen */
		copy = malloc(n ? n : 1);
		memcpy(copy, a, n);
		CHECK(!t1_core_load(m.core, copy, n, &why));
		free(copy);
	}
	copy = malloc(len + 1);
	memcpy(copy, a, len);
	copy[len] = 0;
	CHECK(!t1_core_load(m.core, copy, len + 1, &why));
	free(copy);
	still_alive();
	CHECK(t1_core_load(m.core, a, len, &why));
	free(a);
}

static void mutated_state(void)
{
	unsigned int i, j, n, refused = 0;
	const char *why = "";
	uint8_t *a, *copy;
	size_t len;

	rnd_seed(7);
	a = rich_state(&len);
	copy = malloc(len);
	for (i = 0; i < 6000; i++) {
		memcpy(copy, a, len);
		n = 1 + rnd_below(3);
		for (j = 0; j < n; j++) {
			/* magic, version and sizes are refused at once: mostly past them */
			size_t at = 32 + rnd() % (len - 32);

			switch (rnd_below(3)) {
			case 0:
				copy[at] ^= 1 << rnd_below(8);
				break;
			case 1:
				copy[at] = rnd();
				break;
			default:
				memset(copy + at, 0xff, len - at < 8 ? len - at : 8);
			}
		}
		if (!t1_core_load(m.core, copy, len, &why))
			refused++;
		still_alive();
	}
	CHECK(refused > 100 && refused < 6000);
	free(copy);
	free(a);
}

/* Fields that the rest of the core relies on, each out of its range alone. */
static void hostile_fields(void)
{
	size_t len, map, queue, i;
	unsigned int refused = 0;
	const char *why = "";
	uint8_t *a, *copy;

	a = rich_state(&len);
	copy = malloc(len);
	/* a mapping: va, addr, flags, npages */
	map = find_words(a, len, VA_VRAM, 0);
	/* a queue: error, ctx, engine, ring_va, cb_va, ring_log2, vector, head, tail */
	queue = find_words(a, len, ring_va(0), cb_va(0));

	const struct {
		size_t at;
		uint32_t val;
	} bad[] = {
		{ map, 0x1000 }, { map + 4, 1u << 16 }, { map + 8, VRAM_SIZE },
		{ map + 8, 0x200000 }, { map + 8, 0x1000 }, { map + 12, 1 },
		{ map + 16, 0x40 }, { map + 16, T1_MAP_VRAM },
		{ map + 20, 0 }, { map + 20, 5 }, { map + 20, 0xffffffff },
		{ queue - 12, 2 }, { queue - 8, 64 }, { queue - 8, CONTEXTS },
		{ queue - 4, 2 }, { queue, 0x40 }, { queue + 4, 1u << 16 },
		{ queue + 8, 8 }, { queue + 12, 1u << 16 }, { queue + 16, 1 },
		{ queue + 16, 13 }, { queue + 20, 65 }, { queue + 24, 5 },
		{ queue + 24, 0xffffffc0 }, { queue + 28, 65 },
	};
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memcpy(copy, a, len);
		memcpy(copy + bad[i].at, &bad[i].val, 4);
		if (t1_core_load(m.core, copy, len, &why))
			FAIL("bad field %zu is taken", i);
	}
	/* a queue may belong to either engine, but not to the other than runs it */
	for (i = 0; i < SLOTS; i++) {
		queue = find_words(a, len, ring_va(i), cb_va(i));
		memcpy(copy, a, len);
		copy[queue - 4] ^= 1;
		refused += !t1_core_load(m.core, copy, len, &why);
	}
	CHECK(refused >= 1 && refused <= 2);
	CHECK(t1_core_load(m.core, a, len, &why));
	free(copy);
	free(a);
}

static void foreign_state(void)
{
	struct t1_config config = machine_config;
	struct t1_core *other;
	const char *why = "";
	uint8_t *a;
	size_t len;

	a = rich_state(&len);
	config.vram_bytes = 16 << 20;
	other = t1_core_new(&config, &machine_ops, NULL, m.vram);
	CHECK(!t1_core_load(other, a, len, &why));
	CHECK(strstr(why, "VRAM"));
	t1_core_free(other);
	config = machine_config;
	config.hang = false;
	other = t1_core_new(&config, &machine_ops, NULL, m.vram);
	CHECK(!t1_core_load(other, a, len, &why));
	t1_core_free(other);
	a[8] = 2;
	CHECK(!t1_core_load(m.core, a, len, &why));
	CHECK(strstr(why, "major version"));
	a[8] = 1;
	CHECK(t1_core_load(m.core, a, len, &why));
	a[12]++;
	CHECK(!t1_core_load(m.core, a, len, &why));
	CHECK(strstr(why, "minor version"));
	free(a);
}

/* ------------------------------------------------------------------- noise -- */

static uint64_t random_va(void)
{
	switch (rnd_below(6)) {
	case 0:
		return rnd();
	case 1:
		return rnd() & ((1ull << 48) - 1);
	case 2:
		return VA_VRAM + (rnd_below(VRAM_SIZE + 8192) & ~(rnd_below(2) ? 4095 : 7));
	default:
		return VA_SYS + (rnd_below(SYS_SIZE + 8192) & ~(rnd_below(2) ? 4095 : 63));
	}
}

static struct t1_admin_cmd noise_admin(void)
{
	static const uint8_t ops[] = { 1, 2, 2, 3, 4, 4, 4, 4, 5, 6, 6, 6, 7, 8, 9, 9 };
	struct t1_admin_cmd cmd = acmd(ops[rnd_below(16)], rnd_below(10));
	unsigned int i;

	switch (cmd.opcode) {
	case T1_ADMIN_IDENTIFY:
	case T1_ADMIN_FAULT_QUERY:
		cmd.addr = RESULT_BUS;
		break;
	case T1_ADMIN_MAP:
		cmd.flags = rnd_below(32);
		cmd.map.va = random_va() & ~4095ull;
		cmd.map.npages = rnd_below(520);
		cmd.map.list = cmd.flags & T1_MAP_CONTIG ? rnd_below(VRAM_SIZE) & ~4095 :
								LIST_BUS;
		if (rnd_below(2))
			cmd.map.list &= ~0x1fffffull;
		break;
	case T1_ADMIN_UNMAP:
		cmd.flags = rnd_below(2) ? T1_MAP_HUGE : 0;
		cmd.map.va = random_va() & ~4095ull;
		cmd.map.npages = rnd_below(1u << rnd_below(32));
		break;
	case T1_ADMIN_QUEUE_CREATE:
		cmd.queue.slot = rnd_below(66);
		cmd.queue.engine = rnd_below(2);
		cmd.queue.ring_va = random_va() & ~4095ull;
		cmd.queue.cb_va = random_va() & ~63ull;
		cmd.queue.ring_log2 = 2 + rnd_below(11);
		cmd.queue.vector = rnd_below(66);
		break;
	case T1_ADMIN_QUEUE_DESTROY:
	case T1_ADMIN_QUEUE_RESET:
		cmd.queue.slot = rnd_below(65);
		break;
	}
	if (!rnd_below(10)) {
		for (i = 0; i < sizeof(cmd); i++)
			((uint8_t *)&cmd)[i] ^= rnd_below(20) ? 0 : rnd();
	}
	return cmd;
}

static struct t1_cmd noise_cmd(void)
{
	struct t1_cmd cmd = { .opcode = rnd_below(0x18) };
	unsigned int i;

	/* Big operations are real work and teach nothing here. */
	switch (cmd.opcode) {
	case T1_OP_FENCE:
	case T1_OP_SEM_WAIT:
	case T1_OP_TIMESTAMP:
		cmd.sync.va = random_va() & ~7ull;
		cmd.sync.value = cmd.opcode == T1_OP_TIMESTAMP ? 0 : rnd_below(3);
		cmd.flags = cmd.opcode == T1_OP_FENCE ? rnd_below(2) : 0;
		break;
	case T1_OP_BATCH:
		cmd.batch.va = random_va() & ~63ull;
		cmd.batch.count = 1 + rnd_below(100);
		break;
	case T1_OP_COPY:
	case T1_OP_FILL:
		cmd.copy.dst = random_va() & ~3ull;
		cmd.copy.src = cmd.opcode == T1_OP_COPY ? random_va() : 0;
		cmd.copy.bytes = 4 * rnd_below(1u << rnd_below(17));
		break;
	case T1_OP_HANG:
		cmd.hang.ns = rnd_below(4) ? rnd_below(100000) : rnd();
		cmd.flags = rnd_below(2);
		break;
	case T1_OP_GEMM:
		cmd = random_gemm();
		cmd.flags = rnd_below(16);
		break;
	default:
		for (i = 0; i < 3; i++)
			memcpy(cmd.raw + 8 * i, &(uint64_t){ random_va() & ~3ull }, 8);
		for (i = 24; i < 40; i++)
			cmd.raw[i] = i & 3 ? 0 : rnd_below(20);
		cmd.sub = rnd_below(6);
		cmd.flags = rnd_below(4);
	}
	if (!rnd_below(8))
		cmd.raw[rnd_below(56)] ^= 1 << rnd_below(8);
	return cmd;
}

static void noise_memory(void)
{
	struct t1_cmd cmd = noise_cmd();
	uint32_t at = RINGS + 64 * rnd_below((SYS_SIZE - RINGS) / 64);
	unsigned int i;

	/* a row of them, so that a doorbell finds several */
	for (i = 0; i < 16 && at + 64 * i < SYS_SIZE - 64; i++) {
		memcpy(m.sys + at + 64 * i, &cmd, sizeof(cmd));
		cmd = noise_cmd();
	}
	for (i = 0; i < 4; i++)
		set_sys64(VA_SYS + (LIST_BUS - SYS_BASE) + 8 * rnd_below(512),
			  rnd_below(10) ? rnd_below(VRAM_SIZE) & ~4095 : rnd());
}

static const uint32_t priv_regs[] = {
	T1_REG_SCHED_CTRL,
	T1_ENGINE_BASE(0) + T1_ENG_RUNLIST_LO,
	T1_ENGINE_BASE(0) + T1_ENG_RUNLIST_SUBMIT,
	T1_ENGINE_BASE(0) + T1_ENG_RUNLIST_SUBMIT,
	T1_ENGINE_BASE(0) + T1_ENG_RESET,
	T1_ENGINE_BASE(1) + T1_ENG_RUNLIST_HI,
	T1_ENGINE_BASE(1) + T1_ENG_RUNLIST_SUBMIT,
	T1_ENGINE_BASE(1) + T1_ENG_RESET,
};

static void noise_step(void)
{
	struct t1_admin_cmd cmd;
	struct t1_event ev;
	struct t1_admin_cpl cpl;
	unsigned int i;

	switch (rnd_below(12)) {
	case 0:
	case 1:
		for (i = rnd_below(4); i < 4; i++) {
			cmd = noise_admin();
			admin_put(&cmd);
		}
		admin_ring();
		break;
	case 2:
		noise_memory();
		break;
	case 3:
	case 4:
	case 5:
		doorbell(rnd_below(64), rnd_below(10) ? rnd_below(1u << rnd_below(12)) : rnd());
		break;
	case 6:
		wr(priv_regs[rnd_below(8)], rnd_below(2) ? rnd() : rnd_below(3) << 16 | 5);
		break;
	case 7:
		t1_core_read(m.core, rnd_below(T1_BAR_REGS_SIZE), 1 << rnd_below(4));
		rd(4 * rnd_below(1024));
		break;
	case 8:
		if (!rnd_below(4))
			t1_core_write(m.core, rnd_below(0x1000), rnd(), 1 << rnd_below(4));
		else
			wr(T1_REG_PRIV_FIRST + 4 * rnd_below(512), rnd());
		break;
	case 9:
		while (rnd_below(8) && event_get(&ev))
			;
		while (rnd_below(30) && admin_get(&cpl))
			;
		break;
	case 10:
		if (!rnd_below(50))
			machine_replace_core();
		break;
	case 11:
		run_for(rnd_below(4) ? rnd_below(5000) : rnd_below(3000000));
		break;
	}
	if (rnd_below(16) == 0 && rd(T1_REG_STATUS) != T1_STATUS_READY) {
		wr(T1_REG_CTRL, T1_CTRL_RESET);
		machine_enable();
		for (i = 0; i < 4; i++)
			ctx_new(i);
		for (i = 0; i < 16; i++)
			queue_new(i & 3, i, i >> 2 & 1);
	}
}

static void noise(void)
{
	unsigned int i;

	rnd_seed(2026);
	for (i = 0; i < 8; i++) {
		ctx_new(i & 3 ? 10 + i : i);
		noise_memory();
	}
	wr(T1_REG_CTRL, 0);
	for (i = 0; i < 150000; i++)
		noise_step();
	CHECK(m.guest_errors > 1000);
	still_alive();
}

/* The same from a driver that keeps clear of resets, so that more of it runs. */
static void noise_in_rings(void)
{
	unsigned int i, slot;
	uint64_t ran = 0;

	rnd_seed(5);
	for (i = 0; i < 4; i++)
		ctx_new(i);
	for (i = 0; i < 16; i++)
		queue_new(i & 3, i, i >> 2 & 1);
	for (i = 0; i < 60000; i++) {
		slot = rnd_below(16);
		if (m.tails[slot] - cb_of(slot)->head < 64)
			push(slot, noise_cmd());
		if (!rnd_below(16)) {
			struct t1_event ev;

			while (event_get(&ev)) {
				if (ev.type == T1_EV_FAULT && ev.ctx < 4)
					fault_query(ev.ctx, T1_FAULT_QUERY_CLEAR);
			}
			queue_op(T1_ADMIN_QUEUE_RESET, slot);
			cb_of(slot)->head = 0;
		}
		if (!rnd_below(100))
			wr(T1_ENGINE_BASE(rnd_below(2)) + T1_ENG_RESET, 1);
		run_for(rnd_below(3000));
		if (i % 1000 == 999)
			machine_replace_core();
	}
	ran = busy(COMPUTE) + busy(COPY);
	CHECK(ran > 10000000);
	still_alive();
}

#define TEST(name) { #name, name }

static const struct ktap_test tests[] = {
	TEST(same_twice),
	TEST(same_after_save_and_load),
	TEST(own_state_is_stable),
	TEST(truncated_state),
	TEST(mutated_state),
	TEST(hostile_fields),
	TEST(foreign_state),
	TEST(noise),
	TEST(noise_in_rings),
};

int main(int argc, char **argv)
{
	return machine_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
