// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_engine.c - when things happen: costs, runlists, preemption, waiting, counters
 *
 * Every time is compared by equality: the model's time is exact.
 */
#include "harness.h"

#define COMPUTE		T1_ENGINE_COMPUTE
#define COPY		T1_ENGINE_COPY
#define NONE		T1_RL_PREEMPT_NONE
#define BATCH		T1_RL_PREEMPT_BATCH
#define STRICT		T1_RL_PREEMPT_STRICT

static uint32_t eng(unsigned int e, unsigned int reg)
{
	return rd(T1_ENGINE_BASE(e) + reg);
}

static void set_explicit(void)
{
	wr(T1_REG_SCHED_CTRL, T1_SCHED_EXPLICIT);
}

static void put_batch(uint64_t va, unsigned int i, struct t1_cmd cmd)
{
	memcpy(sys_at(va) + i * sizeof(cmd), &cmd, sizeof(cmd));
}

static void fence_order_and_time(void)
{
	uint64_t t0 = m.now;

	ctx_new(0);
	queue_new(0, 0, COMPUTE);
	put(0, c_nop());
	push(0, c_fence(SYS_VA(0), 7, 0));
	CHECK_EQ(eng(COMPUTE, T1_ENG_STATUS), T1_ENG_STATUS_RUNNING);
	CHECK_EQ(eng(COMPUTE, T1_ENG_CURRENT), 0);
	run_to(t0 + 2 * CMD_NS - 1);
	CHECK_EQ(sys64(SYS_VA(0)), 0);
	CHECK_EQ(cb_of(0)->head, 0);
	CHECK_EQ(busy(COMPUTE), 2 * CMD_NS - 1);
	run_to(t0 + 2 * CMD_NS);
	CHECK_EQ(sys64(SYS_VA(0)), 7);
	CHECK_EQ(cb_of(0)->head, 2);
	CHECK_EQ(cb_of(0)->busy_ns, 2 * CMD_NS);
	CHECK_EQ(m.timer, T1_NEVER);
	run_for(1000);
	CHECK_EQ(busy(COMPUTE), 2 * CMD_NS);
	CHECK_EQ(ctx_busy(COMPUTE, 0), 2 * CMD_NS);
	CHECK_EQ(busy(COPY), 0);
	CHECK_EQ(eng(COMPUTE, T1_ENG_STATUS), 0);
	CHECK_EQ(eng(COMPUTE, T1_ENG_CURRENT), T1_NO_CONTEXT);
	CHECK_EQ(rd64(T1_ENGINE_BASE(COMPUTE) + T1_ENG_TIME_LO), m.now);
	/* A head is written too where the ring ends without a fence. */
	push(0, c_nop());
	run_idle();
	CHECK_EQ(cb_of(0)->head, 3);
	CHECK_EQ(cb_of(0)->busy_ns, 3 * CMD_NS);
	event_none();
}

static void interrupt_rule(void)
{
	unsigned int i;

	ctx_new(0);
	queue_new(0, 3, COMPUTE);
	cb_of(3)->event = 2;
	for (i = 0; i < 4; i++)
		put(3, c_fence(SYS_VA(0), i, T1_FENCE_IRQ));
	put(3, c_fence(SYS_VA(0), 4, 0));
	kick(3);
	run_for(2 * CMD_NS);
	CHECK_EQ(m.irqs[4], 0);
	run_for(CMD_NS);
	CHECK_EQ(m.irqs[4], 1);
	run_idle();
	CHECK_EQ(m.irqs[4], 2);
	/* modulo 2^32: an event index just behind has been reached, far ahead has not */
	cb_of(3)->event = 5 - 100;
	push(3, c_fence(SYS_VA(0), 5, T1_FENCE_IRQ));
	run_idle();
	CHECK_EQ(m.irqs[4], 3);
	cb_of(3)->event = 6 + 0x7fffffffu;
	push(3, c_fence(SYS_VA(0), 6, T1_FENCE_IRQ));
	run_idle();
	CHECK_EQ(m.irqs[4], 3);
	CHECK_EQ(sys64(SYS_VA(0)), 6);
}

static void semaphores(void)
{
	uint64_t t;

	ctx_new(0);
	queue_new(0, 0, COMPUTE);
	queue_new(0, 1, COPY);
	set_sys64(SYS_VA(0), 4);
	put(0, c_sem(SYS_VA(0), 5, T1_SEM_GE));
	put(0, c_time(SYS_VA(8)));
	kick(0);
	run_for(1000000);
	CHECK_EQ(busy(COMPUTE), 0);
	CHECK_EQ(eng(COMPUTE, T1_ENG_PENDING_LO), 0);
	CHECK(m.timer != T1_NEVER);
	/* a fence of the other engine wakes it at once */
	t = m.now;
	push(1, c_fence(SYS_VA(0), 6, 0));
	run_idle();
	CHECK_EQ(sys64(SYS_VA(8)), t + 3 * CMD_NS);
	CHECK_EQ(m.timer, T1_NEVER);

	/* equality does not take a larger value; a doorbell looks again */
	put(0, c_sem(SYS_VA(0), 3, T1_SEM_EQ));
	kick(0);
	run_for(100);
	set_sys64(SYS_VA(0), 3);
	t = m.now;
	put(0, c_time(SYS_VA(8)));
	kick(0);
	run_idle();
	CHECK_EQ(sys64(SYS_VA(8)), t + 2 * CMD_NS);

	/* greater is by signed difference: 3 is past -1, and never waits */
	t = m.now;
	put(0, c_sem(SYS_VA(0), -1ull, T1_SEM_GE));
	put(0, c_time(SYS_VA(8)));
	kick(0);
	run_idle();
	CHECK_EQ(sys64(SYS_VA(8)), t + 2 * CMD_NS);
}

static void semaphore_poll(void)
{
	uint64_t t = m.now;

	ctx_new(0);
	queue_new(0, 0, COMPUTE);
	put(0, c_sem(SYS_VA(0), 1, T1_SEM_GE));
	put(0, c_time(SYS_VA(8)));
	kick(0);
	CHECK_EQ(m.timer, t + 20000);
	run_to(t + 30000);
	set_sys64(SYS_VA(0), 1);
	run_to(t + 39999);
	CHECK_EQ(sys64(SYS_VA(8)), 0);
	run_idle();
	CHECK_EQ(sys64(SYS_VA(8)), t + 40000 + 2 * CMD_NS);
	/* nothing waits any more, nothing polls */
	CHECK_EQ(m.timer, T1_NEVER);
	/* a queue destroyed while it waits takes its poll with it */
	push(0, c_sem(SYS_VA(0), 2, T1_SEM_GE));
	CHECK(m.timer != T1_NEVER);
	CHECK_EQ(queue_op(T1_ADMIN_QUEUE_DESTROY, 0), 0);
	CHECK_EQ(m.timer, T1_NEVER);
}

