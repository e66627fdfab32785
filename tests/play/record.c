// SPDX-License-Identifier: GPL-2.0-only
/*
 * record.c - which vGPU had which engine during a run: the mediator's world switches
 *
 * From one tessera_world_switch to the next the vGPU "to" was in force. The difference of
 * their busy_ns is its work, that of switch_ns the cost of the switch at the end. What was before
 * the first and after the last comes from the mediator's snapshot in debugfs.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record.h"

#define TRACEFS		"/sys/kernel/tracing/instances/tessera_play"
#define BUFFER_KB	"16384"		/* some 100,000 switches */
#define EVENT		"tessera_world_switch: "

static int engine_number(const char *name)
{
	int e;

	for (e = 0; e < WORKLOAD_NUM_ENGINES; e++) {
		if (!strcmp(name, workload_engine_names[e]))
			return e;
	}
	return -1;
}

static int point_read(struct record_point points[WORKLOAD_NUM_ENGINES])
{
	char path[96], line[512], kind[16], name[16], uuid[MDEV_UUID_LEN];
	FILE *f;
	int e;

	snprintf(path, sizeof(path), "/sys/kernel/debug/tessera/%s/engines", mdev_parent());
	f = fopen(path, "r");
	if (!f) {
		perror(path);
		return -1;
	}
	memset(points, 0, WORKLOAD_NUM_ENGINES * sizeof(*points));
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%15s %15s", kind, name) != 2)
			continue;
		e = engine_number(name);
		if (e < 0)
			continue;
		if (!strcmp(kind, "engine"))
			sscanf(line, "%*s %*s time_ns=%" SCNu64 " busy_ns=%" SCNu64
			       " switch_ns=%" SCNu64, &points[e].time_ns, &points[e].busy_ns,
			       &points[e].switch_ns);
		else if (sscanf(line, "%*s %*s %36s", uuid) == 1 && strstr(line, " in_force=1"))
			snprintf(points[e].in_force, sizeof(points[e].in_force), "%s", uuid);
	}
	fclose(f);
	for (e = 0; e < WORKLOAD_NUM_ENGINES; e++) {
		if (!points[e].time_ns) {
			fprintf(stderr, "%s: no %s engine\n", path, workload_engine_names[e]);
			return -1;
		}
	}
	return 0;
}

u64 record_time_ns(void)
{
	struct record_point points[WORKLOAD_NUM_ENGINES];

	return point_read(points) ? 0 : points[WORKLOAD_COMPUTE].time_ns;
}

static int tracefs_set(const char *file, const char *value)
{
	int err = sysfs_write(value, TRACEFS "/%s", file);

	if (err)
		fprintf(stderr, TRACEFS "/%s: %s\n", file, strerror(-err));
	return err;
}

int record_start(struct record *r, const struct vgpus *g)
{
	char filter[48];

	snprintf(filter, sizeof(filter), "dev == \"%s\"", mdev_parent());
	memset(r, 0, sizeof(*r));
	r->g = g;
	/* One that a run left which died */
	rmdir(TRACEFS);
	if (mkdir(TRACEFS, 0700)) {
		perror(TRACEFS);
		return -1;
	}
	if (tracefs_set("buffer_size_kb", BUFFER_KB) ||
	    tracefs_set("events/tessera/tessera_world_switch/filter", filter) ||
	    tracefs_set("events/tessera/tessera_world_switch/enable", "1"))
		return -1;
	return point_read(r->begin);
}

int record_stop(struct record *r)
{
	int ret = point_read(r->end);

	return tracefs_set("tracing_on", "0") ? -1 : ret;
}

/* An event that the ring buffer has lost would put a slice to the wrong vGPU's account. */
static int none_lost(void)
{
	char path[128], line[128];
	unsigned int cpu, lost;
	FILE *f;

	for (cpu = 0;; cpu++) {
		snprintf(path, sizeof(path), TRACEFS "/per_cpu/cpu%u/stats", cpu);
		f = fopen(path, "r");
		if (!f)
			break;
		while (fgets(line, sizeof(line), f)) {
			if ((sscanf(line, "overrun: %u", &lost) == 1 ||
			     sscanf(line, "commit overrun: %u", &lost) == 1 ||
			     sscanf(line, "dropped events: %u", &lost) == 1) && lost) {
				fprintf(stderr, "the recording lost events: %s", line);
				fclose(f);
				return -1;
			}
		}
		fclose(f);
	}
	if (cpu)
		return 0;
	perror(path);
	return -1;
}

