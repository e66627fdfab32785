// SPDX-License-Identifier: GPL-2.0-only
/*
 * simulate.c - runs a workload on modelled accelerators; prints the run as JSON
 *
 * The scheduler is the one that tessera.ko runs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim_run.h"

static int refuse_usage(void)
{
	fputs("usage: simulate [OPTION]... [WORKLOAD-FILE]\n"
	      "  --set 'KEYWORD VALUE'\n"
	      "                 a line of the workload file, after the file: 'policy deadline',\n"
	      "                 'vgpu load=poisson,length_us=500'; any number of times\n"
	      "  --trace FILE   CSV: time_ns,vgpu,length_ns[,engine[,type[,latency]]];\n"
	      "                 a load for each vGPU in it\n"
	      "  --slices FILE  write who had which engine when, as CSV\n"
	      "  --jobs FILE    write when each batch came and was done, as CSV\n"
	      "Prints the run as JSON.\n"
	      "       simulate --list-policies\n"
	      "Prints the policies, the default first: each one's name and its properties.\n",
	      stderr);
	return 2;
}

struct options {
	const char *file, *trace, *slices, *jobs;
	const char **set;
	int num_set;
};

static int read_options(struct options *o, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		const char **value = NULL;

		if (!strcmp(argv[i], "--set"))
			value = &o->set[o->num_set++];
		else if (!strcmp(argv[i], "--trace"))
			value = &o->trace;
		else if (!strcmp(argv[i], "--slices"))
			value = &o->slices;
		else if (!strcmp(argv[i], "--jobs"))
			value = &o->jobs;
		else if (*argv[i] != '-' && !o->file)
			value = &o->file;
		else
			return -1;
		if (value != &o->file && ++i == argc)
			return -1;
		*value = argv[i];
	}
	return 0;
}

static void list_policies(void)
{
	const struct tessera_sched_policy *const *p;

	for (p = tessera_sched_policies; *p; p++)
		printf("%s%s%s%s%s\n", (*p)->name, (*p)->work_conserving ? " work_conserving" : "",
		       (*p)->proportional ? " proportional" : "",
		       (*p)->slice_requests ? " slice_requests" : "", (*p)->lends ? " lends" : "");
}

static int read_all(struct workload *w, const struct options *o)
{
	char why[WORKLOAD_WHY];
	int i;

	if (o->file && workload_read(w, o->file, why))
		goto refuse;
	for (i = 0; i < o->num_set; i++) {
		if (workload_set(w, o->set[i], why)) {
			fprintf(stderr, "simulate: --set '%s': %s\n", o->set[i], why);
			return 2;
		}
	}
	if (o->trace && workload_read_trace(w, o->trace, why))
		goto refuse;
	if (!workload_check(w, why))
		return 0;
refuse:
	fprintf(stderr, "simulate: %s\n", why);
	return 2;
}

struct output {
	const char *path;	/* NULL: not wanted */
	FILE *f;
	void (*print)(const struct summary *s, FILE *f);
};

static int run_and_print(const struct workload *w, struct output *outputs, int num)
{
	struct summary *s = summary_new(w, "simulator", SIM_START_NS);
	struct output *o;
	int ret = 0;

	summary_live(s);
	if (outputs[0].f)
		summary_keep_slices(s);
	if (outputs[1].f)
		summary_keep_jobs(s);
	sim_run_workload(w, s);
	summary_finish(s);
	for (o = outputs; o < outputs + num; o++) {
		if (!o->f)
			continue;
		o->print(s, o->f);
		if (ferror(o->f) | fclose(o->f)) {
			fprintf(stderr, "simulate: %s: %s\n", o->path, strerror(errno));
			ret = 1;
		}
	}
	summary_free(s);
	return ret;
}

/* Before the run: whoever asks for a file that can't be written hears of it at once. */
static int open_outputs(struct output *outputs, int num)
{
	struct output *o;

	for (o = outputs; o < outputs + num; o++) {
		if (!o->path || o->f)
			continue;
		o->f = fopen(o->path, "w");
		if (!o->f) {
			fprintf(stderr, "simulate: %s: %s\n", o->path, strerror(errno));
			return 2;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct options o = { .set = calloc(argc, sizeof(*o.set)) };
	struct workload w;
	int ret;

	if (!o.set)
		abort();
	if (argc == 2 && !strcmp(argv[1], "--list-policies")) {
		list_policies();
		free(o.set);
		return 0;
	}
	workload_init(&w);
	ret = read_options(&o, argc, argv) ? refuse_usage() : read_all(&w, &o);
	if (!ret) {
		struct output outputs[] = {
			{ o.slices, NULL, summary_print_slices },
			{ o.jobs, NULL, summary_print_jobs },
			{ "standard output", stdout, summary_print },
		};

		ret = open_outputs(outputs, 3);
		if (!ret)
			ret = run_and_print(&w, outputs, 3);
	}
	workload_free(&w);
	free(o.set);
	return ret;
}
