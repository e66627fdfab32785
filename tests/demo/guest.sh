#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The demo's part inside a guest, and on bare metal in the virtual host:
#   demo-guest train ARGUMENT...   run the MNIST program; prints what it printed
#   demo-guest await N             until its Nth training is in full swing
#   demo-guest stop                have it stop soon (it was given --until /tmp/demo.stop)
OUT=/tmp/demo.out
RC=/tmp/demo.rc
STOP=/tmp/demo.stop

case $1 in
train)
	shift
	rm -f $OUT $RC $STOP
	tessera-mnist --data /data/mnist --json "$@" >$OUT 2>&1
	rc=$?
	echo $rc >$RC
	cat $OUT
	exit $rc
	;;
await)
	# A file that is not there yet has no line
	while n=$(grep -c '^TRAINING' $OUT 2>/dev/null); [ "${n:-0}" -lt "$2" ]; do
		[ ! -f $RC ] || { cat $OUT; exit 1; }
		sleep 0.02
	done
	;;
stop)
	: >$STOP
	;;
*)
	echo "demo-guest: train, await or stop?" >&2
	exit 2
	;;
esac
