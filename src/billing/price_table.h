/* SPDX-License-Identifier: Apache-2.0 */
/*
 * price_table - the dated rows of one price file, with the look-up inside it.
 *
 * Immutable once read, and counted: books share it. Names and aliases are hashed; a pattern is
 * tried only when they miss, after its literal beginning, and compiled when first needed.
 *
 * Rule:    providers/pricing.md "Look-up" 2
 * Layer:   billing; calls codec, crypto, util
 * Threads: any number of readers
 */
#ifndef GW_BILLING_PRICE_TABLE_H
#define GW_BILLING_PRICE_TABLE_H

#include "billing/price_row.h"

struct price_table;

/*
 * Read rows in the form of prices.csv. @what names the file in messages and in listings; copied.
 * CONFIG with file, line and what is wrong: an unknown column, a bad number, day or pattern, two
 * rows for one name on one day.
 */
int price_table_read(struct price_table **out, const char *what, struct str csv,
		     struct gw_err *e) GW_MUST_CHECK;
struct price_table *price_table_ref(struct price_table *t);
void price_table_unref(struct price_table *t); /* NULL is fine */

/* The row of @name on @day: exact model, then alias, then pattern. NULL: none. */
const struct price_row *price_table_find(const struct price_table *t, enum price_maker m,
					 struct str name, uint32_t day);

const char *price_table_what(const struct price_table *t);
struct str price_table_newest(const struct price_table *t);	/* the latest as_of */
const uint8_t *price_table_digest(const struct price_table *t); /* SHA-256 of the file */
/* In the order of the file; NULL behind the last. */
const struct price_row *price_table_row(const struct price_table *t, unsigned i);

/* The header line, and a row, as price_table_read reads them. */
bool price_table_write_header(struct buf *b);
bool price_table_write_row(struct buf *b, const struct price_row *r);

#endif
