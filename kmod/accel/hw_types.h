/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw_types.h - the words of the lower seam: events, counters, memory, queues
 */
#ifndef TESSERA_ACCEL_HW_TYPES_H
#define TESSERA_ACCEL_HW_TYPES_H

#include <linux/bits.h>
#include <linux/types.h>

#define TESSERA_MAX_SLOTS	64u
#define TESSERA_MAX_CONTEXTS	64u	/* a runlist is a mask of them */
#define TESSERA_MAX_ENGINES	8u
#define TESSERA_MAX_EXTENTS	512u	/* of one mapping */

enum tessera_hw_event_type {
	TESSERA_HW_FAULT,	/* a context stopped: ctx, slot, fault, addr */
	TESSERA_HW_SWITCHED,	/* the runlist of token is in force */
	TESSERA_HW_IDLE,	/* nothing on the runlist of token has work */
	TESSERA_HW_PENDING,	/* ctx has work; it is off the runlist, or that was idle */
	TESSERA_HW_RESET_DONE,	/* an engine reset is over; ctx lost its work, or none */
};

#define TESSERA_HW_NO_CONTEXT	U32_MAX

/**
 * struct tessera_hw_event - something that an engine reports
 * @type: what
 * @engine: the engine, below struct tessera_hw.num_engines
 * @ctx: context, or TESSERA_HW_NO_CONTEXT
 * @slot: queue slot of a fault
 * @fault: why a context stopped, in the words of the backend and its model
 * @token: of the runlist in force
 * @time_ns: device time of the event
 * @busy_ns: the engine's busy counter at that time
 * @switch_ns: the engine's switch counter at that time
 * @addr: virtual address of a fault
 */
struct tessera_hw_event {
	enum tessera_hw_event_type type;
	u32 engine;
	u32 ctx;
	u32 slot;
	u32 fault;
	u32 token;
	u64 time_ns;
	u64 busy_ns;
	u64 switch_ns;
	u64 addr;
};

/**
 * struct tessera_hw_counters - counters of an engine, read together
 * @time_ns: device time at which @busy_ns was read
 * @busy_ns: time in which work ran
 * @switch_ns: time spent in switching runlists
 * @switches: runlists switched in, modulo 2^32
 */
struct tessera_hw_counters {
	u64 time_ns;
	u64 busy_ns;
	u64 switch_ns;
	u32 switches;
};

#define TESSERA_HW_READ		BIT(0)	/* of a mapping: engines may read */
#define TESSERA_HW_WRITE	BIT(1)	/* engines may write */
#define TESSERA_HW_VRAM		BIT(2)	/* addresses are offsets into device memory, else bus */
#define TESSERA_HW_WHOLE	BIT(3)	/* each aligned 2 MiB of it is unmapped as a whole */

/**
 * struct tessera_extent - memory that lies in one piece
 * @addr: bus address, or offset into device memory; page aligned
 * @bytes: a multiple of the page size
 */
struct tessera_extent {
	u64 addr;
	u64 bytes;
};

/**
 * tessera_extent_append() - add memory to a list of extents
 * @x: the list, which has room for another
 * @n: extents in it
 * @addr: where the memory begins
 * @bytes: its size
 *
 * Context: any.
 * Return: how many extents there are now: memory that follows the last one makes it longer.
 */
static inline u32 tessera_extent_append(struct tessera_extent *x, u32 n, u64 addr, u64 bytes)
{
	if (n && x[n - 1].addr + x[n - 1].bytes == addr) {
		x[n - 1].bytes += bytes;
		return n;
	}
	x[n] = (struct tessera_extent){ .addr = addr, .bytes = bytes };
	return n + 1;
}

/**
 * struct tessera_hw_range - virtual addresses of a context
 * @ctx: the context
 * @va: first, page aligned
 * @bytes: a multiple of the page size
 */
struct tessera_hw_range {
	u32 ctx;
	u64 va;
	u64 bytes;
};

/**
 * struct tessera_hw_queue - a queue to be created
 * @ctx: its context
 * @engine: its engine, as the guest named it: the backend checks it
 * @ring_va: its ring
 * @state_va: its control block
 * @ring_log2: entries of the ring
 */
struct tessera_hw_queue {
	u32 ctx;
	u32 engine;
	u64 ring_va;
	u64 state_va;
	u32 ring_log2;
};

#endif /* TESSERA_ACCEL_HW_TYPES_H */
