// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_qos.c - what each vGPU is promised: reservation, limit, elastic cap, slice request,
 * besides its weight
 *
 * To be run in exact virtual time: see load.h.
 *
 * Suite: shares
 */
#include <sys/klog.h>

#include "load.h"

static int qos_set(const char *uuid, const char *name, const char *value)
{
	return sysfs_write(value, "/sys/bus/mdev/devices/%s/vgpu/%s", uuid, name);
}

static long qos_get(const char *uuid, const char *name)
{
	char buf[64];

	if (sysfs_read(buf, sizeof(buf), "/sys/bus/mdev/devices/%s/vgpu/%s", uuid, name))
		return -1;
	return atol(buf);
}

/* NAME=VALUE in a vGPU's line of the snapshot, or -1 */
static long snapshot(const char *engine, const char *uuid, const char *name)
{
	char line[1024], path[128], key[64], *at;
	long value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/tessera/%s/engines", mdev_parent());
	snprintf(key, sizeof(key), " %s=", name);
	f = fopen(path, "r");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "vgpu ", 5) || strncmp(line + 5, engine, strlen(engine)) ||
		    !strstr(line, uuid))
			continue;
		at = strstr(line, key);
		if (at)
			value = atol(at + strlen(key));
	}
	fclose(f);
	return value;
}

/* ------------------------------------------------------------------ files -- */

FIXTURE(qos_files)
{
	char a[MDEV_UUID_LEN], b[MDEV_UUID_LEN];
};

FIXTURE_SETUP(qos_files)
{
	fresh();
	ASSERT_EQ(0, mdev_create("V4", self->a));
	ASSERT_EQ(0, mdev_create("V4", self->b));
}

FIXTURE_TEARDOWN(qos_files)
{
	fresh();
}

/* A vGPU runs, and is owed its 1/N, once its guest has enabled it: to be open is not enough. */
TEST_F(qos_files, runs_when_enabled)
{
	struct vdev a, b;
	struct t1 ta, tb;

	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	memset(&ta, 0, sizeof(ta));
	memset(&tb, 0, sizeof(tb));
	ASSERT_EQ(0, sched_set("policy", "equal_share"));
	ASSERT_EQ(0, vdev_open(&a, self->a));
	ASSERT_EQ(0, t1_start(&ta, &a));
	ASSERT_EQ(0, vdev_open(&b, self->b));
	EXPECT_EQ(1, snapshot("compute", self->a, "running"));
	EXPECT_EQ(0, snapshot("compute", self->b, "running"));
	EXPECT_EQ(1000000, snapshot("compute", self->a, "due_ppm"));
	ASSERT_EQ(0, t1_start(&tb, &b));
	EXPECT_EQ(1, snapshot("compute", self->b, "running"));
	EXPECT_EQ(500000, snapshot("compute", self->a, "due_ppm"));
	t1_disable(&tb);
	EXPECT_EQ(0, snapshot("compute", self->b, "running"));
	EXPECT_EQ(1000000, snapshot("compute", self->a, "due_ppm"));
	ASSERT_EQ(0, t1_enable(&tb));
	ASSERT_EQ(0, vdev_reset(&b));
	EXPECT_EQ(0, snapshot("compute", self->b, "running"));
	EXPECT_EQ(1000000, snapshot("compute", self->a, "due_ppm"));
	vdev_close(&a);
	vdev_close(&b);
}

