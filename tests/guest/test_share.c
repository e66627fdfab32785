// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_share.c - nobody takes all: of contexts, queues, VRAM, page tables and bindings
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xf86drm.h>

#include "kselftest_harness.h"
#include "drv.h"

#define NOBODY		65534
#define MAX_BINDINGS	65536
#define TABLES		517	/* that a context is promised */
#define PIECES		64

FIXTURE(share)
{
	int fd[2];		/* both of one process: they have one share */
	uint64_t contexts, slots, vram;
};

FIXTURE_SETUP(share)
{
	int i;

	for (i = 0; i < 2; i++) {
		self->fd[i] = t_open();
		ASSERT_LE(0, self->fd[i]);
	}
	ASSERT_EQ(0, t_param(self->fd[0], DRM_TESSERA_PARAM_NUM_CONTEXTS, &self->contexts));
	ASSERT_EQ(0, t_param(self->fd[0], DRM_TESSERA_PARAM_NUM_SLOTS, &self->slots));
	ASSERT_EQ(0, t_param(self->fd[0], DRM_TESSERA_PARAM_VRAM_SIZE, &self->vram));
}

FIXTURE_TEARDOWN(share)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

/* What a process may have of n: a quarter is for others, but at least one */
static uint64_t share_of(uint64_t n)
{
	return n - (n / 8 ? 2 * (n / 8) : 1);
}

static int set_up_and_work(uint64_t vram)
{
	struct t_bo bo = {};
	struct t_env e;
	int ret;

	ret = t_setup(&e, 0, T1_ENGINE_COMPUTE);
	if (!ret)
		ret = t_bo_create(e.fd, vram, DRM_TESSERA_BO_VRAM, &bo);
	if (!ret)
		ret = t_bind(e.fd, e.ctx, bo.handle, 1ull << 46, 0, bo.size, T_RW);
	if (!ret)
		ret = t_run(&e, &FILL(1ull << 46, 4096, 1), 1);
	t_teardown(&e);
	return ret;
}

/* Does another process get to work, with as much VRAM? 0 or a negative errno */
static int another_works(uint64_t vram)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(-set_up_and_work(vram));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

TEST_F(share, contexts)
{
	uint64_t n = 0;
	uint32_t id;
	int ret;

	while (!(ret = t_ctx_create(self->fd[n & 1], &id)))
		n++;
	EXPECT_EQ(-ENOSPC, ret);
	EXPECT_EQ(share_of(self->contexts), n);
	EXPECT_EQ(0, another_works(4096));
	/* What is given back can be had again, also by way of the other file */
	close(self->fd[0]);
	self->fd[0] = t_open();
	EXPECT_EQ(0, t_ctx_create(self->fd[1], &id));
}

TEST_F(share, queues)
{
	uint32_t ctx[2], id;
	uint64_t n = 0;
	int ret;

	ASSERT_EQ(0, t_ctx_create(self->fd[0], &ctx[0]));
	ASSERT_EQ(0, t_ctx_create(self->fd[1], &ctx[1]));
	while (!(ret = t_queue_create(self->fd[n & 1], ctx[n & 1], n >> 1 & 1, &id)))
		n++;
	EXPECT_EQ(-ENOSPC, ret);
	EXPECT_EQ(share_of(self->slots), n);
	EXPECT_EQ(0, another_works(4096));
	ASSERT_EQ(0, t_ctx_destroy(self->fd[0], ctx[0]));
	EXPECT_EQ(0, t_queue_create(self->fd[1], ctx[1], 0, &id));
}

TEST_F(share, vram)
{
	uint64_t piece = self->vram / PIECES;
	struct t_bo bo;
	int n, ret, buf;

	for (n = 0; !(ret = t_bo_create(self->fd[n >= PIECES * 7 / 16], piece,
					DRM_TESSERA_BO_VRAM, &bo)); n++)
		ASSERT_GT(PIECES, n);
	EXPECT_EQ(-ENOSPC, ret);
	EXPECT_EQ(PIECES * 7 / 8, n);
	EXPECT_EQ(0, another_works(self->vram / 16));

	/* It is charged for as long as it exists: here, to the end of the dma-buf */
	close(self->fd[0]);
	self->fd[0] = t_open();
	ASSERT_EQ(0, t_bo_create(self->fd[0], piece * PIECES * 3 / 8, DRM_TESSERA_BO_VRAM,
				 &bo));
	ASSERT_EQ(0, drmPrimeHandleToFD(self->fd[0], bo.handle, DRM_CLOEXEC, &buf));
	t_bo_destroy(self->fd[0], &bo);
	EXPECT_EQ(-ENOSPC, t_bo_create(self->fd[0], piece * PIECES / 8, DRM_TESSERA_BO_VRAM,
				       &bo));
	close(buf);
	EXPECT_EQ(0, t_bo_create(self->fd[0], piece * PIECES / 8, DRM_TESSERA_BO_VRAM,
				 &bo));
}

/* Bindings of a page, each 1 GiB from the next, until no more; how many */
static uint64_t scatter(int fd, uint32_t ctx, uint32_t handle, int *ret)
{
	uint64_t n = 0;

	while (!(*ret = t_bind(fd, ctx, handle, (n + 1) << 30, 0, 4096, T_RW)))
		n++;
	return n;
}

