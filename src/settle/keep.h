/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keep - housekeeping: what dead processes left behind, what is too old.
 *
 * Rule:    design.md 5
 * Layer:   settle
 * Threads: the run's own
 */
#ifndef GW_SETTLE_KEEP_H
#define GW_SETTLE_KEEP_H

#include "settle/settle.h"

struct keep_ages {
	uint64_t usage_days, voucher_days; /* 0: for ever */
	int64_t nonce_hold_s;
};
/* -1: the database. */
int keep_house(struct settle *s, const struct keep_ages *ages, struct gw_err *e) GW_MUST_CHECK;

#endif
