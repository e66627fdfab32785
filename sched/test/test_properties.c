// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_properties.c - what must hold whatever happens: random loads, weights, settings,
 * and vGPUs coming and going, STEPS events (a million if unset) under each policy
 */
#include <stdlib.h>

#include "ktap.h"
#include "loads.h"
#include "tessera_sched_internal.h"

#define NUM		12
#define STEADY		3		/* of them always busy and left alone */
#define SLICE_MAX	4000000ull
#define BATCH_MAX	5000000ull
#define LATE_MAX	50000ull
#define WAIT_MAX	2000000000ull
#define HANG_MAX	400000000ull

/* In the runs that have them: */
#define RESERVED_PPM	200000	/* client 0's reservation */
#define LIMIT_PPM	250000	/* client 2's limit */
#define CAP_PPM		300000	/* client 1's elastic cap */

/* What is to change, too. */
#define POLICIES	1u	/* policies, any time */
#define QOS		2u	/* reservations, limits, requests of slices */
#define CAPS		4u	/* elastic caps */
#define HANGS		8u	/* batches that last long, and can't be cut */
#define ALONE		16u	/* of those always busy only client 2 runs */
#define PROGRAMS	32u	/* clients that submit, wait and think, for 1 us and more */
#define SWITCHES	64u	/* a switch takes from 5 to 500 us */
#define SOLD		128u	/* nothing of the engine is left unsold */
#define TOGGLES		256u	/* starts and stops every few 100 us, and of who is waited for */
#define WRITES		512u	/* all settings are written every ms, the same again */
#define QUIET		1024u	/* nobody is always busy */
#define TO_AND_FRO	2048u	/* policies, every ms or so; all are busy */

#define WRITE_NS	1000000ull

static struct sim_engine m;
static struct sim_client c[NUM];
static struct load_pauses pauses[NUM];
static struct load_program programs[NUM];
static struct load_busy busy[STEADY];
static u64 toggle_ns, write_ns, policy_ns;	/* when that comes next */
static u64 alone_since_ns;			/* one alone has had work, and not the engine */
static u64 random_state;
static u64 charged_gone, busy_gone, kept_gone;	/* of clients that left */
static unsigned int with;

/* Steady clients' service by weight, and the range of its difference to the first one's. */
static s64 low[STEADY], high[STEADY];

static u64 below(u64 bound)
{
	return sim_random_below(&random_state, bound);
}

static void new_client(unsigned int i)
{
	pauses[i] = (struct load_pauses){
		.length_ns = 1 + below(300000),
		.spread_ns = below(4) ? below(500000) : BATCH_MAX - 300000,
		.pause_ns = below(3) ? below(1000000) : below(20000000),
		.random = sim_random(&random_state),
	};
	programs[i] = (struct load_program){
		.length_ns = 1000 + below(200000),
		.spread_ns = below(2) ? below(300000) : 0,
		.think_ns = 1000 + (below(3) ? below(50000) : below(2000000)),
		.think_spread_ns = below(2) ? below(20000) : 0,
		.random = sim_random(&random_state),
	};
	if (with & TO_AND_FRO) {
		programs[i].think_ns = 0;
		programs[i].think_spread_ns = 0;
	}
	if ((with & TO_AND_FRO) || ((with & PROGRAMS) && below(4)))
		sim_client_init(&m, &c[i], "program", with & SOLD ? NUM : 16, &load_program,
				&programs[i]);
	else
		sim_client_init(&m, &c[i], "random", with & SOLD ? NUM : 16, &load_pauses,
				&pauses[i]);
}

static void set_qos(unsigned int i, u32 reservation, u32 limit)
{
	bool repick;

	/* A fifth is left for switching. */
	if (m.rl.sched.reservation_sum_ppm - c[i].run.sched.reservation_ppm + reservation > 800000)
		return;
	CHECK_EQ(tessera_sched_set_qos(&m.rl.sched, &c[i].run.sched, reservation, limit, m.now_ns,
				       &repick), 0);
	if (repick)
		sim_repick(&m);
}

static void set_cap(unsigned int i, u32 cap)
{
	bool repick;

	CHECK_EQ(tessera_sched_set_elastic_cap(&m.rl.sched, &c[i].run.sched, cap, m.now_ns,
					       &repick),
		 0);
	if (repick)
		sim_repick(&m);
}

