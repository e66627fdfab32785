// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_state.c - what is saved of a T1 vGPU, comes back as it was; what is damaged, is refused
 *
 * Streams are of random states. What a valid state is, is written here once more, from the
 * hardware's manual: a stream that is accepted has to give one, and to be saved as the same bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "t1/t1_state.h"
#include "vgpu/stream.h"

#define ROUNDS		300
#define MAX_MAPPINGS	40u
#define MAX_FIELDS	8192u
#define ROOM		(1u << 17)

static uint64_t seed;
static u8 config[TESSERA_CONFIG_SIZE], writable[TESSERA_CONFIG_SIZE];
static struct tessera_state_limits limits = {
	.num_ctx = 4,
	.num_slots = 6,
	.num_vectors = 7,
	.num_engines = 2,
	.vram_bytes = 64 << 20,
	.config = config,
	.config_writable = writable,
};

struct maps {
	struct tessera_mapping m[MAX_MAPPINGS];
	u32 num;
	bool refuse;
};

struct field {
	const char *name;
	size_t at, bytes;
};

static struct field fields[MAX_FIELDS];
static u32 num_fields;

static uint64_t rnd(void)
{
	uint64_t z = (seed += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static u32 below(u32 n)
{
	return rnd() % n;
}

/* ------------------------------------------------------- random states -- */

static void make_ring(struct tessera_ring *ring, u64 *base, u32 *size, u32 *other, bool ready)
{
	*size = 2u << below(10);
	*base = (u64)below(1 << 20) << 12;
	if (!ready)
		return;
	ring->base = *base;
	ring->size = *size;
	ring->index = below(*size);
	ring->phase = below(2);
	*other = below(*size);
}

static void make_events(struct t1_vgpu_events *q)
{
	u32 i;

	q->first = below(T1_EVENTS_MAX);
	q->count = below(4) ? below(10) : T1_EVENTS_MAX;
	for (i = 0; i < q->count; i++)
		q->fifo[(q->first + i) % T1_EVENTS_MAX] = (struct t1_event){
			.type = cpu_to_le16(T1_EV_FAULT),
			.engine = cpu_to_le16(below(limits.num_engines)),
			.ctx = cpu_to_le32(below(limits.num_ctx)),
			.slot = cpu_to_le32(below(limits.num_slots)),
			.fault = cpu_to_le32(1 + below(T1_FAULT_ENGINE_RESET)),
			.time_ns = cpu_to_le64(rnd()),
			.addr = cpu_to_le64(rnd()),
		};
}

static void make_mappings(const struct tessera_vgpu_state *state, struct maps *maps)
{
	u64 va = 0;
	u32 ctx;

	for (ctx = 0; ctx < limits.num_ctx; ctx++, va = 0) {
		while (state->ctx[ctx].live && maps->num < MAX_MAPPINGS && below(5)) {
			struct tessera_mapping *m = &maps->m[maps->num++];
			u64 align = below(3) ? 1 : 512;

			va = (va + below(3) * align + align - 1) / align * align;
			*m = (struct tessera_mapping){
				.ctx = ctx,
				.va = va << 12,
				.iova = (u64)below(1 << 20) * align << 12,
				.pages = (1 + below(9)) * align,
				.prot = 1 + below(3),
				.huge = align == 512,
			};
			va += m->pages;
		}
	}
}

/* Anywhere, and often as far up as it can be. */
static u64 make_ring_va(u32 log2)
{
	u64 last = ((1ull << 48) - (64ull << log2)) & ~4095ull;

	return below(4) ? rnd() % (last + 1) & ~4095ull : last;
}

static void make_state(struct t1_vgpu_state *st, struct maps *maps)
{
	struct tessera_vgpu_state *c = &st->common;
	bool ready;
	u32 i;

	memset(st, 0, sizeof(*st));
	memset(maps, 0, sizeof(*maps));
	for (i = 0; i < TESSERA_CONFIG_SIZE; i++)
		c->config[i] = config[i] ^ (rnd() & writable[i]);
	for (i = 0; i < limits.num_vectors * 16; i++)
		c->msix_table[i] = rnd();
	c->phase = (u32[]){ TESSERA_VGPU_OFF, TESSERA_VGPU_READY, TESSERA_VGPU_READY,
			    TESSERA_VGPU_FATAL }[below(4)];
	ready = c->phase == TESSERA_VGPU_READY;
	c->time_offset_ns = rnd();
	for (i = 0; ready && i < limits.num_ctx; i++)
		c->ctx[i].live = below(3);
	for (i = 0; ready && i < limits.num_slots; i++) {
		u32 ctx = below(limits.num_ctx);

		if (!c->ctx[ctx].live || !below(3))
			continue;
		c->queue[i] = (struct tessera_queue_state){
			.live = true,
			.vector = below(limits.num_vectors),
			.desc = {
				.ctx = ctx,
				.engine = below(limits.num_engines),
				.state_va = rnd() >> 16 & ~63ull,
				.ring_log2 = T1_RING_MIN_LOG2 +
					     below(T1_RING_MAX_LOG2 - T1_RING_MIN_LOG2 + 1),
			},
		};
		c->queue[i].desc.ring_va = make_ring_va(c->queue[i].desc.ring_log2);
	}
	make_mappings(c, maps);
	make_ring(&st->asq, &st->regs.asq_base, &st->regs.asq_size, &st->asq_tail, ready);
	make_ring(&st->acq, &st->regs.acq_base, &st->regs.acq_size, &st->acq_head, ready);
	make_ring(&st->evq, &st->regs.evq_base, &st->regs.evq_size, &st->evq_head, ready);
	if (!ready) {
		/* Whatever the guest has written */
		st->regs.asq_base = rnd();
		st->regs.evq_size = rnd();
	}
	st->latch_time_hi = rnd();
	for (i = 0; i < limits.num_ctx; i++) {
		st->latch_busy_hi[T1_ENGINE_COMPUTE][i] = rnd();
		st->latch_busy_hi[T1_ENGINE_COPY][i] = rnd();
	}
	if (ready)
		make_events(&st->events);
}

/* ------------------------------------------------------------- streams -- */

static void get_mapping(void *priv, u32 i, struct tessera_mapping *m)
{
	*m = ((struct maps *)priv)->m[i];
}

static bool put_mapping(void *priv, const struct tessera_mapping *m)
{
	struct maps *maps = priv;

	if (maps->refuse || maps->num == MAX_MAPPINGS)
		return false;
	maps->m[maps->num++] = *m;
	return true;
}

static struct tessera_mappings over(struct maps *maps)
{
	return (struct tessera_mappings){
		.num = maps->num, .get = get_mapping, .put = put_mapping, .priv = maps,
	};
}

static void note_field(struct tessera_stream *s, const char *name, size_t bytes)
{
	if (num_fields < MAX_FIELDS)
		fields[num_fields++] = (struct field){ name, s->pos, bytes };
}

static size_t save(struct t1_vgpu_state *st, struct maps *maps, u8 *buf)
{
	struct tessera_stream s = { .buf = buf, .len = ROOM, .field = note_field };
	struct tessera_stream count = {};
	struct tessera_mappings m = over(maps);

	t1_state_walk(st, &limits, &m, &count);
	num_fields = 0;
	t1_state_walk(st, &limits, &m, &s);
	CHECK(!s.why && !count.why);
	CHECK_EQ(s.pos, count.pos);
	return s.pos;
}

static const char *load(struct t1_vgpu_state *st, struct maps *maps, u8 *buf, size_t len)
{
	struct tessera_stream s = { .buf = buf, .len = len, .loading = true };
	struct tessera_mappings m;

	memset(st, 0xa5, sizeof(*st));
	maps->num = 0;
	m = over(maps);
	t1_state_walk(st, &limits, &m, &s);
	return s.why;
}

/* --------------------------------------------------- what is a valid state -- */

static bool ring_valid(const struct tessera_ring *r, u64 base, u32 size, u32 other)
{
	u32 bits = __builtin_popcount(size);

	return bits == 1 && size >= 2 && size <= 1024 && base % 4096 == 0 &&
	       base + 65536 > base && r->base == base && r->size == size && r->index < size &&
	       r->phase <= 1 && other < size;
}

static bool valid_queues(const struct tessera_vgpu_state *c)
{
	u32 i;

	for (i = 0; i < TESSERA_MAX_SLOTS; i++) {
		const struct tessera_queue_state *q = &c->queue[i];

		if (q->live &&
		    (i >= limits.num_slots || q->vector >= limits.num_vectors ||
		     q->desc.ctx >= limits.num_ctx || !c->ctx[q->desc.ctx].live ||
		     q->desc.engine >= 2 || q->desc.ring_log2 < 2 || q->desc.ring_log2 > 12 ||
		     q->desc.ring_va % 4096 || q->desc.state_va % 64 ||
		     q->desc.ring_va + (64ull << q->desc.ring_log2) > 1ull << 48 ||
		     q->desc.ring_va >= 1ull << 48 || q->desc.state_va >= 1ull << 48))
			return false;
	}
	return true;
}

static bool valid_mappings(const struct tessera_vgpu_state *c, const struct maps *maps)
{
	u32 i, k;

	for (i = 0; i < maps->num; i++) {
		const struct tessera_mapping *a = &maps->m[i];
		u64 align = a->huge ? 2 << 20 : 4096;

		if (a->ctx >= limits.num_ctx || !c->ctx[a->ctx].live || !a->pages ||
		    !a->prot || a->prot > 3 || a->va % align || a->iova % align ||
		    a->pages % (align / 4096) || a->pages > 1ull << 36 ||
		    a->va >= 1ull << 48 || a->va + a->pages * 4096 > 1ull << 48 ||
		    a->iova + a->pages * 4096 < a->iova)
			return false;
		for (k = 0; k < i; k++) {
			const struct tessera_mapping *b = &maps->m[k];

			if (a->ctx == b->ctx && a->va < b->va + b->pages * 4096 &&
			    b->va < a->va + a->pages * 4096)
				return false;
		}
	}
	return true;
}

static bool valid_events(const struct t1_vgpu_events *q)
{
	u32 i;

	if (q->count > T1_EVENTS_MAX || q->first >= T1_EVENTS_MAX)
		return false;
	for (i = 0; i < q->count; i++) {
		const struct t1_event *ev = &q->fifo[(q->first + i) % T1_EVENTS_MAX];

		if (ev->type != T1_EV_FAULT || ev->engine >= 2 || ev->ctx >= limits.num_ctx ||
		    ev->slot >= limits.num_slots || !ev->fault || ev->fault > 7 || ev->phase ||
		    ev->token || ev->busy_ns || ev->switch_ns)
			return false;
	}
	return true;
}

static bool valid(const struct t1_vgpu_state *st, const struct maps *maps)
{
	const struct tessera_vgpu_state *c = &st->common;
	bool live = false;
	u32 i;

	for (i = 0; i < TESSERA_CONFIG_SIZE; i++) {
		if ((c->config[i] ^ config[i]) & ~writable[i] & 0xff)
			return false;
	}
	for (i = 0; i < TESSERA_MAX_CONTEXTS; i++) {
		live |= c->ctx[i].live;
		if (c->ctx[i].live && i >= limits.num_ctx)
			return false;
	}
	if (!valid_queues(c) || !valid_mappings(c, maps))
		return false;
	if (c->phase != TESSERA_VGPU_READY)
		return !live && !st->events.count && !st->asq.size &&
		       (c->phase == TESSERA_VGPU_OFF || c->phase == TESSERA_VGPU_FATAL);
	return ring_valid(&st->asq, st->regs.asq_base, st->regs.asq_size, st->asq_tail) &&
	       ring_valid(&st->acq, st->regs.acq_base, st->regs.acq_size, st->acq_head) &&
	       ring_valid(&st->evq, st->regs.evq_base, st->regs.evq_size, st->evq_head) &&
	       valid_events(&st->events);
}

static bool powered_on(const struct t1_vgpu_state *st)
{
	static struct t1_vgpu_state fresh;

	memset(&fresh, 0, sizeof(fresh));
	memcpy(fresh.common.config, config, sizeof(config));
	return !memcmp(st, &fresh, sizeof(fresh));
}

/* --------------------------------------------------------------- tests -- */

static struct t1_vgpu_state st, back;
static struct maps maps, maps_back;
static u8 buf[ROOM], again[ROOM];

static void begin(unsigned int i)
{
	u32 k;

	seed = i + 1;
	for (k = 0; k < TESSERA_CONFIG_SIZE; k++) {
		config[k] = rnd();
		writable[k] = below(8) ? 0 : rnd();
	}
}

/* A stream is accepted or refused; either way what is left is right. */
static void judge(size_t len, const char *what, bool may_pass)
{
	const char *why = load(&back, &maps_back, buf, len);

	if (why) {
		CHECK_MSG(powered_on(&back), "after \"%s\" for %s", why, what);
		return;
	}
	CHECK_MSG(may_pass, "%s was accepted", what);
	CHECK_MSG(valid(&back, &maps_back), "%s", what);
	CHECK_MSG(save(&back, &maps_back, again) == len && !memcmp(buf, again, len), "%s", what);
}

static void round_trip(void)
{
	const char *why;
	size_t len;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		make_state(&st, &maps);
		CHECK(valid(&st, &maps));
		len = save(&st, &maps, buf);
		why = load(&back, &maps_back, buf, len);
		CHECK_MSG(!why, "%s", why);
		CHECK(valid(&back, &maps_back));
		CHECK_EQ(len, save(&back, &maps_back, again));
		CHECK(!memcmp(buf, again, len));
		CHECK(!memcmp(&st.common, &back.common, sizeof(st.common)));
		CHECK(!memcmp(&st.regs, &back.regs, sizeof(st.regs)));
		CHECK(maps.num == maps_back.num &&
		      !memcmp(maps.m, maps_back.m, maps.num * sizeof(maps.m[0])));
		CHECK_EQ(st.events.count, back.events.count);
		CHECK_EQ(st.latch_time_hi, back.latch_time_hi);
		CHECK(!memcmp(st.latch_busy_hi, back.latch_busy_hi, sizeof(st.latch_busy_hi)));
	}
}

/* Each field in turn gets values that it should not have, and some that it may. */
static void damaged_fields(void)
{
	static const uint64_t extremes[] = { 0, 1, 2, 3, 7, 0x7f, 0x80, 0xfff, 0x1000, 0xffff,
					     0x10000, 0x7fffffff, 0x80000000, 0xffffffff,
					     1ull << 40, 1ull << 48, ~0ull >> 1, ~0ull };
	static struct field f[MAX_FIELDS];
	u8 kept[8];
	size_t len;
	u32 i, k, n;
	int round;

	for (round = 0; round < 12; round++) {
		make_state(&st, &maps);
		len = save(&st, &maps, buf);
		n = num_fields;
		CHECK(n > 20 && n < MAX_FIELDS);
		memcpy(f, fields, sizeof(f));
		for (i = 0; i < n; i++) {
			/* Of the events of a full fifo some will do */
			if (f[i].bytes > 8 || (n > 1024 && i >= 128 && i + 128 < n && below(8)))
				continue;
			memcpy(kept, buf + f[i].at, f[i].bytes);
			for (k = 0; k < sizeof(extremes) / sizeof(extremes[0]) + 8; k++) {
				uint64_t v = k < 18 ? htole64(extremes[k]) : rnd();

				memcpy(buf + f[i].at, &v, f[i].bytes);
				judge(len, f[i].name, true);
			}
			memcpy(buf + f[i].at, kept, f[i].bytes);
		}
	}
}

/* A field that has few values refuses all others. */
static void fields_with_few_values(void)
{
	static const struct { const char *name; u32 from; } all[] = {
		{ "magic", 0 }, { "version", 2 }, { "minor version", 2 }, { "num_ctx", 5 },
		{ "num_slots", 7 }, { "num_vectors", 8 }, { "num_engines", 3 }, { "phase", 4 },
		{ "vram_bytes", 1 }, { "ctx.live", 2 }, { "queue.live", 2 }, { "queue.vector", 7 },
		{ "queue.ctx", 4 }, { "queue.engine", 2 }, { "queue.ring_log2", 13 },
		{ "asq", 1024 }, { "acq", 1024 }, { "evq", 1024 }, { "events", 257 },
		{ "event.engine", 2 }, { "event.ctx", 4 }, { "event.slot", 6 },
		{ "event.fault", 8 }, { "mapping.ctx", 4 }, { "mapping.prot", 4 },
		{ "mapping.huge", 2 },
		{ "mapping.pages", 0 }, { "phase", TESSERA_VGPU_STOPPING },
	};
	static struct field f[MAX_FIELDS];
	u8 kept[8];
	u32 i, k, n, tried;
	size_t len;
	int round;

	for (k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
		tried = 0;
		for (round = 0; round < 40; round++) {
			make_state(&st, &maps);
			len = save(&st, &maps, buf);
			n = num_fields;
			memcpy(f, fields, sizeof(f));
			for (i = 0; i < n; i++) {
				uint64_t v = htole64(all[k].from);

				if (strcmp(f[i].name, all[k].name) || f[i].bytes > 8 ||
				    (f[i].bytes == 1 && all[k].from > 255))
					continue;
				memcpy(kept, buf + f[i].at, f[i].bytes);
				memcpy(buf + f[i].at, &v, f[i].bytes);
				CHECK_MSG(load(&back, &maps_back, buf, len),
					  "%s of %u was accepted", all[k].name, all[k].from);
				CHECK(powered_on(&back));
				memcpy(buf + f[i].at, kept, f[i].bytes);
				tried++;
			}
		}
		CHECK_MSG(tried, "no field %s", all[k].name);
	}
}

static void fixed_config_bits(void)
{
	u32 i, bit;
	size_t len, at;

	make_state(&st, &maps);
	len = save(&st, &maps, buf);
	for (i = 0; strcmp(fields[i].name, "config"); i++)
		;
	at = fields[i].at;
	for (i = 0; i < TESSERA_CONFIG_SIZE; i += 1 + below(5)) {
		bit = 1u << below(8);
		buf[at + i] ^= bit;
		CHECK(!load(&back, &maps_back, buf, len) == !!(writable[i] & bit));
		buf[at + i] ^= bit;
	}
}

static void flipped_bytes(void)
{
	size_t len, at;
	int round;
	u8 kept;

	for (round = 0; round < 6; round++) {
		make_state(&st, &maps);
		len = save(&st, &maps, buf);
		for (at = 0; at < len; at++) {
			kept = buf[at];
			buf[at] ^= 1 + below(255);
			judge(len, "a flipped byte", true);
			buf[at] = kept;
		}
	}
}

static void cut_short_or_too_long(void)
{
	size_t len, n;

	make_state(&st, &maps);
	len = save(&st, &maps, buf);
	for (n = 0; n < len; n++)
		judge(n, "a stream cut short", false);
	buf[len] = 0;
	judge(len + 1, "a stream that is too long", false);
}

static void noise(void)
{
	size_t len, n, i;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		make_state(&st, &maps);
		len = save(&st, &maps, buf);
		for (n = 1 + below(20); n; n--) {
			i = below(len);
			buf[i] = rnd();
		}
		judge(len, "noise", true);
	}
}

