#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The virtual bench itself, in the virtual host: KVM, two inner guests at once, their commands.
# Suite: lab-self
exec >/dev/ttyS1
N=0
RC=0

# check NAME EXPECTED GOT
check()
{
	N=$((N + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $N - $1"
	else
		echo "# expected '$2', got '$3'"
		echo "not ok $N - $1"
		RC=1
	fi
}

echo "KTAP version 1"
echo "1..10"
check "KVM is there" yes "$([ -c /dev/kvm ] && echo yes)"
check "mdev is there" yes "$([ -d /sys/bus/mdev ] && echo yes)"
guest start a --nowait
guest start b --nowait
guest ready a b
check "two guests come up" 0 $?
check "output of a command" "$(uname -r) x" "$(guest run a 'uname -r | tr "\n" " "; echo x')"
guest run b 'exit 7'
check "status of a command" 7 $?
job=$(guest run --bg a 'sleep 1; echo late; exit 3')
check "a command beside it" early "$(guest run a 'echo early')"
out=$(guest wait a "$job")
check "a command in the background" "3 late" "$? $out"
guest run -t 1 b 'sleep 60' 2>/dev/null
check "a time-out" 124 $?
guest stop a
check "power off" 0 $?
guest kill b
guest run b true 2>/dev/null
check "a guest whose plug was pulled" 125 $?
exit $RC
