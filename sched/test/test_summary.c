// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_summary.c - the window that is measured, and figures of slices and jobs told by hand
 */
#include <stdlib.h>

#include "ktap.h"
#include "summary.h"

#define MS	1000000ull

static struct workload w;
static struct summary *s;
static char *text;

static void begin(const char *const *lines, u64 start_ns)
{
	char why[WORKLOAD_WHY];

	workload_init(&w);
	for (; *lines; lines++) {
		if (workload_set(&w, *lines, why))
			abort();
	}
	if (workload_check(&w, why))
		abort();
	s = summary_new(&w, "vfio", start_ns);
}

static void end(void)
{
	summary_free(s);
	workload_free(&w);
	free(text);
	text = NULL;
}

static void slice(u64 begin_ns, u64 end_ns, enum summary_state state, u32 client, u64 busy_ns)
{
	summary_slice(s, &(struct summary_slice){
		.begin_ns = begin_ns, .end_ns = end_ns, .busy_ns = busy_ns, .state = state,
		.client = client,
		.accelerator = state == SUMMARY_RUN ? w.clients[client].accelerator : 0,
		.engine = state == SUMMARY_RUN ? w.clients[client].engine : WORKLOAD_COMPUTE,
	});
}

static void job(u32 client, u64 arrival_ns, u64 done_ns, u64 length_ns, bool lost)
{
	summary_job(s, &(struct summary_job){
		.arrival_ns = arrival_ns, .done_ns = done_ns, .length_ns = length_ns,
		.client = client, .fate = lost ? SUMMARY_LOST : SUMMARY_DONE,
	});
}

static const char *printed(void (*print)(const struct summary *s, FILE *f))
{
	size_t size;
	FILE *f;

	free(text);
	f = open_memstream(&text, &size);
	if (!f)
		abort();
	print(s, f);
	fclose(f);
	return text;
}

static const char *finish(void)
{
	summary_finish(s);
	return printed(summary_print);
}

/* The JSON has this in it. */
static void check_has(const char *part)
{
	CHECK_MSG(strstr(text, part), "no '%s' in %s", part, text);
}

static void check_is(const char *got, const char *expected)
{
	CHECK_MSG(!strcmp(got, expected), "%s instead of %s", got, expected);
}

static const char *const two_hogs[] = {
	"warmup_ms 10", "measure_ms 20", "vgpu name=a,weight=200", "vgpu name=b,type=V8", NULL
};

/* Slices of 4 and 2 ms in turn, from 5 ms on, for @rounds. */
static void rounds(unsigned int rounds)
{
	u64 t = 5 * MS;

	for (; rounds; rounds--) {
		slice(t, t + 4 * MS, SUMMARY_RUN, 0, 4 * MS);
		slice(t + 4 * MS, t + 5 * MS, SUMMARY_SWITCH, 1, 0);
		slice(t + 5 * MS, t + 7 * MS, SUMMARY_RUN, 1, 1 * MS);
		slice(t + 7 * MS, t + 8 * MS, SUMMARY_SWITCH, 0, 0);
		t += 8 * MS;
	}
}

/*
 * The reference is b, of least weight, which is switched to at 10, 18, 26, ... ms. Warm-up is over
 * at 5 + 10 ms: so the window is from 18 to 42 ms, the first switch 20 ms on. All of the JSON.
 */
