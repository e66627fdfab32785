// SPDX-License-Identifier: GPL-2.0-only
/*
 * vdev.c - a VFIO client for mediated devices: opens one as a virtual machine monitor does
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vdev.h"

/* Above 4 GiB, so that a driver which drops high halves is found out */
#define VDEV_FIRST_IOVA		0x140000000ull
/* Between the memory of those that share a container */
#define VDEV_SHARED_STEP	0x1000000000ull

static int open_group(const char *name)
{
	char path[PATH_MAX], link[PATH_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/%s/devices/%s/iommu_group",
		 strchr(name, ':') ? "pci" : "mdev", name);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		return -errno;
	link[n] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%.64s", strrchr(link, '/') + 1);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int vdev_region_query(struct vdev *v, unsigned int index, struct vdev_region *r)
{
	struct vfio_region_info *info;
	struct vfio_region_info_cap_sparse_mmap *cap;
	struct vfio_info_cap_header *h;
	uint32_t argsz = sizeof(*info);
	unsigned int i;

	memset(r, 0, sizeof(*r));
	for (;;) {
		info = calloc(1, argsz);
		if (!info)
			return -ENOMEM;
		info->argsz = argsz;
		info->index = index;
		if (ioctl(v->device, VFIO_DEVICE_GET_REGION_INFO, info)) {
			int err = -errno;

			free(info);
			return err;
		}
		if (info->argsz <= argsz)
			break;
		argsz = info->argsz;
		free(info);
	}
	r->flags = info->flags;
	r->size = info->size;
	r->offset = info->offset;
	if ((info->flags & VFIO_REGION_INFO_FLAG_CAPS) && info->cap_offset) {
		for (uint32_t off = info->cap_offset; off; off = h->next) {
			h = (void *)((char *)info + off);
			if (h->id != VFIO_REGION_INFO_CAP_SPARSE_MMAP)
				continue;
			cap = (void *)h;
			r->sparse = 1;
			for (i = 0; i < cap->nr_areas && i < VDEV_MAX_AREAS; i++) {
				r->areas[i].offset = cap->areas[i].offset;
				r->areas[i].size = cap->areas[i].size;
			}
			r->num_areas = i;
		}
	}
	if (!r->sparse && (r->flags & VFIO_REGION_INFO_FLAG_MMAP)) {
		r->areas[0].size = r->size;
		r->num_areas = 1;
	}
	free(info);
	return 0;
}

static int map_areas(struct vdev *v, struct vdev_region *r)
{
	unsigned int i;
	void *p;

	for (i = 0; i < r->num_areas; i++) {
		if (!r->areas[i].size)
			continue;
		p = mmap(NULL, r->areas[i].size, PROT_READ | PROT_WRITE, MAP_SHARED, v->device,
			 r->offset + r->areas[i].offset);
		if (p == MAP_FAILED)
			return -errno;
		r->maps[i] = p;
	}
	return 0;
}

int vdev_open_with(struct vdev *v, const char *uuid, const struct vdev *other)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	unsigned int i;
	int err;

	memset(v, 0, sizeof(*v));
	v->container = -1;
	v->group = -1;
	v->device = -1;
	v->next_iova = other ? other->next_iova + VDEV_SHARED_STEP : VDEV_FIRST_IOVA;
	snprintf(v->uuid, sizeof(v->uuid), "%s", uuid);

	v->container = other ? fcntl(other->container, F_DUPFD_CLOEXEC, 0) :
			       open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (v->container < 0) {
		err = -errno;
		goto fail;
	}
	v->group = open_group(uuid);
	if (v->group < 0) {
		err = v->group;
		goto fail;
	}
	if (ioctl(v->group, VFIO_GROUP_GET_STATUS, &status))
		goto fail_errno;
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE)) {
		err = -EPERM;
		goto fail;
	}
	if (ioctl(v->group, VFIO_GROUP_SET_CONTAINER, &v->container) ||
	    (!other && ioctl(v->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)))
		goto fail_errno;
	v->device = ioctl(v->group, VFIO_GROUP_GET_DEVICE_FD, uuid);
	if (v->device < 0)
		goto fail_errno;
	v->info.argsz = sizeof(v->info);
	if (ioctl(v->device, VFIO_DEVICE_GET_INFO, &v->info))
		goto fail_errno;
	for (i = 0; i < v->info.num_regions && i < VFIO_PCI_NUM_REGIONS; i++) {
		/* A region that this device does not know at all is no error: it has no size */
		if (vdev_region_query(v, i, &v->regions[i]))
			continue;
		err = map_areas(v, &v->regions[i]);
		if (err)
			goto fail;
	}
	return 0;

fail_errno:
	err = -errno;
fail:
	vdev_close(v);
	return err;
}

