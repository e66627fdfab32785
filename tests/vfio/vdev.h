/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vdev.h - a VFIO client for mediated devices: opens one as a virtual machine monitor does
 *
 * Each vdev has a container of its own, so that many in one process are as far apart
 * as many virtual machines; unless it is opened with another, in the same one. Functions
 * return 0 or a negative errno; none prints or exits.
 */
#ifndef TESSERA_TEST_VDEV_H
#define TESSERA_TEST_VDEV_H

#include <linux/vfio.h>
#include <stddef.h>
#include <stdint.h>

#include "mdev.h"

#define VDEV_MAX_AREAS		64
#define VDEV_MAX_MEMS		256

/**
 * struct vdev_region - what VFIO says about a region, and our mappings of it
 * @flags: VFIO_REGION_INFO_FLAG_*
 * @size: bytes
 * @offset: of the region in the device file
 * @sparse: the region came with a list of areas that can be mapped
 * @num_areas: areas in the list
 * @areas: the list
 * @maps: where each area is mapped, by vdev_map_areas()
 */
struct vdev_region {
	uint32_t flags;
	uint64_t size;
	uint64_t offset;
	int sparse;
	unsigned int num_areas;
	struct {
		uint64_t offset;
		uint64_t size;
	} areas[VDEV_MAX_AREAS];
	uint8_t *maps[VDEV_MAX_AREAS];
};

/* Memory that the device can reach: anonymous, mapped by the container. */
struct vdev_mem {
	void *cpu;
	uint64_t iova;
	size_t bytes;
};

struct vdev {
	char uuid[MDEV_UUID_LEN];
	int container;
	int group;
	int device;
	struct vfio_device_info info;
	struct vdev_region regions[VFIO_PCI_NUM_REGIONS];
	uint64_t next_iova;
	unsigned int num_mems;
	struct vdev_mem mems[VDEV_MAX_MEMS];
};

/*
 * Open an existing vGPU, or by its bus address a PCI function bound to vfio-pci; vdev_close()
 * undoes all of it. It does not answer at its BARs yet: vdev_decode().
 */
int vdev_open(struct vdev *v, const char *uuid);
/* The same, in the container of another, whose memory it can reach too. */
int vdev_open_with(struct vdev *v, const char *uuid, const struct vdev *other);
void vdev_close(struct vdev *v);

/*
 * Create a vGPU of a type and open it, and have it answer at its BARs, as a guest's firmware
 * does; vdev_destroy() closes and removes it. With
 * TESSERA_PASSTHROUGH=BDF in the environment it is that whole PCI function, bound to
 * vfio-pci, instead: what tests expect of a vGPU can be compared with the hardware.
 */
int vdev_create(struct vdev *v, const char *type);
int vdev_create_with(struct vdev *v, const char *type, const struct vdev *other);
int vdev_destroy(struct vdev *v);

int vdev_region_query(struct vdev *v, unsigned int index, struct vdev_region *r);

/* Trapped access, by pread and pwrite: bytes done, or a negative errno. */
ssize_t vdev_read(struct vdev *v, unsigned int index, uint64_t off, void *buf, size_t len);
ssize_t vdev_write(struct vdev *v, unsigned int index, uint64_t off, const void *buf, size_t len);

/* 32-bit registers of BAR0's control page. */
uint32_t vdev_reg(struct vdev *v, uint32_t off);
uint64_t vdev_reg64(struct vdev *v, uint32_t off_lo);
void vdev_reg_write(struct vdev *v, uint32_t off, uint32_t value);
void vdev_reg_write64(struct vdev *v, uint32_t off_lo, uint64_t value);

/* Configuration space; reads of what can't be read give all ones. */
uint32_t vdev_cfg(struct vdev *v, unsigned int off, unsigned int len);
int vdev_cfg_write(struct vdev *v, unsigned int off, unsigned int len, uint32_t value);

/* Turn memory space on, or off; bus mastering stays as it is. */
int vdev_decode(struct vdev *v, int on);

/* Offset of a capability, or of an extended one, or 0. */
unsigned int vdev_cap(struct vdev *v, uint8_t id);
unsigned int vdev_ext_cap(struct vdev *v, uint16_t id);

/* Direct access: NULL where no mapped area covers the range. */
volatile void *vdev_direct(struct vdev *v, unsigned int index, uint64_t off, size_t len);

/*
 * Memory for the device. @align is of the I/O address and of the CPU's. dma_unmap leaves the
 * CPU's mapping in place; @unmapped, if not NULL, gets the number of bytes that went.
 */
int vdev_mem_alloc(struct vdev *v, size_t bytes, size_t align, struct vdev_mem *m);
int vdev_dma_map(struct vdev *v, void *cpu, uint64_t iova, size_t bytes);
int vdev_dma_unmap(struct vdev *v, uint64_t iova, size_t bytes, uint64_t *unmapped);

/* MSI-X: one eventfd for each of @count vectors from @first on; -1 takes a vector's away. */
int vdev_irq_set(struct vdev *v, unsigned int first, unsigned int count, const int *eventfds);
int vdev_irq_disable(struct vdev *v);
/* Another index of one interrupt, such as VFIO_PCI_ERR_IRQ_INDEX */
int vdev_irq_set_index(struct vdev *v, unsigned int index, int eventfd);
/* Raise vectors from the client's side (VFIO's loopback test). */
int vdev_irq_trigger(struct vdev *v, unsigned int first, unsigned int count);

int vdev_reset(struct vdev *v);

/* Function-level reset as a guest does it, in the PCI Express capability. */
int vdev_flr(struct vdev *v);

#endif
