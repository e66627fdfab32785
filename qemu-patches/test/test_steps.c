// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_steps.c - commands that are much work for the host: no call does much of it at once
 *
 * Work is counted, not timed. Results and modelled times have to be those of a command that is
 * carried out whole, whatever happens between two of its steps.
 */
#include <stdlib.h>

#include "harness.h"
#include "tessera-internal.h"

#define COMPUTE		T1_ENGINE_COMPUTE
#define COPY		T1_ENGINE_COPY
#define BATCH		T1_RL_PREEMPT_BATCH
#define STRICT		T1_RL_PREEMPT_STRICT

/* What one call may do: it stops after the step with which it has done CALL_WORK. */
#define MOST_WORK	(CALL_WORK + T1_STEP_WORK)

/* Operands in VRAM; far above them VRAM is mapped again, for commands on more than there is. */
#define VA_A		VA_VRAM
#define VA_B		(VA_VRAM + (2u << 20))
#define VA_C		(VA_VRAM + (4u << 20))
#define C_BYTES		(2u << 20)
#define VA_MUCH		0x8000000000ull
#define MUCH		(256ull << 20)

static void set_up(unsigned int num)
{
	unsigned int i;
	uint64_t at;

	for (i = 0; i < num; i++) {
		ctx_new(i);
		queue_new(i, i, COMPUTE);
		for (at = 0; at < MUCH; at += VRAM_SIZE)
			CHECK_EQ(map_contig(i, VA_MUCH + at, 0, VRAM_SIZE >> 21,
					    T1_MAP_READ | T1_MAP_WRITE | T1_MAP_VRAM |
					    T1_MAP_HUGE), 0);
	}
	rnd_seed(9);
	for (at = 0; at < VRAM_SIZE / 4; at++) {
		float v = (int)rnd_below(16) - 8;

		memcpy(m.vram + 4 * at, &v, 4);
	}
}

static struct t1_cmd gemm(uint32_t rows, uint32_t cols, uint32_t inner, uint16_t flags)
{
	struct t1_cmd cmd = { .opcode = T1_OP_GEMM, .flags = flags };

	cmd.gemm.a = VA_A;
	cmd.gemm.b = VA_B;
	cmd.gemm.c = VA_C;
	cmd.gemm.m = rows;
	cmd.gemm.n = cols;
	cmd.gemm.k = inner;
	cmd.gemm.lda = flags & T1_GEMM_TRANS_A ? rows : inner;
	cmd.gemm.ldb = flags & T1_GEMM_TRANS_B ? inner : cols;
	cmd.gemm.ldc = cols;
	return cmd;
}

/* Some twenty steps, that end inside of tiles of C. */
static struct t1_cmd some_gemm(void)
{
	return gemm(150, 600, 700, T1_GEMM_ACCUMULATE);
}

/* Commands of less than a microsecond, that are a third of T1_STEP_WORK each */
#define NUM_NARROW	30u

static struct t1_cmd narrow_gemm(void)
{
	return gemm(1024, 1, 16, T1_GEMM_I8);
}

static void put_narrow(void)
{
	unsigned int i;

	for (i = 0; i < NUM_NARROW; i++)
		put(0, narrow_gemm());
}

/* What C is after @cmd on the memory as it is, by the tensor code alone; free() it. */
static void *expected(const struct t1_cmd *cmd)
{
	uint8_t *before = malloc(VRAM_SIZE), *c = malloc(C_BYTES);
	uint64_t start = m.now;

	memcpy(before, m.vram, VRAM_SIZE);
	push(0, *cmd);
	run_idle();
	CHECK(m.now > start);
	memcpy(c, vram_at(VA_C), C_BYTES);
	memcpy(m.vram, before, VRAM_SIZE);
	free(before);
	return c;
}

static void check_c(const void *want)
{
	CHECK(!memcmp(vram_at(VA_C), want, C_BYTES));
}

/* As run_idle(), on a host that takes @slow ns for each unit of work; returns all work done. */
static uint64_t run_counted(uint64_t slow)
{
	uint64_t all = 0;

	while (m.timer != T1_NEVER) {
		if (m.timer > m.now)
			m.now = m.timer;
		m.timer = T1_NEVER;
		t1_core_run(m.core);
		CHECK(m.core->work <= MOST_WORK);
		CHECK(m.timer > m.now);
		all += m.core->work;
		m.now += m.core->work * slow;
	}
	return all;
}

