/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * inject.h - where tests can have pinning and mapping for DMA fail
 */
#ifndef TESSERA_ACCEL_INJECT_H
#define TESSERA_ACCEL_INJECT_H

#include <linux/types.h>

#ifdef CONFIG_FAULT_INJECTION

bool tessera_inject_fault(void);
void tessera_inject_module_init(void);
void tessera_inject_module_exit(void);

#else

static inline bool tessera_inject_fault(void)
{
	return false;
}

static inline void tessera_inject_module_init(void)
{
}

static inline void tessera_inject_module_exit(void)
{
}

#endif

#endif
