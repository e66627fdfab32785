// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_runlist.c - the runlist's state machine
 *
 * DOC: runlists
 *
 * Each engine has a scheduler, which knows policies and nothing of hardware, and this state
 * machine, which knows what hardware does and no policy. Two things make it go on: events of the
 * hardware (switched, idle, pending, engine reset) and one timer.
 *
 * At the end of a slice the scheduler picks the next entity, and its runlist is submitted at
 * once: the hardware stops the running work at the next boundary and switches. Until it reports
 * that, the machine is *waiting*: the previous entity goes on being charged, and what happens
 * meanwhile only notes that another pick is due. Only for one that is urgent the waiting runlist is
 * replaced, once: the hardware may have switched before it heard of that, and then reports the
 * token before the last. Any other token is stale. While waiting the timer measures the
 * preemption timeout: an engine that does not switch in time
 * is reset, which costs the entity in force its context, and after three such resets in vain
 * the device is. The same runlist may be submitted again under the same token, to stop inside
 * a batch what was to stop after it.
 *
 * Engine time is charged from the hardware's counters: each event carries the engine's busy
 * counter at its time. Where figures must be current without an event the caller reads the
 * counter, but charges it only if it is certain whose time it was: either nothing is waiting,
 * or the hardware still says that it has not switched.
 *
 * An entity that runs out of work while nobody else has any keeps its runlist: its next
 * doorbell then finds it there and costs no switch.
 *
 * States, and what each event does in them:
 *
 * ============  =======================  =====================  ===============================
 * event         settled                  waiting                down
 * ============  =======================  =====================  ===============================
 * SWITCHED      stale: nothing           with the last token:   nothing
 *                                        settled, the slice
 *                                        begins or another
 *                                        pick; with that of
 *                                        the replaced one:
 *                                        in force, waiting;
 *                                        else nothing
 * IDLE          of the one in force:     the same, but a pick   nothing
 *               it sleeps, pick          is only noted
 * PENDING       it wakes, pick           it wakes, noted; or    nothing
 *                                        replaces the next
 * RESET_DONE    noted                    noted                  nothing
 * timer         charge, pick             engine reset, or       nothing
 *                                        after three the
 *                                        device's; if it has
 *                                        switched, a while
 *                                        more for the event
 * start, stop   pick if it matters       noted; a stopped       accounts only
 *                                        next one is void
 * remove        as stop; in force:       as stop                accounts only
 *               nobody is
 * ============  =======================  =====================  ===============================
 *
 * A pick leads to: stay (nobody is to run, nor is there hurry), renew (the one in force again), or
 * waiting (a runlist is submitted).
 */
#include "tessera_runlist.h"
#include "tessera_sched_internal.h"

#define RESET_TRIES		3u
#define RESET_TIMEOUT_NS	100000000ull	/* for an engine that is being reset */
#define EVENT_TIMEOUT_NS	1000000ull	/* for an event that is on its way */
#define EVENT_TRIES		1000u		/* so many of these, and it is lost */

static struct tessera_runlist_entity *tessera_runlist_to_entity(struct tessera_sched_entity *e)
{
	return e ? container_of(e, struct tessera_runlist_entity, sched) : NULL;
}

static void tessera_runlist_report(struct tessera_runlist *rl, struct tessera_runlist_note n)
{
	if (rl->ops->note)
		rl->ops->note(rl, &n);
}

/* ---------------------------------------------------------------- time -- */

/**
 * tessera_runlist_time_ns() - turn the device's time into that of the runlist
 * @rl: the runlist
 * @device_ns: the device's time
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: a time that goes on where it was before the last device reset.
 */
u64 tessera_runlist_time_ns(const struct tessera_runlist *rl, u64 device_ns)
{
	return device_ns + rl->time_base_ns;
}

