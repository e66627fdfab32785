#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Build a small kernel with drm_sched and its KUnit tests, of the newest source that Debian has for
# the tree's release; Debian's own kernels have no KUnit:
#   kunit-kernel.sh kunit DIR
# DIR gets root/ (kernel and modules, as they would be installed) and release.
set -eu -o pipefail
. "$(dirname "$0")/lib.sh"

if [ "${1:-}" != --inside ]; then
	"$LAB/in-tree.sh" --bind "$2:/out" --cd /out nice -n 19 \
		/repo/tests/lab/kunit-kernel.sh --inside >>"${LAB_LOG:-/dev/stderr}" 2>&1
	exit
fi

# x86's smallest kernel, and what the virtual host's boot and the recording need
ON='64BIT SMP PRINTK TTY SERIAL_8250 SERIAL_8250_CONSOLE BLK_DEV_INITRD BINFMT_ELF BINFMT_SCRIPT
	MULTIUSER POSIX_TIMERS FUTEX EPOLL SIGNALFD TIMERFD EVENTFD SHMEM PROC_FS PROC_SYSCTL SYSFS
	DEVTMPFS TMPFS DEBUG_FS UNIX98_PTYS NET UNIX INET ACPI PCI HIGH_RES_TIMERS MODULES
	MODULE_UNLOAD KALLSYMS BUG FTRACE ENABLE_DEFAULT_TRACERS'
MODULES='KUNIT DRM DRM_SCHED DRM_SCHED_KUNIT_TEST'
NEEDED='SMP HIGH_RES_TIMERS SERIAL_8250_CONSOLE BLK_DEV_INITRD DEVTMPFS EVENT_TRACING ACPI
	UNIX98_PTYS PERF_EVENTS'

# The newest linux-source, Debian's name for which ends in its version
fetch()
{
	local dir=/tmp/newest pkg
	local opt="-o Dir::Etc::SourceList=$dir/sources.list -o Dir::Etc::SourceParts=/nowhere"

	opt="$opt -o Dir::State::Lists=$dir/lists -o Dir::Cache=$dir/cache -o APT::Sandbox::User=root"
	mkdir -p $dir/lists/partial $dir/cache/archives/partial
	sed -n 's/^deb \(.*\) trixie /deb \1 trixie-backports /p' /etc/apt/sources.list >$dir/sources.list
	# shellcheck disable=SC2086 # a list of options
	{
		apt-get -q $opt update
		pkg=$(apt-cache $opt search --names-only '^linux-source-[0-9.]*$' |
			sed 's/ .*//' | sort -V | tail -n 1)
		[ -n "$pkg" ] || { echo "no linux-source in trixie-backports"; return 1; }
		(cd $dir && apt-get -q $opt download "$pkg")
	}
	dpkg-deb --fsys-tarfile "$dir/$pkg"_*.deb | tar -xO "./usr/src/$pkg.tar.xz" |
		tar -xJ --strip-components=1 -C "$1"
	rm -rf $dir
}

mkdir -p build
fetch build
cd build
make -s tinyconfig
for o in $ON; do scripts/config -e "$o"; done
for o in $MODULES; do scripts/config -m "$o"; done
scripts/config -d CC_OPTIMIZE_FOR_SIZE -e CC_OPTIMIZE_FOR_PERFORMANCE \
	--set-str LOCALVERSION -tessera-kunit -d LOCALVERSION_AUTO
make -s olddefconfig
for o in $MODULES $NEEDED; do
	grep -qE "^CONFIG_$o=[ym]" .config || { echo "the configuration lost $o"; exit 1; }
done

make -j"${JOBS:-2}" bzImage modules
make -s modules_install INSTALL_MOD_PATH=/out/root
rel=$(make -s kernelrelease)
mkdir -p /out/root/boot
cp arch/x86/boot/bzImage "/out/root/boot/vmlinuz-$rel"
echo "$rel" >/out/release
rm -rf /out/build
