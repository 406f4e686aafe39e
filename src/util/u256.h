/* SPDX-License-Identifier: Apache-2.0 */
/*
 * u256 - amounts of the chain's asset in base units: 256 bit, unsigned, checked.
 *
 * Also the room in which a price is added up before its one rounding. Only u256.c looks inside.
 * Every operation that may not fit reports it and leaves its output alone.
 *
 * Rule:    protocol payment-channel.md 1, 7; style: money
 * Layer:   util
 * Threads: no shared state
 */
#ifndef GW_UTIL_U256_H
#define GW_UTIL_U256_H

#include "util/str.h"

struct u256 {
	uint64_t w[4]; /* least significant first */
};

#define U256_ZERO ((struct u256){ { 0, 0, 0, 0 } })

struct u256 u256_of(uint64_t v);
int u256_cmp(struct u256 a, struct u256 b);
bool u256_is_zero(struct u256 a);
/* false = does not fit, *out untouched */
bool u256_add(struct u256 *out, struct u256 a, struct u256 b) GW_MUST_CHECK;
bool u256_sub(struct u256 *out, struct u256 a, struct u256 b) GW_MUST_CHECK;
bool u256_mul_u64(struct u256 *out, struct u256 a, uint64_t n) GW_MUST_CHECK;
/* *out = a / d rounded down; the rest is returned. d > 0 */
uint64_t u256_div_u64(struct u256 *out, struct u256 a, uint64_t d);
/* a / d rounded up; false: d is zero */
bool u256_div_ceil_u64(struct u256 *out, struct u256 a, uint64_t d) GW_MUST_CHECK;
bool u256_to_u64(uint64_t *out, struct u256 a) GW_MUST_CHECK;
/* Digits only, leading zeros allowed, at most 256 of them. */
bool u256_parse(struct u256 *out, struct str digits) GW_MUST_CHECK;
enum { U256_TEXT = 80 };
void u256_format(char out[U256_TEXT], struct u256 a);
/* Little-endian for BCS, big-endian for the database (sorts as bytes). */
void u256_to_le(uint8_t out[32], struct u256 a);
struct u256 u256_from_le(const uint8_t in[32]);
void u256_to_be(uint8_t out[32], struct u256 a);
struct u256 u256_from_be(const uint8_t in[32]);

#endif
