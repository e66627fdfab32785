// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_sim_run.c - whole runs of the simulator, against what can be worked out by hand
 */
#include <glob.h>

#include "runs.h"

/*
 * Each has 2 ms, then a switch of 5 us: a is switched to at 6 us and every 4.01 ms. The first time
 * after 100.001 ms is 100.256 ms, the first one a second later 1102.756 ms: 250 rounds.
 */
static void two_hogs(void)
{
	static const char *const lines[] = {
		"vgpu name=a,length_us=2000", "vgpu name=b,length_us=2000", NULL
	};

	run(lines);
	check_has(json, "\"begin_ns\": 100256000, \"window_ns\": 1002500000, \"aligned\": true, "
			"\"engines\": [{\"accelerator\": 0, \"engine\": \"compute\", "
			"\"busy_ns\": 1000000000, \"switch_ns\": 2500000, \"work_ns\": 1002500000, "
			"\"switches\": 500}]");
	CHECK_EQ(number("got_ns", 0), 500 * MS);
	CHECK_EQ(number("got_ns", 1), 500 * MS);
	CHECK_EQ(number("demand_ns", 1), 1002500000);
	/* A batch is asked for at the end of the last and has all of a's next turn: a round. */
	CHECK_EQ(number("p1", 0), 4010000);
	CHECK_EQ(number("max", 0), 4010000);
	CHECK_EQ(number("overshoot_ns", 0), 0);
	check_has(slices, "begin_ns,end_ns,accelerator,engine,state,vgpu,busy_ns\n"
			  "1000,6000,0,compute,switch,,0\n"
			  "6000,2006000,0,compute,run,a,2000000\n"
			  "2006000,2011000,0,compute,switch,,0\n"
			  "2011000,4011000,0,compute,run,b,2000000\n");
	check_has(jobs, "arrival_ns,done_ns,accelerator,engine,vgpu,length_ns,lost\n"
			"1000,2006000,0,compute,a,2000000,0\n"
			"1000,4011000,0,compute,b,2000000,0\n"
			"2006000,6016000,0,compute,a,2000000,0\n");
}

/* 4 ms every 10 ms and nobody else: one switch, one slice, and no wait but for that. */
static void one_frames(void)
{
	static const char *const lines[] = {
		"vgpu load=frames,period_us=10000,length_us=4000,jitter_us=0", NULL
	};

	run(lines);
	check_has(json, "\"begin_ns\": 100001000, \"window_ns\": 1000000000, \"aligned\": false");
	CHECK_EQ(number("work_ns", 0), 400 * MS);
	CHECK_EQ(number("switches", 0), 0);
	CHECK_EQ(number("demand_ns", 0), 400 * MS);
	CHECK_EQ(number("p1", 0), 4 * MS);
	CHECK_EQ(number("max", 0), 4 * MS);
	/* In 1.15 s. The slice is cut by the window, where what was done is known. */
	CHECK_EQ(number("jobs", 0), 115);
	CHECK_EQ(number("got_ns", 0), 400 * MS);
	check_has(jobs, "\n1000,4006000,0,compute,vgpu0,4000000,0\n"
			"10001000,14001000,0,compute,vgpu0,4000000,0\n");
}

/* Strict preemption waits for the end of a tile, which is counted in the batch's own time. */
static void tiles(void)
{
	static const char *const lines[] = {
		"tile_us 300", "vgpu name=a,length_us=20000", "vgpu name=b,length_us=20000", NULL
	};

	run(lines);
	/* 2 ms is in the seventh tile. b alike; then a has 3 us less for each 0.1 ms of debt. */
	check_has(slices, "6000,2106000,0,compute,run,a,2100000\n");
	check_has(slices, "2111000,4211000,0,compute,run,b,2100000\n");
	/* 2.1 ms and a little less than 2 are 4.1: to the end of the 14th, so as long again. */
	check_has(slices, "4216000,6316000,0,compute,run,a,2100000\n");
	CHECK(number("overshoot_ns", 0) > 0);
	/* Nothing cut short, nothing run on: at the end of a tile it stops at once. */
	set("tile_us 10");
	forget();
	workload_init(&w);
	set("tile_us 1000");
	set("vgpu name=a,length_us=20000");
	set("vgpu name=b,length_us=20000");
	run_it(true);
	check_has(slices, "6000,2006000,0,compute,run,a,2000000\n");
	CHECK_EQ(number("overshoot_ns", 0), 0);
}

