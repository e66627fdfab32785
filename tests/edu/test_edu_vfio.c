// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_edu_vfio.c - three vGPUs of an edu at once, one of which is hostile
 *
 * Two compute factorials and get their own bytes back from the buffer, while the third writes
 * random values to random registers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "edu_spec.h"
#include "vdev.h"

static int failed;
static unsigned int tests;

static void check(int ok, const char *what)
{
	printf("%sok %u - %s\n", ok ? "" : "not ", ++tests, what);
	fflush(stdout);
	failed |= !ok;
}

static int wait_clear(struct vdev *v, uint32_t off, uint32_t bit)
{
	time_t end = time(NULL) + 20;

	while (vdev_reg(v, off) & bit) {
		if (time(NULL) > end)
			return -1;
		usleep(200);
	}
	return 0;
}

static void dma(struct vdev *v, uint64_t src, uint64_t dst, uint32_t n, uint32_t cmd)
{
	vdev_reg_write(v, EDU_DMA_SRC, src);
	vdev_reg_write(v, EDU_DMA_DST, dst);
	vdev_reg_write(v, EDU_DMA_COUNT, n);
	vdev_reg_write(v, EDU_DMA_CMD, cmd | EDU_DMA_RUN);
}

static uint32_t factorial(uint32_t n)
{
	uint32_t ret = 1;

	while (n)
		ret *= n--;
	return ret;
}

static int hostile(struct vdev *v, unsigned int n)
{
	static const uint32_t regs[] = {
		EDU_LIVENESS, EDU_FACTORIAL, EDU_STATUS, EDU_IRQ_RAISE, EDU_IRQ_ACK, EDU_DMA_SRC,
		EDU_DMA_SRC + 4, EDU_DMA_DST, EDU_DMA_COUNT, EDU_DMA_CMD,
	};

	while (n--) {
		uint32_t off = rand() % 4 ? regs[rand() % 10] : (uint32_t)rand() & 0xfffff;
		uint64_t value = (uint64_t)rand() << 33 ^ (uint64_t)rand() << (rand() % 20);
		size_t len = 1u << rand() % 4;

		if (off == EDU_DMA_SRC || off == EDU_DMA_DST)
			value = rand() % 2 ? EDU_BUF + rand() % 5000 : value;
		if (off == EDU_DMA_COUNT)
			value = rand() % 2 ? (uint64_t)rand() % 5000 : value;
		if (off == EDU_DMA_CMD)
			value = rand() % 8 | (rand() % 4 == 0);
		vdev_write(v, 0, off, &value, len);
		vdev_read(v, 0, off, &value, len);
	}
	return 0;
}

static int state_is(struct vdev *v, const char *what)
{
	char buf[64];

	return !sysfs_read(buf, sizeof(buf), "/sys/bus/mdev/devices/%s/vgpu/state", v->uuid) &&
	       !strncmp(buf, what, strlen(what));
}

/*
 * A DMA takes 100 ms: with so short a timeout the dispatcher takes the device for dead, and has it
 * reset with DMA under way. The vGPUs are told, and each works again after a reset of its own.
 */
