// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_dead.c - an accelerator that does not answer: at bind, in use, while it is given back
 *
 * A process at real-time priority clears bits of the function's command register again and again,
 * on the CPU where the driver sets them: the accelerator then reaches no memory (MASTER), or
 * does not even hear its registers (MEMORY).
 *
 * Alone: the accelerator is bound anew
 */
#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "fixture.h"

#define UUID	"dead0000-1234-4321-abcd-0123456789ab"

/* What the log says when a reset begins */
#define RESET	"stopped answering and is reset"

struct helper {
	pid_t pid;
	int to;
};

FIXTURE(dead)
{
	char bdf[16];
	struct helper hammer;
	struct helper unbinder;
};

static int bind_file(const char *bdf, const char *file)
{
	return sysfs_write(bdf, "/sys/bus/pci/drivers/tessera/%s", file);
}

static bool bound(const char *bdf)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/tessera/%s", bdf);
	return access(path, F_OK) == 0;
}

static void on_cpu(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

/* Processes made before anything is open, so that they keep nothing open: each waits for a word. */
static void helper_main(int from, const char *bdf)
{
	struct sched_param param = { .sched_priority = 50 };
	struct timespec pause = { .tv_nsec = 50000 };
	uint16_t command, bits;
	char path[96];
	int fd;

	if (read(from, &bits, sizeof(bits)) != sizeof(bits))
		_exit(0);
	if (!bits)
		_exit(bind_file(bdf, "unbind") ? 1 : 0);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", bdf);
	fd = open(path, O_RDWR);
	if (fd < 0 || sched_setscheduler(0, SCHED_FIFO, &param))
		_exit(1);
	for (;;) {
		if (pread(fd, &command, sizeof(command), PCI_COMMAND) == sizeof(command) &&
		    command & bits) {
			command &= ~bits;
			if (pwrite(fd, &command, sizeof(command), PCI_COMMAND) < 0)
				_exit(1);
		}
		nanosleep(&pause, NULL);
	}
}

static void helper_make(struct helper *h, const char *bdf)
{
	int ends[2];

	if (pipe(ends))
		return;
	h->pid = fork();
	if (!h->pid) {
		close(ends[1]);
		helper_main(ends[0], bdf);
	}
	close(ends[0]);
	h->to = ends[1];
}

static bool helper_tell(struct helper *h, uint16_t bits)
{
	return write(h->to, &bits, sizeof(bits)) == sizeof(bits);
}

static int helper_end(struct helper *h, bool at_once)
{
	int status = -1;

	if (h->pid <= 0)
		return -1;
	if (at_once)
		kill(h->pid, SIGKILL);
	waitpid(h->pid, &status, 0);
	close(h->to);
	h->pid = 0;
	return status;
}

FIXTURE_SETUP(dead)
{
	ASSERT_NE(NULL, mdev_parent());
	snprintf(self->bdf, sizeof(self->bdf), "%s", mdev_parent());
	setenv("TESSERA_BDF", self->bdf, 1);
	fresh();
	on_cpu(0);
}

FIXTURE_TEARDOWN(dead)
{
	helper_end(&self->hammer, true);
	helper_end(&self->unbinder, true);
	if (bound(self->bdf)) {
		mdev_remove_all();
		bind_file(self->bdf, "unbind");
	}
	EXPECT_EQ(0, bind_file(self->bdf, "bind"));
	EXPECT_EQ(4, mdev_available("V4"));
}

/* On a busy machine it may answer before it is cut off from memory: then once more. */
static int bind_without_answer(const char *bdf)
{
	unsigned int tries;
	int ret = -EAGAIN;

	for (tries = 0; tries < 20; tries++) {
		if (log_mark())
			return -EAGAIN;
		ret = bind_file(bdf, "bind");
		if (ret)
			break;
		bind_file(bdf, "unbind");
	}
	return ret;
}

/*
 * It never answers IDENTIFY: the bind fails with an errno, and asks for no reset, which would go on
 * in what the bind is about to free. The next bind succeeds.
 */
TEST_F_TIMEOUT(dead, at_bind, 120)
{
	char *log;
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, bind_file(self->bdf, "unbind"));
		helper_make(&self->hammer, self->bdf);
		ASSERT_TRUE(helper_tell(&self->hammer, PCI_COMMAND_MASTER));
		EXPECT_EQ(-EIO, bind_without_answer(self->bdf));
		EXPECT_FALSE(bound(self->bdf));
		usleep(100000);
		log = log_since_mark();
		ASSERT_NE(NULL, log);
		EXPECT_NE(NULL, strstr(log, "does not answer IDENTIFY"));
		EXPECT_EQ(NULL, strstr(log, RESET));
		helper_end(&self->hammer, true);
		ASSERT_EQ(0, bind_file(self->bdf, "bind"));
		ASSERT_EQ(0, mdev_create_uuid("V1", UUID));
		EXPECT_EQ(0, mdev_remove(UUID));
	}
}

