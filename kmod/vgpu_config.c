// SPDX-License-Identifier: GPL-2.0-only
/*
 * vgpu_config.c - the PCI Express configuration space that a vGPU's guest sees
 *
 * A type 0 header, power management, PCI Express and MSI-X capabilities, and an
 * extended space without capabilities. Each register is an initial value and a mask of
 * the bits that a write changes: there is no code for single registers, but for the
 * few whose change does something. Registers and bits: PCI Express Base Specification
 * 5.0, chapter 7.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "tessera_hw.h"
#include "vgpu_config.h"

/* Where the capabilities stand. */
#define CAP_PM		0x40
#define CAP_EXP		0x50
#define CAP_MSIX	0x90

/* A register: its initial value and its writable bits, little-endian, 2 or 4 bytes. */
struct reg {
	u16 off;
	u8 len;
	u32 value;
	u32 writable;
};

#define COMMAND_BITS	(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY | \
			 PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE)
#define DEVCTL_BITS	(PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE | PCI_EXP_DEVCTL_FERE | \
			 PCI_EXP_DEVCTL_URRE | PCI_EXP_DEVCTL_RELAX_EN | \
			 PCI_EXP_DEVCTL_PAYLOAD | PCI_EXP_DEVCTL_NOSNOOP_EN | \
			 PCI_EXP_DEVCTL_READRQ)

static const struct reg regs[] = {
	{ PCI_VENDOR_ID, 2, TESSERA_PCI_VENDOR_ID, 0 },
	{ PCI_DEVICE_ID, 2, TESSERA_PCI_DEVICE_ID, 0 },
	{ PCI_COMMAND, 2, 0, COMMAND_BITS },
	{ PCI_STATUS, 2, PCI_STATUS_CAP_LIST, 0 },
	{ PCI_CLASS_REVISION, 4, TESSERA_PCI_CLASS << 8 | TESSERA_PCI_REVISION, 0 },
	{ PCI_CACHE_LINE_SIZE, 2, 0, 0x00ff },
	{ PCI_CAPABILITY_LIST, 2, CAP_PM, 0 },
	{ PCI_INTERRUPT_LINE, 2, 0, 0x00ff },

	{ CAP_PM, 2, PCI_CAP_ID_PM | CAP_EXP << 8, 0 },
	{ CAP_PM + PCI_PM_PMC, 2, 3, 0 },
	{ CAP_PM + PCI_PM_CTRL, 2, PCI_PM_CTRL_NO_SOFT_RESET, PCI_PM_CTRL_STATE_MASK },

	{ CAP_EXP, 2, PCI_CAP_ID_EXP | CAP_MSIX << 8, 0 },
	{ CAP_EXP + PCI_EXP_FLAGS, 2, 2 | PCI_EXP_TYPE_ENDPOINT << 4, 0 },
	{ CAP_EXP + PCI_EXP_DEVCAP, 4, PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR, 0 },
	{ CAP_EXP + PCI_EXP_DEVCTL, 2,
	  PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN | PCI_EXP_DEVCTL_READRQ_512B,
	  DEVCTL_BITS },
	{ CAP_EXP + PCI_EXP_LNKCAP, 4, PCI_EXP_LNKCAP_SLS_2_5GB | 1 << 4, 0 },
	{ CAP_EXP + PCI_EXP_LNKCTL, 2, 0,
	  PCI_EXP_LNKCTL_ASPMC | PCI_EXP_LNKCTL_RCB | PCI_EXP_LNKCTL_CCC | PCI_EXP_LNKCTL_ES },
	{ CAP_EXP + PCI_EXP_LNKSTA, 2, PCI_EXP_LNKSTA_CLS_2_5GB | PCI_EXP_LNKSTA_NLW_X1, 0 },
	{ CAP_EXP + PCI_EXP_LNKCAP2, 4, PCI_EXP_LNKCAP2_SLS_2_5GB, 0 },
	{ CAP_EXP + PCI_EXP_LNKCTL2, 2, PCI_EXP_LNKCTL2_TLS_2_5GT, PCI_EXP_LNKCTL2_TLS },

	{ CAP_MSIX, 2, PCI_CAP_ID_MSIX, 0 },
	{ CAP_MSIX + PCI_MSIX_TABLE, 4, TESSERA_BAR_MSIX, 0 },
	{ CAP_MSIX + PCI_MSIX_PBA, 4, VGPU_MSIX_PBA_OFF | TESSERA_BAR_MSIX, 0 },
};

static u16 get_reg16(const struct vgpu_config *cfg, u32 off)
{
	return cfg->space[off] | cfg->space[off + 1] << 8;
}

static void set_reg(struct vgpu_config *cfg, u32 off, u32 len, u32 value, u32 writable)
{
	u32 i;

	for (i = 0; i < len; i++) {
		cfg->space[off + i] = value >> 8 * i;
		cfg->writable[off + i] = writable >> 8 * i;
	}
}

