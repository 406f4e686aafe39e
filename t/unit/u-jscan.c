/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "codec/jscan.h"

#include "tap.h"

/* With the length of the literal, so that NUL may stand inside. */
#define TEXT(s)                                                                                    \
	{                                                                                          \
		"" s, sizeof(s) - 1                                                                \
	}

static const struct str accepted[] = {
	TEXT("0"),
	TEXT("-0"),
	TEXT("1"),
	TEXT("-12"),
	TEXT("1.5"),
	TEXT("0.0"),
	TEXT("1e2"),
	TEXT("1E+2"),
	TEXT("1e-2"),
	TEXT("0e0"),
	TEXT("1.25e10"),
	TEXT("123456789012345678901234567890"),
	TEXT("1e999"),
	TEXT("\"\""),
	TEXT("\"abc\""),
	TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
	TEXT("\"\\u0000\""),
	TEXT("\"\\u00e9\\uD83D\\uDE00\""),
	TEXT("\"\\ud800\""),
	TEXT("\"\\udc00x\""),
	TEXT("\"\\ud800\\u0041\""),
	TEXT("\"\x7f\""),
	TEXT("\"\xc2\x80\""),
	TEXT("\"\xe0\xa0\x80\""),
	TEXT("\"\xed\x9f\xbf\""),
	TEXT("\"\xee\x80\x80\""),
	TEXT("\"\xf0\x90\x80\x80\""),
	TEXT("\"\xf4\x8f\xbf\xbf\""),
	TEXT("\"\xef\xbb\xbf\""),
	TEXT("true"),
	TEXT("false"),
	TEXT("null"),
	TEXT("[]"),
	TEXT("{}"),
	TEXT(" [ ] "),
	TEXT("\t{\r\n}\n"),
	TEXT("[1,2,3]"),
	TEXT("[[],[[]],{}]"),
	TEXT("{\"a\":1,\"a\":2}"),
	TEXT("{\"\":\"\"}"),
	TEXT("{ \"a\" : [ true , false , null ] , \"b\" : { } }"),
	TEXT("[0,-1,\"x\",[null]]"),
	TEXT("\"1234567\\n\""),
	TEXT("\"12345678\\n12345678\""),
	TEXT("[\"\\\\\",\"\\\\\\\"\"]"),
};

static const struct str refused[] = {
	TEXT(""),
	TEXT(" "),
	TEXT("\n\t"),
	TEXT("\xef\xbb\xbf{}"),
	TEXT("nul"),
	TEXT("nulll"),
	TEXT("True"),
	TEXT("NaN"),
	TEXT("Infinity"),
	TEXT("-"),
	TEXT("+1"),
	TEXT("01"),
	TEXT("-01"),
	TEXT("00"),
	TEXT(".5"),
	TEXT("1."),
	TEXT("1.e1"),
	TEXT("1e"),
	TEXT("1e+"),
	TEXT("0x10"),
	TEXT("1 2"),
	TEXT("--1"),
	TEXT("1a"),
	TEXT("'a'"),
	TEXT("a"),
	TEXT("\""),
	TEXT("\"abc"),
	TEXT("\"\\\""),
	TEXT("\"\\x41\""),
	TEXT("\"\\u\""),
	TEXT("\"\\u12\""),
	TEXT("\"\\u12g4\""),
	TEXT("\"\\u123"),
	TEXT("\"\\U0041\""),
	TEXT("\"\\\0\""),
	TEXT("\"\n\""),
	TEXT("\"\t\""),
	TEXT("\"\x1f\""),
	TEXT("\"a\0b\""),
	TEXT("\"\x80\""),
	TEXT("\"\xc0\x80\""),
	TEXT("\"\xc1\xbf\""),
	TEXT("\"\xc2\""),
	TEXT("\"\xc2"),
	TEXT("\"\xe0\x9f\xbf\""),
	TEXT("\"\xed\xa0\x80\""),
	TEXT("\"\xe2\x82\""),
	TEXT("\"\xf0\x8f\xbf\xbf\""),
	TEXT("\"\xf4\x90\x80\x80\""),
	TEXT("\"\xf5\x80\x80\x80\""),
	TEXT("\"\xff\""),
	TEXT("\"\xf0\x9f\x98\""),
	TEXT("["),
	TEXT("]"),
	TEXT("{"),
	TEXT("}"),
	TEXT("[1"),
	TEXT("[1,"),
	TEXT("[1,]"),
	TEXT("[,1]"),
	TEXT("[1 2]"),
	TEXT("[1,,2]"),
	TEXT("[1}"),
	TEXT("{]"),
	TEXT("[]]"),
	TEXT("[][]"),
	TEXT("{}{}"),
	TEXT("{\"a\"}"),
	TEXT("{\"a\":}"),
	TEXT("{\"a\" 1}"),
	TEXT("{\"a\":1,}"),
	TEXT("{,}"),
	TEXT("{a:1}"),
	TEXT("{1:1}"),
	TEXT("{\"a\":1 \"b\":2}"),
	TEXT("{\"a\":1,\"b\"}"),
	TEXT("{\"a\":1"),
	TEXT("{\"a\":"),
	TEXT("{\"a\""),
	TEXT("{\"a"),
	TEXT("{\"a\"::1}"),
	TEXT("{\"a\":1,,}"),
	TEXT("{[]:1}"),
	TEXT("1\0"),
	TEXT("\0"),
	TEXT("[\0]"),
	TEXT("{}\0"),
	TEXT("{} x"),
	TEXT("[1]\x0b"),
	TEXT("\xc2\xa0[]"),
	TEXT("[1] // c"),
	TEXT("[/**/]"),
	TEXT("truefalse"),
	TEXT("[tru]"),
	TEXT("[\"a\",\n4,\n1,"),
};

