// SPDX-License-Identifier: GPL-2.0-only
/*
 * dispatch.c - drives the runlists of each engine: its lock, its timer, its traces
 *
 * What is decided when is in sched/tessera_runlist.c, which begins with its description. Events of
 * the hardware and one timer for each engine are all that makes it go on; here they are
 * serialised, and what it asks for is passed on to the hardware.
 */
#include <linux/slab.h>
#include "dispatch/dispatch_internal.h"
#include "tessera_compat.h"
#include "trace.h"

#define SYNC_TRIES	8u
#define TIMER_MIN_NS	1000u

/*
 * How often a V1 may come to have work in a window, on an engine; a V<N> an N-th of it, but at
 * least so often that one job of 10 us after the other, each waited for, is not held up.
 */
#define TESSERA_WAKE_WINDOW_NS	NSEC_PER_MSEC
#define TESSERA_WAKE_COUNT	128u
#define TESSERA_WAKE_COUNT_MIN	32u

static struct tessera_dispatcher *tessera_dispatcher_of(struct tessera_runlist *rl)
{
	return container_of(rl, struct tessera_dispatcher, rl);
}

static struct tessera_dispatch_entity *
tessera_dispatcher_entity(struct tessera_runlist_entity *run)
{
	return run ? container_of(run, struct tessera_dispatch_entity, run) : NULL;
}

static const char *tessera_dispatcher_name_of(struct tessera_runlist_entity *run)
{
	return run ? tessera_dispatcher_entity(run)->name : "-";
}

/**
 * tessera_dispatcher_engine_name() - return the name of a dispatcher's engine
 * @d: the dispatcher
 *
 * Context: any.
 * Return: one word.
 */
const char *tessera_dispatcher_engine_name(const struct tessera_dispatcher *d)
{
	return d->accel->hw->engine[d->engine].name;
}

/* --------------------------------------------------- what the runlist asks for -- */

static void tessera_dispatcher_submit(struct tessera_runlist *rl,
				      struct tessera_runlist_entity *run, u16 token, bool strict)
{
	struct tessera_dispatcher *d = tessera_dispatcher_of(rl);
	struct tessera_hw *hw = d->accel->hw;

	hw->ops->runlist_submit(hw, d->engine, run ? tessera_dispatcher_entity(run)->contexts : 0,
				token, strict);
}

static void tessera_dispatcher_disarm(struct tessera_dispatcher *d)
{
	d->expires = KTIME_MAX;
	hrtimer_try_to_cancel(&d->timer);
}

static void tessera_dispatcher_arm(struct tessera_dispatcher *d, ktime_t expires)
{
	d->expires = expires;
	hrtimer_start(&d->timer, d->expires, HRTIMER_MODE_ABS);
}

/* The slice runs from the device's time rl->now_ns, which is a little past already. */
static void tessera_dispatcher_arm_slice(struct tessera_runlist *rl, u64 ns)
{
	struct tessera_dispatcher *d = tessera_dispatcher_of(rl);
	struct tessera_hw *hw = d->accel->hw;
	u64 end = rl->now_ns + ns, now;

	if (!ns) {
		tessera_dispatcher_disarm(d);
		return;
	}
	now = tessera_runlist_time_ns(rl, hw->ops->time_ns(hw));
	tessera_dispatcher_arm(d, ktime_add_ns(ktime_get(), end > now + TIMER_MIN_NS ?
							    end - now : TIMER_MIN_NS));
}

static void tessera_dispatcher_arm_timeout(struct tessera_runlist *rl, u64 ns)
{
	struct tessera_dispatcher *d = tessera_dispatcher_of(rl);

	d->told = ktime_get();
	if (ns == TESSERA_RUNLIST_NO_TIMEOUT)
		tessera_dispatcher_disarm(d);
	else
		tessera_dispatcher_arm(d, ktime_add_ns(d->told, ns));
}

/**
 * tessera_dispatcher_rearm_timeout() - let the present wait end by the settings of now
 * @d: a dispatcher that is waiting, with its lock held
 *
 * Context: any; the dispatcher's lock is held.
 */
