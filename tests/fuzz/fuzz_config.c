// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_config.c - a guest writes to configuration space what the input says
 *
 * What each write has to do is written here once more, from the PCI specifications: after every
 * step all 4 KiB are as they have to be.
 */
#include "bench.h"

#define MAX_STEPS	256u
#define PM_CTRL		0x44u	/* power management capability, at 0x40 */
#define DEVCTL		0x68u	/* PCI Express capability, at 0x60 */

/* The bits of a 32-bit register that can be written. */
struct rule {
	u32 off;
	u32 writable;
};

static const struct rule common_rules[] = {
	{ 0x04, 0x00000546 },	/* command: memory, master, parity, SERR, INTx disable */
	{ 0x0c, 0x000000ff },	/* cache line size */
	{ 0x3c, 0x000000ff },	/* interrupt line */
};

static const struct rule pcie_rules[] = {
	{ 0x44, 0x00000003 },	/* power state: D0 and D3hot alone, see below */
	{ 0x50, 0xc0000000 },	/* MSI-X: enable, mask all */
	{ DEVCTL, 0x000078ff },
	{ 0x70, 0x000000cb },	/* link control */
	{ 0x88, 0x0000001f },	/* device control 2 */
};

static const struct rule conventional_rules[] = {
	{ 0x50, 0x00010000 },	/* MSI enable */
	{ 0x54, 0xfffffffc },	/* address, lower and upper half, data */
	{ 0x58, 0xffffffff },
	{ 0x5c, 0x0000ffff },
};

/* A conventional function, with a BAR of 1 MiB. */
static const struct tessera_model_ops conventional = {
	.class_revision = 0x00ff0010,
	.regions = {
		[0] = { .kind = TESSERA_REGION_REGS, .bytes = 1 << 20 },
	},
};

static const struct tessera_kind conventional_kind = {
	.name = "edu",
	.vendor = 0x1234,
	.device = 0x11e8,
	.model = &conventional,
};

static u8 expected[TESSERA_CONFIG_SIZE], writable[TESSERA_CONFIG_SIZE];
static bool pcie;

static u32 get32(const u8 *from)
{
	u32 v;

	memcpy(&v, from, sizeof(v));
	return le32_to_cpu(v);
}

static void add_rules(const struct rule *rules, u32 n)
{
	for (; n; rules++, n--)
		put_unaligned_le32(rules->writable, writable + rules->off);
}

static u64 bar_size(u32 bar)
{
	if (!pcie)
		return bar ? 0 : 1 << 20;
	switch (bar) {
	case 0:
		return 512 << 10;
	case 2:
		return bench.vgpu.part.vram_bytes;
	case 4:
		return 4096;
	default:
		return 0;
	}
}

static void make_rules(void)
{
	u64 mask;
	u32 bar;

	memset(writable, 0, sizeof(writable));
	add_rules(common_rules, ARRAY_SIZE(common_rules));
	if (pcie)
		add_rules(pcie_rules, ARRAY_SIZE(pcie_rules));
	else
		add_rules(conventional_rules, ARRAY_SIZE(conventional_rules));
	for (bar = 0; bar < 6; bar++) {
		mask = bar_size(bar) ? -bar_size(bar) : 0;
		if (!mask)
			continue;
		put_unaligned_le32(mask & ~15u, writable + 0x10 + 4 * bar);
		if (pcie && bar == 2)
			put_unaligned_le32(mask >> 32, writable + 0x10 + 4 * (bar + 1));
	}
}

static void check_space(void)
{
	static u8 now[TESSERA_CONFIG_SIZE];
	u32 i;

	tessera_config_read(&bench.vgpu, 0, now, sizeof(now));
	for (i = 0; memcmp(now, expected, sizeof(now)) && i < sizeof(now); i++)
		REQUIRE(now[i] == expected[i], "at %#x there is %#x, not %#x", i, now[i],
			expected[i]);
	REQUIRE(tessera_config_bus_master(&bench.vgpu) == !!(expected[4] & 4), "%#x", expected[4]);
	REQUIRE(tessera_config_memory(&bench.vgpu) == !!(expected[4] & 2), "%#x", expected[4]);
}

