// SPDX-License-Identifier: GPL-2.0-only
/*
 * net.c - the network, as commands
 */
#include <math.h>
#include <string.h>

#include "net.h"

#define F32		4ull
#define ALIGN(n)	(((uint64_t)(n) + 255) & ~255ull)

/* The largest input: a pixel of 255 becomes 1.0 in f32 and 127 in s8. */
#define PIXEL_F32	(1.0f / 255.0f)
#define PIXEL_S8	(127.0f / 255.0f)

static uint64_t take(uint64_t *offset, uint64_t bytes)
{
	uint64_t at = *offset;

	*offset += ALIGN(bytes);
	return at;
}

int net_init(struct net *net, struct accel *accel, const struct mnist_set *train,
	     const struct mnist_set *test)
{
	uint64_t vram_bytes = 0, host_bytes = 0, vram_va, host_va;
	uint8_t *vram, *host;
	void *cpu;
	int err;

	memset(net, 0, sizeof(*net));
	net->num_train = train->count;
	net->num_test = test->count;

	/* Offsets first; they become addresses when the buffers are there. */
	net->va.train_images = take(&vram_bytes, (uint64_t)train->count * NET_IN);
	net->va.train_labels = take(&vram_bytes, train->count);
	net->va.test_images = take(&vram_bytes, (uint64_t)test->count * NET_IN);
	net->va.params = take(&vram_bytes, NET_PARAMS * F32);
	net->va.grads = take(&vram_bytes, NET_PARAMS * F32);
	net->va.momentum = take(&vram_bytes, NET_PARAMS * F32);
	net->va.x = take(&vram_bytes, NET_CHUNK * NET_IN * F32);
	net->va.hidden = take(&vram_bytes, NET_CHUNK * NET_HIDDEN * F32);
	net->va.logits = take(&vram_bytes, NET_CHUNK * NET_OUT * F32);
	net->va.d_hidden = take(&vram_bytes, NET_BATCH * NET_HIDDEN * F32);
	net->va.loss = take(&vram_bytes, NET_BATCH * F32);
	net->va.row_max = take(&vram_bytes, NET_IN * F32);
	net->va.chunk_max = take(&vram_bytes, NET_CALIBRATE * F32);
	net->va.scalars = take(&vram_bytes, sizeof(struct net_scalars));
	net->va.w1_i8 = take(&vram_bytes, NET_IN * NET_HIDDEN);
	net->va.w2_i8 = take(&vram_bytes, NET_HIDDEN * NET_OUT);
	net->va.x_i8 = take(&vram_bytes, NET_CHUNK * NET_IN);
	net->va.hidden_i8 = take(&vram_bytes, NET_CHUNK * NET_HIDDEN);
	net->va.sums = take(&vram_bytes, NET_CHUNK * NET_HIDDEN * F32);
	net->va.biases = take(&vram_bytes, sizeof(struct net_biases));
	net->va.predictions = take(&vram_bytes, (uint64_t)test->count * F32);
	net->va.init = take(&host_bytes, NET_PARAMS * F32);
	net->va.out_params = take(&host_bytes, NET_PARAMS * F32);
	net->va.out_predictions = take(&host_bytes, (uint64_t)test->count * F32);
	net->va.out_scalars = take(&host_bytes, sizeof(struct net_scalars));
	net->va.in_biases = take(&host_bytes, sizeof(struct net_biases));
	net->va.stamps = take(&host_bytes, NET_STAMPS * sizeof(uint64_t));

	err = accel->ops->alloc(accel, vram_bytes, true, &cpu, &vram_va);
	if (err)
		return err;
	vram = cpu;
	err = accel->ops->alloc(accel, host_bytes, false, &cpu, &host_va);
	if (err)
		return err;
	host = cpu;

	memcpy(vram + net->va.train_images, train->images, (size_t)train->count * NET_IN);
	memcpy(vram + net->va.train_labels, train->labels, train->count);
	memcpy(vram + net->va.test_images, test->images, (size_t)test->count * NET_IN);
	net->host_init = (float *)(host + net->va.init);
	net->host_params = (float *)(host + net->va.out_params);
	net->host_predictions = (int32_t *)(host + net->va.out_predictions);
	net->host_scalars = (struct net_scalars *)(host + net->va.out_scalars);
	net->host_biases = (struct net_biases *)(host + net->va.in_biases);
	net->host_stamps = (uint64_t *)(host + net->va.stamps);

	net->va.train_images += vram_va;
	net->va.train_labels += vram_va;
	net->va.test_images += vram_va;
	net->va.params += vram_va;
	net->va.grads += vram_va;
	net->va.momentum += vram_va;
	net->va.x += vram_va;
	net->va.hidden += vram_va;
	net->va.logits += vram_va;
	net->va.d_hidden += vram_va;
	net->va.loss += vram_va;
	net->va.row_max += vram_va;
	net->va.chunk_max += vram_va;
	net->va.scalars += vram_va;
	net->va.w1_i8 += vram_va;
	net->va.w2_i8 += vram_va;
	net->va.x_i8 += vram_va;
	net->va.hidden_i8 += vram_va;
	net->va.sums += vram_va;
	net->va.biases += vram_va;
	net->va.predictions += vram_va;
	net->va.init += host_va;
	net->va.out_params += host_va;
	net->va.out_predictions += host_va;
	net->va.out_scalars += host_va;
	net->va.in_biases += host_va;
	net->va.stamps += host_va;
	return 0;
}

