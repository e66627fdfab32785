// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera-engine.c - what each engine does at what time: runlists, preemption
 *
 * An engine is always in one phase: idle, running a command, switching runlists, or
 * resetting. A phase that ends by itself has an end in modelled time, and
 * core_advance() in tessera-regs.c calls t1_engine_event() at those ends in their order,
 * over both engines. Nothing here reads a clock: a phase begins where the one before
 * ended, or when work came. So engine time is exact however late the host's timer is.
 *
 * At the end of each ring entry the engine turns to the next queue with work, round robin by
 * slot number, among the contexts on the runlist. After a stop inside an entry the round
 * robin resumes at the queue that was stopped. A submitted runlist waits in the want fields
 * until the running command is out of its way (at once, at the end of the ring entry, or at
 * a tile); then the switch cost passes, and then it is in force.
 *
 * A command that is much work has several steps, evenly spread over its time, and what an engine
 * runs is checked at each: a phase ends there, and the next one goes on with the same command.
 *
 * Busy time is charged when a phase ends; readers add the part of a phase under way.
 */
#include "tessera-internal.h"

static struct queue *running(struct t1_core *core, const struct engine *e)
{
	return &core->queues[e->slot];
}

/* How much of the current phase has passed at @t. */
static uint64_t elapsed(const struct engine *e, uint64_t t)
{
	if (t > e->end)
		t = e->end;
	return t > e->start ? t - e->start : 0;
}

/**
 * t1_engine_busy() - return an engine's BUSY_NS
 * @core: the accelerator
 * @e: engine
 * @t: device time
 *
 * Return: ns in which a command ran, up to @t.
 */
uint64_t t1_engine_busy(const struct t1_core *core, unsigned int e, uint64_t t)
{
	const struct engine *eng = &core->engines[e];

	return eng->busy_ns + (eng->phase == PHASE_RUN ? elapsed(eng, t) : 0);
}

/**
 * t1_engine_switch_ns() - return an engine's SWITCH_NS
 * @core: the accelerator
 * @e: engine
 * @t: device time
 *
 * Return: ns spent in switching runlists, up to @t.
 */
uint64_t t1_engine_switch_ns(const struct t1_core *core, unsigned int e, uint64_t t)
{
	const struct engine *eng = &core->engines[e];

	return eng->switch_ns + (eng->phase == PHASE_SWITCH ? elapsed(eng, t) : 0);
}

/**
 * t1_engine_ctx_busy() - return a context's busy time on an engine
 * @core: the accelerator
 * @e: engine
 * @ctx: context, used or not
 * @t: device time
 *
 * Return: ns in which the context's commands ran, up to @t.
 */
uint64_t t1_engine_ctx_busy(const struct t1_core *core, unsigned int e, uint32_t ctx,
			    uint64_t t)
{
	const struct engine *eng = &core->engines[e];
	uint64_t busy = core->ctxs[ctx].busy_ns[e];

	if (eng->phase == PHASE_RUN && core->queues[eng->slot].ctx == ctx)
		busy += elapsed(eng, t);
	return busy;
}

/**
 * t1_engine_on_runlist() - check whether an engine may run a context now
 * @core: the accelerator
 * @e: engine
 * @ctx: context
 *
 * Return: true if it may.
 */
bool t1_engine_on_runlist(const struct t1_core *core, unsigned int e, uint32_t ctx)
{
	return !core_explicit(core) || core->engines[e].runlist & bit64(ctx);
}

/* Charge the current phase up to @t and leave it. */
static void leave_phase(struct t1_core *core, struct engine *e, uint64_t t)
{
	uint64_t ns = elapsed(e, t);
	struct queue *q;

	switch (e->phase) {
	case PHASE_RUN:
		q = running(core, e);
		q->done_ns += ns;
		q->busy_ns += ns;
		core->ctxs[q->ctx].busy_ns[q->engine] += ns;
		e->busy_ns += ns;
		break;
	case PHASE_SWITCH:
		e->switch_ns += ns;
		break;
	case PHASE_IDLE:
	case PHASE_RESET:
		break;
	}
	e->phase = PHASE_IDLE;
	e->end = T1_NEVER;
}

static void enter_phase(struct engine *e, enum phase next, uint64_t t, uint64_t ns)
{
	e->phase = next;
	e->start = t;
	e->end = sat_add(t, ns);
}

