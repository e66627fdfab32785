// SPDX-License-Identifier: GPL-2.0-only
/*
 * vgpus.c - the vGPUs of a workload on the accelerator under tessera.ko, and its settings
 */
#include <stdio.h>
#include <string.h>

#include "vgpus.h"

int vgpus_plan(struct vgpus *g, const struct workload *w)
{
	u32 c, i;

	memset(g, 0, sizeof(*g));
	g->w = w;
	if (w->accelerators != 1) {
		fprintf(stderr, "a workload for %u accelerators; the bench plays one for 1\n",
			w->accelerators);
		return -1;
	}
	if (w->num_vgpus > VGPUS_MAX) {
		fprintf(stderr, "more than %d vGPUs\n", VGPUS_MAX);
		return -1;
	}
	g->num = w->num_vgpus;
	for (i = 0; i < g->num; i++) {
		g->v[i].client[WORKLOAD_COMPUTE] = VGPUS_NONE;
		g->v[i].client[WORKLOAD_COPY] = VGPUS_NONE;
	}
	for (c = 0; c < w->num_clients; c++) {
		const struct workload_client *client = &w->clients[c];
		u32 inv = client->fixed_share_inv;

		if (inv > 16 || inv & (inv - 1)) {
			fprintf(stderr, "%s: the accelerator has no type V%u\n", client->name, inv);
			return -1;
		}
		if (client->source.kind == SIM_PIPELINE) {
			fprintf(stderr, "%s: the bench plays no pipelines\n", client->name);
			return -1;
		}
		if (!workload_stays(client)) {
			fprintf(stderr, "%s: the bench plays no vGPU that starts or stops\n",
				client->name);
			return -1;
		}
		i = client->vgpu;
		g->v[i].client[client->engine] = c;
		snprintf(g->v[i].type, sizeof(g->v[i].type), "V%u", inv);
		snprintf(g->v[i].uuid, sizeof(g->v[i].uuid), "7e55e7a0-%04x-4000-8001-%012x", inv,
			 i);
	}
	return 0;
}

static int set(const char *name, unsigned long long value)
{
	char text[32];
	int err;

	snprintf(text, sizeof(text), "%llu", value);
	err = sched_set(name, text);
	if (err)
		fprintf(stderr, "vgpu_sched/%s: %llu: %s\n", name, value, strerror(-err));
	return err;
}

static int set_word(const char *name, const char *value)
{
	int err = sched_set(name, value);

	if (err)
		fprintf(stderr, "vgpu_sched/%s: %s: %s\n", name, value, strerror(-err));
	return err;
}

static int set_vgpu_word(const struct workload_client *c, const char *uuid, const char *name,
			 const char *value, bool is_default)
{
	int err = sysfs_write(value, "/sys/bus/mdev/devices/%s/vgpu/%s", uuid, name);

	/* A module that does not know the setting is as good as the default */
	if (err == -ENOENT && is_default)
		return 0;
	if (err)
		fprintf(stderr, "%s: vgpu/%s: %s: %s\n", c->name, name, value, strerror(-err));
	return err;
}

static int set_vgpu(const struct workload_client *c, const char *uuid, const char *name,
		    unsigned long long value, unsigned long long by_default)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", value);
	return set_vgpu_word(c, uuid, name, text, value == by_default);
}

static int set_latency(const struct workload_client *c, const char *uuid,
		       enum workload_latency latency)
{
	return set_vgpu_word(c, uuid, "latency", workload_latency_names[latency],
			     latency == WORKLOAD_NORMAL);
}

static const struct workload_client *first_load(const struct vgpus *g, unsigned int i)
{
	int e = g->v[i].client[WORKLOAD_COMPUTE] == VGPUS_NONE ? WORKLOAD_COPY : WORKLOAD_COMPUTE;

	return &g->w->clients[g->v[i].client[e]];
}

