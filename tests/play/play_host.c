// SPDX-License-Identifier: GPL-2.0-only
/*
 * play_host.c - the host's part of playing a workload in whole guests
 *
 *	play_host --plan yes [OPTIONS of play_vfio]
 *		print the vGPUs that it needs: UUID, type, name
 *	play_host --start FILE [OPTIONS of play_vfio]
 *		choose when to start and write it to FILE, in device time; then apply the
 *		workload's settings, and record which vGPU has which engine. Batches, as
 *		play_guest prints them, are read from stdin; the JSON goes to stdout
 *
 * The vGPUs exist and are open in their guests, where play_guest plays.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "changes.h"
#include "options.h"
#include "record.h"

/* From the choice of the start to it: guests' programs have to come up one after another */
#define LEAD_NS		1000000000ull
#define LEAD_VGPU_NS	500000000ull
#define SET_NS		50000000ull	/* settings are in force for so long before the start */

static void print_plan(const struct vgpus *g)
{
	unsigned int i;
	int e;

	for (i = 0; i < g->num; i++) {
		e = g->v[i].client[WORKLOAD_COMPUTE] == VGPUS_NONE ? WORKLOAD_COPY :
								     WORKLOAD_COMPUTE;
		printf("%s %s %s\n", g->v[i].uuid, g->v[i].type,
		       g->w->clients[g->v[i].client[e]].name);
	}
}

/* A few microseconds late do no harm: who reads the times that count are the devices. */
static void sleep_until_device(u64 device_ns)
{
	u64 now = record_time_ns();

	while (now && now < device_ns) {
		struct timespec ts = {
			(device_ns - now) / 1000000000,
			(device_ns - now) % 1000000000,
		};

		nanosleep(&ts, NULL);
		now = record_time_ns();
	}
}

static int write_start(const char *path, u64 start_ns)
{
	char new[256];
	FILE *f;

	snprintf(new, sizeof(new), "%s.new", path);
	f = fopen(new, "w");
	if (!f || fprintf(f, "%" PRIu64 "\n", start_ns) < 0 || fclose(f) || rename(new, path)) {
		perror(path);
		return -1;
	}
	return 0;
}

static int read_jobs(const struct vgpus *g, struct summary *s)
{
	struct summary_job job = { };
	char line[256], rest;
	unsigned int lost;

	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%" SCNu32 ",%" SCNu64 ",%" SCNu64 ",%" SCNu64 ",%u%c",
			   &job.client, &job.arrival_ns, &job.done_ns, &job.length_ns, &lost,
			   &rest) != 6 || job.client >= g->w->num_clients) {
			fprintf(stderr, "what batch is this? %s", line);
			return -1;
		}
		job.fate = lost ? SUMMARY_LOST : SUMMARY_DONE;
		summary_job(s, &job);
	}
	return 0;
}

static int play(const struct workload *w, const struct vgpus *g, const char *start,
		const struct options *o)
{
	u64 run_ns = summary_run_ns(w), start_ns;
	struct changes changes;
	struct summary *s;
	struct record r;
	int ret;

	/* During this the guests find out about the device's time, all at once */
	if (sched_set("policy", "best_effort"))
		return -1;
	start_ns = record_time_ns();
	if (!start_ns)
		return -1;
	start_ns += LEAD_NS + g->num * LEAD_VGPU_NS;
	if (write_start(start, start_ns))
		return -1;
	sleep_until_device(start_ns - SET_NS);
	if (changes_init(&changes, g) || vgpus_set(g) || record_start(&r, g))
		return -1;
	while (changes_next_ns(&changes) < run_ns) {
		sleep_until_device(start_ns + changes_next_ns(&changes));
		if (changes_make(&changes, changes_next_ns(&changes)))
			return -1;
	}
	changes_free(&changes);
	sleep_until_device(start_ns + run_ns);
	if (record_stop(&r))
		return -1;
	s = summary_new(w, "guests", start_ns);
	if (o->slices)
		summary_keep_slices(s);
	if (record_slices(&r, start_ns, s) || vgpus_count(g, s) || read_jobs(g, s))
		return -1;
	summary_finish(s);
	ret = options_output(o, s);
	summary_free(s);
	return ret;
}

int main(int argc, char **argv)
{
	const char *plan = NULL, *start = NULL;
	const struct options_more more[] = {
		{ "--plan", &plan },
		{ "--start", &start },
		{ }
	};
	struct options o;
	struct workload w;
	struct vgpus g;

	if (options_read(&o, &w, argc, argv, more) || vgpus_plan(&g, &w))
		return 2;
	if (plan) {
		print_plan(&g);
		return 0;
	}
	if (!start || !mdev_parent()) {
		fprintf(stderr, "play_host: %s\n", start ? "no accelerator" : "no --start");
		return 2;
	}
	return play(&w, &g, start, &o) ? 1 : 0;
}