TEST_F(qos_files, ranges)
{
	static const struct {
		const char *name, *good[3], *bad[6];
	} files[] = {
		{ "weight", { "1", "10000", "100" },
		  { "0", "10001", "-1", "x", "1.5", "4294967297" } },
		{ "reservation", { "100", "1", "0" },
		  { "101", "-1", "x", "50%", "429497", "4294967297" } },
		{ "limit", { "100", "1", "0" },
		  { "101", "-1", "x", "50%", "429497", "4294967297" } },
		/* a V4's share is 25 % */
		{ "elastic_cap", { "100", "25", "0" },
		  { "101", "24", "-1", "x", "429497", "4294967297" } },
		{ "slice_us", { "1000", "30000", "0" },
		  { "999", "30001", "-1", "2ms", "1", "99999999999999999999" } },
	};
	unsigned int i, k;
	int err;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		const char *name = files[i].name;

		EXPECT_EQ(atol(files[i].good[2]), qos_get(self->a, name)) {
			TH_LOG("default of %s", name);
		}
		for (k = 0; k < 3; k++) {
			EXPECT_EQ(0, qos_set(self->a, name, files[i].good[k]));
			EXPECT_EQ(atol(files[i].good[k]), qos_get(self->a, name));
		}
		EXPECT_EQ(0, qos_set(self->a, name, files[i].good[1]));
		for (k = 0; k < 6; k++) {
			err = qos_set(self->a, name, files[i].bad[k]);
			EXPECT_TRUE(err == -EINVAL || err == -ERANGE) {
				TH_LOG("%s: %s gives %d", name, files[i].bad[k], err);
			}
			EXPECT_EQ(atol(files[i].good[1]), qos_get(self->a, name));
		}
		EXPECT_EQ(0, qos_set(self->a, name, files[i].good[2]));
	}
}

TEST_F(qos_files, latency_class)
{
	static const char *const bad[] = { "high", "lo", "lower", "0", "low normal" };
	char text[32];
	unsigned int i;

	ASSERT_EQ(0, sysfs_read(text, sizeof(text), "/sys/bus/mdev/devices/%s/vgpu/latency",
				self->a));
	EXPECT_STREQ("normal", text);
	EXPECT_EQ(0, qos_set(self->a, "latency", "low"));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, qos_set(self->a, "latency", bad[i])) {
			TH_LOG("%s", bad[i]);
		}
	ASSERT_EQ(0, sysfs_read(text, sizeof(text), "/sys/bus/mdev/devices/%s/vgpu/latency",
				self->a));
	EXPECT_STREQ("low", text);
	EXPECT_EQ(1, snapshot("copy", self->a, "low_latency"));
	EXPECT_EQ(0, qos_set(self->a, "latency", "normal"));
	EXPECT_EQ(0, snapshot("compute", self->a, "low_latency"));
}

TEST_F(qos_files, limit_and_reservation_agree)
{
	ASSERT_EQ(0, qos_set(self->a, "reservation", "40"));
	EXPECT_EQ(-EINVAL, qos_set(self->a, "limit", "39"));
	EXPECT_EQ(0, qos_get(self->a, "limit"));
	EXPECT_EQ(0, qos_set(self->a, "limit", "40"));
	EXPECT_EQ(-EINVAL, qos_set(self->a, "reservation", "41"));
	EXPECT_EQ(40, qos_get(self->a, "reservation"));
	EXPECT_EQ(0, qos_set(self->a, "limit", "0"));
	EXPECT_EQ(0, qos_set(self->a, "reservation", "41"));
}

/* The last line of the kernel log that has a word in it */
static bool last_logged(const char *word, char *line, size_t size)
{
	static char log[1 << 18];
	int n = klogctl(3, log, sizeof(log) - 1);
	char *at, *found = NULL;

	if (n < 0)
		return false;
	log[n] = '\0';
	for (at = strstr(log, word); at; at = strstr(at + 1, word))
		found = at;
	if (!found)
		return false;
	while (found > log && found[-1] != '\n')
		found--;
	snprintf(line, size, "%.*s", (int)strcspn(found, "\n"), found);
	return true;
}

