/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/u256.h"

#include <assert.h>

__extension__ typedef unsigned __int128 u128;

enum { WORDS = 4, PARSE_DIGITS_MAX = 256 };

struct u256 u256_of(uint64_t v)
{
	return (struct u256){ { v, 0, 0, 0 } };
}

int u256_cmp(struct u256 a, struct u256 b)
{
	for (unsigned i = WORDS; i-- > 0;)
		if (a.w[i] != b.w[i])
			return a.w[i] < b.w[i] ? -1 : 1;
	return 0;
}

bool u256_is_zero(struct u256 a)
{
	return !(a.w[0] | a.w[1] | a.w[2] | a.w[3]);
}

bool u256_add(struct u256 *out, struct u256 a, struct u256 b)
{
	struct u256 sum;
	u128 carry = 0;

	for (unsigned i = 0; i < WORDS; i++) {
		carry += (u128)a.w[i] + b.w[i];
		sum.w[i] = (uint64_t)carry;
		carry >>= 64;
	}
	if (carry)
		return false;
	*out = sum;
	return true;
}

bool u256_sub(struct u256 *out, struct u256 a, struct u256 b)
{
	struct u256 diff;
	unsigned borrow = 0;

	for (unsigned i = 0; i < WORDS; i++) {
		u128 d = (u128)a.w[i] - b.w[i] - borrow;

		diff.w[i] = (uint64_t)d;
		borrow = (unsigned)(d >> 64) & 1;
	}
	if (borrow)
		return false;
	*out = diff;
	return true;
}

bool u256_mul_u64(struct u256 *out, struct u256 a, uint64_t n)
{
	struct u256 product;
	u128 carry = 0;

	for (unsigned i = 0; i < WORDS; i++) {
		carry += (u128)a.w[i] * n;
		product.w[i] = (uint64_t)carry;
		carry >>= 64;
	}
	if (carry)
		return false;
	*out = product;
	return true;
}

uint64_t u256_div_u64(struct u256 *out, struct u256 a, uint64_t d)
{
	u128 rest = 0;

	assert(d);
	for (unsigned i = WORDS; i-- > 0;) {
		rest = rest << 64 | a.w[i];
		out->w[i] = (uint64_t)(rest / d);
		rest %= d;
	}
	return (uint64_t)rest;
}

bool u256_div_ceil_u64(struct u256 *out, struct u256 a, uint64_t d)
{
	struct u256 q;

	if (!d)
		return false;
	if (u256_div_u64(&q, a, d) && !u256_add(&q, q, u256_of(1)))
		return false;
	*out = q;
	return true;
}

bool u256_to_u64(uint64_t *out, struct u256 a)
{
	if (a.w[1] | a.w[2] | a.w[3])
		return false;
	*out = a.w[0];
	return true;
}

bool u256_parse(struct u256 *out, struct str digits)
{
	struct u256 v = U256_ZERO;

	if (!digits.len || digits.len > PARSE_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		char c = digits.p[i];

		if (c < '0' || c > '9' || !u256_mul_u64(&v, v, 10) ||
		    !u256_add(&v, v, u256_of((uint64_t)(c - '0'))))
			return false;
	}
	*out = v;
	return true;
}

void u256_format(char out[U256_TEXT], struct u256 a)
{
	char text[U256_TEXT];
	unsigned at = U256_TEXT - 1;

	text[at] = '\0';
	do {
		text[--at] = (char)('0' + u256_div_u64(&a, a, 10));
	} while (!u256_is_zero(a));
	memcpy(out, text + at, U256_TEXT - at);
}

void u256_to_le(uint8_t out[32], struct u256 a)
{
	for (unsigned i = 0; i < 32; i++)
		out[i] = (uint8_t)(a.w[i / 8] >> (i % 8 * 8));
}

struct u256 u256_from_le(const uint8_t in[32])
{
	struct u256 a = U256_ZERO;

	for (unsigned i = 0; i < 32; i++)
		a.w[i / 8] |= (uint64_t)in[i] << (i % 8 * 8);
	return a;
}

void u256_to_be(uint8_t out[32], struct u256 a)
{
	for (unsigned i = 0; i < 32; i++)
		out[31 - i] = (uint8_t)(a.w[i / 8] >> (i % 8 * 8));
}

struct u256 u256_from_be(const uint8_t in[32])
{
	struct u256 a = U256_ZERO;

	for (unsigned i = 0; i < 32; i++)
		a.w[i / 8] |= (uint64_t)in[31 - i] << (i % 8 * 8);
	return a;
}
