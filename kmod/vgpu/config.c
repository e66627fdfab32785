// SPDX-License-Identifier: GPL-2.0-only
/*
 * config.c - the vGPU's PCI configuration space
 *
 * A PCIe endpoint with power management, MSI-X and function level reset, or a conventional
 * function with MSI, as the model says. The space is 4 KiB of bytes; tables say which bits of
 * each register can be written. The return value of a write tells the caller which further
 * action it requires.
 */
#include <linux/pci_regs.h>
#include "tessera_compat.h"
#ifdef TESSERA_HAVE_LINUX_UNALIGNED_H
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif
#include "vgpu/config.h"
#include "vgpu/vgpu.h"

#define CFG_PM		0x40
#define CFG_MSI		0x50	/* MSI-X, or MSI on conventional PCI */
#define CFG_EXP		0x60
#define CFG_EXP_END	(CFG_EXP + 0x3c)
#define CFG_DSN		0x100	/* device serial number: the first and last extended capability */

#define DEVCTL_OFF	(CFG_EXP + PCI_EXP_DEVCTL)

/* Bits of a 32-bit register that can be written. BARs depend on the type and are computed. */
struct tessera_config_mask {
	u16 off;
	u32 writable;
};

static const struct tessera_config_mask tessera_config_common_masks[] = {
	{ PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
		       PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE },
	{ PCI_CACHE_LINE_SIZE, 0x000000ff },
	{ PCI_INTERRUPT_LINE, 0x000000ff },
};

static const struct tessera_config_mask tessera_config_pcie_masks[] = {
	{ CFG_MSI, (PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL) << 16 },
	{ DEVCTL_OFF, PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE | PCI_EXP_DEVCTL_FERE |
		      PCI_EXP_DEVCTL_URRE | PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_PAYLOAD |
		      PCI_EXP_DEVCTL_NOSNOOP_EN | PCI_EXP_DEVCTL_READRQ },
	{ CFG_EXP + PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_ASPMC | PCI_EXP_LNKCTL_RCB |
				    PCI_EXP_LNKCTL_CCC | PCI_EXP_LNKCTL_ES },
	{ CFG_EXP + PCI_EXP_DEVCTL2, PCI_EXP_DEVCTL2_COMP_TIMEOUT |
				     PCI_EXP_DEVCTL2_COMP_TMOUT_DIS },
};

static const struct tessera_config_mask tessera_config_conventional_masks[] = {
	{ CFG_MSI, PCI_MSI_FLAGS_ENABLE << 16 },
	{ CFG_MSI + PCI_MSI_ADDRESS_LO, 0xfffffffc },
	{ CFG_MSI + PCI_MSI_ADDRESS_HI, 0xffffffff },
	{ CFG_MSI + PCI_MSI_DATA_64, 0x0000ffff },
};

/* BARs are sized by writing ones: the bits below the size stay zero. */
static u32 tessera_config_bar_mask(const struct tessera_vgpu *vgpu, u32 off)
{
	const struct tessera_region_desc *regions = tessera_vgpu_model(vgpu)->regions;
	u32 bar = (off - PCI_BASE_ADDRESS_0) / 4;
	u64 size;

	if (regions[bar].kind) {
		size = tessera_vgpu_bar_bytes(vgpu, bar);
		return size ? ~(size - 1) & PCI_BASE_ADDRESS_MEM_MASK : 0;
	}
	/* The upper half of a BAR of 64 bits. */
	if (bar && regions[bar - 1].kind && regions[bar - 1].flags & PCI_BASE_ADDRESS_MEM_TYPE_64) {
		size = tessera_vgpu_bar_bytes(vgpu, bar - 1);
		return size ? upper_32_bits(~(size - 1)) : 0;
	}
	return 0;
}

static u32 tessera_config_find_mask(const struct tessera_config_mask *masks, unsigned int n,
				    u32 off)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (masks[i].off == off)
			return masks[i].writable;
	}
	return 0;
}

static u32 tessera_config_write_mask(const struct tessera_vgpu *vgpu, u32 off)
{
	u32 mask;

	if (off >= PCI_BASE_ADDRESS_0 && off <= PCI_BASE_ADDRESS_5)
		return tessera_config_bar_mask(vgpu, off);
	mask = tessera_config_find_mask(tessera_config_common_masks,
					ARRAY_SIZE(tessera_config_common_masks), off);
	if (mask)
		return mask;
	if (tessera_vgpu_model(vgpu)->pcie)
		return tessera_config_find_mask(tessera_config_pcie_masks,
						ARRAY_SIZE(tessera_config_pcie_masks), off);
	return tessera_config_find_mask(tessera_config_conventional_masks,
					ARRAY_SIZE(tessera_config_conventional_masks), off);
}

