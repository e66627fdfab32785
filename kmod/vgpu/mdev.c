// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdev.c - the types of vGPU, their creation and removal
 *
 * A type is a fraction of the accelerator: 1/1, 1/2, 1/4, 1/8, 1/16 of its VRAM, queue slots
 * and contexts. Types mix freely. What is left of each resource limits what can still
 * be created; nothing about that is stored, it is counted when asked.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include "vgpu/config.h"
#include "vgpu/mdev.h"
#include "vgpu/save.h"
#include "vgpu/sysfs.h"
#include "vgpu/vfio.h"
#include "vgpu/vgpu.h"
#include "vgpu/vram.h"

static struct tessera_type *tessera_mdev_to_type(struct mdev_type *mtype)
{
	return container_of(mtype, struct tessera_type, mdev);
}

static u64 tessera_mdev_type_vram(const struct tessera_accel *accel,
				  const struct tessera_type *type)
{
	return type->vram_units * accel->vram_unit;
}

/* A resource that the accelerator does not have limits nothing. */
static u32 tessera_mdev_fits(const struct tessera_pool *pool, u32 n)
{
	return n ? tessera_pool_fits(pool, n) : U32_MAX;
}

static unsigned int tessera_mdev_get_available(struct mdev_type *mtype)
{
	struct tessera_accel *accel = dev_get_drvdata(mtype->parent->dev);
	struct tessera_type *type = tessera_mdev_to_type(mtype);
	u32 n;

	mutex_lock(&accel->lock);
	n = min3(tessera_mdev_fits(&accel->vram, type->vram_units),
		 tessera_mdev_fits(&accel->slots_left, type->num_slots),
		 tessera_mdev_fits(&accel->contexts_left, type->num_contexts));
	mutex_unlock(&accel->lock);
	return n;
}

static ssize_t tessera_mdev_show_description(struct mdev_type *mtype, char *buf)
{
	struct tessera_accel *accel = dev_get_drvdata(mtype->parent->dev);
	struct tessera_type *type = tessera_mdev_to_type(mtype);

	return sysfs_emit(buf, "1/%u: VRAM %llu MiB, %u queue slots, %u contexts; at most %u\n",
			  type->div, tessera_mdev_type_vram(accel, type) >> 20, type->num_slots,
			  type->num_contexts, type->div);
}

/* One line that says what is missing: users can't tell from an errno. */
static int tessera_mdev_refuse(struct tessera_accel *accel, const struct tessera_type *type,
			       const char *name, const char *what, const char *unit,
			       const struct tessera_pool *pool, u32 need, u64 scale)
{
	u64 left = tessera_pool_left(pool) * scale;

	pci_err(accel->pdev,
		"Cannot create vGPU tessera-%s %s: it needs %llu %s%s in one aligned piece, %llu of %llu are left%s.\n",
		type->sysfs_name, name, need * scale, unit, what, left, pool->nr * scale,
		left >= need * scale ? ", in smaller pieces" : "");
	return -ENOSPC;
}

static int tessera_mdev_take(struct tessera_pool *pool, u32 n)
{
	return n ? tessera_pool_alloc(pool, n) : 0;
}

static void tessera_mdev_give(struct tessera_pool *pool, u32 first, u32 n)
{
	if (n)
		tessera_pool_free(pool, first, n);
}

/* Take a part of the accelerator. Called with accel->lock held. */
static int tessera_mdev_take_part(struct tessera_accel *accel, struct tessera_vgpu *vgpu)
{
	const struct tessera_type *type = vgpu->type;
	int unit, slot, ctx;

	unit = tessera_mdev_take(&accel->vram, type->vram_units);
	if (unit < 0)
		return tessera_mdev_refuse(accel, type, vgpu->name, "VRAM", "MiB ", &accel->vram,
					   type->vram_units, accel->vram_unit >> 20);
	slot = tessera_mdev_take(&accel->slots_left, type->num_slots);
	if (slot < 0) {
		tessera_mdev_give(&accel->vram, unit, type->vram_units);
		return tessera_mdev_refuse(accel, type, vgpu->name, "queue slots", "",
					   &accel->slots_left, type->num_slots, 1);
	}
	ctx = tessera_mdev_take(&accel->contexts_left, type->num_contexts);
	if (ctx < 0) {
		tessera_mdev_give(&accel->slots_left, slot, type->num_slots);
		tessera_mdev_give(&accel->vram, unit, type->vram_units);
		return tessera_mdev_refuse(accel, type, vgpu->name, "contexts", "",
					   &accel->contexts_left, type->num_contexts, 1);
	}
	vgpu->part = (struct tessera_part){
		.vram_base = unit * accel->vram_unit,
		.vram_bytes = tessera_mdev_type_vram(accel, type),
		.first_slot = slot,
		.num_slots = type->num_slots,
		.first_ctx = ctx,
		.num_ctx = type->num_contexts,
	};
	return 0;
}

