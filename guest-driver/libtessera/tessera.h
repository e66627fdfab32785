/* SPDX-License-Identifier: MIT */
/*
 * tessera.h - libtessera, the user-space library of the T1 accelerator
 *
 * A thin layer on libdrm: it finds the render node, manages buffers, address spaces and
 * queues, and builds checked command buffers. It works the same on bare metal, on a
 * passed-through accelerator and on a vGPU.
 *
 * Times are in ns. A device may be used by several threads at once; a context with everything
 * in it, a buffer, and a command buffer by one thread at a time.
 */
#ifndef TESSERA_H
#define TESSERA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tessera_drm.h"
#include "t1_hw.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TESSERA_API __attribute__((visibility("default")))

/* A timeout that never expires. */
#define TESSERA_FOREVER INT64_MAX

struct tessera_device;
struct tessera_context;
struct tessera_bo;
struct tessera_queue;
struct tessera_cmdbuf;

/* -------------------------------------------------------------- devices -- */

/**
 * tessera_open() - open an accelerator
 * @path: a render node, or NULL for the first that tessera_drm.ko drives
 * @dev: set to the device; close it with tessera_close()
 *
 * Return: 0; -ENODEV if there is no such accelerator or @path is something else; -EPROTO if
 * its driver has another major version of tessera_drm.h; or the error of open(2)
 */
TESSERA_API int tessera_open(const char *path, struct tessera_device **dev);

/**
 * tessera_close() - close a device
 * @dev: device, or NULL; its contexts, queues, buffers and command buffers must be gone
 */
TESSERA_API void tessera_close(struct tessera_device *dev);

/**
 * tessera_fd() - return the DRM file of a device
 * @dev: device
 *
 * For syncobjs and poll(2); the library still owns it. Its fdinfo has the engine times.
 *
 * Return: file descriptor
 */
TESSERA_API int tessera_fd(const struct tessera_device *dev);

/**
 * tessera_get_param() - query a parameter
 * @dev: device
 * @param: DRM_TESSERA_PARAM_*
 * @value: set to its value
 *
 * Return: 0 or a negative errno
 */
TESSERA_API int tessera_get_param(struct tessera_device *dev, uint32_t param, uint64_t *value);

/* -------------------------------------------------------------- buffers -- */

/**
 * tessera_bo_create() - create a zeroed buffer
 * @dev: device
 * @size: bytes, rounded up to 4 KiB
 * @flags: DRM_TESSERA_BO_VRAM, or 0 for system memory
 * @bo: set to the buffer; release it with tessera_bo_destroy()
 *
 * Return: 0 or a negative errno
 */
TESSERA_API int tessera_bo_create(struct tessera_device *dev, uint64_t size, uint32_t flags,
				  struct tessera_bo **bo);

/**
 * tessera_bo_destroy() - release a buffer
 * @bo: buffer, or NULL. Its bindings stay until tessera_unbind()
 */
TESSERA_API void tessera_bo_destroy(struct tessera_bo *bo);

/**
 * tessera_bo_map() - map a buffer for the CPU
 * @bo: buffer
 * @ptr: set to its address; the same for each call, valid until tessera_bo_destroy()
 *
 * VRAM is mapped write-combining: write it in rising order, read it sparingly.
 *
 * Return: 0 or a negative errno
 */
TESSERA_API int tessera_bo_map(struct tessera_bo *bo, void **ptr);

/**
 * tessera_bo_size() - return the size of a buffer
 * @bo: buffer
 *
 * Return: bytes, rounded
 */
TESSERA_API uint64_t tessera_bo_size(const struct tessera_bo *bo);

/**
 * tessera_bo_handle() - return the GEM handle of a buffer
 * @bo: buffer
 *
 * Return: handle, for struct tessera_submit's bos
 */
TESSERA_API uint32_t tessera_bo_handle(const struct tessera_bo *bo);

/**
 * tessera_bo_export() - export a buffer as a dma-buf
 * @bo: buffer
 * @fd: set to a new file descriptor, owned by the caller
 *
 * Return: 0 or a negative errno
 */
TESSERA_API int tessera_bo_export(struct tessera_bo *bo, int *fd);

/**
 * tessera_bo_import() - use a dma-buf as a buffer
 * @dev: device
 * @fd: dma-buf; the caller keeps it
 * @bo: set to the buffer; if it was exported from @dev, the same buffer with one more reference
 *
 * It is mapped as its exporter maps it.
 *
 * Return: 0; -EOPNOTSUPP if its memory is out of @dev's reach: VRAM of another device, or memory
 * of others where DMA goes through bounce buffers; or another negative errno
 */
