// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_fuzz.c - garbage from one vGPU, by every way it has, while another computes right results
 *
 * Seeded, so that a run can be repeated: TESSERA_FUZZ_SEED, TESSERA_FUZZ_ROUNDS. That the host
 * stays sound is checked by its kernel log, after this program.
 */
#include "fixture.h"

FIXTURE(fuzz)
{
	struct vdev v, v2;
	struct t1 t, t2;
	struct t1_queue good;
	struct vdev_mem arena, mem2;
	uint64_t state;
	unsigned int rounds;
};

FIXTURE_SETUP(fuzz)
{
	fresh();
	ASSERT_EQ(0, vdev_create(&self->v, "V4"));
	ASSERT_EQ(0, vdev_create(&self->v2, "V4"));
	ASSERT_EQ(0, t1_start(&self->t2, &self->v2));
	ASSERT_EQ(0, t1_queue_simple(&self->t2, &self->good, 0, T1_ENGINE_COMPUTE));
	ASSERT_EQ(0, vdev_mem_alloc(&self->v2, 65536, 4096, &self->mem2));
	ASSERT_EQ(0, t1_map_mem(&self->t2, 0, VA, &self->mem2));
	ASSERT_EQ(0, vdev_mem_alloc(&self->v, 4 << 20, 2 << 20, &self->arena));
	self->state = 1;
	if (getenv("TESSERA_FUZZ_SEED"))
		self->state = strtoull(getenv("TESSERA_FUZZ_SEED"), NULL, 0);
	self->rounds = getenv("TESSERA_FUZZ_ROUNDS") ? atoi(getenv("TESSERA_FUZZ_ROUNDS")) : 1;
}

FIXTURE_TEARDOWN(fuzz)
{
	EXPECT_EQ(0, vdev_destroy(&self->v));
	EXPECT_EQ(0, vdev_destroy(&self->v2));
}

/* xorshift64* */
static uint64_t rnd(FIXTURE_DATA(fuzz) *self)
{
	self->state ^= self->state >> 12;
	self->state ^= self->state << 25;
	self->state ^= self->state >> 27;
	return self->state * 0x2545f4914f6cdd1dull;
}

static uint64_t below(FIXTURE_DATA(fuzz) *self, uint64_t n)
{
	return (rnd(self) >> 16) % n;
}

/* Numbers as bugs like them */
static uint64_t odd(FIXTURE_DATA(fuzz) *self)
{
	static const uint64_t edges[] = {
		0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
		0x100000000, 0xfffffffff000, 0x1000000000000, 0x7fffffffffffffff,
		0x8000000000000000, 0xfffffffffffff000, 0xffffffffffffffff,
	};

	switch (below(self, 4)) {
	case 0:
		return edges[below(self, ARRAY_SIZE(edges))];
	case 1:
		return edges[below(self, ARRAY_SIZE(edges))] + below(self, 9) - 4;
	case 2:
		return below(self, 64);
	default:
		return rnd(self);
	}
}

/* The innocent's work still gives the right answer. */
static void check_good(struct __test_metadata *_metadata, FIXTURE_DATA(fuzz) *self)
{
	uint32_t value = rnd(self), i;

	t1_push(&self->good, &FILL(VA, 32768, value));
	ASSERT_EQ(0, t1_run(&self->good, &COPY(VA + 32768, VA, 32768)));
	for (i = 0; i < 16384; i += 511)
		ASSERT_EQ(value, ((uint32_t *)self->mem2.cpu)[i]);
}

/* After all of it a reset makes a working vGPU again. */
static void check_reset(struct __test_metadata *_metadata, FIXTURE_DATA(fuzz) *self)
{
	struct t1_queue q;
	unsigned int i;

	ASSERT_EQ(0, vdev_reset(&self->v));
	ASSERT_EQ(0, t1_start(&self->t, &self->v));
	ASSERT_EQ(0, t1_queue_simple(&self->t, &q, 0, T1_ENGINE_COMPUTE));
	ASSERT_EQ(0, t1_run(&q, &NOP()));
	/* each leaves memory behind in the client: take the queue's away again */
	for (i = 0; i < self->v.num_mems; i++) {
		if (self->v.mems[i].cpu == q.mem.cpu) {
			vdev_dma_unmap(&self->v, q.mem.iova, q.mem.bytes, NULL);
			munmap(q.mem.cpu, q.mem.bytes);
			self->v.mems[i] = self->v.mems[--self->v.num_mems];
		}
	}
	ASSERT_EQ(0, vdev_reset(&self->v));
}

