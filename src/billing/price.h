/* SPDX-License-Identifier: Apache-2.0 */
/*
 * price - the price book: dated rows, look-up by provider, model and day, overrides.
 *
 * A book is immutable once it is shared; a reload builds a new one and swaps a counted pointer. It
 * is a stack of tables, of which the upper beat the lower ones, with overrides on top. Amounts are
 * picoUSD per token (USD per million x 10^6), fees picoUSD per call. "Has no such price" is never
 * zero: PRICE_NONE.
 *
 * Rule:    providers/pricing.md "Look-up", "Columns of prices.csv"; protocol gateway.md 7
 * Layer:   billing; calls codec, crypto, util
 * Threads: a book may be read by any number of threads
 */
#ifndef GW_BILLING_PRICE_H
#define GW_BILLING_PRICE_H

#include "billing/price_override.h"
#include "billing/price_table.h"
#include "billing/reading.h"
#include "util/picousd.h"

struct price_book;

/* Built from the compiled-in table (sql/prices.csv), for explain and start without a database. */
struct price_book *price_book_builtin(struct gw_err *e);
/* The same tables and overrides, for somebody to add to. */
struct price_book *price_book_copy(const struct price_book *b);
struct price_book *price_book_ref(struct price_book *b);
void price_book_unref(struct price_book *b);
/* "2026-11-23 sha256:...": names all that prices in this book, for I9. */
const char *price_book_version(const struct price_book *b);

/* The next three are for a book that nobody else has yet. On failure it is unchanged. */

/*
 * PRICING_OVERRIDES: JSON object, model -> {promptPerMTokUsd, completionPerMTokUsd, and the other
 * columns under the names that `pricing list --json` shows}. Replaces earlier overrides of the
 * same model. @count may be NULL. CONFIG with the model and member named.
 */
int price_book_override_json(struct price_book *b, struct str json, unsigned *count,
			     struct gw_err *e) GW_MUST_CHECK;
/* One override: @json is the object of its members. */
int price_book_override(struct price_book *b, struct str model, struct str json,
			struct gw_err *e) GW_MUST_CHECK;
/* Rows in the form of prices.csv that beat the rows so far (PRICING_CONFIG_PATH). CONFIG. */
int price_book_add_csv(struct price_book *b, struct str csv, const char *file,
		       struct gw_err *e) GW_MUST_CHECK;

struct price_hit {
	const struct price_row *row;		 /* NULL: no row; then only an override is set */
	const struct price_override *overriding; /* NULL: the row alone prices */
	char priced_as[160];			 /* "openai/gpt-4o"; "" when row is NULL */
};
/* Look-up 0 to 4 for one model name. @day "2026-11-23". false: nothing matches. The hit borrows
 * from the book. */
bool price_find(const struct price_book *b, enum provider_id p, struct str model, const char *day,
		struct price_hit *out);

/* For listings: the tables, the one that beats the others first, and the overrides by name. */
const struct price_table *price_book_table(const struct price_book *b, unsigned i);
const struct price_override *price_book_override_at(const struct price_book *b, unsigned i);
/* PRICING_MULTIPLIER as a fraction, clamped to 0..2. */
struct multiplier {
	uint64_t num, den;
};
#define MULTIPLIER_ONE ((struct multiplier){ 1, 1 })
/* Plain decimal text; empty = 1. @warn: a static sentence when clamped or not a number, else NULL. */
struct multiplier multiplier_parse(struct str text, const char **warn);

#endif
