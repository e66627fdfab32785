/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tessera_drm_drv.h - what the files of tessera_drm.ko share
 *
 * Locks, outermost first:
 *
 *   tdrm_clear.lock          mutex: the driver's own context and queue, while they clear VRAM
 *   tdrm_ctx.lock            mutex: a context's bindings, and whether it is closed
 *   tdrm_file.stats_lock     mutex: a file's list of contexts, for its statistics
 *   tdrm_device.reset_lock   mutex: one reset at a time, whatever its cause
 *   tdrm_queue.submit_lock   mutex: order of jobs from reserving ring space to the ring
 *   dma_resv                 of the objects that a job names
 *   tdrm_device.mem_lock     mutex: VRAM allocator, lists of memory mapped for the device
 *   tdrm_device.reset_sem    read: a context's number stays valid over an admin command;
 *                            write: contexts are being forgotten. No allocation inside:
 *                            resets end fences
 *   tdrm_device.slot_lock    mutex: a queue slot is not reused while recovery runs a command
 *                            on it. No allocation inside
 *   tdrm_device.id_lock      spinlock: tables of contexts and queue slots, for writers
 *   tdrm_queue.lock          spinlock, taken in interrupts: jobs and ring; also the lock of
 *                            the queue's fences, so callbacks run under it
 *   tdrm_admin.lock          spinlock, taken in interrupts: admin rings
 *   tdrm_ctx.ban_lock        spinlock, taken in interrupts: state and fault of a context
 *   tdrm_device.holders_lock spinlock: what processes and users hold
 *   tdrm_device.busy_lock    spinlock: reading contexts' busy times
 *
 * Readers of the tables use RCU, since interrupt handlers look up queues there.
 */
#ifndef TESSERA_DRM_DRV_H
#define TESSERA_DRM_DRV_H

#include <linux/completion.h>
#include <linux/dma-fence.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/rwsem.h>
#include <linux/semaphore.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem_shmem_helper.h>
#include <drm/drm_mm.h>

#include "t1_hw.h"
#include "tessera_drm.h"

#if BITS_PER_LONG != 64
#error "tessera_drm needs a 64-bit kernel"
#endif

/*
 * Users bind in the lower half of the address space. The upper half is the driver's: it has
 * a window for each queue slot, counted down from the top, which contains the ring and the
 * page with the control block and the fence value.
 */
#define TDRM_VA_START		SZ_2M
#define TDRM_VA_END		BIT_ULL(T1_VA_BITS - 1)
#define TDRM_WINDOW_SIZE	((u64)SZ_2M)
#define TDRM_WINDOW_PAGE	((u64)SZ_1M)
#define TDRM_WINDOW_VA(slot)	(BIT_ULL(T1_VA_BITS) - ((slot) + 1) * TDRM_WINDOW_SIZE)

#define TDRM_RING_LOG2		9
#define TDRM_RING_ENTRIES	BIT(TDRM_RING_LOG2)
#define TDRM_RING_BYTES		(TDRM_RING_ENTRIES * sizeof(struct t1_cmd))

/* A cb.event that no entry within reach of ring index @idx will meet */
#define TDRM_EVENT_NEVER(idx)	((u32)(idx) + BIT(30))

#define TDRM_ASQ_ENTRIES	64u	/* a page */
#define TDRM_ACQ_ENTRIES	256u	/* a page */
#define TDRM_EVQ_ENTRIES	64u	/* a page */
#define TDRM_ADMIN_REQS		32u	/* in flight at most; below the rings' sizes */

/* What one process must not take from all others; see DOC: shares */
enum tdrm_scarce {
	TDRM_CONTEXTS,
	TDRM_SLOTS,
	TDRM_VRAM,		/* bytes */
	TDRM_TABLES,
	TDRM_BINDINGS,
	TDRM_NUM_SCARCE,
};

struct tdrm_device;
struct tdrm_ctx;
struct tdrm_holder;

/* An admin command in flight, with a page of memory for its list or its result. */
struct tdrm_admin_req {
	struct t1_admin_cmd cmd;
	void *buf;
	dma_addr_t buf_dma;
	struct completion done;
	u16 status;
	bool busy;		/* owned by a caller */
	bool pending;		/* the device owes a completion */
};

struct tdrm_admin {
	spinlock_t lock;		/* all but the memory's addresses */
	struct semaphore slots;
	bool dead;			/* no command is accepted until the next start */
	u32 asq_tail, acq_head, evq_head;
	u16 acq_phase, evq_phase;
	struct t1_admin_cmd *asq;
	struct t1_admin_cpl *acq;
	struct t1_event *evq;
	dma_addr_t asq_dma, acq_dma, evq_dma;
	void *bufs;
	dma_addr_t bufs_dma;
	struct tdrm_admin_req req[TDRM_ADMIN_REQS];
};