void tessera_dispatcher_rearm_timeout(struct tessera_dispatcher *d)
{
	lockdep_assert_held(&d->lock);
	tessera_dispatcher_arm(d, ktime_add_ns(d->told, tessera_runlist_timeout_ns(&d->rl)));
}

static void tessera_dispatcher_engine_reset(struct tessera_runlist *rl)
{
	struct tessera_dispatcher *d = tessera_dispatcher_of(rl);
	struct tessera_hw *hw = d->accel->hw;

	hw->ops->engine_reset(hw, d->engine);
}

static bool tessera_dispatcher_switching(struct tessera_runlist *rl)
{
	struct tessera_dispatcher *d = tessera_dispatcher_of(rl);
	struct tessera_hw *hw = d->accel->hw;

	return hw->ops->engine_switching(hw, d->engine);
}

static void tessera_dispatcher_device_dead(struct tessera_runlist *rl)
{
	tessera_accel_dead(tessera_dispatcher_of(rl)->accel);
}

static void tessera_dispatcher_counters(struct tessera_runlist *rl, u64 *busy_ns, u64 *time_ns)
{
	struct tessera_dispatcher *d = tessera_dispatcher_of(rl);
	struct tessera_hw *hw = d->accel->hw;
	struct tessera_hw_counters c;

	hw->ops->engine_counters(hw, d->engine, false, &c);
	*busy_ns = c.busy_ns;
	*time_ns = c.time_ns;
}

/* ------------------------------------------------------- log and traces -- */

static void tessera_dispatcher_log(struct tessera_dispatcher *d,
				   const struct tessera_runlist_note *note)
{
	struct tessera_log_entry *entry = &d->log[d->log_next];

	entry->time_ns = d->rl.now_ns;
	entry->event = note->type;
	strscpy(entry->vgpu, tessera_dispatcher_name_of(note->entity), sizeof(entry->vgpu));
	if (++d->log_next == TESSERA_LOG_ENTRIES) {
		d->log_next = 0;
		d->log_full = true;
	}
}

static void tessera_dispatcher_report_reset(struct tessera_dispatcher *d,
					    const struct tessera_runlist_note *note)
{
	const struct tessera_dispatch_entity *ent = tessera_dispatcher_entity(note->entity);

	if (!note->value && ent && __ratelimit(ent->log))
		dev_notice(&d->accel->pdev->dev, "vGPU %s did not release the %s engine within %u us: the engine is reset.\n",
			   ent->name, tessera_dispatcher_engine_name(d),
			   READ_ONCE(d->accel->preempt_timeout_us));
}

static void tessera_dispatcher_note(struct tessera_runlist *rl,
				    const struct tessera_runlist_note *note)
{
	struct tessera_dispatcher *d = tessera_dispatcher_of(rl);
	const struct device *dev = &d->accel->pdev->dev;
	const char *name = tessera_dispatcher_name_of(note->entity);
	const char *engine = tessera_dispatcher_engine_name(d);
	u64 now = rl->now_ns;

	lockdep_assert_held(&d->lock);
	tessera_dispatcher_log(d, note);
	switch (note->type) {
	case TESSERA_RUNLIST_NOTE_ENQUEUE:
		trace_tessera_enqueue(dev, engine, now, name, note->ctx, note->busy_ns);
		break;
	case TESSERA_RUNLIST_NOTE_PICK:
		trace_tessera_pick(dev, engine, now, name, note->value);
		break;
	case TESSERA_RUNLIST_NOTE_PREEMPT:
		trace_tessera_preempt(dev, engine, now, name, note->strict, note->token);
		break;
	case TESSERA_RUNLIST_NOTE_OVERSHOOT:
		trace_tessera_overshoot(dev, engine, now, name, note->value);
		break;
	case TESSERA_RUNLIST_NOTE_SWITCH:
		trace_tessera_world_switch(dev, engine, now, tessera_dispatcher_name_of(note->from),
					   name, note->token, note->busy_ns, note->switch_ns);
		break;
	case TESSERA_RUNLIST_NOTE_IDLE:
		trace_tessera_idle(dev, engine, now, name, note->token, note->busy_ns);
		break;
	case TESSERA_RUNLIST_NOTE_RESET:
		trace_tessera_reset(dev, engine, now, name, false, note->value);
		tessera_dispatcher_report_reset(d, note);
		break;
	case TESSERA_RUNLIST_NOTE_DOWN:
		trace_tessera_reset(dev, engine, now, name, true, note->value);
		break;
	case TESSERA_RUNLIST_NOTE_RESET_DONE:
	case TESSERA_RUNLIST_NOTE_START:
	case TESSERA_RUNLIST_NOTE_STOP:
		break;
	}
}

