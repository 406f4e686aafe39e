/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dev_admin - what tests and newcomers do to the ledger outside JSON-RPC, under /devnode/.
 *
 * Bodies and answers are JSON objects. Amounts are decimal texts in base units, addresses hex or
 * rooch1... or a whole did:rooch; coin types are RGas unless named.
 *
 *	GET  /devnode/          chain id, time, gas, transactions, faults to come
 *	POST /devnode/did       {"address"?, "controller"?: [did...], "keys": [{"fragment", "type",
 *	                        "public_key" (multibase), "relationships"?: [name...]}],
 *	                        "services"?: [{"fragment", "type", "endpoint"}]}
 *	                        -> {"did", "address", "object_id"}; without relationships: the first four
 *	POST /devnode/account   {"address", "amount"?, "coin_type"?, "sequence_number"?}
 *	POST /devnode/hub       {"owner", "amount", "coin_type"?}: balance of the payment hub, made if need be
 *	POST /devnode/clock     one of {"advance_ms"}, {"now_ms"}, {"offset_ms"} -> {"now_ms"}
 *	POST /devnode/settings  {"chain_id"?, "gas"?, "seed"? (64 hex digits),
 *	                        "locked_unit"? with "coin_type"?}
 *	POST /devnode/fault     {"kind", "method"?, "count"? (1), "value"?, "text"?}
 *	DELETE /devnode/fault   none is to come any more
 *
 * Layer:   devnode; calls ledger, store, codec, crypto, util
 * Threads: any
 */
#ifndef GW_DEVNODE_DEV_ADMIN_H
#define GW_DEVNODE_DEV_ADMIN_H

#include "store/store.h"
#include "util/buf.h"

enum { DEV_ADMIN_BODY_MAX = 65536 };

/*
 * The answer to one request goes to @out. BAD_REQUEST, INVALID_JSON, NOT_FOUND, METHOD_NOT_ALLOWED,
 * or the store's errors.
 */
int dev_admin(struct store *st, struct str method, struct str path, struct str body,
	      struct buf *out, struct gw_err *e) GW_MUST_CHECK;

#endif
