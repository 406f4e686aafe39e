/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain_rows - what the chain showed of a sub-channel, in the database with its age.
 *
 * One reading holds the channel, the sub-channel and then the hub's balance, in this order: a claim that
 * falls between makes the payer look poorer, never richer. A reading that contradicts what was seen
 * before (an older epoch, less claimed, another key) is of a node that is behind or lies.
 *
 * Rule:    protocol payment-channel.md 6.1 (chain), 6.3 (check 5), 6.5; rooch.md 4; design.md 8
 * Layer:   ledger; calls store, util
 * Threads: as the connection
 */
#ifndef GW_LEDGER_CHAIN_ROWS_H
#define GW_LEDGER_CHAIN_ROWS_H

#include "ledger/rooch_object.h"
#include "store/store.h"

/* A wall clock that was set back by less than this is no reason to read the chain anew. */
enum { CHAIN_CLOCK_SKEW_MS = 5000 };

struct chain_key {
	struct rooch_id channel_id, payer, payee;
	const char *asset;    /* canonical; borrowed */
	const char *fragment; /* borrowed */
};
struct chain_reading {
	uint64_t chain_id;
	bool has_channel, has_subchannel,
		has_balance; /* a balance may be missing: the others count */
	struct channel_object channel;
	struct subchannel_object subchannel;
	struct u256 balance;
	int64_t started_ms; /* wall clock */
	int64_t claims;	    /* of the hub's row, before the balance was read */
};

/* The newest reading in the database, in parts of different age. */
struct chain_row {
	struct chain_reading seen;
	int64_t channel_ms, subchannel_ms, balance_ms; /* when each began; 0: none */
};
/* 0 found (perhaps without sub-channel or balance), 1 no such channel, -1. claims is set in any case. */
int chain_load(struct store_conn *c, struct chain_row *out, const struct chain_key *k,
	       struct gw_err *e) GW_MUST_CHECK;
/*
 * Store a whole reading (channel and sub-channel are there), unless a newer one is stored. @out: what is
 * stored now. SERVICE_UNAVAILABLE: the reading contradicts it.
 */
int chain_see_tx(struct store_conn *c, struct chain_row *out, const struct chain_key *k,
		 const struct chain_reading *r, int64_t now_ms, struct gw_err *e) GW_MUST_CHECK;

#endif
