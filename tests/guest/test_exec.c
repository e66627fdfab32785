// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_exec.c - jobs: order, fences, syncobjs in and out, deep pipelines
 *
 * Also: smoke-6.1
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <xf86drm.h>

#include "kselftest_harness.h"
#include "drv.h"

FIXTURE(exec)
{
	struct t_env e;
	uint32_t *data;		/* CPU's view of T_DATA */
};

FIXTURE_VARIANT(exec)
{
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(exec, system)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(exec, vram)
{
	.flags = DRM_TESSERA_BO_VRAM,
};

FIXTURE_SETUP(exec)
{
	ASSERT_EQ(0, t_setup(&self->e, variant->flags, T1_ENGINE_COMPUTE));
	self->data = T_DATA_CPU(&self->e);
}

FIXTURE_TEARDOWN(exec)
{
	t_teardown(&self->e);
}

/* Put one command at place i of the arena, for jobs of their own */
static uint64_t place(struct t_env *e, unsigned int i, struct t1_cmd cmd)
{
	memcpy((char *)e->bo.cpu + i * sizeof(cmd), &cmd, sizeof(cmd));
	return e->va + i * sizeof(cmd);
}

TEST_F(exec, runs_and_signals)
{
	struct t_env *e = &self->e;
	struct drm_tessera_queue_query q;

	EXPECT_EQ(0, t_run(e, &FILL(T_DATA(e), 4096, 0x12345678), 1));
	EXPECT_EQ(0x12345678, self->data[0]);
	EXPECT_EQ(0x12345678, self->data[1023]);
	EXPECT_EQ(0, self->data[1024]);
	ASSERT_EQ(0, t_query(e->fd, e->queue, &q));
	EXPECT_EQ(DRM_TESSERA_QUEUE_OK, q.state);
	EXPECT_EQ(1, q.submitted);
	EXPECT_EQ(1, q.completed);
	EXPECT_LT(0, q.busy_ns);
	EXPECT_EQ(T1_FAULT_NONE, q.fault);
	EXPECT_EQ(0xffffffff, q.fault_batch_index);
}

TEST_F(exec, many_batches_in_order)
{
	struct t_env *e = &self->e;
	struct drm_tessera_batch batches[DRM_TESSERA_EXEC_MAX_BATCHES];
	struct drm_tessera_sync out = {};
	struct drm_tessera_exec args = {
		.queue_id = e->queue, .num_batches = DRM_TESSERA_EXEC_MAX_BATCHES,
		.batches = (uintptr_t)batches, .out_syncs = (uintptr_t)&out, .num_out_syncs = 1,
	};
	unsigned int i;

	/* Each batch copies what the one before it wrote, and adds a word */
	for (i = 0; i < DRM_TESSERA_EXEC_MAX_BATCHES; i++) {
		uint64_t at = T_DATA(e) + i * 4096;

		batches[i].va = place(e, 2 * i, i ? COPY(at, at - 4096, 4096) : FILL(at, 4096, 7));
		place(e, 2 * i + 1, FILL(at + 4 * i, 4, i));
		batches[i].count = 2;
		batches[i].pad = 0;
	}
	ASSERT_EQ(0, t_syncobj(e->fd, &out.handle));
	ASSERT_EQ(0, t_exec_args(e->fd, &args));
	ASSERT_EQ(0, t_wait(e->fd, out.handle, 60));
	for (i = 0; i < 64; i++)
		EXPECT_EQ(i, self->data[63 * 1024 + i]);
	EXPECT_EQ(7, self->data[63 * 1024 + 64]);
}

TEST_F(exec, in_sync_of_another_queue)
{
	struct t_env *e = &self->e;
	uint32_t copy, a, b;

	/* The copy queue waits for the compute queue, which works for a while */
	ASSERT_EQ(0, t_queue_create(e->fd, e->ctx, T1_ENGINE_COPY, &copy));
	ASSERT_EQ(0, t_syncobj(e->fd, &a));
	ASSERT_EQ(0, t_syncobj(e->fd, &b));
	place(e, 0, FILL(T_DATA(e), 1 << 20, 1));
	place(e, 1, FILL(T_DATA(e), 1 << 20, 2));
	place(e, 2, FILL(T_DATA(e), 1 << 20, 3));
	ASSERT_EQ(0, t_exec(e->fd, e->queue, e->va, 3, 0, a));
	ASSERT_EQ(0, t_exec(e->fd, copy,
			    place(e, 3, COPY(T_DATA(e) + (1 << 20), T_DATA(e), 4096)), 1, a, b));
	ASSERT_EQ(0, t_wait(e->fd, b, 60));
	EXPECT_EQ(3, self->data[1 << 18]);
	EXPECT_EQ(1, t_fence_status(e->fd, a));
}

/* Copies word from of the data to word to */
static struct t1_cmd word(struct t_env *e, int to, int from)
{
	return COPY(T_DATA(e) + 4 * to, T_DATA(e) + 4 * from, 4);
}

/* A chain from queue to queue and back, so long that both wait most of the time */
TEST_F(exec, ping_pong)
{
	struct t_env *e = &self->e;
	uint32_t q[2], sync[65];
	int i;

	q[0] = e->queue;
	ASSERT_EQ(0, t_queue_create(e->fd, e->ctx, T1_ENGINE_COPY, &q[1]));
	for (i = 0; i < 65; i++)
		ASSERT_EQ(0, t_syncobj(e->fd, &sync[i]));
	self->data[0] = 99;
	for (i = 0; i < 64; i++)
		ASSERT_EQ(0, t_exec(e->fd, q[i & 1], place(e, i, word(e, i + 1, i)), 1,
				    i ? sync[i] : 0, sync[i + 1]));
	ASSERT_EQ(0, t_wait(e->fd, sync[64], 60));
	EXPECT_EQ(99, self->data[64]);
}

TEST_F(exec, timeline_points)
{
	struct t_env *e = &self->e;
	struct drm_tessera_batch batch = { .va = e->va, .count = 1 };
	struct drm_tessera_sync in = {}, out = {};
	struct drm_tessera_exec args = {
		.queue_id = e->queue, .num_batches = 1, .batches = (uintptr_t)&batch,
		.in_syncs = (uintptr_t)&in, .out_syncs = (uintptr_t)&out, .num_out_syncs = 1,
	};
	uint64_t point;
	uint32_t tl;
	int i;

	place(e, 0, FILL(T_DATA(e), 4096, 5));
	ASSERT_EQ(0, t_syncobj(e->fd, &tl));
	in.handle = tl;
	out.handle = tl;
	for (i = 1; i <= 100; i++) {
		in.point = i - 1;
		out.point = i;
		args.num_in_syncs = i > 1;
		ASSERT_EQ(0, t_exec_args(e->fd, &args));
	}
	point = 50;
	EXPECT_EQ(0, drmSyncobjTimelineWait(e->fd, &tl, &point, 1, t_now_ns() + 60 * T_SECOND, 0,
					    NULL));
	ASSERT_EQ(0, drmSyncobjQuery(e->fd, &tl, &point, 1));
	EXPECT_LE(50, point);
	point = 100;
	EXPECT_EQ(0, drmSyncobjTimelineWait(e->fd, &tl, &point, 1, t_now_ns() + 60 * T_SECOND, 0,
					    NULL));
	ASSERT_EQ(0, drmSyncobjQuery(e->fd, &tl, &point, 1));
	EXPECT_EQ(100, point);
	/* A point that nobody has promised */
	in.point = 500;
	out.point = 501;
	args.num_in_syncs = 1;
	EXPECT_EQ(-EINVAL, t_exec_args(e->fd, &args));
}

/* A wait on a job that others wait behind: it must not be taken past them */
TEST_F(exec, order_behind_a_waiting_job)
{
	struct t_env *e = &self->e;
	uint32_t copy, a, b, c;

	ASSERT_EQ(0, t_queue_create(e->fd, e->ctx, T1_ENGINE_COPY, &copy));
	ASSERT_EQ(0, t_syncobj(e->fd, &a));
	ASSERT_EQ(0, t_syncobj(e->fd, &b));
	ASSERT_EQ(0, t_syncobj(e->fd, &c));
	place(e, 0, FILL(T_DATA(e) + (1 << 20), 1 << 20, 1));
	place(e, 1, FILL(T_DATA(e) + (1 << 20), 1 << 20, 1));
	ASSERT_EQ(0, t_exec(e->fd, copy, e->va, 2, 0, a));
	ASSERT_EQ(0, t_exec(e->fd, e->queue, place(e, 2, FILL(T_DATA(e), 4, 1)), 1, a, b));
	/* Waits for nothing itself, but is behind a job that does */
	ASSERT_EQ(0, t_exec(e->fd, e->queue, place(e, 3, FILL(T_DATA(e), 4, 2)), 1, 0, c));
	ASSERT_EQ(0, t_wait(e->fd, c, 60));
	EXPECT_EQ(1, t_fence_status(e->fd, a));
	EXPECT_EQ(1, t_fence_status(e->fd, b));
	ASSERT_EQ(0, t_wait(e->fd, b, 60));
	EXPECT_EQ(2, self->data[0]);
}

/* Ten rings full of jobs: EXEC blocks for space, nothing is lost */
TEST_F(exec, ring_full)
{
	struct t_env *e = &self->e;
	struct drm_tessera_queue_query q;
	uint32_t out;
	int i;

	ASSERT_EQ(0, t_syncobj(e->fd, &out));
	for (i = 0; i < 1000; i++)
		place(e, i, FILL(T_DATA(e) + 4 * i, 4, i + 1));
	for (i = 0; i < 3000; i++)
		ASSERT_EQ(0, t_exec(e->fd, e->queue, e->va + 64 * (i % 1000), 1, 0, out));
	ASSERT_EQ(0, t_wait(e->fd, out, 60));
	for (i = 0; i < 1000; i++)
		ASSERT_EQ(i + 1, self->data[i]);
	ASSERT_EQ(0, t_query(e->fd, e->queue, &q));
	EXPECT_EQ(3000, q.submitted);
	EXPECT_EQ(3000, q.completed);
}

static unsigned long count_interrupts(const char *what)
{
	unsigned long sum = 0, n;
	char line[4096], *p;
	FILE *f = fopen("/proc/interrupts", "r");

	while (f && fgets(line, sizeof(line), f)) {
		if (!strstr(line, what))
			continue;
		p = strchr(line, ':');
		while (p && *++p) {
			char *end;

			n = strtoul(p, &end, 10);
			if (end == p)
				break;
			sum += n;
			p = end - 1;
			while (*++p == ' ')
				;
			p--;
		}
	}
	if (f)
		fclose(f);
	return sum;
}

/* Jobs that nobody waits for cost no interrupt; one that is waited for costs about one */
TEST_F(exec, interrupts_only_where_asked)
{
	struct t_env *e = &self->e;
	unsigned long before, after;
	uint32_t out;
	int i;

	ASSERT_EQ(0, t_syncobj(e->fd, &out));
	place(e, 0, FILL(T_DATA(e), 4096, 1));
	before = count_interrupts("tessera-queue");
	for (i = 0; i < 100; i++)
		ASSERT_EQ(0, t_exec(e->fd, e->queue, e->va, 1, 0, out));
	ASSERT_EQ(0, t_wait(e->fd, out, 60));
	after = count_interrupts("tessera-queue");
	EXPECT_GE(before + 4, after);
}

TEST_F(exec, wait_gets_an_interrupt)
{
	struct t_env *e = &self->e;
	unsigned long before;
	uint32_t out;

	if (!t_has_cap(e->fd, T1_CAP_HANG))
		SKIP(return, "needs a device with hang=on");
	ASSERT_EQ(0, t_syncobj(e->fd, &out));
	/* So long that the wait is there first, on the slowest machine */
	place(e, 0, HANG(2 * T_SECOND, 0));
	place(e, 1, FILL(T_DATA(e), 4, 63));
	before = count_interrupts("tessera-queue");
	ASSERT_EQ(0, t_exec(e->fd, e->queue, e->va, 2, 0, out));
	ASSERT_EQ(0, t_wait(e->fd, out, 60));
	EXPECT_LT(before, count_interrupts("tessera-queue"));
	EXPECT_EQ(63, self->data[0]);
}

static void *submitter(void *arg)
{
	struct t_env *e = arg;
	long i;

	for (i = 0; i < 300; i++) {
		if (t_exec(e->fd, e->queue, e->va, 1, 0, 0))
			return (void *)1;
	}
	return NULL;
}

/* Threads on one queue, without a lock of theirs */
TEST_F(exec, threads)
{
	struct t_env *e = &self->e;
	struct drm_tessera_queue_query q;
	pthread_t thread[4];
	void *result;
	int i;

	place(e, 0, FILL(T_DATA(e), 64, 1));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, submitter, e));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_join(thread[i], &result));
		EXPECT_EQ(NULL, result);
	}
	EXPECT_EQ(0, t_run(e, &FILL(T_DATA(e), 64, 2), 1));
	ASSERT_EQ(0, t_query(e->fd, e->queue, &q));
	EXPECT_EQ(1201, q.submitted);
	EXPECT_EQ(1201, q.completed);
	EXPECT_EQ(DRM_TESSERA_QUEUE_OK, q.state);
}

