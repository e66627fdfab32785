// SPDX-License-Identifier: GPL-2.0-only
/*
 * runs.c - which guest pages are mapped where, found from both sides
 *
 * A run is in two trees of intervals: by virtual address in its context, for UNMAP, and by guest
 * address, for memory that is taken away. However often a page is mapped, to enter or to remove a
 * run takes as long as a tree is deep.
 *
 * The caller has a lock for all of it.
 */
#include <linux/interval_tree_generic.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "vgpu/runs.h"

/* A guest can make many: who takes runs out takes about this much at a time. */
#define BATCH_RUNS		256u
#define BATCH_PAGES		1024u

static struct kmem_cache *tessera_runs_cache;

#define RUN_VA_FIRST(run)	((run)->vpn)
#define RUN_VA_LAST(run)	((run)->vpn + (run)->pages - 1)
#define RUN_GUEST_FIRST(run)	((run)->gpn)
#define RUN_GUEST_LAST(run)	((run)->gpn + (run)->pages - 1)

INTERVAL_TREE_DEFINE(struct tessera_run, by_va, unsigned long, va_subtree_last,
		     RUN_VA_FIRST, RUN_VA_LAST, static inline, tessera_runs_va);
INTERVAL_TREE_DEFINE(struct tessera_run, by_guest, unsigned long, guest_subtree_last,
		     RUN_GUEST_FIRST, RUN_GUEST_LAST, static inline, tessera_runs_guest);

/**
 * tessera_runs_module_init() - prepare at module load
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int tessera_runs_module_init(void)
{
	tessera_runs_cache = KMEM_CACHE(tessera_run, SLAB_ACCOUNT);
	return tessera_runs_cache ? 0 : -ENOMEM;
}

/**
 * tessera_runs_module_exit() - undo tessera_runs_module_init()
 *
 * Context: may sleep; no run is left.
 */
void tessera_runs_module_exit(void)
{
	kmem_cache_destroy(tessera_runs_cache);
}

/**
 * tessera_runs_init() - prepare for a vGPU that has nothing mapped
 * @runs: its runs
 *
 * Context: any.
 */
void tessera_runs_init(struct tessera_runs *runs)
{
	u32 ctx;

	for (ctx = 0; ctx < TESSERA_MAX_CONTEXTS; ctx++)
		runs->by_va[ctx] = RB_ROOT_CACHED;
	runs->by_guest = RB_ROOT_CACHED;
	runs->pages = 0;
}

static void tessera_runs_link(struct tessera_runs *runs, struct tessera_run *run)
{
	tessera_runs_va_insert(run, &runs->by_va[run->ctx]);
	tessera_runs_guest_insert(run, &runs->by_guest);
	WRITE_ONCE(runs->pages, runs->pages + run->pages);
}

/**
 * tessera_runs_unlink() - take a run out of the trees
 * @runs: the vGPU's runs
 * @run: one of them; for the caller to free
 *
 * Context: the caller's lock is held.
 */
void tessera_runs_unlink(struct tessera_runs *runs, struct tessera_run *run)
{
	tessera_runs_va_remove(run, &runs->by_va[run->ctx]);
	tessera_runs_guest_remove(run, &runs->by_guest);
	WRITE_ONCE(runs->pages, runs->pages - run->pages);
}

/**
 * tessera_runs_free() - free a run
 * @run: a run that is in no tree
 *
 * Context: any.
 */
void tessera_runs_free(struct tessera_run *run)
{
	kmem_cache_free(tessera_runs_cache, run);
}

/**
 * tessera_runs_add() - enter a run
 * @runs: the vGPU's runs
 * @desc: what it is like; no other run of its context overlaps it
 *
 * Context: may sleep; the caller's lock is held.
 * Return: 0 or -ENOMEM.
 */
int tessera_runs_add(struct tessera_runs *runs, const struct tessera_run *desc)
{
	struct tessera_run *run = kmem_cache_alloc(tessera_runs_cache, GFP_KERNEL);

	if (!run)
		return -ENOMEM;
	*run = *desc;
	tessera_runs_link(runs, run);
	return 0;
}

/**
 * tessera_runs_split() - make two runs of one
 * @runs: the vGPU's runs
 * @run: one of them
 * @n: how many pages it keeps; fewer than it has
 * @gfp: how to allocate the other
 *
 * Context: may sleep; the caller's lock is held.
 * Return: the run with the rest of the pages, or NULL if there is no memory for it.
 */
struct tessera_run *tessera_runs_split(struct tessera_runs *runs, struct tessera_run *run, u32 n,
				       gfp_t gfp)
{
	struct tessera_run *rest = kmem_cache_alloc(tessera_runs_cache, gfp);

	if (!rest)
		return NULL;
	tessera_runs_unlink(runs, run);
	*rest = *run;
	rest->vpn += n;
	rest->gpn += n;
	rest->pages -= n;
	run->pages = n;
	tessera_runs_link(runs, run);
	tessera_runs_link(runs, rest);
	return rest;
}

