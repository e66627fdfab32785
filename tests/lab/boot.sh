#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Boot the virtual host with a Tessera accelerator in it and run a script there as root.
#
#   boot.sh [options] --out DIR -- SCRIPT [ARGUMENT...]
#     --kernel 6.12|6.1|debug|race|kunit  the virtual host's kernel (6.12)
#     --dev 'vram=256M,...'       properties of the accelerator; may be repeated for more of
#                                 them; 'none' for no accelerator
#     --device WORDS              another device of QEMU's, such as edu; may be repeated
#     --det                       deterministic: one exact virtual clock (DETERMINISTIC=1 too)
#     --iommu                     with an IOMMU, so that a whole function can be passed on
#     --timeout SECONDS           of wall clock (600), times TESSERA_TIME_FACTOR
#     --mem SIZE                  the virtual host's memory (4G)
#     --append WORDS              for its kernel's command line
#     --add FILE:PATH             put a file or directory into the virtual host's image
#     --guest-add FILE:PATH       the same for the inner guests' image
#     --modules DIR               where the modules are (out/build/KERNEL)
#
# DIR gets console.log (kernel messages, the script's output), result (what the script wrote
# to /dev/ttyS1, byte for byte) and status. boot.sh exits as the script did; 124 after a
# time-out, 125 when the virtual host died before the script had ended.
set -eu
. "$(dirname "$0")/lib.sh"

KERNEL=6.12
DEVS=()
OTHERS=()
DET=${DETERMINISTIC:-0}
IOMMU=0
TIMEOUT=600
MEM=
APPEND=
ADD=()
GUEST_ADD=()
RUN=
MODULES=

while [ $# -gt 0 ]; do
	case $1 in
	--kernel) KERNEL=$2; shift ;;
	--out) RUN=$2; shift ;;
	--dev) DEVS+=("$2"); shift ;;
	--device) OTHERS+=(-device "$2"); shift ;;
	--det) DET=1 ;;
	--iommu) IOMMU=1 ;;
	--timeout) TIMEOUT=$2; shift ;;
	--mem) MEM=$2; shift ;;
	--append) APPEND=$2; shift ;;
	--add) ADD+=("$2"); shift ;;
	--guest-add) GUEST_ADD+=("$2"); shift ;;
	--modules) MODULES=$2; shift ;;
	--) shift; break ;;
	*) die "boot.sh: unknown option $1 (the file's head lists them)" ;;
	esac
	shift
