// SPDX-License-Identifier: GPL-2.0-only
/*
 * inject.c - a point at which pinning and mapping for DMA can be made to fail, for tests
 *
 * Where guest memory is present, pinning it allocates nothing that the kernel's own fault injection
 * could refuse, nor does a mapping for DMA without an IOMMU. This is for kernels that have fault
 * injection (Documentation/fault-injection in Linux's source); elsewhere there is no such point.
 */
#include <linux/debugfs.h>
#include <linux/fault-inject.h>
#include "accel/inject.h"

static DECLARE_FAULT_ATTR(tessera_inject_attr);
static struct dentry *tessera_inject_dir;

/**
 * tessera_inject_fault() - tell whether a call that pins or maps pages is to fail
 *
 * It fails as for want of memory.
 *
 * Context: process.
 * Return: true if it is to fail, without being made.
 */
bool tessera_inject_fault(void)
{
	return should_fail(&tessera_inject_attr, 1);
}

/**
 * tessera_inject_module_init() - show the point in debugfs, beside the kernel's own
 *
 * Context: may sleep.
 */
void tessera_inject_module_init(void)
{
	tessera_inject_dir = fault_create_debugfs_attr("fail_tessera", NULL, &tessera_inject_attr);
}

/**
 * tessera_inject_module_exit() - undo tessera_inject_module_init()
 *
 * Context: may sleep; no vGPU is left.
 */
void tessera_inject_module_exit(void)
{
	debugfs_remove(tessera_inject_dir);
}
