#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Build Debian's QEMU with our device: make-qemu.sh DIR puts the results in DIR.
# The stock build is done once for each version and configuration, in qemu-work-KEY; what
# qemu-patches/ holds is layered onto that tree, only changed files being touched, so that
# a change of the device costs the compiling of the device.
set -eu
. "$(dirname "$0")/lib.sh"

DIR=$1
LOG=${LAB_LOG:-/dev/stderr}
PATCHES=$REPO/qemu-patches
WORK=$CACHE/qemu-work-$(key "$LAB/qemu-stock.sh" "$(cat "$(tree_dir)"/usr/src/qemu/*.dsc)")

stock()
{
	say "      stock QEMU first, once (about 2 min 30 s)"
	"$LAB/in-tree.sh" --bind "$1:/build" /repo/tests/lab/qemu-stock.sh >>"$LOG" 2>&1
}

# The files of a patch, as patch -p1 names them
patched_files()
{
	sed -n 's|^+++ b/\([^[:space:]]*\).*|\1|p' "$1"
}

# Everything that differs from stock, as a tree of whole files
make_layer()
{
	local layer=$1 p f

	mkdir -p "$layer"
	if [ -f "$PATCHES/series" ]; then
		while read -r p; do
			case $p in '' | \#*) continue ;; esac
			for f in $(patched_files "$PATCHES/$p"); do
				[ -f "$layer/$f" ] && continue
				mkdir -p "$layer/$(dirname "$f")"
				if [ -f "$WORK/stock-files/$f" ]; then
					cp -p "$WORK/stock-files/$f" "$layer/$f"
				elif [ -f "$WORK/src/$f" ] && ! grep -qxF "$f" "$WORK/layered"; then
					cp -p "$WORK/src/$f" "$layer/$f"
				fi
			done
			"$LAB/in-tree.sh" --bind "$layer:/build" --cd /build \
				patch -p1 -F0 --no-backup-if-mismatch -i "/repo/qemu-patches/$p" ||
				die "qemu-patches/$p does not apply"
		done <"$PATCHES/series"
	fi
	if [ -d "$PATCHES/files" ]; then
		cp -Rp "$PATCHES/files/." "$layer/"
	fi
	# The device and its drivers share the description of the hardware
	if [ -d "$PATCHES/files/hw/misc/tessera" ]; then
		cp -p "$REPO"/uapi/t1_hw.h "$layer/hw/misc/tessera/"
	fi
}

# Bring the work tree to stock + layer; what an earlier layer left goes back to stock
apply_layer()
{
	local layer=$1 f

	(cd "$layer" && find . -type f | sed 's|^\./||' | LC_ALL=C sort) >"$WORK/layered.new"
	LC_ALL=C comm -23 "$WORK/layered" "$WORK/layered.new" | while read -r f; do
		if [ -f "$WORK/stock-files/$f" ]; then
			cp "$WORK/stock-files/$f" "$WORK/src/$f"
		else
			rm -f "$WORK/src/$f"
		fi
	done
	# Both lists hold until the copying is done, so that an interruption loses nothing
	LC_ALL=C sort -u "$WORK/layered" "$WORK/layered.new" >"$WORK/layered.both"
	while read -r f; do
		if [ -f "$WORK/src/$f" ] && [ ! -f "$WORK/stock-files/$f" ] &&
		   ! grep -qxF "$f" "$WORK/layered"; then
			mkdir -p "$WORK/stock-files/$(dirname "$f")"
			cp -p "$WORK/src/$f" "$WORK/stock-files/$f"
		fi
	done <"$WORK/layered.new"
	mv "$WORK/layered.both" "$WORK/layered"
	while read -r f; do
		mkdir -p "$WORK/src/$(dirname "$f")"
		cmp -s "$layer/$f" "$WORK/src/$f" || cp "$layer/$f" "$WORK/src/$f"
	done <"$WORK/layered.new"
	mv "$WORK/layered.new" "$WORK/layered"
}

build()
{
	cached "$WORK" stock
	[ -f "$WORK/layered" ] || : >"$WORK/layered"
	rm -rf "$DIR/layer"
	make_layer "$DIR/layer" >>"$LOG" 2>&1
	apply_layer "$DIR/layer"
	rm -rf "$DIR/layer"
	# shellcheck disable=SC2016
	"$LAB/in-tree.sh" --bind "$WORK:/build" --bind "$DIR:/out" --cd /build/src/build sh -euc '
		targets=qemu-system-x86_64
		[ ! -f ../tests/qtest/tessera-test.c ] || targets="$targets tests/qtest/tessera-test"
		ninja -j"${JOBS:-2}" $targets
		for t in $targets; do
			cp "$t" /out/
		done
		strip --strip-debug /out/qemu-system-x86_64
	' >>"$LOG" 2>&1
}

with_lock qemu-work build
