// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_drm_drv.c - the driver's face: PCI, DRM device, files, parameters
 *
 * One driver for the physical function, for one that was passed through, and for a vGPU:
 * it knows of no difference, and touches no privileged register. On a machine that runs the
 * mediator the operator chooses by driver_override; this driver binds by itself.
 */
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_managed.h>
#include <drm/drm_print.h>

#include "tessera_compat.h"
#include "tessera_drm_drv.h"

unsigned int tessera_job_timeout_ms = 10000;
module_param_named(job_timeout_ms, tessera_job_timeout_ms, uint, 0644);
MODULE_PARM_DESC(job_timeout_ms,
		 "ms without progress after which a job loses its context (default 10000)");

unsigned int tessera_admin_timeout_ms = 10000;
module_param_named(admin_timeout_ms, tessera_admin_timeout_ms, uint, 0644);
MODULE_PARM_DESC(admin_timeout_ms,
		 "ms without an answer to an admin command after which the device is reset (default 10000)");

static atomic64_t tessera_client_ids = ATOMIC64_INIT(0);

/* --------------------------------------------------------------- files -- */

static int tessera_open(struct drm_device *drm, struct drm_file *file)
{
	struct tessera_file *tf = kzalloc(sizeof(*tf), GFP_KERNEL_ACCOUNT);

	if (!tf)
		return -ENOMEM;
	xa_init_flags(&tf->ctxs, XA_FLAGS_ALLOC1);
	xa_init_flags(&tf->queues, XA_FLAGS_ALLOC1);
	spin_lock_init(&tf->stats_lock);
	INIT_LIST_HEAD(&tf->stats);
	tf->client_id = atomic64_inc_return(&tessera_client_ids);
	file->driver_priv = tf;
	return 0;
}

static void tessera_postclose(struct drm_device *drm, struct drm_file *file)
{
	struct tessera_file *tf = file->driver_priv;
	struct tessera_ctx *ctx;
	unsigned long id;

	/* No ioctl runs on a file that is being closed: queues go with their contexts */
	xa_for_each(&tf->ctxs, id, ctx) {
		xa_erase(&tf->ctxs, id);
		tessera_ctx_close(tf, ctx);
	}
	xa_destroy(&tf->queues);
	xa_destroy(&tf->ctxs);
	kfree(tf);
}

static int tessera_ioctl_get_param(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct tessera_device *tdev = to_tessera(drm);
	struct drm_tessera_get_param *args = data;

	if (args->pad)
		return -EINVAL;
	switch (args->param) {
	case DRM_TESSERA_PARAM_HW_VERSION:
		args->value = tdev->hw_version;
		break;
	case DRM_TESSERA_PARAM_CAPS:
		args->value = tdev->caps;
		break;
	case DRM_TESSERA_PARAM_VRAM_SIZE:
		args->value = tdev->vram_bytes;
		break;
	case DRM_TESSERA_PARAM_VRAM_FREE:
		args->value = READ_ONCE(tdev->vram_free);
		break;
	case DRM_TESSERA_PARAM_NUM_CONTEXTS:
		args->value = tdev->num_contexts;
		break;
	case DRM_TESSERA_PARAM_NUM_SLOTS:
		args->value = tdev->num_slots;
		break;
	case DRM_TESSERA_PARAM_CLOCK_MHZ:
		args->value = tdev->clock_mhz;
		break;
	case DRM_TESSERA_PARAM_F32_MACS_PER_CLOCK:
		args->value = tdev->f32_macs_per_clock;
		break;
	case DRM_TESSERA_PARAM_I8_MACS_PER_CLOCK:
		args->value = tdev->i8_macs_per_clock;
		break;
	case DRM_TESSERA_PARAM_VRAM_MB_PER_S:
		args->value = tdev->vram_mb_per_s;
		break;
	case DRM_TESSERA_PARAM_DMA_MB_PER_S:
		args->value = tdev->dma_mb_per_s;
		break;
	case DRM_TESSERA_PARAM_VA_START:
		args->value = TESSERA_VA_START;
		break;
	case DRM_TESSERA_PARAM_VA_END:
		args->value = TESSERA_VA_END;
		break;
	case DRM_TESSERA_PARAM_JOB_TIMEOUT_MS:
		args->value = READ_ONCE(tessera_job_timeout_ms);
		break;
	default:
		return -EINVAL;
	}
	return 0;
}

