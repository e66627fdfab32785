#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Run a command in the Debian 13 tree: in-tree.sh [--bind SRC:DST]... [--cd DIR] COMMAND...
# The tree itself is read-only there; the repository is /repo, the cache /cache, and /tmp
# is fresh. Mounts live in a namespace of their own: nothing is left behind, even by kill -9.
set -eu
. "$(dirname "$0")/lib.sh"

BINDS=()
CD=/repo
while [ $# -gt 0 ]; do
	case $1 in
	--bind) BINDS+=("$2"); shift 2 ;;
	--cd) CD=$2; shift 2 ;;
	*) break ;;
	esac
done
[ $# -gt 0 ] || die "usage: in-tree.sh [--bind SRC:DST]... [--cd DIR] COMMAND..."

TREE=${TREE:-$(tree_dir)}
[ -d "$TREE" ] || die "no Debian 13 tree yet: run tests/lab/setup.sh"

export TREE REPO CACHE CD BINDS_TEXT="${BINDS[*]}"
# shellcheck disable=SC2016
exec unshare -m --propagation private bash -euc '
	mkdir -p "$REPO/out"
	mount --bind "$TREE" "$TREE"
	mount -o remount,bind,ro "$TREE"
	mount -t proc proc "$TREE/proc"
	mount --rbind /dev "$TREE/dev"
	mount -t tmpfs tmpfs "$TREE/tmp"
	mount -t tmpfs tmpfs "$TREE/root"
	mount --rbind "$REPO" "$TREE/repo"
	mount --rbind "$CACHE" "$TREE/cache"
	for b in $BINDS_TEXT; do
		mount --rbind "${b%%:*}" "$TREE${b#*:}"
	done
	unset BINDS_TEXT
	exec chroot "$TREE" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		TERM="${TERM:-dumb}" LC_ALL=C.UTF-8 CD="$CD" \
		${JOBS:+JOBS="$JOBS"} ${DETERMINISTIC:+DETERMINISTIC="$DETERMINISTIC"} \
		sh -c "cd \"\$CD\" && exec \"\$@\"" in-tree "$@"
' in-tree "$@"
