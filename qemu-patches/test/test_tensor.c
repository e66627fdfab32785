// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tensor.c - the T1's tensor operations against a plain C reference
 *
 * Arithmetic that IEEE 754 fixes is compared bit for bit; exponentials against libm in
 * long double, to one unit in the last place, and by a hash of a sweep, which must be the
 * same for every compiler and machine.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ktap.h"
#include "tessera-tensor.h"

#define MEM_BASE	0x10000000ull
#define MEM_SIZE	(8u << 20)
#define NAN_BITS	0x7fc00000u

static uint8_t memory[MEM_SIZE];
static uint64_t rng_state = 1;
static unsigned int accesses_left = ~0u;	/* then every access faults */

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

static unsigned int mem_access(uint64_t va, uint64_t len, uint64_t *fault_va)
{
	if (va < MEM_BASE || va - MEM_BASE > MEM_SIZE || len > MEM_BASE + MEM_SIZE - va ||
	    !accesses_left) {
		*fault_va = va;
		return T1_FAULT_UNMAPPED;
	}
	if (accesses_left != ~0u)
		accesses_left--;
	return 0;
}

static unsigned int mem_read(void *opaque, uint64_t va, void *buf, uint64_t len, uint64_t *fault_va)
{
	unsigned int fault = mem_access(va, len, fault_va);

	if (!fault)
		memcpy(buf, (uint8_t *)opaque + (va - MEM_BASE), len);
	return fault;
}

static unsigned int mem_write(void *opaque, uint64_t va, const void *buf, uint64_t len,
			      uint64_t *fault_va)
{
	unsigned int fault = mem_access(va, len, fault_va);

	if (!fault)
		memcpy((uint8_t *)opaque + (va - MEM_BASE), buf, len);
	return fault;
}

static _Alignas(16) uint8_t scratch[T1_TENSOR_SCRATCH], partial[T1_TENSOR_PARTIAL];

static const struct t1_mem mem = { memory, scratch, partial, mem_read, mem_write };

static const struct t1_rates rates = {
	500, T1_F32_MACS_PER_CLOCK, T1_I8_MACS_PER_CLOCK, 64000, 8000,
};

/* Places of operands: far enough apart for every test. */
#define PLACE(i)	(MEM_BASE + (uint64_t)(i) * (2u << 20))
#define AT(i)		(memory + (size_t)(i) * (2u << 20))

static float from_bits(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, 4);
	return f;
}

static uint32_t to_bits(float f)
{
	uint32_t bits;

	memcpy(&bits, &f, 4);
	return f == f ? bits : NAN_BITS;
}

/* One rounding each: out of line, so that nothing can be fused. */
static __attribute__((noinline)) float mul(float a, float b)
{
	return a * b;
}

static __attribute__((noinline)) float add(float a, float b)
{
	return a + b;
}

/* Mostly plain values, now and then what hurts. */
static float rnd_float(void)
{
	static const uint32_t special[] = {
		0x00000000, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345, 0x7f812345,
		0x00000001, 0x807fffff, 0x7f7fffff, 0xff7fffff, 0x00800000, 0x3f800000,
	};

	if (rnd() % 4096 == 0)
		return from_bits(special[rnd() % (sizeof(special) / 4)]);
	return ((int32_t)rnd()) / 1.0e9f;
}

static void fill_floats(void *p, size_t count)
{
	float *f = p;

	for (size_t i = 0; i < count; i++)
		f[i] = rnd_float();
}

static void fill_bytes(void *p, size_t count)
{
	uint8_t *b = p;

	for (size_t i = 0; i < count; i++)
		b[i] = rnd();
}

/* All steps of a command, up to a fault. Nothing lasts from one to the next but the partial. */
static unsigned int exec(const struct t1_cmd *cmd, uint64_t *fault_va)
{
	const uint32_t num = t1_tensor_steps(cmd).num;
	unsigned int fault = 0;

	for (uint32_t step = 0; step < num && !fault; step++) {
		memset(scratch, 0xa5, sizeof(scratch));
		fault = t1_tensor_step(cmd, step, &mem, fault_va);
	}
	return fault;
}

static void run(const struct t1_cmd *cmd)
{
	uint64_t fault_va = 0;
	unsigned int fault = t1_tensor_check(cmd);

	if (fault)
		FAIL("check: fault %u of opcode %#x", fault, cmd->opcode);
	fault = exec(cmd, &fault_va);
	if (fault)
		FAIL("exec: fault %u at %#llx", fault, (unsigned long long)fault_va);
}

static void same_bytes(const void *got, const void *want, size_t len, const char *what)
{
	const uint32_t *g = got, *w = want;

	for (size_t i = 0; i < len / 4; i++)
		if (g[i] != w[i]) {
			FAIL("%s: word %zu: got %08x, want %08x", what, i, g[i], w[i]);
			return;
		}
	if (memcmp(got, want, len))
		FAIL("%s: last bytes differ", what);
}

/* ---------------------------------------------------------------- GEMM -- */

static uint32_t want[1u << 19];

static void gemm_case(uint32_t m, uint32_t n, uint32_t k, uint16_t flags, uint32_t slack)
{
	const bool ta = flags & T1_GEMM_TRANS_A, tb = flags & T1_GEMM_TRANS_B;
	const bool i8 = flags & T1_GEMM_I8, acc = flags & T1_GEMM_ACCUMULATE;
	struct t1_cmd cmd = { .opcode = T1_OP_GEMM, .flags = flags };
	const uint32_t lda = (ta ? m : k) + slack, ldb = (tb ? k : n) + 2 * slack, ldc = n + slack;
	const size_t a_len = (size_t)lda * (ta ? k : m), b_len = (size_t)ldb * (tb ? n : k);
	char name[80];

	if (i8) {
		fill_bytes(AT(0), a_len);
		fill_bytes(AT(1), b_len);
		fill_bytes(AT(2), (size_t)ldc * m * 4);
	} else {
		fill_floats(AT(0), a_len);
		fill_floats(AT(1), b_len);
		fill_floats(AT(2), (size_t)ldc * m);
	}
	memcpy(want, AT(2), (size_t)ldc * m * 4);
	for (uint32_t i = 0; i < m; i++) {
		for (uint32_t j = 0; j < n; j++) {
			uint32_t *c = &want[(size_t)i * ldc + j];
			uint32_t isum = acc ? *c : 0;
			float fsum = acc ? from_bits(*c) : 0.0f;

			for (uint32_t l = 0; l < k; l++) {
				size_t ai = ta ? (size_t)l * lda + i : (size_t)i * lda + l;
				size_t bi = tb ? (size_t)j * ldb + l : (size_t)l * ldb + j;

				if (i8)
					isum += (uint32_t)(((int8_t *)AT(0))[ai] *
							   ((int8_t *)AT(1))[bi]);
				else
					fsum = add(fsum, mul(((float *)AT(0))[ai],
							     ((float *)AT(1))[bi]));
			}
			*c = i8 ? isum : to_bits(fsum);
		}
	}
	cmd.gemm.a = PLACE(0);
	cmd.gemm.b = PLACE(1);
	cmd.gemm.c = PLACE(2);
	cmd.gemm.m = m;
	cmd.gemm.n = n;
	cmd.gemm.k = k;
	cmd.gemm.lda = lda;
	cmd.gemm.ldb = ldb;
	cmd.gemm.ldc = ldc;
	run(&cmd);
	snprintf(name, sizeof(name), "gemm %ux%ux%u flags %x slack %u", m, n, k, flags, slack);
	same_bytes(AT(2), want, (size_t)ldc * m * 4, name);
}

