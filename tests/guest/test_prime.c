// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_prime.c - buffers shared as dma-bufs: between files, out to mmap, in from udmabuf
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>

#include "kselftest_harness.h"
#include "drv.h"

FIXTURE(prime)
{
	struct t_env e;
	uint32_t *data;
	int other;
};

FIXTURE_VARIANT(prime)
{
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(prime, system)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(prime, vram)
{
	.flags = DRM_TESSERA_BO_VRAM,
};

FIXTURE_SETUP(prime)
{
	ASSERT_EQ(0, t_setup(&self->e, variant->flags, T1_ENGINE_COMPUTE));
	self->data = T_DATA_CPU(&self->e);
	self->other = t_open();
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(prime)
{
	close(self->other);
	t_teardown(&self->e);
}

/* Export from one file, import in another: the same memory, for both CPU and device */
TEST_F(prime, between_files)
{
	struct t_env *e = &self->e;
	struct t_bo bo = { .size = T_ARENA };
	uint32_t again;
	int buf;

	ASSERT_EQ(0, drmPrimeHandleToFD(e->fd, e->bo.handle, DRM_CLOEXEC | DRM_RDWR, &buf));
	ASSERT_EQ(0, drmPrimeFDToHandle(self->other, buf, &bo.handle));
	/* Twice gives the same handle */
	ASSERT_EQ(0, drmPrimeFDToHandle(self->other, buf, &again));
	EXPECT_EQ(bo.handle, again);
	close(buf);
	ASSERT_EQ(0, t_bo_map(self->other, &bo));
	ASSERT_EQ(0, t_run(e, &FILL(T_DATA(e), 4096, 0x77), 1));
	EXPECT_EQ(0x77, ((uint32_t *)bo.cpu)[T_ARENA / 8]);
	/* The exporter's end leaves it */
	t_teardown(e);
	e->bo.cpu = NULL;
	e->fd = -1;
	EXPECT_EQ(0x77, ((uint32_t *)bo.cpu)[T_ARENA / 8]);
	t_bo_destroy(self->other, &bo);
}

/* Two files' contexts bind one buffer, and its implicit fences order their jobs */
TEST_F(prime, implicit_sync_between_files)
{
	struct t_env *e = &self->e;
	struct drm_tessera_batch batch = { .va = e->va, .count = 32 };
	struct drm_tessera_exec args = {
		.queue_id = e->queue, .num_batches = 1, .batches = (uintptr_t)&batch,
		.bos = (uintptr_t)&e->bo.handle, .num_bos = 1,
	};
	struct drm_tessera_bo_wait wait = {};
	struct t1_cmd *cmd = e->bo.cpu;
	uint32_t handle, ctx, queue;
	int buf, i;

	ASSERT_EQ(0, drmPrimeHandleToFD(e->fd, e->bo.handle, DRM_CLOEXEC | DRM_RDWR, &buf));
	ASSERT_EQ(0, drmPrimeFDToHandle(self->other, buf, &handle));
	close(buf);
	ASSERT_EQ(0, t_ctx_create(self->other, &ctx));
	ASSERT_EQ(0, t_queue_create(self->other, ctx, T1_ENGINE_COPY, &queue));
	ASSERT_EQ(0, t_bind(self->other, ctx, handle, e->va, 0, T_ARENA, T_RW));

	for (i = 0; i < 32; i++)
		cmd[i] = FILL(T_DATA(e), 1 << 20, i);
	cmd[32] = COPY(T_DATA(e) + (1 << 20), T_DATA(e), 4);
	ASSERT_EQ(0, t_exec_args(e->fd, &args));
	batch = (struct drm_tessera_batch){ .va = e->va + 32 * 64, .count = 1 };
	args.queue_id = queue;
	args.bos = (uintptr_t)&handle;
	ASSERT_EQ(0, t_exec_args(self->other, &args));
	wait.handle = e->bo.handle;
	wait.timeout_ns = t_now_ns() + 60 * T_SECOND;
	ASSERT_EQ(0, drmIoctl(e->fd, DRM_IOCTL_TESSERA_BO_WAIT, &wait));
	EXPECT_EQ(31, self->data[1 << 18]);
}

/* System memory can be mapped through its dma-buf; what is the device's says that it can't */
TEST_F(prime, mmap_of_dma_buf)
{
	struct t_env *e = &self->e;
	uint32_t *p;
	int buf;

	ASSERT_EQ(0, drmPrimeHandleToFD(e->fd, e->bo.handle, DRM_CLOEXEC | DRM_RDWR, &buf));
	p = mmap(NULL, T_ARENA, PROT_READ | PROT_WRITE, MAP_SHARED, buf, 0);
	if (variant->flags || t_bounces()) {
		EXPECT_EQ(MAP_FAILED, p);
		EXPECT_EQ(EOPNOTSUPP, errno);
	} else {
		ASSERT_NE(MAP_FAILED, p);
		p[T_ARENA / 8] = 0x55;
		EXPECT_EQ(0x55, self->data[0]);
		munmap(p, T_ARENA);
		p = mmap(NULL, T_ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE, buf, 0);
		EXPECT_EQ(MAP_FAILED, p);
	}
	close(buf);
}

/* Another device as importer: vgem, where it is loaded */
TEST_F(prime, foreign_importer)
{
	struct t_env *e = &self->e;
	int vgem = drmOpenWithType("vgem", NULL, DRM_NODE_RENDER), buf;
	uint32_t handle;

	if (vgem < 0)
		SKIP(return, "no vgem here");
	ASSERT_EQ(0, drmPrimeHandleToFD(e->fd, e->bo.handle, DRM_CLOEXEC | DRM_RDWR, &buf));
	if (variant->flags || t_bounces()) {
		EXPECT_NE(0, drmPrimeFDToHandle(vgem, buf, &handle));
		EXPECT_EQ(EOPNOTSUPP, errno);
	} else {
		EXPECT_EQ(0, drmPrimeFDToHandle(vgem, buf, &handle));
	}
	close(buf);
	close(vgem);
}

/* A foreign dma-buf: pages of a memfd */
TEST_F(prime, import_udmabuf)
{
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = 1 << 20 };
	struct t_bo bo = { .size = create.size };
	int dev = open("/dev/udmabuf", O_RDWR), mem, buf;
	const uint64_t at = 1ull << 40;
	struct t_env *e = &self->e;
	uint32_t *p, *q;

	if (dev < 0)
		SKIP(return, "no /dev/udmabuf here");
	mem = memfd_create("tessera", MFD_ALLOW_SEALING);
	ASSERT_LE(0, mem);
	ASSERT_EQ(0, ftruncate(mem, create.size));
	ASSERT_EQ(0, fcntl(mem, F_ADD_SEALS, F_SEAL_SHRINK));
	p = mmap(NULL, create.size, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0);
	ASSERT_NE(MAP_FAILED, p);
	create.memfd = mem;
	buf = ioctl(dev, UDMABUF_CREATE, &create);
	ASSERT_LE(0, buf);
	if (t_bounces()) {
		/* The device and the memfd's owner would not see the same */
		EXPECT_NE(0, drmPrimeFDToHandle(e->fd, buf, &bo.handle));
		EXPECT_EQ(EOPNOTSUPP, errno);
		return;
	}
	ASSERT_EQ(0, drmPrimeFDToHandle(e->fd, buf, &bo.handle));
	close(buf);
	/* By its handle it is mapped as by its exporter */
	ASSERT_EQ(0, t_bo_map(e->fd, &bo));
	q = bo.cpu;
	q[2000] = 0xcafe;
	EXPECT_EQ(0xcafe, p[2000]);

	ASSERT_EQ(0, t_bind(e->fd, e->ctx, bo.handle, at, 0, create.size, T_RW));
	p[1000] = 0xf00d;
	ASSERT_EQ(0, t_run(e, &COPY(T_DATA(e), at + 4000, 4), 1));
	ASSERT_EQ(0, t_run(e, &FILL(at + (1 << 19), 4096, 0xbeef), 1));
	EXPECT_EQ(0xf00d, self->data[0]);
	EXPECT_EQ(0xbeef, p[1 << 17]);
	EXPECT_EQ(0xbeef, q[1 << 17]);
	EXPECT_EQ(0, t_unbind(e->fd, e->ctx, at, create.size));
	/* The mapping is the exporter's: it stays when the handle goes */
	EXPECT_EQ(0, t_gem_close(e->fd, bo.handle));
	p[3000] = 0xfeed;
	EXPECT_EQ(0xfeed, q[3000]);
	munmap(q, create.size);
	munmap(p, create.size);
	close(mem);
	close(dev);
}

TEST_F(prime, not_a_dma_buf)
{
	uint32_t handle;
	int buf;

	EXPECT_NE(0, drmPrimeFDToHandle(self->e.fd, self->other, &handle));
	EXPECT_NE(0, drmPrimeFDToHandle(self->e.fd, -1, &handle));
	EXPECT_NE(0, drmPrimeHandleToFD(self->e.fd, 0x7ffffff0, DRM_CLOEXEC, &buf));
}

TEST_HARNESS_MAIN