static struct t1_cmd random_big(void)
{
	static const uint32_t dims[] = { 1, 3, 60, 700, 5000, 65536 };
	struct t1_cmd cmd;

	switch (rnd_below(5)) {
	case 0:
		return c_copy(VA_MUCH, VA_MUCH + rnd_below(9999), 1 + rnd_below(MUCH - 10000));
	case 1:
		return c_fill(VA_MUCH, rnd(), 4 + (rnd_below(MUCH - 4) & ~3u));
	case 2:
		cmd = (struct t1_cmd){ .opcode = T1_OP_REDUCE, .sub = T1_REDUCE_MAX };
		cmd.reduce.in = VA_MUCH;
		cmd.reduce.out = VA_C;
		cmd.reduce.m = dims[rnd_below(6)];
		cmd.reduce.n = dims[rnd_below(6)];
		cmd.reduce.ld_in = cmd.reduce.n + rnd_below(9);
		cmd.reduce.axis = rnd_below(2);
		return cmd;
	case 3:
		cmd = (struct t1_cmd){ .opcode = T1_OP_ACT, .sub = T1_ACT_TANH };
		cmd.act.x = VA_MUCH;
		cmd.act.out = VA_MUCH;
		cmd.act.count = 1 + rnd_below(1u << 22);
		return cmd;
	default:
		cmd = gemm(dims[rnd_below(6)], dims[rnd_below(6)], dims[rnd_below(6)],
			   rnd_below(16));
		cmd.gemm.a = VA_MUCH;
		cmd.gemm.b = VA_MUCH;
		cmd.gemm.c = VA_MUCH;
		return cmd;
	}
}

/* Commands of all shapes, on hosts of all speeds; a step of theirs costs a call to the core. */
static void bounded_calls(void)
{
	unsigned int tried = 0, divided = 0;
	uint64_t macs, work, t, cost;
	struct t1_cmd cmd;

	set_up(1);
	rnd_seed(31);
	while (tried < 60) {
		cmd = random_big();
		if (t1_cmd_check(m.core, &cmd, COMPUTE, false) ||
		    t1_cmd_steps(&cmd).num * (uint64_t)T1_STEP_WORK > 200u << 20)
			continue;
		tried++;
		divided += t1_cmd_steps(&cmd).num > 3;
		cost = t1_cmd_cost(m.core, &m.core->ctxs[0], &cmd);
		t = m.now;
		put(0, cmd);
		put(0, c_time(SYS_VA(0)));
		kick(0);
		macs = cmd.opcode == T1_OP_GEMM ?
			(uint64_t)cmd.gemm.m * cmd.gemm.n * cmd.gemm.k : 0;
		work = run_counted(tried % 3);
		CHECK(work >= macs);
		CHECK_EQ(m.core->ctxs[0].faulted, false);
		/* a host that keeps up sees it end when it should, another one not before */
		if (tried % 3 == 0)
			CHECK_EQ(sys64(SYS_VA(0)), t + cost + CMD_NS);
		else
			CHECK(sys64(SYS_VA(0)) >= t + cost + CMD_NS);
		CHECK_EQ(cb_of(0)->head, m.tails[0]);
	}
	CHECK(divided > 20);
	CHECK_EQ(ctx_busy(COMPUTE, 0), busy(COMPUTE));
}

/* Small commands, of which a late call finds many. */
static void many_small(void)
{
	struct t1_cmd cmd = narrow_gemm();
	uint64_t t, cost;

	set_up(1);
	cost = t1_cmd_cost(m.core, &m.core->ctxs[0], &cmd);
	CHECK(cost < 1000);
	CHECK(t1_cmd_steps(&cmd).num == 1 && t1_cmd_steps(&cmd).work > T1_STEP_WORK / 3);
	t = m.now;
	put_narrow();
	put(0, c_time(SYS_VA(0)));
	kick(0);
	jump_to(t + 100000);
	run_counted(0);
	/* the host has not been later than 1 ms: the model's times hold */
	CHECK_EQ(sys64(SYS_VA(0)), t + NUM_NARROW * cost + CMD_NS);
	CHECK_EQ(busy(COMPUTE), NUM_NARROW * cost + CMD_NS);
}

