// SPDX-License-Identifier: GPL-2.0-only
/*
 * edu_work.c - uses /dev/edu, and checks all that comes back
 *
 *   edu_work rounds N SEED    N factorials, and N times its own bytes of the buffer
 *   edu_work loop MS [ANY]    factorials one after the other for so long; prints how many
 *   edu_work copy MS [ANY]    likewise transfers of the whole buffer, to and fro
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define POS_FACTORIAL	0x10000
#define BUF_SIZE	4096

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

/* Bytes of the buffer that were sent, and must be there whoever had the engine meanwhile */
static uint8_t sent[BUF_SIZE];

static int put(size_t off, size_t len)
{
	size_t i;

	for (i = off; i < off + len; i++)
		sent[i] = rand();
	if (pwrite(fd, sent + off, len, off) == (ssize_t)len)
		return 0;
	perror("transfer to the buffer");
	return -1;
}

static int get_and_compare(unsigned int round)
{
	uint8_t got[BUF_SIZE] = { 0 };

	if (pread(fd, got, sizeof(got), 0) != sizeof(got)) {
		perror("transfer from the buffer");
		return -1;
	}
	if (!memcmp(sent, got, sizeof(got)))
		return 0;
	fprintf(stderr, "round %u: other bytes came back\n", round);
	return -1;
}

/* A part of any size and place is new in every eighth round. */
static int one_round(unsigned int round)
{
	size_t off = rand() % BUF_SIZE, len = 1 + rand() % (BUF_SIZE - off);

	if (!round) {
		off = 0;
		len = BUF_SIZE;
	}
	if (one_factorial(rand() % 40))
		return -1;
	if (round % 8 == 0 && put(off, len))
		return -1;
	return get_and_compare(round);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

/* Return: how many, or -1. */
static int loop(unsigned int ms, int copy)
{
	uint64_t end = now_ms() + ms;
	unsigned int i;

	for (i = 0; now_ms() < end; i++) {
		if (!copy && one_factorial(i % 20))
			return -1;
		if (copy && (i % 2 ? get_and_compare(i) : put(0, BUF_SIZE)))
			return -1;
	}
	return i;
}

int main(int argc, char **argv)
{
	unsigned int n = argc > 2 ? atoi(argv[2]) : 0;
	int i = 0;

	fd = open("/dev/edu", O_RDWR);
	if (fd < 0) {
		perror("/dev/edu");
		return 1;
	}
	if (argc == 4 && !strcmp(argv[1], "rounds")) {
		srand(atoi(argv[3]));
		for (i = 0; i < n; i++) {
			if (one_round(i))
				return 1;
		}
	} else if (argc >= 3 && (!strcmp(argv[1], "loop") || !strcmp(argv[1], "copy"))) {
		i = loop(n, !strcmp(argv[1], "copy"));
	} else {
		fprintf(stderr, "usage: edu_work rounds N SEED | loop MS | copy MS\n");
		return 2;
	}
	printf("%d\n", i);
	return i < 0;
}
