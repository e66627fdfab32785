// SPDX-License-Identifier: GPL-2.0-only
/*
 * workload_check.c - what only a whole workload can tell: who is on which accelerator, and what
 * does not go together
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "workload.h"

#define BURST		10
#define JITTER_PART	10	/* of a period */
#define JITTER_MOST_NS	1000000

static int by_name(const void *a, const void *b)
{
	const struct workload_client *x = *(struct workload_client *const *)a;
	const struct workload_client *y = *(struct workload_client *const *)b;
	int order = strcmp(x->name, y->name);

	if (order)
		return order;
	return x < y ? -1 : x > y;
}

/* Two loads of one vGPU, the first of them @a: on two engines, and all else alike. */
static int same_vgpu(const struct workload_client *a, const struct workload_client *b, char *why)
{
	const char *what = NULL;

	if (a->engine == b->engine)
		return workload_wrong(why, "vGPU '%s' has two loads on its %s engine", a->name,
				      workload_engine_names[a->engine]);
	if (a->fixed_share_inv != b->fixed_share_inv)
		what = "type";
	else if (a->accelerator != b->accelerator)
		what = "accelerator";
	else if (a->weight != b->weight)
		what = "weight";
	else if (a->reservation != b->reservation)
		what = "reservation";
	else if (a->limit != b->limit)
		what = "limit";
	else if (a->elastic_cap != b->elastic_cap)
		what = "elastic_cap";
	else if (a->slice_request_ns != b->slice_request_ns)
		what = "slice_us";
	else if (a->latency != b->latency)
		what = "latency";
	else if (a->start_ns != b->start_ns)
		what = "start_us";
	else if (a->stop_ns != b->stop_ns)
		what = "stop_us";
	else if (a->on_ns != b->on_ns)
		what = "on_us";
	else if (a->off_ns != b->off_ns)
		what = "off_us";
	if (what)
		return workload_wrong(why, "the loads of vGPU '%s' differ in %s", a->name, what);
	return 0;
}

/* Number the vGPUs in the order of their first loads, and put each on an accelerator. */
static int place(struct workload *w, struct workload_client **order, char *why)
{
	struct workload_client *c;
	u32 i, n = w->num_clients;

	for (i = 0; i < n; i++)
		order[i] = &w->clients[i];
	qsort(order, n, sizeof(*order), by_name);
	for (i = 0; i < n; i++)
		order[i]->vgpu = WORKLOAD_ANY;
	for (i = 1; i < n; i++) {
		if (strcmp(order[i - 1]->name, order[i]->name))
			continue;
		if (i > 1 && !strcmp(order[i - 2]->name, order[i]->name))
			return workload_wrong(why, "vGPU '%s' has more loads than engines",
					      order[i]->name);
		if (same_vgpu(order[i - 1], order[i], why))
			return -1;
		order[i]->vgpu = order[i - 1] - w->clients;	/* not its own: its first load */
	}
	w->num_vgpus = 0;
	for (c = w->clients; c < w->clients + n; c++) {
		if (c->vgpu != WORKLOAD_ANY) {
			struct workload_client *first_load = &w->clients[c->vgpu];

			c->vgpu = first_load->vgpu;
			c->accelerator = first_load->accelerator;
			continue;
		}
		c->vgpu = w->num_vgpus++;
		if (c->accelerator == WORKLOAD_ANY)
			c->accelerator = c->vgpu % w->accelerators;
		if (c->accelerator >= w->accelerators)
			return workload_wrong(why, "vGPU '%s': no accelerator %" PRIu32 " of %"
					      PRIu32, c->name, c->accelerator, w->accelerators);
	}
	return 0;
}

static int is_named(const void *name, const void *client)
{
	return strcmp(name, (*(struct workload_client *const *)client)->name);
}

/* Find the vGPUs that changes name; @order is by name. */
static int find_changed(struct workload *w, struct workload_client **order, char *why)
{
	struct workload_client *const *found;
	struct workload_change *change;

	for (change = w->changes; change < w->changes + w->num_changes; change++) {
		if (change->what < WORKLOAD_WEIGHT)
			continue;
		found = bsearch(change->name, order, w->num_clients, sizeof(*order), is_named);
		if (!found)
			return workload_wrong(why, "at_ms: no vGPU '%s'", change->name);
		change->vgpu = (*found)->vgpu;
		change->accelerator = (*found)->accelerator;
	}
	return 0;
}

static int number_vgpus(struct workload *w, char *why)
{
	struct workload_client **order = calloc(w->num_clients, sizeof(*order));
	int ret;

	if (!order)
		return workload_wrong(why, "out of memory");
	ret = place(w, order, why);
	if (!ret)
		ret = find_changed(w, order, why);
	free(order);
	return ret;
}

