/* SPDX-License-Identifier: Apache-2.0 */
/*
 * finish - end channels, and take the revenue home.
 *
 * Rule:    protocol rooch.md 7.3, 7.4, 5.3 (withdraw_revenue_entry)
 * Layer:   settle
 * Threads: the run's own
 */
#ifndef GW_SETTLE_FINISH_H
#define GW_SETTLE_FINISH_H

#include "settle/watch.h"

enum { CHALLENGE_MS = 86400000 };

/* Finalise the cancellations in @w whose challenge period is over. -1: the database. */
int finish_finalize(struct watch *w, struct settle *s, struct gw_err *e) GW_MUST_CHECK;
/*
 * Close the channel @s->only, the one in @w, with a proof for each sub-channel that has something unclaimed.
 * 0: closed, also when it was; 1: not now, a sentence was logged; -1.
 */
int finish_close(struct watch *w, struct settle *s, struct gw_err *e) GW_MUST_CHECK;
/* All revenue of the asset to the account. The same results. */
int finish_withdraw(struct settle *s, struct gw_err *e) GW_MUST_CHECK;

#endif
