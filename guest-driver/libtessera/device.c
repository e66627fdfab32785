// SPDX-License-Identifier: MIT
/*
 * device.c - finding, opening and querying an accelerator; syncobjs
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xf86drm.h>

#include "internal.h"

#define MAX_DEVICES 64

int tessera_ioctl(struct tessera_device *dev, unsigned long request, void *arg)
{
	return drmIoctl(dev->fd, request, arg) ? -errno : 0;
}

int64_t tessera_deadline(int64_t timeout_ns)
{
	struct timespec ts;
	int64_t now;

	if (timeout_ns <= 0)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
	return timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;
}

/* 0, -ENODEV: another driver, -EPROTO: another version */
static int check_driver(int fd)
{
	drmVersion *version = drmGetVersion(fd);
	int err = 0;

	if (!version)
		return -ENODEV;
	if (!version->name || strcmp(version->name, TESSERA_DRM_DRIVER_NAME))
		err = -ENODEV;
	else if (version->version_major != TESSERA_DRM_VERSION_MAJOR)
		err = -EPROTO;
	drmFreeVersion(version);
	return err;
}

static int open_node(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = check_driver(fd);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/*
 * Open the first of our render nodes. If none can be opened, return the most specific error:
 * another version or no permission, rather than no device.
 */
static int open_first(void)
{
	drmDevicePtr devices[MAX_DEVICES];
	int count = drmGetDevices2(0, devices, MAX_DEVICES);
	int fd = -ENODEV;

	if (count <= 0)
		return -ENODEV;
	if (count > MAX_DEVICES)
		count = MAX_DEVICES;
	for (int i = 0; i < count && fd < 0; i++) {
		int ret;

		if (!(devices[i]->available_nodes & 1 << DRM_NODE_RENDER))
			continue;
		ret = open_node(devices[i]->nodes[DRM_NODE_RENDER]);
		if (ret >= 0 || fd == -ENODEV)
			fd = ret;
	}
	drmFreeDevices(devices, count);
	return fd;
}

int tessera_open(const char *path, struct tessera_device **out)
{
	int fd = path ? open_node(path) : open_first();
	struct tessera_device *dev;
	int err;

	if (fd < 0)
		return fd;
	dev = calloc(1, sizeof(*dev));
	if (!dev) {
		close(fd);
		return -ENOMEM;
	}
	dev->fd = fd;
	pthread_mutex_init(&dev->lock, NULL);
	err = tessera_get_param(dev, DRM_TESSERA_PARAM_VA_START, &dev->va_start);
	if (!err)
		err = tessera_get_param(dev, DRM_TESSERA_PARAM_VA_END, &dev->va_end);
	if (err) {
		tessera_close(dev);
		return err;
	}
	*out = dev;
	return 0;
}

void tessera_close(struct tessera_device *dev)
{
	if (!dev)
		return;
	close(dev->fd);
	pthread_mutex_destroy(&dev->lock);
	free(dev);
}

int tessera_fd(const struct tessera_device *dev)
{
	return dev->fd;
}

int tessera_get_param(struct tessera_device *dev, uint32_t param, uint64_t *value)
{
	struct drm_tessera_get_param arg = { .param = param };
	int err = tessera_ioctl(dev, DRM_IOCTL_TESSERA_GET_PARAM, &arg);

	if (!err)
		*value = arg.value;
	return err;
}

int tessera_syncobj_create(struct tessera_device *dev, uint32_t *syncobj)
{
	return drmSyncobjCreate(dev->fd, 0, syncobj) ? -errno : 0;
}

void tessera_syncobj_destroy(struct tessera_device *dev, uint32_t syncobj)
{
	if (syncobj)
		drmSyncobjDestroy(dev->fd, syncobj);
}

int tessera_syncobj_wait(struct tessera_device *dev, uint32_t syncobj, uint64_t point,
			 int64_t timeout_ns)
{
	/* libdrm's wait functions return a negative errno themselves. */
	return drmSyncobjTimelineWait(dev->fd, &syncobj, &point, 1, tessera_deadline(timeout_ns),
				      DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT, NULL);
}
