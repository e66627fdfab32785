// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_owner.c - the process that has a vGPU open: killed at any moment, its memory late or never,
 * its limits, its bill
 *
 * Memory that never comes is served by a userfaultfd that nobody reads from. The test holds that
 * one too, so that no end of the owner's releases it. Not here: a page that is late when it is
 * to be pinned, which VFIO refuses to wait for.
 *
 * Also: smoke-6.1
 */
#include <dirent.h>
#include <grp.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "fixture.h"

#define MEM_BYTES	65536
#define SOMEONE		65534	/* an ordinary user */
#define SOON_MS		3000	/* of a virtual machine that emulates its processors */

/* ---------------------------------------------------------- processes -- */

/* Wait until a child has ended: its status, or -ETIMEDOUT. */
static int reap(pid_t pid, unsigned int ms)
{
	uint64_t end = now_ns() + ms * 1000000ull;
	int status;

	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (now_ns() > end)
			return -ETIMEDOUT;
		sleep_us(100);
	}
	return status;
}

static int killed(pid_t pid)
{
	kill(pid, SIGKILL);
	return reap(pid, SOON_MS);
}

/* Give the group of a vGPU to an ordinary user, and become that. */
static void become_someone(const char *uuid)
{
	char path[PATH_MAX], link[PATH_MAX] = "";

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/iommu_group", uuid);
	if (readlink(path, link, sizeof(link) - 1) < 0)
		_exit(101);
	snprintf(path, sizeof(path), "/dev/vfio/%.64s", strrchr(link, '/') + 1);
	if (chown(path, SOMEONE, SOMEONE) || chmod("/dev/vfio/vfio", 0666) ||
	    setgroups(0, NULL) || setgid(SOMEONE) || setuid(SOMEONE))
		_exit(102);
}

/* The worker of this process: its thread, or 0. */
static pid_t find_worker(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *e;
	char comm[32];
	pid_t tid = 0;

	while (dir && (e = readdir(dir))) {
		if (!sysfs_read(comm, sizeof(comm), "/proc/self/task/%s/comm", e->d_name) &&
		    !strncmp(comm, "vgpu-", 5))
			tid = atoi(e->d_name);
	}
	if (dir)
		closedir(dir);
	return tid;
}

/* Whether the kernel can make the worker a thread of ours: without it some things do not hold. */
static bool owners_thread(void)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	bool found = false;
	char line[512];

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, " vhost_task_create\n");
	if (f)
		fclose(f);
	return found;
}

/* --------------------------------------------------------------- files -- */

static int read_files(const char *dir_name)
{
	DIR *dir = opendir(dir_name);
	struct dirent *e;
	char buf[256];
	int n = 0;

	while (dir && (e = readdir(dir))) {
		if (e->d_type == DT_REG && !sysfs_read(buf, sizeof(buf), "%s/%s", dir_name,
						       e->d_name))
			n++;
	}
	if (dir)
		closedir(dir);
	return n;
}

/* In a process of its own: every file of a vGPU is read, those that can be are written. */
static void ask_files(const char *uuid)
{
	char dir[PATH_MAX], state[128];
	int fd;

	snprintf(dir, sizeof(dir), "/sys/bus/mdev/devices/%s/vgpu", uuid);
	if (read_files(dir) < 6)
		_exit(1);
	snprintf(dir, sizeof(dir), "/sys/bus/mdev/devices/%s/vgpu/stats", uuid);
	if (read_files(dir) < 15)
		_exit(2);
	if (sysfs_write("200", "/sys/bus/mdev/devices/%s/vgpu/weight", uuid) ||
	    sysfs_write("100", "/sys/bus/mdev/devices/%s/vgpu/weight", uuid) ||
	    sysfs_write("50", "/sys/bus/mdev/devices/%s/vgpu/elastic_cap", uuid) ||
	    sysfs_write("0", "/sys/bus/mdev/devices/%s/vgpu/elastic_cap", uuid))
		_exit(3);
	if (mdev_available("V4") < 0 || sched_set("averaging", "32") ||
	    sched_set("averaging", "33"))
		_exit(4);
	if (sysfs_read(state, sizeof(state), "/sys/kernel/debug/tessera/%s/engines",
		       mdev_parent()))
		_exit(5);
	/* This one is of a moment between two commands, and there is none. */
	snprintf(dir, sizeof(dir), "/sys/kernel/debug/tessera/%s/state_%s", mdev_parent(), uuid);
	fd = open(dir, O_RDONLY | O_CLOEXEC);
	_exit(fd >= 0 || errno != EBUSY ? 6 : 0);
}

