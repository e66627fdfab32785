// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_ioctl.c - each ioctl: what it does, and the errno of each mistake
 *
 * Also: smoke-6.1
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>

#include "kselftest_harness.h"
#include "drv.h"

#define MIB		(1ull << 20)
#define BAD_ID		0x7ffffff0u

FIXTURE(ioctl)
{
	struct t_env e;
	uint32_t *data;
};

FIXTURE_SETUP(ioctl)
{
	ASSERT_EQ(0, t_setup(&self->e, 0, T1_ENGINE_COMPUTE));
	self->data = T_DATA_CPU(&self->e);
}

FIXTURE_TEARDOWN(ioctl)
{
	t_teardown(&self->e);
}

#define CALL(request, ...) ({							\
	struct t_env *_e = &self->e;						\
	drmIoctl(_e->fd, request, &(__VA_ARGS__)) ? -errno : 0;			\
})

TEST_F(ioctl, version)
{
	drmVersionPtr v = drmGetVersion(self->e.fd);

	ASSERT_NE(NULL, v);
	EXPECT_EQ(TESSERA_DRM_VERSION_MAJOR, v->version_major);
	EXPECT_STREQ("tessera_drm", v->name);
	drmFreeVersion(v);
}

TEST_F(ioctl, get_param)
{
	int fd = self->e.fd;
	uint64_t v, start, end;
	uint32_t p;

	ASSERT_EQ(0, t_param(fd, DRM_TESSERA_PARAM_HW_VERSION, &v));
	EXPECT_EQ(T1_HW_VERSION_MAJOR, v >> 16);
	for (p = DRM_TESSERA_PARAM_VRAM_SIZE; p <= DRM_TESSERA_PARAM_JOB_TIMEOUT_MS; p++) {
		ASSERT_EQ(0, t_param(fd, p, &v));
		EXPECT_LT(0, v);
	}
	ASSERT_EQ(0, t_param(fd, DRM_TESSERA_PARAM_NUM_CONTEXTS, &v));
	EXPECT_GE(T1_MAX_CONTEXTS, v);
	ASSERT_EQ(0, t_param(fd, DRM_TESSERA_PARAM_NUM_SLOTS, &v));
	EXPECT_GE(T1_MAX_SLOTS, v);
	ASSERT_EQ(0, t_param(fd, DRM_TESSERA_PARAM_VA_START, &start));
	ASSERT_EQ(0, t_param(fd, DRM_TESSERA_PARAM_VA_END, &end));
	EXPECT_LT(start, end);
	EXPECT_GE(1ull << T1_VA_BITS, end);
	EXPECT_EQ(-EINVAL, t_param(fd, DRM_TESSERA_PARAM_JOB_TIMEOUT_MS + 1, &v));
	EXPECT_EQ(-EINVAL, CALL(DRM_IOCTL_TESSERA_GET_PARAM,
				(struct drm_tessera_get_param){ .pad = 1 }));
}

TEST_F(ioctl, bo_create)
{
	int fd = self->e.fd;
	struct t_bo bo;

	EXPECT_EQ(-EINVAL, t_bo_create(fd, 0, 0, &bo));
	EXPECT_EQ(-EINVAL, t_bo_create(fd, ~0ull, 0, &bo));
	EXPECT_EQ(-EINVAL, t_bo_create(fd, 4096, 2, &bo));
	EXPECT_EQ(-ENOMEM, t_bo_create(fd, 1ull << 50, 0, &bo));
	EXPECT_EQ(-ENOMEM, t_bo_create(fd, 1ull << 62, 0, &bo));
	EXPECT_EQ(-ENOSPC, t_bo_create(fd, 1ull << 50, DRM_TESSERA_BO_VRAM, &bo));
	ASSERT_EQ(0, t_bo_create(fd, 1, 0, &bo));
	EXPECT_EQ(4096, bo.size);
	t_bo_destroy(fd, &bo);
	ASSERT_EQ(0, t_bo_create(fd, 4097, DRM_TESSERA_BO_VRAM, &bo));
	EXPECT_EQ(8192, bo.size);
	t_bo_destroy(fd, &bo);
}

