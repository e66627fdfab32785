// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera-regs.c - BAR0: control page, privileged registers, doorbells
 *
 * Every public function first brings the model up to the present, then does its own
 * work at that time, then arms the timer for what comes next. If there is too much work for one
 * call, the model's time stands still where the rest of it is due: until a later call goes on,
 * everything else happens at that time too.
 */
#include <stdlib.h>
#include <string.h>

#include "tessera-internal.h"

#define RING_MIN		2u
#define RING_MAX		1024u

/**
 * t1_guest_error() - report a guest's mistake
 * @core: the accelerator
 * @fmt: format as for printf(), without a trailing newline
 */
void t1_guest_error(struct t1_core *core, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	core->ops->guest_error(core->opaque, fmt, args);
	va_end(args);
}

/*
 * Do everything that the model does by itself up to the present, in order of time; or as much of
 * it as a call may. Others know of times up to @known.
 */
static void core_advance(struct t1_core *core, uint64_t known)
{
	uint64_t at, t;
	unsigned int e, n;

	while (core_ready(core) && !core_stalled(core)) {
		n = NUM_ENGINES;
		t = t1_queue_poll_at(core);
		for (e = NUM_ENGINES; e-- > 0;) {
			at = core->engines[e].end;
			if (core->engines[e].phase != PHASE_IDLE && at <= t) {
				t = at;
				n = e;
			}
		}
		if (t > core->now || t == T1_NEVER)
			return;
		if (core->work >= CALL_WORK) {
			core->now = t > known ? t : known;
			core->rest = sat_add(core->ops->now(core->opaque), REST_NS);
			return;
		}
		if (n < NUM_ENGINES)
			t1_engine_event(core, n, t);
		else
			t1_queue_sem_poll(core, t, false, -1);
	}
}

/**
 * t1_core_set_timer() - arm the host's timer for the model's next step
 * @core: the accelerator
 */
void t1_core_set_timer(struct t1_core *core)
{
	uint64_t t = T1_NEVER;
	unsigned int e;

	if (core_ready(core) && !core_stalled(core)) {
		t = t1_queue_poll_at(core);
		for (e = 0; e < NUM_ENGINES; e++) {
			if (core->engines[e].phase != PHASE_IDLE && core->engines[e].end < t)
				t = core->engines[e].end;
		}
	}
	if (t < core->rest)
		t = core->rest;
	if (t == core->timer)
		return;
	core->timer = t;
	core->ops->set_timer(core->opaque, t);
}

/* Destroy all contexts and queues, drop all work; registers and counters stay. */
static void core_teardown(struct t1_core *core)
{
	unsigned int i;

	core->status &= ~T1_STATUS_READY;
	for (i = 0; i < NUM_CONTEXTS; i++) {
		if (core->ctxs[i].used)
			t1_ctx_destroy(core, &core->ctxs[i]);
	}
	for (i = 0; i < NUM_ENGINES; i++)
		t1_engine_halt(core, i, core->now);
	core->backlog_first = 0;
	core->backlog_count = 0;
	core->failed = false;
}

/**
 * t1_core_fatal() - stop the device until it is reset
 * @core: the accelerator
 * @why: reason for the log
 *
 * Callable from anywhere: the work is dropped when the public function returns.
 */
void t1_core_fatal(struct t1_core *core, const char *why)
{
	t1_guest_error(core, "fatal: %s", why);
	core->status &= ~T1_STATUS_READY;
	core->status |= T1_STATUS_FATAL;
	core->failed = true;
}

/**
 * t1_core_power_on() - put everything into its power-on state
 * @core: the accelerator
 *
 * Makes no callback.
 */
void t1_core_power_on(struct t1_core *core)
{
	unsigned int e, i;

	for (i = 0; i < NUM_CONTEXTS; i++) {
		t1_mmu_destroy(&core->ctxs[i].mmu);
		memset(&core->ctxs[i], 0, sizeof(core->ctxs[i]));
	}
	memset(core->queues, 0, sizeof(core->queues));
	memset(core->engines, 0, sizeof(core->engines));
	for (e = 0; e < NUM_ENGINES; e++) {
		core->engines[e].end = T1_NEVER;
		core->engines[e].idle_reported = true;
	}
	memset(&core->asq, 0, sizeof(core->asq));
	memset(&core->acq, 0, sizeof(core->acq));
	memset(&core->evq, 0, sizeof(core->evq));
	core->ctrl = 0;
	core->status = 0;
	core->sched_ctrl = 0;
	core->latch_time_hi = 0;
	core->backlog_first = 0;
	core->backlog_count = 0;
	core->num_waiting = 0;
	core->rest = 0;
	core->failed = false;
}