/* The host is slow, but not late for anything else. */
static void others_go_on(void)
{
	struct t1_cmd cmd = some_gemm();
	uint64_t before = 0, now, end, cost;
	unsigned int i;
	void *want;

	set_up(2);
	queue_new(1, 2, COPY);
	want = expected(&cmd);
	cost = t1_cmd_cost(m.core, &m.core->ctxs[0], &cmd);
	put(0, cmd);
	push(0, c_fence(SYS_VA(0), 1, 0));
	for (i = 0; i < 5; i++) {
		push(2, c_fence(SYS_VA(8), i + 1, 0));
		/* this fence is not behind the whole product */
		for (end = m.now + 30000000; m.now < end && sys64(SYS_VA(8)) <= i;) {
			if (m.timer > m.now)
				m.now = m.timer;
			m.timer = T1_NEVER;
			t1_core_run(m.core);
			m.now += m.core->work;
		}
		CHECK_EQ(sys64(SYS_VA(8)), i + 1);
		CHECK_EQ(sys64(SYS_VA(0)), 0);
		/* time that has been seen is never seen again, and runs on */
		now = rd64(T1_REG_TIME_LO);
		CHECK(now > before);
		CHECK(m.now - now < 2 * MOST_WORK);
		before = now;
	}
	run_counted(1);
	CHECK_EQ(sys64(SYS_VA(0)), 1);
	CHECK_EQ(ctx_busy(COMPUTE, 0), 2 * cost + CMD_NS);
	check_c(want);
	free(want);
}

/*
 * Registers are read meanwhile: that does no more of the work than there is time for. Device time
 * stands still until the work is done, but never goes back.
 */
static void register_reads(void)
{
	unsigned int reads, worked = 0, behind = 0;
	uint64_t time, before = 0;
	uint32_t head = 0;

	set_up(1);
	put_narrow();
	kick(0);
	before = rd64(T1_REG_TIME_LO);
	CHECK_EQ(before, m.now);
	jump_to(m.now + 100000);
	for (reads = 0; m.timer != T1_NEVER && reads < 1000; reads++) {
		busy(COMPUTE);
		CHECK(m.core->work <= MOST_WORK);
		worked += m.core->queues[0].head != head;
		head = m.core->queues[0].head;
		time = rd64(T1_REG_TIME_LO);
		CHECK(time >= before && time <= m.now);
		behind += time < m.now;
		before = time;
		m.now += REST_NS / 10;
	}
	CHECK_EQ(head, NUM_NARROW);
	CHECK(worked > 4);
	CHECK(reads > 10 * (worked - 1) && reads < 12 * worked);
	CHECK(behind > reads / 2);
	CHECK_EQ(rd64(T1_REG_TIME_LO), m.now);
}

/* What happens while work is left happens at the time up to which it is done. */
static void events_in_order(void)
{
	struct t1_event pending, idle;

	set_up(2);
	wr(T1_REG_SCHED_CTRL, T1_SCHED_EXPLICIT);
	runlist(COMPUTE, 1, BATCH);
	put_narrow();
	kick(0);
	event_expect(T1_EV_CTX_PENDING);
	run_for(SWITCH_NS);
	event_expect(T1_EV_RUNLIST_SWITCHED);
	jump_to(m.now + 100000);
	busy(COMPUTE);
	CHECK(m.core->rest > m.now);
	push(1, c_nop());
	pending = event_expect(T1_EV_CTX_PENDING);
	run_counted(0);
	idle = event_expect(T1_EV_RUNLIST_IDLE);
	CHECK(pending.time_ns < m.now - 100000 && pending.busy_ns > 0);
	CHECK(idle.time_ns > pending.time_ns && idle.busy_ns > pending.busy_ns);
	event_none();
}

/* Stopped and resumed at any time: neither work nor time is done twice or left out. */
static void preempted(void)
{
	struct t1_cmd cmd = some_gemm();
	uint64_t cost, was;
	unsigned int i, stops = 0;
	void *want;

	set_up(2);
	want = expected(&cmd);
	cost = t1_cmd_cost(m.core, &m.core->ctxs[0], &cmd);
	was = ctx_busy(COMPUTE, 0);
	wr(T1_REG_SCHED_CTRL, T1_SCHED_EXPLICIT);
	runlist(COMPUTE, 1, BATCH);
	put(0, cmd);
	push(0, c_fence(SYS_VA(0), 1, 0));
	for (i = 1; !sys64(SYS_VA(0)); i++) {
		/* another product of the same shape, for whoever keeps what is not finished */
		if (cb_of(1)->head == m.tails[1]) {
			struct t1_cmd other = gemm(150, 600, 700, 0);

			other.gemm.c = VA_C + C_BYTES;
			push(1, other);
		}
		runlist(COMPUTE, i & 1 ? 1 : 2, STRICT | i);
		run_for(rnd_below(150000));
		while (event_get(&(struct t1_event){ 0 }))
			stops++;
		CHECK(ctx_busy(COMPUTE, 0) - was <= cost + CMD_NS);
	}
	CHECK(stops > t1_cmd_steps(&cmd).num);
	CHECK_EQ(ctx_busy(COMPUTE, 0) - was, cost + CMD_NS);
	check_c(want);
	free(want);
}

