#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the virtual host: drivers and vGPUs come and go.
. /tests/bench/lib.sh
ktap_begin
program binding /tests/host/binding.sh
mediate
result $? "tessera.ko has the accelerator"
program test_lifecycle /tests/host/test_lifecycle
ktap_end
