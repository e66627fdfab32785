// SPDX-License-Identifier: GPL-2.0-only
/*
 * accel.c - the last step of the reset ladder, as every layer may take it
 *
 * What the reset does is in reset.c, above all layers that it goes through.
 */
#include <linux/lockdep.h>
#include "accel/accel.h"

/*
 * An operation on hardware that is lost waits until the reset has ended the epoch. The reset
 * takes locks; lockdep has to hear of the wait to find one that is held over both.
 */
#ifdef CONFIG_LOCKDEP
static struct lockdep_map tessera_reset_map =
	STATIC_LOCKDEP_MAP_INIT("tessera_reset", &tessera_reset_map);
#endif

/**
 * tessera_reset_might_wait() - tell lockdep that the caller may have to wait for a reset
 *
 * Context: may sleep.
 */
void tessera_reset_might_wait(void)
{
	lock_map_acquire(&tessera_reset_map);
	lock_map_release(&tessera_reset_map);
}

/**
 * tessera_reset_begin() - tell lockdep that a reset begins, for which others may be waiting
 *
 * Context: may sleep.
 */
void tessera_reset_begin(void)
{
	lock_map_acquire(&tessera_reset_map);
}

/**
 * tessera_reset_end() - tell lockdep that the reset is over
 *
 * Context: as tessera_reset_begin(), which it ends.
 */
void tessera_reset_end(void)
{
	lock_map_release(&tessera_reset_map);
}

/**
 * tessera_accel_dead() - have the whole device reset
 * @accel: the accelerator, which does not answer
 *
 * Context: any.
 */
void tessera_accel_dead(struct tessera_accel *accel)
{
	queue_work(system_long_wq, &accel->reset_work);
}

/**
 * tessera_accel_wait_reset() - wait until a reset that was asked for is over
 * @accel: the accelerator
 *
 * Context: may sleep; neither accel->lock nor bar_sem is held.
 */
void tessera_accel_wait_reset(struct tessera_accel *accel)
{
	flush_work(&accel->reset_work);
}
