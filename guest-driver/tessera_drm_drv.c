// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_drm_drv.c - the driver's face: PCI, DRM device, files, parameters
 *
 * One driver serves the physical function, a passed-through function and a vGPU. It does not
 * distinguish them, and uses no privileged register. On a machine that runs the mediator,
 * the operator chooses by driver_override; this driver binds by itself.
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

unsigned int tdrm_job_timeout_ms = 10000;
module_param_named(job_timeout_ms, tdrm_job_timeout_ms, uint, 0644);
MODULE_PARM_DESC(job_timeout_ms,
		 "ms of engine time that a batch may take before it loses its context (default 10000)");

unsigned int tdrm_admin_timeout_ms = 10000;
module_param_named(admin_timeout_ms, tdrm_admin_timeout_ms, uint, 0644);
MODULE_PARM_DESC(admin_timeout_ms,
		 "ms without an answer to an admin command after which the device is reset (default 10000)");

static atomic64_t tdrm_client_ids = ATOMIC64_INIT(0);

/* --------------------------------------------------------------- files -- */

/**
 * tdrm_file_init() - initialise a file without contexts
 * @tf: file, zeroed
 *
 * Context: any.
 */
void tdrm_file_init(struct tdrm_file *tf)
{
	xa_init_flags(&tf->ctxs, XA_FLAGS_ALLOC1);
	xa_init_flags(&tf->queues, XA_FLAGS_ALLOC1);
	mutex_init(&tf->stats_lock);
	INIT_LIST_HEAD(&tf->stats);
}

static int tdrm_open(struct drm_device *drm, struct drm_file *file)
{
	struct tdrm_file *tf = kzalloc(sizeof(*tf), GFP_KERNEL_ACCOUNT);

	if (!tf)
		return -ENOMEM;
	tf->holder = tdrm_holder_get(to_tdrm(drm));
	if (!tf->holder) {
		kfree(tf);
		return -ENOMEM;
	}
	tdrm_file_init(tf);
	tf->client_id = atomic64_inc_return(&tdrm_client_ids);
	file->driver_priv = tf;
	return 0;
}

static void tdrm_postclose(struct drm_device *drm, struct drm_file *file)
{
	struct tdrm_file *tf = file->driver_priv;
	struct tdrm_ctx *ctx;
	unsigned long id;

	/* No ioctl runs on a file that is being closed: queues go with their contexts */
	xa_for_each(&tf->ctxs, id, ctx) {
		xa_erase(&tf->ctxs, id);
		tdrm_ctx_close(tf, ctx);
	}
	xa_destroy(&tf->queues);
	xa_destroy(&tf->ctxs);
	tdrm_holder_put(tf->holder);
	kfree(tf);
}

static int tdrm_ioctl_get_param(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct tdrm_device *tdev = to_tdrm(drm);
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
		args->value = TDRM_VA_START;
		break;
	case DRM_TESSERA_PARAM_VA_END:
		args->value = TDRM_VA_END;
		break;
	case DRM_TESSERA_PARAM_JOB_TIMEOUT_MS:
		args->value = READ_ONCE(tdrm_job_timeout_ms);
		break;
	default:
		return -EINVAL;
	}
	return 0;
}

