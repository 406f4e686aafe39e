/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "auth/js_number.h"

#include <float.h>
#include <locale.h>
#include <math.h>

enum { DIGITS = 17 }; /* enough for every double */

/* digit[0] digit[1]... * 10^exponent, the point behind the first digit */
struct decimal_form {
	char digit[DIGITS + 1];
	int n, exponent;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The same number whatever the locale says; "C" is built in and is not allocated. */
static double read_double(const char *text)
{
	return strtod_l(text, NULL, newlocale(LC_ALL_MASK, "C", NULL));
}

static double value_of(const struct decimal_form *f)
{
	char text[DIGITS + 16];

	snprintf(text, sizeof text, "%.*se%d", f->n, f->digit, f->exponent - (f->n - 1));
	return read_double(text);
}

/* @v with @n digits, correctly rounded. The character for the point is skipped: it may be any. */
static void round_to(struct decimal_form *f, double v, int n)
{
	char text[DIGITS + 24];
	const char *p = text;
	bool minus;

	snprintf(text, sizeof text, "%.*e", n - 1, v);
	for (f->n = 0; *p && *p != 'e'; p++)
		if (is_digit(*p))
			f->digit[f->n++] = *p;
	minus = *p && p[1] == '-';
	f->exponent = 0;
	for (p += *p ? 2 : 0; is_digit(*p); p++)
		f->exponent = f->exponent * 10 + (*p - '0');
	if (minus)
		f->exponent = -f->exponent;
}

/* One more in the last digit; false when it would carry through all of them. */
static bool step_up(struct decimal_form *f)
{
	int i = f->n - 1;

	while (i >= 0 && f->digit[i] == '9')
		f->digit[i--] = '0';
	if (i < 0)
		return false;
	f->digit[i]++;
	return true;
}

/*
 * Fewest digits that are read as @v again. What has up to 15 is found at 15, except below the
 * normal numbers. Above a power of two the doubles lie twice as far apart as below it, hence
 * the neighbour may do where the nearest text does not.
 */
static void shortest(struct decimal_form *f, double v)
{
	for (int n = v < DBL_MIN ? 1 : DBL_DIG; n <= DIGITS; n++) {
		round_to(f, v, n);
		if (value_of(f) == v || (step_up(f) && value_of(f) == v))
			break;
	}
	while (f->n > 1 && f->digit[f->n - 1] == '0')
		f->n--;
}

static void zeros(struct buf *out, int n)
{
	while (n-- > 0)
		buf_add_byte(out, '0');
}

static void format(struct buf *out, const struct decimal_form *f)
{
	int point = f->exponent + 1; /* digits before it */
	size_t n = (size_t)f->n;

	if (point > 21 || point < -5) {
		buf_add(out, f->digit, 1);
		if (n > 1)
			buf_add_byte(out, '.');
		buf_add(out, f->digit + 1, n - 1);
		buf_addf(out, "e%+d", f->exponent);
	} else if (point >= f->n) {
		buf_add(out, f->digit, n);
		zeros(out, point - f->n);
	} else if (point > 0) {
		buf_add(out, f->digit, (size_t)point);
		buf_add_byte(out, '.');
		buf_add(out, f->digit + point, n - (size_t)point);
	} else {
		buf_add_c(out, "0.");
		zeros(out, -point);
		buf_add(out, f->digit, n);
	}
}

/* Integers that every double holds, written without a detour; not -0. */
static bool is_plain(struct str s)
{
	size_t minus = s.len && s.p[0] == '-';

	if (s.len > DBL_DIG + minus || (minus && s.len == 2 && s.p[1] == '0'))
		return false;
	for (size_t i = minus; i < s.len; i++)
		if (!is_digit(s.p[i]))
			return false;
	return true;
}

bool js_number(struct buf *out, struct str json)
{
	struct decimal_form f;
	double v;

	if (is_plain(json))
		return buf_add_str(out, json);
	v = read_double(json.p);
	if (!isfinite(v))
		return buf_add_c(out, "null");
	if (v == 0)
		return buf_add_byte(out, '0');
	if (v < 0)
		buf_add_byte(out, '-');
	shortest(&f, fabs(v));
	format(out, &f);
	return !out->failed;
}
