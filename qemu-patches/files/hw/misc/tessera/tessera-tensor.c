// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera-tensor.c - the compute commands of the T1 accelerator: check, cost, execution
 *
 * Commands come from a guest. Each opcode has one parser that checks every field and
 * describes the operands; check, cost and execution all start from that description.
 *
 * Results must be the same bytes on every machine, so nothing here calls libm, lets the
 * compiler fuse a multiply and an add, or leaves a NaN as the CPU made it (its sign and
 * payload depend on operand order): f32 results that are NaN become T1_CANONICAL_NAN.
 */
#include <float.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tessera-product.h"
#include "tessera-tensor.h"

#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#else
#pragma GCC optimize("fp-contract=off")
#endif

#ifdef __FAST_MATH__
#error "results would depend on the compiler: build without -ffast-math"
#endif
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "operands are used in place as little-endian"
#endif
_Static_assert(FLT_EVAL_METHOD == 0, "f32 arithmetic must round to f32");

#define VA_END		(1ull << T1_VA_BITS)
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Elements of the operands that a step has in its scratch, three times at most */
#define STEP_ELEMENTS	(T1_STEP_WORK / T1_WORK_ELEMENT)
/* Columns whose results (REDUCE, axis 0) are computed together */
#define STEP_COLUMNS	(T1_TENSOR_PARTIAL / sizeof(float))
/* Accesses of a step that don't depend on how many rows it has */
#define STEP_ACCESSES	3u
#define ROW_WORK(cols)	((cols) * T1_WORK_ELEMENT + 2 * T1_WORK_ACCESS)

_Static_assert(3 * STEP_ELEMENTS * sizeof(float) <= T1_TENSOR_SCRATCH, "it has room for them");
_Static_assert(ROW_WORK(T1_MAX_DIM) + STEP_ACCESSES * T1_WORK_ACCESS <= T1_STEP_WORK,
	       "the longest row is not too much for a step");

/**
 * struct shape - what a command needs, as its parser found it
 * @op: operands, in the order in which the command names them
 * @num_ops: how many
 * @macs: f32 or i8 multiply-accumulates; for other commands, elements that pass a lane
 * @i8: whether the i8 rate applies
 */
struct shape {
	struct t1_operand op[4];
	unsigned int num_ops;
	uint64_t macs;
	bool i8;
};

static void add_matrix(struct shape *s, uint64_t va, uint64_t rows, uint64_t cols, uint64_t ld,
		       uint32_t size, uint32_t passes)
{
	s->op[s->num_ops++] = (struct t1_operand){ va, rows, cols, ld, size, passes };
}

static void add_vector(struct shape *s, uint64_t va, uint64_t count, uint32_t size)
{
	add_matrix(s, va, 1, count, count, size, 1);
}

static bool all_zero(const __u8 *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i])
			return false;
	return true;
}

static bool bad_dim(uint64_t n)
{
	return n < 1 || n > T1_MAX_DIM;
}

/* -------------------------------------------------------------- parsers -- */

static bool parse_gemm(const struct t1_cmd *cmd, struct shape *s)
{
	const uint16_t flags = cmd->flags;
	const uint64_t m = cmd->gemm.m, n = cmd->gemm.n, k = cmd->gemm.k;
	const uint64_t a_rows = flags & T1_GEMM_TRANS_A ? k : m;
	const uint64_t a_cols = flags & T1_GEMM_TRANS_A ? m : k;
	const uint64_t b_rows = flags & T1_GEMM_TRANS_B ? n : k;
	const uint64_t b_cols = flags & T1_GEMM_TRANS_B ? k : n;

	if (flags & ~(T1_GEMM_TRANS_A | T1_GEMM_TRANS_B | T1_GEMM_ACCUMULATE |
		      T1_GEMM_I8))
		return false;
	if (cmd->sub || !all_zero(cmd->gemm.pad, sizeof(cmd->gemm.pad)))
		return false;
	if (bad_dim(m) || bad_dim(n) || bad_dim(k))
		return false;
	if (cmd->gemm.lda < a_cols || cmd->gemm.ldb < b_cols || cmd->gemm.ldc < n)
		return false;
	s->i8 = flags & T1_GEMM_I8;
	s->macs = m * n * k;
	add_matrix(s, cmd->gemm.a, a_rows, a_cols, cmd->gemm.lda, s->i8 ? 1 : 4, 1);
	add_matrix(s, cmd->gemm.b, b_rows, b_cols, cmd->gemm.ldb, s->i8 ? 1 : 4, 1);
	add_matrix(s, cmd->gemm.c, m, n, cmd->gemm.ldc, 4,
		   flags & T1_GEMM_ACCUMULATE ? 2 : 1);
	return true;
}

