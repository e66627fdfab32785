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

static struct dentry *tessera_debugfs_root;

static const char *const tessera_debugfs_log_names[] = {
	[TESSERA_RUNLIST_NOTE_ENQUEUE] = "enqueue",
	[TESSERA_RUNLIST_NOTE_PICK] = "pick",
	[TESSERA_RUNLIST_NOTE_PREEMPT] = "preempt",
	[TESSERA_RUNLIST_NOTE_OVERSHOOT] = "overshoot",
	[TESSERA_RUNLIST_NOTE_SWITCH] = "switch",
	[TESSERA_RUNLIST_NOTE_IDLE] = "idle",
	[TESSERA_RUNLIST_NOTE_RESET] = "reset",
	[TESSERA_RUNLIST_NOTE_DOWN] = "reset",
	[TESSERA_RUNLIST_NOTE_RESET_DONE] = "reset_done",
	[TESSERA_RUNLIST_NOTE_START] = "start",
	[TESSERA_RUNLIST_NOTE_STOP] = "stop",
};

static void tessera_debugfs_show_engine(struct seq_file *m, struct tessera_dispatcher *d)
{
	struct tessera_dispatch_entity *ent;
	const struct tessera_sched_entity *e;
	struct tessera_hw_counters c;
	unsigned long flags;

	flags = tessera_dispatcher_sync_lock(d, &c);
	seq_printf(m, "engine %s time_ns=%llu busy_ns=%llu switch_ns=%llu switches=%u policy=%s timeslice_ns=%llu averaging=%u preemption=%s vgpus=%u running=%u with_work=%u gone_busy_ns=%llu world_switches=%llu down=%u\n",
		   tessera_dispatcher_engine_name(d), c.time_ns, c.busy_ns, c.switch_ns, c.switches,
		   d->rl.sched.policy->name, tessera_sched_timeslice_ns(&d->rl.sched),
		   d->rl.sched.config.averaging, d->accel->preempt_strict ? "strict" : "batch",
		   d->rl.sched.num_entities, d->rl.sched.num_running, d->rl.sched.num_with_work,
		   d->rl.gone_busy_ns, d->rl.switches, d->rl.down);
	list_for_each_entry(ent, &d->entities, node) {
		e = &ent->run.sched;
		seq_printf(m, "vgpu %s %s type=%s busy_ns=%llu slices=%llu overshoot_ns=%llu debt_ns=%llu due_ppm=%u weight=%u reservation_ppm=%u limit_ppm=%u elastic_cap_ppm=%u slice_request_ns=%llu low_latency=%u switch_ns=%llu kept_ns=%llu throttled=%u running=%u has_work=%u in_force=%u resets=%llu\n",
			   tessera_dispatcher_engine_name(d), ent->name,
			   ent->type->sysfs_name, ent->run.busy_ns, e->slices, e->overshoot_ns,
			   e->debt_ns, tessera_sched_due_ppm(&d->rl.sched, e), e->weight,
			   e->reservation_ppm, e->limit_ppm, e->elastic_cap_ppm,
			   e->slice_request_ns, e->low_latency, e->switch_ns, e->kept_ns,
			   e->throttled, e->running, e->has_work,
			   d->rl.in_force == &ent->run, ent->run.resets);
	}
	tessera_dispatcher_unlock(d, flags);
}

static int tessera_debugfs_engines_show(struct seq_file *m, void *unused)
{
	struct tessera_accel *accel = m->private;
	struct tessera_dispatcher *d;

	seq_puts(m, "version 1\n");
	for_each_dispatcher(d, accel)
		tessera_debugfs_show_engine(m, d);
	return 0;
}

/* Room for all 16 vGPUs at once, so that show() runs once and what it reads is one state. */
#define SNAPSHOT_BYTES_AN_ENGINE	8192u

static int tessera_debugfs_engines_open(struct inode *inode, struct file *file)
{
	struct tessera_accel *accel = inode->i_private;

	return single_open_size(file, tessera_debugfs_engines_show, accel,
				SNAPSHOT_BYTES_AN_ENGINE * accel->hw->num_engines);
}

static const struct file_operations tessera_debugfs_engines_fops = {
	.owner = THIS_MODULE,
	.open = tessera_debugfs_engines_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

static int tessera_debugfs_log_show(struct seq_file *m, void *unused)
{
	struct tessera_dispatcher *d = m->private;
	struct tessera_log_entry *entry;
	u32 i, n, first;

	spin_lock_irq(&d->lock);
	n = d->log_full ? TESSERA_LOG_ENTRIES : d->log_next;
	first = d->log_full ? d->log_next : 0;
	for (i = 0; i < n; i++) {
		entry = &d->log[(first + i) % TESSERA_LOG_ENTRIES];
		seq_printf(m, "%llu %s %s\n", entry->time_ns,
			   tessera_debugfs_log_names[entry->event], entry->vgpu);
	}
	spin_unlock_irq(&d->lock);
	return 0;
}

static int tessera_debugfs_log_open(struct inode *inode, struct file *file)
{
	return single_open_size(file, tessera_debugfs_log_show, inode->i_private, 32768);
}

static const struct file_operations tessera_debugfs_log_fops = {
	.owner = THIS_MODULE,
	.open = tessera_debugfs_log_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

/**
 * tessera_debugfs_init() - make the module's directory
 *
 * Context: may sleep.
 */
void tessera_debugfs_init(void)
{
	tessera_debugfs_root = debugfs_create_dir("tessera", NULL);
}

/**
 * tessera_debugfs_exit() - remove the module's directory
 *
 * Context: may sleep; no accelerator is left.
 */
void tessera_debugfs_exit(void)
{
	debugfs_remove(tessera_debugfs_root);
}

/**
 * tessera_debugfs_add() - make an accelerator's directory
 * @accel: the accelerator
 *
 * Context: may sleep.
 */
void tessera_debugfs_add(struct tessera_accel *accel)
{
	struct tessera_dispatcher *d;
	char name[32];

	accel->debugfs = debugfs_create_dir(pci_name(accel->pdev), tessera_debugfs_root);
	debugfs_create_file("engines", 0400, accel->debugfs, accel, &tessera_debugfs_engines_fops);
	for_each_dispatcher(d, accel) {
		snprintf(name, sizeof(name), "sched_log_%s", tessera_dispatcher_engine_name(d));
		debugfs_create_file(name, 0400, accel->debugfs, d, &tessera_debugfs_log_fops);
	}
}

/**
 * tessera_debugfs_remove() - remove an accelerator's directory; waits for readers
 * @accel: the accelerator
 *
 * Context: may sleep; no lock that a reader takes is held.
 */
void tessera_debugfs_remove(struct tessera_accel *accel)
{
	debugfs_remove(accel->debugfs);
}