static void test_gemm(void)
{
	static const uint32_t dims[][3] = {
		{ 1, 1, 1 }, { 4, 8, 16 }, { 5, 9, 3 }, { 64, 10, 128 }, { 3, 7, 600 },
		{ 67, 513, 11 }, { 65, 33, 257 }, { 1, 520, 520 }, { 130, 1, 300 },
	};

	for (unsigned int d = 0; d < sizeof(dims) / sizeof(dims[0]); d++)
		for (uint16_t flags = 0; flags < 16; flags++)
			gemm_case(dims[d][0], dims[d][1], dims[d][2], flags, flags & 4 ? 3 : 0);
	for (unsigned int i = 0; i < 100; i++)
		gemm_case(rnd_in(1, 40), rnd_in(1, 40), rnd_in(1, 40), rnd() & 15, rnd_in(0, 5));
}

/* The largest s8 products and a k past one block: sums pass 2^24, where f32 would round. */
static void test_gemm_i8_range(void)
{
	struct t1_cmd cmd = { .opcode = T1_OP_GEMM, .flags = T1_GEMM_I8 |
								       T1_GEMM_ACCUMULATE };
	const uint32_t k = 60001;
	int32_t c0 = 0x7ffffff0;

	memset(AT(0), 0x80, k);
	memset(AT(1), 0x80, k);
	((int8_t *)AT(1))[k - 1] = 127;
	memcpy(AT(2), &c0, 4);
	cmd.gemm.a = PLACE(0);
	cmd.gemm.b = PLACE(1);
	cmd.gemm.c = PLACE(2);
	cmd.gemm.m = 1;
	cmd.gemm.n = 1;
	cmd.gemm.k = k;
	cmd.gemm.lda = k;
	cmd.gemm.ldb = 1;
	cmd.gemm.ldc = 1;
	run(&cmd);
	CHECK(*(uint32_t *)AT(2) == (uint32_t)c0 + 60000u * 16384u - 128u * 127u);
}

/* -------------------------------------------------------------- CONV2D -- */

/* Input pixel, or a pixel of the padding: NULL */
static const void *ref_pixel(const struct t1_cmd *cmd, int img, int y, int x)
{
	const int h = cmd->conv.h, w = cmd->conv.w, size = cmd->flags & T1_CONV_I8 ? 1 : 4;

	if (y < 0 || y >= h || x < 0 || x >= w)
		return NULL;
	return AT(0) + (((size_t)img * h + y) * w + x) * cmd->conv.cin * size;
}

/* One output, as its bits: output row @y and column @x, channel @co, from @start on. */
static uint32_t ref_conv(const struct t1_cmd *cmd, int img, int y, int x, int co,
			 uint32_t start)
{
	const int cin = cmd->conv.cin, cout = cmd->conv.cout, kw = cmd->conv.kw;
	const bool i8 = cmd->flags & T1_CONV_I8;
	float fsum = from_bits(start);
	uint32_t isum = start;

	for (int k = 0; k < cmd->conv.kh * kw; k++) {
		const void *pixel = ref_pixel(cmd, img,
					      y * cmd->conv.stride + k / kw - cmd->conv.padding,
					      x * cmd->conv.stride + k % kw - cmd->conv.padding);

		for (int ci = 0; ci < cin; ci++) {
			const size_t wi = ((size_t)k * cin + ci) * cout + co;

			if (!i8)
				fsum = add(fsum, mul(pixel ? ((const float *)pixel)[ci] : 0,
						     ((float *)AT(1))[wi]));
			else if (pixel)
				isum += (uint32_t)(((const int8_t *)pixel)[ci] *
						   ((int8_t *)AT(1))[wi]);
		}
	}
	return i8 ? isum : to_bits(fsum);
}

static void conv_case(const struct t1_cmd *shape)
{
	struct t1_cmd cmd = *shape;
	const bool i8 = cmd.flags & T1_CONV_I8, acc = cmd.flags & T1_CONV_ACCUMULATE;
	const int n = cmd.conv.n, h = cmd.conv.h, w = cmd.conv.w, cin = cmd.conv.cin;
	const int cout = cmd.conv.cout, kh = cmd.conv.kh, kw = cmd.conv.kw;
	const int stride = cmd.conv.stride, pad = cmd.conv.padding;
	const int oh = (h + 2 * pad - kh) / stride + 1, ow = (w + 2 * pad - kw) / stride + 1;
	const size_t in_len = (size_t)n * h * w * cin, w_len = (size_t)kh * kw * cin * cout;
	const size_t out_len = (size_t)n * oh * ow * cout;
	size_t o = 0;

	cmd.opcode = T1_OP_CONV2D;
	cmd.conv.in = PLACE(0);
	cmd.conv.weights = PLACE(1);
	cmd.conv.out = PLACE(2);
	if (i8) {
		fill_bytes(AT(0), in_len);
		fill_bytes(AT(1), w_len);
		fill_bytes(AT(2), out_len * 4);
	} else {
		fill_floats(AT(0), in_len);
		fill_floats(AT(1), w_len);
		fill_floats(AT(2), out_len);
	}
	for (int img = 0; img < n; img++)
		for (int y = 0; y < oh; y++)
			for (int x = 0; x < ow; x++)
				for (int co = 0; co < cout; co++, o++)
					want[o] = ref_conv(&cmd, img, y, x, co,
							   acc ? ((uint32_t *)AT(2))[o] : 0);
	run(&cmd);
	same_bytes(AT(2), want, out_len * 4, "conv");
}

