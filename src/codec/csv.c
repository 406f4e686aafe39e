/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "codec/csv.h"

void csv_init(struct csv *c, char *text, size_t len)
{
	*c = (struct csv){ .p = text, .end = text + len, .next_line = 1 };
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		c->p += 3;
}

/* The length of the line end at @p; 0: there is none. */
static size_t line_end(const struct csv *c, const char *p)
{
	if (p < c->end && *p == '\n')
		return 1;
	return c->end - p >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

static bool fault(struct csv *c, const char *why)
{
	c->why = why;
	return false;
}

/* Behind the opening quote; what is read moves together as doubled quotes become one. */
static bool quoted(struct csv *c, struct str *field)
{
	char *to = c->p;

	field->p = c->p;
	for (;; c->p++) {
		if (c->p == c->end)
			return fault(c, "a quoted field has no end");
		if (*c->p == '\n')
			c->next_line++;
		if (*c->p == '"') {
			if (c->end - c->p < 2 || c->p[1] != '"')
				break;
			c->p++;
		}
		*to++ = *c->p;
	}
	c->p++;
	field->len = (size_t)(to - field->p);
	if (c->p < c->end && *c->p != ',' && !line_end(c, c->p))
		return fault(c, "text follows the closing quote");
	return true;
}

static bool plain(struct csv *c, struct str *field)
{
	field->p = c->p;
	while (c->p < c->end && *c->p != ',' && !line_end(c, c->p))
		if (*c->p++ == '"')
			return fault(c, "a quote inside a field without quotes");
	field->len = (size_t)(c->p - field->p);
	return true;
}

int csv_next(struct csv *c, struct str *field, unsigned max, unsigned *n)
{
	size_t eol;

	while ((eol = line_end(c, c->p)) > 0) {
		c->p += eol;
		c->next_line++;
	}
	c->line = c->next_line;
	*n = 0;
	if (c->p == c->end)
		return 0;
	for (;;) {
		if (*n == max) {
			fault(c, "too many fields");
			return -1;
		}
		if (c->p < c->end && *c->p == '"') {
			c->p++;
			if (!quoted(c, &field[*n]))
				return -1;
		} else if (!plain(c, &field[*n])) {
			return -1;
		}
		++*n;
		if (c->p == c->end || *c->p != ',')
			break;
		c->p++;
	}
	eol = line_end(c, c->p);
	c->p += eol;
	c->next_line += eol > 0;
	return 1;
}

bool csv_add(struct buf *b, struct str field)
{
	size_t from = 0;

	if (str_find(field, ',') < 0 && str_find(field, '"') < 0 && str_find(field, '\n') < 0 &&
	    str_find(field, '\r') < 0)
		return buf_add_str(b, field);
	buf_add_byte(b, '"');
	for (size_t i = 0; i < field.len; i++) {
		if (field.p[i] != '"')
			continue;
		buf_add(b, field.p + from, i + 1 - from);
		from = i; /* the quote once more */
	}
	buf_add(b, field.p + from, field.len - from);
	return buf_add_byte(b, '"');
}