/*
 * The guest may have mapped the device's own registers as memory: an access that the
 * device itself has caused is dropped.
 */
static bool core_enter(struct t1_core *core)
{
	uint64_t known = core->now, now;

	if (core->entered) {
		t1_guest_error(core, "access to the device's own registers dropped");
		return false;
	}
	core->entered = true;
	now = core->ops->now(core->opaque);
	if (now >= core->rest) {
		core->now = now;
		core->work = 0;
		core->rest = 0;
		core_advance(core, known);
	}
	return true;
}

static void core_leave(struct t1_core *core)
{
	if (!core->rest)
		core_advance(core, core->now);
	if (core->failed)
		core_teardown(core);
	t1_core_set_timer(core);
	core->entered = false;
}

static bool ring_ok(const struct bus_ring *ring)
{
	return ring->size >= RING_MIN && ring->size <= RING_MAX &&
	       !(ring->size & (ring->size - 1)) && !(ring->base & (T1_PAGE_SIZE - 1)) &&
	       ring->base <= UINT64_MAX - RING_MAX * sizeof(struct t1_admin_cmd);
}

static void ring_start(struct bus_ring *ring)
{
	ring->head = 0;
	ring->tail = 0;
	ring->phase = 1;
}

static void write_ctrl(struct t1_core *core, uint32_t val)
{
	uint32_t was = core->ctrl;

	if (val & T1_CTRL_RESET) {
		t1_core_power_on(core);
		core->ops->trace_reset(core->opaque, NUM_ENGINES, 0);
		return;
	}
	core->ctrl = val & T1_CTRL_ENABLE;
	if (core->ctrl && !was) {
		if (!ring_ok(&core->asq) || !ring_ok(&core->acq) || !ring_ok(&core->evq)) {
			t1_core_fatal(core, "invalid base or size of an admin or event ring");
			return;
		}
		ring_start(&core->asq);
		ring_start(&core->acq);
		ring_start(&core->evq);
		core->status = T1_STATUS_READY;
	} else if (!core->ctrl && was) {
		core_teardown(core);
		core->status = 0;
	}
}

/* The driver has read entries of a ring that the device fills. */
static void write_head(struct t1_core *core, struct bus_ring *ring, uint32_t val)
{
	uint32_t mask = ring->size - 1;

	if (!core_ready(core) || val > mask ||
	    ((val - ring->head) & mask) > ((ring->tail - ring->head) & mask)) {
		t1_guest_error(core, "completion or event head %u is out of range", val);
		return;
	}
	ring->head = val;
}

static void write_control(struct t1_core *core, uint64_t off, uint32_t val)
{
	struct bus_ring *ring;
	unsigned int e;

	switch (off) {
	case T1_REG_CTRL:
		write_ctrl(core, val);
		return;
	case T1_REG_ASQ_TAIL:
		if (!core_ready(core) || val >= core->asq.size) {
			t1_guest_error(core, "admin tail %u is out of range", val);
			return;
		}
		core->asq.tail = val;
		t1_admin_run(core);
		return;
	case T1_REG_ACQ_HEAD:
		write_head(core, &core->acq, val);
		t1_admin_run(core);
		return;
	case T1_REG_EVQ_HEAD:
		write_head(core, &core->evq, val);
		t1_event_flush(core);
		/* Restart whatever had stopped for lack of room. */
		for (e = 0; e < NUM_ENGINES; e++)
			t1_engine_kick(core, e, core->now);
		t1_admin_run(core);
		return;
	}

	if (off < T1_REG_ASQ_BASE_LO || off > T1_REG_EVQ_SIZE)
		return;
	if (core->ctrl & T1_CTRL_ENABLE) {
		t1_guest_error(core, "write to ring register 0x%x dropped: the device is enabled",
			       (unsigned int)off);
		return;
	}
	ring = off < T1_REG_ACQ_BASE_LO ? &core->asq :
	       off < T1_REG_EVQ_BASE_LO ? &core->acq : &core->evq;
	switch (off & 0xf) {
	case 0x0:
		ring->base = (ring->base & ~(uint64_t)UINT32_MAX) | val;
		break;
	case 0x4:
		ring->base = (ring->base & UINT32_MAX) | (uint64_t)val << 32;
		break;
	case 0x8:
		ring->size = val;
		break;
	}
}

