// SPDX-License-Identifier: GPL-2.0-only
/*
 * kill.c - SIGKILL at any moment for the process that has a vGPU open
 *
 *	kill SEED KILLS AIMED UUID TYPE
 *
 * At least KILLS owners are killed, until AIMED of these were in a driver's probe, a reset or a
 * close; the others at random moments. Now and then the vGPU is removed by somebody who does not
 * wait for the owner's end, or has begun before it, and made again under the same UUID. Each time
 * nothing is held that was not before the first, and the vGPU opens at once, is clear, and works.
 *
 * 0 if that is so. Printed is in which calls the owners were when they ended, how long after its
 * owner's kill the vGPU has done its next owner's work, and how long its removal took at most.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "owner.h"

/* Of a machine that emulates its processors, under whatever debugging: it does not come any more */
#define STUCK_NS	60000000000ull

static const char *const types[] = { "V1", "V2", "V4", "V8", "V16" };

#define NUM_TYPES	(sizeof(types) / sizeof(*types))

/**
 * struct held - what there is for vGPUs, and what the one holds
 * @available: of each type
 * @pinned_pages: of the vGPU; likewise @contexts, @queues
 * @references: of the module
 * @pins: of pages, in the whole host
 */
struct held {
	long long available[NUM_TYPES];
	long long pinned_pages, contexts, queues;
	long long references, pins;
};

struct killer {
	unsigned int seed, kills, aimed;
	const char *uuid, *type;
	struct notes *notes;
	struct held before;
	unsigned int in[NUM_CALLS];
	unsigned int done, hit, removed;
	uint64_t worst_gone_ns, worst_again_ns;
};

static unsigned int below(struct killer *k, unsigned int n)
{
	return rand_r(&k->seed) % n;
}

static int complain(struct killer *k, const char *what, long long value)
{
	printf("# kill %u: %s: %lld\n", k->done, what, value);
	return -1;
}

/* ------------------------------------------------------- what is held -- */

/* Pages that were pinned, less those that were unpinned since, by anybody; 0 if nobody counts. */
static long long pins(void)
{
	long long sum = 0, n;
	char line[128];
	FILE *f;

	sysfs_write("1", "/proc/sys/vm/stat_refresh");
	f = fopen("/proc/vmstat", "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "nr_foll_pin_acquired %lld", &n) == 1)
			sum += n;
		else if (sscanf(line, "nr_foll_pin_released %lld", &n) == 1)
			sum -= n;
	}
	if (f)
		fclose(f);
	return sum;
}

static void look(struct killer *k, struct held *h)
{
	char buf[32] = "";
	unsigned int i;

	memset(h, 0, sizeof(*h));
	for (i = 0; i < NUM_TYPES; i++)
		h->available[i] = mdev_available(types[i]);
	h->pinned_pages = mdev_stat(k->uuid, "pinned_pages");
	h->contexts = mdev_stat(k->uuid, "contexts");
	h->queues = mdev_stat(k->uuid, "queues");
	sysfs_read(buf, sizeof(buf), "/sys/module/tessera/refcnt");
	h->references = atoll(buf);
	h->pins = pins();
}

/* Nothing is held but what was before the first kill. */
static int compare(struct killer *k)
{
	struct held now;

	look(k, &now);
	if (!memcmp(&now, &k->before, sizeof(now)))
		return 0;
	printf("# kill %u: held is, was: pages %lld %lld, contexts %lld %lld, queues %lld %lld, "
	       "references %lld %lld, pins %lld %lld, V1 %lld %lld, V16 %lld %lld\n", k->done,
	       now.pinned_pages, k->before.pinned_pages, now.contexts, k->before.contexts,
	       now.queues, k->before.queues, now.references, k->before.references, now.pins,
	       k->before.pins, now.available[0], k->before.available[0],
	       now.available[NUM_TYPES - 1], k->before.available[NUM_TYPES - 1]);
	return -1;
}

/* ----------------------------------------------------------- the kill -- */

static bool is_aim(int call)
{
	return call == CALL_PROBE || call == CALL_RESET || call == CALL_FLR || call == CALL_CLOSE;
}

static enum call choose(struct killer *k)
{
	static const enum call aims[] = { CALL_PROBE, CALL_RESET, CALL_FLR, CALL_CLOSE };

	/* As many as are due by now; all that were missed after the last */
	if (k->hit * (uint64_t)k->kills < k->aimed * (uint64_t)(k->done + 1))
		return aims[below(k, 4)];
	return CALL_NONE;
}

static bool ended(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid;
}

/* The moment: any; or some way through a call that was aimed at */
static int wait_for_moment(struct killer *k, pid_t pid, enum call aim)
{
	uint64_t since = now_ns();

	if (aim == CALL_NONE) {
		sleep_us(below(k, 100000));
		return 0;
	}
	while (__atomic_load_n(&k->notes->call, __ATOMIC_ACQUIRE) != (int)aim) {
		if (ended(pid) || now_ns() - since > STUCK_NS)
			return complain(k, "the owner does not come to the call", aim);
		sleep_us(10);
	}
	sleep_us(below(k, k->notes->usual_ns[aim] / 1000 + 1));
	return 0;
}

