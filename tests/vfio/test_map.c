// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_map.c - mappings as the engines see them, pinned pages, and dma_unmap at any time
 */
#include "fixture.h"

FIXTURE(map)
{
	struct vdev v;
	struct t1 t;
	struct t1_queue q;
	struct vdev_mem mem;
};

FIXTURE_SETUP(map)
{
	fresh();
	ASSERT_EQ(0, vdev_create(&self->v, "V4"));
	ASSERT_EQ(0, vdev_mem_alloc(&self->v, 4 << 20, 2 << 20, &self->mem));
	ASSERT_EQ(0, t1_start(&self->t, &self->v));
	ASSERT_EQ(0, t1_queue_simple(&self->t, &self->q, 0, T1_ENGINE_COPY));
}

FIXTURE_TEARDOWN(map)
{
	EXPECT_EQ(0, vdev_destroy(&self->v));
}

static unsigned int pages_with(const struct vdev_mem *m, uint32_t value)
{
	unsigned int i, n = 0;

	for (i = 0; i < m->bytes / 4096; i++)
		n += ((uint32_t *)m->cpu)[i * 1024] == value;
	return n;
}

TEST_F(map, system_contig)
{
	ASSERT_EQ(0, t1_map(&self->t, 0, VA, self->mem.iova, 512, RW));
	ASSERT_EQ(0, t1_run(&self->q, &FILL(VA, 2 << 20, 0xabcd1234)));
	EXPECT_EQ(512, pages_with(&self->mem, 0xabcd1234));
}

/* A list maps pages in any order; the engine sees that order. */
TEST_F(map, system_list)
{
	uint64_t list[64];
	unsigned int i;

	for (i = 0; i < 64; i++)
		list[i] = self->mem.iova + (63 - i) * 8192;
	ASSERT_EQ(0, t1_map_list(&self->t, 0, VA, list, 64, RW));
	for (i = 0; i < 64; i++)
		t1_push(&self->q, &FILL(VA + i * 4096, 4096, i + 1));
	ASSERT_EQ(0, t1_run(&self->q, &NOP()));
	for (i = 0; i < 64; i++) {
		EXPECT_EQ(64 - i, ((uint32_t *)self->mem.cpu)[i * 2048]);
		EXPECT_EQ(0, ((uint32_t *)self->mem.cpu)[i * 2048 + 1024]);
	}
}

TEST_F(map, system_huge)
{
	ASSERT_EQ(0, t1_map(&self->t, 0, VA, self->mem.iova, 2, RW | T1_MAP_HUGE));
	ASSERT_EQ(0, t1_run(&self->q, &FILL(VA, 4 << 20, 0x77777777)));
	EXPECT_EQ(1024, pages_with(&self->mem, 0x77777777));
	EXPECT_EQ(0, t1_unmap(&self->t, 0, VA, 2, T1_MAP_HUGE));
}

TEST_F(map, system_huge_list)
{
	uint64_t list[2] = { self->mem.iova + (2 << 20), self->mem.iova };

	ASSERT_EQ(0, t1_map_list(&self->t, 0, VA, list, 2, RW | T1_MAP_HUGE));
	ASSERT_EQ(0, t1_run(&self->q, &FILL(VA, 2 << 20, 0x55aa55aa)));
	EXPECT_EQ(512, pages_with(&self->mem, 0x55aa55aa));
	EXPECT_EQ(0, ((uint32_t *)self->mem.cpu)[0]);
	EXPECT_EQ(0x55aa55aa, ((uint32_t *)self->mem.cpu)[524288]);
}

/* VRAM, by small and by huge pages, is what the BAR shows. */
TEST_F(map, vram)
{
	uint64_t vram = self->t.vram_bytes, list[2] = { vram - 4096, 8192 };
	volatile uint32_t *bar = vdev_direct(&self->v, BAR2, 0, vram);

	ASSERT_NE(NULL, bar);
	ASSERT_EQ(0, t1_map(&self->t, 0, VA, 0, 2, RWV | T1_MAP_HUGE));
	ASSERT_EQ(0, t1_map_list(&self->t, 0, VA + (8 << 20), list, 2, RWV));
	ASSERT_EQ(0, t1_run(&self->q, &FILL(VA, 4 << 20, 0x13131313)));
	EXPECT_EQ(0x13131313, bar[0]);
	EXPECT_EQ(0x13131313, bar[(4 << 20) / 4 - 1]);
	EXPECT_EQ(0, bar[(4 << 20) / 4]);
	ASSERT_EQ(0, t1_run(&self->q, &FILL(VA + (8 << 20), 8192, 0x24242424)));
	EXPECT_EQ(0x24242424, bar[vram / 4 - 1]);
	EXPECT_EQ(0x24242424, bar[8192 / 4]);
	EXPECT_EQ(0x13131313, bar[8192 / 4 - 1]);
	EXPECT_EQ(0x13131313, bar[12288 / 4]);
	EXPECT_EQ(0, bar[vram / 4 - 1025]);
}

