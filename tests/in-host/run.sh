#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The suites that need the virtual host, as tests/suites names them: run.sh SUITE.
# One boot serves a suite; what is built is taken from out/build/user.
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
	for d in vfio host guest bench; do
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

case $1 in
vfio)
	in_host --dev "$SMALL" --timeout 500 -- tests/in-host/vfio.sh \
		vfio/test_{config,regions,ctrl,admin,map,commands,isolation,irq,faults,reset,hang,trace,many,fuzz}
	;;
lifecycle)
	# perf and its libraries are not worth having in every image
	in_host --add "$(tree_dir)/usr/bin/perf:/usr/bin/perf" --dev "$SMALL" --timeout 300 -- \
		tests/in-host/lifecycle.sh
	;;
guests)
	in_host --guest-add "$STAGE:/tests" --dev "$SMALL" --timeout 500 -- tests/in-host/guests.sh
	;;
shares)
	in_host --guest-add "$STAGE:/tests" --det --dev "$SMALL" --timeout 500 -- tests/in-host/shares.sh
	;;
smoke)
	TESSERA_KERNEL=6.1 in_host --guest-add "$STAGE:/tests" --dev hang=on --timeout 300 -- \
		tests/in-host/smoke.sh \
		vfio/test_{config,regions,ctrl,irq,faults,reset}
	;;
*)
	die "run.sh: no suite $1"
	;;
esac
