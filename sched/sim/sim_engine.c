// SPDX-License-Identifier: GPL-2.0-only
/*
 * sim_engine.c - a discrete-event model of one engine and its dispatcher
 */
#include <stdlib.h>

#include "sim_engine.h"

static struct sim_client *client_of(struct tessera_runlist_entity *e)
{
	return e ? container_of(e, struct sim_client, run) : NULL;
}

static struct sim_engine *engine_of(struct tessera_runlist *rl)
{
	return container_of(rl, struct sim_engine, rl);
}

/* --------------------------------------------------------------- engine -- */

static bool running_job(const struct sim_engine *m)
{
	return m->on_engine && m->on_engine->jobs_num && m->phase == SIM_READY;
}

/* Count the time until @now_ns. */
static void count(struct sim_engine *m, u64 now_ns)
{
	u64 passed = now_ns - m->counted_ns;

	if (m->num_with_work || m->phase == SIM_SWITCHING)
		m->work_total_ns += passed;
	if (m->phase == SIM_SWITCHING) {
		m->switch_total_ns += passed;
	} else if (running_job(m)) {
		m->on_engine->busy_ns += passed;
		if (m->on_engine->left_ns != SIM_NEVER)
			m->on_engine->left_ns -= passed;
		m->busy_total_ns += passed;
	} else if (m->num_with_work && m->phase == SIM_READY) {
		m->idle_with_work_ns += passed;
	}
	m->counted_ns = now_ns;
	m->now_ns = now_ns;
}

/* When a running batch is out of the way of a waiting runlist, or done. */
static u64 stop_ns(const struct sim_engine *m)
{
	const struct sim_client *c = m->on_engine;
	u64 left = c->left_ns, to_tile;

	if (left == SIM_NEVER)
		return SIM_NEVER;
	if (m->rl.waiting && m->preemption == SIM_STRICT) {
		/* One at the end of a tile stops there and then. */
		to_tile = (c->jobs[c->jobs_first].length_ns - left) % m->tile_ns;
		to_tile = to_tile ? m->tile_ns - to_tile : 0;
		if (to_tile < left)
			left = to_tile;
	}
	return m->now_ns + left;
}

/* When the engine does something next, if nobody tells it to. */
static void plan(struct sim_engine *m)
{
	if (m->phase != SIM_READY)
		return;
	if (running_job(m))
		m->engine_due_ns = stop_ns(m);
	else
		m->engine_due_ns = m->rl.waiting ? m->now_ns : SIM_NEVER;
}

/* Report the slice or switch until now. */
static void tell_slice(struct sim_engine *m, bool cut)
{
	bool switching = m->phase == SIM_SWITCHING;
	struct sim_slice slice = {
		.client = switching ? m->target : m->on_engine,
		.switching = switching,
		.rest = m->slice_rest,
		.cut = cut,
		.begin_ns = m->slice_begin_ns,
		.busy_ns = m->busy_total_ns - m->slice_busy_ns,
		.work_ns = m->work_total_ns - m->slice_work_ns,
	};

	m->slice_begin_ns = m->now_ns;
	m->slice_busy_ns = m->busy_total_ns;
	m->slice_work_ns = m->work_total_ns;
	m->slice_rest = cut;
	if (m->slice)
		m->slice(m, &slice);
}

static void begin_switch(struct sim_engine *m)
{
	tell_slice(m, false);
	m->phase = SIM_SWITCHING;
	m->engine_due_ns = m->now_ns + m->switch_ns;
}

static void wait_begins(struct sim_engine *m, struct sim_client *c)
{
	if (c && c->running && c->jobs_num && c != m->on_engine &&
	    c->waiting_since_ns == SIM_NEVER)
		c->waiting_since_ns = m->now_ns;
}

static void wait_ends(struct sim_engine *m, struct sim_client *c)
{
	if (!c || c->waiting_since_ns == SIM_NEVER)
		return;
	if (m->now_ns - c->waiting_since_ns > c->wait_max_ns)
		c->wait_max_ns = m->now_ns - c->waiting_since_ns;
	c->waiting_since_ns = SIM_NEVER;
}

