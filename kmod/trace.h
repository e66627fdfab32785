/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.h - tracepoints of the mediator (events/tessera/)
 *
 * Documentation/mediator.rst describes them for readers. Times are device times in ns; busy_ns and
 * switch_ns are the engine's counters at that time; all three run on across device resets.
 * dev is the accelerator, engine its name; vgpu is a UUID, or "-" for none.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM tessera

#if !defined(TESSERA_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define TESSERA_TRACE_H

#include <linux/device.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#ifndef TESSERA_TRACE_NAME
#define TESSERA_TRACE_NAME	37
#define TESSERA_TRACE_DEV	20
#define TESSERA_TRACE_ENGINE	16
#endif

TRACE_EVENT(tessera_world_switch,
	TP_PROTO(const struct device *dev, const char *engine, u64 time_ns, const char *from,
		 const char *to, u32 token, u64 busy_ns, u64 switch_ns),
	TP_ARGS(dev, engine, time_ns, from, to, token, busy_ns, switch_ns),
	TP_STRUCT__entry(
		__array(char, engine, TESSERA_TRACE_ENGINE)
		__field(u32, token)
		__field(u64, time_ns)
		__field(u64, busy_ns)
		__field(u64, switch_ns)
		__array(char, from, TESSERA_TRACE_NAME)
		__array(char, to, TESSERA_TRACE_NAME)
		__array(char, dev, TESSERA_TRACE_DEV)
	),
	TP_fast_assign(
		strscpy(__entry->dev, dev_name(dev), TESSERA_TRACE_DEV);
		strscpy(__entry->engine, engine, TESSERA_TRACE_ENGINE);
		__entry->token = token;
		__entry->time_ns = time_ns;
		__entry->busy_ns = busy_ns;
		__entry->switch_ns = switch_ns;
		strscpy(__entry->from, from, TESSERA_TRACE_NAME);
		strscpy(__entry->to, to, TESSERA_TRACE_NAME);
	),
	TP_printk("dev=%s engine=%s time_ns=%llu from=%s to=%s token=%u busy_ns=%llu switch_ns=%llu",
		  __entry->dev, __entry->engine, __entry->time_ns, __entry->from, __entry->to,
		  __entry->token, __entry->busy_ns, __entry->switch_ns)
);

/* The vGPU has work: a context of it went from no work to some. */
TRACE_EVENT(tessera_enqueue,
	TP_PROTO(const struct device *dev, const char *engine, u64 time_ns, const char *vgpu,
		 u32 ctx, u64 busy_ns),
	TP_ARGS(dev, engine, time_ns, vgpu, ctx, busy_ns),
	TP_STRUCT__entry(
		__array(char, engine, TESSERA_TRACE_ENGINE)
		__field(u32, ctx)
		__field(u64, time_ns)
		__field(u64, busy_ns)
		__array(char, vgpu, TESSERA_TRACE_NAME)
		__array(char, dev, TESSERA_TRACE_DEV)
	),
	TP_fast_assign(
		strscpy(__entry->dev, dev_name(dev), TESSERA_TRACE_DEV);
		strscpy(__entry->engine, engine, TESSERA_TRACE_ENGINE);
		__entry->ctx = ctx;
		__entry->time_ns = time_ns;
		__entry->busy_ns = busy_ns;
		strscpy(__entry->vgpu, vgpu, TESSERA_TRACE_NAME);
	),
	TP_printk("dev=%s engine=%s time_ns=%llu vgpu=%s ctx=%u busy_ns=%llu",
		  __entry->dev, __entry->engine, __entry->time_ns, __entry->vgpu, __entry->ctx,
		  __entry->busy_ns)
);

