// SPDX-License-Identifier: GPL-2.0-only
/*
 * feed.c - a client's batches, all of them taken from its source before the run
 */
#include <stdlib.h>

#include "feed.h"

static struct feed_job *add(struct feed *f)
{
	struct feed_job *jobs;

	/* Rooms are powers of two. */
	if (!(f->num & (f->num - 1))) {
		u32 room = f->num ? 2 * f->num : 1;

		jobs = room > FEED_MAX_JOBS ? NULL : realloc(f->jobs, room * sizeof(*jobs));
		if (!jobs)
			return NULL;
		f->jobs = jobs;
	}
	return &f->jobs[f->num++];
}

/* Of a loop: when to ring for a batch due at @arrival_ns, if those before it end at @after_ns. */
static u64 loop_arrival(bool begins_burst, u64 arrival_ns, u64 after_ns)
{
	return begins_burst ? FEED_THINK | (arrival_ns - after_ns) : FEED_WITH;
}

int feed_make(struct feed *f, const struct workload_client *client, u64 run_ns)
{
	struct sim_source source = client->source;
	bool open = true;	/* the first one rings at its time, whatever follows */
	bool loop = source.kind == SIM_LOOP, begins_burst = true;
	struct sim_job job;
	u64 after = 0, burst_ns = 0;

	*f = (struct feed){ };
	while (sim_source_next(&source, after, &job)) {
		struct feed_job *to;

		if (job.arrival_ns < after)
			job.arrival_ns = after;
		if (job.arrival_ns >= run_ns)
			break;
		to = add(f);
		if (!to) {
			feed_free(f);
			return -1;
		}
		to->arrival_ns = open ? job.arrival_ns :
				 loop ? loop_arrival(begins_burst, job.arrival_ns, after) :
					FEED_READY;
		to->length_ns = job.length_ns ? job.length_ns : 1;
		if (job.length_ns == SIM_NEVER)
			break;
		open = sim_load_of(&source)->open;
		burst_ns += to->length_ns;
		after = job.arrival_ns + (open ? 0 : burst_ns);
		begins_burst = !open;
		if (begins_burst)
			burst_ns = 0;
		open &= !loop;
	}
	return 0;
}

void feed_free(struct feed *f)
{
	free(f->jobs);
	f->jobs = NULL;
	f->num = 0;
}
