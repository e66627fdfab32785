#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The demo, from inside the virtual host: the MNIST program on bare metal, then in one
# guest that has the whole accelerator, then in three guests that share it under each policy.
# Lines "demo: ..." on the console report progress; measurements go to /dev/ttyS1 in the form
# that tests/demo/report/raw.py describes.
#   host.sh deterministic|ordinary POLICY...
set -u -o pipefail

MODE=$1
shift
POLICIES=("$@")
V1_UUID=7e55e4a1-0001-4000-8000-000000000001
UUIDS=(7e55e4a4-0004-4000-8000-000000000001
       7e55e4a4-0004-4000-8000-000000000002
       7e55e4a4-0004-4000-8000-000000000003)
GUESTS=(g1 g2 g3)
RAW=/tmp/raw
STEP_S=0.05		# between two snapshots
SETTLE_NS=100000000	# from a change to the phase that is measured
ALL_BUSY_NS=1050000000
IDLE_NS=350000000
ONE_STOPPED_NS=600000000
STEADY_S=0.4
WAIT_S=600

say()
{
	echo "demo: $*"
}

raw()
{
	printf '%s\n' "$*" >>$RAW
}

die()
{
	say "FAILED: $*"
	raw "failed $*"
	exit 1
}

# kernel_log WHERE: standard input, as a block
kernel_log()
{
	raw "dmesg $1"
	sed 's/^/|/; s/\r$//' >>$RAW
	raw .
}

# guest_log NAME: its kernel's log, or where it doesn't answer its console's
guest_log()
{
	# Packed: what a guest sends costs an exit a byte
	if ! { guest alive "$1" && guest run -t 60 "$1" 'dmesg | gzip' | gunzip >/tmp/log; }; then
		guest log "$1" >/tmp/log
	fi
	kernel_log "$1" </tmp/log
}

finish()
{
	rc=$?
	for name in "${RUNNING[@]}"; do
		guest_log "$name"
	done
	dmesg | kernel_log host
	[ $rc = 0 ] && raw end
	cat $RAW >/dev/ttyS1
}

# results WHERE UUID FILE: the program's results from what it printed; at least one
results()
{
	local line found=0

	while IFS= read -r line; do
		case $line in
		\{*) raw "mnist $1 $2 $line"; found=1 ;;
		esac
	done <"$3"
	[ $found = 1 ] && return
	cat "$3"
	die "$1: the program gave no result"
}

# bind DRIVER: have it take the accelerator's physical function
bind()
{
	echo "$1" >"$DEV/driver_override"
	[ ! -e "$DEV/driver" ] || echo "$BDF" >"$DEV/driver/unbind"
	modprobe "$1" || die "modprobe $1"
	[ -e "$DEV/driver" ] || echo "$BDF" >/sys/bus/pci/drivers_probe
	[ "$(basename "$(readlink -f "$DEV/driver")")" = "$1" ] || die "$1 did not take $BDF"
}

# snap WHERE PHASE: one reading of all counters; NOW_NS becomes its device time
snap()
{
	local text

	text=$(<"$ENGINES") || die "no $ENGINES"
	printf 'snap %s %s\n%s\n.\n' "$1" "$2" "$text" >>$RAW
	text=${text#*engine compute }
	text=${text#*time_ns=}
	NOW_NS=${text%%[!0-9]*}
}

nap()
{
	read -rt $STEP_S -u "$TICK" || :
}

# sample WHERE PHASE NS: snapshots over that much device time
sample()
{
	local start

	snap "$1" "$2"
	start=$NOW_NS
	while [ $((NOW_NS - start)) -lt "$3" ]; do
		nap
		snap "$1" "$2"
	done
}

# sample_until WHERE PHASE PID: snapshots until that background job has ended; its status
sample_until()
{
	while kill -0 "$3" 2>/dev/null; do
		snap "$1" "$2"
		nap
	done
	wait "$3"
}

# kvm_counters NAME: KVM's statistics into the array of that name
kvm_counters()
{
	local -n into=$1
	local file value

	# shellcheck disable=SC2034 # a reference
	for file in /sys/kernel/debug/kvm/*; do
		[ -f "$file" ] || continue
		read -r value <"$file" || continue
		case $value in
		*[!0-9]* | '') ;;
		*) into[${file##*/}]=$value ;;
		esac
	done
}

create()
{
	echo "$2" >"$DEV/mdev_supported_types/tessera-$1/create" || die "create tessera-$1 $2"
}

bare_metal()
{
	say "bare metal: training on the physical function"
	bind tessera_drm
	demo-guest train >/tmp/out || { cat /tmp/out; die "bare metal: the program failed"; }
	results native - /tmp/out
	say "bare metal: done"
}

one_guest()
{
	local job name
	local -A before=() after=()

	say "one guest with the whole accelerator (tessera-V1): booting"
	create V1 $V1_UUID
	guest start v1 $V1_UUID || die "the V1 guest did not boot"
	RUNNING=(v1)
	guest run v1 'modprobe tessera_drm' || die "V1 guest: modprobe tessera_drm"
	say "one guest: training"
	job=$(guest run --bg v1 'demo-guest train') || die "V1 guest: no answer"
	guest run -t $WAIT_S v1 'demo-guest await 1' || die "V1 guest: training did not begin"
	sleep 0.1
	kvm_counters before
	snap v1 steady
	sleep $STEADY_S
	kvm_counters after
	snap v1 steady
	for name in "${!before[@]}"; do
		echo "kvm $name ${before[$name]} ${after[$name]:-0}"
	done | sort >>$RAW
	guest wait -t $WAIT_S v1 "$job" >/tmp/out || { cat /tmp/out; die "V1 guest: the program failed"; }
	results v1 $V1_UUID /tmp/out
	guest_log v1
	RUNNING=()
	guest stop v1 || die "the V1 guest did not power off"
	echo 1 >/sys/bus/mdev/devices/$V1_UUID/remove || die "the V1 vGPU could not be removed"
	say "one guest: done"
}

