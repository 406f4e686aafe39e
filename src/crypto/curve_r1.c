/* SPDX-License-Identifier: Apache-2.0 */
/* P-256. Nettle computes; what it lacks are compressed points and the stored form of a key. */
#include "config.h"

#include "crypto/curve.h"

#include <nettle/asn1.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>

#include "crypto/bignum.h"
#include "crypto/hash.h"

/* Rule: protocol did-auth.md 2, the group order */
static const char order[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/* ---- points ---- */

/*
 * Compressed to (x, y): y = (x^3 - 3x + b)^((p+1)/4), since p = 3 mod 4. That it is a root at all,
 * and that x is below p, is what ecc_point_set then checks.
 */
static bool point_read(struct ecc_point *to, const uint8_t pub[33])
{
	mpz_t p, b, x, y, t;
	bool ok;

	if (pub[0] != 2 && pub[0] != 3)
		return false;
	mpz_init_set_str(p, "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", 16);
	mpz_init_set_str(b, "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b", 16);
	mpz_inits(x, y, t, NULL);
	bignum_read(x, pub + 1);
	mpz_mul(t, x, x);
	mpz_sub_ui(t, t, 3);
	mpz_mul(t, t, x);
	mpz_add(t, t, b);
	mpz_add_ui(b, p, 1);
	mpz_tdiv_q_2exp(b, b, 2);
	mpz_powm(y, t, b, p);
	if (mpz_sgn(y) && mpz_odd_p(y) != (pub[0] & 1))
		mpz_sub(y, p, y);
	ok = ecc_point_set(to, x, y);
	mpz_clears(p, b, x, y, t, NULL);
	return ok;
}

/* A secret as Nettle wants it; false (and nothing to clear) when it is 0 or not below the order. */
static bool scalar_read(struct ecc_scalar *k, const uint8_t *secret)
{
	mpz_t v;
	bool ok;

	ecc_scalar_init(k, nettle_get_secp_256r1());
	mpz_init(v);
	bignum_read(v, secret);
	ok = ecc_scalar_set(k, v);
	bignum_wipe(v);
	if (!ok)
		ecc_scalar_clear(k);
	return ok;
}

static void scalar_wipe(struct ecc_scalar *k)
{
	secret_wipe(k->p, 32);
	ecc_scalar_clear(k);
}

/* 04 X Y of the public key of @secret; false when that is out of range. */
static bool point_of(uint8_t xy[65], const uint8_t *secret)
{
	struct ecc_scalar k;
	struct ecc_point q;
	mpz_t x, y;

	if (!scalar_read(&k, secret))
		return false;
	ecc_point_init(&q, nettle_get_secp_256r1());
	mpz_inits(x, y, NULL);
	ecc_point_mul_g(&q, &k);
	ecc_point_get(&q, x, y);
	xy[0] = 4;
	bignum_write(xy + 1, x);
	bignum_write(xy + 33, y);
	mpz_clears(x, y, NULL);
	ecc_point_clear(&q);
	scalar_wipe(&k);
	return true;
}

static void compress(uint8_t pub[33], const uint8_t xy[65])
{
	pub[0] = (uint8_t)(2 | (xy[64] & 1));
	memcpy(pub + 1, xy + 1, 32);
}

static bool derive(uint8_t *pub, const uint8_t *secret)
{
	uint8_t xy[65];

	if (!point_of(xy, secret))
		return false;
	compress(pub, xy);
	return true;
}

static bool pub_valid(const uint8_t *pub)
{
	struct ecc_point q;
	bool ok;

	ecc_point_init(&q, nettle_get_secp_256r1());
	ok = point_read(&q, pub);
	ecc_point_clear(&q);
	return ok;
}

static bool expand(uint8_t *point, const uint8_t *pub)
{
	struct ecc_point q;
	mpz_t x, y;
	bool ok;

	ecc_point_init(&q, nettle_get_secp_256r1());
	ok = point_read(&q, pub);
	if (ok) {
		mpz_inits(x, y, NULL);
		ecc_point_get(&q, x, y);
		bignum_write(point, x);
		bignum_write(point + 32, y);
		mpz_clears(x, y, NULL);
	}
	ecc_point_clear(&q);
	return ok;
}

/* As expand has left it; that it lies on the curve is looked at again, which costs little. */
static bool point_set(struct ecc_point *to, const uint8_t *point)
{
	mpz_t x, y;
	bool ok;

	mpz_inits(x, y, NULL);
	bignum_read(x, point);
	bignum_read(y, point + 32);
	ok = ecc_point_set(to, x, y);
	mpz_clears(x, y, NULL);
	return ok;
}

/* ---- signatures ---- */

/* ecdsa_verify refuses r and s that are 0 or not below the order; either half of S is fine. */
static bool verify(const uint8_t *point, struct str msg, const uint8_t *sig)
{
	struct dsa_signature s;
	struct ecc_point q;
	uint8_t digest[32];
	bool ok;

	dsa_signature_init(&s);
	ecc_point_init(&q, nettle_get_secp_256r1());
	bignum_read(s.r, sig);
	bignum_read(s.s, sig + 32);
	hash_sha256(digest, msg.p, msg.len);
	ok = point_set(&q, point) && ecdsa_verify(&q, sizeof digest, digest, &s);
	ecc_point_clear(&q);
	dsa_signature_clear(&s);
	return ok;
}

/* s above n/2 becomes n - s; what is not below n is no signature and stays as it is. */
static void low_s(uint8_t *sig)
{
	mpz_t n, s, other;

	mpz_init_set_str(n, order, 16);
	mpz_inits(s, other, NULL);
	bignum_read(s, sig + 32);
	mpz_sub(other, n, s);
	if (mpz_sgn(other) > 0 && mpz_cmp(other, s) < 0)
		bignum_write(sig + 32, other);
	mpz_clears(n, s, other, NULL);
}

static void random_for_nettle(void *arg, size_t n, uint8_t *to)
{
	(void)arg;
	random_bytes(to, n);
}

static bool sign(uint8_t *sig, const uint8_t *secret, const uint8_t *pub, struct str msg)
{
	struct dsa_signature s;
	struct ecc_scalar k;
	uint8_t digest[32];

	(void)pub;
	if (!scalar_read(&k, secret))
		return false;
	dsa_signature_init(&s);
	hash_sha256(digest, msg.p, msg.len);
	ecdsa_sign(&k, NULL, random_for_nettle, sizeof digest, digest, &s);
	bignum_write(sig, s.r);
	bignum_write(sig + 32, s.s);
	low_s(sig);
	dsa_signature_clear(&s);
	scalar_wipe(&k);
	return true;
}

/* ---- stored form: PKCS#8 (RFC 5208) around an ECPrivateKey (RFC 5915) ---- */

static const uint8_t oid_ec[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
static const uint8_t oid_p256[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };

static bool next_is(struct asn1_der_iterator *i, enum asn1_type type)
{
	enum asn1_iterator_result r = asn1_der_iterator_next(i);

	return (r == ASN1_ITERATOR_PRIMITIVE || r == ASN1_ITERATOR_CONSTRUCTED) && i->type == type;
}

/* @i stands at the first element of the one SEQUENCE that is all of @p; it is the integer @version.
 */
static bool open_sequence(struct asn1_der_iterator *i, size_t len, const uint8_t *p,
			  uint32_t version)
{
	uint32_t v;

	return asn1_der_iterator_first(i, len, p) == ASN1_ITERATOR_CONSTRUCTED &&
	       i->type == ASN1_SEQUENCE &&
	       asn1_der_decode_constructed_last(i) == ASN1_ITERATOR_PRIMITIVE &&
	       i->type == ASN1_INTEGER && asn1_der_get_uint32(i, &v) && v == version;
}

static bool oid_is(const struct asn1_der_iterator *i, const uint8_t *oid, size_t len)
{
	return i->type == ASN1_IDENTIFIER && i->length == len && !memcmp(i->data, oid, len);
}

static bool algorithm_is_p256(struct asn1_der_iterator *i)
{
	struct asn1_der_iterator a;

	return asn1_der_decode_constructed(i, &a) == ASN1_ITERATOR_PRIMITIVE &&
	       oid_is(&a, oid_ec, sizeof oid_ec) &&
	       asn1_der_iterator_next(&a) == ASN1_ITERATOR_PRIMITIVE &&
	       oid_is(&a, oid_p256, sizeof oid_p256) &&
	       asn1_der_iterator_next(&a) == ASN1_ITERATOR_END;
}

/* The public key inside, in [1], is the one that belongs to @secret. */
static bool public_fits(struct asn1_der_iterator *i, const uint8_t *secret)
{
	uint8_t xy[65], pub[33];
	struct asn1_der_iterator b;

	if (asn1_der_decode_constructed(i, &b) != ASN1_ITERATOR_PRIMITIVE ||
	    b.type != ASN1_BITSTRING || !b.length || b.data[0] || !point_of(xy, secret))
		return false;
	if (b.length == 1 + sizeof xy)
		return !memcmp(b.data + 1, xy, sizeof xy);
	compress(pub, xy);
	return b.length == 1 + sizeof pub && !memcmp(b.data + 1, pub, sizeof pub);
}

static bool decode_inner(uint8_t *secret, size_t len, const uint8_t *p)
{
	enum { PARAMETERS = 0, PUBLIC = 1 };
	struct asn1_der_iterator i;
	enum asn1_iterator_result r;

	if (!open_sequence(&i, len, p, 1) || !next_is(&i, ASN1_OCTETSTRING) || i.length != 32)
		return false;
	memcpy(secret, i.data, 32);
	while ((r = asn1_der_iterator_next(&i)) == ASN1_ITERATOR_CONSTRUCTED) {
		struct asn1_der_iterator a;

		switch ((int)i.type - (ASN1_CLASS_CONTEXT_SPECIFIC | ASN1_TYPE_CONSTRUCTED)) {
		case PARAMETERS:
			if (asn1_der_decode_constructed(&i, &a) != ASN1_ITERATOR_PRIMITIVE ||
			    !oid_is(&a, oid_p256, sizeof oid_p256))
				return false;
			break;
		case PUBLIC:
			if (!public_fits(&i, secret))
				return false;
			break;
		default:
			return false;
		}
	}
	return r == ASN1_ITERATOR_END;
}

static bool decode(uint8_t *secret, const uint8_t *stored, size_t len)
{
	struct asn1_der_iterator i;
	enum asn1_iterator_result r;

	if (!open_sequence(&i, len, stored, 0) || !next_is(&i, ASN1_SEQUENCE) ||
	    !algorithm_is_p256(&i) || !next_is(&i, ASN1_OCTETSTRING) ||
	    !decode_inner(secret, i.length, i.data))
		return false;
	do /* attributes mean nothing here */
		r = asn1_der_iterator_next(&i);
	while (r == ASN1_ITERATOR_CONSTRUCTED);
	return r == ASN1_ITERATOR_END;
}

static size_t encode(uint8_t *stored, const uint8_t *secret)
{
	static const uint8_t head[] = { 0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06,
					0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
					0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
					0x04, 0x6d, 0x30, 0x6b, 0x02, 0x01, 0x01, 0x04, 0x20 };
	static const uint8_t middle[] = { 0xa1, 0x44, 0x03, 0x42, 0x00 };
	uint8_t *p = stored;

	memcpy(p, head, sizeof head);
	p += sizeof head;
	memcpy(p, secret, 32);
	p += 32;
	memcpy(p, middle, sizeof middle);
	p += sizeof middle;
	point_of(p, secret);
	return (size_t)(p + 65 - stored);
}

const struct curve curve_r1 = {
	.name = "EcdsaSecp256r1VerificationKey2019",
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
