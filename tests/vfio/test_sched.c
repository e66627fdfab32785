// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_sched.c - the policies on the vGPUs of one accelerator, by the hardware's counters
 *
 * To be run in exact virtual time: see load.h.
 *
 * Suite: shares
 */
#include "load.h"

/* What is each engine's own */
FIXTURE(sched)
{
	struct world w;
};

FIXTURE_VARIANT(sched)
{
	unsigned int engine;
};

FIXTURE_VARIANT_ADD(sched, compute)
{
	.engine = T1_ENGINE_COMPUTE,
};

FIXTURE_VARIANT_ADD(sched, copy)
{
	.engine = T1_ENGINE_COPY,
};

FIXTURE_SETUP(sched)
{
	fresh();
	self->w.engine = variant->engine == T1_ENGINE_COMPUTE ? "compute_ns" : "copy_ns";
}

FIXTURE_TEARDOWN(sched)
{
	end(_metadata, &self->w);
}

/* What is the same for both */
FIXTURE(sched_compute)
{
	struct world w;
};

FIXTURE_SETUP(sched_compute)
{
	fresh();
	self->w.engine = "compute_ns";
}

FIXTURE_TEARDOWN(sched_compute)
{
	end(_metadata, &self->w);
}

TEST_F_TIMEOUT(sched, best_effort, 60)
{
	struct world *w = &self->w;
	unsigned int i, e = variant->engine;

	add(_metadata, w, "V2");
	add(_metadata, w, "V4");
	add(_metadata, w, "V8");
	for (i = 0; i < 3; i++)
		busy(&w->l[i], e);
	measure(_metadata, w, PERIOD_US);
	for (i = 0; i < 3; i++)
		NEAR(1.0 / 3, w->got[i]);
	/* one without work: its time goes to the others */
	idle(_metadata, &w->l[1], e);
	measure(_metadata, w, PERIOD_US);
	NEAR(0.5, w->got[0]);
	EXPECT_EQ(0, PM(w->got[1]));
	NEAR(0.5, w->got[2]);
	/* one alone has it all */
	idle(_metadata, &w->l[0], e);
	measure(_metadata, w, PERIOD_US / 2);
	NEAR(1.0, w->got[2]);
	/* and a vGPU that comes back is served at once */
	busy(&w->l[0], e);
	busy(&w->l[1], e);
	measure(_metadata, w, PERIOD_US);
	for (i = 0; i < 3; i++)
		NEAR(1.0 / 3, w->got[i]);
}

TEST_F_TIMEOUT(sched, equal_share, 60)
{
	struct world *w = &self->w;
	unsigned int i, e = variant->engine;

	ASSERT_EQ(0, sched_set("policy", "equal_share"));
	add(_metadata, w, "V2");
	add(_metadata, w, "V4");
	add(_metadata, w, "V8");
	for (i = 0; i < 3; i++)
		busy(&w->l[i], e);
	measure(_metadata, w, PERIOD_US);
	for (i = 0; i < 3; i++)
		NEAR(1.0 / 3, w->got[i]);
	/* one that only idles keeps its part, unused */
	idle(_metadata, &w->l[1], e);
	measure(_metadata, w, PERIOD_US);
	NEAR(1.0 / 3, w->got[0]);
	EXPECT_EQ(0, PM(w->got[1]));
	NEAR(1.0 / 3, w->got[2]);
	NEAR(1.0 / 3, w->idle);
	/* one that stops does not */
	t1_disable(&w->l[1].t);
	measure(_metadata, w, PERIOD_US);
	NEAR(0.5, w->got[0]);
	NEAR(0.5, w->got[2]);
	/* nor one whose virtual machine has gone */
	vdev_close(&w->l[2].v);
	measure(_metadata, w, PERIOD_US / 2);
	NEAR(1.0, w->got[0]);
}

TEST_F_TIMEOUT(sched, fixed_share, 60)
{
	struct world *w = &self->w;
	unsigned int i, e = variant->engine;

	ASSERT_EQ(0, sched_set("policy", "fixed_share"));
	add(_metadata, w, "V2");
	add(_metadata, w, "V4");
	add(_metadata, w, "V8");
	for (i = 0; i < 3; i++)
		busy(&w->l[i], e);
	measure(_metadata, w, PERIOD_US);
	NEAR(1.0 / 2, w->got[0]);
	NEAR(1.0 / 4, w->got[1]);
	NEAR(1.0 / 8, w->got[2]);
	/* whatever else runs, or does not */
	t1_disable(&w->l[0].t);
	idle(_metadata, &w->l[2], e);
	measure(_metadata, w, PERIOD_US);
	EXPECT_EQ(0, PM(w->got[0]));
	NEAR(1.0 / 4, w->got[1]);
	EXPECT_EQ(0, PM(w->got[2]));
	NEAR(3.0 / 4, w->idle);
}

