// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack.c - what a hostile driver does to its function, as a seeded generator makes it up
 *
 * Nothing here waits for an answer longer than a while, nor minds what it is: an attacker's
 * own work may fail in any way. What has to hold is checked by those who call.
 */
#include <linux/pci_regs.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "../vfio/t1cmd.h"
#include "attack.h"

/* The arena: rings, lists, a page for replies, what engines fetch, what they work on */
#define ASQ		0u
#define ACQ		0x10000u
#define EVQ		0x20000u
#define LISTS		0x30000u
#define REPLY		0x38000u
#define CMDS		0x40000u
#define CBS		0xff000u
#define DATA		0x100000u

#define RING_LOG2	8u
#define RING_ENTRIES	(1u << RING_LOG2)
#define NUM_CTX		4u
#define NUM_QUEUES	8u

/* The arena from CMDS on, at this address plus its offset; VRAM; what is mapped on trial */
#define VA		0x100000000ull
#define VA_VRAM		0x200000000ull
#define VA_TRIAL	0x300000000ull

#define RW		(T1_MAP_READ | T1_MAP_WRITE)

static const uint64_t edges[] = {
	0, 1, 2, 3, 4, 0x3f, 0x40, 0x7f, 0x80, 0xff, 0x1ff, 0x200, 0x201, 0xfff, 0x1000, 0x7fff,
	0xffff, 0x10000, 0x1fffff, 0x200000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
	0x100000000, 0x7fffffffffff, 0xfffffffff000, 0xffffffffffff, 0x1000000000000,
	0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffff000, 0xffffffffffffffff,
};

uint64_t extreme(struct rnd *r)
{
	switch (below(r, 4)) {
	case 0:
		return rnd(r) >> below(r, 64);
	case 1:
		return 1ull << below(r, 64);
	default:
		return edges[below(r, sizeof(edges) / sizeof(*edges))];
	}
}

void attack_sleep_us(unsigned int us)
{
	struct timespec ts = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&ts, NULL);
}

unsigned int attack_pick(const struct attack_kind *kinds, struct rnd *r)
{
	unsigned int i, sum = 0, at;

	for (i = 0; kinds[i].name; i++)
		sum += kinds[i].weight;
	at = below(r, sum);
	for (i = 0; at >= kinds[i].weight; i++)
		at -= kinds[i].weight;
	return i;
}

/* ------------------------------------------------------------ accesses -- */

static void port_read(struct port *p, bool config, uint64_t off, void *buf, size_t len)
{
	++*p->acts;
	p->read(p, config, off, buf, len);
}

static void port_write(struct port *p, bool config, uint64_t off, const void *buf, size_t len)
{
	++*p->acts;
	p->write(p, config, off, buf, len);
}

static uint32_t cfg(struct port *p, uint64_t off, size_t len)
{
	uint32_t value = 0;

	port_read(p, true, off, &value, len);
	return value;
}

static void cfg_write(struct port *p, uint64_t off, size_t len, uint32_t value)
{
	port_write(p, true, off, &value, len);
}

/* Not an act: what waits asks many times */
static uint32_t reg(struct port *p, uint32_t off)
{
	uint32_t value = 0;

	p->read(p, false, off, &value, 4);
	return value;
}

static void reg_write(struct port *p, uint32_t off, uint32_t value)
{
	port_write(p, false, off, &value, 4);
}

static void reg_write64(struct port *p, uint32_t off, uint64_t value)
{
	reg_write(p, off, value);
	reg_write(p, off + 4, value >> 32);
}

static unsigned int find_cap(struct port *p, uint8_t id)
{
	unsigned int pos = cfg(p, PCI_CAPABILITY_LIST, 1) & ~3u, n;

	for (n = 0; pos >= 0x40 && n < 48; n++) {
		if (cfg(p, pos, 1) == id)
			return pos;
		pos = cfg(p, pos + 1, 1) & ~3u;
	}
	return 0;
}

static size_t length(struct port *p, struct rnd *r)
{
	return below(r, 4) ? 1u << below(r, 3) : 1 + below(r, p->max_access);
}

