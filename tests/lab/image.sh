#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The boot images, made inside the Debian 13 tree from what is in it:
#   image.sh base RELEASE [ROOT [GUEST-RELEASE]]
#                                    /out: what never changes, for the host and for guests;
#                                    ROOT is where the host's kernel and modules are installed
#   image.sh overlay RELEASE NAME    /out/NAME.stage to /out/NAME.cpio: what a run adds to
#                                    the base, which is /build
# A kernel takes images one after another as one, so a run's overlay is simply appended.
set -eu

KREL=$2
EPOCH='2026-01-01 00:00:00 UTC'

# What is loaded in a virtual host or a guest; dependencies come along
HOST_MODULES='kvm-amd kvm-intel vfio-pci vfio_iommu_type1 mdev drm drm_shmem_helper vgem msr
	aer_inject drm-sched-tests'
GUEST_MODULES='drm drm_shmem_helper vgem virtio_pci virtio_balloon'
HOST_PROGRAMS='/usr/bin/qemu-system-x86_64 /usr/bin/mdevctl /usr/bin/bash /usr/bin/flock'
GUEST_PROGRAMS='/usr/bin/flock'
LIBRARIES='/usr/lib/x86_64-linux-gnu/libc.so.6 /usr/lib/x86_64-linux-gnu/libm.so.6
	/usr/lib/x86_64-linux-gnu/libdrm.so.2 /usr/lib/x86_64-linux-gnu/libgcc_s.so.1'
FIRMWARE='/usr/share/seabios/bios-256k.bin /usr/share/seabios/kvmvapic.bin
	/usr/share/qemu/linuxboot_dma.bin /usr/share/seabios/linuxboot_dma.bin
	/usr/share/qemu/kvmvapic.bin /usr/share/qemu/pvh.bin'

# put FILE ROOT: the file under the same name, symbolic links followed
put()
{
	[ -e "$2$1" ] && return 0
	mkdir -p "$2${1%/*}"
	cp -L "$1" "$2$1"
	[ -x "$1" ] && chmod 755 "$2$1"
	return 0
}

# The libraries of a program, under the names by which the loader looks for them
put_libraries()
{
	local lib

	for lib in $(ldd "$1" 2>/dev/null | grep -o '/[^ ]*'); do
		case $lib in
		/usr/*) ;;
		/lib*) lib=/usr$lib ;;
		*) continue ;;
		esac
		grep -qxF ".$lib" "${3:-/dev/null}" || put "$lib" "$2"
	done
}

# Every image has these links: a directory in a later one would replace a link in an earlier
links()
{
	local d

	for d in bin sbin lib lib64; do
		mkdir -p "$1/usr/$d"
		[ -L "$1/$d" ] || ln -s "usr/$d" "$1/$d"
	done
}

skeleton()
{
	local root=$1 d app

	links "$root"
	for d in usr/local/bin dev proc sys tmp root run etc; do
		mkdir -p "$root/$d"
	done
	cp /usr/bin/busybox "$root/usr/bin/busybox"
	for app in $(busybox --list); do
		[ "$app" = busybox ] || ln -s /usr/bin/busybox "$root/usr/bin/$app"
	done
	# The kernel asks for modules under this name
	ln -s ../bin/busybox "$root/usr/sbin/modprobe"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
	echo 'root:x:0:' >"$root/etc/group"
}

modules()
{
	local root=$1 from=$2 release=$3 m f rel

	shift 3
	for m; do
		modprobe -d "$from/" -S "$release" -D "$m" 2>/dev/null || true
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r f; do
		rel=${f#*/modules/}
		mkdir -p "$root/usr/lib/modules/${rel%/*}"
		case $f in
		*.xz) rel=${rel%.xz}; xz -dc "$f" >"$root/usr/lib/modules/$rel" ;;
		*) cp "$f" "$root/usr/lib/modules/$rel" ;;
		esac
		# Signature and type information take a third of the time that loading takes
		objcopy -R .BTF -R .BTF_ids "$root/usr/lib/modules/$rel"
	done
	mkdir -p "$root/usr/lib/modules/$release"
	cp "$from/lib/modules/$release"/modules.builtin* "$from/lib/modules/$release/modules.order" \
		"$root/usr/lib/modules/$release/"
	depmod -b "$root" "$release"
}

