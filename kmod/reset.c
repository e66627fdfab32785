// SPDX-License-Identifier: GPL-2.0-only
/*
 * reset.c - the last step of the reset ladder: the whole device
 *
 * While the device is in reset nobody may touch its BARs: user space's mappings are taken away and
 * fault back in afterwards. All vGPUs lose what they had; each one's worker finds out by the
 * epoch, and tells its guest. If the device can't be reset it is out of service, and user space
 * hears of it by VFIO's error interrupt.
 */
#include "accel/accel.h"
#include "bind.h"
#include "dispatch/dispatch.h"
#include "vgpu/irq.h"
#include "vgpu/region.h"
#include "vgpu/vgpu.h"

/**
 * tessera_reset_work() - reset an accelerator that has stopped answering
 * @work: accel->reset_work
 *
 * Context: may sleep; takes accel->lock, and bar_sem for writing.
 */
void tessera_reset_work(struct work_struct *work)
{
	struct tessera_accel *accel = container_of(work, struct tessera_accel, reset_work);
	struct tessera_hw *hw = accel->hw;
	struct tessera_vgpu *vgpu;
	int ret;

	pci_err(accel->pdev, "The accelerator stopped answering and is reset: all vGPUs lose their contexts.\n");
	tessera_reset_begin();
	mutex_lock(&accel->lock);
	down_write(&accel->bar_sem);
	list_for_each_entry(vgpu, &accel->vgpus, node)
		tessera_region_zap(vgpu);
	tessera_dispatcher_down(accel);
	ret = hw->ops->reset(hw);
	if (!ret)
		tessera_dispatcher_up(accel);
	up_write(&accel->bar_sem);
	list_for_each_entry(vgpu, &accel->vgpus, node) {
		tessera_vgpu_kick(vgpu);
		if (ret)
			tessera_irq_error(vgpu);
	}
	mutex_unlock(&accel->lock);
	tessera_reset_end();
}
