/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tessera_sched_heap.h - an intrusive priority queue (pairing heap)
 *
 * Insert and look at the first in O(1), remove anything in O(log n) amortised, no
 * allocation and no recursion. Keys wrap: of two, the one that is behind by less
 * than 2^63 is the lower. Equal keys leave in the order in which they came.
 */
#ifndef TESSERA_SCHED_HEAP_H
#define TESSERA_SCHED_HEAP_H

#include "tessera_sched.h"

#ifdef __KERNEL__
#include <linux/container_of.h>
#else
#define container_of(ptr, type, member)	((type *)((char *)(ptr) - offsetof(type, member)))
#endif

void tessera_sched_heap_insert(struct tessera_sched_heap *h, struct tessera_sched_heap_node *n,
			       u64 key);
void tessera_sched_heap_remove(struct tessera_sched_heap *h, struct tessera_sched_heap_node *n);

/* The node with the lowest key, or NULL; it stays in. */
static inline struct tessera_sched_heap_node *
tessera_sched_heap_first(const struct tessera_sched_heap *h)
{
	return h->root;
}

#endif /* TESSERA_SCHED_HEAP_H */