static int reap(struct killer *k, pid_t pid, int *status)
{
	uint64_t since = now_ns();

	while (waitpid(pid, status, WNOHANG) != pid) {
		if (now_ns() - since > STUCK_NS)
			return complain(k, "is not gone in seconds",
					(now_ns() - since) / 1000000000);
		sleep_us(20);
	}
	return 0;
}

static pid_t fork_owner(struct killer *k, enum call aim)
{
	struct owner o = { .notes = k->notes, .uuid = k->uuid, .seed = rand_r(&k->seed) };
	pid_t pid;

	k->notes->call = CALL_NONE;
	k->notes->doomed = 0;
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		owner_live(&o, aim);
}

enum removal { KEPT, REMOVED_BEFORE, REMOVED_AFTER };

/* Kill the owner; remove the vGPU before or just after, and make it again. */
static int end(struct killer *k, pid_t pid, enum removal removal)
{
	int status, ret = 0;
	pid_t remover = 0;

	if (removal == REMOVED_BEFORE) {
		__atomic_store_n(&k->notes->doomed, 1, __ATOMIC_RELEASE);
		remover = fork();
		if (!remover)
			_exit(mdev_remove(k->uuid) ? 1 : 0);
		sleep_us(below(k, 3000));
	}
	kill(pid, SIGKILL);
	if (removal == REMOVED_AFTER)
		ret = mdev_remove(k->uuid);
	if (ret)
		return complain(k, "remove", ret);
	if (reap(k, pid, &status))
		return -1;
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		return complain(k, "the owner ended by itself, with wait status", status);
	if (remover && (reap(k, remover, &status) || status))
		return complain(k, "remove under an owner, wait status", status);
	if (removal == KEPT)
		return 0;
	k->removed++;
	ret = mdev_create_uuid(k->type, k->uuid);
	return ret ? complain(k, "make again", ret) : 0;
}

/* The next owner: it opens at once, finds the VRAM cleared, and works. */
static int start_again(struct killer *k)
{
	struct owner o = { .notes = k->notes, .uuid = k->uuid, .seed = rand_r(&k->seed) };
	int status;
	pid_t pid;

	k->notes->call = CALL_NONE;
	k->notes->doomed = 0;
	pid = fork();
	if (!pid) {
		owner_open(&o);
		owner_probe(&o);
		owner_work(&o);
		_exit(0);
	}
	if (reap(k, pid, &status))
		return -1;
	return status ? complain(k, "the next owner, wait status", status) : 0;
}

static int kill_one(struct killer *k)
{
	enum call aim = choose(k);
	unsigned int lot = below(k, 8);
	enum removal removal = lot == 0 ? REMOVED_BEFORE : lot == 1 ? REMOVED_AFTER : KEPT;
	pid_t pid = fork_owner(k, aim);
	uint64_t from, took;
	int call;

	if (pid < 0 || wait_for_moment(k, pid, aim))
		return -1;
	from = now_ns();
	if (end(k, pid, removal))
		return -1;
	took = now_ns() - from;
	if (took > k->worst_gone_ns)
		k->worst_gone_ns = took;
	call = k->notes->call;
	k->in[call]++;
	k->hit += is_aim(call);
	if (compare(k))
		return -1;
	from = now_ns();
	if (start_again(k))
		return -1;
	took += now_ns() - from;
	if (took > k->worst_again_ns)
		k->worst_again_ns = took;
	k->done++;
	return 0;
}

int main(int argc, char **argv)
{
	static struct killer k;
	unsigned int call;
	int ret = 0;

	if (argc != 6) {
		fprintf(stderr, "kill SEED KILLS AIMED UUID TYPE\n");
		return 2;
	}
	k.seed = strtoul(argv[1], NULL, 0);
	k.kills = strtoul(argv[2], NULL, 0);
	k.aimed = strtoul(argv[3], NULL, 0);
	k.uuid = argv[4];
	k.type = argv[5];
	setvbuf(stdout, NULL, _IOLBF, 0);
	prctl(PR_SET_TIMERSLACK, 1);
	k.notes = notes_alloc();
	if (!k.notes || start_again(&k))
		return 1;
	look(&k, &k.before);
	while (!ret && (k.done < k.kills || (k.hit < k.aimed && k.done < 4 * k.kills)))
		ret = kill_one(&k);
	ret = ret ?: compare(&k);
	printf("# kill: kills=%u in_probe_reset_close=%u removed=%u gone_worst_us=%llu "
	       "again_worst_us=%llu\n", k.done, k.hit, k.removed,
	       (unsigned long long)k.worst_gone_ns / 1000,
	       (unsigned long long)k.worst_again_ns / 1000);
	printf("# killed in:");
	for (call = 0; call < NUM_CALLS; call++)
		printf(" %s %u%s", call_names[call], k.in[call], call + 1 < NUM_CALLS ? "," : "\n");
	if (!ret && k.hit < k.aimed)
		ret = complain(&k, "too few were in a probe, a reset or a close", k.hit);
	return ret ? 1 : 0;
}
