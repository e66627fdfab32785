// SPDX-License-Identifier: GPL-2.0-only
/*
 * dispatcher_settings.c - the scheduler's settings, changed while vGPUs run
 *
 * A setting is the same for all engines, each of which keeps its own account by it. What
 * changes how time is charged is set with the accounts current, so that it counts from that
 * moment on.
 */
#include "tessera.h"

/**
 * tessera_dispatcher_policy() - the policy in force
 * @parent: the accelerator
 */
const struct tessera_sched_policy *tessera_dispatcher_policy(struct tessera_parent *parent)
{
	return READ_ONCE(parent->dispatchers[0].sched.policy);
}

/**
 * tessera_dispatcher_set_policy() - change the policy of all engines, while vGPUs run
 * @parent: the accelerator
 * @name: the policy's
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL for an unknown one.
 */
int tessera_dispatcher_set_policy(struct tessera_parent *parent, const char *name)
{
	const struct tessera_sched_policy *policy = tessera_sched_policy_find(name);
	struct tessera_hw_counters c;
	unsigned long flags;
	bool resched;
	u32 e;

	if (!policy)
		return -EINVAL;
	mutex_lock(&parent->settings_lock);
	for (e = 0; e < TESSERA_NUM_ENGINES; e++) {
		struct tessera_dispatcher *d = &parent->dispatchers[e];

		flags = tessera_dispatcher_sync_lock(d, &c);
		resched = false;
		if (!tessera_sched_set_policy(&d->sched, policy, d->now_ns, &resched) && resched)
			tessera_dispatcher_pick(d);
		tessera_dispatcher_unlock(d, flags);
	}
	mutex_unlock(&parent->settings_lock);
	return 0;
}

/**
 * tessera_dispatcher_config() - the settings in force
 * @parent: the accelerator
 * @timeslice_ns: the slice, be it set or the default
 * @averaging: into how many slices a debt is spread
 */
void tessera_dispatcher_config(struct tessera_parent *parent, u64 *timeslice_ns, u32 *averaging)
{
	struct tessera_dispatcher *d = &parent->dispatchers[0];

	spin_lock_irq(&d->lock);
	*timeslice_ns = tessera_sched_timeslice_ns(&d->sched);
	*averaging = d->sched.config.averaging;
	spin_unlock_irq(&d->lock);
}

static int set_config(struct tessera_parent *parent, const u64 *timeslice_ns,
		      const u32 *averaging)
{
	struct tessera_sched_config config;
	int ret = 0;
	u32 e;

	mutex_lock(&parent->settings_lock);
	for (e = 0; e < TESSERA_NUM_ENGINES && !ret; e++) {
		struct tessera_dispatcher *d = &parent->dispatchers[e];

		spin_lock_irq(&d->lock);
		config = d->sched.config;
		if (timeslice_ns)
			config.timeslice_ns = *timeslice_ns;
		if (averaging)
			config.averaging = *averaging;
		ret = tessera_sched_set_config(&d->sched, &config);
		spin_unlock_irq(&d->lock);
	}
	mutex_unlock(&parent->settings_lock);
	return ret;
}

/**
 * tessera_dispatcher_set_timeslice() - change the slice of all engines
 * @parent: the accelerator
 * @ns: the slice, or 0 for the default
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL out of range.
 */
int tessera_dispatcher_set_timeslice(struct tessera_parent *parent, u64 ns)
{
	return set_config(parent, &ns, NULL);
}

/**
 * tessera_dispatcher_set_averaging() - change the averaging factor of all engines
 * @parent: the accelerator
 * @averaging: into how many slices a debt is spread
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL out of range.
 */
int tessera_dispatcher_set_averaging(struct tessera_parent *parent, u32 averaging)
{
	return set_config(parent, NULL, &averaging);
}

/* ----------------------------------------------------------- preemption -- */

/**
 * tessera_dispatcher_set_preempt_strict() - choose where running commands are stopped
 * @parent: the accelerator
 * @strict: inside a ring entry, rather than at its end
 *
 * An engine that is waiting for the end of a long one is told to stop it now.
 *
 * Context: may sleep.
 */
void tessera_dispatcher_set_preempt_strict(struct tessera_parent *parent, bool strict)
{
	u32 e;

	mutex_lock(&parent->settings_lock);
	WRITE_ONCE(parent->preempt_strict, strict);
	for (e = 0; e < TESSERA_NUM_ENGINES; e++) {
		struct tessera_dispatcher *d = &parent->dispatchers[e];

		spin_lock_irq(&d->lock);
		if (strict && d->waiting && !d->down)
			tessera_dispatcher_submit(d);
		spin_unlock_irq(&d->lock);
	}
	mutex_unlock(&parent->settings_lock);
}

/**
 * tessera_dispatcher_set_preempt_timeout() - change the patience with a running command
 * @parent: the accelerator
 * @us: TESSERA_PREEMPT_TIMEOUT_MIN_US to _MAX_US; counts for the present wait as well
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL out of range.
 */
int tessera_dispatcher_set_preempt_timeout(struct tessera_parent *parent, u32 us)
{
	u32 e;

	if (us < TESSERA_PREEMPT_TIMEOUT_MIN_US || us > TESSERA_PREEMPT_TIMEOUT_MAX_US)
		return -EINVAL;
	mutex_lock(&parent->settings_lock);
	WRITE_ONCE(parent->preempt_timeout_us, us);
	for (e = 0; e < TESSERA_NUM_ENGINES; e++) {
		struct tessera_dispatcher *d = &parent->dispatchers[e];

		spin_lock_irq(&d->lock);
		if (d->waiting && !d->down)
			tessera_dispatcher_arm_patience(d);
		spin_unlock_irq(&d->lock);
	}
	mutex_unlock(&parent->settings_lock);
	return 0;
}

/**
 * tessera_dispatcher_set_weight() - change a vGPU's weight on all engines
 * @vgpu: the vGPU
 * @weight: the weight
 *
 * Return: 0, or -EINVAL out of range.
 */
int tessera_dispatcher_set_weight(struct tessera_vgpu *vgpu, u32 weight)
{
	int ret = 0;
	u32 e;

	for (e = 0; e < TESSERA_NUM_ENGINES && !ret; e++) {
		struct tessera_dispatcher *d = &vgpu->parent->dispatchers[e];

		spin_lock_irq(&d->lock);
		ret = tessera_sched_set_weight(&d->sched, &vgpu->engine[e].sched, weight);
		spin_unlock_irq(&d->lock);
	}
	return ret;
}
