/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_drm.h - stands in for libdrm and the kernel driver behind it, for tests
 *
 * A small model that hands out handles, records what the library asked for, and fails
 * where it is told to. It defines libdrm's functions: link without libdrm.
 */
#ifndef FAKE_DRM_H
#define FAKE_DRM_H

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xf86drm.h>

#include "../internal.h"

#define VA_START	0x200000ull
#define VA_LAST		0x40000000ull
#define MAX_HANDLES	32

static struct {
	uint64_t size[MAX_HANDLES];	/* zero: no such handle */
	unsigned int num_ctx, num_queues, num_syncobjs, num_bindings;
	unsigned long fail_request;	/* gives fail_errno */
	int fail_errno;
	uint32_t exported;		/* handle that a dma-buf stands for, or 0: foreign */
	int version_major;
	const char *driver;
	char *other_node;
	bool no_device;
	struct drm_tessera_bind bind;
	struct drm_tessera_exec exec;
	struct drm_tessera_batch batch;
	struct drm_tessera_sync out_sync;
	int64_t deadline;
} drv;

static char node[64];	/* a file in place of the render node */

static unsigned int live_handles(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < MAX_HANDLES; i++)
		n += drv.size[i] != 0;
	return n;
}

static int fail_with(int e)
{
	errno = e;
	return -1;
}

static int new_handle(uint64_t size, uint32_t *handle)
{
	for (uint32_t i = 1; i < MAX_HANDLES; i++) {
		if (!drv.size[i]) {
			drv.size[i] = size;
			*handle = i;
			return 0;
		}
	}
	return fail_with(ENOSPC);
}

static int fake_get_param(struct drm_tessera_get_param *p)
{
	if (p->param == DRM_TESSERA_PARAM_VA_START)
		p->value = VA_START;
	else if (p->param == DRM_TESSERA_PARAM_VA_END)
		p->value = VA_LAST;
	else
		return fail_with(EINVAL);
	return 0;
}

static int fake_bo_create(struct drm_tessera_bo_create *p)
{
	if (!p->size || p->flags & ~DRM_TESSERA_BO_FLAGS)
		return fail_with(EINVAL);
	p->size = (p->size + 4095) & ~4095ull;
	return new_handle(p->size, &p->handle);
}

static int fake_gem_close(const struct drm_gem_close *p)
{
	if (p->handle >= MAX_HANDLES || !drv.size[p->handle])
		return fail_with(EINVAL);
	drv.size[p->handle] = 0;
	return 0;
}

static int fake_exec(const struct drm_tessera_exec *p)
{
	drv.exec = *p;
	drv.batch = *(struct drm_tessera_batch *)(uintptr_t)p->batches;
	if (p->num_out_syncs)
		drv.out_sync = *(struct drm_tessera_sync *)(uintptr_t)p->out_syncs;
	return 0;
}

int drmIoctl(int fd, unsigned long request, void *arg)
{
	(void)fd;
	if (request == drv.fail_request)
		return fail_with(drv.fail_errno);
	switch (request) {
	case DRM_IOCTL_TESSERA_GET_PARAM:
		return fake_get_param(arg);
	case DRM_IOCTL_TESSERA_BO_CREATE:
		return fake_bo_create(arg);
	case DRM_IOCTL_GEM_CLOSE:
		return fake_gem_close(arg);
	case DRM_IOCTL_TESSERA_BO_MMAP_OFFSET:
		((struct drm_tessera_bo_mmap_offset *)arg)->offset = 0;
		return 0;
	case DRM_IOCTL_TESSERA_BO_WAIT:
		drv.deadline = ((struct drm_tessera_bo_wait *)arg)->timeout_ns;
		return 0;
	case DRM_IOCTL_TESSERA_CTX_CREATE:
		((struct drm_tessera_ctx_create *)arg)->ctx_id = 7;
		drv.num_ctx++;
		return 0;
	case DRM_IOCTL_TESSERA_CTX_DESTROY:
		drv.num_ctx--;
		return 0;
	case DRM_IOCTL_TESSERA_BIND:
		drv.bind = *(struct drm_tessera_bind *)arg;
		drv.num_bindings++;
		return 0;
	case DRM_IOCTL_TESSERA_UNBIND:
		if (!drv.num_bindings)
			return fail_with(ENOENT);
		drv.num_bindings--;
		return 0;
	case DRM_IOCTL_TESSERA_QUEUE_CREATE:
		((struct drm_tessera_queue_create *)arg)->queue_id = 9;
		drv.num_queues++;
		return 0;
	case DRM_IOCTL_TESSERA_QUEUE_DESTROY:
		drv.num_queues--;
		return 0;
	case DRM_IOCTL_TESSERA_QUEUE_QUERY:
		((struct drm_tessera_queue_query *)arg)->busy_ns = 1234;
		return 0;
	case DRM_IOCTL_TESSERA_EXEC:
		return fake_exec(arg);
	}
	return fail_with(ENOTTY);
}

