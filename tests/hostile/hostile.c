// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostile.c - a hostile VFIO client: does to its vGPU what a seeded generator makes up, is killed
 * and starts again
 *
 *	hostile SEED FIRST OPERATIONS UUID
 *
 * Operations are numbered. Number N of a seed is always the same, so a run can be had again from
 * any number on; only the moments at which things happen differ. A child does them, for one life of
 * a few hundred; how it ends is the seed's choice as well. Each life begins with an honest
 * driver's work, which has to go well at once, and sees nothing that an earlier one has left.
 *
 * 0 if all that could be seen was right; otherwise it is said what was not, with the number.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/pci_regs.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../vfio/t1.h"
#include "../vfio/t1cmd.h"
#include "attack.h"

#define CONFIG		VFIO_PCI_CONFIG_REGION_INDEX
#define BAR0		VFIO_PCI_BAR0_REGION_INDEX
#define BAR2		VFIO_PCI_BAR2_REGION_INDEX

/* Of a machine that emulates its processors, under whatever debugging: a call that takes so
 * long does not come back at all
 */
#define STUCK_MS	120000u
#define KILL_MS		20000u

#define ARENA_IOVA	0x40000000ull
#define PREY_IOVA	0x80000000ull
#define PREY_BYTES	(64u * 4096)
#define PREY_BYTE	0xa5

enum ending {
	ENDING_KILL,		/* at any moment */
	ENDING_LATE_KILL,	/* while the mediator waits for memory of ours that never comes */
	ENDING_EXIT,		/* with everything open */
	ENDING_EXEC,
	ENDING_CLOSE,
	NUM_ENDINGS
};

static const char *const ending_names[] = { "kill", "kill, memory late", "exit", "exec", "close" };

/* What parent and child both see */
struct shared {
	uint64_t acts;		/* of all lives */
	uint64_t number;
	const char *what;
	char failed[200];
	int waiting;
};

static struct shared *shared;
static uint64_t seed;

struct client {
	const char *uuid;
	struct vdev v;
	struct port p;
	struct attack a;
	uint8_t *prey;
};

/* It is over: what was wrong */
static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(shared->failed, sizeof(shared->failed), fmt, ap);
	va_end(ap);
	_exit(1);
}

/* A call, which is an act: it may end well, or with one of these errors, up to a zero. */
static void may_fail(const char *what, int ret, const int *errors)
{
	shared->acts++;
	if (ret >= 0)
		return;
	while (*errors && *errors != -ret)
		errors++;
	if (!*errors)
		fail("%s: %s", what, strerror(-ret));
}

#define ERRORS(...)	((const int[]){ __VA_ARGS__, 0 })

/* ------------------------------------------------------------ the port -- */

/* Trapped access past the end of a region is refused, and across it short */
static ssize_t checked(struct vdev *v, bool write, unsigned int index, uint64_t off, void *buf,
		       size_t len)
{
	uint64_t size = v->regions[index].size;
	ssize_t want = off >= size ? -EINVAL : len < size - off ? (ssize_t)len : size - off;
	ssize_t got = write ? vdev_write(v, index, off, buf, len) :
			      vdev_read(v, index, off, buf, len);

	if (got != want)
		fail("%s of %zu bytes at %#" PRIx64 " of region %u: %zd, not %zd",
		     write ? "write" : "read", len, off, index, got, want);
	return got;
}

static ssize_t port_read(struct port *p, bool config, uint64_t off, void *buf, size_t len)
{
	struct client *c = p->priv;

	return checked(&c->v, false, config ? CONFIG : BAR0, off, buf, len);
}

static ssize_t port_write(struct port *p, bool config, uint64_t off, const void *buf, size_t len)
{
	struct client *c = p->priv;

	return checked(&c->v, true, config ? CONFIG : BAR0, off, (void *)buf, len);
}

