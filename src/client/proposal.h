/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proposal - may a proposal of the gateway be signed?
 *
 * A signature is money. Nothing of a proposal is believed: it has to continue, by one step, what we
 * signed last in this very sub-channel, and that step may not cost more than was said and allowed.
 *
 * Rule:    protocol payment-channel.md 9.6
 * Layer:   client; calls ledger, util
 * Threads: no shared state
 */
#ifndef GW_CLIENT_PROPOSAL_H
#define GW_CLIENT_PROPOSAL_H

#include "ledger/subrav.h"

/* What we know by ourselves: from the chain, and from what we signed. */
struct proposal_base {
	uint64_t chain_id;
	struct rooch_id channel_id;
	uint64_t epoch;
	const char *fragment;
	uint64_t nonce; /* of the last voucher, or what the chain has confirmed */
	struct u256 amount;
};

enum proposal_fault {
	PROPOSAL_GOOD,
	PROPOSAL_SIGNED_BEFORE, /* the very voucher of the base: signing it again costs nothing */
	PROPOSAL_OTHER_VERSION,
	PROPOSAL_OTHER_CHAIN,
	PROPOSAL_OTHER_CHANNEL,
	PROPOSAL_OTHER_FRAGMENT,
	PROPOSAL_OTHER_EPOCH,
	PROPOSAL_SECOND_AMOUNT, /* the base's nonce with another amount */
	PROPOSAL_NONCE_BACK,
	PROPOSAL_NONCE_AHEAD, /* there may be vouchers that we have forgotten */
	PROPOSAL_AMOUNT_FALLS,
	PROPOSAL_COST_DIFFERS, /* the step is not what was said to be the cost */
	PROPOSAL_OVER_LIMIT
};

/*
 * @cost: as stated beside it, NULL when nothing was. @limit: zero means none. @step: out for GOOD and
 * OVER_LIMIT, what the proposal adds.
 */
enum proposal_fault proposal_check(const struct subrav *p, const struct u256 *cost,
				   const struct proposal_base *base, struct u256 limit,
				   struct u256 *step);

/* The complaint in words; returns -1. */
int proposal_complain(enum proposal_fault f, const struct subrav *p, const struct u256 *cost,
		      const struct proposal_base *base, struct u256 limit, struct gw_err *e);

#endif