static void batches(void)
{
	uint64_t t = m.now;
	unsigned int i;

	ctx_new(0);
	queue_new(0, 0, COMPUTE);
	for (i = 0; i < 99; i++)
		put_batch(SYS_VA(0x1000), i, c_hang(100, 0));
	put_batch(SYS_VA(0x1000), 99, c_fence(SYS_VA(0), 9, 0));
	put(0, c_batch(SYS_VA(0x1000), 100));
	put(0, c_time(SYS_VA(8)));
	kick(0);
	run_to(t + CMD_NS + 99 * 300 + CMD_NS - 1);
	CHECK_EQ(sys64(SYS_VA(0)), 0);
	run_for(1);
	CHECK_EQ(sys64(SYS_VA(0)), 9);
	CHECK_EQ(cb_of(0)->head, 0);	/* a fence in a batch leaves it alone */
	run_idle();
	CHECK_EQ(sys64(SYS_VA(8)), t + CMD_NS + 99 * 300 + 2 * CMD_NS);
	CHECK_EQ(cb_of(0)->head, 2);
}

static void copy_costs(void)
{
	uint64_t t;

	ctx_new(0);
	queue_new(0, 0, COPY);
	memset(vram_at(VA_VRAM), 0x5a, 65536);
	/* 64 bytes a ns inside VRAM, 8 to and from system memory, rounded up */
	t = m.now;
	put(0, c_copy(VA_VRAM + 0x100000, VA_VRAM, 64001));
	push(0, c_time(SYS_VA(0)));
	run_idle();
	CHECK_EQ(sys64(SYS_VA(0)), t + 1001 + 2 * CMD_NS);
	CHECK(!memcmp(vram_at(VA_VRAM + 0x100000), vram_at(VA_VRAM), 64001));
	CHECK_EQ(*vram_at(VA_VRAM + 0x100000 + 64001), 0);
	t = m.now;
	put(0, c_copy(SYS_VA(0x1003), VA_VRAM, 8000));
	push(0, c_time(SYS_VA(0)));
	run_idle();
	CHECK_EQ(sys64(SYS_VA(0)), t + 1000 + 2 * CMD_NS);
	CHECK(!memcmp(sys_at(SYS_VA(0x1003)), vram_at(VA_VRAM), 8000));
	t = m.now;
	put(0, c_fill(VA_VRAM + 4, 0x01020304, 64000));
	push(0, c_time(SYS_VA(0)));
	run_idle();
	CHECK_EQ(sys64(SYS_VA(0)), t + 1000 + 2 * CMD_NS);
	CHECK_EQ(*vram_at(VA_VRAM + 3), 0x5a);
	CHECK_EQ(*vram_at(VA_VRAM + 4), 4);
	CHECK_EQ(*vram_at(VA_VRAM + 64003), 1);
	CHECK_EQ(*vram_at(VA_VRAM + 64004), 0x5a);
	/* system to VRAM and system to system */
	put(0, c_copy(VA_VRAM + 0x200000 + 1, SYS_VA(0x1003), 8000));
	put(0, c_copy(SYS_VA(0x20005), SYS_VA(0x1003), 8000));
	t = m.now;
	push(0, c_time(SYS_VA(0)));
	run_idle();
	CHECK_EQ(sys64(SYS_VA(0)), t + 2000 + 3 * CMD_NS);
	CHECK(!memcmp(vram_at(VA_VRAM + 0x200001), sys_at(SYS_VA(0x1003)), 8000));
	CHECK(!memcmp(sys_at(SYS_VA(0x20005)), sys_at(SYS_VA(0x1003)), 8000));
	/* the cost is of bandwidth: a copy across both kinds goes at the slower */
	CHECK_EQ(map_contig(0, VA_VRAM + VRAM_SIZE, SYS_BASE + SYS_FREE, 1,
			    T1_MAP_READ | T1_MAP_WRITE), 0);
	t = m.now;
	put(0, c_copy(VA_VRAM, VA_VRAM + VRAM_SIZE - 4000, 8000));
	push(0, c_time(SYS_VA(0)));
	run_idle();
	CHECK_EQ(sys64(SYS_VA(0)), t + 1000 + 2 * CMD_NS);
}

static void effect_at_end(void)
{
	ctx_new(0);
	queue_new(0, 0, COPY);
	push(0, c_fill(VA_VRAM, ~0u, 6400000));
	run_for(100000 + CMD_NS - 1);
	CHECK_EQ(*vram_at(VA_VRAM), 0);
	/* whole, and then */
	run_for(1);
	CHECK_EQ(*vram_at(VA_VRAM), 0xff);
	CHECK_EQ(*vram_at(VA_VRAM + 6399999), 0xff);
}

static void gemm(void)
{
	struct t1_cmd cmd = { .opcode = T1_OP_GEMM };
	float a[6] = { 1, 2, 3, 4, 5, 6 }, b[6] = { 7, 8, 9, 10, 11, 12 }, c[4];
	uint64_t t = m.now, done;

	ctx_new(0);
	queue_new(0, 0, COMPUTE);
	memcpy(vram_at(VA_VRAM), a, sizeof(a));
	memcpy(vram_at(VA_VRAM + 64), b, sizeof(b));
	cmd.gemm.a = VA_VRAM;
	cmd.gemm.b = VA_VRAM + 64;
	cmd.gemm.c = SYS_VA(64);
	cmd.gemm.m = 2;
	cmd.gemm.n = 2;
	cmd.gemm.k = 3;
	cmd.gemm.lda = 3;
	cmd.gemm.ldb = 2;
	cmd.gemm.ldc = 2;
	put(0, cmd);
	push(0, c_time(SYS_VA(0)));
	run_idle();
	memcpy(c, sys_at(SYS_VA(64)), sizeof(c));
	CHECK(c[0] == 58 && c[1] == 64 && c[2] == 139 && c[3] == 154);
	done = sys64(SYS_VA(0));
	CHECK(done > t + 2 * CMD_NS && done < t + 2 * CMD_NS + 100);

	/* 512^3 at 32 MAC a clock and 500 MHz: 2^27 / 16 ns */
	cmd.gemm.b = VA_VRAM + 0x200000;
	cmd.gemm.c = VA_VRAM + 0x400000;
	cmd.gemm.m = 512;
	cmd.gemm.n = 512;
	cmd.gemm.k = 512;
	cmd.gemm.lda = 512;
	cmd.gemm.ldb = 512;
	cmd.gemm.ldc = 512;
	t = m.now;
	put(0, cmd);
	push(0, c_time(SYS_VA(0)));
	run_idle();
	CHECK_EQ(sys64(SYS_VA(0)), t + (1u << 27) / 16 + 2 * CMD_NS);
}

