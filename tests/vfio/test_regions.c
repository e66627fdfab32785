// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_regions.c - regions: what VFIO reports, what can be mapped, and where they end
 *
 * Also: smoke-6.1
 */
#include "fixture.h"

FIXTURE(regions)
{
	struct vdev v;
};

FIXTURE_VARIANT(regions)
{
	const char *type;
	unsigned int parts;
};

FIXTURE_VARIANT_ADD(regions, V1)
{
	.type = "V1",
	.parts = 1,
};

FIXTURE_VARIANT_ADD(regions, V4)
{
	.type = "V4",
	.parts = 4,
};

FIXTURE_VARIANT_ADD(regions, V16)
{
	.type = "V16",
	.parts = 16,
};

FIXTURE_SETUP(regions)
{
	fresh();
	ASSERT_EQ(0, vdev_create(&self->v, variant->type));
}

FIXTURE_TEARDOWN(regions)
{
	EXPECT_EQ(0, vdev_destroy(&self->v));
}

/* A vGPU of 1/n has 1/n of all that is divided. */
TEST_F(regions, fractions)
{
	struct vdev *v = &self->v;

	EXPECT_EQ(T1_MAX_SLOTS / variant->parts, vdev_reg(v, T1_REG_NUM_SLOTS));
	EXPECT_EQ(T1_MAX_CONTEXTS / variant->parts, vdev_reg(v, T1_REG_NUM_CONTEXTS));
	EXPECT_EQ(T1_MAX_SLOTS / variant->parts + 1, vdev_reg(v, T1_REG_NUM_VECTORS));
	EXPECT_EQ(v->regions[BAR2].size, vdev_reg64(v, T1_REG_VRAM_SIZE_LO));
	EXPECT_EQ(0, v->regions[BAR2].size & (v->regions[BAR2].size - 1));
}

TEST_F(regions, info)
{
	struct vdev *v = &self->v;
	struct vdev_region r;
	uint32_t rw = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;

	EXPECT_GE(v->info.num_regions, VFIO_PCI_NUM_REGIONS);
	EXPECT_GE(v->info.num_irqs, VFIO_PCI_MSIX_IRQ_INDEX + 1);
	EXPECT_EQ(T1_BAR_REGS_SIZE, v->regions[BAR0].size);
	EXPECT_EQ(rw, v->regions[BAR0].flags & rw);
	EXPECT_EQ(rw | VFIO_REGION_INFO_FLAG_MMAP,
		  v->regions[BAR2].flags & (rw | VFIO_REGION_INFO_FLAG_MMAP));
	EXPECT_EQ(rw, v->regions[BAR4].flags & rw);
	EXPECT_EQ(0, v->regions[VFIO_PCI_BAR1_REGION_INDEX].size);
	EXPECT_EQ(0, v->regions[VFIO_PCI_BAR3_REGION_INDEX].size);
	EXPECT_EQ(0, v->regions[VFIO_PCI_BAR5_REGION_INDEX].size);
	EXPECT_EQ(0, v->regions[VFIO_PCI_ROM_REGION_INDEX].size);
	EXPECT_EQ(-EINVAL, vdev_region_query(v, 1000, &r));
	EXPECT_EQ(-EINVAL, vdev_region_query(v, 0xffffffff, &r));
}

TEST_F(regions, short_argsz)
{
	struct vfio_region_info ri = { .argsz = 8, .index = BAR0 };
	struct vfio_device_info di = { .argsz = 4 };
	struct vfio_irq_info ii = { .argsz = 4 };

	EXPECT_EQ(-1, ioctl(self->v.device, VFIO_DEVICE_GET_REGION_INFO, &ri));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->v.device, VFIO_DEVICE_GET_INFO, &di));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->v.device, VFIO_DEVICE_GET_IRQ_INFO, &ii));
	EXPECT_EQ(EINVAL, errno);
}

/* Of BAR0 the doorbell pages of this vGPU's slots can be mapped, and nothing else. */
TEST_F(regions, sparse_doorbells)
{
	struct vdev *v = &self->v;
	struct vdev_region *r = &v->regions[BAR0];
	uint32_t slots = vdev_reg(v, T1_REG_NUM_SLOTS), slot;
	unsigned int i;

	ASSERT_TRUE(r->sparse);
	ASSERT_GT(r->num_areas, 0);
	for (i = 0; i < r->num_areas; i++) {
		EXPECT_GE(r->areas[i].offset, T1_DB_OFF(0));
		EXPECT_LE(r->areas[i].offset + r->areas[i].size, T1_DB_OFF(slots));
		EXPECT_EQ(0, (r->areas[i].offset | r->areas[i].size) & 0xfff);
	}
	for (slot = 0; slot < slots; slot++)
		EXPECT_NE(NULL, vdev_direct(v, BAR0, T1_DB_OFF(slot), 4));
}