static const char *shown(struct str s)
{
	static char out[200];
	size_t n = 0;

	for (size_t i = 0; i < s.len && n < sizeof(out) - 5; i++)
		n += (size_t)snprintf(out + n, sizeof(out) - n,
				      s.p[i] > 0x20 && s.p[i] < 0x7f && s.p[i] != '#' ? "%c"
										      : "<%02x>",
				      (unsigned char)s.p[i]);
	out[n] = '\0';
	return out;
}

/* The text at the very end of its own block, so that a read beyond it is noticed. */
static int check(struct str s, unsigned depth, bool any_utf8, struct gw_err *e)
{
	char *copy = malloc(s.len + 1);
	struct jval root;
	int r;

	memcpy(copy + 1, s.p, s.len);
	r = jscan_check((struct str){ copy + 1, s.len }, depth, any_utf8, &root, e);
	free(copy);
	return r;
}

static struct jval parse(const char *z)
{
	struct jval root = { J_NONE, STR_NULL };
	struct gw_err e;

	if (jscan_check(str_c(z), 64, false, &root, &e))
		OK(false, "%s: %s", z, e.pub);
	return root;
}

static void test_grammar(void)
{
	struct gw_err e;

	for (size_t i = 0; i < sizeof(accepted) / sizeof(*accepted); i++)
		OK(!check(accepted[i], 8, false, &e), "accepted: %s", shown(accepted[i]));
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		OK(check(refused[i], 8, false, &e) == -1 && e.code == GWE_INVALID_JSON,
		   "refused: %s", shown(refused[i]));
	}
	OK(!check(str_c("\"\x80\xc2\xff\""), 8, true, &e),
	   "ill-formed UTF-8 passes where that was asked for");
	OK(check(str_c("{\"a\":[1,2,x]}"), 8, false, &e) && strstr(e.pub, "byte 10"),
	   "the place is named: %s", e.pub);
}

static void test_depth(void)
{
	static char deep[2 * (JSCAN_MAX_DEPTH + 1)];
	struct gw_err e;
	struct str s;

	for (unsigned n = 1; n <= JSCAN_MAX_DEPTH + 1; n += n == 130 ? JSCAN_MAX_DEPTH - 130 : 1) {
		memset(deep, '[', n);
		memset(deep + n, ']', n);
		s = (struct str){ deep, 2 * n };
		if (n <= JSCAN_MAX_DEPTH && check(s, n, false, &e))
			OK(false, "%u levels: %s", n, e.pub);
		if (!check(s, n - 1, false, &e) ||
		    (n > JSCAN_MAX_DEPTH && !check(s, UINT32_MAX, false, &e)))
			OK(false, "%u levels pass where fewer are allowed", n);
	}
	OK(check(s, UINT32_MAX, false, &e) && strstr(e.pub, "deep"),
	   "depth has a bound of its own: %s", e.pub);
	OK(!check(str_c("[{\"a\":[{}]},[],[[[]]]]"), 4, false, &e), "siblings do not add up");
	OK(check(str_c("[1]"), 0, false, &e) && !check(str_c("1"), 0, false, &e),
	   "depth 0 allows scalars only");
}

