#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The suite drm-sched: `tessera trace` on events of the kernel's own drm_sched. One boot, in the exact
# clock; what was recorded is converted and checked in the Debian 13 tree.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lab/lib.sh

DIR=${SUITE_OUT:-$OUT/tests/drm-sched}
mkdir -p "$DIR/recorded"
[ -d "$(own_kernel_dir kunit)" ] || tests/lab/setup.sh kunit </dev/null || exit 1
# Not on the kernel of the suites around it
unset TESSERA_KERNEL
tests/lab/boot.sh --kernel kunit --det --dev none --mem 2G --timeout 300 --out "$DIR/run" \
	--add "$(tree_dir)/usr/bin/trace-cmd:/usr/bin/trace-cmd" \
	--add "$(tree_dir)/usr/bin/perf:/usr/bin/perf" -- tests/drm-sched/host.sh >&2 || exit 1
tar -xzf "$DIR/run/result" -C "$DIR/recorded" || exit 1
bad=$(tests/lab/dmesg-check.sh "$DIR/run/console.log") || { echo "$bad" >&2; exit 1; }
tests/lab/in-tree.sh --bind "$DIR:/out" --bind "$OUT/build/user:/build" env \
	TESSERA_SIMULATE=/build/sched/sim/build/simulate /repo/tests/drm-sched/check.py /out/recorded
