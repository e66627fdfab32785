#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Build a kernel for the virtual host that watches itself, of Debian's 6.12 source:
#   debug-kernel.sh debug DIR   with KASAN, lockdep, kmemleak, UBSAN, DMA-API checks and fault
#                               injection
#   debug-kernel.sh race DIR    with KCSAN, which goes with none of them
# DIR gets root/ (kernel and modules, as they would be installed) and build/ (what building more
# modules needs).
set -eu
. "$(dirname "$0")/lib.sh"

if [ "${1:-}" != --inside ]; then
	"$LAB/in-tree.sh" --bind "$2:/out" --cd /out nice -n 19 \
		/repo/tests/lab/debug-kernel.sh --inside "$1" >>"${LAB_LOG:-/dev/stderr}" 2>&1
	exit
fi

OFF='SOUND WLAN WIRELESS CFG80211 MAC80211 USB_SUPPORT DRM_I915 NETFILTER NFS_FS NFSD MD CDROM ATA
	SCSI INPUT_JOYSTICK INPUT_TABLET INPUT_TOUCHSCREEN HID EFI AUDIT SECURITY_SELINUX
	HZ_1000 HIBERNATION ETHERNET PCMCIA QUOTA DEBUG_INFO_BTF WERROR AGP MACINTOSH_DRIVERS FB
	DRM_VIRTIO_GPU VIRTIO_NET NETWORK_FILESYSTEMS IPV6 HYPERVISOR_GUEST_XEN XFRM_USER BTRFS_FS'
ON='KVM VFIO IOMMUFD VFIO_DEVICE_CDEV INTEL_IOMMU DRM OVERLAY_FS VIRTIO_PCI DEVPORT DEBUG_FS FTRACE
	SUSPEND PM_DEBUG HZ_250 TRANSPARENT_HUGEPAGE_ALWAYS TRANSPARENT_HUGEPAGE UDMABUF USERFAULTFD
	IRQ_REMAP CGROUPS MEMCG PCIEPORTBUS PCIEAER DETECT_HUNG_TASK'
# Of these a configuration must not lose any. With a slow clock tick and huge pages, as Debian's
# kernels have them, guests boot in minutes rather than in many
NEEDED='PM_SLEEP_DEBUG HZ_250 TRANSPARENT_HUGEPAGE_ALWAYS UDMABUF VHOST_TASK USERFAULTFD IRQ_REMAP
	MEMCG'
case $2 in
debug)
	ON="$ON KASAN KASAN_GENERIC KASAN_INLINE KASAN_VMALLOC PROVE_LOCKING DEBUG_ATOMIC_SLEEP
		DEBUG_KMEMLEAK UBSAN UBSAN_BOUNDS UBSAN_SHIFT FAULT_INJECTION FAILSLAB FAIL_PAGE_ALLOC
		FAULT_INJECTION_DEBUG_FS FAULT_INJECTION_USERCOPY DEBUG_OBJECTS DEBUG_OBJECTS_TIMERS
		DEBUG_OBJECTS_WORK DEBUG_OBJECTS_FREE DEBUG_LIST DMA_API_DEBUG DEBUG_SG
		DEBUG_NOTIFIERS DEBUG_SPINLOCK DEBUG_MUTEXES KUNIT REFCOUNT_FULL STACKTRACE SCHED_DEBUG"
	NEEDED="$NEEDED KASAN PROVE_LOCKING DEBUG_KMEMLEAK UBSAN DMA_API_DEBUG SCHED_DEBUG FAILSLAB
		FAIL_PAGE_ALLOC FAULT_INJECTION_USERCOPY"
	;;
race)
	# Switched on when the virtual host is up
	ON="$ON KCSAN KCSAN_INTERRUPT_WATCHER"
	OFF="$OFF KCSAN_EARLY_ENABLE KCSAN_SELFTEST"
	NEEDED="$NEEDED KCSAN KCSAN_INTERRUPT_WATCHER"
	;;
*)
	echo "debug-kernel.sh: no kernel $2"
	exit 1
	;;
esac
MODULES='KVM_AMD KVM_INTEL VFIO_PCI VFIO_MDEV DRM_GEM_SHMEM_HELPER X86_MSR DRM_VGEM VHOST_NET
	PCIEAER_INJECT'

mkdir -p build
tar -xf /usr/src/linux-source-6.12.tar.xz -C build --strip-components=1
cd build

# What only in-tree drivers may select has no question to answer; ours is out of tree
sed -i '/^config DRM_GEM_SHMEM_HELPER$/{n;s/tristate$/tristate "DRM_GEM_SHMEM_HELPER"/}' \
	drivers/gpu/drm/Kconfig
sed -i '/^config VFIO_MDEV$/{n;s/tristate$/tristate "VFIO_MDEV"/}' drivers/vfio/mdev/Kconfig

make -s x86_64_defconfig kvm_guest.config
for o in $OFF; do scripts/config -d "$o"; done
for o in $ON; do scripts/config -e "$o"; done
for o in $MODULES; do scripts/config -m "$o"; done
scripts/config -e DEBUG_INFO_NONE -d DEBUG_INFO_DWARF_TOOLCHAIN_DEFAULT -d DEBUG_KMEMLEAK_AUTO_SCAN \
	--set-val DEBUG_KMEMLEAK_MEM_POOL_SIZE 40000 --set-str LOCALVERSION "-tessera-$2" \
	-d LOCALVERSION_AUTO --set-val FRAME_WARN 4096 --set-val LOCKDEP_CHAINS_BITS 18 \
	--set-val KCSAN_SKIP_WATCH 1000 --set-val KCSAN_REPORT_ONCE_IN_MS 100
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
# Objects are what takes the room; scripts/ and tools/ are still run
find . \( -path ./scripts -o -path ./tools \) -prune -o \
	\( -name '*.o' -o -name '*.a' -o -name '*.ko' -o -name '.*.cmd' \) -type f -exec rm -f {} +
rm -rf vmlinux arch/x86/boot/compressed Documentation drivers/[a-c]* drivers/[e-z]* fs sound net