/* ------------------------------------------------- memory that is late -- */

enum spot {
	SPOT_RING,		/* a command is read */
	SPOT_COMPLETION,	/* a completion is written */
	SPOT_EVENT,		/* an event is written */
	SPOT_LIST,		/* a list of pages is read */
	SPOT_IDENTIFY,		/* a reply is written */
	NUM_SPOTS
};

/* What another thread of the owner's does meanwhile */
enum also {
	ALSO_NOTHING,
	ALSO_FLR,
	ALSO_RESET,
	ALSO_UNMAP,
	ALSO_CLOSE,
	ALSO_EXIT,
	ALSO_EXEC,
	NUM_ALSO
};

struct hello {
	int uffd;
	int device;
};

static int uffd_open(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		_exit(110);
	return fd;
}

/* These pages are not there any more, and come from the userfaultfd. */
static void take_away(int uffd, volatile void *mem, size_t bytes)
{
	struct uffdio_register reg = {
		.range = { (uintptr_t)mem, bytes },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (ioctl(uffd, UFFDIO_REGISTER, &reg) || madvise((void *)mem, bytes, MADV_DONTNEED))
		_exit(111);
}

static void wait_at(enum spot spot, int uffd, struct t1 *t, struct t1_queue *q,
		    struct vdev_mem *m)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_CTX_CREATE, .ctx = 1 };

	switch (spot) {
	case SPOT_RING:
		take_away(uffd, t->asq, 4096);
		t->asq_tail = (t->asq_tail + 1) % t->asq_entries;
		t1_admin_ring(t);
		return;
	case SPOT_EVENT:
		take_away(uffd, t->evq, 4096);
		t1_push(q, &CMD(.opcode = 0xee));
		t1_kick(q);
		return;
	case SPOT_COMPLETION:
		t1_admin_push(t, &c);
		take_away(uffd, t->acq, 4096);
		break;
	case SPOT_IDENTIFY:
		c = (struct t1_admin_cmd){ .opcode = T1_ADMIN_IDENTIFY, .addr = m->iova };
		take_away(uffd, m->cpu, m->bytes);
		t1_admin_push(t, &c);
		break;
	case SPOT_LIST:
		c = (struct t1_admin_cmd){
			.opcode = T1_ADMIN_MAP,
			.flags = RW,
			.map = { .va = VA, .npages = 1, .list = m->iova },
		};
		take_away(uffd, m->cpu, m->bytes);
		t1_admin_push(t, &c);
		break;
	default:
		_exit(112);
	}
	t1_admin_ring(t);
}

static void do_also(enum also also, struct vdev *v, struct t1 *t)
{
	switch (also) {
	case ALSO_FLR:
		vdev_flr(v);
		break;
	case ALSO_RESET:
		vdev_reset(v);
		break;
	case ALSO_UNMAP:
		vdev_dma_unmap(v, t->list_mem.iova, t->list_mem.bytes, NULL);
		break;
	case ALSO_CLOSE:
		vdev_close(v);
		break;
	case ALSO_EXIT:
		_exit(0);
	case ALSO_EXEC:
		execl("/bin/true", "true", NULL);
		_exit(113);
	default:
		break;
	}
	pause();
}

/* The owner: it has told of its userfaultfd when it does what will wait. */
static void owner(const char *uuid, enum spot spot, enum also also, bool someone, int tell, int go)
{
	struct hello h;
	struct vdev_mem m;
	struct t1_queue q;
	struct vdev v;
	struct t1 t = {};
	char c;

	if (someone)
		become_someone(uuid);
	h.uffd = uffd_open();
	if (vdev_open(&v, uuid) || t1_start(&t, &v) ||
	    t1_queue_simple(&t, &q, 0, T1_ENGINE_COMPUTE) ||
	    vdev_mem_alloc(&v, MEM_BYTES, 4096, &m))
		_exit(114);
	h.device = v.device;
	if (write(tell, &h, sizeof(h)) != sizeof(h))
		_exit(115);
	wait_at(spot, h.uffd, &t, &q, &m);
	if (read(go, &c, 1) != 1)
		_exit(116);
	do_also(also, &v, &t);
}

