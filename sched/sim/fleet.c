// SPDX-License-Identifier: GPL-2.0-only
/*
 * fleet.c - runs a list of arriving vGPUs under each placement; prints what came of it as JSON
 */
#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fleet.h"

#define PPM	TESSERA_SCHED_PPM
#define US	((u64)1000)

struct options {
	struct fleet_config config;
	bool only;			/* one placement: this */
	enum fleet_placement placement;
	const char *file, *generate, *each, *vgpus;
};

static int refuse_usage(void)
{
	fputs("usage: fleet [OPTION]... FILE\n"
	      "  FILE                 CSV of arrivals: time_ms,type,duration_ms,load_percent\n"
	      "                       [,share_percent[,weight]]; - is the standard input\n"
	      "  --accelerators N     in the fleet, 1 to 65536; 1\n"
	      "  --placement NAME     only this: first_fit, best_fit, spread or by_share\n"
	      "  --policy NAME        scheduling policy of all accelerators; best_effort\n"
	      "  --timeslice-us N     1000 to 30000; 0: the default for the number of vGPUs\n"
	      "  --switch-us N        cost of a world switch; 5\n"
	      "  --tolerance PERCENT  how much less than promised still is no miss; 2\n"
	      "  --begin-ms N         measure utilisation and fragmentation from here; 0\n"
	      "  --end-ms N           to here; by default, until the last vGPU would leave\n"
	      "  --each FILE          write what each accelerator did, as CSV\n"
	      "  --vgpus FILE         write what became of each vGPU, as CSV\n"
	      "Prints the outcome under each placement as JSON.\n"
	      "       fleet --generate KEY=VALUE,...\n"
	      "Prints made-up arrivals: arrivals, every_ms, duration_ms, durations (exponential\n"
	      "or fixed), types (V4:3/V16:5), load_percent (10-100), seed.\n", stderr);
	return 2;
}

static int refuse(const char *option, const char *text)
{
	fprintf(stderr, "fleet: --%s: not a value for it: '%.40s'\n", option, text);
	return 2;
}

static bool number(const char *text, u64 least, u64 most, u64 *n)
{
	char *end = NULL;

	errno = 0;
	*n = strtoull(text, &end, 10);
	return isdigit((unsigned char)*text) && !*end && !errno && *n >= least && *n <= most;
}

static bool set_placement(struct options *o, const char *name)
{
	u32 i;

	for (i = 0; i < FLEET_NUM_PLACEMENTS; i++) {
		if (strcmp(fleet_placement_names[i], name))
			continue;
		o->placement = i;
		o->only = true;
		return true;
	}
	return false;
}

static bool set_policy(struct fleet_config *config, const char *name)
{
	config->policy = tessera_sched_policy_find(name);
	return config->policy && fleet_knows_policy(config->policy);
}

static bool set_slice(struct fleet_config *config, const char *text)
{
	u64 us;

	if (!number(text, 0, TESSERA_SCHED_SLICE_MAX_NS / US, &us) ||
	    (us && us < TESSERA_SCHED_SLICE_MIN_NS / US))
		return false;
	config->timeslice_ns = us * US;
	return true;
}

static const struct option long_options[] = {
	{ "accelerators", required_argument, NULL, 'a' },
	{ "placement", required_argument, NULL, 'p' },
	{ "policy", required_argument, NULL, 'P' },
	{ "timeslice-us", required_argument, NULL, 't' },
	{ "switch-us", required_argument, NULL, 's' },
	{ "tolerance", required_argument, NULL, 'T' },
	{ "begin-ms", required_argument, NULL, 'b' },
	{ "end-ms", required_argument, NULL, 'e' },
	{ "each", required_argument, NULL, 'E' },
	{ "vgpus", required_argument, NULL, 'V' },
	{ "generate", required_argument, NULL, 'g' },
	{ NULL, 0, NULL, 0 },
};

