// SPDX-License-Identifier: GPL-2.0-only
/*
 * edu_hw.c - the backend: one operation at a time on each of the edu's two engines
 *
 * All that such hardware lacks is accel/soft.c's: contexts are numbers there, and their operations
 * run one after the other. What a context leaves in the device is the buffer, which the DMA
 * engine saves and loads by DMA of its own before another context runs. Only addresses of this
 * file's memory ever reach the device.
 */
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/iopoll.h>
#include "edu/edu.h"

/* A DMA takes 100 ms, whatever its size; a switch waits for one, and takes two. */
#define EDU_OP_TIMEOUT_US	2000000u
#define EDU_SPIN_US		1000u
#define EDU_POLL_US		50u

/* From here on n! is 0 modulo 2^32, so a larger operand holds the engine for no longer. */
#define EDU_FACTORIAL_MAX	34u

/* A page for each context's buffer, and one for the DMA of the running operation */
#define EDU_MEM_BYTES		((EDU_CONTEXTS + 1) * EDU_BUF_SIZE)
#define EDU_BOUNCE		(EDU_CONTEXTS * EDU_BUF_SIZE)

/**
 * struct edu - a physical edu
 * @soft: the accelerator and its engines
 * @regs: BAR 0
 * @mem: EDU_MEM_BYTES
 * @mem_dma: its bus address, of at most EDU_DMA_BITS bits
 * @dma_done: the DMA has raised its interrupt
 * @dirty: the buffer in the device is not as it was loaded
 */
struct edu {
	struct tessera_soft soft;
	void __iomem *regs;
	void *mem;
	dma_addr_t mem_dma;
	struct completion dma_done;
	bool dirty;
};

static const struct tessera_hw_engine edu_hw_engines[EDU_NUM_ENGINES] = {
	[EDU_ENGINE_FACTORIAL] = { .name = "factorial", .kind = "computes factorials" },
	[EDU_ENGINE_DMA] = { .name = "dma", .kind = "copies to and from the buffer" },
};

static struct edu *to_edu(struct tessera_hw *hw)
{
	return container_of(hw, struct edu, soft.hw);
}

/* Wait until @busy is clear in a register. A factorial takes microseconds: spin first. */
static bool edu_hw_ended(struct edu *edu, u32 off, u32 busy)
{
	void __iomem *at = edu->regs + off;
	u32 v;

	return !readl_poll_timeout(at, v, !(v & busy), 0, EDU_SPIN_US) ||
	       !readl_poll_timeout(at, v, !(v & busy), EDU_POLL_US, EDU_OP_TIMEOUT_US);
}

/**
 * edu_hw_factorial() - compute a factorial modulo 2^32
 * @hw: the accelerator
 * @value: operand, and result
 *
 * Context: an operation of EDU_ENGINE_FACTORIAL.
 * Return: 0, or -EIO if the device is lost.
 */
int edu_hw_factorial(struct tessera_hw *hw, u32 *value)
{
	struct edu *edu = to_edu(hw);

	writel(min(*value, EDU_FACTORIAL_MAX), edu->regs + EDU_FACTORIAL);
	if (!edu_hw_ended(edu, EDU_STATUS, EDU_STATUS_COMPUTING))
		return tessera_soft_lost(hw, "factorial");
	*value = readl(edu->regs + EDU_FACTORIAL);
	return 0;
}

static int edu_hw_move(struct edu *edu, u32 mem_off, u32 off, u32 len, bool to_ram)
{
	u32 ram = edu->mem_dma + mem_off, buf = EDU_BUF + off;

	reinit_completion(&edu->dma_done);
	writel(to_ram ? buf : ram, edu->regs + EDU_DMA_SRC);
	writel(to_ram ? ram : buf, edu->regs + EDU_DMA_DST);
	writel(len, edu->regs + EDU_DMA_COUNT);
	writel(EDU_DMA_RUN | EDU_DMA_IRQ | (to_ram ? EDU_DMA_TO_RAM : 0), edu->regs + EDU_DMA_CMD);
	wait_for_completion_timeout(&edu->dma_done, usecs_to_jiffies(EDU_OP_TIMEOUT_US));
	if (readl(edu->regs + EDU_DMA_CMD) & EDU_DMA_RUN)
		return tessera_soft_lost(&edu->soft.hw, "DMA");
	return 0;
}

/**
 * edu_hw_dma() - copy to or from the buffer, which holds what the context has left in it
 * @hw: the accelerator
 * @buf: what is copied, or where to
 * @off: offset in the buffer
 * @len: bytes; @off + @len is inside
 * @to_ram: from the buffer to @buf
 *
 * Context: an operation of EDU_ENGINE_DMA.
 * Return: 0, or -EIO if the device is lost.
 */
