/* SPDX-License-Identifier: GPL-2.0-only */
/* bug.h - for kmod/accel/pool.c in user space, which uses nothing of it */
