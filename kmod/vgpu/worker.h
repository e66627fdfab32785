/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * worker.h - a thread that works for whoever has a vGPU open, at that one's expense
 */
#ifndef TESSERA_VGPU_WORKER_H
#define TESSERA_VGPU_WORKER_H

#include <linux/spinlock.h>
#include "tessera.h"

/**
 * struct tessera_worker - a thread of the owner's, while there is one
 * @work: what a kick has it do. Sleeps; looks at fatal_signal_pending() where it goes on for long.
 * @orphaned: the owner ends while the worker is in use: what it was to do is not done any more.
 *            In the worker's own thread. Sleeps.
 * @lock: protects @alive and @kicked; taken in hard interrupts
 * @alive: it has an owner, and a thread that can be woken
 * @kicked: there is work
 * @thread: as the kernel calls it; from start to stop
 */
struct tessera_worker {
	void (*work)(struct tessera_worker *worker);
	void (*orphaned)(struct tessera_worker *worker);
	spinlock_t lock;	/* see above */
	bool alive;
	bool kicked;
	void *thread;
};

void tessera_worker_init(struct tessera_worker *worker,
			 void (*work)(struct tessera_worker *worker),
			 void (*orphaned)(struct tessera_worker *worker));
int tessera_worker_start(struct tessera_worker *worker, const char *name);
void tessera_worker_stop(struct tessera_worker *worker);
void tessera_worker_kick(struct tessera_worker *worker);
bool tessera_worker_alive(struct tessera_worker *worker);

#endif /* TESSERA_VGPU_WORKER_H */
