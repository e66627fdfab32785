#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the virtual host: perf sees the mediator's tracepoints, each with its fields, around work
# of the VFIO client that makes every kind of event: a hang that an engine reset ends.
. /tests/in-host/lib.sh
ktap_begin
WORK="/tests/vfio/test_hang -t not_preemptible"

# fields NAME FILE: of all lines of a tracepoint the names of fields, each once, in order
fields()
{
	grep "tessera_$1[(:]" "$2" | grep -oE '[a-z_]+(: |=)' | sed 's/[:=].*//' |
		grep -vx "tessera_$1" | sort -u | tr '\n' ' ' | sed 's/ $//'
}

# events TOOL FILE
events()
{
	is "$1: enqueue" "busy_ns ctx dev engine time_ns vgpu" "$(fields enqueue "$2")"
	is "$1: pick" "dev engine slice_ns time_ns vgpu" "$(fields pick "$2")"
	is "$1: preempt" "dev engine mode time_ns token vgpu" "$(fields preempt "$2")"
	is "$1: world_switch" "busy_ns dev engine from switch_ns time_ns to token" \
		"$(fields world_switch "$2")"
	is "$1: overshoot" "dev engine over_ns time_ns vgpu" "$(fields overshoot "$2")"
	is "$1: idle" "busy_ns dev engine time_ns token vgpu" "$(fields idle "$2")"
	is "$1: reset" "dev engine scope time_ns tries vgpu" "$(fields reset "$2")"
}

# By default a field that is zero is left out
perf config trace.show_zeros=yes
# shellcheck disable=SC2086 # a command and its arguments
perf trace -a -e 'tessera:*' -o /tmp/perf.trace -- $WORK >/tmp/perf.work 2>&1
result $? "perf trace -e 'tessera:*'"
events "perf trace" /tmp/perf.trace

# shellcheck disable=SC2086
perf record -q -a -e 'tessera:*' -o /tmp/perf.data -- $WORK >/tmp/perf.work 2>&1
result $? "perf record -e 'tessera:*'"
perf script -i /tmp/perf.data -F event,trace >/tmp/perf.script 2>/dev/null
result $? "perf script"
events "perf script" /tmp/perf.script
ktap_end
