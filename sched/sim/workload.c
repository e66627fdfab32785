// SPDX-License-Identifier: GPL-2.0-only
/*
 * workload.c - reads workload files
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workload.h"

#define LINE_MAX_CHARS	512
#define NUMBERED_NAME	29	/* with any number behind it, it still is a name */
#define US		1000ull
#define MS		1000000ull
#define MAX_US		1000000000ull	/* 1000 s */

const char *const workload_engine_names[WORKLOAD_NUM_ENGINES] = {
	[WORKLOAD_COMPUTE] = "compute",
	[WORKLOAD_COPY] = "copy",
};

static int __attribute__((format(printf, 2, 3))) wrong(char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, WORKLOAD_WHY, format, args);
	va_end(args);
	return -1;
}

void workload_init(struct workload *w)
{
	*w = (struct workload){
		.preemption = SIM_STRICT,
		.averaging = TESSERA_SCHED_AVERAGING_DEFAULT,
		.preempt_timeout_ns = 10 * MS,
		.switch_ns = 5 * US,
		.tile_ns = 10 * US,
		.warmup_ns = 100 * MS,
		.measure_ns = 1000 * MS,
		.seed = 1,
		.accelerators = 1,
	};
	snprintf(w->policy, sizeof(w->policy), "%s", tessera_sched_policies[0]->name);
}

void workload_free(struct workload *w)
{
	u32 i;

	for (i = 0; i < w->num_clients; i++)
		free(w->clients[i].source.trace);
	free(w->clients);
	w->clients = NULL;
	w->num_clients = 0;
}

struct workload_client *workload_add_client(struct workload *w, char *why)
{
	struct workload_client *c;

	if (w->num_clients == WORKLOAD_MAX_CLIENTS) {
		wrong(why, "more than %d loads", WORKLOAD_MAX_CLIENTS);
		return NULL;
	}
	/* Rooms are powers of two. */
	if (!(w->num_clients & (w->num_clients - 1))) {
		c = realloc(w->clients, (w->num_clients ? 2 * w->num_clients : 1) * sizeof(*c));
		if (!c) {
			wrong(why, "out of memory");
			return NULL;
		}
		w->clients = c;
	}
	c = &w->clients[w->num_clients++];
	*c = (struct workload_client){
		.accelerator = WORKLOAD_ANY,
		.fixed_share_inv = 16,
		.weight = TESSERA_SCHED_WEIGHT_DEFAULT,
		.source = {
			.kind = SIM_HOG,
			.length_ns = 1000 * US,
			.period_ns = 16667 * US,
			.burst = 10,
		},
	};
	return c;
}

/* Digits alone, from @least to @most. */
static int parse_number(const char *key, const char *text, u64 least, u64 most, u64 *n, char *why)
{
	char *end = NULL;

	errno = 0;
	*n = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || *n < least || *n > most)
		return wrong(why, "%s: not a number from %" PRIu64 " to %" PRIu64 ": '%.40s'", key,
			     least, most, text);
	return 0;
}

static int number32(const char *key, const char *text, u32 least, u32 most, u32 *n, char *why)
{
	u64 value;

	if (parse_number(key, text, least, most, &value, why))
		return -1;
	*n = value;
	return 0;
}

/* A time in units of @unit ns. */
static int time_of(const char *key, const char *text, u64 least, u64 unit, u64 *ns, char *why)
{
	if (parse_number(key, text, least, MAX_US * US / unit, ns, why))
		return -1;
	*ns *= unit;
	return 0;
}

/* 0, or a slice that the scheduler takes. */
static int slice_of(const char *key, const char *text, u64 *ns, char *why)
{
	if (time_of(key, text, 0, US, ns, why))
		return -1;
	if (*ns && (*ns < TESSERA_SCHED_SLICE_MIN_NS || *ns > TESSERA_SCHED_SLICE_MAX_NS))
		return wrong(why, "%s: neither 0 nor %llu to %llu: '%.40s'", key,
			     TESSERA_SCHED_SLICE_MIN_NS / US, TESSERA_SCHED_SLICE_MAX_NS / US,
			     text);
	return 0;
}

static int one_of(const char *key, const char *text, const char *const *names, u32 num, u32 *which,
		  char *why)
{
	for (*which = 0; *which < num; ++*which) {
		if (!strcmp(text, names[*which]))
			return 0;
	}
	return wrong(why, "unknown %s '%.40s'", key, text);
}