/* --------------------------------------------------------------- tests -- */

FIXTURE(owner)
{
	char uuid[MDEV_UUID_LEN];
	pid_t pid;
	int tell[2], go[2];
	struct hello h;
	int uffd;
	uint64_t waits_for;
	bool lost;
};

/* A root of cgroups of its own: 0, or what is missing. */
static const char *cgroup_root(char root[], const char *controller)
{
	if (!mkdtemp(root))
		return "no directory";
	if (mount("none", root, "cgroup2", 0, NULL)) {
		rmdir(root);
		return "no cgroup2 here";
	}
	if (!controller || !sysfs_write(controller, "%s/cgroup.subtree_control", root))
		return NULL;
	umount(root);
	rmdir(root);
	return "no such controller here";
}

FIXTURE_SETUP(owner)
{
	fresh();
	ASSERT_EQ(0, mdev_create("V16", self->uuid));
	ASSERT_EQ(0, pipe2(self->tell, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(self->go, O_CLOEXEC));
	/* Ordinary users may have memory of theirs served as the kernel meets it, as monitors do */
	sysfs_write("1", "/proc/sys/vm/unprivileged_userfaultfd");
}

FIXTURE_TEARDOWN(owner)
{
	sysfs_write("0", "/proc/sys/vm/unprivileged_userfaultfd");
	/* With an owner that can't be killed, removing would not return */
	if (self->pid > 0 && !self->lost && kill(self->pid, 0) == 0)
		self->lost = killed(self->pid) == -ETIMEDOUT;
	if (!self->lost)
		EXPECT_EQ(0, mdev_remove(self->uuid));
}

static int take_fd(pid_t pid, int fd)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int ret = syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	close(pidfd);
	return ret;
}

/* Start an owner, and return when its worker waits for memory. */
static void start_owner(struct __test_metadata *_metadata, FIXTURE_DATA(owner) *self,
			enum spot spot, enum also also, bool someone)
{
	struct uffd_msg msg;
	struct pollfd p;

	self->pid = fork();
	ASSERT_LE(0, self->pid);
	if (!self->pid)
		owner(self->uuid, spot, also, someone, self->tell[1], self->go[0]);
	ASSERT_EQ(sizeof(self->h), read(self->tell[0], &self->h, sizeof(self->h)));
	self->uffd = take_fd(self->pid, self->h.uffd);
	ASSERT_LE(0, self->uffd);
	p = (struct pollfd){ .fd = self->uffd, .events = POLLIN };
	ASSERT_EQ(1, poll(&p, 1, T1_TIMEOUT_MS)) {
		TH_LOG("spot %d: nothing waits for memory", spot);
	}
	ASSERT_EQ(sizeof(msg), read(self->uffd, &msg, sizeof(msg)));
	ASSERT_EQ(UFFD_EVENT_PAGEFAULT, msg.event);
	self->waits_for = msg.arg.pagefault.address & ~4095ull;
}

/* The page that the worker waits for comes after all. */
static int serve(FIXTURE_DATA(owner) *self)
{
	struct uffdio_zeropage zero = { .range = { self->waits_for, 4096 } };

	return ioctl(self->uffd, UFFDIO_ZEROPAGE, &zero) ? -errno : 0;
}

/* The vGPU opens at once, and does its work. */
static void reopens(struct __test_metadata *_metadata, FIXTURE_DATA(owner) *self)
{
	struct t1 t = {};
	struct vdev v;

	ASSERT_EQ(0, vdev_open(&v, self->uuid));
	ASSERT_EQ(0, t1_start(&t, &v));
	EXPECT_EQ(0, t1_ctx_create(&t, 0));
	EXPECT_EQ(1, mdev_stat(self->uuid, "contexts"));
	vdev_close(&v);
	EXPECT_EQ(0, mdev_stat(self->uuid, "contexts"));
	EXPECT_EQ(0, mdev_stat(self->uuid, "pinned_pages"));
}