static const struct tessera_runlist_ops tessera_dispatcher_runlist_ops = {
	.submit = tessera_dispatcher_submit,
	.arm_slice = tessera_dispatcher_arm_slice,
	.arm_timeout = tessera_dispatcher_arm_timeout,
	.engine_reset = tessera_dispatcher_engine_reset,
	.engine_switching = tessera_dispatcher_switching,
	.device_dead = tessera_dispatcher_device_dead,
	.counters = tessera_dispatcher_counters,
	.note = tessera_dispatcher_note,
};

/* ------------------------------------------------------ events and timer -- */

/*
 * Coming to have work and running out of it are an interrupt each, and two queues that hand a
 * semaphore to and fro do so thousands of times for one doorbell. A vGPU that has used up its
 * budget is off the engine, where it makes no events, until the window's end. (Engines in software
 * know of work only by what their guests trap for.)
 */
static bool tessera_dispatcher_hold(struct tessera_dispatcher *d,
				    struct tessera_dispatch_entity *ent)
{
	u64 now = ktime_get_mono_fast_ns();

	lockdep_assert_held(&d->lock);
	if (ent->held || !tessera_hw_has(d->accel->hw, TESSERA_HW_EVENTS))
		return false;
	if (now - ent->begin_ns >= TESSERA_WAKE_WINDOW_NS) {
		ent->begin_ns = now;
		ent->wakes = 0;
	}
	if (++ent->wakes <= max(TESSERA_WAKE_COUNT / ent->type->div, TESSERA_WAKE_COUNT_MIN) ||
	    !ent->run.sched.running)
		return false;
	ent->held = true;
	tessera_runlist_stop(&d->rl, &ent->run);
	if (!d->releasing)
		hrtimer_start(&d->release,
			      ns_to_ktime(ent->begin_ns + TESSERA_WAKE_WINDOW_NS - now),
			      HRTIMER_MODE_REL);
	d->releasing = true;
	return true;
}

/*
 * Hardware may be faster than this CPU: behind the event for which a vGPU is held there are
 * hundreds of others, of work that it came to have and ran out of. They tell nothing. It is on its
 * way off the engine, and will come back as one that has work.
 */
static bool tessera_dispatcher_is_moot(struct tessera_dispatcher *d,
				       const struct tessera_hw_event *ev,
				       const struct tessera_dispatch_entity *ents)
{
	const struct tessera_dispatch_entity *in_force = tessera_dispatcher_entity(d->rl.in_force);

	lockdep_assert_held(&d->lock);
	if (ev->type == TESSERA_HW_PENDING)
		return ents && ents[ev->engine].held;
	return ev->type == TESSERA_HW_IDLE && in_force && in_force->held;
}

static enum hrtimer_restart tessera_dispatcher_release(struct hrtimer *timer)
{
	struct tessera_dispatcher *d = container_of(timer, struct tessera_dispatcher, release);
	struct tessera_dispatch_entity *ent;
	struct tessera_hw_counters c;
	unsigned long flags;

	flags = tessera_dispatcher_sync_lock(d, &c);
	d->releasing = false;
	list_for_each_entry(ent, &d->entities, node) {
		if (!ent->held)
			continue;
		ent->held = false;
		ent->begin_ns = ktime_get_mono_fast_ns();
		ent->wakes = 0;
		tessera_runlist_start(&d->rl, &ent->run);
		/* What it had, or has got meanwhile, it still has. */
		tessera_runlist_wake(&d->rl, &ent->run, __ffs64(ent->contexts));
	}
	tessera_dispatcher_unlock(d, flags);
	return HRTIMER_NORESTART;
}

