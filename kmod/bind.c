// SPDX-License-Identifier: GPL-2.0-only
/*
 * bind.c - takes an accelerator over and offers parts of it
 *
 * A PCI id serves this driver and the one that uses the accelerator on bare metal: this one binds
 * only where the operator has said so by driver_override, so that load order decides nothing. See
 * Documentation/mediator.rst.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm.h>
#include <linux/slab.h>
#include "accel/accel.h"
#include "bind.h"
#include "dispatch/dispatch.h"
#include "vgpu/mdev.h"
#include "vgpu/model.h"
#include "vgpu/vgpu.h"
#include "vgpu/vram.h"

#define TESSERA_KIND(name) extern const struct tessera_kind name##_kind
#include "kinds.h"
#undef TESSERA_KIND

static void tessera_bind_try_kind(const struct pci_dev *pdev, const struct tessera_kind *kind,
				  const struct tessera_kind **found)
{
	if (pdev->vendor == kind->vendor && pdev->device == kind->device)
		*found = kind;
}

static const struct tessera_kind *tessera_bind_find_kind(const struct pci_dev *pdev)
{
	const struct tessera_kind *found = NULL;

#define TESSERA_KIND(name) tessera_bind_try_kind(pdev, &name##_kind, &found)
#include "kinds.h"
#undef TESSERA_KIND
	return found;
}

/* ------------------------------------------------ from the hardware -- */

static void tessera_bind_event(struct tessera_accel *accel, const struct tessera_hw_event *ev)
{
	struct tessera_vgpu *vgpu = NULL;

	/* Throughout: the vGPU can't go while its event is handled. */
	rcu_read_lock();
	if (ev->ctx < accel->hw->num_contexts)
		vgpu = rcu_dereference(accel->owner[ev->ctx]);
	if (vgpu)
		tessera_guilt_event(vgpu, ev);
	if (ev->type == TESSERA_HW_FAULT) {
		if (vgpu && tessera_vgpu_model(vgpu)->event)
			tessera_vgpu_model(vgpu)->event(vgpu, ev);
	} else if (tessera_dispatcher_event(accel, ev, vgpu ? vgpu->engine : NULL)) {
		atomic64_inc(&vgpu->stats.held);
		tessera_guilt_flood(vgpu);
	}
	rcu_read_unlock();
}

static const struct tessera_hw_client tessera_bind_client = {
	.event = tessera_bind_event,
	.slot_irq = tessera_irq_slot,
	.dead = tessera_accel_dead,
};

/* --------------------------------------------------- probe and remove -- */

static struct tessera_accel *tessera_bind_alloc(struct pci_dev *pdev)
{
	struct tessera_accel *accel;

	accel = kzalloc(sizeof(*accel), GFP_KERNEL);
	if (!accel)
		return NULL;
	accel->pdev = pdev;
	mutex_init(&accel->lock);
	INIT_LIST_HEAD(&accel->vgpus);
	mutex_init(&accel->frames_lock);
	accel->frames = RB_ROOT;
	init_rwsem(&accel->bar_sem);
	INIT_WORK(&accel->reset_work, tessera_reset_work);
	init_completion(&accel->reset_held);
	init_completion(&accel->reset_released);
	return accel;
}

/* Neither a reset nor a timer that could ask for one outlives this. */
static void tessera_bind_halt(struct tessera_accel *accel)
{
	/* No timer and no lost operation asks for a reset after this, */
	tessera_dispatcher_down(accel);
	/* and one under way ends before what it uses goes. */
	cancel_work_sync(&accel->reset_work);
	tessera_dispatcher_down(accel);
	accel->hw->ops->stop(accel->hw);
	cancel_work_sync(&accel->reset_work);
}

/* All of the accelerator but its BARs; what is undone last comes first. */
static int tessera_bind_start(struct tessera_accel *accel)
{
	const struct tessera_hw_ops *ops = accel->kind->hw;
	struct tessera_hw *hw;
	int ret;

	hw = ops->alloc(accel->pdev);
	if (IS_ERR(hw))
		return PTR_ERR(hw);
	hw->client = &tessera_bind_client;
	hw->accel = accel;
	accel->hw = hw;
	ret = tessera_dispatcher_init(accel);
	if (ret)
		goto err_hw;
	ret = ops->start(hw);
	if (ret)
		goto err_dispatcher;
	tessera_dispatcher_up(accel);
	/* The first vGPU may come at once. */
	tessera_debugfs_add(accel);
	ret = tessera_mdev_register(accel);
	if (ret) {
		pci_err(accel->pdev, "Cannot register with the mdev core (%d).\n", ret);
		goto err_start;
	}
	return 0;

err_start:
	tessera_debugfs_remove(accel);
	tessera_bind_halt(accel);
err_dispatcher:
	tessera_dispatcher_fini(accel);
err_hw:
	ops->free(hw);
	return ret;
}

