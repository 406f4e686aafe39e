/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picousd: decimals from outside, and the arithmetic against sums done digit by digit.
 * Input: the text of an amount; of 32 bytes and more also four numbers a, b, n, d.
 */
#include "config.h"

#include "util/picousd.h"

#include <assert.h>

#include "slow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_text(const char *p, size_t n)
{
	struct picousd a = picousd_of(7);
	char text[PICOUSD_TEXT], usd[PICOUSD_USD_TEXT];
	size_t zeros = 0;

	if (!picousd_parse(&a, (struct str){ p, n })) {
		assert(picousd_u64(a) == 7);
		return;
	}
	while (zeros + 1 < n && p[zeros] == '0')
		zeros++;
	picousd_format(text, a);
	assert(strlen(text) == n - zeros && memcmp(text, p + zeros, n - zeros) == 0);
	picousd_format_usd(usd, a);
	assert(strlen(usd) > 0 && strlen(usd) < sizeof usd);
}

static void check_sums(const uint64_t v[4])
{
	const struct slow max = slow_of(UINT64_MAX);
	struct picousd a = picousd_of(v[0]), b = picousd_of(v[1]), r = picousd_of(7);
	struct slow want = slow_add(slow_of(v[0]), slow_of(v[1]));
	bool ok = picousd_add(&r, a, b);

	assert(ok == (slow_cmp(want, max) <= 0));
	assert(!ok ? picousd_u64(r) == 7 : slow_cmp(slow_of(picousd_u64(r)), want) == 0);
	if (ok) {
		assert(picousd_sub(&r, r, b) && picousd_cmp(r, a) == 0);
	}
	want = slow_mul(slow_of(v[0]), v[2]);
	ok = picousd_mul_u64(&r, a, v[2]);
	assert(ok == (slow_cmp(want, max) <= 0));
	assert(!ok || slow_cmp(slow_of(picousd_u64(r)), want) == 0);

	/* r is the least number with r * d >= a * n */
	if (!v[3] || !picousd_mul_ratio_ceil(&r, a, v[2], v[3]))
		return;
	assert(slow_cmp(slow_mul(slow_of(picousd_u64(r)), v[3]), want) >= 0);
	assert(!picousd_u64(r) || slow_cmp(slow_mul(slow_of(picousd_u64(r) - 1), v[3]), want) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint64_t v[4];

	check_text((const char *)data, len);
	if (len >= sizeof v) {
		memcpy(v, data, sizeof v);
		check_sums(v);
	}
	return 0;
}
