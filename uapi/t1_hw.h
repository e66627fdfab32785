/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * t1_hw.h - the T1 accelerator: what its hardware and its drivers agree on
 *
 * Registers, admin commands, engine commands, completion and event formats. The device
 * model, the mediator, the guest driver and user space all include this one file; no other
 * file defines what a bit means. Documentation/hardware.rst is the manual.
 *
 * Everything in memory is little-endian. All structures have explicit padding; fields named
 * rsvd or pad must be zero, or the command is refused.
 *
 * There are four kinds of address, and no field mixes them:
 *   va    virtual address in a context's address space (48 bits)
 *   bus   bus address, as given by the IOMMU or the DMA API
 *   vram  offset into this function's device memory (BAR2)
 *   off   offset into a BAR
 */
#ifndef _UAPI_T1_HW_H
#define _UAPI_T1_HW_H

#include <linux/types.h>

#ifdef __cplusplus
#define T1_STATIC_ASSERT(cond) static_assert(cond, #cond)
#else
#define T1_STATIC_ASSERT(cond) _Static_assert(cond, #cond)
#endif

/* ------------------------------------------------------------------ PCI -- */

#define T1_PCI_VENDOR_ID		0x1234
#define T1_PCI_DEVICE_ID		0x7e55
#define T1_PCI_REVISION			0x01
#define T1_PCI_CLASS			0x120000	/* processing accelerator */

#define T1_BAR_REGS			0	/* control page and doorbells, 32-bit */
#define T1_BAR_VRAM			2	/* device memory, 64-bit prefetchable */
#define T1_BAR_MSIX			4	/* MSI-X table and PBA, 32-bit */

#define T1_PAGE_SIZE			4096u
#define T1_PAGE_SHIFT			12
#define T1_HUGE_PAGE_SIZE		(2u << 20)
#define T1_HUGE_PAGE_SHIFT		21

#define T1_MAX_SLOTS			64u	/* queue slots of a whole device */
#define T1_MAX_CONTEXTS			64u	/* contexts of a whole device */
#define T1_CTX_TABLES			544u	/* page tables, for each of its contexts */

#define T1_BAR_REGS_SIZE		0x80000u	/* 512 KiB, doorbells from page 1 */

/* Doorbell page of a queue slot: one 32-bit write-only register, at its start. */
#define T1_DB_OFF(slot)			(0x1000u * ((slot) + 1u))
#define T1_DB_TAIL			0x0	/* free-running index of the next free entry */

/*
 * MSI-X: vector 0 is for the admin completion ring and the event ring; a queue names its own
 * vector at creation, any of 0 .. NUM_VECTORS - 1.
 */
#define T1_VECTOR_CONTROL		0u
#define T1_MAX_VECTORS			(T1_MAX_SLOTS + 1u)

/* ------------------------------------------------------- control page -- */

/*
 * All registers are 32 bits wide and must be accessed as such; a 64-bit value is a pair, low
 * word first. A 64-bit counter is latched whole when its low word is read. Any other access
 * reads zero or is dropped.
 */
#define T1_REG_MAGIC			0x000	/* RO T1_MAGIC */
#define T1_REG_VERSION			0x004	/* RO T1_HW_VERSION */
#define T1_REG_CAPS			0x008	/* RO T1_CAP_* */
#define T1_REG_STATUS			0x00c	/* RO T1_STATUS_* */
#define T1_REG_CTRL			0x010	/* RW T1_CTRL_* */
#define T1_REG_NUM_SLOTS		0x014	/* RO queue slots of this function */
#define T1_REG_NUM_CONTEXTS		0x018	/* RO contexts of this function */
#define T1_REG_NUM_VECTORS		0x01c	/* RO MSI-X vectors */
#define T1_REG_VRAM_SIZE_LO		0x020	/* RO bytes of device memory */
#define T1_REG_VRAM_SIZE_HI		0x024
#define T1_REG_TIME_LO			0x028	/* RO device time, ns */
#define T1_REG_TIME_HI			0x02c

