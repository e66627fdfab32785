/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config.h - a vGPU's PCI configuration space
 */
#ifndef TESSERA_VGPU_CONFIG_H
#define TESSERA_VGPU_CONFIG_H

#include "tessera.h"

#define TESSERA_CONFIG_FLR		BIT(0)	/* function level reset */
#define TESSERA_CONFIG_MASTER_OFF	BIT(1)	/* bus mastering is off now */
#define TESSERA_CONFIG_MEMORY		BIT(2)	/* memory space is on now, or off */

void tessera_config_reset(struct tessera_vgpu *vgpu);
void tessera_config_fill(const struct tessera_vgpu *vgpu, u8 *config);
void tessera_config_fill_writable(const struct tessera_vgpu *vgpu, u8 *writable);
void tessera_config_read(struct tessera_vgpu *vgpu, u32 off, void *buf, u32 len);
unsigned int tessera_config_write(struct tessera_vgpu *vgpu, u32 off, const void *buf, u32 len);
bool tessera_config_bus_master(const struct tessera_vgpu *vgpu);
bool tessera_config_memory(const struct tessera_vgpu *vgpu);

#endif /* TESSERA_VGPU_CONFIG_H */
