// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_faults.c - every fault of a vGPU: how it is reported, what goes on, how it ends
 *
 * Not here: BUS_ERROR, which would need DMA to be refused below the mediator, whereas a vGPU's
 * mappings lead only to pinned memory; ENGINE_RESET, which is in test_hang.c.
 *
 * Also: smoke-6.1
 */
#include "fixture.h"

FIXTURE(faults)
{
	struct vdev v, v2;
	struct t1 t, t2;
	struct t1_queue q, other_ctx, other_vgpu;
	struct vdev_mem mem;
};

FIXTURE_SETUP(faults)
{
	fresh();
	ASSERT_EQ(0, vdev_create(&self->v, "V4"));
	ASSERT_EQ(0, vdev_create(&self->v2, "V4"));
	ASSERT_EQ(0, t1_start(&self->t, &self->v));
	ASSERT_EQ(0, t1_start(&self->t2, &self->v2));
	ASSERT_EQ(0, t1_ctx_create(&self->t, 3));
	ASSERT_EQ(0, t1_queue_create(&self->t, &self->q, 3, 5, T1_ENGINE_COMPUTE, 4, 0));
	ASSERT_EQ(0, t1_queue_simple(&self->t, &self->other_ctx, 1, T1_ENGINE_COMPUTE));
	ASSERT_EQ(0, t1_queue_simple(&self->t2, &self->other_vgpu, 3, T1_ENGINE_COMPUTE));
	ASSERT_EQ(0, vdev_mem_alloc(&self->v, 65536, 4096, &self->mem));
	ASSERT_EQ(0, t1_map(&self->t, 3, VA, self->mem.iova, 4, RW));
	ASSERT_EQ(0, t1_map(&self->t, 3, VA + 0x10000, self->mem.iova, 1, T1_MAP_READ));
	ASSERT_EQ(0, t1_map(&self->t, 3, VA + 0x20000, self->mem.iova, 1, T1_MAP_WRITE));
}

FIXTURE_TEARDOWN(faults)
{
	EXPECT_EQ(0, vdev_destroy(&self->v));
	EXPECT_EQ(0, vdev_destroy(&self->v2));
}

#define ANY	0xfffffffffffff001ull	/* not every fault has an address */

/* Run a bad command; look at the event, the query, the neighbours; recover; run a good one. */
static void earn(struct __test_metadata *_metadata, FIXTURE_DATA(faults) *self,
		 const struct t1_cmd *cmd, uint32_t fault, uint64_t addr)
{
	struct t1_event ev;
	struct t1_fault f;
	long long before = mdev_stat(self->v.uuid, "faults");
	uint32_t entry = self->q.tail;
	uint64_t seq;

	t1_push(&self->q, cmd);
	seq = t1_fence(&self->q, 0);
	t1_kick(&self->q);
	ASSERT_EQ(0, t1_event(&self->t, &ev, T1_TIMEOUT_MS)) {
		TH_LOG("no event for opcode %#x", cmd->opcode);
	}
	EXPECT_EQ(T1_EV_FAULT, ev.type);
	EXPECT_EQ(T1_ENGINE_COMPUTE, ev.engine);
	EXPECT_EQ(3, ev.ctx);
	EXPECT_EQ(5, ev.slot);
	EXPECT_EQ(fault, ev.fault) {
		TH_LOG("opcode %#x: fault %u, not %u", cmd->opcode, ev.fault, fault);
	}
	if (addr != ANY)
		EXPECT_EQ(addr, ev.addr);
	EXPECT_EQ(0, ev.busy_ns);
	EXPECT_EQ(0, ev.switch_ns);
	EXPECT_NE(0, ev.time_ns);
	EXPECT_EQ(before + 1, mdev_stat(self->v.uuid, "faults"));

	ASSERT_EQ(0, t1_fault_query(&self->t, 3, 0, &f));
	EXPECT_EQ(fault, f.fault);
	EXPECT_EQ(5, f.slot);
	EXPECT_EQ(cmd->opcode, f.opcode);
	EXPECT_EQ(entry, f.entry);
	EXPECT_EQ(0xffffffff, f.batch_index);
	EXPECT_EQ(ev.addr, f.addr);
	EXPECT_EQ(ev.time_ns, f.time_ns);

	/* the context is stopped, all others run */
	EXPECT_NE(seq, *self->q.fence);
	EXPECT_EQ(0, t1_run(&self->other_ctx, &NOP()));
	EXPECT_EQ(0, t1_run(&self->other_vgpu, &NOP()));
	EXPECT_NE(seq, *self->q.fence);

	ASSERT_EQ(0, t1_queue_reset(&self->q));
	ASSERT_EQ(0, t1_fault_query(&self->t, 3, T1_FAULT_QUERY_CLEAR, &f));
	EXPECT_EQ(fault, f.fault);
	ASSERT_EQ(0, t1_fault_query(&self->t, 3, 0, &f));
	EXPECT_EQ(T1_FAULT_NONE, f.fault);
	ASSERT_EQ(0, t1_run(&self->q, &FILL(VA, 4, 0x900d)));
	EXPECT_EQ(0x900d, *(uint32_t *)self->mem.cpu);
}

