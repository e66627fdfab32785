// SPDX-License-Identifier: GPL-2.0-only
/*
 * bind.c - takes an accelerator over and offers parts of it
 *
 * One PCI id serves this driver and the guest's: this one binds only where the operator
 * has said so by driver_override, so that load order decides nothing. See
 * Documentation/mediator.rst.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm.h>
#include <linux/slab.h>
#include "tessera.h"

static const struct tessera_hw_ops *find_backend(struct pci_dev *pdev)
{
	if (pdev->vendor == T1_PCI_VENDOR_ID && pdev->device == T1_PCI_DEVICE_ID)
		return &t1_hw_ops;
	return NULL;
}

/* ------------------------------------------------ from the backend -- */

static void tessera_hw_event(struct tessera_hw *hw, const struct tessera_hw_event *ev)
{
	struct tessera_accel *accel = pci_get_drvdata(hw->pdev);
	struct tessera_vgpu *vgpu = NULL;

	/* Held throughout: the vGPU can't go while its event is handled. */
	spin_lock(&accel->owner_lock);
	if (ev->ctx < hw->num_contexts)
		vgpu = accel->owner[ev->ctx];
	if (ev->type == T1_EV_FAULT) {
		if (vgpu)
			t1_events_push(vgpu, ev);
	} else {
		tessera_dispatcher_event(accel, ev, vgpu);
	}
	spin_unlock(&accel->owner_lock);
}

static void tessera_hw_slot_irq(struct tessera_hw *hw, u32 slot)
{
	tessera_irq_slot(pci_get_drvdata(hw->pdev), slot);
}

static void tessera_hw_dead(struct tessera_hw *hw)
{
	tessera_accel_dead(pci_get_drvdata(hw->pdev));
}

static const struct tessera_hw_client tessera_client = {
	.event = tessera_hw_event,
	.slot_irq = tessera_hw_slot_irq,
	.dead = tessera_hw_dead,
};

/* ------------------------------------------------------ device reset -- */

/**
 * tessera_accel_dead() - the last step of the reset ladder: have the device reset
 * @accel: the accelerator
 *
 * Context: any.
 */
void tessera_accel_dead(struct tessera_accel *accel)
{
	queue_work(system_long_wq, &accel->reset_work);
}

/*
 * While the device is in reset nobody may touch its BARs: user space's mappings are taken
 * away and fault back in afterwards. All vGPUs lose what they had and are told.
 */
static void tessera_reset_work(struct work_struct *work)
{
	struct tessera_accel *accel = container_of(work, struct tessera_accel, reset_work);
	struct tessera_vgpu *vgpu;

	pci_err(accel->pdev, "stopped answering: resetting it, all vGPUs lose their contexts\n");
	accel->resets++;
	mutex_lock(&accel->lock);
	down_write(&accel->bar_sem);
	list_for_each_entry(vgpu, &accel->vgpus, node)
		tessera_region_zap(vgpu);
	tessera_dispatcher_down(accel);
	if (!accel->hw->ops->reset(accel->hw))
		tessera_dispatcher_up(accel);
	up_write(&accel->bar_sem);
	list_for_each_entry(vgpu, &accel->vgpus, node)
		tessera_vgpu_lost(vgpu);
	mutex_unlock(&accel->lock);
}

/* --------------------------------------------------- probe and remove -- */

static int tessera_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	const struct tessera_hw_ops *ops = find_backend(pdev);
	struct tessera_accel *accel;
	unsigned int i;
	int ret;

	if (!ops) {
		pci_err(pdev, "no accelerator known to this driver: %04x:%04x\n",
			pdev->vendor, pdev->device);
		return -ENODEV;
	}
	accel = kzalloc(sizeof(*accel), GFP_KERNEL);
	if (!accel)
		return -ENOMEM;
	accel->pdev = pdev;
	mutex_init(&accel->lock);
	INIT_LIST_HEAD(&accel->vgpus);
	spin_lock_init(&accel->owner_lock);
	mutex_init(&accel->frames_lock);
	xa_init(&accel->frames);
	init_rwsem(&accel->bar_sem);
	INIT_WORK(&accel->reset_work, tessera_reset_work);
	for (i = 0; i < T1_MAX_SLOTS; i++)
		spin_lock_init(&accel->slots[i].lock);
	tessera_dispatcher_init(accel);
	pci_set_drvdata(pdev, accel);

	ret = pci_enable_device_mem(pdev);
	if (ret) {
		pci_err(pdev, "can't be enabled (%d)\n", ret);
		goto err_free;
	}
	ret = pci_request_mem_regions(pdev, KBUILD_MODNAME);
	if (ret) {
		pci_err(pdev, "has a BAR that is in use (%d)\n", ret);
		goto err_disable;
	}
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret) {
		pci_err(pdev, "can't address memory (%d)\n", ret);
		goto err_regions;
	}
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);
	accel->hw = ops->create(pdev, &tessera_client);
	if (IS_ERR(accel->hw)) {
		ret = PTR_ERR(accel->hw);
		goto err_regions;
	}
	tessera_dispatcher_up(accel);
	ret = tessera_mdev_register(accel);
	if (ret) {
		pci_err(pdev, "can't register with the mdev core (%d)\n", ret);
		goto err_backend;
	}
	tessera_debugfs_add(accel);
	pci_info(pdev, "%s: VRAM %llu MiB, %u queue slots, %u contexts; vGPU types V1 to V%u\n",
		 ops->name, accel->hw->vram_bytes >> 20, accel->hw->num_slots,
		 accel->hw->num_contexts, accel->types[accel->num_types - 1].div);
	return 0;

