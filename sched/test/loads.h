/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * loads.h - synthetic loads for the model
 */
#ifndef TESSERA_SCHED_TEST_LOADS_H
#define TESSERA_SCHED_TEST_LOADS_H

#include "sim_engine.h"

/**
 * struct load_busy - always has the next batch ready
 * @length_ns: of each batch, or the shortest
 * @spread_ns: random part, up to this more
 * @random: its state
 */
struct load_busy {
	u64 length_ns;
	u64 spread_ns;
	u64 random;
};

/**
 * struct load_pauses - a batch, a random pause, a batch
 * @length_ns: as in load_busy
 * @spread_ns: likewise
 * @pause_ns: longest pause; a quarter of them are ten times as long, a quarter nothing
 * @random: its state
 */
struct load_pauses {
	u64 length_ns;
	u64 spread_ns;
	u64 pause_ns;
	u64 random;
};

/**
 * struct load_program - submits a batch, waits for it, thinks, and submits the next
 * @length_ns: as in load_busy
 * @spread_ns: likewise
 * @think_ns: shortest think time
 * @think_spread_ns: random part, up to this more
 * @random: its state
 */
struct load_program {
	u64 length_ns;
	u64 spread_ns;
	u64 think_ns;
	u64 think_spread_ns;
	u64 random;
};

static inline bool load_busy_next(struct sim_client *c, u64 after_ns, struct sim_job *job)
{
	struct load_busy *l = c->load_data;

	job->arrival_ns = after_ns;
	job->length_ns = l->length_ns + sim_random_below(&l->random, l->spread_ns + 1);
	return true;
}

static inline bool load_pauses_next(struct sim_client *c, u64 after_ns, struct sim_job *job)
{
	struct load_pauses *l = c->load_data;
	u64 kind = sim_random_below(&l->random, 4);
	u64 pause = kind ? sim_random_below(&l->random, l->pause_ns + 1) : 0;

	job->arrival_ns = after_ns + (kind == 1 ? 10 * pause : pause);
	job->length_ns = l->length_ns + sim_random_below(&l->random, l->spread_ns + 1);
	return true;
}

static inline bool load_program_next(struct sim_client *c, u64 after_ns, struct sim_job *job)
{
	struct load_program *l = c->load_data;

	job->arrival_ns = after_ns + l->think_ns +
			  sim_random_below(&l->random, l->think_spread_ns + 1);
	job->length_ns = l->length_ns + sim_random_below(&l->random, l->spread_ns + 1);
	return true;
}

static const struct sim_load load_busy = { .next = load_busy_next };
static const struct sim_load load_pauses = { .next = load_pauses_next };
static const struct sim_load load_program = { .next = load_program_next };

#endif /* TESSERA_SCHED_TEST_LOADS_H */
