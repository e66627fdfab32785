// SPDX-License-Identifier: MIT
/*
 * command.c - command buffers: each command is checked as the engine will check it
 *
 * A bad command would end the whole context when the engine fetches it; here it is an error
 * code at the line that appended it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define VA_END (1ull << T1_VA_BITS)

int tessera_cmdbuf_wrap(struct t1_cmd *cmds, uint32_t capacity, uint64_t va,
			struct tessera_cmdbuf **out)
{
	struct tessera_cmdbuf *cb;

	if (!capacity || capacity > T1_MAX_BATCH || va % sizeof(*cmds) || va >= VA_END ||
	    (uint64_t)capacity * sizeof(*cmds) > VA_END - va)
		return -EINVAL;
	cb = calloc(1, sizeof(*cb));
	if (!cb)
		return -ENOMEM;
	cb->cmds = cmds;
	cb->capacity = capacity;
	cb->va = va;
	*out = cb;
	return 0;
}

int tessera_cmdbuf_create(struct tessera_context *ctx, uint32_t capacity,
			  struct tessera_cmdbuf **out)
{
	struct tessera_bo *bo;
	uint64_t va;
	void *map;
	int err;

	if (!capacity || capacity > T1_MAX_BATCH)
		return -EINVAL;
	err = tessera_bo_create(ctx->dev, (uint64_t)capacity * sizeof(struct t1_cmd), 0, &bo);
	if (err)
		return err;
	err = tessera_bo_map(bo, &map);
	if (err)
		goto destroy_bo;
	err = tessera_bind(ctx, bo, 0, 0, DRM_TESSERA_BIND_READ, &va);
	if (err)
		goto destroy_bo;
	err = tessera_cmdbuf_wrap(map, capacity, va, out);
	if (err)
		goto unbind;
	(*out)->ctx = ctx;
	(*out)->bo = bo;
	return 0;

unbind:
	tessera_unbind(ctx, va, bo->size);
destroy_bo:
	tessera_bo_destroy(bo);
	return err;
}

void tessera_cmdbuf_destroy(struct tessera_cmdbuf *cb)
{
	if (!cb)
		return;
	if (cb->bo) {
		tessera_unbind(cb->ctx, cb->va, cb->bo->size);
		tessera_bo_destroy(cb->bo);
	}
	free(cb);
}

void tessera_cmdbuf_reset(struct tessera_cmdbuf *cb)
{
	cb->count = 0;
	cb->error = 0;
}

uint32_t tessera_cmdbuf_count(const struct tessera_cmdbuf *cb)
{
	return cb->count;
}

int tessera_cmdbuf_error(const struct tessera_cmdbuf *cb)
{
	return cb->error;
}

int tessera_cmdbuf_batch(const struct tessera_cmdbuf *cb, uint32_t first, uint32_t count,
			 struct drm_tessera_batch *batch)
{
	if (first >= cb->count || count > cb->count - first)
		return -EINVAL;
	*batch = (struct drm_tessera_batch){
		.va = cb->va + (uint64_t)first * sizeof(struct t1_cmd),
		.count = count ? count : cb->count - first,
	};
	return 0;
}

/* Append @cmd if @ok. The error of the first append that failed is sticky. */
static int append(struct tessera_cmdbuf *cb, const struct t1_cmd *cmd, bool ok)
{
	if (!cb->error && !ok)
		cb->error = -EINVAL;
	else if (!cb->error && cb->count == cb->capacity)
		cb->error = -ENOSPC;
	if (!cb->error)
		cb->cmds[cb->count++] = *cmd;
	return cb->error;
}

/**
 * struct total - bytes of all operands of a command, summed up as they are checked
 * @bytes: sum so far
 */
struct total {
	uint64_t bytes;
};