/* Emptying a runlist costs a switch, as putting one in does; it is not done for nothing. */
static void emptying(void)
{
	static const char *const sold[] = { "policy fixed_share", "vgpu name=a,type=V4", NULL };
	static const char *const sparse[] = {
		"policy equal_share", "vgpu name=a,load=frames,jitter_us=0",
		"vgpu name=b,load=idle", NULL
	};

	run(sold);
	check_has(slices, ",0,compute,run,a,2000000\n5006000,5011000,0,compute,switch,,0\n"
			  "5011000,11006000,0,compute,idle,,0\n"
			  "11006000,11011000,0,compute,switch,,0\n");
	CHECK_EQ(number("switch_ns", 0), 5000 * number("switches", 0));
	/* When nobody has work whose runlist is in force stays there. */
	run(sparse);
	check_has(slices, ",run,a,");
	CHECK(!strstr(slices, ",run,b,"));
	CHECK(!strstr(slices, ",idle,"));
}

/*
 * b's batch never ends: b has the engine at 2.011 ms, is to leave it at 4.011, and 10 ms later
 * the engine is reset, for 0.1 ms. Its neighbour loses that time and nothing else.
 */
static void hang(void)
{
	static const char *const lines[] = {
		"vgpu name=a", "vgpu name=b,load=hang,delay_us=1000",
		"vgpu name=b,engine=copy,load=frames", NULL
	};

	run(lines);
	check_has(slices, "6000,2006000,0,compute,run,a,2000000\n"
			  "2006000,2011000,0,compute,switch,,0\n"
			  "2011000,14111000,0,compute,run,b,12000000\n"
			  "14111000,14116000,0,compute,switch,,0\n"
			  "14116000,");
	check_has(jobs, "\n1001000,14011000,0,compute,b,0,1\n");
	/* Once more it is switched to, to find that nothing is left; then a has all. */
	CHECK_EQ(count(slices, ",compute,run,b,"), 1);
	CHECK_EQ(count(slices, ",compute,switch,"), 5);
	CHECK_EQ(number("got_ns", 0), 1000 * MS);
	CHECK_EQ(number("got_ns", 1), 0);
	CHECK_EQ(number("demand_ns", 1), 0);
	CHECK_EQ(number("jobs_lost", 0), 0);
	CHECK_EQ(number("jobs_lost", 1), 1);
	CHECK_EQ(number("resets", 0), 0);
	CHECK_EQ(number("resets", 1), 1);
	/* The copy engine knows nothing of it. */
	CHECK_EQ(number("jobs_lost", 2), 0);
	CHECK(number("jobs", 2) > 0);
	CHECK_EQ(number("resets", 2), 0);
	check_has(json, "\"guilty\": true");
}

/* After a reset the timeout is longer: short as it was, one reset is enough. */
static void hang_once(void)
{
	static const char *const lines[] = {
		"preempt_timeout_us 100", "vgpu name=a", "vgpu name=b,load=hang,delay_us=1000", NULL
	};

	run(lines);
	check_has(slices, "2011000,4211000,0,compute,run,b,2100000\n"
			  "4211000,4216000,0,compute,switch,,0\n"
			  "4216000,");
	CHECK_EQ(number("resets", 1), 1);
}

/* All that it has queued is lost with it, and what would have come does not. */
static void hang_loses_all(void)
{
	static const char *const lines[] = {
		"preemption batch", "preempt_timeout_us 3000", "vgpu name=a",
		"vgpu name=b,load=bursty,burst=3,period_us=50000,length_us=20000", NULL
	};

	run(lines);
	/* By batch preemption 20 ms are as good as a hang. */
	CHECK_EQ(number("jobs_lost", 0), 0);
	CHECK_EQ(number("jobs", 1), 0);
	CHECK_EQ(number("jobs_lost", 1), 3);
	CHECK_EQ(number("resets", 1), 1);
	CHECK_EQ(count(jobs, ",b,"), 3);
}

/* Nobody else wants the engine: nobody is in a hurry. */
static void hang_alone(void)
{
	static const char *const lines[] = { "vgpu load=hang", NULL };

	run(lines);
	CHECK_EQ(number("resets", 0), 0);
	CHECK_EQ(number("jobs_lost", 0), 0);
	CHECK_EQ(number("got_ns", 0), 1000 * MS);
	CHECK_EQ(number("demand_ns", 0), 1000 * MS);
	check_has(jobs, "\n1000,0,0,compute,vgpu0,0,0\n");
}

