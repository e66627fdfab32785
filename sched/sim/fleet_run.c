// SPDX-License-Identifier: GPL-2.0-only
/*
 * fleet_run.c - places vGPUs as they arrive, and counts what each of them and each accelerator has
 */
#include <stdlib.h>

#include "fleet.h"
#include "t1_hw.h"

#define PPM		TESSERA_SCHED_PPM
#define SMALLEST	(TESSERA_NUM_TYPES - 1)	/* type */

const char *const fleet_placement_names[FLEET_NUM_PLACEMENTS] = {
	[FLEET_FIRST_FIT] = "first_fit",
	[FLEET_BEST_FIT] = "best_fit",
	[FLEET_SPREAD] = "spread",
	[FLEET_BY_SHARE] = "by_share",
};

const char *const fleet_refusal_names[FLEET_NUM_REFUSALS] = {
	[FLEET_FULL] = "full",
	[FLEET_FRAGMENTED] = "fragmented",
	[FLEET_RESERVED] = "reserved",
};

/* A T1's. */
static const u32 units[FLEET_NUM_RESOURCES] = {
	[FLEET_VRAM] = TESSERA_VRAM_UNITS,
	[FLEET_SLOTS] = T1_MAX_SLOTS,
	[FLEET_CONTEXTS] = T1_MAX_CONTEXTS,
};

static u64 max_u64(u64 a, u64 b)
{
	return a > b ? a : b;
}

static u64 min_u64(u64 a, u64 b)
{
	return a < b ? a : b;
}

/* ------------------------------------------------------------ one accelerator -- */

static void count_fits(struct fleet_accelerator *a)
{
	u32 type, r, fits;

	for (type = 0; type < TESSERA_NUM_TYPES; type++) {
		a->fits[type] = UINT32_MAX;
		for (r = 0; r < FLEET_NUM_RESOURCES; r++) {
			fits = tessera_pool_fits(&a->pools[r], units[r] >> type);
			a->fits[type] = min_u64(a->fits[type], fits);
		}
	}
}

static void set_rates(struct fleet_accelerator *a, const struct fleet_config *config)
{
	struct fleet_claim claims[FLEET_MAX_ON_ONE];
	u32 rates[FLEET_MAX_ON_ONE], i;

	for (i = 0; i < a->num; i++) {
		const struct fleet_arrival *asked = a->vgpus[i]->asked;

		claims[i] = (struct fleet_claim){
			.demand_ppm = asked->load_ppm,
			.floor_ppm = asked->reservation_ppm,
			.type_ppm = PPM >> asked->type,
			.weight = asked->weight,
		};
	}
	fleet_share(config, claims, a->num, rates);
	a->rate_ppm = 0;
	for (i = 0; i < a->num; i++) {
		a->vgpus[i]->rate_ppm = rates[i];
		a->rate_ppm += rates[i];
	}
}

/* Count the time since the last change; what is measured of the accelerator is in the window. */
static void advance(struct fleet_accelerator *a, const struct fleet *f)
{
	u64 from = max_u64(a->since_ms, f->config.begin_ms);
	u64 to = min_u64(f->now_ms, f->config.end_ms);
	u64 inside = to > from ? to - from : 0;
	u32 i;

	for (i = 0; i < a->num; i++)
		a->vgpus[i]->got += a->vgpus[i]->rate_ppm * (f->now_ms - a->since_ms);
	a->used += a->rate_ppm * inside;
	a->in_use_ms += a->num ? inside : 0;
	a->free += a->fits[SMALLEST] * inside;
	for (i = 0; i < TESSERA_NUM_TYPES; i++)
		a->unusable[i] += (a->fits[SMALLEST] - a->fits[i] * fleet_type_units(i)) * inside;
	a->since_ms = f->now_ms;
}

static bool can_take(const struct fleet_accelerator *a, const struct fleet_arrival *asked)
{
	return a->fits[asked->type] && a->reserved_ppm + asked->reservation_ppm <= PPM;
}

/* ------------------------------------------------------------------ the fleet -- */

/* What a placement wants to be low. */
static u32 cost(const struct fleet_accelerator *a, enum fleet_placement placement)
{
	switch (placement) {
	case FLEET_BEST_FIT:
		return a->fits[SMALLEST];
	case FLEET_SPREAD:
		return a->num;
	case FLEET_BY_SHARE:
		return a->promised_ppm;
	case FLEET_FIRST_FIT:
	case FLEET_NUM_PLACEMENTS:
		break;
	}
	return 0;
}

/* The first accelerator of least cost, or -1 and why. */
static s32 choose(const struct fleet *f, const struct fleet_arrival *asked,
		  enum fleet_refusal *refusal)
{
	u32 i, least = UINT32_MAX, this;
	s32 chosen = -1;

	*refusal = f->free < fleet_type_units(asked->type) ? FLEET_FULL : FLEET_FRAGMENTED;
	for (i = 0; i < f->config.num_accelerators; i++) {
		const struct fleet_accelerator *a = &f->accelerators[i];

		if (!can_take(a, asked)) {
			if (a->fits[asked->type])
				*refusal = FLEET_RESERVED;
			continue;
		}
		this = cost(a, f->placement);
		if (this < least) {
			least = this;
			chosen = i;
		}
		if (!least)
			break;
	}
	return chosen;
}