int vgpus_set(const struct vgpus *g)
{
	const struct workload *w = g->w;
	unsigned int i;

	if (set_word("policy", w->policy) ||
	    set_word("preemption", w->preemption == SIM_STRICT ? "strict" : "batch") ||
	    set("timeslice_us", w->timeslice_ns / 1000) || set("averaging", w->averaging) ||
	    set("preempt_timeout_us", w->preempt_timeout_ns / 1000))
		return -1;
	/* A reservation is never above the limit, nor are all together above the whole */
	for (i = 0; i < g->num; i++) {
		if (set_vgpu(first_load(g, i), g->v[i].uuid, "reservation", 0, 0))
			return -1;
	}
	for (i = 0; i < g->num; i++) {
		const struct workload_client *c = first_load(g, i);
		const char *uuid = g->v[i].uuid;

		if (set_vgpu(c, uuid, "weight", c->weight, 100) ||
		    set_vgpu(c, uuid, "limit", c->limit, 0) ||
		    set_vgpu(c, uuid, "reservation", c->reservation, 0) ||
		    set_vgpu(c, uuid, "elastic_cap", c->elastic_cap, 0) ||
		    set_vgpu(c, uuid, "slice_us", c->slice_request_ns / 1000, 0) ||
		    set_latency(c, uuid, c->latency))
			return -1;
	}
	return 0;
}

int vgpus_change(const struct vgpus *g, const struct workload_change *change)
{
	const struct workload_client *c = first_load(g, change->vgpu);
	const char *uuid = g->v[change->vgpu].uuid;

	switch (change->what) {
	case WORKLOAD_POLICY:
		return set_word("policy", change->policy->name);
	case WORKLOAD_TIMESLICE:
		return set("timeslice_us", change->value / 1000);
	case WORKLOAD_AVERAGING:
		return set("averaging", change->value);
	case WORKLOAD_WEIGHT:
		return set_vgpu(c, uuid, "weight", change->value, 100);
	case WORKLOAD_RESERVATION:
		return set_vgpu(c, uuid, "reservation", change->value, 0);
	case WORKLOAD_LIMIT:
		return set_vgpu(c, uuid, "limit", change->value, 0);
	case WORKLOAD_ELASTIC_CAP:
		return set_vgpu(c, uuid, "elastic_cap", change->value, 0);
	case WORKLOAD_SLICE_REQUEST:
		return set_vgpu(c, uuid, "slice_us", change->value / 1000, 0);
	case WORKLOAD_LATENCY:
		return set_latency(c, uuid, change->value);
	}
	return -1;
}

int vgpus_make(const struct vgpus *g)
{
	unsigned int i;
	int err;

	if (!mdev_parent()) {
		fputs("no accelerator under tessera.ko\n", stderr);
		return -1;
	}
	mdev_remove_all();
	for (i = 0; i < g->num; i++) {
		err = mdev_create_uuid(g->v[i].type, g->v[i].uuid);
		if (err) {
			fprintf(stderr, "%s: create %s: %s\n", first_load(g, i)->name,
				g->v[i].type, strerror(-err));
			return -1;
		}
	}
	return 0;
}

static int count(const struct vgpus *g, unsigned int i, enum workload_engine engine,
		 struct summary *s)
{
	static const char *const names[] = { "overshoot_ns", "slices", "engine_resets" };
	long long value[3];
	char name[40];
	unsigned int k;

	for (k = 0; k < 3; k++) {
		snprintf(name, sizeof(name), "%s_%s", workload_engine_names[engine], names[k]);
		value[k] = mdev_stat(g->v[i].uuid, name);
		if (value[k] < 0) {
			perror(name);
			return -1;
		}
	}
	summary_client(s, g->v[i].client[engine], value[0], value[1], value[2]);
	return 0;
}

int vgpus_count(const struct vgpus *g, struct summary *s)
{
	unsigned int i;
	int e;

	for (i = 0; i < g->num; i++) {
		for (e = 0; e < WORKLOAD_NUM_ENGINES; e++) {
			if (g->v[i].client[e] != VGPUS_NONE && count(g, i, e, s))
				return -1;
		}
	}
	return 0;
}

int vgpus_remove(const struct vgpus *g)
{
	unsigned int i;
	int err, ret = 0;

	for (i = 0; i < g->num; i++) {
		err = mdev_remove(g->v[i].uuid);
		if (err) {
			fprintf(stderr, "remove %s: %s\n", g->v[i].uuid, strerror(-err));
			ret = -1;
		}
	}
	return ret;
}

u32 vgpus_client(const struct vgpus *g, const char *uuid, enum workload_engine engine)
{
	enum workload_engine other = WORKLOAD_NUM_ENGINES - 1 - engine;
	const u32 *client;
	unsigned int i;

	for (i = 0; i < g->num; i++) {
		client = g->v[i].client;
		if (!strcmp(g->v[i].uuid, uuid))
			return client[engine] == VGPUS_NONE ? client[other] : client[engine];
	}
	return VGPUS_NONE;
}
