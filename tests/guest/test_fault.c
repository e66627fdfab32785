// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_fault.c - a context that faults ends, and others are not affected
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <xf86drm.h>

#include "kselftest_harness.h"
#include "drv.h"

/* Where the driver keeps a queue's ring and its page, by slot: not promised to anyone */
#define WINDOW(slot)	((1ull << T1_VA_BITS) - ((slot) + 1) * (2ull << 20))
#define WINDOW_PAGE	(1ull << 20)

FIXTURE(fault)
{
	struct t_env e;		/* the guilty */
	struct t_env near;	/* a context of the same file */
	struct t_env far;	/* a context of another file */
	uint32_t *data;
};

FIXTURE_SETUP(fault)
{
	ASSERT_EQ(0, t_setup(&self->e, 0, T1_ENGINE_COMPUTE));
	self->data = T_DATA_CPU(&self->e);
	self->near = self->e;
	ASSERT_EQ(0, t_ctx_create(self->e.fd, &self->near.ctx));
	ASSERT_EQ(0, t_queue_create(self->e.fd, self->near.ctx, T1_ENGINE_COMPUTE,
				    &self->near.queue));
	ASSERT_EQ(0, t_bo_create(self->e.fd, T_ARENA, 0, &self->near.bo));
	ASSERT_EQ(0, t_bo_map(self->e.fd, &self->near.bo));
	ASSERT_EQ(0, t_bind(self->e.fd, self->near.ctx, self->near.bo.handle, T_VA, 0, T_ARENA,
			    T_RW));
	ASSERT_EQ(0, t_setup(&self->far, DRM_TESSERA_BO_VRAM, T1_ENGINE_COMPUTE));
}

FIXTURE_TEARDOWN(fault)
{
	t_teardown(&self->far);
	t_teardown(&self->e);
}

/* The guilty one is out for good, with this to be read; the others are as before */
#define CHECK_AFTER(fault_, index_, addr_) do {						\
	struct drm_tessera_queue_query _q;						\
	ASSERT_EQ(0, t_query(self->e.fd, self->e.queue, &_q));				\
	EXPECT_EQ(DRM_TESSERA_QUEUE_FAULT, _q.state);					\
	EXPECT_EQ(fault_, _q.fault);							\
	EXPECT_EQ(index_, _q.fault_batch_index);					\
	EXPECT_EQ(addr_, _q.fault_addr);						\
	EXPECT_EQ(_q.submitted, _q.completed);						\
	EXPECT_EQ(-EIO, t_exec(self->e.fd, self->e.queue, self->e.va, 1, 0, 0));	\
	EXPECT_EQ(0, t_run(&self->near, &FILL(T_DATA(&self->near), 4096, 1), 1));	\
	EXPECT_EQ(0, t_run(&self->far, &FILL(T_DATA(&self->far), 4096, 1), 1));		\
} while (0)

TEST_F(fault, unmapped_write)
{
	struct t1_cmd cmds[] = {
		FILL(T_DATA(&self->e), 4096, 1),
		FILL(1ull << 40, 4096, 1),
		FILL(T_DATA(&self->e), 4096, 2),
	};

	EXPECT_EQ(-EIO, t_run(&self->e, cmds, 3));
	CHECK_AFTER(T1_FAULT_UNMAPPED, 1, 1ull << 40);
	EXPECT_EQ(1, self->data[0]);
}

TEST_F(fault, unmapped_read)
{
	EXPECT_EQ(-EIO, t_run(&self->e, &COPY(T_DATA(&self->e), (1ull << 41) - 64, 128), 1));
	CHECK_AFTER(T1_FAULT_UNMAPPED, 0, (1ull << 41) - 64);
}

TEST_F(fault, past_the_end_of_a_binding)
{
	EXPECT_EQ(-EIO, t_run(&self->e, &FILL(T_VA + T_ARENA - 4096, 8192, 1), 1));
	CHECK_AFTER(T1_FAULT_UNMAPPED, 0, T_VA + T_ARENA);
}

TEST_F(fault, batch_not_mapped)
{
	uint32_t out;

	ASSERT_EQ(0, t_syncobj(self->e.fd, &out));
	ASSERT_EQ(0, t_exec(self->e.fd, self->e.queue, 1ull << 42, 16, 0, out));
	EXPECT_EQ(0, t_wait(self->e.fd, out, 60));
	EXPECT_EQ(-EIO, t_fence_status(self->e.fd, out));
	{
		struct drm_tessera_queue_query q;

		ASSERT_EQ(0, t_query(self->e.fd, self->e.queue, &q));
		EXPECT_EQ(DRM_TESSERA_QUEUE_FAULT, q.state);
		EXPECT_EQ(T1_FAULT_UNMAPPED, q.fault);
		EXPECT_EQ(1ull << 42, q.fault_addr);
	}
}

