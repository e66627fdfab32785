// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_pins.c - guest pages that are mapped again and again, and taken away from all sides
 *
 * How many pages are mapped, the vGPU's statistics say; how many are pinned, the kernel: it counts
 * them as locked memory of this process.
 */
#include <linux/capability.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "fixture.h"

static long locked_pages(void)
{
	long kib = -1;
	char line[128];
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "VmLck: %ld kB", &kib) == 1)
			break;
	}
	if (f)
		fclose(f);
	return kib < 0 ? -1 : kib / 4;
}

/* Map one page @n times, from VA on. */
static int map_often(struct t1 *t, uint32_t ctx, uint64_t iova, unsigned int n)
{
	uint64_t list[T1_MAP_MAX_PAGES];
	unsigned int i, k;
	int ret = 0;

	for (i = 0; i < T1_MAP_MAX_PAGES; i++)
		list[i] = iova;
	for (i = 0; i < n && !ret; i += k) {
		k = n - i < T1_MAP_MAX_PAGES ? n - i : T1_MAP_MAX_PAGES;
		ret = t1_map_list(t, ctx, VA + i * 4096ull, list, k, RW);
	}
	return ret;
}

/* ------------------------------------------------- a page mapped often -- */

enum way { UNMAP, DESTROY, RESET, REVOKE, MASTER_OFF, CLOSE };

FIXTURE(often)
{
	struct vdev v;
	struct t1 t;
	struct vdev_mem mem;
	long base;
};

FIXTURE_VARIANT(often)
{
	enum way way;
};

FIXTURE_VARIANT_ADD(often, unmap) { .way = UNMAP };
FIXTURE_VARIANT_ADD(often, destroy) { .way = DESTROY };
FIXTURE_VARIANT_ADD(often, reset) { .way = RESET };
FIXTURE_VARIANT_ADD(often, revoke) { .way = REVOKE };
FIXTURE_VARIANT_ADD(often, master_off) { .way = MASTER_OFF };
FIXTURE_VARIANT_ADD(often, close) { .way = CLOSE };

FIXTURE_SETUP(often)
{
	fresh();
	ASSERT_EQ(0, vdev_create(&self->v, "V4"));
	ASSERT_EQ(0, t1_start(&self->t, &self->v));
	ASSERT_EQ(0, t1_ctx_create(&self->t, 0));
	ASSERT_EQ(0, vdev_mem_alloc(&self->v, 4096, 4096, &self->mem));
	self->base = locked_pages();
	ASSERT_LE(0, self->base);
}

FIXTURE_TEARDOWN(often)
{
	EXPECT_EQ(0, vdev_destroy(&self->v));
}

