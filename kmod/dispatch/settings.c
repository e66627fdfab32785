// SPDX-License-Identifier: GPL-2.0-only
/*
 * settings.c - the scheduler's settings, changed while vGPUs run
 *
 * A setting is the same for all engines, each of which keeps its own account by it. What
 * changes how time is charged is set with the accounts current, so that it counts from that
 * moment on.
 */
#include "dispatch/dispatch_internal.h"

/**
 * tessera_dispatcher_policy() - return the policy in force
 * @accel: the accelerator
 *
 * Context: any; the policy may have changed when it returns.
 * Return: the same for all engines.
 */
const struct tessera_sched_policy *tessera_dispatcher_policy(struct tessera_accel *accel)
{
	return READ_ONCE(accel->dispatchers[0].rl.sched.policy);
}

/**
 * tessera_dispatcher_set_policy() - change the policy of all engines, while vGPUs run
 * @accel: the accelerator
 * @name: the policy's
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL for an unknown one.
 */
int tessera_dispatcher_set_policy(struct tessera_accel *accel, const char *name)
{
	const struct tessera_sched_policy *policy = tessera_sched_policy_find(name);
	struct tessera_hw_counters c;
	unsigned long flags;
	struct tessera_runlist *rl;
	bool resched;
	struct tessera_dispatcher *d;

	if (!policy)
		return -EINVAL;
	mutex_lock(&accel->lock);
	for_each_dispatcher(d, accel) {
		flags = tessera_dispatcher_sync_lock(d, &c);
		rl = &d->rl;
		resched = false;
		if (!tessera_sched_set_policy(&rl->sched, policy, rl->now_ns, &resched) && resched)
			tessera_runlist_pick(rl);
		tessera_dispatcher_unlock(d, flags);
	}
	mutex_unlock(&accel->lock);
	return 0;
}

/**
 * tessera_dispatcher_config() - read the settings in force
 * @accel: the accelerator
 * @timeslice_ns: the slice, be it set or the default
 * @averaging: into how many slices a debt is spread
 *
 * Context: process, without the dispatcher's lock.
 */
void tessera_dispatcher_config(struct tessera_accel *accel, u64 *timeslice_ns, u32 *averaging)
{
	struct tessera_dispatcher *d = &accel->dispatchers[0];

	spin_lock_irq(&d->lock);
	*timeslice_ns = tessera_sched_timeslice_ns(&d->rl.sched);
	*averaging = d->rl.sched.config.averaging;
	spin_unlock_irq(&d->lock);
}

static int tessera_dispatcher_apply_config(struct tessera_accel *accel, const u64 *timeslice_ns,
					   const u32 *averaging)
{
	struct tessera_sched_config config;
	struct tessera_dispatcher *d;
	int ret = 0;

	mutex_lock(&accel->lock);
	for_each_dispatcher(d, accel) {
		spin_lock_irq(&d->lock);
		config = d->rl.sched.config;
		if (timeslice_ns)
			config.timeslice_ns = *timeslice_ns;
		if (averaging)
			config.averaging = *averaging;
		ret = tessera_sched_set_config(&d->rl.sched, &config);
		spin_unlock_irq(&d->lock);
		if (ret)
			break;
	}
	mutex_unlock(&accel->lock);
	return ret;
}

/**
 * tessera_dispatcher_set_timeslice() - change the slice of all engines
 * @accel: the accelerator
 * @ns: the slice, or 0 for the default
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL out of range.
 */
int tessera_dispatcher_set_timeslice(struct tessera_accel *accel, u64 ns)
{
	return tessera_dispatcher_apply_config(accel, &ns, NULL);
}

/**
 * tessera_dispatcher_set_averaging() - change the averaging factor of all engines
 * @accel: the accelerator
 * @averaging: into how many slices a debt is spread
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL out of range.
 */
int tessera_dispatcher_set_averaging(struct tessera_accel *accel, u32 averaging)
{
	return tessera_dispatcher_apply_config(accel, NULL, &averaging);
}

/* ----------------------------------------------------------- preemption -- */

/**
 * tessera_dispatcher_set_preempt_strict() - choose where running commands are stopped
 * @accel: the accelerator
 * @strict: inside a ring entry, rather than at its end
 *
 * An engine that is waiting for the end of a long one is told to stop it now.
 *
 * Context: may sleep.
 * Return: 0, or -EOPNOTSUPP for hardware that can't.
 */
int tessera_dispatcher_set_preempt_strict(struct tessera_accel *accel, bool strict)
{
	struct tessera_dispatcher *d;

	if (strict && !tessera_hw_has(accel->hw, TESSERA_HW_STRICT_PREEMPT))
		return -EOPNOTSUPP;

	mutex_lock(&accel->lock);
	WRITE_ONCE(accel->preempt_strict, strict);
	for_each_dispatcher(d, accel) {
		spin_lock_irq(&d->lock);
		d->rl.strict = strict;
		if (strict)
			tessera_runlist_resubmit(&d->rl);
		spin_unlock_irq(&d->lock);
	}
	mutex_unlock(&accel->lock);
	return 0;
}

/**
 * tessera_dispatcher_set_preempt_timeout() - change how long an engine may take to switch
 * @accel: the accelerator
 * @us: TESSERA_PREEMPT_TIMEOUT_MIN_US to _MAX_US; counts for the present wait as well
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL out of range.
 */
