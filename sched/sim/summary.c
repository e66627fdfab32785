// SPDX-License-Identifier: GPL-2.0-only
/*
 * summary.c - figures of a run from its slices and jobs
 *
 * Two windows are kept: the one of whole rounds, whose ends are known as the slices of the
 * reference's engine are told, and the one by the clock, which is taken if there are no
 * whole rounds. Slices are added to both as they come. Those of other engines that
 * come before the first window is known have to be kept until then.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "summary.h"

#define ROUNDS_SPARE	3
#define SPARE_MIN_NS	50000000ull
#define SPARE_MAX_NS	60000000000ull

enum { ALIGNED, BY_CLOCK, NUM_WINDOWS };

struct engine_time {
	u64 busy_ns, switch_ns, switches;
};

struct window {
	u64 begin_ns, end_ns;	/* SIM_NEVER: not known yet */
	u64 *got_ns;		/* by client */
	struct engine_time *engines;
};

struct client_count {
	u64 overshoot_ns, slices, resets;
	u64 jobs, jobs_lost, demand_ns;
	u64 *latency;
	size_t num_latency;
};

struct summary {
	const struct workload *w;
	const char *source;
	u64 warm_ns;		/* the end of the warm-up */
	int reference;
	struct window windows[NUM_WINDOWS];
	struct client_count *clients;
	u64 *work_ns;		/* by engine */

	bool keep;
	struct summary_slice *slices;
	size_t num_slices;
	struct summary_job *jobs;
	size_t num_jobs;
	u64 *last_end;		/* of the last job told, by engine */
	bool unordered;
};

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

static u32 engine_index(u32 accelerator, enum workload_engine engine)
{
	return accelerator * WORKLOAD_NUM_ENGINES + engine;
}

static u32 num_engines(const struct summary *s)
{
	return engine_index(s->w->accelerators, 0);
}

static u32 engine_of(const struct summary *s, u32 client)
{
	const struct workload_client *c = &s->w->clients[client];

	return engine_index(c->accelerator, c->engine);
}

