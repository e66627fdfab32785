#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the virtual host, in exact virtual time: the policies' shares. First by the VFIO client,
# then among three guests with vGPUs of mixed sizes whose programs keep both engines busy.
# shares.sh PROGRAM...
. /tests/in-host/lib.sh
ktap_begin
U1=11111111-0000-4000-8000-000000000001
U2=22222222-0000-4000-8000-000000000002
U3=33333333-0000-4000-8000-000000000003
ENGINES=/sys/kernel/debug/tessera/$BDF/engines
TOLERANCE=15	# per mille of the engine's time; the ends of a period cut slices

mediate
result $? "tessera.ko has the accelerator"
for p; do
	program "${p##*/}" "/tests/$p"
done

# got ENGINE SECONDS: what each vGPU gets of an engine in that time, per mille, by the counters
got()
{
	cat "$ENGINES" >/tmp/before
	sleep "$2"
	cat "$ENGINES" >/tmp/after
	awk -v engine="$1" '
		function value(name,	i) {
			for (i = 1; i <= NF; i++)
				if (index($i, name "=") == 1)
					return substr($i, length(name) + 2)
		}
		$1 == "engine" && $2 == engine { time[FILENAME] = value("time_ns") }
		$1 == "vgpu" && $2 == engine { busy[FILENAME, $3] = value("busy_ns"); seen[$3] }
		END {
			for (u in seen)
				print u, int(1000 * (busy["/tmp/after", u] - busy["/tmp/before", u]) /
					(time["/tmp/after"] - time["/tmp/before"]) + 0.5)
		}' /tmp/before /tmp/after | sort >/tmp/got
}

# due NAME ENGINE A B C: that each is within the tolerance of its due
due()
{
	got "$2" 0.25
	echo "# $1, $2: $(tr '\n' ' ' </tmp/got)"
	name="$1, $2: each gets its due"
	shift 2
	awk -v due="$*" -v tolerance=$TOLERANCE '
		BEGIN { n = split(due, want) }
		{
			d = $2 - want[NR]
			if (d > tolerance || -d > tolerance)
				bad = 1
		}
		END { exit bad || NR != n }' /tmp/got
	result $? "$name"
}

vgpu V2 $U1 && vgpu V4 $U2 && vgpu V8 $U3
result $? "three vGPUs of mixed sizes"
guest start g1 --nowait $U1
guest start g2 --nowait $U2
guest start g3 --nowait $U3
guest ready g1 g2 g3
result $? "three guests boot"
for g in g1 g2 g3; do
	guest run $g 'modprobe tessera_drm' || result 1 "$g: modprobe"
	guest run --bg $g '/tests/in-host/guest_work busy /tmp/stop' >/tmp/job.$g
done
sleep 0.3
due "best_effort" compute 333 333 333
due "best_effort" copy 333 333 333
echo equal_share >"$PCI/vgpu_sched/policy"
sleep 0.1
due "equal_share" compute 333 333 333
echo fixed_share >"$PCI/vgpu_sched/policy"
sleep 0.1
due "fixed_share" compute 500 250 125
due "fixed_share" copy 500 250 125

# finish GUEST: stop its work, which has to have gone well up to now
finish()
{
	guest run "$1" 'touch /tmp/stop'
	guest wait -t 200 "$1" "$(cat "/tmp/job.$1")" >/tmp/work.out
	rc=$?
	sed 's/^/# /' /tmp/work.out
	result $rc "$1: every job ended well"
}

# One stops working, but keeps its driver loaded; then its driver is unloaded
finish g1
sleep 0.1
due "fixed_share, one idle" compute 0 250 125
echo equal_share >"$PCI/vgpu_sched/policy"
sleep 0.1
due "equal_share, one idle" compute 0 333 333
echo best_effort >"$PCI/vgpu_sched/policy"
sleep 0.1
due "best_effort, one idle" compute 0 500 500
guest run g1 'rmmod tessera_drm'
echo equal_share >"$PCI/vgpu_sched/policy"
sleep 0.1
due "equal_share, one stopped" compute 0 500 500
echo fixed_share >"$PCI/vgpu_sched/policy"
sleep 0.1
due "fixed_share, one stopped" compute 0 250 125
echo best_effort >"$PCI/vgpu_sched/policy"
finish g2
finish g3
for g in g1 g2 g3; do
	guest_log $g
	guest stop $g
	result $? "$g powers off"
done
log_check "the end"
ktap_end
