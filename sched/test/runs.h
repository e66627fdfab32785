/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * runs.h - whole runs of the simulator, for tests of what comes out of them
 */
#ifndef TESSERA_SCHED_TEST_RUNS_H
#define TESSERA_SCHED_TEST_RUNS_H

#include <stdlib.h>
#include <unistd.h>

#include "ktap.h"
#include "sim_run.h"

#define MS	1000000ull

static struct workload w;
static char *json, *slices, *jobs;

static inline char *printed(const struct summary *s,
			    void (*print)(const struct summary *s, FILE *f))
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		abort();
	print(s, f);
	fclose(f);
	return text;
}

static inline void forget(void)
{
	free(json);
	free(slices);
	free(jobs);
	json = NULL;
	slices = NULL;
	jobs = NULL;
	workload_free(&w);
}

static inline void must(int ret, const char *why)
{
	if (!ret)
		return;
	printf("# %s\n", why);
	abort();
}

static inline void run_it(bool keep)
{
	char why[WORKLOAD_WHY];
	struct summary *s;

	must(workload_check(&w, why), why);
	s = summary_new(&w, "simulator", SIM_START_NS);
	summary_live(s);
	summary_keep_jobs(s);
	if (keep)
		summary_keep_slices(s);
	sim_run_workload(&w, s);
	summary_finish(s);
	json = printed(s, summary_print);
	slices = printed(s, summary_print_slices);
	jobs = printed(s, summary_print_jobs);
	summary_free(s);
}

static inline void set(const char *line)
{
	char why[WORKLOAD_WHY];

	must(workload_set(&w, line, why), why);
}

static inline void run(const char *const *lines)
{
	forget();
	workload_init(&w);
	for (; *lines; lines++)
		set(*lines);
	run_it(true);
}

/* The number after the @nth @key, from 0 on. */
static inline u64 number(const char *key, unsigned int nth)
{
	char text[64];
	const char *p = json;

	snprintf(text, sizeof(text), "\"%s\": ", key);
	do {
		p = strstr(p, text);
		CHECK_MSG(p, "no %u %s in %s", nth, key, json);
		if (!p)
			return 0;
		p += strlen(text);
	} while (nth--);
	return strtoull(p, NULL, 10);
}

static inline unsigned int count(const char *text, const char *part)
{
	unsigned int n = 0;

	for (text = strstr(text, part); text; text = strstr(text + 1, part))
		n++;
	return n;
}

static inline void check_has(const char *text, const char *part)
{
	CHECK_MSG(strstr(text, part), "no '%s' in %.400s", part, text);
}

/* A file of the project; this program is in sched/test/build. */
static inline const char *path_of(const char *directory, const char *name)
{
	static char path[4200];
	ssize_t n = readlink("/proc/self/exe", path, 4096);
	char *dir;

	path[n > 0 ? n : 0] = 0;
	dir = strrchr(path, '/');
	if (!dir)
		abort();
	snprintf(dir, sizeof(path) - (dir - path), "/../../../%s/%s.workload", directory, name);
	return path;
}

static inline void load_file(const char *path)
{
	char why[WORKLOAD_WHY];

	forget();
	workload_init(&w);
	must(workload_read(&w, path, why), why);
}

#endif /* TESSERA_SCHED_TEST_RUNS_H */
