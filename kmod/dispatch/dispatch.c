// SPDX-License-Identifier: GPL-2.0-only
/*
 * dispatch.c - turns the scheduler's decisions into runlists and preemptions
 *
 * DOC: the dispatcher
 *
 * Each engine has a scheduler (sched/, which knows policies and nothing of hardware) and a
 * dispatcher, which knows the hardware and no policy. The dispatcher runs on two things
 * only: events of the hardware (switched, idle, pending, engine reset) and one timer.
 *
 * At the end of a slice the scheduler picks the next vGPU, and its runlist is submitted at
 * once: the hardware stops the running command at the next boundary and switches. Until it
 * reports that, the dispatcher is *waiting*: the old vGPU goes on being charged, and what
 * happens meanwhile only notes that another pick is due. A waiting runlist is never replaced,
 * so the token in an event always tells whose runlist is in force; any other token is stale.
 * While waiting the timer measures patience: an engine that does not switch within
 * preempt_timeout_us is reset, which costs the vGPU in force its context, and after
 * three such resets in vain the device is. The same runlist may be submitted again under
 * the same token, to stop inside a batch what was to stop after it.
 *
 * Engine time is charged from the hardware's counters: each event carries the engine's busy
 * counter at its time. Where figures must be current without an event (a timer, a reader), the
 * counter is read, but is charged only if it is certain whose time it was: either the
 * dispatcher is not waiting, or the hardware still says that it has not switched.
 *
 * A vGPU that runs out of work while nobody else has any keeps its runlist: its next
 * doorbell then finds it there and costs no switch.
 */
#include <linux/slab.h>
#include "dispatch/dispatch_internal.h"
#include "tessera_compat.h"
#include "trace.h"

#define RESET_TRIES		3u
#define RESET_PATIENCE_US	100000u
#define SYNC_TRIES		8u
#define TIMER_MIN_NS		1000u

static struct tessera_dispatch_entity *to_entity(struct tessera_sched_entity *e)
{
	return e ? container_of(e, struct tessera_dispatch_entity, sched) : NULL;
}

static const char *name_of(const struct tessera_dispatch_entity *ent)
{
	return ent ? ent->name : "-";
}

static const struct device *dev_of(const struct tessera_dispatcher *d)
{
	return &d->accel->pdev->dev;
}

/**
 * tessera_dispatcher_engine_name() - return the name of a dispatcher's engine
 * @d: the dispatcher
 */
const char *tessera_dispatcher_engine_name(const struct tessera_dispatcher *d)
{
	return d->accel->hw->engine[d->engine].name;
}

static void log_event(struct tessera_dispatcher *d, enum tessera_log_event event,
		      const struct tessera_dispatch_entity *ent)
{
	struct tessera_log_entry *entry = &d->log[d->log_next];

	lockdep_assert_held(&d->lock);
	entry->time_ns = d->now_ns;
	entry->event = event;
	strscpy(entry->vgpu, name_of(ent), sizeof(entry->vgpu));
	if (++d->log_next == TESSERA_LOG_ENTRIES) {
		d->log_next = 0;
		d->log_full = true;
	}
}

/* ---------------------------------------------------------------- time -- */

/* The device's time goes on where it was before the last reset, and never back. */
static u64 advance_time(struct tessera_dispatcher *d, u64 device_ns)
{
	lockdep_assert_held(&d->lock);
	d->now_ns = max(d->now_ns, device_ns + d->time_base_ns);
	return d->now_ns;
}

/* The engine's busy counter was @busy_ns at @device_ns, and in_force's all the time. */
static void charge(struct tessera_dispatcher *d, u64 busy_ns, u64 device_ns)
{
	u64 now = advance_time(d, device_ns);
	u64 used = 0;

	if (busy_ns > d->last_busy_ns) {
		used = busy_ns - d->last_busy_ns;
		d->last_busy_ns = busy_ns;
	}
	if (d->in_force)
		d->in_force->busy_ns += used;
	else
		d->gone_busy_ns += used;
	tessera_sched_charge(&d->sched, used, now);
}

static void arm_timer(struct tessera_dispatcher *d, u64 ns)
{
	d->expires = ktime_add_ns(ktime_get(), ns);
	hrtimer_start(&d->timer, d->expires, HRTIMER_MODE_ABS);
}

