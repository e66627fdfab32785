// SPDX-License-Identifier: GPL-2.0-only
/*
 * t1_verbs.c - contexts, mappings and queues of the physical T1: each verb is an admin command
 *
 * The verbs are those of struct tessera_hw_ops, which describes them.
 */
#include <linux/dma-mapping.h>
#include "t1/t1_device.h"

#define T1_BATCH	8u	/* commands that go at once */

static const struct {
	u16 status;
	int err;
} t1_statuses[] = {
	{ T1_ST_OK, 0 },
	{ T1_ST_INVALID_OPCODE, -EOPNOTSUPP },
	{ T1_ST_INVALID_FIELD, -EINVAL },
	{ T1_ST_NOT_FOUND, -ENOENT },
	{ T1_ST_EXISTS, -EEXIST },
	{ T1_ST_NO_RESOURCE, -ENOSPC },
	{ T1_ST_NO_RESOURCE, -ENOMEM },
	{ T1_ST_BAD_ADDRESS, -EFAULT },
};

/**
 * t1_hw_errno() - translate a status of the T1's into an errno of the mediator's
 * @status: T1_ST_*
 *
 * Context: any.
 * Return: 0 or an errno; never -EIO, which stands for a device that was lost.
 */
int t1_hw_errno(u16 status)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(t1_statuses); i++) {
		if (t1_statuses[i].status == status)
			return t1_statuses[i].err;
	}
	return -EREMOTEIO;
}

/**
 * t1_status() - translate an errno of the mediator's into a status that the T1 would give
 * @err: 0 or an errno
 *
 * Context: any.
 * Return: T1_ST_*
 */
u32 t1_status(int err)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(t1_statuses); i++) {
		if (t1_statuses[i].err == err)
			return t1_statuses[i].status;
	}
	return T1_ST_INTERNAL;
}

/**
 * t1_hw_admin_one() - run one command and wait for it
 * @t1: the device
 * @epoch: in which it is meant
 * @req: the command
 *
 * Context: may sleep; may wait for a reset.
 * Return: 0 or an errno, as for struct tessera_hw_ops.
 */
int t1_hw_admin_one(struct t1 *t1, u32 epoch, struct t1_req *req)
{
	int ret = t1_hw_admin(t1, epoch, req, 1);

	return ret ?: t1_hw_errno(req->status);
}

/**
 * t1_hw_ctx_free() - free what the backend keeps for a context
 * @t1: the device
 * @ctx: the context, which the device does not know any more
 *
 * Context: may sleep.
 */
void t1_hw_ctx_free(struct t1 *t1, u32 ctx)
{
	struct t1_ctx *c = &t1->ctx[ctx];

	if (c->page)
		dma_free_coherent(&t1->hw.pdev->dev, PAGE_SIZE, c->page, c->dma);
	c->page = NULL;
}

/**
 * t1_hw_ctx_create() - make a context, with a page for its lists and faults
 * @hw: the accelerator, a T1
 * @epoch: in which it is meant
 * @ctx: its number, below num_contexts; one operation of it at a time
 * @first: it shares page tables with the contexts from this one on
 * @num: how many they are
 *
 * Context: may sleep; may wait for a reset.
 * Return: 0 or an errno, as for struct tessera_hw_ops; -ENOMEM without memory for the page.
 */
int t1_hw_ctx_create(struct tessera_hw *hw, u32 epoch, u32 ctx, u32 first, u32 num)
{
	struct t1 *t1 = to_t1(hw);
	struct t1_req req = {
		.cmd.opcode = T1_ADMIN_CTX_CREATE,
		.cmd.ctx = cpu_to_le32(ctx),
	};
	bool had_page = t1->ctx[ctx].page;
	int ret;

	if (tessera_hw_has(hw, TESSERA_HW_TABLE_PARTS)) {
		req.cmd.part.first = cpu_to_le32(first);
		req.cmd.part.num = cpu_to_le32(num);
	}
	if (!had_page)
		t1->ctx[ctx].page = dma_alloc_coherent(&hw->pdev->dev, PAGE_SIZE,
						       &t1->ctx[ctx].dma, GFP_KERNEL);
	if (!t1->ctx[ctx].page)
		return -ENOMEM;
	ret = t1_hw_admin_one(t1, epoch, &req);
	if (ret && !had_page)
		t1_hw_ctx_free(t1, ctx);
	return ret;
}

/**
 * t1_hw_ctx_destroy() - destroy contexts with their queues and mappings
 * @hw: the accelerator, a T1
 * @epoch: in which they are meant
 * @contexts: a bit each; one operation of each at a time
 *
 * Whatever it returns, they are not there any more. When it returns 0 all events of theirs have
 * been handed on.
 *
 * Context: may sleep; may wait for a reset.
 * Return: 0 or the first errno, as for struct tessera_hw_ops.
 */
