// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_trace.c - the mediator's tracepoints and its log, as a reader of a trace sees them
 *
 * A trace must be complete: which vGPU was in force from when to when, and what each used.
 */
#include "load.h"

#define TRACEFS		"/sys/kernel/tracing/"
#define MAX_EVENTS	20000

/**
 * struct event - a line of the trace
 * @kind: the tracepoint's name, without "tessera_"
 * @engine: T1_ENGINE_*
 * @vgpu: or from
 * @to: of a world switch
 * @dev: the accelerator
 * @time_ns: and the others: fields of that name, all ones if the event has no such field
 */
struct event {
	char kind[16];
	unsigned int engine;
	char vgpu[MDEV_UUID_LEN], to[MDEV_UUID_LEN];
	char dev[20], mode[8], scope[8];
	uint64_t time_ns, busy_ns, switch_ns, slice_ns, over_ns, token, ctx, tries;
};

struct trace {
	struct event ev[MAX_EVENTS];
	unsigned int n;
};

static int tracefs_write(const char *name, const char *text)
{
	return sysfs_write(text, TRACEFS "%s", name);
}

static uint64_t number(const char *line, const char *name)
{
	char key[24], *at;

	snprintf(key, sizeof(key), " %s=", name);
	at = strstr(line, key);
	return at ? strtoull(at + strlen(key), NULL, 10) : UINT64_MAX;
}

static void word(const char *line, const char *name, char *out, size_t size)
{
	char key[24], *at;

	snprintf(key, sizeof(key), " %s=", name);
	at = strstr(line, key);
	out[0] = '\0';
	if (!at)
		return;
	at += strlen(key);
	snprintf(out, size, "%.*s", (int)strcspn(at, "\n "), at);
}

static int trace_begin(void)
{
	int ret = tracefs_write("tracing_on", "0");

	/* In the order of all CPUs */
	ret = ret ?: tracefs_write("trace_clock", "mono");
	ret = ret ?: tracefs_write("buffer_size_kb", "8192");
	ret = ret ?: tracefs_write("trace", "0");
	ret = ret ?: tracefs_write("events/tessera/enable", "1");
	return ret ?: tracefs_write("tracing_on", "1");
}

/* Only the dispatcher's seven kinds of event. */
static int trace_end(struct trace *t)
{
	char line[512], engine[16], *at;
	struct event *ev;
	FILE *f;

	tracefs_write("tracing_on", "0");
	tracefs_write("events/tessera/enable", "0");
	t->n = 0;
	f = fopen(TRACEFS "trace", "r");
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f) && t->n < MAX_EVENTS) {
		at = strstr(line, ": tessera_");
		if (!at || strstr(line, ": tessera_admin:") || strstr(line, ": tessera_fault:"))
			continue;
		ev = &t->ev[t->n++];
		snprintf(ev->kind, sizeof(ev->kind), "%.*s", (int)strcspn(at + 10, ":"), at + 10);
		word(line, "engine", engine, sizeof(engine));
		ev->engine = strcmp(engine, "copy") ? T1_ENGINE_COMPUTE : T1_ENGINE_COPY;
		word(line, "vgpu", ev->vgpu, sizeof(ev->vgpu));
		if (!ev->vgpu[0])
			word(line, "from", ev->vgpu, sizeof(ev->vgpu));
		word(line, "to", ev->to, sizeof(ev->to));
		word(line, "dev", ev->dev, sizeof(ev->dev));
		word(line, "mode", ev->mode, sizeof(ev->mode));
		word(line, "scope", ev->scope, sizeof(ev->scope));
		ev->time_ns = number(line, "time_ns");
		ev->busy_ns = number(line, "busy_ns");
		ev->switch_ns = number(line, "switch_ns");
		ev->slice_ns = number(line, "slice_ns");
		ev->over_ns = number(line, "over_ns");
		ev->token = number(line, "token");
		ev->ctx = number(line, "ctx");
		ev->tries = number(line, "tries");
	}
	fclose(f);
	return t->n < MAX_EVENTS ? 0 : -ENOSPC;
}

static bool is(const struct event *ev, const char *kind)
{
	return !strcmp(ev->kind, kind);
}

/**
 * struct engine - an engine as the trace describes it
 * @seen: one world switch, at least
 * @in_force: whose runlist is
 * @time_ns: of the last event
 * @busy_ns: at the last event that had it
 */
