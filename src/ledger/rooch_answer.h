/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rooch_answer - read the answers of a node, each compared with its question.
 *
 * Pure functions of the text, for rooch_rpc and the fuzz targets. All that a node may get wrong, by
 * accident or on purpose, ends here: SERVICE_UNAVAILABLE, with what was wrong in priv.
 *
 * Rule:    protocol rooch.md 6
 * Layer:   ledger; calls codec, util
 * Threads: no shared state
 */
#ifndef GW_LEDGER_ROOCH_ANSWER_H
#define GW_LEDGER_ROOCH_ANSWER_H

#include "codec/jscan.h"
#include "ledger/rooch_rpc.h"

struct rooch_node_error { /* the member `error` */
	char message[256];
	uint64_t sub_status; /* 0: none in the message */
};
/*
 * The envelope of request @id. 0: @result is set; 1: the node answered with an error, @ne is set;
 * -1: no such answer. Views into @text.
 */
int rooch_answer_open(struct jval *result, struct rooch_node_error *ne, struct str text,
		      uint64_t id, struct gw_err *e) GW_MUST_CHECK;

/* An object, or an entry of a table where @key is not NULL. */
struct rooch_wanted {
	const struct rooch_id *object, *key;
};
/* Array with one state: 0 and its value appended to @bcs, 1 null, -1. */
int rooch_answer_state(struct buf *bcs, struct jval result, struct rooch_wanted want,
		       struct gw_err *e) GW_MUST_CHECK;
/* One state by itself; the same. */
int rooch_answer_one_state(struct buf *bcs, struct jval state, struct rooch_wanted want,
			   struct gw_err *e) GW_MUST_CHECK;

/* Decimal text of 64 bits. */
int rooch_answer_u64(uint64_t *out, struct jval result, struct gw_err *e) GW_MUST_CHECK;
/* View function that returns one u64. */
int rooch_answer_view_u64(uint64_t *out, struct jval result, struct gw_err *e) GW_MUST_CHECK;
/* rooch_getBalance; @asset: canonical. */
int rooch_answer_balance(struct u256 *out, struct jval result, const char *asset,
			 struct gw_err *e) GW_MUST_CHECK;

/* A page of a channel's table. @stop: out, @each said so. */
struct rooch_page {
	bool more;
	char cursor[256]; /* JSON of the next one */
	bool stop;
};
int rooch_answer_subchannels(struct rooch_page *page, struct jval result,
			     const struct rooch_id *table,
			     bool (*each)(void *arg, struct str fragment,
					  const struct subchannel_object *s),
			     void *arg, struct gw_err *e) GW_MUST_CHECK;

/* rooch_executeRawTransaction. -1: it does not say what became of the transaction @hash. */
int rooch_answer_execute(struct tx_result *out, struct jval result, const uint8_t hash[32],
			 struct gw_err *e) GW_MUST_CHECK;
/* rooch_getTransactionsByHash: 0 executed, 1 not known or not executed yet, -1. */
int rooch_answer_transaction(struct tx_result *out, struct jval result, const uint8_t hash[32],
			     struct gw_err *e) GW_MUST_CHECK;

#endif
