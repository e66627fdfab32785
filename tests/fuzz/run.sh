#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Run the fuzz targets, as tests/lab/build.sh user built them:
#   run.sh                           the suite: replays the corpus, then a fixed number of runs from
#                                    a fixed seed, which are the same each time; then coverage
#   run.sh long SECONDS SEED TARGET  fuzz for so long, or all targets for so long each if TARGET is
#                                    empty; a SEED that is empty is another one each time. What is
#                                    new goes to out/fuzz/TARGET, findings to out/fuzz
#   run.sh one TARGET FILE           run one input, which is below the clone
#   run.sh keep TARGET               take what out/fuzz/TARGET adds into the corpus here, which
#                                    keeps as few inputs as cover every edge
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lab/lib.sh

COVERED=95		# percent of the lines of the Makefile's CHECKER
SEED=1
# Targets, and how many runs each has in the suite
declare -A RUNS=([checker]=9000 [config]=6000 [core]=5000)
TARGETS="checker config core"

BUILD=$OUT/build/user
DIR=${SUITE_OUT:-$OUT/fuzz}
N=0
RC=0

# A program in the tree, with the outputs at /out; addresses are the same each time, since the
# fuzzer learns from what is compared, and pointers are
in_tree()
{
	"$LAB/in-tree.sh" --bind "$BUILD:/build" --bind "$DIR:/out" --cd /build/tests/fuzz \
		env UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=detect_stack_use_after_return=0 \
		LLVM_PROFILE_FILE="/out/${PROFILE:-last}.profraw" setarch -R "$@"
}

# fuzz TARGET OPTION|CORPUS...
fuzz()
{
	local target=$1

	shift
	in_tree "build/fuzz_$target" -artifact_prefix="/out/$target-" -timeout=60 -reload=0 "$@"
}

# result NAME COMMAND...: its output is shown if it fails
result()
{
	local name=$1 log

	shift
	N=$((N + 1))
	log=$DIR/$N.log
	if "$@" >"$log" 2>&1 </dev/null; then
		echo "ok $N - $name"
	else
		grep -vE '^#[0-9]+|NEW_FUNC' "$log" | tail -n 60 | sed 's/^/# /'
		echo "not ok $N - $name"
		RC=1
	fi
}

# The percentage of lines, and how many; the profiles are those of the suite's runs
coverage()
{
	local files

	files=$(in_tree make -s checker-files) || return 1
	in_tree sh -c 'llvm-profdata merge -o /out/all.profdata /out/suite-*.profraw &&
		llvm-cov export -summary-only -instr-profile /out/all.profdata \
			-object build/fuzz_checker -object build/fuzz_config' sh >"$DIR/coverage.json" ||
		return 1
	in_tree python3 - "$COVERED" $files <<-'EOT'
		import json, os, sys
		wanted = {os.path.realpath(f): f for f in sys.argv[2:]}
		lines = covered = 0
		for f in json.load(open('/out/coverage.json'))['data'][0]['files']:
		    name = wanted.pop(os.path.realpath(f['filename']), None)
		    if name:
		        of = f['summary']['lines']
		        print('%6.2f %% of %4d lines of %s' % (of['percent'], of['count'], name))
		        lines += of['count']
		        covered += of['covered']
		for name in wanted.values():
		    print('no lines of', name)
		share = 100 * covered / lines
		print('%.2f %% of %d lines' % (share, lines))
		sys.exit(bool(wanted) or share < float(sys.argv[1]))
	EOT
}

suite()
{
	local t num

	# shellcheck disable=SC2086 # a list
	set -- $TARGETS
	echo "KTAP version 1"
	echo "1..$((2 * $# + 1))"
	for t; do
		num=$(find "tests/fuzz/corpus/$t" -type f | wc -l)
		PROFILE=suite-$t-corpus
		result "$t: the corpus of $num inputs" fuzz "$t" -runs=0 "/repo/tests/fuzz/corpus/$t"
		PROFILE=suite-$t-runs
		mkdir -p "$DIR/new-$t"
		result "$t: ${RUNS[$t]} runs from seed $SEED" fuzz "$t" -seed=$SEED \
			-runs="${RUNS[$t]}" "/out/new-$t" "/repo/tests/fuzz/corpus/$t"
	done
	coverage >"$DIR/coverage" 2>&1
	sed 's/^/# /' "$DIR/coverage"
	result "at least $COVERED % of the checker's lines are covered" coverage
}

long()
{
	local t

	for t in ${3:-$TARGETS}; do
		mkdir -p "$DIR/$t"
		fuzz "$t" -max_total_time="$1" ${2:+-seed="$2"} -print_final_stats=1 \
			"/out/$t" "/repo/tests/fuzz/corpus/$t" ||
			die "a finding in $t: its input is in $DIR; tests/fuzz/run.sh one $t FILE runs it"
	done
}

keep()
{
	mkdir -p "$DIR/kept-$1"
	fuzz "$1" -merge=1 -use_counters=0 "/out/kept-$1" "/repo/tests/fuzz/corpus/$1" "/out/$1" || exit 1
	rm -rf "tests/fuzz/corpus/$1"
	mv "$DIR/kept-$1" "tests/fuzz/corpus/$1"
}

mkdir -p "$DIR"
case ${1:-suite} in
suite) suite ;;
long) long "$2" "$3" "$4" ;;
one) fuzz "$2" "/repo/${3#"$REPO"/}" || RC=1 ;;
keep) keep "$2" ;;
*) die "run.sh: the file's head lists what it does" ;;
esac
exit $RC
