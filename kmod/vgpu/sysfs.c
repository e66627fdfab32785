// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs.c - a vGPU's directory: its state and its settings
 *
 * Documentation/ABI/testing/sysfs-bus-mdev-devices-tessera describes the files.
 */
#include <linux/slab.h>
#include <linux/sysfs.h>
#include "vgpu/sysfs.h"
#include "vgpu/vgpu.h"

static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct tessera_vgpu *vgpu = tessera_kobj_to_vgpu(kobj);
	const char *state = READ_ONCE(vgpu->open) ? "open" : "closed";

	switch (tessera_vgpu_phase(vgpu)) {
	case TESSERA_VGPU_READY:
		state = "running";
		break;
	case TESSERA_VGPU_FATAL:
		state = "failed";
		break;
	default:
		break;
	}
	return sysfs_emit(buf, "%s\n", state);
}

static struct kobj_attribute state_attr = __ATTR_RO(state);

/**
 * struct qos_attr - a file for one of the vGPU's settings
 * @attr: for sysfs
 * @what: the setting
 * @unit: what one means in the file
 */
struct qos_attr {
	struct kobj_attribute attr;
	enum tessera_qos what;
	u32 unit;
};

static ssize_t qos_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	const struct qos_attr *qos = container_of(attr, struct qos_attr, attr);
	u64 value = tessera_dispatcher_qos(tessera_kobj_to_vgpu(kobj)->engine, qos->what);

	return sysfs_emit(buf, "%llu\n", div_u64(value, qos->unit));
}

static ssize_t qos_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
			 size_t count)
{
	const struct qos_attr *qos = container_of(attr, struct qos_attr, attr);
	struct tessera_vgpu *vgpu = tessera_kobj_to_vgpu(kobj);
	u32 value;
	int ret;

	ret = kstrtou32(buf, 0, &value);
	if (!ret)
		ret = tessera_dispatcher_set_qos(vgpu->accel, vgpu->engine, qos->what,
						 (u64)value * qos->unit);
	return ret ?: count;
}

#define QOS_ATTR(_name, _what, _unit)					\
static struct qos_attr qos_##_name = {					\
	.attr = __ATTR(_name, 0644, qos_show, qos_store),		\
	.what = (_what),						\
	.unit = (_unit),						\
}

QOS_ATTR(weight, TESSERA_QOS_WEIGHT, 1);
QOS_ATTR(reservation, TESSERA_QOS_RESERVATION, TESSERA_SCHED_PPM / 100);
QOS_ATTR(limit, TESSERA_QOS_LIMIT, TESSERA_SCHED_PPM / 100);
QOS_ATTR(elastic_cap, TESSERA_QOS_ELASTIC_CAP, TESSERA_SCHED_PPM / 100);
QOS_ATTR(slice_us, TESSERA_QOS_SLICE_NS, NSEC_PER_USEC);

static struct attribute *vgpu_attrs[] = {
	&state_attr.attr,
	&qos_weight.attr.attr,
	&qos_reservation.attr.attr,
	&qos_limit.attr.attr,
	&qos_elastic_cap.attr.attr,
	&qos_slice_us.attr.attr,
	NULL
};
ATTRIBUTE_GROUPS(vgpu);

static void vgpu_kobj_release(struct kobject *kobj)
{
	kfree(container_of(kobj, struct tessera_vgpu_kobj, kobj));
}

static const struct kobj_type vgpu_ktype = {
	.release = vgpu_kobj_release,
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = vgpu_groups,
};

/**
 * tessera_sysfs_add() - make a vGPU's directory
 * @vgpu: the vGPU
 *
 * Return: 0 or an errno.
 */
int tessera_sysfs_add(struct tessera_vgpu *vgpu)
{
	struct tessera_vgpu_kobj *k;
	int ret;

	k = kzalloc(sizeof(*k), GFP_KERNEL);
	if (!k)
		return -ENOMEM;
	k->vgpu = vgpu;
	ret = kobject_init_and_add(&k->kobj, &vgpu_ktype, &vgpu->mdev->dev.kobj, "vgpu");
	if (!ret)
		ret = sysfs_create_group(&k->kobj, vgpu->accel->stats_group);
	if (ret) {
		kobject_put(&k->kobj);
		return ret;
	}
	vgpu->kobj = &k->kobj;
	return 0;
}

/**
 * tessera_sysfs_remove() - remove a vGPU's directory; waits for readers
 * @vgpu: the vGPU
 */
void tessera_sysfs_remove(struct tessera_vgpu *vgpu)
{
	sysfs_remove_group(vgpu->kobj, vgpu->accel->stats_group);
	kobject_del(vgpu->kobj);
	kobject_put(vgpu->kobj);
}