TEST_F(fault, read_only_binding)
{
	const uint64_t at = 1ull << 38;

	ASSERT_EQ(0, t_bind(self->e.fd, self->e.ctx, self->e.bo.handle, at, 0, T_ARENA,
			    DRM_TESSERA_BIND_READ));
	EXPECT_EQ(0, t_run(&self->e, &COPY(T_DATA(&self->e), at, 4096), 1));
	EXPECT_EQ(-EIO, t_run(&self->e, &FILL(at + 8192, 4096, 1), 1));
	CHECK_AFTER(T1_FAULT_PERMISSION, 0, at + 8192);
}

TEST_F(fault, unbound)
{
	const uint64_t at = 1ull << 38;

	ASSERT_EQ(0, t_bind(self->e.fd, self->e.ctx, self->e.bo.handle, at, 0, T_ARENA, T_RW));
	EXPECT_EQ(0, t_run(&self->e, &FILL(at + T_ARENA / 2, 4096, 1), 1));
	ASSERT_EQ(0, t_unbind(self->e.fd, self->e.ctx, at, T_ARENA));
	EXPECT_EQ(-EIO, t_run(&self->e, &FILL(at + T_ARENA / 2, 4096, 2), 1));
	CHECK_AFTER(T1_FAULT_UNMAPPED, 0, at + T_ARENA / 2);
	EXPECT_EQ(1, self->data[0]);
}

TEST_F(fault, bad_commands)
{
	struct t1_cmd bad[] = {
		CMD(.opcode = 0xee),
		CMD(.opcode = T1_OP_FILL, .flags = 0x8000,
		    .copy = { T_DATA(&self->e), 0, 4096, 0 }),
		CMD(.opcode = T1_OP_BATCH, .batch = { T_VA, 1 }),
		CMD(.opcode = T1_OP_SEM_WAIT, .sync = { T_VA, 1 }),
		CMD(.opcode = T1_OP_NOP, .rsvd = 1),
	};
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct t1_cmd cmds[3] = { CMD(), CMD(), bad[i] };
		struct drm_tessera_queue_query q;

		EXPECT_EQ(-EIO, t_run(&self->e, cmds, 3));
		ASSERT_EQ(0, t_query(self->e.fd, self->e.queue, &q));
		EXPECT_EQ(DRM_TESSERA_QUEUE_FAULT, q.state);
		EXPECT_EQ(T1_FAULT_BAD_COMMAND, q.fault);
		EXPECT_EQ(2, q.fault_batch_index);
		/* The remedy: a new context */
		ASSERT_EQ(0, t_renew(&self->e, T1_ENGINE_COMPUTE));
	}
	EXPECT_EQ(0, t_run(&self->e, &FILL(T_DATA(&self->e), 4096, 1), 1));
}

/* Compute commands are refused by the copy engine */
TEST_F(fault, wrong_engine)
{
	uint64_t d = T_DATA(&self->e);

	ASSERT_EQ(0, t_queue_create(self->e.fd, self->e.ctx, T1_ENGINE_COPY, &self->e.queue));
	EXPECT_EQ(-EIO, t_run(&self->e, &CMD(.opcode = T1_OP_ELTWISE,
					     .elt = { d, d, d, 16, 0x3f800000 }), 1));
	CHECK_AFTER(T1_FAULT_BAD_COMMAND, 0, 0);
}

/* The whole context ends: jobs of its other queues too, those that wait as well */
TEST_F(fault, all_queues_of_the_context)
{
	struct t_env *e = &self->e;
	struct t1_cmd *cmd = e->bo.cpu;
	uint32_t copy, out[3];
	int i, ret, tries = 20;

	for (i = 0; i < 64; i++)
		cmd[i] = FILL(T_DATA(e), 1 << 20, i);
	cmd[64] = FILL(1ull << 40, 4096, 1);
	/* A slow guest submits the others when the first has ended already: again, then */
	for (;;) {
		ASSERT_EQ(0, t_queue_create(e->fd, e->ctx, T1_ENGINE_COPY, &copy));
		for (i = 0; i < 3; i++)
			ASSERT_EQ(0, t_syncobj(e->fd, &out[i]));
		ASSERT_EQ(0, t_exec(e->fd, e->queue, e->va, 65, 0, out[0]));
		ret = t_exec(e->fd, copy, e->va, 1, out[0], out[1]);
		if (!ret)
			ret = t_exec(e->fd, e->queue, e->va, 1, 0, out[2]);
		if (!ret)
			break;
		ASSERT_EQ(-EIO, ret);
		ASSERT_LT(0, tries--);
		ASSERT_EQ(0, t_renew(e, T1_ENGINE_COMPUTE));
	}
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, t_wait(e->fd, out[i], 60));
		EXPECT_EQ(-EIO, t_fence_status(e->fd, out[i]));
	}
	EXPECT_EQ(-EIO, t_exec(e->fd, copy, e->va, 1, 0, 0));
	EXPECT_EQ(-EIO, t_queue_create(e->fd, e->ctx, 0, &copy));
	CHECK_AFTER(T1_FAULT_UNMAPPED, 64, 1ull << 40);
}