/**
 * tessera_runlist_charge() - charge the engine's time to who has it
 * @rl: the runlist
 * @busy_ns: the engine's busy counter
 * @device_ns: device time at which it was read; all of it was the one in force's
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_runlist_charge(struct tessera_runlist *rl, u64 busy_ns, u64 device_ns)
{
	u64 now = tessera_runlist_time_ns(rl, device_ns);
	u64 used = 0;

	if (now > rl->now_ns)
		rl->now_ns = now;
	if (busy_ns > rl->last_busy_ns) {
		used = busy_ns - rl->last_busy_ns;
		rl->last_busy_ns = busy_ns;
	}
	if (rl->in_force)
		rl->in_force->busy_ns += used;
	else
		rl->gone_busy_ns += used;
	tessera_sched_charge(&rl->sched, used, rl->now_ns);
}

/**
 * tessera_runlist_timeout_ns() - return how long the engine may take to do what it was told last
 * @rl: the runlist
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: ns, or TESSERA_RUNLIST_NO_TIMEOUT.
 */
u64 tessera_runlist_timeout_ns(const struct tessera_runlist *rl)
{
	if (!rl->preempt_timeout_ns)
		return TESSERA_RUNLIST_NO_TIMEOUT;
	if (rl->reset_tries && !rl->no_reset && rl->preempt_timeout_ns < RESET_TIMEOUT_NS)
		return RESET_TIMEOUT_NS;
	return rl->preempt_timeout_ns;
}

/* -------------------------------------------------------- pick, submit -- */

/**
 * tessera_runlist_token() - return the token of the runlist in force
 * @rl: the runlist
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: the token; while another waits, an earlier one than the last.
 */
u16 tessera_runlist_token(const struct tessera_runlist *rl)
{
	return rl->in_force_token;
}

/**
 * tessera_runlist_resubmit() - have the hardware switch to what is waited for, by today's settings
 * @rl: a runlist; nothing happens unless it is waiting
 *
 * Again, for another preemption mode, does no harm: if the hardware has just switched it
 * reports the same token twice, and the second time nobody waits for it.
 *
 * Context: the engine's lock is held; calls @rl->ops, which do not sleep.
 */
void tessera_runlist_resubmit(struct tessera_runlist *rl)
{
	if (!rl->waiting || rl->down)
		return;
	tessera_runlist_report(rl, (struct tessera_runlist_note){
		.type = TESSERA_RUNLIST_NOTE_PREEMPT,
		.entity = rl->in_force,
		.token = rl->token,
		.strict = rl->strict,
	});
	rl->ops->arm_timeout(rl, tessera_runlist_timeout_ns(rl));
	rl->ops->submit(rl, rl->next, rl->token, rl->strict);
}

static void tessera_runlist_switch_to(struct tessera_runlist *rl,
				      struct tessera_runlist_entity *entity)
{
	rl->waiting = true;
	rl->next = entity;
	rl->next_void = false;
	rl->has_replaced = false;
	rl->token++;
	rl->overshoot_ns = rl->in_force ? rl->in_force->sched.overshoot_ns : 0;
	tessera_runlist_resubmit(rl);
}

/*
 * Nobody is to run, and there is no hurry to take the runlist away from who has it. It goes on
 * being charged: work may begin before the scheduler hears of it.
 */
static bool tessera_runlist_may_stay(const struct tessera_runlist *rl,
				     const struct tessera_sched_decision *decision)
{
	return !decision->entity && !decision->slice_ns && rl->in_force &&
	       rl->in_force->sched.running;
}

/*
 * While a runlist waits for a long batch to end, somebody may wake who should not wait for another
 * one's slice as well. The timeout goes on: what runs is to leave as before.
 */
static bool tessera_runlist_replace(struct tessera_runlist *rl)
{
	struct tessera_sched_decision decision;

	if (rl->has_replaced || rl->reset_tries || !rl->ops->engine_switching(rl) ||
	    !tessera_sched_replace(&rl->sched, rl->now_ns, &decision))
		return false;
	rl->replaced = rl->next;
	rl->has_replaced = true;
	rl->next = tessera_runlist_to_entity(decision.entity);
	rl->next_void = false;
	rl->slice_ns = decision.slice_ns;
	rl->token++;
	tessera_runlist_report(rl, (struct tessera_runlist_note){
		.type = TESSERA_RUNLIST_NOTE_PICK,
		.entity = rl->next,
		.value = rl->slice_ns,
	});
	rl->ops->submit(rl, rl->next, rl->token, rl->strict);
	return true;
}