static void unschedule_arrival(struct sim_engine *m, struct sim_client *c)
{
	if (c->node_queued)
		tessera_sched_heap_remove(&m->arrivals, &c->node);
	c->node_queued = false;
}

/* Its context is gone: what it has is lost, and nothing comes any more. */
static void drop_jobs(struct sim_engine *m, struct sim_client *c)
{
	unschedule_arrival(m, c);
	m->num_with_work -= c->jobs_num != 0;
	for (; c->jobs_num; c->jobs_num--) {
		if (m->job_lost)
			m->job_lost(m, c, &c->jobs[c->jobs_first]);
		c->jobs_first = (c->jobs_first + 1) % c->jobs_room;
	}
	wait_ends(m, c);
}

static void begin_reset(struct sim_engine *m)
{
	m->phase = SIM_RESETTING;
	m->engine_due_ns = m->now_ns + m->reset_ns;
}

/* ------------------------------------- what the dispatcher asks for -- */

static void submit(struct tessera_runlist *rl, struct tessera_runlist_entity *entity, u16 token,
		   bool strict)
{
	engine_of(rl)->target = client_of(entity);
}

static void arm_slice(struct tessera_runlist *rl, u64 ns)
{
	struct sim_engine *m = engine_of(rl);

	m->timer_due_ns = SIM_NEVER;
	if (ns)
		m->timer_due_ns = m->now_ns + ns +
				  sim_random_below(&m->random, m->timer_late_ns + 1);
}

static void arm_timeout(struct tessera_runlist *rl, u64 ns)
{
	struct sim_engine *m = engine_of(rl);

	m->timer_due_ns = ns == TESSERA_RUNLIST_NO_TIMEOUT ? SIM_NEVER : m->now_ns + ns;
}

static void engine_reset(struct tessera_runlist *rl)
{
	struct sim_engine *m = engine_of(rl);

	/* The runlist that waits comes into force after it. */
	if (running_job(m))
		drop_jobs(m, m->on_engine);
	begin_reset(m);
}

static bool engine_switching(struct tessera_runlist *rl)
{
	return rl->waiting;
}

/* A reset of the model's always succeeds. */
static void device_dead(struct tessera_runlist *rl)
{
}

static void counters(struct tessera_runlist *rl, u64 *busy_ns, u64 *time_ns)
{
	struct sim_engine *m = engine_of(rl);

	*busy_ns = m->busy_total_ns;
	*time_ns = m->now_ns;
}

static void note(struct tessera_runlist *rl, const struct tessera_runlist_note *note)
{
	if (note->type == TESSERA_RUNLIST_NOTE_PICK)
		engine_of(rl)->decisions++;
}

static const struct tessera_runlist_ops sim_runlist_ops = {
	.submit = submit,
	.arm_slice = arm_slice,
	.arm_timeout = arm_timeout,
	.engine_reset = engine_reset,
	.engine_switching = engine_switching,
	.device_dead = device_dead,
	.counters = counters,
	.note = note,
};

/* What is to come is decided on accounts that are current. */
static void charge(struct sim_engine *m)
{
	tessera_runlist_charge(&m->rl, m->busy_total_ns, m->now_ns);
}

static void report(struct sim_engine *m, enum tessera_runlist_event_type type,
		   struct sim_client *c)
{
	struct tessera_runlist_event ev = {
		.type = type,
		.entity = c ? &c->run : NULL,
		/* A switch is to what was submitted last */
		.token = type == TESSERA_RUNLIST_SWITCHED ? m->rl.token :
							    tessera_runlist_token(&m->rl),
		.time_ns = m->now_ns,
		.busy_ns = m->busy_total_ns,
		.switch_ns = m->switch_total_ns,
	};

	tessera_runlist_event(&m->rl, &ev);
}

static void report_idle(struct sim_engine *m)
{
	m->idle_reported = true;
	if (m->on_engine)
		report(m, TESSERA_RUNLIST_IDLE, m->on_engine);
}

/* --------------------------------------------------------------- events -- */

