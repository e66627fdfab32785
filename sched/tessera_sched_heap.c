// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_sched_heap.c - an intrusive priority queue (pairing heap)
 *
 * M. L. Fredman, R. Sedgewick, D. D. Sleator, R. E. Tarjan: The pairing heap,
 * Algorithmica 1, 1986. A node's children are a list; prev of the first of them is
 * the parent.
 */
#include "tessera_sched_heap.h"

static bool tessera_sched_heap_is_lower(const struct tessera_sched_heap_node *a,
					const struct tessera_sched_heap_node *b)
{
	if (a->key != b->key)
		return (s64)(a->key - b->key) < 0;
	return (s64)(a->seq - b->seq) < 0;
}

/* Make one of two trees the first child of the other. */
static struct tessera_sched_heap_node *tessera_sched_heap_meld(struct tessera_sched_heap_node *a,
							       struct tessera_sched_heap_node *b)
{
	struct tessera_sched_heap_node *t;

	if (!a)
		return b;
	if (!b)
		return a;
	if (tessera_sched_heap_is_lower(b, a)) {
		t = a;
		a = b;
		b = t;
	}
	b->next = a->child;
	if (b->next)
		b->next->prev = b;
	b->prev = a;
	a->child = b;
	a->next = NULL;
	a->prev = NULL;
	return a;
}

/* One tree out of a list of siblings: in pairs on the way there, all on the way back. */
static struct tessera_sched_heap_node *
tessera_sched_heap_meld_siblings(struct tessera_sched_heap_node *n)
{
	struct tessera_sched_heap_node *pairs = NULL, *tree = NULL, *a, *b;

	while (n) {
		a = n;
		b = a->next;
		n = b ? b->next : NULL;
		a->next = NULL;
		if (b)
			b->next = NULL;
		a = tessera_sched_heap_meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		a = pairs;
		pairs = a->next;
		a->next = NULL;
		a->prev = NULL;
		tree = tessera_sched_heap_meld(tree, a);
	}
	return tree;
}

/**
 * tessera_sched_heap_insert() - put a node into a heap
 * @h: the heap
 * @n: the node, in no heap
 * @key: within 2^63 of the others' keys, which wrap; equal ones leave in the order of insertion
 *
 * Context: any; nobody else uses @h meanwhile.
 */
void tessera_sched_heap_insert(struct tessera_sched_heap *h, struct tessera_sched_heap_node *n,
			       u64 key)
{
	n->child = NULL;
	n->next = NULL;
	n->prev = NULL;
	n->key = key;
	n->seq = h->seq++;
	h->root = tessera_sched_heap_meld(h->root, n);
}

/**
 * tessera_sched_heap_remove() - take a node out of its heap
 * @h: the heap
 * @n: a node in @h, not only the first
 *
 * Context: any; nobody else uses @h meanwhile.
 */
void tessera_sched_heap_remove(struct tessera_sched_heap *h, struct tessera_sched_heap_node *n)
{
	struct tessera_sched_heap_node *rest = tessera_sched_heap_meld_siblings(n->child);

	if (h->root == n) {
		h->root = rest;
	} else {
		if (n->prev->child == n)
			n->prev->child = n->next;
		else
			n->prev->next = n->next;
		if (n->next)
			n->next->prev = n->prev;
		h->root = tessera_sched_heap_meld(h->root, rest);
	}
	n->child = NULL;
	n->next = NULL;
	n->prev = NULL;
}
