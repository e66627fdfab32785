// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream.c - a state as bytes, little-endian
 */
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif
#include "vgpu/stream.h"

/**
 * tessera_stream_check() - demand something of a value that was loaded
 * @s: the stream
 * @name: what is wrong if it does not hold
 * @ok: whether it holds
 *
 * Context: any.
 */
void tessera_stream_check(struct tessera_stream *s, const char *name, bool ok)
{
	if (s->loading && !s->why && !ok)
		s->why = name;
}

/**
 * tessera_stream_bytes() - save or load bytes as they are
 * @s: the stream
 * @name: the field
 * @p: its place
 * @bytes: its size
 *
 * Context: any.
 */
void tessera_stream_bytes(struct tessera_stream *s, const char *name, void *p, size_t bytes)
{
	if (s->why || (s->buf && bytes > s->len - s->pos)) {
		if (!s->why)
			s->why = s->loading ? "the stream is cut short" : "the buffer is too small";
		if (s->loading)
			memset(p, 0, bytes);
		return;
	}
	if (s->field)
		s->field(s, name, bytes);
	if (s->loading)
		memcpy(p, s->buf + s->pos, bytes);
	else if (s->buf)
		memcpy(s->buf + s->pos, p, bytes);
	s->pos += bytes;
}

static u64 tessera_stream_number(struct tessera_stream *s, const char *name, u64 value,
				 unsigned int bytes)
{
	unsigned int i;
	u8 raw[8];

	for (i = 0; i < bytes; i++)
		raw[i] = value >> (8 * i);
	tessera_stream_bytes(s, name, raw, bytes);
	value = 0;
	for (i = 0; i < bytes; i++)
		value |= (u64)raw[i] << (8 * i);
	return value;
}

/**
 * tessera_stream_u8() - save or load a number of 8 bits
 * @s: the stream
 * @name: the field
 * @value: its place
 *
 * Context: any.
 */
void tessera_stream_u8(struct tessera_stream *s, const char *name, u8 *value)
{
	*value = tessera_stream_number(s, name, *value, 1);
}

/**
 * tessera_stream_u16() - save or load a number of 16 bits
 * @s: the stream
 * @name: the field
 * @value: its place
 *
 * Context: any.
 */
void tessera_stream_u16(struct tessera_stream *s, const char *name, u16 *value)
{
	*value = tessera_stream_number(s, name, *value, 2);
}

/**
 * tessera_stream_u32() - save or load a number of 32 bits
 * @s: the stream
 * @name: the field
 * @value: its place
 *
 * Context: any.
 */
void tessera_stream_u32(struct tessera_stream *s, const char *name, u32 *value)
{
	*value = tessera_stream_number(s, name, *value, 4);
}

/**
 * tessera_stream_u64() - save or load a number of 64 bits
 * @s: the stream
 * @name: the field
 * @value: its place
 *
 * Context: any.
 */
void tessera_stream_u64(struct tessera_stream *s, const char *name, u64 *value)
{
	*value = tessera_stream_number(s, name, *value, 8);
}

/**
 * tessera_stream_bool() - save or load a truth value, which is 0 or 1
 * @s: the stream
 * @name: the field
 * @value: its place
 *
 * Context: any.
 */
void tessera_stream_bool(struct tessera_stream *s, const char *name, bool *value)
{
	u8 raw = *value;

	tessera_stream_u8(s, name, &raw);
	tessera_stream_check(s, name, raw <= 1);
	*value = raw == 1;
}

/**
 * tessera_stream_same() - save a number, or demand that it be the same
 * @s: the stream
 * @name: the field
 * @value: the number
 *
 * Context: any.
 */
void tessera_stream_same(struct tessera_stream *s, const char *name, u64 value)
{
	tessera_stream_check(s, name, tessera_stream_number(s, name, value, 8) == value);
}

/**
 * tessera_stream_end() - demand that nothing follow
 * @s: the stream
 *
 * Context: any.
 */
void tessera_stream_end(struct tessera_stream *s)
{
	tessera_stream_check(s, "the stream is too long", s->pos == s->len);
}
