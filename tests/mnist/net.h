/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * net.h - the network, as commands: a training step, calibration, int8 classification
 *
 * 784 inputs, a hidden layer of 128 with ReLU, 10 outputs with softmax; trained by
 * stochastic gradient descent with momentum in f32. At 500 MHz a step of 64 images is
 * 2 x 64 x 784 x 128 MACs and a little, some 0.85 ms of engine time.
 */
#ifndef MNIST_NET_H
#define MNIST_NET_H

#include <stdint.h>

#include "accel.h"
#include "idx.h"

#define NET_IN		MNIST_PIXELS
#define NET_HIDDEN	128u
#define NET_OUT		MNIST_CLASSES
#define NET_BATCH	64u	/* images of a training step */
#define NET_CHUNK	250u	/* images of a calibration or classification step, at most */
#define NET_CALIBRATE	1000u	/* training images that set the activations' scale, at most */

/* All parameters lie together, so that one command updates them all. */
#define NET_W1		0u
#define NET_B1		(NET_W1 + NET_IN * NET_HIDDEN)
#define NET_W2		(NET_B1 + NET_HIDDEN)
#define NET_B2		(NET_W2 + NET_HIDDEN * NET_OUT)
#define NET_PARAMS	(NET_B2 + NET_OUT)

/* Commands that one call records, at most. */
#define NET_STEP_CMDS	17u
#define NET_CHUNK_CMDS	12u
#define NET_FEW_CMDS	12u

/**
 * struct net_scalars - f32 results that the CPU reads
 * @w1_max: largest absolute weight of the first layer
 * @w2_max: of the second
 * @hidden_max: largest hidden activation seen in calibration
 * @pad: unused
 */
struct net_scalars {
	float w1_max;
	float w2_max;
	float hidden_max;
	float pad;
};

/**
 * struct net_biases - biases of the int8 network
 * @b1: in units of input scale x first weights' scale
 * @b2: in units of hidden scale x second weights' scale
 */
struct net_biases {
	int32_t b1[NET_HIDDEN];
	int32_t b2[NET_OUT];
};

/**
 * struct net_scales - factors of the int8 network
 * @w1: f32 weights of the first layer to s8
 * @w2: of the second
 * @hidden: s32 sums of the first layer to s8 activations
 */
struct net_scales {
	float w1;
	float w2;
	float hidden;
};

/**
 * struct net - where everything is
 * @num_train: training images
 * @num_test: test images
 * @host_init: CPU's view of the initial parameters, to be written once
 * @host_params: CPU's view of the trained parameters
 * @host_predictions: CPU's view of the test images' classes, @num_test of them
 * @host_scalars: CPU's view of calibration's results
 * @host_biases: CPU's view of the int8 network's biases
 * @host_stamps: CPU's view of device times, one a step slot
 * @va: addresses of the same and of device memory
 */
struct net {
	uint32_t num_train;
	uint32_t num_test;
	float *host_init;
	float *host_params;
	int32_t *host_predictions;
	struct net_scalars *host_scalars;
	struct net_biases *host_biases;
	uint64_t *host_stamps;
	struct {
		uint64_t init, out_params, out_predictions, out_scalars, in_biases, stamps;
		uint64_t train_images, train_labels, test_images;
		uint64_t params, grads, momentum;
		uint64_t x, hidden, logits, d_hidden, loss, row_max, chunk_max, scalars;
		uint64_t w1_i8, w2_i8, x_i8, hidden_i8, sums, biases, predictions;
	} va;
};

#define NET_STAMPS	2u

/**
 * net_init() - lay out memory, upload the digits
 * @net: filled
 * @accel: accelerator; its memory holds the network until it is destroyed
 * @train: training digits, at least NET_BATCH
 * @test: test digits
 *
 * Return: 0 or a negative errno
 */
int net_init(struct net *net, struct accel *accel, const struct mnist_set *train,
	     const struct mnist_set *test);

/**
 * net_init_params() - draw initial parameters into host_init
 * @net: network
 * @seed: of the generator
 */
void net_init_params(struct net *net, uint64_t seed);

/*
 * Each of these appends commands; errors stick to @cb. None waits, and all results of one
 * are inputs of those after it only through device memory.
 */

/* Put the initial parameters in force, forget the momentum. */
void net_record_start(const struct net *net, struct tessera_cmdbuf *cb);

/* A step on NET_BATCH images from @first on, then the device's time to host_stamps[@stamp]. */
void net_record_step(const struct net *net, struct tessera_cmdbuf *cb, uint32_t first,
		     float rate, float momentum, uint32_t stamp);

/* Largest hidden activation of @count training images from @first on, as chunk @chunk. */
void net_record_calibrate(const struct net *net, struct tessera_cmdbuf *cb, uint32_t first,
			  uint32_t count, uint32_t chunk);

/* After @chunks of those: host_scalars and host_params. */
void net_record_scalars(const struct net *net, struct tessera_cmdbuf *cb, uint32_t chunks);

/* From host_scalars and host_params: scales, and host_biases. */
void net_scales(const struct net *net, struct net_scales *scales);

/* Weights to s8, biases to device memory. */
void net_record_quantise(const struct net *net, struct tessera_cmdbuf *cb,
			 const struct net_scales *scales);

/* Classes of @count test images from @first on, all in integers. */
void net_record_classify(const struct net *net, struct tessera_cmdbuf *cb, uint32_t first,
			 uint32_t count, const struct net_scales *scales);

/* host_predictions. */
void net_record_predictions(const struct net *net, struct tessera_cmdbuf *cb);

#endif /* MNIST_NET_H */
