// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_lifecycle.c - a vGPU's life through sysfs: created, used, removed; and what is refused
 */
#include <sys/syscall.h>
#include <sys/wait.h>

#include "fixture.h"

#define UUID	"c0ffee00-1234-4321-abcd-0123456789ab"

FIXTURE(life)
{
	int unused;
};

FIXTURE_SETUP(life)
{
	ASSERT_NE(NULL, mdev_parent());
	fresh();
}

FIXTURE_TEARDOWN(life)
{
	mdev_remove_all();
}

TEST_F(life, types)
{
	static const char *const types[] = { "V1", "V2", "V4", "V8", "V16" };
	char buf[256];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		const char *type = types[i];

		EXPECT_EQ(1 << i, mdev_available(type));
		ASSERT_EQ(0, sysfs_read(buf, sizeof(buf),
			"/sys/bus/pci/devices/%s/mdev_supported_types/tessera-%s/device_api",
			mdev_parent(), type));
		EXPECT_STREQ("vfio-pci", buf);
		ASSERT_EQ(0, sysfs_read(buf, sizeof(buf),
			"/sys/bus/pci/devices/%s/mdev_supported_types/tessera-%s/name",
			mdev_parent(), type));
		EXPECT_NE('\0', buf[0]);
		ASSERT_EQ(0, sysfs_read(buf, sizeof(buf),
			"/sys/bus/pci/devices/%s/mdev_supported_types/tessera-%s/description",
			mdev_parent(), type));
		EXPECT_NE('\0', buf[0]);
	}
}

TEST_F(life, create_remove)
{
	char link[256];
	unsigned int i;
	ssize_t n;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, mdev_create_uuid("V4", UUID));
		ASSERT_TRUE(mdev_exists(UUID));
		EXPECT_EQ(3, mdev_available("V4"));
		n = readlink("/sys/bus/mdev/devices/" UUID "/mdev_type", link, sizeof(link) - 1);
		ASSERT_LT(0, n);
		link[n] = '\0';
		EXPECT_STREQ("tessera-V4", strrchr(link, '/') + 1);
		EXPECT_EQ(0, access("/sys/bus/mdev/devices/" UUID "/vgpu/stats/compute_ns", R_OK));
		EXPECT_EQ(0, access("/sys/bus/mdev/devices/" UUID "/vgpu/state", R_OK));
		ASSERT_EQ(0, mdev_remove(UUID));
		EXPECT_FALSE(mdev_exists(UUID));
		EXPECT_EQ(4, mdev_available("V4"));
	}
	EXPECT_EQ(-ENOENT, mdev_remove(UUID));
}

TEST_F(life, bad_uuid)
{
	static const char *const bad[] = {
		"x", "c0ffee00", "c0ffee00-1234-4321-abcd-0123456789a",
		"c0ffee00-1234-4321-abcd-0123456789abcd", "g0ffee00-1234-4321-abcd-0123456789ab",
		"c0ffee00123443-21-abcd-0123456789ab--", "../../../../../../../../etc/passwd..",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, mdev_create_uuid("V4", bad[i]));
	EXPECT_EQ(4, mdev_available("V4"));
}

TEST_F(life, duplicate)
{
	ASSERT_EQ(0, mdev_create_uuid("V4", UUID));
	EXPECT_EQ(-EEXIST, mdev_create_uuid("V4", UUID));
	EXPECT_EQ(-EEXIST, mdev_create_uuid("V16", UUID));
	EXPECT_EQ(3, mdev_available("V4"));
	EXPECT_EQ(0, mdev_remove(UUID));
}

TEST_F(life, missing)
{
	EXPECT_EQ(-ENOENT, mdev_create_uuid("V3", UUID));
	EXPECT_EQ(-ENOENT, mdev_create_uuid("V32", UUID));
	EXPECT_EQ(-ENOENT, sysfs_write(UUID,
		"/sys/bus/pci/devices/ffff:1f:1f.7/mdev_supported_types/tessera-V4/create"));
	EXPECT_EQ(-ENOENT, sysfs_write("fixed_share",
		"/sys/bus/pci/devices/ffff:1f:1f.7/vgpu_sched/policy"));
}

