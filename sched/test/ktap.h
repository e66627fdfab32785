/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ktap.h - a table of tests, run one after the other, results in KTAP
 */
#ifndef TESSERA_SCHED_TEST_KTAP_H
#define TESSERA_SCHED_TEST_KTAP_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct ktap_test {
	const char *name;
	void (*run)(void);
};

static unsigned int ktap_complaints;

/* A failed check is told, at most 20 times a test, and fails the test. */
#define CHECK_MSG(cond, ...)							\
	do {									\
		if (!(cond) && ktap_complaints++ < 20) {			\
			printf("# %s:%d: %s: ", __FILE__, __LINE__, #cond);	\
			printf(__VA_ARGS__);					\
			printf("\n");						\
		}								\
	} while (0)

#define CHECK(cond)	CHECK_MSG(cond, "does not hold")

#define CHECK_EQ(a, b)								\
	do {									\
		uint64_t a_ = (a), b_ = (b);					\
										\
		CHECK_MSG(a_ == b_, "%s is %" PRIu64 ", %s is %" PRIu64, #a, a_, #b, b_); \
	} while (0)

/* Run all, or the one whose name is given. */
static int ktap_run(const struct ktap_test *tests, unsigned int num, int argc, char **argv)
{
	unsigned int i, failed = 0, n = 0;

	printf("KTAP version 1\n1..%u\n", argc > 1 ? 1u : num);
	for (i = 0; i < num; i++) {
		if (argc > 1 && strcmp(argv[1], tests[i].name))
			continue;
		ktap_complaints = 0;
		tests[i].run();
		printf("%s %u %s\n", ktap_complaints ? "not ok" : "ok", ++n, tests[i].name);
		fflush(stdout);
		failed += ktap_complaints != 0;
	}
	return failed || !n;
}

#define KTAP_MAIN(tests)							\
	int main(int argc, char **argv)						\
	{									\
		return ktap_run(tests, sizeof(tests) / sizeof((tests)[0]), argc, argv); \
	}

#endif /* TESSERA_SCHED_TEST_KTAP_H */
