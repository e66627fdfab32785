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

static ssize_t tessera_sysfs_state_show(struct kobject *kobj, struct kobj_attribute *attr,
					char *buf)
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
	if (tessera_guilt_quarantined(&vgpu->guilt) ||
	    (tessera_vgpu_phase(vgpu) == TESSERA_VGPU_READY &&
	     tessera_guilt_condemned(&vgpu->guilt)))
		state = "failed";
	return sysfs_emit(buf, "%s\n", state);
}

static struct kobj_attribute tessera_sysfs_state =
	__ATTR(state, 0444, tessera_sysfs_state_show, NULL);

/* ---------------------------------------------- guilt and quarantine -- */

static ssize_t tessera_sysfs_last_fault_show(struct kobject *kobj, struct kobj_attribute *attr,
					     char *buf)
{
	return tessera_guilt_show(tessera_kobj_to_vgpu(kobj), buf);
}

static struct kobj_attribute tessera_sysfs_last_fault =
	__ATTR(last_fault, 0444, tessera_sysfs_last_fault_show, NULL);

static ssize_t tessera_sysfs_quarantined_show(struct kobject *kobj, struct kobj_attribute *attr,
					      char *buf)
{
	struct tessera_vgpu *vgpu = tessera_kobj_to_vgpu(kobj);

	return sysfs_emit(buf, "%d\n", tessera_guilt_quarantined(&vgpu->guilt));
}

static ssize_t tessera_sysfs_quarantined_store(struct kobject *kobj, struct kobj_attribute *attr,
					       const char *buf, size_t count)
{
	bool on;
	int ret = kstrtobool(buf, &on);

	if (!ret)
		tessera_guilt_quarantine(tessera_kobj_to_vgpu(kobj), on);
	return ret ?: count;
}

static struct kobj_attribute tessera_sysfs_quarantined =
	__ATTR(quarantined, 0644, tessera_sysfs_quarantined_show,
	       tessera_sysfs_quarantined_store);

static ssize_t tessera_sysfs_quarantine_after_show(struct kobject *kobj,
						   struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(tessera_kobj_to_vgpu(kobj)->guilt.after));
}

static ssize_t tessera_sysfs_quarantine_after_store(struct kobject *kobj,
						    struct kobj_attribute *attr, const char *buf,
						    size_t count)
{
	u32 after;
	int ret = kstrtou32(buf, 0, &after);

	if (!ret)
		WRITE_ONCE(tessera_kobj_to_vgpu(kobj)->guilt.after, after);
	return ret ?: count;
}

static struct kobj_attribute tessera_sysfs_quarantine_after =
	__ATTR(quarantine_after, 0644, tessera_sysfs_quarantine_after_show,
	       tessera_sysfs_quarantine_after_store);

static ssize_t tessera_sysfs_quarantine_period_s_show(struct kobject *kobj,
						      struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(tessera_kobj_to_vgpu(kobj)->guilt.period_s));
}

static ssize_t tessera_sysfs_quarantine_period_s_store(struct kobject *kobj,
						       struct kobj_attribute *attr,
						       const char *buf, size_t count)
{
	u32 period_s;
	int ret = kstrtou32(buf, 0, &period_s);

	if (!ret && !period_s)
		ret = -EINVAL;
	if (!ret)
		WRITE_ONCE(tessera_kobj_to_vgpu(kobj)->guilt.period_s, period_s);
	return ret ?: count;
}

static struct kobj_attribute tessera_sysfs_quarantine_period_s =
	__ATTR(quarantine_period_s, 0644, tessera_sysfs_quarantine_period_s_show,
	       tessera_sysfs_quarantine_period_s_store);

/* ------------------------------------------------- quality of service -- */

/**
 * struct tessera_sysfs_qos - a file for one of the vGPU's settings
 * @attr: for sysfs
 * @what: the setting
 * @unit: what one means in the file
 */
struct tessera_sysfs_qos {
	struct kobj_attribute attr;
	enum tessera_qos what;
	u32 unit;
};

static ssize_t tessera_sysfs_qos_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	const struct tessera_sysfs_qos *qos = container_of(attr, struct tessera_sysfs_qos, attr);
	u64 value = tessera_dispatcher_qos(tessera_kobj_to_vgpu(kobj)->engine, qos->what);

	return sysfs_emit(buf, "%llu\n", div_u64(value, qos->unit));
}