struct tdrm_vector {
	struct tdrm_device *tdev;
	unsigned int index;
	bool requested;
	char name[24];
};

/* What the watchdog knows of an engine; see DOC: recovery */
struct tdrm_engine {
	bool watched;		/* a FENCE of each queue with jobs will interrupt */
	bool moved;		/* one has; set in interrupts */
};

/* An open file, or the driver's own contexts and queues. */
struct tdrm_file {
	struct xarray ctxs;		/* by id; each holds the file's reference */
	struct xarray queues;
	u64 client_id;
	struct tdrm_holder *holder;	/* the process that opened it; NULL: the driver */
	struct mutex stats_lock;	/* stats, busy_ns */
	struct list_head stats;		/* tdrm_ctx.stats_link */
	u64 busy_ns[T1_NUM_ENGINES];	/* of destroyed contexts */
};

/* What clears VRAM; see DOC: clearing */
struct tdrm_clear {
	struct mutex lock;		/* all below */
	struct tdrm_file tf;
	struct tdrm_ctx *ctx;		/* NULL: not needed yet, or given up */
	struct tdrm_queue *q;
};

struct tdrm_device {
	struct drm_device drm;
	struct pci_dev *pdev;
	void __iomem *regs;
	void __iomem *vram;
	resource_size_t vram_start;	/* physical address of BAR2 */
	bool bounces;			/* DMA goes through bounce buffers */

	/* Read from the device in probe */
	u32 hw_version, caps, num_slots, num_contexts, num_vectors;
	u64 vram_bytes;
	u32 clock_mhz, f32_macs_per_clock, i8_macs_per_clock, vram_mb_per_s, dma_mb_per_s;
	char model[32];

	struct tdrm_vector vectors[T1_MAX_VECTORS];
	unsigned int nvec;
	struct tdrm_admin admin;

	struct mutex reset_lock;	/* one reset at a time */
	struct rw_semaphore reset_sem;
	struct work_struct reset_work;
	struct delayed_work watchdog;
	struct tdrm_engine engines[T1_NUM_ENGINES];
	struct workqueue_struct *wq;
	wait_queue_head_t reset_wait;
	bool in_reset;			/* reset_sem: a function reset has begun and not ended */
	bool wedged;			/* a reset failed: bus mastering is off for good */
	bool gone;			/* removal or shutdown has begun */

	spinlock_t busy_lock;		/* tdrm_ctx.busy_ns, and the registers they come from */
	struct mutex slot_lock;		/* slots keep their owners */
	spinlock_t id_lock;		/* the four tables below, for writers */
	struct tdrm_ctx __rcu *ctxs[T1_MAX_CONTEXTS];
	struct tdrm_queue __rcu *queues[T1_MAX_SLOTS];
	DECLARE_BITMAP(ctx_ids, T1_MAX_CONTEXTS);
	DECLARE_BITMAP(slot_ids, T1_MAX_SLOTS);

	struct mutex mem_lock;		/* all below */
	struct drm_mm vram_mm;
	u64 vram_free;
	struct list_head dma_bos;	/* tdrm_bo.dma_link */
	struct list_head dma_queues;	/* tdrm_queue.dma_link */

	struct tdrm_clear clear;

	spinlock_t holders_lock;	/* all below */
	struct list_head holders;	/* tdrm_holder.link */
};

#define to_tdrm(drm_dev)	container_of(drm_dev, struct tdrm_device, drm)

/*
 * A buffer object. System memory is a shmem object; VRAM uses only its GEM base, and coherent
 * memory that and the array of pages.
 */
struct tdrm_bo {
	struct drm_gem_shmem_object shmem;
	struct drm_mm_node vram;
	struct tdrm_holder *holder;	/* of VRAM: who pays for it */
	struct sg_table *sgt;		/* system memory as the device sees it */
	struct list_head dma_link;
	struct page *dummy;		/* mapped for what has gone with the device */
	bool is_vram;
	bool is_coherent;
};

#define to_tdrm_bo(obj)	container_of(obj, struct tdrm_bo, shmem.base)

struct tdrm_ctx {
	struct kref ref;
	struct rcu_head rcu;
	struct tdrm_device *tdev;
	u32 hw_id;
	/* The device has forgotten it. reset_sem for writing; busy_lock where it is destroyed */
	bool lost;
	char comm[TASK_COMM_LEN];
	pid_t pid;

	struct mutex lock;		/* closed, and until then all below */
	bool closed;
	struct drm_mm vas;		/* tdrm_binding.node */
	u64 num_bindings, num_tables;	/* charged to the process */

