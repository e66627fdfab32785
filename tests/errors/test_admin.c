// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_admin.c - a guest's commands with one fault in each: all of it is done, or nothing
 *
 * They are carried out by the vGPU's worker, a thread of this process, which has a fail-nth of its
 * own. Where a ring can't be read or written the vGPU stops, as the hardware does, and is reset.
 * What a VFIO client does by itself is under faults of the thread that does it.
 */
#include <stdlib.h>

#include "../vfio/fixture.h"
#include "fault.h"

#define LONG	1800	/* s */
#define PAGES	20u	/* of a list */
#define HUGE_VA	(VA + (1ull << 30))
#define SIZE_2M	(2u << 20)

/* What a vGPU holds. */
struct held {
	long long pages, contexts, queues;
};

FIXTURE(admin)
{
	struct fault f;		/* of the worker */
	struct fault own;
	struct vdev v;
	struct t1 t;
	struct t1_queue q;	/* of context 0 */
	struct vdev_mem mem, huge;
	uint64_t list[PAGES];
	struct held before;
};

static struct held held(struct vdev *v)
{
	return (struct held){
		mdev_stat(v->uuid, "pinned_pages"), mdev_stat(v->uuid, "contexts"),
		mdev_stat(v->uuid, "queues"),
	};
}

static bool same(const struct held *a, const struct held *b)
{
	return a->pages == b->pages && a->contexts == b->contexts && a->queues == b->queues;
}

/* From a vGPU in any state: with context 0, in which queue 0 works. */
static int start(FIXTURE_DATA(admin) *self)
{
	int ret;

	ret = t1_ctrl_reset(&self->t);
	if (ret)
		return ret;
	t1_program_rings(&self->t);
	ret = t1_enable(&self->t);
	if (!ret)
		ret = t1_ctx_create(&self->t, 0);
	if (!ret && self->q.mem.cpu) {
		struct t1_admin_cmd c = {
			.opcode = T1_ADMIN_QUEUE_CREATE,
			.queue = {
				.engine = T1_ENGINE_COPY, .ring_log2 = 8,
				.ring_va = self->q.ring_va, .cb_va = self->q.cb_va,
			},
		};

		memset(self->q.mem.cpu, 0, self->q.mem.bytes);
		self->q.tail = 0;
		self->q.seq = 0;
		ret = t1_map_mem(&self->t, 0, self->q.ring_va, &self->q.mem);
		if (!ret)
			ret = t1_admin(&self->t, &c);
	} else if (!ret) {
		ret = t1_queue_create(&self->t, &self->q, 0, 0, T1_ENGINE_COPY, 8,
				      T1_VECTOR_CONTROL);
	}
	return ret;
}

FIXTURE_SETUP(admin)
{
	int err = fault_setup();
	unsigned int i;

	if (err == -EOPNOTSUPP)
		SKIP(return, "this kernel has no fault injection");
	ASSERT_EQ(0, err);
	fresh();
	ASSERT_EQ(0, vdev_create(&self->v, "V4"));
	ASSERT_EQ(0, t1_prepare(&self->t, &self->v));
	ASSERT_EQ(0, vdev_mem_alloc(&self->v, 2 * PAGES * 4096, 4096, &self->mem));
	ASSERT_EQ(0, vdev_mem_alloc(&self->v, SIZE_2M, SIZE_2M, &self->huge));
	/* Every other page, from the last to the first: no two of them are one run */
	for (i = 0; i < PAGES; i++)
		self->list[i] = self->mem.iova + 2 * (PAGES - 1 - i) * 4096;
	/* The worker is a thread of its owner's where the kernel has CONFIG_VHOST_TASK */
	ASSERT_NE(0, fault_thread("vgpu-"));
	ASSERT_EQ(0, fault_open(&self->f, fault_thread("vgpu-")));
	ASSERT_EQ(0, fault_open(&self->own, 0));
	ASSERT_EQ(0, start(self));
	self->before = held(&self->v);
}

FIXTURE_TEARDOWN(admin)
{
	TH_LOG("%u points, %u faults; %u points, %u faults of its owner's", self->f.total,
	       self->f.faults, self->own.total, self->own.faults);
	vdev_destroy(&self->v);
	EXPECT_EQ(4, mdev_available("V4"));
}

