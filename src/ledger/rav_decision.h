/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rav_decision - what a sub-channel's state says to a request: the decision table, the baseline of the
 * next proposal, and proposals that can no longer be claimed.
 *
 * Nothing is read or written here; amounts are in units of the asset, accumulated.
 *
 * Rule:    protocol payment-channel.md 6.1, 6.3 (check 9), 6.4, 6.6
 * Layer:   ledger; calls util
 * Threads: no shared state
 */
#ifndef GW_LEDGER_RAV_DECISION_H
#define GW_LEDGER_RAV_DECISION_H

#include "ledger/subrav.h"

/* The largest nonce that a voucher may have: one more still fits the database. */
#define RAV_NONCE_MAX ((uint64_t)INT64_MAX - 1)
enum { RAV_JUMP_MAX = 1000000 };

struct rav_point { /* how far a sub-channel has come */
	uint64_t epoch, nonce;
	struct u256 amount;
};
struct rav_state {
	struct rooch_id channel_id;
	const char *fragment;	  /* borrowed */
	uint64_t chain_id, epoch; /* of the chain, now */
	uint64_t last_nonce;	  /* of the chain */
	struct u256 last_claimed;
	bool has_signed, has_pending;
	struct rav_point signed_point, pending;
	struct u256 pending_cost;
};

/* In the database, never renumber. */
enum rav_decision {
	RAV_REFUSED = 0,
	RAV_NOTHING_DUE = 1,   /* serve; no voucher */
	RAV_PAID_PROPOSAL = 2, /* accept: it is the pending proposal, signed */
	RAV_WENT_FURTHER = 3   /* accept: beyond what was known; the proposal had been lost */
};

/*
 * Where the next proposal starts: the newest voucher if it is of this epoch, but never behind the chain:
 * anybody may claim a voucher that we have not seen, and what lies behind a claim cannot be claimed.
 */
struct rav_point rav_baseline(const struct rav_state *s);
/* The proposal with @cost on top of it. RAV_CONFLICT when nonce or amount are at their end. */
int rav_propose(const struct rav_state *s, struct u256 cost, struct rav_point *out,
		struct gw_err *e) GW_MUST_CHECK;
/* The pending proposal is of another epoch, or behind the chain: signed, it could not be claimed. Replace
 * it by rav_propose(pending_cost) before deciding. */
bool rav_pending_is_dead(const struct rav_state *s);
/* As SubRAV. */
void rav_subrav(struct subrav *out, const struct rav_state *s, const struct rav_point *p);

/*
 * @voucher: NULL when the request has none; its signature is verified, channel and fragment are those
 * of @s. @free_route: nothing is due. -1: TAMPERED_SUBRAV, EPOCH_MISMATCH, PAYMENT_REQUIRED, RAV_CONFLICT;
 * @out is RAV_REFUSED then.
 */
int rav_decide(const struct rav_state *s, const struct subrav *voucher, bool free_route,
	       enum rav_decision *out, struct gw_err *e) GW_MUST_CHECK;

#endif