/**
 * tessera_runlist_pick() - do what the scheduler decides
 * @rl: the runlist
 *
 * Context: the engine's lock is held; calls @rl->ops, which do not sleep.
 */
void tessera_runlist_pick(struct tessera_runlist *rl)
{
	struct tessera_sched_decision decision;
	struct tessera_runlist_entity *entity;

	if (rl->down)
		return;
	if (rl->waiting) {
		if (!tessera_runlist_replace(rl))
			rl->repick = true;
		return;
	}
	rl->repick = false;
	tessera_sched_pick(&rl->sched, rl->now_ns, &decision);
	entity = tessera_runlist_to_entity(decision.entity);
	rl->slice_ns = decision.slice_ns;
	tessera_runlist_report(rl, (struct tessera_runlist_note){
		.type = TESSERA_RUNLIST_NOTE_PICK,
		.entity = entity,
		.value = decision.slice_ns,
	});
	if (tessera_runlist_may_stay(rl, &decision)) {
		rl->ops->arm_slice(rl, 0);
	} else if (entity ? entity == rl->in_force : !rl->loaded) {
		tessera_sched_switched(&rl->sched, rl->now_ns);
		rl->ops->arm_slice(rl, decision.slice_ns);
	} else {
		tessera_runlist_switch_to(rl, entity);
	}
}

/* -------------------------------------------------------------- events -- */

/* From now on @entity's runlist is in force (NULL: nobody's); the counters are as at now_ns. */
static void tessera_runlist_set_in_force(struct tessera_runlist *rl,
					 struct tessera_runlist_entity *entity, u16 token,
					 u64 busy_ns, u64 switch_ns)
{
	tessera_runlist_report(rl, (struct tessera_runlist_note){
		.type = TESSERA_RUNLIST_NOTE_SWITCH,
		.entity = entity,
		.from = rl->in_force,
		.token = token,
		.busy_ns = rl->busy_base_ns + busy_ns,
		.switch_ns = rl->switch_base_ns + switch_ns,
	});
	rl->in_force = entity;
	rl->in_force_token = token;
}

/* The one in force has been removed; its runlist is stale. */
static void tessera_runlist_drop_in_force(struct tessera_runlist *rl)
{
	tessera_runlist_set_in_force(rl, NULL, tessera_runlist_token(rl), rl->last_busy_ns,
				     rl->last_switch_ns);
}

static void tessera_runlist_on_switched(struct tessera_runlist *rl,
					const struct tessera_runlist_event *ev)
{
	struct tessera_runlist_entity *old = rl->in_force;
	bool replaced = rl->has_replaced && ev->token == (u16)(rl->token - 1);

	if (!rl->waiting || (ev->token != rl->token && !replaced))
		return;
	if (old && old->sched.overshoot_ns > rl->overshoot_ns)
		tessera_runlist_report(rl, (struct tessera_runlist_note){
			.type = TESSERA_RUNLIST_NOTE_OVERSHOOT,
			.entity = old,
			.value = old->sched.overshoot_ns - rl->overshoot_ns,
		});
	rl->reset_tries = 0;
	rl->event_tries = 0;
	rl->has_replaced = false;
	tessera_sched_charge_switch(&rl->sched, ev->switch_ns - rl->switched_ns);
	rl->switched_ns = ev->switch_ns;
	if (replaced) {
		tessera_runlist_set_in_force(rl, rl->replaced, ev->token, ev->busy_ns,
					     ev->switch_ns);
		rl->loaded = true;
		rl->switches++;
		tessera_sched_switched_to(&rl->sched, rl->replaced ? &rl->replaced->sched : NULL,
					  rl->now_ns);
		rl->overshoot_ns = rl->replaced ? rl->replaced->sched.overshoot_ns : 0;
		rl->ops->arm_timeout(rl, tessera_runlist_timeout_ns(rl));
		return;
	}
	rl->waiting = false;
	tessera_runlist_set_in_force(rl, rl->next, ev->token, ev->busy_ns, ev->switch_ns);
	/* Of one that was removed meanwhile the runlist is in force all the same. */
	rl->loaded = rl->next || rl->next_void;
	rl->next = NULL;
	rl->switches++;
	tessera_sched_switched(&rl->sched, rl->now_ns);
	if (rl->repick || rl->next_void)
		tessera_runlist_pick(rl);
	else
		rl->ops->arm_slice(rl, rl->slice_ns);
}

