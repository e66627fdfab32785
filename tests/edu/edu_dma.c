// SPDX-License-Identifier: GPL-2.0-only
/*
 * edu_dma.c - an edu's DMA with what no driver would ask for, in a guest
 *
 *   edu_dma               tests of what is the same passed through and on a vGPU
 *   edu_dma hostile N     N random operations, of which none may reach anything of another guest's
 *
 * Guest-physical addresses are the device's: there is no IOMMU in the guest.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "edu_bar.h"

#define PAGE		4096u
#define REACH		(1ull << 28)
#define NO_MEMORY	0xa0000ull	/* a PC without VGA has nothing there */
#define SEARCH		(16u << 20)
#define SEARCHES	20

/* The guest-physical address of a page that is present, or 0. */
static uint64_t phys(const void *at)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (fd >= 0 && pread(fd, &entry, 8, (uintptr_t)at / PAGE * 8) != 8)
		entry = 0;
	close(fd);
	return entry >> 63 ? (entry & ((1ull << 55) - 1)) * PAGE : 0;
}

/* A page of memory that the edu reaches, with its address. */
static uint8_t *page_in_reach(uint64_t *addr)
{
	unsigned int i, at;

	for (i = 0; i < SEARCHES; i++) {
		uint8_t *p = mmap(NULL, SEARCH, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_LOCKED, -1, 0);

		if (p == MAP_FAILED)
			return NULL;
		for (at = 0; at < SEARCH; at += PAGE) {
			*addr = phys(p + at);
			if (*addr && *addr < REACH)
				return p + at;
		}
	}
	return NULL;
}

FIXTURE(dma)
{
	void *bar;
	uint8_t *page;
	uint64_t addr;
};

FIXTURE_SETUP(dma)
{
	self->bar = edu_open();
	ASSERT_NE(NULL, self->bar);
	self->page = page_in_reach(&self->addr);
	ASSERT_NE(NULL, self->page);
}

FIXTURE_TEARDOWN(dma)
{
}

static int is_all(const uint8_t *page, uint8_t value)
{
	unsigned int i;

	for (i = 0; i < PAGE && page[i] == value; i++)
		;
	return i == PAGE;
}

/* Put @value into all of the buffer. */
static int fill(FIXTURE_DATA(dma) *self, uint8_t value)
{
	memset(self->page, value, PAGE);
	return edu_dma(self->bar, self->addr, EDU_BUF, EDU_BUF_SIZE, 0);
}

/* All of the buffer is @value. */
static int holds(FIXTURE_DATA(dma) *self, uint8_t value)
{
	memset(self->page, ~value, PAGE);
	return !edu_dma(self->bar, EDU_BUF, self->addr, EDU_BUF_SIZE, EDU_DMA_TO_RAM) &&
	       is_all(self->page, value);
}

TEST_F(dma, there_and_back)
{
	EXPECT_EQ(0, fill(self, 0x11));
	EXPECT_TRUE(holds(self, 0x11));
	/* Part of it, to another place */
	memset(self->page, 0x22, PAGE);
	EXPECT_EQ(0, edu_dma(self->bar, self->addr, EDU_BUF + 4000, 96, 0));
	EXPECT_EQ(0, edu_dma(self->bar, EDU_BUF + 3999, self->addr + 7, 3, EDU_DMA_TO_RAM));
	EXPECT_EQ(0x22, self->page[6]);
	EXPECT_EQ(0x11, self->page[7]);
	EXPECT_EQ(0x22, self->page[8]);
	EXPECT_EQ(0x22, self->page[10]);
}

/* Bits of an address beyond the 28th are not there. */
TEST_F(dma, mask)
{
	unsigned int bit;

	for (bit = 28; bit < 64; bit += 5) {
		memset(self->page, bit, PAGE);
		EXPECT_EQ(0, edu_dma(self->bar, self->addr | 1ull << bit, EDU_BUF, PAGE, 0));
		memset(self->page, 0, PAGE);
		EXPECT_EQ(0, edu_dma(self->bar, EDU_BUF, self->addr | 1ull << bit, PAGE,
				     EDU_DMA_TO_RAM));
		EXPECT_TRUE(is_all(self->page, bit));
	}
}

