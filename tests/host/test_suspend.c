// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_suspend.c - the host is suspended: with a vGPU that somebody has open, and with none
 *
 * As far as the kernel's own test of suspend goes: every driver has suspended its device, the
 * accelerator is in D3, and then they resume; the machine itself does not sleep.
 */
#include "fixture.h"

#define POWER	"/sys/power/"

FIXTURE(suspend)
{
	struct vdev v;
	struct t1 t;
	struct t1_queue q;
	struct vdev_mem mem;
	char closed[MDEV_UUID_LEN];	/* nobody has it open */
};

/* As a program that has it open from now on: with a page of VRAM that it has written */
static int use(struct t1 *t, struct vdev *v, struct t1_queue *q, struct vdev_mem *mem)
{
	int ret = t1_start(t, v);

	if (!ret)
		ret = t1_queue_simple(t, q, 0, T1_ENGINE_COPY);
	if (!ret)
		ret = vdev_mem_alloc(v, 4096, 4096, mem);
	if (!ret)
		ret = t1_map_mem(t, 0, VA, mem);
	return ret ? ret : t1_run(q, &FILL(VA, 4096, 0x51));
}

FIXTURE_SETUP(suspend)
{
	ASSERT_NE(NULL, mdev_parent());
	fresh();
	ASSERT_EQ(0, sysfs_write("platform", POWER "pm_test"));
	sysfs_write("1", "/sys/module/suspend/parameters/pm_test_delay");
	ASSERT_EQ(0, mdev_create("V4", self->closed));
	ASSERT_EQ(0, vdev_create(&self->v, "V4"));
	ASSERT_EQ(0, use(&self->t, &self->v, &self->q, &self->mem));
}

FIXTURE_TEARDOWN(suspend)
{
	sysfs_write("none", POWER "pm_test");
	mdev_remove_all();
}

/* Refused, by name; who has it open notices nothing. */
TEST_F_TIMEOUT(suspend, open, 90)
{
	char said[96], *log;

	ASSERT_EQ(0, log_mark());
	EXPECT_EQ(-EBUSY, sysfs_write("freeze", POWER "state"));
	log = log_since_mark();
	ASSERT_NE(NULL, log);
	snprintf(said, sizeof(said), "Host suspend is refused: vGPU %s is in use.", self->v.uuid);
	EXPECT_NE(NULL, strstr(log, said));
	EXPECT_EQ(NULL, strstr(log, self->closed));
	EXPECT_EQ(0, t1_run(&self->q, &FILL(VA, 4096, 0x52)));
	EXPECT_EQ(0x52, *(uint32_t *)self->mem.cpu);
	EXPECT_EQ(0, vdev_destroy(&self->v));
}

/* The accelerator begins anew: vGPUs are there as they were, with nothing in them. */
TEST_F_TIMEOUT(suspend, unopened, 90)
{
	volatile uint32_t *vram = vdev_direct(&self->v, BAR2, 0, 4096);
	char uuid[MDEV_UUID_LEN];
	struct t1_queue q;
	struct t1 t = {};
	struct vdev v;
	int round;

	ASSERT_NE(NULL, vram);
	for (round = 0; round < 3; round++) {
		vram[round] = 0xdead;
		snprintf(uuid, sizeof(uuid), "%s", self->v.uuid);
		vdev_close(&self->v);
		ASSERT_EQ(0, sysfs_write("freeze", POWER "state"));
		EXPECT_EQ(2, mdev_available("V4"));

		ASSERT_EQ(0, vdev_open(&v, self->closed));
		ASSERT_EQ(0, vdev_decode(&v, 1));
		memset(&t, 0, sizeof(t));
		ASSERT_EQ(0, use(&t, &v, &q, &self->mem));
		EXPECT_EQ(0x51, *(uint32_t *)self->mem.cpu);
		vdev_close(&v);

		ASSERT_EQ(0, vdev_open(&self->v, uuid));
		ASSERT_EQ(0, vdev_decode(&self->v, 1));
		memset(&self->t, 0, sizeof(self->t));
		ASSERT_EQ(0, use(&self->t, &self->v, &self->q, &self->mem));
		vram = vdev_direct(&self->v, BAR2, 0, 4096);
		ASSERT_NE(NULL, vram);
		EXPECT_EQ(0, vram[round]);
	}
	EXPECT_EQ(0, vdev_destroy(&self->v));
	/* Others can be made, and the whole accelerator is there */
	EXPECT_EQ(0, mdev_remove(self->closed));
	EXPECT_EQ(0, mdev_create("V1", self->closed));
}

TEST_HARNESS_MAIN