static void disarm_timer(struct tessera_dispatcher *d)
{
	d->expires = KTIME_MAX;
	hrtimer_try_to_cancel(&d->timer);
}

/* The slice runs from the device's time d->now_ns, which is a little past already. */
static void arm_slice(struct tessera_dispatcher *d, u64 slice_ns)
{
	struct tessera_hw *hw = d->accel->hw;
	u64 end = d->now_ns + slice_ns, now;

	if (!slice_ns) {
		disarm_timer(d);
		return;
	}
	now = hw->ops->time_ns(hw) + d->time_base_ns;
	arm_timer(d, end > now + TIMER_MIN_NS ? end - now : TIMER_MIN_NS);
}

static u64 patience_ns(const struct tessera_dispatcher *d)
{
	u32 us = READ_ONCE(d->accel->preempt_timeout_us);

	if (d->reset_tries)
		us = max(us, RESET_PATIENCE_US);
	return (u64)us * NSEC_PER_USEC;
}

/**
 * tessera_dispatcher_arm_patience() - the timer is to measure patience, by the settings of now
 * @d: a dispatcher that is waiting, with its lock held
 */
void tessera_dispatcher_arm_patience(struct tessera_dispatcher *d)
{
	lockdep_assert_held(&d->lock);
	d->expires = ktime_add_ns(d->waiting_since, patience_ns(d));
	hrtimer_start(&d->timer, d->expires, HRTIMER_MODE_ABS);
}

static void start_patience(struct tessera_dispatcher *d)
{
	d->waiting_since = ktime_get();
	tessera_dispatcher_arm_patience(d);
}

/* ---------------------------------------------------------- pick, submit -- */

/**
 * tessera_dispatcher_submit() - have the hardware switch to the runlist that is waited for
 * @d: a dispatcher that is waiting, with its lock held
 *
 * Again, for another preemption mode, does no harm: if the hardware has just switched it
 * reports the same token twice, and the second time nobody waits for it.
 */
void tessera_dispatcher_submit(struct tessera_dispatcher *d)
{
	struct tessera_hw *hw = d->accel->hw;
	bool strict = READ_ONCE(d->accel->preempt_strict) &&
		      tessera_hw_has(hw, TESSERA_HW_STRICT_PREEMPT);

	lockdep_assert_held(&d->lock);
	log_event(d, TESSERA_LOG_PREEMPT, d->in_force);
	trace_tessera_preempt(dev_of(d), d->engine, d->now_ns, name_of(d->in_force), strict,
			      d->token);
	start_patience(d);
	hw->ops->runlist_submit(hw, d->engine, d->next_mask, d->token, strict);
}

static void switch_to(struct tessera_dispatcher *d, struct tessera_dispatch_entity *ent)
{
	d->waiting = true;
	d->next = ent;
	d->next_void = false;
	d->next_mask = ent ? ent->contexts : 0;
	d->token++;
	d->overshoot_ns = d->in_force ? d->in_force->sched.overshoot_ns : 0;
	tessera_dispatcher_submit(d);
}

/*
 * Nobody is to run, and there is no hurry to take the runlist away from who has it. Its vGPU
 * goes on being charged: a batch may begin before the scheduler hears of it.
 */
static bool may_stay(const struct tessera_dispatcher *d,
		     const struct tessera_sched_decision *decision)
{
	return !decision->entity && !decision->slice_ns && d->in_force &&
	       d->in_force->sched.running;
}

/**
 * tessera_dispatcher_pick() - do what the scheduler decides
 * @d: the dispatcher, with its lock held
 *
 * Everything that can make a pick necessary has been charged up to d->now_ns.
 */
void tessera_dispatcher_pick(struct tessera_dispatcher *d)
{
	struct tessera_sched_decision decision;
	struct tessera_dispatch_entity *ent;

	lockdep_assert_held(&d->lock);
	if (d->down)
		return;
	if (d->waiting) {
		d->repick = true;
		return;
	}
	d->repick = false;
	tessera_sched_pick(&d->sched, d->now_ns, &decision);
	ent = to_entity(decision.entity);
	d->slice_ns = decision.slice_ns;
	log_event(d, TESSERA_LOG_PICK, ent);
	trace_tessera_pick(dev_of(d), d->engine, d->now_ns, name_of(ent), decision.slice_ns);
	if (may_stay(d, &decision)) {
		disarm_timer(d);
	} else if (ent ? ent == d->in_force : !d->in_force_mask) {
		tessera_sched_switched(&d->sched, d->now_ns);
		arm_slice(d, decision.slice_ns);
	} else {
		switch_to(d, ent);
	}
}

