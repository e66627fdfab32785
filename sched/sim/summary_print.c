// SPDX-License-Identifier: GPL-2.0-only
/*
 * summary_print.c - a run's JSON, and its slices and jobs as CSV
 */
#include <inttypes.h>
#include <stdlib.h>

#include "summary_internal.h"

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

static void print_percentiles(const struct latencies *l, const char *key, FILE *f)
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

	fprintf(f, "\"%s\": {", key);
	for (i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		fprintf(f, "%s\"%s\": ", i ? ", " : "", points[i].name);
		if (l->num)
			fprintf(f, "%" PRIu64, latencies_percentile(l, points[i].per_mille));
		else
			fputs("null", f);
	}
	putc('}', f);
}

static void print_engines(const struct summary *s, const struct window *win, FILE *f)
{
	bool *used = calloc(summary_num_engines(s), sizeof(*used));
	const char *comma = "";
	u32 i;

	if (!used)
		abort();
	for (i = 0; i < s->w->num_clients; i++)
		used[summary_engine_of(s, i)] = true;
	for (i = 0; i < summary_num_engines(s); i++) {
		const struct engine_time *e = &win->engines[i];

		if (!used[i])
			continue;
		fprintf(f, "%s{\"accelerator\": %" PRIu32 ", \"engine\": \"%s\"", comma,
			i / WORKLOAD_NUM_ENGINES, workload_engine_names[i % WORKLOAD_NUM_ENGINES]);
		fprintf(f, ", \"busy_ns\": %" PRIu64 ", \"switch_ns\": %" PRIu64
			", \"work_ns\": %" PRIu64 ", \"switches\": %" PRIu64 "}", e->busy_ns,
			e->switch_ns, e->work_ns, e->switches);
		comma = ", ";
	}
	free(used);
}

static void print_client(const struct summary *s, const struct window *win, u32 i, FILE *f)
{
	const struct workload_client *c = &s->w->clients[i];
	const struct client_count *n = &s->clients[i];
	const struct client_time *t = &win->clients[i];

	fputs("{\"name\": ", f);
	print_string(f, c->name);
	fprintf(f, ", \"type\": \"V%" PRIu32 "\", \"accelerator\": %" PRIu32 ", \"engine\": \"%s\"",
		c->fixed_share_inv, c->accelerator, workload_engine_names[c->engine]);
	fprintf(f, ", \"load\": \"%s\", \"greedy\": %s", sim_load_names[c->source.kind],
		sim_source_greedy(&c->source) ? "true" : "false");
	fprintf(f, ", \"latency\": \"%s\", \"weight\": %" PRIu32 ", \"reservation\": %" PRIu32
		", \"limit\": %" PRIu32 ", \"elastic_cap\": %" PRIu32,
		workload_latency_names[c->latency], c->weight, c->reservation, c->limit,
		c->elastic_cap);
	fprintf(f, ", \"running_ns\": %" PRIu64 ", \"got_ns\": %" PRIu64 ", \"switch_ns\": %" PRIu64
		", \"demand_ns\": %" PRIu64, win->end_ns - win->begin_ns - t->stopped_ns, t->got_ns,
		t->switch_ns, t->demand_ns);
	fprintf(f, ", \"jobs\": %" PRIu64 ", \"jobs_lost\": %" PRIu64 ", \"jobs_dropped\": %" PRIu64
		", \"deadline_us\": %" PRIu64 ", \"jobs_late\": %" PRIu64 ", \"guilty\": %s",
		n->jobs, n->jobs_lost, n->jobs_dropped, c->deadline_ns / 1000, n->jobs_late,
		c->source.kind == SIM_HANG ? "true" : "false");
	fprintf(f, ", \"samples\": %" PRIu64 ", ", n->latency.num);
	print_percentiles(&n->latency, "latency_ns", f);
	if (c->source.kind == SIM_PIPELINE && c->engine == WORKLOAD_COMPUTE) {
		fprintf(f, ", \"requests\": %" PRIu64 ", ", n->requests);
		print_percentiles(&n->request, "request_ns", f);
	}
	fprintf(f, ", \"overshoot_ns\": %" PRIu64 ", \"slices\": %" PRIu64 ", \"resets\": %" PRIu64
		"}", n->overshoot_ns, n->slices, n->resets);
}

void summary_print(const struct summary *s, FILE *f)
{
	const struct window *win = summary_window(s);
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
		win == &s->windows[SUMMARY_ALIGNED] ? "true" : "false");
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
			job->length_ns == SIM_NEVER ? 0 : job->length_ns, job->fate);
	}
}
