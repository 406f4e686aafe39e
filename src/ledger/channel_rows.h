/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel_rows - the rows of channels, sub-channels and vouchers, and the only steps that change them.
 *
 * A step that finds another state than it expects changes nothing and says CONFLICT: it was a bug, or
 * somebody else was faster. The _tx functions run inside store_write, the others also in a read.
 *
 * Rule:    protocol payment-channel.md 6.1, 12; design.md 4 (I2 to I4), 5
 * Layer:   ledger; calls store, util
 * Threads: as the connection
 */
#ifndef GW_LEDGER_CHANNEL_ROWS_H
#define GW_LEDGER_CHANNEL_ROWS_H

#include "ledger/rav_decision.h"
#include "ledger/rooch_object.h"
#include "store/store.h"
#include "util/picousd.h"

enum { LEASE_OWNER_TEXT = 128 };
struct subchannel_lease {
	char owner[LEASE_OWNER_TEXT];
	int64_t usage_id;
};

struct subchannel_row {
	struct rav_state rav; /* its fragment points into this struct */
	char fragment[ROOCH_FRAGMENT_MAX + 1];
	struct rooch_id payer;
	char asset[ROOCH_ASSET_TEXT];
	enum channel_status status;
	int64_t channel_ms, read_ms; /* age of the chain's part */
	struct picousd pending_cost_pico;
	bool has_lease, lease_alive; /* a dead one is left from a process that died */
	struct subchannel_lease lease;
	bool has_balance; /* of the hub, and it counts: no claim was seen since */
	struct u256 balance;
	int64_t balance_ms;
	bool unwritten; /* the newest voucher is stored, but not yet this row: see subchannel_accept_tx */
	int64_t signed_ms;
};

/* 0 found, 1 none, -1. @now_ms: by which leases are judged. */
int subchannel_load(struct store_conn *c, struct subchannel_row *out,
		    const struct rooch_id *channel, const char *fragment, int64_t now_ms,
		    struct gw_err *e) GW_MUST_CHECK;
/* The same without lease_alive and balance: of a sub-channel that the caller has leased. */
int subchannel_load_leased(struct store_conn *c, struct subchannel_row *out,
			   const struct rooch_id *channel, const char *fragment,
			   struct gw_err *e) GW_MUST_CHECK;
/* 1 leased and alive, 0 not, -1. */
int subchannel_is_busy(struct store_conn *c, const struct rooch_id *channel, const char *fragment,
		       int64_t now_ms, struct gw_err *e) GW_MUST_CHECK;

/* What a payer owes: everything that draws on its hub (payment-channel.md 6.5). */
struct payer_debt {
	struct u256 owed;	/* signed - claimed, pending costs, bounds of requests in work */
	uint64_t unsigned_pico; /* pending or in work, in all sub-channels but @own */
	unsigned subchannels;
};
/* @own: the sub-channel that asks; it counts as it is there. INTERNAL when the sums do not fit. */
int payer_debt(struct store_conn *c, struct payer_debt *out, const struct subchannel_row *own,
	       int64_t now_ms, struct gw_err *e) GW_MUST_CHECK;

/* ---- steps; each brings @r up to what it wrote ---- */

/* Store @v, which rav_decide has let in; the pending proposal goes with it. */
int subchannel_sign_tx(struct store_conn *c, struct subchannel_row *r, const struct voucher *v,
		       int64_t now_ms, struct gw_err *e) GW_MUST_CHECK;
/*
 * The same in two parts, so that the row is written once where it is leased at once: accept stores the
 * voucher, and the row by the next lease, proposal or subchannel_write_tx. Whoever has accepted one
 * without calling one of these before the transaction ends has lost what it signs.
 */
int subchannel_accept_tx(struct store_conn *c, struct subchannel_row *r, const struct voucher *v,
			 int64_t now_ms, struct gw_err *e) GW_MUST_CHECK;
int subchannel_write_tx(struct store_conn *c, struct subchannel_row *r,
			struct gw_err *e) GW_MUST_CHECK;
int subchannel_lease_tx(struct store_conn *c, struct subchannel_row *r,
			const struct subchannel_lease *lease, struct u256 bound,
			struct picousd bound_pico, struct gw_err *e) GW_MUST_CHECK;
/* Remove a lease that is not alive. */
int subchannel_unlease_tx(struct store_conn *c, struct subchannel_row *r,
			  struct gw_err *e) GW_MUST_CHECK;
/* Store a proposal. @lease: the one that it closes; NULL: there is none. */
int subchannel_propose_tx(struct store_conn *c, struct subchannel_row *r, const struct rav_point *p,
			  struct u256 cost, struct picousd cost_pico,
			  const struct subchannel_lease *lease, int64_t now_ms,
			  struct gw_err *e) GW_MUST_CHECK;
/* Replace a dead proposal by one for the same cost. */
int subchannel_revive_tx(struct store_conn *c, struct subchannel_row *r, int64_t now_ms,
			 struct gw_err *e) GW_MUST_CHECK;
/* Settlement, after a claim was executed: the hub's balance counts no longer. Behind what is known:
 * nothing. */
int subchannel_claimed_tx(struct store_conn *c, const struct subchannel_row *r, struct u256 claimed,
			  uint64_t nonce, struct gw_err *e) GW_MUST_CHECK;

/* In the database, never renumber. */
enum claim_reason { CLAIM_THRESHOLD = 1, CLAIM_ADMIN = 2 };
int claim_request_tx(struct store_conn *c, const struct rooch_id *channel, const char *fragment,
		     enum claim_reason reason, int64_t now_ms, struct gw_err *e) GW_MUST_CHECK;

/* An accepted voucher, of the newest epoch that has this nonce. 0 found, 1 none, -1. */
int voucher_find(struct store_conn *c, struct voucher *out, const struct rooch_id *channel,
		 const char *fragment, uint64_t nonce, struct gw_err *e) GW_MUST_CHECK;

/* signed - claimed of a state, zero when nothing is. */
struct u256 rav_unclaimed(const struct rav_state *s);

/* ---- parameters and columns of these tables, for the modules beside ---- */

void rows_bind_id(struct stmt *s, const char *name, const struct rooch_id *id);
void rows_bind_amount(struct stmt *s, const char *name, struct u256 v, uint8_t room[32]);
bool rows_id(struct stmt *s, const char *col, struct rooch_id *out) GW_MUST_CHECK;
bool rows_amount(struct stmt *s, const char *col, struct u256 *out) GW_MUST_CHECK;

#endif
