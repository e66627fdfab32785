// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_reset.c - function-level, VFIO and register resets, with work running; opening and closing
 *
 * Also: smoke-6.1
 */
#include "fixture.h"

FIXTURE(reset)
{
	struct vdev v, v2;
	struct t1 t, t2;
	struct t1_queue q, q2;
	struct vdev_mem mem, mem2;
};

FIXTURE_VARIANT(reset)
{
	int (*reset)(struct t1 *t);
	int whole;	/* configuration space too */
};

static int by_vfio(struct t1 *t)
{
	return vdev_reset(t->v);
}

static int by_flr(struct t1 *t)
{
	return vdev_flr(t->v);
}

static int by_disable(struct t1 *t)
{
	t1_disable(t);
	return 0;
}

FIXTURE_VARIANT_ADD(reset, vfio)
{
	.reset = by_vfio,
	.whole = 1,
};

FIXTURE_VARIANT_ADD(reset, flr)
{
	.reset = by_flr,
	.whole = 1,
};

FIXTURE_VARIANT_ADD(reset, ctrl)
{
	.reset = t1_ctrl_reset,
};

FIXTURE_VARIANT_ADD(reset, disable)
{
	.reset = by_disable,
};

static void bring_up(struct __test_metadata *_metadata, struct t1 *t, struct vdev *v,
		     struct t1_queue *q, struct vdev_mem *mem)
{
	ASSERT_EQ(0, t1_start(t, v));
	ASSERT_EQ(0, t1_queue_simple(t, q, 0, T1_ENGINE_COPY));
	if (!mem->cpu)
		ASSERT_EQ(0, vdev_mem_alloc(v, 1 << 20, 4096, mem));
	ASSERT_EQ(0, t1_map_mem(t, 0, VA, mem));
}

FIXTURE_SETUP(reset)
{
	fresh();
	ASSERT_EQ(0, vdev_create(&self->v, "V4"));
	ASSERT_EQ(0, vdev_create(&self->v2, "V8"));
	bring_up(_metadata, &self->t, &self->v, &self->q, &self->mem);
	bring_up(_metadata, &self->t2, &self->v2, &self->q2, &self->mem2);
}

FIXTURE_TEARDOWN(reset)
{
	EXPECT_EQ(0, vdev_destroy(&self->v));
	EXPECT_EQ(0, vdev_destroy(&self->v2));
}

static void load(struct t1_queue *q, unsigned int n)
{
	while (n--)
		t1_push(q, &FILL(VA, 1 << 20, n));
	t1_kick(q);
}

TEST_F(reset, idle)
{
	struct vdev *v = &self->v;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, variant->reset(&self->t));
		ASSERT_EQ(0, vdev_decode(v, 1));
		EXPECT_EQ(0, vdev_reg(v, T1_REG_STATUS));
		EXPECT_EQ(0, vdev_reg(v, T1_REG_CTRL));
		bring_up(_metadata, &self->t, v, &self->q, &self->mem);
		ASSERT_EQ(0, t1_run(&self->q, &FILL(VA, 4096, i + 1)));
		EXPECT_EQ(i + 1, *(uint32_t *)self->mem.cpu);
	}
}

/* All work is dropped: after the reset nothing writes to memory any more. */
TEST_F_TIMEOUT(reset, running, 60)
{
	uint32_t *mem = self->mem.cpu;
	unsigned int round, i, bad = 0;

	for (round = 0; round < 4; round++) {
		load(&self->q, 200);
		load(&self->q2, 20);
		sleep_us(2000 * round);
		ASSERT_EQ(0, variant->reset(&self->t));
		memset(mem, 0x5a, 1 << 20);
		sleep_us(5000);
		for (i = 0; i < (1 << 18); i++)
			bad += mem[i] != 0x5a5a5a5a;
		ASSERT_EQ(0, bad);
		/* the neighbour has lost nothing */
		ASSERT_EQ(0, t1_run(&self->q2, &FILL(VA, 1 << 20, 0x1234)));
		ASSERT_EQ(0x1234, ((uint32_t *)self->mem2.cpu)[77]);
		bring_up(_metadata, &self->t, &self->v, &self->q, &self->mem);
		ASSERT_EQ(0, t1_run(&self->q, &FILL(VA, 4096, round + 1)));
		ASSERT_EQ(round + 1, mem[0]);
	}
}