/* A matrix of @rows x @cols elements of @size bytes, @ld elements from row to row. */
static bool matrix_ok(struct total *t, uint64_t va, uint64_t rows, uint64_t cols, uint64_t ld,
		      uint64_t size)
{
	uint64_t span;

	if (!rows || !cols || ld < cols || rows > T1_MAX_BYTES || cols > T1_MAX_BYTES ||
	    ld > UINT32_MAX)
		return false;
	span = ((rows - 1) * ld + cols) * size;
	t->bytes += rows * cols * size;
	return span <= T1_MAX_BYTES && t->bytes <= T1_MAX_BYTES && !(va & (size - 1)) &&
	       va < VA_END && span <= VA_END - va;
}

static bool vector_ok(struct total *t, uint64_t va, uint64_t count, uint64_t size)
{
	return matrix_ok(t, va, 1, count, count, size);
}

static bool dim_ok(uint64_t dim)
{
	return dim >= 1 && dim <= T1_MAX_DIM;
}

static uint32_t float_bits(float f)
{
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	return bits;
}

int tessera_cmd_nop(struct tessera_cmdbuf *cb)
{
	const struct t1_cmd cmd = { .opcode = T1_OP_NOP };

	return append(cb, &cmd, true);
}

int tessera_cmd_fence(struct tessera_cmdbuf *cb, uint64_t va, uint64_t value)
{
	const struct t1_cmd cmd = { .opcode = T1_OP_FENCE, .sync = { va, value, { 0 } } };
	struct total t = { 0 };

	return append(cb, &cmd, vector_ok(&t, va, 1, 8));
}

int tessera_cmd_timestamp(struct tessera_cmdbuf *cb, uint64_t va)
{
	const struct t1_cmd cmd = { .opcode = T1_OP_TIMESTAMP, .sync = { .va = va } };
	struct total t = { 0 };

	return append(cb, &cmd, vector_ok(&t, va, 1, 8));
}

int tessera_cmd_copy(struct tessera_cmdbuf *cb, uint64_t dst, uint64_t src, uint64_t bytes)
{
	const struct t1_cmd cmd = {
		.opcode = T1_OP_COPY,
		.copy = { .dst = dst, .src = src, .bytes = bytes },
	};
	struct total d = { 0 }, s = { 0 };
	const bool ok = vector_ok(&d, dst, bytes, 1) && vector_ok(&s, src, bytes, 1) &&
			(dst + bytes <= src || src + bytes <= dst);

	return append(cb, &cmd, ok);
}

int tessera_cmd_fill(struct tessera_cmdbuf *cb, uint64_t dst, uint64_t bytes, uint32_t pattern)
{
	const struct t1_cmd cmd = {
		.opcode = T1_OP_FILL,
		.copy = { .dst = dst, .bytes = bytes, .pattern = pattern },
	};
	struct total t = { 0 };

	return append(cb, &cmd, !(bytes % 4) && vector_ok(&t, dst, bytes / 4, 4));
}

int tessera_cmd_gemm(struct tessera_cmdbuf *cb, const struct tessera_gemm *p)
{
	const bool ta = p->flags & T1_GEMM_TRANS_A, tb = p->flags & T1_GEMM_TRANS_B;
	const uint32_t a_rows = ta ? p->k : p->m, a_cols = ta ? p->m : p->k;
	const uint32_t b_rows = tb ? p->n : p->k, b_cols = tb ? p->k : p->n;
	const uint32_t in_size = p->flags & T1_GEMM_I8 ? 1 : 4;
	const struct t1_cmd cmd = {
		.opcode = T1_OP_GEMM,
		.flags = p->flags,
		.gemm = {
			.a = p->a, .b = p->b, .c = p->c,
			.m = p->m, .n = p->n, .k = p->k,
			.lda = p->lda ? p->lda : a_cols,
			.ldb = p->ldb ? p->ldb : b_cols,
			.ldc = p->ldc ? p->ldc : p->n,
		},
	};
	struct total t = { 0 };
	const bool ok = !(p->flags & ~0xf) && dim_ok(p->m) && dim_ok(p->n) && dim_ok(p->k) &&
			(uint64_t)p->m * p->n * p->k <= T1_MAX_MACS &&
			matrix_ok(&t, p->a, a_rows, a_cols, cmd.gemm.lda, in_size) &&
			matrix_ok(&t, p->b, b_rows, b_cols, cmd.gemm.ldb, in_size) &&
			matrix_ok(&t, p->c, p->m, p->n, cmd.gemm.ldc, 4);

	return append(cb, &cmd, ok);
}