static u32 tessera_config_msix_bar(const struct tessera_vgpu *vgpu)
{
	u32 bar;

	for (bar = 0; bar < TESSERA_NUM_BARS; bar++) {
		if (tessera_vgpu_model(vgpu)->regions[bar].kind == TESSERA_REGION_MSIX)
			break;
	}
	return bar;
}

static void tessera_config_fill_header(const struct tessera_vgpu *vgpu, u8 *c)
{
	const struct tessera_model_ops *model = tessera_vgpu_model(vgpu);
	struct pci_dev *pdev = vgpu->accel->pdev;
	u32 bar;

	put_unaligned_le16(vgpu->accel->kind->vendor, c + PCI_VENDOR_ID);
	put_unaligned_le16(vgpu->accel->kind->device, c + PCI_DEVICE_ID);
	put_unaligned_le16(PCI_STATUS_CAP_LIST, c + PCI_STATUS);
	put_unaligned_le32(model->class_revision, c + PCI_CLASS_REVISION);
	c[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_NORMAL;
	for (bar = 0; bar < TESSERA_NUM_BARS; bar++)
		put_unaligned_le32(model->regions[bar].flags, c + PCI_BASE_ADDRESS_0 + 4 * bar);
	put_unaligned_le16(pdev->subsystem_vendor, c + PCI_SUBSYSTEM_VENDOR_ID);
	put_unaligned_le16(pdev->subsystem_device, c + PCI_SUBSYSTEM_ID);
}

static void tessera_config_fill_pcie(const struct tessera_vgpu *vgpu, u8 *c)
{
	c[PCI_CAPABILITY_LIST] = CFG_PM;

	/* D0 and D3hot; a return to D0 keeps everything. */
	c[CFG_PM] = PCI_CAP_ID_PM;
	c[CFG_PM + PCI_CAP_LIST_NEXT] = CFG_MSI;
	put_unaligned_le16(3, c + CFG_PM + PCI_PM_PMC);
	put_unaligned_le16(PCI_PM_CTRL_NO_SOFT_RESET, c + CFG_PM + PCI_PM_CTRL);

	c[CFG_MSI] = PCI_CAP_ID_MSIX;
	c[CFG_MSI + PCI_CAP_LIST_NEXT] = CFG_EXP;
	put_unaligned_le16(vgpu->num_vectors - 1, c + CFG_MSI + PCI_MSIX_FLAGS);
	put_unaligned_le32(tessera_config_msix_bar(vgpu), c + CFG_MSI + PCI_MSIX_TABLE);
	put_unaligned_le32(TESSERA_MSIX_PBA_OFF | tessera_config_msix_bar(vgpu),
			   c + CFG_MSI + PCI_MSIX_PBA);

	c[CFG_EXP] = PCI_CAP_ID_EXP;
	put_unaligned_le16(2 | PCI_EXP_TYPE_ENDPOINT << 4, c + CFG_EXP + PCI_EXP_FLAGS);
	put_unaligned_le32(PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR, c + CFG_EXP + PCI_EXP_DEVCAP);
	put_unaligned_le16(PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN |
			   PCI_EXP_DEVCTL_READRQ_512B, c + DEVCTL_OFF);
	put_unaligned_le32(PCI_EXP_LNKCAP_SLS_2_5GB | 1 << 4, c + CFG_EXP + PCI_EXP_LNKCAP);
	put_unaligned_le16(PCI_EXP_LNKSTA_CLS_2_5GB | PCI_EXP_LNKSTA_NLW_X1,
			   c + CFG_EXP + PCI_EXP_LNKSTA);
	put_unaligned_le32(PCI_EXP_DEVCAP2_COMP_TMOUT_DIS, c + CFG_EXP + PCI_EXP_DEVCAP2);
	put_unaligned_le32(PCI_EXP_LNKCTL2_TLS_2_5GT, c + CFG_EXP + PCI_EXP_LNKCTL2);

	/* The serial number tells vGPUs apart in a guest that has several. */
	put_unaligned_le32(PCI_EXT_CAP_ID_DSN | 1 << 16, c + CFG_DSN);
	memcpy(c + CFG_DSN + 4, &vgpu->mdev->uuid, 8);
}

/* Conventional PCI: MSI with one vector and 64-bit addresses, which user space emulates. */
static void tessera_config_fill_conventional(const struct tessera_vgpu *vgpu, u8 *c)
{
	c[PCI_CAPABILITY_LIST] = CFG_MSI;
	c[CFG_MSI] = PCI_CAP_ID_MSI;
	put_unaligned_le16(PCI_MSI_FLAGS_64BIT, c + CFG_MSI + PCI_MSI_FLAGS);
}

/**
 * tessera_config_fill() - make the config space of a vGPU that was just turned on
 * @vgpu: the vGPU
 * @config: TESSERA_CONFIG_SIZE bytes for it
 *
 * Context: any; config_lock is held if @config is the vGPU's own.
 */
void tessera_config_fill(const struct tessera_vgpu *vgpu, u8 *config)
{
	memset(config, 0, TESSERA_CONFIG_SIZE);
	tessera_config_fill_header(vgpu, config);
	if (tessera_vgpu_model(vgpu)->pcie)
		tessera_config_fill_pcie(vgpu, config);
	else
		tessera_config_fill_conventional(vgpu, config);
}

/**
 * tessera_config_fill_writable() - tell which bits of config space a guest can change
 * @vgpu: the vGPU
 * @writable: TESSERA_CONFIG_SIZE bytes for them
 *
 * Context: any.
 */
void tessera_config_fill_writable(const struct tessera_vgpu *vgpu, u8 *writable)
{
	u32 off;

	for (off = 0; off < TESSERA_CONFIG_SIZE; off += 4)
		put_unaligned_le32(tessera_config_write_mask(vgpu, off), writable + off);
	if (tessera_vgpu_model(vgpu)->pcie)
		writable[CFG_PM + PCI_PM_CTRL] |= PCI_PM_CTRL_STATE_MASK;
}

/**
 * tessera_config_reset() - put config space into its power-on state
 * @vgpu: the vGPU
 *
 * Context: may sleep.
 */
void tessera_config_reset(struct tessera_vgpu *vgpu)
{
	mutex_lock(&vgpu->config_lock);
	tessera_config_fill(vgpu, vgpu->state->config);
	mutex_unlock(&vgpu->config_lock);
}

/**
 * tessera_config_read() - read from config space
 * @vgpu: the vGPU
 * @off: first byte; @off + @len is inside
 * @buf: where to
 * @len: bytes
 *
 * Context: may sleep; takes config_lock.
 */
void tessera_config_read(struct tessera_vgpu *vgpu, u32 off, void *buf, u32 len)
{
	mutex_lock(&vgpu->config_lock);
	memcpy(buf, vgpu->state->config + off, len);
	mutex_unlock(&vgpu->config_lock);
}

/**
 * tessera_config_bus_master() - tell whether the vGPU may reach memory, and send interrupts
 * @vgpu: the vGPU
 *
 * Context: any.
 * Return: true if the guest has turned bus mastering on.
 */
bool tessera_config_bus_master(const struct tessera_vgpu *vgpu)
{
	return READ_ONCE(vgpu->state->config[PCI_COMMAND]) & PCI_COMMAND_MASTER;
}

/**
 * tessera_config_memory() - tell whether the vGPU answers at its BARs
 * @vgpu: the vGPU
 *
 * Context: any.
 * Return: true if the guest has turned memory space on.
 */
bool tessera_config_memory(const struct tessera_vgpu *vgpu)
{
	return READ_ONCE(vgpu->state->config[PCI_COMMAND]) & PCI_COMMAND_MEMORY;
}

/* Only D0 and D3hot exist: a write of another power state changes nothing. */
static void tessera_config_write_power_state(u8 *c, u8 value)
{
	u8 state = value & PCI_PM_CTRL_STATE_MASK;

	if (state == 0 || state == 3)
		c[CFG_PM + PCI_PM_CTRL] = (c[CFG_PM + PCI_PM_CTRL] & ~PCI_PM_CTRL_STATE_MASK) |
					  state;
}

/**
 * tessera_config_write() - write to config space
 * @vgpu: the vGPU
 * @off: first byte; @off + @len is inside
 * @buf: where from
 * @len: bytes
 *
 * Context: may sleep; takes config_lock.
 * Return: TESSERA_CONFIG_*: what the guest has asked for.
 */
unsigned int tessera_config_write(struct tessera_vgpu *vgpu, u32 off, const void *buf, u32 len)
{
	const u8 *from = buf;
	u8 *c = vgpu->state->config;
	bool pcie = tessera_vgpu_model(vgpu)->pcie;
	unsigned int asked = 0;
	u8 mask, command;
	u32 at, i;

	mutex_lock(&vgpu->config_lock);
	command = c[PCI_COMMAND];
	for (i = 0; i < len; i++) {
		at = off + i;
		mask = tessera_config_write_mask(vgpu, at & ~3) >> ((at & 3) * 8);
		WRITE_ONCE(c[at], (c[at] & ~mask) | (from[i] & mask));
		if (!pcie)
			continue;
		if (at == CFG_PM + PCI_PM_CTRL)
			tessera_config_write_power_state(c, from[i]);
		if (at == DEVCTL_OFF + 1 && from[i] & (PCI_EXP_DEVCTL_BCR_FLR >> 8))
			asked |= TESSERA_CONFIG_FLR;
	}
	if (command & ~c[PCI_COMMAND] & PCI_COMMAND_MASTER)
		asked |= TESSERA_CONFIG_MASTER_OFF;
	if ((command ^ c[PCI_COMMAND]) & PCI_COMMAND_MEMORY)
		asked |= TESSERA_CONFIG_MEMORY;
	mutex_unlock(&vgpu->config_lock);
	return asked;
}
