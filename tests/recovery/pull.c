// SPDX-License-Identifier: GPL-2.0-only
/*
 * pull.c - the accelerator is pulled out of its slot while a vGPU works
 *
 *	pull UUID
 *
 * By the slot's power, which the port above it turns off with no warning. The owner hears of that
 * by VFIO's error interrupt, finds the vGPU failed, and closes it. 0 if so. The accelerator does
 * not come back.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/pci_regs.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "owner.h"

/* Of a machine that emulates its processors; then nobody says it any more */
#define HEAR_MS		60000

static int fail(const char *what, int value)
{
	printf("# pull: %s: %d\n", what, value);
	return 1;
}

/* The configuration space of the port above a function */
static int open_port(const char *bdf)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/../config", bdf);
	return open(path, O_RDWR | O_CLOEXEC);
}

static unsigned int express_cap(int config)
{
	uint8_t pos = 0, id = 0, n;

	if (pread(config, &pos, 1, PCI_CAPABILITY_LIST) != 1)
		return 0;
	for (n = 0; n < 48 && pos >= 0x40; n++) {
		if (pread(config, &id, 1, pos) == 1 && id == PCI_CAP_ID_EXP)
			return pos;
		if (pread(config, &pos, 1, pos + 1) != 1)
			break;
	}
	return 0;
}

static int pull(const char *bdf)
{
	int config = open_port(bdf);
	unsigned int cap = config < 0 ? 0 : express_cap(config);
	uint16_t control;
	ssize_t n;

	if (!cap || pread(config, &control, 2, cap + PCI_EXP_SLTCTL) != 2)
		return -ENXIO;
	control |= PCI_EXP_SLTCTL_PWR_IND_OFF | PCI_EXP_SLTCTL_PWR_OFF;
	n = pwrite(config, &control, 2, cap + PCI_EXP_SLTCTL);
	close(config);
	return n == 2 ? 0 : -errno;
}

static bool is_there(const char *bdf)
{
	char path[PATH_MAX];
	uint16_t vendor = 0xffff;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", bdf);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && pread(fd, &vendor, 2, PCI_VENDOR_ID) != 2)
		vendor = 0xffff;
	if (fd >= 0)
		close(fd);
	return vendor != 0xffff;
}

int main(int argc, char **argv)
{
	static struct notes notes;
	static struct owner o;
	struct pollfd lost = { .events = POLLIN };
	char bdf[32];
	uint64_t end;
	int ret;

	if (argc != 2 || !mdev_parent()) {
		fprintf(stderr, "pull UUID\n");
		return 2;
	}
	snprintf(bdf, sizeof(bdf), "%s", mdev_parent());
	o.uuid = argv[1];
	o.notes = &notes;
	owner_open(&o);
	lost.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ret = vdev_irq_set_index(&o.v, VFIO_PCI_ERR_IRQ_INDEX, lost.fd);
	if (ret)
		return fail("error interrupt", ret);
	owner_probe(&o);
	owner_work(&o);
	if (poll(&lost, 1, 0))
		return fail("lost before it was pulled", 0);
	ret = pull(bdf);
	if (ret)
		return fail("pull", ret);
	if (is_there(bdf))
		return fail("it is still there", 0);
	/* The first command that nobody answers */
	ret = t1_ctx_create(&o.t, T1_NUM_ENGINES);
	if (!ret)
		return fail("a command succeeds all the same", 0);
	if (poll(&lost, 1, HEAR_MS) != 1)
		return fail("its owner does not hear of it", 0);
	end = now_ns() + HEAR_MS * 1000000ull;
	while (!(vdev_reg(&o.v, T1_REG_STATUS) & T1_STATUS_FATAL) && now_ns() < end)
		sleep_us(1000);
	if (vdev_reg(&o.v, T1_REG_STATUS) != T1_STATUS_FATAL)
		return fail("status", vdev_reg(&o.v, T1_REG_STATUS));
	vdev_close(&o.v);
	return 0;
}