/* The ring is in the context's address space, but engines may not write it */
TEST_F(fault, ring_is_read_only)
{
	struct drm_tessera_queue_query q;
	int slot;

	for (slot = 0; slot < T1_MAX_SLOTS; slot++) {
		int ret = t_run(&self->e, &COPY(T_DATA(&self->e), WINDOW(slot), 4096), 1);

		if (!ret)
			break;
		/* Not ours: the next one with a new context */
		ASSERT_EQ(-EIO, ret);
		ASSERT_EQ(0, t_renew(&self->e, T1_ENGINE_COMPUTE));
	}
	ASSERT_GT(T1_MAX_SLOTS, slot);
	EXPECT_EQ(-EIO, t_run(&self->e, &FILL(WINDOW(slot), 4096, 0), 1));
	ASSERT_EQ(0, t_query(self->e.fd, self->e.queue, &q));
	EXPECT_EQ(T1_FAULT_PERMISSION, q.fault);
}

/* A batch that writes its own control block and fence value hurts only itself */
TEST_F(fault, forged_fences)
{
	struct t_env *e = &self->e;
	struct t1_cmd *cmd = e->bo.cpu;
	int slot, i;

	for (slot = 0; slot < 4; slot++) {
		for (i = 0; i < 50; i++) {
			cmd[0] = FILL(WINDOW(slot) + WINDOW_PAGE, 4096,
				      i & 1 ? 0xffffffff : 0x7fffffff * i);
			cmd[1] = FILL(T_DATA(e), 1 << 16, i);
			if (t_exec(e->fd, e->queue, e->va, 2, 0, 0))
				break;
		}
		t_sleep_ms(20);
		EXPECT_LE(0, t_state(e));
		ASSERT_EQ(0, t_renew(e, T1_ENGINE_COMPUTE));
	}
	EXPECT_EQ(0, t_run(&self->near, &FILL(T_DATA(&self->near), 4096, 1), 1));
	EXPECT_EQ(0, t_run(&self->far, &FILL(T_DATA(&self->far), 4096, 1), 1));
	EXPECT_EQ(0, t_run(e, &FILL(T_DATA(e), 4096, 1), 1));
}

/* Random commands: errors are all that they may earn */
TEST_F(fault, random_commands)
{
	struct t_env *e = &self->e;
	unsigned int seed = 1;
	uint32_t *word;
	int round, i;

	for (round = 0; round < 60; round++) {
		word = e->bo.cpu;
		for (i = 0; i < 32 * 16; i++)
			word[i] = rand_r(&seed) << 16 ^ rand_r(&seed);
		for (i = 0; i < 32; i++) {
			/* Mostly real opcodes, on addresses that may exist; not HANG */
			struct t1_cmd *cmd = (void *)(word + 16 * i);

			cmd->opcode %= 0x18;
			if (cmd->opcode == T1_OP_HANG)
				cmd->opcode = T1_OP_FILL;
			cmd->sub = 0;
			cmd->flags = 0;
			cmd->rsvd = 0;
			cmd->copy.dst = T_DATA(e) + cmd->copy.dst % (1 << 20);
			cmd->copy.src = T_DATA(e) + cmd->copy.src % (1 << 20);
			if (seed & 16)
				memset((char *)cmd + 32, 0, 32);
			/* And some that are right */
			if (seed & 32)
				*cmd = FILL(T_DATA(e) + seed % 4096 * 4, 4, seed);
		}
		if (!t_exec(e->fd, e->queue, e->va, 32, 0, 0))
			t_sleep_ms(2);
		if (t_state(e) == DRM_TESSERA_QUEUE_OK)
			continue;
		EXPECT_EQ(DRM_TESSERA_QUEUE_FAULT, t_state(e));
		ASSERT_EQ(0, t_renew(e, T1_ENGINE_COMPUTE));
	}
	EXPECT_EQ(0, t_run(&self->near, &FILL(T_DATA(&self->near), 4096, 1), 1));
	EXPECT_EQ(0, t_run(&self->far, &FILL(T_DATA(&self->far), 4096, 1), 1));
}

TEST_HARNESS_MAIN
