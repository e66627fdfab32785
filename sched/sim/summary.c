// SPDX-License-Identifier: GPL-2.0-only
/*
 * summary.c - figures of a run from its slices and jobs
 *
 * Two windows are kept: the one of whole rounds, whose ends are known as the reference is
 * switched to, and the one by the clock, which is taken if there are no whole rounds. What is told
 * live is added to both as it comes, in bounded memory. Of a recording all is kept until the end;
 * where an edge cuts a slice, the jobs tell when in it the engine was busy.
 */
#include <stdlib.h>
#include <string.h>

#include "summary_internal.h"

#define ROUNDS_SPARE	3
#define SPARE_MIN_NS	50000000ull
#define SPARE_MAX_NS	60000000000ull

static void *allocate(size_t num, size_t size)
{
	void *p = calloc(num ? num : 1, size);

	if (!p)
		abort();
	return p;
}

/* Room for one more; rooms are powers of two. */
static void *room_for_one(void *array, size_t num, size_t size)
{
	if (num & (num - 1))
		return array;
	array = realloc(array, (num ? 2 * num : 1) * size);
	if (!array)
		abort();
	return array;
}

int summary_reference(const struct workload *w)
{
	int best = -1;
	u32 i;

	for (i = 0; i < w->num_clients; i++) {
		if (sim_source_greedy(&w->clients[i].source) && workload_stays(&w->clients[i]) &&
		    (best < 0 || w->clients[i].weight < w->clients[best].weight))
			best = i;
	}
	return best;
}

u64 summary_run_ns(const struct workload *w)
{
	u64 slice, batch, round = 0, spare;
	int reference = summary_reference(w);
	const struct workload_client *c, *r;

	r = &w->clients[reference < 0 ? 0 : reference];
	slice = workload_timeslice_ns(w, r->accelerator);
	for (c = w->clients; c < w->clients + w->num_clients; c++) {
		if (c->accelerator != r->accelerator)
			continue;
		batch = c->source.length_ns + c->source.spread_ns;
		if (c->source.kind == SIM_ADVERSARY)
			batch *= c->source.burst;
		if (batch > SPARE_MAX_NS)
			batch = SPARE_MAX_NS;	/* and no product overflows */
		if (w->preemption == SIM_STRICT || batch < slice)
			batch = slice;
		/* Of one of less weight than the reference no more than that comes in a round. */
		round += batch * (c->weight > r->weight ? c->weight : r->weight) / r->weight;
		round += w->switch_ns;
	}
	/* A turn in as many as its type allows, whoever else runs. */
	if (!strcmp(w->policy, "fixed_share") && round < slice * r->fixed_share_inv)
		round = slice * r->fixed_share_inv;
	spare = ROUNDS_SPARE * round + w->preempt_timeout_ns;
	if (spare < SPARE_MIN_NS)
		spare = SPARE_MIN_NS;
	if (spare > SPARE_MAX_NS)
		spare = SPARE_MAX_NS;
	return w->warmup_ns + w->measure_ns + spare;
}

struct summary *summary_new(const struct workload *w, const char *source, u64 start_ns)
{
	struct summary *s = allocate(1, sizeof(*s));
	struct window *win;

	s->w = w;
	s->source = source;
	s->warm_ns = start_ns + w->warmup_ns;
	s->reference = summary_reference(w);
	s->end_ns = start_ns + summary_run_ns(w);
	s->clients = allocate(w->num_clients, sizeof(*s->clients));
	s->last_slice = allocate(summary_num_engines(s), sizeof(*s->last_slice));
	for (win = s->windows; win < s->windows + SUMMARY_NUM_WINDOWS; win++) {
		win->begin_ns = SIM_NEVER;
		win->end_ns = SIM_NEVER;
		win->clients = allocate(w->num_clients, sizeof(*win->clients));
		win->engines = allocate(summary_num_engines(s), sizeof(*win->engines));
	}
	s->windows[SUMMARY_BY_CLOCK].begin_ns = s->warm_ns;
	s->windows[SUMMARY_BY_CLOCK].end_ns = s->warm_ns + w->measure_ns;
	s->keep_slices = true;
	s->keep_jobs = true;
	return s;
}

