// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera-product.c - matrix products: GEMM, and CONV2D as the product it is
 *
 * Blocks of A (MC x KC) and B (KC x NC) are packed into panels of MR rows and NR columns,
 * zero-filled at the edges; the inner kernel holds an MR x NR tile of C in registers, one
 * lane a column, so each sum keeps rising order of k without a horizontal add.
 *
 * s8 goes through the same f32 kernel: over KC = 256 products of at most 2^14 a sum is at
 * most 2^22, exact in f32; the tile is then added to C as s32, modulo 2^32.
 */
#include <string.h>

#include "tessera-product.h"

#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#else
#pragma GCC optimize("fp-contract=off")
#endif

#define MR	4
#define NR	8
#define MC	64u
#define KC	256u
#define NC	512u

_Static_assert(MC * KC + KC * NC == T1_PRODUCT_SCRATCH, "what the caller gives");

#define V4 float __attribute__((vector_size(16)))

static inline float element(const void *p, uint64_t i, bool i8)
{
	return i8 ? (float)((const int8_t *)p)[i] : ((const float *)p)[i];
}

/* A convolution's A: row @row (an output pixel), elements k0 .. k0 + kc - 1 of its window. */
static void pack_window(const struct t1_product *p, uint64_t row, uint64_t k0, uint64_t kc,
			float *dst)
{
	const struct t1_cmd *cmd = p->conv;
	const uint64_t h = cmd->conv.h, w = cmd->conv.w, cin = cmd->conv.cin;
	const uint64_t kw = cmd->conv.kw, stride = cmd->conv.stride, padding = cmd->conv.padding;
	const uint64_t oh = t1_conv_out(h, padding, cmd->conv.kh, stride);
	const uint64_t ow = t1_conv_out(w, padding, kw, stride);
	const uint64_t ox = row % ow, oy = row / ow % oh, image = row / ow / oh;
	uint64_t ci = k0 % cin, kx = k0 / cin % kw, ky = k0 / cin / kw;

	while (kc) {
		uint64_t count = min_u64(kc, cin - ci);
		/* In the padding these wrap round to huge, so one compare serves both sides. */
		uint64_t y = oy * stride + ky - padding, x = ox * stride + kx - padding;

		if (y < h && x < w) {
			uint64_t at = ((image * h + y) * w + x) * cin + ci;

			for (uint64_t i = 0; i < count; i++)
				dst[i * MR] = element(p->a, at + i, p->i8);
		} else {
			for (uint64_t i = 0; i < count; i++)
				dst[i * MR] = 0.0f;
		}
		dst += count * MR;
		kc -= count;
		ci = 0;
		if (++kx == kw) {
			kx = 0;
			ky++;
		}
	}
}

static void pack_a(const struct t1_product *p, uint64_t i0, uint64_t mc, uint64_t k0,
		   uint64_t kc, float *dst)
{
	for (uint64_t i = 0; i < mc; i += MR, dst += kc * MR) {
		for (uint64_t r = 0; r < MR; r++) {
			const uint64_t at = (i0 + i + r) * p->a_row + k0 * p->a_col;

			if (i + r >= mc)
				for (uint64_t l = 0; l < kc; l++)
					dst[l * MR + r] = 0.0f;
			else if (p->conv)
				pack_window(p, i0 + i + r, k0, kc, dst + r);
			else if (p->i8)
				for (uint64_t l = 0; l < kc; l++)
					dst[l * MR + r] = element(p->a, at + l * p->a_col, true);
			else
				for (uint64_t l = 0; l < kc; l++)
					dst[l * MR + r] = element(p->a, at + l * p->a_col, false);
		}
	}
}

static void pack_b(const struct t1_product *p, uint64_t k0, uint64_t kc, uint64_t j0,
		   uint64_t nc, float *dst)
{
	for (uint64_t j = 0; j < nc; j += NR, dst += kc * NR) {
		const uint64_t cols = min_u64(NR, nc - j);

		for (uint64_t l = 0; l < kc; l++) {
			const uint64_t at = (k0 + l) * p->b_row + (j0 + j) * p->b_col;
			float *row = dst + l * NR;

			if (!p->i8 && p->b_col == 1 && cols == NR) {
				memcpy(row, (const float *)p->b + at, NR * sizeof(float));
				continue;
			}
			for (uint64_t c = 0; c < cols; c++)
				row[c] = element(p->b, at + c * p->b_col, p->i8);
			for (uint64_t c = cols; c < NR; c++)
				row[c] = 0.0f;
		}
	}
}

/* acc[MR][NR] += panel of A (kc x MR) times panel of B (kc x NR) */
static void kernel(uint64_t kc, const float *a, const float *b, float *acc)
{
	V4 c[MR][2];

	memcpy(c, acc, sizeof(c));
	for (uint64_t l = 0; l < kc; l++, a += MR, b += NR) {
		V4 b0, b1;

		memcpy(&b0, b, sizeof(b0));
		memcpy(&b1, b + 4, sizeof(b1));
#pragma GCC unroll 4
		for (int i = 0; i < MR; i++) {
			const V4 ai = { a[i], a[i], a[i], a[i] };

			c[i][0] += ai * b0;
			c[i][1] += ai * b1;
		}
	}
	memcpy(acc, c, sizeof(c));
}

static void tile(const struct t1_product *p, uint64_t i0, uint64_t rows, uint64_t j0,
		 uint64_t cols, uint64_t kc, const float *a, const float *b)
{
	float acc[MR * NR] __attribute__((aligned(16))) = { 0 };

	if (p->i8) {
		uint32_t *c = (uint32_t *)p->c + i0 * p->n + j0;

		kernel(kc, a, b, acc);
		for (uint64_t i = 0; i < rows; i++)
			for (uint64_t j = 0; j < cols; j++)
				c[i * p->n + j] += (uint32_t)(int32_t)acc[i * NR + j];
	} else {
		float *c = (float *)p->c + i0 * p->n + j0;

		for (uint64_t i = 0; i < rows; i++)
			for (uint64_t j = 0; j < cols; j++)
				acc[i * NR + j] = c[i * p->n + j];
		kernel(kc, a, b, acc);
		for (uint64_t i = 0; i < rows; i++)
			for (uint64_t j = 0; j < cols; j++)
				c[i * p->n + j] = acc[i * NR + j];
	}
}

void t1_product(const struct t1_product *p, float *scratch)
{
	float *a_pack = scratch, *b_pack = scratch + MC * KC;

	for (uint64_t j0 = 0; j0 < p->n; j0 += NC) {
		const uint64_t nc = min_u64(NC, p->n - j0);

		for (uint64_t k0 = 0; k0 < p->k; k0 += KC) {
			const uint64_t kc = min_u64(KC, p->k - k0);

			pack_b(p, k0, kc, j0, nc, b_pack);
			for (uint64_t i0 = 0; i0 < p->m; i0 += MC) {
				const uint64_t mc = min_u64(MC, p->m - i0);

				pack_a(p, i0, mc, k0, kc, a_pack);
				for (uint64_t j = 0; j < nc; j += NR)
					for (uint64_t i = 0; i < mc; i += MR)
						tile(p, i0 + i, min_u64(MR, mc - i), j0 + j,
						     min_u64(NR, nc - j), kc, a_pack + i * kc,
						     b_pack + j * kc);
			}
		}
	}
}
