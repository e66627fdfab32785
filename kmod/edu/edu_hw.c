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
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/slab.h>
#include "accel/soft.h"
#include "edu/edu.h"

/* A DMA takes 100 ms, whatever its size; a switch of two of them waits for one. */
#define EDU_OP_TIMEOUT_US	2000000u
#define EDU_PREEMPT_TIMEOUT_US	1000000u
#define EDU_SPIN_US		1000u
#define EDU_POLL_US		50u

/* From here on n! is 0 modulo 2^32, so a larger operand holds the engine for no longer. */
#define EDU_FACTORIAL_MAX	34u

struct edu_context {
	void (*run)(void *priv, u32 engine);
	void *priv;
};

/**
 * struct edu - a physical edu
 * @soft: the accelerator and its engines
 * @regs: BAR 0
 * @ctx: whose operations a context's are
 * @mem: a page for each context's buffer, and one for the DMA of the running operation
 * @mem_dma: its bus address, of at most EDU_DMA_BITS bits
 * @dma_done: the DMA has raised its interrupt
 * @dirty: the buffer in the device is not as it was loaded
 * @dead_told: bit 0: an operation did not end, and the mediator knows
 */
struct edu {
	struct tessera_soft soft;
	void __iomem *regs;
	struct edu_context ctx[EDU_CONTEXTS];
	void *mem;
	dma_addr_t mem_dma;
	struct completion dma_done;
	bool dirty;
	unsigned long dead_told;
};

#define EDU_MEM_BYTES		((EDU_CONTEXTS + 1) * EDU_BUF_SIZE)
#define EDU_BOUNCE		(EDU_CONTEXTS * EDU_BUF_SIZE)

static const struct tessera_hw_engine edu_hw_engines[EDU_NUM_ENGINES] = {
	[EDU_ENGINE_FACTORIAL] = { .name = "factorial", .kind = "computes factorials" },
	[EDU_ENGINE_DMA] = { .name = "dma", .kind = "copies to and from the buffer" },
};

static struct edu *to_edu(struct tessera_hw *hw)
{
	return container_of(hw, struct edu, soft.hw);
}

/* ---------------------------------------------------------- operations -- */

static int edu_hw_lost(struct edu *edu, const char *what)
{
	dev_err_ratelimited(&edu->soft.hw.pdev->dev, "A %s of the edu does not end.\n", what);
	if (!test_and_set_bit(0, &edu->dead_told))
		edu->soft.hw.client->dead(edu->soft.hw.accel);
	return -EIO;
}

/**
 * edu_hw_factorial() - compute a factorial modulo 2^32
 * @hw: the accelerator
 * @value: operand, and result
 *
 * It takes microseconds: the interrupt would take longer.
 *
 * Context: an operation of EDU_ENGINE_FACTORIAL.
 * Return: 0, or -EIO if the device is lost.
 */
int edu_hw_factorial(struct tessera_hw *hw, u32 *value)
{
	struct edu *edu = to_edu(hw);
	void __iomem *status = edu->regs + EDU_STATUS;
	u32 v;

	writel(min(*value, EDU_FACTORIAL_MAX), edu->regs + EDU_FACTORIAL);
	if (readl_poll_timeout(status, v, !(v & EDU_STATUS_COMPUTING), 0, EDU_SPIN_US) &&
	    readl_poll_timeout(status, v, !(v & EDU_STATUS_COMPUTING), EDU_POLL_US,
			       EDU_OP_TIMEOUT_US))
		return edu_hw_lost(edu, "factorial");
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
	return readl(edu->regs + EDU_DMA_CMD) & EDU_DMA_RUN ? edu_hw_lost(edu, "DMA") : 0;
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
	int ret;

	if (engine != EDU_ENGINE_DMA)
		return 0;
	if (from != TESSERA_HW_NO_CONTEXT && edu->dirty) {
		ret = edu_hw_move(edu, from * EDU_BUF_SIZE, 0, EDU_BUF_SIZE, true);
		if (ret)
			return ret;
	}
	edu->dirty = false;
	return edu_hw_move(edu, to * EDU_BUF_SIZE, 0, EDU_BUF_SIZE, false);
}

static void edu_hw_run(struct tessera_hw *hw, u32 engine, u32 ctx)
{
	struct edu_context *c = &to_edu(hw)->ctx[ctx];

	c->run(c->priv, engine);
}

static const struct tessera_soft_ops edu_hw_soft_ops = {
	.load = edu_hw_load,
	.run = edu_hw_run,
};

/**
 * edu_hw_set_run() - state whose operations a context's are, before it is created
 * @hw: the accelerator
 * @ctx: the context
 * @run: do the one for @engine, by edu_hw_factorial() or edu_hw_dma()
 * @priv: for @run
 */
void edu_hw_set_run(struct tessera_hw *hw, u32 ctx, void (*run)(void *priv, u32 engine),
		    void *priv)
{
	to_edu(hw)->ctx[ctx] = (struct edu_context){ .run = run, .priv = priv };
}

/* ------------------------------------------------------- for the mediator -- */

static int edu_hw_ctx_create(struct tessera_hw *hw, u32 epoch, u32 ctx)
{
	struct edu *edu = to_edu(hw);

	if (epoch != hw->epoch)
		return -EIO;
	memset(edu->mem + ctx * EDU_BUF_SIZE, 0, EDU_BUF_SIZE);
	return 0;
}

static irqreturn_t edu_hw_irq(int irq, void *data)
{
	struct edu *edu = data;
	u32 status = readl(edu->regs + EDU_IRQ_STATUS);

	if (!status)
		return IRQ_NONE;
	writel(status, edu->regs + EDU_IRQ_ACK);
	if (status & EDU_IRQ_DMA)
		complete(&edu->dma_done);
	return IRQ_HANDLED;
}

