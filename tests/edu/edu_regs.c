// SPDX-License-Identifier: GPL-2.0-only
/*
 * edu_regs.c - the registers of an edu: on bare metal, passed through and on a vGPU the same
 */
#include <stdlib.h>

#include "kselftest_harness.h"
#include "edu_bar.h"

#define ONES	0xffffffffu

FIXTURE(regs)
{
	void *bar;
};

FIXTURE_SETUP(regs)
{
	self->bar = edu_open();
	ASSERT_NE(NULL, self->bar);
	srand(8);
}

FIXTURE_TEARDOWN(regs)
{
	edu_put(self->bar, EDU_STATUS, 0);
	edu_put(self->bar, EDU_IRQ_ACK, ONES);
}

static uint32_t rnd32(void)
{
	return (uint32_t)rand() << 16 ^ rand();
}

static uint64_t rnd64(void)
{
	return (uint64_t)rnd32() << 32 | rnd32();
}

TEST_F(regs, identification_and_liveness)
{
	unsigned int i;

	EXPECT_EQ(0x010000edu, edu_get(self->bar, EDU_ID));
	edu_put(self->bar, EDU_ID, 0);
	EXPECT_EQ(0x010000edu, edu_get(self->bar, EDU_ID));
	for (i = 0; i < 100; i++) {
		uint32_t v = rnd32();

		edu_put(self->bar, EDU_LIVENESS, v);
		EXPECT_EQ(~v, edu_get(self->bar, EDU_LIVENESS));
	}
}

static int is_register(uint32_t off)
{
	switch (off) {
	case EDU_ID:
	case EDU_LIVENESS:
	case EDU_FACTORIAL:
	case EDU_STATUS:
	case EDU_IRQ_STATUS:
	case EDU_DMA_SRC:
	case EDU_DMA_DST:
	case EDU_DMA_COUNT:
	case EDU_DMA_CMD:
		return 1;
	}
	return 0;
}

/* The buffer is not to be seen there either. */
TEST_F(regs, nothing_elsewhere)
{
	unsigned int i;
	uint32_t off;

	for (off = 0; off < 0x100; off += 4)
		EXPECT_TRUE(is_register(off) || edu_get(self->bar, off) == ONES);
	for (i = 0; i < 500; i++) {
		off = 0x100 + 8 * (rand() % ((EDU_BAR_SIZE - 0x100) / 8));
		if (i % 2) {
			edu_put(self->bar, off, rnd32());
			EXPECT_EQ(ONES, edu_get(self->bar, off));
		} else {
			edu_put64(self->bar, off, rnd64());
			EXPECT_EQ(~0ull, edu_get64(self->bar, off));
		}
	}
	EXPECT_EQ(ONES, edu_get(self->bar, EDU_BUF));
}

/* Below the DMA's registers only accesses of 4 bytes are known. */
TEST_F(regs, sizes)
{
	uint32_t live, off;

	edu_put(self->bar, EDU_LIVENESS, 0x5a5a);
	live = edu_get(self->bar, EDU_LIVENESS);
	for (off = 0; off < EDU_DMA_SRC; off += 8) {
		EXPECT_EQ(~0ull, edu_get64(self->bar, off));
		edu_put64(self->bar, off, 0);
	}
	EXPECT_EQ(live, edu_get(self->bar, EDU_LIVENESS));
	EXPECT_EQ(0, edu_get(self->bar, EDU_STATUS));
	for (off = EDU_DMA_SRC; off <= EDU_DMA_COUNT; off += 8) {
		uint64_t v = rnd64();

		edu_put64(self->bar, off, v);
		EXPECT_EQ(v, edu_get64(self->bar, off));
		EXPECT_EQ((uint32_t)v, edu_get(self->bar, off));
		EXPECT_EQ(ONES, edu_get(self->bar, off + 4));
		/* Half of one is all of it */
		edu_put(self->bar, off, 0x1234);
		EXPECT_EQ(0x1234, edu_get64(self->bar, off));
	}
}

TEST_F(regs, interrupt_status)
{
	uint32_t want = 0;
	unsigned int i;

	for (i = 0; i < 200; i++) {
		uint32_t v = rnd32() & rnd32();

		if (rand() % 2) {
			edu_put(self->bar, EDU_IRQ_RAISE, v);
			want |= v;
		} else {
			edu_put(self->bar, EDU_IRQ_ACK, v);
			want &= ~v;
		}
		EXPECT_EQ(want, edu_get(self->bar, EDU_IRQ_STATUS));
	}
	edu_put(self->bar, EDU_IRQ_STATUS, ONES);
	EXPECT_EQ(want, edu_get(self->bar, EDU_IRQ_STATUS));
}

TEST_F(regs, status)
{
	edu_put(self->bar, EDU_STATUS, ONES);
	EXPECT_EQ(EDU_STATUS_IRQ, edu_get(self->bar, EDU_STATUS));
	edu_put(self->bar, EDU_STATUS, ~EDU_STATUS_IRQ);
	EXPECT_EQ(0, edu_get(self->bar, EDU_STATUS));
}

TEST_F(regs, factorial)
{
	uint32_t n, i, want;

	for (n = 0; n < 60; n++) {
		edu_put(self->bar, EDU_STATUS, n % 2 ? EDU_STATUS_IRQ : 0);
		edu_put(self->bar, EDU_FACTORIAL, n);
		ASSERT_EQ(0, edu_wait(self->bar, EDU_STATUS, EDU_STATUS_COMPUTING));
		for (want = 1, i = 2; i <= n; i++)
			want *= i;
		EXPECT_EQ(want, edu_get(self->bar, EDU_FACTORIAL));
	}
	/* It has told of the odd ones */
	EXPECT_EQ(1, edu_get(self->bar, EDU_IRQ_STATUS));
}

TEST_HARNESS_MAIN
