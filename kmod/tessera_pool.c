// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_pool.c - which part of an accelerator belongs to which vGPU
 */
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include "tessera_pool.h"

const char *const tessera_resource_names[TESSERA_NUM_RES] = {
	[TESSERA_RES_VRAM] = "bytes of VRAM",
	[TESSERA_RES_SLOTS] = "queue slots",
	[TESSERA_RES_CONTEXTS] = "contexts",
};

/* The bits of @units units from unit @first on. */
static u16 unit_mask(unsigned int first, unsigned int units)
{
	return ((1u << units) - 1) << first;
}

/* How many aligned pieces of @units units are free; *@first is the lowest, if any. */
static unsigned int free_pieces(u16 taken, unsigned int units, unsigned int *first)
{
	unsigned int pos, n = 0;

	for (pos = 0; pos < TESSERA_POOL_UNITS; pos += units) {
		if (taken & unit_mask(pos, units))
			continue;
		if (!n++ && first)
			*first = pos;
	}
	return n;
}

/**
 * tessera_pool_init() - start with everything free
 * @pool: to set up
 * @vram_bytes: device memory, at least 16 pages
 * @num_slots: queue slots, at least 16
 * @num_contexts: contexts, at least 16
 *
 * What a division by sixteen leaves over is not given to anyone.
 */
void tessera_pool_init(struct tessera_pool *pool, u64 vram_bytes, u32 num_slots,
		       u32 num_contexts)
{
	memset(pool, 0, sizeof(*pool));
	pool->total[TESSERA_RES_VRAM] = vram_bytes;
	pool->total[TESSERA_RES_SLOTS] = num_slots;
	pool->total[TESSERA_RES_CONTEXTS] = num_contexts;
}

/**
 * tessera_pool_available() - how many more vGPUs of a type there is room for
 * @pool: the pool
 * @fraction_inv: 1, 2, 4, 8 or 16: the type has 1/this of the accelerator
 *
 * Return: the minimum over the resources.
 */
unsigned int tessera_pool_available(const struct tessera_pool *pool, unsigned int fraction_inv)
{
	unsigned int units = TESSERA_POOL_UNITS / fraction_inv;
	unsigned int n = fraction_inv;
	int res;

	for (res = 0; res < TESSERA_NUM_RES; res++)
		n = min(n, free_pieces(pool->taken[res], units, NULL));
	return n;
}

static void explain(const struct tessera_pool *pool, enum tessera_resource res,
		    unsigned int units, struct tessera_shortage *shortage)
{
	u64 unit = pool->total[res] / TESSERA_POOL_UNITS;
	u16 taken = pool->taken[res];
	unsigned int largest = units / 2;

	while (largest && !free_pieces(taken, largest, NULL))
		largest /= 2;
	shortage->res = res;
	shortage->need = unit * units;
	shortage->free = unit * (TESSERA_POOL_UNITS - hweight16(taken));
	shortage->largest = unit * largest;
}

/**
 * tessera_pool_alloc() - take a vGPU's part of each resource
 * @pool: the pool
 * @fraction_inv: 1, 2, 4, 8 or 16
 * @ranges: filled in
 * @shortage: filled in on failure
 *
 * Return: 0, or -ENOSPC with nothing taken.
 */
int tessera_pool_alloc(struct tessera_pool *pool, unsigned int fraction_inv,
		       struct tessera_range ranges[TESSERA_NUM_RES],
		       struct tessera_shortage *shortage)
{
	unsigned int units = TESSERA_POOL_UNITS / fraction_inv;
	unsigned int first[TESSERA_NUM_RES];
	int res;

	for (res = 0; res < TESSERA_NUM_RES; res++) {
		if (!free_pieces(pool->taken[res], units, &first[res])) {
			explain(pool, res, units, shortage);
			return -ENOSPC;
		}
	}
	for (res = 0; res < TESSERA_NUM_RES; res++) {
		u64 unit = pool->total[res] / TESSERA_POOL_UNITS;

		pool->taken[res] |= unit_mask(first[res], units);
		ranges[res].base = first[res] * unit;
		ranges[res].size = units * unit;
	}
	return 0;
}

/**
 * tessera_pool_free() - give back what tessera_pool_alloc() took
 * @pool: the pool
 * @ranges: as filled in then; emptied
 */
void tessera_pool_free(struct tessera_pool *pool, struct tessera_range ranges[TESSERA_NUM_RES])
{
	int res;

	for (res = 0; res < TESSERA_NUM_RES; res++) {
		u64 unit = pool->total[res] / TESSERA_POOL_UNITS;

		pool->taken[res] &= ~unit_mask(ranges[res].base / unit, ranges[res].size / unit);
		ranges[res] = (struct tessera_range){ };
	}
}
