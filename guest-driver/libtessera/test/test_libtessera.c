// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_libtessera.c - libtessera without a device: fake_drm.h stands in for it
 */
#include <stdio.h>
#include <time.h>

#include "fake_drm.h"
#include "ktap.h"

static void expect_nothing_left(void)
{
	CHECK(live_handles() == 0);
	CHECK(drv.num_ctx == 0 && drv.num_queues == 0 && drv.num_syncobjs == 0);
	CHECK(drv.num_bindings == 0);
}

static void test_open(void)
{
	struct tessera_device *dev = NULL;
	uint64_t value = 0;

	CHECK(tessera_open(NULL, &dev) == 0);
	CHECK(tessera_fd(dev) >= 0);
	CHECK(tessera_get_param(dev, DRM_TESSERA_PARAM_VA_END, &value) == 0 && value == VA_LAST);
	CHECK(tessera_get_param(dev, 99, &value) == -EINVAL);
	tessera_close(dev);
	CHECK(tessera_open(node, &dev) == 0);
	tessera_close(dev);
	CHECK(tessera_open("/nonexistent", &dev) == -ENOENT);
	drv.version_major++;
	CHECK(tessera_open(NULL, &dev) == -EPROTO);
	CHECK(tessera_open(node, &dev) == -EPROTO);
	drv.driver = "other";
	CHECK(tessera_open(node, &dev) == -ENODEV);
	/* of several, the first that opens, or the most telling error */
	drv.other_node = "/nonexistent";
	CHECK(tessera_open(NULL, &dev) == -ENOENT);
	drv.driver = TESSERA_DRM_DRIVER_NAME;
	drv.version_major--;
	CHECK(tessera_open(NULL, &dev) == 0);
	tessera_close(dev);
	drv.other_node = NULL;
	drv.driver = NULL;
	CHECK(tessera_open(NULL, &dev) == -ENODEV);
	drv.no_device = true;
	CHECK(tessera_open(NULL, &dev) == -ENODEV);
	fake_reset();
	drv.fail_request = DRM_IOCTL_TESSERA_GET_PARAM;
	drv.fail_errno = EIO;
	CHECK(tessera_open(NULL, &dev) == -EIO);
	tessera_close(NULL);
}

static void test_buffers(void)
{
	struct tessera_bo *bo, *same, *other;
	struct tessera_device *dev;
	void *p, *q;
	int fd;

	CHECK(tessera_open(NULL, &dev) == 0);
	CHECK(tessera_bo_create(dev, 5000, DRM_TESSERA_BO_VRAM, &bo) == 0);
	CHECK(tessera_bo_size(bo) == 8192);
	CHECK(tessera_bo_create(dev, 5000, 0x100, &other) == -EINVAL);
	CHECK(tessera_bo_map(bo, &p) == 0 && tessera_bo_map(bo, &q) == 0 && p == q);
	memset(p, 0xa5, 8192);

	/* Our own dma-buf comes back as the very buffer, and needs both releases. */
	CHECK(tessera_bo_export(bo, &fd) == 0);
	CHECK(tessera_bo_import(dev, fd, &same) == 0 && same == bo);
	tessera_bo_destroy(same);
	CHECK(live_handles() == 1);
	close(fd);
	drv.exported = 0;

	fd = memfd_create("foreign", 0);
	CHECK(ftruncate(fd, 12288) == 0);
	CHECK(tessera_bo_import(dev, fd, &other) == 0 && other != bo);
	CHECK(tessera_bo_size(other) == 12288);
	CHECK(tessera_bo_handle(other) != tessera_bo_handle(bo));
	close(fd);
	CHECK(tessera_bo_import(dev, -1, &same) == -EBADF);

	CHECK(tessera_bo_wait(bo, 0) == 0 && drv.deadline == 0);
	CHECK(tessera_bo_wait(bo, TESSERA_FOREVER) == 0 && drv.deadline == INT64_MAX);
	tessera_bo_destroy(other);
	tessera_bo_destroy(bo);
	tessera_bo_destroy(NULL);
	expect_nothing_left();
	tessera_close(dev);
}

