// SPDX-License-Identifier: GPL-2.0-only
/*
 * victim.c - a VFIO client that trains beside hostile ones
 *
 *	victim UUID READY STOP
 *
 * Trains a linear layer by gradient descent until the file STOP exists, always with work in its
 * ring; creates READY once it has begun. A step is a few products and sums, and a HANG that stands
 * for larger ones, so that the machine that emulates the engine has little to do. The sum of all
 * steps' errors is kept, so that nothing which ever went wrong is forgotten.
 *
 * At the end the same steps are computed here, and weights and sums have to be the same bytes; VRAM
 * and memory that were filled in the beginning have to be as they were. 0 if all is right. Printed
 * is the part of the engine's time that it got and how long its admin commands took. It has the CPU
 * whenever it wants it, as if it had one of its own: what it waits for is then the mediator and the
 * accelerator, not the attackers' programs.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../vfio/t1.h"
#include "../vfio/t1cmd.h"

#define RING_LOG2	12u
#define RING_ENTRIES	(1u << RING_LOG2)
#define STEP_NS		250000u

/* X: ROWS x IN, T: ROWS x OUT; BATCHES of them in turn */
#define ROWS		16u
#define IN		8u
#define OUT		4u
#define BATCHES		8u
#define RATE		(-0.01f)

#define VA		0x100000000ull
#define VA_GUARD	0x200000000ull
#define VA_VRAM		0x300000000ull
#define GUARD_BYTES	(1u << 20)
#define RW		(T1_MAP_READ | T1_MAP_WRITE)

/* What a training has, in VRAM and for comparison here */
struct net {
	float x[BATCHES][ROWS * IN];
	float t[BATCHES][ROWS * OUT];
	float w[IN * OUT];
	float y[ROWS * OUT];
	float e[ROWS * OUT];
	float g[IN * OUT];
	float sum[ROWS * OUT];
};

struct victim {
	struct vdev v;
	struct t1 t;
	struct t1_queue q;
	struct net *net;
	uint8_t *vram;
	struct vdev_mem guard;
	uint64_t steps;
	int stop;
	uint64_t worst_ns, sum_ns, commands;
	int admin_failed;
};

static int fail(const char *what, int err)
{
	printf("# victim: %s: %d\n", what, err);
	return 1;
}

static uint32_t bits(float f)
{
	uint32_t u;

	memcpy(&u, &f, sizeof(u));
	return u;
}

#define AT(field)	(VA_VRAM + offsetof(struct net, field))

static void gemm(struct victim *s, uint64_t a, uint64_t b, uint64_t c, unsigned int flags,
		 uint32_t m, uint32_t n, uint32_t k, uint32_t lda)
{
	t1_push(&s->q, &CMD(.opcode = T1_OP_GEMM, .flags = flags,
			    .gemm = { .a = a, .b = b, .c = c, .m = m, .n = n, .k = k, .lda = lda,
				      .ldb = n, .ldc = n }));
}

static void add(struct victim *s, uint64_t a, float alpha, uint64_t b, uint64_t out,
		uint32_t count)
{
	t1_push(&s->q, &CMD(.opcode = T1_OP_ELTWISE, .sub = T1_ELT_ADD,
			    .elt = { .a = a, .b = b, .out = out, .count = count,
				     .alpha = bits(alpha) }));
}

/* A step's commands: Y = X W, E = Y - T, G = X' E, W += RATE G, SUM += E */
static void push_step(struct victim *s)
{
	unsigned int b = s->steps++ % BATCHES;
	uint64_t x = AT(x) + b * sizeof(s->net->x[0]), t = AT(t) + b * sizeof(s->net->t[0]);

	t1_push(&s->q, &HANG(STEP_NS, 0));
	gemm(s, x, AT(w), AT(y), 0, ROWS, OUT, IN, IN);
	add(s, AT(y), -1.0f, t, AT(e), ROWS * OUT);
	gemm(s, x, AT(e), AT(g), T1_GEMM_TRANS_A, IN, OUT, ROWS, IN);
	add(s, AT(w), RATE, AT(g), AT(w), IN * OUT);
	add(s, AT(sum), 1.0f, AT(e), AT(sum), ROWS * OUT);
	t1_fence(&s->q, 0);
}

