// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_bind.c - a driver takes a PCI function and gives it back, with one fault in it
 *
 * Of the driver that TESSERA_DRIVER names (tessera), and the function that TESSERA_BDF names, or
 * the first that tessera.ko has.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../vfio/fixture.h"
#include "fault.h"

#define LONG	1800	/* s */

static bool exists(const char *fmt, const char *bdf)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), fmt, bdf);
	return !access(path, F_OK);
}

static bool bound(const char *bdf)
{
	return exists("/sys/bus/pci/devices/%s/driver", bdf);
}

FIXTURE(bind)
{
	struct fault f;
	const char *driver, *bdf;
	char bind[128], unbind[128];
};

FIXTURE_SETUP(bind)
{
	int err = fault_setup();

	if (err == -EOPNOTSUPP)
		SKIP(return, "this kernel has no fault injection");
	ASSERT_EQ(0, err);
	self->driver = getenv("TESSERA_DRIVER") ?: "tessera";
	self->bdf = mdev_parent();
	ASSERT_NE(NULL, self->bdf);
	snprintf(self->bind, sizeof(self->bind), "/sys/bus/pci/drivers/%s/bind", self->driver);
	snprintf(self->unbind, sizeof(self->unbind), "/sys/bus/pci/drivers/%s/unbind",
		 self->driver);
	/* Each of them takes a second or two */
	setenv("FAULT_EDGE", "30", 0);
	ASSERT_EQ(0, fault_open(&self->f, 0));
}

FIXTURE_TEARDOWN(bind)
{
	TH_LOG("%s of %s: %u points, %u faults", self->driver, self->bdf, self->f.total,
	       self->f.faults);
	fault_close(&self->f);
}

/* How many lines of a file name the driver. */
static unsigned int lines(const char *path, const char *driver)
{
	unsigned int n = 0;
	char line[4096];
	FILE *in;

	in = fopen(path, "r");
	if (!in)
		return 0;
	while (fgets(line, sizeof(line), in)) {
		if (strstr(line, driver))
			n++;
	}
	fclose(in);
	return n;
}

/* What a driver has and makes. There may be interrupts and resources of other functions. */
struct traces {
	unsigned int interrupts, resources;
	bool vectors, types, settings, debugfs;
	char enable[8];
};

static struct traces traces(const char *driver, const char *bdf)
{
	struct traces t;

	memset(&t, 0, sizeof(t));	/* they are compared as bytes */
	t.interrupts = lines("/proc/interrupts", "tessera");
	t.resources = lines("/proc/iomem", driver);
	t.vectors = exists("/sys/bus/pci/devices/%s/msi_irqs", bdf);
	t.types = exists("/sys/bus/pci/devices/%s/mdev_supported_types", bdf);
	t.settings = exists("/sys/bus/pci/devices/%s/vgpu_sched", bdf);
	t.debugfs = exists("/sys/kernel/debug/tessera/%s", bdf);
	sysfs_read(t.enable, sizeof(t.enable), "/sys/bus/pci/devices/%s/enable", bdf);
	return t;
}

/*
 * PCI's core has errors of its own, whatever the cause: EBUSY where it can't reserve a BAR, EINVAL
 * where it can't map one, ENODEV or ENOSPC where it can't have interrupts. Otherwise these would
 * say that the driver takes the function for something else.
 */
static bool is_right(int err)
{
	const char *log;

	if (err == -ENODEV || err == -ENOSPC) {
		log = log_since_mark();
		return log && (strstr(log, "annot allocate") || strstr(log, "annot request"));
	}
	return !err || fault_shortage(err) || err == -EBUSY || err == -EINVAL;
}

TEST_F_TIMEOUT(bind, bind, LONG)
{
	struct fault *f = &self->f;
	struct traces before, now;
	int err;

	ASSERT_EQ(0, sysfs_write(self->bdf, "%s", self->unbind));
	before = traces(self->driver, self->bdf);
	EXPECT_FALSE(before.vectors || before.types || before.settings || before.debugfs);
	fault_first(f);
	while (fault_next(f)) {
		ASSERT_EQ(0, log_mark());
		err = fault_write(f, self->bdf, self->bind);
		ASSERT_TRUE(is_right(err)) {
			TH_LOG("fault %u: %s", f->nth, strerror(-err));
		}
		ASSERT_EQ(!err, bound(self->bdf));
		if (!err)
			ASSERT_EQ(0, sysfs_write(self->bdf, "%s", self->unbind));
		now = traces(self->driver, self->bdf);
		ASSERT_EQ(0, memcmp(&before, &now, sizeof(now))) {
			TH_LOG("fault %u: %s: %u interrupts, %u resources, %d %d %d %d, %s", f->nth,
			       strerror(-err), now.interrupts, now.resources, now.vectors,
			       now.types, now.settings, now.debugfs, now.enable);
		}
	}
	EXPECT_EQ(0, sysfs_write(self->bdf, "%s", self->bind));
}

TEST_F_TIMEOUT(bind, unbind, LONG)
{
	struct fault *f = &self->f;
	struct traces before, now;
	int err;

	before = traces(self->driver, self->bdf);
	fault_first(f);
	while (fault_next(f)) {
		err = fault_write(f, self->bdf, self->unbind);
		ASSERT_TRUE(!err || fault_shortage(err)) {
			TH_LOG("fault %u: %s", f->nth, strerror(-err));
		}
		ASSERT_EQ(!!err, bound(self->bdf));
		if (!err)
			ASSERT_EQ(0, sysfs_write(self->bdf, "%s", self->bind));
		now = traces(self->driver, self->bdf);
		ASSERT_EQ(0, memcmp(&before, &now, sizeof(now)));
	}
}

TEST_HARNESS_MAIN