int tessera_dispatcher_set_preempt_timeout(struct tessera_accel *accel, u32 us)
{
	struct tessera_dispatcher *d;

	if (us < TESSERA_PREEMPT_TIMEOUT_MIN_US || us > TESSERA_PREEMPT_TIMEOUT_MAX_US)
		return -EINVAL;
	mutex_lock(&accel->lock);
	WRITE_ONCE(accel->preempt_timeout_us, us);
	for_each_dispatcher(d, accel) {
		spin_lock_irq(&d->lock);
		d->rl.preempt_timeout_ns = (u64)us * NSEC_PER_USEC;
		if (d->rl.waiting && !d->rl.down)
			tessera_dispatcher_rearm_timeout(d);
		spin_unlock_irq(&d->lock);
	}
	mutex_unlock(&accel->lock);
	return 0;
}

/* ------------------------------------------------------- quality of service -- */

static u64 tessera_dispatcher_read_qos(const struct tessera_sched_entity *e, enum tessera_qos what)
{
	switch (what) {
	case TESSERA_QOS_WEIGHT:
		return READ_ONCE(e->weight);
	case TESSERA_QOS_RESERVATION:
		return READ_ONCE(e->reservation_ppm);
	case TESSERA_QOS_LIMIT:
		return READ_ONCE(e->limit_ppm);
	case TESSERA_QOS_ELASTIC_CAP:
		return READ_ONCE(e->elastic_cap_ppm);
	case TESSERA_QOS_LOW_LATENCY:
		return READ_ONCE(e->low_latency);
	default:
		return READ_ONCE(e->slice_request_ns);
	}
}

static int tessera_dispatcher_apply_qos(struct tessera_dispatcher *d,
					struct tessera_sched_entity *e, enum tessera_qos what,
					u64 value, bool *resched)
{
	*resched = false;
	if (what != TESSERA_QOS_SLICE_NS && value > U32_MAX)
		return -EINVAL;
	switch (what) {
	case TESSERA_QOS_WEIGHT:
		return tessera_sched_set_weight(&d->rl.sched, e, value);
	case TESSERA_QOS_RESERVATION:
		return tessera_sched_set_qos(&d->rl.sched, e, value, e->limit_ppm, d->rl.now_ns,
					     resched);
	case TESSERA_QOS_LIMIT:
		return tessera_sched_set_qos(&d->rl.sched, e, e->reservation_ppm, value,
					     d->rl.now_ns, resched);
	case TESSERA_QOS_ELASTIC_CAP:
		return tessera_sched_set_elastic_cap(&d->rl.sched, e, value, d->rl.now_ns, resched);
	case TESSERA_QOS_LOW_LATENCY:
		return tessera_sched_set_low_latency(&d->rl.sched, e, value, d->rl.now_ns);
	default:
		return tessera_sched_set_slice_request(&d->rl.sched, e, value);
	}
}

/* What others have not reserved. */
static u32 tessera_dispatcher_unreserved_ppm(const struct tessera_dispatcher *d,
					     const struct tessera_dispatch_entity *ent)
{
	struct tessera_dispatch_entity *e;
	u32 left = TESSERA_SCHED_PPM + ent->run.sched.reservation_ppm;

	list_for_each_entry(e, &d->entities, node)
		left -= e->run.sched.reservation_ppm;
	return left;
}

static int tessera_dispatcher_set_qos_on(struct tessera_dispatcher *d,
					 struct tessera_dispatch_entity *ent,
					 enum tessera_qos what, u64 value)
{
	struct tessera_hw_counters c;
	unsigned long flags;
	bool resched;
	u32 left = 0;
	int ret;

	flags = tessera_dispatcher_sync_lock(d, &c);
	ret = tessera_dispatcher_apply_qos(d, &ent->run.sched, what, value, &resched);
	if (ret == -ENOSPC)
		left = tessera_dispatcher_unreserved_ppm(d, ent);
	if (resched)
		tessera_runlist_pick(&d->rl);
	tessera_dispatcher_unlock(d, flags);
	if (ret == -ENOSPC)
		pci_err(d->accel->pdev,
			"Cannot reserve %llu%% of the %s engine for vGPU %s: %u%% are left.\n",
			div_u64(value, TESSERA_SCHED_PPM / 100), tessera_dispatcher_engine_name(d),
			ent->name, left / (TESSERA_SCHED_PPM / 100));
	return ret;
}

/**
 * tessera_dispatcher_qos() - return one of a vGPU's settings
 * @ents: the vGPU on each engine
 * @what: which
 *
 * Context: any; accel->lock keeps the setting as it is.
 * Return: its value, as for tessera_dispatcher_set_qos().
 */
u64 tessera_dispatcher_qos(const struct tessera_dispatch_entity *ents, enum tessera_qos what)
{
	return tessera_dispatcher_read_qos(&ents[0].run.sched, what);
}

/**
 * tessera_dispatcher_set_qos() - change one of a vGPU's settings, on all engines or on none
 * @accel: the accelerator
 * @ents: the vGPU on each engine
 * @what: which
 * @value: a weight, parts per million of engine time, or ns; counts from now on
 *
 * Context: may sleep.
 * Return: 0; -EINVAL out of range, for a limit below the reservation, or for an elastic cap
 * below the fixed share; -ENOSPC, with a line in the log, if more than a whole engine would
 * be reserved.
 */
int tessera_dispatcher_set_qos(struct tessera_accel *accel, struct tessera_dispatch_entity *ents,
			       enum tessera_qos what, u64 value)
{
	int ret = 0;
	u64 before;
	u32 e;

	mutex_lock(&accel->lock);
	before = tessera_dispatcher_qos(ents, what);
	for (e = 0; e < accel->hw->num_engines && !ret; e++)
		ret = tessera_dispatcher_set_qos_on(&accel->dispatchers[e], &ents[e], what, value);
	/* Engines differ only while a vGPU that has a reservation is being removed. */
	if (ret) {
		for (e--; e > 0; e--)
			tessera_dispatcher_set_qos_on(&accel->dispatchers[e - 1], &ents[e - 1],
						      what, before);
	}
	mutex_unlock(&accel->lock);
	return ret;
}
