// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_commands.c - a few of each engine command through a vGPU, against plain C
 *
 * In system memory and in VRAM. The whole set with all its corner cases is in tests/guest.
 */
#include <math.h>

#include "fixture.h"

#define ARENA	(1 << 20)

FIXTURE(cmd)
{
	struct vdev v;
	struct t1 t;
	struct t1_queue q;
	struct vdev_mem mem;
	uint8_t *arena;
	uint64_t va;
};

FIXTURE_VARIANT(cmd)
{
	int vram;
};

FIXTURE_VARIANT_ADD(cmd, system)
{
	.vram = 0,
};

FIXTURE_VARIANT_ADD(cmd, vram)
{
	.vram = 1,
};

FIXTURE_SETUP(cmd)
{
	fresh();
	ASSERT_EQ(0, vdev_create(&self->v, "V4"));
	ASSERT_EQ(0, t1_start(&self->t, &self->v));
	ASSERT_EQ(0, t1_queue_simple(&self->t, &self->q, 0, T1_ENGINE_COMPUTE));
	self->va = VA;
	if (variant->vram) {
		ASSERT_EQ(0, t1_map(&self->t, 0, VA, 1 << 20, ARENA / 4096, RWV));
		self->arena = (uint8_t *)vdev_direct(&self->v, BAR2, 1 << 20, ARENA);
		ASSERT_NE(NULL, self->arena);
	} else {
		ASSERT_EQ(0, vdev_mem_alloc(&self->v, ARENA, 4096, &self->mem));
		ASSERT_EQ(0, t1_map_mem(&self->t, 0, VA, &self->mem));
		self->arena = self->mem.cpu;
	}
}

FIXTURE_TEARDOWN(cmd)
{
	EXPECT_EQ(0, vdev_destroy(&self->v));
}

static uint32_t seed = 1;