/* --------------------------------------------------------------- events -- */

/* From now on @ent's runlist is in force (NULL: nobody's); the counters are as at d->now_ns. */
static void set_in_force(struct tessera_dispatcher *d, struct tessera_dispatch_entity *ent,
			 u32 token, u64 busy_ns, u64 switch_ns)
{
	log_event(d, TESSERA_LOG_SWITCH, ent);
	trace_tessera_world_switch(dev_of(d), d->engine, d->now_ns, name_of(d->in_force),
				   name_of(ent), token, d->busy_base_ns + busy_ns,
				   d->switch_base_ns + switch_ns);
	d->in_force = ent;
}

/* Of the runlist in force: while waiting, the one before the last. */
static u16 token_in_force(const struct tessera_dispatcher *d)
{
	return d->token - d->waiting;
}

/* The entity in force is no more, and its runlist is worth nothing. */
static void drop_in_force(struct tessera_dispatcher *d)
{
	set_in_force(d, NULL, token_in_force(d), d->last_busy_ns, d->last_switch_ns);
}

static void on_switched(struct tessera_dispatcher *d, const struct tessera_hw_event *ev)
{
	struct tessera_dispatch_entity *old = d->in_force;
	u64 over;

	if (!d->waiting || ev->token != d->token)
		return;
	if (old && old->sched.overshoot_ns > d->overshoot_ns) {
		over = old->sched.overshoot_ns - d->overshoot_ns;
		log_event(d, TESSERA_LOG_OVERSHOOT, old);
		trace_tessera_overshoot(dev_of(d), d->engine, d->now_ns, name_of(old), over);
	}
	d->waiting = false;
	d->reset_tries = 0;
	set_in_force(d, d->next, ev->token, ev->busy_ns, ev->switch_ns);
	d->in_force_mask = d->next_mask;
	d->next = NULL;
	d->switches_total++;
	if (!d->next_void)
		tessera_sched_switched(&d->sched, d->now_ns);
	if (d->repick || d->next_void)
		tessera_dispatcher_pick(d);
	else
		arm_slice(d, d->slice_ns);
}

static void on_idle(struct tessera_dispatcher *d, const struct tessera_hw_event *ev)
{
	struct tessera_dispatch_entity *ent = d->in_force;

	if (!ent || ev->token != token_in_force(d))
		return;
	log_event(d, TESSERA_LOG_IDLE, ent);
	trace_tessera_idle(dev_of(d), d->engine, d->now_ns, name_of(ent), ev->token,
			   d->busy_base_ns + ev->busy_ns);
	if (tessera_sched_sleep(&d->sched, &ent->sched, d->now_ns))
		tessera_dispatcher_pick(d);
}

static void on_pending(struct tessera_dispatcher *d, const struct tessera_hw_event *ev,
		       struct tessera_dispatch_entity *ent)
{
	if (!ent)
		return;
	log_event(d, TESSERA_LOG_ENQUEUE, ent);
	trace_tessera_enqueue(dev_of(d), d->engine, d->now_ns, name_of(ent), ev->ctx,
			      d->busy_base_ns + ev->busy_ns);
	if (tessera_sched_wake(&d->sched, &ent->sched, d->now_ns))
		tessera_dispatcher_pick(d);
}

/**
 * tessera_dispatcher_event() - the hardware has reported something about an engine
 * @accel: the accelerator
 * @ev: the event
 * @ents: of the vGPU whose context it names, if any
 *
 * Context: hard interrupt; under RCU, so that the vGPU stays.
 */
void tessera_dispatcher_event(struct tessera_accel *accel, const struct tessera_hw_event *ev,
			      struct tessera_dispatch_entity *ents)
{
	struct tessera_dispatcher *d = &accel->dispatchers[ev->engine];
	struct tessera_dispatch_entity *ent = ents ? &ents[ev->engine] : NULL;
	unsigned long flags;

