/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "crypto/hash.h"

#include "tap.h"

typedef void hash_fn(uint8_t out[32], const void *p, size_t n);

static bool is(hash_fn *hash, struct str text, const char *want)
{
	uint8_t out[32];
	char hex[65];

	hash(out, text.p, text.len);
	hex_encode(hex, out, 32);
	if (strcmp(hex, want) != 0)
		printf("# got %s\n", hex);
	return !strcmp(hex, want);
}

/* Digests of n bytes 0, 1, 2, ... put together, and their digest: one number for all lengths. */
static void all_lengths(hash_fn *hash, char hex[65])
{
	uint8_t bytes[300], out[300][32], sum[32];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)i;
	for (size_t n = 0; n < sizeof bytes; n++)
		hash(out[n], bytes, n);
	hash(sum, out, sizeof out);
	hex_encode(hex, sum, 32);
}

int main(void)
{
	char uuid[UUID_TEXT], other[UUID_TEXT], hex[65];
	uint8_t a[32], b[32];
	struct str pieces[3] = { STR_LIT("ab"), STR_NULL, STR_LIT("c") };

	OK(is(hash_sha256, STR_LIT(""),
	      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
	   "SHA-256 of nothing");
	OK(is(hash_sha256, STR_LIT("abc"),
	      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
	   "SHA-256 of abc");
	OK(is(hash_sha3_256, STR_LIT(""),
	      "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"),
	   "SHA3-256 of nothing");
	OK(is(hash_sha3_256, STR_LIT("abc"),
	      "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
	   "SHA3-256 of abc");
	hash_sha3_256_v(a, pieces, 3);
	hash_sha3_256(b, "abc", 3);
	OK(!memcmp(a, b, 32), "SHA3-256 in pieces");
	OK(is(hash_blake2b_256, STR_LIT(""),
	      "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"),
	   "BLAKE2b-256 of nothing");
	OK(is(hash_blake2b_256, STR_LIT("abc"),
	      "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"),
	   "BLAKE2b-256 of abc");
	all_lengths(hash_blake2b_256, hex);
	OK(!strcmp(hex, "4e54d37766dbec34910a02dedac3536ae9ef254f2bd8a18c287190ea7b639c45"),
	   "BLAKE2b-256 of 0 to 299 bytes, as Python's hashlib");
	all_lengths(hash_sha3_256, hex);
	OK(!strcmp(hex, "e2ff6c5188d2c620b8312b2eaa5c9a1e02fcd0a73d2176d012328ccc0ce44713"),
	   "SHA3-256 of 0 to 299 bytes, as Python's hashlib");
	random_uuid(uuid);
	random_uuid(other);
	OK(strlen(uuid) == 36 && uuid[14] == '4' && strchr("89ab", uuid[19]) && uuid[8] == '-' &&
	       uuid[23] == '-' && strcmp(uuid, other) != 0,
	   "UUIDs are of version 4 and differ");
	return TAP_END;
}