/* Admin submission queue, admin completion queue, event queue: rings in memory. */
#define T1_REG_ASQ_BASE_LO		0x040	/* RW bus, page aligned; only while !ENABLE */
#define T1_REG_ASQ_BASE_HI		0x044
#define T1_REG_ASQ_SIZE			0x048	/* RW entries: a power of 2, 2 .. 1024 */
#define T1_REG_ASQ_TAIL			0x04c	/* WO index modulo size, rings the admin doorbell */
#define T1_REG_ACQ_BASE_LO		0x050	/* RW bus, page aligned; only while !ENABLE */
#define T1_REG_ACQ_BASE_HI		0x054
#define T1_REG_ACQ_SIZE			0x058	/* RW entries: a power of 2, 2 .. 1024 */
#define T1_REG_ACQ_HEAD			0x05c	/* WO index modulo size of the next entry to read */
#define T1_REG_EVQ_BASE_LO		0x060	/* RW bus, page aligned; only while !ENABLE */
#define T1_REG_EVQ_BASE_HI		0x064
#define T1_REG_EVQ_SIZE			0x068	/* RW entries: a power of 2, 2 .. 1024 */
#define T1_REG_EVQ_HEAD			0x06c	/* WO index modulo size of the next entry to read */

#define T1_MAGIC			0x31415354u	/* "TSA1" */
#define T1_HW_VERSION_MAJOR		1u
#define T1_HW_VERSION_MINOR		0u
/* A driver refuses another major version; a higher minor version only adds features. */
#define T1_HW_VERSION			((T1_HW_VERSION_MAJOR << 16) | T1_HW_VERSION_MINOR)

#define T1_CAP_SCHED			(1u << 0)	/* privileged registers exist (physical function) */
#define T1_CAP_STRICT_PREEMPT		(1u << 1)	/* preemption inside a batch */
#define T1_CAP_DB_LATCH			(1u << 2)	/* doorbells of contexts off the runlist are latched */
#define T1_CAP_HANG			(1u << 3)	/* T1_OP_HANG is accepted (test property) */
#define T1_CAP_CTX_BUSY			(1u << 4)	/* CTX_BUSY exists, for the function's own contexts */
#define T1_CAP_TABLE_PARTS		(1u << 5)	/* CTX_CREATE takes a part (physical function) */

#define T1_STATUS_READY			(1u << 0)	/* enabled and serving the admin queue */
#define T1_STATUS_FATAL			(1u << 1)	/* a ring is invalid or DMA to it failed; needs a reset */

/*
 * Setting ENABLE latches the ring registers: STATUS becomes READY, or FATAL if one of them
 * is invalid. Clearing it destroys all contexts and queues and drops all work, as RESET
 * does; RESET also restores every register and reads as zero again when done.
 */
#define T1_CTRL_ENABLE			(1u << 0)
#define T1_CTRL_RESET			(1u << 1)

/* -------------------------------------------------- privileged registers -- */
/* They exist if T1_CAP_SCHED is set; otherwise they read zero and drop writes. */

#define T1_REG_PRIV_FIRST		0x800

/*
 * Without EXPLICIT every context is always on both runlists, as a bare-metal driver uses the
 * device; with it, only the contexts that RUNLIST_SUBMIT has named.
 */
#define T1_REG_SCHED_CTRL		0x800	/* RW T1_SCHED_* */
#define T1_SCHED_EXPLICIT		(1u << 0)

/* Engine registers: block of engine e at T1_ENGINE_BASE(e). */
#define T1_ENGINE_BASE(e)		(0x840u + (e) * 0x80u)
#define T1_ENG_RUNLIST_LO		0x00	/* RW contexts of the next runlist, a bit each */
#define T1_ENG_RUNLIST_HI		0x04
#define T1_ENG_RUNLIST_SUBMIT		0x08	/* WO T1_RL_*: replace the current runlist */
#define T1_ENG_RESET			0x0c	/* WO any value: engine reset, see below */
#define T1_ENG_STATUS			0x10	/* RO T1_ENG_STATUS_* */
#define T1_ENG_CURRENT			0x14	/* RO context whose command runs, or T1_NO_CONTEXT */
#define T1_ENG_PENDING_LO		0x18	/* RO contexts with work for this engine, a bit each */
#define T1_ENG_PENDING_HI		0x1c
#define T1_ENG_BUSY_NS_LO		0x20	/* RO ns in which a command ran, since device reset */
#define T1_ENG_BUSY_NS_HI		0x24
#define T1_ENG_SWITCH_NS_LO		0x28	/* RO ns spent in switching runlists, when BUSY_NS_LO was last read */
#define T1_ENG_SWITCH_NS_HI		0x2c
#define T1_ENG_SWITCHES			0x30	/* RO runlists switched in, modulo 2^32 */
#define T1_ENG_TIME_LO			0x38	/* RO device time when BUSY_NS_LO was last read */
#define T1_ENG_TIME_HI			0x3c

