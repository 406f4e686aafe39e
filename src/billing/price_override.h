/* SPDX-License-Identifier: Apache-2.0 */
/*
 * price_override - the prices that an operator sets for one model name, as JSON.
 *
 * {"promptPerMTokUsd": 2.5, "completionPerMTokUsd": 10}: the two are needed; further members are
 * columns of the price table under their own names, and web_search_unit. A value is a number or
 * its text; "input" and "output" are other names of the two.
 *
 * Rule:    providers/pricing.md "Look-up" 0; protocol gateway.md 7
 * Layer:   billing; calls codec, util
 * Threads: no shared state
 */
#ifndef GW_BILLING_PRICE_OVERRIDE_H
#define GW_BILLING_PRICE_OVERRIDE_H

#include "billing/price_row.h"
#include "codec/jscan.h"

enum { PRICE_MODEL_MAX = 255 };

struct price_override {
	char *model;		    /* owned by whoever holds the list */
	struct price_values values; /* INPUT and OUTPUT are set */
};

/* A model's name: 1 to PRICE_MODEL_MAX bytes, no NUL. CONFIG. */
int price_override_check_model(struct str model, struct gw_err *e) GW_MUST_CHECK;
/* @object: of a checked text. CONFIG with model and member named; then @out is not to be used. */
int price_override_read(struct price_values *out, struct str model, struct jval object,
			struct gw_err *e) GW_MUST_CHECK;
/* As price_override_read reads it, members in the order of the columns, values as texts. */
bool price_override_write(const struct price_values *v, struct buf *out);

#endif
