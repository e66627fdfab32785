/* SPDX-License-Identifier: GPL-2.0-only */
/* trace.h - the trace events of this directory, made from trace-events */
#include "trace/trace-hw_misc_tessera.h"