static int name_of(const char *text, char *name, char *why)
{
	const char *p;

	if (!*text || strlen(text) >= WORKLOAD_NAME)
		return wrong(why, "name: not 1 to %d characters: '%.60s'", WORKLOAD_NAME - 1, text);
	for (p = text; *p; p++) {
		if (!isgraph((unsigned char)*p) || *p == '"' || *p == '\\')
			return wrong(why, "name: no spaces, quotes or backslashes: '%.40s'", text);
	}
	strcpy(name, text);
	return 0;
}

static int set_key(struct workload_client *c, u32 *count, const char *key, const char *value,
		   char *why)
{
	struct sim_source *src = &c->source;
	u32 which;

	if (!strcmp(key, "name"))
		return name_of(value, c->name, why);
	if (!strcmp(key, "count"))
		return number32(key, value, 1, WORKLOAD_MAX_CLIENTS, count, why);
	if (!strcmp(key, "type")) {
		if (*value != 'V')
			return wrong(why, "type: not V1, V2, ...: '%.40s'", value);
		return number32(key, value + 1, 1, 65536, &c->fixed_share_inv, why);
	}
	if (!strcmp(key, "engine")) {
		if (one_of(key, value, workload_engine_names, WORKLOAD_NUM_ENGINES, &which, why))
			return -1;
		c->engine = which;
		return 0;
	}
	if (!strcmp(key, "accelerator"))
		return number32(key, value, 0, WORKLOAD_MAX_ACCELERATORS - 1, &c->accelerator, why);
	if (!strcmp(key, "load")) {
		if (one_of(key, value, sim_load_names, SIM_NUM_LOADS, &which, why))
			return -1;
		src->kind = which;
		return 0;
	}
	if (!strcmp(key, "weight"))
		return number32(key, value, TESSERA_SCHED_WEIGHT_MIN, TESSERA_SCHED_WEIGHT_MAX,
				&c->weight, why);
	if (!strcmp(key, "reservation"))
		return number32(key, value, 0, 100, &c->reservation, why);
	if (!strcmp(key, "limit"))
		return number32(key, value, 0, 100, &c->limit, why);
	if (!strcmp(key, "elastic_cap"))
		return number32(key, value, 0, 100, &c->elastic_cap, why);
	if (!strcmp(key, "slice_us"))
		return slice_of(key, value, &c->slice_request_ns, why);
	if (!strcmp(key, "length_us"))
		return time_of(key, value, 1, US, &src->length_ns, why);
	if (!strcmp(key, "spread_us"))
		return time_of(key, value, 0, US, &src->spread_ns, why);
	if (!strcmp(key, "period_us"))
		return time_of(key, value, 1, US, &src->period_ns, why);
	if (!strcmp(key, "delay_us"))
		return time_of(key, value, 0, US, &src->delay_ns, why);
	if (!strcmp(key, "burst"))
		return parse_number(key, value, 1, 1000000, &src->burst, why);
	return wrong(why, "unknown key '%.40s'", key);
}

/* "vgpu KEY=VALUE,..." */
static int add_vgpus(struct workload *w, char *text, char *why)
{
	struct workload_client c, *first = workload_add_client(w, why);
	u32 count = 0, i, number = w->num_clients - 1;
	char *key, *value, *rest = NULL;

	if (!first)
		return -1;
	c = *first;
	for (key = strtok_r(text, ",", &rest); key; key = strtok_r(NULL, ",", &rest)) {
		value = strchr(key, '=');
		if (!value)
			return wrong(why, "no value for '%.40s'", key);
		*value++ = 0;
		if (set_key(&c, &count, key, value, why))
			return -1;
	}
	if (count && strlen(c.name) > NUMBERED_NAME)
		return wrong(why, "name: more than %d characters, and to be numbered: '%s'",
			     NUMBERED_NAME, c.name);
	*first = c;
	for (i = 0; i < count || !i; i++) {
		struct workload_client *to = i ? workload_add_client(w, why) :
						 &w->clients[number];

		if (!to)
			return -1;
		*to = c;
		if (!*c.name)
			snprintf(to->name, sizeof(to->name), "vgpu%" PRIu32, number + i);
		else if (count)
			snprintf(to->name, sizeof(to->name), "%.29s%" PRIu32, c.name, i);
	}
	return 0;
}