static int release(FIXTURE_DATA(often) *self, enum way way, unsigned int n)
{
	switch (way) {
	case UNMAP:
		return t1_unmap(&self->t, 0, VA, n, 0);
	case DESTROY:
		return t1_ctx_destroy(&self->t, 0);
	case RESET:
		return vdev_reset(&self->v);
	case REVOKE:
		return vdev_dma_unmap(&self->v, self->mem.iova, self->mem.bytes, NULL);
	case MASTER_OFF:
		return vdev_cfg_write(&self->v, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	default:
		vdev_close(&self->v);
		return 0;
	}
}

/* As often as the limit allows; it is pinned once, and then not at all. */
TEST_F_TIMEOUT(often, released, 120)
{
	const unsigned int n = 64 << 8;
	char uuid[MDEV_UUID_LEN];

	strcpy(uuid, self->v.uuid);
	ASSERT_EQ(0, sysfs_write("64", "/sys/module/tessera/parameters/pin_limit_mb"));
	ASSERT_EQ(0, map_often(&self->t, 0, self->mem.iova, n));
	EXPECT_EQ(T1_ST_NO_RESOURCE, t1_map(&self->t, 0, VA + n * 4096ull, self->mem.iova, 1, RW));
	EXPECT_EQ(n, mdev_stat(uuid, "pinned_pages"));
	EXPECT_EQ(self->base + 1, locked_pages());
	EXPECT_EQ(0, release(self, variant->way, n));
	EXPECT_EQ(0, mdev_stat(uuid, "pinned_pages"));
	EXPECT_EQ(self->base, locked_pages());
}

/* Twice as many mappings take about twice as long to release. */
TEST_F_TIMEOUT(often, linear, 120)
{
	const unsigned int n = 16384;
	unsigned int tries, i;
	uint64_t t[2];

	for (tries = 0; tries < 3; tries++) {
		for (i = 0; i < 2; i++) {
			ASSERT_EQ(0, map_often(&self->t, 0, self->mem.iova, n << i));
			t[i] = now_ns();
			ASSERT_EQ(0, release(self, variant->way, n << i));
			t[i] = now_ns() - t[i];
			ASSERT_EQ(0, vdev_destroy(&self->v));
			ASSERT_EQ(0, vdev_create(&self->v, "V4"));
			memset(&self->t, 0, sizeof(self->t));
			ASSERT_EQ(0, t1_start(&self->t, &self->v));
			ASSERT_EQ(0, t1_ctx_create(&self->t, 0));
			ASSERT_EQ(0, vdev_mem_alloc(&self->v, 4096, 4096, &self->mem));
		}
		if (t[1] < 3 * t[0] + 20000000)
			break;
	}
	EXPECT_NE(3, tries) {
		TH_LOG("%u: %llu us, %u: %llu us", n, (unsigned long long)t[0] / 1000, 2 * n,
		       (unsigned long long)t[1] / 1000);
	}
}

/* ---------------------------------------------------------- at random -- */

#define AREAS		6	/* of guest memory, each of which the client may take away */
#define AREA_PAGES	96
#define GUEST_PAGES	(AREAS * AREA_PAGES)
#define CONTEXTS	2
#define VA_PAGES	1024

FIXTURE(model)
{
	struct vdev v;
	struct t1 t;
	struct t1_queue q[CONTEXTS];
	struct vdev_mem mem[AREAS];
	bool there[AREAS];
	int map[CONTEXTS][VA_PAGES];	/* guest page, or -1 */
	long mapped, locked;		/* by queues */
	uint64_t state;
};

FIXTURE_SETUP(model)
{
	unsigned int i;

	fresh();
	ASSERT_EQ(0, vdev_create(&self->v, "V4"));
	ASSERT_EQ(0, t1_start(&self->t, &self->v));
	for (i = 0; i < AREAS; i++) {
		ASSERT_EQ(0, vdev_mem_alloc(&self->v, AREA_PAGES * 4096, 4096, &self->mem[i]));
		self->there[i] = true;
	}
	for (i = 0; i < CONTEXTS; i++)
		ASSERT_EQ(0, t1_queue_simple(&self->t, &self->q[i], i, T1_ENGINE_COPY));
	memset(self->map, -1, sizeof(self->map));
	self->mapped = mdev_stat(self->v.uuid, "pinned_pages");
	self->locked = locked_pages();
	self->state = 88172645463325252ull;
	if (getenv("TESSERA_FUZZ_SEED"))
		self->state = strtoull(getenv("TESSERA_FUZZ_SEED"), NULL, 0);
}

FIXTURE_TEARDOWN(model)
{
	EXPECT_EQ(0, vdev_destroy(&self->v));
}

/* xorshift64*: a number below @n */
static unsigned int below(FIXTURE_DATA(model) *self, unsigned int n)
{
	self->state ^= self->state >> 12;
	self->state ^= self->state << 25;
	self->state ^= self->state >> 27;
	return (self->state * 0x2545f4914f6cdd1dull >> 32) % n;
}

static uint64_t page_iova(FIXTURE_DATA(model) *self, unsigned int page)
{
	return self->mem[page / AREA_PAGES].iova + page % AREA_PAGES * 4096;
}

static uint32_t *page_cpu(FIXTURE_DATA(model) *self, unsigned int page)
{
	return (uint32_t *)((char *)self->mem[page / AREA_PAGES].cpu + page % AREA_PAGES * 4096);
}

/* Some pages, in runs that go up, or stand still, in any order. 0 if what came of it is right. */
static int model_map(FIXTURE_DATA(model) *self)
{
	unsigned int ctx = below(self, CONTEXTS), n = 1 + below(self, 120), i;
	unsigned int at = below(self, VA_PAGES - n), page = below(self, GUEST_PAGES);
	int want = T1_ST_OK, pages[T1_MAP_MAX_PAGES];
	uint64_t list[T1_MAP_MAX_PAGES] = { 0 };

	for (i = 0; i < n; i++) {
		if (!below(self, 8))
			page = below(self, GUEST_PAGES);
		else if (below(self, 8))
			page = (page + 1) % GUEST_PAGES;
		pages[i] = page;
		list[i] = page_iova(self, page);
		if (!self->there[page / AREA_PAGES])
			want = T1_ST_BAD_ADDRESS;
	}
	for (i = 0; i < n; i++) {
		if (self->map[ctx][at + i] >= 0)
			want = T1_ST_EXISTS;
	}
	if (t1_map_list(&self->t, ctx, VA + at * 4096ull, list, n, RW) != want)
		return -1;
	for (i = 0; i < n && want == T1_ST_OK; i++)
		self->map[ctx][at + i] = pages[i];
	return 0;
}

static int model_unmap(FIXTURE_DATA(model) *self)
{
	unsigned int ctx = below(self, CONTEXTS), n = 1 + below(self, 300), i;
	unsigned int at = below(self, VA_PAGES - n);

	if (t1_unmap(&self->t, ctx, VA + at * 4096ull, n, 0))
		return -1;
	for (i = 0; i < n; i++)
		self->map[ctx][at + i] = -1;
	return 0;
}

/* Take an area away, or give it back. */
static int model_area(FIXTURE_DATA(model) *self)
{
	unsigned int area = below(self, AREAS), ctx, i;
	struct vdev_mem *m = &self->mem[area];
	uint64_t gone;

	if (!self->there[area]) {
		self->there[area] = true;
		return vdev_dma_map(&self->v, m->cpu, m->iova, m->bytes);
	}
	self->there[area] = false;
	if (vdev_dma_unmap(&self->v, m->iova, m->bytes, &gone) || gone != m->bytes)
		return -1;
	for (ctx = 0; ctx < CONTEXTS; ctx++) {
		for (i = 0; i < VA_PAGES; i++) {
			if (self->map[ctx][i] / AREA_PAGES == area && self->map[ctx][i] >= 0)
				self->map[ctx][i] = -1;
		}
	}
	return 0;
}

static int model_destroy(FIXTURE_DATA(model) *self)
{
	unsigned int ctx = below(self, CONTEXTS);

	if (t1_ctx_destroy(&self->t, ctx))
		return -1;
	memset(self->map[ctx], -1, sizeof(self->map[ctx]));
	return t1_queue_simple(&self->t, &self->q[ctx], ctx, T1_ENGINE_COPY);
}

/* What is mapped and pinned, by the model; and that engines reach it. */
static int model_check(FIXTURE_DATA(model) *self, uint32_t token)
{
	long mapped = self->mapped, locked = self->locked;
	bool seen[GUEST_PAGES] = {};
	unsigned int ctx, i, k;
	int page;

	for (ctx = 0; ctx < CONTEXTS; ctx++) {
		for (i = 0; i < VA_PAGES; i++) {
			page = self->map[ctx][i];
			if (page < 0)
				continue;
			mapped++;
			locked += !seen[page];
			seen[page] = true;
		}
	}
	if (mapped != mdev_stat(self->v.uuid, "pinned_pages"))
		return -1;
	if (locked != locked_pages())
		return -2;
	for (k = 0; k < 4; k++) {
		ctx = below(self, CONTEXTS);
		i = below(self, VA_PAGES);
		page = self->map[ctx][i];
		if (page < 0)
			continue;
		if (t1_run(&self->q[ctx], &FILL(VA + i * 4096ull + 8, 4, token + k)))
			return -3;
		if (page_cpu(self, page)[2] != token + k)
			return -4;
	}
	return 0;
}

TEST_F_TIMEOUT(model, random, 120)
{
	unsigned int round, op, maps = 0;
	long long made;
	int ret;

	for (round = 0; round < 1200; round++) {
		op = below(self, 100);
		if (op < 55)
			ret = model_map(self);
		else if (op < 85)
			ret = model_unmap(self);
		else if (op < 97)
			ret = model_area(self);
		else
			ret = model_destroy(self);
		ASSERT_EQ(0, ret) {
			TH_LOG("round %u, operation %u", round, op);
		}
		ret = model_check(self, round << 8);
		ASSERT_EQ(0, ret) {
			TH_LOG("after round %u, operation %u", round, op);
		}
		maps += op < 55;
	}
	made = mdev_stat(self->v.uuid, "maps");
	EXPECT_LT(maps / 8, made);	/* it did not only try */
	ASSERT_EQ(0, vdev_reset(&self->v));
	EXPECT_EQ(0, mdev_stat(self->v.uuid, "pinned_pages"));
	EXPECT_EQ(0, locked_pages());
}

/* Half of a 2 MiB page is taken away: all of it goes, and nothing else. */
TEST_F(model, half_a_huge_page)
{
	long locked = locked_pages();
	struct vdev_mem m;
	uint64_t gone;

	ASSERT_EQ(0, vdev_mem_alloc(&self->v, 4 << 20, 2 << 20, &m));
	ASSERT_EQ(0, vdev_dma_unmap(&self->v, m.iova, m.bytes, NULL));
	ASSERT_EQ(0, vdev_dma_map(&self->v, m.cpu, m.iova, 3 << 20));
	ASSERT_EQ(0, vdev_dma_map(&self->v, (char *)m.cpu + (3 << 20), m.iova + (3 << 20),
				  1 << 20));
	ASSERT_EQ(0, t1_map(&self->t, 0, VA, m.iova, 2, RW | T1_MAP_HUGE));
	EXPECT_EQ(locked + 1024, locked_pages());
	ASSERT_EQ(0, vdev_dma_unmap(&self->v, m.iova + (3 << 20), 1 << 20, &gone));
	EXPECT_EQ(1 << 20, gone);
	EXPECT_EQ(locked + 512, locked_pages());
	EXPECT_EQ(self->mapped + 512, mdev_stat(self->v.uuid, "pinned_pages"));
	ASSERT_EQ(0, t1_run(&self->q[0], &FILL(VA + (1 << 20), 4, 0x5eed)));
	EXPECT_EQ(0x5eed, ((uint32_t *)m.cpu)[(1 << 20) / 4]);
	ASSERT_EQ(T1_ST_EXISTS, t1_map(&self->t, 0, VA, m.iova, 1, RW));
	EXPECT_EQ(0, t1_map(&self->t, 0, VA + (2 << 20), m.iova + (2 << 20), 256, RW));
}

/* ------------------------------------------------------ many threads -- */

#define MAX_THREADS	32
#define MAX_VGPUS	4

FIXTURE(threads)
{
	struct vdev v[MAX_VGPUS];
	struct t1 t[MAX_VGPUS];
	struct vdev_mem mem[MAX_THREADS];
	unsigned int pages;		/* of each thread */
};

FIXTURE_VARIANT(threads)
{
	unsigned int vgpus, threads, pages;
};

/*
 * Every other page of what each thread takes away is pinned: VFIO must be told of each alone. Where
 * mutexes are debugged they are handed on in strict order, and the mediator is sure of some 1,800
 * turns in VFIO's calls, for all threads; elsewhere it has many more.
 */
#define SURE		1024u
FIXTURE_VARIANT_ADD(threads, two) { .vgpus = 1, .threads = 2, .pages = 4096 };
FIXTURE_VARIANT_ADD(threads, sixteen) { .vgpus = 1, .threads = 16, .pages = 1024 };
FIXTURE_VARIANT_ADD(threads, many) { .vgpus = 1, .threads = 32, .pages = 2048 };
FIXTURE_VARIANT_ADD(threads, several_vgpus) { .vgpus = 4, .threads = 8, .pages = 512 };

FIXTURE_SETUP(threads)
{
	unsigned int i, k, vgpu, n;
	uint64_t list[T1_MAP_MAX_PAGES], va;

	fresh();
	self->pages = variant->pages;
	if (!access("/proc/lockdep", F_OK) && self->pages > SURE / variant->threads)
		self->pages = SURE / variant->threads;
	for (i = 0; i < variant->vgpus; i++) {
		ASSERT_EQ(0, vdev_create_with(&self->v[i], "V4",
					      i ? &self->v[i - 1] : NULL));
		ASSERT_EQ(0, t1_start(&self->t[i], &self->v[i]));
		ASSERT_EQ(0, t1_ctx_create(&self->t[i], 0));
	}
	for (i = 0; i < variant->threads; i++) {
		ASSERT_EQ(0, vdev_mem_alloc(&self->v[0], self->pages * 8192ull, 4096,
					    &self->mem[i]));
		/* the same pages for the first two vGPUs, the pages between for the others */
		for (vgpu = 0; vgpu < variant->vgpus; vgpu++) {
			va = VA + i * self->pages * 4096ull;
			for (k = 0; k < self->pages; k += n) {
				for (n = 0; n < T1_MAP_MAX_PAGES && k + n < self->pages; n++)
					list[n] = self->mem[i].iova + (k + n) * 8192ull +
						  vgpu / 2 * 4096;
				ASSERT_EQ(0, t1_map_list(&self->t[vgpu], 0, va + k * 4096ull, list,
							 n, RW));
			}
		}
	}
}

FIXTURE_TEARDOWN(threads)
{
	unsigned int i;

	for (i = variant->vgpus; i--;)
		EXPECT_EQ(0, vdev_destroy(&self->v[i]));
}

struct unmapper {
	pthread_t thread;
	pthread_barrier_t *start;
	struct vdev *v;
	struct vdev_mem *mem;
	uint64_t gone;
	int ret;
};

static void *unmap(void *arg)
{
	struct unmapper *u = arg;

	pthread_barrier_wait(u->start);
	u->ret = vdev_dma_unmap(u->v, u->mem->iova, u->mem->bytes, &u->gone);
	return NULL;
}

/* All at once. VFIO has the host panic, or one of its threads die, if it finds pages pinned on. */
TEST_F_TIMEOUT(threads, unmap_at_once, 240)
{
	struct unmapper u[MAX_THREADS] = {};
	pthread_barrier_t start;
	unsigned int i;

	pthread_barrier_init(&start, NULL, variant->threads);
	for (i = 0; i < variant->threads; i++) {
		u[i] = (struct unmapper){ .start = &start, .v = &self->v[0], .mem = &self->mem[i] };
		ASSERT_EQ(0, pthread_create(&u[i].thread, NULL, unmap, &u[i]));
	}
	for (i = 0; i < variant->threads; i++) {
		ASSERT_EQ(0, pthread_join(u[i].thread, NULL));
		EXPECT_EQ(0, u[i].ret);
		EXPECT_EQ(self->mem[i].bytes, u[i].gone);
	}
	for (i = 0; i < variant->vgpus; i++)
		EXPECT_EQ(0, mdev_stat(self->v[i].uuid, "pinned_pages"));
	EXPECT_EQ(0, locked_pages());
}

/* ------------------------------------------------- a command gives way -- */

FIXTURE(long_map)
{
	struct vdev v;
	struct t1 t;
	struct vdev_mem mem;
	bool stop;
	long most;
};

FIXTURE_VARIANT(long_map)
{
	enum way way;
};

FIXTURE_VARIANT_ADD(long_map, master_off) { .way = MASTER_OFF };
FIXTURE_VARIANT_ADD(long_map, reset) { .way = RESET };
FIXTURE_VARIANT_ADD(long_map, disable) { .way = DESTROY };

FIXTURE_SETUP(long_map)
{
	fresh();
	ASSERT_EQ(0, vdev_create(&self->v, "V4"));
	ASSERT_EQ(0, t1_start(&self->t, &self->v));
	ASSERT_EQ(0, t1_ctx_create(&self->t, 0));
	ASSERT_EQ(0, vdev_mem_alloc(&self->v, 2 << 20, 2 << 20, &self->mem));
}

FIXTURE_TEARDOWN(long_map)
{
	EXPECT_EQ(0, vdev_destroy(&self->v));
}

/* One page of 2 MiB for 512 MiB of addresses; nobody waits for the command's end */
#define LONG_PAGES	256u

static void map_for_long(FIXTURE_DATA(long_map) *self)
{
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_MAP,
		.flags = RW | T1_MAP_HUGE,
		.map = { .va = VA, .npages = LONG_PAGES, .list = self->t.list_mem.iova },
	};
	uint64_t *list = self->t.list_mem.cpu;
	unsigned int i;

	for (i = 0; i < LONG_PAGES; i++)
		list[i] = self->mem.iova;
	t1_admin_push(&self->t, &c);
	t1_admin_ring(&self->t);
}

