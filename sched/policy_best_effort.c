// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy_best_effort.c - share by demand
 *
 * Only vGPUs with work compete; among them engine time is divided by weight, and what
 * one does not use goes to the others at once. A vGPU is charged for the time it used
 * the engine, so an idle one pays nothing and, waking, has its turn among the others, but has not
 * saved anything up.
 *
 * Strong: the engine is never idle while anyone has work.
 * Weak: no one is owed anything in particular; a vGPU's share and latency depend on
 * how many others are busy.
 */
#include "tessera_sched_internal.h"

const struct tessera_sched_policy tessera_sched_best_effort = {
	.name = "best_effort",
	.work_conserving = true,
	.proportional = true,
	.own_positions = true,
	.ops = &tessera_sched_eevdf_ops,
};
