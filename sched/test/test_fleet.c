// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_fleet.c - a fleet: what fits on an accelerator, what each vGPU is given there, where it is
 * placed, and that nothing is lost between an arrival and a figure
 */
#include <stdlib.h>
#include <unistd.h>

#include "capacity.h"
#include "fleet.h"
#include "ktap.h"
#include "sim_engine.h"

#define PPM	TESSERA_SCHED_PPM

static u64 seed;

static u32 below(u32 bound)
{
	return sim_random_below(&seed, bound);
}

static u64 steps(void)
{
	const char *text = getenv("STEPS");

	return text ? strtoull(text, NULL, 10) : 100000;
}

static const struct tessera_sched_policy *policy_named(const char *name)
{
	const struct tessera_sched_policy *policy = tessera_sched_policy_find(name);

	if (!policy)
		abort();
	return policy;
}

/* ------------------------------------------------------------------- capacity -- */

static struct fleet_arrival one(u64 time_ms, u32 type, u64 duration_ms)
{
	return (struct fleet_arrival){
		.time_ms = time_ms,
		.duration_ms = duration_ms,
		.load_ppm = PPM,
		.share_ppm = PPM >> type,
		.weight = TESSERA_SCHED_WEIGHT_DEFAULT,
		.type = type,
	};
}

static struct fleet_config config_of(u32 accelerators, const char *policy)
{
	return (struct fleet_config){
		.num_accelerators = accelerators,
		.policy = policy_named(policy),
		.switch_ns = 5000,
		.tolerance_percent = 2,
	};
}

/* The table that the mediator is asked to agree with, too. */
static void capacity_is_the_mediators(void)
{
	struct fleet_arrival list[CAPACITY_STEPS];
	struct fleet_arrivals arrivals = { list, CAPACITY_STEPS };
	struct fleet_config config = config_of(1, "best_effort");
	u32 i, type;
	struct fleet f;

	CHECK_EQ(CAPACITY_TYPES, TESSERA_NUM_TYPES);
	for (i = 0; i < CAPACITY_STEPS; i++)
		list[i] = one(0, capacity_order[i], 1000);
	fleet_init(&f, &config, FLEET_FIRST_FIT, &arrivals);
	for (i = 0; i <= CAPACITY_STEPS; i++) {
		for (type = 0; type < TESSERA_NUM_TYPES; type++)
			CHECK_EQ(f.accelerators[0].fits[type], capacity_left[i][type]);
		if (i < CAPACITY_STEPS)
			CHECK(fleet_step(&f));
	}
	fleet_free(&f);
}

/* As tests/host/test_lifecycle.c has it of the mediator: eight sixteenths, but no eighth. */
static void holes(void)
{
	struct fleet_arrival list[18];
	struct fleet_arrivals arrivals = { list, 18 };
	struct fleet_config config = config_of(1, "best_effort");
	struct fleet f;
	u32 i;

	for (i = 0; i < 16; i++)
		list[i] = one(0, 4, i % 2 ? 300 : 100);
	list[16] = one(200, 3, 50);
	list[17] = one(300, 3, 50);
	fleet_init(&f, &config, FLEET_FIRST_FIT, &arrivals);
	while (f.now_ms < 200)
		fleet_step(&f);
	CHECK_EQ(f.accelerators[0].fits[4], 8);
	CHECK_EQ(f.accelerators[0].fits[3], 0);
	CHECK(f.vgpus[16].accelerator == -1 && f.vgpus[16].refusal == FLEET_FRAGMENTED);
	while (fleet_step(&f))
		;
	/* Those that leave at the time of an arrival have left. */
	CHECK_EQ(f.vgpus[17].accelerator, 0);
	fleet_free(&f);
}

/* --------------------------------------------------------------------- shares -- */

static struct fleet_claim hog(u32 type, u32 weight)
{
	return (struct fleet_claim){ PPM, 0, PPM >> type, weight };
}