/* Address bits below the size read as zero: that is how a BAR tells its size. */
static void set_bar(struct vgpu_config *cfg, int bar, u32 type, u64 bytes)
{
	u32 off = PCI_BASE_ADDRESS_0 + 4 * bar;
	u64 writable = ~(bytes - 1);

	set_reg(cfg, off, 4, type, lower_32_bits(writable));
	if (type & PCI_BASE_ADDRESS_MEM_TYPE_64)
		set_reg(cfg, off + 4, 4, 0, upper_32_bits(writable));
}

/**
 * vgpu_config_init() - make the configuration space of a new vGPU
 * @cfg: to fill in
 * @params: what differs from one vGPU to the next
 */
void vgpu_config_init(struct vgpu_config *cfg, const struct vgpu_config_params *params)
{
	unsigned int i;

	BUILD_BUG_ON(TESSERA_MAX_VECTORS * PCI_MSIX_ENTRY_SIZE > VGPU_MSIX_PBA_OFF);

	memset(cfg, 0, sizeof(*cfg));
	for (i = 0; i < ARRAY_SIZE(regs); i++)
		set_reg(cfg, regs[i].off, regs[i].len, regs[i].value, regs[i].writable);

	set_reg(cfg, PCI_SUBSYSTEM_VENDOR_ID, 2, params->subsystem_vendor, 0);
	set_reg(cfg, PCI_SUBSYSTEM_ID, 2, params->subsystem_device, 0);
	set_bar(cfg, TESSERA_BAR_REGS, PCI_BASE_ADDRESS_MEM_TYPE_32, params->regs_bytes);
	set_bar(cfg, TESSERA_BAR_VRAM,
		PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH, params->vram_bytes);
	set_bar(cfg, TESSERA_BAR_MSIX, PCI_BASE_ADDRESS_MEM_TYPE_32, VGPU_MSIX_BAR_SIZE);
	set_reg(cfg, CAP_MSIX + PCI_MSIX_FLAGS, 2, params->num_vectors - 1,
		PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);

	memcpy(cfg->reset_to, cfg->space, sizeof(cfg->space));
}

/**
 * vgpu_config_reset() - what any reset of the function does to its registers
 * @cfg: configuration space
 */
void vgpu_config_reset(struct vgpu_config *cfg)
{
	memcpy(cfg->space, cfg->reset_to, sizeof(cfg->space));
}

/**
 * vgpu_config_read() - read registers, at any alignment
 * @cfg: configuration space
 * @off: first byte
 * @buf: filled in
 * @len: bytes; @off + @len is at most VGPU_CONFIG_SIZE
 */
void vgpu_config_read(const struct vgpu_config *cfg, u32 off, u8 *buf, u32 len)
{
	memcpy(buf, cfg->space + off, len);
}

/**
 * vgpu_config_write() - write registers, at any alignment
 * @cfg: configuration space
 * @off: first byte
 * @buf: new bytes
 * @len: bytes; @off + @len is at most VGPU_CONFIG_SIZE
 *
 * Return: VGPU_CONFIG_* to be carried out.
 */
u32 vgpu_config_write(struct vgpu_config *cfg, u32 off, const u8 *buf, u32 len)
{
	const u32 pm_byte = CAP_PM + PCI_PM_CTRL;
	const u32 flr_byte = CAP_EXP + PCI_EXP_DEVCTL + 1;
	u8 old_pm = cfg->space[pm_byte];
	u8 state;
	u32 i;

	for (i = 0; i < len; i++) {
		u8 mask = cfg->writable[off + i];

		cfg->space[off + i] = (cfg->space[off + i] & ~mask) | (buf[i] & mask);
	}

	/* D1 and D2 are not supported: the write is dropped (PCI PM 1.2, 3.2.4). */
	state = cfg->space[pm_byte] & PCI_PM_CTRL_STATE_MASK;
	if (state == 1 || state == 2)
		cfg->space[pm_byte] = old_pm;

	/* Reads as zero always, so it isn't among the writable bits. */
	if (off <= flr_byte && flr_byte < off + len &&
	    (buf[flr_byte - off] & (PCI_EXP_DEVCTL_BCR_FLR >> 8)))
		return VGPU_CONFIG_FLR;
	return 0;
}

static bool command_has(const struct vgpu_config *cfg, u16 bit)
{
	if (get_reg16(cfg, CAP_PM + PCI_PM_CTRL) & PCI_PM_CTRL_STATE_MASK)
		return false;
	return get_reg16(cfg, PCI_COMMAND) & bit;
}

/**
 * vgpu_config_memory_on() - whether the function answers at its BARs
 * @cfg: configuration space
 *
 * Only in D0, and with memory space enabled.
 */
bool vgpu_config_memory_on(const struct vgpu_config *cfg)
{
	return command_has(cfg, PCI_COMMAND_MEMORY);
}

/**
 * vgpu_config_bus_master_on() - whether the function may reach memory and interrupt
 * @cfg: configuration space
 */
bool vgpu_config_bus_master_on(const struct vgpu_config *cfg)
{
	return command_has(cfg, PCI_COMMAND_MASTER);
}
