// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_trace.c - the tracepoints' one definition
 */
#define CREATE_TRACE_POINTS
#include "tessera_trace.h"
