// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_mnist.c - whole MNIST jobs without a device
 *
 * The accelerator here is the device model's tensor code, called in the process. Like the
 * real one it runs batches in order and not before it must: a batch is executed when the
 * job waits for it, so a command buffer overwritten too early shows.
 */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "job.h"
#include "ktap.h"
#include "sha.h"
#include "tessera-tensor.h"

/* ----------------------------------------- the accelerator in the process -- */

#define MAX_AREAS	4
#define MAX_QUEUED	64

static const struct t1_rates rates = {
	500, T1_F32_MACS_PER_CLOCK, T1_I8_MACS_PER_CLOCK, 64000, 8000,
};

struct sim {
	struct accel accel;
	struct {
		uint8_t *cpu;
		uint64_t va, bytes;
	} areas[MAX_AREAS];
	unsigned int num_areas;
	struct drm_tessera_batch queue[MAX_QUEUED];
	uint64_t submitted, ended;
	uint64_t time_ns;
	uint64_t step_ns;		/* of the last training step */
	uint64_t max_in_flight;
	uint64_t starved;		/* waits after which less than JOB_LOW was queued */
	uint64_t fail_at;		/* submission that fails with EIO, or 0 */
	uint64_t ops[256];		/* commands executed by opcode */
	unsigned int fault;
};

static struct sim *to_sim(struct accel *accel)
{
	return (struct sim *)accel;
}

static uint8_t *sim_find(struct sim *sim, uint64_t va, uint64_t len)
{
	for (unsigned int i = 0; i < sim->num_areas; i++) {
		const uint64_t off = va - sim->areas[i].va;

		if (va >= sim->areas[i].va && off < sim->areas[i].bytes &&
		    len <= sim->areas[i].bytes - off)
			return sim->areas[i].cpu + off;
	}
	return NULL;
}

static unsigned int sim_read(void *opaque, uint64_t va, void *buf, uint64_t len,
			     uint64_t *fault_va)
{
	const uint8_t *p = sim_find(opaque, va, len);

	*fault_va = va;
	if (!p)
		return T1_FAULT_UNMAPPED;
	memcpy(buf, p, len);
	return 0;
}

static unsigned int sim_write(void *opaque, uint64_t va, const void *buf, uint64_t len,
			      uint64_t *fault_va)
{
	uint8_t *p = sim_find(opaque, va, len);

	*fault_va = va;
	if (!p)
		return T1_FAULT_UNMAPPED;
	memcpy(p, buf, len);
	return 0;
}

static unsigned int sim_simple(struct sim *sim, const struct t1_cmd *cmd)
{
	uint8_t *dst, *src;

	switch (cmd->opcode) {
	case T1_OP_COPY:
		dst = sim_find(sim, cmd->copy.dst, cmd->copy.bytes);
		src = sim_find(sim, cmd->copy.src, cmd->copy.bytes);
		if (!dst || !src)
			return T1_FAULT_UNMAPPED;
		memcpy(dst, src, cmd->copy.bytes);
		sim->time_ns += cmd->copy.bytes / 8;
		return 0;
	case T1_OP_FILL:
		dst = sim_find(sim, cmd->copy.dst, cmd->copy.bytes);
		if (!dst)
			return T1_FAULT_UNMAPPED;
		for (uint64_t i = 0; i < cmd->copy.bytes; i += 4)
			memcpy(dst + i, &cmd->copy.pattern, 4);
		sim->time_ns += cmd->copy.bytes / 64;
		return 0;
	case T1_OP_TIMESTAMP:
		dst = sim_find(sim, cmd->sync.va, 8);
		if (!dst)
			return T1_FAULT_UNMAPPED;
		memcpy(dst, &sim->time_ns, 8);
		return 0;
	}
	return T1_FAULT_BAD_COMMAND;
}