static void tessera_mdev_give_part(struct tessera_accel *accel, struct tessera_vgpu *vgpu)
{
	const struct tessera_part *part = &vgpu->part;

	tessera_mdev_give(&accel->contexts_left, part->first_ctx, part->num_ctx);
	tessera_mdev_give(&accel->slots_left, part->first_slot, part->num_slots);
	if (part->vram_bytes)
		tessera_mdev_give(&accel->vram, div64_u64(part->vram_base, accel->vram_unit),
				  vgpu->type->vram_units);
}

/* Events of its contexts are the vGPU's from now on; or, with NULL, nobody's any more. */
static void tessera_mdev_set_owner(struct tessera_vgpu *vgpu, struct tessera_vgpu *owner)
{
	struct tessera_accel *accel = vgpu->accel;
	u32 i;

	for (i = 0; i < vgpu->part.num_ctx; i++)
		rcu_assign_pointer(accel->owner[vgpu->part.first_ctx + i], owner);
	if (!owner)
		synchronize_rcu();
}

static int tessera_mdev_probe(struct mdev_device *mdev)
{
	struct tessera_accel *accel = dev_get_drvdata(mdev->dev.parent);
	struct tessera_vgpu *vgpu;
	int ret;

	vgpu = vfio_alloc_device(tessera_vgpu, vdev, &mdev->dev, &tessera_vfio_ops);
	if (IS_ERR(vgpu))
		return PTR_ERR(vgpu);

	mutex_lock(&accel->lock);
	ret = accel->suspended ? -EBUSY : tessera_mdev_take_part(accel, vgpu);
	if (!ret)
		list_add_tail(&vgpu->node, &accel->vgpus);
	mutex_unlock(&accel->lock);
	if (ret)
		goto err_put;

	tessera_vram_clear(vgpu);
	tessera_config_reset(vgpu);
	tessera_dispatcher_add(accel, vgpu->engine, vgpu->name, vgpu->type,
			       GENMASK_ULL(vgpu->part.first_ctx + vgpu->part.num_ctx - 1,
					   vgpu->part.first_ctx), &vgpu->log);
	tessera_mdev_set_owner(vgpu, vgpu);
	dev_set_drvdata(&mdev->dev, vgpu);
	ret = tessera_sysfs_add(vgpu);
	if (ret)
		goto err_owner;
	ret = vfio_register_emulated_iommu_dev(&vgpu->vdev);
	if (ret)
		goto err_sysfs;
	tessera_save_add(vgpu);
	return 0;

err_sysfs:
	tessera_sysfs_remove(vgpu);
err_owner:
	tessera_mdev_set_owner(vgpu, NULL);
	tessera_dispatcher_remove(accel, vgpu->engine);
	mutex_lock(&accel->lock);
	list_del(&vgpu->node);
	tessera_mdev_give_part(accel, vgpu);
	mutex_unlock(&accel->lock);
err_put:
	vfio_put_device(&vgpu->vdev);
	return ret;
}

static void tessera_mdev_remove(struct mdev_device *mdev)
{
	struct tessera_vgpu *vgpu = dev_get_drvdata(&mdev->dev);
	struct tessera_accel *accel = vgpu->accel;

	/* Waits until the last user has closed it, which left it disabled and cleared. */
	vfio_unregister_group_dev(&vgpu->vdev);
	tessera_save_remove(vgpu);
	tessera_sysfs_remove(vgpu);
	tessera_mdev_set_owner(vgpu, NULL);
	tessera_irq_fini(vgpu);
	tessera_guilt_fini(vgpu);
	tessera_dispatcher_remove(accel, vgpu->engine);
	mutex_lock(&accel->lock);
	list_del(&vgpu->node);
	tessera_mdev_give_part(accel, vgpu);
	mutex_unlock(&accel->lock);
	vfio_put_device(&vgpu->vdev);
}

