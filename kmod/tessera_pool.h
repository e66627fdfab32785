/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tessera_pool.h - which part of an accelerator belongs to which vGPU
 *
 * A vGPU of fraction 1/n gets 1/n of each resource (VRAM, queue slots, contexts): one
 * range, aligned to its own size, so that its doorbell pages are one mapping and its
 * numbers are the physical ones less a base. Every resource is counted in sixteenths.
 */
#ifndef TESSERA_POOL_H
#define TESSERA_POOL_H

#include <linux/types.h>

#define TESSERA_POOL_UNITS	16u	/* the smallest vGPU has one unit of each resource */

enum tessera_resource {
	TESSERA_RES_VRAM,
	TESSERA_RES_SLOTS,
	TESSERA_RES_CONTEXTS,
	TESSERA_NUM_RES
};

/**
 * struct tessera_pool - what is taken of an accelerator; the caller locks
 * @total: of each resource, in its own unit (bytes, slots, contexts)
 * @taken: a bit for each sixteenth in use
 */
struct tessera_pool {
	u64 total[TESSERA_NUM_RES];
	u16 taken[TESSERA_NUM_RES];
};

/**
 * struct tessera_range - a part of one resource, in its own unit
 * @base: first
 * @size: number; zero: none
 */
struct tessera_range {
	u64 base;
	u64 size;
};

/**
 * struct tessera_shortage - why an allocation failed, in the resource's own unit
 * @res: which resource
 * @need: how much one vGPU of the type needs in one aligned piece
 * @free: how much is free in all
 * @largest: how much of that is in one aligned piece
 */
struct tessera_shortage {
	enum tessera_resource res;
	u64 need;
	u64 free;
	u64 largest;
};

extern const char *const tessera_resource_names[TESSERA_NUM_RES];

void tessera_pool_init(struct tessera_pool *pool, u64 vram_bytes, u32 num_slots,
		       u32 num_contexts);
unsigned int tessera_pool_available(const struct tessera_pool *pool, unsigned int fraction_inv);
int tessera_pool_alloc(struct tessera_pool *pool, unsigned int fraction_inv,
		       struct tessera_range ranges[TESSERA_NUM_RES],
		       struct tessera_shortage *shortage);
void tessera_pool_free(struct tessera_pool *pool,
		       struct tessera_range ranges[TESSERA_NUM_RES]);

#endif /* TESSERA_POOL_H */
