/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "codec/jscan.h"

/* What may come next. */
enum want {
	WANT_VALUE,
	WANT_VALUE_OR_CLOSE, /* just behind [ */
	WANT_KEY,
	WANT_KEY_OR_CLOSE, /* just behind { */
	WANT_COMMA_OR_CLOSE,
	WANT_NOTHING, /* the text's value is complete */
	WANT_STOP     /* END or BAD was reported */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p;
}

/*
 * Skip bytes that mean nothing inside a string: all but quotes, backslashes, control
 * bytes and bytes beyond ASCII. Eight at a time: each term sets the top bit of a byte
 * that is special.
 */
static const char *skip_plain(const char *p, const char *end)
{
	const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;

	while (end - p >= 8) {
		uint64_t v, quote, slash, special;

		memcpy(&v, p, 8);
		quote = v ^ ones * '"';
		slash = v ^ ones * '\\';
		special = ((quote - ones) | (slash - ones) | (v - ones * 0x20) | v) & tops;
		/* false alarms stand behind a true one: a borrow comes from the byte before */
		if (special && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
			return p + __builtin_ctzll(special) / 8;
		if (special)
			break;
		p += 8;
	}
	while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' &&
	       *p != '\\')
		p++;
	return p;
}

/* Length of the well-formed UTF-8 sequence at @p that does not begin with ASCII, or 0. */
static size_t utf8_sequence(const char *p, const char *end)
{
	const unsigned char *s = (const unsigned char *)p;
	size_t left = (size_t)(end - p);

	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		return left >= 2 && (s[1] & 0xc0) == 0x80 ? 2 : 0;
	if (s[0] >= 0xe0 && s[0] <= 0xef) {
		unsigned char low = s[0] == 0xe0 ? 0xa0 : 0x80, high = s[0] == 0xed ? 0x9f : 0xbf;

		return left >= 3 && s[1] >= low && s[1] <= high && (s[2] & 0xc0) == 0x80 ? 3 : 0;
	}
	if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		unsigned char low = s[0] == 0xf0 ? 0x90 : 0x80, high = s[0] == 0xf4 ? 0x8f : 0xbf;

		return left >= 4 && s[1] >= low && s[1] <= high && (s[2] & 0xc0) == 0x80 &&
			       (s[3] & 0xc0) == 0x80
			   ? 4
			   : 0;
	}
	return 0;
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Four hex digits at @p as a number, or -1. */
static int hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int d = hex_digit(p[i]);

		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

static bool walk_bad(struct jwalk *w, const char *why)
{
	w->why = why;
	return false;
}

/* w->p stands on the opening quote; moves behind the closing one. */
static bool walk_string(struct jwalk *w)
{
	const char *p = w->p + 1, *end = w->end;

	for (;;) {
		p = skip_plain(p, end);
		w->p = p;
		if (p == end)
			return walk_bad(w, "the text ends inside a string");
		if (*p == '"') {
			w->p = p + 1;
			return true;
		}
		if (*p == '\\') {
			if (end - p >= 2 && p[1] == 'u' && hex4(p + 2, end) >= 0)
				p += 6;
			else if (end - p >= 2 && p[1] && strchr("\"\\/bfnrt", p[1]))
				p += 2;
			else
				return walk_bad(w, "bad escape in a string");
		} else if ((unsigned char)*p < 0x20) {
			return walk_bad(w, "control byte in a string");
		} else {
			size_t n = utf8_sequence(p, end);

			if (!n && !w->any_utf8)
				return walk_bad(w, "a string is not UTF-8");
			p += n ? n : 1;
		}
	}
}

static bool walk_digits(struct jwalk *w)
{
	if (w->p == w->end || !is_digit(*w->p))
		return walk_bad(w, "bad number");
	while (w->p < w->end && is_digit(*w->p))
		w->p++;
	return true;
}

