/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dev_did - DID documents of the development ledger: made, changed, looked up.
 *
 * Rule:    protocol rooch.md 5.3 (module did), did-auth.md 5
 * Layer:   devnode; calls ledger, store, codec, crypto, util
 * Threads: a context belongs to one thread
 */
#ifndef GW_DEVNODE_DEV_DID_H
#define GW_DEVNODE_DEV_DID_H

#include "devnode/dev_state.h"

/* Document of an account, in the context's arena. 1, 0, -1. */
int dev_did_get(struct dev_ctx *x, const struct rooch_id *account,
		struct rooch_did_document **out) GW_MUST_CHECK;
int dev_did_put(struct dev_ctx *x, const struct rooch_did_document *doc) GW_MUST_CHECK;
/* An empty document of @account. */
struct rooch_did_document *dev_did_new(struct dev_ctx *x,
				       const struct rooch_id *account) GW_MUST_CHECK;
const struct rooch_did_method *dev_did_method(const struct rooch_did_document *doc,
					      struct str fragment);
bool dev_did_lists(const struct rooch_did_document *doc, enum did_relationship r,
		   struct str fragment);
/* Adds the relationship where it is not yet there. */
void dev_did_list(struct rooch_did_document *doc, enum did_relationship r, struct str fragment);
/* "did:method:identifier" */
bool dev_did_name(struct rooch_did_name *out, struct str text);
void dev_did_name_write(struct buf *b, const struct rooch_did_name *n);
/* The event of a new document; @creator: who sent the transaction. */
int dev_did_created(struct dev_ctx *x, const struct rooch_did_document *doc,
		    const struct rooch_id *creator) GW_MUST_CHECK;

/* Entry functions: arguments in x->call. */
int dev_create_for_self(struct dev_ctx *x) GW_MUST_CHECK;
int dev_create_for_self_scoped(struct dev_ctx *x) GW_MUST_CHECK;
int dev_create_via_did_key(struct dev_ctx *x) GW_MUST_CHECK;
int dev_create_via_did_key_scoped(struct dev_ctx *x) GW_MUST_CHECK;
int dev_create_via_controller(struct dev_ctx *x) GW_MUST_CHECK;
int dev_add_method(struct dev_ctx *x) GW_MUST_CHECK;
int dev_add_method_scoped(struct dev_ctx *x) GW_MUST_CHECK;
int dev_remove_method(struct dev_ctx *x) GW_MUST_CHECK;
int dev_add_relationship(struct dev_ctx *x) GW_MUST_CHECK;
int dev_remove_relationship(struct dev_ctx *x) GW_MUST_CHECK;
int dev_add_service(struct dev_ctx *x) GW_MUST_CHECK;
int dev_add_service_properties(struct dev_ctx *x) GW_MUST_CHECK;
int dev_update_service(struct dev_ctx *x) GW_MUST_CHECK;
int dev_remove_service(struct dev_ctx *x) GW_MUST_CHECK;

#endif
