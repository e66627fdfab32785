/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vgpu.h - a vGPU, and its life
 */
#ifndef TESSERA_VGPU_H
#define TESSERA_VGPU_H

#include <linux/ratelimit.h>
#include <linux/vfio.h>
#include "accel/accel.h"
#include "dispatch/dispatch.h"
#include "vgpu/dma.h"
#include "vgpu/guilt.h"
#include "vgpu/irq.h"
#include "vgpu/model.h"
#include "vgpu/state.h"
#include "vgpu/stats.h"
#include "vgpu/worker.h"

/**
 * struct tessera_part - the part of the accelerator that a vGPU has; constant
 * @first_ctx: first context
 * @num_ctx: contexts
 * @first_slot: first queue slot
 * @num_slots: queue slots
 * @vram_base: offset of its device memory
 * @vram_bytes: device memory
 */
struct tessera_part {
	u32 first_ctx, num_ctx;
	u32 first_slot, num_slots;
	u64 vram_base, vram_bytes;
};

/**
 * struct tessera_vgpu - a vGPU
 * @vdev: for VFIO; must be first
 * @accel: the accelerator
 * @mdev: the mediated device
 * @type: its size
 * @node: in accel->vgpus
 * @name: the UUID
 * @part: what it has of the accelerator
 * @num_vectors: interrupt vectors of the device that the guest sees
 * @config_lock: protects state->config
 * @lock: protects @state but for config and MSI-X table, what the model adds to it, and @epoch;
 *        held over changes in hardware
 * @state: what the guest can observe, at the head of the model's part
 * @log: limits the lines in the log that its guest or its owner can cause
 * @epoch: of the device when the guest enabled the vGPU
 * @open: an owner has the device open; written by VFIO's open and close, read without a lock
 * @worker: does what the model has to do outside of traps and interrupts, while @open
 * @dma: mappings of guest memory
 * @irq: eventfds of its vectors
 * @inode: its mapping is that of all our VMAs
 * @map_sem: held for reading to map BAR pages into user space, for writing to take them away
 * @ones: a page that is mapped in their place while the function does not answer at its BARs
 * @engine: the vGPU on each engine
 * @guilt: what it has done to others
 * @stats: counters
 * @kobj: the vgpu directory in sysfs
 * @state_file: its state in debugfs, or NULL
 */
struct tessera_vgpu {
	struct vfio_device vdev;
	struct tessera_accel *accel;
	struct mdev_device *mdev;
	const struct tessera_type *type;
	struct list_head node;
	char name[TESSERA_NAME_LEN];
	struct tessera_part part;
	u32 num_vectors;

	struct mutex config_lock;	/* see above */
	struct mutex lock;		/* see above */
	struct tessera_vgpu_state *state;
	struct ratelimit_state log;
	u32 epoch;
	bool open;

	struct tessera_worker worker;
	struct tessera_vgpu_dma dma;
	struct tessera_vgpu_irq irq;
	struct inode *inode;
	struct rw_semaphore map_sem;	/* see above */
	void *ones;
	struct tessera_dispatch_entity engine[TESSERA_MAX_ENGINES];
	struct tessera_vgpu_guilt guilt;
	struct tessera_vgpu_stats stats;
	struct kobject *kobj;
	struct dentry *state_file;
};

static inline const struct tessera_model_ops *tessera_vgpu_model(const struct tessera_vgpu *vgpu)
{
	return vgpu->accel->kind->model;
}

static inline enum tessera_vgpu_phase tessera_vgpu_phase(const struct tessera_vgpu *vgpu)
{
	return READ_ONCE(vgpu->state->phase);
}

/* A line in the log that a guest or an owner can cause: each vGPU has its own part of them. */
#define tessera_vgpu_notice(vgpu, fmt, ...)						\
	do {										\
		if (__ratelimit(&(vgpu)->log))						\
			dev_notice((vgpu)->vdev.dev, fmt, ##__VA_ARGS__);		\
	} while (0)

/* Have the model's work run. */
static inline void tessera_vgpu_kick(struct tessera_vgpu *vgpu)
{
	tessera_worker_kick(&vgpu->worker);
}

/* Every time that the guest sees: the accelerator's, made to run on when the vGPU moves. */
static inline u64 tessera_vgpu_time_ns(const struct tessera_vgpu *vgpu, u64 device_ns)
{
	return device_ns + vgpu->state->time_offset_ns;
}

/* The size of a BAR, a power of 2; 0 where there is none. */
static inline u64 tessera_vgpu_bar_bytes(const struct tessera_vgpu *vgpu, unsigned int bar)
{
	const struct tessera_region_desc *region = &tessera_vgpu_model(vgpu)->regions[bar];

	return region->kind == TESSERA_REGION_VRAM ? vgpu->part.vram_bytes : region->bytes;
}

int tessera_vgpu_init(struct tessera_vgpu *vgpu);
void tessera_vgpu_fini(struct tessera_vgpu *vgpu);
int tessera_vgpu_open(struct tessera_vgpu *vgpu);
void tessera_vgpu_close(struct tessera_vgpu *vgpu);
void tessera_vgpu_enable(struct tessera_vgpu *vgpu);
void tessera_vgpu_disable(struct tessera_vgpu *vgpu);
void tessera_vgpu_fatal(struct tessera_vgpu *vgpu, const char *why);
void tessera_vgpu_power_on(struct tessera_vgpu *vgpu);
void tessera_vgpu_lock_to_undo(struct tessera_vgpu *vgpu);
void tessera_vgpu_reset(struct tessera_vgpu *vgpu);
const char *tessera_vgpu_lost(const struct tessera_vgpu *vgpu);

#endif /* TESSERA_VGPU_H */
