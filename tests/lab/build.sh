#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Build in the Debian 13 tree, out of a copy, so that the clone stays clean:
#   build.sh [6.12|6.1|debug|race]...
#                                  the modules, to out/build/KERNEL/{kmod,guest-driver}/*.ko
#   build.sh user                  every program of user space, to out/build/user/
#   build.sh DIR                   those of one directory of it, such as sched/sim
#   build.sh --lint 6.12           the modules with W=1 and sparse, from scratch
# A directory of user space has a Makefile whose first target builds its programs in place.
set -eu
. "$(dirname "$0")/lib.sh"

# The copy keeps what an earlier build made there, and takes nothing that was built in the
# clone; sources that are gone from the clone go from it
copy()
{
	mkdir -p "$1"
	"$LAB/in-tree.sh" --bind "$1:/build" rsync -rlpt --delete \
		--exclude=/.git --exclude=/out --exclude=/Documentation \
		--exclude='*.o' --exclude='*.ko' --exclude='*.cmd' --exclude='*.mod' --exclude='*.mod.c' \
		--exclude='*.d' --exclude='*.a' --exclude='*.so' --exclude='*.so.*' \
		--exclude=modules.order --exclude=Module.symvers --exclude=generated \
		--filter='R *.c' --filter='R *.h' --filter='R *.S' --filter='R *.sh' --filter='R *.py' \
		--filter='R Makefile' --filter='R Kbuild' --filter='P *' /repo/ /build/
}

modules()
{
	local dir=$OUT/build/$1 rel headers binds=() extra=() log

	if own_kernel "$1"; then
		binds=(--bind "$(own_kernel_dir "$1"):/out")
		headers=/out/build
	else
		rel=$(kernel_release "$1") || die "no kernel $1: run tests/lab/setup.sh"
		headers=/usr/src/linux-headers-$rel
	fi
	[ "${LINT:-0}" = 1 ] && { dir=$OUT/lint/$1; rm -rf "$dir"; extra=(W=1 C=1 CF=-D__CHECK_ENDIAN__); }
	copy "$dir"
	log=$dir/build.log
	if ! "$LAB/in-tree.sh" --bind "$dir:/build" "${binds[@]}" --cd /build \
		make -k -j"$JOBS" -C "$headers" M=/build TESSERA_TESTS=m "${extra[@]}" modules >"$log" 2>&1; then
		grep -E 'error|Error|undefined|\*\*\*' -A 3 "$log" | head -n 60 >&2
		die "building for $1 failed; all of it is in $log"
	fi
	if grep -E 'warning:' "$log" | grep -v 'Skipping BTF' >&2; then
		[ "${LINT:-0}" = 0 ] || die "warnings from the modules' build for $1"
	fi
}

# Libraries before what links with them; a directory that fails does not stop the others
user()
{
	local dir=$OUT/build/user d log failed=''

	copy "$dir"
	[ $# -gt 0 ] || set -- guest-driver/libtessera sched tools tests qemu-patches/test
	for d in $(cd "$dir" && find "$@" -name Makefile 2>/dev/null); do
		d=${d%/Makefile}
		log=$dir/$d/build.log
		if ! "$LAB/in-tree.sh" --bind "$dir:/build" --cd "/build/$d" make -k -j"$JOBS" \
			>"$log" 2>&1 </dev/null; then
			grep -E 'error|undefined|\*\*\*' -A 3 "$log" | head -n 40 >&2
			failed="$failed $d"
		fi
	done
	[ -z "$failed" ] || die "building failed in$failed; see build.log in out/build/user/DIR"
}

LINT=0
[ "${1:-}" = --lint ] && { LINT=1; shift; }
[ $# -gt 0 ] || set -- 6.12 user
for k; do
	case $k in
	user) with_lock build-user user ;;
	*/*) with_lock build-user user "$k" ;;
	*) with_lock "build-$k" modules "$k" ;;
	esac
done
