#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the virtual host, in exact virtual time: QEMU's edu device, and one small driver of it on bare
# metal, in a guest that has the function, and in three guests with vGPUs. edu.sh ROUNDS PROGRAM...
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

modprobe edu_drv
says "bare metal" $WORK rounds $ROUNDS 1
modprobe vfio-pci
give_to vfio-pci
guest start p "$BDF"
says "passed through: the driver loads" guest run p "modprobe edu_drv"
says "passed through" guest run -t 400 p "$WORK rounds $ROUNDS 2"
guest stop p
rmmod edu_drv
mediate
result $? "tessera.ko has the edu"
for p; do
	program "${p##*/}" "/tests/$p"
done
vgpu V16 $U1 && vgpu V16 $U2 && vgpu V16 $U3
result $? "three vGPUs are made"
guest start a --nowait $U1
guest start b --nowait $U2
guest start c --nowait $U3
guest ready a b c
result $? "three guests boot"
says "the driver loads in each" at_once 60 'modprobe edu_drv #'
for policy in $(tr -d '[]' <"$PCI/vgpu_sched/policy"); do
	echo "$policy" >"$PCI/vgpu_sched/policy"
	at_once 400 $WORK rounds $ROUNDS
	result $? "$policy: factorials are right, and each guest gets its own bytes back"
	# Operations, not engine time: the device computes in a thread outside of virtual time
	at_once 60 $WORK loop 2000
	rc=$?
	echo "# $policy: $(cat /tmp/at_once.? | tr '\n' ' ')factorials"
	cat /tmp/at_once.? | awk '
		{ got[NR] = $1; sum += $1 }
		END {
			for (i in got)
				bad = bad || got[i] < 0.95 * sum / 3 || got[i] > 1.05 * sum / 3
			exit bad || NR != 3
		}'
	result $((rc + $?)) "$policy: each of three equals does a third of the factorials"
	log_check "$policy"
done
for g in a b c; do
	guest_log $g
	guest stop $g
done
ktap_end
