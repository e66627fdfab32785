// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - tessera-mnist: train a small network on MNIST digits on the accelerator, then
 * classify the test digits with it in int8
 *
 * Output, a line each: TRAINING when the engine is fed and training is steady (once a
 * job), the result of each whole job, DONE at the end.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job.h"
#include "sha.h"

#define MIN_ACCURACY	0.93
#define NS_PER_S	1000000000.0

/**
 * struct options - what the command line says
 * @device: render node, or NULL
 * @data: directory of the digits
 * @until: file whose existence ends the repeating, or NULL
 * @epochs: of a job
 * @repeat: jobs; ignored with @until
 * @json: results as JSON
 */
struct options {
	const char *device;
	const char *data;
	const char *until;
	uint32_t epochs;
	uint32_t repeat;
	bool json;
};

/**
 * struct session - state over all jobs
 * @opt: options
 * @last: result of the previous job, not told yet: hashing waits until the next job keeps
 *        the engine busy
 * @has_last: there is one
 * @done: jobs reported
 * @weights: sha256 of the first job's
 * @predictions: likewise
 * @differ: a later job's were not the same
 * @low: a job's accuracy was too low
 */
struct session {
	const struct options *opt;
	struct job_result last;
	bool has_last;
	uint64_t done;
	char weights[SHA_TEXT_LEN];
	char predictions[SHA_TEXT_LEN];
	bool differ;
	bool low;
};

static void tell(struct session *s)
{
	struct job_result *r = &s->last;
	char weights[SHA_TEXT_LEN], predictions[SHA_TEXT_LEN];
	const double accuracy = (double)r->correct / r->num_test;
	const double rate = r->steady_ns ?
			    (double)r->steady_jobs * NS_PER_S / (double)r->steady_ns : 0;

	if (!s->has_last)
		return;
	sha256_text(r->params, NET_PARAMS * sizeof(*r->params), weights);
	sha256_text(r->predictions, r->num_test, predictions);
	if (!s->done) {
		strcpy(s->weights, weights);
		strcpy(s->predictions, predictions);
	} else if (strcmp(weights, s->weights) || strcmp(predictions, s->predictions)) {
		s->differ = true;
	}
	if (accuracy < MIN_ACCURACY)
		s->low = true;
	if (s->opt->json)
		printf("{\"accuracy\": %.4f, \"weights_sha256\": \"%s\", "
		       "\"predictions_sha256\": \"%s\", \"jobs\": %" PRIu64
		       ", \"train_jobs\": %" PRIu64 ", \"compute_ns\": %" PRIu64
		       ", \"elapsed_ns\": %" PRIu64 ", \"steady_jobs\": %" PRIu64
		       ", \"steady_ns\": %" PRIu64 ", \"compute_jobs_per_s\": %.3f}\n",
		       accuracy, weights, predictions, r->jobs, r->train_jobs, r->compute_ns,
		       r->elapsed_ns, r->steady_jobs, r->steady_ns, rate);
	else
		printf("accuracy %.4f (%u of %u)\n"
		       "weights     sha256 %s\npredictions sha256 %s\n"
		       "%" PRIu64 " batches, %.3f s of engine time in %.3f s, "
		       "%.1f training batches/s\n",
		       accuracy, r->correct, r->num_test, weights, predictions, r->jobs,
		       (double)r->compute_ns / NS_PER_S, (double)r->elapsed_ns / NS_PER_S, rate);
	fflush(stdout);
	s->done++;
	s->has_last = false;
	job_result_free(r);
}

static void on_steady(void *arg)
{
	puts("TRAINING");
	fflush(stdout);
	tell(arg);
}

/* Never cuts the first job: there is always a result to report. */
static bool should_stop(void *arg)
{
	const struct session *s = arg;

	return s->opt->until && s->done + s->has_last > 0 && !access(s->opt->until, F_OK);
}

