// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_workload.c - workload files and traces: what is read, and what is refused with which words
 */
#include <stdlib.h>
#include <unistd.h>

#include "ktap.h"
#include "workload.h"

static struct workload w;
static char why[WORKLOAD_WHY];
static char path[64];

/* A file of this text, until the next one. */
static const char *file(const char *text)
{
	FILE *f;
	int fd;

	if (*path)
		unlink(path);
	strcpy(path, "/tmp/test_workload_XXXXXX");
	fd = mkstemp(path);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f || fputs(text, f) == EOF || fclose(f))
		abort();
	return path;
}

/* The workload of these lines, with what only the whole can tell. */
static int read_text(const char *text)
{
	workload_free(&w);
	workload_init(&w);
	*why = 0;
	return workload_read(&w, file(text), why) ? -1 : workload_check(&w, why);
}

static void read_ok(const char *text)
{
	int ret = read_text(text);

	CHECK_MSG(!ret, "%s: %s", text, why);
}

/* @words end the refusal; line @line of the file, if any, is told. */
static void refused(const char *text, unsigned int line, const char *words)
{
	char expected[WORKLOAD_WHY];
	int ret = read_text(text);

	if (line)
		snprintf(expected, sizeof(expected), "%s:%u: %s", path, line, words);
	else
		snprintf(expected, sizeof(expected), "%s", words);
	CHECK_MSG(ret && !strcmp(why, expected), "%s: '%s' instead of '%s'", text, why, expected);
}

static void defaults(void)
{
	const struct workload_client *c;

	read_ok("vgpu\n");
	CHECK(!strcmp(w.policy, "best_effort"));
	CHECK_EQ(w.preemption, SIM_STRICT);
	CHECK_EQ(w.timeslice_ns, 0);
	CHECK_EQ(w.averaging, 33);
	CHECK_EQ(w.preempt_timeout_ns, 10000000);
	CHECK_EQ(w.switch_ns, 5000);
	CHECK_EQ(w.tile_ns, 10000);
	CHECK_EQ(w.warmup_ns, 100000000);
	CHECK_EQ(w.measure_ns, 1000000000);
	CHECK_EQ(w.seed, 1);
	CHECK_EQ(w.accelerators, 1);
	CHECK_EQ(w.num_clients, 1);
	CHECK_EQ(w.num_vgpus, 1);
	c = w.clients;
	CHECK(!strcmp(c->name, "vgpu0"));
	CHECK_EQ(c->accelerator, 0);
	CHECK_EQ(c->engine, WORKLOAD_COMPUTE);
	CHECK_EQ(c->fixed_share_inv, 16);
	CHECK_EQ(c->weight, 100);
	CHECK_EQ(c->reservation, 0);
	CHECK_EQ(c->limit, 0);
	CHECK_EQ(c->elastic_cap, 0);
	CHECK_EQ(c->slice_request_ns, 0);
	CHECK_EQ(c->latency, WORKLOAD_NORMAL);
	CHECK(workload_stays(c));
	CHECK_EQ(c->deadline_ns, 0);
	CHECK_EQ(c->depth, 1);
	CHECK_EQ(c->source.think_ns, 1000000);
	CHECK_EQ(c->source.jitter_ns, 1000000);
	CHECK_EQ(c->source.kind, SIM_HOG);
	CHECK_EQ(c->source.length_ns, 1000000);
	CHECK_EQ(c->source.spread_ns, 0);
	CHECK_EQ(c->source.period_ns, 16667000);
	CHECK_EQ(c->source.burst, 10);
	CHECK_EQ(c->source.delay_ns, 0);
}

static void keywords(void)
{
	read_ok("# all of them\n"
		"\n"
		"about words, and # not this\n"
		"  policy\tdeadline  \r\n"
		"preemption batch\n"
		"timeslice_us 30000\n"
		"averaging 60\n"
		"preempt_timeout_us 100\n"
		"switch_us 6\n"
		"tile_us 3\n"
		"warmup_ms 0\n"
		"measure_ms 2\n"
		"seed 18446744073709551615\n"
		"accelerators 2\n"
		"vgpu weight=10000");
	CHECK(!strcmp(w.about, "words, and"));
	CHECK(!strcmp(w.policy, "deadline"));
	CHECK_EQ(w.preemption, SIM_BATCH);
	CHECK_EQ(w.timeslice_ns, 30000000);
	CHECK_EQ(w.averaging, 60);
	CHECK_EQ(w.preempt_timeout_ns, 100000);
	CHECK_EQ(w.switch_ns, 6000);
	CHECK_EQ(w.tile_ns, 3000);
	CHECK_EQ(w.warmup_ns, 0);
	CHECK_EQ(w.measure_ns, 2000000);
	CHECK_EQ(w.seed, UINT64_MAX);
	CHECK_EQ(w.accelerators, 2);
	CHECK_EQ(w.clients[0].weight, 10000);
	CHECK(!strncmp(w.name, "test_workload_", 14));

	workload_name_after(&w, "some/dir.d/three-trainers.workload");
	CHECK(!strcmp(w.name, "three-trainers"));
	workload_name_after(&w, "bare");
	CHECK(!strcmp(w.name, "bare"));
}

