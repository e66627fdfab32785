// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs.c - the scheduler's settings, on the accelerator: vgpu_sched/
 *
 * Documentation/ABI/testing/sysfs-bus-pci-devices-tessera describes the files.
 */
#include <linux/sysfs.h>
#include "dispatch/dispatch_internal.h"

/* As DEVICE_ATTR_RW(), with our prefix before all that it names but the file. */
#define TESSERA_DISPATCHER_ATTR(_name)						\
	struct device_attribute tessera_dispatcher_attr_##_name =		\
		__ATTR(_name, 0644, tessera_dispatcher_##_name##_show,		\
		       tessera_dispatcher_##_name##_store)

static ssize_t tessera_dispatcher_policy_show(struct device *dev, struct device_attribute *attr,
					      char *buf)
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

static ssize_t tessera_dispatcher_policy_store(struct device *dev, struct device_attribute *attr,
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
static TESSERA_DISPATCHER_ATTR(policy);

static ssize_t tessera_dispatcher_timeslice_us_show(struct device *dev,
						    struct device_attribute *attr, char *buf)
{
	u64 timeslice_ns;
	u32 averaging;

	tessera_dispatcher_config(dev_get_drvdata(dev), &timeslice_ns, &averaging);
	return sysfs_emit(buf, "%llu\n", div_u64(timeslice_ns, NSEC_PER_USEC));
}

static ssize_t tessera_dispatcher_timeslice_us_store(struct device *dev,
						     struct device_attribute *attr, const char *buf,
						     size_t count)
{
	u32 us;
	int ret;

	ret = kstrtou32(buf, 0, &us);
	if (!ret)
		ret = tessera_dispatcher_set_timeslice(dev_get_drvdata(dev),
						       (u64)us * NSEC_PER_USEC);
	return ret ?: count;
}
static TESSERA_DISPATCHER_ATTR(timeslice_us);

static ssize_t tessera_dispatcher_averaging_show(struct device *dev, struct device_attribute *attr,
						 char *buf)
{
	u64 timeslice_ns;
	u32 averaging;

	tessera_dispatcher_config(dev_get_drvdata(dev), &timeslice_ns, &averaging);
	return sysfs_emit(buf, "%u\n", averaging);
}

static ssize_t tessera_dispatcher_averaging_store(struct device *dev, struct device_attribute *attr,
						  const char *buf, size_t count)
{
	u32 averaging;
	int ret;

	ret = kstrtou32(buf, 0, &averaging);
	if (!ret)
		ret = tessera_dispatcher_set_averaging(dev_get_drvdata(dev), averaging);
	return ret ?: count;
}
static TESSERA_DISPATCHER_ATTR(averaging);

static ssize_t tessera_dispatcher_preemption_show(struct device *dev, struct device_attribute *attr,
						  char *buf)
{
	struct tessera_accel *accel = dev_get_drvdata(dev);

	if (!tessera_hw_has(accel->hw, TESSERA_HW_STRICT_PREEMPT))
		return sysfs_emit(buf, "[batch]\n");
	return sysfs_emit(buf, READ_ONCE(accel->preempt_strict) ? "batch [strict]\n" :
								   "[batch] strict\n");
}

static ssize_t tessera_dispatcher_preemption_store(struct device *dev,
						   struct device_attribute *attr, const char *buf,
						   size_t count)
{
	struct tessera_accel *accel = dev_get_drvdata(dev);

	int ret = -EINVAL;

	if (sysfs_streq(buf, "strict"))
		ret = tessera_dispatcher_set_preempt_strict(accel, true);
	else if (sysfs_streq(buf, "batch"))
		ret = tessera_dispatcher_set_preempt_strict(accel, false);
	return ret ?: count;
}
static TESSERA_DISPATCHER_ATTR(preemption);

static ssize_t tessera_dispatcher_preempt_timeout_us_show(struct device *dev,
							  struct device_attribute *attr, char *buf)
{
	struct tessera_accel *accel = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", READ_ONCE(accel->preempt_timeout_us));
}

static ssize_t tessera_dispatcher_preempt_timeout_us_store(struct device *dev,
							   struct device_attribute *attr,
							   const char *buf, size_t count)
{
	u32 us;
	int ret;

	ret = kstrtou32(buf, 0, &us);
	if (!ret)
		ret = tessera_dispatcher_set_preempt_timeout(dev_get_drvdata(dev), us);
	return ret ?: count;
}
static TESSERA_DISPATCHER_ATTR(preempt_timeout_us);

static struct attribute *tessera_dispatcher_attrs[] = {
	&tessera_dispatcher_attr_policy.attr,
	&tessera_dispatcher_attr_timeslice_us.attr,
	&tessera_dispatcher_attr_averaging.attr,
	&tessera_dispatcher_attr_preemption.attr,
	&tessera_dispatcher_attr_preempt_timeout_us.attr,
	NULL
};

const struct attribute_group tessera_dispatcher_group = {
	.name = "vgpu_sched",
	.attrs = tessera_dispatcher_attrs,
};