/* The scheduler's decision; slice_ns is 0 where it lasts until something changes. */
TRACE_EVENT(tessera_pick,
	TP_PROTO(const struct device *dev, const char *engine, u64 time_ns, const char *vgpu,
		 u64 slice_ns),
	TP_ARGS(dev, engine, time_ns, vgpu, slice_ns),
	TP_STRUCT__entry(
		__array(char, engine, TESSERA_TRACE_ENGINE)
		__field(u64, time_ns)
		__field(u64, slice_ns)
		__array(char, vgpu, TESSERA_TRACE_NAME)
		__array(char, dev, TESSERA_TRACE_DEV)
	),
	TP_fast_assign(
		strscpy(__entry->dev, dev_name(dev), TESSERA_TRACE_DEV);
		strscpy(__entry->engine, engine, TESSERA_TRACE_ENGINE);
		__entry->time_ns = time_ns;
		__entry->slice_ns = slice_ns;
		strscpy(__entry->vgpu, vgpu, TESSERA_TRACE_NAME);
	),
	TP_printk("dev=%s engine=%s time_ns=%llu vgpu=%s slice_ns=%llu",
		  __entry->dev, __entry->engine, __entry->time_ns, __entry->vgpu, __entry->slice_ns)
);

/* The vGPU is to leave the engine: the runlist with this token was submitted. */
TRACE_EVENT(tessera_preempt,
	TP_PROTO(const struct device *dev, const char *engine, u64 time_ns, const char *vgpu,
		 bool strict, u32 token),
	TP_ARGS(dev, engine, time_ns, vgpu, strict, token),
	TP_STRUCT__entry(
		__array(char, engine, TESSERA_TRACE_ENGINE)
		__field(u32, token)
		__field(u64, time_ns)
		__array(char, mode, 8)
		__array(char, vgpu, TESSERA_TRACE_NAME)
		__array(char, dev, TESSERA_TRACE_DEV)
	),
	TP_fast_assign(
		strscpy(__entry->dev, dev_name(dev), TESSERA_TRACE_DEV);
		strscpy(__entry->engine, engine, TESSERA_TRACE_ENGINE);
		__entry->token = token;
		__entry->time_ns = time_ns;
		strscpy(__entry->mode, strict ? "strict" : "batch", sizeof(__entry->mode));
		strscpy(__entry->vgpu, vgpu, TESSERA_TRACE_NAME);
	),
	TP_printk("dev=%s engine=%s time_ns=%llu vgpu=%s mode=%s token=%u",
		  __entry->dev, __entry->engine, __entry->time_ns, __entry->vgpu, __entry->mode,
		  __entry->token)
);

/* The vGPU that left the engine had used so much past its slice. */
TRACE_EVENT(tessera_overshoot,
	TP_PROTO(const struct device *dev, const char *engine, u64 time_ns, const char *vgpu,
		 u64 over_ns),
	TP_ARGS(dev, engine, time_ns, vgpu, over_ns),
	TP_STRUCT__entry(
		__array(char, engine, TESSERA_TRACE_ENGINE)
		__field(u64, time_ns)
		__field(u64, over_ns)
		__array(char, vgpu, TESSERA_TRACE_NAME)
		__array(char, dev, TESSERA_TRACE_DEV)
	),
	TP_fast_assign(
		strscpy(__entry->dev, dev_name(dev), TESSERA_TRACE_DEV);
		strscpy(__entry->engine, engine, TESSERA_TRACE_ENGINE);
		__entry->time_ns = time_ns;
		__entry->over_ns = over_ns;
		strscpy(__entry->vgpu, vgpu, TESSERA_TRACE_NAME);
	),
	TP_printk("dev=%s engine=%s time_ns=%llu vgpu=%s over_ns=%llu",
		  __entry->dev, __entry->engine, __entry->time_ns, __entry->vgpu, __entry->over_ns)
);

/* The vGPU has run out of work. */
TRACE_EVENT(tessera_idle,
	TP_PROTO(const struct device *dev, const char *engine, u64 time_ns, const char *vgpu,
		 u32 token, u64 busy_ns),
	TP_ARGS(dev, engine, time_ns, vgpu, token, busy_ns),
	TP_STRUCT__entry(
		__array(char, engine, TESSERA_TRACE_ENGINE)
		__field(u32, token)
		__field(u64, time_ns)
		__field(u64, busy_ns)
		__array(char, vgpu, TESSERA_TRACE_NAME)
		__array(char, dev, TESSERA_TRACE_DEV)
	),
	TP_fast_assign(
		strscpy(__entry->dev, dev_name(dev), TESSERA_TRACE_DEV);
		strscpy(__entry->engine, engine, TESSERA_TRACE_ENGINE);
		__entry->token = token;
		__entry->time_ns = time_ns;
		__entry->busy_ns = busy_ns;
		strscpy(__entry->vgpu, vgpu, TESSERA_TRACE_NAME);
	),
	TP_printk("dev=%s engine=%s time_ns=%llu vgpu=%s token=%u busy_ns=%llu",
		  __entry->dev, __entry->engine, __entry->time_ns, __entry->vgpu, __entry->token,
		  __entry->busy_ns)
);

