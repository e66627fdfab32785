// SPDX-License-Identifier: GPL-2.0-only
/*
 * play_guest.c - plays one vGPU's loads of a workload, inside a guest on tessera_drm.ko
 *
 *	play_guest --vgpu NAME --start NS [--set LINE]... [--trace FILE] [WORKLOAD-FILE]
 *
 * NS is the start in device time. Prints a line for each batch: number of the load, arrival and
 * end in device time, length, whether it was lost. Batches are those of play_vfio, each a job of
 * its own, for which the driver rings the doorbell.
 */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xf86drm.h>

#include "../guest/drv.h"
#include "options.h"
#include "player.h"

/* Jobs in the driver's ring, which has room for a few more */
#define DEPTH		128
#define BATCH_CMDS	2
/* What a job costs besides its length: BATCH, the commands in it, FENCE */
#define JOB_CMDS	(BATCH_CMDS + 2)
#define CLOCK_TRIALS	16

/**
 * struct guest_player - a client and its queue
 * @player: first, for it is what the callbacks get
 * @env: file, context, queue and buffer
 * @cmd_ns: what the device takes for fetching a command
 * @err: what has stopped it
 */
struct guest_player {
	struct player player;
	struct t_env env;
	u64 cmd_ns;
	int err;
};

#define TIMESTAMP(addr)	CMD(.opcode = T1_OP_TIMESTAMP, .sync = { .va = (addr) })

static int fail(const char *what, int err)
{
	fprintf(stderr, "%s: %s\n", what, strerror(-err));
	return -1;
}

static int push(struct player *pl, u32 job)
{
	struct guest_player *gp = (struct guest_player *)pl;
	u64 length = pl->feed.jobs[job].length_ns, over = JOB_CMDS * gp->cmd_ns;
	struct t1_cmd *cmd = (struct t1_cmd *)gp->env.bo.cpu + job % DEPTH * BATCH_CMDS;

	if (length == SIM_NEVER)
		cmd[0] = HANG(0, T1_HANG_NO_PREEMPT);
	else
		cmd[0] = HANG(length > over ? length - over : 1, 0);
	cmd[1] = TIMESTAMP(T_DATA(&gp->env) + job * sizeof(u64));
	return 0;
}

static int kick(struct player *pl, u32 from)
{
	struct guest_player *gp = (struct guest_player *)pl;

	for (; from < pl->rung && !gp->err; from++)
		gp->err = t_exec(gp->env.fd, gp->env.queue, gp->env.va + from % DEPTH * BATCH_CMDS *
				 sizeof(struct t1_cmd), BATCH_CMDS, 0, 0);
	/* A context that was lost is no failure of the run */
	return gp->err == -EIO ? 0 : gp->err;
}

/*
 * A time stamp is taken before this program sees it, so the clock is ahead of it by what
 * that took at least; of many, the least is next to nothing.
 */
static int read_clock(struct guest_player *gp, s64 *offset_ns)
{
	struct t1_cmd *cmd = gp->env.bo.cpu;
	volatile u64 *stamps = gp->player.stamps;
	s64 best = INT64_MIN, end;
	unsigned int i;
	int err;

	cmd[0] = TIMESTAMP(T_DATA(&gp->env));
	cmd[1] = TIMESTAMP(T_DATA(&gp->env) + sizeof(u64));
	for (i = 0; i < CLOCK_TRIALS; i++) {
		s64 now;

		stamps[1] = 0;
		err = t_exec(gp->env.fd, gp->env.queue, gp->env.va, 2, 0, 0);
		if (err)
			return fail("time stamps", err);
		end = t_now_ns() + 10 * T_SECOND;
		do {
			now = t_now_ns();
		} while (!stamps[1] && now < end);
		if (!stamps[1])
			return fail("time stamps", -ETIMEDOUT);
		now = t_now_ns();
		if ((s64)stamps[1] - now > best)
			best = stamps[1] - now;
		gp->cmd_ns = stamps[1] - stamps[0];
	}
	stamps[0] = 0;
	stamps[1] = 0;
	*offset_ns = best;
	return 0;
}

static int set_up(struct guest_player *gp, const struct workload *w, u32 client, u64 run_ns)
{
	int err;

	if (player_init(&gp->player, w, client, run_ns))
		return -1;
	gp->player.depth = DEPTH;
	gp->player.push = push;
	gp->player.kick = kick;
	err = t_setup(&gp->env, 0, w->clients[client].engine);
	if (err)
		return fail("set-up", err);
	if (!t_has_cap(gp->env.fd, T1_CAP_HANG))
		return fail("the accelerator has not hang=on", -ENODEV);
	if ((gp->player.feed.num + 2) * sizeof(u64) > T_ARENA / 2)
		return fail("time stamps", -E2BIG);
	memset(gp->env.bo.cpu, 0, T_ARENA);
	gp->player.stamps = T_DATA_CPU(&gp->env);
	return 0;
}

static void tell(void *data, const struct summary_job *job)
{
	printf("%" PRIu32 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%d\n", job->client,
	       job->arrival_ns, job->done_ns, job->length_ns, job->fate == SUMMARY_LOST);
}

/* One process for all of a vGPU's loads: one for each engine at most. */
static int play(const struct workload *w, const char *name, u64 start_ns)
{
	static struct guest_player gp[WORKLOAD_NUM_ENGINES];
	struct player *players[WORKLOAD_NUM_ENGINES];
	struct sched_param param = { .sched_priority = 50 };
	u64 run_ns = summary_run_ns(w);
	struct player_run run;
	s64 offset_ns = 0;
	u32 c, n = 0, i;

	for (c = 0; c < w->num_clients; c++) {
		if (strcmp(w->clients[c].name, name))
			continue;
		if (set_up(&gp[n], w, c, run_ns))
			return -1;
		players[n] = &gp[n].player;
		n++;
	}
	if (!n) {
		fprintf(stderr, "no vGPU '%s'\n", name);
		return -1;
	}
	if (sched_setscheduler(0, SCHED_FIFO, &param) || mlockall(MCL_CURRENT | MCL_FUTURE))
		return fail("priority", -errno);
	for (i = 0; i < n; i++) {
		if (read_clock(&gp[i], &offset_ns))
			return -1;
	}
	run = (struct player_run){
		.w = w,
		.start_ns = start_ns - offset_ns,
		.run_ns = run_ns,
		.offset_ns = offset_ns,
	};
	if (players_fill(players, n) || players_run(players, n, &run))
		return -1;
	for (i = 0; i < n; i++) {
		struct player_end end = {
			.offset_ns = offset_ns,
			.end_ns = start_ns + run_ns,
			.lost = t_state(&gp[i].env) != DRM_TESSERA_QUEUE_OK,
		};

		player_jobs(players[i], &end, tell, NULL);
		t_teardown(&gp[i].env);
	}
	return fflush(stdout) ? -1 : 0;
}

int main(int argc, char **argv)
{
	const char *vgpu = NULL, *start = NULL;
	const struct options_more more[] = {
		{ "--vgpu", &vgpu },
		{ "--start", &start },
		{ }
	};
	struct options o;
	struct workload w;

	if (options_read(&o, &w, argc, argv, more))
		return 2;
	if (!vgpu || !start) {
		fputs("play_guest --vgpu NAME --start NS ...\n", stderr);
		return 2;
	}
	return play(&w, vgpu, strtoull(start, NULL, 10)) ? 1 : 0;
}
