/* SPDX-License-Identifier: Apache-2.0 */
/* jscan against Jansson: the same texts are JSON, and the same members have the same values. */
#include "config.h"

#include <assert.h>
#include <jansson.h>

#include "codec/jscan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Jansson bounds numbers to its C types and refuses escapes of lone surrogates and NUL in names. */
static bool stricter(const json_error_t *e)
{
	return json_error_code(e) == json_error_numeric_overflow ||
	       json_error_code(e) == json_error_null_byte_in_key ||
	       strstr(e->text, "invalid Unicode");
}

static void compare(struct jval v, const json_t *j)
{
	struct jiter it;
	struct jval sub;
	struct str key;
	struct buf text;
	size_t n = 0;
	uint64_t u;

	switch (json_typeof(j)) {
	case JSON_OBJECT:
		assert(v.type == J_OBJECT);
		jiter_init(&it, v);
		while (jiter_next(&it, &key, &sub)) {
			struct jval name = { J_STRING, { key.p - 1, key.len + 2 } };

			buf_init(&text, name.raw.len);
			assert(jval_text(name, &text) && text.len == jval_text_len(name));
			if (!memchr(buf_c(&text), 0, text.len)) {
				assert(jscan_key_is(key, buf_c(&text)));
				compare(jscan_get(v, buf_c(&text)),
					json_object_get(j, buf_c(&text)));
			}
			buf_clear(&text);
		}
		break;
	case JSON_ARRAY:
		assert(v.type == J_ARRAY);
		jiter_init(&it, v);
		while (jiter_next(&it, &key, &sub))
			compare(sub, json_array_get(j, n++));
		assert(n == json_array_size(j));
		break;
	case JSON_STRING:
		buf_init(&text, v.raw.len);
		assert(jval_text(v, &text));
		assert(text.len == json_string_length(j));
		assert(!text.len || !memcmp(text.p, json_string_value(j), text.len));
		buf_clear(&text);
		break;
	case JSON_INTEGER:
		assert(v.type == J_NUMBER && jval_u64(v, &u) == (json_integer_value(j) >= 0));
		assert(json_integer_value(j) < 0 || u == (uint64_t)json_integer_value(j));
		break;
	case JSON_REAL:
		assert(v.type == J_NUMBER);
		if (jval_u64(v, &u) && u < (uint64_t)1 << 53)
			assert((double)u == json_real_value(j)); /* comparing what Jansson read */
		break;
	case JSON_TRUE:
		assert(v.type == J_TRUE);
		break;
	case JSON_FALSE:
		assert(v.type == J_FALSE);
		break;
	case JSON_NULL:
		assert(v.type == J_NULL);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct jval root;
	json_error_t je;
	struct gw_err e;
	bool ours = !jscan_check(text, 64, false, &root, &e);
	json_t *theirs;

	/* Jansson 2.14 mistakes a raw NUL behind a value for the end */
	if (size && memchr(data, 0, size)) {
		assert(!ours);
		return 0;
	}
	theirs = json_loadb(text.p, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &je);

	if (theirs && !ours)
		assert(strstr(e.pub, "deep"));
	else if (ours && !theirs)
		assert(stricter(&je));
	else if (ours)
		compare(root, theirs);
	json_decref(theirs);
	return 0;
}