/* Buffers' implicit fences: BO_WAIT, and the order between two contexts */
TEST_F(exec, implicit_sync)
{
	struct t_env *e = &self->e, other;
	uint32_t handles[3];
	struct drm_tessera_batch batch = { .va = e->va, .count = 16 };
	struct drm_tessera_exec args = {
		.queue_id = e->queue, .num_batches = 1, .batches = (uintptr_t)&batch,
		.bos = (uintptr_t)handles, .num_bos = 3,
	};
	struct drm_tessera_bo_wait wait = { .handle = e->bo.handle };
	int i;

	/* Another context of the same file, with the same buffer */
	other = *e;
	ASSERT_EQ(0, t_ctx_create(e->fd, &other.ctx));
	ASSERT_EQ(0, t_queue_create(e->fd, other.ctx, T1_ENGINE_COPY, &other.queue));
	ASSERT_EQ(0, t_bind(e->fd, other.ctx, e->bo.handle, e->va, 0, T_ARENA, T_RW));

	/* Named three times, counted once */
	for (i = 0; i < 3; i++)
		handles[i] = e->bo.handle;
	for (i = 0; i < 16; i++)
		place(e, i, FILL(T_DATA(e), 1 << 20, i));
	place(e, 16, COPY(T_DATA(e) + (1 << 20), T_DATA(e), 4));
	ASSERT_EQ(0, t_exec_args(e->fd, &args));
	batch = (struct drm_tessera_batch){ .va = e->va + 16 * 64, .count = 1 };
	args.queue_id = other.queue;
	args.num_bos = 1;
	ASSERT_EQ(0, t_exec_args(e->fd, &args));

	wait.timeout_ns = t_now_ns() + 60 * T_SECOND;
	ASSERT_EQ(0, drmIoctl(e->fd, DRM_IOCTL_TESSERA_BO_WAIT, &wait));
	EXPECT_EQ(15, self->data[1 << 18]);
	/* Only asking, of what is idle */
	wait.timeout_ns = 0;
	EXPECT_EQ(0, drmIoctl(e->fd, DRM_IOCTL_TESSERA_BO_WAIT, &wait));
}

