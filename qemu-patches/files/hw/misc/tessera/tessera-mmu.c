// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera-mmu.c - the T1's page tables: a radix tree for each context
 *
 * Four levels of 512 entries, 48 bits of address, pages of 4 KiB at level 0 and of
 * 2 MiB at level 1. Only admin commands change them; drivers never see them. An empty table
 * is freed at once, so a context uses memory only for what it has mapped.
 *
 * The device has T1_CTX_TABLES tables for each context. Contexts of one part share theirs: 1 GiB
 * in 4 KiB pages takes 513 leaves at any alignment, and a few tables above them.
 */
#include <stdlib.h>
#include <string.h>

#include "tessera-internal.h"

#define LEVELS			4u
#define ENTRIES			512u
#define LEVEL_SHIFT(level)	(T1_PAGE_SHIFT + 9u * (level))
#define VA_END			(1ull << T1_VA_BITS)

/*
 * An entry is zero, or a page (bit 3 set; address in the bits from 12 on, the
 * T1_MAP_* access bits in 0 to 2), or a pointer to the table below, whose
 * alignment keeps bit 3 clear.
 */
#define ENTRY_PAGE		(1ull << 3)
#define ENTRY_ADDR		(~(uint64_t)(T1_PAGE_SIZE - 1))

struct mmu_node {
	_Alignas(64) uint64_t entry[ENTRIES];
	unsigned int used;
};

static struct mmu_node *entry_node(uint64_t entry)
{
	return (struct mmu_node *)(uintptr_t)entry;
}

static unsigned int index_of(uint64_t va, unsigned int level)
{
	return (va >> LEVEL_SHIFT(level)) & (ENTRIES - 1);
}

/* Are all tables of @num contexts, from @first on, in use? */
static bool used_up(const struct t1_core *core, uint32_t first, uint32_t num)
{
	unsigned int tables = 0;
	uint32_t i;

	for (i = first; i < first + num; i++)
		tables += core->ctxs[i].mmu.tables;
	return tables >= num * T1_CTX_TABLES;
}

/* Parts that overlap do not make the device have more. */
static struct mmu_node *node_new(struct t1_core *core, struct mmu *mmu)
{
	struct mmu_node *node;

	if (used_up(core, mmu->part_first, mmu->part_num) || used_up(core, 0, NUM_CONTEXTS))
		return NULL;
	node = aligned_alloc(_Alignof(struct mmu_node), sizeof(*node));
	if (!node)
		return NULL;
	memset(node, 0, sizeof(*node));
	mmu->tables++;
	return node;
}

static void node_free(struct mmu *mmu, struct mmu_node *node)
{
	mmu->tables--;
	free(node);
}

static void node_set(struct mmu_node *node, unsigned int i, uint64_t entry)
{
	node->used += !node->entry[i] - !entry;
	node->entry[i] = entry;
}

static void node_free_tree(struct mmu *mmu, struct mmu_node *node, unsigned int level)
{
	unsigned int i;

	for (i = 0; level && i < ENTRIES && node->used; i++) {
		if (!node->entry[i])
			continue;
		if (!(node->entry[i] & ENTRY_PAGE))
			node_free_tree(mmu, entry_node(node->entry[i]), level - 1);
		node_set(node, i, 0);
	}
	node_free(mmu, node);
}

/**
 * t1_mmu_destroy() - forget every mapping
 * @mmu: the address space
 */
void t1_mmu_destroy(struct mmu *mmu)
{
	if (mmu->root)
		node_free_tree(mmu, mmu->root, LEVELS - 1);
	mmu->root = NULL;
}

/* The page entry that covers @va, or zero; *@level says how large a page it is. */
static uint64_t lookup(const struct mmu *mmu, uint64_t va, unsigned int *level)
{
	const struct mmu_node *node = mmu->root;
	unsigned int l = LEVELS - 1;
	uint64_t entry;

	while (node) {
		entry = node->entry[index_of(va, l)];
		if (!entry || (entry & ENTRY_PAGE)) {
			*level = l;
			return entry;
		}
		node = entry_node(entry);
		l--;
	}
	*level = LEVELS - 1;
	return 0;
}

