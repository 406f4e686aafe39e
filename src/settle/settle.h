/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settle - what the parts of the settlement program share: the run, its chain, its settings.
 *
 * One run: finish what an earlier run left open (submit.c), look at the chain (watch.c), dispute and
 * claim (claims.c), end channels and withdraw (finish.c), tidy up (keep.c), say what is wrong (alarm.c).
 * It may be killed at any line: a transaction is in the database before the chain hears of it.
 *
 * Rule:    design.md 8; protocol payment-channel.md 11, rooch.md 5.4, 7
 * Layer:   settle; calls ledger, store, util
 * Threads: a run belongs to one thread; only watch.c starts others, while that one waits
 */
#ifndef GW_SETTLE_SETTLE_H
#define GW_SETTLE_SETTLE_H

#include <signal.h>

#include "ledger/rooch_rpc.h"
#include "store/store.h"

/* The chain as settlement needs it; each call as in rooch_rpc.h. Reads come from several threads. */
struct settle_chain {
	void *arg;
	int (*chain_id)(void *arg, uint64_t *out, struct gw_err *e);
	int (*channel)(void *arg, const struct rooch_id *id, struct channel_object *out,
		       struct gw_err *e);
	int (*subchannel)(void *arg, const struct rooch_id *table, struct str fragment,
			  struct subchannel_object *out, struct gw_err *e);
	int (*hub_balance)(void *arg, const struct rooch_id *owner, const char *asset,
			   struct u256 *out, struct gw_err *e);
	int (*revenue)(void *arg, const struct rooch_id *owner, const char *asset, struct u256 *out,
		       struct gw_err *e);
	int (*sequence)(void *arg, const struct rooch_id *account, uint64_t *out, struct gw_err *e);
	int (*execute)(void *arg, struct str raw, struct tx_result *out, struct gw_err *e);
	int (*by_hash)(void *arg, const uint8_t hash[32], struct tx_result *out, struct gw_err *e);
};
void settle_chain_of(struct settle_chain *out, struct rooch_rpc *rpc);

/* Why nothing more is sent in this run. */
enum settle_stop {
	STOP_NOT = 0,
	STOP_NODE,  /* it does not answer */
	STOP_GAS,   /* the account cannot pay for transactions */
	STOP_KEY,   /* the chain does not accept the claim key */
	STOP_CHAIN, /* the node is of another chain */
	STOP_TOLD   /* by a signal */
};

/* What a run did, for its last line and its exit status. */
struct settle_counts {
	unsigned due, confirmed, failed, open, waiting, unread, lost, short_of_funds, risks;
	struct u256 moved;
};

struct settle {
	struct store *store;
	struct settle_chain chain;
	const struct signing_key *key; /* NULL: reports and dry runs of people without it */
	struct rooch_id account;
	const char *fragment; /* of the key */

	uint64_t chain_id;
	const char *asset; /* canonical, for withdrawals */
	struct u256 min_claim;
	unsigned parallel, max_retries;
	int64_t retry_delay_ms, max_age_ms;
	bool dry_run;
	const struct rooch_id *only; /* this channel; NULL: all */

	/* the run */
	int64_t started_ms;
	bool has_sequence;
	uint64_t sequence; /* of the next transaction */
	enum settle_stop stop;
	unsigned trouble; /* transactions in a row of which nobody knows what became of them */
	int64_t node_ms;  /* when the node last answered; 0: not in this run */
	struct settle_counts n;
};

/*
 * For tests: where the environment variable GW_SETTLE_STOP_AT is "NAME" or "NAME:N", the program kills
 * itself with SIGKILL when it comes to the step @name for the Nth time; "any:N" counts all steps.
 */
void settle_step(const char *name);

/* The signals that end the program; main blocks them, and they are looked for between two claims. */
void settle_stop_signals(sigset_t *set);
bool settle_told_to_stop(void);

/* How amounts stand in log lines. */
struct settle_text {
	char c[U256_TEXT];
};
struct settle_text settle_amount(struct u256 v);

#endif