void summary_free(struct summary *s)
{
	struct window *win;
	u32 i;

	for (win = s->windows; win < s->windows + SUMMARY_NUM_WINDOWS; win++) {
		free(win->clients);
		free(win->engines);
	}
	for (i = 0; i < s->w->num_clients; i++) {
		latencies_free(&s->clients[i].latency);
		latencies_free(&s->clients[i].request);
	}
	free(s->clients);
	free(s->last_slice);
	free(s->slices);
	free(s->jobs);
	free(s);
}

void summary_live(struct summary *s)
{
	s->live = true;
	s->keep_slices = false;
	s->keep_jobs = false;
}

void summary_keep_slices(struct summary *s)
{
	s->keep_slices = true;
}

void summary_keep_jobs(struct summary *s)
{
	s->keep_jobs = true;
}

/* -------------------------------------------------------------- slices -- */

/* How much of [begin, end) is in the window. */
static u64 overlap(const struct window *win, u64 begin, u64 end)
{
	if (begin < win->begin_ns)
		begin = win->begin_ns;
	if (end > win->end_ns)
		end = win->end_ns;
	return end > begin ? end - begin : 0;
}

/* What is not done yet ends last. */
static u64 end_of(const struct summary_job *job)
{
	return job->done_ns ? job->done_ns : SIM_NEVER;
}

/*
 * Of a slice of a recording, the part of its busy time in @win. The engine is busy while its holder
 * has a job, and a vGPU's jobs on an engine are done one after the other.
 */
static u64 busy_part(const struct summary *s, const struct window *win,
		     const struct summary_slice *slice, u64 inside)
{
	u64 outside = slice->end_ns - slice->begin_ns - inside, busy = 0, last = slice->begin_ns;
	const struct summary_job *job;
	u64 begin, end;

	if (!outside)
		return slice->busy_ns;
	for (job = s->jobs; job < s->jobs + s->num_jobs; job++) {
		if (job->client != slice->client || end_of(job) <= last)
			continue;
		begin = job->arrival_ns > last ? job->arrival_ns : last;
		end = end_of(job) < slice->end_ns ? end_of(job) : slice->end_ns;
		if (begin < end)
			busy += overlap(win, begin, end);
		last = end_of(job);
	}
	/* Whatever the jobs' times are off by, the counters are right. */
	if (slice->busy_ns > outside && busy < slice->busy_ns - outside)
		busy = slice->busy_ns - outside;
	return busy < slice->busy_ns ? busy : slice->busy_ns;
}

static void add_slice(const struct summary *s, struct window *win,
		      const struct summary_slice *slice)
{
	u32 engine = summary_engine(slice->accelerator, slice->engine);
	u64 inside = overlap(win, slice->begin_ns, slice->end_ns), busy;
	struct engine_time *e = &win->engines[engine];
	/* A vGPU without load on an engine has slices there, all the same. */
	struct client_time *c = slice->state != SUMMARY_IDLE && slice->client != SUMMARY_NOBODY &&
				engine == summary_engine_of(s, slice->client) ?
				&win->clients[slice->client] : NULL;

	if (inside)
		e->work_ns += slice->work_ns;
	if (slice->state == SUMMARY_SWITCH) {
		e->switch_ns += inside;
		/* A switch is counted where it ends. */
		e->switches += !slice->cut && slice->end_ns > win->begin_ns &&
			       slice->end_ns <= win->end_ns;
		if (c)
			c->switch_ns += inside;
	} else if (slice->state == SUMMARY_RUN && inside) {
		busy = busy_part(s, win, slice, inside);
		e->busy_ns += busy;
		if (c)
			c->got_ns += busy;
	}
}

u64 summary_next_edge_ns(const struct summary *s, u64 after_ns)
{
	const struct window *win;
	u64 edge = SIM_NEVER;

	for (win = s->windows; win < s->windows + SUMMARY_NUM_WINDOWS; win++) {
		if (win->begin_ns > after_ns && win->begin_ns < edge)
			edge = win->begin_ns;
		if (win->end_ns > after_ns && win->end_ns < edge)
			edge = win->end_ns;
	}
	return edge;
}

