// SPDX-License-Identifier: GPL-2.0-only
/*
 * edu_work.c - uses /dev/edu, and checks all that comes back
 *
 *   edu_work rounds N SEED    N factorials, and N times random bytes to the buffer and back
 *   edu_work loop MS [ANY]    factorials one after the other for so long; prints how many
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define POS_FACTORIAL	0x10000

static int fd;

static uint32_t factorial(uint32_t n)
{
	uint32_t product = 1, i;

	for (i = 2; i <= n; i++)
		product *= i;
	return product;
}

static int one_factorial(uint32_t n)
{
	uint32_t got;

	if (pwrite(fd, &n, sizeof(n), POS_FACTORIAL) != sizeof(n) ||
	    pread(fd, &got, sizeof(got), POS_FACTORIAL) != sizeof(got)) {
		perror("factorial");
		return -1;
	}
	if (got == factorial(n))
		return 0;
	fprintf(stderr, "%u! is %u, not %u\n", n, factorial(n), got);
	return -1;
}

static int one_transfer(unsigned int round)
{
	size_t off = rand() % 4096, len = 1 + rand() % (4096 - off), i;
	uint8_t sent[4096], got[4096];

	for (i = 0; i < len; i++)
		sent[i] = rand();
	memset(got, 0, sizeof(got));
	if (pwrite(fd, sent, len, off) != (ssize_t)len ||
	    pread(fd, got, len, off) != (ssize_t)len) {
		perror("transfer");
		return -1;
	}
	if (!memcmp(sent, got, len))
		return 0;
	fprintf(stderr, "round %u: other bytes came back\n", round);
	return -1;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	unsigned int n = argc > 2 ? atoi(argv[2]) : 0, i;
	uint64_t end;

	fd = open("/dev/edu", O_RDWR);
	if (fd < 0) {
		perror("/dev/edu");
		return 1;
	}
	if (argc == 4 && !strcmp(argv[1], "rounds")) {
		srand(atoi(argv[3]));
		for (i = 0; i < n; i++) {
			if (one_factorial(rand() % 40) || one_transfer(i))
				return 1;
		}
	} else if (argc >= 3 && !strcmp(argv[1], "loop")) {
		for (i = 0, end = now_ms() + n; now_ms() < end; i++) {
			if (one_factorial(i % 20))
				return 1;
		}
	} else {
		fprintf(stderr, "usage: edu_work rounds N SEED | loop MS [ANY]\n");
		return 2;
	}
	printf("%u\n", i);
	return 0;
}