static bool set_option(struct options *o, int option, const char *value)
{
	struct fleet_config *c = &o->config;
	u64 n;

	switch (option) {
	case 'a':
		if (!number(value, 1, FLEET_MAX_ACCELERATORS, &n))
			return false;
		c->num_accelerators = n;
		return true;
	case 'p':
		return set_placement(o, value);
	case 'P':
		return set_policy(c, value);
	case 't':
		return set_slice(c, value);
	case 's':
		if (!number(value, 0, 1000000, &n))
			return false;
		c->switch_ns = n * US;
		return true;
	case 'T':
		if (!number(value, 0, 100, &n))
			return false;
		c->tolerance_percent = n;
		return true;
	case 'b':
		return number(value, 0, FLEET_MAX_MS, &c->begin_ms);
	case 'e':
		return number(value, 1, 2 * FLEET_MAX_MS, &c->end_ms);
	case 'E':
		o->each = value;
		return true;
	case 'V':
		o->vgpus = value;
		return true;
	case 'g':
		o->generate = value;
		return true;
	}
	return false;
}

static int read_options(struct options *o, int argc, char **argv)
{
	int option, which;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", long_options, &which)) != -1) {
		if (option == '?')
			return refuse_usage();
		if (!set_option(o, option, optarg))
			return refuse(long_options[which].name, optarg);
	}
	if (argc - optind != !o->generate)
		return refuse_usage();
	o->file = argv[optind];
	return 0;
}

/* -------------------------------------------------------------------- output -- */

static void print_fraction(FILE *f, u64 part, u64 whole)
{
	u64 ppm = whole ? ((__uint128_t)part * PPM + whole / 2) / whole : 0;

	if (whole)
		fprintf(f, "%" PRIu64 ".%06" PRIu64, ppm / PPM, ppm % PPM);
	else
		fputs("null", f);
}

static void print_key_fraction(const char *key, u64 part, u64 whole)
{
	printf(", \"%s\": ", key);
	print_fraction(stdout, part, whole);
}

struct totals {
	u64 placed, refused, refusals[FLEET_NUM_REFUSALS], refused_types[TESSERA_NUM_TYPES];
	u64 missed, refused_ms, missed_ms, got_ms;
	u64 used_ms, in_use_ms, free, unusable[TESSERA_NUM_TYPES];
};

static void add_vgpu(struct totals *t, const struct fleet *f, const struct fleet_vgpu *v)
{
	if (v->accelerator < 0) {
		t->refused++;
		t->refused_ms += fleet_promised(v) / PPM;
		t->refusals[v->refusal]++;
		t->refused_types[v->asked->type]++;
		return;
	}
	t->placed++;
	t->got_ms += v->got / PPM;
	if (fleet_missed(f, v)) {
		t->missed++;
		t->missed_ms += fleet_lacks(v) / PPM;
	}
}

static void sum_up(struct totals *t, const struct fleet *f)
{
	u32 i, type;

	*t = (struct totals){ 0 };
	for (i = 0; i < f->arrivals->num; i++)
		add_vgpu(t, f, &f->vgpus[i]);
	for (i = 0; i < f->config.num_accelerators; i++) {
		const struct fleet_accelerator *a = &f->accelerators[i];

		t->used_ms += a->used / PPM;
		t->in_use_ms += a->in_use_ms;
		t->free += a->free;
		for (type = 0; type < TESSERA_NUM_TYPES; type++)
			t->unusable[type] += a->unusable[type];
	}
}

