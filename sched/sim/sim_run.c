// SPDX-License-Identifier: GPL-2.0-only
/*
 * sim_run.c - runs a workload on modelled accelerators
 *
 * Engines don't act on each other, so they are run one after the other; but for those of an
 * accelerator with a pipeline, which are run together, the earliest event of both first.
 */
#include <stdlib.h>
#include <string.h>

#include "sim_run.h"
#include "sim_run_internal.h"

void timer_set(struct run *r, struct timer *t, u64 at_ns)
{
	tessera_sched_heap_insert(&r->timers, &t->node, at_ns);
	t->queued = true;
}

void timer_cancel(struct run *r, struct timer *t)
{
	if (t->queued)
		tessera_sched_heap_remove(&r->timers, &t->node);
	t->queued = false;
}

const struct workload_client *run_client(const struct run *r, u32 vgpu)
{
	return &r->w->clients[r->lanes[0].vgpus[vgpu].load];
}

bool run_has_load(const struct lane *lane, u32 vgpu)
{
	return lane->r->w->clients[lane->vgpus[vgpu].load].engine == lane->which;
}

/* ------------------------------------------------------ what models tell -- */

static const struct vgpu *vgpu_of(const struct sim_client *c)
{
	return (const struct vgpu *)c;
}

static void tell_job(const struct lane *lane, const struct sim_client *c,
		     const struct sim_job *job, u64 done_ns, enum summary_fate fate)
{
	summary_job(lane->r->summary, &(struct summary_job){
		.arrival_ns = job->arrival_ns,
		.done_ns = done_ns,
		.length_ns = job->length_ns,
		.client = vgpu_of(c)->load,
		.fate = fate,
	});
}

static void job_done(struct sim_engine *m, struct sim_client *c, const struct sim_job *job)
{
	const struct lane *lane = m->data;

	tell_job(lane, c, job, m->now_ns, SUMMARY_DONE);
	lane->r->now_ns = m->now_ns;
	pipeline_job_done(lane->r, vgpu_of(c) - lane->vgpus, lane->which);
}

static void job_lost(struct sim_engine *m, struct sim_client *c, const struct sim_job *job)
{
	enum summary_fate fate = c->running ? SUMMARY_LOST : SUMMARY_DROPPED;
	const struct lane *lane = m->data;

	tell_job(lane, c, job, m->now_ns, fate);
	lane->r->now_ns = m->now_ns;
	pipeline_stop(lane->r, vgpu_of(c) - lane->vgpus, fate);
}

static void tell_slice(struct sim_engine *m, const struct sim_slice *slice)
{
	const struct lane *lane = m->data;

	summary_slice(lane->r->summary, &(struct summary_slice){
		.begin_ns = slice->begin_ns,
		.end_ns = m->now_ns,
		.busy_ns = slice->busy_ns,
		.work_ns = slice->work_ns,
		.state = slice->switching ? SUMMARY_SWITCH :
			 slice->client ? SUMMARY_RUN : SUMMARY_IDLE,
		.client = slice->client ? vgpu_of(slice->client)->load : SUMMARY_NOBODY,
		.accelerator = lane->r->accelerator,
		.engine = lane->which,
		.rest = slice->rest,
		.cut = slice->cut,
	});
}

static void switched(struct sim_engine *m, struct sim_client *c)
{
	const struct lane *lane = m->data;

	if (c && summary_switched(lane->r->summary, vgpu_of(c)->load, lane->r->accelerator,
				  lane->which, m->now_ns))
		lane->r->edge = true;
}

/* ---------------------------------------------------------------- set-up -- */

/*
 * All vGPUs of an accelerator run on both of its engines, with work there or not. Return: how many
 * loads there are on this one.
 */
