/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tessera.h - the mediator's own structures, and the verbs its files offer each other
 *
 * Lock order, outermost first (Documentation/mediator.rst tells more):
 *
 *	accel->lock
 *	accel->settings_lock > dispatcher->lock
 *	vgpu->lock > vgpu->dma.lock > accel->frames_lock, the backend's admin lock
 *	mmap_lock > accel->bar_sem
 *	the backend's event lock > accel->owner_lock > dispatcher->lock,
 *		vgpu->events.lock
 *	accel->slots[].lock > vgpu->irq_lock
 *
 * vfio_pin_pages(), vfio_unpin_pages() and vfio_dma_rw() (so tessera_dma_rw()) take locks of
 * VFIO's under which it also calls our .dma_unmap, and mmap_lock. They may be called with
 * vgpu->lock held, never with vgpu->dma.lock; user memory is copied with neither of the two.
 */
#ifndef TESSERA_H
#define TESSERA_H

#include <linux/hrtimer.h>
#include <linux/mdev.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/vfio.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include "accel/hw.h"
#include "tessera_sched.h"

#define TESSERA_NAME_LEN	37	/* a UUID as text */
#define TESSERA_NUM_TYPES	5
#define TESSERA_POOL_MAX	64u
#define TESSERA_VRAM_UNITS	16u	/* VRAM is given out in sixteenths */
#define TESSERA_EVENTS_MAX	256u	/* fault events kept for a guest that does not read */
#define TESSERA_LOG_ENTRIES	200u
#define TESSERA_PREEMPT_TIMEOUT_MIN_US	100u
#define TESSERA_PREEMPT_TIMEOUT_MAX_US	10000000u

struct tessera_accel;
struct tessera_vgpu;

/* ------------------------------------------------- tessera_pool.c -- */

/**
 * struct tessera_pool - something countable that is given out in aligned ranges
 * @nr: units in all
 * @used: units given out
 */
struct tessera_pool {
	u32 nr;
	DECLARE_BITMAP(used, TESSERA_POOL_MAX);
};

void tessera_pool_init(struct tessera_pool *pool, u32 nr);
int tessera_pool_alloc(struct tessera_pool *pool, u32 n);
void tessera_pool_free(struct tessera_pool *pool, u32 first, u32 n);
u32 tessera_pool_fits(const struct tessera_pool *pool, u32 n);
u32 tessera_pool_left(const struct tessera_pool *pool);

/* --------------------------------------------------- dispatcher.c -- */

/**
 * struct tessera_dispatch_entity - a vGPU on one engine
 * @sched: what the scheduler knows of it
 * @vgpu: whose it is
 * @node: in the dispatcher's list
 * @busy_ns: engine time it has used, from the hardware's counters
 * @resets: engine resets it was guilty of
 */
struct tessera_dispatch_entity {
	struct tessera_sched_entity sched;
	struct tessera_vgpu *vgpu;
	struct list_head node;
	u64 busy_ns;
	u64 resets;
};

/* The tracepoints' kinds, and what changes who competes. */
enum tessera_log_event {
	TESSERA_LOG_ENQUEUE,
	TESSERA_LOG_PICK,
	TESSERA_LOG_PREEMPT,
	TESSERA_LOG_OVERSHOOT,
	TESSERA_LOG_SWITCH,
	TESSERA_LOG_IDLE,
	TESSERA_LOG_RESET,
	TESSERA_LOG_RESET_DONE,
	TESSERA_LOG_START,
	TESSERA_LOG_STOP,
};

struct tessera_log_entry {
	u64 time_ns;
	enum tessera_log_event event;
	char vgpu[TESSERA_NAME_LEN];
};

/*
 * struct tessera_dispatcher - turns the scheduler's decisions for one engine into runlists
 *
 * Times are device times (ns), made to run on across device resets.
 */
struct tessera_dispatcher {
	struct tessera_accel *accel;
	u32 engine;