static unsigned int sim_tensor(struct sim *sim, const struct t1_cmd *cmd)
{
	static _Alignas(16) uint8_t scratch[T1_TENSOR_SCRATCH], partial[T1_TENSOR_PARTIAL];
	const struct t1_mem mem = { sim, scratch, partial, sim_read, sim_write };
	const uint32_t num = t1_tensor_steps(cmd).num;
	unsigned int fault = 0;
	uint64_t fault_va;

	for (uint32_t step = 0; step < num && !fault; step++)
		fault = t1_tensor_step(cmd, step, &mem, &fault_va);
	return fault;
}

static void sim_run(struct sim *sim, const struct drm_tessera_batch *batch)
{
	const struct t1_cmd *cmds = (void *)sim_find(sim, batch->va, batch->count * 64ull);
	const uint64_t start = sim->time_ns;

	for (uint32_t i = 0; cmds && i < batch->count && !sim->fault; i++) {
		sim->time_ns += 200;
		sim->ops[cmds[i].opcode]++;
		if (cmds[i].opcode < T1_OP_GEMM) {
			sim->fault = sim_simple(sim, &cmds[i]);
		} else {
			sim->time_ns += t1_tensor_cost_ns(&cmds[i], &rates);
			sim->fault = sim_tensor(sim, &cmds[i]);
		}
		if (sim->fault)
			printf("# fault %u in command %u (opcode %#x)\n", sim->fault, i,
			       cmds[i].opcode);
	}
	if (!cmds)
		sim->fault = T1_FAULT_UNMAPPED;
	if (batch->count >= 15)
		sim->step_ns = sim->time_ns - start;
}

static int sim_alloc(struct accel *accel, uint64_t bytes, bool vram, void **cpu, uint64_t *va)
{
	struct sim *sim = to_sim(accel);
	const unsigned int i = sim->num_areas;

	(void)vram;
	if (i == MAX_AREAS)
		return -ENOSPC;
	sim->areas[i].cpu = calloc(1, bytes);
	sim->areas[i].bytes = bytes;
	sim->areas[i].va = 0x40000000ull * (i + 1);
	sim->num_areas++;
	*cpu = sim->areas[i].cpu;
	*va = sim->areas[i].va;
	return 0;
}

static int sim_submit(struct accel *accel, const struct drm_tessera_batch *batch)
{
	struct sim *sim = to_sim(accel);

	if (sim->fault || sim->submitted + 1 == sim->fail_at)
		return -EIO;
	if (sim->submitted - sim->ended == MAX_QUEUED)
		return -EBUSY;
	sim->queue[sim->submitted++ % MAX_QUEUED] = *batch;
	if (sim->submitted - sim->ended > sim->max_in_flight)
		sim->max_in_flight = sim->submitted - sim->ended;
	return 0;
}

static int sim_wait(struct accel *accel, uint64_t point)
{
	struct sim *sim = to_sim(accel);

	if (point > sim->submitted)
		return -ETIME;
	while (sim->ended < point)
		sim_run(sim, &sim->queue[sim->ended++ % MAX_QUEUED]);
	sim->starved += sim->submitted - sim->ended < JOB_LOW;
	return 0;
}

static int sim_busy_ns(struct accel *accel, uint64_t *ns)
{
	struct sim *sim = to_sim(accel);

	*ns = sim->time_ns;
	return sim->fault ? -EIO : 0;
}

static void sim_destroy(struct accel *accel)
{
	struct sim *sim = to_sim(accel);

	for (unsigned int i = 0; i < sim->num_areas; i++)
		free(sim->areas[i].cpu);
	free(sim);
}

static struct sim *sim_create(void)
{
	static const struct accel_ops ops = { sim_alloc, sim_submit, sim_wait, sim_busy_ns,
					      sim_destroy };
	struct sim *sim = calloc(1, sizeof(*sim));

	if (!sim)
		abort();
	sim->accel.ops = &ops;
	return sim;
}

/* ---------------------------------------------------------------- tests -- */

/* Of the default job. To change with the network or its training, and with nothing else. */
#define WEIGHTS		"b63221f63f666a194c33c51f115d2f68b2d4378eb165595c3fe010682e7bc011"
#define PREDICTIONS	"6efea693998bcc7946afbfed415f46c1d35fc398cf4d6b05637ba5de7784c102"