int t1_hw_ctx_destroy(struct tessera_hw *hw, u32 epoch, u64 contexts)
{
	struct t1 *t1 = to_t1(hw);
	struct t1_req reqs[T1_BATCH];
	u64 left = contexts;
	unsigned int n, i;
	int ret = 0, err;
	u32 ctx;

	while (left) {
		for (n = 0; left && n < T1_BATCH; n++) {
			ctx = __ffs64(left);
			left &= left - 1;
			reqs[n] = (struct t1_req){
				.cmd.opcode = T1_ADMIN_CTX_DESTROY,
				.cmd.ctx = cpu_to_le32(ctx),
			};
		}
		err = t1_hw_admin(t1, epoch, reqs, n);
		for (i = 0; i < n; i++) {
			ret = ret ?: err ?: t1_hw_errno(reqs[i].status);
			/* Refused or lost: either way it is not there any more. */
			t1_hw_ctx_free(t1, le32_to_cpu(reqs[i].cmd.ctx));
		}
	}
	return ret;
}

/**
 * t1_hw_map() - map extents into a context, in order
 * @hw: the accelerator, a T1
 * @epoch: in which it is meant
 * @ctx: the context; one operation of it at a time
 * @va: virtual address of the first, page aligned
 * @x: the extents, of at most T1_MAP_MAX_PAGES pages in all
 * @n: how many, at least one
 * @prot: TESSERA_HW_READ, _WRITE, _VRAM; with _WHOLE, pages of 2 MiB if all is aligned to that
 *
 * The T1 is given the address of a single extent, but a list of the pages of several.
 *
 * Context: may sleep; may wait for a reset.
 * Return: 0 or an errno, as for struct tessera_hw_ops.
 */
int t1_hw_map(struct tessera_hw *hw, u32 epoch, u32 ctx, u64 va,
	      const struct tessera_extent *x, u32 n, u32 prot)
{
	struct t1 *t1 = to_t1(hw);
	struct t1_req req = {
		.cmd.opcode = T1_ADMIN_MAP,
		.cmd.ctx = cpu_to_le32(ctx),
		.cmd.map.va = cpu_to_le64(va),
	};
	u64 align = va, size = T1_PAGE_SIZE, at;
	__le64 *list = t1->ctx[ctx].page;
	u32 flags = 0, pages = 0, i;

	if (!list)
		return -ENOENT;
	for (i = 0; i < n; i++)
		align |= x[i].addr | x[i].bytes;
	if (prot & TESSERA_HW_WHOLE && IS_ALIGNED(align, T1_HUGE_PAGE_SIZE)) {
		flags |= T1_MAP_HUGE;
		size = T1_HUGE_PAGE_SIZE;
	}
	if (prot & TESSERA_HW_READ)
		flags |= T1_MAP_READ;
	if (prot & TESSERA_HW_WRITE)
		flags |= T1_MAP_WRITE;
	if (prot & TESSERA_HW_VRAM)
		flags |= T1_MAP_VRAM;

	if (n == 1) {
		flags |= T1_MAP_CONTIG;
		pages = x->bytes / size;
		req.cmd.map.list = cpu_to_le64(x->addr);
	} else {
		for (i = 0; i < n; i++) {
			for (at = 0; at < x[i].bytes; at += size) {
				if (pages == T1_MAP_MAX_PAGES)
					return -EINVAL;
				list[pages++] = cpu_to_le64(x[i].addr + at);
			}
		}
		req.cmd.map.list = cpu_to_le64(t1->ctx[ctx].dma);
	}
	req.cmd.flags = cpu_to_le32(flags);
	req.cmd.map.npages = cpu_to_le32(pages);
	return t1_hw_admin_one(t1, epoch, &req);
}

/* In pages of 2 MiB where that is the same: only so can a large range be told. */
static void t1_hw_unmap_req(struct t1_req *req, const struct tessera_hw_range *r)
{
	bool huge = IS_ALIGNED(r->va | r->bytes, T1_HUGE_PAGE_SIZE);

	*req = (struct t1_req){
		.cmd.opcode = T1_ADMIN_UNMAP,
		.cmd.ctx = cpu_to_le32(r->ctx),
		.cmd.flags = cpu_to_le32(huge ? T1_MAP_HUGE : 0),
		.cmd.map.va = cpu_to_le64(r->va),
		.cmd.map.npages = cpu_to_le32(r->bytes >> (huge ? T1_HUGE_PAGE_SHIFT :
								  T1_PAGE_SHIFT)),
	};
}

/**
 * t1_hw_unmap() - unmap ranges
 * @hw: the accelerator, a T1
 * @epoch: in which they are meant
 * @r: the ranges; one that is not aligned to 2 MiB has fewer than 2^32 pages of 4 KiB
 * @n: how many
 *
 * A range that is refused does not keep the others from being unmapped.
 *
 * Context: may sleep; may wait for a reset.
 * Return: 0 or the first errno, as for struct tessera_hw_ops.
 */
