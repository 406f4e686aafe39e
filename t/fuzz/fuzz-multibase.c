/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multibase and bech32m: a text that decodes has one meaning, and what was encoded decodes again.
 * Input: a text, which is also used as bytes to encode.
 */
#include "config.h"

#include "codec/bech32m.h"
#include "codec/multibase.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { MAX = 4096 };

static void check_text(struct str text)
{
	struct buf any, u, z, again;
	bool is_u, is_z, is_any;

	buf_init(&any, MAX);
	buf_init(&u, MAX);
	buf_init(&z, MAX);
	buf_init(&again, 2 * MAX);
	is_any = multibase_decode_any(text, &any);
	is_u = multibase_decode_u(text, &u);
	is_z = multibase_decode_z(text, &z);
	assert(!(is_u && is_z) && (is_any || !(is_u || is_z)));
	assert((is_u || !u.len) && (is_z || !z.len) && (is_any || !any.len));
	if (is_z) {
		assert(str_eq(buf_str(&any), buf_str(&z)));
		assert(multibase_encode_z(z.p, z.len, &again) && str_eq(buf_str(&again), text));
	}
	if (is_u)
		assert(str_eq(buf_str(&any), buf_str(&u)));
	buf_clear(&any);
	buf_clear(&u);
	buf_clear(&z);
	buf_clear(&again);
}

static void check_bytes(const uint8_t *p, size_t n)
{
	struct buf text, bytes;

	buf_init(&text, MAX);
	buf_init(&bytes, MAX);
	assert(multibase_encode_u(p, n, &text) && multibase_decode_u(buf_str(&text), &bytes));
	assert(str_eq(buf_str(&bytes), (struct str){ (const char *)p, n }));
	buf_reset(&text);
	buf_reset(&bytes);
	assert(multibase_encode_z(p, n, &text) && multibase_decode_z(buf_str(&text), &bytes));
	assert(str_eq(buf_str(&bytes), (struct str){ (const char *)p, n }));
	buf_clear(&text);
	buf_clear(&bytes);
}

static void check_address(struct str text)
{
	uint8_t id[32];
	char again[BECH32M_MAX + 1];

	if (!bech32m_decode(id, sizeof id, "rooch", text))
		return;
	bech32m_encode(again, "rooch", id, sizeof id);
	assert(str_caseeq_c(text, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str text = { (const char *)data, len };

	check_text(text);
	check_address(text);
	if (len <= 512)
		check_bytes(data, len);
	return 0;
}
