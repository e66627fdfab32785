// SPDX-License-Identifier: GPL-2.0-only
/*
 * edu_drv.c - a small driver of QEMU's educational device (docs/specs/edu.rst there)
 *
 * The same module runs on bare metal, in a guest on the passed-through function, and in a guest
 * on a vGPU. /dev/edu is the device: the first 4 KiB of the file are its buffer, reached by DMA;
 * four bytes at EDU_POS_FACTORIAL are an operand when they are written, its factorial when read.
 */
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/uaccess.h>
#include "edu_spec.h"

#define EDU_DMA_BITS		28
#define EDU_TIMEOUT		(60 * HZ)
#define EDU_POS_FACTORIAL	0x10000

struct edu {
	struct pci_dev *pdev;
	struct miscdevice misc;
	void __iomem *regs;
	struct mutex lock;	/* one operation of each kind at a time */
	struct completion computed, copied;
	void *buf;
	dma_addr_t buf_dma;
	u32 dma_reg[3];		/* source, destination, count, as last written */
};

static struct edu *to_edu(struct file *file)
{
	return container_of(file->private_data, struct edu, misc);
}

static irqreturn_t edu_irq(int irq, void *data)
{
	struct edu *edu = data;
	u32 status = readl(edu->regs + EDU_IRQ_STATUS);

	if (!status)
		return IRQ_NONE;
	writel(status, edu->regs + EDU_IRQ_ACK);
	if (status & EDU_IRQ_FACTORIAL)
		complete(&edu->computed);
	if (status & EDU_IRQ_DMA)
		complete(&edu->copied);
	return IRQ_HANDLED;
}

static int edu_compute(struct edu *edu, u32 operand)
{
	reinit_completion(&edu->computed);
	writel(operand, edu->regs + EDU_FACTORIAL);
	return wait_for_completion_timeout(&edu->computed, EDU_TIMEOUT) ? 0 : -ETIMEDOUT;
}

/* On a vGPU each access is an exit, and registers keep what was written to them. */
static void edu_set_dma(struct edu *edu, unsigned int i, u32 value)
{
	static const u32 off[] = { EDU_DMA_SRC, EDU_DMA_DST, EDU_DMA_COUNT };

	if (edu->dma_reg[i] == value)
		return;
	edu->dma_reg[i] = value;
	writel(value, edu->regs + off[i]);
}

static int edu_copy(struct edu *edu, u32 off, u32 len, bool to_ram)
{
	u32 at = EDU_BUF + off;

	reinit_completion(&edu->copied);
	edu_set_dma(edu, 0, to_ram ? at : edu->buf_dma);
	edu_set_dma(edu, 1, to_ram ? edu->buf_dma : at);
	edu_set_dma(edu, 2, len);
	writel(EDU_DMA_RUN | EDU_DMA_IRQ | (to_ram ? EDU_DMA_TO_RAM : 0), edu->regs + EDU_DMA_CMD);
	return wait_for_completion_timeout(&edu->copied, EDU_TIMEOUT) ? 0 : -ETIMEDOUT;
}

static ssize_t edu_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	struct edu *edu = to_edu(file);
	int ret = 0;
	u32 value;

	if (*pos == EDU_POS_FACTORIAL && len == sizeof(value)) {
		value = readl(edu->regs + EDU_FACTORIAL);
		return copy_to_user(to, &value, len) ? -EFAULT : len;
	}
	if (*pos < 0 || *pos >= EDU_BUF_SIZE || !len)
		return 0;
	len = min_t(size_t, len, EDU_BUF_SIZE - *pos);
	mutex_lock(&edu->lock);
	ret = edu_copy(edu, *pos, len, true);
	if (!ret && copy_to_user(to, edu->buf, len))
		ret = -EFAULT;
	mutex_unlock(&edu->lock);
	return ret ?: len;
}

static ssize_t edu_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	struct edu *edu = to_edu(file);
	int ret = -EFAULT;
	u32 operand;

	mutex_lock(&edu->lock);
	if (*pos == EDU_POS_FACTORIAL && len == sizeof(operand)) {
		if (!copy_from_user(&operand, from, len))
			ret = edu_compute(edu, operand);
	} else if (*pos < 0 || *pos >= EDU_BUF_SIZE || !len || len > EDU_BUF_SIZE - *pos) {
		ret = -EINVAL;
	} else if (!copy_from_user(edu->buf, from, len)) {
		ret = edu_copy(edu, *pos, len, false);
	}
	mutex_unlock(&edu->lock);
	return ret ?: len;
}

static const struct file_operations edu_fops = {
	.owner = THIS_MODULE,
	.read = edu_read,
	.write = edu_write,
	.llseek = default_llseek,
};

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu *edu;
	int ret;

	edu = devm_kzalloc(&pdev->dev, sizeof(*edu), GFP_KERNEL);
	if (!edu)
		return -ENOMEM;
	edu->pdev = pdev;
	mutex_init(&edu->lock);
	init_completion(&edu->computed);
	init_completion(&edu->copied);
	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	edu->regs = pcim_iomap(pdev, 0, 0);
	if (!edu->regs)
		return -ENOMEM;
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(EDU_DMA_BITS));
	if (ret)
		return ret;
	edu->buf = dmam_alloc_coherent(&pdev->dev, EDU_BUF_SIZE, &edu->buf_dma, GFP_KERNEL);
	if (!edu->buf)
		return -ENOMEM;
	/* Whoever had the device before may have left anything in them */
	writel(0, edu->regs + EDU_DMA_SRC);
	writel(0, edu->regs + EDU_DMA_DST);
	writel(0, edu->regs + EDU_DMA_COUNT);
	writel(EDU_STATUS_IRQ, edu->regs + EDU_STATUS);
	pci_set_master(pdev);
	ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES);
	if (ret < 0)
		return ret;
	ret = request_irq(pci_irq_vector(pdev, 0), edu_irq, IRQF_SHARED, "edu_drv", edu);
	if (ret)
		goto err_vectors;
	edu->misc = (struct miscdevice){
		.minor = MISC_DYNAMIC_MINOR,
		.name = "edu",
		.fops = &edu_fops,
		.parent = &pdev->dev,
	};
	ret = misc_register(&edu->misc);
	if (ret)
		goto err_irq;
	pci_set_drvdata(pdev, edu);
	pci_info(pdev, "An edu of version 0x%08x.\n", readl(edu->regs + EDU_ID));
	return 0;

err_irq:
	free_irq(pci_irq_vector(pdev, 0), edu);
err_vectors:
	pci_free_irq_vectors(pdev);
	return ret;
}

static void edu_remove(struct pci_dev *pdev)
{
	struct edu *edu = pci_get_drvdata(pdev);

	misc_deregister(&edu->misc);
	free_irq(pci_irq_vector(pdev, 0), edu);
	pci_free_irq_vectors(pdev);
}

/* Not exported: it is loaded by name only */
static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};

static struct pci_driver edu_driver = {
	.name = "edu_drv",
	.id_table = edu_ids,
	.probe = edu_probe,
	.remove = edu_remove,
};
module_pci_driver(edu_driver);

MODULE_DESCRIPTION("Driver of QEMU's educational device, for Tessera's tests");
MODULE_AUTHOR("The Tessera developers");
MODULE_LICENSE("GPL");
