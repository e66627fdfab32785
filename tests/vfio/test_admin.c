// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_admin.c - the admin queue: each command, each error, any order, full and wrapped rings
 */
#include "fixture.h"

#define NOWHERE	0x7770000000ull		/* a bus address that the container has not mapped */

FIXTURE(admin)
{
	struct vdev v;
	struct t1 t;
	struct vdev_mem mem;
};

FIXTURE_SETUP(admin)
{
	fresh();
	ASSERT_EQ(0, vdev_create(&self->v, "V4"));
	ASSERT_EQ(0, vdev_mem_alloc(&self->v, 4 << 20, 2 << 20, &self->mem));
	ASSERT_EQ(0, t1_start(&self->t, &self->v));
}

FIXTURE_TEARDOWN(admin)
{
	EXPECT_EQ(0, vdev_destroy(&self->v));
}

TEST_F(admin, identify)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_IDENTIFY };
	struct t1_identify *id = self->mem.cpu;
	struct t1 *t = &self->t;

	memset(id, 0xee, sizeof(*id));
	c.addr = self->mem.iova;
	ASSERT_EQ(T1_ST_OK, t1_admin(t, &c));
	EXPECT_EQ(T1_MAGIC, id->magic);
	EXPECT_EQ(T1_HW_VERSION, id->version);
	EXPECT_EQ(t->caps, id->caps);
	EXPECT_EQ(T1_NUM_ENGINES, id->num_engines);
	EXPECT_EQ(t->num_slots, id->num_slots);
	EXPECT_EQ(t->num_contexts, id->num_contexts);
	EXPECT_EQ(t->num_vectors, id->num_vectors);
	EXPECT_EQ(T1_MAP_MAX_PAGES, id->map_max_pages);
	EXPECT_EQ(t->vram_bytes, id->vram_bytes);
	EXPECT_NE(0, id->clock_mhz);
	EXPECT_NE(0, id->vram_mb_per_s);
	EXPECT_EQ(0, id->rsvd0);
	EXPECT_EQ('\0', id->model[31]);
	EXPECT_NE('\0', id->model[0]);
	for (unsigned int i = 0; i < sizeof(id->rsvd1); i++)
		ASSERT_EQ(0, id->rsvd1[i]);

	c.addr = self->mem.iova + 64;
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_admin(t, &c));
	c.addr = NOWHERE;
	EXPECT_EQ(T1_ST_BAD_ADDRESS, t1_admin(t, &c));
	c.addr = ~0xfffull;
	EXPECT_EQ(T1_ST_BAD_ADDRESS, t1_admin(t, &c));
}

TEST_F(admin, opcodes)
{
	struct t1_admin_cmd c = { 0 };
	unsigned int op;

	for (op = 0; op < 256; op++) {
		if (op >= T1_ADMIN_IDENTIFY && op <= T1_ADMIN_FAULT_QUERY)
			continue;
		c.opcode = op;
		ASSERT_EQ(T1_ST_INVALID_OPCODE, t1_admin(&self->t, &c)) {
			TH_LOG("opcode %#x", op);
		}
	}
}

TEST_F(admin, contexts)
{
	struct t1 *t = &self->t;
	uint32_t i;

	EXPECT_EQ(T1_ST_NOT_FOUND, t1_ctx_destroy(t, 0));
	for (i = 0; i < t->num_contexts; i++)
		ASSERT_EQ(T1_ST_OK, t1_ctx_create(t, i));
	EXPECT_EQ(T1_ST_EXISTS, t1_ctx_create(t, 0));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_ctx_create(t, t->num_contexts));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_ctx_create(t, T1_MAX_CONTEXTS));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_ctx_create(t, 0xffffffff));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_ctx_destroy(t, t->num_contexts));
	for (i = 0; i < t->num_contexts; i++)
		ASSERT_EQ(T1_ST_OK, t1_ctx_destroy(t, i));
	EXPECT_EQ(T1_ST_NOT_FOUND, t1_ctx_destroy(t, t->num_contexts - 1));
}

/* A good command of each kind, for spoiling. Context 0 exists, slot 0 has a queue. */
static unsigned int good(struct __test_metadata *_metadata, FIXTURE_DATA(admin) *self,
			 struct t1_admin_cmd *c)
{
	unsigned int n = 0;