/* The batch that runs turns out to be a long one. */
static void hang(void)
{
	u64 more = below(HANG_MAX);

	if (!m.on_engine || m.phase != SIM_READY || !m.on_engine->jobs_num ||
	    m.on_engine < &c[STEADY])
		return;
	m.on_engine->left_ns += more;
	m.on_engine->jobs[m.on_engine->jobs_first].length_ns += more;
	m.preemption = SIM_BATCH;
	sim_repick(&m);
}

static void set_up(const struct tessera_sched_policy *policy, u64 seed)
{
	unsigned int i;

	random_state = seed;
	charged_gone = 0;
	kept_gone = 0;
	busy_gone = 0;
	toggle_ns = 0;
	write_ns = 0;
	policy_ns = 0;
	alone_since_ns = SIM_NEVER;
	sim_init(&m, policy, seed);
	m.timer_late_ns = LATE_MAX;
	if (with & SWITCHES)
		m.switch_ns = 5000 + below(495001);
	for (i = 0; i < STEADY; i++) {
		busy[i] = (struct load_busy){
			.length_ns = 200000 + 300000 * i,
			.spread_ns = 1000000 * i,
			.random = i,
		};
		sim_client_init(&m, &c[i], "steady", with & SOLD ? NUM : 16, &load_busy, &busy[i]);
		tessera_sched_set_weight(&m.rl.sched, &c[i].run.sched, 100 + 50 * i);
		if (!(with & QUIET) && (!(with & ALONE) || i == 2))
			sim_client_start(&m, &c[i]);
		low[i] = 0;
		high[i] = 0;
	}
	for (; i < NUM; i++)
		new_client(i);
	if ((with & QOS) && !(with & POLICIES)) {
		set_qos(0, RESERVED_PPM, 0);
		set_qos(2, 0, LIMIT_PPM);
	}
	if ((with & CAPS) && !(with & POLICIES))
		set_cap(1, CAP_PPM);
}

/* Nobody is there who will do anything. */
static void start_one(void)
{
	unsigned int i = STEADY + below(NUM - STEADY);

	sim_client_stop(&m, &c[i]);
	sim_client_start(&m, &c[i]);
}

/* Engine time and charges of one that leaves, or at the end. */
static void check_charged(unsigned int i)
{
	CHECK_EQ(c[i].run.sched.used_ns, c[i].busy_ns);
}

/* Clients start and stop as fast as a driver can, best of all while they are waited for. */
static void toggle(void)
{
	unsigned int i = STEADY + below(NUM - STEADY);
	struct sim_client *waited = m.rl.waiting ? m.target : NULL;

	if (waited >= &c[STEADY] && waited < &c[NUM] && waited->running && !below(4)) {
		sim_client_stop(&m, waited);
		sim_client_start(&m, waited);
		return;
	}
	if (m.now_ns < toggle_ns)
		return;
	toggle_ns = m.now_ns + 50000 + below(350000);
	if (c[i].running)
		sim_client_stop(&m, &c[i]);
	else
		sim_client_start(&m, &c[i]);
}

/* The same values once more. */
static void write_again(void)
{
	const struct tessera_sched_entity *e;
	struct tessera_sched_entity was;
	unsigned int i;

	if (m.now_ns < write_ns)
		return;
	write_ns = m.now_ns + WRITE_NS;
	CHECK_EQ(tessera_sched_set_config(&m.rl.sched, &m.rl.sched.config), 0);
	for (i = 0; i < NUM; i++) {
		e = &c[i].run.sched;
		sim_charge(&m);
		was = *e;
		CHECK_EQ(tessera_sched_set_weight(&m.rl.sched, &c[i].run.sched, e->weight), 0);
		CHECK_EQ(tessera_sched_set_slice_request(&m.rl.sched, &c[i].run.sched,
							 e->slice_request_ns), 0);
		set_qos(i, e->reservation_ppm, e->limit_ppm);
		set_cap(i, e->elastic_cap_ppm);
		CHECK_EQ(e->vtime, was.vtime);
		CHECK_EQ(e->debt_ns, was.debt_ns);
		CHECK_EQ(e->reserve_tag_ns, was.reserve_tag_ns);
		CHECK_EQ(e->limit_tag_ns, was.limit_tag_ns);
		CHECK_EQ(e->elastic_tag_ns, was.elastic_tag_ns);
	}
}

