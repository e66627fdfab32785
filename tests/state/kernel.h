/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kernel.h - the few words of the kernel's that the state's sources use, for user space
 *
 * Included before everything else.
 */
#ifndef TESSERA_TEST_STATE_KERNEL_H
#define TESSERA_TEST_STATE_KERNEL_H

#include <endian.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

#define BIT(n)		(1UL << (n))
#define le16_to_cpu(x)	le16toh(x)
#define le32_to_cpu(x)	le32toh(x)
#define le64_to_cpu(x)	le64toh(x)
#define cpu_to_le16(x)	htole16(x)
#define cpu_to_le32(x)	htole32(x)
#define cpu_to_le64(x)	htole64(x)

#endif
