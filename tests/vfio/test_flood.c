// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_flood.c - a guest that wants an interrupt after every command: it gets so many, its
 * neighbours notice little, and nothing is lost
 *
 * Suite: shares
 */
#include <pthread.h>

#include "fixture.h"

#define LOG2		12
#define ENTRIES		(1u << LOG2)
#define QUEUES		4
#define WINDOW_US	300000

/* Of a V4, as kmod/vgpu/irq.c has it */
#define PER_MS		64

FIXTURE(flood)
{
	struct vdev v, v2;
	struct t1 t, t2;
	struct t1_queue q[QUEUES], other, pair[2];
	int fd[QUEUES], other_fd;
	pthread_t thread;
	int stop;
};

FIXTURE_SETUP(flood)
{
	unsigned int i, k;

	fresh();
	ASSERT_EQ(0, vdev_create(&self->v, "V4"));
	ASSERT_EQ(0, vdev_create(&self->v2, "V4"));
	ASSERT_EQ(0, t1_start(&self->t, &self->v));
	ASSERT_EQ(0, t1_start(&self->t2, &self->v2));
	ASSERT_EQ(0, t1_ctx_create(&self->t, 0));
	for (i = 0; i < QUEUES; i++) {
		struct t1_queue *q = &self->q[i];

		self->fd[i] = eventfd(0, EFD_NONBLOCK);
		ASSERT_EQ(0, vdev_irq_set(&self->v, 1 + i, 1, &self->fd[i]));
		ASSERT_EQ(0, t1_queue_create(&self->t, q, 0, i, i & 1, LOG2, 1 + i));
		for (k = 0; k < ENTRIES; k++)
			t1_fence(q, T1_FENCE_IRQ);
		q->tail = 0;
	}
	self->other_fd = eventfd(0, EFD_NONBLOCK);
	ASSERT_EQ(0, vdev_irq_set(&self->v, 1 + QUEUES, 1, &self->other_fd));
	ASSERT_EQ(0, t1_queue_create(&self->t, &self->other, 0, QUEUES, 0, 4, 1 + QUEUES));
}

FIXTURE_TEARDOWN(flood)
{
	EXPECT_EQ(0, vdev_destroy(&self->v));
	EXPECT_EQ(0, vdev_destroy(&self->v2));
}

static void *flood(void *arg)
{
	FIXTURE_DATA(flood) *self = arg;
	unsigned int i;

	while (!__atomic_load_n(&self->stop, __ATOMIC_ACQUIRE)) {
		for (i = 0; i < QUEUES; i++) {
			struct t1_queue *q = &self->q[i];
			uint32_t head = q->cb->head;

			q->cb->event = head;
			*q->doorbell = head + ENTRIES;
		}
		sleep_us(300);
	}
	return NULL;
}

/*
 * Mean time of an admin command of the neighbour, in ns; 0 if one failed. The pauses between are
 * of many lengths, since what holds a flood back has a period of a millisecond.
 */
static uint64_t neighbour_ns(struct t1 *t)
{
	uint64_t begin = now_ns(), at, sum = 0;
	unsigned int n = 0, seed = 1;

	while (now_ns() < begin + WINDOW_US * 1000ull) {
		at = now_ns();
		if (t1_ctx_create(t, 1) || t1_ctx_destroy(t, 1))
			return 0;
		sum += now_ns() - at;
		n++;
		sleep_us(100 + rand_r(&seed) % 1000);
	}
	return sum / n;
}

TEST_F_TIMEOUT(flood, held_back, 60)
{
	long long before, moderated, got;
	uint64_t quiet, loud, begin;
	unsigned int i, late = 0;
	char buf[256];

	quiet = neighbour_ns(&self->t2);
	ASSERT_EQ(0, pthread_create(&self->thread, NULL, flood, self));
	sleep_us(20000);
	before = mdev_stat(self->v.uuid, "interrupts");
	begin = now_ns();
	loud = neighbour_ns(&self->t2);
	got = mdev_stat(self->v.uuid, "interrupts") - before;
	begin = (now_ns() - begin) / 1000000;
	moderated = mdev_stat(self->v.uuid, "interrupts_moderated");
	TH_LOG("%lld interrupts in %llu ms, held back %lld times", got, (unsigned long long)begin,
	       moderated);
	FIGURE("irq_flood.neighbour %llu us", (unsigned long long)loud / 1000);
	FIGURE("irq_flood.neighbour_alone %llu us", (unsigned long long)quiet / 1000);
	/* It is a flood, and a budget. The last of a window may come from each queue */
	EXPECT_LT(10 * (long long)begin, got);
	EXPECT_GE((PER_MS + 2 * QUEUES) * (long long)begin, got);
	EXPECT_LT((long long)begin / 2, moderated);
	EXPECT_EQ(0, mdev_stat(self->v2.uuid, "interrupts_moderated"));
	EXPECT_NE(0, quiet);
	EXPECT_NE(0, loud);
	EXPECT_GE(2 * quiet, loud);
	ASSERT_EQ(0, sysfs_read(buf, sizeof(buf), "/sys/bus/mdev/devices/%s/vgpu/last_fault",
				self->v.uuid));
	EXPECT_EQ(0, strncmp(buf, "kind=flood time=", 16));

	/* An interrupt that has to wait is not lost */
	for (i = 0; i < 100; i++) {
		self->other.cb->event = self->other.tail;
		t1_fence(&self->other, T1_FENCE_IRQ);
		t1_kick(&self->other);
		late += !signalled(self->other_fd, 1000);
	}
	EXPECT_EQ(0, late);
	__atomic_store_n(&self->stop, 1, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_join(self->thread, NULL));
}