/* xorshift64*: 24 good bits a call, the same on every machine */
static uint32_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)((*state * 0x2545f4914f6cdd1dull) >> 40);
}

static void draw(float *p, uint32_t count, float bound, uint64_t *state)
{
	for (uint32_t i = 0; i < count; i++)
		p[i] = ((float)next_random(state) * (1.0f / 8388608.0f) - 1.0f) * bound;
}

void net_init_params(struct net *net, uint64_t seed)
{
	uint64_t state = seed ? seed : 1;

	/* uniform within sqrt(6 / fan-in), after He et al.; biases zero */
	memset(net->host_init, 0, NET_PARAMS * F32);
	draw(net->host_init + NET_W1, NET_IN * NET_HIDDEN, 0.08748178f, &state);
	draw(net->host_init + NET_W2, NET_HIDDEN * NET_OUT, 0.21650635f, &state);
}

static uint64_t param(const struct net *net, uint32_t which)
{
	return net->va.params + which * F32;
}

static uint64_t grad(const struct net *net, uint32_t which)
{
	return net->va.grads + which * F32;
}

void net_record_start(const struct net *net, struct tessera_cmdbuf *cb)
{
	tessera_cmd_copy(cb, net->va.params, net->va.init, NET_PARAMS * F32);
	tessera_cmd_fill(cb, net->va.momentum, NET_PARAMS * F32, 0);
}

/* Hidden activations of @count images from @images on. */
static void record_hidden(const struct net *net, struct tessera_cmdbuf *cb, uint64_t images,
			  uint32_t count)
{
	const struct tessera_gemm product = {
		.a = net->va.x, .b = param(net, NET_W1), .c = net->va.hidden,
		.m = count, .n = NET_HIDDEN, .k = NET_IN,
	};

	tessera_cmd_requant(cb, T1_REQUANT_U8_TO_F32, net->va.x, images, count * NET_IN,
			    PIXEL_F32, 0);
	tessera_cmd_gemm(cb, &product);
	tessera_cmd_bias(cb, net->va.hidden, net->va.hidden, param(net, NET_B1), count, NET_HIDDEN,
			 0);
	tessera_cmd_act(cb, T1_ACT_RELU, net->va.hidden, net->va.hidden, 0,
			count * NET_HIDDEN);
}