/* Policies are switched under load, with no vGPU losing work or being locked out. */
TEST_F_TIMEOUT(sched_compute, switch_policy, 60)
{
	struct world *w = &self->w;
	static const char *const policies[] = {
		"equal_share", "fixed_share", "deadline", "fixed_share", "best_effort",
	};
	unsigned int i, k, e = T1_ENGINE_COMPUTE;

	for (i = 0; i < 3; i++)
		add(_metadata, w, "V4");
	for (i = 0; i < 3; i++)
		busy(&w->l[i], e);
	for (k = 0; k < ARRAY_SIZE(policies); k++) {
		ASSERT_EQ(0, sched_set("policy", policies[k]));
		measure(_metadata, w, PERIOD_US / 2);
		for (i = 0; i < 3; i++) {
			NEAR(strcmp(policies[k], "fixed_share") ? 1.0 / 3 : 1.0 / 4, w->got[i]);
			busy(&w->l[i], e);
		}
	}
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, mdev_stat(w->l[i].v.uuid, "faults"));
}

/* Engines are shared each by itself. */
TEST_F_TIMEOUT(sched, engines_apart, 60)
{
	struct world *w = &self->w;
	unsigned int e = variant->engine;

	add(_metadata, w, "V4");
	add(_metadata, w, "V4");
	busy(&w->l[0], e);
	busy(&w->l[1], !e);
	measure(_metadata, w, PERIOD_US / 2);
	NEAR(1.0, w->got[0]);
	EXPECT_EQ(0, PM(w->got[1]));
	busy(&w->l[0], !e);
	measure(_metadata, w, PERIOD_US / 2);
	NEAR(1.0, w->got[0]);
}

/* By weight, under best_effort. */
TEST_F_TIMEOUT(sched, weights, 60)
{
	struct world *w = &self->w;
	unsigned int e = variant->engine;

	add(_metadata, w, "V4");
	add(_metadata, w, "V4");
	ASSERT_EQ(0, sysfs_write("300", "/sys/bus/mdev/devices/%s/vgpu/weight", w->l[0].v.uuid));
	busy(&w->l[0], e);
	busy(&w->l[1], e);
	measure(_metadata, w, PERIOD_US);
	NEAR(0.75, w->got[0]);
	NEAR(0.25, w->got[1]);
}

/* Longer slices: fewer switches. */
TEST_F_TIMEOUT(sched_compute, timeslice, 60)
{
	struct world *w = &self->w;
	long long n[2], before;
	unsigned int i, e = T1_ENGINE_COMPUTE;

	add(_metadata, w, "V4");
	add(_metadata, w, "V4");
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, sched_set("timeslice_us", i ? "20000" : "2000"));
		busy(&w->l[0], e);
		busy(&w->l[1], e);
		before = mdev_stat(w->l[0].v.uuid, "compute_slices");
		measure(_metadata, w, 400000);
		NEAR(0.5, w->got[0]);
		n[i] = mdev_stat(w->l[0].v.uuid, "compute_slices") - before;
		TH_LOG("%lld slices", n[i]);
	}
	EXPECT_LE(95, n[0]);
	EXPECT_LE(9, n[1]);
	/* 400 ms in slices of 2 ms, every second one */
	EXPECT_GE(105, n[0]);
	EXPECT_GE(11, n[1]);
}

/* Batch preemption with batches longer than slices: overshoot is paid back. */
TEST_F_TIMEOUT(sched_compute, overshoot, 60)
{
	struct world *w = &self->w;
	unsigned int i, e = T1_ENGINE_COMPUTE;
	struct t1_queue *q;

	ASSERT_EQ(0, sched_set("preemption", "batch"));
	ASSERT_EQ(0, sched_set("averaging", "4"));
	ASSERT_EQ(0, sched_set("preempt_timeout_us", "5000000"));
	add(_metadata, w, "V4");
	add(_metadata, w, "V4");
	q = &w->l[0].q[e];
	for (i = 0; i < 300; i++)
		t1_push(q, &HANG(7000000, 0));
	t1_kick(q);
	busy(&w->l[1], e);
	measure(_metadata, w, 2 * PERIOD_US);
	EXPECT_LT(0, mdev_stat(w->l[0].v.uuid, "compute_overshoot_ns"));
	NEAR(0.5, w->got[0]);
	NEAR(0.5, w->got[1]);
}