static const struct drm_ioctl_desc tdrm_ioctls[] = {
	DRM_IOCTL_DEF_DRV(TESSERA_GET_PARAM, tdrm_ioctl_get_param, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_BO_CREATE, tdrm_ioctl_bo_create, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_BO_MMAP_OFFSET, tdrm_ioctl_bo_mmap_offset, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_BO_WAIT, tdrm_ioctl_bo_wait, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_CTX_CREATE, tdrm_ioctl_ctx_create, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_CTX_DESTROY, tdrm_ioctl_ctx_destroy, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_BIND, tdrm_ioctl_bind, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_UNBIND, tdrm_ioctl_unbind, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_QUEUE_CREATE, tdrm_ioctl_queue_create, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_QUEUE_DESTROY, tdrm_ioctl_queue_destroy, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_QUEUE_QUERY, tdrm_ioctl_queue_query, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(TESSERA_EXEC, tdrm_ioctl_exec, DRM_RENDER_ALLOW),
};

static const struct drm_driver tdrm_driver = {
	.driver_features = DRIVER_GEM | DRIVER_RENDER | DRIVER_SYNCOBJ | DRIVER_SYNCOBJ_TIMELINE,
	.open = tdrm_open,
	.postclose = tdrm_postclose,
	.ioctls = tdrm_ioctls,
	.num_ioctls = ARRAY_SIZE(tdrm_ioctls),
	.fops = &tdrm_fops,
	.gem_create_object = tdrm_gem_create_object,
	.prime_handle_to_fd = drm_gem_prime_handle_to_fd,
	.prime_fd_to_handle = drm_gem_prime_fd_to_handle,
	.gem_prime_import_sg_table = tdrm_gem_import_sg_table,
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
static int tdrm_read_facts(struct tdrm_device *tdev)
{
	struct drm_device *drm = &tdev->drm;
	u64 bar;
	u32 magic;

	magic = tdrm_read(tdev, T1_REG_MAGIC);
	if (magic != T1_MAGIC) {
		drm_err(drm, "not a T1: unexpected magic 0x%08x\n", magic);
		return -ENODEV;
	}
	tdev->hw_version = tdrm_read(tdev, T1_REG_VERSION);
	if (tdev->hw_version >> 16 != T1_HW_VERSION_MAJOR) {
		drm_err(drm, "unsupported hardware version %u.%u, this driver supports %u.x\n",
			tdev->hw_version >> 16, tdev->hw_version & 0xffff,
			T1_HW_VERSION_MAJOR);
		return -ENODEV;
	}
	tdev->caps = tdrm_read(tdev, T1_REG_CAPS);
	if (!(tdev->caps & T1_CAP_CTX_BUSY)) {
		drm_err(drm, "the device does not count its contexts' busy time: capabilities 0x%x\n",
			tdev->caps);
		return -ENODEV;
	}
	tdev->num_slots = tdrm_read(tdev, T1_REG_NUM_SLOTS);
	tdev->num_contexts = tdrm_read(tdev, T1_REG_NUM_CONTEXTS);
	tdev->num_vectors = tdrm_read(tdev, T1_REG_NUM_VECTORS);
	tdev->vram_bytes = tdrm_read(tdev, T1_REG_VRAM_SIZE_LO) |
			   (u64)tdrm_read(tdev, T1_REG_VRAM_SIZE_HI) << 32;

	bar = pci_resource_len(tdev->pdev, T1_BAR_REGS);
	if (!tdev->num_slots || tdev->num_slots > T1_MAX_SLOTS ||
	    !tdev->num_contexts || tdev->num_contexts > T1_MAX_CONTEXTS ||
	    tdev->num_vectors < 2 || tdev->num_vectors > T1_MAX_VECTORS ||
	    bar < T1_DB_OFF(tdev->num_slots)) {
		drm_err(drm, "invalid configuration: %u slots, %u contexts, %u vectors, BAR0 of %llu bytes\n",
			tdev->num_slots, tdev->num_contexts, tdev->num_vectors, bar);
		return -EIO;
	}
	bar = pci_resource_len(tdev->pdev, T1_BAR_VRAM);
	if (!tdev->vram_bytes || tdev->vram_bytes > bar || tdev->vram_bytes % T1_PAGE_SIZE) {
		drm_err(drm, "invalid configuration: 0x%llx bytes of VRAM, BAR2 of 0x%llx bytes\n",
			tdev->vram_bytes, bar);
		return -EIO;
	}
	return 0;
}

static int tdrm_map_bars(struct tdrm_device *tdev)
{
	struct pci_dev *pdev = tdev->pdev;
	int ret;

	ret = pcim_iomap_regions(pdev, BIT(T1_BAR_REGS), "tessera_drm");
	if (ret) {
		drm_err(&tdev->drm, "cannot map BAR0: %d\n", ret);
		return ret;
	}
	tdev->regs = pcim_iomap_table(pdev)[T1_BAR_REGS];
	tdev->vram_start = pci_resource_start(pdev, T1_BAR_VRAM);
	if (!devm_request_mem_region(&pdev->dev, tdev->vram_start,
				     pci_resource_len(pdev, T1_BAR_VRAM), "tessera_drm")) {
		drm_err(&tdev->drm, "cannot reserve BAR2\n");
		return -EBUSY;
	}
	tdev->vram = devm_ioremap_wc(&pdev->dev, tdev->vram_start,
				     pci_resource_len(pdev, T1_BAR_VRAM));
	if (!tdev->vram) {
		drm_err(&tdev->drm, "cannot map BAR2\n");
		return -ENOMEM;
	}
	return 0;
}

static void tdrm_release_wq(struct drm_device *drm, void *data)
{
	destroy_workqueue(data);
}

static void tdrm_release_mm(struct drm_device *drm, void *data)
{
	drm_mm_takedown(data);
}

/* What lives as long as the last open file */
static int tdrm_init_managed(struct tdrm_device *tdev)
{
	int ret;

	tdev->wq = alloc_workqueue("tessera_drm", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!tdev->wq)
		return -ENOMEM;
	ret = drmm_add_action_or_reset(&tdev->drm, tdrm_release_wq, tdev->wq);
	if (ret)
		return ret;
	drm_mm_init(&tdev->vram_mm, 0, tdev->vram_bytes);
	tdev->vram_free = tdev->vram_bytes;
	return drmm_add_action_or_reset(&tdev->drm, tdrm_release_mm, &tdev->vram_mm);
}

/*
 * Reset the device: all contexts are lost, and it does no DMA until it is restarted. For good:
 * tdev->gone is set under the lock that resets take, so that whoever finds it set and waits for
 * the lock finds the device reset.
 */
static void tdrm_quiesce(struct tdrm_device *tdev, bool for_good)
{
	mutex_lock(&tdev->reset_lock);
	if (for_good)
		WRITE_ONCE(tdev->gone, true);
	tdrm_device_stop(tdev);
	down_write(&tdev->reset_sem);
	tdrm_device_forget(tdev);
	up_write(&tdev->reset_sem);
	mutex_unlock(&tdev->reset_lock);
}

/* Quiesce the device for good and stop its workers; for removal and for a failed probe */
static void tdrm_stop_all(struct tdrm_device *tdev)
{
	tdrm_quiesce(tdev, true);
	pci_clear_master(tdev->pdev);
	tdrm_irq_fini(tdev);
	cancel_delayed_work_sync(&tdev->watchdog);
	cancel_work_sync(&tdev->reset_work);
	flush_workqueue(tdev->wq);
}

static int tdrm_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct tdrm_device *tdev;
	int ret;

	tdev = devm_drm_dev_alloc(&pdev->dev, &tdrm_driver, struct tdrm_device, drm);
	if (IS_ERR(tdev))
		return PTR_ERR(tdev);
	tdev->pdev = pdev;
	tdrm_reset_init(tdev);
	mutex_init(&tdev->mem_lock);
	INIT_LIST_HEAD(&tdev->dma_bos);
	INIT_LIST_HEAD(&tdev->dma_queues);
	spin_lock_init(&tdev->holders_lock);
	INIT_LIST_HEAD(&tdev->holders);
	tdrm_clear_init(tdev);

	ret = pcim_enable_device(pdev);
	if (ret) {
		drm_err(&tdev->drm, "cannot enable the PCI function: %d\n", ret);
		return ret;
	}
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret) {
		drm_err(&tdev->drm, "64-bit DMA is not available: %d\n", ret);
		return ret;
	}
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);
	/* Only bounce buffers limit a mapping */
	tdev->bounces = dma_max_mapping_size(&pdev->dev) != SIZE_MAX;
	if (tdev->bounces)
		drm_notice(&tdev->drm, "DMA goes through bounce buffers: no foreign dma-buf can be used\n");
	ret = tdrm_map_bars(tdev);
	if (ret)
		return ret;
	ret = tdrm_read_facts(tdev);
	if (ret)
		return ret;
	ret = tdrm_init_managed(tdev);
	if (ret)
		return ret;

	/* Whoever had the device before may have left it running */
	ret = tdrm_admin_reset(tdev);
	if (ret) {
		drm_err(&tdev->drm, "device reset timed out\n");
		return ret;
	}
	pci_set_master(pdev);
	ret = tdrm_admin_alloc(tdev);
	if (ret)
		goto free_admin;
	ret = tdrm_irq_init(tdev);
	if (ret)
		goto free_admin;
	ret = tdrm_admin_start(tdev);
	if (ret) {
		drm_err(&tdev->drm, "cannot start the admin queue: %d, status 0x%x\n", ret,
			tdrm_read(tdev, T1_REG_STATUS));
		goto stop_all;
	}
	ret = tdrm_admin_identify(tdev);
	if (ret)
		goto stop_all;
	/* A queue needs a vector of its own: see tessera_drm_irq.c */
	if (tdev->nvec - 1 < tdev->num_slots) {
		drm_notice(&tdev->drm, "%u interrupt vectors: only %u of %u queue slots can be used\n",
			   tdev->nvec, tdev->nvec - 1, tdev->num_slots);
		tdev->num_slots = tdev->nvec - 1;
	}
	pci_set_drvdata(pdev, tdev);
	ret = drm_dev_register(&tdev->drm, 0);
	if (ret) {
		drm_err(&tdev->drm, "cannot register the DRM device: %d\n", ret);
		goto stop_all;
	}
	drm_info(&tdev->drm, "%s: %llu MiB of VRAM, %u contexts, %u queue slots, %u vectors\n",
		 tdev->model, tdev->vram_bytes >> 20, tdev->num_contexts, tdev->num_slots,
		 tdev->nvec);
	return 0;

