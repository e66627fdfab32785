// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_state.c - what debugfs saves of a vGPU: after a reset that of a new one; the mappings
 *
 * The module loads each state that it saves again, and fails the read if that is refused.
 */
#include <pthread.h>

#include "fixture.h"

#define MAX_STATE	(1 << 20)

struct saved {
	uint8_t bytes[MAX_STATE];
	size_t len;
};

static struct saved before, now;

FIXTURE(state)
{
	struct vdev v;
	struct t1 t;
	struct t1_queue q;
	struct vdev_mem mem;
};

FIXTURE_SETUP(state)
{
	fresh();
	ASSERT_EQ(0, vdev_create(&self->v, "V4"));
}

FIXTURE_TEARDOWN(state)
{
	EXPECT_EQ(0, vdev_destroy(&self->v));
}

static int save(const char *uuid, struct saved *s)
{
	char path[160];
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/tessera/%s/state_%s", mdev_parent(), uuid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (s->len = 0; s->len < MAX_STATE; s->len += n) {
		n = read(fd, s->bytes + s->len, MAX_STATE - s->len);
		if (n <= 0)
			break;
	}
	close(fd);
	return n < 0 ? -EIO : 0;
}

static bool same(void)
{
	return before.len == now.len && !memcmp(before.bytes, now.bytes, now.len);
}

/* Something in each part of the state. */
static void live(struct __test_metadata *_metadata, FIXTURE_DATA(state) *self)
{
	struct vdev *v = &self->v;
	uint32_t entry[4] = { 0xfee00000, 0, 0x41, 1 };
	struct t1_event ev;

	ASSERT_EQ(0, t1_start(&self->t, v));
	ASSERT_EQ(0, t1_queue_simple(&self->t, &self->q, 0, T1_ENGINE_COPY));
	if (!self->mem.cpu)
		ASSERT_EQ(0, vdev_mem_alloc(v, 4 << 20, 2 << 20, &self->mem));
	ASSERT_EQ(0, t1_map_mem(&self->t, 0, VA, &self->mem));
	ASSERT_EQ(0, t1_run(&self->q, &FILL(VA, 4096, 1)));
	vdev_cfg_write(v, PCI_INTERRUPT_LINE, 1, 11);
	vdev_cfg_write(v, vdev_cap(v, PCI_CAP_ID_PM) + PCI_PM_CTRL, 2, 3);
	ASSERT_EQ(sizeof(entry), vdev_write(v, BAR4, 16, entry, sizeof(entry)));
	vdev_reg(v, T1_REG_TIME_LO);
	/* A fault stays in the event ring. */
	t1_push(&self->q, &FILL(VA + (1ull << 40), 4096, 1));
	t1_kick(&self->q);
	ASSERT_EQ(0, t1_event(&self->t, &ev, T1_TIMEOUT_MS));
}

TEST_F_TIMEOUT(state, reset_is_power_on, 120)
{
	static int (*const resets[])(struct vdev *v) = { vdev_reset, vdev_flr };
	unsigned int i;

	ASSERT_EQ(0, vdev_decode(&self->v, 0));
	ASSERT_EQ(0, save(self->v.uuid, &before));
	for (i = 0; i < 4; i++) {
		live(_metadata, self);
		ASSERT_EQ(0, save(self->v.uuid, &now));
		EXPECT_FALSE(same());
		ASSERT_EQ(0, resets[i % 2](&self->v));
		ASSERT_EQ(0, save(self->v.uuid, &now));
		EXPECT_TRUE(same());
	}
}

/* Closed in the middle of everything, it is a new one for who opens it next. */
TEST_F(state, next_owner)
{
	char uuid[MDEV_UUID_LEN];

	ASSERT_EQ(0, vdev_decode(&self->v, 0));
	ASSERT_EQ(0, save(self->v.uuid, &before));
	live(_metadata, self);
	memcpy(uuid, self->v.uuid, sizeof(uuid));
	vdev_close(&self->v);
	ASSERT_EQ(0, save(uuid, &now));
	EXPECT_TRUE(same());
	ASSERT_EQ(0, vdev_open(&self->v, uuid));
	ASSERT_EQ(0, save(uuid, &now));
	EXPECT_TRUE(same());
}

/* As kmod/vgpu/state.c writes it. */
struct run {
	uint32_t ctx;
	uint64_t va, iova, pages;
	uint32_t prot;
	uint8_t huge;
} __attribute__((packed));

