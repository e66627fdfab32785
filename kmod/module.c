// SPDX-License-Identifier: GPL-2.0-only
/*
 * module.c - loading and unloading
 */
#include <linux/mdev.h>
#include <linux/module.h>
#include <linux/pci.h>
#include "accel/inject.h"
#include "bind.h"
#include "dispatch/dispatch.h"
#include "vgpu/dma.h"
#include "vgpu/irq.h"
#include "vgpu/mdev.h"
#include "vgpu/region.h"

static int __init tessera_init(void)
{
	int ret;

	ret = tessera_dma_module_init();
	if (ret)
		return ret;
	ret = tessera_region_module_init();
	if (ret)
		goto err_dma;
	ret = mdev_register_driver(&tessera_mdev_driver);
	if (ret)
		goto err_region;
	tessera_debugfs_init();
	tessera_inject_module_init();
	ret = pci_register_driver(&tessera_pci_driver);
	if (ret)
		goto err_mdev;
	return 0;

err_mdev:
	tessera_inject_module_exit();
	tessera_debugfs_exit();
	mdev_unregister_driver(&tessera_mdev_driver);
err_region:
	tessera_region_module_exit();
err_dma:
	tessera_dma_module_exit();
	return ret;
}
module_init(tessera_init);

static void __exit tessera_exit(void)
{
	pci_unregister_driver(&tessera_pci_driver);
	tessera_inject_module_exit();
	tessera_debugfs_exit();
	mdev_unregister_driver(&tessera_mdev_driver);
	tessera_region_module_exit();
	tessera_dma_module_exit();
	tessera_irq_module_exit();
}
module_exit(tessera_exit);

MODULE_DESCRIPTION("Tessera: one accelerator, many virtual ones");
MODULE_AUTHOR("The Tessera developers");
MODULE_LICENSE("GPL");