static bool walk_number(struct jwalk *w)
{
	if (*w->p == '-')
		w->p++;
	if (w->p < w->end && *w->p == '0')
		w->p++; /* a digit behind it is no comma and fails there */
	else if (!walk_digits(w))
		return false;
	if (w->p < w->end && *w->p == '.') {
		w->p++;
		if (!walk_digits(w))
			return false;
	}
	if (w->p < w->end && (*w->p == 'e' || *w->p == 'E')) {
		w->p++;
		if (w->p < w->end && (*w->p == '+' || *w->p == '-'))
			w->p++;
		return walk_digits(w);
	}
	return true;
}

static bool walk_word(struct jwalk *w, const char *word, size_t n)
{
	if ((size_t)(w->end - w->p) < n || memcmp(w->p, word, n))
		return walk_bad(w, "unknown word");
	w->p += n;
	return true;
}

static bool in_object(const struct jwalk *w)
{
	unsigned top = w->open - 1;

	return w->objects[top / 64] >> (top % 64) & 1;
}

static void value_done(struct jwalk *w)
{
	w->want = w->open ? WANT_COMMA_OR_CLOSE : WANT_NOTHING;
}

static enum jstep walk_stop(struct jwalk *w, const char *why)
{
	if (why)
		w->why = why;
	w->want = WANT_STOP;
	return w->why ? JSTEP_BAD : JSTEP_END;
}

static enum jstep walk_open(struct jwalk *w, bool object)
{
	unsigned top = w->open;

	if (w->open >= w->max_depth)
		return walk_stop(w, "nested too deeply");
	if (top % 64 == 0)
		w->objects[top / 64] = 0;
	if (object)
		w->objects[top / 64] |= (uint64_t)1 << (top % 64);
	else
		w->objects[top / 64] &= ~((uint64_t)1 << (top % 64));
	w->v = (struct jval){ object ? J_OBJECT : J_ARRAY, { w->p, 1 } };
	w->depth = w->open++;
	w->p++;
	w->want = object ? WANT_KEY_OR_CLOSE : WANT_VALUE_OR_CLOSE;
	return JSTEP_OPEN;
}

static enum jstep walk_close(struct jwalk *w)
{
	bool object = in_object(w);

	if (*w->p != (object ? '}' : ']'))
		return walk_stop(w, object ? "neither a comma nor the end of the object"
					   : "neither a comma nor the end of the array");
	w->v = (struct jval){ object ? J_OBJECT : J_ARRAY, { w->p, 1 } };
	w->depth = --w->open;
	w->p++;
	value_done(w);
	return JSTEP_CLOSE;
}

static enum jstep walk_value(struct jwalk *w)
{
	const char *from = w->p;
	enum jtype type;
	bool ok;

	switch (*w->p) {
	case '{':
		return walk_open(w, true);
	case '[':
		return walk_open(w, false);
	case '"':
		type = J_STRING;
		ok = walk_string(w);
		break;
	case 't':
		type = J_TRUE;
		ok = walk_word(w, "true", 4);
		break;
	case 'f':
		type = J_FALSE;
		ok = walk_word(w, "false", 5);
		break;
	case 'n':
		type = J_NULL;
		ok = walk_word(w, "null", 4);
		break;
	default:
		if (*w->p != '-' && !is_digit(*w->p))
			return walk_stop(w, "no value where one should stand");
		type = J_NUMBER;
		ok = walk_number(w);
	}
	if (!ok)
		return walk_stop(w, NULL);
	w->v = (struct jval){ type, { from, (size_t)(w->p - from) } };
	w->depth = w->open;
	value_done(w);
	return JSTEP_VALUE;
}

static enum jstep walk_member(struct jwalk *w)
{
	const char *from = w->p + 1;

