/* SPDX-License-Identifier: Apache-2.0 */
/*
 * price_card - what one answer is priced with: the row, or the override in its place, and the
 * rules for prices that neither of them names.
 *
 * Rule:    providers/pricing.md "Look-up" 0 and 1, "Long prompts", "Tiers", "Columns of prices.csv"
 * Layer:   billing; calls util
 * Threads: plain data
 */
#ifndef GW_BILLING_PRICE_CARD_H
#define GW_BILLING_PRICE_CARD_H

#include "billing/price.h"

struct price_card {
	struct price_values values;
	enum price_maker maker; /* MAKER_COUNT: only an override prices it */
	bool overridden;     /* then tiers and long prompts cost what it says, not what rules say */
	char priced_as[160]; /* "openai/gpt-4o"; "" without a row */
};

/*
 * The card of an answer: by the name it reports, else by the name that was asked for (either may
 * be empty). false: neither is known.
 */
bool price_card_find(struct price_card *out, const struct price_book *b, enum provider_id p,
		     struct str reported, struct str requested, const char *day);

/* Kinds of tokens, each with a price of its own. */
enum token_kind {
	TOKENS_INPUT,
	TOKENS_CACHED_INPUT,
	TOKENS_CACHE_WRITE_5M,
	TOKENS_CACHE_WRITE_1H,
	TOKENS_INPUT_AUDIO,
	TOKENS_CACHED_INPUT_AUDIO,
	TOKENS_INPUT_IMAGE,
	TOKENS_CACHED_INPUT_IMAGE,
	TOKENS_OUTPUT,
	TOKENS_OUTPUT_AUDIO,
	TOKENS_OUTPUT_IMAGE,
	TOKEN_KINDS
};
const char *token_kind_name(enum token_kind k); /* "cached_input" */
bool token_kind_is_input(enum token_kind k);

/* picoUSD for one token: pico / den. */
struct token_price {
	uint64_t pico; /* PRICE_NONE: there is no such price */
	uint64_t den;  /* 1, or 2 where a half is not whole */
	bool guessed;  /* by a rule that an operator should check */
};
struct token_price price_card_token(const struct price_card *c, enum token_kind k,
				    enum price_tier tier, bool long_context);
/* Is a prompt of so many tokens charged at the long prices? */
bool price_card_is_long(const struct price_card *c, uint64_t prompt);

#endif