static int all_zero(const void *p, size_t n)
{
	const uint64_t *w = p;
	size_t i;

	for (i = 0; i < n / 8; i++) {
		if (w[i])
			return 0;
	}
	return 1;
}

TEST_F(ioctl, bo_is_zeroed)
{
	int fd = self->e.fd;
	struct t_bo bo;
	int round, flags;

	/* The second round gets what the first has written to */
	for (flags = 0; flags <= DRM_TESSERA_BO_VRAM; flags++) {
		for (round = 0; round < 2; round++) {
			ASSERT_EQ(0, t_bo_create(fd, 4 * MIB, flags, &bo));
			ASSERT_EQ(0, t_bo_map(fd, &bo));
			EXPECT_TRUE(all_zero(bo.cpu, bo.size));
			memset(bo.cpu, 0xa5, bo.size);
			t_bo_destroy(fd, &bo);
		}
	}
}

TEST_F(ioctl, vram_runs_out_and_comes_back)
{
	int fd = self->e.fd, n = 0, ret, i;
	uint64_t size, before, now;
	struct t_bo bo[1024];

	ASSERT_EQ(0, t_param(fd, DRM_TESSERA_PARAM_VRAM_SIZE, &size));
	ASSERT_EQ(0, t_param(fd, DRM_TESSERA_PARAM_VRAM_FREE, &before));
	EXPECT_GE(size, before);
	do {
		ret = t_bo_create(fd, size / 16, DRM_TESSERA_BO_VRAM, &bo[n]);
	} while (!ret && ++n < 1024);
	EXPECT_EQ(-ENOSPC, ret);
	EXPECT_GE(14, n);		/* one process's share: test_share.c */
	EXPECT_LE(8, n);
	ASSERT_EQ(0, t_param(fd, DRM_TESSERA_PARAM_VRAM_FREE, &now));
	EXPECT_EQ(before - n * (size / 16), now);
	for (i = 0; i < n; i++)
		t_bo_destroy(fd, &bo[i]);
	ASSERT_EQ(0, t_param(fd, DRM_TESSERA_PARAM_VRAM_FREE, &now));
	EXPECT_EQ(before, now);
}

TEST_F(ioctl, mmap)
{
	struct drm_tessera_bo_mmap_offset off;
	int fd = self->e.fd;
	uint32_t *word;
	struct t_bo bo;
	void *p;
	int flags;

	for (flags = 0; flags <= DRM_TESSERA_BO_VRAM; flags++) {
		ASSERT_EQ(0, t_bo_create(fd, 4 * 4096, flags, &bo));
		ASSERT_EQ(0, t_bo_map(fd, &bo));
		word = bo.cpu;
		word[3 * 1024] = 0x5eed;
		off = (struct drm_tessera_bo_mmap_offset){ .handle = bo.handle };
		ASSERT_EQ(0, CALL(DRM_IOCTL_TESSERA_BO_MMAP_OFFSET, off));
		/* A hole in the middle: the rest faults in where it was */
		p = mmap(NULL, bo.size, PROT_READ, MAP_SHARED, fd, off.offset);
		ASSERT_NE(MAP_FAILED, p);
		ASSERT_EQ(0, munmap((char *)p + 4096, 4096));
		EXPECT_EQ(0x5eed, ((uint32_t *)p)[3 * 1024]);
		munmap(p, bo.size);
		/* More than there is; copy on write */
		p = mmap(NULL, bo.size + 4096, PROT_READ, MAP_SHARED, fd, off.offset);
		EXPECT_EQ(MAP_FAILED, p);
		p = mmap(NULL, bo.size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, off.offset);
		EXPECT_EQ(MAP_FAILED, p);
		t_bo_destroy(fd, &bo);
		EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, off.offset));
	}
	EXPECT_EQ(-ENOENT, CALL(DRM_IOCTL_TESSERA_BO_MMAP_OFFSET,
				(struct drm_tessera_bo_mmap_offset){ .handle = BAD_ID }));
	EXPECT_EQ(-EINVAL, CALL(DRM_IOCTL_TESSERA_BO_MMAP_OFFSET,
				(struct drm_tessera_bo_mmap_offset){ .handle = self->e.bo.handle,
								     .pad = 1 }));
}