static void test_conv(void)
{
	for (unsigned int i = 0; i < 300; i++) {
		struct t1_cmd cmd = { .flags = rnd() & 3 };

		cmd.conv.n = rnd_in(1, 3);
		cmd.conv.h = rnd_in(1, 12);
		cmd.conv.w = rnd_in(1, 12);
		cmd.conv.cin = rnd_in(1, i % 10 ? 6 : 70);
		cmd.conv.cout = rnd_in(1, 12);
		cmd.conv.kh = rnd_in(1, 5);
		cmd.conv.kw = rnd_in(1, 5);
		cmd.conv.stride = rnd_in(1, 3);
		cmd.conv.padding = rnd_in(0, 3);
		if (cmd.conv.h + 2 * cmd.conv.padding < cmd.conv.kh ||
		    cmd.conv.w + 2 * cmd.conv.padding < cmd.conv.kw) {
			cmd.opcode = T1_OP_CONV2D;
			CHECK(t1_tensor_check(&cmd) == T1_FAULT_BAD_COMMAND);
			continue;
		}
		conv_case(&cmd);
	}
}

/* ---------------------------------------------------- element by element -- */

#define COUNT	20011u	/* past two chunks, no multiple of anything */

static void test_eltwise(void)
{
	for (uint8_t sub = T1_ELT_ADD; sub <= T1_ELT_MIN; sub++) {
		const bool uses_alpha = sub <= T1_ELT_MUL;
		struct t1_cmd cmd = { .opcode = T1_OP_ELTWISE, .sub = sub };
		const float alpha = -0.37f;
		const float *a = (float *)AT(0), *b = (float *)AT(1);

		fill_floats(AT(0), COUNT);
		fill_floats(AT(1), COUNT);
		cmd.elt.a = PLACE(0);
		cmd.elt.b = PLACE(1);
		cmd.elt.out = PLACE(2);
		cmd.elt.count = COUNT;
		cmd.elt.alpha = uses_alpha ? to_bits(alpha) : 0;
		for (uint32_t i = 0; i < COUNT; i++)
			want[i] = to_bits(sub == T1_ELT_ADD ? add(a[i], mul(alpha, b[i])) :
					  sub == T1_ELT_MUL ? mul(mul(alpha, a[i]), b[i]) :
					  sub == T1_ELT_MAX ? (a[i] > b[i] ? a[i] : b[i]) :
					  (a[i] < b[i] ? a[i] : b[i]));
		run(&cmd);
		same_bytes(AT(2), want, COUNT * 4, "eltwise");
		cmd.elt.out = cmd.elt.a;
		run(&cmd);
		same_bytes(AT(0), want, COUNT * 4, "eltwise in place");
	}
}

static void test_bias(void)
{
	for (unsigned int c = 0; c < 40; c++) {
		const bool i32 = c & 1, in_place = c & 2;
		const uint32_t m = rnd_in(1, 200), n = c == 5 ? 9000 : rnd_in(1, 100);
		const uint32_t ld_in = n + (c & 4), ld_out = in_place ? ld_in : n + (c & 8);
		struct t1_cmd cmd = { .opcode = T1_OP_BIAS,
					   .flags = i32 ? T1_BIAS_I32 : 0 };
		const uint32_t rows = n == 9000 ? 30 : m;
		uint8_t *out = in_place ? AT(0) : AT(2);

		if (i32) {
			fill_bytes(AT(0), (size_t)rows * ld_in * 4);
			fill_bytes(AT(1), n * 4);
		} else {
			fill_floats(AT(0), (size_t)rows * ld_in);
			fill_floats(AT(1), n);
		}
		memcpy(want, out, (size_t)rows * ld_out * 4);
		for (uint32_t i = 0; i < rows; i++)
			for (uint32_t j = 0; j < n; j++) {
				uint32_t *in = (uint32_t *)AT(0) + (size_t)i * ld_in + j;
				uint32_t *bias = (uint32_t *)AT(1) + j;

				want[(size_t)i * ld_out + j] = i32 ? *in + *bias :
					to_bits(add(from_bits(*in), from_bits(*bias)));
			}
		cmd.bias.in = PLACE(0);
		cmd.bias.bias = PLACE(1);
		cmd.bias.out = in_place ? PLACE(0) : PLACE(2);
		cmd.bias.m = rows;
		cmd.bias.n = n;
		cmd.bias.ld_in = ld_in;
		cmd.bias.ld_out = ld_out;
		run(&cmd);
		same_bytes(out, want, (size_t)rows * ld_out * 4, "bias");
	}
}

/* Distance in units in the last place between finite floats of one sign. */
static uint32_t ulps(float a, long double b)
{
	int32_t x, y;
	float fb = (float)b;

	if (a == fb || (a != a && fb != fb))
		return 0;
	memcpy(&x, &a, 4);
	memcpy(&y, &fb, 4);
	if ((x ^ y) < 0)
		return ~0u;
	return x > y ? x - y : y - x;
}

static void act_cmd(struct t1_cmd *cmd, uint8_t sub, uint32_t count, bool grad)
{
	memset(cmd, 0, sizeof(*cmd));
	cmd->opcode = T1_OP_ACT;
	cmd->sub = sub;
	cmd->act.x = PLACE(0);
	cmd->act.grad = grad ? PLACE(1) : 0;
	cmd->act.out = PLACE(2);
	cmd->act.count = count;
}

static void test_act_exact(void)
{
	static const uint8_t subs[] = { T1_ACT_RELU, T1_ACT_RELU_GRAD,
					T1_ACT_SIGMOID_GRAD, T1_ACT_TANH_GRAD };

	for (unsigned int s = 0; s < sizeof(subs); s++) {
		const uint8_t sub = subs[s];
		const float *x = (float *)AT(0), *g = (float *)AT(1);
		struct t1_cmd cmd;

		fill_floats(AT(0), COUNT);
		fill_floats(AT(1), COUNT);
		for (uint32_t i = 0; i < COUNT; i++)
			want[i] = to_bits(sub == T1_ACT_RELU ? (x[i] > 0 ? x[i] : 0) :
					  sub == T1_ACT_RELU_GRAD ? (x[i] > 0 ? g[i] : 0) :
					  sub == T1_ACT_SIGMOID_GRAD ?
					  mul(mul(g[i], x[i]), add(1, -x[i])) :
					  mul(g[i], add(1, -mul(x[i], x[i]))));
		act_cmd(&cmd, sub, COUNT, sub != T1_ACT_RELU);
		run(&cmd);
		same_bytes(AT(2), want, COUNT * 4, "act");
	}
}

static uint64_t hash_bytes(uint64_t h, const void *p, size_t len)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < len; i++)
		h = (h ^ b[i]) * 0x100000001b3ull;
	return h;
}