static void vgpu_keys(void)
{
	static const char *const loads[] = { "hog", "frames", "poisson", "bursty", "adversary",
					     "hang", "idle", "loop" };
	const struct workload_client *c;
	char line[64];
	u32 i;

	read_ok("accelerators 8\n"
		"vgpu name=x,type=V4,engine=copy,accelerator=7,load=bursty,weight=1,reservation=20,"
		"limit=30,elastic_cap=40,slice_us=1000,length_us=11,spread_us=12,period_us=13,"
		"burst=14,delay_us=15,jitter_us=2,think_us=16,think_spread_us=17,deadline_us=18\n");
	c = w.clients;
	CHECK(!strcmp(c->name, "x"));
	CHECK_EQ(c->fixed_share_inv, 4);
	CHECK_EQ(c->engine, WORKLOAD_COPY);
	CHECK_EQ(c->accelerator, 7);
	CHECK_EQ(c->source.kind, SIM_BURSTY);
	CHECK_EQ(c->weight, 1);
	CHECK_EQ(c->reservation, 20);
	CHECK_EQ(c->limit, 30);
	CHECK_EQ(c->elastic_cap, 40);
	CHECK_EQ(c->slice_request_ns, 1000000);
	CHECK_EQ(c->source.length_ns, 11000);
	CHECK_EQ(c->source.spread_ns, 12000);
	CHECK_EQ(c->source.period_ns, 13000);
	CHECK_EQ(c->source.burst, 14);
	CHECK_EQ(c->source.delay_ns, 15000);
	CHECK_EQ(c->source.jitter_ns, 2000);
	CHECK_EQ(c->source.think_ns, 16000);
	CHECK_EQ(c->source.think_spread_ns, 17000);
	CHECK_EQ(c->deadline_ns, 18000);
	read_ok("vgpu latency=low,start_us=1,stop_us=86400000000,on_us=3,off_us=4\n");
	c = w.clients;
	CHECK_EQ(c->latency, WORKLOAD_LOW);
	CHECK_EQ(c->start_ns, 1000);
	CHECK_EQ(c->stop_ns, 86400000000000);
	CHECK_EQ(c->on_ns, 3000);
	CHECK_EQ(c->off_ns, 4000);
	CHECK(!workload_stays(c));
	/* By default a tenth of the period, and no more than a ms. */
	read_ok("vgpu load=frames,period_us=5000\nvgpu load=bursty,period_us=50000\n"
		"vgpu load=frames,jitter_us=0\n");
	CHECK_EQ(w.clients[0].source.jitter_ns, 500000);
	CHECK_EQ(w.clients[1].source.jitter_ns, 1000000);
	CHECK_EQ(w.clients[2].source.jitter_ns, 0);
	/* One batch at a time, where nothing else is said. */
	read_ok("vgpu load=loop\nvgpu load=bursty\nvgpu load=loop,burst=10\n");
	CHECK_EQ(w.clients[0].source.burst, 1);
	CHECK_EQ(w.clients[1].source.burst, 10);
	CHECK_EQ(w.clients[2].source.burst, 10);

	for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		snprintf(line, sizeof(line), "vgpu load=%s", loads[i]);
		read_ok(line);
		CHECK(!strcmp(sim_load_names[w.clients[0].source.kind], loads[i]));
	}
}