static u32 list_vgpus(struct lane *lane, u32 *place)
{
	const struct workload *w = lane->r->w;
	const struct workload_client *c;
	u32 i, num = 0, loaded = 0;
	struct vgpu *v;

	for (i = 0; i < w->num_clients; i++) {
		c = &w->clients[i];
		if (c->accelerator != lane->r->accelerator)
			continue;
		/* Numbers go up, but for second loads. */
		if (!num || c->vgpu > w->clients[lane->vgpus[num - 1].load].vgpu) {
			place[c->vgpu] = num++;
			lane->vgpus[place[c->vgpu]] = (struct vgpu){
				.load = i,
				.source.kind = SIM_IDLE,
			};
		}
		if (c->engine != lane->which)
			continue;
		v = &lane->vgpus[place[c->vgpu]];
		v->load = i;
		v->source = c->source;
		loaded++;
	}
	lane->r->num_vgpus = num;
	return loaded;
}

static void make_engine(struct lane *lane)
{
	const struct workload *w = lane->r->w;
	struct tessera_sched_config config = { w->timeslice_ns, w->averaging };
	struct sim_engine *m = &lane->engine;
	u32 i;

	sim_init(m, tessera_sched_policy_find(w->policy), w->seed);
	m->preemption = w->preemption;
	m->switch_ns = w->switch_ns;
	m->tile_ns = w->tile_ns;
	m->rl.preempt_timeout_ns = w->preempt_timeout_ns;
	m->job_done = job_done;
	m->job_lost = job_lost;
	m->slice = tell_slice;
	m->switched = switched;
	m->data = lane;
	if (tessera_sched_set_config(&m->rl.sched, &config))
		abort();
	for (i = 0; i < lane->r->num_vgpus; i++) {
		const struct workload_client *c = run_client(lane->r, i);
		struct vgpu *v = &lane->vgpus[i];

		sim_client_init(m, &v->client, c->name, c->fixed_share_inv, sim_load_of(&v->source),
				&v->source);
	}
}

static void end_engine(struct lane *lane)
{
	struct sim_engine *m = &lane->engine;
	const struct sim_client *c;
	u32 i, k;

	sim_cut(m, lane->r->now_ns);
	m->slice = NULL;
	m->job_lost = NULL;
	for (i = 0; i < lane->r->num_vgpus; i++) {
		if (!run_has_load(lane, i))
			continue;
		c = &lane->vgpus[i].client;
		for (k = 0; k < c->jobs_num; k++)
			tell_job(lane, c, &c->jobs[(c->jobs_first + k) % c->jobs_room], 0,
				 SUMMARY_DONE);
		summary_client(lane->r->summary, lane->vgpus[i].load, c->run.sched.overshoot_ns,
			       c->run.sched.slices, c->run.resets);
	}
	for (i = 0; i < lane->r->num_vgpus; i++)
		sim_client_exit(m, &lane->vgpus[i].client);
}

/* --------------------------------------------------------------- the run -- */

static struct lane *earliest(struct run *r)
{
	struct lane *a = &r->lanes[0], *b = &r->lanes[1];

	return r->num_lanes > 1 && sim_next_ns(&b->engine) < sim_next_ns(&a->engine) ? b : a;
}

/* Nothing is due on any engine before @until_ns. */
static void catch_up(struct run *r, u64 until_ns)
{
	struct lane *lane;

	for (lane = r->lanes; lane < r->lanes + r->num_lanes; lane++)
		sim_run(&lane->engine, until_ns);
	r->now_ns = until_ns;
}

/* What engines do until @until_ns, unless something is to be done before that: then until it. */
static void advance(struct run *r, u64 until_ns)
{
	struct lane *lane;
	u64 next;

	if (r->num_lanes == 1) {
		sim_run(&r->lanes[0].engine, until_ns);
		r->now_ns = until_ns;
		return;
	}
	lane = earliest(r);
	next = sim_next_ns(&lane->engine);
	if (next <= until_ns) {
		r->now_ns = next;
		sim_step(&lane->engine, next);
		return;
	}
	catch_up(r, until_ns);
}

static void cut(struct run *r)
{
	struct lane *lane;

	r->edge = false;
	for (lane = r->lanes; lane < r->lanes + r->num_lanes; lane++)
		sim_cut(&lane->engine, r->now_ns);
}

