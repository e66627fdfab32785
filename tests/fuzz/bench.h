/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench.h - a vGPU of a T1 with a guest on one side and a T1 on the other, both of them mocks
 *
 * The mocks know which command the vGPU has in hand, and see all that it does for it: what it
 * reads and writes in guest memory, and what it asks of the hardware. Whatever the command does
 * not say, or is not the vGPU's own, is a finding.
 */
#ifndef TESSERA_FUZZ_BENCH_H
#define TESSERA_FUZZ_BENCH_H

#include "input.h"
#include "t1/t1_device.h"
#include "vgpu/config.h"
#include "vgpu/context.h"

#define GUEST_BASE	0x100000ull	/* guest memory that can be reached */
#define GUEST_PAGES	8u
#define GUEST_SIZE	(GUEST_PAGES * PAGE_SIZE)
#define GUEST_ASQ	GUEST_BASE
#define GUEST_ACQ	(GUEST_BASE + 4 * PAGE_SIZE)
#define GUEST_EVQ	(GUEST_BASE + 5 * PAGE_SIZE)
#define GUEST_LIST	(GUEST_BASE + 6 * PAGE_SIZE)
#define GUEST_RESULT	(GUEST_BASE + 7 * PAGE_SIZE)
#define GUEST_PINNABLE	(1ull << 40)	/* what could be mapped into a context */

/* What happens while the vGPU accesses guest memory for the nth time from now. */
enum ambush {
	AMBUSH_NONE,
	AMBUSH_REGISTER,	/* a register of those that take no lock is written */
	AMBUSH_FAULT,		/* a context faults */
	AMBUSH_REFUSE,		/* the access is refused */
	AMBUSH_LOSS,		/* the device is lost and reset */
};

/**
 * struct bench - all of it
 * @vgpu: the vGPU
 * @accel: its accelerator
 * @mem: guest memory
 * @t1: the hardware: its backend's side
 * @live: contexts that it has, a bit each
 * @queues: 1 + context of each queue that it has
 * @status: what it answers to the next command that it would accept, if not T1_ST_OK
 * @lose: it is lost at the next command
 * @fetched: commands that the vGPU has read since it was enabled
 * @completed: commands that it has completed
 * @events: events that it has written
 * @busy: it has a command in hand
 * @cmd: that command, as it was read
 * @list: its list of addresses, as it was read
 * @list_read: that has been read
 * @told: of a fault the guest has been told in answer to it
 * @doorbell: slot whose doorbell is rung now, or -1
 * @routed: interrupts of these slots go to the vGPU
 * @running: it competes for the engines
 * @unnamed: its context that an engine was reset for, while it is not known for which command
 * @ambush: what happens at an access to guest memory
 * @ambush_in: at which
 * @ambush_arg: with what
 */
struct bench {
	struct tessera_vgpu vgpu;
	struct tessera_accel accel;
	struct tessera_type type;
	struct pci_dev pdev;
	struct mdev_device mdev;
	u8 mem[GUEST_SIZE];

	struct t1 t1;
	struct t1_identify identify;
	u64 live;
	u32 queues[T1_MAX_SLOTS];
	u16 status;
	bool lose;

	u32 fetched, completed, events;
	bool busy;
	struct t1_admin_cmd cmd;
	u64 list[T1_MAP_MAX_PAGES];
	bool list_read, told;
	s32 doorbell;
	bool routed[T1_MAX_SLOTS];
	bool running;
	u32 unnamed;

	enum ambush ambush;
	u32 ambush_in;
	u64 ambush_arg;
};

extern struct bench bench;

/* guest.c */
void guest_fault(u64 arg);
u32 guest_read(u32 reg);
void guest_write(u32 reg, u32 value);
void guest_enabled(void);
void guest_work(void);
void guest_quarantine(bool on, bool briefly);
void guest_orphan(void);

/* hw.c */
void hw_init(void);
void hw_lose(void);
u64 hw_own_contexts(void);
extern const struct tessera_hw_ops hw_ops;

/* bench.c */
bool bench_init(u8 shape);
void bench_fini(void);
void bench_check(void);
void bench_check_state(void);

#endif /* TESSERA_FUZZ_BENCH_H */
