/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * t1.h - what the files of the T1 share: its backend (t1_hw.c) and its model (the others)
 *
 * Formats are those of uapi/t1_hw.h, in both directions.
 */
#ifndef TESSERA_T1_H
#define TESSERA_T1_H

#include "t1/t1_state.h"
#include "vgpu/model.h"
#include "vgpu/vgpu.h"

/* Capabilities that guests hear of, if the hardware has them: any other is not for them. */
#define T1_GUEST_CAPS \
	(T1_CAP_STRICT_PREEMPT | T1_CAP_DB_LATCH | T1_CAP_HANG | T1_CAP_CTX_BUSY)

/**
 * struct t1_vgpu - the T1's side of a vGPU
 * @state: what the guest can observe; must be first
 * @events_lock: protects state.events; taken in hard interrupts
 * @guest_list: copy of a list of addresses in guest memory; under vgpu->lock
 * @addrs: the addresses that were in it; likewise
 */
struct t1_vgpu {
	struct t1_vgpu_state state;
	spinlock_t events_lock;		/* see above */
	__le64 *guest_list;
	u64 *addrs;
};

static inline struct t1_vgpu *to_t1_vgpu(const struct tessera_vgpu *vgpu)
{
	return container_of(vgpu->state, struct t1_vgpu, state.common);
}

/* t1_hw.c: for the model, which is the hardware's own kind */
extern const struct tessera_hw_ops t1_hw_ops;
const struct t1_identify *t1_hw_identify(const struct tessera_hw *hw);
int t1_hw_fault_query(struct tessera_hw *hw, u32 epoch, u32 ctx, u32 flags,
		      struct t1_fault *fault);
u64 t1_hw_ctx_busy_ns(struct tessera_hw *hw, u32 engine, u32 ctx);
u32 t1_status(int err);

/* t1_model.c */
extern const struct tessera_kind t1_kind;

/* t1_regs.c */
u32 t1_regs_caps(const struct tessera_vgpu *vgpu);
u64 t1_regs_read(struct tessera_vgpu *vgpu, u64 off, unsigned int len);
void t1_regs_write(struct tessera_vgpu *vgpu, u64 off, unsigned int len, u64 value);
void t1_regs_power_on(struct tessera_vgpu *vgpu);

/* t1_admin.c */
void t1_admin_work(struct tessera_vgpu *vgpu);

/* t1_map.c */
int t1_map(struct tessera_vgpu *vgpu, const struct t1_admin_cmd *cmd);
int t1_unmap(struct tessera_vgpu *vgpu, const struct t1_admin_cmd *cmd);

/* t1_events.c */
#define T1_CTX_ALL	U32_MAX

void t1_events_push(struct tessera_vgpu *vgpu, const struct tessera_hw_event *ev);
void t1_events_drop(struct tessera_vgpu *vgpu, u32 ctx);
int t1_events_deliver(struct tessera_vgpu *vgpu, bool *posted);

#endif /* TESSERA_T1_H */