static void test_va_space(void)
{
	struct tessera_va vas;
	uint64_t a, b, c;

	CHECK(tessera_va_init(&vas, 4096, 4096) == -EINVAL);
	CHECK(tessera_va_init(&vas, 0x1000, 0x10000) == 0);
	CHECK(tessera_va_alloc(&vas, 0x1000, 0x1000, &a) == 0 && a == 0x1000);
	CHECK(tessera_va_alloc(&vas, 0x2000, 0x4000, &b) == 0 && b == 0x4000);
	/* the hole that alignment left is used */
	CHECK(tessera_va_alloc(&vas, 0x2000, 0x1000, &c) == 0 && c == 0x2000);
	CHECK(tessera_va_alloc(&vas, 0xb000, 0x1000, &a) == -ENOMEM);
	CHECK(tessera_va_alloc(&vas, 0xa000, 0x1000, &a) == 0 && a == 0x6000);
	CHECK(tessera_va_alloc(&vas, 0x1000, 0x1000, &a) == -ENOMEM);
	CHECK(tessera_va_take(&vas, 0x4000, 0x1000) == -EEXIST);
	CHECK(tessera_va_alloc(&vas, 0, 0x1000, &a) == -EINVAL);
	CHECK(tessera_va_alloc(&vas, 0x1000, 0x3000, &a) == -EINVAL);
	/* given back out of order, they join */
	CHECK(tessera_va_give(&vas, 0x1000, 0x1000) == 0);
	CHECK(tessera_va_give(&vas, 0x4000, 0x2000) == 0);
	CHECK(tessera_va_give(&vas, 0x4000, 0x1000) == -EINVAL);
	CHECK(tessera_va_give(&vas, 0x3000, 0x2000) == -EINVAL);
	CHECK(tessera_va_give(&vas, 0x2000, 0x2000) == 0);
	CHECK(tessera_va_give(&vas, 0x6000, 0xa000) == 0);
	CHECK(vas.free && !vas.free->next && vas.free->start == 0x1000 &&
	      vas.free->end == 0x10000);
	CHECK(tessera_va_take(&vas, 0x3000, 0x1000) == 0);
	CHECK(tessera_va_take(&vas, 0x2000, 0x2000) == -EEXIST);
	CHECK(tessera_va_take(&vas, ~0xfffull, 0x2000) == -EINVAL);
	CHECK(tessera_va_give(&vas, ~0xfffull, 0x2000) == -EINVAL);
	tessera_va_fini(&vas);
	CHECK(!vas.free);
}

/* Random calls, against a map of pages. */
static void test_va_space_random(void)
{
	enum { PAGES = 64, PAGE = 0x1000 };
	uint8_t used[PAGES] = { 0 };
	struct tessera_va vas;
	uint32_t seed = 1;

	CHECK(tessera_va_init(&vas, PAGE, PAGE + PAGES * PAGE) == 0);
	for (int i = 0; i < 20000 && !ktap_complaints; i++) {
		uint64_t first, pages, va, num_used = 0;
		int err;

		seed = seed * 1664525 + 1013904223;
		first = (seed >> 8) % PAGES;
		pages = 1 + (seed >> 20) % 5;
		if (seed >> 31) {
			if (tessera_va_alloc(&vas, pages * PAGE, PAGE, &va))
				continue;
			first = va / PAGE - 1;
			CHECK(first + pages <= PAGES);
			for (uint64_t p = first; p < first + pages; p++)
				CHECK(!used[p]++);
			continue;
		}
		if (first + pages > PAGES)
			continue;
		for (uint64_t p = first; p < first + pages; p++)
			num_used += used[p];
		err = tessera_va_give(&vas, PAGE + first * PAGE, pages * PAGE);
		CHECK(err == (num_used == pages ? 0 : -EINVAL));
		if (!err)
			memset(used + first, 0, pages);
	}
	for (struct va_range *r = vas.free; r; r = r->next) {
		CHECK(r->start < r->end && (!r->next || r->end < r->next->start));
		for (uint64_t va = r->start; va < r->end; va += PAGE)
			CHECK(!used[va / PAGE - 1]++);
	}
	CHECK(!memchr(used, 0, PAGES));
	tessera_va_fini(&vas);
}

