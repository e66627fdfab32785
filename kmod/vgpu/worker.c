// SPDX-License-Identifier: GPL-2.0-only
/*
 * worker.c - a thread that works for whoever has a vGPU open, at that one's expense
 *
 * What a guest asks for takes time and memory, and waits for guest memory, which its owner may
 * serve by itself, late or never. So the worker is a thread of the owner's process, as vhost's
 * are: its time and its allocations are charged to the owner's cgroups, and SIGKILL of the owner
 * ends whatever it waits for. No other signal but SIGSTOP reaches it.
 *
 * It ends with its process, though others may still have the vGPU open, who then have no worker.
 *
 * Where the kernel has no such threads it is a kernel thread in the owner's cgroups. No signal
 * ends its wait for guest memory, and what it allocates is charged to nobody.
 */
#include <linux/err.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include "tessera_compat.h"
#include "vgpu/worker.h"
#ifdef TESSERA_HAVE_VHOST_TASK
#include <linux/sched/vhost_task.h>
#else
#include <linux/cgroup.h>
#include <linux/kthread.h>
#include <linux/module.h>
#endif

/* Called in the thread, about to sleep. True: it has worked, and is to look again. */
static bool tessera_worker_step(void *data)
{
	struct tessera_worker *worker = data;
	bool kicked;

	spin_lock_irq(&worker->lock);
	kicked = worker->kicked;
	worker->kicked = false;
	spin_unlock_irq(&worker->lock);
	if (!kicked)
		return false;
	__set_current_state(TASK_RUNNING);
	worker->work(worker);
	return true;
}

static void tessera_worker_set_alive(struct tessera_worker *worker, bool alive)
{
	spin_lock_irq(&worker->lock);
	worker->alive = alive;
	spin_unlock_irq(&worker->lock);
}

#ifdef TESSERA_HAVE_VHOST_TASK

/* Some kernels forget a thread that has ended: none is woken after this. */
static void tessera_worker_killed(void *data)
{
	struct tessera_worker *worker = data;

	tessera_worker_set_alive(worker, false);
	worker->orphaned(worker);
}

/* Some kernels do not say why there is none. */
static void *tessera_worker_create(struct tessera_worker *worker, const char *name)
{
	struct vhost_task *thread;

	thread = vhost_task_create(tessera_worker_step, tessera_worker_killed, worker, name);
	if (!thread)
		return ERR_PTR(signal_pending(current) ? -ERESTARTNOINTR : -EAGAIN);
	return thread;
}

static void tessera_worker_begin(struct tessera_worker *worker)
{
	vhost_task_start(worker->thread);
}

static void tessera_worker_wake(struct tessera_worker *worker)
{
	vhost_task_wake(worker->thread);
}

static void tessera_worker_end(struct tessera_worker *worker)
{
	vhost_task_stop(worker->thread);
}

#else

static int tessera_worker_loop(void *data)
{
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		if (!tessera_worker_step(data))
			schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

/* Not every kernel has the function; without it the thread is in the root's cgroups. */
static int tessera_worker_join_cgroups(struct task_struct *thread)
{
	int (*attach)(struct task_struct *from, struct task_struct *task);
	int ret;

	attach = symbol_get(cgroup_attach_task_all);
	if (!attach)
		return 0;
	ret = attach(current, thread);
	symbol_put(cgroup_attach_task_all);
	return ret;
}

static void *tessera_worker_create(struct tessera_worker *worker, const char *name)
{
	struct task_struct *thread;
	int ret;

	thread = kthread_create(tessera_worker_loop, worker, "%s", name);
	if (IS_ERR(thread))
		return thread;
	ret = tessera_worker_join_cgroups(thread);
	if (ret) {
		kthread_stop(thread);
		return ERR_PTR(ret);
	}
	return thread;
}

static void tessera_worker_begin(struct tessera_worker *worker)
{
	wake_up_process(worker->thread);
}

static void tessera_worker_wake(struct tessera_worker *worker)
{
	wake_up_process(worker->thread);
}

static void tessera_worker_end(struct tessera_worker *worker)
{
	kthread_stop(worker->thread);
}

#endif

/**
 * tessera_worker_init() - prepare a worker that nobody owns yet
 * @worker: the worker
 * @work: see struct tessera_worker
 * @orphaned: likewise
 *
 * Context: any; nobody else uses the worker yet.
 */
void tessera_worker_init(struct tessera_worker *worker,
			 void (*work)(struct tessera_worker *worker),
			 void (*orphaned)(struct tessera_worker *worker))
{
	spin_lock_init(&worker->lock);
	worker->work = work;
	worker->orphaned = orphaned;
}

/**
 * tessera_worker_start() - have a worker in the process that calls
 * @worker: the worker, which has no thread
 * @name: the thread's; 15 characters of it are used
 *
 * Context: may sleep.
 * Return: 0, or an errno as clone() has them: -EAGAIN over a limit, -ENOMEM; for a signal
 * -ERESTARTNOINTR, or -EINTR if it is fatal.
 */
int tessera_worker_start(struct tessera_worker *worker, const char *name)
{
	void *thread;

	thread = tessera_worker_create(worker, name);
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	worker->thread = thread;
	worker->kicked = false;
	/* Before it runs, for it may be killed at once. */
	tessera_worker_set_alive(worker, true);
	tessera_worker_begin(worker);
	return 0;
}

/**
 * tessera_worker_stop() - end a worker
 * @worker: the worker, which was started
 *
 * When it returns neither function runs, or will. What was asked for last may not have been done.
 *
 * Context: may sleep; no lock is held that either function takes.
 */
void tessera_worker_stop(struct tessera_worker *worker)
{
	tessera_worker_set_alive(worker, false);
	tessera_worker_end(worker);
	worker->thread = NULL;
}

/**
 * tessera_worker_kick() - have a worker work, once more after what it does now
 * @worker: the worker; one without an owner does nothing
 *
 * Context: any.
 */
void tessera_worker_kick(struct tessera_worker *worker)
{
	unsigned long flags;

	spin_lock_irqsave(&worker->lock, flags);
	if (worker->alive && !worker->kicked) {
		worker->kicked = true;
		tessera_worker_wake(worker);
	}
	spin_unlock_irqrestore(&worker->lock, flags);
}

/**
 * tessera_worker_alive() - tell whether a worker does what it is kicked for
 * @worker: the worker
 *
 * Context: any.
 * Return: false if it was not started, or its owner has ended since: that never changes back.
 */
bool tessera_worker_alive(struct tessera_worker *worker)
{
	return READ_ONCE(worker->alive);
}