static void check_rates(const struct fleet_config *config, const struct fleet_claim *claims,
			u32 num, const u32 *expected)
{
	u32 rates[FLEET_MAX_ON_ONE], i;

	fleet_share(config, claims, num, rates);
	for (i = 0; i < num; i++)
		CHECK_MSG(rates[i] + 2 >= expected[i] && rates[i] <= expected[i] + 2,
			  "%s: %u is %u, not %u", config->policy->name, i, rates[i], expected[i]);
}

/* The examples of Documentation/scheduler.rst. */
static void shares_as_documented(void)
{
	const struct fleet_claim weighted[] = { hog(4, 100), hog(4, 100), hog(4, 200) };
	const struct fleet_claim two[] = { hog(1, 100), hog(3, 100) };
	struct fleet_claim four[] = {
		hog(2, 100), hog(2, 100), hog(2, 100), hog(2, 100)
	};
	struct fleet_config config = config_of(1, "best_effort");

	config.switch_ns = 0;
	check_rates(&config, weighted, 3, (const u32[]){ 250000, 250000, 500000 });
	check_rates(&config, two, 2, (const u32[]){ 500000, 500000 });
	check_rates(&config, two, 1, (const u32[]){ 1000000 });
	config.switch_ns = 20000;
	four[2].demand_ppm = 0;
	four[3].demand_ppm = 0;
	check_rates(&config, four, 4, (const u32[]){ 495049, 495049, 0, 0 });
	config.policy = policy_named("equal_share");
	check_rates(&config, four, 4, (const u32[]){ 247524, 247524, 0, 0 });
	config.policy = policy_named("fixed_share");
	check_rates(&config, four, 4, (const u32[]){ 247524, 247524, 0, 0 });
	check_rates(&config, two, 2, (const u32[]){ 500000, 125000 });
	check_rates(&config, two + 1, 1, (const u32[]){ 125000 });
	config.policy = policy_named("deadline");
	config.switch_ns = 0;
	four[0].floor_ppm = 400000;
	four[2].demand_ppm = PPM;
	four[3].demand_ppm = 100000;
	check_rates(&config, four, 4, (const u32[]){ 400000, 250000, 250000, 100000 });
}

/*
 * Weighted max-min, by its properties: bounds hold; all is given out, or all demands are met; and
 * no vGPU has less for its weight than another, unless by its demand or the other's reservation.
 */
static void weighted_max_min(void)
{
	struct fleet_config config = config_of(1, "best_effort");
	u32 rates[FLEET_MAX_ON_ONE], i, k, num;
	u64 round, given, demand, reserved;
	struct fleet_claim c[FLEET_MAX_ON_ONE];

	config.switch_ns = 0;
	for (round = 0; round < steps() / 20; round++) {
		num = 1 + below(FLEET_MAX_ON_ONE);
		given = 0;
		demand = 0;
		reserved = 0;
		for (i = 0; i < num; i++) {
			c[i] = (struct fleet_claim){
				.demand_ppm = below(4) ? below(PPM + 1) : below(2) * PPM,
				.floor_ppm = below(2) ? below(2 * PPM / num) : 0,
				.type_ppm = PPM / 16,
				.weight = 1 + below(below(2) ? 10000 : 4),
			};
			demand += c[i].demand_ppm;
			reserved += c[i].floor_ppm < c[i].demand_ppm ? c[i].floor_ppm :
								       c[i].demand_ppm;
		}
		fleet_share(&config, c, num, rates);
		for (i = 0; i < num; i++) {
			given += rates[i];
			CHECK(rates[i] <= c[i].demand_ppm);
			CHECK(reserved > PPM || rates[i] == c[i].demand_ppm ||
			      rates[i] >= c[i].floor_ppm);
			for (k = 0; k < num && reserved < PPM; k++) {
				if (rates[i] == c[i].demand_ppm || rates[k] <= c[k].floor_ppm)
					continue;
				/* less a millionth of the engine, by which it is rounded */
				CHECK_MSG((u64)(rates[i] + 1) * c[k].weight >=
					  (u64)rates[k] * c[i].weight,
					  "%u of weight %u beside %u of %u", rates[i], c[i].weight,
					  rates[k], c[k].weight);
			}
		}
		CHECK_MSG(given <= PPM, "%" PRIu64 " ppm given", given);
		CHECK_MSG(given + num >= (demand < PPM ? demand : PPM),
			  "%" PRIu64 " ppm given of %" PRIu64, given, demand);
	}
}

