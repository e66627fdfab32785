// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_hang.c - commands that never end: the guilty loses, the neighbours finish everything
 *
 * Needs an accelerator that can be made to hang (-device tessera,hang=on).
 */
#include "fixture.h"

struct side {
	struct vdev v;
	struct t1 t;
	struct t1_queue q[T1_NUM_ENGINES];
	struct vdev_mem mem;
};

static void bring_up(struct __test_metadata *_metadata, struct side *s)
{
	unsigned int e;

	ASSERT_EQ(0, t1_start(&s->t, &s->v));
	for (e = 0; e < T1_NUM_ENGINES; e++)
		ASSERT_EQ(0, t1_queue_simple(&s->t, &s->q[e], e, e));
	if (!s->mem.cpu)
		ASSERT_EQ(0, vdev_mem_alloc(&s->v, 65536, 4096, &s->mem));
	for (e = 0; e < T1_NUM_ENGINES; e++)
		ASSERT_EQ(0, t1_map_mem(&s->t, e, VA, &s->mem));
}

FIXTURE(hang)
{
	struct side a, b;
};

FIXTURE_VARIANT(hang)
{
	unsigned int engine;
};

FIXTURE_VARIANT_ADD(hang, compute)
{
	.engine = T1_ENGINE_COMPUTE,
};

FIXTURE_VARIANT_ADD(hang, copy)
{
	.engine = T1_ENGINE_COPY,
};

FIXTURE_SETUP(hang)
{
	fresh();
	ASSERT_EQ(0, vdev_create(&self->a.v, "V4"));
	ASSERT_EQ(0, vdev_create(&self->b.v, "V4"));
	if (!(vdev_reg(&self->a.v, T1_REG_CAPS) & T1_CAP_HANG)) {
		mdev_remove_all();
		SKIP(return, "the accelerator has hang=off");
	}
	bring_up(_metadata, &self->a);
	bring_up(_metadata, &self->b);
}

FIXTURE_TEARDOWN(hang)
{
	EXPECT_EQ(0, vdev_destroy(&self->a.v));
	EXPECT_EQ(0, vdev_destroy(&self->b.v));
}

/* A hang that strict preemption can stop hurts nobody: it just shares. */
TEST_F_TIMEOUT(hang, preemptible, 60)
{
	struct t1_queue *qa = &self->a.q[variant->engine], *qb = &self->b.q[variant->engine];
	struct t1_event ev;
	unsigned int i;

	t1_push(qa, &HANG(0, 0));
	t1_fence(qa, 0);
	t1_kick(qa);
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, t1_run(qb, &FILL(VA, 4096, i + 1)));
	EXPECT_EQ(20, *(uint32_t *)self->b.mem.cpu);
	EXPECT_EQ(-ETIMEDOUT, t1_event(&self->a.t, &ev, 0));
	EXPECT_EQ(0, mdev_stat(self->a.v.uuid, "faults"));
	/* and it can be ended by its owner */
	ASSERT_EQ(0, t1_queue_reset(qa));
	EXPECT_EQ(0, t1_run(qa, &NOP()));
}

/* One that cannot be stopped costs the guilty its context, by an engine reset. */
TEST_F_TIMEOUT(hang, not_preemptible, 60)
{
	struct t1_queue *qa = &self->a.q[variant->engine], *qb = &self->b.q[variant->engine];
	struct t1_queue *other = &self->a.q[!variant->engine];
	struct t1_fault f;
	struct t1_event ev;
	unsigned int i;
	uint64_t seq;

	t1_push(qa, &HANG(0, T1_HANG_NO_PREEMPT));
	seq = t1_fence(qa, 0);
	t1_kick(qa);
	for (i = 0; i < 20; i++) {
		t1_push(qb, &FILL(VA, 4096, i + 1));
		t1_fence(qb, 0);
	}
	t1_kick(qb);
	/* nothing of the neighbour is lost, and the guilty's other engine goes on too */
	ASSERT_EQ(0, t1_wait(qb, 20));
	EXPECT_EQ(20, *(uint32_t *)self->b.mem.cpu);
	EXPECT_EQ(0, t1_run(other, &NOP()));

	ASSERT_EQ(0, t1_event(&self->a.t, &ev, T1_TIMEOUT_MS));
	EXPECT_EQ(T1_EV_FAULT, ev.type);
	EXPECT_EQ(T1_FAULT_ENGINE_RESET, ev.fault);
	EXPECT_EQ(variant->engine, ev.engine);
	EXPECT_EQ(qa->ctx, ev.ctx);
	EXPECT_EQ(-ETIMEDOUT, t1_event(&self->b.t, &ev, 20));
	EXPECT_EQ(0, mdev_stat(self->b.v.uuid, "faults"));
	EXPECT_EQ(1, mdev_stat(self->a.v.uuid, "faults"));
	EXPECT_NE(seq, *qa->fence);

	ASSERT_EQ(0, t1_fault_query(&self->a.t, qa->ctx, 0, &f));
	EXPECT_EQ(T1_FAULT_ENGINE_RESET, f.fault);
	EXPECT_EQ(T1_OP_HANG, f.opcode);
	ASSERT_EQ(0, t1_queue_reset(qa));
	ASSERT_EQ(0, t1_fault_query(&self->a.t, qa->ctx, T1_FAULT_QUERY_CLEAR, &f));
	EXPECT_EQ(0, t1_run(qa, &FILL(VA, 4096, 7)));
	EXPECT_EQ(7, *(uint32_t *)self->a.mem.cpu);
}