/* Nothing brings it back: its user hears of that, and can give the vGPU back. */
TEST_F_TIMEOUT(dead, in_use, 120)
{
	struct vdev v;
	struct t1 t;
	int err, i;

	memset(&v, 0, sizeof(v));
	memset(&t, 0, sizeof(t));
	helper_make(&self->hammer, self->bdf);
	ASSERT_EQ(0, vdev_create(&v, "V4"));
	err = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ASSERT_EQ(0, vdev_irq_set_index(&v, VFIO_PCI_ERR_IRQ_INDEX, err));
	ASSERT_EQ(0, t1_start(&t, &v));
	ASSERT_EQ(0, t1_ctx_create(&t, 0));
	EXPECT_FALSE(signalled(err, 0));
	ASSERT_TRUE(helper_tell(&self->hammer, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY));
	usleep(10000);
	t1_ctx_create(&t, 1);
	EXPECT_TRUE(signalled(err, 60000));
	for (i = 0; i < 100 && !(vdev_reg(&v, T1_REG_STATUS) & T1_STATUS_FATAL); i++)
		usleep(100000);
	EXPECT_EQ(T1_STATUS_FATAL, vdev_reg(&v, T1_REG_STATUS));
	helper_end(&self->hammer, true);
	EXPECT_EQ(0, vdev_destroy(&v));
	close(err);
}

/* It is unbound while its reset is under way: what the reset uses outlives it. */
TEST_F_TIMEOUT(dead, unbound_in_reset, 120)
{
	struct vdev v;
	struct t1 t;
	int i;

	for (i = 0; i < 2; i++) {
		helper_make(&self->hammer, self->bdf);
		helper_make(&self->unbinder, self->bdf);
		memset(&v, 0, sizeof(v));
		memset(&t, 0, sizeof(t));
		ASSERT_EQ(0, vdev_create(&v, "V4"));
		ASSERT_EQ(0, t1_start(&t, &v));
		ASSERT_EQ(0, t1_ctx_create(&t, 0));
		ASSERT_TRUE(helper_tell(&self->hammer, PCI_COMMAND_MASTER));
		ASSERT_TRUE(helper_tell(&self->unbinder, 0));
		usleep(200000);
		/* Destroying the context is not answered: a reset. Then unbinding goes on */
		vdev_close(&v);
		EXPECT_EQ(0, helper_end(&self->unbinder, false));
		EXPECT_FALSE(bound(self->bdf));
		helper_end(&self->hammer, true);
		ASSERT_EQ(0, bind_file(self->bdf, "bind"));
	}
}

/*
 * An engine's last switch, for a vGPU that has been closed, does not end in time; a timer asks for
 * a reset. It cannot begin, as all of CPU 0 is taken, until the accelerator is unbound. The
 * accelerator for that is slow to switch (-device tessera,switch-us=4000000).
 */
#define PREEMPT_US	"500000"
#define ASKED_US	3000000	/* from the switch's beginning; four timeouts, and some */
#define HOG_S		15

FIXTURE(late)
{
	char bdf[16];
	char saved[3][32];
	pid_t hog;
};

/* Work follows the interrupt, or the timer, whose CPU it was asked for on: CPU 0 */
#define TIMERS		"/proc/sys/kernel/timer_migration"
#define RT_RUNTIME	"/proc/sys/kernel/sched_rt_runtime_us"
#define SCHED_DEBUG	"/sys/kernel/debug/sched"
#define FAIR_RUNTIME	SCHED_DEBUG "/fair_server/cpu0/runtime"

static bool is_t1(const char *bdf)
{
	char vendor[16], device[16];

	return !sysfs_read(vendor, sizeof(vendor), "/sys/bus/pci/devices/%s/vendor", bdf) &&
	       !sysfs_read(device, sizeof(device), "/sys/bus/pci/devices/%s/device", bdf) &&
	       !strcmp(vendor, "0x1234") && !strcmp(device, "0x7e55");
}

/* The accelerator that nobody mediates */
static bool find_other(char bdf[16])
{
	struct dirent *e;
	bool found = false;
	DIR *dir;

	dir = opendir("/sys/bus/pci/devices");
	while (dir && !found && (e = readdir(dir))) {
		if (is_t1(e->d_name) && !bound(e->d_name)) {
			snprintf(bdf, 16, "%.15s", e->d_name);
			found = true;
		}
	}
	if (dir)
		closedir(dir);
	return found;
}

