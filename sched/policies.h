/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policies.h - the policies, a line each: tessera_sched_NAME is defined in policy_NAME.c
 *
 * This is the only list there is. The first is the default.
 */
TESSERA_SCHED_POLICY(best_effort)
TESSERA_SCHED_POLICY(equal_share)
TESSERA_SCHED_POLICY(fixed_share)
TESSERA_SCHED_POLICY(deadline)