/* How much the command in hand has still to run until its next step is due. */
static uint64_t until_step(const struct queue *q)
{
	const uint64_t n = q->step + 1;
	/* Of step @n, this is cost_ns * n / steps without an overflow. */
	const uint64_t due = n >= q->steps ? q->cost_ns :
			     q->cost_ns / q->steps * n + q->cost_ns % q->steps * n / q->steps;

	return due > q->done_ns ? due - q->done_ns : 0;
}

/* When the running command must stop: at its next step, or at a tile before it. */
static void set_stop(struct t1_core *core, struct engine *e, uint64_t t)
{
	struct queue *q = running(core, e);
	uint64_t tile = core->config.tile_ns;
	uint64_t done, stop;

	e->end = sat_add(e->start, until_step(q));
	if (!e->want || e->want_mode != T1_RL_PREEMPT_STRICT || !t1_cmd_preemptible(&q->cmd))
		return;
	done = q->done_ns + elapsed(e, t);
	stop = done + (tile - done % tile) % tile;
	stop = sat_add(e->start, stop - q->done_ns);
	if (stop < e->end)
		e->end = stop;
}

/* Start the command in hand of a queue. */
static void run_queue(struct t1_core *core, struct engine *e, struct queue *q, uint64_t t)
{
	e->slot = queue_slot(core, q);
	enter_phase(e, PHASE_RUN, t, until_step(q));
	core->ops->trace_start(core->opaque, q->engine, e->slot, q->cmd.opcode,
			       q->cost_ns - q->done_ns);
}

/* Put the waiting runlist into force. */
static void runlist_in(struct t1_core *core, unsigned int n, uint64_t t)
{
	struct engine *e = &core->engines[n];

	e->runlist = e->want_runlist;
	e->token = e->want_token;
	e->want = false;
	e->idle_reported = false;
	e->switches++;
	t1_event_post(core, T1_EV_RUNLIST_SWITCHED, n, T1_NO_CONTEXT, 0, 0, 0, t);
}

static uint64_t late_start(const struct t1_core *core, uint64_t t)
{
	return core->now > t && core->now - t > CATCH_UP_NS ? core->now : t;
}

/* The first queue with work from next_slot on whose context is on the runlist. */
static struct queue *pick(struct t1_core *core, unsigned int n)
{
	struct engine *e = &core->engines[n];
	uint64_t slots, high;
	unsigned int slot;

	for (slots = e->ready_slots; slots; slots &= ~bit64(slot)) {
		high = slots & ~(bit64(e->next_slot) - 1);
		slot = __builtin_ctzll(high ? high : slots);
		if (t1_engine_on_runlist(core, n, core->queues[slot].ctx))
			return &core->queues[slot];
	}
	return NULL;
}

/* Start the next command on an idle engine, if there is one. */
static void engine_next(struct t1_core *core, unsigned int n, uint64_t t)
{
	struct engine *e = &core->engines[n];
	struct queue *q;
	uint64_t ns;

	while (core_ready(core) && !core_stalled(core)) {
		if (e->want) {
			ns = e->want_runlist == e->runlist ? 0 : core->config.switch_ns;
			core->ops->trace_runlist(core->opaque, n, e->want_runlist, e->want_token,
						 ns);
			if (ns) {
				enter_phase(e, PHASE_SWITCH, t, ns);
				return;
			}
			runlist_in(core, n, t);
			continue;
		}
		q = pick(core, n);
		if (!q) {
			if (core_explicit(core) && !e->idle_reported) {
				e->idle_reported = true;
				t1_event_post(core, T1_EV_RUNLIST_IDLE, n,
					      T1_NO_CONTEXT, 0, 0, 0, t);
			}
			return;
		}
		/* A queue that only waits or faults has no work from here on. */
		if (t1_queue_begin(core, q, t) == BEGIN_RUN) {
			run_queue(core, e, q, late_start(core, t));
			return;
		}
	}
}

/**
 * t1_engine_kick() - have an idle engine look for work
 * @core: the accelerator
 * @e: engine
 * @t: device time
 */
void t1_engine_kick(struct t1_core *core, unsigned int e, uint64_t t)
{
	if (core->engines[e].phase == PHASE_IDLE)
		engine_next(core, e, t);
}

/**
 * t1_engine_work_edge() - report that a context has gone from no work to work
 * @core: the accelerator
 * @e: engine
 * @ctx: context
 * @t: device time
 */
