// SPDX-License-Identifier: GPL-2.0-only
/*
 * fleet_input.c - arrivals of vGPUs: read from a CSV, or made up
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "fleet.h"
#include "sim_loads.h"

#define PPM_PER_PERCENT	(TESSERA_SCHED_PPM / 100)
#define NS_PER_MS	1000000ull
#define MAX_MEAN_MS	1000000000ull	/* 11 days */
#define LINE_MAX_CHARS	160
#define HEADER		"time_ms,type,duration_ms,load_percent"

static int __attribute__((format(printf, 2, 3))) wrong(char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, FLEET_WHY, format, args);
	va_end(args);
	return -1;
}

static int whole_number(const char *what, const char *text, u64 least, u64 most, u64 *n, char *why)
{
	char *end = NULL;

	errno = 0;
	*n = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || *n < least || *n > most)
		return wrong(why, "%s: not a number from %" PRIu64 " to %" PRIu64 ": '%.40s'", what,
			     least, most, text);
	return 0;
}

/* A percentage with up to four decimals: exact in ppm. */
static int percent(const char *what, const char *text, u32 *ppm, char *why)
{
	const char *p = text;
	u32 scale = PPM_PER_PERCENT;
	u64 n = 0;

	while (isdigit((unsigned char)*p) && n <= 100)
		n = 10 * n + (*p++ - '0');
	n *= PPM_PER_PERCENT;
	if (p > text && *p == '.' && isdigit((unsigned char)p[1])) {
		for (p++; isdigit((unsigned char)*p) && scale > 1; p++) {
			scale /= 10;
			n += (*p - '0') * scale;
		}
	}
	if (p == text || *p || n > TESSERA_SCHED_PPM)
		return wrong(why, "%s: not 0 to 100, with at most four decimals: '%.40s'", what,
			     text);
	*ppm = n;
	return 0;
}

static int type_of(const char *text, u32 *type, char *why)
{
	char name[8];

	for (*type = 0; *type < TESSERA_NUM_TYPES; ++*type) {
		snprintf(name, sizeof(name), "V%u", 1u << *type);
		if (!strcmp(name, text))
			return 0;
	}
	return wrong(why, "type: not V1, V2, V4, V8 or V16: '%.40s'", text);
}

/* ---------------------------------------------------------------------- a CSV -- */

enum field { TIME, TYPE, DURATION, LOAD, SHARE, WEIGHT, NUM_FIELDS };

static u32 split(char *line, char **fields)
{
	u32 num = 0;
	char *comma;

	do {
		fields[num++] = line;
		comma = strchr(line, ',');
		if (!comma)
			return num;
		*comma = 0;
		line = comma + 1;
	} while (num < NUM_FIELDS);
	return num + 1;		/* too many */
}

static int parse(char *line, struct fleet_arrival *a, char *why)
{
	char *fields[NUM_FIELDS] = { NULL };
	u32 num = split(line, fields);
	u64 n;

	if (num < SHARE || num > NUM_FIELDS)
		return wrong(why, "not '" HEADER "[,share_percent[,weight]]'");
	*a = (struct fleet_arrival){ .weight = TESSERA_SCHED_WEIGHT_DEFAULT };
	if (whole_number("time_ms", fields[TIME], 0, FLEET_MAX_MS, &a->time_ms, why) ||
	    type_of(fields[TYPE], &a->type, why) ||
	    whole_number("duration_ms", fields[DURATION], 1, FLEET_MAX_MS, &a->duration_ms, why) ||
	    percent("load_percent", fields[LOAD], &a->load_ppm, why))
		return -1;
	a->share_ppm = TESSERA_SCHED_PPM >> a->type;
	if (fields[SHARE] && *fields[SHARE]) {
		/* As a vGPU's file `reservation' takes it */
		if (whole_number("share_percent", fields[SHARE], 1, 100, &n, why))
			return -1;
		a->share_ppm = n * PPM_PER_PERCENT;
		a->reservation_ppm = a->share_ppm;
	}
	if (fields[WEIGHT]) {
		if (whole_number("weight", fields[WEIGHT], TESSERA_SCHED_WEIGHT_MIN,
				 TESSERA_SCHED_WEIGHT_MAX, &n, why))
			return -1;
		a->weight = n;
	}
	return 0;
}

