// SPDX-License-Identifier: GPL-2.0-only
/*
 * guilt.c - what a vGPU has done to others, or tried to: named, counted, and ended
 *
 * Isolation does not depend on this: an offence has cost its vGPU a context already, or was
 * refused. Here it is written down with the process that had the vGPU open, and user space hears
 * of it by a uevent, once a second at most. Where the operator has set a number, a vGPU with so
 * many offences in a period is quarantined: it is taken off the engines at once, its worker tells
 * the guest as after a device reset, and enabling it fails until the operator lets it in again. A
 * period begins with an offence.
 *
 * The operator may do so before the worker has got to it, which may be waiting for guest memory.
 * By then the vGPU may be off the engines or not. So a quarantine condemns it: what its guest has
 * is lost in any case, and only enabling it anew puts it back on the engines.
 *
 * An offence is noted in interrupts, so all else is left to a work item. That one waits for
 * nothing that a guest or its process can delay.
 */
#include <linux/ctype.h>
#include <linux/ktime.h>
#include <linux/sysfs.h>
#include "vgpu/guilt.h"
#include "vgpu/vgpu.h"

#define TESSERA_GUILT_PERIOD_S	60u
#define TESSERA_GUILT_TELL	HZ	/* between two uevents of a vGPU */

static const char *const tessera_guilt_kinds[] = {
	[TESSERA_GUILT_NONE] = "none",
	[TESSERA_GUILT_ENGINE_RESET] = "engine_reset",
	[TESSERA_GUILT_FAULT_STORM] = "fault_storm",
	[TESSERA_GUILT_FLOOD] = "flood",
	[TESSERA_GUILT_LIMIT] = "limit",
};

static void tessera_guilt_emit(struct tessera_vgpu *vgpu)
{
	struct tessera_vgpu_guilt *g = &vgpu->guilt;
	char kind[40], count[40], pid[32], comm[16 + TASK_COMM_LEN], quarantined[32];
	char *env[6] = { kind, count, pid, comm, quarantined, NULL };

	spin_lock_irq(&g->lock);
	snprintf(kind, sizeof(kind), "TESSERA_FAULT=%s", tessera_guilt_kinds[g->last.kind]);
	snprintf(count, sizeof(count), "TESSERA_FAULTS=%llu", g->count);
	snprintf(pid, sizeof(pid), "TESSERA_PID=%d", g->last.owner.pid);
	snprintf(comm, sizeof(comm), "TESSERA_COMM=%s", g->last.owner.comm);
	snprintf(quarantined, sizeof(quarantined), "TESSERA_QUARANTINED=%d", g->quarantined);
	g->tell_next = jiffies + TESSERA_GUILT_TELL;
	spin_unlock_irq(&g->lock);
	kobject_uevent_env(&vgpu->mdev->dev.kobj, KOBJ_CHANGE, env);
}

static void tessera_guilt_tell(struct work_struct *work)
{
	struct tessera_vgpu *vgpu = container_of(to_delayed_work(work), struct tessera_vgpu,
						 guilt.tell);

	/* Its worker does the rest, and tells the guest, but may have to wait for the guest. */
	mutex_lock(&vgpu->guilt.stop);
	if (tessera_guilt_quarantined(&vgpu->guilt))
		tessera_dispatcher_stop(vgpu->accel, vgpu->engine);
	mutex_unlock(&vgpu->guilt.stop);
	tessera_guilt_emit(vgpu);
}

/* Nothing of it runs from now on. */
static void tessera_guilt_condemn(struct tessera_vgpu *vgpu)
{
	struct tessera_vgpu_guilt *g = &vgpu->guilt;

	lockdep_assert_held(&g->lock);
	WRITE_ONCE(g->quarantined, true);
	WRITE_ONCE(g->condemned, true);
}

/* Have user space told; at once if the vGPU is to be stopped. */
static void tessera_guilt_schedule(struct tessera_vgpu *vgpu, bool stop)
{
	struct tessera_vgpu_guilt *g = &vgpu->guilt;
	unsigned long now = jiffies;

	lockdep_assert_held(&g->lock);
	if (stop)
		mod_delayed_work(system_wq, &g->tell, 0);
	else
		queue_delayed_work(system_wq, &g->tell,
				   time_before(now, g->tell_next) ? g->tell_next - now : 0);
}

static void tessera_guilt_offend(struct tessera_vgpu *vgpu, enum tessera_guilt_kind kind,
				 u32 engine, u32 ctx)
{
	struct tessera_vgpu_guilt *g = &vgpu->guilt;
	u64 now = ktime_get_boottime_ns();
	bool stop;

	lockdep_assert_held(&g->lock);
	g->last = (struct tessera_guilt_offence){
		.kind = kind,
		.engine = engine,
		.ctx = ctx,
		.command = TESSERA_GUILT_NOTHING,
		.time_ns = ktime_get_real_ns(),
		.owner = g->owner,
	};
	g->count++;
	if (now - g->period_start_ns >= (u64)READ_ONCE(g->period_s) * NSEC_PER_SEC) {
		g->period_start_ns = now;
		g->in_period = 0;
	}
	g->in_period++;
	stop = !g->quarantined && g->after && g->in_period >= READ_ONCE(g->after);
	if (stop)
		tessera_guilt_condemn(vgpu);
	tessera_guilt_schedule(vgpu, stop);
	tessera_vgpu_kick(vgpu);
}