static void test_act_smooth(void)
{
	float *x = (float *)AT(0), *out = (float *)AT(2);
	const uint32_t count = 400001;
	uint64_t hash = 0xcbf29ce484222325ull;
	unsigned int off = 0;
	struct t1_cmd cmd;

	for (uint8_t sub = T1_ACT_SIGMOID; sub <= T1_ACT_TANH; sub += 2) {
		for (uint32_t i = 0; i < count; i++)
			x[i] = ((int)i - 200000) / (i & 1 ? 2000.0f : 900000.0f);
		x[0] = INFINITY;
		x[1] = -INFINITY;
		x[2] = NAN;
		x[3] = -0.0f;
		x[4] = from_bits(71362);
		x[5] = -1e30f;
		act_cmd(&cmd, sub, count, false);
		run(&cmd);
		for (uint32_t i = 0; i < count; i++) {
			long double ref = sub == T1_ACT_TANH ? tanhl(x[i]) :
					  1 / (1 + expl(-(long double)x[i]));
			uint32_t d = ulps(out[i], ref);

			if (d > 1)
				FAIL("sub %u of %a: %a, not %La", sub, x[i], out[i], ref);
			off += d;
		}
		hash = hash_bytes(hash, out, count * 4);
	}
	if (off > 8)
		FAIL("%u values not correctly rounded", off);
	if (hash != 0x83c9aae2185d92fe)
		FAIL("hash of the sweep is %#llx", (unsigned long long)hash);
}

static int8_t ref_quant(float x, bool relu)
{
	double r = nearbyint(x);

	if (x != x)
		return 0;
	r = r > 127 ? 127 : r < -128 ? -128 : r;
	return relu && r < 0 ? 0 : (int8_t)r;
}

static void test_requant(void)
{
	for (uint8_t sub = 0; sub <= T1_REQUANT_U8_TO_I8; sub++) {
		for (uint16_t flags = 0; flags <= T1_REQUANT_RELU; flags++) {
			const float scale = sub == T1_REQUANT_F32_TO_I8 ? 64.5f : 0.3125f;
			struct t1_cmd cmd = { .opcode = T1_OP_REQUANT, .sub = sub,
						   .flags = flags };
			const bool wide = sub == T1_REQUANT_I32_TO_F32 ||
					  sub == T1_REQUANT_U8_TO_F32;
			int8_t *want8 = (int8_t *)want;

			if (sub == T1_REQUANT_F32_TO_I8)
				fill_floats(AT(0), COUNT);
			else
				fill_bytes(AT(0), COUNT * 4);
			/* halves, so that ties to even are met */
			for (uint32_t i = 0; sub == T1_REQUANT_I32_TO_I8 && i < 4000; i++)
				((int32_t *)AT(0))[i] = (int32_t)i - 2000;
			for (uint32_t i = 0; i < COUNT; i++) {
				float x = sub == T1_REQUANT_F32_TO_I8 ? ((float *)AT(0))[i] :
					  sub == T1_REQUANT_U8_TO_F32 ||
					  sub == T1_REQUANT_U8_TO_I8 ? (float)AT(0)[i] :
					  (float)((int32_t *)AT(0))[i];

				x = mul(x, scale);
				if (wide)
					want[i] = to_bits(flags && !(x > 0) ? 0 : x);
				else
					want8[i] = ref_quant(x, flags);
			}
			cmd.requant.in = PLACE(0);
			cmd.requant.out = PLACE(2);
			cmd.requant.count = COUNT;
			cmd.requant.scale = to_bits(scale);
			run(&cmd);
			same_bytes(AT(2), want, wide ? COUNT * 4 : COUNT, "requant");
		}
	}
}

/* ------------------------------------------------------------- SOFTMAX -- */

/**
 * struct ref_row - what a row's softmax is made of
 * @max: largest logit
 * @sum: of the exponentials of logits less @max
 */
struct ref_row {
	float max;
	double sum;
};

static struct ref_row ref_row(const float *x, uint32_t n)
{
	struct ref_row r = { x[0], 0 };

	for (uint32_t j = 1; j < n; j++)
		r.max = x[j] > r.max ? x[j] : r.max;
	for (uint32_t j = 0; j < n; j++)
		r.sum += expl((long double)x[j] - r.max);
	return r;
}

static void test_softmax(void)
{
	float *in = (float *)AT(0), *out = (float *)AT(1), *loss = (float *)(AT(3) + 65536);
	uint8_t *labels = AT(3);
	uint64_t hash = 0xcbf29ce484222325ull;

	for (unsigned int c = 0; c < 24; c++) {
		const uint32_t m = c < 4 ? 3000 : rnd_in(1, 70), n = c < 4 ? 10 : rnd_in(1, 256);
		const uint16_t flags = c & 3;
		const bool grad = flags & T1_SOFTMAX_GRAD, wl = flags & T1_SOFTMAX_LOSS;
		const float scale = 0.75f;
		struct t1_cmd cmd = { .opcode = T1_OP_SOFTMAX, .flags = flags };

		for (uint32_t i = 0; i < m * n; i++)
			in[i] = ((int32_t)rnd()) / (i % 3 ? 5.0e8f : 2.0e7f);
		for (uint32_t i = 0; i < m; i++)
			labels[i] = rnd() % n;
		cmd.softmax.in = PLACE(0);
		cmd.softmax.out = PLACE(1);
		cmd.softmax.m = m;
		cmd.softmax.n = n;
		cmd.softmax.labels = flags ? PLACE(3) : 0;
		cmd.softmax.loss = wl ? PLACE(3) + 65536 : 0;
		cmd.softmax.scale = grad ? to_bits(scale) : 0;
		run(&cmd);
		for (uint32_t i = 0; i < m; i++) {
			const float *x = in + i * n;
			const struct ref_row r = ref_row(x, n);

			for (uint32_t j = 0; j < n; j++) {
				long double p = expl((long double)x[j] - r.max) / r.sum;

				if (grad)
					p = (p - (j == labels[i])) * scale;
				/* x - max is rounded to f32: relative error 2^-24 |x - max| */
				if (fabsl(out[i * n + j] - p) > 0.00002L * fabsl(p) + 0.0000002L)
					FAIL("softmax %g, not %Lg", out[i * n + j], p);
			}
			if (wl) {
				long double l = logl(r.sum) -
						((long double)x[labels[i]] - r.max);

				if (fabsl(loss[i] - l) > 0.000002L * fabsl(l) + 0.000001L)
					FAIL("loss %g, not %Lg", loss[i], l);
			}
		}
		hash = hash_bytes(hash, out, m * n * 4);
		if (wl)
			hash = hash_bytes(hash, loss, m * 4);
	}
	if (hash != 0x8e5d768756455f81)
		FAIL("hash of the results is %#llx", (unsigned long long)hash);
}

