/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * job.h - one whole job: train, quantise, classify, with the engine kept fed
 */
#ifndef MNIST_JOB_H
#define MNIST_JOB_H

#include "net.h"

/*
 * Batches in flight: the CPU fills up to HIGH, then sleeps until LOW are left. So it wakes
 * once in HIGH - LOW batches, and LOW of them (some 7 ms) hide its wake-up.
 */
#define JOB_HIGH	16u
#define JOB_LOW		8u
#define JOB_SLOTS	32u		/* command buffers, used in turn; at least 2 x HIGH */

#define JOB_EPOCHS	9u
#define JOB_SEED	20260101ull

/* The step whose end is where steady training is taken to begin. */
#define JOB_STEADY	JOB_HIGH

/**
 * struct job_hooks - what the caller does during a job
 * @steady: training runs and the engine is fed; called once a job
 * @stop: asked now and then while training; true cuts the job off
 * @arg: passed to both
 */
struct job_hooks {
	void (*steady)(void *arg);
	bool (*stop)(void *arg);
	void *arg;
};

/**
 * struct job_result - what a job has come to
 * @params: trained parameters, NET_PARAMS of them
 * @predictions: class of each test image
 * @num_test: how many
 * @correct: how many predictions are right
 * @jobs: batches submitted
 * @train_jobs: of these, training steps
 * @compute_ns: engine time used
 * @elapsed_ns: from the first submission to the last prediction, CLOCK_MONOTONIC
 * @steady_jobs: training steps between the two device times that follow
 * @steady_ns: device time from the end of step JOB_STEADY to the end of the last
 */
struct job_result {
	float *params;
	uint8_t *predictions;
	uint32_t num_test;
	uint32_t correct;
	uint64_t jobs;
	uint64_t train_jobs;
	uint64_t compute_ns;
	uint64_t elapsed_ns;
	uint64_t steady_jobs;
	uint64_t steady_ns;
};

struct job;

#define JOB_CUT	1	/* job_run(): the stop hook said so */

/**
 * job_create() - set up for any number of jobs on the same digits
 * @accel: accelerator; outlives the job
 * @train: training digits; copied to the device
 * @test: test digits; kept, for their labels
 * @job: the job, to be released by job_destroy()
 *
 * Return: 0; -EINVAL: too few digits; or another negative errno
 */
int job_create(struct accel *accel, const struct mnist_set *train, const struct mnist_set *test,
	       struct job **job);

/**
 * job_destroy() - release a job
 * @job: job, or NULL
 */
void job_destroy(struct job *job);

/**
 * job_run() - train from scratch, quantise, classify
 * @job: job
 * @epochs: passes over the training digits, at least 1
 * @hooks: may be NULL, as may each of them
 * @result: filled, to be released by job_result_free()
 *
 * Return: 0, JOB_CUT, or a negative errno
 */
int job_run(struct job *job, uint32_t epochs, const struct job_hooks *hooks,
	    struct job_result *result);

/**
 * job_result_free() - release a result
 * @result: result; may be empty
 */
void job_result_free(struct job_result *result);

#endif /* MNIST_JOB_H */
