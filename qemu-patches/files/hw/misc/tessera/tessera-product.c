// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera-product.c - matrix products: GEMM, and CONV2D as the product it is
 *
 * C is computed in tiles of at most MC rows and NC columns, and a tile in blocks of KC terms of
 * each sum, so that no block is much work, whatever the shape. The sums of an unfinished tile are
 * all that one block leaves to the next. A's and B's part of a block are packed into panels of
 * MR rows and NR columns, zero-filled at the edges; the inner kernel holds MR x NR sums in
 * registers, one lane a column, so each keeps rising order of k without a horizontal add.
 *
 * s8 goes through the same f32 kernel: over KC = 256 products of at most 2^14 a sum is at
 * most 2^22, exact in f32; it is then added to C's as s32, modulo 2^32.
 */
#include "tessera-product.h"

#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#else
#pragma GCC optimize("fp-contract=off")
#endif

#define MR	4u
#define NR	8u
#define MC	64u
#define KC	256u
#define NC	128u

#define LINE	KC		/* the longest row or column of a block */

_Static_assert((MC * KC + KC * NC) * sizeof(float) <= T1_TENSOR_SCRATCH, "for packed A and B");
_Static_assert(MC * NC * sizeof(float) <= T1_TENSOR_PARTIAL, "for the sums of a tile");
_Static_assert(MC <= LINE && NC <= LINE, "no side of a block is longer");

/* Work of packing an element, or of loading and storing one of C */
#define WORK_PACK	8u

#define V4 float __attribute__((vector_size(16)))

/* Rows i0 .. i0 + mc - 1, columns j0 .. j0 + nc - 1, terms k0 .. k0 + kc - 1 */
struct block {
	uint64_t i0, mc;
	uint64_t j0, nc;
	uint64_t k0, kc;
};

static unsigned int read_floats(const struct t1_product *p, const struct t1_operand *op,
				uint64_t first, uint64_t count, const struct t1_mem *mem,
				float *to, uint64_t *fault_va)
{
	int8_t bytes[LINE];
	unsigned int fault;

	if (!p->i8)
		return mem->read(mem->opaque, op->va + first * sizeof(*to), to,
				 count * sizeof(*to), fault_va);
	fault = mem->read(mem->opaque, op->va + first, bytes, count, fault_va);
	for (uint64_t i = 0; i < count && !fault; i++)
		to[i] = bytes[i];
	return fault;
}

/* Terms k0 .. k0 + kc - 1 of a convolution's window for output pixel @row. */
static unsigned int read_window(const struct t1_product *p, uint64_t row, uint64_t k0,
				uint64_t kc, const struct t1_mem *mem, float *to,
				uint64_t *fault_va)
{
	const struct t1_cmd *cmd = p->conv;
	const int64_t h = cmd->conv.h, w = cmd->conv.w, cin = cmd->conv.cin;
	const int64_t kw = cmd->conv.kw, stride = cmd->conv.stride, padding = cmd->conv.padding;
	const uint64_t oh = t1_conv_out(h, padding, cmd->conv.kh, stride);
	const uint64_t ow = t1_conv_out(w, padding, kw, stride);
	const int64_t x0 = (int64_t)(row % ow) * stride - padding;
	const uint64_t image = row / ow / oh;
	int64_t y = (int64_t)(row / ow % oh) * stride - padding + (int64_t)k0 / (kw * cin);
	int64_t at = (int64_t)k0 % (kw * cin), left = (int64_t)kc;
	unsigned int fault;

	/* A row of the window at a time: what is inside of the image lies together there. */
	for (; left; y++, at = 0) {
		const int64_t end = at + left < kw * cin ? at + left : kw * cin;
		int64_t in = at > -x0 * cin ? at : -x0 * cin;
		int64_t out = end < (w - x0) * cin ? end : (w - x0) * cin;

		if (y < 0 || y >= h || in >= out) {
			in = end;
			out = end;
		}
		for (int64_t i = at; i < in; i++)
			to[i - at] = 0.0f;
		for (int64_t i = out; i < end; i++)
			to[i - at] = 0.0f;
		if (in < out) {
			const int64_t pixel = ((int64_t)image * h + y) * w + x0;

			fault = read_floats(p, p->a, pixel * cin + in, out - in, mem,
					    to + (in - at), fault_va);
			if (fault)
				return fault;
		}
		to += end - at;
		left -= end - at;
	}
	return 0;
}

/*
 * Rows (of A) or columns (of B) first .. first + count - 1, terms k0 .. k0 + kc - 1, into panels
 * of @width.
 */
static unsigned int pack(const struct t1_product *p, const struct t1_operand *op, bool by_k,
			 uint64_t first, uint64_t count, const struct block *at,
			 unsigned int width, const struct t1_mem *mem, float *to,
			 uint64_t *fault_va)
{
	const uint64_t k0 = at->k0, kc = at->kc;
	unsigned int fault = 0;
	float line[LINE];

	if (count % width)
		memset(to + (count - count % width) * kc, 0, kc * width * sizeof(*to));
	for (uint64_t l = 0; by_k && l < kc && !fault; l++) {
		fault = read_floats(p, op, (k0 + l) * op->ld + first, count, mem, line, fault_va);
		for (uint64_t i = 0; i < count && !fault; i += width)
			memcpy(to + i * kc + l * width, line + i,
			       min_u64(width, count - i) * sizeof(*to));
	}
	for (uint64_t i = 0; !by_k && i < count && !fault; i++) {
		float *column = to + (i - i % width) * kc + i % width;

		if (p->conv && op == p->a)
			fault = read_window(p, first + i, k0, kc, mem, line, fault_va);
		else
			fault = read_floats(p, op, (first + i) * op->ld + k0, kc, mem, line,
					    fault_va);
		for (uint64_t l = 0; l < kc && !fault; l++)
			column[l * width] = line[l];
	}
	return fault;
}