static void waits_and_ends(struct __test_metadata *_metadata, FIXTURE_DATA(owner) *self,
			   enum spot spot, enum also also, bool someone)
{
	bool ends = also == ALSO_EXIT || also == ALSO_EXEC;
	int status;

	start_owner(_metadata, self, spot, also, someone);
	ASSERT_EQ(1, write(self->go[1], "x", 1));
	if (also)
		sleep_us(50000);
	status = ends ? reap(self->pid, SOON_MS) : killed(self->pid);
	self->lost = status < 0;
	ASSERT_EQ(ends ? 0 : SIGKILL, status) {
		TH_LOG("spot %d, also %d, user %d: it is not gone", spot, also, someone);
	}
	reopens(_metadata, self);
	close(self->uffd);
}

#define NEED_OWNERS_THREAD()							\
	do {									\
		if (!owners_thread())						\
			SKIP(return, "this kernel has no threads for it");	\
	} while (0)

/* Wherever its worker waits for memory that never comes, SIGKILL ends the owner. */
TEST_F_TIMEOUT(owner, killed_while_memory_is_late, 120)
{
	enum spot spot;
	int someone;

	NEED_OWNERS_THREAD();
	for (spot = 0; spot < NUM_SPOTS; spot++) {
		for (someone = 0; someone < 2; someone++)
			waits_and_ends(_metadata, self, spot, ALSO_NOTHING, someone);
	}
}

/* Whatever else the owner is doing: what waits for the worker ends with it. */
TEST_F_TIMEOUT(owner, ends_while_memory_is_late, 120)
{
	enum also also;

	NEED_OWNERS_THREAD();
	for (also = ALSO_FLR; also < NUM_ALSO; also++) {
		waits_and_ends(_metadata, self, SPOT_RING, also, false);
		waits_and_ends(_metadata, self, SPOT_LIST, also, true);
	}
}

/* No file of the vGPU waits for the memory of its guest. */
TEST_F(owner, files_do_not_wait)
{
	enum spot spot;
	int status;
	pid_t pid;

	NEED_OWNERS_THREAD();
	for (spot = 0; spot < NUM_SPOTS; spot++) {
		start_owner(_metadata, self, spot, ALSO_NOTHING, false);
		pid = fork();
		if (!pid)
			ask_files(self->uuid);
		status = reap(pid, SOON_MS);
		EXPECT_EQ(0, status) {
			TH_LOG("spot %d", spot);
		}
		/* Not every kernel can end the owner before */
		ASSERT_EQ(0, serve(self));
		status = killed(self->pid);
		self->lost = status < 0;
		ASSERT_EQ(SIGKILL, status);
		close(self->uffd);
	}
}

/* Memory that is late is not lost: when it comes, the command is done. */
TEST_F(owner, late_memory)
{
	long long done;
	int i;

	start_owner(_metadata, self, SPOT_IDENTIFY, ALSO_NOTHING, false);
	done = mdev_stat(self->uuid, "admin_commands");
	sleep_us(100000);
	EXPECT_EQ(done, mdev_stat(self->uuid, "admin_commands"));
	ASSERT_EQ(0, serve(self));
	for (i = 0; i < SOON_MS && mdev_stat(self->uuid, "admin_commands") == done; i++)
		sleep_us(1000);
	EXPECT_EQ(done + 1, mdev_stat(self->uuid, "admin_commands"));
	EXPECT_EQ(0, mdev_stat(self->uuid, "admin_errors"));
	ASSERT_EQ(SIGKILL, killed(self->pid));
	reopens(_metadata, self);
	close(self->uffd);
}

static bool soon_is(const char *uuid, const char *stat, long long value)
{
	int i;

	for (i = 0; i < SOON_MS && mdev_stat(uuid, stat) != value; i++)
		sleep_us(1000);
	return mdev_stat(uuid, stat) == value;
}

