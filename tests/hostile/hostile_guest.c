// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostile_guest.c - the same attack from inside a guest, by a program without a driver
 *
 *	hostile_guest SEED FIRST OPERATIONS BDF [RAM SPARE]
 *
 * RAM: so many bytes of the machine's memory, from address 0 on, are read by engines, while a
 * balloon takes them. SPARE: so many from SPARE_BUS on are written; memory that nobody uses is
 * plugged in there and pulled out again.
 *
 * It maps the function's registers and doorbells as sysfs offers them, and gives the device a huge
 * page whose address it looks up: neither QEMU nor VFIO stand between. 0 once all
 * operations are done; whatever it sees is its own fault, so there is nothing here to check.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../uapi/t1_hw.h"
#include "attack.h"

/* Where QEMU's q35 puts the first that is plugged in, if it has no other memory above 4 GiB */
#define SPARE_BUS	0x100000000ull

struct function {
	int config;
	uint32_t bars[6];
	volatile uint8_t *bar0;
};

static ssize_t config_access(struct port *p, bool write, uint64_t off, void *buf, size_t len)
{
	struct function *f = p->priv;

	return write ? pwrite(f->config, buf, len, off) : pread(f->config, buf, len, off);
}

/* Of the sizes that a processor has, wherever they come to lie in the page */
static void bar_access(volatile uint8_t *at, bool write, void *buf, size_t len)
{
	uint64_t v = 0;

	if (write)
		memcpy(&v, buf, len);
	switch (len) {
	case 1:
		write ? (void)(*at = v) : (void)(v = *at);
		break;
	case 2:
		write ? (void)(*(volatile uint16_t *)at = v) : (void)(v = *(volatile uint16_t *)at);
		break;
	case 4:
		write ? (void)(*(volatile uint32_t *)at = v) : (void)(v = *(volatile uint32_t *)at);
		break;
	case 8:
		write ? (void)(*(volatile uint64_t *)at = v) : (void)(v = *(volatile uint64_t *)at);
		break;
	}
	if (!write)
		memcpy(buf, &v, len);
}

static ssize_t port_read(struct port *p, bool config, uint64_t off, void *buf, size_t len)
{
	struct function *f = p->priv;

	if (config)
		return config_access(p, false, off, buf, len);
	if (off + len <= T1_DB_OFF(T1_MAX_SLOTS))
		bar_access(f->bar0 + off, false, buf, len);
	return len;
}

static ssize_t port_write(struct port *p, bool config, uint64_t off, const void *buf, size_t len)
{
	struct function *f = p->priv;

	if (config)
		return config_access(p, true, off, (void *)buf, len);
	if (off + len <= T1_DB_OFF(T1_MAX_SLOTS))
		bar_access(f->bar0 + off, true, (void *)buf, len);
	return len;
}

/* Where the firmware has put the function: a reset forgets it, and we write anything there */
static void port_restore(struct port *p)
{
	struct function *f = p->priv;
	uint32_t off = 0;

	pwrite(f->config, &off, 2, PCI_COMMAND);
	pwrite(f->config, f->bars, sizeof(f->bars), PCI_BASE_ADDRESS_0);
}

/* The address of a page of ours as the device sees it, or 0 */
static uint64_t physical(void *cpu)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (fd < 0 || pread(fd, &entry, sizeof(entry), (uintptr_t)cpu / 4096 * 8) != sizeof(entry))
		entry = 0;
	close(fd);
	return entry >> 63 ? (entry & ((1ull << 55) - 1)) * 4096 : 0;
}

static int open_file(const char *bdf, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, name);
	return open(path, O_RDWR | O_CLOEXEC | O_SYNC);
}

static int fail(const char *what)
{
	printf("# hostile_guest: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	uint32_t command = PCI_COMMAND_MEMORY;
	uint64_t acts = 0;
	struct function f;
	struct port p = {
		.read = port_read, .write = port_write, .restore = port_restore, .max_access = 8,
		.acts = &acts, .priv = &f,
	};
	struct attack a = { .p = &p, .entries = 64 };
	uint64_t seed, n, end, ram, spare;
	int bar;

	if (argc != 5 && argc != 7) {
		fprintf(stderr, "hostile_guest SEED FIRST OPERATIONS BDF [RAM SPARE]\n");
		return 2;
	}
	seed = strtoull(argv[1], NULL, 0);
	n = strtoull(argv[2], NULL, 0);
	end = n + strtoull(argv[3], NULL, 0);
	ram = argc > 5 ? strtoull(argv[5], NULL, 0) : 0;
	spare = argc > 5 ? strtoull(argv[6], NULL, 0) : 0;
	f.config = open_file(argv[4], "config");
	bar = open_file(argv[4], "resource0");
	if (f.config < 0 || bar < 0 ||
	    pread(f.config, f.bars, sizeof(f.bars), PCI_BASE_ADDRESS_0) != sizeof(f.bars) ||
	    pwrite(f.config, &command, 2, PCI_COMMAND) != 2)
		return fail("the function");
	f.bar0 = mmap(NULL, T1_DB_OFF(T1_MAX_SLOTS), PROT_READ | PROT_WRITE, MAP_SHARED, bar, 0);
	if (f.bar0 == MAP_FAILED)
		return fail("its registers");
	p.arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_LOCKED | MAP_POPULATE,
		       -1, 0);
	if (p.arena == MAP_FAILED)
		return fail("a huge page");
	p.bus = physical(p.arena);
	if (!p.bus)
		return fail("its address");
	p.doorbells = f.bar0 + T1_DB_OFF(0);
	p.num_slots = *(volatile uint32_t *)(f.bar0 + T1_REG_NUM_SLOTS);
	p.vram_bytes = *(volatile uint32_t *)(f.bar0 + T1_REG_VRAM_SIZE_LO);
	if (p.num_slots - 1 >= T1_MAX_SLOTS || p.vram_bytes < 1 << 20)
		return fail("no T1");
	for (; n < end; n++) {
		struct rnd r = rnd_of(seed, n);

		if (ram && one_in(&r, 16))
			attack_memory(&a, &r, 0, ram, false);
		else if (spare && one_in(&r, 16))
			attack_memory(&a, &r, SPARE_BUS, spare, true);
		else
			attack_kinds[attack_pick(attack_kinds, &r)].run(&a, &r);
	}
	printf("# seed %" PRIu64 ": acts=%" PRIu64 " in a guest\n", seed, acts);
	return 0;
}
