/* SPDX-License-Identifier: Apache-2.0 */
/* BLAKE2b without key, 32 bytes out (RFC 7693); Nettle 3.8 does not have it. */
#include "config.h"

#include "crypto/hash.h"

enum { BLOCK = 128, ROUNDS = 12 };

struct blake2b {
	uint64_t h[8];
	uint64_t n; /* bytes taken so far; preimages here are far below 2^64 */
};

static const uint64_t iv[8] = {
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const uint8_t sigma[10][16] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
	{ 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
	{ 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
	{ 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
	{ 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
	{ 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
	{ 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
	{ 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
	{ 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

static uint64_t load_le64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static uint64_t ror64(uint64_t v, unsigned n)
{
	return v >> n | v << (64 - n);
}

static void mix(uint64_t v[16], size_t a, size_t b, size_t c, size_t d, uint64_t x, uint64_t y)
{
	v[a] += v[b] + x;
	v[d] = ror64(v[d] ^ v[a], 32);
	v[c] += v[d];
	v[b] = ror64(v[b] ^ v[c], 24);
	v[a] += v[b] + y;
	v[d] = ror64(v[d] ^ v[a], 16);
	v[c] += v[d];
	v[b] = ror64(v[b] ^ v[c], 63);
}

static void compress(struct blake2b *s, const uint8_t block[BLOCK], size_t taken, bool last)
{
	uint64_t v[16], m[16];

	s->n += taken;
	for (int i = 0; i < 8; i++) {
		v[i] = s->h[i];
		v[i + 8] = iv[i];
	}
	v[12] ^= s->n;
	if (last)
		v[14] = ~v[14];
	for (size_t i = 0; i < 16; i++)
		m[i] = load_le64(block + 8 * i);
	for (int r = 0; r < ROUNDS; r++) {
		const uint8_t *o = sigma[r % 10];

		for (size_t i = 0; i < 4; i++) /* columns */
			mix(v, i, i + 4, i + 8, i + 12, m[o[2 * i]], m[o[2 * i + 1]]);
		for (size_t i = 0; i < 4; i++) /* diagonals */
			mix(v, i, (i + 1) % 4 + 4, (i + 2) % 4 + 8, (i + 3) % 4 + 12,
			    m[o[2 * i + 8]], m[o[2 * i + 9]]);
	}
	for (int i = 0; i < 8; i++)
		s->h[i] ^= v[i] ^ v[i + 8];
}

void hash_blake2b_256(uint8_t out[32], const void *p, size_t n)
{
	const uint8_t *in = p;
	uint8_t block[BLOCK] = { 0 };
	struct blake2b s = { .n = 0 };

	memcpy(s.h, iv, sizeof s.h);
	s.h[0] ^= 0x01010000 ^ 32; /* parameter block: fanout and depth 1, no key, digest length */
	for (; n > BLOCK; in += BLOCK, n -= BLOCK)
		compress(&s, in, BLOCK, false);
	if (n)
		memcpy(block, in, n);
	compress(&s, block, n, true);
	for (int i = 0; i < 32; i++)
		out[i] = (uint8_t)(s.h[i / 8] >> 8 * (i % 8));
}
