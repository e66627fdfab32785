// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_parts.c - page tables: each context has those of its part, and no other's
 *
 * How many tables a context holds can't be read. A model counts them from what is mapped, and a
 * part is full when a MAP that needs one more is refused, not before and not after.
 */
#include <stdlib.h>

#include "harness.h"

#define RW		(T1_MAP_READ | T1_MAP_WRITE)
#define HUGE		T1_MAP_HUGE
#define VRAM		T1_MAP_VRAM
#define GIB		(1ull << 30)
#define TOP		(512 * GIB)	/* what one entry of a root covers */

static unsigned int ctx_part(uint32_t ctx, uint32_t first, uint32_t num)
{
	struct t1_admin_cmd cmd = acmd(T1_ADMIN_CTX_CREATE, ctx);

	cmd.part.first = first;
	cmd.part.num = num;
	return admin(&cmd);
}

/* Map pages of which each needs three tables, up to @most, until one is refused: how many. */
static unsigned int fill(uint32_t ctx, unsigned int most)
{
	unsigned int n, status = 0;

	for (n = 0; n < most; n++) {
		status = map_contig(ctx, n * TOP, 0, 1, RW | VRAM);
		if (status)
			break;
	}
	CHECK_EQ(status, n < most ? T1_ST_NO_RESOURCE : T1_ST_OK);
	return n;
}

/* As many as a context has by itself: a root, and three for each. */
#define FULL		((T1_CTX_TABLES - 1) / 3)
_Static_assert(FULL * 3 + 1 == T1_CTX_TABLES, "a context is full to the last table");

static void invalid_parts(void)
{
	static const struct {
		uint32_t ctx, first, num;
	} bad[] = {
		{ 4, 5, 1 }, { 4, 0, 4 }, { 4, 3, 1 }, { 4, 4, 61 }, { 0, 0, 65 }, { 4, 4, 0 },
		{ 4, 0, 0xffffffff }, { 4, 1, 0xffffffff }, { 4, 0xffffffff, 2 },
		{ 4, 0xffffffff, 6 }, { 63, 63, 2 }, { 63, 64, 1 },
	};
	struct t1_admin_cmd cmd;
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_EQ(ctx_part(bad[i].ctx, bad[i].first, bad[i].num), T1_ST_INVALID_FIELD);
	for (i = 8; i < sizeof(cmd.raw); i++) {
		cmd = acmd(T1_ADMIN_CTX_CREATE, 4);
		cmd.raw[i] = 1;
		CHECK_EQ(admin(&cmd), T1_ST_INVALID_FIELD);
	}
	CHECK_EQ(ctx_part(4, 0, 64), T1_ST_OK);
	CHECK_EQ(ctx_part(4, 0, 64), T1_ST_EXISTS);
	CHECK_EQ(ctx_part(63, 63, 1), T1_ST_OK);
	CHECK_EQ(ctx_part(62, 0, 63), T1_ST_OK);
}

/* Whatever one part does, each of the others gets all of its own: the sum is the device's. */
static void each_has_its_own(void)
{
	const unsigned int size = 4, parts = T1_MAX_CONTEXTS / size;
	unsigned int part, ctx, sum;

	for (ctx = 0; ctx < T1_MAX_CONTEXTS; ctx++)
		CHECK_EQ(ctx_part(ctx, ctx / size * size, size), 0);
	for (part = 0; part < parts; part++) {
		sum = 0;
		for (ctx = part * size; ctx < (part + 1) * size; ctx++)
			sum += fill(ctx, part & 1 ? FULL : FULL + 77);
		/* the first three of an even one took more, and left the fourth less */
		CHECK_EQ(sum, size * FULL);
	}
	/* a part that has something back is not another's */
	CHECK_EQ(admin_simple(T1_ADMIN_CTX_DESTROY, 1), 0);
	CHECK_EQ(map_contig(4, FULL * TOP, 0, 1, RW | VRAM), T1_ST_NO_RESOURCE);
	CHECK_EQ(map_contig(0, (FULL + 77) * TOP, 0, 1, RW | VRAM), 0);
}

/* A single context may use all that its part has. */
static void shared_within_a_part(void)
{
	CHECK_EQ(ctx_part(8, 8, 2), 0);
	CHECK_EQ(ctx_part(9, 8, 2), 0);
	/* one root is saved: one table is left, of the four that the other would need */
	CHECK_EQ(fill(8, 512), 2 * FULL);
	CHECK_EQ(map_contig(9, 0, 0, 1, RW | VRAM), T1_ST_NO_RESOURCE);
	CHECK_EQ(unmap(8, 0, TOP >> 21, HUGE), 0);
	CHECK_EQ(map_contig(9, 0, 0, 1, RW | VRAM), 0);
	CHECK_EQ(map_contig(9, 2 << 20, 0, 1, RW | VRAM), T1_ST_NO_RESOURCE);
	CHECK_EQ(map_contig(9, 4096, 0, 511, RW | VRAM), 0);
}

