// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_decisions.c - decisions for counting their instructions
 *
 *   bench_decisions POLICY VGPUS DECISIONS
 *
 * Every vGPU is busy; in every eighth slice one goes to sleep and another wakes. What is to be
 * counted happens in measured(): for each decision a charge, a pick, and a switch.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tessera_sched.h"

static struct tessera_sched s;
static struct tessera_sched_entity *e;
static unsigned long num;
static u64 now;

static inline void decide(unsigned long decisions)
{
	struct tessera_sched_decision d = { NULL, 0 };
	unsigned long i;

	for (i = 0; i < decisions; i++) {
		u64 late = i % 7 * 100000;

		now += d.slice_ns + late;
		tessera_sched_charge(&s, d.slice_ns + late, now);
		if (i % 8 == 7) {
			tessera_sched_wake(&s, &e[(i / 8) % num], now);
			tessera_sched_sleep(&s, &e[(i / 8 + 1) % num], now);
		}
		tessera_sched_pick(&s, now, &d);
		now += 20000;
		tessera_sched_switched(&s, now);
	}
}

/* Not inlined: callgrind counts from its entry to its return. */
__attribute__((noinline)) void measured(unsigned long decisions);
__attribute__((noinline)) void measured(unsigned long decisions)
{
	decide(decisions);
}

int main(int argc, char **argv)
{
	const struct tessera_sched_policy *policy;
	unsigned long i, decisions;

	policy = argc == 4 ? tessera_sched_policy_find(argv[1]) : NULL;
	num = argc == 4 ? strtoul(argv[2], NULL, 0) : 0;
	decisions = argc == 4 ? strtoul(argv[3], NULL, 0) : 0;
	e = num ? calloc(num, sizeof(*e)) : NULL;
	if (!policy || !e || !decisions) {
		fprintf(stderr, "usage: bench_decisions POLICY VGPUS DECISIONS\n");
		return 1;
	}
	tessera_sched_init(&s, policy);
	for (i = 0; i < num; i++) {
		tessera_sched_entity_init(&e[i], "bench", num + num / 8 + 1);
		tessera_sched_add(&s, &e[i], now);
		tessera_sched_set_weight(&s, &e[i], 100 + i % 100);
		tessera_sched_start(&s, &e[i], now);
		tessera_sched_wake(&s, &e[i], now);
	}
	/* Until everyone has had a turn. */
	decide(2 * num);
	measured(decisions);
	free(e);
	return 0;
}
