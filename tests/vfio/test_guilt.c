// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_guilt.c - who is guilty of what: named, told, and put into quarantine
 *
 * Needs an accelerator that can be made to hang (-device tessera,hang=on).
 */
#include <linux/netlink.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#include "fixture.h"

struct side {
	struct vdev v;
	struct t1 t;
	struct t1_queue q;
	struct vdev_mem mem;
};

FIXTURE(guilt)
{
	struct side a, b;
	int uevents;
};

static int bring_up(struct side *s)
{
	int ret = t1_start(&s->t, &s->v);

	if (!ret)
		ret = t1_queue_simple(&s->t, &s->q, 3, T1_ENGINE_COPY);
	if (!ret && !s->mem.cpu)
		ret = vdev_mem_alloc(&s->v, 65536, 4096, &s->mem);
	return ret ? ret : t1_map_mem(&s->t, 3, VA, &s->mem);
}

FIXTURE_SETUP(guilt)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 };

	prctl(PR_SET_NAME, "vm \x01 seven", 0, 0, 0);
	fresh();
	ASSERT_EQ(0, vdev_create(&self->a.v, "V4"));
	ASSERT_EQ(0, vdev_create(&self->b.v, "V4"));
	if (!(vdev_reg(&self->a.v, T1_REG_CAPS) & T1_CAP_HANG)) {
		mdev_remove_all();
		SKIP(return, "the accelerator has hang=off");
	}
	ASSERT_EQ(0, bring_up(&self->a));
	ASSERT_EQ(0, bring_up(&self->b));
	self->uevents = socket(AF_NETLINK, SOCK_DGRAM | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	ASSERT_LE(0, self->uevents);
	ASSERT_EQ(0, bind(self->uevents, (struct sockaddr *)&addr, sizeof(addr)));
}

FIXTURE_TEARDOWN(guilt)
{
	EXPECT_EQ(0, vdev_destroy(&self->a.v));
	EXPECT_EQ(0, vdev_destroy(&self->b.v));
	close(self->uevents);
}

static int get(struct vdev *v, const char *name, char buf[256])
{
	return sysfs_read(buf, 256, "/sys/bus/mdev/devices/%s/vgpu/%s", v->uuid, name);
}

static int set(struct vdev *v, const char *name, const char *value)
{
	return sysfs_write(value, "/sys/bus/mdev/devices/%s/vgpu/%s", v->uuid, name);
}

static bool file_is(struct vdev *v, const char *name, const char *what)
{
	char buf[256];

	return !get(v, name, buf) && !strcmp(buf, what);
}

/* Hang the engine that the other one is waiting for; it is reset, and the other one goes on. */
static int offend(struct side *a, struct side *b)
{
	struct t1_fault f;
	struct t1_event ev;
	int ret;

	t1_push(&a->q, &HANG(0, T1_HANG_NO_PREEMPT));
	t1_kick(&a->q);
	ret = t1_run(&b->q, &FILL(VA, 4096, 1));
	if (!ret)
		ret = t1_event(&a->t, &ev, T1_TIMEOUT_MS);
	if (!ret)
		ret = ev.fault == T1_FAULT_ENGINE_RESET && ev.ctx == 3 ? 0 : -EBADMSG;
	if (!ret)
		ret = t1_queue_reset(&a->q);
	return ret ? ret : t1_fault_query(&a->t, 3, T1_FAULT_QUERY_CLEAR, &f);
}

/* The next uevent of a vGPU: its variables one after the other. */
static bool uevent(int fd, struct vdev *v, char *buf, size_t size, unsigned int ms)
{
	uint64_t end = now_ns() + ms * 1000000ull;
	ssize_t n, i;

	do {
		n = recv(fd, buf, size - 1, 0);
		if (n > 0) {
			buf[n] = '\0';
			if (!strstr(buf, v->uuid) || strncmp(buf, "change@", 7))
				continue;
			for (i = 0; i < n; i++)
				buf[i] = buf[i] ? buf[i] : ' ';
			return true;
		}
		sleep_us(1000);
	} while (now_ns() < end);
	return false;
}

