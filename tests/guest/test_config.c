// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_config.c - PCI configuration space, as the machine that uses the function sees it
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "drv.h"

FIXTURE(config)
{
	int fd;			/* of config space */
	int drm;
	char sysfs[4096];
};

FIXTURE_SETUP(config)
{
	char path[4200];

	self->drm = t_open();
	ASSERT_LE(0, self->drm);
	ASSERT_EQ(0, t_sysfs(self->drm, self->sysfs, sizeof(self->sysfs)));
	snprintf(path, sizeof(path), "%s/config", self->sysfs);
	self->fd = open(path, O_RDWR);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(config)
{
	close(self->fd);
	close(self->drm);
}

static uint32_t get(int fd, int at, int bytes)
{
	uint32_t v = 0;

	if (pread(fd, &v, bytes, at) != bytes)
		return 0xdeadbeef;
	return le32toh(v);
}

static void put(int fd, int at, uint32_t v, int bytes)
{
	v = htole32(v);
	if (pwrite(fd, &v, bytes, at) != bytes)
		perror("pwrite");
}

/* The offset of a capability, or 0; a list that never ends gives -1 */
static int find_cap(int fd, int id)
{
	int at, hops;

	if (!(get(fd, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST))
		return 0;
	at = get(fd, PCI_CAPABILITY_LIST, 1) & ~3;
	for (hops = 0; at && hops < 48; hops++) {
		if (get(fd, at, 1) == id)
			return at;
		at = get(fd, at + 1, 1) & ~3;
	}
	return at ? -1 : 0;
}

TEST_F(config, identity)
{
	EXPECT_EQ(T1_PCI_VENDOR_ID, get(self->fd, PCI_VENDOR_ID, 2));
	EXPECT_EQ(T1_PCI_DEVICE_ID, get(self->fd, PCI_DEVICE_ID, 2));
	EXPECT_EQ(T1_PCI_REVISION, get(self->fd, PCI_REVISION_ID, 1));
	EXPECT_EQ(T1_PCI_CLASS, get(self->fd, PCI_CLASS_REVISION, 4) >> 8);
	EXPECT_EQ(PCI_HEADER_TYPE_NORMAL, get(self->fd, PCI_HEADER_TYPE, 1) & 0x7f);
}

TEST_F(config, enabled)
{
	uint32_t command = get(self->fd, PCI_COMMAND, 2);

	EXPECT_TRUE(command & PCI_COMMAND_MEMORY);
	EXPECT_TRUE(command & PCI_COMMAND_MASTER);
}

TEST_F(config, bars)
{
	uint64_t start[6], end[6], flags[6], vram;
	char path[4200], text[4096], *p = text;
	int i;

	snprintf(path, sizeof(path), "%s/resource", self->sysfs);
	ASSERT_EQ(0, t_read_file(path, text, sizeof(text)));
	for (i = 0; i < 6; i++) {
		start[i] = strtoull(p, &p, 16);
		end[i] = strtoull(p, &p, 16);
		flags[i] = strtoull(p, &p, 16);
	}
	EXPECT_EQ(T1_BAR_REGS_SIZE, end[0] - start[0] + 1);
	EXPECT_EQ(PCI_BASE_ADDRESS_MEM_TYPE_32,
		  get(self->fd, PCI_BASE_ADDRESS_0, 4) & 0xf);
	EXPECT_EQ(PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH,
		  get(self->fd, PCI_BASE_ADDRESS_2, 4) & 0xf);
	ASSERT_EQ(0, t_param(self->drm, DRM_TESSERA_PARAM_VRAM_SIZE, &vram));
	EXPECT_LE(vram, end[2] - start[2] + 1);
	EXPECT_NE(0, flags[4]);
	EXPECT_EQ(0, flags[5]);
	EXPECT_EQ(0, get(self->fd, PCI_INTERRUPT_PIN, 1));
}

TEST_F(config, pcie_endpoint_with_flr)
{
	int at = find_cap(self->fd, PCI_CAP_ID_EXP);

	ASSERT_LT(0, at);
	EXPECT_EQ(PCI_EXP_TYPE_ENDPOINT,
		  (get(self->fd, at + PCI_EXP_FLAGS, 2) & PCI_EXP_FLAGS_TYPE) >> 4);
	EXPECT_TRUE(get(self->fd, at + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR);
	/* It reads as zero, whatever is going on */
	EXPECT_FALSE(get(self->fd, at + PCI_EXP_DEVCTL, 2) & PCI_EXP_DEVCTL_BCR_FLR);
}

TEST_F(config, power_management)
{
	int at = find_cap(self->fd, PCI_CAP_ID_PM);

	ASSERT_LT(0, at);
	EXPECT_EQ(0, get(self->fd, at + PCI_PM_CTRL, 2) & PCI_PM_CTRL_STATE_MASK);
}

TEST_F(config, msix)
{
	int at = find_cap(self->fd, PCI_CAP_ID_MSIX);
	uint32_t control;

	ASSERT_LT(0, at);
	control = get(self->fd, at + PCI_MSIX_FLAGS, 2);
	EXPECT_TRUE(control & PCI_MSIX_FLAGS_ENABLE);
	EXPECT_FALSE(control & PCI_MSIX_FLAGS_MASKALL);
	EXPECT_LE(2, (control & PCI_MSIX_FLAGS_QSIZE) + 1);
	EXPECT_GE(T1_MAX_VECTORS, (control & PCI_MSIX_FLAGS_QSIZE) + 1);
	EXPECT_EQ(T1_BAR_MSIX, get(self->fd, at + PCI_MSIX_TABLE, 4) & PCI_MSIX_TABLE_BIR);
	EXPECT_EQ(T1_BAR_MSIX, get(self->fd, at + PCI_MSIX_PBA, 4) & PCI_MSIX_PBA_BIR);
	EXPECT_EQ(0, find_cap(self->fd, PCI_CAP_ID_MSI));
}

TEST_F(config, lists_end)
{
	uint32_t header;
	int at = PCI_CFG_SPACE_SIZE, hops;

	EXPECT_EQ(0, find_cap(self->fd, 0xfe));
	for (hops = 0; at && hops < 512; hops++) {
		header = get(self->fd, at, 4);
		if (!header || header == 0xffffffff)
			break;
		at = PCI_EXT_CAP_NEXT(header);
	}
	EXPECT_GT(512, hops);
	EXPECT_NE(0xffffffff, header);
}

TEST_F(config, read_only_fields)
{
	static const struct {
		int at, bytes;
	} field[] = {
		{ PCI_VENDOR_ID, 2 }, { PCI_DEVICE_ID, 2 }, { PCI_CLASS_REVISION, 4 },
		{ PCI_HEADER_TYPE, 1 }, { PCI_CAPABILITY_LIST, 1 }, { PCI_SUBSYSTEM_VENDOR_ID, 4 },
		{ PCI_BASE_ADDRESS_1, 4 }, { PCI_BASE_ADDRESS_5, 4 }, { PCI_INTERRUPT_PIN, 1 },
	};
	uint32_t before;
	unsigned int i;

	for (i = 0; i < sizeof(field) / sizeof(field[0]); i++) {
		before = get(self->fd, field[i].at, field[i].bytes);
		put(self->fd, field[i].at, ~before, field[i].bytes);
		EXPECT_EQ(before, get(self->fd, field[i].at, field[i].bytes));
	}
}

/* Without bus mastering the device reaches no memory; with it, all is well again */
TEST_F(config, bus_master_off_and_on)
{
	uint32_t command = get(self->fd, PCI_COMMAND, 2);

	put(self->fd, PCI_COMMAND, command & ~PCI_COMMAND_MASTER, 2);
	EXPECT_FALSE(get(self->fd, PCI_COMMAND, 2) & PCI_COMMAND_MASTER);
	put(self->fd, PCI_COMMAND, command, 2);
	EXPECT_EQ(command, get(self->fd, PCI_COMMAND, 2));
	{
		struct t_env e;

		ASSERT_EQ(0, t_setup(&e, 0, T1_ENGINE_COMPUTE));
		EXPECT_EQ(0, t_run(&e, &FILL(T_DATA(&e), 4096, 1), 1));
		t_teardown(&e);
	}
}

/* Reads of every place and width answer, and none changes the next */
TEST_F(config, all_places)
{
	unsigned char bytes[PCI_CFG_SPACE_SIZE];
	int at;

	for (at = 0; at < PCI_CFG_SPACE_SIZE; at++)
		bytes[at] = get(self->fd, at, 1);
	for (at = 0; at < PCI_CFG_SPACE_SIZE; at += 4) {
		uint32_t word = get(self->fd, at, 4);

		EXPECT_EQ(word & 0xffff, get(self->fd, at, 2));
		EXPECT_EQ(word >> 16, get(self->fd, at + 2, 2));
		EXPECT_EQ(word, bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 |
				(uint32_t)bytes[at + 3] << 24);
	}
}

TEST_HARNESS_MAIN
