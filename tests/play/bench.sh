#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The scheduler's figures, as KTAP: workloads on the virtual bench under each policy, the same
# in the simulator, instructions a decision; out/bench/sched.json and sched.html. What is run and
# what is demanded is in bench.py. bench.sh --report checks the files of the last run again.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lab/lib.sh

DIR=$OUT/bench
BUILT=$OUT/build/user

in_tree()
{
	"$LAB/in-tree.sh" --bind "$DIR:/out" --bind "$BUILT:/build" "$@"
}

if [ "${1:-}" != --report ]; then
	rm -rf "$DIR"
	mkdir -p "$DIR"
	in_tree /repo/tests/play/bench.py plan /out "$REPO" >&2 || exit 1
	tests/play/play.sh "$DIR/runs/plan" "$DIR/runs" >&2 || exit 1
	in_tree /repo/tests/play/bench.py simulate /out /build/sched/sim/build/simulate >&2 || exit 1
	in_tree --cd /build/sched/bench ./instructions.sh build >&2 || exit 1
	cp "$BUILT"/sched/bench/build/instructions.{json,svg} "$DIR/" || exit 1
fi
in_tree env TESSERA_SIMULATE=/build/sched/sim/build/simulate /repo/tests/play/bench.py report /out
rc=$?
# No exact figure, so in no file
in_tree /build/sched/bench/build/bench_sim best_effort 16 2000 | sed 's/^/# simulator: /'
exit $rc
