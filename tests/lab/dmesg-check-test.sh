#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# dmesg-check.sh finds each kind of report, and nothing in a healthy log.
cd "$(dirname "$0")" || exit 1

TMP=$(mktemp)
trap 'rm -f "$TMP"' EXIT
N=0
RC=0

# try EXPECTED-STATUS NAME LINE
try()
{
	local rc=0

	N=$((N + 1))
	printf '[    1.0] Linux version 6.12\n%s\n[    2.0] reboot: Power down\n' "$3" >"$TMP"
	./dmesg-check.sh "$TMP" >/dev/null || rc=$?
	if [ $rc = "$1" ]; then
		echo "ok $N - $2"
	else
		echo "# status $rc for: $3"
		echo "not ok $N - $2"
		RC=1
	fi
}

echo "KTAP version 1"
echo "1..38"
try 0 "healthy" "[    1.5] clocksource: Switched to clocksource tsc"
try 0 "KASAN starts" "[    2.6] kasan: KernelAddressSanitizer initialized"
try 0 "a known nuisance" "[    1.9] amd_pstate: the _CPC object is not present in SBIOS or ACPI disabled"
try 1 "WARN_ON" "[    3.1] WARNING: CPU: 0 PID: 91 at kmod/main.c:12 tessera_probe+0x10/0x20 [tessera]"
try 1 "NULL dereference" "[    3.1] BUG: kernel NULL pointer dereference, address: 0000000000000008"
try 1 "BUG_ON" "[    3.1] kernel BUG at kmod/main.c:12!"
try 1 "oops" "[    3.1] Oops: Oops: 0002 [#1] PREEMPT SMP NOPTI"
try 1 "panic" "[    3.1] Kernel panic - not syncing: Fatal exception"
try 1 "stack trace" "[    3.1] Call Trace:"
try 1 "general protection" "[    3.1] general protection fault, probably for non-canonical address"
try 1 "lockdep cycle" "[    3.1] WARNING: possible circular locking dependency detected"
try 1 "lockdep state" "[    3.1] inconsistent lock state"
try 1 "lockdep recursion" "[    3.1] possible recursive locking detected"
try 1 "lockdep balance" "[    3.1] WARNING: bad unlock balance detected!"
try 1 "lockdep off" "[    3.1] turning off the locking correctness validator."
try 1 "RCU usage" "[    3.1] WARNING: suspicious RCU usage"
try 1 "a race of ours" "[    3.1] BUG: KCSAN: data-race in memcpy / tessera_ring_take [tessera]"
try 1 "a race of the guest driver's" "[    3.1] BUG: KCSAN: data-race in tdrm_gem_put [tessera_drm] / memset"
try 0 "a race of others" "[    3.1] BUG: KCSAN: data-race in tick_sched / tick_nohz
[    3.1]  tessera_ring_take+0x1/0x2 [tessera]
[    3.1] CPU: 0 UID: 0 PID: 242 Comm: test_dead Tainted: G           O       6.12.117-tessera-race #1"
try 1 "a race of others, and a bug" "[    3.1] BUG: KCSAN: data-race in tick_sched / tick_nohz
[    3.1] kernel BUG at kmod/main.c:12!"
try 1 "KASAN" "[    3.1] BUG: KASAN: slab-use-after-free in tessera_remove+0x1/0x2"
try 1 "UBSAN" "[    3.1] UBSAN: shift-out-of-bounds in kmod/main.c:1:2"
try 1 "kmemleak" "[    3.1] kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)"
try 1 "DMA-API" "[    3.1] DMA-API: tessera 0000:01:00.0: device driver frees DMA memory with wrong function"
try 1 "atomic sleep" "[    3.1] BUG: sleeping function called from invalid context at mm/slab.h:1"
try 1 "atomic schedule" "[    3.1] BUG: scheduling while atomic: sh/91/0x00000002"
try 1 "hung task" "[    3.1] INFO: task sh:91 blocked for more than 120 seconds."
try 1 "RCU stall" "[    3.1] rcu: INFO: rcu_preempt self-detected stall on CPU"
try 1 "soft lockup" "[    3.1] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [sh:91]"
try 1 "debug objects" "[    3.1] ODEBUG: free active (active state 0) object type: timer_list"
try 1 "reference count" "[    3.1] refcount_t: underflow; use-after-free."
try 1 "list corruption" "[    3.1] list_del corruption. prev->next should be x, but was y"
try 1 "ASan in user space" "==12==ERROR: AddressSanitizer: heap-buffer-overflow on address"
try 1 "UBSan in user space" "core.c:12:3: runtime error: signed integer overflow"
try 1 "segmentation fault" "[    3.1] test[91]: segfault at 0 ip 000055 sp 00007f error 4 in test"
DMESG_KNOWN='vfio_group_release|vmalloc error'
export DMESG_KNOWN
warned='[    3.1] WARNING: CPU: 0 PID: 151 at drivers/vfio/group.c:538 vfio_group_release+0xd3/0x100'
traced='[    3.1] Call Trace:'
try 0 "what a suite knows, with its trace" "$(printf '%s\n[    3.1] Modules linked in:\n%s' "$warned" "$traced")"
try 1 "another trace after that" "$(printf '%s\n%s\n%s' "$warned" "$traced" "$traced")"
unset DMESG_KNOWN
try 1 "and not where it is not known" "$warned"
exit $RC