static long long stat_of(struct load *l, unsigned int engine, const char *name)
{
	char file[64];

	snprintf(file, sizeof(file), "%s_%s", engine == T1_ENGINE_COMPUTE ? "compute" : "copy",
		 name);
	return mdev_stat(l->v.uuid, file);
}

/*
 * Strict: whatever the batch's length, nobody waits longer for it than a tile (10 us here) and a
 * switch, and what it takes to submit that.
 */
TEST_F_TIMEOUT(sched, strict_bounds_waits, 60)
{
	struct world *w = &self->w;
	long long slices, over, each[2];
	unsigned int i, k, e = variant->engine;

	ASSERT_EQ(0, sched_set("preempt_timeout_us", "5000000"));
	add(_metadata, w, "V4");
	add(_metadata, w, "V4");
	for (i = 0; i < 100; i++)
		t1_push(&w->l[0].q[e], &HANG(20000000, 0));
	t1_kick(&w->l[0].q[e]);
	busy(&w->l[1], e);
	/* batch first, to see what strict is for */
	for (k = 0; k < 2; k++) {
		ASSERT_EQ(0, sched_set("preemption", k ? "strict" : "batch"));
		sleep_us(50000);
		slices = stat_of(&w->l[0], e, "slices");
		over = stat_of(&w->l[0], e, "overshoot_ns");
		measure(_metadata, w, PERIOD_US);
		slices = stat_of(&w->l[0], e, "slices") - slices;
		ASSERT_LT(0, slices);
		each[k] = (stat_of(&w->l[0], e, "overshoot_ns") - over) / slices;
		TH_LOG("%lld slices, overshoot of each %lld ns", slices, each[k]);
	}
	EXPECT_LT(10000000, each[0]);
	EXPECT_GT(60000, each[1]);
	NEAR(0.5, w->got[0]);
}

/* After the timeout the guilty vGPU loses its context; the neighbour loses only that time. */
TEST_F_TIMEOUT(sched, timeout_bounds_loss, 60)
{
	struct world *w = &self->w;
	unsigned int e = variant->engine;

	ASSERT_EQ(0, sched_set("preempt_timeout_us", "20000"));
	add(_metadata, w, "V4");
	add(_metadata, w, "V4");
	busy(&w->l[1], e);
	t1_push(&w->l[0].q[e], &HANG(0, T1_HANG_NO_PREEMPT));
	t1_kick(&w->l[0].q[e]);
	measure(_metadata, w, 200000);
	/* a slice of 2 ms, a timeout of 20 ms, a reset of 0.1 ms, in 200 ms */
	NEAR(0.11, w->got[0]);
	NEAR(0.89, w->got[1]);
	EXPECT_EQ(1, mdev_stat(w->l[0].v.uuid, "faults"));
	EXPECT_EQ(1, stat_of(&w->l[0], e, "engine_resets"));
	EXPECT_EQ(0, mdev_stat(w->l[1].v.uuid, "faults"));
	EXPECT_EQ(0, stat_of(&w->l[1], e, "engine_resets"));
}

/* A period without any work, and then work again. */
TEST_F_TIMEOUT(sched_compute, all_idle, 60)
{
	struct world *w = &self->w;
	static const char *const policies[] = { "best_effort", "equal_share", "fixed_share" };
	unsigned int i, k, e = T1_ENGINE_COMPUTE;

	for (i = 0; i < 3; i++)
		add(_metadata, w, "V4");
	for (k = 0; k < 3; k++) {
		ASSERT_EQ(0, sched_set("policy", policies[k]));
		sleep_us(50000);
		for (i = 0; i < 3; i++)
			ASSERT_EQ(0, t1_run(&w->l[i].q[e], &NOP()));
		for (i = 0; i < 3; i++)
			busy(&w->l[i], e);
		measure(_metadata, w, PERIOD_US / 2);
		for (i = 0; i < 3; i++) {
			NEAR(k == 2 ? 1.0 / 4 : 1.0 / 3, w->got[i]);
			idle(_metadata, &w->l[i], e);
		}
	}
}

FIXTURE(sched_files)
{
	char saved[64];
};

FIXTURE_SETUP(sched_files)
{
	fresh();
}

FIXTURE_TEARDOWN(sched_files)
{
	fresh();
}

/* As the block layer's scheduler file: all of them, the one in force in brackets. */
static int in_force(const char *want)
{
	static const char *const policies[] = {
		"best_effort", "equal_share", "fixed_share", "deadline",
	};
	char buf[128], word[32];
	unsigned int i;

	if (sched_get("policy", buf, sizeof(buf)))
		return 0;
	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		if (!strstr(buf, policies[i]))
			return 0;
	}
	snprintf(word, sizeof(word), "[%s]", want);
	return strstr(buf, word) && strchr(buf, '[') == strrchr(buf, '[');
}

