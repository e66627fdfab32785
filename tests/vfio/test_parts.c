// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_parts.c - a vGPU uses up all it can of the accelerator; the others still get all of theirs
 *
 * What a guest's commands can use up is listed in Documentation/mediator.rst, "Parts". Engine time
 * is test_qos.c's, interrupts and events of the host's are test_flood.c's.
 */
#include "fixture.h"

#define MAX_SLOTS	4u		/* of a V16 */
#define TOP		(1ull << 39)	/* a page at every such address needs three page tables */
/* As many in each context: with its root, these are all that there are for it */
#define FULL		((T1_CTX_TABLES - 1) / 3)
#define BURST		48u
#define MEM_VA		(VA + (1ull << 36))

struct side {
	struct vdev v;
	struct t1 t;
	struct vdev_mem mem;
	int fd[MAX_SLOTS + 1];
};

static int bring_up(struct side *s)
{
	unsigned int i;
	int ret;

	ret = vdev_create(&s->v, "V16");
	if (!ret)
		ret = vdev_mem_alloc(&s->v, 65536, 4096, &s->mem);
	if (!ret)
		ret = t1_start(&s->t, &s->v);
	if (ret)
		return ret;
	if (s->t.num_slots != MAX_SLOTS || s->t.num_vectors != MAX_SLOTS + 1)
		return -EDOM;
	for (i = 0; i <= MAX_SLOTS; i++)
		s->fd[i] = eventfd(0, EFD_NONBLOCK);
	return vdev_irq_set(&s->v, 0, MAX_SLOTS + 1, s->fd);
}

static int take_down(struct side *s)
{
	unsigned int i;

	for (i = 0; i <= MAX_SLOTS; i++)
		close(s->fd[i]);
	return vdev_destroy(&s->v);
}

/* Map a page of VRAM at each of @n addresses; how many of that were not refused, or -1. */
static int map_far(struct t1 *t, uint32_t ctx, unsigned int first, unsigned int n)
{
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_MAP, .ctx = ctx, .flags = RWV | T1_MAP_CONTIG,
		.map = { .npages = 1 },
	};
	unsigned int done, i, k;
	struct t1_admin_cpl cpl;
	int mapped = 0;

	for (done = 0; done < n; done += k) {
		k = n - done < BURST ? n - done : BURST;
		for (i = 0; i < k; i++) {
			c.map.va = (first + done + i) * TOP;
			t1_admin_push(t, &c);
		}
		t1_admin_ring(t);
		for (i = 0; i < k; i++) {
			if (t1_admin_pop(t, &cpl, T1_TIMEOUT_MS) ||
			    (cpl.status && cpl.status != T1_ST_NO_RESOURCE))
				return -1;
			mapped += !cpl.status;
		}
	}
	return mapped;
}

static int contexts(struct t1 *t, int (*what)(struct t1 *t, uint32_t ctx))
{
	uint32_t ctx;
	int ret = 0;

	for (ctx = 0; ctx < t->num_contexts && !ret; ctx++)
		ret = what(t, ctx);
	return ret;
}

/* The number of the line where it did not get what it should have. */
#define NEED(what)							\
	do {								\
		if (!(what))						\
			return __LINE__;				\
	} while (0)

/* All queues, each with an interrupt of its own, in all contexts; they fill all VRAM. */
static int takes_queues(struct side *s)
{
	uint64_t piece = s->t.vram_bytes / MAX_SLOTS;
	struct t1_queue q[MAX_SLOTS];
	struct t1 *t = &s->t;
	volatile uint32_t *bar;
	struct t1_event ev;
	unsigned int i;

	NEED(!contexts(t, t1_ctx_create));
	for (i = 0; i < t->num_contexts; i++) {
		NEED(!t1_map(t, i, VA, 0, t->vram_bytes >> 21, RWV | T1_MAP_HUGE));
		NEED(!t1_map(t, i, MEM_VA, s->mem.iova, s->mem.bytes >> 12, RW));
	}
	for (i = 0; i < MAX_SLOTS; i++) {
		signalled(s->fd[i + 1], 0);
		NEED(!t1_queue_create(t, &q[i], i % t->num_contexts, i, i & 1, 4, i + 1));
		t1_push(&q[i], &FILL(VA + i * piece, piece, 0xc0de + i));
		t1_push(&q[i], &FILL(MEM_VA + i * 4096, 4096, 0xfeed + i));
		t1_fence(&q[i], T1_FENCE_IRQ);
		t1_kick(&q[i]);
	}
	bar = vdev_direct(&s->v, BAR2, 0, t->vram_bytes);
	for (i = 0; i < MAX_SLOTS; i++) {
		NEED(!t1_wait(&q[i], 1));
		NEED(signalled(s->fd[i + 1], T1_TIMEOUT_MS));
		NEED(bar[i * piece / 4] == 0xc0de + i);
		NEED(bar[(i + 1) * piece / 4 - 1] == 0xc0de + i);
		NEED(((uint32_t *)s->mem.cpu)[i * 1024 + 1023] == 0xfeed + i);
	}
	/* and it hears of a fault */
	t1_push(&q[0], &FILL(0x1000, 4, 0));
	t1_kick(&q[0]);
	NEED(!t1_event(t, &ev, T1_TIMEOUT_MS));
	NEED(ev.type == T1_EV_FAULT && ev.addr == 0x1000);
	NEED(!contexts(t, t1_ctx_destroy));
	return 0;
}

