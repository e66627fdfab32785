// SPDX-License-Identifier: GPL-2.0-only
/*
 * load.c - an owner that works until it is asked to give the vGPU back
 *
 *	load SEED UUID READY
 *
 * Creates READY once it works. It closes the vGPU when VFIO's request interrupt asks for it, as
 * monitors do, with work under way; 0 if all went well until then.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "owner.h"

static bool asked(int fd)
{
	uint64_t n;

	return read(fd, &n, sizeof(n)) == sizeof(n);
}

int main(int argc, char **argv)
{
	static struct owner o;
	static struct notes notes;
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	if (argc != 4) {
		fprintf(stderr, "load SEED UUID READY\n");
		return 2;
	}
	o.seed = strtoul(argv[1], NULL, 0);
	o.uuid = argv[2];
	o.notes = &notes;
	owner_open(&o);
	if (fd < 0 || vdev_irq_set_index(&o.v, VFIO_PCI_REQ_IRQ_INDEX, fd))
		return 3;
	owner_probe(&o);
	owner_work(&o);
	close(open(argv[3], O_CREAT | O_WRONLY, 0600));
	while (!asked(fd))
		owner_work(&o);
	owner_close(&o);
	return 0;
}
