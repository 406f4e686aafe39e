/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alarm - what somebody has to look at: in the log, in the database, in the exit status.
 *
 * An alarm is said when it is new and then once an hour; the rows are those of the last whole run.
 *
 * Layer:   settle
 * Threads: the run's own
 */
#ifndef GW_SETTLE_ALARM_H
#define GW_SETTLE_ALARM_H

#include "settle/settle.h"

/* In the database, never renumber. */
enum alarm_kind {
	ALARM_CLOSING = 1,     /* the payer ends the channel, and not all of it is disputed */
	ALARM_HUB_SHORT = 2,   /* the payer's hub holds less than what is signed */
	ALARM_UNCLAIMABLE = 3, /* no voucher that the chain would take */
	ALARM_FAILING = 4,     /* claims have failed for a day */
	ALARM_LOST = 5,	       /* the channel ended before its vouchers were claimed */
	ALARM_NODE = 6,	       /* the node has not answered for an hour */
	ALARM_ACCOUNT = 7      /* the chain takes no transaction of the claim key */
};
const char *alarm_name(enum alarm_kind k);

/* @channel, @fragment, @amount may be NULL. */
int alarm_raise(struct settle *s, enum alarm_kind k, const struct rooch_id *channel,
		const char *fragment, const struct u256 *amount, struct gw_err *e) GW_MUST_CHECK;
/* Those that this run did not raise are over. */
int alarm_clear(struct settle *s, struct gw_err *e) GW_MUST_CHECK;

#endif
