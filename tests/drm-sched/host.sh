#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the virtual host: drm_sched's KUnit tests with its mock scheduler, recorded in each of the three
# ways; to the result channel go, as a tar file, the three texts and what KUnit said.
set -e
TRACING=/sys/kernel/tracing/instances/recording
mkdir -p /tmp/recorded
cd /tmp/recorded

modprobe kunit filter_glob=drm_sched_basic_tests
modprobe gpu-sched
mkdir $TRACING
echo 8192 >$TRACING/buffer_size_kb
echo 1 >$TRACING/events/gpu_scheduler/enable
trace-cmd record -q -b 8192 -e gpu_scheduler -o /tmp/trace.dat \
	perf record -q -a -m 1024 -e 'gpu_scheduler:*' -o /tmp/perf.data modprobe drm-sched-tests
cat $TRACING/trace >tracefs
trace-cmd report -i /tmp/trace.dat >trace-cmd
perf script --ns -i /tmp/perf.data >perf
cat /sys/kernel/debug/kunit/drm_sched_basic_tests/results >kunit
tar -c . | gzip >/dev/ttyS1