TESSERA_API int tessera_bo_import(struct tessera_device *dev, int fd, struct tessera_bo **bo);

/**
 * tessera_bo_wait() - wait until no job uses a buffer
 * @bo: buffer
 * @timeout_ns: from now; 0: do not wait
 *
 * Return: 0; -EBUSY if in use and @timeout_ns is 0; -ETIME if the timeout has passed
 */
TESSERA_API int tessera_bo_wait(struct tessera_bo *bo, int64_t timeout_ns);

/* ------------------------------------------------------------- contexts -- */

/**
 * tessera_context_create() - create a context: an address space
 * @dev: device
 * @ctx: set to the context
 *
 * Return: 0; -ENOSPC if the device has no context left, or the process has its share of them;
 * or another negative errno
 */
TESSERA_API int tessera_context_create(struct tessera_device *dev, struct tessera_context **ctx);

/**
 * tessera_context_destroy() - destroy a context with its bindings
 * @ctx: context, or NULL; its queues and command buffers must be gone
 */
TESSERA_API void tessera_context_destroy(struct tessera_context *ctx);

/**
 * tessera_bind() - bind a range of a buffer at a free address
 * @ctx: context
 * @bo: buffer
 * @offset: into it, 4 KiB aligned
 * @size: bytes, a multiple of 4 KiB; 0: everything from @offset on
 * @flags: DRM_TESSERA_BIND_*
 * @va: set to the address; 2 MiB aligned for ranges of that size or more
 *
 * Return: 0; -ENOMEM if the address space is full; or the driver's error
 */
TESSERA_API int tessera_bind(struct tessera_context *ctx, struct tessera_bo *bo, uint64_t offset,
			     uint64_t size, uint32_t flags, uint64_t *va);

/**
 * tessera_bind_at() - bind a range of a buffer at a given address
 * @ctx: context
 * @bo: buffer
 * @offset: as for tessera_bind()
 * @size: as for tessera_bind()
 * @flags: as for tessera_bind()
 * @va: address, 4 KiB aligned
 *
 * Return: 0; -EEXIST if the range is not free; or the driver's error
 */
TESSERA_API int tessera_bind_at(struct tessera_context *ctx, struct tessera_bo *bo, uint64_t offset,
				uint64_t size, uint32_t flags, uint64_t va);

/**
 * tessera_unbind() - undo a binding with immediate effect
 * @ctx: context
 * @va: as bound
 * @size: as bound (never 0)
 *
 * Return: 0 or a negative errno
 */
TESSERA_API int tessera_unbind(struct tessera_context *ctx, uint64_t va, uint64_t size);

/* --------------------------------------------------------------- queues -- */

/**
 * tessera_queue_create() - create a queue
 * @ctx: context
 * @engine: T1_ENGINE_*
 * @queue: set to the queue
 *
 * Return: 0 or a negative errno
 */
TESSERA_API int tessera_queue_create(struct tessera_context *ctx, uint32_t engine,
				     struct tessera_queue **queue);

/**
 * tessera_queue_destroy() - destroy a queue and cancel its unfinished jobs
 * @queue: queue, or NULL
 */
TESSERA_API void tessera_queue_destroy(struct tessera_queue *queue);

/**
 * tessera_queue_query() - query state and statistics of a queue
 * @queue: queue
 * @info: filled; see struct drm_tessera_queue_query
 *
 * Return: 0 or a negative errno
 */
TESSERA_API int tessera_queue_query(struct tessera_queue *queue,
				    struct drm_tessera_queue_query *info);

/**
 * struct tessera_submit - a job
 * @batches: run in order
 * @num_batches: 1 .. DRM_TESSERA_EXEC_MAX_BATCHES
 * @in: the job starts after these
 * @num_in: up to DRM_TESSERA_EXEC_MAX_SYNCS
 * @out: signalled at its end
 * @num_out: likewise
 * @bos: handles of shared buffers whose implicit fences the job waits for and joins
 * @num_bos: up to DRM_TESSERA_EXEC_MAX_BOS
 */
struct tessera_submit {
	const struct drm_tessera_batch *batches;
	uint32_t num_batches;
	const struct drm_tessera_sync *in;
	uint32_t num_in;
	const struct drm_tessera_sync *out;
	uint32_t num_out;
	const uint32_t *bos;
	uint32_t num_bos;
};