	c[n++] = (struct t1_admin_cmd){ .opcode = T1_ADMIN_IDENTIFY,
					     .addr = self->mem.iova };
	c[n++] = (struct t1_admin_cmd){ .opcode = T1_ADMIN_CTX_CREATE, .ctx = 1 };
	c[n++] = (struct t1_admin_cmd){ .opcode = T1_ADMIN_CTX_DESTROY };
	c[n++] = (struct t1_admin_cmd){ .opcode = T1_ADMIN_MAP,
		.flags = RW | T1_MAP_CONTIG,
		.map = { .va = VA, .npages = 1, .list = self->mem.iova } };
	c[n++] = (struct t1_admin_cmd){ .opcode = T1_ADMIN_UNMAP,
		.map = { .va = VA, .npages = 1 } };
	c[n++] = (struct t1_admin_cmd){ .opcode = T1_ADMIN_QUEUE_CREATE,
		.queue = { .slot = 1, .ring_va = VA, .cb_va = VA + 4096, .ring_log2 = 4 } };
	c[n++] = (struct t1_admin_cmd){ .opcode = T1_ADMIN_QUEUE_DESTROY };
	c[n++] = (struct t1_admin_cmd){ .opcode = T1_ADMIN_QUEUE_RESET };
	c[n++] = (struct t1_admin_cmd){ .opcode = T1_ADMIN_FAULT_QUERY,
					     .addr = self->mem.iova };
	return n;
}

/* Where a command has fields; everything else must be zero. */
static uint64_t used_bytes(unsigned int opcode)
{
	uint64_t common = 0x0d;		/* opcode, cid */

	switch (opcode) {
	case T1_ADMIN_IDENTIFY:
		return common | 0xffull << 16;
	case T1_ADMIN_CTX_CREATE:
	case T1_ADMIN_CTX_DESTROY:
		return common | 0xf0;
	case T1_ADMIN_MAP:
	case T1_ADMIN_UNMAP:
		return common | 0xff0 | 0xfffull << 24 | 0xffull << 40;
	case T1_ADMIN_QUEUE_CREATE:
		return common | 0xf0 | 0xffffffffull << 24;
	case T1_ADMIN_QUEUE_DESTROY:
	case T1_ADMIN_QUEUE_RESET:
		return common | 0xf0 | 0xfull << 24;
	default:
		return common | 0xff0 | 0xffull << 16;
	}
}

TEST_F(admin, reserved_bytes)
{
	struct t1_admin_cmd c[16], bad;
	struct t1_queue q;
	unsigned int n, i, k;

	ASSERT_EQ(0, t1_queue_simple(&self->t, &q, 0, T1_ENGINE_COMPUTE));
	n = good(_metadata, self, c);
	for (i = 0; i < n; i++) {
		for (k = 0; k < sizeof(bad); k++) {
			if (used_bytes(c[i].opcode) >> k & 1)
				continue;
			bad = c[i];
			((uint8_t *)&bad)[k] ^= 0x80;
			ASSERT_EQ(T1_ST_INVALID_FIELD, t1_admin(&self->t, &bad)) {
				TH_LOG("opcode %#x byte %u", c[i].opcode, k);
			}
		}
	}
	/* none of it has done anything */
	EXPECT_EQ(T1_ST_NOT_FOUND, t1_ctx_destroy(&self->t, 1));
	EXPECT_EQ(T1_ST_OK, t1_queue_reset(&q));
	EXPECT_EQ(0, t1_run(&q, &NOP()));
}

TEST_F(admin, no_context)
{
	struct t1 *t = &self->t;
	struct t1_fault f;
	struct t1_queue q;

	EXPECT_EQ(T1_ST_NOT_FOUND, t1_map(t, 2, VA, self->mem.iova, 1, RW));
	EXPECT_EQ(T1_ST_NOT_FOUND, t1_unmap(t, 2, VA, 1, 0));
	EXPECT_EQ(T1_ST_NOT_FOUND, t1_fault_query(t, 2, 0, &f));
	EXPECT_EQ(T1_ST_NOT_FOUND, t1_queue_destroy(t, 0));
	q.slot = 0;
	q.t = t;
	EXPECT_EQ(T1_ST_NOT_FOUND, t1_queue_reset(&q));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_map(t, t->num_contexts, VA, self->mem.iova, 1, RW));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_unmap(t, t->num_contexts, VA, 1, 0));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_queue_destroy(t, t->num_slots));
}

