// SPDX-License-Identifier: GPL-2.0-only
/*
 * fleet_share.c - what each policy owes to the vGPUs on an accelerator, as rates
 *
 * The definitions of `due' in Documentation/compare.rst, for demands that are rates. All is
 * rounded down to a millionth of the engine, so that rates never exceed the engine in sum.
 */
#include <string.h>

#include "fleet.h"

#define PPM	TESSERA_SCHED_PPM

static u32 min_u32(u32 a, u32 b)
{
	return a < b ? a : b;
}

/* What switching leaves of the engine, if the vGPUs alternate. */
static u32 capacity(const struct fleet_config *config, u32 running)
{
	u64 slice_ns = config->timeslice_ns;

	if (!slice_ns)
		slice_ns = running <= TESSERA_SCHED_FEW_VGPUS ? TESSERA_SCHED_SLICE_FEW_NS :
								TESSERA_SCHED_SLICE_MANY_NS;
	return PPM * slice_ns / (slice_ns + config->switch_ns);
}

struct bounds {
	u32 least, most;
	bool settled;
};

/* Reservations (or demands below them) in proportion, where they are more than there is. */
static bool divide_reserved(u32 whole, const struct bounds *b, u32 num, u32 *rates)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < num; i++)
		sum += b[i].least;
	if (sum < whole)
		return false;
	for (i = 0; i < num; i++)
		rates[i] = sum ? (u64)b[i].least * whole / sum : 0;
	return true;
}

/*
 * Weighted max-min: a rate is weight * level, but within its bounds. In each round what is left
 * is divided among those not settled. Where bounds from below take more than those from above
 * leave, the former will not be undone by a lower level, so they are settled; and the reverse.
 */
static void divide(u32 whole, const struct fleet_claim *claims, struct bounds *b, u32 num,
		   u32 *rates)
{
	u64 left = whole, weights, raised, lowered;
	u32 i, level, open;

	if (divide_reserved(whole, b, num, rates))
		return;
	do {
		weights = 0;
		raised = 0;
		lowered = 0;
		for (i = 0; i < num; i++)
			weights += b[i].settled ? 0 : claims[i].weight;
		for (i = 0; i < num; i++) {
			if (b[i].settled)
				continue;
			level = left * claims[i].weight / weights;
			raised += b[i].least > level ? b[i].least - level : 0;
			lowered += b[i].most < level ? level - b[i].most : 0;
			rates[i] = level < b[i].least ? b[i].least : min_u32(level, b[i].most);
		}
		open = 0;
		for (i = 0; raised != lowered && i < num; i++) {
			if (b[i].settled)
				continue;
			b[i].settled = raised > lowered ? rates[i] == b[i].least :
							  rates[i] == b[i].most;
			if (b[i].settled)
				left -= rates[i];
			else
				open++;
		}
	} while (open);
}

static void by_weight(const struct fleet_config *config, const struct fleet_claim *claims, u32 num,
		      u32 *rates)
{
	struct bounds b[FLEET_MAX_ON_ONE];
	u32 i, with_work = 0;

	for (i = 0; i < num; i++) {
		b[i] = (struct bounds){
			.least = min_u32(claims[i].floor_ppm, claims[i].demand_ppm),
			.most = claims[i].demand_ppm,
		};
		with_work += claims[i].demand_ppm > 0;
	}
	divide(with_work > 1 ? capacity(config, num) : PPM, claims, b, num, rates);
}

/* A turn is a vGPU's own, with work or without. */
static void equally(const struct fleet_config *config, const struct fleet_claim *claims, u32 num,
		    u32 *rates)
{
	u32 turn = (num > 1 ? capacity(config, num) : PPM) / num, i;

	for (i = 0; i < num; i++)
		rates[i] = min_u32(claims[i].demand_ppm, turn);
}

/* Switching takes unsold time first. */
static void by_type(const struct fleet_config *config, const struct fleet_claim *claims, u32 num,
		    u32 *rates)
{
	u32 whole = num > 1 ? capacity(config, num) : PPM, i;
	u64 sold = 0;

	for (i = 0; i < num; i++)
		sold += claims[i].type_ppm;
	for (i = 0; i < num; i++)
		rates[i] = min_u32(claims[i].demand_ppm, sold <= whole ? claims[i].type_ppm :
				   (u64)claims[i].type_ppm * whole / sold);
}

typedef void (*share_function)(const struct fleet_config *config, const struct fleet_claim *claims,
			       u32 num, u32 *rates);

static share_function share_of(const struct tessera_sched_policy *policy)
{
	static const struct {
		const char *policy;
		share_function share;
	} known[] = {
		{ "best_effort", by_weight },
		{ "deadline", by_weight },
		{ "equal_share", equally },
		{ "fixed_share", by_type },
	};
	u32 i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcmp(known[i].policy, policy->name))
			return known[i].share;
	}
	return NULL;
}

bool fleet_knows_policy(const struct tessera_sched_policy *policy)
{
	return share_of(policy);
}

void fleet_share(const struct fleet_config *config, const struct fleet_claim *claims, u32 num,
		 u32 *rates_ppm)
{
	share_function share = share_of(config->policy);

	if (num)
		share(config, claims, num, rates_ppm);
}
