/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claim_rows - the rows of settlement, and the only steps that change them.
 *
 *	planned -> submitted -> confirmed | failed | dropped
 *
 * planned: signed and durable, perhaps sent. submitted: sent, and nobody said what became of it.
 * confirmed: the chain shows it. failed: the chain refused or aborted it. dropped: it was not executed
 * and is not needed any more. Each step names the state it leaves and writes its line of history.
 *
 * What the chain has booked of a sub-channel comes into the books once: what rises there beyond
 * `accounted` is ours (moved) where a claim of ours did it, else somebody's (elsewhere).
 *
 * Rule:    style.md 10; design.md 4 (I6)
 * Layer:   settle; calls ledger, store
 * Threads: the _tx functions run inside store_write
 */
#ifndef GW_SETTLE_CLAIM_ROWS_H
#define GW_SETTLE_CLAIM_ROWS_H

#include "ledger/rooch_object.h"
#include "store/store.h"
#include "util/buf.h"

/* In the database, never renumber. */
enum claim_kind {
	CLAIM_OF_VOUCHER = 1,
	CLAIM_DISPUTE = 2,
	CLAIM_FINALIZE = 3,
	CLAIM_CLOSE = 4,
	CLAIM_WITHDRAW = 5
};
enum claim_state {
	CLAIM_NOTHING = 0, /* history only */
	CLAIM_PLANNED = 1,
	CLAIM_SUBMITTED = 2,
	CLAIM_CONFIRMED = 3,
	CLAIM_FAILED = 4,
	CLAIM_DROPPED = 5
};
enum claim_why {
	WHY_NOT = 0,	  /* no reason: it went well */
	WHY_SEQUENCE = 1, /* somebody else used the sequence number */
	WHY_HUB_SHORT = 2,
	WHY_CHANNEL_STATE = 3,	/* the channel is not active, or not cancelling */
	WHY_SIGNATURE = 4,	/* the chain does not accept the voucher */
	WHY_OUTDATED = 5,	/* the chain has more already */
	WHY_NOT_AUTHORIZED = 6, /* no such sub-channel */
	WHY_TOO_EARLY = 7,	/* the challenge period is not over */
	WHY_GAS = 8,
	WHY_KEY_REFUSED = 9,
	WHY_NOT_EXECUTED = 10,
	WHY_OTHER = 11,
	WHY_NODE = 12
};
const char *claim_kind_name(enum claim_kind k);
const char *claim_state_name(enum claim_state s);
const char *claim_why_text(enum claim_why w); /* a few words */

struct claim_row {
	int64_t id;
	enum claim_kind kind;
	enum claim_state state;
	bool has_channel;
	struct rooch_id channel;
	char fragment[ROOCH_FRAGMENT_MAX + 1], asset[ROOCH_ASSET_TEXT];
	uint64_t epoch, nonce;
	struct u256 amount;
	struct rooch_id sender;
	uint64_t sequence;
	uint8_t hash[32];
	struct buf raw;
	int64_t created_ms;
	/* not stored: the channel's table on chain, where the caller knows it */
	bool has_table;
	struct rooch_id table;
};
void claim_row_init(struct claim_row *r);
void claim_row_clear(struct claim_row *r);

/* What became of it. */
struct claim_end {
	enum claim_state to;
	enum claim_why why;
	const char *note; /* for the history */
	bool has_gas;
	uint64_t gas;
	const char *location; /* of an abort; NULL: none */
	bool has_code;
	uint64_t code;
	struct u256 moved; /* of a confirmed one; the functions below work it out */
};

/* New row in the state planned; CONFLICT: one is open already. Sets id, state. */
int claim_plan_tx(struct store_conn *c, struct claim_row *r, int64_t now_ms,
		  struct gw_err *e) GW_MUST_CHECK;
/* CONFLICT: it is not in the state @from (r->state). */
int claim_move_tx(struct store_conn *c, struct claim_row *r, enum claim_state from,
		  const struct claim_end *end, int64_t now_ms, struct gw_err *e) GW_MUST_CHECK;
/* 0 @r is the first open one behind @after, 1 none, -1. */
int claim_next_open(struct store_conn *c, struct claim_row *r, int64_t after,
		    struct gw_err *e) GW_MUST_CHECK;
/* 1 open, 0 not, -1. */
int claim_is_open(struct store_conn *c, const struct rooch_id *channel, const char *fragment,
		  struct gw_err *e) GW_MUST_CHECK;

/* ---- per sub-channel; of the whole channel with fragment "" ---- */

struct settlement_row {
	struct u256 accounted, elsewhere, lost;
	bool has_lost_epoch;
	uint64_t lost_epoch;
	unsigned failures;
	int64_t failing_since_ms, tried_ms, next_ms; /* 0: none */
	enum claim_why why;
};
/* A row that is not there reads as zero. @channel NULL: of no channel (withdrawals). */
int settlement_load(struct store_conn *c, struct settlement_row *r, const struct rooch_id *channel,
		    const char *fragment, struct gw_err *e) GW_MUST_CHECK;
int settlement_save_tx(struct store_conn *c, const struct settlement_row *r,
		       const struct rooch_id *channel, const char *fragment,
		       struct gw_err *e) GW_MUST_CHECK;
/* The chain shows @claimed: what is beyond the books. @ours: by us; else elsewhere. *rise: by how much. */
int settlement_account_tx(struct store_conn *c, const struct rooch_id *channel,
			  const char *fragment, struct u256 claimed, bool ours, struct u256 *rise,
			  struct gw_err *e) GW_MUST_CHECK;
/* Another failure: when to try again. */
struct settlement_pace {
	unsigned max_retries;
	int64_t retry_delay_ms;
};
int settlement_fail_tx(struct store_conn *c, const struct rooch_id *channel, const char *fragment,
		       enum claim_why why, const struct settlement_pace *pace, int64_t now_ms,
		       struct gw_err *e) GW_MUST_CHECK;
/* It went well: no failure counts any more, and the request is served. */
int settlement_well_tx(struct store_conn *c, const struct rooch_id *channel, const char *fragment,
		       int64_t now_ms, struct gw_err *e) GW_MUST_CHECK;
/* When the try after @failures comes. Exposed for the tests. */
int64_t settlement_next_ms(unsigned failures, const struct settlement_pace *pace, int64_t now_ms);

int claim_request_drop_tx(struct store_conn *c, const struct rooch_id *channel,
			  const char *fragment, struct gw_err *e) GW_MUST_CHECK;

/* Channel and fragment as parameters; @channel NULL: none. */
void claim_bind_key(struct stmt *s, const struct rooch_id *channel, const char *fragment);

#endif