static int device_reset(struct vdev *v, struct vdev_mem *m)
{
	unsigned int i, n;
	int ok = 1;

	ok &= !sched_set("preempt_timeout_us", "100");
	for (i = 0; i < 2; i++)
		dma(&v[i], m[i].iova, EDU_BUF, 4096, 0);
	for (i = 0; i < 2; i++) {
		for (n = 0; n < 20000 && !state_is(&v[i], "failed"); n++)
			usleep(1000);
		ok &= n < 20000;
	}
	ok &= !sched_set("preempt_timeout_us", "1000000");
	for (i = 0; i < 2; i++) {
		ok &= !mdev_stat(v[i].uuid, "dma_engine_resets");
		ok &= !vdev_reset(&v[i]);
		vdev_cfg_write(&v[i], 4, 2, 6);
		vdev_reg_write(&v[i], EDU_FACTORIAL, 5);
		ok &= !wait_clear(&v[i], EDU_STATUS, EDU_STATUS_COMPUTING) &&
		      vdev_reg(&v[i], EDU_FACTORIAL) == 120;
		memset(m[i].cpu, 0x33 + i, 4096);
		memset((char *)m[i].cpu + 4096, 0, 4096);
		dma(&v[i], m[i].iova, EDU_BUF, 4096, 0);
		ok &= !wait_clear(&v[i], EDU_DMA_CMD, EDU_DMA_RUN);
		dma(&v[i], EDU_BUF, m[i].iova + 4096, 4096, EDU_DMA_TO_RAM);
		ok &= !wait_clear(&v[i], EDU_DMA_CMD, EDU_DMA_RUN) &&
		      !memcmp(m[i].cpu, (char *)m[i].cpu + 4096, 4096);
	}
	return ok;
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 1 ? atoi(argv[1]) : 4, i, k;
	struct vdev v[3];
	struct vdev_mem m[2];
	int fine = 1, bytes = 1, zero = 1;

	srand(8);
	memset(v, 0, sizeof(v));
	for (i = 0; i < 3; i++) {
		if (vdev_create(&v[i], "V16")) {
			printf("Bail out! no vGPU %u\n", i);
			return 1;
		}
		vdev_cfg_write(&v[i], 4, 2, 6);
	}
	check(vdev_cfg(&v[0], 0, 4) == 0x11e81234, "it is an edu");
	check(vdev_reg(&v[0], EDU_ID) == 0x010000ed, "its identification");
	vdev_reg_write(&v[0], EDU_LIVENESS, 0x1234);
	check(vdev_reg(&v[0], EDU_LIVENESS) == ~0x1234u && !vdev_reg(&v[1], EDU_LIVENESS),
	      "its liveness register");
	for (i = 0; i < 2; i++) {
		v[i].next_iova = 0x100000;	/* an edu reaches 28 bits */
		if (vdev_mem_alloc(&v[i], 8192, 4096, &m[i])) {
			printf("Bail out! no memory\n");
			return 1;
		}
	}
	for (k = 0; k < rounds; k++) {
		hostile(&v[2], 200);
		for (i = 0; i < 2; i++) {
			vdev_reg_write(&v[i], EDU_FACTORIAL, k + i);
			memset(m[i].cpu, 16 * i + k + 1, 4096);
			memset((char *)m[i].cpu + 4096, 0, 4096);
			dma(&v[i], m[i].iova, EDU_BUF, 4096, 0);
		}
		for (i = 0; i < 2; i++) {
			fine &= !wait_clear(&v[i], EDU_STATUS, EDU_STATUS_COMPUTING) &&
				vdev_reg(&v[i], EDU_FACTORIAL) == factorial(k + i);
			bytes &= !wait_clear(&v[i], EDU_DMA_CMD, EDU_DMA_RUN);
		}
		for (i = 0; i < 2; i++)
			dma(&v[i], EDU_BUF, m[i].iova + 4096, 4096, EDU_DMA_TO_RAM);
		for (i = 0; i < 2; i++) {
			bytes &= !wait_clear(&v[i], EDU_DMA_CMD, EDU_DMA_RUN);
			bytes &= !memcmp(m[i].cpu, (char *)m[i].cpu + 4096, 4096);
		}
	}
	check(fine, "factorials");
	check(bytes, "each vGPU gets its own bytes back");
	vdev_reset(&v[0]);
	vdev_cfg_write(&v[0], 4, 2, 6);
	memset(m[0].cpu, 0x55, 4096);
	dma(&v[0], EDU_BUF, m[0].iova, 4096, EDU_DMA_TO_RAM);
	zero = !wait_clear(&v[0], EDU_DMA_CMD, EDU_DMA_RUN);
	for (i = 0; i < 4096; i++)
		zero &= !((char *)m[0].cpu)[i];
	check(zero, "a buffer is empty after a reset");
	check(device_reset(v, m), "all work again after a device reset with work under way");
	dma(&v[0], EDU_BUF, m[0].iova, 4096, EDU_DMA_TO_RAM);
	for (i = 0; i < 3; i++)
		check(!vdev_destroy(&v[i]), "a vGPU is removed, with work under way");
	printf("1..%u\n", tests);
	return failed;
}