/* A quarantine that ends before the worker can see it costs the guest what it had all the same. */
TEST_F(owner, quarantined_while_memory_is_late)
{
	char state[16];

	start_owner(_metadata, self, SPOT_COMPLETION, ALSO_NOTHING, false);
	EXPECT_NE(0, mdev_stat(self->uuid, "contexts"));
	ASSERT_EQ(0, sysfs_write("1", "/sys/bus/mdev/devices/%s/vgpu/quarantined", self->uuid));
	sleep_us(100000);	/* it is off the engines */
	ASSERT_EQ(0, sysfs_write("0", "/sys/bus/mdev/devices/%s/vgpu/quarantined", self->uuid));
	ASSERT_EQ(0, sysfs_read(state, sizeof(state), "/sys/bus/mdev/devices/%s/vgpu/state",
				self->uuid));
	EXPECT_STREQ("failed", state);
	ASSERT_EQ(0, serve(self));
	EXPECT_TRUE(soon_is(self->uuid, "contexts", 0));
	ASSERT_EQ(SIGKILL, killed(self->pid));
	reopens(_metadata, self);
	close(self->uffd);
}

/* --------------------------------------- memory that is being taken away -- */

/* Have VFIO take the same memory away so often that it is not pinned for long; then map it. */
static void owner_in_hold(const char *uuid, int tell)
{
	struct t1_admin_cmd map = {
		.opcode = T1_ADMIN_MAP,
		.flags = RW | T1_MAP_CONTIG,
		.map = { .va = VA, .npages = 1 },
	};
	struct vdev_mem m;
	struct t1 t = {};
	struct vdev v;
	uint64_t took;
	int i;

	if (vdev_open(&v, uuid) || t1_start(&t, &v) || t1_ctx_create(&t, 0) ||
	    vdev_mem_alloc(&v, MEM_BYTES, 4096, &m))
		_exit(170);
	for (i = 0; i < 7; i++) {
		took = now_ns();
		if (t1_map(&t, 0, VA, m.iova, 1, RW))
			_exit(171);
		took = now_ns() - took;
		if (vdev_dma_unmap(&v, m.iova, m.bytes, NULL) ||
		    vdev_dma_map(&v, m.cpu, m.iova, m.bytes))
			_exit(172);
	}
	/* The last had to wait for so long: the next one has to for as long, or longer */
	if (took < 500000000)
		_exit(173);
	map.map.list = m.iova;
	t1_admin_push(&t, &map);
	t1_admin_ring(&t);
	if (write(tell, "x", 1) != 1)
		_exit(174);
	pause();
}

/* Whoever is killed while its worker waits for that does not wait for the worker. */
TEST_F_TIMEOUT(owner, killed_while_memory_goes, 60)
{
	uint64_t took;
	char c;

	NEED_OWNERS_THREAD();
	self->pid = fork();
	ASSERT_LE(0, self->pid);
	if (!self->pid)
		owner_in_hold(self->uuid, self->tell[1]);
	close(self->tell[1]);
	ASSERT_EQ(1, read(self->tell[0], &c, 1));
	sleep_us(50000);
	took = now_ns();
	ASSERT_EQ(SIGKILL, killed(self->pid));
	took = (now_ns() - took) / 1000000;
	TH_LOG("gone after %llu ms", (unsigned long long)took);
	EXPECT_GE(800, took);
	reopens(_metadata, self);
}

/* ------------------------------------------------ killed at any moment -- */

/* An owner that opens, starts, and then keeps its worker busy forever. */
static void busy_owner(const char *uuid)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_MAP, .flags = RW | T1_MAP_CONTIG };
	struct t1 t = {};
	struct vdev_mem m;
	struct vdev v;
	int i;

	if (vdev_open(&v, uuid) || t1_start(&t, &v) || t1_ctx_create(&t, 0) ||
	    vdev_mem_alloc(&v, MEM_BYTES, 4096, &m))
		_exit(120);
	for (;;) {
		for (i = 0; i < 32; i++) {
			c.opcode = i & 1 ? T1_ADMIN_UNMAP : T1_ADMIN_MAP;
			c.flags = i & 1 ? 0 : RW | T1_MAP_CONTIG;
			c.map.va = VA;
			c.map.npages = MEM_BYTES / 4096;
			c.map.list = i & 1 ? 0 : m.iova;
			t1_admin_push(&t, &c);
		}
		t1_admin_ring(&t);
		for (i = 0; i < 32; i++) {
			struct t1_admin_cpl cpl;

			if (t1_admin_pop(&t, &cpl, T1_TIMEOUT_MS) || cpl.status)
				_exit(121);
		}
	}
}