#define EARN(cmd, fault, addr)	earn(_metadata, self, &(cmd), fault, addr)

TEST_F(faults, bad_command)
{
	struct t1_cmd c;

	EARN(CMD(.opcode = 0x7f), T1_FAULT_BAD_COMMAND, ANY);
	EARN(CMD(.opcode = T1_OP_NOP, .flags = 1), T1_FAULT_BAD_COMMAND, ANY);
	EARN(CMD(.opcode = T1_OP_NOP, .rsvd = 1), T1_FAULT_BAD_COMMAND, ANY);
	EARN(CMD(.opcode = T1_OP_NOP, .sub = 1), T1_FAULT_BAD_COMMAND, ANY);
	c = FILL(VA, 4, 0);
	c.copy.pad[27] = 1;
	EARN(c, T1_FAULT_BAD_COMMAND, ANY);
	EARN(FILL(VA, T1_MAX_BYTES + 4, 0), T1_FAULT_BAD_COMMAND, ANY);
	EARN(FILL(VA, 6, 0), T1_FAULT_BAD_COMMAND, ANY);
	EARN(BATCH(VA, T1_MAX_BATCH + 1), T1_FAULT_BAD_COMMAND, ANY);
	EARN(CMD(.opcode = T1_OP_ELTWISE, .sub = 9,
		 .elt = { .a = VA, .b = VA, .out = VA, .count = 4 }),
	     T1_FAULT_BAD_COMMAND, ANY);
	EARN(CMD(.opcode = T1_OP_GEMM,
		 .gemm = { .a = VA, .b = VA, .c = VA, .m = 4, .n = 4, .k = 4,
			   .lda = 3, .ldb = 4, .ldc = 4 }), T1_FAULT_BAD_COMMAND, ANY);
	EARN(CMD(.opcode = T1_OP_GEMM,
		 .gemm = { .a = VA, .b = VA, .c = VA, .m = 0xffffffff, .n = 0xffffffff,
			   .k = 0xffffffff, .lda = 0xffffffff, .ldb = 0xffffffff,
			   .ldc = 0xffffffff }), T1_FAULT_BAD_COMMAND, ANY);
	if (!(self->t.caps & T1_CAP_HANG))
		EARN(HANG(1000, 0), T1_FAULT_BAD_COMMAND, ANY);
}

TEST_F(faults, unmapped)
{
	EARN(FILL(0, 4, 0), T1_FAULT_UNMAPPED, 0);
	EARN(FILL(VA + 0x40000, 4, 0), T1_FAULT_UNMAPPED, VA + 0x40000);
	EARN(FILL(1ull << 48, 4, 0), T1_FAULT_UNMAPPED, ANY);
	EARN(FILL(~3ull, 4, 0), T1_FAULT_UNMAPPED, ANY);
	EARN(FILL(~0ull << 12, 8192, 0), T1_FAULT_UNMAPPED, ANY);
	EARN(COPY(VA, VA + 0x50000, 64), T1_FAULT_UNMAPPED, VA + 0x50000);
	EARN(FENCE(VA + 0x60000, 1, 0), T1_FAULT_UNMAPPED, VA + 0x60000);
	EARN(SEM_WAIT(VA + 0x80000, 1, 0), T1_FAULT_UNMAPPED, VA + 0x80000);
	/* over the end of what is mapped: at the first page that is not */
	EARN(FILL(VA + 0x3000, 8192, 0), T1_FAULT_UNMAPPED, VA + 0x4000);
}

