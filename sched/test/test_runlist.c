// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_runlist.c - the runlist's state machine on a back end that only writes down
 *
 * First every event in every state, with what has to be asked of the hardware and the state after
 * it; then long random histories, in which the back end behaves as hardware does (and lies
 * about tokens now and then), with what must hold after each step.
 */
#include <stdlib.h>

#include "ktap.h"
#include "tessera_runlist.h"

#define MS	1000000ull
#define NONE	UINT64_MAX

/* What the state machine has asked for since the last look. */
static struct {
	unsigned int submits, slices, timeouts, resets, deaths;
	struct tessera_runlist_entity *submitted;
	u16 token;
	bool strict;
	u64 slice_ns, timeout_ns;
} asked;

static bool hw_switching;
static u64 hw_busy_ns, hw_time_ns, noted_busy_ns;
static bool timer_armed;
static struct tessera_runlist rl;
static struct tessera_runlist_entity a, b;

static void submit(struct tessera_runlist *r, struct tessera_runlist_entity *entity, u16 token,
		   bool strict)
{
	CHECK(r->waiting);
	asked.submits++;
	asked.submitted = entity;
	asked.token = token;
	asked.strict = strict;
	hw_switching = true;
}

static void arm_slice(struct tessera_runlist *r, u64 ns)
{
	CHECK(!r->waiting);
	asked.slices++;
	asked.slice_ns = ns;
	timer_armed = ns != 0;
}

static void arm_timeout(struct tessera_runlist *r, u64 ns)
{
	CHECK(r->waiting);
	asked.timeouts++;
	asked.timeout_ns = ns;
	timer_armed = ns != TESSERA_RUNLIST_NO_TIMEOUT;
}

static void engine_reset(struct tessera_runlist *r)
{
	asked.resets++;
}

static bool engine_switching(struct tessera_runlist *r)
{
	return hw_switching;
}

static void device_dead(struct tessera_runlist *r)
{
	asked.deaths++;
}

static void counters(struct tessera_runlist *r, u64 *busy_ns, u64 *time_ns)
{
	*busy_ns = hw_busy_ns;
	*time_ns = hw_time_ns;
}

static void note(struct tessera_runlist *r, const struct tessera_runlist_note *n)
{
	CHECK(n->type != TESSERA_RUNLIST_NOTE_SWITCH || n->from == r->in_force);
	/* The counter in notes never goes back */
	CHECK(!n->busy_ns || n->busy_ns >= noted_busy_ns);
	if (n->busy_ns)
		noted_busy_ns = n->busy_ns;
}

static const struct tessera_runlist_ops ops = {
	.submit = submit,
	.arm_slice = arm_slice,
	.arm_timeout = arm_timeout,
	.engine_reset = engine_reset,
	.engine_switching = engine_switching,
	.device_dead = device_dead,
	.counters = counters,
	.note = note,
};

static void forget(void)
{
	memset(&asked, 0, sizeof(asked));
}

static void pass(u64 ns, bool busy)
{
	hw_time_ns += ns;
	if (busy)
		hw_busy_ns += ns;
}

static void charge(void)
{
	tessera_runlist_charge(&rl, hw_busy_ns, hw_time_ns);
}

static void happen(enum tessera_runlist_event_type type, struct tessera_runlist_entity *entity,
		   u16 token)
{
	struct tessera_runlist_event ev = {
		.type = type, .entity = entity, .token = token,
		.time_ns = hw_time_ns, .busy_ns = hw_busy_ns,
	};

	if (type == TESSERA_RUNLIST_SWITCHED && token == rl.token)
		hw_switching = false;
	tessera_runlist_event(&rl, &ev);
}

static void switched(void)
{
	happen(TESSERA_RUNLIST_SWITCHED, NULL, rl.token);
}

/* ------------------------------------------------------------ every state -- */

enum state {
	EMPTY,		/* up, nobody runs, the engine's runlist is empty */
	RUNNING,	/* a has the engine, and work */
	RESTING,	/* a has the engine, and no work: it stays */
	CONTESTED,	/* a has the engine, b waits for its turn */
	TO_A,		/* a's runlist was submitted, and is waited for */
	TO_B,		/* ... b's, while a goes on */
	RESETTING,	/* as TO_B, and the engine has been reset once */
	DOWN,		/* the device is being reset */
	NUM_STATES
};

static const char *const state_names[] = {
	"empty", "running", "resting", "contested", "to a", "to b", "resetting", "down",
};

