// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera-state.c - saving all state but VRAM as a stream of bytes, and loading it
 *
 * Little-endian, in the order of walk_core(), mappings as runs. One function walks the
 * state in both directions, so that they can't differ. State that can be derived is not in
 * the stream. A stream may come from a hostile source: whatever the rest of the core relies
 * on is checked before any of it is used.
 */
#include <stdlib.h>
#include <string.h>

#include "tessera-internal.h"

/*
 * A minor version only appends fields, each read where stream.minor has it; whatever else
 * changes the stream is another major version.
 */
#define STATE_MAGIC		0x54535354u	/* "TSST" */
#define STATE_MAJOR		1u
#define STATE_MINOR		2u	/* 1: parts of page tables; 2: steps of commands */
#define STATE_END		0x444e4554u	/* "TEND" */

#define VA_END			(1ull << T1_VA_BITS)

struct stream {
	uint8_t *buf;
	size_t len;			/* used when saving, in all when loading */
	size_t room;			/* when saving */
	size_t at;			/* when loading */
	bool loading;
	uint32_t minor;			/* of the stream; STATE_MINOR when saving */
	const char *why;		/* the first thing that was wrong */
};

static void refuse(struct stream *s, const char *why)
{
	if (!s->why)
		s->why = why;
}

static void bytes(struct stream *s, void *p, size_t n)
{
	uint8_t *more;
	size_t room;

	if (s->why)
		return;
	if (s->loading) {
		if (n > s->len - s->at) {
			refuse(s, "stream too short");
			return;
		}
		memcpy(p, s->buf + s->at, n);
		s->at += n;
		return;
	}
	if (n > s->room - s->len) {
		room = s->room * 2 + n + 4096;
		more = realloc(s->buf, room);
		if (!more) {
			refuse(s, "out of memory");
			return;
		}
		s->buf = more;
		s->room = room;
	}
	memcpy(s->buf + s->len, p, n);
	s->len += n;
}

static void u32(struct stream *s, uint32_t *p)
{
	bytes(s, p, sizeof(*p));
}

static void u64(struct stream *s, uint64_t *p)
{
	bytes(s, p, sizeof(*p));
}

/* A number below @limit. */
static void below(struct stream *s, uint32_t *p, uint32_t limit, const char *why)
{
	u32(s, p);
	if (s->loading && !s->why && *p >= limit) {
		*p = 0;
		refuse(s, why);
	}
}

static void flag(struct stream *s, bool *p)
{
	uint32_t v = *p;

	below(s, &v, 2, "neither 0 nor 1");
	*p = v;
}

static void constant(struct stream *s, uint64_t value, const char *why)
{
	uint64_t v = value;

	u64(s, &v);
	if (v != value)
		refuse(s, why);
}

static void walk_version(struct stream *s)
{
	uint32_t major = STATE_MAJOR;

	s->minor = STATE_MINOR;
	u32(s, &major);
	u32(s, &s->minor);
	if (major != STATE_MAJOR)
		refuse(s, "unknown major version of the state");
	if (s->minor > STATE_MINOR)
		refuse(s, "state of a newer minor version");
}

static void walk_ring(struct stream *s, struct bus_ring *ring, bool ready)
{
	u64(s, &ring->base);
	u32(s, &ring->size);
	u32(s, &ring->head);
	u32(s, &ring->tail);
	below(s, &ring->phase, 2, "ring phase");
	if (!s->loading || s->why || !ready)
		return;
	if (ring->size < 2 || ring->size > 1024 || ring->size & (ring->size - 1) ||
	    ring->base & (T1_PAGE_SIZE - 1) || ring->base > UINT64_MAX - (1u << 20) ||
	    ring->head >= ring->size || ring->tail >= ring->size)
		refuse(s, "ring out of range");
}

static void walk_backlog(struct stream *s, struct t1_core *core)
{
	uint32_t count = core->backlog_count;
	unsigned int i, at;

	below(s, &count, EVENT_BACKLOG + 1, "event backlog too long");
	if (s->loading) {
		core->backlog_first = 0;
		core->backlog_count = count;
	}
	for (i = 0; i < count && !s->why; i++) {
		at = (core->backlog_first + i) % EVENT_BACKLOG;
		bytes(s, &core->backlog[at], sizeof(core->backlog[at]));
	}
}