struct engine {
	bool seen;
	char in_force[MDEV_UUID_LEN];
	uint64_t time_ns, busy_ns;
};

/* Time, counters and who is in force follow on from each event to the next, on each engine. */
static void check_chain(struct __test_metadata *_metadata, const struct trace *t)
{
	struct engine engines[T1_NUM_ENGINES] = {};
	const struct event *ev;
	struct engine *e;
	unsigned int i;

	for (i = 0; i < t->n; i++) {
		ev = &t->ev[i];
		ASSERT_GT(T1_NUM_ENGINES, ev->engine);
		e = &engines[ev->engine];
		ASSERT_NE(UINT64_MAX, ev->time_ns);
		ASSERT_LE(e->time_ns, ev->time_ns);
		e->time_ns = ev->time_ns;
		if (ev->busy_ns != UINT64_MAX) {
			ASSERT_LE(e->busy_ns, ev->busy_ns);
			e->busy_ns = ev->busy_ns;
		}
		if (!is(ev, "world_switch"))
			continue;
		if (e->seen)
			ASSERT_STREQ(e->in_force, ev->vgpu);
		e->seen = true;
		snprintf(e->in_force, sizeof(e->in_force), "%s", ev->to);
	}
}

/*
 * What @uuid used of an engine, from the trace alone; between its @nth tessera_enqueue and the
 * next tessera_idle, or all (-1).
 */
static uint64_t used(const struct trace *t, unsigned int engine, const char *uuid, int nth)
{
	bool in_force = false, known = false, counts = nth < 0;
	uint64_t sum = 0, busy = 0;
	const struct event *ev;
	unsigned int i;
	int n = 0;

	for (i = 0; i < t->n; i++) {
		ev = &t->ev[i];
		if (ev->engine != engine || ev->busy_ns == UINT64_MAX)
			continue;
		if (in_force && known && counts)
			sum += ev->busy_ns - busy;
		busy = ev->busy_ns;
		known = true;
		if (is(ev, "world_switch"))
			in_force = !strcmp(ev->to, uuid);
		if (nth >= 0 && is(ev, "enqueue") && !strcmp(ev->vgpu, uuid) && n++ == nth)
			counts = true;
		if (nth >= 0 && is(ev, "idle") && !strcmp(ev->vgpu, uuid) && counts)
			break;
	}
	return sum;
}

FIXTURE(trace)
{
	struct world w;
	struct trace *t;
};

FIXTURE_SETUP(trace)
{
	fresh();
	self->t = calloc(1, sizeof(*self->t));
	ASSERT_NE(NULL, self->t);
	ASSERT_EQ(0, trace_begin());
	self->w.engine = "compute_ns";
	add(_metadata, &self->w, "V4");
	add(_metadata, &self->w, "V4");
}

FIXTURE_TEARDOWN(trace)
{
	tracefs_write("events/tessera/enable", "0");
	free(self->t);
	end(_metadata, &self->w);
}

/* A log that has a line with this event and, if not NULL, this vGPU */
static bool logged(const char *log, const char *event, const char *uuid)
{
	char key[80];

	snprintf(key, sizeof(key), " %s %s", event, uuid ?: "");
	return strstr(log, key);
}