/* Free the tables on the path to @va that have become empty. */
static void prune(struct mmu *mmu, uint64_t va)
{
	struct mmu_node *path[LEVELS];
	unsigned int l = LEVELS - 1;
	uint64_t entry;

	path[l] = mmu->root;
	if (!path[l])
		return;
	while (l) {
		entry = path[l]->entry[index_of(va, l)];
		if (!entry || (entry & ENTRY_PAGE))
			break;
		path[--l] = entry_node(entry);
	}
	for (; l < LEVELS && !path[l]->used; l++) {
		node_free(mmu, path[l]);
		if (l == LEVELS - 1)
			mmu->root = NULL;
		else
			node_set(path[l + 1], index_of(va, l + 1), 0);
	}
}

/*
 * Return the table of @level that holds @va's entry; create it if it does not exist. Fails
 * with EXISTS if a larger page is in the way.
 */
static unsigned int table_get(struct t1_core *core, struct mmu *mmu, uint64_t va,
			      unsigned int level, struct mmu_node **table)
{
	struct mmu_node *node = mmu->root;
	struct mmu_node *child;
	unsigned int l, i;

	if (!node) {
		node = node_new(core, mmu);
		if (!node)
			return T1_ST_NO_RESOURCE;
		mmu->root = node;
	}
	for (l = LEVELS - 1; l > level; l--) {
		i = index_of(va, l);
		if (node->entry[i] & ENTRY_PAGE)
			return T1_ST_EXISTS;
		child = entry_node(node->entry[i]);
		if (!child) {
			child = node_new(core, mmu);
			if (!child) {
				prune(mmu, va);
				return T1_ST_NO_RESOURCE;
			}
			node_set(node, i, (uintptr_t)child);
		}
		node = child;
	}
	*table = node;
	return T1_ST_OK;
}

/**
 * t1_mmu_map() - map pages, either all of them or none
 * @core: the accelerator
 * @mmu: the address space
 * @va: first address, aligned to the page size; the range lies inside 48 bits
 * @addrs: @npages addresses, checked and aligned
 * @npages: 1 .. T1_MAP_MAX_PAGES
 * @flags: T1_MAP_READ, _WRITE, _VRAM, _HUGE
 *
 * Return: T1_ST_OK, _EXISTS or _NO_RESOURCE.
 */
unsigned int t1_mmu_map(struct t1_core *core, struct mmu *mmu, uint64_t va,
			const uint64_t *addrs, unsigned int npages, uint32_t flags)
{
	unsigned int level = flags & T1_MAP_HUGE ? 1 : 0;
	uint64_t step = bit64(LEVEL_SHIFT(level));
	uint64_t last = va + (npages - 1) * step;
	struct mmu_node *first_table, *last_table, *table;
	unsigned int status, i;
	uint64_t at;

	/* At most 512 pages: the range lies in one table or in two neighbours. */
	status = table_get(core, mmu, va, level, &first_table);
	if (status)
		return status;
	status = table_get(core, mmu, last, level, &last_table);
	if (status)
		goto out_prune;

	status = T1_ST_EXISTS;
	for (i = 0, at = va; i < npages; i++, at += step) {
		table = i <= ENTRIES - 1 - index_of(va, level) ? first_table : last_table;
		if (table->entry[index_of(at, level)])
			goto out_prune;
	}
	for (i = 0, at = va; i < npages; i++, at += step) {
		table = i <= ENTRIES - 1 - index_of(va, level) ? first_table : last_table;
		node_set(table, index_of(at, level),
			 addrs[i] | ENTRY_PAGE | (flags & MMU_FLAGS));
	}
	return T1_ST_OK;

out_prune:
	prune(mmu, last);
	prune(mmu, va);
	return status;
}

/* Is @va inside a 2 MiB page? */
static bool splits(const struct mmu *mmu, uint64_t va)
{
	unsigned int level;

	if (!(va & (T1_HUGE_PAGE_SIZE - 1)))
		return false;
	return lookup(mmu, va, &level) && level == 1;
}

