/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kernel.h - the few words of the kernel's that kmod's sources use, for tests in user space
 *
 * Included before everything else; the headers of the kernel's that have no counterpart in user
 * space are empty (kernel.mk). There is one thread. What would be a deadlock, a sleep with a
 * spinlock held, or a lock that is not held where it has to be, ends the program.
 */
#ifndef TESSERA_TESTS_KERNEL_H
#define TESSERA_TESTS_KERNEL_H

#include <endian.h>
#include <errno.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* --------------------------------------------------- types and numbers -- */

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;
typedef u64 dma_addr_t;
typedef u64 phys_addr_t;
#define gfp_t		unsigned int

#define __iomem
#define __rcu

#define U32_MAX		UINT32_MAX
#define U64_MAX		UINT64_MAX
#define PAGE_SHIFT	12
#define PAGE_SIZE	4096ul
#define SZ_1M		0x100000ull
#define HZ		250
#define TASK_COMM_LEN	16
#define ERESTARTNOINTR	513

#define BIT(n)		(1UL << (n))
#define BIT_ULL(n)	(1ULL << (n))
#define GENMASK_ULL(h, l) ((~0ULL << (l)) & (~0ULL >> (63 - (h))))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define IS_ALIGNED(x, a) (!((x) & ((a) - 1)))
#define min(a, b)	((a) < (b) ? (a) : (b))
#define max(a, b)	((a) > (b) ? (a) : (b))
#define lower_32_bits(x) ((u32)(x))
#define upper_32_bits(x) ((u32)((u64)(x) >> 32))
#define check_add_overflow(a, b, sum)	__builtin_add_overflow(a, b, sum)
#define container_of(p, type, member)	((type *)((char *)(p) - offsetof(type, member)))

#define le16_to_cpu(x)	le16toh(x)
#define le32_to_cpu(x)	le32toh(x)
#define le64_to_cpu(x)	le64toh(x)
#define cpu_to_le16(x)	htole16(x)
#define cpu_to_le32(x)	htole32(x)
#define cpu_to_le64(x)	htole64(x)

static inline unsigned int __ffs64(u64 x)
{
	return __builtin_ctzll(x);
}

