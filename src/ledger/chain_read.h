/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain_read - one reading of the chain for chain_cache: from the database if another process was there a
 * moment ago, else from the node and into the database.
 *
 * Rule:    protocol payment-channel.md 6.3 (check 5), 6.5
 * Layer:   ledger (private to chain_cache); calls store, util
 * Threads: any
 */
#ifndef GW_LEDGER_CHAIN_READ_H
#define GW_LEDGER_CHAIN_READ_H

#include <pthread.h>
#include <stdatomic.h>

#include "ledger/chain_cache.h"

struct chain_reader {
	struct store *store;
	struct chain_source source;
	uint64_t expected; /* chain id */
	char asset[ROOCH_ASSET_TEXT];
	pthread_mutex_t lock; /* of the rest */
	bool right;	      /* the node is of the expected chain, as of asked_ms */
	int64_t asked_ms;     /* monotonic; 0: never */
	struct gw_err wrong;
	atomic_llong said_ms; /* last warning */
};
void chain_reader_init(struct chain_reader *r, struct store *st, const struct chain_source *source,
		       uint64_t chain_id, const char *asset);
void chain_reader_clear(struct chain_reader *r);
int chain_reader_ready(struct chain_reader *r, struct gw_err *e) GW_MUST_CHECK;

struct chain_found {
	struct chain_facts facts;
	bool zero;	/* balance zero or not known: look again soon */
	int64_t age_ms; /* of the oldest part */
};
struct chain_age {
	int64_t fresh_ms, zero_ms; /* take the database's facts up to this age; 0: none */
	int64_t stale_ms;	   /* the same when the node does not answer; 0: none */
};
/* @before: what was found last, NULL: nothing; a key that is the same is not worked out anew. */
int chain_read(struct chain_reader *r, struct chain_found *out, const struct chain_key *k,
	       const struct chain_facts *before, const struct chain_age *age,
	       struct gw_err *e) GW_MUST_CHECK;

#endif