/* A command with a fault in it: its status, or -EIO if the vGPU has stopped. */
static int try(FIXTURE_DATA(admin) *self, struct t1_admin_cmd *cmd)
{
	uint64_t end = now_ns() + 60000000000ull;
	struct t1_admin_cpl cpl;
	int ret = -ETIMEDOUT;

	cmd->cid = self->t.next_cid++;
	t1_admin_push(&self->t, cmd);
	fault_arm(&self->f);
	t1_admin_ring(&self->t);
	while (ret == -ETIMEDOUT && now_ns() < end) {
		if (!t1_admin_pop(&self->t, &cpl, 5))
			ret = cpl.cid == cmd->cid ? cpl.status : -EBADMSG;
		else if (vdev_reg(&self->v, T1_REG_STATUS) & T1_STATUS_FATAL)
			ret = -EIO;
	}
	fault_disarm(&self->f);
	return ret;
}

/* The next try works; after one that pinning has failed for, within a second or two. */
static int again(FIXTURE_DATA(admin) *self, struct t1_admin_cmd *cmd)
{
	unsigned int tries;
	int ret = T1_ST_NO_RESOURCE;

	for (tries = 0; tries < 100 && ret == T1_ST_NO_RESOURCE; tries++) {
		if (tries)
			sleep_us(100000);
		ret = t1_admin(&self->t, cmd);
	}
	return ret;
}

/*
 * A command, from the same state each time. It succeeds, and then @done is what the vGPU holds; or
 * it is refused with one of two statuses, and nothing has changed; or the vGPU has stopped, and
 * holds nothing. @works looks at what it has done.
 */
static void each_fault(struct __test_metadata *_metadata, FIXTURE_DATA(admin) *self,
		       const struct t1_admin_cmd *command, int status, int other,
		       struct held done, bool (*works)(FIXTURE_DATA(admin) *self),
		       int (*prepare)(FIXTURE_DATA(admin) *self))
{
	static const struct held nothing;
	struct fault *f = &self->f;
	struct t1_admin_cmd cmd;
	struct held now, want;
	int ret;

	fault_first(f);
	while (fault_next(f)) {
		ASSERT_EQ(0, start(self));
		/* None of it is there, so pinning has to have the pages made */
		madvise(self->mem.cpu, self->mem.bytes, MADV_DONTNEED);
		madvise(self->huge.cpu, self->huge.bytes, MADV_DONTNEED);
		if (prepare)
			ASSERT_EQ(0, prepare(self));
		want = held(&self->v);
		cmd = *command;
		ret = try(self, &cmd);
		now = held(&self->v);
		if (ret == T1_ST_OK)
			want = done;
		else if (ret == -EIO)
			want = nothing;
		ASSERT_TRUE(ret == T1_ST_OK || ret == status || ret == other || ret == -EIO) {
			TH_LOG("fault %u: status %d", f->nth, ret);
		}
		ASSERT_TRUE(f->struck || ret == T1_ST_OK);
		ASSERT_TRUE(same(&want, &now)) {
			TH_LOG("fault %u: status %d, holds %lld %lld %lld", f->nth, ret, now.pages,
			       now.contexts, now.queues);
		}
		if (ret == -EIO) {
			ASSERT_EQ(0, start(self));
			if (prepare)
				ASSERT_EQ(0, prepare(self));
		}
		if (ret) {
			cmd = *command;
			ASSERT_EQ(T1_ST_OK, again(self, &cmd)) {
				TH_LOG("after fault %u: status %d", f->nth, ret);
			}
		}
		ASSERT_TRUE(!works || works(self)) {
			TH_LOG("fault %u: status %d", f->nth, ret);
		}
	}
	EXPECT_LT(0, f->faults);
}

/* That the host is short of memory is not held against the guest. */
static bool is_innocent(FIXTURE_DATA(admin) *self)
{
	char buf[256];

	return !sysfs_read(buf, sizeof(buf), "/sys/bus/mdev/devices/%s/vgpu/last_fault",
			   self->v.uuid) && !strcmp(buf, "kind=none");
}

TEST_F_TIMEOUT(admin, identify, LONG)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_IDENTIFY, .addr = self->mem.iova };

	each_fault(_metadata, self, &c, T1_ST_INTERNAL, T1_ST_BAD_ADDRESS, self->before, NULL,
		   NULL);
}