TEST_F(reset, registers)
{
	struct vdev *v = &self->v;
	uint32_t msix = vdev_cap(v, PCI_CAP_ID_MSIX);

	vdev_cfg_write(v, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	vdev_cfg_write(v, msix + PCI_MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE);
	ASSERT_EQ(0, variant->reset(&self->t));
	if (variant->whole) {
		EXPECT_EQ(0, vdev_cfg(v, PCI_COMMAND, 2));
		EXPECT_EQ(0, vdev_cfg(v, msix + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_ENABLE);
	} else {
		EXPECT_NE(0, vdev_cfg(v, PCI_COMMAND, 2));
	}
	ASSERT_EQ(0, vdev_decode(v, 1));
	EXPECT_EQ(variant->reset == by_disable ? self->t.asq_bus : 0,
		  vdev_reg64(v, T1_REG_ASQ_BASE_LO));
}

/* With commands waiting in the admin queue, and the completion ring full. */
TEST_F(reset, admin_busy)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_MAP,
				       .flags = RW | T1_MAP_CONTIG,
		.map = { .npages = 64, .list = self->mem.iova } };
	unsigned int i, round;

	for (round = 0; round < 5; round++) {
		for (i = 0; i < 63; i++) {
			c.map.va = VA + (1 << 30) + i * 0x100000;
			t1_admin_push(&self->t, &c);
		}
		t1_admin_ring(&self->t);
		sleep_us(500 * round);
		ASSERT_EQ(0, variant->reset(&self->t));
		bring_up(_metadata, &self->t, &self->v, &self->q, &self->mem);
		ASSERT_EQ(0, t1_run(&self->q, &NOP()));
	}
}

TEST_F(reset, stopped_by_fault)
{
	struct t1_event ev;

	t1_push(&self->q, &FILL(0x1000, 4, 0));
	t1_kick(&self->q);
	ASSERT_EQ(0, t1_event(&self->t, &ev, T1_TIMEOUT_MS));
	ASSERT_EQ(0, variant->reset(&self->t));
	bring_up(_metadata, &self->t, &self->v, &self->q, &self->mem);
	ASSERT_EQ(0, t1_run(&self->q, &NOP()));
	EXPECT_EQ(-ETIMEDOUT, t1_event(&self->t, &ev, 20));
}

TEST_F(reset, counted)
{
	long long before = mdev_stat(self->v.uuid, "resets");

	ASSERT_LE(0, before);
	ASSERT_EQ(0, variant->reset(&self->t));
	/* clearing ENABLE is no reset */
	EXPECT_EQ(before + (variant->reset != by_disable), mdev_stat(self->v.uuid, "resets"));
	EXPECT_EQ(0, mdev_stat(self->v.uuid, "pinned_pages"));
}

/* Mapped BARs stay usable through a reset: a virtual machine does not map them again. */
TEST_F(reset, mappings_survive)
{
	volatile uint32_t *p = vdev_direct(&self->v, BAR2, 0, 4096);

	p[0] = 1;
	ASSERT_EQ(0, variant->reset(&self->t));
	ASSERT_EQ(0, vdev_decode(&self->v, 1));
	EXPECT_EQ(1, p[0]);
	p[1] = 2;
	EXPECT_EQ(2, p[1]);
	bring_up(_metadata, &self->t, &self->v, &self->q, &self->mem);
	ASSERT_EQ(0, t1_run(&self->q, &NOP()));
}

FIXTURE(open)
{
	int unused;
};

FIXTURE_SETUP(open)
{
	fresh();
}