/* All page tables, in equal parts in all contexts, and not one more. */
static int takes_tables(struct side *s)
{
	struct t1 *t = &s->t;
	uint32_t ctx;

	NEED(!contexts(t, t1_ctx_create));
	for (ctx = 0; ctx < t->num_contexts; ctx++)
		NEED(map_far(t, ctx, 0, FULL) == FULL);
	for (ctx = 0; ctx < t->num_contexts; ctx++)
		NEED(map_far(t, ctx, FULL, 1) == 0);
	NEED(!contexts(t, t1_ctx_destroy));
	return 0;
}

static int takes_all(struct side *s)
{
	int ret = takes_queues(s);

	return ret ? ret : takes_tables(s);
}

FIXTURE(parts)
{
	struct side a, b;
};

FIXTURE_SETUP(parts)
{
	fresh();
	ASSERT_EQ(0, bring_up(&self->a));
	ASSERT_EQ(0, bring_up(&self->b));
}

FIXTURE_TEARDOWN(parts)
{
	EXPECT_EQ(0, take_down(&self->a));
	EXPECT_EQ(0, take_down(&self->b));
}

TEST_F_TIMEOUT(parts, contexts_and_queues, 60)
{
	struct t1 *t = &self->a.t;
	struct t1_queue q;
	uint32_t n;
	int ret;

	for (n = 0; !t1_ctx_create(t, n); n++)
		;
	EXPECT_EQ(t->num_contexts, n);
	for (; n; n <<= 1)
		EXPECT_EQ(T1_ST_INVALID_FIELD, t1_ctx_create(t, n));
	for (n = 0; !(ret = t1_queue_create(t, &q, n % t->num_contexts, n, n & 1, 12, 0)); n++)
		;
	EXPECT_EQ(T1_ST_INVALID_FIELD, ret);
	EXPECT_EQ(t->num_slots, n);
	ASSERT_EQ(0, t1_queue_destroy(t, 0));
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_queue_create(t, &q, 1, 0, 0, 2, t->num_vectors));
	EXPECT_EQ(0, takes_all(&self->b));
}

/* A guest can't ask for another part of the accelerator's page tables. */
TEST_F(parts, guest_names_a_part)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_CTX_CREATE, .part = { .num = 64 } };

	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_admin(&self->a.t, &c));
	c = (struct t1_admin_cmd){ .opcode = T1_ADMIN_CTX_CREATE, .part = { .num = 4 } };
	EXPECT_EQ(T1_ST_INVALID_FIELD, t1_admin(&self->a.t, &c));
	EXPECT_EQ(0, self->a.t.caps & T1_CAP_TABLE_PARTS);
}

/*
 * All page tables of the part, most of them in one context: 512 places and a root, and the others
 * in the next. How many places could be mapped.
 */
static int hog_tables(struct t1 *t)
{
	int n = map_far(t, 0, 0, 512);

	return n == 512 ? n + map_far(t, 1, 0, 512) : n;
}

/* How often the vGPU is named in what was logged with these words */
static unsigned int logged(const struct side *s, const char *words)
{
	char *log = log_since_mark(), *line;
	unsigned int n = 0;

	for (line = log ? strtok(log, "\n") : NULL; line; line = strtok(NULL, "\n"))
		n += strstr(line, words) && strstr(line, s->v.uuid);
	return n;
}

