/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "auth/canonical.h"

#include "auth/js_number.h"

/* ---- strings as JavaScript sees them: UTF-16 code units ---- */

struct units {
	const char *p, *end; /* raw JSON between the quotes, checked */
	int32_t low;	     /* second half of a pair that is still to come, or 0 */
};

static struct units units_of(struct str raw)
{
	return (struct units){ raw.p, raw.p + raw.len, 0 };
}

static int32_t escaped_unit(struct units *u)
{
	static const char names[] = "bfnrt", bytes[] = "\b\f\n\r\t";
	char c = u->p[1];
	const char *name;
	uint8_t hex[2];

	if (c == 'u') {
		bool ok = hex_decode(hex, 2, (struct str){ u->p + 2, 4 });

		u->p += 6;
		return ok ? hex[0] << 8 | hex[1] : 0xfffd;
	}
	u->p += 2;
	name = strchr(names, c);
	return name ? bytes[name - names] : c;
}

/* -1 at the end */
static int32_t unit_next(struct units *u)
{
	int32_t c = u->low;
	int more;

	u->low = 0;
	if (c)
		return c;
	if (u->p == u->end)
		return -1;
	if (*u->p == '\\')
		return escaped_unit(u);
	c = (uint8_t)*u->p++;
	more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	if (more)
		c &= 0x3f >> more;
	while (more--)
		c = c << 6 | (*u->p++ & 0x3f);
	if (c < 0x10000)
		return c;
	c -= 0x10000;
	u->low = 0xdc00 | (c & 0x3ff);
	return 0xd800 | c >> 10;
}

static int compare_names(struct str a, struct str b)
{
	struct units x = units_of(a), y = units_of(b);
	int32_t c, d;

	do {
		c = unit_next(&x);
		d = unit_next(&y);
	} while (c == d && c >= 0);
	return (c > d) - (c < d);
}

static void put(struct buf *out, int32_t c)
{
	static const char names[] = "btn_fr"; /* of 8 to 13 */
	char utf8[4];

	if (c >= 8 && c <= 13 && c != 11)
		buf_addf(out, "\\%c", names[c - 8]);
	else if (c < 0x20 || (c >= 0xd800 && c <= 0xdfff))
		buf_addf(out, "\\u%04x", (unsigned)c);
	else if (c == '"' || c == '\\')
		buf_addf(out, "\\%c", (char)c);
	else
		buf_add(out, utf8, utf8_put(utf8, (uint32_t)c));
}

/* A raw string without an escape is canonical as it is. */
static void put_string(struct buf *out, struct str raw)
{
	struct units u = units_of(raw);
	int32_t c, next;

	buf_add_byte(out, '"');
	if (!raw.len || !memchr(raw.p, '\\', raw.len)) {
		buf_add_str(out, raw);
	} else {
		for (c = unit_next(&u); c >= 0; c = next) {
			next = unit_next(&u);
			if (c >= 0xd800 && c <= 0xdbff && next >= 0xdc00 && next <= 0xdfff) {
				c = 0x10000 + ((c & 0x3ff) << 10 | (next & 0x3ff));
				next = unit_next(&u);
			}
			put(out, c);
		}
	}
	buf_add_byte(out, '"');
}

/* ---- objects ---- */

struct member {
	struct str key; /* raw */
	struct jval v;
	size_t name; /* place among the names */
};

enum { FEW = 24 };
struct members {
	struct member *p, few[FEW];
	size_t n, max;
};

struct canonical {
	struct buf *out;
	struct members names; /* of the top level: sorted, each once */
	struct members held;  /* of the objects that are being written, innermost last */
};

static void members_init(struct members *m)
{
	m->p = m->few;
	m->n = 0;
	m->max = FEW;
}

static void members_clear(struct members *m)
{
	if (m->p != m->few)
		free(m->p);
}

static void members_add(struct members *m, struct member v)
{
	struct member *p;

	if (m->n == m->max) {
		m->max *= 2;
		p = realloc(m->p == m->few ? NULL : m->p, m->max * sizeof *p);
		if (!p) {
			fputs("out of memory\n", stderr);
			abort();
		}
		if (m->p == m->few)
			memcpy(p, m->few, sizeof m->few);
		m->p = p;
	}
	m->p[m->n++] = v;
}

