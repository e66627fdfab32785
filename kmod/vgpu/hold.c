// SPDX-License-Identifier: GPL-2.0-only
/*
 * hold.c - guest memory that is not to be pinned for a while
 *
 * When VFIO takes memory away it calls every vGPU of the process, looks for pinned pages then, and
 * calls again if it finds any. It does so a few times only (unpin.c). So what a vGPU was called for
 * it does not pin for a while: twice as long when it is called for the same again, and longest when
 * it could not unpin all, and knows that it will be called.
 */
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/pfn.h>
#include "vgpu/hold.h"

#define HOLD_MS		50u
#define HOLD_MAX_MS	1600u

static void tessera_hold_extend(struct tessera_hold *hold, unsigned long time)
{
	if (time_before(hold->until, jiffies + time))
		hold->until = jiffies + time;
}

/**
 * tessera_hold_init() - nothing is held
 * @hold: the vGPU's
 *
 * Context: any.
 */
void tessera_hold_init(struct tessera_hold *hold)
{
	*hold = (struct tessera_hold){ .until = jiffies, .call_first = 1 };
}

/**
 * tessera_hold_call() - VFIO has called: hold a range of guest pages for a while
 * @hold: the vGPU's
 * @first: first guest page number ...
 * @last: ... and last
 *
 * Context: dma.lock is held.
 */
void tessera_hold_call(struct tessera_hold *hold, unsigned long first, unsigned long last)
{
	if (first == hold->call_first && last == hold->call_last &&
	    time_before(jiffies, hold->until + HZ))
		hold->time = min(hold->time * 2, msecs_to_jiffies(HOLD_MAX_MS));
	else
		hold->time = msecs_to_jiffies(HOLD_MS);
	hold->call_first = first;
	hold->call_last = last;
	if (time_before(jiffies, hold->until)) {
		first = min(hold->first, first);
		last = max(hold->last, last);
	}
	hold->first = first;
	hold->last = last;
	tessera_hold_extend(hold, hold->time);
}

/**
 * tessera_hold_on() - VFIO is going to call again for what is held
 * @hold: the vGPU's
 *
 * Context: dma.lock is held.
 */
void tessera_hold_on(struct tessera_hold *hold)
{
	tessera_hold_extend(hold, msecs_to_jiffies(HOLD_MAX_MS));
}

/**
 * tessera_hold_any() - tell whether any of some guest addresses is in a range
 * @iovas: the addresses
 * @n: how many
 * @first: first guest page number of the range ...
 * @last: ... and last
 *
 * Context: any.
 * Return: true if one is.
 */
bool tessera_hold_any(const u64 *iovas, u32 n, unsigned long first, unsigned long last)
{
	u32 i;

	for (i = 0; i < n; i++) {
		if (PHYS_PFN(iovas[i]) >= first && PHYS_PFN(iovas[i]) <= last)
			return true;
	}
	return false;
}

/**
 * tessera_hold_left() - tell how long guest pages are held
 * @hold: the vGPU's
 * @iovas: guest addresses of the pages
 * @n: how many
 *
 * Context: dma.lock is held.
 * Return: jiffies until all of them may be pinned; 0: now.
 */
long tessera_hold_left(const struct tessera_hold *hold, const u64 *iovas, u32 n)
{
	long left = hold->until - jiffies;

	return left > 0 && tessera_hold_any(iovas, n, hold->first, hold->last) ? left : 0;
}
