/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tessera-product.h - matrix products: GEMM, and CONV2D as the product it is
 */
#ifndef TESSERA_PRODUCT_H
#define TESSERA_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "t1_hw.h"
#include "tessera-tensor.h"

/**
 * struct t1_operand - a matrix in the context's address space
 * @va: of its first element
 * @rows: number of rows
 * @cols: elements of a row
 * @ld: elements from a row to the next
 * @size: bytes of an element: 1 or 4, also its alignment
 * @passes: how often its bytes cross the memory bus
 */
struct t1_operand {
	uint64_t va;
	uint64_t rows;
	uint64_t cols;
	uint64_t ld;
	uint32_t size;
	uint32_t passes;
};

/**
 * struct t1_product - C[m][n] = A[m][k] B[k][n], in blocks
 * @a: A, or a convolution's input
 * @b: B
 * @c: C, f32 or s32
 * @m: rows of A and C
 * @n: columns of B and C
 * @k: inner dimension
 * @block_rows: rows of C in a tile
 * @conv: A's rows are the windows of this convolution; else NULL
 * @a_by_k: a row of A as stored is one k, else one row of C
 * @b_by_k: a row of B as stored is one k, else one column of C
 * @accumulate: C has starting values, else they are zero
 * @i8: A and B are s8, C s32
 */
struct t1_product {
	const struct t1_operand *a;
	const struct t1_operand *b;
	const struct t1_operand *c;
	uint64_t m, n, k;
	uint64_t block_rows;
	const struct t1_cmd *conv;
	bool a_by_k;
	bool b_by_k;
	bool accumulate;
	bool i8;
};

/**
 * t1_product_divide() - divide a product into blocks
 * @p: the product; sets @p->block_rows
 * @work: set to the work of a block, T1_STEP_WORK at most
 *
 * Return: how many blocks there are.
 */
uint64_t t1_product_divide(struct t1_product *p, uint64_t *work);

/**
 * t1_product_run() - compute some blocks of C += A B
 * @p: the product, divided
 * @first: first block
 * @count: blocks
 * @mem: address space of the operands
 * @fault_va: set to the virtual address of a memory fault
 *
 * All blocks have to be computed once, in rising order. Each f32 sum goes in rising order of k
 * from C on, products and sums rounded one by one; NaN are made canonical. An element of C is
 * read at most once and written once.
 *
 * Return: 0 or T1_FAULT_*.
 */
unsigned int t1_product_run(const struct t1_product *p, uint64_t first, uint64_t count,
			    const struct t1_mem *mem, uint64_t *fault_va);

#define T1_CANONICAL_NAN	0x7fc00000u

/* The sign and payload of a NaN depend on the CPU and on the order of operands. */
static inline void t1_canonicalise(float *f, uint64_t count)
{
	const uint32_t bits = T1_CANONICAL_NAN;
	float nan;

	memcpy(&nan, &bits, sizeof(nan));
	for (uint64_t i = 0; i < count; i++)
		f[i] = f[i] == f[i] ? f[i] : nan;
}

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

static inline uint64_t div_up(uint64_t a, uint64_t b)
{
	return b ? a / b + !!(a % b) : a;
}

#endif /* TESSERA_PRODUCT_H */