static void tessera_runlist_report_idle(struct tessera_runlist *rl,
					struct tessera_runlist_entity *entity, u64 busy_ns)
{
	tessera_runlist_report(rl, (struct tessera_runlist_note){
		.type = TESSERA_RUNLIST_NOTE_IDLE,
		.entity = entity,
		.token = tessera_runlist_token(rl),
		.busy_ns = rl->busy_base_ns + busy_ns,
	});
}

static void tessera_runlist_on_idle(struct tessera_runlist *rl,
				    const struct tessera_runlist_event *ev)
{
	struct tessera_runlist_entity *entity = rl->in_force;

	if (!entity || ev->token != tessera_runlist_token(rl))
		return;
	tessera_runlist_report_idle(rl, entity, ev->busy_ns);
	if (tessera_sched_sleep(&rl->sched, &entity->sched, rl->now_ns))
		tessera_runlist_pick(rl);
}

static void tessera_runlist_enqueue(struct tessera_runlist *rl,
				    struct tessera_runlist_entity *entity, u32 ctx, u64 busy_ns)
{
	tessera_runlist_report(rl, (struct tessera_runlist_note){
		.type = TESSERA_RUNLIST_NOTE_ENQUEUE,
		.entity = entity,
		.ctx = ctx,
		.busy_ns = rl->busy_base_ns + busy_ns,
	});
	if (tessera_sched_wake(&rl->sched, &entity->sched, rl->now_ns))
		tessera_runlist_pick(rl);
}

/**
 * tessera_runlist_event() - act on something that the hardware reports
 * @rl: the runlist
 * @ev: the event
 *
 * Context: the engine's lock is held; calls @rl->ops, which do not sleep.
 */
void tessera_runlist_event(struct tessera_runlist *rl, const struct tessera_runlist_event *ev)
{
	if (rl->down)
		return;
	tessera_runlist_charge(rl, ev->busy_ns, ev->time_ns);
	rl->last_switch_ns = ev->switch_ns;
	switch (ev->type) {
	case TESSERA_RUNLIST_SWITCHED:
		tessera_runlist_on_switched(rl, ev);
		break;
	case TESSERA_RUNLIST_IDLE:
		tessera_runlist_on_idle(rl, ev);
		break;
	case TESSERA_RUNLIST_PENDING:
		if (ev->entity)
			tessera_runlist_enqueue(rl, ev->entity, ev->ctx, ev->busy_ns);
		break;
	case TESSERA_RUNLIST_RESET_DONE:
		tessera_runlist_report(rl, (struct tessera_runlist_note){
			.type = TESSERA_RUNLIST_NOTE_RESET_DONE,
			.entity = ev->entity,
		});
		break;
	}
}

/* --------------------------------------------------------------- timer -- */

