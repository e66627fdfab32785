# SPDX-License-Identifier: GPL-2.0-only
# For scripts that run in the virtual host: KTAP, the accelerator's two drivers, and test
# programs one after the other, with the kernel's log read after each.
# shellcheck shell=sh disable=SC2034

# The accelerator: its vendor and device
DEVICE=${DEVICE:-0x1234 0x7e55}
BDF=
for d in /sys/bus/pci/devices/*; do
	[ "$(cat "$d/vendor" "$d/device" | tr '\n' ' ')" = "$DEVICE " ] && BDF=${d##*/} && break
done
PCI=/sys/bus/pci/devices/$BDF
N=0
BAD=0
DMESG_N=0

# Results go to the port that kernel messages can't get into; a script that another one
# runs as a program of its own leaves them to that one.
ktap_begin()
{
	[ -n "${KTAP_NESTED:-}" ] || exec >/dev/ttyS1
	export KTAP_NESTED=1
	echo "KTAP version 1"
}

ktap_end()
{
	echo "1..$N"
	[ $BAD = 0 ]
	exit
}

# result STATUS NAME
result()
{
	N=$((N + 1))
	if [ "$1" = 0 ]; then
		echo "ok $N - $2"
	else
		echo "not ok $N - $2"
		BAD=$((BAD + 1))
	fi
}

# is NAME WANTED GOT
is()
{
	if [ "$2" = "$3" ]; then
		result 0 "$1"
	else
		echo "# wanted '$2', got '$3'"
		result 1 "$1"
	fi
}

# The errno's text of a write that has to fail: refused TEXT FILE
refused()
{
	if err=$(printf '%s' "$1" | dd of="$2" 2>&1); then
		echo "written"
	else
		echo "$err" | sed -n '1s/.*: //p'
	fi
}

# What the kernel has logged since the last call is to be sound: log_check NAME
log_check()
{
	dmesg -c >/tmp/dmesg.part
	if /tests/dmesg-check.sh /tmp/dmesg.part >/tmp/dmesg.bad; then
		return 0
	fi
	sed 's/^/# /' /tmp/dmesg.bad
	result 1 "$1: kernel log"
	return 1
}

# program NAME COMMAND...: its KTAP becomes that of a subtest
program()
{
	name=$1
	shift
	start=$(date +%s)
	"$@" >/tmp/program.out 2>&1
	rc=$?
	sed 's/\r$//; s/^/  /' /tmp/program.out
	echo "# $name: $(($(date +%s) - start)) s"
	[ $rc = 4 ] && rc=0
	result $rc "$name"
	log_check "$name"
}

driver()
{
	[ -e "$PCI/driver" ] && basename "$(readlink "$PCI/driver")"
}

# give_to DRIVER: by driver_override, as an operator does; '' for the kernel's own choice
give_to()
{
	echo "$1" >"$PCI/driver_override"
	[ -e "$PCI/driver" ] && echo "$BDF" >"$PCI/driver/unbind"
	echo "$BDF" >/sys/bus/pci/drivers_probe
}

mediate()
{
	modprobe tessera || return 1
	[ "$(driver)" = tessera ] || give_to tessera
	[ "$(driver)" = tessera ]
}

# vgpu TYPE UUID
vgpu()
{
	echo "$2" >"$PCI/mdev_supported_types/tessera-$1/create"
}

stat_of()
{
	cat "/sys/bus/mdev/devices/$1/vgpu/stats/$2"
}

# The kernel that looks for races has processors that run at once, which QEMU's emulation of SVM
# does not stand: no guests there
guests_can_run()
{
	case $(uname -r) in
	*-tessera-race) return 1 ;;
	esac
}

# in_guest NAME COMMAND...: KTAP of a program in a guest, as a subtest here
in_guest()
{
	g=$1
	shift
	program "$g: $*" guest run -t 400 "$g" "$*"
}

# The log of a guest that ran to its end well: guest_log NAME
guest_log()
{
	guest log "$1" | tr -d '\r' >/tmp/guest.log
	/tests/dmesg-check.sh /tmp/guest.log >/tmp/dmesg.bad
	rc=$?
	[ $rc = 0 ] || sed 's/^/# /' /tmp/dmesg.bad
	result $rc "$1: kernel log"
}

unmake()
{
	for u; do
		echo 1 >"/sys/bus/mdev/devices/$u/remove"
	done
}
