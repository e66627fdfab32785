// SPDX-License-Identifier: GPL-2.0-only
/*
 * reset.c - the last step of the reset ladder: the whole device
 *
 * While the device is in reset nobody may touch its BARs: user space's mappings are taken away and
 * fault back in afterwards. All vGPUs lose what they had; each one's worker finds out by the
 * epoch, and tells its guest. If the device can't be reset it is out of service, and user space
 * hears of it by VFIO's error interrupt.
 *
 * The PCI core may reset the function as well: because an operator says so, or to recover from an
 * error of the bus. It says when it begins and when it has ended. In between the same work, with
 * the same locks, stands still: no lock is held over two calls of the PCI core. If the second does
 * not come in time, as where recovery is given up, the work goes on by itself and finds the
 * device lost; should it come after all, the device is reset once more.
 */
#include "accel/accel.h"
#include "bind.h"
#include "dispatch/dispatch.h"
#include "vgpu/irq.h"
#include "vgpu/region.h"
#include "vgpu/vgpu.h"

/* A function that was reset may take a minute to be ready, by the PCI core's own limit. */
#define TESSERA_RESET_HOLD	(70 * HZ)
/* Of a recovery that it has given up it says nothing. */
#define TESSERA_RESET_RECOVERY	(10 * HZ)

/* Stand still with the device stopped, while the PCI core does what it likes with it. */
static void tessera_reset_stand_still(struct tessera_accel *accel, unsigned long timeout)
{
	struct tessera_hw *hw = accel->hw;

	hw->ops->quiesce(hw);
	complete(&accel->reset_held);
	if (wait_for_completion_timeout(&accel->reset_released, timeout))
		return;
	WRITE_ONCE(accel->reset_overdue, true);
	pci_err(accel->pdev, "The PCI core has not said that the accelerator's reset is over.\n");
}

/**
 * tessera_reset_work() - reset an accelerator that has stopped answering, or when it was reset
 * @work: accel->reset_work
 *
 * Context: may sleep; takes accel->lock, and bar_sem for writing.
 */
void tessera_reset_work(struct work_struct *work)
{
	struct tessera_accel *accel = container_of(work, struct tessera_accel, reset_work);
	unsigned long hold = xchg(&accel->reset_hold, 0);
	struct tessera_hw *hw = accel->hw;
	struct tessera_vgpu *vgpu;
	int ret;

	pci_err(accel->pdev, "The accelerator %s: all vGPUs lose their contexts.\n",
		hold ? "is reset by the PCI core" : "stopped answering and is reset");
	tessera_reset_begin();
	mutex_lock(&accel->lock);
	down_write(&accel->bar_sem);
	list_for_each_entry(vgpu, &accel->vgpus, node)
		tessera_region_zap(vgpu);
	tessera_dispatcher_down(accel);
	if (hold)
		tessera_reset_stand_still(accel, hold);
	ret = hw->ops->reset(hw);
	if (!ret) {
		/* For the PCI core to restore: what it restored before is used up. */
		pci_save_state(accel->pdev);
		tessera_dispatcher_up(accel);
	}
	up_write(&accel->bar_sem);
	list_for_each_entry(vgpu, &accel->vgpus, node) {
		tessera_vgpu_kick(vgpu);
		if (ret)
			tessera_irq_error(vgpu);
	}
	mutex_unlock(&accel->lock);
	tessera_reset_end();
}

/* ------------------------------------------------- from the PCI core -- */

/* The PCI core keeps the driver bound over each call, and takes care that calls come in pairs. */
static void tessera_reset_hold(struct tessera_accel *accel, unsigned long timeout)
{
	/* One that was begun before this and given up is over now. */
	complete(&accel->reset_released);
	tessera_accel_wait_reset(accel);
	reinit_completion(&accel->reset_held);
	reinit_completion(&accel->reset_released);
	WRITE_ONCE(accel->reset_overdue, false);
	WRITE_ONCE(accel->reset_hold, timeout);
	tessera_accel_dead(accel);
	wait_for_completion(&accel->reset_held);
}

static void tessera_reset_prepare(struct pci_dev *pdev)
{
	tessera_reset_hold(pci_get_drvdata(pdev), TESSERA_RESET_HOLD);
}

static void tessera_reset_done(struct pci_dev *pdev)
{
	struct tessera_accel *accel = pci_get_drvdata(pdev);

	complete(&accel->reset_released);
	if (READ_ONCE(accel->reset_overdue))
		tessera_accel_dead(accel);
	tessera_accel_wait_reset(accel);
}

static pci_ers_result_t tessera_reset_error_detected(struct pci_dev *pdev,
						     pci_channel_state_t state)
{
	struct tessera_accel *accel = pci_get_drvdata(pdev);

	if (state != pci_channel_io_perm_failure) {
		tessera_reset_hold(accel, TESSERA_RESET_RECOVERY);
		return PCI_ERS_RESULT_NEED_RESET;
	}
	/* The reset does not reach the device, and so puts it out of service. */
	tessera_accel_dead(accel);
	tessera_accel_wait_reset(accel);
	return PCI_ERS_RESULT_DISCONNECT;
}

/* The link was reset, or for an error that is not fatal nothing was. */
static pci_ers_result_t tessera_reset_slot(struct pci_dev *pdev)
{
	pci_restore_state(pdev);
	pci_save_state(pdev);
	return PCI_ERS_RESULT_RECOVERED;
}

const struct pci_error_handlers tessera_reset_handlers = {
	.error_detected = tessera_reset_error_detected,
	.slot_reset = tessera_reset_slot,
	.resume = tessera_reset_done,
	.reset_prepare = tessera_reset_prepare,
	.reset_done = tessera_reset_done,
};
