#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# make demo: set up what is missing, run the demo on the virtual bench (host.sh), write
# out/demo/report.json and report.html. DETERMINISTIC=0: in the ordinary clock.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lab/lib.sh

KERNEL=6.12
DIR=$OUT/demo
LIMIT_S=${DEMO_TIMEOUT:-1500}
QUIET_S=20		# after that long without output, say that it is still running
export DETERMINISTIC=${DETERMINISTIC:-1}
MODE=ordinary
[ "$DETERMINISTIC" = 0 ] || MODE=deterministic
BOOT=

step()
{
	printf '[%4d s] %s\n' $SECONDS "$*"
}

# told FILE: the demo's lines in a console, of which the last may be half written yet
told()
{
	local line

	while IFS= read -r line; do
		case $line in
		"demo: "*) printf '%s\n' "${line#demo: }" ;;
		esac
	done < <(tr -d '\r' 2>/dev/null <"$1")
}

# follow FILE PID: print the demo's lines as they come, while PID lives; its status
follow()
{
	local alive=1 shown=0 lines last=$SECONDS line=

	while [ $alive = 1 ]; do
		sleep 1
		kill -0 "$2" 2>/dev/null || alive=0
		mapfile -t lines < <([ ! -f "$1" ] || told "$1")
		for line in "${lines[@]:shown}"; do
			step "$line"
			shown=$((shown + 1))
			last=$SECONDS
		done
		if [ $((SECONDS - last)) -ge $QUIET_S ]; then
			step "  ... still at it"
			last=$SECONDS
		fi
	done
	wait "$2"
}

cleanup()
{
	[ -z "$BOOT" ] || ! kill -0 "$BOOT" 2>/dev/null || kill -- "-$BOOT"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

tests/lab/setup.sh $KERNEL || die "set-up failed"
step "building modules and programs"
tests/lab/build.sh $KERNEL user || exit 1
USER_OUT=$OUT/build/user
[ -x "$USER_OUT/tests/mnist/build/tessera-mnist" ] || die "the build made no tessera-mnist"
read -r -a POLICIES < <(tests/lab/in-tree.sh --bind "$USER_OUT:/build" \
	env TESSERA_SIMULATE=/build/sched/sim/build/simulate /repo/tests/demo/select_policies.py)
[ ${#POLICIES[@]} -gt 0 ] || die "no policies to run"

rm -rf "$DIR"
mkdir -p "$DIR/bench"
step "booting the virtual host ($MODE clock)"
# In a process group of its own, so that all of it can be ended
setsid tests/lab/boot.sh --kernel $KERNEL --timeout "$LIMIT_S" --out "$DIR/bench" \
	--add "$USER_OUT/tests/mnist/build/tessera-mnist:/usr/bin/tessera-mnist" \
	--add data/mnist:/data/mnist --add tests/demo/guest.sh:/usr/bin/demo-guest \
	--guest-add "$USER_OUT/tests/mnist/build/tessera-mnist:/usr/bin/tessera-mnist" \
	--guest-add data/mnist:/data/mnist --guest-add tests/demo/guest.sh:/usr/bin/demo-guest \
	-- tests/demo/host.sh "$MODE" "${POLICIES[@]}" >"$DIR/bench/boot.log" 2>&1 </dev/null &
BOOT=$!
rc=0
follow "$DIR/bench/console.log" $BOOT || rc=$?
BOOT=
if [ $rc != 0 ]; then
	cat "$DIR/bench/boot.log" >&2
	say "demo: the virtual host ended with status $rc; its console: $DIR/bench/console.log"
fi
[ -s "$DIR/bench/result" ] || die "demo: it sent no results"

step "writing the report"
echo
tests/lab/in-tree.sh --bind "$DIR:/out" /repo/tests/demo/report/report.py --out /out \
	--console /out/bench/console.log /out/bench/result || rc=1
echo
[ ! -s "$DIR/report.html" ] || say "report: $DIR/report.html and $DIR/report.json ($SECONDS s)"
[ $rc = 0 ] || die "demo: not all claims hold, see above"