/* The moment that its owner is reaped, the vGPU opens. */
TEST_F_TIMEOUT(owner, opens_at_once, 200)
{
	unsigned int seed = 1, refused = 0, i;
	struct vdev v;
	int ret;

	NEED_OWNERS_THREAD();
	for (i = 0; i < 150; i++) {
		self->pid = fork();
		if (!self->pid)
			busy_owner(self->uuid);
		sleep_us(rand_r(&seed) % 60000);
		ASSERT_EQ(SIGKILL, killed(self->pid));
		ret = vdev_open(&v, self->uuid);
		if (ret) {
			refused++;
			TH_LOG("kill %u: %s", i, strerror(-ret));
			sleep_us(500000);
		} else {
			vdev_close(&v);
		}
	}
	EXPECT_EQ(0, refused);
	reopens(_metadata, self);
}

/* Signals with a handler disturb neither the opening nor the worker; a stop only delays it. */
static void on_alarm(int sig)
{
}

TEST_F_TIMEOUT(owner, signals, 60)
{
	int i, status;

	self->pid = fork();
	if (!self->pid) {
		struct itimerval often = { { 0, 4000 }, { 0, 4000 } };
		struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
		struct t1 t = {};
		struct vdev v;

		sigaction(SIGALRM, &sa, NULL);
		setitimer(ITIMER_REAL, &often, NULL);
		for (i = 0; i < 20; i++) {
			if (vdev_open(&v, self->uuid))
				_exit(130);
			memset(&t, 0, sizeof(t));
			if (t1_start(&t, &v) || t1_ctx_create(&t, 0))
				_exit(131);
			vdev_close(&v);
		}
		_exit(0);
	}
	for (i = 0; i < 20; i++) {
		kill(self->pid, SIGSTOP);
		sleep_us(5000);
		kill(self->pid, SIGCONT);
		sleep_us(20000);
	}
	status = reap(self->pid, 40000);
	EXPECT_EQ(0, status) {
		TH_LOG("exit status %d", WEXITSTATUS(status));
	}
}

/* The worker has done all by the end of the closing; the thread itself ends a little later. */
static bool worker_goes(void)
{
	unsigned int tries;

	for (tries = 0; tries < SOON_MS && find_worker(); tries++)
		sleep_us(1000);
	return !find_worker();
}

TEST_F(owner, worker_comes_and_goes)
{
	struct vdev v;

	NEED_OWNERS_THREAD();
	EXPECT_TRUE(worker_goes());
	ASSERT_EQ(0, vdev_open(&v, self->uuid));
	EXPECT_NE(0, find_worker());
	vdev_close(&v);
	EXPECT_TRUE(worker_goes());
}

/* Over its limit of threads an ordinary user gets the errno of that, and no vGPU is harmed. */
TEST_F(owner, limit_of_threads)
{
	NEED_OWNERS_THREAD();
	self->pid = fork();
	if (!self->pid) {
		struct rlimit none = { 1, 1 };
		struct vdev v;

		become_someone(self->uuid);
		if (setrlimit(RLIMIT_NPROC, &none))
			_exit(140);
		_exit(-vdev_open(&v, self->uuid));
	}
	EXPECT_EQ(EAGAIN, WEXITSTATUS(reap(self->pid, SOON_MS)));
	reopens(_metadata, self);
}