static void *try_map(struct vdev *v, unsigned int index, uint64_t off, size_t len, int flags)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE, flags, v->device,
		    v->regions[index].offset + off);
}

/* Undo a mapping that should not have succeeded: otherwise the vGPU could never be removed. */
static int refused(struct vdev *v, unsigned int index, uint64_t off, size_t len, int flags)
{
	void *p = try_map(v, index, off, len, flags);

	if (p == MAP_FAILED)
		return 1;
	munmap(p, len);
	return 0;
}

TEST_F(regions, mmap_refused)
{
	struct vdev *v = &self->v;
	uint32_t slots = vdev_reg(v, T1_REG_NUM_SLOTS);
	uint64_t vram = v->regions[BAR2].size;

	/* the control page is trapped, whatever comes after it */
	EXPECT_TRUE(refused(v, BAR0, 0, 4096, MAP_SHARED));
	EXPECT_TRUE(refused(v, BAR0, 0, 8192, MAP_SHARED));
	/* the neighbour's doorbells, with and without our last */
	EXPECT_TRUE(refused(v, BAR0, T1_DB_OFF(slots), 4096, MAP_SHARED));
	EXPECT_TRUE(refused(v, BAR0, T1_DB_OFF(slots - 1), 8192, MAP_SHARED));
	EXPECT_TRUE(refused(v, BAR0, T1_DB_OFF(0), slots * 4096 + 4096, MAP_SHARED));
	/* past VRAM, over its end, far away */
	EXPECT_TRUE(refused(v, BAR2, vram, 4096, MAP_SHARED));
	EXPECT_TRUE(refused(v, BAR2, vram - 4096, 8192, MAP_SHARED));
	EXPECT_TRUE(refused(v, BAR2, 0, vram + 4096, MAP_SHARED));
	EXPECT_TRUE(refused(v, BAR2, 1ull << 38, 4096, MAP_SHARED));
	/* MSI-X and configuration space stay with the mediator */
	EXPECT_TRUE(refused(v, BAR4, 0, 4096, MAP_SHARED));
	EXPECT_TRUE(refused(v, CONFIG, 0, 4096, MAP_SHARED));
	EXPECT_TRUE(refused(v, VFIO_PCI_BAR1_REGION_INDEX, 0, 4096, MAP_SHARED));
	/* a private copy of device memory makes no sense */
	EXPECT_TRUE(refused(v, BAR2, 0, 4096, MAP_PRIVATE));
}

TEST_F(regions, mmap_parts)
{
	struct vdev *v = &self->v;
	uint64_t vram = v->regions[BAR2].size;
	volatile uint32_t *last, *whole;

	last = try_map(v, BAR2, vram - 4096, 4096, MAP_SHARED);
	ASSERT_NE(MAP_FAILED, last);
	whole = vdev_direct(v, BAR2, 0, vram);
	ASSERT_NE(NULL, whole);
	last[1023] = 0x600dcafe;
	EXPECT_EQ(0x600dcafe, whole[vram / 4 - 1]);
	/* mapping and trapped access are the same memory */
	uint32_t value = 0;

	EXPECT_EQ(4, vdev_read(v, BAR2, vram - 4, &value, 4));
	EXPECT_EQ(0x600dcafe, value);
	value = 0x12345678;
	EXPECT_EQ(4, vdev_write(v, BAR2, vram - 4, &value, 4));
	EXPECT_EQ(0x12345678, last[1023]);
	munmap((void *)last, 4096);
}

TEST_F(regions, vram_odd_access)
{
	struct vdev *v = &self->v;
	uint8_t out[67], in[67];
	unsigned int i;

	for (i = 0; i < sizeof(out); i++)
		out[i] = i * 7 + 1;
	for (i = 0; i < 9; i++) {
		ASSERT_EQ(sizeof(out), vdev_write(v, BAR2, 4096 - 16 + i, out, sizeof(out)));
		memset(in, 0, sizeof(in));
		ASSERT_EQ(sizeof(in), vdev_read(v, BAR2, 4096 - 16 + i, in, sizeof(in)));
		ASSERT_EQ(0, memcmp(in, out, sizeof(in)));
	}
}

