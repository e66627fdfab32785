#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the virtual host: each allocation, copy, pin and mapping fails in turn, on bare metal under
# tessera_drm.ko, then in tessera.ko, which has a T1 first and then an edu.
#   errors.sh KNOWN PROGRAM...
# KNOWN is for dmesg-check.sh.
. /tests/in-host/lib.sh
ktap_begin
export DMESG_KNOWN="$1"
shift

# run PROGRAM [WORDS]: if it is one of those to run
run()
{
	case " $PROGRAMS " in *" errors/$1 "*) program "$1${2:+: $2}" "/tests/errors/$1" ;; esac
}
PROGRAMS=$*

is "this kernel has fault injection" yes "$([ -w /proc/self/fail-nth ] && echo yes)"
modprobe tessera_drm
[ "$(driver)" = tessera_drm ] || give_to tessera_drm
run test_drm
export TESSERA_DRIVER=tessera_drm TESSERA_BDF=$BDF
# Among the first are some that DRM's core does not survive, up to Linux 6.12 at least: it frees an
# error pointer (drm_minor_alloc())
export FAULT_FIRST=40
run test_bind tessera_drm
unset FAULT_FIRST TESSERA_DRIVER TESSERA_BDF
rmmod tessera_drm

mediate
result $? "tessera.ko has the accelerator"
run test_vgpu T1
run test_admin
run test_bind T1
give_to ''

for d in /sys/bus/pci/devices/*; do
	[ "$(cat "$d/device")" = 0x11e8 ] && BDF=${d##*/}
done
PCI=/sys/bus/pci/devices/$BDF
give_to tessera
is "tessera.ko has the edu" tessera "$(driver)"
run test_vgpu edu
run test_bind edu
give_to ''
rmmod tessera
result $? "tessera.ko is unloaded"
log_check "the end"
ktap_end