/* -------------------------------------------------------------- random fleets -- */

/* Occupied sixteenths, from the parts of the vGPUs alone. */
static u32 occupied(const struct fleet_accelerator *a)
{
	u32 map = 0, i;

	for (i = 0; i < a->num; i++) {
		const struct fleet_vgpu *v = a->vgpus[i];
		u32 units = fleet_type_units(v->asked->type);

		map |= ((1u << units) - 1) << v->first[FLEET_VRAM];
	}
	return map;
}

static bool has_piece(u32 map, u32 type)
{
	u32 units = fleet_type_units(type), at;

	for (at = 0; at < TESSERA_VRAM_UNITS; at += units) {
		if (!(map >> at & ((1u << units) - 1)))
			return true;
	}
	return false;
}

/* Parts of a resource are inside it, aligned, and apart from each other. */
static void check_parts(const struct fleet_accelerator *a, u32 resource, u32 whole)
{
	u64 map = 0;
	u32 i;

	for (i = 0; i < a->num; i++) {
		u32 size = whole >> a->vgpus[i]->asked->type, first = a->vgpus[i]->first[resource];
		u64 part = size == 64 ? ~0ull : ((1ull << size) - 1) << first;

		CHECK(first % size == 0 && first + size <= whole && !(map & part));
		map |= part;
	}
}

static void check_accelerator(const struct fleet_accelerator *a)
{
	u32 i, rates = 0, reserved = 0, promised = 0;

	CHECK(a->num <= FLEET_MAX_ON_ONE);
	check_parts(a, FLEET_VRAM, 16);
	check_parts(a, FLEET_SLOTS, 64);
	check_parts(a, FLEET_CONTEXTS, 64);
	for (i = 0; i < a->num; i++) {
		rates += a->vgpus[i]->rate_ppm;
		reserved += a->vgpus[i]->asked->reservation_ppm;
		promised += a->vgpus[i]->asked->share_ppm;
		CHECK(a->vgpus[i]->rate_ppm <= a->vgpus[i]->asked->load_ppm);
	}
	CHECK(rates <= PPM && rates == a->rate_ppm);
	CHECK(reserved <= PPM && reserved == a->reserved_ppm);
	CHECK_EQ(promised, a->promised_ppm);
	for (i = 0; i < TESSERA_NUM_TYPES; i++)
		CHECK_EQ(has_piece(occupied(a), i), a->fits[i] > 0);
}

/* What the placement wants to be low, from the vGPUs alone. */
static u64 expected_cost(const struct fleet *f, u32 accelerator)
{
	const struct fleet_accelerator *a = &f->accelerators[accelerator];

	switch (f->placement) {
	case FLEET_FIRST_FIT:
		return accelerator;
	case FLEET_BEST_FIT:
		return 16 - __builtin_popcount(occupied(a));
	case FLEET_SPREAD:
		return a->num;
	default:
		return a->promised_ppm;
	}
}

/* Before the next arrival: where it has to go (or -1), and why it would be refused. */
static s32 expected_place(const struct fleet *f, enum fleet_refusal *refusal)
{
	const struct fleet_arrival *asked = &f->arrivals->list[f->next];
	u32 i, left = 0, piece = 0;
	u64 least = UINT64_MAX;
	s32 place = -1;

	for (i = 0; i < f->config.num_accelerators; i++) {
		const struct fleet_accelerator *a = &f->accelerators[i];

		left += 16 - __builtin_popcount(occupied(a));
		if (!has_piece(occupied(a), asked->type))
			continue;
		piece++;
		if (a->reserved_ppm + asked->reservation_ppm > PPM)
			continue;
		if (expected_cost(f, i) < least) {
			least = expected_cost(f, i);
			place = i;
		}
	}
	*refusal = piece ? FLEET_RESERVED : left >= fleet_type_units(asked->type) ?
		   FLEET_FRAGMENTED : FLEET_FULL;
	return place;
}

