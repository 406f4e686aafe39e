/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/decimal.h"

#include "tap.h"

/* The text that @text reads as; "no" when it is refused. */
static const char *reads(const char *text, bool plain)
{
	static char out[DECIMAL_TEXT];
	struct decimal d;
	bool ok = plain ? decimal_parse_plain(&d, str_c(text)) : decimal_parse(&d, str_c(text));

	if (!ok)
		return "no";
	decimal_format(out, d);
	return out;
}

struct text_case {
	const char *text, *number, *plain;
};

static const struct text_case texts[] = {
	{ "0", "0", "0" },
	{ "15", "15", "15" },
	{ "2.50", "2.5", "2.5" },
	{ "0.0375", "0.0375", "0.0375" },
	{ ".5", "0.5", "0.5" },
	{ "5.", "5", "5" },
	{ "007", "7", "7" },
	{ "0.0", "0", "0" },
	{ "-0", "0", "no" },
	{ "-0.0e5", "0", "no" },
	{ "-1", "no", "no" },
	{ "+1", "no", "no" },
	{ "1e3", "1000", "no" },
	{ "1E+3", "1000", "no" },
	{ "1.5e-06", "0.0000015", "no" },
	{ "4.4999999999999996e-05", "0.000044999999999999996", "no" },
	{ "2.6e-07", "0.00000026", "no" },
	{ "120.0e-1", "12", "no" },
	{ "1e-40", "0.0000000000000000000000000000000000000001", "no" },
	{ "1e-41", "0.0000000000000000000000000000000000000001", "no" },
	{ "1e-99999999999999999999", "0.0000000000000000000000000000000000000001", "no" },
	{ "0e99999999999999999999", "0", "no" },
	{ "1e78", "no", "no" },
	{ "1e99999999999999999999", "no", "no" },
	{ "", "no", "no" },
	{ ".", "no", "no" },
	{ "e5", "no", "no" },
	{ "1e", "no", "no" },
	{ "1e+", "no", "no" },
	{ "1e5.0", "no", "no" },
	{ "1.2.3", "no", "no" },
	{ "1,5", "no", "no" },
	{ " 1", "no", "no" },
	{ "1 ", "no", "no" },
	{ "0x1", "no", "no" },
	{ "NaN", "no", "no" },
	{ "None", "no", "no" },
	{ "Infinity", "no", "no" },
};

int main(void)
{
	struct decimal a, b, c;
	uint64_t v = 7;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const struct text_case *t = &texts[i];

		OK(!strcmp(reads(t->text, false), t->number), "\"%s\" is %s", t->text, t->number);
		OK(!strcmp(reads(t->text, true), t->plain), "\"%s\" in plain form is %s", t->text,
		   t->plain);
	}
	OK(!decimal_parse(&a, (struct str){ "1\0e2", 4 }), "a NUL is no part of a number");
	OK(decimal_parse(&a, STR_LIT("0.0000375")) && decimal_to_u64(&v, a, 12) && v == 37500000,
	   "a price becomes an integer");
	OK(!decimal_to_u64(&v, a, 6) && v == 37500000, "but not when a digit would be lost");
	OK(!decimal_to_u64(&v, decimal_of(UINT64_MAX, 0), 1), "or when it does not fit");
	OK(decimal_parse(&a, STR_LIT("1.5e-06")) && decimal_parse(&b, STR_LIT("0.000123456789012345")) &&
	       decimal_add(&c, a, b) && decimal_ratio_ceil(&v, c, 12, 1, 1) && v == 124956790,
	   "two stated amounts are added exactly and rounded up once");
	OK(decimal_ratio_ceil(&v, decimal_of(10, 0), 0, 1, 3) && v == 4, "a ratio rounds up");
	OK(decimal_ratio_ceil(&v, decimal_of(1, 40), 12, 1, 1) && v == 1,
	   "the smallest amount is not nothing");
	OK(decimal_ratio_ceil(&v, decimal_of(0, 0), 12, 2, 1) && v == 0, "nothing stays nothing");
	OK(!decimal_ratio_ceil(&v, decimal_of(1, 0), 0, 1, 0), "a division by nothing is told");
	OK(!decimal_ratio_ceil(&v, decimal_of(UINT64_MAX, 0), 0, 2, 1) && v == 0,
	   "what does not fit is told");
	OK(decimal_cmp_u64(decimal_of(20, 1), 2) == 0 && decimal_cmp_u64(decimal_of(21, 1), 2) > 0 &&
	       decimal_cmp_u64(decimal_of(19, 1), 2) < 0 &&
	       decimal_cmp_u64(decimal_of(1, 40), UINT64_MAX) < 0,
	   "decimals compare with integers");
	OK(decimal_mul_u64(&c, decimal_of(25, 2), 4) && decimal_cmp_u64(c, 1) == 0 && !c.scale,
	   "a product loses its trailing zeros");
	OK(decimal_is_zero(decimal_of(0, 6)) && !decimal_of(0, 6).scale, "zero has no decimals");
	return TAP_END;
}