static void round_robin(void)
{
	uint64_t t = m.now;
	unsigned int i;

	ctx_new(0);
	ctx_new(1);
	queue_new(0, 2, COMPUTE);
	queue_new(1, 5, COMPUTE);
	queue_new(1, 9, COMPUTE);
	/* three queues of 4 entries of 1 us: by slot number in turn, entry by entry */
	for (i = 0; i < 4; i++) {
		put(2, i & 1 ? c_time(SYS_VA(16 * i)) : c_hang(800, 0));
		put(5, i & 1 ? c_time(SYS_VA(16 * i + 8)) : c_hang(800, 0));
		put(9, c_hang(800, 0));
	}
	kick(2);
	kick(5);
	kick(9);
	run_idle();
	CHECK_EQ(sys64(SYS_VA(16)), t + 3000 + 200);
	CHECK_EQ(sys64(SYS_VA(24)), t + 3000 + 400);
	CHECK_EQ(sys64(SYS_VA(48)), t + 4400 + 3000 + 200);
	CHECK_EQ(sys64(SYS_VA(56)), t + 4400 + 3000 + 400);
	CHECK_EQ(ctx_busy(COMPUTE, 0), 2400);
	CHECK_EQ(ctx_busy(COMPUTE, 1), 2400 + 4000);
	CHECK_EQ(busy(COMPUTE), 8800);
}

static void engines_in_parallel(void)
{
	uint64_t t = m.now;

	ctx_new(0);
	queue_new(0, 0, COMPUTE);
	queue_new(0, 1, COPY);
	put(0, c_hang(50000 - CMD_NS, 0));
	push(0, c_time(SYS_VA(0)));
	put(1, c_hang(50000 - CMD_NS, 0));
	push(1, c_time(SYS_VA(8)));
	run_for(30000);
	CHECK_EQ(busy(COMPUTE), 30000);
	CHECK_EQ(busy(COPY), 30000);
	CHECK_EQ(ctx_busy(COMPUTE, 0), 30000);
	CHECK_EQ(ctx_busy(COPY, 0), 30000);
	run_idle();
	CHECK_EQ(sys64(SYS_VA(0)), t + 50000 + CMD_NS);
	CHECK_EQ(sys64(SYS_VA(8)), t + 50000 + CMD_NS);
	/* at one instant compute comes before copy */
	push(1, c_fence(SYS_VA(16), 1, 0));
	push(0, c_fence(SYS_VA(16), 2, 0));
	run_idle();
	CHECK_EQ(sys64(SYS_VA(16)), 1);
}

/* Two contexts, A on the runlist and running; what follows is about the switch to B. */
static uint64_t two_contexts(uint64_t cost)
{
	uint64_t t;

	set_explicit();
	ctx_new(0);
	ctx_new(1);
	queue_new(0, 0, COMPUTE);
	queue_new(1, 1, COMPUTE);
	runlist(COMPUTE, 1, STRICT | 1);
	run_for(SWITCH_NS);
	CHECK_EQ(event_expect(T1_EV_RUNLIST_SWITCHED).token, 1);
	CHECK_EQ(event_expect(T1_EV_RUNLIST_IDLE).token, 1);
	t = m.now;
	put(0, c_hang(cost - CMD_NS, 0));
	push(0, c_time(SYS_VA(0)));
	CHECK_EQ(event_expect(T1_EV_CTX_PENDING).ctx, 0);
	push(1, c_time(SYS_VA(8)));
	CHECK_EQ(event_expect(T1_EV_CTX_PENDING).ctx, 1);
	CHECK_EQ(eng(COMPUTE, T1_ENG_PENDING_LO), 3);
	return t;
}

static void strict_preemption(void)
{
	uint64_t t = two_contexts(55000);
	struct t1_event ev;

	run_to(t + 12345);
	runlist(COMPUTE, 2, STRICT | 77);
	CHECK_EQ(eng(COMPUTE, T1_ENG_STATUS),
		 T1_ENG_STATUS_RUNNING | T1_ENG_STATUS_SWITCHING);
	run_to(t + 20000);
	CHECK_EQ(eng(COMPUTE, T1_ENG_STATUS), T1_ENG_STATUS_SWITCHING);
	CHECK_EQ(eng(COMPUTE, T1_ENG_CURRENT), T1_NO_CONTEXT);
	run_to(t + 20000 + 100);
	CHECK_EQ(busy(COMPUTE), 20000);
	run_to(t + 20000 + SWITCH_NS - 1);
	/* all of the instant at which BUSY_NS was read */
	CHECK_EQ(eng(COMPUTE, T1_ENG_SWITCH_NS_LO), SWITCH_NS + 100);
	CHECK_EQ(eng(COMPUTE, T1_ENG_TIME_LO), (uint32_t)(t + 20000 + 100));
	event_none();
	run_for(1);
	ev = event_expect(T1_EV_RUNLIST_SWITCHED);
	CHECK_EQ(ev.token, 77);
	CHECK_EQ(ev.time_ns, t + 20000 + SWITCH_NS);
	CHECK_EQ(ev.busy_ns, 20000);
	CHECK_EQ(ev.switch_ns, 2 * SWITCH_NS);
	CHECK_EQ(ev.engine, COMPUTE);
	CHECK_EQ(ev.ctx, T1_NO_CONTEXT);
	CHECK_EQ(eng(COMPUTE, T1_ENG_CURRENT), 1);
	run_for(CMD_NS);
	CHECK_EQ(sys64(SYS_VA(8)), t + 20000 + SWITCH_NS + CMD_NS);
	ev = event_expect(T1_EV_RUNLIST_IDLE);
	CHECK_EQ(ev.token, 77);
	CHECK_EQ(ev.time_ns, t + 20000 + SWITCH_NS + CMD_NS);
	CHECK_EQ(ev.busy_ns, 20000 + CMD_NS);
	CHECK_EQ(ctx_busy(COMPUTE, 0), 20000);

	/* back: exactly the rest of the cost is left */
	t = m.now;
	runlist(COMPUTE, 1, BATCH | 5);
	run_idle();
	CHECK_EQ(sys64(SYS_VA(0)), t + SWITCH_NS + 35000 + CMD_NS);
	CHECK_EQ(ctx_busy(COMPUTE, 0), 55000 + CMD_NS);
	CHECK_EQ(switch_ns(COMPUTE), 3 * SWITCH_NS);
	CHECK_EQ(eng(COMPUTE, T1_ENG_SWITCHES), 3);
}

