// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_timeout.c - jobs that never end: the watchdog, and ends of contexts that hang
 *
 * Needs a device that accepts T1_OP_HANG, and root for the module parameter.
 *
 * Alone: other programs would wait long for a hang to end
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <xf86drm.h>

#include "kselftest_harness.h"
#include "drv.h"

#define PARAMETER	"/sys/module/tessera_drm/parameters/job_timeout_ms"
#define TIMEOUT_MS	1000

FIXTURE(timeout)
{
	struct t_env e, other;
	char before[32];
	uint32_t out, out2;
};

FIXTURE_VARIANT(timeout)
{
	uint16_t flags;		/* of the commands that hang */
};

FIXTURE_VARIANT_ADD(timeout, preemptible)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(timeout, not_preemptible)
{
	.flags = T1_HANG_NO_PREEMPT,
};

FIXTURE_SETUP(timeout)
{
	char text[16];

	ASSERT_EQ(0, t_setup(&self->e, 0, T1_ENGINE_COMPUTE));
	ASSERT_EQ(0, t_setup(&self->other, 0, T1_ENGINE_COMPUTE));
	if (!t_has_cap(self->e.fd, T1_CAP_HANG))
		SKIP(return, "needs a device with hang=on");
	ASSERT_EQ(0, t_read_file(PARAMETER, self->before, sizeof(self->before)));
	snprintf(text, sizeof(text), "%d", TIMEOUT_MS);
	ASSERT_EQ(0, t_write_file(PARAMETER, text));
	ASSERT_EQ(0, t_syncobj(self->e.fd, &self->out));
	ASSERT_EQ(0, t_syncobj(self->other.fd, &self->out2));
}

FIXTURE_TEARDOWN(timeout)
{
	if (self->before[0])
		t_write_file(PARAMETER, self->before);
	t_teardown(&self->other);
	t_teardown(&self->e);
}

/*
 * The end of a context whose command hung. On a vGPU the host may have been first, if it
 * wanted the engine for others and the command did not release it: an engine reset.
 */
static bool ended_by_timeout(struct t_env *e, uint32_t out, uint16_t flags)
{
	int status = t_fence_status(e->fd, out), state = t_state(e);

	if (status == -ETIME && state == DRM_TESSERA_QUEUE_TIMEOUT)
		return true;
	return (flags & T1_HANG_NO_PREEMPT) && !t_has_cap(e->fd, T1_CAP_SCHED) &&
	       status == -EIO && state == DRM_TESSERA_QUEUE_RESET;
}

static int submit(struct t_env *e, struct t1_cmd cmd, uint32_t out)
{
	static unsigned int place;

	place = (place + 1) % 1000;
	memcpy((char *)e->bo.cpu + place * 64, &cmd, 64);
	return t_exec(e->fd, e->queue, e->va + place * 64, 1, 0, out);
}

TEST_F(timeout, hang)
{
	struct t_env *e = &self->e, *o = &self->other;
	struct drm_tessera_queue_query q;
	int64_t start = t_now_ns();
	uint32_t second;

	ASSERT_EQ(0, t_syncobj(e->fd, &second));
	ASSERT_EQ(0, submit(e, HANG(0, variant->flags), self->out));
	ASSERT_EQ(0, submit(e, FILL(T_DATA(e), 4, 1), second));
	/* Behind it, on the same engine, in another context */
	ASSERT_EQ(0, submit(o, FILL(T_DATA(o), 4, 0x600d), self->out2));

	EXPECT_EQ(0, t_wait(e->fd, self->out, 60));
	if (t_state(e) == DRM_TESSERA_QUEUE_TIMEOUT)
		EXPECT_LE(TIMEOUT_MS * 1000000ll, t_now_ns() - start);
	EXPECT_TRUE(ended_by_timeout(e, self->out, variant->flags));
	EXPECT_EQ(-EIO, t_fence_status(e->fd, second));
	EXPECT_EQ(-EIO, submit(e, FILL(T_DATA(e), 4, 1), 0));
	ASSERT_EQ(0, t_query(e->fd, e->queue, &q));
	EXPECT_EQ(2, q.completed);

	EXPECT_EQ(0, t_wait(o->fd, self->out2, 60));
	EXPECT_EQ(1, t_fence_status(o->fd, self->out2));
	EXPECT_EQ(0x600d, *(uint32_t *)T_DATA_CPU(o));
	EXPECT_EQ(DRM_TESSERA_QUEUE_OK, t_state(o));
}