/* Two policies in turn, for as long as it takes to starve someone; then two others. */
static void to_and_fro(void)
{
	static const struct tessera_sched_policy *other;
	static u64 until_ns, every_ns;
	unsigned int num = 0;

	if (m.now_ns < policy_ns)
		return;
	while (tessera_sched_policies[num])
		num++;
	if (!policy_ns || m.now_ns >= until_ns) {
		other = tessera_sched_policies[below(num)];
		every_ns = 1000000 + below(4) * 500000;
		until_ns = m.now_ns + 2 * WAIT_MAX;
	}
	policy_ns = m.now_ns + every_ns;
	sim_set_policy(&m, m.rl.sched.policy == other ? tessera_sched_policies[0] : other);
}

/* Something from outside happens to one of the clients, or to the scheduler. */
static void disturb(void)
{
	unsigned int i = with & (POLICIES | QUIET) ? below(NUM) : STEADY + below(NUM - STEADY);
	struct tessera_sched_config config;
	u32 reservation;

	switch (below(12)) {
	case 0:
	case 1:
	case 2:
		if (!c[i].running)
			sim_client_start(&m, &c[i]);
		break;
	case 3:
		sim_client_stop(&m, &c[i]);
		break;
	case 4:
		sim_client_exit(&m, &c[i]);
		check_charged(i);
		charged_gone += c[i].run.sched.used_ns;
		kept_gone += c[i].run.sched.kept_ns;
		busy_gone += c[i].busy_ns;
		new_client(i);
		break;
	case 5:
		tessera_sched_set_weight(&m.rl.sched, &c[i].run.sched, 50 + below(350));
		break;
	case 6:
		config.timeslice_ns = below(3) ? 1000000 + below(SLICE_MAX - 1000000 + 1) : 0;
		config.averaging = 1 + below(60);
		CHECK_EQ(tessera_sched_set_config(&m.rl.sched, &config), 0);
		break;
	case 7:
		if (below(2))
			m.preemption = below(2) ? SIM_STRICT : SIM_BATCH;
		else
			sim_repick(&m);
		break;
	case 8:
		if (!(with & QOS))
			break;
		reservation = below(2) ? below(200000) : 0;
		set_qos(i, reservation, below(2) ? reservation + 50000 + below(300000) : 0);
		tessera_sched_set_slice_request(&m.rl.sched, &c[i].run.sched,
						below(2) ? 1000000 + below(1000000) : 0);
		break;
	case 9:
		if (!(with & POLICIES))
			break;
		for (i = 0; tessera_sched_policies[i]; i++)
			;
		sim_set_policy(&m, tessera_sched_policies[below(i)]);
		break;
	case 10:
		if (with & CAPS)
			set_cap(i, below(4) ? 62500 + below(1000001 - 62500) : 0);
		break;
	case 11:
		if (with & HANGS)
			hang();
		break;
	}
}

/* Where each one's clocks were: between settings, none goes back. */
static struct {
	u64 vtime, reserve, limit, elastic;
} clocks[NUM];

static void note_clocks(void)
{
	unsigned int i;

	for (i = 0; i < NUM; i++) {
		clocks[i].vtime = c[i].run.sched.vtime;
		clocks[i].reserve = c[i].run.sched.reserve_tag_ns;
		clocks[i].limit = c[i].run.sched.limit_tag_ns;
		clocks[i].elastic = c[i].run.sched.elastic_tag_ns;
	}
}

static void check_clocks(void)
{
	unsigned int i;

	for (i = 0; i < NUM; i++) {
		/* But for turns that have gone on while nobody had work. */
		CHECK((s64)(c[i].run.sched.vtime - clocks[i].vtime) >= 0 ||
		      !m.rl.sched.policy->work_conserving);
		CHECK(c[i].run.sched.reserve_tag_ns >= clocks[i].reserve);
		CHECK(c[i].run.sched.limit_tag_ns >= clocks[i].limit);
		CHECK(c[i].run.sched.elastic_tag_ns >= clocks[i].elastic);
	}
	note_clocks();
}

