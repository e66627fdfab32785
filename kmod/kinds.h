/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kinds.h - the kinds of accelerator that this module knows, each in the folder of its name
 *
 * A kind is one line here: struct tessera_kind NAME_kind is defined in NAME/, all of whose
 * .c files are compiled (Kbuild reads this file, too).
 */
TESSERA_KIND(t1);
TESSERA_KIND(edu);
