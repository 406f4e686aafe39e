/* SPDX-License-Identifier: Apache-2.0 */
/*
 * price_rows - the prices that the operator has set for single models, and the history of them.
 *
 * Every change is a new version in the history, a removal too: the greatest version tells whether
 * anything has changed since somebody looked, and a bill's price version can be looked up again.
 * What a price says is JSON that billing/price_override has checked; here it is text.
 *
 * Rule:    protocol gateway.md 7 (PRICING_OVERRIDES), design.md 9
 * Layer:   store; calls util
 * Threads: all run inside store_write or store_read
 */
#ifndef GW_STORE_PRICE_ROWS_H
#define GW_STORE_PRICE_ROWS_H

#include "store/store.h"
#include "util/buf.h"

struct price_change {
	struct str model;
	struct str price; /* JSON object; empty: the override is taken away */
	struct str by;	  /* who changes it, for the history */
	int64_t now_ms;
};

/* @existed: out, was there an override before? Taking away what is not there changes nothing. */
int price_rows_change_tx(struct store_conn *c, const struct price_change *p, bool *existed,
			 struct gw_err *e) GW_MUST_CHECK;
/* Version of the overrides in force; 0: never was any. */
int price_rows_version(struct store_conn *c, int64_t *version, struct gw_err *e) GW_MUST_CHECK;
/* One after the other, by model; a negative result of @fn ends it and is returned. */
typedef int (*price_row_fn)(void *arg, struct str model, struct str price, struct gw_err *e);
int price_rows_each(struct store_conn *c, price_row_fn fn, void *arg,
		    struct gw_err *e) GW_MUST_CHECK;
/* All of them in the form of PRICING_OVERRIDES: {"model":{...},...}. CONFIG when @out is too small. */
int price_rows_json(struct store_conn *c, struct buf *out, struct gw_err *e) GW_MUST_CHECK;

#endif