TEST_F_TIMEOUT(guilt, named, 60)
{
	char buf[4096], want[256], pid[32];
	time_t before = time(NULL), when;

	EXPECT_TRUE(file_is(&self->a.v, "last_fault", "kind=none"));
	EXPECT_TRUE(file_is(&self->a.v, "quarantine_after", "0"));
	EXPECT_TRUE(file_is(&self->a.v, "quarantine_period_s", "60"));
	ASSERT_EQ(0, offend(&self->a, &self->b));
	ASSERT_EQ(0, get(&self->a.v, "last_fault", buf));
	TH_LOG("%s", buf);
	snprintf(want, sizeof(want), "kind=engine_reset engine=copy ctx=3 command=%#x time=",
		 T1_OP_HANG);
	EXPECT_EQ(0, strncmp(buf, want, strlen(want)));
	when = strtoll(strstr(buf, "time=") + 5, NULL, 10);
	EXPECT_LE(before - 1, when);
	EXPECT_GE(time(NULL) + 1, when);
	/* As it was called when it opened the vGPU, less what does not print */
	snprintf(want, sizeof(want), " pid=%d comm=vm ? seven", getpid());
	EXPECT_NE(NULL, strstr(buf, want));

	ASSERT_TRUE(uevent(self->uevents, &self->a.v, buf, sizeof(buf), 2000));
	snprintf(pid, sizeof(pid), " TESSERA_PID=%d ", getpid());
	EXPECT_NE(NULL, strstr(buf, " TESSERA_FAULT=engine_reset "));
	EXPECT_NE(NULL, strstr(buf, " TESSERA_FAULTS=1 "));
	EXPECT_NE(NULL, strstr(buf, pid));
	EXPECT_NE(NULL, strstr(buf, " TESSERA_COMM=vm ? seven "));
	EXPECT_NE(NULL, strstr(buf, " TESSERA_QUARANTINED=0 "));
	/* The victim is not named, and nobody is stopped */
	EXPECT_TRUE(file_is(&self->b.v, "last_fault", "kind=none"));
	EXPECT_TRUE(file_is(&self->a.v, "state", "running"));
	EXPECT_EQ(0, t1_run(&self->a.q, &NOP()));
}

/* However many offences: user space hears of them once a second at most. */
TEST_F_TIMEOUT(guilt, told_in_measure, 60)
{
	uint64_t begin = now_ns();
	unsigned int i, told = 0;
	char buf[4096];

	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, offend(&self->a, &self->b));
	while (uevent(self->uevents, &self->a.v, buf, sizeof(buf), 1500))
		told++;
	EXPECT_NE(NULL, strstr(buf, " TESSERA_FAULTS=20 "));
	TH_LOG("20 offences, %u uevents", told);
	EXPECT_LE(1, told);
	EXPECT_GE(2 + (now_ns() - begin) / 1000000000, told);
}

/* Faults are a guest's own affair, until there are so many that somebody else has to serve them. */
TEST_F_TIMEOUT(guilt, fault_storm, 60)
{
	struct t1_fault f;
	struct t1_event ev;
	char buf[256];
	unsigned int i;

	for (i = 0; i < 2000 && file_is(&self->a.v, "last_fault", "kind=none"); i++) {
		t1_push(&self->a.q, &FILL(0x1000, 4, 0));
		t1_kick(&self->a.q);
		ASSERT_EQ(0, t1_event(&self->a.t, &ev, T1_TIMEOUT_MS));
		ASSERT_EQ(0, t1_queue_reset(&self->a.q));
		ASSERT_EQ(0, t1_fault_query(&self->a.t, 3, T1_FAULT_QUERY_CLEAR, &f));
		if (i == 20)
			EXPECT_TRUE(file_is(&self->a.v, "last_fault", "kind=none"));
	}
	ASSERT_EQ(0, get(&self->a.v, "last_fault", buf));
	TH_LOG("after %u faults: %s", i, buf);
	EXPECT_EQ(0, strncmp(buf, "kind=fault_storm engine=copy ctx=3 time=", 40));
	EXPECT_LE(99, i);
}

