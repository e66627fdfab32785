/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tessera_trace.h - tracepoints of the mediator (events/tessera/)
 *
 * Times are device times in ns, so that a trace can be laid beside the hardware's counters;
 * engine is TESSERA_ENGINE_*; vgpu is a UUID, or "-" for none.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM tessera

#if !defined(TESSERA_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define TESSERA_TRACE_H

#include <linux/string.h>
#include <linux/tracepoint.h>

#ifndef TESSERA_TRACE_NAME
#define TESSERA_TRACE_NAME	37
#endif

TRACE_EVENT(tessera_world_switch,
	TP_PROTO(u32 engine, u64 time_ns, const char *from, const char *to, u32 token,
		 u64 busy_ns, u64 switch_ns),
	TP_ARGS(engine, time_ns, from, to, token, busy_ns, switch_ns),
	TP_STRUCT__entry(
		__field(u32, engine)
		__field(u32, token)
		__field(u64, time_ns)
		__field(u64, busy_ns)
		__field(u64, switch_ns)
		__array(char, from, TESSERA_TRACE_NAME)
		__array(char, to, TESSERA_TRACE_NAME)
	),
	TP_fast_assign(
		__entry->engine = engine;
		__entry->token = token;
		__entry->time_ns = time_ns;
		__entry->busy_ns = busy_ns;
		__entry->switch_ns = switch_ns;
		strscpy(__entry->from, from, TESSERA_TRACE_NAME);
		strscpy(__entry->to, to, TESSERA_TRACE_NAME);
	),
	TP_printk("engine=%u time_ns=%llu from=%s to=%s token=%u busy_ns=%llu switch_ns=%llu",
		  __entry->engine, __entry->time_ns, __entry->from, __entry->to,
		  __entry->token, __entry->busy_ns, __entry->switch_ns)
);

/* Something about a vGPU on an engine; what value is, the event's name says. */
DECLARE_EVENT_CLASS(tessera_engine_event,
	TP_PROTO(u32 engine, u64 time_ns, const char *vgpu, u64 value),
	TP_ARGS(engine, time_ns, vgpu, value),
	TP_STRUCT__entry(
		__field(u32, engine)
		__field(u64, time_ns)
		__field(u64, value)
		__array(char, vgpu, TESSERA_TRACE_NAME)
	),
	TP_fast_assign(
		__entry->engine = engine;
		__entry->time_ns = time_ns;
		__entry->value = value;
		strscpy(__entry->vgpu, vgpu, TESSERA_TRACE_NAME);
	),
	TP_printk("engine=%u time_ns=%llu vgpu=%s value=%llu",
		  __entry->engine, __entry->time_ns, __entry->vgpu, __entry->value)
);

/* value: the slice, ns; 0: until something changes */
DEFINE_EVENT(tessera_engine_event, tessera_pick,
	TP_PROTO(u32 engine, u64 time_ns, const char *vgpu, u64 value),
	TP_ARGS(engine, time_ns, vgpu, value));

/* The vGPU is to leave the engine; value: 1 batch, 2 strict */
DEFINE_EVENT(tessera_engine_event, tessera_preempt,
	TP_PROTO(u32 engine, u64 time_ns, const char *vgpu, u64 value),
	TP_ARGS(engine, time_ns, vgpu, value));

/* value: ns past the slice */
DEFINE_EVENT(tessera_engine_event, tessera_overshoot,
	TP_PROTO(u32 engine, u64 time_ns, const char *vgpu, u64 value),
	TP_ARGS(engine, time_ns, vgpu, value));

/* The vGPU in force has run out of work; value: token */
DEFINE_EVENT(tessera_engine_event, tessera_idle,
	TP_PROTO(u32 engine, u64 time_ns, const char *vgpu, u64 value),
	TP_ARGS(engine, time_ns, vgpu, value));

/* The vGPU has work; value: physical context */
DEFINE_EVENT(tessera_engine_event, tessera_wake,
	TP_PROTO(u32 engine, u64 time_ns, const char *vgpu, u64 value),
	TP_ARGS(engine, time_ns, vgpu, value));

/* The vGPU did not let go of the engine; value: how many resets without success before */
DEFINE_EVENT(tessera_engine_event, tessera_reset,
	TP_PROTO(u32 engine, u64 time_ns, const char *vgpu, u64 value),
	TP_ARGS(engine, time_ns, vgpu, value));

TRACE_EVENT(tessera_fault,
	TP_PROTO(const char *vgpu, u32 engine, u64 time_ns, u32 ctx, u32 slot, u32 fault,
		 u64 addr),
	TP_ARGS(vgpu, engine, time_ns, ctx, slot, fault, addr),
	TP_STRUCT__entry(
		__field(u32, engine)
		__field(u32, ctx)
		__field(u32, slot)
		__field(u32, fault)
		__field(u64, time_ns)
		__field(u64, addr)
		__array(char, vgpu, TESSERA_TRACE_NAME)
	),
	TP_fast_assign(
		__entry->engine = engine;
		__entry->ctx = ctx;
		__entry->slot = slot;
		__entry->fault = fault;
		__entry->time_ns = time_ns;
		__entry->addr = addr;
		strscpy(__entry->vgpu, vgpu, TESSERA_TRACE_NAME);
	),
	TP_printk("engine=%u time_ns=%llu vgpu=%s ctx=%u slot=%u fault=%u addr=%#llx",
		  __entry->engine, __entry->time_ns, __entry->vgpu, __entry->ctx,
		  __entry->slot, __entry->fault, __entry->addr)
);

/* An admin command of a guest was completed. */
TRACE_EVENT(tessera_admin,
	TP_PROTO(const char *vgpu, u32 opcode, u32 ctx, u32 status),
	TP_ARGS(vgpu, opcode, ctx, status),
	TP_STRUCT__entry(
		__field(u32, opcode)
		__field(u32, ctx)
		__field(u32, status)
		__array(char, vgpu, TESSERA_TRACE_NAME)
	),
	TP_fast_assign(
		__entry->opcode = opcode;
		__entry->ctx = ctx;
		__entry->status = status;
		strscpy(__entry->vgpu, vgpu, TESSERA_TRACE_NAME);
	),
	TP_printk("vgpu=%s opcode=%u ctx=%u status=%u", __entry->vgpu, __entry->opcode,
		  __entry->ctx, __entry->status)
);

#endif /* TESSERA_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE tessera_trace
#include <trace/define_trace.h>
