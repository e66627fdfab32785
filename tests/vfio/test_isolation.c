// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_isolation.c - two vGPUs of one accelerator: neither reaches what belongs to the other
 */
#include "fixture.h"

#define ARENA	(256 << 10)

struct side {
	struct vdev v;
	struct t1 t;
	struct t1_queue q;
	struct vdev_mem mem;
	uint32_t *cpu;
};

FIXTURE(iso)
{
	struct side s[2];
};

FIXTURE_SETUP(iso)
{
	unsigned int i;

	fresh();
	for (i = 0; i < 2; i++) {
		struct side *s = &self->s[i];

		ASSERT_EQ(0, vdev_create(&s->v, "V4"));
		ASSERT_EQ(0, t1_start(&s->t, &s->v));
		ASSERT_EQ(0, t1_queue_simple(&s->t, &s->q, 0, T1_ENGINE_COMPUTE));
		ASSERT_EQ(0, vdev_mem_alloc(&s->v, ARENA, 4096, &s->mem));
		ASSERT_EQ(0, t1_map_mem(&s->t, 0, VA, &s->mem));
		s->cpu = s->mem.cpu;
	}
	/* the same addresses on both sides, or the tests below show nothing */
	ASSERT_EQ(self->s[0].mem.iova, self->s[1].mem.iova);
}

FIXTURE_TEARDOWN(iso)
{
	EXPECT_EQ(0, vdev_destroy(&self->s[0].v));
	EXPECT_EQ(0, vdev_destroy(&self->s[1].v));
}

/* The same context number, slot, virtual and bus addresses on both sides. */
TEST_F(iso, same_addresses)
{
	struct side *a = &self->s[0], *b = &self->s[1];
	unsigned int i;

	for (i = 0; i < 20; i++) {
		t1_push(&a->q, &FILL(VA, ARENA, 0xaaaa0000 + i));
		t1_push(&b->q, &FILL(VA, ARENA, 0xbbbb0000 + i));
	}
	t1_fence(&a->q, 0);
	t1_fence(&b->q, 0);
	t1_kick(&a->q);
	t1_kick(&b->q);
	ASSERT_EQ(0, t1_wait(&a->q, 1));
	ASSERT_EQ(0, t1_wait(&b->q, 1));
	for (i = 0; i < ARENA / 4; i++) {
		ASSERT_EQ(0xaaaa0013, a->cpu[i]);
		ASSERT_EQ(0xbbbb0013, b->cpu[i]);
	}
}

/* VRAM offsets are each vGPU's own, by the engine and by the BAR. */
TEST_F(iso, vram)
{
	struct side *a = &self->s[0], *b = &self->s[1];
	uint64_t vram = a->t.vram_bytes, off;
	volatile uint32_t *pa = vdev_direct(&a->v, BAR2, 0, vram);
	volatile uint32_t *pb = vdev_direct(&b->v, BAR2, 0, vram);

	for (off = 0; off < vram; off += 512 << 12)
		ASSERT_EQ(0, t1_map(&a->t, 0, VA + (1ull << 32) + off, off, 512, RWV));
	t1_push(&a->q, &FILL(VA + (1ull << 32), vram / 2, 0x11111111));
	ASSERT_EQ(0, t1_run(&a->q, &FILL(VA + (1ull << 32) + vram / 2, vram / 2, 0x22222222)));
	EXPECT_EQ(0x11111111, pa[0]);
	EXPECT_EQ(0x22222222, pa[vram / 4 - 1]);
	for (off = 0; off < vram; off += 4096)
		ASSERT_EQ(0, pb[off / 4]);
	pb[0] = 0x33333333;
	pb[vram / 4 - 1] = 0x33333333;
	EXPECT_EQ(0x11111111, pa[0]);
	EXPECT_EQ(0x22222222, pa[vram / 4 - 1]);
}

/* No doorbell that one can write, mapped or trapped, moves a queue of the other. */
TEST_F(iso, doorbells)
{
	struct side *a = &self->s[0], *b = &self->s[1];
	uint32_t slot, one = 1;
	uint64_t seq;

	t1_push(&a->q, &FILL(VA, 4, 0x5eed));
	seq = t1_fence(&a->q, 0);
	for (slot = 0; slot < T1_MAX_SLOTS; slot++) {
		volatile uint32_t *db = vdev_direct(&b->v, BAR0, T1_DB_OFF(slot), 4);

		if (slot == b->q.slot)
			continue;
		if (db)
			*db = 2;
		vdev_write(&b->v, BAR0, T1_DB_OFF(slot), &one, 4);
	}
	EXPECT_EQ(-ETIMEDOUT, t1_wait_ms(&a->q, seq, 100));
	EXPECT_EQ(0, a->cpu[0]);
	t1_kick(&a->q);
	EXPECT_EQ(0, t1_wait(&a->q, seq));
	EXPECT_EQ(0x5eed, a->cpu[0]);
	EXPECT_EQ(0, t1_run(&b->q, &NOP()));
}