/* What is not inside of the buffer does nothing, and ends. */
TEST_F(dma, bounds)
{
	static const struct {
		uint64_t at, count;
	} bad[] = {
		{ EDU_BUF, 4097 },
		{ EDU_BUF + 1, 4096 },
		{ EDU_BUF - 1, 1 },
		{ EDU_BUF + 4096, 1 },
		{ EDU_BUF + 4095, 2 },
		{ EDU_BUF, 0 },
		{ EDU_BUF, ~0ull },
		{ EDU_BUF, 1ull << 32 },
		{ EDU_BUF + 16, -16ull },
		{ 0, 16 },
		{ ~0ull, 2 },
		{ EDU_BUF | 1ull << 32, 16 },
		{ EDU_BUF | 1ull << 28, 16 },
	};
	unsigned int i;

	EXPECT_EQ(0, fill(self, 0x33));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		memset(self->page, 0x44, PAGE);
		EXPECT_EQ(0, edu_dma(self->bar, self->addr, bad[i].at, bad[i].count, 0));
		EXPECT_EQ(0, edu_dma(self->bar, bad[i].at, self->addr, bad[i].count,
				     EDU_DMA_TO_RAM));
		EXPECT_TRUE(is_all(self->page, 0x44));
	}
	EXPECT_TRUE(holds(self, 0x33));
}

/* Registers stand still while a DMA is under way, and so does a command without EDU_DMA_RUN. */
TEST_F(dma, under_way)
{
	EXPECT_EQ(0, fill(self, 0x55));
	memset(self->page, 0, PAGE);
	edu_put(self->bar, EDU_DMA_CMD, EDU_DMA_TO_RAM);
	EXPECT_EQ(0, edu_get(self->bar, EDU_DMA_CMD) & EDU_DMA_TO_RAM);
	edu_put64(self->bar, EDU_DMA_SRC, EDU_BUF);
	edu_put64(self->bar, EDU_DMA_DST, self->addr);
	edu_put64(self->bar, EDU_DMA_COUNT, PAGE);
	edu_put(self->bar, EDU_DMA_CMD, EDU_DMA_RUN | EDU_DMA_TO_RAM);
	edu_put64(self->bar, EDU_DMA_SRC, 1);
	edu_put64(self->bar, EDU_DMA_DST, 2);
	edu_put64(self->bar, EDU_DMA_COUNT, 3);
	edu_put(self->bar, EDU_DMA_CMD, EDU_DMA_RUN);
	EXPECT_EQ(EDU_DMA_RUN | EDU_DMA_TO_RAM, edu_get(self->bar, EDU_DMA_CMD));
	EXPECT_EQ(EDU_BUF, edu_get64(self->bar, EDU_DMA_SRC));
	EXPECT_EQ(self->addr, edu_get64(self->bar, EDU_DMA_DST));
	EXPECT_EQ(PAGE, edu_get64(self->bar, EDU_DMA_COUNT));
	EXPECT_EQ(0, edu_wait(self->bar, EDU_DMA_CMD, EDU_DMA_RUN));
	EXPECT_TRUE(is_all(self->page, 0x55));
}

/* Only what would hurt this guest alone is left out: writing to memory that is its own. */
static int hostile(unsigned int n)
{
	void *bar = edu_open();
	uint32_t off;

	if (!bar)
		return 1;
	while (n--) {
		uint64_t any = (uint64_t)rand() << 33 ^ (uint64_t)rand() << rand() % 20 ^ rand();
		uint64_t near = EDU_BUF - 8 + rand() % (EDU_BUF_SIZE + 16);
		uint64_t count = rand() % 2 ? (uint64_t)rand() % 5000 : any;

		switch (rand() % 4) {
		case 0:
			/* Its own memory, none, or beyond its reach */
			edu_dma(bar, rand() % 2 ? any : NO_MEMORY + any % 0x10000,
				rand() % 2 ? near : any, count, rand() & 4);
			break;
		case 1:
			edu_dma(bar, rand() % 2 ? near : any, NO_MEMORY + any % 0x10000,
				count % 0x10000, EDU_DMA_TO_RAM | (rand() & 4));
			break;
		case 2:
			edu_put(bar, EDU_FACTORIAL, any);
			edu_wait(bar, EDU_STATUS, rand() & EDU_STATUS_COMPUTING);
			break;
		default:
			off = rand() % EDU_BAR_SIZE & ~7u;
			/* Without starting a DMA whose operands are not chosen above */
			if (off != EDU_DMA_CMD)
				edu_put64(bar, off, any);
			edu_get64(bar, off);
			edu_put(bar, EDU_IRQ_RAISE, any);
			edu_put(bar, EDU_IRQ_ACK, ~0u);
			break;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "hostile"))
		return hostile(atoi(argv[2]));
	return test_harness_run(argc, argv);
}