/* A queue whose batches end in time may be busy for as long as it likes */
TEST_F(timeout, progress_is_no_hang)
{
	struct drm_tessera_batch batches[8];
	struct drm_tessera_sync out = { .handle = self->out };
	struct drm_tessera_exec args = {
		.queue_id = self->e.queue, .num_batches = 8, .batches = (uintptr_t)batches,
		.out_syncs = (uintptr_t)&out, .num_out_syncs = 1,
	};
	int i;

	memcpy(self->e.bo.cpu, &HANG(TIMEOUT_MS * 1000000ll / 3, 0), 64);
	for (i = 0; i < 8; i++)
		batches[i] = (struct drm_tessera_batch){ .va = self->e.va, .count = 1 };
	ASSERT_EQ(0, t_exec_args(self->e.fd, &args));
	EXPECT_EQ(0, t_wait(self->e.fd, self->out, 60));
	EXPECT_EQ(1, t_fence_status(self->e.fd, self->out));
	EXPECT_EQ(DRM_TESSERA_QUEUE_OK, t_state(&self->e));
}

/* A job that waits for a fence of others is not running */
TEST_F(timeout, waiting_is_no_hang)
{
	uint32_t copy, in;
	int i;

	memcpy(self->e.bo.cpu, &HANG(TIMEOUT_MS * 1000000ll / 2, 0), 64);
	memcpy((char *)self->e.bo.cpu + 64, &FILL(T_DATA(&self->e), 4, 6), 64);
	ASSERT_EQ(0, t_queue_create(self->e.fd, self->e.ctx, T1_ENGINE_COPY, &copy));
	ASSERT_EQ(0, t_syncobj(self->e.fd, &in));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, t_exec(self->e.fd, self->e.queue, self->e.va, 1, 0, in));
	ASSERT_EQ(0, t_exec(self->e.fd, copy, self->e.va + 64, 1, in, self->out));
	EXPECT_EQ(0, t_wait(self->e.fd, self->out, 60));
	EXPECT_EQ(1, t_fence_status(self->e.fd, self->out));
	EXPECT_EQ(6, *(uint32_t *)T_DATA_CPU(&self->e));
}

/*
 * A batch may write whatever its context can reach, its own queue's control block and fence value
 * too: that is no progress. Whoever waits behind it is not to blame.
 */
TEST_F(timeout, forged_progress)
{
	/* The head, engine time and event of the control block, and the fence value behind it */
	static const unsigned int fields[] = { 0, 8, 32, 64 };
	struct t_env *e = &self->e, *o = &self->other;
	uint64_t page;
	int64_t start;
	int i, n, f;

	if (variant->flags)
		SKIP(return, "on a vGPU the host may reset the engine");
	/* The fixture's first queue has slot 0, and so the uppermost window, its page half way */
	page = (1ull << T1_VA_BITS) - (2 << 20) + (1 << 20);
	for (f = 0; f < 4; f++) {
		struct t1_cmd *cmd = e->bo.cpu;

		for (i = n = 0; i < 100; i++) {
			cmd[n++] = HANG(TIMEOUT_MS * 100000ll, 0);
			cmd[n++] = CMD(.opcode = T1_OP_FENCE, .sync = {
				.va = page + fields[f], .value = 1000000 + i });
		}
		start = t_now_ns();
		ASSERT_EQ(0, t_exec(e->fd, e->queue, e->va, n, 0, self->out));
		ASSERT_EQ(0, submit(o, FILL(T_DATA(o), 4, f + 1), self->out2));
		EXPECT_EQ(0, t_wait(o->fd, self->out2, 60));
		EXPECT_EQ(1, t_fence_status(o->fd, self->out2));
		EXPECT_EQ(f + 1, *(uint32_t *)T_DATA_CPU(o));
		EXPECT_EQ(DRM_TESSERA_QUEUE_OK, t_state(o));
		/* Its fence it may have forged, but not that it goes on */
		EXPECT_EQ(0, t_wait(e->fd, self->out, 60));
		EXPECT_EQ(DRM_TESSERA_QUEUE_TIMEOUT, t_state(e));
		EXPECT_LE(TIMEOUT_MS * 1000000ll, t_now_ns() - start);
		ASSERT_EQ(0, t_renew(e, T1_ENGINE_COMPUTE));
	}
}

/*
 * What counts is the time that the batch has the engine: on a vGPU that has it for a share of
 * the time (the suite runs this under such a policy too) this batch takes longer than the timeout.
 */
TEST_F(timeout, engine_time)
{
	int64_t start = t_now_ns();

	if (variant->flags)
		SKIP(return, "on a vGPU the host may reset the engine");
	ASSERT_EQ(0, submit(&self->e, HANG(TIMEOUT_MS * 900000ll, 0), self->out));
	EXPECT_EQ(0, t_wait(self->e.fd, self->out, 60));
	EXPECT_EQ(1, t_fence_status(self->e.fd, self->out));
	EXPECT_EQ(DRM_TESSERA_QUEUE_OK, t_state(&self->e));
	TH_LOG("%d ms of engine time took %lld ms", TIMEOUT_MS * 9 / 10,
	       (long long)(t_now_ns() - start) / 1000000);
}