static void whole_rounds(void)
{
	begin(two_hogs, 5 * MS);
	CHECK_EQ(summary_reference(&w), 1);
	rounds(7);
	job(0, 6 * MS, 20 * MS, 8 * MS, false);
	job(0, 20 * MS, 30 * MS, 5 * MS, false);
	job(1, 50 * MS, 0, 5 * MS, false);
	summary_client(s, 1, 77, 78, 79);
	check_is(finish(),
		 "{\"workload\": \"\", \"source\": \"vfio\", \"policy\": \"best_effort\", "
		 "\"preemption\": \"strict\", \"timeslice_us\": 2000, \"switch_us\": 5, "
		 "\"begin_ns\": 18000000, \"window_ns\": 24000000, \"aligned\": true, "
		 "\"engines\": [{\"accelerator\": 0, \"engine\": \"compute\", \"busy_ns\": 15000000, "
		 "\"switch_ns\": 6000000, \"work_ns\": 21000000, \"switches\": 6}], "
		 "\"vgpus\": [{\"name\": \"a\", \"type\": \"V16\", \"accelerator\": 0, "
		 "\"engine\": \"compute\", \"load\": \"hog\", \"greedy\": true, "
		 "\"latency\": \"normal\", \"weight\": 200, \"reservation\": 0, "
		 "\"limit\": 0, \"elastic_cap\": 0, \"running_ns\": 24000000, "
		 "\"got_ns\": 12000000, \"switch_ns\": 3000000, \"demand_ns\": 24000000, "
		 "\"jobs\": 2, \"jobs_lost\": 0, \"jobs_dropped\": 0, "
		 "\"deadline_us\": 0, \"jobs_late\": 0, \"guilty\": false, \"samples\": 1, "
		 "\"latency_ns\": {\"p1\": 10000000, \"p5\": 10000000, \"p10\": 10000000, "
		 "\"p25\": 10000000, \"p50\": 10000000, \"p75\": 10000000, \"p90\": 10000000, "
		 "\"p95\": 10000000, \"p99\": 10000000, \"p99.9\": 10000000, \"max\": 10000000}, "
		 "\"overshoot_ns\": 0, \"slices\": 0, \"resets\": 0}, "
		 "{\"name\": \"b\", \"type\": \"V8\", \"accelerator\": 0, \"engine\": \"compute\", "
		 "\"load\": \"hog\", \"greedy\": true, \"latency\": \"normal\", "
		 "\"weight\": 100, \"reservation\": 0, "
		 "\"limit\": 0, \"elastic_cap\": 0, \"running_ns\": 24000000, "
		 "\"got_ns\": 3000000, \"switch_ns\": 3000000, \"demand_ns\": 24000000, "
		 "\"jobs\": 0, \"jobs_lost\": 0, \"jobs_dropped\": 0, "
		 "\"deadline_us\": 0, \"jobs_late\": 0, \"guilty\": false, \"samples\": 0, "
		 "\"latency_ns\": {\"p1\": null, \"p5\": null, \"p10\": null, \"p25\": null, "
		 "\"p50\": null, \"p75\": null, \"p90\": null, \"p95\": null, \"p99\": null, "
		 "\"p99.9\": null, \"max\": null}, "
		 "\"overshoot_ns\": 77, \"slices\": 78, \"resets\": 79}]}\n");
	end();
}

/* One round too few: from the end of the warm-up for 20 ms, and slices are cut. */
static void by_the_clock(void)
{
	begin(two_hogs, 5 * MS);
	rounds(4);
	job(1, 34 * MS + MS / 2, 35 * MS + MS / 2, 1 * MS, false);
	finish();
	/*
	 * a from 15 to 17, 21 to 25 and 29 to 33; b from 18, 26 and 34 ms on for 2 ms, half idle.
	 * The end cuts b's last turn, and the job in it.
	 */
	check_has("\"begin_ns\": 15000000, \"window_ns\": 20000000, \"aligned\": false");
	check_has("\"busy_ns\": 12500000, \"switch_ns\": 5000000");
	check_has("\"got_ns\": 10000000");
	check_has("\"got_ns\": 2500000");
	end();
}

/* Nobody is greedy: no reference. A slice may be all of the window. */
static void no_reference(void)
{
	static const char *const lines[] = {
		"warmup_ms 10", "measure_ms 20", "vgpu load=frames", NULL
	};

	begin(lines, 0);
	CHECK(summary_reference(&w) < 0);
	slice(0, 40 * MS, SUMMARY_RUN, 0, 10 * MS);
	job(0, 1 * MS, 6 * MS, 5 * MS, false);
	job(0, 9 * MS, 11 * MS, 2 * MS, false);
	job(0, 27 * MS, 30 * MS, 3 * MS, false);
	finish();
	check_has("\"begin_ns\": 10000000, \"window_ns\": 20000000, \"aligned\": false");
	check_has("\"got_ns\": 4000000");
	check_has("\"work_ns\": 4000000");
	end();

	/* Whatever jobs' times are off by: of 30 ms in work, 10 are in any half of the slice. */
	begin(lines, 0);
	slice(0, 40 * MS, SUMMARY_RUN, 0, 30 * MS);
	finish();
	check_has("\"got_ns\": 10000000");
	check_has("\"work_ns\": 10000000");
	end();
	begin(lines, 0);
	slice(0, 40 * MS, SUMMARY_RUN, 0, 3 * MS);
	job(0, 12 * MS, 26 * MS, 3 * MS, false);
	finish();
	check_has("\"got_ns\": 3000000");
	end();
}

