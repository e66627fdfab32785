// SPDX-License-Identifier: GPL-2.0-only
/*
 * simulate.c - loads of several vGPUs on a modelled engine under one policy, as JSON
 *
 * The scheduler is the one that tessera.ko runs. See refuse_usage() for the options.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim_loads.h"

#define MAX_CLIENTS	16384
#define SECOND		1000000000ull

struct result {
	char name[40];
	struct sim_source src;
	u64 *latency;
	size_t num, room;
	u32 due_ppm;
};

static struct sim_engine m;
static struct sim_client *c;
static struct result *r;
static unsigned int num;
static FILE *slices;
static u64 slice_from;

static void refuse_usage(void)
{
	fputs("usage: simulate [OPTION]... CLIENT...\n"
	      "  --policy NAME          best_effort, equal_share, fixed_share or deadline\n"
	      "  --preemption batch|strict\n"
	      "  --slice-us N --averaging N --switch-us N --tile-us N --late-us N\n"
	      "  --seconds N            of engine time (default 10)\n"
	      "  --seed N\n"
	      "  --trace FILE           CSV: time_ns,vgpu,length_ns; a client for each vGPU in it\n"
	      "  --slices FILE          write who had the engine when: CSV begin_ns,end_ns,vgpu\n"
	      "CLIENT: KEY=VALUE,...; load=hog|frames|poisson|bursty|adversary and\n"
	      "  name, period_us, length_us, spread_us, burst, weight, inv, reservation, limit\n"
	      "  (percent), request_us\n", stderr);
	exit(2);
}

static u64 number(const char *what, const char *text, u64 most)
{
	char *end;
	u64 n = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n > most) {
		fprintf(stderr, "simulate: %s: not 0 to %" PRIu64 ": '%s'\n", what, most, text);
		exit(2);
	}
	return n;
}

static void refuse(const char *what, const char *text)
{
	fprintf(stderr, "simulate: %s '%s'\n", what, text);
	exit(2);
}

static struct result *add_client(const char *name)
{
	struct result *res;

	if (num == MAX_CLIENTS)
		refuse("too many clients, from", name);
	res = &r[num];
	snprintf(res->name, sizeof(res->name), "%s", name);
	res->src.random = m.random + num;
	tessera_sched_entity_init(&c[num].entity, res->name, 16);
	num++;
	return res;
}

static void parse_client(char *text)
{
	struct tessera_sched_entity *e = &c[num].entity;
	char *key, *value, *rest = NULL, name[40];
	u32 inv = 16, weight = 100, reservation = 0, limit = 0;
	struct sim_source src = { .length_ns = 1000000, .period_ns = 16666667, .burst = 10 };
	unsigned int kind = SIM_HOG;
	u64 request = 0;
	struct result *res;
	bool repick;

	snprintf(name, sizeof(name), "vgpu%u", num);
	for (key = strtok_r(text, ",", &rest); key; key = strtok_r(NULL, ",", &rest)) {
		value = strchr(key, '=');
		if (!value)
			refuse("no value for", key);
		*value++ = 0;
		if (!strcmp(key, "load")) {
			kind = 0;
			while (kind < SIM_TRACE && strcmp(value, sim_load_names[kind]))
				kind++;
			if (kind == SIM_TRACE)
				refuse("unknown load", value);
		} else if (!strcmp(key, "name")) {
			snprintf(name, sizeof(name), "%s", value);
		} else if (!strcmp(key, "period_us")) {
			src.period_ns = 1000 * number(key, value, 1000000000);
		} else if (!strcmp(key, "length_us")) {
			src.length_ns = 1000 * number(key, value, 1000000000);
		} else if (!strcmp(key, "spread_us")) {
			src.spread_ns = 1000 * number(key, value, 1000000000);
		} else if (!strcmp(key, "burst")) {
			src.burst = number(key, value, 1000000);
		} else if (!strcmp(key, "weight")) {
			weight = number(key, value, TESSERA_SCHED_WEIGHT_MAX);
		} else if (!strcmp(key, "inv")) {
			inv = number(key, value, 65536);
		} else if (!strcmp(key, "reservation")) {
			reservation = number(key, value, 100);
		} else if (!strcmp(key, "limit")) {
			limit = number(key, value, 100);
		} else if (!strcmp(key, "request_us")) {
			request = 1000 * number(key, value, 30000);
		} else {
			refuse("unknown key", key);
		}
	}
	if (!src.period_ns)
		refuse("a period of nothing for", name);
	res = add_client(name);
	src.kind = kind;
	src.random = res->src.random;
	res->src = src;
	sim_client_init(&m, &c[num - 1], res->name, inv, sim_load_of(&res->src), &res->src);
	if (tessera_sched_set_weight(&m.sched, e, weight))
		refuse("weight out of range for", name);
	if (tessera_sched_set_slice_request(&m.sched, e, request))
		refuse("request out of range for", name);
	if (tessera_sched_set_qos(&m.sched, e, 10000 * reservation, 10000 * limit, m.now_ns,
				  &repick))
		refuse("reservation or limit refused for", name);
}

static void add_batch(struct result *res, const struct sim_trace_row *row)
{
	struct sim_source *src = &res->src;

	/* Rooms are powers of two. */
	if (!(src->trace_num & (src->trace_num - 1))) {
		size_t room = src->trace_num ? 2 * src->trace_num : 1;

		src->trace = realloc(src->trace, room * sizeof(*src->trace));
		if (!src->trace)
			abort();
	}
	if (src->trace_num && src->trace[src->trace_num - 1].arrival_ns > row->time_ns)
		refuse("times go back in the trace of", res->name);
	src->trace[src->trace_num++] = (struct sim_job){ row->time_ns, row->length_ns };
}