/* Saved and loaded between any two steps, and while the host is behind. */
static void replaced(void)
{
	struct t1_cmd cmd = some_gemm();
	struct t1_cmd reduce = { .opcode = T1_OP_REDUCE, .sub = T1_REDUCE_SUM };
	unsigned int i, moves;
	uint64_t t, cost;
	void *want;

	set_up(1);
	reduce.reduce.in = VA_A;
	reduce.reduce.out = VA_C;
	reduce.reduce.m = 300;
	reduce.reduce.n = 3000;
	reduce.reduce.ld_in = 3000;
	for (i = 0; i < 4; i++) {
		if (i == 2)
			cmd = reduce;
		want = expected(&cmd);
		cost = t1_cmd_cost(m.core, &m.core->ctxs[0], &cmd);
		t = m.now;
		put(0, cmd);
		push(0, c_time(SYS_VA(0)));
		for (moves = 0; m.timer != T1_NEVER; moves++) {
			run_to(m.timer > m.now ? m.timer : m.now);
			m.now += i & 1 ? 3000000 : 0;
			machine_replace_core();
		}
		CHECK(moves > 10 && moves >= t1_cmd_steps(&cmd).num);
		if (i & 1)
			CHECK(sys64(SYS_VA(0)) > t + cost + CMD_NS);
		else
			CHECK_EQ(sys64(SYS_VA(0)), t + cost + CMD_NS);
		check_c(want);
		free(want);
	}
}

/* A state of before there were steps: its command takes effect when it ends. */
static void state_without_steps(void)
{
	static uint8_t a[256 << 10];
	struct t1_cmd cmd = some_gemm();
	const char *why = "";
	size_t len, at, engine;
	uint64_t cost, start;
	uint32_t steps;
	uint8_t *saved;
	void *want;

	set_up(1);
	want = expected(&cmd);
	cost = t1_cmd_cost(m.core, &m.core->ctxs[0], &cmd);
	start = m.now;
	put(0, cmd);
	push(0, c_time(SYS_VA(0)));
	run_for(1000);
	saved = t1_core_save(m.core, &len);
	if (len + T1_TENSOR_PARTIAL > sizeof(a)) {
		FAIL("%zu bytes of state", len);
		free(saved);
		return;
	}
	memcpy(a, saved, len);
	free(saved);
	/*
	 * From there on: size of the ring, vector, head, tail; busy time; the command, its cost and
	 * time; where its batch is; whether it waits, and until when; the step
	 */
	at = find_words(a, len, ring_va(0), cb_va(0)) + 16 + 16 + 8 + 4 + 64 + 16 + 20 + 12;
	engine = find_words(a, len, start, m.core->engines[COMPUTE].end);

	/* no step that the command does not have is loaded */
	steps = t1_cmd_steps(&cmd).num;
	CHECK(steps > 10);
	memmove(a + at + 4 + T1_TENSOR_PARTIAL, a + at + 4, len - at - 4);
	memset(a + at + 4, 0, T1_TENSOR_PARTIAL);
	memcpy(a + at, &steps, sizeof(steps));
	CHECK(!t1_core_load(m.core, a, len + T1_TENSOR_PARTIAL, &why));
	CHECK_MSG(strstr(why, "step"), "%s", why);
	steps--;
	memcpy(a + at, &steps, sizeof(steps));
	CHECK(t1_core_load(m.core, a, len + T1_TENSOR_PARTIAL, &why));

	memmove(a + at, a + at + 4 + T1_TENSOR_PARTIAL, len - at - 4);
	if (engine > at)
		engine -= 4;
	memcpy(a + engine + 8, &(uint64_t){ start + cost }, 8);
	a[12] = 1;
	CHECK(t1_core_load(m.core, a, len - 4, &why));
	run_to(start + cost - 1);
	CHECK_EQ(m.core->queues[0].step, 0);
	run_counted(0);
	CHECK_EQ(sys64(SYS_VA(0)), start + cost + CMD_NS);
	check_c(want);
	free(want);
}

