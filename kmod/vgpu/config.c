// SPDX-License-Identifier: GPL-2.0-only
/*
 * config.c - the vGPU's PCI configuration space
 *
 * A PCIe endpoint with power management, MSI-X and function level reset. The space is
 * 4 KiB of bytes; a table says which bits of each register can be written. What user
 * space needs done about a write beyond that is told by the return value.
 */
#include <linux/pci_regs.h>
#include "tessera.h"

#define CFG_PM		0x40
#define CFG_MSIX	0x50
#define CFG_EXP		0x60
#define CFG_EXP_END	(CFG_EXP + 0x3c)
#define CFG_DSN		0x100	/* device serial number: the first and last extended capability */

#define DEVCTL_OFF	(CFG_EXP + PCI_EXP_DEVCTL)

/* Bits of a 32-bit register that can be written. BARs depend on the type and are computed. */
struct config_mask {
	u16 off;
	u32 writable;
};

static const struct config_mask config_masks[] = {
	{ PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
		       PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE },
	{ PCI_CACHE_LINE_SIZE, 0x000000ff },
	{ PCI_INTERRUPT_LINE, 0x000000ff },
	{ CFG_MSIX, (PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL) << 16 },
	{ DEVCTL_OFF, PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE | PCI_EXP_DEVCTL_FERE |
		      PCI_EXP_DEVCTL_URRE | PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_PAYLOAD |
		      PCI_EXP_DEVCTL_NOSNOOP_EN | PCI_EXP_DEVCTL_READRQ },
	{ CFG_EXP + PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_ASPMC | PCI_EXP_LNKCTL_RCB |
				    PCI_EXP_LNKCTL_CCC | PCI_EXP_LNKCTL_ES },
	{ CFG_EXP + PCI_EXP_DEVCTL2, PCI_EXP_DEVCTL2_COMP_TIMEOUT |
				     PCI_EXP_DEVCTL2_COMP_TMOUT_DIS },
};

/* BARs are sized by writing ones: the bits below the size stay zero. */
static u32 bar_mask(const struct tessera_vgpu *vgpu, u32 off)
{
	u64 mask;

	switch (off) {
	case PCI_BASE_ADDRESS_0:
		return ~(T1_BAR_REGS_SIZE - 1);
	case PCI_BASE_ADDRESS_2:
		mask = ~(vgpu->vram_bytes - 1);
		return mask & PCI_BASE_ADDRESS_MEM_MASK;
	case PCI_BASE_ADDRESS_3:
		mask = ~(vgpu->vram_bytes - 1);
		return mask >> 32;
	case PCI_BASE_ADDRESS_4:
		return ~(TESSERA_BAR_MSIX_SIZE - 1);
	default:
		return 0;
	}
}

static u32 write_mask(const struct tessera_vgpu *vgpu, u32 off)
{
	unsigned int i;

	if (off >= PCI_BASE_ADDRESS_0 && off <= PCI_BASE_ADDRESS_5)
		return bar_mask(vgpu, off);
	for (i = 0; i < ARRAY_SIZE(config_masks); i++) {
		if (config_masks[i].off == off)
			return config_masks[i].writable;
	}
	return 0;
}

static void put8(u8 *c, u32 off, u8 v)
{
	c[off] = v;
}

static void put16(u8 *c, u32 off, u16 v)
{
	put8(c, off, v);
	put8(c, off + 1, v >> 8);
}

static void put32(u8 *c, u32 off, u32 v)
{
	put16(c, off, v);
	put16(c, off + 2, v >> 16);
}

static void fill_header(struct tessera_vgpu *vgpu, u8 *c)
{
	struct pci_dev *pdev = vgpu->accel->pdev;

	put16(c, PCI_VENDOR_ID, T1_PCI_VENDOR_ID);
	put16(c, PCI_DEVICE_ID, T1_PCI_DEVICE_ID);
	put16(c, PCI_STATUS, PCI_STATUS_CAP_LIST);
	put32(c, PCI_CLASS_REVISION, T1_PCI_CLASS << 8 | T1_PCI_REVISION);
	put8(c, PCI_HEADER_TYPE, PCI_HEADER_TYPE_NORMAL);
	put32(c, PCI_BASE_ADDRESS_0, PCI_BASE_ADDRESS_SPACE_MEMORY |
				     PCI_BASE_ADDRESS_MEM_TYPE_32);
	put32(c, PCI_BASE_ADDRESS_2, PCI_BASE_ADDRESS_SPACE_MEMORY |
				     PCI_BASE_ADDRESS_MEM_TYPE_64 |
				     PCI_BASE_ADDRESS_MEM_PREFETCH);
	put32(c, PCI_BASE_ADDRESS_4, PCI_BASE_ADDRESS_SPACE_MEMORY |
				     PCI_BASE_ADDRESS_MEM_TYPE_32);
	put16(c, PCI_SUBSYSTEM_VENDOR_ID, pdev->subsystem_vendor);
	put16(c, PCI_SUBSYSTEM_ID, pdev->subsystem_device);
	put8(c, PCI_CAPABILITY_LIST, CFG_PM);
}