static void test_numbers(void)
{
	static const struct {
		const char *text;
		bool ok;
		uint64_t v;
	} cases[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "-0.0e5", true, 0 },
		{ "0e999999999999999999999", true, 0 },
		{ "120", true, 120 },
		{ "1.2e2", true, 120 },
		{ "120.0", true, 120 },
		{ "12000e-2", true, 120 },
		{ "0.012E4", true, 120 },
		{ "1.2e1", true, 12 },
		{ "1.25e1", false, 0 },
		{ "1e-1", false, 0 },
		{ "0.5", false, 0 },
		{ "-1", false, 0 },
		{ "-1e-5", false, 0 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 },
		{ "1844674407370955161.5e1", true, UINT64_MAX },
		{ "1e19", true, 10000000000000000000u },
		{ "2e19", false, 0 },
		{ "1e20", false, 0 },
		{ "1e99999999999999999999999", false, 0 },
		{ "1e-99999999999999999999999", false, 0 },
		{ "00", false, 0 },
		{ "100000000000000000000e-20", true, 1 },
		{ "\"5\"", false, 0 },
		{ "null", false, 0 },
		{ "[1]", false, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t v = 77;
		struct jval n = { J_NONE, STR_NULL };

		if (strcmp(cases[i].text, "00"))
			n = parse(cases[i].text);
		OK(jval_u64(n, &v) == cases[i].ok && v == (cases[i].ok ? cases[i].v : 77),
		   "as a count: %s", cases[i].text);
	}
}

static void test_members(void)
{
	struct jval root = parse(" { \"a\" : {\"b\":[1,{\"c\":\"]}\\\"\"}], \"d\":null }, "
				 "\"\\u0061\\u0000\":5, \"x\":1,\"x\":2 ,"
				 " \"s\":\"q\\\\\", \"n\":-1.5e3, \"t\":true,\"f\":false } ");
	struct jval v;
	struct jiter it;
	struct str key;
	unsigned n = 0;

	OK(root.type == J_OBJECT && root.raw.p[0] == '{' && root.raw.p[root.raw.len - 1] == '}',
	   "the root's own bytes");
	v = jscan_path(root, "a", "b", (char *)NULL);
	OK(v.type == J_ARRAY && str_eq_c(v.raw, "[1,{\"c\":\"]}\\\"\"}]"),
	   "brackets inside strings mean nothing");
	OK(jval_u64(jscan_get(root, "x"), &(uint64_t){ 0 }) &&
	       str_eq_c(jscan_get(root, "x").raw, "2"),
	   "the last of repeated members counts");
	OK(jscan_get(root, "a\0").type == J_OBJECT, "a name is compared as a C string");
	OK(jscan_get(root, "zz").type == J_NONE && jval_is_null(jscan_get(root, "zz")), "absent");
	OK(jval_is_null(jscan_path(root, "a", "d", (char *)NULL)), "null");
	OK(jscan_path(root, "x", "y", "z", (char *)NULL).type == J_NONE,
	   "no path through a number");
	OK(jval_str_eq(jscan_get(root, "s"), "q\\"), "a string that ends in a backslash");
	jiter_init(&it, root);
	while (jiter_next(&it, &key, &v))
		n++;
	OK(n == 8, "all members are seen: %u", n);
	OK(v.type == J_FALSE && str_eq_c(v.raw, "false"), "the last one is false");
	jiter_init(&it, parse("[ 1 ,\"a,b\",[2,3],{} ,-4e1,true ]"));
	for (n = 0; jiter_next(&it, &key, &v); n++)
		OK(!key.len && str_eq_c(v.raw, (const char *[]){ "1", "\"a,b\"", "[2,3]", "{}",
								 "-4e1", "true" }[n]),
		   "element %u", n);
	OK(n == 6, "all elements are seen");
	jiter_init(&it, parse("7"));
	OK(!jiter_next(&it, &key, &v), "a number has no members");
	OK(jscan_key_is(STR_LIT("str\\u0065am"), "stream") &&
	       !jscan_key_is(STR_LIT("strea"), "stream") &&
	       !jscan_key_is(STR_LIT("streams"), "stream") &&
	       !jscan_key_is(STR_LIT("stream\\u0000"), "stream"),
	   "names are compared with their escapes resolved");
}