	spin_lock_irqsave(&d->lock, flags);
	if (d->down)
		goto out;
	charge(d, ev->busy_ns, ev->time_ns);
	d->last_switch_ns = ev->switch_ns;
	switch (ev->type) {
	case TESSERA_HW_SWITCHED:
		on_switched(d, ev);
		break;
	case TESSERA_HW_IDLE:
		on_idle(d, ev);
		break;
	case TESSERA_HW_PENDING:
		on_pending(d, ev, ent);
		break;
	case TESSERA_HW_RESET_DONE:
		log_event(d, TESSERA_LOG_RESET_DONE, ent);
		break;
	case TESSERA_HW_FAULT:
		break;
	}
out:
	spin_unlock_irqrestore(&d->lock, flags);
}

/* ---------------------------------------------------------------- timer -- */

/* The engine has not switched in time. */
static void out_of_patience(struct tessera_dispatcher *d)
{
	struct tessera_hw *hw = d->accel->hw;
	struct tessera_dispatch_entity *guilty = d->in_force;

	if (!hw->ops->engine_switching(hw, d->engine)) {
		/* It has: the event is on its way. */
		arm_timer(d, NSEC_PER_MSEC);
		return;
	}
	if (d->reset_tries == RESET_TRIES) {
		disarm_timer(d);
		tessera_accel_dead(d->accel);
		return;
	}
	log_event(d, TESSERA_LOG_RESET, guilty);
	trace_tessera_reset(dev_of(d), d->engine, d->now_ns, name_of(guilty), false,
			    d->reset_tries);
	if (!d->reset_tries && guilty) {
		guilty->resets++;
		dev_notice_ratelimited(dev_of(d), "vGPU %s did not release the %s engine within %u us: the engine is reset.\n",
				       name_of(guilty), tessera_dispatcher_engine_name(d),
				       READ_ONCE(d->accel->preempt_timeout_us));
	}
	d->reset_tries++;
	hw->ops->engine_reset(hw, d->engine);
	start_patience(d);
}

static enum hrtimer_restart dispatcher_timer(struct hrtimer *timer)
{
	struct tessera_dispatcher *d = container_of(timer, struct tessera_dispatcher, timer);
	struct tessera_hw *hw = d->accel->hw;
	struct tessera_hw_counters c;
	unsigned long flags;

	/* What has happened comes before what is to happen. */
	hw->ops->drain_events(hw);
	spin_lock_irqsave(&d->lock, flags);
	if (d->down || ktime_before(ktime_get(), d->expires))
		goto out;	/* it was set anew while we waited for the lock */
	d->expires = KTIME_MAX;
	if (d->waiting) {
		out_of_patience(d);
	} else {
		hw->ops->engine_counters(hw, d->engine, false, &c);
		charge(d, c.busy_ns, c.time_ns);
		tessera_dispatcher_pick(d);
	}
out:
	spin_unlock_irqrestore(&d->lock, flags);
	return HRTIMER_NORESTART;
}

