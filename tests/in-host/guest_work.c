// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest_work.c - what guests do to each other's accelerator, as far as they can
 *
 *	guest_work imprint NUMBER SECONDS
 *		fill all device memory with NUMBER's pattern and check over and over that it is
 *		still there; 0 if it is
 *	guest_work busy FILE
 *		keep both engines busy until FILE exists
 *	guest_work once
 *		one small job, result checked
 *	guest_work zero
 *		use a piece of device memory of 4 MiB, free it, take one again: 0 if that is zero.
 *		The CPU itself accesses none of it
 *
 * busy needs an accelerator with hang=on: its jobs take time and compute nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xf86drm.h>

#include "drv.h"

#define PIECE		(1u << 20)
#define MAX_PIECES	1024
#define DEPTH		8
#define BATCH		4
#define STEP_NS		250000

static int fail(const char *what, int err)
{
	printf("# %s: %d (%s)\n", what, err, strerror(-err));
	return 1;
}

static int wrong(const struct t_bo *bo, uint32_t want, unsigned int piece)
{
	const volatile uint32_t *p = bo->cpu;
	unsigned int i;

	for (i = 0; i < PIECE / 4; i += 1021) {
		if (p[i] != want) {
			printf("# piece %u word %u: %#x, not %#x\n", piece, i, p[i], want);
			return 1;
		}
	}
	return 0;
}

static int imprint(uint32_t number, unsigned int seconds)
{
	static struct t_bo bo[MAX_PIECES];
	struct t_env env;
	uint64_t va = 1ull << 40;
	unsigned int n = 0, i, rounds = 0;
	int64_t end;
	int err;

	err = t_setup(&env, 0, T1_ENGINE_COPY);
	if (err)
		return fail("set-up", err);
	for (n = 0; n < MAX_PIECES; n++) {
		struct t1_cmd fill = FILL(va + n * (uint64_t)PIECE, PIECE, number << 16 | n);

		err = t_bo_create(env.fd, PIECE, DRM_TESSERA_BO_VRAM, &bo[n]);
		if (err == -ENOSPC)
			break;
		if (!err)
			err = t_bo_map(env.fd, &bo[n]);
		if (err)
			return fail("buffer", err);
		/* what another guest has left there must not be visible */
		if (wrong(&bo[n], 0, n))
			return 1;
		err = t_bind(env.fd, env.ctx, bo[n].handle, fill.copy.dst, 0, PIECE, T_RW);
		if (err)
			return fail("bind", err);
		err = t_run(&env, &fill, 1);
		if (err)
			return fail("fill", err);
	}
	if (n < 4)
		return fail("so little memory", -ENOSPC);
	end = t_now_ns() + seconds * T_SECOND;
	do {
		for (i = 0; i < n; i++) {
			/* as the CPU sees it, and as the engine does */
			struct t1_cmd copy =
				COPY(T_DATA(&env), va + i * (uint64_t)PIECE, PIECE);
			struct t_bo seen = { .cpu = T_DATA_CPU(&env) };

			if (wrong(&bo[i], number << 16 | i, i))
				return 1;
			err = t_run(&env, &copy, 1);
			if (err)
				return fail("copy", err);
			if (wrong(&seen, number << 16 | i, i))
				return 1;
		}
		rounds++;
	} while (t_now_ns() < end);
	printf("%u pieces, %u rounds\n", n, rounds);
	t_teardown(&env);
	return 0;
}