/* Three accelerators with two engines each do what six do that are alone. */
static void many_accelerators(void)
{
	static const char *const one[] = {
		"vgpu name=a,count=2,length_us=700", NULL
	};
	static const char *const three[] = {
		"accelerators 3", "vgpu name=a,count=6,length_us=700",
		"vgpu name=a0,engine=copy,length_us=700", "vgpu name=a3,engine=copy,length_us=700",
		NULL
	};
	u64 got, switches;
	u32 i;

	run(one);
	got = number("got_ns", 0);
	switches = number("switches", 0);
	CHECK(got > 490 * MS);
	run(three);
	CHECK_EQ(count(json, "\"switches\""), 4);
	for (i = 0; i < 4; i++)
		CHECK_EQ(number("switches", i), switches);
	for (i = 0; i < 8; i++)
		CHECK_EQ(number("got_ns", i), got);
	check_has(slices, ",2,compute,run,a5,");
	check_has(slices, ",0,copy,run,a3,");
}

/* All vGPUs run on both engines: under equal_share the copy engine keeps turns for those two. */
static void both_engines(void)
{
	static const char *const lines[] = {
		"policy equal_share", "vgpu name=a", "vgpu name=b", "vgpu name=c,engine=copy",
		"vgpu name=a,engine=copy,load=idle", NULL
	};

	run(lines);
	CHECK_EQ(count(json, "\"switches\""), 2);
	/* A third of each engine, switches apart: three turns and three switches are a round. */
	CHECK_EQ(number("got_ns", 0), number("window_ns", 0) / 6015 * 2000);
	CHECK_EQ(number("got_ns", 1), number("window_ns", 0) / 6015 * 2000);
	CHECK(number("got_ns", 2) / MS >= number("window_ns", 0) / MS / 3 - 3);
	CHECK(number("got_ns", 2) / MS <= number("window_ns", 0) / MS / 3 + 1);
	CHECK_EQ(number("got_ns", 3), 0);
	check_has(slices, ",copy,run,b,0\n");
}

/* Weight, reservation, limit, slice request: all reach the scheduler. */
static void settings(void)
{
	static const char *const weights[] = { "vgpu weight=300", "vgpu", NULL };
	static const char *const reserved[] = { "vgpu reservation=80", "vgpu", NULL };
	static const char *const limited[] = { "vgpu limit=10", "vgpu", NULL };
	static const char *const fixed[] = {
		"policy fixed_share", "vgpu type=V4", "vgpu type=V8", NULL
	};
	static const char *const request[] = {
		"policy deadline", "vgpu slice_us=1000", "vgpu", NULL
	};
	static const char *const capped[] = {
		"policy fixed_share", "vgpu type=V4,elastic_cap=100", "vgpu type=V4", NULL
	};
	static const char *const slice[] = { "timeslice_us 7000", "vgpu", "vgpu", NULL };

	run(weights);
	CHECK_EQ(number("got_ns", 0) / MS, 3 * number("got_ns", 1) / MS);
	run(reserved);
	CHECK(number("got_ns", 0) / 10000 >= number("window_ns", 0) * 79 / 1000000);
	run(limited);
	CHECK(number("got_ns", 0) / 10000 <= number("window_ns", 0) * 11 / 1000000);
	CHECK(number("got_ns", 1) / 10000 >= number("window_ns", 0) * 88 / 1000000);
	run(fixed);
	CHECK(number("got_ns", 0) / 100 >= number("window_ns", 0) * 249 / 100000);
	CHECK(number("got_ns", 0) / 100 <= number("window_ns", 0) * 251 / 100000);
	CHECK(number("got_ns", 1) / 100 <= number("window_ns", 0) * 126 / 100000);
	/* Half of the engine is nobody's: that is the first one's as well. */
	run(capped);
	CHECK(number("got_ns", 0) / 100 >= number("window_ns", 0) * 74 / 10000);
	CHECK(number("got_ns", 1) / 100 >= number("window_ns", 0) * 249 / 100000);
	CHECK(number("got_ns", 1) / 100 <= number("window_ns", 0) * 251 / 100000);
	run(request);
	CHECK(number("slices", 0) > number("slices", 1) * 19 / 10);
	run(slice);
	check_has(slices, "6000,7006000,0,compute,run,vgpu0,7000000\n");
	CHECK_EQ(number("timeslice_us", 0), 7000);
}