static void schedule_arrival(struct sim_engine *m, struct sim_client *c, u64 after_ns)
{
	if (c->node_queued || !c->load->next(c, after_ns, &c->next_job))
		return;
	if (c->next_job.arrival_ns < m->now_ns)
		c->next_job.arrival_ns = m->now_ns;
	if (!c->next_job.length_ns)
		c->next_job.length_ns = 1;
	tessera_sched_heap_insert(&m->arrivals, &c->node, c->next_job.arrival_ns);
	c->node_queued = true;
}

static void push_job(struct sim_client *c, const struct sim_job *job)
{
	if (c->jobs_num == c->jobs_room) {
		u32 room = c->jobs_room ? 2 * c->jobs_room : 4, i;
		struct sim_job *jobs = malloc(room * sizeof(*jobs));

		if (!jobs)
			abort();
		for (i = 0; i < c->jobs_num; i++)
			jobs[i] = c->jobs[(c->jobs_first + i) % c->jobs_room];
		free(c->jobs);
		c->jobs = jobs;
		c->jobs_first = 0;
		c->jobs_room = room;
	}
	c->jobs[(c->jobs_first + c->jobs_num) % c->jobs_room] = *job;
	if (!c->jobs_num++)
		c->left_ns = job->length_ns;
}

static void take_job(struct sim_engine *m, struct sim_client *c, const struct sim_job *job)
{
	push_job(c, job);
	if (c->jobs_num > 1)
		return;
	m->num_with_work++;
	wait_begins(m, c);
	if (c == m->on_engine)
		m->idle_reported = false;
	report(m, TESSERA_RUNLIST_PENDING, c);
	plan(m);
}

static void arrive(struct sim_engine *m, struct sim_client *c)
{
	struct sim_job job = c->next_job;

	unschedule_arrival(m, c);
	if (c->load->open)
		schedule_arrival(m, c, m->now_ns);
	take_job(m, c, &job);
}

static void finish_job(struct sim_engine *m)
{
	struct sim_client *c = m->on_engine;
	struct sim_job job = c->jobs[c->jobs_first];

	c->jobs_first = (c->jobs_first + 1) % c->jobs_room;
	c->jobs_num--;
	c->jobs_done++;
	if (m->job_done)
		m->job_done(m, c, &job);
	if (!c->load->open && !c->jobs_num)
		schedule_arrival(m, c, m->now_ns);
	/* A closed loop without a pause: the next one is in the ring before this one is done. */
	if (!c->jobs_num && c->node_queued && c->next_job.arrival_ns <= m->now_ns) {
		unschedule_arrival(m, c);
		push_job(c, &c->next_job);
		if (c->load->open)
			schedule_arrival(m, c, m->now_ns);
	} else if (!c->jobs_num) {
		m->num_with_work--;
	} else {
		c->left_ns = c->jobs[c->jobs_first].length_ns;
	}
}

/* The engine has come to the end of a batch, or of nothing: what now? */
static void engine_next(struct sim_engine *m)
{
	if (m->rl.waiting)
		begin_switch(m);
	else if (!running_job(m) && !m->idle_reported)
		report_idle(m);
}

static void in_force(struct sim_engine *m)
{
	struct sim_client *was = m->on_engine;
	bool idle;

	tell_slice(m, false);
	m->phase = SIM_READY;
	m->on_engine = m->target;
	m->switches++;
	wait_begins(m, was);
	wait_ends(m, m->on_engine);
	if (m->switched)
		m->switched(m, m->on_engine);
	/* Both events are on their way before anything is done about the first. */
	m->idle_reported = false;
	idle = !running_job(m);
	report(m, TESSERA_RUNLIST_SWITCHED, m->on_engine);
	if (idle)
		report_idle(m);
}

static void engine_event(struct sim_engine *m)
{
	switch (m->phase) {
	case SIM_SWITCHING:
		in_force(m);
		break;
	case SIM_RESETTING:
		m->phase = SIM_READY;
		engine_next(m);
		break;
	case SIM_READY:
		if (running_job(m) && !m->on_engine->left_ns)
			finish_job(m);
		engine_next(m);
		break;
	}
	plan(m);
}

static void timer_event(struct sim_engine *m)
{
	m->timer_due_ns = SIM_NEVER;
	tessera_runlist_timer(&m->rl);
	plan(m);
}