/* Overshoot, then a hang that only an engine reset ends: every kind, with its fields. */
TEST_F_TIMEOUT(trace, all_kinds, 60)
{
	static const char *const kinds[] = {
		"enqueue", "pick", "preempt", "world_switch", "overshoot", "idle", "reset",
	};
	struct world *w = &self->w;
	struct t1_queue *qa = &w->l[0].q[T1_ENGINE_COMPUTE];
	struct t1_queue *qb = &w->l[1].q[T1_ENGINE_COMPUTE];
	const char *a = w->l[0].v.uuid, *b = w->l[1].v.uuid;
	unsigned int i, k, found[ARRAY_SIZE(kinds)] = {};
	static char log[32768];
	struct t1_event fault;
	const struct event *ev;

	ASSERT_EQ(0, sched_set("preemption", "batch"));
	ASSERT_EQ(0, sched_set("preempt_timeout_us", "20000"));
	t1_push(qa, &HANG(7000000, 0));
	t1_push(qa, &HANG(0, T1_HANG_NO_PREEMPT));
	t1_kick(qa);
	for (i = 0; i < 4; i++) {
		t1_push(qb, &HANG(3000000, 0));
		t1_fence(qb, 0);
	}
	t1_kick(qb);
	ASSERT_EQ(0, t1_wait(qb, 4));
	ASSERT_EQ(0, t1_event(&w->l[0].t, &fault, T1_TIMEOUT_MS));
	ASSERT_EQ(T1_FAULT_ENGINE_RESET, fault.fault);
	sleep_us(50000);	/* until all is reported idle */
	ASSERT_EQ(0, trace_end(self->t));
	check_chain(_metadata, self->t);

	for (i = 0; i < self->t->n; i++) {
		ev = &self->t->ev[i];
		for (k = 0; k < ARRAY_SIZE(kinds) && !is(ev, kinds[k]); k++)
			;
		ASSERT_GT(ARRAY_SIZE(kinds), k) {
			TH_LOG("tessera_%s is not known", ev->kind);
		}
		EXPECT_TRUE(!strcmp(ev->vgpu, a) || !strcmp(ev->vgpu, b) ||
			    !strcmp(ev->vgpu, "-")) {
			TH_LOG("tessera_%s: '%s'", ev->kind, ev->vgpu);
		}
		EXPECT_STREQ(mdev_parent(), ev->dev);
		if (ev->engine != T1_ENGINE_COMPUTE)
			continue;
		found[k]++;
		switch (k) {
		case 0:
			EXPECT_GT(T1_MAX_CONTEXTS, ev->ctx);
			EXPECT_NE(UINT64_MAX, ev->busy_ns);
			break;
		case 1:
			EXPECT_NE(UINT64_MAX, ev->slice_ns);
			break;
		case 2:
			EXPECT_STREQ("batch", ev->mode);
			EXPECT_GE(0xffff, ev->token);
			break;
		case 3:
			EXPECT_GE(0xffff, ev->token);
			EXPECT_NE(UINT64_MAX, ev->busy_ns);
			EXPECT_NE(UINT64_MAX, ev->switch_ns);
			break;
		case 4:
			/* 7 ms in a slice of 2 ms, 3 ms in another */
			EXPECT_LT(0, ev->over_ns);
			EXPECT_GT(30000000, ev->over_ns);
			break;
		case 5:
			EXPECT_GE(0xffff, ev->token);
			EXPECT_NE(UINT64_MAX, ev->busy_ns);
			break;
		case 6:
			EXPECT_STREQ(a, ev->vgpu);
			EXPECT_STREQ("engine", ev->scope);
			EXPECT_EQ(0, ev->tries);
		}
	}
	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		EXPECT_LT(0, found[k]) {
			TH_LOG("no tessera_%s", kinds[k]);
		}
	}
	EXPECT_EQ(1, found[6]);

	/* The log has the same, and names the one kind that the trace calls otherwise */
	ASSERT_EQ(0, sysfs_read(log, sizeof(log), "/sys/kernel/debug/tessera/%s/sched_log_compute",
				mdev_parent()));
	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		EXPECT_TRUE(logged(log, k == 3 ? "switch" : kinds[k], k == 6 ? a : NULL)) {
			TH_LOG("no %s in the log", kinds[k]);
		}
	}
	EXPECT_TRUE(logged(log, "reset_done", a));
}

/* What each vGPU used, of each engine, to the nanosecond. */
TEST_F_TIMEOUT(trace, exact, 60)
{
	static const char *const stats[] = { "compute_ns", "copy_ns" };
	struct world *w = &self->w;
	unsigned int i, e, k;
	uint64_t fence[2][T1_NUM_ENGINES];
	struct t1_queue *q;

	for (k = 0; k < 12; k++) {
		/* Together, then one after the other */
		for (i = 0; i < 2; i++) {
			for (e = 0; e < T1_NUM_ENGINES; e++) {
				q = &w->l[i].q[e];
				t1_push(q, &HANG(777777 * (1 + (k * 5 + i * 3 + e) % 7), 0));
				fence[i][e] = t1_fence(q, 0);
				t1_kick(q);
				if (k % 3 == 2)
					ASSERT_EQ(0, t1_wait(q, fence[i][e]));
			}
		}
		for (i = 0; i < 2; i++)
			for (e = 0; e < T1_NUM_ENGINES; e++)
				ASSERT_EQ(0, t1_wait(&w->l[i].q[e], fence[i][e]));
	}
	/* Until the last of them has been reported idle */
	sleep_us(100000);
	ASSERT_EQ(0, trace_end(self->t));
	check_chain(_metadata, self->t);
	for (i = 0; i < 2; i++) {
		for (e = 0; e < T1_NUM_ENGINES; e++) {
			EXPECT_EQ(mdev_stat(w->l[i].v.uuid, stats[e]),
				  used(self->t, e, w->l[i].v.uuid, -1));
			EXPECT_EQ(w->l[i].q[e].cb->busy_ns,
				  used(self->t, e, w->l[i].v.uuid, -1));
		}
	}
}

