/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fixture.h - what every test program here includes: the harness, the client, the driver
 *
 * A program starts from an accelerator without vGPUs and leaves none. Every fixture's setup
 * calls fresh(), so that a test that died leaves nothing behind for the next one.
 */
#ifndef TESSERA_TEST_FIXTURE_H
#define TESSERA_TEST_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <kselftest_harness.h>
#include <linux/pci_regs.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "t1.h"
#include "t1cmd.h"

#define CONFIG	VFIO_PCI_CONFIG_REGION_INDEX
#define BAR0	VFIO_PCI_BAR0_REGION_INDEX
#define BAR2	VFIO_PCI_BAR2_REGION_INDEX
#define BAR4	VFIO_PCI_BAR4_REGION_INDEX

#define RW	(T1_MAP_READ | T1_MAP_WRITE)
#define RWV	(RW | T1_MAP_VRAM)

/* Where tests map their own things, far from t1_queue_create()'s */
#define VA	0x100000000ull

static inline void fresh(void)
{
	mdev_remove_all();
	sched_set("policy", "best_effort");
	sched_set("preemption", "strict");
	sched_set("timeslice_us", "0");
	sched_set("preempt_timeout_us", "10000");
	sched_set("averaging", "33");
	sysfs_write("1024", "/sys/module/tessera/parameters/pin_limit_mb");
}

/* A figure that is worth reporting, "NAME VALUE UNIT": tests/isolation collects them */
#define FIGURE(fmt, ...)	TH_LOG("figure " fmt, __VA_ARGS__)

/* Wait until an eventfd has been signalled; true if it was. */
static inline bool signalled(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t n;

	return poll(&p, 1, timeout_ms) == 1 && read(fd, &n, sizeof(n)) == sizeof(n);
}

#endif