/* When all have left: what vGPUs had is what accelerators gave, and parts were held as long. */
static void check_sums(const struct fleet *f)
{
	u64 got = 0, used = 0, held = 0, left = 0, in_use = 0, lives = 0;
	u32 i;

	for (i = 0; i < f->arrivals->num; i++) {
		const struct fleet_vgpu *v = &f->vgpus[i];

		CHECK(v->accelerator >= 0 || !v->got);
		if (v->accelerator < 0)
			continue;
		CHECK(v->got <= v->asked->load_ppm * v->asked->duration_ms);
		got += v->got;
		held += fleet_type_units(v->asked->type) * v->asked->duration_ms;
		lives += v->asked->duration_ms;
	}
	for (i = 0; i < f->config.num_accelerators; i++) {
		const struct fleet_accelerator *a = &f->accelerators[i];

		CHECK(!a->num && !a->rate_ppm && !a->reserved_ppm && !a->promised_ppm);
		CHECK_EQ(a->fits[0], 1);
		CHECK(a->used <= a->in_use_ms * PPM && a->in_use_ms <= f->config.end_ms);
		used += a->used;
		left += a->free;
		in_use += a->in_use_ms;
	}
	CHECK_EQ(got, used);
	CHECK_EQ(held, f->config.num_accelerators * 16 * f->config.end_ms - left);
	CHECK(in_use <= lives);
	CHECK(!f->in_use && f->free == 16 * f->config.num_accelerators);
}

static struct fleet_arrival random_arrival(u64 time_ms)
{
	struct fleet_arrival a = one(time_ms, below(TESSERA_NUM_TYPES), 1 + below(2000));

	a.load_ppm = below(3) ? below(PPM + 1) : PPM;
	a.weight = below(2) ? 1 + below(10000) : a.weight;
	if (!below(4)) {
		a.share_ppm = 1 + below(PPM / 2);
		a.reservation_ppm = a.share_ppm;
	}
	return a;
}

static void run_random(enum fleet_placement placement, const char *policy, u32 num)
{
	struct fleet_config config = config_of(1 + below(12), policy);
	struct fleet_arrivals arrivals = { calloc(num, sizeof(*arrivals.list)), num };
	u32 i, every = 1 + below(200), refused = 0;
	enum fleet_refusal refusal;
	u64 time_ms = 0;
	struct fleet f;
	s32 place;

	if (!arrivals.list)
		abort();
	for (i = 0; i < num; i++) {
		arrivals.list[i] = random_arrival(time_ms);
		time_ms += below(every);
	}
	fleet_init(&f, &config, placement, &arrivals);
	for (i = 0; ; ) {
		place = i < num ? expected_place(&f, &refusal) : 0;
		if (!fleet_step(&f))
			break;
		if (f.next > i) {
			CHECK_EQ(f.vgpus[i].accelerator, place);
			CHECK(place >= 0 || f.vgpus[i].refusal == refusal);
			refused += place < 0;
			i++;
		}
		for (u32 k = 0; k < config.num_accelerators; k++)
			check_accelerator(&f.accelerators[k]);
	}
	CHECK_EQ(f.next, num);
	fleet_finish(&f);
	check_sums(&f);
	fleet_free(&f);
	free(arrivals.list);
}

static void random_fleets(void)
{
	static const char *const names[] = {
		"best_effort", "equal_share", "fixed_share", "deadline"
	};
	u64 round;

	for (round = 0; round < steps() / 5000 + 16; round++)
		run_random(round % FLEET_NUM_PLACEMENTS, names[round / FLEET_NUM_PLACEMENTS % 4],
			   1 + below(400));
}