static void strict_on_tile(void)
{
	uint64_t t = two_contexts(95000);

	/* exactly on a tile: it stops there and then */
	run_to(t + 30000);
	runlist(COMPUTE, 2, STRICT | 2);
	run_to(t + 30000 + SWITCH_NS);
	CHECK_EQ(event_expect(T1_EV_RUNLIST_SWITCHED).busy_ns, 30000);
	run_for(CMD_NS);
	event_expect(T1_EV_RUNLIST_IDLE);
	/* resumed 3 us before a tile of the command's own time: nothing is lost of it */
	t = m.now;
	runlist(COMPUTE, 1, STRICT | 3);
	run_to(t + SWITCH_NS + 1);
	event_expect(T1_EV_RUNLIST_SWITCHED);
	runlist(COMPUTE, 2, STRICT | 4);
	run_to(t + SWITCH_NS + 10000 + SWITCH_NS);
	CHECK_EQ(event_expect(T1_EV_RUNLIST_SWITCHED).time_ns,
		 t + SWITCH_NS + 10000 + SWITCH_NS);
	CHECK_EQ(ctx_busy(COMPUTE, 0), 40000);
	/* the last piece, 5 us, is shorter than a tile: then the end of the command counts */
	event_expect(T1_EV_RUNLIST_IDLE);
	runlist(COMPUTE, 1, STRICT | 5);
	run_for(SWITCH_NS + 50000);
	event_expect(T1_EV_RUNLIST_SWITCHED);
	t = m.now;
	runlist(COMPUTE, 2, STRICT | 6);
	run_idle();
	CHECK_EQ(event_expect(T1_EV_RUNLIST_SWITCHED).time_ns, t + SWITCH_NS);
	CHECK_EQ(ctx_busy(COMPUTE, 0), 90000);
	event_expect(T1_EV_RUNLIST_IDLE);
	runlist(COMPUTE, 1, STRICT | 7);
	run_for(SWITCH_NS + 1000);
	event_expect(T1_EV_RUNLIST_SWITCHED);
	runlist(COMPUTE, 2, STRICT | 8);
	run_idle();
	CHECK_EQ(event_expect(T1_EV_RUNLIST_SWITCHED).busy_ns, 95000 + CMD_NS);
	CHECK_EQ(sys64(SYS_VA(0)), 0);	/* the next entry has not begun */
}

/* A queue stopped inside an entry is the first when its context is back. */
static void stopped_queue_comes_first(void)
{
	uint64_t t;

	set_explicit();
	ctx_new(0);
	queue_new(0, 2, COMPUTE);
	queue_new(0, 5, COMPUTE);
	runlist(COMPUTE, 1, BATCH | 1);
	run_for(SWITCH_NS);
	put(2, c_hang(1000 - CMD_NS, 0));
	push(2, c_time(SYS_VA(0)));
	put(5, c_hang(30000 - CMD_NS, 0));
	push(5, c_time(SYS_VA(8)));
	run_for(2000);
	CHECK_EQ(eng(COMPUTE, T1_ENG_STATUS), T1_ENG_STATUS_RUNNING);
	runlist(COMPUTE, 0, STRICT | 2);
	run_for(100000);
	CHECK_EQ(busy(COMPUTE), 11000);
	t = m.now;
	runlist(COMPUTE, 1, BATCH | 3);
	run_idle();
	CHECK_EQ(sys64(SYS_VA(0)), t + SWITCH_NS + 20000 + CMD_NS);
	CHECK_EQ(sys64(SYS_VA(8)), t + SWITCH_NS + 20000 + 2 * CMD_NS);
}

static void batch_preemption(void)
{
	uint64_t t;
	unsigned int i;

	t = two_contexts(1000);
	run_idle();
	event_expect(T1_EV_RUNLIST_IDLE);
	for (i = 0; i < 5; i++)
		put_batch(SYS_VA(0x1000), i, c_hang(30000 - CMD_NS, 0));
	t = m.now;
	put(0, c_batch(SYS_VA(0x1000), 5));
	push(0, c_time(SYS_VA(0)));
	event_expect(T1_EV_CTX_PENDING);
	run_to(t + 40000);
	/* a BATCH and all in it is one ring entry */
	runlist(COMPUTE, 2, BATCH | 9);
	run_to(t + CMD_NS + 150000 + SWITCH_NS);
	CHECK_EQ(event_expect(T1_EV_RUNLIST_SWITCHED).time_ns,
		 t + CMD_NS + 150000 + SWITCH_NS);
	run_idle();
	event_expect(T1_EV_RUNLIST_IDLE);

	/* strict stops inside the batch, and there it goes on */
	t = m.now;
	put(0, c_batch(SYS_VA(0x1000), 5));
	push(0, c_time(SYS_VA(16)));
	runlist(COMPUTE, 1, BATCH | 10);
	run_to(t + SWITCH_NS + 2 * CMD_NS + 30000 + 1);	/* first inner command */
	event_expect(T1_EV_RUNLIST_SWITCHED);
	runlist(COMPUTE, 2, STRICT | 11);
	run_idle();
	CHECK_EQ(event_expect(T1_EV_RUNLIST_SWITCHED).time_ns,
		 t + SWITCH_NS + 2 * CMD_NS + 30000 + 10000 + SWITCH_NS);
	event_expect(T1_EV_RUNLIST_IDLE);
	t = m.now;
	runlist(COMPUTE, 1, BATCH | 12);
	run_idle();
	CHECK_EQ(sys64(SYS_VA(16)), t + SWITCH_NS + 110000 + CMD_NS);
}