static void enter(enum state state)
{
	hw_busy_ns = 0;
	hw_time_ns = MS;
	noted_busy_ns = 0;
	hw_switching = false;
	timer_armed = false;
	tessera_runlist_init(&rl, &ops, tessera_sched_policies[0]);
	rl.preempt_timeout_ns = 10 * MS;
	tessera_runlist_entity_init(&a, "a", 4);
	tessera_runlist_entity_init(&b, "b", 4);
	tessera_runlist_up(&rl, hw_time_ns);
	charge();
	tessera_runlist_add(&rl, &a);
	tessera_runlist_add(&rl, &b);
	tessera_runlist_start(&rl, &a);
	tessera_runlist_start(&rl, &b);
	if (state == EMPTY)
		goto out;
	happen(TESSERA_RUNLIST_PENDING, &a, rl.token);
	if (state == TO_A)
		goto out;
	switched();
	pass(MS / 2, true);
	if (state == RESTING)
		happen(TESSERA_RUNLIST_IDLE, &a, rl.token);
	if (state == RUNNING || state == RESTING)
		goto out;
	happen(TESSERA_RUNLIST_PENDING, &b, rl.token);
	if (state == CONTESTED)
		goto out;
	/* More than a slice */
	pass(3 * MS, true);
	tessera_runlist_timer(&rl);
	if (state == TO_B)
		goto out;
	pass(10 * MS, true);
	tessera_runlist_timer(&rl);
	if (state == RESETTING)
		goto out;
	tessera_runlist_down(&rl);
out:
	pass(MS / 10, rl.in_force && a.sched.has_work);
	forget();
}

enum what {
	SWITCHED, STALE_SWITCHED, IDLE, STALE_IDLE, PENDING_A, PENDING_B, PENDING_NOBODY,
	RESET_DONE, TIMER, STOP_A, STOP_B, REMOVE_A, REMOVE_B, NUM_WHATS
};

static const char *const what_names[] = {
	"switched", "stale switched", "idle", "stale idle", "pending a", "pending b",
	"pending nobody", "reset done", "timer", "stop a", "stop b", "remove a", "remove b",
};

static void do_what(enum what what)
{
	switch (what) {
	case SWITCHED:
		switched();
		break;
	case STALE_SWITCHED:
		happen(TESSERA_RUNLIST_SWITCHED, NULL, rl.token - 1);
		break;
	case IDLE:
		happen(TESSERA_RUNLIST_IDLE, rl.in_force, tessera_runlist_token(&rl));
		break;
	case STALE_IDLE:
		happen(TESSERA_RUNLIST_IDLE, rl.in_force, tessera_runlist_token(&rl) - 1);
		break;
	case PENDING_A:
		happen(TESSERA_RUNLIST_PENDING, &a, tessera_runlist_token(&rl));
		break;
	case PENDING_B:
		happen(TESSERA_RUNLIST_PENDING, &b, tessera_runlist_token(&rl));
		break;
	case PENDING_NOBODY:
		happen(TESSERA_RUNLIST_PENDING, NULL, tessera_runlist_token(&rl));
		break;
	case RESET_DONE:
		happen(TESSERA_RUNLIST_RESET_DONE, rl.in_force, tessera_runlist_token(&rl));
		break;
	case TIMER:
		tessera_runlist_timer(&rl);
		break;
	case STOP_A:
	case REMOVE_A:
		tessera_runlist_stop(&rl, &a);
		if (what == REMOVE_A)
			tessera_runlist_remove(&rl, &a);
		break;
	case STOP_B:
	case REMOVE_B:
		tessera_runlist_stop(&rl, &b);
		if (what == REMOVE_B)
			tessera_runlist_remove(&rl, &b);
		break;
	case NUM_WHATS:
		break;
	}
}

/*
 * What is asked of the hardware (A, B, N: that runlist, or none, is submitted; s: a slice's timer,
 * S: none; t: the timeout's timer; r: the engine's reset), then who has the engine (a, b, -) and
 * whether another is waited for (w).
 */