stop_all:
	tdrm_stop_all(tdev);
free_admin:
	tdrm_admin_free(tdev);
	pci_clear_master(pdev);
	return ret;
}

static void tdrm_remove(struct pci_dev *pdev)
{
	struct tdrm_device *tdev = pci_get_drvdata(pdev);

	/* End all work first: unplugging waits for ioctls, which may be waiting for work */
	mutex_lock(&tdev->reset_lock);
	WRITE_ONCE(tdev->gone, true);
	tdrm_device_stop(tdev);
	mutex_unlock(&tdev->reset_lock);
	drm_dev_unplug(&tdev->drm);

	tdrm_stop_all(tdev);
	tdrm_clear_fini(tdev);
	/* Open files keep their objects and dead contexts, but none of the device's resources */
	tdrm_queues_free_dma(tdev);
	tdrm_gem_unmap_all(tdev);
	tdrm_admin_free(tdev);
}

/*
 * Reboot or kexec: whatever kernel comes next must find a device that does no DMA and sends
 * no interrupts. Nothing is freed, and no user is waited for.
 */
static void tdrm_shutdown(struct pci_dev *pdev)
{
	struct tdrm_device *tdev = pci_get_drvdata(pdev);

	tdrm_quiesce(tdev, true);
	pci_clear_master(pdev);
}