/*
 * What one that is always busy has had, less @ppm of the time, in any window, however it is
 * cut: not more than @most, and not less than minus @least.
 */
struct rate {
	s64 low, high;
	bool begun;
};

static struct rate reserved, limited, capped, uncapped;

static void check_rate(struct rate *r, const char *what, unsigned int i, u32 ppm, u64 least,
		       u64 most)
{
	s64 ahead = (s64)c[i].busy_ns - (s64)(m.now_ns / 1000 * ppm / 1000);

	if (!r->begun) {
		r->low = ahead;
		r->high = ahead;
		r->begun = true;
	}
	if (ahead < r->low)
		r->low = ahead;
	if (ahead > r->high)
		r->high = ahead;
	CHECK_MSG(ahead - r->low <= (s64)most, "%s: %" PRId64 " ns too much", what,
		  ahead - r->low);
	CHECK_MSG(r->high - ahead <= (s64)least, "%s: %" PRId64 " ns too little", what,
		  r->high - ahead);
}

#define ANY		(1ull << 62)

static void check_rates(void)
{
	const struct tessera_sched_policy *policy = m.rl.sched.policy;

	if (with & POLICIES)
		return;
	/*
	 * A reservation's clock may be 100 ms ahead of what was had before; then others have
	 * a batch and a slice. A limit's is a second behind at most; then a slice, and a batch.
	 */
	if ((with & QOS) && policy->work_conserving && !(with & ALONE))
		check_rate(&reserved, "reserved", 0, RESERVED_PPM,
			   100000000ull * RESERVED_PPM / 1000000 + BATCH_MAX + 2 * SLICE_MAX, ANY);
	if ((with & QOS) && policy->work_conserving)
		check_rate(&limited, "limited", 2, LIMIT_PPM, ANY,
			   1000000000ull * LIMIT_PPM / 1000000 + SLICE_MAX + 2300000 + LATE_MAX);
	/* As a limit, and a turn of its own after that. */
	if (with & CAPS)
		check_rate(&capped, "capped", 1, CAP_PPM, ANY,
			   20000000ull * CAP_PPM / 1000000 + 2 * SLICE_MAX + 1500000 + LATE_MAX);
	/*
	 * One without has its share, from late to early, and loses a little, with or without
	 * others' caps, when there is more switching than time unsold.
	 */
	if ((with & CAPS) && !(with & HANGS))
		check_rate(&uncapped, "uncapped", 2, 62500, 4 * (3 * SLICE_MAX + 2300000),
			   2 * (3 * SLICE_MAX + 2300000));
}

/* Whoever may borrow does, or a timer is set for when it may. */
static void check_loans(void)
{
	const struct tessera_sched *s = &m.rl.sched;
	const struct tessera_sched_entity *h = s->holder;
	/* The wait was decided before the switch, and begins after it. */
	u64 due = SIM_NEVER, left, late = BATCH_MAX + LATE_MAX + 50000;
	unsigned int i;

	if (!s->policy->lends || !h || m.rl.waiting)
		return;
	CHECK(!s->borrower || s->borrower != h);
	CHECK(s->current_entity == (s->borrower ? s->borrower : h == &s->idle ? NULL : h));
	if (h != &s->idle && h->has_work)
		CHECK(!s->borrower);
	if ((h != &s->idle && h->has_work) || (s->borrower && s->borrower->has_work))
		return;
	left = s->slice_start_ns + h->slice_granted_ns;
	for (i = 0; i < NUM; i++) {
		const struct tessera_sched_entity *e = &c[i].run.sched;

		if (e->running && e->has_work && e->elastic_cap_ppm && e->elastic_tag_ns < due)
			due = e->elastic_tag_ns;
	}
	if (due == SIM_NEVER || left < m.now_ns + 150000)
		return;
	if (due < m.now_ns)
		due = m.now_ns;
	if (with & HANGS)
		late += HANG_MAX;
	CHECK_MSG(m.timer_due_ns <= due + late, "may borrow in %" PRIu64
		  " ns, the timer is %" PRIu64, due - m.now_ns, m.timer_due_ns - m.now_ns);
}

