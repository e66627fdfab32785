/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * edu_bar.h - the machine's edu, seen by a program that has no driver for it
 */
#ifndef EDU_BAR_H
#define EDU_BAR_H

#include <stdint.h>

#include "edu_spec.h"

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