static void trace(void)
{
	static const char text[] =
		"time_ns,vgpu,length_ns,engine\n"
		"5000000,a,300000,compute\n"
		"5100000,b,200000,compute\n"
		"6000000,a,400000,copy\n"
		"9000000,b,0\n";
	char path[] = "/tmp/test_sim_run_XXXXXX", why[WORKLOAD_WHY];
	int fd = mkstemp(path);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f || fputs(text, f) == EOF || fclose(f))
		abort();
	forget();
	workload_init(&w);
	set("warmup_ms 0");
	set("measure_ms 10");
	must(workload_read_trace(&w, path, why), why);
	remove(path);
	run_it(true);
	/* a's switch takes 5 us; b waits for a's end, then for a switch; on each engine alike. */
	check_has(jobs, "\n1000,306000,0,compute,a,300000,0\n"
			"101000,511000,0,compute,b,200000,0\n"
			"1001000,1406000,0,copy,a,400000,0\n"
			"4001000,5001000,0,compute,b,1000000,0\n"
			"5001000,6001000,0,compute,b,1000000,0\n"
			"6001000,7001000,");
	CHECK_EQ(number("jobs", 0), 1);
	CHECK_EQ(number("p1", 0), 305000);
}

/* What was done before a window is not done in it, whatever the slice that it is cut from. */
static void edges(void)
{
	static const char *const before[] = {
		"warmup_ms 1000", "measure_ms 5000", "vgpu load=frames,period_us=100000000,"
		"length_us=700000,delay_us=50000,jitter_us=0", NULL
	};
	static const char *const across[] = {
		"warmup_ms 1000", "measure_ms 5000", "vgpu load=frames,period_us=100000000,"
		"length_us=700000,delay_us=900000,jitter_us=0", NULL
	};

	run(before);
	check_has(json, "\"busy_ns\": 0, \"switch_ns\": 0, \"work_ns\": 0, \"switches\": 0");
	CHECK_EQ(number("got_ns", 0), 0);
	CHECK_EQ(number("demand_ns", 0), 0);
	/* From 0.900001 s, and the switch: the window begins at 1.000001 s. */
	run(across);
	CHECK_EQ(number("got_ns", 0), 600 * MS + 5000);
	check_has(slices, ",run,vgpu0,700000000\n");
}

/* 100 us, and 400 us of thinking: 2000 a second, and 5 us for the only switch. */
static void loop(void)
{
	static const char *const alone[] = {
		"warmup_ms 0", "vgpu load=loop,length_us=100,think_us=400,deadline_us=100", NULL
	};
	static const char *const bursts[] = {
		"warmup_ms 0", "vgpu load=loop,length_us=100,burst=3,think_us=200", NULL
	};

	run(alone);
	check_has(jobs, "\n1000,106000,0,compute,vgpu0,100000,0\n"
			"506000,606000,0,compute,vgpu0,100000,0\n"
			"1006000,1106000,0,compute,vgpu0,100000,0\n");
	CHECK_EQ(number("got_ns", 0), 200 * MS);
	CHECK_EQ(number("p50", 0), 100000);
	/* The first one waits for the switch. */
	CHECK_EQ(number("jobs_late", 0), 1);
	run(bursts);
	check_has(jobs, "\n1000,106000,0,compute,vgpu0,100000,0\n"
			"1000,206000,0,compute,vgpu0,100000,0\n"
			"1000,306000,0,compute,vgpu0,100000,0\n"
			"506000,606000,0,compute,vgpu0,100000,0\n"
			"506000,706000,0,compute,vgpu0,100000,0\n"
			"506000,806000,0,compute,vgpu0,100000,0\n");
	CHECK_EQ(number("p50", 0), 200000);
}