static void refused_memory(void)
{
	const char *why;
	size_t len;

	do {
		make_state(&st, &maps);
	} while (!maps.num);
	len = save(&st, &maps, buf);
	maps_back.refuse = true;
	why = load(&back, &maps_back, buf, len);
	maps_back.refuse = false;
	CHECK(why && strstr(why, "memory"));
	CHECK(powered_on(&back));
}

static void too_little_room(void)
{
	struct tessera_mappings m;
	size_t len, n;

	make_state(&st, &maps);
	len = save(&st, &maps, buf);
	m = over(&maps);
	for (n = 0; n < len; n += 1 + n / 50) {
		u8 *small = malloc(n + 1);
		struct tessera_stream s = { .buf = small, .len = n };

		t1_state_walk(&st, &limits, &m, &s);
		CHECK(s.why && strstr(s.why, "too small"));
		free(small);
	}
}

/* After any history the power-on form is that of a new vGPU. */
static void power_on(void)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		u64 offset;

		make_state(&st, &maps);
		offset = st.common.time_offset_ns;
		tessera_state_power_on(&st.common);
		t1_state_power_on(&st);
		CHECK_EQ(offset, st.common.time_offset_ns);
		st.common.time_offset_ns = 0;
		memcpy(st.common.config, config, sizeof(config));
		CHECK(powered_on(&st));
	}
}