/* The engine has not switched in time. */
static void tessera_runlist_on_timeout(struct tessera_runlist *rl)
{
	if (!rl->ops->engine_switching(rl) && rl->event_tries < EVENT_TRIES) {
		/* It has: the event is on its way. */
		rl->event_tries++;
		rl->ops->arm_timeout(rl, EVENT_TIMEOUT_NS);
		return;
	}
	if (rl->reset_tries == RESET_TRIES || rl->event_tries == EVENT_TRIES) {
		rl->ops->arm_timeout(rl, TESSERA_RUNLIST_NO_TIMEOUT);
		rl->ops->device_dead(rl);
		return;
	}
	if (!rl->no_reset)
		tessera_runlist_report(rl, (struct tessera_runlist_note){
			.type = TESSERA_RUNLIST_NOTE_RESET,
			.entity = rl->in_force,
			.value = rl->reset_tries,
		});
	if (!rl->no_reset && !rl->reset_tries && rl->in_force)
		rl->in_force->resets++;
	rl->reset_tries++;
	rl->ops->arm_timeout(rl, tessera_runlist_timeout_ns(rl));
	if (!rl->no_reset)
		rl->ops->engine_reset(rl);
}

/**
 * tessera_runlist_timer() - act on the timer that was armed last
 * @rl: the runlist
 *
 * Context: the engine's lock is held; calls @rl->ops, which do not sleep.
 */
void tessera_runlist_timer(struct tessera_runlist *rl)
{
	u64 busy_ns, time_ns;

	if (rl->down)
		return;
	if (rl->waiting) {
		tessera_runlist_on_timeout(rl);
		return;
	}
	rl->ops->counters(rl, &busy_ns, &time_ns);
	tessera_runlist_charge(rl, busy_ns, time_ns);
	tessera_runlist_pick(rl);
}

/* ------------------------------------------------------------ entities -- */

/**
 * tessera_runlist_add() - let an entity be known
 * @rl: the runlist
 * @entity: the entity, initialised
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_runlist_add(struct tessera_runlist *rl, struct tessera_runlist_entity *entity)
{
	tessera_sched_add(&rl->sched, &entity->sched, rl->now_ns);
}

/**
 * tessera_runlist_remove() - forget an entity
 * @rl: the runlist
 * @entity: the entity, stopped; afterwards nothing here points to it
 *
 * Context: the engine's lock is held; calls @rl->ops, which do not sleep.
 */
void tessera_runlist_remove(struct tessera_runlist *rl, struct tessera_runlist_entity *entity)
{
	bool resched = tessera_sched_remove(&rl->sched, &entity->sched, rl->now_ns);

	if (rl->in_force == entity) {
		tessera_runlist_drop_in_force(rl);
		resched = true;
	}
	if (rl->next == entity) {
		rl->next = NULL;
		rl->next_void = true;
	}
	if (rl->replaced == entity)
		rl->replaced = NULL;
	rl->gone_busy_ns += entity->busy_ns;
	if (resched)
		tessera_runlist_pick(rl);
}

/**
 * tessera_runlist_start() - let an entity compete
 * @rl: the runlist
 * @entity: the entity
 *
 * Context: the engine's lock is held; calls @rl->ops, which do not sleep.
 */
void tessera_runlist_start(struct tessera_runlist *rl, struct tessera_runlist_entity *entity)
{
	tessera_runlist_report(rl, (struct tessera_runlist_note){
		.type = TESSERA_RUNLIST_NOTE_START,
		.entity = entity,
	});
	if (tessera_sched_start(&rl->sched, &entity->sched, rl->now_ns))
		tessera_runlist_pick(rl);
}

/**
 * tessera_runlist_wake() - let an entity have work, as far as is known
 * @rl: the runlist
 * @entity: the entity; if it has none after all, the hardware reports that when it is in force
 * @ctx: its context that may have some
 *
 * Context: the engine's lock is held; calls @rl->ops, which do not sleep.
 */
void tessera_runlist_wake(struct tessera_runlist *rl, struct tessera_runlist_entity *entity,
			  u32 ctx)
{
	tessera_runlist_enqueue(rl, entity, ctx, rl->last_busy_ns);
}

/* Return: whether another is to be picked. */
static bool tessera_runlist_stop_one(struct tessera_runlist *rl,
				     struct tessera_runlist_entity *entity)
{
	bool resched;

