/* SPDX-License-Identifier: Apache-2.0 */
/*
 * u256: decimals from outside, and the arithmetic against sums done digit by digit.
 * Input: the text of an amount; of 72 bytes and more also two amounts, as on the chain, and a number.
 */
#include "config.h"

#include "util/u256.h"

#include <assert.h>

#include "slow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char max_text[] =
	"115792089237316195423570985008687907853269984665640564039457584007913129639935";

static struct slow slow_u256(struct u256 v)
{
	char text[U256_TEXT];

	u256_format(text, v);
	return slow_of_text(text);
}

static void check_text(const char *p, size_t n)
{
	struct u256 a = u256_of(7);
	char text[U256_TEXT];
	size_t zeros = 0;

	if (!u256_parse(&a, (struct str){ p, n })) {
		assert(u256_cmp(a, u256_of(7)) == 0);
		return;
	}
	while (zeros + 1 < n && p[zeros] == '0')
		zeros++;
	u256_format(text, a);
	assert(strlen(text) == n - zeros && memcmp(text, p + zeros, n - zeros) == 0);
}

static void check_bytes(struct u256 a, struct u256 b)
{
	uint8_t le[32], be_a[32], be_b[32];
	int order;

	u256_to_le(le, a);
	u256_to_be(be_a, a);
	u256_to_be(be_b, b);
	assert(u256_cmp(u256_from_le(le), a) == 0 && u256_cmp(u256_from_be(be_a), a) == 0);
	order = memcmp(be_a, be_b, 32);
	assert((order > 0) - (order < 0) == u256_cmp(a, b));
}

static void check_sums(struct u256 a, struct u256 b, uint64_t n)
{
	const struct slow max = slow_of_text(max_text), sa = slow_u256(a);
	struct slow want = slow_add(sa, slow_u256(b)), left;
	struct u256 r = u256_of(7);
	uint64_t rest, small;
	bool ok = u256_add(&r, a, b);

	assert(ok == (slow_cmp(want, max) <= 0));
	assert(!ok ? u256_cmp(r, u256_of(7)) == 0 : slow_cmp(slow_u256(r), want) == 0);
	if (ok) {
		assert(u256_sub(&r, r, b) && u256_cmp(r, a) == 0);
	}
	assert(u256_sub(&r, a, b) == (u256_cmp(a, b) >= 0));

	want = slow_mul(sa, n);
	r = u256_of(7);
	ok = u256_mul_u64(&r, a, n);
	assert(ok == (slow_cmp(want, max) <= 0));
	assert(!ok ? u256_cmp(r, u256_of(7)) == 0 : slow_cmp(slow_u256(r), want) == 0);

	ok = u256_to_u64(&small, a);
	assert(ok == (slow_cmp(sa, slow_of(UINT64_MAX)) <= 0));
	assert(!ok || slow_cmp(slow_of(small), sa) == 0);

	assert(u256_div_ceil_u64(&r, a, n) == (n != 0));
	if (!n)
		return;
	/* a = q * n + rest with rest < n, and rounding up is one more where there is a rest */
	rest = u256_div_u64(&b, a, n);
	left = slow_add(slow_mul(slow_u256(b), n), slow_of(rest));
	assert(rest < n && slow_cmp(left, sa) == 0);
	assert(slow_cmp(slow_u256(r), slow_add(slow_u256(b), slow_of(rest != 0))) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint64_t n;

	check_text((const char *)data, len);
	if (len >= 72) {
		struct u256 a = u256_from_le(data), b = u256_from_le(data + 32);

		memcpy(&n, data + 64, sizeof n);
		check_bytes(a, b);
		check_sums(a, b, n);
	}
	return 0;
}
