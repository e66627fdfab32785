// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_clear.c - new objects in VRAM are zero, whoever clears them and whatever happens meanwhile
 *
 * Alone: it hangs an engine, takes all contexts and resets the device
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xf86drm.h>

#include "kselftest_harness.h"
#include "drv.h"

#define PATTERN		0xfeedfaceu
#define BIG		(4u << 20)
#define MAX_BOS		4096
#define VA		(1ull << 41)

FIXTURE(clear)
{
	struct t_env e;		/* in system memory, where what is in VRAM is copied to */
};

FIXTURE_SETUP(clear)
{
	ASSERT_EQ(0, t_setup(&self->e, 0, T1_ENGINE_COMPUTE));
}

FIXTURE_TEARDOWN(clear)
{
	t_teardown(&self->e);
}

/* Fill an object's memory as the device sees it. */
static int dirty(struct t_env *e, const struct t_bo *bo)
{
	int ret = t_bind(e->fd, e->ctx, bo->handle, VA, 0, bo->size, T_RW);

	if (!ret)
		ret = t_run(e, &FILL(VA, bo->size, PATTERN), 1);
	return ret ? ret : t_unbind(e->fd, e->ctx, VA, bo->size);
}

/* How many bytes of an object are not zero, as the device sees them; or -errno. */
static int64_t count_dirt(struct t_env *e, const struct t_bo *bo)
{
	const uint64_t piece = T_ARENA / 2;
	int64_t dirt = 0;
	uint64_t at, n, i;
	int ret = t_bind(e->fd, e->ctx, bo->handle, VA, 0, bo->size, T_RW);

	for (at = 0; at < bo->size && !ret; at += n) {
		const uint64_t *words = T_DATA_CPU(e);

		n = bo->size - at < piece ? bo->size - at : piece;
		ret = t_run(e, &COPY(T_DATA(e), VA + at, n), 1);
		for (i = 0; i < n / 8 && !ret; i++)
			dirt += words[i] ? 8 : 0;
	}
	if (!ret)
		ret = t_unbind(e->fd, e->ctx, VA, bo->size);
	return ret ? ret : dirt;
}

/* Create as many as there is room for, of all sizes in turn. */
static unsigned int create_many(int fd, struct t_bo *bo)
{
	static const uint32_t sizes[] = {
		BIG, 4096, BIG + 4096, 60 << 10, 64 << 10, 1 << 20, 100 << 10, BIG / 2,
	};
	unsigned int n = 0;

	while (n < MAX_BOS && !t_bo_create(fd, sizes[n % 8], DRM_TESSERA_BO_VRAM, &bo[n]))
		n++;
	return n;
}

TEST_F(clear, all_that_was_used_before)
{
	static struct t_bo bo[MAX_BOS];
	unsigned int n, again, i;

	n = create_many(self->e.fd, bo);
	ASSERT_LT(2, n);
	for (i = 0; i < n; i++)
		ASSERT_EQ(0, dirty(&self->e, &bo[i]));
	EXPECT_LT(0, count_dirt(&self->e, &bo[0]));
	for (i = 0; i < n; i++)
		t_bo_destroy(self->e.fd, &bo[i]);
	again = create_many(self->e.fd, bo);
	EXPECT_LT(2, again);
	for (i = 0; i < again; i++)
		ASSERT_EQ(0, count_dirt(&self->e, &bo[i]));
}