	/* Its work has gone with its contexts; the hardware does not tell. */
	if (entity->sched.running && entity->sched.has_work)
		tessera_runlist_report_idle(rl, entity, rl->last_busy_ns);
	resched = tessera_sched_sleep(&rl->sched, &entity->sched, rl->now_ns);
	resched |= tessera_sched_stop(&rl->sched, &entity->sched, rl->now_ns);
	if (rl->waiting && rl->next == entity)
		rl->next_void = true;
	return resched || rl->in_force == entity;
}

/**
 * tessera_runlist_stop() - let an entity compete no longer
 * @rl: the runlist
 * @entity: the entity, running or not; its contexts have been destroyed
 *
 * Context: the engine's lock is held; calls @rl->ops, which do not sleep.
 */
void tessera_runlist_stop(struct tessera_runlist *rl, struct tessera_runlist_entity *entity)
{
	if (!entity->sched.running)
		return;
	tessera_runlist_report(rl, (struct tessera_runlist_note){
		.type = TESSERA_RUNLIST_NOTE_STOP,
		.entity = entity,
	});
	if (tessera_runlist_stop_one(rl, entity))
		tessera_runlist_pick(rl);
}

/* ------------------------------------------------------- device resets -- */

/**
 * tessera_runlist_down() - stop all entities, since the device is about to be reset
 * @rl: the runlist; its timer is the caller's to cancel
 *
 * Context: the engine's lock is held; calls @rl->ops, which do not sleep.
 */
void tessera_runlist_down(struct tessera_runlist *rl)
{
	struct tessera_sched_decision none;
	struct tessera_sched_entity *e;

	if (!rl->down)
		tessera_runlist_report(rl, (struct tessera_runlist_note){
			.type = TESSERA_RUNLIST_NOTE_DOWN,
			.entity = rl->in_force,
			.value = rl->reset_tries,
		});
	rl->down = true;
	for (e = rl->sched.members; e; e = e->member_next)
		tessera_runlist_stop_one(rl, tessera_runlist_to_entity(e));
	tessera_sched_pick(&rl->sched, rl->now_ns, &none);
	tessera_sched_switched(&rl->sched, rl->now_ns);
	if (rl->in_force)
		tessera_runlist_drop_in_force(rl);
	rl->loaded = false;
	rl->waiting = false;
	rl->has_replaced = false;
	rl->replaced = NULL;
	rl->repick = false;
	rl->next = NULL;
	rl->reset_tries = 0;
	rl->event_tries = 0;
}

/**
 * tessera_runlist_up() - go on after the device was reset and enabled
 * @rl: the runlist
 * @device_ns: the device's time
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_runlist_up(struct tessera_runlist *rl, u64 device_ns)
{
	rl->time_base_ns = rl->now_ns > device_ns ? rl->now_ns - device_ns : 0;
	rl->busy_base_ns += rl->last_busy_ns;
	rl->switch_base_ns += rl->last_switch_ns;
	rl->last_busy_ns = 0;
	rl->last_switch_ns = 0;
	rl->switched_ns = 0;
	rl->down = false;
}

/**
 * tessera_runlist_init() - begin with an engine that is down, and no entity
 * @rl: the runlist
 * @ops: the hardware
 * @policy: the scheduler's first policy
 *
 * Context: any; nobody else uses @rl yet.
 */
void tessera_runlist_init(struct tessera_runlist *rl, const struct tessera_runlist_ops *ops,
			  const struct tessera_sched_policy *policy)
{
	*rl = (struct tessera_runlist){ .ops = ops, .down = true };
	tessera_sched_init(&rl->sched, policy);
}

/**
 * tessera_runlist_entity_init() - begin with an entity that has had nothing
 * @entity: the entity
 * @name: for traces; the caller's storage
 * @fixed_share_inv: see struct tessera_sched_entity
 *
 * Context: any; nobody else uses @entity yet.
 */
void tessera_runlist_entity_init(struct tessera_runlist_entity *entity, const char *name,
				 u32 fixed_share_inv)
{
	entity->busy_ns = 0;
	entity->resets = 0;
	tessera_sched_entity_init(&entity->sched, name, fixed_share_inv);
}
