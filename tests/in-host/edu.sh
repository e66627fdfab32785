#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the virtual host: QEMU's edu device under tessera.ko. edu.sh PROGRAM...
# shellcheck disable=SC2034 # lib.sh reads it
DEVICE="0x1234 0x11e8"
. /tests/in-host/lib.sh
ktap_begin
mediate
result $? "tessera.ko has the edu"
for p; do
	program "${p##*/}" "/tests/$p"
done
ktap_end
