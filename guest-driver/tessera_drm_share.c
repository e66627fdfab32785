// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera_drm_share.c - how much of what is scarce a process and a user may hold
 */

/**
 * DOC: shares
 *
 * Contexts, queue slots, VRAM and page tables are few, and whoever has them keeps them for as
 * long as it likes. So that one process can't keep all others out, a process is refused
 * (ENOSPC) what would leave less than a part of the whole to others: a quarter of contexts, queue
 * slots and page tables, an eighth of VRAM, at least one unit. So that one user's processes
 * can't do together what one can't, half of that part is kept from each user but root as well.
 *
 * A process is the one that opened the file, with all files that it opened; what it makes is
 * charged to it until it is freed, wherever it was passed on to. On the smallest vGPUs, with fewer
 * than eight of something, there is nothing to keep from a user: the last unit is kept from each
 * process only.
 *
 * Bindings are only memory, which is the process's own account; but they have to be undone one
 * by one when it ends. Their number is limited as that of a process's memory mappings is.
 *
 * Page tables are the device's: nothing tells how many are left, or how many a mapping took. They
 * are counted here as the device would build them (tdrm_binding_tables()), up to what it promises:
 * for each context 1 GiB in small pages, at any alignment.
 */
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include <drm/drm_print.h>

#include "tessera_drm_drv.h"

/* Tables for 1 GiB at any alignment: 2 MiB each, and above them 1 GiB and 512 GiB */
#define TDRM_TABLES_PER_CTX	(513 + 2 + 2)

/* As many as the kernel's default for vm.max_map_count, to the next power of 2 */
#define TDRM_MAX_BINDINGS	65536

/* A process, or a user, that has files open. holders_lock protects what changes */
struct tdrm_holder {
	struct list_head link;
	struct tdrm_device *tdev;
	unsigned int refs;
	struct tdrm_holder *user;	/* of a process; NULL: this is a user */
	struct pid *pid;		/* of a process */
	kuid_t uid;
	u64 held[TDRM_NUM_SCARCE];
};

static const char * const tdrm_scarce_names[TDRM_NUM_SCARCE] = {
	[TDRM_CONTEXTS] = "contexts",
	[TDRM_SLOTS] = "queue slots",
	[TDRM_VRAM] = "bytes of VRAM",
	[TDRM_TABLES] = "page tables",
	[TDRM_BINDINGS] = "bindings",
};

static u64 tdrm_total(const struct tdrm_device *tdev, enum tdrm_scarce what)
{
	switch (what) {
	case TDRM_CONTEXTS:
		return tdev->num_contexts;
	case TDRM_SLOTS:
		return tdev->num_slots;
	case TDRM_VRAM:
		return tdev->vram_bytes;
	case TDRM_TABLES:
		return (u64)tdev->num_contexts * TDRM_TABLES_PER_CTX;
	default:
		return U64_MAX;
	}
}

static u64 tdrm_limit(const struct tdrm_holder *h, enum tdrm_scarce what)
{
	u64 total = tdrm_total(h->tdev, what);
	u64 kept = total >> (what == TDRM_VRAM ? 4 : 3);

	if (what == TDRM_BINDINGS)
		return h->user ? TDRM_MAX_BINDINGS : U64_MAX;
	if (!h->user)
		return uid_eq(h->uid, GLOBAL_ROOT_UID) ? total : total - kept;
	/* If there is only one, whoever comes first has it */
	return max(total - max(2 * kept, 1ull), 1ull);
}

/**
 * tdrm_take() - charge something scarce to a process and its user
 * @h: process, or NULL, the driver, which is charged nothing
 * @what: what
 * @amount: how much
 *
 * Context: any, but interrupts; takes tdrm_device.holders_lock.
 * Return: 0, or -ENOSPC with a line in the log: the process or the user would hold more than its
 * share.
 */