/* Between the two kinds of memory, through odd addresses and page borders. */
TEST_F(map, copy_both_ways)
{
	uint8_t *mem = self->mem.cpu;
	unsigned int i;

	ASSERT_EQ(0, t1_map(&self->t, 0, VA, self->mem.iova, 512, RW));
	ASSERT_EQ(0, t1_map(&self->t, 0, VA + (64 << 20), 4096, 512, RWV));
	for (i = 0; i < 300000; i++)
		mem[i] = i * 31 >> 3;
	t1_push(&self->q, &COPY(VA + (64 << 20) + 77, VA + 5, 250001));
	ASSERT_EQ(0, t1_run(&self->q, &COPY(VA + (1 << 20) + 3, VA + (64 << 20) + 77, 250001)));
	EXPECT_EQ(0, memcmp(mem + 5, mem + (1 << 20) + 3, 250001));
	EXPECT_EQ(0, mem[(1 << 20) + 2]);
	EXPECT_EQ(0, mem[(1 << 20) + 3 + 250001]);
}

/* The same page twice, in one context and in two. */
TEST_F(map, aliases)
{
	struct t1_queue q1;
	uint32_t *mem = self->mem.cpu;

	ASSERT_EQ(0, t1_queue_simple(&self->t, &q1, 1, T1_ENGINE_COPY));
	ASSERT_EQ(0, t1_map(&self->t, 0, VA, self->mem.iova, 1, RW));
	ASSERT_EQ(0, t1_map(&self->t, 0, VA + 0x10000, self->mem.iova, 1, RW));
	ASSERT_EQ(0, t1_map(&self->t, 1, VA, self->mem.iova, 1, RW));
	ASSERT_EQ(0, t1_run(&self->q, &FILL(VA + 0x10000, 4, 1)));
	EXPECT_EQ(1, mem[0]);
	ASSERT_EQ(0, t1_run(&q1, &FILL(VA, 4, 2)));
	EXPECT_EQ(2, mem[0]);
	/* one mapping less leaves the others */
	ASSERT_EQ(0, t1_unmap(&self->t, 0, VA, 1, 0));
	ASSERT_EQ(0, t1_run(&self->q, &FILL(VA + 0x10000, 4, 3)));
	EXPECT_EQ(3, mem[0]);
	ASSERT_EQ(0, t1_ctx_destroy(&self->t, 0));
	ASSERT_EQ(0, t1_run(&q1, &FILL(VA, 4, 4)));
	EXPECT_EQ(4, mem[0]);
}

static int expect_fault(struct t1 *t, uint32_t fault, uint64_t addr_page)
{
	struct t1_event ev;

	if (t1_event(t, &ev, T1_TIMEOUT_MS))
		return -1;
	if (ev.type != T1_EV_FAULT || ev.fault != fault)
		return 1000 + ev.fault;
	return (ev.addr & ~0xfffull) == addr_page ? 0 : 1;
}

TEST_F(map, unmapped_faults)
{
	ASSERT_EQ(0, t1_map(&self->t, 0, VA, self->mem.iova, 2, RW));
	ASSERT_EQ(0, t1_run(&self->q, &FILL(VA, 8192, 1)));
	ASSERT_EQ(0, t1_unmap(&self->t, 0, VA + 4096, 1, 0));
	t1_push(&self->q, &FILL(VA, 8192, 2));
	t1_kick(&self->q);
	EXPECT_EQ(0, expect_fault(&self->t, T1_FAULT_UNMAPPED, VA + 4096));
	EXPECT_EQ(1, ((uint32_t *)self->mem.cpu)[1024]);
}

/* Pages are pinned while mapped, once each however often they are mapped; and not after. */
TEST_F(map, pinned_pages)
{
	long long base = mdev_stat(self->v.uuid, "pinned_pages");

	ASSERT_LE(1, base);		/* the queue's own */
	ASSERT_EQ(0, t1_map(&self->t, 0, VA, self->mem.iova, 100, RW));
	EXPECT_EQ(base + 100, mdev_stat(self->v.uuid, "pinned_pages"));
	ASSERT_EQ(0, t1_map(&self->t, 0, VA + (64 << 20), 0, 100, RWV));
	EXPECT_EQ(base + 100, mdev_stat(self->v.uuid, "pinned_pages"));
	ASSERT_EQ(0, t1_unmap(&self->t, 0, VA, 40, 0));
	EXPECT_EQ(base + 60, mdev_stat(self->v.uuid, "pinned_pages"));
	ASSERT_EQ(0, t1_ctx_destroy(&self->t, 0));
	EXPECT_EQ(0, mdev_stat(self->v.uuid, "pinned_pages"));
}