static int busy(const char *until)
{
	struct t_env env[T1_NUM_ENGINES];
	uint32_t sync[T1_NUM_ENGINES][DEPTH];
	unsigned int e, i;
	uint64_t n = 0;
	int err;

	for (e = 0; e < T1_NUM_ENGINES; e++) {
		err = t_setup(&env[e], 0, e);
		if (err)
			return fail("set-up", err);
		for (i = 0; i < BATCH; i++)
			((struct t1_cmd *)env[e].bo.cpu)[i] = HANG(STEP_NS, 0);
		for (i = 0; i < DEPTH; i++) {
			err = t_syncobj(env[e].fd, &sync[e][i]);
			if (err)
				return fail("syncobj", err);
		}
	}
	for (n = 0; access(until, F_OK); n++) {
		for (e = 0; e < T1_NUM_ENGINES; e++) {
			uint32_t s = sync[e][n % DEPTH];

			if (n >= DEPTH) {
				err = t_wait(env[e].fd, s, 60);
				if (err || t_fence_status(env[e].fd, s) != 1)
					return fail("job", err ? err : -EIO);
			}
			err = t_exec(env[e].fd, env[e].queue, env[e].va, BATCH, 0, s);
			if (err)
				return fail("exec", err);
		}
	}
	printf("%" PRIu64 " jobs\n", n);
	return 0;
}

static int once(void)
{
	struct t1_cmd cmd[2];
	struct t_env env;
	uint32_t *p;
	int err;

	err = t_setup(&env, 0, T1_ENGINE_COMPUTE);
	if (err)
		return fail("set-up", err);
	cmd[0] = FILL(T_DATA(&env), 4096, 0x600d600d);
	cmd[1] = COPY(T_DATA(&env) + 8192, T_DATA(&env), 4096);
	err = t_run(&env, cmd, 2);
	if (err)
		return fail("job", err);
	p = T_DATA_CPU(&env);
	if (p[2048] != 0x600d600d || p[3071] != 0x600d600d || p[3072])
		return fail("result", -EBADMSG);
	t_teardown(&env);
	return 0;
}

/* How many words of a piece are @want, as the engine sees them; or -errno */
static int count_words(struct t_env *env, const struct t_bo *bo, uint64_t va, uint32_t want)
{
	const uint32_t *p = T_DATA_CPU(env);
	const uint64_t half = T_ARENA / 2;
	int err, n = 0;
	uint64_t at, i;

	for (at = 0; at < bo->size; at += half) {
		struct t1_cmd copy = COPY(T_DATA(env), va + at, half);

		err = t_run(env, &copy, 1);
		if (err)
			return err;
		for (i = 0; i < half / 4; i++)
			n += p[i] == want;
	}
	return n;
}

static int zero(void)
{
	const uint32_t patterns[] = { 0x0badf00d, 0 };
	const uint64_t va = 1ull << 40;
	struct t_env env;
	struct t_bo bo;
	int err, n, i;

	err = t_setup(&env, 0, T1_ENGINE_COPY);
	if (err)
		return fail("set-up", err);
	for (i = 0; i < 2; i++) {
		struct t1_cmd fill = FILL(va, T_ARENA, patterns[i]);

		err = t_bo_create(env.fd, T_ARENA, DRM_TESSERA_BO_VRAM, &bo);
		if (!err)
			err = t_bind(env.fd, env.ctx, bo.handle, va, 0, bo.size, T_RW);
		if (!err && patterns[i])
			err = t_run(&env, &fill, 1);
		n = err ? err : count_words(&env, &bo, va, patterns[i]);
		if (n != T_ARENA / 4) {
			printf("# piece %d: %d\n", i, n);
			return 1;
		}
		err = t_unbind(env.fd, env.ctx, va, bo.size);
		if (err)
			return fail("unbind", err);
		t_bo_destroy(env.fd, &bo);
	}
	t_teardown(&env);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "imprint"))
		return imprint(strtoul(argv[2], NULL, 0), strtoul(argv[3], NULL, 0));
	if (argc == 3 && !strcmp(argv[1], "busy"))
		return busy(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "once"))
		return once();
	if (argc == 2 && !strcmp(argv[1], "zero"))
		return zero();
	fprintf(stderr, "guest_work imprint NUMBER SECONDS | busy FILE | once | zero\n");
	return 2;
}
