/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tessera-internal.h - state of the T1 core and the verbs its files share
 *
 * Data meets the files in this order: tessera-regs.c takes a register access and brings
 * the model up to the present; tessera-admin.c serves the admin queue; tessera-mmu.c keeps
 * the page tables; tessera-engine.c decides what runs when; tessera-queue.c fetches and
 * retires ring entries; tessera-cmd.c checks a command, computes its cost and executes it;
 * tessera-event.c reports; tessera-state.c saves and loads.
 */
#ifndef TESSERA_INTERNAL_H
#define TESSERA_INTERNAL_H

#include "tessera-core.h"
#include "t1_hw.h"
#include "tessera-tensor.h"

#define NUM_SLOTS		T1_MAX_SLOTS
#define NUM_CONTEXTS		T1_MAX_CONTEXTS
#define NUM_VECTORS		T1_MAX_VECTORS
#define NUM_ENGINES		T1_NUM_ENGINES

/* Commands that one fetch reads from a ring or a batch. */
#define FETCH_CMDS		32u

/*
 * Events that may wait inside the device before it stops making new ones, and room for those
 * that can't be held back: a pending edge and a fault for each context, and what the
 * commands in flight still report.
 */
#define EVENT_GATE		1024u
#define EVENT_BACKLOG		(EVENT_GATE + 512u)

/*
 * How late the host's timer may be with the engines still running at the model's times. If
 * it is later, the next command starts at the present and the lag shows as idle time;
 * otherwise a host slower than the model would fall further and further behind.
 */
#define CATCH_UP_NS		1000000u

/*
 * Work that a call may find to do before it leaves the rest to a later one, and how long the
 * caller is left alone until then. Both engines can do a step at the same time.
 */
#define CALL_WORK		(NUM_ENGINES * T1_STEP_WORK)
#define REST_NS			100000u

/* A waiting semaphore is read again this often, on a runlist and off it. */
#define POLL_ON_NS		20000u
#define POLL_OFF_NS		100000u

struct mmu_node;

/* Its tables are those of @part_num contexts, from @part_first on, which share them. */
struct mmu {
	struct mmu_node *root;
	unsigned int tables;		/* in use */
	uint32_t part_first;
	uint32_t part_num;
};

/* A range of one address space that is contiguous in memory. */
struct mmu_run {
	uint64_t addr;			/* vram or bus */
	uint64_t len;
	bool vram;
};

struct ctx {
	bool used;
	bool faulted;			/* stopped until FAULT_QUERY clears it */
	struct t1_fault fault;
	uint64_t busy_ns[NUM_ENGINES];
	unsigned int working[NUM_ENGINES];	/* derived: queues with work */
	struct mmu mmu;
};

struct fetch {
	uint32_t first;			/* index of cmds[0] */
	uint32_t count;			/* 0: nothing fetched */
	struct t1_cmd cmds[FETCH_CMDS];
};

struct queue {
	bool used;
	bool error;			/* stopped until QUEUE_RESET */
	uint32_t ctx;
	uint32_t engine;
	uint64_t ring_va;
	uint64_t cb_va;
	uint32_t ring_log2;
	uint32_t vector;
	uint32_t head;			/* free-running */
	uint32_t tail;
	uint64_t busy_ns;

	/* The command in hand: copied and checked once; in progress if done_ns is not 0. */
	bool have_cmd;
	struct t1_cmd cmd;
	uint64_t cost_ns;
	uint64_t done_ns;
	uint32_t steps;			/* derived: of the command */
	uint32_t step;			/* done */

	bool in_batch;
	uint64_t batch_va;
	uint32_t batch_count;
	uint32_t batch_index;

	bool waiting;			/* cmd is a SEM_WAIT found unsatisfied */
	uint64_t poll_at;

	bool working;			/* derived: counted in ctx.working */
	struct fetch ring;		/* caches, never saved */
	struct fetch batch;
};

enum phase {
	PHASE_IDLE,
	PHASE_RUN,
	PHASE_SWITCH,
	PHASE_RESET,
};

struct engine {
	enum phase phase;
	uint64_t start;			/* of the phase */
	uint64_t end;			/* when the phase must be checked next */
	uint32_t slot;			/* queue that runs in PHASE_RUN */
	uint32_t next_slot;		/* round robin continues here */

	uint64_t runlist;		/* in force, if SCHED_CTRL has EXPLICIT */
	uint32_t token;
	bool idle_reported;

	bool want;			/* a submitted runlist waits */
	uint64_t want_runlist;
	uint32_t want_token;
	uint32_t want_mode;		/* T1_RL_PREEMPT_* */