/* Again and again, while the neighbour's results stay right. */
TEST_F_TIMEOUT(hang, repeated, 90)
{
	struct t1_queue *qa = &self->a.q[variant->engine], *qb = &self->b.q[variant->engine];
	struct t1_fault f;
	struct t1_event ev;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		t1_push(qa, &HANG(0, T1_HANG_NO_PREEMPT));
		t1_kick(qa);
		ASSERT_EQ(0, t1_run(qb, &FILL(VA, 65536, i + 1)));
		ASSERT_EQ(i + 1, ((uint32_t *)self->b.mem.cpu)[16383]);
		ASSERT_EQ(0, t1_event(&self->a.t, &ev, T1_TIMEOUT_MS));
		ASSERT_EQ(T1_FAULT_ENGINE_RESET, ev.fault);
		ASSERT_EQ(0, t1_queue_reset(qa));
		ASSERT_EQ(0, t1_fault_query(&self->a.t, qa->ctx, T1_FAULT_QUERY_CLEAR, &f));
	}
	EXPECT_EQ(5, mdev_stat(self->a.v.uuid, "faults"));
	EXPECT_EQ(0, mdev_stat(self->b.v.uuid, "faults"));
}

/* Alone, nothing waits for the engine, so nothing is reset; each way out still works. */
TEST_F_TIMEOUT(hang, ways_out, 90)
{
	struct side *a = &self->a;
	struct t1_queue *qa = &a->q[variant->engine];

	ASSERT_EQ(0, vdev_destroy(&self->b.v));
	self->b.v.uuid[0] = '\0';

	t1_push(qa, &HANG(0, T1_HANG_NO_PREEMPT));
	t1_kick(qa);
	sleep_us(20000);
	EXPECT_EQ(0, mdev_stat(a->v.uuid, "faults"));
	ASSERT_EQ(0, t1_queue_reset(qa));
	ASSERT_EQ(0, t1_run(qa, &NOP()));

	t1_push(qa, &HANG(0, T1_HANG_NO_PREEMPT));
	t1_kick(qa);
	ASSERT_EQ(0, t1_queue_destroy(&a->t, qa->slot));
	ASSERT_EQ(0, t1_queue_create(&a->t, qa, 7, 7, variant->engine, 4, 0) ==
		  T1_ST_NOT_FOUND ? 0 : 1);
	ASSERT_EQ(0, t1_queue_simple(&a->t, qa, 7, variant->engine));

	t1_push(qa, &HANG(0, T1_HANG_NO_PREEMPT));
	t1_kick(qa);
	ASSERT_EQ(0, t1_ctx_destroy(&a->t, 7));
	ASSERT_EQ(0, t1_queue_simple(&a->t, qa, 8, variant->engine));

	t1_push(qa, &HANG(0, T1_HANG_NO_PREEMPT));
	t1_kick(qa);
	ASSERT_EQ(0, vdev_reset(&a->v));
	bring_up(_metadata, a);
	ASSERT_EQ(0, t1_run(&a->q[variant->engine], &NOP()));

	/* last: removed with the hang in it, by the teardown */
	t1_push(&a->q[variant->engine], &HANG(0, T1_HANG_NO_PREEMPT));
	t1_kick(&a->q[variant->engine]);
}

