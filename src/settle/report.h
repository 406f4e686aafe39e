/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report - what was earned, signed, claimed, is pending, at risk and lost; per payer and per day.
 *
 * From the database alone: the chain as the last run saw it. Sums are exact.
 *
 *	signed = claimed + pending (+ what was lost in the epoch that is last signed)
 *	earned = signed + proposals that wait for a signature
 *
 * claimed: paid into the revenue hub. pending: signed, not paid, also what a cancellation will pay.
 * at risk: of that, what a payer who leaves was not disputed for, what the hub does not cover, and what
 * has failed for a day. lost: of epochs that ended before it was claimed.
 *
 * Layer:   settle
 * Threads: no shared state
 */
#ifndef GW_SETTLE_REPORT_H
#define GW_SETTLE_REPORT_H

#include "ledger/rooch_id.h"

/* To standard output. @only: this channel; NULL: all. */
int report_print(const char *database, const char *asset, const struct rooch_id *only, bool json,
		 struct gw_err *e) GW_MUST_CHECK;

#endif