int vdev_open(struct vdev *v, const char *uuid)
{
	return vdev_open_with(v, uuid, NULL);
}

void vdev_close(struct vdev *v)
{
	unsigned int i, k;

	for (i = 0; i < VFIO_PCI_NUM_REGIONS; i++) {
		struct vdev_region *r = &v->regions[i];

		for (k = 0; k < r->num_areas; k++) {
			if (r->maps[k])
				munmap(r->maps[k], r->areas[k].size);
		}
	}
	if (v->device >= 0)
		close(v->device);
	if (v->group >= 0)
		close(v->group);
	if (v->container >= 0)
		close(v->container);
	for (i = 0; i < v->num_mems; i++)
		munmap(v->mems[i].cpu, v->mems[i].bytes);
	v->num_mems = 0;
	v->container = -1;
	v->group = -1;
	v->device = -1;
	memset(v->regions, 0, sizeof(v->regions));
}

int vdev_create_with(struct vdev *v, const char *type, const struct vdev *other)
{
	const char *whole = getenv("TESSERA_PASSTHROUGH");
	char uuid[MDEV_UUID_LEN];
	int err;

	if (whole) {
		err = vdev_open(v, whole);
		return err ? err : vdev_decode(v, 1);
	}
	memset(v, 0, sizeof(*v));
	v->container = -1;
	v->group = -1;
	v->device = -1;
	err = mdev_create(type, uuid);
	if (err)
		return err;
	err = vdev_open_with(v, uuid, other);
	if (err)
		mdev_remove(uuid);
	return err ? err : vdev_decode(v, 1);
}

int vdev_create(struct vdev *v, const char *type)
{
	return vdev_create_with(v, type, NULL);
}

int vdev_destroy(struct vdev *v)
{
	if (!v->uuid[0])
		return 0;
	vdev_close(v);
	return strchr(v->uuid, ':') ? 0 : mdev_remove(v->uuid);
}

ssize_t vdev_read(struct vdev *v, unsigned int index, uint64_t off, void *buf, size_t len)
{
	ssize_t n = pread(v->device, buf, len, v->regions[index].offset + off);

	return n < 0 ? -errno : n;
}

ssize_t vdev_write(struct vdev *v, unsigned int index, uint64_t off, const void *buf, size_t len)
{
	ssize_t n = pwrite(v->device, buf, len, v->regions[index].offset + off);

	return n < 0 ? -errno : n;
}

uint32_t vdev_reg(struct vdev *v, uint32_t off)
{
	uint32_t value = 0xffffffff;

	vdev_read(v, VFIO_PCI_BAR0_REGION_INDEX, off, &value, sizeof(value));
	return value;
}

uint64_t vdev_reg64(struct vdev *v, uint32_t off_lo)
{
	uint64_t lo = vdev_reg(v, off_lo);

	return lo | (uint64_t)vdev_reg(v, off_lo + 4) << 32;
}

void vdev_reg_write(struct vdev *v, uint32_t off, uint32_t value)
{
	vdev_write(v, VFIO_PCI_BAR0_REGION_INDEX, off, &value, sizeof(value));
}

void vdev_reg_write64(struct vdev *v, uint32_t off_lo, uint64_t value)
{
	vdev_reg_write(v, off_lo, value);
	vdev_reg_write(v, off_lo + 4, value >> 32);
}

uint32_t vdev_cfg(struct vdev *v, unsigned int off, unsigned int len)
{
	uint32_t value = 0;

	if (vdev_read(v, VFIO_PCI_CONFIG_REGION_INDEX, off, &value, len) != (ssize_t)len)
		return 0xffffffff;
	return value;
}

int vdev_cfg_write(struct vdev *v, unsigned int off, unsigned int len, uint32_t value)
{
	ssize_t n = vdev_write(v, VFIO_PCI_CONFIG_REGION_INDEX, off, &value, len);

	return n < 0 ? n : n == (ssize_t)len ? 0 : -EIO;
}

int vdev_decode(struct vdev *v, int on)
{
	uint32_t command = vdev_cfg(v, PCI_COMMAND, 2) & ~PCI_COMMAND_MEMORY;

	return vdev_cfg_write(v, PCI_COMMAND, 2, command | (on ? PCI_COMMAND_MEMORY : 0));
}