static void config(struct attack *a, struct rnd *r)
{
	unsigned int n = 1 + below(r, 32);
	uint8_t buf[64];

	while (n--) {
		uint64_t off = below(r, 4) ? below(r, 256) : below(r, 4200);
		size_t len = length(a->p, r), i;

		for (i = 0; i < sizeof(buf); i += 8) {
			uint64_t value = extreme(r);

			memcpy(buf + i, &value, 8);
		}
		if (below(r, 2))
			port_write(a->p, true, off, buf, len);
		else
			port_read(a->p, true, off, buf, len);
	}
}

static void registers(struct attack *a, struct rnd *r)
{
	unsigned int n = 1 + below(r, 32);
	uint8_t buf[64];

	while (n--) {
		uint64_t off = below(r, 4) ? below(r, 0x70 / 4) * 4 : below(r, 0x1000);
		size_t len = below(r, 4) ? 4 : length(a->p, r), i;

		for (i = 0; i < sizeof(buf); i += 8) {
			uint64_t value = extreme(r);

			memcpy(buf + i, &value, 8);
		}
		if (below(r, 2))
			port_write(a->p, false, off, buf, len);
		else
			port_read(a->p, false, off, buf, len);
	}
}

static void kick(struct attack *a, unsigned int slot, uint32_t tail)
{
	++*a->p->acts;
	*(volatile uint32_t *)(a->p->doorbells + (size_t)slot % a->p->num_slots * 4096) = tail;
}

/* ------------------------------------------------------ admin commands -- */

static void push(struct attack *a, const struct t1_admin_cmd *c)
{
	++*a->p->acts;
	memcpy(a->p->arena + ASQ + a->tail * sizeof(*c), c, sizeof(*c));
	a->tail = (a->tail + 1) % a->entries;
}

/* Completions and events are taken as far as may be: all that is there and all that will come. */
static void take(struct attack *a)
{
	volatile struct t1_admin_cpl *c = (void *)(a->p->arena + ACQ);
	volatile struct t1_event *e = (void *)(a->p->arena + EVQ);
	unsigned int i;

	for (i = 1; i < a->entries && c[i].phase == c[0].phase;)
		i++;
	reg_write(a->p, T1_REG_ACQ_HEAD, i % a->entries);
	for (i = 1; i < a->entries && e[i].phase == e[0].phase;)
		i++;
	reg_write(a->p, T1_REG_EVQ_HEAD, i % a->entries);
}

static void ring(struct attack *a)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	reg_write(a->p, T1_REG_ASQ_TAIL, a->tail);
}

/* Until the mediator has gone through the ring, or for a while */
static void settle(struct attack *a)
{
	volatile struct t1_admin_cpl *c = (void *)(a->p->arena + ACQ);
	unsigned int i, last = (a->tail + a->entries - 1) % a->entries;
	uint16_t before = c[last].phase;

	ring(a);
	for (i = 0; i < 40 && c[last].phase == before; i++)
		attack_sleep_us(50);
	take(a);
}

/* Rings as they should be, in the same place each time */
static void set_rings(struct attack *a, uint32_t entries)
{
	memset(a->p->arena, 0, LISTS);
	a->tail = 0;
	a->entries = entries;
	reg_write64(a->p, T1_REG_ASQ_BASE_LO, a->p->bus + ASQ);
	reg_write(a->p, T1_REG_ASQ_SIZE, entries);
	reg_write64(a->p, T1_REG_ACQ_BASE_LO, a->p->bus + ACQ);
	reg_write(a->p, T1_REG_ACQ_SIZE, entries);
	reg_write64(a->p, T1_REG_EVQ_BASE_LO, a->p->bus + EVQ);
	reg_write(a->p, T1_REG_EVQ_SIZE, entries);
}

static uint64_t cb_va(unsigned int q)
{
	return VA + CBS + q * 64;
}

static volatile struct t1_queue_cb *cb(struct attack *a, unsigned int q)
{
	return (void *)(a->p->arena + CBS + q * 64);
}

static uint32_t ring_off(unsigned int q)
{
	return CMDS + q * RING_ENTRIES * sizeof(struct t1_cmd);
}

static void put(struct attack *a, unsigned int q, uint32_t at, const struct t1_cmd *c)
{
	struct t1_cmd *ring = (void *)(a->p->arena + ring_off(q));

	++*a->p->acts;
	ring[at % RING_ENTRIES] = *c;
}