static void test_bindings(void)
{
	const uint32_t rw = DRM_TESSERA_BIND_READ | DRM_TESSERA_BIND_WRITE;
	struct tessera_bo *small, *big;
	struct tessera_context *ctx;
	struct tessera_device *dev;
	uint64_t a, b, c;

	CHECK(tessera_open(NULL, &dev) == 0);
	CHECK(tessera_context_create(dev, &ctx) == 0);
	CHECK(tessera_bo_create(dev, 4096, 0, &small) == 0);
	CHECK(tessera_bo_create(dev, 3u << 20, 0, &big) == 0);
	CHECK(tessera_bind(ctx, small, 0, 0, rw, &a) == 0 && a == VA_START);
	CHECK(drv.bind.ctx_id == 7 && drv.bind.va == a && drv.bind.size == 4096 &&
	      drv.bind.flags == rw && drv.bind.handle == tessera_bo_handle(small));
	CHECK(tessera_bind(ctx, big, 0, 0, rw, &b) == 0 && b % T1_HUGE_PAGE_SIZE == 0);
	CHECK(tessera_bind(ctx, big, 4096, 8192, rw, &c) == 0 && drv.bind.offset == 4096);
	CHECK(tessera_bind(ctx, big, 100, 4096, rw, &c) == -EINVAL);
	CHECK(tessera_bind(ctx, big, 0, 5000, rw, &c) == -EINVAL);
	CHECK(tessera_bind(ctx, big, 3u << 20, 0, rw, &c) == -EINVAL);
	CHECK(tessera_bind(ctx, big, 4096, 3u << 20, rw, &c) == -EINVAL);
	CHECK(tessera_bind_at(ctx, small, 0, 0, rw, a) == -EEXIST);
	CHECK(tessera_bind_at(ctx, small, 0, 0, rw, VA_LAST) == -EINVAL);
	CHECK(tessera_bind_at(ctx, small, 0, 0, rw, 4096) == -EINVAL);
	CHECK(tessera_bind_at(ctx, small, 0, 0, rw, VA_LAST - 4096) == 0);

	/* What the driver refuses leaves no address taken. */
	drv.fail_request = DRM_IOCTL_TESSERA_BIND;
	drv.fail_errno = ENOMEM;
	CHECK(tessera_bind_at(ctx, small, 0, 0, rw, VA_LAST - 8192) == -ENOMEM);
	drv.fail_request = 0;
	CHECK(tessera_bind_at(ctx, small, 0, 0, rw, VA_LAST - 8192) == 0);
	CHECK(tessera_unbind(ctx, VA_LAST - 8192, 4096) == 0);
	CHECK(tessera_unbind(ctx, VA_LAST - 4096, 4096) == 0);
	CHECK(tessera_unbind(ctx, c, 8192) == 0);
	CHECK(tessera_unbind(ctx, b, 3u << 20) == 0);
	CHECK(tessera_unbind(ctx, a, 4096) == 0);
	CHECK(tessera_unbind(ctx, a, 4096) == -ENOENT);
	CHECK(tessera_bind(ctx, small, 0, 0, rw, &b) == 0 && b == a);
	CHECK(tessera_unbind(ctx, b, 4096) == 0);
	tessera_bo_destroy(small);
	tessera_bo_destroy(big);
	tessera_context_destroy(ctx);
	tessera_context_destroy(NULL);
	expect_nothing_left();
	tessera_close(dev);
}