/* One line, and a load on each engine. */
static void pipelines(void)
{
	const struct workload_client *c;
	u32 i;

	read_ok("vgpu name=p,count=2,type=V4,load=pipeline,copy_in_us=1,length_us=2,copy_back_us=3,"
		"depth=4,think_us=5\nvgpu\n");
	CHECK_EQ(w.num_clients, 5);
	CHECK_EQ(w.num_vgpus, 3);
	for (i = 0; i < 4; i++) {
		c = &w.clients[i];
		CHECK_EQ(c->engine, i % 2 ? WORKLOAD_COPY : WORKLOAD_COMPUTE);
		CHECK_EQ(c->vgpu, i / 2);
		CHECK_EQ(c->fixed_share_inv, 4);
		CHECK_EQ(c->depth, 4);
		CHECK_EQ(c->source.kind, SIM_PIPELINE);
		CHECK_EQ(c->source.length_ns, i % 2 ? 3000 : 2000);
		CHECK_EQ(c->copy_in_ns, 1000);
		CHECK_EQ(c->copy_back_ns, 3000);
	}
	CHECK(!strcmp(w.clients[0].name, "p0") && !strcmp(w.clients[3].name, "p1"));
	CHECK(!strcmp(w.clients[4].name, "vgpu4"));
	/* Names that are not given are those of no other. */
	read_ok("vgpu count=3,load=pipeline,copy_in_us=1\nvgpu count=3\n");
	CHECK_EQ(w.num_vgpus, 6);
}

static void changes(void)
{
	const struct workload_change *c;

	read_ok("accelerators 2\n"
		"vgpu name=a\n"
		"vgpu name=b,reservation=10,limit=20\n"
		"at_ms 0 policy deadline\n"
		"at_ms 5/7 timeslice_us 2000\n"
		"at_ms  86400000   averaging\t5  # all day\n"
		"at_ms 1/1 vgpu name=b,weight=3,reservation=20,limit=30,elastic_cap=40,"
		"slice_us=1000,latency=low\n");
	CHECK_EQ(w.num_changes, 9);
	c = w.changes;
	CHECK_EQ(c[0].what, WORKLOAD_POLICY);
	CHECK(!strcmp(c[0].policy->name, "deadline"));
	CHECK_EQ(c[0].at_ns, 0);
	CHECK_EQ(c[0].every_ns, 0);
	CHECK_EQ(c[1].what, WORKLOAD_TIMESLICE);
	CHECK_EQ(c[1].value, 2000000);
	CHECK_EQ(c[1].at_ns, 5000000);
	CHECK_EQ(c[1].every_ns, 7000000);
	CHECK_EQ(c[2].what, WORKLOAD_AVERAGING);
	CHECK_EQ(c[2].value, 5);
	CHECK_EQ(c[2].at_ns, 86400000000000);
	CHECK(c[3].what == WORKLOAD_WEIGHT && c[3].value == 3);
	CHECK(c[4].what == WORKLOAD_RESERVATION && c[4].value == 20);
	CHECK(c[5].what == WORKLOAD_LIMIT && c[5].value == 30);
	CHECK(c[6].what == WORKLOAD_ELASTIC_CAP && c[6].value == 40);
	CHECK(c[7].what == WORKLOAD_SLICE_REQUEST && c[7].value == 1000000);
	CHECK(c[8].what == WORKLOAD_LATENCY && c[8].value == WORKLOAD_LOW);
	CHECK_EQ(c[8].vgpu, 1);
	CHECK_EQ(c[8].accelerator, 1);
	CHECK_EQ(c[8].every_ns, 1000000);

	refused("at_ms 5\n", 1, "at_ms: no setting");
	refused("at_ms 5 policy\n", 1, "at_ms: no setting");
	refused("at_ms x policy deadline\n", 1, "at_ms: not a number from 0 to 86400000: 'x'");
	refused("at_ms 5/0 policy deadline\n", 1, "at_ms: not a number from 1 to 86400000: '0'");
	refused("at_ms 5/ policy deadline\n", 1, "at_ms: not a number from 1 to 86400000: ''");
	refused("at_ms 5 policy fair\n", 1, "unknown policy 'fair'");
	refused("at_ms 5 timeslice_us 5\n", 1, "timeslice_us: neither 0 nor 1000 to 30000: '5'");
	refused("at_ms 5 averaging 0\n", 1, "averaging: not a number from 1 to 60: '0'");
	refused("at_ms 5 seed 5\n", 1, "at_ms: not a setting: 'seed'");
	refused("at_ms 5 vgpu name=a,type=V4\n", 1, "not a setting of a vGPU: 'type'");
	refused("at_ms 5 vgpu name=a,weight=0\n", 1, "weight: not a number from 1 to 10000: '0'");
	refused("at_ms 5 vgpu name=a,weight\n", 1, "no value for 'weight'");
	refused("at_ms 5 vgpu weight=1\n", 1, "a change needs the name of a vGPU and a setting");
	refused("at_ms 5 vgpu name=a\n", 1, "a change needs the name of a vGPU and a setting");
	refused("vgpu name=a\nat_ms 5 vgpu name=b,weight=1\n", 0, "at_ms: no vGPU 'b'");
	/* In whichever order they come. */
	refused("vgpu name=a,reservation=20\nat_ms 5 vgpu name=a,limit=10\n", 0,
		"vGPU 'a': its limit is below its reservation");
	refused("vgpu name=a,reservation=60\nvgpu name=b\nat_ms 5 vgpu name=b,reservation=50\n", 0,
		"vGPU 'b': more than 100 % of accelerator 0 reserved");
	refused("vgpu name=a,type=V4\nat_ms 5 vgpu name=a,elastic_cap=24\n", 0,
		"vGPU 'a': its elastic cap is below its fixed share");
	read_ok("vgpu name=a,reservation=20\nat_ms 5 vgpu name=a,limit=20\n");
	read_ok("vgpu name=a,limit=20\nat_ms 5 vgpu name=a,limit=0\n");
}