static const char *const two_engines[] = {
	"warmup_ms 10", "measure_ms 21", "vgpu name=a", "vgpu name=b", "vgpu name=c,engine=copy",
	"vgpu name=a,engine=copy,load=frames", NULL
};

/* The copy engine's are measured in the window of the compute engine's, whichever is told first. */
static void other_engines(void)
{
	unsigned int order, keep, i;
	u64 t;

	for (i = 0; i < 4; i++) {
		order = i % 2;
		keep = i / 2;
		begin(two_engines, 0);
		if (keep)
			summary_keep_slices(s);
		if (order)
			slice(0, 60 * MS, SUMMARY_RUN, 2, 30 * MS);
		for (t = 1 * MS; t < 50 * MS; t += 3 * MS) {
			slice(t, t + 1 * MS, SUMMARY_RUN, 0, 1 * MS);
			slice(t + 1 * MS, t + 3 * MS, SUMMARY_RUN, 1, 2 * MS);
		}
		if (!order)
			slice(0, 60 * MS, SUMMARY_RUN, 2, 30 * MS);
		job(2, 20 * MS, 30 * MS + MS / 2, 10 * MS + MS / 2, false);
		job(2, 31 * MS, 51 * MS, 20 * MS, false);
		/* a's turn on the copy engine is not its load on the compute engine. */
		summary_slice(s, &(struct summary_slice){
			.begin_ns = 20 * MS, .end_ns = 21 * MS, .busy_ns = 1 * MS,
			.state = SUMMARY_RUN, .engine = WORKLOAD_COPY });
		finish();
		check_has("\"begin_ns\": 10000000, \"window_ns\": 21000000, \"aligned\": true");
		check_has("\"engine\": \"compute\", \"busy_ns\": 21000000");
		check_has("\"engine\": \"copy\", \"busy_ns\": 11500000");
		check_has("\"got_ns\": 7000000, \"switch_ns\": 0, \"demand_ns\": 21000000");
		check_has("\"got_ns\": 14000000, \"switch_ns\": 0, \"demand_ns\": 21000000");
		check_has("\"got_ns\": 10500000, \"switch_ns\": 0, \"demand_ns\": 21000000");
		check_has("\"got_ns\": 0, \"switch_ns\": 0, \"demand_ns\": 0");
		end();
	}
}

static const char *const frames[] = {
	"warmup_ms 10", "measure_ms 20", "vgpu load=frames", "vgpu load=hang", NULL
};

/* The window is from 10 to 30 ms. */
static void demand(void)
{
	begin(frames, 0);
	job(0, 1 * MS, 10 * MS, 1, false);		/* done before */
	job(0, 2 * MS, 11 * MS, 10, false);		/* pending at the begin: in whole */
	job(0, 3 * MS, 10 * MS, 100, true);		/* lost before */
	job(0, 4 * MS, 12 * MS, 1000, true);		/* pending, and lost in it */
	job(0, 29 * MS, 40 * MS, 10000, false);		/* arrived in it */
	job(0, 30 * MS, 31 * MS, 100000, false);	/* after it */
	job(0, 31 * MS, 0, 1000000, false);
	job(1, 12 * MS, 0, SIM_NEVER, false);
	finish();
	check_has("\"demand_ns\": 11010, \"jobs\": 4, \"jobs_lost\": 2, \"jobs_dropped\": 0");
	check_has("\"demand_ns\": 20000000, \"jobs\": 0, \"jobs_lost\": 0, \"jobs_dropped\": 0, "
		  "\"deadline_us\": 0, \"jobs_late\": 0, \"guilty\": true");
	end();
}

