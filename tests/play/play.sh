#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Play workloads on the virtual bench, in the deterministic clock; one boot for all of them.
#
#   play.sh [--dev PROPERTIES] [--timeout SECONDS] PLAN OUTDIR
#
# PLAN has a line for each run: ID, vfio or guests, workload file (or a trace: NAME.csv), and
# lines that override the workload's, with ; between them; TABs between the four. OUTDIR
# gets ID.json, ID.slices.csv, ID.jobs.csv of each, and boot/ with the logs. Prints a line for
# each run. Fails, saying which run did and why, if one fails or a kernel log is not sound.
# Modules and programs have to be built (tests/lab/build.sh 6.12 user).
#
# An accelerator is made for each different switch_us and tile_us that the plan wants.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lab/lib.sh

DEV=vram=64M,hang=on
LIMIT_S=3600
while [ $# -gt 0 ]; do
	case $1 in
	--dev) DEV=$DEV,$2; shift ;;
	--timeout) LIMIT_S=$2; shift ;;
	-*) die "play.sh: unknown option $1 (the file's head lists them)" ;;
	*) break ;;
	esac
	shift
done
[ $# = 2 ] || die "play.sh: PLAN OUTDIR"
PLAN=$1
DIR=$2
[ -f "$PLAN" ] || die "play.sh: no $PLAN"
BUILT=$OUT/build/user/tests
mkdir -p "$DIR"
DIR=$(cd "$DIR" && pwd)
STAGE=$DIR/stage
rm -rf "$STAGE"
mkdir -p "$STAGE/w"

# last KEYWORD DEFAULT FILE SETS: the value in force
last()
{
	local value

	value=$({ [ "${3%.csv}" = "$3" ] && cat "$3"; printf '%s\n' "$4" | tr ';' '\n'; } |
		awk -v keyword="$1" '$1 == keyword { value = $2 } END { print value }')
	echo "${value:-$2}"
}

# The plan for the inside has files' names there, and the number of the accelerator
DEVS=()
GUESTS=0
N=0
while IFS=$'\t' read -r id how file sets; do
	case $id in '' | \#*) continue ;; esac
	case $how in
	vfio) ;;
	guests) GUESTS=1 ;;
	*) die "play.sh: $id: neither vfio nor guests: '$how'" ;;
	esac
	[ -f "$file" ] || die "play.sh: $id: no $file"
	dev=$DEV,switch-us=$(last switch_us 5 "$file" "$sets"),tile-us=$(last tile_us 10 "$file" "$sets")
	for i in "${!DEVS[@]}" -1; do
		[ "$i" != -1 ] && [ "${DEVS[i]}" = "$dev" ] && break
	done
	[ "$i" != -1 ] || { DEVS+=("$dev"); i=$((${#DEVS[@]} - 1)); }
	cp "$file" "$STAGE/w/" || exit 1
	printf '%s\t%s\t%s\t%s\t%s\n' "$id" "$how" "$i" "w/${file##*/}" "$sets" >>"$STAGE/plan"
	N=$((N + 1))
done <"$PLAN"
[ $N != 0 ] || die "play.sh: nothing in $PLAN"

for f in play_vfio play_host play_guest; do
	[ -x "$BUILT/play/$f" ] || die "play.sh: no $f in $BUILT/play: build first"
	cp "$BUILT/play/$f" "$STAGE/"
done
cp tests/in-host/lib.sh tests/lab/dmesg-check.sh "$STAGE/"
OPTIONS=()
for dev in "${DEVS[@]}"; do
	OPTIONS+=(--dev "$dev")
done
[ $GUESTS = 0 ] || OPTIONS+=(--mem 6G --guest-add "$STAGE:/play")

# In a process group of its own, so that all of it can be ended
setsid tests/lab/boot.sh --det --timeout "$LIMIT_S" --out "$DIR/boot" "${OPTIONS[@]}" \
	--add "$STAGE:/play" -- tests/play/play-host.sh >"$DIR/boot.log" 2>&1 </dev/null &
BOOT=$!
trap '[ -z "$BOOT" ] || kill -- "-$BOOT" 2>/dev/null' EXIT
trap 'exit 130' INT TERM

SHOWN=0
# Lines "play: ..." of the console, of which the last may be half written yet
follow()
{
	local lines line

	[ -f "$DIR/boot/console.log" ] || return
	mapfile -t lines < <(tr -d '\r' <"$DIR/boot/console.log" | sed '$d' | sed -n 's/^play: //p')
	for line in "${lines[@]:SHOWN}"; do
		printf '[%4d s] %s\n' $SECONDS "$line"
	done
	[ ${#lines[@]} -lt "$SHOWN" ] || SHOWN=${#lines[@]}
}

while kill -0 $BOOT 2>/dev/null; do
	sleep 1
	follow
done
rc=0
wait $BOOT || rc=$?
BOOT=
follow
rm -rf "$STAGE"
if [ -s "$DIR/boot/result" ]; then
	tar -xzf "$DIR/boot/result" -C "$DIR" || rc=1
fi
if [ $rc != 0 ]; then
	cat "$DIR/boot.log" >&2
	die "play.sh: the virtual host ended with status $rc; its console: $DIR/boot/console.log"
fi
if ! bad=$(tests/lab/dmesg-check.sh "$DIR/boot/console.log"); then
	say "$bad"
	die "play.sh: complaints in the kernel logs, $DIR/boot/console.log"
fi