void attack_bring_up(struct attack *a, struct rnd *r)
{
	struct port *p = a->p;
	struct t1_admin_cmd c;
	unsigned int i;

	if (p->restore)
		p->restore(p);
	cfg_write(p, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	i = find_cap(p, PCI_CAP_ID_PM);
	if (i)
		cfg_write(p, i + PCI_PM_CTRL, 2, 0);
	reg_write(p, T1_REG_CTRL, T1_CTRL_RESET);
	for (i = 0; i < 100 && reg(p, T1_REG_CTRL); i++)
		attack_sleep_us(50);
	set_rings(a, 64);
	reg_write(p, T1_REG_CTRL, T1_CTRL_ENABLE);
	for (i = 0; i < 100 && !reg(p, T1_REG_STATUS); i++)
		attack_sleep_us(50);
	for (i = 0; i < NUM_CTX; i++) {
		c = (struct t1_admin_cmd){ .opcode = T1_ADMIN_CTX_CREATE, .ctx = i };
		push(a, &c);
		c = (struct t1_admin_cmd){
			.opcode = T1_ADMIN_MAP, .ctx = i, .flags = RW | T1_MAP_CONTIG,
			.map = { .va = VA + CMDS, .npages = (ARENA_BYTES - CMDS) / 4096,
				 .list = p->bus + CMDS },
		};
		push(a, &c);
		c = (struct t1_admin_cmd){
			.opcode = T1_ADMIN_MAP, .ctx = i,
			.flags = RW | T1_MAP_CONTIG | T1_MAP_VRAM,
			.map = { .va = VA_VRAM, .npages = 64 },
		};
		push(a, &c);
	}
	for (i = 0; i < NUM_QUEUES && i < p->num_slots; i++) {
		c = (struct t1_admin_cmd){
			.opcode = T1_ADMIN_QUEUE_CREATE, .ctx = i % NUM_CTX,
			.queue = { .slot = i, .engine = i / NUM_CTX, .ring_va = VA + ring_off(i),
				   .cb_va = cb_va(i), .ring_log2 = RING_LOG2,
				   .vector = below(r, p->num_slots + 1) },
		};
		push(a, &c);
	}
	memset(p->arena + CBS, 0, 4096);
	settle(a);
}

static uint64_t some_bus(struct attack *a, struct rnd *r)
{
	return one_in(r, 8) ? extreme(r) : a->p->bus + (below(r, ARENA_BYTES) & ~0xfffull);
}

/* In VRAM, or just past the function's part of it */
static uint64_t some_vram(struct attack *a, struct rnd *r)
{
	switch (below(r, 4)) {
	case 0:
		return a->p->vram_bytes - 4 * 4096 + below(r, 8) * 4096;
	case 1:
		return extreme(r) & ~0xfffull;
	default:
		return below(r, a->p->vram_bytes) & ~0xfffull;
	}
}

/* A command that is nearly right: a field is at an extreme now and then, or any of its bytes */
static void random_admin(struct attack *a, struct rnd *r, struct t1_admin_cmd *c)
{
	unsigned int op = below(r, 12);

	memset(c, 0, sizeof(*c));
	c->opcode = op;
	c->cid = rnd(r);
	c->ctx = one_in(r, 6) ? extreme(r) : below(r, NUM_CTX + 1);
	switch (op) {
	case T1_ADMIN_MAP:
	case T1_ADMIN_UNMAP:
		c->flags = one_in(r, 8) ? extreme(r) : rnd(r) & T1_MAP_FLAGS;
		c->map.va = one_in(r, 6) ? extreme(r) :
					   (one_in(r, 3) ? VA : VA_TRIAL) + below(r, 1024) * 4096;
		c->map.npages = one_in(r, 6) ? extreme(r) : 1 + below(r, T1_MAP_MAX_PAGES);
		if (op == T1_ADMIN_UNMAP) {
			c->flags &= T1_MAP_HUGE;
			break;
		}
		c->map.list = one_in(r, 8) ? extreme(r) : !(c->flags & T1_MAP_CONTIG) ?
			      a->p->bus + LISTS + below(r, 8) * 4096 :
			      c->flags & T1_MAP_VRAM ? some_vram(a, r) : some_bus(a, r);
		if (c->flags & T1_MAP_HUGE && below(r, 4)) {
			c->map.va &= ~0x1fffffull;
			if (c->flags & T1_MAP_CONTIG)
				c->map.list &= ~0x1fffffull;
		}
		break;
	case T1_ADMIN_QUEUE_CREATE:
		c->queue.engine = one_in(r, 6) ? extreme(r) : below(r, T1_NUM_ENGINES);
		c->queue.ring_va = one_in(r, 6) ? extreme(r) : VA + ring_off(below(r, NUM_QUEUES));
		c->queue.cb_va = one_in(r, 6) ? extreme(r) : cb_va(below(r, 64));
		c->queue.ring_log2 = one_in(r, 6) ? extreme(r) : below(r, 14);
		c->queue.vector = one_in(r, 6) ? extreme(r) : below(r, a->p->num_slots + 2);
		__attribute__((fallthrough));
	case T1_ADMIN_QUEUE_DESTROY:
	case T1_ADMIN_QUEUE_RESET:
		c->queue.slot = one_in(r, 5) ? extreme(r) : below(r, a->p->num_slots + 1);
		break;
	case T1_ADMIN_IDENTIFY:
	case T1_ADMIN_FAULT_QUERY:
		c->addr = one_in(r, 2) ? some_bus(a, r) : a->p->bus + REPLY;
		c->flags = one_in(r, 8) ? extreme(r) : below(r, 2);
		break;
	}
	if (one_in(r, 6))
		((uint8_t *)c)[below(r, sizeof(*c))] = rnd(r);
}

static void admin(struct attack *a, struct rnd *r)
{
	unsigned int n = 1 + below(r, 16);
	struct t1_admin_cmd c;

	while (n--) {
		random_admin(a, r, &c);
		push(a, &c);
	}
	settle(a);
}

/* What another thread changes while it is being read: a word, between two values */
struct change {
	volatile uint64_t *word;
	uint64_t one, other;
	int stop;
};

static void *change(void *arg)
{
	struct change *c = arg;

	while (!__atomic_load_n(&c->stop, __ATOMIC_RELAXED)) {
		*c->word = c->one;
		*c->word = c->other;
	}
	return NULL;
}

/* Commands, or the list of one, that are not the same from one look to the next */
static void race(struct attack *a, struct rnd *r)
{
	unsigned int at = a->tail, n = 1 + below(r, 8), i;
	struct change c = { .one = extreme(r), .other = extreme(r) };
	uint64_t *list = (uint64_t *)(a->p->arena + LISTS);
	struct t1_admin_cmd cmd;
	pthread_t thread;

	for (i = 0; i < n; i++) {
		random_admin(a, r, &cmd);
		if (one_in(r, 2)) {
			cmd = (struct t1_admin_cmd){
				.opcode = T1_ADMIN_MAP, .ctx = below(r, NUM_CTX),
				.flags = RW | (rnd(r) & T1_MAP_VRAM),
				.map = { .va = VA_TRIAL + below(r, 1 << 20) * 4096,
					 .npages = 1 + below(r, T1_MAP_MAX_PAGES),
					 .list = a->p->bus + LISTS },
			};
		}
		push(a, &cmd);
	}
	c.word = one_in(r, 2) ? &list[below(r, 512)] :
		 (uint64_t *)(a->p->arena + ASQ + (at + below(r, n)) % a->entries * 64) +
		 below(r, 8);
	c.one = one_in(r, 2) ? *c.word : some_bus(a, r);
	if (pthread_create(&thread, NULL, change, &c))
		return;
	settle(a);
	__atomic_store_n(&c.stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

static void lists(struct attack *a, struct rnd *r)
{
	uint64_t *list = (uint64_t *)(a->p->arena + LISTS);
	unsigned int page = below(r, 8), i;
	bool same = one_in(r, 4), vram = one_in(r, 3);
	uint64_t first = some_bus(a, r);
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_MAP, .ctx = below(r, NUM_CTX),
		.flags = RW | (vram ? T1_MAP_VRAM : 0),
		.map = { .va = VA_TRIAL + below(r, 1 << 20) * 4096,
			 .npages = 1 + below(r, T1_MAP_MAX_PAGES),
			 .list = a->p->bus + LISTS + page * 4096 },
	};

	for (i = 0; i < 512; i++) {
		list[page * 512 + i] = same ? first : vram ? some_vram(a, r) :
				       one_in(r, 200) ? extreme(r) :
				       a->p->bus + (below(r, ARENA_BYTES) & ~0xfffull);
	}
	/* Of those with nothing wrong in them, half go again at once */
	for (i = 0; i < 4; i++) {
		push(a, &c);
		c.map.va += 512 * 4096;
	}
	if (one_in(r, 2)) {
		c.opcode = T1_ADMIN_UNMAP;
		c.flags = 0;
		c.map.va = VA_TRIAL;
		c.map.list = 0;
		c.map.npages = 1 << 30;
		push(a, &c);
	}
	settle(a);
}

/* ------------------------------------------------------------- engines -- */

static uint64_t some_va(struct rnd *r)
{
	switch (below(r, 6)) {
	case 0:
		return extreme(r);
	case 1:
		return VA_VRAM + below(r, 64 * 4096 + 8192);
	case 2:
		return VA_TRIAL + below(r, 1ull << 32);
	case 3:
		return VA + CMDS + below(r, DATA - CMDS);
	default:
		return VA + DATA + below(r, ARENA_BYTES - DATA);
	}
}

/* Anything at all as to operands; lengths such that the machine below does not take long */
static struct t1_cmd random_cmd(struct rnd *r)
{
	static const uint8_t ops[] = {
		T1_OP_NOP, T1_OP_FENCE, T1_OP_SEM_WAIT, T1_OP_TIMESTAMP, T1_OP_BATCH, T1_OP_COPY,
		T1_OP_FILL, T1_OP_HANG, T1_OP_GEMM, T1_OP_CONV2D, T1_OP_ELTWISE, T1_OP_BIAS,
		T1_OP_ACT, T1_OP_SOFTMAX, T1_OP_REDUCE, T1_OP_REQUANT,
	};
	struct t1_cmd c = { .opcode = one_in(r, 10) ? rnd(r) : ops[below(r, sizeof(ops))] };
	uint32_t words[14];
	unsigned int i;

	c.sub = below(r, 4) ? 0 : below(r, 6);
	c.flags = below(r, 4) ? 0 : rnd(r) & 0xf;
	switch (c.opcode) {
	case T1_OP_NOP:
		return c;
	case T1_OP_FILL:
	case T1_OP_COPY:
		c.copy.dst = some_va(r) & ~3ull;
		c.copy.src = c.opcode == T1_OP_COPY ? some_va(r) : 0;
		c.copy.bytes = one_in(r, 16) ? extreme(r) : below(r, 32768) & ~3ull;
		c.copy.pattern = c.opcode == T1_OP_FILL ? rnd(r) : 0;
		return c;
	case T1_OP_HANG:
		c.hang.ns = below(r, 2000000);
		return c;
	case T1_OP_BATCH:
		c.batch.va = one_in(r, 4) ? some_va(r) : VA + CMDS + below(r, 2048) * 64;
		c.batch.count = one_in(r, 8) ? extreme(r) : below(r, 64);
		return c;
	case T1_OP_FENCE:
	case T1_OP_TIMESTAMP:
	case T1_OP_SEM_WAIT:
		c.sync.va = some_va(r) & ~7ull;
		c.sync.value = c.opcode == T1_OP_TIMESTAMP ? 0 : below(r, 3);
		return c;
	}
	for (i = 0; i < 14; i++)
		words[i] = one_in(r, 16) ? extreme(r) : below(r, 64);
	memcpy(c.raw, words, sizeof(words));
	for (i = 0; i < 3; i++)
		((uint64_t *)c.raw)[i] = some_va(r) & ~3ull;
	return c;
}

static void rings(struct attack *a, struct rnd *r)
{
	unsigned int q = below(r, NUM_QUEUES), n = 1 + below(r, 64), i;
	uint32_t head = cb(a, q)->head;

	for (i = 0; i < n; i++) {
		struct t1_cmd c = random_cmd(r);

		put(a, q, head + i, &c);
	}
	kick(a, q, one_in(r, 16) ? extreme(r) : head + n);
}

/* Faults are cleared and queues reset, so that there is something to be attacked again */
static void repair(struct attack *a, struct rnd *r)
{
	struct t1_admin_cmd c;
	unsigned int i;

	for (i = 0; i < NUM_QUEUES; i++) {
		c = (struct t1_admin_cmd){
			.opcode = T1_ADMIN_QUEUE_RESET, .queue = { .slot = i }
		};
		push(a, &c);
		cb(a, i)->head = 0;
	}
	for (i = 0; i < NUM_CTX; i++) {
		c = (struct t1_admin_cmd){
			.opcode = T1_ADMIN_FAULT_QUERY, .ctx = i, .addr = a->p->bus + REPLY,
			.flags = T1_FAULT_QUERY_CLEAR,
		};
		push(a, &c);
	}
	settle(a);
}

/* One's own, and by the trapped way those that a function of this size does not have */
static void doorbells(struct attack *a, struct rnd *r)
{
	unsigned int n = 1 + below(r, 32);

	while (n--) {
		uint32_t value = one_in(r, 2) ? below(r, 512) : extreme(r);

		if (one_in(r, 4))
			reg_write(a->p, T1_DB_OFF(below(r, T1_MAX_SLOTS + 2)) + below(r, 2) * 4,
				  value);
		else
			kick(a, below(r, a->p->num_slots), value);
	}
}

/* An interrupt after every command; or queues that wake each other, by semaphores */
static void flood(struct attack *a, struct rnd *r)
{
	bool semaphores = one_in(r, 2);
	unsigned int rounds = 1 + below(r, 20), q, i;
	uint64_t sem = VA + DATA + below(r, 512) * 8;

	for (q = 0; q < NUM_QUEUES; q++) {
		for (i = 0; i < RING_ENTRIES; i++) {
			bool even = q / NUM_CTX == 0;

			put(a, q, i, !semaphores ? &FENCE(sem, i, T1_FENCE_IRQ) :
				     i & 1 ? &FENCE(sem, even, 0) :
					     &SEM_WAIT(sem, !even, T1_SEM_EQ));
		}
	}
	while (rounds--) {
		for (q = 0; q < NUM_QUEUES; q++) {
			uint32_t head = cb(a, q)->head;

			cb(a, q)->event = head;
			kick(a, q, head + RING_ENTRIES);
		}
		attack_sleep_us(300);
	}
}

static void hang(struct attack *a, struct rnd *r)
{
	unsigned int q = below(r, NUM_QUEUES);
	uint32_t head = cb(a, q)->head;

	put(a, q, head, &HANG(0, below(r, 2) ? T1_HANG_NO_PREEMPT : 0));
	kick(a, q, head + 1);
	attack_sleep_us(below(r, 5000));
}

/* Memory that may not be the function's, mapped on trial and written by an engine at once */
static void reach(struct attack *a, struct rnd *r)
{
	bool vram = below(r, 4);
	uint32_t pages = 1 + below(r, 8), ctx = below(r, NUM_CTX);
	uint64_t va = VA_TRIAL + (1ull << 40) + below(r, 1 << 20) * 32768;
	uint32_t head = cb(a, ctx)->head;
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_MAP, .ctx = ctx,
		.flags = RW | T1_MAP_CONTIG | (vram ? T1_MAP_VRAM : 0),
		.map = { .va = va, .npages = pages,
			 .list = vram ? some_vram(a, r) : some_bus(a, r) },
	};

	push(a, &c);
	settle(a);
	put(a, ctx, head, &FILL(va, pages * 4096, 0xbadbad));
	kick(a, ctx, head + 1);
	attack_sleep_us(200);
}

void attack_fill(struct attack *a, uint64_t bus, uint32_t pages)
{
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_UNMAP, .map = { .va = VA_TRIAL - (1 << 30), .npages = pages },
	};
	uint32_t head = cb(a, 0)->head, i;

	push(a, &c);
	c.opcode = T1_ADMIN_MAP;
	c.flags = RW | T1_MAP_CONTIG;
	c.map.list = bus;
	push(a, &c);
	settle(a);
	for (i = 0; i < 64; i++)
		put(a, 0, head + i, &FILL(c.map.va, pages * 4096, 0xbadbad));
	kick(a, 0, head + 64);
}