TEST_F_TIMEOUT(fuzz, config, 120)
{
	uint32_t value;
	unsigned int i, k;

	for (k = 0; k < 5 * self->rounds; k++) {
		for (i = 0; i < 400; i++) {
			unsigned int off = below(self, 4) ? below(self, 256) : below(self, 4200);
			unsigned int len = 1 << below(self, 3);

			value = odd(self);
			if (below(self, 2))
				vdev_write(&self->v, CONFIG, off, &value, len);
			else
				vdev_read(&self->v, CONFIG, off, &value, len);
		}
		check_good(_metadata, self);
		check_reset(_metadata, self);
	}
}

TEST_F_TIMEOUT(fuzz, regions, 120)
{
	uint8_t buf[32];
	unsigned int i, k;

	for (k = 0; k < 5 * self->rounds; k++) {
		for (i = 0; i < 300; i++) {
			unsigned int index = below(self, 10), len = below(self, sizeof(buf)) + 1;
			uint64_t off = below(self, 3) ? below(self, 0x1000) : odd(self) >> 24;
			uint64_t pos = (uint64_t)index << 40 | (off & ((1ull << 40) - 1));

			if (below(self, 2)) {
				memset(buf, rnd(self), sizeof(buf));
				pwrite(self->v.device, buf, len, pos);
			} else {
				pread(self->v.device, buf, len, pos);
			}
		}
		check_good(_metadata, self);
		check_reset(_metadata, self);
	}
}

TEST_F_TIMEOUT(fuzz, registers, 120)
{
	unsigned int i, k;

	for (k = 0; k < 5 * self->rounds; k++) {
		ASSERT_EQ(0, t1_start(&self->t, &self->v));
		for (i = 0; i < 200; i++) {
			uint32_t off = below(self, 4) ? below(self, 0x70 / 4) * 4 :
							below(self, 0x1000 / 4) * 4;

			if (below(self, 2))
				vdev_reg_write(&self->v, off, odd(self));
			else
				vdev_reg(&self->v, off);
		}
		check_good(_metadata, self);
		check_reset(_metadata, self);
	}
}

/* An admin command that is nearly right, or not at all. */
static void random_admin(FIXTURE_DATA(fuzz) *self, struct t1_admin_cmd *c)
{
	unsigned int i, op = below(self, 12);

	memset(c, 0, sizeof(*c));
	c->opcode = op;
	c->cid = rnd(self);
	c->ctx = below(self, 5) ? below(self, 4) : odd(self);
	switch (op) {
	case T1_ADMIN_MAP:
	case T1_ADMIN_UNMAP:
		c->flags = below(self, 8) ? rnd(self) & 0x1f : odd(self);
		c->map.va = below(self, 6) ? VA + below(self, 64) * 0x1000 : odd(self);
		if (c->flags & T1_MAP_HUGE)
			c->map.va &= ~0x1fffffull;
		c->map.npages = below(self, 6) ? below(self, 520) : odd(self);
		if (op == T1_ADMIN_UNMAP) {
			c->flags &= T1_MAP_HUGE;
		} else if (c->flags & T1_MAP_CONTIG) {
			c->map.list = c->flags & T1_MAP_VRAM ?
				      below(self, self->v.regions[BAR2].size) & ~0xfffull :
				      self->arena.iova + (below(self, 4 << 20) & ~0xfffull);
			if (c->flags & T1_MAP_HUGE)
				c->map.list &= ~0x1fffffull;
			if (!below(self, 8))
				c->map.list = odd(self);
		} else {
			c->map.list = self->arena.iova + below(self, 1024) * 4096;
		}
		break;
	case T1_ADMIN_QUEUE_CREATE:
	case T1_ADMIN_QUEUE_DESTROY:
	case T1_ADMIN_QUEUE_RESET:
		c->queue.slot = below(self, 5) ? below(self, 8) : odd(self);
		if (op != T1_ADMIN_QUEUE_CREATE)
			break;
		c->queue.engine = below(self, 6) ? below(self, 2) : odd(self);
		c->queue.ring_va = below(self, 6) ? VA + below(self, 64) * 0x1000 : odd(self);
		c->queue.cb_va = below(self, 6) ? VA + below(self, 4096) * 64 : odd(self);
		c->queue.ring_log2 = below(self, 6) ? below(self, 14) : odd(self);
		c->queue.vector = below(self, 6) ? below(self, 20) : odd(self);
		break;
	case T1_ADMIN_IDENTIFY:
	case T1_ADMIN_FAULT_QUERY:
		c->addr = below(self, 6) ? self->arena.iova + below(self, 1024) * 4096 : odd(self);
		c->flags = below(self, 2);
		break;
	}
	if (!below(self, 6)) {
		i = below(self, sizeof(*c) - 1) + 1;
		((uint8_t *)c)[i] = rnd(self);
	}
}