/* Pages that follow each other in address, memory and kind. */
struct run {
	uint64_t va;
	uint64_t addr;
	uint32_t flags;			/* T1_MAP_* but CONTIG; zero ends the list */
	uint32_t npages;
};

struct run_writer {
	struct stream *s;
	struct run run;
};

static void put_run(struct stream *s, struct run *run)
{
	u64(s, &run->va);
	u64(s, &run->addr);
	u32(s, &run->flags);
	u32(s, &run->npages);
}

static bool save_page(void *arg, uint64_t va, uint64_t addr, uint32_t flags, bool huge)
{
	struct run_writer *w = arg;
	uint64_t size = huge ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE;
	struct run *run = &w->run;

	if (huge)
		flags |= T1_MAP_HUGE;
	if (run->npages && run->flags == flags && run->npages < T1_MAP_MAX_PAGES &&
	    run->va + run->npages * size == va && run->addr + run->npages * size == addr) {
		run->npages++;
		return !w->s->why;
	}
	if (run->npages)
		put_run(w->s, run);
	*run = (struct run){ .va = va, .addr = addr, .flags = flags, .npages = 1 };
	return !w->s->why;
}

static void load_run(struct stream *s, struct t1_core *core, struct mmu *mmu,
		     const struct run *run)
{
	uint64_t size = run->flags & T1_MAP_HUGE ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE;
	uint64_t limit = run->flags & T1_MAP_VRAM ? core->config.vram_bytes - size :
							 UINT64_MAX - size + 1;
	uint64_t addrs[T1_MAP_MAX_PAGES];
	unsigned int i;

	if (!(run->flags & (T1_MAP_READ | T1_MAP_WRITE)) ||
	    run->flags & ~(MMU_FLAGS | T1_MAP_HUGE) ||
	    !run->npages || run->npages > T1_MAP_MAX_PAGES ||
	    run->va & (size - 1) || run->va >= VA_END ||
	    run->npages * size > VA_END - run->va || run->addr & (size - 1) ||
	    run->addr > limit || (run->npages - 1) * size > limit - run->addr) {
		refuse(s, "mapping out of range");
		return;
	}
	for (i = 0; i < run->npages; i++)
		addrs[i] = run->addr + i * size;
	if (t1_mmu_map(core, mmu, run->va, addrs, run->npages, run->flags))
		refuse(s, "address mapped twice, or out of page tables or memory");
}

/* The tables of a context are counted against its part as they are made, so this comes first. */
static void walk_part(struct stream *s, struct mmu *mmu, uint32_t ctx)
{
	if (s->loading)
		mmu->part_num = NUM_CONTEXTS;
	if (s->minor < 1)
		return;
	u32(s, &mmu->part_first);
	u32(s, &mmu->part_num);
	if (s->loading && !s->why && !t1_mmu_part_ok(ctx, mmu->part_first, mmu->part_num))
		refuse(s, "part of page tables out of range");
}

static void walk_mmu(struct stream *s, struct t1_core *core, struct mmu *mmu)
{
	struct run_writer w = { .s = s };
	struct run end = { 0 };

	if (!s->loading) {
		t1_mmu_walk(mmu, save_page, &w);
		if (w.run.npages)
			put_run(s, &w.run);
		put_run(s, &end);
		return;
	}
	while (!s->why) {
		put_run(s, &end);
		if (!end.flags)
			break;
		load_run(s, core, mmu, &end);
	}
}

static void walk_ctx(struct stream *s, struct t1_core *core, struct ctx *ctx)
{
	unsigned int e;

	flag(s, &ctx->used);
	if (!ctx->used)
		return;
	if (!core_ready(core))
		refuse(s, "context in a disabled device");
	flag(s, &ctx->faulted);
	bytes(s, &ctx->fault, sizeof(ctx->fault));
	for (e = 0; e < NUM_ENGINES; e++)
		u64(s, &ctx->busy_ns[e]);
	walk_part(s, &ctx->mmu, ctx - core->ctxs);
	walk_mmu(s, core, &ctx->mmu);
}