FIXTURE_TEARDOWN(open)
{
	mdev_remove_all();
}

/* A vGPU closed with work running and opened again is as new. */
TEST_F_TIMEOUT(open, close_running, 60)
{
	struct vdev v;
	char uuid[MDEV_UUID_LEN];
	unsigned int round;

	ASSERT_EQ(0, mdev_create("V2", uuid));
	for (round = 0; round < 5; round++) {
		struct t1 t = { 0 };
		struct t1_queue q;
		struct vdev_mem mem = { 0 };

		ASSERT_EQ(0, vdev_open(&v, uuid));
		ASSERT_EQ(0, vdev_decode(&v, 1));
		EXPECT_EQ(0, vdev_reg(&v, T1_REG_CTRL));
		bring_up(_metadata, &t, &v, &q, &mem);
		ASSERT_EQ(0, t1_run(&q, &FILL(VA, 4096, 5)));
		load(&q, 200);
		vdev_close(&v);
		EXPECT_EQ(0, mdev_stat(uuid, "pinned_pages"));
	}
	EXPECT_EQ(0, mdev_remove(uuid));
}

/* The configuration that one virtual machine left is not the next one's. */
TEST_F(open, config_is_fresh)
{
	struct vdev v;
	char uuid[MDEV_UUID_LEN];

	ASSERT_EQ(0, mdev_create("V2", uuid));
	ASSERT_EQ(0, vdev_open(&v, uuid));
	vdev_cfg_write(&v, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	vdev_cfg_write(&v, PCI_BASE_ADDRESS_0, 4, 0xfe000000);
	vdev_close(&v);
	ASSERT_EQ(0, vdev_open(&v, uuid));
	EXPECT_EQ(0, vdev_cfg(&v, PCI_COMMAND, 2));
	EXPECT_EQ(0, vdev_cfg(&v, PCI_BASE_ADDRESS_0, 4) & ~0xfu);
	vdev_close(&v);
	EXPECT_EQ(0, mdev_remove(uuid));
}

/* The state that sysfs shows. */
TEST_F(open, state_and_stats)
{
	static const char *const stats[] = {
		"compute_ns", "copy_ns", "compute_slices", "copy_slices", "compute_overshoot_ns",
		"copy_overshoot_ns", "faults", "resets", "pinned_pages", "admin_commands",
	};
	char uuid[MDEV_UUID_LEN], idle[64], open_[64], busy[64];
	struct vdev_mem mem = { 0 };
	struct t1 t = { 0 };
	struct t1_queue q;
	struct vdev v;
	unsigned int i;

	ASSERT_EQ(0, mdev_create("V2", uuid));
	for (i = 0; i < ARRAY_SIZE(stats); i++)
		EXPECT_EQ(0, mdev_stat(uuid, stats[i])) {
			TH_LOG("%s", stats[i]);
		}
	ASSERT_EQ(0, sysfs_read(idle, sizeof(idle), "/sys/bus/mdev/devices/%s/vgpu/state", uuid));
	ASSERT_EQ(0, vdev_open(&v, uuid));
	ASSERT_EQ(0, sysfs_read(open_, sizeof(open_), "/sys/bus/mdev/devices/%s/vgpu/state", uuid));
	bring_up(_metadata, &t, &v, &q, &mem);
	ASSERT_EQ(0, sysfs_read(busy, sizeof(busy), "/sys/bus/mdev/devices/%s/vgpu/state", uuid));
	EXPECT_STRNE(idle, busy);
	EXPECT_STRNE(open_, busy);
	ASSERT_EQ(0, t1_run(&q, &FILL(VA, 4096, 5)));
	EXPECT_LT(0, mdev_stat(uuid, "copy_ns"));
	EXPECT_EQ(0, mdev_stat(uuid, "compute_ns"));
	EXPECT_LT(0, mdev_stat(uuid, "copy_slices"));
	vdev_close(&v);
	EXPECT_EQ(0, mdev_remove(uuid));
}

TEST_HARNESS_MAIN
