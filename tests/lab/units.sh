#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Run a suite of programs that need no virtual host, each a subtest: units.sh SUITE.
# tests/lab/programs.sh says which they are. C programs and Python are run in the Debian 13 tree,
# the former as build.sh user built them; the lab's own scripts on this machine.
set -u
. "$(dirname "$0")/lib.sh"
cd "$REPO" || exit 1

USER_BUILD=$OUT/build/user
RC=0
N=0

mapfile -t LIST < <("$LAB/programs.sh" "$1")
[ ${#LIST[@]} != 0 ] || die "units.sh: no programs in the suite $1"

# built SOURCE: the program, below USER_BUILD; a test/ may be built by the Makefile above it
built()
{
	local dir=${1%/*} name=${1##*/} d

	for d in "$dir" "${dir%/*}"; do
		[ -x "$USER_BUILD/$d/build/${name%.c}" ] && echo "$d/build/${name%.c}" && return
	done
	die "$1 is not built: run tests/lab/build.sh user"
}

run_one()
{
	local qemu program

	case $1 in
	*/qtest/*)
		qemu=$(qemu_dir)
		"$LAB/in-tree.sh" --cd /tmp env QTEST_QEMU_BINARY="/cache/${qemu##*/}/qemu-system-x86_64" \
			QTEST_QEMU_ARGS="-L /usr/share/seabios -L /usr/share/qemu" \
			G_TEST_DBUS_DAEMON=/bin/false "/cache/${qemu##*/}/tessera-test" --tap -k
		;;
	*.c)
		program=$(built "$1") || return
		"$LAB/in-tree.sh" --bind "$USER_BUILD:/build" --cd "/build/${program%/*}" \
			env UBSAN_OPTIONS=print_stacktrace=1 "/build/$program"
		;;
	*.py) "$LAB/in-tree.sh" "/repo/$1" ;;
	*) "./$1" ;;
	esac
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