	bool reset_event;		/* PHASE_RESET ends with an event, for this context */
	uint32_t reset_ctx;

	uint64_t busy_ns;		/* up to the start of the phase */
	uint64_t switch_ns;
	uint32_t switches;

	uint64_t pending;		/* derived: contexts with work */
	uint64_t ready_slots;		/* derived: queues with work */

	uint64_t stage_runlist;		/* registers */
	uint32_t latch_busy_hi;
	uint32_t latch_pending_hi;
	uint32_t latch_ctx_hi[NUM_CONTEXTS];
	uint64_t latch_switch;
	uint64_t latch_time;
};

/* A ring in bus memory; head and tail are indices modulo size. */
struct bus_ring {
	uint64_t base;
	uint32_t size;
	uint32_t head;
	uint32_t tail;
	uint32_t phase;			/* of the entry at tail, for those that the device fills */
};

struct t1_core {
	struct t1_config config;
	struct t1_rates rates;
	const struct t1_host_ops *ops;
	void *opaque;
	uint8_t *vram;

	bool entered;			/* inside a public function */
	bool failed;			/* FATAL just set: work has yet to be dropped */
	uint64_t now;			/* device time at entry, or up to which all is done */
	uint64_t work;			/* done since then, in units of T1_STEP_WORK */
	uint64_t rest;			/* nothing is done before this time */

	uint32_t ctrl;
	uint32_t status;
	uint32_t sched_ctrl;
	uint32_t latch_time_hi;
	struct bus_ring asq;
	struct bus_ring acq;
	struct bus_ring evq;

	uint32_t backlog_first;
	uint32_t backlog_count;
	struct t1_event backlog[EVENT_BACKLOG];

	struct ctx ctxs[NUM_CONTEXTS];
	struct queue queues[NUM_SLOTS];
	struct engine engines[NUM_ENGINES];
	unsigned int num_waiting;	/* derived: queues with .waiting */
	uint64_t timer;			/* deadline last given to set_timer */

	_Alignas(16) uint8_t scratch[T1_TENSOR_SCRATCH];
	/* What a step of a queue's command leaves to the next: apart, since few are ever used */
	uint8_t (*partial)[T1_TENSOR_PARTIAL];
};