/* No room: ENOSPC, and one line that says of what, how much was wanted and how much is left. */
TEST_F(life, too_many)
{
	char uuid[16][MDEV_UUID_LEN], *log, *line, *end;
	unsigned int i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, mdev_create("V4", uuid[i]));
	EXPECT_EQ(0, mdev_available("V4"));
	EXPECT_EQ(0, mdev_available("V16"));
	ASSERT_EQ(0, log_mark());
	EXPECT_EQ(-ENOSPC, mdev_create_uuid("V8", UUID));
	EXPECT_FALSE(mdev_exists(UUID));

	log = log_since_mark();
	ASSERT_NE(NULL, log);
	line = strstr(log, "tessera ");
	ASSERT_NE(NULL, line);
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	TH_LOG("%s", line);
	EXPECT_TRUE(strcasestr(line, "vram") || strcasestr(line, "slot") ||
		    strcasestr(line, "context"));
	EXPECT_NE(NULL, strpbrk(line + strlen("tessera 0000:00:00.0"), "0123456789"));
	/* one line, not more */
	EXPECT_TRUE(!end || !strstr(end + 1, "tessera "));

	ASSERT_EQ(0, mdev_remove(uuid[1]));
	EXPECT_EQ(2, mdev_available("V8"));
	EXPECT_EQ(0, mdev_create_uuid("V8", UUID));
}

/* Holes count only for what fits into them. */
TEST_F(life, holes)
{
	char uuid[16][MDEV_UUID_LEN];
	unsigned int i;

	for (i = 0; i < 16; i++)
		ASSERT_EQ(0, mdev_create("V16", uuid[i]));
	EXPECT_EQ(0, mdev_available("V16"));
	for (i = 0; i < 16; i += 2)
		ASSERT_EQ(0, mdev_remove(uuid[i]));
	EXPECT_EQ(8, mdev_available("V16"));
	/* eight free sixteenths, but no free eighth */
	EXPECT_EQ(0, mdev_available("V8"));
	EXPECT_EQ(-ENOSPC, mdev_create_uuid("V8", UUID));
	ASSERT_EQ(0, mdev_remove(uuid[1]));
	EXPECT_EQ(1, mdev_available("V8"));
	EXPECT_EQ(0, mdev_create_uuid("V8", UUID));
	EXPECT_EQ(0, mdev_available("V8"));
	EXPECT_EQ(7, mdev_available("V16"));
}

/* Write to a file that may block, in a process that does not have the vGPU open itself. */
static pid_t write_aside(struct vdev *v, const char *text, const char *path)
{
	pid_t pid = fork();

	if (pid == 0) {
		vdev_close(v);
		_exit(sysfs_write(text, "%s", path) ? 1 : 0);
	}
	return pid;
}

static int request_fd(struct vdev *v)
{
	struct {
		struct vfio_irq_set set;
		int fd;
	} req = {
		.set = {
			.argsz = sizeof(req),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = VFIO_PCI_REQ_IRQ_INDEX,
			.count = 1,
		},
		.fd = eventfd(0, EFD_NONBLOCK),
	};

	if (ioctl(v->device, VFIO_DEVICE_SET_IRQS, &req))
		return -errno;
	return req.fd;
}

