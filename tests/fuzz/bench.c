// SPDX-License-Identifier: GPL-2.0-only
/* bench.c - makes the vGPU, and says what holds whenever nothing is under way */
#include "bench.h"
#include "vgpu/stream.h"

struct bench bench;

static const struct tessera_part parts[] = {
	{ .num_ctx = 4, .first_ctx = 8, .num_slots = 6, .first_slot = 20,
	  .vram_base = 4 << 20, .vram_bytes = 64 << 10 },
	{ .num_ctx = 1, .first_ctx = 63, .num_slots = 1, .first_slot = 63,
	  .vram_base = 256 << 20, .vram_bytes = 4 << 20 },
	{ .num_ctx = 64, .first_ctx = 0, .num_slots = 64, .first_slot = 0,
	  .vram_base = 0, .vram_bytes = 128 << 10 },
	{ .num_ctx = 3, .first_ctx = 0, .num_slots = 4, .first_slot = 0,
	  .vram_base = 2 << 20, .vram_bytes = 4 << 20 },
};

/* Make the vGPU that @shape says, open and off. False: it was refused memory, and is not there. */
bool bench_init(u8 shape)
{
	static const struct tessera_kind *kind = &t1_kind;
	struct tessera_vgpu *vgpu = &bench.vgpu;

	memset(&bench, 0, sizeof(bench));
	bench.doorbell = -1;
	bench.unnamed = TESSERA_GUILT_NOTHING;
	bench.pdev.subsystem_vendor = 0x1af4;
	bench.accel.pdev = &bench.pdev;
	bench.accel.kind = kind;
	bench.accel.hw = &bench.t1.hw;
	hw_init();
	vgpu->accel = &bench.accel;
	vgpu->mdev = &bench.mdev;
	vgpu->type = &bench.type;
	vgpu->vdev.dev = &bench.pdev.dev;
	vgpu->part = parts[shape % ARRAY_SIZE(parts)];
	bench.type.num_slots = vgpu->part.num_slots;
	if (tessera_vgpu_init(vgpu))
		return false;
	REQUIRE(!tessera_vgpu_open(vgpu), "it has no worker");
	return true;
}

/* Everything that the guest and its vGPU had is gone afterwards. */
void bench_fini(void)
{
	u32 ctx;

	kernel_fail_allocation = 0;
	bench_check_state();
	tessera_worker_stop(&bench.vgpu.worker);
	tessera_vgpu_reset(&bench.vgpu);
	tessera_irq_release(&bench.vgpu);
	REQUIRE(!bench.live && !bench.running, "contexts %#llx are left",
		(unsigned long long)bench.live);
	bench_check();
	tessera_vgpu_fini(&bench.vgpu);
	/* The backend keeps a page for each context that a loss has taken, until it goes. */
	for (ctx = 0; ctx < T1_MAX_CONTEXTS; ctx++) {
		if (bench.t1.ctx[ctx].page)
			REQUIRE(hw_own_contexts() & BIT_ULL(ctx), "context %u", ctx);
		t1_hw_ctx_free(&bench.t1, ctx);
	}
	REQUIRE(!kernel_allocations, "%u allocations are left", kernel_allocations);
}

static void check_live(const struct tessera_vgpu_state *state)
{
	const struct tessera_part *part = &bench.vgpu.part;
	bool off = state->phase != TESSERA_VGPU_READY;
	u32 i, owner;

	for (i = 0; i < part->num_ctx; i++) {
		bool live = bench.live & BIT_ULL(part->first_ctx + i);

		REQUIRE(!(off && live), "context %u outlives a teardown", i);
		if (bench.vgpu.epoch == bench.t1.hw.epoch)
			REQUIRE(state->ctx[i].live == live, "context %u: %u", i, live);
	}
	for (i = 0; i < part->num_slots; i++) {
		owner = bench.queues[part->first_slot + i];
		REQUIRE(bench.routed[i] == state->queue[i].live, "slot %u: route", i);
		if (bench.vgpu.epoch != bench.t1.hw.epoch)
			continue;
		REQUIRE(state->queue[i].live == !!owner, "slot %u: %u", i, owner);
		if (owner)
			REQUIRE(state->queue[i].desc.ctx == owner - 1 - part->first_ctx &&
				state->queue[i].vector < bench.vgpu.num_vectors, "slot %u", i);
	}
}

/* Save a copy of the state, load and save it again: the same bytes. */
void bench_check_state(void)
{
	static u8 first[1 << 17], second[1 << 17], config[TESSERA_CONFIG_SIZE],
		  writable[TESSERA_CONFIG_SIZE];
	static struct t1_vgpu_state copy;
	const struct tessera_model_ops *model = tessera_vgpu_model(&bench.vgpu);
	struct tessera_state_limits limits = {
		.num_ctx = bench.vgpu.part.num_ctx,
		.num_slots = bench.vgpu.part.num_slots,
		.num_vectors = bench.vgpu.num_vectors,
		.num_engines = T1_NUM_ENGINES,
		.vram_bytes = bench.vgpu.part.vram_bytes,
		.config = config,
		.config_writable = writable,
	};
	struct tessera_mappings none = {};
	struct tessera_stream out = { .buf = first, .len = sizeof(first) };
	struct tessera_stream in = { .buf = first, .loading = true };
	struct tessera_stream again = { .buf = second, .len = sizeof(second) };

	tessera_config_fill(&bench.vgpu, config);
	tessera_config_fill_writable(&bench.vgpu, writable);
	model->copy_state(&bench.vgpu, &copy.common);
	model->walk_state(&copy.common, &limits, &none, &out);
	REQUIRE(!out.why, "%s", out.why);
	in.len = out.pos;
	model->walk_state(&copy.common, &limits, &none, &in);
	REQUIRE(!in.why, "the state would be refused: %s", in.why);
	model->walk_state(&copy.common, &limits, &none, &again);
	REQUIRE(!again.why && again.pos == out.pos && !memcmp(first, second, out.pos),
		"saved differently: %zu bytes, %zu bytes", out.pos, again.pos);
}

/* Between two steps of the guest's. */
void bench_check(void)
{
	const struct tessera_vgpu_state *state = bench.vgpu.state;

	REQUIRE(!kernel_locks && !kernel_spinlocks, "%u locks are held", kernel_locks);
	REQUIRE(state->phase == TESSERA_VGPU_OFF || state->phase == TESSERA_VGPU_READY ||
		state->phase == TESSERA_VGPU_FATAL, "phase %u", state->phase);
	REQUIRE(bench.running == (state->phase == TESSERA_VGPU_READY), "phase %u", state->phase);
	REQUIRE(!bench.busy || state->phase != TESSERA_VGPU_READY, "a command is not completed");
	REQUIRE(!(bench.live & ~hw_own_contexts()), "contexts %#llx",
		(unsigned long long)bench.live);
	check_live(state);
}
