/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attack.h - what a hostile driver does to its function, as a seeded generator makes it up
 *
 * An operation is a function of the seed and of its number alone: whatever came before, and
 * however long it took, the same number gives the same operation. It goes through a port, of
 * which there are two: a VFIO client's (hostile.c) and a guest's (hostile_guest.c).
 */
#ifndef TESSERA_TEST_ATTACK_H
#define TESSERA_TEST_ATTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARENA_BYTES	(2u << 20)

/* ------------------------------------------------------------- numbers -- */

/* splitmix64: good from any start, so that each operation has a sequence of its own */
struct rnd {
	uint64_t state;
};

static inline uint64_t rnd(struct rnd *r)
{
	uint64_t x = r->state += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static inline struct rnd rnd_of(uint64_t seed, uint64_t number)
{
	struct rnd r = { seed };

	r.state = rnd(&r) ^ number;
	r.state = rnd(&r);
	return r;
}

static inline uint64_t below(struct rnd *r, uint64_t n)
{
	return (rnd(r) >> 16) % n;
}

static inline bool one_in(struct rnd *r, unsigned int n)
{
	return !below(r, n);
}

/* Extremes, and what is next to them; now and then anything at all */
uint64_t extreme(struct rnd *r);

/* ----------------------------------------------------------- the attack -- */

/**
 * struct port - a function under attack
 * @read: trapped access to BAR0, or to config space with @config: bytes, or a negative errno
 * @write: likewise
 * @restore: put right what no driver gets to see, or NULL
 * @max_access: longest access that these take
 * @doorbells: the function's own doorbell pages, from slot 0 on
 * @num_slots: how many
 * @vram_bytes: size of its VRAM
 * @arena: ARENA_BYTES of memory, contiguous for the device
 * @bus: where the device sees it
 * @acts: counts what is done: accesses, commands, doorbells, calls
 * @priv: the port's own
 */
struct port {
	ssize_t (*read)(struct port *p, bool config, uint64_t off, void *buf, size_t len);
	ssize_t (*write)(struct port *p, bool config, uint64_t off, const void *buf, size_t len);
	void (*restore)(struct port *p);
	size_t max_access;
	volatile uint8_t *doorbells;
	uint32_t num_slots;
	uint64_t vram_bytes;
	uint8_t *arena;
	uint64_t bus;
	uint64_t *acts;
	void *priv;
};

/**
 * struct attack - an attack on one function
 * @p: the function
 * @tail: of the admin ring
 * @entries: of the admin ring, as far as we know
 */
struct attack {
	struct port *p;
	uint32_t tail;
	uint32_t entries;
};

struct attack_kind {
	const char *name;
	unsigned int weight;
	void (*run)(struct attack *a, struct rnd *r);
};

/* The kinds of operations, up to one without a name. */
extern const struct attack_kind attack_kinds[];

/* Pick one of a list by its weight: its index. */
unsigned int attack_pick(const struct attack_kind *kinds, struct rnd *r);

/* An honest driver's start, from which attacks reach deep. */
void attack_bring_up(struct attack *a, struct rnd *r);

/* Map memory into context 0 and have an engine write it many times, from now on. */
void attack_fill(struct attack *a, uint64_t bus, uint32_t pages);

/*
 * Have an engine read memory of the machine's, or write it, which may go away at any moment: from
 * bus address @bus on, @bytes of it.
 */
void attack_memory(struct attack *a, struct rnd *r, uint64_t bus, uint64_t bytes, bool write);

void attack_sleep_us(unsigned int us);

#endif
