/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hold.h - guest memory that is not to be pinned for a while
 */
#ifndef TESSERA_VGPU_HOLD_H
#define TESSERA_VGPU_HOLD_H

#include <linux/types.h>

/**
 * struct tessera_hold - guest pages that VFIO is taking away from a vGPU; under dma.lock
 * @first: first guest page number ...
 * @last: ... and last
 * @until: until when (jiffies) none of them is pinned
 * @time: for how long (jiffies), as of the last call
 * @call_first: what the last call was for: first guest page number ...
 * @call_last: ... and last
 */
struct tessera_hold {
	unsigned long first, last;
	unsigned long until, time;
	unsigned long call_first, call_last;
};

void tessera_hold_init(struct tessera_hold *hold);
void tessera_hold_call(struct tessera_hold *hold, unsigned long first, unsigned long last);
void tessera_hold_on(struct tessera_hold *hold);
bool tessera_hold_any(const u64 *iovas, u32 n, unsigned long first, unsigned long last);
long tessera_hold_left(const struct tessera_hold *hold, const u64 *iovas, u32 n);

#endif /* TESSERA_VGPU_HOLD_H */