/**
 * tessera_runs_find_va() - find a run by virtual address
 * @runs: the vGPU's runs
 * @ctx: the context
 * @first: first virtual page number ...
 * @last: ... and last
 *
 * Context: the caller's lock is held.
 * Return: the lowest run that has any of the pages, or NULL.
 */
struct tessera_run *tessera_runs_find_va(struct tessera_runs *runs, u32 ctx, unsigned long first,
					 unsigned long last)
{
	return tessera_runs_va_iter_first(&runs->by_va[ctx], first, last);
}

/* How much has been taken so far. */
struct tessera_runs_batch {
	u32 runs;
	u32 pages;
};

/* Take a run out. False when the batch is full. */
static bool tessera_runs_take(struct tessera_runs *runs, struct tessera_runs_batch *batch,
			      struct tessera_run *run, struct list_head *list)
{
	tessera_runs_unlink(runs, run);
	list_add_tail(&run->node, list);
	batch->runs++;
	batch->pages += run->pages;
	return batch->runs < BATCH_RUNS && batch->pages < BATCH_PAGES;
}

/**
 * tessera_runs_take_va() - take runs out by virtual address, a batch of them
 * @runs: the vGPU's runs
 * @ctx: the context
 * @first: first virtual page number ...
 * @last: ... and last; no run crosses either
 * @list: gets them, in rising order
 *
 * Context: the caller's lock is held.
 * Return: true if there may be more.
 */
bool tessera_runs_take_va(struct tessera_runs *runs, u32 ctx, unsigned long first,
			  unsigned long last, struct list_head *list)
{
	struct tessera_runs_batch batch = {};
	struct tessera_run *run;

	do {
		run = tessera_runs_find_va(runs, ctx, first, last);
		if (!run)
			return false;
	} while (tessera_runs_take(runs, &batch, run, list));
	return true;
}

/* What of a run is in a range of guest pages, as a run of its own; of a 2 MiB page, all. */
static struct tessera_run *tessera_runs_clip(struct tessera_runs *runs, struct tessera_run *run,
					     unsigned long first, unsigned long last)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NOFAIL;

	if (run->huge)
		return run;
	if (run->gpn < first)
		run = tessera_runs_split(runs, run, first - run->gpn, gfp);
	if (run->gpn + run->pages - 1 > last)
		tessera_runs_split(runs, run, last + 1 - run->gpn, gfp);
	return run;
}

/**
 * tessera_runs_take_guest() - take runs out by guest address, a batch of them
 * @runs: the vGPU's runs
 * @first: first guest page number ...
 * @last: ... and last; runs are split there, but for those of 2 MiB
 * @list: gets them, in rising order of guest address
 *
 * Context: may sleep; the caller's lock is held.
 * Return: true if there may be more.
 */
bool tessera_runs_take_guest(struct tessera_runs *runs, unsigned long first, unsigned long last,
			     struct list_head *list)
{
	struct tessera_runs_batch batch = {};
	struct tessera_run *run;

	do {
		run = tessera_runs_guest_iter_first(&runs->by_guest, first, last);
		if (!run)
			return false;
		run = tessera_runs_clip(runs, run, first, last);
	} while (tessera_runs_take(runs, &batch, run, list));
	return true;
}

static bool tessera_runs_follows(const struct tessera_mapping *m, const struct tessera_run *run)
{
	return run->ctx == m->ctx && run->prot == m->prot && run->huge == m->huge &&
	       (u64)run->vpn << PAGE_SHIFT == m->va + (m->pages << PAGE_SHIFT) &&
	       (u64)run->gpn << PAGE_SHIFT == m->iova + (m->pages << PAGE_SHIFT);
}

/**
 * tessera_runs_join() - tell what is mapped in as few runs as can be
 * @runs: the vGPU's runs
 * @out: gets them, in rising order of context and virtual address; NULL: only count them
 *
 * Context: may sleep; the caller's lock is held.
 * Return: how many they are.
 */
u32 tessera_runs_join(struct tessera_runs *runs, struct tessera_mapping *out)
{
	struct tessera_mapping m = {};
	struct tessera_run *run;
	u32 ctx, n = 0;

	for (ctx = 0; ctx < TESSERA_MAX_CONTEXTS; ctx++) {
		run = tessera_runs_find_va(runs, ctx, 0, ULONG_MAX);
		for (; run; run = rb_entry_safe(rb_next(&run->by_va), struct tessera_run, by_va)) {
			if (n && tessera_runs_follows(&m, run)) {
				m.pages += run->pages;
			} else {
				m = (struct tessera_mapping){
					.ctx = ctx,
					.va = (u64)run->vpn << PAGE_SHIFT,
					.iova = (u64)run->gpn << PAGE_SHIFT,
					.pages = run->pages,
					.prot = run->prot,
					.huge = run->huge,
				};
				n++;
			}
			if (out)
				out[n - 1] = m;
			cond_resched();
		}
	}
	return n;
}