struct mdev_driver tessera_mdev_driver = {
	.device_api = VFIO_DEVICE_API_PCI_STRING,
	.probe = tessera_mdev_probe,
	.remove = tessera_mdev_remove,
	.get_available = tessera_mdev_get_available,
	.show_description = tessera_mdev_show_description,
	.driver = {
		.name = "tessera_vgpu",
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
	},
};

/* Where vGPUs could use up each other's page tables, there can be one. */
static unsigned int tessera_mdev_num_types(struct tessera_accel *accel)
{
	if (!tessera_hw_has(accel->hw, TESSERA_HW_PAGE_TABLES) ||
	    tessera_hw_has(accel->hw, TESSERA_HW_TABLE_PARTS))
		return TESSERA_NUM_TYPES;
	pci_warn(accel->pdev, "The accelerator cannot divide its page tables among vGPUs: it has type V1 only.\n");
	return 1;
}

/**
 * tessera_mdev_register() - offer an accelerator's types to the mdev core
 * @accel: the accelerator
 *
 * Context: may sleep.
 * Return: 0 or an errno.
 */
int tessera_mdev_register(struct tessera_accel *accel)
{
	struct tessera_hw *hw = accel->hw;
	unsigned int i, num_types;
	int ret;

	ret = tessera_stats_init(accel);
	if (ret)
		return ret;
	/* A BAR is a power of 2, and no page of the hardware's reaches into a neighbour's part. */
	if (hw->vram_bytes)
		accel->vram_unit = rounddown_pow_of_two(hw->vram_bytes) / TESSERA_VRAM_UNITS;
	if (accel->vram_unit < hw->vram_align)
		accel->vram_unit = 0;
	tessera_pool_init(&accel->vram, accel->vram_unit ? TESSERA_VRAM_UNITS : 0);
	tessera_pool_init(&accel->slots_left, hw->num_slots);
	tessera_pool_init(&accel->contexts_left, hw->num_contexts);

	num_types = tessera_mdev_num_types(accel);
	for (i = 0; i < num_types; i++) {
		struct tessera_type *type = &accel->types[accel->num_types];
		u32 div = 1 << i;

		type->div = div;
		type->vram_units = hw->vram_bytes ? TESSERA_VRAM_UNITS / div : 0;
		type->num_slots = hw->num_slots / div;
		type->num_contexts = hw->num_contexts / div;
		if ((hw->num_slots && !type->num_slots) || !type->num_contexts ||
		    (hw->vram_bytes && !accel->vram_unit)) {
			pci_warn(accel->pdev, "The accelerator is too small for type V%u: VRAM %llu MiB, %u queue slots, %u contexts.\n",
				 div, hw->vram_bytes >> 20, hw->num_slots, hw->num_contexts);
			break;
		}
		snprintf(type->sysfs_name, sizeof(type->sysfs_name), "V%u", div);
		snprintf(type->pretty_name, sizeof(type->pretty_name), "Tessera %s 1/%u, %llu MiB",
			 hw->ops->name, div, tessera_mdev_type_vram(accel, type) >> 20);
		type->mdev.sysfs_name = type->sysfs_name;
		type->mdev.pretty_name = type->pretty_name;
		accel->type_ptrs[accel->num_types++] = &type->mdev;
	}
	if (!accel->num_types)
		return -ENODEV;
	return mdev_register_parent(&accel->mdev, &accel->pdev->dev, &tessera_mdev_driver,
				    accel->type_ptrs, accel->num_types);
}

/**
 * tessera_mdev_unregister() - remove all vGPUs, then the types
 * @accel: the accelerator
 *
 * Context: may sleep; waits for the users of open vGPUs to release them.
 */
void tessera_mdev_unregister(struct tessera_accel *accel)
{
	mdev_unregister_parent(&accel->mdev);
}
