/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picousd - prices and costs in 10^-12 US dollar, unsigned 64 bit, checked.
 *
 * Only picousd.c looks inside the struct (picousd_u64 and picousd_of are the
 * doors for storage and tests). Every operation reports overflow; none saturates.
 *
 * Rule:    protocol payment-channel.md 7, providers/pricing.md "Unit"
 * Layer:   util
 * Threads: no shared state
 */
#ifndef GW_UTIL_PICOUSD_H
#define GW_UTIL_PICOUSD_H

#include "util/str.h"

struct picousd {
	uint64_t raw_pico;
};

#define PICOUSD_ZERO ((struct picousd){ 0 })

struct picousd picousd_of(uint64_t pico);
uint64_t picousd_u64(struct picousd a);
int picousd_cmp(struct picousd a, struct picousd b);
/* false = did not fit, *out untouched */
bool picousd_add(struct picousd *out, struct picousd a, struct picousd b) GW_MUST_CHECK;
bool picousd_sub(struct picousd *out, struct picousd a, struct picousd b) GW_MUST_CHECK;
bool picousd_mul_u64(struct picousd *out, struct picousd a, uint64_t n) GW_MUST_CHECK;
/* out = ceil(a * num / den); den > 0 */
bool picousd_mul_ratio_ceil(struct picousd *out, struct picousd a, uint64_t num, uint64_t den)
	GW_MUST_CHECK;
/* Digits only, 1..20 of them. */
bool picousd_parse(struct picousd *out, struct str digits) GW_MUST_CHECK;
enum { PICOUSD_TEXT = 24 };
void picousd_format(char out[PICOUSD_TEXT], struct picousd a);
/* "0.0007064": US dollars, exact, no trailing zeros, at least one digit after none ("0", "1.5") */
enum { PICOUSD_USD_TEXT = 32 };
void picousd_format_usd(char out[PICOUSD_USD_TEXT], struct picousd a);

#endif
