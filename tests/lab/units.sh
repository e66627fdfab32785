#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Run unit-test programs in the Debian 13 tree, each a subtest: units.sh PROGRAM...
# Programs are named as they lie below the clone (patterns are expanded there) and are run as
# build.sh user built them. "qtest" is the accelerator's qtest.
set -u
. "$(dirname "$0")/lib.sh"

USER_BUILD=$OUT/build/user
RC=0
N=0

cd "$USER_BUILD" || die "nothing is built: run tests/lab/build.sh user"
LIST=()
for pattern; do
	if [ "$pattern" = qtest ]; then
		LIST+=(qtest)
		continue
	fi
	for f in $pattern; do
		[ -f "$f" ] && [ -x "$f" ] && LIST+=("$f")
	done
done

run_one()
{
	local qemu

	if [ "$1" = qtest ]; then
		qemu=$(qemu_dir)
		"$LAB/in-tree.sh" --cd /tmp env QTEST_QEMU_BINARY="/cache/${qemu##*/}/qemu-system-x86_64" \
			QTEST_QEMU_ARGS="-L /usr/share/seabios -L /usr/share/qemu" \
			G_TEST_DBUS_DAEMON=/bin/false "/cache/${qemu##*/}/tessera-test" --tap -k
	else
		"$LAB/in-tree.sh" --bind "$USER_BUILD:/build" --cd "/build/${1%/*}" \
			env UBSAN_OPTIONS=print_stacktrace=1 "/build/$1"
	fi
}

echo "KTAP version 1"
echo "1..${#LIST[@]}"
for p in "${LIST[@]}"; do
	N=$((N + 1))
	rc=0
	run_one "$p" </dev/null | sed 's/^/  /'
	rc=${PIPESTATUS[0]}
	if [ "$rc" = 0 ] || [ "$rc" = 4 ]; then
		echo "ok $N - $p"
	else
		echo "# $p: exit status $rc"
		echo "not ok $N - $p"
		RC=1
	fi
done
exit $RC