	/* protects all below and every entity of this engine; taken in hard interrupts */
	spinlock_t lock;
	struct tessera_sched sched;
	struct list_head entities;
	bool down;			/* the device is being reset, or gone */
	u64 now_ns;			/* latest time seen: never goes back */
	u64 time_base_ns;		/* to be added to the device's own time */
	u64 last_busy_ns;		/* counter up to which has been charged */
	u64 last_switch_ns;		/* the other counter, in the last event */
	u64 busy_base_ns;		/* to be added to the counters in traces: they run on */
	u64 switch_base_ns;
	u64 gone_busy_ns;		/* used by vGPUs that are gone */
	struct tessera_dispatch_entity *in_force;	/* whose runlist the engine has */
	u64 in_force_mask;
	u16 token;			/* of the last submit */
	bool waiting;			/* that one is not in force yet */
	ktime_t waiting_since;		/* from when patience counts */
	bool repick;			/* pick again as soon as it is */
	struct tessera_dispatch_entity *next;	/* whose runlist it is */
	bool next_void;			/* ... and it stopped meanwhile */
	u64 next_mask;
	u64 slice_ns;			/* of the last pick */
	u64 overshoot_ns;		/* in_force's overshoot when the next was submitted */
	unsigned int reset_tries;	/* engine resets without a switch */
	struct hrtimer timer;		/* end of slice, or of patience while waiting */
	ktime_t expires;
	u64 switches_total;
	struct tessera_log_entry log[TESSERA_LOG_ENTRIES];
	u32 log_next;
	bool log_full;
};

/*
 * struct tessera_sched_snapshot - a vGPU's figures on one engine, current when taken
 */
struct tessera_sched_snapshot {
	u64 busy_ns;
	u64 slices;
	u64 overshoot_ns;
	u64 debt_ns;
	u64 resets;
};

void tessera_dispatcher_init(struct tessera_accel *accel);
void tessera_dispatcher_fini(struct tessera_accel *accel);
void tessera_dispatcher_add(struct tessera_vgpu *vgpu);
void tessera_dispatcher_remove(struct tessera_vgpu *vgpu);
void tessera_dispatcher_start(struct tessera_vgpu *vgpu);
void tessera_dispatcher_stop(struct tessera_vgpu *vgpu);
void tessera_dispatcher_event(struct tessera_accel *accel, const struct tessera_hw_event *ev,
			      struct tessera_vgpu *vgpu);
void tessera_dispatcher_down(struct tessera_accel *accel);
void tessera_dispatcher_up(struct tessera_accel *accel);
void tessera_dispatcher_snapshot(struct tessera_vgpu *vgpu, u32 engine,
				 struct tessera_sched_snapshot *snap);
unsigned long tessera_dispatcher_sync_lock(struct tessera_dispatcher *d,
					   struct tessera_hw_counters *c);
void tessera_dispatcher_unlock(struct tessera_dispatcher *d, unsigned long flags);
void tessera_dispatcher_pick(struct tessera_dispatcher *d);
void tessera_dispatcher_submit(struct tessera_dispatcher *d);
void tessera_dispatcher_arm_patience(struct tessera_dispatcher *d);
const char *tessera_engine_name(u32 engine);

/* dispatcher_settings.c */

/* A vGPU's settings, the same on all engines; shares in parts per million. */
enum tessera_qos {
	TESSERA_QOS_WEIGHT,
	TESSERA_QOS_RESERVATION,
	TESSERA_QOS_LIMIT,
	TESSERA_QOS_ELASTIC_CAP,
	TESSERA_QOS_SLICE_NS,
};

