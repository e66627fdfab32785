// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_many.c - a full house: sixteen vGPUs at once, and mixed sizes until nothing is left
 */
#include "../capacity.h"
#include "fixture.h"

#define N	16

struct guest {
	struct vdev v;
	struct t1 t;
	struct t1_queue q[2];
	struct vdev_mem mem;
};

static struct guest g[N];

FIXTURE(many)
{
	int unused;
};

FIXTURE_SETUP(many)
{
	fresh();
}

FIXTURE_TEARDOWN(many)
{
	unsigned int i;

	for (i = 0; i < N; i++)
		EXPECT_EQ(0, vdev_destroy(&g[i].v));
	mdev_remove_all();
}

static void bring_up(struct __test_metadata *_metadata, unsigned int i, const char *type)
{
	unsigned int e;

	ASSERT_EQ(0, vdev_create(&g[i].v, type)) {
		TH_LOG("vGPU %u", i);
	}
	ASSERT_EQ(0, t1_start(&g[i].t, &g[i].v));
	ASSERT_EQ(0, vdev_mem_alloc(&g[i].v, 128 << 10, 4096, &g[i].mem));
	for (e = 0; e < 2; e++) {
		ASSERT_EQ(0, t1_queue_simple(&g[i].t, &g[i].q[e], e, e));
		ASSERT_EQ(0, t1_map_mem(&g[i].t, e, VA, &g[i].mem));
		ASSERT_EQ(0, t1_map(&g[i].t, e, VA + (1 << 30), e << 20, 16, RWV));
	}
}

/* Sixteen at once, both engines, through their own VRAM and back; nobody sees another's. */
TEST_F_TIMEOUT(many, sixteen, 120)
{
	unsigned int i, e, k, round;

	for (i = 0; i < N; i++)
		bring_up(_metadata, i, "V16");
	EXPECT_EQ(0, mdev_available("V16"));
	for (round = 0; round < 3; round++) {
		for (i = 0; i < N; i++) {
			for (e = 0; e < 2; e++) {
				struct t1_queue *q = &g[i].q[e];

				t1_push(q, &FILL(VA + (1 << 30), 65536, i << 16 | e << 8 | round));
				t1_push(q, &COPY(VA + (e << 16), VA + (1 << 30), 65536));
				t1_fence(q, 0);
				t1_kick(q);
			}
		}
		for (i = 0; i < N; i++) {
			for (e = 0; e < 2; e++) {
				ASSERT_EQ(0, t1_wait(&g[i].q[e], round + 1)) {
					TH_LOG("vGPU %u engine %u round %u", i, e, round);
				}
				for (k = 0; k < 65536; k += 4)
					ASSERT_EQ(i << 16 | e << 8 | round,
						  ((uint32_t *)g[i].mem.cpu)[(e << 14) + k / 4]);
			}
		}
	}
	for (i = 0; i < N; i++) {
		EXPECT_LT(0, mdev_stat(g[i].v.uuid, "compute_ns"));
		EXPECT_LT(0, mdev_stat(g[i].v.uuid, "copy_ns"));
		EXPECT_EQ(0, mdev_stat(g[i].v.uuid, "faults"));
	}
}

/* The same, by each policy. */
TEST_F_TIMEOUT(many, sixteen_policies, 120)
{
	static const char *const policies[] = { "equal_share", "fixed_share", "best_effort" };
	unsigned int i, k;

	for (i = 0; i < N; i++)
		bring_up(_metadata, i, "V16");
	for (k = 0; k < 3; k++) {
		ASSERT_EQ(0, sched_set("policy", policies[k]));
		for (i = 0; i < N; i++) {
			t1_push(&g[i].q[0], &FILL(VA, 65536, k << 8 | i));
			t1_fence(&g[i].q[0], 0);
			t1_kick(&g[i].q[0]);
		}
		for (i = 0; i < N; i++) {
			ASSERT_EQ(0, t1_wait(&g[i].q[0], k + 1)) {
				TH_LOG("%s: vGPU %u", policies[k], i);
			}
			ASSERT_EQ(k << 8 | i, ((uint32_t *)g[i].mem.cpu)[16383]);
		}
	}
}

/* Mixed sizes: after every step sysfs says what is left, and that much can be created. */
TEST_F_TIMEOUT(many, mixed_sizes, 60)
{
	unsigned int i, k;

	for (i = 0; i <= CAPACITY_STEPS; i++) {
		for (k = 0; k < CAPACITY_TYPES; k++)
			EXPECT_EQ(capacity_left[i][k], mdev_available(capacity_types[k]));
		if (i < CAPACITY_STEPS)
			bring_up(_metadata, i, capacity_types[capacity_order[i]]);
	}
	for (i = 0; i < CAPACITY_STEPS; i++) {
		ASSERT_EQ(0, t1_run(&g[i].q[0], &FILL(VA, 4, i + 1)));
		ASSERT_EQ(i + 1, *(uint32_t *)g[i].mem.cpu);
	}
}

/* One after the other made, used and removed: nothing wears out. */
TEST_F_TIMEOUT(many, turnover, 120)
{
	static const char *const types[] = { "V16", "V1", "V8", "V2", "V4" };
	unsigned int i;

	for (i = 0; i < 25; i++) {
		memset(&g[0], 0, sizeof(g[0]));
		bring_up(_metadata, 0, types[i % 5]);
		ASSERT_EQ(0, t1_run(&g[0].q[1], &FILL(VA, 4096, i + 1)));
		ASSERT_EQ(i + 1, *(uint32_t *)g[0].mem.cpu);
		ASSERT_EQ(0, vdev_destroy(&g[0].v));
		g[0].v.uuid[0] = '\0';
	}
	EXPECT_EQ(1, mdev_available("V1"));
}

TEST_HARNESS_MAIN