TEST_F(ioctl, bo_wait)
{
	EXPECT_EQ(0, CALL(DRM_IOCTL_TESSERA_BO_WAIT,
			  (struct drm_tessera_bo_wait){ .handle = self->e.bo.handle }));
	EXPECT_EQ(-ENOENT, CALL(DRM_IOCTL_TESSERA_BO_WAIT,
				(struct drm_tessera_bo_wait){ .handle = BAD_ID }));
	EXPECT_EQ(-EINVAL, CALL(DRM_IOCTL_TESSERA_BO_WAIT,
				(struct drm_tessera_bo_wait){ .handle = self->e.bo.handle,
							      .pad = 1 }));
}

/* EBUSY and ETIME need work that takes its time */
TEST_F(ioctl, bo_wait_busy)
{
	struct drm_tessera_batch batch = { .va = self->e.va, .count = 1 };
	struct drm_tessera_exec args = {
		.queue_id = self->e.queue, .num_batches = 1, .batches = (uintptr_t)&batch,
		.bos = (uintptr_t)&self->e.bo.handle, .num_bos = 1,
	};
	struct drm_tessera_bo_wait wait = { .handle = self->e.bo.handle };

	if (!t_has_cap(self->e.fd, T1_CAP_HANG))
		SKIP(return, "needs a device with hang=on");
	memcpy(self->e.bo.cpu, &HANG(T_SECOND, 0), sizeof(struct t1_cmd));
	ASSERT_EQ(0, t_exec_args(self->e.fd, &args));
	EXPECT_EQ(-EBUSY, CALL(DRM_IOCTL_TESSERA_BO_WAIT, wait));
	wait.timeout_ns = t_now_ns() + T_SECOND / 50;
	EXPECT_EQ(-ETIME, CALL(DRM_IOCTL_TESSERA_BO_WAIT, wait));
	wait.timeout_ns = t_now_ns() + 60 * T_SECOND;
	EXPECT_EQ(0, CALL(DRM_IOCTL_TESSERA_BO_WAIT, wait));
}

TEST_F(ioctl, contexts)
{
	int fd = self->e.fd, n = 0, ret, i;
	uint32_t ids[T1_MAX_CONTEXTS + 1];
	uint64_t max;

	EXPECT_EQ(-EINVAL, CALL(DRM_IOCTL_TESSERA_CTX_CREATE,
				(struct drm_tessera_ctx_create){ .flags = 1 }));
	EXPECT_EQ(-EINVAL, CALL(DRM_IOCTL_TESSERA_CTX_DESTROY,
				(struct drm_tessera_ctx_destroy){ .ctx_id = self->e.ctx,
								  .pad = 1 }));
	EXPECT_EQ(-ENOENT, t_ctx_destroy(fd, BAD_ID));
	EXPECT_EQ(-ENOENT, t_ctx_destroy(fd, 0));

	ASSERT_EQ(0, t_param(fd, DRM_TESSERA_PARAM_NUM_CONTEXTS, &max));
	do {
		ret = t_ctx_create(fd, &ids[n]);
	} while (!ret && ++n <= T1_MAX_CONTEXTS);
	EXPECT_EQ(-ENOSPC, ret);
	EXPECT_GT(max - 1, n);		/* one is the fixture's, and not all can be had */
	EXPECT_LE(max / 2, n + 1);
	for (i = 0; i < n; i++)
		EXPECT_EQ(0, t_ctx_destroy(fd, ids[i]));
	if (n)
		EXPECT_EQ(-ENOENT, t_ctx_destroy(fd, ids[0]));
	ASSERT_EQ(0, t_ctx_create(fd, &ids[0]));
}