TEST_F(map, reset_unpins)
{
	ASSERT_EQ(0, t1_map(&self->t, 0, VA, self->mem.iova, 100, RW));
	ASSERT_EQ(0, vdev_reset(&self->v));
	EXPECT_EQ(0, mdev_stat(self->v.uuid, "pinned_pages"));
	ASSERT_EQ(0, t1_start(&self->t, &self->v));
	ASSERT_EQ(0, t1_queue_simple(&self->t, &self->q, 0, T1_ENGINE_COPY));
	ASSERT_EQ(0, t1_map(&self->t, 0, VA, self->mem.iova, 100, RW));
	t1_disable(&self->t);
	EXPECT_EQ(0, mdev_stat(self->v.uuid, "pinned_pages"));
}

/* Memory that the client takes away is gone from the device when the ioctl returns. */
TEST_F(map, dma_unmap_idle)
{
	uint64_t unmapped = 0;
	long long base = mdev_stat(self->v.uuid, "pinned_pages");

	ASSERT_EQ(0, t1_map(&self->t, 0, VA, self->mem.iova, 512, RW));
	ASSERT_EQ(0, t1_run(&self->q, &FILL(VA, 2 << 20, 1)));
	ASSERT_EQ(0, vdev_dma_unmap(&self->v, self->mem.iova, self->mem.bytes, &unmapped));
	EXPECT_EQ(self->mem.bytes, unmapped);
	EXPECT_EQ(base, mdev_stat(self->v.uuid, "pinned_pages"));
	t1_push(&self->q, &FILL(VA, 4096, 2));
	t1_kick(&self->q);
	EXPECT_EQ(0, expect_fault(&self->t, T1_FAULT_UNMAPPED, VA));
	EXPECT_EQ(512, pages_with(&self->mem, 1));
	/* and cannot be mapped again */
	EXPECT_EQ(T1_ST_BAD_ADDRESS,
		  t1_map(&self->t, 0, VA + (1 << 30), self->mem.iova, 1, RW));
}

/* The same while the engine writes there: a fault, and not one more byte after the ioctl. */
TEST_F_TIMEOUT(map, dma_unmap_running, 60)
{
	uint32_t *mem = self->mem.cpu;
	unsigned int round, i, bad = 0;

	ASSERT_EQ(0, t1_map(&self->t, 0, VA, self->mem.iova, 512, RW));
	for (round = 0; round < 5; round++) {
		/* at the end a wait that nobody ends, so that there is work at any time */
		for (i = 0; i < 200; i++)
			t1_push(&self->q, &FILL(VA, 2 << 20, 0x1000 * (round + 1) + i));
		t1_push(&self->q, &SEM_WAIT(VA, 0x7777, T1_SEM_EQ));
		t1_push(&self->q, &FILL(VA, 2 << 20, 1));
		t1_kick(&self->q);
		sleep_us(3000 * round);
		ASSERT_EQ(0, vdev_dma_unmap(&self->v, self->mem.iova, self->mem.bytes, NULL));
		memset(mem, 0, self->mem.bytes);
		ASSERT_EQ(0, expect_fault(&self->t, T1_FAULT_UNMAPPED, VA));
		sleep_us(2000);
		for (i = 0; i < self->mem.bytes / 4; i++)
			bad += mem[i] != 0;
		ASSERT_EQ(0, bad);

		ASSERT_EQ(0, vdev_dma_map(&self->v, mem, self->mem.iova, self->mem.bytes));
		ASSERT_EQ(0, t1_ctx_destroy(&self->t, 0));
		ASSERT_EQ(0, t1_queue_simple(&self->t, &self->q, 0, T1_ENGINE_COPY));
		ASSERT_EQ(0, t1_map(&self->t, 0, VA, self->mem.iova, 512, RW));
		ASSERT_EQ(0, t1_run(&self->q, &FILL(VA, 2 << 20, 9)));
		ASSERT_EQ(512, pages_with(&self->mem, 9));
	}
}