void attack_memory(struct attack *a, struct rnd *r, uint64_t bus, uint64_t bytes, bool write)
{
	uint32_t pages = 1 + below(r, 64), ctx = below(r, NUM_CTX), n = 1 + below(r, 16), i;
	uint64_t va = VA_TRIAL + (1ull << 41) + below(r, 1 << 20) * 64 * 4096;
	uint32_t head = cb(a, ctx)->head;
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_MAP, .ctx = ctx,
		.flags = T1_MAP_CONTIG | T1_MAP_READ | (write ? T1_MAP_WRITE : 0),
		.map = { .va = va, .npages = pages, .list = bus + below(r, bytes / 4096) * 4096 },
	};

	push(a, &c);
	settle(a);
	for (i = 0; i < n; i++)
		put(a, ctx, head + i, write ? &FILL(va, pages * 4096, 0xbadbad) :
					      &COPY(VA + DATA, va, pages * 4096));
	kick(a, ctx, head + n);
	attack_sleep_us(below(r, 1000));
	if (one_in(r, 2)) {
		c.opcode = T1_ADMIN_UNMAP;
		c.flags = 0;
		c.map.list = 0;
		push(a, &c);
		settle(a);
	}
}

/* ------------------------------------------------------------- control -- */

static void flr(struct attack *a, struct rnd *r)
{
	unsigned int pos = find_cap(a->p, PCI_CAP_ID_EXP), n = 1 + below(r, 3);

	while (pos && n--)
		cfg_write(a->p, pos + PCI_EXP_DEVCTL, 2,
			  cfg(a->p, pos + PCI_EXP_DEVCTL, 2) | PCI_EXP_DEVCTL_BCR_FLR);
}

