/* SPDX-License-Identifier: Apache-2.0 */
/*
 * price - the price book: dated rows, look-up by provider, model and day, overrides.
 *
 * A book is immutable; a reload builds a new one and swaps a counted pointer. Amounts are
 * picoUSD per token (USD per million x 10^6), fees picoUSD per call. "Has no such price" is
 * never zero: PRICE_NONE.
 *
 * Rule:    providers/pricing.md "Look-up", "Columns of prices.csv"; protocol gateway.md 7
 * Layer:   billing; calls codec, store, util
 * Threads: a book may be read by any number of threads
 */
#ifndef GW_BILLING_PRICE_H
#define GW_BILLING_PRICE_H

#include "billing/reading.h"
#include "util/picousd.h"

#define PRICE_NONE UINT64_MAX

struct price_book;

/* Built from the compiled-in table (sql/prices), for explain and start without a database. */
struct price_book *price_book_builtin(struct gw_err *e);
struct price_book *price_book_ref(struct price_book *b);
void price_book_unref(struct price_book *b);
/* "2026-11-23 sha256:..." : names the table that priced a row, for I9. */
const char *price_book_version(const struct price_book *b);

/*
 * PRICING_OVERRIDES: JSON object, model -> {promptPerMTokUsd, completionPerMTokUsd, and the other
 * columns under the names that `pricing list --json` shows}. Replaces earlier overrides of the
 * same model. CONFIG with the model and member named.
 */
int price_book_override_json(struct price_book *b, struct str json, unsigned *count,
			     struct gw_err *e) GW_MUST_CHECK;
/* Rows in the form of prices.csv that beat the built-in ones (PRICING_CONFIG_PATH). */
int price_book_add_csv(struct price_book *b, struct str csv, const char *file, struct gw_err *e)
	GW_MUST_CHECK;

struct price_row; /* borrowed from its book */
struct price_hit {
	const struct price_row *row; /* NULL: no row; then only an override may be set */
	bool overridden;
	uint64_t override_input, override_output; /* picoUSD per token when overridden */
	char priced_as[160];			  /* "openai/gpt-4o"; "" when row is NULL */
};
/* Look-up 0 to 4 for one model name. @day "2026-11-23". false: nothing matches. */
bool price_find(const struct price_book *b, enum provider_id p, struct str model, const char *day,
		struct price_hit *out);

/* PRICING_MULTIPLIER as a fraction, clamped to 0..2. */
struct multiplier {
	uint64_t num, den;
};
#define MULTIPLIER_ONE ((struct multiplier){ 1, 1 })
/* Plain decimal text; empty = 1. @warn: a static sentence when clamped or not a number, else NULL. */
struct multiplier multiplier_parse(struct str text, const char **warn);

#endif
