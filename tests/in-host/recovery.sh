#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the virtual host: owners and guests are killed at any moment, vGPUs are reset and hang beside a
# neighbour that trains, the accelerator is given back under load and at last pulled out.
#   recovery.sh CLOCK SEED KILLS UNBINDS FLRS HANGS
# Of the KILLS a fifth is in a probe, a reset or a close; one of 25 more is a guest's, in the
# probe of its driver. In the exact CLOCK times are held to what is promised, in the other they are
# printed.
. /tests/in-host/lib.sh
ktap_begin
CLOCK=$1
SEED=$2
KILLS=$3
UNBINDS=$4
FLRS=$5
HANGS=$6
VICTIM=11111111-0000-4000-8000-000000000001
A=aaaaaaaa-0000-4000-8000-000000000002
B=bbbbbbbb-0000-4000-8000-000000000003
C=cccccccc-0000-4000-8000-000000000004
PREEMPT_TIMEOUT_US=10000
RECOVERY_US=$((PREEMPT_TIMEOUT_US + 10000))
AGAIN_US=1000000
PROGRAM=/tests/recovery

# random N: below N; the same sequence for a seed
STATE=$SEED
random()
{
	STATE=$(((STATE * 1103515245 + 12345) % 2147483648))
	RANDOM_N=$((STATE / 65536 % $1))
}

# nap MILLISECONDS: up to so many
nap()
{
	random "$1"
	sleep "$((RANDOM_N / 1000)).$(printf %03d $((RANDOM_N % 1000)))"
}

# What is held on behalf of vGPUs: room, references, pins of pages in the whole host, and what the
# vGPUs named have
held()
{
	echo 1 >/proc/sys/vm/stat_refresh
	cat "$PCI"/mdev_supported_types/tessera-V*/available_instances /sys/module/tessera/refcnt
	awk '/^nr_foll_pin_acquired/ { n += $2 } /^nr_foll_pin_released/ { n -= $2 }
	     END { print n + 0, "pins" }' /proc/vmstat
	for u; do
		stat_of "$u" pinned_pages
		stat_of "$u" contexts
		stat_of "$u" queues
	done
}

held_in_a_line()
{
	held "$@" | tr '\n' ' '
}

# said NAME FILE: the number that a program has printed
said()
{
	sed -n "s/.*$1=\([0-9]*\).*/\1/p" "$2"
}

# step NAME COMMAND...: a program, whose output is kept in /tmp/step.out
step()
{
	name=$1
	shift
	start=$(date +%s)
	"$@" >/tmp/step.out 2>&1
	rc=$?
	sed 's/^#* */# /' /tmp/step.out
	echo "# $name: $(($(date +%s) - start)) s"
	result $rc "$name"
	log_check "$name"
}

# at_most NAME LIMIT: what the last step has said of NAME, if times are the accelerator's here
at_most()
{
	got=$(said "$1" /tmp/step.out)
	[ "$CLOCK" = exact ] || return
	is "$1 is at most $2" yes "$([ "${got:-$2$2}" -le "$2" ] && echo yes || echo "$got")"
}

# ------------------------------------------------------------- neighbours --

victim_start()
{
	rm -f /tmp/ready /tmp/stop
	/tests/hostile/victim $VICTIM /tmp/ready /tmp/stop >/tmp/victim.out 2>&1 &
	victim=$!
	while [ ! -e /tmp/ready ] && kill -0 $victim; do
		sleep 0.05
	done
}

victim_end()
{
	touch /tmp/stop
	wait $victim
	rc=$?
	sed 's/^#* */# victim: /' /tmp/victim.out
	result $rc "the neighbour's training ends in the right bytes"
}

# ----------------------------------------------------------------- guests --

# Killed in the probe of its driver, as the guest's console says; the next starts on the same vGPU
guest_kills()
{
	inside=0
	n=0
	while [ $n -lt "$1" ]; do
		guest start k -m 256M $A || return 1
		guest run --bg k 'while :; do
			echo "probe begins" >/dev/ttyS0; modprobe tessera_drm || exit
			echo "probe ends" >/dev/ttyS0; rmmod tessera_drm || exit
		done' >/dev/null
		random 3
		want=$((RANDOM_N + 1))
		while [ "$(guest log k | grep -c 'probe begins')" -lt $want ]; do
			guest alive k || return 1
		done
		nap 30
		guest kill k || return 1
		last=$(guest log k | grep -o 'probe [a-z]*' | tail -n 1)
		[ "$last" = "probe begins" ] && inside=$((inside + 1))
		now=$(held_in_a_line $A)
		[ "$now" = "$before" ] || { echo "guest $n: held is $now, was $before"; return 1; }
		n=$((n + 1))
	done
	echo "guests: kills=$n in_probe=$inside"
}