/**
 * tessera_dispatcher_event() - act on what the hardware reports about an engine
 * @accel: the accelerator
 * @ev: the event, no fault
 * @ents: of the vGPU whose context it names, if any
 *
 * Context: hard interrupt; under RCU, so that the vGPU stays.
 * Return: true if the vGPU makes too many of them, and is held back for a while.
 */
bool tessera_dispatcher_event(struct tessera_accel *accel, const struct tessera_hw_event *ev,
			      struct tessera_dispatch_entity *ents)
{
	static const enum tessera_runlist_event_type types[] = {
		[TESSERA_HW_SWITCHED] = TESSERA_RUNLIST_SWITCHED,
		[TESSERA_HW_IDLE] = TESSERA_RUNLIST_IDLE,
		[TESSERA_HW_PENDING] = TESSERA_RUNLIST_PENDING,
		[TESSERA_HW_RESET_DONE] = TESSERA_RUNLIST_RESET_DONE,
	};
	struct tessera_dispatcher *d = &accel->dispatchers[ev->engine];
	struct tessera_runlist_event event = {
		.type = types[ev->type],
		.entity = ents ? &ents[ev->engine].run : NULL,
		.token = ev->token,
		.ctx = ev->ctx,
		.time_ns = ev->time_ns,
		.busy_ns = ev->busy_ns,
		.switch_ns = ev->switch_ns,
	};
	unsigned long flags;
	bool held = false;

	spin_lock_irqsave(&d->lock, flags);
	if (!tessera_dispatcher_is_moot(d, ev, ents)) {
		tessera_runlist_event(&d->rl, &event);
		if (ev->type == TESSERA_HW_PENDING && ents && !d->rl.down)
			held = tessera_dispatcher_hold(d, &ents[ev->engine]);
	}
	spin_unlock_irqrestore(&d->lock, flags);
	return held;
}

static enum hrtimer_restart tessera_dispatcher_timer(struct hrtimer *timer)
{
	struct tessera_dispatcher *d = container_of(timer, struct tessera_dispatcher, timer);
	struct tessera_hw *hw = d->accel->hw;
	unsigned long flags;

	/* What has happened comes before what is to happen. */
	hw->ops->drain_events(hw);
	spin_lock_irqsave(&d->lock, flags);
	/* Otherwise it was set anew while we waited for the lock. */
	if (!ktime_before(ktime_get(), d->expires)) {
		d->expires = KTIME_MAX;
		tessera_runlist_timer(&d->rl);
	}
	spin_unlock_irqrestore(&d->lock, flags);
	return HRTIMER_NORESTART;
}

/**
 * tessera_dispatcher_sync_lock() - lock an engine with its accounts current
 * @d: its dispatcher
 * @c: the counters to which they are current
 *
 * Context: any, but not from within an event.
 * Return: flags, for tessera_dispatcher_unlock().
 */
unsigned long tessera_dispatcher_sync_lock(struct tessera_dispatcher *d,
					   struct tessera_hw_counters *c)
	__acquires(&d->lock)
{
	struct tessera_hw *hw = d->accel->hw;
	unsigned long flags;
	unsigned int tries;

	for (tries = 0;; tries++) {
		hw->ops->drain_events(hw);
		spin_lock_irqsave(&d->lock, flags);
		memset(c, 0, sizeof(*c));
		if (d->rl.down)
			return flags;
		hw->ops->engine_counters(hw, d->engine, true, c);
		/* Counters first: if it is not switched after, it was not switched then. */
		if (!d->rl.waiting || hw->ops->engine_switching(hw, d->engine)) {
			tessera_runlist_charge(&d->rl, c->busy_ns, c->time_ns);
			return flags;
		}
		if (tries == SYNC_TRIES)
			return flags;
		spin_unlock_irqrestore(&d->lock, flags);
		cpu_relax();
	}
}

/**
 * tessera_dispatcher_unlock() - undo tessera_dispatcher_sync_lock()
 * @d: the dispatcher
 * @flags: what that returned
 *
 * Context: any; the dispatcher's lock is held, and then no more.
 */