/* A load by itself. */
static int check_load(struct workload_client *c, char *why)
{
	struct sim_source *src = &c->source;

	if (!src->burst)
		src->burst = src->kind == SIM_LOOP ? 1 : BURST;
	if (src->jitter_ns == SIM_NEVER) {
		src->jitter_ns = src->period_ns / JITTER_PART;
		if (src->jitter_ns > JITTER_MOST_NS)
			src->jitter_ns = JITTER_MOST_NS;
	}
	if (src->jitter_ns > src->period_ns)
		return workload_wrong(why, "vGPU '%s': its jitter is longer than its period",
				      c->name);
	if (src->kind == SIM_TRACE && !src->trace_num)
		return workload_wrong(why, "vGPU '%s': no batch for its %s engine in a trace",
				      c->name, workload_engine_names[c->engine]);
	if (!c->on_ns != !c->off_ns)
		return workload_wrong(why, "vGPU '%s': only one of on_us and off_us", c->name);
	if (c->stop_ns && c->stop_ns <= c->start_ns)
		return workload_wrong(why, "vGPU '%s': it stops before it starts", c->name);
	/* When it has work and when not is what a trace says. */
	if (src->kind == SIM_TRACE && !workload_stays(c))
		return workload_wrong(why, "vGPU '%s': with a trace, it can't start or stop",
				      c->name);
	return 0;
}

/* A vGPU's settings at their extremes: they have to fit in whichever order they come. */
struct extremes {
	const struct workload_client *client;	/* its first load */
	u32 most_reserved, least_limit, least_cap;
};

static u32 least_but_0(u32 a, u32 b)
{
	return a && (!b || a < b) ? a : b;
}

static struct extremes *find_extremes(const struct workload *w)
{
	struct extremes *extremes = calloc(w->num_vgpus, sizeof(*extremes)), *x;
	const struct workload_change *change;
	const struct workload_client *c;

	if (!extremes)
		return NULL;
	for (c = w->clients + w->num_clients; c-- > w->clients;)
		extremes[c->vgpu] = (struct extremes){
			c, c->reservation, c->limit, c->elastic_cap
		};
	for (change = w->changes; change < w->changes + w->num_changes; change++) {
		x = &extremes[change->vgpu];
		if (change->what == WORKLOAD_RESERVATION && change->value > x->most_reserved)
			x->most_reserved = change->value;
		else if (change->what == WORKLOAD_LIMIT)
			x->least_limit = least_but_0(change->value, x->least_limit);
		else if (change->what == WORKLOAD_ELASTIC_CAP)
			x->least_cap = least_but_0(change->value, x->least_cap);
	}
	return extremes;
}

static int check_settings(const struct workload *w, const struct extremes *extremes, char *why)
{
	u32 reserved[WORKLOAD_MAX_ACCELERATORS] = { 0 };
	const struct extremes *x;

	for (x = extremes; x < extremes + w->num_vgpus; x++) {
		const struct workload_client *c = x->client;

		if (x->least_cap && x->least_cap * c->fixed_share_inv < 100)
			return workload_wrong(why, "vGPU '%s': its elastic cap is below its fixed "
					      "share", c->name);
		if (x->least_limit && x->least_limit < x->most_reserved)
			return workload_wrong(why, "vGPU '%s': its limit is below its reservation",
					      c->name);
		reserved[c->accelerator] += x->most_reserved;
		if (reserved[c->accelerator] > 100)
			return workload_wrong(why, "vGPU '%s': more than 100 %% of accelerator %"
					      PRIu32 " reserved", c->name, c->accelerator);
	}
	return 0;
}

int workload_check(struct workload *w, char *why)
{
	struct extremes *extremes;
	struct workload_client *c;
	u64 seed = w->seed;
	int ret;

	if (!w->num_clients)
		return workload_wrong(why, "no vGPU");
	if (w->switch_ns >= w->preempt_timeout_ns)
		return workload_wrong(why, "switch_us is not below preempt_timeout_us");
	if (number_vgpus(w, why))
		return -1;
	for (c = w->clients; c < w->clients + w->num_clients; c++) {
		if (check_load(c, why))
			return -1;
		/* Whole numbers of a sequence, not neighbouring states: those would run in step. */
		c->source.random = sim_random(&seed);
	}
	extremes = find_extremes(w);
	ret = extremes ? check_settings(w, extremes, why) : workload_wrong(why, "out of memory");
	free(extremes);
	return ret;
}

u64 workload_timeslice_ns(const struct workload *w, u32 accelerator)
{
	const struct workload_client *c;
	u32 vgpus = 0, next = 0;

	if (w->timeslice_ns)
		return w->timeslice_ns;
	for (c = w->clients; c < w->clients + w->num_clients; c++) {
		if (c->vgpu != next)
			continue;	/* its second load */
		next++;
		vgpus += c->accelerator == accelerator;
	}
	return vgpus <= TESSERA_SCHED_FEW_VGPUS ? TESSERA_SCHED_SLICE_FEW_NS :
						  TESSERA_SCHED_SLICE_MANY_NS;
}
