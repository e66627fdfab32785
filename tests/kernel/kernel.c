// SPDX-License-Identifier: GPL-2.0-only
/* kernel.c - locks and memory for kmod's sources in user space */
#include <stdarg.h>

#include "kernel.h"

unsigned int kernel_locks, kernel_spinlocks;
unsigned int kernel_allocations, kernel_fail_allocation;
bool kernel_fatal_signal;

void kernel_bug(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "BUG: ");
	vfprintf(stderr, fmt, args);
	fprintf(stderr, "\n");
	va_end(args);
	abort();
}

void kernel_log(const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (getenv("KERNEL_LOG"))
		fprintf(stderr, "log: %s", text);
}

/* --------------------------------------------------------------- locks -- */

void kernel_might_sleep(const char *where)
{
	if (kernel_spinlocks)
		kernel_bug("%s with a spinlock held", where);
}

void mutex_lock(struct mutex *lock)
{
	kernel_might_sleep("mutex_lock");
	if (lock->held)
		kernel_bug("a mutex is locked by its holder");
	lock->held = true;
	kernel_locks++;
}

void mutex_unlock(struct mutex *lock)
{
	if (!lock->held)
		kernel_bug("a mutex is unlocked that is not held");
	lock->held = false;
	kernel_locks--;
}

void down_read(struct rw_semaphore *sem)
{
	kernel_might_sleep("down_read");
	sem->readers++;
	kernel_locks++;
}

void up_read(struct rw_semaphore *sem)
{
	if (!sem->readers)
		kernel_bug("a semaphore is released that is not held");
	sem->readers--;
	kernel_locks--;
}

void kernel_spin_lock(spinlock_t *lock)
{
	if (lock->held)
		kernel_bug("a spinlock is locked by its holder");
	lock->held = true;
	kernel_locks++;
	kernel_spinlocks++;
}

void kernel_spin_unlock(spinlock_t *lock)
{
	if (!lock->held)
		kernel_bug("a spinlock is unlocked that is not held");
	lock->held = false;
	kernel_locks--;
	kernel_spinlocks--;
}

/* -------------------------------------------------------------- memory -- */

void *kernel_alloc(size_t n, size_t size)
{
	void *p;

	kernel_might_sleep("an allocation");
	if (kernel_fail_allocation && !--kernel_fail_allocation)
		return NULL;
	p = calloc(n, size);
	if (!p)
		kernel_bug("out of memory");
	kernel_allocations++;
	return p;
}

void kfree(const void *p)
{
	if (p)
		kernel_allocations--;
	free((void *)p);
}

void *kmemdup(const void *src, size_t len, gfp_t gfp)
{
	void *p = kernel_alloc(1, len);

	return p ? memcpy(p, src, len) : NULL;
}

void *dma_alloc_coherent(struct device *dev, size_t size, dma_addr_t *dma, gfp_t gfp)
{
	void *p = kernel_alloc(1, size);

	*dma = (uintptr_t)p;
	return p;
}

void dma_free_coherent(struct device *dev, size_t size, void *p, dma_addr_t dma)
{
	kfree(p);
}