void t1_engine_work_edge(struct t1_core *core, unsigned int e, uint32_t ctx, uint64_t t)
{
	struct engine *eng = &core->engines[e];
	bool on = t1_engine_on_runlist(core, e, ctx);

	if (!core_explicit(core) || (on && !eng->idle_reported))
		return;
	if (on)
		eng->idle_reported = false;
	t1_event_post(core, T1_EV_CTX_PENDING, e, ctx, 0, 0, 0, t);
}

static bool may_go_on(const struct t1_core *core, const struct queue *q)
{
	return q->working && !core_stalled(core) && core_ready(core);
}

static void run_ends(struct t1_core *core, unsigned int n, uint64_t t)
{
	struct engine *e = &core->engines[n];
	struct queue *q = running(core, e);
	enum step step;

	leave_phase(core, e, t);
	/* Stopped inside the command: first in turn when it may run again. */
	e->next_slot = e->slot;
	if (until_step(q)) {
		engine_next(core, n, t);
		return;
	}
	/*
	 * Work that the command wakes must not start on this engine before the command's
	 * own end has been handled: until then the engine counts as running, for no time.
	 */
	e->phase = PHASE_RUN;
	e->start = t;
	e->end = t;
	step = t1_queue_step(core, q, t);
	e->phase = PHASE_IDLE;
	e->end = T1_NEVER;
	if (step == STEP_CMD && may_go_on(core, q)) {
		enter_phase(e, PHASE_RUN, late_start(core, t), 0);
		set_stop(core, e, e->start);
		return;
	}
	if (step == STEP_ENTRY)
		e->next_slot = (e->slot + 1) % NUM_SLOTS;
	if (step == STEP_BATCH && may_go_on(core, q) &&
	    !(e->want && e->want_mode == T1_RL_PREEMPT_STRICT) &&
	    t1_queue_begin(core, q, t) == BEGIN_RUN) {
		run_queue(core, e, q, late_start(core, t));
		return;
	}
	engine_next(core, n, t);
}

/**
 * t1_engine_event() - handle the end of an engine's phase
 * @core: the accelerator
 * @e: engine
 * @t: device time, the end of the phase
 */
void t1_engine_event(struct t1_core *core, unsigned int e, uint64_t t)
{
	struct engine *eng = &core->engines[e];

	switch (eng->phase) {
	case PHASE_RUN:
		run_ends(core, e, t);
		break;
	case PHASE_SWITCH:
		leave_phase(core, eng, t);
		runlist_in(core, e, t);
		/* Waiting queues are polled rarely while off the runlist. */
		t1_queue_sem_poll(core, t, true, e);
		t1_engine_kick(core, e, t);
		break;
	case PHASE_RESET:
		leave_phase(core, eng, t);
		if (eng->reset_event) {
			eng->reset_event = false;
			t1_event_post(core, T1_EV_ENGINE_RESET, e, eng->reset_ctx, 0, 0, 0, t);
		}
		engine_next(core, e, t);
		break;
	case PHASE_IDLE:
		break;
	}
}

/**
 * t1_engine_cut() - stop the running command because its context has stopped
 * @core: the accelerator
 * @e: engine, in PHASE_RUN
 * @t: device time
 *
 * The command stops where it is and keeps the rest of its cost. A command that can't be
 * preempted can't be cut either: it runs until it ends or the engine is reset.
 */
void t1_engine_cut(struct t1_core *core, unsigned int e, uint64_t t)
{
	struct engine *eng = &core->engines[e];

	if (!t1_cmd_preemptible(&running(core, eng)->cmd))
		return;
	if (t < eng->start)
		t = eng->start;
	if (t < eng->end)
		eng->end = t;
}

/**
 * t1_engine_abort() - drop the running command for good
 * @core: the accelerator
 * @e: engine, in PHASE_RUN
 * @t: device time
 *
 * If the command can't be preempted, this costs an engine reset. The caller kicks the
 * engine once it is done with the queue.
 */
void t1_engine_abort(struct t1_core *core, unsigned int e, uint64_t t)
{
	struct engine *eng = &core->engines[e];
	bool preemptible = t1_cmd_preemptible(&running(core, eng)->cmd);

	leave_phase(core, eng, t);
	if (!preemptible) {
		core->ops->trace_reset(core->opaque, e, running(core, eng)->ctx);
		eng->reset_event = false;
		enter_phase(eng, PHASE_RESET, t, core->config.reset_ns);
	}
}