/* An engine's account goes on from the last event. */
struct account {
	u64 start_ns;
	struct record_point at;
};

static void emit(struct summary *s, const struct account *a, struct summary_slice *slice)
{
	if (slice->end_ns <= a->start_ns)
		return;
	if (slice->begin_ns < a->start_ns)
		slice->begin_ns = a->start_ns;
	if (slice->begin_ns < slice->end_ns)
		summary_slice(s, slice);
}

static void advance(const struct record *r, struct summary *s, struct account *a,
		    enum workload_engine engine, const struct record_point *to)
{
	u64 switch_ns = to->switch_ns - a->at.switch_ns;
	struct summary_slice slice = {
		.begin_ns = a->at.time_ns,
		.end_ns = to->time_ns - switch_ns,
		.busy_ns = to->busy_ns - a->at.busy_ns,
		.state = SUMMARY_RUN,
		.client = vgpus_client(r->g, a->at.in_force, engine),
		.engine = engine,
	};

	if (slice.client == SUMMARY_NOBODY)	/* an empty runlist */
		slice.state = SUMMARY_IDLE;
	emit(s, a, &slice);
	if (switch_ns) {
		slice = (struct summary_slice){
			.begin_ns = to->time_ns - switch_ns,
			.end_ns = to->time_ns,
			.state = SUMMARY_SWITCH,
			.client = vgpus_client(r->g, to->in_force, engine),
			.engine = engine,
		};
		emit(s, a, &slice);
	}
	a->at = *to;
}

static bool has_load(const struct record *r, int engine)
{
	unsigned int i;

	for (i = 0; i < r->g->num; i++) {
		if (r->g->v[i].client[engine] != VGPUS_NONE)
			return true;
	}
	return false;
}

static bool parse(const char *text, unsigned int *engine, struct record_point *to)
{
	char name[16];

	if (sscanf(text, "dev=%*s engine=%15s time_ns=%" SCNu64 " from=%*s to=%36s token=%*u"
		   " busy_ns=%" SCNu64 " switch_ns=%" SCNu64, name, &to->time_ns, to->in_force,
		   &to->busy_ns, &to->switch_ns) != 5)
		return false;
	*engine = !strcmp(name, "copy");
	return *engine || !strcmp(name, "compute");
}

int record_slices(const struct record *r, u64 start_ns, struct summary *s)
{
	struct account accounts[WORKLOAD_NUM_ENGINES];
	struct record_point to;
	char line[512], *p;
	unsigned int engine;
	int e, ret = 0;
	FILE *f;

	if (none_lost())
		return -1;
	f = fopen(TRACEFS "/trace", "r");
	if (!f) {
		perror(TRACEFS "/trace");
		return -1;
	}
	for (e = 0; e < WORKLOAD_NUM_ENGINES; e++)
		accounts[e] = (struct account){ start_ns, r->begin[e] };
	while (fgets(line, sizeof(line), f)) {
		p = strstr(line, EVENT);
		if (!p)
			continue;
		if (!parse(p + strlen(EVENT), &engine, &to)) {
			fprintf(stderr, "what event is this? %s", line);
			ret = -1;
			break;
		}
		/* The first may be older than the snapshot, by which it is accounted for */
		if (has_load(r, engine) && to.time_ns > accounts[engine].at.time_ns &&
		    to.time_ns <= r->end[engine].time_ns)
			advance(r, s, &accounts[engine], engine, &to);
	}
	fclose(f);
	for (e = 0; e < WORKLOAD_NUM_ENGINES; e++) {
		if (has_load(r, e))
			advance(r, s, &accounts[e], e, &r->end[e]);
	}
	rmdir(TRACEFS);
	return ret;
}
