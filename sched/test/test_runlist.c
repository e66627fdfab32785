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

/* What the state machine has asked for, and told, since the last look. */
static struct {
	unsigned int submits, replaced, slices, timeouts, resets, deaths, num_notes;
	struct tessera_runlist_entity *submitted;
	u16 token;
	bool strict;
	u64 slice_ns, timeout_ns;
	char notes[32];
	struct tessera_runlist_note last[TESSERA_RUNLIST_NOTE_STOP + 1];
} asked;

/* The engine: which runlist it has, and which it was told to switch to. */
static struct {
	u16 token, next_token;
	struct tessera_runlist_entity *entity, *next;
	bool switching, timer;
	bool fast;		/* it switches just before it is told of another */
	bool late;		/* ... and has not reported that */
	u64 busy_ns, switch_ns, time_ns;
} hw;

static u64 noted_busy_ns, noted_switch_ns;
static struct tessera_runlist rl;
static struct tessera_runlist_entity a, b;

static void submit(struct tessera_runlist *r, struct tessera_runlist_entity *entity, u16 token,
		   bool strict)
{
	CHECK(r->waiting && !r->down);
	/* A waiting runlist is replaced by an urgent one's, or by none if its entity was removed */
	if (hw.switching && token == hw.next_token) {
		CHECK(entity == hw.next || !entity);
	} else if (hw.switching) {
		CHECK(token == (u16)(hw.next_token + 1) && entity && !hw.late);
		asked.replaced++;
		/* It had just switched: the event is on its way */
		if (hw.fast) {
			hw.token = hw.next_token;
			hw.entity = hw.next;
			hw.switch_ns += 1000;
			hw.late = true;
		}
	}
	asked.submits++;
	asked.submitted = entity;
	asked.token = token;
	asked.strict = strict;
	hw.next_token = token;
	hw.next = entity;
	hw.switching = true;
}

static void arm_slice(struct tessera_runlist *r, u64 ns)
{
	CHECK(!r->waiting && !r->down);
	asked.slices++;
	asked.slice_ns = ns;
	hw.timer = ns != 0;
}

static void arm_timeout(struct tessera_runlist *r, u64 ns)
{
	CHECK(r->waiting && !r->down);
	asked.timeouts++;
	asked.timeout_ns = ns;
	hw.timer = ns != TESSERA_RUNLIST_NO_TIMEOUT;
}

static void engine_reset(struct tessera_runlist *r)
{
	asked.resets++;
}

static bool engine_switching(struct tessera_runlist *r)
{
	return hw.switching;
}

static void device_dead(struct tessera_runlist *r)
{
	asked.deaths++;
}

static void counters(struct tessera_runlist *r, u64 *busy_ns, u64 *time_ns)
{
	*busy_ns = hw.busy_ns;
	*time_ns = hw.time_ns;
}

static void note(struct tessera_runlist *r, const struct tessera_runlist_note *n)
{
	static const char letters[] = {
		[TESSERA_RUNLIST_NOTE_ENQUEUE] = 'e', [TESSERA_RUNLIST_NOTE_PICK] = 'k',
		[TESSERA_RUNLIST_NOTE_PREEMPT] = 'p', [TESSERA_RUNLIST_NOTE_OVERSHOOT] = 'o',
		[TESSERA_RUNLIST_NOTE_SWITCH] = 'w', [TESSERA_RUNLIST_NOTE_IDLE] = 'i',
		[TESSERA_RUNLIST_NOTE_RESET] = 'r', [TESSERA_RUNLIST_NOTE_DOWN] = 'd',
		[TESSERA_RUNLIST_NOTE_RESET_DONE] = 'R', [TESSERA_RUNLIST_NOTE_START] = '+',
		[TESSERA_RUNLIST_NOTE_STOP] = '-',
	};

	CHECK(n->type != TESSERA_RUNLIST_NOTE_SWITCH || n->from == r->in_force);
	/* The counters in notes never go back */
	CHECK(!n->busy_ns || n->busy_ns >= noted_busy_ns);
	CHECK(!n->switch_ns || n->switch_ns >= noted_switch_ns);
	if (n->busy_ns)
		noted_busy_ns = n->busy_ns;
	if (n->switch_ns)
		noted_switch_ns = n->switch_ns;
	if (asked.num_notes < sizeof(asked.notes) - 1)
		asked.notes[asked.num_notes++] = letters[n->type];
	asked.last[n->type] = *n;
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
	hw.time_ns += ns;
	if (busy)
		hw.busy_ns += ns;
}

/* As the mediator does: while the device is down there is no counter to read. */
static void charge(void)
{
	if (!rl.down)
		tessera_runlist_charge(&rl, hw.busy_ns, hw.time_ns);
}

static void happen(enum tessera_runlist_event_type type, struct tessera_runlist_entity *entity,
		   u16 token)
{
	struct tessera_runlist_event ev = {
		.type = type, .entity = entity, .token = token, .ctx = 7,
		.time_ns = hw.time_ns, .busy_ns = hw.busy_ns, .switch_ns = hw.switch_ns,
	};

	tessera_runlist_event(&rl, &ev);
}

/* What is on its way. */
static void report_late(void)
{
	if (!hw.late)
		return;
	hw.late = false;
	happen(TESSERA_RUNLIST_SWITCHED, NULL, hw.token);
}

static void switched(void)
{
	report_late();
	if (hw.switching) {
		hw.token = hw.next_token;
		hw.entity = hw.next;
		hw.switch_ns += 1000;
	}
	hw.switching = false;
	happen(TESSERA_RUNLIST_SWITCHED, NULL, hw.token);
}

static void fire(void)
{
	hw.timer = false;
	tessera_runlist_timer(&rl);
}

