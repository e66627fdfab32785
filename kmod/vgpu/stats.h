/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stats.h - a vGPU's counters; single words, updated where the thing happens
 */
#ifndef TESSERA_VGPU_STATS_H
#define TESSERA_VGPU_STATS_H

#include <linux/atomic.h>

struct tessera_vgpu_stats {
	atomic64_t admin_commands;
	atomic64_t admin_errors;
	atomic64_t events;
	atomic64_t faults;
	atomic64_t interrupts;
	atomic64_t moderated;
	atomic64_t held;
	atomic64_t maps;
	atomic64_t unmaps;
	atomic64_t revoked_pages;
	atomic64_t resets;
	atomic64_t trapped_doorbells;
	atomic64_t trapped_registers;
};

#endif /* TESSERA_VGPU_STATS_H */