/*
 * Two queues that hand a semaphore to and fro, each on an engine of its own: a hop is an engine
 * without work and another that has come to some, for thousands of which one doorbell is enough.
 */
static int ping_pong(FIXTURE_DATA(flood) *self)
{
	struct t1_queue *q = self->pair;
	struct vdev_mem mem;
	unsigned int e, i;
	int ret;

	ret = vdev_mem_alloc(&self->v, 4096, 4096, &mem);
	for (e = 0; e < 2 && !ret; e++) {
		ret = t1_ctx_create(&self->t, 1 + e);
		if (!ret)
			ret = t1_map_mem(&self->t, 1 + e, VA, &mem);
		if (!ret)
			ret = t1_queue_create(&self->t, &q[e], 1 + e, QUEUES + 1 + e, e, LOG2, 0);
		for (i = 0; i < ENTRIES / 2 && !ret; i++) {
			t1_push(&q[e], &SEM_WAIT(VA, e, T1_SEM_EQ));
			t1_push(&q[e], &FENCE(VA, !e, 0));
		}
	}
	return ret;
}

/* The same again and again: both rings full, and as far as each other. */
static void *play_on(void *arg)
{
	FIXTURE_DATA(flood) *self = arg;
	struct t1_queue *q = self->pair;

	do {
		if (q[0].cb->head == q[0].tail && q[1].cb->head == q[1].tail) {
			q[0].tail += ENTRIES;
			q[1].tail += ENTRIES;
		}
		t1_kick(&q[0]);
		t1_kick(&q[1]);
		sleep_us(200);
	} while (!__atomic_load_n(&self->stop, __ATOMIC_ACQUIRE));
	return NULL;
}

TEST_F_TIMEOUT(flood, semaphores, 60)
{
	uint64_t quiet, loud, begin, ms;
	struct t1_queue *q = self->pair;
	uint32_t hops, i;
	long long held;

	quiet = neighbour_ns(&self->t2);
	ASSERT_EQ(0, ping_pong(self));
	begin = now_ns();
	ASSERT_EQ(0, pthread_create(&self->thread, NULL, play_on, self));
	loud = neighbour_ns(&self->t2);
	ms = (now_ns() - begin) / 1000000;
	hops = q[0].cb->head;
	held = mdev_stat(self->v.uuid, "engine_holds");
	__atomic_store_n(&self->stop, 1, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_join(self->thread, NULL));
	TH_LOG("%u hops in %llu ms, held back %lld times", hops, (unsigned long long)ms, held);
	FIGURE("event_flood.neighbour %llu us", (unsigned long long)loud / 1000);
	FIGURE("event_flood.neighbour_alone %llu us", (unsigned long long)quiet / 1000);
	EXPECT_NE(0, quiet);
	EXPECT_NE(0, loud);
	EXPECT_GE(2 * quiet, loud);
	EXPECT_LT(10, held);
	EXPECT_EQ(0, mdev_stat(self->v2.uuid, "engine_holds"));
	/* All of them end, however often they were held back */
	for (i = 0; i < 5000 && (q[0].cb->head != q[0].tail || q[1].cb->head != q[1].tail); i++)
		sleep_us(1000);
	EXPECT_EQ(q[0].tail, q[0].cb->head);
	EXPECT_EQ(q[1].tail, q[1].cb->head);
}

/* A vGPU that goes while some of its slots are masked leaves them as new. */
TEST_F_TIMEOUT(flood, goes_masked, 60)
{
	struct t1_queue q;
	unsigned int i;
	int fd;

	ASSERT_EQ(0, pthread_create(&self->thread, NULL, flood, self));
	sleep_us(20000);
	__atomic_store_n(&self->stop, 1, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_join(self->thread, NULL));
	EXPECT_LT(0, mdev_stat(self->v.uuid, "interrupts_moderated"));
	ASSERT_EQ(0, vdev_destroy(&self->v));
	ASSERT_EQ(0, vdev_create(&self->v, "V4"));
	memset(&self->t, 0, sizeof(self->t));
	ASSERT_EQ(0, t1_start(&self->t, &self->v));
	ASSERT_EQ(0, t1_ctx_create(&self->t, 0));
	fd = eventfd(0, EFD_NONBLOCK);
	for (i = 0; i < QUEUES; i++) {
		ASSERT_EQ(0, vdev_irq_set(&self->v, 1, 1, &fd));
		ASSERT_EQ(0, t1_queue_create(&self->t, &q, 0, i, 0, 4, 1));
		t1_fence(&q, T1_FENCE_IRQ);
		t1_kick(&q);
		EXPECT_TRUE(signalled(fd, 1000));
	}
}

TEST_HARNESS_MAIN