/* One event more than there is room for, and nothing else that is wrong. */
static void too_many_events(void)
{
	u8 *count;
	size_t len;
	u32 i;

	do {
		make_state(&st, &maps);
	} while (st.events.count != T1_EVENTS_MAX);
	len = save(&st, &maps, buf);
	for (i = 0; strcmp(fields[i].name, "events"); i++)
		;
	count = buf + fields[i].at;
	/* Events end the stream: the last one once more. */
	i = (len - (fields[i].at + 4)) / T1_EVENTS_MAX;
	memcpy(buf + len, buf + len - i, i);
	CHECK(!load(&back, &maps_back, buf, len));
	memcpy(count, &(u32){ cpu_to_le32(T1_EVENTS_MAX + 1) }, sizeof(u32));
	judge(len + i, "a stream with too many events", false);
}

/* Nothing of the vGPU's arrays is left over: one context more would be beyond them. */
static void largest_vgpu(void)
{
	static struct field f[MAX_FIELDS];
	size_t len;
	u32 i, n, tried = 0;
	struct tessera_state_limits small = limits;

	limits.num_ctx = TESSERA_MAX_CONTEXTS;
	limits.num_slots = TESSERA_MAX_SLOTS;
	limits.num_vectors = TESSERA_MAX_SLOTS + 1;
	limits.num_engines = 2;
	round_trip();
	noise();
	for (make_state(&st, &maps); !maps.num || st.common.phase != TESSERA_VGPU_READY;)
		make_state(&st, &maps);
	len = save(&st, &maps, buf);
	n = num_fields;
	memcpy(f, fields, sizeof(f));
	for (i = 0; i < n; i++) {
		u32 kept, v = htole32(TESSERA_MAX_CONTEXTS);

		if (strcmp(f[i].name, "queue.ctx") && strcmp(f[i].name, "mapping.ctx"))
			continue;
		memcpy(&kept, buf + f[i].at, sizeof(kept));
		memcpy(buf + f[i].at, &v, sizeof(v));
		judge(len, f[i].name, false);
		memcpy(buf + f[i].at, &kept, sizeof(kept));
		tried++;
	}
	CHECK(tried > maps.num);
	limits = small;
}

static const struct ktap_test tests[] = {
	{ "round_trip", round_trip },
	{ "damaged_fields", damaged_fields },
	{ "fields_with_few_values", fields_with_few_values },
	{ "fixed_config_bits", fixed_config_bits },
	{ "flipped_bytes", flipped_bytes },
	{ "cut_short_or_too_long", cut_short_or_too_long },
	{ "noise", noise },
	{ "refused_memory", refused_memory },
	{ "too_little_room", too_little_room },
	{ "power_on", power_on },
	{ "too_many_events", too_many_events },
	{ "largest_vgpu", largest_vgpu },
};

int main(int argc, char **argv)
{
	return ktap_run_each(tests, sizeof(tests) / sizeof(tests[0]), begin, NULL, argc, argv);
}