void tessera_dispatcher_unlock(struct tessera_dispatcher *d, unsigned long flags)
	__releases(&d->lock)
{
	spin_unlock_irqrestore(&d->lock, flags);
}

/* --------------------------------------------------------- from above -- */

/**
 * tessera_dispatcher_add() - let a vGPU be known on all engines
 * @accel: the accelerator
 * @ents: the vGPU on each engine
 * @name: the vGPU's name, which stays
 * @type: its size
 * @contexts: its contexts, a bit each
 * @log: limits the lines in the log that are about it
 *
 * Context: may sleep.
 */
void tessera_dispatcher_add(struct tessera_accel *accel, struct tessera_dispatch_entity *ents,
			    const char *name, const struct tessera_type *type, u64 contexts,
			    struct ratelimit_state *log)
{
	struct tessera_hw_counters c;
	struct tessera_dispatcher *d;
	unsigned long flags;

	for_each_dispatcher(d, accel) {
		struct tessera_dispatch_entity *ent = &ents[d->engine];

		ent->name = name;
		ent->type = type;
		ent->contexts = contexts;
		ent->log = log;
		tessera_runlist_entity_init(&ent->run, name, type->div);
		flags = tessera_dispatcher_sync_lock(d, &c);
		list_add_tail(&ent->node, &d->entities);
		tessera_runlist_add(&d->rl, &ent->run);
		tessera_dispatcher_unlock(d, flags);
	}
}

/**
 * tessera_dispatcher_remove() - forget a vGPU that has been stopped
 * @accel: the accelerator
 * @ents: the vGPU on each engine; afterwards nothing here points to it
 *
 * Context: may sleep.
 */
void tessera_dispatcher_remove(struct tessera_accel *accel, struct tessera_dispatch_entity *ents)
{
	struct tessera_hw_counters c;
	struct tessera_dispatcher *d;
	unsigned long flags;

	for_each_dispatcher(d, accel) {
		flags = tessera_dispatcher_sync_lock(d, &c);
		tessera_runlist_remove(&d->rl, &ents[d->engine].run);
		list_del(&ents[d->engine].node);
		tessera_dispatcher_unlock(d, flags);
	}
}

/**
 * tessera_dispatcher_start() - let a vGPU that its guest has enabled compete for the engines
 * @accel: the accelerator
 * @ents: the vGPU on each engine
 *
 * Context: may sleep.
 */
void tessera_dispatcher_start(struct tessera_accel *accel, struct tessera_dispatch_entity *ents)
{
	struct tessera_hw_counters c;
	struct tessera_dispatcher *d;
	unsigned long flags;

	for_each_dispatcher(d, accel) {
		flags = tessera_dispatcher_sync_lock(d, &c);
		ents[d->engine].held = false;
		tessera_runlist_start(&d->rl, &ents[d->engine].run);
		tessera_dispatcher_unlock(d, flags);
	}
}

/**
 * tessera_dispatcher_stop() - let a vGPU whose contexts are destroyed compete no longer
 * @accel: the accelerator
 * @ents: the vGPU on each engine, running or not
 *
 * Context: may sleep.
 */
void tessera_dispatcher_stop(struct tessera_accel *accel, struct tessera_dispatch_entity *ents)
{
	struct tessera_hw_counters c;
	struct tessera_dispatcher *d;
	unsigned long flags;

	for_each_dispatcher(d, accel) {
		flags = tessera_dispatcher_sync_lock(d, &c);
		ents[d->engine].held = false;
		tessera_runlist_stop(&d->rl, &ents[d->engine].run);
		tessera_dispatcher_unlock(d, flags);
	}
}

/**
 * tessera_dispatcher_down() - stop all vGPUs, since the device is about to be reset
 * @accel: the accelerator
 *
 * Context: may sleep.
 */
void tessera_dispatcher_down(struct tessera_accel *accel)
{
	struct tessera_dispatch_entity *ent;
	struct tessera_dispatcher *d;

	for_each_dispatcher(d, accel) {
		spin_lock_irq(&d->lock);
		d->expires = KTIME_MAX;
		tessera_runlist_down(&d->rl);
		list_for_each_entry(ent, &d->entities, node)
			ent->held = false;
		d->releasing = false;
		spin_unlock_irq(&d->lock);
		hrtimer_cancel(&d->timer);
		hrtimer_cancel(&d->release);
	}
}

