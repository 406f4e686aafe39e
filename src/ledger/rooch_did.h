/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rooch_did - the DID document object of the chain, whole, from and to its binary form.
 *
 * Rule:    protocol did-auth.md 5.2; limits of rooch.md 5.3
 * Layer:   ledger; calls codec, util
 * Threads: no shared state
 */
#ifndef GW_LEDGER_ROOCH_DID_H
#define GW_LEDGER_ROOCH_DID_H

#include "ledger/rooch_id.h"
#include "util/arena.h"
#include "util/buf.h"

/* Limits of the chain; a reader refuses more. */
enum {
	DID_METHODS_MAX = 64,
	DID_SERVICES_MAX = 32,
	DID_PROPERTIES_MAX = 16,
	DID_CONTROLLERS_MAX = 8,
	DID_TEXT_MAX = 512
};
enum did_relationship {
	DID_AUTHENTICATION = 0,
	DID_ASSERTION = 1,
	DID_CAPABILITY_INVOCATION = 2,
	DID_CAPABILITY_DELEGATION = 3,
	DID_KEY_AGREEMENT = 4,
	DID_RELATIONSHIPS = 5
};

struct rooch_did_name { /* did:method:identifier */
	struct str method, identifier;
};
struct rooch_did_method {
	struct str fragment, type, multibase;
	struct rooch_did_name did, controller; /* did: of the id */
};
struct rooch_did_property {
	struct str key, value;
};
struct rooch_did_service {
	struct str fragment, type, endpoint;
	struct rooch_did_name did;
	struct rooch_did_property property[DID_PROPERTIES_MAX];
	unsigned n_property;
};
struct rooch_did_document {
	struct rooch_did_name id;
	struct rooch_did_name controller[DID_CONTROLLERS_MAX];
	unsigned n_controller;
	struct rooch_did_method method[DID_METHODS_MAX];
	unsigned n_method;
	struct str relationship[DID_RELATIONSHIPS][DID_METHODS_MAX]; /* fragments */
	unsigned n_relationship[DID_RELATIONSHIPS];
	struct rooch_did_service service[DID_SERVICES_MAX];
	unsigned n_service;
	struct str also_known_as[DID_CONTROLLERS_MAX];
	unsigned n_also_known_as;
	struct rooch_id account; /* account_cap.addr */
};

/* Views point into @bcs. The struct is large: not for a small stack. */
bool rooch_did_read(struct rooch_did_document *out, struct str bcs) GW_MUST_CHECK;
void rooch_did_write(struct buf *b, const struct rooch_did_document *d);
/* W3C JSON form (did-auth.md 5.3), as a directory of documents holds it. */
void rooch_did_json(struct buf *b, const struct rooch_did_document *d);

#endif