/**
 * tessera_submit() - submit a job
 * @queue: queue
 * @job: what to run
 *
 * Blocks while the ring is full.
 *
 * Return: 0; -EIO if the queue has failed (tessera_queue_query() says why); or another
 * negative errno
 */
TESSERA_API int tessera_submit(struct tessera_queue *queue, const struct tessera_submit *job);

/**
 * tessera_submit_cmdbuf() - submit one whole command buffer
 * @queue: queue
 * @cb: command buffer; must not be changed before the job has ended
 * @syncobj: timeline syncobj to signal, or 0
 * @point: its point
 *
 * Return: as tessera_submit(), or the error of @cb if an append has failed
 */
TESSERA_API int tessera_submit_cmdbuf(struct tessera_queue *queue, const struct tessera_cmdbuf *cb,
				      uint32_t syncobj, uint64_t point);

/* ------------------------------------------------------------- syncobjs -- */

/**
 * tessera_syncobj_create() - create a syncobj, for binary or timeline use
 * @dev: device
 * @syncobj: set to its handle
 *
 * Return: 0 or a negative errno
 */
TESSERA_API int tessera_syncobj_create(struct tessera_device *dev, uint32_t *syncobj);

/**
 * tessera_syncobj_destroy() - release a syncobj
 * @dev: device
 * @syncobj: handle, or 0
 */
TESSERA_API void tessera_syncobj_destroy(struct tessera_device *dev, uint32_t syncobj);

/**
 * tessera_syncobj_wait() - wait for a syncobj
 * @dev: device
 * @syncobj: handle
 * @point: timeline point, or 0 for a binary syncobj
 * @timeout_ns: from now; 0: do not wait
 *
 * Also waits for the submission if there has been none yet. A failed job signals as well; use
 * tessera_queue_query() to find out.
 *
 * Return: 0; -ETIME if the timeout has passed; or another negative errno
 */
TESSERA_API int tessera_syncobj_wait(struct tessera_device *dev, uint32_t syncobj, uint64_t point,
				     int64_t timeout_ns);

/* ------------------------------------------------------ command buffers -- */

/**
 * tessera_cmdbuf_create() - create an empty command buffer in system memory, bound into a context
 * @ctx: context
 * @capacity: commands, 1 .. T1_MAX_BATCH
 * @cb: set to the command buffer
 *
 * Return: 0 or a negative errno
 */
TESSERA_API int tessera_cmdbuf_create(struct tessera_context *ctx, uint32_t capacity,
				      struct tessera_cmdbuf **cb);

/**
 * tessera_cmdbuf_wrap() - build commands in the caller's memory
 * @cmds: memory
 * @capacity: commands that fit, 1 .. T1_MAX_BATCH
 * @va: address of @cmds for the engine, 64-byte aligned
 * @cb: set to the command buffer; the caller keeps @cmds
 *
 * Return: 0 or a negative errno
 */
TESSERA_API int tessera_cmdbuf_wrap(struct t1_cmd *cmds, uint32_t capacity, uint64_t va,
				    struct tessera_cmdbuf **cb);

/**
 * tessera_cmdbuf_destroy() - release a command buffer
 * @cb: command buffer, or NULL; no unfinished job may use it
 */
TESSERA_API void tessera_cmdbuf_destroy(struct tessera_cmdbuf *cb);

/**
 * tessera_cmdbuf_reset() - drop all commands and the sticky error
 * @cb: command buffer
 */
TESSERA_API void tessera_cmdbuf_reset(struct tessera_cmdbuf *cb);

/**
 * tessera_cmdbuf_count() - return the number of commands in a command buffer
 * @cb: command buffer
 *
 * Return: number of commands appended
 */
TESSERA_API uint32_t tessera_cmdbuf_count(const struct tessera_cmdbuf *cb);

/**
 * tessera_cmdbuf_error() - return the first error of an append
 * @cb: command buffer
 *
 * Errors are sticky: after one, every append fails with the same error, so that a program
 * can append many commands and check once.
 *
 * Return: 0; -EINVAL if the engine would refuse a command; -ENOSPC if @cb was full
 */
TESSERA_API int tessera_cmdbuf_error(const struct tessera_cmdbuf *cb);

/**
 * tessera_cmdbuf_batch() - describe a range of a command buffer for struct tessera_submit
 * @cb: command buffer
 * @first: first command
 * @count: number of commands; 0: all from @first on
 * @batch: filled
 *
 * Return: 0; -EINVAL if the range is empty or reaches past the end
 */
