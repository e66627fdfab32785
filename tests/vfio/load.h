/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load.h - several vGPUs of one accelerator, kept busy, and what each of them gets
 *
 * Load is T1_OP_HANG for a given time, so that the engines are busy and the machine that
 * emulates them is not (needs hang=on). What a vGPU got is its stats' difference over a
 * period of device time. To be run in exact virtual time (boot.sh --det): otherwise the host's
 * timers come as late as the machine below is loaded.
 */
#ifndef TESSERA_TEST_LOAD_H
#define TESSERA_TEST_LOAD_H

#include "fixture.h"

#define MAX_VGPUS	8
#define CMD_NS		500000
#define RING_LOG2	12
#define PERIOD_US	240000

struct load {
	struct vdev v;
	struct t1 t;
	struct t1_queue q[T1_NUM_ENGINES];
};

/**
 * struct world - the vGPUs of a test
 * @l: they
 * @n: how many
 * @engine: whose counters are looked at
 * @got: parts of the device time of the last period
 * @idle: what is left of it
 */
struct world {
	struct load l[MAX_VGPUS];
	unsigned int n;
	const char *engine;
	double got[MAX_VGPUS];
	double idle;
};

static inline void end(struct __test_metadata *_metadata, struct world *w)
{
	unsigned int i;

	for (i = 0; i < w->n; i++)
		EXPECT_EQ(0, vdev_destroy(&w->l[i].v));
	fresh();
}

static inline void add(struct __test_metadata *_metadata, struct world *w, const char *type)
{
	struct load *l = &w->l[w->n];
	unsigned int e;

	ASSERT_EQ(0, vdev_create(&l->v, type));
	w->n++;
	ASSERT_EQ(0, t1_start(&l->t, &l->v));
	ASSERT_NE(0, l->t.caps & T1_CAP_HANG) {
		TH_LOG("these tests want the accelerator with hang=on");
	}
	for (e = 0; e < T1_NUM_ENGINES; e++) {
		ASSERT_EQ(0, t1_ctx_create(&l->t, e));
		ASSERT_EQ(0, t1_queue_create(&l->t, &l->q[e], e, e, e, RING_LOG2, 0));
	}
}

/* Fill a ring with two seconds of work; again, if much of it is done: fences say how much. */
static inline void busy(struct load *l, unsigned int engine)
{
	struct t1_queue *q = &l->q[engine];

	while (q->tail - q->cb->head < (1u << RING_LOG2) - 1) {
		if (q->tail % 64 == 63)
			t1_fence(q, 0);
		else
			t1_push(q, &HANG(CMD_NS, 0));
	}
	t1_kick(q);
}

static inline void idle(struct __test_metadata *_metadata, struct load *l, unsigned int engine)
{
	ASSERT_EQ(0, t1_queue_reset(&l->q[engine]));
	l->q[engine].cb->head = 0;
}

static inline void measure(struct __test_metadata *_metadata, struct world *w,
		    unsigned int usecs)
{
	long long before[MAX_VGPUS], after[MAX_VGPUS];
	struct vdev *clock = &w->l[0].v;
	uint64_t t0, t1;
	unsigned int i;
	double sum = 0;

	t0 = vdev_reg64(clock, T1_REG_TIME_LO);
	for (i = 0; i < w->n; i++)
		before[i] = mdev_stat(w->l[i].v.uuid, w->engine);
	sleep_us(usecs);
	t1 = vdev_reg64(clock, T1_REG_TIME_LO);
	for (i = 0; i < w->n; i++) {
		after[i] = mdev_stat(w->l[i].v.uuid, w->engine);
		ASSERT_LE(0, before[i]);
		ASSERT_LE(before[i], after[i]);
		w->got[i] = (double)(after[i] - before[i]) / (t1 - t0);
		sum += w->got[i];
	}
	w->idle = 1 - sum;
	for (i = 0; i < w->n; i++)
		TH_LOG("vGPU %u got %.3f", i, w->got[i]);
}

/* Parts per mille, for the harness compares integers */
#define PM(x)	((int)((x) * 1000 + 0.5))

/* Within so much of the device time, for the ends of a period cut slices */
#define NEAR(want, got) do {						\
		EXPECT_LE(PM(want) - 15, PM(got));			\
		EXPECT_GE(PM(want) + 15, PM(got));			\
	} while (0)

#endif