enum way { UNMAP, DESTROY, CTRL_RESET, FLR, VFIO_RESET, CLOSE };

FIXTURE(tables)
{
	struct side a, b;
};

FIXTURE_VARIANT(tables)
{
	enum way way;
};

FIXTURE_VARIANT_ADD(tables, unmap) { .way = UNMAP };
FIXTURE_VARIANT_ADD(tables, destroy) { .way = DESTROY };
FIXTURE_VARIANT_ADD(tables, ctrl_reset) { .way = CTRL_RESET };
FIXTURE_VARIANT_ADD(tables, flr) { .way = FLR };
FIXTURE_VARIANT_ADD(tables, vfio_reset) { .way = VFIO_RESET };
FIXTURE_VARIANT_ADD(tables, close) { .way = CLOSE };

FIXTURE_SETUP(tables)
{
	fresh();
	ASSERT_EQ(0, bring_up(&self->a));
	ASSERT_EQ(0, bring_up(&self->b));
}

FIXTURE_TEARDOWN(tables)
{
	EXPECT_EQ(0, take_down(&self->a));
	EXPECT_EQ(0, take_down(&self->b));
}

/* Give all page tables back; the vGPU is enabled then, with its contexts. */
static int give_back(struct side *s, enum way way)
{
	char uuid[MDEV_UUID_LEN];
	int ret = 0;

	switch (way) {
	case UNMAP:
		ret = t1_unmap(&s->t, 0, 0, 1u << (T1_VA_BITS - 21), T1_MAP_HUGE);
		return ret ? ret : t1_unmap(&s->t, 1, 0, 1u << (T1_VA_BITS - 21), T1_MAP_HUGE);
	case DESTROY:
		ret = contexts(&s->t, t1_ctx_destroy);
		return ret ? ret : contexts(&s->t, t1_ctx_create);
	case CTRL_RESET:
		ret = t1_ctrl_reset(&s->t);
		break;
	case FLR:
		ret = vdev_flr(&s->v);
		break;
	case VFIO_RESET:
		ret = vdev_reset(&s->v);
		break;
	case CLOSE:
		strcpy(uuid, s->v.uuid);
		vdev_close(&s->v);
		ret = vdev_open(&s->v, uuid);
		memset(&s->t, 0, sizeof(s->t));
		break;
	}
	if (!ret)
		ret = t1_start(&s->t, &s->v);
	return ret ? ret : contexts(&s->t, t1_ctx_create);
}

/* The vGPU that takes all has those of its part, and can have them again, but no others. */
TEST_F_TIMEOUT(tables, used_up, 60)
{
	const int all = self->a.t.num_contexts * T1_CTX_TABLES;
	struct side *a = &self->a;
	unsigned int lines;
	char buf[256];

	ASSERT_EQ(0, contexts(&a->t, t1_ctx_create));
	ASSERT_EQ(0, log_mark());
	EXPECT_EQ((all - 2) / 3, hog_tables(&a->t));
	EXPECT_EQ(T1_ST_NO_RESOURCE, t1_map(&a->t, 2, VA, a->mem.iova, 1, RW));
	lines = logged(a, "page tables");
	EXPECT_LE(1, lines);
	EXPECT_GE(100, lines);
	ASSERT_EQ(0, sysfs_read(buf, sizeof(buf), "/sys/bus/mdev/devices/%s/vgpu/last_fault",
				a->v.uuid));
	EXPECT_EQ(0, strncmp(buf, "kind=limit ctx=", 15));
	EXPECT_EQ(0, takes_all(&self->b));

	/* what was refused is not pinned; where there is a table, a page needs none */
	EXPECT_EQ(0, mdev_stat(a->v.uuid, "pinned_pages"));
	EXPECT_EQ(0, t1_map(&a->t, 0, TOP + 4096, 0, 1, RWV));
	EXPECT_EQ(0, t1_map(&a->t, 0, TOP + 8192, a->mem.iova, 1, RW));

	ASSERT_EQ(0, give_back(a, variant->way));
	EXPECT_EQ((all - 2) / 3, hog_tables(&a->t));
	EXPECT_EQ(0, takes_tables(&self->b));
}