/* What is measured is cut at the window's edges; what vGPUs had is not. */
static void window(void)
{
	struct fleet_arrival list[] = { one(0, 1, 1000), one(500, 1, 1000) };
	struct fleet_arrivals arrivals = { list, 2 };
	struct fleet_config config = config_of(1, "best_effort");
	struct fleet f;

	config.switch_ns = 0;
	config.begin_ms = 400;
	config.end_ms = 2000;
	fleet_init(&f, &config, FLEET_FIRST_FIT, &arrivals);
	while (fleet_step(&f))
		;
	fleet_finish(&f);
	/* alone for 500 ms, two for 500, alone for 500 */
	CHECK_EQ(f.vgpus[0].got, (500 + 250) * (u64)PPM);
	CHECK_EQ(f.vgpus[1].got, (250 + 500) * (u64)PPM);
	CHECK_EQ(f.accelerators[0].used, 1100 * (u64)PPM);
	CHECK_EQ(f.accelerators[0].in_use_ms, 1100);
	CHECK_EQ(f.accelerators[0].free, 16 * 1600 - (100 * 8 + 500 * 16 + 500 * 8));
	CHECK_EQ(f.accelerators[0].unusable[0], (100 + 500) * 8);
	CHECK_EQ(f.accelerators[0].unusable[1], 0);
	fleet_free(&f);
}

/* A miss is what a share (or the load, if that is less) was promised, less the tolerance. */
static void misses(void)
{
	struct fleet_arrival list[9];
	struct fleet_arrivals arrivals = { list, 9 };
	struct fleet_config config = config_of(1, "best_effort");
	struct fleet f;
	u32 i;

	/* A V2 beside eight V16 of the same weight has a ninth, of a half that it was promised. */
	for (i = 0; i < 9; i++)
		list[i] = one(0, i ? 4 : 1, 1000);
	fleet_init(&f, &config, FLEET_FIRST_FIT, &arrivals);
	while (fleet_step(&f))
		;
	for (i = 0; i < 9; i++)
		CHECK_EQ(fleet_missed(&f, &f.vgpus[i]), !i);
	CHECK_EQ(fleet_promised(&f.vgpus[0]), 500 * (u64)PPM);
	fleet_free(&f);
	/* With a tenth of load it has all that it wants, and with a weight that fits its share. */
	list[0].load_ppm = PPM / 10;
	fleet_init(&f, &config, FLEET_FIRST_FIT, &arrivals);
	while (fleet_step(&f))
		;
	CHECK(!fleet_missed(&f, &f.vgpus[0]));
	CHECK_EQ(fleet_promised(&f.vgpus[0]), 100 * (u64)PPM);
	fleet_free(&f);
	list[0].load_ppm = PPM;
	list[0].weight = 800;
	fleet_init(&f, &config, FLEET_FIRST_FIT, &arrivals);
	while (fleet_step(&f))
		;
	CHECK(!fleet_missed(&f, &f.vgpus[0]));
	config.tolerance_percent = 0;	/* what switching takes is a miss then */
	f.config = config;
	CHECK(fleet_missed(&f, &f.vgpus[0]));
	fleet_free(&f);
}

/* ---------------------------------------------------------------------- input -- */

static struct fleet_arrivals arrivals;
static char why[FLEET_WHY];
static char path[64];

static int read_text(const char *text, size_t size)
{
	int fd, ret;
	FILE *f;

	strcpy(path, "/tmp/test_fleet_XXXXXX");
	fd = mkstemp(path);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f || fwrite(text, 1, size, f) != size || fclose(f))
		abort();
	*why = 0;
	ret = fleet_read(&arrivals, path, why);
	unlink(path);
	return ret;
}

