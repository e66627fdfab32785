#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Run the suites of tests/suites and add up what they say:
#   run.sh [--when check|debug|race|bench] [SUITE...]
# JOBS run side by side: one more than there are processors, which has work when the others wait.
# What a suite printed is in out/tests/NAME/ktap. The last line is "N passed, N failed, N skipped";
# the exit status is 0 only if none failed and some passed.
set -u
cd "$(dirname "$0")/.." || exit 1
SIDE_BY_SIDE=${JOBS:-}
. tests/lab/lib.sh

WHEN=check
[ "${1:-}" = --when ] && { WHEN=$2; shift 2; }
WANTED=" $* "
DIR=$OUT/tests
FACTOR=1
case $WHEN in
debug | race) FACTOR=3; export TESSERA_KERNEL=$WHEN TESSERA_TIME_FACTOR=$FACTOR ;;
esac
# With such a kernel none of them waits for long
[ -n "$SIDE_BY_SIDE" ] || SIDE_BY_SIDE=$((JOBS + (FACTOR == 1)))
PASSED=0
FAILED=0
SKIPPED=0
N=0

suites()
{
	local name when secs command

	while read -r name when secs _ command; do
		case $name in '' | \#*) continue ;; esac
		if [ "$WANTED" != "  " ]; then
			case $WANTED in *" $name "*) ;; *) continue ;; esac
		else
			case ,$when, in *",$WHEN,"*) ;; *) continue ;; esac
		fi
		printf '%s\t%s\t%s\n' "$name" "$secs" "$command"
	done <tests/suites
}

# one NAME SECONDS COMMAND: runs it; its verdict goes to the files summary and verdict
one()
{
	local name=$1 secs=$(($2 * FACTOR)) start=$SECONDS rc=0

	export SUITE_OUT=$DIR/$name
	rm -rf "$SUITE_OUT"
	mkdir -p "$SUITE_OUT"
	# Of what takes long, progress is shown
	if [ "$WHEN" = bench ]; then
		exec 2> >(exec tee -a "$SUITE_OUT/stderr" >&2)
	else
		exec 2>"$SUITE_OUT/stderr"
	fi
	# shellcheck disable=SC2086
	timeout -k 10 "$secs" $3 >"$SUITE_OUT/ktap" </dev/null &
	# An interrupt ends the suite too: timeout hands it on to all of the suite's processes
	# shellcheck disable=SC2064
	trap "kill $!" TERM
	wait $! || rc=$?
	[ $rc = 124 ] && echo "# timed out after $secs s" >>"$SUITE_OUT/stderr"
	awk -v status=$rc -v seconds=$((SECONDS - start)) -f tests/lab/ktap.awk "$SUITE_OUT/ktap" \
		>"$SUITE_OUT/summary.new"
	mv "$SUITE_OUT/summary.new" "$SUITE_OUT/summary"
}

# The summary's first line is "PASSED FAILED SKIPPED SECONDS", reasons follow
report()
{
	local p f s secs word=ok

	{ read -r p f s secs; } <"$DIR/$1/summary"
	[ "$f" = 0 ] || word="not ok"
	N=$((N + 1))
	echo "$word $N - $1 # $p passed, $f failed, $s skipped, $secs s"
	if [ "$f" != 0 ]; then
		sed '1d; s/^/# /' "$DIR/$1/summary"
		tail -n 15 "$DIR/$1/stderr" | sed 's/^/#   /'
	fi
	PASSED=$((PASSED + p))
	FAILED=$((FAILED + f))
	SKIPPED=$((SKIPPED + s))
}

LIST=$(suites)
[ -n "$LIST" ] || die "no such suite"
mkdir -p "$DIR"
echo "TAP version 13"
echo "1..$(printf '%s\n' "$LIST" | wc -l)"

declare -A RUNNING=()
trap 'for p in "${RUNNING[@]}"; do kill "$p" 2>/dev/null; done; wait; exit 130' INT TERM

reap()
{
	local name

	# Not by "wait -n", which does not say whose end it was on older shells
	while :; do
		for name in "${!RUNNING[@]}"; do
			kill -0 "${RUNNING[$name]}" 2>/dev/null && continue
			wait "${RUNNING[$name]}" 2>/dev/null
			unset "RUNNING[$name]"
			report "$name"
			return
		done
		sleep 0.3
	done
}

while IFS=$'\t' read -r name secs command; do
	while [ ${#RUNNING[@]} -ge "$SIDE_BY_SIDE" ]; do
		reap
	done
	one "$name" "$secs" "$command" &
	RUNNING[$name]=$!
done <<<"$LIST"
while [ ${#RUNNING[@]} -gt 0 ]; do
	reap
done

echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
[ $FAILED = 0 ] && [ $PASSED != 0 ]