/* A process that still has the device after its owner's end finds it off, and can't enable it. */
TEST_F(owner, others_after_the_owner)
{
	struct vdev v = { .container = -1, .group = -1 };

	NEED_OWNERS_THREAD();
	self->pid = fork();
	if (!self->pid)
		owner(self->uuid, SPOT_RING, ALSO_NOTHING, false, self->tell[1], self->go[0]);
	ASSERT_EQ(sizeof(self->h), read(self->tell[0], &self->h, sizeof(self->h)));
	v.device = take_fd(self->pid, self->h.device);
	ASSERT_LE(0, v.device);
	ASSERT_EQ(0, vdev_region_query(&v, BAR0, &v.regions[BAR0]));
	EXPECT_EQ(T1_STATUS_READY, vdev_reg(&v, T1_REG_STATUS));
	ASSERT_EQ(SIGKILL, killed(self->pid));
	EXPECT_EQ(0, mdev_stat(self->uuid, "contexts"));
	EXPECT_EQ(0, vdev_reg(&v, T1_REG_STATUS));
	vdev_reg_write(&v, T1_REG_CTRL, T1_CTRL_ENABLE);
	EXPECT_EQ(T1_STATUS_FATAL, vdev_reg(&v, T1_REG_STATUS));
	EXPECT_EQ(0, vdev_reset(&v));
	ASSERT_EQ(0, vdev_region_query(&v, VFIO_PCI_CONFIG_REGION_INDEX,
				       &v.regions[VFIO_PCI_CONFIG_REGION_INDEX]));
	ASSERT_EQ(0, vdev_decode(&v, 1));
	EXPECT_EQ(0, vdev_reg(&v, T1_REG_STATUS));
	close(v.device);
	reopens(_metadata, self);
}

/* ------------------------------------------------------------- its bill -- */

static uint64_t cpu_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static uint64_t cgroup_ns(const char *dir)
{
	char buf[512], *usage;

	if (sysfs_read(buf, sizeof(buf), "%s/cpu.stat", dir))
		return 0;
	usage = strstr(buf, "usage_usec ");
	return usage ? strtoull(usage + 11, NULL, 10) * 1000 : 0;
}

#define BATCH		100u
#define ENOUGH_NS	2000000000ull	/* for the test to tell whose time it is */

/* Many commands, while this thread does next to nothing */
static void order_work(const char *uuid)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_MAP };
	struct t1 t = { .asq_entries = 1024, .acq_entries = 1024 };
	struct t1_admin_cpl cpl;
	struct vdev_mem m;
	struct vdev v;
	unsigned int i, round;

	if (vdev_open(&v, uuid) || t1_start(&t, &v) || t1_ctx_create(&t, 0) ||
	    vdev_mem_alloc(&v, 4 * MEM_BYTES, 4096, &m))
		_exit(150);
	memset(m.cpu, 1, m.bytes);
	for (round = 0; round < 40 && cpu_ns(CLOCK_PROCESS_CPUTIME_ID) < ENOUGH_NS; round++) {
		for (i = 0; i < BATCH; i++) {
			c.opcode = i & 1 ? T1_ADMIN_UNMAP : T1_ADMIN_MAP;
			c.flags = i & 1 ? 0 : RW | T1_MAP_CONTIG;
			c.map.va = VA;
			c.map.npages = m.bytes / 4096;
			c.map.list = i & 1 ? 0 : m.iova;
			t1_admin_push(&t, &c);
		}
		t1_admin_ring(&t);
		while (mdev_stat(uuid, "admin_commands") < 1 + BATCH * (round + 1))
			sleep_us(20000);
		for (i = 0; i < BATCH; i++) {
			if (t1_admin_pop(&t, &cpl, T1_TIMEOUT_MS) || cpl.status)
				_exit(151);
		}
	}
}

/* What the worker does is done in the time of its owner, in the cgroup of its owner. */
TEST_F_TIMEOUT(owner, pays_for_the_worker, 180)
{
	char root[] = "/tmp/cgroup.XXXXXX", dir[64], pid[16];
	uint64_t took, thread, process, group;
	bool threads = owners_thread();
	const char *missing = cgroup_root(root, NULL);
	int status;

	if (missing)
		SKIP(return, "%s", missing);
	snprintf(dir, sizeof(dir), "%s/owner", root);
	ASSERT_EQ(0, mkdir(dir, 0755));
	self->pid = fork();
	if (!self->pid) {
		uint64_t start;

		snprintf(pid, sizeof(pid), "%d", getpid());
		if (sysfs_write(pid, "%s/cgroup.procs", dir))
			_exit(160);
		start = now_ns();
		order_work(self->uuid);
		took = now_ns() - start;
		thread = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
		process = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
		group = cgroup_ns(dir);
		printf("# %llu ms: %llu in this thread, %llu in the process, %llu in the cgroup\n",
		       took / 1000000ull, thread / 1000000ull, process / 1000000ull,
		       group / 1000000ull);
		if (threads && process - thread < took / 4)
			_exit(161);
		_exit(group < thread + took / 4 ? 162 : 0);
	}
	status = reap(self->pid, 150000);
	EXPECT_EQ(0, status) {
		TH_LOG("exit status %d", WEXITSTATUS(status));
	}
	EXPECT_EQ(0, rmdir(dir));
	EXPECT_EQ(0, umount(root));
	rmdir(root);
}