static void many(void)
{
	u64 first;
	u32 i;

	read_ok("accelerators 2\n"
		"vgpu count=2\n"
		"vgpu name=n,count=3,weight=7\n"
		"vgpu name=n1,weight=7,engine=copy\n"
		"vgpu\n");
	CHECK_EQ(w.num_clients, 7);
	CHECK_EQ(w.num_vgpus, 6);
	CHECK(!strcmp(w.clients[1].name, "vgpu1"));
	CHECK(!strcmp(w.clients[2].name, "n0"));
	CHECK(!strcmp(w.clients[4].name, "n2"));
	CHECK(!strcmp(w.clients[6].name, "vgpu6"));
	CHECK_EQ(w.clients[4].weight, 7);
	/* Dealt out by vGPU, both loads of n1 to the same one. */
	for (i = 0; i < 5; i++)
		CHECK_EQ(w.clients[i].accelerator, i % 2);
	CHECK_EQ(w.clients[5].vgpu, 3);
	CHECK_EQ(w.clients[5].accelerator, 1);
	CHECK_EQ(w.clients[6].vgpu, 5);
	CHECK_EQ(w.clients[6].accelerator, 1);

	/* Each load has a seed of its own, which follows the workload's. */
	for (i = 1; i < 7; i++)
		CHECK(w.clients[i].source.random != w.clients[i - 1].source.random);
	first = w.clients[0].source.random;
	read_ok("vgpu\n");
	CHECK_EQ(w.clients[0].source.random, first);
	read_ok("seed 2\nvgpu\n");
	CHECK(w.clients[0].source.random != first);

	read_ok("vgpu count=16384\n");
	CHECK_EQ(w.num_vgpus, 16384);
	CHECK_EQ(workload_timeslice_ns(&w, 0), 1000000);
	/* Eight vGPUs, with nine loads, still have the longer default. */
	read_ok("vgpu count=8\nvgpu name=vgpu3,engine=copy\n");
	CHECK_EQ(workload_timeslice_ns(&w, 0), 2000000);
	read_ok("vgpu count=9\n");
	CHECK_EQ(workload_timeslice_ns(&w, 0), 1000000);
	read_ok("accelerators 2\nvgpu count=16\n");
	CHECK_EQ(workload_timeslice_ns(&w, 1), 2000000);
	read_ok("timeslice_us 5000\nvgpu count=16\n");
	CHECK_EQ(workload_timeslice_ns(&w, 0), 5000000);
}