static void read_trace(const char *path)
{
	unsigned int first = num, i;
	unsigned long line = 0;
	struct sim_trace_row row;
	FILE *f = fopen(path, "r");
	int got;

	if (!f) {
		perror(path);
		exit(2);
	}
	while ((got = sim_trace_read(f, &row, &line)) > 0) {
		for (i = first; i < num && strcmp(r[i].name, row.vgpu); i++)
			;
		if (i == num) {
			add_client(row.vgpu);
			r[i].src.kind = SIM_TRACE;
		}
		add_batch(&r[i], &row);
	}
	fclose(f);
	if (got < 0) {
		fprintf(stderr, "simulate: %s:%lu: not 'time_ns,vgpu,length_ns'\n", path, line);
		exit(2);
	}
	for (i = first; i < num; i++)
		sim_client_init(&m, &c[i], r[i].name, 16, sim_load_of(&r[i].src), &r[i].src);
}

static void job_done(struct sim_engine *e, struct sim_client *which, const struct sim_job *job)
{
	struct result *res = &r[which - c];

	if (res->num == res->room) {
		res->room = res->room ? 2 * res->room : 1024;
		res->latency = realloc(res->latency, res->room * sizeof(*res->latency));
		if (!res->latency)
			abort();
	}
	res->latency[res->num++] = e->now_ns - job->arrival_ns;
}

