// SPDX-License-Identifier: GPL-2.0-only
/*
 * owner.c - a process that has a vGPU open and does everything with it that takes a while
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../vfio/t1cmd.h"
#include "owner.h"

#define MEM_BYTES	(2u << 20)
#define PIECE		65536u
#define VA		0x100000000ull
#define VA_UNDER_WAY	0x200000000ull
#define RW		(T1_MAP_READ | T1_MAP_WRITE)

const char *const call_names[] = {
	[CALL_NONE] = "none", [CALL_OPEN] = "open", [CALL_PROBE] = "probe", [CALL_MAP] = "map",
	[CALL_WORK] = "work", [CALL_DMA_UNMAP] = "dma unmap", [CALL_DMA_MAP] = "dma map",
	[CALL_RESET] = "reset", [CALL_FLR] = "flr", [CALL_CLOSE] = "close",
};

struct notes *notes_alloc(void)
{
	void *p = mmap(NULL, sizeof(struct notes), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void __attribute__((noreturn, format(printf, 2, 3)))
fail(struct owner *o, const char *fmt, ...)
{
	char what[160];
	va_list ap;

	while (__atomic_load_n(&o->notes->doomed, __ATOMIC_ACQUIRE))
		pause();
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	printf("# owner of %s: %s\n", o->uuid, what);
	fflush(stdout);
	_exit(1);
}

static uint64_t begin(struct owner *o, enum call call)
{
	o->notes->begun++;
	__atomic_store_n(&o->notes->call, call, __ATOMIC_RELEASE);
	return now_ns();
}

/* @ret: of the call, as all of tests/vfio return it */
static void end(struct owner *o, uint64_t since, int ret)
{
	enum call call = o->notes->call;
	uint64_t took = now_ns() - since, *usual = &o->notes->usual_ns[call];

	if (ret)
		fail(o, "%s: %d", call_names[call], ret);
	*usual = *usual ? (3 * *usual + took) / 4 : took;
	__atomic_store_n(&o->notes->call, CALL_NONE, __ATOMIC_RELEASE);
}

static unsigned int below(struct owner *o, unsigned int n)
{
	return rand_r(&o->seed) % n;
}

/* An earlier owner has left nothing there, and this one leaves something. */
static void look_at_vram(struct owner *o)
{
	uint64_t bytes = o->v.regions[VFIO_PCI_BAR2_REGION_INDEX].size, at;
	volatile uint64_t *vram = vdev_direct(&o->v, VFIO_PCI_BAR2_REGION_INDEX, 0, bytes);
	unsigned int i;

	if (!vram || vdev_decode(&o->v, 1))
		fail(o, "no VRAM");
	for (at = 0; at < bytes / 8; at += 509) {
		if (vram[at])
			fail(o, "VRAM is not cleared at %#llx", (unsigned long long)at * 8);
	}
	for (i = 0; i < 64; i++)
		vram[below(o, bytes / 8 / 509) * 509] = ~0ull;
}

void owner_open(struct owner *o)
{
	uint64_t since = begin(o, CALL_OPEN);

	memset(&o->t, 0, sizeof(o->t));
	end(o, since, vdev_open(&o->v, o->uuid));
	if (vdev_mem_alloc(&o->v, MEM_BYTES, 4096, &o->mem))
		fail(o, "no memory");
	look_at_vram(o);
}

void owner_probe(struct owner *o)
{
	uint64_t since = begin(o, CALL_PROBE);
	unsigned int e;
	int ret;

	ret = vdev_decode(&o->v, 1);
	if (!ret)
		ret = t1_start(&o->t, &o->v);
	for (e = 0; e < T1_NUM_ENGINES && !ret; e++)
		ret = t1_queue_simple(&o->t, &o->q[e], e, e);
	end(o, since, ret);
}

static void map(struct owner *o)
{
	uint64_t since = begin(o, CALL_MAP);
	unsigned int e;
	int ret = 0;

	for (e = 0; e < T1_NUM_ENGINES && !ret; e++)
		ret = t1_map_mem(&o->t, e, VA, &o->mem);
	end(o, since, ret);
}