/* Contexts that are given no part, or parts that overlap, have what the device has in all. */
static void the_device_has_an_end(void)
{
	const unsigned int all = T1_MAX_CONTEXTS * T1_CTX_TABLES;
	unsigned int ctx, tables = 0, n;

	for (ctx = 0; ctx < T1_MAX_CONTEXTS; ctx++) {
		CHECK_EQ(ctx & 1 ? ctx_part(ctx, 0, 64) : admin_simple(T1_ADMIN_CTX_CREATE, ctx),
			 0);
		n = fill(ctx, 512);
		tables += 3 * n + !!n;
		if (n < 512)
			break;
	}
	CHECK(tables + 3 > all && tables <= all);
	CHECK_EQ(ctx_part(ctx + 1, ctx + 1, 1), 0);
	CHECK_EQ(map_contig(ctx + 1, 0, 0, 1, RW | VRAM), T1_ST_NO_RESOURCE);
}

/* A state of before there were parts: its contexts have all tables between them. */
static void state_without_parts(void)
{
	const uint64_t mapping[2] = { 3 * TOP, 0 };
	const char *why = "";
	size_t len, at;
	uint8_t *a;

	CHECK_EQ(ctx_part(0, 0, 1), 0);
	CHECK_EQ(map_contig(0, mapping[0], mapping[1], 1, RW | VRAM), 0);
	a = t1_core_save(m.core, &len);
	for (at = 0; at + sizeof(mapping) < len; at += 4) {
		if (!memcmp(a + at, mapping, sizeof(mapping)))
			break;
	}
	CHECK(at + sizeof(mapping) < len);
	/* the two words before it are the part; byte 12 is the minor version */
	CHECK_EQ(a[at - 8], 0);
	CHECK_EQ(a[at - 4], 1);
	CHECK_EQ(a[12], 2);
	a[at - 4] = 0;
	CHECK(!t1_core_load(m.core, a, len, &why));
	CHECK(strstr(why, "part"));
	memmove(a + at - 8, a + at, len - at);
	a[12] = 0;
	CHECK(t1_core_load(m.core, a, len - 8, &why));
	free(a);
	CHECK_EQ(fill(0, 3), 3);
	CHECK_EQ(unmap(0, 0, 3 * TOP >> 21, HUGE), 0);
	CHECK_EQ(unmap(0, 3 * TOP, TOP >> 21, HUGE), 0);
	CHECK_EQ(fill(0, 512), 512);
}

/* ------------------------------------------------------- against a model -- */

/*
 * Parts of one, two and four contexts. Each has 512 places of 512 GiB, in each of which two
 * neighbours of 2 MiB at two addresses can be mapped, by pages of either size.
 */
#define CONTEXTS	7u
#define PLACES		512u
#define GIBS		2u
#define HALVES		2u
#define PAGES		512u		/* of 4 KiB in 2 MiB */

static const struct {
	uint32_t first, num;
} part_of[CONTEXTS] = { { 0, 1 }, { 1, 2 }, { 1, 2 }, { 3, 4 }, { 3, 4 }, { 3, 4 }, { 3, 4 } };

enum { NONE, SMALL, LARGE };

struct place {
	uint8_t page[GIBS][HALVES * PAGES];
};

static struct place *model;

static struct place *place_of(uint32_t ctx, unsigned int top)
{
	return &model[ctx * PLACES + top];
}

static unsigned int count(const uint8_t *page, unsigned int n, uint8_t kind)
{
	unsigned int i, found = 0;

	for (i = 0; i < n; i++)
		found += page[i] == kind;
	return found;
}

/* Tables below a root, for what is mapped in a place. */
static unsigned int place_tables(const struct place *p)
{
	unsigned int g, h, gibs = 0, leaves = 0;

	for (g = 0; g < GIBS; g++) {
		gibs += count(p->page[g], HALVES * PAGES, NONE) != HALVES * PAGES;
		for (h = 0; h < HALVES; h++)
			leaves += count(p->page[g] + h * PAGES, PAGES, SMALL) != 0;
	}
	return leaves + gibs + !!gibs;
}

static unsigned int model_tables[CONTEXTS];	/* below the roots */

static unsigned int part_tables(uint32_t ctx)
{
	unsigned int i, sum = 0;

	for (i = part_of[ctx].first; i < part_of[ctx].first + part_of[ctx].num; i++)
		sum += model_tables[i] + !!model_tables[i];
	return sum;
}

static uint64_t model_va(unsigned int top, unsigned int g, unsigned int page)
{
	return top * TOP + g * GIB + page * 4096ull;
}

