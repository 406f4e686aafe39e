/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "client/frame_filter.h"

#include <string.h>

#include "codec/jscan.h"

/* Longer than any frame that the gateway may send. */
enum { RECORD_MAX = 4 * PAYMENT_HEADER_MAX, DEPTH = 64 };

void frame_filter_init(struct frame_filter *f)
{
	buf_init(&f->held, RECORD_MAX);
	buf_init(&f->value, RECORD_MAX);
	f->line = f->blank = 0;
	f->passing = f->line_passed = false;
}

void frame_filter_clear(struct frame_filter *f)
{
	buf_clear(&f->held);
	buf_clear(&f->value);
}

/* JSON with one of the two members: its text is in f->value. */
static bool is_frame(struct frame_filter *f, struct str json)
{
	struct jval root, v;

	if (jscan_check(json, DEPTH, true, &root, NULL) || root.type != J_OBJECT)
		return false;
	v = jscan_get(root, "nuwa_payment_header");
	if (v.type != J_STRING)
		v = jscan_get(root, "__nuwa_payment_header__");
	buf_reset(&f->value);
	return v.type == J_STRING && jval_text(v, &f->value);
}

static struct str without_end(struct str line)
{
	if (line.len && line.p[line.len - 1] == '\n')
		line.len--;
	if (line.len && line.p[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* Does one of the event's lines say so? */
static bool event_is_frame(struct frame_filter *f)
{
	struct str rest = buf_str(&f->held);

	while (rest.len) {
		ptrdiff_t at = str_find(rest, '\n');
		size_t n = at < 0 ? rest.len : (size_t)at + 1;
		struct str line = without_end(str_sub(rest, 0, n));

		if (str_starts(line, "data:") && is_frame(f, str_trim(str_sub(line, 5, line.len))))
			return true;
		rest = str_sub(rest, n, rest.len);
	}
	return false;
}

static bool record_is_frame(struct frame_filter *f)
{
	struct str held = buf_str(&f->held);

	return f->kind == FRAME_SSE ? event_is_frame(f)
				    : is_frame(f, str_trim(str_sub(held, f->blank, held.len)));
}

/* The record is complete. */
static bool record_end(struct frame_filter *f)
{
	bool go_on = true;

	if (f->held.len && !f->passing && record_is_frame(f))
		f->on_frame(f->arg, buf_str(&f->value));
	else if (f->held.len)
		go_on = f->on_bytes(f->arg, f->held.p, f->held.len);
	buf_reset(&f->held);
	f->line = f->blank = 0;
	f->passing = f->line_passed = false;
	return go_on;
}

/* The first @n bytes that are held go on. */
static bool let_pass(struct frame_filter *f, size_t n)
{
	bool go_on = !n || f->on_bytes(f->arg, f->held.p, n);

	if (n)
		memmove(f->held.p, f->held.p + n, f->held.len - n);
	f->held.len -= n;
	f->line = f->blank = 0;
	return go_on;
}

/* An empty line of NDJSON: the next one tells whether it belongs to a frame. */
static bool hold_blank(struct frame_filter *f)
{
	bool go_on = let_pass(f, f->line);

	f->blank = f->line = f->held.len;
	return go_on;
}

static bool line_end(struct frame_filter *f)
{
	struct str held = buf_str(&f->held);
	bool empty = !f->line_passed && !without_end(str_sub(held, f->line, held.len)).len;

	f->line_passed = false;
	if (f->kind == FRAME_SSE) {
		f->line = f->held.len;
		return !empty || record_end(f);
	}
	if (!empty)
		return record_end(f);
	return hold_blank(f);
}

/* Too long for a frame: of such a record only the line at its end is held, which may be empty. */
static bool hold(struct frame_filter *f, const char *p, size_t n)
{
	if (n <= RECORD_MAX - f->held.len)
		return buf_add(&f->held, p, n);
	f->passing = true;
	if (!let_pass(f, f->line))
		return false;
	if (n <= RECORD_MAX - f->held.len)
		return buf_add(&f->held, p, n);
	f->line_passed = true;
	return let_pass(f, f->held.len) && f->on_bytes(f->arg, p, n);
}

bool frame_filter_feed(struct frame_filter *f, const char *p, size_t n)
{
	if (f->kind == FRAME_NONE)
		return f->on_bytes(f->arg, p, n);
	while (n) {
		const char *end = memchr(p, '\n', n);
		size_t k = end ? (size_t)(end - p) + 1 : n;

		if (!hold(f, p, k) || (end && !line_end(f)))
			return false;
		p += k;
		n -= k;
	}
	return true;
}

bool frame_filter_end(struct frame_filter *f)
{
	return f->kind == FRAME_NONE || record_end(f);
}