static void test_softmax_odd(void)
{
	struct t1_cmd cmd = { .opcode = T1_OP_SOFTMAX, .flags = T1_SOFTMAX_LOSS };
	float *in = (float *)AT(0), *out = (float *)AT(1), *loss = (float *)AT(2);
	uint64_t fault_va = 0;

	cmd.softmax.in = PLACE(0);
	cmd.softmax.out = PLACE(1);
	cmd.softmax.loss = PLACE(2);
	cmd.softmax.labels = PLACE(3);
	cmd.softmax.m = 3;
	cmd.softmax.n = 3;
	memset(AT(3), 1, 4);
	in[0] = 0; in[1] = -1000; in[2] = 0;		/* underflow at the label */
	in[3] = INFINITY; in[4] = 0; in[5] = 0;
	in[6] = 0; in[7] = NAN; in[8] = 0;
	run(&cmd);
	CHECK(out[0] == 0.5f && out[1] == 0 && out[2] == 0.5f && loss[0] > 1000.6f &&
	      loss[0] < 1000.8f);
	CHECK(((uint32_t *)out)[3] == NAN_BITS && ((uint32_t *)loss)[1] == NAN_BITS);
	CHECK(((uint32_t *)out)[7] == NAN_BITS && ((uint32_t *)loss)[2] == NAN_BITS);
	AT(3)[2] = 3;
	CHECK(exec(&cmd, &fault_va) == T1_FAULT_BAD_COMMAND);
	CHECK(fault_va == PLACE(3) + 2);
}

/* -------------------------------------------------------------- REDUCE -- */

static uint32_t ref_reduce(uint8_t sub, const uint32_t *x, size_t count, size_t step)
{
	float acc = sub == T1_REDUCE_MAX ? from_bits(x[0]) : 0;
	uint32_t best = 0;

	for (size_t i = 0; i < count; i++) {
		float f = from_bits(x[i * step]);

		if (sub == T1_REDUCE_SUM)
			acc = add(acc, f);
		else if (sub == T1_REDUCE_MAX)
			acc = f > acc ? f : acc;
		else if (sub == T1_REDUCE_ABSMAX)
			acc = fabsf(f) > acc ? fabsf(f) : acc;
		else if (sub == T1_REDUCE_ARGMAX)
			best = f > from_bits(x[best * step]) ? i : best;
		else
			best = (int32_t)x[i * step] > (int32_t)x[best * step] ? i : best;
	}
	return sub >= T1_REDUCE_ARGMAX ? best : to_bits(acc);
}

static void test_reduce(void)
{
	for (unsigned int c = 0; c < 120; c++) {
		const uint8_t sub = c % 5, axis = sub >= T1_REDUCE_ARGMAX ? 1 : c & 1;
		const uint32_t m = c >= 100 ? 3000 : rnd_in(1, 60);
		const uint32_t n = c == 7 ? 8200 : rnd_in(1, 60);
		const uint32_t ld = n + rnd_in(0, 3);
		struct t1_cmd cmd = { .opcode = T1_OP_REDUCE, .sub = sub };
		const uint32_t *x = (uint32_t *)AT(0);

		if (sub == T1_REDUCE_ARGMAX_I32)
			for (uint32_t i = 0; i < m * ld; i++)
				((int32_t *)AT(0))[i] = (int32_t)rnd() >> (i % 2 ? 29 : 1);
		else
			fill_floats(AT(0), (size_t)m * ld);
		/* equals, of which the first counts */
		for (uint32_t i = 0; sub == T1_REDUCE_ARGMAX && i < m * ld; i += 2)
			((float *)AT(0))[i] = (float)(rnd() % 4);
		for (uint32_t i = 0; i < (axis ? m : n); i++)
			want[i] = ref_reduce(sub, x + (axis ? i * ld : i), axis ? n : m,
					     axis ? 1 : ld);
		cmd.reduce.in = PLACE(0);
		cmd.reduce.out = PLACE(2);
		cmd.reduce.m = m;
		cmd.reduce.n = n;
		cmd.reduce.ld_in = ld;
		cmd.reduce.axis = axis;
		run(&cmd);
		same_bytes(AT(2), want, (axis ? m : n) * 4, "reduce");
	}
}

/* ------------------------------------------------------ what is refused -- */

/* A good command of each opcode and sub-operation, to spoil one field at a time. */
static struct t1_cmd good(uint8_t opcode, uint8_t sub)
{
	struct t1_cmd cmd = { .opcode = opcode, .sub = sub };

	switch (opcode) {
	case T1_OP_GEMM:
		cmd.gemm.a = PLACE(0);
		cmd.gemm.b = PLACE(1);
		cmd.gemm.c = PLACE(2);
		cmd.gemm.m = 2;
		cmd.gemm.n = 3;
		cmd.gemm.k = 4;
		cmd.gemm.lda = 4;
		cmd.gemm.ldb = 3;
		cmd.gemm.ldc = 3;
		break;
	case T1_OP_CONV2D:
		cmd.conv.in = PLACE(0);
		cmd.conv.weights = PLACE(1);
		cmd.conv.out = PLACE(2);
		cmd.conv.n = 1;
		cmd.conv.h = 5;
		cmd.conv.w = 5;
		cmd.conv.cin = 2;
		cmd.conv.cout = 2;
		cmd.conv.kh = 3;
		cmd.conv.kw = 3;
		cmd.conv.stride = 1;
		cmd.conv.padding = 1;
		break;
	case T1_OP_ELTWISE:
		cmd.elt.a = PLACE(0);
		cmd.elt.b = PLACE(1);
		cmd.elt.out = PLACE(2);
		cmd.elt.count = 5;
		break;
	case T1_OP_BIAS:
		cmd.bias.in = PLACE(0);
		cmd.bias.bias = PLACE(1);
		cmd.bias.out = PLACE(2);
		cmd.bias.m = 2;
		cmd.bias.n = 3;
		cmd.bias.ld_in = 3;
		cmd.bias.ld_out = 3;
		break;
	case T1_OP_ACT:
		cmd.act.x = PLACE(0);
		cmd.act.out = PLACE(2);
		cmd.act.count = 5;
		if (sub == T1_ACT_RELU_GRAD || sub == T1_ACT_SIGMOID_GRAD ||
		    sub == T1_ACT_TANH_GRAD)
			cmd.act.grad = PLACE(1);
		break;
	case T1_OP_SOFTMAX:
		cmd.flags = T1_SOFTMAX_GRAD | T1_SOFTMAX_LOSS;
		cmd.softmax.in = PLACE(0);
		cmd.softmax.out = PLACE(1);
		cmd.softmax.labels = PLACE(2);
		cmd.softmax.loss = PLACE(3);
		cmd.softmax.m = 2;
		cmd.softmax.n = 3;
		break;
	case T1_OP_REDUCE:
		cmd.reduce.in = PLACE(0);
		cmd.reduce.out = PLACE(2);
		cmd.reduce.m = 2;
		cmd.reduce.n = 3;
		cmd.reduce.ld_in = 3;
		cmd.reduce.axis = 1;
		break;
	case T1_OP_REQUANT:
		cmd.requant.in = PLACE(0);
		cmd.requant.out = PLACE(2);
		cmd.requant.count = 5;
		break;
	}
	return cmd;
}