int tessera_dispatcher_set_policy(struct tessera_accel *accel, const char *name);
int tessera_dispatcher_set_timeslice(struct tessera_accel *accel, u64 ns);
int tessera_dispatcher_set_averaging(struct tessera_accel *accel, u32 averaging);
void tessera_dispatcher_set_preempt_strict(struct tessera_accel *accel, bool strict);
int tessera_dispatcher_set_preempt_timeout(struct tessera_accel *accel, u32 us);
const struct tessera_sched_policy *tessera_dispatcher_policy(struct tessera_accel *accel);
void tessera_dispatcher_config(struct tessera_accel *accel, u64 *timeslice_ns, u32 *averaging);
u64 tessera_dispatcher_qos(struct tessera_vgpu *vgpu, enum tessera_qos what);
int tessera_dispatcher_set_qos(struct tessera_vgpu *vgpu, enum tessera_qos what, u64 value);

/* dispatcher_debugfs.c */
void tessera_debugfs_init(void);
void tessera_debugfs_exit(void);
void tessera_debugfs_add(struct tessera_accel *accel);
void tessera_debugfs_remove(struct tessera_accel *accel);

/* ------------------------------------------------------- the parent -- */

/**
 * struct tessera_type - a size of vGPU
 * @mdev: for the mdev core
 * @div: 1/div of the accelerator
 * @vram_units: VRAM it takes, in units of accel->vram_unit
 * @num_slots: queue slots it takes
 * @num_contexts: contexts it takes
 * @sysfs_name: "V4"
 * @pretty_name: for people
 */
struct tessera_type {
	struct mdev_type mdev;
	u32 div;
	u32 vram_units;
	u32 num_slots;
	u32 num_contexts;
	char sysfs_name[8];
	char pretty_name[40];
};

/* To whom a queue slot's interrupts go. */
struct tessera_slot {
	spinlock_t lock;	/* protects the route; taken in hard interrupts */
	struct tessera_vgpu *vgpu;
	u32 vector;
};

/**
 * struct tessera_accel - a mediated accelerator
 * @pdev: its PCI function
 * @hw: its hardware
 * @mdev: for the mdev core
 * @types: sizes that this accelerator offers
 * @type_ptrs: the same for the mdev core
 * @num_types: how many
 * @lock: protects the pools, the list of vGPUs and @suspended
 * @vram: VRAM left, in units
 * @vram_unit: bytes in a unit
 * @slots_left: queue slots left
 * @contexts_left: contexts left
 * @vgpus: all
 * @suspended: the host sleeps
 * @owner_lock: protects @owner; taken in hard interrupts
 * @owner: the vGPU of each context
 * @slots: the route of each queue slot's interrupts
 * @dispatchers: one for each engine
 * @settings_lock: one change of the scheduler's settings at a time, over all engines
 * @preempt_strict: preemption mode; read without a lock
 * @preempt_timeout_us: patience with a running command; read without a lock
 * @frames_lock: protects @frames
 * @frames: struct tessera_frame by host page number
 * @bar_sem: held for reading to map BAR pages into user space, for writing to keep them out
 * @reset_work: resets the device after it stopped answering
 * @resets: how often that was done
 * @debugfs: its directory
 */
struct tessera_accel {
	struct pci_dev *pdev;
	struct tessera_hw *hw;
	struct mdev_parent mdev;
	struct tessera_type types[TESSERA_NUM_TYPES];
	struct mdev_type *type_ptrs[TESSERA_NUM_TYPES];
	unsigned int num_types;

	struct mutex lock;	/* see above */
	struct tessera_pool vram;
	u64 vram_unit;
	struct tessera_pool slots_left;
	struct tessera_pool contexts_left;
	struct list_head vgpus;
	bool suspended;

	spinlock_t owner_lock;	/* see above */
	struct tessera_vgpu *owner[T1_MAX_CONTEXTS];
	struct tessera_slot slots[T1_MAX_SLOTS];

	struct tessera_dispatcher dispatchers[T1_NUM_ENGINES];
	struct mutex settings_lock;	/* see above */
	bool preempt_strict;
	u32 preempt_timeout_us;

	struct mutex frames_lock;	/* see above */
	struct xarray frames;