/* The device is reset: it knows nothing of before. */
static void go_down(void)
{
	tessera_runlist_down(&rl);
	hw.late = false;
	hw.switching = false;
	hw.timer = false;
	hw.entity = NULL;
}

static void come_up(u64 device_ns)
{
	hw.token = 0;
	hw.busy_ns = 0;
	hw.switch_ns = 0;
	hw.time_ns = device_ns;
	tessera_runlist_up(&rl, hw.time_ns);
}

static void begin(const struct tessera_sched_policy *policy)
{
	memset(&hw, 0, sizeof(hw));
	noted_busy_ns = 0;
	noted_switch_ns = 0;
	tessera_runlist_init(&rl, &ops, policy);
	rl.preempt_timeout_ns = 10 * MS;
	come_up(MS);
	charge();
}

/* ------------------------------------------------------------ every state -- */

enum state {
	EMPTY,		/* up, nobody runs, the engine's runlist is empty */
	HELD,		/* as EMPTY; a does not compete, but has work since */
	RUNNING,	/* a has the engine, and work */
	RESTING,	/* a has the engine, and no work: it stays */
	PARKED,		/* as RESTING, and the scheduler has decided so */
	CONTESTED,	/* a has the engine, b waits for its turn */
	TO_A,		/* a's runlist was submitted, and is waited for */
	TO_B,		/* ... b's, while a goes on */
	TO_NONE,	/* ... nobody's, since a has been stopped */
	VOID,		/* as TO_B, and b has been stopped since */
	RESETTING,	/* as TO_B, and the engine has been reset once */
	LAST_TRY,	/* as TO_B, and the engine has been reset three times */
	DOWN,		/* the device is being reset */
	NUM_STATES
};

static const char *const state_names[] = {
	"empty", "held", "running", "resting", "parked", "contested", "to a", "to b", "to none",
	"void", "resetting", "last try", "down",
};

static void enter(enum state state)
{
	unsigned int i;

	begin(tessera_sched_policies[0]);
	tessera_runlist_entity_init(&a, "a", 4);
	tessera_runlist_entity_init(&b, "b", 4);
	tessera_runlist_add(&rl, &a);
	tessera_runlist_add(&rl, &b);
	if (state != HELD)
		tessera_runlist_start(&rl, &a);
	tessera_runlist_start(&rl, &b);
	if (state == EMPTY)
		goto out;
	happen(TESSERA_RUNLIST_PENDING, &a, hw.token);
	if (state == TO_A || state == HELD)
		goto out;
	switched();
	pass(MS / 2, true);
	if (state == RESTING || state == PARKED)
		happen(TESSERA_RUNLIST_IDLE, &a, hw.token);
	if (state == PARKED)
		tessera_runlist_pick(&rl);
	if (state == TO_NONE) {
		charge();
		tessera_runlist_stop(&rl, &a);
	}
	if (state == RUNNING || state == RESTING || state == PARKED || state == TO_NONE)
		goto out;
	happen(TESSERA_RUNLIST_PENDING, &b, hw.token);
	if (state == CONTESTED)
		goto out;
	/* More than a slice */
	pass(3 * MS, true);
	fire();
	if (state == VOID)
		tessera_runlist_stop(&rl, &b);
	if (state == TO_B || state == VOID)
		goto out;
	for (i = 0; i < (state == LAST_TRY ? 3 : 1); i++) {
		pass(10 * MS, true);
		fire();
	}
	if (state != DOWN)
		goto out;
	/* Another pick is due */
	tessera_runlist_pick(&rl);
	go_down();
out:
	pass(MS / 10, state == DOWN || (rl.in_force && a.sched.has_work));
	forget();
}

enum what {
	SWITCHED, STALE_SWITCHED, IDLE, STALE_IDLE, EARLY_IDLE, PENDING_A, PENDING_B,
	PENDING_NOBODY, RESET_DONE, TIMER, START_A, START_B, RESTART_A, STOP_A, STOP_B, REMOVE_A,
	REMOVE_B, PICK, RESUBMIT, GO_DOWN, NUM_WHATS
};

static const char *const what_names[] = {
	"switched", "stale switched", "idle", "stale idle", "early idle", "pending a", "pending b",
	"pending nobody", "reset done", "timer", "start a", "start b", "restart a", "stop a",
	"stop b", "remove a", "remove b", "pick", "resubmit", "go down",
};

static void do_what(enum what what)
{
	struct tessera_runlist_entity *e = what == STOP_B || what == REMOVE_B ? &b : &a;

	if (what >= START_A && what <= PICK)
		charge();
	switch (what) {
	case SWITCHED:
		switched();
		break;
	case STALE_SWITCHED:
		happen(TESSERA_RUNLIST_SWITCHED, NULL, hw.next_token - 1);
		break;
	case IDLE:
		happen(TESSERA_RUNLIST_IDLE, hw.entity, hw.token);
		break;
	case STALE_IDLE:
		happen(TESSERA_RUNLIST_IDLE, hw.entity, hw.token - 1);
		break;
	case EARLY_IDLE:
		happen(TESSERA_RUNLIST_IDLE, hw.entity, hw.token + 1);
		break;
	case PENDING_A:
		happen(TESSERA_RUNLIST_PENDING, &a, hw.token);
		break;
	case PENDING_B:
		happen(TESSERA_RUNLIST_PENDING, &b, hw.token);
		break;
	case PENDING_NOBODY:
		happen(TESSERA_RUNLIST_PENDING, NULL, hw.token);
		break;
	case RESET_DONE:
		happen(TESSERA_RUNLIST_RESET_DONE, hw.entity, hw.token);
		break;
	case TIMER:
		fire();
		break;
	case START_A:
	case START_B:
		tessera_runlist_start(&rl, what == START_A ? &a : &b);
		break;
	case RESTART_A:
		tessera_runlist_stop(&rl, &a);
		tessera_runlist_start(&rl, &a);
		break;
	case STOP_A:
	case STOP_B:
	case REMOVE_A:
	case REMOVE_B:
		tessera_runlist_stop(&rl, e);
		if (what == REMOVE_A || what == REMOVE_B)
			tessera_runlist_remove(&rl, e);
		break;
	case PICK:
		tessera_runlist_pick(&rl);
		break;
	case RESUBMIT:
		tessera_runlist_resubmit(&rl);
		break;
	case GO_DOWN:
		go_down();
		break;
	case NUM_WHATS:
		break;
	}
}