TEST_F_TIMEOUT(guilt, limit, 60)
{
	static const char param[] = "/sys/module/tessera/parameters/pin_limit_mb";
	struct vdev_mem mem;
	char buf[256];

	ASSERT_EQ(0, vdev_mem_alloc(&self->a.v, 4 << 20, 4096, &mem));
	ASSERT_EQ(0, sysfs_write("1", "%s", param));
	EXPECT_EQ(T1_ST_NO_RESOURCE, t1_map(&self->a.t, 3, VA + (1 << 30), mem.iova, 512, RW));
	ASSERT_EQ(0, get(&self->a.v, "last_fault", buf));
	EXPECT_EQ(0, strncmp(buf, "kind=limit ctx=3 time=", 22));
}

static int wait_status(struct vdev *v, uint32_t status)
{
	unsigned int i;

	for (i = 0; i < 5000 && vdev_reg(v, T1_REG_STATUS) != status; i++)
		sleep_us(1000);
	return vdev_reg(v, T1_REG_STATUS) == status ? 0 : -ETIMEDOUT;
}

/* It is told as after a device reset, does not come up again, and leaves its neighbour alone. */
static void is_out(struct __test_metadata *_metadata, struct side *a, struct side *b)
{
	uint32_t *p = a->mem.cpu;
	struct t1_event ev;
	unsigned int i;

	ASSERT_EQ(0, wait_status(&a->v, T1_STATUS_FATAL));
	ASSERT_EQ(0, t1_event(&a->t, &ev, T1_TIMEOUT_MS));
	EXPECT_EQ(T1_FAULT_ENGINE_RESET, ev.fault);
	EXPECT_TRUE(file_is(&a->v, "state", "failed"));
	EXPECT_TRUE(file_is(&a->v, "quarantined", "1"));
	EXPECT_EQ(0, mdev_stat(a->v.uuid, "contexts"));
	EXPECT_EQ(0, mdev_stat(a->v.uuid, "pinned_pages"));
	p[0] = 0x5a5a5a5a;
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, t1_ctrl_reset(&a->t));
		EXPECT_TRUE(file_is(&a->v, "state", "failed"));
		EXPECT_EQ(-EIO, t1_start(&a->t, &a->v));
	}
	t1_kick(&a->q);
	EXPECT_EQ(0, t1_run(&b->q, &FILL(VA, 4096, 9)));
	EXPECT_EQ(0x5a5a5a5a, p[0]);
}

static void is_in_again(struct __test_metadata *_metadata, struct side *a)
{
	ASSERT_EQ(0, set(&a->v, "quarantined", "0"));
	ASSERT_EQ(0, t1_ctrl_reset(&a->t));
	ASSERT_EQ(0, bring_up(a));
	EXPECT_EQ(0, t1_run(&a->q, &FILL(VA, 4096, 5)));
	EXPECT_EQ(5, *(uint32_t *)a->mem.cpu);
	EXPECT_TRUE(file_is(&a->v, "state", "running"));
}

/* The third in a period is one too many; it comes in again when the operator says so. */
TEST_F_TIMEOUT(guilt, quarantine, 60)
{
	char buf[4096], uuid[MDEV_UUID_LEN];
	unsigned int round, i;

	ASSERT_EQ(0, set(&self->a.v, "quarantine_after", "3"));
	for (round = 0; round < 2; round++) {
		for (i = 0; i < 2; i++)
			ASSERT_EQ(0, offend(&self->a, &self->b));
		EXPECT_TRUE(file_is(&self->a.v, "quarantined", "0"));
		t1_push(&self->a.q, &HANG(0, T1_HANG_NO_PREEMPT));
		t1_kick(&self->a.q);
		ASSERT_EQ(0, t1_run(&self->b.q, &FILL(VA, 4096, 1)));
		is_out(_metadata, &self->a, &self->b);
		do {
			ASSERT_TRUE(uevent(self->uevents, &self->a.v, buf, sizeof(buf), 3000));
		} while (!strstr(buf, " TESSERA_QUARANTINED=1 "));
		is_in_again(_metadata, &self->a);
	}
	/* Who closes it and opens it anew is as guilty */
	ASSERT_EQ(0, set(&self->a.v, "quarantined", "1"));
	strcpy(uuid, self->a.v.uuid);
	vdev_close(&self->a.v);
	ASSERT_EQ(0, vdev_open(&self->a.v, uuid));
	memset(&self->a.t, 0, sizeof(self->a.t));
	memset(&self->a.mem, 0, sizeof(self->a.mem));
	EXPECT_EQ(-EIO, t1_start(&self->a.t, &self->a.v));
	is_in_again(_metadata, &self->a);
}

