/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * harness.h - a machine around the device core, for its unit tests
 *
 * System memory, VRAM, a clock that only the test moves, interrupts counted, and the
 * few steps that a driver takes: admin commands, rings, events.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "ktap.h"
#include "tessera-core.h"
#include "t1_hw.h"

#define SYS_BASE	0x10000000ull	/* bus address of system memory */
#define SYS_SIZE	(4u << 20)
#define VRAM_SIZE	(8u << 20)

/* Where a context made by ctx_new() sees all of both. */
#define VA_SYS		0x0000000010000000ull
#define VA_VRAM		0x0000000040000000ull

/* The harness keeps the first 256 KiB of system memory: rings first, free from here. */
#define SYS_FREE	0x40000u
#define ASQ_BUS		(SYS_BASE + 0x0000)
#define ACQ_BUS		(SYS_BASE + 0x1000)
#define EVQ_BUS		(SYS_BASE + 0x2000)
#define LIST_BUS	(SYS_BASE + 0x3000)
#define RESULT_BUS	(SYS_BASE + 0x4000)
#define RINGS		0x10000u	/* a page of ring and a page of control block a slot */
#define NUM_RINGS	16u
#define RING_LOG2	6u

#define SWITCH_NS	5000u
#define TILE_NS		10000u
#define RESET_NS	100000u
#define CMD_NS		200u

struct machine {
	struct t1_core *core;
	uint64_t now;
	uint64_t timer;
	uint64_t timer_late;		/* the timer fires this much after its deadline */
	uint8_t *sys;
	uint8_t *vram;
	unsigned int irqs[T1_MAX_VECTORS];
	unsigned int guest_errors;
	unsigned int dma_refused;
	bool reenter;			/* every DMA write also rings a doorbell */

	uint16_t cid;			/* of the last admin command */
	uint32_t asq_size, acq_size, evq_size;
	uint32_t asq_tail, acq_head, evq_head;
	uint32_t acq_phase, evq_phase;
	uint32_t tails[T1_MAX_SLOTS];
	uint64_t list[T1_MAP_MAX_PAGES];
};

extern struct machine m;

/* Run the tests, each on a machine of its own. */
int machine_run(const struct ktap_test *tests, unsigned int num, int argc, char **argv);

/* the machine */
void machine_init(void);		/* powered on, enabled, EVQ of 64 */
void machine_init_rings(uint32_t asq, uint32_t acq, uint32_t evq);
void machine_enable(void);
void machine_free(void);
void machine_replace_core(void);	/* save, free, create a new one, load */
extern const struct t1_host_ops machine_ops;
extern const struct t1_config machine_config;

/* time */
void run_to(uint64_t t);		/* with the timer firing on the way */
void run_for(uint64_t ns);
void jump_to(uint64_t t);		/* without: as a late host */
void run_idle(void);			/* until the timer is off */

/* registers */
uint32_t rd(uint64_t off);
uint64_t rd64(uint64_t off);
void wr(uint64_t off, uint32_t val);
void doorbell(unsigned int slot, uint32_t tail);
uint64_t busy(unsigned int e);
uint64_t ctx_busy(unsigned int e, unsigned int ctx);
uint64_t switch_ns(unsigned int e);
void runlist(unsigned int e, uint64_t contexts, uint32_t mode_and_token);

/* admin queue */
struct t1_admin_cmd acmd(unsigned int opcode, uint32_t ctx);
void admin_put(const struct t1_admin_cmd *cmd);	/* not rung */
void admin_ring(void);
bool admin_get(struct t1_admin_cpl *cpl);
unsigned int admin(const struct t1_admin_cmd *cmd);	/* status */
unsigned int admin_simple(unsigned int opcode, uint32_t ctx);
unsigned int map_contig(uint32_t ctx, uint64_t va, uint64_t addr, uint32_t npages,
			uint32_t flags);
unsigned int unmap(uint32_t ctx, uint64_t va, uint32_t npages, uint32_t flags);
void ctx_new(uint32_t ctx);		/* with the mappings above */
struct t1_admin_cmd queue_cmd(uint32_t ctx, unsigned int slot, unsigned int engine);
void queue_new(uint32_t ctx, unsigned int slot, unsigned int engine);
unsigned int queue_op(unsigned int opcode, unsigned int slot);
struct t1_fault fault_query(uint32_t ctx, uint32_t flags);

/* events */
bool event_get(struct t1_event *ev);
struct t1_event event_expect(unsigned int type);
void event_none(void);

/* memory */
uint8_t *sys_at(uint64_t va);		/* of VA_SYS */
uint8_t *vram_at(uint64_t va);		/* of VA_VRAM */
uint64_t sys64(uint64_t va);
void set_sys64(uint64_t va, uint64_t val);
struct t1_queue_cb *cb_of(unsigned int slot);
uint64_t ring_va(unsigned int slot);
uint64_t cb_va(unsigned int slot);
#define SYS_VA(n)	(VA_SYS + SYS_FREE + (n))

/* commands */
struct t1_cmd c_nop(void);
struct t1_cmd c_fence(uint64_t va, uint64_t value, unsigned int flags);
struct t1_cmd c_sem(uint64_t va, uint64_t value, unsigned int sub);
struct t1_cmd c_time(uint64_t va);
struct t1_cmd c_batch(uint64_t va, uint32_t count);
struct t1_cmd c_copy(uint64_t dst, uint64_t src, uint64_t bytes);
struct t1_cmd c_fill(uint64_t dst, uint32_t pattern, uint64_t bytes);
struct t1_cmd c_hang(uint64_t ns, unsigned int flags);	/* costs ns + CMD_NS */
void put(unsigned int slot, struct t1_cmd cmd);	/* not rung */
void kick(unsigned int slot);
void push(unsigned int slot, struct t1_cmd cmd);	/* put, kick */

/* random numbers, the same everywhere */
void rnd_seed(uint64_t seed);
uint64_t rnd(void);
uint32_t rnd_below(uint32_t n);

/* The offset of two consecutive words in a state */
size_t find_words(const uint8_t *a, size_t len, uint64_t w0, uint64_t w1);

#endif /* HARNESS_H */