TEST_F_TIMEOUT(admin, fault_query, LONG)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_FAULT_QUERY, .addr = self->mem.iova };

	each_fault(_metadata, self, &c, T1_ST_BAD_ADDRESS, T1_ST_BAD_ADDRESS, self->before, NULL,
		   NULL);
}

TEST_F_TIMEOUT(admin, ctx_create, LONG)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_CTX_CREATE, .ctx = 1 };
	struct held done = self->before;

	done.contexts++;
	each_fault(_metadata, self, &c, T1_ST_NO_RESOURCE, T1_ST_NO_RESOURCE, done, NULL, NULL);
	EXPECT_TRUE(is_innocent(self));
}

TEST_F_TIMEOUT(admin, ctx_destroy, LONG)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_CTX_DESTROY };
	struct held done = { 0 };

	each_fault(_metadata, self, &c, T1_ST_OK, T1_ST_OK, done, NULL, NULL);
}

static bool queue_works(FIXTURE_DATA(admin) *self)
{
	return !t1_run(&self->q, &FILL(self->q.scratch_va, 8, 0x5eed)) &&
	       *(uint32_t *)self->q.scratch == 0x5eed;
}

static int destroy_queue(FIXTURE_DATA(admin) *self)
{
	self->q.tail = 0;
	self->q.seq = 0;
	memset(self->q.mem.cpu, 0, self->q.mem.bytes);
	return t1_queue_destroy(&self->t, 0);
}

TEST_F_TIMEOUT(admin, queue_create, LONG)
{
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_QUEUE_CREATE,
		.queue = {
			.engine = T1_ENGINE_COPY, .ring_log2 = 8,
			.ring_va = self->q.ring_va, .cb_va = self->q.cb_va,
		},
	};

	each_fault(_metadata, self, &c, T1_ST_OK, T1_ST_OK, self->before, queue_works,
		   destroy_queue);
}

TEST_F_TIMEOUT(admin, queue_destroy, LONG)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_QUEUE_DESTROY };
	struct held done = self->before;

	done.queues--;
	each_fault(_metadata, self, &c, T1_ST_OK, T1_ST_OK, done, NULL, NULL);
}

/* A batch of 8 bytes to each page: they come to where the list says. */
static bool list_works(FIXTURE_DATA(admin) *self)
{
	unsigned int i;
	uint32_t *at;

	for (i = 0; i < PAGES; i++)
		t1_push(&self->q, &FILL(VA + i * 4096, 8, 0x100 + i));
	if (t1_run(&self->q, &NOP()))
		return false;
	for (i = 0; i < PAGES; i++) {
		at = (void *)((char *)self->mem.cpu + (self->list[i] - self->mem.iova));
		if (*at != 0x100 + i)
			return false;
	}
	return true;
}

static int fill_list(FIXTURE_DATA(admin) *self)
{
	memcpy(self->t.list_mem.cpu, self->list, sizeof(self->list));
	return 0;
}

/* NO_RESOURCE for memory, pins and bus addresses; BAD_ADDRESS for a list that can't be read. */
TEST_F_TIMEOUT(admin, map_list, LONG)
{
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_MAP,
		.flags = RW,
		.map = { .va = VA, .npages = PAGES, .list = self->t.list_mem.iova },
	};
	struct held done = self->before;

	done.pages += PAGES;
	each_fault(_metadata, self, &c, T1_ST_NO_RESOURCE, T1_ST_BAD_ADDRESS, done, list_works,
		   fill_list);
}

static bool huge_works(FIXTURE_DATA(admin) *self)
{
	return !t1_run(&self->q, &FILL(HUGE_VA + SIZE_2M - 8, 8, 0x5eed)) &&
	       *(uint32_t *)((char *)self->huge.cpu + SIZE_2M - 8) == 0x5eed;
}

TEST_F_TIMEOUT(admin, map_huge, LONG)
{
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_MAP,
		.flags = RW | T1_MAP_HUGE | T1_MAP_CONTIG,
		.map = { .va = HUGE_VA, .npages = 1, .list = self->huge.iova },
	};
	struct held done = self->before;

	setenv("FAULT_EDGE", "40", 0);
	done.pages += 512;
	each_fault(_metadata, self, &c, T1_ST_NO_RESOURCE, T1_ST_NO_RESOURCE, done, huge_works,
		   NULL);
}