drmVersionPtr drmGetVersion(int fd)
{
	drmVersionPtr v;

	(void)fd;
	if (!drv.driver)
		return NULL;
	v = calloc(1, sizeof(*v));
	v->version_major = drv.version_major;
	v->name = strdup(drv.driver);
	return v;
}

void drmFreeVersion(drmVersionPtr v)
{
	free(v->name);
	free(v);
}

/* Three devices; the first has no render node, the second's is drv.other_node or none. */
int drmGetDevices2(uint32_t flags, drmDevicePtr devices[], int max)
{
	(void)flags;
	(void)max;
	if (drv.no_device)
		return 0;
	for (int i = 0; i < 3; i++) {
		char *path = i == 2 ? node : i == 1 ? drv.other_node : NULL;

		devices[i] = calloc(1, sizeof(*devices[i]));
		devices[i]->nodes = calloc(DRM_NODE_MAX, sizeof(char *));
		devices[i]->nodes[DRM_NODE_RENDER] = path;
		devices[i]->available_nodes = path ? 1 << DRM_NODE_RENDER : 1 << DRM_NODE_PRIMARY;
	}
	return 3;
}

void drmFreeDevices(drmDevicePtr devices[], int count)
{
	for (int i = 0; i < count; i++) {
		free(devices[i]->nodes);
		free(devices[i]);
	}
}

int drmPrimeHandleToFD(int fd, uint32_t handle, uint32_t flags, int *prime_fd)
{
	(void)fd;
	if (flags != (DRM_CLOEXEC | DRM_RDWR))
		return fail_with(EINVAL);
	drv.exported = handle;
	*prime_fd = memfd_create("dma-buf", 0);
	return ftruncate(*prime_fd, (off_t)drv.size[handle]);
}

int drmPrimeFDToHandle(int fd, int prime_fd, uint32_t *handle)
{
	(void)fd;
	if (drv.exported) {
		*handle = drv.exported;
		return 0;
	}
	return new_handle((uint64_t)lseek(prime_fd, 0, SEEK_END), handle);
}

int drmSyncobjCreate(int fd, uint32_t flags, uint32_t *handle)
{
	(void)fd;
	(void)flags;
	*handle = 3;
	drv.num_syncobjs++;
	return 0;
}

int drmSyncobjDestroy(int fd, uint32_t handle)
{
	(void)fd;
	if (handle != 3)
		return fail_with(ENOENT);
	drv.num_syncobjs--;
	return 0;
}

/* Point 5 never comes. */
int drmSyncobjTimelineWait(int fd, uint32_t *handles, uint64_t *points, unsigned int num,
			   int64_t timeout_nsec, unsigned int flags, uint32_t *first)
{
	(void)fd;
	(void)first;
	if (num != 1 || handles[0] != 3 || flags != DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT)
		return -EINVAL;
	drv.deadline = timeout_nsec;
	return points[0] == 5 ? -ETIME : 0;
}

static void fake_reset(void)
{
	memset(&drv, 0, sizeof(drv));
	drv.driver = TESSERA_DRM_DRIVER_NAME;
	drv.version_major = TESSERA_DRM_VERSION_MAJOR;
}

#endif /* FAKE_DRM_H */