/* 1 if it was refused for lack of tables. */
static unsigned int random_map(void)
{
	unsigned int ctx = rnd_below(CONTEXTS), top = rnd_below(PLACES), g = rnd_below(GIBS);
	bool huge = !rnd_below(4);
	unsigned int n = huge ? PAGES : 1 + rnd_below(6);
	unsigned int at = huge ? rnd_below(HALVES) * PAGES :
		rnd_below(2) ? PAGES - 1 - rnd_below(n) : rnd_below(HALVES * PAGES - n + 1);
	struct place *p = place_of(ctx, top), before = *p;
	unsigned int tables, status, was = place_tables(p);
	bool full, exists;

	exists = count(p->page[g] + at, n, NONE) != n;
	memset(p->page[g] + at, huge ? LARGE : SMALL, n);
	tables = place_tables(p);
	model_tables[ctx] += tables - was;
	full = part_tables(ctx) > part_of[ctx].num * T1_CTX_TABLES;
	status = map_contig(ctx, model_va(top, g, at), 0, huge ? 1 : n,
			    RW | VRAM | (huge ? HUGE : 0));
	/* where it is both, which is found first is no matter */
	if (!(exists && full && status == T1_ST_NO_RESOURCE))
		CHECK_EQ(status, exists ? T1_ST_EXISTS : full ? T1_ST_NO_RESOURCE : T1_ST_OK);
	if (status) {
		model_tables[ctx] -= tables - was;
		*p = before;
	}
	return status == T1_ST_NO_RESOURCE;
}

static void random_unmap(void)
{
	unsigned int ctx = rnd_below(CONTEXTS), top = rnd_below(PLACES), g = rnd_below(GIBS);
	struct place *p = place_of(ctx, top);
	unsigned int at = rnd_below(HALVES * PAGES), n = 1 + rnd_below(HALVES * PAGES - at);
	unsigned int was = place_tables(p);
	bool cut;

	if (rnd_below(2)) {
		/* from the first place that has anything on: all of it */
		for (top = 0; top < PLACES - 1 && !place_tables(place_of(ctx, top)); top++)
			;
		p = place_of(ctx, top);
		model_tables[ctx] -= place_tables(p);
		memset(p, NONE, sizeof(*p));
		CHECK_EQ(unmap(ctx, top * TOP, TOP >> 21, HUGE), 0);
		return;
	}
	cut = (at % PAGES && p->page[g][at] == LARGE) ||
	      ((at + n) % PAGES && p->page[g][at + n] == LARGE);
	CHECK_EQ(unmap(ctx, model_va(top, g, at), n, 0), cut ? T1_ST_INVALID_FIELD : T1_ST_OK);
	if (!cut)
		memset(p->page[g] + at, NONE, n);
	model_tables[ctx] -= was - place_tables(p);
}

static void recreate(uint32_t ctx)
{
	CHECK_EQ(admin_simple(T1_ADMIN_CTX_DESTROY, ctx), 0);
	CHECK_EQ(ctx_part(ctx, part_of[ctx].first, part_of[ctx].num), 0);
	memset(place_of(ctx, 0), NONE, PLACES * sizeof(struct place));
	model_tables[ctx] = 0;
}

static void random_operations(void)
{
	unsigned int i, op, refused = 0, ctx;

	rnd_seed(17);
	model = calloc(CONTEXTS * PLACES, sizeof(*model));
	memset(model_tables, 0, sizeof(model_tables));
	for (ctx = 0; ctx < CONTEXTS; ctx++)
		CHECK_EQ(ctx_part(ctx, part_of[ctx].first, part_of[ctx].num), 0);
	for (i = 0; i < 30000 && !ktap_complaints; i++) {
		op = rnd_below(2000);
		if (op < 1500)
			refused += random_map();
		else if (op < 1998)
			random_unmap();
		else if (op == 1998)
			recreate(rnd_below(CONTEXTS));
		else
			machine_replace_core();
	}
	/* it was at the limits, but not only */
	CHECK(refused > 1000 && refused < 15000);

	/* nothing is lost or kept: unmapped, or destroyed, each part has all it ever had */
	for (ctx = 0; ctx < CONTEXTS; ctx++) {
		if (ctx & 1)
			recreate(ctx);
		else
			CHECK_EQ(unmap(ctx, 0, 1u << (T1_VA_BITS - 21), HUGE), 0);
	}
	for (ctx = 0; ctx < CONTEXTS; ctx++)
		CHECK_EQ(fill(ctx, FULL), FULL);
	for (ctx = 0; ctx < CONTEXTS; ctx++)
		CHECK_EQ(map_contig(ctx, 511 * TOP, 0, 1, RW | VRAM), T1_ST_NO_RESOURCE);
	free(model);
}

static const struct ktap_test tests[] = {
	{ "invalid_parts", invalid_parts },
	{ "each_has_its_own", each_has_its_own },
	{ "shared_within_a_part", shared_within_a_part },
	{ "the_device_has_an_end", the_device_has_an_end },
	{ "state_without_parts", state_without_parts },
	{ "random_operations", random_operations },
};

int main(int argc, char **argv)
{
	return machine_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
