/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * edu_bar.h - the machine's edu, seen by a program that has no driver for it
 */
#ifndef EDU_BAR_H
#define EDU_BAR_H

#include <stdint.h>

#define EDU_ID		0x00
#define EDU_LIVENESS	0x04
#define EDU_FACTORIAL	0x08
#define EDU_STATUS	0x20
#define EDU_COMPUTING	0x01
#define EDU_IRQ_FACT	0x80
#define EDU_IRQ_STATUS	0x24
#define EDU_IRQ_RAISE	0x60
#define EDU_IRQ_ACK	0x64
#define EDU_DMA_SRC	0x80
#define EDU_DMA_DST	0x88
#define EDU_DMA_COUNT	0x90
#define EDU_DMA_CMD	0x98
#define EDU_RUN		0x01
#define EDU_TO_RAM	0x02
#define EDU_BUF		0x40000u
#define EDU_BUF_SIZE	4096u
#define EDU_BAR_SIZE	0x100000u

/* Map BAR 0, with memory and bus mastering on and INTx off. NULL, and a message: there is none. */
void *edu_open(void);

static inline uint32_t edu_get(void *bar, uint32_t off)
{
	return *(volatile uint32_t *)((char *)bar + off);
}

static inline uint64_t edu_get64(void *bar, uint32_t off)
{
	return *(volatile uint64_t *)((char *)bar + off);
}

static inline void edu_put(void *bar, uint32_t off, uint32_t value)
{
	*(volatile uint32_t *)((char *)bar + off) = value;
}

static inline void edu_put64(void *bar, uint32_t off, uint64_t value)
{
	*(volatile uint64_t *)((char *)bar + off) = value;
}

/* Wait until none of @bits is set in a register; -1 after 20 s. */
int edu_wait(void *bar, uint32_t off, uint32_t bits);

/* Start a DMA, and wait for its end; -1 if it does not come. */
int edu_dma(void *bar, uint64_t src, uint64_t dst, uint64_t count, uint32_t cmd);

#endif /* EDU_BAR_H */