	if (*w->p != '"')
		return walk_stop(w, "no member name where one should stand");
	if (!walk_string(w))
		return walk_stop(w, NULL);
	w->key = (struct str){ from, (size_t)(w->p - 1 - from) };
	w->p = skip_blanks(w->p, w->end);
	if (w->p == w->end || *w->p != ':')
		return walk_stop(w, "no colon behind a member name");
	w->p = skip_blanks(w->p + 1, w->end);
	if (w->p == w->end)
		return walk_stop(w, "the text ends too early");
	return walk_value(w);
}

void jwalk_init(struct jwalk *w, struct str text, unsigned max_depth, bool any_utf8)
{
	w->start = w->p = text.p ? text.p : "";
	w->end = w->start + text.len;
	w->key = (struct str){ "", 0 };
	w->v = (struct jval){ J_NONE, STR_NULL };
	w->depth = w->open = 0;
	w->max_depth = max_depth < JSCAN_MAX_DEPTH ? max_depth : JSCAN_MAX_DEPTH;
	w->why = NULL;
	w->any_utf8 = any_utf8;
	w->want = WANT_VALUE;
}

enum jstep jwalk_next(struct jwalk *w)
{
	enum want want = (enum want)w->want;

	w->key = (struct str){ "", 0 };
	if (want == WANT_STOP)
		return walk_stop(w, NULL);
	w->p = skip_blanks(w->p, w->end);
	if (w->p == w->end)
		return walk_stop(w, want == WANT_NOTHING ? NULL : "the text ends too early");
	if (want == WANT_COMMA_OR_CLOSE && *w->p == ',') {
		w->p = skip_blanks(w->p + 1, w->end);
		if (w->p == w->end)
			return walk_stop(w, "the text ends too early");
		want = in_object(w) ? WANT_KEY : WANT_VALUE;
	}
	switch (want) {
	case WANT_VALUE_OR_CLOSE:
		return *w->p == ']' ? walk_close(w) : walk_value(w);
	case WANT_VALUE:
		return walk_value(w);
	case WANT_KEY_OR_CLOSE:
		return *w->p == '}' ? walk_close(w) : walk_member(w);
	case WANT_KEY:
		return walk_member(w);
	case WANT_COMMA_OR_CLOSE:
		return walk_close(w);
	case WANT_NOTHING:
	case WANT_STOP:
		break;
	}
	return walk_stop(w, "bytes behind the end of the value");
}

int jwalk_fail(const struct jwalk *w, struct gw_err *e)
{
	return gw_fail(e, GWE_INVALID_JSON, 0, "Not valid JSON: %s (byte %zu)",
		       w->why ? w->why : "no value", (size_t)(w->p - w->start));
}

int jscan_check(struct str text, unsigned max_depth, bool any_utf8, struct jval *root,
		struct gw_err *e)
{
	struct jwalk w;
	struct jval first = { J_NONE, STR_NULL };
	enum jstep s;

	jwalk_init(&w, text, max_depth, any_utf8);
	while ((s = jwalk_next(&w)) != JSTEP_END) {
		if (s == JSTEP_BAD)
			return jwalk_fail(&w, e);
		if (first.type == J_NONE)
			first = w.v;
		if (!w.depth && s == JSTEP_CLOSE)
			first.raw.len = (size_t)(w.p - first.raw.p);
	}
	*root = first;
	return 0;
}

/* Behind the string whose opening quote is at @p; checked text only. */
static const char *skip_string(const char *p, const char *end)
{
	const char *from = ++p;

	for (;;) {
		const char *q = memchr(p, '"', (size_t)(end - p)), *b = q;

		if (!q)
			return end;
		while (b > from && b[-1] == '\\')
			b--;
		p = q + 1;
		if ((q - b) % 2 == 0)
			return p;
	}
}

static struct jval value_at(const char *p, const char *end)
{
	struct jval v = { J_NUMBER, { p, 0 } };
	unsigned depth = 0;