static void work(struct owner *o)
{
	uint32_t pattern[T1_NUM_ENGINES], *p = o->mem.cpu;
	uint64_t since = begin(o, CALL_WORK), seq[T1_NUM_ENGINES];
	unsigned int e, i, n = MEM_BYTES / PIECE / T1_NUM_ENGINES;
	int ret = 0;

	/* A part of the memory for each engine, which both are busy with */
	for (e = 0; e < T1_NUM_ENGINES; e++) {
		pattern[e] = rand_r(&o->seed);
		for (i = 0; i < n; i++)
			t1_push(&o->q[e],
				&FILL(VA + (e * n + i) * PIECE, PIECE, pattern[e] + i));
		seq[e] = t1_fence(&o->q[e], 0);
		t1_kick(&o->q[e]);
	}
	for (e = 0; e < T1_NUM_ENGINES && !ret; e++)
		ret = t1_wait(&o->q[e], seq[e]);
	end(o, since, ret);
	for (i = 0; i < T1_NUM_ENGINES * n; i++) {
		uint32_t want = pattern[i / n] + i % n;

		if (p[i * PIECE / 4] != want || p[(i + 1) * PIECE / 4 - 1] != want)
			fail(o, "wrong data in piece %u", i);
	}
}

static void unmap_mem(struct owner *o)
{
	unsigned int e;

	for (e = 0; e < T1_NUM_ENGINES; e++) {
		int ret = t1_unmap(&o->t, e, VA, MEM_BYTES / 4096, 0);

		if (ret)
			fail(o, "the admin command UNMAP: %d", ret);
	}
}

/* All of the memory goes, from wherever it is mapped for the accelerator, and comes back. */
static void take_away(struct owner *o)
{
	uint64_t since = begin(o, CALL_DMA_UNMAP), bytes = 0;

	end(o, since, vdev_dma_unmap(&o->v, o->mem.iova, MEM_BYTES, &bytes));
	if (bytes != MEM_BYTES)
		fail(o, "%#llx bytes are unmapped", (unsigned long long)bytes);
	since = begin(o, CALL_DMA_MAP);
	end(o, since, vdev_dma_map(&o->v, o->mem.cpu, o->mem.iova, MEM_BYTES));
}

/* What is under way when a reset or the end comes: nobody waits for it. */
static void put_under_way(struct owner *o)
{
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_MAP,
		.flags = RW | T1_MAP_CONTIG,
		.map = { .npages = MEM_BYTES / 4096, .list = o->mem.iova },
	};
	unsigned int e, i;

	map(o);
	for (e = 0; e < T1_NUM_ENGINES; e++) {
		for (i = 0; i < 32; i++)
			t1_push(&o->q[e], &FILL(VA, MEM_BYTES, i));
		if (o->t.caps & T1_CAP_HANG && !below(o, 4))
			t1_push(&o->q[e], &HANG(0, below(o, 2) ? T1_HANG_NO_PREEMPT : 0));
		t1_kick(&o->q[e]);
	}
	for (i = 0; i < 8; i++) {
		c.map.va = VA_UNDER_WAY + i * MEM_BYTES;
		t1_admin_push(&o->t, &c);
	}
	t1_admin_ring(&o->t);
	sleep_us(below(o, 3000));
}

void owner_work(struct owner *o)
{
	map(o);
	work(o);
	/* What has been taken away is not mapped again for a while, so seldom */
	if (below(o, 6))
		unmap_mem(o);
	else
		take_away(o);
}

static void is_zero(struct owner *o, const char *name)
{
	long long value = mdev_stat(o->uuid, name);

	if (value)
		fail(o, "after a reset, %s: %lld", name, value);
}

void owner_reset(struct owner *o, enum call how)
{
	uint64_t since;

	put_under_way(o);
	since = begin(o, how);
	end(o, since, how == CALL_FLR ? vdev_flr(&o->v) : vdev_reset(&o->v));
	o->notes->resets++;
	is_zero(o, "pinned_pages");
	is_zero(o, "contexts");
	is_zero(o, "queues");
	if (vdev_decode(&o->v, 1) || vdev_reg(&o->v, T1_REG_STATUS))
		fail(o, "after a reset, status: %#x", vdev_reg(&o->v, T1_REG_STATUS));
	owner_probe(o);
}

void owner_close(struct owner *o)
{
	uint64_t since;

	put_under_way(o);
	since = begin(o, CALL_CLOSE);
	vdev_close(&o->v);
	end(o, since, 0);
}

void owner_live(struct owner *o, enum call often)
{
	unsigned int rounds = often == CALL_OPEN || often == CALL_CLOSE ? 1 : 1 + below(o, 4);

	owner_open(o);
	owner_probe(o);
	while (rounds--) {
		owner_work(o);
		if (often == CALL_RESET || often == CALL_FLR)
			owner_reset(o, often);
		else if (often == CALL_PROBE || !below(o, 3))
			owner_reset(o, below(o, 2) ? CALL_RESET : CALL_FLR);
	}
	owner_close(o);
}