/* Counters agree with the entities, and the heap holds those that compete. */
static void check_state(void)
{
	const struct tessera_sched *s = &m.rl.sched;
	u32 running = 0, with_work = 0, throttled = 0;
	unsigned int i;
	u64 weights = 0;

	for (i = 0; i < NUM; i++) {
		const struct tessera_sched_entity *e = &c[i].run.sched;
		bool competes = e->running && !e->throttled &&
				(e->has_work || e->expected || !s->policy->work_conserving);

		running += e->running;
		with_work += e->running && e->has_work;
		weights += e->running ? e->weight : 0;
		throttled += e->throttled;
		CHECK(!e->throttled || (e->running && e->has_work && e->limit_ppm));
		CHECK(!e->expected || (e == s->holder && !e->has_work));
		CHECK(e->joined == (competes && s->policy->own_positions));
		CHECK(e->queued == (competes && e != s->holder));
		CHECK(e->may_borrow == (s->policy->lends && e->running && e->has_work &&
					e->elastic_cap_ppm));
		CHECK(e->running == c[i].running);
		/* One that runs out of work just as the engine switches is not told of. */
		CHECK(e->has_work || !c[i].jobs_num);
		CHECK(!e->has_work || c[i].jobs_num || m.on_engine != &c[i] || !m.idle_reported);
		CHECK(!competes || s->policy->ops->clock || (s64)(e->vtime - s->vclock) >= 0);
	}
	CHECK_EQ(s->num_entities, NUM);
	CHECK_EQ(s->num_running, running);
	CHECK_EQ(s->num_with_work, with_work);
	CHECK_EQ(s->weight_sum, weights);
	CHECK_EQ(s->num_throttled, throttled);
	/* One that stops while its runlist waits is replaced once that is in force. */
	CHECK(!s->next_valid || !s->next || s->next == &s->idle || s->next->queued ||
	      s->next == s->holder || m.rl.repick);

	/* Without a timer or a switch under way, only one can have work, and it has the engine. */
	if (m.timer_due_ns == SIM_NEVER && !m.rl.waiting && with_work) {
		CHECK_EQ(with_work, 1);
		CHECK(s->current_entity && s->current_entity->has_work);
	}
}

static void check_debts(void)
{
	unsigned int i;

	for (i = 0; i < NUM; i++) {
		u64 most = SLICE_MAX;

		if (with & HANGS)
			most = TESSERA_SCHED_DEBT_MAX_NS;
		else if (&c[i].run.sched == m.rl.sched.holder)
			most += BATCH_MAX + LATE_MAX + SLICE_MAX;
		/* Two batches past a loan are owed before its cap's clock stops a borrower. */
		if (c[i].run.sched.elastic_cap_ppm && !(with & HANGS))
			most += 2 * (BATCH_MAX + LATE_MAX);
		CHECK_MSG(c[i].run.sched.debt_ns <= most, "%u: %" PRIu64, i,
			  c[i].run.sched.debt_ns);
	}
}

static void check_waits(void)
{
	/* One that was on the engine for long waits for as long as the others take to catch up. */
	u64 most = with & HANGS ? WAIT_MAX + 20 * HANG_MAX : WAIT_MAX;
	unsigned int i;

	for (i = 0; i < NUM; i++) {
		u64 now = c[i].waiting_since_ns == SIM_NEVER ? 0 : m.now_ns - c[i].waiting_since_ns;

		CHECK_MSG(c[i].wait_max_ns <= most && now <= most,
			  "%u: %" PRIu64 ", %" PRIu64, i, c[i].wait_max_ns, now);
	}
}

/* One who alone has had work for a while has the engine. */
static void check_at_once(void)
{
	const struct tessera_sched_policy *policy = m.rl.sched.policy;
	u64 most = 2 * m.switch_ns + 2 * LATE_MAX;
	bool waits = false;
	unsigned int i;

	if (!policy->work_conserving)
		return;
	for (i = 0; m.num_with_work == 1 && i < NUM; i++)
		waits |= c[i].waiting_since_ns != SIM_NEVER && !c[i].run.sched.throttled;
	if (!waits || (m.rl.sched.holder && m.rl.sched.holder->expected))
		alone_since_ns = SIM_NEVER;
	else if (alone_since_ns == SIM_NEVER)
		alone_since_ns = m.now_ns;
	CHECK_MSG(alone_since_ns == SIM_NEVER || m.now_ns - alone_since_ns <= most,
		  "alone, it waits for %" PRIu64 " ns", m.now_ns - alone_since_ns);
}

