/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "crypto/hash.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <nettle/sha3.h>
#include <sys/random.h>

void hash_sha256(uint8_t out[32], const void *p, size_t n)
{
	struct sha256_ctx c;

	sha256_init(&c);
	sha256_update(&c, n, p);
	sha256_digest(&c, 32, out);
}

void hash_sha3_256(uint8_t out[32], const void *p, size_t n)
{
	hash_sha3_256_v(out, &(struct str){ p, n }, 1);
}

void hash_sha3_256_v(uint8_t out[32], const struct str *piece, unsigned n)
{
	struct sha3_256_ctx c;

	sha3_256_init(&c);
	for (unsigned i = 0; i < n; i++)
		sha3_256_update(&c, piece[i].len, (const uint8_t *)piece[i].p);
	sha3_256_digest(&c, 32, out);
}

void random_bytes(void *p, size_t n)
{
	char *to = p;
	ssize_t got;

	while (n) {
		got = getrandom(to, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			fputs("the system gives no random bytes\n", stderr);
			abort();
		}
		to += got;
		n -= (size_t)got;
	}
}

void random_uuid(char out[UUID_TEXT])
{
	uint8_t b[16];
	char hex[33];

	random_bytes(b, sizeof b);
	b[6] = (uint8_t)(0x40 | (b[6] & 0x0f)); /* version 4 */
	b[8] = (uint8_t)(0x80 | (b[8] & 0x3f)); /* variant of RFC 4122 */
	hex_encode(hex, b, sizeof b);
	snprintf(out, UUID_TEXT, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
		 hex + 20);
}
