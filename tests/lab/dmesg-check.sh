#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# dmesg-check.sh FILE...: print every line of a kernel log or console that reports a bug in
# the kernel or of a sanitizer's finding; exit 1 if there is one, 2 if a file can't be read.
# DMESG_KNOWN in the environment: what else is known, a regular expression without backslashes, where
# a suite has the kernel report things that are not our bugs.
set -u

# What the kernel and the sanitizers print, by who prints it
BAD='WARNING: |BUG: |BUG at |kernel BUG|Oops|Kernel panic|general protection fault|Call Trace:'
BAD="$BAD|unable to handle|unable to mount|stack segment|divide error:|double fault|invalid opcode:"
BAD="$BAD|circular locking|inconsistent lock state|lock held when returning|held lock freed"
BAD="$BAD|bad unlock balance|suspicious RCU usage|possible recursive locking|irq lock inversion"
BAD="$BAD|INFO: possible|INFO: trying to register non-static|turning off the locking correctness"
BAD="$BAD|KASAN:|UBSAN:|KCSAN:|KMSAN:|kmemleak: [0-9]+ new|DMA-API:.*(error|leak|device driver)"
BAD="$BAD|scheduling while atomic|sleeping function called|blocked for more than|hung_task"
BAD="$BAD|rcu.*(stall|self-detected)|soft lockup|hard LOCKUP|workqueue lockup|ODEBUG:|refcount_t:"
BAD="$BAD|list_(add|del) corruption|Bad page|page allocation failure|Object .*still in use|SLUB.*(error|BUG)"
BAD="$BAD|Objects remaining|ERROR: [A-Za-z]*Sanitizer|runtime error:|stack smashing"
BAD="$BAD|trap .*ip:|segfault at|protection fault ip:"

# Not ours, and nothing to be done about them here
KNOWN='amd_pstate: the _CPC object is not present'	# TCG's processor has no ACPI performance table

KNOWN=$KNOWN${DMESG_KNOWN:+|$DMESG_KNOWN}

# unknown FILE: it, with empty lines for what is known, and for the trace that comes with it; and for
# races between functions of which none is our modules', of which the kernel has dozens
unknown()
{
	awk -v known="$KNOWN" '
		/BUG: KCSAN:/ && !/\[tessera/ { print ""; next }
		$0 ~ known { at = NR; print ""; next }
		/Call Trace:/ && at && NR - at < 30 { at = 0; print ""; next }
		{ print }' "$1"
}

[ $# -gt 0 ] || { echo "usage: dmesg-check.sh FILE..." >&2; exit 2; }
rc=0
for f; do
	[ -r "$f" ] || { echo "dmesg-check: no $f" >&2; exit 2; }
	if unknown "$f" | grep -naE "$BAD"; then
		rc=1
	fi
done
exit $rc