TEST_F(ioctl, queues)
{
	struct drm_tessera_queue_query q = { .queue_id = BAD_ID };
	int fd = self->e.fd, n = 0, ret, i;
	uint32_t ids[T1_MAX_SLOTS + 1];
	uint64_t max;

	EXPECT_EQ(-EINVAL, CALL(DRM_IOCTL_TESSERA_QUEUE_CREATE,
				(struct drm_tessera_queue_create){ .ctx_id = self->e.ctx,
								   .flags = 1 }));
	EXPECT_EQ(-EINVAL, t_queue_create(fd, self->e.ctx, T1_NUM_ENGINES, &ids[0]));
	EXPECT_EQ(-ENOENT, t_queue_create(fd, BAD_ID, 0, &ids[0]));
	EXPECT_EQ(-EINVAL, CALL(DRM_IOCTL_TESSERA_QUEUE_DESTROY,
				(struct drm_tessera_queue_destroy){ .queue_id = self->e.queue,
								    .pad = 1 }));
	EXPECT_EQ(-ENOENT, t_queue_destroy(fd, BAD_ID));
	EXPECT_EQ(-ENOENT, CALL(DRM_IOCTL_TESSERA_QUEUE_QUERY, q));

	ASSERT_EQ(0, t_param(fd, DRM_TESSERA_PARAM_NUM_SLOTS, &max));
	do {
		ret = t_queue_create(fd, self->e.ctx, n & 1, &ids[n]);
	} while (!ret && ++n <= T1_MAX_SLOTS);
	EXPECT_EQ(-ENOSPC, ret);
	EXPECT_GT(max - 1, n);
	EXPECT_LE(max / 2, n + 1);
	/* They all work, each with its own interrupt vector and window */
	for (i = 0; i < n; i++) {
		uint32_t out;

		memcpy(self->e.bo.cpu, &FILL(T_DATA(&self->e) + 4 * i, 4, i + 1),
		       sizeof(struct t1_cmd));
		ASSERT_EQ(0, t_syncobj(fd, &out));
		ASSERT_EQ(0, t_exec(fd, ids[i], self->e.va, 1, 0, out));
		EXPECT_EQ(0, t_wait(fd, out, 60));
		EXPECT_EQ(i + 1, self->data[i]);
	}
	for (i = 0; i < n; i++)
		EXPECT_EQ(0, t_queue_destroy(fd, ids[i]));
	ASSERT_EQ(0, t_queue_create(fd, self->e.ctx, T1_ENGINE_COPY, &ids[0]));
}

