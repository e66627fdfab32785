/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ring.h - rings in guest memory that a model reads from and writes to
 */
#ifndef TESSERA_VGPU_RING_H
#define TESSERA_VGPU_RING_H

#include "tessera.h"

/**
 * struct tessera_ring - a guest ring as the mediator goes through it
 * @base: bus address
 * @size: entries, a power of 2
 * @index: the mediator's side of it
 * @phase: of the entry to be written next
 */
struct tessera_ring {
	u64 base;
	u32 size;
	u32 index;
	u16 phase;
};

void tessera_ring_start(struct tessera_ring *ring, u64 base, u32 size);
bool tessera_ring_has_room(const struct tessera_ring *ring, u32 head);
int tessera_ring_read(struct tessera_vgpu *vgpu, struct tessera_ring *ring, void *entry, u32 size);
int tessera_ring_write(struct tessera_vgpu *vgpu, struct tessera_ring *ring, void *entry,
		       u32 size, __le16 *phase);

#endif /* TESSERA_VGPU_RING_H */
