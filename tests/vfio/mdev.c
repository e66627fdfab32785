// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdev.c - vGPUs through sysfs: the parent, its types, create, remove, attributes
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <unistd.h>

#include "mdev.h"

static int write_file(const char *path, const char *text)
{
	size_t len = strlen(text);
	ssize_t n;
	int fd, ret;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	ret = n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
	close(fd);
	return ret;
}

int sysfs_read(char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	ssize_t n;
	int fd, ret = 0;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);

	buf[0] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0) {
		ret = -errno;
		n = 0;
	}
	close(fd);
	while (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return ret;
}

int sysfs_write(const char *text, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	return write_file(path, text);
}

static long long to_number(int err, const char *buf)
{
	long long value;
	char *end;

	if (err) {
		errno = -err;
		return -1;
	}
	errno = 0;
	value = strtoll(buf, &end, 0);
	if (end == buf || *end) {
		errno = EINVAL;
		return -1;
	}
	return value;
}

const char *mdev_parent(void)
{
	static char bdf[32];
	struct dirent *e;
	DIR *dir;

	if (bdf[0])
		return bdf;
	if (getenv("TESSERA_BDF")) {
		snprintf(bdf, sizeof(bdf), "%s", getenv("TESSERA_BDF"));
		return bdf;
	}
	dir = opendir("/sys/bus/pci/drivers/tessera");
	if (!dir)
		return NULL;
	while ((e = readdir(dir))) {
		if (strchr(e->d_name, ':') && strlen(e->d_name) < sizeof(bdf)) {
			strcpy(bdf, e->d_name);
			break;
		}
	}
	closedir(dir);
	return bdf[0] ? bdf : NULL;
}

int mdev_create_uuid(const char *type, const char *uuid)
{
	const char *bdf = mdev_parent();

	if (!bdf)
		return -ENODEV;
	return sysfs_write(uuid, "/sys/bus/pci/devices/%s/mdev_supported_types/tessera-%s/create",
			   bdf, type);
}

int mdev_create(const char *type, char uuid[MDEV_UUID_LEN])
{
	static unsigned int count;
	unsigned int pid = getpid() & 0xffffff;

	count = (count + 1) & 0xffffff;
	snprintf(uuid, MDEV_UUID_LEN, "7e55e7a0-0000-4000-8000-%06x%06x", pid, count);
	return mdev_create_uuid(type, uuid);
}

bool mdev_exists(const char *uuid)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s", uuid);
	return access(path, F_OK) == 0;
}

int mdev_remove(const char *uuid)
{
	return sysfs_write("1", "/sys/bus/mdev/devices/%s/remove", uuid);
}

void mdev_remove_all(void)
{
	char path[PATH_MAX];
	struct dirent *e;
	DIR *dir;

	if (!mdev_parent())
		return;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", mdev_parent());
	dir = opendir(path);
	if (!dir)
		return;
	while ((e = readdir(dir))) {
		if (strlen(e->d_name) == MDEV_UUID_LEN - 1 && e->d_name[8] == '-' &&
		    e->d_name[23] == '-')
			mdev_remove(e->d_name);
	}
	closedir(dir);
}

long long mdev_available(const char *type)
{
	char buf[64];
	int err;

	err = sysfs_read(buf, sizeof(buf),
			 "/sys/bus/pci/devices/%s/mdev_supported_types/tessera-%s/available_instances",
			 mdev_parent(), type);
	return to_number(err, buf);
}

long long mdev_stat(const char *uuid, const char *name)
{
	char buf[64];
	int err;

	err = sysfs_read(buf, sizeof(buf), "/sys/bus/mdev/devices/%s/vgpu/stats/%s", uuid, name);
	return to_number(err, buf);
}

int sched_set(const char *name, const char *value)
{
	return sysfs_write(value, "/sys/bus/pci/devices/%s/vgpu_sched/%s", mdev_parent(), name);
}

int sched_get(const char *name, char *buf, size_t size)
{
	return sysfs_read(buf, size, "/sys/bus/pci/devices/%s/vgpu_sched/%s", mdev_parent(), name);
}

static char last_mark[64];

int log_mark(void)
{
	static unsigned int count;

	snprintf(last_mark, sizeof(last_mark), "mark %d.%u;", getpid(), ++count);
	return write_file("/dev/kmsg", last_mark);
}

char *log_since_mark(void)
{
	static char buf[1 << 20];
	char *found = NULL, *next;
	int n;

	n = klogctl(3 /* SYSLOG_ACTION_READ_ALL */, buf, sizeof(buf) - 1);
	buf[n > 0 ? n : 0] = '\0';
	for (next = strstr(buf, last_mark); next; next = strstr(found, last_mark))
		found = next + strlen(last_mark);
	return found;
}
