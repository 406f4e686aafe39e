/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curve - what a key type has to bring. For key.c and the three curves only.
 *
 * Lengths are checked by key.c: pub has pub_len bytes, signatures KEY_SIG, secrets 32.
 *
 * Rule:    protocol did-auth.md 2
 * Layer:   crypto; calls util
 * Threads: no shared state
 */
#ifndef GW_CRYPTO_CURVE_H
#define GW_CRYPTO_CURVE_H

#include "crypto/key.h"

struct curve {
	const char *name; /* as in DID documents */
	size_t pub_len;
	bool (*pub_valid)(const uint8_t *pub);
	/* What key_point holds; false: no point of the curve. Where verify looks for itself, always true. */
	bool (*expand)(uint8_t point[KEY_POINT], const uint8_t *pub);
	bool (*verify)(const uint8_t point[KEY_POINT], struct str msg, const uint8_t *sig);
	void (*low_s)(uint8_t *sig); /* NULL: S has no halves */
	/* Public key of @secret; false when it is not in the group's range. */
	bool (*derive)(uint8_t *pub, const uint8_t *secret);
	bool (*sign)(uint8_t *sig, const uint8_t *secret, const uint8_t *pub, struct str msg);
	/* The stored form of a private key; decode checks all of it but the range. */
	bool (*decode)(uint8_t *secret, const uint8_t *stored, size_t len);
	size_t (*encode)(uint8_t *stored, const uint8_t *secret);
};

extern const struct curve curve_ed25519, curve_k1, curve_r1;

#endif