	struct rw_semaphore bar_sem;
	struct work_struct reset_work;
	unsigned int resets;
	struct dentry *debugfs;
};

void tessera_accel_dead(struct tessera_accel *accel);

/* tessera_mdev.c */
extern struct mdev_driver tessera_mdev_driver;
int tessera_mdev_register(struct tessera_accel *accel);
void tessera_mdev_unregister(struct tessera_accel *accel);

/* tessera_sysfs.c, tessera_stats.c */
extern const struct attribute_group *tessera_accel_groups[];
int tessera_sysfs_add(struct tessera_vgpu *vgpu);
void tessera_sysfs_remove(struct tessera_vgpu *vgpu);
extern const struct attribute_group tessera_stats_group;
struct tessera_vgpu *tessera_kobj_to_vgpu(struct kobject *kobj);

/* --------------------------------------------------------- the vGPU -- */

/*
 * struct tessera_vgpu_regs - the control page's registers that keep what was written
 */
struct tessera_vgpu_regs {
	u64 asq_base, acq_base, evq_base;
	u32 asq_size, acq_size, evq_size;
};

/**
 * struct tessera_ring - a guest ring as the mediator goes through it
 * @base: bus address
 * @size: entries
 * @index: the mediator's side of it
 * @phase: of the entry to be written next
 */
struct tessera_ring {
	u64 base;
	u32 size;
	u32 index;
	u16 phase;
};

/* Fault events on their way to the guest. */
struct tessera_vgpu_events {
	spinlock_t lock;	/* protects the fifo; taken in hard interrupts */
	struct t1_event fifo[TESSERA_EVENTS_MAX];
	u32 first, count;
	u64 merged;		/* replaced by a later one of the same context */
};

/**
 * struct tessera_vgpu_ctx - a context that the guest has created
 * @live: it exists in hardware
 * @pages: struct tessera_page by virtual page number; under dma.lock
 */
struct tessera_vgpu_ctx {
	bool live;
	struct xarray pages;
};

/* A queue that the guest has created. */
struct tessera_vgpu_queue {
	bool live;
	u32 ctx;
	u32 vector;
};

/**
 * struct tessera_vgpu_dma - a vGPU's mappings of guest memory
 * @lock: protects everything here, and every context's pages; never held over VFIO calls
 * @by_iova: struct tessera_page by guest page number, linked where there are several
 * @nr_pages: pages pinned, mapped for DMA, and in the two indexes
 * @unmap_seq: counts .dma_unmap calls
 * @hold_start: guest addresses that VFIO is taking away: first ...
 * @hold_last: ... and last byte
 * @hold_until: until when (jiffies) none of them is pinned again
 * @pinning: the worker may have pages pinned that are in no index yet
 * @idle_wait: woken when @pinning ends or @unpin_list has been worked off
 * @unpin_list: pages that hardware does not reach any more, to be unpinned by @unpin_work
 * @unpin_work: does that outside of VFIO's locks
 * @unpin_busy: @unpin_work has taken pages off the list and not finished with them
 */
struct tessera_vgpu_dma {
	struct mutex lock;		/* see above */
	struct xarray by_iova;
	u64 nr_pages;
	u64 unmap_seq;
	u64 hold_start, hold_last;
	unsigned long hold_until;
	bool pinning;
	wait_queue_head_t idle_wait;
	struct list_head unpin_list;
	struct work_struct unpin_work;
	bool unpin_busy;
};

/*
 * struct tessera_vgpu_stats - counters; single words, updated where the thing happens
 */
struct tessera_vgpu_stats {
	atomic64_t admin_commands;
	atomic64_t admin_errors;
	atomic64_t events;
	atomic64_t faults;
	atomic64_t interrupts;
	atomic64_t maps;
	atomic64_t unmaps;
	atomic64_t revoked_pages;
	atomic64_t resets;
	atomic64_t trapped_doorbells;
	atomic64_t trapped_registers;
};