static void refused(struct t1_cmd cmd, unsigned int fault, int line)
{
	uint64_t fault_va;
	unsigned int got = t1_tensor_check(&cmd);

	if (got != fault)
		FAIL("line %d: opcode %#x: fault %u, not %u", line, cmd.opcode, got, fault);
	if (exec(&cmd, &fault_va) != got)
		FAIL("line %d: exec and check differ", line);
	if (t1_tensor_cost_ns(&cmd, &rates) != 0)
		FAIL("line %d: a bad command has a cost", line);
}

#define SPOIL(op, sub, fault, assignment) do {		\
	struct t1_cmd c = good(op, sub);		\
	if (t1_tensor_check(&c))			\
		FAIL("%d: not good at first", __LINE__);\
	c.assignment;					\
	refused(c, T1_FAULT_##fault, __LINE__);	\
} while (0)

static void test_refused_fields(void)
{
	static const uint8_t subs[] = { 0, 0, 4, 0, 6, 0, 5, 5 };
	static const uint16_t flags[] = { 15, 3, 0, 1, 0, 3, 0, 1 };
	const uint64_t past = 1ull << T1_VA_BITS;

	for (uint8_t op = 0; op < 255; op++) {
		struct t1_cmd cmd = good(op, 0);
		unsigned int fault = t1_tensor_check(&cmd);

		CHECK(fault == (op >= T1_OP_GEMM && op <= T1_OP_REQUANT ?
				0 : T1_FAULT_BAD_COMMAND));
	}
	for (uint8_t op = T1_OP_GEMM; op <= T1_OP_REQUANT; op++) {
		const unsigned int i = op - T1_OP_GEMM;

		SPOIL(op, 0, BAD_COMMAND, rsvd = 1);
		for (unsigned int bit = 0; bit < 16; bit++)
			if (!(flags[i] >> bit & 1))
				SPOIL(op, 0, BAD_COMMAND, flags |= 1u << bit);
		for (unsigned int sub = subs[i] ? subs[i] : 1; sub < 256; sub++)
			SPOIL(op, 0, BAD_COMMAND, sub = sub);
	}
	for (unsigned int i = 0; i < 8; i++)
		SPOIL(T1_OP_GEMM, 0, BAD_COMMAND, gemm.pad[i] = 1);
	for (unsigned int i = 0; i < 18; i++)
		SPOIL(T1_OP_CONV2D, 0, BAD_COMMAND, conv.pad[i] = 1);
	for (unsigned int i = 0; i < 24; i++)
		SPOIL(T1_OP_ELTWISE, 0, BAD_COMMAND, elt.pad[i] = 1);
	for (unsigned int i = 0; i < 16; i++)
		SPOIL(T1_OP_BIAS, 0, BAD_COMMAND, bias.pad[i] = 1);
	for (unsigned int i = 0; i < 28; i++)
		SPOIL(T1_OP_ACT, 0, BAD_COMMAND, act.pad[i] = 1);
	for (unsigned int i = 0; i < 12; i++)
		SPOIL(T1_OP_SOFTMAX, 0, BAD_COMMAND, softmax.pad[i] = 1);
	for (unsigned int i = 0; i < 24; i++)
		SPOIL(T1_OP_REDUCE, 0, BAD_COMMAND, reduce.pad[i] = 1);
	for (unsigned int i = 0; i < 32; i++)
		SPOIL(T1_OP_REQUANT, 0, BAD_COMMAND, requant.pad[i] = 1);

	SPOIL(T1_OP_GEMM, 0, BAD_COMMAND, gemm.m = 0);
	SPOIL(T1_OP_GEMM, 0, BAD_COMMAND, gemm.n = 0);
	SPOIL(T1_OP_GEMM, 0, BAD_COMMAND, gemm.k = 0);
	SPOIL(T1_OP_GEMM, 0, BAD_COMMAND, gemm.m = T1_MAX_DIM + 1);
	SPOIL(T1_OP_GEMM, 0, BAD_COMMAND, gemm.lda = 3);
	SPOIL(T1_OP_GEMM, 0, BAD_COMMAND, gemm.ldb = 2);
	SPOIL(T1_OP_GEMM, 0, BAD_COMMAND, gemm.ldc = 2);
	SPOIL(T1_OP_GEMM, 0, BAD_COMMAND, gemm.ldc = 0xffffffff);
	SPOIL(T1_OP_GEMM, 0, MISALIGNED, gemm.a += 2);
	SPOIL(T1_OP_GEMM, 0, MISALIGNED, gemm.c += 1);
	SPOIL(T1_OP_GEMM, 0, UNMAPPED, gemm.b = past);
	SPOIL(T1_OP_GEMM, 0, UNMAPPED, gemm.b = past - 44);
	SPOIL(T1_OP_GEMM, 0, UNMAPPED, gemm.a = ~0ull - 3);
	SPOIL(T1_OP_CONV2D, 0, BAD_COMMAND, conv.n = 0);
	SPOIL(T1_OP_CONV2D, 0, BAD_COMMAND, conv.h = 0);
	SPOIL(T1_OP_CONV2D, 0, BAD_COMMAND, conv.w = 0);
	SPOIL(T1_OP_CONV2D, 0, BAD_COMMAND, conv.cin = 0);
	SPOIL(T1_OP_CONV2D, 0, BAD_COMMAND, conv.cout = 0);
	SPOIL(T1_OP_CONV2D, 0, BAD_COMMAND, conv.kh = 0);
	SPOIL(T1_OP_CONV2D, 0, BAD_COMMAND, conv.kw = 0);
	SPOIL(T1_OP_CONV2D, 0, BAD_COMMAND, conv.stride = 0);
	SPOIL(T1_OP_CONV2D, 0, BAD_COMMAND, conv.kw = 8);
	SPOIL(T1_OP_CONV2D, 0, BAD_COMMAND, conv.kh = 8);
	SPOIL(T1_OP_CONV2D, 0, MISALIGNED, conv.out += 2);
	SPOIL(T1_OP_ELTWISE, 0, BAD_COMMAND, elt.count = 0);
	SPOIL(T1_OP_ELTWISE, 2, BAD_COMMAND, elt.alpha = 1);
	SPOIL(T1_OP_ELTWISE, 0, BAD_COMMAND, elt.count = 0xffffffff);
	SPOIL(T1_OP_ELTWISE, 0, MISALIGNED, elt.b += 1);
	SPOIL(T1_OP_ELTWISE, 0, UNMAPPED, elt.out = past - 16);
	SPOIL(T1_OP_BIAS, 0, BAD_COMMAND, bias.m = 0);
	SPOIL(T1_OP_BIAS, 0, BAD_COMMAND, bias.n = 0);
	SPOIL(T1_OP_BIAS, 0, BAD_COMMAND, bias.ld_in = 2);
	SPOIL(T1_OP_BIAS, 0, BAD_COMMAND, bias.ld_out = 2);
	SPOIL(T1_OP_BIAS, 0, MISALIGNED, bias.bias += 2);
	SPOIL(T1_OP_ACT, 0, BAD_COMMAND, act.count = 0);
	SPOIL(T1_OP_ACT, 0, BAD_COMMAND, act.grad = PLACE(1));
	SPOIL(T1_OP_ACT, 1, MISALIGNED, act.grad += 2);
	SPOIL(T1_OP_SOFTMAX, 0, BAD_COMMAND, softmax.m = 0);
	SPOIL(T1_OP_SOFTMAX, 0, BAD_COMMAND, softmax.n = T1_MAX_DIM + 1);
	SPOIL(T1_OP_SOFTMAX, 0, BAD_COMMAND, softmax.labels = 0);
	SPOIL(T1_OP_SOFTMAX, 0, BAD_COMMAND, softmax.loss = 0);
	SPOIL(T1_OP_SOFTMAX, 0, BAD_COMMAND, flags = 0);
	SPOIL(T1_OP_SOFTMAX, 0, BAD_COMMAND, flags = T1_SOFTMAX_GRAD);
	SPOIL(T1_OP_SOFTMAX, 0, MISALIGNED, softmax.loss += 2);
	{
		struct t1_cmd c = good(T1_OP_SOFTMAX, 0);

		c.flags = T1_SOFTMAX_LOSS;
		CHECK(!t1_tensor_check(&c));
		c.softmax.scale = 1;
		refused(c, T1_FAULT_BAD_COMMAND, __LINE__);
		c = good(T1_OP_GEMM, 0);
		c.flags = T1_GEMM_I8;
		c.gemm.a++;
		CHECK(!t1_tensor_check(&c));
		c.gemm.b = past - 12;
		CHECK(!t1_tensor_check(&c));
	}
	SPOIL(T1_OP_REDUCE, 0, BAD_COMMAND, reduce.m = 0);
	SPOIL(T1_OP_REDUCE, 0, BAD_COMMAND, reduce.axis = 2);
	SPOIL(T1_OP_REDUCE, 3, BAD_COMMAND, reduce.axis = 0);
	SPOIL(T1_OP_REDUCE, 4, BAD_COMMAND, reduce.axis = 0);
	SPOIL(T1_OP_REDUCE, 0, BAD_COMMAND, reduce.ld_in = 2);
	SPOIL(T1_OP_REDUCE, 0, MISALIGNED, reduce.out += 2);
	SPOIL(T1_OP_REQUANT, 0, BAD_COMMAND, requant.count = 0);
	SPOIL(T1_OP_REQUANT, 0, MISALIGNED, requant.in += 2);
	SPOIL(T1_OP_REQUANT, 3, MISALIGNED, requant.out += 2);
	SPOIL(T1_OP_REQUANT, 4, UNMAPPED, requant.out = past - 4);
}

