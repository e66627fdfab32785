// SPDX-License-Identifier: GPL-2.0-only
/*
 * vgpu.c - a vGPU's life: made, opened, enabled by its guest, lost, reset, closed
 *
 * What a guest has made in hardware goes in one place, teardown(), whatever the cause.
 */
#include <linux/slab.h>
#include "vgpu/config.h"
#include "vgpu/context.h"
#include "vgpu/vgpu.h"
#include "vgpu/vram.h"

static void tessera_vgpu_work(struct tessera_worker *worker)
{
	struct tessera_vgpu *vgpu = container_of(worker, struct tessera_vgpu, worker);

	tessera_vgpu_model(vgpu)->work(vgpu);
}

/* Without its worker it can't be served; whoever still has it open finds it off. */
static void tessera_vgpu_orphaned(struct tessera_worker *worker)
{
	struct tessera_vgpu *vgpu = container_of(worker, struct tessera_vgpu, worker);

	mutex_lock(&vgpu->lock);
	tessera_vgpu_disable(vgpu);
	mutex_unlock(&vgpu->lock);
}

static void tessera_vgpu_free_model(struct tessera_vgpu *vgpu)
{
	if (tessera_vgpu_model(vgpu)->fini)
		tessera_vgpu_model(vgpu)->fini(vgpu);
	kvfree(vgpu->state);
}

/**
 * tessera_vgpu_init() - prepare a vGPU whose accelerator, device and type are known
 * @vgpu: the vGPU, zeroed otherwise
 *
 * Context: may sleep.
 * Return: 0, or an errno; nothing need be undone then.
 */
int tessera_vgpu_init(struct tessera_vgpu *vgpu)
{
	int ret;

	mutex_init(&vgpu->config_lock);
	mutex_init(&vgpu->lock);
	ratelimit_state_init(&vgpu->log, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);
	tessera_irq_init(vgpu);
	tessera_worker_init(&vgpu->worker, tessera_vgpu_work, tessera_vgpu_orphaned);
	ret = tessera_dma_init(vgpu);
	if (ret)
		return ret;
	vgpu->state = kvzalloc(tessera_vgpu_model(vgpu)->vgpu_bytes, GFP_KERNEL);
	if (!vgpu->state) {
		ret = -ENOMEM;
		goto err_dma;
	}
	ret = tessera_vgpu_model(vgpu)->init(vgpu);
	if (ret)
		goto err_model;
	return 0;

err_model:
	tessera_vgpu_free_model(vgpu);
err_dma:
	tessera_dma_fini(vgpu);
	return ret;
}

/**
 * tessera_vgpu_fini() - undo tessera_vgpu_init()
 * @vgpu: the vGPU, closed
 *
 * Context: may sleep.
 */
void tessera_vgpu_fini(struct tessera_vgpu *vgpu)
{
	tessera_vgpu_free_model(vgpu);
	tessera_dma_fini(vgpu);
}

/* --------------------------------------------------- enable and disable -- */

/* Nothing of the guest's is left in hardware, and it competes for no engine. */
static void tessera_vgpu_teardown(struct tessera_vgpu *vgpu)
{
	lockdep_assert_held(&vgpu->lock);
	WRITE_ONCE(vgpu->state->phase, TESSERA_VGPU_STOPPING);
	tessera_ctx_destroy_all(vgpu);
	tessera_dispatcher_stop(vgpu->accel, vgpu->engine);
	tessera_vgpu_model(vgpu)->forget(vgpu);
}

/**
 * tessera_vgpu_disable() - drop all contexts, queues and work of a vGPU
 * @vgpu: the vGPU, with its lock held
 *
 * Context: may sleep.
 */
void tessera_vgpu_disable(struct tessera_vgpu *vgpu)
{
	lockdep_assert_held(&vgpu->lock);
	if (vgpu->state->phase == TESSERA_VGPU_OFF)
		return;
	tessera_vgpu_teardown(vgpu);
	WRITE_ONCE(vgpu->state->phase, TESSERA_VGPU_OFF);
}

/**
 * tessera_vgpu_fatal() - stop a vGPU until its guest resets it
 * @vgpu: the vGPU, with its lock held
 * @why: the end of a sentence about the vGPU, for the log
 *
 * Context: may sleep.
 */
void tessera_vgpu_fatal(struct tessera_vgpu *vgpu, const char *why)
{
	lockdep_assert_held(&vgpu->lock);
	tessera_vgpu_notice(vgpu, "The vGPU %s; its guest has to reset it.\n", why);
	tessera_vgpu_teardown(vgpu);
	WRITE_ONCE(vgpu->state->phase, TESSERA_VGPU_FATAL);
}

