/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model.h - the upper seam: the device that a guest sees
 *
 * What a guest finds in configuration space and behind its registers is a model's business.
 * The rest of vgpu/ gives it contexts, mappings, interrupts and time, in the vGPU's own
 * numbers, and does not know what the registers mean.
 */
#ifndef TESSERA_VGPU_MODEL_H
#define TESSERA_VGPU_MODEL_H

#include "tessera.h"
#include "accel/hw.h"
#include "vgpu/state.h"

enum tessera_region_kind {
	TESSERA_REGION_NONE,
	TESSERA_REGION_REGS,	/* trapped; doorbell pages in it may be mapped */
	TESSERA_REGION_VRAM,	/* the vGPU's part of device memory, mapped */
	TESSERA_REGION_MSIX,	/* MSI-X table, emulated by user space */
};

/**
 * struct tessera_region_desc - a BAR
 * @kind: what is behind it
 * @bytes: size, a power of 2; unused for VRAM
 * @flags: PCI_BASE_ADDRESS_*: memory type and prefetchability
 * @doorbells: offset of the doorbell pages, one for each queue slot; 0: there are none
 */
struct tessera_region_desc {
	enum tessera_region_kind kind;
	u64 bytes;
	u32 flags;
	u32 doorbells;
};

#define TESSERA_NUM_BARS	6u

/**
 * struct tessera_model_ops - a device that a guest can see
 * @class_revision: PCI class code, and revision in the lowest byte
 * @pcie: a PCIe endpoint with power management, serial number and function reset, and MSI-X;
 *        else conventional PCI with MSI
 * @regions: its BARs
 * @vgpu_bytes: size of the model's part of a vGPU, which begins with the state of that
 * @state_bytes: size of a state, which begins with struct tessera_vgpu_state
 * @init: prepare the model's part, which is zero, and set vgpu->num_vectors. Sleeps.
 * @fini: undo @init; also after an @init that failed. NULL: there is nothing to undo.
 * @read: a register is read: @len is 1 to 8 bytes; any other size is split before. May sleep.
 * @write: a register is written, likewise.
 * @work: the vGPU's worker: see vgpu/worker.h. Sleeps.
 * @event: a context of the vGPU has stopped. Interrupts are off; must not sleep. NULL: the
 *         hardware has no faults.
 * @forget: all contexts are gone: drop what is under way to the guest. vgpu->lock is held.
 * @power_on: put registers into their power-on state; the vGPU is off. vgpu->lock is held.
 * @copy_state: copy all of vgpu->state to @copy, which has @state_bytes. vgpu->lock, config_lock
 *              and irq.mutex are held.
 * @walk_state: save such a copy, or load and check one: see tessera_state_walk(). NULL: no vGPU
 *              of this model can be saved.
 */
struct tessera_model_ops {
	u32 class_revision;
	bool pcie;
	size_t vgpu_bytes;
	size_t state_bytes;
	struct tessera_region_desc regions[TESSERA_NUM_BARS];

	int (*init)(struct tessera_vgpu *vgpu);
	void (*fini)(struct tessera_vgpu *vgpu);
	u64 (*read)(struct tessera_vgpu *vgpu, u64 off, unsigned int len);
	void (*write)(struct tessera_vgpu *vgpu, u64 off, unsigned int len, u64 value);
	void (*work)(struct tessera_vgpu *vgpu);
	void (*event)(struct tessera_vgpu *vgpu, const struct tessera_hw_event *ev);
	void (*forget)(struct tessera_vgpu *vgpu);
	void (*power_on)(struct tessera_vgpu *vgpu);
	void (*copy_state)(struct tessera_vgpu *vgpu, struct tessera_vgpu_state *copy);
	void (*walk_state)(struct tessera_vgpu_state *state,
			   const struct tessera_state_limits *limits,
			   struct tessera_mappings *mappings, struct tessera_stream *s);
};

/**
 * struct tessera_kind - a kind of accelerator: hardware, and what guests see of it
 * @name: "T1"
 * @vendor: PCI vendor of the hardware
 * @device: PCI device
 * @hw: its backend
 * @model: what its vGPUs are
 */
struct tessera_kind {
	const char *name;
	u16 vendor;
	u16 device;
	const struct tessera_hw_ops *hw;
	const struct tessera_model_ops *model;
};

#endif /* TESSERA_VGPU_MODEL_H */