static void tessera_bind_stop(struct tessera_accel *accel)
{
	tessera_mdev_unregister(accel);
	tessera_debugfs_remove(accel);
	tessera_bind_halt(accel);
	tessera_dispatcher_fini(accel);
	accel->hw->ops->free(accel->hw);
}

static int tessera_bind_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	const struct tessera_kind *kind = tessera_bind_find_kind(pdev);
	struct tessera_accel *accel;
	int ret;

	if (!kind) {
		pci_err(pdev, "This driver knows no accelerator %04x:%04x.\n", pdev->vendor,
			pdev->device);
		return -ENODEV;
	}
	accel = tessera_bind_alloc(pdev);
	if (!accel)
		return -ENOMEM;
	accel->kind = kind;
	pci_set_drvdata(pdev, accel);

	ret = pci_enable_device_mem(pdev);
	if (ret) {
		pci_err(pdev, "Cannot enable the PCI function (%d).\n", ret);
		goto err_free;
	}
	ret = pci_request_mem_regions(pdev, KBUILD_MODNAME);
	if (ret) {
		pci_err(pdev, "A BAR is in use (%d).\n", ret);
		goto err_disable;
	}
	ret = tessera_bind_start(accel);
	if (ret)
		goto err_regions;
	pci_info(pdev, "%s: VRAM %llu MiB, %u queue slots, %u contexts; vGPU types V1 to V%u.\n",
		 kind->name, accel->hw->vram_bytes >> 20, accel->hw->num_slots,
		 accel->hw->num_contexts, accel->types[accel->num_types - 1].div);
	return 0;

err_regions:
	pci_release_mem_regions(pdev);
err_disable:
	pci_disable_device(pdev);
err_free:
	kfree(accel);
	return ret;
}

static void tessera_bind_remove(struct pci_dev *pdev)
{
	struct tessera_accel *accel = pci_get_drvdata(pdev);

	tessera_bind_stop(accel);
	pci_release_mem_regions(pdev);
	pci_disable_device(pdev);
	kfree(accel);
}

/* ------------------------------------------------------ host suspend -- */

/*
 * What a running guest has in the device would be lost, and guest memory can't be
 * told: refuse while a vGPU is open. One that nobody has open holds nothing but zeros.
 */
static int tessera_bind_suspend(struct device *dev)
{
	struct tessera_accel *accel = dev_get_drvdata(dev);
	struct tessera_vgpu *vgpu;
	int ret = 0;

	flush_work(&accel->reset_work);
	mutex_lock(&accel->lock);
	list_for_each_entry(vgpu, &accel->vgpus, node) {
		if (READ_ONCE(vgpu->open)) {
			dev_err(dev, "Host suspend is refused: vGPU %s is in use.\n", vgpu->name);
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

static int tessera_bind_resume(struct device *dev)
{
	struct tessera_accel *accel = dev_get_drvdata(dev);
	struct tessera_vgpu *vgpu;
	int ret;

	mutex_lock(&accel->lock);
	ret = accel->hw->ops->reset(accel->hw);
	if (!ret) {
		tessera_dispatcher_up(accel);
		list_for_each_entry(vgpu, &accel->vgpus, node)
			tessera_vram_clear(vgpu);
	}
	accel->suspended = false;
	mutex_unlock(&accel->lock);
	return ret;
}

static DEFINE_SIMPLE_DEV_PM_OPS(tessera_bind_pm_ops, tessera_bind_suspend, tessera_bind_resume);

static const struct attribute_group *tessera_bind_groups[] = {
	&tessera_dispatcher_group,
	NULL
};

/*
 * Matches only where driver_override names this driver; which kind it is, probe finds out. Not
 * exported as a device table: no alias may make udev load this module, or libvirt take it
 * for a way to pass the whole function through.
 */
static const struct pci_device_id tessera_bind_ids[] = {
	{ PCI_DEVICE_DRIVER_OVERRIDE(PCI_ANY_ID, PCI_ANY_ID, 1) },
	{ }
};

struct pci_driver tessera_pci_driver = {
	.name = "tessera",
	.id_table = tessera_bind_ids,
	.probe = tessera_bind_probe,
	.remove = tessera_bind_remove,
	.dev_groups = tessera_bind_groups,
	.err_handler = &tessera_reset_handlers,
	.driver.pm = pm_sleep_ptr(&tessera_bind_pm_ops),
};
