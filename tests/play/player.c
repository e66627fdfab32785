// SPDX-License-Identifier: GPL-2.0-only
/*
 * player.c - plays clients' batches in time
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "player.h"

#define REFILL_MIN_NS	1000000
#define LOOK_NS		50000	/* how often to look whether a batch is done that is late */

static u64 mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void sleep_until(u64 ns)
{
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

int player_init(struct player *pl, const struct workload *w, u32 client, u64 run_ns)
{
	const char *name = w->clients[client].name;

	pl->client = client;
	if (feed_make(&pl->feed, &w->clients[client], run_ns)) {
		fprintf(stderr, "%s: more than %u batches\n", name, FEED_MAX_JOBS);
		return -1;
	}
	pl->arrived_ns = calloc(pl->feed.num + 1, sizeof(*pl->arrived_ns));
	if (!pl->arrived_ns) {
		perror(name);
		return -1;
	}
	/* So that no page fault takes time later */
	memset(pl->arrived_ns, 0xff, (pl->feed.num + 1) * sizeof(*pl->arrived_ns));
	return 0;
}

void player_free(struct player *pl)
{
	feed_free(&pl->feed);
	free(pl->arrived_ns);
	pl->arrived_ns = NULL;
}

static bool ready(const struct player *pl, u32 job)
{
	return pl->feed.jobs[job].arrival_ns == FEED_READY;
}

static bool with_last(const struct player *pl, u32 job)
{
	return pl->feed.jobs[job].arrival_ns == FEED_WITH;
}

static bool thinks(const struct player *pl, u32 job)
{
	return !ready(pl, job) && !with_last(pl, job) &&
	       pl->feed.jobs[job].arrival_ns & FEED_THINK;
}

static int fill(struct player *pl)
{
	while (pl->done < pl->rung && pl->stamps[pl->done])
		pl->done++;
	while (pl->pushed < pl->feed.num && pl->pushed - pl->done < pl->depth) {
		int err = pl->push(pl, pl->pushed);

		if (err) {
			fprintf(stderr, "batch %u of client %u: %s\n", pl->pushed, pl->client,
				strerror(-err));
			return -1;
		}
		pl->pushed++;
	}
	return 0;
}

int players_fill(struct player *const *players, u32 num)
{
	u32 i;

	for (i = 0; i < num; i++) {
		if (fill(players[i]))
			return -1;
	}
	return 0;
}

/* The engine can't be through with half of what is in the ring before then. */
static u64 refill_after(const struct player *pl)
{
	u32 i, n = (pl->pushed - pl->done + 1) / 2;
	u64 ns = 0;

	for (i = pl->done; i < pl->done + n; i++)
		ns += pl->feed.jobs[i].length_ns;
	return ns > REFILL_MIN_NS ? ns : REFILL_MIN_NS;
}

/* CLOCK_MONOTONIC of what this client does next. */
static u64 next_ns(const struct player *pl, const struct player_run *run)
{
	u64 arrival_ns, end_ns;

	if (pl->rung == pl->feed.num)
		return SIM_NEVER;
	if (ready(pl, pl->rung) || with_last(pl, pl->rung))
		return pl->refill_ns;
	arrival_ns = pl->feed.jobs[pl->rung].arrival_ns;
	if (!thinks(pl, pl->rung))
		return run->start_ns + arrival_ns;
	end_ns = pl->stamps[pl->rung - 1];
	return end_ns ? end_ns - run->offset_ns + (arrival_ns & ~FEED_THINK) : pl->refill_ns;
}

/* It was to look for the end of the last batch: there is none yet, or it thinks since then. */
static bool looks(struct player *pl, const struct player_run *run)
{
	if (!thinks(pl, pl->rung))
		return false;
	if (pl->stamps[pl->rung - 1])
		return mono_ns() < next_ns(pl, run);
	pl->refill_ns = mono_ns() + LOOK_NS;
	return true;
}

/* Ring for what arrives now, and for all there is room for that is always ready after it. */
static int act(struct player *pl, const char *name)
{
	bool arrives = !ready(pl, pl->rung) && !with_last(pl, pl->rung);
	u32 from = pl->rung;
	int err = 0;

	if ((pl->rung == pl->pushed || !arrives) && fill(pl))
		return -1;
	if (arrives) {
		if (pl->rung == pl->pushed) {
			fprintf(stderr, "%s: more than %u batches wait\n", name, pl->depth);
			return -1;
		}
		pl->arrived_ns[pl->rung++] = mono_ns();
	}
	while (pl->rung < pl->pushed && (ready(pl, pl->rung) || with_last(pl, pl->rung))) {
		if (with_last(pl, pl->rung))
			pl->arrived_ns[pl->rung] = pl->arrived_ns[pl->rung - 1];
		pl->rung++;
	}
	if (pl->rung > from)
		err = pl->kick(pl, from);
	if (err) {
		fprintf(stderr, "%s: doorbell: %s\n", name, strerror(-err));
		return -1;
	}
	/* A loop's last batch can't be done before the engine has had time for all. */
	if (pl->rung < pl->feed.num && thinks(pl, pl->rung)) {
		pl->refill_ns = mono_ns();
		for (; from < pl->rung; from++)
			pl->refill_ns += pl->feed.jobs[from].length_ns;
	} else {
		pl->refill_ns = mono_ns() + refill_after(pl);
	}
	return 0;
}

int players_run(struct player *const *players, u32 num, const struct player_run *run)
{
	u64 end = run->start_ns + run->run_ns;

	if (mono_ns() > run->start_ns) {
		fputs("the start is over already\n", stderr);
		return -1;
	}
	for (;;) {
		struct player *first = NULL;
		u64 due = end, next;
		bool other = false;
		u32 i;

		for (i = 0; i < num; i++) {
			next = next_ns(players[i], run);
			if (next < due) {
				due = next;
				first = players[i];
			}
		}
		next = run->next_ns ? run->next_ns(run->data) : SIM_NEVER;
		if (next < due - run->start_ns) {
			due = run->start_ns + next;
			other = true;
		}
		if (mono_ns() < due)
			sleep_until(due);
		if (other && run->act(run->data, next))
			return -1;
		if (other)
			continue;
		if (!first)
			return 0;
		if (!looks(first, run) && act(first, run->w->clients[first->client].name))
			return -1;
	}
}

void player_jobs(const struct player *pl, const struct player_end *end,
		 void (*tell)(void *data, const struct summary_job *job), void *data)
{
	u64 before = 0;
	u32 i;

	for (i = 0; i < pl->rung; i++) {
		struct summary_job job = {
			.arrival_ns = ready(pl, i) ? before : pl->arrived_ns[i] + end->offset_ns,
			.done_ns = pl->stamps[i] <= end->end_ns ? pl->stamps[i] : 0,
			.length_ns = pl->feed.jobs[i].length_ns,
			.client = pl->client,
		};

		/* In a closed loop the next one comes when this is done */
		if (ready(pl, i) && !before)
			break;
		before = job.done_ns;
		if (!job.done_ns && end->lost) {
			job.done_ns = end->lost_ns;
			job.fate = SUMMARY_LOST;
		}
		tell(data, &job);
	}
}