static inline void put_unaligned_le16(u16 v, void *p)
{
	v = htole16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_unaligned_le32(u32 v, void *p)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static inline const void *memchr_inv(const void *p, int c, size_t len)
{
	const u8 *at = p;

	for (; len; at++, len--) {
		if (*at != (u8)c)
			return at;
	}
	return NULL;
}

/* --------------------------------------------------------------- order -- */

#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
#define smp_wmb()		__atomic_thread_fence(__ATOMIC_RELEASE)
#define wmb()			__atomic_thread_fence(__ATOMIC_SEQ_CST)

struct kernel_atomic { int n; };
struct kernel_atomic64 { s64 n; };

#define atomic_t	struct kernel_atomic
#define atomic64_t	struct kernel_atomic64

static inline void atomic_inc(atomic_t *v)
{
	v->n++;
}

static inline void atomic_dec(atomic_t *v)
{
	v->n--;
}

static inline void atomic64_inc(atomic64_t *v)
{
	v->n++;
}

/* --------------------------------------------------------------- locks -- */

/* Locks that are held, of any kind, and spinlocks among them. */
extern unsigned int kernel_locks, kernel_spinlocks;

/* End the program: the code under test has broken a rule. */
__attribute__((noreturn, format(printf, 1, 2))) void kernel_bug(const char *fmt, ...);
void kernel_might_sleep(const char *where);

struct mutex { bool held; };
struct rw_semaphore { unsigned int readers; };
struct kernel_spinlock { bool held; };

#define spinlock_t	struct kernel_spinlock

void mutex_lock(struct mutex *lock);
void mutex_unlock(struct mutex *lock);
void down_read(struct rw_semaphore *sem);
void up_read(struct rw_semaphore *sem);
void kernel_spin_lock(spinlock_t *lock);
void kernel_spin_unlock(spinlock_t *lock);

#define mutex_init(lock)		((lock)->held = false)
#define spin_lock_init(lock)		((lock)->held = false)
#define spin_lock_irq(lock)		kernel_spin_lock(lock)
#define spin_unlock_irq(lock)		kernel_spin_unlock(lock)
#define spin_lock_irqsave(lock, flags)	((flags) = 0, kernel_spin_lock(lock))
#define spin_unlock_irqrestore(lock, flags) ((void)(flags), kernel_spin_unlock(lock))
#define cond_resched()			kernel_might_sleep("cond_resched")
#define lockdep_assert_held(lock)						\
	((lock)->held ? (void)0 : kernel_bug("%s: " #lock " is not held", __func__))

/* -------------------------------------------------------------- memory -- */

/* Allocations that have not been freed. */
extern unsigned int kernel_allocations;
/* The allocation that fails: 1 is the next; 0: none does. */
extern unsigned int kernel_fail_allocation;

void *kernel_alloc(size_t n, size_t size);
void kfree(const void *p);
void *kmemdup(const void *src, size_t len, gfp_t gfp);

#define GFP_KERNEL		0u
#define kvzalloc(size, gfp)	kzalloc(size, gfp)
#define kvfree(p)		kfree(p)

static inline void *kzalloc(size_t size, gfp_t gfp)
{
	return kernel_alloc(1, size);
}

static inline void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return kernel_alloc(n, size);
}

/* ------------------------------------------------------- devices, work -- */

/* The thread that runs is to be killed. */
extern bool kernel_fatal_signal;

#define current			((void *)0)
#define fatal_signal_pending(task)	((void)(task), kernel_fatal_signal)

struct list_head { struct list_head *next, *prev; };
struct rb_node { struct rb_node *left, *right; };
struct rb_root { struct rb_node *node; };
struct rb_root_cached { struct rb_node *node, *leftmost; };
struct xarray { void *head; };
struct completion { bool done; };
struct kernel_wait_queue { void *head; };
struct kobject;
struct dentry;
struct inode;
struct attribute_group;
struct page;

#define wait_queue_head_t	struct kernel_wait_queue

struct device { const char *name; };

struct pci_dev {
	struct device dev;
	u16 subsystem_vendor, subsystem_device;
};

struct vfio_device { struct device *dev; };
struct mdev_type { int unused; };
struct mdev_parent { int unused; };
struct mdev_device { u8 uuid[16]; };

#define DECLARE_BITMAP(name, bits)	unsigned long name[((bits) + 63) / 64]
#define dev_notice(dev, fmt, ...)	((void)(dev), kernel_log(fmt, ##__VA_ARGS__))
#define dev_notice_ratelimited		dev_notice
struct ratelimit_state {
	int unused;
};

#define __ratelimit(rs)	((void)(rs), 1)
#define DEFAULT_RATELIMIT_INTERVAL	0
#define DEFAULT_RATELIMIT_BURST	0
static inline void ratelimit_state_init(struct ratelimit_state *rs, int interval, int burst)
{
}

/* Formats, and shows with KERNEL_LOG in the environment. */
__attribute__((format(printf, 1, 2))) void kernel_log(const char *fmt, ...);

void *dma_alloc_coherent(struct device *dev, size_t size, dma_addr_t *dma, gfp_t gfp);
void dma_free_coherent(struct device *dev, size_t size, void *p, dma_addr_t dma);

struct hrtimer { bool active; };

struct work_struct { bool pending; };
struct delayed_work { struct work_struct work; };
struct workqueue_struct;

static inline void __raw_writeq(u64 v, void *to)
{
	memcpy(to, &v, sizeof(v));
}

static inline u32 readl(const void *from)
{
	u32 v;

	memcpy(&v, from, sizeof(v));
	return v;
}

static inline void writel(u32 v, void *to)
{
	memcpy(to, &v, sizeof(v));
}

static inline u64 lo_hi_readq(const void *from)
{
	return readl(from) | (u64)readl((const char *)from + 4) << 32;
}

static inline void lo_hi_writeq(u64 v, void *to)
{
	writel(v, to);
	writel(v >> 32, (char *)to + 4);
}

/* A tracepoint is a function that does nothing. */
#define TP_PROTO(...)		__VA_ARGS__
#define TRACE_EVENT(name, proto, ...)	static inline void trace_##name(proto) {}

#endif /* TESSERA_TESTS_KERNEL_H */
