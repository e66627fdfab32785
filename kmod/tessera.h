/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tessera.h - what every file of the mediator may know
 *
 * The layers, from the top; a file includes headers of its own layer and of those below:
 *
 *	bind.c reset.c module.c		tie the layers together for one accelerator
 *	t1/ edu/			kinds of accelerator: each has a backend and a model
 *	vgpu/				what a virtual machine has
 *	dispatch/			who has the engines, and for how long
 *	accel/				the accelerator, and the seam to its hardware
 *	../sched/			policies and the runlist's state machine, pure C
 *
 * Documentation/architecture.rst has the map of the files.
 */
#ifndef TESSERA_H
#define TESSERA_H

#include <linux/types.h>

#define TESSERA_NAME_LEN	37	/* a UUID as text */

struct tessera_accel;
struct tessera_dispatcher;
struct tessera_hw;
struct tessera_kind;
struct tessera_vgpu;

#endif /* TESSERA_H */
