/* SPDX-License-Identifier: Apache-2.0 */
/* json_eq - are two JSON values the same, whatever their blanks, escapes and order of members? */
#ifndef GW_T_JSON_EQ_H
#define GW_T_JSON_EQ_H

#include "codec/jscan.h"

static bool json_eq(struct jval a, struct jval b);

/* @n: out, how many members; every member of @a is in @b. */
static bool json_members_in(struct jval a, struct jval b, unsigned *n)
{
	struct buf name;
	struct jiter it;
	struct jval v;
	struct str key, quoted;
	bool ok = true;

	buf_init(&name, 1 << 16);
	jiter_init(&it, a);
	for (*n = 0; jiter_next(&it, &key, &v); ++*n) {
		buf_reset(&name);
		quoted = (struct str){ key.p - 1, key.len + 2 };
		ok = ok && jval_text((struct jval){ J_STRING, quoted }, &name) &&
		     json_eq(v, jscan_get(b, buf_c(&name)));
	}
	buf_clear(&name);
	return ok;
}

static bool json_elements_eq(struct jval a, struct jval b)
{
	struct jiter x, y;
	struct jval v, u;
	struct str key;
	bool more;

	jiter_init(&x, a);
	jiter_init(&y, b);
	while ((more = jiter_next(&x, &key, &v)) == jiter_next(&y, &key, &u) && more)
		if (!json_eq(v, u))
			return false;
	return !more && !jiter_next(&y, &key, &u);
}

static bool json_eq(struct jval a, struct jval b)
{
	struct buf s, t;
	unsigned n, m;
	bool ok;

	if (a.type != b.type)
		return false;
	switch (a.type) {
	case J_OBJECT:
		return json_members_in(a, b, &n) && json_members_in(b, a, &m) && n == m;
	case J_ARRAY:
		return json_elements_eq(a, b);
	case J_STRING:
		buf_init(&s, 1 << 20);
		buf_init(&t, 1 << 20);
		ok = jval_text(a, &s) && jval_text(b, &t) && str_eq(buf_str(&s), buf_str(&t));
		buf_clear(&s);
		buf_clear(&t);
		return ok;
	case J_NONE:
	case J_NUMBER:
	case J_TRUE:
	case J_FALSE:
	case J_NULL:
		return str_eq(a.raw, b.raw);
	}
	return false;
}

/* @text, which has to be JSON, and @want. */
__attribute__((unused)) static bool json_text_is(struct str text, struct jval want)
{
	struct jval root;
	struct gw_err e;

	return !jscan_check(text, 64, false, &root, &e) && json_eq(root, want);
}

#endif