int summary_reference(const struct workload *w)
{
	int best = -1;
	u32 i;

	for (i = 0; i < w->num_clients; i++) {
		if (sim_source_greedy(&w->clients[i].source) &&
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
	s->clients = allocate(w->num_clients, sizeof(*s->clients));
	s->work_ns = allocate(num_engines(s), sizeof(*s->work_ns));
	s->last_end = allocate(num_engines(s), sizeof(*s->last_end));
	for (win = s->windows; win < s->windows + NUM_WINDOWS; win++) {
		win->begin_ns = SIM_NEVER;
		win->end_ns = SIM_NEVER;
		win->got_ns = allocate(w->num_clients, sizeof(*win->got_ns));
		win->engines = allocate(num_engines(s), sizeof(*win->engines));
	}
	s->windows[BY_CLOCK].begin_ns = s->warm_ns;
	s->windows[BY_CLOCK].end_ns = s->warm_ns + w->measure_ns;
	return s;
}

void summary_free(struct summary *s)
{
	struct window *win;
	u32 i;

	for (win = s->windows; win < s->windows + NUM_WINDOWS; win++) {
		free(win->got_ns);
		free(win->engines);
	}
	for (i = 0; i < s->w->num_clients; i++)
		free(s->clients[i].latency);
	free(s->clients);
	free(s->work_ns);
	free(s->last_end);
	free(s->slices);
	free(s->jobs);
	free(s);
}

void summary_keep_slices(struct summary *s)
{
	s->keep = true;
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

/* Of a slice that is cut, busy time is taken for evenly spread. */
static u64 busy_part(const struct summary_slice *slice, u64 inside)
{
	u64 whole = slice->end_ns - slice->begin_ns;

	return inside == whole ? slice->busy_ns :
				 (u64)((__uint128_t)slice->busy_ns * inside / whole);
}

static void add_slice(const struct summary *s, struct window *win,
		      const struct summary_slice *slice)
{
	u32 engine = engine_index(slice->accelerator, slice->engine);
	u64 inside = overlap(win, slice->begin_ns, slice->end_ns);
	u64 busy;

	if (slice->state == SUMMARY_SWITCH) {
		win->engines[engine].switch_ns += inside;
		/* A switch is counted where it ends. */
		win->engines[engine].switches += slice->end_ns > win->begin_ns &&
						 slice->end_ns <= win->end_ns;
	} else if (slice->state == SUMMARY_RUN && inside) {
		busy = busy_part(slice, inside);
		win->engines[engine].busy_ns += busy;
		/* A vGPU without load on an engine has slices there, all the same. */
		if (engine == engine_of(s, slice->client))
			win->got_ns[slice->client] += busy;
	}
}

static bool of_reference_engine(const struct summary *s, const struct summary_slice *slice)
{
	return s->reference >= 0 && engine_index(slice->accelerator, slice->engine) ==
				    engine_of(s, s->reference);
}

/* Whether this slice begins the window, or is the first one after it. */
static void move_window(struct summary *s, const struct summary_slice *slice)
{
	struct window *win = &s->windows[ALIGNED];
	u64 t = slice->begin_ns;

	if (slice->state != SUMMARY_RUN || slice->client != (u32)s->reference)
		return;
	if (win->begin_ns == SIM_NEVER) {
		if (t >= s->warm_ns)
			win->begin_ns = t;
	} else if (win->end_ns == SIM_NEVER && t >= win->begin_ns + s->w->measure_ns) {
		win->end_ns = t;
	}
}

void summary_slice(struct summary *s, const struct summary_slice *slice)
{
	bool reference = of_reference_engine(s, slice);

	if (slice->end_ns <= slice->begin_ns && slice->state != SUMMARY_SWITCH)
		return;
	if (reference) {
		move_window(s, slice);
		add_slice(s, &s->windows[ALIGNED], slice);
	} else if (s->windows[ALIGNED].end_ns != SIM_NEVER && !s->keep) {
		add_slice(s, &s->windows[ALIGNED], slice);
	}
	add_slice(s, &s->windows[BY_CLOCK], slice);
	if (s->keep || (!reference && s->reference >= 0 &&
			s->windows[ALIGNED].end_ns == SIM_NEVER && slice->end_ns > s->warm_ns)) {
		s->slices = room_for_one(s->slices, s->num_slices, sizeof(*s->slices));
		s->slices[s->num_slices++] = *slice;
	}
}

/* ---------------------------------------------------------------- jobs -- */

/* What is not done yet ends last. */
static u64 end_of(const struct summary_job *job)
{
	return job->done_ns ? job->done_ns : SIM_NEVER;
}

void summary_job(struct summary *s, const struct summary_job *job)
{
	u64 *last = &s->last_end[engine_of(s, job->client)];

	/* Told as they end, engine by engine, they need not be sorted. */
	s->unordered |= end_of(job) < *last;
	*last = end_of(job);
	s->jobs = room_for_one(s->jobs, s->num_jobs, sizeof(*s->jobs));
	s->jobs[s->num_jobs++] = *job;
}

void summary_client(struct summary *s, u32 client, u64 overshoot_ns, u64 slices, u64 resets)
{
	s->clients[client].overshoot_ns = overshoot_ns;
	s->clients[client].slices = slices;
	s->clients[client].resets = resets;
}

static const struct window *chosen(const struct summary *s)
{
	return &s->windows[s->windows[ALIGNED].end_ns != SIM_NEVER ? ALIGNED : BY_CLOCK];
}

static bool done(const struct summary_job *job)
{
	return job->done_ns && !job->lost;
}

static void count_job(struct summary *s, const struct window *win, const struct summary_job *job)
{
	struct client_count *c = &s->clients[job->client];
	u64 window_ns = win->end_ns - win->begin_ns;

	c->jobs += done(job);
	c->jobs_lost += job->lost;
	if (done(job) && job->arrival_ns >= s->warm_ns)
		c->num_latency++;
	if (job->arrival_ns < win->end_ns && (!job->done_ns || job->done_ns > win->begin_ns))
		c->demand_ns += job->length_ns < window_ns ? job->length_ns : window_ns;
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
 * For how long of the window each engine had a job: that is from arrival to end, of any. From
 * the last end to the first, what overlaps is joined to one stretch after the other.
 */
static void measure_work(struct summary *s, const struct window *win)
{
	struct stretch {
		u64 begin, end;
	} *stretches = allocate(num_engines(s), sizeof(*stretches)), *t;
	const struct summary_job *job;
	size_t i;
	u32 n;

	for (i = s->num_jobs; i--;) {
		job = &s->jobs[i];
		n = engine_of(s, job->client);
		t = &stretches[n];
		if (end_of(job) < t->begin || !t->end) {
			s->work_ns[n] += overlap(win, t->begin, t->end);
			*t = (struct stretch){ job->arrival_ns, end_of(job) };
		} else if (job->arrival_ns < t->begin) {
			t->begin = job->arrival_ns;
		}
	}
	for (n = 0; n < num_engines(s); n++)
		s->work_ns[n] += overlap(win, stretches[n].begin, stretches[n].end);
	free(stretches);
}

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static void sort_latencies(struct summary *s)
{
	struct client_count *c, *end = s->clients + s->w->num_clients;
	size_t i;

	for (c = s->clients; c < end; c++) {
		c->latency = allocate(c->num_latency, sizeof(u64));
		c->num_latency = 0;
	}
	for (i = 0; i < s->num_jobs; i++) {
		const struct summary_job *job = &s->jobs[i];

		c = &s->clients[job->client];
		if (done(job) && job->arrival_ns >= s->warm_ns)
			c->latency[c->num_latency++] = job->done_ns - job->arrival_ns;
	}
	for (c = s->clients; c < end; c++)
		qsort(c->latency, c->num_latency, sizeof(u64), by_value);
}

void summary_finish(struct summary *s)
{
	const struct window *win = chosen(s);
	size_t i;
	u32 n;

	for (i = 0; win == &s->windows[ALIGNED] && i < s->num_slices; i++) {
		if (!of_reference_engine(s, &s->slices[i]))
			add_slice(s, &s->windows[ALIGNED], &s->slices[i]);
	}
	if (s->unordered)
		qsort(s->jobs, s->num_jobs, sizeof(*s->jobs), by_end);
	measure_work(s, win);
	for (i = 0; i < s->num_jobs; i++)
		count_job(s, win, &s->jobs[i]);
	for (n = 0; n < s->w->num_clients; n++) {
		if (sim_source_greedy(&s->w->clients[n].source))
			s->clients[n].demand_ns = win->end_ns - win->begin_ns;
	}
	sort_latencies(s);
}

/* --------------------------------------------------------------- output -- */

static void print_string(FILE *f, const char *text)
{
	putc('"', f);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', f);
		putc((unsigned char)*text < ' ' ? ' ' : *text, f);
	}
	putc('"', f);
}

/* The least value that so many per mille of all do not exceed. */
static u64 percentile(const struct client_count *c, unsigned int per_mille)
{
	return c->latency[(c->num_latency * per_mille + 999) / 1000 - 1];
}

static void print_latency(const struct client_count *c, FILE *f)
{
	static const struct {
		const char *name;
		unsigned int per_mille;
	} points[] = {
		{ "p1", 10 }, { "p5", 50 }, { "p10", 100 }, { "p25", 250 }, { "p50", 500 },
		{ "p75", 750 }, { "p90", 900 }, { "p95", 950 }, { "p99", 990 }, { "p99.9", 999 },
		{ "max", 1000 },
	};
	size_t i;

	fputs("\"latency_ns\": {", f);
	for (i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		fprintf(f, "%s\"%s\": ", i ? ", " : "", points[i].name);
		if (c->num_latency)
			fprintf(f, "%" PRIu64, percentile(c, points[i].per_mille));
		else
			fputs("null", f);
	}
	putc('}', f);
}

static void print_engines(const struct summary *s, const struct window *win, FILE *f)
{
	bool *used = allocate(num_engines(s), sizeof(*used));
	const char *comma = "";
	u32 i;

	for (i = 0; i < s->w->num_clients; i++)
		used[engine_of(s, i)] = true;
	for (i = 0; i < num_engines(s); i++) {
		const struct engine_time *e = &win->engines[i];

		if (!used[i])
			continue;
		fprintf(f, "%s{\"accelerator\": %" PRIu32 ", \"engine\": \"%s\"", comma,
			i / WORKLOAD_NUM_ENGINES, workload_engine_names[i % WORKLOAD_NUM_ENGINES]);
		fprintf(f, ", \"busy_ns\": %" PRIu64 ", \"switch_ns\": %" PRIu64
			", \"work_ns\": %" PRIu64 ", \"switches\": %" PRIu64 "}", e->busy_ns,
			e->switch_ns, s->work_ns[i], e->switches);
		comma = ", ";
	}
	free(used);
}

static void print_client(const struct summary *s, const struct window *win, u32 i, FILE *f)
{
	const struct workload_client *c = &s->w->clients[i];
	const struct client_count *n = &s->clients[i];

	fputs("{\"name\": ", f);
	print_string(f, c->name);
	fprintf(f, ", \"type\": \"V%" PRIu32 "\", \"accelerator\": %" PRIu32 ", \"engine\": \"%s\"",
		c->fixed_share_inv, c->accelerator, workload_engine_names[c->engine]);
	fprintf(f, ", \"load\": \"%s\", \"greedy\": %s", sim_load_names[c->source.kind],
		sim_source_greedy(&c->source) ? "true" : "false");
	fprintf(f, ", \"weight\": %" PRIu32 ", \"reservation\": %" PRIu32 ", \"limit\": %" PRIu32
		", \"elastic_cap\": %" PRIu32, c->weight, c->reservation, c->limit, c->elastic_cap);
	fprintf(f, ", \"got_ns\": %" PRIu64 ", \"demand_ns\": %" PRIu64 ", \"jobs\": %" PRIu64
		", \"jobs_lost\": %" PRIu64 ", \"guilty\": %s, ", win->got_ns[i], n->demand_ns,
		n->jobs, n->jobs_lost, c->source.kind == SIM_HANG ? "true" : "false");
	print_latency(n, f);
	fprintf(f, ", \"overshoot_ns\": %" PRIu64 ", \"slices\": %" PRIu64 ", \"resets\": %" PRIu64
		"}", n->overshoot_ns, n->slices, n->resets);
}

void summary_print(const struct summary *s, FILE *f)
{
	const struct window *win = chosen(s);
	const struct workload *w = s->w;
	u32 accelerator, i;

	accelerator = w->clients[s->reference < 0 ? 0 : s->reference].accelerator;
	fputs("{\"workload\": ", f);
	print_string(f, w->name);
	fprintf(f, ", \"source\": \"%s\", \"policy\": \"%s\", \"preemption\": \"%s\"", s->source,
		w->policy, w->preemption == SIM_STRICT ? "strict" : "batch");
	fprintf(f, ", \"timeslice_us\": %" PRIu64 ", \"switch_us\": %" PRIu64,
		workload_timeslice_ns(w, accelerator) / 1000, w->switch_ns / 1000);
	fprintf(f, ", \"begin_ns\": %" PRIu64 ", \"window_ns\": %" PRIu64 ", \"aligned\": %s",
		win->begin_ns, win->end_ns - win->begin_ns,
		win == &s->windows[ALIGNED] ? "true" : "false");
	fputs(", \"engines\": [", f);
	print_engines(s, win, f);
	fputs("], \"vgpus\": [", f);
	for (i = 0; i < w->num_clients; i++) {
		fputs(i ? ", " : "", f);
		print_client(s, win, i, f);
	}
	fputs("]}\n", f);
}

void summary_print_slices(const struct summary *s, FILE *f)
{
	static const char *const states[] = {
		[SUMMARY_RUN] = "run", [SUMMARY_SWITCH] = "switch", [SUMMARY_IDLE] = "idle",
	};
	const struct summary_slice *slice;
	bool run;

	fputs("begin_ns,end_ns,accelerator,engine,state,vgpu,busy_ns\n", f);
	for (slice = s->slices; slice < s->slices + s->num_slices; slice++) {
		run = slice->state == SUMMARY_RUN;
		fprintf(f, "%" PRIu64 ",%" PRIu64 ",%" PRIu32 ",%s,%s,%s,%" PRIu64 "\n",
			slice->begin_ns, slice->end_ns, slice->accelerator,
			workload_engine_names[slice->engine], states[slice->state],
			run ? s->w->clients[slice->client].name : "", run ? slice->busy_ns : 0);
	}
}

void summary_print_jobs(const struct summary *s, FILE *f)
{
	const struct summary_job *job;

	fputs("arrival_ns,done_ns,accelerator,engine,vgpu,length_ns,lost\n", f);
	for (job = s->jobs; job < s->jobs + s->num_jobs; job++) {
		const struct workload_client *c = &s->w->clients[job->client];

		fprintf(f, "%" PRIu64 ",%" PRIu64 ",%" PRIu32 ",%s,%s,%" PRIu64 ",%d\n",
			job->arrival_ns, job->done_ns, c->accelerator,
			workload_engine_names[c->engine], c->name,
			job->length_ns == SIM_NEVER ? 0 : job->length_ns, job->lost);
	}
}