static void test_text(void)
{
	static const struct {
		const char *json, *text;
	} cases[] = {
		{ "\"\"", "" },
		{ "\"plain\"", "plain" },
		{ "\"\\b\\f\\n\\r\\t\\\"\\\\\\/\"", "\b\f\n\r\t\"\\/" },
		{ "\"\\u0041\\u00e9\\u20ac\"", "A\xc3\xa9\xe2\x82\xac" },
		{ "\"\\ud83d\\ude00!\"", "\xf0\x9f\x98\x80!" },
		{ "\"\\ud83d\"", "\xef\xbf\xbd" },
		{ "\"\\ude00\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
					"A" },
		{ "\"\\ud83d\\n\"", "\xef\xbf\xbd\n" },
		{ "\"\xe2\x82\xac\"", "\xe2\x82\xac" },
	};
	struct buf b;
	char small[6];

	buf_init(&b, 64);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct jval v = parse(cases[i].json);

		buf_reset(&b);
		OK(jval_text(v, &b) && str_eq_c(buf_str(&b), cases[i].text), "text of %s",
		   shown(str_c(cases[i].json)));
		OK(jval_text_len(v) == strlen(cases[i].text) && jval_str_eq(v, cases[i].text),
		   "its length");
	}
	buf_clear(&b);
	buf_init(&b, 3);
	OK(!jval_text(parse("\"abcd\""), &b) && b.failed, "a buffer's bound holds");
	buf_clear(&b);
	OK(!jval_text(parse("5"), &b) && !jval_copy(parse("5"), small, sizeof(small)) &&
	       !jval_str_eq(parse("5"), "5") && !jval_text_len(parse("5")),
	   "a number is no text");
	OK(jval_copy(parse("\"a\\u0062c\\nd\""), small, sizeof(small)) && !strcmp(small, "abc\nd"),
	   "copy: just fits");
	OK(!jval_copy(parse("\"abcdef\""), small, sizeof(small)), "copy: too long");
	OK(!jval_copy(parse("\"a\\u0000b\""), small, sizeof(small)), "copy: NUL inside");
	OK(!jval_copy(parse("\"\""), small, 0) && jval_copy(parse("\"\""), small, 1),
	   "copy: room for the NUL");
}

static void test_walk(void)
{
	static const char text[] = "{\"a\":[1,{\"b\":\"c\"}],\"d\":{}}";
	static const struct {
		enum jstep step;
		unsigned depth;
		enum jtype type;
		const char *key, *raw;
	} want[] = {
		{ JSTEP_OPEN, 0, J_OBJECT, "", "{" },	    { JSTEP_OPEN, 1, J_ARRAY, "a", "[" },
		{ JSTEP_VALUE, 2, J_NUMBER, "", "1" },	    { JSTEP_OPEN, 2, J_OBJECT, "", "{" },
		{ JSTEP_VALUE, 3, J_STRING, "b", "\"c\"" }, { JSTEP_CLOSE, 2, J_OBJECT, "", "}" },
		{ JSTEP_CLOSE, 1, J_ARRAY, "", "]" },	    { JSTEP_OPEN, 1, J_OBJECT, "d", "{" },
		{ JSTEP_CLOSE, 1, J_OBJECT, "", "}" },	    { JSTEP_CLOSE, 0, J_OBJECT, "", "}" },
	};
	struct jwalk w;
	struct gw_err e;

	jwalk_init(&w, str_c(text), 8, false);
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		enum jstep s = jwalk_next(&w);

		OK(s == want[i].step && w.depth == want[i].depth && w.v.type == want[i].type &&
		       str_eq_c(w.key, want[i].key) && str_eq_c(w.v.raw, want[i].raw),
		   "step %zu", i);
	}
	OK(jwalk_next(&w) == JSTEP_END && jwalk_next(&w) == JSTEP_END,
	   "the end is reported again and again");
	jwalk_init(&w, STR_LIT("[1,]"), 8, false);
	OK(jwalk_next(&w) == JSTEP_OPEN && jwalk_next(&w) == JSTEP_VALUE &&
	       jwalk_next(&w) == JSTEP_BAD,
	   "a fault is met where it stands");
	OK(jwalk_next(&w) == JSTEP_BAD && jwalk_fail(&w, &e) == -1 && strstr(e.pub, "byte 3"),
	   "a fault stays: %s", e.pub);
}

/* Every special byte at every place of the eight-byte steps. */
static void test_alignment(void)
{
	char text[64];
	struct gw_err e;
	bool good = true;

	for (size_t len = 0; len < 40; len++)
		for (size_t at = 0; at < len; at++)
			for (int c = 0; c < 256; c++) {
				memset(text, 'a', sizeof(text));
				text[0] = '"';
				text[len + 1] = '"';
				text[at + 1] = (char)c;
				if (c == '\\')
					continue; /* what follows decides */
				good = good &&
				       (check((struct str){ text, len + 2 }, 1, false, &e) == 0) ==
					   (c >= 0x20 && c < 0x80 && c != '"');
			}
	OK(good, "each byte means the same at every offset");
}

int main(void)
{
	test_grammar();
	test_depth();
	test_numbers();
	test_members();
	test_text();
	test_walk();
	test_alignment();
	return TAP_END;
}