/* No more than the whole engine can be reserved, and the log says what is left. */
TEST_F(qos_files, reservations_fit)
{
	char line[256];

	ASSERT_EQ(0, qos_set(self->a, "reservation", "70"));
	EXPECT_EQ(-ENOSPC, qos_set(self->b, "reservation", "31"));
	EXPECT_EQ(0, qos_get(self->b, "reservation"));
	ASSERT_TRUE(last_logged("Cannot reserve", line, sizeof(line)));
	EXPECT_NE(NULL, strstr(line, "31%"));
	EXPECT_NE(NULL, strstr(line, "30% are left"));
	EXPECT_NE(NULL, strstr(line, self->b));
	EXPECT_EQ(0, qos_set(self->b, "reservation", "30"));
	/* one's own does not count against it */
	EXPECT_EQ(0, qos_set(self->a, "reservation", "60"));
	EXPECT_EQ(0, qos_set(self->a, "reservation", "70"));
	EXPECT_EQ(-ENOSPC, qos_set(self->a, "reservation", "71"));
	EXPECT_EQ(70, qos_get(self->a, "reservation"));
	/* and goes with the vGPU */
	ASSERT_EQ(0, mdev_remove(self->a));
	EXPECT_EQ(0, qos_set(self->b, "reservation", "100"));
}

TEST_F(qos_files, all_engines)
{
	static const char *const engines[] = { "compute", "copy" };
	unsigned int i;

	ASSERT_EQ(0, qos_set(self->a, "weight", "300"));
	ASSERT_EQ(0, qos_set(self->a, "reservation", "20"));
	ASSERT_EQ(0, qos_set(self->a, "limit", "60"));
	ASSERT_EQ(0, qos_set(self->a, "elastic_cap", "50"));
	ASSERT_EQ(0, qos_set(self->a, "slice_us", "5000"));
	ASSERT_EQ(0, qos_set(self->a, "latency", "low"));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(300, snapshot(engines[i], self->a, "weight"));
		EXPECT_EQ(200000, snapshot(engines[i], self->a, "reservation_ppm"));
		EXPECT_EQ(600000, snapshot(engines[i], self->a, "limit_ppm"));
		EXPECT_EQ(500000, snapshot(engines[i], self->a, "elastic_cap_ppm"));
		EXPECT_EQ(5000000, snapshot(engines[i], self->a, "slice_request_ns"));
		EXPECT_EQ(1, snapshot(engines[i], self->a, "low_latency"));
		EXPECT_EQ(0, snapshot(engines[i], self->b, "low_latency"));
		EXPECT_EQ(100, snapshot(engines[i], self->b, "weight"));
		EXPECT_EQ(0, snapshot(engines[i], self->b, "reservation_ppm"));
	}
}

/* ----------------------------------------------------------------- shares -- */

FIXTURE(qos)
{
	struct world w;
};

FIXTURE_VARIANT(qos)
{
	unsigned int engine;
};

FIXTURE_VARIANT_ADD(qos, compute)
{
	.engine = T1_ENGINE_COMPUTE,
};

FIXTURE_VARIANT_ADD(qos, copy)
{
	.engine = T1_ENGINE_COPY,
};

FIXTURE_SETUP(qos)
{
	fresh();
	self->w.engine = variant->engine == T1_ENGINE_COMPUTE ? "compute_ns" : "copy_ns";
}

FIXTURE_TEARDOWN(qos)
{
	end(_metadata, &self->w);
}

static void add_busy(struct __test_metadata *_metadata, struct world *w, const char *type,
		     unsigned int n, unsigned int engine)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		add(_metadata, w, type);
	for (i = 0; i < n; i++)
		busy(&w->l[i], engine);
}

/* Beside seven hogs, of which one has all the weight there is. */
TEST_F_TIMEOUT(qos, reservation, 120)
{
	struct world *w = &self->w;
	unsigned int i;

	add_busy(_metadata, w, "V8", 8, variant->engine);
	ASSERT_EQ(0, qos_set(w->l[0].v.uuid, "reservation", "40"));
	ASSERT_EQ(0, qos_set(w->l[1].v.uuid, "weight", "10000"));
	measure(_metadata, w, PERIOD_US);
	NEAR(0.40, w->got[0]);
	EXPECT_LE(530, PM(w->got[1]));
	/* what is reserved and not used goes to the others */
	ASSERT_EQ(0, qos_set(w->l[1].v.uuid, "weight", "100"));
	idle(_metadata, &w->l[0], variant->engine);
	measure(_metadata, w, PERIOD_US);
	for (i = 1; i < 8; i++)
		NEAR(1.0 / 7, w->got[i]);
}