TEST_F(admin, map_fields)
{
	struct t1 *t = &self->t;
	uint64_t bus = self->mem.iova, end = 1ull << T1_VA_BITS;
	uint64_t list[2] = { bus, bus + 1 };
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_MAP, .flags = RW, .map = { .va = VA, .npages = 1 },
	};

	ASSERT_EQ(0, t1_ctx_create(t, 0));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_map(t, 0, VA, bus, 0, RW));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_map(t, 0, VA, bus, T1_MAP_MAX_PAGES + 1, RW));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_map(t, 0, VA, bus, 0xffffffff, RW));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_map(t, 0, VA + 8, bus, 1, RW));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_map(t, 0, VA, bus + 8, 1, RW));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_map(t, 0, VA, bus, 1, RW | 0x20));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_map(t, 0, VA, bus, 1, RW | 0x80000000));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_map(t, 0, end, bus, 1, RW));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_map(t, 0, end - 4096, bus, 2, RW));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_map(t, 0, ~0ull << 12, bus, 1, RW));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_map(t, 0, VA + 4096, bus, 1, RW | T1_MAP_HUGE));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_map(t, 0, VA, bus + 4096, 1, RW | T1_MAP_HUGE));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_map_list(t, 0, VA, list, 2, RW));
	c.map.list = self->t.list_mem.iova + 8;		/* a list is a page */
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_admin(t, &c));
	c.map.list = NOWHERE;
	EXPECT_EQ(T1_ST_BAD_ADDRESS, t1_admin(t, &c));
	EXPECT_EQ(T1_ST_BAD_ADDRESS, t1_map(t, 0, VA, NOWHERE, 1, RW));
	EXPECT_EQ(T1_ST_BAD_ADDRESS, t1_map(t, 0, VA, ~0xfffull, 1, RW));
	EXPECT_EQ(T1_ST_BAD_ADDRESS, t1_map(t, 0, VA, ~0xfffull, 2, RW));
	/* the last page there is */
	EXPECT_EQ(T1_ST_OK, t1_map(t, 0, end - 4096, bus, 1, RW));
	EXPECT_EQ(T1_ST_EXISTS, t1_map(t, 0, end - 4096, bus, 1, RW));
}

TEST_F(admin, map_vram_bounds)
{
	struct t1 *t = &self->t;
	uint64_t vram = t->vram_bytes, list[2] = { 0, vram };

	ASSERT_EQ(0, t1_ctx_create(t, 0));
	EXPECT_EQ(T1_ST_BAD_ADDRESS, t1_map(t, 0, VA, vram, 1, RWV));
	EXPECT_EQ(T1_ST_BAD_ADDRESS, t1_map(t, 0, VA, vram - 4096, 2, RWV));
	EXPECT_EQ(T1_ST_BAD_ADDRESS, t1_map(t, 0, VA, ~0ull << 12, 1, RWV));
	EXPECT_EQ(T1_ST_BAD_ADDRESS, t1_map(t, 0, VA, ~0ull << 12, 2, RWV));
	EXPECT_EQ(T1_ST_BAD_ADDRESS, t1_map(t, 0, VA, 1ull << 63, 1, RWV));
	EXPECT_EQ(T1_ST_BAD_ADDRESS, t1_map(t, 0, VA, vram, 1, RWV | T1_MAP_HUGE));
	EXPECT_EQ(T1_ST_BAD_ADDRESS,
		  t1_map(t, 0, VA, vram - (2 << 20), 2, RWV | T1_MAP_HUGE));
	EXPECT_EQ(T1_ST_BAD_ADDRESS, t1_map_list(t, 0, VA, list, 2, RWV));
	EXPECT_EQ(T1_ST_OK, t1_map(t, 0, VA, vram - 4096, 1, RWV));
}

/* A MAP that fails has mapped nothing. */
TEST_F(admin, map_whole_or_not)
{
	struct t1 *t = &self->t;
	uint64_t bus = self->mem.iova, list[3] = { bus, bus + 4096, NOWHERE };

	ASSERT_EQ(0, t1_ctx_create(t, 0));
	ASSERT_EQ(T1_ST_OK, t1_map(t, 0, VA + 0x3000, bus, 1, RW));
	EXPECT_EQ(T1_ST_EXISTS, t1_map(t, 0, VA, bus, 8, RW));
	EXPECT_EQ(T1_ST_BAD_ADDRESS, t1_map_list(t, 0, VA, list, 3, RW));
	EXPECT_EQ(T1_ST_OK, t1_map(t, 0, VA, bus, 3, RW));
	EXPECT_EQ(T1_ST_OK, t1_map(t, 0, VA + 0x4000, bus, 4, RW));
	/* a huge page does not go over small ones, nor the other way round */
	EXPECT_EQ(T1_ST_EXISTS, t1_map(t, 0, VA, bus, 1, RW | T1_MAP_HUGE));
	EXPECT_EQ(T1_ST_OK, t1_map(t, 0, VA + (2 << 20), bus, 1, RW | T1_MAP_HUGE));
	EXPECT_EQ(T1_ST_EXISTS, t1_map(t, 0, VA + (2 << 20) + 4096, bus, 1, RW));
}

