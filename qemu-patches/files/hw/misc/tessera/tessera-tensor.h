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

/*
 * A command is carried out in steps, so that no call does much at once. Work is counted in
 * multiply-adds; whatever else is done counts as so many of them as it takes the time of.
 */
#define T1_STEP_WORK		(8u << 20)	/* of a step, at most */
#define T1_WORK_ACCESS		1024u		/* a call that reads or writes memory */
#define T1_WORK_ELEMENT		96u		/* an element, if not of a product */

/* Bytes that a step needs for itself, and that it may leave to the next; both 16-byte aligned. */
#define T1_TENSOR_SCRATCH	(1u << 20)
#define T1_TENSOR_PARTIAL	(32u << 10)

/**
 * struct t1_steps - how a command is divided
 * @num: steps, at least 1
 * @work: work of a step, T1_STEP_WORK at most
 */
struct t1_steps {
	uint32_t num;
	uint32_t work;
};

/**
 * struct t1_mem - a context's address space, as the engine sees it
 * @opaque: passed through
 * @scratch: T1_TENSOR_SCRATCH bytes
 * @partial: T1_TENSOR_PARTIAL bytes, the same for all steps of a command: unfinished results
 * @read: copy @len bytes at @va to @buf; 0, or T1_FAULT_* with *@fault_va set
 * @write: copy @len bytes from @buf to @va; likewise
 */
struct t1_mem {
	void *opaque;
	void *scratch;
	void *partial;
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
 * Accesses no memory. Everything that t1_tensor_step() needs for its own safety is checked
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
 * t1_tensor_steps() - say into how many steps a command is divided
 * @cmd: the command
 *
 * Return: the steps; one without work for a command that t1_tensor_check() refuses.
 */
struct t1_steps t1_tensor_steps(const struct t1_cmd *cmd);

/**
 * t1_tensor_step() - execute a step of a command
 * @cmd: the command; checked again here, so calling this unchecked is at worst a fault
 * @step: from 0 to what t1_tensor_steps() says, in this order
 * @mem: address space it runs in
 * @fault_va: set to the virtual address of a memory fault
 *
 * Between two steps nothing is kept but @mem->partial and what has been written to the outputs.
 * Memory may change meanwhile: each step takes the operands as it finds them. After a fault the
 * outputs may have been written in part.
 *
 * Return: 0 or T1_FAULT_*.
 */
unsigned int t1_tensor_step(const struct t1_cmd *cmd, uint32_t step, const struct t1_mem *mem,
			    uint64_t *fault_va);

#endif /* TESSERA_TENSOR_H */
