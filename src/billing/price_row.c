/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "billing/price_row.h"

static const struct {
	const char *name;
	unsigned shift;
} columns[PRICE_COLS] = {
#define COL(id, name, shift) { name, shift },
#include "billing/price_columns.def"
#undef COL
};

static const char *const makers[MAKER_COUNT] = { "openai", "anthropic", "gemini" };

static const char *const units[] = { "", "call", "query", "request" };

/* Where @name stands in the list, or -1. */
static int place(const char *const *list, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq_c(name, list[i]))
			return (int)i;
	return -1;
}

/* Nothing real comes near; two factors multiplied still fit 64 bits. */
static uint64_t price_col_max(enum price_col c)
{
	return c == PRICE_FAST_MULTIPLIER || c == PRICE_US_MULTIPLIER ? 1000 * UINT64_C(1000000)
								      : PRICE_NONE - 1;
}

const char *price_col_name(enum price_col c)
{
	return columns[c].name;
}

bool price_col_find(struct str name, enum price_col *out)
{
	for (unsigned i = 0; i < PRICE_COLS; i++)
		if (str_eq_c(name, columns[i].name)) {
			*out = (enum price_col)i;
			return true;
		}
	return false;
}

bool price_col_of(enum price_col c, struct decimal d, uint64_t *out)
{
	uint64_t v;

	if (!decimal_to_u64(&v, d, columns[c].shift) || v > price_col_max(c))
		return false;
	*out = v;
	return true;
}

bool price_col_parse(enum price_col c, struct str text, uint64_t *out)
{
	struct decimal d;

	return decimal_parse_plain(&d, text) && price_col_of(c, d, out);
}

bool price_col_format(enum price_col c, uint64_t v, struct buf *out)
{
	char text[DECIMAL_TEXT];

	if (v == PRICE_NONE)
		return true;
	decimal_format(text, decimal_of(v, columns[c].shift));
	return buf_add_c(out, text);
}

const char *price_maker_name(enum price_maker m)
{
	return makers[m];
}

bool price_maker_find(struct str name, enum price_maker *out)
{
	int i = place(makers, MAKER_COUNT, name);

	if (i < 0)
		return false;
	*out = (enum price_maker)i;
	return true;
}

const char *search_unit_name(enum search_unit u)
{
	return units[u];
}

bool search_unit_find(struct str name, enum search_unit *out)
{
	int i = place(units, sizeof units / sizeof units[0], name);

	if (i < 0)
		return false;
	*out = (enum search_unit)i;
	return true;
}

void price_values_none(struct price_values *v)
{
	for (unsigned i = 0; i < PRICE_COLS; i++)
		v->col[i] = PRICE_NONE;
	v->search_unit = SEARCH_NONE;
}

bool price_day_parse(struct str text, uint32_t *out)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	uint64_t y, m, d;
	bool leap;

	if (text.len != 10 || text.p[4] != '-' || text.p[7] != '-' ||
	    !str_u64(str_sub(text, 0, 4), &y) || !str_u64(str_sub(text, 5, 2), &m) ||
	    !str_u64(str_sub(text, 8, 2), &d))
		return false;
	leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
	if (m < 1 || m > 12 || d < 1 || d > days[m - 1] + (m == 2 && leap ? 1u : 0u))
		return false;
	*out = (uint32_t)(y * 10000 + m * 100 + d);
	return true;
}