/*
 * struct tessera_vgpu - a vGPU
 *
 * What the guest can see of it, and so all that a later migration has to carry, is in
 * @config, @regs, @enabled, @status, the rings, @asq_tail .. @evq_head, @events, @ctx,
 * @queue, the pages of @dma and the VRAM partition.
 */
struct tessera_vgpu {
	struct vfio_device vdev;	/* must be first */
	struct tessera_accel *accel;
	struct mdev_device *mdev;
	const struct tessera_type *type;
	struct list_head node;
	char name[TESSERA_NAME_LEN];

	/* the partition; constant */
	u32 first_ctx, num_ctx;
	u32 first_slot, num_slots;
	u64 vram_base, vram_bytes;

	/* config space and its lock (a leaf) */
	struct mutex config_lock;
	u8 *config;

	/* protects all from here to list_dma */
	struct mutex lock;
	bool open;			/* an owner has the device open */
	struct tessera_vgpu_regs regs;
	struct tessera_ring asq, acq, evq;
	u32 epoch;			/* of the device, when enabled */
	struct tessera_vgpu_ctx ctx[T1_MAX_CONTEXTS];
	struct tessera_vgpu_queue queue[T1_MAX_SLOTS];
	struct page **pages;		/* of one MAP command at work */
	u64 *iovas;			/* likewise */
	__le64 *guest_list;		/* copy of the guest's list */
	void *list;			/* a page for hardware to read a list or write a result */
	dma_addr_t list_dma;

	/* written under the lock, read without */
	bool enabled;			/* T1_CTRL_ENABLE */
	u32 status;			/* T1_STATUS_* */

	/* written by register traps without a lock; each is one word */
	u32 asq_tail, acq_head, evq_head;
	u32 latch_time_hi;

	struct workqueue_struct *wq;
	struct work_struct work;	/* admin commands and events */
	struct tessera_vgpu_events events;
	struct tessera_vgpu_dma dma;

	spinlock_t irq_lock;		/* protects the three below; taken in hard interrupts */
	struct eventfd_ctx *msix[T1_MAX_VECTORS];
	struct eventfd_ctx *err_trigger;
	struct eventfd_ctx *req_trigger;
	struct mutex irq_mutex;		/* one SET_IRQS at a time */
	u8 *msix_table;			/* BAR4 as last written; under irq_mutex */

	struct inode *inode;		/* its mapping is that of all our VMAs */

	struct tessera_dispatch_entity engine[T1_NUM_ENGINES];
	struct tessera_vgpu_stats stats;
	struct kobject *kobj;		/* the vgpu directory in sysfs */
};

static inline u32 tessera_vgpu_num_vectors(const struct tessera_vgpu *vgpu)
{
	return vgpu->num_slots + 1;
}

static inline u64 tessera_vgpu_ctx_mask(const struct tessera_vgpu *vgpu)
{
	return GENMASK_ULL(vgpu->first_ctx + vgpu->num_ctx - 1, vgpu->first_ctx);
}

/* vgpu_vfio.c */
extern const struct vfio_device_ops tessera_vgpu_vfio_ops;
void tessera_vgpu_clear_vram(struct tessera_vgpu *vgpu);

/* vgpu_region.c: BARs, and their mappings in user space */
#define TESSERA_REGION_SHIFT	40	/* a region's index above, the offset in it below */
#define TESSERA_CONFIG_SIZE	4096u
#define TESSERA_BAR_MSIX_SIZE	4096u
#define TESSERA_MSIX_PBA_OFF	2048u

u64 tessera_region_size(const struct tessera_vgpu *vgpu, unsigned int index);
ssize_t tessera_region_read(struct vfio_device *vdev, char __user *buf, size_t count,
			    loff_t *ppos);
ssize_t tessera_region_write(struct vfio_device *vdev, const char __user *buf, size_t count,
			     loff_t *ppos);