static uint64_t c_va(const struct t1_product *p, const struct block *at, uint64_t row)
{
	return p->c->va + ((at->i0 + row) * p->c->ld + at->j0) * sizeof(float);
}

static unsigned int load_c(const struct t1_product *p, const struct block *at,
			   const struct t1_mem *mem, uint64_t *fault_va)
{
	float *c = mem->partial;
	unsigned int fault = 0;

	for (uint64_t i = 0; i < at->mc && !fault; i++, c += NC) {
		if (p->accumulate)
			fault = mem->read(mem->opaque, c_va(p, at, i), c, at->nc * sizeof(*c),
					  fault_va);
		else
			memset(c, 0, at->nc * sizeof(*c));
	}
	return fault;
}

static unsigned int store_c(const struct t1_product *p, const struct block *at,
			    const struct t1_mem *mem, uint64_t *fault_va)
{
	float *c = mem->partial;
	unsigned int fault = 0;

	for (uint64_t i = 0; i < at->mc && !fault; i++, c += NC) {
		if (!p->i8)
			t1_canonicalise(c, at->nc);
		fault = mem->write(mem->opaque, c_va(p, at, i), c, at->nc * sizeof(*c), fault_va);
	}
	return fault;
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
		for (unsigned int i = 0; i < MR; i++) {
			const V4 ai = { a[i], a[i], a[i], a[i] };

			c[i][0] += ai * b0;
			c[i][1] += ai * b1;
		}
	}
	memcpy(acc, c, sizeof(c));
}

static void add_products(bool i8, uint64_t rows, uint64_t cols, uint64_t kc, const float *a,
			 const float *b, float *c)
{
	float acc[MR * NR] __attribute__((aligned(16))) = { 0 };
	uint32_t sum;

	for (uint64_t i = 0; i < rows && !i8; i++)
		memcpy(acc + i * NR, c + i * NC, cols * sizeof(*c));
	kernel(kc, a, b, acc);
	for (uint64_t i = 0; i < rows; i++) {
		if (!i8) {
			memcpy(c + i * NC, acc + i * NR, cols * sizeof(*c));
			continue;
		}
		for (uint64_t j = 0; j < cols; j++) {
			memcpy(&sum, c + i * NC + j, sizeof(sum));
			sum += (uint32_t)(int32_t)acc[i * NR + j];
			memcpy(c + i * NC + j, &sum, sizeof(sum));
		}
	}
}

/* Of the largest block; what reads and writes memory, packs and multiplies, each counted. */
static uint64_t block_work(const struct t1_product *p)
{
	const uint64_t mc = min_u64(p->block_rows, p->m), kc = min_u64(KC, p->k);
	const uint64_t nc = min_u64(NC, p->n);
	uint64_t accesses = (p->a_by_k ? kc : mc) + (p->b_by_k ? kc : nc) + 2 * mc;

	if (p->conv)
		accesses += mc * (kc / ((uint64_t)p->conv->conv.kw * p->conv->conv.cin) + 1);
	return div_up(mc, MR) * MR * div_up(nc, NR) * NR * kc +
	       (mc * kc + kc * nc + mc * nc) * WORK_PACK + accesses * T1_WORK_ACCESS;
}

uint64_t t1_product_divide(struct t1_product *p, uint64_t *work)
{
	p->block_rows = MC;
	*work = block_work(p);
	while (*work > T1_STEP_WORK && p->block_rows > MR) {
		p->block_rows /= 2;
		*work = block_work(p);
	}
	return div_up(p->m, p->block_rows) * div_up(p->n, NC) * div_up(p->k, KC);
}

unsigned int t1_product_run(const struct t1_product *p, uint64_t first, uint64_t count,
			    const struct t1_mem *mem, uint64_t *fault_va)
{
	const uint64_t rows = div_up(p->m, p->block_rows), depth = div_up(p->k, KC);
	float *a = mem->scratch, *b = a + MC * KC, *c = mem->partial;
	unsigned int fault = 0;

	for (uint64_t n = first; n < first + count && !fault; n++) {
		struct block at = {
			.k0 = n % depth * KC,
			.i0 = n / depth % rows * p->block_rows,
			.j0 = n / depth / rows * NC,
		};

		at.kc = min_u64(KC, p->k - at.k0);
		at.mc = min_u64(p->block_rows, p->m - at.i0);
		at.nc = min_u64(NC, p->n - at.j0);
		if (!at.k0)
			fault = load_c(p, &at, mem, fault_va);
		/* Tiles below each other have the same part of B, if it is the only one. */
		if (!fault && (n == first || depth > 1 || !at.i0))
			fault = pack(p, p->b, p->b_by_k, at.j0, at.nc, &at, NR, mem, b, fault_va);
		if (!fault)
			fault = pack(p, p->a, p->a_by_k, at.i0, at.mc, &at, MR, mem, a, fault_va);
		if (fault)
			break;
		for (uint64_t j = 0; j < at.nc; j += NR)
			for (uint64_t i = 0; i < at.mc; i += MR)
				add_products(p->i8, min_u64(MR, at.mc - i), min_u64(NR, at.nc - j),
					     at.kc, a + i * at.kc, b + j * at.kc, c + i * NC + j);
		if (at.k0 + at.kc == p->k)
			fault = store_c(p, &at, mem, fault_va);
	}
	return fault;
}
