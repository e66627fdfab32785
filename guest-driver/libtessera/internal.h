/* SPDX-License-Identifier: MIT */
/*
 * internal.h - structures that libtessera's files share
 */
#ifndef TESSERA_INTERNAL_H
#define TESSERA_INTERNAL_H

#include <pthread.h>

#include "tessera.h"

#define TESSERA_DRM_DRIVER_NAME "tessera_drm"

/**
 * struct tessera_device - an open render node
 * @fd: file descriptor of the node
 * @va_start: lowest address that BIND accepts
 * @va_end: first address past those
 * @lock: protects @bos and the reference counts in them
 * @bos: all buffers, to find an imported one by its handle
 */
struct tessera_device {
	int fd;
	uint64_t va_start;
	uint64_t va_end;
	pthread_mutex_t lock;
	struct tessera_bo *bos;
};

struct tessera_bo {
	struct tessera_device *dev;
	struct tessera_bo *next;
	uint64_t size;
	uint32_t handle;
	uint32_t refs;
	void *map;
};

/**
 * struct va_range - free addresses
 * @next: the next higher range, not adjacent to this one
 * @start: first address
 * @end: first address past the range
 */
struct va_range {
	struct va_range *next;
	uint64_t start;
	uint64_t end;
};

/**
 * struct tessera_va - free addresses of a context
 * @free: in rising order
 */
struct tessera_va {
	struct va_range *free;
};

struct tessera_context {
	struct tessera_device *dev;
	struct tessera_va vas;
	uint32_t id;
};

struct tessera_queue {
	struct tessera_device *dev;
	uint32_t id;
};

/**
 * struct tessera_cmdbuf - commands being built
 * @ctx: context that @bo is bound in, or NULL for wrapped memory
 * @bo: buffer that holds the commands, or NULL
 * @cmds: the commands
 * @va: their address for the engine
 * @count: commands appended
 * @capacity: commands that fit
 * @error: error of the first append that failed, or 0
 */
struct tessera_cmdbuf {
	struct tessera_context *ctx;
	struct tessera_bo *bo;
	struct t1_cmd *cmds;
	uint64_t va;
	uint32_t count;
	uint32_t capacity;
	int error;
};

/* All return 0 or an errno: take -EEXIST if the range is used, give -EINVAL if it is free. */
int tessera_va_init(struct tessera_va *vas, uint64_t start, uint64_t end);
void tessera_va_fini(struct tessera_va *vas);
int tessera_va_alloc(struct tessera_va *vas, uint64_t size, uint64_t align, uint64_t *va);
int tessera_va_take(struct tessera_va *vas, uint64_t va, uint64_t size);
int tessera_va_give(struct tessera_va *vas, uint64_t va, uint64_t size);

/* ioctl(2), restarted by libdrm when interrupted. */
int tessera_ioctl(struct tessera_device *dev, unsigned long request, void *arg);

/* CLOCK_MONOTONIC, timeout_ns from now. */
int64_t tessera_deadline(int64_t timeout_ns);

#endif /* TESSERA_INTERNAL_H */
