// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy_deadline.c - share by demand, and who wakes is next
 *
 * Time is divided as under best_effort. But one that wakes is served at the end of the slice that
 * it finds running, unless it has had more than its share: a short, sparse job does not wait for
 * the others' turns. And each has slices, and deadlines, of the length that it requests.
 *
 * Strong: short latency for sparse jobs, at the same long-run shares.
 * Weak: hogs wait less evenly; a job still waits for the slice that it finds running.
 */
#include "tessera_sched_internal.h"

const struct tessera_sched_policy tessera_sched_deadline = {
	.name = "deadline",
	.work_conserving = true,
	.proportional = true,
	.slice_requests = true,
	.wake_first = true,
	.own_positions = true,
	.ops = &tessera_sched_eevdf_ops,
};