/* Even if no other vGPU wants the engine. */
TEST_F_TIMEOUT(qos, limit, 60)
{
	struct world *w = &self->w;

	add_busy(_metadata, w, "V4", 1, variant->engine);
	ASSERT_EQ(0, qos_set(w->l[0].v.uuid, "limit", "25"));
	/* a pause is made up for, for up to 20 ms */
	sleep_us(50000);
	measure(_metadata, w, PERIOD_US);
	NEAR(0.25, w->got[0]);
	ASSERT_EQ(0, qos_set(w->l[0].v.uuid, "limit", "0"));
	measure(_metadata, w, PERIOD_US);
	NEAR(1.0, w->got[0]);
}

/* Weights divide what reservations and limits leave. */
TEST_F_TIMEOUT(qos, weights_divide_the_rest, 60)
{
	struct world *w = &self->w;

	add_busy(_metadata, w, "V4", 4, variant->engine);
	ASSERT_EQ(0, qos_set(w->l[0].v.uuid, "reservation", "50"));
	ASSERT_EQ(0, qos_set(w->l[1].v.uuid, "limit", "10"));
	ASSERT_EQ(0, qos_set(w->l[2].v.uuid, "weight", "300"));
	sleep_us(50000);
	measure(_metadata, w, 2 * PERIOD_US);
	NEAR(0.50, w->got[0]);
	NEAR(0.10, w->got[1]);
	NEAR(0.30, w->got[2]);
	NEAR(0.10, w->got[3]);
}

/* Each setting counts at once, and no job is lost over it. */
TEST_F_TIMEOUT(qos, while_running, 90)
{
	struct world *w = &self->w;
	static const struct {
		const char *name, *value;
		double got;
	} steps[] = {
		{ "limit", "20", 0.20 },
		{ "limit", "0", 0.50 },
		{ "reservation", "70", 0.70 },
		{ "limit", "80", 0.70 },
		{ "weight", "900", 0.80 },
		{ "reservation", "0", 0.80 },
		{ "limit", "0", 0.90 },
		{ "weight", "100", 0.50 },
	};
	unsigned int i, k;

	add_busy(_metadata, w, "V4", 2, variant->engine);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		ASSERT_EQ(0, qos_set(w->l[0].v.uuid, steps[i].name, steps[i].value));
		TH_LOG("%s %s", steps[i].name, steps[i].value);
		/* until what a limit makes up for is used up */
		sleep_us(200000);
		measure(_metadata, w, PERIOD_US);
		NEAR(steps[i].got, w->got[0]);
		for (k = 0; k < 2; k++)
			busy(&w->l[k], variant->engine);
	}
	for (k = 0; k < 2; k++)
		EXPECT_EQ(0, mdev_stat(w->l[k].v.uuid, "faults"));
}

/* Where shares are fixed, or equal, they are what they are. */
TEST_F_TIMEOUT(qos, work_conserving_only, 60)
{
	struct world *w = &self->w;

	add_busy(_metadata, w, "V4", 2, variant->engine);
	ASSERT_EQ(0, qos_set(w->l[0].v.uuid, "reservation", "80"));
	ASSERT_EQ(0, qos_set(w->l[1].v.uuid, "limit", "10"));
	ASSERT_EQ(0, sched_set("policy", "fixed_share"));
	sleep_us(20000);
	measure(_metadata, w, PERIOD_US);
	NEAR(0.25, w->got[0]);
	NEAR(0.25, w->got[1]);
	ASSERT_EQ(0, sched_set("policy", "deadline"));
	sleep_us(50000);
	measure(_metadata, w, PERIOD_US);
	NEAR(0.90, w->got[0]);
	NEAR(0.10, w->got[1]);
}