/* Numbers past a vGPU's own are refused, also those that would be the other's. */
TEST_F(iso, numbers)
{
	struct side *a = &self->s[0], *b = &self->s[1];
	struct t1_queue bad = { .t = &b->t };
	struct t1_fault f;
	uint32_t n;

	for (n = b->t.num_contexts; n < T1_MAX_CONTEXTS; n++) {
		ASSERT_EQ(T1_ST_INVALID_FIELD, t1_ctx_destroy(&b->t, n));
		ASSERT_EQ(T1_ST_INVALID_FIELD, t1_fault_query(&b->t, n, 0, &f));
		ASSERT_EQ(T1_ST_INVALID_FIELD, t1_unmap(&b->t, n, VA, 1, 0));
	}
	for (n = b->t.num_slots; n < T1_MAX_SLOTS; n++) {
		ASSERT_EQ(T1_ST_INVALID_FIELD, t1_queue_destroy(&b->t, n));
		bad.slot = n;
		ASSERT_EQ(T1_ST_INVALID_FIELD, t1_queue_reset(&bad));
	}
	EXPECT_EQ(0, t1_run(&a->q, &FILL(VA, 4, 1)));
	EXPECT_EQ(1, a->cpu[0]);
}

/* Tearing everything of one down, number by number, leaves the other's as they are. */
TEST_F(iso, destroy)
{
	struct side *a = &self->s[0], *b = &self->s[1];
	uint32_t n;

	for (n = 0; n < b->t.num_slots; n++)
		t1_queue_destroy(&b->t, n);
	for (n = 0; n < b->t.num_contexts; n++)
		t1_ctx_destroy(&b->t, n);
	ASSERT_EQ(0, t1_run(&a->q, &FILL(VA, 4, 1)));
	ASSERT_EQ(0, vdev_reset(&b->v));
	ASSERT_EQ(0, t1_run(&a->q, &FILL(VA, 4, 2)));
	EXPECT_EQ(2, a->cpu[0]);
}

/* Bus addresses are looked up in the container of the vGPU that uses them. */
TEST_F(iso, bus_addresses)
{
	struct side *a = &self->s[0], *b = &self->s[1];
	struct vdev_mem only_a;

	ASSERT_EQ(0, vdev_mem_alloc(&a->v, 4096, 4096, &only_a));
	EXPECT_EQ(T1_ST_BAD_ADDRESS, t1_map(&b->t, 0, VA + (1ull << 32), only_a.iova, 1, RW));
	EXPECT_EQ(T1_ST_OK, t1_map(&a->t, 0, VA + (1ull << 32), only_a.iova, 1, RW));
}

/* Interrupts of the one signal nothing of the other's. */
TEST_F(iso, interrupts)
{
	struct side *a = &self->s[0], *b = &self->s[1];
	struct t1_queue qa, qb;
	int fd[2][2];
	unsigned int i;
	uint64_t seq;

	for (i = 0; i < 2; i++) {
		fd[i][0] = eventfd(0, EFD_NONBLOCK);
		fd[i][1] = eventfd(0, EFD_NONBLOCK);
		ASSERT_EQ(0, vdev_irq_set(&self->s[i].v, 0, 2, fd[i]));
	}
	ASSERT_EQ(0, t1_queue_create(&a->t, &qa, 0, 1, T1_ENGINE_COPY, 4, 1));
	ASSERT_EQ(0, t1_queue_create(&b->t, &qb, 0, 1, T1_ENGINE_COPY, 4, 1));
	while (signalled(fd[0][0], 50) || signalled(fd[1][0], 50))
		;
	seq = t1_fence(&qa, T1_FENCE_IRQ);
	t1_kick(&qa);
	ASSERT_EQ(0, t1_wait(&qa, seq));
	EXPECT_TRUE(signalled(fd[0][1], T1_TIMEOUT_MS));
	EXPECT_FALSE(signalled(fd[1][1], 50));
	EXPECT_FALSE(signalled(fd[1][0], 0));
	/* only B sees the completion of B's admin command */
	ASSERT_EQ(0, t1_ctx_create(&b->t, 3));
	EXPECT_TRUE(signalled(fd[1][0], T1_TIMEOUT_MS));
	EXPECT_FALSE(signalled(fd[0][0], 50));
}

/* A fault of one is neither seen by the other nor stops it. */
TEST_F(iso, faults)
{
	struct side *a = &self->s[0], *b = &self->s[1];
	struct t1_event ev;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		t1_push(&b->q, &FILL(0x5000, 4, 0));
		t1_kick(&b->q);
		ASSERT_EQ(0, t1_run(&a->q, &FILL(VA, 4, i)));
		ASSERT_EQ(0, t1_event(&b->t, &ev, T1_TIMEOUT_MS));
		EXPECT_EQ(T1_EV_FAULT, ev.type);
		EXPECT_EQ(0, ev.ctx);
		EXPECT_EQ(0, ev.slot);
		ASSERT_EQ(0, t1_ctx_destroy(&b->t, 0));
		ASSERT_EQ(0, t1_queue_simple(&b->t, &b->q, 0, T1_ENGINE_COMPUTE));
	}
	EXPECT_EQ(-ETIMEDOUT, t1_event(&a->t, &ev, 50));
}

TEST_HARNESS_MAIN
