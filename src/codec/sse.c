/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "codec/sse.h"

#include "codec/jscan.h"

/* Where in a line the next byte stands. */
enum sse_at {
	AT_FIELD,  /* in the name of the field, or at the start of the line */
	AT_VALUE,  /* behind the colon: one blank is not content */
	AT_DATA,   /* in the value of a data line */
	AT_NAME,   /* in the value of an event line */
	AT_NOTHING /* in a comment or a value that nobody reads */
};

enum { BOM_DONE = 4, FIELD_TOO_LONG = 255 };

static const char bom[] = "\xef\xbb\xbf";

/*
 * The next line end in a piece. Each kind is searched for once and remembered, so that a piece
 * with many ends of one kind and none of the other is not searched again and again.
 */
struct ends {
	const char *lf, *cr, *end;
};

static const char *next_end(struct ends *e, const char *p)
{
	if (!e->lf || e->lf < p) {
		e->lf = memchr(p, '\n', (size_t)(e->end - p));
		if (!e->lf)
			e->lf = e->end;
	}
	if (!e->cr || e->cr < p) {
		e->cr = memchr(p, '\r', (size_t)(e->end - p));
		if (!e->cr)
			e->cr = e->end;
	}
	return e->lf < e->cr ? e->lf : e->cr;
}

static void forget_event(struct sse *s)
{
	buf_reset(s->data);
	s->has_data = s->too_long = false;
	s->name_len = 0;
}

static struct str event_name(const struct sse *s)
{
	return s->name_len < SSE_NAME ? (struct str){ s->name, s->name_len } : STR_NULL;
}

static void hand_over(struct sse *s)
{
	if (s->too_long)
		s->on_event(s->arg, event_name(s), STR_NULL);
	else if (s->data->len)
		s->on_event(s->arg, event_name(s), buf_str(s->data));
	forget_event(s);
}

static void add_data(struct sse *s, const char *p, size_t n)
{
	if (!s->too_long && !buf_add(s->data, p, n))
		s->too_long = true;
}

static void add_name(struct sse *s, const char *p, size_t n)
{
	if (n >= SSE_NAME - s->name_len) {
		s->name_len = SSE_NAME;
		return;
	}
	memcpy(s->name + s->name_len, p, n);
	s->name_len += n;
}

/* The field's name is complete: what its value is for. */
static enum sse_at open_field(struct sse *s)
{
	struct str field = { s->field, s->field_len };

	if (s->field_len == FIELD_TOO_LONG)
		return AT_NOTHING;
	if (str_eq_c(field, "data")) {
		if (s->has_data)
			add_data(s, "\n", 1);
		s->has_data = true;
		return AT_DATA;
	}
	if (str_eq_c(field, "event")) {
		s->name_len = 0;
		return AT_NAME;
	}
	return AT_NOTHING;
}

static void add_field(struct sse *s, const char *p, size_t n)
{
	if (s->field_len == FIELD_TOO_LONG || n > sizeof s->field - s->field_len) {
		s->field_len = FIELD_TOO_LONG;
		return;
	}
	memcpy(s->field + s->field_len, p, n);
	s->field_len += (unsigned char)n;
}

/* Bytes of one line, without its end; more of the line may follow. */
static void line_bytes(struct sse *s, const char *p, size_t n)
{
	const char *colon;

	if (n && s->at == AT_FIELD) {
		colon = memchr(p, ':', n);
		add_field(s, p, colon ? (size_t)(colon - p) : n);
		if (!colon)
			return;
		n -= (size_t)(colon + 1 - p);
		p = colon + 1;
		s->at = AT_VALUE;
	}
	if (n && s->at == AT_VALUE) {
		s->at = (unsigned char)open_field(s);
		if (*p == ' ') {
			p++;
			n--;
		}
	}
	if (s->at == AT_DATA)
		add_data(s, p, n);
	else if (s->at == AT_NAME)
		add_name(s, p, n);
}

static void line_end(struct sse *s)
{
	if (s->at == AT_FIELD && !s->field_len)
		hand_over(s);
	else if (s->at == AT_FIELD || s->at == AT_VALUE)
		open_field(s); /* an empty value */
	s->at = AT_FIELD;
	s->field_len = 0;
}

/* Take the byte order mark; returns how many bytes of @p it took. */
static size_t skip_bom(struct sse *s, const char *p, size_t n)
{
	size_t i = 0;

	while (s->bom < 3 && i < n && p[i] == bom[s->bom]) {
		s->bom++;
		i++;
	}
	if (s->bom < 3 && i < n) { /* it was none: its bytes are the line's */
		line_bytes(s, bom, s->bom);
		s->bom = BOM_DONE;
	}
	if (s->bom == 3)
		s->bom = BOM_DONE;
	return i;
}

void sse_init(struct sse *s, struct buf *data, sse_event_fn fn, void *arg)
{
	*s = (struct sse){ .on_event = fn, .arg = arg, .data = data };
	buf_reset(data);
}

void sse_feed(struct sse *s, const char *p, size_t n)
{
	const char *end = p + n;
	struct ends ends;

	if (s->bom != BOM_DONE)
		p += skip_bom(s, p, n);
	if (p == end)
		return;
	ends = (struct ends){ NULL, NULL, end };
	if (s->after_cr) {
		s->after_cr = false;
		if (*p == '\n')
			p++;
	}
	while (p < end) {
		const char *q = next_end(&ends, p);

		line_bytes(s, p, (size_t)(q - p));
		if (q == end)
			return;
		line_end(s);
		p = q + 1;
		if (*q == '\r' && p == end)
			s->after_cr = true;
		else if (*q == '\r' && *p == '\n')
			p++;
	}
}

void sse_end(struct sse *s)
{
	struct str data = buf_str(s->data);
	struct jval root;

	if (s->too_long ||
	    (s->has_data &&
	     (str_eq_c(data, "[DONE]") || !jscan_check(data, JSCAN_MAX_DEPTH, true, &root, NULL))))
		hand_over(s);
	else
		forget_event(s);
}