static void refused_keywords(void)
{
	char about[200];

	refused("vgpu\nbogus 3\n", 2, "unknown keyword 'bogus'");
	refused("policy\n", 1, "no value for 'policy'");
	refused("policy fair\n", 1, "unknown policy 'fair'");
	refused("preemption none\n", 1, "unknown preemption 'none'");
	refused("timeslice_us 999\n", 1, "timeslice_us: neither 0 nor 1000 to 30000: '999'");
	refused("timeslice_us 30001\n", 1, "timeslice_us: neither 0 nor 1000 to 30000: '30001'");
	refused("averaging 0\n", 1, "averaging: not a number from 1 to 60: '0'");
	refused("averaging 61\n", 1, "averaging: not a number from 1 to 60: '61'");
	refused("preempt_timeout_us 99\n", 1,
		"preempt_timeout_us: not a number from 100 to 10000000: '99'");
	refused("switch_us -1\n", 1, "switch_us: not a number from 0 to 1000000000: '-1'");
	refused("switch_us 5us\n", 1, "switch_us: not a number from 0 to 1000000000: '5us'");
	refused("tile_us 0\n", 1, "tile_us: not a number from 1 to 1000000000: '0'");
	refused("warmup_ms 86400001\n", 1,
		"warmup_ms: not a number from 0 to 86400000: '86400001'");
	refused("measure_ms 0\n", 1, "measure_ms: not a number from 1 to 86400000: '0'");
	refused("seed 18446744073709551616\n", 1, "seed: not a number from 0 to "
		"18446744073709551615: '18446744073709551616'");
	refused("accelerators 1025\n", 1, "accelerators: not a number from 1 to 1024: '1025'");
	snprintf(about, sizeof(about), "about %0160d\n", 0);
	refused(about, 1, "about: more than 159 characters");
}

static void refused_keys(void)
{
	static const struct {
		const char *keys, *words;
	} cases[] = {
		{ "weight", "no value for 'weight'" },
		{ "bogus=1", "unknown key 'bogus'" },
		{ "name=", "name: not 1 to 39 characters: ''" },
		{ "name=0123456789012345678901234567890123456789",
		  "name: not 1 to 39 characters: '0123456789012345678901234567890123456789'" },
		{ "name=a b", "name: no spaces, quotes or backslashes: 'a b'" },
		{ "name=a\"", "name: no spaces, quotes or backslashes: 'a\"'" },
		{ "name=012345678901234567890123456789,count=2",
		  "name: more than 29 characters, and to be numbered: "
		  "'012345678901234567890123456789'" },
		{ "count=0", "count: not a number from 1 to 16384: '0'" },
		{ "type=4", "type: not V1, V2, ...: '4'" },
		{ "type=V0", "type: not a number from 1 to 65536: '0'" },
		{ "engine=gpu", "unknown engine 'gpu'" },
		{ "accelerator=1024", "accelerator: not a number from 0 to 1023: '1024'" },
		{ "load=pig", "unknown load 'pig'" },
		{ "weight=0", "weight: not a number from 1 to 10000: '0'" },
		{ "weight=10001", "weight: not a number from 1 to 10000: '10001'" },
		{ "reservation=101", "reservation: not a number from 0 to 100: '101'" },
		{ "limit=101", "limit: not a number from 0 to 100: '101'" },
		{ "elastic_cap=101", "elastic_cap: not a number from 0 to 100: '101'" },
		{ "slice_us=1", "slice_us: neither 0 nor 1000 to 30000: '1'" },
		{ "length_us=0", "length_us: not a number from 1 to 1000000000: '0'" },
		{ "spread_us=x", "spread_us: not a number from 0 to 1000000000: 'x'" },
		{ "period_us=0", "period_us: not a number from 1 to 1000000000: '0'" },
		{ "delay_us=-", "delay_us: not a number from 0 to 1000000000: '-'" },
		{ "load=pipeline", "a pipeline has copy_in_us or copy_back_us" },
		{ "load=pipeline,engine=copy,copy_in_us=1", "a pipeline has both engines" },
		{ "depth=0", "depth: not a number from 1 to 64: '0'" },
		{ "copy_in_us=0", "copy_in_us: not a number from 1 to 1000000000: '0'" },
		{ "think_us=-1", "think_us: not a number from 0 to 1000000000: '-1'" },
		{ "deadline_us=0", "deadline_us: not a number from 1 to 1000000000: '0'" },
		{ "latency=best", "unknown latency 'best'" },
		{ "start_us=86400000001",
		  "start_us: not a number from 0 to 86400000000: '86400000001'" },
		{ "off_us=0", "off_us: not a number from 1 to 1000000000: '0'" },
		{ "burst=0", "burst: not a number from 1 to 1000000: '0'" },
	};
	char line[128], text[600];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(line, sizeof(line), "vgpu %s\n", cases[i].keys);
		refused(line, 1, cases[i].words);
	}
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	refused(text, 1, "more than 510 characters");
	CHECK(workload_set(&w, text, why) && !strcmp(why, "more than 511 characters"));
}