static bool parse_conv(const struct t1_cmd *cmd, struct shape *s)
{
	const uint64_t n = cmd->conv.n, h = cmd->conv.h, w = cmd->conv.w;
	const uint64_t cin = cmd->conv.cin, cout = cmd->conv.cout;
	const uint64_t kh = cmd->conv.kh, kw = cmd->conv.kw;
	const uint64_t stride = cmd->conv.stride, padding = cmd->conv.padding;
	uint64_t in_len, inner, pixels;

	if (cmd->flags & ~(T1_CONV_I8 | T1_CONV_ACCUMULATE))
		return false;
	if (cmd->sub || !all_zero(cmd->conv.pad, sizeof(cmd->conv.pad)))
		return false;
	if (!n || !h || !w || !cin || !cout || !kh || !kw || !stride)
		return false;
	if (h + 2 * padding < kh || w + 2 * padding < kw)
		return false;
	/* Each product is bounded before it is a factor of the next. */
	in_len = n * h * w;
	inner = kh * kw * cin;
	pixels = n * t1_conv_out(h, padding, kh, stride) *
		 t1_conv_out(w, padding, kw, stride);
	if (in_len > T1_MAX_BYTES || inner > T1_MAX_BYTES || pixels > T1_MAX_BYTES)
		return false;
	in_len *= cin;
	if (in_len > T1_MAX_BYTES || inner * cout > T1_MAX_BYTES ||
	    pixels * cout > T1_MAX_BYTES || inner * pixels > T1_MAX_MACS)
		return false;
	s->i8 = cmd->flags & T1_CONV_I8;
	s->macs = pixels * inner * cout;
	add_vector(s, cmd->conv.in, in_len, s->i8 ? 1 : 4);
	add_matrix(s, cmd->conv.weights, inner, cout, cout, s->i8 ? 1 : 4, 1);
	add_matrix(s, cmd->conv.out, pixels, cout, cout, 4,
		   cmd->flags & T1_CONV_ACCUMULATE ? 2 : 1);
	return true;
}

static bool parse_eltwise(const struct t1_cmd *cmd, struct shape *s)
{
	const bool uses_alpha = cmd->sub == T1_ELT_ADD || cmd->sub == T1_ELT_MUL;

	if (cmd->flags || cmd->sub > T1_ELT_MIN ||
	    !all_zero(cmd->elt.pad, sizeof(cmd->elt.pad)))
		return false;
	if (!cmd->elt.count || (!uses_alpha && cmd->elt.alpha))
		return false;
	s->macs = cmd->elt.count;
	add_vector(s, cmd->elt.a, cmd->elt.count, 4);
	add_vector(s, cmd->elt.b, cmd->elt.count, 4);
	add_vector(s, cmd->elt.out, cmd->elt.count, 4);
	return true;
}

static bool parse_bias(const struct t1_cmd *cmd, struct shape *s)
{
	const uint64_t m = cmd->bias.m, n = cmd->bias.n;

	if (cmd->flags & ~T1_BIAS_I32 || cmd->sub ||
	    !all_zero(cmd->bias.pad, sizeof(cmd->bias.pad)))
		return false;
	if (bad_dim(m) || bad_dim(n) || cmd->bias.ld_in < n || cmd->bias.ld_out < n)
		return false;
	s->macs = m * n;
	add_matrix(s, cmd->bias.in, m, n, cmd->bias.ld_in, 4, 1);
	add_vector(s, cmd->bias.bias, n, 4);
	add_matrix(s, cmd->bias.out, m, n, cmd->bias.ld_out, 4, 1);
	return true;
}

static bool act_has_grad(uint8_t sub)
{
	return sub == T1_ACT_RELU_GRAD || sub == T1_ACT_SIGMOID_GRAD ||
	       sub == T1_ACT_TANH_GRAD;
}

static bool parse_act(const struct t1_cmd *cmd, struct shape *s)
{
	if (cmd->flags || cmd->sub > T1_ACT_TANH_GRAD ||
	    !all_zero(cmd->act.pad, sizeof(cmd->act.pad)))
		return false;
	if (!cmd->act.count || (!act_has_grad(cmd->sub) && cmd->act.grad))
		return false;
	s->macs = cmd->act.count;
	add_vector(s, cmd->act.x, cmd->act.count, 4);
	add_vector(s, cmd->act.out, cmd->act.count, 4);
	if (act_has_grad(cmd->sub))
		add_vector(s, cmd->act.grad, cmd->act.count, 4);
	return true;
}