TEST_F(faults, permission)
{
	EARN(FILL(VA + 0x10000, 4, 0), T1_FAULT_PERMISSION, VA + 0x10000);
	EARN(FENCE(VA + 0x10000, 4, 0), T1_FAULT_PERMISSION, VA + 0x10000);
	EARN(COPY(VA, VA + 0x20000, 4), T1_FAULT_PERMISSION, VA + 0x20000);
}

TEST_F(faults, misaligned)
{
	EARN(FILL(VA + 1, 4, 0), T1_FAULT_MISALIGNED, ANY);
	EARN(FENCE(VA + 4, 4, 0), T1_FAULT_MISALIGNED, ANY);
	EARN(TIMESTAMP(VA + 1), T1_FAULT_MISALIGNED, ANY);
	EARN(BATCH(VA + 32, 1), T1_FAULT_MISALIGNED, ANY);
	EARN(CMD(.opcode = T1_OP_ELTWISE,
		 .elt = { .a = VA + 2, .b = VA, .out = VA, .count = 4 }),
	     T1_FAULT_MISALIGNED, ANY);
}

TEST_F(faults, bad_doorbell)
{
	struct t1_event ev;
	struct t1_fault f;

	*self->q.doorbell = self->q.tail + (1 << self->q.log2) + 1;
	ASSERT_EQ(0, t1_event(&self->t, &ev, T1_TIMEOUT_MS));
	EXPECT_EQ(T1_FAULT_BAD_DOORBELL, ev.fault);
	EXPECT_EQ(5, ev.slot);
	EXPECT_EQ(0, t1_run(&self->other_ctx, &NOP()));
	EXPECT_EQ(0, t1_run(&self->other_vgpu, &NOP()));
	ASSERT_EQ(0, t1_queue_reset(&self->q));
	ASSERT_EQ(0, t1_fault_query(&self->t, 3, T1_FAULT_QUERY_CLEAR, &f));
	ASSERT_EQ(0, t1_run(&self->q, &NOP()));
}

/* Compute work on the copy engine; and a batch, for which the index inside is reported. */
TEST_F(faults, wrong_engine_and_batch)
{
	struct t1_cmd *b = self->mem.cpu;
	struct t1_event ev;
	struct t1_fault f;
	struct t1_queue q;

	ASSERT_EQ(0, t1_queue_create(&self->t, &q, 3, 6, T1_ENGINE_COPY, 4, 0));
	t1_push(&q, &CMD(.opcode = T1_OP_ACT, .act = { .x = VA, .out = VA, .count = 1 }));
	t1_kick(&q);
	ASSERT_EQ(0, t1_event(&self->t, &ev, T1_TIMEOUT_MS));
	EXPECT_EQ(T1_FAULT_BAD_COMMAND, ev.fault);
	EXPECT_EQ(T1_ENGINE_COPY, ev.engine);
	EXPECT_EQ(6, ev.slot);
	ASSERT_EQ(0, t1_queue_reset(&q));
	ASSERT_EQ(0, t1_fault_query(&self->t, 3, T1_FAULT_QUERY_CLEAR, &f));

	b[0] = NOP();
	b[1] = FILL(VA + 8192, 4, 77);
	b[2] = BATCH(VA, 1);		/* in the ring only */
	t1_push(&self->q, &BATCH(VA, 3));
	t1_kick(&self->q);
	ASSERT_EQ(0, t1_event(&self->t, &ev, T1_TIMEOUT_MS));
	EXPECT_EQ(T1_FAULT_BAD_COMMAND, ev.fault);
	ASSERT_EQ(0, t1_fault_query(&self->t, 3, 0, &f));
	EXPECT_EQ(2, f.batch_index);
	EXPECT_EQ(T1_OP_BATCH, f.opcode);
	EXPECT_EQ(77, ((uint32_t *)self->mem.cpu)[2048]);

	/* the batch's own memory: its first command is at fault, unread */
	ASSERT_EQ(0, t1_queue_reset(&self->q));
	ASSERT_EQ(0, t1_fault_query(&self->t, 3, T1_FAULT_QUERY_CLEAR, &f));
	t1_push(&self->q, &BATCH(VA + 0x70000, 1));
	t1_kick(&self->q);
	ASSERT_EQ(0, t1_event(&self->t, &ev, T1_TIMEOUT_MS));
	EXPECT_EQ(T1_FAULT_UNMAPPED, ev.fault);
	EXPECT_EQ(VA + 0x70000, ev.addr);
	ASSERT_EQ(0, t1_fault_query(&self->t, 3, 0, &f));
	EXPECT_EQ(0, f.batch_index);
}