static void write_priv(struct t1_core *core, uint64_t off, uint32_t val)
{
	struct engine *eng;
	unsigned int e;

	if (off == T1_REG_SCHED_CTRL) {
		if (!!(val & T1_SCHED_EXPLICIT) != core_explicit(core))
			t1_engine_set_explicit(core, val & T1_SCHED_EXPLICIT, core->now);
		return;
	}
	if (off < T1_ENGINE_BASE(0) || off >= T1_ENGINE_BASE(NUM_ENGINES))
		return;
	e = (off - T1_ENGINE_BASE(0)) / 0x80;
	eng = &core->engines[e];
	switch (off - T1_ENGINE_BASE(e)) {
	case T1_ENG_RUNLIST_LO:
		eng->stage_runlist = (eng->stage_runlist & ~(uint64_t)UINT32_MAX) | val;
		break;
	case T1_ENG_RUNLIST_HI:
		eng->stage_runlist = (eng->stage_runlist & UINT32_MAX) | (uint64_t)val << 32;
		break;
	case T1_ENG_RUNLIST_SUBMIT:
		t1_engine_submit(core, e, val, core->now);
		break;
	case T1_ENG_RESET:
		t1_engine_reset(core, e, core->now);
		break;
	}
}

static uint32_t read_ring(const struct bus_ring *ring, unsigned int off)
{
	switch (off) {
	case 0x0:
		return ring->base;
	case 0x4:
		return ring->base >> 32;
	case 0x8:
		return ring->size;
	default:
		return 0;
	}
}

static uint32_t read_control(struct t1_core *core, uint64_t off)
{
	switch (off) {
	case T1_REG_MAGIC:
		return T1_MAGIC;
	case T1_REG_VERSION:
		return T1_HW_VERSION;
	case T1_REG_CAPS:
		return T1_CAP_SCHED | T1_CAP_STRICT_PREEMPT | T1_CAP_DB_LATCH |
		       T1_CAP_CTX_BUSY | T1_CAP_TABLE_PARTS |
		       (core->config.hang ? T1_CAP_HANG : 0);
	case T1_REG_STATUS:
		return core->status;
	case T1_REG_CTRL:
		return core->ctrl;
	case T1_REG_NUM_SLOTS:
		return NUM_SLOTS;
	case T1_REG_NUM_CONTEXTS:
		return NUM_CONTEXTS;
	case T1_REG_NUM_VECTORS:
		return NUM_VECTORS;
	case T1_REG_VRAM_SIZE_LO:
		return core->config.vram_bytes;
	case T1_REG_VRAM_SIZE_HI:
		return core->config.vram_bytes >> 32;
	case T1_REG_TIME_LO:
		core->latch_time_hi = core->now >> 32;
		return core->now;
	case T1_REG_TIME_HI:
		return core->latch_time_hi;
	}
	if (off >= T1_REG_ASQ_BASE_LO && off < T1_REG_ACQ_BASE_LO)
		return read_ring(&core->asq, off & 0xf);
	if (off >= T1_REG_ACQ_BASE_LO && off < T1_REG_EVQ_BASE_LO)
		return read_ring(&core->acq, off & 0xf);
	if (off >= T1_REG_EVQ_BASE_LO && off <= T1_REG_EVQ_SIZE)
		return read_ring(&core->evq, off & 0xf);
	return 0;
}

static uint32_t engine_status(const struct engine *eng)
{
	return (eng->phase == PHASE_RUN ? T1_ENG_STATUS_RUNNING : 0) |
	       (eng->want ? T1_ENG_STATUS_SWITCHING : 0) |
	       (eng->phase == PHASE_RESET ? T1_ENG_STATUS_RESETTING : 0);
}

static uint32_t read_engine(struct t1_core *core, unsigned int e, unsigned int reg)
{
	struct engine *eng = &core->engines[e];
	uint64_t val;

	switch (reg) {
	case T1_ENG_RUNLIST_LO:
		return eng->stage_runlist;
	case T1_ENG_RUNLIST_HI:
		return eng->stage_runlist >> 32;
	case T1_ENG_STATUS:
		return engine_status(eng);
	case T1_ENG_CURRENT:
		return eng->phase == PHASE_RUN ? core->queues[eng->slot].ctx :
						 T1_NO_CONTEXT;
	case T1_ENG_PENDING_LO:
		eng->latch_pending_hi = eng->pending >> 32;
		return eng->pending;
	case T1_ENG_PENDING_HI:
		return eng->latch_pending_hi;
	case T1_ENG_BUSY_NS_LO:
		val = t1_engine_busy(core, e, core->now);
		eng->latch_busy_hi = val >> 32;
		eng->latch_switch = t1_engine_switch_ns(core, e, core->now);
		eng->latch_time = core->now;
		return val;
	case T1_ENG_BUSY_NS_HI:
		return eng->latch_busy_hi;
	case T1_ENG_SWITCH_NS_LO:
		return eng->latch_switch;
	case T1_ENG_SWITCH_NS_HI:
		return eng->latch_switch >> 32;
	case T1_ENG_SWITCHES:
		return eng->switches;
	case T1_ENG_TIME_LO:
		return eng->latch_time;
	case T1_ENG_TIME_HI:
		return eng->latch_time >> 32;
	default:
		return 0;
	}
}