unsigned int vdev_cap(struct vdev *v, uint8_t id)
{
	unsigned int pos, n;

	if (!(vdev_cfg(v, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST))
		return 0;
	pos = vdev_cfg(v, PCI_CAPABILITY_LIST, 1) & ~3u;
	for (n = 0; pos >= 0x40 && n < 48; n++) {
		if (vdev_cfg(v, pos, 1) == id)
			return pos;
		pos = vdev_cfg(v, pos + 1, 1) & ~3u;
	}
	return 0;
}

unsigned int vdev_ext_cap(struct vdev *v, uint16_t id)
{
	unsigned int pos = 0x100, n;
	uint32_t h;

	for (n = 0; pos >= 0x100 && n < 960; n++) {
		h = vdev_cfg(v, pos, 4);
		if (!h)
			return 0;
		if ((h & 0xffff) == id)
			return pos;
		pos = h >> 20 & 0xffc;
	}
	return 0;
}

volatile void *vdev_direct(struct vdev *v, unsigned int index, uint64_t off, size_t len)
{
	struct vdev_region *r = &v->regions[index];
	unsigned int i;

	for (i = 0; i < r->num_areas; i++) {
		if (r->maps[i] && off >= r->areas[i].offset &&
		    off + len <= r->areas[i].offset + r->areas[i].size)
			return r->maps[i] + (off - r->areas[i].offset);
	}
	return NULL;
}

int vdev_dma_map(struct vdev *v, void *cpu, uint64_t iova, size_t bytes)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)cpu,
		.iova = iova,
		.size = bytes,
	};

	return ioctl(v->container, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

int vdev_dma_unmap(struct vdev *v, uint64_t iova, size_t bytes, uint64_t *unmapped)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = bytes,
	};
	int ret = ioctl(v->container, VFIO_IOMMU_UNMAP_DMA, &unmap) ? -errno : 0;

	if (unmapped)
		*unmapped = unmap.size;
	return ret;
}

int vdev_mem_alloc(struct vdev *v, size_t bytes, size_t align, struct vdev_mem *m)
{
	uintptr_t raw, start;
	size_t page = sysconf(_SC_PAGESIZE);
	void *p;
	int err;

	if (v->num_mems == VDEV_MAX_MEMS)
		return -ENOMEM;
	bytes = (bytes + page - 1) & ~(page - 1);
	if (align < page)
		align = page;
	p = mmap(NULL, bytes + align - page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		 -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	raw = (uintptr_t)p;
	start = (raw + align - 1) & ~(uintptr_t)(align - 1);
	if (start > raw)
		munmap(p, start - raw);
	if (raw + align - page > start)
		munmap((void *)(start + bytes), raw + align - page - start);

	m->cpu = (void *)start;
	m->bytes = bytes;
	m->iova = (v->next_iova + align - 1) & ~(uint64_t)(align - 1);
	err = vdev_dma_map(v, m->cpu, m->iova, bytes);
	if (err) {
		munmap(m->cpu, bytes);
		return err;
	}
	/* A hole after each, so that running past the end is noticed */
	v->next_iova = m->iova + bytes + page;
	v->mems[v->num_mems++] = *m;
	return 0;
}

static int set_irqs(struct vdev *v, unsigned int index, uint32_t flags, unsigned int first,
		    unsigned int count, const int *fds)
{
	struct vfio_irq_set *set;
	size_t data = fds ? count * sizeof(int) : 0;
	int ret;

	set = calloc(1, sizeof(*set) + data);
	if (!set)
		return -ENOMEM;
	set->argsz = sizeof(*set) + data;
	set->flags = flags;
	set->index = index;
	set->start = first;
	set->count = count;
	if (data)
		memcpy(set->data, fds, data);
	ret = ioctl(v->device, VFIO_DEVICE_SET_IRQS, set) ? -errno : 0;
	free(set);
	return ret;
}

int vdev_irq_set(struct vdev *v, unsigned int first, unsigned int count, const int *eventfds)
{
	return set_irqs(v, VFIO_PCI_MSIX_IRQ_INDEX,
			VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, first, count,
			eventfds);
}

int vdev_irq_disable(struct vdev *v)
{
	return set_irqs(v, VFIO_PCI_MSIX_IRQ_INDEX,
			VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0, NULL);
}

int vdev_irq_set_index(struct vdev *v, unsigned int index, int eventfd)
{
	return set_irqs(v, index, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, 0, 1,
			&eventfd);
}

int vdev_irq_trigger(struct vdev *v, unsigned int first, unsigned int count)
{
	return set_irqs(v, VFIO_PCI_MSIX_IRQ_INDEX,
			VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, first, count, NULL);
}

int vdev_reset(struct vdev *v)
{
	return ioctl(v->device, VFIO_DEVICE_RESET) ? -errno : 0;
}

int vdev_flr(struct vdev *v)
{
	unsigned int pos = vdev_cap(v, PCI_CAP_ID_EXP);
	uint32_t ctl;

	if (!pos)
		return -ENOENT;
	ctl = vdev_cfg(v, pos + PCI_EXP_DEVCTL, 2);
	return vdev_cfg_write(v, pos + PCI_EXP_DEVCTL, 2, ctl | PCI_EXP_DEVCTL_BCR_FLR);
}
