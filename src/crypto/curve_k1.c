/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "crypto/curve.h"

#include <secp256k1.h>

#include "crypto/hash.h"

static bool pub_valid(const uint8_t *pub)
{
	secp256k1_pubkey p;

	return secp256k1_ec_pubkey_parse(secp256k1_context_static, &p, pub, 33);
}

_Static_assert(sizeof(secp256k1_pubkey) == KEY_POINT,
	       "the library's own form, which may be copied");

static bool expand(uint8_t *point, const uint8_t *pub)
{
	secp256k1_pubkey p;

	if (!secp256k1_ec_pubkey_parse(secp256k1_context_static, &p, pub, 33))
		return false;
	memcpy(point, &p, sizeof p);
	return true;
}

/* The library refuses high S, zero, and values that are not below the order. */
static bool verify(const uint8_t *point, struct str msg, const uint8_t *sig)
{
	const secp256k1_context *c = secp256k1_context_static;
	secp256k1_ecdsa_signature s;
	secp256k1_pubkey p;
	uint8_t digest[32];

	memcpy(&p, point, sizeof p);
	if (!secp256k1_ecdsa_signature_parse_compact(c, &s, sig))
		return false;
	hash_sha256(digest, msg.p, msg.len);
	return secp256k1_ecdsa_verify(c, &s, digest, &p);
}

static void low_s(uint8_t *sig)
{
	const secp256k1_context *c = secp256k1_context_static;
	secp256k1_ecdsa_signature s;

	if (!secp256k1_ecdsa_signature_parse_compact(c, &s, sig))
		return;
	secp256k1_ecdsa_signature_normalize(c, &s, &s);
	secp256k1_ecdsa_signature_serialize_compact(c, sig, &s);
}

bool key_taproot(uint8_t out[32], const uint8_t pub[33])
{
	static const char tag[] = "TapTweak";
	const secp256k1_context *c = secp256k1_context_static;
	uint8_t even[33], pre[96], tweak[32];
	secp256k1_pubkey p;
	size_t len = 33;

	memcpy(even, pub, 33);
	even[0] = SECP256K1_TAG_PUBKEY_EVEN;
	if (!pub_valid(pub) || !secp256k1_ec_pubkey_parse(c, &p, even, 33))
		return false;
	hash_sha256(pre, tag, sizeof tag - 1);
	memcpy(pre + 32, pre, 32);
	memcpy(pre + 64, pub + 1, 32);
	hash_sha256(tweak, pre, sizeof pre);
	if (!secp256k1_ec_pubkey_tweak_add(c, &p, tweak))
		return false;
	secp256k1_ec_pubkey_serialize(c, even, &len, &p, SECP256K1_EC_COMPRESSED);
	memcpy(out, even + 1, 32);
	return true;
}

/* A context that can multiply with secrets, blinded anew for each use; both are rare. */
static secp256k1_context *blinded(void)
{
	secp256k1_context *c = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
	uint8_t seed[32];

	random_bytes(seed, sizeof seed);
	if (!secp256k1_context_randomize(c, seed))
		abort(); /* documented not to happen */
	secret_wipe(seed, sizeof seed);
	return c;
}

static bool derive(uint8_t *pub, const uint8_t *secret)
{
	secp256k1_context *c = blinded();
	secp256k1_pubkey p;
	size_t len = 33;
	bool ok = secp256k1_ec_pubkey_create(c, &p, secret);

	if (ok)
		secp256k1_ec_pubkey_serialize(c, pub, &len, &p, SECP256K1_EC_COMPRESSED);
	secp256k1_context_destroy(c);
	return ok;
}

/* Nonces of RFC 6979 and low S are what the library does unless told otherwise. */
static bool sign(uint8_t *sig, const uint8_t *secret, const uint8_t *pub, struct str msg)
{
	secp256k1_context *c = blinded();
	secp256k1_ecdsa_signature s;
	uint8_t digest[32];
	bool ok;

	(void)pub;
	hash_sha256(digest, msg.p, msg.len);
	ok = secp256k1_ecdsa_sign(c, &s, digest, secret, NULL, NULL);
	if (ok)
		secp256k1_ecdsa_signature_serialize_compact(c, sig, &s);
	secp256k1_context_destroy(c);
	return ok;
}

static bool decode(uint8_t *secret, const uint8_t *stored, size_t len)
{
	if (len != 32)
		return false;
	memcpy(secret, stored, 32);
	return true;
}

static size_t encode(uint8_t *stored, const uint8_t *secret)
{
	memcpy(stored, secret, 32);
	return 32;
}

const struct curve curve_k1 = {
	.name = "EcdsaSecp256k1VerificationKey2019",
	.pub_len = 33,
	.pub_valid = pub_valid,
	.expand = expand,
	.verify = verify,
	.low_s = low_s,
	.derive = derive,
	.sign = sign,
	.decode = decode,
	.encode = encode,
};