static const struct drm_ioctl_desc tessera_ioctls[] = {
	DRM_IOCTL_DEF_DRV(TESSERA_GET_PARAM, tessera_ioctl_get_param, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_BO_CREATE, tessera_ioctl_bo_create, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_BO_MMAP_OFFSET, tessera_ioctl_bo_mmap_offset, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_BO_WAIT, tessera_ioctl_bo_wait, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_CTX_CREATE, tessera_ioctl_ctx_create, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_CTX_DESTROY, tessera_ioctl_ctx_destroy, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_BIND, tessera_ioctl_bind, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_UNBIND, tessera_ioctl_unbind, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_QUEUE_CREATE, tessera_ioctl_queue_create, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_QUEUE_DESTROY, tessera_ioctl_queue_destroy, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_QUEUE_QUERY, tessera_ioctl_queue_query, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_EXEC, tessera_ioctl_exec, DRM_RENDER_ALLOW),
};

static const struct drm_driver tessera_driver = {
	.driver_features = DRIVER_GEM | DRIVER_RENDER | DRIVER_SYNCOBJ | DRIVER_SYNCOBJ_TIMELINE,
	.open = tessera_open,
	.postclose = tessera_postclose,
	.ioctls = tessera_ioctls,
	.num_ioctls = ARRAY_SIZE(tessera_ioctls),
	.fops = &tessera_fops,
	.gem_create_object = tessera_gem_create_object,
	.prime_handle_to_fd = drm_gem_prime_handle_to_fd,
	.prime_fd_to_handle = drm_gem_prime_fd_to_handle,
	.gem_prime_import_sg_table = drm_gem_shmem_prime_import_sg_table,
#ifdef TESSERA_HAVE_DRM_GEM_PRIME_MMAP
	.gem_prime_mmap = drm_gem_prime_mmap,
#endif
	.name = "tessera_drm",
	.desc = "Tessera T1 accelerator",
#ifdef TESSERA_HAVE_DRM_DRIVER_DATE
	.date = "20260101",
#endif
	.major = TESSERA_DRM_VERSION_MAJOR,
	.minor = TESSERA_DRM_VERSION_MINOR,
};

/* ----------------------------------------------------------------- PCI -- */

/* Read and check what the registers say, once */
static int tessera_read_facts(struct tessera_device *tdev)
{
	struct drm_device *drm = &tdev->drm;
	u64 bar;
	u32 magic;

	magic = tessera_read(tdev, TESSERA_REG_MAGIC);
	if (magic != TESSERA_MAGIC) {
		drm_err(drm, "not a T1: magic 0x%08x\n", magic);
		return -ENODEV;
	}
	tdev->hw_version = tessera_read(tdev, TESSERA_REG_VERSION);
	if (tdev->hw_version >> 16 != TESSERA_HW_VERSION_MAJOR) {
		drm_err(drm, "hardware version %u.%u, this driver knows %u.x\n",
			tdev->hw_version >> 16, tdev->hw_version & 0xffff,
			TESSERA_HW_VERSION_MAJOR);
		return -ENODEV;
	}
	tdev->caps = tessera_read(tdev, TESSERA_REG_CAPS);
	tdev->num_slots = tessera_read(tdev, TESSERA_REG_NUM_SLOTS);
	tdev->num_contexts = tessera_read(tdev, TESSERA_REG_NUM_CONTEXTS);
	tdev->num_vectors = tessera_read(tdev, TESSERA_REG_NUM_VECTORS);
	tdev->vram_bytes = tessera_read(tdev, TESSERA_REG_VRAM_SIZE_LO) |
			   (u64)tessera_read(tdev, TESSERA_REG_VRAM_SIZE_HI) << 32;

	bar = pci_resource_len(tdev->pdev, TESSERA_BAR_REGS);
	if (!tdev->num_slots || tdev->num_slots > TESSERA_MAX_SLOTS ||
	    !tdev->num_contexts || tdev->num_contexts > TESSERA_MAX_CONTEXTS ||
	    tdev->num_vectors < 2 || tdev->num_vectors > TESSERA_MAX_VECTORS ||
	    bar < TESSERA_DB_OFF(tdev->num_slots)) {
		drm_err(drm, "impossible: %u slots, %u contexts, %u vectors, BAR0 of %llu bytes\n",
			tdev->num_slots, tdev->num_contexts, tdev->num_vectors, bar);
		return -EIO;
	}
	bar = pci_resource_len(tdev->pdev, TESSERA_BAR_VRAM);
	if (!tdev->vram_bytes || tdev->vram_bytes > bar || tdev->vram_bytes % TESSERA_PAGE_SIZE) {
		drm_err(drm, "impossible: 0x%llx bytes of VRAM, BAR2 of 0x%llx\n",
			tdev->vram_bytes, bar);
		return -EIO;
	}
	return 0;
}

