// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tensor_steps.c - how tensor operations are divided into steps, of any size and shape
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "tessera-tensor.h"

#define PLACE	0x10000000ull	/* of what is not looked at */

static uint64_t rng_state = 1;
static _Alignas(16) uint8_t scratch[T1_TENSOR_SCRATCH], partial[T1_TENSOR_PARTIAL];

static uint32_t rnd(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state >> 16;
}

static uint32_t rnd_in(uint32_t lo, uint32_t hi)
{
	return lo + rnd() % (hi - lo + 1);
}

/* Memory in which every byte is 1, so that a sum of s8 products is their number. */
static struct {
	uint64_t accesses;
	uint64_t bytes;
	uint64_t products;		/* of which the sums have been written */
} ones;

static unsigned int ones_read(void *opaque, uint64_t va, void *buf, uint64_t len,
			      uint64_t *fault_va)
{
	memset(buf, 1, len);
	ones.accesses++;
	ones.bytes += len;
	return 0;
}

static unsigned int ones_write(void *opaque, uint64_t va, const void *buf, uint64_t len,
			       uint64_t *fault_va)
{
	const uint32_t *sums = buf;

	for (uint64_t i = 0; i < len / 4; i++)
		ones.products += sums[i];
	ones.accesses++;
	ones.bytes += len;
	return 0;
}

static const struct t1_mem ones_mem = { NULL, scratch, partial, ones_read, ones_write };

/* From 1 to @max, all orders of magnitude alike. */
static uint32_t rnd_size(uint32_t max)
{
	const uint32_t size = rnd_in(1, max) >> rnd() % 17;

	return size ? size : 1;
}

static struct t1_cmd rnd_product(bool conv)
{
	struct t1_cmd c = { .opcode = conv ? T1_OP_CONV2D : T1_OP_GEMM };

	if (conv) {
		c.flags = T1_CONV_I8;
		c.conv.n = rnd_size(64);
		c.conv.h = rnd_size(65535);
		c.conv.w = rnd_size(65535);
		c.conv.cin = rnd_size(65535);
		c.conv.cout = rnd_size(65535);
		c.conv.kh = rnd_size(255);
		c.conv.kw = rnd_size(255);
		c.conv.stride = rnd_size(255);
		c.conv.padding = rnd_size(255) - 1;
	} else {
		c.flags = T1_GEMM_I8 | (rnd() & (T1_GEMM_TRANS_A | T1_GEMM_TRANS_B));
		c.gemm.m = rnd_size(T1_MAX_DIM);
		c.gemm.n = rnd_size(T1_MAX_DIM);
		c.gemm.k = rnd_size(T1_MAX_DIM);
		c.gemm.lda = c.flags & T1_GEMM_TRANS_A ? c.gemm.m : c.gemm.k;
		c.gemm.ldb = c.flags & T1_GEMM_TRANS_B ? c.gemm.k : c.gemm.n;
		c.gemm.ldc = c.gemm.n;
	}
	return c;
}

static struct t1_cmd rnd_other(uint8_t op)
{
	struct t1_cmd c = { .opcode = op };
	const uint32_t m = rnd_size(T1_MAX_DIM), n = rnd_size(T1_MAX_DIM);

	switch (op) {
	case T1_OP_ELTWISE:
		c.elt.count = rnd_size(1u << 25);
		break;
	case T1_OP_ACT:
		c.act.count = rnd_size(1u << 25);
		c.sub = T1_ACT_TANH_GRAD;
		break;
	case T1_OP_REQUANT:
		c.requant.count = rnd_size(1u << 27);
		c.sub = T1_REQUANT_U8_TO_I8;
		break;
	case T1_OP_BIAS:
		c.bias.m = m;
		c.bias.n = n;
		c.bias.ld_in = n + rnd() % 2;
		c.bias.ld_out = n + rnd() % 2;
		break;
	case T1_OP_SOFTMAX:
		c.flags = T1_SOFTMAX_GRAD | T1_SOFTMAX_LOSS;
		c.softmax.m = m;
		c.softmax.n = n + 1;	/* all labels are 1 */
		c.softmax.labels = PLACE;
		c.softmax.loss = PLACE;
		break;
	default:
		c.reduce.m = m;
		c.reduce.n = n;
		c.reduce.ld_in = n + rnd() % 2;
		c.reduce.axis = rnd() % 2;
	}
	return c;
}

/* Legal commands of all sizes and shapes, any of their steps: none is much work. */
static void test_bounded_steps(void)
{
	unsigned int tried = 0, divided = 0;
	uint64_t most = 0, unfinished;
	struct t1_steps steps;

	while (tried < 1500) {
		const uint8_t op = rnd_in(T1_OP_GEMM, T1_OP_REQUANT);
		const bool product = op <= T1_OP_CONV2D;
		struct t1_cmd c = product ? rnd_product(op == T1_OP_CONV2D) : rnd_other(op);
		uint64_t fault_va;

		if (t1_tensor_check(&c))
			continue;
		tried++;
		steps = t1_tensor_steps(&c);
		divided += steps.num > 1;
		CHECK(steps.num && steps.work && steps.work <= T1_STEP_WORK);
		memset(&ones, 0, sizeof(ones));
		memset(partial, 0, sizeof(partial));
		CHECK(!t1_tensor_step(&c, rnd() % steps.num, &ones_mem, &fault_va));
		CHECK(ones.accesses * T1_WORK_ACCESS <= steps.work);
		CHECK(ones.bytes <= steps.work);
		if (!product)
			continue;
		/* what is finished is counted twice, if it is the last */
		unfinished = 0;
		for (size_t i = 0; i < sizeof(partial) / 4; i++)
			unfinished += ((uint32_t *)partial)[i];
		CHECK(ones.products + unfinished <= 2ull * steps.work);
		most = ones.products > most ? ones.products : most;
	}
	/* steps are not so small that they are all that the device does */
	CHECK(divided > 300 && most > T1_STEP_WORK / 4);
}

/* All steps together are the whole command, each product once. */
static void test_all_steps(void)
{
	unsigned int tried = 0;

	while (tried < 60) {
		struct t1_cmd c = rnd_product(false);
		const uint64_t all = (uint64_t)c.gemm.m * c.gemm.n * c.gemm.k;
		struct t1_steps steps = t1_tensor_steps(&c);
		uint64_t fault_va;

		if (t1_tensor_check(&c) || all > 40u << 20 || steps.num < 2)
			continue;
		tried++;
		CHECK(steps.num * (uint64_t)steps.work >= all);
		memset(&ones, 0, sizeof(ones));
		for (uint32_t step = 0; step < steps.num; step++)
			CHECK(!t1_tensor_step(&c, step, &ones_mem, &fault_va));
		CHECK(ones.products == all);
		CHECK(t1_tensor_step(&c, steps.num, &ones_mem, &fault_va));
	}
}

static const struct ktap_test tests[] = {
	{ "bounded_steps", test_bounded_steps },
	{ "all_steps", test_all_steps },
};

/* The same numbers whether or not the tests before it are run */
static void seed(unsigned int i)
{
	rng_state = 88172645463325252ull + i;
}

int main(int argc, char **argv)
{
	return ktap_run_each(tests, sizeof(tests) / sizeof(tests[0]), seed, NULL, argc, argv);
}