static int set_keyword(struct workload *w, const char *keyword, char *value, char *why)
{
	static const char *const modes[] = { [SIM_BATCH] = "batch", [SIM_STRICT] = "strict" };
	u32 which;

	if (!strcmp(keyword, "vgpu"))
		return add_vgpus(w, value, why);
	if (!*value)
		return wrong(why, "no value for '%.40s'", keyword);
	if (!strcmp(keyword, "about")) {
		if (strlen(value) >= sizeof(w->about))
			return wrong(why, "about: more than %zu characters", sizeof(w->about) - 1);
		strcpy(w->about, value);
		return 0;
	}
	if (!strcmp(keyword, "policy")) {
		if (!tessera_sched_policy_find(value))
			return wrong(why, "unknown policy '%.40s'", value);
		strcpy(w->policy, tessera_sched_policy_find(value)->name);
		return 0;
	}
	if (!strcmp(keyword, "preemption")) {
		if (one_of(keyword, value, modes, 2, &which, why))
			return -1;
		w->preemption = which;
		return 0;
	}
	if (!strcmp(keyword, "timeslice_us"))
		return slice_of(keyword, value, &w->timeslice_ns, why);
	if (!strcmp(keyword, "averaging"))
		return number32(keyword, value, TESSERA_SCHED_AVERAGING_MIN,
				TESSERA_SCHED_AVERAGING_MAX, &w->averaging, why);
	if (!strcmp(keyword, "preempt_timeout_us")) {
		/* What the mediator takes. */
		if (parse_number(keyword, value, 100, 10000000, &w->preempt_timeout_ns, why))
			return -1;
		w->preempt_timeout_ns *= US;
		return 0;
	}
	if (!strcmp(keyword, "switch_us"))
		return time_of(keyword, value, 0, US, &w->switch_ns, why);
	if (!strcmp(keyword, "tile_us"))
		return time_of(keyword, value, 1, US, &w->tile_ns, why);
	if (!strcmp(keyword, "warmup_ms"))
		return time_of(keyword, value, 0, MS, &w->warmup_ns, why);
	if (!strcmp(keyword, "measure_ms"))
		return time_of(keyword, value, 1, MS, &w->measure_ns, why);
	if (!strcmp(keyword, "seed"))
		return parse_number(keyword, value, 0, UINT64_MAX, &w->seed, why);
	if (!strcmp(keyword, "accelerators"))
		return number32(keyword, value, 1, WORKLOAD_MAX_ACCELERATORS, &w->accelerators,
				why);
	return wrong(why, "unknown keyword '%.40s'", keyword);
}

int workload_set(struct workload *w, const char *line, char *why)
{
	char text[LINE_MAX_CHARS], *keyword, *value, *end;

	if (strlen(line) >= sizeof(text))
		return wrong(why, "more than %d characters", LINE_MAX_CHARS - 1);
	strcpy(text, line);
	end = text + strcspn(text, "#\r\n");
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = 0;
	keyword = text + strspn(text, " \t");
	if (!*keyword)
		return 0;
	value = keyword + strcspn(keyword, " \t");
	if (*value)
		*value++ = 0;
	value += strspn(value, " \t");
	return set_keyword(w, keyword, value, why);
}

void workload_name_after(struct workload *w, const char *path)
{
	const char *base = strrchr(path, '/');
	char *dot;

	snprintf(w->name, sizeof(w->name), "%s", base ? base + 1 : path);
	dot = strrchr(w->name, '.');
	if (dot && dot != w->name)
		*dot = 0;
}

int workload_read(struct workload *w, const char *path, char *why)
{
	char line[LINE_MAX_CHARS], what[WORKLOAD_WHY];
	unsigned int number = 0;
	FILE *f = fopen(path, "r");
	int ret = 0;

	if (!f)
		return wrong(why, "%.120s: %s", path, strerror(errno));
	workload_name_after(w, path);
	while (!ret && fgets(line, sizeof(line), f)) {
		number++;
		if (!strchr(line, '\n') && !feof(f)) {
			snprintf(what, sizeof(what), "more than %d characters", LINE_MAX_CHARS - 2);
			ret = -1;
		} else {
			ret = workload_set(w, line, what);
		}
	}
	if (ret)
		wrong(why, "%.80s:%u: %.100s", path, number, what);
	else if (ferror(f))
		ret = wrong(why, "%.120s: %s", path, strerror(errno));
	fclose(f);
	return ret;
}

/* ------------------------------------------------------------- the whole -- */

static int by_name(const void *a, const void *b)
{
	const struct workload_client *x = *(struct workload_client *const *)a;
	const struct workload_client *y = *(struct workload_client *const *)b;
	int order = strcmp(x->name, y->name);

	if (order)
		return order;
	return x < y ? -1 : x > y;
}

