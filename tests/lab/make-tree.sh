#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Make the Debian 13 tree: make-tree.sh DIR. Everything that the lab builds or runs is in
# it, so that hosts of different age behave alike. The mirror is the machine's own.
set -eu
. "$(dirname "$0")/lib.sh"

DIR=$1
LOG=${LAB_LOG:-/dev/stderr}

# Both forms of apt source: "deb [options] URI suite ..." and deb822's "URIs: URI ..."
mirrors()
{
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		sed -n 's/^deb *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\) .*/\2/p'
	cat /etc/apt/sources.list.d/*.sources 2>/dev/null |
		sed -n 's/^URIs: *//p' | tr ' ' '\n'
}

# The archive proper; a machine that names only a security archive has the other beside it
mirror()
{
	local m beside=''

	for m in $(mirrors); do
		case $m in
		mirror+file:*) m=$(sed -n 's/^\([a-z]*:[^ \t]*\).*/\1/p' "${m#mirror+file:}" | head -n 1) ;;
		esac
		m=${m%/}
		case $m in
		*/debian) echo "$m" && return 0 ;;
		*/debian-security) beside=${m%-security} ;;
		esac
	done
	[ -n "$beside" ] && echo "$beside"
}

# How the machine reaches its mirror (proxy, time-outs, clocks) holds for the tree as well
apt_options()
{
	apt-config dump | sed -n '/^Acquire::\(http\|https\|Check\|Retries\|ForceIP\)/p' |
		sed '/ "";$/d; /::User-Agent/d'
}

MIRROR=$(mirror) || die "no Debian archive in this machine's apt sources"
PACKAGES=$(sed '/^#/d' "$LAB/packages" | tr -s ' \n' ',' | sed 's/^,//; s/,$//')

apt_options >"$DIR.apt.conf"
trap 'rm -f "$DIR.apt.conf"' EXIT

# An initramfs for a kernel that is never booted from disk would cost half a minute
QUIET_KERNEL='mkdir -p "$1/etc/initramfs-tools" "$1/etc/kernel" &&
	echo "update_initramfs=no" >"$1/etc/initramfs-tools/update-initramfs.conf" &&
	echo "do_symlinks=no" >"$1/etc/kernel-img.conf"'

mmdebstrap --variant=minbase --mode=root --format=directory \
	--aptopt="$DIR.apt.conf" --aptopt='Acquire::Retries "3"' --dpkgopt='force-confold' \
	--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
	--dpkgopt='path-exclude=/usr/share/locale/*' \
	--keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
	--essential-hook="$QUIET_KERNEL" \
	--include="$PACKAGES" trixie "$DIR" \
	"deb $MIRROR trixie main" "deb-src $MIRROR trixie main" >>"$LOG" 2>&1

# The source of the same QEMU that the tree runs, for the device to be built into
cp -f /etc/resolv.conf "$DIR/etc/resolv.conf" 2>/dev/null || true
mkdir -p "$DIR/usr/src/qemu"
chroot "$DIR" sh -c 'apt-get -q update && cd /usr/src/qemu &&
	apt-get -q source --download-only qemu' >>"$LOG" 2>&1

# Linux 6.1, Debian 12's: unpacked beside 6.12, not installed, since it wants Debian 12's gcc
old_kernel()
{
	local dir=/tmp/bookworm meta pkgs
	local opt="-o Dir::Etc::SourceList=$dir/sources.list -o Dir::Etc::SourceParts=/nowhere"

	opt="$opt -o Dir::State::Lists=$dir/lists -o Dir::State::status=/dev/null"
	opt="$opt -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache="
	mkdir -p "$DIR$dir/lists/partial" "$DIR$dir/debs"
	echo "deb $MIRROR bookworm main" >"$DIR$dir/sources.list"

	# shellcheck disable=SC2086 # a list of options, then lists of packages
	{
		chroot "$DIR" apt-get -q $opt update || return 1
		meta=$(chroot "$DIR" apt-cache $opt depends linux-image-amd64 linux-headers-amd64 |
			sed -n 's/^ *Depends: \(linux-[^ ]*-amd64\)$/\1/p')
		pkgs=$(chroot "$DIR" apt-cache $opt depends $meta |
			sed -n 's/^ *Depends: \(linux-headers-[^ ]*-common\|linux-kbuild-[^ ]*\)$/\1/p')
		pkgs=$(echo $meta $pkgs)
		chroot "$DIR" sh -c "cd $dir/debs && apt-get -q $opt download $pkgs" || return 1
	}
	chroot "$DIR" sh -c "cd $dir/debs && for d in *.deb; do
			dpkg-deb --fsys-tarfile \$d |
				tar -xf - --keep-directory-symlink -C / --exclude='./usr/share/doc*' ||
				exit 1
		done" || return 1
	rm -rf "${DIR:?}$dir"
}
old_kernel >>"$LOG" 2>&1

for v in "$DIR"/usr/lib/modules/*; do
	[ -d "$v/kernel" ] && chroot "$DIR" depmod "${v##*/}"
done

# The parts of the kernel's source that checks and tests use as they are
mkdir -p "$DIR/usr/src/kernel-tools"
chroot "$DIR" tar -xf /usr/src/linux-source-6.12.tar.xz -C /usr/src/kernel-tools --strip-components=1 \
	--wildcards 'linux-source-6.12/scripts/checkpatch.pl' 'linux-source-6.12/scripts/spdxcheck.py' \
	'linux-source-6.12/scripts/const_structs.checkpatch' 'linux-source-6.12/scripts/spelling.txt' \
	'linux-source-6.12/scripts/kernel-doc' 'linux-source-6.12/.clang-format' \
	'linux-source-6.12/LICENSES' 'linux-source-6.12/Documentation/dev-tools/checkpatch.rst' \
	'linux-source-6.12/tools/testing/selftests/kselftest*' \
	'linux-source-6.12/tools/testing/selftests/lib.mk'

# Places to bind to: the repository, the outputs, the cache, a scratch directory
mkdir -p "$DIR/repo" "$DIR/cache" "$DIR/build" "$DIR/out"
rm -rf "$DIR"/boot/initrd.img-* "$DIR"/var/cache/apt/archives/*.deb "$DIR"/var/lib/apt/lists/*_Packages*
