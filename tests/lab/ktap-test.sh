#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ktap.awk, which judges all other suites: what it must count, and what it must not let pass.
cd "$(dirname "$0")" || exit 1

N=0
RC=0

# judge NAME STATUS EXPECTED-COUNTS TEXT
judge()
{
	local got

	N=$((N + 1))
	got=$(printf "$4" | awk -v status="$2" -v seconds=0 -f ktap.awk | head -n 1)
	if [ "$got" = "$3 0" ]; then
		echo "ok $N - $1"
	else
		echo "# expected $3 0, got $got"
		echo "not ok $N - $1"
		RC=1
	fi
}

echo "KTAP version 1"
echo "1..15"
judge "all pass" 0 "2 0 0" 'KTAP version 1\n1..2\nok 1 - a\nok 2 - b\n'
judge "one fails" 1 "1 1 0" 'KTAP version 1\n1..2\nok 1 - a\nnot ok 2 - b\n'
judge "one is skipped" 0 "1 0 1" 'KTAP version 1\n1..2\nok 1 - a\nok 2 - b # SKIP why\n'
judge "a whole suite is skipped" 4 "0 0 1" 'KTAP version 1\n1..0 # SKIP no device\n'
judge "nothing printed" 0 "0 1 0" ''
judge "an empty plan" 0 "0 1 0" 'KTAP version 1\n1..0\n'
judge "no plan" 0 "1 2 0" 'KTAP version 1\nok 1 - a\n'
judge "died early" 0 "1 1 0" 'KTAP version 1\n1..2\nok 1 - a\n'
judge "more than planned" 0 "2 1 0" 'KTAP version 1\n1..1\nok 1 - a\nok 2 - b\n'
judge "a result twice" 0 "2 1 0" 'KTAP version 1\n1..2\nok 1 - a\nok 1 - a\n'
judge "bad status with no failure" 139 "1 1 0" 'KTAP version 1\n1..1\nok 1 - a\n'
judge "bail out" 1 "1 2 0" 'KTAP version 1\n1..2\nok 1 - a\nBail out! no\n'
judge "subtests are counted, not their parent" 0 "3 0 0" \
	'KTAP version 1\n1..2\n  KTAP version 1\n  1..2\n  ok 1 - a\n  ok 2 - b\nok 1 - p\nok 2 - q\n'
judge "a subtest fails" 1 "1 1 0" \
	'KTAP version 1\n1..1\n  KTAP version 1\n  1..2\n  ok 1 - a\n  not ok 2 - b\nnot ok 1 - p\n'
judge "a subtest is missing" 0 "1 1 0" \
	'KTAP version 1\n1..1\n  KTAP version 1\n  1..2\n  ok 1 - a\nok 1 - p\n'
exit $RC
