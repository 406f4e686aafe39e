/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dev_rpc - the JSON-RPC interface of the node: a request body in, an answer out.
 *
 * A pure function of the store, so that tests need no socket.
 *
 * Rule:    protocol rooch.md 6, 9
 * Layer:   devnode; calls ledger, store, codec, crypto, util
 * Threads: any
 */
#ifndef GW_DEVNODE_DEV_RPC_H
#define GW_DEVNODE_DEV_RPC_H

#include "store/store.h"
#include "util/buf.h"

enum { DEV_BODY_MAX = 1048576, DEV_ANSWER_MAX = 33554432, DEV_BATCH_MAX = 32, DEV_IDS_MAX = 100 };

/* How the answer is to be given; all but status only when a test ordered a fault. */
struct dev_answer {
	int status;
	unsigned wait_ms; /* before it */
	bool silent;	  /* end without an answer */
};

/* @body: at most DEV_BODY_MAX bytes of anything. @out: DEV_ANSWER_MAX is enough for its max. */
void dev_rpc(struct store *st, struct str body, struct buf *out, struct dev_answer *answer);

#endif
