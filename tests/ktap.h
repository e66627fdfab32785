/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ktap.h - for unit tests: a table of tests, run one after the other, results in KTAP
 */
#ifndef TESSERA_TESTS_KTAP_H
#define TESSERA_TESTS_KTAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define KTAP_MOST_TOLD	20	/* one broken loop must not fill the log */

struct ktap_test {
	const char *name;
	void (*run)(void);
};

/* What has failed in the running test; one variable for all files of a program. */
__attribute__((weak)) unsigned int ktap_complaints;

/* Fail the running test, and say why. */
__attribute__((format(printf, 3, 4)))
static inline void ktap_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	if (ktap_complaints++ >= KTAP_MOST_TOLD)
		return;
	printf("# %s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);	/* should the test die next */
}

#define FAIL(...)	ktap_fail(__FILE__, __LINE__, __VA_ARGS__)

#define CHECK_MSG(cond, fmt, ...)						\
	do {									\
		if (!(cond))							\
			FAIL("%s: " fmt, #cond, ##__VA_ARGS__);			\
	} while (0)

#define CHECK(cond)								\
	do {									\
		if (!(cond))							\
			FAIL("%s does not hold", #cond);			\
	} while (0)

#define CHECK_EQ(a, b)								\
	do {									\
		uint64_t a_ = (a), b_ = (b);					\
										\
		if (a_ != b_)							\
			FAIL("%s is %" PRIu64 ", %s is %" PRIu64, #a, a_, #b, b_); \
	} while (0)

/*
 * Run all, or the one whose name is given; @before and @after each, where they are not NULL.
 * @before gets the test's number in the table.
 */
static inline int ktap_run_each(const struct ktap_test *tests, unsigned int num,
				void (*before)(unsigned int i), void (*after)(void),
				int argc, char **argv)
{
	unsigned int i, failed = 0, n = 0;

	printf("KTAP version 1\n1..%u\n", argc > 1 ? 1u : num);
	for (i = 0; i < num; i++) {
		if (argc > 1 && strcmp(argv[1], tests[i].name))
			continue;
		ktap_complaints = 0;
		if (before)
			before(i);
		tests[i].run();
		if (after)
			after();
		printf("%s %u %s\n", ktap_complaints ? "not ok" : "ok", ++n, tests[i].name);
		fflush(stdout);
		failed += ktap_complaints != 0;
	}
	return failed || !n;
}

static inline int ktap_run(const struct ktap_test *tests, unsigned int num, int argc, char **argv)
{
	return ktap_run_each(tests, num, NULL, NULL, argc, argv);
}

#define KTAP_MAIN(tests)							\
	int main(int argc, char **argv)						\
	{									\
		return ktap_run(tests, sizeof(tests) / sizeof((tests)[0]), argc, argv); \
	}

#endif /* TESSERA_TESTS_KTAP_H */
