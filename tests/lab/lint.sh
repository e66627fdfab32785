#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Static checks, as KTAP: checkpatch --strict, W=1 and sparse builds of the modules for both
# kernels, the layers of kmod and sched, prefixes of symbols, kernel-doc, cppcheck, codespell, wording, the
# syntax of shell, Python and reStructuredText, each test program in one suite, and the house rules.
set -u
. "$(dirname "$0")/lib.sh"
cd "$REPO" || exit 1

"$LAB/setup.sh" --tree </dev/null || exit 1
TREE=$(tree_dir)
LOGS=${SUITE_OUT:-$OUT/lint}
mkdir -p "$LOGS"
N=0
RC=0

files()
{
	in_tree git -c safe.directory=/repo ls-files -z --cached --others --exclude-standard -- "$@" |
		tr '\0' '\n' |
		while read -r f; do
			[ -f "$f" ] && echo "$f"
		done
}

in_tree()
{
	"$LAB/in-tree.sh" "$@"
}

# check NAME COMMAND...: its output is shown if it fails
check()
{
	local name=$1 log

	shift
	N=$((N + 1))
	log=$LOGS/$N.log
	if "$@" >"$log" 2>&1 </dev/null; then
		echo "ok $N - $name"
	else
		head -n 60 "$log" | sed 's/^/# /'
		echo "not ok $N - $name"
		RC=1
	fi
}

