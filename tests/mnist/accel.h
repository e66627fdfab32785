/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * accel.h - what a training job needs of an accelerator
 *
 * There are two: accel_drm.c, a real device through libtessera, and the test's executor inside
 * the process.
 */
#ifndef MNIST_ACCEL_H
#define MNIST_ACCEL_H

#include <stdbool.h>
#include <stdint.h>

#include "tessera.h"

struct accel;

/**
 * struct accel_ops - verbs of an accelerator; all return 0 or a negative errno
 * @alloc: zeroed memory that CPU and engine see, in VRAM or system memory, for the whole life
 * @submit: run a batch on the compute engine after all before it; the n-th call's point is n
 * @wait: until the batch with this point has ended
 * @busy_ns: engine time used so far; an error if the queue has failed
 * @destroy: release everything, stop what runs
 */
struct accel_ops {
	int (*alloc)(struct accel *accel, uint64_t bytes, bool vram, void **cpu, uint64_t *va);
	int (*submit)(struct accel *accel, const struct drm_tessera_batch *batch);
	int (*wait)(struct accel *accel, uint64_t point);
	int (*busy_ns)(struct accel *accel, uint64_t *ns);
	void (*destroy)(struct accel *accel);
};

struct accel {
	const struct accel_ops *ops;
};

/**
 * accel_drm_open() - the accelerator behind a render node
 * @path: render node, or NULL for the first
 * @accel: the accelerator
 *
 * Errors of this accelerator are printed on stderr where they happen.
 *
 * Return: 0 or a negative errno
 */
int accel_drm_open(const char *path, struct accel **accel);

#endif /* MNIST_ACCEL_H */