static unsigned int times(const struct run *run)
{
	const uint8_t *at = now.bytes, *end = now.bytes + now.len;
	unsigned int n = 0;

	for (; (at = memmem(at, end - at, run, sizeof(*run))); at++)
		n++;
	return n;
}

#define RUN(va, at, pages, prot, huge) \
	times(&(struct run){ 0, va, self->mem.iova + (at), pages, prot, huge })

TEST_F(state, mappings)
{
	const uint64_t huge = 2 << 20;
	size_t len;

	ASSERT_EQ(0, t1_start(&self->t, &self->v));
	ASSERT_EQ(0, t1_ctx_create(&self->t, 0));
	ASSERT_EQ(0, vdev_mem_alloc(&self->v, 4 << 20, 2 << 20, &self->mem));
	ASSERT_EQ(0, save(self->v.uuid, &now));
	len = now.len;

	/* Neighbours in both are one run, whatever commands they came with; */
	ASSERT_EQ(0, t1_map(&self->t, 0, VA, self->mem.iova, 4, RW));
	ASSERT_EQ(0, t1_map(&self->t, 0, VA + 0x4000, self->mem.iova + 0x4000, 4, RW));
	/* another protection, or another place, is another run. */
	ASSERT_EQ(0, t1_map(&self->t, 0, VA + 0x8000, self->mem.iova + 0x8000, 2, T1_MAP_READ));
	ASSERT_EQ(0, t1_map(&self->t, 0, VA + 0xa000, self->mem.iova + 0xa000, 1, T1_MAP_WRITE));
	ASSERT_EQ(0, t1_map(&self->t, 0, VA + 0xb000, self->mem.iova, 1, T1_MAP_WRITE));
	ASSERT_EQ(0, t1_map(&self->t, 0, VA + huge, self->mem.iova + huge, 1, RW | T1_MAP_HUGE));
	ASSERT_EQ(0, save(self->v.uuid, &now));
	EXPECT_EQ(len + 5 * sizeof(struct run), now.len);
	EXPECT_EQ(1, RUN(VA, 0, 8, 3, 0));
	EXPECT_EQ(1, RUN(VA + 0x8000, 0x8000, 2, 1, 0));
	EXPECT_EQ(1, RUN(VA + 0xa000, 0xa000, 1, 2, 0));
	EXPECT_EQ(1, RUN(VA + 0xb000, 0, 1, 2, 0));
	EXPECT_EQ(1, RUN(VA + huge, huge, 512, 3, 1));

	/* A hole makes two of one; memory that is gone is not mapped. */
	ASSERT_EQ(0, t1_unmap(&self->t, 0, VA + 0x3000, 1, 0));
	ASSERT_EQ(0, save(self->v.uuid, &now));
	EXPECT_EQ(1, RUN(VA, 0, 3, 3, 0));
	EXPECT_EQ(1, RUN(VA + 0x4000, 0x4000, 4, 3, 0));
	ASSERT_EQ(0, vdev_dma_unmap(&self->v, self->mem.iova, self->mem.bytes, NULL));
	ASSERT_EQ(0, save(self->v.uuid, &now));
	EXPECT_EQ(len, now.len);
}

struct reader {
	const char *uuid;
	bool stop;
	unsigned int reads, failed;	/* or neither: the vGPU was busy */
	struct saved s;
};

static void *read_on(void *arg)
{
	struct reader *r = arg;
	int ret;

	while (!__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE)) {
		ret = save(r->uuid, &r->s);
		r->reads += !ret;
		r->failed += ret && ret != -EBUSY;
	}
	return NULL;
}

/* Whatever the guest does meanwhile: each state is one that would be accepted. */
TEST_F_TIMEOUT(state, of_a_busy_guest, 180)
{
	static struct reader r;
	unsigned int i, entries;
	pthread_t thread;

	r = (struct reader){ .uuid = self->v.uuid };
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_on, &r));
	for (i = 0; i < 30; i++) {
		entries = 8u << i % 4;
		self->t.asq_entries = entries;
		self->t.acq_entries = entries;
		live(_metadata, self);
		EXPECT_EQ(0, t1_unmap(&self->t, 0, VA + 0x1000 * i, 1, 0));
		EXPECT_EQ(0, vdev_reset(&self->v));
	}
	__atomic_store_n(&r.stop, true, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, r.failed);
	EXPECT_LT(10, r.reads);
}

TEST_HARNESS_MAIN
