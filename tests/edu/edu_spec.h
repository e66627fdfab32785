/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * edu_spec.h - an edu's registers, from docs/specs/edu.rst in QEMU's source
 *
 * For the driver and the programs here. kmod/edu has a list of its own, which these check.
 */
#ifndef EDU_SPEC_H
#define EDU_SPEC_H

#define EDU_ID			0x00
#define EDU_LIVENESS		0x04
#define EDU_FACTORIAL		0x08
#define EDU_STATUS		0x20
#define EDU_STATUS_COMPUTING	0x01
#define EDU_STATUS_IRQ		0x80
#define EDU_IRQ_STATUS		0x24
#define EDU_IRQ_RAISE		0x60
#define EDU_IRQ_ACK		0x64
#define EDU_IRQ_FACTORIAL	0x001
#define EDU_IRQ_DMA		0x100
#define EDU_DMA_SRC		0x80
#define EDU_DMA_DST		0x88
#define EDU_DMA_COUNT		0x90
#define EDU_DMA_CMD		0x98
#define EDU_DMA_RUN		0x01
#define EDU_DMA_TO_RAM		0x02
#define EDU_DMA_IRQ		0x04
#define EDU_BUF			0x40000
#define EDU_BUF_SIZE		4096
#define EDU_BAR_SIZE		0x100000

#endif /* EDU_SPEC_H */
