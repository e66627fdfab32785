/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sizes.h - into how many parts an accelerator is divided
 *
 * The simulator of a fleet (sched/sim) includes this as well.
 */
#ifndef TESSERA_ACCEL_SIZES_H
#define TESSERA_ACCEL_SIZES_H

#define TESSERA_NUM_TYPES	5u	/* V1, V2, V4, V8, V16 */
#define TESSERA_VRAM_UNITS	16u	/* VRAM is given out in sixteenths */

#endif /* TESSERA_ACCEL_SIZES_H */
