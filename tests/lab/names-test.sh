#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# names.py against a small tree: what is right passes, each symbol that is wrong is named.
set -u
. "$(dirname "$0")/lib.sh"

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
N=0
RC=0

# a tree that is right
tree()
{
	local i

	rm -rf "${WORK:?}"/*
	mkdir -p "$WORK"/kmod/{accel,vgpu,t1,edu} "$WORK"/{sched/sim,guest-driver,include}
	cat >"$WORK/include/kernel.h" <<-'EOT'
		static inline int helper_of_the_kernel(void)
		{
			return 1;
		}
		#define ATTR(name) int dev_attr_##name = 1
		#define __KERNEL__
	EOT
	cat >"$WORK/kmod/t1/t1.c" <<-'EOT'
		#include "kernel.h"
		static int *to_t1(int *hw)
		{
			return hw;
		}

		int *t1_get(int *hw)
		{
			static const int table[] = { 1, 2, 3 };
			return hw ? to_t1(hw) : (int *)table;
		}
		int (*t1_helper)(void) = helper_of_the_kernel;
	EOT
	cat >"$WORK/sched/tessera_sched.h" <<-'EOT'
		#ifdef __KERNEL__
		int other(void);
		#else
		static inline int other(void)
		{
			return 1;
		}
		#endif
	EOT
	cat >"$WORK/sched/sim/sim.c" <<-'EOT'
		int simulate(void)
		{
			return 1;
		}
	EOT
	echo 'static int edu_x; int *edu_get(void) { return &edu_x; }' >"$WORK/kmod/edu/edu.c"
	echo 'int tdrm_x;' >"$WORK/guest-driver/tdrm.c"
	# As many symbols as a module has
	for i in 1 2 3 4 5 6 7 8 9; do
		echo "int tessera_x$i;" >"$WORK/kmod/vgpu/x$i.c"
	done
}

# try NAME TEXT: compile, check; TEXT has to be in what is complained of, or nothing is
try()
{
	local out

	out=$("$LAB/in-tree.sh" --bind "$WORK:/build" sh -c '
		cd /build && for f in */*.c */*/*.c; do
			cc -g -Iinclude -Isched -c "$f" -o "${f%.c}.o" || exit 9
		done
		python3 /repo/tests/lab/names.py /build /build' 2>&1)
	checked "$1" "${2:- functions, }" "$out"
}

echo "KTAP version 1"
echo "1..9"
tree
try "a tree with every prefix, and what is the kernel's or user space's own" ""

tree
printf '\nstatic int\nqueue(int a,\n      int b)\n{\n\treturn a + b;\n}\n' >>"$WORK/sched/tessera_x.c"
try "a static function" "sched/tessera_x.c:3: queue: begin it with tessera_"

tree
printf 'static inline int pick(void)\n{\n\treturn 1;\n}\n' >"$WORK/kmod/vgpu/pick.h"
try "an inline one, not compiled" "kmod/vgpu/pick.h:1: pick: begin it with tessera_"

tree
printf '\nstatic int names = 1;\nint *tessera_names(void) { return &names; }\n' >>"$WORK/kmod/vgpu/x1.c"
try "static data" "kmod/vgpu/x1.c:3: names: begin it with tessera_"

tree
printf '#include "kernel.h"\nATTR(policy);\n' >"$WORK/kmod/accel/attr.c"
try "what a macro makes" "kmod/accel/attr.c:2: dev_attr_policy: begin it with tessera_"

tree
echo 'int tessera_y;' >"$WORK/kmod/edu/y.c"
try "another part's prefix" "kmod/edu/y.c:1: tessera_y: begin it with edu_"

tree
printf 'int tdrmx(void)\n{\n\treturn 1;\n}\n' >"$WORK/guest-driver/x.c"
try "hardly a prefix" "guest-driver/x.c:1: tdrmx: begin it with tdrm_"

tree
printf 'int trace_tessera_x; int trace_x;\n' >"$WORK/kmod/trace.h"
printf '#include "trace.h"\n' >"$WORK/kmod/trace.c"
try "a tracepoint" "kmod/trace.h:1: trace_x: begin it with tessera_"

tree
rm "$WORK"/kmod/vgpu/*.c
try "hardly anything was compiled" "was it compiled, with -g?"
exit $RC