TEST_F(ioctl, bind_errors)
{
	struct t_env *e = &self->e;
	const uint64_t at = e->va + (1ull << 32);
	uint32_t h = e->bo.handle, c = e->ctx;
	uint64_t start, end;
	int fd = e->fd;

	ASSERT_EQ(0, t_param(fd, DRM_TESSERA_PARAM_VA_START, &start));
	ASSERT_EQ(0, t_param(fd, DRM_TESSERA_PARAM_VA_END, &end));
	EXPECT_EQ(-ENOENT, t_bind(fd, BAD_ID, h, at, 0, 4096, T_RW));
	EXPECT_EQ(-ENOENT, t_bind(fd, c, BAD_ID, at, 0, 4096, T_RW));
	EXPECT_EQ(-EINVAL, t_bind(fd, c, h, at + 1, 0, 4096, T_RW));
	EXPECT_EQ(-EINVAL, t_bind(fd, c, h, at, 1, 4096, T_RW));
	EXPECT_EQ(-EINVAL, t_bind(fd, c, h, at, 0, 4095, T_RW));
	EXPECT_EQ(-EINVAL, t_bind(fd, c, h, at, 0, 0, T_RW));
	EXPECT_EQ(-EINVAL, t_bind(fd, c, h, at, 0, 4096, 0));
	EXPECT_EQ(-EINVAL, t_bind(fd, c, h, at, 0, 4096, DRM_TESSERA_BIND_WRITE));
	EXPECT_EQ(-EINVAL, t_bind(fd, c, h, at, 0, 4096, 4 | T_RW));
	EXPECT_EQ(-EINVAL, t_bind(fd, c, h, at, 0, T_ARENA + 4096, T_RW));
	EXPECT_EQ(-EINVAL, t_bind(fd, c, h, at, T_ARENA, 4096, T_RW));
	EXPECT_EQ(-EINVAL, t_bind(fd, c, h, at, ~0xfffull, 8192, T_RW));
	EXPECT_EQ(-EINVAL, t_bind(fd, c, h, start - 4096, 0, 4096, T_RW));
	EXPECT_EQ(-EINVAL, t_bind(fd, c, h, end, 0, 4096, T_RW));
	EXPECT_EQ(-EINVAL, t_bind(fd, c, h, end - 4096, 0, 8192, T_RW));
	EXPECT_EQ(-EINVAL, t_bind(fd, c, h, ~0xfffull, 0, 8192, T_RW));
	EXPECT_EQ(0, t_bind(fd, c, h, start, 0, 4096, T_RW));
	EXPECT_EQ(0, t_bind(fd, c, h, end - 4096, 0, 4096, DRM_TESSERA_BIND_READ));

	EXPECT_EQ(-EEXIST, t_bind(fd, c, h, e->va, 0, 4096, T_RW));
	EXPECT_EQ(-EEXIST, t_bind(fd, c, h, e->va - 4096, 0, 8192, T_RW));
	EXPECT_EQ(-EEXIST, t_bind(fd, c, h, e->va + T_ARENA - 4096, 0, 8192, T_RW));
	EXPECT_EQ(0, t_bind(fd, c, h, e->va + T_ARENA, 0, 4096, T_RW));
	EXPECT_EQ(-EINVAL, CALL(DRM_IOCTL_TESSERA_BIND,
				(struct drm_tessera_bind){ .ctx_id = c, .handle = h, .va = at,
							   .size = 4096, .flags = T_RW,
							   .pad = 1 }));
}

TEST_F(ioctl, unbind_errors)
{
	struct t_env *e = &self->e;
	uint32_t c = e->ctx;
	int fd = e->fd;

	EXPECT_EQ(-ENOENT, t_unbind(fd, BAD_ID, e->va, T_ARENA));
	EXPECT_EQ(-ENOENT, t_unbind(fd, c, e->va, 4096));
	EXPECT_EQ(-ENOENT, t_unbind(fd, c, e->va + 4096, T_ARENA - 4096));
	EXPECT_EQ(-ENOENT, t_unbind(fd, c, e->va + (1ull << 33), 4096));
	EXPECT_EQ(-EINVAL, t_unbind(fd, c, e->va + 1, T_ARENA));
	EXPECT_EQ(-EINVAL, t_unbind(fd, c, e->va, 0));
	EXPECT_EQ(-EINVAL, CALL(DRM_IOCTL_TESSERA_UNBIND,
				(struct drm_tessera_unbind){ .ctx_id = c, .va = e->va,
							     .size = T_ARENA, .pad = 1 }));
	/* A refusal has unbound nothing */
	EXPECT_EQ(0, t_run(e, &FILL(T_DATA(e), 4096, 3), 1));
	EXPECT_EQ(0, t_unbind(fd, c, e->va, T_ARENA));
	EXPECT_EQ(-ENOENT, t_unbind(fd, c, e->va, T_ARENA));
	EXPECT_EQ(0, t_bind(fd, c, e->bo.handle, e->va, 0, T_ARENA, T_RW));
	EXPECT_EQ(0, t_run(e, &FILL(T_DATA(e), 4096, 4), 1));
	EXPECT_EQ(4, self->data[0]);
}

