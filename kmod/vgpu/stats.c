// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats.c - a vGPU's statistics: vgpu/stats, one value a file, current when read
 *
 * There are files for each engine that the accelerator has, so the directory's contents are
 * made up once for each accelerator.
 */
#include <linux/slab.h>
#include <linux/sysfs.h>
#include "vgpu/sysfs.h"
#include "vgpu/vgpu.h"

/**
 * struct tessera_stat - a file
 * @attr: for sysfs
 * @read: its value
 * @engine: the engine that it is about
 * @offset: of the counter in struct tessera_sched_snapshot or tessera_vgpu_stats
 */
struct tessera_stat {
	struct kobj_attribute attr;
	u64 (*read)(struct tessera_vgpu *vgpu, const struct tessera_stat *stat);
	u32 engine;
	size_t offset;
};

static u64 tessera_stat_engine(struct tessera_vgpu *vgpu, const struct tessera_stat *stat)
{
	struct tessera_sched_snapshot snap;

	tessera_dispatcher_snapshot(vgpu->accel, vgpu->engine, stat->engine, &snap);
	return *(u64 *)((char *)&snap + stat->offset);
}

static u64 tessera_stat_counter(struct tessera_vgpu *vgpu, const struct tessera_stat *stat)
{
	return atomic64_read((atomic64_t *)((char *)&vgpu->stats + stat->offset));
}

static u64 tessera_stat_pinned(struct tessera_vgpu *vgpu, const struct tessera_stat *stat)
{
	return READ_ONCE(vgpu->dma.runs.pages);
}

/* What changes under vgpu->lock is read without it: its holder may be waiting for guest memory. */
static u64 tessera_stat_contexts(struct tessera_vgpu *vgpu, const struct tessera_stat *stat)
{
	u64 n = 0;
	u32 i;

	for (i = 0; i < vgpu->part.num_ctx; i++)
		n += READ_ONCE(vgpu->state->ctx[i].live);
	return n;
}

static u64 tessera_stat_queues(struct tessera_vgpu *vgpu, const struct tessera_stat *stat)
{
	u64 n = 0;
	u32 i;

	for (i = 0; i < vgpu->part.num_slots; i++)
		n += READ_ONCE(vgpu->state->queue[i].live);
	return n;
}

static u64 tessera_stat_vram(struct tessera_vgpu *vgpu, const struct tessera_stat *stat)
{
	return vgpu->part.vram_bytes;
}

static ssize_t tessera_stat_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	const struct tessera_stat *stat = container_of(attr, struct tessera_stat, attr);

	return sysfs_emit(buf, "%llu\n", stat->read(tessera_kobj_to_vgpu(kobj), stat));
}

#define TESSERA_STAT(_name, _read, _offset) {					\
	.attr = __ATTR(_name, 0444, tessera_stat_show, NULL),			\
	.read = (_read),							\
	.offset = (_offset),							\
}

#define TESSERA_COUNTER(_name, _field)						\
	TESSERA_STAT(_name, tessera_stat_counter, offsetof(struct tessera_vgpu_stats, _field))

static struct tessera_stat tessera_stats[] = {
	TESSERA_COUNTER(admin_commands, admin_commands),
	TESSERA_COUNTER(admin_errors, admin_errors),
	TESSERA_COUNTER(events, events),
	TESSERA_COUNTER(faults, faults),
	TESSERA_COUNTER(interrupts, interrupts),
	TESSERA_COUNTER(interrupts_moderated, moderated),
	TESSERA_COUNTER(engine_holds, held),
	TESSERA_COUNTER(maps, maps),
	TESSERA_COUNTER(unmaps, unmaps),
	TESSERA_COUNTER(revoked_pages, revoked_pages),
	TESSERA_COUNTER(resets, resets),
	TESSERA_COUNTER(trapped_doorbells, trapped_doorbells),
	TESSERA_COUNTER(trapped_registers, trapped_registers),
	TESSERA_STAT(pinned_pages, tessera_stat_pinned, 0),
	TESSERA_STAT(contexts, tessera_stat_contexts, 0),
	TESSERA_STAT(queues, tessera_stat_queues, 0),
	TESSERA_STAT(vram_bytes, tessera_stat_vram, 0),
};

/* For each engine, after the engine's name. */
static const struct {
	const char *suffix;
	size_t offset;
} tessera_engine_stats[] = {
	{ "ns", offsetof(struct tessera_sched_snapshot, busy_ns) },
	{ "slices", offsetof(struct tessera_sched_snapshot, slices) },
	{ "overshoot_ns", offsetof(struct tessera_sched_snapshot, overshoot_ns) },
	{ "debt_ns", offsetof(struct tessera_sched_snapshot, debt_ns) },
	{ "engine_resets", offsetof(struct tessera_sched_snapshot, resets) },
};

static int tessera_stats_add_engine(struct tessera_accel *accel, u32 engine,
				    struct tessera_stat *stat, struct attribute **attr)
{
	struct device *dev = &accel->pdev->dev;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tessera_engine_stats); i++, stat++) {
		sysfs_attr_init(&stat->attr.attr);
		stat->attr.attr.name = devm_kasprintf(dev, GFP_KERNEL, "%s_%s",
						      accel->hw->engine[engine].name,
						      tessera_engine_stats[i].suffix);
		if (!stat->attr.attr.name)
			return -ENOMEM;
		stat->attr.attr.mode = 0444;
		stat->attr.show = tessera_stat_show;
		stat->read = tessera_stat_engine;
		stat->engine = engine;
		stat->offset = tessera_engine_stats[i].offset;
		attr[i] = &stat->attr.attr;
	}
	return 0;
}

/**
 * tessera_stats_init() - make up the files that each of an accelerator's vGPUs will have
 * @accel: the accelerator, whose engines are known
 *
 * Context: may sleep; while the accelerator is being bound: its device owns the memory.
 * Return: 0 or -ENOMEM.
 */
int tessera_stats_init(struct tessera_accel *accel)
{
	u32 e, per_engine = ARRAY_SIZE(tessera_engine_stats), engines = accel->hw->num_engines;
	struct device *dev = &accel->pdev->dev;
	struct attribute_group *group;
	struct tessera_stat *stats;
	struct attribute **attrs;
	unsigned int i;
	int ret;

	group = devm_kzalloc(dev, sizeof(*group), GFP_KERNEL);
	stats = devm_kcalloc(dev, engines * per_engine, sizeof(*stats), GFP_KERNEL);
	attrs = devm_kcalloc(dev, engines * per_engine + ARRAY_SIZE(tessera_stats) + 1,
			     sizeof(*attrs), GFP_KERNEL);
	if (!group || !stats || !attrs)
		return -ENOMEM;
	for (e = 0; e < engines; e++) {
		ret = tessera_stats_add_engine(accel, e, stats + e * per_engine,
					       attrs + e * per_engine);
		if (ret)
			return ret;
	}
	for (i = 0; i < ARRAY_SIZE(tessera_stats); i++)
		attrs[engines * per_engine + i] = &tessera_stats[i].attr.attr;
	group->name = "stats";
	group->attrs = attrs;
	accel->stats_group = group;
	return 0;
}
