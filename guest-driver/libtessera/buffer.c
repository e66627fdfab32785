// SPDX-License-Identifier: MIT
/*
 * buffer.c - buffer objects: create, map, share
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xf86drm.h>

#include "internal.h"

static void close_handle(struct tessera_device *dev, uint32_t handle)
{
	struct drm_gem_close arg = { .handle = handle };

	tessera_ioctl(dev, DRM_IOCTL_GEM_CLOSE, &arg);
}

/* Caller holds dev->lock. */
static struct tessera_bo *add_bo(struct tessera_device *dev, uint32_t handle, uint64_t size)
{
	struct tessera_bo *bo = calloc(1, sizeof(*bo));

	if (!bo)
		return NULL;
	bo->dev = dev;
	bo->handle = handle;
	bo->size = size;
	bo->refs = 1;
	bo->next = dev->bos;
	dev->bos = bo;
	return bo;
}

int tessera_bo_create(struct tessera_device *dev, uint64_t size, uint32_t flags,
		      struct tessera_bo **out)
{
	struct drm_tessera_bo_create arg = { .size = size, .flags = flags };
	int err = tessera_ioctl(dev, DRM_IOCTL_TESSERA_BO_CREATE, &arg);
	struct tessera_bo *bo;

	if (err)
		return err;
	pthread_mutex_lock(&dev->lock);
	bo = add_bo(dev, arg.handle, arg.size);
	pthread_mutex_unlock(&dev->lock);
	if (!bo) {
		close_handle(dev, arg.handle);
		return -ENOMEM;
	}
	*out = bo;
	return 0;
}

void tessera_bo_destroy(struct tessera_bo *bo)
{
	struct tessera_device *dev;
	struct tessera_bo **link;

	if (!bo)
		return;
	dev = bo->dev;
	pthread_mutex_lock(&dev->lock);
	if (--bo->refs) {
		pthread_mutex_unlock(&dev->lock);
		return;
	}
	for (link = &dev->bos; *link != bo; link = &(*link)->next)
		;
	*link = bo->next;
	/* Under the lock, so that an import can't get this handle in between. */
	close_handle(dev, bo->handle);
	pthread_mutex_unlock(&dev->lock);
	if (bo->map)
		munmap(bo->map, bo->size);
	free(bo);
}

int tessera_bo_map(struct tessera_bo *bo, void **ptr)
{
	struct drm_tessera_bo_mmap_offset arg = { .handle = bo->handle };
	void *map;
	int err;

	if (!bo->map) {
		err = tessera_ioctl(bo->dev, DRM_IOCTL_TESSERA_BO_MMAP_OFFSET, &arg);
		if (err)
			return err;
		map = mmap(NULL, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED, bo->dev->fd,
			   (off_t)arg.offset);
		if (map == MAP_FAILED)
			return -errno;
		bo->map = map;
	}
	*ptr = bo->map;
	return 0;
}

uint64_t tessera_bo_size(const struct tessera_bo *bo)
{
	return bo->size;
}

uint32_t tessera_bo_handle(const struct tessera_bo *bo)
{
	return bo->handle;
}

int tessera_bo_export(struct tessera_bo *bo, int *fd)
{
	return drmPrimeHandleToFD(bo->dev->fd, bo->handle, DRM_CLOEXEC | DRM_RDWR, fd) ? -errno : 0;
}

int tessera_bo_import(struct tessera_device *dev, int fd, struct tessera_bo **out)
{
	off_t size = lseek(fd, 0, SEEK_END);
	struct tessera_bo *bo;
	uint32_t handle;
	int err = 0;

	if (size < 0)
		return -errno;
	pthread_mutex_lock(&dev->lock);
	if (drmPrimeFDToHandle(dev->fd, fd, &handle)) {
		err = -errno;
		goto unlock;
	}
	/* A file has one handle for an object, however often that is imported. */
	for (bo = dev->bos; bo && bo->handle != handle; bo = bo->next)
		;
	if (bo) {
		bo->refs++;
	} else {
		bo = add_bo(dev, handle, (uint64_t)size);
		if (!bo) {
			close_handle(dev, handle);
			err = -ENOMEM;
			goto unlock;
		}
	}
	*out = bo;
unlock:
	pthread_mutex_unlock(&dev->lock);
	return err;
}

int tessera_bo_wait(struct tessera_bo *bo, int64_t timeout_ns)
{
	struct drm_tessera_bo_wait arg = {
		.handle = bo->handle,
		.timeout_ns = tessera_deadline(timeout_ns),
	};

	return tessera_ioctl(bo->dev, DRM_IOCTL_TESSERA_BO_WAIT, &arg);
}