static void print_placement(const struct fleet *f)
{
	u64 window_ms = f->config.end_ms - f->config.begin_ms;
	u64 all_ms = f->config.num_accelerators * window_ms;
	struct totals t;
	u32 i;

	sum_up(&t, f);
	printf("{\"placement\": \"%s\", \"placed\": %" PRIu64 ", \"refused\": %" PRIu64,
	       fleet_placement_names[f->placement], t.placed, t.refused);
	for (i = 0; i < FLEET_NUM_REFUSALS; i++)
		printf(", \"refused_%s\": %" PRIu64, fleet_refusal_names[i], t.refusals[i]);
	for (i = 0; i < TESSERA_NUM_TYPES; i++)
		printf("%s\"V%u\": %" PRIu64, i ? ", " : ", \"refused_types\": {", 1u << i,
		       t.refused_types[i]);
	printf("}, \"missed\": %" PRIu64 ", \"refused_ms\": %" PRIu64 ", \"missed_ms\": %" PRIu64
	       ", \"got_ms\": %" PRIu64, t.missed, t.refused_ms, t.missed_ms, t.got_ms);
	print_key_fraction("utilisation", t.used_ms, all_ms);
	print_key_fraction("allocated", TESSERA_VRAM_UNITS * all_ms - t.free,
			   TESSERA_VRAM_UNITS * all_ms);
	print_key_fraction("in_use", t.in_use_ms, window_ms);
	printf(", \"in_use_max\": %u, \"unusable\": {", f->in_use_max);
	for (i = 0; i < TESSERA_NUM_TYPES; i++) {
		printf("%s\"V%u\": ", i ? ", " : "", 1u << i);
		print_fraction(stdout, t.unusable[i], t.free);
	}
	printf("}}");
}

static void print_each(const struct fleet *f, FILE *to)
{
	u64 window_ms = f->config.end_ms - f->config.begin_ms;
	u32 i, type;

	for (i = 0; i < f->config.num_accelerators; i++) {
		const struct fleet_accelerator *a = &f->accelerators[i];

		fprintf(to, "%s,%u,", fleet_placement_names[f->placement], i);
		print_fraction(to, a->used / PPM, window_ms);
		fputc(',', to);
		print_fraction(to, a->in_use_ms, window_ms);
		fputc(',', to);
		print_fraction(to, TESSERA_VRAM_UNITS * window_ms - a->free,
			       TESSERA_VRAM_UNITS * window_ms);
		for (type = 0; type < TESSERA_NUM_TYPES; type++) {
			fputc(',', to);
			if (a->free)
				print_fraction(to, a->unusable[type], a->free);
		}
		fputc('\n', to);
	}
}

static void print_vgpus(const struct fleet *f, FILE *to)
{
	u32 i;

	for (i = 0; i < f->arrivals->num; i++) {
		const struct fleet_vgpu *v = &f->vgpus[i];

		fprintf(to, "%s,%" PRIu64 ",V%u,%" PRIu64 ",",
			fleet_placement_names[f->placement], v->asked->time_ms,
			1u << v->asked->type, v->asked->duration_ms);
		if (v->accelerator < 0)
			fprintf(to, ",%s,,,\n", fleet_refusal_names[v->refusal]);
		else
			fprintf(to, "%d,,%" PRIu64 ",%" PRIu64 ",%d\n", v->accelerator,
				fleet_promised(v) / US, v->got / US, fleet_missed(f, v));
	}
}

struct output {
	const char *path;	/* NULL: not wanted */
	FILE *f;
	const char *head;
	void (*print)(const struct fleet *f, FILE *to);
};

/* Before the run: a file that can't be written is told of at once. */
static int open_outputs(struct output *outputs, u32 num)
{
	struct output *o;

	for (o = outputs; o < outputs + num; o++) {
		if (!o->path)
			continue;
		o->f = fopen(o->path, "w");
		if (!o->f) {
			fprintf(stderr, "fleet: %s: %s\n", o->path, strerror(errno));
			return 2;
		}
		fputs(o->head, o->f);
	}
	return 0;
}

static int close_output(const char *path, FILE *f)
{
	if (!(ferror(f) | fclose(f)))
		return 0;
	fprintf(stderr, "fleet: %s: %s\n", path, strerror(errno));
	return 1;
}