/* Where time is divided among those with work, switching to one is at its cost. */
static u64 service_ns(unsigned int i)
{
	return c[i].busy_ns +
	       (m.rl.sched.policy->work_conserving ? c[i].run.sched.switch_ns : 0);
}

/* Of those always busy, none gets ahead of another by more than slices, a batch and debts. */
static void check_shares(void)
{
	const u64 bound = 2 * (3 * SLICE_MAX + 2300000 + LATE_MAX);
	bool weighted = m.rl.sched.policy->work_conserving;
	unsigned int i;

	for (i = 1; i < STEADY; i++) {
		s64 mine = service_ns(i) * 100 / (weighted ? c[i].run.sched.weight : 100);
		s64 diff = mine - (s64)service_ns(0);

		if (diff < low[i])
			low[i] = diff;
		if (diff > high[i])
			high[i] = diff;
		CHECK_MSG((u64)(high[i] - low[i]) <= bound, "%u: %" PRId64 " to %" PRId64, i,
			  low[i], high[i]);
	}
}

/* Nobody starves: whatever policies there will be in force. */
static bool proportional(const struct tessera_sched_policy *policy)
{
	const struct tessera_sched_policy *const *p;

	if (!(with & (POLICIES | TO_AND_FRO)))
		return policy->proportional;
	for (p = tessera_sched_policies; *p; p++)
		if (!(*p)->proportional)
			return false;
	return true;
}

static void run(const struct tessera_sched_policy *policy, unsigned int what, u64 seed)
{
	static const char *const names[] = {
		" and others in turn", ", reservations and limits", ", elastic caps", ", hangs",
		", one is always busy", ", programs", ", any switch", ", all sold",
		", starts and stops", ", settings written again", ", nobody always busy",
		", policies to and fro",
	};
	const char *env = getenv("STEPS");
	u64 steps = env ? strtoull(env, NULL, 0) : 1000000, step, vclock, start, charged, busy_sum;
	u64 kept_ns;
	unsigned int i;

	with = what;
	set_up(policy, seed);
	memset(&reserved, 0, sizeof(reserved));
	memset(&limited, 0, sizeof(limited));
	memset(&capped, 0, sizeof(capped));
	memset(&uncapped, 0, sizeof(uncapped));
	start = m.now_ns;
	note_clocks();
	for (step = 0; step < steps; step++) {
		vclock = m.rl.sched.vclock;
		if (sim_next_ns(&m) == SIM_NEVER)
			start_one();
		CHECK(sim_step(&m, SIM_NEVER));
		check_clocks();
		if (!below(512))
			disturb();
		if (with & TOGGLES)
			toggle();
		if (with & WRITES)
			write_again();
		if (with & TO_AND_FRO)
			to_and_fro();
		note_clocks();
		CHECK((s64)(m.rl.sched.vclock - vclock) >= 0);
		check_debts();
		check_rates();
		check_loans();
		check_at_once();
		if (policy->proportional &&
		    !(with & (POLICIES | TO_AND_FRO | QOS | CAPS | QUIET)))
			check_shares();
		if (step % 64 == 0) {
			check_state();
			if (proportional(policy))
				check_waits();
		}
	}
	if (policy->work_conserving && !(with & (POLICIES | TO_AND_FRO | QOS))) {
		kept_ns = kept_gone;
		for (i = 0; i < NUM; i++)
			kept_ns += c[i].run.sched.kept_ns;
		CHECK_MSG(m.idle_with_work_ns <= kept_ns, "idle with work for %" PRIu64 " ns",
			  m.idle_with_work_ns - kept_ns);
	}
	/*
	 * Owed 1/16 of the wall each, of which there is enough. What those had been owed who stop
	 * before their turn comes is the others'.
	 */
	if (policy == &tessera_sched_fixed_share &&
	    !(with & (POLICIES | HANGS | SOLD | QUIET))) {
		for (i = 0; i < STEADY; i++) {
			u64 due = (m.now_ns - start) / 16, off = due / 200 + 10000000;

			CHECK_MSG(c[i].busy_ns + off >= due &&
				  (c[i].run.sched.elastic_cap_ppm || (with & TOGGLES) ||
				   c[i].busy_ns <= due + off),
				  "%u: %" PRIu64 " of %" PRIu64, i, c[i].busy_ns, due);
		}
	}
	/* What was counted was charged. */
	sim_repick(&m);
	charged = charged_gone;
	busy_sum = busy_gone;
	for (i = 0; i < NUM; i++) {
		check_charged(i);
		charged += c[i].run.sched.used_ns;
		busy_sum += c[i].busy_ns;
		sim_client_exit(&m, &c[i]);
	}
	CHECK_EQ(charged, busy_sum);
	CHECK_EQ(busy_sum, m.busy_total_ns);
	CHECK_EQ(m.rl.sched.num_entities, 0);
	CHECK(!m.rl.sched.holder || m.rl.sched.holder == &m.rl.sched.idle);
	printf("# %s", policy->name);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		printf("%s", with >> i & 1 ? names[i] : "");
	printf(": %" PRIu64 " events, %" PRIu64 " decisions, %" PRIu64 " s, a switch takes %" PRIu64
	       " us\n", steps, m.decisions, m.now_ns / 1000000000, m.switch_ns / 1000);
}

