#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Count instructions a decision by callgrind: instructions.sh BUILD_DIRECTORY, in the directory
# that it is in, with the simulator built next to it, which says what policies there are.
# Writes instructions.json there, as {"POLICY": {"VGPUS": INSTRUCTIONS}}, and a plot.
set -euo pipefail
dir=$1
numbers="1 10 100 1000 10000"
policies=$(../sim/build/simulate --list-policies | awk '{ print $1 }' | xargs)
decisions=4000

command -v valgrind >/dev/null || { echo "instructions.sh: valgrind is missing" >&2; exit 1; }

count()
{
	valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=measured \
		"$dir/bench_decisions" "$1" "$2" "$decisions" 2>&1 |
		awk -v n="$decisions" '/Collected :/ { printf "%.0f\n", $NF / n; found = 1 }
			END { exit !found }'
}

json=$dir/instructions.json
data=$dir/instructions.dat
: > "$data"
{
	echo "{"
	for p in $policies; do
		printf '  "%s": {' "$p"
		for n in $numbers; do
			c=$(count "$p" "$n")
			[ "$n" = 1 ] || printf ', '
			printf '"%s": %s' "$n" "$c"
			echo "$p $n $c" | tee -a "$data" >&2
		done
		[ "$p" = "${policies##* }" ] && echo "}" || echo "},"
	done
	echo "}"
} > "$json.partial"
mv "$json.partial" "$json"

if command -v gnuplot >/dev/null; then
	gnuplot <<-EOT
		set terminal svg size 640,400
		set output "$dir/instructions.svg"
		set logscale x
		set yrange [0:*]
		set key left top
		set xlabel "vGPUs"
		set ylabel "instructions a decision"
		plot for [p in "$policies"] \
			"< grep '^".p." ' $data" using 2:3 with linespoints title p
	EOT
fi