TEST_F(admin, unmap_fields)
{
	struct t1 *t = &self->t;
	uint64_t bus = self->mem.iova, end = 1ull << T1_VA_BITS;
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_UNMAP, .map = { .va = VA, .npages = 1, .list = 4096 },
	};

	ASSERT_EQ(0, t1_ctx_create(t, 0));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_admin(t, &c));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_unmap(t, 0, VA + 1, 1, 0));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_unmap(t, 0, VA, 0, 0));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_unmap(t, 0, end, 1, 0));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_unmap(t, 0, end - 4096, 2, 0));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_unmap(t, 0, VA, 0xffffffff, T1_MAP_HUGE));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_unmap(t, 0, VA + 4096, 1, T1_MAP_HUGE));
	/* what is not mapped */
	EXPECT_EQ(T1_ST_OK, t1_unmap(t, 0, VA, 1, 0));
	EXPECT_EQ(T1_ST_OK, t1_unmap(t, 0, 0, 0xffffffff, 0));
	EXPECT_EQ(T1_ST_OK, t1_unmap(t, 0, 0, end >> 21, T1_MAP_HUGE));
	/* a huge page goes whole */
	ASSERT_EQ(T1_ST_OK, t1_map(t, 0, VA, bus, 1, RW | T1_MAP_HUGE));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_unmap(t, 0, VA, 511, 0));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_unmap(t, 0, VA + 4096, 1, 0));
	EXPECT_EQ(T1_ST_EXISTS, t1_map(t, 0, VA, bus, 1, RW));
	EXPECT_EQ(T1_ST_OK, t1_unmap(t, 0, VA, 512, 0));
	EXPECT_EQ(T1_ST_OK, t1_map(t, 0, VA, bus, 1, RW));
	/* small pages go by one UNMAP over any range */
	ASSERT_EQ(T1_ST_OK, t1_map(t, 0, VA + (4 << 20), bus, 5, RW));
	EXPECT_EQ(T1_ST_OK, t1_unmap(t, 0, VA, 4096, 0));
	EXPECT_EQ(T1_ST_OK, t1_map(t, 0, VA, bus, 512, RW));
	EXPECT_EQ(T1_ST_OK, t1_map(t, 0, VA + (4 << 20), bus, 5, RW));
}

TEST_F(admin, queue_fields)
{
	struct t1 *t = &self->t;
	struct t1_admin_cmd ok = {
		.opcode = T1_ADMIN_QUEUE_CREATE,
		.queue = { .slot = 1, .ring_va = VA, .cb_va = VA + 0x10000, .ring_log2 = 8 },
	}, c;

#define BAD(status, field, value) do {						\
		c = ok;								\
		c.field = value;						\
		EXPECT_EQ(status, t1_admin(t, &c));				\
	} while (0)

	ASSERT_EQ(0, t1_ctx_create(t, 0));
	BAD(T1_ST_NOT_FOUND, ctx, 1);
	BAD(T1_ST_INVALID_FIELD, ctx, t->num_contexts);
	BAD(T1_ST_INVALID_FIELD, queue.slot, t->num_slots);
	BAD(T1_ST_INVALID_FIELD, queue.slot, 0xffffffff);
	BAD(T1_ST_INVALID_FIELD, queue.engine, T1_NUM_ENGINES);
	BAD(T1_ST_INVALID_FIELD, queue.ring_log2, T1_RING_MIN_LOG2 - 1);
	BAD(T1_ST_INVALID_FIELD, queue.ring_log2, T1_RING_MAX_LOG2 + 1);
	BAD(T1_ST_INVALID_FIELD, queue.ring_log2, 64);
	BAD(T1_ST_INVALID_FIELD, queue.vector, t->num_vectors);
	BAD(T1_ST_INVALID_FIELD, queue.vector, 0x80000000);
	BAD(T1_ST_INVALID_FIELD, queue.ring_va, VA + 64);
	BAD(T1_ST_INVALID_FIELD, queue.cb_va, VA + 32);
	BAD(T1_ST_INVALID_FIELD, queue.ring_va, 1ull << 48);
	BAD(T1_ST_INVALID_FIELD, queue.cb_va, 1ull << 60);
	EXPECT_EQ(T1_ST_OK, t1_admin(t, &ok));
	BAD(T1_ST_EXISTS, queue.ring_va, VA + 0x40000);
	EXPECT_EQ(T1_ST_OK, t1_queue_destroy(t, 1));
	EXPECT_EQ(T1_ST_NOT_FOUND, t1_queue_destroy(t, 1));
	/* a context takes its queues along */
	EXPECT_EQ(T1_ST_OK, t1_admin(t, &ok));
	EXPECT_EQ(T1_ST_OK, t1_ctx_destroy(t, 0));
	EXPECT_EQ(T1_ST_NOT_FOUND, t1_queue_destroy(t, 1));
}