# By the guest's own write to config space, with its driver at work, of which it is told
guest_flrs()
{
	[ "$1" -gt 0 ] || return 0
	guest start f -m 256M $A && guest run f 'modprobe tessera_drm' || return 1
	f=$(guest run f 'grep -l 0x7e55 /sys/bus/pci/devices/*/device' | sed 's|/device$||')
	resets=$(stat_of $A resets)
	job=$(guest run --bg f 'while [ ! -e /tmp/stop ]; do
			/tests/in-host/guest_work busy /tmp/stop >/dev/null
		done; exit 0')
	guest run f "n=0; while [ \$n -lt $1 ]; do
			echo 1 >$f/reset || exit 1
			sleep 0.0\$((n % 7)); n=\$((n + 1))
		done; touch /tmp/stop" || return 1
	guest wait f "$job" || return 1
	guest run f '/tests/in-host/guest_work once' || return 1
	resets=$(($(stat_of $A resets) - resets))
	echo "guest: flrs=$1 resets=$resets"
	guest stop f && [ $resets -ge "$1" ]
}

# ---------------------------------------------------------------- the load --

# load_all: three owners that work, and release their vGPUs when they are asked to
load_all()
{
	rm -f /tmp/load.*
	vgpu V4 $A && vgpu V8 $B && vgpu V16 $C || return 1
	random 100000
	$PROGRAM/load $RANDOM_N $A /tmp/load.a &
	a=$!
	$PROGRAM/load $((RANDOM_N + 1)) $B /tmp/load.b &
	b=$!
	$PROGRAM/load $((RANDOM_N + 2)) $C /tmp/load.c &
	c=$!
	while [ ! -e /tmp/load.a ] || [ ! -e /tmp/load.b ] || [ ! -e /tmp/load.c ]; do
		kill -0 $a && kill -0 $b && kill -0 $c || return 1
		sleep 0.02
	done
}

# Two of the load's owners are asked, the third is killed meanwhile.
unbind()
{
	( nap 60; kill -9 $c ) &
	nap 60
	case $1 in
	0)
		echo "$BDF" >/sys/bus/pci/drivers/tessera/unbind
		echo "$BDF" >/sys/bus/pci/drivers/tessera/bind
		;;
	1)
		echo 1 >"$PCI/remove"
		echo 1 >/sys/bus/pci/rescan
		give_to tessera
		;;
	2)
		# The module can't go while a vGPU is open; it can as soon as the last owner has ended
		rmmod tessera 2>/dev/null && return 1
		kill -9 $a $b $c 2>/dev/null
		wait $a $b $c
		rmmod tessera && modprobe tessera
		;;
	esac
	[ "$(driver)" = tessera ]
}

unbinds()
{
	n=0
	while [ $n -lt "$1" ]; do
		load_all || return 1
		# One is removed at the moment that its owner is killed, and is there again at once
		kill -9 $b
		echo 1 >/sys/bus/mdev/devices/$B/remove && vgpu V8 $B || return 1
		wait $b
		[ $? = 137 ] || return 1
		rm /tmp/load.b
		$PROGRAM/load "$n" $B /tmp/load.b &
		b=$!
		while [ ! -e /tmp/load.b ]; do
			kill -0 $b || return 1
			sleep 0.02
		done
		unbind $((n % 3)) || { echo "unbind $n fails"; return 1; }
		for pid in $a $b; do
			wait $pid
			rc=$?
			[ $((n % 3)) = 2 ] || [ $rc = 0 ] ||
				{ echo "unbind $n: an owner ended with status $rc"; return 1; }
		done
		wait
		now=$(held_in_a_line)
		[ "$now" = "$bare" ] || { echo "unbind $n: held is $now, was $bare"; return 1; }
		n=$((n + 1))
	done
	echo "unbinds=$n"
}

# ----------------------------------------------------------------------------

mediate
result $? "tessera.ko has the accelerator"
bare=$(held_in_a_line)
vgpu V4 $VICTIM && vgpu V4 $A
result $? "two vGPUs"
victim_start
before=$(held_in_a_line $A)

step "owners are killed" $PROGRAM/kill "$SEED" "$KILLS" $((KILLS / 5)) $A V4
at_most again_worst_us $AGAIN_US
step "resets under load" $PROGRAM/flr "$SEED" $((FLRS - FLRS / 4)) $A
step "hangs" $PROGRAM/hang "$HANGS" $PREEMPT_TIMEOUT_US $A
at_most recovery_worst_us $RECOVERY_US
is "nothing is held for who has closed" "$before" "$(held_in_a_line $A)"
if guests_can_run; then
	step "guests are killed in their driver's probe" guest_kills $(((KILLS + 24) / 25))
	step "a guest resets its function under load" guest_flrs $((FLRS / 4))
fi
is "nothing is held for who has ended" "$before" "$(held_in_a_line $A)"
victim_end
unmake $VICTIM $A
is "all is free again" "$bare" "$(held_in_a_line)"

step "the accelerator is given back under load" unbinds "$UNBINDS"

vgpu V4 $A
step "the accelerator is pulled out" $PROGRAM/pull $A
[ ! -e "$PCI" ] || echo 1 >"$PCI/remove"
rmmod tessera && modprobe tessera
result $? "the module can be unloaded and loaded again"
log_check "the end"
ktap_end
