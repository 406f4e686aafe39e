/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "codec/jwrite.h"

static void new_line(struct jwrite *w)
{
	if (!w->pretty)
		return;
	buf_add_byte(w->b, '\n');
	for (unsigned i = 0; i < w->depth; i++)
		buf_add_c(w->b, "  ");
}

/* Everything that stands before a value. */
static void begin(struct jwrite *w, const char *key)
{
	if (key)
		jwrite_name(w, str_c(key));
	else if (w->comma)
		buf_add_byte(w->b, ',');
	if (!key && w->depth && !w->named)
		new_line(w);
	w->named = false;
	w->comma = true;
}

void jwrite_init(struct jwrite *w, struct buf *b, bool pretty)
{
	*w = (struct jwrite){ .b = b, .pretty = pretty };
}

void jwrite_name(struct jwrite *w, struct str name)
{
	if (w->comma)
		buf_add_byte(w->b, ',');
	new_line(w);
	buf_add_json(w->b, name);
	buf_add_c(w->b, w->pretty ? ": " : ":");
	w->comma = false;
	w->named = true;
}

static void open_with(struct jwrite *w, const char *key, char c)
{
	begin(w, key);
	buf_add_byte(w->b, c);
	w->depth++;
	w->comma = false;
}

static void close_with(struct jwrite *w, char c)
{
	w->depth--;
	if (w->comma)
		new_line(w);
	buf_add_byte(w->b, c);
	w->comma = true;
}

void jwrite_object(struct jwrite *w, const char *key)
{
	open_with(w, key, '{');
}

void jwrite_object_end(struct jwrite *w)
{
	close_with(w, '}');
}

void jwrite_array(struct jwrite *w, const char *key)
{
	open_with(w, key, '[');
}

void jwrite_array_end(struct jwrite *w)
{
	close_with(w, ']');
}

void jwrite_str(struct jwrite *w, const char *key, struct str s)
{
	begin(w, key);
	buf_add_json(w->b, s);
}

void jwrite_text(struct jwrite *w, const char *key, const char *z)
{
	if (z)
		jwrite_str(w, key, str_c(z));
	else
		jwrite_null(w, key);
}

void jwrite_u64(struct jwrite *w, const char *key, uint64_t v)
{
	begin(w, key);
	buf_add_u64(w->b, v);
}

void jwrite_i64(struct jwrite *w, const char *key, int64_t v)
{
	begin(w, key);
	if (v < 0)
		buf_add_byte(w->b, '-');
	buf_add_u64(w->b, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void jwrite_bool(struct jwrite *w, const char *key, bool v)
{
	begin(w, key);
	buf_add_c(w->b, v ? "true" : "false");
}

void jwrite_null(struct jwrite *w, const char *key)
{
	begin(w, key);
	buf_add_c(w->b, "null");
}

void jwrite_raw(struct jwrite *w, const char *key, struct str json)
{
	begin(w, key);
	buf_add_str(w->b, json);
}

void jwrite_hex(struct jwrite *w, const char *key, const uint8_t *p, size_t n)
{
	char *to;

	begin(w, key);
	buf_add_c(w->b, "\"0x");
	to = w->b->failed ? NULL : buf_room(w->b, 2 * n);
	if (to) {
		hex_encode(to, p, n);
		w->b->len += 2 * n;
	}
	buf_add_byte(w->b, '"');
}