/* Rings and lists full of near-addresses, near-commands and noise. */
static void random_arena(FIXTURE_DATA(fuzz) *self)
{
	uint64_t *list = self->arena.cpu;
	struct t1_cmd *cmd = self->arena.cpu;
	unsigned int i, k;

	for (i = 0; i < 512 * 8; i++)
		list[i] = below(self, 16) ? self->arena.iova + below(self, 1024) * 4096 : odd(self);
	for (i = 512; i < 512 + 4096; i++) {
		uint64_t *w = (uint64_t *)&cmd[i];

		for (k = 0; k < 8; k++)
			w[k] = below(self, 3) ? VA + below(self, 1 << 18) : odd(self);
		cmd[i].opcode = below(self, 10) ? below(self, 0x19) : rnd(self);
		cmd[i].sub = below(self, 4) ? 0 : below(self, 6);
		cmd[i].flags = below(self, 4) ? 0 : below(self, 16);
		cmd[i].rsvd = below(self, 10) ? 0 : rnd(self);
		if (cmd[i].opcode == T1_OP_FILL || cmd[i].opcode == T1_OP_COPY) {
			cmd[i].copy.bytes = below(self, 65536) & ~3u;
			memset(cmd[i].copy.pad, 0, sizeof(cmd[i].copy.pad));
			if (cmd[i].opcode == T1_OP_FILL)
				cmd[i].copy.src = 0;
			else
				cmd[i].copy.pattern = 0;
			cmd[i].copy.dst &= ~3ull;
		}
		if (cmd[i].opcode == T1_OP_NOP)
			memset(&cmd[i], 0, sizeof(cmd[i]));
	}
}

TEST_F_TIMEOUT(fuzz, admin, 200)
{
	struct t1_admin_cmd c;
	struct t1_admin_cpl cpl;
	unsigned int i, k;

	for (k = 0; k < 4 * self->rounds; k++) {
		random_arena(self);
		ASSERT_EQ(0, t1_start(&self->t, &self->v));
		for (i = 0; i < 4; i++) {
			c = (struct t1_admin_cmd){
				.opcode = T1_ADMIN_CTX_CREATE, .ctx = i
			};
			ASSERT_EQ(0, t1_admin(&self->t, &c));
		}
		for (i = 0; i < 500; i++) {
			random_admin(self, &c);
			t1_admin_push(&self->t, &c);
			t1_admin_ring(&self->t);
			ASSERT_EQ(0, t1_admin_pop(&self->t, &cpl, T1_TIMEOUT_MS)) {
				TH_LOG("round %u: no answer to command %u, opcode %#x", k, i,
				       c.opcode);
			}
			ASSERT_EQ(c.cid, cpl.cid);
			ASSERT_LE(cpl.status, T1_ST_INTERNAL);
			ASSERT_NE(T1_ST_INTERNAL, cpl.status);
		}
		check_good(_metadata, self);
		check_reset(_metadata, self);
	}
}

/* Live queues over random memory: whatever the engines find there. */
TEST_F_TIMEOUT(fuzz, rings, 200)
{
	struct t1_admin_cmd c;
	unsigned int i, k, s;

	for (k = 0; k < 6 * self->rounds; k++) {
		random_arena(self);
		ASSERT_EQ(0, t1_start(&self->t, &self->v));
		for (i = 0; i < 4; i++) {
			ASSERT_EQ(0, t1_ctx_create(&self->t, i));
			ASSERT_EQ(0, t1_map(&self->t, i, VA, self->arena.iova, 512, RW));
			for (s = i * 4; s < i * 4 + 4; s++) {
				c = (struct t1_admin_cmd){
					.opcode = T1_ADMIN_QUEUE_CREATE, .ctx = i,
					.queue = { .slot = s, .engine = s & 1,
						   .ring_va = VA + (8 + below(self, 48)) * 4096,
						   .cb_va = VA + below(self, 4096) * 64,
						   .ring_log2 = 2 + below(self, 8) } };
				ASSERT_EQ(0, t1_admin(&self->t, &c));
			}
		}
		for (i = 0; i < 100; i++) {
			volatile uint32_t *db;

			s = below(self, 16);
			db = vdev_direct(&self->v, BAR0, T1_DB_OFF(s), 4);
			*db = below(self, 4) ? below(self, 64) : odd(self);
			if (!below(self, 8)) {
				c = (struct t1_admin_cmd){ .opcode = T1_ADMIN_QUEUE_RESET,
								.queue = { .slot = s } };
				ASSERT_GE(t1_admin(&self->t, &c), 0);
			}
			if (!below(self, 8)) {
				struct t1_fault f;

				ASSERT_EQ(0, t1_fault_query(&self->t, below(self, 4),
							    T1_FAULT_QUERY_CLEAR, &f));
			}
			if (!below(self, 16))
				check_good(_metadata, self);
		}
		check_good(_metadata, self);
		check_reset(_metadata, self);
	}
}

TEST_HARNESS_MAIN
