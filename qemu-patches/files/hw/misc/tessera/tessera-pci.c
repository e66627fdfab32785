// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera-pci.c - the T1 as a PCIe endpoint of QEMU 10.0
 *
 * Config space, BARs, MSI-X, DMA, timer, properties and migration. The device core does the
 * rest and uses nothing of QEMU's.
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "hw/pci/pci_device.h"
#include "hw/pci/pcie.h"
#include "hw/pci/msix.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "tessera-core.h"
#include "t1_hw.h"
#include "trace.h"

#define TYPE_TESSERA		"tessera"
OBJECT_DECLARE_SIMPLE_TYPE(TesseraState, TESSERA)

#define PCIE_CAP_OFFSET		0x80
#define PM_CAP_OFFSET		0x60

/* A larger stream would hold more mappings than the device has page tables for. */
#define STATE_MAX		(512 * MiB)

struct TesseraState {
	PCIDevice parent_obj;

	MemoryRegion regs;
	MemoryRegion vram;
	QEMUTimer *timer;
	struct t1_core *core;

	/* the migration stream, while it is being saved or loaded */
	uint8_t *state;
	uint32_t state_len;

	/* properties */
	uint64_t vram_bytes;
	uint32_t switch_us;
	uint32_t tile_us;
	uint32_t reset_us;
	uint32_t cmd_ns;
	uint32_t clock_mhz;
	uint32_t vram_gbps;
	uint32_t dma_gbps;
	bool hang;
};