static void irqs_on_cpu_0(const char *bdf)
{
	char path[64];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/msi_irqs", bdf);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] != '.')
			sysfs_write("0", "/proc/irq/%s/smp_affinity_list", e->d_name);
	}
	if (dir)
		closedir(dir);
}

FIXTURE_SETUP(late)
{
	if (!find_other(self->bdf))
		SKIP(return, "there is no second accelerator");
	if (access(SCHED_DEBUG, F_OK))
		SKIP(return, "ordinary tasks can't be kept from a share of each CPU");
	setenv("TESSERA_BDF", self->bdf, 1);
	ASSERT_EQ(0, sysfs_write("tessera", "/sys/bus/pci/devices/%s/driver_override", self->bdf));
	ASSERT_EQ(0, bind_file(self->bdf, "bind"));
	on_cpu(0);
	irqs_on_cpu_0(self->bdf);
	/* Nobody but the hog runs there, not even for a little while */
	sysfs_read(self->saved[0], sizeof(self->saved[0]), RT_RUNTIME);
	sysfs_read(self->saved[1], sizeof(self->saved[1]), FAIR_RUNTIME);
	ASSERT_EQ(0, sysfs_write("-1", RT_RUNTIME));
	sysfs_write("0", FAIR_RUNTIME);
	sysfs_read(self->saved[2], sizeof(self->saved[2]), TIMERS);
	ASSERT_EQ(0, sysfs_write("0", TIMERS));
}

FIXTURE_TEARDOWN(late)
{
	if (self->hog > 0)
		kill(self->hog, SIGKILL);
	sysfs_write(self->saved[0], RT_RUNTIME);
	sysfs_write(self->saved[1], FAIR_RUNTIME);
	sysfs_write(self->saved[2], TIMERS);
	if (bound(self->bdf)) {
		mdev_remove_all();
		bind_file(self->bdf, "unbind");
	}
	sysfs_write("\n", "/sys/bus/pci/devices/%s/driver_override", self->bdf);
}

/* Ends by itself, so that whatever happens nobody waits forever for CPU 0 */
static void hog_main(void)
{
	struct sched_param param = { .sched_priority = 50 };
	struct timespec t;
	time_t end;

	on_cpu(0);
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		_exit(1);
	clock_gettime(CLOCK_MONOTONIC, &t);
	end = t.tv_sec + HOG_S;
	while (t.tv_sec < end)
		clock_gettime(CLOCK_MONOTONIC, &t);
	_exit(0);
}

/* Leave an engine in a switch that takes longer than it may, four preemption timeouts from now */
static int leave_switching(void)
{
	struct t1_queue q;
	struct vdev v;
	struct t1 t;
	int ret;

	memset(&v, 0, sizeof(v));
	memset(&t, 0, sizeof(t));
	ret = vdev_create(&v, "V16");
	if (ret)
		return ret;
	ret = t1_start(&t, &v);
	if (!ret)
		ret = t1_queue_simple(&t, &q, 0, T1_ENGINE_COPY);
	if (!ret) {
		t1_push(&q, &NOP());
		t1_kick(&q);
	}
	vdev_close(&v);
	return ret;
}

TEST_F_TIMEOUT(late, reset_does_not_begin, 120)
{
	int status;
	char *log;

	ASSERT_EQ(0, sched_set("preempt_timeout_us", PREEMPT_US));
	/* That it would begin, unless CPU 0 is taken */
	ASSERT_EQ(0, log_mark());
	ASSERT_EQ(0, leave_switching());
	usleep(ASKED_US);
	log = log_since_mark();
	ASSERT_NE(NULL, log);
	ASSERT_NE(NULL, strstr(log, RESET));

	ASSERT_EQ(0, log_mark());
	ASSERT_EQ(0, leave_switching());
	on_cpu(1);
	self->hog = fork();
	if (!self->hog)
		hog_main();
	usleep(ASKED_US);
	EXPECT_EQ(0, bind_file(self->bdf, "unbind"));
	EXPECT_EQ(0, waitpid(self->hog, &status, WNOHANG));
	ASSERT_EQ(self->hog, waitpid(self->hog, &status, 0));
	self->hog = 0;
	EXPECT_EQ(0, status);
	usleep(300000);
	log = log_since_mark();
	ASSERT_NE(NULL, log);
	EXPECT_EQ(NULL, strstr(log, RESET));
}

TEST_HARNESS_MAIN
