#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Make what the lab needs, each thing once: host packages, the Debian 13 tree, QEMU with our
# device, boot images. Cached by content, so a second run has nothing to do; made under a
# temporary name, so an interrupted run is never mistaken for a complete one.
#   setup.sh [--tree | --qemu] [6.12|6.1|debug|race|kunit]... (6.12 if none is named)
set -eu
. "$(dirname "$0")/lib.sh"

WHAT=all
case ${1:-} in
--tree | --qemu) WHAT=${1#--}; shift ;;
esac
KERNELS=${*:-6.12}
STEPS=4
STEP=0

# step TEXT: the number of what follows; its progress lines are printed only if there is work
step()
{
	STEP=$((STEP + 1))
}

working()
{
	say "[$STEP/$STEPS] $*"
}

# Programs by the package that has them; nearly everything else is run inside the tree
host_packages()
{
	local need='' p

	for p in mmdebstrap:mmdebstrap unshare:util-linux flock:util-linux sha256sum:coreutils \
		 find:findutils xargs:findutils cmp:diffutils dpkg:dpkg; do
		command -v "${p%%:*}" >/dev/null 2>&1 || need="$need ${p#*:}"
	done
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || need="$need debian-archive-keyring"
	[ -n "$need" ] || return 0

	need=$(echo "$need" | tr ' ' '\n' | sort -u | tr '\n' ' ')
	working "installing on this machine:$need"
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
		die "missing packages, and no way to install them (not root, or no apt-get): $need"
	fi
	mkdir -p "$CACHE"
	# shellcheck disable=SC2086
	{ apt-get -q update && DEBIAN_FRONTEND=noninteractive \
		apt-get -q install -y --no-install-recommends $need; } >"$CACHE/host-packages.log" 2>&1 || {
		tail -n 5 "$CACHE/host-packages.log" >&2
		die "missing packages that could not be installed: $need"
	}
}

# guarded NAME COMMAND...: on failure show the end of the log
guarded()
{
	local name=$1

	shift
	export LAB_LOG=$CACHE/$name.log
	: >"$LAB_LOG"
	"$@" || {
		tail -n 25 "$LAB_LOG" >&2
		die "$name failed; all of it is in $LAB_LOG"
	}
}

tree()
{
	[ -d "$(tree_dir)" ] || working "making the Debian 13 tree (about 2 min) ..."
	guarded tree cached "$(tree_dir)" "$LAB/make-tree.sh"
}

qemu()
{
	local dir

	dir=$(qemu_dir)
	[ -d "$dir" ] || working "building QEMU with the accelerator (seconds, 3 min the first time) ..."
	guarded qemu cached "$dir" "$LAB/make-qemu.sh"
}

make_image()
{
	"$LAB/in-tree.sh" --bind "$4:/out" /repo/tests/lab/image.sh base "$1" "$2" "$3" >>"$LAB_LOG" 2>&1
}

images()
{
	local k rel dir root guest

	for k in $KERNELS; do
		root=''
		guest=''
		if own_kernel "$k"; then
			dir=$(own_kernel_dir "$k")
			rel=$(cat "$dir/release")
			root=/cache/${dir##*/}/root
			guest=$(kernel_release 6.12)
		else
			rel=$(kernel_release "$k") || die "no kernel $k in the tree"
		fi
		dir=$(image_dir "$k")
		[ -d "$dir" ] || working "making the boot images for Linux $rel (about 15 s) ..."
		guarded "image-$k" cached "$dir" make_image "$rel" "$root" "$guest"
	done
}

# Long, so not under the lock for which every boot waits
own_kernels()
{
	local k dir

	STEP=$STEPS
	for k in $KERNELS_WANTED; do
		own_kernel "$k" || continue
		dir=$(own_kernel_dir "$k")
		[ -d "$dir" ] || working "building the $k kernel (some minutes, once) ..."
		guarded "$k-kernel" cached "$dir" "$(own_kernel_script "$k")" "$k"
	done
}

# What no commit in use has needed for two weeks goes
prune()
{
	find "$CACHE" -mindepth 1 -maxdepth 1 -type d -mtime +14 -exec rm -rf --one-file-system {} +
}

all()
{
	step; host_packages
	step; tree
	[ "$WHAT" = tree ] && return
	step; qemu
	[ "$WHAT" = qemu ] && return
	step; images
	prune
}

[ "$(id -u)" = 0 ] || die "the lab needs root (chroot, mounts in a private name space)"
command -v flock >/dev/null 2>&1 || { STEP=1; host_packages; STEP=0; }
case " $KERNELS " in
*" debug "* | *" race "* | *" kunit "*)
	KERNELS_WANTED=$KERNELS
	KERNELS=''
	with_lock setup all
	with_lock debug-kernel own_kernels
	KERNELS=$KERNELS_WANTED
	;;
esac
with_lock setup all
