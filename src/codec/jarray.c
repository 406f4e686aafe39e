/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "codec/jarray.h"

void jarray_init(struct jarray *a, struct buf *text, jarray_element_fn fn, void *arg)
{
	*a = (struct jarray){ .on_element = fn, .arg = arg, .text = text };
	buf_reset(text);
}

static void keep(struct jarray *a, const char *p, const char *end)
{
	if (!a->too_long && !buf_add(a->text, p, (size_t)(end - p)))
		a->too_long = true;
}

static void hand_over(struct jarray *a)
{
	a->on_element(a->arg, a->too_long ? STR_NULL : buf_str(a->text));
	buf_reset(a->text);
	a->too_long = false;
}

/* Inside a string: the byte behind its closing quote, or @end. */
static const char *skip_string(struct jarray *a, const char *p, const char *end)
{
	for (; p < end; p++) {
		if (a->escaped)
			a->escaped = false;
		else if (*p == '\\')
			a->escaped = true;
		else if (*p == '"') {
			a->in_string = false;
			return p + 1;
		}
	}
	return end;
}

void jarray_feed(struct jarray *a, const char *p, size_t n)
{
	const char *end = p + n, *from = p; /* of the element's bytes in this piece */

	while (p < end && !a->closed) {
		if (a->in_string) {
			p = skip_string(a, p, end);
			continue;
		}
		switch (*p++) {
		case '"':
			a->in_string = true;
			break;
		case '{':
		case '[':
			if (++a->depth == 2)
				from = p - 1;
			break;
		case '}':
		case ']':
			if (a->depth == 2) {
				keep(a, from, p);
				hand_over(a);
			}
			if (a->depth && !--a->depth)
				a->closed = true;
			break;
		default:
			break;
		}
	}
	if (a->depth >= 2)
		keep(a, from, p);
}