/* Members that repeat stand in the order of the text, so that the last one is found last. */
static int by_key(const void *x, const void *y)
{
	const struct member *a = x, *b = y;
	int c = compare_names(a->key, b->key);

	return c ? c : (a->key.p > b->key.p) - (a->key.p < b->key.p);
}

static int by_name(const void *x, const void *y)
{
	const struct member *a = x, *b = y;

	if (a->name != b->name)
		return a->name < b->name ? -1 : 1;
	return (a->key.p > b->key.p) - (a->key.p < b->key.p);
}

static int key_to_name(const void *key, const void *name)
{
	const struct str *k = key;
	const struct member *m = name;

	return compare_names(*k, m->key);
}

static void collect_names(struct members *names, struct jval object)
{
	struct member m = { .name = 0 };
	struct jiter it;
	size_t n = 0;

	jiter_init(&it, object);
	while (jiter_next(&it, &m.key, &m.v))
		members_add(names, m);
	qsort(names->p, names->n, sizeof m, by_key);
	for (size_t i = 0; i < names->n; i++) {
		if (i + 1 < names->n && !compare_names(names->p[i].key, names->p[i + 1].key))
			continue;
		names->p[n] = names->p[i];
		names->p[n].name = n;
		n++;
	}
	names->n = n;
}

/* The members of a nested object that count, sorted; they are put behind those held. */
static void collect_known(struct canonical *c, struct jval object)
{
	size_t from = c->held.n;
	const struct member *name;
	struct member m;
	struct jiter it;

	jiter_init(&it, object);
	while (jiter_next(&it, &m.key, &m.v)) {
		name = bsearch(&m.key, c->names.p, c->names.n, sizeof m, key_to_name);
		if (!name)
			continue;
		m.name = name->name;
		members_add(&c->held, m);
	}
	qsort(c->held.p + from, c->held.n - from, sizeof m, by_name);
}

/* Objects and arrays hold values: a recursion that CANONICAL_DEPTH bounds. */
static void put_value(struct canonical *c, struct jval v);

static void put_object(struct canonical *c, struct jval object)
{
	size_t from = c->held.n, to;
	struct member m;
	bool comma = false;

	collect_known(c, object);
	to = c->held.n;
	buf_add_byte(c->out, '{');
	for (size_t i = from; i < to; i++) {
		m = c->held.p[i]; /* the array may move below */
		if (i + 1 < to && c->held.p[i + 1].name == m.name)
			continue;
		if (comma)
			buf_add_byte(c->out, ',');
		comma = true;
		put_string(c->out, m.key);
		buf_add_byte(c->out, ':');
		put_value(c, m.v);
	}
	buf_add_byte(c->out, '}');
	c->held.n = from;
}

static void put_array(struct canonical *c, struct jval array)
{
	struct jiter it;
	struct str none;
	struct jval v;
	bool comma = false;

	buf_add_byte(c->out, '[');
	jiter_init(&it, array);
	while (jiter_next(&it, &none, &v)) {
		if (comma)
			buf_add_byte(c->out, ',');
		comma = true;
		put_value(c, v);
	}
	buf_add_byte(c->out, ']');
}

static void put_value(struct canonical *c, struct jval v)
{
	switch (v.type) {
	case J_OBJECT:
		put_object(c, v);
		break;
	case J_ARRAY:
		put_array(c, v);
		break;
	case J_STRING:
		put_string(c->out, str_sub(v.raw, 1, v.raw.len - 2));
		break;
	case J_NUMBER:
		if (!js_number(c->out, v.raw))
			c->out->failed = true;
		break;
	case J_TRUE:
	case J_FALSE:
	case J_NULL:
		buf_add_str(c->out, v.raw);
		break;
	case J_NONE:
		break;
	}
}

bool canonical_text(struct buf *out, struct jval object)
{
	struct canonical c = { .out = out };

	members_init(&c.names);
	members_init(&c.held);
	collect_names(&c.names, object);
	/* Every name of the top level is known: it is written like any other object. */
	put_object(&c, object);
	members_clear(&c.names);
	members_clear(&c.held);
	return !out->failed;
}
