/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dispatch.h - who has the engines, and for how long: the verbs for other layers
 */
#ifndef TESSERA_DISPATCH_H
#define TESSERA_DISPATCH_H

#include <linux/ratelimit.h>
#include "accel/accel.h"
#include "tessera_runlist.h"

#define TESSERA_PREEMPT_TIMEOUT_MIN_US	100u
#define TESSERA_PREEMPT_TIMEOUT_MAX_US	10000000u

/**
 * struct tessera_dispatch_entity - a vGPU on one engine
 * @run: what the runlist's state machine knows of it
 * @name: its vGPU's
 * @type: its vGPU's
 * @contexts: its runlist
 * @log: its vGPU's limit of lines in the log
 * @begin_ns: when the present window of its budget began
 * @wakes: how often it has come to have work in it
 * @held: it is kept off the engine until the window's end
 * @node: in the dispatcher's list
 */
struct tessera_dispatch_entity {
	struct tessera_runlist_entity run;
	const char *name;
	const struct tessera_type *type;
	u64 contexts;
	struct ratelimit_state *log;
	u64 begin_ns;
	u32 wakes;
	bool held;
	struct list_head node;
};

/*
 * struct tessera_sched_snapshot - a vGPU's figures on one engine, current when taken
 */
struct tessera_sched_snapshot {
	u64 busy_ns;
	u64 slices;
	u64 overshoot_ns;
	u64 debt_ns;
	u64 resets;
};

/* A vGPU's settings, the same on all engines; shares in parts per million. */
enum tessera_qos {
	TESSERA_QOS_WEIGHT,
	TESSERA_QOS_RESERVATION,
	TESSERA_QOS_LIMIT,
	TESSERA_QOS_ELASTIC_CAP,
	TESSERA_QOS_SLICE_NS,
	TESSERA_QOS_LOW_LATENCY,
};

/* dispatch.c; @ents is an entity for each engine */
int tessera_dispatcher_init(struct tessera_accel *accel);
void tessera_dispatcher_fini(struct tessera_accel *accel);
void tessera_dispatcher_add(struct tessera_accel *accel, struct tessera_dispatch_entity *ents,
			    const char *name, const struct tessera_type *type, u64 contexts,
			    struct ratelimit_state *log);
void tessera_dispatcher_remove(struct tessera_accel *accel, struct tessera_dispatch_entity *ents);
void tessera_dispatcher_start(struct tessera_accel *accel, struct tessera_dispatch_entity *ents);
void tessera_dispatcher_stop(struct tessera_accel *accel, struct tessera_dispatch_entity *ents);
bool tessera_dispatcher_event(struct tessera_accel *accel, const struct tessera_hw_event *ev,
			      struct tessera_dispatch_entity *ents);
void tessera_dispatcher_down(struct tessera_accel *accel);
void tessera_dispatcher_up(struct tessera_accel *accel);
void tessera_dispatcher_snapshot(struct tessera_accel *accel, struct tessera_dispatch_entity *ents,
				 u32 engine, struct tessera_sched_snapshot *snap);

/* settings.c */
u64 tessera_dispatcher_qos(const struct tessera_dispatch_entity *ents, enum tessera_qos what);
int tessera_dispatcher_set_qos(struct tessera_accel *accel, struct tessera_dispatch_entity *ents,
			       enum tessera_qos what, u64 value);

/* sysfs.c */
extern const struct attribute_group tessera_dispatcher_group;

/* debugfs.c */
void tessera_debugfs_init(void);
void tessera_debugfs_exit(void);
void tessera_debugfs_add(struct tessera_accel *accel);
void tessera_debugfs_remove(struct tessera_accel *accel);

#endif /* TESSERA_DISPATCH_H */
