/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subrav - the voucher: what is owed in a sub-channel in total, in its signed and its unsigned form.
 *
 * A voucher is a SubRAV that the payer has signed; a proposal is one that waits for that.
 *
 * Rule:    protocol payment-channel.md 1, 2
 * Layer:   ledger; calls codec, crypto, util
 * Threads: no shared state
 */
#ifndef GW_LEDGER_SUBRAV_H
#define GW_LEDGER_SUBRAV_H

#include "codec/jscan.h"
#include "codec/jwrite.h"
#include "crypto/key.h"
#include "ledger/rooch_id.h"
#include "util/u256.h"

enum { SUBRAV_VERSION = 1, SUBRAV_BCS_MAX = 256 };
struct subrav {
	uint8_t version;
	uint64_t chain_id;
	struct rooch_id channel_id;
	uint64_t epoch;
	char fragment[ROOCH_FRAGMENT_MAX + 1];
	struct u256 accumulated;
	uint64_t nonce;
};
struct voucher {
	struct subrav rav;
	uint8_t signature[KEY_SIG]; /* low S */
};

bool subrav_eq(const struct subrav *a, const struct subrav *b); /* all members */
/* Exactly these bytes are signed; returns their number. */
size_t subrav_encode(uint8_t out[SUBRAV_BCS_MAX], const struct subrav *r);
bool subrav_decode(struct subrav *out, struct str bcs) GW_MUST_CHECK; /* complete value */

/* The JSON object of the headers: decimal texts or integers in, texts out. BAD_REQUEST. */
int subrav_read_json(struct subrav *out, struct jval object, struct gw_err *e) GW_MUST_CHECK;
/* A number as those objects spell it: decimal text, or a JSON number of digits alone. */
bool subrav_read_amount(struct u256 *out, struct jval v) GW_MUST_CHECK;
/* A text "u..." of 64 bytes. */
bool subrav_read_signature(uint8_t sig[KEY_SIG], struct jval v) GW_MUST_CHECK;
void subrav_write_json(struct jwrite *w, const char *key, const struct subrav *r);

/*
 * Is @sig (64 bytes) the signature of @r by this key? It is brought to low S in place first, so
 * that what is stored can be claimed. Anything odd is false.
 */
bool subrav_verify_point(const struct subrav *r, const struct key_point *key, uint8_t sig[KEY_SIG]);
bool subrav_verify(const struct subrav *r, enum key_type t, const uint8_t *pub, size_t pub_len,
		   uint8_t sig[KEY_SIG]);
int subrav_sign(const struct subrav *r, const struct signing_key *k, uint8_t sig[KEY_SIG],
		struct gw_err *e) GW_MUST_CHECK;

#endif
