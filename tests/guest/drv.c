// SPDX-License-Identifier: GPL-2.0-only
/*
 * drv.c - what the tests of tessera_drm.ko share: its ioctls as functions
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sync_file.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>
#include <xf86drm.h>

#include "drv.h"

int64_t t_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * T_SECOND + ts.tv_nsec;
}

void t_sleep_ms(int ms)
{
	usleep(ms * 1000);
}

static int call(int fd, unsigned long request, void *arg)
{
	return drmIoctl(fd, request, arg) ? -errno : 0;
}

/* The first render node of the driver, or what TESSERA_DEVICE names */
int t_open(void)
{
	const char *path = getenv("TESSERA_DEVICE");
	drmVersionPtr v;
	char name[64];
	int i, fd;

	if (path)
		return open(path, O_RDWR | O_CLOEXEC);
	for (i = 128; i < 192; i++) {
		snprintf(name, sizeof(name), "/dev/dri/renderD%d", i);
		fd = open(name, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		v = drmGetVersion(fd);
		if (v && !strcmp(v->name, "tessera_drm")) {
			drmFreeVersion(v);
			return fd;
		}
		drmFreeVersion(v);
		close(fd);
	}
	return -ENODEV;
}

int t_param(int fd, uint32_t param, uint64_t *value)
{
	struct drm_tessera_get_param args = { .param = param };
	int ret = call(fd, DRM_IOCTL_TESSERA_GET_PARAM, &args);

	*value = args.value;
	return ret;
}

bool t_has_cap(int fd, uint64_t cap)
{
	uint64_t caps;

	return !t_param(fd, DRM_TESSERA_PARAM_CAPS, &caps) && (caps & cap);
}

bool t_bounces(void)
{
	char line[4096];

	return !t_read_file("/proc/cmdline", line, sizeof(line)) &&
	       strstr(line, "swiotlb=force");
}

int t_bo_create(int fd, uint64_t size, uint32_t flags, struct t_bo *bo)
{
	struct drm_tessera_bo_create args = { .size = size, .flags = flags };
	int ret = call(fd, DRM_IOCTL_TESSERA_BO_CREATE, &args);

	memset(bo, 0, sizeof(*bo));
	if (ret)
		return ret;
	bo->handle = args.handle;
	bo->size = args.size;
	return 0;
}

int t_bo_map(int fd, struct t_bo *bo)
{
	struct drm_tessera_bo_mmap_offset args = { .handle = bo->handle };
	int ret = call(fd, DRM_IOCTL_TESSERA_BO_MMAP_OFFSET, &args);
	void *p;

	if (ret)
		return ret;
	p = mmap(NULL, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, args.offset);
	if (p == MAP_FAILED)
		return -errno;
	bo->cpu = p;
	return 0;
}

int t_gem_close(int fd, uint32_t handle)
{
	struct drm_gem_close args = { .handle = handle };

	return call(fd, DRM_IOCTL_GEM_CLOSE, &args);
}

void t_bo_destroy(int fd, struct t_bo *bo)
{
	if (bo->cpu)
		munmap(bo->cpu, bo->size);
	if (bo->handle)
		t_gem_close(fd, bo->handle);
	memset(bo, 0, sizeof(*bo));
}

int t_ctx_create(int fd, uint32_t *id)
{
	struct drm_tessera_ctx_create args = {};
	int ret = call(fd, DRM_IOCTL_TESSERA_CTX_CREATE, &args);

	*id = args.ctx_id;
	return ret;
}

int t_ctx_destroy(int fd, uint32_t id)
{
	struct drm_tessera_ctx_destroy args = { .ctx_id = id };

	return call(fd, DRM_IOCTL_TESSERA_CTX_DESTROY, &args);
}

int t_bind(int fd, uint32_t ctx, uint32_t handle, uint64_t va, uint64_t offset, uint64_t size,
	   uint32_t flags)
{
	struct drm_tessera_bind args = {
		.ctx_id = ctx, .handle = handle, .va = va, .offset = offset, .size = size,
		.flags = flags,
	};

	return call(fd, DRM_IOCTL_TESSERA_BIND, &args);
}

int t_unbind(int fd, uint32_t ctx, uint64_t va, uint64_t size)
{
	struct drm_tessera_unbind args = { .ctx_id = ctx, .va = va, .size = size };

	return call(fd, DRM_IOCTL_TESSERA_UNBIND, &args);
}

int t_queue_create(int fd, uint32_t ctx, uint32_t engine, uint32_t *id)
{
	struct drm_tessera_queue_create args = { .ctx_id = ctx, .engine = engine };
	int ret = call(fd, DRM_IOCTL_TESSERA_QUEUE_CREATE, &args);

	*id = args.queue_id;
	return ret;
}

int t_queue_destroy(int fd, uint32_t id)
{
	struct drm_tessera_queue_destroy args = { .queue_id = id };

	return call(fd, DRM_IOCTL_TESSERA_QUEUE_DESTROY, &args);
}

int t_query(int fd, uint32_t id, struct drm_tessera_queue_query *q)
{
	memset(q, 0, sizeof(*q));
	q->queue_id = id;
	return call(fd, DRM_IOCTL_TESSERA_QUEUE_QUERY, q);
}

int t_exec_args(int fd, struct drm_tessera_exec *args)
{
	return call(fd, DRM_IOCTL_TESSERA_EXEC, args);
}

int t_exec(int fd, uint32_t queue, uint64_t va, uint32_t count, uint32_t in, uint32_t out)
{
	struct drm_tessera_batch batch = { .va = va, .count = count };
	struct drm_tessera_sync in_sync = { .handle = in }, out_sync = { .handle = out };
	struct drm_tessera_exec args = {
		.queue_id = queue, .num_batches = 1, .batches = (uintptr_t)&batch,
		.in_syncs = (uintptr_t)&in_sync, .num_in_syncs = in ? 1 : 0,
		.out_syncs = (uintptr_t)&out_sync, .num_out_syncs = out ? 1 : 0,
	};

	return t_exec_args(fd, &args);
}

int t_syncobj(int fd, uint32_t *handle)
{
	return drmSyncobjCreate(fd, 0, handle) ? -errno : 0;
}

int t_wait(int fd, uint32_t syncobj, double seconds)
{
	return drmSyncobjWait(fd, &syncobj, 1, t_now_ns() + (int64_t)(seconds * T_SECOND), 0, NULL);
}

int t_fence_status(int fd, uint32_t syncobj)
{
	struct sync_file_info info = {};
	int sync, ret;

	if (drmSyncobjExportSyncFile(fd, syncobj, &sync))
		return -errno;
	ret = ioctl(sync, SYNC_IOC_FILE_INFO, &info) ? -errno : info.status;
	close(sync);
	return ret;
}

int t_setup(struct t_env *env, uint32_t bo_flags, uint32_t engine)
{
	int ret;

	memset(env, 0, sizeof(*env));
	env->fd = t_open();
	if (env->fd < 0)
		return env->fd;
	env->va = T_VA;
	ret = t_ctx_create(env->fd, &env->ctx);
	if (!ret)
		ret = t_queue_create(env->fd, env->ctx, engine, &env->queue);
	if (!ret)
		ret = t_bo_create(env->fd, T_ARENA, bo_flags, &env->bo);
	if (!ret)
		ret = t_bo_map(env->fd, &env->bo);
	if (!ret)
		ret = t_bind(env->fd, env->ctx, env->bo.handle, env->va, 0, T_ARENA, T_RW);
	return ret;
}

void t_teardown(struct t_env *env)
{
	if (env->bo.cpu)
		munmap(env->bo.cpu, env->bo.size);
	if (env->fd >= 0)
		close(env->fd);
}

int t_renew(struct t_env *env, uint32_t engine)
{
	int ret = t_ctx_destroy(env->fd, env->ctx);

	if (!ret)
		ret = t_ctx_create(env->fd, &env->ctx);
	if (!ret)
		ret = t_queue_create(env->fd, env->ctx, engine, &env->queue);
	if (!ret)
		ret = t_bind(env->fd, env->ctx, env->bo.handle, env->va, 0, T_ARENA, T_RW);
	return ret;
}

int t_run(struct t_env *env, const struct t1_cmd *cmds, uint32_t count)
{
	uint32_t out;
	int ret;

	memcpy(env->bo.cpu, cmds, count * sizeof(*cmds));
	ret = t_syncobj(env->fd, &out);
	if (ret)
		return ret;
	ret = t_exec(env->fd, env->queue, env->va, count, 0, out);
	if (!ret)
		ret = t_wait(env->fd, out, 60);
	if (!ret && t_fence_status(env->fd, out) != 1)
		ret = -EIO;
	drmSyncobjDestroy(env->fd, out);
	return ret;
}

int t_state(struct t_env *env)
{
	struct drm_tessera_queue_query q;
	int ret = t_query(env->fd, env->queue, &q);

	return ret ? ret : (int)q.state;
}

int t_sysfs(int fd, char *path, size_t size)
{
	char link[PATH_MAX];
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	snprintf(link, sizeof(link), "/sys/dev/char/%u:%u/device", major(st.st_rdev),
		 minor(st.st_rdev));
	if (!realpath(link, path))
		return -errno;
	return strlen(path) < size ? 0 : -ENAMETOOLONG;
}

int t_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int t_read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = -errno;
	else
		buf[n] = 0;
	close(fd);
	return n < 0 ? n : 0;
}
