/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * input.h - the fuzzer's bytes as a list of decisions; past its end all are zero
 */
#ifndef TESSERA_FUZZ_INPUT_H
#define TESSERA_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define fallthrough	__attribute__((__fallthrough__))

struct input {
	const uint8_t *at;
	size_t left;
};

/* An invariant does not hold: a finding. */
#define REQUIRE(cond, fmt, ...)							\
	do {									\
		if (!(cond)) {							\
			fprintf(stderr, "FINDING: %s:%d: %s: " fmt "\n", __FILE__, __LINE__, \
				#cond, ##__VA_ARGS__);				\
			abort();						\
		}								\
	} while (0)

static inline void input_bytes(struct input *in, void *to, size_t len)
{
	size_t n = len < in->left ? len : in->left;

	memcpy(to, in->at, n);
	memset((uint8_t *)to + n, 0, len - n);
	in->at += n;
	in->left -= n;
}

static inline uint8_t input_u8(struct input *in)
{
	uint8_t v;

	input_bytes(in, &v, sizeof(v));
	return v;
}

static inline uint32_t input_u32(struct input *in)
{
	uint32_t v;

	input_bytes(in, &v, sizeof(v));
	return v;
}

static inline uint64_t input_u64(struct input *in)
{
	uint64_t v;

	input_bytes(in, &v, sizeof(v));
	return v;
}

static inline uint32_t input_below(struct input *in, uint32_t n)
{
	return input_u8(in) % n;
}

/* Once in @n times, and never past the input's end. */
static inline bool input_rarely(struct input *in, uint32_t n)
{
	return input_below(in, n) == n - 1;
}

/* Mostly a number below @limit; else one near the edges, or any. */
static inline uint64_t input_around(struct input *in, uint64_t limit)
{
	uint8_t v = input_u8(in);

	switch (v) {
	case 0xff:
		return input_u64(in);
	case 0xfe:
		return UINT32_MAX;
	case 0xfd:
		return UINT64_MAX;
	case 0xf0 ... 0xfc:
		return limit - 1 + v % 3;
	default:
		return limit ? v % limit : 0;
	}
}

#endif /* TESSERA_FUZZ_INPUT_H */
