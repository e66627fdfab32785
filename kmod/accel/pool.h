/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool.h - something countable that is given out in aligned ranges
 */
#ifndef TESSERA_ACCEL_POOL_H
#define TESSERA_ACCEL_POOL_H

#include <linux/bitmap.h>
#include <linux/types.h>

#define TESSERA_POOL_MAX	64u

/**
 * struct tessera_pool - what is left of a resource
 * @nr: units in all
 * @used: units given out
 */
struct tessera_pool {
	u32 nr;
	DECLARE_BITMAP(used, TESSERA_POOL_MAX);
};

void tessera_pool_init(struct tessera_pool *pool, u32 nr);
int tessera_pool_alloc(struct tessera_pool *pool, u32 n);
void tessera_pool_free(struct tessera_pool *pool, u32 first, u32 n);
u32 tessera_pool_fits(const struct tessera_pool *pool, u32 n);
u32 tessera_pool_left(const struct tessera_pool *pool);

#endif /* TESSERA_ACCEL_POOL_H */