static void refused_wholes(void)
{
	refused("policy deadline\n", 0, "no vGPU");
	refused("switch_us 10000\nvgpu\n", 0,
		"switch_us is not below preempt_timeout_us");
	refused("vgpu name=a\nvgpu name=b\nvgpu name=a\n", 0,
		"vGPU 'a' has two loads on its compute engine");
	refused("vgpu name=a\nvgpu name=a,engine=copy\nvgpu name=a\n", 0,
		"vGPU 'a' has more loads than engines");
	refused("vgpu name=a\nvgpu name=a,engine=copy,type=V4\n", 0,
		"the loads of vGPU 'a' differ in type");
	refused("accelerators 2\nvgpu name=a\nvgpu name=a,engine=copy,accelerator=1\n", 0,
		"the loads of vGPU 'a' differ in accelerator");
	refused("vgpu name=a\nvgpu name=a,engine=copy,weight=1\n", 0,
		"the loads of vGPU 'a' differ in weight");
	refused("vgpu name=a\nvgpu name=a,engine=copy,reservation=1\n", 0,
		"the loads of vGPU 'a' differ in reservation");
	refused("vgpu name=a\nvgpu name=a,engine=copy,limit=1\n", 0,
		"the loads of vGPU 'a' differ in limit");
	refused("vgpu name=a\nvgpu name=a,engine=copy,elastic_cap=1\n", 0,
		"the loads of vGPU 'a' differ in elastic_cap");
	refused("vgpu name=a\nvgpu name=a,engine=copy,slice_us=1000\n", 0,
		"the loads of vGPU 'a' differ in slice_us");
	refused("vgpu name=a\nvgpu name=a,engine=copy,latency=low\n", 0,
		"the loads of vGPU 'a' differ in latency");
	refused("vgpu name=a\nvgpu name=a,engine=copy,start_us=1\n", 0,
		"the loads of vGPU 'a' differ in start_us");
	refused("vgpu name=a\nvgpu name=a,engine=copy,stop_us=1\n", 0,
		"the loads of vGPU 'a' differ in stop_us");
	refused("vgpu name=a\nvgpu name=a,engine=copy,on_us=1,off_us=1\n", 0,
		"the loads of vGPU 'a' differ in on_us");
	refused("vgpu name=a,on_us=1,off_us=2\nvgpu name=a,engine=copy,on_us=1,off_us=1\n", 0,
		"the loads of vGPU 'a' differ in off_us");
	refused("vgpu name=a,on_us=1\n", 0, "vGPU 'a': only one of on_us and off_us");
	refused("vgpu name=a,start_us=5,stop_us=5\n", 0, "vGPU 'a': it stops before it starts");
	refused("vgpu name=a,load=frames,period_us=5,jitter_us=6\n", 0,
		"vGPU 'a': its jitter is longer than its period");
	refused("vgpu name=a,load=pipeline,copy_in_us=1\nvgpu name=a\n", 0,
		"vGPU 'a' has more loads than engines");
	refused("accelerators 2\nvgpu name=a,accelerator=2\n", 0,
		"vGPU 'a': no accelerator 2 of 2");
	refused("vgpu name=a,reservation=30,limit=20\n", 0,
		"vGPU 'a': its limit is below its reservation");
	refused("vgpu name=a,type=V4,elastic_cap=24\n", 0,
		"vGPU 'a': its elastic cap is below its fixed share");
	read_ok("vgpu type=V4,elastic_cap=25\n");
	refused("vgpu name=a,count=3,reservation=34\n", 0,
		"vGPU 'a2': more than 100 % of accelerator 0 reserved");
	refused("vgpu name=a,load=trace\n", 0,
		"vGPU 'a': no batch for its compute engine in a trace");
	/* One vGPU's second load, and those of another accelerator, don't count. */
	read_ok("vgpu name=a,reservation=60\nvgpu name=a,engine=copy,reservation=60\n");
	read_ok("accelerators 2\nvgpu count=2,reservation=60\n");

	refused("vgpu count=16384\nvgpu\n", 2, "more than 16384 loads");
	workload_free(&w);
	CHECK(workload_read(&w, "/nonexistent/a.workload", why) &&
	      !strcmp(why, "/nonexistent/a.workload: No such file or directory"));
}

/* Lines from a command line, after the file. */
static void set(void)
{
	read_ok("policy equal_share\nvgpu\n");
	CHECK(!workload_set(&w, "policy fixed_share", why));
	CHECK(!workload_set(&w, "vgpu weight=5", why));
	CHECK(!workload_set(&w, "", why));
	CHECK(!workload_check(&w, why));
	CHECK(!strcmp(w.policy, "fixed_share"));
	CHECK_EQ(w.clients[1].weight, 5);
	CHECK(workload_set(&w, "polic fixed_share", why));
	CHECK(!strcmp(why, "unknown keyword 'polic'"));
}