static void unmap_range(struct mmu *mmu, struct mmu_node *node, unsigned int level, uint64_t va,
			uint64_t end)
{
	uint64_t step = bit64(LEVEL_SHIFT(level));
	struct mmu_node *child;
	uint64_t next;
	unsigned int i;

	for (; va < end; va = next) {
		next = (va & ~(step - 1)) + step;
		if (!node->used)
			return;
		i = index_of(va, level);
		if (!node->entry[i])
			continue;
		if (!(node->entry[i] & ENTRY_PAGE)) {
			child = entry_node(node->entry[i]);
			unmap_range(mmu, child, level - 1, va, next < end ? next : end);
			if (child->used)
				continue;
			node_free(mmu, child);
		}
		node_set(node, i, 0);
	}
}

/**
 * t1_mmu_unmap() - unmap whatever is mapped in a range
 * @mmu: the address space
 * @va: first address, page aligned
 * @len: bytes; the range lies inside 48 bits
 *
 * Return: T1_ST_OK, or _INVALID_FIELD where the range ends inside a 2 MiB page.
 */
unsigned int t1_mmu_unmap(struct mmu *mmu, uint64_t va, uint64_t len)
{
	uint64_t end = va + len;

	if (splits(mmu, va) || (end < VA_END && splits(mmu, end)))
		return T1_ST_INVALID_FIELD;
	if (!mmu->root)
		return T1_ST_OK;
	unmap_range(mmu, mmu->root, LEVELS - 1, va, end);
	if (!mmu->root->used)
		t1_mmu_destroy(mmu);
	return T1_ST_OK;
}

/**
 * t1_mmu_translate() - find where a range begins and how far it goes in one piece
 * @mmu: the address space
 * @va: any address
 * @len: at least 1
 * @access: MMU_READ, MMU_WRITE or both
 * @run: the first piece, @len at most
 *
 * Return: T1_FAULT_NONE, _UNMAPPED or _PERMISSION, of the first byte.
 */
unsigned int t1_mmu_translate(const struct mmu *mmu, uint64_t va, uint64_t len,
			      uint32_t access, struct mmu_run *run)
{
	uint64_t size, entry, addr, got, kind = 0;
	unsigned int level;

	run->len = 0;
	while (run->len < len) {
		if (va >= VA_END)
			return run->len ? T1_FAULT_NONE : T1_FAULT_UNMAPPED;
		entry = lookup(mmu, va, &level);
		if (!entry)
			return run->len ? T1_FAULT_NONE : T1_FAULT_UNMAPPED;
		if ((entry & access) != access)
			return run->len ? T1_FAULT_NONE : T1_FAULT_PERMISSION;
		size = bit64(LEVEL_SHIFT(level));
		addr = (entry & ENTRY_ADDR) + (va & (size - 1));
		if (!run->len) {
			kind = entry & T1_MAP_VRAM;
			run->addr = addr;
			run->vram = kind;
		} else if (addr != run->addr + run->len ||
			   (entry & T1_MAP_VRAM) != kind) {
			return T1_FAULT_NONE;
		}
		got = size - (va & (size - 1));
		run->len += got;
		va += got;
	}
	run->len = len;
	return T1_FAULT_NONE;
}

/**
 * t1_mmu_probe() - check that a whole range may be accessed
 * @mmu: the address space
 * @va: first address
 * @len: bytes
 * @access: MMU_READ or MMU_WRITE
 * @fault_va: set to the first address that may not be accessed
 *
 * Return: T1_FAULT_NONE, _UNMAPPED or _PERMISSION.
 */
unsigned int t1_mmu_probe(const struct mmu *mmu, uint64_t va, uint64_t len,
			  uint32_t access, uint64_t *fault_va)
{
	struct mmu_run run;
	unsigned int fault;

	while (len) {
		fault = t1_mmu_translate(mmu, va, len, access, &run);
		if (fault) {
			*fault_va = va;
			return fault;
		}
		va += run.len;
		len -= run.len;
	}
	return T1_FAULT_NONE;
}

/**
 * t1_mmu_any_system() - check whether any mapped page of a range is in system memory
 * @mmu: the address space
 * @va: first address
 * @len: bytes
 *
 * Return: true if one is.
 */
bool t1_mmu_any_system(const struct mmu *mmu, uint64_t va, uint64_t len)
{
	struct mmu_run run;
	unsigned int level;
	uint64_t skip;

	while (len && va < VA_END) {
		if (t1_mmu_translate(mmu, va, len, 0, &run)) {
			lookup(mmu, va, &level);
			skip = bit64(LEVEL_SHIFT(level)) - (va & (bit64(LEVEL_SHIFT(level)) - 1));
			if (skip > len)
				skip = len;
			va += skip;
			len -= skip;
			continue;
		}
		if (!run.vram)
			return true;
		va += run.len;
		len -= run.len;
	}
	return false;
}

