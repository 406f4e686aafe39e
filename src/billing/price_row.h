/* SPDX-License-Identifier: Apache-2.0 */
/*
 * price_row - one row of the price table: who, when, and an integer per column.
 *
 * Rule:    providers/pricing.md "Columns of prices.csv"
 * Layer:   billing; calls util
 * Threads: plain data
 */
#ifndef GW_BILLING_PRICE_ROW_H
#define GW_BILLING_PRICE_ROW_H

#include "util/buf.h"
#include "util/decimal.h"

/* "Has no such price" is never zero. */
#define PRICE_NONE UINT64_MAX

enum price_col {
#define COL(id, name, shift) PRICE_##id,
#include "billing/price_columns.def"
#undef COL
	PRICE_COLS
};
const char *price_col_name(enum price_col c);
/* By its name in the table; false: no such column. */
bool price_col_find(struct str name, enum price_col *out);
/* A plain decimal as the table writes it. false: not one, or more digits than the unit holds. */
bool price_col_parse(enum price_col c, struct str text, uint64_t *out) GW_MUST_CHECK;
/* The same for a number that was read already. */
bool price_col_of(enum price_col c, struct decimal d, uint64_t *out) GW_MUST_CHECK;
/* As the table writes it; nothing for PRICE_NONE. */
bool price_col_format(enum price_col c, uint64_t v, struct buf *out);

/* Whose model it is. */
enum price_maker { MAKER_OPENAI, MAKER_ANTHROPIC, MAKER_GEMINI, MAKER_COUNT };
const char *price_maker_name(enum price_maker m); /* "openai", "anthropic", "gemini" */
bool price_maker_find(struct str name, enum price_maker *out);

/* What a web search fee counts. */
enum search_unit { SEARCH_NONE, SEARCH_CALL, SEARCH_QUERY, SEARCH_REQUEST };
const char *search_unit_name(enum search_unit u); /* "" for none */
bool search_unit_find(struct str name, enum search_unit *out);

/* What a row charges. */
struct price_values {
	uint64_t col[PRICE_COLS];
	enum search_unit search_unit;
};
void price_values_none(struct price_values *v);

/* A day as the number 20261123, so that days compare. */
enum { DAY_FIRST = 0, DAY_LAST = 99999999 };
/* "2026-11-23"; false: not a day of the calendar. */
bool price_day_parse(struct str text, uint32_t *out) GW_MUST_CHECK;

struct price_row {
	enum price_maker maker;
	uint32_t from, to; /* both inclusive, UTC */
	struct price_values values;
	/* as in the file */
	struct str model, aliases, pattern, valid_from, valid_to, retires, source, as_of, notes;
};

#endif
