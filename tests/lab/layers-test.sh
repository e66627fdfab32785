#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# layers.py against a small tree: what is right passes, each arrow that is wrong is named.
set -u
. "$(dirname "$0")/lib.sh"

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
KMOD=$WORK/kmod
N=0
RC=0

# a tree that is right: dispatch/ calls accel/, the top calls both
tree()
{
	local i

	rm -rf "${WORK:?}"/*
	mkdir -p "$KMOD/accel" "$KMOD/dispatch" "$KMOD/vgpu" "$KMOD/t1" "$WORK/sched"
	echo 'int accel(void);' >"$KMOD/accel/accel.h"
	echo 'int dispatch(void);' >"$KMOD/dispatch/dispatch.h"
	echo 'int bind(void);' >"$KMOD/bind.h"
	printf '#include "accel/accel.h"\nint accel(void) { return 1; }\n' >"$KMOD/accel/accel.c"
	printf '#include "accel/accel.h"\nint dispatch(void) { return accel(); }\n' >"$KMOD/dispatch/dispatch.c"
	printf '#include "dispatch/dispatch.h"\nint bind(void) { return dispatch(); }\n' >"$KMOD/bind.c"
	# As many files as a module has
	for i in 1 2 3 4 5 6 7 8 9; do
		echo "int f$i(void); int f$i(void) { return $i; }" >"$KMOD/vgpu/f$i.c"
	done
	for i in 1 2 3 4 5; do
		echo "int s$i(void); int s$i(void) { return $i; }" >"$WORK/sched/s$i.c"
	done
}

# try NAME TEXT: compile, check; TEXT has to be in what is complained of, or nothing is
try()
{
	local out

	out=$("$LAB/in-tree.sh" --bind "$WORK:/build" sh -c '
		cd /build && for f in */*.c */*/*.c; do cc -Ikmod -c "$f" -o "${f%.c}.o" || exit 9; done
		python3 /repo/tests/lab/layers.py /build /build' 2>&1)
	checked "$1" "${2:-files, }" "$out"
}

echo "KTAP version 1"
echo "1..10"
tree
sed -i 's|"accel/accel.h"|"accel.h"|; 1i #include <stdio.h>' "$KMOD/accel/accel.c"
try "a tree in layers" ""

tree
sed -i '1i #include "dispatch/dispatch.h"' "$KMOD/accel/accel.c"
try "a lower layer includes a higher one" "accel/accel.c -> dispatch/dispatch.h"

tree
sed -i '1i #include "../dispatch/dispatch.h"' "$KMOD/accel/accel.c"
try "the same, relative to the file" "accel/accel.c -> dispatch/dispatch.h"

tree
sed -i '1i #include <dispatch/dispatch.h>' "$KMOD/accel/accel.c"
try "the same, in angle brackets" "accel/accel.c -> dispatch/dispatch.h"

tree
echo '#include "bind.h"' >>"$KMOD/dispatch/dispatch.h"
try "a header includes the top" "dispatch/dispatch.h -> bind.h"

tree
mkdir "$KMOD/edu"
echo 'int edu(void);' >"$KMOD/edu/edu.h"
echo '#include "edu/edu.h"' >"$KMOD/t1/t1.c"
try "a kind includes another" "t1/t1.c -> edu/edu.h"

tree
sed -i 's/return 1/return dispatch()/; 1i int dispatch(void);' "$KMOD/accel/accel.c"
try "two files call each other" "accel/accel.c -> kmod/dispatch/dispatch.c"

tree
echo 'int s2(void); int s1(void); int s1(void) { return s2(); }' >"$WORK/sched/s1.c"
echo 'int s1(void); int s2(void); int s2(void) { return s1(); }' >"$WORK/sched/s2.c"
try "two files of the scheduler call each other" "sched/s1.c -> sched/s2.c: part of a cycle by s2"

tree
rm "$WORK"/sched/*.c
try "the scheduler was not compiled" "sched: only 0 object files"

tree
rm "$KMOD"/vgpu/*.c
try "hardly anything was compiled" "was it compiled?"
exit $RC
