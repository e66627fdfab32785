/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stream.h - a state as bytes: one walk over its fields saves it, or loads and checks it
 *
 * Nothing in a stream that is loaded is trusted. The first thing that is wrong is remembered, and
 * all that follows reads as zero.
 */
#ifndef TESSERA_VGPU_STREAM_H
#define TESSERA_VGPU_STREAM_H

#include <linux/types.h>

/**
 * struct tessera_stream - a state on its way
 * @buf: the bytes; NULL while saving: they are only counted
 * @len: how many there are, or how many there is room for
 * @pos: how many are done
 * @loading: from the bytes to the state
 * @why: what is wrong, for people; NULL: nothing so far
 * @field: called for each field, if set: for tests
 * @priv: for @field
 */
struct tessera_stream {
	u8 *buf;
	size_t len;
	size_t pos;
	bool loading;
	const char *why;
	void (*field)(struct tessera_stream *s, const char *name, size_t bytes);
	void *priv;
};

void tessera_stream_bytes(struct tessera_stream *s, const char *name, void *p, size_t bytes);
void tessera_stream_u8(struct tessera_stream *s, const char *name, u8 *value);
void tessera_stream_u16(struct tessera_stream *s, const char *name, u16 *value);
void tessera_stream_u32(struct tessera_stream *s, const char *name, u32 *value);
void tessera_stream_u64(struct tessera_stream *s, const char *name, u64 *value);
void tessera_stream_bool(struct tessera_stream *s, const char *name, bool *value);
void tessera_stream_same(struct tessera_stream *s, const char *name, u64 value);
void tessera_stream_check(struct tessera_stream *s, const char *name, bool ok);
void tessera_stream_end(struct tessera_stream *s);

#endif /* TESSERA_VGPU_STREAM_H */