/*
 * Busy time of a context on an engine, in ns since the context was created, 64 bits. Not
 * privileged: it exists if T1_CAP_CTX_BUSY is set.
 */
#define T1_REG_CTX_BUSY(e, ctx)		(0xc00u + (e) * 0x200u + (ctx) * 8u)

/*
 * RUNLIST_SUBMIT: the running command goes on (mode NONE is for a runlist that holds its
 * context; otherwise NONE acts as BATCH), or is stopped at the end of the current ring entry
 * (BATCH: a BATCH command with all its commands counts as one), or at the next tile of the
 * current command (STRICT). Then the switch cost passes, the new runlist is in force, and a
 * RUNLIST_SWITCHED event with the token follows. A stopped command is resumed, with the rest
 * of its cost, when its context is next on a runlist. A submit while one is waiting replaces
 * the waiting one, whose token is never reported. A runlist with the same contexts as the
 * current one costs no switch.
 */
#define T1_RL_TOKEN_MASK		0x0000ffffu	/* returned in the events of this runlist */
#define T1_RL_PREEMPT_NONE		(0u << 16)
#define T1_RL_PREEMPT_BATCH		(1u << 16)
#define T1_RL_PREEMPT_STRICT		(2u << 16)
#define T1_RL_PREEMPT_MASK		(3u << 16)

/*
 * ENG_RESET: the running command is aborted, whatever it is, and its context takes fault
 * T1_FAULT_ENGINE_RESET; after the reset time a waiting runlist is switched in.
 */

#define T1_ENG_STATUS_RUNNING		(1u << 0)	/* a command runs */
#define T1_ENG_STATUS_SWITCHING		(1u << 1)	/* a submitted runlist is not in force yet */
#define T1_ENG_STATUS_RESETTING		(1u << 2)

#define T1_NO_CONTEXT			0xffffffffu

/* -------------------------------------------------------------- engines -- */

#define T1_ENGINE_COMPUTE		0u
#define T1_ENGINE_COPY			1u
#define T1_NUM_ENGINES			2u

/* -------------------------------------------------------- admin commands -- */

#define T1_ADMIN_IDENTIFY		0x01	/* addr: bus of struct t1_identify */
#define T1_ADMIN_CTX_CREATE		0x02	/* ctx, part */
#define T1_ADMIN_CTX_DESTROY		0x03	/* ctx: with its queues and mappings; aborts what runs */
#define T1_ADMIN_MAP			0x04	/* ctx, map */
#define T1_ADMIN_UNMAP			0x05	/* ctx, map: va, npages, flags (page size) */
#define T1_ADMIN_QUEUE_CREATE		0x06	/* ctx, queue */
#define T1_ADMIN_QUEUE_DESTROY		0x07	/* queue.slot: aborts what runs */
#define T1_ADMIN_QUEUE_RESET		0x08	/* queue.slot: aborts what runs, head = tail = 0, queue error cleared */
#define T1_ADMIN_FAULT_QUERY		0x09	/* ctx, addr: bus of struct t1_fault; flags */
/*
 * 0x10 .. 0x1f are reserved for saving and restoring a context (mappings, fault, busy time)
 * and a queue (head and tail, latched doorbell, command in hand), and for tracking dirty
 * VRAM. This version completes them with T1_ST_INVALID_OPCODE.
 */