/*
 * What is noted, a letter each (see note()); what is asked of the hardware (A, B, N: that runlist,
 * or none, is submitted; s: a slice's timer, S: none; t: the timeout's timer, T: none; r: the
 * engine's reset, X: the device's); then who has the engine (a, b, -), whether another is waited
 * for (w), is void (v), and whether another pick is due (p).
 */
static const char *const table[NUM_STATES][NUM_WHATS] = {
	[EMPTY] = {
		[SWITCHED] = "||-", [STALE_SWITCHED] = "||-", [IDLE] = "||-", [STALE_IDLE] = "||-",
		[EARLY_IDLE] = "||-", [PENDING_A] = "ekp|At|-w", [PENDING_B] = "ekp|Bt|-w",
		[PENDING_NOBODY] = "||-", [RESET_DONE] = "R||-", [TIMER] = "k|S|-",
		[START_A] = "+||-", [START_B] = "+||-", [RESTART_A] = "-+||-", [STOP_A] = "-||-",
		[STOP_B] = "-||-", [REMOVE_A] = "-||-", [REMOVE_B] = "-||-", [PICK] = "k|S|-",
		[RESUBMIT] = "||-", [GO_DOWN] = "d||-",
	},
	[HELD] = {
		[SWITCHED] = "||-", [STALE_SWITCHED] = "||-", [IDLE] = "||-", [STALE_IDLE] = "||-",
		[EARLY_IDLE] = "||-", [PENDING_A] = "e||-", [PENDING_B] = "ekp|Bt|-w",
		[PENDING_NOBODY] = "||-", [RESET_DONE] = "R||-", [TIMER] = "k|S|-",
		[START_A] = "+kp|At|-w", [START_B] = "+||-", [RESTART_A] = "+kp|At|-w",
		[STOP_A] = "||-", [STOP_B] = "-||-", [REMOVE_A] = "||-", [REMOVE_B] = "-||-",
		[PICK] = "k|S|-", [RESUBMIT] = "||-", [GO_DOWN] = "d||-",
	},
	[RUNNING] = {
		[SWITCHED] = "||a", [STALE_SWITCHED] = "||a", [IDLE] = "i||a",
		[STALE_IDLE] = "||a", [EARLY_IDLE] = "||a", [PENDING_A] = "e||a",
		[PENDING_B] = "ek|s|a", [PENDING_NOBODY] = "||a", [RESET_DONE] = "R||a",
		[TIMER] = "k|S|a", [START_A] = "+||a", [START_B] = "+||a",
		[RESTART_A] = "-ikp+|Nt|aw", [STOP_A] = "-ikp|Nt|aw", [STOP_B] = "-||a",
		[REMOVE_A] = "-ikpw|Nt|-wp", [REMOVE_B] = "-||a", [PICK] = "k|S|a",
		[RESUBMIT] = "||a", [GO_DOWN] = "diw||-",
	},
	[RESTING] = {
		[SWITCHED] = "||a", [STALE_SWITCHED] = "||a", [IDLE] = "i||a",
		[STALE_IDLE] = "||a", [EARLY_IDLE] = "||a", [PENDING_A] = "e||a",
		[PENDING_B] = "ekp|Bt|aw", [PENDING_NOBODY] = "||a", [RESET_DONE] = "R||a",
		[TIMER] = "k|S|a", [START_A] = "+||a", [START_B] = "+||a",
		[RESTART_A] = "-kp+|Nt|aw", [STOP_A] = "-kp|Nt|aw", [STOP_B] = "-||a",
		[REMOVE_A] = "-kpw|Nt|-wp", [REMOVE_B] = "-||a", [PICK] = "k|S|a",
		[RESUBMIT] = "||a", [GO_DOWN] = "dw||-",
	},
	[PARKED] = {
		[SWITCHED] = "||a", [STALE_SWITCHED] = "||a", [IDLE] = "i||a",
		[STALE_IDLE] = "||a", [EARLY_IDLE] = "||a", [PENDING_A] = "ek|S|a",
		[PENDING_B] = "ekp|Bt|aw", [PENDING_NOBODY] = "||a", [RESET_DONE] = "R||a",
		[TIMER] = "k|S|a", [START_A] = "+||a", [START_B] = "+||a",
		[RESTART_A] = "-kp+|Nt|aw", [STOP_A] = "-kp|Nt|aw", [STOP_B] = "-||a",
		[REMOVE_A] = "-kpw|Nt|-wp", [REMOVE_B] = "-||a", [PICK] = "k|S|a",
		[RESUBMIT] = "||a", [GO_DOWN] = "dw||-",
	},
	[CONTESTED] = {
		[SWITCHED] = "||a", [STALE_SWITCHED] = "||a", [IDLE] = "ikp|Bt|aw",
		[STALE_IDLE] = "||a", [EARLY_IDLE] = "||a", [PENDING_A] = "e||a",
		[PENDING_B] = "e||a", [PENDING_NOBODY] = "||a", [RESET_DONE] = "R||a",
		[TIMER] = "k|s|a", [START_A] = "+||a", [START_B] = "+||a",
		[RESTART_A] = "-ikp+|Bt|aw", [STOP_A] = "-ikp|Bt|aw", [STOP_B] = "-i||a",
		[REMOVE_A] = "-ikpw|Bt|-wp", [REMOVE_B] = "-i||a", [PICK] = "k|s|a",
		[RESUBMIT] = "||a", [GO_DOWN] = "diiw||-",
	},
	[TO_A] = {
		[SWITCHED] = "w|S|a", [STALE_SWITCHED] = "||-w", [IDLE] = "||-w",
		[STALE_IDLE] = "||-w", [EARLY_IDLE] = "||-w", [PENDING_A] = "e||-w",
		[PENDING_B] = "e||-wp", [PENDING_NOBODY] = "||-w", [RESET_DONE] = "R||-w",
		[TIMER] = "r|tr|-w", [START_A] = "+||-w", [START_B] = "+||-w",
		[RESTART_A] = "-i+||-wvp", [STOP_A] = "-i||-wvp", [STOP_B] = "-||-w",
		[REMOVE_A] = "-i||-wvp", [REMOVE_B] = "-||-w", [PICK] = "||-wp",
		[RESUBMIT] = "p|At|-w", [GO_DOWN] = "di||-",
	},
	[TO_B] = {
		[SWITCHED] = "ow|s|b", [STALE_SWITCHED] = "||aw", [IDLE] = "i||aw",
		[STALE_IDLE] = "||aw", [EARLY_IDLE] = "||aw", [PENDING_A] = "e||aw",
		[PENDING_B] = "e||aw", [PENDING_NOBODY] = "||aw", [RESET_DONE] = "R||aw",
		[TIMER] = "r|tr|aw", [START_A] = "+||aw", [START_B] = "+||aw",
		[RESTART_A] = "-i+||awp", [STOP_A] = "-i||awp", [STOP_B] = "-i||awvp",
		[REMOVE_A] = "-iw||-wp", [REMOVE_B] = "-i||awvp", [PICK] = "||awp",
		[RESUBMIT] = "p|Bt|aw", [GO_DOWN] = "diiw||-",
	},
	[TO_NONE] = {
		[SWITCHED] = "w|S|-", [STALE_SWITCHED] = "||aw", [IDLE] = "i||aw",
		[STALE_IDLE] = "||aw", [EARLY_IDLE] = "||aw", [PENDING_A] = "e||aw",
		[PENDING_B] = "e||awp", [PENDING_NOBODY] = "||aw", [RESET_DONE] = "R||aw",
		[TIMER] = "r|tr|aw", [START_A] = "+||aw", [START_B] = "+||aw",
		[RESTART_A] = "+||aw", [STOP_A] = "||aw", [STOP_B] = "-||aw",
		[REMOVE_A] = "w||-wp", [REMOVE_B] = "-||aw", [PICK] = "||awp",
		[RESUBMIT] = "p|Nt|aw", [GO_DOWN] = "dw||-",
	},
	[VOID] = {
		[SWITCHED] = "owkp|At|bw", [STALE_SWITCHED] = "||awvp", [IDLE] = "i||awvp",
		[STALE_IDLE] = "||awvp", [EARLY_IDLE] = "||awvp", [PENDING_A] = "e||awvp",
		[PENDING_B] = "e||awvp", [PENDING_NOBODY] = "||awvp", [RESET_DONE] = "R||awvp",
		[TIMER] = "r|tr|awvp", [START_A] = "+||awvp", [START_B] = "+||awvp",
		[RESTART_A] = "-i+||awvp", [STOP_A] = "-i||awvp", [STOP_B] = "||awvp",
		[REMOVE_A] = "-iw||-wvp", [REMOVE_B] = "||awvp", [PICK] = "||awvp",
		[RESUBMIT] = "p|Bt|awvp", [GO_DOWN] = "diw||-",
	},
	[RESETTING] = {
		[SWITCHED] = "ow|s|b", [STALE_SWITCHED] = "||aw", [IDLE] = "i||aw",
		[STALE_IDLE] = "||aw", [EARLY_IDLE] = "||aw", [PENDING_A] = "e||aw",
		[PENDING_B] = "e||aw", [PENDING_NOBODY] = "||aw", [RESET_DONE] = "R||aw",
		[TIMER] = "r|tr|aw", [START_A] = "+||aw", [START_B] = "+||aw",
		[RESTART_A] = "-i+||awp", [STOP_A] = "-i||awp", [STOP_B] = "-i||awvp",
		[REMOVE_A] = "-iw||-wp", [REMOVE_B] = "-i||awvp", [PICK] = "||awp",
		[RESUBMIT] = "p|Bt|aw", [GO_DOWN] = "diiw||-",
	},
	[LAST_TRY] = {
		[SWITCHED] = "ow|s|b", [STALE_SWITCHED] = "||aw", [IDLE] = "i||aw",
		[STALE_IDLE] = "||aw", [EARLY_IDLE] = "||aw", [PENDING_A] = "e||aw",
		[PENDING_B] = "e||aw", [PENDING_NOBODY] = "||aw", [RESET_DONE] = "R||aw",
		[TIMER] = "|TX|aw", [START_A] = "+||aw", [START_B] = "+||aw",
		[RESTART_A] = "-i+||awp", [STOP_A] = "-i||awp", [STOP_B] = "-i||awvp",
		[REMOVE_A] = "-iw||-wp", [REMOVE_B] = "-i||awvp", [PICK] = "||awp",
		[RESUBMIT] = "p|Bt|aw", [GO_DOWN] = "diiw||-",
	},
	[DOWN] = {
		[SWITCHED] = "||-", [STALE_SWITCHED] = "||-", [IDLE] = "||-", [STALE_IDLE] = "||-",
		[EARLY_IDLE] = "||-", [PENDING_A] = "||-", [PENDING_B] = "||-",
		[PENDING_NOBODY] = "||-", [RESET_DONE] = "||-", [TIMER] = "||-",
		[START_A] = "+||-", [START_B] = "+||-", [RESTART_A] = "+||-", [STOP_A] = "||-",
		[STOP_B] = "||-", [REMOVE_A] = "||-", [REMOVE_B] = "||-", [PICK] = "||-",
		[RESUBMIT] = "||-", [GO_DOWN] = "||-",
	},
};

