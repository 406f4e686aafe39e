/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity - the key that the client signs with and the DID it stands for, in a file of mode 0600.
 *
 * The file is one JSON object: the StoredKey of the ecosystem, with keyId = DID#fragment.
 *
 * Rule:    did-auth.md 3, 10; the document 5.3
 * Layer:   client; calls auth, crypto, codec, util
 * Threads: main thread only
 */
#ifndef GW_CLIENT_IDENTITY_H
#define GW_CLIENT_IDENTITY_H

#include "auth/did_auth.h"
#include "util/buf.h"

struct identity {
	struct signing_key *key; /* NULL: nobody */
	char did[DID_TEXT], fragment[FRAGMENT_TEXT];
};

/*
 * A new key. @did: NULL makes a did:key out of it; else "DID" (fragment account-key) or
 * "DID#FRAGMENT". USAGE for a malformed DID.
 */
int identity_new(struct identity *id, enum key_type type, const char *did,
		 struct gw_err *e) GW_MUST_CHECK;
void identity_clear(struct identity *id);

/* $LLM_GATEWAY_KEY_FILE, else $XDG_CONFIG_HOME/llm-gateway-client/key.json or the same in
 * ~/.config. */
int identity_default_path(char *dst, size_t size, struct gw_err *e) GW_MUST_CHECK;
/* @path NULL: the default. BAD_REQUEST when it is missing, open to others, or not a key. */
int identity_read(struct identity *id, const char *path, struct gw_err *e) GW_MUST_CHECK;
/* Never overwrites. Missing directories of the default path are made. */
int identity_write(const struct identity *id, const char *path, struct gw_err *e) GW_MUST_CHECK;

/* The raw public key as multibase. */
void identity_public(const struct identity *id, struct buf *out);
/* A W3C document that lists this key alone, for a gateway that reads documents from a directory. */
void identity_document(const struct identity *id, struct buf *out);

#endif