static struct timer *first_timer(const struct run *r)
{
	struct tessera_sched_heap_node *n = tessera_sched_heap_first(&r->timers);

	return n ? container_of(n, struct timer, node) : NULL;
}

static bool step(struct run *r, u64 until_ns)
{
	u64 edge = summary_next_edge_ns(r->summary, r->now_ns), stop = until_ns;
	struct timer *t = first_timer(r);
	struct lane *lane = earliest(r);

	if (edge < stop)
		stop = edge;
	if (t && t->node.key < stop)
		stop = t->node.key;
	advance(r, stop);
	if (r->edge || r->now_ns == edge)
		cut(r);
	/* What engines have to do at this time they do before. */
	lane = earliest(r);
	if (r->now_ns < stop || sim_next_ns(&lane->engine) <= stop)
		return true;
	catch_up(r, stop);
	for (t = first_timer(r); t && t->node.key <= r->now_ns; t = first_timer(r)) {
		timer_cancel(r, t);
		t->fire(r, t);
	}
	return r->now_ns < until_ns;
}

/* One engine, or both: where on which there is no load, nothing is run. */
static void run_lanes(struct run *r, u32 *place, u64 until_ns)
{
	struct lane *lane;
	u32 loaded = 0;

	for (lane = r->lanes; lane < r->lanes + r->num_lanes; lane++) {
		lane->r = r;
		loaded += list_vgpus(lane, place);
	}
	if (!loaded)
		return;
	for (lane = r->lanes; lane < r->lanes + r->num_lanes; lane++)
		make_engine(lane);
	pipelines_begin(r);
	events_begin(r);
	while (step(r, until_ns))
		;
	events_end(r);
	for (lane = r->lanes; lane < r->lanes + r->num_lanes; lane++)
		end_engine(lane);
	pipelines_end(r);
}

static bool has_pipeline(const struct workload *w, u32 accelerator)
{
	const struct workload_client *c;

	for (c = w->clients; c < w->clients + w->num_clients; c++) {
		if (c->accelerator == accelerator && c->source.kind == SIM_PIPELINE)
			return true;
	}
	return false;
}

/* The engine that the window is taken from comes first: see summary.h. */
void sim_run_workload(const struct workload *w, struct summary *summary)
{
	u32 num = w->accelerators * WORKLOAD_NUM_ENGINES, first = 0, i, e;
	int reference = summary_reference(w);
	struct vgpu *vgpus = calloc(w->num_clients, WORKLOAD_NUM_ENGINES * sizeof(*vgpus));
	u32 *place = calloc(w->num_vgpus, sizeof(*place));
	bool *done = calloc(num, sizeof(*done));
	struct run r;

	if (!vgpus || !place || !done)
		abort();
	if (reference >= 0)
		first = w->clients[reference].accelerator * WORKLOAD_NUM_ENGINES +
			w->clients[reference].engine;
	for (i = 0; i < num; i++) {
		e = (first + i) % num;
		if (done[e])
			continue;
		r = (struct run){
			.w = w,
			.summary = summary,
			.accelerator = e / WORKLOAD_NUM_ENGINES,
			.num_lanes = 1,
			.now_ns = SIM_START_NS,
		};
		r.lanes[0].which = e % WORKLOAD_NUM_ENGINES;
		r.lanes[0].vgpus = vgpus;
		if (has_pipeline(w, r.accelerator)) {
			r.num_lanes = WORKLOAD_NUM_ENGINES;
			r.lanes[0].which = WORKLOAD_COMPUTE;
			r.lanes[1].which = WORKLOAD_COPY;
			r.lanes[1].vgpus = vgpus + w->num_clients;
			done[r.accelerator * WORKLOAD_NUM_ENGINES + WORKLOAD_COMPUTE] = true;
			done[r.accelerator * WORKLOAD_NUM_ENGINES + WORKLOAD_COPY] = true;
		}
		run_lanes(&r, place, SIM_START_NS + summary_run_ns(w));
	}
	free(vgpus);
	free(place);
	free(done);
}