/* How often it has happened in this second, with this time. */
static u32 tessera_guilt_again(struct tessera_guilt_second *s)
{
	u64 now = ktime_get_boottime_ns();

	if (!s->count || now - s->start_ns >= NSEC_PER_SEC) {
		s->start_ns = now;
		s->count = 0;
	}
	return ++s->count;
}

/**
 * tessera_guilt_event() - look at what the hardware reports about a vGPU
 * @vgpu: the vGPU whose context it names
 * @ev: the event
 *
 * Context: hard interrupt; under RCU, so that the vGPU stays.
 */
void tessera_guilt_event(struct tessera_vgpu *vgpu, const struct tessera_hw_event *ev)
{
	struct tessera_vgpu_guilt *g = &vgpu->guilt;
	u32 ctx = ev->ctx - vgpu->part.first_ctx;
	unsigned long flags;

	spin_lock_irqsave(&g->lock, flags);
	if (ev->type == TESSERA_HW_RESET_DONE)
		tessera_guilt_offend(vgpu, TESSERA_GUILT_ENGINE_RESET, ev->engine, ctx);
	else if (ev->type == TESSERA_HW_FAULT &&
		 tessera_guilt_again(&g->faults) == TESSERA_GUILT_STORM)
		tessera_guilt_offend(vgpu, TESSERA_GUILT_FAULT_STORM, ev->engine, ctx);
	spin_unlock_irqrestore(&g->lock, flags);
}

/**
 * tessera_guilt_flood() - note that what a vGPU causes in the host was held back
 * @vgpu: the vGPU
 *
 * Context: any.
 */
void tessera_guilt_flood(struct tessera_vgpu *vgpu)
{
	struct tessera_vgpu_guilt *g = &vgpu->guilt;
	unsigned long flags;

	spin_lock_irqsave(&g->lock, flags);
	if (tessera_guilt_again(&g->floods) == TESSERA_GUILT_FLOODS)
		tessera_guilt_offend(vgpu, TESSERA_GUILT_FLOOD, TESSERA_GUILT_NOTHING,
				     TESSERA_GUILT_NOTHING);
	spin_unlock_irqrestore(&g->lock, flags);
}

/**
 * tessera_guilt_limit() - note that a vGPU was refused more than its part
 * @vgpu: the vGPU
 * @ctx: its context
 *
 * Context: process.
 */
void tessera_guilt_limit(struct tessera_vgpu *vgpu, u32 ctx)
{
	struct tessera_vgpu_guilt *g = &vgpu->guilt;

	spin_lock_irq(&g->lock);
	if (tessera_guilt_again(&g->limits) == 1)
		tessera_guilt_offend(vgpu, TESSERA_GUILT_LIMIT, TESSERA_GUILT_NOTHING, ctx);
	spin_unlock_irq(&g->lock);
}

/**
 * tessera_guilt_unnamed() - ask whether the hardware may know what command the last offence was
 * @vgpu: the vGPU
 *
 * Context: process.
 * Return: its context of which an engine reset has not been looked into, or TESSERA_GUILT_NOTHING.
 */
u32 tessera_guilt_unnamed(struct tessera_vgpu *vgpu)
{
	struct tessera_vgpu_guilt *g = &vgpu->guilt;
	u32 ctx = TESSERA_GUILT_NOTHING;

	spin_lock_irq(&g->lock);
	if (g->last.kind == TESSERA_GUILT_ENGINE_RESET &&
	    g->last.command == TESSERA_GUILT_NOTHING)
		ctx = g->last.ctx;
	spin_unlock_irq(&g->lock);
	return ctx;
}

/**
 * tessera_guilt_name() - say what command an engine was reset for
 * @vgpu: the vGPU
 * @ctx: its context
 * @command: the opcode
 *
 * Context: process.
 */
void tessera_guilt_name(struct tessera_vgpu *vgpu, u32 ctx, u32 command)
{
	struct tessera_vgpu_guilt *g = &vgpu->guilt;

	spin_lock_irq(&g->lock);
	if (g->last.kind == TESSERA_GUILT_ENGINE_RESET && g->last.ctx == ctx)
		g->last.command = command;
	spin_unlock_irq(&g->lock);
}

/* The name is the process's own choice: what does not print is not printed. */
static void tessera_guilt_clean(char *comm)
{
	for (; *comm; comm++) {
		if (!isascii(*comm) || !isprint(*comm))
			*comm = '?';
	}
}

static void tessera_guilt_set_owner(struct tessera_vgpu *vgpu,
				    const struct tessera_guilt_owner *owner)
{
	struct tessera_vgpu_guilt *g = &vgpu->guilt;

	spin_lock_irq(&g->lock);
	g->owner = *owner;
	spin_unlock_irq(&g->lock);
}