int tdrm_take(struct tdrm_holder *h, enum tdrm_scarce what, u64 amount)
{
	struct tdrm_holder *i, *full = NULL;
	struct tdrm_device *tdev;

	if (!h)
		return 0;
	tdev = h->tdev;
	spin_lock(&tdev->holders_lock);
	for (i = h; i && !full; i = i->user) {
		if (amount > tdrm_limit(i, what) - min(i->held[what], tdrm_limit(i, what)))
			full = i;
	}
	for (i = h; i && !full; i = i->user)
		i->held[what] += amount;
	spin_unlock(&tdev->holders_lock);
	if (!full)
		return 0;
	dev_notice_ratelimited(tdev->drm.dev, "%s[%d] is refused %s: its %s holds its share of them\n",
			       current->comm, task_tgid_nr(current), tdrm_scarce_names[what],
			       full->user ? "process" : "user");
	return -ENOSPC;
}

/**
 * tdrm_give() - take back a charge
 * @h: process, or NULL, the driver
 * @what: what
 * @amount: how much; tdrm_take() has charged it
 *
 * Context: any, but interrupts; takes tdrm_device.holders_lock.
 */
void tdrm_give(struct tdrm_holder *h, enum tdrm_scarce what, u64 amount)
{
	struct tdrm_device *tdev;

	if (!h)
		return;
	tdev = h->tdev;
	spin_lock(&tdev->holders_lock);
	for (; h; h = h->user)
		h->held[what] -= amount;
	spin_unlock(&tdev->holders_lock);
}

/* The process, or the user for which pid is NULL, with a reference; or NULL */
static struct tdrm_holder *tdrm_holder_find(struct tdrm_device *tdev, struct pid *pid, kuid_t uid)
{
	struct tdrm_holder *h;

	lockdep_assert_held(&tdev->holders_lock);
	list_for_each_entry(h, &tdev->holders, link) {
		if (h->pid == pid && uid_eq(h->uid, uid)) {
			h->refs++;
			return h;
		}
	}
	return NULL;
}

/**
 * tdrm_holder_ref() - take a further reference
 * @h: process
 *
 * Context: any, but interrupts; takes tdrm_device.holders_lock.
 * Return: @h.
 */
struct tdrm_holder *tdrm_holder_ref(struct tdrm_holder *h)
{
	spin_lock(&h->tdev->holders_lock);
	h->refs++;
	spin_unlock(&h->tdev->holders_lock);
	return h;
}

/**
 * tdrm_holder_put() - drop a reference
 * @h: process
 *
 * Context: any, but interrupts; takes tdrm_device.holders_lock.
 */
void tdrm_holder_put(struct tdrm_holder *h)
{
	struct tdrm_device *tdev = h->tdev;
	struct tdrm_holder *user;
	bool last;

	for (; h; h = user) {
		spin_lock(&tdev->holders_lock);
		last = !--h->refs;
		if (last)
			list_del(&h->link);
		spin_unlock(&tdev->holders_lock);
		if (!last)
			return;
		user = h->user;
		put_pid(h->pid);
		kfree(h);
	}
}

/* A process, to which the reference to its user goes; or with neither @pid nor @user a user */
static struct tdrm_holder *tdrm_holder_find_or_make(struct tdrm_device *tdev, struct pid *pid,
						    struct tdrm_holder *user)
{
	struct tdrm_holder *h, *made = kzalloc(sizeof(*made), GFP_KERNEL_ACCOUNT);
	kuid_t uid = user ? user->uid : current_uid();

	if (!made)
		return NULL;
	made->refs = 1;
	made->tdev = tdev;
	made->uid = uid;
	spin_lock(&tdev->holders_lock);
	h = tdrm_holder_find(tdev, pid, uid);
	if (!h) {
		made->pid = get_pid(pid);
		made->user = user;
		list_add(&made->link, &tdev->holders);
	}
	spin_unlock(&tdev->holders_lock);
	if (!h)
		return made;
	kfree(made);
	if (user)
		tdrm_holder_put(user);
	return h;
}

/**
 * tdrm_holder_get() - return the calling process as a holder
 * @tdev: device
 *
 * Context: may sleep.
 * Return: the process with a reference, or NULL if memory is short.
 */
struct tdrm_holder *tdrm_holder_get(struct tdrm_device *tdev)
{
	struct tdrm_holder *user, *h;

	user = tdrm_holder_find_or_make(tdev, NULL, NULL);
	if (!user)
		return NULL;
	h = tdrm_holder_find_or_make(tdev, task_tgid(current), user);
	if (!h)
		tdrm_holder_put(user);
	return h;
}