static uint64_t t1_now(void *opaque)
{
	return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

static void t1_set_timer(void *opaque, uint64_t deadline)
{
	TesseraState *s = opaque;

	if (deadline > INT64_MAX)
		timer_del(s->timer);
	else
		timer_mod_ns(s->timer, deadline);
}

/*
 * The device's DMA reaches only memory: an access to registers, which could be its own, is
 * refused as a bus error.
 */
static const MemTxAttrs t1_attrs = { .memory = 1 };

static bool t1_dma_read(void *opaque, uint64_t bus, void *buf, uint64_t len)
{
	TesseraState *s = opaque;

	return pci_dma_rw(&s->parent_obj, bus, buf, len, DMA_DIRECTION_TO_DEVICE,
			  t1_attrs) == MEMTX_OK;
}

static bool t1_dma_write(void *opaque, uint64_t bus, const void *buf, uint64_t len)
{
	TesseraState *s = opaque;

	return pci_dma_rw(&s->parent_obj, bus, (void *)buf, len, DMA_DIRECTION_FROM_DEVICE,
			  t1_attrs) == MEMTX_OK;
}

static void t1_vram_dirty(void *opaque, uint64_t offset, uint64_t len)
{
	TesseraState *s = opaque;

	memory_region_set_dirty(&s->vram, offset, len);
}

static void t1_irq(void *opaque, unsigned int vector)
{
	TesseraState *s = opaque;

	trace_tessera_irq(vector);
	msix_notify(&s->parent_obj, vector);
}

static void G_GNUC_PRINTF(2, 0) t1_pci_guest_error(void *opaque, const char *fmt, va_list args)
{
	g_autofree char *msg = NULL;

	if (!qemu_loglevel_mask(LOG_GUEST_ERROR) &&
	    !trace_event_get_state_backends(TRACE_TESSERA_GUEST_ERROR))
		return;
	msg = g_strdup_vprintf(fmt, args);
	trace_tessera_guest_error(msg);
	qemu_log_mask(LOG_GUEST_ERROR, "tessera: %s\n", msg);
}

static void t1_trace_admin(void *opaque, unsigned int cid, unsigned int opcode, uint32_t ctx,
			   unsigned int status)
{
	trace_tessera_admin(cid, opcode, ctx, status);
}

static void t1_trace_start(void *opaque, unsigned int engine, unsigned int slot,
			   unsigned int opcode, uint64_t cost_ns)
{
	trace_tessera_start(engine, slot, opcode, cost_ns);
}

static void t1_trace_end(void *opaque, unsigned int engine, unsigned int slot, unsigned int opcode,
			 unsigned int fault)
{
	trace_tessera_end(engine, slot, opcode, fault);
}

static void t1_trace_runlist(void *opaque, unsigned int engine, uint64_t contexts,
			     unsigned int token, uint64_t switch_ns)
{
	trace_tessera_runlist(engine, contexts, token, switch_ns);
}

static void t1_trace_event(void *opaque, unsigned int type, unsigned int engine, uint32_t ctx,
			   uint32_t detail)
{
	trace_tessera_event(type, engine, ctx, detail);
}

static void t1_trace_doorbell(void *opaque, unsigned int slot, uint32_t tail, uint32_t head)
{
	trace_tessera_doorbell(slot, tail, head);
}

static void t1_trace_reset(void *opaque, unsigned int engine, uint32_t ctx)
{
	trace_tessera_reset(engine, ctx);
}

static const struct t1_host_ops t1_host_ops = {
	.now = t1_now,
	.set_timer = t1_set_timer,
	.dma_read = t1_dma_read,
	.dma_write = t1_dma_write,
	.vram_dirty = t1_vram_dirty,
	.irq = t1_irq,
	.guest_error = t1_pci_guest_error,
	.trace_admin = t1_trace_admin,
	.trace_start = t1_trace_start,
	.trace_end = t1_trace_end,
	.trace_runlist = t1_trace_runlist,
	.trace_event = t1_trace_event,
	.trace_doorbell = t1_trace_doorbell,
	.trace_reset = t1_trace_reset,
};

static void t1_timer(void *opaque)
{
	TesseraState *s = opaque;

	t1_core_run(s->core);
}

static uint64_t t1_regs_read(void *opaque, hwaddr addr, unsigned int size)
{
	TesseraState *s = opaque;
	uint32_t val = t1_core_read(s->core, addr, size);

	trace_tessera_read(addr, size, val);
	return val;
}

static void t1_regs_write(void *opaque, hwaddr addr, uint64_t val, unsigned int size)
{
	TesseraState *s = opaque;

	trace_tessera_write(addr, size, val);
	t1_core_write(s->core, addr, val, size);
}

/* Accept every access size: the core decides what a wrong one does. */
static const MemoryRegionOps t1_regs_ops = {
	.read = t1_regs_read,
	.write = t1_regs_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
	.impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

static void t1_reset(DeviceState *dev)
{
	TesseraState *s = TESSERA(dev);

	t1_core_reset(s->core);
}

static void t1_config_write(PCIDevice *dev, uint32_t addr, uint32_t val, int len)
{
	pci_default_write_config(dev, addr, val, len);
	pcie_cap_flr_write_config(dev, addr, val, len);
}

static bool t1_add_caps(TesseraState *s, Error **errp)
{
	PCIDevice *dev = &s->parent_obj;
	int pos;

	pos = pci_pm_init(dev, PM_CAP_OFFSET, errp);
	if (pos < 0)
		return false;
	pci_set_word(dev->config + pos + PCI_PM_PMC, PCI_PM_CAP_VER_1_2);
	pci_set_word(dev->config + pos + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
	pci_set_word(dev->wmask + pos + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);

	if (pci_bus_is_express(pci_get_bus(dev))) {
		if (pcie_endpoint_cap_init(dev, PCIE_CAP_OFFSET) < 0) {
			error_setg(errp, "tessera: cannot add the PCIe capability");
			return false;
		}
		pcie_cap_flr_init(dev);
	}
	return true;
}

static bool t1_check_props(TesseraState *s, Error **errp)
{
	const struct {
		const char *name;
		uint32_t val, min, max;
	} props[] = {
		{ "switch-us", s->switch_us, 0, 4000000 },
		{ "tile-us", s->tile_us, 1, 1000000 },
		{ "reset-us", s->reset_us, 0, 1000000 },
		{ "cmd-ns", s->cmd_ns, 1, 1000000 },
		{ "clock-mhz", s->clock_mhz, 1, 100000 },
		{ "vram-gbps", s->vram_gbps, 1, 100000 },
		{ "dma-gbps", s->dma_gbps, 1, 100000 },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(props); i++) {
		if (props[i].val < props[i].min || props[i].val > props[i].max) {
			error_setg(errp, "tessera: %s must be %u to %u", props[i].name,
				   props[i].min, props[i].max);
			return false;
		}
	}
	if (!is_power_of_2(s->vram_bytes) || s->vram_bytes < 2 * MiB ||
	    s->vram_bytes > 64 * GiB) {
		error_setg(errp, "tessera: vram must be a power of 2, 2 MiB to 64 GiB");
		return false;
	}
	return true;
}

static void t1_realize(PCIDevice *dev, Error **errp)
{
	TesseraState *s = TESSERA(dev);
	struct t1_config config;
	int i;

	if (!t1_check_props(s, errp))
		return;
	if (!memory_region_init_ram(&s->vram, OBJECT(s), "tessera-vram", s->vram_bytes, errp))
		return;
	memory_region_init_io(&s->regs, OBJECT(s), &t1_regs_ops, s, "tessera-regs",
			      T1_BAR_REGS_SIZE);
	pci_register_bar(dev, T1_BAR_REGS, PCI_BASE_ADDRESS_SPACE_MEMORY, &s->regs);
	pci_register_bar(dev, T1_BAR_VRAM,
			 PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_TYPE_64 |
			 PCI_BASE_ADDRESS_MEM_PREFETCH, &s->vram);
	if (msix_init_exclusive_bar(dev, T1_MAX_VECTORS, T1_BAR_MSIX, errp))
		return;
	for (i = 0; i < T1_MAX_VECTORS; i++)
		msix_vector_use(dev, i);
	if (!t1_add_caps(s, errp))
		goto out_msix;

	config = (struct t1_config) {
		.vram_bytes = s->vram_bytes,
		.switch_ns = s->switch_us * 1000,
		.tile_ns = s->tile_us * 1000,
		.reset_ns = s->reset_us * 1000,
		.cmd_ns = s->cmd_ns,
		.clock_mhz = s->clock_mhz,
		.vram_mb_per_s = s->vram_gbps * 1000,
		.dma_mb_per_s = s->dma_gbps * 1000,
		.hang = s->hang,
	};
	s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, t1_timer, s);
	s->core = t1_core_new(&config, &t1_host_ops, s,
			      memory_region_get_ram_ptr(&s->vram));
	if (!s->core) {
		error_setg(errp, "tessera: cannot allocate the device's state");
		goto out_timer;
	}
	return;

out_timer:
	timer_free(s->timer);
out_msix:
	msix_uninit_exclusive_bar(dev);
}

static void t1_exit(PCIDevice *dev)
{
	TesseraState *s = TESSERA(dev);

	t1_core_free(s->core);
	timer_free(s->timer);
	if (pci_is_express(dev))
		pcie_cap_exit(dev);
	msix_uninit_exclusive_bar(dev);
}

static int t1_pre_save(void *opaque)
{
	TesseraState *s = opaque;
	uint8_t *buf;
	size_t len;

	buf = t1_core_save(s->core, &len);
	if (!buf || len > STATE_MAX) {
		free(buf);
		return -ENOMEM;
	}
	/* Copied, since it is not g_malloc()'s: both directions free the state alike. */
	s->state = g_memdup2(buf, len);
	s->state_len = len;
	free(buf);
	return 0;
}

static int t1_post_save(void *opaque)
{
	TesseraState *s = opaque;

	g_clear_pointer(&s->state, g_free);
	return 0;
}

static int t1_post_load(void *opaque, int version_id)
{
	TesseraState *s = opaque;
	const char *why = "";
	bool ok;

	ok = t1_core_load(s->core, s->state, s->state_len, &why);
	g_clear_pointer(&s->state, g_free);
	if (!ok) {
		error_report("tessera: cannot load the state: %s", why);
		return -EINVAL;
	}
	return 0;
}

static bool t1_state_len_ok(void *opaque, int version_id)
{
	TesseraState *s = opaque;

	return s->state_len <= STATE_MAX;
}

static const VMStateDescription vmstate_tessera = {
	.name = TYPE_TESSERA,
	.version_id = 1,
	.minimum_version_id = 1,
	.pre_save = t1_pre_save,
	.post_save = t1_post_save,
	.post_load = t1_post_load,
	.fields = (const VMStateField[]) {
		VMSTATE_PCI_DEVICE(parent_obj, TesseraState),
		VMSTATE_MSIX(parent_obj, TesseraState),
		VMSTATE_UINT32(state_len, TesseraState),
		VMSTATE_VALIDATE("length of the state", t1_state_len_ok),
		VMSTATE_VBUFFER_ALLOC_UINT32(state, TesseraState, 1, NULL, state_len),
		VMSTATE_END_OF_LIST()
	}
};

static const Property t1_props[] = {
	DEFINE_PROP_SIZE("vram", TesseraState, vram_bytes, 256 * MiB),
	DEFINE_PROP_UINT32("switch-us", TesseraState, switch_us, 5),
	DEFINE_PROP_UINT32("tile-us", TesseraState, tile_us, 10),
	DEFINE_PROP_UINT32("reset-us", TesseraState, reset_us, 100),
	DEFINE_PROP_UINT32("cmd-ns", TesseraState, cmd_ns, 200),
	DEFINE_PROP_UINT32("clock-mhz", TesseraState, clock_mhz, 500),
	DEFINE_PROP_UINT32("vram-gbps", TesseraState, vram_gbps, 64),
	DEFINE_PROP_UINT32("dma-gbps", TesseraState, dma_gbps, 8),
	DEFINE_PROP_BOOL("hang", TesseraState, hang, false),
};

static void t1_class_init(ObjectClass *klass, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(klass);
	PCIDeviceClass *k = PCI_DEVICE_CLASS(klass);

	k->realize = t1_realize;
	k->exit = t1_exit;
	k->config_write = t1_config_write;
	k->vendor_id = T1_PCI_VENDOR_ID;
	k->device_id = T1_PCI_DEVICE_ID;
	k->revision = T1_PCI_REVISION;
	k->class_id = T1_PCI_CLASS >> 8;
	set_bit(DEVICE_CATEGORY_MISC, dc->categories);
	dc->desc = "Tessera T1 accelerator";
	dc->vmsd = &vmstate_tessera;
	device_class_set_legacy_reset(dc, t1_reset);
	device_class_set_props(dc, t1_props);
}

static const TypeInfo t1_types[] = {
	{
		.name = TYPE_TESSERA,
		.parent = TYPE_PCI_DEVICE,
		.instance_size = sizeof(TesseraState),
		.class_init = t1_class_init,
		.interfaces = (InterfaceInfo[]) {
			{ INTERFACE_PCIE_DEVICE },
			{ }
		},
	},
};

DEFINE_TYPES(t1_types)