/* Removing a vGPU in use waits until the user releases it, and asks the user to. */
TEST_F_TIMEOUT(life, remove_in_use, 60)
{
	struct vdev v;
	struct t1 t = { 0 };
	struct t1_queue q;
	int status, req;
	pid_t pid;

	ASSERT_EQ(0, mdev_create_uuid("V4", UUID));
	ASSERT_EQ(0, vdev_open(&v, UUID));
	ASSERT_EQ(0, t1_start(&t, &v));
	ASSERT_EQ(0, t1_queue_simple(&t, &q, 0, T1_ENGINE_COMPUTE));
	req = request_fd(&v);
	ASSERT_LE(0, req);
	pid = write_aside(&v, "1", "/sys/bus/mdev/devices/" UUID "/remove");
	EXPECT_TRUE(signalled(req, 15000));
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	/* until then it works */
	EXPECT_EQ(0, t1_run(&q, &NOP()));
	vdev_close(&v);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_FALSE(mdev_exists(UUID));
	EXPECT_EQ(4, mdev_available("V4"));
}

/* Unbinding the accelerator does the same for all of them. */
TEST_F_TIMEOUT(life, unbind_in_use, 60)
{
	char uuid[3][MDEV_UUID_LEN];
	char bdf[64];
	int status, req;
	struct vdev v;
	pid_t pid;

	strcpy(bdf, mdev_parent());
	ASSERT_EQ(0, mdev_create("V4", uuid[0]));
	ASSERT_EQ(0, mdev_create("V8", uuid[1]));
	ASSERT_EQ(0, vdev_open(&v, uuid[0]));
	req = request_fd(&v);
	ASSERT_LE(0, req);
	pid = write_aside(&v, bdf, "/sys/bus/pci/drivers/tessera/unbind");
	EXPECT_TRUE(signalled(req, 15000));
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	/* no new vGPU until then */
	EXPECT_GT(0, mdev_create("V16", uuid[2]));
	vdev_close(&v);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_FALSE(mdev_exists(uuid[0]));
	EXPECT_FALSE(mdev_exists(uuid[1]));
	ASSERT_EQ(0, sysfs_write(bdf, "/sys/bus/pci/drivers/tessera/bind"));
	EXPECT_EQ(4, mdev_available("V4"));
}

TEST_F(life, unload_in_use)
{
	struct vdev v;

	ASSERT_EQ(0, mdev_create_uuid("V4", UUID));
	ASSERT_EQ(0, vdev_open(&v, UUID));
	ASSERT_EQ(0, vdev_decode(&v, 1));
	EXPECT_EQ(-1, syscall(SYS_delete_module, "tessera", O_NONBLOCK));
	EXPECT_TRUE(errno == EWOULDBLOCK || errno == EBUSY);
	EXPECT_EQ(T1_MAGIC, vdev_reg(&v, T1_REG_MAGIC));
	vdev_close(&v);
}

/* The device belongs to one user at a time. */
TEST_F(life, second_open)
{
	struct vdev a, b;

	ASSERT_EQ(0, mdev_create_uuid("V4", UUID));
	ASSERT_EQ(0, vdev_open(&a, UUID));
	EXPECT_EQ(-EBUSY, vdev_open(&b, UUID));
	vdev_close(&a);
	ASSERT_EQ(0, vdev_open(&a, UUID));
	vdev_close(&a);
}

/*
 * Created and removed by several processes at once: never more than fit, and all are freed. Two
 * halves leave no room for an eighth, so each goes on until it had its share of turns.
 */
TEST_F_TIMEOUT(life, race, 120)
{
	unsigned int i;
	int status;
	pid_t pid[4];

	for (i = 0; i < 4; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			char uuid[MDEV_UUID_LEN];
			int made = 0;

			while (made < 15) {
				int err = mdev_create(i & 1 ? "V2" : "V8", uuid);

				if (err == -ENOSPC) {
					usleep(500);
					continue;
				}
				if (!err)
					err = mdev_remove(uuid);
				if (err)
					_exit(-err);
				made++;
			}
			_exit(0);
		}
	}
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	EXPECT_EQ(1, mdev_available("V1"));
	EXPECT_EQ(16, mdev_available("V16"));
}

TEST_HARNESS_MAIN
