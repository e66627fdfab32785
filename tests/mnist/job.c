// SPDX-License-Identifier: GPL-2.0-only
/*
 * job.c - one whole job: train, quantise, classify, with the engine kept fed
 *
 * Every step is a batch of its own, recorded into the next of a ring of command buffers
 * and submitted at once. A batch's place in the ring is free again when it has ended, which
 * the limit on batches in flight implies.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "job.h"

#define SLOT_CMDS	NET_STEP_CMDS
_Static_assert(NET_CHUNK_CMDS <= SLOT_CMDS && NET_FEW_CMDS <= SLOT_CMDS, "a slot holds any batch");
_Static_assert(JOB_SLOTS >= 2 * JOB_HIGH, "a slot is free when its turn comes");

/* Learning rate: falls in three steps, the last third at a tenth. */
#define RATE		0.08f
#define MOMENTUM	0.9f

struct job {
	struct accel *accel;
	struct net net;
	const struct mnist_set *test;
	struct tessera_cmdbuf *slots[JOB_SLOTS];
	uint32_t *order;		/* first image of each training step of an epoch */
	uint32_t steps_per_epoch;
	uint64_t submitted;		/* point of the last batch */
	uint64_t ended;			/* point up to which all batches are known to have ended */
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* The command buffer of the next batch, empty. */
static struct tessera_cmdbuf *next_slot(struct job *job)
{
	struct tessera_cmdbuf *cb = job->slots[job->submitted % JOB_SLOTS];

	tessera_cmdbuf_reset(cb);
	return cb;
}

static int wait_for(struct job *job, uint64_t point)
{
	int err;

	if (point <= job->ended)
		return 0;
	err = job->accel->ops->wait(job->accel, point);
	if (!err)
		job->ended = point;
	return err;
}

static int wait_all(struct job *job)
{
	return wait_for(job, job->submitted);
}

/* Submit what was recorded into next_slot(); sleep if the pipeline is full. */
static int submit(struct job *job, struct tessera_cmdbuf *cb)
{
	struct drm_tessera_batch batch;
	int err = tessera_cmdbuf_error(cb);

	if (!err)
		err = tessera_cmdbuf_batch(cb, 0, 0, &batch);
	if (!err)
		err = job->accel->ops->submit(job->accel, &batch);
	if (err)
		return err;
	job->submitted++;
	if (job->submitted - job->ended < JOB_HIGH)
		return 0;
	return wait_for(job, job->submitted - JOB_LOW);
}

int job_create(struct accel *accel, const struct mnist_set *train, const struct mnist_set *test,
	       struct job **out)
{
	struct job *job;
	uint64_t va;
	void *cmds;
	int err;