/* Alone each stage follows the one before; with requests enough the longest is always busy. */
static void stages(void)
{
	static const char *const one[] = {
		"warmup_ms 0",
		"vgpu load=pipeline,copy_in_us=100,length_us=300,copy_back_us=50,think_us=50", NULL
	};
	static const char *const two[] = {
		"vgpu load=pipeline,copy_in_us=100,length_us=300,copy_back_us=50,depth=2,"
		"think_us=0,deadline_us=599", NULL
	};
	static const char *const no_way_back[] = {
		"vgpu load=pipeline,copy_in_us=400,length_us=300,depth=3,think_us=0", NULL
	};
	static const char *const no_way_in[] = {
		"warmup_ms 0", "vgpu load=pipeline,length_us=300,copy_back_us=100,think_us=0", NULL
	};

	run(one);
	check_has(jobs, "\n1000,106000,0,copy,vgpu0,100000,0\n"
			"106000,411000,0,compute,vgpu0,300000,0\n"
			"411000,461000,0,copy,vgpu0,50000,0\n"
			"511000,611000,0,copy,vgpu0,100000,0\n"
			"611000,911000,0,compute,vgpu0,300000,0\n");
	/* 460 us the first time, 450 us from then on; another begins 50 us later. */
	CHECK_EQ(number("requests", 0), 2100);
	check_has(json, "\"request_ns\": {\"p1\": 450000, ");
	CHECK_EQ(number("got_ns", 0), 600 * MS);
	run(two);
	CHECK_EQ(number("got_ns", 0), number("window_ns", 0));
	check_has(json, "\"request_ns\": {\"p1\": 600000, ");
	/* In 1050 ms, but for those at its ends. */
	CHECK(number("jobs_late", 0) >= 3497 && number("jobs_late", 0) <= 3500);
	CHECK_EQ(number("jobs_late", 1), 0);
	run(no_way_back);
	CHECK_EQ(number("got_ns", 1), number("window_ns", 0));
	CHECK_EQ(number("got_ns", 0) / MS, 750);
	run(no_way_in);
	check_has(jobs, "\n1000,306000,0,compute,vgpu0,300000,0\n"
			"306000,411000,0,copy,vgpu0,100000,0\n"
			"411000,711000,0,compute,vgpu0,300000,0\n");
}

/* Its jobs on both engines are gone; when it is back it begins anew, but not after a reset. */
static void pipeline_ends(void)
{
	static const char *const stops[] = {
		"warmup_ms 0", "vgpu load=pipeline,copy_in_us=100,length_us=300,depth=4,think_us=0,"
		"on_us=1000,off_us=500", NULL
	};
	static const char *const thinks[] = {
		"warmup_ms 0", "measure_ms 10", "vgpu load=pipeline,copy_in_us=100,length_us=100,"
		"think_us=700,on_us=500,off_us=500", NULL
	};
	static const char *const reset[] = {
		"preemption batch", "preempt_timeout_us 1000", "warmup_ms 0", "vgpu",
		"vgpu load=pipeline,copy_in_us=5000,length_us=5000,depth=4,think_us=0,"
		"deadline_us=1000000000", NULL
	};

	run(stops);
	/* The second stop is at 2.501 ms, the next start at 3.001 ms. */
	check_has(jobs, ",2501000,0,compute,vgpu0,300000,2\n");
	check_has(jobs, "\n3001000,3106000,0,copy,vgpu0,100000,0\n");
	CHECK(!strstr(jobs, ",2501000,0,copy,vgpu0,100000,0"));
	CHECK(number("jobs_dropped", 0) > 600);
	CHECK_EQ(number("jobs_lost", 0), 0);
	CHECK(number("running_ns", 0) / 1000000 >= 666 && number("running_ns", 0) / 1000000 <= 667);
	/* A request that would come in a while does not, when there are new ones. */
	run(thinks);
	check_has(jobs, "\n1001000,1106000,0,copy,vgpu0,100000,0\n"
			"1106000,1211000,0,compute,vgpu0,100000,0\n"
			"2001000,2106000,0,copy,vgpu0,100000,0\n");
	/* Copies that are done after the reset are followed by nothing. */
	run(reset);
	CHECK_EQ(number("resets", 1), 1);
	CHECK_EQ(number("requests", 0), 0);
	CHECK_EQ(number("jobs", 1), 0);
	CHECK_EQ(number("jobs_lost", 1), 1);
	CHECK_EQ(number("jobs_late", 1), 4);
	CHECK_EQ(number("jobs", 2), 4);
}