#define FAR_PAGES	512u	/* that are mapped, each in another group of 64 */

/* Over its limit of memory its worker sleeps in most allocations: it maps and unmaps forever. */
static void owner_over_limit(const char *uuid, const char *dir, int tell)
{
	uint64_t list[FAR_PAGES];
	struct t1 t = {};
	struct vdev_mem m;
	struct vdev v;
	char pid[16];
	uint32_t i;

	snprintf(pid, sizeof(pid), "%d", getpid());
	if (sysfs_write(pid, "%s/cgroup.procs", dir) || vdev_open(&v, uuid) || t1_start(&t, &v) ||
	    t1_ctx_create(&t, 0) || vdev_mem_alloc(&v, FAR_PAGES * 65 * 4096ull, 4096, &m))
		_exit(180);
	memset(m.cpu, 1, m.bytes);
	for (i = 0; i < FAR_PAGES; i++)
		list[i] = m.iova + i * 65 * 4096ull;
	if (sysfs_write("4M", "%s/memory.high", dir) || write(tell, "x", 1) != 1)
		_exit(181);
	for (;;) {
		for (i = 0; i < FAR_PAGES; i += 64)
			t1_map_list(&t, 0, VA + i * 4096ull, list + i, 64, RW);
		t1_unmap(&t, 0, VA, FAR_PAGES, 0);
	}
}

/* An owner over its limit of memory is slow, but its neighbours are not. */
TEST_F_TIMEOUT(owner, over_its_limit, 120)
{
	char root[] = "/tmp/cgroup.XXXXXX", dir[64], events[256], *high;
	const char *missing;
	uint64_t took, longest = 0, end;
	struct t1 t = {};
	struct vdev_mem m;
	struct vdev v;
	char c;

	NEED_OWNERS_THREAD();
	missing = cgroup_root(root, "+memory");
	if (missing)
		SKIP(return, "%s", missing);
	snprintf(dir, sizeof(dir), "%s/owner", root);
	ASSERT_EQ(0, mkdir(dir, 0755));
	ASSERT_EQ(0, vdev_create(&v, "V16"));
	ASSERT_EQ(0, t1_start(&t, &v));
	ASSERT_EQ(0, t1_ctx_create(&t, 0));
	ASSERT_EQ(0, vdev_mem_alloc(&v, 4096, 4096, &m));
	self->pid = fork();
	ASSERT_LE(0, self->pid);
	if (!self->pid)
		owner_over_limit(self->uuid, dir, self->tell[1]);
	close(self->tell[1]);
	ASSERT_EQ(1, read(self->tell[0], &c, 1));
	for (end = now_ns() + 10 * 1000000000ull; now_ns() < end;) {
		took = now_ns();
		ASSERT_EQ(0, t1_map(&t, 0, VA, m.iova, 1, RW));
		ASSERT_EQ(0, t1_unmap(&t, 0, VA, 1, 0));
		took = now_ns() - took;
		longest = took > longest ? took : longest;
		sleep_us(1000);
	}
	TH_LOG("a neighbour's MAP and UNMAP took %llu ms at most",
	       (unsigned long long)longest / 1000000);
	EXPECT_GE(500, longest / 1000000);
	/* It has been over its limit all the time */
	ASSERT_EQ(0, sysfs_read(events, sizeof(events), "%s/memory.events", dir));
	high = strstr(events, "high ");
	EXPECT_TRUE(high && atoi(high + 5) > 10);
	ASSERT_EQ(SIGKILL, killed(self->pid));
	EXPECT_EQ(0, vdev_destroy(&v));
	reopens(_metadata, self);
	EXPECT_EQ(0, rmdir(dir));
	EXPECT_EQ(0, umount(root));
	rmdir(root);
}

TEST_HARNESS_MAIN