static void compute_add(const float *a, float alpha, const float *b, float *out, unsigned int n)
{
	while (n--)
		out[n] = a[n] + alpha * b[n];
}

/* The same here: every product rounded, then every sum, in rising order */
static void compute_step(struct net *n, uint64_t step)
{
	const float *x = n->x[step % BATCHES];
	unsigned int i, j, k;

	for (i = 0; i < ROWS; i++) {
		for (j = 0; j < OUT; j++) {
			float sum = 0;

			for (k = 0; k < IN; k++)
				sum += x[i * IN + k] * n->w[k * OUT + j];
			n->y[i * OUT + j] = sum;
		}
	}
	compute_add(n->y, -1.0f, n->t[step % BATCHES], n->e, ROWS * OUT);
	for (i = 0; i < IN; i++) {
		for (j = 0; j < OUT; j++) {
			float sum = 0;

			for (k = 0; k < ROWS; k++)
				sum += x[k * IN + i] * n->e[k * OUT + j];
			n->g[i * OUT + j] = sum;
		}
	}
	compute_add(n->w, RATE, n->g, n->w, IN * OUT);
	compute_add(n->sum, 1.0f, n->e, n->sum, ROWS * OUT);
}

/* From -1 to 1 */
static float some_number(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return (float)(int)(*state >> 20) / 2048.0f - 1.0f;
}

static void make_data(struct net *n)
{
	uint32_t state = 1;
	unsigned int b, i;

	memset(n, 0, sizeof(*n));
	for (b = 0; b < BATCHES; b++) {
		for (i = 0; i < ROWS * IN; i++)
			n->x[b][i] = some_number(&state);
		for (i = 0; i < ROWS * OUT; i++)
			n->t[b][i] = some_number(&state);
	}
}

/* What surrounds the training, in VRAM and in memory */
static uint32_t guard_word(size_t at)
{
	return 0x600d0000u ^ (uint32_t)(at * 2654435761u);
}

static size_t wrong_word(const volatile uint32_t *p, size_t from, size_t bytes)
{
	size_t i;

	for (i = from / 4; i < bytes / 4 && p[i] == guard_word(i);)
		i++;
	return i * 4;
}

static int bring_up(struct victim *s, const char *uuid)
{
	uint64_t off, bytes;
	uint32_t *guard;
	int ret = vdev_open(&s->v, uuid);

	if (ret)
		return ret;
	vdev_decode(&s->v, 1);
	ret = t1_start(&s->t, &s->v);
	if (!ret)
		ret = t1_ctx_create(&s->t, 0);
	if (!ret)
		ret = t1_queue_create(&s->t, &s->q, 0, 0, T1_ENGINE_COMPUTE, RING_LOG2, 0);
	if (!ret)
		ret = vdev_mem_alloc(&s->v, GUARD_BYTES, 4096, &s->guard);
	if (!ret)
		ret = t1_map_mem(&s->t, 0, VA_GUARD, &s->guard);
	bytes = s->v.regions[VFIO_PCI_BAR2_REGION_INDEX].size;
	for (off = 0; off < bytes && !ret; off += T1_MAP_MAX_PAGES * 4096)
		ret = t1_map(&s->t, 0, VA_VRAM + off, off, T1_MAP_MAX_PAGES, RW | T1_MAP_VRAM);
	if (ret)
		return ret;
	s->vram = (uint8_t *)vdev_direct(&s->v, VFIO_PCI_BAR2_REGION_INDEX, 0, bytes);
	if (!s->vram)
		return -ENXIO;
	for (off = 0, guard = (uint32_t *)s->vram; off < bytes / 4; off++)
		guard[off] = guard_word(off);
	for (off = 0, guard = s->guard.cpu; off < GUARD_BYTES / 4; off++)
		guard[off] = guard_word(off);
	s->net = (struct net *)s->vram;
	make_data(s->net);
	return 0;
}