/* Wait until nothing runs, whoever began it; no interrupt is asked for or pending then. */
static int edu_hw_settle(struct edu *edu)
{
	u32 v;

	if (readl_poll_timeout(edu->regs + EDU_STATUS, v, !(v & EDU_STATUS_COMPUTING), EDU_POLL_US,
			       EDU_OP_TIMEOUT_US) ||
	    readl_poll_timeout(edu->regs + EDU_DMA_CMD, v, !(v & EDU_DMA_RUN), EDU_POLL_US,
			       EDU_OP_TIMEOUT_US)) {
		pci_err(edu->soft.hw.pdev, "The edu does not come to rest.\n");
		return -EIO;
	}
	writel(0, edu->regs + EDU_STATUS);
	writel(~0u, edu->regs + EDU_IRQ_ACK);
	return 0;
}

static void edu_hw_quiesce(struct tessera_hw *hw)
{
	tessera_soft_down(&to_edu(hw)->soft);
}

/* There is no register for it: an operation that does not end keeps the device. */
static int edu_hw_reset(struct tessera_hw *hw)
{
	struct edu *edu = to_edu(hw);
	int ret;

	tessera_soft_down(&edu->soft);
	ret = edu_hw_settle(edu);
	WRITE_ONCE(hw->epoch, hw->epoch + 1);
	if (ret) {
		pci_clear_master(hw->pdev);
		return ret;
	}
	edu->dead_told = 0;
	tessera_soft_up(&edu->soft);
	return 0;
}

static void edu_hw_free(struct tessera_hw *hw)
{
	struct edu *edu = to_edu(hw);

	tessera_soft_fini(&edu->soft);
	if (edu->mem)
		dma_free_coherent(&hw->pdev->dev, EDU_MEM_BYTES, edu->mem, edu->mem_dma);
	if (edu->regs)
		pci_iounmap(hw->pdev, edu->regs);
	kfree(edu);
}

static int edu_hw_setup(struct edu *edu)
{
	struct pci_dev *pdev = edu->soft.hw.pdev;
	int ret;

	edu->regs = pci_iomap(pdev, 0, EDU_BAR_SIZE);
	if (!edu->regs || pci_resource_len(pdev, 0) < EDU_BAR_SIZE ||
	    readl(edu->regs + EDU_ID) != EDU_ID_VALUE) {
		pci_err(pdev, "BAR 0 is not that of an edu.\n");
		return -ENODEV;
	}
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(EDU_DMA_BITS));
	if (ret) {
		pci_err(pdev, "The edu cannot address memory here (%d).\n", ret);
		return ret;
	}
	edu->mem = dma_alloc_coherent(&pdev->dev, EDU_MEM_BYTES, &edu->mem_dma, GFP_KERNEL);
	if (!edu->mem)
		return -ENOMEM;
	return tessera_soft_init(&edu->soft, &edu_hw_soft_ops);
}

static struct tessera_hw *edu_hw_alloc(struct pci_dev *pdev)
{
	struct edu *edu = kzalloc(sizeof(*edu), GFP_KERNEL);
	int ret;

	if (!edu)
		return ERR_PTR(-ENOMEM);
	edu->soft.hw = (struct tessera_hw){
		.ops = &edu_hw_ops,
		.pdev = pdev,
		.num_engines = EDU_NUM_ENGINES,
		.engine = edu_hw_engines,
		.num_contexts = EDU_CONTEXTS,
		.preempt_timeout_us = EDU_PREEMPT_TIMEOUT_US,
		.epoch = 1,
	};
	init_completion(&edu->dma_done);
	ret = edu_hw_setup(edu);
	if (ret) {
		edu_hw_free(&edu->soft.hw);
		return ERR_PTR(ret);
	}
	return &edu->soft.hw;
}

static int edu_hw_start(struct tessera_hw *hw)
{
	struct edu *edu = to_edu(hw);
	struct pci_dev *pdev = hw->pdev;
	int ret;

	ret = edu_hw_settle(edu);
	if (ret)
		return ret;
	ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI);
	if (ret < 0) {
		pci_err(pdev, "Cannot get an MSI vector (%d).\n", ret);
		return ret;
	}
	ret = request_irq(pci_irq_vector(pdev, 0), edu_hw_irq, 0, "tessera-edu", edu);
	if (ret) {
		pci_err(pdev, "Cannot get the interrupt (%d).\n", ret);
		pci_free_irq_vectors(pdev);
		return ret;
	}
	pci_set_master(pdev);
	tessera_soft_up(&edu->soft);
	return 0;
}

static void edu_hw_stop(struct tessera_hw *hw)
{
	struct edu *edu = to_edu(hw);

	tessera_soft_down(&edu->soft);
	pci_clear_master(hw->pdev);
	free_irq(pci_irq_vector(hw->pdev, 0), edu);
	pci_free_irq_vectors(hw->pdev);
}

const struct tessera_hw_ops edu_hw_ops = {
	.name = "edu",
	.alloc = edu_hw_alloc,
	.free = edu_hw_free,
	.start = edu_hw_start,
	.stop = edu_hw_stop,
	.reset = edu_hw_reset,
	.quiesce = edu_hw_quiesce,
	.ctx_create = edu_hw_ctx_create,
	.ctx_destroy = tessera_soft_ctx_destroy,
	.runlist_submit = tessera_soft_runlist_submit,
	.engine_reset = tessera_soft_engine_reset,
	.engine_switching = tessera_soft_engine_switching,
	.engine_counters = tessera_soft_engine_counters,
	.time_ns = tessera_soft_time_ns,
	.drain_events = tessera_soft_drain_events,
};
