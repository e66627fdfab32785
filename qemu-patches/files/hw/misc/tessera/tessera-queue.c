// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera-queue.c - rings: doorbells, fetching, retiring, waiting, faults
 *
 * A queue has work while there is an entry to run and nothing stops it: no fault of its
 * context, no error of its own, no semaphore that it waits for. Only t1_queue_update()
 * decides that, and notifies the engines and the host.
 */
#include <string.h>

#include "tessera-internal.h"

static bool queue_waits(const struct t1_core *core, const struct queue *q)
{
	return q->used && q->waiting && !q->error && !core->ctxs[q->ctx].faulted;
}

static bool queue_works(const struct t1_core *core, const struct queue *q)
{
	return q->used && q->head != q->tail && !q->error && !q->waiting &&
	       !core->ctxs[q->ctx].faulted;
}

/**
 * t1_queue_update() - record whether a queue has work
 * @core: the accelerator
 * @q: the queue
 * @t: device time of the change
 */
void t1_queue_update(struct t1_core *core, struct queue *q, uint64_t t)
{
	struct engine *e = &core->engines[q->engine];
	struct ctx *ctx = &core->ctxs[q->ctx];
	bool works = queue_works(core, q);

	if (works == q->working)
		return;
	q->working = works;
	if (works) {
		e->ready_slots |= bit64(queue_slot(core, q));
		if (!ctx->working[q->engine]++) {
			e->pending |= bit64(q->ctx);
			t1_engine_work_edge(core, q->engine, q->ctx, t);
		}
	} else {
		e->ready_slots &= ~bit64(queue_slot(core, q));
		if (!--ctx->working[q->engine])
			e->pending &= ~bit64(q->ctx);
	}
}

static void set_waiting(struct t1_core *core, struct queue *q, bool waiting)
{
	core->num_waiting += waiting;
	core->num_waiting -= q->waiting;
	q->waiting = waiting;
}

static void set_poll(struct t1_core *core, struct queue *q, uint64_t t)
{
	bool on = t1_engine_on_runlist(core, q->engine, q->ctx);

	/* Polls missed because of a late timer are not made up for. */
	if (core->now - t > CATCH_UP_NS)
		t = core->now;
	q->poll_at = sat_add(t, on ? POLL_ON_NS : POLL_OFF_NS);
}

/**
 * t1_queue_fault() - stop a context because of one of its queues
 * @core: the accelerator
 * @q: the queue, which goes into error
 * @fault: T1_FAULT_*
 * @addr: virtual address, if the fault has one
 * @t: device time
 *
 * A command that the context runs on the other engine is stopped too and keeps the rest of
 * its cost. Only the first fault is recorded and reported.
 */
void t1_queue_fault(struct t1_core *core, struct queue *q, unsigned int fault,
		    uint64_t addr, uint64_t t)
{
	struct ctx *ctx = &core->ctxs[q->ctx];
	unsigned int slot, e;

	q->error = true;
	if (ctx->faulted) {
		t1_queue_update(core, q, t);
		return;
	}
	ctx->faulted = true;
	ctx->fault = (struct t1_fault){
		.fault = fault,
		.engine = q->engine,
		.slot = queue_slot(core, q),
		.opcode = q->have_cmd ? q->cmd.opcode : 0,
		.entry = q->head,
		.batch_index = q->in_batch ? q->batch_index : UINT32_MAX,
		.addr = addr,
		.time_ns = t,
	};
	for (slot = 0; slot < NUM_SLOTS; slot++) {
		if (core->queues[slot].used && core->queues[slot].ctx == q->ctx)
			t1_queue_update(core, &core->queues[slot], t);
	}
	for (e = 0; e < NUM_ENGINES; e++) {
		if (core->engines[e].phase == PHASE_RUN &&
		    core->queues[core->engines[e].slot].ctx == q->ctx)
			t1_engine_cut(core, e, t);
	}
	t1_event_post(core, T1_EV_FAULT, q->engine, q->ctx, queue_slot(core, q), fault,
		      addr, t);
}

/*
 * Bring one command to the front of @f. Fetches ahead where it can; a command that can't be
 * read is an error only when its turn comes.
 */