/* Both engines on one line of time do what they do alone, down to the last slice. */
static void together(void)
{
	static const char *const others[] = {
		"vgpu name=a,length_us=700,spread_us=300", "vgpu name=a,engine=copy,load=poisson,"
		"period_us=3000,length_us=500", "vgpu name=b,load=loop,length_us=300,think_us=70",
		"vgpu name=c,engine=copy,length_us=900", "vgpu name=c,load=frames,length_us=2000",
		"at_ms 3/7 vgpu name=c,weight=300", "at_ms 5/7 vgpu name=c,weight=50",
		"vgpu name=e,on_us=1900,off_us=700", "at_ms 500 policy deadline",
	};
	/* A pipeline that never begins, and a vGPU as idle; two loads each. */
	static const char *const last[][2] = {
		{ "vgpu name=z,start_us=86400000000,load=idle",
		  "vgpu name=z,start_us=86400000000,load=idle,engine=copy" },
		{ "vgpu name=z,start_us=86400000000,load=pipeline,copy_in_us=1", "" },
	};
	char *first[2] = { NULL };
	unsigned int k, i;

	for (k = 0; k < 2; k++) {
		forget();
		workload_init(&w);
		for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
			set(others[i]);
		set(last[k][0]);
		set(last[k][1]);
		run_it(true);
		*strstr(json, ", {\"name\": \"z\"") = 0;
		CHECK(number("switches", 0) > 100 && number("switches", 1) > 100);
		if (k) {
			CHECK_MSG(!strcmp(first[0], json), "%s\n%s", first[0], json);
			CHECK(!strcmp(first[1], jobs));
			free(first[0]);
			free(first[1]);
			break;
		}
		first[0] = json;
		first[1] = jobs;
		json = NULL;
		jobs = NULL;
	}
}

/* 300 us of each 500 us, until it stops for good; then the engine is idle. */
static void starts_and_stops(void)
{
	static const char *const lines[] = {
		"warmup_ms 0", "measure_ms 1000",
		"vgpu name=a,start_us=100000,stop_us=600000,on_us=300,off_us=200,length_us=50", NULL
	};
	static const char *const frames[] = {
		"warmup_ms 0", "vgpu name=a,load=frames,length_us=100,period_us=50000,jitter_us=0,"
		"on_us=60000,off_us=10000", NULL
	};
	static const char *const late[] = {
		"vgpu name=a,length_us=100", "vgpu name=b,length_us=100,start_us=600000", NULL
	};

	run(lines);
	CHECK_EQ(number("running_ns", 0), 300 * MS);
	CHECK_EQ(number("demand_ns", 0), 300 * MS);
	/* It is switched to each time. */
	CHECK_EQ(number("got_ns", 0), 295 * MS);
	CHECK_EQ(number("jobs", 0), 5000);
	CHECK_EQ(number("jobs_dropped", 0), 1000);
	CHECK_EQ(number("jobs_lost", 0), 0);
	check_has(jobs, "\n100001000,100056000,0,compute,a,50000,0\n");
	check_has(jobs, ",100301000,0,compute,a,50000,2\n"
			"100501000,100556000,0,compute,a,50000,0\n");
	CHECK(!strstr(jobs, "\n6001"));
	/* What would have come while it was away has not: from each start on, one and one. */
	run(frames);
	CHECK(count(jobs, "\n") - 1 >= 2 * number("running_ns", 0) / (60 * MS) &&
	      count(jobs, "\n") - 1 <= 2 * number("running_ns", 0) / (60 * MS) + 4);
	check_has(jobs, "\n1000,106000,0,compute,a,100000,0\n"
			"50001000,50101000,0,compute,a,100000,0\n"
			"70001000,70106000,0,compute,a,100000,0\n"
			"120001000,120101000,0,compute,a,100000,0\n");
	/* Alone for a half, and then one of two. */
	run(late);
	CHECK_EQ(number("running_ns", 1) / MS,
		 (number("begin_ns", 0) + number("window_ns", 0)) / MS - 600);
	CHECK(number("got_ns", 1) / MS >= number("running_ns", 1) / MS / 2 - 4);
	CHECK(number("got_ns", 1) / MS <= number("running_ns", 1) / MS / 2 + 4);
	check_has(json, "\"name\": \"b\", \"type\": \"V16\"");
}

