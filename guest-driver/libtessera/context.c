// SPDX-License-Identifier: MIT
/*
 * context.c - contexts, bindings, queues and submission
 */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

int tessera_context_create(struct tessera_device *dev, struct tessera_context **out)
{
	struct drm_tessera_ctx_create arg = { 0 };
	struct tessera_context *ctx = calloc(1, sizeof(*ctx));
	int err;

	if (!ctx)
		return -ENOMEM;
	ctx->dev = dev;
	err = tessera_va_init(&ctx->vas, dev->va_start, dev->va_end);
	if (err)
		goto free_ctx;
	err = tessera_ioctl(dev, DRM_IOCTL_TESSERA_CTX_CREATE, &arg);
	if (err)
		goto fini_vas;
	ctx->id = arg.ctx_id;
	*out = ctx;
	return 0;

fini_vas:
	tessera_va_fini(&ctx->vas);
free_ctx:
	free(ctx);
	return err;
}

void tessera_context_destroy(struct tessera_context *ctx)
{
	struct drm_tessera_ctx_destroy arg = { 0 };

	if (!ctx)
		return;
	arg.ctx_id = ctx->id;
	tessera_ioctl(ctx->dev, DRM_IOCTL_TESSERA_CTX_DESTROY, &arg);
	tessera_va_fini(&ctx->vas);
	free(ctx);
}

/* The range [va, va + size) is already taken; give it back on error. */
static int bind_taken(struct tessera_context *ctx, struct tessera_bo *bo, uint64_t offset,
		      uint64_t size, uint32_t flags, uint64_t va)
{
	struct drm_tessera_bind arg = {
		.ctx_id = ctx->id,
		.handle = bo->handle,
		.va = va,
		.offset = offset,
		.size = size,
		.flags = flags,
	};
	int err = tessera_ioctl(ctx->dev, DRM_IOCTL_TESSERA_BIND, &arg);

	if (err)
		tessera_va_give(&ctx->vas, va, size);
	return err;
}

static int check_range(const struct tessera_bo *bo, uint64_t offset, uint64_t *size)
{
	const uint64_t page_mask = T1_PAGE_SIZE - 1;

	if (offset >= bo->size)
		return -EINVAL;
	if (!*size)
		*size = bo->size - offset;
	if (*size > bo->size - offset || (offset | *size) & page_mask)
		return -EINVAL;
	return 0;
}

int tessera_bind(struct tessera_context *ctx, struct tessera_bo *bo, uint64_t offset, uint64_t size,
		 uint32_t flags, uint64_t *va)
{
	int err = check_range(bo, offset, &size);
	uint64_t align, at;

	if (err)
		return err;
	/* Huge pages need va and offset to agree modulo their size; offset 0 is the usual case. */
	align = size >= T1_HUGE_PAGE_SIZE ? T1_HUGE_PAGE_SIZE : T1_PAGE_SIZE;
	err = tessera_va_alloc(&ctx->vas, size, align, &at);
	if (!err)
		err = bind_taken(ctx, bo, offset, size, flags, at);
	if (!err)
		*va = at;
	return err;
}

int tessera_bind_at(struct tessera_context *ctx, struct tessera_bo *bo, uint64_t offset,
		    uint64_t size, uint32_t flags, uint64_t va)
{
	int err = check_range(bo, offset, &size);

	if (err)
		return err;
	if (va & (T1_PAGE_SIZE - 1) || va < ctx->dev->va_start || va >= ctx->dev->va_end ||
	    size > ctx->dev->va_end - va)
		return -EINVAL;
	err = tessera_va_take(&ctx->vas, va, size);
	if (err)
		return err;
	return bind_taken(ctx, bo, offset, size, flags, va);
}

int tessera_unbind(struct tessera_context *ctx, uint64_t va, uint64_t size)
{
	struct drm_tessera_unbind arg = { .ctx_id = ctx->id, .va = va, .size = size };
	int err = tessera_ioctl(ctx->dev, DRM_IOCTL_TESSERA_UNBIND, &arg);

	return err ? err : tessera_va_give(&ctx->vas, va, size);
}

int tessera_queue_create(struct tessera_context *ctx, uint32_t engine, struct tessera_queue **out)
{
	struct drm_tessera_queue_create arg = { .ctx_id = ctx->id, .engine = engine };
	struct tessera_queue *queue = calloc(1, sizeof(*queue));
	int err;

	if (!queue)
		return -ENOMEM;
	err = tessera_ioctl(ctx->dev, DRM_IOCTL_TESSERA_QUEUE_CREATE, &arg);
	if (err) {
		free(queue);
		return err;
	}
	queue->dev = ctx->dev;
	queue->id = arg.queue_id;
	*out = queue;
	return 0;
}

void tessera_queue_destroy(struct tessera_queue *queue)
{
	struct drm_tessera_queue_destroy arg = { 0 };

	if (!queue)
		return;
	arg.queue_id = queue->id;
	tessera_ioctl(queue->dev, DRM_IOCTL_TESSERA_QUEUE_DESTROY, &arg);
	free(queue);
}

int tessera_queue_query(struct tessera_queue *queue, struct drm_tessera_queue_query *info)
{
	*info = (struct drm_tessera_queue_query){ .queue_id = queue->id };
	return tessera_ioctl(queue->dev, DRM_IOCTL_TESSERA_QUEUE_QUERY, info);
}

int tessera_submit(struct tessera_queue *queue, const struct tessera_submit *job)
{
	struct drm_tessera_exec arg = {
		.queue_id = queue->id,
		.num_batches = job->num_batches,
		.batches = (uintptr_t)job->batches,
		.in_syncs = (uintptr_t)job->in,
		.out_syncs = (uintptr_t)job->out,
		.num_in_syncs = job->num_in,
		.num_out_syncs = job->num_out,
		.bos = (uintptr_t)job->bos,
		.num_bos = job->num_bos,
	};

	return tessera_ioctl(queue->dev, DRM_IOCTL_TESSERA_EXEC, &arg);
}

int tessera_submit_cmdbuf(struct tessera_queue *queue, const struct tessera_cmdbuf *cb,
			  uint32_t syncobj, uint64_t point)
{
	const struct drm_tessera_sync out = { .handle = syncobj, .point = point };
	struct drm_tessera_batch batch;
	const struct tessera_submit job = {
		.batches = &batch,
		.num_batches = 1,
		.out = &out,
		.num_out = syncobj ? 1 : 0,
	};
	int err = tessera_cmdbuf_error(cb);

	if (!err)
		err = tessera_cmdbuf_batch(cb, 0, 0, &batch);
	return err ? err : tessera_submit(queue, &job);
}