static void power(struct attack *a, struct rnd *r)
{
	unsigned int pos = find_cap(a->p, PCI_CAP_ID_PM);

	if (!pos)
		return;
	cfg_write(a->p, pos + PCI_PM_CTRL, 2, below(r, 2) ? 3 : rnd(r));
	kick(a, below(r, a->p->num_slots), below(r, 64));
	reg_write(a->p, T1_REG_ASQ_TAIL, below(r, 64));
	cfg_write(a->p, pos + PCI_PM_CTRL, 2, 0);
}

static void command(struct attack *a, struct rnd *r)
{
	cfg_write(a->p, PCI_COMMAND, 2, below(r, 8) & (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER));
	attack_sleep_us(below(r, 500));
	cfg_write(a->p, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* Rings in odd places and of odd sizes, enabled all the same */
static void control(struct attack *a, struct rnd *r)
{
	static const uint32_t base[] = { T1_REG_ASQ_BASE_LO, T1_REG_ACQ_BASE_LO,
					 T1_REG_EVQ_BASE_LO };
	uint32_t which;

	reg_write(a->p, T1_REG_CTRL, one_in(r, 2) ? 0 : T1_CTRL_RESET);
	set_rings(a, 2u << below(r, 10));
	if (one_in(r, 2)) {
		which = base[below(r, 3)];
		reg_write64(a->p, which, one_in(r, 2) ? extreme(r) : some_bus(a, r));
		if (one_in(r, 2))
			reg_write(a->p, which + 8, extreme(r));
	}
	reg_write(a->p, T1_REG_CTRL, one_in(r, 8) ? rnd(r) : T1_CTRL_ENABLE);
	attack_sleep_us(200);
	admin(a, r);
}

const struct attack_kind attack_kinds[] = {
	{ "bring-up", 6, attack_bring_up },
	{ "repair", 6, repair },
	{ "config", 3, config },
	{ "registers", 2, registers },
	{ "admin", 10, admin },
	{ "race", 4, race },
	{ "lists", 4, lists },
	{ "rings", 12, rings },
	{ "doorbells", 3, doorbells },
	{ "flood", 2, flood },
	{ "hang", 2, hang },
	{ "reach", 6, reach },
	{ "flr", 1, flr },
	{ "power", 1, power },
	{ "command", 1, command },
	{ "control", 2, control },
	{ }
};