static void strict_between_batch_commands(void)
{
	uint64_t t = two_contexts(1000);
	unsigned int i;

	run_idle();
	event_expect(T1_EV_RUNLIST_IDLE);
	for (i = 0; i < 5; i++)
		put_batch(SYS_VA(0x1000), i, c_hang(3000 - CMD_NS, 0));
	t = m.now;
	push(0, c_batch(SYS_VA(0x1000), 5));
	event_expect(T1_EV_CTX_PENDING);
	/* commands shorter than a tile: the end of the command comes first */
	run_to(t + CMD_NS + 4000);
	runlist(COMPUTE, 2, STRICT | 3);
	run_to(t + CMD_NS + 6000 + SWITCH_NS);
	CHECK_EQ(event_expect(T1_EV_RUNLIST_SWITCHED).time_ns,
		 t + CMD_NS + 6000 + SWITCH_NS);
	CHECK_EQ(cb_of(0)->head, 2);
}

static void preempt_none(void)
{
	uint64_t t = two_contexts(55000);
	struct t1_event ev;

	/* holds the running context: in force at once, nothing stops, no cost */
	run_to(t + 10001);
	runlist(COMPUTE, 3, NONE | 2);
	ev = event_expect(T1_EV_RUNLIST_SWITCHED);
	CHECK_EQ(ev.token, 2);
	CHECK_EQ(ev.time_ns, t + 10001);
	CHECK_EQ(ev.busy_ns, 10001);
	CHECK_EQ(switch_ns(COMPUTE), SWITCH_NS);
	/* the same contexts: likewise, whatever the mode */
	runlist(COMPUTE, 3, STRICT | 3);
	CHECK_EQ(event_expect(T1_EV_RUNLIST_SWITCHED).token, 3);
	run_to(t + 55000);
	CHECK_EQ(busy(COMPUTE), 55000);
	CHECK_EQ(eng(COMPUTE, T1_ENG_CURRENT), 1);	/* in turn */
	run_idle();
	CHECK_EQ(event_expect(T1_EV_RUNLIST_IDLE).token, 3);
	/* does not hold it: acts as batch */
	t = m.now;
	push(0, c_hang(55000 - CMD_NS, 0));
	event_expect(T1_EV_CTX_PENDING);
	runlist(COMPUTE, 2, NONE | 4);
	run_idle();
	CHECK_EQ(event_expect(T1_EV_RUNLIST_SWITCHED).time_ns, t + 55000 + SWITCH_NS);
	CHECK_EQ(event_expect(T1_EV_RUNLIST_IDLE).token, 4);
	/* the same on an idle engine: no cost either, and it is idle still */
	t = m.now;
	runlist(COMPUTE, 2, BATCH | 5);
	CHECK_EQ(event_expect(T1_EV_RUNLIST_SWITCHED).time_ns, t);
	CHECK_EQ(event_expect(T1_EV_RUNLIST_IDLE).token, 5);
}

static void submit_replaces_waiting(void)
{
	uint64_t t = two_contexts(55000);

	run_to(t + 1000);
	runlist(COMPUTE, 2, STRICT | 2);
	/* the strict stop at 10 us is taken back with the submit that wanted it */
	runlist(COMPUTE, 2, BATCH | 3);
	run_to(t + 55000);
	event_none();
	/* during the switch as well; what has passed of its cost counts */
	run_for(1000);
	runlist(COMPUTE, 0, BATCH | 4);
	run_to(t + 55000 + SWITCH_NS);
	CHECK_EQ(event_expect(T1_EV_RUNLIST_SWITCHED).token, 4);
	CHECK_EQ(event_expect(T1_EV_RUNLIST_IDLE).token, 4);
	event_none();
	CHECK_EQ(eng(COMPUTE, T1_ENG_SWITCHES), 2);
	CHECK_EQ(eng(COMPUTE, T1_ENG_PENDING_LO), 3);
	CHECK_EQ(m.timer, T1_NEVER);
}

static void latched_doorbells(void)
{
	uint64_t t;

	set_explicit();
	ctx_new(7);
	queue_new(7, 0, COMPUTE);
	queue_new(7, 1, COMPUTE);
	queue_new(7, 2, COPY);
	push(0, c_time(SYS_VA(0)));
	CHECK_EQ(event_expect(T1_EV_CTX_PENDING).ctx, 7);
	/* an edge is reported once, each engine's for itself */
	push(0, c_nop());
	push(1, c_nop());
	event_none();
	push(2, c_nop());
	CHECK_EQ(event_expect(T1_EV_CTX_PENDING).engine, COPY);
	run_for(1000000);
	CHECK_EQ(busy(COMPUTE), 0);
	CHECK_EQ(sys64(SYS_VA(0)), 0);
	CHECK_EQ(rd64(T1_ENGINE_BASE(COMPUTE) + T1_ENG_PENDING_LO), 1 << 7);
	t = m.now;
	runlist(COMPUTE, 1 << 7, BATCH | 1);
	run_idle();
	CHECK_EQ(sys64(SYS_VA(0)), t + SWITCH_NS + CMD_NS);
	event_expect(T1_EV_RUNLIST_SWITCHED);
	event_expect(T1_EV_RUNLIST_IDLE);
	CHECK_EQ(busy(COMPUTE), 3 * CMD_NS);
	CHECK_EQ(busy(COPY), 0);
	CHECK_EQ(rd64(T1_ENGINE_BASE(COPY) + T1_ENG_PENDING_LO), 1 << 7);
	/* on an idle runlist: one pending event, then it runs and is idle again */
	push(1, c_nop());
	CHECK_EQ(event_expect(T1_EV_CTX_PENDING).token, 1);
	run_idle();
	event_expect(T1_EV_RUNLIST_IDLE);
	event_none();
}

static void semaphore_off_runlist(void)
{
	uint64_t t;

	set_explicit();
	ctx_new(0);
	queue_new(0, 0, COMPUTE);
	push(0, c_sem(SYS_VA(0), 1, T1_SEM_GE));
	event_expect(T1_EV_CTX_PENDING);
	t = m.now;
	runlist(COMPUTE, 1, BATCH | 1);
	run_for(SWITCH_NS);
	event_expect(T1_EV_RUNLIST_SWITCHED);
	event_expect(T1_EV_RUNLIST_IDLE);
	CHECK_EQ(m.timer, t + SWITCH_NS + 20000);
	runlist(COMPUTE, 0, BATCH | 2);
	run_for(SWITCH_NS);
	event_expect(T1_EV_RUNLIST_SWITCHED);
	event_expect(T1_EV_RUNLIST_IDLE);
	run_to(t + SWITCH_NS + 30000);
	set_sys64(SYS_VA(0), 1);
	/* looked at when the empty runlist came in, and 100 us later */
	t += 2 * SWITCH_NS + 100000;
	run_to(t - 1);
	event_none();
	run_idle();
	CHECK_EQ(event_expect(T1_EV_CTX_PENDING).time_ns, t);
	CHECK_EQ(busy(COMPUTE), 0);
	event_none();
}

