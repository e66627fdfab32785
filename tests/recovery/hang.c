// SPDX-License-Identifier: GPL-2.0-only
/*
 * hang.c - a vGPU whose commands never end, beside neighbours that want the compute engine
 *
 *	hang COUNT TIMEOUT_US UUID
 *
 * Hangs the engine COUNT times, with a preemption timeout of TIMEOUT_US. Each costs the vGPU's
 * context, by one engine reset; the vGPU is told, and then it works again. Printed is how long it
 * took at most from when the vGPU was to leave the engine until the next one had it, in device
 * time, as the mediator's tracepoints say. 0 if there was an engine reset for each hang and nothing
 * worse.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../vfio/t1cmd.h"
#include "owner.h"

#define TRACEFS		"/sys/kernel/tracing/"
#define AT_ONCE		100u	/* hangs, whose trace is kept and then read */
#define ENGINE		T1_ENGINE_COMPUTE

/**
 * struct trace - what the trace says
 * @preempted_ns: when the vGPU was told to leave last, or 0 if it has left since
 * @was_reset: the engine was reset since then
 * @worst_ns: from the one to the next vGPU's turn, with a reset in between
 * @engine_resets: how many, because of this vGPU
 * @repeated: of these without effect
 * @device_resets: of any cause
 */
struct trace {
	uint64_t preempted_ns, worst_ns;
	bool was_reset;
	unsigned int engine_resets, repeated, device_resets;
};

static int fail(const char *what, int value)
{
	printf("# hang: %s: %d\n", what, value);
	return 1;
}

static int tracing(bool on)
{
	static const char *const events[] = { "preempt", "reset", "world_switch" };
	unsigned int i;
	int ret = 0;

	if (on)
		ret = sysfs_write("mono", TRACEFS "trace_clock") ?:
		      sysfs_write("8192", TRACEFS "buffer_size_kb") ?:
		      sysfs_write("0", TRACEFS "trace");
	for (i = 0; i < sizeof(events) / sizeof(*events) && !ret; i++)
		ret = sysfs_write(on ? "1" : "0", TRACEFS "events/tessera/tessera_%s/enable",
				  events[i]);
	return ret ?: sysfs_write(on ? "1" : "0", TRACEFS "tracing_on");
}

static uint64_t number(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static void take_line(struct trace *t, const char *line, const char *uuid)
{
	bool ours = strstr(line, uuid);
	uint64_t took;

	if (strstr(line, ": tessera_reset:") && strstr(line, " scope=device")) {
		t->device_resets++;
	} else if (!ours || !strstr(line, " engine=compute ")) {
		return;
	} else if (strstr(line, ": tessera_preempt:")) {
		if (!t->preempted_ns)
			t->preempted_ns = number(line, " time_ns=");
	} else if (strstr(line, ": tessera_reset:")) {
		t->was_reset = true;
		t->engine_resets++;
		t->repeated += !!number(line, " tries=");
	} else if (strstr(line, ": tessera_world_switch:") && strstr(line, " from=") &&
		   !strncmp(strstr(line, " from=") + 6, uuid, strlen(uuid))) {
		took = number(line, " time_ns=") - t->preempted_ns;
		if (t->was_reset && t->preempted_ns && took > t->worst_ns)
			t->worst_ns = took;
		t->was_reset = false;
		t->preempted_ns = 0;
	}
}

static int take_trace(struct trace *t, const char *uuid)
{
	FILE *f = fopen(TRACEFS "trace", "r");
	char line[512];

	if (!f)
		return -errno;
	t->preempted_ns = 0;
	while (fgets(line, sizeof(line), f)) {
		if (strstr(line, "LOST"))
			return -ENOSPC;
		take_line(t, line, uuid);
	}
	fclose(f);
	return 0;
}

static int hang_once(struct owner *o)
{
	struct t1_queue *q = &o->q[ENGINE];
	struct t1_fault fault;
	struct t1_event ev;
	int ret;

	t1_push(q, &HANG(0, T1_HANG_NO_PREEMPT));
	t1_kick(q);
	ret = t1_event(&o->t, &ev, T1_TIMEOUT_MS);
	if (ret)
		return fail("is not told", ret);
	if (ev.type != T1_EV_FAULT || ev.fault != T1_FAULT_ENGINE_RESET || ev.ctx != q->ctx)
		return fail("is told something else", ev.fault);
	ret = t1_queue_reset(q);
	if (!ret)
		ret = t1_fault_query(&o->t, q->ctx, T1_FAULT_QUERY_CLEAR, &fault);
	if (!ret)
		ret = t1_run(q, &NOP());
	return ret ? fail("does not work again", ret) : 0;
}

int main(int argc, char **argv)
{
	static struct notes notes;
	static struct owner o;
	struct trace trace = { 0 };
	unsigned int count, n;
	int ret = 0;

	if (argc != 4) {
		fprintf(stderr, "hang COUNT TIMEOUT_US UUID\n");
		return 2;
	}
	count = strtoul(argv[1], NULL, 0);
	o.uuid = argv[3];
	o.notes = &notes;
	ret = sched_set("preempt_timeout_us", argv[2]);
	if (ret)
		return fail("preempt_timeout_us", ret);
	owner_open(&o);
	owner_probe(&o);
	if (!(o.t.caps & T1_CAP_HANG))
		return fail("the accelerator has hang=off", 0);
	for (n = 0; n < count && !ret; n++) {
		if (n % AT_ONCE == 0)
			ret = tracing(true);
		ret = ret ?: hang_once(&o);
		if ((n + 1) % AT_ONCE == 0 || n + 1 == count)
			ret = ret ?: tracing(false) ?: take_trace(&trace, argv[3]);
	}
	owner_close(&o);
	printf("# hang: hangs=%u engine_resets=%u repeated=%u device_resets=%u "
	       "recovery_worst_us=%llu\n", n, trace.engine_resets, trace.repeated,
	       trace.device_resets, (unsigned long long)(trace.worst_ns + 999) / 1000);
	if (!ret && (trace.engine_resets != count || trace.repeated || trace.device_resets ||
		     (count && !trace.worst_ns)))
		ret = fail("resets that were not due, or too few", trace.engine_resets);
	return ret ? 1 : 0;
}
