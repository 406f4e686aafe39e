/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credit - from picoUSD to units of the asset, and whether a payer's deposit covers what is owed.
 *
 * Rule:    protocol payment-channel.md 6.5, 6.7, 7; design.md I7
 * Layer:   ledger; calls util
 * Threads: no shared state
 */
#ifndef GW_LEDGER_CREDIT_H
#define GW_LEDGER_CREDIT_H

#include "util/buf.h"
#include "util/picousd.h"
#include "util/u256.h"

/* Units of the asset for @cost, rounded up; @rate_pico: picoUSD per unit. BILLING_RATE_NOT_AVAILABLE
 * when it is zero. */
int credit_units(struct u256 *out, struct picousd cost, uint64_t rate_pico,
		 struct gw_err *e) GW_MUST_CHECK;

/* What a request is charged: its cost, or the client's limit if that is less. */
struct credit_charge {
	struct u256 cost; /* units */
	struct picousd charged, forgone;
};
/* @max_amount: units, zero: no limit. */
int credit_charge(struct credit_charge *out, struct picousd cost, struct u256 max_amount,
		  uint64_t rate_pico, struct gw_err *e) GW_MUST_CHECK;

struct credit {
	struct u256 balance; /* of the hub */
	struct u256 owed;    /* in all sub-channels, by signature, proposal or work in hand */
	struct u256 bound;   /* of this request */
	uint64_t min_claim, reserve; /* options */
	uint64_t unsigned_pico;	     /* in the payer's other sub-channels */
	uint64_t max_unsigned_pico;  /* option */
};
/* HUB_INSUFFICIENT_FUNDS; @details: JSON of balance, required, assetId is appended then. */
int credit_check(const struct credit *c, const char *asset, struct buf *details,
		 struct gw_err *e) GW_MUST_CHECK;

#endif