static const char *const table[NUM_STATES][NUM_WHATS] = {
	[EMPTY] = {
		[SWITCHED] = "|-", [STALE_SWITCHED] = "|-", [IDLE] = "|-", [STALE_IDLE] = "|-",
		[PENDING_A] = "At|-w", [PENDING_B] = "Bt|-w", [PENDING_NOBODY] = "|-",
		[RESET_DONE] = "|-", [TIMER] = "S|-", [STOP_A] = "|-", [STOP_B] = "|-",
		[REMOVE_A] = "|-", [REMOVE_B] = "|-",
	},
	[RUNNING] = {
		[SWITCHED] = "|a", [STALE_SWITCHED] = "|a", [IDLE] = "|a", [STALE_IDLE] = "|a",
		[PENDING_A] = "|a", [PENDING_B] = "s|a", [PENDING_NOBODY] = "|a",
		[RESET_DONE] = "|a", [TIMER] = "S|a", [STOP_A] = "Nt|aw", [STOP_B] = "|a",
		[REMOVE_A] = "Nt|-w", [REMOVE_B] = "|a",
	},
	[RESTING] = {
		[SWITCHED] = "|a", [STALE_SWITCHED] = "|a", [IDLE] = "|a", [STALE_IDLE] = "|a",
		[PENDING_A] = "|a", [PENDING_B] = "Bt|aw", [PENDING_NOBODY] = "|a",
		[RESET_DONE] = "|a", [TIMER] = "S|a", [STOP_A] = "Nt|aw", [STOP_B] = "|a",
		[REMOVE_A] = "Nt|-w", [REMOVE_B] = "|a",
	},
	[CONTESTED] = {
		[SWITCHED] = "|a", [STALE_SWITCHED] = "|a", [IDLE] = "Bt|aw", [STALE_IDLE] = "|a",
		[PENDING_A] = "|a", [PENDING_B] = "|a", [PENDING_NOBODY] = "|a",
		[RESET_DONE] = "|a", [TIMER] = "s|a", [STOP_A] = "Bt|aw", [STOP_B] = "|a",
		[REMOVE_A] = "Bt|-w", [REMOVE_B] = "|a",
	},
	[TO_A] = {
		[SWITCHED] = "S|a", [STALE_SWITCHED] = "|-w", [IDLE] = "|-w", [STALE_IDLE] = "|-w",
		[PENDING_A] = "|-w", [PENDING_B] = "|-w", [PENDING_NOBODY] = "|-w",
		[RESET_DONE] = "|-w", [TIMER] = "tr|-w", [STOP_A] = "|-w", [STOP_B] = "|-w",
		[REMOVE_A] = "|-w", [REMOVE_B] = "|-w",
	},
	[TO_B] = {
		[SWITCHED] = "s|b", [STALE_SWITCHED] = "|aw", [IDLE] = "|aw", [STALE_IDLE] = "|aw",
		[PENDING_A] = "|aw", [PENDING_B] = "|aw", [PENDING_NOBODY] = "|aw",
		[RESET_DONE] = "|aw", [TIMER] = "tr|aw", [STOP_A] = "|aw", [STOP_B] = "|aw",
		[REMOVE_A] = "|-w", [REMOVE_B] = "|aw",
	},
	[RESETTING] = {
		[SWITCHED] = "s|b", [STALE_SWITCHED] = "|aw", [IDLE] = "|aw", [STALE_IDLE] = "|aw",
		[PENDING_A] = "|aw", [PENDING_B] = "|aw", [PENDING_NOBODY] = "|aw",
		[RESET_DONE] = "|aw", [TIMER] = "tr|aw", [STOP_A] = "|aw", [STOP_B] = "|aw",
		[REMOVE_A] = "|-w", [REMOVE_B] = "|aw",
	},
	[DOWN] = {
		[SWITCHED] = "|-", [STALE_SWITCHED] = "|-", [IDLE] = "|-", [STALE_IDLE] = "|-",
		[PENDING_A] = "|-", [PENDING_B] = "|-", [PENDING_NOBODY] = "|-",
		[RESET_DONE] = "|-", [TIMER] = "|-", [STOP_A] = "|-", [STOP_B] = "|-",
		[REMOVE_A] = "|-", [REMOVE_B] = "|-",
	},
};

static char letter(const struct tessera_runlist_entity *e, char for_a, char for_b, char for_none)
{
	return e == &a ? for_a : e == &b ? for_b : for_none;
}

static const char *outcome(void)
{
	static char text[16];
	char *p = text;

	if (asked.submits)
		*p++ = letter(asked.submitted, 'A', 'B', 'N');
	if (asked.slices)
		*p++ = asked.slice_ns ? 's' : 'S';
	if (asked.timeouts)
		*p++ = 't';
	if (asked.resets)
		*p++ = 'r';
	*p++ = '|';
	*p++ = letter(rl.in_force, 'a', 'b', '-');
	if (rl.waiting)
		*p++ = 'w';
	*p = '\0';
	return text;
}