static struct mnist_set train, test;

static void test_whole_job(void)
{
	char sha[2][2][SHA_TEXT_LEN];
	struct sim *sim = sim_create();
	struct job_result r = { 0 };
	struct job *job = NULL;

	CHECK(job_create(&sim->accel, &train, &test, &job) == 0);
	for (int i = 0; i < 2 && job; i++) {
		const uint64_t starved = sim->starved, gemms = sim->ops[T1_OP_GEMM];

		CHECK(job_run(job, JOB_EPOCHS, NULL, &r) == 0);
		if (ktap_complaints)
			break;
		printf("# accuracy %.4f, %llu batches, %.3f s of engine time, %.3f ms a step\n",
		       (double)r.correct / r.num_test, (unsigned long long)r.jobs,
		       (double)r.compute_ns / 1000000000.0, (double)sim->step_ns / 1000000.0);
		sha256_text(r.params, NET_PARAMS * 4, sha[i][0]);
		sha256_text(r.predictions, r.num_test, sha[i][1]);
		CHECK(r.num_test == 2000 && r.correct >= 1890);
		CHECK(r.train_jobs == JOB_EPOCHS * 125 && r.jobs > r.train_jobs);
		CHECK(r.compute_ns >= 800000000 && r.compute_ns <= 1200000000);
		CHECK(sim->step_ns >= 300000 && sim->step_ns <= 1500000);
		CHECK(r.steady_jobs == r.train_jobs - 1 - JOB_STEADY);
		/* nothing but steps in between, so the rate is a step's to some ns */
		CHECK(r.steady_ns == r.steady_jobs * sim->step_ns);
		/* five products a step; two for each of 8 test chunks, one for each of 4 others */
		CHECK(sim->ops[T1_OP_GEMM] - gemms == 5 * r.train_jobs + 2 * 8 + 4);
		/* the pipeline runs dry twice a job: for the scales and at the end */
		CHECK(sim->starved - starved == 2 && sim->max_in_flight == JOB_HIGH);
		job_result_free(&r);
	}
	/* From scratch each time, and the same bytes on every machine and compiler. */
	CHECK(!strcmp(sha[0][0], sha[1][0]) && !strcmp(sha[0][1], sha[1][1]));
	printf("# weights     %s\n# predictions %s\n", sha[0][0], sha[0][1]);
	CHECK(!strcmp(sha[0][0], WEIGHTS));
	CHECK(!strcmp(sha[0][1], PREDICTIONS));
	job_destroy(job);
	sim_destroy(&sim->accel);
}

struct counts {
	const struct sim *sim;
	unsigned int steady, asked, stop_at;
};

static void count_steady(void *arg)
{
	struct counts *c = arg;

	c->steady++;
	CHECK(c->sim->submitted - c->sim->ended == JOB_HIGH - 1);
}

static bool count_asked(void *arg)
{
	struct counts *c = arg;

	return ++c->asked == c->stop_at;
}

static void test_hooks_and_cut(void)
{
	struct sim *sim = sim_create();
	struct counts c = { .sim = sim, .stop_at = 5 };
	const struct job_hooks hooks = { count_steady, count_asked, &c };
	struct job_result cut, whole, again;
	struct job *job;

	CHECK(job_create(&sim->accel, &train, &test, &job) == 0);
	CHECK(job_run(job, 1, &hooks, &cut) == JOB_CUT);
	CHECK(c.steady == 1 && c.asked == 5);
	CHECK(sim->ended == sim->submitted && sim->submitted < 40);
	CHECK(!cut.params && !cut.predictions);
	/* What a cut job leaves behind makes no difference. */
	c.stop_at = 0;
	CHECK(job_run(job, 1, &hooks, &whole) == 0);
	CHECK(job_run(job, 1, NULL, &again) == 0);
	CHECK(!memcmp(whole.params, again.params, NET_PARAMS * 4));
	CHECK(!memcmp(whole.predictions, again.predictions, whole.num_test));
	CHECK(c.steady == 2);
	job_result_free(&whole);
	job_result_free(&again);
	CHECK(job_run(job, 0, NULL, &again) == -EINVAL);
	job_destroy(job);
	sim_destroy(&sim->accel);
}