/* Late are those that ended past the deadline, or did not: not those of the warm-up. */
static void deadlines(void)
{
	static const char *const lines[] = {
		"warmup_ms 10", "measure_ms 20", "vgpu load=frames,deadline_us=2000",
		"vgpu load=frames", NULL
	};

	begin(lines, 0);
	job(0, 9 * MS, 29 * MS, 1, false);		/* in the warm-up */
	job(0, 10 * MS, 12 * MS, 1, false);		/* in time */
	job(0, 11 * MS, 13 * MS + 1, 1, false);
	job(0, 12 * MS, 13 * MS, 1, true);
	summary_job(s, &(struct summary_job){ 12 * MS, 29 * MS, 1, 0, SUMMARY_DROPPED });
	job(0, 13 * MS, 0, 1, false);
	job(0, summary_run_ns(&w) - 2 * MS, 0, 1, false);	/* may yet be in time */
	job(1, 11 * MS, 29 * MS, 1, false);		/* has no deadline */
	finish();
	check_has("\"jobs\": 3, \"jobs_lost\": 1, \"jobs_dropped\": 1, \"deadline_us\": 2000, "
		  "\"jobs_late\": 3,");
	check_has("\"deadline_us\": 0, \"jobs_late\": 0,");
	end();
}

/* The deadline of a pipeline is that of its requests, which are told with its compute load. */
static void whole_pipelines(void)
{
	static const char *const lines[] = {
		"warmup_ms 10", "measure_ms 20",
		"vgpu load=pipeline,copy_in_us=1,deadline_us=2000", NULL
	};

	begin(lines, 0);
	job(0, 20 * MS, 29 * MS, 1, false);
	summary_request(s, &(struct summary_job){ .arrival_ns = 9 * MS, .done_ns = 15 * MS });
	summary_request(s, &(struct summary_job){ .arrival_ns = 15 * MS, .done_ns = 17 * MS });
	summary_request(s, &(struct summary_job){ .arrival_ns = 17 * MS, .done_ns = 20 * MS });
	summary_request(s, &(struct summary_job){ .arrival_ns = 20 * MS });
	finish();
	check_has("\"jobs_late\": 2,");
	check_has("\"requests\": 3, \"request_ns\": {\"p1\": 2000000,");
	check_has("\"max\": 3000000}");
	CHECK(!strstr(strstr(text, "\"requests\"") + 1, "\"requests\""));
	end();
}

/* A vGPU that is away asks for nothing, is no reference, and does not run. */
static void stopped(void)
{
	static const char *const lines[] = {
		"warmup_ms 10", "measure_ms 20", "vgpu name=a,weight=1,stop_us=15000",
		"vgpu name=b,weight=2", NULL
	};

	begin(lines, 0);
	CHECK_EQ(summary_reference(&w), 1);
	summary_stopped(s, 0, 5 * MS, 12 * MS);
	summary_stopped(s, 0, 25 * MS, 90 * MS);
	finish();
	check_has("\"begin_ns\": 10000000, \"window_ns\": 20000000");
	check_has("\"running_ns\": 13000000, \"got_ns\": 0, \"switch_ns\": 0, "
		  "\"demand_ns\": 13000000");
	check_has("\"running_ns\": 20000000, \"got_ns\": 0, \"switch_ns\": 0, "
		  "\"demand_ns\": 20000000");
	end();
}

static void live_slice(u64 begin_ns, u64 end_ns, enum summary_state state, u32 client, u64 busy_ns,
		       bool rest, bool cut)
{
	summary_slice(s, &(struct summary_slice){
		.begin_ns = begin_ns, .end_ns = end_ns, .busy_ns = busy_ns,
		.work_ns = state == SUMMARY_SWITCH ? end_ns - begin_ns : busy_ns,
		.state = state, .client = client, .rest = rest, .cut = cut,
	});
}

/*
 * Whoever tells live asks where to cut, and nothing is kept. The window is from 12 ms, where b's
 * turn begins, to 40 ms.
 */
