/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * t1cmd.h - engine commands as values: t1_run(&q, &(FILL(va, 4096, 0)))
 */
#ifndef TESSERA_TEST_T1CMD_H
#define TESSERA_TEST_T1CMD_H

#include "../../uapi/t1_hw.h"

#define CMD(...)	((struct t1_cmd){ __VA_ARGS__ })

#define NOP()		CMD(.opcode = T1_OP_NOP)
#define FILL(va, n, pat) \
	CMD(.opcode = T1_OP_FILL, .copy = { .dst = (va), .bytes = (n), .pattern = (pat) })
#define COPY(to, from, n) \
	CMD(.opcode = T1_OP_COPY, .copy = { .dst = (to), .src = (from), .bytes = (n) })
#define FENCE(addr, val, fl) \
	CMD(.opcode = T1_OP_FENCE, .flags = (fl), .sync = { .va = (addr), .value = (val) })
#define SEM_WAIT(addr, val, op) \
	CMD(.opcode = T1_OP_SEM_WAIT, .sub = (op), .sync = { .va = (addr), .value = (val) })
#define TIMESTAMP(addr) \
	CMD(.opcode = T1_OP_TIMESTAMP, .sync = { .va = (addr) })
#define BATCH(addr, n) \
	CMD(.opcode = T1_OP_BATCH, .batch = { .va = (addr), .count = (n) })
/* Uses its engine for a given time and computes nothing: the load that the scheduler tests want */
#define HANG(t, fl) \
	CMD(.opcode = T1_OP_HANG, .flags = (fl), .hang = { .ns = (t) })

#endif
