/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sim_run.h - runs a workload on modelled accelerators
 */
#ifndef TESSERA_SIM_RUN_H
#define TESSERA_SIM_RUN_H

#include "summary.h"

/**
 * sim_run_workload() - run all engines for summary_run_ns()
 * @w: the workload, checked
 * @summary: what is told of slices and jobs; begun at SIM_START_NS
 */
void sim_run_workload(const struct workload *w, struct summary *summary);

#endif /* TESSERA_SIM_RUN_H */