/* Two loads of one vGPU, the first of them @a: on two engines, and all else alike. */
static int same_vgpu(const struct workload_client *a, const struct workload_client *b, char *why)
{
	const char *what = NULL;

	if (a->engine == b->engine)
		return wrong(why, "vGPU '%s' has two loads on its %s engine", a->name,
			     workload_engine_names[a->engine]);
	if (a->fixed_share_inv != b->fixed_share_inv)
		what = "type";
	else if (a->accelerator != b->accelerator)
		what = "accelerator";
	else if (a->weight != b->weight)
		what = "weight";
	else if (a->reservation != b->reservation)
		what = "reservation";
	else if (a->limit != b->limit)
		what = "limit";
	else if (a->elastic_cap != b->elastic_cap)
		what = "elastic_cap";
	else if (a->slice_request_ns != b->slice_request_ns)
		what = "slice_us";
	if (what)
		return wrong(why, "the loads of vGPU '%s' differ in %s", a->name, what);
	return 0;
}

/* Number the vGPUs in the order of their first loads, and put each on an accelerator. */
static int place(struct workload *w, struct workload_client **order, char *why)
{
	struct workload_client *c;
	u32 i, n = w->num_clients;

	for (i = 0; i < n; i++)
		order[i] = &w->clients[i];
	qsort(order, n, sizeof(*order), by_name);
	for (i = 0; i < n; i++)
		order[i]->vgpu = WORKLOAD_ANY;
	for (i = 1; i < n; i++) {
		if (strcmp(order[i - 1]->name, order[i]->name))
			continue;
		if (i > 1 && !strcmp(order[i - 2]->name, order[i]->name))
			return wrong(why, "vGPU '%s' has more loads than engines", order[i]->name);
		if (same_vgpu(order[i - 1], order[i], why))
			return -1;
		order[i]->vgpu = order[i - 1] - w->clients;	/* not its own: its first load */
	}
	w->num_vgpus = 0;
	for (c = w->clients; c < w->clients + n; c++) {
		if (c->vgpu != WORKLOAD_ANY) {
			struct workload_client *first_load = &w->clients[c->vgpu];

			c->vgpu = first_load->vgpu;
			c->accelerator = first_load->accelerator;
			continue;
		}
		c->vgpu = w->num_vgpus++;
		if (c->accelerator == WORKLOAD_ANY)
			c->accelerator = c->vgpu % w->accelerators;
		if (c->accelerator >= w->accelerators)
			return wrong(why, "vGPU '%s': no accelerator %" PRIu32 " of %" PRIu32,
				     c->name, c->accelerator, w->accelerators);
	}
	return 0;
}

int workload_check(struct workload *w, char *why)
{
	u32 reserved[WORKLOAD_MAX_ACCELERATORS] = { 0 }, vgpu = 0;
	struct workload_client **order, *c;
	u64 seed = w->seed;
	int ret;

	if (!w->num_clients)
		return wrong(why, "no vGPU");
	if (w->switch_ns >= w->preempt_timeout_ns)
		return wrong(why, "switch_us is not below preempt_timeout_us");
	order = calloc(w->num_clients, sizeof(*order));
	if (!order)
		return wrong(why, "out of memory");
	ret = place(w, order, why);
	free(order);
	if (ret)
		return -1;
	for (c = w->clients; c < w->clients + w->num_clients; c++) {
		if (c->elastic_cap && c->elastic_cap * c->fixed_share_inv < 100)
			return wrong(why, "vGPU '%s': its elastic cap is below its fixed share",
				     c->name);
		if (c->source.kind == SIM_TRACE && !c->source.trace_num)
			return wrong(why, "vGPU '%s': no batch for its %s engine in a trace",
				     c->name, workload_engine_names[c->engine]);
		/* Whole numbers of a sequence, not neighbouring states: those would run in step. */
		c->source.random = sim_random(&seed);
		if (c->limit && c->limit < c->reservation)
			return wrong(why, "vGPU '%s': its limit is below its reservation", c->name);
		if (c->vgpu != vgpu)
			continue;	/* its second load */
		vgpu++;
		reserved[c->accelerator] += c->reservation;
		if (reserved[c->accelerator] > 100)
			return wrong(why, "vGPU '%s': more than 100 %% of accelerator %" PRIu32
				     " reserved", c->name, c->accelerator);
	}
	return 0;
}

u64 workload_timeslice_ns(const struct workload *w, u32 accelerator)
{
	const struct workload_client *c;
	u32 vgpus = 0, next = 0;

	if (w->timeslice_ns)
		return w->timeslice_ns;
	for (c = w->clients; c < w->clients + w->num_clients; c++) {
		if (c->vgpu != next)
			continue;	/* its second load */
		next++;
		vgpus += c->accelerator == accelerator;
	}
	return vgpus <= TESSERA_SCHED_FEW_VGPUS ? TESSERA_SCHED_SLICE_FEW_NS :
						  TESSERA_SCHED_SLICE_MANY_NS;
}
