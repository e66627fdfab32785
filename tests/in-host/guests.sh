#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the virtual host: the guest driver's tests on bare metal, then in two guests at once on
# vGPUs of different sizes; the two against each other; guests that end in every way.
#   guests.sh "PROGRAM..." "PROGRAM..."
# The first can run while another guest runs others; the second want the accelerator to
# themselves.
. /tests/in-host/lib.sh
ktap_begin
A=aaaaaaaa-0000-4000-8000-000000000001
B=bbbbbbbb-0000-4000-8000-000000000002
TESTS=/tests/guest/run.sh
WORK=/tests/in-host/guest_work

# Bare metal: the same programs that run in the guests
modprobe tessera_drm
[ "$(driver)" = tessera_drm ] || give_to tessera_drm
# shellcheck disable=SC2086 # words
program "bare metal" $TESTS $1 $2

mediate
result $? "tessera.ko has the accelerator"
rmmod tessera_drm
vgpu V2 $A && vgpu V4 $B
result $? "two vGPUs are made"
guest start a --nowait $A
guest start b --nowait $B
guest ready a b
result $? "two guests boot"
guest run a 'modprobe tessera_drm' && guest run b 'modprobe tessera_drm'
result $? "the guests' driver loads"

# Different tests at the same time, dealt out by turns
in_a=
in_b=
n=0
for p in $1; do
	n=$((n + 1))
	if [ $((n % 2)) = 1 ]; then
		in_a="$in_a ${p##*/}"
	else
		in_b="$in_b ${p##*/}"
	fi
done
job=$(guest run --bg b "$TESTS$in_b")
in_guest a "$TESTS$in_a"
program "b: $TESTS$in_b" guest wait -t 400 b "$job"
before=$(stat_of $A faults)
in_guest b "$TESTS fault"
is "host: faults are counted for who earned them" "$before yes" \
	"$(stat_of $A faults) $([ "$(stat_of $B faults)" -gt 0 ] && echo yes)"
# Programs that hang engines and take the device away, with a well-behaved guest next to them
job=$(guest run --bg b "$WORK imprint 7 20")
alone=$(guest run -t 400 a "$TESTS $2" >/tmp/alone.out 2>&1; echo $?)
program "a: $TESTS $2" sh -c "cat /tmp/alone.out; exit $alone"
guest wait -t 400 b "$job" >/tmp/imprint.b
rc=$?
[ $rc = 0 ] || sed 's/^/# /' /tmp/imprint.b
result $rc "b keeps its memory while a hangs engines and resets"

# A vGPU that has the engines for half of the time: a job's time is the engine's, not the clock's
policy=$(cat "$PCI/vgpu_sched/policy")
preemption=$(cat "$PCI/vgpu_sched/preemption")
echo fixed_share >"$PCI/vgpu_sched/policy"
echo strict >"$PCI/vgpu_sched/preemption"
in_guest a "ARGS='-t engine_time' $TESTS timeout"
echo "$preemption" >"$PCI/vgpu_sched/preemption"
echo "$policy" >"$PCI/vgpu_sched/policy"

# Each fills all the memory it can get, both at once
job=$(guest run --bg b "$WORK imprint 2 3")
guest run -t 400 a "$WORK imprint 1 3" >/tmp/imprint.a
rc=$?
guest wait -t 400 b "$job" >/tmp/imprint.b
rc=$((rc + $?))
[ $rc = 0 ] || cat /tmp/imprint.a /tmp/imprint.b
result $rc "neither sees the other's memory"