static int read_trace(const char *text)
{
	workload_free(&w);
	workload_init(&w);
	*why = 0;
	return workload_read_trace(&w, file(text), why) ? -1 : workload_check(&w, why);
}

static void trace(void)
{
	const struct sim_source *src;

	CHECK_MSG(!read_trace("time_ns,vgpu,length_ns,engine\n# told\n\n"
				    "105,a b,10\r\n"
				    "100,c,1,copy\n"
				    "107,a b,20,compute\n"
				    "108,a b,30,copy\n"
				    "110,a b,0"), "%s", why);
	CHECK_EQ(w.num_clients, 3);
	CHECK_EQ(w.num_vgpus, 2);
	CHECK(!strncmp(w.name, "test_workload_", 14));
	CHECK(!strcmp(w.clients[0].name, "a b"));
	CHECK_EQ(w.clients[0].engine, WORKLOAD_COMPUTE);
	CHECK_EQ(w.clients[1].engine, WORKLOAD_COPY);
	CHECK_EQ(w.clients[2].vgpu, w.clients[0].vgpu);
	src = &w.clients[0].source;
	CHECK_EQ(src->kind, SIM_TRACE);
	CHECK_EQ(src->trace_num, 3);
	/* Counted from the earliest line, which is another's. */
	CHECK_EQ(src->trace[0].arrival_ns, 5);
	CHECK_EQ(src->trace[0].length_ns, 10);
	CHECK_EQ(src->trace[1].arrival_ns, 7);
	CHECK_EQ(src->trace[2].length_ns, 0);
	CHECK_EQ(w.clients[1].source.trace[0].arrival_ns, 0);

	/* Type and class, on the first line or on all. */
	CHECK_MSG(!read_trace("1,a,5,compute,V4,low\n2,a,5\n3,a,5,,V4\n4,b,5,copy,,low\n"
			      "5,c,5,,V2\n"), "%s", why);
	CHECK_EQ(w.clients[0].fixed_share_inv, 4);
	CHECK_EQ(w.clients[0].latency, WORKLOAD_LOW);
	CHECK_EQ(w.clients[0].source.trace_num, 3);
	CHECK_EQ(w.clients[1].fixed_share_inv, 16);
	CHECK_EQ(w.clients[1].engine, WORKLOAD_COPY);
	CHECK_EQ(w.clients[1].latency, WORKLOAD_LOW);
	CHECK_EQ(w.clients[2].fixed_share_inv, 2);
	CHECK_EQ(w.clients[2].latency, WORKLOAD_NORMAL);
	CHECK(read_trace("1,a,5,compute,V4\n1,a,5,copy,V8\n") &&
	      !strcmp(why, "the loads of vGPU 'a' differ in type"));
}

/* The workload may tell what a trace does not. */
static void trace_of_declared(void)
{
	workload_free(&w);
	workload_init(&w);
	CHECK(!workload_set(&w, "vgpu name=a,type=V4,load=trace,weight=9", why));
	CHECK(!workload_set(&w, "vgpu name=b", why));
	CHECK(!workload_read_trace(&w, file("1,a,5\n2,d,5\n"), why));
	CHECK_MSG(!workload_check(&w, why), "%s", why);
	CHECK_EQ(w.num_clients, 3);
	CHECK_EQ(w.clients[0].weight, 9);
	CHECK_EQ(w.clients[0].source.trace_num, 1);
	CHECK_EQ(w.clients[1].source.trace_num, 0);
	CHECK(!strcmp(w.clients[2].name, "d"));
	/* It may say the same of the vGPU, and nothing else. */
	workload_free(&w);
	workload_init(&w);
	CHECK(!workload_set(&w, "vgpu name=a,type=V4,load=trace", why));
	CHECK(!workload_read_trace(&w, file("1,a,5,,V4\n"), why));
	workload_free(&w);
	workload_init(&w);
	CHECK(!workload_set(&w, "vgpu name=a,type=V4,load=trace", why));
	CHECK(workload_read_trace(&w, file("1,a,5,,V8\n"), why) &&
	      strstr(why, ":1: its type was another before"));
	workload_free(&w);
	workload_init(&w);
	CHECK(!workload_set(&w, "vgpu name=a,load=trace,stop_us=9", why));
	CHECK(!workload_read_trace(&w, file("1,a,5\n"), why));
	CHECK(workload_check(&w, why) &&
	      !strcmp(why, "vGPU 'a': with a trace, it can't start or stop"));
}

