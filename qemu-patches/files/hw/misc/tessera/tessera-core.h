/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tessera-core.h - public face of the T1 device core
 *
 * The core is the whole accelerator but for the PCI function around it: registers,
 * admin queue, page tables, engines and their modelled time. It knows no QEMU
 * type; what it needs of its surroundings comes through struct t1_host_ops,
 * so that the same objects run under QEMU and under the unit tests.
 *
 * Nothing here locks: the caller serialises all calls (QEMU: the BQL).
 */
#ifndef TESSERA_CORE_H
#define TESSERA_CORE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the T1 device core shares structures with its guest and needs a little-endian host"
#endif

#define T1_NEVER		UINT64_MAX	/* a time that does not come */

/* What the core tells struct t1_host_ops.trace; the arguments by kind. */
enum t1_trace {
	T1_TRACE_ADMIN,	/* cid, opcode, ctx, status */
	T1_TRACE_START,	/* engine, slot, opcode, remaining cost in ns */
	T1_TRACE_END,	/* engine, slot, opcode, fault */
	T1_TRACE_RUNLIST,	/* engine, contexts, token, switch cost in ns */
	T1_TRACE_EVENT,	/* type, engine, ctx, token or fault */
	T1_TRACE_DOORBELL,	/* slot, tail, head, 0 */
	T1_TRACE_RESET,	/* engine or NUM_ENGINES for the function, ctx, 0, 0 */
};

/**
 * struct t1_config - the modelled speeds and sizes, fixed for a core's life
 * @vram_bytes: device memory, a multiple of 2 MiB
 * @switch_ns: cost of a runlist switch
 * @tile_ns: granularity of strict preemption, not zero
 * @reset_ns: cost of an engine reset
 * @cmd_ns: cost of fetching a command, not zero
 * @clock_mhz: engine clock, not zero
 * @vram_mb_per_s: VRAM bandwidth in 10^6 bytes a second, not zero
 * @dma_mb_per_s: system memory bandwidth, likewise
 * @hang: T1_OP_HANG is accepted
 */
struct t1_config {
	uint64_t vram_bytes;
	uint32_t switch_ns;
	uint32_t tile_ns;
	uint32_t reset_ns;
	uint32_t cmd_ns;
	uint32_t clock_mhz;
	uint32_t vram_mb_per_s;
	uint32_t dma_mb_per_s;
	bool hang;
};

/**
 * struct t1_host_ops - what the core needs of its surroundings
 * @now: device time in ns; never goes back
 * @set_timer: call t1_core_run() once device time has reached @deadline, or
 *             never where it is T1_NEVER; replaces the deadline set before
 * @dma_read: read from a bus address; false where any byte was refused
 * @dma_write: write to a bus address; likewise. A write of 8 aligned bytes is one store
 * @vram_dirty: [@offset, @offset + @len) of device memory has been written
 * @irq: send MSI-X vector @vector
 * @guest_error: report a guest's mistake; no newline at its end
 * @trace: see enum t1_trace
 */
struct t1_host_ops {
	uint64_t (*now)(void *opaque);
	void (*set_timer)(void *opaque, uint64_t deadline);
	bool (*dma_read)(void *opaque, uint64_t bus, void *buf, uint64_t len);
	bool (*dma_write)(void *opaque, uint64_t bus, const void *buf, uint64_t len);
	void (*vram_dirty)(void *opaque, uint64_t offset, uint64_t len);
	void (*irq)(void *opaque, unsigned int vector);
	void (*guest_error)(void *opaque, const char *fmt, va_list args);
	void (*trace)(void *opaque, enum t1_trace kind,
		      uint64_t a, uint64_t b, uint64_t c, uint64_t d);
};

struct t1_core;

/**
 * t1_core_new() - make an accelerator in its power-on state
 * @config: copied
 * @ops: must outlive the core
 * @opaque: first argument of every callback
 * @vram: @config->vram_bytes of device memory; must outlive the core
 *
 * Return: the core, or NULL where a field of @config is out of range or memory is short.
 */
struct t1_core *t1_core_new(const struct t1_config *config,
			    const struct t1_host_ops *ops,
			    void *opaque, void *vram);

/**
 * t1_core_free() - free a core
 * @core: may be NULL
 */
void t1_core_free(struct t1_core *core);

/**
 * t1_core_reset() - function reset: the power-on state, VRAM kept
 * @core: the accelerator
 */
void t1_core_reset(struct t1_core *core);

/**
 * t1_core_read() - a read of BAR0
 * @core: the accelerator
 * @off: offset into the BAR
 * @size: bytes
 *
 * Return: the value; zero for what is not a readable 32-bit register.
 */
uint32_t t1_core_read(struct t1_core *core, uint64_t off, unsigned int size);

/**
 * t1_core_write() - a write to BAR0
 * @core: the accelerator
 * @off: offset into the BAR
 * @val: value
 * @size: bytes; what is not a writable 32-bit register drops the write
 */
void t1_core_write(struct t1_core *core, uint64_t off, uint32_t val,
		   unsigned int size);

/**
 * t1_core_run() - the timer: bring the model up to the present
 * @core: the accelerator
 */
void t1_core_run(struct t1_core *core);

/**
 * t1_core_save() - serialise all state but VRAM
 * @core: the accelerator; not changed, and no memory of the guest is touched
 * @len: where the length goes
 *
 * Return: the stream, to be given to free(), or NULL where memory is short.
 */
uint8_t *t1_core_save(struct t1_core *core, size_t *len);

/**
 * t1_core_load() - take over a state that t1_core_save() made
 * @core: the accelerator; its former state is dropped, whatever the outcome
 * @buf: the stream; nothing in it is trusted
 * @len: its length
 * @why: where a reason goes on failure, a constant string
 *
 * Return: false where the stream was refused; the core is then as after a reset.
 */
bool t1_core_load(struct t1_core *core, const uint8_t *buf, size_t len,
		  const char **why);

#endif /* TESSERA_CORE_H */