TESSERA_API int tessera_cmdbuf_batch(const struct tessera_cmdbuf *cb, uint32_t first,
				     uint32_t count, struct drm_tessera_batch *batch);

/**
 * struct tessera_gemm - parameters of C[m][n] = op(A)[m][k] op(B)[k][n]
 * @a: va
 * @b: va
 * @c: va
 * @m: rows of C
 * @n: columns of C
 * @k: inner dimension
 * @lda: row stride of A as stored, in elements; 0: rows are dense
 * @ldb: of B
 * @ldc: of C
 * @flags: T1_GEMM_*
 */
struct tessera_gemm {
	uint64_t a, b, c;
	uint32_t m, n, k;
	uint32_t lda, ldb, ldc;
	uint16_t flags;
};

/**
 * struct tessera_conv2d - out[n][oh][ow][cout] from in[n][h][w][cin], weights[kh][kw][cin][cout]
 * @in: va
 * @weights: va
 * @out: va
 * @n: images
 * @h: rows of an input image
 * @w: columns of an input image
 * @cin: input channels
 * @cout: output channels
 * @kh: rows of the kernel
 * @kw: columns of the kernel
 * @stride: both ways
 * @padding: zeros on each side
 * @flags: T1_CONV_*
 */
struct tessera_conv2d {
	uint64_t in, weights, out;
	uint16_t n, h, w, cin, cout;
	uint8_t kh, kw, stride, padding;
	uint16_t flags;
};

/**
 * struct tessera_softmax - softmax of rows, or its cross-entropy gradient
 * @in: va of logits, m x n f32
 * @labels: va of m bytes; 0 without flags
 * @out: va, m x n f32
 * @loss: va of m f32; 0 without T1_SOFTMAX_LOSS
 * @m: rows
 * @n: classes
 * @scale: of the gradient; 0 without T1_SOFTMAX_GRAD
 * @flags: T1_SOFTMAX_*
 */
struct tessera_softmax {
	uint64_t in, labels, out, loss;
	uint32_t m, n;
	float scale;
	uint16_t flags;
};

/**
 * tessera_cmd_nop() - append a command that does nothing
 * @cb: command buffer
 *
 * Return: 0, or the first error of @cb: see tessera_cmdbuf_error()
 */
TESSERA_API int tessera_cmd_nop(struct tessera_cmdbuf *cb);

/**
 * tessera_cmd_fence() - append a write of @value to @va
 * @cb: command buffer
 * @va: 8-byte aligned
 * @value: 64 bits
 *
 * Return: 0, or the first error of @cb: see tessera_cmdbuf_error()
 */
TESSERA_API int tessera_cmd_fence(struct tessera_cmdbuf *cb, uint64_t va, uint64_t value);

/**
 * tessera_cmd_timestamp() - append a write of the device's time to @va
 * @cb: command buffer
 * @va: 8-byte aligned; 64 bits, ns
 *
 * Return: 0, or the first error of @cb: see tessera_cmdbuf_error()
 */
TESSERA_API int tessera_cmd_timestamp(struct tessera_cmdbuf *cb, uint64_t va);

/**
 * tessera_cmd_copy() - append a copy
 * @cb: command buffer
 * @dst: va
 * @src: va; must not overlap @dst
 * @bytes: 1 .. T1_MAX_BYTES
 *
 * Return: 0, or the first error of @cb: see tessera_cmdbuf_error()
 */
TESSERA_API int tessera_cmd_copy(struct tessera_cmdbuf *cb, uint64_t dst, uint64_t src,
				 uint64_t bytes);

/**
 * tessera_cmd_fill() - append a fill
 * @cb: command buffer
 * @dst: va, 4-byte aligned
 * @bytes: 4 .. T1_MAX_BYTES, a multiple of 4
 * @pattern: 32 bits, repeated
 *
 * Return: 0, or the first error of @cb: see tessera_cmdbuf_error()
 */
TESSERA_API int tessera_cmd_fill(struct tessera_cmdbuf *cb, uint64_t dst, uint64_t bytes,
				 uint32_t pattern);

/**
 * tessera_cmd_gemm() - append a matrix product
 * @cb: command buffer
 * @p: parameters
 *
 * Return: 0, or the first error of @cb: see tessera_cmdbuf_error()
 */
TESSERA_API int tessera_cmd_gemm(struct tessera_cmdbuf *cb, const struct tessera_gemm *p);