#define T1_MAP_READ			(1u << 0)
#define T1_MAP_WRITE			(1u << 1)
#define T1_MAP_VRAM			(1u << 2)	/* the list holds vram addresses, otherwise bus */
#define T1_MAP_HUGE			(1u << 3)	/* 2 MiB pages, otherwise 4 KiB */
#define T1_MAP_CONTIG			(1u << 4)	/* list is itself the address of contiguous pages */
#define T1_MAP_FLAGS			0x1fu
#define T1_MAP_MAX_PAGES		512u	/* per command; one list page without CONTIG */

#define T1_FAULT_QUERY_CLEAR		(1u << 0)	/* let the context run again */

#define T1_VA_BITS			48
#define T1_RING_MIN_LOG2		2
#define T1_RING_MAX_LOG2		12

/**
 * struct t1_admin_cmd - entry of the admin submission queue, 64 bytes
 * @opcode: T1_ADMIN_*
 * @rsvd0: zero
 * @cid: chosen by the driver, returned in the completion
 * @ctx: context number, below NUM_CONTEXTS
 * @flags: T1_MAP_* or T1_FAULT_QUERY_*, by opcode; otherwise zero
 * @rsvd1: zero
 * @addr: bus address of a result: page aligned for IDENTIFY, 64-byte aligned for FAULT_QUERY;
 *        otherwise zero
 * @part: argument of CTX_CREATE, zero unless T1_CAP_TABLE_PARTS is set: the contexts with which it
 *        shares page tables
 * @part.first: the first of them
 * @part.num: how many there are, with @ctx itself: together they have T1_CTX_TABLES for each.
 *        0: all of the device's, and @part.first is zero
 * @part.rsvd5: zero
 * @map: arguments of MAP and UNMAP
 * @map.va: first virtual address, aligned to the page size in use
 * @map.npages: for MAP, 1 .. T1_MAP_MAX_PAGES pages of the size in use; for UNMAP, any number
 *        within the address space
 * @map.rsvd2: zero
 * @map.list: bus address of a page that holds npages addresses (__le64, each aligned to the
 *        page size in use), or with T1_MAP_CONTIG the first page's address; zero for UNMAP
 * @map.rsvd3: zero
 * @queue: arguments of QUEUE_*; for all but QUEUE_CREATE zero apart from @queue.slot
 * @queue.slot: queue slot, below NUM_SLOTS
 * @queue.engine: T1_ENGINE_*
 * @queue.ring_va: ring of 2^ring_log2 struct t1_cmd, page aligned
 * @queue.cb_va: struct t1_queue_cb, 64-byte aligned
 * @queue.ring_log2: T1_RING_MIN_LOG2 .. T1_RING_MAX_LOG2
 * @queue.vector: MSI-X vector of this queue
 * @queue.rsvd4: zero
 * @raw: the arguments as bytes; zero for opcodes without any
 *
 * MAP takes effect as a whole or not at all; it fails with EXISTS if a page is mapped
 * already. UNMAP of a range that is not mapped succeeds; splitting a 2 MiB page is
 * INVALID_FIELD. Once an UNMAP has completed, the device no longer reaches those pages.
 */
struct t1_admin_cmd {
	__u8 opcode;
	__u8 rsvd0;
	__le16 cid;
	__le32 ctx;
	__le32 flags;
	__le32 rsvd1;
	__le64 addr;
	union {
		struct {
			__le32 first;
			__le32 num;
			__le64 rsvd5[4];
		} part;
		struct {
			__le64 va;
			__le32 npages;
			__le32 rsvd2;
			__le64 list;
			__le64 rsvd3[2];
		} map;
		struct {
			__le32 slot;
			__le32 engine;
			__le64 ring_va;
			__le64 cb_va;
			__le32 ring_log2;
			__le32 vector;
			__le64 rsvd4;
		} queue;
		__u8 raw[40];
	};
};
T1_STATIC_ASSERT(sizeof(struct t1_admin_cmd) == 64);

/* Status of an admin command. */
#define T1_ST_OK			0	/* done */
#define T1_ST_INVALID_OPCODE		1
#define T1_ST_INVALID_FIELD		2	/* a field out of range, misaligned, or rsvd not zero */
#define T1_ST_NOT_FOUND			3	/* no such context or queue */
#define T1_ST_EXISTS			4	/* context, slot or page in use */
#define T1_ST_NO_RESOURCE		5	/* out of its page tables, or over the vGPU's pin limit */
#define T1_ST_BAD_ADDRESS		6	/* memory could not be reached, or vram out of range */
#define T1_ST_INTERNAL			7