void net_record_step(const struct net *net, struct tessera_cmdbuf *cb, uint32_t first,
		     float rate, float momentum, uint32_t stamp)
{
	const struct tessera_gemm logits = {
		.a = net->va.hidden, .b = param(net, NET_W2), .c = net->va.logits,
		.m = NET_BATCH, .n = NET_OUT, .k = NET_HIDDEN,
	};
	/* from here on, logits holds the loss's gradient by the logits */
	const struct tessera_softmax softmax = {
		.in = net->va.logits, .out = net->va.logits, .loss = net->va.loss,
		.labels = net->va.train_labels + first,
		.m = NET_BATCH, .n = NET_OUT, .scale = 1.0f / NET_BATCH,
		.flags = T1_SOFTMAX_GRAD | T1_SOFTMAX_LOSS,
	};
	const struct tessera_gemm d_w2 = {
		.a = net->va.hidden, .b = net->va.logits, .c = grad(net, NET_W2),
		.m = NET_HIDDEN, .n = NET_OUT, .k = NET_BATCH, .flags = T1_GEMM_TRANS_A,
	};
	const struct tessera_gemm d_hidden = {
		.a = net->va.logits, .b = param(net, NET_W2), .c = net->va.d_hidden,
		.m = NET_BATCH, .n = NET_HIDDEN, .k = NET_OUT, .flags = T1_GEMM_TRANS_B,
	};
	const struct tessera_gemm d_w1 = {
		.a = net->va.x, .b = net->va.d_hidden, .c = grad(net, NET_W1),
		.m = NET_IN, .n = NET_HIDDEN, .k = NET_BATCH, .flags = T1_GEMM_TRANS_A,
	};

	record_hidden(net, cb, net->va.train_images + (uint64_t)first * NET_IN, NET_BATCH);
	tessera_cmd_gemm(cb, &logits);
	tessera_cmd_bias(cb, net->va.logits, net->va.logits, param(net, NET_B2), NET_BATCH, NET_OUT,
			 0);
	tessera_cmd_softmax(cb, &softmax);

	tessera_cmd_gemm(cb, &d_w2);
	tessera_cmd_reduce(cb, T1_REDUCE_SUM, grad(net, NET_B2), net->va.logits, NET_BATCH,
			   NET_OUT, 0);
	tessera_cmd_gemm(cb, &d_hidden);
	tessera_cmd_act(cb, T1_ACT_RELU_GRAD, net->va.d_hidden, net->va.hidden,
			net->va.d_hidden, NET_BATCH * NET_HIDDEN);
	tessera_cmd_gemm(cb, &d_w1);
	tessera_cmd_reduce(cb, T1_REDUCE_SUM, grad(net, NET_B1), net->va.d_hidden, NET_BATCH,
			   NET_HIDDEN, 0);

	/* v = g + momentum v; p = p - rate v */
	tessera_cmd_eltwise(cb, T1_ELT_ADD, net->va.momentum, net->va.grads, net->va.momentum,
			    NET_PARAMS, momentum);
	tessera_cmd_eltwise(cb, T1_ELT_ADD, net->va.params, net->va.params, net->va.momentum,
			    NET_PARAMS, -rate);
	tessera_cmd_timestamp(cb, net->va.stamps + stamp * sizeof(uint64_t));
}

/* Largest absolute value of a dense matrix, to a f32 at @out. */
static void record_absmax(const struct net *net, struct tessera_cmdbuf *cb, uint64_t out,
			  uint64_t in, uint32_t rows, uint32_t cols)
{
	tessera_cmd_reduce(cb, T1_REDUCE_ABSMAX, net->va.row_max, in, rows, cols, 1);
	tessera_cmd_reduce(cb, T1_REDUCE_ABSMAX, out, net->va.row_max, 1, rows, 1);
}

void net_record_calibrate(const struct net *net, struct tessera_cmdbuf *cb, uint32_t first,
			  uint32_t count, uint32_t chunk)
{
	record_hidden(net, cb, net->va.train_images + (uint64_t)first * NET_IN, count);
	record_absmax(net, cb, net->va.chunk_max + chunk * F32, net->va.hidden, count, NET_HIDDEN);
}

void net_record_scalars(const struct net *net, struct tessera_cmdbuf *cb, uint32_t chunks)
{
	const uint64_t scalars = net->va.scalars;

	record_absmax(net, cb, scalars + offsetof(struct net_scalars, w1_max), param(net, NET_W1),
		      NET_IN, NET_HIDDEN);
	record_absmax(net, cb, scalars + offsetof(struct net_scalars, w2_max), param(net, NET_W2),
		      NET_HIDDEN, NET_OUT);
	tessera_cmd_reduce(cb, T1_REDUCE_ABSMAX,
			   scalars + offsetof(struct net_scalars, hidden_max), net->va.chunk_max, 1,
			   chunks, 1);
	tessera_cmd_copy(cb, net->va.out_scalars, scalars, sizeof(struct net_scalars));
	tessera_cmd_copy(cb, net->va.out_params, net->va.params, NET_PARAMS * F32);
}

