/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tessera-product.h - matrix products: GEMM, and CONV2D as the product it is
 */
#ifndef TESSERA_PRODUCT_H
#define TESSERA_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

#include "t1_hw.h"

/**
 * struct t1_product - C[m][n] = A[m][k] B[k][n]
 * @a: A, or a convolution's input
 * @b: B
 * @c: C, f32 or s32, row stride @n
 * @m: rows of A and C
 * @n: columns of B and C
 * @k: inner dimension
 * @a_row: elements from a row of A to the next
 * @a_col: elements from a column of A to the next
 * @b_row: as @a_row, of B
 * @b_col: as @a_col, of B
 * @conv: A's rows are the windows of this convolution; else NULL
 * @i8: A and B are s8, C s32
 */
struct t1_product {
	const void *a;
	const void *b;
	void *c;
	uint64_t m, n, k;
	uint64_t a_row, a_col;
	uint64_t b_row, b_col;
	const struct t1_cmd *conv;
	bool i8;
};

/* Floats of scratch that t1_product() needs, 16-byte aligned. */
#define T1_PRODUCT_SCRATCH	(64u * 256u + 256u * 512u)

/**
 * t1_product() - compute C += A B
 * @p: the product; all operands in host memory, C with its starting values
 * @scratch: T1_PRODUCT_SCRATCH floats
 *
 * Each f32 sum goes in rising order of k from C on, products and sums rounded one by one.
 */
void t1_product(const struct t1_product *p, float *scratch);

/* Output rows (or columns) of a convolution whose fields have been checked. */
static inline uint64_t t1_conv_out(uint64_t in, uint64_t padding, uint64_t kernel,
				   uint64_t stride)
{
	return (in + 2 * padding - kernel) / stride + 1;
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

#endif /* TESSERA_PRODUCT_H */