# The same tree gives the same bytes: order, times, owners and inode numbers are fixed
pack()
{
	find "$1" -depth -exec touch -h -d "$EPOCH" {} +
	(cd "$1" && find . | LC_ALL=C sort |
		cpio --quiet -o -H newc -R 0:0 --reproducible) >"$2.new"
	# Images follow one another on four-byte boundaries
	truncate -s %4 "$2.new"
	mv "$2.new" "$2"
}

# number OFFSET BYTES FILE: little-endian
number()
{
	od -An -tu"$2" -j "$1" -N "$2" "$3" | tr -d ' '
}

# unpack VMLINUZ VMLINUX: what is packed in it, without its last word, the size; the header says
# where (Documentation/arch/x86/boot.rst). QEMU boots that too (PVH), and in a guest under emulation
# unpacking it takes seconds of each boot.
unpack()
{
	local start magic with

	start=$((($(number $((0x1f1)) 1 "$1") + 1) * 512 + $(number $((0x248)) 4 "$1")))
	magic=$(od -An -tx1 -j "$start" -N 4 "$1" | tr -d ' ')
	case $magic in
	28b52ffd) with=zstd ;;
	fd377a58) with=xz ;;
	*) echo "image.sh: $1 is packed in an unknown way ($magic)" >&2; return 1 ;;
	esac
	tail -c +$((start + 1)) "$1" | head -c $(($(number $((0x24c)) 4 "$1") - 4)) | $with -dc >"$2"
}

base()
{
	local p from=$1 guest=$2

	skeleton /tmp/guest
	for p in $GUEST_PROGRAMS $LIBRARIES; do
		put "$p" /tmp/guest
		put_libraries "$p" /tmp/guest
	done
	# shellcheck disable=SC2086
	modules /tmp/guest '' "$guest" $GUEST_MODULES
	cp -a /tmp/guest/usr/lib/modules /out/guest-modules
	(cd /tmp/guest && find .) >/out/guest-files
	pack /tmp/guest /out/guest-base.cpio

	skeleton /tmp/host
	for p in $HOST_PROGRAMS $LIBRARIES; do
		put "$p" /tmp/host
		put_libraries "$p" /tmp/host
	done
	for p in $FIRMWARE; do
		[ ! -e "$p" ] || put "$p" /tmp/host
	done
	# shellcheck disable=SC2086
	modules /tmp/host "$from" "$KREL" $HOST_MODULES
	cp -a /tmp/host/usr/lib/modules /out/host-modules
	mkdir -p /tmp/host/lab
	unpack "/boot/vmlinuz-$guest" /tmp/host/lab/guest-vmlinux
	cp /out/guest-base.cpio /tmp/host/lab/
	(cd /tmp/host && find .) >/out/host-files
	pack /tmp/host /out/host-base.cpio
	# One of our own has no entry for PVH
	if [ -n "$from" ]; then
		cp "$from/boot/vmlinuz-$KREL" /out/kernel
	else
		unpack "/boot/vmlinuz-$KREL" /out/kernel
	fi
	echo "$KREL" >/out/release
	echo "$guest" >/out/guest-release
}

overlay()
{
	local stage=/out/$1.stage f

	find "$stage" -type f | while read -r f; do
		if [ "$(head -c 4 "$f" | tr -d '\0')" = $'\x7fELF' ]; then
			case $f in
			*.ko) strip --strip-debug "$f" ;;
			*) put_libraries "$f" "$stage" "/build/$1-files" ;;
			esac
		fi
	done
	if [ -d "$stage/usr/lib/modules/$KREL/extra" ]; then
		mkdir -p /tmp/depmod/usr/lib
		ln -s usr/lib /tmp/depmod/lib
		cp -a "/build/$1-modules" /tmp/depmod/usr/lib/modules
		cp -a "$stage/usr/lib/modules/$KREL/extra" "/tmp/depmod/usr/lib/modules/$KREL/"
		depmod -b /tmp/depmod "$KREL"
		cp /tmp/depmod/usr/lib/modules/"$KREL"/modules.* "$stage/usr/lib/modules/$KREL/"
		rm -r /tmp/depmod
	fi
	pack "$stage" "/out/$1.cpio"
}

case $1 in
base) base "${3:-}" "${4:-$KREL}" ;;
overlay) overlay "$3" ;;
esac