err_backend:
	tessera_dispatcher_fini(accel);
	ops->destroy(accel->hw);
	cancel_work_sync(&accel->reset_work);
err_regions:
	pci_release_mem_regions(pdev);
err_disable:
	pci_disable_device(pdev);
err_free:
	kfree(accel);
	return ret;
}

static void tessera_pci_remove(struct pci_dev *pdev)
{
	struct tessera_accel *accel = pci_get_drvdata(pdev);
	const struct tessera_hw_ops *ops = accel->hw->ops;

	tessera_mdev_unregister(accel);
	tessera_debugfs_remove(accel);
	tessera_dispatcher_fini(accel);
	cancel_work_sync(&accel->reset_work);
	ops->destroy(accel->hw);
	pci_release_mem_regions(pdev);
	pci_disable_device(pdev);
	kfree(accel);
}

/* ------------------------------------------------------ host suspend -- */

/*
 * What a running guest has in the device would be lost, and guest memory can't be
 * told: refuse while a vGPU is open. One that nobody has open holds nothing but zeros.
 */
static int tessera_suspend(struct device *dev)
{
	struct tessera_accel *accel = dev_get_drvdata(dev);
	struct tessera_vgpu *vgpu;
	int ret = 0;

	flush_work(&accel->reset_work);
	mutex_lock(&accel->lock);
	list_for_each_entry(vgpu, &accel->vgpus, node) {
		if (READ_ONCE(vgpu->open)) {
			dev_err(dev, "host suspend refused: vGPU %s is in use\n", vgpu->name);
			ret = -EBUSY;
			break;
		}
	}
	if (!ret) {
		accel->suspended = true;
		tessera_dispatcher_down(accel);
		accel->hw->ops->quiesce(accel->hw);
	}
	mutex_unlock(&accel->lock);
	return ret;
}

static int tessera_resume(struct device *dev)
{
	struct tessera_accel *accel = dev_get_drvdata(dev);
	struct tessera_vgpu *vgpu;
	int ret;

	mutex_lock(&accel->lock);
	ret = accel->hw->ops->reset(accel->hw);
	if (!ret) {
		tessera_dispatcher_up(accel);
		list_for_each_entry(vgpu, &accel->vgpus, node)
			tessera_vgpu_clear_vram(vgpu);
	}
	accel->suspended = false;
	mutex_unlock(&accel->lock);
	return ret;
}

static DEFINE_SIMPLE_DEV_PM_OPS(tessera_pm_ops, tessera_suspend, tessera_resume);

/*
 * Matches only where driver_override names this driver. Not exported as a device table: no
 * alias may make udev load this module, or libvirt take it for a way to pass the
 * whole function through.
 */
static const struct pci_device_id tessera_pci_ids[] = {
	{ PCI_DEVICE_DRIVER_OVERRIDE(T1_PCI_VENDOR_ID, T1_PCI_DEVICE_ID, 1) },
	{ }
};

static struct pci_driver tessera_pci_driver = {
	.name = "tessera",
	.id_table = tessera_pci_ids,
	.probe = tessera_pci_probe,
	.remove = tessera_pci_remove,
	.dev_groups = tessera_accel_groups,
	.driver.pm = pm_sleep_ptr(&tessera_pm_ops),
};

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
	ret = pci_register_driver(&tessera_pci_driver);
	if (ret)
		goto err_mdev;
	return 0;

err_mdev:
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
	tessera_debugfs_exit();
	mdev_unregister_driver(&tessera_mdev_driver);
	tessera_region_module_exit();
	tessera_dma_module_exit();
}
module_exit(tessera_exit);

MODULE_DESCRIPTION("Tessera: one accelerator, many virtual ones");
MODULE_AUTHOR("The Tessera developers");
MODULE_LICENSE("GPL");
