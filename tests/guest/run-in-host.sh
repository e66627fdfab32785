#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the virtual host: the driver's tests on bare metal, that is on the physical function.
exec >/dev/ttyS1
exec /usr/local/lib/tessera-tests/run.sh "$@"
