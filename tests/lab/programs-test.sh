#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# programs.sh lists which program is in which suite, and finds one that is in no suite or in two.
cd "$(dirname "$0")" || exit 1

DIR=$(mktemp -d)
trap 'rm -r "$DIR"' EXIT
N=0
RC=0

# is NAME WANTED GOT
is()
{
	N=$((N + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $N - $1"
	else
		echo "# wanted '$2', got '$3'"
		echo "not ok $N - $1"
		RC=1
	fi
}

# source_file FILE LINE: a test program with that line in its first comment
source_file()
{
	mkdir -p "$DIR/${1%/*}"
	printf '/*\n * a test\n * %s\n */\nint main(void)\n{\n}\n' "$2" >"$DIR/$1"
}

ask()
{
	"$DIR/tests/lab/programs.sh" "$@" 2>&1 | tr '\n' ' ' | sed 's/ $//'
	return "${PIPESTATUS[0]}"
}

mkdir -p "$DIR/tests/lab"
cp programs.sh "$DIR/tests/lab/"
cat >"$DIR/tests/suites" <<-EOT
	# comment
	near	check	10	near/test_*.c,near/*-test.sh	true
	far	check	10	far/test_*.c			true
	other	check	10	-				true
EOT
source_file near/test_a.c ""
source_file near/test_b.c "Suite: other"
source_file near/test_c.c "Also: other far"
source_file near/some-test.sh ""
source_file near/helper.c ""
source_file far/test_d.c "Alone: it hangs"
source_file far/test_e.c ""
source_file out/test_f.c ""
source_file far/build/test_g.c ""

echo "KTAP version 1"
echo "1..13"
is "by pattern" "near/some-test.sh near/test_a.c near/test_c.c" "$(ask near)"
is "by its own word" near/test_b.c "$(ask other)"
is "runs elsewhere as well" near/test_c.c "$(ask --also far)"
is "alone" far/test_d.c "$(ask --alone far)"
is "together" far/test_e.c "$(ask --together far)"
is "an unknown suite" "programs.sh: no suite 'nearby' in tests/suites 2" "$(ask nearby; echo " $?")"
is "all are in one suite" 0 "$(ask --check; echo $?)"
is "the list" "far/test_d.c: far" "$(ask --list | tr -s ' ' | grep -o 'far/test_d.c: far')"

source_file third/test_h.c ""
is "a program in none" "third/test_h.c: in no suite of tests/suites 1" "$(ask --check; echo " $?")"
source_file third/test_h.c "Suite: nearby"
is "a program in one that is unknown" "third/test_h.c: no suite nearby in tests/suites 1" \
	"$(ask --check; echo " $?")"
source_file third/test_h.c "Suite: near far"
is "a program that names two" "third/test_h.c: in more than one suite: near far 1" \
	"$(ask --check; echo " $?")"
rm "$DIR/third/test_h.c"
printf 'again\tcheck\t10\tfar/test_e.c\ttrue\n' >>"$DIR/tests/suites"
is "a program that two suites take" "far/test_e.c: in more than one suite: again far 1" \
	"$(ask --check; echo " $?")"
sed -i '$d' "$DIR/tests/suites"
printf 'empty\tcheck\t10\tnone/test_*.c\ttrue\n' >>"$DIR/tests/suites"
is "a suite without any" "tests/suites: empty has no program 1" "$(ask --check; echo " $?")"
exit $RC
