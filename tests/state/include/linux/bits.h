/* SPDX-License-Identifier: GPL-2.0-only */
/* bits.h - user space has it in kernel.h */