static void test_refused_sizes(void)
{
	struct t1_cmd c = good(T1_OP_GEMM, 0);

	/* 2^30 MACs pass, one row more does not */
	c.gemm.m = 1024;
	c.gemm.n = 1024;
	c.gemm.k = 1024;
	c.gemm.lda = 1024;
	c.gemm.ldb = 1024;
	c.gemm.ldc = 1024;
	CHECK(t1_tensor_check(&c) == 0);
	c.gemm.m = 1025;
	refused(c, T1_FAULT_BAD_COMMAND, __LINE__);
	/* spans: 256 MiB pass, four bytes more do not */
	c.gemm.m = 2;
	c.gemm.n = 1;
	c.gemm.k = 1;
	c.gemm.lda = (T1_MAX_BYTES >> 2) - 1;
	CHECK(t1_tensor_check(&c) == 0);
	c.gemm.lda++;
	refused(c, T1_FAULT_BAD_COMMAND, __LINE__);
	c.gemm.m = T1_MAX_DIM;
	c.gemm.n = T1_MAX_DIM;
	c.gemm.k = T1_MAX_DIM;
	c.gemm.lda = 0xffffffff;
	c.gemm.ldb = 0xffffffff;
	c.gemm.ldc = 0xffffffff;
	refused(c, T1_FAULT_BAD_COMMAND, __LINE__);
	/* all operands together */
	c = good(T1_OP_ELTWISE, 0);
	c.elt.count = T1_MAX_BYTES / 12;
	CHECK(t1_tensor_check(&c) == 0);
	c.elt.count++;
	refused(c, T1_FAULT_BAD_COMMAND, __LINE__);
	c = good(T1_OP_CONV2D, 0);
	c.conv.n = 65535;
	c.conv.h = 65535;
	c.conv.w = 65535;
	c.conv.cin = 65535;
	c.conv.cout = 65535;
	c.conv.kh = 255;
	c.conv.kw = 255;
	c.conv.padding = 255;
	refused(c, T1_FAULT_BAD_COMMAND, __LINE__);
	c.conv.n = 1;
	c.conv.h = 1;
	c.conv.w = 300;
	c.conv.cin = 300;
	c.conv.cout = 1;
	refused(c, T1_FAULT_BAD_COMMAND, __LINE__);
}