static void semaphore_looked_at_on_switch_in(void)
{
	uint64_t t;

	semaphore_off_runlist();
	set_sys64(SYS_VA(0), 0);
	/* satisfied, then taken back before it could run: it waits again, with no work */
	t = m.now;
	runlist(COMPUTE, 1, BATCH | 3);
	run_for(SWITCH_NS);
	event_expect(T1_EV_RUNLIST_SWITCHED);
	event_expect(T1_EV_RUNLIST_IDLE);
	CHECK_EQ(busy(COMPUTE), 0);
	runlist(COMPUTE, 0, BATCH | 4);
	run_for(SWITCH_NS + 150000);
	event_expect(T1_EV_RUNLIST_SWITCHED);
	event_expect(T1_EV_RUNLIST_IDLE);
	set_sys64(SYS_VA(0), 1);
	t = m.now;
	runlist(COMPUTE, 1, BATCH | 5);
	run_for(SWITCH_NS);
	event_expect(T1_EV_RUNLIST_SWITCHED);
	CHECK_EQ(eng(COMPUTE, T1_ENG_STATUS), T1_ENG_STATUS_RUNNING);
	run_idle();
	CHECK_EQ(event_expect(T1_EV_RUNLIST_IDLE).time_ns, t + SWITCH_NS + CMD_NS);
}

static void engine_reset_of_a_hang(void)
{
	struct t1_event ev;
	struct t1_fault f;
	uint64_t t = two_contexts(1000);

	run_idle();
	event_expect(T1_EV_RUNLIST_IDLE);
	put(0, c_nop());
	push(0, c_hang(0, T1_HANG_NO_PREEMPT));
	event_expect(T1_EV_CTX_PENDING);
	t = m.now;
	run_for(1000);
	runlist(COMPUTE, 2, STRICT | 7);
	run_to(t + 50000000);
	event_none();
	CHECK_EQ(busy(COMPUTE), 1000 + CMD_NS + 50000000);
	wr(T1_ENGINE_BASE(COMPUTE) + T1_ENG_RESET, 1);
	t = m.now;
	ev = event_expect(T1_EV_FAULT);
	CHECK_EQ(ev.fault, T1_FAULT_ENGINE_RESET);
	CHECK_EQ(ev.ctx, 0);
	CHECK_EQ(ev.slot, 0);
	CHECK_EQ(eng(COMPUTE, T1_ENG_STATUS),
		 T1_ENG_STATUS_RESETTING | T1_ENG_STATUS_SWITCHING);
	/* a second one while it resets changes nothing */
	wr(T1_ENGINE_BASE(COMPUTE) + T1_ENG_RESET, 1);
	run_to(t + RESET_NS);
	ev = event_expect(T1_EV_ENGINE_RESET);
	CHECK_EQ(ev.ctx, 0);
	CHECK_EQ(ev.time_ns, t + RESET_NS);
	run_idle();
	ev = event_expect(T1_EV_RUNLIST_SWITCHED);
	CHECK_EQ(ev.token, 7);
	CHECK_EQ(ev.time_ns, t + RESET_NS + SWITCH_NS);
	event_expect(T1_EV_RUNLIST_IDLE);
	CHECK_EQ(sys64(SYS_VA(8)), ev.time_ns + CMD_NS);
	f = fault_query(0, 0);
	CHECK_EQ(f.fault, T1_FAULT_ENGINE_RESET);
	CHECK_EQ(f.opcode, T1_OP_HANG);
	CHECK_EQ(f.entry, 3);
	CHECK_EQ(f.batch_index, 0xffffffff);
	CHECK_EQ(f.time_ns, t);
	/* and back to work: the queue by reset, the context by clear */
	fault_query(0, T1_FAULT_QUERY_CLEAR);
	CHECK_EQ(fault_query(0, 0).fault, T1_FAULT_NONE);
	push(0, c_time(SYS_VA(16)));
	event_none();	/* still in error */
	CHECK_EQ(queue_op(T1_ADMIN_QUEUE_RESET, 0), 0);
	push(0, c_time(SYS_VA(16)));
	event_expect(T1_EV_CTX_PENDING);
	t = m.now;
	runlist(COMPUTE, 1, BATCH | 8);
	run_idle();
	CHECK_EQ(sys64(SYS_VA(16)), t + SWITCH_NS + CMD_NS);
	/* idle: costs the time, blames nobody */
	event_expect(T1_EV_RUNLIST_SWITCHED);
	event_expect(T1_EV_RUNLIST_IDLE);
	wr(T1_ENGINE_BASE(COMPUTE) + T1_ENG_RESET, 1);
	t = m.now;
	run_idle();
	ev = event_expect(T1_EV_ENGINE_RESET);
	CHECK_EQ(ev.ctx, T1_NO_CONTEXT);
	CHECK_EQ(ev.time_ns, t + RESET_NS);
}

static void strict_stops_a_plain_hang(void)
{
	uint64_t t = two_contexts(1000);

	run_idle();
	event_expect(T1_EV_RUNLIST_IDLE);
	push(0, c_hang(0, 0));
	event_expect(T1_EV_CTX_PENDING);
	t = m.now;
	/* batch does not */
	runlist(COMPUTE, 2, BATCH | 1);
	run_to(t + 1000001);
	event_none();
	runlist(COMPUTE, 2, STRICT | 2);
	run_to(t + 1010000 + SWITCH_NS);
	CHECK_EQ(event_expect(T1_EV_RUNLIST_SWITCHED).busy_ns, 1000 + CMD_NS + 1010000);
}

