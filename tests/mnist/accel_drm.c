// SPDX-License-Identifier: GPL-2.0-only
/*
 * accel_drm.c - a training job's accelerator: a render node, through libtessera
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "accel.h"

#define MAX_BOS		8
/* Far more than a job of ours can take, however many guests share the device. */
#define WAIT_NS		(300ll * 1000000000)

/**
 * struct accel_drm - an open device
 * @accel: the face that the job sees
 * @dev: device
 * @ctx: its one context
 * @queue: compute queue
 * @syncobj: timeline on which the n-th submission signals point n
 * @point: of the last submission
 * @bos: all buffers
 * @vas: where they are bound
 * @num_bos: how many
 */
struct accel_drm {
	struct accel accel;
	struct tessera_device *dev;
	struct tessera_context *ctx;
	struct tessera_queue *queue;
	uint32_t syncobj;
	uint64_t point;
	struct tessera_bo *bos[MAX_BOS];
	uint64_t vas[MAX_BOS];
	unsigned int num_bos;
};

static struct accel_drm *to_drm(struct accel *accel)
{
	return (struct accel_drm *)accel;
}

static int complain(const char *what, int err)
{
	if (err)
		fprintf(stderr, "tessera-mnist: %s: %s\n", what, tessera_strerror(err));
	return err;
}

static void tell_queue(struct accel_drm *d)
{
	struct drm_tessera_queue_query info;
	char text[128];

	if (!d->queue || tessera_queue_query(d->queue, &info) ||
	    info.state == DRM_TESSERA_QUEUE_OK)
		return;
	tessera_queue_strerror(&info, text, sizeof(text));
	fprintf(stderr, "tessera-mnist: compute queue: %s\n", text);
}

static int drm_alloc(struct accel *accel, uint64_t bytes, bool vram, void **cpu, uint64_t *va)
{
	struct accel_drm *d = to_drm(accel);
	struct tessera_bo *bo;
	int err;

	if (d->num_bos == MAX_BOS)
		return -ENOSPC;
	err = tessera_bo_create(d->dev, bytes, vram ? DRM_TESSERA_BO_VRAM : 0, &bo);
	if (err)
		return complain(vram ? "device memory" : "system memory", err);
	err = tessera_bo_map(bo, cpu);
	if (!err)
		err = tessera_bind(d->ctx, bo, 0, 0, DRM_TESSERA_BIND_READ | DRM_TESSERA_BIND_WRITE,
				   va);
	if (err) {
		tessera_bo_destroy(bo);
		return complain("mapping memory", err);
	}
	d->vas[d->num_bos] = *va;
	d->bos[d->num_bos++] = bo;
	return 0;
}

static int drm_submit(struct accel *accel, const struct drm_tessera_batch *batch)
{
	struct accel_drm *d = to_drm(accel);
	const struct drm_tessera_sync out = { .handle = d->syncobj, .point = d->point + 1 };
	const struct tessera_submit job = {
		.batches = batch,
		.num_batches = 1,
		.out = &out,
		.num_out = 1,
	};
	int err = tessera_submit(d->queue, &job);

	if (err) {
		tell_queue(d);
		return complain("submission", err);
	}
	d->point++;
	return 0;
}

static int drm_wait(struct accel *accel, uint64_t point)
{
	struct accel_drm *d = to_drm(accel);
	int err = tessera_syncobj_wait(d->dev, d->syncobj, point, WAIT_NS);

	if (err)
		tell_queue(d);
	return complain("waiting for the engine", err);
}

static int drm_busy_ns(struct accel *accel, uint64_t *ns)
{
	struct accel_drm *d = to_drm(accel);
	struct drm_tessera_queue_query info;
	int err = tessera_queue_query(d->queue, &info);

	if (err)
		return complain("queue", err);
	if (info.state != DRM_TESSERA_QUEUE_OK) {
		tell_queue(d);
		return -EIO;
	}
	*ns = info.busy_ns;
	return 0;
}

static void close_device(struct accel_drm *d)
{
	tessera_queue_destroy(d->queue);
	if (d->dev)
		tessera_syncobj_destroy(d->dev, d->syncobj);
	for (unsigned int i = 0; i < d->num_bos; i++) {
		tessera_unbind(d->ctx, d->vas[i], tessera_bo_size(d->bos[i]));
		tessera_bo_destroy(d->bos[i]);
	}
	tessera_context_destroy(d->ctx);
	tessera_close(d->dev);
}

static void drm_destroy(struct accel *accel)
{
	struct accel_drm *d = to_drm(accel);

	close_device(d);
	free(d);
}

static const struct accel_ops drm_ops = {
	.alloc = drm_alloc,
	.submit = drm_submit,
	.wait = drm_wait,
	.busy_ns = drm_busy_ns,
	.destroy = drm_destroy,
};

int accel_drm_open(const char *path, struct accel **accel)
{
	struct accel_drm *d = calloc(1, sizeof(*d));
	int err;

	if (!d)
		return complain("memory", -ENOMEM);
	d->accel.ops = &drm_ops;
	err = complain(path ? path : "device", tessera_open(path, &d->dev));
	if (!err)
		err = complain("context", tessera_context_create(d->dev, &d->ctx));
	if (!err)
		err = complain("compute queue",
			       tessera_queue_create(d->ctx, T1_ENGINE_COMPUTE, &d->queue));
	if (!err)
		err = complain("syncobj", tessera_syncobj_create(d->dev, &d->syncobj));
	if (err) {
		close_device(d);
		free(d);
		return err;
	}
	*accel = &d->accel;
	return 0;
}