/* The most that was mapped at any time. */
static void *watch(void *arg)
{
	FIXTURE_DATA(long_map) *self = arg;
	long now;

	while (!__atomic_load_n(&self->stop, __ATOMIC_ACQUIRE)) {
		now = mdev_stat(self->v.uuid, "pinned_pages");
		if (now > self->most)
			self->most = now;
	}
	return NULL;
}

/* A command that has far to go gives up when all mappings are taken away. */
TEST_F_TIMEOUT(long_map, gives_way, 120)
{
	pthread_t watcher;

	ASSERT_EQ(0, pthread_create(&watcher, NULL, watch, self));
	map_for_long(self);
	while (!mdev_stat(self->v.uuid, "pinned_pages"))
		;
	switch (variant->way) {
	case MASTER_OFF:
		EXPECT_EQ(0, vdev_cfg_write(&self->v, PCI_COMMAND, 2, PCI_COMMAND_MEMORY));
		break;
	case RESET:
		EXPECT_EQ(0, vdev_reset(&self->v));
		break;
	default:
		vdev_reg_write(&self->v, T1_REG_CTRL, 0);
	}
	EXPECT_EQ(0, mdev_stat(self->v.uuid, "pinned_pages"));
	__atomic_store_n(&self->stop, true, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_join(watcher, NULL));
	EXPECT_LT(self->most, LONG_PAGES * 512l);
	EXPECT_EQ(0, locked_pages());
}