	switch (*p) {
	case '"':
		v.type = J_STRING;
		p = skip_string(p, end);
		break;
	case '{':
	case '[':
		v.type = *p == '{' ? J_OBJECT : J_ARRAY;
		do {
			if (*p == '"') {
				p = skip_string(p, end);
				continue;
			}
			if (*p == '{' || *p == '[')
				depth++;
			else if (*p == '}' || *p == ']')
				depth--;
			p++;
		} while (depth && p < end);
		break;
	case 't':
	case 'f':
	case 'n':
		v.type = *p == 't' ? J_TRUE : *p == 'f' ? J_FALSE : J_NULL;
		p += *p == 'f' ? 5 : 4;
		break;
	default:
		while (p < end && !is_blank(*p) && *p != ',' && *p != '}' && *p != ']')
			p++;
	}
	v.raw.len = (size_t)(p - v.raw.p);
	return v;
}

void jiter_init(struct jiter *it, struct jval container)
{
	*it = (struct jiter){ "", NULL, container.type == J_OBJECT };
	it->end = it->p;
	if (container.type == J_OBJECT || container.type == J_ARRAY) {
		it->p = container.raw.p + 1;
		it->end = container.raw.p + container.raw.len - 1;
	}
}

bool jiter_next(struct jiter *it, struct str *key, struct jval *v)
{
	const char *p = skip_blanks(it->p, it->end);

	*key = (struct str){ "", 0 };
	if (p < it->end && *p == ',')
		p = skip_blanks(p + 1, it->end);
	if (p == it->end) {
		it->p = p;
		return false;
	}
	if (it->object) {
		key->p = p + 1;
		p = skip_string(p, it->end);
		key->len = (size_t)(p - 1 - key->p);
		p = skip_blanks(skip_blanks(p, it->end) + 1, it->end);
	}
	*v = value_at(p, it->end);
	it->p = v->raw.p + v->raw.len;
	return true;
}

/* Resolve the escape at @p (checked text) into @out; returns the bytes put, *@p moves behind it. */
static size_t unescape(const char **p, const char *end, char out[4])
{
	static const char names[] = "bfnrt", bytes[] = "\b\f\n\r\t";
	const char *q = *p, *name;
	uint32_t c;

	if (q[1] != 'u') {
		name = strchr(names, q[1]);
		*out = name ? bytes[name - names] : q[1];
		*p += 2;
		return 1;
	}
	c = (uint32_t)hex4(q + 2, end);
	*p += 6;
	if (c >= 0xd800 && c <= 0xdbff && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
		int low = hex4(*p + 2, end);

		if (low >= 0xdc00 && low <= 0xdfff) {
			*p += 6;
			return utf8_put(out,
					0x10000 + ((c - 0xd800) << 10) + ((uint32_t)low - 0xdc00));
		}
	}
	return utf8_put(out, c >= 0xd800 && c <= 0xdfff ? 0xfffd : c);
}

/* Next run of @p..@end with escapes resolved: a view into the text or into @tmp. */
static struct str next_run(const char **p, const char *end, char tmp[4])
{
	struct str run = { *p, 0 };

	if (**p == '\\') {
		run.p = tmp;
		run.len = unescape(p, end, tmp);
	} else {
		const char *q = memchr(*p, '\\', (size_t)(end - *p));

		*p = q ? q : end;
		run.len = (size_t)(*p - run.p);
	}
	return run;
}

static struct str inside(struct jval v)
{
	return (struct str){ v.raw.p + 1, v.raw.len - 2 };
}

bool jscan_key_is(struct str key, const char *name)
{
	const char *p = key.p, *end = key.p + key.len;
	size_t left = strlen(name);
	char tmp[4];

	while (p < end) {
		struct str run = next_run(&p, end, tmp);

		if (run.len > left || memcmp(run.p, name, run.len))
			return false;
		name += run.len;
		left -= run.len;
	}
	return !left;
}

struct jval jscan_get(struct jval object, const char *name)
{
	struct jval found = { J_NONE, STR_NULL }, v;
	struct jiter it;
	struct str key;

