// SPDX-License-Identifier: GPL-2.0-only
/*
 * idx.c - reading the MNIST files: IDX format, gzip'd (or not: zlib takes both)
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "idx.h"

#define MAGIC_IMAGES	2051u
#define MAGIC_LABELS	2049u
#define MAX_COUNT	60000u

static bool read_all(gzFile file, void *buf, size_t len)
{
	return gzread(file, buf, (unsigned int)len) == (int)len;
}

static bool read_be32(gzFile file, uint32_t *value)
{
	uint8_t b[4];

	if (!read_all(file, b, sizeof(b)))
		return false;
	*value = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	return true;
}

/* The items of one file, @item_bytes each; NULL with @why set if it is not as it should be. */
static uint8_t *read_items(gzFile file, uint32_t magic, size_t item_bytes, uint32_t *count,
			   const char **why)
{
	uint32_t value, rows, cols;
	uint8_t *items, more;

	*why = "too short";
	if (!read_be32(file, &value))
		return NULL;
	if (value != magic) {
		*why = "not an IDX file of this kind";
		return NULL;
	}
	if (!read_be32(file, count))
		return NULL;
	if (!*count || *count > MAX_COUNT) {
		*why = "bad count";
		return NULL;
	}
	if (magic == MAGIC_IMAGES) {
		if (!read_be32(file, &rows) || !read_be32(file, &cols))
			return NULL;
		if (rows != MNIST_SIDE || cols != MNIST_SIDE) {
			*why = "images are not 28 x 28";
			return NULL;
		}
	}
	items = malloc(*count * item_bytes);
	if (!items) {
		*why = "out of memory";
		return NULL;
	}
	if (!read_all(file, items, *count * item_bytes)) {
		free(items);
		return NULL;
	}
	if (gzread(file, &more, 1) != 0) {
		*why = "longer than its header says, or damaged";
		free(items);
		return NULL;
	}
	return items;
}

static uint8_t *load_file(const char *dir, const char *prefix, const char *kind, uint32_t magic,
			  size_t item_bytes, uint32_t *count, char *error, size_t error_len)
{
	const char *why = "cannot be opened";
	uint8_t *items = NULL;
	char path[4096];
	gzFile file;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s-%s.gz", dir, prefix, kind) >=
	    sizeof(path)) {
		snprintf(error, error_len, "data directory's name is too long");
		return NULL;
	}
	file = gzopen(path, "rb");
	if (file) {
		items = read_items(file, magic, item_bytes, count, &why);
		gzclose(file);
	}
	if (!items)
		snprintf(error, error_len, "%s: %s", path, why);
	return items;
}

int mnist_load(const char *dir, const char *prefix, struct mnist_set *set, char *error,
	       size_t error_len)
{
	uint32_t num_labels = 0;

	memset(set, 0, sizeof(*set));
	set->images = load_file(dir, prefix, "images-idx3-ubyte", MAGIC_IMAGES, MNIST_PIXELS,
				&set->count, error, error_len);
	if (!set->images)
		return -1;
	set->labels = load_file(dir, prefix, "labels-idx1-ubyte", MAGIC_LABELS, 1, &num_labels,
				error, error_len);
	if (!set->labels)
		goto fail;
	if (num_labels != set->count) {
		snprintf(error, error_len, "%s/%s: %u images but %u labels", dir, prefix,
			 set->count, num_labels);
		goto fail;
	}
	for (uint32_t i = 0; i < num_labels; i++) {
		if (set->labels[i] >= MNIST_CLASSES) {
			snprintf(error, error_len, "%s/%s: label %u is %u", dir, prefix, i,
				 set->labels[i]);
			goto fail;
		}
	}
	return 0;

fail:
	mnist_free(set);
	return -1;
}

void mnist_free(struct mnist_set *set)
{
	free(set->images);
	free(set->labels);
	memset(set, 0, sizeof(*set));
}