/* ------------------------------------------------------------- from above -- */

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
		if (d->down)
			return flags;
		hw->ops->engine_counters(hw, d->engine, true, c);
		/* Counters first: if it is not switched after, it was not switched then. */
		if (!d->waiting || hw->ops->engine_switching(hw, d->engine)) {
			charge(d, c->busy_ns, c->time_ns);
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
 */
void tessera_dispatcher_unlock(struct tessera_dispatcher *d, unsigned long flags)
	__releases(&d->lock)
{
	spin_unlock_irqrestore(&d->lock, flags);
}

/**
 * tessera_dispatcher_add() - a vGPU was created
 * @vgpu: the vGPU
 *
 * Context: may sleep.
 */
void tessera_dispatcher_add(struct tessera_accel *accel, struct tessera_dispatch_entity *ents,
			    const char *name, const struct tessera_type *type, u64 contexts)
{
	struct tessera_hw_counters c;
	unsigned long flags;
	u32 e;

	for (e = 0; e < accel->hw->num_engines; e++) {
		struct tessera_dispatcher *d = &accel->dispatchers[e];
		struct tessera_dispatch_entity *ent = &ents[e];

		ent->name = name;
		ent->type = type;
		ent->contexts = contexts;
		tessera_sched_entity_init(&ent->sched, name, type->div);
		flags = tessera_dispatcher_sync_lock(d, &c);
		list_add_tail(&ent->node, &d->entities);
		tessera_sched_add(&d->sched, &ent->sched, d->now_ns);
		tessera_dispatcher_unlock(d, flags);
	}
}

/**
 * tessera_dispatcher_remove() - a vGPU goes; it has been stopped
 * @vgpu: the vGPU
 *
 * Afterwards nothing here points to it.
 *
 * Context: may sleep.
 */
void tessera_dispatcher_remove(struct tessera_accel *accel, struct tessera_dispatch_entity *ents)
{
	struct tessera_hw_counters c;
	unsigned long flags;
	bool resched;
	u32 e;

	for (e = 0; e < accel->hw->num_engines; e++) {
		struct tessera_dispatcher *d = &accel->dispatchers[e];
		struct tessera_dispatch_entity *ent = &ents[e];

		flags = tessera_dispatcher_sync_lock(d, &c);
		resched = tessera_sched_remove(&d->sched, &ent->sched, d->now_ns);
		if (d->in_force == ent) {
			drop_in_force(d);
			resched = true;
		}
		if (d->next == ent) {
			d->next = NULL;
			d->next_void = true;
		}
		d->gone_busy_ns += ent->busy_ns;
		list_del(&ent->node);
		if (resched)
			tessera_dispatcher_pick(d);
		tessera_dispatcher_unlock(d, flags);
	}
}

/**
 * tessera_dispatcher_start() - the guest has enabled its vGPU: from now on it is owed a share
 * @vgpu: the vGPU
 *
 * Context: may sleep.
 */
void tessera_dispatcher_start(struct tessera_accel *accel, struct tessera_dispatch_entity *ents)
{
	struct tessera_hw_counters c;
	unsigned long flags;
	u32 e;

	for (e = 0; e < accel->hw->num_engines; e++) {
		struct tessera_dispatcher *d = &accel->dispatchers[e];
		struct tessera_dispatch_entity *ent = &ents[e];

		flags = tessera_dispatcher_sync_lock(d, &c);
		log_event(d, TESSERA_LOG_START, ent);
		if (tessera_sched_start(&d->sched, &ent->sched, d->now_ns))
			tessera_dispatcher_pick(d);
		tessera_dispatcher_unlock(d, flags);
	}
}

static bool stop_locked(struct tessera_dispatcher *d, struct tessera_dispatch_entity *ent)
{
	bool resched;

	/* Its work has gone with its contexts; the hardware does not tell. */
	if (ent->sched.running && ent->sched.has_work) {
		log_event(d, TESSERA_LOG_IDLE, ent);
		trace_tessera_idle(dev_of(d), d->engine, d->now_ns, name_of(ent), token_in_force(d),
				   d->busy_base_ns + d->last_busy_ns);
	}
	resched = tessera_sched_sleep(&d->sched, &ent->sched, d->now_ns);
	resched |= tessera_sched_stop(&d->sched, &ent->sched, d->now_ns);
	if (d->waiting && d->next == ent)
		d->next_void = true;
	return resched || d->in_force == ent;
}

/**
 * tessera_dispatcher_stop() - the vGPU is disabled; its contexts have been destroyed
 * @vgpu: the vGPU, running or not
 *
 * Context: may sleep.
 */
void tessera_dispatcher_stop(struct tessera_accel *accel, struct tessera_dispatch_entity *ents)
{
	struct tessera_hw_counters c;
	unsigned long flags;
	u32 e;

	for (e = 0; e < accel->hw->num_engines; e++) {
		struct tessera_dispatcher *d = &accel->dispatchers[e];
		struct tessera_dispatch_entity *ent = &ents[e];

		flags = tessera_dispatcher_sync_lock(d, &c);
		if (ent->sched.running) {
			log_event(d, TESSERA_LOG_STOP, ent);
			if (stop_locked(d, ent))
				tessera_dispatcher_pick(d);
		}
		tessera_dispatcher_unlock(d, flags);
	}
}

/**
 * tessera_dispatcher_down() - the device is about to be reset: no vGPU runs any more
 * @accel: the accelerator
 *
 * Context: may sleep.
 */
void tessera_dispatcher_down(struct tessera_accel *accel)
{
	struct tessera_dispatch_entity *ent;
	struct tessera_sched_decision none;
	u32 e;

	for (e = 0; e < accel->hw->num_engines; e++) {
		struct tessera_dispatcher *d = &accel->dispatchers[e];

		spin_lock_irq(&d->lock);
		if (!d->down) {
			log_event(d, TESSERA_LOG_RESET, d->in_force);
			trace_tessera_reset(dev_of(d), d->engine, d->now_ns, name_of(d->in_force),
					    true, d->reset_tries);
		}
		d->down = true;
		d->expires = KTIME_MAX;
		list_for_each_entry(ent, &d->entities, node)
			stop_locked(d, ent);
		tessera_sched_pick(&d->sched, d->now_ns, &none);
		tessera_sched_switched(&d->sched, d->now_ns);
		if (d->in_force)
			drop_in_force(d);
		d->in_force_mask = 0;
		d->waiting = false;
		d->repick = false;
		d->next = NULL;
		d->reset_tries = 0;
		spin_unlock_irq(&d->lock);
		hrtimer_cancel(&d->timer);
	}
}

/**
 * tessera_dispatcher_up() - the device has been reset and enabled
 * @accel: the accelerator
 *
 * Context: may sleep.
 */
void tessera_dispatcher_up(struct tessera_accel *accel)
{
	struct tessera_hw *hw = accel->hw;
	u64 device_ns;
	u32 e;

	for (e = 0; e < accel->hw->num_engines; e++) {
		struct tessera_dispatcher *d = &accel->dispatchers[e];

		spin_lock_irq(&d->lock);
		device_ns = hw->ops->time_ns(hw);
		d->time_base_ns = d->now_ns > device_ns ? d->now_ns - device_ns : 0;
		d->busy_base_ns += d->last_busy_ns;
		d->switch_base_ns += d->last_switch_ns;
		d->last_busy_ns = 0;
		d->last_switch_ns = 0;
		d->down = false;
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
	u32 e;

	accel->preempt_strict = tessera_hw_has(accel->hw, TESSERA_HW_STRICT_PREEMPT);
	accel->preempt_timeout_us = accel->hw->preempt_timeout_us;
	accel->dispatchers = kvcalloc(accel->hw->num_engines, sizeof(*accel->dispatchers),
				      GFP_KERNEL);
	if (!accel->dispatchers)
		return -ENOMEM;
	for (e = 0; e < accel->hw->num_engines; e++) {
		struct tessera_dispatcher *d = &accel->dispatchers[e];

		d->accel = accel;
		d->engine = e;
		d->down = true;
		d->expires = KTIME_MAX;
		spin_lock_init(&d->lock);
		INIT_LIST_HEAD(&d->entities);
		tessera_sched_init(&d->sched, tessera_sched_policies[0]);
#ifdef TESSERA_HAVE_HRTIMER_SETUP
		hrtimer_setup(&d->timer, dispatcher_timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
#else
		hrtimer_init(&d->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
		d->timer.function = dispatcher_timer;
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
 * tessera_dispatcher_snapshot() - a vGPU's figures on an engine, as of now
 * @vgpu: the vGPU
 * @engine: T1_ENGINE_*
 * @snap: where to
 */
void tessera_dispatcher_snapshot(struct tessera_accel *accel, struct tessera_dispatch_entity *ents,
				 u32 engine, struct tessera_sched_snapshot *snap)
{
	struct tessera_dispatcher *d = &accel->dispatchers[engine];
	struct tessera_dispatch_entity *ent = &ents[engine];
	struct tessera_hw_counters c;
	unsigned long flags;

	flags = tessera_dispatcher_sync_lock(d, &c);
	snap->busy_ns = ent->busy_ns;
	snap->slices = ent->sched.slices;
	snap->overshoot_ns = ent->sched.overshoot_ns;
	snap->debt_ns = ent->sched.debt_ns;
	snap->resets = ent->resets;
	tessera_dispatcher_unlock(d, flags);
}
