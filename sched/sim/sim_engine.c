// SPDX-License-Identifier: GPL-2.0-only
/*
 * sim_engine.c - a discrete-event model of one engine and its dispatcher
 */
#include <stdlib.h>

#include "sim_engine.h"

static struct sim_client *client_of(struct tessera_sched_entity *e)
{
	return e ? (struct sim_client *)((char *)e - offsetof(struct sim_client, entity)) : NULL;
}

static bool running_job(const struct sim_engine *m)
{
	return m->on_engine && m->on_engine->jobs_num && !m->switching;
}

/* Count the time until @now_ns. */
static void count(struct sim_engine *m, u64 now_ns)
{
	u64 passed = now_ns - m->busy_from_ns;

	if (m->switching) {
		m->switch_total_ns += passed;
	} else if (running_job(m)) {
		m->on_engine->busy_ns += passed;
		m->on_engine->left_ns -= passed;
		m->busy_total_ns += passed;
	} else if (m->num_with_work) {
		m->idle_with_work_ns += passed;
	}
	m->busy_from_ns = now_ns;
	m->now_ns = now_ns;
}

static void charge(struct sim_engine *m)
{
	struct sim_client *c = client_of(m->sched.current_entity);

	if (c) {
		tessera_sched_charge(&m->sched, c->busy_ns - m->charged_ns, m->now_ns);
		m->charged_ns = c->busy_ns;
	} else {
		tessera_sched_charge(&m->sched, 0, m->now_ns);
	}
}

/* When the engine does something next, if nobody tells it to. */
static void plan(struct sim_engine *m)
{
	u64 left, done;

	if (m->switching)
		return;
	if (!running_job(m)) {
		m->engine_due_ns = m->submitted ? m->now_ns : SIM_NEVER;
		return;
	}
	left = m->on_engine->left_ns;
	if (m->submitted && m->preemption == SIM_STRICT) {
		done = m->on_engine->jobs[m->on_engine->jobs_first].length_ns - left;
		done = m->tile_ns - done % m->tile_ns;
		if (done < left)
			left = done;
	}
	m->engine_due_ns = m->now_ns + left;
}

static void set_timer(struct sim_engine *m, u64 slice_ns)
{
	m->timer_due_ns = SIM_NEVER;
	if (slice_ns)
		m->timer_due_ns = m->now_ns + slice_ns +
				  sim_random_below(&m->random, m->timer_late_ns + 1);
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

static void in_force(struct sim_engine *m)
{
	struct sim_client *was = m->on_engine;

	charge(m);
	m->switching = false;
	m->submitted = false;
	m->on_engine = m->target;
	tessera_sched_switched(&m->sched, m->now_ns);
	m->charged_ns = m->on_engine ? m->on_engine->busy_ns : 0;
	m->switches++;
	wait_begins(m, was);
	wait_ends(m, m->on_engine);
	set_timer(m, m->target_slice_ns);
	if (m->switched)
		m->switched(m, m->on_engine);
}

static void pick(struct sim_engine *m)
{
	struct tessera_sched_decision d;

	/* What is being switched in can't be called back. */
	if (m->switching) {
		m->pick_wanted = true;
		return;
	}
	m->pick_wanted = false;
	charge(m);
	tessera_sched_pick(&m->sched, m->now_ns, &d);
	m->decisions++;
	if (d.entity && d.entity == m->sched.current_entity) {
		m->submitted = false;
		set_timer(m, d.slice_ns);
	} else {
		m->target = client_of(d.entity);
		m->target_slice_ns = d.slice_ns;
		m->submitted = true;
		m->timer_due_ns = SIM_NEVER;
		if (m->target == m->on_engine)
			in_force(m);	/* empty to empty: nothing to switch */
	}
	plan(m);
}

static void begin_switch(struct sim_engine *m)
{
	m->switching = true;
	m->engine_due_ns = m->now_ns + m->switch_ns;
}

static void schedule_arrival(struct sim_engine *m, struct sim_client *c, u64 after_ns)
{
	if (!c->load->next(c, after_ns, &c->next_job))
		return;
	if (c->next_job.arrival_ns < m->now_ns)
		c->next_job.arrival_ns = m->now_ns;
	if (!c->next_job.length_ns)
		c->next_job.length_ns = 1;
	tessera_sched_heap_insert(&m->arrivals, &c->node, c->next_job.arrival_ns);
	c->node_queued = true;
}

static void push_job(struct sim_client *c)
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
	c->jobs[(c->jobs_first + c->jobs_num) % c->jobs_room] = c->next_job;
	if (!c->jobs_num++)
		c->left_ns = c->next_job.length_ns;
}

