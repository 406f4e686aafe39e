/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bill - a bill in the making: parts, factors, the sum. What cost.c (an answer) and bound.c (a
 * request) share. Inside src/billing/ only.
 *
 * Rule:    providers/pricing.md
 * Layer:   billing; calls util
 * Threads: no shared state
 */
#ifndef GW_BILLING_BILL_H
#define GW_BILLING_BILL_H

#include "billing/cost.h"
#include "billing/price_card.h"

struct bill {
	const struct reading *r;
	const struct cost_options *o;
	struct cost *c;
	struct price_card card; /* of the answer's own model */
	bool missing;		/* something has no price, or did not fit */
	bool charging;		/* a foreign model without a row is charged like the answer's own */
};

struct factor {
	uint64_t num, den;
};
struct factor factor_lowest(uint64_t num, uint64_t den);

/* An empty bill with its card. false: nothing prices the answer. */
bool bill_begin(struct bill *b);
/* What has no price, or does not fit, makes the bill a missing one. */
void bill_add(struct bill *b, struct cost_part p);
void bill_add_fee(struct bill *b, const char *item, uint64_t qty, uint64_t pico);
/* All parts times the multiplier, rounded up once. false: more than a row holds. */
bool bill_sum(const struct cost *c, struct picousd *out);
/* @pico times the multiplier. */
bool bill_times_multiplier(struct picousd *out, uint64_t pico, struct multiplier m);

/* On tokens. @guessed: set when the table has no such factor and a rule stands in. */
struct factor bill_factor(const struct price_card *card, bool fast, bool us, bool *guessed);
enum price_tier bill_tier(const struct price_card *card, enum price_tier tier);
bool bill_free_of_charge(enum api a);
/* Rule: providers/pricing.md "Look-up" 3, design.md 9 */
bool bill_states_cost(enum provider_id p);

#endif
