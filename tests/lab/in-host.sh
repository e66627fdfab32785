#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Run a KTAP test script in the virtual host: in-host.sh [boot.sh's options] -- SCRIPT ARGS.
# The script writes its KTAP to /dev/ttyS1 (as "exec >/dev/ttyS1" does), where kernel messages
# can't get into it. Printed here are those tests, then two of our own: the script's exit
# status, and the kernel logs, of the virtual host and of its guests.
set -u
. "$(dirname "$0")/lib.sh"

DIR=${SUITE_OUT:-$OUT/tests/in-host}/run
OPTIONS=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	OPTIONS+=("$1")
	shift
done
shift
rc=0
"$LAB/boot.sh" --kernel "${TESSERA_KERNEL:-6.12}" "${OPTIONS[@]}" --out "$DIR" -- "$@" >&2 || rc=$?

echo "KTAP version 1"
echo "1..3"
if grep -q . "$DIR/result" 2>/dev/null; then
	sed 's/\r$//; s/^/  /' "$DIR/result"
fi
if grep -qE '^ *not ok' "$DIR/result" 2>/dev/null || ! grep -qE '^ *ok' "$DIR/result" 2>/dev/null; then
	echo "not ok 1 - tests"
else
	echo "ok 1 - tests"
fi
if [ $rc = 0 ]; then
	echo "ok 2 - the script ended well"
else
	echo "not ok 2 - the script ended with status $rc"
fi
# What a debug kernel says of itself before user space is not about us
LOG=$DIR/console.log
if own_kernel "${TESSERA_KERNEL:-6.12}" && [ -f "$LOG" ]; then
	sed '1,/Run \/init as init process/d' "$LOG" >"$DIR/checked.log"
	LOG=$DIR/checked.log
fi
if bad=$("$LAB/dmesg-check.sh" "$LOG"); then
	echo "ok 3 - no complaint in the kernel logs"
else
	echo "$bad" | sed 's/^/# /'
	echo "not ok 3 - no complaint in the kernel logs"
	rc=1
fi
exit $rc