/* Ending contexts and queues with jobs under way ends their fences with ECANCELED */
TEST_F(exec, destroy_cancels)
{
	struct t_env *e = &self->e;
	uint32_t out[2], copy, second, ctx2;
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, t_syncobj(e->fd, &out[i]));
	/* Much more than can be done before the next ioctl: 4096 times 2 MiB, or a minute */
	for (i = 0; i < 4096; i++)
		place(e, i, FILL(T_DATA(e), T_ARENA / 2, i));
	if (t_has_cap(e->fd, T1_CAP_HANG))
		place(e, 0, HANG(60ull * T_SECOND, 0));
	ASSERT_EQ(0, t_exec(e->fd, e->queue, e->va, 4096, 0, out[0]));
	/* One that waits for it, on another engine and in another context */
	ASSERT_EQ(0, t_ctx_create(e->fd, &ctx2));
	ASSERT_EQ(0, t_queue_create(e->fd, ctx2, T1_ENGINE_COPY, &copy));
	ASSERT_EQ(0, t_bind(e->fd, ctx2, e->bo.handle, e->va, 0, T_ARENA, T_RW));
	place(e, 5000, FILL(T_DATA(e), 4, 77));
	ASSERT_EQ(0, t_exec(e->fd, copy, e->va + 5000 * 64, 1, out[0], out[1]));
	ASSERT_EQ(0, t_queue_destroy(e->fd, e->queue));
	EXPECT_EQ(0, t_wait(e->fd, out[0], 60));
	EXPECT_EQ(-ECANCELED, t_fence_status(e->fd, out[0]));
	/* The waiting job goes on */
	EXPECT_EQ(0, t_wait(e->fd, out[1], 60));
	EXPECT_EQ(1, t_fence_status(e->fd, out[1]));
	EXPECT_EQ(77, self->data[0]);

	ASSERT_EQ(0, t_queue_create(e->fd, e->ctx, T1_ENGINE_COMPUTE, &second));
	ASSERT_EQ(0, t_exec(e->fd, second, e->va, 4096, 0, out[0]));
	ASSERT_EQ(0, t_ctx_destroy(e->fd, e->ctx));
	EXPECT_EQ(-ECANCELED, t_fence_status(e->fd, out[0]));
	EXPECT_EQ(-ENOENT, t_exec(e->fd, second, e->va, 1, 0, 0));
}

