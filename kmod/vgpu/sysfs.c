// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs.c - settings: of the scheduler, on the accelerator; of a vGPU, on the vGPU
 *
 * Documentation/ABI/testing/sysfs-bus-pci-devices-tessera and sysfs-bus-mdev-devices-tessera
 * describe the files.
 */
#include <linux/slab.h>
#include <linux/sysfs.h>
#include "tessera.h"

/* ---------------------------------------------------------- vgpu_sched -- */

static ssize_t policy_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct tessera_accel *accel = dev_get_drvdata(dev);
	const struct tessera_sched_policy *now = tessera_dispatcher_policy(accel);
	const struct tessera_sched_policy *const *p;
	int len = 0;

	for (p = tessera_sched_policies; *p; p++)
		len += sysfs_emit_at(buf, len, *p == now ? "%s[%s]" : "%s%s",
				     len ? " " : "", (*p)->name);
	len += sysfs_emit_at(buf, len, "\n");
	return len;
}

static ssize_t policy_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	char name[32];
	int ret;

	if (count >= sizeof(name))
		return -EINVAL;
	strscpy(name, buf, sizeof(name));
	ret = tessera_dispatcher_set_policy(dev_get_drvdata(dev), strim(name));
	return ret ?: count;
}
static DEVICE_ATTR_RW(policy);

static ssize_t timeslice_us_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	u64 timeslice_ns;
	u32 averaging;

	tessera_dispatcher_config(dev_get_drvdata(dev), &timeslice_ns, &averaging);
	return sysfs_emit(buf, "%llu\n", div_u64(timeslice_ns, NSEC_PER_USEC));
}

static ssize_t timeslice_us_store(struct device *dev, struct device_attribute *attr,
				  const char *buf, size_t count)
{
	u32 us;
	int ret;

	ret = kstrtou32(buf, 0, &us);
	if (!ret)
		ret = tessera_dispatcher_set_timeslice(dev_get_drvdata(dev),
						       (u64)us * NSEC_PER_USEC);
	return ret ?: count;
}
static DEVICE_ATTR_RW(timeslice_us);

static ssize_t averaging_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	u64 timeslice_ns;
	u32 averaging;

	tessera_dispatcher_config(dev_get_drvdata(dev), &timeslice_ns, &averaging);
	return sysfs_emit(buf, "%u\n", averaging);
}

static ssize_t averaging_store(struct device *dev, struct device_attribute *attr,
			       const char *buf, size_t count)
{
	u32 averaging;
	int ret;

	ret = kstrtou32(buf, 0, &averaging);
	if (!ret)
		ret = tessera_dispatcher_set_averaging(dev_get_drvdata(dev), averaging);
	return ret ?: count;
}
static DEVICE_ATTR_RW(averaging);

static ssize_t preemption_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct tessera_accel *accel = dev_get_drvdata(dev);

	return sysfs_emit(buf, READ_ONCE(accel->preempt_strict) ? "batch [strict]\n" :
								   "[batch] strict\n");
}

static ssize_t preemption_store(struct device *dev, struct device_attribute *attr,
				const char *buf, size_t count)
{
	struct tessera_accel *accel = dev_get_drvdata(dev);

	if (sysfs_streq(buf, "strict"))
		tessera_dispatcher_set_preempt_strict(accel, true);
	else if (sysfs_streq(buf, "batch"))
		tessera_dispatcher_set_preempt_strict(accel, false);
	else
		return -EINVAL;
	return count;
}
static DEVICE_ATTR_RW(preemption);

static ssize_t preempt_timeout_us_show(struct device *dev, struct device_attribute *attr,
				       char *buf)
{
	struct tessera_accel *accel = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", READ_ONCE(accel->preempt_timeout_us));
}

static ssize_t preempt_timeout_us_store(struct device *dev, struct device_attribute *attr,
					const char *buf, size_t count)
{
	u32 us;
	int ret;

	ret = kstrtou32(buf, 0, &us);
	if (!ret)
		ret = tessera_dispatcher_set_preempt_timeout(dev_get_drvdata(dev), us);
	return ret ?: count;
}
static DEVICE_ATTR_RW(preempt_timeout_us);

static struct attribute *vgpu_sched_attrs[] = {
	&dev_attr_policy.attr,
	&dev_attr_timeslice_us.attr,
	&dev_attr_averaging.attr,
	&dev_attr_preemption.attr,
	&dev_attr_preempt_timeout_us.attr,
	NULL
};

static const struct attribute_group vgpu_sched_group = {
	.name = "vgpu_sched",
	.attrs = vgpu_sched_attrs,
};

const struct attribute_group *tessera_accel_groups[] = {
	&vgpu_sched_group,
	NULL
};

/* ----------------------------------------------------------------- vgpu -- */

/*
 * The vgpu directory is a kobject, since it holds another directory (stats). It is apart from
 * struct tessera_vgpu: whoever holds a reference on it keeps only this alive.
 */
struct vgpu_kobj {
	struct kobject kobj;
	struct tessera_vgpu *vgpu;
};

/**
 * tessera_kobj_to_vgpu() - the vGPU of an attribute in its vgpu directory
 * @kobj: that directory
 */
struct tessera_vgpu *tessera_kobj_to_vgpu(struct kobject *kobj)
{
	return container_of(kobj, struct vgpu_kobj, kobj)->vgpu;
}

static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct tessera_vgpu *vgpu = tessera_kobj_to_vgpu(kobj);
	u32 status = READ_ONCE(vgpu->status);
	const char *state = "closed";

	if (status & T1_STATUS_FATAL)
		state = "failed";
	else if (status & T1_STATUS_READY)
		state = "running";
	else if (READ_ONCE(vgpu->open))
		state = "open";
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
	u64 value = tessera_dispatcher_qos(tessera_kobj_to_vgpu(kobj), qos->what);

	return sysfs_emit(buf, "%llu\n", div_u64(value, qos->unit));
}

static ssize_t qos_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
			 size_t count)
{
	const struct qos_attr *qos = container_of(attr, struct qos_attr, attr);
	u32 value;
	int ret;

	ret = kstrtou32(buf, 0, &value);
	if (!ret)
		ret = tessera_dispatcher_set_qos(tessera_kobj_to_vgpu(kobj), qos->what,
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
	kfree(container_of(kobj, struct vgpu_kobj, kobj));
}

static const struct kobj_type vgpu_ktype = {
	.release = vgpu_kobj_release,
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = vgpu_groups,
};

/**
 * tessera_sysfs_add() - a vGPU's directory
 * @vgpu: the vGPU
 *
 * Return: 0 or an errno.
 */
int tessera_sysfs_add(struct tessera_vgpu *vgpu)
{
	struct vgpu_kobj *k;
	int ret;

	k = kzalloc(sizeof(*k), GFP_KERNEL);
	if (!k)
		return -ENOMEM;
	k->vgpu = vgpu;
	ret = kobject_init_and_add(&k->kobj, &vgpu_ktype, &vgpu->mdev->dev.kobj, "vgpu");
	if (!ret)
		ret = sysfs_create_group(&k->kobj, &tessera_stats_group);
	if (ret) {
		kobject_put(&k->kobj);
		return ret;
	}
	vgpu->kobj = &k->kobj;
	return 0;
}

/**
 * tessera_sysfs_remove() - remove it; waits for readers
 * @vgpu: the vGPU
 */
void tessera_sysfs_remove(struct tessera_vgpu *vgpu)
{
	sysfs_remove_group(vgpu->kobj, &tessera_stats_group);
	kobject_del(vgpu->kobj);
	kobject_put(vgpu->kobj);
}