static void *administer(void *arg)
{
	struct victim *s = arg;
	uint64_t from, ns;
	unsigned int i;

	while (!__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE) && !s->admin_failed) {
		for (i = 0; i < 2; i++) {
			from = now_ns();
			s->admin_failed = i ? t1_ctx_destroy(&s->t, 1) : t1_ctx_create(&s->t, 1);
			ns = now_ns() - from;
			s->sum_ns += ns;
			s->commands++;
			if (ns > s->worst_ns)
				s->worst_ns = ns;
			if (s->admin_failed)
				break;
		}
		sleep_us(2000);
	}
	return NULL;
}

static int compare(struct victim *s)
{
	static struct net want;
	size_t bytes = s->v.regions[VFIO_PCI_BAR2_REGION_INDEX].size, at;
	uint64_t i;

	make_data(&want);
	for (i = 0; i < s->steps; i++)
		compute_step(&want, i);
	if (memcmp(want.w, s->net->w, sizeof(want.w)) ||
	    memcmp(want.sum, s->net->sum, sizeof(want.sum)) ||
	    memcmp(want.x, s->net->x, sizeof(want.x)) || memcmp(want.t, s->net->t, sizeof(want.t)))
		return fail("the training ended in wrong bytes, of so many steps", (int)s->steps);
	at = wrong_word((uint32_t *)s->vram, (sizeof(want) + 4095) & ~4095ul, bytes);
	if (at < bytes)
		return fail("VRAM was changed, at", (int)at);
	at = wrong_word(s->guard.cpu, 0, GUARD_BYTES);
	if (at < GUARD_BYTES)
		return fail("memory was changed, at", (int)at);
	if (mdev_stat(s->v.uuid, "faults"))
		return fail("faults", (int)mdev_stat(s->v.uuid, "faults"));
	return 0;
}

int main(int argc, char **argv)
{
	static struct victim s;
	struct sched_param param = { .sched_priority = 50 };
	uint64_t from, to;
	long long before, after;
	pthread_t thread;
	int ret;

	if (argc != 4) {
		fprintf(stderr, "victim UUID READY STOP\n");
		return 2;
	}
	/* Before the vGPU is opened, so that its worker is a thread of the same priority */
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		return fail("priority", errno);
	ret = bring_up(&s, argv[1]);
	if (ret)
		return fail("start", ret);
	while (s.q.tail + 8 < RING_ENTRIES)
		push_step(&s);
	t1_kick(&s.q);
	close(open(argv[2], O_CREAT | O_WRONLY, 0600));
	if (pthread_create(&thread, NULL, administer, &s))
		return fail("thread", errno);
	/* The counters' clock is the device's */
	from = vdev_reg64(&s.v, T1_REG_TIME_LO);
	before = mdev_stat(argv[1], "compute_ns");
	while (access(argv[3], F_OK)) {
		while (s.q.tail + 8 - s.q.cb->head < RING_ENTRIES)
			push_step(&s);
		t1_kick(&s.q);
		sleep_us(20000);
	}
	to = vdev_reg64(&s.v, T1_REG_TIME_LO);
	after = mdev_stat(argv[1], "compute_ns");
	__atomic_store_n(&s.stop, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	ret = t1_wait_ms(&s.q, s.q.seq, 60000);
	if (ret)
		return fail("the last step", ret);
	printf("share_ppm=%" PRIu64 " steps=%" PRIu64 " admin_worst_us=%" PRIu64
	       " admin_mean_us=%" PRIu64 "\n",
	       (uint64_t)(after - before) * 1000000 / (to - from), s.steps, s.worst_ns / 1000,
	       s.commands ? s.sum_ns / s.commands / 1000 : 0);
	if (s.admin_failed)
		return fail("an admin command", s.admin_failed);
	return compare(&s);
}
