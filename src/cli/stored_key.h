/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stored_key - a key described for a person or a script, never its private part; whose it is.
 *
 * Layer:   cli; calls auth, codec
 * Threads: no shared state
 */
#ifndef GW_CLI_STORED_KEY_H
#define GW_CLI_STORED_KEY_H

#include "auth/service_key.h"

/* Appended without a line end. @service_key: JSON member serviceKey with that text; NULL: none. */
void stored_key_describe(const struct stored_key *k, bool json, const struct buf *service_key,
			 struct buf *out);

/* Make a DID of the chain for the key, through the node: @k gets its name. */
int stored_key_register(struct stored_key *k, const char *node_url, struct gw_err *e) GW_MUST_CHECK;
/* The name of the first key of the DID with this address. */
struct rooch_id;
void stored_key_name_did(struct stored_key *k, const struct rooch_id *address);

/*
 * The DID that a gateway with these settings serves as: that of SERVICE_KEY, else SERVICE_DID, perhaps
 * empty. CONFIG when the key is none, or not that of SERVICE_DID.
 */
struct conf;
int service_did_of(const struct conf *c, char did[DID_TEXT], struct gw_err *e) GW_MUST_CHECK;

#endif
