// SPDX-License-Identifier: GPL-2.0-only
/*
 * options.c - the command line that the players have in common
 */
#include <stdio.h>
#include <string.h>

#include "options.h"

static const char **place_of(const char *name, const struct options_more *more)
{
	for (; more && more->name; more++) {
		if (!strcmp(name, more->name))
			return more->value;
	}
	return NULL;
}

int options_read(struct options *o, struct workload *w, int argc, char **argv,
		 const struct options_more *more)
{
	const char *trace = NULL, *file = NULL, **place;
	const struct options_more own[] = {
		{ "--slices", &o->slices },
		{ "--jobs", &o->jobs },
		{ "--trace", &trace },
		{ }
	};
	char why[WORKLOAD_WHY];
	int i, ret = 0;

	*o = (struct options){ };
	workload_init(w);
	for (i = 1; i < argc; i++) {
		if (argv[i][0] != '-') {
			file = argv[i];
			continue;
		}
		if (i + 1 == argc) {
			fprintf(stderr, "%s: no value for %s\n", argv[0], argv[i]);
			return -1;
		}
		place = place_of(argv[i], own);
		if (!place)
			place = place_of(argv[i], more);
		if (place) {
			*place = argv[i + 1];
		} else if (strcmp(argv[i], "--set")) {
			fprintf(stderr, "%s: unknown option %s\n", argv[0], argv[i]);
			return -1;
		}
		i++;
	}
	if (file)
		ret = workload_read(w, file, why);
	if (!ret && trace)
		ret = workload_read_trace(w, trace, why);
	/* They override the file, wherever they are */
	for (i = 1; i < argc && !ret; i++) {
		if (argv[i][0] != '-')
			continue;
		if (!strcmp(argv[i], "--set"))
			ret = workload_set(w, argv[i + 1], why);
		i++;
	}
	if (!ret)
		ret = workload_check(w, why);
	if (ret)
		fprintf(stderr, "%s: %s\n", argv[0], why);
	return ret;
}

static int output(const char *path, const struct summary *s,
		  void (*print)(const struct summary *s, FILE *f))
{
	FILE *f = fopen(path, "w");
	int bad;

	if (!f) {
		perror(path);
		return -1;
	}
	print(s, f);
	bad = ferror(f);
	if (fclose(f) || bad) {
		perror(path);
		return -1;
	}
	return 0;
}

int options_output(const struct options *o, const struct summary *s)
{
	summary_print(s, stdout);
	if (o->slices && output(o->slices, s, summary_print_slices))
		return -1;
	if (o->jobs && output(o->jobs, s, summary_print_jobs))
		return -1;
	return fflush(stdout) ? -1 : 0;
}