static char letter(const struct tessera_runlist_entity *e, char for_a, char for_b, char for_none)
{
	return e == &a ? for_a : e == &b ? for_b : for_none;
}

static const char *outcome(void)
{
	static char text[64];
	char *p = text;

	p += sprintf(p, "%s|", asked.notes);
	if (asked.submits)
		*p++ = letter(asked.submitted, 'A', 'B', 'N');
	if (asked.slices)
		*p++ = asked.slice_ns ? 's' : 'S';
	if (asked.timeouts)
		*p++ = asked.timeout_ns == TESSERA_RUNLIST_NO_TIMEOUT ? 'T' : 't';
	if (asked.resets)
		*p++ = 'r';
	if (asked.deaths)
		*p++ = 'X';
	*p++ = '|';
	*p++ = letter(rl.in_force, 'a', 'b', '-');
	if (rl.waiting)
		*p++ = 'w';
	if (rl.waiting && rl.next_void)
		*p++ = 'v';
	if (rl.repick)
		*p++ = 'p';
	*p = '\0';
	return text;
}

static void every_state_and_event(void)
{
	u64 now_ns, charged_ns;
	bool charges;
	int s, w;

	for (s = 0; s < NUM_STATES; s++) {
		for (w = 0; w < NUM_WHATS; w++) {
			enter(s);
			now_ns = rl.now_ns;
			charged_ns = a.busy_ns + b.busy_ns + rl.gone_busy_ns;
			do_what(w);
			CHECK_MSG(!strcmp(outcome(), table[s][w]), "%s in %s: %s, not %s",
				  what_names[w], state_names[s], outcome(), table[s][w]);
			CHECK(asked.submits <= 1);
			/* All are charged first, but a timeout and what asks nobody */
			charges = s != DOWN && w != RESUBMIT && w != GO_DOWN &&
				  (w != TIMER || s < TO_A);
			if (w != REMOVE_A && w != REMOVE_B)
				rl.gone_busy_ns += a.busy_ns + b.busy_ns;
			else
				rl.gone_busy_ns += w == REMOVE_A ? b.busy_ns : a.busy_ns;
			CHECK_MSG(rl.gone_busy_ns == (charges ? hw.busy_ns : charged_ns),
				  "%s in %s", what_names[w], state_names[s]);
			CHECK_MSG(rl.now_ns == (charges ? hw.time_ns : now_ns), "%s in %s",
				  what_names[w], state_names[s]);
		}
	}
}