static void destroy_what_runs(void)
{
	uint64_t t, b;

	ctx_new(0);
	ctx_new(1);
	queue_new(0, 0, COMPUTE);
	queue_new(1, 1, COMPUTE);
	/* what can be preempted is dropped at once */
	t = m.now;
	push(0, c_hang(0, 0));
	push(1, c_time(SYS_VA(8)));
	run_for(12345);
	CHECK_EQ(queue_op(T1_ADMIN_QUEUE_RESET, 0), 0);
	CHECK_EQ(busy(COMPUTE), 12345);
	run_idle();
	CHECK_EQ(sys64(SYS_VA(8)), t + 12345 + CMD_NS);
	CHECK_EQ(ctx_busy(COMPUTE, 0), 12345);
	/* a command that can't be preempted costs an engine reset, which no event reports */
	push(0, c_hang(0, T1_HANG_NO_PREEMPT));
	push(1, c_time(SYS_VA(8)));
	run_for(1000);
	t = m.now;
	b = busy(COMPUTE);
	CHECK_EQ(queue_op(T1_ADMIN_QUEUE_DESTROY, 0), 0);
	CHECK_EQ(eng(COMPUTE, T1_ENG_STATUS), T1_ENG_STATUS_RESETTING);
	run_idle();
	CHECK_EQ(sys64(SYS_VA(8)), t + RESET_NS + CMD_NS);
	CHECK_EQ(busy(COMPUTE), b + CMD_NS);
	event_none();
	/* a context with both engines in use */
	queue_new(0, 0, COMPUTE);
	queue_new(0, 2, COPY);
	queue_new(0, 3, COPY);
	push(0, c_hang(0, T1_HANG_NO_PREEMPT));
	push(2, c_hang(0, 0));
	push(3, c_hang(0, 0));
	run_for(1000);
	t = m.now;
	CHECK_EQ(admin_simple(T1_ADMIN_CTX_DESTROY, 0), 0);
	CHECK_EQ(ctx_busy(COMPUTE, 0), 0);
	CHECK_EQ(eng(COPY, T1_ENG_STATUS), 0);
	push(1, c_time(SYS_VA(8)));
	run_idle();
	CHECK_EQ(sys64(SYS_VA(8)), t + RESET_NS + CMD_NS);
	event_none();
}

static void fault_stops_both_engines(void)
{
	uint64_t t;

	ctx_new(0);
	queue_new(0, 0, COMPUTE);
	queue_new(0, 1, COPY);
	put(1, c_hang(50000 - CMD_NS, 0));
	push(1, c_time(SYS_VA(8)));
	run_for(12345);
	push(0, (struct t1_cmd){ .opcode = 0xee });
	CHECK_EQ(event_expect(T1_EV_FAULT).fault, T1_FAULT_BAD_COMMAND);
	CHECK_EQ(eng(COPY, T1_ENG_STATUS), 0);
	run_for(100000);
	CHECK_EQ(ctx_busy(COPY, 0), 12345);
	CHECK_EQ(eng(COPY, T1_ENG_PENDING_LO), 0);
	t = m.now;
	fault_query(0, T1_FAULT_QUERY_CLEAR);
	run_idle();
	CHECK_EQ(sys64(SYS_VA(8)), t + 50000 - 12345 + CMD_NS);

	/* what can't be preempted runs on to its end, and no further */
	put(1, c_hang(50000 - CMD_NS, T1_HANG_NO_PREEMPT));
	push(1, c_time(SYS_VA(16)));
	queue_op(T1_ADMIN_QUEUE_RESET, 0);
	push(0, (struct t1_cmd){ .opcode = 0xee });
	event_expect(T1_EV_FAULT);
	t = ctx_busy(COPY, 0);
	run_for(20000);
	CHECK_EQ(eng(COPY, T1_ENG_STATUS), T1_ENG_STATUS_RUNNING);
	run_for(100000);
	CHECK_EQ(ctx_busy(COPY, 0), t + 50000);
	CHECK_EQ(sys64(SYS_VA(16)), 0);
}

/* The other engine's fault and the end of a command in a batch at the same instant. */
static void fault_and_end_at_once(void)
{
	uint64_t t = m.now;

	ctx_new(0);
	queue_new(0, 0, COMPUTE);
	queue_new(0, 1, COPY);
	put_batch(SYS_VA(0x1000), 0, c_time(SYS_VA(0)));
	push(1, c_batch(SYS_VA(0x1000), 1));
	put(0, c_nop());
	push(0, (struct t1_cmd){ .opcode = 0xee });
	run_for(CMD_NS);
	CHECK_EQ(event_expect(T1_EV_FAULT).time_ns, t + CMD_NS);
	CHECK_EQ(eng(COPY, T1_ENG_STATUS), 0);
	run_for(10000);
	CHECK_EQ(sys64(SYS_VA(0)), 0);
	t = m.now;
	fault_query(0, T1_FAULT_QUERY_CLEAR);
	run_idle();
	CHECK_EQ(sys64(SYS_VA(0)), t + CMD_NS);
}

/* None of a context's queues starts once more while it is being destroyed. */
static void destroy_starts_nothing(void)
{
	ctx_new(0);
	queue_new(0, 0, COMPUTE);
	queue_new(0, 1, COMPUTE);
	push(0, c_hang(0, 0));
	push(1, (struct t1_cmd){ .opcode = 0xee });
	run_for(1000);
	CHECK_EQ(admin_simple(T1_ADMIN_CTX_DESTROY, 0), 0);
	event_none();
}

static void semaphore_poll_goes_on(void)
{
	uint64_t t;

	ctx_new(0);
	ctx_new(1);
	queue_new(0, 0, COMPUTE);
	queue_new(0, 1, COPY);
	push(0, c_sem(SYS_VA(0), 1, T1_SEM_GE));
	/* late: one look, not a row of them */
	t = m.now + 5007007;
	jump_to(t);
	t1_core_run(m.core);
	CHECK_EQ(m.timer, t + 20000);
	/* not while its context is stopped, and then from the clearing on */
	push(1, (struct t1_cmd){ .opcode = 0xee });
	CHECK_EQ(m.timer, T1_NEVER);
	run_for(12345);
	fault_query(0, T1_FAULT_QUERY_CLEAR);
	CHECK_EQ(m.timer, m.now + 20000);

	/* a runlist that takes the waiting context in looks at once, also without a switch */
	set_explicit();
	queue_new(1, 2, COMPUTE);
	push(2, c_hang(0, 0));
	runlist(COMPUTE, 2, BATCH | 1);
	run_for(SWITCH_NS + 150000);
	set_sys64(SYS_VA(0), 1);
	CHECK_EQ(eng(COMPUTE, T1_ENG_PENDING_LO), 2);
	runlist(COMPUTE, 3, NONE | 2);
	CHECK_EQ(eng(COMPUTE, T1_ENG_PENDING_LO), 3);
}