static void refused_trace(const char *text, unsigned int line, const char *words)
{
	char expected[WORKLOAD_WHY];
	int ret = read_trace(text);

	if (line)
		snprintf(expected, sizeof(expected), "%s:%u: %s", path, line, words);
	else
		snprintf(expected, sizeof(expected), "%s: %s", path, words);
	CHECK_MSG(ret && !strcmp(why, expected), "%s: '%s' instead of '%s'", text, why, expected);
}

static void refused_traces(void)
{
	static const char form[] = "not 'time_ns,vgpu,length_ns[,engine[,type[,latency]]]'";
	char text[400];

	refused_trace("", 0, "no batch in it");
	refused_trace("time_ns,vgpu,length_ns\n", 0, "no batch in it");
	refused_trace("1,a,2\n1,a\n", 2, form);
	refused_trace("-1,a,2\n", 1, form);
	refused_trace("a,1,2\n", 1, form);
	refused_trace("1,a,x\n", 1, form);
	refused_trace("1,a,\n", 1, form);
	refused_trace("18446744073709551616,a,1\n", 1, form);
	refused_trace("1,a,2,3\n", 1, "unknown engine '3'");
	refused_trace("1,a,2,copy,4\n", 1, "type: not V1, V2, ...: '4'");
	refused_trace("1,a,2,copy,V0\n", 1, "type: not a number from 1 to 65536: '0'");
	refused_trace("1,a,2,,,best\n", 1, "unknown latency 'best'");
	refused_trace("1,a,2,copy,V4,low,\n", 1, "more than six fields");
	refused_trace("1,a,2,copy,V4\n2,a,2,copy,V8\n", 2, "its type was another before");
	refused_trace("1,a,2,,,low\n2,a,2,,,normal\n", 2, "its latency class was another before");
	refused_trace("9223372036854775808,a,1\n", 1, "a time beyond 2^63 ns");
	refused_trace("1,a,9223372036854775808\n", 1, "a time beyond 2^63 ns");
	refused_trace("1,,2\n", 1, "the vGPU's name has not 1 to 39 characters");
	refused_trace("1,0123456789012345678901234567890123456789,2\n", 1,
		      "the vGPU's name has not 1 to 39 characters");
	refused_trace("1,\",2\n", 1,
		      "the vGPU's name has quotes, backslashes or control characters");
	refused_trace("2,a,2\n1,b,2\n1,a,2\n", 3, "the time goes back");
	refused_trace("1,a,0\n2,b,2\n2,a,2\n", 3,
		      "a batch after one of length 0, which lasts to the end");
	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	refused_trace(text, 1, "too long");
	workload_free(&w);
	CHECK(workload_read_trace(&w, "/nonexistent/t.csv", why) &&
	      !strcmp(why, "/nonexistent/t.csv: No such file or directory"));
}

/* Many vGPUs in turn: who is meant by a line must not be looked for one by one. */
static void long_trace(void)
{
	FILE *f = fopen(file(""), "w");
	u32 i;

	if (!f)
		abort();
	for (i = 0; i < 160000; i++)
		fprintf(f, "%" PRIu32 ",v%" PRIu32 ",100,%s\n", i, i % 8000,
			workload_engine_names[i / 8000 % 2]);
	fclose(f);
	workload_free(&w);
	workload_init(&w);
	CHECK_MSG(!workload_read_trace(&w, path, why) && !workload_check(&w, why), "%s", why);
	CHECK_EQ(w.num_vgpus, 8000);
	CHECK_EQ(w.num_clients, 16000);
	for (i = 0; i < 16000; i++)
		CHECK_EQ(w.clients[i].source.trace_num, 10);
	workload_free(&w);
	unlink(path);
}

static const struct ktap_test tests[] = {
	{ "defaults", defaults },
	{ "keywords", keywords },
	{ "vgpu_keys", vgpu_keys },
	{ "pipelines", pipelines },
	{ "changes", changes },
	{ "many", many },
	{ "refused_keywords", refused_keywords },
	{ "refused_keys", refused_keys },
	{ "refused_wholes", refused_wholes },
	{ "set", set },
	{ "trace", trace },
	{ "trace_of_declared", trace_of_declared },
	{ "refused_traces", refused_traces },
	{ "long_trace", long_trace },
};

KTAP_MAIN(tests)