/* Objects stay while they are bound, whatever happens to their handles */
TEST_F(exec, bound_objects_stay)
{
	struct t_env *e = &self->e;

	ASSERT_EQ(0, t_gem_close(e->fd, e->bo.handle));
	EXPECT_EQ(0, t_run(e, &FILL(T_DATA(e), 4096, 0xabcd), 1));
	EXPECT_EQ(0xabcd, self->data[5]);
}

/* Exit with jobs of all kinds under way: the file's release must cope */
TEST_F(exec, close_with_work)
{
	struct t_env *e = &self->e;
	uint32_t a, copy;
	int i;

	for (i = 0; i < 4096; i++)
		place(e, i, FILL(T_DATA(e), T_ARENA / 2, i));
	ASSERT_EQ(0, t_syncobj(e->fd, &a));
	ASSERT_EQ(0, t_queue_create(e->fd, e->ctx, T1_ENGINE_COPY, &copy));
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, t_exec(e->fd, e->queue, e->va, 4096, 0, a));
		ASSERT_EQ(0, t_exec(e->fd, copy, e->va, 4096, a, 0));
	}
	close(e->fd);
	e->fd = -1;
	/* And the next one works */
	t_teardown(e);
	ASSERT_EQ(0, t_setup(e, variant->flags, T1_ENGINE_COMPUTE));
	EXPECT_EQ(0, t_run(e, &FILL(T_DATA(e), 64, 1), 1));
}