TEST_F(sched_files, policy)
{
	EXPECT_TRUE(in_force("best_effort"));
	ASSERT_EQ(0, sched_set("policy", "fixed_share\n"));
	EXPECT_TRUE(in_force("fixed_share"));
	EXPECT_EQ(-EINVAL, sched_set("policy", "fair"));
	EXPECT_EQ(-EINVAL, sched_set("policy", "fixed"));
	EXPECT_EQ(-EINVAL, sched_set("policy", "fixed_share2"));
	EXPECT_EQ(-EINVAL, sched_set("policy", "\n"));
	EXPECT_TRUE(in_force("fixed_share"));
}

TEST_F(sched_files, ranges)
{
	static const struct {
		const char *name, *good[3], *bad[6];
	} files[] = {
		{ "timeslice_us", { "1000", "30000", "0" },
		  { "999", "30001", "-1", "2ms", "", "99999999999999999999" } },
		{ "averaging", { "1", "60", "33" }, { "0", "61", "-1", "x", "4294967297", "" } },
		{ "preempt_timeout_us", { "100", "10000000", "10000" },
		  { "99", "10000001", "0", "-5", "x", "" } },
		{ "preemption", { "batch", "strict", "strict\n" },
		  { "", "str", "strictly", "none", "BATCH", "\n" } },
	};
	char buf[128], now[128];
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		const char *name = files[i].name;

		for (k = 0; k < 3; k++)
			EXPECT_EQ(0, sched_set(name, files[i].good[k]));
		ASSERT_EQ(0, sched_get(name, buf, sizeof(buf)));
		for (k = 0; k < 6; k++) {
			int err;

			/* an empty write does not reach the driver */
			if (!files[i].bad[k][0])
				continue;
			err = sched_set(name, files[i].bad[k]);
			EXPECT_TRUE(err == -EINVAL || err == -ERANGE);
		}
		ASSERT_EQ(0, sched_get(files[i].name, now, sizeof(now)));
		EXPECT_STREQ(buf, now);
	}
	ASSERT_EQ(0, sched_get("timeslice_us", buf, sizeof(buf)));
	EXPECT_STREQ("2000", buf);
	ASSERT_EQ(0, sched_get("preemption", buf, sizeof(buf)));
	EXPECT_STREQ("batch [strict]", buf);
}

TEST_F(sched_files, weight)
{
	static const char *const bad[] = { "0", "10001", "-1", "x" };
	char uuid[MDEV_UUID_LEN], buf[64];
	unsigned int i;

	ASSERT_EQ(0, mdev_create("V8", uuid));
	ASSERT_EQ(0, sysfs_read(buf, sizeof(buf), "/sys/bus/mdev/devices/%s/vgpu/weight", uuid));
	EXPECT_STREQ("100", buf);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_GT(0, sysfs_write(bad[i], "/sys/bus/mdev/devices/%s/vgpu/weight", uuid));
	EXPECT_EQ(0, sysfs_write("10000", "/sys/bus/mdev/devices/%s/vgpu/weight", uuid));
	ASSERT_EQ(0, sysfs_read(buf, sizeof(buf), "/sys/bus/mdev/devices/%s/vgpu/weight", uuid));
	EXPECT_STREQ("10000", buf);
	EXPECT_EQ(0, mdev_remove(uuid));
}

/* The default slice depends on how many run. */
TEST_F_TIMEOUT(sched_files, default_slice, 60)
{
	static struct vdev v[9];
	static struct t1 t[9];
	char buf[64];
	unsigned int i;

	for (i = 0; i < 9; i++) {
		ASSERT_EQ(0, sched_get("timeslice_us", buf, sizeof(buf)));
		EXPECT_STREQ("2000", buf);
		ASSERT_EQ(0, vdev_create(&v[i], "V16"));
		ASSERT_EQ(0, t1_start(&t[i], &v[i]));
	}
	ASSERT_EQ(0, sched_get("timeslice_us", buf, sizeof(buf)));
	EXPECT_STREQ("1000", buf);
	t1_disable(&t[4]);
	ASSERT_EQ(0, sched_get("timeslice_us", buf, sizeof(buf)));
	EXPECT_STREQ("2000", buf);
	for (i = 0; i < 9; i++)
		ASSERT_EQ(0, vdev_destroy(&v[i]));
}

TEST_HARNESS_MAIN
