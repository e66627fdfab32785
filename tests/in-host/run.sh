#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The suites that need the virtual host, as tests/suites names them: run.sh SUITE; for the hostile
# ones also run.sh SUITE SECONDS [SEED [FIRST]], for those of recovery
# run.sh SUITE KILLS [SEED [UNBINDS [FLRS [HANGS]]]].
# One boot serves a suite. Its programs are those that tests/lab/programs.sh lists, as built in
# out/build/user.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lab/lib.sh

BUILT=$OUT/build/user/tests
STAGE=${SUITE_OUT:-$OUT/tests/in-host-$1}/stage
# Clearing VRAM is most of a vGPU's making; the smoke test has the default size
SMALL=vram=64M,hang=on

# The same files, by the same names, in the virtual host and in its guests: /tests
stage()
{
	local d f

	rm -rf "$STAGE"
	mkdir -p "$STAGE"
	for d in vfio host guest edu hostile recovery errors in-host; do
		mkdir -p "$STAGE/$d"
		for f in "tests/$d"/*.sh "$BUILT/$d"/*; do
			[ -f "$f" ] && [ -x "$f" ] && cp "$f" "$STAGE/$d/"
		done
		cp "tests/$d"/*.sh "$STAGE/$d/" 2>/dev/null
	done
	cp tests/lab/dmesg-check.sh "$STAGE/"
}

# in_host BOOT-OPTIONS... -- SCRIPT ARGS...
in_host()
{
	stage
	tests/lab/in-host.sh --add "$STAGE:/tests" "$@"
}

# programs OPTIONS OF programs.sh: as they lie below /tests; each has to be built
programs()
{
	local list f

	list=$(tests/lab/programs.sh "$@") || exit 1
	for f in $list; do
		f=${f#tests/}
		f=${f%.c}
		[ -x "$BUILT/$f" ] || die "tests/$f.c is not built: run tests/lab/build.sh user"
		echo "$f"
	done
}

# A suite says the same of the same code; a longer run has another seed each time
SEED=${3:-1}
[ -n "${2:-}" ] && [ -z "${3:-}" ] && SEED=$((RANDOM * 32768 + RANDOM))
PROGRAMS=$(programs "$1") || exit 1
ALSO=$(programs --also "$1") || exit 1
# shellcheck disable=SC2086 # words
case $1 in
vfio)
	in_host --dev "$SMALL" --timeout 500 -- tests/in-host/vfio.sh $PROGRAMS
	;;
lifecycle)
	# perf and its libraries are not worth having in every image
	# and the others are for what one accelerator can't show: see tests/host
	in_host --add "$(tree_dir)/usr/bin/perf:/usr/bin/perf" --dev "$SMALL" \
		--dev vram=64M,switch-us=4000000 --device edu --timeout 300 -- \
		tests/in-host/lifecycle.sh $PROGRAMS
	;;
guests)
	in_host --guest-add "$STAGE:/tests" --dev "$SMALL" --timeout 900 -- tests/in-host/guests.sh \
		"$(programs --together "$1" | tr '\n' ' ')" "$(programs --alone "$1" | tr '\n' ' ')"
	;;
shares)
	in_host --guest-add "$STAGE:/tests" --det --dev "$SMALL" --timeout 900 -- \
		tests/in-host/shares.sh $PROGRAMS
	;;
edu)
	# Bytes and factorials are the same on a debug kernel, but take many times as long
	[ "${TESSERA_KERNEL:-}" = debug ] && ROUNDS=${ROUNDS:-20}
	in_host --guest-add "$STAGE:/tests" --det --iommu --dev none --device edu --timeout 1200 -- \
		tests/in-host/edu.sh "${ROUNDS:-1000}" $PROGRAMS
	;;
hostile)
	in_host --guest-add "$STAGE:/tests" --det --dev "$SMALL" --timeout $((${2:-0} * 10 + 560)) -- \
		tests/in-host/hostile.sh exact "$SEED" "${4:-0}" 400 "${2:-0}"
	;;
hostile-smp)
	in_host --guest-add "$STAGE:/tests" --dev "$SMALL" --timeout $((${2:-0} + 560)) -- \
		tests/in-host/hostile.sh ordinary "$SEED" "${4:-0}" 400 "${2:-0}"
	;;
recovery | recovery-smp)
	set -- "$1" "${2:-25}" "$SEED" "${4:-3}" "${5:-12}" "${6:-100}"
	CLOCK=(exact --det --append preempt=full)
	[ "$1" = recovery ] || CLOCK=(ordinary)
	in_host --guest-add "$STAGE:/tests" --dev "$SMALL" "${CLOCK[@]:1}" \
		--timeout $((500 + 4 * $2 + 20 * $4 + 5 * $5 + $6)) -- \
		tests/in-host/recovery.sh "${CLOCK[0]}" "$3" "$2" "$4" "$5" "$6"
	;;
errors)
	# The kernel's own: VFIO warns where it can't make a group, and every vmalloc() that fails is logged
	export DMESG_KNOWN='vfio_group_release|vmalloc error: |page allocation failure: '
	# Where a cache of slabs is shared by several users, it can't be told to fail for some of them
	in_host --append slab_nomerge --dev vram=32M,hang=on --device edu --timeout 600 -- \
		tests/in-host/errors.sh "$DMESG_KNOWN" $PROGRAMS
	;;
smoke-6.1)
	TESSERA_KERNEL=6.1 in_host --guest-add "$STAGE:/tests" --dev hang=on --timeout 300 -- \
		tests/in-host/smoke.sh $PROGRAMS $ALSO
	;;
*)
	die "run.sh: no suite $1"
	;;
esac
