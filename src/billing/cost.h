/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cost - from a reading to picoUSD: exact amount, estimate, upper bound.
 *
 * Integers only, one rounding, up, at the end. The result carries its parts, so that a bill can
 * be recomputed from its row.
 *
 * Rule:    providers/pricing.md, design.md 7 (estimates) and 9 (upper bound)
 * Layer:   billing; calls util
 * Threads: no shared state
 */
#ifndef GW_BILLING_COST_H
#define GW_BILLING_COST_H

#include "billing/price.h"

enum cost_source { COST_NONE, COST_TABLE, COST_PROVIDER };
const char *cost_source_name(enum cost_source s); /* "none", "table", "provider" */

enum { COST_PARTS = 64 };
/* qty * pico_each * num / den picoUSD, before the multiplier. */
struct cost_part {
	const char *item; /* static text: "input", "cached_input", "web_search", ... */
	uint64_t qty, pico_each;
	uint64_t num, den; /* fast and us factors; 1/1 for fees */
	unsigned extra;	   /* 0: the answer itself; n: reading.extra[n - 1] */
};
struct cost {
	enum cost_source source;
	enum price_tier tier;
	bool long_context;
	bool known; /* pico is meaningful; else the amount is unknown (null) */
	bool exact;
	bool unpriced;	/* no row matches */
	bool estimated; /* by cost_charge */
	struct cost_part part[COST_PARTS];
	unsigned n_part;
	uint64_t factor_num, factor_den; /* on the answer's tokens, in lowest terms ("11/10") */
	struct multiplier multiplier;
	struct picousd pico;
	char priced_as[160]; /* "" none */
	const char *alarm;   /* static sentence when an operator should look, else NULL */
};

struct cost_options {
	const struct price_book *book;
	struct multiplier multiplier;
	struct str requested_model;
	const char *day;
	uint64_t
		unstated_pico; /* design.md 9: model without a row at a provider that states its cost */
	uint64_t media_tokens;	 /* allowance, default 20000 */
	uint64_t default_output; /* default 8192 */
};

/* What the exchange itself says. Never fails: what is unknown is marked. */
void cost_of_reading(const struct reading *r, const struct cost_options *o, struct cost *out);

/* The facts of a request that bound its cost; filled from provider's request_view. */
enum { COST_HELPERS = 4 };
struct cost_request {
	enum provider_id provider;
	enum api api;
	uint64_t text_bytes, media, output_cap, choices, tool_uses_cap;
	uint64_t prediction_bytes; /* of the text: what may come back as output */
	bool has_output_cap, fast;
	bool compacts; /* the conversation may be summarised first */
	bool us; /* asked for, or the configured surcharge for data residency */
	enum price_tier tier;
	bool tools[TOOL_COUNT];
	struct str helper[COST_HELPERS]; /* models that tools let work besides */
	unsigned n_helper;
};
/*
 * Upper bound. MODEL_NOT_SUPPORTED when unpriced and the provider does not state costs, or when no
 * price is known for the tier, the kind of call or a helper; BAD_REQUEST when it exceeds all bounds.
 */
int cost_bound(const struct cost_request *q, const struct cost_options *o, struct picousd *out,
	       struct gw_err *e) GW_MUST_CHECK;

/*
 * What to charge: cost_of_reading when usage is final or an amount is stated; else the estimate of
 * design.md 7, never more than @bound, marked estimated. Error answers without usage, and errors
 * inside a 200 that brought neither usage nor output, cost nothing. @out->known is true afterwards.
 *
 * @r with http_status 0: the upstream took the request and has not answered. Without a connection
 * nothing is owed, and this function is not to be asked.
 */
void cost_charge(const struct reading *r, const struct cost_request *q, struct picousd bound,
		 const struct cost_options *o, struct cost *out);

#endif
