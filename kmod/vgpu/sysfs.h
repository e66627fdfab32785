/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sysfs.h - a vGPU's directory in sysfs
 */
#ifndef TESSERA_VGPU_SYSFS_H
#define TESSERA_VGPU_SYSFS_H

#include <linux/kobject.h>
#include "tessera.h"

/*
 * The vgpu directory is a kobject, since it holds another directory (stats). It is apart from
 * struct tessera_vgpu: whoever holds a reference on it keeps only this alive.
 */
struct tessera_vgpu_kobj {
	struct kobject kobj;
	struct tessera_vgpu *vgpu;
};

static inline struct tessera_vgpu *tessera_kobj_to_vgpu(struct kobject *kobj)
{
	return container_of(kobj, struct tessera_vgpu_kobj, kobj)->vgpu;
}

/* stats.c */
int tessera_stats_init(struct tessera_accel *accel);

/* sysfs.c */
int tessera_sysfs_add(struct tessera_vgpu *vgpu);
void tessera_sysfs_remove(struct tessera_vgpu *vgpu);

#endif /* TESSERA_VGPU_SYSFS_H */