TEST_F_TIMEOUT(share, page_tables, 120)
{
	uint64_t limit = share_of(self->contexts * TABLES), n, i, above;
	uint32_t ctx;
	struct t_bo bo;
	int ret;

	ASSERT_EQ(0, t_ctx_create(self->fd[0], &ctx));
	ASSERT_EQ(0, t_bo_create(self->fd[0], 4096, DRM_TESSERA_BO_VRAM, &bo));
	n = scatter(self->fd[0], ctx, bo.handle, &ret);
	EXPECT_EQ(-ENOSPC, ret);
	/* Two tables for each, and one for each 512 of them */
	above = n / 512 + 1;
	EXPECT_LE(2 * n + above, limit);
	EXPECT_GE(2 * n + above + 3, limit);
	EXPECT_EQ(0, another_works(4096));

	/* Where there are tables already a binding needs none */
	EXPECT_EQ(0, t_bind(self->fd[0], ctx, bo.handle, (1ull << 30) + 4096, 0, 4096, T_RW));
	EXPECT_EQ(0, t_unbind(self->fd[0], ctx, (1ull << 30) + 4096, 4096));
	/* In another order than they came they leave nothing behind */
	for (i = 1; i <= n; i += 2)
		ASSERT_EQ(0, t_unbind(self->fd[0], ctx, i << 30, 4096));
	for (i = 2; i <= n; i += 2)
		ASSERT_EQ(0, t_unbind(self->fd[0], ctx, i << 30, 4096));
	EXPECT_EQ(n, scatter(self->fd[0], ctx, bo.handle, &ret));
	ASSERT_EQ(0, t_ctx_destroy(self->fd[0], ctx));
	ASSERT_EQ(0, t_ctx_create(self->fd[0], &ctx));
	EXPECT_EQ(0, t_bind(self->fd[0], ctx, bo.handle, 1ull << 30, 0, 4096, T_RW));
}

static long switches(void)
{
	char buf[4096], *at;

	if (t_read_file("/proc/self/status", buf, sizeof(buf)))
		return -1;
	at = strstr(buf, "nonvoluntary_ctxt_switches:");
	return at ? atol(at + 27) : -1;
}

/* As many as there may be of them, and then gone at once: others run in the meantime */
TEST_F_TIMEOUT(share, bindings, 240)
{
	cpu_set_t cpus, one;
	uint32_t ctx;
	struct t_bo bo;
	uint64_t n = 0;
	int64_t start;
	long before;
	pid_t pid;
	int ret;

	if (!t_has_cap(self->fd[0], T1_CAP_SCHED))
		SKIP(return, "takes too long on a vGPU, and is the driver's own limit");
	ASSERT_EQ(0, t_ctx_create(self->fd[0], &ctx));
	ASSERT_EQ(0, t_bo_create(self->fd[0], 4096, 0, &bo));
	while (!(ret = t_bind(self->fd[0], ctx, bo.handle, (1ull << 32) + n * 4096, 0, 4096, T_RW)))
		n++;
	EXPECT_EQ(-ENOSPC, ret);
	EXPECT_EQ(MAX_BINDINGS, n);

	ASSERT_EQ(0, sched_getaffinity(0, sizeof(cpus), &cpus));
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(one), &one));
	pid = fork();
	if (!pid)
		for (;;)
			;
	before = switches();
	start = t_now_ns();
	EXPECT_EQ(0, t_ctx_destroy(self->fd[0], ctx));
	TH_LOG("%lu bindings gone in %lld ms, %ld switches", (unsigned long)n,
	       (long long)(t_now_ns() - start) / 1000000, switches() - before);
	EXPECT_LE(5, switches() - before);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	ASSERT_EQ(0, t_ctx_create(self->fd[0], &ctx));
	EXPECT_EQ(0, t_bind(self->fd[0], ctx, bo.handle, 1ull << 32, 0, 4096, T_RW));
}

/* A process of another user takes what contexts it gets, says how many, and keeps them */
static pid_t user_hogs(int *from)
{
	uint32_t id, n = 0;
	int fd, p[2];
	pid_t pid;

	if (pipe(p))
		return -1;
	pid = fork();
	if (!pid) {
		/* Opens as root, for the node's sake, but is not */
		if (setresuid(NOBODY, 0, 0))
			_exit(1);
		fd = t_open();
		while (!t_ctx_create(fd, &id))
			n++;
		if (write(p[1], &n, sizeof(n)) != sizeof(n))
			_exit(1);
		for (;;)
			pause();
	}
	close(p[1]);
	*from = p[0];
	return pid;
}

/* Nor can one user, by many processes */
TEST_F(share, of_a_user)
{
	uint32_t n[3] = {}, sum = 0;
	pid_t pid[3];
	int i, from;

	if (self->contexts < 8)
		SKIP(return, "too few contexts for a user's share");
	for (i = 0; i < 3; i++) {
		pid[i] = user_hogs(&from);
		ASSERT_LT(0, pid[i]);
		EXPECT_EQ(sizeof(n[i]), read(from, &n[i], sizeof(n[i])));
		close(from);
		sum += n[i];
	}
	EXPECT_EQ(share_of(self->contexts), n[0]);
	EXPECT_EQ(self->contexts - self->contexts / 8, sum);
	EXPECT_EQ(0, another_works(4096));
	for (i = 0; i < 3; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
}

TEST_HARNESS_MAIN