static void arrive(struct sim_engine *m, struct sim_client *c)
{
	tessera_sched_heap_remove(&m->arrivals, &c->node);
	c->node_queued = false;
	push_job(c);
	if (c->load->open)
		schedule_arrival(m, c, m->now_ns);
	if (c->jobs_num > 1)
		return;
	m->num_with_work++;
	wait_begins(m, c);
	charge(m);
	if (tessera_sched_wake(&m->sched, &c->entity, m->now_ns))
		pick(m);
	plan(m);
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
	if (!c->load->open)
		schedule_arrival(m, c, m->now_ns);
	if (c->jobs_num) {
		c->left_ns = c->jobs[c->jobs_first].length_ns;
		return;
	}
	/* A closed loop without a pause: the next one is in the ring before this one is done. */
	if (c->node_queued && c->next_job.arrival_ns <= m->now_ns) {
		tessera_sched_heap_remove(&m->arrivals, &c->node);
		c->node_queued = false;
		push_job(c);
		return;
	}
	m->num_with_work--;
	charge(m);
	if (tessera_sched_sleep(&m->sched, &c->entity, m->now_ns))
		pick(m);
}

static void engine_event(struct sim_engine *m)
{
	if (m->switching) {
		in_force(m);
		if (m->pick_wanted)
			pick(m);
	} else {
		bool was_submitted = m->submitted;

		if (running_job(m) && !m->on_engine->left_ns)
			finish_job(m);
		if (m->submitted && was_submitted && !m->switching)
			begin_switch(m);
	}
	plan(m);
}

bool sim_step(struct sim_engine *m, u64 until_ns)
{
	struct tessera_sched_heap_node *n = tessera_sched_heap_first(&m->arrivals);
	u64 arrival = n ? n->key : SIM_NEVER, due;

	due = m->engine_due_ns < m->timer_due_ns ? m->engine_due_ns : m->timer_due_ns;
	if (arrival < due)
		due = arrival;
	if (due > until_ns) {
		count(m, until_ns);
		return false;
	}
	count(m, due);
	if (due == m->engine_due_ns) {
		engine_event(m);
	} else if (due == m->timer_due_ns) {
		m->timer_due_ns = SIM_NEVER;
		pick(m);
	} else {
		arrive(m, (struct sim_client *)((char *)n - offsetof(struct sim_client, node)));
	}
	return true;
}

void sim_run(struct sim_engine *m, u64 until_ns)
{
	while (sim_step(m, until_ns))
		;
}

void sim_init(struct sim_engine *m, const struct tessera_sched_policy *policy, u64 seed)
{
	*m = (struct sim_engine){
		.switch_ns = 20000,
		.tile_ns = 10000,
		.now_ns = 1000,
		.busy_from_ns = 1000,
		.engine_due_ns = SIM_NEVER,
		.timer_due_ns = SIM_NEVER,
		.random = seed,
	};
	tessera_sched_init(&m->sched, policy);
}

void sim_client_init(struct sim_engine *m, struct sim_client *c, const char *name,
		     u32 fixed_share_inv, const struct sim_load *load, void *load_data)
{
	*c = (struct sim_client){
		.load = load,
		.load_data = load_data,
		.waiting_since_ns = SIM_NEVER,
	};
	tessera_sched_entity_init(&c->entity, name, fixed_share_inv);
	tessera_sched_add(&m->sched, &c->entity, m->now_ns);
}

void sim_client_start(struct sim_engine *m, struct sim_client *c)
{
	c->running = true;
	charge(m);
	if (tessera_sched_start(&m->sched, &c->entity, m->now_ns))
		pick(m);
	schedule_arrival(m, c, m->now_ns);
	plan(m);
}

void sim_client_stop(struct sim_engine *m, struct sim_client *c)
{
	bool repick = false;

	if (!c->running)
		return;
	charge(m);
	if (c->node_queued)
		tessera_sched_heap_remove(&m->arrivals, &c->node);
	c->node_queued = false;
	c->running = false;
	if (c->jobs_num) {
		c->jobs_num = 0;
		m->num_with_work--;
		repick = tessera_sched_sleep(&m->sched, &c->entity, m->now_ns);
	}
	repick |= tessera_sched_stop(&m->sched, &c->entity, m->now_ns);
	wait_ends(m, c);
	if (repick)
		pick(m);
	plan(m);
}

void sim_client_exit(struct sim_engine *m, struct sim_client *c)
{
	bool repick;

	sim_client_stop(m, c);
	repick = tessera_sched_remove(&m->sched, &c->entity, m->now_ns);
	/* The hardware's runlist is emptied before the vGPU goes. */
	if (m->on_engine == c)
		m->on_engine = NULL;
	if (m->target == c) {
		m->target = NULL;
		if (m->switching || m->submitted) {
			m->switching = false;
			m->submitted = false;
			repick = true;
		}
	}
	if (repick)
		pick(m);
	plan(m);
	free(c->jobs);
	c->jobs = NULL;
	c->jobs_room = 0;
}

void sim_set_policy(struct sim_engine *m, const struct tessera_sched_policy *policy)
{
	bool repick;

	charge(m);
	if (!tessera_sched_set_policy(&m->sched, policy, m->now_ns, &repick) && repick)
		pick(m);
	plan(m);
}

void sim_repick(struct sim_engine *m)
{
	charge(m);
	pick(m);
	plan(m);
}