static int add(struct fleet_arrivals *list, const struct fleet_arrival *a, char *why)
{
	if (list->num && list->list[list->num - 1].time_ms > a->time_ms)
		return wrong(why, "the time goes back");
	if (list->num == FLEET_MAX_VGPUS)
		return wrong(why, "more than %u arrivals", FLEET_MAX_VGPUS);
	/* Rooms are powers of two. */
	if (!(list->num & (list->num - 1))) {
		size_t room = list->num ? 2 * list->num : 1;
		struct fleet_arrival *more = realloc(list->list, room * sizeof(*more));

		if (!more)
			return wrong(why, "out of memory");
		list->list = more;
	}
	list->list[list->num++] = *a;
	return 0;
}

static int read_lines(struct fleet_arrivals *list, FILE *f, unsigned long *number, char *why)
{
	char line[LINE_MAX_CHARS], *end;
	struct fleet_arrival a;

	while (fgets(line, sizeof(line), f)) {
		++*number;
		end = line + strcspn(line, "\r\n");
		if (!*end && !feof(f))
			return wrong(why, "more than %d characters", LINE_MAX_CHARS - 2);
		*end = 0;
		if (!*line || *line == '#' || !strncmp(line, "time_ms,", 8))
			continue;
		if (parse(line, &a, why) || add(list, &a, why))
			return -1;
	}
	return 0;
}

int fleet_read(struct fleet_arrivals *list, const char *path, char *why)
{
	bool standard = !strcmp(path, "-");
	FILE *f = standard ? stdin : fopen(path, "r");
	unsigned long number = 0;
	char what[FLEET_WHY];
	u64 first_ms;
	int ret;
	u32 i;

	*list = (struct fleet_arrivals){ 0 };
	if (!f)
		return wrong(why, "%.120s: %s", path, strerror(errno));
	ret = read_lines(list, f, &number, what);
	if (ret)
		wrong(why, "%.80s:%lu: %.100s", path, number, what);
	else if (ferror(f))
		ret = wrong(why, "%.120s: %s", path, strerror(errno));
	else if (!list->num)
		ret = wrong(why, "%.120s: no arrival in it", path);
	if (!standard)
		fclose(f);
	/* Times count from the earliest. */
	first_ms = list->num ? list->list[0].time_ms : 0;
	for (i = 0; i < list->num; i++)
		list->list[i].time_ms -= first_ms;
	return ret;
}

void fleet_arrivals_free(struct fleet_arrivals *list)
{
	free(list->list);
}

/* -------------------------------------------------------------------- made up -- */

struct made_up {
	u64 arrivals, every_ms, duration_ms, seed;
	u64 load_low, load_high;		/* percent */
	u64 shares[TESSERA_NUM_TYPES];		/* of types among the arrivals, relative */
	bool fixed;				/* duration */
};

/* "V4" or "V4:3/V16:5" */
static int read_types(char *text, u64 *shares, char *why)
{
	char *word, *count, *rest = NULL;
	u32 type;

	memset(shares, 0, TESSERA_NUM_TYPES * sizeof(*shares));
	for (word = strtok_r(text, "/", &rest); word; word = strtok_r(NULL, "/", &rest)) {
		count = strchr(word, ':');
		if (count)
			*count++ = 0;
		if (type_of(word, &type, why) ||
		    whole_number(word, count ? count : "1", 1, 1000000, &shares[type], why))
			return -1;
	}
	return 0;
}

/* "80" or "10-100" */
static int read_load(char *text, struct made_up *m, char *why)
{
	char *high = strchr(text, '-');

	if (high)
		*high++ = 0;
	if (whole_number("load_percent", text, 0, 100, &m->load_low, why) ||
	    whole_number("load_percent", high ? high : text, m->load_low, 100, &m->load_high, why))
		return -1;
	return 0;
}