static void every_state_and_event(void)
{
	int s, w;

	for (s = 0; s < NUM_STATES; s++) {
		for (w = 0; w < NUM_WHATS; w++) {
			enter(s);
			do_what(w);
			CHECK_MSG(!strcmp(outcome(), table[s][w]), "%s in %s: %s, not %s",
				  what_names[w], state_names[s], outcome(), table[s][w]);
			CHECK(asked.submits <= 1 && !asked.deaths);
		}
	}
}

/* ------------------------------------------------------------ by itself -- */

static void stopped_next_is_void(void)
{
	enter(TO_B);
	tessera_runlist_stop(&rl, &b);
	forget();
	switched();
	/* b's runlist is in force, but it does not compete: a again, at once */
	CHECK_EQ(asked.submits, 1);
	CHECK(asked.submitted == &a && rl.in_force == &b && rl.waiting);
}

static void removed_next_is_unloaded(void)
{
	enter(TO_A);
	tessera_runlist_stop(&rl, &a);
	tessera_runlist_remove(&rl, &a);
	forget();
	switched();
	/* Nobody is there any more, but the engine's runlist is not empty */
	CHECK_EQ(asked.submits, 1);
	CHECK(!asked.submitted && !rl.in_force);
	switched();
	CHECK(!rl.waiting);
}

static void three_resets_then_the_device(void)
{
	unsigned int i;

	enter(TO_B);
	for (i = 0; i < 3; i++) {
		tessera_runlist_timer(&rl);
		CHECK_EQ(asked.resets, i + 1);
		CHECK_EQ(asked.timeout_ns, 100 * MS);
		CHECK(!asked.deaths);
	}
	CHECK_EQ(a.resets, 1);
	tessera_runlist_timer(&rl);
	CHECK_EQ(asked.resets, 3);
	CHECK_EQ(asked.deaths, 1);
	CHECK(!timer_armed);
}

static void resets_are_forgotten(void)
{
	unsigned int i;

	enter(RESETTING);
	switched();
	happen(TESSERA_RUNLIST_PENDING, &a, rl.token);
	/* a has a debt to pay first */
	for (i = 0; i < 100 && !rl.waiting; i++) {
		pass(3 * MS, true);
		tessera_runlist_timer(&rl);
	}
	CHECK(rl.waiting && asked.submitted == &a);
	CHECK_EQ(asked.timeout_ns, 10 * MS);
	tessera_runlist_timer(&rl);
	CHECK_EQ(b.resets, 1);
}

static void event_on_its_way(void)
{
	enter(TO_B);
	hw_switching = false;
	tessera_runlist_timer(&rl);
	CHECK(!asked.resets && timer_armed && !a.resets);
	CHECK_EQ(asked.timeout_ns, MS);
}

static void mode_changes_while_waiting(void)
{
	u16 token;

	enter(TO_B);
	token = rl.token;
	rl.strict = true;
	tessera_runlist_resubmit(&rl);
	CHECK_EQ(asked.submits, 1);
	CHECK(asked.submitted == &b && asked.strict && asked.token == token);
	switched();
	CHECK(rl.in_force == &b);
	forget();
	happen(TESSERA_RUNLIST_SWITCHED, NULL, token);
	CHECK(rl.in_force == &b && !asked.submits);
	enter(RUNNING);
	tessera_runlist_resubmit(&rl);
	CHECK(!asked.submits);
}

static void no_timeout(void)
{
	enter(CONTESTED);
	rl.preempt_timeout_ns = 0;
	do_what(IDLE);
	CHECK_EQ(asked.timeout_ns, TESSERA_RUNLIST_NO_TIMEOUT);
}

static void counters_run_on_over_resets(void)
{
	u64 before, used;

	enter(RUNNING);
	charge();
	before = rl.now_ns;
	used = a.busy_ns;
	CHECK(used);
	tessera_runlist_down(&rl);
	CHECK(!rl.in_force && !a.sched.running);
	hw_busy_ns = 0;
	hw_time_ns = 5;
	tessera_runlist_up(&rl, hw_time_ns);
	pass(7, false);
	charge();
	CHECK_EQ(rl.now_ns, before + 7);
	CHECK_EQ(a.busy_ns, used);
	tessera_runlist_start(&rl, &a);
	happen(TESSERA_RUNLIST_PENDING, &a, rl.token);
	CHECK(asked.submitted == &a);
}

/* ------------------------------------------------------ random histories -- */

#define CROWD	6u

static uint64_t seed;