static bool conv_ok(const struct tessera_conv2d *p)
{
	const uint64_t in_size = p->flags & T1_CONV_I8 ? 1 : 4;
	const uint64_t h = p->h + 2u * p->padding, w = p->w + 2u * p->padding;
	uint64_t in_pixels, out_pixels, inner;
	struct total t = { 0 };

	if (p->flags & ~(T1_CONV_I8 | T1_CONV_ACCUMULATE))
		return false;
	if (!p->n || !p->h || !p->w || !p->cin || !p->cout || !p->kh || !p->kw || !p->stride ||
	    h < p->kh || w < p->kw)
		return false;
	in_pixels = (uint64_t)p->n * p->h * p->w;
	out_pixels = p->n * ((h - p->kh) / p->stride + 1) * ((w - p->kw) / p->stride + 1);
	inner = (uint64_t)p->kh * p->kw * p->cin;
	/* in_pixels < 2^48 and cin < 2^16 don't wrap; the others are bounded step by step */
	if (out_pixels > T1_MAX_BYTES ||
	    inner * out_pixels > T1_MAX_MACS ||
	    inner * out_pixels * p->cout > T1_MAX_MACS)
		return false;
	return vector_ok(&t, p->in, in_pixels * p->cin, in_size) &&
	       matrix_ok(&t, p->weights, inner, p->cout, p->cout, in_size) &&
	       matrix_ok(&t, p->out, out_pixels, p->cout, p->cout, 4);
}

int tessera_cmd_conv2d(struct tessera_cmdbuf *cb, const struct tessera_conv2d *p)
{
	const struct t1_cmd cmd = {
		.opcode = T1_OP_CONV2D,
		.flags = p->flags,
		.conv = {
			.in = p->in, .weights = p->weights, .out = p->out,
			.n = p->n, .h = p->h, .w = p->w, .cin = p->cin, .cout = p->cout,
			.kh = p->kh, .kw = p->kw, .stride = p->stride, .padding = p->padding,
		},
	};

	return append(cb, &cmd, conv_ok(p));
}

int tessera_cmd_eltwise(struct tessera_cmdbuf *cb, uint8_t op, uint64_t out, uint64_t a, uint64_t b,
			uint32_t count, float alpha)
{
	const struct t1_cmd cmd = {
		.opcode = T1_OP_ELTWISE,
		.sub = op,
		.elt = { .a = a, .b = b, .out = out, .count = count, .alpha = float_bits(alpha) },
	};
	struct total t = { 0 };
	const bool ok = op <= T1_ELT_MIN && (op <= T1_ELT_MUL || !cmd.elt.alpha) &&
			vector_ok(&t, a, count, 4) && vector_ok(&t, b, count, 4) &&
			vector_ok(&t, out, count, 4);

	return append(cb, &cmd, ok);
}

int tessera_cmd_bias(struct tessera_cmdbuf *cb, uint64_t out, uint64_t in, uint64_t bias,
		     uint32_t m, uint32_t n, uint16_t flags)
{
	const struct t1_cmd cmd = {
		.opcode = T1_OP_BIAS,
		.flags = flags,
		.bias = { .in = in, .bias = bias, .out = out, .m = m, .n = n, .ld_in = n,
			  .ld_out = n },
	};
	struct total t = { 0 };
	const bool ok = !(flags & ~T1_BIAS_I32) && dim_ok(m) && dim_ok(n) &&
			matrix_ok(&t, in, m, n, n, 4) && vector_ok(&t, bias, n, 4) &&
			matrix_ok(&t, out, m, n, n, 4);

	return append(cb, &cmd, ok);
}