TEST_F_TIMEOUT(parts, vram, 60)
{
	uint64_t vram = self->a.t.vram_bytes;
	volatile uint32_t *bar;
	struct t1_queue q;
	unsigned int i;

	ASSERT_EQ(0, t1_queue_simple(&self->a.t, &q, 0, T1_ENGINE_COPY));
	EXPECT_EQ(T1_ST_BAD_ADDRESS, t1_map(&self->a.t, 0, VA, vram, 1, RWV));
	EXPECT_EQ(T1_ST_BAD_ADDRESS, t1_map(&self->a.t, 0, VA, vram - 4096, 2, RWV));
	EXPECT_EQ(T1_ST_BAD_ADDRESS, t1_map(&self->a.t, 0, VA, vram, 1, RWV | T1_MAP_HUGE));
	ASSERT_EQ(0, t1_map(&self->a.t, 0, VA, 0, vram >> 21, RWV | T1_MAP_HUGE));
	ASSERT_EQ(0, t1_run(&q, &FILL(VA, vram, 0xa77ac)));
	EXPECT_EQ(0, takes_all(&self->b));
	bar = vdev_direct(&self->a.v, BAR2, 0, vram);
	for (i = 0; i < vram / 4; i += 1024)
		ASSERT_EQ(0xa77ac, bar[i]);
}

TEST_F_TIMEOUT(parts, guest_memory, 60)
{
	uint64_t list[T1_MAP_MAX_PAGES];
	struct side *s[2] = { &self->a, &self->b };
	unsigned int i, k;

	/* 2 MiB of the same page, again and again: as much as the limit allows each */
	ASSERT_EQ(0, sysfs_write("2", "/sys/module/tessera/parameters/pin_limit_mb"));
	for (k = 0; k < 2; k++) {
		ASSERT_EQ(0, t1_ctx_create(&s[k]->t, 0));
		for (i = 0; i < T1_MAP_MAX_PAGES; i++)
			list[i] = s[k]->mem.iova;
		ASSERT_EQ(0, t1_map_list(&s[k]->t, 0, VA, list, 512, RW));
		EXPECT_EQ(T1_ST_NO_RESOURCE, t1_map(&s[k]->t, 0, VA + TOP, s[k]->mem.iova, 1, RW));
		EXPECT_EQ(512, mdev_stat(s[k]->v.uuid, "pinned_pages"));
	}
	ASSERT_EQ(0, t1_ctx_destroy(&self->b.t, 0));
	EXPECT_EQ(0, takes_all(&self->b));
}

/* Lines in the log: what one of them causes without end keeps none about the other out. */
TEST_F_TIMEOUT(parts, log_lines, 60)
{
	struct side *s[2] = { &self->a, &self->b };
	uint64_t list[T1_MAP_MAX_PAGES];
	unsigned int i, k, lines[2];

	ASSERT_EQ(0, sysfs_write("1", "/sys/module/tessera/parameters/pin_limit_mb"));
	ASSERT_EQ(0, log_mark());
	for (k = 0; k < 2; k++) {
		ASSERT_EQ(0, t1_ctx_create(&s[k]->t, 0));
		for (i = 0; i < T1_MAP_MAX_PAGES; i++)
			list[i] = s[k]->mem.iova;
		for (i = 0; i < (k ? 1 : 100); i++)
			ASSERT_EQ(T1_ST_NO_RESOURCE, t1_map_list(&s[k]->t, 0, VA, list, 512, RW));
	}
	for (k = 0; k < 2; k++)
		lines[k] = logged(s[k], "pin_limit_mb");
	EXPECT_LE(1, lines[0]);
	EXPECT_GE(50, lines[0]);
	EXPECT_EQ(1, lines[1]);
}

