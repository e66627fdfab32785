// SPDX-License-Identifier: GPL-2.0-only
/*
 * flr.c - resets of a vGPU while it works and a MAP is under way
 *
 *	flr SEED COUNT UUID
 *
 * By VFIO_DEVICE_RESET and by function level reset in turn. After each the vGPU holds nothing, is
 * as after power-on, and works. 0 if all that is so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "owner.h"

int main(int argc, char **argv)
{
	struct owner o = { 0 };
	unsigned int count, turn;
	int status;
	pid_t pid;

	if (argc != 4) {
		fprintf(stderr, "flr SEED COUNT UUID\n");
		return 2;
	}
	o.seed = strtoul(argv[1], NULL, 0);
	count = strtoul(argv[2], NULL, 0);
	o.uuid = argv[3];
	o.notes = notes_alloc();
	if (!o.notes)
		return 1;
	pid = fork();
	if (!pid) {
		for (turn = 0; o.notes->resets < count; turn++)
			owner_live(&o, turn % 2 ? CALL_FLR : CALL_RESET);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
		printf("# seed %s: wrong at reset %llu\n", argv[1],
		       (unsigned long long)o.notes->resets);
		return 1;
	}
	printf("# flr: resets=%llu reset_usual_us=%llu flr_usual_us=%llu\n",
	       (unsigned long long)o.notes->resets,
	       (unsigned long long)o.notes->usual_ns[CALL_RESET] / 1000,
	       (unsigned long long)o.notes->usual_ns[CALL_FLR] / 1000);
	return 0;
}