/**
 * tessera_cmd_conv2d() - append a convolution
 * @cb: command buffer
 * @p: parameters
 *
 * Return: 0, or the first error of @cb: see tessera_cmdbuf_error()
 */
TESSERA_API int tessera_cmd_conv2d(struct tessera_cmdbuf *cb, const struct tessera_conv2d *p);

/**
 * tessera_cmd_eltwise() - append an element-wise operation on f32
 * @cb: command buffer
 * @op: T1_ELT_*
 * @out: va; may be @a or @b
 * @a: va
 * @b: va
 * @count: elements
 * @alpha: factor for ADD and MUL; 0 for the others
 *
 * Return: 0, or the first error of @cb: see tessera_cmdbuf_error()
 */
TESSERA_API int tessera_cmd_eltwise(struct tessera_cmdbuf *cb, uint8_t op, uint64_t out, uint64_t a,
				    uint64_t b, uint32_t count, float alpha);

/**
 * tessera_cmd_bias() - append the addition of a row to every row of a dense matrix
 * @cb: command buffer
 * @out: va; may be @in
 * @in: va, m x n
 * @bias: va, n
 * @m: rows
 * @n: columns
 * @flags: T1_BIAS_I32 or 0
 *
 * Return: 0, or the first error of @cb: see tessera_cmdbuf_error()
 */
TESSERA_API int tessera_cmd_bias(struct tessera_cmdbuf *cb, uint64_t out, uint64_t in,
				 uint64_t bias, uint32_t m, uint32_t n, uint16_t flags);

/**
 * tessera_cmd_act() - append an activation or its gradient on f32
 * @cb: command buffer
 * @op: T1_ACT_*
 * @out: va; may be @x or @grad
 * @x: va
 * @grad: va; 0 where @op has none
 * @count: elements
 *
 * Return: 0, or the first error of @cb: see tessera_cmdbuf_error()
 */
TESSERA_API int tessera_cmd_act(struct tessera_cmdbuf *cb, uint8_t op, uint64_t out, uint64_t x,
				uint64_t grad, uint32_t count);

/**
 * tessera_cmd_softmax() - append a softmax
 * @cb: command buffer
 * @p: parameters
 *
 * Return: 0, or the first error of @cb: see tessera_cmdbuf_error()
 */
TESSERA_API int tessera_cmd_softmax(struct tessera_cmdbuf *cb, const struct tessera_softmax *p);

/**
 * tessera_cmd_reduce() - append a reduction of a dense matrix
 * @cb: command buffer
 * @op: T1_REDUCE_*
 * @out: va; m results for @axis 1, n for @axis 0
 * @in: va, m x n
 * @m: rows
 * @n: columns
 * @axis: 1: over each row's elements; 0: over each column's
 *
 * Return: 0, or the first error of @cb: see tessera_cmdbuf_error()
 */
TESSERA_API int tessera_cmd_reduce(struct tessera_cmdbuf *cb, uint8_t op, uint64_t out, uint64_t in,
				   uint32_t m, uint32_t n, uint32_t axis);

/**
 * tessera_cmd_requant() - append a conversion between number formats
 * @cb: command buffer
 * @op: T1_REQUANT_*
 * @out: va
 * @in: va
 * @count: elements
 * @scale: factor
 * @flags: T1_REQUANT_RELU or 0
 *
 * Return: 0, or the first error of @cb: see tessera_cmdbuf_error()
 */
TESSERA_API int tessera_cmd_requant(struct tessera_cmdbuf *cb, uint8_t op, uint64_t out,
				    uint64_t in, uint32_t count, float scale, uint16_t flags);

/* --------------------------------------------------------------- errors -- */

/**
 * tessera_strerror() - describe an error of this library
 * @error: negative errno from this library
 *
 * Return: constant text, one line
 */
TESSERA_API const char *tessera_strerror(int error);

/**
 * tessera_fault_name() - return the name of a fault
 * @fault: T1_FAULT_*
 *
 * Return: constant text
 */
TESSERA_API const char *tessera_fault_name(uint32_t fault);

/**
 * tessera_queue_strerror() - describe why a queue failed
 * @info: from tessera_queue_query()
 * @buf: filled with one line
 * @len: its size
 */
TESSERA_API void tessera_queue_strerror(const struct drm_tessera_queue_query *info, char *buf,
					size_t len);

#ifdef __cplusplus
}
#endif

#endif /* TESSERA_H */