TEST_F_TIMEOUT(admin, map_vram, LONG)
{
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_MAP,
		.flags = RWV | T1_MAP_CONTIG,
		.map = { .va = VA, .npages = 16 },
	};

	each_fault(_metadata, self, &c, T1_ST_OK, T1_ST_OK, self->before, NULL, NULL);
}

static int map_contig(FIXTURE_DATA(admin) *self)
{
	return t1_map(&self->t, 0, VA, self->mem.iova, PAGES, RW);
}

/* Of what was mapped as one run, from its middle: the pages around it stay. */
TEST_F_TIMEOUT(admin, unmap, LONG)
{
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_UNMAP,
		.map = { .va = VA + 4 * 4096, .npages = 4 },
	};
	struct held done = self->before;

	done.pages += PAGES - 4;
	each_fault(_metadata, self, &c, T1_ST_NO_RESOURCE, T1_ST_NO_RESOURCE, done, queue_works,
		   map_contig);
	EXPECT_TRUE(is_innocent(self));
}

/* ---------------------------------------------- in the owner's thread -- */

/* Memory is taken away: there is no way to refuse that. */
TEST_F_TIMEOUT(admin, dma_unmap, LONG)
{
	const struct vdev_mem *m = &self->mem;
	struct fault *f = &self->own;
	struct held now;
	uint64_t bytes;
	int err;

	fault_first(f);
	while (fault_next(f)) {
		ASSERT_EQ(0, start(self));
		/* After it was taken away it is not pinned for a while */
		ASSERT_EQ(T1_ST_OK, t1_map(&self->t, 0, VA, m->iova, 2 * PAGES, RW));
		fault_arm(f);
		err = vdev_dma_unmap(&self->v, m->iova, m->bytes, &bytes);
		fault_disarm(f);
		ASSERT_TRUE(!err || fault_shortage(err)) {
			TH_LOG("fault %u: %s", f->nth, strerror(-err));
		}
		/* VFIO may have done it, and not have been able to say so */
		ASSERT_TRUE(err || m->bytes == bytes);
		if (err)
			ASSERT_EQ(0, vdev_dma_unmap(&self->v, m->iova, m->bytes, NULL));
		now = held(&self->v);
		ASSERT_TRUE(same(&self->before, &now));
		ASSERT_TRUE(queue_works(self));
		ASSERT_EQ(0, vdev_dma_map(&self->v, m->cpu, m->iova, m->bytes));
	}
	EXPECT_LT(0, f->faults);
}

/* A register write that arrives is carried out; one that does not leaves all as it is. */
static void each_write(struct __test_metadata *_metadata, FIXTURE_DATA(admin) *self,
		       unsigned int region, uint64_t off, unsigned int len, uint32_t value,
		       struct held done)
{
	struct fault *f = &self->own;
	struct held now, want;
	ssize_t n;

	fault_first(f);
	while (fault_next(f)) {
		ASSERT_EQ(0, start(self));
		want = held(&self->v);
		fault_arm(f);
		n = vdev_write(&self->v, region, off, &value, len);
		fault_disarm(f);
		ASSERT_TRUE(n == len || fault_shortage(n)) {
			TH_LOG("fault %u: %zd", f->nth, n);
		}
		if (n == len)
			want = done;
		now = held(&self->v);
		ASSERT_TRUE(same(&want, &now)) {
			TH_LOG("fault %u: %zd, holds %lld %lld %lld", f->nth, n, now.pages,
			       now.contexts, now.queues);
		}
		vdev_cfg_write(&self->v, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
		ASSERT_EQ(0, start(self));
		ASSERT_TRUE(queue_works(self));
	}
	EXPECT_LT(0, f->faults);
}

TEST_F_TIMEOUT(admin, reset, LONG)
{
	each_write(_metadata, self, BAR0, T1_REG_CTRL, 4, T1_CTRL_RESET, (struct held){ 0 });
}

TEST_F_TIMEOUT(admin, disable, LONG)
{
	each_write(_metadata, self, BAR0, T1_REG_CTRL, 4, 0, (struct held){ 0 });
}

/* Without bus mastering contexts and queues stay, but no memory of the guest. */
TEST_F_TIMEOUT(admin, master_off, LONG)
{
	struct held done = self->before;

	done.pages = 0;
	each_write(_metadata, self, CONFIG, PCI_COMMAND, 2, PCI_COMMAND_MEMORY, done);
}

TEST_HARNESS_MAIN
