/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "client/amount.h"

#include <stdio.h>
#include <string.h>

enum { DECIMALS = 8 };
static const char unit[] = "RGas";

/* Digits with a point, times 10^8. */
static bool parse_coins(struct u256 *out, struct str text)
{
	ptrdiff_t point = str_find(text, '.');
	char digits[U256_TEXT + DECIMALS];
	struct str whole = text, part = STR_NULL;

	if (point >= 0) {
		whole = str_sub(text, 0, (size_t)point);
		part = str_sub(text, (size_t)point + 1, text.len);
		if (!part.len)
			return false;
	}
	if (part.len > DECIMALS || !whole.len || whole.len + DECIMALS >= sizeof digits)
		return false;
	memcpy(digits, whole.p, whole.len);
	memset(digits + whole.len, '0', DECIMALS);
	if (part.len)
		memcpy(digits + whole.len, part.p, part.len);
	return u256_parse(out, (struct str){ digits, whole.len + DECIMALS });
}

int amount_parse(struct u256 *out, const char *option, const char *text, struct gw_err *e)
{
	struct str s = str_trim(str_c(text));
	size_t n = sizeof unit - 1;

	if (s.len > n && str_caseeq_c(str_sub(s, s.len - n, n), unit)) {
		if (parse_coins(out, str_trim(str_sub(s, 0, s.len - n))))
			return 0;
	} else if (u256_parse(out, s)) {
		return 0;
	}
	return gw_fail(
		e, GWE_USAGE, 0,
		"%s %.60s: write base units (75000000) or coins (0.75%s, at most %d decimals)",
		option, text, unit, DECIMALS);
}

void amount_format(char out[AMOUNT_TEXT], struct u256 a)
{
	uint64_t part;
	char whole[U256_TEXT], decimals[DECIMALS + 1];
	struct u256 coins;
	int n = DECIMALS;

	part = u256_div_u64(&coins, a, 100000000);
	u256_format(whole, coins);
	snprintf(decimals, sizeof decimals, "%08u", (unsigned)part);
	while (n && decimals[n - 1] == '0')
		n--;
	snprintf(out, AMOUNT_TEXT, "%s%s%.*s %s", whole, n ? "." : "", n, decimals, unit);
}
