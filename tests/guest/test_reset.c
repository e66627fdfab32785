// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_reset.c - function reset, system sleep, and a driver that is unbound while in use
 *
 * Alone: the device is taken away and given back
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>

#include "kselftest_harness.h"
#include "drv.h"

FIXTURE(reset)
{
	struct t_env e;
	char sysfs[4096], path[4200];
	uint32_t out;
};

FIXTURE_SETUP(reset)
{
	ASSERT_EQ(0, t_setup(&self->e, DRM_TESSERA_BO_VRAM, T1_ENGINE_COMPUTE));
	ASSERT_EQ(0, t_sysfs(self->e.fd, self->sysfs, sizeof(self->sysfs)));
	ASSERT_EQ(0, t_syncobj(self->e.fd, &self->out));
}

FIXTURE_TEARDOWN(reset)
{
	t_teardown(&self->e);
}

/* The context is lost, and says so; everything else works again */
#define CHECK_LOST() do {								\
	struct t_env *_e = &self->e;							\
	uint32_t _id;									\
	EXPECT_EQ(DRM_TESSERA_QUEUE_RESET, t_state(_e));				\
	EXPECT_EQ(-EIO, t_exec(_e->fd, _e->queue, _e->va, 1, 0, 0));			\
	EXPECT_EQ(-EIO, t_queue_create(_e->fd, _e->ctx, 0, &_id));			\
	EXPECT_EQ(-EIO, t_bind(_e->fd, _e->ctx, _e->bo.handle, 1ull << 40, 0, 4096, T_RW)); \
	EXPECT_EQ(0, t_unbind(_e->fd, _e->ctx, _e->va, T_ARENA));			\
	EXPECT_EQ(0, t_ctx_destroy(_e->fd, _e->ctx));					\
	ASSERT_EQ(0, t_ctx_create(_e->fd, &_e->ctx));					\
	ASSERT_EQ(0, t_queue_create(_e->fd, _e->ctx, T1_ENGINE_COMPUTE, &_e->queue)); \
	ASSERT_EQ(0, t_bind(_e->fd, _e->ctx, _e->bo.handle, _e->va, 0, T_ARENA, T_RW));	\
	EXPECT_EQ(0, t_run(_e, &FILL(T_DATA(_e), 4096, 0x11), 1));			\
	EXPECT_EQ(0x11, *(uint32_t *)T_DATA_CPU(_e));					\
} while (0)

TEST_F(reset, flr_when_idle)
{
	snprintf(self->path, sizeof(self->path), "%s/reset", self->sysfs);
	ASSERT_EQ(0, t_run(&self->e, &FILL(T_DATA(&self->e), 4096, 1), 1));
	ASSERT_EQ(0, t_write_file(self->path, "1"));
	CHECK_LOST();
	/* And once more, for the device is as new */
	ASSERT_EQ(0, t_write_file(self->path, "1"));
	CHECK_LOST();
}

/*
 * System memory is slow to fill: this is half a minute's work, and leaves an emulated device's
 * host the time to get to the reset.
 */
TEST_F(reset, flr_with_work)
{
	struct t1_cmd *cmd = self->e.bo.cpu;
	struct t_bo sys;
	int i;

	ASSERT_EQ(0, t_bo_create(self->e.fd, 2 << 20, 0, &sys));
	ASSERT_EQ(0, t_bind(self->e.fd, self->e.ctx, sys.handle, 1ull << 41, 0, sys.size, T_RW));
	for (i = 0; i < 4096; i++)
		cmd[i] = FILL(1ull << 41, sys.size, i);
	for (i = 0; i < 32; i++)
		ASSERT_EQ(0, t_exec(self->e.fd, self->e.queue, self->e.va, 4096, 0, self->out));
	snprintf(self->path, sizeof(self->path), "%s/reset", self->sysfs);
	ASSERT_EQ(0, t_write_file(self->path, "1"));
	EXPECT_EQ(0, t_wait(self->e.fd, self->out, 60));
	EXPECT_EQ(-EIO, t_fence_status(self->e.fd, self->out));
	CHECK_LOST();
}

TEST_F(reset, flr_out_of_a_hang)
{
	if (!t_has_cap(self->e.fd, T1_CAP_HANG))
		SKIP(return, "needs a device with hang=on");
	memcpy(self->e.bo.cpu, &HANG(0, T1_HANG_NO_PREEMPT), 64);
	ASSERT_EQ(0, t_exec(self->e.fd, self->e.queue, self->e.va, 1, 0, self->out));
	snprintf(self->path, sizeof(self->path), "%s/reset", self->sysfs);
	ASSERT_EQ(0, t_write_file(self->path, "1"));
	EXPECT_EQ(-EIO, t_fence_status(self->e.fd, self->out));
	CHECK_LOST();
}

/*
 * A device that cannot reach memory does not answer: the driver resets it, and all goes on
 * when memory can be reached again. What was made before is lost, and nothing else.
 */