static void live(void)
{
	static const char *const lines[] = {
		"warmup_ms 10", "measure_ms 20", "vgpu name=a,load=frames", "vgpu name=b", NULL
	};

	begin(lines, 0);
	summary_live(s);
	summary_keep_slices(s);
	CHECK_EQ(summary_next_edge_ns(s, 0), 10 * MS);
	CHECK_EQ(summary_next_edge_ns(s, 10 * MS), 30 * MS);
	CHECK_EQ(summary_next_edge_ns(s, 30 * MS), SIM_NEVER);
	CHECK(!summary_switched(s, 1, 0, WORKLOAD_COMPUTE, 9 * MS));
	/* All of a's work is behind the edge. */
	live_slice(5 * MS, 10 * MS, SUMMARY_RUN, 0, 0, false, true);
	live_slice(10 * MS, 11 * MS, SUMMARY_RUN, 0, 1 * MS, true, false);
	live_slice(11 * MS, 12 * MS, SUMMARY_SWITCH, 1, 0, false, false);
	CHECK(!summary_switched(s, 0, 0, WORKLOAD_COMPUTE, 12 * MS));
	CHECK(!summary_switched(s, 1, 0, WORKLOAD_COPY, 12 * MS));
	CHECK(summary_switched(s, 1, 0, WORKLOAD_COMPUTE, 12 * MS));
	CHECK(!summary_switched(s, 1, 0, WORKLOAD_COMPUTE, 31 * MS));
	live_slice(12 * MS, 30 * MS, SUMMARY_RUN, 1, 18 * MS, false, true);
	live_slice(30 * MS, 32 * MS, SUMMARY_RUN, 1, 2 * MS, true, false);
	live_slice(32 * MS, 33 * MS, SUMMARY_SWITCH, 0, 0, false, false);
	live_slice(33 * MS, 39 * MS, SUMMARY_RUN, 0, 3 * MS, false, false);
	live_slice(39 * MS, 39 * MS + MS / 2, SUMMARY_SWITCH, 1, 0, false, true);
	live_slice(39 * MS + MS / 2, 40 * MS, SUMMARY_SWITCH, 1, 0, true, false);
	CHECK(summary_switched(s, 1, 0, WORKLOAD_COMPUTE, 40 * MS));
	live_slice(40 * MS, 60 * MS, SUMMARY_RUN, 1, 20 * MS, false, false);
	job(1, 12 * MS, 15 * MS, 7, false);
	finish();
	check_has("\"begin_ns\": 12000000, \"window_ns\": 28000000, \"aligned\": true");
	check_has("\"busy_ns\": 23000000, \"switch_ns\": 2000000, \"work_ns\": 25000000, "
		  "\"switches\": 2");
	check_has("\"got_ns\": 3000000, \"switch_ns\": 1000000");
	check_has("\"got_ns\": 20000000, \"switch_ns\": 1000000");
	check_is(printed(summary_print_jobs),
		 "arrival_ns,done_ns,accelerator,engine,vgpu,length_ns,lost\n");
	/* For people, a slice is one. */
	check_is(printed(summary_print_slices),
		 "begin_ns,end_ns,accelerator,engine,state,vgpu,busy_ns\n"
		 "5000000,11000000,0,compute,run,a,1000000\n"
		 "11000000,12000000,0,compute,switch,,0\n"
		 "12000000,32000000,0,compute,run,b,20000000\n"
		 "32000000,33000000,0,compute,switch,,0\n"
		 "33000000,39000000,0,compute,run,a,3000000\n"
		 "39000000,40000000,0,compute,switch,,0\n"
		 "40000000,60000000,0,compute,run,b,20000000\n");
	end();
}

/* Overlapping, nested, apart, cut by the window on both sides; in any order. */
static void work(void)
{
	begin(frames, 0);
	job(0, 20 * MS, 21 * MS, 1, false);
	job(1, 5 * MS, 12 * MS, 1, false);
	job(0, 11 * MS, 14 * MS, 1, false);
	job(0, 12 * MS, 13 * MS, 1, false);
	job(0, 29 * MS, 0, 1, false);
	finish();
	check_has("\"work_ns\": 6000000");
	end();
}

