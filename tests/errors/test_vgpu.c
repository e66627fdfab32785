// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_vgpu.c - a vGPU's life with one fault in it: the right errno, and nothing is left behind
 *
 * Of any kind of accelerator: the one that TESSERA_BDF names, or the first. What a test does not
 * see, such as memory that nobody has any more, the kernel's leak detector does after the suite.
 */
#include <dirent.h>
#include <stdlib.h>

#include "../edu/edu_spec.h"
#include "../vfio/fixture.h"
#include "fault.h"

#define TYPE	"V16"	/* the smallest, whose memory is cleared soonest */
#define UUID	"c0ffee00-1234-4321-abcd-0123456789ab"
#define VGPU	"/sys/bus/mdev/devices/" UUID "/vgpu"
#define LONG	1800	/* s */

FIXTURE(vgpu)
{
	struct fault f;
	char create[128];
	long long available;
	bool is_t1;
};

FIXTURE_SETUP(vgpu)
{
	int err = fault_setup();
	char device[16];

	if (err == -EOPNOTSUPP)
		SKIP(return, "this kernel has no fault injection");
	ASSERT_EQ(0, err);
	ASSERT_NE(NULL, mdev_parent());
	ASSERT_EQ(0, sysfs_read(device, sizeof(device), "/sys/bus/pci/devices/%s/device",
				mdev_parent()));
	self->is_t1 = !strcmp(device, "0x7e55");
	snprintf(self->create, sizeof(self->create),
		 "/sys/bus/pci/devices/%s/mdev_supported_types/tessera-" TYPE "/create",
		 mdev_parent());
	fresh();
	self->available = mdev_available(TYPE);
	ASSERT_LT(0, self->available);
	ASSERT_EQ(0, fault_open(&self->f, 0));
}

FIXTURE_TEARDOWN(vgpu)
{
	TH_LOG("%u points, %u faults", self->f.total, self->f.faults);
	mdev_remove_all();
	EXPECT_EQ(self->available, mdev_available(TYPE));
	fault_close(&self->f);
}

/* Whoever has it open next gets what is right from it. */
static bool computes(struct vdev *v, bool is_t1)
{
	struct t1 t = { 0 };
	struct t1_queue q;
	unsigned int tries;

	if (is_t1)
		return !t1_start(&t, v) && !t1_queue_simple(&t, &q, 0, T1_ENGINE_COPY) &&
		       !t1_run(&q, &FILL(q.scratch_va, 8, 0x5eed)) &&
		       *(uint32_t *)q.scratch == 0x5eed;
	vdev_reg_write(v, EDU_FACTORIAL, 7);
	for (tries = 0; tries < 10000 && vdev_reg(v, EDU_STATUS) & EDU_STATUS_COMPUTING; tries++)
		sleep_us(1000);
	return vdev_reg(v, EDU_FACTORIAL) == 5040;
}

static bool works(bool is_t1)
{
	struct vdev v;
	bool ok;

	if (vdev_open(&v, UUID))
		return false;
	ok = !vdev_decode(&v, 1) && computes(&v, is_t1);
	vdev_close(&v);
	return ok;
}

/* Nobody has it open, and it has nothing. */
static bool is_idle(void)
{
	char state[32];

	return !sysfs_read(state, sizeof(state), VGPU "/state") && !strcmp(state, "closed") &&
	       !mdev_stat(UUID, "pinned_pages") && !mdev_stat(UUID, "contexts") &&
	       !mdev_stat(UUID, "queues") && !fault_thread("vgpu-");
}

TEST_F_TIMEOUT(vgpu, create, LONG)
{
	struct fault *f = &self->f;
	int err;

	fault_first(f);
	while (fault_next(f)) {
		err = fault_write(f, UUID, self->create);
		if (!err) {
			/* Not all that fails is needed: a uevent is not, nor a file in debugfs */
			ASSERT_TRUE(is_idle());
			ASSERT_EQ(self->available - 1, mdev_available(TYPE));
			ASSERT_EQ(0, mdev_remove(UUID));
		}
		ASSERT_TRUE(!err || fault_shortage(err)) {
			TH_LOG("fault %u: %s", f->nth, strerror(-err));
		}
		ASSERT_FALSE(mdev_exists(UUID));
		ASSERT_EQ(self->available, mdev_available(TYPE)) {
			TH_LOG("fault %u: %s", f->nth, strerror(-err));
		}
	}
	ASSERT_EQ(0, mdev_create_uuid(TYPE, UUID));
	EXPECT_TRUE(works(self->is_t1));
}

