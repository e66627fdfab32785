// SPDX-License-Identifier: GPL-2.0-only
/*
 * sim_pipeline.c - requests that pass through both engines: a copy in, compute, a copy back
 *
 * As many of them as the pipeline is deep are in flight; when one is done the next one begins,
 * after a think time. Each stage is submitted when the one before it is done. A vGPU's jobs on one
 * engine are done in the order in which they were submitted.
 */
#include <stdlib.h>

#include "sim_run_internal.h"

enum stage { COPY_IN, COMPUTE, COPY_BACK, NUM_STAGES };

struct request {
	struct timer timer;	/* its next stage is submitted */
	struct pipeline *p;
	enum stage stage;
	bool in_flight;
	u64 begin_ns;
};

/* Requests in the order of submission; room for all of them. */
struct queue {
	u32 *requests;
	u32 first, num;
};

struct pipeline {
	u32 vgpu;
	u32 load;		/* on the compute engine */
	u32 depth;
	struct sim_source *source;
	struct request *requests;
	struct queue queues[WORKLOAD_NUM_ENGINES];
	bool stopped;
};

static enum workload_engine engine_of(enum stage stage)
{
	return stage == COMPUTE ? WORKLOAD_COMPUTE : WORKLOAD_COPY;
}

static u64 length_of(const struct run *r, const struct pipeline *p, enum stage stage)
{
	const struct workload_client *c = &r->w->clients[p->load];

	switch (stage) {
	case COPY_IN:
		return c->copy_in_ns;
	case COMPUTE:
		return c->source.length_ns;
	default:
		return c->copy_back_ns;
	}
}

static void submit(struct run *r, struct timer *t)
{
	struct request *q = container_of(t, struct request, timer);
	struct pipeline *p = q->p;
	struct queue *queue = &p->queues[engine_of(q->stage)];
	struct lane *lane = &r->lanes[engine_of(q->stage)];
	struct sim_job job = { r->now_ns, length_of(r, p, q->stage) };

	if (!q->in_flight) {
		q->in_flight = true;
		q->begin_ns = r->now_ns;
	}
	if (q->stage == COMPUTE)
		job.length_ns += sim_random_below(&p->source->random, p->source->spread_ns + 1);
	queue->requests[(queue->first + queue->num++) % p->depth] = q - p->requests;
	sim_client_submit(&lane->engine, &lane->vgpus[p->vgpu].client, &job, r->now_ns);
}

/* A new one @after_ns from now. */
static void begin(struct run *r, struct request *q, u64 after_ns)
{
	q->in_flight = false;
	q->stage = r->w->clients[q->p->load].copy_in_ns ? COPY_IN : COMPUTE;
	timer_set(r, &q->timer, r->now_ns + after_ns);
}

static void tell(const struct run *r, const struct request *q, u64 done_ns, enum summary_fate fate)
{
	summary_request(r->summary, &(struct summary_job){
		.arrival_ns = q->begin_ns,
		.done_ns = done_ns,
		.client = q->p->load,
		.fate = fate,
	});
}

void pipeline_start(struct run *r, u32 vgpu)
{
	struct pipeline *p = r->pipelines[vgpu];
	u32 i;

	if (!p)
		return;
	p->stopped = false;
	for (i = 0; i < p->depth; i++)
		begin(r, &p->requests[i], p->source->delay_ns);
}

/* Once for all the jobs that are lost with it. */
void pipeline_stop(struct run *r, u32 vgpu, enum summary_fate fate)
{
	struct pipeline *p = r->pipelines[vgpu];
	u32 i;

	if (!p || p->stopped)
		return;
	p->stopped = true;
	for (i = 0; i < p->depth; i++) {
		timer_cancel(r, &p->requests[i].timer);
		if (p->requests[i].in_flight)
			tell(r, &p->requests[i], r->now_ns, fate);
		p->requests[i].in_flight = false;
	}
	for (i = 0; i < WORKLOAD_NUM_ENGINES; i++)
		p->queues[i].num = 0;
}

void pipeline_job_done(struct run *r, u32 vgpu, enum workload_engine engine)
{
	struct pipeline *p = r->pipelines[vgpu];
	struct sim_source *src;
	struct queue *queue;
	struct request *q;

	/* After a reset on one engine, jobs may be left on the other. */
	if (!p || p->stopped)
		return;
	src = p->source;
	queue = &p->queues[engine];
	q = &p->requests[queue->requests[queue->first]];
	queue->first = (queue->first + 1) % p->depth;
	queue->num--;
	q->stage++;
	if (q->stage < NUM_STAGES && length_of(r, p, q->stage)) {
		timer_set(r, &q->timer, r->now_ns);
		return;
	}
	tell(r, q, r->now_ns, SUMMARY_DONE);
	begin(r, q, src->think_ns + sim_random_below(&src->random, src->think_spread_ns + 1));
}

static void *allocate(size_t num, size_t size)
{
	void *p = calloc(num, size);

	if (!p)
		abort();
	return p;
}

static struct pipeline *make(struct run *r, u32 vgpu)
{
	struct pipeline *p = allocate(1, sizeof(*p));
	struct vgpu *v = &r->lanes[WORKLOAD_COMPUTE].vgpus[vgpu];
	u32 i;

	*p = (struct pipeline){
		.vgpu = vgpu,
		.load = v->load,
		.depth = r->w->clients[v->load].depth,
		.source = &v->source,
		.stopped = true,
	};
	p->requests = allocate(p->depth, sizeof(*p->requests));
	for (i = 0; i < p->depth; i++) {
		p->requests[i].p = p;
		p->requests[i].timer.fire = submit;
	}
	for (i = 0; i < WORKLOAD_NUM_ENGINES; i++)
		p->queues[i].requests = allocate(p->depth, sizeof(u32));
	return p;
}

void pipelines_begin(struct run *r)
{
	u32 i;

	r->pipelines = allocate(r->num_vgpus, sizeof(*r->pipelines));
	for (i = 0; i < r->num_vgpus; i++) {
		if (run_client(r, i)->source.kind == SIM_PIPELINE)
			r->pipelines[i] = make(r, i);
	}
}

void pipelines_end(struct run *r)
{
	struct pipeline *p;
	u32 i, k;

	for (i = 0; i < r->num_vgpus; i++) {
		p = r->pipelines[i];
		if (!p)
			continue;
		for (k = 0; k < p->depth; k++) {
			if (p->requests[k].in_flight)
				tell(r, &p->requests[k], 0, SUMMARY_DONE);
		}
		for (k = 0; k < WORKLOAD_NUM_ENGINES; k++)
			free(p->queues[k].requests);
		free(p->requests);
		free(p);
	}
	free(r->pipelines);
}
