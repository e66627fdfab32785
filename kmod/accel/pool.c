// SPDX-License-Identifier: GPL-2.0-only
/*
 * pool.c - gives out aligned ranges of something countable
 *
 * VRAM, queue slots and contexts are given out in contiguous ranges aligned to their own
 * size, as a buddy allocator does: whatever the order of create and remove, what is free
 * can be used again for as large a vGPU as it once held. Pools are small (64 units at
 * most), so a search simply tries every place.
 */
#include <linux/bitmap.h>
#include <linux/bug.h>
#include "accel/pool.h"

/**
 * tessera_pool_init() - begin with a pool of which nothing is given out
 * @pool: the pool
 * @nr: units, at most TESSERA_POOL_MAX
 *
 * Context: any; nobody else uses the pool yet.
 */
void tessera_pool_init(struct tessera_pool *pool, u32 nr)
{
	pool->nr = nr;
	bitmap_zero(pool->used, TESSERA_POOL_MAX);
}

static bool tessera_pool_range_free(const struct tessera_pool *pool, u32 first, u32 n)
{
	return first + n <= pool->nr &&
	       find_next_bit(pool->used, first + n, first) >= first + n;
}

/* The free aligned block around a free range: how much would be broken up. */
static u32 tessera_pool_free_block(const struct tessera_pool *pool, u32 first, u32 n)
{
	u32 size = n;

	while (size * 2 <= pool->nr &&
	       tessera_pool_range_free(pool, first - first % (size * 2), size * 2))
		size *= 2;
	return size;
}

/**
 * tessera_pool_alloc() - take an aligned range where that breaks up least
 * @pool: the pool
 * @n: units, not 0
 *
 * Context: any; the caller keeps others out, by accel->lock.
 * Return: the first unit, or -ENOSPC.
 */
int tessera_pool_alloc(struct tessera_pool *pool, u32 n)
{
	u32 first, block, best_block = U32_MAX;
	int best = -ENOSPC;

	for (first = 0; first + n <= pool->nr; first += n) {
		if (!tessera_pool_range_free(pool, first, n))
			continue;
		block = tessera_pool_free_block(pool, first, n);
		if (block < best_block) {
			best = first;
			best_block = block;
		}
	}
	if (best >= 0)
		bitmap_set(pool->used, best, n);
	return best;
}

/**
 * tessera_pool_free() - give a range back
 * @pool: the pool
 * @first: what tessera_pool_alloc() returned
 * @n: its size
 *
 * Context: any; the caller keeps others out, by accel->lock.
 */
void tessera_pool_free(struct tessera_pool *pool, u32 first, u32 n)
{
	bitmap_clear(pool->used, first, n);
}

/**
 * tessera_pool_fits() - count the ranges of a size that could be taken now
 * @pool: the pool
 * @n: units in each, not 0
 *
 * Context: any; the caller keeps others out, by accel->lock.
 * Return: how many.
 */
u32 tessera_pool_fits(const struct tessera_pool *pool, u32 n)
{
	u32 first, count = 0;

	for (first = 0; first + n <= pool->nr; first += n)
		count += tessera_pool_range_free(pool, first, n);
	return count;
}

/**
 * tessera_pool_left() - count the units that are not given out
 * @pool: the pool
 *
 * Context: any; the caller keeps others out, by accel->lock.
 * Return: how many.
 */
u32 tessera_pool_left(const struct tessera_pool *pool)
{
	return pool->nr - bitmap_weight(pool->used, pool->nr);
}
