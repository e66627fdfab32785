// SPDX-License-Identifier: GPL-2.0-only
/*
 * play_vfio.c - plays a workload on vGPUs that this program drives itself, by VFIO
 *
 *	play_vfio [--set LINE]... [--trace FILE] [--slices FILE] [--jobs FILE] [WORKLOAD-FILE]
 *
 * One process acts as all virtual machines. It measures the mediator and the scheduler under a
 * load that is known to the nanosecond: a batch is T1_OP_HANG for its length (so it needs
 * hang=on) and a TIMESTAMP, which gives its end in device time, in one ring entry. The JSON
 * that Documentation/workloads.rst describes goes to stdout. To be run in exact virtual time
 * (boot.sh --det).
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../vfio/t1.h"
#include "../vfio/t1cmd.h"
#include "changes.h"
#include "options.h"
#include "player.h"
#include "record.h"

#define RING_LOG2	T1_RING_MAX_LOG2
#define RING_ENTRIES	(1u << RING_LOG2)
#define BATCH_CMDS	2
#define DATA_VA		0x100000000ull
#define LEAD_NS		5000000		/* from the last preparation to the start */

/**
 * struct vfio_player - a client and its queue
 * @player: first, for it is what the callbacks get
 * @q: the queue
 * @tail_base: entries that were in its ring before the first batch
 * @cmd_ns: what the device takes for fetching a command
 * @data: the batches' commands, by ring entry; then a time stamp for each batch
 * @cmds: the former
 * @stamps_va: where the device sees the latter
 */
struct vfio_player {
	struct player player;
	struct t1_queue q;
	u32 tail_base;
	u64 cmd_ns;
	struct vdev_mem data;
	struct t1_cmd *cmds;
	uint64_t stamps_va;
};

/**
 * struct play - a run
 * @w: the workload, @g: its vGPUs
 * @v: they, @t: their functions
 * @vp: one for each client; @players: of them
 * @start_ns: when the run began, CLOCK_MONOTONIC
 * @offset_ns: what to add to CLOCK_MONOTONIC to get device time
 */
struct play {
	struct workload w;
	struct vgpus g;
	struct vdev v[VGPUS_MAX];
	struct t1 t[VGPUS_MAX];
	struct vfio_player vp[VGPUS_MAX * WORKLOAD_NUM_ENGINES];
	u64 start_ns;
	s64 offset_ns;
};

static int fail(const char *what, const char *who, int ret)
{
	fprintf(stderr, "%s: %s: %s\n", who, what,
		ret < 0 ? strerror(-ret) : "refused by the device");
	return -1;
}

/* The reading that took the least time shows best which times belong together. */
static s64 clock_offset(struct play *p)
{
	u64 least = SIM_NEVER;
	unsigned int i;
	s64 offset = 0;

	for (i = 0; i < 8; i++) {
		u64 before = now_ns(), device = vdev_reg64(&p->v[0], T1_REG_TIME_LO);
		u64 took = now_ns() - before;

		if (took < least) {
			least = took;
			offset = device - (before + took / 2);
		}
	}
	return offset;
}

/* ------------------------------------------------------------------ set-up -- */

/* The accelerator must be what the workload asks for, or this is not a run of it. */
static int check_device(struct play *p)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_IDENTIFY };
	const struct t1_identify *id;
	struct vdev_mem m;
	int ret;

	ret = vdev_mem_alloc(&p->v[0], sizeof(*id), 4096, &m);
	if (ret)
		return fail("memory", "identify", ret);
	c.addr = m.iova;
	ret = t1_admin(&p->t[0], &c);
	if (ret)
		return fail("admin command", "identify", ret);
	id = m.cpu;
	if (id->switch_ns != p->w.switch_ns || id->tile_ns != p->w.tile_ns) {
		fprintf(stderr, "switch_us, tile_us are %u, %u, not as wanted %llu, %llu\n",
			id->switch_ns / 1000, id->tile_ns / 1000,
			(unsigned long long)p->w.switch_ns / 1000,
			(unsigned long long)p->w.tile_ns / 1000);
		return -1;
	}
	if (!(id->caps & T1_CAP_HANG)) {
		fputs("the accelerator has not hang=on\n", stderr);
		return -1;
	}
	return 0;
}

static int push(struct player *pl, u32 job)
{
	struct vfio_player *vp = (struct vfio_player *)pl;
	u64 length = pl->feed.jobs[job].length_ns, over = (1 + BATCH_CMDS) * vp->cmd_ns;
	u32 entry = vp->q.tail % RING_ENTRIES;
	struct t1_cmd *cmd = &vp->cmds[entry * BATCH_CMDS];

	if (length == SIM_NEVER)
		cmd[0] = HANG(0, T1_HANG_NO_PREEMPT);
	else
		cmd[0] = HANG(length > over ? length - over : 1, 0);
	cmd[1] = TIMESTAMP(vp->stamps_va + job * sizeof(u64));
	t1_push(&vp->q, &BATCH(DATA_VA + entry * BATCH_CMDS * sizeof(*cmd), BATCH_CMDS));
	return 0;
}

static int kick(struct player *pl, u32 from)
{
	struct vfio_player *vp = (struct vfio_player *)pl;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	*vp->q.doorbell = vp->tail_base + pl->rung;
	return 0;
}

/* Two time stamps one after the other are a command apart. */
static int measure_command(struct vfio_player *vp, const char *name)
{
	volatile u64 *stamps = vp->player.stamps;
	int ret;

	vp->cmds[0] = TIMESTAMP(vp->stamps_va);
	vp->cmds[1] = TIMESTAMP(vp->stamps_va + sizeof(u64));
	ret = t1_run(&vp->q, &BATCH(DATA_VA, 2));
	if (ret)
		return fail("time stamps", name, ret);
	vp->cmd_ns = stamps[1] - stamps[0];
	stamps[0] = 0;
	stamps[1] = 0;
	vp->tail_base = vp->q.tail;
	return 0;
}

