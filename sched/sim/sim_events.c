// SPDX-License-Identifier: GPL-2.0-only
/*
 * sim_events.c - what happens from outside in a run: vGPUs start and stop, settings are written
 */
#include <stdlib.h>

#include "sim_run_internal.h"

#define PPM_PER_PERCENT	(TESSERA_SCHED_PPM / 100)

/* A vGPU's next start or stop. */
struct start {
	struct timer timer;
	u32 vgpu;
	bool running;
	u64 stopped_ns;		/* since when */
};

struct change {
	struct timer timer;
	const struct workload_change *c;
	u32 vgpu;		/* number on the accelerator, if it is about one */
};

/* -------------------------------------------------------------- settings -- */

/* As the mediator does it: on accounts that are current. workload_check() has passed all values. */
static void set_vgpu(struct sim_engine *m, struct sim_client *c, enum workload_setting what,
		     u64 value)
{
	struct tessera_sched *s = &m->rl.sched;
	struct tessera_sched_entity *e = &c->run.sched;
	bool resched = false;
	int ret = 0;

	sim_charge(m);
	switch (what) {
	case WORKLOAD_WEIGHT:
		ret = tessera_sched_set_weight(s, e, value);
		break;
	case WORKLOAD_RESERVATION:
		ret = tessera_sched_set_qos(s, e, PPM_PER_PERCENT * value, e->limit_ppm, m->now_ns,
					    &resched);
		break;
	case WORKLOAD_LIMIT:
		ret = tessera_sched_set_qos(s, e, e->reservation_ppm, PPM_PER_PERCENT * value,
					    m->now_ns, &resched);
		break;
	case WORKLOAD_ELASTIC_CAP:
		ret = tessera_sched_set_elastic_cap(s, e, PPM_PER_PERCENT * value, m->now_ns,
						    &resched);
		break;
	case WORKLOAD_SLICE_REQUEST:
		ret = tessera_sched_set_slice_request(s, e, value);
		break;
	case WORKLOAD_LATENCY:
		ret = tessera_sched_set_low_latency(s, e, value == WORKLOAD_LOW, m->now_ns);
		break;
	case WORKLOAD_POLICY:
	case WORKLOAD_TIMESLICE:
	case WORKLOAD_AVERAGING:
		abort();
	}
	if (ret)
		abort();
	if (resched)
		sim_repick(m);
}

static void set_config(struct sim_engine *m, enum workload_setting what, u64 value)
{
	struct tessera_sched_config config = m->rl.sched.config;

	if (what == WORKLOAD_TIMESLICE)
		config.timeslice_ns = value;
	else
		config.averaging = value;
	if (tessera_sched_set_config(&m->rl.sched, &config))
		abort();
}

static void fire_change(struct run *r, struct timer *t)
{
	struct change *change = container_of(t, struct change, timer);
	const struct workload_change *c = change->c;
	struct sim_engine *m;
	u32 i;

	for (i = 0; i < r->num_lanes; i++) {
		m = &r->lanes[i].engine;
		if (c->what == WORKLOAD_POLICY)
			sim_set_policy(m, c->policy);
		else if (c->what < WORKLOAD_WEIGHT)
			set_config(m, c->what, c->value);
		else
			set_vgpu(m, &r->lanes[i].vgpus[change->vgpu].client, c->what, c->value);
	}
	if (c->every_ns)
		timer_set(r, t, r->now_ns + c->every_ns);
}

/* At the beginning. */
static void set_all(struct lane *lane, u32 vgpu)
{
	const struct workload_client *c = run_client(lane->r, vgpu);
	const struct {
		enum workload_setting what;
		u64 value;
	} settings[] = {
		{ WORKLOAD_WEIGHT, c->weight }, { WORKLOAD_SLICE_REQUEST, c->slice_request_ns },
		{ WORKLOAD_RESERVATION, c->reservation }, { WORKLOAD_LIMIT, c->limit },
		{ WORKLOAD_ELASTIC_CAP, c->elastic_cap }, { WORKLOAD_LATENCY, c->latency },
	};
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		set_vgpu(&lane->engine, &lane->vgpus[vgpu].client, settings[i].what,
			 settings[i].value);
}

/* ------------------------------------------------------ starts and stops -- */

