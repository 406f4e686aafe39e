/* SPDX-License-Identifier: Apache-2.0 */
/* slow - numbers as decimal digits, least significant first: sums that can be checked by eye. */
#ifndef GW_T_SLOW_H
#define GW_T_SLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { SLOW_DIGITS = 104 }; /* 2^256 times 2^64 has 97 */

struct slow {
	uint8_t d[SLOW_DIGITS];
};

static inline struct slow slow_of(uint64_t v)
{
	struct slow s = { { 0 } };

	for (unsigned i = 0; v; i++, v /= 10)
		s.d[i] = (uint8_t)(v % 10);
	return s;
}

/* Digits that are known to fit. */
static inline struct slow slow_of_text(const char *digits)
{
	struct slow s = { { 0 } };
	size_t n = strlen(digits);

	for (size_t i = 0; i < n; i++)
		s.d[i] = (uint8_t)(digits[n - 1 - i] - '0');
	return s;
}

static inline int slow_cmp(struct slow a, struct slow b)
{
	for (unsigned i = SLOW_DIGITS; i-- > 0;)
		if (a.d[i] != b.d[i])
			return a.d[i] < b.d[i] ? -1 : 1;
	return 0;
}

static inline struct slow slow_add(struct slow a, struct slow b)
{
	unsigned carry = 0;

	for (unsigned i = 0; i < SLOW_DIGITS; i++) {
		carry += (unsigned)a.d[i] + b.d[i];
		a.d[i] = (uint8_t)(carry % 10);
		carry /= 10;
	}
	return a;
}

static inline struct slow slow_mul(struct slow a, uint64_t n)
{
	struct slow by = slow_of(n), out = { { 0 } };

	for (unsigned i = 0; i < 20; i++) {
		struct slow row = { { 0 } };

		memcpy(row.d + i, a.d, SLOW_DIGITS - i);
		for (unsigned k = 0; k < by.d[i]; k++)
			out = slow_add(out, row);
	}
	return out;
}

#endif
