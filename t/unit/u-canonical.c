/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "auth/canonical.h"

#include "auth/js_number.h"
#include "crypto/hash.h"
#include "tap.h"
#include "vectors.h"

static bool canonical(struct buf *out, const char *json)
{
	struct jval root;
	struct gw_err e;

	buf_init(out, 1 << 20);
	return !jscan_check(str_c(json), CANONICAL_DEPTH, false, &root, &e) &&
	       canonical_text(out, root);
}

static void vectors(void)
{
	struct vectors vs;
	struct buf got, signed_bytes;
	uint8_t digest[32];

	vectors_open(&vs, "canonical");
	while (vectors_next(&vs)) {
		bool ok = canonical(&got, vec_text(&vs, "inputJson"));

		buf_init(&signed_bytes, 1 << 20);
		buf_add_c(&signed_bytes, "DIDAuthV1:");
		buf_add_str(&signed_bytes, buf_str(&got));
		hash_sha256(digest, signed_bytes.p, signed_bytes.len);
		OK(ok && str_eq(buf_str(&got), vec_str(&vs, "canonical")) &&
			   str_eq(buf_str(&signed_bytes), vec_bytes(&vs, "signedBytes")) &&
			   !memcmp(digest, vec_bytes(&vs, "sha256").p, 32),
		   "%s %s", vs.id, vec_text(&vs, "what"));
		buf_clear(&got);
		buf_clear(&signed_bytes);
	}
	vectors_close(&vs);
}

static void is(const char *json, const char *wanted)
{
	struct buf got;
	bool ok = canonical(&got, json);

	if (!OK(ok && str_eq_c(buf_str(&got), wanted), "%.60s", json))
		printf("# got    %s\n# wanted %s\n", buf_c(&got), wanted);
	buf_clear(&got);
}

static void names(void)
{
	is("{\"n\\u006f\":1,\"no\":2,\"p\":{\"no\":3,\"\\u006eo\":4}}",
	   "{\"no\":2,\"p\":{\"no\":4}}");
	is("{\"\\ud83d\":1,\"\\uD83D\\ude00\":2,\"\\uffff\":3,\"\\udE00\":4}",
	   "{\"\\ud83d\":1,\"\xf0\x9f\x98\x80\":2,\"\\ude00\":4,\"\xef\xbf\xbf\":3}");
	is("{\"a\\nb\":{\"a\\u000ab\":[]}}", "{\"a\\nb\":{\"a\\nb\":[]}}");
	is("{\"a\":[[],{},\"\\/\\b\\t\\n\\u000b\\f\\r\\u000e\\u0007\\u0020\"]}",
	   "{\"a\":[[],{},\"/\\b\\t\\n\\u000b\\f\\r\\u000e\\u0007 \"]}");
	is("{\"a\":\"\\ud83d\\ud83d\\ude00\\ude00\"}",
	   "{\"a\":\"\\ud83d\xf0\x9f\x98\x80\\ude00\"}");
	is("{\"a\":\"\\u0080\\u07ff\\u0800\\uffff\\udbff\\udfff\"}",
	   "{\"a\":\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf\"}");
}

/* More members than fit without allocation, on both levels, the names in falling order. */
static void many_members(void)
{
	struct buf in, got;
	bool ok, sorted = true;
	size_t n = 0;

	buf_init(&in, 1 << 20);
	buf_add_c(&in, "{\"z\":{");
	for (int i = 999; i >= 0; i--)
		buf_addf(&in, "\"k%03d\":%d,\"lost%d\":{},", i, i, i);
	buf_add_c(&in, "\"z\":[]}");
	for (int i = 999; i >= 0; i--)
		buf_addf(&in, ",\"k%03d\":{\"k%03d\":1,\"x\":2}", i, i);
	buf_add_c(&in, "}");
	ok = canonical(&got, buf_c(&in));
	for (const char *p = buf_c(&got), *last = NULL; (p = strstr(p, "\"k")) != NULL; p += 5) {
		n++;
		if (last && n <= 2000)
			sorted = sorted && strncmp(last, p, 5) <= 0;
		last = n == 2000 ? NULL : p;
	}
	OK(ok && n == 3000 && sorted && !strstr(buf_c(&got), "lost"), "a thousand members a level");
	buf_clear(&in);
	buf_clear(&got);
}

