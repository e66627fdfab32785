/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sim_loads.h - where a modelled client's batches come from: synthetic, or a trace
 */
#ifndef TESSERA_SIM_LOADS_H
#define TESSERA_SIM_LOADS_H

#include <stdio.h>

#include "sim_engine.h"

enum sim_load_kind {
	SIM_HOG,	/* always has the next batch ready */
	SIM_FRAMES,	/* a batch every period, whether or not the last is done */
	SIM_POISSON,	/* batches at random, a period apart in the mean */
	SIM_BURSTY,	/* burst batches, one after the other, every period */
	SIM_ADVERSARY,	/* as hog, but one batch in burst is burst times as long */
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
 * @random: state of the generator; the seed at first
 * @trace: batches by arrival, @trace_num of them
 */
struct sim_source {
	enum sim_load_kind kind;
	u64 period_ns;
	u64 length_ns;
	u64 spread_ns;
	u64 burst;
	u64 random;
	struct sim_job *trace;
	size_t trace_num;

	u64 given;		/* batches, so far */
	u64 due_ns;		/* of the next period */
	bool started;
};

/* The struct sim_load for a source of this kind. */
const struct sim_load *sim_load_of(const struct sim_source *src);

/**
 * struct sim_trace_row - a line of a trace
 * @time_ns: when the doorbell rang
 * @vgpu: whose
 * @length_ns: engine time of the batch
 */
struct sim_trace_row {
	u64 time_ns;
	char vgpu[40];
	u64 length_ns;
};

/*
 * Read the next line of a trace: CSV with the header "time_ns,vgpu,length_ns" (which is
 * skipped, as lines that begin with # are). 1: read, 0: no more, -1: line *@line_no is malformed.
 */
int sim_trace_read(FILE *f, struct sim_trace_row *row, unsigned long *line_no);

#endif /* TESSERA_SIM_LOADS_H */
