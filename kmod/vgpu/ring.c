// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring.c - rings in guest memory that a model reads from and writes to
 */
#include "vgpu/ring.h"
#include "vgpu/vgpu.h"

/**
 * tessera_ring_start() - begin with an empty ring
 * @ring: the ring
 * @base: where it is in guest memory
 * @size: entries, a power of 2
 *
 * Context: any; the vGPU's lock is held.
 */
void tessera_ring_start(struct tessera_ring *ring, u64 base, u32 size)
{
	ring->base = base;
	WRITE_ONCE(ring->size, size);
	ring->index = 0;
	ring->phase = 1;
}

/**
 * tessera_ring_has_room() - tell whether another entry can be written
 * @ring: the ring
 * @head: entry that the guest reads next; cut to size here
 *
 * Context: any; the vGPU's lock is held.
 * Return: true if the ring is not full.
 */
bool tessera_ring_has_room(const struct tessera_ring *ring, u32 head)
{
	return ((ring->index + 1) & (ring->size - 1)) != (head & (ring->size - 1));
}

/**
 * tessera_ring_read() - copy the next entry of a ring out of guest memory
 * @vgpu: the vGPU, with its lock held
 * @ring: the ring, which has an entry
 * @entry: where to
 * @size: its size
 *
 * Context: may sleep.
 * Return: 0 or an errno if guest memory can't be reached.
 */
int tessera_ring_read(struct tessera_vgpu *vgpu, struct tessera_ring *ring, void *entry, u32 size)
{
	int ret;

	lockdep_assert_held(&vgpu->lock);
	ret = tessera_dma_rw(vgpu, ring->base + (u64)ring->index * size, entry, size, false);
	if (!ret)
		ring->index = (ring->index + 1) & (ring->size - 1);
	return ret;
}

/**
 * tessera_ring_write() - write the next entry of a ring in guest memory
 * @vgpu: the vGPU, with its lock held
 * @ring: the ring, which has room
 * @entry: the entry
 * @size: its size
 * @phase: its phase field, the last two bytes of it; filled in here
 *
 * The phase goes last: it is what the guest polls.
 *
 * Context: may sleep.
 * Return: 0 or an errno if guest memory can't be reached.
 */
int tessera_ring_write(struct tessera_vgpu *vgpu, struct tessera_ring *ring, void *entry,
		       u32 size, __le16 *phase)
{
	u64 at = ring->base + (u64)ring->index * size;
	u32 body = size - sizeof(*phase);
	u32 next = (ring->index + 1) & (ring->size - 1);
	int ret;

	lockdep_assert_held(&vgpu->lock);
	*phase = cpu_to_le16(ring->phase);
	ret = tessera_dma_rw(vgpu, at, entry, body, true);
	if (ret)
		return ret;
	if (!next)
		ring->phase ^= 1;
	/* The guest may write HEAD as soon as it sees the phase. */
	WRITE_ONCE(ring->index, next);
	smp_wmb();	/* pairs with the guest's barrier between phase and entry */
	return tessera_dma_rw(vgpu, at + body, phase, sizeof(*phase), true);
}