/**
 * tessera_dispatcher_up() - go on after the device was reset and enabled
 * @accel: the accelerator
 *
 * Context: may sleep.
 */
void tessera_dispatcher_up(struct tessera_accel *accel)
{
	struct tessera_hw *hw = accel->hw;
	struct tessera_dispatcher *d;

	for_each_dispatcher(d, accel) {
		spin_lock_irq(&d->lock);
		tessera_runlist_up(&d->rl, hw->ops->time_ns(hw));
		spin_unlock_irq(&d->lock);
	}
}

/**
 * tessera_dispatcher_init() - prepare a dispatcher for each engine, before the hardware starts
 * @accel: the accelerator
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int tessera_dispatcher_init(struct tessera_accel *accel)
{
	struct tessera_dispatcher *d;

	accel->preempt_strict = tessera_hw_has(accel->hw, TESSERA_HW_STRICT_PREEMPT);
	accel->preempt_timeout_us = accel->hw->preempt_timeout_us;
	accel->dispatchers = kvcalloc(accel->hw->num_engines, sizeof(*accel->dispatchers),
				      GFP_KERNEL);
	if (!accel->dispatchers)
		return -ENOMEM;
	for_each_dispatcher(d, accel) {
		d->accel = accel;
		d->engine = d - accel->dispatchers;
		d->expires = KTIME_MAX;
		spin_lock_init(&d->lock);
		INIT_LIST_HEAD(&d->entities);
		tessera_runlist_init(&d->rl, &tessera_dispatcher_runlist_ops,
				     tessera_sched_policies[0]);
		d->rl.no_reset = !tessera_hw_has(accel->hw, TESSERA_HW_ENGINE_RESET);
		d->rl.strict = accel->preempt_strict;
		d->rl.preempt_timeout_ns = (u64)accel->preempt_timeout_us * NSEC_PER_USEC;
#ifdef TESSERA_HAVE_HRTIMER_SETUP
		hrtimer_setup(&d->timer, tessera_dispatcher_timer, CLOCK_MONOTONIC,
			      HRTIMER_MODE_ABS);
		hrtimer_setup(&d->release, tessera_dispatcher_release, CLOCK_MONOTONIC,
			      HRTIMER_MODE_REL);
#else
		hrtimer_init(&d->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
		d->timer.function = tessera_dispatcher_timer;
		hrtimer_init(&d->release, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
		d->release.function = tessera_dispatcher_release;
#endif
	}
	return 0;
}

/**
 * tessera_dispatcher_fini() - undo tessera_dispatcher_init(), after the hardware has stopped
 * @accel: the accelerator, without vGPUs, whose dispatchers are down
 *
 * Context: may sleep.
 */
void tessera_dispatcher_fini(struct tessera_accel *accel)
{
	kvfree(accel->dispatchers);
}

/**
 * tessera_dispatcher_snapshot() - read a vGPU's figures on an engine, as of now
 * @accel: the accelerator
 * @ents: the vGPU on each engine
 * @engine: the engine, below struct tessera_hw.num_engines
 * @snap: where to
 *
 * Context: any, but not from within an event.
 */
void tessera_dispatcher_snapshot(struct tessera_accel *accel, struct tessera_dispatch_entity *ents,
				 u32 engine, struct tessera_sched_snapshot *snap)
{
	struct tessera_dispatcher *d = &accel->dispatchers[engine];
	const struct tessera_runlist_entity *run = &ents[engine].run;
	struct tessera_hw_counters c;
	unsigned long flags;

	flags = tessera_dispatcher_sync_lock(d, &c);
	snap->busy_ns = run->busy_ns;
	snap->slices = run->sched.slices;
	snap->overshoot_ns = run->sched.overshoot_ns;
	snap->debt_ns = run->sched.debt_ns;
	snap->resets = run->resets;
	tessera_dispatcher_unlock(d, flags);
}