	if (train->count < NET_BATCH || !test->count)
		return -EINVAL;
	job = calloc(1, sizeof(*job));
	if (!job)
		return -ENOMEM;
	job->accel = accel;
	job->test = test;
	job->steps_per_epoch = train->count / NET_BATCH;
	job->order = calloc(job->steps_per_epoch, sizeof(*job->order));
	err = job->order ? net_init(&job->net, accel, train, test) : -ENOMEM;
	if (!err)
		err = accel->ops->alloc(accel, JOB_SLOTS * SLOT_CMDS * sizeof(struct t1_cmd),
					false, &cmds, &va);
	for (uint32_t i = 0; i < JOB_SLOTS && !err; i++)
		err = tessera_cmdbuf_wrap((struct t1_cmd *)cmds + i * SLOT_CMDS, SLOT_CMDS,
					  va + i * SLOT_CMDS * sizeof(struct t1_cmd),
					  &job->slots[i]);
	if (err) {
		job_destroy(job);
		return err;
	}
	net_init_params(&job->net, JOB_SEED);
	*out = job;
	return 0;
}

void job_destroy(struct job *job)
{
	if (!job)
		return;
	for (uint32_t i = 0; i < JOB_SLOTS; i++)
		tessera_cmdbuf_destroy(job->slots[i]);
	free(job->order);
	free(job);
}

/* Another order of the minibatches each epoch (Fisher-Yates on splitmix64). */
static void shuffle(struct job *job, uint32_t epoch)
{
	uint64_t state = JOB_SEED + epoch;

	for (uint32_t i = 0; i < job->steps_per_epoch; i++)
		job->order[i] = i * NET_BATCH;
	for (uint32_t i = job->steps_per_epoch - 1; i > 0; i--) {
		uint64_t z = state += 0x9e3779b97f4a7c15ull;
		uint32_t j, swap;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
		z = (z ^ z >> 27) * 0x94d049bb133111ebull;
		j = (uint32_t)((z ^ z >> 31) >> 32) % (i + 1);
		swap = job->order[i];
		job->order[i] = job->order[j];
		job->order[j] = swap;
	}
}

static float rate_of(uint32_t epoch, uint32_t epochs)
{
	if (3 * epoch < epochs)
		return RATE;
	return 3 * epoch < 2 * epochs ? RATE * 0.5f : RATE * 0.1f;
}

static int train(struct job *job, uint32_t epochs, const struct job_hooks *hooks)
{
	const uint64_t steps = (uint64_t)epochs * job->steps_per_epoch;
	struct tessera_cmdbuf *cb = next_slot(job);
	bool steady = false;
	uint64_t step = 0;
	int err;

	net_record_start(&job->net, cb);
	err = submit(job, cb);
	for (uint32_t epoch = 0; epoch < epochs; epoch++) {
		shuffle(job, epoch);
		for (uint32_t i = 0; i < job->steps_per_epoch; i++, step++) {
			if (err)
				return err;
			cb = next_slot(job);
			net_record_step(&job->net, cb, job->order[i], rate_of(epoch, epochs),
					MOMENTUM, step == JOB_STEADY && step + 1 < steps ? 0 : 1);
			err = submit(job, cb);
			/* The pipeline is at its fullest: the best moment for other things. */
			if (!err && !steady && step >= JOB_STEADY &&
			    job->submitted - job->ended == JOB_HIGH - 1) {
				steady = true;
				if (hooks && hooks->steady)
					hooks->steady(hooks->arg);
			}
			if (!err && step % JOB_LOW == 0 && hooks && hooks->stop &&
			    hooks->stop(hooks->arg)) {
				err = wait_all(job);
				return err ? err : JOB_CUT;
			}
		}
	}
	return err;
}

static int calibrate(struct job *job)
{
	const uint32_t total = job->net.num_train < NET_CALIBRATE ? job->net.num_train :
								     NET_CALIBRATE;
	struct tessera_cmdbuf *cb;
	uint32_t chunks = 0;
	int err = 0;

	for (uint32_t first = 0; first < total && !err; first += NET_CHUNK) {
		const uint32_t left = total - first;

		cb = next_slot(job);
		net_record_calibrate(&job->net, cb, first, left < NET_CHUNK ? left : NET_CHUNK,
				     chunks++);
		err = submit(job, cb);
	}
	if (err)
		return err;
	cb = next_slot(job);
	net_record_scalars(&job->net, cb, chunks);
	err = submit(job, cb);
	return err ? err : wait_all(job);
}

static int classify(struct job *job)
{
	const uint32_t total = job->net.num_test;
	struct net_scales scales;
	struct tessera_cmdbuf *cb;
	int err;

	net_scales(&job->net, &scales);
	cb = next_slot(job);
	net_record_quantise(&job->net, cb, &scales);
	err = submit(job, cb);
	for (uint32_t first = 0; first < total && !err; first += NET_CHUNK) {
		const uint32_t left = total - first;

		cb = next_slot(job);
		net_record_classify(&job->net, cb, first, left < NET_CHUNK ? left : NET_CHUNK,
				    &scales);
		err = submit(job, cb);
	}
	if (err)
		return err;
	cb = next_slot(job);
	net_record_predictions(&job->net, cb);
	err = submit(job, cb);
	return err ? err : wait_all(job);
}

static int collect(struct job *job, struct job_result *r)
{
	r->num_test = job->net.num_test;
	r->params = malloc(NET_PARAMS * sizeof(*r->params));
	r->predictions = malloc(r->num_test);
	if (!r->params || !r->predictions)
		return -ENOMEM;
	memcpy(r->params, job->net.host_params, NET_PARAMS * sizeof(*r->params));
	for (uint32_t i = 0; i < r->num_test; i++) {
		const int32_t prediction = job->net.host_predictions[i];

		if (prediction < 0 || prediction >= (int32_t)NET_OUT)
			return -EIO;
		r->predictions[i] = (uint8_t)prediction;
		r->correct += prediction == job->test->labels[i];
	}
	return 0;
}

int job_run(struct job *job, uint32_t epochs, const struct job_hooks *hooks,
	    struct job_result *result)
{
	const uint64_t steps = (uint64_t)epochs * job->steps_per_epoch;
	const uint64_t first_point = job->submitted, start = now_ns();
	uint64_t busy_before, busy_after;
	int err;

	memset(result, 0, sizeof(*result));
	if (!epochs)
		return -EINVAL;
	err = job->accel->ops->busy_ns(job->accel, &busy_before);
	if (!err)
		err = train(job, epochs, hooks);
	if (!err)
		err = calibrate(job);
	if (!err)
		err = classify(job);
	if (!err)
		err = job->accel->ops->busy_ns(job->accel, &busy_after);
	if (err)
		return err;
	result->elapsed_ns = now_ns() - start;
	result->compute_ns = busy_after - busy_before;
	result->jobs = job->submitted - first_point;
	result->train_jobs = steps;
	if (steps > JOB_STEADY + 1) {
		result->steady_jobs = steps - 1 - JOB_STEADY;
		result->steady_ns = job->net.host_stamps[1] - job->net.host_stamps[0];
	}
	err = collect(job, result);
	if (err)
		job_result_free(result);
	return err;
}

void job_result_free(struct job_result *result)
{
	free(result->params);
	free(result->predictions);
	memset(result, 0, sizeof(*result));
}