/**
 * tessera_vgpu_enable() - let a vGPU compete for the engines
 * @vgpu: the vGPU, off, with its lock held
 *
 * It is ready then, or failed: in quarantine, or if it has no worker any more.
 *
 * Context: may sleep.
 */
void tessera_vgpu_enable(struct tessera_vgpu *vgpu)
{
	lockdep_assert_held(&vgpu->lock);
	if (!tessera_guilt_admit(vgpu)) {
		tessera_vgpu_fatal(vgpu, "is in quarantine");
		return;
	}
	if (!tessera_worker_alive(&vgpu->worker)) {
		tessera_vgpu_fatal(vgpu, "is used after the process that opened it has ended");
		return;
	}
	vgpu->epoch = READ_ONCE(vgpu->accel->hw->epoch);
	tessera_dispatcher_start(vgpu->accel, vgpu->engine);
	WRITE_ONCE(vgpu->state->phase, TESSERA_VGPU_READY);
}

/**
 * tessera_vgpu_power_on() - put the registers into their power-on state
 * @vgpu: the vGPU, with its lock held
 *
 * Context: may sleep.
 */
void tessera_vgpu_power_on(struct tessera_vgpu *vgpu)
{
	tessera_vgpu_disable(vgpu);
	tessera_vgpu_model(vgpu)->power_on(vgpu);
	atomic64_inc(&vgpu->stats.resets);
}

/**
 * tessera_vgpu_lock_to_undo() - take the lock of a vGPU whose mappings all go
 * @vgpu: the vGPU
 *
 * A command may be pinning a GiB under the lock, for an owner who wants it no more: it gives up
 * after the next 2 MiB.
 *
 * Context: may sleep; takes the vGPU's lock.
 */
void tessera_vgpu_lock_to_undo(struct tessera_vgpu *vgpu)
{
	atomic_inc(&vgpu->dma.unwanted);
	mutex_lock(&vgpu->lock);
	atomic_dec(&vgpu->dma.unwanted);
}

/**
 * tessera_vgpu_reset() - reset the function: all but the VRAM is as after power-on
 * @vgpu: the vGPU
 *
 * Context: may sleep.
 */
void tessera_vgpu_reset(struct tessera_vgpu *vgpu)
{
	tessera_vgpu_lock_to_undo(vgpu);
	tessera_vgpu_power_on(vgpu);
	mutex_lock(&vgpu->config_lock);
	mutex_lock(&vgpu->irq.mutex);
	tessera_state_power_on(vgpu->state);
	tessera_config_fill(vgpu, vgpu->state->config);
	mutex_unlock(&vgpu->irq.mutex);
	mutex_unlock(&vgpu->config_lock);
	mutex_unlock(&vgpu->lock);
}

/**
 * tessera_vgpu_lost() - tell whether an enabled vGPU has lost all that its guest had
 * @vgpu: the vGPU, with its lock held
 *
 * Context: the vGPU's lock is held.
 * Return: NULL, or why it has, for tessera_vgpu_fatal(), which is due then.
 */
const char *tessera_vgpu_lost(const struct tessera_vgpu *vgpu)
{
	lockdep_assert_held(&vgpu->lock);
	if (vgpu->epoch != READ_ONCE(vgpu->accel->hw->epoch))
		return "lost its contexts to a device reset";
	return tessera_guilt_condemned(&vgpu->guilt) ? "was put into quarantine" : NULL;
}

/* ------------------------------------------------------- open and close -- */

/**
 * tessera_vgpu_open() - a user space has opened the device
 * @vgpu: the vGPU
 *
 * Context: may sleep; the calling process is the owner.
 * Return: 0, or the errno for which the owner can't have another thread.
 */
int tessera_vgpu_open(struct tessera_vgpu *vgpu)
{
	char name[TASK_COMM_LEN];
	int ret;

	tessera_config_reset(vgpu);
	snprintf(name, sizeof(name), "vgpu-%.8s", vgpu->name);
	ret = tessera_worker_start(&vgpu->worker, name);
	if (!ret)
		WRITE_ONCE(vgpu->open, true);
	else if (ret != -ERESTARTNOINTR && ret != -EINTR)
		tessera_vgpu_notice(vgpu, "The process that opens the vGPU cannot have a thread more for it (%d).\n",
				    ret);
	return ret;
}

/**
 * tessera_vgpu_close() - leave nothing for the next owner: no context, interrupt or byte of VRAM
 * @vgpu: the vGPU
 *
 * Context: may sleep.
 */
void tessera_vgpu_close(struct tessera_vgpu *vgpu)
{
	tessera_worker_stop(&vgpu->worker);
	tessera_vgpu_reset(vgpu);
	tessera_irq_release(vgpu);
	tessera_dma_close(vgpu);
	vgpu->state->time_offset_ns = 0;
	tessera_vram_clear(vgpu);
	WRITE_ONCE(vgpu->open, false);
}
