// SPDX-License-Identifier: GPL-2.0-only
/*
 * fault.c - one fault at a time, from the kernel's fault injection
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "mdev.h"

#define DEBUG_DIR	"/sys/kernel/debug"
#define SLAB_DIR	"/sys/kernel/slab"
/* In the round that counts, more than there are */
#define NO_FAULT	(1u << 24)
#define EDGE		150u

/*
 * Caches whose allocations are left alone, by how their names begin. The first three are those of
 * the kernel's own checks. Files in /proc/irq that could not be made the kernel warns of when it
 * removes them. ACPI, which is asked for a function's INTx, uses what it has freed where memory is
 * short.
 */
static const char *const spared[] = {
	"kmemleak_object", "kmemleak_scan_area", "debug_objects_cache", "proc_dir_entry", "Acpi-",
};

static bool is_spared(const char *cache)
{
	unsigned int i;

	for (i = 0; i < sizeof(spared) / sizeof(spared[0]); i++) {
		if (!strncmp(cache, spared[i], strlen(spared[i])))
			return true;
	}
	return false;
}

/* How many caches take part. */
static unsigned int mark_caches(void)
{
	unsigned int n = 0;
	struct dirent *e;
	DIR *dir;

	dir = opendir(SLAB_DIR);
	if (!dir)
		return 0;
	while ((e = readdir(dir))) {
		if (e->d_name[0] != '.' && !sysfs_write(is_spared(e->d_name) ? "0" : "1",
							SLAB_DIR "/%s/failslab", e->d_name))
			n++;
	}
	closedir(dir);
	return n;
}

static int quiet(const char *point)
{
	const char *verbose = getenv("FAULT_VERBOSE");

	return sysfs_write(verbose ? verbose : "0", DEBUG_DIR "/%s/verbose", point);
}

int fault_setup(void)
{
	int err;

	if (access("/proc/self/fail-nth", W_OK))
		return -EOPNOTSUPP;
	err = quiet("failslab") ?: quiet("fail_page_alloc") ?: quiet("fail_usercopy");
	if (!err && !access("/sys/module/tessera", F_OK))
		err = quiet("fail_tessera");
	if (err)
		return err;
	if (!mark_caches())
		return -ENOENT;
	return sysfs_write("Y", DEBUG_DIR "/failslab/cache-filter") ?:
	       sysfs_write("N", DEBUG_DIR "/failslab/ignore-gfp-wait") ?:
	       sysfs_write("N", DEBUG_DIR "/fail_page_alloc/ignore-gfp-wait") ?:
	       sysfs_write("N", DEBUG_DIR "/fail_page_alloc/ignore-gfp-highmem") ?:
	       sysfs_write("0", DEBUG_DIR "/fail_page_alloc/min-order");
}

int fault_open(struct fault *f, pid_t tid)
{
	char path[64];

	memset(f, 0, sizeof(*f));
	snprintf(path, sizeof(path), "/proc/self/task/%d/fail-nth", tid ? tid : gettid());
	f->file = open(path, O_RDWR | O_CLOEXEC);
	return f->file < 0 ? -errno : 0;
}

void fault_close(struct fault *f)
{
	close(f->file);
}

pid_t fault_thread(const char *name)
{
	char path[PATH_MAX], comm[32];
	struct dirent *e;
	pid_t tid = 0;
	DIR *dir;

	dir = opendir("/proc/self/task");
	if (!dir)
		return 0;
	while (!tid && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", e->d_name);
		if (!sysfs_read(comm, sizeof(comm), "%s", path) &&
		    !strncmp(comm, name, strlen(name)))
			tid = atoi(e->d_name);
	}
	closedir(dir);
	return tid;
}

static unsigned int number(const char *name, unsigned int otherwise)
{
	const char *said = getenv(name);

	return said ? atoi(said) : otherwise;
}

void fault_first(struct fault *f)
{
	f->rounds = 0;
	f->faults = 0;
}

bool fault_next(struct fault *f)
{
	unsigned int edge = number("FAULT_EDGE", EDGE), end;

	if (f->rounds++ < 2) {
		f->nth = NO_FAULT;
		return true;
	}
	if (f->nth == NO_FAULT) {
		f->nth = number("FAULT_FIRST", 1);
		return true;
	}
	/* How many there are may vary a little, as with what each processor has at hand */
	if (!f->struck && f->nth >= f->total)
		return false;
	f->nth++;
	if (f->nth > edge && f->nth + edge < f->total) {
		end = f->total - edge;
		f->nth += (end - edge) / edge;
		if (f->nth > end)
			f->nth = end;
	}
	return true;
}

void fault_arm(struct fault *f)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", f->nth);

	if (pwrite(f->file, text, n, 0) != n)
		abort();
}

/* Of the caller's own, both the read and the write are points themselves, and may fail. */
void fault_disarm(struct fault *f)
{
	char text[16] = "";
	ssize_t n = pread(f->file, text, sizeof(text) - 1, 0);
	unsigned int left = n > 0 ? atoi(text) : 1;

	if (left && pwrite(f->file, "0", 1, 0) != 1 && errno != EFAULT)
		abort();
	f->struck = !left;
	f->faults += f->struck;
	if (f->nth == NO_FAULT)
		f->total = NO_FAULT - left;
}

int fault_write(struct fault *f, const char *text, const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	fault_arm(f);
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	fault_disarm(f);
	close(fd);
	return err;
}

bool fault_shortage(int err)
{
	return err == -ENOMEM || err == -EFAULT;
}