/* s8 is full at the largest value; a matrix of zeros keeps scale 1. */
static float full_scale(float max)
{
	return max > 0 ? 127.0f / max : 1.0f;
}

static int32_t bias_s32(float bias, float scale)
{
	const float x = bias * scale;

	/* 2^30: far from overflow when sums of products are added */
	if (!(x > -1073741824.0f))
		return -1073741824;
	if (x > 1073741824.0f)
		return 1073741824;
	return (int32_t)lrintf(x);
}

void net_scales(const struct net *net, struct net_scales *scales)
{
	const float hidden = full_scale(net->host_scalars->hidden_max);
	float sums1, sums2;

	scales->w1 = full_scale(net->host_scalars->w1_max);
	scales->w2 = full_scale(net->host_scalars->w2_max);
	/* an input of 1.0 is 127, so a sum of 1.0 in the first layer is 127 x w1 */
	sums1 = 127.0f * scales->w1;
	sums2 = hidden * scales->w2;
	scales->hidden = hidden / sums1;
	for (uint32_t i = 0; i < NET_HIDDEN; i++)
		net->host_biases->b1[i] = bias_s32(net->host_params[NET_B1 + i], sums1);
	for (uint32_t i = 0; i < NET_OUT; i++)
		net->host_biases->b2[i] = bias_s32(net->host_params[NET_B2 + i], sums2);
}

void net_record_quantise(const struct net *net, struct tessera_cmdbuf *cb,
			 const struct net_scales *scales)
{
	tessera_cmd_requant(cb, T1_REQUANT_F32_TO_I8, net->va.w1_i8, param(net, NET_W1),
			    NET_IN * NET_HIDDEN, scales->w1, 0);
	tessera_cmd_requant(cb, T1_REQUANT_F32_TO_I8, net->va.w2_i8, param(net, NET_W2),
			    NET_HIDDEN * NET_OUT, scales->w2, 0);
	tessera_cmd_copy(cb, net->va.biases, net->va.in_biases, sizeof(struct net_biases));
}

void net_record_classify(const struct net *net, struct tessera_cmdbuf *cb, uint32_t first,
			 uint32_t count, const struct net_scales *scales)
{
	const struct tessera_gemm layer1 = {
		.a = net->va.x_i8, .b = net->va.w1_i8, .c = net->va.sums,
		.m = count, .n = NET_HIDDEN, .k = NET_IN, .flags = T1_GEMM_I8,
	};
	const struct tessera_gemm layer2 = {
		.a = net->va.hidden_i8, .b = net->va.w2_i8, .c = net->va.logits,
		.m = count, .n = NET_OUT, .k = NET_HIDDEN, .flags = T1_GEMM_I8,
	};

	tessera_cmd_requant(cb, T1_REQUANT_U8_TO_I8, net->va.x_i8,
			    net->va.test_images + (uint64_t)first * NET_IN, count * NET_IN,
			    PIXEL_S8, 0);
	tessera_cmd_gemm(cb, &layer1);
	tessera_cmd_bias(cb, net->va.sums, net->va.sums,
			 net->va.biases + offsetof(struct net_biases, b1), count, NET_HIDDEN,
			 T1_BIAS_I32);
	tessera_cmd_requant(cb, T1_REQUANT_I32_TO_I8, net->va.hidden_i8, net->va.sums,
			    count * NET_HIDDEN, scales->hidden, T1_REQUANT_RELU);
	tessera_cmd_gemm(cb, &layer2);
	tessera_cmd_bias(cb, net->va.logits, net->va.logits,
			 net->va.biases + offsetof(struct net_biases, b2), count, NET_OUT,
			 T1_BIAS_I32);
	tessera_cmd_reduce(cb, T1_REDUCE_ARGMAX_I32, net->va.predictions + first * F32,
			   net->va.logits, count, NET_OUT, 1);
}

void net_record_predictions(const struct net *net, struct tessera_cmdbuf *cb)
{
	tessera_cmd_copy(cb, net->va.out_predictions, net->va.predictions, net->num_test * F32);
}
