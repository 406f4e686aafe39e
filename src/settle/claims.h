/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claims - which voucher of which sub-channel, and in what order.
 *
 * First what a payer who is leaving owes, then what was asked for, then the largest sums. Of a
 * sub-channel the largest stored voucher that the hub covers and the frozen key has signed. What cannot
 * succeed is left for later at once; nothing waits in place.
 *
 * Rule:    protocol payment-channel.md 11; rooch.md 7.2, 7.4
 * Layer:   settle
 * Threads: the run's own
 */
#ifndef GW_SETTLE_CLAIMS_H
#define GW_SETTLE_CLAIMS_H

#include "settle/watch.h"

/* Dispute and claim what is due in @w. -1: the database. */
int claims_run(struct watch *w, struct settle *s, struct gw_err *e) GW_MUST_CHECK;
/* Afterwards: what is still at risk. */
int claims_alarms(struct watch *w, struct settle *s, struct gw_err *e) GW_MUST_CHECK;

enum claims_choice {
	CHOICE_VOUCHER,
	CHOICE_HUB_SHORT, /* the hub covers none */
	CHOICE_UNUSABLE	  /* none has a signature of the frozen key */
};
/* The largest usable voucher of @t that claims at most @most in all. -1: the database. */
int claims_choose(struct settle *s, const struct watch_target *t, struct u256 most,
		  enum claims_choice *choice, struct voucher *out, struct gw_err *e) GW_MUST_CHECK;
/* Is it time to claim from @t, whose channel is active? */
bool claims_is_due(const struct settle *s, const struct watch_target *t, int64_t now_ms);

#endif