TEST_F_TIMEOUT(vgpu, remove, LONG)
{
	struct fault *f = &self->f;
	int err;

	fault_first(f);
	while (fault_next(f)) {
		ASSERT_EQ(0, mdev_create_uuid(TYPE, UUID));
		err = fault_write(f, "1", "/sys/bus/mdev/devices/" UUID "/remove");
		ASSERT_TRUE(!err || fault_shortage(err)) {
			TH_LOG("fault %u: %s", f->nth, strerror(-err));
		}
		ASSERT_EQ(!!err, mdev_exists(UUID));
		if (err)
			ASSERT_EQ(0, mdev_remove(UUID));
		ASSERT_EQ(self->available, mdev_available(TYPE));
	}
	ASSERT_EQ(0, mdev_create_uuid(TYPE, UUID));
	EXPECT_TRUE(works(self->is_t1));
}

/* All that a virtual machine monitor does to open it. EAGAIN: it can't have another thread. */
TEST_F_TIMEOUT(vgpu, open, LONG)
{
	struct fault *f = &self->f;
	struct vdev v;
	int err;

	ASSERT_EQ(0, mdev_create_uuid(TYPE, UUID));
	fault_first(f);
	while (fault_next(f)) {
		fault_arm(f);
		err = vdev_open(&v, UUID);
		fault_disarm(f);
		if (!err)
			vdev_close(&v);
		ASSERT_TRUE(!err || fault_shortage(err) || err == -EAGAIN) {
			TH_LOG("fault %u: %s", f->nth, strerror(-err));
		}
		ASSERT_TRUE(is_idle()) {
			TH_LOG("fault %u: %s", f->nth, strerror(-err));
		}
	}
	EXPECT_TRUE(works(self->is_t1));
}

TEST_F_TIMEOUT(vgpu, close, LONG)
{
	struct fault *f = &self->f;
	struct vdev v;

	ASSERT_EQ(0, mdev_create_uuid(TYPE, UUID));
	fault_first(f);
	while (fault_next(f)) {
		ASSERT_EQ(0, vdev_open(&v, UUID));
		ASSERT_EQ(0, vdev_decode(&v, 1));
		ASSERT_TRUE(computes(&v, self->is_t1));
		if (self->is_t1)
			memset((void *)vdev_direct(&v, BAR2, 0, 8), 0x55, 8);
		fault_arm(f);
		close(v.device);
		fault_disarm(f);
		v.device = -1;
		vdev_close(&v);
		ASSERT_TRUE(is_idle()) {
			TH_LOG("fault %u", f->nth);
		}
		if (!self->is_t1)
			continue;
		ASSERT_EQ(0, vdev_open(&v, UUID));
		ASSERT_EQ(0, vdev_decode(&v, 1));
		ASSERT_EQ(0, *(volatile uint64_t *)vdev_direct(&v, BAR2, 0, 8));
		vdev_close(&v);
	}
}

/* What is read is right, or not read; what is written is there, or not written. */
TEST_F_TIMEOUT(vgpu, access, LONG)
{
	struct fault *f = &self->f;
	const uint64_t reg = self->is_t1 ? T1_REG_MAGIC : EDU_ID;
	const uint32_t want = self->is_t1 ? T1_MAGIC : 0x010000ed;
	uint32_t value, line = 0;
	struct vdev v;
	ssize_t n;

	ASSERT_EQ(0, mdev_create_uuid(TYPE, UUID));
	ASSERT_EQ(0, vdev_open(&v, UUID));
	ASSERT_EQ(0, vdev_decode(&v, 1));
	fault_first(f);
	while (fault_next(f)) {
		value = 0;
		fault_arm(f);
		n = vdev_read(&v, BAR0, reg, &value, sizeof(value));
		fault_disarm(f);
		ASSERT_TRUE(n == sizeof(value) ? value == want : fault_shortage(n)) {
			TH_LOG("fault %u: %zd, 0x%x", f->nth, n, value);
		}
	}
	EXPECT_LE(2, f->faults);
	fault_first(f);
	while (fault_next(f)) {
		value = (line + 1) & 0xff;
		fault_arm(f);
		n = vdev_write(&v, CONFIG, PCI_INTERRUPT_LINE, &value, 1);
		fault_disarm(f);
		ASSERT_TRUE(n == 1 || fault_shortage(n));
		if (n == 1)
			line = value;
		ASSERT_EQ(line, vdev_cfg(&v, PCI_INTERRUPT_LINE, 1));
	}
	EXPECT_LE(2, f->faults);
	vdev_close(&v);
}