/* A client that dies, or forgets to unmap, leaves nothing pinned. */
TEST_F(map, close_with_mappings)
{
	char uuid[MDEV_UUID_LEN];

	ASSERT_EQ(0, t1_map(&self->t, 0, VA, self->mem.iova, 512, RW));
	t1_push(&self->q, &FILL(VA, 2 << 20, 1));
	t1_kick(&self->q);
	strcpy(uuid, self->v.uuid);
	vdev_close(&self->v);
	EXPECT_EQ(0, mdev_stat(uuid, "pinned_pages"));
	ASSERT_EQ(0, vdev_open(&self->v, uuid));
	memset(&self->t, 0, sizeof(self->t));
	ASSERT_EQ(0, t1_start(&self->t, &self->v));
	EXPECT_EQ(T1_ST_NOT_FOUND, t1_ctx_destroy(&self->t, 0));
}

/* The limit is for guest memory, not for VRAM, and unmapped memory no longer counts. */
TEST_F(map, pin_limit)
{
	static const char param[] = "/sys/module/tessera/parameters/pin_limit_mb";
	long long base = mdev_stat(self->v.uuid, "pinned_pages");
	char saved[32];

	ASSERT_EQ(0, sysfs_read(saved, sizeof(saved), "%s", param));
	ASSERT_EQ(0, sysfs_write("3", "%s", param));
	EXPECT_EQ(T1_ST_OK, t1_map(&self->t, 0, VA, self->mem.iova, 512, RW));
	EXPECT_EQ(T1_ST_NO_RESOURCE,
		  t1_map(&self->t, 0, VA + (64 << 20), self->mem.iova + (2 << 20), 512, RW));
	EXPECT_EQ(base + 512, mdev_stat(self->v.uuid, "pinned_pages"));
	EXPECT_EQ(T1_ST_OK,
		  t1_map(&self->t, 0, VA + (64 << 20), self->mem.iova + (2 << 20), 768 - 512 - base,
			 RW));
	EXPECT_EQ(T1_ST_NO_RESOURCE,
		  t1_map(&self->t, 0, VA + (128 << 20), self->mem.iova + (3 << 20), 1, RW));
	EXPECT_EQ(T1_ST_OK, t1_map(&self->t, 0, VA + (128 << 20), 0, 512, RWV));
	EXPECT_EQ(T1_ST_OK, t1_unmap(&self->t, 0, VA, 1, 0));
	EXPECT_EQ(T1_ST_OK,
		  t1_map(&self->t, 0, VA + (256 << 20), self->mem.iova + (3 << 20), 1, RW));
	ASSERT_EQ(0, t1_run(&self->q, &FILL(VA + 4096, 4096, 1)));
	EXPECT_EQ(0, sysfs_write(saved, "%s", param));
}

/* Many small mappings at scattered addresses, then one UNMAP over all. */
TEST_F(map, scattered)
{
	long long base = mdev_stat(self->v.uuid, "pinned_pages");
	unsigned int i;

	for (i = 0; i < 200; i++)
		ASSERT_EQ(0, t1_map(&self->t, 0, VA + i * 0x200000ull, self->mem.iova + i * 4096, 1,
				    RW));
	for (i = 0; i < 200; i++)
		t1_push(&self->q, &FILL(VA + i * 0x200000ull + 4092, 4, i + 1));
	ASSERT_EQ(0, t1_run(&self->q, &NOP()));
	for (i = 0; i < 200; i++)
		ASSERT_EQ(i + 1, ((uint32_t *)self->mem.cpu)[i * 1024 + 1023]);
	ASSERT_EQ(0, t1_unmap(&self->t, 0, VA, 200 * 512, 0));
	EXPECT_EQ(base, mdev_stat(self->v.uuid, "pinned_pages"));
}

/* Read-only and write-only mappings are kept apart. */
TEST_F(map, permissions)
{
	struct t1_fault f;

	((uint32_t *)self->mem.cpu)[0] = 42;
	ASSERT_EQ(0, t1_map(&self->t, 0, VA, self->mem.iova, 1, T1_MAP_READ));
	ASSERT_EQ(0, t1_map(&self->t, 0, VA + 4096, self->mem.iova + 4096, 1, T1_MAP_WRITE));
	ASSERT_EQ(0, t1_run(&self->q, &COPY(VA + 4096, VA, 4)));
	EXPECT_EQ(42, ((uint32_t *)self->mem.cpu)[1024]);
	t1_push(&self->q, &COPY(VA, VA, 4));
	t1_kick(&self->q);
	EXPECT_EQ(0, expect_fault(&self->t, T1_FAULT_PERMISSION, VA));
	ASSERT_EQ(0, t1_queue_reset(&self->q));
	ASSERT_EQ(0, t1_fault_query(&self->t, 0, T1_FAULT_QUERY_CLEAR, &f));
	t1_push(&self->q, &COPY(VA + 4096, VA + 4096, 4));
	t1_kick(&self->q);
	EXPECT_EQ(0, expect_fault(&self->t, T1_FAULT_PERMISSION, VA + 4096));
}

TEST_HARNESS_MAIN