/* It does not read its events, of which there are more than are kept for it. */
TEST_F_TIMEOUT(parts, events, 120)
{
	struct t1 *t = &self->a.t;
	struct t1_queue q[MAX_SLOTS];
	unsigned int i, k, told;
	struct t1_event ev;
	struct t1_fault f;

	ASSERT_EQ(0, t1_ctrl_reset(t));
	t->evq_entries = 2;
	ASSERT_EQ(0, t1_start(t, &self->a.v));
	for (k = 0; k < MAX_SLOTS; k++)
		ASSERT_EQ(0, t1_queue_simple(t, &q[k], k, k & 1));
	for (i = 0; i < 80; i++) {
		for (k = 0; k < MAX_SLOTS; k++) {
			t1_push(&q[k], &FILL((i + 1) << 12, 4, 0));
			t1_kick(&q[k]);
		}
		for (k = 0; k < MAX_SLOTS; k++) {
			do {
				ASSERT_EQ(0, t1_fault_query(t, k, T1_FAULT_QUERY_CLEAR, &f));
			} while (!f.fault);
			ASSERT_EQ(0, t1_queue_reset(&q[k]));
		}
	}
	EXPECT_EQ(0, takes_all(&self->b));
	for (told = 0; !t1_event(t, &ev, told < MAX_SLOTS ? T1_TIMEOUT_MS : 200); told++)
		;
	EXPECT_LE(192, told);
	EXPECT_GE(257, told);
	EXPECT_EQ(80 << 12, ev.addr);
}

/* It does not read its completions. */
TEST_F_TIMEOUT(parts, completions, 60)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_CTX_CREATE };
	struct t1 *t = &self->a.t;
	struct t1_admin_cpl cpl;
	unsigned int i;

	ASSERT_EQ(0, t1_ctrl_reset(t));
	t->acq_entries = 2;
	ASSERT_EQ(0, t1_start(t, &self->a.v));
	for (i = 0; i < BURST; i++) {
		c.cid = i;
		t1_admin_push(t, &c);
	}
	t1_admin_ring(t);
	EXPECT_EQ(0, takes_all(&self->b));
	for (i = 0; i < BURST; i++) {
		ASSERT_EQ(0, t1_admin_pop(t, &cpl, T1_TIMEOUT_MS));
		EXPECT_EQ(i, cpl.cid);
		EXPECT_EQ(i ? T1_ST_EXISTS : T1_ST_OK, cpl.status);
	}
}

/* All its queues wait for what never comes, behind rings that are full of it. */
TEST_F_TIMEOUT(parts, waiting_queues, 60)
{
	struct t1_queue q[MAX_SLOTS];
	unsigned int i, k;

	for (k = 0; k < MAX_SLOTS; k++) {
		ASSERT_EQ(0, t1_queue_simple(&self->a.t, &q[k], k, k & 1));
		for (i = 0; i < 1u << q[k].log2; i++)
			t1_push(&q[k], &SEM_WAIT(q[k].scratch_va, 1, T1_SEM_EQ));
		t1_kick(&q[k]);
	}
	EXPECT_EQ(0, takes_all(&self->b));
	for (k = 0; k < MAX_SLOTS; k++)
		EXPECT_EQ(0, q[k].cb->head);
}

/* ---------------------------------------------------------- a full house -- */

#define HOUSE	16

static struct side house[HOUSE];

FIXTURE(house)
{
	int unused;
};

FIXTURE_SETUP(house)
{
	fresh();
}

FIXTURE_TEARDOWN(house)
{
	unsigned int i;

	for (i = 0; i < HOUSE; i++)
		EXPECT_EQ(0, take_down(&house[i]));
}

/* The whole accelerator is promised, and every promise is kept at the same time. */
TEST_F_TIMEOUT(house, everyone_takes_all, 240)
{
	struct t1_queue q;
	unsigned int i, k;

	for (i = 0; i < HOUSE; i++)
		ASSERT_EQ(0, bring_up(&house[i]));
	EXPECT_EQ(0, mdev_available("V16"));
	for (i = 0; i < HOUSE; i++) {
		ASSERT_EQ(0, contexts(&house[i].t, t1_ctx_create));
		for (k = 0; k < MAX_SLOTS; k++)
			ASSERT_EQ(0, t1_queue_create(&house[i].t, &q, k, k, k & 1, 12, k + 1));
		ASSERT_EQ(0, t1_unmap(&house[i].t, 0, 0, 1u << (T1_VA_BITS - 21), T1_MAP_HUGE));
		/* three contexts have a root and three tables for their queue, which are missing */
		EXPECT_EQ(4 * FULL - 3, hog_tables(&house[i].t)) {
			TH_LOG("vGPU %u", i);
		}
	}
	for (i = 0; i < HOUSE; i++)
		ASSERT_EQ(0, contexts(&house[i].t, t1_ctx_destroy));
	for (i = 0; i < HOUSE; i++)
		EXPECT_EQ(0, takes_queues(&house[i])) {
			TH_LOG("vGPU %u", i);
		}
}

TEST_HARNESS_MAIN