static void test_submission(void)
{
	struct drm_tessera_queue_query info;
	struct tessera_context *ctx;
	struct tessera_device *dev;
	struct tessera_queue *queue;
	struct tessera_cmdbuf *cb;
	struct timespec ts;
	uint32_t syncobj;
	int64_t now;

	CHECK(tessera_open(NULL, &dev) == 0);
	CHECK(tessera_context_create(dev, &ctx) == 0);
	CHECK(tessera_queue_create(ctx, T1_ENGINE_COMPUTE, &queue) == 0);
	CHECK(tessera_cmdbuf_create(ctx, 0, &cb) == -EINVAL);
	CHECK(tessera_cmdbuf_create(ctx, T1_MAX_BATCH + 1, &cb) == -EINVAL);
	CHECK(tessera_cmdbuf_create(ctx, 3, &cb) == 0);
	CHECK(tessera_syncobj_create(dev, &syncobj) == 0);

	CHECK(tessera_submit_cmdbuf(queue, cb, syncobj, 1) == -EINVAL);
	CHECK(tessera_cmd_nop(cb) == 0 && tessera_cmd_nop(cb) == 0);
	CHECK(tessera_submit_cmdbuf(queue, cb, syncobj, 42) == 0);
	CHECK(drv.exec.queue_id == 9 && drv.exec.num_batches == 1 && drv.exec.flags == 0);
	CHECK(drv.batch.count == 2 && drv.batch.va == drv.bind.va && drv.batch.va % 64 == 0);
	CHECK(drv.exec.num_out_syncs == 1 && drv.out_sync.handle == syncobj &&
	      drv.out_sync.point == 42);
	CHECK(tessera_submit_cmdbuf(queue, cb, 0, 0) == 0 && drv.exec.num_out_syncs == 0);
	CHECK(tessera_cmd_nop(cb) == 0 && tessera_cmd_nop(cb) == -ENOSPC);
	CHECK(tessera_submit_cmdbuf(queue, cb, syncobj, 43) == -ENOSPC);
	tessera_cmdbuf_reset(cb);
	CHECK(tessera_cmdbuf_error(cb) == 0 && tessera_cmdbuf_count(cb) == 0);

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
	CHECK(tessera_syncobj_wait(dev, syncobj, 42, 1000000000) == 0);
	CHECK(drv.deadline >= now + 1000000000 && drv.deadline < now + 20000000000);
	CHECK(tessera_syncobj_wait(dev, syncobj, 5, 0) == -ETIME && drv.deadline == 0);
	CHECK(tessera_syncobj_wait(dev, syncobj, 42, TESSERA_FOREVER) == 0 &&
	      drv.deadline == INT64_MAX);
	CHECK(tessera_queue_query(queue, &info) == 0 && info.busy_ns == 1234 &&
	      info.queue_id == 9);

	/* What fails half way leaves nothing behind. */
	drv.fail_errno = EIO;
	drv.fail_request = DRM_IOCTL_TESSERA_EXEC;
	CHECK(tessera_cmd_nop(cb) == 0 && tessera_submit_cmdbuf(queue, cb, 0, 0) == -EIO);
	drv.fail_request = DRM_IOCTL_TESSERA_BIND;
	{
		unsigned int before = live_handles();
		struct tessera_cmdbuf *none;

		CHECK(tessera_cmdbuf_create(ctx, 3, &none) == -EIO && live_handles() == before);
	}
	drv.fail_request = DRM_IOCTL_TESSERA_QUEUE_CREATE;
	{
		struct tessera_queue *none;

		CHECK(tessera_queue_create(ctx, 0, &none) == -EIO);
	}
	drv.fail_request = DRM_IOCTL_TESSERA_CTX_CREATE;
	{
		struct tessera_context *none;

		CHECK(tessera_context_create(dev, &none) == -EIO);
	}
	drv.fail_request = 0;
	tessera_syncobj_destroy(dev, syncobj);
	tessera_syncobj_destroy(dev, 0);
	tessera_cmdbuf_destroy(cb);
	tessera_cmdbuf_destroy(NULL);
	tessera_queue_destroy(queue);
	tessera_queue_destroy(NULL);
	tessera_context_destroy(ctx);
	expect_nothing_left();
	tessera_close(dev);
}