static void reads(void)
{
	static const char text[] =
		"time_ms,type,duration_ms,load_percent,share_percent,weight\n"
		"# a comment\n"
		"\n"
		"1000,V4,500,12.5\r\n"
		"1000,V1,1,0.0001,1\n"
		"1099511627776,V16,1099511627776,0,,10000";
	const struct fleet_arrival expected[] = {
		{ 0, 500, 125000, 250000, 0, 100, 2 },
		{ 0, 1, 1, 10000, 10000, 100, 0 },
		{ 1099511626776, 1099511627776, 0, 62500, 0, 10000, 4 },
	};
	int ret = read_text(text, strlen(text));
	u32 i;

	CHECK_MSG(!ret, "%s", why);
	CHECK_EQ(arrivals.num, 3);
	for (i = 0; i < 3 && arrivals.num == 3; i++) {
		const struct fleet_arrival *a = &arrivals.list[i], *b = &expected[i];

		CHECK_EQ(a->time_ms, b->time_ms);
		CHECK_EQ(a->duration_ms, b->duration_ms);
		CHECK_EQ(a->load_ppm, b->load_ppm);
		CHECK_EQ(a->share_ppm, b->share_ppm);
		CHECK_EQ(a->reservation_ppm, b->reservation_ppm);
		CHECK_EQ(a->weight, b->weight);
		CHECK_EQ(a->type, b->type);
	}
	fleet_arrivals_free(&arrivals);
}

static void refused(const char *text, unsigned int line, const char *words)
{
	char expected[FLEET_WHY];
	int ret = read_text(text, strlen(text));

	if (line)
		snprintf(expected, sizeof(expected), "%s:%u: %s", path, line, words);
	else
		snprintf(expected, sizeof(expected), "%s: %s", path, words);
	CHECK_MSG(ret && !strcmp(why, expected), "%s: '%s' instead of '%s'", text, why, expected);
	fleet_arrivals_free(&arrivals);
}

static void refuses(void)
{
	static const char form[] =
		"not 'time_ms,type,duration_ms,load_percent[,share_percent[,weight]]'";
	char line[300];

	refused("", 0, "no arrival in it");
	refused("time_ms,type\n", 0, "no arrival in it");
	refused("0,V1,1,1\n0,V1,1\n", 2, form);
	refused("0,V1,1,1,1,1,1\n", 1, form);
	refused("x\n", 1, form);
	refused("-1,V1,1,1\n", 1, "time_ms: not a number from 0 to 1099511627776: '-1'");
	refused("0,V3,1,1\n", 1, "type: not V1, V2, V4, V8 or V16: 'V3'");
	refused("0,V32,1,1\n", 1, "type: not V1, V2, V4, V8 or V16: 'V32'");
	refused("0,,1,1\n", 1, "type: not V1, V2, V4, V8 or V16: ''");
	refused("0,V1,0,1\n", 1, "duration_ms: not a number from 1 to 1099511627776: '0'");
	refused("0,V1,1099511627777,1\n", 1,
		"duration_ms: not a number from 1 to 1099511627776: '1099511627777'");
	refused("0,V1,1,\n", 1, "load_percent: not 0 to 100, with at most four decimals: ''");
	refused("0,V1,1,100.0001\n", 1,
		"load_percent: not 0 to 100, with at most four decimals: '100.0001'");
	refused("0,V1,1,1.00001\n", 1,
		"load_percent: not 0 to 100, with at most four decimals: '1.00001'");
	refused("0,V1,1,18446744073709551617\n", 1,
		"load_percent: not 0 to 100, with at most four decimals: '18446744073709551617'");
	refused("0,V1,1,1e1\n", 1,
		"load_percent: not 0 to 100, with at most four decimals: '1e1'");
	refused("0,V1,1,1,0\n", 1, "share_percent: not a number from 1 to 100: '0'");
	refused("0,V1,1,1,1.5\n", 1, "share_percent: not a number from 1 to 100: '1.5'");
	refused("0,V1,1,1,1,0\n", 1, "weight: not a number from 1 to 10000: '0'");
	refused("5,V1,1,1\n4,V1,1,1\n", 2, "the time goes back");
	memset(line, '0', sizeof(line) - 1);
	line[sizeof(line) - 1] = 0;
	refused(line, 1, "more than 158 characters");
	CHECK(fleet_read(&arrivals, "/nowhere/a.csv", why) &&
	      !strcmp(why, "/nowhere/a.csv: No such file or directory"));
}

