/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dispatch_internal.h - a dispatcher, as the files of this folder share it
 */
#ifndef TESSERA_DISPATCH_INTERNAL_H
#define TESSERA_DISPATCH_INTERNAL_H

#include <linux/hrtimer.h>
#include "dispatch/dispatch.h"

#define TESSERA_LOG_ENTRIES	200u

/* The tracepoints' kinds, and what changes who competes. */
enum tessera_log_event {
	TESSERA_LOG_ENQUEUE,
	TESSERA_LOG_PICK,
	TESSERA_LOG_PREEMPT,
	TESSERA_LOG_OVERSHOOT,
	TESSERA_LOG_SWITCH,
	TESSERA_LOG_IDLE,
	TESSERA_LOG_RESET,
	TESSERA_LOG_RESET_DONE,
	TESSERA_LOG_START,
	TESSERA_LOG_STOP,
};

struct tessera_log_entry {
	u64 time_ns;
	enum tessera_log_event event;
	char vgpu[TESSERA_NAME_LEN];
};

/*
 * struct tessera_dispatcher - turns the scheduler's decisions for one engine into runlists
 *
 * Times are device times (ns), made to run on across device resets.
 */
struct tessera_dispatcher {
	struct tessera_accel *accel;
	u32 engine;

	/* protects all below and every entity of this engine; taken in hard interrupts */
	spinlock_t lock;
	struct tessera_sched sched;
	struct list_head entities;
	bool down;			/* the device is being reset, or gone */
	u64 now_ns;			/* latest time seen: never goes back */
	u64 time_base_ns;		/* to be added to the device's own time */
	u64 last_busy_ns;		/* counter up to which has been charged */
	u64 last_switch_ns;		/* the other counter, in the last event */
	u64 busy_base_ns;		/* to be added to the counters in traces: they run on */
	u64 switch_base_ns;
	u64 gone_busy_ns;		/* used by vGPUs that are gone */
	struct tessera_dispatch_entity *in_force;	/* whose runlist the engine has */
	u64 in_force_mask;
	u16 token;			/* of the last submit */
	bool waiting;			/* that one is not in force yet */
	ktime_t waiting_since;		/* from when patience counts */
	bool repick;			/* pick again as soon as it is */
	struct tessera_dispatch_entity *next;	/* whose runlist it is */
	bool next_void;			/* ... and it stopped meanwhile */
	u64 next_mask;
	u64 slice_ns;			/* of the last pick */
	u64 overshoot_ns;		/* in_force's overshoot when the next was submitted */
	unsigned int reset_tries;	/* engine resets without a switch */
	struct hrtimer timer;		/* end of slice, or of patience while waiting */
	ktime_t expires;
	u64 switches_total;
	struct tessera_log_entry log[TESSERA_LOG_ENTRIES];
	u32 log_next;
	bool log_full;
};

unsigned long tessera_dispatcher_sync_lock(struct tessera_dispatcher *d,
					   struct tessera_hw_counters *c);
void tessera_dispatcher_unlock(struct tessera_dispatcher *d, unsigned long flags);
void tessera_dispatcher_pick(struct tessera_dispatcher *d);
void tessera_dispatcher_submit(struct tessera_dispatcher *d);
void tessera_dispatcher_arm_patience(struct tessera_dispatcher *d);
const char *tessera_dispatcher_engine_name(const struct tessera_dispatcher *d);

/* settings.c, for sysfs.c */
int tessera_dispatcher_set_policy(struct tessera_accel *accel, const char *name);
int tessera_dispatcher_set_timeslice(struct tessera_accel *accel, u64 ns);
int tessera_dispatcher_set_averaging(struct tessera_accel *accel, u32 averaging);
int tessera_dispatcher_set_preempt_strict(struct tessera_accel *accel, bool strict);
int tessera_dispatcher_set_preempt_timeout(struct tessera_accel *accel, u32 us);
const struct tessera_sched_policy *tessera_dispatcher_policy(struct tessera_accel *accel);
void tessera_dispatcher_config(struct tessera_accel *accel, u64 *timeslice_ns, u32 *averaging);

#endif /* TESSERA_DISPATCH_INTERNAL_H */
