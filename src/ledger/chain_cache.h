/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain_cache - channels, sub-channels and hub balances as the node shows them, kept in memory and in the
 * database, with their age.
 *
 * Young facts are handed out at once; older ones too, while a thread of the cache reads them again; beyond
 * the stale bound the caller waits for the node, together with all who ask the same, and is refused when
 * it does not answer. What another process has read is taken from the database. That there is no such
 * channel is remembered for a moment only; and whoever is refused for what the chain showed, does something
 * about it and comes back is not told the same again: such readings are held up only when they repeat.
 *
 * Rule:    protocol payment-channel.md 6.3 (4, 5, 7), 6.5; gateway.md 12 (C4, R2); design.md 8
 * Layer:   ledger; calls crypto, store, util
 * Threads: any; has threads of its own
 */
#ifndef GW_LEDGER_CHAIN_CACHE_H
#define GW_LEDGER_CHAIN_CACHE_H

#include "crypto/key.h"
#include "ledger/chain_rows.h"

struct rooch_payer;

/* Where facts come from; as the functions of rooch_rpc.h: 0 found, 1 none, -1. */
struct chain_source {
	void *arg;
	int (*chain_id)(void *arg, uint64_t *out, struct gw_err *e);
	int (*channel)(void *arg, const struct rooch_id *id, struct channel_object *out,
		       struct gw_err *e);
	int (*subchannel)(void *arg, const struct rooch_id *table, struct str fragment,
			  struct subchannel_object *out, struct gw_err *e);
	int (*hub_balance)(void *arg, const struct rooch_id *owner, const char *asset,
			   struct u256 *out, struct gw_err *e);
	/* All three at once, as rooch_get_payer; NULL: there is no such way. */
	int (*payer)(void *arg, struct rooch_payer *p, struct gw_err *e);
};

struct chain_cache_options {
	struct store *store;
	struct chain_source source;
	uint64_t chain_id;		      /* of the configured network; any other is refused */
	const char *asset;		      /* canonical */
	unsigned fresh_ms, zero_ms, stale_ms; /* 5000, 2000 (balance zero), 30000 */
	unsigned negative_ms;		      /* 1000 */
	/* 50, 1000: between a reading and the second forced one, doubled with each up to the latter; the first
	 * one waits for nothing */
	unsigned force_first_ms, force_gap_ms;
	unsigned threads;		      /* that read in the background; 4 */
};

struct chain_facts {
	bool has_channel, has_subchannel; /* the rest counts only with both */
	enum channel_status status;
	uint64_t chain_id, epoch, last_nonce;
	struct u256 last_claimed;
	enum key_type key_type; /* frozen in the sub-channel */
	uint8_t pub[KEY_PUB_MAX];
	size_t pub_len;	      /* 0: a key that nothing can be verified with */
	struct key_point key; /* the same, ready to verify with; not valid where pub_len is 0 */
	struct chain_coins {
		bool known;
		struct rooch_id table;
	} coins; /* where the payer's hub keeps them: for the next reading */
	int64_t read_ms;      /* wall clock */
	unsigned age_ms;
};

struct chain_cache;
struct chain_cache *chain_cache_new(const struct chain_cache_options *o);
void chain_cache_free(struct chain_cache *cc);
/* New time limits for what comes. */
void chain_cache_limits(struct chain_cache *cc, unsigned fresh_ms, unsigned stale_ms);

enum chain_want {
	CHAIN_CACHED, /* as described above */
	CHAIN_FORCED, /* after a refusal: read again, unless that was done a moment ago */
	CHAIN_RENEWED /* the database has nothing young enough: read again in any case */
};
/* SERVICE_UNAVAILABLE. */
int chain_cache_get(struct chain_cache *cc, struct chain_facts *out, const struct chain_key *k,
		    enum chain_want want, struct gw_err *e) GW_MUST_CHECK;
/* Does the node answer, and is it of the right chain? Asked at most once a second. */
int chain_cache_ready(struct chain_cache *cc, struct gw_err *e) GW_MUST_CHECK;

#endif