static void test_cost(void)
{
	struct t1_cmd c = good(T1_OP_GEMM, 0);
	struct t1_rates slow = rates;

	/* 64 x 100 x 784 = 5017600 MACs, 32 a clock, 2 ns a clock */
	c.gemm.m = 64;
	c.gemm.n = 100;
	c.gemm.ldb = 100;
	c.gemm.ldc = 100;
	c.gemm.k = 784;
	c.gemm.lda = 784;
	CHECK(t1_tensor_cost_ns(&c, &rates) == 313600);
	c.gemm.m = 65;	/* 5096000 / 32 = 159250 */
	CHECK(t1_tensor_cost_ns(&c, &rates) == 318500);
	c.flags = T1_GEMM_I8;	/* 39812.5 clocks */
	CHECK(t1_tensor_cost_ns(&c, &rates) == 79626);
	slow.clock_mhz = 300;	/* 39813 clocks: 132710 */
	CHECK(t1_tensor_cost_ns(&c, &slow) == 132710);
	/* by bandwidth: 3 x 4000 bytes at 64 bytes a ns, rounded up */
	c = good(T1_OP_ELTWISE, 0);
	c.elt.count = 1000;
	CHECK(t1_tensor_cost_ns(&c, &rates) == 188);
	/* C crosses the bus twice when accumulated to */
	c = good(T1_OP_GEMM, 0);
	c.gemm.m = 1024;
	c.gemm.n = 1024;
	c.gemm.ldb = 1024;
	c.gemm.ldc = 1024;
	c.gemm.k = 1;
	c.gemm.lda = 1;
	slow = rates;
	slow.vram_mb_per_s = 1000;
	CHECK(t1_tensor_cost_ns(&c, &slow) == 8192 + 4194304);
	c.flags = T1_GEMM_ACCUMULATE;
	CHECK(t1_tensor_cost_ns(&c, &slow) == 8192 + 2 * 4194304);
	/* the least command costs something, the largest does not wrap */
	c = good(T1_OP_REQUANT, 4);
	c.requant.count = 1;
	CHECK(t1_tensor_cost_ns(&c, &rates) == 2);
	c = good(T1_OP_GEMM, 0);
	c.gemm.m = 1024;
	c.gemm.n = 1024;
	c.gemm.k = 1024;
	c.gemm.lda = 1024;
	c.gemm.ldb = 1024;
	c.gemm.ldc = 1024;
	slow.clock_mhz = 1;
	slow.vram_mb_per_s = 1;
	CHECK(t1_tensor_cost_ns(&c, &slow) == (1ull << 25) * 1000);
	memset(&slow, 0, sizeof(slow));
	CHECK(t1_tensor_cost_ns(&c, &slow) > 0);
}

/* Every access in turn is made to fault: the fault must come out, with its address. */
static void test_memory_faults(void)
{
	for (uint8_t op = T1_OP_GEMM; op <= T1_OP_REQUANT; op++) {
		struct t1_cmd c = good(op, op == T1_OP_ACT ? T1_ACT_RELU_GRAD : 0);
		unsigned int faults = 0, fault;
		uint64_t fault_va;

		memset(memory, 0, sizeof(memory));
		for (accesses_left = 0; faults < 200; faults++) {
			unsigned int budget = accesses_left;

			fault = exec(&c, &fault_va);
			accesses_left = budget + 1;
			if (!fault)
				break;
			CHECK(fault == T1_FAULT_UNMAPPED && fault_va >= MEM_BASE);
		}
		accesses_left = ~0u;
		CHECK(faults >= 2 && faults < 200);
	}
}

/* A shape whose steps end inside of tiles, rows and columns, against the reference. */
static void test_divided(void)
{
	const uint32_t m = 150, n = 10001;
	struct t1_cmd c = {
		.opcode = T1_OP_REDUCE,
		.reduce = { .in = PLACE(0), .out = PLACE(3), .m = m, .n = n, .ld_in = n },
	};
	float *x = (float *)memory, *out = (float *)AT(3);

	gemm_case(130, 300, 1000, 0, 3);
	gemm_case(130, 300, 1000, T1_GEMM_TRANS_A | T1_GEMM_ACCUMULATE, 0);
	gemm_case(300, 130, 1500, T1_GEMM_I8 | T1_GEMM_TRANS_B, 1);
	for (c.sub = T1_REDUCE_SUM; c.sub <= T1_REDUCE_ABSMAX; c.sub++) {
		fill_floats(x, m * n);
		CHECK(t1_tensor_steps(&c).num > 10);
		run(&c);
		for (uint32_t j = 0; j < n; j++) {
			uint32_t bits = ref_reduce(c.sub, (uint32_t *)x + j, m, n);

			CHECK(!memcmp(out + j, &bits, 4));
		}
	}
}

/* Random commands: refused, or carried out without a sanitizer's complaint. */
static void test_fuzz(void)
{
	unsigned int passed = 0;

	for (unsigned int i = 0; i < 200000; i++) {
		struct t1_cmd c = good(rnd_in(T1_OP_GEMM, T1_OP_REQUANT), 0);
		uint64_t fault_va;

		if (rnd() % 2)
			c.sub = rnd() % 6;
		if (rnd() % 2)
			c.flags = rnd() & 15;
		for (unsigned int n = rnd() % 3; n; n--) {
			const unsigned int at = rnd() % sizeof(c.raw);

			c.raw[at] = rnd() % 4 ? rnd() % 8 : rnd();
		}
		if (t1_tensor_check(&c) ||
		    t1_tensor_cost_ns(&c, &rates) > 1000000)
			continue;
		passed++;
		exec(&c, &fault_va);
	}
	if (passed < 20000)
		FAIL("only %u commands passed check", passed);
}

/* For eyes only: `test_tensor --speed`. A wall-clock figure is no test. */
static void print_speed(void)
{
	struct t1_cmd c = good(T1_OP_GEMM, 0);
	struct timespec t0, t1;
	double s;

	memset(memory, 0, sizeof(memory));
	c.gemm.m = 64;
	c.gemm.n = 128;
	c.gemm.ldb = 128;
	c.gemm.ldc = 128;
	c.gemm.k = 784;
	c.gemm.lda = 784;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	for (unsigned int i = 0; i < 20; i++)
		run(&c);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	s = (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1000000000.0;
	printf("# gemm 64x128x784 f32: %.2f GMAC/s\n", 20.0 * 64 * 128 * 784 / s / 1000000000.0);
}

static const struct ktap_test tests[] = {
	{ "gemm_bit_exact", test_gemm },
	{ "gemm_i8_full_range", test_gemm_i8_range },
	{ "conv2d_bit_exact", test_conv },
	{ "eltwise_bit_exact", test_eltwise },
	{ "bias_bit_exact", test_bias },
	{ "act_bit_exact", test_act_exact },
	{ "act_sigmoid_tanh", test_act_smooth },
	{ "requant_bit_exact", test_requant },
	{ "softmax_and_gradient", test_softmax },
	{ "softmax_odd_input", test_softmax_odd },
	{ "reduce_bit_exact", test_reduce },
	{ "refused_fields", test_refused_fields },
	{ "refused_sizes", test_refused_sizes },
	{ "cost_ns", test_cost },
	{ "memory_faults", test_memory_faults },
	{ "divided", test_divided },
	{ "fuzz", test_fuzz },
};

/* The same numbers whether or not the tests before it are run */
static void seed(unsigned int i)
{
	rng_state = 88172645463325252ull + i;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--speed")) {
		print_speed();
		return 0;
	}
	return ktap_run_each(tests, sizeof(tests) / sizeof(tests[0]), seed, NULL, argc, argv);
}
