/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vgpu_config.h - the PCI Express configuration space that a vGPU's guest sees
 */
#ifndef VGPU_CONFIG_H
#define VGPU_CONFIG_H

#include <linux/bits.h>
#include <linux/pci_regs.h>
#include <linux/types.h>

#define VGPU_CONFIG_SIZE	PCI_CFG_SPACE_EXP_SIZE
#define VGPU_MSIX_BAR_SIZE	0x1000u		/* table at 0, PBA at VGPU_MSIX_PBA_OFF */
#define VGPU_MSIX_PBA_OFF	0x800u

/* What a write has brought about, for the caller to carry out. */
#define VGPU_CONFIG_FLR		BIT(0)	/* function-level reset was asked for */

/**
 * struct vgpu_config - configuration space of one vGPU; the caller locks
 * @space: what reads return
 * @writable: bits of @space that a write changes
 * @reset_to: @space after a reset
 */
struct vgpu_config {
	u8 space[VGPU_CONFIG_SIZE];
	u8 writable[VGPU_CONFIG_SIZE];
	u8 reset_to[VGPU_CONFIG_SIZE];
};

/**
 * struct vgpu_config_params - what differs from one vGPU to the next
 * @subsystem_vendor: as the physical function has it
 * @subsystem_device: likewise
 * @regs_bytes: size of BAR 0, a power of 2
 * @vram_bytes: size of BAR 2, a power of 2
 * @num_vectors: MSI-X vectors
 */
struct vgpu_config_params {
	u16 subsystem_vendor;
	u16 subsystem_device;
	u32 regs_bytes;
	u64 vram_bytes;
	u32 num_vectors;
};

void vgpu_config_init(struct vgpu_config *cfg, const struct vgpu_config_params *params);
void vgpu_config_reset(struct vgpu_config *cfg);
void vgpu_config_read(const struct vgpu_config *cfg, u32 off, u8 *buf, u32 len);
u32 vgpu_config_write(struct vgpu_config *cfg, u32 off, const u8 *buf, u32 len);
bool vgpu_config_memory_on(const struct vgpu_config *cfg);
bool vgpu_config_bus_master_on(const struct vgpu_config *cfg);

#endif /* VGPU_CONFIG_H */
