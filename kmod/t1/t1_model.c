// SPDX-License-Identifier: GPL-2.0-only
/*
 * t1_model.c - a vGPU of a T1 is a T1, without the privileged registers
 */
#include <linux/slab.h>
#include "t1/t1.h"

static int t1_model_init(struct tessera_vgpu *vgpu)
{
	struct t1_vgpu *t1v = to_t1_vgpu(vgpu);

	spin_lock_init(&t1v->events_lock);
	vgpu->num_vectors = vgpu->type->num_slots + 1;
	t1v->guest_list = kcalloc(T1_MAP_MAX_PAGES, sizeof(*t1v->guest_list), GFP_KERNEL);
	t1v->addrs = kcalloc(T1_MAP_MAX_PAGES, sizeof(*t1v->addrs), GFP_KERNEL);
	return t1v->guest_list && t1v->addrs ? 0 : -ENOMEM;
}

static void t1_model_fini(struct tessera_vgpu *vgpu)
{
	struct t1_vgpu *t1v = to_t1_vgpu(vgpu);

	kfree(t1v->addrs);
	kfree(t1v->guest_list);
}

static void t1_model_forget(struct tessera_vgpu *vgpu)
{
	t1_events_drop(vgpu, T1_CTX_ALL);
}

/* What was written against a larger ring is cut to size here as where it is used. */
static void t1_model_cut_index(const struct tessera_ring *ring, u32 *index)
{
	if (ring->size)
		*index &= ring->size - 1;
}

static void t1_model_copy_state(struct tessera_vgpu *vgpu, struct tessera_vgpu_state *to)
{
	struct t1_vgpu_state *copy = container_of(to, struct t1_vgpu_state, common);
	struct t1_vgpu *t1v = to_t1_vgpu(vgpu);

	spin_lock_irq(&t1v->events_lock);
	*copy = t1v->state;
	spin_unlock_irq(&t1v->events_lock);
	t1_model_cut_index(&copy->asq, &copy->asq_tail);
	t1_model_cut_index(&copy->acq, &copy->acq_head);
	t1_model_cut_index(&copy->evq, &copy->evq_head);
}

static void t1_model_walk_state(struct tessera_vgpu_state *state,
				const struct tessera_state_limits *limits,
				struct tessera_mappings *mappings, struct tessera_stream *s)
{
	t1_state_walk(container_of(state, struct t1_vgpu_state, common), limits, mappings, s);
}

static const struct tessera_model_ops t1_model_ops = {
	.class_revision = T1_PCI_CLASS << 8 | T1_PCI_REVISION,
	.pcie = true,
	.vgpu_bytes = sizeof(struct t1_vgpu),
	.state_bytes = sizeof(struct t1_vgpu_state),
	.regions = {
		[T1_BAR_REGS] = {
			.kind = TESSERA_REGION_REGS,
			.bytes = T1_BAR_REGS_SIZE,
			.flags = PCI_BASE_ADDRESS_MEM_TYPE_32,
			.doorbells = T1_DB_OFF(0),
		},
		[T1_BAR_VRAM] = {
			.kind = TESSERA_REGION_VRAM,
			.flags = PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH,
		},
		[T1_BAR_MSIX] = {
			.kind = TESSERA_REGION_MSIX,
			.bytes = TESSERA_BAR_MSIX_SIZE,
			.flags = PCI_BASE_ADDRESS_MEM_TYPE_32,
		},
	},
	.init = t1_model_init,
	.fini = t1_model_fini,
	.read = t1_regs_read,
	.write = t1_regs_write,
	.work = t1_admin_work,
	.event = t1_events_push,
	.forget = t1_model_forget,
	.power_on = t1_regs_power_on,
	.copy_state = t1_model_copy_state,
	.walk_state = t1_model_walk_state,
};

const struct tessera_kind t1_kind = {
	.name = "T1",
	.vendor = T1_PCI_VENDOR_ID,
	.device = T1_PCI_DEVICE_ID,
	.hw = &t1_hw_ops,
	.model = &t1_model_ops,
};