/* Mapped, and touched, which allocates page tables: a fault there is one that is tried again. */
TEST_F_TIMEOUT(vgpu, mmap, LONG)
{
	struct fault *f = &self->f;
	struct vdev_region *r;
	struct vdev v;
	volatile uint32_t *p;
	int err;

	if (!self->is_t1)
		SKIP(return, "nothing of it can be mapped");
	ASSERT_EQ(0, mdev_create_uuid(TYPE, UUID));
	ASSERT_EQ(0, vdev_open(&v, UUID));
	ASSERT_EQ(0, vdev_decode(&v, 1));
	r = &v.regions[BAR2];
	*(volatile uint32_t *)vdev_direct(&v, BAR2, 0, 4) = 0x5eed;
	fault_first(f);
	while (fault_next(f)) {
		err = 0;
		fault_arm(f);
		p = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED, v.device, r->offset);
		if (p == MAP_FAILED)
			err = errno;
		else
			err = *p == 0x5eed ? 0 : ENXIO;
		fault_disarm(f);
		ASSERT_TRUE(!err || err == ENOMEM) {
			TH_LOG("fault %u: %s", f->nth, strerror(err));
		}
		if (p != MAP_FAILED)
			munmap((void *)p, r->size);
	}
	vdev_close(&v);
}

TEST_F_TIMEOUT(vgpu, interrupts, LONG)
{
	struct fault *f = &self->f;
	int fd = eventfd(0, EFD_NONBLOCK), err;
	struct vdev v;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, mdev_create_uuid(TYPE, UUID));
	ASSERT_EQ(0, vdev_open(&v, UUID));
	fault_first(f);
	while (fault_next(f)) {
		fault_arm(f);
		err = vdev_irq_set_index(&v, VFIO_PCI_REQ_IRQ_INDEX, fd);
		fault_disarm(f);
		ASSERT_TRUE(!err || fault_shortage(err)) {
			TH_LOG("fault %u: %s", f->nth, strerror(-err));
		}
	}
	EXPECT_LE(3, f->faults);
	vdev_close(&v);
}

static int read_all(const char *path)
{
	char buf[4096];
	ssize_t n = 1;
	int fd, err = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (n > 0)
		n = read(fd, buf, sizeof(buf));
	if (n < 0)
		err = -errno;
	close(fd);
	return err;
}

/* Each file in a directory that can be read, under each fault. */
static int read_files(struct fault *f, const char *dirname)
{
	char path[PATH_MAX];
	struct dirent *e;
	unsigned int n = 0;
	int err = 0;
	DIR *dir;

	dir = opendir(dirname);
	if (!dir)
		return -errno;
	while ((e = readdir(dir)) && !err) {
		snprintf(path, sizeof(path), "%.2000s/%s", dirname, e->d_name);
		if (e->d_type != DT_REG || access(path, R_OK))
			continue;
		n++;
		fault_first(f);
		while (!err && fault_next(f)) {
			fault_arm(f);
			err = read_all(path);
			fault_disarm(f);
			if (fault_shortage(err) && f->struck)
				err = 0;
		}
	}
	closedir(dir);
	return err ? err : n;
}

TEST_F_TIMEOUT(vgpu, files, LONG)
{
	char path[PATH_MAX];

	ASSERT_EQ(0, mdev_create_uuid(TYPE, UUID));
	EXPECT_LT(8, read_files(&self->f, VGPU));
	EXPECT_LT(8, read_files(&self->f, VGPU "/stats"));
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vgpu_sched", mdev_parent());
	EXPECT_LT(4, read_files(&self->f, path));
	snprintf(path, sizeof(path), "/sys/kernel/debug/tessera/%s", mdev_parent());
	EXPECT_LT(2, read_files(&self->f, path));
	EXPECT_TRUE(works(self->is_t1));
}

TEST_HARNESS_MAIN
