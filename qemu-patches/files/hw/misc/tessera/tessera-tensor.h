/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tessera-tensor.h - the compute commands of the T1 accelerator: check, cost, execution
 *
 * Free of QEMU headers: built into the device model and, alone, into unit tests.
 */
#ifndef TESSERA_TENSOR_H
#define TESSERA_TENSOR_H

#include <stdint.h>

#include "t1_hw.h"

/* MACs per clock are facts of T1; clock and bandwidths are device properties. */
#define T1_F32_MACS_PER_CLOCK	32u
#define T1_I8_MACS_PER_CLOCK	128u

/**
 * struct t1_mem - a context's address space, as the engine sees it
 * @opaque: passed through
 * @read: copy @len bytes at @va to @buf; 0, or T1_FAULT_* with *@fault_va set
 * @write: copy @len bytes from @buf to @va; likewise
 */
struct t1_mem {
	void *opaque;
	unsigned int (*read)(void *opaque, uint64_t va, void *buf, uint64_t len,
			     uint64_t *fault_va);
	unsigned int (*write)(void *opaque, uint64_t va, const void *buf, uint64_t len,
			      uint64_t *fault_va);
};

/**
 * struct t1_rates - modelled speeds of one device
 * @clock_mhz: engine clock
 * @f32_macs_per_clock: T1_F32_MACS_PER_CLOCK
 * @i8_macs_per_clock: T1_I8_MACS_PER_CLOCK
 * @vram_mb_per_s: bandwidth of device memory, 10^6 bytes a second
 * @dma_mb_per_s: bandwidth to system memory, 10^6 bytes a second
 */
struct t1_rates {
	uint32_t clock_mhz;
	uint32_t f32_macs_per_clock;
	uint32_t i8_macs_per_clock;
	uint32_t vram_mb_per_s;
	uint32_t dma_mb_per_s;
};

/**
 * t1_tensor_check() - validate every field of a compute command
 * @cmd: private copy of the command, contents untrusted
 *
 * Accesses no memory. Everything that t1_tensor_exec() needs for its own safety is checked
 * here.
 *
 * Return: 0, or T1_FAULT_BAD_COMMAND (opcode, flag, reserved or field out of range, too
 * many bytes or MACs), _MISALIGNED (an operand) or _UNMAPPED (an operand passes 48 bits).
 */
unsigned int t1_tensor_check(const struct t1_cmd *cmd);

/**
 * t1_tensor_cost_ns() - compute the modelled engine time of a checked command
 * @cmd: the command
 * @r: speeds
 *
 * Return: the longer of arithmetic and VRAM traffic, in ns, rounded up, at least 1; 0 for a
 * command that t1_tensor_check() refuses.
 */
uint64_t t1_tensor_cost_ns(const struct t1_cmd *cmd, const struct t1_rates *r);

/**
 * t1_tensor_exec() - execute a command
 * @cmd: the command; checked again here, so calling this unchecked is at worst a fault
 * @mem: address space it runs in
 * @fault_va: set to the virtual address of a memory fault
 *
 * May be called by several threads for different devices. After a fault the outputs may
 * have been written in part.
 *
 * Return: 0 or T1_FAULT_*; BUS_ERROR also when the host has no memory for scratch.
 */
unsigned int t1_tensor_exec(const struct t1_cmd *cmd, const struct t1_mem *mem,
			    uint64_t *fault_va);

#endif /* TESSERA_TENSOR_H */
