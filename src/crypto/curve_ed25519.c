/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "crypto/curve.h"

#include <gmp.h>
#include <nettle/eddsa.h>

#include "crypto/bignum.h"

/* PKCS#8 of a seed (RFC 8410): version 0, algorithm Ed25519, OCTET STRING in OCTET STRING. */
static const uint8_t pkcs8[16] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
				   0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20 };

/*
 * Rule: RFC 8032 5.1.3: y below p, and x^2 = (y^2 - 1) / (d y^2 + 1) has a root; x = 0 has no sign.
 * A quotient is a square when the product is; the divisor is never 0, -1/d being no square.
 */
static bool pub_valid(const uint8_t *pub)
{
	uint8_t bytes[32];
	mpz_t p, d, y, u, v;
	bool ok;

	mpz_init_set_str(p, "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed", 16);
	mpz_init_set_str(d, "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3", 16);
	mpz_inits(y, u, v, NULL);
	for (int i = 0; i < 32; i++)
		bytes[i] = pub[31 - i];
	bytes[0] &= 0x7f;
	bignum_read(y, bytes);
	ok = mpz_cmp(y, p) < 0;
	mpz_mul(u, y, y);
	mpz_mul(v, u, d);
	mpz_sub_ui(u, u, 1);
	mpz_add_ui(v, v, 1);
	mpz_mod(u, u, p);
	if (!mpz_sgn(u)) {
		ok = ok && !(pub[31] & 0x80);
	} else {
		mpz_mul(u, u, v);
		ok = ok && mpz_legendre(u, p) == 1;
	}
	mpz_clears(p, d, y, u, v, NULL);
	return ok;
}

static bool expand(uint8_t *point, const uint8_t *pub)
{
	memcpy(point, pub, 32);
	return true;
}

/* Nettle refuses S that is not below the order of the group (seen in 3.8, tested). */
static bool verify(const uint8_t *point, struct str msg, const uint8_t *sig)
{
	return ed25519_sha512_verify(point, msg.len, (const uint8_t *)msg.p, sig);
}

static bool derive(uint8_t *pub, const uint8_t *secret)
{
	ed25519_sha512_public_key(pub, secret);
	return true;
}

static bool sign(uint8_t *sig, const uint8_t *secret, const uint8_t *pub, struct str msg)
{
	ed25519_sha512_sign(pub, secret, msg.len, (const uint8_t *)msg.p, sig);
	return true;
}

static bool decode(uint8_t *secret, const uint8_t *stored, size_t len)
{
	if (len != sizeof pkcs8 + 32 || memcmp(stored, pkcs8, sizeof pkcs8) != 0)
		return false;
	memcpy(secret, stored + sizeof pkcs8, 32);
	return true;
}

static size_t encode(uint8_t *stored, const uint8_t *secret)
{
	memcpy(stored, pkcs8, sizeof pkcs8);
	memcpy(stored + sizeof pkcs8, secret, 32);
	return sizeof pkcs8 + 32;
}

const struct curve curve_ed25519 = {
	.name = "Ed25519VerificationKey2020",
	.pub_len = 32,
	.pub_valid = pub_valid,
	.expand = expand,
	.verify = verify,
	.derive = derive,
	.sign = sign,
	.decode = decode,
	.encode = encode,
};