/* Bindings at odd places of objects and addresses: each page is where it belongs */
TEST_F(ioctl, bind_places)
{
	static const struct {
		uint64_t va, offset, size;
	} at[] = {
		{ 1ull << 33, 0, 8 * MIB },			/* huge pages */
		{ (1ull << 34) + 4096, 0, 8 * MIB },		/* never aligned */
		{ (1ull << 35) + MIB, MIB, 7 * MIB },		/* aligned from the second MiB on */
		{ (1ull << 36) + MIB - 4096, MIB - 4096, 4 * MIB + 8192 },
		{ (1ull << 37), 3 * 4096, 4096 },
		{ (1ull << 46) + 4096, 8 * MIB - 8192, 8192 },
	};
	struct t_env *e = &self->e;
	struct t1_cmd cmds[2];
	uint32_t *word, out, wrong;
	struct t_bo bo;
	uint64_t off;
	int flags, i;

	for (flags = 0; flags <= DRM_TESSERA_BO_VRAM; flags++) {
		ASSERT_EQ(0, t_bo_create(e->fd, 8 * MIB, flags, &bo));
		ASSERT_EQ(0, t_bo_map(e->fd, &bo));
		word = bo.cpu;
		for (off = 0; off < bo.size; off += 4096)
			word[off / 4] = 0x1000000 | (off >> 12);
		for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
			ASSERT_EQ(0, t_bind(e->fd, e->ctx, bo.handle, at[i].va, at[i].offset,
					    at[i].size, T_RW));
			/* Collect the first word of each page, and mark the last page */
			for (off = 0; off < at[i].size; off += 4096) {
				cmds[0] = COPY(T_DATA(e) + (off >> 10), at[i].va + off, 4);
				memcpy((char *)e->bo.cpu + (off >> 12) * 64, cmds, 64);
			}
			cmds[1] = FILL(at[i].va + at[i].size - 4, 4, 0xe0d + i);
			memcpy((char *)e->bo.cpu + (off >> 12) * 64, &cmds[1], 64);
			ASSERT_EQ(0, t_syncobj(e->fd, &out));
			ASSERT_EQ(0, t_exec(e->fd, e->queue, e->va, (off >> 12) + 1, 0, out));
			ASSERT_EQ(0, t_wait(e->fd, out, 60));
			ASSERT_EQ(1, t_fence_status(e->fd, out));
			for (off = 0, wrong = 0; off < at[i].size; off += 4096)
				wrong += self->data[off >> 12] !=
					 (0x1000000 | ((at[i].offset + off) >> 12));
			EXPECT_EQ(0, wrong);
			EXPECT_EQ(0xe0d + i, word[(at[i].offset + at[i].size) / 4 - 1]);
		}
		for (i = 0; i < sizeof(at) / sizeof(at[0]); i++)
			EXPECT_EQ(0, t_unbind(e->fd, e->ctx, at[i].va, at[i].size));
		t_bo_destroy(e->fd, &bo);
	}
}