/**
 * struct t1_admin_cpl - entry of the admin completion queue, 16 bytes
 * @result: zero unless the command's description says otherwise
 * @asq_head: index modulo size of the next command that will be fetched
 * @cid: of the command
 * @status: T1_ST_*
 * @rsvd0: zero
 * @rsvd1: zero
 * @phase: written last; 1 in the device's first pass over the ring, 0 in its second, and so on
 */
struct t1_admin_cpl {
	__le32 result;
	__le16 asq_head;
	__le16 cid;
	__le16 status;
	__le16 rsvd0;
	__le16 rsvd1;
	__le16 phase;
};
T1_STATIC_ASSERT(sizeof(struct t1_admin_cpl) == 16);

/**
 * struct t1_identify - what IDENTIFY writes, one page
 * @magic: T1_MAGIC
 * @version: as T1_REG_VERSION
 * @caps: T1_CAP_*
 * @num_engines: T1_NUM_ENGINES
 * @num_slots: queue slots
 * @num_contexts: contexts
 * @num_vectors: MSI-X vectors
 * @map_max_pages: pages that one MAP takes at most
 * @vram_bytes: size of device memory
 * @clock_mhz: engine clock
 * @f32_macs_per_clock: f32 multiply-accumulates per clock
 * @i8_macs_per_clock: int8 multiply-accumulates per clock
 * @vram_mb_per_s: VRAM bandwidth, 10^6 bytes per second
 * @dma_mb_per_s: bandwidth to system memory, 10^6 bytes per second
 * @switch_ns: cost of a runlist switch
 * @tile_ns: granularity of strict preemption
 * @rsvd0: zero
 * @model: name of the model, NUL-terminated
 * @rsvd1: zero
 *
 * The same values as the registers, and the modelled speeds, so that a driver can let users
 * know what to expect. On a vGPU the sizes are the vGPU's.
 */
struct t1_identify {
	__le32 magic;
	__le32 version;
	__le32 caps;
	__le32 num_engines;
	__le32 num_slots;
	__le32 num_contexts;
	__le32 num_vectors;
	__le32 map_max_pages;
	__le64 vram_bytes;
	__le32 clock_mhz;
	__le32 f32_macs_per_clock;
	__le32 i8_macs_per_clock;
	__le32 vram_mb_per_s;
	__le32 dma_mb_per_s;
	__le32 switch_ns;
	__le32 tile_ns;
	__le32 rsvd0;
	char model[32];
	__u8 rsvd1[4096 - 104];
};
T1_STATIC_ASSERT(sizeof(struct t1_identify) == 4096);

/* ----------------------------------------------------------------- events -- */

#define T1_EV_FAULT			1	/* a context stopped; fault, slot, addr */
#define T1_EV_RUNLIST_SWITCHED		2	/* privileged; token */
#define T1_EV_RUNLIST_IDLE		3	/* privileged; token: no context on the runlist has work */
#define T1_EV_CTX_PENDING		4	/* privileged; ctx: see below */
#define T1_EV_ENGINE_RESET		5	/* privileged; engine reset done; ctx that lost work, or NO_CONTEXT */

/*
 * CTX_PENDING reports an edge that the host can't infer: a context goes from no work to
 * work on this engine while it is off the runlist, or while the runlist was last reported
 * idle. A context stopped by a fault has no work, nor does a queue that waits for a
 * semaphore.
 */

/**
 * struct t1_event - entry of the event queue, 64 bytes
 * @type: T1_EV_*
 * @engine: T1_ENGINE_*
 * @ctx: context, if the type has one, otherwise T1_NO_CONTEXT
 * @slot: queue slot of a fault, otherwise zero
 * @fault: T1_FAULT_*, otherwise zero
 * @token: of the runlist in force
 * @rsvd0: zero
 * @time_ns: device time of the event
 * @busy_ns: the engine's BUSY_NS at that time, so that exact accounting needs no register
 *           reads (zero on a vGPU)
 * @addr: va of a fault, otherwise zero
 * @switch_ns: the engine's SWITCH_NS at that time (zero on a vGPU)
 * @rsvd1: zero
 * @phase: written last, as in struct t1_admin_cpl
 */