TEST_F(regions, bounds)
{
	struct vdev *v = &self->v;
	static const unsigned int index[] = { BAR0, BAR2, BAR4 };
	uint8_t buf[64] = { 0 };
	unsigned int i;
	ssize_t n;

	for (i = 0; i < ARRAY_SIZE(index); i++) {
		uint64_t size = v->regions[index[i]].size;

		EXPECT_GE(0, vdev_read(v, index[i], size, buf, 4));
		EXPECT_GE(0, vdev_write(v, index[i], size, buf, 4));
		EXPECT_GE(0, vdev_read(v, index[i], (1ull << 40) - 4, buf, 4));
		n = vdev_read(v, index[i], size - 4, buf, sizeof(buf));
		EXPECT_TRUE(n == 4 || n == -EINVAL);
		n = vdev_write(v, index[i], size - 4, buf, sizeof(buf));
		EXPECT_TRUE(n == 4 || n == -EINVAL);
	}
	/* regions of no size */
	EXPECT_GE(0, vdev_read(v, VFIO_PCI_BAR1_REGION_INDEX, 0, buf, 4));
	EXPECT_GE(0, vdev_write(v, VFIO_PCI_ROM_REGION_INDEX, 0, buf, 4));
	/* a region number that does not exist */
	EXPECT_GE(0, pread(v->device, buf, 4, 100ull << 40));
}

/* Doorbells are for writing; those of slots that this vGPU has not read zero, drop writes. */
TEST_F(regions, trapped_doorbells)
{
	struct vdev *v = &self->v;
	uint32_t slots = vdev_reg(v, T1_REG_NUM_SLOTS), value = 0xffffffff;

	EXPECT_EQ(4, vdev_read(v, BAR0, T1_DB_OFF(0), &value, 4));
	EXPECT_EQ(0, value);
	if (slots == T1_MAX_SLOTS)
		return;
	value = 0xffffffff;
	EXPECT_EQ(4, vdev_read(v, BAR0, T1_DB_OFF(slots), &value, 4));
	EXPECT_EQ(0, value);
	value = 1;
	EXPECT_EQ(4, vdev_write(v, BAR0, T1_DB_OFF(slots), &value, 4));
}

/* VRAM is zero for every owner, wherever the one before has written. */
TEST_F_TIMEOUT(regions, vram_zeroed, 60)
{
	struct vdev *v = &self->v, next;
	uint64_t vram = v->regions[BAR2].size, off;
	volatile uint64_t *p = vdev_direct(v, BAR2, 0, vram);

	ASSERT_NE(NULL, p);
	for (off = 0; off < vram; off += 4096)
		ASSERT_EQ(0, p[off / 8]);
	for (off = 0; off < vram; off += 4096) {
		p[off / 8] = ~off;
		p[off / 8 + 511] = off | 1;
	}
	ASSERT_EQ(0, vdev_destroy(v));
	ASSERT_EQ(0, vdev_create(&next, variant->type));
	p = vdev_direct(&next, BAR2, 0, vram);
	for (off = 0; off < vram; off += 4096) {
		if (p[off / 8] || p[off / 8 + 511])
			break;
	}
	EXPECT_EQ(vram, off);
	EXPECT_EQ(0, vdev_destroy(&next));
	v->uuid[0] = '\0';
}

/* The same when another virtual machine opens the same vGPU. */
TEST_F_TIMEOUT(regions, vram_zeroed_reopen, 60)
{
	struct vdev *v = &self->v;
	uint64_t vram = v->regions[BAR2].size;
	volatile uint64_t *p = vdev_direct(v, BAR2, 0, vram);
	char uuid[MDEV_UUID_LEN];

	p[0] = 0x5ec3e7;
	p[vram / 16] = 0x5ec3e7;
	strcpy(uuid, v->uuid);
	vdev_close(v);
	ASSERT_EQ(0, vdev_open(v, uuid));
	ASSERT_EQ(0, vdev_decode(v, 1));
	p = vdev_direct(v, BAR2, 0, vram);
	EXPECT_EQ(0, p[0]);
	EXPECT_EQ(0, p[vram / 16]);
}

TEST_HARNESS_MAIN