static void test_cmdbuf_batch(void)
{
	struct drm_tessera_batch batch;
	struct t1_cmd cmds[4];
	struct tessera_cmdbuf *cb;

	CHECK(tessera_cmdbuf_wrap(cmds, 4, 0x10020, &cb) == -EINVAL);
	CHECK(tessera_cmdbuf_wrap(cmds, 4, (1ull << 48) - 192, &cb) == -EINVAL);
	CHECK(tessera_cmdbuf_wrap(cmds, 0, 0x10000, &cb) == -EINVAL);
	CHECK(tessera_cmdbuf_wrap(cmds, 4, 0x10000, &cb) == 0);
	CHECK(tessera_cmdbuf_batch(cb, 0, 0, &batch) == -EINVAL);
	for (int i = 0; i < 3; i++)
		CHECK(tessera_cmd_fence(cb, 0x2000, 5) == 0);
	CHECK(tessera_cmdbuf_batch(cb, 1, 0, &batch) == 0 && batch.va == 0x10040 &&
	      batch.count == 2 && batch.pad == 0);
	CHECK(tessera_cmdbuf_batch(cb, 1, 1, &batch) == 0 && batch.count == 1);
	CHECK(tessera_cmdbuf_batch(cb, 1, 3, &batch) == -EINVAL);
	CHECK(tessera_cmdbuf_batch(cb, 3, 0, &batch) == -EINVAL);
	/* errors stick until reset */
	CHECK(tessera_cmd_fence(cb, 0x2004, 5) == -EINVAL);
	CHECK(tessera_cmd_nop(cb) == -EINVAL && tessera_cmdbuf_count(cb) == 3);
	CHECK(tessera_cmdbuf_error(cb) == -EINVAL);
	tessera_cmdbuf_destroy(cb);
}

static struct t1_cmd built[2];
static struct tessera_cmdbuf *builder;

static void begin(void)
{
	memset(built, 0xff, sizeof(built));
	tessera_cmdbuf_reset(builder);
}

/* The call appends exactly this command. */
#define GOOD(call, ...) do {							\
	const struct t1_cmd want = __VA_ARGS__;				\
	begin();								\
	CHECK((call) == 0);							\
	CHECK(tessera_cmdbuf_count(builder) == 1);				\
	CHECK(memcmp(&built[0], &want, sizeof(want)) == 0);			\
} while (0)

/* The call is refused and appends nothing. */
#define BAD(call) do {								\
	begin();								\
	CHECK((call) == -EINVAL && tessera_cmdbuf_count(builder) == 0);	\
} while (0)

#define GEMM(...) tessera_cmd_gemm(builder, &(struct tessera_gemm){ __VA_ARGS__ })
#define CONV(...) tessera_cmd_conv2d(builder, &(struct tessera_conv2d){ __VA_ARGS__ })
#define SOFTMAX(...) tessera_cmd_softmax(builder, &(struct tessera_softmax){ __VA_ARGS__ })

#define A 0x100000ull
#define B 0x200000ull
#define C 0x300000ull
#define D 0x400000ull
#define PAST (1ull << 48)

