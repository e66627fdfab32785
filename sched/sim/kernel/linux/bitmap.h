/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bitmap.h - what kmod/accel/pool.c wants of the kernel's header of this name, in user space
 *
 * A bitmap has at most 64 bits.
 */
#ifndef TESSERA_SIM_BITMAP_H
#define TESSERA_SIM_BITMAP_H

#include "tessera_sched.h"	/* types and errnos */

#define U32_MAX	UINT32_MAX
#define DECLARE_BITMAP(name, bits)	u64 name[(bits) == 64 ? 1 : -1]

/* Bits @first to @first + @n - 1. */
static inline u64 bitmap_mask(u32 first, u32 n)
{
	return n ? ~0ull >> (64 - n) << first : 0;
}

static inline void bitmap_zero(u64 *map, u32 nr)
{
	*map &= ~bitmap_mask(0, nr);
}

static inline void bitmap_set(u64 *map, u32 first, u32 n)
{
	*map |= bitmap_mask(first, n);
}

static inline void bitmap_clear(u64 *map, u32 first, u32 n)
{
	*map &= ~bitmap_mask(first, n);
}

static inline u32 bitmap_weight(const u64 *map, u32 nr)
{
	return __builtin_popcountll(*map & bitmap_mask(0, nr));
}

/* The first bit that is set at @from or behind; @nr if none below @nr is. */
static inline u32 find_next_bit(const u64 *map, u32 nr, u32 from)
{
	u64 found = *map & bitmap_mask(0, nr) & ~bitmap_mask(0, from);

	return found ? (u32)__builtin_ctzll(found) : nr;
}

#endif /* TESSERA_SIM_BITMAP_H */