static u32 below(u32 n)
{
	uint64_t z = (seed += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return (z ^ (z >> 31)) % n;
}

static struct tessera_runlist_entity crowd[CROWD];
static bool added[CROWD];

static void check_invariants(u64 charged)
{
	u64 sum = rl.gone_busy_ns;
	u32 i;

	for (i = 0; i < CROWD; i++) {
		if (added[i])
			sum += crowd[i].busy_ns;
		/* Of one that was removed nothing is left */
		CHECK(added[i] || (rl.in_force != &crowd[i] && rl.next != &crowd[i]));
		CHECK(added[i] || rl.sched.current_entity != &crowd[i].sched);
	}
	CHECK_MSG(sum == charged, "charged %" PRIu64 " of %" PRIu64, sum, charged);
	CHECK(asked.submits <= 1);
	CHECK(!rl.waiting || timer_armed || rl.reset_tries);
	CHECK(!rl.next || rl.waiting);
}

static void storm(const struct tessera_sched_policy *policy)
{
	unsigned int steps, i;
	u16 token_before;
	bool was_waiting;
	u64 base = 0;

	memset(added, 0, sizeof(added));
	hw_busy_ns = 0;
	hw_time_ns = 0;
	noted_busy_ns = 0;
	timer_armed = false;
	tessera_runlist_init(&rl, &ops, policy);
	rl.preempt_timeout_ns = 10 * MS;
	tessera_runlist_up(&rl, 0);
	for (steps = 0; steps < 20000 && !ktap_complaints; steps++) {
		i = below(CROWD);
		forget();
		was_waiting = rl.waiting;
		token_before = rl.token;
		pass(below(3) ? below(200000) : below(4 * MS), below(4));
		charge();
		switch (below(14)) {
		case 0:
			if (!added[i]) {
				tessera_runlist_entity_init(&crowd[i], "x", 1 << below(5));
				tessera_runlist_add(&rl, &crowd[i]);
				added[i] = true;
			}
			break;
		case 1:
			if (added[i] && !below(4)) {
				tessera_runlist_stop(&rl, &crowd[i]);
				tessera_runlist_remove(&rl, &crowd[i]);
				added[i] = false;
			}
			break;
		case 2:
		case 3:
			if (added[i] && !crowd[i].sched.running)
				tessera_runlist_start(&rl, &crowd[i]);
			break;
		case 4:
			if (added[i] && !below(3))
				tessera_runlist_stop(&rl, &crowd[i]);
			break;
		case 5:
		case 6:
			if (added[i])
				happen(TESSERA_RUNLIST_PENDING, &crowd[i],
				       tessera_runlist_token(&rl));
			break;
		case 7:
			happen(TESSERA_RUNLIST_IDLE, rl.in_force, tessera_runlist_token(&rl));
			break;
		case 8:
			happen(TESSERA_RUNLIST_SWITCHED, NULL, rl.token - 1 - below(3));
			CHECK(rl.waiting == was_waiting);
			break;
		case 9:
			if (timer_armed)
				tessera_runlist_timer(&rl);
			break;
		case 10:
			rl.strict = below(2);
			tessera_runlist_resubmit(&rl);
			break;
		case 11:
			if (!below(40)) {
				base += hw_busy_ns;
				tessera_runlist_down(&rl);
				CHECK(!rl.in_force && !rl.waiting);
				hw_busy_ns = 0;
				hw_time_ns = below(1000);
				hw_switching = false;
				tessera_runlist_up(&rl, hw_time_ns);
			}
			break;
		default:
			if (rl.waiting)
				switched();
			break;
		}
		/* A waiting runlist is never replaced */
		CHECK(!was_waiting || !rl.waiting || rl.token == token_before ||
		      rl.token == (u16)(token_before + 1));
		check_invariants(base + hw_busy_ns);
	}
}

static void storms(void)
{
	const struct tessera_sched_policy *const *p;
	unsigned int round;

	for (p = tessera_sched_policies; *p; p++) {
		for (round = 1; round <= 20; round++) {
			seed = round;
			storm(*p);
		}
	}
}

static const struct ktap_test tests[] = {
	{ "every_state_and_event", every_state_and_event },
	{ "stopped_next_is_void", stopped_next_is_void },
	{ "removed_next_is_unloaded", removed_next_is_unloaded },
	{ "three_resets_then_the_device", three_resets_then_the_device },
	{ "resets_are_forgotten", resets_are_forgotten },
	{ "event_on_its_way", event_on_its_way },
	{ "mode_changes_while_waiting", mode_changes_while_waiting },
	{ "no_timeout", no_timeout },
	{ "counters_run_on_over_resets", counters_run_on_over_resets },
	{ "storms", storms },
};

int main(int argc, char **argv)
{
	return ktap_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
