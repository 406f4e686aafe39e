/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key - the three key types of the ecosystem: verify, sign, normalise, derive.
 *
 * Rule:    protocol did-auth.md 2
 * Layer:   crypto; calls util
 * Threads: crypto_init once before threads; then any
 */
#ifndef GW_CRYPTO_KEY_H
#define GW_CRYPTO_KEY_H

#include "util/secret.h"
#include "util/str.h"

/* In the database, never renumber. */
enum key_type { KEY_ED25519 = 0, KEY_K1 = 1, KEY_R1 = 2 };
enum { KEY_PUB_MAX = 33, KEY_SIG = 64, KEY_POINT = 64 };

int crypto_init(struct gw_err *e) GW_MUST_CHECK;
void crypto_done(void);

/* "Ed25519VerificationKey2020" and so on, exact. */
const char *key_type_name(enum key_type t);
bool key_type_find(struct str name, enum key_type *out);
size_t key_pub_len(enum key_type t); /* 32 or 33 */
/* Length fits and the bytes are a point of the curve. */
bool key_pub_valid(enum key_type t, const uint8_t *pub, size_t len);

/*
 * Message as it is (hashing is done here where the type asks for it). Signature exactly 64 bytes
 * r||s; K1 high S is invalid, R1 high S is valid. Anything odd is simply false.
 */
bool key_verify(enum key_type t, const uint8_t *pub, size_t pub_len, const void *msg,
		size_t msg_len, const uint8_t *sig, size_t sig_len);
/*
 * The same in two parts, for a key that verifies often: to find y of a compressed point is a tenth of a
 * verification. All zero: a key that verifies nothing. Of Ed25519 these are the bytes themselves, whether they
 * are a point or not. For this process only.
 */
struct key_point {
	bool valid;
	enum key_type type;
	uint8_t bytes[KEY_POINT];
};
/* Sets all of @out; returns whether it can verify anything. */
bool key_point_read(struct key_point *out, enum key_type t, const uint8_t *pub, size_t len);
bool key_point_verify(const struct key_point *p, const void *msg, size_t msg_len, const uint8_t *sig,
		      size_t sig_len);
/*
 * Output key of a Bitcoin taproot address that is spent by this K1 key alone (BIP 341, no script):
 * the x of P + hash(x of P)G, where P is the point with even y. False: @pub is no key.
 */
bool key_taproot(uint8_t out[32], const uint8_t pub[33]);
/* Bring S of an ECDSA signature to the low half, in place. Ed25519: nothing. */
void key_sig_low_s(enum key_type t, uint8_t sig[KEY_SIG]);

/* A private key; wiped by signing_key_free. Low S always; K1 per RFC 6979. */
struct signing_key;
/* Private key bytes as stored (did-auth.md 2: PKCS#8 for Ed25519 and R1, 32 bytes for K1). */
int signing_key_import(struct signing_key **out, enum key_type t, const uint8_t *priv, size_t len,
		       struct gw_err *e) GW_MUST_CHECK;
int signing_key_generate(struct signing_key **out, enum key_type t, struct gw_err *e) GW_MUST_CHECK;
void signing_key_free(struct signing_key *k);
enum key_type signing_key_type(const struct signing_key *k);
/* @pub holds KEY_PUB_MAX bytes; returns the length. */
size_t signing_key_pub(const struct signing_key *k, uint8_t pub[KEY_PUB_MAX]);
int signing_key_sign(const struct signing_key *k, const void *msg, size_t len, uint8_t sig[KEY_SIG],
		     struct gw_err *e) GW_MUST_CHECK;
/* Stored form, for key files; at most 160 bytes; returns the length. Caller wipes. */
size_t signing_key_export(const struct signing_key *k, uint8_t out[160]);

#endif