/* What a vGPU uses of one engine does not count on the other. */
TEST_F_TIMEOUT(qos, engines_apart, 60)
{
	struct world *w = &self->w;
	unsigned int e;

	add_busy(_metadata, w, "V4", 2, variant->engine);
	busy(&w->l[0], !variant->engine);
	ASSERT_EQ(0, qos_set(w->l[0].v.uuid, "limit", "30"));
	ASSERT_EQ(0, qos_set(w->l[1].v.uuid, "reservation", "60"));
	sleep_us(50000);
	measure(_metadata, w, PERIOD_US);
	NEAR(0.30, w->got[0]);
	NEAR(0.70, w->got[1]);
	e = !variant->engine;
	w->engine = e == T1_ENGINE_COMPUTE ? "compute_ns" : "copy_ns";
	measure(_metadata, w, PERIOD_US);
	NEAR(0.30, w->got[0]);
	EXPECT_EQ(0, PM(w->got[1]));
}

/* Under fixed_share: what others leave, up to the cap, and nothing of what they want. */
TEST_F_TIMEOUT(qos, elastic_cap, 60)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, sched_set("policy", "fixed_share"));
	add_busy(_metadata, w, "V4", 3, variant->engine);
	idle(_metadata, &w->l[2], variant->engine);
	ASSERT_EQ(0, qos_set(w->l[0].v.uuid, "elastic_cap", "60"));
	sleep_us(100000);
	measure(_metadata, w, PERIOD_US);
	NEAR(0.60, w->got[0]);
	NEAR(0.25, w->got[1]);
	/* the idle one comes back: a quarter is unsold */
	busy(&w->l[2], variant->engine);
	sleep_us(50000);
	measure(_metadata, w, PERIOD_US);
	NEAR(0.50, w->got[0]);
	NEAR(0.25, w->got[1]);
	NEAR(0.25, w->got[2]);
	busy(&w->l[0], variant->engine);
	busy(&w->l[1], variant->engine);
	ASSERT_EQ(0, qos_set(w->l[0].v.uuid, "elastic_cap", "0"));
	sleep_us(50000);
	measure(_metadata, w, PERIOD_US);
	NEAR(0.25, w->got[0]);
	NEAR(0.25, w->got[1]);
	/* elsewhere it means nothing */
	ASSERT_EQ(0, qos_set(w->l[0].v.uuid, "elastic_cap", "30"));
	ASSERT_EQ(0, sched_set("policy", "best_effort"));
	sleep_us(50000);
	measure(_metadata, w, PERIOD_US);
	NEAR(1.0 / 3, w->got[0]);
}

/* Under deadline: shorter slices, more often, and as much in sum. */
TEST_F_TIMEOUT(qos, slice_request, 60)
{
	struct world *w = &self->w;
	char slices[32];
	long long n[2];
	unsigned int i;

	snprintf(slices, sizeof(slices), "%s_slices",
		 variant->engine == T1_ENGINE_COMPUTE ? "compute" : "copy");
	ASSERT_EQ(0, sched_set("policy", "deadline"));
	ASSERT_EQ(0, sched_set("timeslice_us", "10000"));
	add_busy(_metadata, w, "V4", 2, variant->engine);
	ASSERT_EQ(0, qos_set(w->l[0].v.uuid, "slice_us", "2000"));
	sleep_us(30000);
	for (i = 0; i < 2; i++)
		n[i] = mdev_stat(w->l[i].v.uuid, slices);
	measure(_metadata, w, 2 * PERIOD_US);
	for (i = 0; i < 2; i++)
		n[i] = mdev_stat(w->l[i].v.uuid, slices) - n[i];
	TH_LOG("%lld and %lld slices", n[0], n[1]);
	NEAR(0.5, w->got[0]);
	NEAR(0.5, w->got[1]);
	/* 240 ms in slices of 2 ms, and of 10 ms */
	EXPECT_LE(115, n[0]);
	EXPECT_GE(130, n[0]);
	EXPECT_LE(22, n[1]);
	EXPECT_GE(30, n[1]);
}

TEST_HARNESS_MAIN