/**
 * tessera_guilt_opened() - note who answers for a vGPU from now on
 * @vgpu: the vGPU, which the current process opens
 *
 * Context: process.
 */
void tessera_guilt_opened(struct tessera_vgpu *vgpu)
{
	struct tessera_guilt_owner owner = { .pid = current->tgid };

	strscpy(owner.comm, current->group_leader->comm, sizeof(owner.comm));
	tessera_guilt_clean(owner.comm);
	tessera_guilt_set_owner(vgpu, &owner);
}

/**
 * tessera_guilt_closed() - note that nobody answers for a vGPU any more
 * @vgpu: the vGPU
 *
 * Context: process.
 */
void tessera_guilt_closed(struct tessera_vgpu *vgpu)
{
	tessera_guilt_set_owner(vgpu, &(struct tessera_guilt_owner){});
}

/**
 * tessera_guilt_show() - write the last offence down for sysfs
 * @vgpu: the vGPU
 * @buf: a page
 *
 * Context: process.
 * Return: bytes written.
 */
ssize_t tessera_guilt_show(struct tessera_vgpu *vgpu, char *buf)
{
	struct tessera_vgpu_guilt *g = &vgpu->guilt;
	struct tessera_guilt_offence o;
	u32 ms;
	int n;

	spin_lock_irq(&g->lock);
	o = g->last;
	spin_unlock_irq(&g->lock);
	n = sysfs_emit(buf, "kind=%s", tessera_guilt_kinds[o.kind]);
	if (o.kind == TESSERA_GUILT_NONE)
		return n + sysfs_emit_at(buf, n, "\n");
	if (o.engine != TESSERA_GUILT_NOTHING)
		n += sysfs_emit_at(buf, n, " engine=%s", vgpu->accel->hw->engine[o.engine].name);
	if (o.ctx != TESSERA_GUILT_NOTHING)
		n += sysfs_emit_at(buf, n, " ctx=%u", o.ctx);
	if (o.command != TESSERA_GUILT_NOTHING)
		n += sysfs_emit_at(buf, n, " command=0x%x", o.command);
	ms = div_u64(o.time_ns, NSEC_PER_MSEC) % MSEC_PER_SEC;
	n += sysfs_emit_at(buf, n, " time=%llu.%03u pid=%d comm=%s\n",
			   div_u64(o.time_ns, NSEC_PER_SEC), ms, o.owner.pid, o.owner.comm);
	return n;
}

/* ---------------------------------------------------------- quarantine -- */

/**
 * tessera_guilt_quarantine() - put a vGPU into quarantine, or let it in again, for an operator
 * @vgpu: the vGPU
 * @on: nothing of it runs, rather than that its guest may reset it and go on
 *
 * Context: may sleep.
 */
void tessera_guilt_quarantine(struct tessera_vgpu *vgpu, bool on)
{
	struct tessera_vgpu_guilt *g = &vgpu->guilt;

	mutex_lock(&g->stop);
	spin_lock_irq(&g->lock);
	if (g->quarantined != on) {
		if (on)
			tessera_guilt_condemn(vgpu);
		else
			WRITE_ONCE(g->quarantined, false);
		g->in_period = 0;
		tessera_guilt_schedule(vgpu, true);
		tessera_vgpu_kick(vgpu);
	}
	spin_unlock_irq(&g->lock);
	mutex_unlock(&g->stop);
}

/**
 * tessera_guilt_admit() - ask whether a vGPU that has nothing may come to the engines
 * @vgpu: the vGPU, off, with its lock held
 *
 * Context: may sleep.
 * Return: false if it is in quarantine.
 */
bool tessera_guilt_admit(struct tessera_vgpu *vgpu)
{
	struct tessera_vgpu_guilt *g = &vgpu->guilt;
	bool admit;

	lockdep_assert_held(&vgpu->lock);
	spin_lock_irq(&g->lock);
	admit = !g->quarantined;
	if (admit)
		WRITE_ONCE(g->condemned, false);
	spin_unlock_irq(&g->lock);
	return admit;
}

/* ------------------------------------------------------- init and fini -- */

/**
 * tessera_guilt_init() - begin a vGPU's record
 * @vgpu: the vGPU
 *
 * Context: any; nobody else uses the vGPU yet.
 */
void tessera_guilt_init(struct tessera_vgpu *vgpu)
{
	struct tessera_vgpu_guilt *g = &vgpu->guilt;

	spin_lock_init(&g->lock);
	mutex_init(&g->stop);
	INIT_DELAYED_WORK(&g->tell, tessera_guilt_tell);
	g->period_s = TESSERA_GUILT_PERIOD_S;
	g->tell_next = jiffies;
}

/**
 * tessera_guilt_fini() - wait until nobody is told of a vGPU any more
 * @vgpu: the vGPU, closed, of which no event comes any more
 *
 * Context: may sleep.
 */
void tessera_guilt_fini(struct tessera_vgpu *vgpu)
{
	cancel_delayed_work_sync(&vgpu->guilt.tell);
}