static int set_key(struct made_up *m, const char *key, char *value, char *why)
{
	if (!strcmp(key, "arrivals"))
		return whole_number(key, value, 1, FLEET_MAX_VGPUS, &m->arrivals, why);
	if (!strcmp(key, "every_ms"))
		return whole_number(key, value, 1, MAX_MEAN_MS, &m->every_ms, why);
	if (!strcmp(key, "duration_ms"))
		return whole_number(key, value, 1, MAX_MEAN_MS, &m->duration_ms, why);
	if (!strcmp(key, "seed"))
		return whole_number(key, value, 0, UINT64_MAX, &m->seed, why);
	if (!strcmp(key, "types"))
		return read_types(value, m->shares, why);
	if (!strcmp(key, "load_percent"))
		return read_load(value, m, why);
	if (!strcmp(key, "durations")) {
		m->fixed = !strcmp(value, "fixed");
		if (!m->fixed && strcmp(value, "exponential"))
			return wrong(why, "durations: neither exponential nor fixed: '%.40s'",
				     value);
		return 0;
	}
	return wrong(why, "unknown key '%.40s'", key);
}

static int read_keys(struct made_up *m, const char *text, char *why)
{
	char copy[LINE_MAX_CHARS], *key, *value, *rest = NULL;

	if (strlen(text) >= sizeof(copy))
		return wrong(why, "more than %d characters", LINE_MAX_CHARS - 1);
	strcpy(copy, text);
	for (key = strtok_r(copy, ",", &rest); key; key = strtok_r(NULL, ",", &rest)) {
		value = strchr(key, '=');
		if (!value || !value[1])
			return wrong(why, "no value for '%.40s'", key);
		*value++ = 0;
		if (set_key(m, key, value, why))
			return -1;
	}
	/* The sum of that many random times is nowhere near twice its mean. */
	if (m->arrivals * m->every_ms > FLEET_MAX_MS / 4)
		return wrong(why, "arrivals beyond 2^38 ms");
	return 0;
}

static u32 random_type(u64 *random, const u64 *shares)
{
	u64 sum = 0, at;
	u32 type;

	for (type = 0; type < TESSERA_NUM_TYPES; type++)
		sum += shares[type];
	at = sim_random_below(random, sum);
	for (type = 0; at >= shares[type]; type++)
		at -= shares[type];
	return type;
}

/* From one event of a Poisson process to its next. */
static u64 random_gap_ns(struct sim_source *process)
{
	struct sim_job job;

	sim_source_next(process, 0, &job);
	return job.arrival_ns;
}

int fleet_generate(const char *text, FILE *to, char *why)
{
	struct made_up m = {
		.arrivals = 1000,
		.every_ms = 1000,
		.duration_ms = 60000,
		.seed = 1,
		.load_low = 10,
		.load_high = 100,
		.shares = { 1, 2, 4, 8, 16 },	/* as much of the fleet for each */
	};
	struct sim_source gaps = { .kind = SIM_POISSON }, stays = { .kind = SIM_POISSON };
	u64 time_ns = 0, time_ms, duration_ms, i;

	if (read_keys(&m, text, why))
		return -1;
	gaps.period_ns = m.every_ms * NS_PER_MS;
	stays.period_ns = m.duration_ms * NS_PER_MS;
	gaps.random = sim_random(&m.seed);
	stays.random = sim_random(&m.seed);
	fputs(HEADER "\n", to);
	for (i = 0; i < m.arrivals; i++) {
		u32 type = random_type(&m.seed, m.shares);
		u64 load = m.load_low + sim_random_below(&m.seed, m.load_high - m.load_low + 1);

		duration_ms = m.fixed ? m.duration_ms : random_gap_ns(&stays) / NS_PER_MS + 1;
		time_ms = time_ns / NS_PER_MS;
		fprintf(to, "%" PRIu64 ",V%u,%" PRIu64 ",%" PRIu64 "\n", time_ms,
			1u << type, duration_ms, load);
		time_ns += random_gap_ns(&gaps);
	}
	return 0;
}
