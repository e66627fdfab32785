/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * soft.h - engines in software, over hardware that does one operation after the other
 *
 * The fallback for hardware without TESSERA_HW_COUNTERS, _EVENTS, _DOORBELL_LATCH and
 * _ATOMIC_SWITCH. A worker has the engine: it loads the context whose turn it is and runs its
 * operation, both of which may sleep; it keeps time, and reports what such hardware can't. Most
 * verbs of struct tessera_hw_ops are here; such hardware has one interrupt.
 *
 * Each operation runs to its end: that is when a switch happens. Without TESSERA_HW_ENGINE_RESET
 * the dispatcher waits, and takes the device for dead after four preemption timeouts.
 */
#ifndef TESSERA_ACCEL_SOFT_H
#define TESSERA_ACCEL_SOFT_H

#include <linux/interrupt.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include "accel/hw.h"

/**
 * struct tessera_soft_ops - what a backend does for its software engines
 * @load: save what the engine holds of context @from and load that of @to; @from is
 *        TESSERA_HW_NO_CONTEXT where nothing is to be saved. NULL: an engine holds nothing. Sleeps.
 * @settle: wait until nothing runs, whoever began it; no interrupt is asked for or pending then.
 *          Sleeps. An errno with a line in the log if that does not happen.
 * @irq: the interrupt
 */
struct tessera_soft_ops {
	int (*load)(struct tessera_hw *hw, u32 engine, u32 from, u32 to);
	int (*settle)(struct tessera_hw *hw);
	irqreturn_t (*irq)(struct tessera_hw *hw);
};

/**
 * struct tessera_soft_op - an operation of a context
 * @run: do it to its end. Sleeps. One that fails is the backend's to report, and ends like any
 *       other. It takes no lock under which a context is destroyed, nor touches a guest's memory,
 *       whose owner can make that last.
 * @priv: for @run
 */
struct tessera_soft_op {
	void (*run)(void *priv);
	void *priv;
};

/**
 * struct tessera_soft_engine - an engine; all but @work and @step under @lock
 * @soft: its accelerator
 * @index: its number
 * @wq: where @work runs
 * @work: loads, runs and switches
 * @step: mutex: one load or operation; protects @loaded
 * @loaded: the context that the hardware holds
 * @lock: taken in hard interrupts; a leaf
 * @down: nothing runs
 * @in_force: contexts that may run
 * @token: of that runlist
 * @switching: @next is to replace it
 * @next: the runlist submitted last
 * @next_token: its token
 * @pending: contexts with an operation
 * @op: these
 * @idle_told: TESSERA_HW_IDLE was reported and is true
 * @last: the context that ran last
 * @running: since @since an operation runs
 * @since: when it began
 * @busy_ns: time used by those that have ended
 * @switch_ns: time used by switches
 * @switches: how many
 */
struct tessera_soft_engine {
	struct tessera_soft *soft;
	u32 index;
	struct workqueue_struct *wq;
	struct work_struct work;
	struct mutex step;	/* see above */
	u32 loaded;

	spinlock_t lock;	/* see above */
	bool down;
	u64 in_force;
	u32 token;
	bool switching;
	u64 next;
	u32 next_token;
	u64 pending;
	struct tessera_soft_op op[TESSERA_MAX_CONTEXTS];
	bool idle_told;
	u32 last;
	bool running;
	u64 since;
	u64 busy_ns;
	u64 switch_ns;
	u32 switches;
};

/**
 * struct tessera_soft - an accelerator whose engines are all software engines
 * @hw: for the mediator
 * @ops: the backend's
 * @dead: bit 0: the mediator need not be told that the hardware does not answer
 * @events: held while events are handed on; outside of the dispatchers' locks
 * @engine: hw.num_engines engines
 */
struct tessera_soft {
	struct tessera_hw hw;
	const struct tessera_soft_ops *ops;
	unsigned long dead;
	spinlock_t events;	/* see above */
	struct tessera_soft_engine engine[TESSERA_MAX_ENGINES];
};

int tessera_soft_init(struct tessera_soft *soft, const struct tessera_soft_ops *ops);
void tessera_soft_ring(struct tessera_hw *hw, u32 engine, u32 ctx, void (*run)(void *priv),
		       void *priv);
int tessera_soft_lost(struct tessera_hw *hw, const char *what);
int tessera_soft_ctx_ready(struct tessera_hw *hw, u32 epoch);

/* For struct tessera_hw_ops */
void tessera_soft_free(struct tessera_hw *hw);
int tessera_soft_start(struct tessera_hw *hw);
void tessera_soft_stop(struct tessera_hw *hw);
int tessera_soft_reset(struct tessera_hw *hw);
void tessera_soft_quiesce(struct tessera_hw *hw);
int tessera_soft_ctx_destroy(struct tessera_hw *hw, u32 epoch, u64 contexts);
void tessera_soft_runlist_submit(struct tessera_hw *hw, u32 engine, u64 contexts, u32 token,
				 bool strict);
bool tessera_soft_engine_switching(struct tessera_hw *hw, u32 engine);
void tessera_soft_engine_counters(struct tessera_hw *hw, u32 engine, bool all,
				  struct tessera_hw_counters *c);
u64 tessera_soft_time_ns(struct tessera_hw *hw);
void tessera_soft_drain_events(struct tessera_hw *hw);

#endif /* TESSERA_ACCEL_SOFT_H */