# The accelerator is reset under both at work. Their jobs end, and they go on: at once, not
# after a timeout (10 s)
soon()
{
	begin=$(date +%s)
	what=$1
	shift
	"$@"
	rc=$?
	took=$(($(date +%s) - begin))
	[ $rc != 0 ] || [ $took -lt 8 ] || rc=1
	echo "# $what: $took s"
	result $rc "$what"
}
# works U: a vGPU gets both engines, within a minute
works()
{
	for e in compute copy; do
		had=$(stat_of "$1" ${e}_ns)
		tries=60
		until [ "$(stat_of "$1" ${e}_ns)" -gt "$had" ]; do
			tries=$((tries - 1))
			[ $tries -gt 0 ] || return 1
			sleep 1
		done
	done
}
ja=$(guest run --bg a "$WORK busy /tmp/never") jb=$(guest run --bg b "$WORK busy /tmp/never")
works $A && works $B
result $? "two guests are at work"
rc=0
echo 1 >"$PCI/reset" || rc=1
result $rc "the accelerator is reset under two guests at work"
soon "a's job ends, with an error" sh -c "! guest wait -t 60 a $ja >/tmp/busy.a"
soon "b's job ends, with an error" sh -c "! guest wait -t 60 b $jb >/tmp/busy.b"
sed 's/^#* */# /' /tmp/busy.a /tmp/busy.b
# EIO, of a job or of the next one's submission
is "and not because something timed out" "2" \
	"$(grep -cE '^# (job|exec): -5 ' /tmp/busy.a /tmp/busy.b | awk -F: '{ n += $2 } END { print n }')"
soon "a goes on" guest run -t 60 a "$WORK once"
soon "b goes on" guest run -t 60 b "$WORK once"

# Quarantine, and back, with the virtual machine running
ja=$(guest run --bg a "$WORK busy /tmp/never")
works $A
result $? "a is at work"
echo 1 >/sys/bus/mdev/devices/$A/vgpu/quarantined
soon "quarantine: a's job ends" sh -c "! guest wait -t 60 a $ja >/tmp/busy.a"
soon "quarantine: a gets nothing more" sh -c "! guest run -t 60 a '$WORK once' >/tmp/once.a"
is "quarantine: a's vGPU has failed" failed "$(cat /sys/bus/mdev/devices/$A/vgpu/state)"
soon "quarantine: b does not notice" guest run -t 60 b "$WORK once"
echo 0 >/sys/bus/mdev/devices/$A/vgpu/quarantined
soon "quarantine is over: a goes on" guest run -t 60 a "$WORK once"

is "config space in a: the vGPU is a PCI Express function behind a root port" "0x120000 0x7e55" \
	"$(guest run a 'for d in /sys/bus/pci/devices/*; do grep -q 0x7e55 $d/device &&
		echo $(cat $d/class $d/device); done')"
is "host: a's hangs are counted" yes "$([ "$(stat_of $A faults)" -gt "$before" ] && echo yes)"

# A guest that powers off, one whose plug is pulled with work running, and their successors
guest_log a
guest stop a
result $? "a powers off"
is "and leaves nothing pinned" 0 "$(stat_of $A pinned_pages)"
guest run --bg b "$WORK imprint 3 600" >/dev/null
sleep 1
guest kill b
result $? "b's plug is pulled"
is "and leaves nothing pinned" 0 "$(stat_of $B pinned_pages)"
log_check "guests end"
# One of them now with bounce buffers, as where a guest's memory is encrypted
guest start a --nowait --append swiotlb=force $A
guest start b --nowait $B
guest ready a b
result $? "both boot again"
in_guest a "$TESTS exec prime"
for g in a b; do
	guest run $g "modprobe tessera_drm; $WORK once"
	result $? "$g: works again"
	guest run $g "$WORK imprint 9 0"
	result $? "$g: finds its memory cleared"
	guest run $g 'rmmod tessera_drm && modprobe tessera_drm && '$WORK' once'
	result $? "$g: reloads its driver"
	guest_log $g
	guest stop $g
	result $? "$g: powers off"
done
# A guest for which nothing of the vGPU is mapped, so that each access to its memory would trap
guest start a --vfio x-no-mmap=on $A
result $? "a boots with a vGPU of which nothing is mapped"
guest run a "modprobe tessera_drm; $WORK once"
result $? "and works"
before=$(cat /sys/kernel/debug/kvm/mmio_exits)
guest run a "$WORK zero"
result $? "memory that was used comes back zero"
traps=$(($(cat /sys/kernel/debug/kvm/mmio_exits) - before))
echo "# $traps traps"
is "by an engine, not by half a million traps" yes "$([ $traps -lt 2000 ] && echo yes)"
guest_log a
guest stop a
result $? "a: powers off"
unmake $A $B
is "all is free again" 1 "$(cat "$PCI"/mdev_supported_types/tessera-V1/available_instances)"
log_check "the end"
ktap_end