/* int8 must lose next to nothing against the same weights in f32 on the CPU. */
static void test_int8_against_f32(void)
{
	struct sim *sim = sim_create();
	unsigned int correct = 0, same = 0;
	struct job_result r = { 0 };
	struct job *job;

	CHECK(job_create(&sim->accel, &train, &test, &job) == 0);
	CHECK(job_run(job, 2, NULL, &r) == 0);
	for (uint32_t i = 0; i < test.count && !ktap_complaints; i++) {
		const uint8_t *x = test.images + (size_t)i * NET_IN;
		double hidden[NET_HIDDEN], best = -1e30;
		uint32_t class = 0;

		for (uint32_t h = 0; h < NET_HIDDEN; h++)
			hidden[h] = r.params[NET_B1 + h];
		for (uint32_t p = 0; p < NET_IN; p++)
			for (uint32_t h = 0; x[p] && h < NET_HIDDEN; h++)
				hidden[h] += x[p] / 255.0 * r.params[NET_W1 + p * NET_HIDDEN + h];
		for (uint32_t o = 0; o < NET_OUT; o++) {
			double sum = r.params[NET_B2 + o];

			for (uint32_t h = 0; h < NET_HIDDEN; h++)
				if (hidden[h] > 0)
					sum += hidden[h] * r.params[NET_W2 + h * NET_OUT + o];
			if (sum > best) {
				best = sum;
				class = o;
			}
		}
		correct += class == test.labels[i];
		same += class == r.predictions[i];
	}
	printf("# after 2 epochs: f32 %u, int8 %u of %u right, %u the same\n", correct, r.correct,
	       test.count, same);
	CHECK(same >= 1980 && r.correct + 10 >= correct && correct > 1700);
	job_result_free(&r);
	job_destroy(job);
	sim_destroy(&sim->accel);
}

static void test_errors_come_out(void)
{
	struct mnist_set few = { .count = NET_BATCH - 1 };
	struct sim *sim = sim_create();
	struct job_result r;
	struct job *job;

	CHECK(job_create(&sim->accel, &few, &test, &job) == -EINVAL);
	CHECK(job_create(&sim->accel, &train, &test, &job) == 0);
	sim->fail_at = 20;
	CHECK(job_run(job, 1, NULL, &r) == -EIO && !r.params);
	job_destroy(job);
	/* every allocation fails once */
	sim->num_areas = MAX_AREAS;
	CHECK(job_create(&sim->accel, &train, &test, &job) == -ENOSPC);
	sim->num_areas = 3;
	CHECK(job_create(&sim->accel, &train, &test, &job) == -ENOSPC);
	sim_destroy(&sim->accel);
	/* a fault on the engine */
	sim = sim_create();
	CHECK(job_create(&sim->accel, &train, &test, &job) == 0);
	sim->areas[0].bytes -= 2 << 20;
	printf("# a fault is wanted here:\n");
	CHECK(job_run(job, 1, NULL, &r) == -EIO && sim->fault == T1_FAULT_UNMAPPED);
	job_destroy(job);
	sim_destroy(&sim->accel);
}

/* ------------------------------------------------------------- bad files -- */

static char dir[32];

static void write_file(const char *name, const void *data, size_t len)
{
	char path[256];
	gzFile f;

	snprintf(path, sizeof(path), "%s/%s.gz", dir, name);
	f = gzopen(path, "wb1");
	CHECK(f && gzwrite(f, data, (unsigned int)len) == (int)len && gzclose(f) == Z_OK);
}

#define IMAGES "t-images-idx3-ubyte"
#define LABELS "t-labels-idx1-ubyte"