/* The same for each busy period, whatever other vGPU wants the engine. */
TEST_F_TIMEOUT(trace, busy_periods, 60)
{
	struct world *w = &self->w;
	unsigned int k, e = T1_ENGINE_COPY;
	struct t1_queue *q = &w->l[0].q[e];
	uint64_t job[8], before;

	for (k = 0; k < 600; k++)
		t1_push(&w->l[1].q[e], &HANG(400000, 0));
	t1_kick(&w->l[1].q[e]);
	for (k = 0; k < ARRAY_SIZE(job); k++) {
		before = q->cb->busy_ns;
		ASSERT_EQ(0, t1_run(q, &HANG(300000 + 700000 * k, 0)));
		job[k] = q->cb->busy_ns - before;
		/* until it is reported idle: so in its next slice, at most */
		sleep_us(20000);
	}
	ASSERT_EQ(0, trace_end(self->t));
	check_chain(_metadata, self->t);
	for (k = 0; k < ARRAY_SIZE(job); k++)
		EXPECT_EQ(job[k], used(self->t, e, w->l[0].v.uuid, k));
}

/* A device reset takes the engines from the vGPUs that had them, and the clocks go on. */
TEST_F_TIMEOUT(trace, device_reset, 60)
{
	struct world *w = &self->w;
	struct t1_admin_cmd cmd = { .opcode = T1_ADMIN_CTX_CREATE, .ctx = 5 };
	unsigned int i, resets = 0, e = T1_ENGINE_COMPUTE;
	const struct event *ev, *last = NULL;
	uint16_t command, off;
	char path[128];
	int config;

	t1_push(&w->l[0].q[e], &HANG(0, 0));
	t1_kick(&w->l[0].q[e]);
	sleep_us(10000);
	/* The accelerator itself can't reach memory: its admin queue does not answer */
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", mdev_parent());
	config = open(path, O_RDWR);
	ASSERT_LE(0, config);
	ASSERT_EQ(2, pread(config, &command, 2, PCI_COMMAND));
	off = command & ~PCI_COMMAND_MASTER;
	ASSERT_EQ(2, pwrite(config, &off, 2, PCI_COMMAND));
	t1_admin_push(&w->l[1].t, &cmd);
	t1_admin_ring(&w->l[1].t);
	for (i = 0; i < 20000; i++) {
		if (vdev_reg(&w->l[0].v, T1_REG_STATUS) == T1_STATUS_FATAL)
			break;
		sleep_us(1000);
	}
	close(config);
	ASSERT_EQ(T1_STATUS_FATAL, vdev_reg(&w->l[0].v, T1_REG_STATUS));

	ASSERT_EQ(0, t1_ctrl_reset(&w->l[0].t));
	ASSERT_EQ(0, t1_start(&w->l[0].t, &w->l[0].v));
	ASSERT_EQ(0, t1_ctx_create(&w->l[0].t, e));
	ASSERT_EQ(0, t1_queue_create(&w->l[0].t, &w->l[0].q[e], e, e, e, RING_LOG2, 0));
	ASSERT_EQ(0, t1_run(&w->l[0].q[e], &HANG(1000000, 0)));
	ASSERT_EQ(0, trace_end(self->t));
	check_chain(_metadata, self->t);
	for (i = 0; i < self->t->n; i++) {
		ev = &self->t->ev[i];
		if (ev->engine != e)
			continue;
		if (is(ev, "reset")) {
			EXPECT_STREQ("device", ev->scope);
			EXPECT_STREQ(w->l[0].v.uuid, ev->vgpu);
			resets++;
		}
		if (is(ev, "world_switch")) {
			if (resets == 1 && !last) {
				EXPECT_STREQ(w->l[0].v.uuid, ev->vgpu);
				EXPECT_STREQ("-", ev->to);
			}
			if (resets)
				last = ev;
		}
	}
	EXPECT_EQ(1, resets);
	ASSERT_NE(NULL, last);
	EXPECT_STREQ(w->l[0].v.uuid, last->to);
}

TEST_HARNESS_MAIN