/* The child takes its share of contexts, and keeps them until it is killed. */
static pid_t take_contexts(unsigned int *taken)
{
	unsigned int n = 0;
	int pipes[2], fd;
	uint32_t id;
	pid_t pid;

	if (pipe(pipes))
		return -1;
	pid = fork();
	if (!pid) {
		fd = t_open();
		while (fd >= 0 && !t_ctx_create(fd, &id))
			n++;
		if (write(pipes[1], &n, sizeof(n)) == sizeof(n))
			pause();
		_exit(1);
	}
	close(pipes[1]);
	if (pid < 0 || read(pipes[0], taken, sizeof(*taken)) != sizeof(*taken))
		*taken = 0;
	close(pipes[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* The context that the driver itself has is none the less for others. */
TEST_F(clear, without_a_context)
{
	uint64_t total;
	struct t_bo bo;
	unsigned int n, mine = 1;
	uint32_t id;
	pid_t pid;

	ASSERT_EQ(0, t_param(self->e.fd, DRM_TESSERA_PARAM_NUM_CONTEXTS, &total));
	ASSERT_EQ(0, t_bo_create(self->e.fd, BIG, DRM_TESSERA_BO_VRAM, &bo));
	ASSERT_EQ(0, dirty(&self->e, &bo));
	t_bo_destroy(self->e.fd, &bo);
	pid = take_contexts(&n);
	ASSERT_LT(0, pid);
	while (!t_ctx_create(self->e.fd, &id))
		mine++;
	EXPECT_EQ(total, n + mine);
	EXPECT_EQ(0, t_bo_create(self->e.fd, BIG, DRM_TESSERA_BO_VRAM, &bo));
	EXPECT_EQ(0, count_dirt(&self->e, &bo));
	end(pid);
}

/* Keep the copy engine; close it with t_teardown() */
static int hang(struct t_env *e)
{
	int ret = t_setup(e, 0, T1_ENGINE_COPY);

	if (ret)
		return ret;
	memcpy(e->bo.cpu, &HANG(0, T1_HANG_NO_PREEMPT), sizeof(struct t1_cmd));
	ret = t_exec(e->fd, e->queue, e->va, 1, 0, 0);
	t_sleep_ms(20);
	return ret;
}

TEST_F(clear, an_engine_that_others_keep)
{
	struct t_env other;
	struct t_bo bo;

	if (!t_has_cap(self->e.fd, T1_CAP_HANG))
		SKIP(return, "needs a device with hang=on");
	ASSERT_EQ(0, t_bo_create(self->e.fd, BIG, DRM_TESSERA_BO_VRAM, &bo));
	ASSERT_EQ(0, dirty(&self->e, &bo));
	t_bo_destroy(self->e.fd, &bo);
	ASSERT_EQ(0, hang(&other));
	EXPECT_EQ(0, t_bo_create(self->e.fd, BIG, DRM_TESSERA_BO_VRAM, &bo));
	EXPECT_EQ(0, count_dirt(&self->e, &bo));
	/* what the engine was asked for is never done to what is somebody's by then */
	ASSERT_EQ(0, dirty(&self->e, &bo));
	t_teardown(&other);
	EXPECT_EQ(BIG, count_dirt(&self->e, &bo));
	t_bo_destroy(self->e.fd, &bo);
}

/* A child that creates an object, and waits for an engine by now; it exits with the errno */
static pid_t create_in_child(int fd)
{
	uint64_t before, now;
	struct t_bo bo;
	pid_t pid;
	int tries;

	if (t_param(fd, DRM_TESSERA_PARAM_VRAM_FREE, &before))
		return -1;
	pid = fork();
	if (!pid) {
		fd = t_open();
		_exit(fd < 0 ? 255 : -t_bo_create(fd, BIG, DRM_TESSERA_BO_VRAM, &bo));
	}
	for (tries = 0; pid > 0 && tries < 3000; tries++) {
		if (!t_param(fd, DRM_TESSERA_PARAM_VRAM_FREE, &now) && now < before)
			break;
		t_sleep_ms(10);
	}
	t_sleep_ms(200);
	return pid;
}

TEST_F(clear, killed_meanwhile)
{
	uint64_t before, after;
	struct t_env other;
	struct t_bo bo;
	pid_t pid;
	int i;

	if (!t_has_cap(self->e.fd, T1_CAP_HANG))
		SKIP(return, "needs a device with hang=on");
	ASSERT_EQ(0, t_param(self->e.fd, DRM_TESSERA_PARAM_VRAM_FREE, &before));
	ASSERT_EQ(0, hang(&other));
	for (i = 0; i < 3; i++) {
		pid = create_in_child(self->e.fd);
		ASSERT_LT(0, pid);
		end(pid);
	}
	ASSERT_EQ(0, t_param(self->e.fd, DRM_TESSERA_PARAM_VRAM_FREE, &after));
	EXPECT_EQ(before, after);
	ASSERT_EQ(0, t_bo_create(self->e.fd, BIG, DRM_TESSERA_BO_VRAM, &bo));
	ASSERT_EQ(0, dirty(&self->e, &bo));
	t_teardown(&other);
	EXPECT_EQ(BIG, count_dirt(&self->e, &bo));
	t_bo_destroy(self->e.fd, &bo);
}

TEST_F(clear, reset_meanwhile)
{
	char sysfs[4096], path[4200];
	struct t_env other;
	struct t_bo bo;
	int64_t since;
	int status;
	pid_t pid;

	if (!t_has_cap(self->e.fd, T1_CAP_HANG))
		SKIP(return, "needs a device with hang=on");
	ASSERT_EQ(0, t_sysfs(self->e.fd, sysfs, sizeof(sysfs)));
	snprintf(path, sizeof(path), "%s/reset", sysfs);
	ASSERT_EQ(0, hang(&other));
	since = t_now_ns();
	pid = create_in_child(self->e.fd);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, t_write_file(path, "1"));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	/*
	 * It ends with the reset, unless the engine was to be had before, as where another vGPU
	 * wants it and the host resets it. Or the driver has waited for long enough
	 */
	if (WEXITSTATUS(status) ||
	    (t_has_cap(self->e.fd, T1_CAP_SCHED) && t_now_ns() < since + T_SECOND))
		EXPECT_EQ(EIO, WEXITSTATUS(status));
	t_teardown(&other);
	/* The next one is cleared as if nothing had been */
	EXPECT_EQ(0, t_bo_create(self->e.fd, BIG, DRM_TESSERA_BO_VRAM, &bo));
	ASSERT_EQ(0, t_renew(&self->e, T1_ENGINE_COMPUTE));
	EXPECT_EQ(0, count_dirt(&self->e, &bo));
}

TEST_HARNESS_MAIN
