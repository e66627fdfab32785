/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * drv.h - what the tests of tessera_drm.ko share: its ioctls as functions
 *
 * Every function returns 0 or -errno. t_setup() makes what most tests start from: an open
 * file, a context, a compute queue, and a buffer bound at T_VA.
 */
#ifndef TESSERA_TEST_DRV_H
#define TESSERA_TEST_DRV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../../uapi/t1_hw.h"
#include "../../uapi/tessera_drm.h"

#define T_VA		0x100000000ull
#define T_ARENA		(4u << 20)
#define T_RW		(DRM_TESSERA_BIND_READ | DRM_TESSERA_BIND_WRITE)
#define T_SECOND	1000000000ll

/* A machine emulated on a busy one, with a debug kernel, needs more than the harness's 30 s */
#ifdef TEST_TIMEOUT_DEFAULT
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	180
#endif

#define CMD(...)	((struct t1_cmd){ __VA_ARGS__ })
#define FILL(va, n, pat) \
	CMD(.opcode = T1_OP_FILL, .copy = { .dst = (va), .bytes = (n), .pattern = (pat) })
#define COPY(to, from, n) \
	CMD(.opcode = T1_OP_COPY, .copy = { .dst = (to), .src = (from), .bytes = (n) })
#define HANG(t, fl) \
	CMD(.opcode = T1_OP_HANG, .flags = (fl), .hang = { .ns = (t) })

struct t_bo {
	uint32_t handle;
	uint64_t size;
	void *cpu;
};

/* One context with a queue and a buffer: batches in its first half, data in the second. */
struct t_env {
	int fd;
	uint32_t ctx, queue;
	struct t_bo bo;
	uint64_t va;
};

#define T_DATA(env)	((env)->va + T_ARENA / 2)
#define T_DATA_CPU(env)	((void *)((char *)(env)->bo.cpu + T_ARENA / 2))

int t_open(void);
int t_param(int fd, uint32_t param, uint64_t *value);
int t_bo_create(int fd, uint64_t size, uint32_t flags, struct t_bo *bo);
int t_bo_map(int fd, struct t_bo *bo);
void t_bo_destroy(int fd, struct t_bo *bo);
int t_gem_close(int fd, uint32_t handle);
int t_ctx_create(int fd, uint32_t *id);
int t_ctx_destroy(int fd, uint32_t id);
int t_bind(int fd, uint32_t ctx, uint32_t handle, uint64_t va, uint64_t offset, uint64_t size,
	   uint32_t flags);
int t_unbind(int fd, uint32_t ctx, uint64_t va, uint64_t size);
int t_queue_create(int fd, uint32_t ctx, uint32_t engine, uint32_t *id);
int t_queue_destroy(int fd, uint32_t id);
int t_query(int fd, uint32_t id, struct drm_tessera_queue_query *q);

/* One batch; in and out are binary syncobjs, zero for none. */
int t_exec(int fd, uint32_t queue, uint64_t va, uint32_t count, uint32_t in, uint32_t out);
int t_exec_args(int fd, struct drm_tessera_exec *args);
int t_syncobj(int fd, uint32_t *handle);
/* Seconds from now. */
int t_wait(int fd, uint32_t syncobj, double seconds);
/* Of the syncobj's fence as a sync file: 1 ended well, 0 not ended, negative its error. */
int t_fence_status(int fd, uint32_t syncobj);

int t_setup(struct t_env *env, uint32_t bo_flags, uint32_t engine);
void t_teardown(struct t_env *env);
/* A new context and queue in place of those that have failed, with the same buffer. */
int t_renew(struct t_env *env, uint32_t engine);
/* Put commands at the start of the arena, run them, wait. -EIO if the job failed. */
int t_run(struct t_env *env, const struct t1_cmd *cmds, uint32_t count);
/* The queue's state, DRM_TESSERA_QUEUE_*, or -errno. */
int t_state(struct t_env *env);

int64_t t_now_ns(void);
void t_sleep_ms(int ms);
bool t_has_cap(int fd, uint64_t cap);
/* Does this machine's DMA go through bounce buffers? */
bool t_bounces(void);
/* sysfs directory of the device behind a DRM file. */
int t_sysfs(int fd, char *path, size_t size);
int t_write_file(const char *path, const char *text);
int t_read_file(const char *path, char *buf, size_t size);

#endif
