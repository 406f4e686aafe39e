/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "codec/jwrite.h"

#include "codec/jscan.h"
#include "tap.h"

static void document(struct jwrite *w)
{
	jwrite_object(w, NULL);
	jwrite_str(w, "s", STR_LIT("a\"\\\n\x01\xff"));
	jwrite_text(w, "none", NULL);
	jwrite_u64(w, "big", UINT64_MAX);
	jwrite_i64(w, "small", INT64_MIN);
	jwrite_array(w, "list");
	jwrite_bool(w, NULL, true);
	jwrite_bool(w, NULL, false);
	jwrite_null(w, NULL);
	jwrite_array(w, NULL);
	jwrite_array_end(w);
	jwrite_object(w, NULL);
	jwrite_object_end(w);
	jwrite_array_end(w);
	jwrite_raw(w, "raw", STR_LIT("{\"x\":1.50}"));
	jwrite_hex(w, "hex", (const uint8_t[]){ 0, 0xab }, 2);
	jwrite_name(w, STR_LIT("k\"ey"));
	jwrite_text(w, NULL, "v");
	jwrite_object_end(w);
}

int main(void)
{
	static const char want[] =
	    "{\"s\":\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\",\"none\":null,\"big\":18446744073709551615,"
	    "\"small\":-9223372036854775808,\"list\":[true,false,null,[],{}],\"raw\":{\"x\":1.50},"
	    "\"hex\":\"0x00ab\",\"k\\\"ey\":\"v\"}";
	struct buf b;
	struct jwrite w;
	struct jval root;
	struct gw_err e;

	buf_init(&b, 4096);
	jwrite_init(&w, &b, false);
	document(&w);
	OK(str_eq_c(buf_str(&b), want), "compact: %s", buf_c(&b));
	buf_reset(&b);
	jwrite_init(&w, &b, true);
	document(&w);
	OK(!jscan_check(buf_str(&b), 8, false, &root, &e), "the form for people is JSON too");
	OK(str_has(buf_str(&b),
		   "\n  \"list\": [\n    true,\n    false,\n    null,\n    [],\n    {}\n  ],\n"),
	   "and has lines");
	OK(str_ends(buf_str(&b), "\n  \"k\\\"ey\": \"v\"\n}"), "up to its end");
	buf_reset(&b);
	jwrite_init(&w, &b, false);
	jwrite_u64(&w, NULL, 7);
	OK(str_eq_c(buf_str(&b), "7"), "a scalar alone");
	buf_clear(&b);
	buf_init(&b, 10);
	jwrite_init(&w, &b, false);
	document(&w);
	OK(b.failed && b.len <= 10, "overflow is told by the buffer");
	buf_clear(&b);
	return TAP_END;
}
