#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kerneldoc.py against a small tree: what is right passes, each function without one is named.
set -u
. "$(dirname "$0")/lib.sh"

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
N=0
RC=0

# a tree that is right
tree()
{
	rm -rf "${WORK:?}"/*
	mkdir -p "$WORK"/kmod/vgpu "$WORK"/sched/sim "$WORK"/guest-driver/libtessera
	cat >"$WORK/kmod/vgpu/x.h" <<-'EOT'
		struct x {
			int (*call)(void);
		};
		extern const struct x tessera_x;
		int tessera_get(int a,
				int b) __must_check;
		struct x *
		tessera_find(void);
		static inline int tessera_one(void)
		{
			return 1;
		}
	EOT
	cat >"$WORK/kmod/vgpu/x.c" <<-'EOT'
		#include "x.h"
		static int tessera_helper(void)
		{
			return 1;
		}

		/**
		 * tessera_get() - return a sum
		 * @a: one
		 * @b: the other
		 */
		int tessera_get(int a, int b)
		{
			return a + b * tessera_helper();
		}

		int tessera_not_declared(void)
		{
			return 1;
		}

		/**
		 * tessera_find() - find nothing
		 */
		struct x *
		tessera_find(void)
		{
			return 0;
		}
	EOT
	cat >"$WORK/guest-driver/tdrm.h" <<-'EOT'
		void tdrm_stop(void);
	EOT
	cat >"$WORK/guest-driver/tdrm.c" <<-'EOT'
		#ifdef NOTHING_TO_STOP
		void tdrm_stop(void)
		{
		}
		#else
		/**
		 * tdrm_stop() - stop
		 */
		void tdrm_stop(void)
		{
		}
		#endif
	EOT
	echo 'int simulate(void);' >"$WORK/sched/sim/sim.h"
	echo 'int tessera_open(void);' >"$WORK/guest-driver/libtessera/tessera.h"
}

# try NAME TEXT: TEXT has to be in what is complained of, or all is right
try()
{
	local out

	out=$("$LAB/in-tree.sh" --bind "$WORK:/build" \
		python3 /repo/tests/lab/kerneldoc.py /build 2>&1)
	checked "$1" "$2" "$out"
}

# above COMMENT: a function of sched/, declared in its header, with this above it
above()
{
	tree
	echo 'int tessera_y(void);' >"$WORK/sched/y.h"
	printf '%b\nint tessera_y(void)\n{\n\treturn 1;\n}\n' "$1" >"$WORK/sched/y.c"
}

echo "KTAP version 1"
echo "1..10"
tree
try "a tree where all have one, and what needs none" "3 functions"

above '/**\n * tessera_y() - return 1\n */'
try "one more that has one" "4 functions"

above ''
try "nothing" "sched/y.c:2: tessera_y: no kernel-doc above its definition"

above '/* tessera_y() - return 1 */'
try "an ordinary comment" "sched/y.c:2: tessera_y: no kernel-doc"

above '/**\n * tessera_yy() - return 1\n */'
try "another function's" "sched/y.c:4: tessera_y: no kernel-doc"

above '/**\n * tessera_y() - return 1\n */\nint y;\n'
try "one that is not right above" "sched/y.c:6: tessera_y: no kernel-doc"

above ''
printf '/**\n * tessera_y() - return 1\n */\nint tessera_y(void);\n' >"$WORK/sched/y.h"
try "one at the declaration" "sched/y.c:2: tessera_y: no kernel-doc"

above ''
printf '/**\n * tessera_y() - another\n */\nstatic int tessera_y(void)\n{\n\treturn 1;\n}\n' \
	>"$WORK/kmod/y.c"
try "a static one's" "sched/y.c:2: tessera_y: no kernel-doc"

tree
sed -i '/\/\*\*/,/\*\//d' "$WORK/guest-driver/tdrm.c"
echo 'int tdrm_gone(int a);' >>"$WORK/guest-driver/tdrm.h"
try "a declaration without a definition" "guest-driver/tdrm.h:2: tdrm_gone: no kernel-doc"

rm "$WORK"/*/*.h "$WORK"/*/*/*.h
try "no headers" "no header declares a function"
exit $RC