TEST_F(reset, admin_queue_dies)
{
	static const char parameter[] = "/sys/module/tessera_drm/parameters/admin_timeout_ms";
	uint16_t command, off;
	char before[32];
	int config, ret;
	uint32_t id;

	snprintf(self->path, sizeof(self->path), "%s/config", self->sysfs);
	config = open(self->path, O_RDWR);
	ASSERT_LE(0, config);
	ASSERT_EQ(0, t_read_file(parameter, before, sizeof(before)));
	ASSERT_EQ(0, t_write_file(parameter, "500"));
	ASSERT_EQ(2, pread(config, &command, 2, PCI_COMMAND));
	off = command & ~PCI_COMMAND_MASTER;
	ASSERT_EQ(2, pwrite(config, &off, 2, PCI_COMMAND));
	ret = t_ctx_create(self->e.fd, &id);
	ASSERT_EQ(2, pwrite(config, &command, 2, PCI_COMMAND));
	EXPECT_EQ(0, t_write_file(parameter, before));
	close(config);
	ASSERT_EQ(-EIO, ret);
	/* The reset is under way */
	while (t_state(&self->e) == DRM_TESSERA_QUEUE_OK)
		t_sleep_ms(1);
	while (t_ctx_create(self->e.fd, &id) == -EIO)
		t_sleep_ms(1);
	EXPECT_EQ(0, t_ctx_destroy(self->e.fd, id));
	CHECK_LOST();
}

/* Devices down and up as at system sleep, which takes the kernel 5 s */
TEST_F(reset, system_sleep)
{
	if (t_write_file("/sys/power/pm_test", "devices"))
		SKIP(return, "no /sys/power/pm_test here");
	ASSERT_EQ(0, t_run(&self->e, &FILL(T_DATA(&self->e), 4096, 1), 1));
	ASSERT_EQ(0, t_write_file("/sys/power/state", "freeze"));
	t_write_file("/sys/power/pm_test", "none");
	CHECK_LOST();
}

/* The driver goes while a file is open, work is under way and memory is mapped */
TEST_F(reset, unbind_with_users)
{
	struct t1_cmd *cmd = self->e.bo.cpu;
	struct drm_tessera_queue_query q;
	char *name, path[256];
	struct t_bo bo, sys;
	volatile uint32_t *vram = self->e.bo.cpu;
	uint32_t id;
	int i, buf;

	ASSERT_EQ(0, t_bo_create(self->e.fd, 1 << 20, 0, &sys));
	ASSERT_EQ(0, t_bo_map(self->e.fd, &sys));
	ASSERT_EQ(0, t_bind(self->e.fd, self->e.ctx, sys.handle, 1ull << 40, 0, sys.size, T_RW));
	ASSERT_EQ(0, drmPrimeHandleToFD(self->e.fd, sys.handle, DRM_CLOEXEC | DRM_RDWR, &buf));
	for (i = 0; i < 4096; i++)
		cmd[i] = FILL(T_DATA(&self->e), T_ARENA / 2, i);
	for (i = 0; i < 32; i++)
		ASSERT_EQ(0, t_exec(self->e.fd, self->e.queue, self->e.va, 4096, 0, self->out));

	name = strrchr(self->sysfs, '/') + 1;
	ASSERT_EQ(0, t_write_file("/sys/bus/pci/drivers/tessera_drm/unbind", name));
	EXPECT_EQ(-ENODEV, t_exec(self->e.fd, self->e.queue, self->e.va, 1, 0, 0));
	EXPECT_EQ(-ENODEV, t_ctx_create(self->e.fd, &id));
	EXPECT_EQ(-ENODEV, t_bo_create(self->e.fd, 4096, 0, &bo));
	EXPECT_EQ(-ENODEV, t_query(self->e.fd, self->e.queue, &q));
	/* What was VRAM, touched before or not, can be read and written, to no effect */
	for (i = 0; i < T_ARENA / 4; i += 512)
		vram[i]++;
	/* System memory is still the owner's */
	memset(sys.cpu, 5, sys.size);
	EXPECT_EQ(0, memcmp(sys.cpu, "\x05\x05\x05\x05", 4));

	snprintf(path, sizeof(path), "%s", name);
	EXPECT_EQ(0, t_write_file("/sys/bus/pci/drivers/tessera_drm/bind", path));
	close(buf);
	munmap(sys.cpu, sys.size);
	/* The old file is closed after the new device has come */
	{
		struct t_env e;

		ASSERT_EQ(0, t_setup(&e, DRM_TESSERA_BO_VRAM, T1_ENGINE_COMPUTE));
		EXPECT_EQ(0, t_run(&e, &FILL(T_DATA(&e), 4096, 3), 1));
		t_teardown(&self->e);
		self->e.bo.cpu = NULL;
		self->e.fd = -1;
		EXPECT_EQ(0, t_run(&e, &FILL(T_DATA(&e), 4096, 4), 1));
		t_teardown(&e);
	}
}

TEST_HARNESS_MAIN