static void arrive(struct fleet *f)
{
	const struct fleet_arrival *asked = &f->arrivals->list[f->next];
	struct fleet_vgpu *v = &f->vgpus[f->next++];
	struct fleet_accelerator *a;
	u32 r;

	f->now_ms = asked->time_ms;
	v->asked = asked;
	v->accelerator = choose(f, asked, &v->refusal);
	if (v->accelerator < 0)
		return;
	a = &f->accelerators[v->accelerator];
	advance(a, f);
	for (r = 0; r < FLEET_NUM_RESOURCES; r++) {
		int first = tessera_pool_alloc(&a->pools[r], units[r] >> asked->type);

		if (first < 0)
			abort();	/* choose() has asked */
		v->first[r] = first;
	}
	f->in_use += !a->num;
	f->in_use_max = max_u64(f->in_use_max, f->in_use);
	f->free -= fleet_type_units(asked->type);
	a->vgpus[a->num++] = v;
	a->reserved_ppm += asked->reservation_ppm;
	a->promised_ppm += asked->share_ppm;
	count_fits(a);
	set_rates(a, &f->config);
	tessera_sched_heap_insert(&f->leaving, &v->node, asked->time_ms + asked->duration_ms);
}

static void leave(struct fleet *f, struct fleet_vgpu *v)
{
	struct fleet_accelerator *a = &f->accelerators[v->accelerator];
	const struct fleet_arrival *asked = v->asked;
	u32 i, r;

	f->now_ms = asked->time_ms + asked->duration_ms;
	tessera_sched_heap_remove(&f->leaving, &v->node);
	advance(a, f);
	for (i = 0; a->vgpus[i] != v; i++)
		;
	a->vgpus[i] = a->vgpus[--a->num];
	for (r = 0; r < FLEET_NUM_RESOURCES; r++)
		tessera_pool_free(&a->pools[r], v->first[r], units[r] >> asked->type);
	f->in_use -= !a->num;
	f->free += fleet_type_units(asked->type);
	a->reserved_ppm -= asked->reservation_ppm;
	a->promised_ppm -= asked->share_ppm;
	count_fits(a);
	set_rates(a, &f->config);
}

/* One that leaves makes room for one that arrives at the same time. */
bool fleet_step(struct fleet *f)
{
	struct tessera_sched_heap_node *first = tessera_sched_heap_first(&f->leaving);
	bool more = f->next < f->arrivals->num;

	if (first && (!more || first->key <= f->arrivals->list[f->next].time_ms))
		leave(f, container_of(first, struct fleet_vgpu, node));
	else if (more)
		arrive(f);
	return first || more;
}

void fleet_finish(struct fleet *f)
{
	u32 i;

	f->now_ms = max_u64(f->now_ms, f->config.end_ms);
	for (i = 0; i < f->config.num_accelerators; i++)
		advance(&f->accelerators[i], f);
}

u64 fleet_promised(const struct fleet_vgpu *v)
{
	return min_u64(v->asked->share_ppm, v->asked->load_ppm) * v->asked->duration_ms;
}

u64 fleet_lacks(const struct fleet_vgpu *v)
{
	u64 promised = fleet_promised(v);

	return promised > v->got ? promised - v->got : 0;
}

bool fleet_missed(const struct fleet *f, const struct fleet_vgpu *v)
{
	return fleet_lacks(v) > fleet_promised(v) / 100 * f->config.tolerance_percent;
}

u64 fleet_end_ms(const struct fleet_config *config, const struct fleet_arrivals *arrivals)
{
	u64 end_ms = config->end_ms;
	u32 i;

	for (i = 0; !config->end_ms && i < arrivals->num; i++)
		end_ms = max_u64(end_ms, arrivals->list[i].time_ms +
					 arrivals->list[i].duration_ms);
	return end_ms;
}

void fleet_init(struct fleet *f, const struct fleet_config *config, enum fleet_placement placement,
		const struct fleet_arrivals *arrivals)
{
	u32 i, r;

	*f = (struct fleet){
		.config = *config,
		.placement = placement,
		.arrivals = arrivals,
		.vgpus = calloc(arrivals->num, sizeof(*f->vgpus)),
		.accelerators = calloc(config->num_accelerators, sizeof(*f->accelerators)),
		.free = config->num_accelerators * TESSERA_VRAM_UNITS,
	};
	if (!f->vgpus || !f->accelerators)
		abort();
	f->config.end_ms = fleet_end_ms(config, arrivals);
	for (i = 0; i < config->num_accelerators; i++) {
		for (r = 0; r < FLEET_NUM_RESOURCES; r++)
			tessera_pool_init(&f->accelerators[i].pools[r], units[r]);
		count_fits(&f->accelerators[i]);
	}
}

void fleet_free(struct fleet *f)
{
	free(f->vgpus);
	free(f->accelerators);
}
