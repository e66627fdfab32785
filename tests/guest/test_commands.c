// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_commands.c - each engine command, against plain C written from t1_hw.h alone
 *
 * Products and sums are the same bytes on every machine, so these are compared by equality;
 * results that depend on exp() or log(), within a few units in the last place.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "drv.h"

#define MAX_N	20000

FIXTURE(cmd)
{
	struct t_env e;
	char *cpu;		/* data part of the arena */
	uint64_t va;
	unsigned int seed;
	char want[256 * 1024];
};

FIXTURE_VARIANT(cmd)
{
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(cmd, system)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(cmd, vram)
{
	.flags = DRM_TESSERA_BO_VRAM,
};

FIXTURE_SETUP(cmd)
{
	ASSERT_EQ(0, t_setup(&self->e, variant->flags, T1_ENGINE_COMPUTE));
	self->cpu = T_DATA_CPU(&self->e);
	self->va = T_DATA(&self->e);
	self->seed = 7;
}

FIXTURE_TEARDOWN(cmd)
{
	t_teardown(&self->e);
}

/* Operands are at quarters of the data part */
#define A_OFF		0
#define B_OFF		(512 * 1024)
#define C_OFF		(1024 * 1024)
#define D_OFF		(1536 * 1024)
#define A		(self->va + A_OFF)
#define B		(self->va + B_OFF)
#define C		(self->va + C_OFF)
#define D		(self->va + D_OFF)
/* What the CPU sees there, by type */
#define a_f32		((float *)(self->cpu + A_OFF))
#define a_raw		((char *)(self->cpu + A_OFF))
#define a_s32		((int32_t *)(self->cpu + A_OFF))
#define a_s8		((int8_t *)(self->cpu + A_OFF))
#define a_u32		((uint32_t *)(self->cpu + A_OFF))
#define a_u64		((uint64_t *)(self->cpu + A_OFF))
#define a_u8		((uint8_t *)(self->cpu + A_OFF))
#define b_f32		((float *)(self->cpu + B_OFF))
#define b_raw		((char *)(self->cpu + B_OFF))
#define b_s8		((int8_t *)(self->cpu + B_OFF))
#define b_u32		((uint32_t *)(self->cpu + B_OFF))
#define b_u8		((uint8_t *)(self->cpu + B_OFF))
#define c_f32		((float *)(self->cpu + C_OFF))
#define c_raw		((char *)(self->cpu + C_OFF))
#define c_s32		((int32_t *)(self->cpu + C_OFF))
#define c_u64		((uint64_t *)(self->cpu + C_OFF))
#define d_f32		((float *)(self->cpu + D_OFF))

static uint32_t bits(float f)
{
	uint32_t u;

	memcpy(&u, &f, 4);
	return u;
}

static float random_float(unsigned int *seed)
{
	return (rand_r(seed) % 20001 - 10000) / 1024.0f;
}

static void random_floats(unsigned int *seed, float *p, int n)
{
	while (n--)
		*p++ = random_float(seed);
}

static void random_bytes(unsigned int *seed, void *p, int n)
{
	unsigned char *b = p;

	while (n--)
		*b++ = rand_r(seed) >> 4;
}

#define RUN(...) ASSERT_EQ(0, t_run(&self->e, &CMD(__VA_ARGS__), 1))

/* The device's output, and that it wrote nothing behind it */
#define SAME(off, bytes)	EXPECT_EQ(0, differs(self->cpu + (off), self->want, bytes))
#define GUARD(off, bytes)	memset(self->cpu + (off), 0x5a, (bytes) + 64)

static int differs(const void *got, const void *want, int bytes)
{
	return memcmp(got, want, bytes) || ((const unsigned char *)got)[bytes] != 0x5a;
}

TEST_F(cmd, nop_fence_timestamp)
{
	struct t1_cmd cmds[] = {
		CMD(.opcode = T1_OP_NOP),
		CMD(.opcode = T1_OP_FENCE, .sync = { A, 0x1122334455667788ull }),
		CMD(.opcode = T1_OP_TIMESTAMP, .sync = { A + 8 }),
		FILL(B, 1 << 18, 1),
		CMD(.opcode = T1_OP_TIMESTAMP, .sync = { A + 16 }),
	};
	uint64_t *p = a_u64, mb_per_s;

	ASSERT_EQ(0, t_run(&self->e, cmds, 5));
	EXPECT_EQ(0x1122334455667788ull, p[0]);
	EXPECT_LT(0, p[1]);
	/* The fill took at least what it costs */
	ASSERT_EQ(0, t_param(self->e.fd, variant->flags ? DRM_TESSERA_PARAM_VRAM_MB_PER_S :
			     DRM_TESSERA_PARAM_DMA_MB_PER_S, &mb_per_s));
	EXPECT_LE(p[1] + (1ull << 18) * 1000 / mb_per_s * 9 / 10, p[2]);
}

TEST_F(cmd, fill)
{
	static const int sizes[] = { 4, 8, 60, 4096, 4100, 131072 };
	int i, k;

	for (i = 0; i < 6; i++) {
		for (k = 0; k < sizes[i]; k += 4)
			memcpy(self->want + k, "\x04\x03\x02\x01", 4);
		GUARD(A_OFF + 4, sizes[i]);
		RUN(.opcode = T1_OP_FILL, .copy = { A + 4, 0, sizes[i], 0x01020304 });
		SAME(A_OFF + 4, sizes[i]);
	}
}

TEST_F(cmd, copy)
{
	static const int at[][3] = {	/* from, to, bytes */
		{ 0, 0, 1 }, { 1, 3, 7 }, { 5, 4090, 4096 }, { 4095, 0, 8193 }, { 17, 33, 200000 },
	};
	int i;

	random_bytes(&self->seed, a_raw, 256 * 1024);
	for (i = 0; i < 5; i++) {
		memcpy(self->want, self->cpu + A_OFF + at[i][0], at[i][2]);
		GUARD(B_OFF + at[i][1], at[i][2]);
		RUN(.opcode = T1_OP_COPY, .copy = { B + at[i][1], A + at[i][0], at[i][2] });
		SAME(B_OFF + at[i][1], at[i][2]);
	}
}

static void gemm_f32(const float *a, const float *b, float *c, int m, int n, int k, int lda,
		     int ldb, int ldc, int flags)
{
	int ta = flags & T1_GEMM_TRANS_A, tb = flags & T1_GEMM_TRANS_B;
	int i, j, l;

	for (i = 0; i < m; i++) {
		for (j = 0; j < n; j++) {
			float sum = flags & T1_GEMM_ACCUMULATE ? c[i * ldc + j] : 0;

			for (l = 0; l < k; l++) {
				float product = a[ta ? l * lda + i : i * lda + l] *
						b[tb ? j * ldb + l : l * ldb + j];

				sum = sum + product;
			}
			c[i * ldc + j] = sum;
		}
	}
}

static void gemm_i8(const int8_t *a, const int8_t *b, int32_t *c, int m, int n, int k, int lda,
		    int ldb, int ldc, int flags)
{
	int ta = flags & T1_GEMM_TRANS_A, tb = flags & T1_GEMM_TRANS_B;
	int i, j, l;

	for (i = 0; i < m; i++) {
		for (j = 0; j < n; j++) {
			uint32_t sum = flags & T1_GEMM_ACCUMULATE ? c[i * ldc + j] : 0;

			for (l = 0; l < k; l++)
				sum += a[ta ? l * lda + i : i * lda + l] *
				       b[tb ? j * ldb + l : l * ldb + j];
			c[i * ldc + j] = sum;
		}
	}
}

static const int gemm_shape[][3] = {	/* m, n, k */
	{ 1, 1, 1 }, { 1, 17, 5 }, { 13, 1, 9 }, { 4, 4, 4 }, { 33, 29, 31 }, { 64, 10, 128 },
};

TEST_F(cmd, gemm_f32)
{
	int shape, flags, i;

	for (shape = 0; shape < 6; shape++) {
		for (flags = 0; flags < 8; flags++) {
			int m = gemm_shape[shape][0];
			int n = gemm_shape[shape][1];
			int k = gemm_shape[shape][2];
			int lda = (flags & T1_GEMM_TRANS_A ? m : k) + shape;
			int ldb = (flags & T1_GEMM_TRANS_B ? k : n) + 1;
			int ldc = n + 2;

			random_floats(&self->seed, a_f32, MAX_N);
			random_floats(&self->seed, b_f32, MAX_N);
			GUARD(C_OFF, m * ldc * 4);
			/* Where a sum starts from C, numbers whose sums are exact in any order */
			if (flags & T1_GEMM_ACCUMULATE) {
				for (i = 0; i < MAX_N; i++) {
					a_f32[i] = rand_r(&self->seed) % 65 - 32;
					b_f32[i] = rand_r(&self->seed) % 65 - 32;
				}
				for (i = 0; i < m * ldc; i++)
					c_f32[i] = rand_r(&self->seed) % 65;
			}
			memcpy(self->want, self->cpu + C_OFF, m * ldc * 4);
			gemm_f32(a_f32, b_f32, (float *)self->want, m, n, k, lda,
				 ldb, ldc, flags);
			RUN(.opcode = T1_OP_GEMM, .flags = flags,
			    .gemm = { A, B, C, m, n, k, lda, ldb, ldc });
			SAME(C_OFF, m * ldc * 4);
		}
	}
}

TEST_F(cmd, gemm_i8)
{
	int shape, flags;

	for (shape = 0; shape < 6; shape++) {
		for (flags = 0; flags < 8; flags++) {
			int m = gemm_shape[shape][0];
			int n = gemm_shape[shape][1];
			int k = gemm_shape[shape][2];
			int lda = (flags & T1_GEMM_TRANS_A ? m : k) + 3;
			int ldb = (flags & T1_GEMM_TRANS_B ? k : n) + shape;
			int ldc = n + 1;

			random_bytes(&self->seed, a_raw, MAX_N);
			random_bytes(&self->seed, b_raw, MAX_N);
			GUARD(C_OFF, m * ldc * 4);
			memcpy(self->want, self->cpu + C_OFF, m * ldc * 4);
			gemm_i8(a_s8, b_s8, (int32_t *)self->want, m, n, k,
				lda, ldb, ldc, flags);
			RUN(.opcode = T1_OP_GEMM, .flags = flags | T1_GEMM_I8,
			    .gemm = { A, B, C, m, n, k, lda, ldb, ldc });
			SAME(C_OFF, m * ldc * 4);
		}
	}
}

struct conv {
	int n, h, w, cin, cout, kh, kw, stride, pad;
};

/* One point of the output; bounds are the caller's */
static void conv_point(const void *in, const void *wt, void *out, const struct conv *s, int i8,
		       int b, int y, int x, int co)
{
	const int8_t *in8 = in, *wt8 = wt;
	const float *in32 = in, *wt32 = wt;
	float *f = out, product;
	int32_t *n = out;
	int ky, kx, ci;

	for (ky = 0; ky < s->kh; ky++) {
		for (kx = 0; kx < s->kw; kx++) {
			int iy = y * s->stride + ky - s->pad, ix = x * s->stride + kx - s->pad;

			if (iy < 0 || iy >= s->h || ix < 0 || ix >= s->w)
				continue;
			for (ci = 0; ci < s->cin; ci++) {
				int p = ((b * s->h + iy) * s->w + ix) * s->cin + ci;
				int q = ((ky * s->kw + kx) * s->cin + ci) * s->cout + co;

				if (i8) {
					*n += in8[p] * wt8[q];
				} else {
					product = in32[p] * wt32[q];
					*f = *f + product;
				}
			}
		}
	}
}

/* Bytes of the output */
static int conv2d(const void *in, const void *wt, char *out, const struct conv *s, int flags)
{
	int oh = (s->h + 2 * s->pad - s->kh) / s->stride + 1;
	int ow = (s->w + 2 * s->pad - s->kw) / s->stride + 1;
	int points = s->n * oh * ow * s->cout, i;

	if (!(flags & T1_CONV_ACCUMULATE))
		memset(out, 0, points * 4);
	for (i = 0; i < points; i++)
		conv_point(in, wt, out + 4 * i, s, flags & T1_CONV_I8,
			   i / (oh * ow * s->cout), i / (ow * s->cout) % oh, i / s->cout % ow,
			   i % s->cout);
	return points * 4;
}

static const struct conv convs[] = {
	{ 1, 1, 1, 1, 1, 1, 1, 1, 0 },
	{ 2, 8, 8, 3, 5, 3, 3, 1, 1 },
	{ 1, 9, 7, 2, 4, 3, 2, 2, 0 },
	{ 1, 5, 6, 4, 3, 5, 5, 1, 2 },
	{ 3, 6, 6, 1, 7, 2, 2, 3, 1 },
};

TEST_F(cmd, conv2d)
{
	int i, k, flags, bytes;

	for (i = 0; i < 5; i++) {
		const struct conv *s = &convs[i];

		for (flags = 0; flags < 4; flags++) {
			for (k = 0; k < MAX_N; k++) {
				a_f32[k] = rand_r(&self->seed) % 65 - 32;
				b_f32[k] = rand_r(&self->seed) % 65 - 32;
				c_f32[k] = flags & T1_CONV_I8 ? 0 : rand_r(&self->seed) % 65;
			}
			if (flags & T1_CONV_I8) {
				random_bytes(&self->seed, a_raw, MAX_N);
				random_bytes(&self->seed, b_raw, MAX_N);
				random_bytes(&self->seed, c_raw, MAX_N);
			}
			memcpy(self->want, self->cpu + C_OFF, 4 * MAX_N);
			bytes = conv2d(a_raw, b_raw, self->want, s, flags);
			memset(self->cpu + C_OFF + bytes, 0x5a, 64);
			RUN(.opcode = T1_OP_CONV2D, .flags = flags,
			    .conv = { A, B, C, s->n, s->h, s->w, s->cin, s->cout, s->kh, s->kw,
				      s->stride, s->pad });
			SAME(C_OFF, bytes);
		}
	}
}

TEST_F(cmd, eltwise)
{
	static const int counts[] = { 1, 7, 4096, 10001 };
	const float alpha = -1.25f;
	int i, k, sub;

	for (i = 0; i < 4; i++) {
		for (sub = T1_ELT_ADD; sub <= T1_ELT_MIN; sub++) {
			float *a = a_f32, *b = b_f32, *w = (float *)self->want;
			uint32_t factor = sub <= T1_ELT_MUL ? bits(alpha) : 0;

			random_floats(&self->seed, a, counts[i]);
			random_floats(&self->seed, b, counts[i]);
			for (k = 0; k < counts[i]; k++) {
				float ab = alpha * b[k], aa = alpha * a[k];

				w[k] = sub == T1_ELT_ADD ? a[k] + ab :
				       sub == T1_ELT_MUL ? aa * b[k] :
				       sub == T1_ELT_MAX ? (a[k] > b[k] ? a[k] : b[k]) :
				       (a[k] < b[k] ? a[k] : b[k]);
			}
			GUARD(C_OFF, counts[i] * 4);
			RUN(.opcode = T1_OP_ELTWISE, .sub = sub,
			    .elt = { A, B, C, counts[i], factor });
			SAME(C_OFF, counts[i] * 4);
			/* In place */
			RUN(.opcode = T1_OP_ELTWISE, .sub = sub,
			    .elt = { A, B, A, counts[i], factor });
			EXPECT_EQ(0, memcmp(a, w, counts[i] * 4));
		}
	}
}

TEST_F(cmd, bias)
{
	int m = 9, n = 21, ld_in = 23, ld_out = 22, i, j, s32;

	for (s32 = 0; s32 < 2; s32++) {
		random_floats(&self->seed, a_f32, m * ld_in);
		random_floats(&self->seed, b_f32, n);
		if (s32) {
			random_bytes(&self->seed, a_raw, m * ld_in * 4);
			random_bytes(&self->seed, b_raw, n * 4);
		}
		GUARD(C_OFF, m * ld_out * 4);
		memcpy(self->want, self->cpu + C_OFF, m * ld_out * 4);
		for (i = 0; i < m; i++) {
			for (j = 0; j < n; j++) {
				if (s32)
					((uint32_t *)self->want)[i * ld_out + j] =
						a_u32[i * ld_in + j] + b_u32[j];
				else
					((float *)self->want)[i * ld_out + j] =
						a_f32[i * ld_in + j] + b_f32[j];
			}
		}
		RUN(.opcode = T1_OP_BIAS, .flags = s32 ? T1_BIAS_I32 : 0,
		    .bias = { A, B, C, m, n, ld_in, ld_out });
		SAME(C_OFF, m * ld_out * 4);
	}
}

/* Within a part of the value, or within an error that its terms may have where they cancel */
static int close_to(float got, double want, double error)
{
	return fabs(got - want) <= 0.000004 * fabs(want) || fabs(got - want) < error;
}

TEST_F(cmd, activation)
{
	float *x = a_f32, *g = b_f32, *out = c_f32;
	int sub, k, n = 3001;

	for (sub = T1_ACT_RELU; sub <= T1_ACT_TANH_GRAD; sub++) {
		int grad = sub & 1;

		random_floats(&self->seed, x, n);
		random_floats(&self->seed, g, n);
		x[0] = 0;
		/* Of sigmoid and tanh the gradient takes the output */
		if (sub == T1_ACT_SIGMOID_GRAD || sub == T1_ACT_TANH_GRAD) {
			for (k = 0; k < n; k++)
				x[k] = x[k] / 20 + 0.5f;
		}
		RUN(.opcode = T1_OP_ACT, .sub = sub, .act = { A, grad ? B : 0, C, n });
		for (k = 0; k < n; k++) {
			double want = 0;

			switch (sub) {
			case T1_ACT_RELU:
				want = x[k] > 0 ? x[k] : 0;
				break;
			case T1_ACT_RELU_GRAD:
				want = x[k] > 0 ? g[k] : 0;
				break;
			case T1_ACT_SIGMOID:
				want = 1 / (1 + exp(-(double)x[k]));
				break;
			case T1_ACT_SIGMOID_GRAD:
				want = (double)g[k] * x[k] * (1 - (double)x[k]);
				break;
			case T1_ACT_TANH:
				want = tanh(x[k]);
				break;
			case T1_ACT_TANH_GRAD:
				want = g[k] * (1 - (double)x[k] * x[k]);
				break;
			}
			ASSERT_TRUE(sub <= T1_ACT_RELU_GRAD ? (float)want == out[k] :
				    close_to(out[k], want, 0.000002));
		}
	}
}

TEST_F(cmd, softmax)
{
	float *in = a_f32, *out = c_f32, *loss = d_f32;
	unsigned char *label = b_u8;
	int flags, m = 37, n = 10, i, j;
	const float scale = 1.0f / 64;

	for (flags = 0; flags < 4; flags++) {
		random_floats(&self->seed, in, m * n);
		for (i = 0; i < m; i++)
			label[i] = rand_r(&self->seed) % n;
		memset(loss, 0, m * 4);
		RUN(.opcode = T1_OP_SOFTMAX, .flags = flags,
		    .softmax = { A, flags ? B : 0, C, flags & T1_SOFTMAX_LOSS ? D : 0, m, n,
				 flags & T1_SOFTMAX_GRAD ? bits(scale) : 0 });
		for (i = 0; i < m; i++) {
			double max = in[i * n], sum = 0;

			for (j = 1; j < n; j++)
				max = fmax(max, in[i * n + j]);
			for (j = 0; j < n; j++)
				sum += exp(in[i * n + j] - max);
			for (j = 0; j < n; j++) {
				double p = exp(in[i * n + j] - max) / sum;

				if (flags & T1_SOFTMAX_GRAD)
					p = (p - (j == label[i])) * scale;
				ASSERT_TRUE(close_to(out[i * n + j], p, 0.000001));
			}
			if (!(flags & T1_SOFTMAX_LOSS))
				continue;
			sum = max + log(sum) - in[i * n + label[i]];
			ASSERT_TRUE(close_to(loss[i], sum, 0.00002));
		}
	}
}

TEST_F(cmd, softmax_label_out_of_range)
{
	struct drm_tessera_queue_query q;

	memset(self->cpu + B_OFF, 10, 4);
	EXPECT_EQ(-EIO, t_run(&self->e, &CMD(.opcode = T1_OP_SOFTMAX,
					     .flags = T1_SOFTMAX_GRAD,
					     .softmax = { A, B, C, 0, 4, 10, bits(1) }), 1));
	ASSERT_EQ(0, t_query(self->e.fd, self->e.queue, &q));
	EXPECT_EQ(T1_FAULT_BAD_COMMAND, q.fault);
}

TEST_F(cmd, reduce)
{
	float *in = a_f32, *w = (float *)self->want;
	int sub, axis, m = 19, n = 27, ld = 30, i, j;

	for (sub = T1_REDUCE_SUM; sub <= T1_REDUCE_ABSMAX; sub++) {
		for (axis = 0; axis < 2; axis++) {
			int count = axis ? m : n;

			random_floats(&self->seed, in, m * ld);
			for (i = 0; i < count; i++) {
				float r = sub == T1_REDUCE_MAX ? -INFINITY : 0;

				for (j = 0; j < (axis ? n : m); j++) {
					float v = axis ? in[i * ld + j] : in[j * ld + i];

					if (sub == T1_REDUCE_SUM)
						r += v;
					else if (sub == T1_REDUCE_MAX)
						r = v > r ? v : r;
					else
						r = fabsf(v) > r ? fabsf(v) : r;
				}
				w[i] = r;
			}
			GUARD(C_OFF, count * 4);
			RUN(.opcode = T1_OP_REDUCE, .sub = sub,
			    .reduce = { A, C, m, n, ld, axis });
			SAME(C_OFF, count * 4);
		}
	}
}

TEST_F(cmd, argmax)
{
	int m = 50, n = 10, ld = 11, i, j, s32;

	for (s32 = 0; s32 < 2; s32++) {
		for (i = 0; i < m * ld; i++) {
			/* Few values, so that there are equals */
			if (s32)
				a_s32[i] = rand_r(&self->seed) % 5 - 100000;
			else
				a_f32[i] = rand_r(&self->seed) % 5 - 2.5f;
		}
		for (i = 0; i < m; i++) {
			int best = 0;

			for (j = 1; j < n; j++) {
				if (s32 ? a_s32[i * ld + j] > a_s32[i * ld + best] :
				    a_f32[i * ld + j] > a_f32[i * ld + best])
					best = j;
			}
			((int32_t *)self->want)[i] = best;
		}
		GUARD(C_OFF, m * 4);
		RUN(.opcode = T1_OP_REDUCE,
		    .sub = s32 ? T1_REDUCE_ARGMAX_I32 : T1_REDUCE_ARGMAX,
		    .reduce = { A, C, m, n, ld, 1 });
		SAME(C_OFF, m * 4);
	}
}

/* Round to nearest, ties to even, by hand: no rounding mode is trusted here */
static int rne(double v)
{
	double low = floor(v), part = v - low;

	if (part > 0.5 || (part == 0.5 && fmod(low, 2) != 0))
		low += 1;
	return low > 127 ? 127 : low < -128 ? -128 : (int)low;
}

TEST_F(cmd, requant)
{
	const float scales[] = { 1.0f, 0.5f, 0.037f, 1.0f / 256 };
	int sub, relu, s, k, n = 4099;

	for (sub = T1_REQUANT_I32_TO_I8; sub <= T1_REQUANT_U8_TO_I8; sub++) {
		int to_i8 = sub != T1_REQUANT_I32_TO_F32 && sub != T1_REQUANT_U8_TO_F32;

		for (relu = 0; relu < 2; relu++) {
			for (s = 0; s < 4; s++) {
				random_bytes(&self->seed, a_raw, n * 4);
				for (k = 0; k < n; k++) {
					if (sub == T1_REQUANT_F32_TO_I8)
						a_f32[k] = random_float(&self->seed) * 20;
					else if (sub <= T1_REQUANT_I32_TO_F32)
						a_s32[k] = rand_r(&self->seed) % 40001 - 20000;
				}
				for (k = 0; k < n; k++) {
					float x, y;

					if (sub == T1_REQUANT_F32_TO_I8)
						x = a_f32[k];
					else if (sub <= T1_REQUANT_I32_TO_F32)
						x = a_s32[k];
					else
						x = a_u8[k];
					y = x * scales[s];
					if (relu && y < 0)
						y = 0;
					if (to_i8)
						((int8_t *)self->want)[k] = rne(y);
					else
						((float *)self->want)[k] = y;
				}
				GUARD(C_OFF, n * 4);
				RUN(.opcode = T1_OP_REQUANT, .sub = sub,
				    .flags = relu ? T1_REQUANT_RELU : 0,
				    .requant = { A, C, n, bits(scales[s]) });
				SAME(C_OFF, n * (to_i8 ? 1 : 4));
			}
		}
	}
}

/* A wait in the ring of one queue for a value that another queue's batch writes: order */
TEST_F(cmd, order_inside_a_batch)
{
	struct t1_cmd cmds[100];
	int i;

	cmds[0] = FILL(A, 4, 1);
	/* Doubling by adding: each needs the one before it */
	for (i = 1; i < 31; i++)
		cmds[i] = CMD(.opcode = T1_OP_BIAS, .flags = T1_BIAS_I32,
			      .bias = { A, A, A, 1, 1, 1, 1 });
	cmds[30] = COPY(C, A, 4);
	ASSERT_EQ(0, t_run(&self->e, cmds, 31));
	EXPECT_EQ(1 << 29, *c_s32);
}

/* Fields out of range, one at a time: each earns a fault and nothing is written */
TEST_F(cmd, refused)
{
	const struct t1_cmd bad[] = {
		CMD(.opcode = T1_OP_FILL, .copy = { A, 0, 6, 1 }),
		CMD(.opcode = T1_OP_FILL, .copy = { A + 2, 0, 8, 1 }),
		CMD(.opcode = T1_OP_FILL, .copy = { A, B, 8, 1 }),
		CMD(.opcode = T1_OP_COPY, .copy = { A, B, 8, 1 }),
		CMD(.opcode = T1_OP_COPY, .copy = { A, B, T1_MAX_BYTES + 1 }),
		CMD(.opcode = T1_OP_FENCE, .flags = T1_FENCE_IRQ, .sync = { A, 1 }),
		CMD(.opcode = T1_OP_FENCE, .sync = { A + 4, 1 }),
		CMD(.opcode = T1_OP_GEMM, .gemm = { A, B, C, 0, 1, 1, 1, 1, 1 }),
		CMD(.opcode = T1_OP_GEMM, .gemm = { A, B, C, 2, 2, 2, 1, 2, 2 }),
		CMD(.opcode = T1_OP_GEMM, .gemm = { A, B, C, 2, 2, 2, 2, 2, 1 }),
		CMD(.opcode = T1_OP_GEMM,
		    .gemm = { A, B, C, T1_MAX_DIM + 1, 1, 1, 1, 1, 1 }),
		CMD(.opcode = T1_OP_GEMM, .flags = 16, .gemm = { A, B, C, 1, 1, 1, 1, 1, 1 }),
		CMD(.opcode = T1_OP_GEMM, .gemm = { A + 1, B, C, 1, 1, 1, 1, 1, 1 }),
		CMD(.opcode = T1_OP_CONV2D, .conv = { A, B, C, 1, 2, 2, 1, 1, 3, 3, 1, 0 }),
		CMD(.opcode = T1_OP_CONV2D, .conv = { A, B, C, 1, 4, 4, 1, 1, 3, 3, 0, 0 }),
		CMD(.opcode = T1_OP_ELTWISE, .sub = 4, .elt = { A, B, C, 1 }),
		CMD(.opcode = T1_OP_ELTWISE, .sub = T1_ELT_MAX, .elt = { A, B, C, 1, 1 }),
		CMD(.opcode = T1_OP_ELTWISE, .elt = { A, B, C, 0 }),
		CMD(.opcode = T1_OP_ACT, .act = { A, B, C, 4 }),
		CMD(.opcode = T1_OP_ACT, .sub = 6, .act = { A, B, C, 4 }),
		CMD(.opcode = T1_OP_SOFTMAX, .softmax = { A, B, C, 0, 1, 1 }),
		CMD(.opcode = T1_OP_REDUCE, .sub = T1_REDUCE_ARGMAX,
		    .reduce = { A, C, 2, 2, 2, 0 }),
		CMD(.opcode = T1_OP_REDUCE, .reduce = { A, C, 2, 2, 2, 2 }),
		CMD(.opcode = T1_OP_REQUANT, .sub = 5, .requant = { A, C, 1 }),
		CMD(.opcode = T1_OP_REQUANT, .flags = 2, .requant = { A, C, 1 }),
	};
	struct drm_tessera_queue_query q;
	unsigned int i;

	memset(self->cpu, 0, 2048 * 1024 - 64);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(-EIO, t_run(&self->e, &bad[i], 1)) {
			TH_LOG("command %u", i);
		}
		ASSERT_EQ(0, t_query(self->e.fd, self->e.queue, &q));
		EXPECT_TRUE(q.fault == T1_FAULT_BAD_COMMAND ||
			    q.fault == T1_FAULT_MISALIGNED) {
			TH_LOG("command %u: fault %u", i, q.fault);
		}
		EXPECT_EQ(0, q.fault_batch_index);
		ASSERT_EQ(0, t_renew(&self->e, T1_ENGINE_COMPUTE));
	}
	for (i = 0; i < 16384; i++)
		ASSERT_EQ(0, c_u64[i]);
}

TEST_HARNESS_MAIN