	jiter_init(&it, object);
	if (it.object)
		while (jiter_next(&it, &key, &v))
			if (jscan_key_is(key, name))
				found = v;
	return found;
}

struct jval jscan_path(struct jval v, ...)
{
	const char *name;
	va_list ap;

	va_start(ap, v);
	while ((name = va_arg(ap, const char *)))
		v = jscan_get(v, name);
	va_end(ap);
	return v;
}

bool jval_is_null(struct jval v)
{
	return v.type == J_NONE || v.type == J_NULL;
}

/* The exponent of a number's text, cut to where it no longer matters. */
static int64_t exponent(struct str s)
{
	int64_t n = 0;
	bool minus = s.len && s.p[0] == '-';

	for (size_t i = s.len && !is_digit(s.p[0]); i < s.len; i++)
		if (n < (int64_t)1 << 40)
			n = n * 10 + (s.p[i] - '0');
	return minus ? -n : n;
}

bool jval_u64(struct jval v, uint64_t *out)
{
	static const uint64_t pow10[] = { 1,
					  10,
					  100,
					  1000,
					  10000,
					  100000,
					  1000000,
					  10000000,
					  100000000,
					  1000000000,
					  10000000000,
					  100000000000,
					  1000000000000,
					  10000000000000,
					  100000000000000,
					  1000000000000000,
					  10000000000000000,
					  100000000000000000,
					  1000000000000000000,
					  10000000000000000000u };
	const char *p = v.raw.p, *end, *e, *dot;
	bool minus;
	int64_t power; /* of the digit at p */
	uint64_t sum = 0;

	if (v.type != J_NUMBER)
		return false;
	end = p + v.raw.len;
	minus = *p == '-';
	p += minus;
	for (e = p; e < end && *e != 'e' && *e != 'E'; e++)
		;
	dot = memchr(p, '.', (size_t)(e - p));
	power = (dot ? dot : e) - p - 1;
	if (e < end)
		power += exponent((struct str){ e + 1, (size_t)(end - e - 1) });
	for (; p < e; p++) {
		uint64_t digit;

		if (*p == '.')
			continue;
		if (*p != '0' && (minus || power < 0 || power > 19))
			return false;
		if (*p != '0' &&
		    (__builtin_mul_overflow((uint64_t)(*p - '0'), pow10[power], &digit) ||
		     __builtin_add_overflow(sum, digit, &sum)))
			return false;
		power--;
	}
	*out = sum;
	return true;
}

bool jval_text(struct jval v, struct buf *b)
{
	struct str s;
	const char *p, *end;
	char tmp[4];

	if (v.type != J_STRING)
		return false;
	s = inside(v);
	for (p = s.p, end = p + s.len; p < end;)
		if (!buf_add_str(b, next_run(&p, end, tmp)))
			return false;
	return true;
}

bool jval_copy(struct jval v, char *dst, size_t size)
{
	struct str s;
	const char *p, *end;
	size_t len = 0;
	char tmp[4];

	if (v.type != J_STRING)
		return false;
	s = inside(v);
	for (p = s.p, end = p + s.len; p < end;) {
		struct str run = next_run(&p, end, tmp);

		if (!str_copy(dst + len, size - len, run))
			return false;
		len += run.len;
	}
	if (!size)
		return false;
	dst[len] = '\0';
	return true;
}

bool jval_str_eq(struct jval v, const char *z)
{
	return v.type == J_STRING && jscan_key_is(inside(v), z);
}

uint64_t jval_text_len(struct jval v)
{
	struct str s;
	const char *p, *end;
	uint64_t len = 0;
	char tmp[4];

	if (v.type != J_STRING)
		return 0;
	s = inside(v);
	for (p = s.p, end = p + s.len; p < end;)
		len += next_run(&p, end, tmp).len;
	return len;
}
