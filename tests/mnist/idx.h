/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * idx.h - reading the MNIST files
 */
#ifndef MNIST_IDX_H
#define MNIST_IDX_H

#include <stddef.h>
#include <stdint.h>

#define MNIST_SIDE	28u
#define MNIST_PIXELS	(MNIST_SIDE * MNIST_SIDE)
#define MNIST_CLASSES	10u

/**
 * struct mnist_set - labelled digits
 * @count: how many
 * @images: MNIST_PIXELS bytes each
 * @labels: a byte each, below MNIST_CLASSES
 */
struct mnist_set {
	uint32_t count;
	uint8_t *images;
	uint8_t *labels;
};

/**
 * mnist_load() - read a set
 * @dir: directory of the files
 * @prefix: "train" or "test"
 * @set: filled, to be released by mnist_free()
 * @error: one line that says what is wrong with which file
 * @error_len: its size
 *
 * Return: 0 or -1
 */
int mnist_load(const char *dir, const char *prefix, struct mnist_set *set, char *error,
	       size_t error_len);

/**
 * mnist_free() - release a set
 * @set: set; may be empty
 */
void mnist_free(struct mnist_set *set);

#endif /* MNIST_IDX_H */
