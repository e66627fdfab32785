// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_config.c - a vGPU's PCI configuration space, register by register
 *
 * Also: smoke-6.1
 */
#include "fixture.h"

FIXTURE(config)
{
	struct vdev v;
};

FIXTURE_SETUP(config)
{
	fresh();
	ASSERT_EQ(0, vdev_create(&self->v, "V4"));
}

FIXTURE_TEARDOWN(config)
{
	EXPECT_EQ(0, vdev_destroy(&self->v));
}

TEST_F(config, header)
{
	struct vdev *v = &self->v;

	EXPECT_EQ(T1_PCI_VENDOR_ID, vdev_cfg(v, PCI_VENDOR_ID, 2));
	EXPECT_EQ(T1_PCI_DEVICE_ID, vdev_cfg(v, PCI_DEVICE_ID, 2));
	EXPECT_EQ(T1_PCI_REVISION, vdev_cfg(v, PCI_REVISION_ID, 1));
	EXPECT_EQ(T1_PCI_CLASS, vdev_cfg(v, PCI_CLASS_REVISION, 4) >> 8);
	EXPECT_EQ(PCI_HEADER_TYPE_NORMAL, vdev_cfg(v, PCI_HEADER_TYPE, 1));
	EXPECT_EQ(PCI_STATUS_CAP_LIST, vdev_cfg(v, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST);
	EXPECT_EQ(0, vdev_cfg(v, PCI_ROM_ADDRESS, 4));
	EXPECT_EQ(0, vdev_cfg(v, PCI_INTERRUPT_PIN, 1));
	EXPECT_EQ(VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
		  v->info.flags & (VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET));
}

/* After power-on nothing decodes, masters or interrupts. */
TEST_F(config, power_on_command)
{
	char uuid[MDEV_UUID_LEN];

	strcpy(uuid, self->v.uuid);
	vdev_close(&self->v);
	ASSERT_EQ(0, vdev_open(&self->v, uuid));
	EXPECT_EQ(0, vdev_cfg(&self->v, PCI_COMMAND, 2));
	EXPECT_EQ(0xffffffff, vdev_reg(&self->v, T1_REG_MAGIC));
}

/* Without memory space BARs read as ones, mapped or not, and what is written is lost. */
TEST_F(config, memory_off)
{
	volatile uint32_t *vram = vdev_direct(&self->v, BAR2, 0, 8192);
	struct vdev *v = &self->v;
	uint32_t value, i;

	ASSERT_NE(NULL, vram);
	for (i = 0; i < 3; i++) {
		/* One page is mapped before, one is not */
		vram[0] = 1 + i;
		value = 11 + i;
		ASSERT_EQ(4, vdev_write(v, BAR2, 4096, &value, 4));
		ASSERT_EQ(0, vdev_decode(v, 0));
		EXPECT_EQ(0xffffffff, vdev_reg(v, T1_REG_MAGIC));
		ASSERT_EQ(4, vdev_read(v, BAR2, 4096, &value, 4));
		EXPECT_EQ(0xffffffff, value);
		ASSERT_EQ(4, vdev_read(v, BAR4, 0, &value, 4));
		EXPECT_EQ(0xffffffff, value);
		EXPECT_EQ(0xffffffff, vram[0]);
		EXPECT_EQ(0xffffffff, vram[1024]);
		value = 0xbad;
		ASSERT_EQ(4, vdev_write(v, BAR2, 0, &value, 4));
		vdev_reg_write(v, T1_REG_ASQ_SIZE, 0x20);
		vram[0] = 0xbad;
		vram[1024] = 0xbad;
		ASSERT_EQ(0, vdev_decode(v, 1));
		EXPECT_EQ(T1_MAGIC, vdev_reg(v, T1_REG_MAGIC));
		EXPECT_EQ(0, vdev_reg(v, T1_REG_ASQ_SIZE));
		EXPECT_EQ(1 + i, vram[0]);
		EXPECT_EQ(11 + i, vram[1024]);
	}
	/* A reset turns it off as well, and what was written meanwhile does not stay */
	ASSERT_EQ(0, vdev_flr(v));
	vram[0] = 0xbad;
	ASSERT_EQ(0, vdev_flr(v));
	EXPECT_EQ(0xffffffff, vram[0]);
	ASSERT_EQ(0, vdev_decode(v, 1));
	EXPECT_EQ(3, vram[0]);
}

/* A doorbell does not ring either: the queue has to wait for another. */
TEST_F(config, memory_off_at_work)
{
	struct t1_queue q;
	struct t1 t = { 0 };
	uint64_t seq;

	ASSERT_EQ(0, t1_start(&t, &self->v));
	ASSERT_EQ(0, t1_queue_simple(&t, &q, 0, T1_ENGINE_COMPUTE));
	ASSERT_EQ(0, t1_run(&q, &NOP()));
	ASSERT_EQ(0, vdev_decode(&self->v, 0));
	seq = t1_fence(&q, 0);
	t1_kick(&q);
	EXPECT_EQ(-ETIMEDOUT, t1_wait_ms(&q, seq, 50));
	/* DMA has not stopped with it */
	ASSERT_EQ(0, vdev_decode(&self->v, 1));
	t1_kick(&q);
	EXPECT_EQ(0, t1_wait(&q, seq));
}

static uint64_t bar_mask(struct vdev *v, unsigned int bar)
{
	unsigned int off = PCI_BASE_ADDRESS_0 + 4 * bar;

	vdev_cfg_write(v, off, 4, 0xffffffff);
	return vdev_cfg(v, off, 4);
}

TEST_F(config, bar_sizing)
{
	struct vdev *v = &self->v;
	uint64_t mask;

	/* BAR0: 32 bits, not prefetchable */
	mask = bar_mask(v, 0);
	EXPECT_EQ(PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_TYPE_32, mask & 0xf);
	EXPECT_EQ(T1_BAR_REGS_SIZE, ~(uint32_t)(mask & ~0xfull) + 1);
	EXPECT_EQ(T1_BAR_REGS_SIZE, v->regions[BAR0].size);

	EXPECT_EQ(0, bar_mask(v, 1));

	/* BAR2: 64 bits, prefetchable, of VRAM's size */
	mask = bar_mask(v, 2);
	EXPECT_EQ(PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH, mask & 0xf);
	mask |= bar_mask(v, 3) << 32;
	EXPECT_EQ(v->regions[BAR2].size, ~(mask & ~0xfull) + 1);
	EXPECT_EQ(vdev_reg64(v, T1_REG_VRAM_SIZE_LO), v->regions[BAR2].size);

	/* BAR4: 32 bits, room for the MSI-X table and its PBA */
	mask = bar_mask(v, 4);
	EXPECT_EQ(0, mask & 0xf);
	EXPECT_EQ(v->regions[BAR4].size, ~(uint32_t)(mask & ~0xfull) + 1);
	EXPECT_LE(vdev_reg(v, T1_REG_NUM_VECTORS) * 16, v->regions[BAR4].size);

	EXPECT_EQ(0, bar_mask(v, 5));
}

TEST_F(config, bars_keep_addresses)
{
	struct vdev *v = &self->v;

	ASSERT_EQ(0, vdev_cfg_write(v, PCI_BASE_ADDRESS_0, 4, 0xfea00000));
	ASSERT_EQ(0, vdev_cfg_write(v, PCI_BASE_ADDRESS_2, 4, 0xc0000000));
	ASSERT_EQ(0, vdev_cfg_write(v, PCI_BASE_ADDRESS_3, 4, 0x00000012));
	EXPECT_EQ(0xfea00000, vdev_cfg(v, PCI_BASE_ADDRESS_0, 4));
	EXPECT_EQ(0xc000000c, vdev_cfg(v, PCI_BASE_ADDRESS_2, 4));
	EXPECT_EQ(0x00000012, vdev_cfg(v, PCI_BASE_ADDRESS_3, 4));
	/* byte by byte as well */
	ASSERT_EQ(0, vdev_cfg_write(v, PCI_BASE_ADDRESS_0 + 3, 1, 0xe1));
	EXPECT_EQ(0xe1a00000, vdev_cfg(v, PCI_BASE_ADDRESS_0, 4));
}

TEST_F(config, pm_capability)
{
	struct vdev *v = &self->v;
	unsigned int pos = vdev_cap(v, PCI_CAP_ID_PM);

	ASSERT_NE(0, pos);
	EXPECT_EQ(3, vdev_cfg(v, pos + PCI_PM_PMC, 2) & PCI_PM_CAP_VER_MASK);
	EXPECT_EQ(0, vdev_cfg(v, pos + PCI_PM_CTRL, 2) & PCI_PM_CTRL_STATE_MASK);

	ASSERT_EQ(0, vdev_cfg_write(v, pos + PCI_PM_CTRL, 2, 3));
	EXPECT_EQ(3, vdev_cfg(v, pos + PCI_PM_CTRL, 2) & PCI_PM_CTRL_STATE_MASK);
	/* D1 is not there: the write of the state is dropped */
	ASSERT_EQ(0, vdev_cfg_write(v, pos + PCI_PM_CTRL, 2, 1));
	EXPECT_EQ(3, vdev_cfg(v, pos + PCI_PM_CTRL, 2) & PCI_PM_CTRL_STATE_MASK);
	ASSERT_EQ(0, vdev_cfg_write(v, pos + PCI_PM_CTRL, 2, 0));
	EXPECT_EQ(0, vdev_cfg(v, pos + PCI_PM_CTRL, 2) & PCI_PM_CTRL_STATE_MASK);
	EXPECT_EQ(T1_MAGIC, vdev_reg(v, T1_REG_MAGIC));
}

TEST_F(config, msix_capability)
{
	struct vdev *v = &self->v;
	unsigned int pos = vdev_cap(v, PCI_CAP_ID_MSIX);
	uint32_t n = vdev_reg(v, T1_REG_NUM_VECTORS), flags, table, pba;

	ASSERT_NE(0, pos);
	flags = vdev_cfg(v, pos + PCI_MSIX_FLAGS, 2);
	EXPECT_EQ(n, (flags & PCI_MSIX_FLAGS_QSIZE) + 1);
	EXPECT_EQ(0, flags & (PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL));
	table = vdev_cfg(v, pos + PCI_MSIX_TABLE, 4);
	pba = vdev_cfg(v, pos + PCI_MSIX_PBA, 4);
	EXPECT_EQ(T1_BAR_MSIX, table & PCI_MSIX_TABLE_BIR);
	EXPECT_EQ(T1_BAR_MSIX, pba & PCI_MSIX_PBA_BIR);
	table &= PCI_MSIX_TABLE_OFFSET;
	pba &= PCI_MSIX_PBA_OFFSET;
	EXPECT_LE(table + n * 16, v->regions[BAR4].size);
	EXPECT_LE(pba + (n + 63) / 64 * 8, v->regions[BAR4].size);
	EXPECT_TRUE(table + n * 16 <= pba || pba + (n + 63) / 64 * 8 <= table);

	ASSERT_EQ(0, vdev_cfg_write(v, pos + PCI_MSIX_FLAGS, 2,
				    PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL));
	flags = vdev_cfg(v, pos + PCI_MSIX_FLAGS, 2);
	EXPECT_EQ(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL,
		  flags & (PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL));
	EXPECT_EQ(n, (flags & PCI_MSIX_FLAGS_QSIZE) + 1);
	ASSERT_EQ(0, vdev_cfg_write(v, pos + PCI_MSIX_FLAGS, 2, 0));
}

TEST_F(config, pcie_capability)
{
	struct vdev *v = &self->v;
	unsigned int pos = vdev_cap(v, PCI_CAP_ID_EXP);
	uint32_t flags;

	ASSERT_NE(0, pos);
	flags = vdev_cfg(v, pos + PCI_EXP_FLAGS, 2);
	EXPECT_EQ(2, flags & PCI_EXP_FLAGS_VERS);
	EXPECT_EQ(PCI_EXP_TYPE_ENDPOINT, (flags & PCI_EXP_FLAGS_TYPE) >> 4);
	EXPECT_NE(0, vdev_cfg(v, pos + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR);
	EXPECT_NE(0, vdev_cfg(v, pos + PCI_EXP_LNKCAP, 4) & PCI_EXP_LNKCAP_SLS);
	/* the bit that starts an FLR reads as zero */
	ASSERT_EQ(0, vdev_flr(v));
	EXPECT_EQ(0, vdev_cfg(v, pos + PCI_EXP_DEVCTL, 2) & PCI_EXP_DEVCTL_BCR_FLR);
}

/* Each list ends, stays in its part of the space, and names nothing twice. */
TEST_F(config, lists_end)
{
	struct vdev *v = &self->v;
	uint8_t seen[256] = { 0 };
	unsigned int pos, n;
	uint32_t h;

	pos = vdev_cfg(v, PCI_CAPABILITY_LIST, 1);
	for (n = 0; pos; n++) {
		ASSERT_LT(n, 48);
		ASSERT_EQ(0, pos & 3);
		ASSERT_GE(pos, 0x40);
		ASSERT_EQ(0, seen[vdev_cfg(v, pos, 1)]++);
		pos = vdev_cfg(v, pos + 1, 1);
	}
	EXPECT_GE(n, 3);

	pos = 0x100;
	for (n = 0; pos; n++) {
		ASSERT_LT(n, 960);
		ASSERT_EQ(0, pos & 3);
		ASSERT_GE(pos, 0x100);
		h = vdev_cfg(v, pos, 4);
		if (!h)
			break;
		ASSERT_NE(0xffffffff, h);
		pos = h >> 20;
	}
}

/*
 * What may change by a write, and what must: any other bit of the 4 KiB keeps its value
 * through writes of ones and of zeros. FLR is left out of what is written.
 */
struct mask {
	unsigned int off;
	uint32_t must, may;
};

static unsigned int masks(struct vdev *v, struct mask *m)
{
	unsigned int pm = vdev_cap(v, PCI_CAP_ID_PM), exp = vdev_cap(v, PCI_CAP_ID_EXP);
	unsigned int msix = vdev_cap(v, PCI_CAP_ID_MSIX), n = 0;
	uint64_t vram = v->regions[BAR2].size;

	m[n++] = (struct mask){ PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER,
		PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY | PCI_COMMAND_SERR |
		PCI_COMMAND_INTX_DISABLE };
	m[n++] = (struct mask){ PCI_CACHE_LINE_SIZE, 0, 0xff };
	m[n++] = (struct mask){ PCI_BASE_ADDRESS_0, ~(T1_BAR_REGS_SIZE - 1),
				~(T1_BAR_REGS_SIZE - 1) };
	m[n++] = (struct mask){ PCI_BASE_ADDRESS_2, ~(vram - 1), ~(vram - 1) };
	m[n++] = (struct mask){ PCI_BASE_ADDRESS_3, ~(vram - 1) >> 32, ~(vram - 1) >> 32 };
	m[n++] = (struct mask){ PCI_BASE_ADDRESS_4, ~((uint32_t)v->regions[BAR4].size - 1),
				~((uint32_t)v->regions[BAR4].size - 1) };
	m[n++] = (struct mask){ PCI_INTERRUPT_LINE, 0xff, 0xff };
	m[n++] = (struct mask){ pm + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK,
		PCI_PM_CTRL_STATE_MASK | PCI_PM_CTRL_PME_ENABLE | PCI_PM_CTRL_DATA_SEL_MASK };
	m[n++] = (struct mask){ msix, (PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL) << 16,
				(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL) << 16 };
	m[n++] = (struct mask){ exp + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_PAYLOAD, 0x7fff };
	m[n++] = (struct mask){ exp + PCI_EXP_LNKCTL, 0, 0xffff };
	m[n++] = (struct mask){ exp + PCI_EXP_DEVCTL2, 0, 0xffff };
	m[n++] = (struct mask){ exp + PCI_EXP_LNKCTL2, 0, 0xffff };
	return n;
}

static void write_all(struct vdev *v, unsigned int off, unsigned int size, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < 4; i += size)
		vdev_cfg_write(v, off + i, size, size == 4 ? value : value >> 8 * i &
			       ((1u << 8 * size) - 1));
}

FIXTURE(config_writes)
{
	struct vdev v;
};

FIXTURE_VARIANT(config_writes)
{
	unsigned int size;
};

FIXTURE_VARIANT_ADD(config_writes, dword)
{
	.size = 4,
};

FIXTURE_VARIANT_ADD(config_writes, word)
{
	.size = 2,
};

FIXTURE_VARIANT_ADD(config_writes, byte)
{
	.size = 1,
};

FIXTURE_SETUP(config_writes)
{
	fresh();
	ASSERT_EQ(0, vdev_create(&self->v, "V4"));
}

FIXTURE_TEARDOWN(config_writes)
{
	EXPECT_EQ(0, vdev_destroy(&self->v));
}

TEST_F_TIMEOUT(config_writes, masks, 60)
{
	struct vdev *v = &self->v;
	struct mask m[16];
	unsigned int n = masks(v, m), off, i;
	unsigned int exp = vdev_cap(v, PCI_CAP_ID_EXP);
	uint32_t before, ones, zeros, must, may, all;

	for (off = 0; off < 4096; off += 4) {
		must = 0;
		may = 0;
		for (i = 0; i < n; i++) {
			if ((m[i].off & ~3u) == off) {
				must |= m[i].must << 8 * (m[i].off & 3);
				may |= m[i].may << 8 * (m[i].off & 3);
			}
		}
		all = off == exp + PCI_EXP_DEVCTL ? ~PCI_EXP_DEVCTL_BCR_FLR : 0xffffffff;
		before = vdev_cfg(v, off, 4);
		write_all(v, off, variant->size, all);
		ones = vdev_cfg(v, off, 4);
		write_all(v, off, variant->size, 0);
		zeros = vdev_cfg(v, off, 4);
		EXPECT_EQ(must, (ones ^ zeros) & must) {
			TH_LOG("offset %#x: not writable: %#x", off, must & ~(ones ^ zeros));
		}
		EXPECT_EQ(0, ((ones ^ zeros) | (ones ^ before)) & ~may) {
			TH_LOG("offset %#x: writable: %#x", off,
			       ((ones ^ zeros) | (ones ^ before)) & ~may);
		}
		write_all(v, off, 4, before & all);
	}
	EXPECT_EQ(T1_MAGIC, vdev_reg(v, T1_REG_MAGIC));
}

/* Reads of any size at any offset are cut from the same bytes. */
TEST_F(config, odd_sizes)
{
	struct vdev *v = &self->v;
	uint8_t ref[4096], buf[64];
	static const unsigned int lens[] = { 1, 2, 3, 4, 5, 7, 8, 13, 64 };
	unsigned int off, i;

	for (off = 0; off < sizeof(ref); off++)
		ASSERT_EQ(1, vdev_read(v, CONFIG, off, &ref[off], 1));
	for (off = 0; off < 256; off++) {
		for (i = 0; i < ARRAY_SIZE(lens); i++) {
			memset(buf, 0x5a, sizeof(buf));
			ASSERT_EQ(lens[i], vdev_read(v, CONFIG, off, buf, lens[i])) {
				TH_LOG("offset %#x length %u", off, lens[i]);
			}
			ASSERT_EQ(0, memcmp(buf, ref + off, lens[i])) {
				TH_LOG("offset %#x length %u", off, lens[i]);
			}
		}
	}
}

TEST_F(config, bounds)
{
	struct vdev *v = &self->v;
	uint8_t buf[64];
	ssize_t n;

	EXPECT_GE(v->regions[CONFIG].size, 256);
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE,
		  v->regions[CONFIG].flags);
	/* over the end: refused or cut short, never past it */
	n = vdev_read(v, CONFIG, v->regions[CONFIG].size - 4, buf, sizeof(buf));
	EXPECT_TRUE(n == 4 || n == -EINVAL) {
		TH_LOG("read over the end: %zd", n);
	}
	EXPECT_GE(0, vdev_read(v, CONFIG, v->regions[CONFIG].size, buf, 4));
	EXPECT_GE(0, vdev_write(v, CONFIG, v->regions[CONFIG].size, buf, 4));
	EXPECT_GE(0, vdev_read(v, CONFIG, 1ull << 39, buf, 4));
}

/* A configuration that the guest wrote is gone after an FLR. */
TEST_F(config, flr_clears)
{
	struct vdev *v = &self->v;
	unsigned int msix = vdev_cap(v, PCI_CAP_ID_MSIX);

	ASSERT_EQ(0, vdev_cfg_write(v, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER));
	ASSERT_EQ(0, vdev_cfg_write(v, msix + PCI_MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE));
	ASSERT_EQ(0, vdev_flr(v));
	EXPECT_EQ(0, vdev_cfg(v, PCI_COMMAND, 2));
	EXPECT_EQ(0, vdev_cfg(v, msix + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_ENABLE);
	EXPECT_EQ(T1_PCI_VENDOR_ID, vdev_cfg(v, PCI_VENDOR_ID, 2));
}

TEST_HARNESS_MAIN