/* A thousand jobs of latencies 1 to 1000, and one from the warm-up that does not count. */
static void percentiles(void)
{
	u64 i;

	begin(frames, 0);
	job(0, 10 * MS - 1, 20 * MS, 1, false);
	for (i = 0; i < 1000; i++)
		job(0, 10 * MS + i, 10 * MS + i + 1 + i * 7 % 1000, 1, false);
	finish();
	check_has("\"latency_ns\": {\"p1\": 10, \"p5\": 50, \"p10\": 100, \"p25\": 250, "
		  "\"p50\": 500, \"p75\": 750, \"p90\": 900, \"p95\": 950, \"p99\": 990, \"p99.9\": 999, "
		  "\"max\": 1000}");
	check_has("\"jobs\": 1001,");
	end();

	/* Of ten, the 99th percentile is the greatest and the 10th the least. */
	begin(frames, 0);
	for (i = 1; i <= 10; i++)
		job(0, 10 * MS, 10 * MS + i, 1, false);
	finish();
	check_has("\"p10\": 1, \"p25\": 3, \"p50\": 5, \"p75\": 8, \"p90\": 9, "
		  "\"p95\": 10, \"p99\": 10");
	end();
}

static void csv(void)
{
	begin(two_engines, 0);
	summary_keep_slices(s);
	slice(1, 5, SUMMARY_RUN, 3, 2);
	slice(5, 7, SUMMARY_SWITCH, 0, 0);
	slice(7, 9, SUMMARY_IDLE, 0, 0);
	slice(9, 9, SUMMARY_RUN, 0, 0);
	job(1, 8, 9, 1, false);
	job(3, 7, 0, SIM_NEVER, false);
	job(0, 8, 12, 3, true);
	finish();
	check_is(printed(summary_print_slices),
		 "begin_ns,end_ns,accelerator,engine,state,vgpu,busy_ns\n"
		 "1,5,0,copy,run,a,2\n"
		 "5,7,0,compute,switch,,0\n"
		 "7,9,0,compute,idle,,0\n");
	check_is(printed(summary_print_jobs),
		 "arrival_ns,done_ns,accelerator,engine,vgpu,length_ns,lost\n"
		 "8,9,0,compute,b,1,0\n"
		 "8,12,0,compute,a,3,1\n"
		 "7,0,0,copy,a,0,0\n");
	end();
}

/* Long enough for rounds however long, and not forever. */
static void run_ns(void)
{
	static const char *const weights[] = {
		"vgpu weight=1", "vgpu weight=10000", NULL
	};
	static const char *const batches[] = {
		"preemption batch", "vgpu load=adversary,length_us=200,burst=100", "vgpu", NULL
	};
	static const char *const fixed[] = { "policy fixed_share", "vgpu type=V16", NULL };
	static const char *const huge[] = {
		"vgpu count=16383,weight=10000", "vgpu weight=1", NULL
	};

	/* 2^29 us * 2^19 * 10^4 * 2^13 would be 0. */
	static const char *const longest[] = {
		"vgpu name=a,count=8192,weight=10000,load=adversary,length_us=536870912,"
		"burst=524288", "vgpu weight=1", "warmup_ms 86400000",
		"measure_ms 86400000", "preempt_timeout_us 10000000", "preemption batch", NULL
	};

	begin(two_hogs, 0);
	CHECK_EQ(summary_run_ns(&w), 30 * MS + 50 * MS);
	end();
	begin(longest, 0);
	CHECK_EQ(summary_run_ns(&w), 2 * 86400000 * MS + 60000 * MS);
	end();
	begin(weights, 0);
	CHECK(summary_run_ns(&w) >= 1100 * MS + 2 * 20002 * MS);
	end();
	begin(batches, 0);
	CHECK(summary_run_ns(&w) >= 1100 * MS + 3 * 22 * MS);
	end();
	begin(fixed, 0);
	CHECK(summary_run_ns(&w) >= 1100 * MS + 3 * 32 * MS);
	end();
	begin(huge, 0);
	CHECK_EQ(summary_run_ns(&w), 1100 * MS + 60000 * MS);
	end();
}

static const struct ktap_test tests[] = {
	{ "whole_rounds", whole_rounds },
	{ "by_the_clock", by_the_clock },
	{ "no_reference", no_reference },
	{ "other_engines", other_engines },
	{ "demand", demand },
	{ "deadlines", deadlines },
	{ "whole_pipelines", whole_pipelines },
	{ "stopped", stopped },
	{ "live", live },
	{ "work", work },
	{ "percentiles", percentiles },
	{ "csv", csv },
	{ "run_ns", run_ns },
};

KTAP_MAIN(tests)
