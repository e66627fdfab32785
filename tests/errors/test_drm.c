// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_drm.c - the ioctls of tessera_drm.ko with one fault in each: all of it is done, or nothing
 *
 * A job that could not be submitted does not run. What an object, a context or a queue had taken is
 * there again: as many as before can be made. Where DRM's core can't write the answer of an ioctl
 * that has succeeded, the caller does not learn its object's number: that goes with the file, so
 * such things are made by a file of their own.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>

#include "kselftest_harness.h"
#include "drv.h"
#include "fault.h"

#define LONG	1800	/* s */
#define VA2	(T_VA + (1ull << 32))
#define BYTES	(64u << 10)
#define MANY	128	/* more contexts and queues than there are */

struct counts {
	uint64_t vram;
	unsigned int contexts, queues;
};

FIXTURE(drm)
{
	struct fault f;
	struct t_env e;
	int fd;			/* another file */
	struct counts before;
	char path[PATH_MAX];
};

/* Run a call under each fault. What it needs first, and what undoes it, has none. */
#define EACH_FAULT(err, call) \
	for (fault_first(&self->f); fault_next(&self->f) && \
	     (fault_arm(&self->f), (err) = (call), fault_disarm(&self->f), true);)

#define IS_RIGHT(err) ASSERT_TRUE(!(err) || (self->f.struck && fault_shortage(err))) {	\
	TH_LOG("fault %u: %s", self->f.nth, strerror(-(err)));				\
}

static struct counts counts(int fd)
{
	uint32_t ids[MANY], queues[MANY];
	struct counts c = { 0 };

	t_param(fd, DRM_TESSERA_PARAM_VRAM_FREE, &c.vram);
	while (c.contexts < MANY && !t_ctx_create(fd, &ids[c.contexts]))
		c.contexts++;
	while (c.contexts && c.queues < MANY &&
	       !t_queue_create(fd, ids[0], T1_ENGINE_COPY, &queues[c.queues]))
		c.queues++;
	for (unsigned int i = 0; i < c.contexts; i++)
		t_ctx_destroy(fd, ids[i]);
	return c;
}

FIXTURE_SETUP(drm)
{
	int err = fault_setup();
	char link[64];
	ssize_t n;

	if (err == -EOPNOTSUPP)
		SKIP(return, "this kernel has no fault injection");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, t_setup(&self->e, 0, T1_ENGINE_COMPUTE));
	snprintf(link, sizeof(link), "/proc/self/fd/%d", self->e.fd);
	n = readlink(link, self->path, sizeof(self->path) - 1);
	ASSERT_LT(0, n);
	ASSERT_EQ(0, fault_open(&self->f, 0));
	self->before = counts(self->e.fd);
	self->fd = open(self->path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_LT(0, self->before.contexts);
	ASSERT_LT(0, self->before.queues);
}

FIXTURE_TEARDOWN(drm)
{
	struct counts now;

	close(self->fd);
	now = counts(self->e.fd);
	TH_LOG("%u points, %u faults", self->f.total, self->f.faults);
	EXPECT_LT(0, self->f.faults);
	EXPECT_EQ(self->before.vram, now.vram);
	EXPECT_EQ(self->before.contexts, now.contexts);
	EXPECT_EQ(self->before.queues, now.queues);
	EXPECT_EQ(0, t_run(&self->e, &FILL(T_DATA(&self->e), 4096, 0x5eed), 1));
	EXPECT_EQ(0x5eed, *(uint32_t *)T_DATA_CPU(&self->e));
	t_teardown(&self->e);
	fault_close(&self->f);
}