static bool parse_softmax(const struct t1_cmd *cmd, struct shape *s)
{
	const uint64_t m = cmd->softmax.m, n = cmd->softmax.n;
	const bool grad = cmd->flags & T1_SOFTMAX_GRAD;
	const bool loss = cmd->flags & T1_SOFTMAX_LOSS;

	if (cmd->flags & ~(T1_SOFTMAX_GRAD | T1_SOFTMAX_LOSS) || cmd->sub ||
	    !all_zero(cmd->softmax.pad, sizeof(cmd->softmax.pad)))
		return false;
	if (bad_dim(m) || bad_dim(n) || (!grad && cmd->softmax.scale))
		return false;
	if (!cmd->softmax.labels != !(grad || loss) || !cmd->softmax.loss != !loss)
		return false;
	s->macs = m * n;
	add_matrix(s, cmd->softmax.in, m, n, n, 4, 1);
	add_matrix(s, cmd->softmax.out, m, n, n, 4, 1);
	if (grad || loss)
		add_vector(s, cmd->softmax.labels, m, 1);
	if (loss)
		add_vector(s, cmd->softmax.loss, m, 4);
	return true;
}

static bool parse_reduce(const struct t1_cmd *cmd, struct shape *s)
{
	const uint64_t m = cmd->reduce.m, n = cmd->reduce.n;

	if (cmd->flags || cmd->sub > T1_REDUCE_ARGMAX_I32 ||
	    !all_zero(cmd->reduce.pad, sizeof(cmd->reduce.pad)))
		return false;
	if (bad_dim(m) || bad_dim(n) || cmd->reduce.ld_in < n || cmd->reduce.axis > 1)
		return false;
	if (cmd->sub >= T1_REDUCE_ARGMAX && cmd->reduce.axis != 1)
		return false;
	s->macs = m * n;
	add_matrix(s, cmd->reduce.in, m, n, cmd->reduce.ld_in, 4, 1);
	add_vector(s, cmd->reduce.out, cmd->reduce.axis ? m : n, 4);
	return true;
}

static bool parse_requant(const struct t1_cmd *cmd, struct shape *s)
{
	/* bytes of an element in and out, by sub-operation */
	static const uint8_t sizes[][2] = {
		[T1_REQUANT_I32_TO_I8] = { 4, 1 },
		[T1_REQUANT_F32_TO_I8] = { 4, 1 },
		[T1_REQUANT_I32_TO_F32] = { 4, 4 },
		[T1_REQUANT_U8_TO_F32] = { 1, 4 },
		[T1_REQUANT_U8_TO_I8] = { 1, 1 },
	};

	if (cmd->flags & ~T1_REQUANT_RELU || cmd->sub >= ARRAY_SIZE(sizes) ||
	    !all_zero(cmd->requant.pad, sizeof(cmd->requant.pad)) || !cmd->requant.count)
		return false;
	s->macs = cmd->requant.count;
	add_vector(s, cmd->requant.in, cmd->requant.count, sizes[cmd->sub][0]);
	add_vector(s, cmd->requant.out, cmd->requant.count, sizes[cmd->sub][1]);
	return true;
}

static unsigned int check_operands(const struct shape *s)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < s->num_ops; i++) {
		const struct t1_operand *op = &s->op[i];
		/* rows <= 2^28, ld < 2^32, cols < 2^32: no product wraps */
		uint64_t span = ((op->rows - 1) * op->ld + op->cols) * op->size;

		total += op->rows * op->cols * op->size;
		if (span > T1_MAX_BYTES || total > T1_MAX_BYTES)
			return T1_FAULT_BAD_COMMAND;
	}
	for (unsigned int i = 0; i < s->num_ops; i++)
		if (s->op[i].va & (s->op[i].size - 1))
			return T1_FAULT_MISALIGNED;
	for (unsigned int i = 0; i < s->num_ops; i++) {
		const struct t1_operand *op = &s->op[i];
		uint64_t span = ((op->rows - 1) * op->ld + op->cols) * op->size;

		if (op->va >= VA_END || span > VA_END - op->va)
			return T1_FAULT_UNMAPPED;
	}
	return 0;
}

static unsigned int parse(const struct t1_cmd *cmd, struct shape *s)
{
	bool ok = false;

	memset(s, 0, sizeof(*s));
	if (cmd->rsvd)
		return T1_FAULT_BAD_COMMAND;
	switch (cmd->opcode) {
	case T1_OP_GEMM:
		ok = parse_gemm(cmd, s);
		break;
	case T1_OP_CONV2D:
		ok = parse_conv(cmd, s);
		break;
	case T1_OP_ELTWISE:
		ok = parse_eltwise(cmd, s);
		break;
	case T1_OP_BIAS:
		ok = parse_bias(cmd, s);
		break;
	case T1_OP_ACT:
		ok = parse_act(cmd, s);
		break;
	case T1_OP_SOFTMAX:
		ok = parse_softmax(cmd, s);
		break;
	case T1_OP_REDUCE:
		ok = parse_reduce(cmd, s);
		break;
	case T1_OP_REQUANT:
		ok = parse_requant(cmd, s);
		break;
	}
	if (!ok || s->macs > T1_MAX_MACS)
		return T1_FAULT_BAD_COMMAND;
	return check_operands(s);
}

