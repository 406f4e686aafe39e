/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decimal - exact numbers as people and JSON write them: digits and a power of ten.
 *
 * For prices, multipliers and amounts that others state. Not negative; never a binary float.
 * What lies beyond DECIMAL_SCALE_MAX decimals is rounded up into the last one.
 *
 * Rule:    providers/pricing.md "Unit": read digits and an exponent
 * Layer:   util
 * Threads: no shared state
 */
#ifndef GW_UTIL_DECIMAL_H
#define GW_UTIL_DECIMAL_H

#include "util/u256.h"

enum { DECIMAL_SCALE_MAX = 40 };

/* coef / 10^scale, without trailing zeros behind the point */
struct decimal {
	struct u256 coef;
	unsigned scale;
};

struct decimal decimal_of(uint64_t coef, unsigned scale); /* scale <= DECIMAL_SCALE_MAX */

/* Each returns false, with *out untouched, when the text is no such number or does not fit. */
/* "2.50", ".5": digits with at most one point. */
bool decimal_parse_plain(struct decimal *out, struct str text) GW_MUST_CHECK;
/* The same with an exponent: "4.4999999999999996e-05", "1E+2"; "-0" and its like are zero. */
bool decimal_parse(struct decimal *out, struct str text) GW_MUST_CHECK;
bool decimal_add(struct decimal *out, struct decimal a, struct decimal b) GW_MUST_CHECK;
bool decimal_mul_u64(struct decimal *out, struct decimal a, uint64_t n) GW_MUST_CHECK;

bool decimal_is_zero(struct decimal a);
int decimal_cmp_u64(struct decimal a, uint64_t b);
/* a * 10^shift; false when it is no integer or does not fit */
bool decimal_to_u64(uint64_t *out, struct decimal a, unsigned shift) GW_MUST_CHECK;
/* a * 10^shift * num / den, rounded up once; false when den is zero or it does not fit */
bool decimal_ratio_ceil(uint64_t *out, struct decimal a, unsigned shift, uint64_t num,
			uint64_t den) GW_MUST_CHECK;

/* "0.0375", "15" */
enum { DECIMAL_TEXT = U256_TEXT + DECIMAL_SCALE_MAX };
void decimal_format(char out[DECIMAL_TEXT], struct decimal a);

#endif