static void fill_caps(struct tessera_vgpu *vgpu, u8 *c)
{
	/* D0 and D3hot; a return to D0 keeps everything. */
	put8(c, CFG_PM, PCI_CAP_ID_PM);
	put8(c, CFG_PM + PCI_CAP_LIST_NEXT, CFG_MSIX);
	put16(c, CFG_PM + PCI_PM_PMC, 3);
	put16(c, CFG_PM + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);

	put8(c, CFG_MSIX, PCI_CAP_ID_MSIX);
	put8(c, CFG_MSIX + PCI_CAP_LIST_NEXT, CFG_EXP);
	put16(c, CFG_MSIX + PCI_MSIX_FLAGS, tessera_vgpu_num_vectors(vgpu) - 1);
	put32(c, CFG_MSIX + PCI_MSIX_TABLE, T1_BAR_MSIX);
	put32(c, CFG_MSIX + PCI_MSIX_PBA, TESSERA_MSIX_PBA_OFF | T1_BAR_MSIX);

	put8(c, CFG_EXP, PCI_CAP_ID_EXP);
	put16(c, CFG_EXP + PCI_EXP_FLAGS, 2 | PCI_EXP_TYPE_ENDPOINT << 4);
	put32(c, CFG_EXP + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR);
	put16(c, DEVCTL_OFF, PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN |
			     PCI_EXP_DEVCTL_READRQ_512B);
	put32(c, CFG_EXP + PCI_EXP_LNKCAP, PCI_EXP_LNKCAP_SLS_2_5GB | 1 << 4);
	put16(c, CFG_EXP + PCI_EXP_LNKSTA, PCI_EXP_LNKSTA_CLS_2_5GB | PCI_EXP_LNKSTA_NLW_X1);
	put32(c, CFG_EXP + PCI_EXP_DEVCAP2, PCI_EXP_DEVCAP2_COMP_TMOUT_DIS);
	put32(c, CFG_EXP + PCI_EXP_LNKCTL2, PCI_EXP_LNKCTL2_TLS_2_5GT);

	/* The serial number tells vGPUs apart in a guest that has several. */
	put32(c, CFG_DSN, PCI_EXT_CAP_ID_DSN | 1 << 16);
	memcpy(c + CFG_DSN + 4, &vgpu->mdev->uuid, 8);
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
	memset(vgpu->config, 0, TESSERA_CONFIG_SIZE);
	fill_header(vgpu, vgpu->config);
	fill_caps(vgpu, vgpu->config);
	mutex_unlock(&vgpu->config_lock);
}

/**
 * tessera_config_read() - read from config space
 * @vgpu: the vGPU
 * @off: first byte; @off + @len is inside
 * @buf: where to
 * @len: bytes
 */
void tessera_config_read(struct tessera_vgpu *vgpu, u32 off, void *buf, u32 len)
{
	mutex_lock(&vgpu->config_lock);
	memcpy(buf, vgpu->config + off, len);
	mutex_unlock(&vgpu->config_lock);
}

/**
 * tessera_config_bus_master() - whether the vGPU may reach memory
 * @vgpu: the vGPU
 *
 * Context: may sleep.
 */
bool tessera_config_bus_master(struct tessera_vgpu *vgpu)
{
	bool master;

	mutex_lock(&vgpu->config_lock);
	master = vgpu->config[PCI_COMMAND] & PCI_COMMAND_MASTER;
	mutex_unlock(&vgpu->config_lock);
	return master;
}

/* Only D0 and D3hot exist: a write of another power state changes nothing. */
static void write_power_state(u8 *c, u8 value)
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
 * Return: TESSERA_CONFIG_*: what the guest has asked for.
 */
unsigned int tessera_config_write(struct tessera_vgpu *vgpu, u32 off, const void *buf, u32 len)
{
	const u8 *from = buf;
	u8 *c = vgpu->config;
	unsigned int asked = 0;
	bool master;
	u32 at, i;
	u8 mask;

	mutex_lock(&vgpu->config_lock);
	master = c[PCI_COMMAND] & PCI_COMMAND_MASTER;
	for (i = 0; i < len; i++) {
		at = off + i;
		mask = write_mask(vgpu, at & ~3) >> ((at & 3) * 8);
		c[at] = (c[at] & ~mask) | (from[i] & mask);
		if (at == CFG_PM + PCI_PM_CTRL)
			write_power_state(c, from[i]);
		if (at == DEVCTL_OFF + 1 && from[i] & (PCI_EXP_DEVCTL_BCR_FLR >> 8))
			asked |= TESSERA_CONFIG_FLR;
	}
	if (master && !(c[PCI_COMMAND] & PCI_COMMAND_MASTER))
		asked |= TESSERA_CONFIG_MASTER_OFF;
	mutex_unlock(&vgpu->config_lock);
	return asked;
}