/* A long batch without any preemption point, in batch mode: as a hang, after the time-out. */
TEST_F_TIMEOUT(hang, batch_mode, 60)
{
	struct t1_queue *qa = &self->a.q[variant->engine], *qb = &self->b.q[variant->engine];
	struct t1_event ev;

	ASSERT_EQ(0, sched_set("preemption", "batch"));
	/* three slices, a third of the preemption timeout: ends by itself, and nothing is lost */
	ASSERT_EQ(0, sched_set("preempt_timeout_us", "1000000"));
	t1_push(qa, &HANG(20000000, 0));
	t1_fence(qa, 0);
	t1_kick(qa);
	ASSERT_EQ(0, t1_run(qb, &NOP()));
	ASSERT_EQ(0, t1_wait(qa, 1));
	EXPECT_EQ(0, mdev_stat(self->a.v.uuid, "faults"));
	/* in this mode nothing stops it but the time-out */
	ASSERT_EQ(0, sched_set("preempt_timeout_us", "10000"));
	t1_push(qa, &HANG(0, 0));
	t1_kick(qa);
	ASSERT_EQ(0, t1_run(qb, &NOP()));
	ASSERT_EQ(0, t1_event(&self->a.t, &ev, T1_TIMEOUT_MS));
	EXPECT_EQ(T1_FAULT_ENGINE_RESET, ev.fault);
}

/* A long batch is waited for, when it is said to be stopped inside: at once, nothing lost. */
TEST_F_TIMEOUT(hang, strict_while_waiting, 60)
{
	struct t1_queue *qa = &self->a.q[variant->engine], *qb = &self->b.q[variant->engine];
	uint64_t seq;

	ASSERT_EQ(0, sched_set("preemption", "batch"));
	ASSERT_EQ(0, sched_set("preempt_timeout_us", "10000000"));
	t1_push(qa, &HANG(0, 0));
	t1_kick(qa);
	sleep_us(5000);
	t1_push(qb, &NOP());
	seq = t1_fence(qb, 0);
	t1_kick(qb);
	/* the slice is over, and only the preemption timeout ends the wait */
	EXPECT_EQ(-ETIMEDOUT, t1_wait_ms(qb, seq, 100));
	ASSERT_EQ(0, sched_set("preemption", "strict"));
	EXPECT_EQ(0, t1_wait_ms(qb, seq, 5000));
	EXPECT_EQ(0, mdev_stat(self->a.v.uuid, "faults"));
	/* back and forth, at any time */
	ASSERT_EQ(0, sched_set("preemption", "batch"));
	ASSERT_EQ(0, sched_set("preemption", "strict"));
	ASSERT_EQ(0, sched_set("preemption", "strict"));
	EXPECT_EQ(0, t1_run(qb, &NOP()));
	ASSERT_EQ(0, t1_queue_reset(qa));
	EXPECT_EQ(0, t1_run(qa, &NOP()));
}

/* A shorter preemption timeout applies to a wait that has begun. */
TEST_F_TIMEOUT(hang, timeout_while_waiting, 60)
{
	struct t1_queue *qa = &self->a.q[variant->engine], *qb = &self->b.q[variant->engine];
	struct t1_event ev;
	uint64_t seq;

	ASSERT_EQ(0, sched_set("preempt_timeout_us", "10000000"));
	t1_push(qa, &HANG(0, T1_HANG_NO_PREEMPT));
	t1_kick(qa);
	sleep_us(5000);
	t1_push(qb, &NOP());
	seq = t1_fence(qb, 0);
	t1_kick(qb);
	EXPECT_EQ(-ETIMEDOUT, t1_wait_ms(qb, seq, 100));
	ASSERT_EQ(0, sched_set("preempt_timeout_us", "1000"));
	EXPECT_EQ(0, t1_wait_ms(qb, seq, 5000));
	ASSERT_EQ(0, t1_event(&self->a.t, &ev, T1_TIMEOUT_MS));
	EXPECT_EQ(T1_FAULT_ENGINE_RESET, ev.fault);
	EXPECT_EQ(0, mdev_stat(self->b.v.uuid, "faults"));
}

TEST_HARNESS_MAIN
