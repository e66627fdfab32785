// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_waits.c - what a neighbour waits for while a vGPU takes, or gives back, much memory
 *
 * The neighbour's thread, and its vGPU's, have the CPU whenever they want it and can get it: on the
 * one processor of the exact clock its longest command tells the longest piece of the other's work
 * in the kernel without a yield, or under a lock that both need.
 *
 * Suite: shares
 */
#include <pthread.h>
#include <sched.h>

#include "fixture.h"

#define MIB		(1ull << 20)
#define OFTEN		98304u
#define MEMORY		(256 * MIB)
/* So much longer than alone a command may take */
#define PIECE_NS	1000000u

enum what { DESTROY_OFTEN, UNMAP_RUN, UNMAP_SCATTERED, RESET_SCATTERED };

FIXTURE(waits)
{
	struct vdev v, v2;
	struct t1 t, t2;
	struct vdev_mem mem;
	pthread_t thread;
	uint64_t worst_ns, commands;
	int stop, failed;
};

FIXTURE_VARIANT(waits)
{
	enum what what;
	const char *row;
};

FIXTURE_VARIANT_ADD(waits, destroy) { .what = DESTROY_OFTEN, .row = "destroy_98304_mappings" };
FIXTURE_VARIANT_ADD(waits, unmap) { .what = UNMAP_RUN, .row = "unmap_256_mib" };
FIXTURE_VARIANT_ADD(waits, unmap_scattered) { .what = UNMAP_SCATTERED, .row = "unmap_32768_runs" };
FIXTURE_VARIANT_ADD(waits, reset_scattered) { .what = RESET_SCATTERED, .row = "reset_32768_runs" };

/* One page very often, all pages, or every other one */
static int map_it(FIXTURE_DATA(waits) *self, enum what what)
{
	unsigned int stride = what == UNMAP_SCATTERED || what == RESET_SCATTERED ? 2 : 1;
	unsigned int n = what == DESTROY_OFTEN ? OFTEN : MEMORY / 4096 / stride;
	uint64_t list[T1_MAP_MAX_PAGES];
	unsigned int i, k, count;
	int ret = 0;

	for (i = 0; i < n && !ret; i += count) {
		count = n - i < T1_MAP_MAX_PAGES ? n - i : T1_MAP_MAX_PAGES;
		for (k = 0; k < count; k++)
			list[k] = self->mem.iova +
				  (what == DESTROY_OFTEN ? 0 : (i + k) * stride * 4096ull);
		ret = t1_map_list(&self->t, 0, VA + i * 4096ull, list, count, RW);
	}
	return ret;
}

static int real_time(bool on)
{
	struct sched_param param = { .sched_priority = on ? 50 : 0 };

	return sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &param);
}

FIXTURE_SETUP(waits)
{
	fresh();
	ASSERT_EQ(0, vdev_create(&self->v, "V2"));
	ASSERT_EQ(0, real_time(true));
	ASSERT_EQ(0, vdev_create(&self->v2, "V4"));
	ASSERT_EQ(0, real_time(false));
	ASSERT_EQ(0, t1_start(&self->t, &self->v));
	ASSERT_EQ(0, t1_start(&self->t2, &self->v2));
	ASSERT_EQ(0, t1_ctx_create(&self->t, 0));
	ASSERT_EQ(0, vdev_mem_alloc(&self->v, variant->what == DESTROY_OFTEN ? 4096 : MEMORY,
				    2 * MIB, &self->mem));
	ASSERT_EQ(0, map_it(self, variant->what));
}

FIXTURE_TEARDOWN(waits)
{
	EXPECT_EQ(0, vdev_destroy(&self->v));
	EXPECT_EQ(0, vdev_destroy(&self->v2));
}

static void *neighbour(void *arg)
{
	FIXTURE_DATA(waits) *self = arg;
	uint64_t from, ns;

	self->failed = real_time(true);
	while (!self->failed && !__atomic_load_n(&self->stop, __ATOMIC_ACQUIRE)) {
		from = now_ns();
		self->failed = t1_ctx_create(&self->t2, 1) || t1_ctx_destroy(&self->t2, 1);
		ns = now_ns() - from;
		if (ns > self->worst_ns)
			self->worst_ns = ns;
		self->commands++;
		sleep_us(300);
	}
	return NULL;
}

static int begin(FIXTURE_DATA(waits) *self)
{
	self->worst_ns = 0;
	self->commands = 0;
	self->stop = 0;
	return pthread_create(&self->thread, NULL, neighbour, self);
}

static int end(FIXTURE_DATA(waits) *self)
{
	__atomic_store_n(&self->stop, 1, __ATOMIC_RELEASE);
	return pthread_join(self->thread, NULL);
}

static int give_back(FIXTURE_DATA(waits) *self, enum what what)
{
	switch (what) {
	case DESTROY_OFTEN:
		return t1_ctx_destroy(&self->t, 0);
	case RESET_SCATTERED:
		return vdev_reset(&self->v);
	default:
		return vdev_dma_unmap(&self->v, self->mem.iova, self->mem.bytes, NULL);
	}
}

TEST_F_TIMEOUT(waits, give_back, 120)
{
	uint64_t alone, took;

	ASSERT_EQ(0, begin(self));
	sleep_us(50000);
	ASSERT_EQ(0, end(self));
	EXPECT_LT(20, self->commands);
	alone = self->worst_ns;

	ASSERT_EQ(0, begin(self));
	sleep_us(5000);
	took = now_ns();
	ASSERT_EQ(0, give_back(self, variant->what));
	took = now_ns() - took;
	ASSERT_EQ(0, end(self));
	EXPECT_EQ(0, self->failed);
	EXPECT_EQ(0, mdev_stat(self->v.uuid, "pinned_pages"));
	FIGURE("%s %llu us", variant->row, (unsigned long long)took / 1000);
	FIGURE("%s.neighbour %llu us", variant->row, (unsigned long long)self->worst_ns / 1000);
	FIGURE("%s.neighbour_alone %llu us", variant->row, (unsigned long long)alone / 1000);
	EXPECT_GE(alone + PIECE_NS, self->worst_ns);
}

TEST_HARNESS_MAIN