unsigned int t1_tensor_check(const struct t1_cmd *cmd)
{
	struct shape s;

	return parse(cmd, &s);
}

uint64_t t1_tensor_cost_ns(const struct t1_cmd *cmd, const struct t1_rates *r)
{
	uint64_t compute_ns, memory_ns, bytes = 0;
	struct shape s;

	if (parse(cmd, &s))
		return 0;
	for (unsigned int i = 0; i < s.num_ops; i++)
		bytes += s.op[i].rows * s.op[i].cols * s.op[i].size * s.op[i].passes;
	/* macs <= 2^30 and bytes <= 2^29: products with 1000 stay far below 2^64 */
	compute_ns = div_up(s.macs, s.i8 ? r->i8_macs_per_clock : r->f32_macs_per_clock);
	compute_ns = div_up(compute_ns * 1000, r->clock_mhz);
	memory_ns = div_up(bytes * 1000, r->vram_mb_per_s);
	return compute_ns > memory_ns ? compute_ns : memory_ns;
}

/* --------------------------------------------------------------- memory -- */

/* The elements or rows that a step is about */
struct span {
	uint64_t first;
	uint64_t count;
};

/* Rows of a matrix, to be stored without gaps at @buf. */
static unsigned int read_rows(const struct t1_mem *mem, const struct t1_operand *op,
			      struct span part, void *buf, uint64_t *fault_va)
{
	const uint64_t row_bytes = op->cols * op->size, stride = op->ld * op->size;
	uint64_t va = op->va + part.first * stride;
	unsigned int fault;

	if (row_bytes == stride)
		return mem->read(mem->opaque, va, buf, row_bytes * part.count, fault_va);
	for (uint64_t i = 0; i < part.count; i++, va += stride) {
		fault = mem->read(mem->opaque, va, (char *)buf + i * row_bytes, row_bytes,
				  fault_va);
		if (fault)
			return fault;
	}
	return 0;
}

static unsigned int write_rows(const struct t1_mem *mem, const struct t1_operand *op,
			       struct span part, const void *buf, uint64_t *fault_va)
{
	const uint64_t row_bytes = op->cols * op->size, stride = op->ld * op->size;
	uint64_t va = op->va + part.first * stride;
	unsigned int fault;

	if (row_bytes == stride)
		return mem->write(mem->opaque, va, buf, row_bytes * part.count, fault_va);
	for (uint64_t i = 0; i < part.count; i++, va += stride) {
		fault = mem->write(mem->opaque, va, (const char *)buf + i * row_bytes, row_bytes,
				   fault_va);
		if (fault)
			return fault;
	}
	return 0;
}

/* Elements of a vector. */
static unsigned int read_part(const struct t1_mem *mem, const struct t1_operand *op,
			      struct span part, void *buf, uint64_t *fault_va)
{
	return mem->read(mem->opaque, op->va + part.first * op->size, buf, part.count * op->size,
			 fault_va);
}

static unsigned int write_part(const struct t1_mem *mem, const struct t1_operand *op,
			       struct span part, const void *buf, uint64_t *fault_va)
{
	return mem->write(mem->opaque, op->va + part.first * op->size, buf, part.count * op->size,
			  fault_va);
}

/* --------------------------------------------------------------- values -- */

