/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sim_loads.h - where a modelled client's batches come from: synthetic, or a trace
 */
#ifndef TESSERA_SIM_LOADS_H
#define TESSERA_SIM_LOADS_H

#include "sim_engine.h"

enum sim_load_kind {
	SIM_HOG,	/* always has the next batch ready */
	SIM_FRAMES,	/* a batch every period, whether or not the last is done */
	SIM_POISSON,	/* batches at random, a period apart in the mean */
	SIM_BURSTY,	/* burst batches, one after the other, every period */
	SIM_ADVERSARY,	/* as hog, but one batch in burst is burst times as long */
	SIM_HANG,	/* one batch that never ends and that nothing preempts */
	SIM_LOOP,	/* burst batches; when all are done, a think time; and again */
	SIM_PIPELINE,	/* a vGPU's requests pass through both engines: sim_pipeline.h gives them */
	SIM_IDLE,	/* none */
	SIM_TRACE,	/* as recorded */
	SIM_NUM_LOADS
};

extern const char *const sim_load_names[SIM_NUM_LOADS];

/**
 * struct sim_source - a client's load; the client's @load_data
 * @kind: of these
 * @period_ns: see there
 * @length_ns: of a batch
 * @spread_ns: a random part of it, up to this more
 * @burst: see there
 * @jitter_ns: frames, bursty: a batch, or burst, is late by up to this, at random
 * @think_ns: loop: from the end of a batch to the next
 * @think_spread_ns: a random part of it, up to this more
 * @delay_ns: before the first batch
 * @random: state of the generator; the seed at first
 * @trace: batches by arrival since the start, @trace_num of them; the user's. A last one
 *         of length 0 makes it a hog from then on, with batches of @length_ns
 * @trace_num: how many those are
 */
struct sim_source {
	enum sim_load_kind kind;
	u64 period_ns;
	u64 length_ns;
	u64 spread_ns;
	u64 burst;
	u64 jitter_ns;
	u64 think_ns;
	u64 think_spread_ns;
	u64 delay_ns;
	u64 random;
	struct sim_job *trace;
	size_t trace_num;

	/* private: */
	u64 given;		/* batches, so far */
	u64 due_ns;		/* of the next period; trace: of its beginning */
	u64 late_ns;		/* jitter in this period */
	bool started;
};

/* Whether it always has work. */
static inline bool sim_source_greedy(const struct sim_source *src)
{
	return src->kind == SIM_HOG || src->kind == SIM_ADVERSARY;
}

/**
 * sim_source_next() - the batch after the last one given
 * @src: the source
 * @after_ns: when to begin, at the first call; then see &sim_load.next
 * @job: the batch; its length is SIM_NEVER where it never ends
 *
 * Return: false if there is no more.
 */
bool sim_source_next(struct sim_source *src, u64 after_ns, struct sim_job *job);

/* Its vGPU is started again: begin anew. Not for traces, whose times are those of the run. */
static inline void sim_source_restart(struct sim_source *src)
{
	src->given = 0;
	src->started = false;
}

/*
 * The struct sim_load for a source, as it is now: it is another in the midst of a loop's burst, and
 * after a trace that turns into a hog.
 */
const struct sim_load *sim_load_of(const struct sim_source *src);

#endif /* TESSERA_SIM_LOADS_H */