TEST_F(admin, every_slot)
{
	struct t1 *t = &self->t;
	struct t1_queue q;
	uint32_t i;

	ASSERT_EQ(0, t1_ctx_create(t, 0));
	for (i = 0; i < t->num_slots; i++) {
		ASSERT_EQ(0, t1_queue_create(t, &q, 0, i, i & 1, 4, i + 1));
		ASSERT_EQ(0, t1_run(&q, &NOP()));
	}
}

TEST_F(admin, fault_query_fields)
{
	struct t1 *t = &self->t;
	struct t1_fault f;
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_FAULT_QUERY, .addr = self->mem.iova + 8,
	};

	ASSERT_EQ(0, t1_ctx_create(t, 0));
	ASSERT_EQ(0, t1_fault_query(t, 0, 0, &f));
	EXPECT_EQ(T1_FAULT_NONE, f.fault);
	ASSERT_EQ(0, t1_fault_query(t, 0, T1_FAULT_QUERY_CLEAR, &f));
	EXPECT_EQ(T1_FAULT_NONE, f.fault);
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_fault_query(t, 0, 2, &f));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_admin(t, &c));
	c.addr = NOWHERE;
	EXPECT_EQ(T1_ST_BAD_ADDRESS, t1_admin(t, &c));
}

/* Many at once: answers in order, each with where the ring has got to. */
TEST_F(admin, batches_and_wrap)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_UNMAP,
				       .map = { .va = VA, .npages = 1 } };
	struct t1_admin_cpl cpl;
	struct t1 *t = &self->t;
	unsigned int round, i, cid = 1000;

	ASSERT_EQ(0, t1_ctx_create(t, 0));
	for (round = 0; round < 5; round++) {
		for (i = 0; i < 50; i++) {
			c.cid = cid + i;
			c.opcode = i == 17 ? 0x99 : T1_ADMIN_UNMAP;
			t1_admin_push(t, &c);
		}
		t1_admin_ring(t);
		for (i = 0; i < 50; i++) {
			ASSERT_EQ(0, t1_admin_pop(t, &cpl, T1_TIMEOUT_MS));
			ASSERT_EQ(cid + i, cpl.cid);
			ASSERT_EQ(i == 17 ? T1_ST_INVALID_OPCODE : T1_ST_OK, cpl.status);
			ASSERT_EQ(0, cpl.result);
		}
		ASSERT_EQ(t->asq_tail, cpl.asq_head);
		cid += 50;
	}
}

TEST_F(admin, smallest_rings)
{
	struct t1 *t = &self->t;
	unsigned int i;

	t1_disable(t);
	t->asq_entries = 2;
	t->acq_entries = 2;
	t->evq_entries = 2;
	ASSERT_EQ(0, t1_start(t, &self->v));
	ASSERT_EQ(0, t1_ctx_create(t, 0));
	for (i = 0; i < 20; i++)
		ASSERT_EQ(T1_ST_OK, t1_unmap(t, 0, VA, 1, 0));
}

