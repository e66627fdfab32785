/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guilt.h - what a vGPU has done to others, or tried to: named, counted, and ended
 */
#ifndef TESSERA_VGPU_GUILT_H
#define TESSERA_VGPU_GUILT_H

#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include "tessera.h"
#include "accel/hw.h"

#define TESSERA_GUILT_STORM	100u	/* faults in a second */
#define TESSERA_GUILT_FLOODS	200u	/* times that it was held back in a second */
#define TESSERA_GUILT_NOTHING	U32_MAX	/* no engine, no context, no command that is known */

/**
 * enum tessera_guilt_kind - what a vGPU can be guilty of
 * @TESSERA_GUILT_NONE: nothing yet
 * @TESSERA_GUILT_ENGINE_RESET: an engine had to be reset to take it away from the vGPU
 * @TESSERA_GUILT_FAULT_STORM: TESSERA_GUILT_STORM faults of its contexts in a second
 * @TESSERA_GUILT_FLOOD: its interrupts or events were held back TESSERA_GUILT_FLOODS times in a
 *                       second
 * @TESSERA_GUILT_LIMIT: it has asked for more of something than its part, once a second at most
 */
enum tessera_guilt_kind {
	TESSERA_GUILT_NONE,
	TESSERA_GUILT_ENGINE_RESET,
	TESSERA_GUILT_FAULT_STORM,
	TESSERA_GUILT_FLOOD,
	TESSERA_GUILT_LIMIT,
};

/**
 * struct tessera_guilt_owner - the process that has a vGPU open
 * @pid: as the initial namespace knows it; 0: none
 * @comm: its main thread's name, which it can choose
 */
struct tessera_guilt_owner {
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/**
 * struct tessera_guilt_offence - one thing that a vGPU is guilty of
 * @kind: what
 * @engine: where, or TESSERA_GUILT_NOTHING
 * @ctx: the vGPU's context, likewise
 * @command: the opcode that ran, likewise
 * @time_ns: when, in time since 1970
 * @owner: who had the vGPU open
 */
struct tessera_guilt_offence {
	enum tessera_guilt_kind kind;
	u32 engine;
	u32 ctx;
	u32 command;
	u64 time_ns;
	struct tessera_guilt_owner owner;
};

/**
 * struct tessera_guilt_second - how often something happened in one second
 * @start_ns: when the second began
 * @count: how often since
 */
struct tessera_guilt_second {
	u64 start_ns;
	u32 count;
};

/**
 * struct tessera_vgpu_guilt - a vGPU's record
 * @lock: protects all down to @limits; taken in interrupts, a leaf
 * @owner: who has it open
 * @last: the last offence
 * @count: offences since it was made
 * @period_start_ns: the present period began with an offence, then
 * @in_period: offences in it
 * @faults: faults of this second
 * @floods: times that it was held back in this second
 * @limits: limits exceeded in this second
 * @after: so many offences in a period, and the vGPU is quarantined; 0: never. Read without a lock
 * @period_s: length of a period. Likewise
 * @quarantined: nothing of it runs until the operator says so; written under @lock, read without
 * @condemned: it has been quarantined since its guest enabled it, for however short a time.
 *             Likewise
 * @stop: mutex: a stop because of it, or its end
 * @tell: tells user space
 * @tell_next: not before (jiffies)
 */
struct tessera_vgpu_guilt {
	spinlock_t lock;	/* see above */
	struct tessera_guilt_owner owner;
	struct tessera_guilt_offence last;
	u64 count;
	u64 period_start_ns;
	u32 in_period;
	struct tessera_guilt_second faults, floods, limits;
	u32 after;
	u32 period_s;
	bool quarantined;
	bool condemned;
	struct mutex stop;	/* see above */
	struct delayed_work tell;
	unsigned long tell_next;
};

/* Until the operator lets the vGPU in again, whoever opens it; any context. */
static inline bool tessera_guilt_quarantined(const struct tessera_vgpu_guilt *guilt)
{
	return READ_ONCE(guilt->quarantined);
}

/* What its guest had is lost, also when the quarantine is over; any context. */
static inline bool tessera_guilt_condemned(const struct tessera_vgpu_guilt *guilt)
{
	return READ_ONCE(guilt->condemned);
}

void tessera_guilt_init(struct tessera_vgpu *vgpu);
void tessera_guilt_fini(struct tessera_vgpu *vgpu);
void tessera_guilt_opened(struct tessera_vgpu *vgpu);
void tessera_guilt_closed(struct tessera_vgpu *vgpu);
void tessera_guilt_event(struct tessera_vgpu *vgpu, const struct tessera_hw_event *ev);
void tessera_guilt_flood(struct tessera_vgpu *vgpu);
void tessera_guilt_limit(struct tessera_vgpu *vgpu, u32 ctx);
u32 tessera_guilt_unnamed(struct tessera_vgpu *vgpu);
void tessera_guilt_name(struct tessera_vgpu *vgpu, u32 ctx, u32 command);
ssize_t tessera_guilt_show(struct tessera_vgpu *vgpu, char *buf);
void tessera_guilt_quarantine(struct tessera_vgpu *vgpu, bool on);
bool tessera_guilt_admit(struct tessera_vgpu *vgpu);

#endif /* TESSERA_VGPU_GUILT_H */
