#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the virtual host: which driver takes the accelerator, whatever the order in which they
# are loaded; unload; mdevctl.
. /tests/in-host/lib.sh
ktap_begin
U=11111111-2222-4333-8444-555555555555

is "the accelerator is there" yes "${BDF:+yes}"

modprobe tessera
is "tessera.ko takes nothing by itself" "" "$(driver)"
modprobe tessera_drm
is "tessera_drm.ko does" tessera_drm "$(driver)"
give_to tessera
is "an override gives it to tessera.ko" tessera "$(driver)"
vgpu V4 $U
result $? "a vGPU is made"
rmmod tessera_drm
result $? "the other driver can go"
is "and the vGPU stays" yes "$([ -d /sys/bus/mdev/devices/$U ] && echo yes)"
modprobe tessera_drm
is "and comes back without taking the accelerator" tessera "$(driver)"
give_to ''
is "without the override it is tessera_drm.ko's again" tessera_drm "$(driver)"
is "its vGPUs have gone" no "$([ -d /sys/bus/mdev/devices/$U ] && echo yes || echo no)"
is "a render node is there" yes "$([ -e /dev/dri/renderD128 ] && echo yes)"
rmmod tessera
result $? "tessera.ko is unloaded"

# The other order: the guest's driver first
echo "" >"$PCI/driver_override"
modprobe tessera
is "loading it again takes nothing" tessera_drm "$(driver)"
give_to tessera
is "until it is told to" tessera "$(driver)"
rmmod tessera_drm
vgpu V4 $U
result $? "a vGPU is made"
rmmod tessera
is "unloading takes vGPUs that nobody uses along" "0 no" \
	"$? $([ -d /sys/bus/mdev/devices/$U ] && echo yes || echo no)"
modprobe tessera
is "with the override still set, loading binds" tessera "$(driver)"
is "as new" 4 "$(cat "$PCI"/mdev_supported_types/tessera-V4/available_instances)"

for i in 1 2 3 4 5; do
	echo "$BDF" >/sys/bus/pci/drivers/tessera/unbind && echo "$BDF" >/sys/bus/pci/drivers/tessera/bind ||
		break
done
is "unbound and bound again five times" "5 tessera" "$i $(driver)"

is "an unknown policy" "Invalid argument" "$(refused fair "$PCI/vgpu_sched/policy")"
is "a slice out of range" "Invalid argument" "$(refused 31000 "$PCI/vgpu_sched/timeslice_us")"
is "a bad UUID" "Invalid argument" "$(refused nonsense "$PCI/mdev_supported_types/tessera-V4/create")"
vgpu V1 $U
is "no room left" "No space left on device" \
	"$(refused 21111111-2222-4333-8444-555555555555 "$PCI/mdev_supported_types/tessera-V16/create")"
echo 1 >/sys/bus/mdev/devices/$U/remove

# Hardware that can't stop what it runs: QEMU's edu. It is offered one mode, and takes no other
(
	BDF=
	for d in /sys/bus/pci/devices/*; do
		[ "$(cat "$d/device")" = 0x11e8 ] && BDF=${d##*/}
	done
	PCI=/sys/bus/pci/devices/$BDF
	give_to tessera
	cat "$PCI/vgpu_sched/preemption"
	refused strict "$PCI/vgpu_sched/preemption"
	echo batch >"$PCI/vgpu_sched/preemption" && cat "$PCI/vgpu_sched/preemption"
	give_to ''
) >/tmp/preemption
is "hardware without strict preemption accepts no other than batch" \
	"[batch],Operation not supported,[batch]," "$(tr '\n' ',' </tmp/preemption)"

# A vGPU that is defined once, for every boot, and started by that
# The image has no empty directories, and mdevctl wants those of its package
mkdir -p /etc/mdevctl.d/scripts.d /usr/lib/mdevctl/scripts.d/callouts /usr/lib/mdevctl/scripts.d/notifiers
mdevctl define -u $U -p "$BDF" -t tessera-V8 >/tmp/mdevctl.log 2>&1
result $? "mdevctl define"
mdevctl start -u $U >>/tmp/mdevctl.log 2>&1
result $? "mdevctl start"
is "mdevctl list" "$U $BDF tessera-V8" "$(mdevctl list | awk '{ print $1, $2, $3 }')"
is "it is there" tessera-V8 "$(basename "$(readlink /sys/bus/mdev/devices/$U/mdev_type)")"
mdevctl stop -u $U >>/tmp/mdevctl.log 2>&1
is "mdevctl stop" "0 no" "$? $([ -d /sys/bus/mdev/devices/$U ] && echo yes || echo no)"
mdevctl undefine -u $U >>/tmp/mdevctl.log 2>&1
result $? "mdevctl undefine"
[ $BAD = 0 ] || sed 's/^/# /' /tmp/mdevctl.log

log_check "drivers and vGPUs come and go"
ktap_end
