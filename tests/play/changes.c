// SPDX-License-Identifier: GPL-2.0-only
/*
 * changes.c - settings that a workload writes in mid-run, in the host's sysfs
 */
#include <stdio.h>
#include <stdlib.h>

#include "changes.h"

int changes_init(struct changes *c, const struct vgpus *g)
{
	const struct workload *w = g->w;
	u32 i;

	c->g = g;
	c->next_ns = calloc(w->num_changes + 1, sizeof(*c->next_ns));
	if (!c->next_ns) {
		perror("changes");
		return -1;
	}
	for (i = 0; i < w->num_changes; i++)
		c->next_ns[i] = w->changes[i].at_ns;
	return 0;
}

void changes_free(struct changes *c)
{
	free(c->next_ns);
	c->next_ns = NULL;
}

static u32 first(const struct changes *c)
{
	u32 i, best = 0;

	for (i = 1; i < c->g->w->num_changes; i++) {
		if (c->next_ns[i] < c->next_ns[best])
			best = i;
	}
	return best;
}

u64 changes_next_ns(const struct changes *c)
{
	return c->g->w->num_changes ? c->next_ns[first(c)] : SIM_NEVER;
}

int changes_make(struct changes *c, u64 until_ns)
{
	const struct workload_change *change;
	u32 i;

	while (changes_next_ns(c) <= until_ns) {
		i = first(c);
		change = &c->g->w->changes[i];
		if (vgpus_change(c->g, change))
			return -1;
		c->next_ns[i] = change->every_ns ? c->next_ns[i] + change->every_ns : SIM_NEVER;
	}
	return 0;
}
