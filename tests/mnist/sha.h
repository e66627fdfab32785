/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sha.h - SHA-256 as text
 */
#ifndef MNIST_SHA_H
#define MNIST_SHA_H

#include <stddef.h>

#define SHA_TEXT_LEN	65	/* 64 hexadecimal digits and a NUL */

/**
 * sha256_text() - SHA-256 of some bytes
 * @data: bytes
 * @len: how many
 * @text: filled
 */
void sha256_text(const void *data, size_t len, char text[SHA_TEXT_LEN]);

#endif /* MNIST_SHA_H */