static void test_commands_memory(void)
{
	struct tessera_cmdbuf *b;

	CHECK(tessera_cmdbuf_wrap(built, 2, 0x10000, &builder) == 0);
	b = builder;
	GOOD(tessera_cmd_nop(b), { .opcode = T1_OP_NOP });
	GOOD(tessera_cmd_fence(b, A, 77),
	     { .opcode = T1_OP_FENCE, .sync = { .va = A, .value = 77 } });
	GOOD(tessera_cmd_timestamp(b, A), { .opcode = T1_OP_TIMESTAMP, .sync = { .va = A } });
	BAD(tessera_cmd_timestamp(b, A + 4));
	BAD(tessera_cmd_fence(b, PAST, 0));
	GOOD(tessera_cmd_copy(b, A, B, 100),
	     { .opcode = T1_OP_COPY, .copy = { .dst = A, .src = B, .bytes = 100 } });
	GOOD(tessera_cmd_copy(b, A, A + 100, 100),
	     { .opcode = T1_OP_COPY, .copy = { .dst = A, .src = A + 100, .bytes = 100 } });
	BAD(tessera_cmd_copy(b, A, A + 99, 100));
	BAD(tessera_cmd_copy(b, A, B, 0));
	BAD(tessera_cmd_copy(b, A, PAST - 50, 100));
	BAD(tessera_cmd_copy(b, 0, 1ull << 40, T1_MAX_BYTES + 1));
	GOOD(tessera_cmd_fill(b, A, 8, 0xfeed),
	     { .opcode = T1_OP_FILL, .copy = { .dst = A, .bytes = 8, .pattern = 0xfeed } });
	BAD(tessera_cmd_fill(b, A, 6, 0));
	BAD(tessera_cmd_fill(b, A + 2, 8, 0));
	tessera_cmdbuf_destroy(builder);
}

static void test_commands_products(void)
{
	CHECK(tessera_cmdbuf_wrap(built, 2, 0x10000, &builder) == 0);
	GOOD(GEMM(.a = A, .b = B, .c = C, .m = 2, .n = 3, .k = 4, .flags = T1_GEMM_TRANS_A),
	     { .opcode = T1_OP_GEMM, .flags = T1_GEMM_TRANS_A,
	       .gemm = { .a = A, .b = B, .c = C, .m = 2, .n = 3, .k = 4, .lda = 2, .ldb = 3,
			 .ldc = 3 } });
	GOOD(GEMM(.a = A, .b = B, .c = C, .m = 2, .n = 3, .k = 4, .flags = T1_GEMM_TRANS_B,
		  .lda = 9, .ldc = 7),
	     { .opcode = T1_OP_GEMM, .flags = T1_GEMM_TRANS_B,
	       .gemm = { .a = A, .b = B, .c = C, .m = 2, .n = 3, .k = 4, .lda = 9, .ldb = 4,
			 .ldc = 7 } });
	BAD(GEMM(.a = A, .b = B, .c = C, .m = 0, .n = 3, .k = 4));
	BAD(GEMM(.a = A, .b = B, .c = C, .m = 65537, .n = 1, .k = 1));
	BAD(GEMM(.a = A, .b = B, .c = C, .m = 2, .n = 3, .k = 4, .lda = 3));
	BAD(GEMM(.a = A, .b = B, .c = C, .m = 2, .n = 3, .k = 4, .flags = 16));
	BAD(GEMM(.a = A, .b = B + 1, .c = C, .m = 2, .n = 3, .k = 4));
	BAD(GEMM(.a = A, .b = B, .c = C, .m = 1025, .n = 1024, .k = 1024));
	BAD(GEMM(.a = PAST - 8, .b = B, .c = C, .m = 2, .n = 3, .k = 4));
	begin();
	CHECK(GEMM(.a = A + 1, .b = B + 1, .c = C, .m = 2, .n = 3, .k = 4,
		   .flags = T1_GEMM_I8) == 0);

	GOOD(CONV(.in = A, .weights = B, .out = C, .n = 1, .h = 5, .w = 6, .cin = 2, .cout = 3,
		  .kh = 3, .kw = 2, .stride = 2, .padding = 1, .flags = T1_CONV_ACCUMULATE),
	     { .opcode = T1_OP_CONV2D, .flags = T1_CONV_ACCUMULATE,
	       .conv = { .in = A, .weights = B, .out = C, .n = 1, .h = 5, .w = 6, .cin = 2,
			 .cout = 3, .kh = 3, .kw = 2, .stride = 2, .padding = 1 } });
	BAD(CONV(.in = A, .weights = B, .out = C, .n = 1, .h = 5, .w = 6, .cin = 2, .cout = 3,
		 .kh = 3, .kw = 2, .stride = 0));
	BAD(CONV(.in = A, .weights = B, .out = C, .n = 1, .h = 5, .w = 6, .cin = 2, .cout = 3,
		 .kh = 6, .kw = 2, .stride = 1));
	BAD(CONV(.in = A, .weights = B, .out = C, .n = 65535, .h = 65535, .w = 65535, .cin = 65535,
		 .cout = 65535, .kh = 255, .kw = 255, .stride = 1, .padding = 255));
	tessera_cmdbuf_destroy(builder);
}

