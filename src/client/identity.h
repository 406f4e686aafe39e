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
#include "auth/service_key.h"

/*
 * A new key, released by stored_key_clear. @did: NULL makes a did:key out of it; else "DID" (fragment account-key) or
 * "DID#FRAGMENT". USAGE for a malformed DID.
 */
int identity_new(struct stored_key *id, enum key_type type, const char *did,
		 struct gw_err *e) GW_MUST_CHECK;

/* $LLM_GATEWAY_KEY_FILE, else $XDG_CONFIG_HOME/llm-gateway-client/key.json or the same in
 * ~/.config. */
int identity_default_path(char *dst, size_t size, struct gw_err *e) GW_MUST_CHECK;
/* @option if it is not NULL, else the default. */
int identity_path(char *dst, size_t size, const char *option, struct gw_err *e) GW_MUST_CHECK;
/* @path NULL: the default. BAD_REQUEST when it is missing, open to others, or not a key. */
int identity_read(struct stored_key *id, const char *path, struct gw_err *e) GW_MUST_CHECK;
/* Never overwrites. Missing directories of the default path are made. */
int identity_write(const struct stored_key *id, const char *path, struct gw_err *e) GW_MUST_CHECK;
/* Give the key in the file of @path another name, in one step. */
int identity_replace(const struct stored_key *id, const char *path, struct gw_err *e) GW_MUST_CHECK;
/* A StoredKey, as JSON or as the one-line text of the ecosystem's key managers (z...). BAD_REQUEST. */
int identity_parse(struct stored_key *id, struct str text, struct gw_err *e) GW_MUST_CHECK;

#endif