static int tessera_map_bars(struct tessera_device *tdev)
{
	struct pci_dev *pdev = tdev->pdev;
	int ret;

	ret = pcim_iomap_regions(pdev, BIT(TESSERA_BAR_REGS), "tessera_drm");
	if (ret) {
		drm_err(&tdev->drm, "mapping BAR0 failed: %d\n", ret);
		return ret;
	}
	tdev->regs = pcim_iomap_table(pdev)[TESSERA_BAR_REGS];
	tdev->vram_start = pci_resource_start(pdev, TESSERA_BAR_VRAM);
	if (!devm_request_mem_region(&pdev->dev, tdev->vram_start,
				     pci_resource_len(pdev, TESSERA_BAR_VRAM), "tessera_drm")) {
		drm_err(&tdev->drm, "BAR2 is taken\n");
		return -EBUSY;
	}
	tdev->vram = devm_ioremap_wc(&pdev->dev, tdev->vram_start,
				     pci_resource_len(pdev, TESSERA_BAR_VRAM));
	if (!tdev->vram) {
		drm_err(&tdev->drm, "mapping BAR2 failed\n");
		return -ENOMEM;
	}
	return 0;
}

static void tessera_release_wq(struct drm_device *drm, void *data)
{
	destroy_workqueue(data);
}

static void tessera_release_mm(struct drm_device *drm, void *data)
{
	drm_mm_takedown(data);
}

/* What lives as long as the last open file */
static int tessera_init_managed(struct tessera_device *tdev)
{
	int ret;

	tdev->wq = alloc_workqueue("tessera_drm", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!tdev->wq)
		return -ENOMEM;
	ret = drmm_add_action_or_reset(&tdev->drm, tessera_release_wq, tdev->wq);
	if (ret)
		return ret;
	drm_mm_init(&tdev->vram_mm, 0, tdev->vram_bytes);
	tdev->vram_free = tdev->vram_bytes;
	return drmm_add_action_or_reset(&tdev->drm, tessera_release_mm, &tdev->vram_mm);
}

/* Reset the device and let go of it; used by removal and by a probe that fails */
static void tessera_shut_down(struct tessera_device *tdev)
{
	mutex_lock(&tdev->reset_lock);
	tessera_device_stop(tdev);
	down_write(&tdev->reset_sem);
	tessera_device_forget(tdev);
	up_write(&tdev->reset_sem);
	mutex_unlock(&tdev->reset_lock);
	pci_clear_master(tdev->pdev);
	tessera_irq_fini(tdev);
	cancel_delayed_work_sync(&tdev->watchdog);
	cancel_work_sync(&tdev->reset_work);
	flush_workqueue(tdev->wq);
}

static int tessera_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct tessera_device *tdev;
	int ret;

	tdev = devm_drm_dev_alloc(&pdev->dev, &tessera_driver, struct tessera_device, drm);
	if (IS_ERR(tdev))
		return PTR_ERR(tdev);
	tdev->pdev = pdev;
	tessera_reset_init(tdev);
	mutex_init(&tdev->mem_lock);
	INIT_LIST_HEAD(&tdev->dma_bos);
	INIT_LIST_HEAD(&tdev->dma_queues);

	ret = pcim_enable_device(pdev);
	if (ret) {
		drm_err(&tdev->drm, "enabling the PCI function failed: %d\n", ret);
		return ret;
	}
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret) {
		drm_err(&tdev->drm, "no 64-bit DMA: %d\n", ret);
		return ret;
	}
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);
	ret = tessera_map_bars(tdev);
	if (ret)
		return ret;
	ret = tessera_read_facts(tdev);
	if (ret)
		return ret;
	ret = tessera_init_managed(tdev);
	if (ret)
		return ret;

	/* Whoever had the device before may have left it running */
	ret = tessera_admin_reset(tdev);
	if (ret) {
		drm_err(&tdev->drm, "the device does not come out of reset\n");
		return ret;
	}
	pci_set_master(pdev);
	ret = tessera_admin_alloc(tdev);
	if (ret)
		goto free_admin;
	ret = tessera_irq_init(tdev);
	if (ret)
		goto free_admin;
	ret = tessera_admin_start(tdev);
	if (ret) {
		drm_err(&tdev->drm, "starting the admin queue failed: %d, status 0x%x\n", ret,
			tessera_read(tdev, TESSERA_REG_STATUS));
		goto shut_down;
	}
	ret = tessera_admin_identify(tdev);
	if (ret)
		goto shut_down;
	pci_set_drvdata(pdev, tdev);
	ret = drm_dev_register(&tdev->drm, 0);
	if (ret) {
		drm_err(&tdev->drm, "registering failed: %d\n", ret);
		goto shut_down;
	}
	drm_info(&tdev->drm, "%s: %llu MiB of VRAM, %u contexts, %u queue slots, %u vectors\n",
		 tdev->model, tdev->vram_bytes >> 20, tdev->num_contexts, tdev->num_slots,
		 tdev->nvec);
	return 0;

