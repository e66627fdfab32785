/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fault.h - one fault at a time, from the kernel's fault injection
 *
 * The N-th point that a thread comes to fails, by its fail-nth in /proc. Points are allocations of
 * slabs and of pages, copies from and to user space, and fail_tessera, where tessera.ko pins and
 * maps pages for DMA. With N = 1, 2, 3 ... until a call gets through, each has failed in turn:
 *
 *	fault_first(&f);
 *	while (fault_next(&f)) {
 *		fault_arm(&f);
 *		err = ...;		// nothing else that enters the kernel
 *		fault_disarm(&f);
 *		...
 *	}
 *
 * The first two rounds are without a fault: the second counts the points, after whatever is
 * allocated once only. So is the last. Of many points, as in the binding of a device with 65
 * interrupts, those at the beginning and at the end fail one by one, and of the others between them
 * every so many. In the environment FAULT_EDGE says how many are one by one, FAULT_FIRST which is
 * the first of all.
 */
#ifndef TESSERA_TEST_FAULT_H
#define TESSERA_TEST_FAULT_H

#include <stdbool.h>
#include <sys/types.h>

struct fault {
	int file;		/* the thread's fail-nth */
	unsigned int nth;	/* the point that fails in this round */
	unsigned int total;	/* how many there are */
	unsigned int rounds;	/* how many have begun */
	unsigned int faults;	/* how many have failed */
	bool struck;		/* it has failed in this round */
};

/*
 * Have every allocation count, of caches that exist by now. 0; -EOPNOTSUPP where the kernel has no
 * fault injection; or another errno where something of it is missing.
 */
int fault_setup(void);

/* For a thread, such as one of this process's; 0: the caller. 0 or a negative errno. */
int fault_open(struct fault *f, pid_t tid);
void fault_close(struct fault *f);
/* The thread of this process whose name begins like this, or 0. */
pid_t fault_thread(const char *name);

void fault_first(struct fault *f);
bool fault_next(struct fault *f);
void fault_arm(struct fault *f);
void fault_disarm(struct fault *f);

/* Write to a file, with a fault in the write: 0 or a negative errno. */
int fault_write(struct fault *f, const char *text, const char *path);

/* The errors that are right where memory is short or user space's can't be reached. */
bool fault_shortage(int err);

#endif
