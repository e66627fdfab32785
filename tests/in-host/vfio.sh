#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the virtual host: the named programs of tests/vfio and tests/host, on the accelerator
# under tessera.ko. vfio.sh PROGRAM...
. /tests/in-host/lib.sh
ktap_begin
mediate
result $? "tessera.ko has the accelerator"
for p; do
	program "${p##*/}" "/tests/$p"
done
ktap_end