	spinlock_t ban_lock;		/* state, fault* */
	u32 state;			/* DRM_TESSERA_QUEUE_*; leaves OK once, for good */
	u32 fault, fault_batch_index;
	u64 fault_addr;

	struct work_struct fault_work;
	struct t1_event fault_event;

	u64 busy_ns[T1_NUM_ENGINES];	/* engine time, as last read from the device */
	u64 base_ns[T1_NUM_ENGINES];	/* when the engine last moved; the watchdog's alone */
	struct list_head stats_link;
};

/* Device memory page that a queue shares with the device. User batches can write it too. */
struct tdrm_queue_page {
	struct t1_queue_cb cb;
	__le64 seqno;
};

struct tdrm_queue {
	struct kref ref;
	struct rcu_head rcu;
	struct tdrm_device *tdev;
	struct tdrm_ctx *ctx;
	u32 slot, engine;
	bool own;			/* the driver's: nobody else has a fence of it */

	struct mutex submit_lock;	/* order of submission */
	wait_queue_head_t wait;		/* for ring space */

	spinlock_t lock;		/* all below, but the memory's addresses */
	bool closed;
	struct list_head running;	/* tdrm_job.link, in the ring */
	struct list_head waiting;	/* tdrm_job.link, blocked by fences */
	u32 tail;			/* free-running ring index */
	u32 reserved;			/* ring entries of all unfinished jobs */
	bool event_armed;
	u32 event_idx;
	u64 seqno, submitted, completed;
	u64 busy_ns;			/* the largest seen */
	struct work_struct emit_work;
	u64 fence_context;

	struct t1_cmd *ring;
	dma_addr_t ring_dma;
	struct tdrm_queue_page __rcu *page;
	struct tdrm_queue_page *old_page;	/* mem_lock: to be freed after a grace period */
	dma_addr_t page_dma;
	struct list_head dma_link;
	struct list_head close_link;	/* for whoever took it out of the file's table */
};

struct tdrm_dep {
	struct dma_fence_cb cb;
	struct dma_fence *fence;
	struct tdrm_job *job;
};

struct tdrm_job {
	struct dma_fence fence;		/* first: dma_fence_free() */
	struct tdrm_queue *q;
	struct list_head link;
	u32 entries;
	u32 fence_idx;			/* ring index of the closing FENCE */
	bool emitted;
	bool want_irq;
	u64 fill_va, fill_bytes;	/* the driver's: zero this in place of a batch */
	atomic_t blockers;		/* unsignalled deps, and one during set-up */
	u32 num_deps;
	struct tdrm_dep *deps;
	u32 num_batches;
	struct drm_tessera_batch batches[];
};

static inline u32 tdrm_read(struct tdrm_device *tdev, u32 reg)
{
	return readl(tdev->regs + reg);
}

static inline void tdrm_write(struct tdrm_device *tdev, u32 reg, u32 val)
{
	writel(val, tdev->regs + reg);
}

/* tessera_drm_drv.c */
extern unsigned int tdrm_admin_timeout_ms;
extern unsigned int tdrm_job_timeout_ms;
void tdrm_file_init(struct tdrm_file *tf);

/* tessera_drm_admin.c */
int tdrm_admin_alloc(struct tdrm_device *tdev);
void tdrm_admin_free(struct tdrm_device *tdev);
int tdrm_admin_reset(struct tdrm_device *tdev);
int tdrm_admin_start(struct tdrm_device *tdev);
void tdrm_admin_fail(struct tdrm_device *tdev);
void tdrm_admin_completions(struct tdrm_device *tdev);
struct tdrm_admin_req *tdrm_admin_get(struct tdrm_device *tdev, u8 opcode);
int tdrm_admin_run(struct tdrm_device *tdev, struct tdrm_admin_req *req);
void tdrm_admin_put(struct tdrm_device *tdev, struct tdrm_admin_req *req);
int tdrm_admin_identify(struct tdrm_device *tdev);

/* tessera_drm_irq.c */
int tdrm_irq_init(struct tdrm_device *tdev);
void tdrm_irq_fini(struct tdrm_device *tdev);

/* tessera_drm_reset.c */
void tdrm_reset_init(struct tdrm_device *tdev);
void tdrm_reset_retry(struct tdrm_device *tdev);
void tdrm_reset_request(struct tdrm_device *tdev);
void tdrm_reset_after(struct tdrm_device *tdev, const char *what, int err);
void tdrm_device_stop(struct tdrm_device *tdev);
void tdrm_device_forget(struct tdrm_device *tdev);
int tdrm_device_restart(struct tdrm_device *tdev);
void tdrm_ctx_ban(struct tdrm_ctx *ctx, u32 state);
void tdrm_ctx_cancel_jobs(struct tdrm_ctx *ctx, u32 engine);
void tdrm_fault_work(struct work_struct *work);
void tdrm_watchdog_kick(struct tdrm_device *tdev);