static int open_node(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

TEST_F_TIMEOUT(drm, open, LONG)
{
	int fd;

	EACH_FAULT(fd, open_node(self->path)) {
		IS_RIGHT(fd < 0 ? fd : 0);
		if (fd >= 0)
			close(fd);
	}
}

static void each_bo(struct __test_metadata *_metadata, FIXTURE_DATA(drm) *self, uint32_t flags)
{
	int fd = self->fd, err;
	struct t_bo bo;

	EACH_FAULT(err, t_bo_create(fd, BYTES, flags, &bo)) {
		IS_RIGHT(err);
		if (!err)
			t_bo_destroy(fd, &bo);
	}
}

TEST_F_TIMEOUT(drm, bo_system, LONG)
{
	each_bo(_metadata, self, 0);
}

TEST_F_TIMEOUT(drm, bo_vram, LONG)
{
	each_bo(_metadata, self, DRM_TESSERA_BO_VRAM);
}

/* Its pages are there: only a page table may be wanting, and that is tried again. */
static int map_and_touch(int fd, struct t_bo *bo)
{
	int err = t_bo_map(fd, bo);

	if (!err)
		*(volatile char *)bo->cpu = 1;
	return err;
}

static void each_mmap(struct __test_metadata *_metadata, FIXTURE_DATA(drm) *self, uint32_t flags)
{
	int fd = self->e.fd, err;
	struct t_bo bo;

	ASSERT_EQ(0, t_bo_create(fd, BYTES, flags, &bo));
	EACH_FAULT(err, map_and_touch(fd, &bo)) {
		IS_RIGHT(err);
		if (!err)
			munmap(bo.cpu, bo.size);
		bo.cpu = NULL;
	}
	t_bo_destroy(fd, &bo);
}

TEST_F_TIMEOUT(drm, mmap_system, LONG)
{
	each_mmap(_metadata, self, 0);
}

TEST_F_TIMEOUT(drm, mmap_vram, LONG)
{
	each_mmap(_metadata, self, DRM_TESSERA_BO_VRAM);
}

TEST_F_TIMEOUT(drm, context, LONG)
{
	int fd = self->fd, err;
	uint32_t id;

	EACH_FAULT(err, t_ctx_create(fd, &id)) {
		IS_RIGHT(err);
		if (!err)
			ASSERT_EQ(0, t_ctx_destroy(fd, id));
	}
}

TEST_F_TIMEOUT(drm, context_destroy, LONG)
{
	int fd = self->e.fd, err;
	uint32_t id, queue;

	ASSERT_EQ(0, t_ctx_create(fd, &id));
	EACH_FAULT(err, t_ctx_destroy(fd, id)) {
		IS_RIGHT(err);
		if (err)
			ASSERT_EQ(0, t_ctx_destroy(fd, id));
		ASSERT_EQ(0, t_ctx_create(fd, &id));
		ASSERT_EQ(0, t_queue_create(fd, id, T1_ENGINE_COPY, &queue));
	}
	ASSERT_EQ(0, t_ctx_destroy(fd, id));
}

TEST_F_TIMEOUT(drm, queue, LONG)
{
	int fd = self->fd, err;
	uint32_t ctx, id;

	ASSERT_EQ(0, t_ctx_create(fd, &ctx));
	EACH_FAULT(err, t_queue_create(fd, ctx, T1_ENGINE_COPY, &id)) {
		IS_RIGHT(err);
		if (!err)
			ASSERT_EQ(0, t_queue_destroy(fd, id));
	}
}

static void each_bind(struct __test_metadata *_metadata, FIXTURE_DATA(drm) *self, uint32_t flags)
{
	struct t_env *e = &self->e;
	struct t_bo bo;
	int err;

	ASSERT_EQ(0, t_bo_create(e->fd, BYTES, flags, &bo));
	ASSERT_EQ(0, t_bo_map(e->fd, &bo));
	EACH_FAULT(err, t_bind(e->fd, e->ctx, bo.handle, VA2, 0, BYTES, T_RW)) {
		IS_RIGHT(err);
		ASSERT_EQ(err ? -ENOENT : 0, t_unbind(e->fd, e->ctx, VA2, BYTES));
	}
	/* And undone again, with faults in that */
	ASSERT_EQ(0, t_bind(e->fd, e->ctx, bo.handle, VA2, 0, BYTES, T_RW));
	EACH_FAULT(err, t_unbind(e->fd, e->ctx, VA2, BYTES)) {
		IS_RIGHT(err);
		if (!err)
			ASSERT_EQ(0, t_bind(e->fd, e->ctx, bo.handle, VA2, 0, BYTES, T_RW));
	}
	ASSERT_EQ(0, t_run(e, &FILL(VA2 + BYTES - 8, 8, 0xb1d), 1));
	EXPECT_EQ(0xb1d, *(uint32_t *)((char *)bo.cpu + BYTES - 8));
	EXPECT_EQ(0, t_unbind(e->fd, e->ctx, VA2, BYTES));
	t_bo_destroy(e->fd, &bo);
}

TEST_F_TIMEOUT(drm, bind_system, LONG)
{
	each_bind(_metadata, self, 0);
}

TEST_F_TIMEOUT(drm, bind_vram, LONG)
{
	each_bind(_metadata, self, DRM_TESSERA_BO_VRAM);
}

/*
 * A job with all there can be: a fence to wait for, one to signal, a buffer to share. It has run
 * when its fence has signalled, or it could not be submitted, and then it never runs: nothing is
 * written, and its fence is the one that was there.
 */
TEST_F_TIMEOUT(drm, exec, LONG)
{
	struct t_env *e = &self->e;
	struct drm_tessera_batch batch = { .va = e->va, .count = 1 };
	struct drm_tessera_sync in = { 0 }, out = { 0 };
	struct drm_tessera_exec args = {
		.queue_id = e->queue, .num_batches = 1, .batches = (uintptr_t)&batch,
		.in_syncs = (uintptr_t)&in, .num_in_syncs = 1,
		.out_syncs = (uintptr_t)&out, .num_out_syncs = 1,
		.bos = (uintptr_t)&e->bo.handle, .num_bos = 1,
	};
	volatile uint32_t *data = T_DATA_CPU(e);
	struct drm_tessera_queue_query q;
	uint32_t other, value = 0;
	uint64_t submitted;
	int err;

	ASSERT_EQ(0, t_queue_create(e->fd, e->ctx, T1_ENGINE_COPY, &other));
	ASSERT_EQ(0, t_syncobj(e->fd, &in.handle));
	ASSERT_EQ(0, t_syncobj(e->fd, &out.handle));
	fault_first(&self->f);
	while (fault_next(&self->f)) {
		value++;
		memcpy(e->bo.cpu, &FILL(T_DATA(e), 4, value), sizeof(struct t1_cmd));
		((struct t1_cmd *)e->bo.cpu)[1] = HANG(200000, 0);
		ASSERT_EQ(0, t_query(e->fd, e->queue, &q));
		submitted = q.submitted;
		/* A job of another queue that takes a while */
		ASSERT_EQ(0, t_exec(e->fd, other, e->va + sizeof(struct t1_cmd), 1, 0, in.handle));
		fault_arm(&self->f);
		err = t_exec_args(e->fd, &args);
		fault_disarm(&self->f);
		IS_RIGHT(err);
		ASSERT_EQ(0, t_query(e->fd, e->queue, &q));
		ASSERT_EQ(submitted + !err, q.submitted);
		ASSERT_EQ(0, t_wait(e->fd, in.handle, 60));
		if (!err) {
			ASSERT_EQ(0, t_wait(e->fd, out.handle, 60));
			ASSERT_EQ(1, t_fence_status(e->fd, out.handle));
			ASSERT_EQ(value, *data);
		} else {
			ASSERT_EQ(0, t_exec(e->fd, e->queue, e->va + sizeof(struct t1_cmd), 1, 0,
					    in.handle));
			ASSERT_EQ(0, t_wait(e->fd, in.handle, 60));
			ASSERT_NE(value, *data);
			ASSERT_EQ(1, t_fence_status(e->fd, out.handle));
		}
	}
	drmSyncobjDestroy(e->fd, in.handle);
	drmSyncobjDestroy(e->fd, out.handle);
	ASSERT_EQ(0, t_queue_destroy(e->fd, other));
}

/* A file with all that it can have is closed: that can't fail, and all is free again. */
TEST_F_TIMEOUT(drm, close, LONG)
{
	struct t_env e;

	fault_first(&self->f);
	while (fault_next(&self->f)) {
		ASSERT_EQ(0, t_setup(&e, DRM_TESSERA_BO_VRAM, T1_ENGINE_COMPUTE));
		ASSERT_EQ(0, t_run(&e, &FILL(T_DATA(&e), 4096, 7), 1));
		munmap(e.bo.cpu, e.bo.size);
		fault_arm(&self->f);
		close(e.fd);
		fault_disarm(&self->f);
	}
	/* It may have none */
	self->f.faults++;
}

TEST_HARNESS_MAIN