/* The vGPU did not release the engine, which is reset, or in the end the whole device. */
TRACE_EVENT(tessera_reset,
	TP_PROTO(const struct device *dev, const char *engine, u64 time_ns, const char *vgpu,
		 bool device, u32 tries),
	TP_ARGS(dev, engine, time_ns, vgpu, device, tries),
	TP_STRUCT__entry(
		__array(char, engine, TESSERA_TRACE_ENGINE)
		__field(u32, tries)
		__field(u64, time_ns)
		__array(char, scope, 8)
		__array(char, vgpu, TESSERA_TRACE_NAME)
		__array(char, dev, TESSERA_TRACE_DEV)
	),
	TP_fast_assign(
		strscpy(__entry->dev, dev_name(dev), TESSERA_TRACE_DEV);
		strscpy(__entry->engine, engine, TESSERA_TRACE_ENGINE);
		__entry->tries = tries;
		__entry->time_ns = time_ns;
		strscpy(__entry->scope, device ? "device" : "engine", sizeof(__entry->scope));
		strscpy(__entry->vgpu, vgpu, TESSERA_TRACE_NAME);
	),
	TP_printk("dev=%s engine=%s time_ns=%llu vgpu=%s scope=%s tries=%u",
		  __entry->dev, __entry->engine, __entry->time_ns, __entry->vgpu, __entry->scope,
		  __entry->tries)
);

TRACE_EVENT(tessera_fault,
	TP_PROTO(const struct device *dev, const char *vgpu, const char *engine, u64 time_ns,
		 u32 ctx, u32 slot, u32 fault, u64 addr),
	TP_ARGS(dev, vgpu, engine, time_ns, ctx, slot, fault, addr),
	TP_STRUCT__entry(
		__array(char, engine, TESSERA_TRACE_ENGINE)
		__field(u32, ctx)
		__field(u32, slot)
		__field(u32, fault)
		__field(u64, time_ns)
		__field(u64, addr)
		__array(char, vgpu, TESSERA_TRACE_NAME)
		__array(char, dev, TESSERA_TRACE_DEV)
	),
	TP_fast_assign(
		strscpy(__entry->dev, dev_name(dev), TESSERA_TRACE_DEV);
		strscpy(__entry->engine, engine, TESSERA_TRACE_ENGINE);
		__entry->ctx = ctx;
		__entry->slot = slot;
		__entry->fault = fault;
		__entry->time_ns = time_ns;
		__entry->addr = addr;
		strscpy(__entry->vgpu, vgpu, TESSERA_TRACE_NAME);
	),
	TP_printk("dev=%s engine=%s time_ns=%llu vgpu=%s ctx=%u slot=%u fault=%u addr=%#llx",
		  __entry->dev, __entry->engine, __entry->time_ns, __entry->vgpu, __entry->ctx,
		  __entry->slot, __entry->fault, __entry->addr)
);

/* An admin command of a guest was completed. */
TRACE_EVENT(tessera_admin,
	TP_PROTO(const struct device *dev, const char *vgpu, u32 opcode, u32 ctx, u32 status),
	TP_ARGS(dev, vgpu, opcode, ctx, status),
	TP_STRUCT__entry(
		__field(u32, opcode)
		__field(u32, ctx)
		__field(u32, status)
		__array(char, vgpu, TESSERA_TRACE_NAME)
		__array(char, dev, TESSERA_TRACE_DEV)
	),
	TP_fast_assign(
		strscpy(__entry->dev, dev_name(dev), TESSERA_TRACE_DEV);
		__entry->opcode = opcode;
		__entry->ctx = ctx;
		__entry->status = status;
		strscpy(__entry->vgpu, vgpu, TESSERA_TRACE_NAME);
	),
	TP_printk("dev=%s vgpu=%s opcode=%u ctx=%u status=%u",
		  __entry->dev, __entry->vgpu, __entry->opcode,
		  __entry->ctx, __entry->status)
);

#endif /* TESSERA_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