shut_down:
	tdev->gone = true;
	tessera_shut_down(tdev);
free_admin:
	tessera_admin_free(tdev);
	pci_clear_master(pdev);
	return ret;
}

static void tessera_remove(struct pci_dev *pdev)
{
	struct tessera_device *tdev = pci_get_drvdata(pdev);

	/* End all work first: an ioctl may be waiting for it, and unplugging for the ioctl */
	mutex_lock(&tdev->reset_lock);
	WRITE_ONCE(tdev->gone, true);
	tessera_device_stop(tdev);
	mutex_unlock(&tdev->reset_lock);
	drm_dev_unplug(&tdev->drm);

	tessera_shut_down(tdev);
	/* Open files keep their objects and their dead contexts, but nothing of the device's */
	tessera_queues_free_dma(tdev);
	tessera_gem_unmap_all(tdev);
	tessera_admin_free(tdev);
}

/*
 * A function-level reset that user space or the PCI core asked for. reset_lock is held all
 * the while; reset_sem is not, since what ends fences takes it, and the PCI core allocates.
 */
static void tessera_reset_prepare(struct pci_dev *pdev)
{
	struct tessera_device *tdev = pci_get_drvdata(pdev);

	mutex_lock(&tdev->reset_lock);
	tessera_device_stop(tdev);
	down_write(&tdev->reset_sem);
	tessera_device_forget(tdev);
	WRITE_ONCE(tdev->in_reset, true);
	up_write(&tdev->reset_sem);
}

static void tessera_reset_done(struct pci_dev *pdev)
{
	struct tessera_device *tdev = pci_get_drvdata(pdev);

	down_write(&tdev->reset_sem);
	if (!tessera_device_restart(tdev))
		drm_notice(&tdev->drm, "function was reset, all contexts are lost\n");
	WRITE_ONCE(tdev->in_reset, false);
	up_write(&tdev->reset_sem);
	wake_up_all(&tdev->reset_wait);
	mutex_unlock(&tdev->reset_lock);
}

static const struct pci_error_handlers tessera_err_handlers = {
	.reset_prepare = tessera_reset_prepare,
	.reset_done = tessera_reset_done,
};

/*
 * System sleep: the device loses its state, so contexts end as at a reset, and their owners
 * are told. VRAM is not saved: contents of objects there are undefined after it.
 */
static int tessera_suspend(struct device *dev)
{
	struct tessera_device *tdev = dev_get_drvdata(dev);

	mutex_lock(&tdev->reset_lock);
	tessera_device_stop(tdev);
	down_write(&tdev->reset_sem);
	tessera_device_forget(tdev);
	up_write(&tdev->reset_sem);
	mutex_unlock(&tdev->reset_lock);
	return 0;
}

static int tessera_resume(struct device *dev)
{
	struct tessera_device *tdev = dev_get_drvdata(dev);
	int ret;

	mutex_lock(&tdev->reset_lock);
	/* Once more: power was lost or not, and a late reset may have started it again */
	tessera_device_stop(tdev);
	down_write(&tdev->reset_sem);
	tessera_device_forget(tdev);
	ret = tessera_device_restart(tdev);
	up_write(&tdev->reset_sem);
	mutex_unlock(&tdev->reset_lock);
	return ret;
}

static DEFINE_SIMPLE_DEV_PM_OPS(tessera_pm_ops, tessera_suspend, tessera_resume);

static const struct pci_device_id tessera_ids[] = {
	{ PCI_DEVICE(TESSERA_PCI_VENDOR_ID, TESSERA_PCI_DEVICE_ID) },
	{ }
};
MODULE_DEVICE_TABLE(pci, tessera_ids);

static struct pci_driver tessera_pci_driver = {
	.name = "tessera_drm",
	.id_table = tessera_ids,
	.probe = tessera_probe,
	.remove = tessera_remove,
	.shutdown = tessera_remove,
	.err_handler = &tessera_err_handlers,
	.driver.pm = pm_sleep_ptr(&tessera_pm_ops),
};
module_pci_driver(tessera_pci_driver);

MODULE_AUTHOR("The Tessera project");
MODULE_DESCRIPTION("DRM driver of the Tessera T1 accelerator");
MODULE_LICENSE("GPL");
