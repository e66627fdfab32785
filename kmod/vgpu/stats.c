// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats.c - a vGPU's statistics: vgpu/stats, one value a file, current when read
 */
#include <linux/sysfs.h>
#include "tessera.h"

/**
 * struct stat_attr - a file
 * @attr: for sysfs
 * @read: its value
 * @engine: the engine that it is about
 * @offset: of the counter in struct tessera_sched_snapshot or tessera_vgpu_stats
 */
struct stat_attr {
	struct kobj_attribute attr;
	u64 (*read)(struct tessera_vgpu *vgpu, const struct stat_attr *stat);
	u32 engine;
	size_t offset;
};

static u64 read_engine(struct tessera_vgpu *vgpu, const struct stat_attr *stat)
{
	struct tessera_sched_snapshot snap;

	tessera_dispatcher_snapshot(vgpu, stat->engine, &snap);
	return *(u64 *)((char *)&snap + stat->offset);
}

static u64 read_counter(struct tessera_vgpu *vgpu, const struct stat_attr *stat)
{
	return atomic64_read((atomic64_t *)((char *)&vgpu->stats + stat->offset));
}

static u64 read_pinned(struct tessera_vgpu *vgpu, const struct stat_attr *stat)
{
	return READ_ONCE(vgpu->dma.nr_pages);
}

static u64 read_contexts(struct tessera_vgpu *vgpu, const struct stat_attr *stat)
{
	u64 n = 0;
	u32 i;

	mutex_lock(&vgpu->lock);
	for (i = 0; i < vgpu->num_ctx; i++)
		n += vgpu->ctx[i].live;
	mutex_unlock(&vgpu->lock);
	return n;
}

static u64 read_queues(struct tessera_vgpu *vgpu, const struct stat_attr *stat)
{
	u64 n = 0;
	u32 i;

	mutex_lock(&vgpu->lock);
	for (i = 0; i < vgpu->num_slots; i++)
		n += vgpu->queue[i].live;
	mutex_unlock(&vgpu->lock);
	return n;
}

static u64 read_vram(struct tessera_vgpu *vgpu, const struct stat_attr *stat)
{
	return vgpu->vram_bytes;
}

static ssize_t stat_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	const struct stat_attr *stat = container_of(attr, struct stat_attr, attr);

	return sysfs_emit(buf, "%llu\n", stat->read(tessera_kobj_to_vgpu(kobj), stat));
}

#define STAT(_name, _read, _engine, _offset)					\
static struct stat_attr stat_##_name = {					\
	.attr = __ATTR(_name, 0444, stat_show, NULL),				\
	.read = (_read),							\
	.engine = (_engine),							\
	.offset = (_offset),							\
}

#define ENGINE_STAT(_name, _engine, _field)					\
	STAT(_name, read_engine, _engine, offsetof(struct tessera_sched_snapshot, _field))

#define COUNTER_STAT(_name, _field)						\
	STAT(_name, read_counter, 0, offsetof(struct tessera_vgpu_stats, _field))

ENGINE_STAT(compute_ns, T1_ENGINE_COMPUTE, busy_ns);
ENGINE_STAT(compute_slices, T1_ENGINE_COMPUTE, slices);
ENGINE_STAT(compute_overshoot_ns, T1_ENGINE_COMPUTE, overshoot_ns);
ENGINE_STAT(compute_debt_ns, T1_ENGINE_COMPUTE, debt_ns);
ENGINE_STAT(compute_engine_resets, T1_ENGINE_COMPUTE, resets);
ENGINE_STAT(copy_ns, T1_ENGINE_COPY, busy_ns);
ENGINE_STAT(copy_slices, T1_ENGINE_COPY, slices);
ENGINE_STAT(copy_overshoot_ns, T1_ENGINE_COPY, overshoot_ns);
ENGINE_STAT(copy_debt_ns, T1_ENGINE_COPY, debt_ns);
ENGINE_STAT(copy_engine_resets, T1_ENGINE_COPY, resets);
COUNTER_STAT(admin_commands, admin_commands);
COUNTER_STAT(admin_errors, admin_errors);
COUNTER_STAT(events, events);
COUNTER_STAT(faults, faults);
COUNTER_STAT(interrupts, interrupts);
COUNTER_STAT(maps, maps);
COUNTER_STAT(unmaps, unmaps);
COUNTER_STAT(revoked_pages, revoked_pages);
COUNTER_STAT(resets, resets);
COUNTER_STAT(trapped_doorbells, trapped_doorbells);
COUNTER_STAT(trapped_registers, trapped_registers);
STAT(pinned_pages, read_pinned, 0, 0);
STAT(contexts, read_contexts, 0, 0);
STAT(queues, read_queues, 0, 0);
STAT(vram_bytes, read_vram, 0, 0);

static struct attribute *stats_attrs[] = {
	&stat_compute_ns.attr.attr,
	&stat_compute_slices.attr.attr,
	&stat_compute_overshoot_ns.attr.attr,
	&stat_compute_debt_ns.attr.attr,
	&stat_compute_engine_resets.attr.attr,
	&stat_copy_ns.attr.attr,
	&stat_copy_slices.attr.attr,
	&stat_copy_overshoot_ns.attr.attr,
	&stat_copy_debt_ns.attr.attr,
	&stat_copy_engine_resets.attr.attr,
	&stat_admin_commands.attr.attr,
	&stat_admin_errors.attr.attr,
	&stat_events.attr.attr,
	&stat_faults.attr.attr,
	&stat_interrupts.attr.attr,
	&stat_maps.attr.attr,
	&stat_unmaps.attr.attr,
	&stat_revoked_pages.attr.attr,
	&stat_resets.attr.attr,
	&stat_trapped_doorbells.attr.attr,
	&stat_trapped_registers.attr.attr,
	&stat_pinned_pages.attr.attr,
	&stat_contexts.attr.attr,
	&stat_queues.attr.attr,
	&stat_vram_bytes.attr.attr,
	NULL
};

const struct attribute_group tessera_stats_group = {
	.name = "stats",
	.attrs = stats_attrs,
};