/* Calls in any order, at any time, with any numbers: the state is sound, decisions are sensible. */
static void random_calls(void)
{
	const char *env = getenv("STEPS");
	u64 steps = env ? strtoull(env, NULL, 0) : 1000000, step, now = 1000000, ns;
	static struct tessera_sched_entity e[NUM];
	struct tessera_sched_decision d;
	struct tessera_sched s;
	unsigned int i, j;
	bool repick;

	random_state = 8;
	tessera_sched_init(&s, &tessera_sched_best_effort);
	for (i = 0; i < NUM; i++)
		tessera_sched_entity_init(&e[i], "any", i);
	for (step = 0; step < steps; step++) {
		struct tessera_sched_config config = { below(40000000), below(70) };

		now += below(1000) ? below(3000000) : sim_random(&random_state) >> (20 + below(44));
		now -= below(100) ? 0 : below(100000);
		ns = below(100) ? below(3000000) : sim_random(&random_state) >> below(64);
		i = below(NUM);
		switch (below(16)) {
		case 0:
			if (!below(20))
				tessera_sched_remove(&s, &e[i], now);
			break;
		case 1:
			tessera_sched_add(&s, &e[i], now);
			break;
		case 2:
			tessera_sched_start(&s, &e[i], now);
			break;
		case 3:
			if (!below(4))
				tessera_sched_stop(&s, &e[i], now);
			break;
		case 4:
		case 5:
			tessera_sched_wake(&s, &e[i], now);
			break;
		case 6:
			tessera_sched_sleep(&s, &e[i], now);
			break;
		case 7:
		case 8:
			tessera_sched_charge(&s, ns, now);
			break;
		case 9:
			tessera_sched_set_config(&s, &config);
			break;
		case 10:
			tessera_sched_set_weight(&s, &e[i], below(10100));
			break;
		case 11:
			tessera_sched_set_qos(&s, &e[i], below(2) * below(1100000),
					      below(2) * below(1100000), now, &repick);
			tessera_sched_set_slice_request(&s, &e[i], below(2) * below(32000000));
			tessera_sched_set_elastic_cap(&s, &e[i], below(3) ? below(1100000) : 0, now,
						      &repick);
			break;
		case 12:
			for (j = 0; tessera_sched_policies[j]; j++)
				;
			if (!below(10))
				tessera_sched_set_policy(&s, tessera_sched_policies[below(j)], now,
							 &repick);
			break;
		case 13:
			tessera_sched_switched(&s, now);
			break;
		default:
			tessera_sched_pick(&s, now, &d);
			CHECK(d.slice_ns <= 1000000000000ull);
			CHECK(!d.entity || (d.entity->added && d.entity->running));
			CHECK(!s.num_with_work || d.entity || d.slice_ns);
			CHECK(s.num_with_work || (!d.entity && !d.slice_ns));
			CHECK(d.slice_ns || s.num_with_work <= 1);
			if (below(2))
				tessera_sched_switched(&s, now);
		}
		for (j = 0; step % 16 == 0 && j < NUM; j++) {
			CHECK(e[j].debt_ns <= TESSERA_SCHED_DEBT_MAX_NS);
			CHECK(!e[j].queued || (e[j].added && e[j].running && &e[j] != s.holder));
			CHECK(!e[j].may_borrow || (e[j].running && e[j].has_work));
			CHECK(&e[j] != s.borrower || (e[j].added && &e[j] == s.current_entity));
			CHECK(e[j].weight >= 1 && e[j].weight <= 10000);
		}
	}
	for (i = 0; i < NUM; i++)
		tessera_sched_remove(&s, &e[i], now);
	CHECK_EQ(s.num_entities, 0);
	CHECK_EQ(s.num_running, 0);
	CHECK_EQ(s.num_with_work, 0);
	CHECK_EQ(s.num_throttled, 0);
	CHECK_EQ(s.weight_sum, 0);
	CHECK_EQ(s.reservation_sum_ppm, 0);
	CHECK(!s.members && !s.heap.root && !s.reserved.root &&
	      !s.throttled.root && !s.borrowers.root && !s.capped.root);
}