/**
 * t1_mmu_read() - read from an address space
 * @core: the accelerator
 * @mmu: the address space
 * @va: first address
 * @buf: @len bytes
 * @len: bytes
 * @fault_va: address at fault
 *
 * Return: T1_FAULT_NONE, _UNMAPPED, _PERMISSION or _BUS_ERROR.
 */
unsigned int t1_mmu_read(struct t1_core *core, const struct mmu *mmu, uint64_t va,
			 void *buf, uint64_t len, uint64_t *fault_va)
{
	struct mmu_run run;
	unsigned int fault;
	uint8_t *to = buf;

	while (len) {
		fault = t1_mmu_translate(mmu, va, len, MMU_READ, &run);
		if (!fault) {
			if (run.vram)
				memcpy(to, core->vram + run.addr, run.len);
			else if (!core->ops->dma_read(core->opaque, run.addr, to, run.len))
				fault = T1_FAULT_BUS_ERROR;
		}
		if (fault) {
			*fault_va = va;
			return fault;
		}
		to += run.len;
		va += run.len;
		len -= run.len;
	}
	return T1_FAULT_NONE;
}

/*
 * The reader of a fence or of a control block polls it from another thread: an aligned word
 * must be written in one store.
 */
static void vram_store(uint8_t *to, const uint8_t *from, uint64_t len)
{
	uint64_t word;

	if (len == sizeof(word) && !((uintptr_t)to & (sizeof(word) - 1))) {
		memcpy(&word, from, sizeof(word));
		__atomic_store_n((uint64_t *)to, word, __ATOMIC_RELEASE);
	} else {
		memcpy(to, from, len);
	}
}

/**
 * t1_mmu_write() - write to an address space, unless a page of the range refuses it
 * @core: the accelerator
 * @mmu: the address space
 * @va: first address
 * @buf: @len bytes
 * @len: bytes
 * @fault_va: address at fault
 *
 * Return: T1_FAULT_NONE, _UNMAPPED, _PERMISSION (then nothing was written) or
 * _BUS_ERROR.
 */
unsigned int t1_mmu_write(struct t1_core *core, const struct mmu *mmu, uint64_t va,
			  const void *buf, uint64_t len, uint64_t *fault_va)
{
	const uint8_t *from = buf;
	struct mmu_run run;
	unsigned int fault;

	fault = t1_mmu_probe(mmu, va, len, MMU_WRITE, fault_va);
	if (fault)
		return fault;
	while (len) {
		t1_mmu_translate(mmu, va, len, MMU_WRITE, &run);
		if (run.vram) {
			vram_store(core->vram + run.addr, from, run.len);
			core->ops->vram_dirty(core->opaque, run.addr, run.len);
		} else if (!core->ops->dma_write(core->opaque, run.addr, from, run.len)) {
			*fault_va = va;
			return T1_FAULT_BUS_ERROR;
		}
		from += run.len;
		va += run.len;
		len -= run.len;
	}
	return T1_FAULT_NONE;
}

static bool walk(const struct mmu_node *node, unsigned int level, uint64_t va,
		 bool (*fn)(void *arg, uint64_t va, uint64_t addr, uint32_t flags, bool huge),
		 void *arg)
{
	unsigned int i;
	uint64_t entry;

	for (i = 0; i < ENTRIES; i++, va += bit64(LEVEL_SHIFT(level))) {
		entry = node->entry[i];
		if (!entry)
			continue;
		if (entry & ENTRY_PAGE) {
			if (!fn(arg, va, entry & ENTRY_ADDR, entry & MMU_FLAGS, level))
				return false;
		} else if (!walk(entry_node(entry), level - 1, va, fn, arg)) {
			return false;
		}
	}
	return true;
}

bool t1_mmu_walk(const struct mmu *mmu,
		 bool (*fn)(void *arg, uint64_t va, uint64_t addr, uint32_t flags, bool huge),
		 void *arg)
{
	return !mmu->root || walk(mmu->root, LEVELS - 1, 0, fn, arg);
}