static bool refused(const char *word)
{
	char error[512] = "";
	struct mnist_set set;

	if (!mnist_load(dir, "t", &set, error, sizeof(error))) {
		mnist_free(&set);
		return false;
	}
	if (!strstr(error, word))
		printf("# said: %s\n", error);
	return strstr(error, word) && !set.images && !set.labels;
}

static void test_files(void)
{
	static uint8_t images[16 + 2 * NET_IN + 1] = { 0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0,
						       0, 28 };
	uint8_t labels[10] = { 0, 0, 8, 1, 0, 0, 0, 2, 9, 3 };
	const size_t len = sizeof(images) - 1;
	struct mnist_set set;
	char error[512], path[256];

	CHECK(train.count == 8000 && test.count == 2000);
	strcpy(dir, "/tmp/test_mnist.XXXXXX");
	CHECK(mkdtemp(dir));
	CHECK(refused("cannot be opened"));
	write_file(IMAGES, images, len);
	CHECK(refused(LABELS));
	write_file(LABELS, labels, 10);
	CHECK(!mnist_load(dir, "t", &set, error, sizeof(error)) && set.count == 2 &&
	      set.labels[0] == 9 && set.labels[1] == 3);
	mnist_free(&set);

	labels[8] = 10;
	write_file(LABELS, labels, 10);
	CHECK(refused("label 0 is 10"));
	labels[8] = 9;
	labels[7] = 1;
	write_file(LABELS, labels, 9);
	CHECK(refused("2 images but 1 labels"));
	labels[7] = 2;
	write_file(LABELS, labels, 9);
	CHECK(refused("too short"));
	labels[3] = 3;
	write_file(LABELS, labels, 10);
	CHECK(refused("not an IDX file"));

	write_file(IMAGES, images, len - 1);
	CHECK(refused("too short"));
	write_file(IMAGES, images, len + 1);
	CHECK(refused("longer"));
	write_file(IMAGES, images, 7);
	CHECK(refused("too short"));
	write_file(IMAGES, images, 14);
	CHECK(refused("too short"));
	images[11] = 27;
	write_file(IMAGES, images, len);
	CHECK(refused("28 x 28"));
	images[11] = 28;
	images[7] = 0;
	write_file(IMAGES, images, len);
	CHECK(refused("bad count"));
	images[4] = 0xff;
	write_file(IMAGES, images, len);
	CHECK(refused("bad count"));
	/* the gzip itself cut short */
	images[4] = 0;
	images[7] = 2;
	for (size_t i = 16; i < len; i++)
		images[i] = (uint8_t)(i * i >> 3);
	write_file(IMAGES, images, len);
	snprintf(path, sizeof(path), "%s/" IMAGES ".gz", dir);
	CHECK(truncate(path, 600) == 0);
	CHECK(refused("too short"));
	unlink(path);
	snprintf(path, sizeof(path), "%s/" LABELS ".gz", dir);
	unlink(path);
	rmdir(dir);
}

static const struct ktap_test tests[] = {
	{ "whole_job_twice", test_whole_job },
	{ "hooks_and_cut", test_hooks_and_cut },
	{ "int8_against_f32", test_int8_against_f32 },
	{ "errors_come_out", test_errors_come_out },
	{ "bad_files", test_files },
};

int main(int argc, char **argv)
{
	char error[4200], data_dir[4096];
	int ret;

	/* By default the clone's, as seen from this program in tests/mnist/build */
	if (argc > 1)
		snprintf(data_dir, sizeof(data_dir), "%s", argv[1]);
	else
		snprintf(data_dir, sizeof(data_dir), "%s/../../../data/mnist", dirname(argv[0]));
	if (mnist_load(data_dir, "train", &train, error, sizeof(error)) ||
	    mnist_load(data_dir, "test", &test, error, sizeof(error))) {
		printf("KTAP version 1\nBail out! %s\n", error);
		return 1;
	}
	ret = ktap_run(tests, sizeof(tests) / sizeof(tests[0]), 1, argv);
	mnist_free(&train);
	mnist_free(&test);
	return ret;
}
