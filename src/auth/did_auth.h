/* SPDX-License-Identifier: Apache-2.0 */
/*
 * did_auth - verify an `Authorization: DIDAuthV1 ...` header.
 *
 * Rule:    protocol did-auth.md 6 to 8
 * Layer:   auth; calls crypto, codec, store (replay), util
 * Threads: a verifier may be used by any number of threads
 */
#ifndef GW_AUTH_DID_AUTH_H
#define GW_AUTH_DID_AUTH_H

#include "auth/did_document.h"
#include "util/str.h"

/* Codes of did-auth.md 8, in its order; they stand at the head of the error message. */
#define DID_AUTH_CODES(X) \
	X(INVALID_HEADER) X(INVALID_BASE64) X(INVALID_JSON) X(MISSING_SIGNATURE) \
	X(TIMESTAMP_OUT_OF_WINDOW) X(DID_MISMATCH) X(VERIFICATION_METHOD_NOT_FOUND) \
	X(INVALID_PUBLIC_KEY) X(SIGNATURE_VERIFICATION_FAILED) X(DID_DOCUMENT_NOT_FOUND) \
	X(NONCE_REPLAYED) X(AUDIENCE_MISMATCH)
enum did_auth_code {
	DID_AUTH_OK,
#define DID_AUTH_ENUM(name) DID_AUTH_##name,
	DID_AUTH_CODES(DID_AUTH_ENUM)
#undef DID_AUTH_ENUM
};
const char *did_auth_code_name(enum did_auth_code c);

enum { NONCE_TEXT = 257 };
struct did_auth {
	enum did_auth_code code;
	char did[DID_TEXT], fragment[FRAGMENT_TEXT], nonce[NONCE_TEXT];
	int64_t timestamp_s;
	int64_t verified_s;	/* when: the time that the header's own was compared with */
	struct did_key key; /* of the verification method that signed */
};

/* How a verifier gets documents: 0 found, 1 no such DID, -1 not readable (SERVICE_UNAVAILABLE).
 * @refresh: read again past the cache (rate-limited by the source). The document is caller's to free. */
struct did_resolver {
	void *arg;
	int (*resolve)(void *arg, struct str did, bool refresh, struct did_document **out, struct gw_err *e);
};
struct did_auth_options {
	int64_t now_s;
	unsigned window_s;		/* 300 */
	bool allow_did_key;		/* payment off only */
	const char *const *audiences;	/* accepted names; NULL: audience is not compared */
	unsigned n_audiences;
};

/*
 * Steps 1 to 12 of did-auth.md 8 (not the replay check). 0: verified, @out filled. -1: @e is
 * UNAUTHORIZED with "CODE: sentence" in pub and @out->code set, or SERVICE_UNAVAILABLE (code OK).
 */
int did_auth_verify(struct str header, const struct did_resolver *r, const struct did_auth_options *o,
		    struct did_auth *out, struct gw_err *e) GW_MUST_CHECK;

/* Make a header value (client side). @value receives "DIDAuthV1 u...". */
struct buf;
struct signing_key;
int did_auth_sign(struct buf *value, const struct signing_key *k, struct str did, struct str fragment,
		  struct str uri, struct str method, int64_t now_s, struct gw_err *e) GW_MUST_CHECK;

/*
 * Step 13, inside a store transaction: burn (did, nonce) until max(timestamp, now) + window.
 * UNAUTHORIZED "NONCE_REPLAYED: ..." when it was known at the time of verification: between that and
 * this a body was read and a busy sub-channel waited for, and meanwhile the row may have run out.
 * SERVICE_UNAVAILABLE when the store is. The table grows: whoever verifies bounds it beforehand, see
 * nonce_count. Nothing unexpired is dropped.
 */
struct store_conn;
int nonce_burn_tx(struct store_conn *c, const struct did_auth *a, int64_t now_s, unsigned window_s,
		  struct gw_err *e) GW_MUST_CHECK;
/* So long a row is needed beyond its time: what a request may take between those two. */
struct conf;
int64_t nonce_hold_s(const struct conf *c);
/* Delete those that ran out before @now_s, of the @limit that came first; called by a
 * housekeeping tick. @deleted: out, how many. */
int nonce_expire_tx(struct store_conn *c, int64_t now_s, int64_t limit, int64_t *deleted,
		    struct gw_err *e) GW_MUST_CHECK;
/* How many there are, expired ones too. Takes time in proportion: some 10 ms for a million. */
int nonce_count(struct store_conn *c, int64_t *count, struct gw_err *e) GW_MUST_CHECK;

#endif