/* ------------------------------------------------------------ by itself -- */

static void stopped_next_is_void(void)
{
	enter(VOID);
	switched();
	/* b's runlist is in force, but it does not compete: a again, at once */
	CHECK_EQ(asked.submits, 1);
	CHECK(asked.submitted == &a && rl.in_force == &b && rl.waiting);
	CHECK(rl.sched.current_entity == &b.sched);
}

/* Disabled and enabled again while it is waited for: it has the engine, and pays for it. */
static void restarted_next_is_charged(void)
{
	enter(VOID);
	tessera_runlist_start(&rl, &b);
	tessera_runlist_wake(&rl, &b, 1);
	switched();
	CHECK(rl.in_force == &b && !rl.waiting);
	CHECK(rl.sched.current_entity == &b.sched);
	CHECK_EQ(b.sched.slices, 1);
	pass(MS, true);
	charge();
	CHECK_EQ(b.busy_ns, MS);
	CHECK_EQ(b.sched.used_ns, MS);
}

/* One that wakes under deadline while a batch is waited for does not wait for another's slice. */
static void urgent_one_replaces_the_next(void)
{
	unsigned int fast;

	for (fast = 0; fast < 2; fast++) {
		static struct tessera_runlist_entity w;
		bool repick;

		enter(TO_B);
		CHECK_EQ(tessera_sched_set_policy(&rl.sched, tessera_sched_policy_find("deadline"),
						  rl.now_ns, &repick), 0);
		tessera_runlist_entity_init(&w, "w", 4);
		tessera_runlist_add(&rl, &w);
		tessera_runlist_start(&rl, &w);
		hw.fast = fast;
		forget();
		happen(TESSERA_RUNLIST_PENDING, &w, hw.token);
		CHECK_EQ(asked.replaced, 1);
		CHECK(asked.submitted == &w && rl.in_force == &a && rl.waiting);
		CHECK_EQ(asked.timeouts, 0);
		report_late();
		/* Where it had switched to b, that has the engine, and pays, until w has it */
		CHECK(rl.in_force == (fast ? &b : &a) && rl.waiting);
		CHECK(rl.sched.current_entity == &rl.in_force->sched);
		CHECK_EQ(asked.timeouts, fast);
		pass(MS / 10, true);
		charge();
		CHECK_EQ(b.busy_ns, fast ? MS / 10 : 0);
		CHECK_EQ(b.sched.used_ns, b.busy_ns);
		switched();
		CHECK(rl.in_force == &w && !rl.waiting);
		CHECK(rl.sched.current_entity == &w.sched);
		tessera_runlist_stop(&rl, &w);
		tessera_runlist_remove(&rl, &w);
	}
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
	CHECK_EQ(rl.switches, 2);
}