u64 sim_next_ns(const struct sim_engine *m)
{
	const struct tessera_sched_heap_node *n = tessera_sched_heap_first(&m->arrivals);
	u64 due = m->engine_due_ns < m->timer_due_ns ? m->engine_due_ns : m->timer_due_ns;

	return n && n->key < due ? n->key : due;
}

bool sim_step(struct sim_engine *m, u64 until_ns)
{
	u64 due = sim_next_ns(m);

	if (due > until_ns) {
		count(m, until_ns);
		return false;
	}
	count(m, due);
	if (due == m->engine_due_ns)
		engine_event(m);
	else if (due == m->timer_due_ns)
		timer_event(m);
	else
		arrive(m, container_of(tessera_sched_heap_first(&m->arrivals), struct sim_client,
				       node));
	return true;
}

void sim_run(struct sim_engine *m, u64 until_ns)
{
	while (sim_step(m, until_ns))
		;
}

void sim_cut(struct sim_engine *m, u64 now_ns)
{
	count(m, now_ns);
	if (m->slice_begin_ns < now_ns)
		tell_slice(m, true);
}

void sim_init(struct sim_engine *m, const struct tessera_sched_policy *policy, u64 seed)
{
	*m = (struct sim_engine){
		.switch_ns = 20000,
		.tile_ns = 10000,
		.reset_ns = 100000,
		.now_ns = SIM_START_NS,
		.counted_ns = SIM_START_NS,
		.slice_begin_ns = SIM_START_NS,
		.idle_reported = true,
		.engine_due_ns = SIM_NEVER,
		.timer_due_ns = SIM_NEVER,
		.random = seed,
	};
	tessera_runlist_init(&m->rl, &sim_runlist_ops, policy);
	tessera_runlist_up(&m->rl, m->now_ns);
}

void sim_client_init(struct sim_engine *m, struct sim_client *c, const char *name,
		     u32 fixed_share_inv, const struct sim_load *load, void *load_data)
{
	*c = (struct sim_client){
		.load = load,
		.load_data = load_data,
		.waiting_since_ns = SIM_NEVER,
	};
	tessera_runlist_entity_init(&c->run, name, fixed_share_inv);
	charge(m);
	tessera_runlist_add(&m->rl, &c->run);
}

void sim_client_start(struct sim_engine *m, struct sim_client *c)
{
	c->running = true;
	charge(m);
	tessera_runlist_start(&m->rl, &c->run);
	schedule_arrival(m, c, m->now_ns);
	plan(m);
}

void sim_client_submit(struct sim_engine *m, struct sim_client *c, const struct sim_job *job,
		       u64 now_ns)
{
	count(m, now_ns);
	take_job(m, c, job);
}

void sim_client_stop(struct sim_engine *m, struct sim_client *c)
{
	if (!c->running)
		return;
	c->running = false;
	/* Its contexts go first. What can't be preempted takes a reset, of which nobody is told. */
	if (running_job(m) && c == m->on_engine && c->left_ns == SIM_NEVER)
		begin_reset(m);
	if (c == m->on_engine)
		m->idle_reported = true;
	drop_jobs(m, c);
	charge(m);
	tessera_runlist_stop(&m->rl, &c->run);
	plan(m);
}

void sim_client_exit(struct sim_engine *m, struct sim_client *c)
{
	sim_client_stop(m, c);
	if (m->on_engine == c)
		m->on_engine = NULL;
	if (m->target == c)
		m->target = NULL;
	tessera_runlist_remove(&m->rl, &c->run);
	plan(m);
	free(c->jobs);
	c->jobs = NULL;
	c->jobs_room = 0;
}

void sim_set_policy(struct sim_engine *m, const struct tessera_sched_policy *policy)
{
	bool repick;

	charge(m);
	if (!tessera_sched_set_policy(&m->rl.sched, policy, m->now_ns, &repick) && repick)
		tessera_runlist_pick(&m->rl);
	plan(m);
}

void sim_charge(struct sim_engine *m)
{
	charge(m);
}

void sim_repick(struct sim_engine *m)
{
	charge(m);
	tessera_runlist_pick(&m->rl);
	plan(m);
}
