#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the virtual host, for a kernel that is not the suites' own: load, create, some programs
# of the VFIO client, a job and some programs in a guest. smoke.sh PROGRAM...
# Those of guest/ run in the guest, the others here.
. /tests/in-host/lib.sh
ktap_begin
U=aaaaaaaa-0000-4000-8000-000000000001

mediate
result $? "Linux $(uname -r): tessera.ko has the accelerator"
IN_GUEST=
for p; do
	case $p in
	guest/*) IN_GUEST="$IN_GUEST ${p##*/}" ;;
	*) program "${p##*/}" "/tests/$p" ;;
	esac
done
vgpu V4 $U
result $? "a vGPU is made"
guest start a $U
result $? "a guest boots"
guest run a 'modprobe tessera_drm'
result $? "the guest's driver loads"
guest run a '/tests/in-host/guest_work once'
result $? "a job in the guest"
in_guest a "/tests/guest/run.sh$IN_GUEST"
guest_log a
guest stop a
result $? "the guest powers off"
unmake $U
rmmod tessera
result $? "tessera.ko is unloaded"
modprobe tessera_drm
give_to tessera_drm
/tests/in-host/guest_work once
result $? "a job on bare metal"
log_check "the end"
ktap_end
