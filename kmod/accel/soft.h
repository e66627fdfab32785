/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * soft.h - an engine in software, over hardware that does one operation after the other
 *
 * The fallback for hardware without TESSERA_HW_COUNTERS, _EVENTS, _DOORBELL_LATCH and
 * _ATOMIC_SWITCH. A worker has the engine: it loads the context whose turn it is and runs its
 * operation, both of which may sleep; it keeps time, and reports what such hardware can't.
 *
 * Each operation runs to its end: that is when a switch happens. engine_reset() can be empty: the
 * dispatcher waits, and takes the device for dead after four preemption timeouts.
 */
#ifndef TESSERA_ACCEL_SOFT_H
#define TESSERA_ACCEL_SOFT_H

#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include "accel/hw.h"

/**
 * struct tessera_soft_ops - what a backend does for its software engines; all may sleep
 * @load: save what the engine holds of context @from and load that of @to; @from is
 *        TESSERA_HW_NO_CONTEXT where nothing is to be saved. NULL: an engine holds nothing.
 * @run: do the operation of @ctx to its end
 *
 * An operation that fails is the backend's to report; it ends like any other. Neither takes a lock
 * under which a context is destroyed, nor touches a guest's memory, whose owner can make that last.
 */
struct tessera_soft_ops {
	int (*load)(struct tessera_hw *hw, u32 engine, u32 from, u32 to);
	void (*run)(struct tessera_hw *hw, u32 engine, u32 ctx);
};

/**
 * struct tessera_soft_engine - an engine; all but @work and @step under @lock
 * @hw: its accelerator
 * @index: its number
 * @ops: the backend's
 * @events: held while events are handed on; the same for all engines of an accelerator
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
 * @idle_told: TESSERA_HW_IDLE was reported and is true
 * @last: the context that ran last
 * @running: since @since an operation runs
 * @since: when it began
 * @busy_ns: time used by those that have ended
 * @switch_ns: time used by switches
 * @switches: how many
 */
struct tessera_soft_engine {
	struct tessera_hw *hw;
	u32 index;
	const struct tessera_soft_ops *ops;
	spinlock_t *events;
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
	bool idle_told;
	u32 last;
	bool running;
	u64 since;
	u64 busy_ns;
	u64 switch_ns;
	u32 switches;
};

int tessera_soft_init(struct tessera_soft_engine *e, struct tessera_hw *hw, u32 index,
		      const struct tessera_soft_ops *ops, spinlock_t *events);
void tessera_soft_fini(struct tessera_soft_engine *e);
void tessera_soft_down(struct tessera_soft_engine *e);
void tessera_soft_up(struct tessera_soft_engine *e);
void tessera_soft_ring(struct tessera_soft_engine *e, u32 ctx);
void tessera_soft_forget(struct tessera_soft_engine *e, u64 contexts);
void tessera_soft_submit(struct tessera_soft_engine *e, u64 contexts, u32 token);
bool tessera_soft_switching(struct tessera_soft_engine *e);
void tessera_soft_counters(struct tessera_soft_engine *e, struct tessera_hw_counters *c);
u64 tessera_soft_time_ns(struct tessera_hw *hw);

#endif /* TESSERA_ACCEL_SOFT_H */