int tessera_region_mmap(struct vfio_device *vdev, struct vm_area_struct *vma);
void tessera_region_zap(struct tessera_vgpu *vgpu);
int tessera_region_init(struct tessera_vgpu *vgpu);
void tessera_region_fini(struct tessera_vgpu *vgpu);
int tessera_region_module_init(void);
void tessera_region_module_exit(void);

/* vgpu_config.c */
void tessera_config_reset(struct tessera_vgpu *vgpu);
void tessera_config_read(struct tessera_vgpu *vgpu, u32 off, void *buf, u32 len);
bool tessera_config_bus_master(struct tessera_vgpu *vgpu);

#define TESSERA_CONFIG_FLR		BIT(0)	/* function level reset */
#define TESSERA_CONFIG_MASTER_OFF	BIT(1)	/* bus mastering is off now */
unsigned int tessera_config_write(struct tessera_vgpu *vgpu, u32 off, const void *buf, u32 len);

/* vgpu_ctrl.c */
u32 t1_regs_read(struct tessera_vgpu *vgpu, u32 reg);
void t1_regs_write(struct tessera_vgpu *vgpu, u32 reg, u32 value);
void tessera_vgpu_reset(struct tessera_vgpu *vgpu);
void tessera_vgpu_disable_locked(struct tessera_vgpu *vgpu);
void tessera_vgpu_fatal(struct tessera_vgpu *vgpu, const char *why);
void tessera_vgpu_lost(struct tessera_vgpu *vgpu);

/* vgpu_admin.c */
void t1_admin_work(struct work_struct *work);
int tessera_admin_exec(struct tessera_vgpu *vgpu, struct tessera_admin_req *reqs, unsigned int n);
void t1_admin_destroy_all(struct tessera_vgpu *vgpu);
int tessera_ring_write(struct tessera_vgpu *vgpu, struct tessera_ring *ring, void *entry,
		       u32 size, __le16 *phase);

/* vgpu_dma.c */
int tessera_dma_module_init(void);
void tessera_dma_module_exit(void);
void tessera_dma_init(struct tessera_vgpu *vgpu);
void tessera_dma_fini(struct tessera_vgpu *vgpu);
int tessera_dma_rw(struct tessera_vgpu *vgpu, u64 iova, void *buf, size_t len, bool write);
void tessera_dma_master_off(struct tessera_vgpu *vgpu);
u16 tessera_dma_map(struct tessera_vgpu *vgpu, u32 ctx, u32 flags, u64 va, u32 npages, u64 list);
u16 tessera_dma_unmap(struct tessera_vgpu *vgpu, u32 ctx, bool huge, u64 va, u32 npages);
void tessera_dma_drop_ctx(struct tessera_vgpu *vgpu, u32 ctx);
void tessera_dma_flush(struct tessera_vgpu *vgpu);
void tessera_dma_revoke(struct vfio_device *vdev, u64 iova, u64 length);

/* vgpu_event.c */
void t1_events_push(struct tessera_vgpu *vgpu, const struct tessera_hw_event *ev);
void t1_events_drop(struct tessera_vgpu *vgpu, u32 ctx);
int t1_events_deliver(struct tessera_vgpu *vgpu, bool *posted);

/* vgpu_irq.c */
int tessera_irq_count(const struct tessera_vgpu *vgpu, unsigned int index);
int tessera_irq_set(struct tessera_vgpu *vgpu, u32 index, u32 start, u32 count, u32 flags,
		    void *data);
void tessera_irq_release(struct tessera_vgpu *vgpu);
void tessera_irq_signal(struct tessera_vgpu *vgpu, u32 vector);
void tessera_irq_route(struct tessera_vgpu *vgpu, u32 slot, u32 vector);
void tessera_irq_unroute(struct tessera_vgpu *vgpu, u32 slot);
void tessera_irq_slot(struct tessera_accel *accel, u32 slot);
bool tessera_irq_request(struct tessera_vgpu *vgpu);

#define TESSERA_CTX_ALL	0xffffffffu

#endif /* TESSERA_H */