int tessera_cmd_act(struct tessera_cmdbuf *cb, uint8_t op, uint64_t out, uint64_t x, uint64_t grad,
		    uint32_t count)
{
	const bool has_grad = op == T1_ACT_RELU_GRAD || op == T1_ACT_SIGMOID_GRAD ||
			      op == T1_ACT_TANH_GRAD;
	const struct t1_cmd cmd = {
		.opcode = T1_OP_ACT,
		.sub = op,
		.act = { .x = x, .grad = grad, .out = out, .count = count },
	};
	struct total t = { 0 };
	const bool ok = op <= T1_ACT_TANH_GRAD && vector_ok(&t, x, count, 4) &&
			vector_ok(&t, out, count, 4) &&
			(has_grad ? vector_ok(&t, grad, count, 4) : !grad);

	return append(cb, &cmd, ok);
}

int tessera_cmd_softmax(struct tessera_cmdbuf *cb, const struct tessera_softmax *p)
{
	const bool grad = p->flags & T1_SOFTMAX_GRAD, loss = p->flags & T1_SOFTMAX_LOSS;
	const struct t1_cmd cmd = {
		.opcode = T1_OP_SOFTMAX,
		.flags = p->flags,
		.softmax = { .in = p->in, .labels = p->labels, .out = p->out, .loss = p->loss,
			     .m = p->m, .n = p->n, .scale = float_bits(p->scale) },
	};
	struct total t = { 0 };
	bool ok = !(p->flags & ~(T1_SOFTMAX_GRAD | T1_SOFTMAX_LOSS)) && dim_ok(p->m) &&
		  dim_ok(p->n) && (grad || !cmd.softmax.scale) &&
		  !p->labels == !(grad || loss) && !p->loss == !loss &&
		  matrix_ok(&t, p->in, p->m, p->n, p->n, 4) &&
		  matrix_ok(&t, p->out, p->m, p->n, p->n, 4);

	if (ok && p->labels)
		ok = vector_ok(&t, p->labels, p->m, 1);
	if (ok && loss)
		ok = vector_ok(&t, p->loss, p->m, 4);
	return append(cb, &cmd, ok);
}

int tessera_cmd_reduce(struct tessera_cmdbuf *cb, uint8_t op, uint64_t out, uint64_t in, uint32_t m,
		       uint32_t n, uint32_t axis)
{
	const struct t1_cmd cmd = {
		.opcode = T1_OP_REDUCE,
		.sub = op,
		.reduce = { .in = in, .out = out, .m = m, .n = n, .ld_in = n, .axis = axis },
	};
	struct total t = { 0 };
	const bool ok = op <= T1_REDUCE_ARGMAX_I32 && axis <= 1 &&
			(op < T1_REDUCE_ARGMAX || axis == 1) && dim_ok(m) && dim_ok(n) &&
			matrix_ok(&t, in, m, n, n, 4) && vector_ok(&t, out, axis ? m : n, 4);

	return append(cb, &cmd, ok);
}

int tessera_cmd_requant(struct tessera_cmdbuf *cb, uint8_t op, uint64_t out, uint64_t in,
			uint32_t count, float scale, uint16_t flags)
{
	const bool in_u8 = op == T1_REQUANT_U8_TO_F32 || op == T1_REQUANT_U8_TO_I8;
	const bool out_f32 = op == T1_REQUANT_I32_TO_F32 || op == T1_REQUANT_U8_TO_F32;
	const struct t1_cmd cmd = {
		.opcode = T1_OP_REQUANT,
		.sub = op,
		.flags = flags,
		.requant = { .in = in, .out = out, .count = count, .scale = float_bits(scale) },
	};
	struct total t = { 0 };
	const bool ok = op <= T1_REQUANT_U8_TO_I8 && !(flags & ~T1_REQUANT_RELU) &&
			vector_ok(&t, in, count, in_u8 ? 1 : 4) &&
			vector_ok(&t, out, count, out_f32 ? 4 : 1);

	return append(cb, &cmd, ok);
}