static unsigned int fetch(struct t1_core *core, struct queue *q, struct fetch *f,
			  uint64_t va, uint32_t index, uint32_t ahead,
			  uint64_t *fault_va)
{
	const struct mmu *mmu = &core->ctxs[q->ctx].mmu;
	unsigned int fault;

	if (index - f->first < f->count)
		return T1_FAULT_NONE;
	f->first = index;
	f->count = ahead < FETCH_CMDS ? ahead : FETCH_CMDS;
	fault = t1_mmu_read(core, mmu, va, f->cmds, f->count * sizeof(f->cmds[0]), fault_va);
	if (fault && f->count > 1) {
		f->count = 1;
		fault = t1_mmu_read(core, mmu, va, f->cmds, sizeof(f->cmds[0]), fault_va);
	}
	if (fault)
		f->count = 0;
	return fault;
}

static unsigned int next_cmd(struct t1_core *core, struct queue *q, uint64_t *fault_va)
{
	uint32_t entries = 1u << q->ring_log2, at = q->head & (entries - 1);
	uint32_t ahead;
	unsigned int fault;

	if (q->in_batch) {
		fault = fetch(core, q, &q->batch,
			      q->batch_va + (uint64_t)q->batch_index * sizeof(q->cmd),
			      q->batch_index, q->batch_count - q->batch_index, fault_va);
		if (!fault)
			q->cmd = q->batch.cmds[q->batch_index - q->batch.first];
	} else {
		ahead = q->tail - q->head;
		if (ahead > entries - at)
			ahead = entries - at;
		fault = fetch(core, q, &q->ring, q->ring_va + (uint64_t)at * sizeof(q->cmd),
			      q->head, ahead, fault_va);
		if (!fault)
			q->cmd = q->ring.cmds[q->head - q->ring.first];
	}
	return fault;
}

/**
 * t1_queue_begin() - make the next command of a queue ready to run
 * @core: the accelerator
 * @q: a queue with work
 * @t: device time
 *
 * Return: see enum begin.
 */
enum begin t1_queue_begin(struct t1_core *core, struct queue *q, uint64_t t)
{
	uint64_t fault_va = 0;
	unsigned int fault;
	bool satisfied;

	if (!q->have_cmd) {
		fault = next_cmd(core, q, &fault_va);
		if (fault)
			goto fault;
		q->have_cmd = true;
		q->done_ns = 0;
		q->steps = 1;
		q->step = 0;
		fault = t1_cmd_check(core, &q->cmd, q->engine, q->in_batch);
		if (fault)
			goto fault;
		q->steps = t1_cmd_steps(&q->cmd).num;
		q->cost_ns = t1_cmd_cost(core, &core->ctxs[q->ctx], &q->cmd);
	}
	if (q->cmd.opcode == T1_OP_SEM_WAIT && !q->done_ns) {
		fault = t1_cmd_sem_test(core, q, &satisfied, &fault_va);
		if (fault)
			goto fault;
		if (!satisfied) {
			set_waiting(core, q, true);
			set_poll(core, q, t);
			t1_queue_update(core, q, t);
			return BEGIN_WAIT;
		}
	}
	return BEGIN_RUN;

fault:
	t1_queue_fault(core, q, fault, fault_va, t);
	return BEGIN_FAULT;
}

/**
 * t1_queue_cb_write() - write a queue's control block
 * @core: the accelerator
 * @q: the queue
 * @head: index to write
 * @fault_va: address at fault
 *
 * Return: T1_FAULT_*.
 */
unsigned int t1_queue_cb_write(struct t1_core *core, struct queue *q, uint32_t head,
			       uint64_t *fault_va)
{
	const struct mmu *mmu = &core->ctxs[q->ctx].mmu;
	const uint64_t words[2] = { head, q->busy_ns };

	_Static_assert(offsetof(struct t1_queue_cb, head) == 0 &&
		       offsetof(struct t1_queue_cb, busy_ns) == 8, "one write does it");
	return t1_mmu_write(core, mmu, q->cb_va, words, sizeof(words), fault_va);
}

/**
 * t1_queue_step() - execute the next step of a queue's command in hand when it is due
 * @core: the accelerator
 * @q: the queue, its engine time charged
 * @t: device time
 *
 * Return: see enum step.
 */