int edu_hw_dma(struct tessera_hw *hw, void *buf, u32 off, u32 len, bool to_ram)
{
	struct edu *edu = to_edu(hw);
	int ret;

	/* Should nothing be written to it, nobody else's bytes are in it. */
	memset(edu->mem + EDU_BOUNCE, 0, len);
	if (!to_ram) {
		memcpy(edu->mem + EDU_BOUNCE, buf, len);
		edu->dirty = true;
	}
	ret = edu_hw_move(edu, EDU_BOUNCE, off, len, to_ram);
	if (to_ram && !ret)
		memcpy(buf, edu->mem + EDU_BOUNCE, len);
	return ret;
}

static int edu_hw_load(struct tessera_hw *hw, u32 engine, u32 from, u32 to)
{
	struct edu *edu = to_edu(hw);
	int ret = 0;

	if (engine != EDU_ENGINE_DMA)
		return 0;
	if (from != TESSERA_HW_NO_CONTEXT && edu->dirty)
		ret = edu_hw_move(edu, from * EDU_BUF_SIZE, 0, EDU_BUF_SIZE, true);
	edu->dirty = false;
	return ret ?: edu_hw_move(edu, to * EDU_BUF_SIZE, 0, EDU_BUF_SIZE, false);
}

static int edu_hw_settle(struct tessera_hw *hw)
{
	struct edu *edu = to_edu(hw);

	if (!edu_hw_ended(edu, EDU_STATUS, EDU_STATUS_COMPUTING) ||
	    !edu_hw_ended(edu, EDU_DMA_CMD, EDU_DMA_RUN)) {
		pci_err(hw->pdev, "The edu does not come to rest.\n");
		return -EIO;
	}
	writel(0, edu->regs + EDU_STATUS);
	writel(~0u, edu->regs + EDU_IRQ_ACK);
	return 0;
}

static irqreturn_t edu_hw_irq(struct tessera_hw *hw)
{
	struct edu *edu = to_edu(hw);
	u32 status = readl(edu->regs + EDU_IRQ_STATUS);

	if (!status)
		return IRQ_NONE;
	writel(status, edu->regs + EDU_IRQ_ACK);
	if (status & EDU_IRQ_DMA)
		complete(&edu->dma_done);
	return IRQ_HANDLED;
}

static const struct tessera_soft_ops edu_hw_soft_ops = {
	.load = edu_hw_load,
	.settle = edu_hw_settle,
	.irq = edu_hw_irq,
};

static int edu_hw_ctx_create(struct tessera_hw *hw, u32 epoch, u32 ctx, u32 first, u32 num)
{
	memset(to_edu(hw)->mem + ctx * EDU_BUF_SIZE, 0, EDU_BUF_SIZE);
	return tessera_soft_ctx_ready(hw, epoch);
}

static int edu_hw_setup(struct edu *edu)
{
	struct pci_dev *pdev = edu->soft.hw.pdev;
	int ret;

	if (pci_resource_len(pdev, 0) >= EDU_BAR_SIZE) {
		edu->regs = pcim_iomap(pdev, 0, EDU_BAR_SIZE);
		if (!edu->regs)
			return -ENOMEM;
	}
	if (!edu->regs || readl(edu->regs + EDU_ID) != EDU_ID_VALUE) {
		pci_err(pdev, "BAR 0 is not that of an edu.\n");
		return -ENODEV;
	}
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(EDU_DMA_BITS));
	if (ret) {
		pci_err(pdev, "The edu cannot address memory here (%d).\n", ret);
		return ret;
	}
	edu->mem = dmam_alloc_coherent(&pdev->dev, EDU_MEM_BYTES, &edu->mem_dma, GFP_KERNEL);
	return edu->mem ? 0 : -ENOMEM;
}

static struct tessera_hw *edu_hw_alloc(struct pci_dev *pdev)
{
	struct edu *edu = devm_kzalloc(&pdev->dev, sizeof(*edu), GFP_KERNEL);
	int ret;

	if (!edu)
		return ERR_PTR(-ENOMEM);
	edu->soft.hw = (struct tessera_hw){
		.ops = &edu_hw_ops,
		.pdev = pdev,
		.num_engines = EDU_NUM_ENGINES,
		.engine = edu_hw_engines,
		.num_contexts = EDU_CONTEXTS,
		.preempt_timeout_us = EDU_OP_TIMEOUT_US / 2,
		.epoch = 1,
	};
	init_completion(&edu->dma_done);
	ret = edu_hw_setup(edu) ?: tessera_soft_init(&edu->soft, &edu_hw_soft_ops);
	return ret ? ERR_PTR(ret) : &edu->soft.hw;
}

const struct tessera_hw_ops edu_hw_ops = {
	.name = "edu",
	.alloc = edu_hw_alloc,
	.free = tessera_soft_free,
	.start = tessera_soft_start,
	.stop = tessera_soft_stop,
	.reset = tessera_soft_reset,
	.quiesce = tessera_soft_quiesce,
	.ctx_create = edu_hw_ctx_create,
	.ctx_destroy = tessera_soft_ctx_destroy,
	.runlist_submit = tessera_soft_runlist_submit,
	.engine_switching = tessera_soft_engine_switching,
	.engine_counters = tessera_soft_engine_counters,
	.time_ns = tessera_soft_time_ns,
	.drain_events = tessera_soft_drain_events,
};
