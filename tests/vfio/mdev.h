/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mdev.h - vGPUs through sysfs: the parent, its types, create, remove, attributes
 *
 * Errors are negative errno values as the kernel gave them.
 */
#ifndef TESSERA_TEST_MDEV_H
#define TESSERA_TEST_MDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MDEV_UUID_LEN	37	/* with the NUL */

/* Bus address of the accelerator that tessera.ko drives (TESSERA_BDF overrules), or NULL. */
const char *mdev_parent(void);

/* Make a vGPU of a type ("V4") under a UUID of its own choice, which it returns. */
int mdev_create(const char *type, char uuid[MDEV_UUID_LEN]);
int mdev_create_uuid(const char *type, const char *uuid);
int mdev_remove(const char *uuid);
bool mdev_exists(const char *uuid);

/* Every vGPU of the parent, left behind by a program that died. */
void mdev_remove_all(void);

/* Attribute files. The long long forms return -1 with errno where there is no number. */
int sysfs_read(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int sysfs_write(const char *text, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

long long mdev_available(const char *type);
long long mdev_stat(const char *uuid, const char *name);

/* vgpu_sched/NAME of the parent */
int sched_set(const char *name, const char *value);
int sched_get(const char *name, char *buf, size_t size);

/*
 * What the kernel logs from log_mark() on: the text after the mark, until the next call. NULL if
 * the mark is not in the log.
 */
int log_mark(void);
char *log_since_mark(void);

#endif