static void *fresh_memory(void *at, size_t bytes, size_t align)
{
	uint8_t *p;

	if (at)
		return mmap(at, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	p = mmap(NULL, bytes + align, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p + (-(uintptr_t)p & (align - 1));
}

static void attach(struct client *c)
{
	int ret = vdev_open(&c->v, c->uuid);

	if (ret)
		fail("open: %s", strerror(-ret));
	ret = vdev_dma_map(&c->v, c->p.arena, ARENA_IOVA, ARENA_BYTES);
	if (!ret)
		ret = vdev_dma_map(&c->v, c->prey, PREY_IOVA, PREY_BYTES);
	if (ret)
		fail("map: %s", strerror(-ret));
	vdev_decode(&c->v, 1);
	c->p.num_slots = vdev_reg(&c->v, T1_REG_NUM_SLOTS);
	c->p.vram_bytes = c->v.regions[BAR2].size;
	c->p.doorbells = vdev_direct(&c->v, BAR0, T1_DB_OFF(0), c->p.num_slots * 4096);
	if (!c->p.doorbells || !c->p.vram_bytes)
		fail("no doorbells, or no VRAM");
}

/* --------------------------------------------------------- honest work -- */

/* A new owner finds VRAM cleared, and a device that works. */
static void be_honest(struct client *c, struct rnd *r)
{
	volatile uint64_t *vram = vdev_direct(&c->v, BAR2, 0, c->p.vram_bytes);
	struct t1 t = {};
	struct t1_queue q;
	uint32_t *p = (uint32_t *)c->prey;
	uint32_t pattern = rnd(r), i;
	int ret;

	for (i = 0; i < 512; i++) {
		uint64_t at = below(r, c->p.vram_bytes / 8);

		if (vram[at])
			fail("VRAM at %#" PRIx64 " is not cleared: %#" PRIx64, at * 8, vram[at]);
	}
	ret = t1_start(&t, &c->v);
	if (!ret)
		ret = t1_queue_simple(&t, &q, 0, below(r, T1_NUM_ENGINES));
	if (!ret)
		ret = t1_map(&t, 0, 0x100000000ull, PREY_IOVA, PREY_BYTES / 4096,
			     T1_MAP_READ | T1_MAP_WRITE);
	if (ret)
		fail("an honest start: %d", ret);
	t1_push(&q, &FILL(0x100000000ull, PREY_BYTES / 2, pattern));
	ret = t1_run(&q, &COPY(0x100000000ull + PREY_BYTES / 2, 0x100000000ull, PREY_BYTES / 2));
	if (ret)
		fail("an honest job: %d", ret);
	for (i = 0; i < PREY_BYTES / 4; i++) {
		if (p[i] != pattern)
			fail("an honest job's result: %#x at %u, not %#x", p[i], i, pattern);
	}
	vdev_reset(&c->v);
}

/* ------------------------------------------- what only a VFIO client can do -- */

static struct client *client_of(struct attack *a)
{
	return a->p->priv;
}

static int some_fd(struct client *c, struct rnd *r)
{
	switch (below(r, 5)) {
	case 0:
		return -1;
	case 1:
		return c->v.device;
	case 2:
		return 1000 + below(r, 1000);
	default:
		return eventfd(0, EFD_NONBLOCK);
	}
}

static void interrupts(struct attack *a, struct rnd *r)
{
	struct client *c = client_of(a);
	uint32_t buf[5 + 128];
	struct vfio_irq_set *set = (void *)buf;
	unsigned int n = 1 + below(r, 8), i;
	int fds[128];

	while (n--) {
		set->argsz = one_in(r, 8) ? extreme(r) : sizeof(*set) + 128 * sizeof(int);
		set->index = one_in(r, 8) ? extreme(r) : VFIO_PCI_MSIX_IRQ_INDEX + below(r, 3);
		set->start = one_in(r, 8) ? extreme(r) : below(r, c->p.num_slots + 1);
		set->count = one_in(r, 8) ? extreme(r) : below(r, c->p.num_slots + 2);
		set->flags = one_in(r, 8) ? extreme(r) :
			     1u << below(r, 3) | VFIO_IRQ_SET_ACTION_MASK << below(r, 3);
		for (i = 0; i < 128; i++) {
			fds[i] = i < 8 ? some_fd(c, r) : fds[i % 8];
			((int *)set->data)[i] = fds[i];
		}
		may_fail("SET_IRQS", ioctl(c->v.device, VFIO_DEVICE_SET_IRQS, set) ? -errno : 0,
			 ERRORS(EINVAL, ENOTTY, EBADF, EFAULT));
		for (i = 0; i < 8; i++) {
			if (fds[i] >= 0 && fds[i] != c->v.device)
				close(fds[i]);
		}
	}
}

static void information(struct attack *a, struct rnd *r)
{
	static const unsigned int requests[] = {
		VFIO_DEVICE_GET_INFO, VFIO_DEVICE_GET_REGION_INFO, VFIO_DEVICE_GET_IRQ_INFO,
		VFIO_DEVICE_SET_IRQS, VFIO_DEVICE_FEATURE, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
		VFIO_DEVICE_PCI_HOT_RESET, VFIO_DEVICE_IOEVENTFD, VFIO_DEVICE_QUERY_GFX_PLANE,
	};
	struct client *c = client_of(a);
	uint32_t buf[64];
	unsigned int i;

	for (i = 0; i < 64; i++)
		buf[i] = one_in(r, 4) ? extreme(r) : below(r, 16);
	buf[0] = one_in(r, 2) ? sizeof(buf) : below(r, sizeof(buf) + 1);
	i = below(r, sizeof(requests) / sizeof(*requests));
	may_fail("ioctl", ioctl(c->v.device, requests[i],
				one_in(r, 8) ? (void *)extreme(r) : buf) < 0 ? -errno : 0,
		 ERRORS(EINVAL, ENOTTY, EFAULT, EBADF));
}

/* Trapped access anywhere in the device file, of any size, from and to anywhere */
static void regions(struct attack *a, struct rnd *r)
{
	static uint8_t buf[8192];
	struct client *c = client_of(a);
	unsigned int n = 1 + below(r, 16);

	while (n--) {
		uint64_t index = one_in(r, 8) ? extreme(r) : below(r, 10);
		uint64_t off = one_in(r, 2) ? extreme(r) : below(r, c->p.vram_bytes);
		void *at = one_in(r, 8) ? (void *)extreme(r) : buf;
		size_t len = below(r, 4) ? below(r, 64) : below(r, sizeof(buf) + 1);
		ssize_t got;

		/* An address that happens to be good would be ours to break */
		if (at != buf && (uintptr_t)at > 4096 && !((uintptr_t)at >> 47))
			at = NULL;
		off = index << 40 | (off & ((1ull << 40) - 1));
		got = below(r, 2) ? pread(c->v.device, at, len, off) :
				    pwrite(c->v.device, at, len, off);
		may_fail("access", got < 0 ? -errno : 0, ERRORS(EINVAL, EFAULT));
		if (got > (ssize_t)len)
			fail("access of %zu bytes: %zd", len, got);
	}
}

/* Only the vGPU's doorbells and its VRAM can be mapped. */
static void mappings(struct attack *a, struct rnd *r)
{
	struct client *c = client_of(a);
	unsigned int n = 1 + below(r, 16);

	while (n--) {
		unsigned int index = below(r, 9);
		uint64_t size = c->v.regions[index].size;
		uint64_t off = (one_in(r, 4) ? extreme(r) : below(r, size + 16384)) & ~0xfffull;
		size_t len = (1 + below(r, one_in(r, 4) ? 4096 : 8)) * 4096;
		uint64_t end = off + len;
		bool right = index == BAR2 ? end <= size && end > off :
			     index == BAR0 && off >= T1_DB_OFF(0) && end > off &&
			     end <= T1_DB_OFF(c->p.num_slots);
		volatile uint32_t *p;

		if (off >> 40)
			continue;
		shared->acts++;
		p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, c->v.device,
			 (uint64_t)index << 40 | off);
		if (p == MAP_FAILED && right)
			fail("mmap of %#zx bytes at %#" PRIx64 " of region %u: %s", len, off,
			     index, strerror(errno));
		if (p == MAP_FAILED)
			continue;
		if (!right)
			fail("%#zx bytes at %#" PRIx64 " of region %u can be mapped", len, off,
			     index);
		p[0] = below(r, 64);
		p[len / 4 - 1] = below(r, 64);
		munmap((void *)p, len);
	}
}

/* Once it is unmapped, memory is ours alone: engines that write it at this moment are cut off. */
static void unmap(struct attack *a, struct rnd *r)
{
	struct client *c = client_of(a);
	uint64_t unmapped;
	unsigned int i;
	int ret;

	attack_fill(a, PREY_IOVA, PREY_BYTES / 4096);
	shared->acts += 2;
	attack_sleep_us(below(r, 300));
	ret = vdev_dma_unmap(&c->v, PREY_IOVA, PREY_BYTES, &unmapped);
	if (ret || unmapped != PREY_BYTES)
		fail("memory is unmapped: %d, %#" PRIx64 " bytes", ret, unmapped);
	memset(c->prey, PREY_BYTE, PREY_BYTES);
	attack_sleep_us(500);
	for (i = 0; i < PREY_BYTES; i++) {
		if (c->prey[i] != PREY_BYTE)
			fail("written after it was unmapped: %#x at %#x", c->prey[i], i);
	}
	ret = vdev_dma_map(&c->v, c->prey, PREY_IOVA, PREY_BYTES);
	if (ret)
		fail("map again: %s", strerror(-ret));
}

struct unmapper {
	struct client *c;
	uint64_t iova;
	uint64_t bytes;
	int ret;
};

static void *unmapper(void *arg)
{
	struct unmapper *u = arg;

	u->ret = vdev_dma_unmap(&u->c->v, u->iova, u->bytes, NULL);
	return NULL;
}

/* All memory goes, in two threads at once, with commands for it on their way. */
static void unmap_all(struct attack *a, struct rnd *r)
{
	struct client *c = client_of(a);
	struct unmapper u[2] = {
		{ c, ARENA_IOVA, ARENA_BYTES, -1 }, { c, PREY_IOVA, PREY_BYTES, -1 },
	};
	pthread_t thread[2];
	unsigned int i;

	attack_kinds[attack_pick(attack_kinds, r)].run(a, r);
	for (i = 0; i < 2; i++) {
		shared->acts++;
		if (pthread_create(&thread[i], NULL, unmapper, &u[i]))
			fail("thread: %s", strerror(errno));
	}
	for (i = 0; i < 2; i++) {
		pthread_join(thread[i], NULL);
		if (u[i].ret)
			fail("unmap in two threads: %s", strerror(-u[i].ret));
	}
	attack_kinds[attack_pick(attack_kinds, r)].run(a, r);
	i = vdev_dma_map(&c->v, c->p.arena, ARENA_IOVA, ARENA_BYTES) ||
	    vdev_dma_map(&c->v, c->prey, PREY_IOVA, PREY_BYTES);
	if (i)
		fail("map again");
}

/* Ranges that are not ours, or not there */
static void wrong_ranges(struct attack *a, struct rnd *r)
{
	struct client *c = client_of(a);
	uint64_t iova = ARENA_IOVA + (one_in(r, 4) ? extreme(r) : below(r, 1 << 22));
	uint64_t bytes = one_in(r, 4) ? extreme(r) : below(r, 1 << 20);
	void *cpu = one_in(r, 2) ? (void *)extreme(r) : c->p.arena;
	int ret;

	if (below(r, 2)) {
		ret = vdev_dma_map(&c->v, cpu, iova, bytes);
		may_fail("map", ret, ERRORS(EINVAL, EEXIST, EFAULT));
		if (!ret)
			vdev_dma_unmap(&c->v, iova, bytes, NULL);
	} else if (iova >= ARENA_IOVA + ARENA_BYTES && iova + bytes > iova &&
		   iova + bytes <= PREY_IOVA) {
		may_fail("unmap", vdev_dma_unmap(&c->v, iova, bytes, NULL),
			 ERRORS(EINVAL, ENOENT));
	}
}

/* The memory behind a mapping changes, as by a balloon, or goes for good for a while */
static void drop(struct attack *a, struct rnd *r)
{
	struct client *c = client_of(a);
	size_t off = below(r, ARENA_BYTES) & ~0xffful;
	size_t len = 4096 + (below(r, ARENA_BYTES - off) & ~0xffful);

	if (one_in(r, 4)) {
		off = 0;
		len = ARENA_BYTES;
	}
	shared->acts++;
	switch (below(r, 3)) {
	case 0:
		madvise(c->p.arena + off, len, MADV_DONTNEED);
		break;
	case 1:
		fresh_memory(c->p.arena + off, len, 0);
		break;
	default:
		/* Our own accesses would end us, so that the mediator's are those that fail */
		mprotect(c->p.arena + off, len, PROT_READ);
		vdev_reg_write(&c->v, T1_REG_ASQ_TAIL, below(r, 64));
		attack_sleep_us(300);
		mprotect(c->p.arena + off, len, PROT_READ | PROT_WRITE);
	}
}

static void reset(struct attack *a, struct rnd *r)
{
	int ret = vdev_reset(&client_of(a)->v);

	shared->acts++;
	if (ret)
		fail("VFIO_DEVICE_RESET: %s", strerror(-ret));
}

static void reopen(struct attack *a, struct rnd *r)
{
	struct client *c = client_of(a);

	shared->acts++;
	vdev_close(&c->v);
	attach(c);
	be_honest(c, r);
}

static const struct attack_kind client_kinds[] = {
	{ "interrupts", 4, interrupts },
	{ "information", 1, information },
	{ "regions", 3, regions },
	{ "mappings", 2, mappings },
	{ "unmap", 5, unmap },
	{ "unmap all", 2, unmap_all },
	{ "wrong ranges", 2, wrong_ranges },
	{ "drop", 3, drop },
	{ "reset", 1, reset },
	{ "reopen", 1, reopen },
	{ }
};

/* ------------------------------------------------------------- a life -- */

static void operation(struct client *c, uint64_t number)
{
	struct rnd r = rnd_of(seed, number);
	const struct attack_kind *kinds = one_in(&r, 4) ? client_kinds : attack_kinds;
	const struct attack_kind *k = &kinds[attack_pick(kinds, &r)];

	shared->what = k->name;
	__atomic_store_n(&shared->number, number, __ATOMIC_RELEASE);
	k->run(&c->a, &r);
	attack_sleep_us(below(&r, 300));
}

/* Memory that comes from a userfaultfd which nobody serves: the next to touch it never gets it */
static void be_late(struct client *c, struct rnd *r)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	size_t off = below(r, 2) ? 0 : below(r, 4) * 0x10000;
	struct uffdio_register reg = {
		.range = { (uintptr_t)c->p.arena + off, ARENA_BYTES - off },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	attack_bring_up(&c->a, r);
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg))
		fail("userfaultfd: %s", strerror(errno));
	madvise(c->p.arena + off, ARENA_BYTES - off, MADV_DONTNEED);
	vdev_reg_write(&c->v, T1_REG_ASQ_TAIL, (c->a.tail + 1 + below(r, 8)) % c->a.entries);
	__atomic_store_n(&shared->waiting, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

static void __attribute__((noreturn)) live(const char *uuid, uint64_t first, uint64_t count,
					   enum ending ending)
{
	struct rnd r = rnd_of(~seed, first);
	static struct client c;
	uint64_t n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	c.uuid = uuid;
	c.p.read = port_read;
	c.p.write = port_write;
	c.p.max_access = 64;
	c.p.bus = ARENA_IOVA;
	c.p.acts = &shared->acts;
	c.p.priv = &c;
	c.p.arena = fresh_memory(NULL, ARENA_BYTES, ARENA_BYTES);
	c.prey = fresh_memory(NULL, PREY_BYTES, 4096);
	c.a.p = &c.p;
	c.a.entries = 64;
	if (!c.p.arena || !c.prey)
		fail("no memory");
	shared->what = "honest work";
	attach(&c);
	be_honest(&c, &r);
	attack_bring_up(&c.a, &r);
	for (n = 0; n < count || ending == ENDING_KILL; n++)
		operation(&c, first + n);
	shared->what = ending_names[ending];
	switch (ending) {
	case ENDING_LATE_KILL:
		be_late(&c, &r);
		break;
	case ENDING_EXEC:
		execl("/bin/true", "true", NULL);
		fail("exec: %s", strerror(errno));
	case ENDING_CLOSE:
		vdev_close(&c.v);
		break;
	default:
		break;
	}
	_exit(0);
}

static int complain(const char *what)
{
	printf("# seed %" PRIu64 ", operation %" PRIu64 " (%s): %s\n", seed, shared->number,
	       shared->what ? shared->what : "start", what);
	return 1;
}

/* Wait for the child's end, or for the number or the state in which it is to be killed */
static int watch(pid_t pid, uint64_t last, enum ending ending, struct rnd *r)
{
	uint64_t seen = shared->number, since = now_ns(), number;
	bool shot = false;
	int status;

	while (waitpid(pid, &status, WNOHANG) != pid) {
		number = __atomic_load_n(&shared->number, __ATOMIC_ACQUIRE);
		if (number != seen) {
			seen = number;
			since = now_ns();
		}
		if (!shot && ((ending == ENDING_KILL && number >= last) ||
			      __atomic_load_n(&shared->waiting, __ATOMIC_ACQUIRE))) {
			attack_sleep_us(below(r, 20000));
			kill(pid, SIGKILL);
			shot = true;
			since = now_ns();
		}
		if (now_ns() - since > (shot ? KILL_MS : STUCK_MS) * 1000000ull) {
			kill(pid, SIGKILL);
			return complain(shot ? "can't be killed" : "stuck");
		}
		attack_sleep_us(500);
	}
	if (shared->failed[0])
		return complain(shared->failed);
	if (shot ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL : status == 0)
		return 0;
	snprintf(shared->failed, sizeof(shared->failed), "ended with wait status %#x", status);
	return complain(shared->failed);
}

int main(int argc, char **argv)
{
	uint64_t first, end, lives = 0;
	unsigned int how[NUM_ENDINGS] = { 0 };

	if (argc != 5) {
		fprintf(stderr, "hostile SEED FIRST OPERATIONS UUID\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	seed = strtoull(argv[1], NULL, 0);
	first = strtoull(argv[2], NULL, 0);
	end = first + strtoull(argv[3], NULL, 0);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		return complain("no memory");
	while (first < end) {
		struct rnd r = rnd_of(seed ^ 0x11fe, first);
		uint64_t count = 1 + below(&r, 250);
		enum ending ending = one_in(&r, 2) ? ENDING_KILL : below(&r, NUM_ENDINGS);
		pid_t pid;

		if (count > end - first)
			count = end - first;
		*shared = (struct shared){ .acts = shared->acts, .number = first };
		pid = fork();
		if (pid < 0)
			return complain("fork failed");
		if (!pid)
			live(argv[4], first, count, ending);
		if (watch(pid, first + count - 1, ending, &r))
			return 1;
		how[ending]++;
		lives++;
		first += count;
	}
	printf("# seed %" PRIu64 ": acts=%" PRIu64 " lives=%" PRIu64, seed, shared->acts, lives);
	for (first = 0; first < NUM_ENDINGS; first++)
		printf(", %u %s", how[first], ending_names[first]);
	printf("\n");
	return 0;
}