/* ------------------------------------------------------ the user's limit -- */

FIXTURE(limit)
{
	struct vdev v;
	struct t1 t;
	struct vdev_mem mem;
};

/* As for an ordinary user: without CAP_IPC_LOCK, which counts when memory is given to VFIO. */
FIXTURE_SETUP(limit)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct cap[2];
	struct rlimit r = { 1 << 20, 1 << 20 };

	fresh();
	ASSERT_EQ(0, syscall(SYS_capget, &head, cap));
	cap[0].effective &= ~(1u << CAP_IPC_LOCK);
	ASSERT_EQ(0, syscall(SYS_capset, &head, cap));
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &r));
	ASSERT_EQ(0, vdev_create(&self->v, "V4"));
	ASSERT_EQ(0, t1_start(&self->t, &self->v));
	ASSERT_EQ(0, t1_ctx_create(&self->t, 0));
	ASSERT_EQ(0, vdev_mem_alloc(&self->v, 4 << 20, 4096, &self->mem));
}

FIXTURE_TEARDOWN(limit)
{
	EXPECT_EQ(0, vdev_destroy(&self->v));
}

/* The guest is told that there is no more of it, and the host which vGPU it was: seldom. */
TEST_F(limit, memlock)
{
	unsigned int i, lines = 0;
	long locked;
	char *log;

	ASSERT_EQ(0, log_mark());
	ASSERT_EQ(0, t1_map(&self->t, 0, VA, self->mem.iova, 200, RW));
	locked = locked_pages();
	for (i = 0; i < 40; i++) {
		ASSERT_EQ(T1_ST_NO_RESOURCE, t1_map(&self->t, 0, VA + (1 << 30),
						    self->mem.iova + (1 << 20), 512, RW));
	}
	EXPECT_EQ(locked, locked_pages());
	EXPECT_EQ(0, t1_map(&self->t, 0, VA + (1 << 30), self->mem.iova + (1 << 20), 50, RW));
	log = log_since_mark();
	ASSERT_NE(NULL, log);
	for (; (log = strstr(log, "RLIMIT_MEMLOCK of the vGPU's user")); log++)
		lines++;
	EXPECT_LE(1, lines);
	EXPECT_GE(12, lines);
	/* VFIO's own, which it does not limit */
	lines = 0;
	for (log = log_since_mark(); (log = strstr(log, "RLIMIT_MEMLOCK (")); log++)
		lines++;
	EXPECT_LE(1, lines);
	EXPECT_GE(12, lines);
	log = strstr(log_since_mark(), "RLIMIT_MEMLOCK of the vGPU's user");
	ASSERT_NE(NULL, log);
	while (*log != '\n')
		log--;
	EXPECT_NE(NULL, strstr(log, self->v.uuid));
}

TEST_HARNESS_MAIN