struct t1_event {
	__le16 type;
	__le16 engine;
	__le32 ctx;
	__le32 slot;
	__le32 fault;
	__le32 token;
	__le32 rsvd0;
	__le64 time_ns;
	__le64 busy_ns;
	__le64 addr;
	__le64 switch_ns;
	__le16 rsvd1[3];
	__le16 phase;
};
T1_STATIC_ASSERT(sizeof(struct t1_event) == 64);

/*
 * If the event queue is full, the device holds events back until HEAD moves; none is lost or
 * reordered. A full completion queue stops the admin queue likewise.
 */

#define T1_FAULT_NONE			0
#define T1_FAULT_BAD_COMMAND		1	/* opcode, flag, rsvd or field out of range; wrong engine */
#define T1_FAULT_UNMAPPED		2	/* va not mapped, or past 48 bits */
#define T1_FAULT_PERMISSION		3	/* mapped, but not for this access */
#define T1_FAULT_MISALIGNED		4	/* ring, control block, batch or operand */
#define T1_FAULT_BAD_DOORBELL		5	/* tail more than the ring's size ahead of head */
#define T1_FAULT_BUS_ERROR		6	/* DMA was refused */
#define T1_FAULT_ENGINE_RESET		7	/* work lost to an engine reset */

/**
 * struct t1_fault - what FAULT_QUERY writes, 64 bytes
 * @fault: T1_FAULT_*, NONE if the context is not stopped
 * @engine: T1_ENGINE_* of the queue
 * @slot: the queue's slot
 * @opcode: of the command at fault
 * @entry: free-running ring index of the command
 * @batch_index: its place inside a BATCH, or 0xffffffff
 * @addr: va at fault, if the fault has one
 * @time_ns: device time of the fault
 * @rsvd: zero
 */
struct t1_fault {
	__le32 fault;
	__le32 engine;
	__le32 slot;
	__le32 opcode;
	__le32 entry;
	__le32 batch_index;
	__le64 addr;
	__le64 time_ns;
	__u8 rsvd[24];
};
T1_STATIC_ASSERT(sizeof(struct t1_fault) == 64);

/* ----------------------------------------------------------------- queues -- */

/**
 * struct t1_queue_cb - a queue's control block in memory, 64 bytes
 * @head: written by the device: free-running index of ring entries retired
 * @rsvd0: zero
 * @busy_ns: written by the device: engine time this queue has used, in ns
 * @rsvd1: zero
 * @event: written by the driver: an interrupt is wanted when a FENCE with T1_FENCE_IRQ at
 *         ring index >= @event is retired (virtio 1.2, 2.7.10: the used-event rule, in
 *         arithmetic modulo 2^32)
 * @rsvd2: zero
 * @rsvd3: zero
 *
 * @head and @busy_ns are written at every FENCE in the ring itself, before its value, and
 * when the queue runs out of entries. To wait: write @event, then check the fence once more,
 * then sleep.
 */
struct t1_queue_cb {
	__le32 head;
	__le32 rsvd0;
	__le64 busy_ns;
	__le64 rsvd1[2];
	__le32 event;
	__le32 rsvd2;
	__le64 rsvd3[3];
};
T1_STATIC_ASSERT(sizeof(struct t1_queue_cb) == 64);

/* ------------------------------------------------------- engine commands -- */

#define T1_OP_NOP			0x00	/* both engines */
#define T1_OP_FENCE			0x01	/* both */
#define T1_OP_SEM_WAIT			0x02	/* both; in the ring only */
#define T1_OP_TIMESTAMP			0x03	/* both */
#define T1_OP_BATCH			0x04	/* both; in the ring only */
#define T1_OP_COPY			0x05	/* both */
#define T1_OP_FILL			0x06	/* both */
#define T1_OP_HANG			0x0f	/* both; only with T1_CAP_HANG */
#define T1_OP_GEMM			0x10	/* compute from here on */
#define T1_OP_CONV2D			0x11
#define T1_OP_ELTWISE			0x12
#define T1_OP_BIAS			0x13
#define T1_OP_ACT			0x14
#define T1_OP_SOFTMAX			0x15
#define T1_OP_REDUCE			0x16
#define T1_OP_REQUANT			0x17

