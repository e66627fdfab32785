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
#define MAX_US		1000000000ull	/* 1000 s: of a batch, a pause */
#define MAX_RUN_US	86400000000ull	/* a day: of a run and what comes in it */

const char *const workload_engine_names[WORKLOAD_NUM_ENGINES] = {
	[WORKLOAD_COMPUTE] = "compute",
	[WORKLOAD_COPY] = "copy",
};

const char *const workload_latency_names[WORKLOAD_NUM_LATENCIES] = {
	[WORKLOAD_NORMAL] = "normal",
	[WORKLOAD_LOW] = "low",
};

int workload_wrong(char *why, const char *format, ...)
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
	free(w->changes);
	w->clients = NULL;
	w->num_clients = 0;
	w->changes = NULL;
	w->num_changes = 0;
}

/* Room for one more; rooms are powers of two. False: there is no memory. */
static bool room_for_one(void **array, u32 num, size_t size)
{
	void *more;

	if (num & (num - 1))
		return true;
	more = realloc(*array, (num ? 2 * num : 1) * size);
	if (more)
		*array = more;
	return more;
}

struct workload_client *workload_add_client(struct workload *w, char *why)
{
	struct workload_client *c;

	if (w->num_clients == WORKLOAD_MAX_CLIENTS) {
		workload_wrong(why, "more than %d loads", WORKLOAD_MAX_CLIENTS);
		return NULL;
	}
	if (!room_for_one((void **)&w->clients, w->num_clients, sizeof(*c))) {
		workload_wrong(why, "out of memory");
		return NULL;
	}
	c = &w->clients[w->num_clients++];
	*c = (struct workload_client){
		.accelerator = WORKLOAD_ANY,
		.fixed_share_inv = 16,
		.weight = TESSERA_SCHED_WEIGHT_DEFAULT,
		.depth = 1,
		.source = {
			.kind = SIM_HOG,
			.length_ns = 1000 * US,
			.period_ns = 16667 * US,
			.jitter_ns = SIM_NEVER,	/* workload_check() knows better */
			.think_ns = 1000 * US,
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
		return workload_wrong(why, "%s: not a number from %" PRIu64 " to %" PRIu64
				      ": '%.40s'", key, least, most, text);
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
static int limited_time_of(const char *key, const char *text, u64 least, u64 most_us, u64 unit,
			   u64 *ns, char *why)
{
	if (parse_number(key, text, least, most_us * US / unit, ns, why))
		return -1;
	*ns *= unit;
	return 0;
}

static int time_of(const char *key, const char *text, u64 least, u64 unit, u64 *ns, char *why)
{
	return limited_time_of(key, text, least, MAX_US, unit, ns, why);
}

/* One in a run. */
static int moment_of(const char *key, const char *text, u64 least, u64 unit, u64 *ns, char *why)
{
	return limited_time_of(key, text, least, MAX_RUN_US, unit, ns, why);
}

/* 0, or a slice that the scheduler takes. */
static int slice_of(const char *key, const char *text, u64 *ns, char *why)
{
	if (time_of(key, text, 0, US, ns, why))
		return -1;
	if (*ns && (*ns < TESSERA_SCHED_SLICE_MIN_NS || *ns > TESSERA_SCHED_SLICE_MAX_NS))
		return workload_wrong(why, "%s: neither 0 nor %llu to %llu: '%.40s'", key,
				      TESSERA_SCHED_SLICE_MIN_NS / US,
				      TESSERA_SCHED_SLICE_MAX_NS / US, text);
	return 0;
}

int workload_one_of(const char *key, const char *text, const char *const *names, u32 num,
		    u32 *which, char *why)
{
	for (*which = 0; *which < num; ++*which) {
		if (!strcmp(text, names[*which]))
			return 0;
	}
	return workload_wrong(why, "unknown %s '%.40s'", key, text);
}

static int name_of(const char *text, char *name, char *why)
{
	const char *p;

	if (!*text || strlen(text) >= WORKLOAD_NAME)
		return workload_wrong(why, "name: not 1 to %d characters: '%.60s'",
				      WORKLOAD_NAME - 1, text);
	for (p = text; *p; p++) {
		if (!isgraph((unsigned char)*p) || *p == '"' || *p == '\\')
			return workload_wrong(why, "name: no spaces, quotes or backslashes: "
					      "'%.40s'", text);
	}
	strcpy(name, text);
	return 0;
}

int workload_type(const char *text, u32 *fixed_share_inv, char *why)
{
	if (*text != 'V')
		return workload_wrong(why, "type: not V1, V2, ...: '%.40s'", text);
	return number32("type", text + 1, 1, 65536, fixed_share_inv, why);
}

/* What a vGPU is, and how it is to be treated. */
static int set_vgpu_key(struct workload_client *c, const char *key, const char *value, char *why)
{
	u32 which;

	if (!strcmp(key, "name"))
		return name_of(value, c->name, why);
	if (!strcmp(key, "type"))
		return workload_type(value, &c->fixed_share_inv, why);
	if (!strcmp(key, "accelerator"))
		return number32(key, value, 0, WORKLOAD_MAX_ACCELERATORS - 1, &c->accelerator, why);
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
	if (!strcmp(key, "latency")) {
		if (workload_one_of(key, value, workload_latency_names, WORKLOAD_NUM_LATENCIES,
				    &which, why))
			return -1;
		c->latency = which;
		return 0;
	}
	if (!strcmp(key, "start_us"))
		return moment_of(key, value, 0, US, &c->start_ns, why);
	if (!strcmp(key, "stop_us"))
		return moment_of(key, value, 0, US, &c->stop_ns, why);
	if (!strcmp(key, "on_us"))
		return time_of(key, value, 1, US, &c->on_ns, why);
	if (!strcmp(key, "off_us"))
		return time_of(key, value, 1, US, &c->off_ns, why);
	return workload_wrong(why, "unknown key '%.40s'", key);
}

/* What it does; then what it is. */
static int set_key(struct workload_client *c, u32 *count, const char *key, const char *value,
		   char *why)
{
	struct sim_source *src = &c->source;
	u32 which;

	if (!strcmp(key, "count"))
		return number32(key, value, 1, WORKLOAD_MAX_CLIENTS, count, why);
	if (!strcmp(key, "engine")) {
		if (workload_one_of(key, value, workload_engine_names, WORKLOAD_NUM_ENGINES,
				    &which, why))
			return -1;
		c->engine = which;
		return 0;
	}
	if (!strcmp(key, "load")) {
		if (workload_one_of(key, value, sim_load_names, SIM_NUM_LOADS, &which, why))
			return -1;
		src->kind = which;
		return 0;
	}
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
	if (!strcmp(key, "jitter_us"))
		return time_of(key, value, 0, US, &src->jitter_ns, why);
	if (!strcmp(key, "think_us"))
		return time_of(key, value, 0, US, &src->think_ns, why);
	if (!strcmp(key, "think_spread_us"))
		return time_of(key, value, 0, US, &src->think_spread_ns, why);
	if (!strcmp(key, "deadline_us"))
		return time_of(key, value, 1, US, &c->deadline_ns, why);
	if (!strcmp(key, "copy_in_us"))
		return time_of(key, value, 1, US, &c->copy_in_ns, why);
	if (!strcmp(key, "copy_back_us"))
		return time_of(key, value, 1, US, &c->copy_back_ns, why);
	if (!strcmp(key, "depth"))
		return number32(key, value, 1, WORKLOAD_MAX_DEPTH, &c->depth, why);
	return set_vgpu_key(c, key, value, why);
}

/* The next KEY=VALUE of those in *@rest: 0, or 1 if there is none, or -1. */
static int next_key(char *text, char **rest, char **key, char **value, char *why)
{
	*key = strtok_r(text, ",", rest);
	if (!*key)
		return 1;
	*value = strchr(*key, '=');
	if (!*value)
		return workload_wrong(why, "no value for '%.40s'", *key);
	*(*value)++ = 0;
	return 0;
}

/* A pipeline is one line, and two loads: this is the other. */
static int add_copies(struct workload *w, u32 of, char *why)
{
	struct workload_client *to = workload_add_client(w, why);

	if (!to)
		return -1;
	*to = w->clients[of];
	to->engine = WORKLOAD_COPY;
	to->source.length_ns = to->copy_in_ns > to->copy_back_ns ? to->copy_in_ns :
								    to->copy_back_ns;
	to->source.spread_ns = 0;
	return 0;
}

/* "vgpu KEY=VALUE,..." */
static int add_vgpus(struct workload *w, char *text, char *why)
{
	struct workload_client c, *first = workload_add_client(w, why);
	u32 count = 0, i, number = w->num_clients - 1;
	char *key, *value, *rest = NULL;
	int ret;

	if (!first)
		return -1;
	c = *first;
	while (!(ret = next_key(text, &rest, &key, &value, why))) {
		text = NULL;
		if (set_key(&c, &count, key, value, why))
			return -1;
	}
	if (ret < 0)
		return -1;
	if (c.source.kind == SIM_PIPELINE && c.engine != WORKLOAD_COMPUTE)
		return workload_wrong(why, "a pipeline has both engines");
	if (c.source.kind == SIM_PIPELINE && !c.copy_in_ns && !c.copy_back_ns)
		return workload_wrong(why, "a pipeline has copy_in_us or copy_back_us");
	if (count && strlen(c.name) > NUMBERED_NAME)
		return workload_wrong(why, "name: more than %d characters, and to be numbered: "
				      "'%s'", NUMBERED_NAME, c.name);
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
		if (c.source.kind == SIM_PIPELINE && add_copies(w, to - w->clients, why))
			return -1;
	}
	return 0;
}

static int add_change(struct workload *w, const struct workload_change *change, char *why)
{
	if (w->num_changes == WORKLOAD_MAX_CHANGES)
		return workload_wrong(why, "more than %d changes", WORKLOAD_MAX_CHANGES);
	if (!room_for_one((void **)&w->changes, w->num_changes, sizeof(*change)))
		return workload_wrong(why, "out of memory");
	w->changes[w->num_changes++] = *change;
	return 0;
}

static u64 setting_of(const struct workload_client *c, enum workload_setting what)
{
	switch (what) {
	case WORKLOAD_WEIGHT:
		return c->weight;
	case WORKLOAD_RESERVATION:
		return c->reservation;
	case WORKLOAD_LIMIT:
		return c->limit;
	case WORKLOAD_ELASTIC_CAP:
		return c->elastic_cap;
	case WORKLOAD_SLICE_REQUEST:
		return c->slice_request_ns;
	default:
		return c->latency;
	}
}

/* "vgpu name=NAME,KEY=VALUE,..." */
static int change_vgpu(struct workload *w, struct workload_change change, char *text, char *why)
{
	static const struct {
		const char *key;
		enum workload_setting what;
	} settings[] = {
		{ "weight", WORKLOAD_WEIGHT }, { "reservation", WORKLOAD_RESERVATION },
		{ "limit", WORKLOAD_LIMIT }, { "elastic_cap", WORKLOAD_ELASTIC_CAP },
		{ "slice_us", WORKLOAD_SLICE_REQUEST }, { "latency", WORKLOAD_LATENCY },
	};
	const size_t num = sizeof(settings) / sizeof(settings[0]);
	u32 first = w->num_changes, i;
	struct workload_client c = { };
	char *key, *value, *rest = NULL;
	int ret;

	while (!(ret = next_key(text, &rest, &key, &value, why))) {
		size_t k = 0;

		text = NULL;
		while (k < num && strcmp(key, settings[k].key))
			k++;
		if (k == num && strcmp(key, "name"))
			return workload_wrong(why, "not a setting of a vGPU: '%.40s'", key);
		if (set_vgpu_key(&c, key, value, why))
			return -1;
		if (k == num)
			continue;
		change.what = settings[k].what;
		change.value = setting_of(&c, change.what);
		if (add_change(w, &change, why))
			return -1;
	}
	if (ret < 0)
		return -1;
	if (!*c.name || w->num_changes == first)
		return workload_wrong(why, "a change needs the name of a vGPU and a setting");
	for (i = first; i < w->num_changes; i++)
		strcpy(w->changes[i].name, c.name);
	return 0;
}

/* "N[/PERIOD] KEYWORD VALUE" */
static int change_at(struct workload *w, char *text, char *why)
{
	char *setting = text + strcspn(text, " \t"), *value, *every;
	struct workload_change change = { };
	u32 number;

	if (*setting)
		*setting++ = 0;
	setting += strspn(setting, " \t");
	value = setting + strcspn(setting, " \t");
	if (*value)
		*value++ = 0;
	value += strspn(value, " \t");
	every = strchr(text, '/');
	if (every)
		*every++ = 0;
	if (moment_of("at_ms", text, 0, MS, &change.at_ns, why) ||
	    (every && moment_of("at_ms", every, 1, MS, &change.every_ns, why)))
		return -1;
	if (!*value)
		return workload_wrong(why, "at_ms: no setting");
	if (!strcmp(setting, "vgpu"))
		return change_vgpu(w, change, value, why);
	if (!strcmp(setting, "policy")) {
		change.what = WORKLOAD_POLICY;
		change.policy = tessera_sched_policy_find(value);
		if (!change.policy)
			return workload_wrong(why, "unknown policy '%.40s'", value);
	} else if (!strcmp(setting, "timeslice_us")) {
		change.what = WORKLOAD_TIMESLICE;
		if (slice_of(setting, value, &change.value, why))
			return -1;
	} else if (!strcmp(setting, "averaging")) {
		change.what = WORKLOAD_AVERAGING;
		if (number32(setting, value, TESSERA_SCHED_AVERAGING_MIN,
			     TESSERA_SCHED_AVERAGING_MAX, &number, why))
			return -1;
		change.value = number;
	} else {
		return workload_wrong(why, "at_ms: not a setting: '%.40s'", setting);
	}
	return add_change(w, &change, why);
}

static int set_keyword(struct workload *w, const char *keyword, char *value, char *why)
{
	static const char *const modes[] = { [SIM_BATCH] = "batch", [SIM_STRICT] = "strict" };
	u32 which;

	if (!strcmp(keyword, "vgpu"))
		return add_vgpus(w, value, why);
	if (!*value)
		return workload_wrong(why, "no value for '%.40s'", keyword);
	if (!strcmp(keyword, "at_ms"))
		return change_at(w, value, why);
	if (!strcmp(keyword, "about")) {
		if (strlen(value) >= sizeof(w->about))
			return workload_wrong(why, "about: more than %zu characters",
					      sizeof(w->about) - 1);
		strcpy(w->about, value);
		return 0;
	}
	if (!strcmp(keyword, "policy")) {
		if (!tessera_sched_policy_find(value))
			return workload_wrong(why, "unknown policy '%.40s'", value);
		strcpy(w->policy, tessera_sched_policy_find(value)->name);
		return 0;
	}
	if (!strcmp(keyword, "preemption")) {
		if (workload_one_of(keyword, value, modes, 2, &which, why))
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
		return moment_of(keyword, value, 0, MS, &w->warmup_ns, why);
	if (!strcmp(keyword, "measure_ms"))
		return moment_of(keyword, value, 1, MS, &w->measure_ns, why);
	if (!strcmp(keyword, "seed"))
		return parse_number(keyword, value, 0, UINT64_MAX, &w->seed, why);
	if (!strcmp(keyword, "accelerators"))
		return number32(keyword, value, 1, WORKLOAD_MAX_ACCELERATORS, &w->accelerators,
				why);
	return workload_wrong(why, "unknown keyword '%.40s'", keyword);
}

int workload_set(struct workload *w, const char *line, char *why)
{
	char text[LINE_MAX_CHARS], *keyword, *value, *end;

	if (strlen(line) >= sizeof(text))
		return workload_wrong(why, "more than %d characters", LINE_MAX_CHARS - 1);
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
		return workload_wrong(why, "%.120s: %s", path, strerror(errno));
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
		workload_wrong(why, "%.80s:%u: %.100s", path, number, what);
	else if (ferror(f))
		ret = workload_wrong(why, "%.120s: %s", path, strerror(errno));
	fclose(f);
	return ret;
}
