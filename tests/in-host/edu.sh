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

# at_once SECONDS COMMAND...: in the three guests; outputs to /tmp/at_once.GUEST
at_once()
{
	limit=$1 sum=0
	shift
	ja=$(guest run --bg a "$* 1") jb=$(guest run --bg b "$* 2") jc=$(guest run --bg c "$* 3")
	guest wait -t "$limit" a "$ja" >/tmp/at_once.a 2>&1 || sum=1
	guest wait -t "$limit" b "$jb" >/tmp/at_once.b 2>&1 || sum=1
	guest wait -t "$limit" c "$jc" >/tmp/at_once.c 2>&1 || sum=1
	return $sum
}

# The second in which all that were told by then begin
soon()
{
	echo $(($(date +%s) + 3))
}

# shares NAME FILE: tell what three equals got, and check that each has a third within 5 %
shares()
{
	echo "# $1: $(tr '\n' ' ' <"$2")"
	awk '
		{ got[NR] = $1; sum += $1 }
		END {
			for (i in got)
				bad = bad || got[i] < 0.95 * sum / 3 || got[i] > 1.05 * sum / 3
			exit bad || NR != 3 || !sum
		}' "$2"
	result $? "$1: each of three equals has a third"
}

# engine_ns ENGINE: the three vGPUs' time on it
engine_ns()
{
	for u in $U1 $U2 $U3; do
		stat_of $u "$1_ns"
	done
}

program "bare metal: edu_regs" /tests/edu/edu_regs
modprobe edu_drv
says "bare metal" $WORK rounds 100 1
modprobe vfio-pci
give_to vfio-pci
guest start p "$BDF"
in_guest p /tests/edu/edu_regs
in_guest p /tests/edu/edu_dma
says "passed through: the driver loads" guest run p "modprobe edu_drv"
says "passed through" guest run -t 2000 p "$WORK rounds 100 2"
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
job=$(guest run --bg c "/tests/edu/edu_dma hostile 300")
ja=$(guest run --bg a "$WORK rounds 50 1")
says "a hostile neighbour: b's bytes are its own" guest run -t 900 b "$WORK rounds 50 2"
says "a hostile neighbour: a's bytes are its own" guest wait -t 900 a "$ja"
says "the hostile guest goes on" guest wait -t 900 c "$job"
log_check "a hostile neighbour"
says "the driver loads in the hostile guest" guest run c 'modprobe edu_drv'
at_once 60 'echo 3600 >/proc/sys/vm/stat_interval #'
for policy in $(tr -d '[]' <"$PCI/vgpu_sched/policy"); do
	echo "$policy" >"$PCI/vgpu_sched/policy"
	at_once 4000 $WORK rounds $ROUNDS
	result $? "$policy: factorials are right, and each guest gets its own bytes back"
	engine_ns dma >/tmp/dma
	at_once 200 $WORK copy 60000 "$(soon)"
	result $? "$policy: transfers one after the other"
	engine_ns dma | paste - /tmp/dma | awk '{ print $1 - $2 }' >/tmp/dma.got
	shares "$policy: ns of the DMA engine" /tmp/dma.got
	# A factorial takes some 50 us, a slice 1 ms at least. They are counted: the device
	# computes in a thread outside of virtual time, so how long one takes is the machine's
	at_once 60 $WORK loop 1000 "$(soon)"
	result $? "$policy: factorials one after the other"
	cat /tmp/at_once.? >/tmp/factorial.n
	shares "$policy: factorials" /tmp/factorial.n
	log_check "$policy"
done
for g in a b c; do
	guest_log $g
	guest stop $g
done
ktap_end
