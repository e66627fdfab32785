#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# probe.sh - find out what a kernel's interfaces look like, by compiling
#
#   probe.sh BUILD-DIR HEADER
#
# Stable kernels backport changes of interface, so a version number decides nothing:
# each probe below is a small C file that compiles only where the interface has the
# shape in question. All are compiled in one run of kbuild; HEADER gets a line
# "#define TESSERA_HAVE_x 1" for each that did. Nothing is done where HEADER is already
# that kernel's. To add a probe: a call of probe with the name and the program's text.

set -eu

kdir=$1
header=$2

key=$(cat "$kdir/include/generated/utsrelease.h" "$kdir/include/config/auto.conf" "$0" | cksum)
key="key ${key%% *}"
if [ -f "$header" ] && grep -qF "$key" "$header"; then
	exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
names=

probe()
{
	names="$names $1"
	cat >"$work/$1.c"
}

# A program that every kernel compiles: if it fails, the build directory is at fault.
probe ANYTHING <<'C'
#include <linux/module.h>
C

# 6.2: mediated devices can be attached to an iommufd
probe VFIO_IOMMUFD_OPS <<'C'
#include <linux/vfio.h>
const struct vfio_device_ops ops = { .detach_ioas = vfio_iommufd_emulated_detach_ioas };
C

# until 6.1: the driver's .release frees the vfio_device
probe VFIO_FREE_DEVICE <<'C'
#include <linux/vfio.h>
void f(struct vfio_device *v);
void f(struct vfio_device *v) { vfio_free_device(v); }
C

# 6.9: each vfio device has an inode of its own, so that its mappings can be zapped
probe VFIO_DEVICE_INODE <<'C'
#include <linux/vfio.h>
struct inode *f(struct vfio_device *v);
struct inode *f(struct vfio_device *v) { return v->inode; }
C

# 6.8: eventfd_signal() counts by one
probe EVENTFD_SIGNAL_ONE_ARG <<'C'
#include <linux/eventfd.h>
void f(struct eventfd_ctx *c);
void f(struct eventfd_ctx *c) { eventfd_signal(c); }
C

# 6.3: vma->vm_flags is read-only
probe VM_FLAGS_SET <<'C'
#include <linux/mm.h>
void f(struct vm_area_struct *v);
void f(struct vm_area_struct *v) { vm_flags_set(v, VM_IO); }
C

# 6.13: hrtimer_setup() in place of hrtimer_init()
probe HRTIMER_SETUP <<'C'
#include <linux/hrtimer.h>
void f(struct hrtimer *t, enum hrtimer_restart (*cb)(struct hrtimer *));
void f(struct hrtimer *t, enum hrtimer_restart (*cb)(struct hrtimer *))
{
	hrtimer_setup(t, cb, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
}
C

# 6.12: the header of put_unaligned_le16() has moved
probe LINUX_UNALIGNED_H <<'C'
#include <linux/unaligned.h>
C

# 6.10: a user process can have a thread of the kernel's, which hears of the end of its process
probe VHOST_TASK <<'C'
#include <linux/types.h>
#include <linux/sched/vhost_task.h>
#if !IS_ENABLED(CONFIG_VHOST_TASK)
#error none
#endif
struct vhost_task *f(bool (*fn)(void *), void (*killed)(void *));
struct vhost_task *f(bool (*fn)(void *), void (*killed)(void *))
{
	return vhost_task_create(fn, killed, NULL, "x");
}
C

# until 6.13: a DRM driver has a date, which must not be NULL
probe DRM_DRIVER_DATE <<'C'
#include <drm/drm_drv.h>
const struct drm_driver d = { .date = "20260101" };
C

# until 6.5: a driver names the helper that maps its dma-bufs
probe DRM_GEM_PRIME_MMAP <<'C'
#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_prime.h>
const struct drm_driver d = { .gem_prime_mmap = drm_gem_prime_mmap };
C

# until 6.13: the name of a namespace is not a string
probe IMPORT_NS_WORD <<'C'
#include <linux/module.h>
MODULE_IMPORT_NS(DMA_BUF);
C

targets=
for name in $names; do
	targets="$targets $name.o"
done
printf 'obj-m += %s\nccflags-y += -Werror -Wno-missing-prototypes\n' "$targets" >"$work/Kbuild"

# A make of its own: nothing of the one that may have called us. Targets are seen from M.
# shellcheck disable=SC2086 # a list of words
env -i PATH="$PATH" make -s -k -C "$kdir" M="$work" ${CC:+CC="$CC"} $targets \
	>"$work/log" 2>&1 || true

if [ ! -f "$work/ANYTHING.o" ]; then
	echo "probe.sh: $kdir cannot build modules:" >&2
	cat "$work/log" >&2
	exit 1
fi

mkdir -p "$(dirname "$header")"
{
	echo "/* SPDX-""License-Identifier: GPL-2.0-only */"
	echo "/*"
	echo " * tessera_compat.h - what this kernel has; made by compat/probe.sh, $key"
	echo " */"
	echo "#ifndef TESSERA_COMPAT_H"
	echo "#define TESSERA_COMPAT_H"
	echo
	for name in $names; do
		if [ "$name" = ANYTHING ]; then
			continue
		elif [ -f "$work/$name.o" ]; then
			echo "#define TESSERA_HAVE_$name 1"
		else
			echo "/* TESSERA_HAVE_$name is not defined */"
		fi
	done
	echo
	echo "#endif /* TESSERA_COMPAT_H */"
# By a name of our own: two modules may be probing at once
} >"$header.$$"
mv "$header.$$" "$header"