static void switched(struct sim_engine *e, struct sim_client *which)
{
	static const char *holder = "";

	if (slices && e->now_ns > slice_from)
		fprintf(slices, "%" PRIu64 ",%" PRIu64 ",%s\n", slice_from, e->now_ns, holder);
	slice_from = e->now_ns;
	holder = which ? r[which - c].name : "";
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static u64 percentile(const struct result *res, unsigned int p)
{
	return res->num ? res->latency[(res->num - 1) * p / 100] : 0;
}

static void print_name(const char *name)
{
	putchar('"');
	for (; *name; name++) {
		if (*name == '"' || *name == '\\')
			putchar('\\');
		if ((unsigned char)*name >= ' ')
			putchar(*name);
	}
	putchar('"');
}

static void report(u64 duration)
{
	double sum = 0, squares = 0, share;
	unsigned int i;

	for (i = 0; i < num; i++) {
		share = r[i].due_ppm ? (double)c[i].busy_ns / r[i].due_ppm : 0;
		sum += share;
		squares += share * share;
	}
	printf("{\"policy\": \"%s\", \"preemption\": \"%s\", \"duration_ns\": %" PRIu64 ",\n",
	       m.sched.policy->name, m.preemption == SIM_STRICT ? "strict" : "batch", duration);
	printf(" \"decisions\": %" PRIu64 ", \"switches\": %" PRIu64 ", \"utilisation\": %.6f,\n",
	       m.decisions, m.switches,
	       (double)(m.busy_total_ns + m.switch_total_ns) / (double)duration);
	printf(" \"switch_share\": %.6f, \"jain\": %.6f,\n \"vgpus\": [\n",
	       (double)m.switch_total_ns / (double)duration,
	       squares > 0 ? sum * sum / (num * squares) : 0);
	for (i = 0; i < num; i++) {
		qsort(r[i].latency, r[i].num, sizeof(u64), compare);
		printf("  {\"name\": ");
		print_name(r[i].name);
		printf(", \"load\": \"%s\", \"due\": %.6f, \"got\": %.6f, \"jobs\": %" PRIu64
		       ", \"p50_ns\": %" PRIu64 ", \"p99_ns\": %" PRIu64
		       ", \"overshoot_ns\": %" PRIu64 "}%s\n",
		       sim_load_names[r[i].src.kind], r[i].due_ppm / 1e6,
		       (double)c[i].busy_ns / (double)duration, c[i].jobs_done,
		       percentile(&r[i], 50), percentile(&r[i], 99), c[i].entity.overshoot_ns,
		       i + 1 < num ? "," : "");
	}
	puts(" ]}");
}

static const char *option(int argc, char **argv, int *i)
{
	if (*i + 1 == argc)
		refuse("no value for", argv[*i]);
	return argv[++*i];
}

int main(int argc, char **argv)
{
	struct tessera_sched_config config = { 0, TESSERA_SCHED_AVERAGING_DEFAULT };
	const struct tessera_sched_policy *policy = tessera_sched_policies[0];
	u64 seconds = 10, seed = 1, switch_ns = 20000, tile_ns = 10000, late_ns = 0, start;
	enum sim_preemption preemption = SIM_BATCH;
	const char *trace = NULL, *o, *v;
	int i, first = argc;

	for (i = 1; i < argc && !strncmp(argv[i], "--", 2); i++) {
		o = argv[i] + 2;
		v = option(argc, argv, &i);
		if (!strcmp(o, "policy")) {
			policy = tessera_sched_policy_find(v);
			if (!policy)
				refuse("unknown policy", v);
		} else if (!strcmp(o, "preemption")) {
			if (strcmp(v, "batch") && strcmp(v, "strict"))
				refuse("unknown preemption", v);
			preemption = strcmp(v, "batch") ? SIM_STRICT : SIM_BATCH;
		} else if (!strcmp(o, "slice-us")) {
			config.timeslice_ns = 1000 * number(o, v, 1000000);
		} else if (!strcmp(o, "averaging")) {
			config.averaging = number(o, v, 1000);
		} else if (!strcmp(o, "switch-us")) {
			switch_ns = 1000 * number(o, v, 1000000);
		} else if (!strcmp(o, "tile-us")) {
			tile_ns = 1000 * number(o, v, 1000000);
		} else if (!strcmp(o, "late-us")) {
			late_ns = 1000 * number(o, v, 1000000);
		} else if (!strcmp(o, "seconds")) {
			seconds = number(o, v, 1000000);
		} else if (!strcmp(o, "seed")) {
			seed = number(o, v, UINT64_MAX);
		} else if (!strcmp(o, "trace")) {
			trace = v;
		} else if (!strcmp(o, "slices")) {
			slices = fopen(v, "w");
			if (!slices) {
				perror(v);
				return 2;
			}
			fputs("begin_ns,end_ns,vgpu\n", slices);
		} else {
			refuse_usage();
		}
	}
	first = i;
	if ((first == argc && !trace) || !tile_ns || !seconds)
		refuse_usage();
	c = calloc(MAX_CLIENTS, sizeof(*c));
	r = calloc(MAX_CLIENTS, sizeof(*r));
	if (!c || !r)
		abort();
	sim_init(&m, policy, seed);
	m.preemption = preemption;
	m.switch_ns = switch_ns;
	m.tile_ns = tile_ns;
	m.timer_late_ns = late_ns;
	m.job_done = job_done;
	m.switched = switched;
	if (tessera_sched_set_config(&m.sched, &config))
		refuse("slice or averaging", "out of range");
	if (trace)
		read_trace(trace);
	for (i = first; i < argc; i++)
		parse_client(argv[i]);
	start = m.now_ns;
	for (i = 0; i < (int)num; i++)
		sim_client_start(&m, &c[i]);
	for (i = 0; i < (int)num; i++)
		r[i].due_ppm = tessera_sched_due_ppm(&m.sched, &c[i].entity);
	sim_run(&m, start + seconds * SECOND);
	switched(&m, NULL);
	report(seconds * SECOND);
	if (slices && fclose(slices)) {
		perror("slices");
		return 1;
	}
	for (i = 0; i < (int)num; i++) {
		sim_client_exit(&m, &c[i]);
		free(r[i].latency);
		free(r[i].src.trace);
	}
	free(c);
	free(r);
	return 0;
}
