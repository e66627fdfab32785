/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dispatch_internal.h - a dispatcher, as the files of this folder share it
 */
#ifndef TESSERA_DISPATCH_INTERNAL_H
#define TESSERA_DISPATCH_INTERNAL_H

#include <linux/hrtimer.h>
#include "dispatch/dispatch.h"

#define TESSERA_LOG_ENTRIES	200u

struct tessera_log_entry {
	u64 time_ns;
	enum tessera_runlist_note_type event;
	char vgpu[TESSERA_NAME_LEN];
};

/*
 * struct tessera_dispatcher - one engine: the lock, the timer and the log around its runlists
 */
struct tessera_dispatcher {
	struct tessera_accel *accel;
	u32 engine;

	/* protects all below and every entity of this engine; taken in hard interrupts */
	spinlock_t lock;
	struct tessera_runlist rl;
	struct list_head entities;
	struct hrtimer timer;		/* end of slice, or of the preemption timeout */
	ktime_t expires;
	ktime_t told;			/* when the timeout began */
	struct hrtimer release;		/* of vGPUs that are held */
	bool releasing;			/* it is to run, and will see all that are */
	struct tessera_log_entry log[TESSERA_LOG_ENTRIES];
	u32 log_next;
	bool log_full;
};

#define for_each_dispatcher(d, accel)						\
	for ((d) = (accel)->dispatchers;					\
	     (d) < (accel)->dispatchers + (accel)->hw->num_engines; (d)++)

unsigned long tessera_dispatcher_sync_lock(struct tessera_dispatcher *d,
					   struct tessera_hw_counters *c);
void tessera_dispatcher_unlock(struct tessera_dispatcher *d, unsigned long flags);
void tessera_dispatcher_rearm_timeout(struct tessera_dispatcher *d);
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
