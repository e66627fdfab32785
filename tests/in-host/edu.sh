#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the virtual host, in exact virtual time: QEMU's edu device, and one small driver of it on bare
# metal, in a guest that has the function, and in three guests with vGPUs, of which one turns
# hostile. edu.sh ROUNDS PROGRAM...
# shellcheck disable=SC2034 # lib.sh reads it
DEVICE="0x1234 0x11e8"
. /tests/in-host/lib.sh
ktap_begin
U1=11111111-0000-4000-8000-000000000001
U2=22222222-0000-4000-8000-000000000002
U3=33333333-0000-4000-8000-000000000003
WORK=/tests/edu/edu_work
ROUNDS=$1
shift

# says NAME COMMAND...: it ends well
says()
{
	name=$1
	shift
	"$@" >/tmp/says.out 2>&1
	rc=$?
	[ $rc = 0 ] || sed 's/^/# /' /tmp/says.out
	result $rc "$name"
}

# begin COMMAND...: in the three guests
begin()
{
	ja=$(guest run --bg a "$* 1") jb=$(guest run --bg b "$* 2") jc=$(guest run --bg c "$* 3")
}

# end SECONDS: of what was begun; well in all three
end()
{
	sum=0
	guest wait -t "$1" a "$ja" || sum=1
	guest wait -t "$1" b "$jb" || sum=1
	guest wait -t "$1" c "$jc" || sum=1
	return $sum
}

at_once()
{
	limit=$1
	shift
	begin "$@"
	end "$limit"
}

# third NAME STAT WARM_UP WINDOW COMMAND...: run it in the three guests, and check that each has
# had a third of what a vGPU's statistics count in a window in which all are busy, within 5 %
third()
{
	what=$1 stat=$2 warm_up=$3 window=$4
	shift 4
	begin "$@"
	sleep "$warm_up"
	for u in $U1 $U2 $U3; do stat_of "$u" "$stat"; done >/tmp/then
	sleep "$window"
	for u in $U1 $U2 $U3; do stat_of "$u" "$stat"; done | paste - /tmp/then |
		awk '{ print $1 - $2 }' >/tmp/got
	says "$what: nothing fails" end 200
	echo "# $what: $(tr '\n' ' ' </tmp/got)"
	awk '
		{ got[NR] = $1; sum += $1 }
		END {
			for (i in got)
				bad = bad || got[i] < 0.95 * sum / 3 || got[i] > 1.05 * sum / 3
			exit bad || NR != 3 || !sum
		}' /tmp/got
	result $? "$what: each of three equals has a third"
}

program "bare metal: edu_regs" /tests/edu/edu_regs
modprobe edu_drv
says "bare metal" $WORK rounds 20 1
modprobe vfio-pci
give_to vfio-pci
guest start p "$BDF"
in_guest p /tests/edu/edu_regs
in_guest p /tests/edu/edu_dma
says "passed through: the driver loads" guest run p "modprobe edu_drv"
says "passed through" guest run -t 2000 p "$WORK rounds 50 2"
guest stop p
rmmod edu_drv
mediate
result $? "tessera.ko has the edu"
for p; do
	program "${p##*/}" "/tests/$p"
done

# Idle guests wait for most of the time, which passes at once; what wakes them up does not
echo 0 >/sys/module/kvm/parameters/halt_poll_ns
QUIET="tsc=reliable nowatchdog psi=0 cgroup_disable=memory"
vgpu V4 $U1 && vgpu V4 $U2 && vgpu V4 $U3
result $? "three vGPUs are made"
guest start a --append "$QUIET" --nowait $U1
guest start b --append "$QUIET" --nowait $U2
guest start c --append "$QUIET" --nowait $U3
guest ready a b c
result $? "three guests boot"
in_guest a /tests/edu/edu_regs
in_guest b /tests/edu/edu_dma
says "the driver loads in two" guest run a 'modprobe edu_drv'
says "... and in the other" guest run b 'modprobe edu_drv'
job=$(guest run --bg c "/tests/edu/edu_dma hostile 100")
ja=$(guest run --bg a "$WORK rounds 25 1")
says "a hostile neighbour: b's bytes are its own" guest run -t 900 b "$WORK rounds 25 2"
says "a hostile neighbour: a's bytes are its own" guest wait -t 900 a "$ja"
says "the hostile guest goes on" guest wait -t 900 c "$job"
log_check "a hostile neighbour"
says "the driver loads in the hostile guest" guest run c 'modprobe edu_drv'
for policy in $(tr -d '[]' <"$PCI/vgpu_sched/policy"); do
	echo "$policy" >"$PCI/vgpu_sched/policy"
	# A timer for each 2 ms of a DMA's 100 ms would be most of the work
	echo 30000 >"$PCI/vgpu_sched/timeslice_us"
	says "$policy: factorials are right, and each guest gets its own bytes back" \
		at_once 4000 $WORK rounds "$ROUNDS"
	third "$policy: ns of the DMA engine" dma_ns 2 60 $WORK copy 64000
	echo 0 >"$PCI/vgpu_sched/timeslice_us"
	# A factorial takes some 50 us, a slice 2 ms. They are counted, by their interrupts:
	# the device computes outside of virtual time, so how long one takes is the machine's
	# With a debug kernel's work around each of them the window would have to be much longer
	[ "$ROUNDS" -lt 100 ] || third "$policy: factorials" interrupts 0.2 0.4 $WORK loop 800
	log_check "$policy"
done
for g in a b c; do
	guest_log $g
	guest stop $g
done
ktap_end