done
[ -n "$RUN" ] || die "boot.sh: --out DIR is missing"
[ $# -gt 0 ] || die "boot.sh: no script"
SCRIPT=$1
shift
[ -f "$SCRIPT" ] || die "boot.sh: no script $SCRIPT"
[ "$DET" = 0 ] || DET=1
MODULES=${MODULES:-$OUT/build/$KERNEL}
TIMEOUT=$((TIMEOUT * ${TESSERA_TIME_FACTOR:-1}))

IMAGE=$(image_dir "$KERNEL")
QEMU=$(qemu_dir)
# Shadow memory and page tracking take theirs
[ -n "$MEM" ] || { [ "$KERNEL" = debug ] && MEM=6G || MEM=4G; }
[ -d "$IMAGE" ] && [ -d "$QEMU" ] || "$LAB/setup.sh" "$KERNEL" </dev/null
# A guest of such a host is a stock one: it is the host that is being watched
GUEST_KERNEL=$KERNEL
own_kernel "$KERNEL" && GUEST_KERNEL=6.12
KREL=$(cat "$IMAGE/release")
GUEST_KREL=$(cat "$IMAGE/guest-release")

mkdir -p "$RUN"
RUN=$(cd "$RUN" && pwd)
rm -rf "$RUN"/{console.log,result,status,*.stage,*.cpio,qemu.log}

# stage_links DIR: as in every image, so that files go where the links point, not next to them
stage_links()
{
	local d

	for d in bin sbin lib lib64; do
		mkdir -p "$1/usr/$d"
		ln -s "usr/$d" "$1/$d"
	done
}

# put_all STAGE FILE:PATH...
put_all()
{
	local stage=$1 a from to

	shift
	for a; do
		from=${a%%:*}
		to=$stage${a#*:}
		[ -e "$from" ] || die "boot.sh: no $from"
		mkdir -p "${to%/*}"
		cp -RL "$from" "$to"
	done
}

# put_modules STAGE DIR RELEASE: our modules, for modprobe
put_modules()
{
	local f

	for f in "$2"/kmod/*.ko "$2"/guest-driver/*.ko "$2"/tests/*/*.ko; do
		[ -f "$f" ] || continue
		mkdir -p "$1/usr/lib/modules/$3/extra"
		cp "$f" "$1/usr/lib/modules/$3/extra/"
	done
}

# overlay host|guest RELEASE
overlay()
{
	"$LAB/in-tree.sh" --bind "$RUN:/out" --bind "$IMAGE:/build" \
		/repo/tests/lab/image.sh overlay "$2" "$1"
	rm -rf "$RUN/$1.stage"
}

stage_links "$RUN/guest.stage"
cp "$LAB/image/guest-init" "$RUN/guest.stage/init"
put_modules "$RUN/guest.stage" "$OUT/build/$GUEST_KERNEL" "$GUEST_KREL"
put_all "$RUN/guest.stage" "${GUEST_ADD[@]}"
overlay guest "$GUEST_KREL"

stage_links "$RUN/host.stage"
cp "$LAB/image/host-init" "$RUN/host.stage/init"
mkdir -p "$RUN/host.stage/lab"
cp "$LAB/image/guest" "$RUN/host.stage/lab/guest"
echo "${TESSERA_TIME_FACTOR:-1}" >"$RUN/host.stage/lab/time-factor"
cp "$SCRIPT" "$RUN/host.stage/lab/script"
chmod 755 "$RUN/host.stage/lab/script"
: >"$RUN/host.stage/lab/args"
[ $# -eq 0 ] || printf '%s\n' "$@" >"$RUN/host.stage/lab/args"
mv "$RUN/guest.cpio" "$RUN/host.stage/lab/guest-overlay.cpio"
put_modules "$RUN/host.stage" "$MODULES" "$KREL"
put_all "$RUN/host.stage" "${ADD[@]}"
overlay host "$KREL"
cat "$IMAGE/host-base.cpio" "$RUN/host.cpio" >"$RUN/initrd.cpio"
rm "$RUN/host.cpio"

# Tests of the kernel's own ciphers, and keys for signatures of modules, which none has here, are
# much of a boot; guests do without them too
CMDLINE="console=ttyS0 panic=-1 oops=panic nokaslr random.trust_cpu=off mitigations=off"
CMDLINE="$CMDLINE initcall_blacklist=jent_mod_init,crypto_kdf108_init,load_system_certificate_list"
MACHINE=q35
# /dev/kvm may exist where it serves only other kinds of guest: the CPU's flags decide
if [ "$DET" = 1 ]; then
	ARGS=(-accel tcg -icount "shift=0,sleep=off" -smp 1 -cpu "max,-rdrand,-rdseed"
	      -rtc "base=2026-01-01,clock=vm")
	CMDLINE="$CMDLINE tsc=reliable"
elif [ "$(grep -cwE 'vmx|svm' /proc/cpuinfo)" -gt 0 ] && [ -w /dev/kvm ]; then
	ARGS=(-accel kvm -smp 2 -cpu host)
else
	# Both CPUs in one thread. With a thread for each, on a busy machine, guests now and then
	# died of a triple fault and once the virtual host with them: QEMU's emulation of SVM is
	# not safe there. Suites run side by side, so the other core is not idle.
	ARGS=(-accel "tcg,thread=single" -smp 2 -cpu max)
	# A race needs two that really run at once, and to be looked for more often where they are slow.
	# There are no guests in such a host
	if [ "$KERNEL" = race ]; then
		ARGS=(-accel "tcg,thread=multi" -smp 2 -cpu max)
		CMDLINE="$CMDLINE kcsan.skip_watch=300"
	fi
fi
if [ $IOMMU = 1 ]; then
	MACHINE=q35,kernel-irqchip=split
	ARGS+=(-device "intel-iommu,intremap=on")
	CMDLINE="$CMDLINE intel_iommu=on"
fi
[ ${#DEVS[@]} -gt 0 ] || DEVS=("")
HAVE=$("$LAB/in-tree.sh" "/cache/${QEMU##*/}/qemu-system-x86_64" -device help | grep -c '"tessera"' || true)
n=0
for d in "${DEVS[@]}"; do
	[ "$d" = none ] && continue
	[ "$HAVE" = 0 ] && die "this QEMU has no tessera device"
	n=$((n + 1))
	ARGS+=(-device "pcie-root-port,id=rp$n,bus=pcie.0,addr=$((n + 3)),chassis=$n,slot=$n"
	       -device "tessera,id=acc$n,bus=rp$n${d:+,$d}")
done

ARGS+=("${OTHERS[@]}")

# run_qemu: once through; 126 if the virtual host wants to be booted again
run_qemu()
{
	local rc=0

	: >"$RUN/console.log"
	: >"$RUN/result"
	: >"$RUN/status"
	timeout --foreground -k 5 "$TIMEOUT" \
		"$LAB/in-tree.sh" --bind "$RUN:/out" --bind "$IMAGE:/build" --cd /out \
		"/cache/${QEMU##*/}/qemu-system-x86_64" -M "$MACHINE" "${ARGS[@]}" -m "$MEM" \
		-nodefaults -no-user-config -display none -no-reboot \
		-L /usr/share/seabios -L /usr/share/qemu \
		-kernel /build/kernel -initrd /out/initrd.cpio -append "$CMDLINE $APPEND" \
		-chardev file,id=console,path=/out/console.log -serial chardev:console \
		-chardev file,id=result,path=/out/result -serial chardev:result \
		-chardev file,id=status,path=/out/status -serial chardev:status \
		</dev/null >"$RUN/qemu.log" 2>&1 || rc=$?
	# Lockdep was off before the first module
	grep -q '^again' "$RUN/status" && rc=126
	# QEMU's own race of a CPU with the mapping of BARs, early in the boot
	grep -q 'iotlb_to_section: Assertion' "$RUN/qemu.log" &&
		! grep -q 'Run /init as init process' "$RUN/console.log" && rc=126
	return $rc
}

rc=0
for _ in 1 2 3; do
	rc=0
	run_qemu || rc=$?
	[ $rc = 126 ] || break
	say "boot.sh: the virtual host came up wrong before user space began; booting again"
done
rm -f "$RUN/initrd.cpio"

status=$(tr -d '\r' <"$RUN/status" | sed -n 's/^exit \([0-9]*\)$/\1/p' | tail -n 1)
[ -n "$status" ] && exit "$status"
cat "$RUN/qemu.log" >&2
if [ $rc = 124 ] || [ $rc = 137 ]; then
	say "boot.sh: time-out after $TIMEOUT s; the console ends with:"
	tail -n 15 "$RUN/console.log" >&2
	exit 124
fi
say "boot.sh: the virtual host died before its script had ended; the console ends with:"
tail -n 30 "$RUN/console.log" >&2
exit 125
