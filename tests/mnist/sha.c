// SPDX-License-Identifier: GPL-2.0-only
/*
 * sha.c - SHA-256 as text
 *
 * By libcrypto's oldest interface: the newer ones drag most of the library into a static
 * program.
 */
#define OPENSSL_API_COMPAT 0x10100000L
#include <openssl/sha.h>
#include <stdio.h>

#include "sha.h"

void sha256_text(const void *data, size_t len, char text[SHA_TEXT_LEN])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	SHA256_CTX ctx;

	SHA256_Init(&ctx);
	SHA256_Update(&ctx, data, len);
	SHA256_Final(digest, &ctx);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
}
