// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_drm_fdinfo.c - /proc/PID/fdinfo/FD: engine time and memory of an open file
 *
 * The kernel's Documentation/gpu/drm-usage-stats.rst defines the format. Newer kernels have
 * a helper for some of the lines; all of them are printed here, so that every kernel prints
 * the same. Engine time is the device's own count, and goes on while a job runs.
 */
#include <linux/pci.h>
#include <linux/seq_file.h>

#include <drm/drm_file.h>
#include <drm/drm_gem.h>

#include "tessera_drm_drv.h"

struct tdrm_region {
	const char *name;
	u64 total, shared;
};

static void tdrm_region_print(struct seq_file *m, const struct tdrm_region *r)
{
	seq_printf(m, "drm-total-%s:\t%llu KiB\n", r->name, r->total >> 10);
	seq_printf(m, "drm-shared-%s:\t%llu KiB\n", r->name, r->shared >> 10);
	/* All memory is in place from creation on */
	seq_printf(m, "drm-resident-%s:\t%llu KiB\n", r->name, r->total >> 10);
	seq_printf(m, "drm-memory-%s:\t%llu KiB\n", r->name, r->total >> 10);
}

/**
 * tdrm_show_fdinfo() - print engine time and memory of an open file
 * @m: fdinfo being written
 * @filp: DRM file
 *
 * Context: may sleep.
 */
void tdrm_show_fdinfo(struct seq_file *m, struct file *filp)
{
	static const char * const engines[T1_NUM_ENGINES] = { "compute", "copy" };
	struct tdrm_region vram = { .name = "vram" }, system = { .name = "system" };
	struct drm_file *file = filp->private_data;
	struct tdrm_device *tdev = to_tdrm(file->minor->dev);
	struct tdrm_file *tf = file->driver_priv;
	u64 busy_ns[T1_NUM_ENGINES];
	struct drm_gem_object *obj;
	struct tdrm_ctx *ctx;
	int id;
	u32 e;

	mutex_lock(&tf->stats_lock);
	memcpy(busy_ns, tf->busy_ns, sizeof(busy_ns));
	down_read(&tdev->reset_sem);
	list_for_each_entry(ctx, &tf->stats, stats_link) {
		for (e = 0; e < T1_NUM_ENGINES; e++)
			busy_ns[e] += tdrm_ctx_busy_ns(ctx, e);
	}
	up_read(&tdev->reset_sem);
	mutex_unlock(&tf->stats_lock);

	spin_lock(&file->table_lock);
	idr_for_each_entry(&file->object_idr, obj, id) {
		struct tdrm_region *r = to_tdrm_bo(obj)->is_vram ? &vram : &system;

		r->total += obj->size;
		if (obj->handle_count > 1 || obj->dma_buf)
			r->shared += obj->size;
	}
	spin_unlock(&file->table_lock);

	seq_printf(m, "drm-driver:\t%s\n", tdev->drm.driver->name);
	seq_printf(m, "drm-pdev:\t%s\n", pci_name(tdev->pdev));
	seq_printf(m, "drm-client-id:\t%llu\n", tf->client_id);
	for (e = 0; e < T1_NUM_ENGINES; e++)
		seq_printf(m, "drm-engine-%s:\t%llu ns\n", engines[e], busy_ns[e]);
	tdrm_region_print(m, &vram);
	tdrm_region_print(m, &system);
}