enum step t1_queue_step(struct t1_core *core, struct queue *q, uint64_t t)
{
	uint8_t opcode = q->cmd.opcode;
	bool cb_written = opcode == T1_OP_FENCE && !q->in_batch;
	uint64_t fault_va = 0;
	unsigned int fault;

	fault = t1_cmd_step(core, q, t, &fault_va);
	if (!fault && q->step + 1 < q->steps) {
		q->step++;
		return STEP_CMD;
	}
	core->ops->trace_end(core->opaque, q->engine, queue_slot(core, q), opcode, fault);
	if (fault) {
		t1_queue_fault(core, q, fault, fault_va, t);
		return STEP_ENTRY;
	}
	if (opcode == T1_OP_BATCH) {
		q->have_cmd = false;
		q->in_batch = true;
		q->batch_va = q->cmd.batch.va;
		q->batch_count = q->cmd.batch.count;
		q->batch_index = 0;
		q->batch.count = 0;
		return STEP_BATCH;
	}
	/*
	 * Poll the waiters even if this queue is about to run out of work: the order in
	 * which the model does things at one instant is fixed, and part of its results.
	 */
	if (opcode == T1_OP_FENCE && core->num_waiting)
		t1_queue_sem_poll(core, t, true, -1);
	if (q->in_batch && q->batch_index + 1 < q->batch_count) {
		q->have_cmd = false;
		q->batch_index++;
		return STEP_BATCH;
	}
	q->in_batch = false;
	if (q->head + 1 == q->tail && !cb_written) {
		fault = t1_queue_cb_write(core, q, q->head + 1, &fault_va);
		if (fault) {
			t1_queue_fault(core, q, fault, fault_va, t);
			return STEP_ENTRY;
		}
	}
	q->have_cmd = false;
	q->head++;
	t1_queue_update(core, q, t);
	return STEP_ENTRY;
}

static void sem_look(struct t1_core *core, struct queue *q, uint64_t t)
{
	uint64_t fault_va = 0;
	unsigned int fault;
	bool satisfied;

	fault = t1_cmd_sem_test(core, q, &satisfied, &fault_va);
	if (!fault && !satisfied) {
		set_poll(core, q, t);
		return;
	}
	set_waiting(core, q, false);
	if (fault)
		t1_queue_fault(core, q, fault, fault_va, t);
	else
		t1_queue_update(core, q, t);
}

/**
 * t1_queue_sem_poll() - poll the semaphores that queues wait for
 * @core: the accelerator
 * @t: device time
 * @all: poll all of them, not only those that are due
 * @engine: poll this engine's queues only; negative: all engines'
 */
void t1_queue_sem_poll(struct t1_core *core, uint64_t t, bool all, int engine)
{
	unsigned int waiting = core->num_waiting;
	unsigned int slot, e;
	struct queue *q;

	for (slot = 0; slot < NUM_SLOTS && core->num_waiting; slot++) {
		q = &core->queues[slot];
		if (queue_waits(core, q) && (all || q->poll_at <= t) &&
		    (engine < 0 || q->engine == (unsigned int)engine))
			sem_look(core, q, t);
	}
	for (e = 0; e < NUM_ENGINES && core->num_waiting != waiting; e++)
		t1_engine_kick(core, e, t);
}

/**
 * t1_queue_poll_at() - return when a semaphore must be polled next
 * @core: the accelerator
 *
 * Return: device time, or T1_NEVER.
 */
uint64_t t1_queue_poll_at(const struct t1_core *core)
{
	uint64_t at = T1_NEVER;
	unsigned int slot;

	for (slot = 0; slot < NUM_SLOTS && core->num_waiting; slot++) {
		if (queue_waits(core, &core->queues[slot]) && core->queues[slot].poll_at < at)
			at = core->queues[slot].poll_at;
	}
	return at;
}

/**
 * t1_queue_doorbell() - handle a doorbell
 * @core: the accelerator, up to the present
 * @slot: queue slot, below NUM_SLOTS
 * @tail: the value written
 */