/* tessera_drm_gem.c */
extern const struct file_operations tdrm_fops;
struct drm_gem_object *tdrm_gem_create_object(struct drm_device *drm, size_t size);
struct drm_gem_object *tdrm_gem_import_sg_table(struct drm_device *drm,
						struct dma_buf_attachment *attach,
						struct sg_table *sgt);
void tdrm_gem_unmap_all(struct tdrm_device *tdev);
int tdrm_ioctl_bo_create(struct drm_device *drm, void *data, struct drm_file *file);
int tdrm_ioctl_bo_mmap_offset(struct drm_device *drm, void *data, struct drm_file *file);
int tdrm_ioctl_bo_wait(struct drm_device *drm, void *data, struct drm_file *file);

/* tessera_drm_vm.c */
struct tdrm_ctx *tdrm_ctx_create(struct tdrm_device *tdev, struct tdrm_file *tf);
struct tdrm_ctx *tdrm_ctx_lookup(struct tdrm_file *tf, u32 id);
void tdrm_ctx_put(struct tdrm_ctx *ctx);
u64 tdrm_ctx_busy_ns(struct tdrm_ctx *ctx, u32 engine);
void tdrm_ctx_close(struct tdrm_file *tf, struct tdrm_ctx *ctx);
int tdrm_map_contig(struct tdrm_ctx *ctx, u64 va, u64 addr, u32 npages, u32 flags);
int tdrm_map_vram(struct tdrm_ctx *ctx, u64 va, u64 addr, u64 size, u32 flags);
int tdrm_unmap(struct tdrm_ctx *ctx, u64 va, u64 size);
int tdrm_ioctl_ctx_create(struct drm_device *drm, void *data, struct drm_file *file);
int tdrm_ioctl_ctx_destroy(struct drm_device *drm, void *data, struct drm_file *file);
int tdrm_ioctl_bind(struct drm_device *drm, void *data, struct drm_file *file);
int tdrm_ioctl_unbind(struct drm_device *drm, void *data, struct drm_file *file);

/* tessera_drm_queue.c */
int tdrm_queue_create(struct tdrm_file *tf, struct tdrm_ctx *ctx, u32 engine, u32 *id);
struct tdrm_queue *tdrm_queue_lookup(struct tdrm_file *tf, u32 id);
void tdrm_queue_put(struct tdrm_queue *q);
void tdrm_queue_stop(struct tdrm_queue *q);
void tdrm_queues_finish(struct tdrm_device *tdev, struct list_head *queues);
int tdrm_queue_hw_reset(struct tdrm_queue *q);
void tdrm_queues_free_dma(struct tdrm_device *tdev);
int tdrm_ioctl_queue_create(struct drm_device *drm, void *data, struct drm_file *file);
int tdrm_ioctl_queue_destroy(struct drm_device *drm, void *data, struct drm_file *file);
int tdrm_ioctl_queue_query(struct drm_device *drm, void *data, struct drm_file *file);

/* tessera_drm_exec.c */
void tdrm_queue_reap(struct tdrm_queue *q);
void tdrm_queue_interrupt(struct tdrm_queue *q);
bool tdrm_queue_watch(struct tdrm_queue *q);
void tdrm_queue_cancel(struct tdrm_queue *q, int first_error, int error);
void tdrm_emit_work(struct work_struct *work);
struct dma_fence *tdrm_queue_fill(struct tdrm_queue *q, u64 va, u64 bytes);
int tdrm_ioctl_exec(struct drm_device *drm, void *data, struct drm_file *file);

/* tessera_drm_clear.c */
void tdrm_clear_init(struct tdrm_device *tdev);
void tdrm_clear_fini(struct tdrm_device *tdev);
int tdrm_clear(struct tdrm_device *tdev, u64 start, u64 size);
void tdrm_clear_yield(struct tdrm_device *tdev);

/* tessera_drm_share.c */
struct tdrm_holder *tdrm_holder_get(struct tdrm_device *tdev);
struct tdrm_holder *tdrm_holder_ref(struct tdrm_holder *h);
void tdrm_holder_put(struct tdrm_holder *h);
int tdrm_take(struct tdrm_holder *h, enum tdrm_scarce what, u64 amount);
void tdrm_give(struct tdrm_holder *h, enum tdrm_scarce what, u64 amount);

/* tessera_drm_fdinfo.c */
void tdrm_show_fdinfo(struct seq_file *m, struct file *filp);

#endif /* TESSERA_DRM_DRV_H */