/* Two that hang, one that does not: it gets through in the end */
TEST_F(timeout, two_hangs)
{
	struct t_env third;

	ASSERT_EQ(0, t_setup(&third, 0, T1_ENGINE_COMPUTE));
	ASSERT_EQ(0, submit(&self->e, HANG(0, 0), self->out));
	t_sleep_ms(20);
	ASSERT_EQ(0, submit(&self->other, HANG(0, variant->flags), self->out2));
	t_sleep_ms(20);
	EXPECT_EQ(0, t_run(&third, &FILL(T_DATA(&third), 4, 5), 1));
	/* The engine is free before the fences of its last user have ended */
	EXPECT_EQ(0, t_wait(self->other.fd, self->out2, 60));
	EXPECT_TRUE(ended_by_timeout(&self->e, self->out, variant->flags));
	EXPECT_TRUE(ended_by_timeout(&self->other, self->out2, variant->flags));
	EXPECT_EQ(DRM_TESSERA_QUEUE_OK, t_state(&third));
	t_teardown(&third);
}

/* The engines are apart: a hang of one leaves the other's jobs alone */
TEST_F(timeout, other_engine_goes_on)
{
	uint32_t copy;
	int64_t start;

	ASSERT_EQ(0, t_queue_create(self->other.fd, self->other.ctx, T1_ENGINE_COPY, &copy));
	self->other.queue = copy;
	ASSERT_EQ(0, submit(&self->e, HANG(0, variant->flags), self->out));
	start = t_now_ns();
	EXPECT_EQ(0, t_run(&self->other, &FILL(T_DATA(&self->other), 4, 5), 1));
	EXPECT_GT(TIMEOUT_MS * 1000000ll, t_now_ns() - start);
	EXPECT_EQ(0, t_wait(self->e.fd, self->out, 60));
	EXPECT_TRUE(ended_by_timeout(&self->e, self->out, variant->flags));
}

/* Destroying what hangs needs no watchdog */
TEST_F(timeout, destroy_while_hanging)
{
	t_write_file(PARAMETER, "60000");
	ASSERT_EQ(0, submit(&self->e, HANG(0, variant->flags), self->out));
	ASSERT_EQ(0, t_queue_destroy(self->e.fd, self->e.queue));
	EXPECT_EQ(-ECANCELED, t_fence_status(self->e.fd, self->out));
	ASSERT_EQ(0, t_queue_create(self->e.fd, self->e.ctx, T1_ENGINE_COMPUTE,
				    &self->e.queue));
	EXPECT_EQ(0, t_run(&self->e, &FILL(T_DATA(&self->e), 4, 5), 1));

	ASSERT_EQ(0, submit(&self->e, HANG(0, 0), self->out));
	ASSERT_EQ(0, t_ctx_destroy(self->e.fd, self->e.ctx));
	EXPECT_EQ(-ECANCELED, t_fence_status(self->e.fd, self->out));
	EXPECT_EQ(0, t_run(&self->other, &FILL(T_DATA(&self->other), 4, 5), 1));

	/* And at the end of the process */
	ASSERT_EQ(0, submit(&self->other, HANG(0, variant->flags), self->out2));
}

/* Unbinding under a running job takes effect at once, as far as the job may see it */
TEST_F(timeout, unbind_while_running)
{
	const uint64_t at = 1ull << 38;
	struct drm_tessera_queue_query q;
	struct t_env *e = &self->e;

	ASSERT_EQ(0, t_bind(e->fd, e->ctx, e->bo.handle, at, 0, T_ARENA, T_RW));
	memcpy(e->bo.cpu, &HANG(TIMEOUT_MS * 500000ll, 0), 64);
	memcpy((char *)e->bo.cpu + 64, &FILL(at + T_ARENA / 2, 4, 1), 64);
	ASSERT_EQ(0, t_exec(e->fd, e->queue, e->va, 2, 0, self->out));
	ASSERT_EQ(0, t_unbind(e->fd, e->ctx, at, T_ARENA));
	EXPECT_EQ(0, t_wait(e->fd, self->out, 60));
	EXPECT_EQ(-EIO, t_fence_status(e->fd, self->out));
	ASSERT_EQ(0, t_query(e->fd, e->queue, &q));
	EXPECT_EQ(T1_FAULT_UNMAPPED, q.fault);
	EXPECT_EQ(1, q.fault_batch_index);
	EXPECT_EQ(0, *(uint32_t *)T_DATA_CPU(e));
}

TEST_HARNESS_MAIN