static void check_vram(uint8_t byte)
{
	unsigned int at;

	for (at = 0; at < VRAM_SIZE && m.vram[at] == byte; at++)
		;
	CHECK_EQ(at, VRAM_SIZE);
}

/* Between two steps memory goes: no later step reaches it, and the next one faults. */
static void unmapped(void)
{
	struct t1_cmd cmd = c_fill(VA_MUCH, 0x55555555, MUCH);
	uint64_t steps = t1_cmd_steps(&cmd).num, cost, t, at;
	struct t1_fault fault;

	set_up(1);
	cost = t1_cmd_cost(m.core, &m.core->ctxs[0], &cmd);
	t = m.now;
	push(0, cmd);
	run_to(t + cost / 2 + 100);
	CHECK_EQ(m.core->queues[0].step, steps / 2);
	/* what is unmapped is the second half of the next step's */
	at = steps / 2 * T1_STEP_WORK + T1_STEP_WORK / 2;
	CHECK_EQ(unmap(0, VA_MUCH + at, 1, T1_MAP_HUGE), 0);
	memset(m.vram, 1, VRAM_SIZE);
	run_idle();
	fault = fault_query(0, T1_FAULT_QUERY_CLEAR);
	CHECK_EQ(fault.fault, T1_FAULT_UNMAPPED);
	CHECK_EQ(fault.opcode, T1_OP_FILL);
	CHECK_EQ(fault.addr, VA_MUCH + at);
	CHECK_EQ(fault.time_ns, t + cost * (steps / 2 + 1) / steps);
	CHECK_EQ(busy(COMPUTE), fault.time_ns - t);
	/* a step checks all its pages before it writes */
	check_vram(1);
	/* and the queue can be had again */
	CHECK_EQ(queue_op(T1_ADMIN_QUEUE_RESET, 0), 0);
	cb_of(0)->head = 0;
	push(0, c_fill(VA_VRAM, ~0u, VRAM_SIZE));
	run_idle();
	CHECK_EQ(m.vram[VRAM_SIZE - 1], 0xff);
}

/* Dropped between two steps, in every way: nothing more of it happens. */
static void dropped(void)
{
	static const unsigned int ops[] = {
		T1_ADMIN_QUEUE_RESET, T1_ADMIN_QUEUE_DESTROY, T1_ADMIN_CTX_DESTROY, 0,
	};
	unsigned int i, op;

	for (i = 0; i < 8; i++) {
		op = ops[i / 2];
		machine_init();
		set_up(1);
		if (i & 1) {
			/* the core has much to do, and rests */
			put_narrow();
			kick(0);
			jump_to(m.now + 100000);
			busy(COMPUTE);
			CHECK(m.core->rest > m.now);
		} else {
			push(0, c_fill(VA_MUCH, 0x55555555, MUCH));
			run_for(1000000);
			CHECK(m.core->queues[0].step > 0);
		}
		memset(m.vram, 1, VRAM_SIZE);
		if (!op)
			wr(T1_ENGINE_BASE(COMPUTE) + T1_ENG_RESET, 1);
		else if (op == T1_ADMIN_CTX_DESTROY)
			CHECK_EQ(admin_simple(op, 0), 0);
		else
			CHECK_EQ(queue_op(op, 0), 0);
		run_idle();
		check_vram(1);
		/* the device is as good as before */
		if (op == T1_ADMIN_CTX_DESTROY)
			ctx_new(0);
		else if (!op)
			CHECK_EQ(fault_query(0, T1_FAULT_QUERY_CLEAR).fault, T1_FAULT_ENGINE_RESET);
		queue_new(0, 1, COMPUTE);
		push(1, c_fill(VA_VRAM, 0x02020202, VRAM_SIZE));
		run_idle();
		check_vram(2);
	}
}

#define TEST(name) { #name, name }

static const struct ktap_test tests[] = {
	TEST(bounded_calls),
	TEST(many_small),
	TEST(others_go_on),
	TEST(register_reads),
	TEST(events_in_order),
	TEST(preempted),
	TEST(replaced),
	TEST(state_without_steps),
	TEST(unmapped),
	TEST(dropped),
};

int main(int argc, char **argv)
{
	return machine_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