bool summary_switched(struct summary *s, u32 client, u32 accelerator, enum workload_engine engine,
		      u64 now_ns)
{
	struct window *win = &s->windows[SUMMARY_ALIGNED];

	if (s->reference < 0 || client != (u32)s->reference ||
	    summary_engine(accelerator, engine) != summary_engine_of(s, s->reference))
		return false;
	if (win->begin_ns == SIM_NEVER && now_ns >= s->warm_ns)
		win->begin_ns = now_ns;
	else if (win->begin_ns != SIM_NEVER && win->end_ns == SIM_NEVER &&
		 now_ns >= win->begin_ns + s->w->measure_ns)
		win->end_ns = now_ns;
	else
		return false;
	return true;
}

static void keep_slice(struct summary *s, const struct summary_slice *slice)
{
	size_t *last = &s->last_slice[summary_engine(slice->accelerator, slice->engine)];

	if (slice->rest) {
		s->slices[*last].end_ns = slice->end_ns;
		s->slices[*last].busy_ns += slice->busy_ns;
		return;
	}
	s->slices = room_for_one(s->slices, s->num_slices, sizeof(*s->slices));
	*last = s->num_slices;
	s->slices[s->num_slices++] = *slice;
}

void summary_slice(struct summary *s, const struct summary_slice *slice)
{
	struct window *win;

	if (slice->end_ns <= slice->begin_ns && slice->state != SUMMARY_SWITCH)
		return;
	if (!s->live && slice->state == SUMMARY_RUN)
		summary_switched(s, slice->client, slice->accelerator, slice->engine,
				 slice->begin_ns);
	if (s->keep_slices)
		keep_slice(s, slice);
	for (win = s->windows; s->live && win < s->windows + SUMMARY_NUM_WINDOWS; win++)
		add_slice(s, win, slice);
}

/* ---------------------------------------------------------------- jobs -- */

/* @job's end, or that of the run. */
static bool late(const struct summary *s, const struct summary_job *job)
{
	u64 deadline = s->w->clients[job->client].deadline_ns;

	if (!deadline || job->arrival_ns < s->warm_ns || job->fate == SUMMARY_DROPPED)
		return false;
	if (job->fate == SUMMARY_LOST)
		return true;
	return (job->done_ns ? job->done_ns : s->end_ns) > job->arrival_ns + deadline;
}

static bool done(const struct summary_job *job)
{
	return job->done_ns && job->fate == SUMMARY_DONE;
}

static void count_demand(struct summary *s, const struct summary_job *job)
{
	struct client_time *c;
	struct window *win;

	for (win = s->windows; win < s->windows + SUMMARY_NUM_WINDOWS; win++) {
		if (job->arrival_ns >= win->end_ns ||
		    (job->done_ns && job->done_ns <= win->begin_ns))
			continue;
		c = &win->clients[job->client];
		if (job->length_ns == SIM_NEVER)
			c->endless++;
		else if (__builtin_add_overflow(c->demand_ns, job->length_ns, &c->demand_ns))
			c->demand_ns = UINT64_MAX;
	}
}

static void count_job(struct summary *s, const struct summary_job *job)
{
	struct client_count *c = &s->clients[job->client];

	c->jobs += done(job);
	c->jobs_lost += job->fate == SUMMARY_LOST;
	c->jobs_dropped += job->fate == SUMMARY_DROPPED;
	/* A pipeline's deadline is that of its requests. */
	if (s->w->clients[job->client].source.kind != SIM_PIPELINE)
		c->jobs_late += late(s, job);
	if (done(job) && job->arrival_ns >= s->warm_ns)
		latencies_add(&c->latency, job->done_ns - job->arrival_ns);
	count_demand(s, job);
}

void summary_job(struct summary *s, const struct summary_job *job)
{
	if (s->live)
		count_job(s, job);
	if (!s->keep_jobs)
		return;
	s->jobs = room_for_one(s->jobs, s->num_jobs, sizeof(*s->jobs));
	s->jobs[s->num_jobs++] = *job;
}

