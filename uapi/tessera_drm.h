/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * tessera_drm.h - ioctls of tessera_drm.ko, the DRM driver of the T1 accelerator
 *
 * The same on bare metal, on a passed-through accelerator and on a vGPU. A *context* is
 * an address space plus its queues; it belongs to the open file that created it. Buffers
 * are GEM objects, bound into contexts at virtual addresses that user space chooses.
 * Work consists of batches of struct t1_cmd (t1_hw.h) in bound buffers.
 *
 * Fields named pad must be zero. Unknown flags give EINVAL, unknown handles and ids ENOENT.
 *
 * A process, with all files of the device that it has opened, has a share of contexts, queues, page
 * tables and VRAM, and a user but root another: so that neither can keep all others out. It is the
 * larger part of the whole. Beyond it ENOSPC is the answer, as where nothing is left.
 */
#ifndef _UAPI_TESSERA_DRM_H
#define _UAPI_TESSERA_DRM_H

#ifdef __KERNEL__
#include <drm/drm.h>
#else
#include <drm.h>	/* libdrm's copy: pkg-config --cflags libdrm */
#endif

#if defined(__cplusplus)
extern "C" {
#endif

/* In drm_version: refuse another major version; a higher minor version only adds features. */
#define TESSERA_DRM_VERSION_MAJOR	1
#define TESSERA_DRM_VERSION_MINOR	0

#define DRM_TESSERA_GET_PARAM		0x00
#define DRM_TESSERA_BO_CREATE		0x01
#define DRM_TESSERA_BO_MMAP_OFFSET	0x02
#define DRM_TESSERA_BO_WAIT		0x03
#define DRM_TESSERA_CTX_CREATE		0x04
#define DRM_TESSERA_CTX_DESTROY		0x05
#define DRM_TESSERA_BIND		0x06
#define DRM_TESSERA_UNBIND		0x07
#define DRM_TESSERA_QUEUE_CREATE	0x08
#define DRM_TESSERA_QUEUE_DESTROY	0x09
#define DRM_TESSERA_QUEUE_QUERY		0x0a
#define DRM_TESSERA_EXEC		0x0b

#define DRM_TESSERA_PARAM_HW_VERSION		0	/* T1_HW_VERSION of the device */
#define DRM_TESSERA_PARAM_CAPS			1	/* T1_CAP_* */
#define DRM_TESSERA_PARAM_VRAM_SIZE		2	/* bytes */
#define DRM_TESSERA_PARAM_VRAM_FREE		3	/* bytes, at the time of the call */
#define DRM_TESSERA_PARAM_NUM_CONTEXTS		4
#define DRM_TESSERA_PARAM_NUM_SLOTS		5
#define DRM_TESSERA_PARAM_CLOCK_MHZ		6
#define DRM_TESSERA_PARAM_F32_MACS_PER_CLOCK	7
#define DRM_TESSERA_PARAM_I8_MACS_PER_CLOCK	8
#define DRM_TESSERA_PARAM_VRAM_MB_PER_S		9
#define DRM_TESSERA_PARAM_DMA_MB_PER_S		10
#define DRM_TESSERA_PARAM_VA_START		11	/* lowest va that BIND accepts */
#define DRM_TESSERA_PARAM_VA_END		12	/* first va past those that BIND accepts */
#define DRM_TESSERA_PARAM_JOB_TIMEOUT_MS	13	/* engine time that a batch may take */

/**
 * struct drm_tessera_get_param - query a parameter
 * @param: Input: DRM_TESSERA_PARAM_*
 * @pad: Input: zero
 * @value: Output: its value
 */
struct drm_tessera_get_param {
	__u32 param;
	__u32 pad;
	__u64 value;
};

#define DRM_TESSERA_BO_VRAM	(1u << 0)	/* in device memory, otherwise in system memory */
#define DRM_TESSERA_BO_FLAGS	0x1u

/**
 * struct drm_tessera_bo_create - create a zeroed buffer object
 * @size: Input: bytes, rounded up to 4 KiB; Output: the rounded size
 * @flags: Input: DRM_TESSERA_BO_*
 * @handle: Output: GEM handle
 *
 * ENOSPC: no VRAM left in one piece, or the process has its share; ENOMEM: no system memory.
 * EIO: VRAM could not be cleared, because an engine or the device has failed or was reset.
 */
struct drm_tessera_bo_create {
	__u64 size;
	__u32 flags;
	__u32 handle;
};

/**
 * struct drm_tessera_bo_mmap_offset - get the offset at which to mmap a buffer object
 * @handle: Input: GEM handle
 * @pad: Input: zero
 * @offset: Output: offset for mmap(2) on the DRM file
 */
struct drm_tessera_bo_mmap_offset {
	__u32 handle;
	__u32 pad;
	__u64 offset;
};

/**
 * struct drm_tessera_bo_wait - wait until no job uses a buffer object
 * @handle: Input: GEM handle
 * @pad: Input: zero
 * @timeout_ns: Input: absolute, CLOCK_MONOTONIC; if in the past, do not wait (EBUSY if in use)
 *
 * ETIME: the timeout has passed.
 */
struct drm_tessera_bo_wait {
	__u32 handle;
	__u32 pad;
	__s64 timeout_ns;
};

/**
 * struct drm_tessera_ctx_create - create a context
 * @flags: Input: zero
 * @ctx_id: Output: its id in this file
 *
 * ENOSPC: the device has no context left, or the process has its share.
 */
struct drm_tessera_ctx_create {
	__u32 flags;
	__u32 ctx_id;
};

/**
 * struct drm_tessera_ctx_destroy - destroy a context with its queues and bindings
 * @ctx_id: Input: id
 * @pad: Input: zero
 *
 * Its unfinished jobs end with ECANCELED in their fences.
 */
struct drm_tessera_ctx_destroy {
	__u32 ctx_id;
	__u32 pad;
};

#define DRM_TESSERA_BIND_READ	(1u << 0)
#define DRM_TESSERA_BIND_WRITE	(1u << 1)

/**
 * struct drm_tessera_bind - bind a range of a buffer object into a context
 * @ctx_id: Input: id
 * @handle: Input: GEM handle
 * @va: Input: virtual address, 4 KiB aligned, in [VA_START, VA_END)
 * @offset: Input: into the object, 4 KiB aligned
 * @size: Input: bytes, a multiple of 4 KiB
 * @flags: Input: DRM_TESSERA_BIND_*, at least READ
 * @pad: Input: zero
 *
 * The object is kept alive while bound. 2 MiB pages are used where addresses allow. EEXIST:
 * the range overlaps a binding. ENOSPC: the process has its share of page tables (which a binding
 * needs for each 2 MiB, 1 GiB and 512 GiB that none of the context's is in yet), or 65536 bindings.
 */
struct drm_tessera_bind {
	__u32 ctx_id;
	__u32 handle;
	__u64 va;
	__u64 offset;
	__u64 size;
	__u32 flags;
	__u32 pad;
};

/**
 * struct drm_tessera_unbind - undo one BIND
 * @ctx_id: Input: id
 * @pad: Input: zero
 * @va: Input: as bound
 * @size: Input: as bound
 *
 * Takes effect at once: a job that still uses the range faults. ENOENT: no such binding.
 */
struct drm_tessera_unbind {
	__u32 ctx_id;
	__u32 pad;
	__u64 va;
	__u64 size;
};

/**
 * struct drm_tessera_queue_create - create a queue in a context
 * @ctx_id: Input: id
 * @engine: Input: T1_ENGINE_*
 * @flags: Input: zero
 * @queue_id: Output: its id in this file
 *
 * ENOSPC: the device has no queue slot left, or the process has its share.
 */
struct drm_tessera_queue_create {
	__u32 ctx_id;
	__u32 engine;
	__u32 flags;
	__u32 queue_id;
};

/**
 * struct drm_tessera_queue_destroy - destroy a queue
 * @queue_id: Input: id
 * @pad: Input: zero
 *
 * Its unfinished jobs end with ECANCELED in their fences.
 */
struct drm_tessera_queue_destroy {
	__u32 queue_id;
	__u32 pad;
};

#define DRM_TESSERA_QUEUE_OK		0
#define DRM_TESSERA_QUEUE_FAULT		1	/* the context faulted: see the fault fields */
#define DRM_TESSERA_QUEUE_TIMEOUT	2	/* a batch ran past JOB_TIMEOUT_MS */
#define DRM_TESSERA_QUEUE_RESET		3	/* lost to a reset of engine or device */

/**
 * struct drm_tessera_queue_query - query state and statistics of a queue
 * @queue_id: Input: id
 * @state: Output: DRM_TESSERA_QUEUE_*. All but OK are final: EXEC fails with EIO, and a new
 *         context must be created
 * @busy_ns: Output: engine time used, as the queue's control block says, which the context's own
 *           batches can write: for information only
 * @submitted: Output: jobs submitted
 * @completed: Output: jobs completed, failed ones included
 * @fault: Output: T1_FAULT_*
 * @fault_batch_index: Output: place of the command in its batch, or 0xffffffff
 * @fault_addr: Output: va
 */
struct drm_tessera_queue_query {
	__u32 queue_id;
	__u32 state;
	__u64 busy_ns;
	__u64 submitted;
	__u64 completed;
	__u32 fault;
	__u32 fault_batch_index;
	__u64 fault_addr;
};

/**
 * struct drm_tessera_batch - commands to run
 * @va: Input: of an array of struct t1_cmd, 64-byte aligned
 * @count: Input: 1 .. T1_MAX_BATCH
 * @pad: Input: zero
 */
struct drm_tessera_batch {
	__u64 va;
	__u32 count;
	__u32 pad;
};

/**
 * struct drm_tessera_sync - a syncobj to wait for or to signal
 * @handle: Input: syncobj handle
 * @pad: Input: zero
 * @point: Input: timeline point, zero for a binary syncobj
 */
struct drm_tessera_sync {
	__u32 handle;
	__u32 pad;
	__u64 point;
};

#define DRM_TESSERA_EXEC_MAX_BATCHES	64
#define DRM_TESSERA_EXEC_MAX_SYNCS	64
#define DRM_TESSERA_EXEC_MAX_BOS	1024

/**
 * struct drm_tessera_exec - submit a job: batches in order, on one queue
 * @queue_id: Input: id
 * @num_batches: Input: 1 .. DRM_TESSERA_EXEC_MAX_BATCHES
 * @batches: Input: user pointer to struct drm_tessera_batch
 * @in_syncs: Input: user pointer to struct drm_tessera_sync: the job starts after all of them
 * @out_syncs: Input: user pointer to struct drm_tessera_sync: signalled when the job ends, with
 *             an error if it failed
 * @num_in_syncs: Input: up to DRM_TESSERA_EXEC_MAX_SYNCS
 * @num_out_syncs: Input: likewise
 * @bos: Input: user pointer to __u32 GEM handles whose implicit fences (dma_resv) the job waits
 *       for and joins; needed only for shared buffers
 * @num_bos: Input: up to DRM_TESSERA_EXEC_MAX_BOS
 * @flags: Input: zero
 *
 * Jobs of a queue run in submission order. Blocks (interruptibly) while the ring is full.
 * EIO: the queue has failed, see QUEUE_QUERY.
 */
struct drm_tessera_exec {
	__u32 queue_id;
	__u32 num_batches;
	__u64 batches;
	__u64 in_syncs;
	__u64 out_syncs;
	__u32 num_in_syncs;
	__u32 num_out_syncs;
	__u64 bos;
	__u32 num_bos;
	__u32 flags;
};

#define DRM_IOCTL_TESSERA_GET_PARAM \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_TESSERA_GET_PARAM, struct drm_tessera_get_param)
#define DRM_IOCTL_TESSERA_BO_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_TESSERA_BO_CREATE, struct drm_tessera_bo_create)
#define DRM_IOCTL_TESSERA_BO_MMAP_OFFSET \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_TESSERA_BO_MMAP_OFFSET, struct drm_tessera_bo_mmap_offset)
#define DRM_IOCTL_TESSERA_BO_WAIT \
	DRM_IOW(DRM_COMMAND_BASE + DRM_TESSERA_BO_WAIT, struct drm_tessera_bo_wait)
#define DRM_IOCTL_TESSERA_CTX_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_TESSERA_CTX_CREATE, struct drm_tessera_ctx_create)
#define DRM_IOCTL_TESSERA_CTX_DESTROY \
	DRM_IOW(DRM_COMMAND_BASE + DRM_TESSERA_CTX_DESTROY, struct drm_tessera_ctx_destroy)
#define DRM_IOCTL_TESSERA_BIND \
	DRM_IOW(DRM_COMMAND_BASE + DRM_TESSERA_BIND, struct drm_tessera_bind)
#define DRM_IOCTL_TESSERA_UNBIND \
	DRM_IOW(DRM_COMMAND_BASE + DRM_TESSERA_UNBIND, struct drm_tessera_unbind)
#define DRM_IOCTL_TESSERA_QUEUE_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_TESSERA_QUEUE_CREATE, struct drm_tessera_queue_create)
#define DRM_IOCTL_TESSERA_QUEUE_DESTROY \
	DRM_IOW(DRM_COMMAND_BASE + DRM_TESSERA_QUEUE_DESTROY, struct drm_tessera_queue_destroy)
#define DRM_IOCTL_TESSERA_QUEUE_QUERY \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_TESSERA_QUEUE_QUERY, struct drm_tessera_queue_query)
#define DRM_IOCTL_TESSERA_EXEC \
	DRM_IOW(DRM_COMMAND_BASE + DRM_TESSERA_EXEC, struct drm_tessera_exec)

#define TESSERA_DRM_ASSERT_SIZE(type, bytes) \
	_Static_assert(sizeof(struct drm_tessera_##type) == (bytes), #type)

#ifndef __cplusplus
TESSERA_DRM_ASSERT_SIZE(get_param, 16);
TESSERA_DRM_ASSERT_SIZE(bo_create, 16);
TESSERA_DRM_ASSERT_SIZE(bo_mmap_offset, 16);
TESSERA_DRM_ASSERT_SIZE(bo_wait, 16);
TESSERA_DRM_ASSERT_SIZE(ctx_create, 8);
TESSERA_DRM_ASSERT_SIZE(ctx_destroy, 8);
TESSERA_DRM_ASSERT_SIZE(bind, 40);
TESSERA_DRM_ASSERT_SIZE(unbind, 24);
TESSERA_DRM_ASSERT_SIZE(queue_create, 16);
TESSERA_DRM_ASSERT_SIZE(queue_destroy, 8);
TESSERA_DRM_ASSERT_SIZE(queue_query, 48);
TESSERA_DRM_ASSERT_SIZE(batch, 16);
TESSERA_DRM_ASSERT_SIZE(sync, 16);
TESSERA_DRM_ASSERT_SIZE(exec, 56);
#endif

#if defined(__cplusplus)
}
#endif

#endif /* _UAPI_TESSERA_DRM_H */
