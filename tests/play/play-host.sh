#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In the virtual host: what play.sh has planned. The results go to /dev/ttyS1 as one tar, and
# lines "play: ..." on the console report progress.
set -u
cd /play || exit 1

OUT=/tmp/play
WHY=/tmp/play.why
WAIT_S=600
mkdir -p $OUT

say()
{
	echo "play: $*"
}

# What there is goes out even if a run has failed
finish()
{
	rc=$?
	for name in "${RUNNING[@]}"; do
		guest alive "$name" && guest stop "$name"
	done
	tar -czf /dev/ttyS1 -C $OUT .
	exit $rc
}

die()
{
	say "FAILED: $*"
	exit 1
}

# failed ID: with the output of the programs; nothing of half a run is kept
failed()
{
	rm -f "$OUT/$1".*
	die "$1: $(tr '\n' ' ' <$WHY)"
}

# options FILE SETS: as the players take them, into OPTIONS
options()
{
	local line

	OPTIONS=()
	while IFS= read -r line; do
		[ -z "$line" ] || OPTIONS+=(--set "$line")
	done < <(printf '%s\n' "$2" | tr ';' '\n')
	case $1 in
	*.csv) OPTIONS+=(--trace "$1") ;;
	*) OPTIONS+=("$1") ;;
	esac
}

# ------------------------------------------------------------------- guests --

RUNNING=()	# names of guests, which are the UUIDs of their vGPUs

stop_guests()
{
	local uuid

	for uuid in "${RUNNING[@]}"; do
		guest stop "$uuid" || die "guest $uuid did not power off"
		echo 1 >"/sys/bus/mdev/devices/$uuid/remove" || die "vGPU $uuid could not be removed"
	done
	RUNNING=()
}

is_running()
{
	[ -d "/tmp/guests/$1" ] && guest alive "$1"
}

# need_guests: one for each vGPU in /tmp/vgpus (UUID, type, name), drivers loaded there alone.
# Guests of earlier runs stay, for booting takes longer than a run.
need_guests()
{
	local uuid type name

	while read -r uuid type name; do
		is_running "$uuid" && continue
		if ! echo "$uuid" >"$PARENT/mdev_supported_types/tessera-$type/create"; then
			stop_guests
			need_guests
			return
		fi
		guest start "$uuid" -m 256M "$uuid" || die "the guest of $name did not boot"
		RUNNING+=("$uuid")
		say "guest ${#RUNNING[@]} is up"
	done </tmp/vgpus
	for uuid in "${RUNNING[@]}"; do
		if grep -q "^$uuid " /tmp/vgpus; then
			guest run "$uuid" '[ -d /sys/module/tessera_drm ] || modprobe tessera_drm' ||
				die "guest $uuid: modprobe"
		else
			guest run "$uuid" '[ ! -d /sys/module/tessera_drm ] || rmmod tessera_drm' ||
				die "guest $uuid: rmmod"
		fi
	done
}

# quoted WORDS...: for the guest's shell
quoted()
{
	printf "'%s' " "$@"
}

run_guests()
{
	local uuid type name start host jobs=() i=0

	./play_host --plan yes "${OPTIONS[@]}" >/tmp/vgpus || return 1
	need_guests
	rm -f /tmp/start /tmp/jobs
	mkfifo /tmp/jobs
	./play_host --start /tmp/start --slices "$OUT/$1.slices.csv" --jobs "$OUT/$1.jobs.csv" \
		"${OPTIONS[@]}" </tmp/jobs >"$OUT/$1.json" &
	host=$!
	exec {JOBS}>/tmp/jobs
	while [ ! -s /tmp/start ]; do
		kill -0 $host 2>/dev/null || { wait $host; return 1; }
		sleep 0.01
	done
	start=$(cat /tmp/start)
	while read -r uuid type name; do
		jobs+=("$(guest run --bg "$uuid" \
			"cd /play && $(quoted ./play_guest --vgpu "$name" --start "$start" \
				"${OPTIONS[@]}") >/tmp/jobs && gzip </tmp/jobs")") || return 1
	done </tmp/vgpus
	while read -r uuid type name; do
		if ! guest wait -t $WAIT_S "$uuid" "${jobs[i]}" >/tmp/guest.out; then
			cat /tmp/guest.out >&2
			return 1
		fi
		gunzip </tmp/guest.out >&"$JOBS" || return 1
		i=$((i + 1))
	done </tmp/vgpus
	exec {JOBS}>&-
	wait $host
}

# --------------------------------------------------------------------- main --

trap finish EXIT
BDFS=()
for d in /sys/bus/pci/devices/*; do
	[ "$(<"$d/vendor") $(<"$d/device")" = "0x1234 0x7e55" ] && BDFS+=("${d##*/}")
done
modprobe tessera || die "modprobe tessera"
for bdf in "${BDFS[@]}"; do
	d=/sys/bus/pci/devices/$bdf
	echo tessera >"$d/driver_override"
	[ ! -e "$d/driver" ] || echo "$bdf" >"$d/driver/unbind"
	echo "$bdf" >/sys/bus/pci/drivers_probe
	[ "$(basename "$(readlink "$d/driver")")" = tessera ] || die "tessera.ko did not take $bdf"
done

while IFS=$'\t' read -r -u 3 id how acc file sets; do
	export TESSERA_BDF=${BDFS[acc]}
	if [ "$TESSERA_BDF" != "${WAS:-$TESSERA_BDF}" ]; then
		stop_guests
	fi
	WAS=$TESSERA_BDF
	PARENT=/sys/bus/pci/devices/$TESSERA_BDF
	options "$file" "$sets"
	if [ "$how" = vfio ]; then
		stop_guests
		./play_vfio --slices "$OUT/$id.slices.csv" --jobs "$OUT/$id.jobs.csv" \
			"${OPTIONS[@]}" >"$OUT/$id.json" 2>$WHY || failed "$id"
	else
		run_guests "$id" 2>$WHY || failed "$id"
	fi
	say "$id: done"
done 3<plan
stop_guests