/*
 * A function-level reset requested by user space or the PCI core. reset_lock is held from
 * beginning to end; reset_sem is not, since the code that ends fences takes it and the PCI
 * core allocates memory.
 */
static void tdrm_reset_prepare(struct pci_dev *pdev)
{
	struct tdrm_device *tdev = pci_get_drvdata(pdev);

	mutex_lock(&tdev->reset_lock);
	tdrm_device_stop(tdev);
	down_write(&tdev->reset_sem);
	tdrm_device_forget(tdev);
	WRITE_ONCE(tdev->in_reset, true);
	up_write(&tdev->reset_sem);
}

static void tdrm_reset_done(struct pci_dev *pdev)
{
	struct tdrm_device *tdev = pci_get_drvdata(pdev);

	down_write(&tdev->reset_sem);
	if (!tdrm_device_restart(tdev))
		drm_notice(&tdev->drm, "the PCI function was reset, all contexts are lost\n");
	WRITE_ONCE(tdev->in_reset, false);
	up_write(&tdev->reset_sem);
	wake_up_all(&tdev->reset_wait);
	mutex_unlock(&tdev->reset_lock);
}

static const struct pci_error_handlers tdrm_err_handlers = {
	.reset_prepare = tdrm_reset_prepare,
	.reset_done = tdrm_reset_done,
};

/*
 * System sleep: the device loses its state, so contexts end as in a reset, and their owners
 * see an error. VRAM is not saved: the contents of objects in it are undefined afterwards.
 */
static int tdrm_suspend(struct device *dev)
{
	tdrm_quiesce(dev_get_drvdata(dev), false);
	return 0;
}

static int tdrm_resume(struct device *dev)
{
	struct tdrm_device *tdev = dev_get_drvdata(dev);
	int ret;

	mutex_lock(&tdev->reset_lock);
	/* Once more: power may not have been lost, and a late reset may have restarted it */
	tdrm_device_stop(tdev);
	down_write(&tdev->reset_sem);
	tdrm_device_forget(tdev);
	ret = tdrm_device_restart(tdev);
	up_write(&tdev->reset_sem);
	mutex_unlock(&tdev->reset_lock);
	return ret;
}

static DEFINE_SIMPLE_DEV_PM_OPS(tdrm_pm_ops, tdrm_suspend, tdrm_resume);

static const struct pci_device_id tdrm_ids[] = {
	{ PCI_DEVICE(T1_PCI_VENDOR_ID, T1_PCI_DEVICE_ID) },
	{ }
};
MODULE_DEVICE_TABLE(pci, tdrm_ids);

static struct pci_driver tdrm_pci_driver = {
	.name = "tessera_drm",
	.id_table = tdrm_ids,
	.probe = tdrm_probe,
	.remove = tdrm_remove,
	.shutdown = tdrm_shutdown,
	.err_handler = &tdrm_err_handlers,
	.driver.pm = pm_sleep_ptr(&tdrm_pm_ops),
};
module_pci_driver(tdrm_pci_driver);

MODULE_AUTHOR("The Tessera project");
MODULE_DESCRIPTION("DRM driver of the Tessera T1 accelerator");
MODULE_LICENSE("GPL");