/* Kept off the engine with its contexts alive, and let in again: what it had it still has. */
static void kept_off_for_a_while(void)
{
	enter(RUNNING);
	charge();
	tessera_runlist_stop(&rl, &a);
	switched();
	CHECK(!rl.in_force);
	pass(MS, false);
	charge();
	forget();
	tessera_runlist_start(&rl, &a);
	CHECK_EQ(asked.submits, 0);
	tessera_runlist_wake(&rl, &a, 5);
	CHECK_EQ(asked.submits, 1);
	CHECK(asked.submitted == &a);
	CHECK_EQ(asked.last[TESSERA_RUNLIST_NOTE_ENQUEUE].ctx, 5);
	switched();
	CHECK(rl.in_force == &a && a.sched.has_work);
	/* And if that was nothing, the hardware says so */
	happen(TESSERA_RUNLIST_IDLE, NULL, hw.token);
	CHECK(!a.sched.has_work);
}

static void three_resets_then_the_device(void)
{
	unsigned int i;

	enter(TO_B);
	for (i = 0; i < 3; i++) {
		fire();
		CHECK_EQ(asked.resets, i + 1);
		CHECK_EQ(asked.timeout_ns, 100 * MS);
		CHECK_EQ(asked.last[TESSERA_RUNLIST_NOTE_RESET].value, i);
		CHECK(!asked.deaths);
	}
	CHECK_EQ(a.resets, 1);
	fire();
	CHECK_EQ(asked.resets, 3);
	CHECK_EQ(asked.deaths, 1);
	CHECK(!hw.timer);
}

static void no_reset(void)
{
	unsigned int i;

	enter(TO_B);
	rl.no_reset = true;
	for (i = 0; i < 3; i++) {
		asked.timeouts = 0;
		fire();
		CHECK_EQ(asked.timeouts, 1);
		CHECK_EQ(asked.timeout_ns, 10 * MS);
		CHECK(!asked.deaths);
	}
	CHECK(!asked.resets && !a.resets && !strchr(asked.notes, 'r'));
	fire();
	CHECK_EQ(asked.deaths, 1);
}

static void resets_are_forgotten(void)
{
	unsigned int i;

	enter(RESETTING);
	switched();
	happen(TESSERA_RUNLIST_PENDING, &a, hw.token);
	/* a has a debt to pay first */
	for (i = 0; i < 100 && !rl.waiting; i++) {
		pass(3 * MS, true);
		fire();
	}
	CHECK(rl.waiting && asked.submitted == &a);
	CHECK_EQ(asked.timeout_ns, 10 * MS);
	fire();
	CHECK_EQ(b.resets, 1);
}

static void event_on_its_way(void)
{
	enter(TO_B);
	hw.switching = false;
	fire();
	CHECK(!asked.resets && hw.timer && !a.resets);
	CHECK_EQ(asked.timeout_ns, MS);
}

/* Of an event that never comes, no engine reset brings another */
static void lost_event(void)
{
	unsigned int i;

	enter(TO_B);
	hw.switching = false;
	for (i = 0; i < 1000; i++) {
		fire();
		CHECK(!asked.deaths && hw.timer);
	}
	fire();
	CHECK_EQ(asked.deaths, 1);
	CHECK(!asked.resets && !a.resets && !hw.timer);
}

static void each_switch_has_its_own_waits(void)
{
	unsigned int i, k;

	enter(TO_B);
	for (k = 0; k < 3; k++) {
		hw.switching = false;
		for (i = 0; i < 900; i++)
			fire();
		hw.switching = true;
		switched();
		for (i = 0; i < 100 && !rl.waiting; i++) {
			pass(3 * MS, true);
			fire();
		}
		CHECK(rl.waiting);
	}
	CHECK(!asked.deaths);
}

static void mode_changes_while_waiting(void)
{
	u16 token;

	enter(TO_B);
	token = hw.next_token;
	rl.strict = true;
	tessera_runlist_resubmit(&rl);
	CHECK_EQ(asked.submits, 1);
	CHECK(asked.submitted == &b && asked.strict && asked.token == token);
	switched();
	CHECK(rl.in_force == &b);
	forget();
	happen(TESSERA_RUNLIST_SWITCHED, NULL, token);
	CHECK(rl.in_force == &b && !asked.submits);
}

static void no_timeout(void)
{
	enter(CONTESTED);
	rl.preempt_timeout_ns = 0;
	do_what(IDLE);
	CHECK_EQ(asked.timeout_ns, TESSERA_RUNLIST_NO_TIMEOUT);
}

/* Time that is nobody's (here the shares of those who are not there) is taken from who has it. */
static void nobodys_time(void)
{
	unsigned int i, taken = 0;

	begin(tessera_sched_policy_find("fixed_share"));
	tessera_runlist_entity_init(&a, "a", 4);
	tessera_runlist_add(&rl, &a);
	tessera_runlist_start(&rl, &a);
	happen(TESSERA_RUNLIST_PENDING, &a, hw.token);
	for (i = 0; i < 40; i++) {
		forget();
		pass(MS, rl.in_force == &a);
		CHECK(hw.timer);
		if (rl.waiting) {
			switched();
			continue;
		}
		fire();
		if (asked.submits && !asked.submitted) {
			CHECK(rl.in_force == &a && a.sched.has_work);
			CHECK(asked.last[TESSERA_RUNLIST_NOTE_PICK].value);
			taken++;
		}
	}
	CHECK(taken > 1);
}

static void time_never_goes_back(void)
{
	u64 now_ns, busy_ns;

	enter(RUNNING);
	charge();
	now_ns = rl.now_ns;
	busy_ns = a.busy_ns;
	hw.time_ns -= MS / 20;
	hw.busy_ns -= MS / 20;
	happen(TESSERA_RUNLIST_PENDING, NULL, hw.token);
	CHECK_EQ(rl.now_ns, now_ns);
	CHECK_EQ(a.busy_ns, busy_ns);
}

