#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the virtual host: drivers and vGPUs come and go; perf looks on. lifecycle.sh PROGRAM...
. /tests/in-host/lib.sh
ktap_begin
program binding /tests/host/binding.sh
mediate
result $? "tessera.ko has the accelerator"
# Not every kernel can be told of an error of the bus that there is not
modprobe aer_inject
for p; do
	program "${p##*/}" "/tests/$p"
done
program perf /tests/host/perf.sh
ktap_end