static ssize_t tessera_sysfs_qos_store(struct kobject *kobj, struct kobj_attribute *attr,
				       const char *buf, size_t count)
{
	const struct tessera_sysfs_qos *qos = container_of(attr, struct tessera_sysfs_qos, attr);
	struct tessera_vgpu *vgpu = tessera_kobj_to_vgpu(kobj);
	u32 value;
	int ret;

	ret = kstrtou32(buf, 0, &value);
	if (!ret)
		ret = tessera_dispatcher_set_qos(vgpu->accel, vgpu->engine, qos->what,
						 (u64)value * qos->unit);
	return ret ?: count;
}

#define QOS_ATTR(_name, _what, _unit)							\
static struct tessera_sysfs_qos tessera_sysfs_##_name = {				\
	.attr = __ATTR(_name, 0644, tessera_sysfs_qos_show, tessera_sysfs_qos_store),	\
	.what = (_what),								\
	.unit = (_unit),								\
}

QOS_ATTR(weight, TESSERA_QOS_WEIGHT, 1);
QOS_ATTR(reservation, TESSERA_QOS_RESERVATION, TESSERA_SCHED_PPM / 100);
QOS_ATTR(limit, TESSERA_QOS_LIMIT, TESSERA_SCHED_PPM / 100);
QOS_ATTR(elastic_cap, TESSERA_QOS_ELASTIC_CAP, TESSERA_SCHED_PPM / 100);
QOS_ATTR(slice_us, TESSERA_QOS_SLICE_NS, NSEC_PER_USEC);

static const char *const tessera_sysfs_latencies[] = { "normal", "low" };

static ssize_t tessera_sysfs_latency_show(struct kobject *kobj, struct kobj_attribute *attr,
					  char *buf)
{
	u64 low = tessera_dispatcher_qos(tessera_kobj_to_vgpu(kobj)->engine,
					 TESSERA_QOS_LOW_LATENCY);

	return sysfs_emit(buf, "%s\n", tessera_sysfs_latencies[!!low]);
}

static ssize_t tessera_sysfs_latency_store(struct kobject *kobj, struct kobj_attribute *attr,
					   const char *buf, size_t count)
{
	struct tessera_vgpu *vgpu = tessera_kobj_to_vgpu(kobj);
	int ret = sysfs_match_string(tessera_sysfs_latencies, buf);

	if (ret >= 0)
		ret = tessera_dispatcher_set_qos(vgpu->accel, vgpu->engine,
						 TESSERA_QOS_LOW_LATENCY, ret);
	return ret ?: count;
}

static struct kobj_attribute tessera_sysfs_latency =
	__ATTR(latency, 0644, tessera_sysfs_latency_show, tessera_sysfs_latency_store);

static struct attribute *tessera_sysfs_attrs[] = {
	&tessera_sysfs_state.attr,
	&tessera_sysfs_last_fault.attr,
	&tessera_sysfs_quarantined.attr,
	&tessera_sysfs_quarantine_after.attr,
	&tessera_sysfs_quarantine_period_s.attr,
	&tessera_sysfs_weight.attr.attr,
	&tessera_sysfs_reservation.attr.attr,
	&tessera_sysfs_limit.attr.attr,
	&tessera_sysfs_elastic_cap.attr.attr,
	&tessera_sysfs_slice_us.attr.attr,
	&tessera_sysfs_latency.attr,
	NULL
};
ATTRIBUTE_GROUPS(tessera_sysfs);

static void tessera_sysfs_release(struct kobject *kobj)
{
	kfree(container_of(kobj, struct tessera_vgpu_kobj, kobj));
}

static const struct kobj_type tessera_sysfs_ktype = {
	.release = tessera_sysfs_release,
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = tessera_sysfs_groups,
};

/**
 * tessera_sysfs_add() - make a vGPU's directory
 * @vgpu: the vGPU
 *
 * Context: may sleep.
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
	ret = kobject_init_and_add(&k->kobj, &tessera_sysfs_ktype, &vgpu->mdev->dev.kobj, "vgpu");
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
 *
 * Context: may sleep; no lock that a reader takes is held.
 */
void tessera_sysfs_remove(struct tessera_vgpu *vgpu)
{
	sysfs_remove_group(vgpu->kobj, vgpu->accel->stats_group);
	kobject_del(vgpu->kobj);
	kobject_put(vgpu->kobj);
}
