/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * edu.h - QEMU's educational PCI device (docs/specs/edu.rst there) as a shared accelerator
 */
#ifndef TESSERA_EDU_H
#define TESSERA_EDU_H

#include <linux/bits.h>
#include "tessera.h"
#include "accel/soft.h"

#define EDU_PCI_VENDOR_ID	0x1234
#define EDU_PCI_DEVICE_ID	0x11e8
#define EDU_PCI_CLASS_REVISION	0x00ff0010
#define EDU_BAR_SIZE		0x100000u
#define EDU_CONTEXTS		16u
#define EDU_DMA_BITS		28u

#define EDU_ID			0x00
#define EDU_ID_VALUE		0x010000edu
#define EDU_LIVENESS		0x04
#define EDU_FACTORIAL		0x08
#define EDU_STATUS		0x20
#define EDU_STATUS_COMPUTING	BIT(0)
#define EDU_STATUS_IRQ		BIT(7)
#define EDU_IRQ_STATUS		0x24
#define EDU_IRQ_RAISE		0x60
#define EDU_IRQ_ACK		0x64
#define EDU_IRQ_FACTORIAL	BIT(0)
#define EDU_IRQ_DMA		BIT(8)
#define EDU_DMA_SRC		0x80	/* from here on registers have 64 bits */
#define EDU_DMA_DST		0x88
#define EDU_DMA_COUNT		0x90
#define EDU_DMA_CMD		0x98
#define EDU_DMA_RUN		BIT(0)
#define EDU_DMA_TO_RAM		BIT(1)
#define EDU_DMA_IRQ		BIT(2)
#define EDU_BUF			0x40000u
#define EDU_BUF_SIZE		4096u

enum edu_engine { EDU_ENGINE_FACTORIAL, EDU_ENGINE_DMA, EDU_NUM_ENGINES };

extern const struct tessera_kind edu_kind;
extern const struct tessera_hw_ops edu_hw_ops;

int edu_hw_factorial(struct tessera_hw *hw, u32 *value);
int edu_hw_dma(struct tessera_hw *hw, void *buf, u32 off, u32 len, bool to_ram);

#endif /* TESSERA_EDU_H */
