/* SPDX-License-Identifier: Apache-2.0 */
/*
 * did_rooch - DID documents from the chain, as the keys that authentication looks at.
 *
 * Rule:    protocol did-auth.md 5
 * Layer:   auth; calls ledger, util
 * Threads: any
 */
#ifndef GW_AUTH_DID_ROOCH_H
#define GW_AUTH_DID_ROOCH_H

#include "auth/did_document.h"

/* The document in the bytes of its object; NULL when they are none. */
struct did_document *did_rooch_document(struct str bcs);

/*
 * Ask the node behind @rpc, a struct rooch_rpc: a did_source_fn. 0 found, 1 the chain has no such
 * DID, -1 SERVICE_UNAVAILABLE.
 */
int did_rooch_read(void *rpc, struct str did, struct did_document **out,
		   struct gw_err *e) GW_MUST_CHECK;

#endif
