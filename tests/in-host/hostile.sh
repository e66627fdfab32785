#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the virtual host: two VFIO clients and a guest that attack their vGPUs, a fourth vGPU that
# trains. hostile.sh CLOCK SEED FIRST OPERATIONS SECONDS: operations from number FIRST on, for each
# attacker; then as many more, for SECONDS or until something is wrong. In the exact CLOCK the
# victim's figures are held to what is promised, in the other they are printed. The guest's memory is
# taken away meanwhile, by a balloon, and what is plugged in is pulled out again.
. /tests/in-host/lib.sh
ktap_begin
CLOCK=$1
SEED=$2
FIRST=$3
OPERATIONS=$4
END=$(($(date +%s) + $5))
VICTIM=11111111-0000-4000-8000-000000000001
A=aaaaaaaa-0000-4000-8000-000000000002
B=bbbbbbbb-0000-4000-8000-000000000003
G=cccccccc-0000-4000-8000-000000000004
DUE=250000		# of a V4 that always has work, in ppm
TOLERANCE=5000		# 2 % of that
WORST_US=10000		# of an admin command
PROGRAM=/tests/hostile
RAM=512
SPARE=128	# what Linux has in one block

# What a vGPU holds when nobody has it open
held()
{
	for u in $A $B; do
		printf '%s %s %s ' "$(stat_of $u pinned_pages)" "$(stat_of $u contexts)" \
			"$(stat_of $u queues)"
	done
}

said()
{
	sed -n "s/.*$1=\([0-9]*\).*/\1/p" /tmp/victim.out
}

# ended NAME PID: that a program in the background has ended well; what it printed is in its file
ended()
{
	wait "$2"
	rc=$?
	sed 's/^#* */# /' "/tmp/$1.out"
	result $rc "$where: $3"
}

# The guest's memory comes and goes, until the round is over. What is still there can't be plugged in
# once more: QEMU says so
memory()
{
	: >/tmp/plugged
	while [ ! -e /tmp/stop ]; do
		guest monitor g 'device_add pc-dimm,id=dimm,memdev=spare'
		guest monitor g "balloon $((RAM - 128))"
		sleep 0.7
		guest monitor g 'info balloon'
		guest monitor g 'device_del dimm'
		guest monitor g "balloon $RAM"
		sleep 0.7
		echo >>/tmp/plugged
	done
}

memory_went()
{
	n=$(grep -c Duplicate /tmp/guests/g/monitor)
	[ $(($(wc -l </tmp/plugged) - n)) -ge 2 ] &&
		grep -o 'actual=[0-9]*' /tmp/guests/g/monitor | grep -qv "=$RAM\$"
}

round()
{
	where="seed $SEED, $OPERATIONS operations from $FIRST"
	rm -f /tmp/ready /tmp/stop
	$PROGRAM/victim $VICTIM /tmp/ready /tmp/stop >/tmp/victim.out 2>&1 &
	victim=$!
	while [ ! -e /tmp/ready ] && kill -0 $victim; do
		sleep 0.05
	done
	$PROGRAM/hostile "$SEED" "$FIRST" "$OPERATIONS" $A >/tmp/a.out 2>&1 &
	a=$!
	$PROGRAM/hostile "$((SEED + 1))" "$FIRST" "$OPERATIONS" $B >/tmp/b.out 2>&1 &
	b=$!
	if guests_can_run; then
		guest run -t 3000 g "$PROGRAM/hostile_guest $((SEED + 2)) $FIRST $OPERATIONS \
			$function $((RAM << 20)) $((SPARE << 20))" >/tmp/g.out 2>&1 &
		g=$!
		memory &
		m=$!
	fi
	ended a $a "the first client sees what is right"
	ended b $b "the second client sees what is right"
	guests_can_run && ended g $g "the guest goes through it all"
	touch /tmp/stop
	if guests_can_run; then
		wait $m
		memory_went
		result $? "$where: a balloon took memory, and what was plugged in was pulled out"
	fi
	ended victim $victim "the training ends in the right bytes"
	is "$where: nothing is held for who has closed" "0 0 0 0 0 0 " "$(held)"
	if [ "$CLOCK" = exact ]; then
		off=$(($(said share_ppm) - DUE))
		is "$where: the victim gets its share" yes \
			"$([ ${off#-} -le $TOLERANCE ] && echo yes)"
		is "$where: the victim's admin commands do not wait" yes \
			"$([ "$(said admin_worst_us)" -le $WORST_US ] && echo yes)"
	fi
	log_check "$where"
}

mediate
result $? "tessera.ko has the accelerator"
references=$(cat /sys/module/tessera/refcnt)
echo fixed_share >"$PCI/vgpu_sched/policy"
vgpu V4 $VICTIM && vgpu V4 $A && vgpu V8 $B && vgpu V8 $G
result $? "four vGPUs"
if guests_can_run; then
	guest start g -m ${RAM}M,slots=1,maxmem=1G --append memhp_default_state=offline \
		--vfio x-balloon-allowed=on --qemu "-device virtio-balloon-pci
			-object memory-backend-ram,id=spare,size=${SPARE}M" $G
	result $? "a guest boots"
	guest run g 'modprobe -a virtio_pci virtio_balloon'
	guest run g 'echo 1 >/proc/sys/vm/nr_hugepages'
	function=$(guest run g 'grep -l 0x7e55 /sys/bus/pci/devices/*/device' |
		sed 's|/device$||; s|.*/||')
fi

round
while [ $BAD = 0 ] && [ "$(date +%s)" -lt "$END" ]; do
	FIRST=$((FIRST + OPERATIONS))
	round
done

# Its plug is pulled in the midst of it
if guests_can_run; then
	guest run --bg g "$PROGRAM/hostile_guest $SEED 0 1000000 $function" >/dev/null
	sleep 0.2
	guest kill g
	result $? "the guest's plug is pulled"
fi
is "nothing is held for it" "0 0" "$(stat_of $G pinned_pages) $(stat_of $G contexts)"
unmake $VICTIM $A $B $G
is "all is free again" 1 "$(cat "$PCI"/mdev_supported_types/tessera-V1/available_instances)"
is "the module is as it was" "$references" "$(cat /sys/module/tessera/refcnt)"
log_check "the end"
ktap_end