int t1_hw_unmap(struct tessera_hw *hw, u32 epoch, const struct tessera_hw_range *r, u32 n)
{
	struct t1 *t1 = to_t1(hw);
	struct t1_req reqs[T1_BATCH];
	unsigned int i, k, num;
	int ret = 0, err;

	for (i = 0; i < n; i += num) {
		num = min(n - i, T1_BATCH);
		for (k = 0; k < num; k++)
			t1_hw_unmap_req(&reqs[k], &r[i + k]);
		err = t1_hw_admin(t1, epoch, reqs, num);
		if (err)
			return err;
		for (k = 0; k < num; k++)
			ret = ret ?: t1_hw_errno(reqs[k].status);
	}
	return ret;
}

/**
 * t1_hw_queue_create() - make a queue, whose interrupts come by its slot's own vector
 * @hw: the accelerator, a T1
 * @epoch: in which it is meant
 * @slot: its slot, below num_slots
 * @q: the queue, its context a physical one
 *
 * Context: may sleep; may wait for a reset.
 * Return: 0 or an errno, as for struct tessera_hw_ops.
 */
int t1_hw_queue_create(struct tessera_hw *hw, u32 epoch, u32 slot,
		       const struct tessera_hw_queue *q)
{
	struct t1_req req = {
		.cmd.opcode = T1_ADMIN_QUEUE_CREATE,
		.cmd.ctx = cpu_to_le32(q->ctx),
		.cmd.queue.slot = cpu_to_le32(slot),
		.cmd.queue.engine = cpu_to_le32(q->engine),
		.cmd.queue.ring_va = cpu_to_le64(q->ring_va),
		.cmd.queue.cb_va = cpu_to_le64(q->state_va),
		.cmd.queue.ring_log2 = cpu_to_le32(q->ring_log2),
		/* Each slot has a vector of its own, after the control vector. */
		.cmd.queue.vector = cpu_to_le32(1 + slot),
	};

	return t1_hw_admin_one(to_t1(hw), epoch, &req);
}

/**
 * t1_hw_queue_destroy() - destroy a queue; what runs is aborted
 * @hw: the accelerator, a T1
 * @epoch: in which it is meant
 * @slot: its slot, below num_slots
 *
 * Context: may sleep; may wait for a reset.
 * Return: 0 or an errno, as for struct tessera_hw_ops.
 */
int t1_hw_queue_destroy(struct tessera_hw *hw, u32 epoch, u32 slot)
{
	struct t1_req req = {
		.cmd.opcode = T1_ADMIN_QUEUE_DESTROY,
		.cmd.queue.slot = cpu_to_le32(slot),
	};

	return t1_hw_admin_one(to_t1(hw), epoch, &req);
}

/**
 * t1_hw_queue_reset() - empty a queue; what runs is aborted
 * @hw: the accelerator, a T1
 * @epoch: in which it is meant
 * @slot: its slot, below num_slots
 *
 * Context: may sleep; may wait for a reset.
 * Return: 0 or an errno, as for struct tessera_hw_ops.
 */
int t1_hw_queue_reset(struct tessera_hw *hw, u32 epoch, u32 slot)
{
	struct t1_req req = {
		.cmd.opcode = T1_ADMIN_QUEUE_RESET,
		.cmd.queue.slot = cpu_to_le32(slot),
	};

	return t1_hw_admin_one(to_t1(hw), epoch, &req);
}

/**
 * t1_hw_fault_query() - ask a T1 why a context has stopped
 * @hw: the accelerator, a T1
 * @epoch: as for struct tessera_hw_ops
 * @ctx: the context; one operation of it at a time
 * @flags: T1_FAULT_QUERY_*
 * @fault: the answer
 *
 * Context: may sleep.
 * Return: 0 or an errno, as for struct tessera_hw_ops.
 */
int t1_hw_fault_query(struct tessera_hw *hw, u32 epoch, u32 ctx, u32 flags,
		      struct t1_fault *fault)
{
	struct t1 *t1 = to_t1(hw);
	struct t1_req req = {
		.cmd.opcode = T1_ADMIN_FAULT_QUERY,
		.cmd.ctx = cpu_to_le32(ctx),
		.cmd.flags = cpu_to_le32(flags),
		.cmd.addr = cpu_to_le64(t1->ctx[ctx].dma),
	};
	int ret;

	if (!t1->ctx[ctx].page)
		return -ENOENT;
	ret = t1_hw_admin_one(t1, epoch, &req);
	if (!ret)
		memcpy(fault, t1->ctx[ctx].page, sizeof(*fault));
	return ret;
}

/**
 * t1_hw_identify() - return what a T1 says about itself
 * @hw: the accelerator, a T1
 *
 * Context: any; what it returns stays as long as @hw is bound.
 * Return: its answer to IDENTIFY.
 */
const struct t1_identify *t1_hw_identify(const struct tessera_hw *hw)
{
	return container_of(hw, struct t1, hw)->identify;
}