static void counters_run_on_over_resets(void)
{
	u64 before, used, switch_ns;

	enter(RESETTING);
	switched();
	charge();
	before = rl.now_ns;
	used = a.busy_ns;
	switch_ns = hw.switch_ns;
	CHECK(used && switch_ns);
	go_down();
	CHECK(!rl.in_force && !a.sched.running);
	come_up(5);
	pass(7, false);
	charge();
	CHECK_EQ(rl.now_ns, before + 7);
	CHECK_EQ(a.busy_ns, used);
	tessera_runlist_start(&rl, &a);
	happen(TESSERA_RUNLIST_PENDING, &a, hw.token);
	CHECK(asked.submitted == &a);
	switched();
	pass(11, true);
	happen(TESSERA_RUNLIST_IDLE, &a, hw.token);
	CHECK_EQ(asked.last[TESSERA_RUNLIST_NOTE_SWITCH].switch_ns, switch_ns + 1000);
	CHECK_EQ(asked.last[TESSERA_RUNLIST_NOTE_IDLE].busy_ns, used + 11);
	/* ... and over the next two, between which nothing happens */
	go_down();
	come_up(5);
	go_down();
	come_up(5);
	tessera_runlist_start(&rl, &a);
	happen(TESSERA_RUNLIST_PENDING, &a, hw.token);
	CHECK_EQ(asked.last[TESSERA_RUNLIST_NOTE_ENQUEUE].busy_ns, used + 11);
	switched();
	CHECK_EQ(asked.last[TESSERA_RUNLIST_NOTE_SWITCH].switch_ns, switch_ns + 2000);
}

static void device_reset_empties_the_engine(void)
{
	enter(DOWN);
	come_up(5);
	/* Nobody has to leave */
	tessera_runlist_pick(&rl);
	CHECK(!asked.submits && !rl.waiting);
	tessera_runlist_start(&rl, &a);
	happen(TESSERA_RUNLIST_PENDING, &a, hw.token);
	/* Nor is an engine reset of before remembered */
	CHECK(asked.submitted == &a);
	CHECK_EQ(asked.timeout_ns, 10 * MS);
}

