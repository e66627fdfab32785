// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs.c - what the dispatcher has counted and done, for tools
 *
 * debugfs/tessera/BDF/engines		one consistent snapshot of each engine and all vGPUs on it
 * debugfs/tessera/BDF/sched_log_ENGINE	the scheduler's last 200 events
 *
 * The format is a promise: Documentation/mediator.rst describes it. Lines are words,
 * then name=value; names may be added, so readers go by name.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include "dispatch/dispatch_internal.h"

static struct dentry *debugfs_root;

static const char *const log_names[] = {
	[TESSERA_LOG_ENQUEUE] = "enqueue",
	[TESSERA_LOG_PICK] = "pick",
	[TESSERA_LOG_PREEMPT] = "preempt",
	[TESSERA_LOG_OVERSHOOT] = "overshoot",
	[TESSERA_LOG_SWITCH] = "switch",
	[TESSERA_LOG_IDLE] = "idle",
	[TESSERA_LOG_RESET] = "reset",
	[TESSERA_LOG_RESET_DONE] = "reset_done",
	[TESSERA_LOG_START] = "start",
	[TESSERA_LOG_STOP] = "stop",
};

static void show_engine(struct seq_file *m, struct tessera_dispatcher *d)
{
	struct tessera_dispatch_entity *ent;
	struct tessera_hw_counters c;
	unsigned long flags;

	flags = tessera_dispatcher_sync_lock(d, &c);
	seq_printf(m, "engine %s time_ns=%llu busy_ns=%llu switch_ns=%llu switches=%u policy=%s timeslice_ns=%llu averaging=%u preemption=%s vgpus=%u running=%u with_work=%u gone_busy_ns=%llu world_switches=%llu down=%u\n",
		   tessera_dispatcher_engine_name(d), c.time_ns, c.busy_ns, c.switch_ns, c.switches,
		   d->sched.policy->name, tessera_sched_timeslice_ns(&d->sched),
		   d->sched.config.averaging, d->accel->preempt_strict ? "strict" : "batch",
		   d->sched.num_entities, d->sched.num_running, d->sched.num_with_work,
		   d->gone_busy_ns, d->switches_total, d->down);
	list_for_each_entry(ent, &d->entities, node)
		seq_printf(m, "vgpu %s %s type=%s busy_ns=%llu slices=%llu overshoot_ns=%llu debt_ns=%llu due_ppm=%u weight=%u reservation_ppm=%u limit_ppm=%u elastic_cap_ppm=%u slice_request_ns=%llu throttled=%u running=%u has_work=%u in_force=%u resets=%llu\n",
			   tessera_dispatcher_engine_name(d), ent->name,
			   ent->type->sysfs_name, ent->busy_ns, ent->sched.slices,
			   ent->sched.overshoot_ns, ent->sched.debt_ns,
			   tessera_sched_due_ppm(&d->sched, &ent->sched), ent->sched.weight,
			   ent->sched.reservation_ppm, ent->sched.limit_ppm,
			   ent->sched.elastic_cap_ppm, ent->sched.slice_request_ns,
			   ent->sched.throttled, ent->sched.running, ent->sched.has_work,
			   d->in_force == ent, ent->resets);
	tessera_dispatcher_unlock(d, flags);
}

static int engines_show(struct seq_file *m, void *unused)
{
	struct tessera_accel *accel = m->private;
	u32 e;

	seq_puts(m, "version 1\n");
	for (e = 0; e < accel->hw->num_engines; e++)
		show_engine(m, &accel->dispatchers[e]);
	return 0;
}

/* Room for all 16 vGPUs at once, so that show() runs once and what it reads is one state. */
static int engines_open(struct inode *inode, struct file *file)
{
	return single_open_size(file, engines_show, inode->i_private, 16384);
}

static const struct file_operations engines_fops = {
	.owner = THIS_MODULE,
	.open = engines_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

static int sched_log_show(struct seq_file *m, void *unused)
{
	struct tessera_dispatcher *d = m->private;
	struct tessera_log_entry *entry;
	u32 i, n, first;

	spin_lock_irq(&d->lock);
	n = d->log_full ? TESSERA_LOG_ENTRIES : d->log_next;
	first = d->log_full ? d->log_next : 0;
	for (i = 0; i < n; i++) {
		entry = &d->log[(first + i) % TESSERA_LOG_ENTRIES];
		seq_printf(m, "%llu %s %s\n", entry->time_ns, log_names[entry->event],
			   entry->vgpu);
	}
	spin_unlock_irq(&d->lock);
	return 0;
}

static int sched_log_open(struct inode *inode, struct file *file)
{
	return single_open_size(file, sched_log_show, inode->i_private, 32768);
}

static const struct file_operations sched_log_fops = {
	.owner = THIS_MODULE,
	.open = sched_log_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

/**
 * tessera_debugfs_init() - at module load
 */
void tessera_debugfs_init(void)
{
	debugfs_root = debugfs_create_dir("tessera", NULL);
}

/**
 * tessera_debugfs_exit() - at module unload
 */
void tessera_debugfs_exit(void)
{
	debugfs_remove(debugfs_root);
}

/**
 * tessera_debugfs_add() - an accelerator's directory
 * @accel: the accelerator
 */
void tessera_debugfs_add(struct tessera_accel *accel)
{
	char name[24];
	u32 e;

	accel->debugfs = debugfs_create_dir(pci_name(accel->pdev), debugfs_root);
	debugfs_create_file("engines", 0400, accel->debugfs, accel, &engines_fops);
	for (e = 0; e < accel->hw->num_engines; e++) {
		snprintf(name, sizeof(name), "sched_log_%s", tessera_dispatcher_engine_name(&accel->dispatchers[e]));
		debugfs_create_file(name, 0400, accel->debugfs, &accel->dispatchers[e],
				    &sched_log_fops);
	}
}

/**
 * tessera_debugfs_remove() - remove it; waits for readers
 * @accel: the accelerator
 */
void tessera_debugfs_remove(struct tessera_accel *accel)
{
	debugfs_remove(accel->debugfs);
}
