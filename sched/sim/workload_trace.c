// SPDX-License-Identifier: GPL-2.0-only
/*
 * workload_trace.c - reads traces: what arrived when, as CSV
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workload.h"

struct row {
	u64 time_ns, length_ns;
	char vgpu[WORKLOAD_NAME];
	enum workload_engine engine;
	u32 fixed_share_inv;	/* 0: not said */
	u32 latency;		/* WORKLOAD_ANY: not said */
};

/* Clients of the trace by name and engine, by open addressing: numbers, or WORKLOAD_ANY. */
#define INDEX_SLOTS	(2 * WORKLOAD_MAX_CLIENTS)

/* A field ends at @end; the text behind it, or NULL. */
static char *number_field(char *text, char end, u64 *n)
{
	char *rest;

	errno = 0;
	*n = strtoull(text, &rest, 10);
	if (*text < '0' || *text > '9' || errno || *rest != end)
		return NULL;
	return rest + (end != 0);
}

/* Cut @text off at its first comma; what is behind, or NULL. */
static char *next_field(char *text)
{
	char *comma = text ? strchr(text, ',') : NULL;

	if (!comma)
		return NULL;
	*comma = 0;
	return comma + 1;
}

/* Fields that may be left out, or empty. */
static const char *parse_more(char *engine, struct row *row, char *why)
{
	char *type = next_field(engine), *latency = next_field(type);
	u32 which = WORKLOAD_COMPUTE;

	if (latency && strchr(latency, ','))
		return "more than six fields";
	if (engine && *engine && workload_one_of("engine", engine, workload_engine_names,
						 WORKLOAD_NUM_ENGINES, &which, why))
		return why;
	row->engine = which;
	row->fixed_share_inv = 0;
	if (type && *type && workload_type(type, &row->fixed_share_inv, why))
		return why;
	row->latency = WORKLOAD_ANY;
	if (latency && *latency && workload_one_of("latency", latency, workload_latency_names,
						   WORKLOAD_NUM_LATENCIES, &row->latency, why))
		return why;
	return NULL;
}

static const char *parse(char *line, struct row *row, char *why)
{
	static const char form[] = "not 'time_ns,vgpu,length_ns[,engine[,type[,latency]]]'";
	char *name, *length, *engine, *p;

	name = number_field(line, ',', &row->time_ns);
	length = next_field(name);
	engine = next_field(length);
	if (!length || !number_field(length, 0, &row->length_ns))
		return form;
	if (row->time_ns > INT64_MAX || row->length_ns > INT64_MAX)
		return "a time beyond 2^63 ns";
	if (!*name || strlen(name) >= sizeof(row->vgpu))
		return "the vGPU's name has not 1 to 39 characters";
	for (p = name; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == '"' || *p == '\\')
			return "the vGPU's name has quotes, backslashes or control characters";
	}
	strcpy(row->vgpu, name);
	return parse_more(engine, row, why);
}

static u32 *find(u32 *index, const struct workload *w, const char *name,
		 enum workload_engine engine)
{
	u32 hash = 2166136261u, *turn;
	const char *p;