static int run_jobs(struct job *job, const struct options *opt)
{
	struct session s = { .opt = opt };
	const struct job_hooks hooks = { on_steady, should_stop, &s };
	struct job_result result;
	int err = 0;

	for (uint64_t n = 0; opt->until ? !should_stop(&s) : n < opt->repeat; n++) {
		err = job_run(job, opt->epochs, &hooks, &result);
		if (err)
			break;
		tell(&s);
		s.last = result;
		s.has_last = true;
	}
	tell(&s);
	if (err && err != JOB_CUT) {
		fprintf(stderr, "tessera-mnist: job failed: %s\n", tessera_strerror(err));
		return 1;
	}
	if (s.differ)
		fprintf(stderr, "tessera-mnist: two jobs gave different bytes\n");
	if (s.low)
		fprintf(stderr, "tessera-mnist: accuracy below %.2f\n", MIN_ACCURACY);
	if (s.differ || s.low)
		return 1;
	puts("DONE");
	return 0;
}

static void print_usage(FILE *out)
{
	fprintf(out,
		"usage: tessera-mnist [options]\n"
		"  --device PATH   render node (default: the first Tessera accelerator)\n"
		"  --data DIR      directory of the MNIST files (default: data/mnist)\n"
		"  --epochs N      passes over the training digits in a job (default: %u)\n"
		"  --repeat N      run N jobs, each from scratch (default: 1)\n"
		"  --until FILE    repeat until FILE exists; at least one job is finished\n"
		"  --json          results as one line of JSON a job\n"
		"  --help\n", JOB_EPOCHS);
}

static bool parse_count(const char *name, const char *text, uint32_t max, uint32_t *value)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < 1 || n > max) {
		fprintf(stderr, "tessera-mnist: --%s takes a number from 1 to %u, not '%s'\n", name,
			max, text);
		return false;
	}
	*value = (uint32_t)n;
	return true;
}

/* 0: go on; else exit status + 1 */
static int parse_options(int argc, char **argv, struct options *opt)
{
	static const struct option longopts[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "data", required_argument, NULL, 'D' },
		{ "epochs", required_argument, NULL, 'e' },
		{ "repeat", required_argument, NULL, 'r' },
		{ "until", required_argument, NULL, 'u' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool has_repeat = false;
	int c;

	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (c) {
		case 'd':
			opt->device = optarg;
			break;
		case 'D':
			opt->data = optarg;
			break;
		case 'e':
			if (!parse_count("epochs", optarg, 1000, &opt->epochs))
				return 3;
			break;
		case 'r':
			if (!parse_count("repeat", optarg, 1000000, &opt->repeat))
				return 3;
			has_repeat = true;
			break;
		case 'u':
			opt->until = optarg;
			break;
		case 'j':
			opt->json = true;
			break;
		case 'h':
			print_usage(stdout);
			return 1;
		default:
			print_usage(stderr);
			return 3;
		}
	}
	if (optind < argc || (has_repeat && opt->until)) {
		print_usage(stderr);
		return 3;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct options opt = { .data = "data/mnist", .epochs = JOB_EPOCHS, .repeat = 1 };
	struct mnist_set train = { 0 }, test = { 0 };
	struct accel *accel = NULL;
	struct job *job = NULL;
	char error[4200];
	int status = parse_options(argc, argv, &opt);

	if (status)
		return status - 1;
	status = 1;
	if (mnist_load(opt.data, "train", &train, error, sizeof(error)) ||
	    mnist_load(opt.data, "test", &test, error, sizeof(error))) {
		fprintf(stderr, "tessera-mnist: %s\n", error);
		goto out;
	}
	if (accel_drm_open(opt.device, &accel))
		goto out;
	if (job_create(accel, &train, &test, &job)) {
		fprintf(stderr, "tessera-mnist: the network could not be set up\n");
		goto out;
	}
	status = run_jobs(job, &opt);
out:
	job_destroy(job);
	if (accel)
		accel->ops->destroy(accel);
	mnist_free(&train);
	mnist_free(&test);
	return status;
}