/* Each reaches the scheduler, at its time and again. */
static void changes(void)
{
	static const char *const weight[] = {
		"warmup_ms 0", "measure_ms 1000", "vgpu name=a",
		"vgpu name=b,load=frames,length_us=900,period_us=900,jitter_us=0",
		"at_ms 400 vgpu name=a,weight=300", NULL
	};
	static const char *const policy[] = {
		"warmup_ms 0", "vgpu name=a,type=V4", "at_ms 500 policy fixed_share", NULL
	};
	static const char *const toggled[] = {
		"warmup_ms 0", "vgpu name=a,type=V4", "at_ms 0/500 policy fixed_share",
		"at_ms 250/500 policy best_effort", NULL
	};
	static const char *const slice[] = {
		"vgpu name=a", "vgpu name=b", "at_ms 0 timeslice_us 7000", NULL
	};
	static const char *const limit[] = {
		"vgpu name=a", "vgpu name=b", "at_ms 0 vgpu name=b,limit=10", NULL
	};
	static const char *const two[] = {
		"accelerators 2", "vgpu name=a", "vgpu name=b", "vgpu name=c", "vgpu name=d",
		"vgpu name=e", "vgpu name=f", "at_ms 0 vgpu name=d,limit=10", NULL
	};
	u64 got;

	run(weight);
	got = number("got_ns", 0) / MS;
	CHECK_MSG(got >= 200 + 450 - 5 && got <= 200 + 450 + 5, "%" PRIu64, got);
	run(policy);
	got = number("got_ns", 0) * 1000 / number("window_ns", 0);
	CHECK_MSG(got >= 620 && got <= 640, "%" PRIu64, got);
	run(toggled);
	got = number("got_ns", 0) * 1000 / number("window_ns", 0);
	CHECK_MSG(got >= 605 && got <= 645, "%" PRIu64, got);
	run(slice);
	check_has(slices, ",0,compute,run,b,7000000\n");
	run(limit);
	CHECK(number("got_ns", 1) / 10000 <= number("window_ns", 0) * 11 / 1000000);
	run(two);
	CHECK(number("got_ns", 3) / 10000 <= number("window_ns", 0) * 11 / 1000000);
	CHECK(number("got_ns", 1) / 10000 >= number("window_ns", 0) * 43 / 1000000);
	CHECK(number("got_ns", 2) / 10000 >= number("window_ns", 0) * 32 / 1000000);
}

/* Hours of it in no more memory than seconds. */
static void hours(void)
{
	static const char *const lines[] = {
		"measure_ms 21600000", "vgpu load=frames,period_us=20000,length_us=30,spread_us=20",
		NULL
	};
	char why[WORKLOAD_WHY];
	struct summary *s;

	forget();
	workload_init(&w);
	for (const char *const *line = lines; *line; line++)
		set(*line);
	must(workload_check(&w, why), why);
	s = summary_new(&w, "simulator", SIM_START_NS);
	summary_live(s);
	sim_run_workload(&w, s);
	summary_finish(s);
	json = printed(s, summary_print);
	slices = printed(s, summary_print_slices);
	jobs = printed(s, summary_print_jobs);
	summary_free(s);
	/* Nothing is kept, and percentiles are of all. */
	CHECK_EQ(count(slices, "\n") + count(jobs, "\n"), 2);
	CHECK_EQ(number("samples", 0) / 10, 1080000 / 10);
	CHECK(number("p50", 0) >= 39900 && number("p50", 0) <= 40100);
	CHECK(number("got_ns", 0) / MS >= 43100 && number("got_ns", 0) / MS <= 43300);
	CHECK_EQ(number("got_ns", 0), number("busy_ns", 0));
}

static const char *built_in(const char *name)
{
	return path_of("workloads", name);
}

/* The same bytes, and with another seed others; keeping slices changes nothing. */
static void deterministic(void)
{
	char *first;

	load_file(built_in("sixteen-mixed"));
	run_it(false);
	first = json;
	json = NULL;
	load_file(built_in("sixteen-mixed"));
	run_it(true);
	CHECK(!strcmp(first, json));
	load_file(built_in("sixteen-mixed"));
	set("seed 2");
	run_it(false);
	CHECK(strcmp(first, json));
	free(first);
}