	for (p = name; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;	/* FNV-1a */
	hash += engine;
	for (;; hash++) {
		turn = &index[hash % INDEX_SLOTS];
		if (*turn == WORKLOAD_ANY || (w->clients[*turn].engine == engine &&
					      !strcmp(w->clients[*turn].name, name)))
			return turn;
	}
}

static u32 *make_index(const struct workload *w)
{
	u32 *index = malloc(INDEX_SLOTS * sizeof(*index)), i;

	if (!index)
		return NULL;
	memset(index, 0xff, INDEX_SLOTS * sizeof(*index));
	for (i = 0; i < w->num_clients; i++) {
		if (w->clients[i].source.kind == SIM_TRACE)
			*find(index, w, w->clients[i].name, w->clients[i].engine) = i;
	}
	return index;
}

static const char *add_batch(struct sim_source *src, const struct row *row)
{
	if (src->trace_num && !src->trace[src->trace_num - 1].length_ns)
		return "a batch after one of length 0, which lasts to the end";
	if (src->trace_num && src->trace[src->trace_num - 1].arrival_ns > row->time_ns)
		return "the time goes back";
	/* Rooms are powers of two. */
	if (!(src->trace_num & (src->trace_num - 1))) {
		size_t room = src->trace_num ? 2 * src->trace_num : 1;
		struct sim_job *trace = realloc(src->trace, room * sizeof(*src->trace));

		if (!trace)
			return "out of memory";
		src->trace = trace;
	}
	src->trace[src->trace_num++] = (struct sim_job){ row->time_ns, row->length_ns };
	return NULL;
}

static const char *add_row(struct workload *w, u32 *index, const struct row *row,
			   char *why)
{
	u32 *turn = find(index, w, row->vgpu, row->engine);
	struct workload_client *c;

	if (*turn == WORKLOAD_ANY) {
		c = workload_add_client(w, why);
		if (!c)
			return why;
		*turn = c - w->clients;
		strcpy(c->name, row->vgpu);
		c->engine = row->engine;
		c->source.kind = SIM_TRACE;
		if (row->fixed_share_inv)
			c->fixed_share_inv = row->fixed_share_inv;
		if (row->latency != WORKLOAD_ANY)
			c->latency = row->latency;
	}
	c = &w->clients[*turn];
	if (row->fixed_share_inv && row->fixed_share_inv != c->fixed_share_inv)
		return "its type was another before";
	if (row->latency != WORKLOAD_ANY && row->latency != c->latency)
		return "its latency class was another before";
	return add_batch(&w->clients[*turn].source, row);
}

/* Times count from the earliest. False: there is none. */
static bool shift(struct workload *w)
{
	u64 earliest = SIM_NEVER;
	struct sim_source *src;
	size_t k;
	u32 i;

	for (i = 0; i < w->num_clients; i++) {
		src = &w->clients[i].source;
		if (src->trace_num && src->trace[0].arrival_ns < earliest)
			earliest = src->trace[0].arrival_ns;
	}
	for (i = 0; i < w->num_clients; i++) {
		src = &w->clients[i].source;
		for (k = 0; k < src->trace_num; k++)
			src->trace[k].arrival_ns -= earliest;
	}
	return earliest != SIM_NEVER;
}

static const char *read_rows(struct workload *w, u32 *index, FILE *f,
			     unsigned long *number, char *why)
{
	const char *wrong = NULL;
	char line[160], *end;
	struct row row;

	while (!wrong && fgets(line, sizeof(line), f)) {
		++*number;
		end = line + strcspn(line, "\r\n");
		if (!*end && !feof(f))
			return "too long";
		*end = 0;
		if (!*line || *line == '#' || !strncmp(line, "time_ns,", 8))
			continue;
		wrong = parse(line, &row, why);
		if (!wrong)
			wrong = add_row(w, index, &row, why);
	}
	return wrong;
}

int workload_read_trace(struct workload *w, const char *path, char *why)
{
	const char *wrong = NULL;
	char what[WORKLOAD_WHY];
	unsigned long number = 0;
	u32 *index = make_index(w);
	FILE *f = fopen(path, "r");

	if (f && index)
		wrong = read_rows(w, index, f, &number, what);
	if (!f || !index || (!wrong && ferror(f)))
		snprintf(why, WORKLOAD_WHY, "%.120s: %s", path, strerror(errno));
	else if (wrong)
		snprintf(why, WORKLOAD_WHY, "%.80s:%lu: %.90s", path, number, wrong);
	else if (!shift(w))
		snprintf(why, WORKLOAD_WHY, "%.120s: no batch in it", path);
	else
		*why = 0;
	if (!*why && !*w->name)
		workload_name_after(w, path);
	if (f)
		fclose(f);
	free(index);
	return *why ? -1 : 0;
}
