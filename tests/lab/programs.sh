#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Which test program is in which suite, asked by all that run suites and by lint:
#   programs.sh SUITE               the sources of a suite's programs
#   programs.sh --alone SUITE       of these, those that want the accelerator to themselves
#   programs.sh --together SUITE    of these, the others
#   programs.sh --also SUITE        programs of other suites that this one runs as well
#   programs.sh --list              every test program, with its suites
#   programs.sh --check             fail, and name it, if a program is not in exactly one suite
#
# A test program is a file named test_*.c, test_*.py, *-test.c or *-test.sh. Its suite is the
# one in whose PROGRAMS, in tests/suites, it is, unless a line of its first comment says
# "Suite: NAME". Other lines there: "Also: NAME..." and "Alone: WHY".
set -u
REPO=$(cd "$(dirname "$0")/../.." && pwd)
cd "$REPO" || exit 1

declare -A PROGRAMS=()	# patterns by suite
while read -r name _ _ patterns _; do
	case $name in '' | \#*) continue ;; esac
	PROGRAMS[$name]=$patterns
done <tests/suites

sources()
{
	find . \( -name .git -o -name build -o -path ./out \) -prune -o -type f \
		\( -name 'test_*.c' -o -name 'test_*.py' -o -name '*-test.c' -o -name '*-test.sh' \) -print |
		sed 's|^\./||' | LC_ALL=C sort
}

# marked FILE WORD: what its line "WORD: ..." says
marked()
{
	sed -n "25q; s|^[ /*#]*$2: *||p" "$1"
}

# suites_of FILE: those that run it at home
suites_of()
{
	local said name pattern

	said=$(marked "$1" Suite)
	if [ -n "$said" ]; then
		echo "$said"
		return
	fi
	for name in "${!PROGRAMS[@]}"; do
		for pattern in $(set -f; echo "${PROGRAMS[$name]}" | tr ',' ' '); do
			# shellcheck disable=SC2254 # a pattern it is
			case $1 in $pattern) echo "$name" ;; esac
		done
	done | sort -u | tr '\n' ' ' | sed 's/ $//'
}

check()
{
	local f name list used='' bad=0

	while read -r f; do
		list=$(suites_of "$f")
		used="$used $list $(marked "$f" Also)"
		# shellcheck disable=SC2086 # words
		set -- $list
		case $# in
		0) echo "$f: in no suite of tests/suites"; bad=1 ;;
		1) ;;
		*) echo "$f: in more than one suite: $list"; bad=1 ;;
		esac
		for name in $list $(marked "$f" Also); do
			[ -n "${PROGRAMS[$name]:-}" ] || { echo "$f: no suite $name in tests/suites"; bad=1; }
		done
	done < <(sources)
	for name in "${!PROGRAMS[@]}"; do
		case " $used " in *" $name "*) continue ;; esac
		[ "${PROGRAMS[$name]}" = - ] || { echo "tests/suites: $name has no program"; bad=1; }
	done
	return $bad
}

WHICH=${1:-}
case $WHICH in
--check) check; exit ;;
--list | --also | --alone | --together) shift ;;
-*) echo "programs.sh: unknown option $WHICH (the file's head lists them)" >&2; exit 2 ;;
esac
SUITE=${1:-}
if [ "$WHICH" != --list ] && [ -z "${PROGRAMS[${SUITE:--}]:-}" ]; then
	echo "programs.sh: no suite '$SUITE' in tests/suites" >&2
	exit 2
fi
while read -r f; do
	case $WHICH in
	--list)
		also=$(marked "$f" Also)
		echo "$f: $(suites_of "$f")${also:+, also $also}"
		continue
		;;
	--also)
		case " $(marked "$f" Also) " in *" $SUITE "*) echo "$f" ;; esac
		continue
		;;
	--alone) [ -n "$(marked "$f" Alone)" ] || continue ;;
	--together) [ -z "$(marked "$f" Alone)" ] || continue ;;
	esac
	case " $(suites_of "$f") " in *" $SUITE "*) echo "$f" ;; esac
done < <(sources)