/* Offences that are far apart do not add up. */
TEST_F_TIMEOUT(guilt, period, 60)
{
	unsigned int i;

	ASSERT_EQ(0, set(&self->a.v, "quarantine_after", "2"));
	ASSERT_EQ(0, set(&self->a.v, "quarantine_period_s", "1"));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, offend(&self->a, &self->b));
		sleep_us(1100000);
	}
	EXPECT_TRUE(file_is(&self->a.v, "quarantined", "0"));
	EXPECT_EQ(0, t1_run(&self->a.q, &NOP()));
}

/* By the operator's hand, with work running, and nothing else to blame it for. */
TEST_F_TIMEOUT(guilt, by_operator, 60)
{
	unsigned int i;

	for (i = 0; i < 100; i++)
		t1_push(&self->a.q, &FILL(VA, 65536, i));
	t1_kick(&self->a.q);
	ASSERT_EQ(0, set(&self->a.v, "quarantined", "1"));
	is_out(_metadata, &self->a, &self->b);
	is_in_again(_metadata, &self->a);
	EXPECT_EQ(-EINVAL, set(&self->a.v, "quarantined", "maybe"));
	EXPECT_EQ(-EINVAL, set(&self->a.v, "quarantine_period_s", "0"));
	EXPECT_EQ(-EINVAL, set(&self->a.v, "quarantine_after", "-1"));
}

/*
 * On and off again, before the worker or the work item has seen it, or one of them: whatever it
 * has come to, the guest is told, resets the vGPU, and goes on.
 */
TEST_F_TIMEOUT(guilt, on_and_off, 120)
{
	struct t1_admin_cmd again = { .opcode = T1_ADMIN_CTX_CREATE, .ctx = 3 };
	unsigned int seed = 1, round, i;

	for (round = 0; round < 60; round++) {
		for (i = 0; i < 20; i++) {
			t1_push(&self->a.q, &FILL(VA, 65536, i));
			t1_admin_push(&self->a.t, &again);
		}
		t1_kick(&self->a.q);
		/* Keeps the worker busy, so that it is late now and then */
		if (round % 2)
			t1_admin_ring(&self->a.t);
		for (i = 0; i <= round % 4; i++) {
			ASSERT_EQ(0, set(&self->a.v, "quarantined", "1"));
			if (rand_r(&seed) % 2)
				sleep_us(rand_r(&seed) % 300);
			ASSERT_EQ(0, set(&self->a.v, "quarantined", "0"));
		}
		ASSERT_EQ(0, wait_status(&self->a.v, T1_STATUS_FATAL)) {
			TH_LOG("round %u: not told, and a command of it %s", round,
			       t1_run(&self->a.q, &NOP()) ? "never ends" : "runs");
		}
		is_in_again(_metadata, &self->a);
	}
	EXPECT_EQ(0, t1_run(&self->b.q, &FILL(VA, 4096, 9)));
}

/* One guest's hangs never cost a device reset, nor a neighbour anything. */
TEST_F_TIMEOUT(guilt, no_device_reset, 120)
{
	unsigned int i;
	char *log;

	ASSERT_EQ(0, log_mark());
	for (i = 0; i < 200; i++)
		ASSERT_EQ(0, offend(&self->a, &self->b));
	log = log_since_mark();
	ASSERT_NE(NULL, log);
	EXPECT_EQ(NULL, strstr(log, "all vGPUs lose"));
	EXPECT_EQ(0, mdev_stat(self->b.v.uuid, "faults"));
	EXPECT_EQ(200, mdev_stat(self->a.v.uuid, "copy_engine_resets"));
}

TEST_HARNESS_MAIN