/* Flags by opcode; a flag that is not listed for an opcode makes it a bad command. */
#define T1_FENCE_IRQ			(1u << 0)	/* interrupt, subject to cb.event; in the ring only */

#define T1_SEM_GE			0u	/* wait until (s64)(memory - value) >= 0 */
#define T1_SEM_EQ			(1u << 0)	/* wait until memory == value */

#define T1_HANG_NO_PREEMPT		(1u << 0)	/* not even strict preemption stops it */

#define T1_GEMM_TRANS_A			(1u << 0)
#define T1_GEMM_TRANS_B			(1u << 1)
#define T1_GEMM_ACCUMULATE		(1u << 2)	/* C += A B, otherwise C = A B */
#define T1_GEMM_I8			(1u << 3)	/* A, B s8, C s32; otherwise all f32 */

#define T1_CONV_I8			(1u << 0)	/* as GEMM_I8 */
#define T1_CONV_ACCUMULATE		(1u << 1)

#define T1_ELT_ADD			0u	/* out = a + alpha * b */
#define T1_ELT_MUL			1u	/* out = alpha * a * b */
#define T1_ELT_MAX			2u	/* out = max(a, b) */
#define T1_ELT_MIN			3u

#define T1_ACT_RELU			0u	/* out = x > 0 ? x : 0 */
#define T1_ACT_RELU_GRAD		1u	/* out = x > 0 ? grad : 0 */
#define T1_ACT_SIGMOID			2u
#define T1_ACT_SIGMOID_GRAD		3u	/* out = grad * x * (1 - x), x the sigmoid's output */
#define T1_ACT_TANH			4u
#define T1_ACT_TANH_GRAD		5u	/* out = grad * (1 - x^2), x the tanh's output */

#define T1_SOFTMAX_GRAD			(1u << 0)	/* out = (p - onehot) * scale, otherwise p */
#define T1_SOFTMAX_LOSS			(1u << 1)	/* loss[i] = -log p[label]; needs labels */

#define T1_REDUCE_SUM			0u	/* f32 to f32 */
#define T1_REDUCE_MAX			1u	/* f32 to f32 */
#define T1_REDUCE_ABSMAX		2u	/* f32 to f32 */
#define T1_REDUCE_ARGMAX		3u	/* f32 to s32, the first of equals */
#define T1_REDUCE_ARGMAX_I32		4u	/* s32 to s32, the first of equals */

#define T1_REQUANT_I32_TO_I8		0u	/* out = clamp(rne(in * scale), -128, 127) */
#define T1_REQUANT_F32_TO_I8		1u	/* the same from f32 */
#define T1_REQUANT_I32_TO_F32		2u	/* out = in * scale */
#define T1_REQUANT_U8_TO_F32		3u
#define T1_REQUANT_U8_TO_I8		4u	/* as I32_TO_I8 */
#define T1_REQUANT_RELU			(1u << 0)	/* flag: negative results become zero */

/*
 * Limits of a command: a dimension; bytes of one COPY or FILL, of one operand from its first
 * byte to its last, and of all elements of all operands together; multiply-accumulates of a
 * GEMM or CONV2D (split a larger product, along k with ACCUMULATE); BATCH's count. A command
 * that exceeds one is T1_FAULT_BAD_COMMAND.
 */
#define T1_MAX_DIM			65536u
#define T1_MAX_BYTES			(256ull << 20)
#define T1_MAX_MACS			(1ull << 30)
#define T1_MAX_BATCH			65536u

