#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# words.py finds what it lists, on the right line, and no good sentence.
cd "$(dirname "$0")" || exit 1

N=0
RC=0

# words TEXT LINES: it finds something on these lines, and nowhere else
words()
{
	local got

	N=$((N + 1))
	got=$(./words.py <(printf '%b\n' "$1") | sed 's/^[^:]*:\([0-9]*\):.*/\1/' | tr '\n' ' ')
	if [ "$got" = "${2:+$2 }" ]; then
		echo "ok $N - $1"
	else
		printf '# lines wanted: %s, got: %s\n' "$2" "$got"
		echo "not ok $N - $1"
		RC=1
	fi
}

echo "KTAP version 1"
echo "1..18"
words 'The engine did not let go of it.' 1
words 'a word\n * is let\n * go of, in a comment' 2
words 'nobody gets less than his share' 1
words 'measured by He and others; the device has' ''
words 'out_of_patience();\nREVOKE_PATIENCE,\nthe patience,\nPATIENCE_MS and patience2,\nimpatience' '1 2 3 4'
words 'It waits for ever, or forever.' 1
words '/* Else zero */\nelse if (x)\n, else zero' 1
words 'a line that is none of a trace' 1
words 'NULL if there is none; none of them is running' ''
words '-EINVAL if it is none' 1
words 'the size is no power of 2; there is no trace; it is no longer there' 1
words 'vectors that cannot be had' 1
words 'what stands in the ring; it stands in for the driver; that stands in for it' 1
words 'no event tells of it' 1
words 'fine.\n# Whose clock is behind goes first.' 2
words 'Who owns which struct\n=====================\n\nAll of it. Who asks? Those who do.' ''
words 'Who is neither is chosen by the policy.' 1
words 'For who uses it' 1
exit $RC
