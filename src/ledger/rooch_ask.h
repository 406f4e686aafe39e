/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rooch_ask - one JSON-RPC call: question, answer, envelope.
 *
 * Rule:    protocol rooch.md 6
 * Layer:   ledger (private to rooch_rpc and rooch_payer); calls upstream, codec, util
 * Threads: a call belongs to one thread
 */
#ifndef GW_LEDGER_ROOCH_ASK_H
#define GW_LEDGER_ROOCH_ASK_H

#include <stdatomic.h>

#include "codec/jwrite.h"
#include "ledger/rooch_answer.h"

enum { ROOCH_OBJECT_MAX = 256 * 1024 }; /* BCS of one object */

struct rooch_rpc {
	char *url;
	struct upstream_pool *pool;
	atomic_uint_fast64_t next_id;
	atomic_llong one_by_one_ms; /* monotonic: until then no questions for several things, see rooch_payer */
};

/* @w stands in the array of parameters between begin and the question. */
struct rooch_ask {
	struct rooch_rpc *c;
	const char *method;
	uint64_t id;
	struct buf request, answer;
	struct jwrite w;
	struct jval result;
	struct rooch_node_error error;
	bool sent;  /* the node may have got the request */
	bool broke; /* the connection ended without an answer */
};

struct jwrite *rooch_ask_begin(struct rooch_ask *k, struct rooch_rpc *c, const char *method);
void rooch_ask_options(struct jwrite *w);
void rooch_ask_id(struct jwrite *w, const struct rooch_id *id);
/* 0: k->result is there; 1: an error of the node, k->error; -1. */
int rooch_ask(struct rooch_ask *k, struct gw_err *e) GW_MUST_CHECK;
/* For what may be repeated: a node that closes an idle connection just when it is used again is not down. */
int rooch_ask_twice(struct rooch_ask *k, struct gw_err *e) GW_MUST_CHECK;
/* The same where every error of the node means the same: 0, -1. */
int rooch_ask_again(struct rooch_ask *k, struct gw_err *e) GW_MUST_CHECK;
void rooch_ask_end(struct rooch_ask *k);

/* Value of an object, or of the entry @key of a table, appended to @bcs: 0, 1 none, -1. */
int rooch_ask_state(struct rooch_rpc *c, struct rooch_wanted want, struct buf *bcs,
		    struct gw_err *e) GW_MUST_CHECK;
/* Balance in a table of coin stores; none: zero. */
int rooch_ask_coin(struct rooch_rpc *c, const struct rooch_id *table, const char *asset,
		   struct u256 *out, struct gw_err *e) GW_MUST_CHECK;
int rooch_ask_unreadable(struct gw_err *e, const char *what);

#endif
