/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * runs.h - which guest pages are mapped where, found from both sides
 */
#ifndef TESSERA_VGPU_RUNS_H
#define TESSERA_VGPU_RUNS_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include "vgpu/state.h"

/**
 * struct tessera_run - guest pages that are mapped one after the other
 * @by_va: node in the tree of the context
 * @by_guest: node in the tree of guest pages
 * @va_subtree_last: for the one tree
 * @guest_subtree_last: for the other
 * @node: in a list of runs that are in no tree
 * @vpn: virtual page number of the first
 * @gpn: guest page number of the first
 * @pages: how many
 * @ctx: the context
 * @prot: TESSERA_HW_READ, _WRITE
 * @huge: a page of 2 MiB, which is unmapped as a whole
 */
struct tessera_run {
	struct rb_node by_va;
	struct rb_node by_guest;
	unsigned long va_subtree_last;
	unsigned long guest_subtree_last;
	struct list_head node;
	unsigned long vpn;
	unsigned long gpn;
	u32 pages;
	u32 ctx;
	u8 prot;
	bool huge;
};

/**
 * struct tessera_runs - a vGPU's runs
 * @by_va: those of each context by virtual page number; none overlap
 * @by_guest: all by guest page number; any may overlap
 * @pages: pages of 4 KiB in all of them
 */
struct tessera_runs {
	struct rb_root_cached by_va[TESSERA_MAX_CONTEXTS];
	struct rb_root_cached by_guest;
	u64 pages;
};

int tessera_runs_module_init(void);
void tessera_runs_module_exit(void);
void tessera_runs_init(struct tessera_runs *runs);
int tessera_runs_add(struct tessera_runs *runs, const struct tessera_run *desc);
void tessera_runs_unlink(struct tessera_runs *runs, struct tessera_run *run);
void tessera_runs_free(struct tessera_run *run);
struct tessera_run *tessera_runs_split(struct tessera_runs *runs, struct tessera_run *run, u32 n,
				       gfp_t gfp);
struct tessera_run *tessera_runs_find_va(struct tessera_runs *runs, u32 ctx, unsigned long first,
					 unsigned long last);
bool tessera_runs_take_va(struct tessera_runs *runs, u32 ctx, unsigned long first,
			  unsigned long last, struct list_head *list);
bool tessera_runs_take_guest(struct tessera_runs *runs, unsigned long first, unsigned long last,
			     struct list_head *list);
u32 tessera_runs_join(struct tessera_runs *runs, struct tessera_mapping *out);

#endif /* TESSERA_VGPU_RUNS_H */