static void on_alarm(int sig)
{
}

/* A submitter that is blocked for ring space can be interrupted, and nothing is half done */
TEST_F(exec, interruptible)
{
	struct t_env *e = &self->e;
	struct sigaction sa = { .sa_handler = on_alarm };
	struct drm_tessera_batch batch = { .va = e->va, .count = 1 };
	struct drm_tessera_exec args = {
		.queue_id = e->queue, .num_batches = 1, .batches = (uintptr_t)&batch,
	};
	struct drm_tessera_queue_query q;
	int i, ret = 0;

	if (!t_has_cap(e->fd, T1_CAP_HANG))
		SKIP(return, "needs a device with hang=on");
	place(e, 0, HANG(3 * T_SECOND, 0));
	ASSERT_EQ(0, t_exec(e->fd, e->queue, e->va, 1, 0, 0));
	batch.va = place(e, 1, FILL(T_DATA(e), 4, 1));
	sigaction(SIGALRM, &sa, NULL);
	alarm(1);
	for (i = 1; i < 1000; i++) {
		ret = ioctl(e->fd, DRM_IOCTL_TESSERA_EXEC, &args) ? -errno : 0;
		if (ret)
			break;
	}
	EXPECT_EQ(-EINTR, ret);
	ASSERT_EQ(0, t_query(e->fd, e->queue, &q));
	EXPECT_EQ(i, q.submitted);
	EXPECT_EQ(DRM_TESSERA_QUEUE_OK, q.state);
	/* And without a signal it gets through when there is room */
	ASSERT_EQ(0, t_exec_args(e->fd, &args));
	EXPECT_EQ(0, t_run(e, &FILL(T_DATA(e), 64, 9), 1));
	EXPECT_EQ(9, self->data[0]);
}

TEST_HARNESS_MAIN