static void start(struct run *r, struct start *s)
{
	struct lane *lane;
	struct vgpu *v;

	s->running = true;
	for (lane = r->lanes; lane < r->lanes + r->num_lanes; lane++) {
		v = &lane->vgpus[s->vgpu];
		if (s->stopped_ns != SIM_NEVER && run_has_load(lane, s->vgpu))
			summary_stopped(r->summary, v->load, s->stopped_ns, r->now_ns);
		if (v->source.kind != SIM_TRACE)
			sim_source_restart(&v->source);
		v->client.load = sim_load_of(&v->source);
		sim_client_start(&lane->engine, &v->client);
	}
	pipeline_start(r, s->vgpu);
}

static void stop(struct run *r, struct start *s)
{
	u32 i;

	s->running = false;
	s->stopped_ns = r->now_ns;
	pipeline_stop(r, s->vgpu, SUMMARY_DROPPED);
	for (i = 0; i < r->num_lanes; i++)
		sim_client_stop(&r->lanes[i].engine, &r->lanes[i].vgpus[s->vgpu].client);
}

/* The next start or stop after the one at now. */
static void plan(struct run *r, struct start *s)
{
	const struct workload_client *c = run_client(r, s->vgpu);
	u64 end = c->stop_ns ? SIM_START_NS + c->stop_ns : SIM_NEVER, next = SIM_NEVER;

	if (c->off_ns)
		next = r->now_ns + (s->running ? c->on_ns : c->off_ns);
	if (next >= end)
		next = s->running ? end : SIM_NEVER;
	if (next != SIM_NEVER)
		timer_set(r, &s->timer, next);
}

static void fire_start(struct run *r, struct timer *t)
{
	struct start *s = container_of(t, struct start, timer);

	if (s->running)
		stop(r, s);
	else
		start(r, s);
	plan(r, s);
}

static void begin_start(struct run *r, u32 vgpu)
{
	u64 start_ns = run_client(r, vgpu)->start_ns;
	struct start *s = &r->starts[vgpu];

	*s = (struct start){
		.timer.fire = fire_start,
		.vgpu = vgpu,
		.stopped_ns = start_ns ? SIM_START_NS : SIM_NEVER,
	};
	if (start_ns) {
		timer_set(r, &s->timer, SIM_START_NS + start_ns);
		return;
	}
	start(r, s);
	plan(r, s);
}

static u32 number_here(const struct run *r, u32 vgpu)
{
	u32 low = 0, high = r->num_vgpus, middle;

	/* They are in order. */
	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (run_client(r, middle)->vgpu > vgpu)
			high = middle;
		else
			low = middle;
	}
	return low;
}

void events_begin(struct run *r)
{
	const struct workload *w = r->w;
	const struct workload_change *c;
	struct change *change;
	struct lane *lane;
	u32 i;

	r->starts = calloc(r->num_vgpus, sizeof(*r->starts));
	r->changes = calloc(w->num_changes + 1, sizeof(*r->changes));
	if (!r->starts || !r->changes)
		abort();
	for (lane = r->lanes; lane < r->lanes + r->num_lanes; lane++) {
		for (i = 0; i < r->num_vgpus; i++)
			set_all(lane, i);
	}
	for (i = 0; i < r->num_vgpus; i++)
		begin_start(r, i);
	for (c = w->changes; c < w->changes + w->num_changes; c++) {
		if (c->what >= WORKLOAD_WEIGHT && c->accelerator != r->accelerator)
			continue;
		change = &r->changes[r->num_changes++];
		*change = (struct change){ .timer.fire = fire_change, .c = c };
		if (c->what >= WORKLOAD_WEIGHT)
			change->vgpu = number_here(r, c->vgpu);
		timer_set(r, &change->timer, SIM_START_NS + c->at_ns);
	}
}

void events_end(struct run *r)
{
	struct lane *lane;
	struct start *s;

	for (s = r->starts; s < r->starts + r->num_vgpus; s++) {
		for (lane = r->lanes; lane < r->lanes + r->num_lanes && !s->running; lane++) {
			if (run_has_load(lane, s->vgpu))
				summary_stopped(r->summary, lane->vgpus[s->vgpu].load,
						s->stopped_ns, r->now_ns);
		}
	}
	free(r->starts);
	free(r->changes);
}