three_guests()
{
	local i

	say "three guests with a quarter each (tessera-V4): booting"
	for i in 0 1 2; do
		create V4 "${UUIDS[i]}"
	done
	# One after another: emulated, with two processors, three that boot at once can hang
	for i in 0 1 2; do
		guest start "${GUESTS[i]}" "${UUIDS[i]}" || die "guest ${GUESTS[i]} did not boot"
		RUNNING+=("${GUESTS[i]}")
		guest run "${GUESTS[i]}" 'modprobe tessera_drm' || die "${GUESTS[i]}: modprobe tessera_drm"
		say "guest $((i + 1)) is up"
	done
}

# all_await N NAME...: until training number N goes on in each of them
all_await()
{
	local n=$1 name

	shift
	for name; do
		guest run -t $WAIT_S "$name" "demo-guest await $n" || die "$name: training $n did not begin"
	done
}

# switched_word FILE: the word in brackets of a file that shows its choices
switched_word()
{
	sed 's/.*\[\(.*\)\].*/\1/' "$1"
}

under()
{
	local policy=$1 i pid
	local jobs=()

	say "$policy: training in all three guests"
	echo "$policy" >"$DEV/vgpu_sched/policy" || die "policy $policy was refused"
	[ "$(switched_word "$DEV/vgpu_sched/policy")" = "$policy" ] || die "policy is not $policy"
	raw "run $policy $(switched_word "$DEV/vgpu_sched/preemption") $(<"$DEV/vgpu_sched/timeslice_us")"
	for i in 0 1 2; do
		raw "guest $policy ${UUIDS[i]} V4"
	done

	# The first trains once; the others again and again until they are stopped
	jobs[0]=$(guest run --bg g1 'demo-guest train')
	for i in 1 2; do
		jobs[i]=$(guest run --bg "${GUESTS[i]}" 'demo-guest train --until /tmp/demo.stop')
	done
	all_await 1 "${GUESTS[@]}" &
	sample_until "$policy" start $! || die "$policy: training did not begin everywhere"
	say "$policy: all three busy"
	sample "$policy" settle $SETTLE_NS
	sample "$policy" all_busy $ALL_BUSY_NS

	guest wait -t $WAIT_S g1 "${jobs[0]}" >/tmp/out.0 &
	sample_until "$policy" finish $! || { cat /tmp/out.0; die "$policy: g1: the program failed"; }
	say "$policy: guest 1 has finished and idles"
	# The others are at or near the end of a training too: not while a new one begins
	all_await 2 g2 g3 &
	sample_until "$policy" finish $! || die "$policy: no second training"
	sample "$policy" settle $SETTLE_NS
	sample "$policy" idle $IDLE_NS

	guest run g1 'rmmod tessera_drm' &
	sample_until "$policy" stop $! || die "$policy: g1: rmmod tessera_drm"
	say "$policy: guest 1 has stopped, the others go on"
	sample "$policy" settle $SETTLE_NS
	sample "$policy" one_stopped $ONE_STOPPED_NS

	for i in 1 2; do
		guest run "${GUESTS[i]}" 'demo-guest stop' || die "$policy: ${GUESTS[i]}: no answer"
	done
	for i in 1 2; do
		guest wait -t $WAIT_S "${GUESTS[i]}" "${jobs[i]}" >/tmp/out.$i &
		pid=$!
		sample_until "$policy" end $pid ||
			{ cat /tmp/out.$i; die "$policy: ${GUESTS[i]}: the program failed"; }
	done
	for i in 0 1 2; do
		results "$policy" "${UUIDS[i]}" /tmp/out.$i
	done
	guest run g1 'modprobe tessera_drm' || die "$policy: g1: the driver does not load again"
	say "$policy: done"
}

: >$RAW
raw "tessera-demo 1"
raw "mode $MODE"
raw "note virtual host: Linux $(uname -r)"
raw "note guests: stock $(qemu-system-x86_64 --version | sed -n '1s/ (.*//p') with KVM"
RUNNING=()
trap finish EXIT
mkfifo /tmp/tick
exec {TICK}<>/tmp/tick

BDF=
for d in /sys/bus/pci/devices/*; do
	[ "$(<"$d/vendor") $(<"$d/device")" = "0x1234 0x7e55" ] && BDF=${d##*/}
done
[ -n "$BDF" ] || die "no accelerator"
DEV=/sys/bus/pci/devices/$BDF
ENGINES=/sys/kernel/debug/tessera/$BDF/engines
say "virtual host is up: Linux $(uname -r), accelerator $BDF"

bare_metal
bind tessera
say "tessera.ko has the accelerator; types: $(cd "$DEV/mdev_supported_types" && echo *)"
one_guest
three_guests
for policy in "${POLICIES[@]}"; do
	under "$policy"
done
for name in "${GUESTS[@]}"; do
	guest_log "$name"
	guest stop "$name" || die "guest $name did not power off"
done
RUNNING=()
for uuid in "${UUIDS[@]}"; do
	echo 1 >"/sys/bus/mdev/devices/$uuid/remove" || die "vGPU $uuid could not be removed"
done
say "all steps done"