static float f32_from_bits(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

static double pow2(int n)	/* -1022 <= n <= 1023 */
{
	uint64_t bits = (uint64_t)(1023 + n) << 52;
	double d;

	memcpy(&d, &bits, sizeof(d));
	return d;
}

/*
 * exp to double precision less a few bits, so that rounding it to f32 is right except for a
 * handful of near ties: x = n ln 2 + r, |r| <= ln 2 / 2, Taylor for e^r.
 */
static double exp_f64(double x)
{
	const double log2e = 1.4426950408889634, ln2_hi = 0.693147180369123816490;
	const double ln2_lo = 0.000000000190821492927058770002, round = 6755399441055744.0;
	double n, r, sum;

	if (x != x)
		return x;
	/* Far past where f32 overflows and underflows, within what pow2() takes. */
	if (x > 200.0)
		x = 200.0;
	if (x < -200.0)
		x = -200.0;
	n = (x * log2e + round) - round;
	r = (x - n * ln2_hi) - n * ln2_lo;
	sum = 1.0 / 6227020800.0;
	sum = sum * r + 1.0 / 479001600.0;
	sum = sum * r + 1.0 / 39916800.0;
	sum = sum * r + 1.0 / 3628800.0;
	sum = sum * r + 1.0 / 362880.0;
	sum = sum * r + 1.0 / 40320.0;
	sum = sum * r + 1.0 / 5040.0;
	sum = sum * r + 1.0 / 720.0;
	sum = sum * r + 1.0 / 120.0;
	sum = sum * r + 1.0 / 24.0;
	sum = sum * r + 1.0 / 6.0;
	sum = sum * r + 0.5;
	sum = sum * r + 1.0;
	sum = sum * r + 1.0;
	return sum * pow2((int)n);
}

/* log of a finite x >= 1 (a sum of exponentials, the largest of them 1). */
static double log_f64(double x)
{
	const double ln2 = 0.69314718055994530942;
	double s, s2, sum;
	uint64_t bits;
	int n;

	memcpy(&bits, &x, sizeof(bits));
	n = (int)(bits >> 52) - 1023;
	bits = (bits & 0xfffffffffffffull) | 1023ull << 52;
	memcpy(&x, &bits, sizeof(x));
	if (x > 1.4142135623730951) {
		x *= 0.5;
		n++;
	}
	/* log x = 2 artanh((x - 1) / (x + 1)) */
	s = (x - 1.0) / (x + 1.0);
	s2 = s * s;
	sum = 1.0 / 19.0;
	sum = sum * s2 + 1.0 / 17.0;
	sum = sum * s2 + 1.0 / 15.0;
	sum = sum * s2 + 1.0 / 13.0;
	sum = sum * s2 + 1.0 / 11.0;
	sum = sum * s2 + 1.0 / 9.0;
	sum = sum * s2 + 1.0 / 7.0;
	sum = sum * s2 + 1.0 / 5.0;
	sum = sum * s2 + 1.0 / 3.0;
	sum = sum * s2 + 1.0;
	return n * ln2 + 2.0 * s * sum;
}

static float sigmoid(float x)
{
	return (float)(1.0 / (1.0 + exp_f64(-(double)x)));
}

static float tanh_f32(float x)
{
	const double d = x < 0 ? -(double)x : (double)x;
	double t;

	if (x != x || x == 0.0f)
		return x;
	if (d < 0.05) {
		/* 1 - e^-2d would cancel: Taylor */
		t = d * d;
		t = d * (1.0 + t * (-1.0 / 3.0 + t * (2.0 / 15.0 + t * (-17.0 / 315.0 +
			 t * (62.0 / 2835.0)))));
	} else {
		t = exp_f64(-2.0 * d);
		t = (1.0 - t) / (1.0 + t);
	}
	return (float)(x < 0 ? -t : t);
}

/* Clamping first is the same, as the bounds are whole; then 1.5 * 2^23 rounds to even. */
static int8_t quantise(float x, bool relu)
{
	if (x != x)
		return 0;
	x = x > 127.0f ? 127.0f : x;
	x = x < -128.0f ? -128.0f : x;
	x = (x + 12582912.0f) - 12582912.0f;
	return relu && x < 0 ? 0 : (int8_t)x;
}

/* ---------------------------------------------------------------- steps -- */

/**
 * struct plan - how a command is divided into steps
 * @items: its elements, rows, or blocks of a product
 * @per_step: how many of them a step takes
 * @passes: how often it goes over all items
 * @steps: the steps
 * @product: the product, if it is one
 */
struct plan {
	uint64_t items;
	uint64_t per_step;
	uint64_t passes;
	struct t1_steps steps;
	struct t1_product product;
};

/* Operands A, B and C of @s are as the parsers put them. */
static struct t1_product product_of(const struct t1_cmd *cmd, const struct shape *s)
{
	const bool conv = cmd->opcode == T1_OP_CONV2D;
	const bool trans_a = !conv && cmd->flags & T1_GEMM_TRANS_A;
	const bool trans_b = !conv && cmd->flags & T1_GEMM_TRANS_B;
	const struct t1_operand *a = &s->op[0], *b = &s->op[1], *c = &s->op[2];

	return (struct t1_product){
		.a = a,
		.b = b,
		.c = c,
		.m = c->rows,
		.n = c->cols,
		.k = trans_b ? b->cols : b->rows,
		.conv = conv ? cmd : NULL,
		.a_by_k = trans_a,
		.b_by_k = !trans_b,
		.accumulate = c->passes == 2,
		.i8 = s->i8,
	};
}

static void divide(const struct t1_cmd *cmd, const struct shape *s, struct plan *plan)
{
	uint64_t item_work, fixed = STEP_ACCESSES * T1_WORK_ACCESS;
	uint64_t cols = s->op[0].cols;

	plan->passes = 1;
	switch (cmd->opcode) {
	case T1_OP_GEMM:
	case T1_OP_CONV2D:
		plan->product = product_of(cmd, s);
		plan->items = t1_product_divide(&plan->product, &item_work);
		fixed = 0;
		break;
	case T1_OP_BIAS:
	case T1_OP_SOFTMAX:
	case T1_OP_REDUCE:
		if (cmd->opcode == T1_OP_REDUCE && !cmd->reduce.axis) {
			plan->passes = div_up(cols, STEP_COLUMNS);
			cols = min_u64(cols, STEP_COLUMNS);
		}
		plan->items = s->op[0].rows;
		item_work = ROW_WORK(cols);
		break;
	default:
		plan->items = cols;
		item_work = T1_WORK_ELEMENT;
		break;
	}
	plan->per_step = min_u64(plan->items, (T1_STEP_WORK - fixed) / item_work);
	plan->steps.num = plan->passes * div_up(plan->items, plan->per_step);
	plan->steps.work = fixed + plan->per_step * item_work;
}

struct t1_steps t1_tensor_steps(const struct t1_cmd *cmd)
{
	struct plan plan;
	struct shape s;

	if (parse(cmd, &s))
		return (struct t1_steps){ .num = 1 };
	divide(cmd, &s, &plan);
	return plan.steps;
}

/* ---------------------------------------------------- element by element -- */

static void eltwise(uint8_t sub, float alpha, const float *a, const float *b, float *out,
		    uint64_t count)
{
	switch (sub) {
	case T1_ELT_ADD:
		for (uint64_t i = 0; i < count; i++)
			out[i] = a[i] + alpha * b[i];
		break;
	case T1_ELT_MUL:
		for (uint64_t i = 0; i < count; i++)
			out[i] = (alpha * a[i]) * b[i];
		break;
	case T1_ELT_MAX:
		for (uint64_t i = 0; i < count; i++)
			out[i] = a[i] > b[i] ? a[i] : b[i];
		break;
	default:
		for (uint64_t i = 0; i < count; i++)
			out[i] = a[i] < b[i] ? a[i] : b[i];
		break;
	}
}

static unsigned int exec_eltwise(const struct t1_cmd *cmd, const struct shape *s, struct span part,
				 const struct t1_mem *mem, uint64_t *fault_va)
{
	const float alpha = f32_from_bits(cmd->elt.alpha);
	float *a = mem->scratch, *b = a + STEP_ELEMENTS, *out = b + STEP_ELEMENTS;
	unsigned int fault;

	fault = read_part(mem, &s->op[0], part, a, fault_va);
	if (!fault)
		fault = read_part(mem, &s->op[1], part, b, fault_va);
	if (fault)
		return fault;
	eltwise(cmd->sub, alpha, a, b, out, part.count);
	t1_canonicalise(out, part.count);
	return write_part(mem, &s->op[2], part, out, fault_va);
}

static void activate(uint8_t sub, const float *x, const float *grad, float *out, uint64_t count)
{
	switch (sub) {
	case T1_ACT_RELU:
		for (uint64_t i = 0; i < count; i++)
			out[i] = x[i] > 0 ? x[i] : 0.0f;
		break;
	case T1_ACT_RELU_GRAD:
		for (uint64_t i = 0; i < count; i++)
			out[i] = x[i] > 0 ? grad[i] : 0.0f;
		break;
	case T1_ACT_SIGMOID:
		for (uint64_t i = 0; i < count; i++)
			out[i] = sigmoid(x[i]);
		break;
	case T1_ACT_SIGMOID_GRAD:
		for (uint64_t i = 0; i < count; i++)
			out[i] = (grad[i] * x[i]) * (1.0f - x[i]);
		break;
	case T1_ACT_TANH:
		for (uint64_t i = 0; i < count; i++)
			out[i] = tanh_f32(x[i]);
		break;
	default:
		for (uint64_t i = 0; i < count; i++)
			out[i] = grad[i] * (1.0f - x[i] * x[i]);
		break;
	}
}

static unsigned int exec_act(const struct t1_cmd *cmd, const struct shape *s, struct span part,
			     const struct t1_mem *mem, uint64_t *fault_va)
{
	float *x = mem->scratch, *grad = x + STEP_ELEMENTS, *out = grad + STEP_ELEMENTS;
	unsigned int fault;

	fault = read_part(mem, &s->op[0], part, x, fault_va);
	if (!fault && act_has_grad(cmd->sub))
		fault = read_part(mem, &s->op[2], part, grad, fault_va);
	if (fault)
		return fault;
	activate(cmd->sub, x, grad, out, part.count);
	t1_canonicalise(out, part.count);
	return write_part(mem, &s->op[1], part, out, fault_va);
}

static void requantise(uint8_t sub, float scale, bool relu, const void *in, void *out,
		       uint64_t count)
{
	const int32_t *i32 = in;
	const float *f32 = in;
	const uint8_t *u8 = in;
	int8_t *o8 = out;
	float *of = out;

	switch (sub) {
	case T1_REQUANT_I32_TO_I8:
		for (uint64_t i = 0; i < count; i++)
			o8[i] = quantise((float)i32[i] * scale, relu);
		return;
	case T1_REQUANT_F32_TO_I8:
		for (uint64_t i = 0; i < count; i++)
			o8[i] = quantise(f32[i] * scale, relu);
		return;
	case T1_REQUANT_U8_TO_I8:
		for (uint64_t i = 0; i < count; i++)
			o8[i] = quantise((float)u8[i] * scale, relu);
		return;
	case T1_REQUANT_I32_TO_F32:
		for (uint64_t i = 0; i < count; i++)
			of[i] = (float)i32[i] * scale;
		break;
	default:
		for (uint64_t i = 0; i < count; i++)
			of[i] = (float)u8[i] * scale;
		break;
	}
	if (relu)
		for (uint64_t i = 0; i < count; i++)
			of[i] = of[i] > 0 ? of[i] : 0.0f;
	t1_canonicalise(of, count);
}

static unsigned int exec_requant(const struct t1_cmd *cmd, const struct shape *s, struct span part,
				 const struct t1_mem *mem, uint64_t *fault_va)
{
	const float scale = f32_from_bits(cmd->requant.scale);
	float *in = mem->scratch, *out = in + STEP_ELEMENTS;
	unsigned int fault;

	fault = read_part(mem, &s->op[0], part, in, fault_va);
	if (fault)
		return fault;
	requantise(cmd->sub, scale, cmd->flags & T1_REQUANT_RELU, in, out, part.count);
	return write_part(mem, &s->op[1], part, out, fault_va);
}

/* ------------------------------------------------------------ row by row -- */

static unsigned int exec_bias(const struct t1_cmd *cmd, const struct shape *s, struct span part,
			      const struct t1_mem *mem, uint64_t *fault_va)
{
	const uint64_t n = s->op[0].cols;
	uint32_t *bias = mem->scratch, *x = bias + STEP_ELEMENTS;
	unsigned int fault;

	fault = read_part(mem, &s->op[1], (struct span){ 0, n }, bias, fault_va);
	if (!fault)
		fault = read_rows(mem, &s->op[0], part, x, fault_va);
	if (fault)
		return fault;
	for (uint64_t i = 0; i < part.count; i++) {
		uint32_t *xi = x + i * n;

		if (cmd->flags & T1_BIAS_I32) {
			for (uint64_t j = 0; j < n; j++)
				xi[j] += bias[j];
		} else {
			for (uint64_t j = 0; j < n; j++)
				((float *)xi)[j] += ((const float *)bias)[j];
			t1_canonicalise((float *)xi, n);
		}
	}
	return write_rows(mem, &s->op[2], part, x, fault_va);
}

/*
 * p = softmax(x) in place of x. The loss is log(sum of exponentials) - (x[label] - max):
 * what -log p[label] is before p underflows.
 */
static float softmax_row(float *x, uint64_t n, unsigned int label)
{
	float max = x[0], sum = 0.0f, at_label;

	for (uint64_t j = 1; j < n; j++)
		max = x[j] > max ? x[j] : max;
	at_label = x[label] - max;
	for (uint64_t j = 0; j < n; j++) {
		x[j] = (float)exp_f64((double)(x[j] - max));
		sum += x[j];
	}
	for (uint64_t j = 0; j < n; j++)
		x[j] = x[j] / sum;
	/* A NaN or an infinity among the logits: no finite sum >= 1 */
	if (!(sum >= 1.0f && sum <= FLT_MAX))
		return f32_from_bits(T1_CANONICAL_NAN);
	return (float)(log_f64((double)sum) - (double)at_label);
}

static unsigned int exec_softmax(const struct t1_cmd *cmd, const struct shape *s, struct span part,
				 const struct t1_mem *mem, uint64_t *fault_va)
{
	const bool want_grad = cmd->flags & T1_SOFTMAX_GRAD;
	const bool want_loss = cmd->flags & T1_SOFTMAX_LOSS;
	const bool has_labels = want_grad || want_loss;
	const float scale = f32_from_bits(cmd->softmax.scale);
	const uint64_t n = s->op[0].cols;
	float *x = mem->scratch, *loss = x + STEP_ELEMENTS;
	uint8_t *labels = (uint8_t *)(loss + STEP_ELEMENTS);
	unsigned int fault;

	fault = read_rows(mem, &s->op[0], part, x, fault_va);
	if (!fault && has_labels)
		fault = read_part(mem, &s->op[2], part, labels, fault_va);
	if (fault)
		return fault;
	for (uint64_t i = 0; i < part.count; i++) {
		float *xi = x + i * n;
		const unsigned int label = has_labels ? labels[i] : 0;

		if (label >= n) {
			*fault_va = s->op[2].va + part.first + i;
			return T1_FAULT_BAD_COMMAND;
		}
		loss[i] = softmax_row(xi, n, label);
		if (want_grad) {
			xi[label] -= 1.0f;
			for (uint64_t j = 0; j < n; j++)
				xi[j] *= scale;
		}
	}
	t1_canonicalise(x, part.count * n);
	fault = write_rows(mem, &s->op[1], part, x, fault_va);
	if (!fault && want_loss)
		fault = write_part(mem, &s->op[3], part, loss, fault_va);
	return fault;
}

static float reduce_step(uint8_t sub, float acc, float x)
{
	if (sub == T1_REDUCE_SUM)
		return acc + x;
	if (sub == T1_REDUCE_ABSMAX)
		x = x < 0 ? -x : x;
	return x > acc ? x : acc;
}

/* Sums and absolute maxima start from +0, a maximum from the first element. */
static uint32_t reduce_row(uint8_t sub, const uint32_t *x, uint64_t n)
{
	const float *f = (const float *)x;
	const int32_t *s32 = (const int32_t *)x;
	float acc = sub == T1_REDUCE_MAX ? f[0] : 0.0f;
	uint32_t best = 0;

	switch (sub) {
	case T1_REDUCE_ARGMAX:
		for (uint64_t j = 1; j < n; j++)
			best = f[j] > f[best] ? j : best;
		return best;
	case T1_REDUCE_ARGMAX_I32:
		for (uint64_t j = 1; j < n; j++)
			best = s32[j] > s32[best] ? j : best;
		return best;
	default:
		for (uint64_t j = 0; j < n; j++)
			acc = reduce_step(sub, acc, f[j]);
		t1_canonicalise(&acc, 1);
		memcpy(&best, &acc, sizeof(best));
		return best;
	}
}

static unsigned int reduce_rows(const struct t1_cmd *cmd, const struct shape *s, struct span part,
				const struct t1_mem *mem, uint64_t *fault_va)
{
	const uint64_t n = s->op[0].cols;
	uint32_t *x = mem->scratch, *result = x + STEP_ELEMENTS;
	unsigned int fault;

	fault = read_rows(mem, &s->op[0], part, x, fault_va);
	if (fault)
		return fault;
	for (uint64_t i = 0; i < part.count; i++)
		result[i] = reduce_row(cmd->sub, x + i * n, n);
	return write_part(mem, &s->op[1], part, result, fault_va);
}

/* Some rows of some columns: their results go out when all rows are through. */
static unsigned int reduce_columns(const struct t1_cmd *cmd, const struct shape *s,
				   struct span rows, struct span cols, const struct t1_mem *mem,
				   uint64_t *fault_va)
{
	struct t1_operand in = s->op[0];
	float *x = mem->scratch, *acc = mem->partial;
	unsigned int fault;

	in.va += cols.first * in.size;
	in.cols = cols.count;
	fault = read_rows(mem, &in, rows, x, fault_va);
	if (fault)
		return fault;
	if (!rows.first && cmd->sub == T1_REDUCE_MAX)
		memcpy(acc, x, cols.count * sizeof(*acc));
	else if (!rows.first)
		memset(acc, 0, cols.count * sizeof(*acc));
	for (uint64_t i = 0; i < rows.count; i++, x += cols.count)
		for (uint64_t j = 0; j < cols.count; j++)
			acc[j] = reduce_step(cmd->sub, acc[j], x[j]);
	if (rows.first + rows.count < in.rows)
		return 0;
	t1_canonicalise(acc, cols.count);
	return write_part(mem, &s->op[1], cols, acc, fault_va);
}

unsigned int t1_tensor_step(const struct t1_cmd *cmd, uint32_t step, const struct t1_mem *mem,
			    uint64_t *fault_va)
{
	struct span part, cols;
	struct plan plan;
	struct shape s;
	unsigned int fault;

	*fault_va = 0;
	fault = parse(cmd, &s);
	if (fault)
		return fault;
	divide(cmd, &s, &plan);
	if (step >= plan.steps.num)
		return T1_FAULT_BAD_COMMAND;
	cols.first = step / (plan.steps.num / plan.passes) * STEP_COLUMNS;
	part.first = step % (plan.steps.num / plan.passes) * plan.per_step;
	part.count = min_u64(plan.per_step, plan.items - part.first);
	switch (cmd->opcode) {
	case T1_OP_GEMM:
	case T1_OP_CONV2D:
		return t1_product_run(&plan.product, part.first, part.count, mem, fault_va);
	case T1_OP_ELTWISE:
		return exec_eltwise(cmd, &s, part, mem, fault_va);
	case T1_OP_BIAS:
		return exec_bias(cmd, &s, part, mem, fault_va);
	case T1_OP_ACT:
		return exec_act(cmd, &s, part, mem, fault_va);
	case T1_OP_SOFTMAX:
		return exec_softmax(cmd, &s, part, mem, fault_va);
	case T1_OP_REDUCE:
		if (cmd->reduce.axis)
			return reduce_rows(cmd, &s, part, mem, fault_va);
		cols.count = min_u64(STEP_COLUMNS, s.op[0].cols - cols.first);
		return reduce_columns(cmd, &s, part, cols, mem, fault_va);
	default:
		return exec_requant(cmd, &s, part, mem, fault_va);
	}
}