/* Each history for all policies that it fits, each with a history of its own. */
static void random_plain(void)
{
	const struct tessera_sched_policy *const *p;

	for (p = tessera_sched_policies; *p; p++)
		run(*p, 0, 1 + (p - tessera_sched_policies));
}

static void random_qos(void)
{
	const struct tessera_sched_policy *const *p;

	for (p = tessera_sched_policies; *p; p++)
		if ((*p)->work_conserving)
			run(*p, QOS, 101 + (p - tessera_sched_policies));
}

static void random_limit(void)
{
	const struct tessera_sched_policy *const *p;

	for (p = tessera_sched_policies; *p; p++)
		if ((*p)->work_conserving)
			run(*p, QOS | ALONE, 201 + (p - tessera_sched_policies));
}

static void random_caps(void)
{
	const struct tessera_sched_policy *const *p;

	for (p = tessera_sched_policies; *p; p++)
		if ((*p)->lends)
			run(*p, CAPS, 301 + (p - tessera_sched_policies));
}

static void random_hangs(void)
{
	const struct tessera_sched_policy *const *p;

	for (p = tessera_sched_policies; *p; p++)
		run(*p, HANGS | ((*p)->lends ? CAPS : 0), 401 + (p - tessera_sched_policies));
}

/* What programs do, at any cost of a switch, on an engine that is all sold. */
static void random_programs(void)
{
	const struct tessera_sched_policy *const *p;
	unsigned int k;

	for (p = tessera_sched_policies; *p; p++)
		for (k = 0; k < 4; k++)
			run(*p, PROGRAMS | SWITCHES | (k % 2 ? SOLD : 0) | (k / 2 ? QUIET : 0),
			    501 + 4 * (p - tessera_sched_policies) + k);
}

static void random_toggles(void)
{
	const struct tessera_sched_policy *const *p;

	for (p = tessera_sched_policies; *p; p++)
		run(*p, TOGGLES | PROGRAMS | SWITCHES, 601 + (p - tessera_sched_policies));
}

static void random_writes(void)
{
	const struct tessera_sched_policy *const *p;

	for (p = tessera_sched_policies; *p; p++)
		run(*p, WRITES | PROGRAMS | SWITCHES | ((*p)->lends ? CAPS : QOS),
		    701 + (p - tessera_sched_policies));
}

static void random_to_and_fro(void)
{
	run(tessera_sched_policies[0], TO_AND_FRO, 801);
}

static void random_policies(void)
{
	run(tessera_sched_policies[0], POLICIES | QOS | CAPS | HANGS, 4);
}

static const struct ktap_test tests[] = {
	{ "random_calls", random_calls },
	{ "random_plain", random_plain },
	{ "random_qos", random_qos },
	{ "random_limit", random_limit },
	{ "random_caps", random_caps },
	{ "random_hangs", random_hangs },
	{ "random_programs", random_programs },
	{ "random_toggles", random_toggles },
	{ "random_writes", random_writes },
	{ "random_to_and_fro", random_to_and_fro },
	{ "random_policies", random_policies },
};

KTAP_MAIN(tests)
