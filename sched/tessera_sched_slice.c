// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_sched_slice.c - how long a slice is, from the settings alone
 *
 * Apart from the core, so that limits, loans and policies can ask without calling back into it.
 */
#include "tessera_sched_internal.h"

/**
 * tessera_sched_timeslice_ns() - return the slice in force
 * @s: the scheduler
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: the configured slice, or the default for the number of running vGPUs, in ns.
 */
u64 tessera_sched_timeslice_ns(const struct tessera_sched *s)
{
	if (s->config.timeslice_ns)
		return s->config.timeslice_ns;
	return s->num_running <= TESSERA_SCHED_FEW_VGPUS ? TESSERA_SCHED_SLICE_FEW_NS :
							   TESSERA_SCHED_SLICE_MANY_NS;
}

/* The slice that @e asks for, where the policy lets it, else the one in force. */
u64 tessera_sched_slice_ns(const struct tessera_sched *s, const struct tessera_sched_entity *e)
{
	if (s->policy->slice_requests && e->slice_request_ns)
		return e->slice_request_ns;
	return tessera_sched_timeslice_ns(s);
}