void t1_queue_doorbell(struct t1_core *core, unsigned int slot, uint32_t tail)
{
	struct queue *q = &core->queues[slot];

	if (!q->used) {
		t1_guest_error(core, "doorbell of slot %u dropped: no queue in it", slot);
		return;
	}
	core->ops->trace_doorbell(core->opaque, slot, tail, q->head);
	if (tail - q->head > 1u << q->ring_log2) {
		t1_guest_error(core, "slot %u: tail %u too far ahead of head %u", slot, tail,
			       q->head);
		t1_queue_fault(core, q, T1_FAULT_BAD_DOORBELL, 0, core->now);
		return;
	}
	/* Two threads' doorbells may arrive in the wrong order: a tail never goes back. */
	if (tail - q->head > q->tail - q->head)
		q->tail = tail;
	if (queue_waits(core, q))
		sem_look(core, q, core->now);
	t1_queue_update(core, q, core->now);
	t1_engine_kick(core, q->engine, core->now);
}

/**
 * t1_queue_abort() - drop the command that an engine runs for a queue
 * @core: the accelerator
 * @q: the queue
 */
void t1_queue_abort(struct t1_core *core, struct queue *q)
{
	struct engine *e = &core->engines[q->engine];

	if (e->phase == PHASE_RUN && e->slot == queue_slot(core, q))
		t1_engine_abort(core, q->engine, core->now);
	set_waiting(core, q, false);
	q->have_cmd = false;
	q->in_batch = false;
	q->ring.count = 0;
	q->batch.count = 0;
	q->head = 0;
	q->tail = 0;
	t1_queue_update(core, q, core->now);
}

/**
 * t1_queue_reset() - empty a queue's ring and clear its error
 * @core: the accelerator
 * @q: the queue
 */
void t1_queue_reset(struct t1_core *core, struct queue *q)
{
	t1_queue_abort(core, q);
	q->error = false;
	t1_engine_kick(core, q->engine, core->now);
}

/**
 * t1_queue_destroy() - free a queue slot
 * @core: the accelerator
 * @q: the queue
 */
void t1_queue_destroy(struct t1_core *core, struct queue *q)
{
	unsigned int engine = q->engine;

	t1_queue_abort(core, q);
	memset(q, 0, sizeof(*q));
	t1_engine_kick(core, engine, core->now);
}

/**
 * t1_ctx_destroy() - destroy a context with its queues and mappings
 * @core: the accelerator
 * @ctx: the context
 */
void t1_ctx_destroy(struct t1_core *core, struct ctx *ctx)
{
	uint32_t id = ctx - core->ctxs;
	unsigned int slot;

	/* Empty all queues before the first kick, so that none can start again. */
	for (slot = 0; slot < NUM_SLOTS; slot++) {
		if (core->queues[slot].used && core->queues[slot].ctx == id)
			t1_queue_abort(core, &core->queues[slot]);
	}
	for (slot = 0; slot < NUM_SLOTS; slot++) {
		if (core->queues[slot].used && core->queues[slot].ctx == id)
			t1_queue_destroy(core, &core->queues[slot]);
	}
	t1_mmu_destroy(&ctx->mmu);
	memset(ctx, 0, sizeof(*ctx));
}

/**
 * t1_ctx_clear_fault() - let a context run again
 * @core: the accelerator
 * @ctx: the context
 *
 * A queue in error stays stopped until it is reset.
 */
void t1_ctx_clear_fault(struct t1_core *core, struct ctx *ctx)
{
	uint32_t id = ctx - core->ctxs;
	unsigned int slot;
	struct queue *q;

	ctx->faulted = false;
	memset(&ctx->fault, 0, sizeof(ctx->fault));
	for (slot = 0; slot < NUM_SLOTS; slot++) {
		q = &core->queues[slot];
		if (!q->used || q->ctx != id)
			continue;
		if (queue_waits(core, q))
			set_poll(core, q, core->now);
		t1_queue_update(core, q, core->now);
		t1_engine_kick(core, q->engine, core->now);
	}
}

/**
 * t1_ctx_drop_fetched() - forget commands fetched ahead, after an unmap
 * @core: the accelerator
 * @ctx: the context
 */
void t1_ctx_drop_fetched(struct t1_core *core, const struct ctx *ctx)
{
	uint32_t id = ctx - core->ctxs;
	unsigned int slot;

	for (slot = 0; slot < NUM_SLOTS; slot++) {
		if (core->queues[slot].used && core->queues[slot].ctx == id) {
			core->queues[slot].ring.count = 0;
			core->queues[slot].batch.count = 0;
		}
	}
}