static void notes(void)
{
	const struct tessera_runlist_note *n = asked.last;
	u64 slice_ns;

	enter(RUNNING);
	happen(TESSERA_RUNLIST_PENDING, &b, hw.token);
	CHECK(n[TESSERA_RUNLIST_NOTE_ENQUEUE].entity == &b);
	CHECK_EQ(n[TESSERA_RUNLIST_NOTE_ENQUEUE].ctx, 7);
	CHECK_EQ(n[TESSERA_RUNLIST_NOTE_ENQUEUE].busy_ns, hw.busy_ns);
	CHECK(n[TESSERA_RUNLIST_NOTE_PICK].entity == &a);
	CHECK_EQ(n[TESSERA_RUNLIST_NOTE_PICK].value, asked.slice_ns);
	pass(5 * MS, true);
	rl.strict = true;
	fire();
	CHECK(n[TESSERA_RUNLIST_NOTE_PICK].entity == &b);
	slice_ns = n[TESSERA_RUNLIST_NOTE_PICK].value;
	CHECK(n[TESSERA_RUNLIST_NOTE_PREEMPT].entity == &a);
	CHECK(n[TESSERA_RUNLIST_NOTE_PREEMPT].strict);
	CHECK_EQ(n[TESSERA_RUNLIST_NOTE_PREEMPT].token, hw.next_token);
	CHECK(!strcmp(asked.notes, "ekkp"));
	/* Only what it used since then is an overshoot of this preemption */
	CHECK(a.sched.overshoot_ns);
	pass(MS / 4, true);
	switched();
	CHECK(n[TESSERA_RUNLIST_NOTE_OVERSHOOT].entity == &a);
	CHECK_EQ(n[TESSERA_RUNLIST_NOTE_OVERSHOOT].value, MS / 4);
	CHECK(n[TESSERA_RUNLIST_NOTE_SWITCH].entity == &b);
	CHECK(n[TESSERA_RUNLIST_NOTE_SWITCH].from == &a);
	CHECK_EQ(n[TESSERA_RUNLIST_NOTE_SWITCH].token, hw.token);
	CHECK_EQ(n[TESSERA_RUNLIST_NOTE_SWITCH].busy_ns, hw.busy_ns);
	CHECK_EQ(n[TESSERA_RUNLIST_NOTE_SWITCH].switch_ns, hw.switch_ns);
	CHECK_EQ(asked.slice_ns, slice_ns);
	happen(TESSERA_RUNLIST_RESET_DONE, &a, hw.token);
	CHECK(n[TESSERA_RUNLIST_NOTE_RESET_DONE].entity == &a);
	happen(TESSERA_RUNLIST_IDLE, &b, hw.token);
	CHECK(n[TESSERA_RUNLIST_NOTE_IDLE].entity == &b);
	CHECK_EQ(n[TESSERA_RUNLIST_NOTE_IDLE].token, hw.token);
	CHECK_EQ(n[TESSERA_RUNLIST_NOTE_IDLE].busy_ns, hw.busy_ns);
	/* The timer was late, but it leaves at once when it is told to */
	enter(CONTESTED);
	pass(5 * MS, true);
	fire();
	CHECK(rl.waiting && a.sched.overshoot_ns);
	switched();
	CHECK(rl.in_force == &b && !strchr(asked.notes, 'o'));
	enter(LAST_TRY);
	tessera_runlist_stop(&rl, &b);
	CHECK(n[TESSERA_RUNLIST_NOTE_STOP].entity == &b);
	tessera_runlist_start(&rl, &b);
	CHECK(n[TESSERA_RUNLIST_NOTE_START].entity == &b);
	go_down();
	CHECK(n[TESSERA_RUNLIST_NOTE_DOWN].entity == &a);
	CHECK_EQ(n[TESSERA_RUNLIST_NOTE_DOWN].value, 3);
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

/* Somebody competes who has not got the engine. */
static bool somebody_waits(void)
{
	u32 i;

	for (i = 0; i < CROWD; i++)
		if (added[i] && crowd[i].sched.running && crowd[i].sched.has_work &&
		    &crowd[i] != rl.in_force)
			return true;
	return false;
}

static void check_invariants(u64 charged)
{
	u64 sum = rl.gone_busy_ns;
	u32 i;

	for (i = 0; i < CROWD; i++) {
		if (added[i]) {
			sum += crowd[i].busy_ns;
			CHECK_EQ(crowd[i].sched.used_ns, crowd[i].busy_ns);
		}
		/* Of one that was removed nothing is left */
		CHECK(added[i] || (rl.in_force != &crowd[i] && rl.next != &crowd[i]));
		CHECK(added[i] || rl.sched.current_entity != &crowd[i].sched);
	}
	CHECK_MSG(sum == charged, "charged %" PRIu64 " of %" PRIu64, sum, charged);
	CHECK(asked.submits <= 1);
	CHECK(!rl.next || rl.waiting);
	CHECK(rl.waiting == hw.switching);
	CHECK(!rl.in_force || rl.in_force == hw.entity || hw.late);
	/* Whoever is to be stopped, there is a timer that will see to it */
	CHECK(rl.down || asked.deaths || hw.timer || !(rl.waiting || somebody_waits()));
}

static void random_entity(struct tessera_runlist_entity *e, bool *is_added)
{
	if (!*is_added) {
		tessera_runlist_entity_init(e, "x", 1 << below(5));
		tessera_runlist_add(&rl, e);
		*is_added = true;
	} else if (!below(4)) {
		tessera_runlist_stop(&rl, e);
		tessera_runlist_remove(&rl, e);
		*is_added = false;
		if (hw.entity == e)
			hw.entity = NULL;
		if (hw.next == e)
			hw.next = NULL;
	}
}

static void random_event(struct tessera_runlist_entity *e, bool is_added)
{
	bool was_waiting = rl.waiting;

	hw.fast = below(2);
	report_late();
	switch (below(5)) {
	case 0:
	case 1:
		if (is_added)
			happen(TESSERA_RUNLIST_PENDING, e, hw.token);
		break;
	case 2:
		happen(TESSERA_RUNLIST_IDLE, hw.entity, hw.token);
		break;
	case 3:
		happen(TESSERA_RUNLIST_SWITCHED, NULL,
		       hw.next_token - 1 - rl.has_replaced - below(3));
		CHECK(rl.waiting == was_waiting && !asked.submits);
		break;
	default:
		if (hw.switching)
			switched();
		break;
	}
}

static void storm(const struct tessera_sched_policy *policy)
{
	unsigned int steps, i;
	u64 base = 0;

	memset(added, 0, sizeof(added));
	forget();
	begin(policy);
	for (steps = 0; steps < 20000 && !ktap_complaints; steps++) {
		i = below(CROWD);
		if (asked.deaths)
			go_down();
		forget();
		pass(below(3) ? below(200000) : below(4 * MS), !rl.down && below(4));
		charge();
		switch (below(12)) {
		case 0:
			random_entity(&crowd[i], &added[i]);
			break;
		case 1:
		case 2:
			if (added[i] && !rl.down && !crowd[i].sched.running)
				tessera_runlist_start(&rl, &crowd[i]);
			break;
		case 3:
			if (added[i] && !below(3))
				tessera_runlist_stop(&rl, &crowd[i]);
			break;
		case 4:
			if (hw.timer)
				fire();
			break;
		case 5:
			rl.strict = below(2);
			tessera_runlist_resubmit(&rl);
			break;
		case 6:
			if (rl.down) {
				base += hw.busy_ns;
				come_up(below(1000));
			} else if (!below(40)) {
				go_down();
				CHECK(!rl.in_force && !rl.waiting);
			}
			break;
		default:
			random_event(&crowd[i], added[i]);
			break;
		}
		check_invariants(base + hw.busy_ns);
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
			if (ktap_complaints) {
				FAIL("policy %s, seed %u", (*p)->name, round);
				return;
			}
		}
	}
}

static const struct ktap_test tests[] = {
	{ "every_state_and_event", every_state_and_event },
	{ "stopped_next_is_void", stopped_next_is_void },
	{ "restarted_next_is_charged", restarted_next_is_charged },
	{ "urgent_one_replaces_the_next", urgent_one_replaces_the_next },
	{ "removed_next_is_unloaded", removed_next_is_unloaded },
	{ "kept_off_for_a_while", kept_off_for_a_while },
	{ "three_resets_then_the_device", three_resets_then_the_device },
	{ "no_reset", no_reset },
	{ "resets_are_forgotten", resets_are_forgotten },
	{ "event_on_its_way", event_on_its_way },
	{ "lost_event", lost_event },
	{ "each_switch_has_its_own_waits", each_switch_has_its_own_waits },
	{ "mode_changes_while_waiting", mode_changes_while_waiting },
	{ "no_timeout", no_timeout },
	{ "nobodys_time", nobodys_time },
	{ "time_never_goes_back", time_never_goes_back },
	{ "counters_run_on_over_resets", counters_run_on_over_resets },
	{ "device_reset_empties_the_engine", device_reset_empties_the_engine },
	{ "notes", notes },
	{ "storms", storms },
};

int main(int argc, char **argv)
{
	return ktap_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