static void test_commands_elements(void)
{
	struct tessera_cmdbuf *b;

	CHECK(tessera_cmdbuf_wrap(built, 2, 0x10000, &builder) == 0);
	b = builder;
	GOOD(tessera_cmd_eltwise(b, T1_ELT_ADD, C, A, B, 9, 1.0f),
	     { .opcode = T1_OP_ELTWISE, .sub = T1_ELT_ADD,
	       .elt = { .a = A, .b = B, .out = C, .count = 9, .alpha = 0x3f800000 } });
	BAD(tessera_cmd_eltwise(b, T1_ELT_MAX, C, A, B, 9, 1.0f));
	BAD(tessera_cmd_eltwise(b, 4, C, A, B, 9, 0));
	BAD(tessera_cmd_eltwise(b, T1_ELT_ADD, C, A, B, 0, 1.0f));
	BAD(tessera_cmd_eltwise(b, T1_ELT_ADD, C, A, B + 2, 9, 1.0f));
	BAD(tessera_cmd_eltwise(b, T1_ELT_ADD, C, A, B, T1_MAX_BYTES / 12 + 1, 1.0f));

	GOOD(tessera_cmd_bias(b, C, A, B, 4, 5, T1_BIAS_I32),
	     { .opcode = T1_OP_BIAS, .flags = T1_BIAS_I32,
	       .bias = { .in = A, .bias = B, .out = C, .m = 4, .n = 5, .ld_in = 5, .ld_out = 5 } });
	BAD(tessera_cmd_bias(b, C, A, B, 4, 5, 2));
	BAD(tessera_cmd_bias(b, C, A, B, 4, 0, 0));

	GOOD(tessera_cmd_act(b, T1_ACT_RELU_GRAD, C, A, B, 5),
	     { .opcode = T1_OP_ACT, .sub = T1_ACT_RELU_GRAD,
	       .act = { .x = A, .grad = B, .out = C, .count = 5 } });
	BAD(tessera_cmd_act(b, T1_ACT_RELU, C, A, B, 5));
	BAD(tessera_cmd_act(b, 6, C, A, 0, 5));

	GOOD(SOFTMAX(.in = A, .labels = B, .out = C, .loss = D, .m = 4, .n = 5, .scale = 0.5f,
		     .flags = T1_SOFTMAX_GRAD | T1_SOFTMAX_LOSS),
	     { .opcode = T1_OP_SOFTMAX, .flags = T1_SOFTMAX_GRAD | T1_SOFTMAX_LOSS,
	       .softmax = { .in = A, .labels = B, .out = C, .loss = D, .m = 4, .n = 5,
			    .scale = 0x3f000000 } });
	BAD(SOFTMAX(.in = A, .out = C, .m = 4, .n = 5, .flags = T1_SOFTMAX_GRAD));
	BAD(SOFTMAX(.in = A, .labels = B, .out = C, .m = 4, .n = 5));
	BAD(SOFTMAX(.in = A, .out = C, .m = 4, .n = 5, .scale = 1.0f));
	BAD(SOFTMAX(.in = A, .labels = B, .out = C, .m = 4, .n = 5, .flags = T1_SOFTMAX_LOSS));

	GOOD(tessera_cmd_reduce(b, T1_REDUCE_ABSMAX, C, A, 4, 5, 0),
	     { .opcode = T1_OP_REDUCE, .sub = T1_REDUCE_ABSMAX,
	       .reduce = { .in = A, .out = C, .m = 4, .n = 5, .ld_in = 5, .axis = 0 } });
	BAD(tessera_cmd_reduce(b, T1_REDUCE_ARGMAX, C, A, 4, 5, 0));
	BAD(tessera_cmd_reduce(b, T1_REDUCE_SUM, C, A, 4, 5, 2));
	BAD(tessera_cmd_reduce(b, 5, C, A, 4, 5, 1));

	GOOD(tessera_cmd_requant(b, T1_REQUANT_U8_TO_I8, C + 1, A + 1, 5, 0.5f,
				 T1_REQUANT_RELU),
	     { .opcode = T1_OP_REQUANT, .sub = T1_REQUANT_U8_TO_I8,
	       .flags = T1_REQUANT_RELU,
	       .requant = { .in = A + 1, .out = C + 1, .count = 5, .scale = 0x3f000000 } });
	BAD(tessera_cmd_requant(b, T1_REQUANT_U8_TO_F32, C + 1, A, 5, 0.5f, 0));
	BAD(tessera_cmd_requant(b, T1_REQUANT_I32_TO_I8, C, A + 1, 5, 0.5f, 0));
	BAD(tessera_cmd_requant(b, 5, C, A, 5, 0.5f, 0));
	BAD(tessera_cmd_requant(b, T1_REQUANT_U8_TO_I8, C, A, 5, 0.5f, 2));
	tessera_cmdbuf_destroy(builder);
}