static uint32_t read_priv(struct t1_core *core, uint64_t off)
{
	unsigned int e, ctx;
	uint64_t val;

	if (off == T1_REG_SCHED_CTRL)
		return core->sched_ctrl;
	if (off >= T1_ENGINE_BASE(0) && off < T1_ENGINE_BASE(NUM_ENGINES)) {
		e = (off - T1_ENGINE_BASE(0)) / 0x80;
		return read_engine(core, e, off - T1_ENGINE_BASE(e));
	}
	if (off < T1_REG_CTX_BUSY(0, 0) || off >= T1_REG_CTX_BUSY(NUM_ENGINES, 0))
		return 0;
	off -= T1_REG_CTX_BUSY(0, 0);
	e = off / 0x200;
	ctx = off % 0x200 / 8;
	if (off & 4)
		return core->engines[e].latch_ctx_hi[ctx];
	val = t1_engine_ctx_busy(core, e, ctx, core->now);
	core->engines[e].latch_ctx_hi[ctx] = val >> 32;
	return val;
}

uint32_t t1_core_read(struct t1_core *core, uint64_t off, unsigned int size)
{
	uint32_t val;

	if (size != 4 || off & 3 || off >= T1_PAGE_SIZE || !core_enter(core))
		return 0;
	val = off < T1_REG_PRIV_FIRST ? read_control(core, off) : read_priv(core, off);
	core_leave(core);
	return val;
}

void t1_core_write(struct t1_core *core, uint64_t off, uint32_t val,
		   unsigned int size)
{
	if (size != 4 || off & 3) {
		t1_guest_error(core, "write of %u bytes at 0x%llx dropped", size,
			       (unsigned long long)off);
		return;
	}
	if (!core_enter(core))
		return;
	if (off >= T1_PAGE_SIZE) {
		if (off % T1_PAGE_SIZE == T1_DB_TAIL &&
		    off / T1_PAGE_SIZE <= NUM_SLOTS)
			t1_queue_doorbell(core, off / T1_PAGE_SIZE - 1, val);
	} else if (off >= T1_REG_PRIV_FIRST) {
		write_priv(core, off, val);
	} else {
		write_control(core, off, val);
	}
	core_leave(core);
}

void t1_core_run(struct t1_core *core)
{
	core->timer = T1_NEVER;
	if (core_enter(core))
		core_leave(core);
}

void t1_core_reset(struct t1_core *core)
{
	if (!core_enter(core))
		return;
	write_ctrl(core, T1_CTRL_RESET);
	core_leave(core);
}

struct t1_core *t1_core_new(const struct t1_config *config,
			    const struct t1_host_ops *ops,
			    void *opaque, void *vram)
{
	struct t1_core *core;

	if (!config->tile_ns || !config->cmd_ns || !config->clock_mhz ||
	    !config->vram_mb_per_s || !config->dma_mb_per_s || !config->vram_bytes ||
	    config->vram_bytes & (T1_HUGE_PAGE_SIZE - 1))
		return NULL;
	core = calloc(1, sizeof(*core));
	if (!core)
		return NULL;
	core->partial = calloc(NUM_SLOTS, sizeof(*core->partial));
	if (!core->partial) {
		free(core);
		return NULL;
	}
	core->config = *config;
	core->rates = (struct t1_rates){
		.clock_mhz = config->clock_mhz,
		.f32_macs_per_clock = T1_F32_MACS_PER_CLOCK,
		.i8_macs_per_clock = T1_I8_MACS_PER_CLOCK,
		.vram_mb_per_s = config->vram_mb_per_s,
		.dma_mb_per_s = config->dma_mb_per_s,
	};
	core->ops = ops;
	core->opaque = opaque;
	core->vram = vram;
	core->timer = T1_NEVER;
	t1_core_power_on(core);
	return core;
}

void t1_core_free(struct t1_core *core)
{
	if (!core)
		return;
	t1_core_power_on(core);
	free(core->partial);
	free(core);
}
