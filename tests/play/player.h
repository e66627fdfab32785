/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * player.h - plays clients' batches in time, on whatever queues the program has for them
 *
 * The machine's own instructions take time in the deterministic clock. So a player sleeps
 * from one doorbell to the next, has batches in the ring before they are due where that can be
 * done, and asks nobody whether they have ended: each writes a time stamp when it does.
 */
#ifndef TESSERA_PLAY_PLAYER_H
#define TESSERA_PLAY_PLAYER_H

#include "feed.h"
#include "summary.h"

/**
 * struct player - a client and its queue
 * @client: number in the workload
 * @feed: its batches, by player_init()
 * @depth: the queue has room for as many
 * @stamps: where the device writes the end of each batch, device time; zero until then
 * @push: put batch @job where the device does not see it yet; 0, or a negative errno
 * @kick: ring the device's doorbell for batches from @from to @rung; likewise
 * @arrived_ns: when each doorbell was rung, CLOCK_MONOTONIC; of a batch that was ready before it
 *              was due: nothing
 * @pushed: batches
 * @rung: of those, announced to the device
 * @done: ended, when last looked at
 * @refill_ns: CLOCK_MONOTONIC; closed loop: when to look for room, or for the end of the last batch
 */
struct player {
	u32 client;
	struct feed feed;
	u32 depth;
	volatile u64 *stamps;
	int (*push)(struct player *pl, u32 job);
	int (*kick)(struct player *pl, u32 from);

	u64 *arrived_ns;
	u32 pushed, rung, done;
	u64 refill_ns;
};

/**
 * struct player_run - when to play
 * @w: the workload
 * @start_ns: CLOCK_MONOTONIC
 * @run_ns: for how long
 * @offset_ns: what to add to CLOCK_MONOTONIC to get device time
 * @next_ns: when something else is to be done, from the start, or NULL
 * @act: do what is due until @until_ns, from the start; 0, or -1 having said what is wrong
 * @data: for these
 */
struct player_run {
	const struct workload *w;
	u64 start_ns, run_ns;
	s64 offset_ns;
	u64 (*next_ns)(const void *data);
	int (*act)(void *data, u64 until_ns);
	void *data;
};

/*
 * Each returns 0, or -1 having said on stderr what is wrong.
 *
 * player_init() takes the client's batches; the caller then finds a place for as many time
 * stamps and sets the callbacks. players_fill() pushes all there is room for, players_run() plays.
 */
int player_init(struct player *pl, const struct workload *w, u32 client, u64 run_ns);
int players_fill(struct player *const *players, u32 num);
int players_run(struct player *const *players, u32 num, const struct player_run *run);
void player_free(struct player *pl);

/**
 * struct player_end - what is known of a client after the run
 * @offset_ns: what to add to CLOCK_MONOTONIC to get device time
 * @end_ns: device time; what ended later was not done
 * @lost: its context was lost, with all that was not done
 * @lost_ns: device time of that
 */
struct player_end {
	s64 offset_ns;
	u64 end_ns;
	bool lost;
	u64 lost_ns;
};

/* Call @tell for each batch that arrived until the end. */
void player_jobs(const struct player *pl, const struct player_end *end,
		 void (*tell)(void *data, const struct summary_job *job), void *data);

#endif /* TESSERA_PLAY_PLAYER_H */