TEST_F(admin, largest_rings)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_CTX_DESTROY };
	struct t1_admin_cpl cpl;
	struct t1 *t = &self->t;
	unsigned int i, round;

	t1_disable(t);
	t->asq_entries = 1024;
	t->acq_entries = 1024;
	t->evq_entries = 1024;
	ASSERT_EQ(0, t1_start(t, &self->v));
	for (round = 0; round < 2; round++) {
		for (i = 0; i < 1023; i++) {
			c.cid = i;
			t1_admin_push(t, &c);
		}
		t1_admin_ring(t);
		for (i = 0; i < 1023; i++) {
			ASSERT_EQ(0, t1_admin_pop(t, &cpl, T1_TIMEOUT_MS));
			ASSERT_EQ(i, cpl.cid);
			ASSERT_EQ(T1_ST_NOT_FOUND, cpl.status);
		}
	}
}

/* A full completion ring holds the admin queue up; nothing is overwritten or lost. */
TEST_F(admin, backpressure)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_CTX_DESTROY };
	struct t1_admin_cpl cpl;
	struct t1 *t = &self->t;
	unsigned int i, n;

	t1_disable(t);
	t->acq_entries = 4;
	ASSERT_EQ(0, t1_start(t, &self->v));
	for (i = 0; i < 20; i++) {
		c.cid = 100 + i;
		t1_admin_push(t, &c);
	}
	t1_admin_ring(t);
	sleep_us(50000);
	for (n = 0; n < 4 && t->acq[n].phase == 1; n++)
		ASSERT_EQ(100 + n, t->acq[n].cid);
	EXPECT_GE(n, 3);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, t1_admin_pop(t, &cpl, T1_TIMEOUT_MS));
		ASSERT_EQ(100 + i, cpl.cid);
	}
}

/* A command is taken as it was when its tail was written: changing it later changes nothing. */
TEST_F(admin, rewritten_ring)
{
	struct t1_admin_cpl cpl;
	struct t1 *t = &self->t;
	unsigned int i, k, slot;

	for (i = 0; i < 200; i++) {
		struct t1_admin_cmd c = { .opcode = T1_ADMIN_CTX_CREATE, .cid = i };

		slot = t->asq_tail;
		t1_admin_push(t, &c);
		t1_admin_ring(t);
		/* races with the fetch: any answer will do, but an answer there is */
		for (k = 0; k < 20; k++) {
			t->asq[slot].ctx = k & 1 ? 0 : 0xffffffff;
			t->asq[slot].opcode = k & 2 ? T1_ADMIN_CTX_CREATE :
						      T1_ADMIN_CTX_DESTROY;
		}
		ASSERT_EQ(0, t1_admin_pop(t, &cpl, T1_TIMEOUT_MS));
		ASSERT_LE(cpl.status, T1_ST_INTERNAL);
	}
	t1_ctrl_reset(t);
	ASSERT_EQ(0, t1_start(t, &self->v));
	EXPECT_EQ(0, t1_ctx_create(t, 0));
}

/* Memory behind the rings goes away while they are in use: FATAL, for this vGPU only. */
TEST_F(admin, ring_memory_goes)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_CTX_CREATE };
	struct t1_admin_cpl cpl;
	struct t1 *t = &self->t, nt = { 0 };
	struct vdev neighbour;

	ASSERT_EQ(0, vdev_create(&neighbour, "V4"));
	ASSERT_EQ(0, t1_start(&nt, &neighbour));
	ASSERT_EQ(0, vdev_dma_unmap(&self->v, t->ring_mem.iova, t->ring_mem.bytes, NULL));
	t1_admin_push(t, &c);
	t1_admin_ring(t);
	EXPECT_EQ(-ETIMEDOUT, t1_admin_pop(t, &cpl, 300));
	EXPECT_EQ(T1_STATUS_FATAL, vdev_reg(&self->v, T1_REG_STATUS));
	EXPECT_EQ(0, t1_ctx_create(&nt, 0));
	/* with memory again, a reset makes it good */
	ASSERT_EQ(0, vdev_dma_map(&self->v, t->ring_mem.cpu, t->ring_mem.iova, t->ring_mem.bytes));
	ASSERT_EQ(0, t1_ctrl_reset(t));
	ASSERT_EQ(0, t1_start(t, &self->v));
	EXPECT_EQ(0, t1_ctx_create(t, 0));
	EXPECT_EQ(0, vdev_destroy(&neighbour));
}

TEST_F(admin, counted)
{
	long long before = mdev_stat(self->v.uuid, "admin_commands");
	unsigned int i;

	ASSERT_LE(0, before);
	for (i = 0; i < 10; i++)
		t1_ctx_create(&self->t, i);
	EXPECT_EQ(before + 10, mdev_stat(self->v.uuid, "admin_commands"));
}

TEST_HARNESS_MAIN