/**
 * t1_engine_halt() - drop all work of a function that is disabled or has failed
 * @core: the accelerator, no longer ready, its queues destroyed
 * @e: engine
 * @t: device time
 */
void t1_engine_halt(struct t1_core *core, unsigned int e, uint64_t t)
{
	struct engine *eng = &core->engines[e];

	leave_phase(core, eng, t);
	eng->runlist = 0;
	eng->token = 0;
	eng->want = false;
	eng->idle_reported = true;
	eng->reset_event = false;
	eng->next_slot = 0;
}

/**
 * t1_engine_submit() - handle a write to RUNLIST_SUBMIT
 * @core: the accelerator, up to the present
 * @e: engine
 * @val: T1_RL_*
 * @t: device time
 */
void t1_engine_submit(struct t1_core *core, unsigned int e, uint32_t val, uint64_t t)
{
	struct engine *eng = &core->engines[e];
	uint32_t mode = val & T1_RL_PREEMPT_MASK;
	bool holds;

	if (!core_ready(core) || !core_explicit(core) || mode == T1_RL_PREEMPT_MASK ||
	    val & ~(T1_RL_PREEMPT_MASK | T1_RL_TOKEN_MASK)) {
		t1_guest_error(core, "RUNLIST_SUBMIT of 0x%08x dropped", val);
		return;
	}
	eng->want = true;
	eng->want_runlist = eng->stage_runlist;
	eng->want_token = val & T1_RL_TOKEN_MASK;
	eng->want_mode = mode;

	if (eng->phase == PHASE_RUN) {
		holds = eng->want_runlist & bit64(running(core, eng)->ctx);
		if (!core_stalled(core) &&
		    (eng->want_runlist == eng->runlist ||
		     (holds && mode == T1_RL_PREEMPT_NONE))) {
			core->ops->trace_runlist(core->opaque, e, eng->want_runlist,
						 eng->want_token, 0);
			runlist_in(core, e, t);
			t1_queue_sem_poll(core, t, true, e);
		}
		/* The context may have been stopped already: keep the cut. */
		if (!core->ctxs[running(core, eng)->ctx].faulted)
			set_stop(core, eng, t);
	}
	t1_engine_kick(core, e, t);
}

/**
 * t1_engine_reset() - handle a write to ENG_RESET
 * @core: the accelerator, up to the present
 * @e: engine
 * @t: device time
 */
void t1_engine_reset(struct t1_core *core, unsigned int e, uint64_t t)
{
	struct engine *eng = &core->engines[e];
	struct queue *q = NULL;

	if (!core_ready(core))
		return;
	if (eng->phase == PHASE_RESET) {
		/* A reset for a destroyed queue is in progress: the host hears of its end. */
		if (!eng->reset_event) {
			eng->reset_event = true;
			eng->reset_ctx = T1_NO_CONTEXT;
		}
		return;
	}
	if (eng->phase == PHASE_RUN)
		q = running(core, eng);
	leave_phase(core, eng, t);
	enter_phase(eng, PHASE_RESET, t, core->config.reset_ns);
	eng->reset_event = true;
	eng->reset_ctx = q ? q->ctx : T1_NO_CONTEXT;
	core->ops->trace_reset(core->opaque, e, eng->reset_ctx);
	if (q)
		t1_queue_fault(core, q, T1_FAULT_ENGINE_RESET, 0, t);
}

/**
 * t1_engine_set_explicit() - change SCHED_CTRL's EXPLICIT
 * @core: the accelerator, up to the present
 * @on: the new value
 * @t: device time
 *
 * Either way the engines start without a runlist of their own; a running command goes on
 * to the end of its ring entry.
 */
void t1_engine_set_explicit(struct t1_core *core, bool on, uint64_t t)
{
	struct engine *eng;
	unsigned int e;

	core->sched_ctrl = on ? T1_SCHED_EXPLICIT : 0;
	for (e = 0; e < NUM_ENGINES; e++) {
		eng = &core->engines[e];
		if (eng->phase == PHASE_SWITCH)
			leave_phase(core, eng, t);
		eng->runlist = 0;
		eng->token = 0;
		eng->want = false;
		/* An empty runlist has no work: nothing to report. */
		eng->idle_reported = true;
		if (eng->phase == PHASE_RUN && !core->ctxs[running(core, eng)->ctx].faulted)
			set_stop(core, eng, t);
		t1_engine_kick(core, e, t);
	}
}