static uint32_t rnd(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static void rnd_f32(float *p, unsigned int n)
{
	while (n--)
		*p++ = (int)(rnd() % 2001 - 1000) / 128.0f;
}

/* Parts of the arena, and the same as the device sees them */
#define AT(off)		((void *)(self->arena + (off)))
#define DVA(off)	(self->va + (off))

TEST_F(cmd, fill_copy)
{
	uint32_t *p = AT(0);
	unsigned int i;

	ASSERT_EQ(0, t1_run(&self->q, &FILL(DVA(0), 70000, 0xc0ffee00)));
	for (i = 0; i < 17500; i++)
		ASSERT_EQ(0xc0ffee00, p[i]);
	EXPECT_EQ(0, p[17500]);
	ASSERT_EQ(0, t1_run(&self->q, &COPY(DVA(0x40001), DVA(3), 9999)));
	EXPECT_EQ(0, memcmp(AT(0x40001), AT(3), 9999));
	EXPECT_EQ(0, *(uint8_t *)AT(0x40000));
	EXPECT_EQ(0, *(uint8_t *)AT(0x40001 + 9999));
}

TEST_F(cmd, timestamp)
{
	uint64_t before = vdev_reg64(&self->v, T1_REG_TIME_LO), after, *ts = AT(0);

	t1_push(&self->q, &TIMESTAMP(DVA(0)));
	t1_push(&self->q, &FILL(DVA(4096), 65536, 1));
	ASSERT_EQ(0, t1_run(&self->q, &TIMESTAMP(DVA(8))));
	after = vdev_reg64(&self->v, T1_REG_TIME_LO);
	EXPECT_LE(before, ts[0]);
	EXPECT_LT(ts[0], ts[1]);
	EXPECT_LE(ts[1], after);
}

TEST_F(cmd, batch)
{
	struct t1_cmd *b = AT(0);
	unsigned int i;

	for (i = 0; i < 300; i++)
		b[i] = FILL(DVA(0x80000 + i * 4), 4, i * i + 1);
	ASSERT_EQ(0, t1_run(&self->q, &BATCH(DVA(0), 300)));
	for (i = 0; i < 300; i++)
		ASSERT_EQ(i * i + 1, ((uint32_t *)AT(0x80000))[i]);
	EXPECT_EQ(self->q.tail, self->q.cb->head);
	EXPECT_NE(0, self->q.cb->busy_ns);
}

TEST_F(cmd, ring_wrap)
{
	unsigned int i;

	for (i = 0; i < 700; i++)
		ASSERT_EQ(0, t1_run(&self->q, &FILL(DVA(0), 4, i)));
	EXPECT_EQ(699, *(uint32_t *)AT(0));
	EXPECT_EQ(1400, self->q.cb->head);
}

/* A doorbell works as well where the page is not mapped: a write that is trapped. */
TEST_F(cmd, trapped_doorbell)
{
	long long before = mdev_stat(self->v.uuid, "trapped_doorbells");
	unsigned int i;
	uint64_t seq;

	for (i = 0; i < 5; i++) {
		t1_push(&self->q, &FILL(DVA(0), 4, i + 1));
		seq = t1_fence(&self->q, 0);
		ASSERT_EQ(4, vdev_write(&self->v, BAR0, T1_DB_OFF(self->q.slot),
					&self->q.tail, 4));
		ASSERT_EQ(0, t1_wait(&self->q, seq));
		ASSERT_EQ(i + 1, *(uint32_t *)AT(0));
	}
	EXPECT_EQ(before + 5, mdev_stat(self->v.uuid, "trapped_doorbells"));
}

/* A semaphore between queues: each kind of comparison, released by another queue. */
TEST_F(cmd, semaphores)
{
	struct t1_queue q2;
	uint64_t *sem = AT(0), seq;
	uint32_t *p = AT(64);

	ASSERT_EQ(0, t1_queue_create(&self->t, &q2, 0, 1, T1_ENGINE_COPY, 4, 0));
	*sem = 4;
	t1_push(&self->q, &SEM_WAIT(DVA(0), 5, T1_SEM_GE));
	t1_push(&self->q, &FILL(DVA(64), 4, 1));
	seq = t1_fence(&self->q, 0);
	t1_kick(&self->q);
	EXPECT_EQ(-ETIMEDOUT, t1_wait_ms(&self->q, seq, 50));
	EXPECT_EQ(0, *p);
	t1_push(&q2, &FENCE(DVA(0), 7, 0));
	t1_kick(&q2);
	ASSERT_EQ(0, t1_wait(&self->q, seq));
	EXPECT_EQ(1, *p);

	t1_push(&self->q, &SEM_WAIT(DVA(0), 9, T1_SEM_EQ));
	seq = t1_fence(&self->q, 0);
	t1_kick(&self->q);
	t1_push(&q2, &FENCE(DVA(0), 10, 0));
	t1_kick(&q2);
	EXPECT_EQ(-ETIMEDOUT, t1_wait_ms(&self->q, seq, 50));
	/* by the CPU, which rings nothing: the device looks again by itself */
	*sem = 9;
	ASSERT_EQ(0, t1_wait(&self->q, seq));
}

static void ref_gemm(const float *a, const float *b, float *c, unsigned int m, unsigned int n,
		     unsigned int k, uint32_t flags)
{
	unsigned int i, j, l;

	for (i = 0; i < m; i++) {
		for (j = 0; j < n; j++) {
			float sum = flags & T1_GEMM_ACCUMULATE ? c[i * n + j] : 0.0f;

			for (l = 0; l < k; l++) {
				float x = a[flags & T1_GEMM_TRANS_A ? l * m + i : i * k + l];
				float y = b[flags & T1_GEMM_TRANS_B ? j * k + l : l * n + j];
				float product = x * y;

				sum += product;
			}
			c[i * n + j] = sum;
		}
	}
}

TEST_F(cmd, gemm_f32)
{
	const unsigned int m = 13, n = 17, k = 29;
	float *a = AT(0), *b = AT(0x10000), *c = AT(0x20000), ref[13 * 17];
	uint32_t flags;

	rnd_f32(a, m * k);
	rnd_f32(b, k * n);
	for (flags = 0; flags < 8; flags++) {
		rnd_f32(c, m * n);
		memcpy(ref, c, sizeof(ref));
		ref_gemm(a, b, ref, m, n, k, flags);
		ASSERT_EQ(0, t1_run(&self->q, &CMD(.opcode = T1_OP_GEMM, .flags = flags,
			.gemm = { .a = DVA(0), .b = DVA(0x10000), .c = DVA(0x20000),
				  .m = m, .n = n, .k = k,
				  .lda = flags & T1_GEMM_TRANS_A ? m : k,
				  .ldb = flags & T1_GEMM_TRANS_B ? k : n, .ldc = n })));
		EXPECT_EQ(0, memcmp(ref, c, sizeof(ref))) {
			TH_LOG("flags %#x", flags);
		}
	}
}

TEST_F(cmd, gemm_i8)
{
	const unsigned int m = 9, n = 11, k = 40, ld = 48;
	int8_t *a = AT(0), *b = AT(0x10000);
	int32_t *c = AT(0x20000), sum;
	unsigned int i, j, l;

	for (i = 0; i < m * ld; i++)
		a[i] = rnd();
	for (i = 0; i < k * ld; i++)
		b[i] = rnd();
	ASSERT_EQ(0, t1_run(&self->q, &CMD(.opcode = T1_OP_GEMM, .flags = T1_GEMM_I8,
		.gemm = { .a = DVA(0), .b = DVA(0x10000), .c = DVA(0x20000),
			  .m = m, .n = n, .k = k, .lda = ld, .ldb = ld, .ldc = ld })));
	for (i = 0; i < m; i++) {
		for (j = 0; j < n; j++) {
			for (sum = 0, l = 0; l < k; l++)
				sum += a[i * ld + l] * b[l * ld + j];
			ASSERT_EQ(sum, c[i * ld + j]);
		}
	}
	EXPECT_EQ(0, c[n]);	/* between the rows */
}

/* An image of two, and what is convolved with it */
enum { H = 9, W = 7, CIN = 3, COUT = 4, KK = 3, STRIDE = 2, PAD = 1 };
enum { OH = (H + 2 * PAD - KK) / STRIDE + 1, OW = (W + 2 * PAD - KK) / STRIDE + 1 };

/* One element of the result: sums in rising order, nothing added where the image ends */
static float conv_at(const float *in, const float *wt, int n, int y, int x, int o)
{
	float sum = 0, p;
	int tap, c, yy, xx;

	for (tap = 0; tap < KK * KK; tap++) {
		yy = y * STRIDE + tap / KK - PAD;
		xx = x * STRIDE + tap % KK - PAD;
		if (yy < 0 || xx < 0 || yy >= H || xx >= W)
			continue;
		for (c = 0; c < CIN; c++) {
			p = in[((n * H + yy) * W + xx) * CIN + c] *
			    wt[(tap * CIN + c) * COUT + o];
			sum += p;
		}
	}
	return sum;
}

TEST_F(cmd, conv2d)
{
	float *in = AT(0), *wt = AT(0x10000), *out = AT(0x20000);
	unsigned int i;

	rnd_f32(in, 2 * H * W * CIN);
	rnd_f32(wt, KK * KK * CIN * COUT);
	ASSERT_EQ(0, t1_run(&self->q, &CMD(.opcode = T1_OP_CONV2D,
		.conv = { .in = DVA(0), .weights = DVA(0x10000), .out = DVA(0x20000),
			  .n = 2, .h = H, .w = W, .cin = CIN, .cout = COUT,
			  .kh = KK, .kw = KK, .stride = STRIDE, .padding = PAD })));
	for (i = 0; i < 2 * OH * OW * COUT; i++)
		ASSERT_EQ(conv_at(in, wt, i / (OH * OW * COUT), i / (OW * COUT) % OH,
				  i / COUT % OW, i % COUT), out[i]);
}

static uint32_t bits(float f)
{
	uint32_t u;

	memcpy(&u, &f, 4);
	return u;
}

TEST_F(cmd, eltwise)
{
	float *a = AT(0), *b = AT(0x10000), *out = AT(0x20000), alpha = -1.5f, ref;
	unsigned int n = 1001, i, op;

	rnd_f32(a, n);
	rnd_f32(b, n);
	for (op = T1_ELT_ADD; op <= T1_ELT_MIN; op++) {
		ASSERT_EQ(0, t1_run(&self->q, &CMD(.opcode = T1_OP_ELTWISE, .sub = op,
			.elt = { .a = DVA(0), .b = DVA(0x10000), .out = DVA(0x20000), .count = n,
				 .alpha = op <= T1_ELT_MUL ? bits(alpha) : 0 })));
		for (i = 0; i < n; i++) {
			ref = op == T1_ELT_ADD ? a[i] + alpha * b[i] :
			      op == T1_ELT_MUL ? alpha * a[i] * b[i] :
			      op == T1_ELT_MAX ? fmaxf(a[i], b[i]) : fminf(a[i], b[i]);
			ASSERT_LE(fabsf(ref - out[i]), 1e-6f * fabsf(ref));
		}
	}
	EXPECT_EQ(0, out[n]);
}

TEST_F(cmd, bias_act_softmax)
{
	const unsigned int m = 12, n = 10;
	float *x = AT(0), *b = AT(0x10000), *y = AT(0x20000), *p = AT(0x30000), *loss = AT(0x50000);
	uint8_t *labels = AT(0x40000);
	unsigned int i, j;

	rnd_f32(x, m * n);
	rnd_f32(b, n);
	for (i = 0; i < m; i++)
		labels[i] = rnd() % n;
	t1_push(&self->q, &CMD(.opcode = T1_OP_BIAS,
		.bias = { .in = DVA(0), .bias = DVA(0x10000), .out = DVA(0x20000),
			  .m = m, .n = n, .ld_in = n, .ld_out = n }));
	t1_push(&self->q, &CMD(.opcode = T1_OP_ACT, .sub = T1_ACT_RELU,
		.act = { .x = DVA(0x20000), .out = DVA(0x20000), .count = m * n }));
	ASSERT_EQ(0, t1_run(&self->q, &CMD(.opcode = T1_OP_SOFTMAX,
		.flags = T1_SOFTMAX_LOSS,
		.softmax = { .in = DVA(0x20000), .labels = DVA(0x40000), .out = DVA(0x30000),
			     .loss = DVA(0x50000), .m = m, .n = n })));
	for (i = 0; i < m; i++) {
		double sum = 0, max = -1e30;

		for (j = 0; j < n; j++) {
			float want = x[i * n + j] + b[j];

			want = want > 0 ? want : 0;
			ASSERT_EQ(want, y[i * n + j]);
			max = fmax(max, want);
		}
		for (j = 0; j < n; j++)
			sum += exp(y[i * n + j] - max);
		for (j = 0; j < n; j++)
			ASSERT_LE(fabs(exp(y[i * n + j] - max) / sum - p[i * n + j]), 1e-5);
		ASSERT_LE(fabs(-log(exp(y[i * n + labels[i]] - max) / sum) - loss[i]),
			  1e-4 * (1 + loss[i]));
	}
}

TEST_F(cmd, act_smooth)
{
	float *x = AT(0), *y = AT(0x10000);
	unsigned int n = 500, i;

	rnd_f32(x, n);
	ASSERT_EQ(0, t1_run(&self->q, &CMD(.opcode = T1_OP_ACT, .sub = T1_ACT_SIGMOID,
		.act = { .x = DVA(0), .out = DVA(0x10000), .count = n })));
	for (i = 0; i < n; i++)
		ASSERT_LE(fabs(1 / (1 + exp(-x[i])) - y[i]), 1e-5);
	ASSERT_EQ(0, t1_run(&self->q, &CMD(.opcode = T1_OP_ACT, .sub = T1_ACT_TANH,
		.act = { .x = DVA(0), .out = DVA(0x10000), .count = n })));
	for (i = 0; i < n; i++)
		ASSERT_LE(fabs(tanh(x[i]) - y[i]), 1e-5);
}

TEST_F(cmd, reduce)
{
	const unsigned int m = 7, n = 19;
	float *x = AT(0), *sums = AT(0x10000);
	int32_t *best = AT(0x20000);
	unsigned int i, j;

	rnd_f32(x, m * n);
	t1_push(&self->q, &CMD(.opcode = T1_OP_REDUCE, .sub = T1_REDUCE_SUM,
		.reduce = { .in = DVA(0), .out = DVA(0x10000), .m = m, .n = n, .ld_in = n,
			    .axis = 0 }));
	ASSERT_EQ(0, t1_run(&self->q, &CMD(.opcode = T1_OP_REDUCE,
		.sub = T1_REDUCE_ARGMAX,
		.reduce = { .in = DVA(0), .out = DVA(0x20000), .m = m, .n = n, .ld_in = n,
			    .axis = 1 })));
	for (j = 0; j < n; j++) {
		float sum = 0;

		for (i = 0; i < m; i++)
			sum += x[i * n + j];
		ASSERT_EQ(sum, sums[j]);
	}
	for (i = 0; i < m; i++) {
		int32_t top = 0;

		for (j = 1; j < n; j++)
			if (x[i * n + j] > x[i * n + top])
				top = j;
		ASSERT_EQ(top, best[i]);
	}
}

TEST_F(cmd, requant)
{
	int32_t *in = AT(0);
	int8_t *out = AT(0x10000);
	float scale = 0.03125f;		/* exact, so that halves occur */
	unsigned int n = 777, i;

	for (i = 0; i < n; i++)
		in[i] = (int)(rnd() % 20000) - 10000;
	ASSERT_EQ(0, t1_run(&self->q, &CMD(.opcode = T1_OP_REQUANT,
		.sub = T1_REQUANT_I32_TO_I8,
		.requant = { .in = DVA(0), .out = DVA(0x10000), .count = n,
			     .scale = bits(scale) })));
	for (i = 0; i < n; i++) {
		float r = rintf(in[i] * scale);

		ASSERT_EQ((int8_t)(r < -128 ? -128 : r > 127 ? 127 : r), out[i]);
	}
}

/* Both engines at once, several queues each, all results right. */
TEST_F(cmd, engines_together)
{
	struct t1_queue q[4];
	uint64_t seq[4];
	unsigned int i, k;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, t1_queue_create(&self->t, &q[i], 0, i + 1, i & 1, 8, 0));
	for (k = 0; k < 50; k++) {
		for (i = 0; i < 4; i++) {
			t1_push(&q[i], &FILL(DVA(i * 0x20000), 0x10000, k * 4 + i));
			t1_push(&q[i], &COPY(DVA(i * 0x20000 + 0x10000), DVA(i * 0x20000),
					     0x10000));
		}
	}
	for (i = 0; i < 4; i++) {
		seq[i] = t1_fence(&q[i], 0);
		t1_kick(&q[i]);
	}
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, t1_wait(&q[i], seq[i]));
		for (k = 0; k < 0x20000 / 4; k += 97)
			ASSERT_EQ(49 * 4 + i, ((uint32_t *)AT(i * 0x20000))[k]);
	}
}

TEST_HARNESS_MAIN