void t1_guest_error(struct t1_core *core, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static inline uint64_t sat_add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static inline uint64_t bit64(unsigned int n)
{
	return (uint64_t)1 << n;
}

static inline bool core_ready(const struct t1_core *core)
{
	return core->status & T1_STATUS_READY;
}

static inline bool core_explicit(const struct t1_core *core)
{
	return core->sched_ctrl & T1_SCHED_EXPLICIT;
}

/* Too many unread events: no new work until the driver has read some. */
static inline bool core_stalled(const struct t1_core *core)
{
	return core->backlog_count >= EVENT_GATE;
}

static inline bool is_zero(const void *p, size_t len)
{
	const uint8_t *b = p;
	uint8_t any = 0;

	while (len--)
		any |= *b++;
	return !any;
}

/* tessera-regs.c */
void t1_core_fatal(struct t1_core *core, const char *why);
void t1_core_power_on(struct t1_core *core);
void t1_core_set_timer(struct t1_core *core);

/* tessera-event.c */
void t1_event_post(struct t1_core *core, unsigned int type, unsigned int engine,
		   uint32_t ctx, uint32_t slot, uint32_t fault, uint64_t addr, uint64_t t);
void t1_event_flush(struct t1_core *core);

/* tessera-admin.c */
void t1_admin_run(struct t1_core *core);

/* tessera-mmu.c */
#define MMU_READ		T1_MAP_READ
#define MMU_WRITE		T1_MAP_WRITE
#define MMU_FLAGS		(T1_MAP_READ | T1_MAP_WRITE | T1_MAP_VRAM)

/* May context @ctx have the part of @num contexts from @first on? */
static inline bool t1_mmu_part_ok(uint32_t ctx, uint32_t first, uint32_t num)
{
	return num <= NUM_CONTEXTS && first <= ctx && ctx - first < num &&
	       first <= NUM_CONTEXTS - num;
}

unsigned int t1_mmu_map(struct t1_core *core, struct mmu *mmu, uint64_t va,
			const uint64_t *addrs, unsigned int npages, uint32_t flags);
unsigned int t1_mmu_unmap(struct mmu *mmu, uint64_t va, uint64_t len);
void t1_mmu_destroy(struct mmu *mmu);
unsigned int t1_mmu_translate(const struct mmu *mmu, uint64_t va, uint64_t len,
			      uint32_t access, struct mmu_run *run);
bool t1_mmu_any_system(const struct mmu *mmu, uint64_t va, uint64_t len);
unsigned int t1_mmu_probe(const struct mmu *mmu, uint64_t va, uint64_t len,
			  uint32_t access, uint64_t *fault_va);
unsigned int t1_mmu_read(struct t1_core *core, const struct mmu *mmu, uint64_t va,
			 void *buf, uint64_t len, uint64_t *fault_va);
unsigned int t1_mmu_write(struct t1_core *core, const struct mmu *mmu, uint64_t va,
			  const void *buf, uint64_t len, uint64_t *fault_va);
/* Calls @fn for each page, in rising order, until it returns false. */
bool t1_mmu_walk(const struct mmu *mmu,
		 bool (*fn)(void *arg, uint64_t va, uint64_t addr, uint32_t flags, bool huge),
		 void *arg);

/* tessera-cmd.c */
unsigned int t1_cmd_check(const struct t1_core *core, const struct t1_cmd *cmd,
			  unsigned int engine, bool in_batch);
uint64_t t1_cmd_cost(const struct t1_core *core, const struct ctx *ctx,
		     const struct t1_cmd *cmd);
bool t1_cmd_preemptible(const struct t1_cmd *cmd);
struct t1_steps t1_cmd_steps(const struct t1_cmd *cmd);
unsigned int t1_cmd_step(struct t1_core *core, struct queue *q, uint64_t t,
			 uint64_t *fault_va);
unsigned int t1_cmd_sem_test(struct t1_core *core, struct queue *q, bool *satisfied,
			     uint64_t *fault_va);

/* tessera-queue.c */
enum begin {
	BEGIN_RUN,		/* the command in hand may run */
	BEGIN_WAIT,		/* it is a semaphore that waits */
	BEGIN_FAULT,		/* the context has stopped */
};

enum step {
	STEP_CMD,		/* the command in hand goes on */
	STEP_BATCH,		/* its batch goes on */
	STEP_ENTRY,		/* the ring entry has ended, or has failed */
};

enum begin t1_queue_begin(struct t1_core *core, struct queue *q, uint64_t t);
enum step t1_queue_step(struct t1_core *core, struct queue *q, uint64_t t);
void t1_queue_update(struct t1_core *core, struct queue *q, uint64_t t);
void t1_queue_fault(struct t1_core *core, struct queue *q, unsigned int fault,
		    uint64_t addr, uint64_t t);
void t1_queue_doorbell(struct t1_core *core, unsigned int slot, uint32_t tail);
void t1_queue_abort(struct t1_core *core, struct queue *q);
void t1_queue_reset(struct t1_core *core, struct queue *q);
void t1_queue_destroy(struct t1_core *core, struct queue *q);
unsigned int t1_queue_cb_write(struct t1_core *core, struct queue *q, uint32_t head,
			       uint64_t *fault_va);
void t1_queue_sem_poll(struct t1_core *core, uint64_t t, bool all, int engine);
uint64_t t1_queue_poll_at(const struct t1_core *core);
void t1_ctx_destroy(struct t1_core *core, struct ctx *ctx);
void t1_ctx_clear_fault(struct t1_core *core, struct ctx *ctx);
void t1_ctx_drop_fetched(struct t1_core *core, const struct ctx *ctx);

static inline unsigned int queue_slot(const struct t1_core *core, const struct queue *q)
{
	return q - core->queues;
}

/* tessera-engine.c */
bool t1_engine_on_runlist(const struct t1_core *core, unsigned int e, uint32_t ctx);
void t1_engine_work_edge(struct t1_core *core, unsigned int e, uint32_t ctx, uint64_t t);
void t1_engine_kick(struct t1_core *core, unsigned int e, uint64_t t);
void t1_engine_event(struct t1_core *core, unsigned int e, uint64_t t);
void t1_engine_cut(struct t1_core *core, unsigned int e, uint64_t t);
void t1_engine_abort(struct t1_core *core, unsigned int e, uint64_t t);
void t1_engine_halt(struct t1_core *core, unsigned int e, uint64_t t);
void t1_engine_submit(struct t1_core *core, unsigned int e, uint32_t val, uint64_t t);
void t1_engine_reset(struct t1_core *core, unsigned int e, uint64_t t);
void t1_engine_set_explicit(struct t1_core *core, bool on, uint64_t t);
uint64_t t1_engine_busy(const struct t1_core *core, unsigned int e, uint64_t t);
uint64_t t1_engine_ctx_busy(const struct t1_core *core, unsigned int e, uint32_t ctx,
			    uint64_t t);
uint64_t t1_engine_switch_ns(const struct t1_core *core, unsigned int e, uint64_t t);

#endif /* TESSERA_INTERNAL_H */
