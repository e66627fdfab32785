// SPDX-License-Identifier: MIT
/*
 * va.c - the free addresses of a context: a sorted list, first fit
 */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

int tessera_va_init(struct tessera_va *vas, uint64_t start, uint64_t end)
{
	struct va_range *r;

	vas->free = NULL;
	if (start >= end)
		return -EINVAL;
	r = malloc(sizeof(*r));
	if (!r)
		return -ENOMEM;
	*r = (struct va_range){ NULL, start, end };
	vas->free = r;
	return 0;
}

void tessera_va_fini(struct tessera_va *vas)
{
	while (vas->free) {
		struct va_range *r = vas->free;

		vas->free = r->next;
		free(r);
	}
}

/* Take [va, va + size) out of *link, which holds all of it. */
static int carve(struct va_range **link, uint64_t va, uint64_t size)
{
	struct va_range *r = *link, *rest;

	if (va > r->start && va + size < r->end) {
		rest = malloc(sizeof(*rest));
		if (!rest)
			return -ENOMEM;
		*rest = (struct va_range){ r->next, va + size, r->end };
		r->next = rest;
		r->end = va;
	} else if (va > r->start) {
		r->end = va;
	} else if (va + size < r->end) {
		r->start = va + size;
	} else {
		*link = r->next;
		free(r);
	}
	return 0;
}

int tessera_va_alloc(struct tessera_va *vas, uint64_t size, uint64_t align, uint64_t *va)
{
	if (!size || !align || (align & (align - 1)))
		return -EINVAL;
	for (struct va_range **link = &vas->free; *link; link = &(*link)->next) {
		struct va_range *r = *link;
		uint64_t at = (r->start + align - 1) & ~(align - 1);
		int err;

		if (at < r->start || at >= r->end || r->end - at < size)
			continue;
		err = carve(link, at, size);
		if (!err)
			*va = at;
		return err;
	}
	return -ENOMEM;
}

int tessera_va_take(struct tessera_va *vas, uint64_t va, uint64_t size)
{
	if (!size || va + size < va)
		return -EINVAL;
	for (struct va_range **link = &vas->free; *link; link = &(*link)->next)
		if ((*link)->start <= va && va + size <= (*link)->end)
			return carve(link, va, size);
	return -EEXIST;
}

int tessera_va_give(struct tessera_va *vas, uint64_t va, uint64_t size)
{
	struct va_range **link = &vas->free, *prev = NULL, *r;

	if (!size || va + size < va)
		return -EINVAL;
	while (*link && (*link)->end <= va) {
		prev = *link;
		link = &(*link)->next;
	}
	r = *link;
	if (r && r->start < va + size)
		return -EINVAL;
	if (prev && prev->end == va) {
		prev->end = va + size;
		if (r && r->start == prev->end) {
			prev->end = r->end;
			prev->next = r->next;
			free(r);
		}
		return 0;
	}
	if (r && r->start == va + size) {
		r->start = va;
		return 0;
	}
	r = malloc(sizeof(*r));
	if (!r)
		return -ENOMEM;
	*r = (struct va_range){ *link, va, va + size };
	*link = r;
	return 0;
}