/* How far the command in hand is; one of an older stream has not begun to take effect. */
static void walk_steps(struct stream *s, struct t1_core *core, struct queue *q)
{
	bool valid;

	if (s->minor >= 2) {
		u32(s, &q->step);
		if (q->have_cmd && q->step)
			bytes(s, core->partial[queue_slot(core, q)], sizeof(core->partial[0]));
	}
	if (!s->loading || s->why)
		return;
	valid = q->have_cmd && !t1_cmd_check(core, &q->cmd, q->engine, q->in_batch);
	q->steps = valid ? t1_cmd_steps(&q->cmd).num : 1;
	if (q->have_cmd && q->step >= q->steps)
		refuse(s, "command has no such step");
}

static void walk_queue(struct stream *s, struct t1_core *core, struct queue *q)
{
	flag(s, &q->used);
	if (!q->used)
		return;
	flag(s, &q->error);
	below(s, &q->ctx, NUM_CONTEXTS, "queue's context");
	below(s, &q->engine, NUM_ENGINES, "queue's engine");
	u64(s, &q->ring_va);
	u64(s, &q->cb_va);
	below(s, &q->ring_log2, T1_RING_MAX_LOG2 + 1, "ring size");
	below(s, &q->vector, NUM_VECTORS, "queue's vector");
	u32(s, &q->head);
	u32(s, &q->tail);
	u64(s, &q->busy_ns);
	flag(s, &q->have_cmd);
	bytes(s, &q->cmd, sizeof(q->cmd));
	u64(s, &q->cost_ns);
	u64(s, &q->done_ns);
	flag(s, &q->in_batch);
	u64(s, &q->batch_va);
	u32(s, &q->batch_count);
	u32(s, &q->batch_index);
	flag(s, &q->waiting);
	u64(s, &q->poll_at);
	walk_steps(s, core, q);
	if (!s->loading || s->why)
		return;
	/* walk_core() has been through the contexts already. */
	if (!core->ctxs[q->ctx].used || q->ring_log2 < T1_RING_MIN_LOG2 ||
	    q->tail - q->head > 1u << q->ring_log2 ||
	    q->ring_va & (T1_PAGE_SIZE - 1) || q->ring_va >= VA_END ||
	    q->cb_va & (sizeof(struct t1_queue_cb) - 1) || q->cb_va >= VA_END)
		refuse(s, "queue out of range");
	if (q->in_batch &&
	    (q->batch_va >= VA_END || q->batch_count > T1_MAX_BATCH ||
	     q->batch_index >= q->batch_count || q->head == q->tail))
		refuse(s, "batch out of range");
	/* A queue in error may hold the very command that was refused. */
	if (q->have_cmd && !q->error &&
	    (t1_cmd_check(core, &q->cmd, q->engine, q->in_batch) || q->done_ns > q->cost_ns ||
	     q->head == q->tail))
		refuse(s, "command out of range");
	if (q->waiting && (!q->have_cmd || q->cmd.opcode != T1_OP_SEM_WAIT || q->done_ns))
		refuse(s, "waiting queue without a semaphore");
}

static void walk_engine(struct stream *s, struct t1_core *core, unsigned int n)
{
	struct engine *e = &core->engines[n];
	uint32_t phase = e->phase;
	const struct queue *q;
	unsigned int i;

	below(s, &phase, PHASE_RESET + 1, "engine phase");
	e->phase = phase;
	u64(s, &e->start);
	u64(s, &e->end);
	below(s, &e->slot, NUM_SLOTS, "engine's slot");
	below(s, &e->next_slot, NUM_SLOTS, "engine's next slot");
	u64(s, &e->runlist);
	u32(s, &e->token);
	flag(s, &e->idle_reported);
	flag(s, &e->want);
	u64(s, &e->want_runlist);
	u32(s, &e->want_token);
	u32(s, &e->want_mode);
	flag(s, &e->reset_event);
	u32(s, &e->reset_ctx);
	u64(s, &e->busy_ns);
	u64(s, &e->switch_ns);
	u32(s, &e->switches);
	u64(s, &e->stage_runlist);
	u32(s, &e->latch_busy_hi);
	u64(s, &e->latch_switch);
	u32(s, &e->latch_pending_hi);
	for (i = 0; i < NUM_CONTEXTS; i++)
		u32(s, &e->latch_ctx_hi[i]);
	u64(s, &e->latch_time);
	if (!s->loading || s->why)
		return;
	q = &core->queues[e->slot];
	if (e->phase != PHASE_IDLE && e->end < e->start)
		refuse(s, "engine's phase ends before it starts");
	if (e->phase == PHASE_RUN && (!q->used || !q->have_cmd || q->engine != n || q->waiting ||
				      e->end - e->start > q->cost_ns - q->done_ns ||
				      t1_cmd_check(core, &q->cmd, n, q->in_batch)))
		refuse(s, "engine runs a command that its queue does not hold");
	if (e->phase == PHASE_SWITCH && !e->want)
		refuse(s, "engine switches without a waiting runlist");
	if (e->phase != PHASE_IDLE && !core_ready(core))
		refuse(s, "engine busy in a disabled device");
}

