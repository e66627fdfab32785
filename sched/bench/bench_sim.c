// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_sim.c - how many decisions a second the model makes on this machine
 *
 *   bench_sim POLICY VGPUS SECONDS_OF_ENGINE_TIME
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sim_engine.h"

static bool busy_next(struct sim_client *c, u64 after_ns, struct sim_job *job)
{
	job->arrival_ns = after_ns;
	job->length_ns = 2000000;
	return true;
}

static const struct sim_load busy = { .next = busy_next };

int main(int argc, char **argv)
{
	const struct tessera_sched_policy *policy;
	static struct sim_engine m;
	struct timespec a, b;
	struct sim_client *c;
	unsigned long num, i;
	double seconds;

	policy = argc == 4 ? tessera_sched_policy_find(argv[1]) : NULL;
	num = argc == 4 ? strtoul(argv[2], NULL, 0) : 0;
	c = num ? calloc(num, sizeof(*c)) : NULL;
	if (!policy || !c) {
		fprintf(stderr, "usage: bench_sim POLICY VGPUS SECONDS\n");
		return 1;
	}
	sim_init(&m, policy, 1);
	m.preemption = SIM_STRICT;
	for (i = 0; i < num; i++) {
		sim_client_init(&m, &c[i], "busy", num, &busy, NULL);
		sim_client_start(&m, &c[i]);
	}
	clock_gettime(CLOCK_MONOTONIC, &a);
	sim_run(&m, strtoull(argv[3], NULL, 0) * 1000000000);
	clock_gettime(CLOCK_MONOTONIC, &b);
	seconds = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
	printf("%s %lu %llu decisions in %.3f s: %.0f a second\n", policy->name, num,
	       (unsigned long long)m.decisions, seconds, (double)m.decisions / seconds);
	for (i = 0; i < num; i++)
		sim_client_exit(&m, &c[i]);
	free(c);
	return 0;
}