/* What is asked for is the same under every placement. */
static void print_head(const struct fleet *f)
{
	const struct fleet_config *c = &f->config;
	u64 promised_ms = 0, wanted_ms = 0;
	u32 i;

	for (i = 0; i < f->arrivals->num; i++) {
		const struct fleet_arrival *asked = f->vgpus[i].asked;

		promised_ms += fleet_promised(&f->vgpus[i]) / PPM;
		wanted_ms += asked->load_ppm * asked->duration_ms / PPM;
	}
	printf("{\"accelerators\": %u, \"policy\": \"%s\", \"timeslice_us\": %" PRIu64
	       ", \"switch_us\": %" PRIu64 ", \"tolerance_percent\": %u, \"begin_ms\": %" PRIu64
	       ", \"end_ms\": %" PRIu64 ", \"arrivals\": %u, \"promised_ms\": %" PRIu64
	       ", \"wanted_ms\": %" PRIu64 ", \"placements\": [", c->num_accelerators,
	       c->policy->name, c->timeslice_ns / US, c->switch_ns / US, c->tolerance_percent,
	       c->begin_ms, c->end_ms, f->arrivals->num, promised_ms, wanted_ms);
}

static void run(const struct options *o, const struct fleet_arrivals *arrivals,
		struct output *outputs, u32 num_outputs)
{
	u32 first = o->only ? o->placement : 0, placement, i;
	u32 end = o->only ? o->placement + 1 : FLEET_NUM_PLACEMENTS;
	struct fleet f;

	for (placement = first; placement < end; placement++) {
		fleet_init(&f, &o->config, placement, arrivals);
		while (fleet_step(&f))
			;
		fleet_finish(&f);
		if (placement == first)
			print_head(&f);
		else
			printf(", ");
		print_placement(&f);
		for (i = 0; i < num_outputs; i++) {
			if (outputs[i].f)
				outputs[i].print(&f, outputs[i].f);
		}
		fleet_free(&f);
	}
	printf("]}\n");
}

static int simulate(const struct options *o)
{
	struct output outputs[] = {
		{ o->each, NULL, "placement,accelerator,utilisation,in_use,allocated,unusable_V1,"
		  "unusable_V2,unusable_V4,unusable_V8,unusable_V16\n", print_each },
		{ o->vgpus, NULL, "placement,time_ms,type,duration_ms,accelerator,refused,"
		  "promised_us,got_us,missed\n", print_vgpus },
	};
	struct fleet_arrivals arrivals;
	char why[FLEET_WHY];
	int ret = 0;
	u32 i;

	if (fleet_read(&arrivals, o->file, why)) {
		fprintf(stderr, "fleet: %s\n", why);
		ret = 2;
	}
	if (!ret && o->config.begin_ms >= fleet_end_ms(&o->config, &arrivals)) {
		fprintf(stderr, "fleet: nothing is measured: --begin-ms is not before the end\n");
		ret = 2;
	}
	if (!ret)
		ret = open_outputs(outputs, 2);
	if (!ret)
		run(o, &arrivals, outputs, 2);
	for (i = 0; i < 2; i++) {
		if (outputs[i].f && close_output(outputs[i].path, outputs[i].f))
			ret = ret ? ret : 1;
	}
	fleet_arrivals_free(&arrivals);
	return ret;
}

int main(int argc, char **argv)
{
	struct options o = {
		.config = {
			.num_accelerators = 1,
			.policy = tessera_sched_policies[0],
			.switch_ns = 5 * US,
			.tolerance_percent = 2,
		},
	};
	char why[FLEET_WHY];
	int ret = read_options(&o, argc, argv);

	if (ret)
		return ret;
	if (o.generate && fleet_generate(o.generate, stdout, why)) {
		fprintf(stderr, "fleet: --generate: %s\n", why);
		return 2;
	}
	if (!o.generate)
		ret = simulate(&o);
	return close_output("standard output", stdout) ? 1 : ret;
}
