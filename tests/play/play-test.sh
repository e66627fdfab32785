#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Short workloads on the bench, as KTAP: what they leave is sound and agrees with the simulator,
# and playing them once more leaves the same bytes.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lab/lib.sh

DIR=${SUITE_OUT:-$OUT/tests/play}
BUILT=$OUT/build/user
SHORT="warmup_ms 50;measure_ms 300"
# Where turns are not strictly in order, of a shorter window one slice is too large a part
LONGER="warmup_ms 50;measure_ms 1200"
# Of sixteen that take turns of 1 ms each, one turn more or less is 0.17 % of this
ROUNDS="warmup_ms 50;measure_ms 600"
N=0
RC=0

mkdir -p "$DIR/sim"
cat >"$DIR/plan" <<EOT
trainers	vfio	workloads/three-trainers.workload	$SHORT
deadline	vfio	workloads/noisy-neighbour.workload	$LONGER;policy deadline
weighted	vfio	workloads/weighted.workload	$SHORT
mixed	vfio	workloads/sixteen-mixed.workload	$ROUNDS;policy equal_share
batch	vfio	workloads/adversary.workload	$SHORT;policy fixed_share;preemption batch
slow-switch	vfio	workloads/preempt-cost.workload	$SHORT
hang	vfio	workloads/hang.workload	$SHORT;policy equal_share
program	vfio	tests/play/data/program.workload	$SHORT
trace	vfio	tests/play/data/three-and-a-miner.csv	$SHORT;policy deadline
EOT

result()
{
	N=$((N + 1))
	if [ "$1" = 0 ]; then
		echo "ok $N - $2"
	else
		echo "not ok $N - $2"
		RC=1
	fi
}

# play DIRECTORY
play()
{
	rm -rf "${DIR:?}/$1"
	tests/play/play.sh --timeout 200 "$DIR/plan" "$DIR/$1" >"$DIR/$1.log" 2>&1 && return
	sed 's/^/# /' "$DIR/$1.log"
	return 1
}

# simulate: all of the plan
simulate()
{
	local id how file sets line options rc=0

	while IFS=$'\t' read -r id how file sets; do
		options=()
		while IFS= read -r line; do
			options+=(--set "$line")
		done < <(tr ';' '\n' <<<"$sets")
		[ "${file%.csv}" = "$file" ] || options+=(--trace)
		"$LAB/in-tree.sh" --bind "$BUILT:/build" --bind "$DIR:/out" \
			/build/sched/sim/build/simulate "${options[@]}" "/repo/$file" \
			--slices "/out/sim/$id.slices.csv" --jobs "/out/sim/$id.jobs.csv" \
			>"$DIR/sim/$id.json" </dev/null || rc=1
	done <"$DIR/plan"
	return $rc
}

same()
{
	local id file rc=0

	for id in $(cut -f 1 "$DIR/plan"); do
		for file in $id.json $id.slices.csv $id.jobs.csv; do
			cmp "$DIR/first/$file" "$DIR/again/$file" || rc=1
		done
	done
	return $rc
}

echo "KTAP version 1"
echo "1..4"
play first
result $? "workloads are played"
simulate
result $? "and simulated"
# shellcheck disable=SC2046 # words
"$LAB/in-tree.sh" --bind "$DIR:/out" /repo/tests/play/check.py /out/first /out/sim \
	$(cut -f 1 "$DIR/plan") >"$DIR/checks"
rc=$?
sed 's/^/  /' "$DIR/checks"
result $rc "what is left of them is sound"
play again && same >"$DIR/same.log" 2>&1
rc=$?
[ ! -s "$DIR/same.log" ] || sed 's/^/# /' "$DIR/same.log"
result $rc "once more, the same bytes"
exit $RC