/* Values from ECMAScript's own rules, and from the edges of what a double can hold. */
static void numbers(void)
{
	static const char *const table[][2] = {
		{ "0", "0" },
		{ "-0", "0" },
		{ "-0.0", "0" },
		{ "0e99999", "0" },
		{ "-1e-400", "0" },
		{ "-5", "-5" },
		{ "999999999999999", "999999999999999" },
		{ "-999999999999999", "-999999999999999" },
		{ "9007199254740993", "9007199254740992" },
		{ "18446744073709551615", "18446744073709552000" },
		{ "999999999999999999999", "1e+21" },
		{ "100000000000000000000", "100000000000000000000" },
		{ "1e21", "1e+21" },
		{ "1234567890123456789012", "1.2345678901234568e+21" },
		{ "0.000001", "0.000001" },
		{ "0.00000123", "0.00000123" },
		{ "0.0000001", "1e-7" },
		{ "1.5e-7", "1.5e-7" },
		{ "123.456", "123.456" },
		{ "-123.4560", "-123.456" },
		{ "0.1e1", "1" },
		{ "4.35", "4.35" },
		{ "0.30000000000000004", "0.30000000000000004" },
		{ "1.7976931348623157e308", "1.7976931348623157e+308" },
		{ "1.7976931348623159e308", "null" },
		{ "-1e309", "null" },
		{ "2.2250738585072014e-308", "2.2250738585072014e-308" },
		{ "2.225073858507201e-308", "2.225073858507201e-308" },
		{ "4.9406564584124654e-324", "5e-324" },
		{ "1e-323", "1e-323" },
		{ "2.4703282292062327e-324", "0" },
		{ "5e-324", "5e-324" },
		/* powers of two, where the doubles below lie closer than those above */
		{ "9007199254740992", "9007199254740992" },
		{ "5.684341886080801486968994140625e-14", "5.684341886080802e-14" },
		{ "1.1125369292536007e-308", "1.1125369292536007e-308" },
		{ "9.5367431640625e-7", "9.5367431640625e-7" },
		{ "2e-323", "2e-323" },
		{ "20000000000000000000000000000001e-10", "2e+21" },
		{ "123e-20", "1.23e-18" },
	};
	struct buf b;

	buf_init(&b, 4096);
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		buf_reset(&b);
		if (!OK(js_number(&b, str_c(table[i][0])) && str_eq_c(buf_str(&b), table[i][1]),
			"number %s", table[i][0]))
			printf("# got %s, wanted %s\n", buf_c(&b), table[i][1]);
	}
	buf_clear(&b);
}

/* Every text that comes out is read as the same text again; ends of numbers are respected. */
static void numbers_settle(void)
{
	struct buf a, b;
	uint64_t x = 1;
	bool ok = true;
	char text[64];

	buf_init(&a, 4096);
	buf_init(&b, 4096);
	for (int i = 0; i < 20000; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		snprintf(text, sizeof text, "%d.%llue%d", (int)(x >> 60),
			 (unsigned long long)(x >> 8), (int)(x >> 33) % 330);
		buf_reset(&a);
		buf_reset(&b);
		ok = ok && js_number(&a, str_c(text)) &&
		     (str_eq_c(buf_str(&a), "null") ||
		      (js_number(&b, buf_str(&a)) && str_eq(buf_str(&a), buf_str(&b))));
	}
	OK(ok, "what was written is written the same again");
	is("{\"a\":[1.50,2.50]}", "{\"a\":[1.5,2.5]}");
	is("{\"a\":1.50}", "{\"a\":1.5}");
	buf_clear(&a);
	buf_clear(&b);
}

static void bounds(void)
{
	char deep[3 * CANONICAL_DEPTH + 8];
	struct buf got;
	struct jval root;
	struct gw_err e;
	size_t n = 0;

	memcpy(deep, "{\"a\":", 5);
	for (n = 5; n < 5 + CANONICAL_DEPTH - 1; n++)
		deep[n] = '[';
	for (; n < 5 + 2 * (CANONICAL_DEPTH - 1); n++)
		deep[n] = ']';
	deep[n++] = '}';
	deep[n] = '\0';
	OK(canonical(&got, deep) && str_eq_c(buf_str(&got), deep), "as deep as allowed");
	buf_clear(&got);
	buf_init(&got, 3);
	OK(!jscan_check(STR_LIT("{\"a\":1.5}"), 2, false, &root, &e) && !canonical_text(&got, root),
	   "a full buffer is told");
	buf_clear(&got);
}

int main(void)
{
	vectors();
	names();
	many_members();
	numbers();
	numbers_settle();
	bounds();
	return TAP_END;
}
