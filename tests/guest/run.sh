#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Run the tests of tessera_drm.ko on the function that this machine has, be it physical,
# passed through or a vGPU: KTAP on stdout, one test a program. Programs are in $DIR or
# next to this script; arguments name some of them, with or without a directory and "test_".
# $ARGS are arguments for the programs.
DIR=${DIR:-$(dirname "$0")}
LOG=/tmp/test-guest.$$

modprobe tessera_drm 2>/dev/null
modprobe vgem 2>/dev/null
[ $# -gt 0 ] || set -- "$DIR"/test_*
echo "KTAP version 1"
echo "1..$#"
n=0
failed=0
for t; do
	n=$((n + 1))
	t=${t##*/}
	t=${t#test_}
	# shellcheck disable=SC2086 # words
	timeout 300 "$DIR/test_$t" ${ARGS:-} >"$LOG" 2>&1
	rc=$?
	# Of the harness's own version line and commentary only the lines of a failure are wanted
	sed -n 's/^TAP version 13/KTAP version 1/; /^#  RUN/d; /^#  *OK/d; s/^/  /p' "$LOG"
	if [ $rc = 0 ]; then
		echo "ok $n - $t"
	elif [ $rc = 4 ]; then
		echo "ok $n - $t # SKIP all of it"
	else
		echo "not ok $n - $t # status $rc"
		failed=1
	fi
done
rm -f "$LOG"
exit $failed
