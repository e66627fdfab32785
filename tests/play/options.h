/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * options.h - the command line that the players have in common
 */
#ifndef TESSERA_PLAY_OPTIONS_H
#define TESSERA_PLAY_OPTIONS_H

#include "summary.h"

/**
 * struct options - what is asked for besides the workload
 * @slices: file for the slices, or NULL
 * @jobs: file for the jobs, or NULL
 */
struct options {
	const char *slices;
	const char *jobs;
};

/*
 * [--set LINE]... [--trace FILE] [--slices FILE] [--jobs FILE] [WORKLOAD-FILE], and of @more,
 * a list of further options' names and places for their values, ended by NULL. 0, or -1
 * having said on stderr what is wrong; @w is complete and checked.
 */
struct options_more {
	const char *name;
	const char **value;
};

int options_read(struct options *o, struct workload *w, int argc, char **argv,
		 const struct options_more *more);

/* The JSON to stdout, and the files that were asked for. 0, or -1 having said what is wrong. */
int options_output(const struct options *o, const struct summary *s);

#endif /* TESSERA_PLAY_OPTIONS_H */
