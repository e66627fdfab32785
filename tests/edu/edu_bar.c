// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "edu_bar.h"

#define COMMAND		4	/* in configuration space */
#define COMMAND_BITS	0x0406	/* memory, bus master, no INTx */

static int is_edu(const char *dir)
{
	char path[300];
	uint16_t ids[2] = { 0 };
	int fd;

	snprintf(path, sizeof(path), "%s/config", dir);
	fd = open(path, O_RDWR);
	if (fd < 0)
		return 0;
	if (pread(fd, ids, sizeof(ids), 0) == sizeof(ids) && ids[0] == 0x1234 && ids[1] == 0x11e8) {
		uint16_t command = COMMAND_BITS;

		if (pwrite(fd, &command, sizeof(command), COMMAND) != sizeof(command))
			ids[0] = 0;
	} else {
		ids[0] = 0;
	}
	close(fd);
	return ids[0];
}

void *edu_open(void)
{
	void *bar = MAP_FAILED;
	char path[300];
	size_t i;
	glob_t g;
	int fd;

	if (glob("/sys/bus/pci/devices/*", 0, NULL, &g))
		return NULL;
	for (i = 0; i < g.gl_pathc && bar == MAP_FAILED; i++) {
		if (!is_edu(g.gl_pathv[i]))
			continue;
		snprintf(path, sizeof(path), "%s/resource0", g.gl_pathv[i]);
		fd = open(path, O_RDWR);
		if (fd >= 0) {
			bar = mmap(NULL, EDU_BAR_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
			close(fd);
		}
	}
	globfree(&g);
	if (bar != MAP_FAILED)
		return bar;
	perror("the edu's BAR 0");
	return NULL;
}

int edu_wait(void *bar, uint32_t off, uint32_t bits)
{
	time_t end = time(NULL) + 20;

	while (edu_get(bar, off) & bits) {
		if (time(NULL) > end)
			return -1;
		usleep(5000);
	}
	return 0;
}

int edu_dma(void *bar, uint64_t src, uint64_t dst, uint64_t count, uint32_t cmd)
{
	edu_put64(bar, EDU_DMA_SRC, src);
	edu_put64(bar, EDU_DMA_DST, dst);
	edu_put64(bar, EDU_DMA_COUNT, count);
	edu_put(bar, EDU_DMA_CMD, cmd | EDU_DMA_RUN);
	return edu_wait(bar, EDU_DMA_CMD, EDU_DMA_RUN);
}