static void walk_core(struct stream *s, struct t1_core *core)
{
	unsigned int i;

	constant(s, STATE_MAGIC, "not a T1 state");
	walk_version(s);
	constant(s, core->config.vram_bytes, "state of a device with a different VRAM size");
	constant(s, core->config.hang, "state of a device with a different hang property");
	u32(s, &core->ctrl);
	u32(s, &core->status);
	u32(s, &core->sched_ctrl);
	u32(s, &core->latch_time_hi);
	if (s->loading && !s->why &&
	    (core->ctrl & ~T1_CTRL_ENABLE || core->sched_ctrl & ~T1_SCHED_EXPLICIT ||
	     core->status & ~(T1_STATUS_READY | T1_STATUS_FATAL) ||
	     core->status == (T1_STATUS_READY | T1_STATUS_FATAL) ||
	     !core->status != !core->ctrl))
		refuse(s, "control registers contradict each other");
	walk_ring(s, &core->asq, core_ready(core));
	walk_ring(s, &core->acq, core_ready(core));
	walk_ring(s, &core->evq, core_ready(core));
	walk_backlog(s, core);
	for (i = 0; i < NUM_CONTEXTS && !s->why; i++)
		walk_ctx(s, core, &core->ctxs[i]);
	for (i = 0; i < NUM_SLOTS && !s->why; i++)
		walk_queue(s, core, &core->queues[i]);
	for (i = 0; i < NUM_ENGINES && !s->why; i++)
		walk_engine(s, core, i);
	constant(s, STATE_END, "end marker missing");
	if (s->loading && s->at != s->len)
		refuse(s, "bytes after the end");
}

/* Compute the state that the stream leaves out because it follows from the rest. */
static void derive(struct t1_core *core)
{
	struct engine *e;
	struct queue *q;
	unsigned int i;

	core->num_waiting = 0;
	for (i = 0; i < NUM_SLOTS; i++) {
		q = &core->queues[i];
		if (!q->used)
			continue;
		core->num_waiting += q->waiting;
		q->working = q->head != q->tail && !q->error && !q->waiting &&
			     !core->ctxs[q->ctx].faulted;
		if (!q->working)
			continue;
		e = &core->engines[q->engine];
		e->ready_slots |= bit64(i);
		e->pending |= bit64(q->ctx);
		core->ctxs[q->ctx].working[q->engine]++;
	}
}

uint8_t *t1_core_save(struct t1_core *core, size_t *len)
{
	struct stream s = { 0 };

	walk_core(&s, core);
	if (s.why) {
		free(s.buf);
		return NULL;
	}
	*len = s.len;
	return s.buf;
}

bool t1_core_load(struct t1_core *core, const uint8_t *buf, size_t len,
		  const char **why)
{
	/* The stream is only read from: one walker for both ways wants one type. */
	struct stream s = { .buf = (uint8_t *)(uintptr_t)buf, .len = len, .loading = true };

	t1_core_power_on(core);
	walk_core(&s, core);
	if (s.why) {
		*why = s.why;
		t1_core_power_on(core);
	} else {
		derive(core);
	}
	core->timer = T1_NEVER;
	t1_core_set_timer(core);
	/* The timer's last deadline is unknown: set it even if it is T1_NEVER. */
	if (core->timer == T1_NEVER)
		core->ops->set_timer(core->opaque, T1_NEVER);
	return !s.why;
}
