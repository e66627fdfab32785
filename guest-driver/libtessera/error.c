// SPDX-License-Identifier: MIT
/*
 * error.c - what errors and faults mean, in words
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "internal.h"

static const struct {
	int error;
	const char *text;
} errors[] = {
	{ 0, "success" },
	{ EPERM, "not permitted" },
	{ ENOENT, "no such handle, context, queue or binding" },
	{ EINTR, "interrupted" },
	{ EIO, "the queue has failed; make a new context" },
	{ ENOMEM, "out of memory or of addresses" },
	{ EACCES, "no permission for the device" },
	{ EFAULT, "bad address in the program" },
	{ EBUSY, "still in use" },
	{ EEXIST, "address range already bound" },
	{ ENODEV, "no Tessera accelerator" },
	{ EINVAL, "invalid argument" },
	{ ENOSPC, "no room left, or none for this process: VRAM, contexts, queue slots, bindings "
		  "or command buffer" },
	{ EPROTO, "the driver has another version of the interface" },
	{ ETIME, "timed out" },
	{ ECANCELED, "cancelled" },
	{ EOPNOTSUPP, "not supported" },
};

const char *tessera_strerror(int error)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].error == -error)
			return errors[i].text;
	return "unexpected error";
}

const char *tessera_fault_name(uint32_t fault)
{
	static const char *const names[] = {
		[T1_FAULT_NONE] = "no fault",
		[T1_FAULT_BAD_COMMAND] = "bad command",
		[T1_FAULT_UNMAPPED] = "address not mapped",
		[T1_FAULT_PERMISSION] = "access not permitted",
		[T1_FAULT_MISALIGNED] = "misaligned operand",
		[T1_FAULT_BAD_DOORBELL] = "bad doorbell",
		[T1_FAULT_BUS_ERROR] = "bus error",
		[T1_FAULT_ENGINE_RESET] = "engine reset",
	};

	return fault < sizeof(names) / sizeof(names[0]) ? names[fault] : "unknown fault";
}

void tessera_queue_strerror(const struct drm_tessera_queue_query *info, char *buf, size_t len)
{
	switch (info->state) {
	case DRM_TESSERA_QUEUE_OK:
		snprintf(buf, len, "ok");
		break;
	case DRM_TESSERA_QUEUE_FAULT:
		if (info->fault_batch_index == UINT32_MAX)
			snprintf(buf, len, "fault: %s at 0x%" PRIx64,
				 tessera_fault_name(info->fault), (uint64_t)info->fault_addr);
		else
			snprintf(buf, len, "fault: %s at 0x%" PRIx64 ", command %u of its batch",
				 tessera_fault_name(info->fault), (uint64_t)info->fault_addr,
				 info->fault_batch_index);
		break;
	case DRM_TESSERA_QUEUE_TIMEOUT:
		snprintf(buf, len, "a job ran past the time limit");
		break;
	case DRM_TESSERA_QUEUE_RESET:
		snprintf(buf, len, "lost to a reset");
		break;
	default:
		snprintf(buf, len, "unknown state %u", info->state);
	}
}
