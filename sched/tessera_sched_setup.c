// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_sched_setup.c - the list of policies; schedulers and entities come and go; settings
 *
 * Of the settings, those that only the next slice follows; tessera_sched.c has the others.
 */
#include "tessera_sched_internal.h"

/* The clock begins shortly before it wraps, so that wrapping is nothing special. */
#define VCLOCK_START		(0ull - 5000000000ull)

const struct tessera_sched_policy *const tessera_sched_policies[] = {
#define TESSERA_SCHED_POLICY(name) &tessera_sched_##name,
#include "policies.h"
#undef TESSERA_SCHED_POLICY
	NULL,
};

/* strcmp(), where there is no C library */
static bool tessera_sched_same_name(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/**
 * tessera_sched_policy_find() - find the policy of a name
 * @name: as in &struct tessera_sched_policy.name
 *
 * Context: any.
 * Return: the policy, or NULL.
 */
const struct tessera_sched_policy *tessera_sched_policy_find(const char *name)
{
	const struct tessera_sched_policy *const *p;

	for (p = tessera_sched_policies; *p; p++) {
		if (tessera_sched_same_name((*p)->name, name))
			return *p;
	}
	return NULL;
}

/**
 * tessera_sched_init() - make a scheduler, without entities
 * @s: the scheduler; what it held is lost
 * @policy: one of tessera_sched_policies[]
 *
 * Context: any; nobody else uses @s yet.
 */
void tessera_sched_init(struct tessera_sched *s, const struct tessera_sched_policy *policy)
{
	*s = (struct tessera_sched){
		.policy = policy,
		.config.averaging = TESSERA_SCHED_AVERAGING_DEFAULT,
		.vclock = VCLOCK_START,
		.vclock_rebased = VCLOCK_START,
	};
	s->idle.name = "idle";
	if (policy->ops->init)
		policy->ops->init(s);
	s->idle.vtime = s->vclock;
}

/**
 * tessera_sched_entity_init() - make an entity: stopped, without work, of default weight
 * @e: the entity; must not be in a scheduler
 * @name: for traces; the caller's storage
 * @fixed_share_inv: fixed_share owes it 1/this, 1 to 65536 (others are moved there)
 *
 * Context: any; nobody else uses @e yet.
 */
void tessera_sched_entity_init(struct tessera_sched_entity *e, const char *name,
			       u32 fixed_share_inv)
{
	if (fixed_share_inv < 1)
		fixed_share_inv = 1;
	if (fixed_share_inv > 65536)
		fixed_share_inv = 65536;
	*e = (struct tessera_sched_entity){
		.name = name,
		.weight = TESSERA_SCHED_WEIGHT_DEFAULT,
		.fixed_share_inv = fixed_share_inv,
		.think_ns = TESSERA_SCHED_THINK_UNKNOWN,
	};
}

/**
 * tessera_sched_add() - put an entity into a scheduler, stopped
 * @s: the scheduler
 * @e: the entity, initialised, in no scheduler
 * @now_ns: the time
 *
 * Context: the engine's lock is held; does not sleep.
 */
void tessera_sched_add(struct tessera_sched *s, struct tessera_sched_entity *e, u64 now_ns)
{
	if (e->added)
		return;
	e->running = false;
	e->has_work = false;
	e->queued = false;
	e->added = true;
	e->vtime = s->vclock;
	e->vtime_rem = 0;
	e->member_prev = NULL;
	e->member_next = s->members;
	if (s->members)
		s->members->member_prev = e;
	s->members = e;
	s->num_entities++;
}

/**
 * tessera_sched_remove() - take an entity out of its scheduler
 * @s: the scheduler
 * @e: the entity; afterwards nothing in @s points to it
 * @now_ns: the time
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: true if pick() should be called now.
 */
bool tessera_sched_remove(struct tessera_sched *s, struct tessera_sched_entity *e, u64 now_ns)
{
	bool resched;

	if (!e->added)
		return false;
	resched = tessera_sched_stop(s, e, now_ns);
	/* Of an owner and a borrower one may stay: a turn without use, a borrower without turn. */
	if (s->next_valid && (s->next == e || s->next_borrower == e)) {
		if (s->next_borrower == e)
			s->next_borrower = NULL;
		s->next = NULL;
		resched = true;
	}
	if (s->holder == e || s->borrower == e) {
		if (s->holder == e)
			s->holder = NULL;
		if (s->borrower == e)
			s->borrower = NULL;
		if (s->current_entity == e)
			s->current_entity = NULL;
		s->provisional_ns = 0;
		resched |= !s->next_valid;
	}
	if (e->member_prev)
		e->member_prev->member_next = e->member_next;
	else
		s->members = e->member_next;
	if (e->member_next)
		e->member_next->member_prev = e->member_prev;
	e->member_next = NULL;
	e->member_prev = NULL;
	s->reservation_sum_ppm -= e->reservation_ppm;
	e->reservation_ppm = 0;
	e->added = false;
	s->num_entities--;
	return resched;
}

/**
 * tessera_sched_set_config() - change the settings; slices from the next on follow them
 * @s: the scheduler
 * @config: the settings
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: 0, or -EINVAL if one is out of range.
 */
int tessera_sched_set_config(struct tessera_sched *s, const struct tessera_sched_config *config)
{
	if (config->timeslice_ns && (config->timeslice_ns < TESSERA_SCHED_SLICE_MIN_NS ||
				     config->timeslice_ns > TESSERA_SCHED_SLICE_MAX_NS))
		return -EINVAL;
	if (config->averaging < TESSERA_SCHED_AVERAGING_MIN ||
	    config->averaging > TESSERA_SCHED_AVERAGING_MAX)
		return -EINVAL;
	s->config = *config;
	return 0;
}

/**
 * tessera_sched_set_slice_request() - change the slice that a vGPU asks for under deadline
 * @s: the scheduler
 * @e: an entity in @s
 * @slice_ns: TESSERA_SCHED_SLICE_MIN_NS to _MAX_NS; 0: the common one
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: 0, or -EINVAL out of range.
 */
int tessera_sched_set_slice_request(struct tessera_sched *s, struct tessera_sched_entity *e,
				    u64 slice_ns)
{
	if (slice_ns && (slice_ns < TESSERA_SCHED_SLICE_MIN_NS ||
			 slice_ns > TESSERA_SCHED_SLICE_MAX_NS))
		return -EINVAL;
	e->slice_request_ns = slice_ns;
	return 0;
}

/**
 * tessera_sched_due_ppm() - return what a vGPU is owed if all that run are busy
 * @s: the scheduler
 * @e: an entity in @s
 *
 * Context: the engine's lock is held; does not sleep.
 * Return: parts per million of the engine's time; 0 for a stopped vGPU.
 */
u32 tessera_sched_due_ppm(const struct tessera_sched *s, const struct tessera_sched_entity *e)
{
	return e->running ? s->policy->ops->due_ppm(s, e) : 0;
}