# What a check says depends on nothing but what goes into it. What passed once, in whatever clone
# that shares the cache, is not done again: a mark in the cache says so.
# mark NAME TEXT|FILE...: where it is, for what went in
mark()
{
	local name=$1

	shift
	printf '%s/passed/%s-%s\n' "$CACHE" "$name" "$(key "${TREE##*/}" "$@")"
}

# passed MARK
passed()
{
	[ -f "$1" ] && touch "$1"
}

pass()
{
	mkdir -p "$CACHE/passed"
	touch "$@"
}

# build RELEASE: all sources go in, with what makes kernel modules of them
run_build()
{
	local mark

	mark=$(mark "build-$1" "$(kernel_release "$1")" "$LAB/build.sh" \
		"$(files '*.[chS]' '*Kbuild' '*Makefile' '*.sh' | xargs sha256sum)")
	passed "$mark" && return
	"$LAB/build.sh" --lint "$1" && pass "$mark"
}

run_checkpatch()
{
	local rc=0 list where kind types=SPLIT_STRING kernel trace user tests uapi options f mark marks

	# What user space or QEMU compiles has none of the kernel's macros and types, and has
	# libraries' names. The headers of the interface are tables with a comment on every line.
	# Tracepoints are laid out as the kernel's own are, which checkpatch doesn't know.
	# An iterator such as for_each_dispatcher() names its arguments more than once
	kernel=$types,MACRO_ARG_REUSE
	trace=$types,PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE,MACRO_ARG_REUSE,COMPLEX_MACRO,SPACING
	user=$types,PREFER_KERNEL_TYPES,BIT_MACRO,CAMELCASE,PREFER_DEFINED_ATTRIBUTE_MACRO,ARRAY_SIZE,STRCPY
	# policies.h is a list that is included twice
	user=$user,COMPLEX_MACRO,TRAILING_SEMICOLON,MACRO_WITH_FLOW_CONTROL,CONST_STRUCT,UNCOMMENTED_DEFINITION,MEMORY_BARRIER,VOLATILE
	# kselftest's macros take literals of many lines, and FIXTURE_DATA(x) *self for a product
	tests=$user,SPACING,PARENTHESIS_ALIGNMENT,MACRO_ARG_REUSE
	uapi=$user,LINE_SPACING,LONG_LINE,LONG_LINE_COMMENT
	while read -r kind where; do
		mapfile -t list < <(files ":(glob)$where*.c" ":(glob)$where*.h" |
			if [ "$kind" = trace ]; then grep '^kmod/trace\.h$'; else grep -v '^kmod/trace\.h$'; fi)
		[ ${#list[@]} = 0 ] && continue
		options=(--no-tree --strict --terse --show-types --no-summary --max-line-length=100
			 --ignore "${!kind}")
		marks=()
		for f in "${list[@]}"; do
			mark=$(mark checkpatch "${options[*]}" "$f" "$(sha256sum "$f")")
			passed "$mark" || marks+=("$mark $f")
		done
		[ ${#marks[@]} = 0 ] && continue
		# One file at a time: given several, it loses sight of the comments in all but the first
		if printf '%s\n' "${marks[@]#* }" | in_tree xargs -P "$JOBS" -n 1 \
			/usr/src/kernel-tools/scripts/checkpatch.pl "${options[@]}" -f; then
			pass "${marks[@]%% *}"
		else
			rc=1
		fi
	done <<-EOT
		kernel kmod/**/
		trace kmod/
		kernel guest-driver/
		user guest-driver/*/**/
		uapi uapi/
		user sched/**/
		user qemu-patches/**/
		tests tests/**/
		user tools/**/
	EOT
	rm -f .checkpatch-camelcase.*	# its memory of names, left where it ran
	return $rc
}

run_cppcheck()
{
	local list

	# GLib's assertions take operators as arguments, which is past its parser
	mapfile -t list < <(files '*.c' | grep -v ^qemu-patches/files/tests/)
	[ ${#list[@]} = 0 ] && return
	in_tree cppcheck --quiet --error-exitcode=1 --inline-suppr --enable=warning,performance \
		--suppress=missingInclude --suppress=missingIncludeSystem --suppress=unknownMacro \
		--suppress=unmatchedSuppression --suppress=nullPointerOutOfMemory --suppress=preprocessorErrorDirective --suppress=normalCheckLevelMaxBranches --check-level=normal --max-configs=1 \
		-j"$JOBS" -DCONFIG_64BIT -I uapi "${list[@]}"
}

run_codespell()
{
	local list

	mapfile -t list < <(files | grep -v -e '^data/' -e '^LICENSES/' -e '^tests/fuzz/corpus/' -e '\.gz$' -e '\.html$' -e '\.svg$' -e '\.png$')
	in_tree codespell --ignore-words-list=aer,som,ot,fo,inout,ser,vas,filp,iput,fro,renderD,rendered "${list[@]}"
}

run_shellcheck()
{
	local list

	mapfile -t list < <({ files '*.sh' '.ci/run' 'tests/lab/image/*' tools/tessera; } | sort -u)
	in_tree shellcheck -x -S warning -e SC1090,SC1091,SC2034 "${list[@]}"
}

run_python()
{
	local list

	mapfile -t list < <({ files '*.py'; files tools tests scripts | xargs -r grep -lE '^#!.*python' ; } | sort -u)
	[ ${#list[@]} = 0 ] && return
	in_tree python3 -c 'import ast, sys
for f in sys.argv[1:]:
    ast.parse(open(f).read(), f)' "${list[@]}"
}

run_rst()
{
	local list

	mapfile -t list < <(files '*.rst')
	[ ${#list[@]} = 0 ] && return
	# Sphinx's own roles and directives are no errors here
	in_tree sh -c 'bad=0
		for f; do
			python3 -m docutils --report=2 --halt=5 "$f" 2>&1 >/dev/null | grep -v \
				-e "Unknown directive type" -e "Unknown interpreted text role" \
				-e "No directive entry" -e "No role entry" -e "No module named" |
				grep -E "^[^ ]*:[0-9]+: \((ERROR|WARNING|SEVERE)" && bad=1
		done
		exit $bad' sh "${list[@]}"
}

# Every licence that a file names has its text in LICENSES
check_licences()
{
	local id bad=0

	while read -r id; do
		grep -rqxE "(Valid-License|SPDX-Exception)-Identifier: $id" LICENSES ||
			{ echo "LICENSES: no text of $id"; bad=1; }
	done < <(files | grep -v '^LICENSES/' | tr '\n' '\0' |
		xargs -0 sed -s -nE '1,3s,.*SPDX-License-Identifier: ([A-Za-z0-9. -]*[A-Za-z0-9]).*,\1,p' |
		sed 's/ \(WITH\|AND\|OR\) /\n/g' | sort -u)
	return $bad
}

# Every pattern of MAINTAINERS is that of files, and every file is some part's
check_maintainers()
{
	local f pattern list bad=0

	mapfile -t list < <(sed -n 's/^F:[[:space:]]*//p' MAINTAINERS)
	for pattern in "${list[@]}"; do
		# shellcheck disable=SC2086 # a pattern
		ls -d $pattern >/dev/null 2>&1 || { echo "MAINTAINERS: no $pattern"; bad=1; }
	done
	while read -r f; do
		for pattern in "${list[@]}"; do
			# shellcheck disable=SC2254 # a pattern it is
			case $f in $pattern | ${pattern%/}/*) continue 2 ;; esac
		done
		echo "MAINTAINERS: no part has $f"
		bad=1
	done < <(files)
	return $bad
}

run_house()
{
	local f bad=0

	check_licences || bad=1
	check_maintainers || bad=1

	for f in $(files '*.c' '*.h' '*.sh' '*.py' '*.awk' '*.rst' 'Makefile' '*/Makefile' 'Kbuild' '*/Kbuild'); do
		head -n 3 "$f" | grep -q 'SPDX-License-Identifier: ' || { echo "$f: no SPDX line"; bad=1; }
		[ "$(wc -l <"$f")" -le 1200 ] || { echo "$f: over 1200 lines"; bad=1; }
		if grep -nE '\<(TODO|FIXME|XXX)\>' "$f" | grep -v 'TODO|FIXME'; then
			echo "$f: unfinished work"
			bad=1
		fi
	done
	return $bad
}

run_kernel_doc()
{
	local list

	mapfile -t list < <(files 'uapi/*.h' 'kmod/*.[ch]' 'guest-driver/*.[ch]' 'sched/*.[ch]' \
		'qemu-patches/files/*.[ch]')
	[ ${#list[@]} = 0 ] && return
	in_tree /usr/src/kernel-tools/scripts/kernel-doc -none -Wall -Werror "${list[@]}"
}

run_words()
{
	local list

	mapfile -t list < <(files | grep -v -e '^data/' -e '^LICENSES/' -e '^tests/fuzz/corpus/' -e '^tests/lab/words' \
		-e '\.gz$' -e '\.html$' -e '\.svg$' -e '\.png$' -e '\.csv$')
	in_tree python3 tests/lab/words.py "${list[@]}"
}

# Without a list of files every check would pass
[ -n "$(files 'tests/lab/*.sh')" ] || die "lint.sh: no clone to check"

echo "KTAP version 1"
echo "1..15"
check "checkpatch --strict" run_checkpatch
check "W=1 and sparse, Linux 6.12" run_build 6.12
check "W=1 and sparse, Linux 6.1" run_build 6.1
"$LAB/build.sh" 6.12 || RC=1
check "layers of kmod and sched" in_tree python3 tests/lab/layers.py . out/build/6.12
check "prefixes of symbols" in_tree python3 tests/lab/names.py . out/build/6.12
check "kernel-doc" run_kernel_doc
check "kernel-doc of what headers declare" in_tree python3 tests/lab/kerneldoc.py .
check "cppcheck" run_cppcheck
check "codespell" run_codespell
check "wording" run_words
check "shellcheck" run_shellcheck
check "Python" run_python
check "reStructuredText" run_rst
check "each test program in one suite" "$LAB/programs.sh" --check
check "licences, maintainers, length, unfinished work" run_house
exit $RC
