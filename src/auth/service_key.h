/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service_key - a private key with its name, as the ecosystem keeps it: the JSON of a StoredKey,
 * and the one-line text SERVICE_KEY made of it.
 *
 * No error names anything of the private part.
 *
 * Rule:    protocol did-auth.md 10
 * Layer:   auth; calls codec, crypto, util
 * Threads: no shared state
 */
#ifndef GW_AUTH_SERVICE_KEY_H
#define GW_AUTH_SERVICE_KEY_H

#include "auth/did_document.h"
#include "util/buf.h"

struct stored_key {
	struct signing_key *key; /* NULL: none */
	char did[DID_TEXT], fragment[FRAGMENT_TEXT];
};
void stored_key_clear(struct stored_key *k);
/* "DID" (then @fragment is what it has) or "DID#FRAGMENT"; false when it is neither. */
bool stored_key_name(struct stored_key *k, struct str name, const char *fragment);
/* The raw public key as multibase, appended. */
void stored_key_public(const struct stored_key *k, struct buf *out);

/* What a person types for a key type (secp256k1, ed25519, p256), or its exact name. */
bool stored_key_type(const char *name, enum key_type *out);
/* A W3C document that lists this key alone, for a directory of documents. */
void stored_key_document(const struct stored_key *k, struct buf *out);
/* The same to a file that must not exist. BAD_REQUEST. */
int stored_key_write_document(const struct stored_key *k, const char *path,
			      struct gw_err *e) GW_MUST_CHECK;

/* The JSON form. The keys have to belong together. BAD_REQUEST with a sentence. */
enum { STORED_KEY_JSON_MAX = 8192 };
int stored_key_read(struct stored_key *out, struct str json, struct gw_err *e) GW_MUST_CHECK;
/* The caller wipes @out (STORED_KEY_JSON_MAX is enough). */
void stored_key_write(const struct stored_key *k, bool pretty, struct buf *out);

/*
 * SERVICE_KEY. Blanks around it are ignored. Besides all that stored_key_read asks for, the DID
 * has to be a well-formed did:rooch.
 */
enum { SERVICE_KEY_MAX = 12288 };
int service_key_read(struct stored_key *out, struct str text, struct gw_err *e) GW_MUST_CHECK;
/* The caller wipes @out (SERVICE_KEY_MAX is enough). */
void service_key_write(const struct stored_key *k, struct buf *out);

#endif