/* A label out of range is found while SOFTMAX runs. */
TEST_F(faults, softmax_label)
{
	uint8_t *labels = (uint8_t *)self->mem.cpu + 4096;
	struct t1_cmd c = CMD(.opcode = T1_OP_SOFTMAX, .flags = T1_SOFTMAX_LOSS,
		.softmax = { .in = VA, .labels = VA + 4096, .out = VA + 8192, .loss = VA + 12288,
			     .m = 4, .n = 10 });

	labels[2] = 10;
	EARN(c, T1_FAULT_BAD_COMMAND, ANY);
	labels[2] = 9;
	EXPECT_EQ(0, t1_run(&self->q, &c));
}

/* A ring or control block that is not mapped is the context's fault when it is used. */
TEST_F(faults, unmapped_ring)
{
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_QUEUE_CREATE, .ctx = 3,
		.queue = { .slot = 7, .ring_va = VA + (1 << 30), .cb_va = VA, .ring_log2 = 4 },
	};
	volatile uint32_t *db = vdev_direct(&self->v, BAR0, T1_DB_OFF(7), 4);
	struct t1_event ev;

	ASSERT_EQ(0, t1_admin(&self->t, &c));
	*db = 1;
	ASSERT_EQ(0, t1_event(&self->t, &ev, T1_TIMEOUT_MS));
	EXPECT_EQ(T1_FAULT_UNMAPPED, ev.fault);
	EXPECT_EQ(7, ev.slot);
	EXPECT_EQ(VA + (1 << 30), ev.addr);
	EXPECT_EQ(0, t1_run(&self->other_ctx, &NOP()));
}

/* One fault after the other, in one context, without looking at an event ring of 4 entries. */
static void fault_on(struct __test_metadata *_metadata, FIXTURE_DATA(faults) *self, unsigned int n)
{
	struct t1 *t = &self->t;
	struct t1_fault f;
	unsigned int i;

	t1_disable(t);
	t->evq_entries = 4;
	ASSERT_EQ(0, t1_start(t, &self->v));
	ASSERT_EQ(0, t1_ctx_create(t, 0));
	ASSERT_EQ(0, t1_queue_create(t, &self->q, 0, 0, T1_ENGINE_COMPUTE, 4, 0));
	for (i = 0; i < n; i++) {
		t1_push(&self->q, &FILL(0x100000 + i * 4096, 4, 0));
		t1_kick(&self->q);
		do {
			ASSERT_EQ(0, t1_fault_query(t, 0, 0, &f));
			sleep_us(200);
		} while (f.fault == T1_FAULT_NONE);
		ASSERT_EQ(0, t1_queue_reset(&self->q));
		ASSERT_EQ(0, t1_fault_query(t, 0, T1_FAULT_QUERY_CLEAR, &f));
		ASSERT_EQ(0, t1_run(&self->other_vgpu, &NOP()));
	}
}

/* An event ring that is not emptied holds events back; none is lost, none overtakes. */
TEST_F_TIMEOUT(faults, event_backpressure, 60)
{
	struct t1 *t = &self->t;
	struct t1_event ev;
	unsigned int i;

	fault_on(_metadata, self, 12);
	for (i = 0; i < 12; i++) {
		ASSERT_EQ(0, t1_event(t, &ev, T1_TIMEOUT_MS));
		ASSERT_EQ(0x100000 + i * 4096, ev.addr);
	}
	EXPECT_EQ(-ETIMEDOUT, t1_event(t, &ev, 20));
}

/* Beyond 192 that wait, and those in the ring, the latest takes the place of the one before. */
TEST_F_TIMEOUT(faults, events_kept, 120)
{
	const unsigned int kept = 3 + 192;
	struct t1 *t = &self->t;
	struct t1_event ev;
	unsigned int i;

	fault_on(_metadata, self, kept + 20);
	for (i = 0; i < kept; i++) {
		ASSERT_EQ(0, t1_event(t, &ev, T1_TIMEOUT_MS));
		ASSERT_EQ(0x100000 + (i < kept - 1 ? i : kept + 19) * 4096, ev.addr);
	}
	EXPECT_EQ(-ETIMEDOUT, t1_event(t, &ev, 20));
}

TEST_HARNESS_MAIN