static void late_timer(void)
{
	uint64_t t = m.now;
	unsigned int i;

	ctx_new(0);
	queue_new(0, 0, COMPUTE);
	for (i = 0; i < 40; i++)
		put(0, c_hang(1000 - CMD_NS, 0));
	put(0, c_time(SYS_VA(0)));
	kick(0);
	/* up to 1 ms late the model's own times hold */
	jump_to(t + 300000);
	CHECK_EQ(busy(COMPUTE), 40000 + CMD_NS);
	CHECK_EQ(sys64(SYS_VA(0)), t + 40000 + CMD_NS);
	/* later than that the next command starts at the present; none costs more */
	t = m.now;
	put(0, c_hang(1000 - CMD_NS, 0));
	put(0, c_hang(1000 - CMD_NS, 0));
	put(0, c_time(SYS_VA(0)));
	kick(0);
	jump_to(t + 5000000);
	CHECK_EQ(busy(COMPUTE), 41000 + CMD_NS);
	run_idle();
	CHECK_EQ(sys64(SYS_VA(0)), t + 5000000 + 1000 + CMD_NS);
	CHECK_EQ(busy(COMPUTE), 42000 + 2 * CMD_NS);
	/* and what was idle between is not charged to anyone */
	t = m.now;
	m.timer_late = 70000;
	put(0, c_hang(1000 - CMD_NS, 0));
	put(0, c_time(SYS_VA(0)));
	kick(0);
	run_idle();
	CHECK_EQ(sys64(SYS_VA(0)), t + 1000 + CMD_NS);
}

static void counters_add_up(void)
{
	uint64_t t0, last_busy[2] = { 0 }, last_switch = 0, b, s, c;
	unsigned int i, e, ctx;

	set_explicit();
	for (ctx = 0; ctx < 3; ctx++) {
		ctx_new(ctx);
		queue_new(ctx, ctx, COMPUTE);
		queue_new(ctx, ctx + 4, COPY);
	}
	t0 = m.now;
	rnd_seed(42);
	for (i = 0; i < 20000; i++) {
		ctx = rnd_below(3);
		e = rnd_below(2);
		if (m.tails[ctx + 4 * e] - cb_of(ctx + 4 * e)->head < 60)
			push(ctx + 4 * e, c_hang(rnd_below(30000), 0));
		if (!rnd_below(8))
			runlist(e, rnd_below(8), rnd_below(3) << 16 | i % 0xffff);
		while (event_get(&(struct t1_event){ 0 }))
			;
		if (rnd_below(4))
			run_for(rnd_below(10000));
		else
			jump_to(m.now + rnd_below(100000));
		for (e = 0; e < 2; e++) {
			b = busy(e);
			s = switch_ns(e);
			for (c = 0, ctx = 0; ctx < 3; ctx++)
				c += ctx_busy(e, ctx);
			CHECK_EQ(c, b);
			CHECK(b >= last_busy[e]);
			CHECK(b + s <= m.now - t0);
			last_busy[e] = b;
			last_switch = s;
		}
	}
	CHECK(last_switch > 0);
	CHECK(last_busy[0] > (m.now - t0) / 4);
}

/* A driver that divides time: what comes out is exactly what went in. */
static void shares(void)
{
	static const uint64_t slice[3] = { 100000, 200000, 500000 };
	uint64_t b[3], total = 0;
	unsigned int i, ctx;

	set_explicit();
	for (ctx = 0; ctx < 3; ctx++) {
		ctx_new(ctx);
		queue_new(ctx, ctx, COMPUTE);
		push(ctx, c_hang(0, 0));
	}
	for (i = 0; i < 300; i++) {
		while (event_get(&(struct t1_event){ 0 }))
			;
		runlist(COMPUTE, 1 << i % 3, STRICT | i);
		run_for(SWITCH_NS + slice[i % 3]);
	}
	for (ctx = 0; ctx < 3; ctx++) {
		b[ctx] = ctx_busy(COMPUTE, ctx);
		CHECK_EQ(b[ctx], 100 * slice[ctx]);
		total += b[ctx];
	}
	CHECK_EQ(busy(COMPUTE), total);
	CHECK_EQ(switch_ns(COMPUTE), 300 * SWITCH_NS);
}

static void explicit_on_and_off(void)
{
	uint64_t t;

	ctx_new(0);
	queue_new(0, 0, COMPUTE);
	/* without EXPLICIT a submit is dropped and no scheduling event is made */
	runlist(COMPUTE, 0, STRICT | 1);
	t = m.now;
	put(0, c_hang(50000 - CMD_NS, 0));
	put(0, c_time(SYS_VA(0)));
	kick(0);
	run_for(100);
	set_explicit();
	/* what runs goes on to the end of its ring entry */
	run_for(100000);
	CHECK_EQ(busy(COMPUTE), 50000);
	CHECK_EQ(sys64(SYS_VA(0)), 0);
	event_none();
	wr(T1_REG_SCHED_CTRL, 0);
	run_idle();
	CHECK_EQ(sys64(SYS_VA(0)), t + 100 + 100000 + CMD_NS);
	CHECK_EQ(m.guest_errors, 1);
	event_none();

	/* in the middle of a switch */
	set_explicit();
	push(0, c_time(SYS_VA(0)));
	runlist(COMPUTE, 1, BATCH | 1);
	run_for(2000);
	t = m.now;
	wr(T1_REG_SCHED_CTRL, 0);
	run_idle();
	CHECK_EQ(sys64(SYS_VA(0)), t + CMD_NS);
	CHECK_EQ(switch_ns(COMPUTE), 2000);
	CHECK_EQ(eng(COMPUTE, T1_ENG_SWITCHES), 0);
}

#define TEST(name) { #name, name }

static const struct ktap_test tests[] = {
	TEST(fence_order_and_time),
	TEST(interrupt_rule),
	TEST(semaphores),
	TEST(semaphore_poll),
	TEST(batches),
	TEST(copy_costs),
	TEST(effect_at_end),
	TEST(gemm),
	TEST(round_robin),
	TEST(engines_in_parallel),
	TEST(strict_preemption),
	TEST(strict_on_tile),
	TEST(stopped_queue_comes_first),
	TEST(batch_preemption),
	TEST(strict_between_batch_commands),
	TEST(preempt_none),
	TEST(submit_replaces_waiting),
	TEST(latched_doorbells),
	TEST(semaphore_off_runlist),
	TEST(semaphore_looked_at_on_switch_in),
	TEST(engine_reset_of_a_hang),
	TEST(strict_stops_a_plain_hang),
	TEST(destroy_what_runs),
	TEST(fault_stops_both_engines),
	TEST(fault_and_end_at_once),
	TEST(destroy_starts_nothing),
	TEST(semaphore_poll_goes_on),
	TEST(late_timer),
	TEST(counters_add_up),
	TEST(shares),
	TEST(explicit_on_and_off),
};

int main(int argc, char **argv)
{
	return machine_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