/* Any bytes: read or refused, and either way in bounds. */
static void any_bytes(void)
{
	static const char alphabet[] = "0123456789,,,,V.\n\n#-x\r \0\377";
	char text[400] = "";
	u64 round;
	u32 i, size;

	for (round = 0; round < 2000; round++) {
		size = below(sizeof(text));
		for (i = 0; i < size; i++)
			text[i] = alphabet[below(sizeof(alphabet) - 1)];
		if (!read_text(text, size))
			CHECK(arrivals.num);
		else
			CHECK(*why && !strchr(why, '\n'));
		fleet_arrivals_free(&arrivals);
	}
}

static void generate_into(const char *keys)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	*why = 0;
	if (!f)
		abort();
	CHECK_MSG(!fleet_generate(keys, f, why), "%s: %s", keys, why);
	fclose(f);
	CHECK_MSG(!read_text(text, size), "%s", why);
	free(text);
}

static void generates(void)
{
	u64 durations = 0, num_v4 = 0, longer = 0;
	u32 i;

	generate_into("arrivals=20000,every_ms=50,duration_ms=4000,"
		      "types=V4:3/V16,load_percent=20-30,seed=9");
	CHECK_EQ(arrivals.num, 20000);
	for (i = 0; i < arrivals.num; i++) {
		const struct fleet_arrival *a = &arrivals.list[i];

		CHECK(a->type == 2 || a->type == 4);
		CHECK(a->load_ppm >= 200000 && a->load_ppm <= 300000);
		num_v4 += a->type == 2;
		durations += a->duration_ms;
		longer += a->duration_ms > 4000;
	}
	/* Means within three deviations; of an exponential, 1/e is above its mean. */
	CHECK(arrivals.list[arrivals.num - 1].time_ms > 20000 * 50 - 3 * 50 * 141);
	CHECK(arrivals.list[arrivals.num - 1].time_ms < 20000 * 50 + 3 * 50 * 141);
	CHECK(durations > 20000 * 4000ull - 3 * 4000 * 141);
	CHECK(durations < 20000 * 4000ull + 3 * 4000 * 141);
	CHECK(num_v4 > 15000 - 3 * 62 && num_v4 < 15000 + 3 * 62);
	CHECK(longer > 7357 - 3 * 69 && longer < 7357 + 3 * 69);
	fleet_arrivals_free(&arrivals);
	generate_into("arrivals=3,durations=fixed,duration_ms=77");
	for (i = 0; i < arrivals.num; i++)
		CHECK_EQ(arrivals.list[i].duration_ms, 77);
	fleet_arrivals_free(&arrivals);
}

static void generates_nothing(void)
{
	static const struct {
		const char *keys, *why;
	} cases[] = {
		{ "arrivals=0", "arrivals: not a number from 1 to 1000000: '0'" },
		{ "arrivals", "no value for 'arrivals'" },
		{ "often=1", "unknown key 'often'" },
		{ "types=V4:0", "V4: not a number from 1 to 1000000: '0'" },
		{ "types=V5", "type: not V1, V2, V4, V8 or V16: 'V5'" },
		{ "load_percent=30-20", "load_percent: not a number from 30 to 100: '20'" },
		{ "durations=long", "durations: neither exponential nor fixed: 'long'" },
		{ "arrivals=1000000,every_ms=1000000000", "arrivals beyond 2^38 ms" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FILE *f = tmpfile();

		if (!f)
			abort();
		CHECK(fleet_generate(cases[i].keys, f, why));
		CHECK_MSG(!strcmp(why, cases[i].why), "%s: '%s'", cases[i].keys, why);
		CHECK_EQ(ftell(f), 0);
		fclose(f);
	}
}

static const struct ktap_test tests[] = {
	{ "capacity_is_the_mediators", capacity_is_the_mediators },
	{ "holes", holes },
	{ "shares_as_documented", shares_as_documented },
	{ "weighted_max_min", weighted_max_min },
	{ "random_fleets", random_fleets },
	{ "window", window },
	{ "misses", misses },
	{ "reads", reads },
	{ "refuses", refuses },
	{ "any_bytes", any_bytes },
	{ "generates", generates },
	{ "generates_nothing", generates_nothing },
};

KTAP_MAIN(tests)