static void test_errors(void)
{
	struct drm_tessera_queue_query info = { .state = DRM_TESSERA_QUEUE_FAULT,
						.fault = T1_FAULT_UNMAPPED,
						.fault_addr = 0x1234000,
						.fault_batch_index = 5 };
	char buf[128];

	CHECK(!strcmp(tessera_strerror(0), "success"));
	CHECK(strcmp(tessera_strerror(-EPROTO), tessera_strerror(-ENODEV)));
	CHECK(!strcmp(tessera_strerror(-12345), "unexpected error"));
	CHECK(!strcmp(tessera_fault_name(8), "unknown fault"));
	CHECK(!strcmp(tessera_fault_name(T1_FAULT_ENGINE_RESET), "engine reset"));
	tessera_queue_strerror(&info, buf, sizeof(buf));
	CHECK(!strcmp(buf, "fault: address not mapped at 0x1234000, command 5 of its batch"));
	info.fault_batch_index = UINT32_MAX;
	tessera_queue_strerror(&info, buf, sizeof(buf));
	CHECK(!strcmp(buf, "fault: address not mapped at 0x1234000"));
	tessera_queue_strerror(&info, buf, 6);
	CHECK(!strcmp(buf, "fault"));
	info.state = DRM_TESSERA_QUEUE_TIMEOUT;
	tessera_queue_strerror(&info, buf, sizeof(buf));
	CHECK(strstr(buf, "time limit"));
	info.state = 9;
	tessera_queue_strerror(&info, buf, sizeof(buf));
	CHECK(!strcmp(buf, "unknown state 9"));
}

static const struct ktap_test tests[] = {
	{ "open_finds_and_refuses", test_open },
	{ "buffers_share_and_release", test_buffers },
	{ "tessera_va", test_va_space },
	{ "tessera_va_random", test_va_space_random },
	{ "bindings", test_bindings },
	{ "submission", test_submission },
	{ "cmdbuf_batch", test_cmdbuf_batch },
	{ "commands_memory", test_commands_memory },
	{ "commands_products", test_commands_products },
	{ "commands_elements", test_commands_elements },
	{ "error_texts", test_errors },
};

static void set_up(unsigned int i)
{
	fake_reset();
}

int main(int argc, char **argv)
{
	int ret, fd;

	/* A file of 64 MiB (no blocks) stands in for the render node. */
	strcpy(node, "/tmp/test_libtessera.XXXXXX");
	fd = mkstemp(node);
	if (fd < 0 || ftruncate(fd, 64 << 20)) {
		printf("KTAP version 1\nBail out! no temporary file\n");
		return 1;
	}
	ret = ktap_run_each(tests, sizeof(tests) / sizeof(tests[0]), set_up, NULL, argc, argv);
	close(fd);
	unlink(node);
	return ret;
}
