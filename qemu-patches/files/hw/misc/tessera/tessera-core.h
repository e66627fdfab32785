/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tessera-core.h - public face of the T1 device core
 *
 * The core is the whole accelerator except for the PCI function around it: registers, admin
 * queue, page tables, engines and their modelled time. It uses no QEMU type; what it needs
 * from its surroundings comes through struct t1_host_ops, so that the same objects run in
 * QEMU and in the unit tests.
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

/**
 * struct t1_config - modelled speeds and sizes, fixed for a core's lifetime
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
 * struct t1_host_ops - what the core needs from its surroundings
 * @now: return device time in ns; never goes back
 * @set_timer: call t1_core_run() once device time has reached @deadline, or never if that is
 *             T1_NEVER; replaces the previous deadline
 * @dma_read: read from a bus address; false if any byte was refused
 * @dma_write: write to a bus address; likewise. A write of 8 aligned bytes is one store
 * @vram_dirty: [@offset, @offset + @len) of device memory has been written
 * @irq: send MSI-X vector @vector
 * @guest_error: report a guest's mistake; the text has no trailing newline
 * @trace_admin: an admin command has been run
 * @trace_start: a command begins, or goes on, and takes @cost_ns
 * @trace_end: a command has ended, with @fault or 0
 * @trace_runlist: the runlist of @contexts comes into force, for a cost of @switch_ns
 * @trace_event: an event is posted; @detail is its fault, or else its token
 * @trace_doorbell: a doorbell was rung, while the queue's head was @head
 * @trace_reset: @engine was reset, or the function if that is past the last engine
 */
struct t1_host_ops {
	uint64_t (*now)(void *opaque);
	void (*set_timer)(void *opaque, uint64_t deadline);
	bool (*dma_read)(void *opaque, uint64_t bus, void *buf, uint64_t len);
	bool (*dma_write)(void *opaque, uint64_t bus, const void *buf, uint64_t len);
	void (*vram_dirty)(void *opaque, uint64_t offset, uint64_t len);
	void (*irq)(void *opaque, unsigned int vector);
	void (*guest_error)(void *opaque, const char *fmt, va_list args);
	void (*trace_admin)(void *opaque, unsigned int cid, unsigned int opcode, uint32_t ctx,
			    unsigned int status);
	void (*trace_start)(void *opaque, unsigned int engine, unsigned int slot,
			    unsigned int opcode, uint64_t cost_ns);
	void (*trace_end)(void *opaque, unsigned int engine, unsigned int slot,
			  unsigned int opcode, unsigned int fault);
	void (*trace_runlist)(void *opaque, unsigned int engine, uint64_t contexts,
			      unsigned int token, uint64_t switch_ns);
	void (*trace_event)(void *opaque, unsigned int type, unsigned int engine, uint32_t ctx,
			    uint32_t detail);
	void (*trace_doorbell)(void *opaque, unsigned int slot, uint32_t tail, uint32_t head);
	void (*trace_reset)(void *opaque, unsigned int engine, uint32_t ctx);
};

struct t1_core;

/**
 * t1_core_new() - create an accelerator in its power-on state
 * @config: copied
 * @ops: must outlive the core
 * @opaque: first argument of every callback
 * @vram: @config->vram_bytes of device memory; must outlive the core
 *
 * Return: the core, or NULL if a field of @config is out of range or memory is short.
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
 * t1_core_reset() - reset the function to its power-on state, keeping VRAM
 * @core: the accelerator
 */
void t1_core_reset(struct t1_core *core);

/**
 * t1_core_read() - read from BAR0
 * @core: the accelerator
 * @off: offset into the BAR
 * @size: bytes
 *
 * Return: the value; zero for anything but a readable 32-bit register.
 */
uint32_t t1_core_read(struct t1_core *core, uint64_t off, unsigned int size);

/**
 * t1_core_write() - write to BAR0
 * @core: the accelerator
 * @off: offset into the BAR
 * @val: value
 * @size: bytes; a write to anything but a writable 32-bit register is dropped
 */
void t1_core_write(struct t1_core *core, uint64_t off, uint32_t val,
		   unsigned int size);

/**
 * t1_core_run() - bring the model up to the present, when the timer expires
 * @core: the accelerator
 */
void t1_core_run(struct t1_core *core);

/**
 * t1_core_save() - serialise all state but VRAM
 * @core: the accelerator; it is not changed, and no guest memory is touched
 * @len: set to the length
 *
 * Return: the stream, to be given to free(), or NULL if memory is short.
 */
uint8_t *t1_core_save(struct t1_core *core, size_t *len);

/**
 * t1_core_load() - load a state that t1_core_save() made
 * @core: the accelerator; its former state is dropped, whatever the outcome
 * @buf: the stream; nothing in it is trusted
 * @len: its length
 * @why: set to the reason on failure, a constant string
 *
 * A stream of another major or of a later minor version is refused.
 *
 * Return: false if the stream was refused; the core is then as after a reset.
 */
bool t1_core_load(struct t1_core *core, const uint8_t *buf, size_t len,
		  const char **why);

#endif /* TESSERA_CORE_H */