static int make_player(struct play *p, u32 client, u64 run_ns)
{
	const struct workload_client *c = &p->w.clients[client];
	struct vfio_player *vp = &p->vp[client];
	struct t1 *t = &p->t[c->vgpu];
	size_t cmds = RING_ENTRIES * BATCH_CMDS * sizeof(*vp->cmds);
	int ret;

	if (player_init(&vp->player, &p->w, client, run_ns))
		return -1;
	vp->player.depth = RING_ENTRIES - 1;
	vp->player.push = push;
	vp->player.kick = kick;
	/* Two time stamps at least, for measure_command() */
	ret = vdev_mem_alloc(t->v, cmds + (vp->player.feed.num + 2) * sizeof(u64), 4096, &vp->data);
	if (ret)
		return fail("memory", c->name, ret);
	memset(vp->data.cpu, 0, vp->data.bytes);
	vp->cmds = vp->data.cpu;
	vp->player.stamps = (void *)((char *)vp->data.cpu + cmds);
	vp->stamps_va = DATA_VA + cmds;
	ret = t1_ctx_create(t, c->engine);
	if (!ret)
		ret = t1_queue_create(t, &vp->q, c->engine, c->engine, c->engine, RING_LOG2,
				      T1_VECTOR_CONTROL);
	if (!ret)
		ret = t1_map_mem(t, c->engine, DATA_VA, &vp->data);
	if (ret)
		return fail("queue", c->name, ret);
	return measure_command(vp, c->name);
}

static int set_up(struct play *p, u64 run_ns)
{
	struct sched_param param = { .sched_priority = 50 };
	unsigned int i;
	u32 c;
	int ret;

	if (vgpus_plan(&p->g, &p->w) || vgpus_make(&p->g) || vgpus_set(&p->g))
		return -1;
	for (i = 0; i < p->g.num; i++) {
		ret = vdev_open(&p->v[i], p->g.v[i].uuid);
		if (!ret)
			ret = t1_start(&p->t[i], &p->v[i]);
		if (ret)
			return fail("open", p->g.v[i].uuid, ret);
	}
	if (check_device(p))
		return -1;
	for (c = 0; c < p->w.num_clients; c++) {
		if (make_player(p, c, run_ns))
			return -1;
	}
	/* Wake in time, whatever else runs; and never wait for a page */
	if (sched_setscheduler(0, SCHED_FIFO, &param) || mlockall(MCL_CURRENT | MCL_FUTURE))
		return fail("priority", "player", -errno);
	return 0;
}

/* ---------------------------------------------------------------- the run -- */

static u64 next_change(const void *data)
{
	return changes_next_ns(data);
}

static int make_changes(void *data, u64 until_ns)
{
	return changes_make(data, until_ns);
}

static int run(struct play *p, struct record *r, u64 run_ns)
{
	struct player *players[VGPUS_MAX * WORKLOAD_NUM_ENGINES];
	struct changes changes;
	struct player_run run;
	u32 c;

	for (c = 0; c < p->w.num_clients; c++)
		players[c] = &p->vp[c].player;
	if (changes_init(&changes, &p->g) || players_fill(players, c) || record_start(r, &p->g))
		return -1;
	p->offset_ns = clock_offset(p);
	p->start_ns = now_ns() + LEAD_NS;
	run = (struct player_run){
		.w = &p->w,
		.start_ns = p->start_ns,
		.run_ns = run_ns,
		.offset_ns = p->offset_ns,
		.next_ns = next_change,
		.act = make_changes,
		.data = &changes,
	};
	if (players_run(players, c, &run))
		return -1;
	changes_free(&changes);
	return record_stop(r);
}

static void tell(void *data, const struct summary_job *job)
{
	summary_job(data, job);
}

static int results(struct play *p, const struct record *r, const struct options *o)
{
	u64 start_ns = p->start_ns + p->offset_ns;
	struct summary *s = summary_new(&p->w, "vfio", start_ns);
	u32 c;
	int ret;

	if (o->slices)
		summary_keep_slices(s);
	if (record_slices(r, start_ns, s) || vgpus_count(&p->g, s))
		return -1;
	for (c = 0; c < p->w.num_clients; c++) {
		struct vfio_player *vp = &p->vp[c];
		struct player_end end = {
			.offset_ns = p->offset_ns,
			.end_ns = r->end[p->w.clients[c].engine].time_ns,
		};
		struct t1_fault fault;

		ret = t1_fault_query(vp->q.t, vp->q.ctx, 0, &fault);
		if (ret)
			return fail("fault query", p->w.clients[c].name, ret);
		end.lost = fault.fault != T1_FAULT_NONE;
		end.lost_ns = fault.time_ns;
		player_jobs(&vp->player, &end, tell, s);
	}
	summary_finish(s);
	ret = options_output(o, s);
	summary_free(s);
	return ret;
}

int main(int argc, char **argv)
{
	static struct play p;
	struct options o;
	struct record r;
	unsigned int i;
	u64 run_ns;
	u32 c;

	if (options_read(&o, &p.w, argc, argv, NULL))
		return 2;
	run_ns = summary_run_ns(&p.w);
	if (set_up(&p, run_ns) || run(&p, &r, run_ns) || results(&p, &r, &o))
		return 1;
	for (c = 0; c < p.w.num_clients; c++)
		player_free(&p.vp[c].player);
	for (i = 0; i < p.g.num; i++)
		vdev_close(&p.v[i]);
	workload_free(&p.w);
	return vgpus_remove(&p.g) ? 1 : 0;
}