TEST_F(ioctl, exec_errors)
{
	struct t_env *e = &self->e;
	struct drm_tessera_batch batch = { .va = e->va, .count = 1 }, bad;
	struct drm_tessera_sync sync = { .handle = BAD_ID };
	uint32_t bad_handle = BAD_ID, syncobj;
	const struct drm_tessera_exec good = {
		.queue_id = e->queue, .num_batches = 1, .batches = (uintptr_t)&batch,
	};
	struct drm_tessera_queue_query q;
	struct drm_tessera_exec x;

	memcpy(e->bo.cpu, &FILL(T_DATA(e), 4, 1), sizeof(struct t1_cmd));
#define TRY(err, ...) do {							\
	x = good;								\
	__VA_ARGS__;								\
	EXPECT_EQ(err, t_exec_args(e->fd, &x));					\
} while (0)
	EXPECT_EQ(0, t_exec(e->fd, e->queue, e->va, 1, 0, 0));
	TRY(-ENOENT, x.queue_id = BAD_ID);
	TRY(-EINVAL, x.flags = 1);
	TRY(-EINVAL, x.num_batches = 0);
	TRY(-EINVAL, x.num_batches = DRM_TESSERA_EXEC_MAX_BATCHES + 1);
	TRY(-EINVAL, x.num_in_syncs = DRM_TESSERA_EXEC_MAX_SYNCS + 1);
	TRY(-EINVAL, x.num_out_syncs = DRM_TESSERA_EXEC_MAX_SYNCS + 1);
	TRY(-EINVAL, x.num_bos = DRM_TESSERA_EXEC_MAX_BOS + 1);
	TRY(-EFAULT, x.batches = 8);
	TRY(-EFAULT, x.in_syncs = 8; x.num_in_syncs = 1);
	TRY(-EFAULT, x.out_syncs = 8; x.num_out_syncs = 1);
	TRY(-EFAULT, x.bos = 8; x.num_bos = 1);
	TRY(-ENOENT, x.in_syncs = (uintptr_t)&sync; x.num_in_syncs = 1);
	TRY(-ENOENT, x.out_syncs = (uintptr_t)&sync; x.num_out_syncs = 1);
	TRY(-ENOENT, x.bos = (uintptr_t)&bad_handle; x.num_bos = 1);
	/* A syncobj without a fence is nothing to wait for */
	ASSERT_EQ(0, t_syncobj(e->fd, &syncobj));
	sync.handle = syncobj;
	TRY(-EINVAL, x.in_syncs = (uintptr_t)&sync; x.num_in_syncs = 1);
	sync.pad = 1;
	TRY(-EINVAL, x.in_syncs = (uintptr_t)&sync; x.num_in_syncs = 1);
	TRY(-EINVAL, x.out_syncs = (uintptr_t)&sync; x.num_out_syncs = 1);
#define TRY_BATCH(err, ...) do {						\
	bad = batch;								\
	__VA_ARGS__;								\
	TRY(err, x.batches = (uintptr_t)&bad);					\
} while (0)
	TRY_BATCH(-EINVAL, bad.pad = 1);
	TRY_BATCH(-EINVAL, bad.count = 0);
	TRY_BATCH(-EINVAL, bad.count = T1_MAX_BATCH + 1);
	TRY_BATCH(-EINVAL, bad.va += 32);
	/* Only the first was a job, and the queue is well */
	EXPECT_EQ(0, t_run(e, &FILL(T_DATA(e), 4, 1), 1));
	ASSERT_EQ(0, t_query(e->fd, e->queue, &q));
	EXPECT_EQ(2, q.submitted);
	EXPECT_EQ(DRM_TESSERA_QUEUE_OK, q.state);
}

/* Ids and handles are a file's own */
TEST_F(ioctl, files_are_apart)
{
	struct drm_tessera_queue_query q;
	int other = t_open();
	uint32_t id;

	ASSERT_LE(0, other);
	EXPECT_EQ(-ENOENT, t_query(other, self->e.queue, &q));
	EXPECT_EQ(-ENOENT, t_exec(other, self->e.queue, self->e.va, 1, 0, 0));
	EXPECT_EQ(-ENOENT, t_queue_create(other, self->e.ctx, 0, &id));
	EXPECT_EQ(-ENOENT, t_ctx_destroy(other, self->e.ctx));
	EXPECT_EQ(-ENOENT, t_unbind(other, self->e.ctx, self->e.va, T_ARENA));
	close(other);
	EXPECT_EQ(0, t_run(&self->e, &FILL(T_DATA(&self->e), 4, 1), 1));
}

TEST_HARNESS_MAIN
