/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/decimal.h"

#include <assert.h>

/* Exponents beyond it are cut: such a number is nothing, or does not fit, all the same. */
enum { EXPONENT_MAX = 100000 };

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* No trailing zeros behind the point, not too many digits behind it. */
static void normalise(struct decimal *d)
{
	struct u256 q;
	bool lost = false;

	for (; d->scale > DECIMAL_SCALE_MAX; d->scale--)
		lost |= u256_div_u64(&d->coef, d->coef, 10) != 0;
	/* cannot overflow: a digit has just been taken off */
	if (lost && !u256_add(&d->coef, d->coef, u256_of(1)))
		abort();
	for (; d->scale && !u256_div_u64(&q, d->coef, 10); d->scale--)
		d->coef = q;
}

static bool times_ten(struct u256 *v, unsigned n)
{
	while (n-- > 0)
		if (!u256_mul_u64(v, *v, 10))
			return false;
	return true;
}

/* coef * 10^exp. Far below the last decimal all that counts is whether it is zero. */
static bool put_together(struct decimal *out, struct u256 coef, long exp)
{
	enum { BELOW = DECIMAL_SCALE_MAX + U256_TEXT };
	struct decimal d = { coef, 0 };

	if (u256_is_zero(coef))
		exp = 0;
	if (exp >= 0) {
		if (exp > U256_TEXT || !times_ten(&d.coef, (unsigned)exp))
			return false;
	} else {
		d.scale = exp < -BELOW ? BELOW : (unsigned)-exp;
	}
	normalise(&d);
	*out = d;
	return true;
}

/* Digits with at most one point, from *at on; *exp counts the digits behind the point, down. */
static bool read_digits(struct str text, size_t *at, struct u256 *coef, long *exp)
{
	bool any = false, point = false;

	*coef = U256_ZERO;
	*exp = 0;
	for (; *at < text.len; ++*at) {
		char c = text.p[*at];

		if (c == '.' && !point) {
			point = true;
			continue;
		}
		if (!digit(c))
			break;
		if (!u256_mul_u64(coef, *coef, 10) ||
		    !u256_add(coef, *coef, u256_of((uint64_t)(c - '0'))))
			return false;
		any = true;
		if (point)
			--*exp;
	}
	return any;
}

static bool read_exponent(struct str text, size_t *at, long *exp)
{
	bool minus = false;
	long v = 0;

	if (*at < text.len && (text.p[*at] == '-' || text.p[*at] == '+'))
		minus = text.p[(*at)++] == '-';
	if (*at == text.len)
		return false;
	for (; *at < text.len; ++*at) {
		if (!digit(text.p[*at]))
			return false;
		v = v * 10 + (text.p[*at] - '0');
		if (v > EXPONENT_MAX)
			v = EXPONENT_MAX;
	}
	*exp += minus ? -v : v;
	return true;
}

struct decimal decimal_of(uint64_t coef, unsigned scale)
{
	struct decimal d = { u256_of(coef), scale };

	assert(scale <= DECIMAL_SCALE_MAX);
	normalise(&d);
	return d;
}

bool decimal_parse_plain(struct decimal *out, struct str text)
{
	struct u256 coef;
	size_t at = 0;
	long exp;

	return read_digits(text, &at, &coef, &exp) && at == text.len &&
	       put_together(out, coef, exp);
}

bool decimal_parse(struct decimal *out, struct str text)
{
	bool minus = text.len && text.p[0] == '-';
	size_t at = minus ? 1 : 0;
	struct u256 coef;
	long exp;

	if (!read_digits(text, &at, &coef, &exp))
		return false;
	if (at < text.len) {
		if (text.p[at] != 'e' && text.p[at] != 'E')
			return false;
		at++;
		if (!read_exponent(text, &at, &exp))
			return false;
	}
	return !(minus && !u256_is_zero(coef)) && put_together(out, coef, exp);
}

bool decimal_add(struct decimal *out, struct decimal a, struct decimal b)
{
	unsigned scale = a.scale > b.scale ? a.scale : b.scale;
	struct decimal sum = { .scale = scale };

	if (!times_ten(&a.coef, scale - a.scale) || !times_ten(&b.coef, scale - b.scale) ||
	    !u256_add(&sum.coef, a.coef, b.coef))
		return false;
	normalise(&sum);
	*out = sum;
	return true;
}

bool decimal_mul_u64(struct decimal *out, struct decimal a, uint64_t n)
{
	if (!u256_mul_u64(&a.coef, a.coef, n))
		return false;
	normalise(&a);
	*out = a;
	return true;
}

bool decimal_is_zero(struct decimal a)
{
	return u256_is_zero(a.coef);
}

int decimal_cmp_u64(struct decimal a, uint64_t b)
{
	struct u256 wide = u256_of(b);

	/* 2^64 * 10^40 fits: 197 bits */
	if (!times_ten(&wide, a.scale))
		abort();
	return u256_cmp(a.coef, wide);
}

bool decimal_to_u64(uint64_t *out, struct decimal a, unsigned shift)
{
	/* normalised: digits behind the point that are left over are not all zero */
	return a.scale <= shift && times_ten(&a.coef, shift - a.scale) && u256_to_u64(out, a.coef);
}

bool decimal_ratio_ceil(uint64_t *out, struct decimal a, unsigned shift, uint64_t num, uint64_t den)
{
	unsigned up = shift > a.scale ? shift - a.scale : 0;
	unsigned down = a.scale > shift ? a.scale - shift : 0;
	struct u256 v = a.coef;

	if (!times_ten(&v, up) || !u256_mul_u64(&v, v, num) || !u256_div_ceil_u64(&v, v, den))
		return false;
	/* rounding up step by step gives what rounding up once gives */
	while (down-- > 0)
		if (!u256_div_ceil_u64(&v, v, 10))
			return false;
	return u256_to_u64(out, v);
}

void decimal_format(char out[DECIMAL_TEXT], struct decimal a)
{
	char digits[DECIMAL_SCALE_MAX + U256_TEXT], *p = digits + DECIMAL_SCALE_MAX;
	size_t whole;

	u256_format(p, a.coef);
	/* zeros in front, until one digit stands before the point */
	while (strlen(p) <= a.scale)
		*--p = '0';
	whole = strlen(p) - a.scale;
	snprintf(out, DECIMAL_TEXT, "%.*s%s%s", (int)whole, p, a.scale ? "." : "", p + whole);
}
