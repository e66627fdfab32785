// SPDX-License-Identifier: GPL-2.0-only
/*
 * sim_run.c - runs a workload on modelled accelerators
 *
 * Engines don't act on each other, so they are run one after the other.
 */
#include <stdlib.h>

#include "sim_run.h"

#define PPM_PER_PERCENT	(TESSERA_SCHED_PPM / 100)

/* A vGPU on the engine that is being run. */
struct vgpu {
	struct sim_client client;	/* first: it is what the model gives back */
	struct sim_source source;
	u32 load;			/* its number, or that of its load on the other engine */
};

struct run {
	struct sim_engine engine;
	struct summary *summary;
	u32 accelerator;
	enum workload_engine which;
	u64 switch_from_ns;
	struct vgpu *vgpus;
	u32 num;
};

static const struct vgpu *vgpu_of(const struct sim_client *c)
{
	return (const struct vgpu *)c;
}

static void tell_job(const struct run *r, const struct sim_client *c, const struct sim_job *job,
		     u64 done_ns, bool lost)
{
	summary_job(r->summary, &(struct summary_job){
		.arrival_ns = job->arrival_ns,
		.done_ns = done_ns,
		.length_ns = job->length_ns,
		.client = vgpu_of(c)->load,
		.lost = lost,
	});
}

static void job_done(struct sim_engine *m, struct sim_client *c, const struct sim_job *job)
{
	tell_job(m->data, c, job, m->now_ns, false);
}

static void job_lost(struct sim_engine *m, struct sim_client *c, const struct sim_job *job)
{
	tell_job(m->data, c, job, m->now_ns, true);
}

static void tell_slice(const struct run *r, u64 begin_ns, u64 busy_ns, enum summary_state state,
		       u32 client)
{
	summary_slice(r->summary, &(struct summary_slice){
		.begin_ns = begin_ns,
		.end_ns = r->engine.now_ns,
		.busy_ns = busy_ns,
		.state = state,
		.client = client,
		.accelerator = r->accelerator,
		.engine = r->which,
	});
}

static void held(struct sim_engine *m, struct sim_client *c, u64 since_ns, u64 busy_ns)
{
	struct run *r = m->data;

	tell_slice(r, since_ns, busy_ns, c ? SUMMARY_RUN : SUMMARY_IDLE, c ? vgpu_of(c)->load : 0);
	r->switch_from_ns = m->now_ns;
}

static void switched(struct sim_engine *m, struct sim_client *c)
{
	const struct run *r = m->data;

	tell_slice(r, r->switch_from_ns, 0, SUMMARY_SWITCH, 0);
}

/* All vGPUs of an accelerator run on both of its engines, with work there or not. */
static u32 list_vgpus(struct run *r, const struct workload *w)
{
	u32 *place = malloc(w->num_vgpus * sizeof(*place)), i, loaded = 0;
	const struct workload_client *c;
	struct vgpu *v;

	if (!place)
		abort();
	r->num = 0;
	for (i = 0; i < w->num_clients; i++) {
		c = &w->clients[i];
		if (c->accelerator != r->accelerator)
			continue;
		/* Numbers go up, but for second loads. */
		if (!r->num || c->vgpu > w->clients[r->vgpus[r->num - 1].load].vgpu) {
			place[c->vgpu] = r->num++;
			r->vgpus[place[c->vgpu]] = (struct vgpu){
				.load = i,
				.source.kind = SIM_IDLE,
			};
		}
		if (c->engine != r->which)
			continue;
		v = &r->vgpus[place[c->vgpu]];
		v->load = i;
		v->source = c->source;
		loaded++;
	}
	free(place);
	return loaded;
}

static void add_vgpu(struct run *r, struct vgpu *v, const struct workload_client *c)
{
	struct sim_engine *m = &r->engine;
	struct tessera_sched_entity *e = &v->client.run.sched;
	bool repick;

	sim_client_init(m, &v->client, c->name, c->fixed_share_inv, sim_load_of(&v->source),
			&v->source);
	/* workload_check() has passed all this. */
	if (tessera_sched_set_weight(&m->rl.sched, e, c->weight) ||
	    tessera_sched_set_slice_request(&m->rl.sched, e, c->slice_request_ns) ||
	    tessera_sched_set_qos(&m->rl.sched, e, PPM_PER_PERCENT * c->reservation,
				  PPM_PER_PERCENT * c->limit, m->now_ns, &repick) ||
	    tessera_sched_set_elastic_cap(&m->rl.sched, e, PPM_PER_PERCENT * c->elastic_cap,
					  m->now_ns, &repick))
		abort();
}

static void tell_vgpu(const struct run *r, const struct vgpu *v)
{
	const struct sim_client *c = &v->client;
	u32 i;

	for (i = 0; i < c->jobs_num; i++)
		tell_job(r, c, &c->jobs[(c->jobs_first + i) % c->jobs_room], 0, false);
	summary_client(r->summary, v->load, c->run.sched.overshoot_ns, c->run.sched.slices,
		       c->run.resets);
}

static void run_engine(struct run *r, const struct workload *w, u64 until_ns)
{
	struct tessera_sched_config config = { w->timeslice_ns, w->averaging };
	struct sim_engine *m = &r->engine;
	u32 i;

	if (!list_vgpus(r, w))
		return;
	sim_init(m, tessera_sched_policy_find(w->policy), w->seed);
	m->preemption = w->preemption;
	m->switch_ns = w->switch_ns;
	m->tile_ns = w->tile_ns;
	m->rl.preempt_timeout_ns = w->preempt_timeout_ns;
	m->job_done = job_done;
	m->job_lost = job_lost;
	m->held = held;
	m->switched = switched;
	m->data = r;
	if (tessera_sched_set_config(&m->rl.sched, &config))
		abort();
	for (i = 0; i < r->num; i++)
		add_vgpu(r, &r->vgpus[i], &w->clients[r->vgpus[i].load]);
	for (i = 0; i < r->num; i++)
		sim_client_start(m, &r->vgpus[i].client);
	sim_run(m, until_ns);
	sim_end(m);
	m->held = NULL;
	m->job_lost = NULL;
	for (i = 0; i < r->num; i++) {
		if (w->clients[r->vgpus[i].load].engine == r->which)
			tell_vgpu(r, &r->vgpus[i]);
	}
	for (i = 0; i < r->num; i++)
		sim_client_exit(m, &r->vgpus[i].client);
}

/* The engine that the window is taken from comes first: see summary.h. */
void sim_run_workload(const struct workload *w, struct summary *summary)
{
	u32 num = w->accelerators * WORKLOAD_NUM_ENGINES, first = 0, i, engine;
	int reference = summary_reference(w);
	struct run r = {
		.summary = summary,
		.vgpus = calloc(w->num_clients, sizeof(*r.vgpus)),
	};

	if (!r.vgpus)
		abort();
	if (reference >= 0)
		first = w->clients[reference].accelerator * WORKLOAD_NUM_ENGINES +
			w->clients[reference].engine;
	for (i = 0; i < num; i++) {
		engine = (first + i) % num;
		r.accelerator = engine / WORKLOAD_NUM_ENGINES;
		r.which = engine % WORKLOAD_NUM_ENGINES;
		run_engine(&r, w, SIM_START_NS + summary_run_ns(w));
	}
	free(r.vgpus);
}