static void write_space(u32 off, const u8 *from, u32 len)
{
	bool memory = expected[4] & 2, master = expected[4] & 4, flr = false;
	unsigned int asked = tessera_config_write(&bench.vgpu, off, from, len);
	u32 i, at;

	for (i = 0; i < len; i++) {
		at = off + i;
		if (pcie && at == PM_CTRL && (from[i] & 3) % 3)
			continue;
		if (pcie && at == DEVCTL + 1 && from[i] & 0x80)
			flr = true;
		expected[at] = (expected[at] & ~writable[at]) | (from[i] & writable[at]);
	}
	REQUIRE(!(asked & TESSERA_CONFIG_FLR) == !flr, "asked for %#x", asked);
	REQUIRE(!(asked & TESSERA_CONFIG_MASTER_OFF) == !(master && !(expected[4] & 4)),
		"asked for %#x", asked);
	REQUIRE(!(asked & TESSERA_CONFIG_MEMORY) == (memory == !!(expected[4] & 2)),
		"asked for %#x", asked);
	check_space();
}

/* Sizing as a guest does it; what was there comes back. */
static void size_bar(u32 bar)
{
	const u8 ones[4] = { 0xff, 0xff, 0xff, 0xff };
	u32 off = 0x10 + 4 * bar;
	u8 was[4], now[4];
	u64 size;

	memcpy(was, expected + off, sizeof(was));
	write_space(off, ones, sizeof(ones));
	tessera_config_read(&bench.vgpu, off, now, sizeof(now));
	size = (u32)-(get32(now) & ~15u);
	REQUIRE(pcie && bar == 3 ? true : size == bar_size(bar), "BAR %u has %#llx", bar,
		(unsigned long long)size);
	write_space(off, was, sizeof(was));
}

static void reset(void)
{
	if (pcie)
		tessera_vgpu_reset(&bench.vgpu);
	else
		tessera_config_reset(&bench.vgpu);
	tessera_config_fill(&bench.vgpu, expected);
	check_space();
}

/* The capabilities of a function as it was made are a list that ends. */
static void check_capabilities(void)
{
	u32 at = expected[0x34], n = 0;

	REQUIRE(expected[6] & 0x10, "status %#x", expected[6]);
	for (; at; at = expected[at + 1])
		REQUIRE(at >= 0x40 && !(at & 3) && n++ < 8, "capability at %#x", at);
	REQUIRE(n == (pcie ? 3 : 1), "%u capabilities", n);
}

static void step(struct input *in)
{
	u32 off = input_below(in, 4) ? input_u8(in) : input_u32(in) % TESSERA_CONFIG_SIZE;
	u8 bytes[32];
	u32 len;

	switch (input_below(in, 8)) {
	case 0:
		size_bar(input_below(in, 6));
		break;
	case 1:
		reset();
		break;
	case 2:
		len = 1 + input_below(in, sizeof(bytes));
		len = min(len, TESSERA_CONFIG_SIZE - off);
		input_bytes(in, bytes, len);
		write_space(off, bytes, len);
		break;
	case 3:
		memset(bytes, input_below(in, 2) ? 0xff : 0, sizeof(bytes));
		write_space(off & ~3u, bytes, 4);
		break;
	default:
		len = 1u << input_below(in, 3);
		off &= -len;
		input_bytes(in, bytes, len);
		write_space(off, bytes, len);
	}
	REQUIRE(!kernel_locks, "%u locks are held", kernel_locks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	static u8 claimed[TESSERA_CONFIG_SIZE];
	u8 shape = input_u8(&in);
	u32 i;

	if (!bench_init(shape & 3))
		abort();
	pcie = !(shape & 4);
	if (!pcie) {
		bench.accel.kind = &conventional_kind;
		tessera_config_reset(&bench.vgpu);
	}
	tessera_config_fill(&bench.vgpu, expected);
	make_rules();
	tessera_config_fill_writable(&bench.vgpu, claimed);
	for (i = 0; memcmp(claimed, writable, sizeof(claimed)) && i < sizeof(claimed); i++)
		REQUIRE(claimed[i] == writable[i], "at %#x %#x can be written, not %#x", i,
			writable[i], claimed[i]);
	check_capabilities();
	for (i = 0; i < MAX_STEPS && in.left; i++)
		step(&in);
	bench.accel.kind = &t1_kind;
	tessera_config_reset(&bench.vgpu);
	bench_fini();
	return 0;
}