void summary_request(struct summary *s, const struct summary_job *request)
{
	struct client_count *c = &s->clients[request->client];

	c->requests += done(request);
	c->jobs_late += late(s, request);
	if (done(request) && request->arrival_ns >= s->warm_ns)
		latencies_add(&c->request, request->done_ns - request->arrival_ns);
}

void summary_stopped(struct summary *s, u32 client, u64 begin_ns, u64 end_ns)
{
	struct window *win;

	for (win = s->windows; win < s->windows + SUMMARY_NUM_WINDOWS; win++)
		win->clients[client].stopped_ns += overlap(win, begin_ns, end_ns);
}

void summary_client(struct summary *s, u32 client, u64 overshoot_ns, u64 slices, u64 resets)
{
	s->clients[client].overshoot_ns = overshoot_ns;
	s->clients[client].slices = slices;
	s->clients[client].resets = resets;
}

static int by_end(const void *a, const void *b)
{
	const struct summary_job *x = a, *y = b;

	if (end_of(x) != end_of(y))
		return end_of(x) < end_of(y) ? -1 : 1;
	/* The same order everywhere, whatever qsort() does with equals. */
	if (x->arrival_ns != y->arrival_ns)
		return x->arrival_ns < y->arrival_ns ? -1 : 1;
	return x->client < y->client ? -1 : x->client > y->client;
}

/*
 * For how long of the window each engine of a recording had a job: that is from arrival to end, of
 * any. From the last end to the first, what overlaps is joined to one stretch after the other.
 */
static void measure_work(struct summary *s, struct window *win)
{
	struct stretch {
		u64 begin, end;
	} *stretches = allocate(summary_num_engines(s), sizeof(*stretches)), *t;
	const struct summary_job *job;
	struct engine_time *e;
	size_t i;
	u32 n;

	for (i = s->num_jobs; i--;) {
		job = &s->jobs[i];
		n = summary_engine_of(s, job->client);
		t = &stretches[n];
		if (end_of(job) < t->begin || !t->end) {
			win->engines[n].work_ns += overlap(win, t->begin, t->end);
			*t = (struct stretch){ job->arrival_ns, end_of(job) };
		} else if (job->arrival_ns < t->begin) {
			t->begin = job->arrival_ns;
		}
	}
	for (n = 0; n < summary_num_engines(s); n++) {
		e = &win->engines[n];
		e->work_ns += overlap(win, stretches[n].begin, stretches[n].end);
		/* What was busy had work, whatever the jobs' times are off by. */
		if (e->work_ns < e->busy_ns + e->switch_ns)
			e->work_ns = e->busy_ns + e->switch_ns;
	}
	free(stretches);
}

/* All at once, when the window is known. */
static void measure_recording(struct summary *s)
{
	struct window *win = &s->windows[summary_window(s) - s->windows];
	size_t i;

	for (i = 0; i < s->num_slices; i++)
		add_slice(s, win, &s->slices[i]);
	for (i = 0; i < s->num_jobs; i++)
		count_job(s, &s->jobs[i]);
	measure_work(s, win);
}

/* No engine does more than there is time, or than it has work for. */
static void check_sane(const struct summary *s, const struct window *win)
{
	const struct engine_time *e;

	for (e = win->engines; e < win->engines + summary_num_engines(s); e++) {
		if (e->busy_ns + e->switch_ns > e->work_ns ||
		    e->work_ns > win->end_ns - win->begin_ns)
			abort();
	}
}

void summary_finish(struct summary *s)
{
	const struct window *win = summary_window(s);
	u64 window_ns = win->end_ns - win->begin_ns;
	struct client_time *t;
	u32 n;

	if (s->num_jobs)
		qsort(s->jobs, s->num_jobs, sizeof(*s->jobs), by_end);
	if (!s->live)
		measure_recording(s);
	check_sane(s, win);
	for (n = 0; n < s->w->num_clients; n++) {
		t = &win->clients[n];
		if (sim_source_greedy(&s->w->clients[n].source))
			t->demand_ns = window_ns - t->stopped_ns;
		t->demand_ns += t->endless * window_ns;
		latencies_sort(&s->clients[n].latency);
		latencies_sort(&s->clients[n].request);
	}
}