/**
 * struct t1_cmd - entry of a ring or of a batch buffer, 64 bytes
 * @opcode: T1_OP_*
 * @sub: sub-operation (T1_ELT_*, _ACT_*, _REDUCE_*, _REQUANT_*, _SEM_*), otherwise zero
 * @flags: by opcode
 * @rsvd: zero
 * @sync: FENCE: *va = value. SEM_WAIT: compare *va with value. TIMESTAMP: *va = device time in
 *        ns; value zero
 * @batch: BATCH: count commands at va, 64-byte aligned
 * @copy: COPY: pattern zero. FILL: pattern repeated; dst 4-byte aligned, bytes a multiple of 4,
 *        src zero
 * @hang: HANG: runs for ns, or forever if that is zero
 * @gemm: GEMM: C[m][n] = op(A)[m][k] op(B)[k][n]
 * @conv: CONV2D: out[n][oh][ow][cout] from in[n][h][w][cin] and weights[kh][kw][cin][cout];
 *        oh = (h + 2 padding - kh) / stride + 1
 * @elt: ELTWISE: count f32 elements; alpha is the bits of an f32 for ADD and MUL, otherwise zero
 * @bias: BIAS: out[m][n] = in[m][n] + bias[n]; f32, or s32 with flag T1_BIAS_I32
 * @act: ACT: count f32 elements; grad zero if the sub-operation has none
 * @softmax: SOFTMAX: m rows of n logits; labels: m bytes (u8, each below n), zero if neither flag
 *        is set; loss: m f32, or zero; scale: the bits of an f32 with GRAD, otherwise zero
 * @reduce: REDUCE of in[m][n], over the elements of rows (axis 1: out[m]) or of columns (axis 0:
 *        out[n]); ARGMAX: axis 1 only
 * @requant: REQUANT: count elements; scale is the bits of an f32
 * @raw: the operands as bytes
 *
 * Matrices are row-major; ld* is the row stride in elements, at least the row's length as
 * stored. f32 and s32 operands are 4-byte aligned, 64-bit values 8-byte aligned, others need
 * no alignment. f32 sums are taken in rising order of the inner index from +0 (with ACCUMULATE
 * from C), each product rounded, then each sum; NaN results are 0x7fc00000: results are the
 * same bytes on every machine. s32 sums are modulo 2^32. CONV2D pads with zeros. An output may
 * be exactly an input (in place) for ELTWISE, BIAS, ACT, SOFTMAX, and REQUANT to the same
 * width; any other overlap of output and input gives unspecified values (never a fault).
 */
struct t1_cmd {
	__u8 opcode;
	__u8 sub;
	__le16 flags;
	__le32 rsvd;
	union {
		struct {
			__le64 va;
			__le64 value;
			__u8 pad[40];
		} sync;
		struct {
			__le64 va;
			__le32 count;
			__u8 pad[44];
		} batch;
		struct {
			__le64 dst;
			__le64 src;
			__le64 bytes;
			__le32 pattern;
			__u8 pad[28];
		} copy;
		struct {
			__le64 ns;
			__u8 pad[48];
		} hang;
		struct {
			__le64 a, b, c;
			__le32 m, n, k;
			__le32 lda, ldb, ldc;
			__u8 pad[8];
		} gemm;
		struct {
			__le64 in, weights, out;
			__le16 n, h, w, cin, cout;
			__u8 kh, kw, stride, padding;
			__u8 pad[18];
		} conv;
		struct {
			__le64 a, b, out;
			__le32 count;
			__le32 alpha;
			__u8 pad[24];
		} elt;
		struct {
			__le64 in, bias, out;
			__le32 m, n;
			__le32 ld_in, ld_out;
			__u8 pad[16];
		} bias;
		struct {
			__le64 x, grad, out;
			__le32 count;
			__u8 pad[28];
		} act;
		struct {
			__le64 in, labels, out, loss;
			__le32 m, n;
			__le32 scale;
			__u8 pad[12];
		} softmax;
		struct {
			__le64 in, out;
			__le32 m, n;
			__le32 ld_in;
			__le32 axis;
			__u8 pad[24];
		} reduce;
		struct {
			__le64 in, out;
			__le32 count;
			__le32 scale;
			__u8 pad[32];
		} requant;
		__u8 raw[56];
	};
};
T1_STATIC_ASSERT(sizeof(struct t1_cmd) == 64);

#define T1_BIAS_I32			(1u << 0)

/* A label not below n, found by SOFTMAX while it runs, is T1_FAULT_BAD_COMMAND. */

#endif /* _UAPI_T1_HW_H */