/* Nothing is lost but by the guilty, time adds up, and the window is of whole rounds. */
static void check_sane(const char *path, const struct tessera_sched_policy *policy)
{
	unsigned int i, n = count(json, "\"got_ns\"");
	u64 got[WORKLOAD_NUM_ENGINES] = { 0 }, window = number("window_ns", 0);

	/* Only where shares converge do rounds come back. */
	CHECK_MSG(!policy->proportional || strstr(json, "\"aligned\": true"), "%s", path);
	for (i = 0; i < n; i++) {
		bool guilty = w.clients[i].source.kind == SIM_HANG;

		got[w.clients[i].engine] += number("got_ns", i);
		CHECK_MSG(number("resets", i) == guilty && number("jobs_lost", i) == guilty,
			  "%s: %s", path, w.clients[i].name);
		/* A policy that promises no shares may leave someone without any. */
		if (policy->proportional && sim_source_greedy(&w.clients[i].source))
			CHECK_MSG(number("got_ns", i), "%s: %s got nothing", path,
				  w.clients[i].name);
	}
	for (i = 0; i < count(json, "\"switches\""); i++) {
		CHECK_EQ(number("busy_ns", i), got[i]);
		CHECK(number("busy_ns", i) + number("switch_ns", i) <= window);
		CHECK(number("work_ns", i) <= window);
	}
}

static void workloads(void)
{
	const struct tessera_sched_policy *const *p;
	char line[80];
	glob_t found;
	size_t i;
	u32 mode;

	CHECK_EQ(glob(built_in("*"), 0, NULL, &found), 0);
	CHECK(found.gl_pathc >= 13);
	for (i = 0; i < found.gl_pathc; i++) {
		for (p = tessera_sched_policies; *p; p++) {
			for (mode = 0; mode < 2; mode++) {
				load_file(found.gl_pathv[i]);
				CHECK(*w.about);
				snprintf(line, sizeof(line), "policy %s", (*p)->name);
				set(line);
				set(mode ? "preemption batch" : "preemption strict");
				run_it(false);
				check_sane(found.gl_pathv[i], *p);
			}
		}
	}
	globfree(&found);
	forget();
}

/*
 * What schedulers have been seen to do wrong, under every policy: whatever it is that comes out, no
 * time is invented, and no job. What is right is said in each file.
 */
static void seen_to_fail(void)
{
	const struct tessera_sched_policy *const *p;
	char line[80];
	glob_t found;
	size_t i;
	u32 k;

	CHECK_EQ(glob(path_of("sched/test/faults", "*"), 0, NULL, &found), 0);
	CHECK(found.gl_pathc >= 20);
	for (i = 0; i < found.gl_pathc; i++) {
		for (p = tessera_sched_policies; *p; p++) {
			load_file(found.gl_pathv[i]);
			CHECK(*w.about);
			snprintf(line, sizeof(line), "policy %s", (*p)->name);
			set(line);
			if (w.measure_ns > 2000 * MS)
				set("measure_ms 2000");
			run_it(false);
			for (k = 0; k < count(json, "\"switches\""); k++)
				CHECK(number("busy_ns", k) + number("switch_ns", k) <=
				      number("work_ns", k));
			for (k = 0; k < count(json, "\"got_ns\""); k++) {
				CHECK(number("got_ns", k) <= number("running_ns", k));
				CHECK_EQ(number("jobs_lost", k), 0);
				CHECK(workload_stays(&w.clients[k]) || number("jobs_dropped", k) ||
				      w.clients[k].on_ns == 0);
			}
		}
	}
	globfree(&found);
	forget();
}

static const struct ktap_test tests[] = {
	{ "two_hogs", two_hogs },
	{ "one_frames", one_frames },
	{ "tiles", tiles },
	{ "emptying", emptying },
	{ "hang", hang },
	{ "hang_once", hang_once },
	{ "hang_loses_all", hang_loses_all },
	{ "hang_alone", hang_alone },
	{ "many_accelerators", many_accelerators },
	{ "both_engines", both_engines },
	{ "settings", settings },
	{ "trace", trace },
	{ "edges", edges },
	{ "loop", loop },
	{ "stages", stages },
	{ "pipeline_ends", pipeline_ends },
	{ "together", together },
	{ "starts_and_stops", starts_and_stops },
	{ "changes", changes },
	{ "hours", hours },
	{ "deterministic", deterministic },
	{ "workloads", workloads },
	{ "seen_to_fail", seen_to_fail },
};

KTAP_MAIN(tests)
